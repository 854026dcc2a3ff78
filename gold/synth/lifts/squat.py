"""The squat: bar on the back over the middle of the feet, feet flat, depth drawn and solved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np

from gold.synth.body import SIGN, Body, body_of, build_draw, lifter_colours, skin_share
from gold.synth.lifts.performance import (
    Bar,
    Performance,
    bisect,
    grips_on,
    performance_of,
    secant,
    stand_m,
    touch_m,
)
from gold.synth.lifts.posture import SPINE, Foot, Posture, posed, toe_direction, trunk_bones
from gold.synth.skeleton import limb_bend, reach_m, turn_x, turn_y
from gold.synth.surfaces import Patch, depths_m, patch_of
from gold.truth import Fault
from judging.pose import FloatArray, Lift, Phase, Side

# How far the trunk leans forward: upright to what a low bar and long thighs ask for; with the hips shot up, more.
LEAN_LIMIT_DEG: Final = (-8.0, 62.0)
HIPS_HIGH_LEAN_DEG: Final = (50.0, 80.0)


@dataclass(frozen=True, slots=True)
class _Draw:
    """bar_drop_m: bar under the neck's base along the trunk. shin_deg: how far the shins lean forward. chest_deg: the
    upper back's extension. margin_m: squat depth asked for. knee_deg: bend at lockout. hips_back_m: of the ankles, at
    lockout. halves: grips from the bar's middle, m. moved, moved_m: the foot moved aside, and where to."""

    feet: dict[Side, Foot]
    toe_out_deg: float
    bar_drop_m: float
    shin_deg: float
    chest_deg: float
    margin_m: float
    knee_deg: float
    hips_back_m: float
    tilt_deg: float
    halves: Mapping[Side, float]
    moved: Side | None
    moved_m: FloatArray
    hips_high: bool


@lru_cache(maxsize=1)
def _back() -> Patch:
    """Skin of the upper back, shoulders and arms, where the bar lies."""
    return patch_of(skin_share("spine01", "spine02", "clavicle", "shoulder", "upperarm", "neck01") > 0.5)


def margin_draw(rng: np.random.Generator, low: float, high: float) -> float:
    """A depth to ask for, cm: dense around the limit, and broadly spread."""
    if rng.random() < 0.45:
        return float(np.clip(rng.normal(0, 3), low, high))
    return float(rng.uniform(low, high))


def squat(phase: Phase, fault: Fault, rng: np.random.Generator) -> Performance:
    """One squat. Raises UnreachableError when this draw cannot be taken by this body."""
    body = body_of(build_draw(rng))
    drawn = _draw(body, phase, fault, rng)
    colours = lifter_colours(rng, socks=bool(rng.random() < 0.4))
    start = _upright(body, drawn)
    bar, posture = _bar_on_back(body, start, drawn)
    bar, posture = (_standing if phase is Phase.LOCKOUT else _down)(body, posture, bar, drawn)
    pose = posed(body, replace(posture, feet=_feet(drawn)))
    points = _back().points_at(body, pose.bones)
    normal = posture.turn @ _back_normal(drawn)
    midfoot = _midfoot(body, drawn)
    residuals = {
        "bar_on_back": abs(100 * touch_m(points, bar, normal, 0.22)),
        "over_midfoot": abs(100 * float(bar.centre[1] - midfoot)),
    }
    if phase is not Phase.LOCKOUT:
        residuals["depth"] = 100 * abs(_margin(body, posture) - drawn.margin_m)
    return performance_of(Lift.SQUAT, body, pose, bar, posture.grips, colours, residuals)


def _draw(body: Body, phase: Phase, fault: Fault, rng: np.random.Generator) -> _Draw:
    shoulder = abs(body.skeleton.head("upperarm01.L")[0])
    half, toe = float(shoulder * rng.uniform(0.85, 1.55)), float(rng.uniform(8, 35))
    feet = {side: Foot(np.array([SIGN[side] * half, 0.0, body.sole_m]), toe) for side in Side}
    shift = float(rng.uniform(0.15, 0.3))
    moved, outwards = Side.LEFT if rng.random() < 0.5 else Side.RIGHT, bool(rng.random() < 0.4)
    margin = margin_draw(rng, -12, 15) if phase is not Phase.MID else float(rng.uniform(-32, -18))
    grip, narrow = float(shoulder + rng.uniform(0.1, 0.3)), float(rng.uniform(0.06, 0.1))
    halves = dict.fromkeys(Side, grip)
    if fault is Fault.ONE_ARM_SHORT:
        halves = {side: shoulder + (narrow if side is moved else 0.27) for side in Side}
    high = fault is Fault.HIPS_HIGH
    steep, short = float(rng.uniform(2, 10)), float(rng.uniform(-24, -8))
    soft = bool(rng.random() < 0.25)
    knee = float(rng.uniform(8, 35)) if soft else float(abs(rng.normal(0, 3)))
    shin = float(rng.uniform(20, 38))
    return _Draw(
        feet=feet,
        toe_out_deg=toe,
        bar_drop_m=float(rng.uniform(0.03, 0.11)),
        shin_deg=steep if high else shin * (0.8 if phase is Phase.MID else 1.0),
        chest_deg=float(rng.uniform(0, 14)),
        margin_m=(short if high else margin) / 100,
        knee_deg=knee,
        hips_back_m=float(rng.uniform(0.0, 0.03)) + 0.0015 * knee,
        tilt_deg=float(rng.uniform(4, 10) * rng.choice([-1, 1])) if fault is Fault.UNEVEN_BAR else 0.0,
        halves=halves,
        moved=moved if fault is Fault.FEET_MOVED else None,
        moved_m=np.array([SIGN[moved] * shift, 0.0, 0.0]) if outwards else np.array([0.0, -shift, 0.0]),
        hips_high=high,
    )


def _upright(body: Body, drawn: _Draw) -> Posture:
    """The trunk upright at the rest place: the bar is laid on it before the body goes down."""
    bends = {bone: turn_x(-drawn.chest_deg / 3) for bone in SPINE[2:]}
    poles = {side: toe_direction(side, foot.toe_out_deg) for side, foot in drawn.feet.items()}
    return Posture(body.skeleton.head("root"), np.eye(3), drawn.feet, poles, spine=bends)


def _back_normal(drawn: _Draw) -> FloatArray:
    """Out of the upper back, in the trunk's frame; the upper back slopes forward to the neck."""
    return np.asarray(turn_x(12.0 - drawn.chest_deg) @ np.array([0.0, 1.0, 0.0]))


def _bar_on_back(body: Body, posture: Posture, drawn: _Draw) -> tuple[Bar, Posture]:
    """The bar against the skin of the upright trunk, the hands on it; the shoulders follow the arms, so by rounds."""
    trunk = trunk_bones(body, posture)
    neck = trunk.places[body.skeleton.index["neck01"]]
    normal = _back_normal(drawn)
    along = turn_y(drawn.tilt_deg) @ np.array([1.0, 0.0, 0.0])
    down = np.cross(normal, np.array([1.0, 0.0, 0.0]))
    down = down if down[2] < 0 else -down
    bar = Bar(neck + drawn.bar_drop_m * down + 0.1 * normal, along)
    poles = {side: np.array([SIGN[side] * 0.25, 0.45, -1.0]) for side in Side}
    body_only = replace(posture, feet={})
    for _ in range(4):
        grips = grips_on(bar, drawn.halves, poles, cock_deg=15.0)
        points = _back().points_at(body, posed(body, replace(body_only, grips=grips)).bones)
        bar = replace(bar, centre=bar.centre + touch_m(points, bar, normal, 0.22) * normal)
    return bar, replace(posture, grips=grips)


def _midfoot(body: Body, drawn: _Draw) -> float:
    """Where the middle of the feet lies, y."""
    toes = np.cos(np.deg2rad(drawn.toe_out_deg))
    return float(np.mean([foot.ankle[1] for foot in drawn.feet.values()]) - body.midfoot_m * toes)


def _leaned(posture: Posture, bar: Bar, hip: FloatArray, lean_deg: float, at: FloatArray) -> tuple[Bar, Posture]:
    """The upright posture and its bar, leaned about the hips and moved so that the hips' middle is at a place."""
    turn = turn_x(lean_deg)

    def move(place: FloatArray) -> FloatArray:
        return np.asarray(at + turn @ (place - hip))

    grips = {
        side: replace(grip, place=move(grip.place), along=turn @ grip.along, pole=turn @ grip.pole)
        for side, grip in posture.grips.items()
    }
    head = turn_x(0.35 * lean_deg)
    return Bar(move(bar.centre), turn @ bar.along), replace(
        posture, root=move(posture.root), turn=turn, grips=grips, head=head
    )


def _hips(body: Body) -> FloatArray:
    """The middle between the hip joints at rest."""
    return (body.skeleton.head("upperleg01.L") + body.skeleton.head("upperleg01.R")) / 2


def _balanced(body: Body, posture: Posture, bar: Bar, drawn: _Draw, at: FloatArray) -> tuple[Bar, Posture]:
    """Leaned until the bar stands over the middle of the feet. Raises UnreachableError where that needs an odd lean."""
    hip, midfoot = _hips(body), _midfoot(body, drawn)
    arm = bar.centre - hip

    def off(lean_deg: float) -> float:
        return float((at + turn_x(lean_deg) @ arm)[1] - midfoot)

    lean = bisect(off, *(HIPS_HIGH_LEAN_DEG if drawn.hips_high else LEAN_LIMIT_DEG))
    return _leaned(posture, bar, hip, lean, at)


def _feet(drawn: _Draw) -> dict[Side, Foot]:
    """The feet as they stand, one moved where the draw says so."""
    return {
        side: replace(foot, ankle=foot.ankle + drawn.moved_m) if side is drawn.moved else foot
        for side, foot in drawn.feet.items()
    }


def _standing(body: Body, posture: Posture, bar: Bar, drawn: _Draw) -> tuple[Bar, Posture]:
    half = abs(body.skeleton.head("upperleg01.L")[0])
    reach = reach_m(body.legs[Side.LEFT], drawn.knee_deg) * 0.9999
    ankle = drawn.feet[Side.LEFT].ankle
    height = stand_m(reach, half, [foot.ankle for foot in _feet(drawn).values()], ankle[1] + drawn.hips_back_m)
    return _balanced(body, posture, bar, drawn, np.array([0.0, ankle[1] + drawn.hips_back_m, ankle[2] + height]))


def _down(body: Body, posture: Posture, bar: Bar, drawn: _Draw) -> tuple[Bar, Posture]:
    """Hips lowered until the depth is as drawn."""
    leg, foot = body.legs[Side.LEFT], drawn.feet[Side.LEFT]
    half = abs(body.skeleton.head("upperleg01.L")[0])
    pole = toe_direction(Side.LEFT, foot.toe_out_deg)

    def at_height(height: float) -> tuple[Bar, Posture]:
        def shin(back: float) -> float:
            hip = foot.ankle + np.array([0.0, back, 0.0])
            hip[0], hip[2] = half, height
            rise = limb_bend(leg, hip, foot.ankle, pole).middle - foot.ankle
            return float(np.rad2deg(np.arctan2(-rise[1], rise[2]))) - drawn.shin_deg

        limit = float(
            np.sqrt(
                max(
                    (leg.upper_length + leg.lower_length) ** 2
                    - (height - foot.ankle[2]) ** 2
                    - (foot.ankle[0] - half) ** 2,
                    0,
                )
            )
        )
        back = bisect(shin, -0.12, min(0.55, limit - 0.005))
        return _balanced(body, posture, bar, drawn, np.array([0.0, foot.ankle[1] + back, height]))

    def short(height: float) -> float:
        return _margin(body, at_height(height)[1]) - drawn.margin_m

    knee = foot.ankle[2] + leg.lower_length * np.cos(np.deg2rad(drawn.shin_deg))
    height = secant(short, knee + 0.1, knee - drawn.margin_m, 2e-4)
    return at_height(height)


def _margin(body: Body, posture: Posture) -> float:
    """Squat depth of a posture, m, the mean of both sides."""
    bones = posed(body, replace(posture, grips={}, head=None)).bones
    return float(np.mean(list(depths_m(Lift.SQUAT, body, bones).values())))
