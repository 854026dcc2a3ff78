from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judging.camera import Camera
from judging.pose import View


def test_an_unknown_camera_shifts_nothing_and_doubts_everything() -> None:
    # 40 cm of height over 400 cm of distance: a tenth of the depth.
    assert Camera().view_shift_cm(30.0, 55.0) == (0.0, pytest.approx(3.0))


def test_a_known_camera_shifts_and_doubts_less() -> None:
    shift, sigma = Camera(height_cm=155, distance_cm=400).view_shift_cm(20.0, 55.0, 4.0)
    assert shift == pytest.approx(5.0)
    assert sigma == pytest.approx(math.hypot(20 * 2 / 400, 20 * 4 / 400, 5 * 0.05))


@pytest.mark.parametrize(
    ("angle", "view", "believed"),
    [
        (10.0, View.LEFT, True),
        (-75.0, View.RIGHT, True),
        (90.0, View.LEFT, True),
        (80.0, View.FRONT, True),
        (-80.0, View.FRONT, False),
        (-31.0, View.REAR, True),
        (10.0, View.REAR, False),
        (10.0, None, False),
        (None, View.LEFT, False),
    ],
)
def test_an_angle_is_believed_where_the_view_goes_with_it(
    angle: float | None, view: View | None, believed: bool
) -> None:
    assert Camera(angle_deg=angle).angle_in(view) == (angle if believed else None)


@given(
    height=st.floats(20, 220),
    pitch_deg=st.floats(-12, 12),
    low=st.floats(30, 60),
    drop=st.floats(-20, 20),
)
def test_a_pitched_cameras_keystone_is_taken_out(height: float, pitch_deg: float, low: float, drop: float) -> None:
    """Two points 4 m away, ``drop`` apart in height: the scale of the lower one's depth gives back the drop."""
    distance, focal, pitch = 400.0, 1100.0, math.radians(pitch_deg)

    def seen(point: float) -> tuple[float, float]:
        far = distance * math.cos(pitch) + (height - point) * math.sin(pitch)
        return focal * ((height - point) * math.cos(pitch) - distance * math.sin(pitch)) / far, far

    (upper, far), (lower, low_far) = seen(low + drop), seen(low)
    camera = Camera(height_cm=height, distance_cm=distance)
    px_per_cm = focal / ((far + low_far) / 2)
    found = camera.drop_cm(upper, lower, px_per_cm=px_per_cm, joints_height_cm=low + drop / 2)
    assert found == pytest.approx(drop, abs=0.1), "the pinhole is settled in three rounds, to a millimetre"
    blind = Camera().drop_cm(upper, lower, px_per_cm=px_per_cm, joints_height_cm=low)
    assert blind == pytest.approx((lower - upper) / px_per_cm)


def test_a_low_camera_shifts_the_other_way() -> None:
    assert Camera(height_cm=15, distance_cm=400).view_shift_cm(20.0, 55.0)[0] == pytest.approx(-2.0)


def test_roll() -> None:
    assert Camera().roll == 0
    assert Camera().roll_term_cm(-30) == pytest.approx(30 * math.tan(math.radians(2)))
    assert Camera(roll_deg=3).roll == 3
    assert Camera(roll_deg=3).roll_term_cm(30) == pytest.approx(30 * math.tan(math.radians(0.5)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"height_cm": -1},
        {"height_cm": math.nan},
        {"distance_cm": 0},
        {"distance_cm": math.inf},
        {"roll_deg": 46},
        {"angle_deg": -91},
    ],
)
def test_a_camera_is_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Camera(**wrong)
