"""Heatmaps: a Gaussian's summit is found between the pixels, and nothing is made of nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.engines.heatmaps import MAPS_AT_ONCE, joints_decode

WIDTH, HEIGHT, SIGMA = 48, 64, 2.0
CROP = (192, 256)
PX = (np.array(CROP) - 1) / (WIDTH - 1, HEIGHT - 1)


def gaussians(places: np.ndarray, peak: float = 0.9) -> np.ndarray:
    """(n, 2) px of the heatmap -> float32 (1, n, 64, 48)."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    gaps = (x - places[:, 0, None, None]) ** 2 + (y - places[:, 1, None, None]) ** 2
    return (peak * np.exp(-gaps / (2 * SIGMA**2))).astype(np.float32)[None]


@given(x=st.floats(12, WIDTH - 13), y=st.floats(12, HEIGHT - 13), peak=st.floats(0.3, 1.5))
def test_a_gaussian_is_found_between_the_pixels(x: float, y: float, peak: float) -> None:
    place = np.array([(x, y)])
    places, scores = joints_decode(gaussians(place, peak), CROP)
    np.testing.assert_allclose(places[0] / PX, place, rtol=0, atol=0.02)
    assert peak * 0.93 <= scores[0, 0] <= peak * 1.0001


@given(x=st.floats(0, WIDTH - 1), y=st.floats(0, HEIGHT - 1))
def test_near_the_edge_it_stays_within_a_pixel(x: float, y: float) -> None:
    place = np.array([(x, y)])
    places, _ = joints_decode(gaussians(place), CROP)
    # Halfway between the first two rows it is a pixel to the last bit of the heatmaps' float32.
    np.testing.assert_allclose(places[0] / PX, place, rtol=0, atol=1.0 + 1e-6)


def test_the_corners_lie_on_the_crops_corners() -> None:
    corner = np.array([(0, 0), (WIDTH - 1, HEIGHT - 1)], dtype=float)
    places, _ = joints_decode(gaussians(corner), CROP)
    np.testing.assert_allclose(places[0], [(0, 0), (191, 255)], atol=4)


def test_no_crop_changes_anothers_joints() -> None:
    """More maps than are blurred in one go, and any order of them: the same to the last bit."""
    chance = np.random.default_rng(2)
    maps = chance.random((3 * MAPS_AT_ONCE // 17, 17, HEIGHT, WIDTH), dtype=np.float32)
    order = chance.permutation(len(maps))
    places, scores = joints_decode(maps, CROP)
    mixed_places, mixed_scores = joints_decode(maps[order], CROP)
    np.testing.assert_array_equal(mixed_places, places[order])
    np.testing.assert_array_equal(mixed_scores, scores[order])
    alone = [joints_decode(one[None], CROP)[0][0] for one in maps]
    np.testing.assert_array_equal(alone, places)


@pytest.mark.parametrize("value", [0.0, -0.5, -1e-6])
def test_a_map_without_anything_has_score_nought(value: float) -> None:
    places, scores = joints_decode(np.full((2, 17, HEIGHT, WIDTH), value, dtype=np.float32), CROP)
    np.testing.assert_array_equal(places, -1.0)
    np.testing.assert_array_equal(scores, 0.0)


@pytest.mark.parametrize("value", [1e-30, 0.3, 1e6])
def test_a_flat_map_has_a_finite_joint(value: float) -> None:
    places, scores = joints_decode(np.full((1, 17, HEIGHT, WIDTH), value, dtype=np.float32), CROP)
    assert np.isfinite(places).all()
    np.testing.assert_allclose(scores, value, rtol=1e-6)


@pytest.mark.parametrize("at", [(0, 0), (47, 0), (0, 63), (47, 63), (20, 30)])
def test_a_single_pixel_is_a_joint_there(at: tuple[int, int]) -> None:
    maps = np.zeros((1, 1, HEIGHT, WIDTH), dtype=np.float32)
    maps[0, 0, at[1], at[0]] = 1.0
    places, scores = joints_decode(maps, CROP)
    np.testing.assert_allclose(places[0, 0] / PX, at, atol=0.51)
    assert scores[0, 0] == 1.0


def test_no_crops_are_no_joints() -> None:
    places, scores = joints_decode(np.zeros((0, 17, HEIGHT, WIDTH), dtype=np.float32), CROP)
    assert places.shape == (0, 17, 2)
    assert scores.shape == (0, 17)
