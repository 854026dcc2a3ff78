from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from judging import geometry as g

coordinate = st.floats(-2000, 2000)
point = st.tuples(coordinate, coordinate).map(np.array)
roll = st.floats(-45, 45)


def apart(*points: np.ndarray) -> None:
    """Drop cases where two points lie closer than a pixel: no photo tells those apart."""
    assume(all(np.linalg.norm(a - b) > 1 for i, a in enumerate(points) for b in points[i + 1 :]))


@pytest.mark.parametrize(
    ("roll_deg", "expected"),
    [(0.0, 10.0), (90.0, 0.0), (30.0, 10 * math.cos(math.radians(30)))],
)
def test_drop_follows_the_roll(roll_deg: float, expected: float) -> None:
    assert g.drop_px(np.array([0.0, 0.0]), np.array([0.0, 10.0]), roll_deg) == pytest.approx(expected)


def test_a_positive_roll_means_level_things_rise_to_the_right() -> None:
    right = g.right_direction(10)
    assert right[0] > 0 > right[1]
    assert g.drop_px(np.zeros(2), right, 10) == pytest.approx(0)


@pytest.mark.parametrize(
    ("other", "angle"),
    [((0.0, 2.0), 180.0), ((1.0, 2.0), 135.0), ((-1.0, 2.0), 135.0), ((1.0, 1.0), 90.0), ((0.0, -1.0), 0.0)],
)
def test_joint_angle(other: tuple[float, float], angle: float) -> None:
    assert g.joint_angle_deg(np.zeros(2), np.array([0.0, 1.0]), np.array(other)) == pytest.approx(angle)


def test_no_angle_where_points_meet() -> None:
    with pytest.raises(ValueError, match="three different"):
        g.joint_angle_deg(np.zeros(2), np.zeros(2), np.ones(2))


def test_line_offset_has_its_sign() -> None:
    start, end = np.array([0.0, 0.0]), np.array([0.0, 10.0])
    assert g.line_offset_px(np.array([-3.0, 5.0]), start, end) == pytest.approx(3)
    assert g.line_offset_px(np.array([3.0, 5.0]), start, end) == pytest.approx(-3)
    with pytest.raises(ValueError, match="two different"):
        g.line_offset_px(np.zeros(2), start, start)
    with pytest.raises(ValueError, match="two different"):
        g.line_share(np.zeros(2), start, start)


@pytest.mark.parametrize(("y", "share"), [(-4.0, 0.0), (0.0, 0.0), (2.5, 0.25), (10.0, 1.0), (12.0, 1.0)])
def test_line_share_stays_on_the_line(y: float, share: float) -> None:
    assert g.line_share(np.array([3.0, y]), np.zeros(2), np.array([0.0, 10.0])) == pytest.approx(share)


def test_bend_offset_is_the_triangles_height() -> None:
    assert g.bend_offset(10, 10, 0) == 0
    assert g.bend_offset(10, 10, 90) == pytest.approx(10 / math.sqrt(2))
    assert g.bend_offset(42.14, 42.312, 20) == pytest.approx(7.332, abs=1e-3)


@pytest.mark.parametrize("wrong", [(0, 1, 10), (1, -1, 10), (1, 1, -1), (1, 1, 91)])
def test_bend_offset_refuses(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="no bend"):
        g.bend_offset(*wrong)


@pytest.mark.parametrize(
    ("z", "p"), [(0, 0.5), (1.6448536269514722, 0.95), (-1.6448536269514722, 0.05), (1, 0.841344746)]
)
def test_normal_cdf(z: float, p: float) -> None:
    assert g.normal_cdf(z) == pytest.approx(p, abs=1e-9)


def test_normal_cdf_keeps_its_far_tail() -> None:
    assert g.normal_cdf(-10) == pytest.approx(7.619853e-24, rel=1e-6)


def test_errors_add_up() -> None:
    assert g.root_sum_square(3, 4) == 5
    assert g.root_sum_square(1, 2, 2) == 3


@given(point, point, point)
def test_angle_survives_mirror_scale_and_shift(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    apart(a, b, c)
    angle = g.joint_angle_deg(a, b, c)
    mirror, shift = np.array([-1.0, 1.0]), np.array([31.0, -17.0])
    for move in (lambda q: q * mirror, lambda q: q * 2.5, lambda q: q + shift):
        assert g.joint_angle_deg(move(a), move(b), move(c)) == pytest.approx(angle, abs=1e-6)


@given(point, point, point)
def test_line_offset_turns_its_sign_in_the_mirror_and_grows_with_scale(
    a: np.ndarray, b: np.ndarray, c: np.ndarray
) -> None:
    apart(a, c)
    offset = g.line_offset_px(b, a, c)
    mirror = np.array([-1.0, 1.0])
    assert g.line_offset_px(b * mirror, a * mirror, c * mirror) == pytest.approx(-offset, abs=1e-6)
    assert g.line_offset_px(b * 3, a * 3, c * 3) == pytest.approx(3 * offset, abs=1e-6)
    assert g.line_offset_px(b + 7, a + 7, c + 7) == pytest.approx(offset, abs=1e-6)


@given(point, point, roll)
def test_drop_in_the_mirror_with_the_roll_mirrored(a: np.ndarray, b: np.ndarray, roll_deg: float) -> None:
    mirror = np.array([-1.0, 1.0])
    drop = g.drop_px(a, b, roll_deg)
    assert g.drop_px(a * mirror, b * mirror, -roll_deg) == pytest.approx(drop, abs=1e-6)
    assert g.drop_px(b, a, roll_deg) == pytest.approx(-drop, abs=1e-6)


@given(point, point, roll)
def test_drop_and_reach_make_the_distance(a: np.ndarray, b: np.ndarray, roll_deg: float) -> None:
    both = math.hypot(g.drop_px(a, b, roll_deg), g.reach_px(a, b, roll_deg))
    assert both == pytest.approx(g.distance_px(a, b), abs=1e-6)
