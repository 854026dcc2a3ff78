"""What ``python -m inference.classify`` does for the networks that look at pictures: prepare, teach, ask."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tqdm import tqdm

from inference.classify.figures import Row, answer
from inference.classify.pictures.labels import Labelled
from inference.classify.pictures.manifest import Head, Split, manifest_read
from inference.classify.pictures.plans import Course, Plan
from inference.classify.pictures.sources import photos_sources, truth_sources
from inference.errors import ImageError
from inference.images import Limits, photo_decode

if TYPE_CHECKING:
    from inference.classify.pictures.model import PictureModel


LEAKY: Final = (
    "Leaky: copies of one photo were taught and validated on, so the validation accuracy flatters; what was held out "
    "has no copy among them."
)


def pictures_prepare(photos: Path | None, truth: Sequence[Path], out: Path, plan: Plan, *, with_other: bool) -> str:
    """Makes the set from a folder of classes, or else from rendered photos; some lines for a person. Raises
    ValueError, and nothing is written then."""
    from inference.classify.pictures.prepare import data_prepare

    if photos is not None:
        sources = photos_sources(photos, _bar("read"))
    else:
        sources = truth_sources(truth, with_other=with_other, progress=_bar("read"))
    with tqdm(total=len(sources.photos), desc="copies", unit="photo", file=sys.stderr) as bar:
        head = data_prepare(
            sources,
            out,
            plan,
            progress=bar.update,
            skipped=lambda sentence: bar.write(sentence, file=sys.stderr),
        )
    return "\n".join(_made(head, out))


def _made(head: Head, out: Path) -> Iterator[str]:
    manifest = manifest_read(out)
    yield f"{out}: {len(manifest.pictures)} pictures of {head.sources} photos, {head.recipe} recipe, seed {head.seed}"
    for split, counts in manifest.counts().items():
        if any(counts.values()):
            yield f"{split}: " + ", ".join(f"{label} {count}" for label, count in counts.items())
    if head.same:
        yield f"{head.same} photos had the bytes of another one and count once"
    if head.skipped:
        yield f"{len(head.skipped)} photos could not be read and are left out"
    if head.leaky:
        yield LEAKY
    yield f"manifest sha256 {manifest.sha256}"


def pictures_train(data: Path, out: Path, course: Course, *, device: str, resume: bool) -> str:
    """Teaches a network; some lines for a person. Raises ValueError as train.train does."""
    from inference.classify.pictures.train import train
    from inference.engines.torch_device import out_of_memory

    manifest = manifest_read(data)
    total = course.epochs * len(manifest.of(Split.TRAIN))
    with tqdm(total=total, desc=course.architecture, unit="picture", file=sys.stderr, mininterval=1.0) as bar:

        def progress(epoch: int, count: int, loss: float) -> None:
            bar.set_postfix(epoch=f"{epoch}/{course.epochs}", loss=f"{loss:.3f}", refresh=False)
            bar.update(count)

        try:
            taught = train(
                data, manifest, out, course, device=device, resume=resume, reading=_bar("read"), progress=progress
            )
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            raise ValueError("the device has too little memory: teach in smaller batches (--batch)") from error
    lines = [
        f"{taught.model}: {taught.model.stat().st_size} bytes, sha256 {taught.sha256}",
        f"validation accuracy {taught.about.validation_accuracy:.3f} after {taught.about.epoch} epochs",
    ]
    if taught.about.original_accuracy is not None:
        lines.append(f"of unchanged photos alone {taught.about.original_accuracy:.3f}")
    return "\n".join([*lines, LEAKY] if manifest.head.leaky else lines)


def checkpoint_open(path: Path) -> PictureModel:
    """The checkpoint, held against the hash in the file beside it, where there is one. Raises ValueError or OSError."""
    from inference.classify.pictures.model import picture_model_load

    beside = path.with_name(f"{path.name}.sha256")
    if not beside.is_file():
        return picture_model_load(path)
    words = beside.read_text(encoding="utf-8").split()
    if not words:
        raise ValueError(f"{beside} holds no hash: write it anew with sha256sum, or delete it")
    return picture_model_load(path, words[0])


def checkpoint_asker(model: PictureModel, threshold: float) -> Callable[[Labelled], Row]:
    """Asks the network of one photo. The asker raises ValueError for a photo that cannot be read."""

    def ask(photo: Labelled) -> Row:
        try:
            rgb = photo_decode(photo.path.read_bytes(), Limits()).rgb
        except ImageError as error:
            raise ValueError(f"{photo.path} cannot be read: {error.reason}") from error
        p = model.look(rgb)
        return Row(photo.path.name, photo.lift, answer(p, threshold), p)

    return ask


def _bar(what: str) -> Callable[[Iterable[Any]], Iterable[Any]]:
    return lambda some: tqdm(some, desc=what, unit="photo", file=sys.stderr)
