"""The measures of a pose that tell the lifts apart: angles, and heights in units of the body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judging.geometry import joint_angle_deg
from judging.pose import FloatArray, Joint, Pose, Side

# Elbow and wrist count fully from this score up, and not at all from this one down. On rendered squats with the hands
# behind a plate MediaPipe gave guessed arms up to 0.6, and true ones above 0.9.
ARMS_SEEN = 0.9
ARMS_GUESSED = 0.4


@dataclass(frozen=True, slots=True)
class Shape:
    """Heights are up in the photo and in units of the trunk (or of what the longest limb makes of it when the trunk
    is foreshortened). Angles in degrees. Where both sides are seen the better seen one counts more.

    trunk: 0 upright, 90 lying, above 90 head down. shoulder_width: seen width of the shoulders, in trunks. arms_seen: 1
    when the better arm's elbow and wrist are seen, down to 0 as the engine only guesses them: plates hide a squatter's
    hands from most sides, and the arms guessed there hang down as often as not.
    """

    trunk_deg: float
    knee_deg: float
    hip_deg: float
    elbow_deg: float
    wrist_over_shoulder: float
    wrist_over_elbow: float
    wrist_over_hip: float
    wrist_over_ankle: float
    hip_over_knee: float
    shoulder_width: float
    arms_seen: float = 1.0


def shape_of(pose: Pose) -> Shape | None:
    """The measures, or None when the shoulders and hips fall on one point."""
    unit = unit_px(pose)
    if unit <= 0:
        return None
    shoulder, hip, knee = (_middle(pose, part) for part in ("shoulder", "hip", "knee"))
    elbow, wrist, ankle = (_middle(pose, part) for part in ("elbow", "wrist", "ankle"))
    trunk = shoulder - hip
    return Shape(
        trunk_deg=float(np.degrees(np.arctan2(abs(trunk[0]), -trunk[1]))),
        knee_deg=_angle(pose, "hip", "knee", "ankle"),
        hip_deg=_angle(pose, "shoulder", "hip", "knee"),
        elbow_deg=_angle(pose, "shoulder", "elbow", "wrist"),
        wrist_over_shoulder=float(shoulder[1] - wrist[1]) / unit,
        wrist_over_elbow=float(elbow[1] - wrist[1]) / unit,
        wrist_over_hip=float(hip[1] - wrist[1]) / unit,
        wrist_over_ankle=float(ankle[1] - wrist[1]) / unit,
        hip_over_knee=float(knee[1] - hip[1]) / unit,
        shoulder_width=_apart(pose, Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER) / unit,
        arms_seen=min(1.0, max(0.0, (_arms_score(pose) - ARMS_GUESSED) / (ARMS_SEEN - ARMS_GUESSED))),
    )


def _arms_score(pose: Pose) -> float:
    return max(min(pose.score(side.joint("elbow")), pose.score(side.joint("wrist"))) for side in Side)


def _apart(pose: Pose, a: Joint, b: Joint) -> float:
    return float(np.hypot(*(pose.xy(a) - pose.xy(b))))


def unit_px(pose: Pose) -> float:
    """The trunk's length in px: as seen, or from leg or arm where the trunk points at the camera.

    Leg 1.70 and arm 1.15 trunks: segment lengths 0.491, 0.332 and 0.288 of stature (Drillis & Contini 1966, as
    tabled by Winter, Biomechanics and Motor Control of Human Movement, fig. 4.1).
    """
    trunk = float(np.hypot(*(_middle(pose, "shoulder") - _middle(pose, "hip"))))
    legs = max(
        _apart(pose, side.joint("hip"), side.joint("knee")) + _apart(pose, side.joint("knee"), side.joint("ankle"))
        for side in Side
    )
    arms = max(
        _apart(pose, side.joint("shoulder"), side.joint("elbow"))
        + _apart(pose, side.joint("elbow"), side.joint("wrist"))
        for side in Side
    )
    return max(trunk, legs / 1.70, arms / 1.15)


def _middle(pose: Pose, part: str) -> FloatArray:
    """The mean of both sides' joint, each as heavy as its score."""
    both = pose.points[[Side.LEFT.joint(part), Side.RIGHT.joint(part)]]
    weights = both[:, 2] + 1e-3
    middle: FloatArray = (both[:, :2] * weights[:, None]).sum(axis=0) / weights.sum()
    return middle


def _angle(pose: Pose, first: str, middle: str, last: str) -> float:
    """The angle at ``middle``, both sides' mean, each as heavy as the square of its least seen joint's score."""
    total, weights = 0.0, 0.0
    for side in Side:
        joints = [side.joint(part) for part in (first, middle, last)]
        weight = min(pose.score(joint) for joint in joints) ** 2 + 1e-6
        try:
            angle = joint_angle_deg(*(pose.xy(joint) for joint in joints))
        except ValueError:  # two joints on one point: this side has no angle
            continue
        total += weight * angle
        weights += weight
    return total / weights if weights else 180.0
