"""Heatmaps -> joints: UDP's decoding with DARK's refinement, for all joints of all crops at once.

DARK ("Distribution-Aware Coordinate Representation", CVPR 2020, arXiv 1910.06278) takes the heatmap for a Gaussian and
goes from its highest pixel to the summit by one Newton step on its logarithm. UDP's ViTPose does so on a heatmap
blurred by 11 x 11 px (mmpose, codecs/udp_heatmap.py), joint by joint; here one blur and one step serve all of them, in
the same arithmetic, because on a flat heatmap the step makes whole pixels out of a last bit.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from judging.pose import FloatArray

Maps = npt.NDArray[np.float32]

# blur_kernel_size of UDPHeatmap.
BLUR_PX: Final = 11
# The range in which the logarithm is taken.
LOG_RANGE: Final = (1e-3, 50.0)
# Added to the Hessian so that a flat heatmap does not divide by nothing.
FLAT: Final = float(np.finfo(np.float32).eps)
# Maps blurred in one go: about what a processor's second cache holds.
MAPS_AT_ONCE: Final = 128


def joints_decode(heatmaps: Maps, crop_size: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Joints, float64 array (n, joints, 2) in px of the crop, and scores (n, joints), the heatmaps' own maxima.

    heatmaps: float32 array (n, joints, h, w). crop_size: width, height of the crop, px. A heatmap without a positive
    value has its joint at (-1, -1) with score 0.
    """
    n, joints, height, width = heatmaps.shape
    maps = heatmaps.reshape(n * joints, height, width)
    index = maps.reshape(len(maps), height * width).argmax(axis=1)
    y, x = np.divmod(index, width)
    scores = maps[np.arange(len(maps)), y, x].astype(np.float64)
    steps = [
        _newton_steps(_log_blurred(maps[some]), x[some], y[some])
        for some in (slice(first, first + MAPS_AT_ONCE) for first in range(0, len(maps), MAPS_AT_ONCE))
    ]
    places = np.stack([x, y], axis=1) - np.concatenate([np.zeros((0, 2)), *steps])
    # The corner pixels of heatmap and crop lie on each other.
    places *= (np.array(crop_size) - 1) / (width - 1, height - 1)
    places[scores <= 0] = -1.0
    return places.reshape(n, joints, 2), scores.clip(0.0).reshape(n, joints)


def _log_blurred(maps: Maps) -> Maps:
    """(m, h, w) -> the logarithm of the blurred maps (m, h + 2, w + 2), one pixel of edge repeated all round.

    The blur sees zeros beyond a map and is scaled back to the map's own maximum. The maps stand in one tall picture
    with so much room between them that none sees its neighbour.
    """
    m, height, width = maps.shape
    room = BLUR_PX // 2
    tall = np.zeros((m, height + 2 * room, width + 2 * room), dtype=np.float32)
    tall[:, room:-room, room:-room] = maps
    blurred = cv2.GaussianBlur(tall.reshape(-1, tall.shape[2]), (BLUR_PX, BLUR_PX), 0).reshape(tall.shape)
    inner: Any = np.ascontiguousarray(blurred[:, room:-room, room:-room])
    highest = inner.max(axis=(1, 2), keepdims=True)
    # A map of zeros, or one whose blur has nothing positive left, says nothing either way.
    inner *= np.divide(maps.max(axis=(1, 2), keepdims=True), highest, out=np.ones_like(highest), where=highest > 0)
    np.clip(inner, *LOG_RANGE, out=inner)
    np.log(inner, out=inner)
    return np.pad(inner, ((0, 0), (1, 1), (1, 1)), mode="edge")


def _newton_steps(logs: Maps, x: Any, y: Any) -> FloatArray:
    """From each map's pixel (x, y) to its summit: float64 (m, 2), to be taken away from the pixel's place."""
    every = np.arange(len(logs))

    def at(dx: int, dy: int) -> Any:
        return logs[every, y + 1 + dy, x + 1 + dx]

    here = at(0, 0)
    slope = np.stack([0.5 * (at(1, 0) - at(-1, 0)), 0.5 * (at(0, 1) - at(0, -1))], axis=1)
    dxx = at(1, 0) - 2 * here + at(-1, 0)
    dyy = at(0, 1) - 2 * here + at(0, -1)
    dxy = 0.5 * (at(1, 1) - at(1, 0) - at(0, 1) + here + here - at(-1, 0) - at(0, -1) + at(-1, -1))
    hessian = np.stack([dxx, dxy, dxy, dyy], axis=1).reshape(-1, 2, 2) + FLAT * np.eye(2)
    # A Hessian without an inverse says nothing of where the summit is: the pixel itself then.
    flat = np.linalg.det(hessian) == 0
    hessian[flat] = np.eye(2)
    slope[flat] = 0.0
    steps: FloatArray = np.einsum("mij,mj->mi", np.linalg.inv(hessian), slope)
    return steps
