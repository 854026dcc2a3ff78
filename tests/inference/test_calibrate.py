"""What the calibration fits comes back out of truth that was made with it."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gold.truth import SideTruth, Truth, truth_read
from inference.calibrate.__main__ import JUDGING, main, rules_write
from inference.calibrate.joints import (
    JointMiss,
    PairMiss,
    lifter_of,
    misses_of,
    misses_run,
    noise_fit,
    score_edges,
    spread,
)
from inference.calibrate.rules import rules_fit
from inference.calibrate.surfaces import limbs_fit, limbs_text, surfaces_fit, surfaces_text
from inference.engines.base import Shot
from inference.engines.truth import TruthEngine
from inference.gate.seeds import seeds_fitted
from inference.gate.table import SideCase
from judging.landmarks import Limb, body_scale, limb_joints, surfaces_read
from judging.noise import PARTS, ScoreBin, SideSeen, noise_load, noise_read, noise_toml
from judging.outcomes import Finding, Outcome
from judging.pose import Joint, Lift, Phase, Pose, Side, ViewBucket
from tests.inference import poses, scenes

RNG = np.random.default_rng(3)
TODAY = dt.date(2026, 3, 1)
SHARES = {
    "elbow_underside": (0.12, -0.03),
    "shoulder_top": (0.2, 0.04),
    "hip_crease": (0.17, 0.02),
    "knee_top": (0.13, -0.01),
}


def made(index: int, lift: Lift, noise: float = 0.0) -> Truth:
    """A lifter at the bottom with random limbs, whose surfaces lie as SHARES says, each off by noise of the limb."""
    joints = scenes.skeleton(poses.SQUAT_BOTTOM) + RNG.normal(0, 4, (17, 3))
    sides = {}
    for side in Side:
        heights: dict[str, float] = {}
        for limb, moving, names in (
            (Limb.UPPER_ARM, "elbow", (("elbow_underside", "elbow", -1), ("shoulder_top", "shoulder", 1))),
            (Limb.THIGH, "hip", (("hip_crease", "hip", 1), ("knee_top", "knee", 1))),
        ):
            first, second = limb_joints(limb, side)
            length = float(np.linalg.norm(joints[first] - joints[second]))
            drop = float(joints[first, 2] - joints[second, 2]) * (1 if moving == "elbow" else -1)
            for name, part, above in names:
                share, lean = SHARES[name]
                off = share + lean * drop / length + noise * RNG.normal()
                heights[f"{name}_cm"] = float(joints[side.joint(part), 2]) + above * off * length
        sides[side] = SideTruth(**heights, deltoid_ahead_cm=0.0, knee_deg=90.0, elbow_deg=90.0)
    lifter = replace(scenes.person(poses.SQUAT_BOTTOM), joints_cm=joints)
    return replace(scenes.scene([lifter], index=index, lift=lift), sides=sides)


def miss(part: str = "hip", down: float = 0.0, across: float = 0.0, **where: object) -> JointMiss:
    at = {"view": ViewBucket.SIDE, "side": SideSeen.NEAR, "score": 0.9, "rules": frozenset({"squat_depth"})}
    return JointMiss(part=part, down=down, across=across, **{**at, **where})


# --- joints ---


def test_the_spread_is_the_one_whose_interval_holds_nine_of_ten() -> None:
    errors = list(RNG.normal(0.3, 0.05, 20000))
    assert spread(errors, 0.3) == pytest.approx(0.05, rel=0.03)
    assert spread([*errors, *[9.0] * 200], 0.3) == pytest.approx(0.05, rel=0.08)


def test_scores_fall_into_thirds_and_like_scores_into_the_usual_bins() -> None:
    assert score_edges([0.6, 0.7, 0.8, 0.9]) == (0.7, 0.8)
    assert score_edges([1.0] * 9) == (0.8, 0.95)
    assert score_edges([]) == (0.8, 0.95)


def test_bias_and_spread_come_back_per_view_side_and_score() -> None:
    every = [miss(part, float(RNG.normal()), float(RNG.normal())) for part in PARTS for _ in range(40)]
    far = [
        miss("hip", 0.2 + 0.1 * float(RNG.normal()), 0.3 * float(RNG.normal()), side=SideSeen.FAR, score=score)
        for score in np.linspace(0.5, 1.0, 3000)
    ]
    noise = noise_fit("mediapipe", "x", [*every, *far], [])
    row = noise.joint("hip", ViewBucket.SIDE, SideSeen.FAR, 0.99)
    assert (row.view, row.side, row.score) == (ViewBucket.SIDE, SideSeen.FAR, ScoreBin.HIGH)
    assert row.bias_down == pytest.approx(0.2, abs=0.02)
    assert row.sigma_down == pytest.approx(0.1, rel=0.1)
    assert row.sigma_across == pytest.approx(0.3, rel=0.1)
    assert noise.joint("hip", ViewBucket.FRONT, SideSeen.FAR, 0.99).view is None


def test_a_row_of_too_few_is_left_to_the_next_wider_one() -> None:
    every = [miss(part, 0.1) for part in PARTS for _ in range(30)]
    noise = noise_fit("mediapipe", "x", [*every, miss("hip", view=ViewBucket.REAR)], [])
    assert {row.view for row in noise.joints if row.part == "hip"} == {None, ViewBucket.SIDE}


def test_a_part_that_was_hardly_read_is_refused() -> None:
    with pytest.raises(ValueError, match=r"The wrist was read 0 times, at least 30"):
        noise_fit("mediapipe", "x", [miss(part) for part in PARTS if part != "wrist" for _ in range(30)], [])


@pytest.mark.parametrize("rho", [0.8, 0.0, -0.5])
def test_rho_is_the_one_that_explains_the_difference(rho: float) -> None:
    both = RNG.multivariate_normal([0.3, 0.1], [[0.01, rho * 0.02], [rho * 0.02, 0.04]], 8000)
    pairs = [PairMiss("squat_depth", ViewBucket.SIDE, float(a), float(b)) for a, b in both]
    alone = [miss("knee", pair.first) for pair in pairs] + [miss("hip", pair.second) for pair in pairs]
    others = [miss(part) for part in PARTS if part not in ("knee", "hip") for _ in range(30)]
    noise = noise_fit("mediapipe", "x", [*alone, *others], pairs)
    assert noise.rho("squat_depth", ViewBucket.SIDE) == pytest.approx(rho, abs=0.06)
    assert noise.rho("bench_depth", None) == 0.0


def test_rho_holds_for_pairs_whose_scores_say_how_far_they_are_off() -> None:
    """Sure pairs are a tenth as far off as unsure ones: nine of ten of all lie in their own interval."""
    pairs, alone = [], []
    for score in (0.3, 0.99):
        scale = 0.2 if score < 0.5 else 0.02
        for a, b in RNG.multivariate_normal([0.0, 0.0], [[1.0, 0.4], [0.4, 1.0]], 6000) * scale:
            pairs.append(PairMiss("squat_depth", ViewBucket.SIDE, a, b, SideSeen.NEAR, (score, score)))
            alone += [miss("knee", a, score=score), miss("hip", b, score=score)]
    middling = [miss(part, score=0.8) for part in PARTS if part not in ("knee", "hip") for _ in range(3000)]
    noise = noise_fit("mediapipe", "x", [*alone, *middling], pairs)
    assert noise.rho("squat_depth", ViewBucket.SIDE) == pytest.approx(0.4, abs=0.06)


def test_the_fitted_noise_can_be_read_again(tmp_path: Path) -> None:
    noise = noise_fit("mediapipe", "on seeds 1, 2", [miss(part, 0.1, 0.2) for part in PARTS for _ in range(30)], [])
    (tmp_path / "noise").mkdir()
    path = tmp_path / "noise" / "mediapipe.toml"
    path.write_text(noise_toml(noise, "A comment."))
    assert noise_read(path) == noise
    assert seeds_fitted("mediapipe", tmp_path) == {1, 2}


def test_an_error_is_counted_down_and_across_in_trunks() -> None:
    truth = scenes.squat()
    pose = truth.people[0].pose()
    trunk_px = body_scale(pose).px(Limb.TRUNK.cm)
    moved = Pose(pose.points + np.array([0.1, 0.2, 0.0]) * trunk_px * [1, 1, 0])
    joints, pairs = misses_of(truth, moved)
    # At the bottom of a squat its depth's joints count; wrist and ankle belong to the lockout.
    assert {(one.part, one.side) for one in joints} == {(p, s) for p in ("hip", "knee") for s in SideSeen}
    assert {round(one.down, 6) for one in joints} == {0.2}
    assert {round(one.across, 6) for one in joints} == {0.1}
    assert [(one.rule, round(one.first, 6), round(one.second, 6)) for one in pairs] == [("squat_depth", 0.2, 0.2)] * 2


def test_down_is_the_cameras_down_and_not_the_photos() -> None:
    truth = scenes.squat()
    rolled = replace(truth, camera=replace(truth.camera, roll_deg=90.0))
    pose = truth.people[0].pose()
    trunk_px = body_scale(pose).px(Limb.TRUNK.cm)
    joints, _ = misses_of(rolled, Pose(pose.points + np.array([0.1 * trunk_px, 0.0, 0.0])))
    assert {round(one.down, 6) for one in joints} == {0.1}


def test_a_lockout_counts_wrists_and_ankles_of_its_own_rules() -> None:
    truth = scenes.scene([scenes.person(poses.SQUAT_LOCKOUT)], phase=Phase.LOCKOUT)
    joints, pairs = misses_of(truth, truth.people[0].pose())
    assert {one.part for one in joints} == {"ankle"}
    assert pairs == []


def test_a_moment_that_no_rule_judges_counts_nothing() -> None:
    truth = scenes.scene([scenes.person(poses.SQUAT_BOTTOM)], phase=Phase.MID)
    assert misses_of(truth, truth.people[0].pose()) == ([], [])


def test_the_lifters_pose_is_found_among_the_others_or_is_not_there(tmp_path: Path) -> None:
    truth = scenes.squat()
    truth = replace(truth, people=(*truth.people, scenes.spotter((60.0, 90.0))))
    lifter, spotter = (person.pose() for person in truth.people)
    assert lifter_of(truth, [spotter, lifter]) is lifter
    assert lifter_of(truth, [spotter]) is None
    assert lifter_of(truth, []) is None


def test_an_engines_errors_are_collected_over_the_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The pictures are blank: the finder would see nobody lift in them.
    monkeypatch.setattr("inference.calibrate.joints.shot_of", lambda photo, key, engine: Shot(photo.rgb, key))
    folder = scenes.written(tmp_path, [scenes.squat(), scenes.squat(index=1)], images=True)
    truths = truth_read(folder)
    joints, pairs, lost = misses_run([(truth, folder) for truth in truths], TruthEngine(truths))
    assert (len(joints), len(pairs), lost) == (8, 4, 0)
    assert max(abs(one.down) for one in joints) < 1e-9
    assert misses_run([(truth, folder) for truth in truths], TruthEngine([]))[2] == 2


# --- surfaces ---


def test_share_and_lean_come_back_out_of_truth_made_with_them() -> None:
    truths = [made(index, lift) for index in range(40) for lift in (Lift.BENCH, Lift.SQUAT)]
    fits = {fit.name: fit for fit in surfaces_fit(truths).surfaces}
    assert set(fits) == set(SHARES)
    for name, (share, lean) in SHARES.items():
        assert (fits[name].share, fits[name].lean) == (pytest.approx(share, abs=1e-6), pytest.approx(lean, abs=1e-6))
        assert fits[name].readings == 80


def test_sigma_is_what_the_fit_leaves_and_together_how_two_surfaces_leave_it() -> None:
    truths = [made(index, lift, noise=0.02) for index in range(200) for lift in (Lift.BENCH, Lift.SQUAT)]
    fit = surfaces_fit(truths)
    assert [one.sigma_share for one in fit.surfaces] == pytest.approx([0.02] * 4, rel=0.1)
    assert [fit.together[rule] for rule in ("bench_depth", "squat_depth")] == pytest.approx([0.0, 0.0], abs=0.15)


def test_surfaces_that_grow_together_are_told() -> None:
    truths = [made(index, lift) for index in range(40) for lift in (Lift.BENCH, Lift.SQUAT)]

    def thicker(truth: Truth) -> Truth:
        by = float(RNG.normal())
        sides = {
            side: replace(one, hip_crease_cm=one.hip_crease_cm + by, knee_top_cm=one.knee_top_cm + by)
            for side, one in truth.sides.items()
        }
        return replace(truth, sides=sides)

    assert surfaces_fit([thicker(truth) for truth in truths]).together["squat_depth"] > 0.9


def test_too_few_lifters_are_refused() -> None:
    with pytest.raises(ValueError, match="2 sides at the moment of bench_depth, at least 30"):
        surfaces_fit([made(0, Lift.BENCH)])


def test_the_file_keeps_its_literature_and_its_comments(tmp_path: Path) -> None:
    old = (JUDGING / "surfaces.toml").read_text()
    truths = [made(index, lift) for index in range(20) for lift in (Lift.BENCH, Lift.SQUAT)]
    new = surfaces_text(old, surfaces_fit(truths), [8, 7], TODAY)
    new = limbs_text(new, limbs_fit(truths), [8, 7])
    path = tmp_path / "surfaces.toml"
    path.write_text(new)
    before, after = surfaces_read(JUDGING / "surfaces.toml"), surfaces_read(path)
    knee = after.surfaces["knee_top"]
    assert after.limb_source.endswith("seeds 7, 8")
    assert (knee.offset.share, knee.offset.lean) == (pytest.approx(0.13), pytest.approx(-0.01))
    assert (knee.seeds, knee.readings, knee.fitted_on) == ((7, 8), 40, TODAY)
    assert knee.literature_cm == before.surfaces["knee_top"].literature_cm
    assert after.surfaces["hand_to_bar"] == before.surfaces["hand_to_bar"]
    assert [line for line in new.splitlines() if line.startswith("#")] == [
        line for line in old.splitlines() if line.startswith("#")
    ]


def test_a_file_without_the_key_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no table \[limbs\]"):
        limbs_text("", limbs_fit([made(0, Lift.SQUAT)]), [1])
    with pytest.raises(ValueError, match="upper_arm is not there once"):
        limbs_text("[limbs]\n", limbs_fit([made(0, Lift.SQUAT)]), [1])


def test_limbs_are_shares_of_the_stature() -> None:
    truth = made(0, Lift.SQUAT)
    joints = truth.lifter.joints_cm
    sides = ((Joint.LEFT_HIP, Joint.LEFT_KNEE), (Joint.RIGHT_HIP, Joint.RIGHT_KNEE))
    thighs = [np.linalg.norm(joints[hip] - joints[knee]) for hip, knee in sides]
    fit = next(fit for fit in limbs_fit([truth]) if fit.limb is Limb.THIGH)
    assert fit.share == pytest.approx(np.mean(thighs) / truth.lifter.stature_cm)


# --- the command ---


def test_the_command_writes_the_surfaces_and_says_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "surfaces.toml").write_text((JUDGING / "surfaces.toml").read_text())
    truths = [
        made(index * 2 + lying, lift) for index in range(20) for lying, lift in enumerate((Lift.SQUAT, Lift.BENCH))
    ]
    folder = scenes.written(tmp_path / "truth", truths)
    assert main(["--truth", str(folder), "--surfaces", "--limbs", "--out", str(tmp_path)]) == 0
    knee = surfaces_read(tmp_path / "surfaces.toml").surfaces["knee_top"]
    assert knee.seeds == (5,)
    assert knee.offset.share == pytest.approx(0.13, abs=1e-3)
    out = capsys.readouterr().out
    assert "knee_top: share" in out
    assert "squat_depth: outward" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Say what to fit"),
        (["--surfaces"], "sides at the moment of bench_depth"),
        (["--engine", "mediapipe"], "0000.png cannot be read"),
        (["--surfaces", "--rules"], "Say whose margins"),
    ],
)
def test_bad_input_is_refused_with_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    (tmp_path / "surfaces.toml").write_text((JUDGING / "surfaces.toml").read_text())
    folder = scenes.written(tmp_path / "truth", [scenes.squat()])
    assert main(["--truth", str(folder), "--out", str(tmp_path), *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_rules_factor_is_what_nine_of_ten_margins_ask_for() -> None:
    """Margins of sigma 2 that scatter with 3: the interval must be half as wide again as the sigma says."""
    said = Finding("squat_depth", Side.LEFT, Outcome.TOO_CLOSE, None, "", 0.0, 2.0, 0.0, 0.05, "thigh", 0.5)
    errors = RNG.normal(0.0, 3.0, 4000)
    cases = [
        SideCase("squat_depth", ViewBucket.SIDE, True, True, replace(said, margin_cm=float(error)), 0.0, False)
        for error in errors
    ]
    nothing = SideCase("bench_depth", ViewBucket.SIDE, True, True, None, 0.0, False)
    (fit,) = rules_fit([*cases, nothing], {})
    assert (fit.rule, fit.readings) == ("squat_depth", 4000)
    assert fit.factor == round(float(np.quantile(np.abs(errors) / 2.0, 0.9)) / 1.645, 3)
    assert fit.factor == pytest.approx(1.5, rel=0.03)
    # The sigmas carried a factor already: the fit starts from there.
    assert rules_fit(cases, {"squat_depth": 0.8})[0].factor == pytest.approx(0.8 * fit.factor, abs=1e-3)
    assert rules_fit(cases[:99], {}) == ()
    assert rules_fit([replace(one, true_cm=90.0) for one in cases], {})[0].factor == 2.0


def test_the_command_writes_a_rules_factor_beside_what_was_there(tmp_path: Path) -> None:
    truths = [scenes.squat(float(margin), index=index) for index, margin in enumerate(RNG.normal(8.0, 4.0, 60))]
    folder = scenes.written(tmp_path / "truth", truths)
    engine = TruthEngine(truths)
    given = [(truth, folder) for truth in truths]
    with pytest.raises(ValueError, match="No rule was measured 100 times"):
        list(rules_write("truth", given[:40], engine, tmp_path, TODAY))
    assert not (tmp_path / "truth.toml").exists()
    said = list(rules_write("truth", given, engine, tmp_path, TODAY))
    before, after = noise_load("truth"), noise_read(tmp_path / "truth.toml")
    assert (after.joints, after.pairs) == (before.joints, before.pairs)
    assert [(one.rule, one.readings) for one in after.rules] == [("squat_depth", 120)]
    assert after.seeds == (5,)
    assert said[0].endswith("; rules: 60 photos, seeds 5, 2026-03-01")
    assert said[1] == f"squat_depth: factor {after.rules[0].factor:.3f} (120 margins)"


def test_a_missing_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--truth", str(tmp_path / "gone"), "--surfaces", "--out", str(tmp_path)]) == 2
    assert "cannot be read" in capsys.readouterr().err
