"""Squat: the hip crease below the top of the knee, at the lowest moment. Level is not enough."""

from __future__ import annotations

from typing import Final

from judging.geometry import down_direction, drop_px, reach_px, root_sum_square
from judging.landmarks import HIP_CREASE, KNEE_TOP, Limb, Scale
from judging.noise import joint_sigma_cm
from judging.outcomes import Finding, Mark
from judging.pose import Lift, Phase, Side, View
from judging.rules.base import SIDE_ON_DEG, Measured, Rule, Sight, each_side, joint_marks, level_marks, view_term_cm

# From 60 deg off the side the thigh points at the camera more than across it: hip and knee then differ in height by
# what the camera's own height makes of them (1-7 cm at 4 m already at 45 deg).
RULE: Final = Rule(
    name="squat_depth",
    subject="Depth",
    lifts=frozenset({Lift.SQUAT}),
    phase=Phase.BOTTOM,
    views=frozenset({View.LEFT, View.RIGHT}),
    most_off_side_deg=60.0,
    unshown="hip and knee height cannot be compared",
    strict=True,
)

# Hip and knee above the floor at the bottom: the knee's height, 0.285 of stature (the ratios of landmarks.py).
JOINTS_HEIGHT_CM: Final = 49.0

_PARTS: Final = ("hip", "knee")


def check_squat_depth(sight: Sight) -> tuple[Finding, ...]:
    """One finding for each leg. Positive margin: the hip crease lies below the top of the knee."""
    return each_side(RULE, sight, _PARTS, _measure)


def _measure(sight: Sight, side: Side, scale: Scale) -> Measured:
    pose, camera = sight.pose, sight.camera
    hip, knee = pose.xy(side.joint("hip")), pose.xy(side.joint("knee"))
    seen = scale.cm(drop_px(knee, hip, camera.roll))
    # Side-on, the near knee turned out is nearer than its hip; seen obliquely, or on the far side, it may be either.
    nearer = 1 if sight.off_side_deg <= SIDE_ON_DEG and not sight.far(side) else 0
    shift, view_sigma = view_term_cm(sight, side, Limb.THIGH, scale, nearer=nearer, joints_height_cm=JOINTS_HEIGHT_CM)
    margin = seen - HIP_CREASE.cm + KNEE_TOP.cm + shift
    far = sight.far(side)
    sigma = root_sum_square(
        joint_sigma_cm(pose, side, "hip", scale, far=far),
        joint_sigma_cm(pose, side, "knee", scale, far=far),
        HIP_CREASE.sigma_cm,
        KNEE_TOP.sigma_cm,
        camera.roll_term_cm(scale.cm(reach_px(knee, hip, camera.roll))),
        view_sigma,
        scale.sigma * seen,
    )
    return _worded(side, margin, sigma, _marks(sight, side, scale, sigma))


def _worded(side: Side, margin: float, sigma: float, marks: tuple[Mark, ...]) -> Measured:
    hip = f"{side.capitalize()} hip crease"
    return Measured(
        margin_cm=margin,
        sigma_cm=sigma,
        limb=Limb.THIGH,
        kept=f"{hip}: {abs(margin):.0f} cm below the top of the knee.",
        broken=f"{hip}: {abs(margin):.0f} cm above the top of the knee.",
        close=f"{hip}: too close to the level of the knee's top. Judge by eye.",
        unstated=f"{hip} looks too high here, but nobody said this is the lowest moment. Judge by eye.",
        marks=marks,
    )


def _marks(sight: Sight, side: Side, scale: Scale, sigma_cm: float) -> tuple[Mark, ...]:
    down = down_direction(sight.camera.roll)
    crease = sight.pose.xy(side.joint("hip")) - down * scale.px(HIP_CREASE.cm)
    top = sight.pose.xy(side.joint("knee")) - down * scale.px(KNEE_TOP.cm)
    lines = level_marks(sight, scale, held=("hip crease", crease), against=("top of knee", top), sigma_cm=sigma_cm)
    return joint_marks(sight.pose, side, _PARTS) + lines
