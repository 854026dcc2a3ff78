from __future__ import annotations

import math

import numpy as np
import pytest

from judging.camera import Camera
from judging.judge import judge
from judging.landmarks import Limb
from judging.noise import noise_load
from judging.outcomes import Outcome, Reason
from judging.pose import Joint, Lift, Phase, Pose, Side, View
from tests.judging.poses import BOOK, bench_arm, both, found, pose_of, read, seen_from, stated

RULE = "bench_depth"
# Elbow centre to underside and shoulder centre to top, together.
LEVEL = -12.0


@pytest.mark.parametrize(
    ("drop", "margin", "p"),
    [(0.0, 12.0, 0.0023), (5.0, 17.0, 0.0000), (-4.0, 8.0, 0.0286)],
)
def test_must_not_flag_a_near_elbow_clearly_low_enough(drop: float, margin: float, p: float) -> None:
    near, _ = found(RULE, Lift.BENCH, stated(Phase.BOTTOM), seen_from(View.LEFT), pose_of(both(bench_arm(drop))))
    assert (near.side, near.outcome, near.reason) == (Side.LEFT, Outcome.MEETS, None)
    assert near.margin_cm == pytest.approx(margin)
    assert near.margin_limb == pytest.approx(margin / Limb.UPPER_ARM.cm)
    assert near.p_breach == pytest.approx(p, abs=1e-4)
    assert near.detail == f"Left elbow: underside {margin:.0f} cm below the top of the shoulder."


def test_must_not_flag_when_the_moment_was_not_stated_but_depth_is_seen() -> None:
    near, far = found(RULE, Lift.BENCH, read(Phase.BOTTOM), seen_from(View.LEFT), pose_of(both(bench_arm(0))))
    assert near.outcome is far.outcome is Outcome.MEETS


@pytest.mark.parametrize("drop", [-8.0, LEVEL, -15.0])
def test_too_close(drop: float) -> None:
    near, _ = found(RULE, Lift.BENCH, stated(Phase.BOTTOM), seen_from(View.LEFT), pose_of(both(bench_arm(drop))))
    assert near.outcome is Outcome.TOO_CLOSE
    assert near.margin_cm == pytest.approx(drop - LEVEL, abs=1e-9)


def test_level_is_an_even_chance() -> None:
    near, _ = found(RULE, Lift.BENCH, stated(Phase.BOTTOM), seen_from(View.LEFT), pose_of(both(bench_arm(LEVEL))))
    assert near.p_breach == pytest.approx(0.5)


def test_the_sigma_budget_adds_up() -> None:
    near, far = found(RULE, Lift.BENCH, stated(Phase.BOTTOM), seen_from(View.LEFT), pose_of(both(bench_arm(0))))
    reach = math.sqrt(0.91) * Limb.UPPER_ARM.cm
    parts = [
        0.043 * Limb.TRUNK.cm,  # shoulder
        0.053 * Limb.TRUNK.cm,  # elbow
        1.2,  # elbow to its underside
        1.6,  # shoulder to its top
        reach * math.tan(math.radians(2)),  # roll
        0.3 * Limb.UPPER_ARM.cm * 40 / 400,  # view
        12.0 * 9 / 172,  # stature, on the whole margin
    ]
    assert near.sigma_cm == pytest.approx(math.hypot(*parts))
    assert far.sigma_cm == pytest.approx(math.hypot(*parts[2:], parts[0] * 1.5, parts[1] * 1.5))


@pytest.mark.parametrize(
    ("phase", "view", "reason", "detail"),
    [
        (read(None, 0.0), seen_from(View.LEFT), Reason.MOMENT_UNKNOWN, "The moment of the lift cannot be told"),
        (read(Phase.BOTTOM, 0.59), seen_from(View.LEFT), Reason.MOMENT_UNKNOWN, "depth needs the lowest moment"),
        (
            stated(Phase.LOCKOUT),
            seen_from(View.LEFT),
            Reason.WRONG_MOMENT,
            "Shows the lockout; depth needs the lowest moment.",
        ),
        (stated(Phase.BOTTOM), seen_from(None), Reason.VIEW_UNKNOWN, "Where the camera stands"),
        (stated(Phase.BOTTOM), seen_from(View.LEFT, p=0.49), Reason.VIEW_UNKNOWN, "Where the camera stands"),
    ],
)
def test_cannot_judge_the_photo(phase: object, view: object, reason: Reason, detail: str) -> None:
    (only,) = found(RULE, Lift.BENCH, phase, view, pose_of(both(bench_arm(-20))))  # type: ignore[arg-type]
    assert (only.outcome, only.reason, only.side) == (Outcome.CANNOT_JUDGE, reason, None)
    assert detail in only.detail


@pytest.mark.parametrize("part", ["shoulder", "elbow"])
def test_a_hidden_side_is_never_inferred_from_the_other(part: str) -> None:
    pose = pose_of(both(bench_arm(-20)), hidden=[Side.LEFT.joint(part)])
    left, right = found(RULE, Lift.BENCH, stated(Phase.BOTTOM), seen_from(View.RIGHT), pose)
    assert (left.outcome, left.reason, left.margin_cm) == (Outcome.CANNOT_JUDGE, Reason.JOINT_HIDDEN, None)
    assert left.detail == f"Left {part} not seen. Judge by eye."
    assert right.outcome is Outcome.BREACH


def test_without_a_hand_in_sight_nothing_is_called_whoever_said_that_this_is_the_lowest_moment() -> None:
    for drop in (0.0, LEVEL, -20.0):
        places = {joint: place for joint, place in both(bench_arm(drop)).items() if joint not in (9, 10)}
        for phase in (stated(Phase.BOTTOM), read(Phase.BOTTOM)):
            silent = found(RULE, Lift.BENCH, phase, seen_from(View.LEFT), pose_of(places))
            if phase.stated or drop > -20:
                (only,) = silent
                assert (only.outcome, only.reason, only.side) == (Outcome.CANNOT_JUDGE, Reason.MOMENT_UNKNOWN, None)
                assert only.detail == "Neither hand is seen: the arms may be up. Judge by eye."
            assert {one.outcome for one in silent} == {Outcome.CANNOT_JUDGE}
    # What shows the hands otherwise is enough, and so is one hand.
    places = {joint: place for joint, place in both(bench_arm(0.0)).items() if joint not in (9, 10)}
    both_arms = judge(
        lift=Lift.BENCH, phase=stated(Phase.BOTTOM), view=seen_from(View.LEFT), pose=pose_of(places), rulebook=BOOK,
        hands_low=True,
    )  # fmt: skip
    assert {one.outcome for one in both_arms if one.rule == RULE} == {Outcome.MEETS}
    places = {joint: place for joint, place in both(bench_arm(0.0)).items() if joint != 9}
    left, right = found(RULE, Lift.BENCH, stated(Phase.BOTTOM), seen_from(View.LEFT), pose_of(places))
    assert left.outcome is right.outcome is Outcome.MEETS


def test_too_little_seen_to_measure() -> None:
    places = {joint: place for joint, place in both(bench_arm(-20)).items() if joint in (5, 7)}
    left, right = found(RULE, Lift.BENCH, stated(Phase.BOTTOM), seen_from(View.LEFT), pose_of(places))
    assert (left.reason, right.reason) == (Reason.SCALE_UNKNOWN, Reason.JOINT_HIDDEN)


def test_joints_on_one_spot_measure_nothing() -> None:
    places = dict(both(bench_arm(0)))
    places[Joint.LEFT_ELBOW] = places[Joint.LEFT_SHOULDER]
    left, _ = found(RULE, Lift.BENCH, stated(Phase.BOTTOM), seen_from(View.LEFT), pose_of(places))
    assert (left.outcome, left.reason) == (Outcome.CANNOT_JUDGE, Reason.JOINT_HIDDEN)
    assert left.detail == "Left shoulder and elbow not told apart. Judge by eye."


def test_a_breach_needs_a_stated_moment() -> None:
    pose = pose_of(both(bench_arm(-20)))
    near, _ = found(RULE, Lift.BENCH, read(Phase.BOTTOM), seen_from(View.LEFT), pose)
    assert (near.outcome, near.reason) == (Outcome.CANNOT_JUDGE, Reason.MOMENT_NOT_STATED)
    assert near.detail == ("Left elbow looks too high here, but nobody said this is the lowest moment. Judge by eye.")
    assert near.margin_cm == pytest.approx(-8.0)
    assert near.p_breach is not None
    assert near.p_breach > 0.95


@pytest.mark.parametrize(
    ("drop", "engine", "near_p", "far"),
    [
        (-20.0, "mediapipe", 0.9674, Outcome.TOO_CLOSE),
        (-20.0, "truth", 0.9984, Outcome.BREACH),
        (-17.0, "truth", 0.9710, Outcome.BREACH),
    ],
)
def test_must_flag_an_elbow_clearly_too_high(drop: float, engine: str, near_p: float, far: Outcome) -> None:
    findings = judge(
        lift=Lift.BENCH,
        phase=stated(Phase.BOTTOM),
        view=seen_from(View.LEFT),
        pose=pose_of(both(bench_arm(drop))),
        rulebook=BOOK,
        noise=noise_load(engine),
    )
    left, right = (one for one in findings if one.rule == RULE)
    assert (left.outcome, right.outcome) == (Outcome.BREACH, far)
    assert left.p_breach == pytest.approx(near_p, abs=1e-4)
    assert left.detail == f"Left elbow: underside {-12 - drop:.0f} cm above the top of the shoulder."


@pytest.mark.parametrize("drop", [-25.0, -30.0])
def test_arms_that_are_up_are_no_lowest_moment_whoever_said_so(drop: float) -> None:
    pose = pose_of(both(bench_arm(drop)))
    (only,) = found(RULE, Lift.BENCH, stated(Phase.BOTTOM), seen_from(View.LEFT), pose)
    assert (only.outcome, only.reason, only.side) == (Outcome.CANNOT_JUDGE, Reason.MOMENT_MISMATCH, None)
    assert only.detail == "Said to be the lowest moment, but the arms are up. Which photo is it?"
    (only,) = found(RULE, Lift.BENCH, read(Phase.BOTTOM), seen_from(View.LEFT), pose)
    assert (only.outcome, only.reason) == (Outcome.CANNOT_JUDGE, Reason.WRONG_MOMENT)
    assert only.detail == "Not the lowest moment: the arms are up."


def test_one_arm_that_is_up_silences_both() -> None:
    pose = pose_of(both(bench_arm(0.0), bench_arm(-30.0)))
    (only,) = found(RULE, Lift.BENCH, stated(Phase.BOTTOM), seen_from(View.LEFT), pose)
    assert only.reason is Reason.MOMENT_MISMATCH


@pytest.mark.parametrize("view", [View.FRONT, View.REAR])
def test_from_either_end_both_arms_are_near(view: View) -> None:
    left, right = found(RULE, Lift.BENCH, stated(Phase.BOTTOM), seen_from(view, 90.0), pose_of(both(bench_arm(-20))))
    assert left.outcome is right.outcome is Outcome.BREACH
    assert left.sigma_cm == right.sigma_cm


@pytest.mark.parametrize(
    ("view", "off", "left", "right"),
    [(View.LEFT, 0.0, -1, 1), (View.FRONT, 90.0, -1, -1), (View.REAR, 90.0, 1, 1), (View.LEFT, 45.0, 0, 0)],
)
def test_a_known_high_camera_is_taken_off(view: View, off: float, left: int, right: int) -> None:
    """From 1 m above the joints at 4 m, an elbow 0.3 upper arms nearer seems 2.4 cm lower than it is."""
    findings = judge(
        lift=Lift.BENCH,
        phase=stated(Phase.BOTTOM),
        view=seen_from(view, off),
        pose=pose_of(both(bench_arm(0))),
        rulebook=BOOK,
        camera=Camera(height_cm=150, distance_cm=400),
    )
    shift = 0.3 * Limb.UPPER_ARM.cm * 100 / 400
    depth = [one.margin_cm for one in findings if one.rule == RULE]
    assert depth == [pytest.approx(12 + left * shift), pytest.approx(12 + right * shift)]


def test_a_known_roll_is_taken_out() -> None:
    pose = pose_of(both(bench_arm(-12)))
    turn = math.radians(8)
    points = np.array(pose.points)
    x, y = points[:, 0].copy(), points[:, 1].copy()
    points[:, 0] = x * math.cos(turn) + y * math.sin(turn)
    points[:, 1] = -x * math.sin(turn) + y * math.cos(turn)
    near = judge(
        lift=Lift.BENCH,
        phase=stated(Phase.BOTTOM),
        view=seen_from(View.LEFT),
        pose=Pose(points),
        rulebook=BOOK,
        camera=Camera(roll_deg=8),
    )[0]
    assert near.margin_cm == pytest.approx(0.0, abs=1e-9)


def test_marks_show_joints_surfaces_level_and_band() -> None:
    near, _ = found(RULE, Lift.BENCH, stated(Phase.BOTTOM), seen_from(View.LEFT), pose_of(both(bench_arm(0))))
    marks = {(one.kind, one.label): one for one in near.marks}
    assert [one.kind for one in near.marks] == ["joint", "joint", "surface", "surface", "level", "band"]
    elbow = marks[("joint", "left elbow")]
    assert (elbow.y1, elbow.y2) == (400.0, 400.0)
    assert marks[("surface", "underside of elbow")].y1 == pytest.approx(400 + 4 * 4.5)
    assert marks[("surface", "top of shoulder")].y1 == pytest.approx(400 - 4 * 7.5)
    level, band = marks[("level", "level")], marks[("band", "level")]
    assert level.x1 < 400 < elbow.x1 < level.x2
    assert (band.y1 + band.y2) / 2 == pytest.approx(level.y1)


def test_a_book_without_the_rule_says_nothing_of_it() -> None:
    from judging.rulebook import rulebook_load

    pose = pose_of(both(bench_arm(-25)))
    for book in ("ipf-2022", "usapl-2026-2"):
        assert not found(RULE, Lift.BENCH, stated(Phase.BOTTOM), seen_from(View.LEFT), pose, rulebook_load(book))
