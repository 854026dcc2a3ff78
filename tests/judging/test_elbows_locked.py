from __future__ import annotations

import pytest

from judging.geometry import bend_offset
from judging.landmarks import Limb
from judging.outcomes import Outcome, Reason
from judging.pose import Joint, Lift, Phase, PhaseSeen, View, ViewSeen
from tests.judging.poses import bench_arm, both, found, on, pose_of, read, seen_from, stated

RULE = "elbows_locked"
LOCKOUT = stated(Phase.LOCKOUT)


def allowed() -> float:
    return bend_offset(Limb.UPPER_ARM.cm, Limb.FOREARM.cm, 25.0)


def arm(bend_deg: float) -> dict[str, tuple[float, float]]:
    """A bencher's side with the arm up, the forearm turned by the bend."""
    parts = bench_arm(0.0)
    parts["elbow"] = on(parts["shoulder"], Limb.UPPER_ARM.cm, -90.0)
    parts["wrist"] = on(parts["elbow"], Limb.FOREARM.cm, -90.0 + bend_deg)
    return parts


@pytest.mark.parametrize("phase", [LOCKOUT, read(Phase.LOCKOUT)])
def test_must_not_flag_a_straight_near_arm(phase: PhaseSeen) -> None:
    near, far = found(RULE, Lift.BENCH, phase, seen_from(View.LEFT), pose_of(both(arm(0))))
    assert near.outcome is Outcome.MEETS
    assert near.margin_cm == pytest.approx(allowed())
    assert near.limb == "upper arm"
    assert (far.outcome, far.reason) == (Outcome.CANNOT_JUDGE, Reason.TOO_COARSE)


@pytest.mark.parametrize("bend_deg", [-30.0, -15.0, 15.0, 25.0, 40.0])
def test_too_close_either_way(bend_deg: float) -> None:
    near, _ = found(RULE, Lift.BENCH, LOCKOUT, seen_from(View.LEFT), pose_of(both(arm(bend_deg))))
    assert near.outcome is Outcome.TOO_CLOSE
    assert f"at {180 - abs(bend_deg):.0f} degrees" in near.detail


def test_at_the_limit_the_chance_is_even() -> None:
    near, _ = found(RULE, Lift.BENCH, LOCKOUT, seen_from(View.LEFT), pose_of(both(arm(25))))
    assert near.margin_cm == pytest.approx(0.0, abs=1e-9)
    assert near.p_breach == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("phase", "view", "reason"),
    [
        (LOCKOUT, seen_from(View.FRONT, 90.0), Reason.WRONG_VIEW),
        (LOCKOUT, seen_from(View.REAR, 90.0), Reason.WRONG_VIEW),
        (LOCKOUT, seen_from(None), Reason.VIEW_UNKNOWN),
        (stated(Phase.BOTTOM), seen_from(View.LEFT), Reason.WRONG_MOMENT),
        (read(None, 0.0), seen_from(View.LEFT), Reason.MOMENT_UNKNOWN),
    ],
)
def test_cannot_judge_the_photo(phase: PhaseSeen, view: ViewSeen, reason: Reason) -> None:
    (only,) = found(RULE, Lift.BENCH, phase, view, pose_of(both(arm(80))))
    assert (only.outcome, only.reason) == (Outcome.CANNOT_JUDGE, reason)


def test_a_hidden_wrist() -> None:
    pose = pose_of(both(arm(80)), hidden=[Joint.RIGHT_WRIST, Joint.RIGHT_ELBOW])
    left, right = found(RULE, Lift.BENCH, LOCKOUT, seen_from(View.LEFT), pose)
    assert left.outcome is Outcome.BREACH
    assert (right.outcome, right.reason) == (Outcome.CANNOT_JUDGE, Reason.JOINT_HIDDEN)
    assert right.detail == "Right elbow and wrist not seen. Judge by eye."


def test_a_breach_needs_a_stated_moment() -> None:
    near, _ = found(RULE, Lift.BENCH, read(Phase.LOCKOUT), seen_from(View.LEFT), pose_of(both(arm(80))))
    assert near.reason is Reason.MOMENT_NOT_STATED


@pytest.mark.parametrize("bend_deg", [50.0, 80.0, -80.0])
def test_must_flag_a_bent_near_arm(bend_deg: float) -> None:
    near, _ = found(RULE, Lift.BENCH, LOCKOUT, seen_from(View.LEFT), pose_of(both(arm(bend_deg))))
    assert near.outcome is Outcome.BREACH
    assert near.detail == f"Left elbow bent: {180 - abs(bend_deg):.0f} degrees, 180 is straight."
