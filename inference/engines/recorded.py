"""Replays poses by the photo's hash: the line end to end, exactly the same every time, without a model."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from inference.errors import EngineError
from inference.images import RgbArray
from judging.pose import Pose


class RecordedEngine:
    """Poses from a JSON file: ``{"<sha256 of the photo>": [[[x, y, score] × 17], …], …}``.

    x and y are parts of the photo's width and height (0-1), so that a recording holds at any decoding size.
    A photo that is not in the recording raises EngineError: silence must not look like an empty platform.
    """

    def __init__(self, path: Path) -> None:
        raw = path.read_bytes()
        self.name = "recorded"
        self.weights_sha256 = hashlib.sha256(raw).hexdigest()
        self._people: dict[str, list[list[list[float]]]] = json.loads(raw)

    def people(self, rgb: RgbArray, sha256: str) -> list[Pose]:
        if sha256 not in self._people:
            raise EngineError(f"no recording of photo {sha256}")
        size = np.array([rgb.shape[1], rgb.shape[0], 1.0])
        return [Pose(np.array(joints, dtype=np.float64) * size) for joints in self._people[sha256]]
