"""RTMDet through mmdet: a batch of photos -> the boxes of the people in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import cv2
import numpy as np
import torch

from inference.engines.mm_models import need
from inference.images import RgbArray
from inference.weights import WeightsError
from judging.pose import FloatArray

# A box under this score is no person (mmpose's own bbox_thr for its inferencer, mmpose 1.3.2).
PERSON_SCORE: Final = 0.3
# COCO's class "person"; the detectors of people alone have no other.
PERSON_CLASS: Final = 0
# More people than this are an audience: the smallest are left out.
MOST_PEOPLE: Final = 30
PAD_VALUE: Final = 114


class Detector:
    """mmdet's one-stage detector with its own test pipeline's numbers, fed by a batch."""

    def __init__(self, model: Any, config: Mapping[str, Any], name: str, *, device: Any, dtype: Any) -> None:
        self._model = model.to(device=device, dtype=dtype).to(memory_format=torch.channels_last)
        self._device, self._dtype = device, dtype
        self._side = test_side(config, name)
        numbers = need(need(config, "model", name), "data_preprocessor", name)
        to_rgb = bool(numbers.get("bgr_to_rgb"))
        # The config's means stand in the order of what the model sees; photos come as RGB.
        self._channels = [0, 1, 2] if to_rgb else [2, 1, 0]
        self._mean, self._std = (
            torch.tensor(need(numbers, key, name), dtype=torch.float32, device=device).view(1, 3, 1, 1)
            for key in ("mean", "std")
        )

    def boxes(self, photos: Sequence[RgbArray]) -> list[FloatArray]:
        """Per photo a float array (n, 5): x0, y0, x1, y1 in px, score; the likeliest first.

        Raises ValueError for scores that are no numbers: they would look like a photo of nobody.
        """
        squares, factors = zip(*(letterbox(photo, self._side) for photo in photos), strict=True)
        features = self.forward(torch.from_numpy(np.stack(squares)))
        metas = [
            {
                "ori_shape": photo.shape[:2],
                "img_shape": (self._side, self._side),
                "pad_shape": (self._side, self._side),
                "scale_factor": factor,
            }
            for photo, factor in zip(photos, factors, strict=True)
        ]
        scores, distances = ([level.float() for level in part] for part in features)
        if not all(bool(torch.isfinite(level).all()) for level in scores):
            raise ValueError("the scores are no numbers: ENGINE_DTYPE may be too small for these weights")
        found = self._model.bbox_head.predict_by_feat(scores, distances, batch_img_metas=metas, rescale=True)
        return [_people(one, photo) for one, photo in zip(found, photos, strict=True)]

    def forward(self, squares: Any) -> Any:
        """uint8 tensor (n, side, side, 3), RGB -> the head's raw scores and distances, one tensor a level."""
        images = squares.to(self._device, non_blocking=True).permute(0, 3, 1, 2)[:, self._channels].float()
        images = ((images - self._mean) / self._std).to(self._dtype).contiguous(memory_format=torch.channels_last)
        return self.raw(images)

    def raw(self, images: Any) -> Any:
        """The model alone, on what it wants to see."""
        return self._model.bbox_head(self._model.extract_feat(images))


def test_side(config: Mapping[str, Any], name: str) -> int:
    """The side of the square that the config's test pipeline pads a photo to, px. Raises WeightsError without one."""
    for step in need(config, "test_pipeline", name):
        if step.get("type") == "Pad" and "size" in step:
            return int(max(step["size"]))
    for step in config["test_pipeline"]:
        if step.get("type") == "Resize" and "scale" in step:
            return int(max(step["scale"]))
    raise WeightsError(f"The config of {name} names no size in its test_pipeline: neither Pad nor Resize has one.")


def letterbox(photo: RgbArray, side: int) -> tuple[RgbArray, tuple[float, float]]:
    """The photo made to fit into the square's upper left corner; and by what width and height were multiplied."""
    height, width = photo.shape[:2]
    scale = min(side / width, side / height)
    size = (max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5)))
    square = np.full((side, side, 3), PAD_VALUE, dtype=np.uint8)
    square[: size[1], : size[0]] = cv2.resize(photo, size, interpolation=cv2.INTER_LINEAR)
    return square, (size[0] / width, size[1] / height)


def _people(found: Any, photo: RgbArray) -> FloatArray:
    keep = (found.labels == PERSON_CLASS) & (found.scores >= PERSON_SCORE)
    rows = torch.cat([found.bboxes[keep], found.scores[keep, None]], dim=1).double().cpu().numpy()
    height, width = photo.shape[:2]
    rows[:, [0, 2]] = rows[:, [0, 2]].clip(0, width)
    rows[:, [1, 3]] = rows[:, [1, 3]].clip(0, height)
    extent = rows[:, 2:4] - rows[:, :2]
    # A box of no extent would make a crop of nothing.
    rows = rows[(extent >= 1).all(axis=1)]
    if len(rows) > MOST_PEOPLE:
        largest = np.argsort(-(rows[:, 2:4] - rows[:, :2]).prod(axis=1))[:MOST_PEOPLE]
        rows = rows[np.sort(largest)]
    return np.asarray(rows, dtype=np.float64)
