"""What an engine is: people in a photo -> their poses, and never a pose without a person."""

from __future__ import annotations

from typing import Protocol

from inference.images import RgbArray
from judging.pose import Pose


class Engine(Protocol):
    """A pose estimator with its weights loaded.

    name: engine and version as it stands in the record. weights_sha256: of the weights actually loaded.
    """

    name: str
    weights_sha256: str

    def people(self, rgb: RgbArray, sha256: str) -> list[Pose]:
        """The poses of the people seen, in px of ``rgb`` (uint8, (h, w, 3)); ``[]`` when nobody is.

        sha256: of the photo's original bytes. Raises EngineError when the estimator fails on this photo.
        """
        ...
