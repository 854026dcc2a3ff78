"""How a meet looks: colours of platform, room, bar and bench, lights, and what the camera does to the picture."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

from gold.synth.props import BUMPERS, CALIBRATED, IRON, Colour, Plate
from judging.pose import FloatArray


@dataclass(frozen=True, slots=True)
class Lamp:
    """A far light. towards: float array (3,), unit, from the scene to the light. colour: parts 0-1."""

    towards: FloatArray
    strength: float
    colour: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Banner:
    """A coloured rectangle on a wall of the room. wall: 0-3, quarters round from the one behind the platform."""

    wall: int
    from_m: float
    to_m: float
    low_m: float
    high_m: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that is colour and light.

    insert: what the platform's middle is laid with. board_m: how far the boards stand from the middle, 0 for none.
    room_m: how far the walls do. ambient: light from everywhere, 0-1. shadow: how much of the floor's light a person
    takes, 0-1. gain: by how much the photo's exposure is off, 1 for not. tint: colour cast, 3 factors. noise: grain, a
    standard deviation in steps of 255. blur_px: softness. quality: JPEG's. picture_seed: of the grain.
    """

    floor: Colour
    platform: Colour
    insert: Colour
    wall: Colour
    frame: Colour
    pad: Colour
    boards: tuple[Colour, ...]
    board_m: float
    board_height_m: float
    board_sides: tuple[bool, bool, bool, bool]
    room_m: float
    banners: tuple[Banner, ...]
    plates: tuple[Plate, ...]
    clamps: bool
    lamps: tuple[Lamp, ...]
    ambient: float
    shadow: float
    gain: float
    tint: tuple[float, float, float]
    noise: float
    blur_px: float
    quality: int
    picture_seed: int


def look_draw(rng: np.random.Generator) -> Look:
    """The look of one scene."""
    wood = rng.random() < 0.5
    platform = _hue(rng, (0.06, 0.11), (0.25, 0.55), (0.45, 0.75)) if wood else _any(rng, 0.25, 0.7)
    boards = tuple(_any(rng, 0.3, 0.95) for _ in range(int(rng.integers(2, 7))))
    room_m = float(rng.uniform(8.5, 13.0))
    return Look(
        floor=_any(rng, 0.12, 0.6, most=0.35),
        platform=platform,
        insert=_any(rng, 0.1, 0.55, most=0.6),
        wall=_any(rng, 0.12, 0.9, most=0.3),
        frame=_any(rng, 0.1, 0.8),
        pad=_any(rng, 0.06, 0.45, most=0.6),
        boards=boards,
        board_m=float(rng.uniform(2.9, 4.5)),
        board_height_m=float(rng.uniform(0.5, 1.1)),
        board_sides=(_flip(rng, 0.55), _flip(rng, 0.3), _flip(rng, 0.15), _flip(rng, 0.3)),
        room_m=room_m,
        banners=tuple(_banner(rng, room_m) for _ in range(int(rng.integers(4, 22)))),
        plates=_plates(rng),
        clamps=_flip(rng, 0.9),
        lamps=_lamps(rng),
        ambient=float(rng.uniform(0.22, 0.34)),
        shadow=float(rng.uniform(0.3, 0.65)),
        gain=float(rng.uniform(0.85, 1.15)),
        tint=(1.0 + float(rng.normal(0, 0.04)), 1.0, 1.0 + float(rng.normal(0, 0.05))),
        noise=float(rng.uniform(1.0, 5.0)),
        blur_px=float(max(0.0, rng.normal(0.35, 0.35))),
        quality=int(rng.integers(82, 94)),
        picture_seed=int(rng.integers(2**31)),
    )


def _plates(rng: np.random.Generator) -> tuple[Plate, ...]:
    """One side's plates, the heaviest innermost; the first is always 45 cm across."""
    style = (CALIBRATED, BUMPERS, IRON)[int(rng.choice(3, p=(0.55, 0.3, 0.15)))]
    count = int(rng.integers(1, 5))
    picks = sorted(int(pick) for pick in rng.choice(len(style), size=count, p=(0.55, 0.2, 0.15, 0.1)))
    picks[0] = min(picks[0], 1)
    return tuple(style[pick] for pick in picks)


def _lamps(rng: np.random.Generator) -> tuple[Lamp, ...]:
    """A key light from above and one side, a weaker one from another, and one from straight above."""
    turn = float(rng.uniform(0, 2 * np.pi))
    warm = float(rng.uniform(-0.08, 0.10))
    colour = (min(1.0, 1.0 + warm), 1.0, min(1.0, 1.0 - warm))
    away = turn + float(rng.uniform(1.6, 4.6))
    key = Lamp(_towards(turn, float(rng.uniform(0.6, 1.2))), float(rng.uniform(0.35, 0.55)), colour)
    fill = Lamp(_towards(away, float(rng.uniform(0.3, 0.9))), float(rng.uniform(0.1, 0.25)), (1.0, 1.0, 1.0))
    top = Lamp(_towards(0.0, 1.5), float(rng.uniform(0.05, 0.2)), (1.0, 1.0, 1.0))
    return (key, fill, top)


def _towards(turn: float, rise: float) -> FloatArray:
    return np.array([np.cos(rise) * np.cos(turn), np.cos(rise) * np.sin(turn), np.sin(rise)])


def _banner(rng: np.random.Generator, room_m: float) -> Banner:
    start, low = float(rng.uniform(-0.9, 0.8)) * room_m, float(rng.uniform(0.0, 3.0))
    width, height = float(rng.uniform(0.4, 3.5)), float(rng.uniform(0.5, 2.4))
    colour = _any(rng, 0.1, 0.98)
    return Banner(int(rng.integers(4)), start, min(start + width, 0.98 * room_m), low, low + height, colour)


def _any(rng: np.random.Generator, darkest: float, lightest: float, *, most: float = 0.9) -> Colour:
    """Any hue; ``most``: the strongest colour."""
    return _hue(rng, (0.0, 1.0), (0.0, most), (darkest, lightest))


def _hue(
    rng: np.random.Generator, hue: tuple[float, float], strong: tuple[float, float], light: tuple[float, float]
) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(*(float(rng.uniform(*span)) for span in (hue, strong, light)))
    return round(255 * red), round(255 * green), round(255 * blue)


def _flip(rng: np.random.Generator, share: float) -> bool:
    return bool(rng.random() < share)
