"""Looks from many places, put together by place: how much is seen, how well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from inference.placing.sweep import Look, Place


@dataclass(frozen=True, slots=True)
class Cell:
    """One place through one engine, over all lifts.

    near_seen, far_seen, both_seen: share of lifts of which the side's rule could be measured, 0-1. error_cm: mean
    absolute error of the near side's margin, None where none was measured. given: share of lifts whose near side got a
    verdict. wrong: verdicts, of either side, that the truth contradicts. lifts: how many.
    """

    place: Place
    engine: str
    lifts: int
    near_seen: float
    far_seen: float
    both_seen: float
    error_cm: float | None
    sigma_cm: float | None
    given: float
    wrong: int


def cells_of(looks: Iterable[Look]) -> list[Cell]:
    """A cell for each engine and place on the lifter's left, in order."""

    def key(look: Look) -> tuple[str, Place]:
        return look.engine, look.place

    return [
        _cell(engine, place, list(some))
        for (engine, place), some in groupby(
            sorted((look for look in looks if look.place.azimuth_deg >= 0), key=key), key
        )
    ]


@dataclass(frozen=True, slots=True)
class Pair:
    """One camera against two: a place on the lifter's left, and the same with its mirror image on his right.

    one_any, two_any: share of lifts of which either side was measured; one_both, two_both: both sides; one_cleared,
    two_cleared: both sides got a verdict. 0-1.
    """

    place: Place
    engine: str
    lifts: int
    one_any: float
    two_any: float
    one_both: float
    two_both: float
    one_cleared: float
    two_cleared: float


def pairs_of(looks: Iterable[Look]) -> list[Pair]:
    """A pair for each engine and place that was looked at from both sides, in order."""

    def key(look: Look) -> tuple[str, Place]:
        return look.engine, replace(look.place, azimuth_deg=abs(look.place.azimuth_deg))

    groups = [(at, list(some)) for at, some in groupby(sorted(looks, key=key), key)]
    return [_pair(*at, some) for at, some in groups if {look.place.azimuth_deg > 0 for look in some} == {True, False}]


def _pair(engine: str, place: Place, looks: Sequence[Look]) -> Pair:
    one = [look for look in looks if look.place == place]
    scenes = sorted({look.scene for look in looks})

    def share(some: Sequence[Look], needed: int, *, verdict: bool = False) -> float:
        sides = {(look.scene, _left(look)) for look in some if (look.verdict if verdict else look.seen)}
        counts = [sum((scene, left) in sides for left in (True, False)) for scene in scenes]
        return sum(count >= needed for count in counts) / len(scenes)

    return Pair(
        place=place,
        engine=engine,
        lifts=len(scenes),
        one_any=share(one, 1),
        two_any=share(looks, 1),
        one_both=share(one, 2),
        two_both=share(looks, 2),
        one_cleared=share(one, 2, verdict=True),
        two_cleared=share(looks, 2, verdict=True),
    )


def _left(look: Look) -> bool:
    """Whether the look is at the lifter's left side."""
    return look.near == (look.place.azimuth_deg >= 0)


def _cell(engine: str, place: Place, looks: Sequence[Look]) -> Cell:
    near = {look.scene: look for look in looks if look.near}
    far = {look.scene: look for look in looks if not look.near}
    errors = [abs(look.error_cm) for look in near.values() if look.error_cm is not None]
    sigmas = [look.sigma_cm for look in near.values() if look.sigma_cm is not None]
    lifts = len(near)
    return Cell(
        place=place,
        engine=engine,
        lifts=lifts,
        near_seen=sum(look.seen for look in near.values()) / lifts,
        far_seen=sum(look.seen for look in far.values()) / lifts,
        both_seen=sum(near[scene].seen and far[scene].seen for scene in near) / lifts,
        error_cm=float(np.mean(errors)) if errors else None,
        sigma_cm=float(np.median(sigmas)) if sigmas else None,
        given=sum(look.verdict for look in near.values()) / lifts,
        wrong=sum(look.wrong for look in looks),
    )
