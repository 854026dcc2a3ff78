from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judging import judge
from judging.camera import Camera
from judging.landmarks import STATURE_SIGMA, Scale
from judging.plate import PLATE_OUT_CM, PlateSeen, TrueScale, scale_from_plate, scale_merge
from judging.pose import Lift, Phase, View
from tests.judging.poses import BOOK, PX, both, pose_of, seen_from, squat_leg, stated

BODY = Scale(PX, 0.06, 6)


def test_a_plate_in_the_lifters_plane_is_450_mm() -> None:
    scale = scale_from_plate(180.0, 1.8, nearer_cm=0.0, nearer_sigma_cm=4.0, distance_cm=400.0, doubt=0.05)
    assert scale.px_per_cm == pytest.approx(4.0)
    assert scale.sigma == pytest.approx(math.hypot(0.01, 0.01))


def test_a_nearer_plate_looks_larger_than_the_lifter_is() -> None:
    # Seen at 320 cm of 400 it looks a quarter larger.
    scale = scale_from_plate(225.0, 2.25, nearer_cm=80.0, nearer_sigma_cm=6.4, distance_cm=400.0, doubt=0.1)
    assert scale.px_per_cm == pytest.approx(4.0)
    assert scale.sigma == pytest.approx(math.hypot(0.01, 0.02, 0.025))


def test_a_sure_plate_tells_the_stature() -> None:
    merged = scale_merge(Scale(PX, 0.001, 6), TrueScale(PX / 1.1, 0.001))
    assert merged.stature == pytest.approx(1.1, rel=1e-3)
    assert merged.px_per_cm == pytest.approx(PX, rel=1e-3)
    assert merged.stature_sigma < 0.002


def test_a_worthless_plate_changes_nothing() -> None:
    merged = scale_merge(BODY, TrueScale(10.0, 100.0))
    assert merged.px_per_cm == pytest.approx(PX, rel=1e-4)
    assert (merged.stature, merged.stature_sigma) == (pytest.approx(1.0, abs=1e-4), pytest.approx(STATURE_SIGMA))


@given(plate=st.floats(2.0, 8.0), sigma=st.floats(0.005, 0.5), body_sigma=st.floats(0.02, 0.3))
def test_more_is_never_known_less(plate: float, sigma: float, body_sigma: float) -> None:
    body = Scale(PX, body_sigma, 6)
    merged = scale_merge(body, TrueScale(plate, sigma))
    assert merged.sigma <= body.sigma * (1 + 1e-9)
    assert merged.stature_sigma <= STATURE_SIGMA * (1 + 1e-9)
    # The body's scale by inverse variance: itself, and the plate with a stature nobody knows.
    other = math.hypot(sigma, STATURE_SIGMA)
    weight = body_sigma**2 / (body_sigma**2 + other**2)
    assert math.log(merged.px_per_cm / PX) == pytest.approx(weight * math.log(plate / PX), abs=1e-9)
    assert merged.covariance**2 <= (merged.sigma * merged.stature_sigma) ** 2 * (1 + 1e-9)


def test_a_plate_gives_a_small_lifter_small_centimetres() -> None:
    """At a body's 4 px a centimetre, a plate that says 4.4 px a true one makes the lifter a tenth smaller."""
    distance = 400.0
    diameter = 45.0 * PX * 1.1 * distance / (distance - PLATE_OUT_CM)
    pose = pose_of(both(squat_leg(15.0)))

    def near(plate: PlateSeen | None) -> Any:
        camera = Camera(distance_cm=distance)
        return judge(
            lift=Lift.SQUAT,
            phase=stated(Phase.BOTTOM),
            view=seen_from(View.LEFT),
            pose=pose,
            rulebook=BOOK,
            camera=camera,
            plate=plate,
        )[0]

    alone, told = near(None), near(PlateSeen(400.0, 400.0, diameter, 1.0, 1.0))
    assert told.margin_cm < alone.margin_cm
    assert told.sigma_cm < alone.sigma_cm
    assert told.margin_cm == pytest.approx(alone.margin_cm / 1.1, rel=0.06)
    assert f"{told.margin_cm:.0f} cm below" in told.detail


@pytest.mark.parametrize(
    "wrong",
    [
        {"diameter_px": 0.0},
        {"sigma_px": 0.0},
        {"ratio": 1.1},
        {"x": math.nan},
    ],
)
def test_a_plate_is_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="plate"):
        PlateSeen(**{"x": 1.0, "y": 1.0, "diameter_px": 100.0, "sigma_px": 1.0, "ratio": 0.9, **wrong})
    with pytest.raises(ValueError, match="no such scale"):
        TrueScale(0.0, 1.0)
