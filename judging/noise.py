"""How far the engine's joints lie from where a careful annotation puts them: measured, not assumed."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from judging.landmarks import Limb, Scale
from judging.pose import Joint, Pose, Side


@dataclass(frozen=True, slots=True)
class JointNoise:
    """The root mean square difference along one axis, for one kind of joint.

    share: as a share of the trunk's length (shoulder to hip at the body's own scale). readings: over how many joints.
    """

    part: str
    share: float
    readings: int


# How measured: MediaPipe 0.10.21 (read at 0, 90 and -90 deg, the turn with the best mean score kept) against the
# keypoints of the 14 gold photos. Root mean square over x and y, joints that both call seen (score 0.5 or more).
# Normalised by the trunk at the scale of body_scale(), not by the trunk as seen: a deadlifter's trunk points at
# the camera, and looks half as long as it is. 12 photos count: in bench 3 nobody was found, and in squat 12 the
# turned reading took somebody else for the lifter. One more joint is left out as a blunder, the right ankle of bench 9,
# half a trunk off (with it the ankles' figure is 0.083); no left-right swap occurred. So these speak of readings that
# found the right joint, and not of blunders. The gold is itself model-assisted, so they hold its error too, and the
# engine's fixed habits: its hips lie 4.4 cm lower than the gold's on average. Read as differences of two joints the
# same photos give 3.9 cm for knee bends and 2.8 for elbow bends, 4.4 for elbow under shoulder, 4.9 for hip under knee
# (upright squat 12 included): near what these figures add up to when taken as independent.
# A small set of clear photos: a later calibration on known truth replaces it. Measured again by `python -m gold.noise`.
NOISE_SOURCE: Final = "MediaPipe 0.10.21 on 12 of the 14 gold photos, model-assisted keypoints"
NOISE: Final = MappingProxyType(
    {
        noise.part: noise
        for noise in (
            JointNoise("shoulder", 0.043, 24),
            JointNoise("elbow", 0.053, 23),
            JointNoise("wrist", 0.046, 23),
            JointNoise("hip", 0.095, 24),
            JointNoise("knee", 0.065, 22),
            JointNoise("ankle", 0.035, 20),
        )
    }
)

# Joints on the side away from the camera are partly guessed by the engine. Provisional.
FAR_SIDE_FACTOR: Final = 1.5


def joint_sigma_cm(pose: Pose, side: Side, part: str, scale: Scale, *, far: bool = False) -> float:
    """One standard deviation of the joint along one axis, cm.

    The measured noise, or the spread of the engine's own readings of this photo where that is larger: both
    speak of the same error, so they are not added. far: the joint lies on the side away from the camera.
    Raises KeyError for a part without a measured figure.
    """
    joint: Joint = side.joint(part)
    own = scale.cm(float(pose.spread_px[joint]))
    measured = NOISE[part].share * Limb.TRUNK.cm * (FAR_SIDE_FACTOR if far else 1.0)
    return max(own, measured)
