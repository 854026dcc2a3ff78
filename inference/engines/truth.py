"""Hands over the true joints of rendered photos, as an engine without any error would: for the gold gate alone.

What the line gets wrong with it is the rules' own error; what it gets wrong beyond that with another engine is the
engine's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from gold.truth import Truth
from inference.engines.base import Shot, one_by_one
from inference.errors import EngineError
from judging.pose import Pose


class TruthEngine:
    """Everybody of whom at least one joint is seen, by the photo's key (``key_of``). It looks at no picture.

    A joint that is hidden scores 0, every other 1. A photo whose truth is not known is an EngineError.
    """

    batch: Final = 1
    hinted = True

    def __init__(self, truths: Sequence[Truth]) -> None:
        self.name = self.noise = "truth"
        self._truth_of = {key_of(truth): truth for truth in truths}
        self.weights_sha256 = hashlib.sha256(b"").hexdigest()

    def people(self, photos: Sequence[Shot]) -> list[list[Pose] | EngineError]:
        return one_by_one(photos, self._read)

    def _read(self, photo: Shot) -> list[Pose]:
        truth = self._truth_of.get(photo.sha256)
        if truth is None:
            raise EngineError(f"no truth of photo {photo.sha256}")
        height, width = photo.rgb.shape[:2]
        # The engine's photo may be smaller than the whole one.
        smaller = np.array([width / truth.width, height / truth.height, 1.0])
        return [Pose(person.pose().points * smaller) for person in truth.people if person.visible.any()]


def key_of(truth: Truth) -> str:
    """The photo's hash; its seed and index where the scene was never rendered."""
    return truth.sha256 or f"{truth.seed}-{truth.index}"
