"""Teaches one of the paper's networks on a prepared data set. Needs torch.

After each epoch the folder holds the network so far, and beside it all that it takes to go on: a run that was killed
and resumed ends with the same bytes as one that was not. On a CPU the same seed gives the same weights; a GPU adds up
in an order of its own.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn
from torch.nn import functional

from inference.classify.pictures.lessons import Colours, Lessons, lessons_load, tone_of
from inference.classify.pictures.manifest import Manifest, Picture, Split
from inference.classify.pictures.model import About, model_bytes, toned
from inference.classify.pictures.nets import NETS
from inference.classify.pictures.plans import Course
from inference.classify.pictures.plots import confusion_draw, curves_draw
from inference.weights.store import file_put

MODEL: Final = "model.safetensors"
STATE: Final = "state.safetensors"
CURVES: Final = "curves.png"
CONFUSION: Final = "confusion.png"

DECAY: Final = 1e-2
# The rate climbs over this part of all steps, then falls to nothing along a cosine.
WARM_UP: Final = 0.1
MOST_NORM: Final = 5.0
_STATE_KEY: Final = "white_lights_training"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a network said of lessons: mean loss, and the class it chose for each, int64 (n,)."""

    loss: float
    chosen: npt.NDArray[np.int64]


@dataclass(slots=True)
class Run:
    """A training under way. epochs: what each came to, as plots.curves_draw takes it."""

    net: nn.Module
    optimizer: torch.optim.Optimizer
    rng: np.random.Generator
    epochs: list[dict[str, float]]
    mean: Colours
    std: Colours


@dataclass(frozen=True, slots=True)
class Taught:
    """What a training left behind. sha256: of the model's file."""

    model: Path
    sha256: str
    about: About


def device_of(name: str) -> torch.device:
    """``auto`` is the first GPU, else the CPU. Raises ValueError for a device that is not there."""
    try:
        device = torch.device(("cuda:0" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"there is no device {name!r}: choose auto, cpu, or a GPU of this machine") from error
    if device.type not in ("cpu", "cuda"):
        raise ValueError(f"a {device.type} device teaches nothing here: choose auto, cpu, or a GPU such as cuda:0")
    return device


def train(
    folder: Path,
    manifest: Manifest,
    out: Path,
    course: Course,
    *,
    device: str = "auto",
    resume: bool = False,
    reading: Callable[[Iterable[Picture]], Iterable[Picture]] = iter,
    progress: Callable[[int, int, float], object] = lambda *_: None,
) -> Taught:
    """Teaches and writes MODEL, its hash, STATE and two pictures to the folder ``out``.

    progress: told the epoch, how many pictures, and the batch's loss; of a resumed run first what was done before.
    Raises ValueError for a folder that is in the way or whose state is of another course, and where the loss leaves the
    numbers.
    """
    there = device_of(device)
    _folder_check(out, resume=resume)
    before = _state_read(out / STATE, course, manifest) if resume else None
    taught = lessons_load(folder, manifest, Split.TRAIN, course.side_px, reading)
    validated = lessons_load(folder, manifest, Split.VALIDATION, course.side_px, reading)
    out.mkdir(exist_ok=True)
    run = _run_started(course, taught, len(manifest.head.classes), there)
    if before is not None:
        _run_restored(run, *before)
        progress(len(run.epochs), len(run.epochs) * len(taught.labels), math.nan)
    seen = None
    while len(run.epochs) < course.epochs:
        epoch = _epoch(run, taught, course, lambda count, loss: progress(len(run.epochs) + 1, count, loss))
        seen = look_at(run, validated)
        right = float((seen.chosen == validated.labels).mean())
        run.epochs.append({**epoch, "validation_loss": seen.loss, "validation_accuracy": right})
        digest, about = _written(run, course, manifest, validated, seen, out)
    if seen is None:  # killed after its last epoch, or already at its end
        seen = look_at(run, validated)
        digest, about = _written(run, course, manifest, validated, seen, out)
    title = f"{course.architecture}, {manifest.head.recipe} recipe{', leaky split' if manifest.head.leaky else ''}"
    curves_draw(run.epochs, out / CURVES, title)
    confusion_draw(_confusion(manifest, validated, seen), out / CONFUSION, f"{title}: validation")
    return Taught(out / MODEL, digest, about)


def _folder_check(out: Path, *, resume: bool) -> None:
    if resume and not out.is_dir():
        raise ValueError(f"{out} is no folder: there is nothing to resume")
    if not resume and (out.exists() or out.is_symlink()):
        raise ValueError(f"{out} exists: choose another folder, or go on with --resume")
    if not out.absolute().parent.is_dir():
        raise ValueError(f"{out.absolute().parent} is no folder")


def _run_started(course: Course, taught: Lessons, classes: int, device: torch.device) -> Run:
    torch.manual_seed(course.seed)
    net = NETS[course.architecture](classes)
    net.to(device=device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=course.rate, weight_decay=DECAY)
    mean, std = tone_of(taught.squares)
    return Run(net, optimizer, np.random.default_rng(course.seed), [], mean, std)


def rate_at(step: int, steps: int, rate: float) -> float:
    """The rate of this step, counted from 0, of so many."""
    warm = max(1, round(WARM_UP * steps))
    if step < warm:
        return rate * (step + 1) / warm
    return rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _batches(count: int, batch: int, rng: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    """All places once, in a new order, in batches as even as can be."""
    yield from np.array_split(rng.permutation(count), math.ceil(count / batch))


def _epoch(run: Run, taught: Lessons, course: Course, progress: Callable[[int, float], object]) -> dict[str, float]:
    """Every picture once: loss and accuracy as they were while it was taught."""
    device = next(run.net.parameters()).device
    per_epoch = math.ceil(len(taught.labels) / course.batch)
    run.net.train()
    losses, right = 0.0, 0
    for number, places in enumerate(_batches(len(taught.labels), course.batch, run.rng)):
        for group in run.optimizer.param_groups:
            group["lr"] = rate_at(len(run.epochs) * per_epoch + number, course.epochs * per_epoch, course.rate)
        labels = torch.from_numpy(taught.labels[places]).to(device)
        odds = run.net(toned(torch.from_numpy(taught.squares[places]).to(device), run.mean, run.std))
        loss = functional.cross_entropy(odds, labels)
        told = float(loss.detach())
        if not math.isfinite(told):
            raise ValueError(f"the loss is {told} in epoch {len(run.epochs) + 1}: teach at a lower --rate")
        run.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(run.net.parameters(), MOST_NORM)
        run.optimizer.step()
        losses += told * len(places)
        right += int((odds.detach().argmax(dim=1) == labels).sum())
        progress(len(places), told)
    return {"loss": losses / len(taught.labels), "accuracy": right / len(taught.labels)}


def look_at(run: Run, lessons: Lessons, batch: int = 128) -> Seen:
    """What the network says of the lessons."""
    device = next(run.net.parameters()).device
    run.net.eval()
    chosen, loss = [], 0.0
    with torch.inference_mode():
        for start in range(0, len(lessons.labels), batch):
            squares = torch.from_numpy(lessons.squares[start : start + batch]).to(device)
            labels = torch.from_numpy(lessons.labels[start : start + batch]).to(device)
            odds = run.net(toned(squares, run.mean, run.std))
            loss += float(functional.cross_entropy(odds, labels, reduction="sum"))
            chosen.append(odds.argmax(dim=1).cpu().numpy())
    return Seen(loss / len(lessons.labels), np.concatenate(chosen))


def _confusion(manifest: Manifest, lessons: Lessons, seen: Seen) -> Mapping[str, Mapping[str, int]]:
    classes = manifest.head.classes
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(counts, (lessons.labels, seen.chosen), 1)
    return {true: dict(zip(classes, map(int, row), strict=True)) for true, row in zip(classes, counts, strict=True)}


def _written(
    run: Run, course: Course, manifest: Manifest, validated: Lessons, seen: Seen, out: Path
) -> tuple[str, About]:
    """The epoch's files. The state comes last: whoever is killed before it does this epoch again."""
    right = seen.chosen == validated.labels
    about = About(
        architecture=course.architecture,
        classes=manifest.head.classes,
        side_px=course.side_px,
        mean=run.mean,
        std=run.std,
        epoch=len(run.epochs),
        seed=course.seed,
        recipe=manifest.head.recipe,
        leaky=manifest.head.leaky,
        manifest_sha256=manifest.sha256,
        validation_accuracy=float(right.mean()),
        original_accuracy=float(right[validated.original].mean()) if validated.original.any() else None,
    )
    data = model_bytes(run.net, about)
    digest = hashlib.sha256(data).hexdigest()
    file_put(out / MODEL, data)
    file_put(out / f"{MODEL}.sha256", f"{digest}  {MODEL}\n".encode())
    file_put(out / STATE, _state_bytes(run, course, manifest))
    return digest, about


def _state_bytes(run: Run, course: Course, manifest: Manifest) -> bytes:
    """Weights, the optimizer's moments and both generators. No pickle: the file is read again."""
    tensors = {f"net.{name}": tensor.detach().cpu().contiguous() for name, tensor in run.net.state_dict().items()}
    for place, moments in run.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{place}.{name}": one.cpu().contiguous() for name, one in moments.items()}
    tensors["torch_rng"] = torch.get_rng_state()
    said = {
        "course": asdict(course),
        "manifest_sha256": manifest.sha256,
        "epochs": run.epochs,
        "numpy_rng": run.rng.bit_generator.state,
    }
    return bytes(save(tensors, metadata={_STATE_KEY: json.dumps(said)}))


_State = tuple[dict[str, torch.Tensor], dict[str, Any]]


def _state_read(path: Path, course: Course, manifest: Manifest) -> _State | None:
    """None where the run was killed in its first epoch. Raises ValueError where the state is not of this course."""
    if not path.exists():
        return None
    try:
        with safe_open(path, "pt") as file:
            said = json.loads((file.metadata() or {})[_STATE_KEY])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except (SafetensorError, KeyError, ValueError) as error:
        raise ValueError(f"{path} holds no training to resume: {error}") from error
    if said["manifest_sha256"] != manifest.sha256:
        raise ValueError(f"{path} is of another data set: resume with the one it was taught on")
    for name, value in asdict(course).items():
        if said["course"].get(name) != value:
            raise ValueError(f"{path} was taught with {name} {said['course'].get(name)}, not {value}")
    return tensors, said


def _run_restored(run: Run, tensors: Mapping[str, torch.Tensor], said: Mapping[str, Any]) -> None:
    run.net.load_state_dict({name[4:]: one for name, one in tensors.items() if name.startswith("net.")})
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, one in tensors.items():
        if name.startswith("optimizer."):
            _, place, key = name.split(".")
            moments.setdefault(int(place), {})[key] = one
    run.optimizer.load_state_dict({"state": moments, "param_groups": run.optimizer.state_dict()["param_groups"]})
    torch.set_rng_state(tensors["torch_rng"])
    run.rng.bit_generator.state = said["numpy_rng"]
    run.epochs = list(said["epochs"])
