from __future__ import annotations

import pytest

from judging.outcomes import Outcome, Reason
from judging.pose import Joint, Lift, Phase, PhaseSeen, View, ViewSeen
from judging.rulebook import rulebook_load
from tests.judging.poses import HEAD_LEFT, Places, both, found, pose_of, read, seen_from, standing, stated

RULE = "shoulders_back"
LOCKOUT = stated(Phase.LOCKOUT)


def lifter(bar_ahead: float, head: Places = HEAD_LEFT) -> Places:
    return {**both(standing(0.0, bar_ahead)), **head}


@pytest.mark.parametrize("phase", [LOCKOUT, read(Phase.LOCKOUT)])
@pytest.mark.parametrize("bar_ahead", [15.2, 20.0])
def test_must_not_flag_shoulders_behind_the_bar(phase: PhaseSeen, bar_ahead: float) -> None:
    near, _ = found(RULE, Lift.DEADLIFT, phase, seen_from(View.LEFT), pose_of(lifter(bar_ahead)))
    assert near.outcome is Outcome.MEETS
    assert near.margin_cm == pytest.approx(bar_ahead - 5.5)
    assert near.detail == f"Left shoulder: front of the deltoid {bar_ahead - 5.5:.0f} cm behind the bar."


@pytest.mark.parametrize("bar_ahead", [0.0, 5.5, 10.0])
def test_too_close(bar_ahead: float) -> None:
    near, far = found(RULE, Lift.DEADLIFT, LOCKOUT, seen_from(View.LEFT), pose_of(lifter(bar_ahead)))
    assert near.outcome is far.outcome is Outcome.TOO_CLOSE


@pytest.mark.parametrize(
    ("phase", "view", "reason"),
    [
        (LOCKOUT, seen_from(View.FRONT, 90.0), Reason.WRONG_VIEW),
        (LOCKOUT, seen_from(View.LEFT, 36.0), Reason.WRONG_VIEW),
        (LOCKOUT, seen_from(None), Reason.VIEW_UNKNOWN),
        (stated(Phase.START), seen_from(View.LEFT), Reason.WRONG_MOMENT),
        (read(Phase.LOCKOUT, 0.1), seen_from(View.LEFT), Reason.MOMENT_UNKNOWN),
    ],
)
def test_cannot_judge_the_photo(phase: PhaseSeen, view: ViewSeen, reason: Reason) -> None:
    (only,) = found(RULE, Lift.DEADLIFT, phase, view, pose_of(lifter(-20)))
    assert (only.outcome, only.reason) == (Outcome.CANNOT_JUDGE, reason)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param({}, id="no head seen"),
        pytest.param({Joint.NOSE: (-4.0, -70.0), Joint.LEFT_EAR: (-2.0, -70.0)}, id="nose over the ear"),
        pytest.param({Joint.NOSE: (12.0, -70.0), Joint.LEFT_EAR: (2.0, -70.0)}, id="nose against the view"),
    ],
)
def test_facing_unknown(head: Places) -> None:
    (only,) = found(RULE, Lift.DEADLIFT, LOCKOUT, seen_from(View.LEFT), pose_of(lifter(-20, head)))
    assert (only.outcome, only.reason) == (Outcome.CANNOT_JUDGE, Reason.FACING_UNKNOWN)
    assert only.detail == "Which way the lifter faces cannot be told. Judge by eye."


def test_a_stated_view_says_where_the_lifter_faces() -> None:
    view = ViewSeen(View.LEFT, 1.0, 0.0, stated=True)
    near, _ = found(RULE, Lift.DEADLIFT, LOCKOUT, view, pose_of(lifter(20, {})))
    assert near.outcome is Outcome.MEETS


def test_the_shoulders_stand_in_for_the_ears() -> None:
    near, _ = found(
        RULE, Lift.DEADLIFT, LOCKOUT, seen_from(View.LEFT), pose_of(lifter(20, {Joint.NOSE: (-12.0, -70.0)}))
    )
    assert near.outcome is Outcome.MEETS


@pytest.mark.parametrize("joint", [Joint.LEFT_SHOULDER, Joint.LEFT_ELBOW, Joint.LEFT_WRIST])
def test_a_hidden_joint(joint: Joint) -> None:
    pose = pose_of(lifter(-20), hidden=[joint])
    left, right = found(RULE, Lift.DEADLIFT, LOCKOUT, seen_from(View.LEFT), pose)
    assert (left.outcome, left.reason) == (Outcome.CANNOT_JUDGE, Reason.JOINT_HIDDEN)
    assert right.outcome is Outcome.BREACH


def test_too_little_seen_to_measure() -> None:
    places: Places = {joint: place for joint, place in lifter(-20).items() if joint in (5, 0, 3)}
    left, _ = found(RULE, Lift.DEADLIFT, LOCKOUT, seen_from(View.LEFT), pose_of(places))
    assert left.reason is Reason.JOINT_HIDDEN


def test_a_breach_needs_a_stated_moment() -> None:
    near, _ = found(RULE, Lift.DEADLIFT, read(Phase.LOCKOUT), seen_from(View.LEFT), pose_of(lifter(-20)))
    assert near.reason is Reason.MOMENT_NOT_STATED


@pytest.mark.parametrize("bar_ahead", [-20.0, -5.0])
def test_must_flag_shoulders_before_the_bar(bar_ahead: float) -> None:
    near, far = found(RULE, Lift.DEADLIFT, LOCKOUT, seen_from(View.LEFT), pose_of(lifter(bar_ahead)))
    assert near.outcome is far.outcome is Outcome.BREACH
    assert near.margin_cm == pytest.approx(bar_ahead - 5.5)


def test_only_the_2026_book_asks() -> None:
    pose = pose_of(lifter(-20))
    for book in ("ipf-2022", "ipf-2023", "usapl-2026-2"):
        assert not found(RULE, Lift.DEADLIFT, LOCKOUT, seen_from(View.LEFT), pose, rulebook_load(book))
