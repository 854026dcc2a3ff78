"""The photos that a data set is made of: a folder for each class, or rendered photos whose lift is known."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gold.truth import Kind, truth_read
from inference.classify.pictures.manifest import CLASSES, OTHER

# So many source photos of a class can be split.
LEAST: Final = 2


@dataclass(frozen=True, slots=True)
class Source:
    """A photo of a class, once, however often its bytes lie in the folders. name: as people know it."""

    path: Path
    name: str
    label: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Sources:
    """photos: by class, then by name. same: how many photos more were one of these over again."""

    photos: tuple[Source, ...]
    classes: tuple[str, ...]
    same: int


_Found = tuple[Path, str, str]
_Progress = Callable[[Iterable[_Found]], Iterable[_Found]]


def photos_sources(folder: Path, progress: _Progress = iter) -> Sources:
    """A folder each for squat, bench and deadlift, and perhaps one for other. Raises ValueError for a class that is
    missing or has too few photos."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    classes = _classes(with_other=(folder / OTHER).is_dir())
    found: list[_Found] = []
    for label in classes:
        if not (folder / label).is_dir():
            raise ValueError(f"{folder} has no folder {label}: each of {', '.join(CLASSES[:-1])} needs its own")
        photos = sorted(path for path in (folder / label).iterdir() if path.is_file() and not path.name.startswith("."))
        found += [(path, f"{label}/{path.name}", label) for path in photos]
    return _sources(found, classes, progress)


def truth_sources(folders: Sequence[Path], *, with_other: bool, progress: _Progress = iter) -> Sources:
    """Rendered photos by their lift; those without a lifter are ``other``, or left out. Raises ValueError as above, and
    for a truth that cannot be read."""
    found: list[_Found] = []
    for folder in folders:
        for truth in truth_read(folder):
            label = truth.lift.value if truth.kind is Kind.LIFT and truth.lift else OTHER
            if with_other or label != OTHER:
                found.append((folder / truth.image, f"{folder.name}/{truth.image}", label))
    return _sources(found, _classes(with_other=with_other), progress)


def _classes(*, with_other: bool) -> tuple[str, ...]:
    return CLASSES if with_other else CLASSES[:-1]


def _sources(found: Sequence[_Found], classes: tuple[str, ...], progress: _Progress) -> Sources:
    first: dict[str, Source] = {}
    for path, name, label in progress(found):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        earlier = first.setdefault(digest, Source(path, name, label, digest))
        if earlier.label != label:
            raise ValueError(f"{earlier.name} and {name} are the same photo: it cannot be of two classes")
    photos = sorted(first.values(), key=lambda one: (classes.index(one.label), one.name))
    enough(photos, classes)
    return Sources(tuple(photos), classes, len(found) - len(photos))


def enough(photos: Iterable[Source], classes: Sequence[str]) -> None:
    """Raises ValueError for a class whose photos cannot be split into those to teach and those to validate on."""
    labels = [photo.label for photo in photos]
    for label in classes:
        count = labels.count(label)
        if count < LEAST:
            raise ValueError(
                f"{label} has {'one usable photo' if count else 'no usable photo'}: a class needs {LEAST} or more, "
                "to teach and to validate on"
            )
