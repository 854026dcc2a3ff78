from __future__ import annotations

import math

import pytest

from judging.landmarks import Limb
from judging.outcomes import Outcome, Reason
from judging.pose import Lift, Phase, PhaseSeen, Side, View, ViewSeen
from judging.rules.squat_depth import RULE as ABOUT
from tests.judging.poses import both, found, pose_of, read, seen_from, squat_leg, stated

RULE = "squat_depth"
BOTTOM = stated(Phase.BOTTOM)
# The crease lies 7 cm over the hip joint, the knee's top 5.5 cm over its own: level needs the hip 1.5 cm lower.
LEVEL = 1.5


@pytest.mark.parametrize(("drop", "p"), [(15.2, 0.0183), (20.2, 0.0024)])
@pytest.mark.parametrize("phase", [BOTTOM, read(Phase.BOTTOM)])
def test_must_not_flag_a_deep_squat(drop: float, p: float, phase: PhaseSeen) -> None:
    near, _ = found(RULE, Lift.SQUAT, phase, seen_from(View.LEFT), pose_of(both(squat_leg(drop))))
    assert near.outcome is Outcome.MEETS
    assert near.margin_cm == pytest.approx(drop - LEVEL)
    assert near.margin_limb == pytest.approx((drop - LEVEL) / Limb.THIGH.cm)
    assert near.limb == "thigh"
    assert near.p_breach == pytest.approx(p, abs=1e-4)
    assert near.detail == f"Left hip crease: {drop - LEVEL:.0f} cm below the top of the knee."


@pytest.mark.parametrize("drop", [10.0, LEVEL, -5.0])
def test_too_close(drop: float) -> None:
    near, far = found(RULE, Lift.SQUAT, BOTTOM, seen_from(View.LEFT), pose_of(both(squat_leg(drop))))
    assert near.outcome is far.outcome is Outcome.TOO_CLOSE


def test_level_is_an_even_chance_and_not_enough() -> None:
    near, _ = found(RULE, Lift.SQUAT, BOTTOM, seen_from(View.LEFT), pose_of(both(squat_leg(LEVEL))))
    assert near.p_breach == pytest.approx(0.5)
    assert ABOUT.strict


@pytest.mark.parametrize(
    ("phase", "view", "reason", "detail"),
    [
        (BOTTOM, seen_from(View.FRONT, 90.0), Reason.WRONG_VIEW, "Seen from the front: hip and knee height"),
        (BOTTOM, seen_from(View.REAR, 90.0), Reason.WRONG_VIEW, "Seen from the rear: hip and knee height"),
        (BOTTOM, seen_from(View.LEFT, 60.5), Reason.WRONG_VIEW, "Seen too far from the side: hip and knee"),
        (BOTTOM, seen_from(None), Reason.VIEW_UNKNOWN, "Where the camera stands cannot be told"),
        (stated(Phase.LOCKOUT), seen_from(View.LEFT), Reason.WRONG_MOMENT, "Shows the lockout; depth needs"),
        (stated(Phase.MID), seen_from(View.LEFT), Reason.WRONG_MOMENT, "Shows a moment on the way"),
        (read(Phase.BOTTOM, 0.5), seen_from(View.LEFT), Reason.MOMENT_UNKNOWN, "depth needs the lowest moment"),
    ],
)
def test_cannot_judge_the_photo(phase: PhaseSeen, view: ViewSeen, reason: Reason, detail: str) -> None:
    (only,) = found(RULE, Lift.SQUAT, phase, view, pose_of(both(squat_leg(-20))))
    assert (only.outcome, only.reason) == (Outcome.CANNOT_JUDGE, reason)
    assert only.detail.startswith(detail) or detail in only.detail


@pytest.mark.parametrize("part", ["hip", "knee"])
def test_a_hidden_leg_is_not_inferred(part: str) -> None:
    pose = pose_of(both(squat_leg(-20)), hidden=[Side.RIGHT.joint(part)])
    left, right = found(RULE, Lift.SQUAT, BOTTOM, seen_from(View.LEFT), pose)
    assert (right.outcome, right.reason) == (Outcome.CANNOT_JUDGE, Reason.JOINT_HIDDEN)
    assert left.outcome is Outcome.BREACH


def test_a_breach_needs_a_stated_moment() -> None:
    near, _ = found(RULE, Lift.SQUAT, read(Phase.BOTTOM), seen_from(View.LEFT), pose_of(both(squat_leg(-20))))
    assert near.reason is Reason.MOMENT_NOT_STATED
    assert near.margin_cm == pytest.approx(-21.5)


@pytest.mark.parametrize(("drop", "far"), [(-20.2, Outcome.BREACH), (-10.2, Outcome.TOO_CLOSE)])
@pytest.mark.parametrize("off_side_deg", [0.0, 60.0, None])
def test_must_flag_a_high_squat(drop: float, far: Outcome, off_side_deg: float | None) -> None:
    view = seen_from(View.LEFT, off_side_deg)
    left, right = found(RULE, Lift.SQUAT, BOTTOM, view, pose_of(both(squat_leg(drop))))
    assert (left.outcome, right.outcome) == (Outcome.BREACH, far)
    assert left.detail == f"Left hip crease: {LEVEL - drop:.0f} cm above the top of the knee."


@pytest.mark.parametrize("drop", [-30.0, -40.0])
def test_who_stands_is_at_no_lowest_moment_whoever_said_so(drop: float) -> None:
    pose = pose_of(both(squat_leg(drop)))
    (only,) = found(RULE, Lift.SQUAT, BOTTOM, seen_from(View.LEFT), pose)
    assert (only.outcome, only.reason, only.side) == (Outcome.CANNOT_JUDGE, Reason.MOMENT_MISMATCH, None)
    assert only.detail == "Said to be the lowest moment, but the lifter stands. Which photo is it?"
    (only,) = found(RULE, Lift.SQUAT, read(Phase.BOTTOM), seen_from(View.LEFT), pose)
    assert (only.outcome, only.reason) == (Outcome.CANNOT_JUDGE, Reason.WRONG_MOMENT)


def test_the_sigma_budget_adds_up() -> None:
    near, _ = found(RULE, Lift.SQUAT, BOTTOM, seen_from(View.LEFT), pose_of(both(squat_leg(10.0))))
    reach = math.sqrt(0.91 * Limb.THIGH.cm**2 - 100)
    expected = math.hypot(
        0.095 * Limb.TRUNK.cm,
        0.065 * Limb.TRUNK.cm,
        2.0,
        1.3,
        reach * math.tan(math.radians(2)),
        0.3 * Limb.THIGH.cm * 40 / 400,
        10.0 * math.hypot(0.04, 0.05),
        8.5 * 9 / 172,
    )
    assert near.sigma_cm == pytest.approx(expected)
