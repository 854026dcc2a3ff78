"""The finder's network in numpy, so that no worker needs torch for it: convolutions as matrix products.

A picture of SIDE x SIDE goes through stages that each halve it, the last one's mean is added back everywhere (who lifts
is seen from the whole scene), and what they saw is put together again at a quarter of the side: one map a part, whose
softmax is where that part is. ``inference/finder/train.py`` has the same network in torch; a test holds the two
together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load

from inference.finder.place import PARTS, LifterPlace
from inference.images import RgbArray

Array = npt.NDArray[np.float32]

WEIGHTS: Final = Path(__file__).with_name("finder.safetensors")
SIDE: Final = 192
# Every stage halves the picture: its channels, and how many residual blocks follow.
STAGES: Final = ((16, 0), (32, 1), (64, 1), (96, 1), (128, 2))
# The stages that are put together again, from the coarsest, and the channels they meet in.
MERGED: Final = (4, 3, 2, 1)
MEET: Final = 48
# A part lies in the middle of its map's peak, reckoned over so many places to each side.
PEAK: Final = 2
GREY: Final = 114
# The places of a 3 x 3 window, row by row.
_NINE: Final = tuple((row, column) for row in range(3) for column in range(3))


def finder_load(path: Path = WEIGHTS) -> Finder:
    """The shipped finder, read once. Raises ValueError naming the file when it is not this network's."""
    return _loaded(path)


@cache
def _loaded(path: Path) -> Finder:
    data = path.read_bytes()
    try:
        return Finder({name: array.astype(np.float32) for name, array in load(data).items()}, hashlib.sha256(data))
    except KeyError as missing:
        raise ValueError(f"{path.name} is no finder of this shape: it lacks {missing}") from missing
    except SafetensorError as broken:
        raise ValueError(f"{path.name} is no finder: {broken}") from broken


def finder_seeds(path: Path = WEIGHTS) -> str:
    """The generator's seeds that it was taught on, as the file names them."""
    with safe_open(path, "numpy") as file:
        return str((file.metadata() or {}).get("seeds", ""))


class Finder:
    """Weights of every convolution, ``name.weight`` (3 x 3 or 1 x 1: height, width, in, out) and ``name.bias``. Holds
    nothing else, so it may be shared."""

    def __init__(self, weights: Mapping[str, Array], digest: hashlib._Hash | None = None) -> None:
        self._weights = {name: (weights[f"{name}.weight"], weights[f"{name}.bias"]) for name in layer_names()}
        self.weights_sha256 = digest.hexdigest() if digest else ""

    def look(self, rgb: RgbArray) -> LifterPlace:
        """Where the lifter of this photo is, in its px."""
        height, width = rgb.shape[:2]
        scale = SIDE / max(width, height)
        maps, present = self.forward(picture(rgb))
        return LifterPlace(peaks(maps) / scale, float(1 / (1 + np.exp(-np.clip(present, -30.0, 30.0)))))

    def forward(self, x: Array) -> tuple[Array, float]:
        """Of a picture (SIDE, SIDE, 3) the maps before their softmax, (SIDE / 4, SIDE / 4, len(PARTS)), and the log
        odds that anybody lifts."""
        seen = []
        for stage, (_, blocks) in enumerate(STAGES):
            x = self._conv(x, f"stage{stage}", stride=2)
            for block in range(blocks):
                inner = self._conv(x, f"stage{stage}.{block}.a")
                x = np.maximum(x + self._conv(inner, f"stage{stage}.{block}.b", relu=False), 0)
            seen.append(x)
        whole = self._conv(x.mean(axis=(0, 1), keepdims=True), "whole")
        present = self._conv(whole, "present", relu=False)
        up = np.zeros((1, 1, MEET), dtype=np.float32)
        for stage in MERGED:
            side = self._conv(seen[stage] + whole if stage == MERGED[0] else seen[stage], f"side{stage}", relu=False)
            if stage != MERGED[0]:
                up = up.repeat(2, axis=0).repeat(2, axis=1)
            up = self._conv(side + up, f"merge{stage}")
        return self._conv(up, "maps", relu=False), float(present.ravel()[0])

    def _conv(self, x: Array, name: str, *, stride: int = 1, relu: bool = True) -> Array:
        weight, bias = self._weights[name]
        size, outside = weight.shape[0], weight.shape[-1]
        if size > 1:
            height, width = x.shape[:2]
            padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
            moved = [padded[row : row + height : stride, column : column + width : stride] for row, column in _NINE]
            x = np.concatenate(moved, axis=2)
        out: Array = x @ weight.reshape(-1, outside) + bias
        return np.maximum(out, 0) if relu else out


def layer_names() -> list[str]:
    """Every convolution's name, in the order in which they run."""
    names = []
    for stage, (_, blocks) in enumerate(STAGES):
        names.append(f"stage{stage}")
        names += [f"stage{stage}.{block}.{half}" for block in range(blocks) for half in "ab"]
    names += ["whole", "present"]
    for stage in MERGED:
        names += [f"side{stage}", f"merge{stage}"]
    return [*names, "maps"]


def picture(rgb: RgbArray) -> Array:
    """The photo within a grey square of SIDE, top left, each colour from -1 to 1."""
    return toned(letterboxed(rgb, SIDE))


def letterboxed(rgb: RgbArray, side: int) -> RgbArray:
    """The photo as large as a square of ``side`` px holds it, at its top left, the rest grey."""
    height, width = rgb.shape[:2]
    scale = side / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    out = np.full((side, side, 3), GREY, dtype=np.uint8)
    out[: size[1], : size[0]] = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX))
    return out


def toned(square: RgbArray) -> Array:
    return square.astype(np.float32) / np.float32(127.5) - np.float32(1)


def peaks(maps: Array) -> npt.NDArray[np.float64]:
    """Where each map's peak lies: float array (len(PARTS), 2), px of the picture."""
    side = maps.shape[0]
    shares = np.exp(maps.astype(np.float64) - maps.max(axis=(0, 1)))
    places = []
    for part in range(len(PARTS)):
        row, column = np.unravel_index(int(shares[:, :, part].argmax()), (side, side))
        rows = np.arange(max(0, int(row) - PEAK), min(side, int(row) + PEAK + 1))
        columns = np.arange(max(0, int(column) - PEAK), min(side, int(column) + PEAK + 1))
        here = shares[np.ix_(rows, columns)][:, :, part]
        here = here / here.sum()
        places.append((float(here.sum(axis=0) @ columns) + 0.5, float(here.sum(axis=1) @ rows) + 0.5))
    return np.array(places) * (SIDE / side)
