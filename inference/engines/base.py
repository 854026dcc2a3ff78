"""What an engine is: people in photos -> their poses, and never a pose without a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from inference.errors import EngineError
from inference.finder.place import LifterPlace
from inference.images import RgbArray
from judging.pose import Pose


@dataclass(frozen=True, slots=True)
class Shot:
    """One photo for an engine. rgb: uint8 array (h, w, 3), upright. sha256: of the photo's original bytes. place: where
    the finder sees the lifter, px of rgb; None where nobody asked it."""

    rgb: RgbArray
    sha256: str
    place: LifterPlace | None = None


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How an engine is to run; an engine reads what concerns it.

    recorded_poses: the recorded engine's file. device: ``auto`` (the first GPU, else the CPU), ``cpu``, ``cuda:0``, …
    dtype: ``auto`` (bfloat16 where the GPU has it, else float16; float32 on the CPU), ``float32``, ``bfloat16``,
    ``float16``. batch: photos at once; 0 for the engine's own figure. weights_dir, pose_weights, detector_weights:
    the store and the names in it (inference.weights). compiled: torch.compile the pose model. picture_model: the
    checkpoint of a network that looks at the whole picture, for the line (inference.classify.pictures).
    """

    recorded_poses: Path | None = None
    device: str = "auto"
    dtype: str = "auto"
    batch: int = 0
    weights_dir: Path | None = None
    pose_weights: str = "vitpose-b"
    detector_weights: str = "rtmdet-m-person"
    compiled: bool = False
    picture_model: Path | None = None


class Engine(Protocol):
    """A pose estimator with its weights loaded.

    name: engine and version as it stands in the record. weights_sha256: of the weights actually loaded.
    noise: which of judging's noise figures speak of its joints (judging.noise.noise_load).
    batch: how many photos it can take at once now; it may shrink when the device runs out of memory.
    hinted: whether the finder looks at its photos; not at those of whoever replays poses without a picture.
    """

    name: str
    weights_sha256: str
    noise: str
    hinted: bool

    @property
    def batch(self) -> int: ...

    def people(self, photos: Sequence[Shot]) -> list[list[Pose] | EngineError]:
        """One answer a photo, in order: the poses of the people seen, in px of its ``rgb``; ``[]`` when nobody is.

        A photo that the estimator fails on has its EngineError for an answer, and costs no other photo anything.
        """
        ...


def one_by_one(photos: Sequence[Shot], read: Callable[[Shot], list[Pose]]) -> list[list[Pose] | EngineError]:
    """The answers of an engine that reads a photo at a time."""
    answers: list[list[Pose] | EngineError] = []
    for photo in photos:
        try:
            answers.append(read(photo))
        except EngineError as error:
            answers.append(error)
    return answers
