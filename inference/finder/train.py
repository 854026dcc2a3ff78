"""Teaches the finder on rendered photos whose lifter is known, and writes its weights. In the environment of
``make synth-env``: torch is imported nowhere else in this package."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from safetensors.numpy import save
from torch import nn
from torch.nn import functional

from gold.truth import Kind, Truth
from inference.finder.net import GREY, MEET, MERGED, SIDE, STAGES, letterboxed
from inference.finder.place import PARTS, parts_of
from inference.images import Limits, photo_decode
from judging.pose import FloatArray

# Photos are kept this large and drawn into the network's picture turned, moved and resized.
KEPT: Final = 256
BATCH: Final = 32
RATE: Final = 2e-3
DECAY: Final = 1e-2
# One standard deviation of the peak that is asked for, in places of a map.
PEAK_SIGMA: Final = 1.2
# A lifter of whom fewer joints are seen need be neither found nor missed.
LEAST_SEEN: Final = 6


@dataclass(frozen=True, slots=True)
class Lesson:
    """A photo in a square of KEPT px. points: (len(PARTS), 2) in its px, NaN without a lifter. present: 1 or 0, NaN
    where nobody need tell."""

    picture: Any
    points: FloatArray
    present: float


def lesson_of(truth: Truth, folder: Path) -> Lesson:
    """One photo of the folder. Raises ImageError when it cannot be decoded."""
    photo = photo_decode((folder / truth.image).read_bytes(), Limits())
    square = letterboxed(photo.rgb, KEPT)
    lifter = truth.lifter
    if truth.kind is not Kind.LIFT or lifter is None:
        return Lesson(square, np.full((len(PARTS), 2), np.nan), 0.0)
    points = parts_of(lifter.joints_px) * (KEPT / max(truth.width, truth.height))
    return Lesson(square, points, 1.0 if lifter.visible.sum() >= LEAST_SEEN else math.nan)


class Net(nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    """inference.finder.net.Finder in torch, with what only teaching needs."""

    def __init__(self) -> None:
        super().__init__()
        layers: dict[str, nn.Module] = {}
        inside = 3
        for stage, (outside, blocks) in enumerate(STAGES):
            layers[f"stage{stage}"] = _conv(inside, outside, 3, stride=2)
            for block in range(blocks):
                layers[f"stage{stage}.{block}.a"] = _conv(outside, outside, 3)
                layers[f"stage{stage}.{block}.b"] = _conv(outside, outside, 3)
            inside = outside
        layers["whole"], layers["present"] = _plain(inside, inside), _plain(inside, 1)
        for stage in MERGED:
            layers[f"side{stage}"] = _plain(STAGES[stage][0], MEET)
            layers[f"merge{stage}"] = _conv(MEET, MEET, 3)
        layers["maps"] = _plain(MEET, len(PARTS))
        # Names of modules hold no dots.
        self.layers = nn.ModuleDict({name.replace(".", "-"): layer for name, layer in layers.items()})

    def layer(self, name: str) -> nn.Module:
        return self.layers[name.replace(".", "-")]

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        seen = []
        for stage, (_, blocks) in enumerate(STAGES):
            x = functional.relu(self.layer(f"stage{stage}")(x))
            for block in range(blocks):
                inner = functional.relu(self.layer(f"stage{stage}.{block}.a")(x))
                x = functional.relu(x + self.layer(f"stage{stage}.{block}.b")(inner))
            seen.append(x)
        whole = functional.relu(self.layer("whole")(x.mean(dim=(2, 3), keepdim=True)))
        present = self.layer("present")(functional.dropout(whole, 0.2, self.training))
        up: torch.Tensor | None = None
        for stage in MERGED:
            side = self.layer(f"side{stage}")(seen[stage] + whole if stage == MERGED[0] else seen[stage])
            up = side if up is None else side + functional.interpolate(up, scale_factor=2, mode="nearest")
            up = functional.relu(self.layer(f"merge{stage}")(up))
        return self.layer("maps")(up), present.flatten()


def _conv(inside: int, outside: int, size: int, stride: int = 1) -> nn.Module:
    convolution = nn.Conv2d(inside, outside, size, stride, size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outside))


def _plain(inside: int, outside: int) -> nn.Module:
    return nn.Conv2d(inside, outside, 1)


def weights_of(net: Net) -> dict[str, np.ndarray[Any, np.dtype[np.float16]]]:
    """Every convolution with its normalisation folded in, as the numpy network reads them."""
    weights = {}
    for key, layer in net.layers.items():
        convolution, scale, shift = layer, None, None
        if isinstance(layer, nn.Sequential):
            convolution, norm = layer[0], layer[1]
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            shift = norm.bias - norm.running_mean * scale
        weight = convolution.weight if scale is None else convolution.weight * scale[:, None, None, None]
        bias = convolution.bias if shift is None else shift
        name = key.replace("-", ".")
        weights[f"{name}.weight"] = weight.detach().numpy().transpose(2, 3, 1, 0).astype(np.float16).copy()
        weights[f"{name}.bias"] = bias.detach().numpy().astype(np.float16)
    return weights


def teach(
    lessons: Sequence[Lesson], *, rounds: int, seed: int, progress: Callable[[int, float], object] = lambda *_: None
) -> Net:
    """A network that has seen every lesson ``rounds`` times. progress: told how many lessons, and the batch's loss."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = Net()
    net.to(memory_format=torch.channels_last)
    # Where the processor has units for it, bfloat16 teaches three times as fast; elsewhere it is slower.
    half = torch.backends.mkldnn.is_available() and torch.cpu._is_amx_tile_supported()
    steps = rounds * math.ceil(len(lessons) / BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps, pct_start=0.15)
    net.train()
    for _ in range(rounds):
        for some in _batches(len(lessons), rng):
            pictures, maps, weights, present = _drawn([lessons[place] for place in some], rng)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                seen, odds = net(pictures.contiguous(memory_format=torch.channels_last))
            loss = _loss(seen.float(), odds.float(), maps, weights, present)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            progress(len(some), float(loss.detach()))
    net.eval()
    return net


def _batches(count: int, rng: np.random.Generator) -> Iterator[Any]:
    order = rng.permutation(count)
    for start in range(0, count, BATCH):
        yield order[start : start + BATCH]


def _loss(
    seen: torch.Tensor, odds: torch.Tensor, maps: torch.Tensor, weights: torch.Tensor, present: torch.Tensor
) -> torch.Tensor:
    """How far each part's map is from its peak, and whether anybody lifts."""
    apart = -(maps * functional.log_softmax(seen.flatten(2), dim=2)).sum(dim=2)
    known = ~torch.isnan(present)
    told = functional.binary_cross_entropy_with_logits(odds[known], present[known]) if known.any() else odds.sum() * 0
    return (apart * weights).sum() / weights.sum().clamp(min=1) + told


def _drawn(lessons: Sequence[Lesson], rng: np.random.Generator) -> tuple[torch.Tensor, ...]:
    pictures, maps, weights = [], [], []
    for lesson in lessons:
        picture, points = _varied(lesson, rng)
        peaks, inside = _maps(points)
        pictures.append(picture.transpose(2, 0, 1))
        maps.append(peaks)
        weights.append(inside)
    present = torch.tensor([lesson.present for lesson in lessons])
    return (
        torch.from_numpy(np.stack(pictures)),
        torch.from_numpy(np.stack(maps)),
        torch.from_numpy(np.stack(weights)),
        present,
    )


def _varied(lesson: Lesson, rng: np.random.Generator) -> tuple[Any, FloatArray]:
    """The photo as another camera, light and lens might have taken it, toned for the network."""
    scale = SIDE / KEPT * float(np.exp(rng.uniform(-0.35, 0.35)))
    turn = math.radians(float(rng.normal(0.0, 5.0)))
    flip = -1.0 if rng.random() < 0.5 else 1.0
    cos, sin = scale * math.cos(turn), scale * math.sin(turn)
    matrix = np.array([[flip * cos, -sin, 0.0], [flip * sin, cos, 0.0]])
    middle = np.array([KEPT / 2, KEPT / 2])
    matrix[:, 2] = SIDE / 2 + rng.uniform(-0.12, 0.12, size=2) * SIDE - matrix[:, :2] @ middle
    border = tuple(int(shade) for shade in rng.integers(0, 255, size=3)) if rng.random() < 0.3 else (GREY,) * 3
    picture = cv2.warpAffine(lesson.picture, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderValue=border)
    toned = picture.astype(np.float32) / 127.5 - 1
    toned = _recoloured(toned, rng)
    return toned.astype(np.float32), lesson.points @ matrix[:, :2].T + matrix[:, 2]


def _recoloured(picture: Any, rng: np.random.Generator) -> Any:
    mix = np.eye(3) + rng.normal(0.0, 0.12, size=(3, 3))
    if rng.random() < 0.25:  # black and white
        mix = np.full((3, 3), 1 / 3)
    picture = picture @ mix.astype(np.float32)
    picture = picture * float(np.exp(rng.normal(0.0, 0.25))) + float(rng.normal(0.0, 0.2))
    if rng.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.6)))
    picture = picture + rng.normal(0.0, float(rng.uniform(0.0, 0.12)), size=picture.shape)
    for _ in range(int(rng.integers(0, 4))):  # somebody's head or hand before the lens
        x, y = rng.integers(0, SIDE, size=2)
        wide, high = rng.integers(8, SIDE // 4, size=2)
        picture[y : y + high, x : x + wide] = rng.uniform(-1, 1, size=3)
    return np.clip(picture, -1.2, 1.2)


def _maps(points: FloatArray) -> tuple[Any, Any]:
    """Each part's peak, adding up to 1, (len(PARTS), places), and 1 for the parts inside the picture."""
    side = SIDE // 4
    places = points / 4 - 0.5
    inside = ((places > -0.5) & (places < side - 0.5)).all(axis=1)
    rows, columns = np.mgrid[0:side, 0:side]
    maps = np.zeros((len(PARTS), side * side), dtype=np.float32)
    for part in np.flatnonzero(inside):
        x, y = places[part]
        peak = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * PEAK_SIGMA**2))
        maps[part] = (peak / peak.sum()).ravel()
    return maps, inside.astype(np.float32)


def weights_bytes(net: Net, notes: dict[str, str]) -> bytes:
    """The file's bytes. notes: how it was taught, kept in the file."""
    return bytes(save(weights_of(net), metadata=notes))
