"""The 17 joints as the pose classifier gets them: free of the photo's place and size, and of its mirror image."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from judging.pose import MIRRORED, FloatArray, Joint

# No joint lies further from the body's middle than this, in its own units, whatever an engine guesses.
FAR: Final = 4.0
# A body's unit is at least this part of the box round its joints: a trunk that points at the camera is short.
LEAST_UNIT: Final = 0.18
# Joints with a lower score than this say nothing of where they are.
GUESSED: Final = 0.15
_BONES: Final = np.array(
    [
        *((Joint.LEFT_SHOULDER, Joint.LEFT_ELBOW), (Joint.RIGHT_SHOULDER, Joint.RIGHT_ELBOW)),
        *((Joint.LEFT_ELBOW, Joint.LEFT_WRIST), (Joint.RIGHT_ELBOW, Joint.RIGHT_WRIST)),
        *((Joint.LEFT_HIP, Joint.LEFT_KNEE), (Joint.RIGHT_HIP, Joint.RIGHT_KNEE)),
        *((Joint.LEFT_KNEE, Joint.LEFT_ANKLE), (Joint.RIGHT_KNEE, Joint.RIGHT_ANKLE)),
        *((Joint.LEFT_HIP, Joint.LEFT_SHOULDER), (Joint.RIGHT_HIP, Joint.RIGHT_SHOULDER)),
        *((Joint.LEFT_WRIST, Joint.LEFT_SHOULDER), (Joint.RIGHT_WRIST, Joint.RIGHT_SHOULDER)),
        *((Joint.LEFT_WRIST, Joint.LEFT_HIP), (Joint.RIGHT_WRIST, Joint.RIGHT_HIP)),
        *((Joint.LEFT_WRIST, Joint.LEFT_ANKLE), (Joint.RIGHT_WRIST, Joint.RIGHT_ANKLE)),
        *((Joint.LEFT_HIP, Joint.LEFT_ANKLE), (Joint.RIGHT_HIP, Joint.RIGHT_ANKLE)),
        *((Joint.RIGHT_SHOULDER, Joint.LEFT_SHOULDER), (Joint.RIGHT_HIP, Joint.LEFT_HIP)),
        *((Joint.RIGHT_WRIST, Joint.LEFT_WRIST), (Joint.RIGHT_ANKLE, Joint.LEFT_ANKLE)),
        *((Joint.RIGHT_KNEE, Joint.LEFT_KNEE), (Joint.NOSE, Joint.LEFT_SHOULDER), (Joint.NOSE, Joint.RIGHT_SHOULDER)),
    ]
)
# Each joint's angle, as its middle and the two ends.
_ANGLES: Final = np.array(
    [
        *((5, 7, 9), (6, 8, 10)),  # elbows
        *((11, 13, 15), (12, 14, 16)),  # knees
        *((5, 11, 13), (6, 12, 14)),  # hips
        *((11, 5, 7), (12, 6, 8)),  # armpits
    ]
)
# Places, scores, bones and their lengths, cosines and sines of the angles.
SIZE: Final = 17 * 3 + len(_BONES) * 3 + len(_ANGLES) * 2


def mirrored(points: FloatArray) -> FloatArray:
    """Poses (..., 17, 3) as the mirror image of their photo shows them, about x = 0."""
    turned: FloatArray = points[..., list(MIRRORED), :] * np.array([-1.0, 1.0, 1.0])
    return turned


def measures(points: FloatArray) -> FloatArray:
    """What the network sees of poses (n, 17, 3): float array (n, SIZE).

    Joints about the middle between shoulders and hips, in units of the trunk (or of the whole body, where the trunk
    looks short), with their scores; the bones' ways; the angles. All of it weighed with how well its joints are seen.
    """
    scores = points[..., 2]
    weight = np.clip((scores - GUESSED) / (0.5 - GUESSED), 0.0, 1.0)
    shoulders, hips = points[:, 5:7, :2].mean(axis=1), points[:, 11:13, :2].mean(axis=1)
    box = np.hypot(*np.moveaxis(np.ptp(_kept(points), axis=1), -1, 0))
    unit = np.maximum(np.hypot(*(shoulders - hips).T), LEAST_UNIT * box)
    unit = np.maximum(unit, 1e-9)[:, None, None]
    places = (points[..., :2] - ((shoulders + hips) / 2)[:, None]) / unit
    places = np.clip(np.nan_to_num(places), -FAR, FAR)
    ways = places[:, _BONES[:, 1]] - places[:, _BONES[:, 0]]
    seen = np.minimum(weight[:, _BONES[:, 0]], weight[:, _BONES[:, 1]])[..., None]
    lengths = np.hypot(ways[..., 0], ways[..., 1])[..., None]
    angles = _angles(places) * weight[:, _ANGLES].min(axis=2)[..., None]
    return np.concatenate(
        [
            _flat(places * weight[..., None]),
            scores,
            _flat(ways * seen),
            _flat(lengths * seen),
            _flat(angles),
        ],
        axis=1,
    )


def _kept(points: FloatArray) -> FloatArray:
    """The joints' places, those that are guesses put on the body's middle."""
    middle = points[:, [5, 6, 11, 12], :2].mean(axis=1, keepdims=True)
    kept: FloatArray = np.where(points[..., 2:] >= GUESSED, points[..., :2], middle)
    return kept


def _angles(places: FloatArray) -> FloatArray:
    """Cosine and sine of each joint's angle, float array (n, len(_ANGLES), 2); the sine is never negative."""
    first = places[:, _ANGLES[:, 0]] - places[:, _ANGLES[:, 1]]
    last = places[:, _ANGLES[:, 2]] - places[:, _ANGLES[:, 1]]
    length = np.maximum(np.hypot(first[..., 0], first[..., 1]) * np.hypot(last[..., 0], last[..., 1]), 1e-9)
    dot = (first * last).sum(axis=2) / length
    cross = (first[..., 0] * last[..., 1] - first[..., 1] * last[..., 0]) / length
    return np.stack([dot, np.abs(cross)], axis=2)


def _flat(array: npt.NDArray[Any]) -> FloatArray:
    flat: FloatArray = array.reshape(len(array), -1)
    return flat
