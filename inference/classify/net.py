"""The pose classifier's network in numpy, so that no worker needs torch for it: a few small networks whose answers are
averaged. ``inference/classify/teach.py`` has the same in torch; a test holds the two together.

One output is the lift and its moment together (nine, and "none of these"), the other the quarter from which the camera
looks. A pose and its mirror image are both looked at: what they say of left and right is exchanged, the rest averaged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from safetensors import SafetensorError, safe_open

from inference.classify.joints import SIZE, measures, mirrored
from judging.pose import FloatArray, Lift, Phase, View

WEIGHTS: Final = Path(__file__).with_name("pose.safetensors")
ARCHITECTURE: Final = "white-lights pose classifier 1"
MOMENTS: Final = (
    *((Lift.SQUAT, Phase.BOTTOM), (Lift.SQUAT, Phase.MID), (Lift.SQUAT, Phase.LOCKOUT)),
    *((Lift.BENCH, Phase.BOTTOM), (Lift.BENCH, Phase.MID), (Lift.BENCH, Phase.LOCKOUT)),
    *((Lift.DEADLIFT, Phase.START), (Lift.DEADLIFT, Phase.MID), (Lift.DEADLIFT, Phase.LOCKOUT)),
)
NONE: Final = len(MOMENTS)
VIEWS: Final = (View.FRONT, View.LEFT, View.RIGHT, View.REAR)
VIEWS_MIRRORED: Final = [0, 2, 1, 3]
MEMBERS: Final = 4
HIDDEN: Final = 128
LAYERS: Final = (SIZE, HIDDEN, HIDDEN, NONE + 1 + len(VIEWS))


@dataclass(frozen=True, slots=True)
class Answer:
    """Probabilities. moments: float array (n, len(MOMENTS) + 1), the last "none of these". views: (n, len(VIEWS))."""

    moments: FloatArray
    views: FloatArray


@dataclass(frozen=True, slots=True)
class Network:
    """layers: of each member, weight (out, in) and bias (out,) in turn. middle, scale: (SIZE,), of the measures.
    heat: the temperatures of moments and views, by which a probability is one.
    """

    layers: tuple[tuple[FloatArray, ...], ...]
    middle: FloatArray
    scale: FloatArray
    heat: tuple[float, float]
    sha256: str
    notes: Mapping[str, str]

    def look(self, points: FloatArray) -> Answer:
        """What poses (n, 17, 3) look like."""
        upright, turned = self.logits(measures(points)), self.logits(measures(mirrored(points)))
        moments = (upright[:, : NONE + 1] + turned[:, : NONE + 1]) / 2
        views = (upright[:, NONE + 1 :] + turned[:, NONE + 1 :][:, VIEWS_MIRRORED]) / 2
        return Answer(softmax(moments / self.heat[0]), softmax(views / self.heat[1]))

    def logits(self, seen: FloatArray) -> FloatArray:
        """The members' mean output for measures (n, SIZE): float array (n, LAYERS[-1]), before any temperature."""
        x = (seen - self.middle) / self.scale
        outputs = []
        for member in self.layers:
            inner = x
            for place in range(0, len(member), 2):
                inner = inner @ member[place].T + member[place + 1]
                if place < len(member) - 2:
                    inner = np.maximum(inner, 0.0)
            outputs.append(inner)
        mean: FloatArray = np.mean(outputs, axis=0)
        return mean


def softmax(logits: FloatArray) -> FloatArray:
    """Over the last axis."""
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    normed: FloatArray = shares / shares.sum(axis=-1, keepdims=True)
    return normed


class WeightsError(ValueError):
    """Weights that are not this network's."""


@cache
def network_load(path: Path = WEIGHTS, sha256: str | None = None) -> Network:
    """The network of a file, read once. Raises WeightsError naming the file when it is another architecture's, lacks a
    part or has one too many, has a part of another shape, or is not the file of this hash."""
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if sha256 is not None and found != sha256:
        raise WeightsError(f"{path.name} is not the file asked for: its sha256 is {found[:12]}…, not {sha256[:12]}….")
    try:
        with safe_open(path, "numpy") as file:
            notes = dict(file.metadata() or {})
            parts = {name: file.get_tensor(name).astype(np.float64) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as broken:
        raise WeightsError(f"{path.name} holds no weights: {broken}") from broken
    if notes.get("architecture") != ARCHITECTURE:
        raise WeightsError(f"{path.name} is of another architecture: {notes.get('architecture', 'none named')!r}.")
    _parts_check(path.name, {name: part.shape for name, part in parts.items()})
    members = tuple(
        tuple(parts[name] for layer in range(len(LAYERS) - 1) for name in layer_names(member, layer))
        for member in range(MEMBERS)
    )
    heat = parts["heat"]
    return Network(members, parts["middle"], parts["scale"], (float(heat[0]), float(heat[1])), found, notes)


def layer_names(member: int, layer: int) -> tuple[str, str]:
    """The names of a layer's weight and bias in the file."""
    return f"{member}.{layer}.weight", f"{member}.{layer}.bias"


def shapes() -> dict[str, tuple[int, ...]]:
    """Every part of the file by its name."""
    parts: dict[str, tuple[int, ...]] = {"middle": (SIZE,), "scale": (SIZE,), "heat": (2,)}
    for member in range(MEMBERS):
        for layer, (inside, outside) in enumerate(pairwise(LAYERS)):
            weight, bias = layer_names(member, layer)
            parts |= {weight: (outside, inside), bias: (outside,)}
    return parts


def _parts_check(name: str, found: Mapping[str, tuple[int, ...]]) -> None:
    wanted = shapes()
    if lacking := sorted(wanted.keys() - found.keys()):
        raise WeightsError(f"{name} lacks {lacking[0]}.")
    if extra := sorted(found.keys() - wanted.keys()):
        raise WeightsError(f"{name} holds {extra[0]}, which this network has not.")
    for part, shape in wanted.items():
        if found[part] != shape:
            raise WeightsError(f"{name}: {part} has shape {json.dumps(found[part])}, not {json.dumps(shape)}.")
