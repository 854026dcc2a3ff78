"""The values every other package speaks in: joints, poses, lifts, phases, views.

Coordinates are pixels of the upright photo, origin top-left, y down.
``left_*`` is the lifter's left, never the left of the photo.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

JOINT_COUNT: Final = 17

# Under this score a joint counts as not seen. MediaPipe's score is the likelihood that the joint is
# in the photo and not hidden (mediapipe 0.10.21, pose.py), so one half is its own even chance.
SEEN_SCORE: Final = 0.5


class Joint(IntEnum):
    """The 17 keypoints of COCO, in COCO's order."""

    NOSE = 0
    LEFT_EYE = 1
    RIGHT_EYE = 2
    LEFT_EAR = 3
    RIGHT_EAR = 4
    LEFT_SHOULDER = 5
    RIGHT_SHOULDER = 6
    LEFT_ELBOW = 7
    RIGHT_ELBOW = 8
    LEFT_WRIST = 9
    RIGHT_WRIST = 10
    LEFT_HIP = 11
    RIGHT_HIP = 12
    LEFT_KNEE = 13
    RIGHT_KNEE = 14
    LEFT_ANKLE = 15
    RIGHT_ANKLE = 16

    @property
    def label(self) -> str:
        """The joint's name as a person reads it, for example ``left elbow``."""
        return self.name.lower().replace("_", " ")


# Which joint each is in a mirror.
MIRRORED: Final = (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15)


class Side(StrEnum):
    """A side of the lifter's body."""

    LEFT = "left"
    RIGHT = "right"

    def joint(self, part: str) -> Joint:
        """The joint of this side: ``Side.LEFT.joint("elbow")`` is ``Joint.LEFT_ELBOW``."""
        return Joint[f"{self.name}_{part.upper()}"]


class Lift(StrEnum):
    """The three lifts."""

    SQUAT = "squat"
    BENCH = "bench"
    DEADLIFT = "deadlift"


class Phase(StrEnum):
    """The moment of the lift. ``start`` is the bar on the floor and exists for the deadlift only."""

    START = "start"
    BOTTOM = "bottom"
    LOCKOUT = "lockout"
    MID = "mid"


class View(StrEnum):
    """Where the camera stands, seen from the lifter: ``left`` looks at the lifter's left side.

    On the bench ``front`` is the foot end and ``rear`` the head end.
    """

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"
    REAR = "rear"


@dataclass(frozen=True, slots=True)
class Pose:
    """One person's joints in one photo.

    points: float array (17, 3): x px, y px, score 0-1. A joint that was not found has score 0.
    spread_px: float array (17,): how far the engine's own repeated readings of a joint lie apart (one
        standard deviation, px), or zeros where it read only once.

    Raises ValueError on another shape, a value that is not finite, or a score outside 0-1.
    """

    points: FloatArray
    spread_px: FloatArray = field(default_factory=lambda: np.zeros(JOINT_COUNT))
    raw_scores: FloatArray | None = None

    def __post_init__(self) -> None:
        points = np.array(self.points, dtype=np.float64)
        spread = np.array(self.spread_px, dtype=np.float64)
        if points.shape != (JOINT_COUNT, 3):
            raise ValueError(f"a pose has shape (17, 3), not {points.shape}")
        if spread.shape != (JOINT_COUNT,):
            raise ValueError(f"a pose's spread has shape (17,), not {spread.shape}")
        raw = np.array(points[:, 2] if self.raw_scores is None else self.raw_scores, dtype=np.float64)
        if raw.shape != (JOINT_COUNT,):
            raise ValueError(f"a pose's raw scores have shape (17,), not {raw.shape}")
        if not (np.isfinite(points).all() and np.isfinite(spread).all() and np.isfinite(raw).all()):
            raise ValueError("a pose holds a value that is not a finite number")
        if (points[:, 2] < 0).any() or (points[:, 2] > 1).any() or (spread < 0).any():
            raise ValueError("a joint's score lies outside 0-1, or its spread under 0")
        points.setflags(write=False)
        spread.setflags(write=False)
        raw.setflags(write=False)
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "spread_px", spread)
        object.__setattr__(self, "raw_scores", raw)

    def xy(self, joint: Joint) -> FloatArray:
        """The joint's place, float array (2,): x px, y px."""
        return self.points[joint, :2]

    def score(self, joint: Joint) -> float:
        """The engine's score of the joint, 0-1."""
        return float(self.points[joint, 2])

    def seen(self, *joints: Joint, least: float = SEEN_SCORE) -> bool:
        """True when every one of the joints has at least the score ``least``."""
        return all(self.score(joint) >= least for joint in joints)

    def box(self, least: float = SEEN_SCORE) -> tuple[float, float, float, float] | None:
        """The box round the seen joints: x0, y0, x1, y1 in px; None with fewer than two seen."""
        seen = self.points[self.points[:, 2] >= least]
        if len(seen) < 2:
            return None
        (x0, y0), (x1, y1) = seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)
        return float(x0), float(y0), float(x1), float(y1)


@dataclass(frozen=True, slots=True)
class PhaseSeen:
    """The phase of a photo: ``stated`` when the uploader said it, otherwise read from the pose with probability p."""

    phase: Phase | None
    p: float
    stated: bool = False


@dataclass(frozen=True, slots=True)
class ViewSeen:
    """The view of a photo, and how far the camera stands off the pure side.

    off_side_deg: 0 from straight left or right, 90 from straight front or rear; None when it cannot be told.
    """

    view: View | None
    p: float
    off_side_deg: float | None = None
    stated: bool = False


class ViewBucket(StrEnum):
    """From which of five directions a photo was taken, left and right as one: figures are measured for each."""

    FRONT = "front"
    FRONT_OBLIQUE = "front_oblique"
    SIDE = "side"
    REAR_OBLIQUE = "rear_oblique"
    REAR = "rear"


# A photo is a side view up to the first of these degrees off square, and one from an end from the second on.
SIDE_BUCKET_DEG: Final = 30.0
END_BUCKET_DEG: Final = 60.0


def view_bucket(view: View | None, off_side_deg: float | None, towards: View | None = None) -> ViewBucket | None:
    """The bucket of a photo, or None when it cannot be told.

    Up to 30 deg off the pure side it is ``side``, up to 60 oblique, from there on an end. off_side_deg: None counts as
    square to the view. towards: the end (front or rear) to which a side camera leans; a view from an end knows its own.
    """
    if view is None:
        return None
    from_end = view in (View.FRONT, View.REAR)
    off = (90.0 if from_end else 0.0) if off_side_deg is None else off_side_deg
    end = view if from_end else towards
    if off <= SIDE_BUCKET_DEG:
        return ViewBucket.SIDE
    if end not in (View.FRONT, View.REAR):
        return None
    if off <= END_BUCKET_DEG:
        return ViewBucket.FRONT_OBLIQUE if end is View.FRONT else ViewBucket.REAR_OBLIQUE
    return ViewBucket.FRONT if end is View.FRONT else ViewBucket.REAR
