"""The real photos, where they are: found, told apart, and nothing claimed that a photo cannot show."""

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.assessment import Assessment
from inference.engines.base import Shot
from inference.engines.mediapipe import MediaPipeEngine
from inference.images import Limits, photo_decode
from inference.lifter import lifter_choose
from inference.pipeline import Pipeline
from judging.outcomes import Outcome
from judging.pose import Lift, Pose

DATA = Path(os.environ.get("LIFT_DATA", Path(__file__).parents[3] / "shared" / "data"))
FOLDER = DATA / "lifts"
LABELLED = DATA / "people" / "test_coco.json"

pytestmark = [
    pytest.mark.photos,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no photos at {FOLDER}; set LIFT_DATA"),
]


@pytest.fixture(scope="module")
def mediapipe() -> MediaPipeEngine:
    return MediaPipeEngine()


def people_of(engine: MediaPipeEngine, rgb: np.ndarray) -> list[Pose]:
    (people,) = engine.people([Shot(rgb, "")])
    assert isinstance(people, list), people
    return people


def pixels(path: Path) -> np.ndarray:
    return photo_decode(path.read_bytes(), Limits()).rgb


def labelled() -> Iterator[tuple[Path, np.ndarray, tuple[int, ...]]]:
    """Photo, joints (17, 3) with COCO's visibility, and box (x0, y0, x1, y1) of everybody with labelled joints."""
    data = json.loads(LABELLED.read_text())
    names = {image["id"]: image["file_name"] for image in data["images"]}
    for row in data["annotations"]:
        if row["num_keypoints"]:
            x, y, width, height = row["bbox"]
            box = (int(x), int(y), int(x + width), int(y + height))
            yield LABELLED.parent / names[row["image_id"]], np.array(row["keypoints"]).reshape(17, 3), box


def off(pose: Pose, joints: np.ndarray) -> float:
    """Median distance of the labelled joints, as a part of the labelled body's size."""
    known = joints[:, 2] > 0
    size = np.hypot(*np.ptp(joints[known, :2], axis=0))
    return float(np.median(np.hypot(*(pose.points[known, :2] - joints[known, :2]).T)) / size)


@pytest.mark.skipif(not LABELLED.is_file(), reason=f"no labelled people at {LABELLED}")
def test_several_people_are_found_and_nobody_else(mediapipe: MediaPipeEngine) -> None:
    people = {path: people_of(mediapipe, pixels(path)) for path in {path for path, _, _ in labelled()}}
    found = [min(off(pose, joints) for pose in people[path]) < 0.2 for path, joints, _ in labelled()]
    assert len(found) == 12
    assert sum(found) >= 11
    assert sum(map(len, people.values())) == sum(found)


@pytest.mark.skipif(not LABELLED.is_file(), reason=f"no labelled people at {LABELLED}")
def test_a_bystander_beside_the_lifter_is_not_taken_for_the_lifter(mediapipe: MediaPipeEngine) -> None:
    """Real bystanders set into the picture at the left or the right of every fifth lifter."""
    with (FOLDER / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["lift"] in set(Lift)][::5]
    others = [pixels(path)[box[1] : box[3], box[0] : box[2]] for path, joints, box in labelled() if joints[:, 2].all()]
    said = []
    for number, row in enumerate(rows):
        rgb = pixels(FOLDER / "photos" / row["file"])
        (lifter,) = people_of(mediapipe, rgb)
        other = others[number % len(others)]
        tall = round(0.75 * rgb.shape[0])
        other = cv2.resize(other, (round(other.shape[1] * tall / other.shape[0]), tall))
        panel = np.full((rgb.shape[0], other.shape[1], 3), 128, np.uint8)
        panel[-tall:] = other
        left = number % 2 == 0
        people = people_of(mediapipe, np.hstack([panel, rgb] if left else [rgb, panel]))
        choice = lifter_choose(people, rgb.shape[1] + panel.shape[1], rgb.shape[0], lift=Lift(row["lift"]))
        said.append("asked" if choice.unsure else "nobody" if choice.pose is None else "right")
        if choice.pose:
            gap = choice.pose.points[:, :2] - lifter.points[:, :2] - (panel.shape[1] * left, 0)
            if np.median(np.hypot(*gap.T)) > 0.1 * rgb.shape[0]:
                said[-1] = f"wrong: {row['file']}"
    assert len(said) == 11
    assert said.count("right") >= 9
    assert said.count("right") + said.count("asked") == 11


@pytest.fixture(scope="module")
def assessed() -> list[tuple[dict[str, str], Assessment]]:
    line = Pipeline("mediapipe")
    with (FOLDER / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (
            row,
            line.assess(
                (FOLDER / "photos" / row["file"]).read_bytes(),
                lift=None,
                phase=None,
                view=None,
                rulebook="ipf-2026-v3",
            ),
        )
        for row in rows
    ]


def test_the_lifter_is_found_and_the_lift_is_right(assessed: list[tuple[dict[str, str], Assessment]]) -> None:
    lifts = [(row, seen) for row, seen in assessed if row["lift"] != "other"]
    found = [(row, seen) for row, seen in lifts if seen.pose]
    right = [row for row, seen in found if seen.lift.lift == row["lift"]]
    assert len(found) >= 0.95 * len(lifts)
    assert len(right) >= 0.90 * len(found)


def test_no_photo_whose_moment_nobody_stated_is_called_a_breach(
    assessed: list[tuple[dict[str, str], Assessment]],
) -> None:
    breaches = [row["file"] for row, seen in assessed for f in seen.findings if f.outcome is Outcome.BREACH]
    assert breaches == []
