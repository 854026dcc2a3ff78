"""Where a camera is best placed for each lift, read from gold/placements.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from judging.pose import Lift

FILE: Final = Path(__file__).with_name("placements.toml")


@dataclass(frozen=True, slots=True)
class Spot:
    """A place for a camera and, at -azimuth_deg, its mirror image.

    azimuth_deg: 0-180, 0 in front of the lifter, 90 square to his side. height_cm: lens above the floor, 0-1000.
    distance_cm: lens to the lifter's middle along the floor, 50-5000. Raises ValueError outside these.
    """

    azimuth_deg: float
    height_cm: float
    distance_cm: float

    def __post_init__(self) -> None:
        _check("azimuth_deg", self.azimuth_deg, 0.0, 180.0)
        _check("height_cm", self.height_cm, 0.0, 1000.0)
        _check("distance_cm", self.distance_cm, 50.0, 5000.0)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a placed camera may be off, each way; roll_sigma_deg: one standard deviation. Raises ValueError when a
    figure is negative or absurd."""

    azimuth_deg: float
    height_cm: float
    distance_cm: float
    roll_sigma_deg: float

    def __post_init__(self) -> None:
        _check("azimuth_deg", self.azimuth_deg, 0.0, 45.0)
        _check("height_cm", self.height_cm, 0.0, 100.0)
        _check("distance_cm", self.distance_cm, 0.0, 500.0)
        _check("roll_sigma_deg", self.roll_sigma_deg, 0.0, 10.0)


@dataclass(frozen=True, slots=True)
class Placements:
    """The spots of each lift, at least one, and their common tolerance."""

    spots: Mapping[Lift, tuple[Spot, ...]]
    tolerance: Tolerance


def placements_load(path: Path = FILE) -> Placements:
    """The recommended places. Raises ValueError naming the file and what is wrong in it."""
    try:
        return _parsed(tomllib.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as wrong:
        raise ValueError(f"{path.name}: {wrong}") from wrong


def _parsed(data: Mapping[str, Any]) -> Placements:
    unknown = sorted(set(data) - {"tolerance", *Lift})
    if unknown:
        raise ValueError(f"no lift is called {unknown[0]!r}")
    for name in ("tolerance", *Lift):
        if not data.get(name):
            raise ValueError(f"[{name}] is missing")
    spots = {lift: tuple(Spot(**one) for one in data[lift.value]) for lift in Lift}
    return Placements(spots, Tolerance(**data["tolerance"]))


def _check(name: str, value: float, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}, it must lie in {low:g} to {high:g}")
