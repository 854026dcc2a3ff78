from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from judging import judge, noise
from judging.landmarks import Limb, Scale
from judging.noise import (
    PARTS,
    EngineNoise,
    JointNoise,
    PairNoise,
    RuleNoise,
    ScoreBin,
    SideSeen,
    joint_error,
    noise_load,
    noise_names,
    noise_read,
    noise_toml,
)
from judging.pose import Joint, Lift, Phase, Pose, Side, View, ViewBucket, view_bucket
from tests.judging.poses import BOOK, PX, bench_arm, both, pose_of, seen_from, squat_leg, stated

SHIPPED = Path(noise.__file__).with_name("noise")
NOTHING = JointNoise("knee", 0.0, 0.0, 0.0, 0)


def engine(*rows: JointNoise, pairs: tuple[PairNoise, ...] = (), rules: tuple[RuleNoise, ...] = ()) -> EngineNoise:
    """Noise with these rows, and nothing of the parts they do not speak of."""
    others = [replace(NOTHING, part=part) for part in PARTS if part not in {row.part for row in rows}]
    return EngineNoise("e", "made up", 0.8, 0.95, (*rows, *others), pairs, rules=rules)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_figures_are_whole_and_written_as_they_are_read(path: Path, tmp_path: Path) -> None:
    shipped = noise_read(path)
    again = tmp_path / path.name
    again.write_text(noise_toml(shipped, "One line.\nAnother."), encoding="utf-8")
    assert noise_read(again) == shipped
    assert again.read_text(encoding="utf-8").startswith("# One line.\n# Another.\nengine")
    for part in PARTS:
        shipped.joint(part, ViewBucket.SIDE, SideSeen.NEAR, 0.9)


def test_the_engines() -> None:
    assert noise_names() == ("mediapipe", "mmpose", "truth")
    assert {row.sigma_down for row in noise_load("truth").joints} == {0.0}
    with pytest.raises(ValueError, match="no noise figures for 'openpose'; there are mediapipe, mmpose, truth"):
        noise_load("openpose")


def test_which_row_a_joint_takes() -> None:
    side, near, high = ViewBucket.SIDE, SideSeen.NEAR, ScoreBin.HIGH
    rows = [
        JointNoise("hip", 0.01, 0.01, 0.01, 9, side, near, high),
        JointNoise("hip", 0.02, 0.02, 0.02, 9, side, near, None),
        JointNoise("hip", 0.03, 0.03, 0.03, 9, None, near, None),
        JointNoise("hip", 0.04, 0.04, 0.04, 9, None, None, None),
    ]
    full = engine(*rows)
    assert full.joint("hip", side, near, 0.95) == rows[0]
    assert full.joint("hip", side, near, 0.94) == rows[1]
    assert full.joint("hip", ViewBucket.FRONT, near, 0.95) == rows[2]
    assert full.joint("hip", None, near, 0.95) == rows[2]
    assert full.joint("hip", side, SideSeen.FAR, 0.95) == rows[3]
    with pytest.raises(KeyError):
        full.joint("nose", side, near, 1.0)


def test_where_nobody_measured_the_widest_figures_hold_and_a_bias_is_doubt() -> None:
    rows = [
        JointNoise("hip", 0.03, 0.04, 0.07, 9, ViewBucket.SIDE, SideSeen.NEAR),
        JointNoise("hip", 0.0, 0.01, 0.08, 9, ViewBucket.SIDE, SideSeen.FAR),
    ]
    widest = engine(*rows).joint("hip", ViewBucket.FRONT, SideSeen.NEAR, 0.5)
    assert (widest.bias_down, widest.sigma_across, widest.readings) == (0.0, 0.08, 0)
    assert widest.sigma_down == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("score", "fallen"), [(0.0, "low"), (0.79, "low"), (0.8, "mid"), (0.95, "high"), (1.0, "high")]
)
def test_score_bins(score: float, fallen: str) -> None:
    assert engine().score_bin(score) == fallen


def test_joint_error_is_the_larger_of_measured_and_own() -> None:
    scale = Scale(PX, 0.06, 4)
    points = np.zeros((17, 3))
    spread = np.zeros(17)
    spread[Joint.LEFT_HIP] = 40.0
    pose, mediapipe = Pose(points, spread), noise_load("mediapipe")
    left, right = (joint_error(pose, side, "hip", scale, mediapipe) for side in Side)
    assert (left.sigma_down_cm, left.sigma_across_cm) == (pytest.approx(10.0), pytest.approx(10.0))
    assert right.sigma_down_cm == pytest.approx(0.095 * 49.536)
    far = joint_error(pose, Side.RIGHT, "hip", scale, mediapipe, far=True)
    assert far.sigma_down_cm == pytest.approx(1.5 * 0.095 * 49.536)


def test_noise_measured_for_this_very_score_knows_of_the_spread() -> None:
    figures = engine(
        JointNoise("hip", 0.0, 0.02, 0.03, 99, None, SideSeen.NEAR, None),
        JointNoise("hip", 0.0, 0.01, 0.02, 50, None, SideSeen.NEAR, ScoreBin.HIGH),
    )
    spread = np.full(17, 40.0)
    for score, down_cm in ((0.97, 0.01 * Limb.TRUNK.cm), (0.85, 10.0)):
        points = np.zeros((17, 3))
        points[:, 2] = score
        error = joint_error(Pose(points, spread), Side.LEFT, "hip", Scale(PX, 0.06, 4), figures)
        assert error.sigma_down_cm == pytest.approx(down_cm)


def test_every_used_joint_has_a_measured_noise() -> None:
    rows = [row for row in noise_load("mediapipe").joints if row.side is SideSeen.NEAR]
    assert {row.part for row in rows} == set(PARTS)
    assert all(0 < row.sigma_down < 0.2 and row.readings >= 20 for row in rows)


def depth(lift: Lift, pose: Pose, figures: EngineNoise) -> tuple[float, float]:
    """The near side's margin and sigma."""
    findings = judge(
        lift=lift, phase=stated(Phase.BOTTOM), view=seen_from(View.LEFT), pose=pose, rulebook=BOOK, noise=figures
    )
    near = findings[0]
    assert near.margin_cm is not None
    assert near.sigma_cm is not None
    return near.margin_cm, near.sigma_cm


def test_a_habit_of_the_engine_is_taken_off_the_margin() -> None:
    pose = pose_of(both(squat_leg(10.0)))
    plain, _ = depth(Lift.SQUAT, pose, engine())
    low_hips, _ = depth(Lift.SQUAT, pose, engine(JointNoise("hip", 0.1, 0.0, 0.0, 9)))
    low_knees, _ = depth(Lift.SQUAT, pose, engine(JointNoise("knee", 0.1, 0.0, 0.0, 9)))
    assert low_hips - plain == pytest.approx(-0.1 * Limb.TRUNK.cm)
    assert low_knees - plain == pytest.approx(0.1 * Limb.TRUNK.cm)
    arm = pose_of(both(bench_arm(0.0)))
    plain, _ = depth(Lift.BENCH, arm, engine())
    assert depth(Lift.BENCH, arm, engine(JointNoise("elbow", 0.1, 0.0, 0.0, 9)))[0] - plain == pytest.approx(-4.9536)


def test_errors_that_go_together_leave_less_of_themselves_in_a_difference() -> None:
    pose = pose_of(both(squat_leg(10.0)))
    rows = (JointNoise("hip", 0.0, 0.06, 0.2, 9), JointNoise("knee", 0.0, 0.08, 0.2, 9))
    _, none = depth(Lift.SQUAT, pose, engine())
    for rho, seen in ((0.0, 0.1), (0.5, math.sqrt(0.0036 + 0.0064 - 0.0048)), (1.0, 0.02)):
        pairs = (PairNoise("squat_depth", rho, 9),) if rho else ()
        _, sigma = depth(Lift.SQUAT, pose, engine(*rows, pairs=pairs))
        assert math.sqrt(sigma**2 - none**2) == pytest.approx(seen * Limb.TRUNK.cm)


def test_what_was_measured_of_a_rules_margins_widens_the_whole_sigma_and_leaves_the_margin() -> None:
    pose = pose_of(both(squat_leg(10.0)))
    row = JointNoise("hip", 0.0, 0.06, 0.2, 9)
    margin, sigma = depth(Lift.SQUAT, pose, engine(row))
    wider = depth(Lift.SQUAT, pose, engine(row, rules=(RuleNoise("squat_depth", 1.25, 200),)))
    assert wider == (margin, pytest.approx(1.25 * sigma))
    others = engine(row, rules=(RuleNoise("bench_depth", 1.25, 200),))
    assert depth(Lift.SQUAT, pose, others) == (margin, sigma)


def test_a_rules_factor_is_read_as_written_and_within_reason(tmp_path: Path) -> None:
    path = tmp_path / "e.toml"
    whole = engine(rules=(RuleNoise("squat_depth", 0.9, 200), RuleNoise("bench_depth", 1.1, 150)))
    path.write_text(noise_toml(whole), encoding="utf-8")
    assert noise_read(path) == whole
    path.write_text(noise_toml(whole).replace("factor = 0.9", "factor = 0.4"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"squat_depth: its factor lies between 0.5 and 2.0, not 0.4"):
        noise_read(path)
    path.write_text(noise_toml(whole).replace("bench_depth", "squat_depth"), encoding="utf-8")
    with pytest.raises(ValueError, match="come twice"):
        noise_read(path)


def test_a_pairs_own_view_comes_first() -> None:
    pairs = (PairNoise("squat_depth", 0.3, 9), PairNoise("squat_depth", 0.6, 9, ViewBucket.SIDE))
    figures = engine(pairs=pairs)
    assert figures.rho("squat_depth", ViewBucket.SIDE) == 0.6
    assert figures.rho("squat_depth", ViewBucket.FRONT) == 0.3
    assert figures.rho("bench_depth", ViewBucket.SIDE) == 0.0


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ('engine = "truth"', 'engine = "other"', "engine 'other' is not the file's name"),
        ("seeds = []\n", "", "seeds is missing"),
        ("mid_from = 0.8", "mid_from = 0.99", "scores: "),
        ('part = "hip"', 'part = "hop"', r"\[\[joints\]\] 4: part 'hop' is none of"),
        ('part = "hip"', 'part = "knee"', "no figures for hip"),
        ('view = "any"', 'view = "above"', "view 'above' is none of"),
        ("sigma_down = 0.0", "sigma_down = -1.0", "no such figures"),
        ("readings = 0", "readings = 0.5", "readings is not a whole number"),
        ("readings = 0", "readings = 0\nmedian = 0.0", "median is not a key"),
    ],
)
def test_a_wrong_file_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, wrong: str) -> None:
    path = tmp_path / "truth.toml"
    path.write_text((noise.FOLDER / "truth.toml").read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=wrong) as raised:
        noise_read(path)
    assert str(raised.value).startswith("truth.toml")


def test_figures_must_not_come_twice_and_rho_is_a_correlation(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="twice"):
        engine(JointNoise("hip", 0.0, 0.1, 0.1, 1), JointNoise("hip", 0.0, 0.2, 0.1, 1))
    path = tmp_path / "truth.toml"
    text = (noise.FOLDER / "truth.toml").read_text(encoding="utf-8")
    row = '\n[[pairs]]\nrule = "squat_depth"\nview = "side"\nrho = 1.5\nreadings = 9\n'
    path.write_text(text + row, encoding="utf-8")
    with pytest.raises(ValueError, match="rho lies between"):
        noise_read(path)


@pytest.mark.parametrize(
    ("view", "off", "towards", "bucket"),
    [
        (View.LEFT, 0.0, None, "side"),
        (View.RIGHT, 30.0, None, "side"),
        (View.LEFT, None, None, "side"),
        (View.LEFT, 31.0, View.FRONT, "front_oblique"),
        (View.RIGHT, 60.0, View.REAR, "rear_oblique"),
        (View.LEFT, 61.0, View.FRONT, "front"),
        (View.LEFT, 45.0, None, None),
        (View.FRONT, None, None, "front"),
        (View.FRONT, 50.0, None, "front_oblique"),
        (View.REAR, 90.0, View.FRONT, "rear"),
        (None, 10.0, None, None),
    ],
)
def test_view_buckets(view: View | None, off: float | None, towards: View | None, bucket: str | None) -> None:
    assert view_bucket(view, off, towards) == bucket
