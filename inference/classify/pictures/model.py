"""A trained network, read from its checkpoint and asked. Needs torch."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from inference.classify.pictures.manifest import CLASSES
from inference.classify.pictures.nets import NETS
from inference.classify.pictures.plans import LEAST_SIDE, MOST_SIDE, NET_NAMES
from inference.finder.net import letterboxed
from inference.images import RgbArray

# The one entry of a checkpoint's metadata: JSON with the fields of About.
METADATA: Final = "white_lights_picture_model"


class PictureModelError(ValueError):
    """The file is no checkpoint that may be used; the message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class About:
    """What a checkpoint says of itself.

    side_px: of the square that the network looks at. mean, std: of each colour from 0 to 1, over the pictures it was
    taught on. epoch: how many it was taught. validation_accuracy, 0-1: over all pictures to validate on;
    original_accuracy: over the unchanged ones of them, None where there are none. leaky: copies of one photo were on
    both sides.
    """

    architecture: str
    classes: tuple[str, ...]
    side_px: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    epoch: int
    seed: int
    recipe: str
    leaky: bool
    manifest_sha256: str
    validation_accuracy: float
    original_accuracy: float | None

    def __post_init__(self) -> None:
        if self.architecture not in NET_NAMES:
            raise ValueError(f"its architecture is {self.architecture!r}, none of {', '.join(NET_NAMES)}")
        if self.classes not in (CLASSES, CLASSES[:-1]):
            raise ValueError(f"its classes are {self.classes!r}")
        if not isinstance(self.side_px, int) or not LEAST_SIDE <= self.side_px <= MOST_SIDE:
            raise ValueError(f"its side is {self.side_px!r} px, not from {LEAST_SIDE} to {MOST_SIDE}")
        if not all(len(some) == 3 and all(map(math.isfinite, some)) for some in (self.mean, self.std)):
            raise ValueError("its normalisation is not three numbers each")
        if min(self.std) <= 0:
            raise ValueError("its normalisation divides by nothing")


class PictureModel:
    """A network and what it says of itself. Holds nothing else, so it may be shared."""

    def __init__(self, net: nn.Module, about: About, sha256: str) -> None:
        self._net = net.eval()
        self.about = about
        self.sha256 = sha256

    @property
    def name(self) -> str:
        return self.about.architecture

    def look(self, rgb: RgbArray) -> Mapping[str, float]:
        """class -> probability, adding up to 1. rgb: uint8 array (h, w, 3) of any size."""
        square = letterboxed(rgb, self.about.side_px)
        with torch.inference_mode():
            odds = self._net(toned(torch.from_numpy(square[None]), self.about.mean, self.about.std))
            shares = torch.softmax(odds[0].double(), dim=0)
        return dict(zip(self.about.classes, shares.tolist(), strict=True))


def toned(squares: torch.Tensor, mean: tuple[float, float, float], std: tuple[float, float, float]) -> torch.Tensor:
    """As the network takes them, (n, 3, side, side), of uint8 (n, side, side, 3)."""
    x = squares.permute(0, 3, 1, 2).float().div_(255.0)
    shape = (1, 3, 1, 1)
    return (x - x.new_tensor(mean).view(shape)).div_(x.new_tensor(std).view(shape))


def model_bytes(net: nn.Module, about: About) -> bytes:
    """The checkpoint's bytes; equal weights give equal bytes."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in net.state_dict().items()}
    return bytes(save(tensors, metadata={METADATA: json.dumps(asdict(about))}))


def picture_model_load(path: Path, sha256: str | None = None) -> PictureModel:
    """The checkpoint's network. Raises PictureModelError where its hash is not ``sha256`` or it is none of ours, and
    OSError where it cannot be read."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if sha256 is not None and digest != sha256.lower():
        raise PictureModelError(f"{path} has the SHA-256 {digest}, not {sha256}: it is not the file that was meant")
    try:
        tensors = load(data)
        about = _about(data)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"it does not state {error}" if isinstance(error, KeyError) else str(error)
        raise PictureModelError(f"{path} is no picture classifier: {why}") from error
    with torch.device("meta"):
        net = NETS[about.architecture](len(about.classes))
    if why := _unlike(net.state_dict(), tensors):
        raise PictureModelError(f"{path} is no {about.architecture} of {len(about.classes)} classes: {why}")
    net.load_state_dict(tensors, assign=True)
    return PictureModel(net, about, digest)


def _about(data: bytes) -> About:
    """From the file's header, which ``load`` found sound: its length, 8 bytes, then JSON."""
    header: Mapping[str, Any] = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    said = json.loads(header.get("__metadata__", {})[METADATA])
    return About(
        architecture=said["architecture"],
        classes=tuple(said["classes"]),
        side_px=said["side_px"],
        mean=tuple(map(float, said["mean"])),  # type: ignore[arg-type]  # About counts them
        std=tuple(map(float, said["std"])),  # type: ignore[arg-type]
        epoch=int(said["epoch"]),
        seed=int(said["seed"]),
        recipe=str(said["recipe"]),
        leaky=bool(said["leaky"]),
        manifest_sha256=str(said["manifest_sha256"]),
        validation_accuracy=float(said["validation_accuracy"]),
        original_accuracy=None if said["original_accuracy"] is None else float(said["original_accuracy"]),
    )


def _unlike(wanted: Mapping[str, torch.Tensor], given: Mapping[str, torch.Tensor]) -> str:
    """The first thing in which the tensors are not those of the network, "" for none."""
    for name in sorted(wanted.keys() | given.keys()):
        if name not in given:
            return f"it lacks {name}"
        if name not in wanted:
            return f"it has {name}, which the network has not"
        if given[name].shape != wanted[name].shape or given[name].dtype != wanted[name].dtype:
            shapes = [f"{tuple(one[name].shape)} {one[name].dtype}" for one in (given, wanted)]
            return f"{name} is {shapes[0]}, not {shapes[1]}"
        if not bool(torch.isfinite(given[name]).all()):
            return f"{name} holds what is no number"
    return ""
