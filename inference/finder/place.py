"""What the finder says of a photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from judging.pose import FloatArray, Joint, Pose

# What it points at, as groups of joints whose middle it is: nobody's left or right can be taken for the other.
PARTS: Final = (
    (Joint.NOSE, Joint.LEFT_EYE, Joint.RIGHT_EYE, Joint.LEFT_EAR, Joint.RIGHT_EAR),
    (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER),
    (Joint.LEFT_HIP, Joint.RIGHT_HIP),
    (Joint.LEFT_WRIST, Joint.RIGHT_WRIST),
    (Joint.LEFT_KNEE, Joint.RIGHT_KNEE),
    (Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE),
)
SHOULDERS: Final = 1
HIPS: Final = 2
HANDS: Final = 3


@dataclass(frozen=True, slots=True)
class LifterPlace:
    """points: float array (len(PARTS), 2), px of the photo it looked at. present: 0-1, how likely anybody in the photo
    lifts; where that is small the points mean nothing."""

    points: FloatArray
    present: float

    @property
    def size_px(self) -> float:
        """The diagonal of the box round the points, px."""
        return float(np.hypot(*np.ptp(self.points, axis=0)))

    def away(self, pose: Pose) -> float:
        """How far the pose lies off, as a part of the larger of the two: the median over the parts; never negative."""
        return float(np.median(self._gaps(pose)))

    def hands_off(self, pose: Pose) -> float:
        """How far the middle of the pose's hands lies off the hint's, as a part of the larger of the two."""
        return float(self._gaps(pose)[HANDS])

    def shoulders_off(self, pose: Pose) -> float:
        """How far the middle of the pose's shoulders lies off the hint's, as a part of the larger of the two."""
        return float(self._gaps(pose)[SHOULDERS])

    @property
    def hands_raised(self) -> float:
        """How far the hands stand over the shoulders in the photo, as a part of his size; negative under them."""
        return float(self.points[SHOULDERS, 1] - self.points[HANDS, 1]) / max(self.size_px, 1e-6)

    def trunk_off(self, pose: Pose) -> float:
        """How far the pose's shoulders and hips both lie off the hint's: the lesser of the two, as a part of the larger
        one's size."""
        return float(self._gaps(pose)[[SHOULDERS, HIPS]].min())

    def _gaps(self, pose: Pose) -> FloatArray:
        middles = parts_of(pose.points[:, :2])
        gaps: FloatArray = np.hypot(*(middles - self.points).T) / self._size_with(middles)
        return gaps

    def _size_with(self, middles: FloatArray) -> float:
        return max(self.size_px, float(np.hypot(*np.ptp(middles, axis=0))), 1e-6)


def parts_of(joints: FloatArray) -> FloatArray:
    """The parts' middles of somebody's joints (17, 2): float array (len(PARTS), 2)."""
    return np.array([joints[list(part)].mean(axis=0) for part in PARTS])
