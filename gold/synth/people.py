"""Spotters: further bodies in the scene, standing about the lifter, dressed as lifters never are."""

from __future__ import annotations

from typing import Final

import numpy as np

from gold.synth.body import SIGN, SUFFIX, Body, Figure, body_of, build_spotter, figure_of, skin_at, spotter_colours
from gold.synth.lifts.posture import Foot, Grip, Posture, posed, toe_direction, trunk_bones
from gold.synth.skeleton import UnreachableError, reach_m, turn_x, turn_z
from judging.pose import Side

POSTURES: Final = ("upright", "hands_out", "crouched")
_TRIES: Final = 20


def spotter(place_xy: tuple[float, float], facing_deg: float, rng: np.random.Generator, *, posture: str) -> Figure:
    """A spotter standing at a place of the floor (metres), turned by ``facing_deg`` about the vertical from facing -y:
    90 faces +x, to the lifter's left.

    posture: "upright", arms hanging; "hands_out", leaning a little with both hands before him, as under the bar's end;
    "crouched", half squatting with both hands before him. Raises ValueError for another posture, RuntimeError when no
    draw succeeds.
    """
    if posture not in POSTURES:
        raise ValueError(f"a spotter stands {', '.join(POSTURES)}, not {posture}")
    body = body_of(build_spotter(rng))
    colours = spotter_colours(rng)
    for _ in range(_TRIES):
        try:
            bones = posed(body, _stance(body, posture, rng)).bones
        except UnreachableError:
            continue
        turn = turn_z(facing_deg)
        skin = skin_at(body, bones) @ turn.T + np.array([place_xy[0], place_xy[1], 0.0])
        return figure_of(body, skin, colours)
    raise RuntimeError("no spotter was posed: report the seed")


def _stance(body: Body, posture: str, rng: np.random.Generator) -> Posture:
    knee = {"upright": (0, 12), "hands_out": (5, 35), "crouched": (50, 95)}[posture]
    lean = {"upright": (-3, 5), "hands_out": (5, 28), "crouched": (22, 42)}[posture]
    bend, lean_deg = float(rng.uniform(*knee)), float(rng.uniform(*lean))
    half, toe = float(rng.uniform(0.09, 0.2)) + 0.001 * bend, float(rng.uniform(3, 25))
    look, roll = float(rng.uniform(-35, 35)), float(rng.uniform(-4, 4))
    feet = {side: Foot(np.array([SIGN[side] * half, 0.0, body.sole_m]), toe) for side in Side}
    hip = abs(body.skeleton.head("upperleg01.L")[0])
    reach = reach_m(body.legs[Side.LEFT], bend) * 0.9999
    back = 0.0022 * bend
    height = float(np.sqrt(reach**2 - (half - hip) ** 2 - back**2))
    turn = turn_x(lean_deg)
    middle = (body.skeleton.head("upperleg01.L") + body.skeleton.head("upperleg01.R")) / 2
    root = np.array([0.0, back - 0.02, body.sole_m + height]) + turn @ (body.skeleton.head("root") - middle)
    poles = {side: toe_direction(side, toe) for side in Side}
    head = turn_z(look) @ turn_x(0.4 * lean_deg + roll)
    standing = Posture(root, turn, feet, poles, head=head)
    return Posture(root, turn, feet, poles, head=head, grips=_grips(body, standing, posture, rng))


def _grips(body: Body, standing: Posture, posture: str, rng: np.random.Generator) -> dict[Side, Grip]:
    """Hands hanging at the sides, or held before the body; the palms' bar is only thought."""
    places = trunk_bones(body, standing).places
    grips = {}
    for side in Side:
        shoulder = places[body.skeleton.index[f"upperarm01.{SUFFIX[side]}"]]
        length = body.arms[side].upper_length + body.arms[side].lower_length
        out = SIGN[side]
        if posture == "upright":
            way = np.array([out * rng.uniform(0.1, 0.25), rng.uniform(-0.25, 0.1), -1.0])
            share, along = float(rng.uniform(0.93, 1.05)), np.array([0.0, -1.0, 0.0])
        else:
            way = np.array([out * rng.uniform(-0.25, 0.25), -1.0, rng.uniform(-0.9, 0.1)])
            share, along = float(rng.uniform(0.7, 1.0)), np.array([out, 0.0, 0.0])
        place = shoulder + way / np.sqrt(way @ way) * share * length
        grips[side] = Grip(place, along, np.array([out * 0.5, 0.7, -0.6]))
    return grips
