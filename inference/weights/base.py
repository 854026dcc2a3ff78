"""What a set of weights is, and the one error of this package."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from inference.errors import LineError

Kind = Literal["pose", "detector"]
KINDS: tuple[Kind, ...] = ("pose", "detector")


class WeightsError(LineError):
    """``sentence`` says what is wrong and what to do about it; trying again changes nothing."""

    def __init__(self, sentence: str) -> None:
        super().__init__("weights", sentence, permanent=True)
        self.sentence = sentence


class State(StrEnum):
    """How far a set of weights has come in this store."""

    MISSING = "missing"
    FETCHED = "fetched"
    READY = "ready"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Weights:
    """A set of weights that somebody may ask for, published or own.

    file, url, sha256_prefix: of the publisher's file; empty for own weights, whose record alone knows them.
    config: ``<package>::<path>`` (see ``config_find``), or for own weights the path of the file in the store.
    parameters_m: millions, 0 when unknown. note: what the source states about accuracy.
    """

    name: str
    kind: Kind
    config: str
    licence: str
    source: str
    file: str = ""
    url: str = ""
    sha256_prefix: str = ""
    parameters_m: float = 0.0
    note: str = ""
    own: bool = False

    @property
    def about_mb(self) -> int:
        """Size of the file in MB as its parameters in float32 let one expect; 0 when unknown."""
        return round(self.parameters_m * 4)


@dataclass(frozen=True, slots=True)
class ReadyWeights:
    """Weights whose hashes were just recomputed and matched.

    sha256: of the safetensors; source_sha256: of the file they were converted from. config: as in ``Weights``.
    meta: what the checkpoint said of itself, where readable: ``keypoints`` (names, in order), ``num_keypoints``,
    ``dataset_name`` for poses, ``classes`` for detectors.
    """

    name: str
    kind: Kind
    safetensors: Path
    sha256: str
    source_sha256: str
    config: str
    meta: dict[str, Any] = field(default_factory=dict)
