"""Turning bones and bending limbs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gold.synth.skeleton import (
    Limb,
    Skeleton,
    UnreachableError,
    angle_deg,
    bones_forward,
    frame,
    limb_bend,
    reach_m,
    turn_about,
    turn_between,
    turn_part,
    turn_x,
    turn_y,
    turn_z,
    unit,
    within,
)

LEG = Limb(np.array([0.02, -0.03, -0.43]), np.array([0.03, 0.04, -0.42]), np.array([1.0, 0.0, 0.0]))
CHAIN = Skeleton(("root", "mid", "end"), (-1, 0, 1), np.array([[0.0, 0, 1], [0, 0, 2], [0, 0, 4]]))

directions = st.tuples(*[st.floats(-1, 1)] * 3).map(np.array).filter(lambda v: np.linalg.norm(v) > 0.1)


def test_axes() -> None:
    np.testing.assert_allclose(turn_x(90) @ [0, 0, 1], [0, -1, 0], atol=1e-12)
    np.testing.assert_allclose(turn_y(90) @ [0, 0, 1], [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(turn_z(90) @ [0, -1, 0], [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(turn_about(np.array([1.0, 0, 0]), 37), turn_x(37), atol=1e-12)


@given(directions, directions)
def test_turn_between(first: np.ndarray, second: np.ndarray) -> None:
    if unit(first) @ unit(second) < -0.99:
        return
    turn = turn_between(first, second)
    np.testing.assert_allclose(turn @ unit(first), unit(second), atol=1e-9)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)


def test_opposite_directions_have_no_smallest_turn() -> None:
    with pytest.raises(ValueError, match="opposite"):
        turn_between(np.array([0.0, 0, 1]), np.array([0.0, 0, -1]))


@given(st.floats(-170, 170), st.floats(0, 1))
def test_turn_part(angle: float, share: float) -> None:
    np.testing.assert_allclose(
        turn_part(turn_z(20), turn_z(20) @ turn_x(angle), share), turn_z(20) @ turn_x(angle * share), atol=1e-6
    )


def test_a_length_of_zero_has_no_direction() -> None:
    with pytest.raises(ValueError, match="length"):
        unit(np.zeros(3))


@given(directions, directions)
def test_frame_is_a_rotation(first: np.ndarray, second: np.ndarray) -> None:
    if np.linalg.norm(np.cross(unit(first), unit(second))) < 1e-3:
        return
    axes = frame(first, second)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-9)
    assert np.linalg.det(axes) == pytest.approx(1)


def test_bones_forward() -> None:
    bones = bones_forward(CHAIN, np.array([5.0, 0, 0]), {"root": turn_x(90)}, {"mid": turn_x(-90)})
    np.testing.assert_allclose(bones.places, [[5, 0, 0], [5, -1, 0], [5, -1, 2]], atol=1e-12)
    np.testing.assert_allclose(bones.turns[2], np.eye(3), atol=1e-12)


def test_a_child_before_its_parent_is_refused() -> None:
    with pytest.raises(ValueError, match="parents before"):
        Skeleton(("a", "b"), (1, -1), np.zeros((2, 3)))


@given(directions, st.floats(0.1, 0.84), directions)
def test_limb_reaches_its_target(direction: np.ndarray, distance: float, pole: np.ndarray) -> None:
    start, line = np.array([0.1, 0.2, 1.0]), unit(direction)
    if np.linalg.norm(np.cross(line, unit(pole))) < 0.05:
        return
    bent = limb_bend(LEG, start, start + distance * line, pole)
    middle = start + bent.upper_turn @ LEG.upper
    np.testing.assert_allclose(middle, bent.middle, atol=1e-9)
    np.testing.assert_allclose(middle + bent.lower_turn @ LEG.lower, start + distance * line, atol=1e-9)
    assert (middle - start) @ (pole - (pole @ line) * line) > -1e-9
    assert reach_m(LEG, bent.bend_deg) == pytest.approx(distance, abs=1e-6)
    for turn in (bent.upper_turn, bent.lower_turn):
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)


def test_knee_points_to_its_pole_and_keeps_its_hinge() -> None:
    bent = limb_bend(LEG, np.array([0.0, 0, 0.8]), np.zeros(3), np.array([0.0, -1, 0]))
    assert bent.middle[1] < -0.1
    hinge = bent.upper_turn @ (LEG.hinge - (LEG.hinge @ unit(LEG.upper)) * unit(LEG.upper))
    np.testing.assert_allclose(unit(hinge), [1, 0, 0], atol=1e-9)


@pytest.mark.parametrize("distance", [0.9, 0.001])
def test_out_of_reach(distance: float) -> None:
    with pytest.raises(UnreachableError, match="cannot reach"):
        limb_bend(LEG, np.zeros(3), np.array([0.0, 0, -distance]), np.array([0.0, -1, 0]))


def test_within_names_what_is_out() -> None:
    assert within((0, 150), 150, "a knee bend") == 150
    with pytest.raises(UnreachableError, match="a knee bend of 151 degrees"):
        within((0, 150), 151, "a knee bend")


def test_angle() -> None:
    assert angle_deg(np.array([1.0, 0, 0]), np.array([0.0, 2, 0])) == pytest.approx(90)
