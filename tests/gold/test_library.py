from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gold.library import FOLDER, GoldAnnotation, GoldSet, gold_load, gold_read
from judging.pose import Joint, Lift, View


@pytest.mark.parametrize(
    ("lift", "views"),
    [
        (Lift.BENCH, {3: View.FRONT, 9: View.RIGHT, 10: View.LEFT}),
        (
            Lift.SQUAT,
            {1: View.FRONT, 12: View.LEFT, 24: View.RIGHT, 33: View.REAR, 53: View.FRONT, 56: View.RIGHT},
        ),
        (Lift.DEADLIFT, {6: View.RIGHT, 8: View.RIGHT, 37: View.LEFT, 88: View.LEFT, 98: View.FRONT}),
    ],
)
def test_the_sets_at_hand(lift: Lift, views: dict[int, View]) -> None:
    gold = gold_load(lift)
    assert gold.lift is lift
    assert len(gold.version) == 12
    assert {one.id: one.view for one in gold.annotations} == views
    assert all(f"gold_{lift}.json" in one.source for one in gold.annotations)


def test_keypoints_and_sizes_are_the_sources() -> None:
    first = gold_load(Lift.BENCH).annotations[0]
    assert (first.id, first.width, first.height) == (3, 612, 408)
    assert first.pose.points[Joint.LEFT_ELBOW].tolist() == [402.28, 184.41, 0.92]


@pytest.mark.parametrize("lift", Lift)
def test_a_set_holds_keypoints_and_no_photo_or_box(lift: Lift) -> None:
    data = json.loads((FOLDER / f"{lift}.json").read_text(encoding="utf-8"))
    assert "model score" in data["info"]["keypoints_third_value"]
    assert not any("bbox" in row for row in data["annotations"])
    assert not any("file_name" in image for image in data["images"])


def test_a_set_less_one_annotation() -> None:
    gold = gold_load(Lift.BENCH)
    less = gold.without(9)
    assert [one.id for one in less.annotations] == [3, 10]
    assert less.version != gold.version
    with pytest.raises(KeyError):
        less.without(9)
    with pytest.raises(ValueError, match="none"):
        less.without(3).without(10)


GOOD: dict[str, Any] = json.loads((FOLDER / "bench.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("annotations", 0, "keypoints"), [1, 2, 3], "annotation 3: 3 numbers and not 51"),
        (("annotations", 0, "keypoints", 2), 1.04, "annotation 3: a joint's score"),
        (("annotations", 0, "keypoints", 2), "x", "annotation 3: "),
        (("annotations", 0, "view"), "above", "annotation 3: 'above'"),
        (("annotations", 0, "image_id"), 99, "annotation 3: no image 99"),
        (("annotations", 0, "id"), 9, "an id comes twice"),
        (("annotations", 0, "source"), "", "annotation 3 names no source"),
        (("annotations",), [], "annotations: none"),
        (("images", 0, "width"), 0, "annotation 3: a photo of 0 x 408 px"),
        (("info", "lift"), "curl", "'curl'"),
        (("info",), {}, "'lift' is missing"),
        (("categories", 0, "keypoints", 5), "right_shoulder", "17 keypoints of COCO"),
    ],
)
def test_a_wrong_set_is_refused_by_file_and_entry(
    tmp_path: Path, path: tuple[str | int, ...], value: object, message: str
) -> None:
    data = json.loads(json.dumps(GOOD))
    table = data
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value
    file = tmp_path / "bench.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^bench\.json: ") as refused:
        gold_read(file)
    assert message in str(refused.value)


def test_a_file_that_is_no_json(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    file.write_text("[", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^bench\.json: "):
        gold_read(file)


def test_annotations_of_another_lift() -> None:
    squat: GoldAnnotation = gold_load(Lift.SQUAT).annotations[0]
    with pytest.raises(ValueError, match="not all of the bench"):
        GoldSet(Lift.BENCH, "v", (squat,))
