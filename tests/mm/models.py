"""Models with random weights that still have something to say, built from the packages' own configs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from inference.engines.mm_detector import Detector, letterbox, test_side
from inference.engines.mm_models import config_of, model_empty
from inference.weights import ReadyWeights, weights_known
from tests.mm.conftest import DATA

# Places of the dullest photo that the random detector is to take for a person, before overlapping boxes are merged.
# With this and its seed it finds 1 to 30 people in each.
FOUND = 4


def published(name: str) -> ReadyWeights:
    """What the registry says of these weights, with no file behind it."""
    known = weights_known(None)[name]
    return ReadyWeights(name, known.kind, Path("none"), "0" * 64, "0" * 64, known.config)


def rgb_of(path: Path) -> Any:
    return np.ascontiguousarray(cv2.imread(str(path))[:, :, ::-1])


def several_people() -> list[Path]:
    """The photos with several people."""
    return sorted((DATA / "people").glob("*.jpg"))


def random_pose(name: str, seed: int = 1) -> tuple[Any, dict[str, Any]]:
    """The pose model of that name and its config. Its last layer is drawn wider than a fresh one's, whose heatmaps lie
    under the least value that the decoding tells apart."""
    config = config_of(published(name))
    torch.manual_seed(seed)
    model = model_empty(name, "pose", config)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, 0.05 if key.startswith("backbone") else 0.02)
        model.head.final_layer.weight.normal_(0, 0.05)
        model.head.final_layer.bias.fill_(0.2)
    return model.eval(), config


def random_detector(name: str = "rtmdet-m-person", seed: int = 6) -> tuple[Any, dict[str, Any]]:
    """The detector with random weights, made so that it does find something in the photos with several people.

    A fresh one answers the same at every place: through so many layers its signal dies. So its convolutions are drawn
    wider, its BatchNorms take the statistics of those photos, and the last layer the gain and bias that let FOUND
    places in the dullest photo score 0.3 or more.
    """
    config = config_of(published(name))
    torch.manual_seed(seed)
    model = model_empty(name, "detector", config)
    head = model.bbox_head
    with torch.no_grad():
        for part in model.modules():
            if isinstance(part, torch.nn.Conv2d):
                torch.nn.init.kaiming_normal_(part.weight)
            elif isinstance(part, torch.nn.BatchNorm2d):
                part.momentum = 1.0
        for layer in head.rtm_reg:
            layer.weight.normal_(0, 0.05)
            layer.bias.fill_(1.5)
        detector = Detector(model, config, name, device=torch.device("cpu"), dtype=torch.float32)
        side = test_side(config, name)
        squares = torch.from_numpy(np.stack([letterbox(rgb_of(path), side)[0] for path in several_people()]))
        model.train()
        detector.forward(squares)
        model.eval()
        levels, _ = detector.forward(squares)
        every = torch.cat([level.flatten(1) for level in levels], dim=1)
        gain = 2.0 / float(every.std())
        least = float(every.topk(FOUND, dim=1).values[:, -1].min())
        for layer in head.rtm_cls:
            # sigmoid(-0.83) is a little more than 0.3.
            layer.bias.copy_(gain * (layer.bias - least) - 0.83)
            layer.weight.mul_(gain)
    return model.eval(), config
