"""The gate's tables on scenes built by hand, whose every figure can be counted on fingers."""

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gold.truth import Fault, Kind, Placement, Role, Truth
from gold.vote import PairResult, Reading
from inference.assessment import Assessment
from inference.engines.base import Shot
from inference.engines.truth import TruthEngine
from inference.errors import EngineError
from inference.gate import table
from inference.gate.__main__ import main
from inference.gate.run import (
    Case,
    Stated,
    angle_deg,
    camera_measured,
    cases_run,
    others_of,
    photo_blank,
    photo_of,
    stated_of,
)
from inference.gate.table import SideCase, row, wilson
from inference.gate.truths import RULES, bucket_of, near_of, true_margin
from judging.geometry import bend_offset
from judging.outcomes import Finding, Outcome, Reason
from judging.pose import Joint, Lift, Phase, Pose, Side, View, ViewBucket
from judging.rulebook import rulebook_load
from tests.inference import poses, scenes

BOOK = rulebook_load("ipf-2026-v3")


def run(truths: list[Truth]) -> list[Case]:
    return list(cases_run(truths, Path(), TruthEngine(truths), BOOK))


def found(outcome: Outcome, margin: float, sigma: float, p: float, reason: Reason | None = None) -> Finding:
    return Finding("squat_depth", Side.LEFT, outcome, reason, "", margin, sigma, margin / 40, sigma / 40, "thigh", p)


def side_case(finding: Finding | None, true_cm: float, *, breach: bool | None = None) -> SideCase:
    broken = true_cm <= 0 if breach is None else breach
    return SideCase("squat_depth", ViewBucket.SIDE, True, True, finding, true_cm, broken)


def stated_by_truth(truth: Truth) -> Assessment:
    (case,) = run([truth])
    assert case.stated is not None
    return case.stated


# --- what was true ---


@pytest.mark.parametrize(
    ("azimuth", "bucket"),
    [
        (0.0, ViewBucket.FRONT),
        (-29.9, ViewBucket.FRONT),
        (30.0, ViewBucket.FRONT_OBLIQUE),
        (-60.0, ViewBucket.SIDE),
        (90.0, ViewBucket.SIDE),
        (240.0, ViewBucket.REAR_OBLIQUE),
        (-150.0, ViewBucket.REAR),
        (180.0, ViewBucket.REAR),
        (360.0, ViewBucket.FRONT),
    ],
)
def test_the_bucket_is_told_by_how_far_round_the_camera_stands(azimuth: float, bucket: ViewBucket) -> None:
    assert bucket_of(replace(scenes.LEFT, azimuth_deg=azimuth)) is bucket


def test_near_is_the_side_the_camera_stands_on_and_neither_from_the_ends() -> None:
    at = {azimuth: replace(scenes.LEFT, azimuth_deg=azimuth) for azimuth in (90.0, -90.0, 270.0, 0.0, 180.0)}
    assert [near_of(camera, Side.LEFT) for camera in at.values()] == [True, False, False, None, None]


@pytest.mark.parametrize(
    ("azimuth", "angle"), [(90.0, 0.0), (-90.0, 0.0), (0.0, 90.0), (180.0, -90.0), (-45.0, 45.0), (225.0, -45.0)]
)
def test_the_angle_off_square_is_positive_towards_the_front(azimuth: float, angle: float) -> None:
    assert angle_deg(replace(scenes.LEFT, azimuth_deg=azimuth)) == pytest.approx(angle)


@pytest.mark.parametrize(
    ("rule", "margin", "breach"),
    [
        ("squat_depth", 0.0, True),
        ("squat_depth", 0.01, False),
        ("bench_depth", 0.0, False),
        ("bench_depth", -0.01, True),
        ("shoulders_back", 0.0, False),
    ],
)
def test_level_breaks_the_squat_alone(rule: str, margin: float, breach: bool) -> None:
    truth = scenes.scene([], margins={rule: {Side.LEFT: margin}})
    true = true_margin(RULES[rule], truth, Side.LEFT, BOOK.limits)
    assert (true.margin_cm, true.breach) == (margin, breach)
    assert true_margin(RULES[rule], truth, Side.RIGHT, BOOK.limits) is None


def test_a_locked_knees_margin_is_the_limits_offset_less_the_true_bends() -> None:
    truth = scenes.scene([scenes.person(poses.SQUAT_LOCKOUT)], phase=Phase.LOCKOUT)
    joints = truth.lifter.joints_cm
    thigh, shank = (
        float(np.linalg.norm(joints[a] - joints[b]))
        for a, b in ((Joint.LEFT_HIP, Joint.LEFT_KNEE), (Joint.LEFT_KNEE, Joint.LEFT_ANKLE))
    )
    true = true_margin(RULES["knees_locked"], truth, Side.LEFT, BOOK.limits)
    expected = bend_offset(thigh, shank, BOOK.limits.knee_bend_deg) - bend_offset(thigh, shank, 5.0)
    assert (true.margin_cm, true.breach) == (pytest.approx(expected), False)


@given(st.floats(0.0, 180.0))
def test_a_straight_joints_verdict_and_margin_never_contradict_each_other(angle: float) -> None:
    truth = scenes.scene([scenes.person(poses.SQUAT_LOCKOUT)], phase=Phase.LOCKOUT)
    truth = replace(truth, sides={Side.LEFT: replace(scenes.SIDE, elbow_deg=angle)})
    true = true_margin(RULES["elbows_locked"], truth, Side.LEFT, BOOK.limits)
    assert true.breach == (180.0 - angle > BOOK.limits.elbow_bend_deg)
    assert true.breach == (true.margin_cm < 0) or math.isclose(true.margin_cm, 0.0, abs_tol=1e-9)


# --- what people state ---


def test_people_state_what_is_so_and_the_camera_with_a_tapes_error() -> None:
    truth = scenes.squat()
    assert stated_of(truth) == Stated(Lift.SQUAT, Phase.BOTTOM, View.LEFT)
    once, again, other = camera_measured(truth), camera_measured(truth), camera_measured(replace(truth, index=1))
    assert once == again
    assert once != other
    assert abs(once.height_cm - 90.0) < 8
    assert abs(once.distance_cm / 400.0 - 1) < 0.12
    assert abs(once.roll_deg) < 2


def test_the_tapes_errors_have_the_spread_that_is_stated() -> None:
    cameras = [camera_measured(scenes.squat(index=index)) for index in range(400)]
    heights = [camera.height_cm - 90.0 for camera in cameras]
    assert np.std(heights) == pytest.approx(2.0, rel=0.12)
    assert abs(np.mean(heights)) < 0.3
    assert np.std([camera.distance_cm / 400.0 for camera in cameras]) == pytest.approx(0.03, rel=0.12)


def test_a_lockout_is_also_stated_wrongly_and_a_bottom_is_not() -> None:
    assert others_of(scenes.squat()) == ()
    locked = others_of(scenes.squat(phase=Phase.LOCKOUT))
    assert [(one.lift, one.phase) for one in locked] == [
        (Lift.SQUAT, None),
        (Lift.SQUAT, Phase.BOTTOM),
        (None, None),
    ]


def test_a_scene_without_a_lifter_is_stated_to_be_every_lift() -> None:
    empty = scenes.scene([], kind=Kind.EMPTY)
    assert stated_of(empty) is None
    assert len(others_of(empty)) == 7


# --- the engine of the truth, and the line after it ---


def test_the_truth_engine_hands_over_everybody_seen_with_hidden_joints_at_zero() -> None:
    hidden = np.zeros(17, dtype=np.bool_)
    half = hidden.copy()
    half[5:] = True
    truth = scenes.squat()
    people = (replace(truth.people[0], visible=half), replace(scenes.spotter((120.0, 0.0)), visible=hidden))
    truth = replace(truth, people=people, sha256="ab")
    engine = TruthEngine([truth])
    (answer,) = engine.people([Shot(photo_blank(truth).rgb[::2, ::2], "ab")])
    (pose,) = answer
    assert pose.points[:, 2].tolist() == half.astype(float).tolist()
    np.testing.assert_allclose(pose.points[:, :2], truth.people[0].joints_px / 2)


def test_a_photo_without_truth_is_an_error_and_not_an_empty_platform() -> None:
    (answer,) = TruthEngine([]).people([Shot(np.zeros((2, 2, 3), np.uint8), "ab")])
    assert isinstance(answer, EngineError)


def test_the_whole_line_is_run_on_the_true_joints() -> None:
    (case,) = run([scenes.squat()])
    assert case.stated.engine == "truth"
    assert (case.stated.width, case.stated.height) == (scenes.WIDTH, scenes.HEIGHT)
    np.testing.assert_allclose(case.stated.pose.points[:, :2], case.truth.people[0].joints_px)
    assert {finding.rule for finding in case.stated.findings} == {"squat_depth", "knees_locked"}


def test_an_engine_that_fails_on_a_photo_is_counted_and_says_nothing() -> None:
    truth = scenes.squat()
    (case,) = cases_run([truth], Path(), TruthEngine([]), BOOK)
    assert (case.error, case.stated) == ("engine_failed", None)
    report = table.report_of([case], BOOK)
    assert report["engine_errors"] == 1
    assert report["rules"]["squat_depth"]["all"]["both"]["reasons"] == {"no_finding": 2}


def test_an_image_of_another_size_than_its_truth_is_refused(tmp_path: Path) -> None:
    folder = scenes.written(tmp_path, [scenes.squat()], images=True)
    truth = json.loads((folder / "truth.jsonl").read_text())
    small = replace(scenes.squat(), sha256=truth["sha256"], width=400)
    with pytest.raises(ValueError, match=r"0000\.png is not 400 x 600 px"):
        photo_of(small, folder)


# --- the tables ---


def test_wilsons_interval_is_the_textbooks() -> None:
    assert wilson(0, 0) == {"count": 0, "share": None, "low": None, "high": None}
    cell = wilson(1, 10)
    assert (cell["share"], cell["low"], cell["high"]) == (
        0.1,
        pytest.approx(0.0179, abs=1e-4),
        pytest.approx(0.4042, abs=1e-4),
    )
    assert wilson(0, 10)["low"] == 0.0
    assert wilson(10, 10)["high"] == 1.0


@given(st.integers(0, 200), st.integers(1, 200))
def test_wilsons_interval_holds_the_share(count: int, total: int) -> None:
    cell = wilson(min(count, total), total)
    assert 0 <= cell["low"] <= cell["share"] + 1e-12
    assert cell["share"] - 1e-12 <= cell["high"] <= 1


def test_a_row_counts_verdicts_errors_and_intervals() -> None:
    figures = row(
        [
            side_case(found(Outcome.MEETS, 5.0, 1.0, 0.0), 4.0),  # right, off by +1, covered
            side_case(found(Outcome.MEETS, 5.0, 1.0, 0.0), -1.0),  # wrong, off by +6
            side_case(found(Outcome.BREACH, -5.0, 2.0, 1.0), -8.0),  # right, off by +3, covered
            side_case(found(Outcome.BREACH, -5.0, 1.0, 1.0), 0.5),  # wrong, off by -5.5
            side_case(found(Outcome.TOO_CLOSE, 0.0, 1.0, 0.5), 1.0),  # off by -1, covered
            side_case(Finding("squat_depth", None, Outcome.CANNOT_JUDGE, Reason.WRONG_VIEW), 2.0),
            side_case(found(Outcome.CANNOT_JUDGE, -4.0, 1.0, 1.0, Reason.MOMENT_NOT_STATED), -4.0),  # covered
            side_case(None, 2.0),
        ]
    )
    assert (figures["n"], figures["breaches"]) == (8, 3)
    assert (figures["given"]["count"], figures["given"]["share"]) == (4, 0.5)
    assert (figures["wrong"]["count"], figures["wrong"]["share"]) == (2, 0.5)
    assert (figures["too_close"], figures["cannot_judge"]) == (1, 3)
    assert figures["reasons"] == {"moment_not_stated": 1, "no_finding": 1, "wrong_view": 1}
    assert figures["measured"] == 6
    assert figures["mae_cm"] == pytest.approx((1 + 6 + 3 + 5.5 + 1 + 0) / 6)
    assert figures["median_error_cm"] == pytest.approx(0.5)
    assert figures["coverage"]["count"] == 4


def test_a_90_percent_interval_reaches_1_645_sigmas_either_way() -> None:
    def covered(error: float) -> int:
        return row([side_case(found(Outcome.MEETS, 10.0 + error, 2.0, 0.0), 10.0)])["coverage"]["count"]

    assert [covered(error) for error in (3.28, -3.28, 3.30, -3.30)] == [1, 1, 0, 0]


def test_reliability_holds_the_probabilities_against_what_was_so() -> None:
    sure = [side_case(found(Outcome.MEETS, 5.0, 1.0, 0.0), 4.0)] * 3
    even = [side_case(found(Outcome.TOO_CLOSE, 0.0, 1.0, 0.5), true) for true in (1.0, -1.0)]
    certain = [side_case(found(Outcome.BREACH, -5.0, 1.0, 1.0), true) for true in (-4.0, 1.0, 1.0)]
    figures = row([*sure, *even, *certain])
    assert figures["brier"] == pytest.approx((0 + 2 * 0.25 + 2 * 1.0) / 8)
    assert figures["ece"] == pytest.approx(3 * (1 - 1 / 3) / 8)
    assert figures["reliability"] == [
        [0.0, 0.125, 3, 0.0, 0.0],
        [0.5, 0.625, 2, 0.5, 0.5],
        [0.875, 1.0, 3, 1.0, pytest.approx(1 / 3)],
    ]


def test_an_empty_row_has_no_shares() -> None:
    figures = row([])
    assert (figures["n"], figures["mae_cm"], figures["brier"], figures["coverage"]["share"]) == (0, None, None, None)


def test_sides_are_counted_near_and_far_and_only_at_the_rules_moment() -> None:
    front = replace(scenes.LEFT, azimuth_deg=10.0)
    truths = [
        scenes.squat(),
        scenes.squat(index=1, camera=front, placement=Placement.ANYWHERE),
        scenes.squat(index=2, phase=Phase.LOCKOUT),
    ]
    rules = table.rules_table(run(truths), BOOK)
    counts = {
        (where, side): rules["squat_depth"][where][side]["n"]
        for where in ("recommended", "all", "side", "front")
        for side in ("both", "near", "far")
    }
    assert counts == {
        ("recommended", "both"): 2,
        ("recommended", "near"): 1,
        ("recommended", "far"): 1,
        ("all", "both"): 4,
        ("all", "near"): 1,
        ("all", "far"): 1,
        ("side", "both"): 2,
        ("side", "near"): 1,
        ("side", "far"): 1,
        ("front", "both"): 2,
        ("front", "near"): 0,
        ("front", "far"): 0,
    }
    assert rules["knees_locked"]["all"]["both"]["n"] == 2
    assert rules["bench_depth"]["all"]["both"]["n"] == 0


def test_a_verdict_against_the_truth_is_wrong_whatever_the_photo_looks_like() -> None:
    stated = stated_by_truth(scenes.squat())
    kept = tuple(replace(found(Outcome.MEETS, 9.0, 1.0, 0.0), side=side) for side in Side)
    cases = [Case(scenes.squat(margin), replace(stated, findings=kept)) for margin in (9.0, -1.0)]
    cell = table.rules_table(cases, BOOK)["squat_depth"]["all"]["both"]
    assert (cell["given"]["count"], cell["wrong"]["count"]) == (4, 2)


def test_verdicts_of_depth_on_a_lockout_are_counted_by_what_was_stated() -> None:
    (case,) = run([scenes.squat(phase=Phase.LOCKOUT)])
    meets = found(Outcome.MEETS, 9.0, 1.0, 0.0)
    close = found(Outcome.TOO_CLOSE, 0.0, 1.0, 0.5)
    locked = replace(meets, rule="knees_locked")
    unstated, as_bottom, nothing = (
        (how, replace(said, findings=findings))
        for (how, said), findings in zip(case.others, [(meets, locked), (close,), (locked,)], strict=True)
    )
    case = replace(case, stated=replace(case.stated, findings=(locked,)), others=(unstated, as_bottom, nothing))
    assert table.moments_table([case])["lockout"] == {
        "photos": 1,
        "stated": {"verdicts": 0, "too_close": 0},
        "unstated": {"verdicts": 1, "too_close": 0},
        "as_bottom": {"verdicts": 0, "too_close": 1},
        "nothing_stated": {"verdicts": 0, "too_close": 0},
    }


def test_an_empty_scene_leads_to_no_verdict_and_no_lifter() -> None:
    cells = table.moments_table(run([scenes.scene([], kind=Kind.EMPTY)]))
    assert cells["empty"] == {"photos": 1, "statements": 7, "verdicts": 0, "too_close": 0, "lifter_called": 0}
    assert cells["spotters"]["photos"] == 0


def test_a_verdict_on_spotters_alone_is_counted() -> None:
    (case,) = run([scenes.scene([scenes.spotter((0.0, 0.0))], kind=Kind.SPOTTERS)])
    said = tuple((how, replace(one, findings=(found(Outcome.MEETS, 9.0, 1.0, 0.0),))) for how, one in case.others)
    cell = table.moments_table([replace(case, others=said)])["spotters"]
    assert (cell["photos"], cell["verdicts"], cell["lifter_called"]) == (1, 7, 1)


def test_the_choice_is_right_wrong_asked_hidden_or_not_found() -> None:
    truth = scenes.squat()
    truth = replace(truth, people=(*truth.people, scenes.spotter((150.0, -40.0)), scenes.spotter((-150.0, 120.0))))
    stated = stated_by_truth(truth)
    poses_of = [person.pose() for person in truth.people]
    nobody = replace(stated, pose=None)
    unsure = tuple(Finding("squat_depth", None, Outcome.CANNOT_JUDGE, Reason.LIFTER_UNSURE) for _ in range(1))
    hidden = (replace(unsure[0], reason=Reason.LIFTER_HIDDEN),)
    rack = Pose(poses_of[0].points + np.array([600.0, 0.0, 0.0]))
    said = [
        replace(stated, pose=poses_of[0]),
        replace(stated, pose=poses_of[1]),
        replace(stated, pose=rack),
        replace(nobody, findings=unsure),
        replace(nobody, findings=()),
        replace(nobody, findings=hidden),
    ]
    told = ["right", "wrong", "wrong", "asked", "not_found", "hidden"]
    assert [table.choice_of(truth, one) for one in said] == told
    cells = table.lifter_table([Case(truth, one) for one in said])
    assert cells["spotters_2_4"]["n"] == 6
    assert cells["spotters_2_4"]["wrong"]["count"] == 2
    assert cells["spotters_2_4"]["right_of_called"]["share"] == pytest.approx(1 / 3)
    assert cells["others"]["n"] == 0


def test_a_pose_is_of_the_person_it_lies_nearest_to() -> None:
    truth = replace(scenes.squat(), people=(scenes.squat().people[0], scenes.spotter((40.0, 60.0))))
    near_spotter = Pose(truth.people[1].pose().points + np.array([8.0, -6.0, 0.0]))
    assert table.person_of(truth, near_spotter) is Role.SPOTTER
    assert table.person_of(replace(truth, people=()), near_spotter) is None


def test_the_votes_are_counted_by_lift_and_fault() -> None:
    stated = stated_by_truth(scenes.squat())
    bad = PairResult("knee-knee", (Joint.LEFT_KNEE, Joint.RIGHT_KNEE), Reading.BAD, 1.0)
    good = replace(bad, reading=Reading.FRONT_GOOD)

    def case(fault: Fault, pair: PairResult | None, phase: Phase = Phase.BOTTOM) -> Case:
        votes = replace(stated.votes, pairs=(pair,)) if pair else None
        return Case(replace(scenes.squat(), fault=fault, phase=phase), replace(stated, votes=votes))

    cells = table.vote_table(
        [
            case(Fault.GOOD, good),
            case(Fault.GOOD, bad),
            case(Fault.GOOD, None),
            case(Fault.GOOD, bad, Phase.MID),
            case(Fault.FEET_MOVED, bad),
        ]
    )["squat"]
    assert (cells["good"]["all"]["n"], cells["good"]["all"]["voted"]) == (3, 2)
    assert cells["good"]["all"]["called_bad"]["count"] == 1
    assert cells["feet_moved"]["recommended"]["called_bad"]["share"] == 1.0
    assert cells["hips_high"]["all"] == {"n": 0, "voted": 0, "called_bad": wilson(0, 0)}


# --- the command ---


def test_the_command_prints_the_tables_and_one_object_on_the_last_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truths = [scenes.squat(), scenes.squat(index=1, phase=Phase.LOCKOUT), scenes.scene([], index=2, kind=Kind.EMPTY)]
    folder = scenes.written(tmp_path, truths)
    assert main(["--engine", "truth", "--truth", str(folder), "--json"]) == 0
    out = capsys.readouterr().out
    report = json.loads(out.splitlines()[-1])
    assert (report["engine"], report["photos"], report["camera"], report["seeds"]) == ("truth", 3, "measured", [5])
    assert set(report) >= {"rules", "moments", "lifter", "vote", "rulebook", "truth_sha256", "fitted_seeds"}
    assert "squat_depth" in out
    assert "1 empty scenes, 7 statements: 0 / 0" in out


def test_the_same_command_gives_the_same_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = scenes.written(tmp_path, [scenes.squat(), scenes.squat(index=1, phase=Phase.LOCKOUT)])
    lines = []
    for _ in range(2):
        main(["--engine", "truth", "--truth", str(folder), "--json"])
        lines.append(capsys.readouterr().out)
    assert lines[0] == lines[1]


def test_an_unknown_camera_is_told_to_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = scenes.written(tmp_path, [scenes.squat()])
    sigmas = {}
    for camera in ("measured", "unknown"):
        assert main(["--engine", "truth", "--truth", str(folder), "--json", "--camera", camera]) == 0
        sigmas[camera] = json.loads(capsys.readouterr().out.splitlines()[-1])["camera"]
    assert sigmas == {"measured": "measured", "unknown": "unknown"}


def test_an_engine_looks_at_the_images_and_its_recording_is_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = scenes.written(tmp_path, [scenes.squat()], images=True)
    truth = json.loads((folder / "truth.jsonl").read_text())
    size = np.array([scenes.WIDTH, scenes.HEIGHT])
    joints = np.column_stack([np.array(truth["people"][0]["joints_px"]) / size, np.ones(17)])
    recording = tmp_path / "poses.json"
    recording.write_text(json.dumps({truth["sha256"]: [joints.tolist()]}))
    arguments = ["--engine", "recorded", "--recorded", str(recording), "--truth", str(folder), "--json"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["lifter"]["others"]["right"]["count"] == 1
    assert report["engine_errors"] == 0


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err.strip().splitlines()[-1]


def test_a_missing_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(["--engine", "truth", "--truth", str(tmp_path / "gone")], capsys)
    assert "cannot be read: write it with python -m gold.synth" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no photo"),
        ("not json\n", "truth.jsonl, line 1"),
        ('{"format": 9}\n', "format 9, this program reads 1"),
        ("[]\n", "truth.jsonl, line 1"),
    ],
)
def test_a_file_of_another_format_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (tmp_path / "truth.jsonl").write_text(text)
    assert said in refused(["--engine", "truth", "--truth", str(tmp_path)], capsys)


def test_a_line_whose_parts_are_no_tables_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = scenes.written(tmp_path, [scenes.squat()])
    line = json.loads((folder / "truth.jsonl").read_text()) | {"sides": []}
    (folder / "truth.jsonl").write_text(json.dumps(line) + "\n")
    assert "truth.jsonl, line 1" in refused(["--engine", "truth", "--truth", str(folder)], capsys)


def test_a_photo_that_is_there_twice_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = scenes.written(tmp_path, [scenes.squat(), scenes.squat()])
    assert "holds a photo twice" in refused(["--engine", "truth", "--truth", str(folder)], capsys)


def test_a_missing_image_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = scenes.written(tmp_path, [scenes.squat()])
    said = refused(["--engine", "mediapipe", "--truth", str(folder)], capsys)
    assert "0000.png cannot be read" in said


def test_an_image_that_is_not_the_truths_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = scenes.written(tmp_path, [scenes.squat()], images=True)
    (folder / "0000.png").write_bytes(b"another")
    said = refused(["--engine", "mediapipe", "--truth", str(folder)], capsys)
    assert "0000.png is not the one its truth was measured on" in said


def test_an_image_that_is_no_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0000.png").write_bytes(b"no image")
    truth = replace(scenes.squat(), sha256=hashlib.sha256(b"no image").hexdigest())
    with pytest.raises(ValueError, match=r"0000\.png cannot be decoded"):
        photo_of(truth, tmp_path)


def test_a_rulebook_that_is_not_shipped_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = scenes.written(tmp_path, [scenes.squat()])
    said = refused(["--engine", "truth", "--truth", str(folder), "--rulebook", "none"], capsys)
    assert "no rule book 'none'" in said


def test_an_engine_that_cannot_be_loaded_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = scenes.written(tmp_path, [scenes.squat()], images=True)
    assert "RECORDED_POSES" in refused(["--engine", "recorded", "--truth", str(folder)], capsys)


def test_neither_engine_nor_truth_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Say --engine and --truth DIR" in refused([], capsys)
    assert "Say which --engine" in refused(["--check", "--truth", "x"], capsys)
