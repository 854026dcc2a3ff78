"""Squat: the hip crease below the top of the knee, at the lowest moment. Level is not enough."""

from __future__ import annotations

from typing import Final

from judging.geometry import distance_px, drop_px, joint_angle_deg
from judging.landmarks import Limb, Scale
from judging.outcomes import Finding
from judging.pose import Lift, Phase, Side, View
from judging.rules.base import CM, Measured, Rule, Sight, each_side
from judging.rules.level import SIDE_ON_DEG, Level, Words, measure_level, raised_cm, side_scale

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

# Who stands is at no lowest moment, whoever said so. The hip stands this share of the thigh over the knee: 0.95 and
# more in a lockout, under 0.5 in the highest squat that anybody would call a bottom.
LEG_UP_SHARE: Final = 0.6
# Or, from LEG_SLOPE_SHARE on: it stands this share of the shank's own rise over it, whatever the scale, or the knee is
# this straight in the photo.
LEG_SLOPE_SHARE: Final = 0.5
LEG_RISE_RATIO: Final = 0.75
LEG_STRAIGHT_DEG: Final = 140.0


def _hip_nearer(sight: Sight, side: Side) -> int:
    """Side-on, the near knee turned out is nearer than its hip; seen obliquely or on the far side it may be either."""
    return -1 if sight.off_side_deg <= SIDE_ON_DEG and not sight.far(side) else 0


LEVEL: Final = Level(
    rule=RULE.name,
    limb=Limb.THIGH,
    held="hip",
    against="knee",
    held_surface="hip_crease",
    against_surface="knee_top",
    held_down=-1,
    against_down=-1,
    held_label="hip crease",
    against_label="top of knee",
    held_outer=False,
    # Knees out over the toes. Provisional, as are the places of the joints.
    # As python -m inference.calibrate --surfaces prints them of rendered lifters.
    outward_deg=23.0,
    outward_sigma_deg=9.0,
    aside_cm={"shoulder": 16.0, "elbow": 23.0, "wrist": 37.0, "hip": 9.0, "knee": 24.0, "ankle": 21.0},
    joints_height_cm=42.0,
    joints_height_sigma_cm=5.0,
    nearer_guess=_hip_nearer,
)


def check_squat_depth(sight: Sight) -> tuple[Finding, ...]:
    """One finding for each leg. Positive margin: the hip crease lies below the top of the knee."""
    return each_side(RULE, sight, LEVEL.parts, _measure, aside_cm=LEVEL.aside_cm, finished=_leg_straight)


def _measure(sight: Sight, side: Side, scale: Scale) -> Measured:
    return measure_level(sight, side, scale, LEVEL, _words)


def _leg_straight(sight: Sight, side: Side, scale: Scale) -> str:
    pose, roll = sight.pose, sight.camera.roll
    joints = [side.joint(part) for part in ("hip", "knee", "ankle")]
    if not pose.seen(*joints[:2]):
        return ""
    hip, knee, ankle = (pose.xy(joint) for joint in joints)
    near, thigh = side_scale(sight, side, scale, LEVEL), Limb.THIGH.cm
    raised = raised_cm(sight, side, near, LEVEL)
    up = raised > LEG_UP_SHARE * thigh
    if raised > LEG_SLOPE_SHARE * thigh and pose.seen(joints[2]) and distance_px(knee, ankle) > 0:
        shank = near.cm(drop_px(knee, ankle, roll))
        up |= raised > LEG_RISE_RATIO * shank > 0
        up |= joint_angle_deg(hip, knee, ankle) > LEG_STRAIGHT_DEG
    return "the lifter stands" if up else ""


def _words(side: Side) -> Words:
    hip = f"{side.capitalize()} hip crease"
    return Words(
        kept=f"{hip}: {CM} below the top of the knee.",
        broken=f"{hip}: {CM} above the top of the knee.",
        close=f"{hip}: too close to the level of the knee's top. Judge by eye.",
        unstated=f"{hip} looks too high here, but nobody said this is the lowest moment. Judge by eye.",
    )
