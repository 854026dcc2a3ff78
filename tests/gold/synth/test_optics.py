import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gold.synth.optics import (
    Camera,
    azimuth_deg,
    camera_aim,
    camera_place,
    camera_truth,
    focal_of_fov,
)
from gold.truth import view_of
from judging.geometry import right_direction
from judging.pose import FloatArray, View

MIDDLE = np.array([0.2, -0.1, 0.9])
AZIMUTHS = st.floats(-179, 179)
HEIGHTS = st.floats(0.2, 2.0)
DISTANCES = st.floats(2.0, 7.0)
ROLLS = st.floats(-20, 20)


def camera(
    azimuth: float = 0.0, height: float = 0.9, distance: float = 4.0, roll: float = 0.0, aim: FloatArray = MIDDLE
) -> Camera:
    return camera_place(
        MIDDLE,
        azimuth_deg=azimuth,
        height_m=height,
        distance_m=distance,
        aim=aim,
        roll_deg=roll,
        focal_px=1000.0,
        width=960,
        height=720,
    )


def test_a_level_camera_in_front_sees_his_left_on_the_right() -> None:
    away = np.array([[0.0, 0.0, 0.0], [0.4, 0.0, 0.0], [0.0, 0.0, 0.4], [0.0, -2.0, 0.4]])
    seen = camera().project(MIDDLE + away)
    assert seen == pytest.approx(np.array([[480, 360], [580, 360], [480, 260], [480, 160]]))


@pytest.mark.parametrize(
    ("azimuth", "place"), [(0, (0.2, -4.1)), (90, (4.2, -0.1)), (180, (0.2, 3.9)), (-90, (-3.8, -0.1))]
)
def test_the_azimuth_runs_from_his_front_to_his_left(azimuth: float, place: tuple[float, float]) -> None:
    assert camera(azimuth).eye == pytest.approx([*place, 0.9])


@given(AZIMUTHS, HEIGHTS, DISTANCES, ROLLS)
def test_what_it_aims_at_is_in_the_middle_of_the_photo(az: float, height: float, distance: float, roll: float) -> None:
    aim = MIDDLE + np.array([0.1, 0.2, -0.3])
    assert camera(az, height, distance, roll, aim).project(aim) == pytest.approx([480, 360])


@given(AZIMUTHS, HEIGHTS, DISTANCES, ROLLS, st.tuples(*[st.floats(-1, 1)] * 3))
def test_place_and_depth_give_the_point_back(
    az: float, height: float, distance: float, roll: float, off: tuple[float, float, float]
) -> None:
    one, points = camera(az, height, distance, roll), MIDDLE + np.array([off, (0.0, 0.0, 0.1)])
    assert one.point(one.project(points), one.depth(points)) == pytest.approx(points, abs=1e-9)


@given(AZIMUTHS, HEIGHTS, DISTANCES, ROLLS)
def test_the_truth_tells_how_it_was_placed(az: float, height: float, distance: float, roll: float) -> None:
    truth = camera_truth(camera(az, height, distance, roll), MIDDLE)
    assert truth.azimuth_deg == pytest.approx(az, abs=1e-6)
    assert truth.height_cm == pytest.approx(100 * height)
    assert truth.distance_cm == pytest.approx(100 * distance)
    assert truth.roll_deg == pytest.approx(roll, abs=1e-6)
    assert truth.pitch_deg == pytest.approx(math.degrees(math.atan2(height - MIDDLE[2], distance)), abs=1e-6)


@given(AZIMUTHS, ROLLS)
def test_the_roll_has_the_rules_sign(az: float, roll: float) -> None:
    # A level line across the view, at the lens's own height: it lies in the photo as judging.geometry says.
    one = camera(az, roll=roll)
    level = np.cross(one.forward, [0.0, 0.0, 1.0])
    start, end = one.project(np.array([MIDDLE, MIDDLE + 0.3 * level]))
    assert (end - start) / np.linalg.norm(end - start) == pytest.approx(right_direction(roll), abs=1e-9)


@pytest.mark.parametrize(
    ("azimuth", "view"),
    [
        (0, View.FRONT),
        (45, View.FRONT),
        (46, View.LEFT),
        (90, View.LEFT),
        (134, View.LEFT),
        (135, View.REAR),
        (180, View.REAR),
        (-180, View.REAR),
        (-90, View.RIGHT),
        (-46, View.RIGHT),
        (270, View.RIGHT),
        (405, View.FRONT),
    ],
)
def test_the_view_is_the_quarter_it_looks_from(azimuth: float, view: View) -> None:
    assert view_of(azimuth) is view


@given(AZIMUTHS, DISTANCES)
def test_the_azimuth_is_read_back_from_the_lens(az: float, distance: float) -> None:
    assert azimuth_deg(camera(az, distance=distance), MIDDLE) == pytest.approx(az, abs=1e-9)


@given(st.floats(20, 90))
def test_the_field_of_view_is_the_longer_sides(fov: float) -> None:
    focal = focal_of_fov(fov, 720, 960)
    one = camera_aim(np.zeros(3), np.array([0.0, 1.0, 0.0]), roll_deg=0.0, focal_px=focal, width=720, height=960)
    assert one.fov_deg == pytest.approx(fov)
    assert one.upright_fov_deg == pytest.approx(fov)


def test_a_point_behind_the_lens_has_no_place() -> None:
    with pytest.raises(ValueError, match="behind the lens"):
        camera().project(np.array([0.2, -5.0, 0.9]))


def test_a_camera_that_looks_straight_down_is_refused() -> None:
    with pytest.raises(ValueError, match="straight up or down"):
        camera_aim(np.array([0.0, 0.0, 3.0]), np.zeros(3), roll_deg=0.0, focal_px=1000.0, width=960, height=720)
