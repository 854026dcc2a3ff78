"""From a person's box to the picture a top-down pose model looks at, and exactly back.

The affine map is UDP's ("The Devil is in the Details", CVPR 2020, arXiv 1911.07524): the middles of the corner pixels
of crop and box fall on each other, so the map back is its inverse and adds no error. A person who lies is looked at in
a photo turned by a quarter: turning whole pixels loses nothing, and along the body the crop then has 256 px instead of
192.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from inference.images import RgbArray
from judging.pose import FloatArray

# Width and height of ViTPose's crop, px (its configs' input_size), and the room round the box (GetBBoxCenterScale).
CROP_SIZE: Final = (192, 256)
BOX_PADDING: Final = 1.25
# A box this much wider than high may hold a lying person, and is looked at upright and turned both ways.
LYING_ASPECT: Final = 1.2
# Quarter turns of the photo, clockwise.
UPRIGHT: Final = (0,)
ALL_TURNS: Final = (0, 1, 3)

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """One look at one person.

    box: x0, y0, x1, y1 in px of the upright photo. turns: quarters by which the photo is turned clockwise first.
    matrix: float array (2, 3), from px of the turned photo to px of the crop.
    """

    box: Box
    turns: int
    matrix: FloatArray
    photo_size: tuple[int, int]

    def back(self, points: FloatArray) -> FloatArray:
        """Points (n, 2) in px of the crop -> px of the upright photo."""
        inverse = np.linalg.inv(np.vstack([self.matrix, (0.0, 0.0, 1.0)]))
        turned = points @ inverse[:2, :2].T + inverse[:2, 2]
        return turned_back(turned, self.turns, *self.photo_size)


def looks_at(box: Box, photo_size: tuple[int, int], size: tuple[int, int] = CROP_SIZE) -> list[Look]:
    """The looks at one person of a photo of width x height px: one, or three when the box may hold somebody lying."""
    x0, y0, x1, y1 = box
    turns = ALL_TURNS if x1 - x0 > LYING_ASPECT * (y1 - y0) else UPRIGHT
    return [look_at(box, turn, photo_size, size) for turn in turns]


def look_at(box: Box, turns: int, photo_size: tuple[int, int], size: tuple[int, int] = CROP_SIZE) -> Look:
    """The look at the box with the photo turned clockwise by so many quarters."""
    corners = np.array([(box[0], box[1]), (box[2], box[3])], dtype=np.float64)
    turned = turned_points(corners, turns, *photo_size)
    return Look(box, turns, udp_matrix(turned.min(axis=0), turned.max(axis=0), size), photo_size)


def udp_matrix(low: FloatArray, high: FloatArray, size: tuple[int, int]) -> FloatArray:
    """The map (2, 3) from the photo to a crop of width x height px round the box between two corners (2,), padded by
    BOX_PADDING and made larger on one axis to the crop's own shape.

    Reckoned in float32 as the models' own pipeline does: a last bit here moves pixels of the crop.
    """
    single = np.float32
    (x0, y0), (x1, y1) = low.astype(single), high.astype(single)
    centre = np.array([x0 + x1, y0 + y1], dtype=single) * single(0.5)
    extent = np.maximum(np.array([x1 - x0, y1 - y0], dtype=single) * single(BOX_PADDING), single(1))
    aspect = single(size[0] / size[1])
    if extent[0] > extent[1] * aspect:
        extent[1] = extent[0] / aspect
    else:
        extent[0] = extent[1] * aspect
    scale = (np.array(size) - 1) / extent.astype(np.float64)
    offset = scale * (0.5 * extent.astype(np.float64) - centre)
    return np.array([[scale[0], 0.0, offset[0]], [0.0, scale[1], offset[1]]], dtype=single).astype(np.float64)


def turned_points(points: FloatArray, turns: int, width: int, height: int) -> FloatArray:
    """Points (n, 2) of a photo of width x height px where ``turned`` puts them: middles of pixels on middles."""
    x, y = points[:, 0], points[:, 1]
    if turns == 1:
        return np.stack([height - 1 - y, x], axis=1)
    if turns == 3:
        return np.stack([y, width - 1 - x], axis=1)
    return points


def turned_back(points: FloatArray, turns: int, width: int, height: int) -> FloatArray:
    """The inverse of ``turned_points``; width, height: of the photo before it was turned."""
    x, y = points[:, 0], points[:, 1]
    if turns == 1:
        return np.stack([y, height - 1 - x], axis=1)
    if turns == 3:
        return np.stack([width - 1 - y, x], axis=1)
    return points


def crops_cut(rgb: RgbArray, looks: Sequence[Look], size: tuple[int, int] = CROP_SIZE) -> npt.NDArray[np.uint8]:
    """The crops of one photo, uint8 array (n, height, width, 3); what lies beyond the photo is black.

    The photo is turned once for all looks of the same turn.
    """
    crops = np.empty((len(looks), size[1], size[0], 3), dtype=np.uint8)
    photos: dict[int, Any] = {}
    for crop, look in zip(crops, looks, strict=True):
        if look.turns not in photos:
            photos[look.turns] = np.ascontiguousarray(np.rot90(rgb, -look.turns))
        cv2.warpAffine(photos[look.turns], look.matrix, size, dst=crop, flags=cv2.INTER_LINEAR)
    return crops
