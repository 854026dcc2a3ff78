"""A prepared data set as a network is taught it: every picture in its square, in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from inference.classify.pictures.manifest import ORIGINAL, Manifest, Picture, Split
from inference.finder.net import letterboxed
from inference.images import Limits, photo_decode

# One number for each colour.
Colours = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Lessons:
    """squares: uint8 (n, side, side, 3). labels: int64 (n,), places in the set's classes. original: bool (n,)."""

    squares: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    original: npt.NDArray[np.bool_]


def lessons_load(
    folder: Path,
    manifest: Manifest,
    split: Split,
    side_px: int,
    progress: Callable[[Iterable[Picture]], Iterable[Picture]] = iter,
) -> Lessons:
    """The pictures for this, each in its square. Raises ValueError for a file that is not the manifest's."""
    pictures = manifest.of(split)
    squares = np.empty((len(pictures), side_px, side_px, 3), dtype=np.uint8)
    for number, picture in enumerate(progress(pictures)):
        data = (folder / picture.file).read_bytes()
        if hashlib.sha256(data).hexdigest() != picture.sha256:
            raise ValueError(
                f"{folder / picture.file} is not the picture that the manifest lists: prepare the set anew"
            )
        squares[number] = letterboxed(photo_decode(data, Limits()).rgb, side_px)
    labels = [manifest.head.classes.index(picture.label) for picture in pictures]
    original = [picture.done == ORIGINAL for picture in pictures]
    return Lessons(squares, np.array(labels, dtype=np.int64), np.array(original, dtype=np.bool_))


def tone_of(squares: npt.NDArray[np.uint8]) -> tuple[Colours, Colours]:
    """Mean and standard deviation of each colour, from 0 to 1, over all pictures; no deviation is under 1/255."""
    counts = np.stack([np.bincount(squares[..., colour].ravel(), minlength=256) for colour in range(3)])
    shades = np.arange(256) / 255.0
    mean = counts @ shades / counts.sum(axis=1)
    variance = counts @ shades**2 / counts.sum(axis=1) - mean**2
    std = np.sqrt(np.maximum(variance, 255.0**-2))
    return tuple(mean.tolist()), tuple(std.tolist())
