"""The same weights and boxes give the joints and boxes that mmpose's and mmdet's own pipelines give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmdet.apis import inference_detector
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import DefaultScope, init_default_scope
from mmpose.structures.bbox import bbox_xywh2xyxy

from inference.engines.crops import UPRIGHT, crops_cut, look_at, turned_back, turned_points
from inference.engines.mm_detector import MOST_PEOPLE, Detector
from inference.engines.mm_pose import FLIP_INDEX, PoseModel
from tests.mm.conftest import DATA
from tests.mm.models import random_detector, random_pose, rgb_of, several_people

CPU = torch.device("cpu")


@pytest.fixture(scope="module", params=["vitpose-s", "vitpose-b"])
def pose(request: pytest.FixtureRequest) -> tuple[Any, dict[str, Any]]:
    return random_pose(request.param)


def people() -> list[tuple[Path, tuple[float, float, float, float]]]:
    """The labelled people of the photos with several: path and box."""
    truth = json.loads((DATA / "people" / "test_coco.json").read_text())
    files = {image["id"]: image["file_name"] for image in truth["images"]}
    return [
        (DATA / "people" / files[one["image_id"]], tuple(bbox_xywh2xyxy(np.array([one["bbox"]], dtype=float))[0]))
        for one in truth["annotations"]
        if one["num_keypoints"]
    ]


def theirs(model: Any, config: dict[str, Any], views: list[tuple[Any, Any]], *, flips: bool) -> list[tuple[Any, Any]]:
    """mmpose's own pipeline and test_step on photos and boxes, as one batch."""
    with DefaultScope.overwrite_default_scope("mmpose"):
        steps = Compose(Config(config).val_dataloader.dataset.pipeline[1:])
        batch = [
            steps(
                {
                    "img": np.ascontiguousarray(rgb[:, :, ::-1]),
                    "bbox": np.array([box], dtype=np.float32),
                    "bbox_score": np.ones(1, dtype=np.float32),
                    "flip_indices": FLIP_INDEX,
                }
            )
            for rgb, box in views
        ]
        model.test_cfg = {**config["model"]["test_cfg"], "flip_test": flips}
        with torch.no_grad():
            samples = model.test_step(pseudo_collate(batch))
    return [(one.pred_instances.keypoints[0], one.pred_instances.keypoint_scores[0]) for one in samples]


@pytest.mark.parametrize("flips", [False, True], ids=["straight", "flips"])
@pytest.mark.parametrize("turns", [0, 1, 3])
def test_joints_are_mmposes(pose: tuple[Any, dict[str, Any]], flips: bool, turns: int) -> None:
    """Turned crops against a turned photo: theirs looks at the photo turned as a whole.

    Both see all people as one batch: torch's sums round otherwise for a batch of one, and where a random network's
    heatmap is flat, DARK makes more than 0.05 px of that, in mmpose itself too.
    """
    model, config = pose
    ours = PoseModel(model, config, "random", device=CPU, dtype=torch.float32, flips=flips)
    looks, crops, views = [], [], []
    for path, box in people():
        rgb = rgb_of(path)
        height, width = rgb.shape[:2]
        looks.append(look_at(box, turns, (width, height), ours.crop_size))
        crops.append(crops_cut(rgb, looks[-1:], ours.crop_size)[0])
        corners = turned_points(np.array([box[:2], box[2:]]), turns, width, height)
        views.append((np.rot90(rgb, -turns), [*corners.min(axis=0), *corners.max(axis=0)]))
    with torch.inference_mode():
        seen = ours.joints(np.stack(crops))
    for index, (places, scores) in enumerate(theirs(model, config, views, flips=flips)):
        assert (scores > 0).all()
        expected = turned_back(np.asarray(places, dtype=np.float64), turns, *looks[index].photo_size)
        np.testing.assert_allclose(looks[index].back(seen.places[index]), expected, rtol=0, atol=0.05)
        np.testing.assert_allclose(seen.scores[index], scores, rtol=0, atol=1e-5)


def test_a_batch_gives_what_each_alone_gives(pose: tuple[Any, dict[str, Any]]) -> None:
    model, config = pose
    ours = PoseModel(model, config, "random", device=CPU, dtype=torch.float32)
    crops = []
    for path, box in people()[:6]:
        rgb = rgb_of(path)
        look = look_at(box, UPRIGHT[0], (rgb.shape[1], rgb.shape[0]), ours.crop_size)
        crops.append(crops_cut(rgb, [look], ours.crop_size)[0])
    with torch.inference_mode():
        together = ours.forward(torch.from_numpy(np.stack(crops)))
        alone = torch.cat([ours.forward(torch.from_numpy(crop[None])) for crop in crops])
    # Straight crops first, then their flips.
    straight, mirrored = alone[0::2], alone[1::2]
    np.testing.assert_allclose(together, torch.cat([straight, mirrored]), rtol=0, atol=1e-5)


@pytest.fixture(scope="module")
def detector() -> Iterator[tuple[Any, dict[str, Any]]]:
    yield random_detector()
    init_default_scope("mmpose")


def test_boxes_are_mmdets(detector: tuple[Any, dict[str, Any]]) -> None:
    model, config = detector
    ours = Detector(model, config, "random", device=CPU, dtype=torch.float32)
    photos = [rgb_of(path) for path in several_people()]
    with torch.inference_mode():
        found = ours.boxes(photos)
    model.cfg = Config(config)
    for photo, boxes in zip(photos, found, strict=True):
        with DefaultScope.overwrite_default_scope("mmdet"):
            theirs = inference_detector(model, np.ascontiguousarray(photo[:, :, ::-1])).pred_instances
        keep = theirs.scores >= 0.3
        assert keep.any()
        assert keep.sum() <= MOST_PEOPLE
        # mmdet lets boxes reach into the padding under or beside the photo; ours end where the photo does.
        height, width = photo.shape[:2]
        expected = theirs.bboxes[keep].numpy().clip(0, (width, height, width, height))
        np.testing.assert_allclose(boxes[:, :4], expected, atol=0.5)


def test_compiled_it_sees_the_same() -> None:
    model, config = random_pose("vitpose-s")
    crops = np.random.default_rng(0).integers(0, 255, (3, 256, 192, 3), dtype=np.uint8)
    plain, compiled = (
        PoseModel(model, config, "random", device=CPU, dtype=torch.float32, compiled=compiled)
        for compiled in (False, True)
    )
    with torch.inference_mode():
        expected = plain.forward(torch.from_numpy(crops))
        np.testing.assert_allclose(compiled.forward(torch.from_numpy(crops)), expected, rtol=0, atol=1e-4)
