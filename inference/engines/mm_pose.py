"""ViTPose through mmpose: all crops of all photos, and their flips, in one tensor -> joints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from inference.engines.heatmaps import joints_decode
from inference.engines.mm_models import need
from inference.weights import WeightsError
from judging.pose import FloatArray, Joint

# The joint that each joint becomes in a mirror.
FLIP_INDEX: Final = [
    Joint[
        joint.name.replace("LEFT", "RIGHT") if joint.name.startswith("LEFT") else joint.name.replace("RIGHT", "LEFT")
    ].value
    for joint in Joint
]


@dataclass(frozen=True, slots=True)
class CropJoints:
    """What the model sees in n crops: places (n, 17, 2) px of the crop, scores (n, 17) raw maxima of the heatmaps,
    flip_px (n, 17): how far crop and mirrored crop lie from each other; zeros without flips."""

    places: FloatArray
    scores: FloatArray
    flip_px: FloatArray


class PoseModel:
    """mmpose's top-down heatmap model with its config's own numbers, fed by a batch."""

    def __init__(
        self,
        model: Any,
        config: Mapping[str, Any],
        name: str,
        *,
        device: Any,
        dtype: Any,
        flips: bool = True,
        compiled: bool = False,
    ) -> None:
        self._model = model.to(device=device, dtype=dtype).to(memory_format=torch.channels_last)
        self._device, self._dtype, self._flips = device, dtype, flips
        self.crop_size = crop_size(config, name)
        numbers = need(need(config, "model", name), "data_preprocessor", name)
        self._channels = [0, 1, 2] if numbers.get("bgr_to_rgb") else [2, 1, 0]
        self._mean, self._std = (
            torch.tensor(need(numbers, key, name), dtype=torch.float32, device=device).view(1, 3, 1, 1)
            for key in ("mean", "std")
        )
        self._heatmaps = self._compiled() if compiled else self._run

    def _compiled(self) -> Any:
        """The model as one program. It is compiled here, at the engine's birth: not on the first photo's time."""
        for part in self._model.modules():
            if hasattr(part, "drop_prob"):
                # mmpretrain keeps a number of numpy's, which the compiler takes for an input of its own.
                part.drop_prob = float(part.drop_prob)
        run = torch.compile(self._run, dynamic=True)
        width, height = self.crop_size
        with torch.inference_mode():
            for crops in (2, 4):
                images = torch.zeros(crops, 3, height, width, device=self._device, dtype=self._dtype)
                run(images.contiguous(memory_format=torch.channels_last))
        return run

    def joints(self, crops: npt.NDArray[np.uint8]) -> CropJoints:
        """crops: uint8 array (n, height, width, 3), RGB. Raises ValueError for heatmaps that are no numbers."""
        heatmaps = self.forward(torch.from_numpy(crops))
        n = len(crops)
        straight, mirrored = heatmaps[:n], heatmaps[n:].flip(-1)[:, FLIP_INDEX]
        if not self._flips:
            places, scores = self._decoded(straight)
            return CropJoints(places, scores, np.zeros(scores.shape))
        every = torch.cat([(straight + mirrored) * 0.5, straight, mirrored])
        places, scores = self._decoded(every)
        apart = np.linalg.norm(places[n : 2 * n] - places[2 * n :], axis=-1)
        return CropJoints(places[:n], scores[:n], apart)

    def _decoded(self, heatmaps: Any) -> tuple[FloatArray, FloatArray]:
        places, scores = joints_decode(heatmaps.cpu().numpy(), self.crop_size)
        if not np.isfinite(scores).all():
            raise ValueError("the heatmaps are no numbers: ENGINE_DTYPE may be too small for these weights")
        return places, scores

    def forward(self, crops: Any) -> Any:
        """uint8 tensor (n, height, width, 3), RGB -> float32 heatmaps (n or, with the flips behind, 2 n, 17, h, w)."""
        images = crops.to(self._device, non_blocking=True).permute(0, 3, 1, 2)[:, self._channels].float()
        images = ((images - self._mean) / self._std).to(self._dtype)
        if self._flips:
            images = torch.cat([images, images.flip(-1)])
        return self._heatmaps(images.contiguous(memory_format=torch.channels_last)).float()

    def _run(self, images: Any) -> Any:
        return self._model.head(self._model.extract_feat(images))


def crop_size(config: Mapping[str, Any], name: str) -> tuple[int, int]:
    """Width, height of the crop. Raises WeightsError for a model whose heatmaps are not decoded as UDP's Gaussians."""
    decoder = need(need(need(config, "model", name), "head", f"{name}: model"), "decoder", f"{name}: model.head")
    kind = (decoder.get("type"), decoder.get("heatmap_type", "gaussian"), decoder.get("blur_kernel_size", 11))
    if kind != ("UDPHeatmap", "gaussian", 11):
        raise WeightsError(f"{name} is decoded by {kind[0]} ({kind[1]}); only UDPHeatmap with Gaussians is read here.")
    width, height = need(decoder, "input_size", f"{name}: model.head.decoder")
    return int(width), int(height)
