"""What a prepared data set holds: ``manifest.jsonl``, first a line on the set as a whole, then one line a picture."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from judging.pose import Lift

FORMAT: Final = 1
FILE: Final = "manifest.jsonl"
OTHER: Final = "other"
# In the order of a network's outputs. The last one is optional.
CLASSES: Final = (*(lift.value for lift in Lift), OTHER)
# What was done to the copy that is the photo itself.
ORIGINAL: Final = "original"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Split(StrEnum):
    """What a picture is for. HELD_OUT is in leaky sets alone: source photos of which no copy was taught or
    validated on."""

    TRAIN = "train"
    VALIDATION = "validation"
    HELD_OUT = "held_out"


@dataclass(frozen=True, slots=True)
class Head:
    """The set as a whole. validation: share of the source photos (leaky: of the copies) kept from teaching. leaky: the
    split is by copy, so copies of one photo are on both sides of it. same: photos that were another one's bytes."""

    recipe: str
    seed: int
    leaky: bool
    validation: float
    classes: tuple[str, ...]
    side_px: int
    sources: int
    same: int
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the set. file: within its folder. source: the photo it was made of, as the set's maker was given
    it. done: what was done to it, ``original`` for nothing. sha256: of the file."""

    file: str
    label: str
    source: str
    source_sha256: str
    done: str
    split: Split
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """sha256: of the manifest's file, and so of every picture it lists."""

    head: Head
    pictures: tuple[Picture, ...]
    sha256: str

    def of(self, split: Split) -> list[Picture]:
        return [picture for picture in self.pictures if picture.split is split]

    def counts(self) -> dict[str, dict[str, int]]:
        """split -> class -> pictures."""
        counted = Counter((picture.split.value, picture.label) for picture in self.pictures)
        return {split: {label: counted[split, label] for label in self.head.classes} for split in Split}


def manifest_text(head: Head, pictures: Iterable[Picture]) -> str:
    """The file's text; equal sets give equal bytes."""
    rows = [{"format": FORMAT, **asdict(head)}, *(_row(picture) for picture in pictures)]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _row(picture: Picture) -> dict[str, Any]:
    row = asdict(picture)
    return {"file": row.pop("file"), "class": row.pop("label"), **row}


def manifest_read(folder: Path) -> Manifest:
    """The folder's manifest. Raises ValueError naming the file and line that is wrong."""
    path = folder / FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(
            f"{path} cannot be read: make the data set with python -m inference.classify prepare --out {folder}"
        ) from error
    pictures: list[Picture] = []
    head: Head | None = None
    try:
        first, *others = data.decode("utf-8").splitlines()
        head = _head(json.loads(first))
        for line in others:
            pictures.append(_picture(json.loads(line), head.classes))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        line_number = 1 if head is None else len(pictures) + 2
        raise ValueError(f"{path}, line {line_number}: {_why(error)}") from error
    _whole(pictures, path)
    return Manifest(head, tuple(pictures), hashlib.sha256(data).hexdigest())


def _why(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)


def _head(data: Mapping[str, Any]) -> Head:
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']!r}, this program reads {FORMAT}")
    classes = tuple(data["classes"])
    if classes not in (CLASSES, CLASSES[:-1]):
        raise ValueError(f"the classes are {', '.join(map(str, classes))}, not {', '.join(CLASSES[:-1])}[, {OTHER}]")
    if not isinstance(data["leaky"], bool):
        raise ValueError("leaky is neither true nor false")
    return Head(
        recipe=str(data["recipe"]),
        seed=int(data["seed"]),
        leaky=data["leaky"],
        validation=float(data["validation"]),
        classes=classes,
        side_px=int(data["side_px"]),
        sources=int(data["sources"]),
        same=int(data["same"]),
        skipped=tuple(map(str, data["skipped"])),
    )


def _picture(data: Mapping[str, Any], classes: Sequence[str]) -> Picture:
    file, label = str(data["file"]), data["class"]
    if label not in classes:
        raise ValueError(f"the class {label!r} is none of the set's")
    if Path(file).is_absolute() or ".." in Path(file).parts:
        raise ValueError(f"the file {file!r} lies outside the set")
    for key in ("source_sha256", "sha256"):
        if not _SHA256.fullmatch(data[key]):
            raise ValueError(f"{key} is no SHA-256")
    return Picture(
        file=file,
        label=label,
        source=str(data["source"]),
        source_sha256=data["source_sha256"],
        done=str(data["done"]),
        split=Split(data["split"]),
        sha256=data["sha256"],
    )


def _whole(pictures: Sequence[Picture], path: Path) -> None:
    for split in (Split.TRAIN, Split.VALIDATION):
        if not any(picture.split is split for picture in pictures):
            raise ValueError(f"{path} lists no picture to {'teach' if split is Split.TRAIN else 'validate'} on")
