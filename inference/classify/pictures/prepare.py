"""Makes a data set of photos: copies by a recipe, split into those to teach and those to validate on."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from inference.classify.pictures.manifest import FILE, Head, Picture, Split, manifest_text
from inference.classify.pictures.plans import Plan
from inference.classify.pictures.recipes import KEPT_PX, RECIPES, jpeg_of, kept
from inference.classify.pictures.sources import Source, Sources, enough
from inference.errors import ImageError
from inference.images import Limits, photo_decode


def data_prepare(
    sources: Sources,
    out: Path,
    plan: Plan,
    *,
    progress: Callable[[int], object] = lambda _: None,
    skipped: Callable[[str], object] = lambda _: None,
) -> Head:
    """Writes the set to the folder ``out``, whole or not at all; returns what it came to.

    progress: told after each photo. skipped: told a sentence for each photo that cannot be read. Raises ValueError
    where ``out`` exists or where too few photos of a class can be read.
    """
    with _partial(out) as folder:
        pictures: list[Picture] = []
        usable: list[Source] = []
        left_out: list[str] = []
        for source in sources.photos:
            try:
                pictures += _copies(source, folder, plan)
                usable.append(source)
            except ImageError as error:
                left_out.append(source.name)
                skipped(f"{source.name} is left out: it cannot be read ({error.reason})")
            progress(1)
        enough(usable, sources.classes)
        head = Head(
            recipe=plan.recipe,
            seed=plan.seed,
            leaky=plan.leaky,
            validation=plan.validation,
            classes=sources.classes,
            side_px=KEPT_PX,
            sources=len(usable),
            same=sources.same,
            skipped=tuple(left_out),
        )
        (folder / FILE).write_text(manifest_text(head, pictures_split(pictures, plan)), encoding="utf-8")
    return head


@contextmanager
def _partial(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` that becomes it at the end, and is gone if anything fails."""
    partial = out.with_name(out.name + ".partial")
    if out.exists() or out.is_symlink():
        raise ValueError(f"{out} exists: choose another folder, or delete it")
    if not out.absolute().parent.is_dir():
        raise ValueError(f"{out.absolute().parent} is no folder")
    try:
        partial.mkdir()
    except FileExistsError as error:
        raise ValueError(f"{partial} exists: another run writes it, or was killed; then delete it") from error
    try:
        yield partial
        partial.rename(out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _copies(source: Source, folder: Path, plan: Plan) -> list[Picture]:
    """The photo's copies, written; they are the same whatever other photos there are. Raises ImageError."""
    rgb = kept(photo_decode(source.path.read_bytes(), Limits()).rgb)
    rng = np.random.default_rng([plan.seed, int(source.sha256[:16], 16)])
    (folder / source.label).mkdir(exist_ok=True)
    made = []
    for number, (done, picture) in enumerate(RECIPES[plan.recipe](rgb, rng)):
        file = f"{source.label}/{source.sha256[:16]}-{number}.jpg"
        data = jpeg_of(picture)
        (folder / file).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        made.append(Picture(file, source.label, source.name, source.sha256, done, Split.TRAIN, digest))
    return made


def pictures_split(pictures: Sequence[Picture], plan: Plan) -> list[Picture]:
    """The pictures, each with what it is for. All copies of a photo go together, unless the plan is leaky: then some
    photos are held out with all their copies, and the copies of the others are split as if they were photos."""
    by_source = _by_class(pictures, lambda picture: picture.source_sha256)
    apart = held_out(by_source, plan.validation, plan.seed)
    if not plan.leaky:
        return [_for(picture, Split.VALIDATION, picture.source_sha256 in apart) for picture in pictures]
    rest = [picture for picture in pictures if picture.source_sha256 not in apart]
    copies = held_out(_by_class(rest, lambda picture: picture.file), plan.validation, plan.seed)
    split = [_for(picture, Split.VALIDATION, picture.file in copies) for picture in pictures]
    return [_for(picture, Split.HELD_OUT, picture.source_sha256 in apart) for picture in split]


def _for(picture: Picture, split: Split, wanted: bool) -> Picture:
    return replace(picture, split=split) if wanted else picture


def _by_class(pictures: Sequence[Picture], key: Callable[[Picture], str]) -> dict[str, list[str]]:
    names: dict[str, dict[str, None]] = {}
    for picture in pictures:
        names.setdefault(picture.label, {})[key(picture)] = None
    return {label: list(some) for label, some in names.items()}


def held_out(names: Mapping[str, Sequence[str]], share: float, seed: int) -> frozenset[str]:
    """Of each class this share of the names, at least one and never all. Whether one is among them hangs on its hash,
    so their order does not matter."""
    taken: list[str] = []
    for some in names.values():
        ranked = sorted(some, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())
        taken += ranked[: min(len(ranked) - 1, max(1, round(share * len(ranked))))]
    return frozenset(taken)
