"""Crops: the way back from a crop is exact, whatever the box and however the photo is turned."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.engines.crops import ALL_TURNS, CROP_SIZE, crops_cut, look_at, looks_at, turned_back, turned_points

sides = st.integers(1, 20_000)
turns = st.sampled_from(ALL_TURNS)
parts = st.floats(0, 1)


@given(width=sides, height=sides, turn=turns, x=parts, y=parts)
def test_a_point_comes_back_from_a_turn(width: int, height: int, turn: int, x: float, y: float) -> None:
    point = np.array([(x * width, y * height)])
    np.testing.assert_allclose(
        turned_back(turned_points(point, turn, width, height), turn, width, height), point, atol=1e-9
    )


@pytest.mark.parametrize("turn", ALL_TURNS)
def test_points_lie_where_the_turned_photo_has_their_pixel(turn: int) -> None:
    photo = np.arange(5 * 7).reshape(5, 7)
    at = np.array([(x, y) for y in range(5) for x in range(7)], dtype=float)
    x, y = turned_points(at, turn, 7, 5).astype(int).T
    np.testing.assert_array_equal(np.rot90(photo, -turn)[y, x], photo.ravel())


@given(
    width=st.integers(10, 20_000),
    height=st.integers(10, 20_000),
    turn=turns,
    low=st.tuples(parts, parts),
    extent=st.tuples(st.floats(1, 20_000), st.floats(1, 20_000)),
    at=st.tuples(parts, parts),
)
def test_the_way_back_from_the_crop_is_exact(
    width: int,
    height: int,
    turn: int,
    low: tuple[float, float],
    extent: tuple[float, float],
    at: tuple[float, float],
) -> None:
    x0, y0 = low[0] * width, low[1] * height
    look = look_at((x0, y0, x0 + extent[0], y0 + extent[1]), turn, (width, height))
    place = np.array([(at[0] * extent[0] + x0, at[1] * extent[1] + y0)])
    in_crop = turned_points(place, turn, width, height) @ look.matrix[:, :2].T + look.matrix[:, 2]
    np.testing.assert_allclose(look.back(in_crop), place, rtol=0, atol=1e-6)
    # With its padding the whole box is in the crop.
    assert (in_crop > -1e-2).all()
    assert (in_crop < np.array(CROP_SIZE) + 1e-2).all()


@pytest.mark.parametrize(
    ("box", "turns"),
    [
        ((0, 0, 100, 200), (0,)),
        ((0, 0, 120, 100), (0,)),
        ((0, 0, 121, 100), (0, 1, 3)),
    ],
)
def test_a_wide_box_is_looked_at_three_ways(box: tuple[float, float, float, float], turns: tuple[int, ...]) -> None:
    assert tuple(look.turns for look in looks_at(box, (640, 480))) == turns


def test_a_turned_crop_is_the_crop_of_the_turned_photo() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (90, 160, 3), dtype=np.uint8)
    box = (20.0, 30.0, 120.0, 70.0)
    for turn in ALL_TURNS:
        corners = turned_points(np.array([box[:2], box[2:]]), turn, 160, 90)
        (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
        turned = np.ascontiguousarray(np.rot90(rgb, -turn))
        same = look_at((x0, y0, x1, y1), 0, (turned.shape[1], turned.shape[0]))
        ours = crops_cut(rgb, [look_at(box, turn, (160, 90))])
        np.testing.assert_array_equal(ours, crops_cut(turned, [same]))


def test_beyond_the_photo_is_black() -> None:
    white = np.full((50, 50, 3), 255, dtype=np.uint8)
    crop = crops_cut(white, [look_at((0, 0, 50, 50), 0, (50, 50))])[0]
    assert crop.shape == (256, 192, 3)
    assert (crop[0] == 0).all()
    assert (crop[128, 96] == 255).all()
