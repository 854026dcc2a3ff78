"""The bench press: shoulders, buttocks and head on the pad, feet on the floor.

Most bottoms have the bar on the chest, and the elbows come as deep as body, arch and grip make them. The others are
those that the depth rule was made for: a wide grip over the highest arch, the elbows about level with the shoulders.
Even so a chest seldom comes up to the bar there, and the bar stays above it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Final

import numpy as np

from gold.synth.body import (
    SIGN,
    SUFFIX,
    Body,
    Build,
    body_of,
    build_draw,
    lifter_colours,
    skin_share,
)
from gold.synth.lifts.performance import Bar, Performance, performance_of, secant, touch_m
from gold.synth.lifts.posture import SPINE, Foot, Grip, Posture, arm_bend_deg, posed, trunk_bones
from gold.synth.lifts.squat import margin_draw
from gold.synth.skeleton import Bones, UnreachableError, turn_x, turn_z, within
from gold.synth.surfaces import Patch, depths_m, patch_of
from gold.truth import Fault
from judging.pose import FloatArray, Lift, Phase, Side

# The widest hand spacing, between the forefingers (IPF technical rules, bench press).
GRIP_MAX_M: Final = 0.81
# How the arch is shared among the spine's bones, lowest first: most of it between loins and ribs, which lifts the chest
# highest.
_ARCH_SHARES: Final = (0.05, 0.3, 0.45, 0.2, 0.0)
# How often a bottom is one of the short range of motion that the depth rule was made for.
_SHORT_SHARE: Final = 0.4
# Few bodies can take one: it is drawn again so often before a touched chest may stand in for it.
_SHORT_TRIES: Final = 16
# Upper arm from the trunk, seen from above.
_ABDUCT_DEG: Final = (40.0, 80.0)
# How far the forearms lean at the bottom, seen from the foot end and from the side.
_SPLAY_LIMIT_DEG: Final = 12.0
_LEAN_LIMIT_DEG: Final = 15.0
# What is drawn of it: the hand's own offset from the wrist takes the rest.
_DRAWN_LEAN_DEG: Final = 10.0
# How far towards the feet from the shoulders' line the bar comes down, in upper-arm lengths: sternum to upper abdomen.
_TOUCH_SHARES: Final = (0.4, 0.95)
# Where the bar is taken to lie on the chest.
_TOUCHED_M: Final = 0.001
_ELBOWS_APART_M: Final = 0.8
_LOCKED_COCK_DEG: Final = 8.0
_UP: Final = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True)
class _Draw:
    """short: the elbows' depth is drawn, margins_m, and not that the bar touches. pad_m: its top above the floor.
    arch_deg: the spine's extension. pull_deg: shoulder blades drawn back. feet: ankles out from the middle, and towards
    the foot end from the hips, m, and the toes' turn. touch_share: bar towards the feet from the shoulders, see
    _TOUCH_SHARES. bends_deg: elbows at lockout. abduct_deg: see _ABDUCT_DEG. lean_deg, splay_deg: forearms, towards the
    feet and outwards. halves: added to the grip. hips_up_m: buttocks off the pad. cock_deg: wrists bent back. heel: how
    much deeper in the palm the bar lies, a share of its way from the wrist. over_m: bar towards the feet from the
    shoulders at lockout. part: of the way up. tilt_deg: the bar's."""

    short: bool
    pad_m: float
    arch_deg: float
    pull_deg: float
    feet: Mapping[Side, tuple[float, float, float]]
    touch_share: float
    abduct_deg: float
    margins_m: Mapping[Side, float]
    bends_deg: Mapping[Side, float]
    lean_deg: float
    splay_deg: float
    halves: Mapping[Side, float]
    hips_up_m: float
    cock_deg: float
    heel: float
    over_m: float
    part: float
    tilt_deg: float


@lru_cache(maxsize=1)
def _back() -> Patch:
    return patch_of(skin_share("spine01", "spine02", "clavicle", "shoulder", "upperarm01") > 0.6, 2)


@lru_cache(maxsize=1)
def _buttocks() -> Patch:
    return patch_of(skin_share("root", "pelvis", "spine05", "upperleg01") > 0.6, 2)


@lru_cache(maxsize=1)
def _head() -> Patch:
    return patch_of(skin_share("head") > 0.8, 1)


@lru_cache(maxsize=1)
def _chest() -> Patch:
    return patch_of(skin_share("spine", "root", "clavicle") > 0.6, 3)


def bench(phase: Phase, fault: Fault, rng: np.random.Generator) -> Performance:
    """One bench press. Raises UnreachableError when none of the bodies drawn can take it."""
    short = bool(rng.random() < _SHORT_SHARE)
    for _ in range(_SHORT_TRIES if short else 1):
        try:
            return _bench(phase, fault, short, rng)
        except UnreachableError as error:
            missed = error
    raise missed


def _bench(phase: Phase, fault: Fault, short: bool, rng: np.random.Generator) -> Performance:
    builds = build_draw(rng), build_draw(rng)
    # Those who make the way shortest by arching are, more often than not, those with short forearms.
    build = min(builds, key=_forearm_m) if short else builds[0]
    drawn = _draw(build, phase, fault, short, rng)
    body = _heeled(body_of(build), drawn.heel)
    colours = lifter_colours(rng)
    posture = _lying(body, drawn)
    if phase is Phase.BOTTOM:
        bar, grips = _lowered(body, posture, drawn)
    elif phase is Phase.LOCKOUT:
        bar, grips = _pressed(body, posture, drawn)
    else:
        bar, grips = _between(body, posture, drawn)
    posture = replace(posture, grips=grips)
    pose = posed(body, posture)
    for bend in pose.knee_bend_deg.values():
        within((20.0, 130.0), bend, "a knee bend on the bench")
    for side in Side:
        shin = pose.bones.places[body.skeleton.index[f"lowerleg01.{SUFFIX[side]}"]] - posture.feet[side].ankle
        within((-30.0, 45.0), float(np.rad2deg(np.arctan2(-shin[1], shin[2]))), "an ankle's bend")
    if phase is Phase.BOTTOM and fault is Fault.GOOD:
        _upright(body, pose.bones)
    gaps = _gaps(body, posture, drawn)
    into = touch_m(_chest().points_at(body, pose.bones), bar, _UP, 0.2)
    if into > 0.003:
        raise UnreachableError("the bar would pass into the chest")
    residuals = {
        "back_on_bench": 100 * max(abs(gaps[0]), abs(gaps[1] - drawn.hips_up_m)),
        "head_on_bench": 100 * abs(gaps[2]),
        "bar_to_chest": 100 * abs(into),
    }
    done = performance_of(Lift.BENCH, body, pose, bar, grips, colours, residuals, drawn.pad_m)
    if phase is Phase.BOTTOM and fault is Fault.GOOD and into < -2 * _TOUCHED_M:
        found = done.margins_cm["bench_depth"]
        if max(abs(found[side] - 100 * drawn.margins_m[side]) for side in Side) > 0.5:
            raise UnreachableError("the elbows do not come to the depth drawn")
    return done


def _forearm_m(build: Build) -> float:
    return body_of(build).arms[Side.LEFT].lower_length


def _draw(build: Build, phase: Phase, fault: Fault, short: bool, rng: np.random.Generator) -> _Draw:
    margin = margin_draw(rng, -9, 12) / 100
    differ = float(rng.normal(0, 0.02)) if rng.random() < 0.4 else float(rng.normal(0, 0.003))
    differ = float(np.clip(differ, -0.04, 0.04))
    arch, high_arch = float(rng.uniform(5, 75)), float(rng.uniform(80, 105))
    abduct, wide_abduct = float(rng.uniform(45, 75)), float(rng.uniform(66, 80))
    cock, cocked = float(rng.uniform(8, 22)), float(rng.uniform(15, 30))
    heel, heeled = float(rng.uniform(0.0, 0.15)), float(rng.uniform(0.4, 0.5))
    splay = float(rng.uniform(-10, 10))
    soft = bool(rng.random() < 0.25)
    bend = float(rng.uniform(8, 30)) if soft else float(abs(rng.normal(0, 2.5)))
    bends = {side: bend + float(abs(rng.normal(0, 1.0))) for side in Side}
    thigh = body_of(build).legs[Side.LEFT].upper_length
    feet_x, feet_y = float(rng.uniform(0.26, 0.42)), float(rng.uniform(0.35, 0.8)) * thigh
    toe = float(rng.uniform(5, 30))
    # For the highest arch the feet are drawn back towards the hips.
    feet_y = 0.6 * feet_y if short else feet_y
    feet = dict.fromkeys(Side, (feet_x, feet_y, toe))
    worse = Side.LEFT if rng.random() < 0.5 else Side.RIGHT
    halves = dict.fromkeys(Side, 0.0)
    lacks, moved, lifted = float(rng.uniform(25, 50)), float(rng.uniform(0.15, 0.3)), float(rng.uniform(0.06, 0.12))
    narrow = float(rng.uniform(0.10, 0.14))
    tilt = float(rng.uniform(4, 10) * rng.choice([-1, 1]))
    if fault is Fault.ONE_ARM_SHORT:
        bends[worse] += lacks
        halves[worse] = -narrow
    if fault is Fault.FEET_MOVED:
        feet[worse] = (feet_x + 0.3 * moved, feet_y + moved, toe)
    if fault is not Fault.UNEVEN_BAR:
        # With the bar on the chest one elbow is deeper because the bar lies a little askew.
        tilt = 0.0 if short or phase is not Phase.BOTTOM else -float(np.rad2deg(differ / _ELBOWS_APART_M))
    return _Draw(
        short=short,
        pad_m=float(rng.uniform(0.42, 0.45)),
        arch_deg=high_arch if short else arch,
        pull_deg=float(rng.uniform(7, 15)),
        feet=feet,
        touch_share=float(rng.uniform(*_TOUCH_SHARES)),
        abduct_deg=wide_abduct if short else abduct,
        margins_m={Side.LEFT: margin + differ / 2, Side.RIGHT: margin - differ / 2},
        bends_deg=bends,
        lean_deg=float(np.clip(rng.normal(2, 4), -8, 10)),
        splay_deg=0.5 * splay - 3 if short else splay,
        halves=halves,
        hips_up_m=lifted if fault is Fault.HIPS_HIGH else 0.0,
        cock_deg=cocked if short else cock,
        heel=heeled if short else heel,
        over_m=float(rng.uniform(-0.02, 0.07)),
        part=float(rng.uniform(0.35, 0.7)),
        tilt_deg=tilt,
    )


def _heeled(body: Body, heel: float) -> Body:
    """The body with its hands holding a bar nearer to the wrist, as for a press."""
    hands = {
        side: replace(hand, grip=hand.grip - heel * float(hand.grip @ hand.reach) * hand.reach)
        for side, hand in body.hands.items()
    }
    return replace(body, hands=hands)


def _upright(body: Body, bones: Bones) -> None:
    """Raises UnreachableError where a forearm leans more than a press has it."""
    for side in Side:
        elbow, wrist = (bones.places[body.skeleton.index[f"{name}.{SUFFIX[side]}"]] for name in ("lowerarm01", "wrist"))
        x, y, z = wrist - elbow
        within((-_SPLAY_LIMIT_DEG, _SPLAY_LIMIT_DEG), float(np.rad2deg(np.arctan2(x, z))), "a forearm's splay")
        within((-_LEAN_LIMIT_DEG, _LEAN_LIMIT_DEG), float(np.rad2deg(np.arctan2(y, z))), "a forearm's lean")


def _lying(body: Body, drawn: _Draw) -> Posture:
    """The trunk laid on the pad: the pelvis's pitch is solved so that shoulders and buttocks touch it, its height so
    that neither sinks in, the head's so that it rests."""
    share, posture = 0.005 * drawn.arch_deg, _tilted(body, drawn, 0.0, None)[0]
    # The head's turn takes a little of the upper back's skin with it, so both are solved twice.
    for _ in range(2):
        share = secant(partial(_seat_gap, body, drawn, posture.head), 0.9 * share, share + 0.02, 1e-4)
        posture, _gap = _tilted(body, drawn, 100 * share, posture.head)
        posture = replace(posture, head=_head_turn(secant(partial(_head_gap, body, posture, drawn), 0.0, 0.1, 1e-4)))
    return posture


def _head_turn(share: float) -> FloatArray:
    """The lying head's rotation; share: of 100 degrees, raised from flat."""
    return turn_x(-90 + 100 * share)


def _head_gap(body: Body, posture: Posture, drawn: _Draw, share: float) -> float:
    bones = posed(body, replace(posture, feet={}, head=_head_turn(share))).bones
    return float(_head().points_at(body, bones)[:, 2].min()) - drawn.pad_m


def _seat_gap(body: Body, drawn: _Draw, head: FloatArray | None, share: float) -> float:
    return _tilted(body, drawn, 100 * share, head)[1]


def _tilted(body: Body, drawn: _Draw, pitch_deg: float, head: FloatArray | None) -> tuple[Posture, float]:
    """The posture at a pelvic pitch, resting on its shoulders, and how high the buttocks are over what was drawn."""
    spine = {bone: turn_x(-share * drawn.arch_deg) for bone, share in zip(SPINE, _ARCH_SHARES, strict=True)}
    shoulders = {side: turn_z(SIGN[side] * drawn.pull_deg) for side in Side}
    root = np.array([0.0, -0.15, drawn.pad_m + 0.1])
    posture = Posture(root, turn_x(-90 + pitch_deg), {}, {}, spine=spine, head=head, shoulders=shoulders)
    # The back's skin does not hang on the legs, so its gap can be closed before they stand.
    back = float(_back().points_at(body, posed(body, posture).bones)[:, 2].min()) - drawn.pad_m
    posture = _footed(body, replace(posture, root=root - np.array([0.0, 0.0, back])), drawn)
    bones = posed(body, posture).bones
    seat = float(_buttocks().points_at(body, bones)[:, 2].min()) - drawn.pad_m
    return posture, seat - drawn.hips_up_m


def _footed(body: Body, posture: Posture, drawn: _Draw) -> Posture:
    hips = trunk_bones(body, posture).places
    feet, poles = {}, {}
    for side in Side:
        hip = hips[body.skeleton.index[f"upperleg01.{SUFFIX[side]}"]]
        x, y, toe = drawn.feet[side]
        feet[side] = Foot(np.array([SIGN[side] * x, hip[1] - y, body.sole_m]), toe)
        poles[side] = np.array([SIGN[side] * 0.35, -1.0, 0.7])
    return replace(posture, feet=feet, knees=poles)


def _gaps(body: Body, posture: Posture, drawn: _Draw) -> tuple[float, float, float]:
    """From the pad up to the lowest skin of shoulders and upper back, buttocks, head, m."""
    bones = posed(body, replace(posture, grips={})).bones
    back, seat, head = (
        float(patch.points_at(body, bones)[:, 2].min()) - drawn.pad_m for patch in (_back(), _buttocks(), _head())
    )
    return back, seat, head


def _shoulders(body: Body, posture: Posture) -> dict[Side, FloatArray]:
    places = trunk_bones(body, posture).places
    return {side: places[body.skeleton.index[f"upperarm01.{SUFFIX[side]}"]] for side in Side}


def _through(places: Mapping[Side, FloatArray]) -> Bar:
    """The bar through both hands, its middle over the pad's middle."""
    along = places[Side.LEFT] - places[Side.RIGHT]
    along = along / np.linalg.norm(along)
    start = places[Side.RIGHT]
    return Bar(start - start[0] / along[0] * along, along)


def _gripped(
    bar: Bar, places: Mapping[Side, FloatArray], poles: Mapping[Side, FloatArray], cock_deg: float
) -> dict[Side, Grip]:
    return {
        side: Grip(bar.at_x(float(places[side][0])), -SIGN[side] * bar.along, poles[side], cock_deg) for side in Side
    }


def _arms(
    body: Body, drawn: _Draw, shoulders: Mapping[Side, FloatArray], heights: Mapping[Side, float], bar_y: float
) -> tuple[Bar, dict[Side, Grip]]:
    """The bar and grips for elbows at given heights: the bar over a place of the chest, through the mean of both hands,
    or as near to it as the arms' angle to the trunk and the forearms' lean let it come. Raises UnreachableError where
    that is off the chest."""
    elbows, hands = {}, {}
    for side in Side:
        limb, hand = body.arms[side], body.hands[side]
        shoulder = shoulders[side]
        drop = (shoulder[2] - heights[side]) / limb.upper_length
        within((-55, 60), float(np.rad2deg(np.arcsin(np.clip(drop, -1, 1)))), "the upper arm's slope")
        flat = limb.upper_length * float(np.sqrt(1 - min(drop * drop, 1.0)))
        total = limb.lower_length + float(hand.grip @ hand.reach)
        ahead = (shoulder[1] - bar_y - total * np.sin(np.deg2rad(drawn.lean_deg))) / flat
        low, high = (float(np.cos(np.deg2rad(angle))) for angle in reversed(_ABDUCT_DEG))
        ahead = float(np.clip(ahead, low, high))
        along = shoulder[1] - bar_y - flat * ahead
        leaned = total * float(np.sin(np.deg2rad(_DRAWN_LEAN_DEG)))
        along = float(np.clip(along, -leaned, leaned))
        out = flat * float(np.sqrt(1 - ahead * ahead))
        elbows[side] = shoulder + np.array([SIGN[side] * out, -flat * ahead, heights[side] - shoulder[2]])
        elbow_x = abs(elbows[side][0])
        wide = elbow_x + total * float(np.sin(np.deg2rad(drawn.splay_deg)))
        wide = min(wide, GRIP_MAX_M / 2 + hand.forefinger_m) + drawn.halves[side]
        up = float(np.sqrt(max(total**2 - (wide - elbow_x) ** 2 - along**2, 0.0)))
        hands[side] = np.array([SIGN[side] * wide, elbows[side][1] - along, heights[side] + up])
    tilt = float(np.tan(np.deg2rad(drawn.tilt_deg)))
    middle_y = float(np.mean([place[1] for place in hands.values()]))
    near, far = _touch_ys(body, shoulders)
    if not far - 0.02 <= middle_y <= near + 0.02:
        raise UnreachableError("the bar does not come down between sternum and upper abdomen")
    middle_z = float(np.mean([place[2] - tilt * place[0] for place in hands.values()]))
    for place in hands.values():
        place[1], place[2] = middle_y, middle_z + tilt * place[0]
    bar = _through(hands)
    poles = {side: elbows[side] - (shoulders[side] + hands[side]) / 2 for side in Side}
    return bar, _gripped(bar, hands, poles, drawn.cock_deg)


def _lowered(body: Body, posture: Posture, drawn: _Draw) -> tuple[Bar, dict[Side, Grip]]:
    """The arms at the bottom: the bar on the chest, or short of it where the depth is drawn and is come to before."""
    if drawn.short:
        bar, grips, into = _at_depth(body, posture, drawn)
        if into < _TOUCHED_M:
            return bar, grips
    return _touching(body, posture, drawn)


def _at_depth(body: Body, posture: Posture, drawn: _Draw) -> tuple[Bar, dict[Side, Grip], float]:
    """The elbows' heights are corrected until both depths are as drawn, the bar over the chest's highest place. Also
    how far the bar is in the chest, m, negative above it."""
    shoulders = _shoulders(body, posture)
    still = replace(posture, feet={}, head=None)
    chest = _chest().points_at(body, posed(body, still).bones)
    bar_y = float(chest[chest[:, 2].argmax()][1])
    near, far = _touch_ys(body, shoulders)
    bar_y = float(np.clip(bar_y, far, near))
    heights = {side: float(shoulders[side][2]) + 0.1 - drawn.margins_m[side] for side in Side}
    for _ in range(8):
        bar, grips = _arms(body, drawn, shoulders, heights, bar_y)
        bones = posed(body, replace(still, grips=grips)).bones
        depths = depths_m(Lift.BENCH, body, bones)
        misses = {side: depths[side] - drawn.margins_m[side] for side in Side}
        if max(abs(miss) for miss in misses.values()) < 1e-3:
            break
        heights = {side: heights[side] + misses[side] for side in Side}
    return bar, grips, touch_m(_chest().points_at(body, bones), bar, _UP, 0.2)


def _touching(body: Body, posture: Posture, drawn: _Draw) -> tuple[Bar, dict[Side, Grip]]:
    """The elbows are lowered together until the bar lies on the chest's skin."""
    shoulders = _shoulders(body, posture)
    still = replace(posture, feet={}, head=None)
    near, far = _touch_ys(body, shoulders)
    low, high = _TOUCH_SHARES
    bar_y = near + (drawn.touch_share - low) / (high - low) * (far - near)
    askew = float(np.tan(np.deg2rad(drawn.tilt_deg))) * _ELBOWS_APART_M / 2
    height = float(shoulders[Side.LEFT][2] + shoulders[Side.RIGHT][2]) / 2
    for _ in range(10):
        heights = {side: height + SIGN[side] * askew for side in Side}
        bar, grips = _arms(body, drawn, shoulders, heights, bar_y)
        points = _chest().points_at(body, posed(body, replace(still, grips=grips)).bones)
        into = touch_m(points, bar, _UP, 0.2)
        if abs(into) < _TOUCHED_M:
            return bar, grips
        height += into
    raise UnreachableError("the bar does not come to rest on the chest")


def _touch_ys(body: Body, shoulders: Mapping[Side, FloatArray]) -> tuple[float, float]:
    """Between which places along the trunk, y, the bar comes down."""
    middle = float(shoulders[Side.LEFT][1] + shoulders[Side.RIGHT][1]) / 2
    near, far = (middle - share * body.arms[Side.LEFT].upper_length for share in _TOUCH_SHARES)
    return near, far


def _pressed(body: Body, posture: Posture, drawn: _Draw) -> tuple[Bar, dict[Side, Grip]]:
    """The arms as straight as drawn, the bar over the shoulders."""
    shoulders = _shoulders(body, posture)
    trunk = trunk_bones(body, posture)
    poles = {side: np.array([SIGN[side] * 0.8, -0.5, -0.3]) for side in Side}
    out = np.deg2rad(drawn.abduct_deg)
    places = {}
    for side in Side:
        limb, hand = body.arms[side], body.hands[side]
        wide = abs(shoulders[side][0]) + limb.upper_length * float(np.sin(out))
        wide += limb.lower_length * float(np.sin(np.deg2rad(drawn.splay_deg)))
        wide = min(wide, GRIP_MAX_M / 2 + hand.forefinger_m)
        places[side] = np.array([SIGN[side] * wide, shoulders[side][1] - drawn.over_m, shoulders[side][2] + 0.5])
    bar = _through(places)
    for _ in range(2):
        for side in Side:

            def short(height: float, side: Side = side, bar: Bar = bar) -> float:
                place = np.array([places[side][0], places[side][1], height])
                grip = Grip(place, -SIGN[side] * bar.along, poles[side], _LOCKED_COCK_DEG)
                return arm_bend_deg(body, trunk, side, grip) - drawn.bends_deg[side]

            limb = body.arms[side]
            low = shoulders[side][2] + 0.3 * limb.upper_length
            places[side][2] = _highest(short, float(low), float(shoulders[side][2] + 2.6 * limb.upper_length))
        if drawn.tilt_deg:
            low_side = Side.LEFT if drawn.tilt_deg < 0 else Side.RIGHT
            other = Side.RIGHT if low_side is Side.LEFT else Side.LEFT
            gap = (abs(places[low_side][0]) + abs(places[other][0])) * np.tan(np.deg2rad(abs(drawn.tilt_deg)))
            places[low_side][2] = places[other][2] - gap
        before, bar = bar, _through(places)
        if abs(float(before.along[2] - bar.along[2])) < 1e-3:
            break
    return bar, _gripped(bar, places, poles, _LOCKED_COCK_DEG)


def _highest(short: Callable[[float], float], low: float, high: float) -> float:
    """Bisects on the hand's height where out of reach counts as too high."""
    for _ in range(18):
        middle = (low + high) / 2
        try:
            bent = short(middle) > 0
        except UnreachableError:
            bent = False
        low, high = (middle, high) if bent else (low, middle)
    return low


def _between(body: Body, posture: Posture, drawn: _Draw) -> tuple[Bar, dict[Side, Grip]]:
    """Part of the way from the bottom to the lockout."""
    level = replace(drawn, tilt_deg=0.0)
    _, low = _lowered(body, posture, level)
    _, high = _pressed(body, posture, replace(level, bends_deg=dict.fromkeys(Side, 3.0)))
    top_y, top_z = (float(np.mean([high[side].place[axis] for side in Side])) for axis in (1, 2))
    tilt = float(np.tan(np.deg2rad(drawn.tilt_deg)))
    places = {}
    for side in Side:
        x, y, z = low[side].place
        places[side] = np.array([x, y + drawn.part * (top_y - y), z + drawn.part * (top_z - z) + tilt * x])
    bar = _through(places)
    return bar, _gripped(bar, places, {side: low[side].pole for side in Side}, drawn.cock_deg)
