"""Photos of which people wrote down the lift: ``labels.csv`` with its photos beside it in ``photos/``."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gold.truth import Kind, truth_read
from inference.classify.pictures.manifest import CLASSES, OTHER, Split, manifest_read
from judging.pose import Phase

COLUMNS: Final = ("file", "lift", "phase", "view")
FOLDER: Final = "photos"


@dataclass(frozen=True, slots=True)
class Labelled:
    """lift: squat, bench, deadlift or other. phase, view: as labelled, None where nobody said."""

    path: Path
    lift: str
    phase: str | None = None
    view: str | None = None


def labels_read(path: Path) -> list[Labelled]:
    """Every row. Raises ValueError naming the line that is wrong or the photo that is missing."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            if missing:
                raise ValueError(f"it has no column {missing[0]} (it needs {','.join(COLUMNS)})")
            rows = [(reader.line_num, row) for row in reader]
        labelled = [_labelled(path, line, row) for line, row in rows]
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except (csv.Error, ValueError) as error:
        raise ValueError(f"{path} is no list of labels: {error}") from error
    if not labelled:
        raise ValueError(f"{path} is no list of labels: it names no photo")
    return labelled


def _labelled(path: Path, line: int, row: dict[str, str | None]) -> Labelled:
    if None in row or None in row.values():
        raise ValueError(f"line {line} has not {len(COLUMNS)} fields")
    file, lift, phase, view = (str(row[column]).strip() for column in COLUMNS)
    if lift not in CLASSES:
        raise ValueError(f"line {line} has the lift {lift!r}, none of {', '.join(CLASSES)}")
    if phase and phase not in set(Phase):
        raise ValueError(f"line {line} has the phase {phase!r}, none of {', '.join(Phase)}")
    if not file or Path(file).name != file:
        raise ValueError(f"line {line} names no file of {FOLDER}/")
    photo = path.parent / FOLDER / file
    if not photo.is_file():
        raise ValueError(f"line {line} names {photo}, which is not there")
    return Labelled(photo, lift, phase or None, view or None)


def truth_labelled(folders: Sequence[Path]) -> list[Labelled]:
    """Rendered photos; those without a lifter are ``other``. Raises ValueError for a truth that cannot be read."""
    return [
        Labelled(
            folder / truth.image,
            truth.lift.value if truth.kind is Kind.LIFT and truth.lift else OTHER,
            truth.phase.value if truth.phase else None,
            truth.view.value if truth.lift else None,
        )
        for folder in folders
        for truth in truth_read(folder)
    ]


def data_labelled(folder: Path, split: Split) -> list[Labelled]:
    """The pictures of a prepared set that are for this. Raises ValueError for a manifest that cannot be read."""
    return [Labelled(folder / picture.file, picture.label) for picture in manifest_read(folder).of(split)]
