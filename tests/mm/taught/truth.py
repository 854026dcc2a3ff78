"""The labelled people of the photos: the hand-labelled ones of ``people`` and the lifters of ``gold2022``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from judging.pose import FloatArray, Joint

# The gold photos' boxes are wrong: theirs is the box of their joints, wider by this part of its longer side.
GOLD_MARGIN: Final = 0.08


@dataclass(frozen=True, slots=True)
class Person:
    """photo: path under the data folder. size: its width, height px. box: x0, y0, x1, y1 px, within the photo. joints:
    float array (17, 3): x px, y px, 1 where labelled, else 0; all 0 for people of whom the box alone is labelled."""

    photo: str
    size: tuple[int, int]
    box: tuple[float, float, float, float]
    joints: FloatArray

    @property
    def is_gold(self) -> bool:
        return self.photo.startswith("gold2022/")

    @property
    def labelled(self) -> bool:
        return bool(self.joints[:, 2].any())

    @property
    def side_px(self) -> float:
        """The larger side of the box, by which PCK measures."""
        x0, y0, x1, y1 = self.box
        return max(x1 - x0, y1 - y0)


def people(data: Path) -> list[Person]:
    """Everybody, in an order that does not change."""
    found = _people_of(data, data / "people" / "test_coco.json")
    for path in sorted((data / "gold2022").glob("*/gold_*.json")):
        found += _people_of(data, path)
    return found


def _people_of(data: Path, path: Path) -> list[Person]:
    truth = json.loads(path.read_text(encoding="utf-8"))
    images = {image["id"]: image for image in truth["images"]}
    found = []
    for one in truth["annotations"]:
        image = images[one["image_id"]]
        width, height = size = (int(image["width"]), int(image["height"]))
        joints = np.array(one["keypoints"], dtype=np.float64).reshape(len(Joint), 3)
        # The gold photos' third value is a model's score. What lies beyond the photo nobody can see in it.
        inside = (joints[:, :2] >= 0).all(axis=1) & (joints[:, :2] < size).all(axis=1)
        joints[:, 2] = (joints[:, 2] > 0) & inside
        x, y, w, h = one["bbox"]
        corners = np.array([x, y, x + w, y + h], dtype=np.float64)
        photo = (path.parent / image["file_name"]).relative_to(data).as_posix()
        if photo.startswith("gold2022/"):
            seen = joints[joints[:, 2] > 0, :2]
            low, high = seen.min(axis=0), seen.max(axis=0)
            margin = GOLD_MARGIN * float((high - low).max())
            corners = np.concatenate([low - margin, high + margin])
        x0, y0, x1, y1 = corners.clip(0, [width - 1, height - 1] * 2).tolist()
        found.append(Person(photo, size, (x0, y0, x1, y1), joints))
    return found


def coco_of(some: list[Person]) -> dict[str, Any]:
    """COCO's own JSON of these people, as the packages' data sets read it."""
    photos = {person.photo: person.size for person in some}
    number = {photo: index for index, photo in enumerate(photos, start=1)}
    images = [
        {"id": number[photo], "file_name": photo, "width": width, "height": height}
        for photo, (width, height) in photos.items()
    ]
    return {"images": images, "annotations": [_annotation(*item, number) for item in enumerate(some, start=1)]} | {
        "categories": [{"id": 1, "name": "person", "keypoints": [joint.name.lower() for joint in Joint]}]
    }


def _annotation(index: int, person: Person, number: dict[str, int]) -> dict[str, Any]:
    x0, y0, x1, y1 = person.box
    return {
        "id": index,
        "image_id": number[person.photo],
        "category_id": 1,
        "iscrowd": 0,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": (x1 - x0) * (y1 - y0),
        "num_keypoints": int(person.joints[:, 2].sum()),
        "keypoints": (person.joints * (1, 1, 2)).flatten().tolist(),
    }
