"""Which lift, phase and view, from hand-built poses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.classify.geometry import classify
from judging.pose import Lift, Phase, Pose, View
from tests.inference import poses

ROWS = poses.ENDS


@pytest.mark.parametrize(("parts", "lift", "phase"), ROWS)
def test_each_lift_at_each_end(parts: dict, lift: Lift, phase: Phase) -> None:
    seen = classify(poses.pose_of(parts))
    assert (seen.lift, seen.phase.phase, seen.view.view) == (lift, phase, View.LEFT)
    assert seen.lift_p > 0.9
    assert seen.phase.p > 0.8


@pytest.mark.parametrize(("parts", "lift", "phase"), ROWS)
def test_the_mirrored_photo_shows_the_same_lift_from_the_other_side(parts: dict, lift: Lift, phase: Phase) -> None:
    seen = classify(poses.mirrored(poses.pose_of(parts)))
    assert (seen.lift, seen.phase.phase, seen.view.view) == (lift, phase, View.RIGHT)


@given(
    row=st.sampled_from(ROWS),
    scale=st.floats(0.1, 10),
    x=st.floats(-500, 5000),
    y=st.floats(-500, 5000),
)
def test_place_and_size_in_the_photo_do_not_matter(row: tuple, scale: float, x: float, y: float) -> None:
    pose = poses.pose_of(row[0])
    moved = Pose(pose.points * (scale, scale, 1) + (x, y, 0))
    here, there = classify(pose), classify(moved)
    assert (there.lift, there.phase.phase, there.view.view) == (here.lift, here.phase.phase, here.view.view)
    assert there.lift_p == pytest.approx(here.lift_p, abs=1e-6)


def test_arms_overhead_are_none_of_the_three() -> None:
    seen = classify(poses.pose_of({**poses.STANDING, "elbow": (0.0, -0.6), "wrist": (0.0, -1.1)}))
    assert seen.lift is None
    assert max(seen.p_of.values()) < 0.05


def test_the_known_lift_decides_among_whose_phases_to_choose() -> None:
    pose = poses.pose_of(poses.SQUAT_BOTTOM)
    assert classify(pose, Lift.SQUAT).phase.phase is Phase.BOTTOM
    assert classify(pose, Lift.DEADLIFT).phase.phase in (Phase.START, Phase.MID, Phase.LOCKOUT, None)


def test_too_few_joints_are_not_classified() -> None:
    points = poses.pose_of(poses.SQUAT_BOTTOM).points.copy()
    points[5:, 2] = 0.1
    seen = classify(Pose(points))
    assert (seen.lift, seen.lift_p, seen.phase.phase, seen.view.view) == (None, 0.0, None, None)


def test_all_joints_on_one_point_are_not_classified() -> None:
    assert classify(Pose(np.full((17, 3), 0.9))).lift is None


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 1000), st.floats(0, 1)), min_size=17, max_size=17))
def test_no_pose_breaks_it_and_probabilities_stay_probabilities(points: list) -> None:
    seen = classify(Pose(np.array(points)))
    assert 0 <= seen.lift_p <= 1
    assert 0 <= seen.phase.p <= 1
    assert 0 <= seen.view.p <= 1
    assert sum(seen.p_of.values()) <= 1 + 1e-9
