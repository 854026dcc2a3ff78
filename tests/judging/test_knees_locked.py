from __future__ import annotations

import pytest

from judging.geometry import bend_offset
from judging.landmarks import Limb
from judging.outcomes import Outcome, Reason
from judging.pose import Joint, Lift, Phase, PhaseSeen, View, ViewSeen
from tests.judging.poses import both, found, pose_of, read, seen_from, standing, stated

RULE = "knees_locked"
LOCKOUT = stated(Phase.LOCKOUT)


def allowed() -> float:
    return bend_offset(Limb.THIGH.cm, Limb.SHANK.cm, 20.0)


@pytest.mark.parametrize("lift", [Lift.SQUAT, Lift.DEADLIFT])
@pytest.mark.parametrize("phase", [LOCKOUT, read(Phase.LOCKOUT)])
def test_must_not_flag_a_straight_near_leg(lift: Lift, phase: PhaseSeen) -> None:
    near, far = found(RULE, lift, phase, seen_from(View.LEFT), pose_of(both(standing())))
    assert near.outcome is Outcome.MEETS
    assert near.margin_cm == pytest.approx(allowed())
    assert near.p_breach == pytest.approx(0.0403, abs=1e-4)
    assert near.detail == "Left knee straight: 180 degrees."
    assert (far.outcome, far.reason) == (Outcome.CANNOT_JUDGE, Reason.TOO_COARSE)


def test_a_far_leg_that_looks_bent_is_still_looked_at() -> None:
    _, far = found(RULE, Lift.DEADLIFT, LOCKOUT, seen_from(View.LEFT), pose_of(both(standing(9.0))))
    assert far.outcome is Outcome.TOO_CLOSE
    assert far.margin_cm is not None
    assert far.margin_cm < 0


@pytest.mark.parametrize("offset", [-12.0, -5.0, 3.0, 7.0, 14.0])
def test_too_close_either_way(offset: float) -> None:
    near, _ = found(RULE, Lift.DEADLIFT, LOCKOUT, seen_from(View.LEFT), pose_of(both(standing(offset))))
    assert near.outcome is Outcome.TOO_CLOSE
    assert near.margin_cm == pytest.approx(allowed() - abs(offset), abs=0.05)
    assert near.detail.endswith("locked or not, too close to call. Judge by eye.")


@pytest.mark.parametrize(
    ("phase", "view", "reason"),
    [
        (LOCKOUT, seen_from(View.FRONT, 90.0), Reason.WRONG_VIEW),
        (LOCKOUT, seen_from(View.REAR, 90.0), Reason.WRONG_VIEW),
        (LOCKOUT, seen_from(View.RIGHT, 61.0), Reason.WRONG_VIEW),
        (LOCKOUT, seen_from(None), Reason.VIEW_UNKNOWN),
        (stated(Phase.START), seen_from(View.LEFT), Reason.WRONG_MOMENT),
        (stated(Phase.BOTTOM), seen_from(View.LEFT), Reason.WRONG_MOMENT),
        (read(Phase.LOCKOUT, 0.3), seen_from(View.LEFT), Reason.MOMENT_UNKNOWN),
    ],
)
def test_cannot_judge_the_photo(phase: PhaseSeen, view: ViewSeen, reason: Reason) -> None:
    (only,) = found(RULE, Lift.DEADLIFT, phase, view, pose_of(both(standing(18))))
    assert (only.outcome, only.reason) == (Outcome.CANNOT_JUDGE, reason)


@pytest.mark.parametrize("joint", [Joint.LEFT_HIP, Joint.LEFT_KNEE, Joint.LEFT_ANKLE])
def test_a_hidden_joint(joint: Joint) -> None:
    pose = pose_of(both(standing(18)), hidden=[joint])
    left, right = found(RULE, Lift.SQUAT, LOCKOUT, seen_from(View.LEFT), pose)
    assert (left.outcome, left.reason) == (Outcome.CANNOT_JUDGE, Reason.JOINT_HIDDEN)
    assert left.detail == f"{joint.label.capitalize()} not seen. Judge by eye."
    assert right.outcome is Outcome.BREACH


def test_a_breach_needs_a_stated_moment() -> None:
    near, _ = found(RULE, Lift.SQUAT, read(Phase.LOCKOUT), seen_from(View.LEFT), pose_of(both(standing(18))))
    assert near.reason is Reason.MOMENT_NOT_STATED
    assert near.detail == "Left knee looks bent here, but nobody said this is the lockout. Judge by eye."


@pytest.mark.parametrize(("offset", "far"), [(15.0, Outcome.TOO_CLOSE), (18.0, Outcome.BREACH)])
def test_must_flag_a_bent_knee(offset: float, far: Outcome) -> None:
    left, right = found(RULE, Lift.DEADLIFT, LOCKOUT, seen_from(View.LEFT), pose_of(both(standing(offset))))
    assert (left.outcome, right.outcome) == (Outcome.BREACH, far)
    assert left.detail.startswith("Left knee bent: 1")


def test_off_the_side_the_bend_is_given_back_and_doubted_more() -> None:
    pose = pose_of(both(standing(10)))
    side, _ = found(RULE, Lift.SQUAT, LOCKOUT, seen_from(View.LEFT), pose)
    oblique, _ = found(RULE, Lift.SQUAT, LOCKOUT, seen_from(View.LEFT, 60.0), pose)
    assert side.margin_cm == pytest.approx(allowed() - 10, abs=0.05)
    assert oblique.margin_cm == pytest.approx(allowed() - 20, abs=0.05)
    assert side.sigma_cm is not None
    assert oblique.sigma_cm is not None
    assert oblique.sigma_cm > 2 * side.sigma_cm
