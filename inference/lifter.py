"""Which of the people in the photo is the lifter, or none of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from judging.pose import Pose

# The lifter stands nearest to the camera and in the middle of what staff aim at; spotters and audience do not.
# Weights set by hand until truth with several people exists to fit them on.
SIZE_WEIGHT: Final = 0.6
CENTRE_WEIGHT: Final = 0.4
# A person of whom fewer joints are seen cannot be judged and is not offered as the lifter.
LEAST_JOINTS_SEEN: Final = 6


@dataclass(frozen=True, slots=True)
class LifterChoice:
    """pose: the lifter, or None when nobody can be it. margin: score of the first less that of the second, 0-1."""

    pose: Pose | None
    margin: float


def lifter_choose(people: list[Pose], width: float, height: float) -> LifterChoice:
    """The lifter among the people of a photo of width x height px (the px of the poses)."""
    able = [person for person in people if int((person.points[:, 2] >= 0.5).sum()) >= LEAST_JOINTS_SEEN]
    ranked = sorted(((_likeness(person, width, height), index) for index, person in enumerate(able)), reverse=True)
    if not ranked:
        return LifterChoice(None, 0.0)
    second = ranked[1][0] if len(ranked) > 1 else 0.0
    return LifterChoice(able[ranked[0][1]], ranked[0][0] - second)


def _likeness(person: Pose, width: float, height: float) -> float:
    """How much this person is like a lifter by place alone, 0-1."""
    xy = person.points[:, :2]
    extent = np.hypot(*(xy.max(axis=0) - xy.min(axis=0))) / np.hypot(width, height)
    middle = (xy.max(axis=0) + xy.min(axis=0)) / 2
    off = np.hypot(*((middle - (width / 2, height / 2)) / (width, height)))
    return float(SIZE_WEIGHT * min(1.0, extent) + CENTRE_WEIGHT * max(0.0, 1.0 - 2 * off))
