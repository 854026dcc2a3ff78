"""Replays poses by the photo's hash: the line end to end, exactly the same every time, without a model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from inference.engines.base import Shot, one_by_one
from inference.errors import EngineError
from judging.noise import DEFAULT
from judging.pose import Pose


class RecordedEngine:
    """Poses from a JSON file: ``{"<sha256 of the photo>": [[[x, y, score] × 17], …], …}``.

    x and y are parts of the photo's width and height (0-1), so that a recording holds at any decoding size.
    A photo that is not in the recording is an EngineError: silence must not look like an empty platform.
    """

    batch: Final = 1
    # Its photos may be of anything: the poses come from the recording.
    hinted = False

    def __init__(self, path: Path) -> None:
        raw = path.read_bytes()
        self.name = "recorded"
        # What was recorded nobody says; nothing is recorded but the default engine.
        self.noise = DEFAULT
        self.weights_sha256 = hashlib.sha256(raw).hexdigest()
        self._people: dict[str, list[list[list[float]]]] = json.loads(raw)

    def people(self, photos: Sequence[Shot]) -> list[list[Pose] | EngineError]:
        return one_by_one(photos, self._read)

    def _read(self, photo: Shot) -> list[Pose]:
        if photo.sha256 not in self._people:
            raise EngineError(f"no recording of photo {photo.sha256}")
        size = np.array([photo.rgb.shape[1], photo.rgb.shape[0], 1.0])
        return [Pose(np.array(joints, dtype=np.float64) * size) for joints in self._people[photo.sha256]]
