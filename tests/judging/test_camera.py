from __future__ import annotations

import math

import pytest

from judging.camera import Camera


def test_an_unknown_camera_shifts_nothing_and_doubts_everything() -> None:
    # 40 cm of height over 400 cm of distance: a tenth of the depth.
    assert Camera().view_shift_cm(30.0, 55.0) == (0.0, pytest.approx(3.0))


def test_a_known_camera_shifts_and_doubts_less() -> None:
    shift, sigma = Camera(height_cm=155, distance_cm=400).view_shift_cm(20.0, 55.0)
    assert shift == pytest.approx(5.0)
    assert sigma == pytest.approx(math.hypot(20 * 15 / 400, 5 * 0.1))


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
    ],
)
def test_a_camera_is_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Camera(**wrong)
