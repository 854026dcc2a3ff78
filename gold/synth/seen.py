"""What a photo shows of the people and plates in its scene, read from what each pixel shows. Numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gold.synth.optics import Camera
from gold.synth.props import PLATE_RADIUS_M, Rim
from gold.truth import PlateTruth
from judging.pose import JOINT_COUNT, FloatArray

BoolArray = npt.NDArray[np.bool_]

# Nearer than this the lens sees nothing, m.
NEAR_M: Final = 0.2
# How far in front of a joint's centre the person's own skin may lie to be the skin of that joint, m: about the
# thickness there of a heavy lifter.
SKIN_M: Final = np.array([0.12] * 5 + [0.16] * 2 + [0.12] * 2 + [0.10] * 2 + [0.20] * 2 + [0.15] * 2 + [0.12] * 2)
# A joint is seen when this share of the pixels round it shows it.
SEEN_SHARE: Final = 0.5
# Label of everything that is not a person.
NOBODY: Final = 0
# A rim is looked at in so many places, a little inside its edge; something this much nearer hides it, m.
RIM_PLACES: Final = 360
RIM_INSIDE: Final = 0.985
RIM_HIDDEN_M: Final = 0.012


@dataclass(frozen=True, slots=True)
class Labels:
    """What each pixel shows. person: int array (height, width), 1 for the scene's first person, NOBODY elsewhere.
    depth: float array (height, width), m along the lens's axis."""

    person: npt.NDArray[np.int64]
    depth: FloatArray


def joints_seen(joints: FloatArray, number: int, labels: Labels, camera: Camera) -> BoolArray:
    """Which of a person's joints (17, 3) the photo shows: bool array (17,).

    number: the person's in the labels. A joint is seen when it falls inside the photo and what its pixels show is the
    same person's skin, no farther from the joint's centre than SKIN_M.
    """
    height, width = labels.person.shape
    seen = np.zeros(JOINT_COUNT, dtype=np.bool_)
    ahead = camera.depth(joints) > NEAR_M
    for joint in np.flatnonzero(ahead):
        x, y = (int(place) for place in np.floor(camera.project(joints[joint])))
        if not (0 <= x < width and 0 <= y < height):
            continue
        rows, columns = np.mgrid[max(0, y - 1) : min(height, y + 2), max(0, x - 1) : min(width, x + 2)]
        places = np.stack([columns, rows], axis=-1) + 0.5
        skin = camera.point(places, labels.depth[rows, columns])
        near = np.linalg.norm(skin - joints[joint], axis=-1) <= SKIN_M[joint]
        seen[joint] = ((labels.person[rows, columns] == number) & near).mean() >= SEEN_SHARE
    return seen


def plate_truth(rim: Rim, labels: Labels, camera: Camera) -> PlateTruth | None:
    """What the photo shows of a plate; None for one that is not wholly before the lens."""
    edge = rim.points(PLATE_RADIUS_M, RIM_PLACES)
    if not (camera.depth(edge) > NEAR_M).all():
        return None
    places = camera.project(edge)
    # The longest chord of an ellipse is its longer axis.
    apart = np.linalg.norm(places[:, None] - places[None, :], axis=-1)
    inner = rim.points(RIM_INSIDE * PLATE_RADIUS_M, RIM_PLACES)
    columns, rows = np.floor(camera.project(inner)).astype(np.int64).T
    height, width = labels.depth.shape
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    shown = labels.depth[rows[inside], columns[inside]] >= camera.depth(inner)[inside] - RIM_HIDDEN_M
    return PlateTruth(rim.side, camera.project(rim.centre), float(apart.max()), float(shown.sum()) / RIM_PLACES)
