"""Teaches the pose classifier and writes its weights. In the environment of ``make synth-env``: torch and the generator
are imported nowhere else for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import torch
from safetensors.numpy import save
from torch import nn
from torch.nn import functional

from inference.classify.joints import measures, mirrored
from inference.classify.lessons import Lessons
from inference.classify.net import ARCHITECTURE, LAYERS, MEMBERS, NONE, VIEWS_MIRRORED, layer_names

BATCH: Final = 512
RATE: Final = 2e-3
DECAY: Final = 2e-2
DROPOUT: Final = 0.15
# The view is the lesser question.
VIEW_WEIGHT: Final = 0.5


@dataclass(frozen=True, slots=True)
class Taught:
    """What is written down. members: the networks. middle, scale: of the measures. heat: both temperatures."""

    members: tuple[nn.Module, ...]
    middle: torch.Tensor
    scale: torch.Tensor
    heat: tuple[float, float]


class Member(nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
    """One of the networks that inference.classify.net.Network averages."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(*sizes) for sizes in pairwise(LAYERS))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers[:-1]:
            x = functional.dropout(functional.relu(layer(x)), DROPOUT, self.training)
        answer: torch.Tensor = self.layers[-1](x)
        return answer


def teach(
    draw: Callable[[np.random.Generator], Lessons],
    checked: Lessons,
    *,
    rounds: int,
    seed: int,
    progress: Callable[[int, float], object] = lambda *_: None,
) -> Taught:
    """Networks that have seen ``rounds`` sets of lessons, each drawn anew, and their temperatures on ``checked``.

    progress: told how many lessons were seen, and the batch's loss.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 1])
    members = tuple(Member() for _ in range(MEMBERS))
    first = draw(rng)
    seen = torch.from_numpy(measures(first.points))
    # As the file keeps them.
    middle, scale = (one.float().double() for one in (seen.mean(dim=0), seen.std(dim=0).clamp(min=1e-3)))
    steps = rounds * math.ceil(len(first.moment) / BATCH)
    optimizers = [torch.optim.AdamW(one.parameters(), lr=RATE, weight_decay=DECAY) for one in members]
    schedules = [torch.optim.lr_scheduler.OneCycleLR(one, RATE, total_steps=steps, pct_start=0.1) for one in optimizers]
    for turn in range(rounds):
        lessons = first if turn == 0 else draw(rng)
        x = ((torch.from_numpy(measures(lessons.points)) - middle) / scale).float()
        moments, views = torch.from_numpy(lessons.moment), torch.from_numpy(lessons.view)
        # Each member in an order of its own.
        for member, optimizer, schedule in zip(members, optimizers, schedules, strict=True):
            for some in torch.split(torch.randperm(len(x)), BATCH):
                loss = _loss(member(x[some]), moments[some], views[some])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                progress(len(some), float(loss.detach()))
    for member in members:
        member.eval()
    taught = Taught(tuple(one.double() for one in members), middle, scale, (1.0, 1.0))
    return Taught(taught.members, middle, scale, temperatures(taught, checked))


def _loss(logits: torch.Tensor, moments: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
    lifts = moments != NONE
    of_moments = functional.cross_entropy(logits[:, : NONE + 1], moments)
    return of_moments + VIEW_WEIGHT * functional.cross_entropy(logits[lifts, NONE + 1 :], views[lifts])


def look(taught: Taught, points: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """inference.classify.net.Network.look in torch, before the temperatures: logits of moments and of views."""

    def mean(seen: Any) -> torch.Tensor:
        x = (torch.from_numpy(seen) - taught.middle) / taught.scale
        return torch.stack([member(x) for member in taught.members]).mean(dim=0)

    with torch.no_grad():
        upright, turned = mean(measures(points)), mean(measures(mirrored(points)))
    moments = (upright[:, : NONE + 1] + turned[:, : NONE + 1]) / 2
    return moments, (upright[:, NONE + 1 :] + turned[:, NONE + 1 :][:, VIEWS_MIRRORED]) / 2


def temperatures(taught: Taught, checked: Lessons) -> tuple[float, float]:
    """By which the logits are divided so that the lessons' answers are as likely as they can be (Guo et al. 2017)."""
    moments, views = look(taught, checked.points)
    wanted, quarters = torch.from_numpy(checked.moment), torch.from_numpy(checked.view)
    lifts = wanted != NONE
    return _temperature(moments, wanted), _temperature(views[lifts], quarters[lifts])


def _temperature(logits: torch.Tensor, wanted: torch.Tensor) -> float:
    def loss(log_heat: float) -> float:
        return float(functional.cross_entropy(logits / math.exp(log_heat), wanted))

    low, high = math.log(0.2), math.log(10.0)
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(40):  # golden section: the loss has one valley in the temperature
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return math.exp((low + high) / 2)


def weights_bytes(taught: Taught, notes: dict[str, str]) -> bytes:
    """The file's bytes. notes: how it was taught, kept in the file."""
    parts: dict[str, Any] = {
        "middle": taught.middle.numpy().astype(np.float32),
        "scale": taught.scale.numpy().astype(np.float32),
        "heat": np.array(taught.heat, dtype=np.float32),
    }
    for place, member in enumerate(taught.members):
        for number, layer in enumerate(member.layers):
            weight, bias = layer_names(place, number)
            parts[weight] = layer.weight.detach().numpy().astype(np.float32)
            parts[bias] = layer.bias.detach().numpy().astype(np.float32)
    return bytes(save(parts, metadata={"architecture": ARCHITECTURE} | notes))
