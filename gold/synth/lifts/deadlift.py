"""The deadlift, conventional and sumo: arms hanging, bar against the legs over the middle of the feet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Final

import numpy as np

from gold.synth.body import SIGN, SUFFIX, Body, body_of, build_draw, lifter_colours, side_share
from gold.synth.lifts.performance import Bar, Performance, bisect, performance_of, stand_m, touch_m
from gold.synth.lifts.posture import SPINE, Foot, Grip, Posture, arm_bend_deg, posed, toe_direction, trunk_bones
from gold.synth.skeleton import Bones, UnreachableError, reach_m, turn_x, turn_z, unit
from gold.synth.surfaces import Patch, patch_of
from gold.truth import Fault
from judging.pose import FloatArray, Lift, Phase, Side

# Half of a 450 mm plate: the bar's height on the floor.
FLOOR_BAR_M: Final = 0.225
FORWARD: Final = np.array([0.0, -1.0, 0.0])
_LEG_REACH_M: Final = 0.6


@dataclass(frozen=True, slots=True)
class _Draw:
    """half_grip_m: grip from the bar's middle. mixed: the side whose palm looks forward. ahead_m: shoulders before the
    bar. bends_deg: elbows. knee_deg, lean_deg, pull_deg: at lockout the knees' bend, the trunk's lean and the shoulder
    blades drawn back. part: how far the bar is up, in between. flat_deg: how the back is rounded. steep_deg: the
    trunk's lean with the hips high. moved, moved_m: the foot moved aside, and where to."""

    feet: Mapping[Side, Foot]
    half_grip_m: float
    mixed: Side | None
    ahead_m: float
    bends_deg: Mapping[Side, float]
    knee_deg: float
    lean_deg: float
    pull_deg: float
    part: float
    flat_deg: float
    tilt_deg: float
    steep_deg: float
    moved: Side | None
    moved_m: FloatArray
    head_share: float


@lru_cache(maxsize=1)
def _legs() -> Patch:
    mask = np.zeros(len(side_share(Side.LEFT, "foot")), dtype=np.bool_)
    for side in Side:
        mask |= side_share(side, "upperleg", "lowerleg", "pelvis") > 0.6
    return patch_of(mask, 3)


def deadlift(phase: Phase, fault: Fault, rng: np.random.Generator) -> Performance:
    """One deadlift. Raises UnreachableError when this draw cannot be taken by this body."""
    body = body_of(build_draw(rng))
    drawn = _draw(body, phase, fault, rng)
    colours = lifter_colours(rng, socks=True)
    posture = _trunk(body, drawn, phase)
    if phase is Phase.LOCKOUT:
        bar, posture = _erect(body, posture, drawn)
    else:
        height = FLOOR_BAR_M if phase is Phase.START else FLOOR_BAR_M + drawn.part * 0.26 * body.stature_m
        bar, posture = _pulling(body, posture, drawn, height, fault is Fault.HIPS_HIGH)
    gap = _leg_gap(body, posture, bar)
    bar, posture = _tilted(body, posture, bar, drawn)
    pose = posed(body, replace(posture, feet=_feet(drawn)))
    residuals = {
        "bar_on_legs": 100 * abs(gap),
        "over_midfoot": 100 * abs(float(bar.centre[1]) - _midfoot(body, drawn)),
    }
    return performance_of(Lift.DEADLIFT, body, pose, bar, posture.grips, colours, residuals)


def _draw(body: Body, phase: Phase, fault: Fault, rng: np.random.Generator) -> _Draw:
    hip = abs(body.skeleton.head("upperleg01.L")[0])
    shoulder = abs(body.skeleton.head("upperarm01.L")[0])
    sumo = bool(rng.random() < 0.4)
    half = float(rng.uniform(0.3, 0.42)) * body.stature_m / 1.72 if sumo else float(hip + rng.uniform(-0.02, 0.05))
    toe = float(rng.uniform(28, 45)) if sumo else float(rng.uniform(2, 18))
    grip = (
        shoulder + float(rng.uniform(-0.02, 0.05))
        if sumo
        else max(half + 0.14, shoulder + 0.02) + float(rng.uniform(0, 0.08))
    )
    feet = {side: Foot(np.array([SIGN[side] * half, 0.0, body.sole_m]), toe) for side in Side}
    mixed = (Side.LEFT if rng.random() < 0.5 else Side.RIGHT) if rng.random() < 0.5 else None
    worse = Side.LEFT if rng.random() < 0.5 else Side.RIGHT
    short, moved = float(rng.uniform(25, 50)), float(rng.uniform(0.15, 0.3))
    bends = {side: float(abs(rng.normal(0, 2.0))) for side in Side}
    bends[Side.RIGHT] = bends[Side.LEFT]
    tilt = float(rng.uniform(4, 10) * rng.choice([-1, 1]))
    if fault is Fault.ONE_ARM_SHORT:
        bends[worse] += short
    soft, forward = bool(rng.random() < 0.25), bool(rng.random() < 0.35)
    aside = not sumo and bool(rng.random() < 0.5)
    steep = float(rng.uniform(76, 86))
    return _Draw(
        feet=feet,
        half_grip_m=grip,
        mixed=mixed,
        ahead_m=float(rng.uniform(0.0, 0.06 if not sumo else 0.04)),
        bends_deg=bends,
        knee_deg=float(rng.uniform(8, 30)) if soft else float(abs(rng.normal(0, 3))),
        lean_deg=float(rng.uniform(6, 18)) if forward else float(rng.uniform(-8, 4)),
        pull_deg=float(rng.uniform(-8, 0)) if forward else float(rng.uniform(0, 14)),
        part=float(rng.uniform(0.15, 0.8)),
        flat_deg=float(rng.uniform(-4, 8)),
        tilt_deg=tilt if fault is Fault.UNEVEN_BAR else 0.0,
        steep_deg=steep,
        moved=worse if fault is Fault.FEET_MOVED else None,
        moved_m=np.array([SIGN[worse] * moved, 0.0, 0.0])
        if aside
        else np.array([SIGN[worse] * 0.3 * moved, moved, 0.0]),
        head_share=float(rng.uniform(0.3, 0.7)),
    )


def _midfoot(body: Body, drawn: _Draw) -> float:
    toes = np.cos(np.deg2rad(drawn.feet[Side.LEFT].toe_out_deg))
    return -float(body.midfoot_m * toes)


def _trunk(body: Body, drawn: _Draw, phase: Phase) -> Posture:
    """The trunk upright at the rest place, back flat."""
    bends = {bone: turn_x(drawn.flat_deg / 3) for bone in SPINE[1:4]}
    pull = drawn.pull_deg if phase is Phase.LOCKOUT else -4.0
    shoulders = {side: turn_z(SIGN[side] * pull) for side in Side}
    poles = {side: toe_direction(side, foot.toe_out_deg) for side, foot in drawn.feet.items()}
    return Posture(body.skeleton.head("root"), np.eye(3), drawn.feet, poles, spine=bends, shoulders=shoulders)


def _hips(body: Body) -> FloatArray:
    return (body.skeleton.head("upperleg01.L") + body.skeleton.head("upperleg01.R")) / 2


def _leaned(body: Body, posture: Posture, drawn: _Draw, lean_deg: float, hips: FloatArray) -> Posture:
    """The trunk leaned, with the hips' middle at a place."""
    turn = turn_x(lean_deg)
    root = hips + turn @ (body.skeleton.head("root") - _hips(body))
    return replace(posture, root=root, turn=turn, head=turn_x(lean_deg * drawn.head_share))


def _gripped(posture: Posture, bar: Bar, drawn: _Draw) -> dict[Side, Grip]:
    """Hands on the bar, overhand or one under; elbows point back and out."""
    grips = {}
    for side in Side:
        inwards = 1.0 if side is drawn.mixed else -1.0
        pole = posture.turn @ np.array([SIGN[side] * 0.5, 1.0, 0.0])
        grips[side] = Grip(
            bar.centre + SIGN[side] * drawn.half_grip_m * bar.along, inwards * SIGN[side] * bar.along, pole
        )
    return grips


def _hang_m(body: Body, posture: Posture, drawn: _Draw, drop: FloatArray) -> float:
    """The distance, seen from the side, from shoulder joints to bar with the arms as straight as drawn, the shorter of
    both arms'. drop: the direction, seen from the side, from shoulder to bar."""
    trunk = trunk_bones(body, posture)
    down = unit(drop * np.array([0.0, 1.0, 1.0]))
    grips = _gripped(posture, Bar(np.zeros(3), np.array([1.0, 0.0, 0.0])), drawn)
    return min(_hang_side_m(body, trunk, grips[side], side, down, min(drawn.bends_deg.values())) for side in Side)


def _hang_side_m(body: Body, trunk: Bones, grip: Grip, side: Side, down: FloatArray, wanted_deg: float) -> float:
    shoulder = trunk.places[body.skeleton.index[f"upperarm01.{SUFFIX[side]}"]] * np.array([0.0, 1.0, 1.0])

    def bent(reach: float) -> bool:
        try:
            return (
                arm_bend_deg(body, trunk, side, replace(grip, place=grip.place + shoulder + reach * down)) > wanted_deg
            )
        except UnreachableError:
            return False

    low, high = 1.2 * body.arms[side].upper_length, 2.8 * body.arms[side].upper_length
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (middle, high) if bent(middle) else (low, middle)
    return low


def _shoulder(body: Body, posture: Posture) -> FloatArray:
    """The left shoulder joint."""
    return np.asarray(trunk_bones(body, posture).places[body.skeleton.index["upperarm01.L"]])


def _leg_gap(body: Body, posture: Posture, bar: Bar) -> float:
    bones = posed(body, replace(posture, grips={}, head=None)).bones
    return touch_m(_legs().points_at(body, bones), bar, FORWARD, _LEG_REACH_M)


def _pulling(body: Body, posture: Posture, drawn: _Draw, height: float, hips_high: bool) -> tuple[Bar, Posture]:
    """Shoulders a drawn way before the bar, arms hanging, and the trunk leaned so that the bar touches the legs."""
    bar = Bar(np.array([0.0, _midfoot(body, drawn), height]), np.array([1.0, 0.0, 0.0]))
    lean, ahead, found = 45.0, drawn.ahead_m, posture
    # The arms' length depends a little on how the trunk leans, so the pose is found twice.
    for _ in range(2):
        start = _leaned(body, posture, drawn, lean, _hips(body))
        hang = _hang_m(body, start, drawn, np.array([0.0, ahead, -0.5]))
        gap = partial(_hung_gap, body, posture, drawn, bar, hang)
        if hips_high:
            lean = drawn.steep_deg
            ahead = bisect(partial(gap, lean), -0.05, 0.2, 12)
        else:
            low = _least_lean(partial(gap, ahead=ahead))
            lean = bisect(partial(gap, ahead=ahead), low, low + 8.0, 10)
        found = _hung(body, posture, drawn, bar, hang, lean, ahead)
    return bar, replace(found, grips=_gripped(found, bar, drawn))


def _hung(body: Body, posture: Posture, drawn: _Draw, bar: Bar, hang: float, lean_deg: float, ahead: float) -> Posture:
    """The trunk leaned, with the shoulders an arm's length over the bar and a way before it."""
    upright = (_shoulder(body, posture) - _hips(body)) * np.array([0.0, 1.0, 1.0])
    shoulder = bar.centre + np.array([0.0, -ahead, float(np.sqrt(hang**2 - ahead**2))])
    return _leaned(body, posture, drawn, lean_deg, shoulder - turn_x(lean_deg) @ upright)


def _hung_gap(
    body: Body, posture: Posture, drawn: _Draw, bar: Bar, hang: float, lean_deg: float, ahead: float
) -> float:
    """How far the legs would pass the bar, m; well behind it where they cannot reach the floor."""
    try:
        return _leg_gap(body, _hung(body, posture, drawn, bar, hang, lean_deg, ahead), bar)
    except UnreachableError:
        return -1.0


def _least_lean(gap: Callable[[float], float]) -> float:
    """From the steepest trunk down, the first lean at which the legs would pass the bar."""
    for lean in np.arange(80.0, 4.0, -8.0):
        if gap(float(lean)) > 0:
            return float(lean)
    raise UnreachableError("the legs do not come to the bar")


def _erect(body: Body, posture: Posture, drawn: _Draw) -> tuple[Bar, Posture]:
    """Standing with the bar on the thighs; the hips are moved until the bar is over the middle of the feet."""
    start = _leaned(body, posture, drawn, drawn.lean_deg, _hips(body))
    hang = _hang_m(body, start, drawn, np.array([0.0, -0.03, -0.5]))
    foot, half = drawn.feet[Side.LEFT], abs(body.skeleton.head("upperleg01.L")[0])
    reach = reach_m(body.legs[Side.LEFT], drawn.knee_deg) * 0.9999
    midfoot = _midfoot(body, drawn)
    feet = _feet(drawn)
    back = -0.02
    for _ in range(6):
        height = stand_m(reach, half, [one.ankle for one in feet.values()], back)
        stood = _leaned(body, posture, drawn, drawn.lean_deg, np.array([0.0, back, foot.ankle[2] + height]))
        shoulder = _shoulder(body, stood)
        bar = Bar(np.array([0.0, shoulder[1] - 0.05, shoulder[2] - hang]), np.array([1.0, 0.0, 0.0]))
        for _ in range(3):
            move = _leg_gap(body, stood, bar)
            y = float(bar.centre[1]) - move
            drop = float(np.sqrt(max(hang**2 - (y - shoulder[1]) ** 2, 0.0)))
            bar = Bar(np.array([0.0, y, shoulder[2] - drop]), bar.along)
        miss = float(bar.centre[1]) - midfoot
        if abs(miss) < 1e-4:
            break
        back -= miss
    return bar, replace(stood, grips=_gripped(stood, bar, drawn))


def _feet(drawn: _Draw) -> dict[Side, Foot]:
    """The feet as they stand, one moved aside where the draw says so."""
    return {
        side: replace(foot, ankle=foot.ankle + drawn.moved_m) if side is drawn.moved else foot
        for side, foot in drawn.feet.items()
    }


def _tilted(body: Body, posture: Posture, bar: Bar, drawn: _Draw) -> tuple[Bar, Posture]:
    """The bar tilted about its lower end's hand, for a bar held unevenly or an arm held short."""
    tilt, bends = drawn.tilt_deg, drawn.bends_deg
    if bends[Side.LEFT] != bends[Side.RIGHT]:
        worse = max(Side, key=lambda side: bends[side])
        rise = reach_m(body.arms[worse], 0.0) - reach_m(body.arms[worse], bends[worse])
        tilt = SIGN[worse] * float(np.rad2deg(np.arctan2(rise, 2 * drawn.half_grip_m)))
    if tilt == 0.0:
        return bar, posture
    angle = np.deg2rad(tilt)
    along = np.array([np.cos(angle), 0.0, np.sin(angle)])
    low = -float(np.sign(tilt)) * drawn.half_grip_m
    pivot = bar.centre + np.array([low, 0.0, 0.0])
    bar = Bar(pivot - low * along, along)
    return bar, replace(posture, grips=_gripped(posture, bar, drawn))
