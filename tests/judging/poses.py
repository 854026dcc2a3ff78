"""Hand-built poses. Figures in centimetres of a lifter 172 cm tall, put on a photo at 4 px a centimetre."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from judging.judge import judge
from judging.landmarks import Limb
from judging.outcomes import Finding
from judging.pose import Joint, Lift, Phase, PhaseSeen, Pose, Side, View, ViewSeen
from judging.rulebook import Rulebook, rulebook_load

PX = 4.0
BOOK = rulebook_load("ipf-2026-v3")

MIRROR = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]

Places = Mapping[Joint, tuple[float, float]]


def pose_of(places: Places, *, px: float = PX, hidden: Iterable[Joint] = ()) -> Pose:
    """A pose from places in cm (x to the photo's right, y down); joints not named, or hidden, score 0."""
    points = np.zeros((17, 3))
    for joint, (x, y) in places.items():
        points[joint] = (400 + x * px, 400 + y * px, 0.9)
    for joint in hidden:
        points[joint, 2] = 0.0
    return Pose(points)


def both(left: Mapping[str, tuple[float, float]], right: Mapping[str, tuple[float, float]] | None = None) -> Places:
    """The places of both sides; the right side lies over the left one when only one is given."""
    sides = ((Side.LEFT, left), (Side.RIGHT, left if right is None else right))
    return {side.joint(part): place for side, parts in sides for part, place in parts.items()}


def on(start: tuple[float, float], length: float, angle_deg: float) -> tuple[float, float]:
    """The point ``length`` on from start; 0 deg points to the photo's right, 90 down."""
    angle = math.radians(angle_deg)
    return (start[0] + length * math.cos(angle), start[1] + length * math.sin(angle))


def bench_arm(drop: float) -> dict[str, tuple[float, float]]:
    """One side of a bencher, head to the photo's left; the elbow joint lies ``drop`` under the shoulder joint."""
    shoulder = (0.0, 0.0)
    elbow = (math.sqrt(max(0.0, Limb.UPPER_ARM.cm**2 * 0.91 - drop**2)), drop)
    hip = (Limb.TRUNK.cm, 0.0)
    knee = on(hip, Limb.THIGH.cm, 0.0)
    return {
        "shoulder": shoulder,
        "elbow": elbow,
        "wrist": on(elbow, Limb.FOREARM.cm, -90.0),
        "hip": hip,
        "knee": knee,
        "ankle": on(knee, Limb.SHANK.cm, 90.0),
    }


def squat_leg(drop: float) -> dict[str, tuple[float, float]]:
    """One side of a squatter who faces the photo's left; the hip joint lies ``drop`` under the knee joint."""
    knee = (0.0, 0.0)
    hip = (math.sqrt(Limb.THIGH.cm**2 * 0.91 - drop**2), drop)
    shoulder = on(hip, Limb.TRUNK.cm, -110.0)
    return {
        "knee": knee,
        "hip": hip,
        "ankle": on(knee, Limb.SHANK.cm, 80.0),
        "shoulder": shoulder,
        "elbow": on(shoulder, Limb.UPPER_ARM.cm, 70.0),
    }


def standing(knee_offset: float = 0.0, bar_ahead: float = 0.0) -> dict[str, tuple[float, float]]:
    """One side of a deadlifter at the lockout who faces the photo's left.

    knee_offset: the knee before the line hip-ankle. bar_ahead: the hand's bar before the shoulder joint, cm.
    """
    hip = (0.0, 0.0)
    shoulder = (0.0, -Limb.TRUNK.cm)
    reach = math.sqrt(Limb.THIGH.cm**2 - knee_offset**2)
    elbow = (-bar_ahead, -Limb.TRUNK.cm + math.sqrt(Limb.UPPER_ARM.cm**2 - bar_ahead**2))
    return {
        "hip": hip,
        "shoulder": shoulder,
        "knee": (-knee_offset, reach),
        "ankle": (0.0, 2 * reach),
        "elbow": elbow,
        "wrist": on(elbow, Limb.FOREARM.cm, 90.0),
    }


HEAD_LEFT: Places = {Joint.NOSE: (-12.0, -70.0), Joint.LEFT_EAR: (-2.0, -70.0)}


def stated(phase: Phase) -> PhaseSeen:
    return PhaseSeen(phase, 1.0, stated=True)


def read(phase: Phase | None, p: float = 0.9) -> PhaseSeen:
    return PhaseSeen(phase, p)


def seen_from(view: View | None, off_side_deg: float | None = 0.0, p: float = 1.0) -> ViewSeen:
    return ViewSeen(view, p, off_side_deg)


def found(
    rule: str, lift: Lift, phase: PhaseSeen, view: ViewSeen, pose: Pose | None, book: Rulebook = BOOK
) -> tuple[Finding, ...]:
    """The findings of one rule, through the door."""
    return tuple(one for one in judge(lift=lift, phase=phase, view=view, pose=pose, rulebook=book) if one.rule == rule)


def mirrored(pose: Pose) -> Pose:
    """The photo turned over left to right, and the lifter's sides with it."""
    points = np.array(pose.points)[MIRROR]
    points[:, 0] = 1000.0 - points[:, 0]
    return Pose(points, pose.spread_px[MIRROR])


MIRRORED_VIEW = {View.LEFT: View.RIGHT, View.RIGHT: View.LEFT, View.FRONT: View.FRONT, View.REAR: View.REAR}
