"""Properties of the door as a whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judging import judge
from judging.outcomes import Finding, Outcome, Reason
from judging.pose import Joint, Lift, Phase, PhaseSeen, Pose, Side, View, ViewSeen
from judging.rulebook import rulebook_ids, rulebook_load
from tests.judging.poses import (
    BOOK,
    HEAD_LEFT,
    MIRRORED_VIEW,
    bench_arm,
    both,
    mirrored,
    pose_of,
    seen_from,
    squat_leg,
    standing,
    stated,
)

BODIES = [
    (Lift.BENCH, Phase.BOTTOM, bench_arm(0)),
    (Lift.BENCH, Phase.BOTTOM, bench_arm(-12)),
    (Lift.BENCH, Phase.LOCKOUT, bench_arm(-28)),
    (Lift.SQUAT, Phase.BOTTOM, squat_leg(15)),
    (Lift.SQUAT, Phase.BOTTOM, squat_leg(0)),
    (Lift.DEADLIFT, Phase.LOCKOUT, standing(0, 15)),
    (Lift.DEADLIFT, Phase.LOCKOUT, standing(8, 0)),
]

phases = st.builds(PhaseSeen, st.one_of(st.none(), st.sampled_from(Phase)), st.floats(0, 1), st.booleans())
views = st.builds(
    ViewSeen,
    st.one_of(st.none(), st.sampled_from(View)),
    st.floats(0, 1),
    st.one_of(st.none(), st.floats(0, 90)),
    st.booleans(),
)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[Lift, Pose]:
    """Any joints anywhere on a photo, some of them hidden."""
    places = st.tuples(st.floats(0, 4000), st.floats(0, 3000), st.floats(0, 1))
    return draw(st.sampled_from(Lift)), Pose(np.array([draw(places) for _ in Joint]))


@st.composite
def jittered(draw: st.DrawFn) -> tuple[Lift, Phase, Pose]:
    """A hand-built body with every joint a little off, so that margins fall anywhere."""
    lift, phase, parts = draw(st.sampled_from(BODIES))
    pose = pose_of({**both(parts), **HEAD_LEFT})
    points = np.array(pose.points)
    shift = st.floats(-40, 40)
    for joint in Joint:
        points[joint, :2] += (draw(shift), draw(shift))
    return lift, phase, Pose(points)


def told(findings: tuple[Finding, ...]) -> list[tuple[object, ...]]:
    return [(one.rule, one.side, one.outcome, one.reason, one.margin_cm, one.sigma_cm) for one in findings]


@pytest.mark.parametrize(
    ("lift", "rules"),
    [
        (Lift.BENCH, ["bench_depth", "elbows_locked"]),
        (Lift.SQUAT, ["squat_depth", "knees_locked"]),
        (Lift.DEADLIFT, ["knees_locked", "shoulders_back"]),
    ],
)
def test_nobody_found(lift: Lift, rules: list[str]) -> None:
    findings = judge(lift=lift, phase=stated(Phase.BOTTOM), view=seen_from(View.LEFT), pose=None, rulebook=BOOK)
    assert [one.rule for one in findings] == rules
    assert {(one.outcome, one.reason) for one in findings} == {(Outcome.CANNOT_JUDGE, Reason.NO_LIFTER)}


@pytest.mark.parametrize("book", rulebook_ids())
@pytest.mark.parametrize("lift", Lift)
@pytest.mark.parametrize("phase", [None, *Phase])
@pytest.mark.parametrize("view", [None, *View])
def test_nothing_seen_is_never_a_breach(book: str, lift: Lift, phase: Phase | None, view: View | None) -> None:
    findings = judge(
        lift=lift,
        phase=PhaseSeen(phase, 1.0, stated=True),
        view=ViewSeen(view, 1.0, 0.0, stated=True),
        pose=Pose(np.zeros((17, 3))),
        rulebook=rulebook_load(book),
    )
    assert findings
    assert {one.outcome for one in findings} == {Outcome.CANNOT_JUDGE}


@given(bodies(), phases, views, st.sampled_from(rulebook_ids()))
def test_anything_gets_findings_and_a_breach_has_its_grounds(
    body: tuple[Lift, Pose], phase: PhaseSeen, view: ViewSeen, book: str
) -> None:
    lift, pose = body
    for one in judge(lift=lift, phase=phase, view=view, pose=pose, rulebook=rulebook_load(book)):
        assert one.detail
        assert not any(word in one.detail.lower() for word in ("error", "confidence", " ai "))
        if one.outcome is Outcome.BREACH:
            assert phase.stated
            assert one.p_breach is not None
            assert one.p_breach >= 0.95
            assert one.margin_cm is not None
            assert one.margin_cm < 0
        if one.outcome is Outcome.MEETS:
            assert one.margin_cm is not None
            assert one.margin_cm > 0


@given(jittered(), st.sets(st.sampled_from(Joint)))
def test_hiding_joints_never_turns_a_kept_rule_into_a_breach(
    body: tuple[Lift, Phase, Pose], hidden: set[Joint]
) -> None:
    lift, phase, pose = body
    points = np.array(pose.points)
    points[sorted(hidden), 2] = 0.0
    seen = judge(lift=lift, phase=stated(phase), view=seen_from(View.LEFT), pose=pose, rulebook=BOOK)
    less = judge(lift=lift, phase=stated(phase), view=seen_from(View.LEFT), pose=Pose(points), rulebook=BOOK)
    kept = {(one.rule, one.side) for one in seen if one.outcome is Outcome.MEETS}
    assert not kept & {(one.rule, one.side) for one in less if one.outcome is Outcome.BREACH}


@pytest.mark.parametrize(("lift", "phase", "parts"), BODIES)
@pytest.mark.parametrize("joint", Joint)
def test_hiding_any_one_joint_never_makes_a_breach(
    lift: Lift, phase: Phase, parts: dict[str, tuple[float, float]], joint: Joint
) -> None:
    places = {**both(parts), **HEAD_LEFT}

    def breaches(pose: Pose) -> set[tuple[str, Side | None]]:
        findings = judge(lift=lift, phase=stated(phase), view=seen_from(View.LEFT), pose=pose, rulebook=BOOK)
        return {(one.rule, one.side) for one in findings if one.outcome is Outcome.BREACH}

    assert breaches(pose_of(places, hidden=[joint])) <= breaches(pose_of(places))


@given(jittered(), st.sampled_from(View), st.floats(0, 90))
def test_the_mirrored_photo_swaps_the_sides(body: tuple[Lift, Phase, Pose], view: View, off_side_deg: float) -> None:
    lift, phase, pose = body
    seen = seen_from(view, off_side_deg)
    findings = judge(lift=lift, phase=stated(phase), view=seen, pose=pose, rulebook=BOOK)
    turned = judge(
        lift=lift,
        phase=stated(phase),
        view=replace(seen, view=MIRRORED_VIEW[view]),
        pose=mirrored(pose),
        rulebook=BOOK,
    )
    other = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT, None: None}
    swapped = {(one.rule, other[one.side]): one for one in turned}
    assert len(findings) == len(turned)
    for one in findings:
        twin = swapped[one.rule, one.side]
        assert (twin.outcome, twin.reason) == (one.outcome, one.reason)
        assert twin.margin_cm == (None if one.margin_cm is None else pytest.approx(one.margin_cm, abs=1e-6))


@settings(max_examples=50)
@given(jittered(), st.floats(0.1, 10), st.floats(-500, 500))
def test_the_photos_size_changes_no_centimetre(body: tuple[Lift, Phase, Pose], size: float, shift: float) -> None:
    lift, phase, pose = body
    points = np.array(pose.points)
    points[:, :2] = points[:, :2] * size + shift
    seen = judge(lift=lift, phase=stated(phase), view=seen_from(View.LEFT), pose=pose, rulebook=BOOK)
    larger = judge(lift=lift, phase=stated(phase), view=seen_from(View.LEFT), pose=Pose(points), rulebook=BOOK)
    for one, twin in zip(seen, larger, strict=True):
        assert twin.margin_cm == (None if one.margin_cm is None else pytest.approx(one.margin_cm, abs=1e-6))
        assert twin.sigma_cm == (None if one.sigma_cm is None else pytest.approx(one.sigma_cm, abs=1e-6))


@given(jittered())
def test_the_same_photo_gives_the_same_findings(body: tuple[Lift, Phase, Pose]) -> None:
    lift, phase, pose = body
    once, again = (
        judge(lift=lift, phase=stated(phase), view=seen_from(View.LEFT), pose=pose, rulebook=BOOK) for _ in range(2)
    )
    assert told(once) == told(again)


def test_a_wider_spread_of_the_engine_widens_the_sigma() -> None:
    pose = pose_of(both(squat_leg(15)))
    wide = Pose(pose.points, np.full(17, 60.0))
    sure, unsure = (
        judge(lift=Lift.SQUAT, phase=stated(Phase.BOTTOM), view=seen_from(View.LEFT), pose=one, rulebook=BOOK)[0]
        for one in (pose, wide)
    )
    assert sure.outcome is Outcome.MEETS
    assert unsure.outcome is Outcome.TOO_CLOSE
    assert unsure.margin_cm == sure.margin_cm
