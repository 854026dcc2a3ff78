"""The gold sets: lifts done right, as COCO keypoints, each with its view and its source."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from judging.pose import JOINT_COUNT, Joint, Lift, Pose, View

FOLDER: Final = Path(__file__).parent / "sets"
JOINT_NAMES: Final = [joint.name.lower() for joint in Joint]


@dataclass(frozen=True, slots=True)
class GoldAnnotation:
    """One lift done right.

    view: where the camera stands, seen from the lifter. pose: px of the photo it was drawn on; its scores are the
    drawing model's. width, height: of that photo, px. source: where the keypoints come from.

    Raises ValueError when a size is not positive or the source is missing.
    """

    id: int
    lift: Lift
    view: View
    pose: Pose
    width: int
    height: int
    source: str

    def __post_init__(self) -> None:
        if not (self.width > 0 and self.height > 0):
            raise ValueError(f"annotation {self.id}: a photo of {self.width} x {self.height} px")
        if not self.source:
            raise ValueError(f"annotation {self.id} names no source")


@dataclass(frozen=True, slots=True)
class GoldSet:
    """All gold annotations of one lift.

    version: the first 12 hex digits of the file's SHA-256, so that a vote names the exact set.

    Raises ValueError when it is empty, an id comes twice, or an annotation is of another lift.
    """

    lift: Lift
    version: str
    annotations: tuple[GoldAnnotation, ...]

    def __post_init__(self) -> None:
        ids = [annotation.id for annotation in self.annotations]
        if not ids:
            raise ValueError("annotations: none")
        if len(set(ids)) != len(ids):
            raise ValueError("annotations: an id comes twice")
        if any(annotation.lift is not self.lift for annotation in self.annotations):
            raise ValueError(f"annotations: not all of the {self.lift}")

    def without(self, annotation_id: int) -> GoldSet:
        """The set less one annotation. Raises ValueError when it was the last one, KeyError when it is not there."""
        if all(annotation.id != annotation_id for annotation in self.annotations):
            raise KeyError(annotation_id)
        left = tuple(annotation for annotation in self.annotations if annotation.id != annotation_id)
        return GoldSet(self.lift, f"{self.version}-{annotation_id}", left)


@cache
def gold_load(lift: Lift) -> GoldSet:
    """The gold set of a lift. Raises ValueError naming the file and what is wrong in it."""
    return gold_read(FOLDER / f"{lift}.json")


def gold_read(path: Path) -> GoldSet:
    """A gold set from its file. Raises ValueError naming the file and what is wrong in it."""
    raw = path.read_bytes()
    try:
        data = json.loads(raw)
        return _parse(data, hashlib.sha256(raw).hexdigest()[:12])
    except KeyError as missing:
        raise ValueError(f"{path.name}: {missing} is missing") from missing
    except (ValueError, TypeError) as wrong:
        raise ValueError(f"{path.name}: {wrong}") from wrong


def _parse(data: Mapping[str, Any], version: str) -> GoldSet:
    if data["categories"][0]["keypoints"] != JOINT_NAMES:
        raise ValueError("categories: not the 17 keypoints of COCO in their order")
    lift = Lift(data["info"]["lift"])
    images = {image["id"]: image for image in data["images"]}
    return GoldSet(lift, version, tuple(_annotation(lift, row, images) for row in data["annotations"]))


def _annotation(lift: Lift, row: Mapping[str, Any], images: Mapping[int, Mapping[str, Any]]) -> GoldAnnotation:
    name = f"annotation {row['id']}"
    if row["image_id"] not in images:
        raise ValueError(f"{name}: no image {row['image_id']}")
    numbers = row["keypoints"]
    if len(numbers) != JOINT_COUNT * 3:
        raise ValueError(f"{name}: {len(numbers)} numbers and not {JOINT_COUNT * 3}")
    image = images[row["image_id"]]
    try:
        pose = Pose(np.array(numbers, dtype=np.float64).reshape(JOINT_COUNT, 3))
        view = View(row["view"])
    except ValueError as wrong:
        raise ValueError(f"{name}: {wrong}") from wrong
    return GoldAnnotation(row["id"], lift, view, pose, image["width"], image["height"], row["source"])
