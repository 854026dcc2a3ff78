"""What is rendered: a lift performed, the people and things round it, the camera, drawn from a seed and an index.

The performance, its surroundings and the camera are drawn from streams of their own: a change of what cameras are asked
for leaves the performances as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeVar

import numpy as np

from gold.placements import Placements, placements_load
from gold.synth import lifts, props
from gold.synth.body import Figure
from gold.synth.lifts import Bar, Performance, faults_of, phases_of
from gold.synth.look import Look, look_draw
from gold.synth.optics import Camera, camera_place, focal_of_fov
from gold.synth.people import spotter
from gold.synth.props import Rim, Solid
from gold.synth.skeleton import UnreachableError
from gold.truth import Fault, Kind, Placement
from judging.pose import FloatArray, Joint, Lift, Phase, Side

T = TypeVar("T")

# How often each kind is drawn. Most are lifts; the others are what no verdict may ever be given on.
KIND_SHARES: Final = {Kind.LIFT: 0.88, Kind.EMPTY: 0.04, Kind.SPOTTERS: 0.08}
PHASE_SHARES: Final = {Phase.START: 0.5, Phase.BOTTOM: 0.5, Phase.LOCKOUT: 0.3, Phase.MID: 0.2}
# How many spotters stand round a lift, from none upwards. Loaders keep away from a deadlift.
SPOTTER_SHARES: Final = {
    Lift.SQUAT: (0.06, 0.06, 0.28, 0.34, 0.20, 0.06),
    Lift.BENCH: (0.06, 0.08, 0.28, 0.34, 0.18, 0.06),
    Lift.DEADLIFT: (0.40, 0.25, 0.28, 0.07),
}
RECOMMENDED_SHARE: Final = 0.5
PORTRAIT_SHARE: Final = 0.15
FOV_DEG: Final = (28.0, 60.0)
# Draws of a scene whose pose or camera cannot be had, and of a camera that somebody stands before, until giving up.
SCENE_ATTEMPTS: Final = 4
CAMERA_ATTEMPTS: Final = 40
# No camera stands nearer to a person than this.
CLEAR_M: Final = 0.7


class PlacementMix(StrEnum):
    """Which cameras are asked for."""

    MIXED = "mixed"
    RECOMMENDED = "recommended"
    ANYWHERE = "anywhere"


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for; None: as it comes. spoilt: the share of lifts spoilt on purpose, 0-1. width, height: px; some
    photos are taken upright, with the two exchanged.

    Raises ValueError when a lift has no such phase or a figure lies outside its range.
    """

    placement: PlacementMix = PlacementMix.MIXED
    lift: Lift | None = None
    phase: Phase | None = None
    kind: Kind | None = None
    spoilt: float = 0.15
    width: int = 960
    height: int = 720

    def __post_init__(self) -> None:
        if self.phase and self.lift and self.phase not in phases_of(self.lift):
            known = ", ".join(phases_of(self.lift))
            raise ValueError(f"a {self.lift} has no phase {self.phase}: take one of {known}")
        if not 0 <= self.spoilt <= 1:
            raise ValueError(f"the spoilt share is {self.spoilt:g}, it must lie in 0 to 1")
        if not (160 <= self.width <= 4096 and 160 <= self.height <= 4096):
            raise ValueError(f"a photo of {self.width}x{self.height} px: each side must lie in 160 to 4096")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a scene is to be, before anybody is solved. equipment: the lift that the platform is set up for."""

    kind: Kind
    equipment: Lift
    phase: Phase | None
    fault: Fault
    placement: Placement
    spotters: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is rendered.

    middle: float array (3,), the lifter's, halfway between his shoulders and hips; without a lifter the platform's.
    performance: None without a lifter. solids: the things on the platform.
    rims: of the outermost 45 cm plates. redrawn: how many draws failed before this one.
    """

    seed: int
    index: int
    plan: Plan
    performance: Performance | None
    spotters: tuple[Figure, ...]
    solids: tuple[Solid, ...]
    rims: tuple[Rim, ...]
    middle: FloatArray
    look: Look
    camera: Camera
    redrawn: int

    @property
    def people(self) -> tuple[Figure, ...]:
        """The lifter first, if there is one."""
        return (*((self.performance.figure,) if self.performance else ()), *self.spotters)


def scene_draw(seed: int, index: int, options: Options, placements: Placements | None = None) -> Scene:
    """The scene of this seed and index. Raises ValueError when none of several draws could be solved."""
    plan = plan_draw(np.random.default_rng([seed, index]), options)
    last: Exception | None = None
    for attempt in range(SCENE_ATTEMPTS):
        streams = np.random.default_rng([seed, index, attempt]).spawn(3)
        try:
            return _scene(seed, index, plan, attempt, streams, placements or placements_load())
        except (UnreachableError, RuntimeError) as error:
            last = error
    raise ValueError(f"seed {seed}, scene {index} could not be drawn, take another seed: {last}") from last


def scene_with_camera(scene: Scene, camera: Camera, placement: Placement = Placement.ANYWHERE) -> Scene:
    """The same people and things, seen from elsewhere."""
    plan = replace(scene.plan, placement=placement, width=camera.width, height=camera.height)
    return replace(scene, plan=plan, camera=camera)


def plan_draw(rng: np.random.Generator, options: Options) -> Plan:
    """What is to be rendered. Every draw is made whatever is asked for, so that one option leaves the others be."""
    kind = _pick(rng, KIND_SHARES)
    lift = list(Lift)[int(rng.integers(len(Lift)))]
    phase_at, spoilt_at, fault_at, camera_at, upright_at, spotters_at = rng.random(6)
    kind = options.kind or kind
    if options.lift:
        lift = options.lift
    elif options.phase and options.phase not in phases_of(lift):
        able = [one for one in Lift if options.phase in phases_of(one)]
        lift = able[int(phase_at * len(able))]
    shares = {phase: PHASE_SHARES[phase] for phase in phases_of(lift)}
    phase = options.phase or _at(shares, phase_at)
    faults = sorted(faults_of(lift, phase) - {Fault.GOOD})
    fault = faults[int(fault_at * len(faults))] if spoilt_at < options.spoilt else Fault.GOOD
    recommended = {PlacementMix.MIXED: camera_at < RECOMMENDED_SHARE, PlacementMix.RECOMMENDED: True}
    if kind is Kind.LIFT:
        spotters = _at(dict(enumerate(SPOTTER_SHARES[lift])), spotters_at)
    else:
        spotters = 2 + int(3 * spotters_at) if kind is Kind.SPOTTERS else 0
    upright = upright_at < PORTRAIT_SHARE and lift is not Lift.BENCH
    width, height = (options.height, options.width) if upright else (options.width, options.height)
    return Plan(
        kind=kind,
        equipment=lift,
        phase=phase if kind is Kind.LIFT else None,
        fault=fault if kind is Kind.LIFT else Fault.GOOD,
        placement=Placement.RECOMMENDED if recommended.get(options.placement, False) else Placement.ANYWHERE,
        spotters=spotters,
        width=width,
        height=height,
    )


def _pick(rng: np.random.Generator, shares: dict[T, float]) -> T:
    return _at(shares, float(rng.random()))


def _at(shares: dict[T, float], place: float) -> T:
    """The entry at ``place``, 0-1, of the shares laid end to end."""
    left = place * sum(shares.values())
    for entry, share in shares.items():
        left -= share
        if left < 0:
            return entry
    return next(reversed(shares))


def _scene(
    seed: int,
    index: int,
    plan: Plan,
    attempt: int,
    streams: list[np.random.Generator],
    placements: Placements,
) -> Scene:
    rng, round_rng, camera_rng = streams
    performance = lifts.perform(plan.equipment, plan.phase, plan.fault, rng) if plan.phase else None
    look = look_draw(round_rng)
    rig = _rig_performed(plan.equipment, performance, round_rng) if performance else _rig(plan.equipment, round_rng)
    solids = _solids(rig, look)
    if performance:
        spotters = _spotters(plan, performance, rig, round_rng)
        middle = middle_of(performance.figure)
    else:
        spotters = _standing(plan.spotters, rig, round_rng)
        middle = np.array([0.0, 0.0, 0.8])
    camera = _camera(plan, performance, rig, spotters, middle, placements, camera_rng)
    rims = props.rims(rig.bar.centre, rig.bar.along, look.plates)
    return Scene(seed, index, plan, performance, spotters, solids, rims, middle, look, camera, attempt)


def middle_of(figure: Figure) -> FloatArray:
    """Halfway between the shoulders and the hips: float array (3,)."""
    trunk = [side.joint(part) for side in Side for part in ("shoulder", "hip")]
    middle: FloatArray = figure.joints[trunk].mean(axis=0)
    return middle


@dataclass(frozen=True, slots=True)
class Rig:
    """Where the equipment stands. saddle: float array (3,), the bar's middle when racked; None for the deadlift.
    bench_top_m, head_end_y: the pad's top and head end; None without a bench."""

    lift: Lift
    bar: Bar
    saddle: FloatArray | None
    bench_top_m: float | None = None
    head_end_y: float | None = None


def _rig_performed(lift: Lift, performance: Performance, rng: np.random.Generator) -> Rig:
    figure, bar = performance.figure, performance.bar
    away, rise = float(rng.uniform(0.6, 1.0)), float(rng.uniform(-0.03, 0.02))
    if lift is Lift.SQUAT:
        # He unracks it facing the rack and steps back: it stands before him, a little under the bar's height upright.
        return Rig(lift, bar, np.array([0.0, bar.centre[1] - away, (0.79 + rise) * figure.stature_m]))
    if lift is Lift.BENCH and performance.bench_top_m is not None:
        shoulders_y = float(figure.joints[[Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER], 1].mean())
        head = figure.vertices[np.abs(figure.vertices[:, 0]) < 0.12]
        top_m = performance.bench_top_m
        saddle = np.array([0.0, shoulders_y + 0.2 * away + 0.02, top_m + (0.3 + rise) * figure.stature_m])
        return Rig(lift, bar, saddle, top_m, float(head[:, 1].max()) + 0.02 + 0.05 * away)
    return Rig(lift, bar, None)


def _rig(lift: Lift, rng: np.random.Generator) -> Rig:
    """The platform set up for a lift, the bar racked or on the floor."""
    high, top, y = (float(rng.uniform(*span)) for span in ((1.1, 1.55), (0.42, 0.45), (-0.3, 0.3)))
    across = np.array([1.0, 0.0, 0.0])
    if lift is Lift.SQUAT:
        saddle = np.array([0.0, y - 0.5, high])
        return Rig(lift, Bar(saddle, across), saddle)
    if lift is Lift.BENCH:
        saddle = np.array([0.0, y + 0.3, top + 0.34 * high])
        return Rig(lift, Bar(saddle, across), saddle, top, y + 0.45)
    return Rig(lift, Bar(np.array([0.0, y, props.PLATE_RADIUS_M]), across), None)


def _solids(rig: Rig, look: Look) -> tuple[Solid, ...]:
    solids = [*props.bar(rig.bar.centre, rig.bar.along, look.plates, clamps=look.clamps)]
    if rig.bench_top_m is not None and rig.head_end_y is not None:
        solids += props.bench(rig.bench_top_m, rig.head_end_y, look.frame, look.pad)
    if rig.saddle is not None:
        # The post stands behind the bar as it is lifted out: before the squatter, behind the bench.
        if rig.lift is Lift.BENCH:
            solids += props.uprights(rig.saddle, look.frame, feet_y=(-0.25, 0.45), brace_y=0.3)
        else:
            solids += props.uprights(rig.saddle, look.frame, feet_y=(-0.65, 0.4), brace_y=-0.5)
    return tuple(solids)


def _spotters(plan: Plan, performance: Performance, rig: Rig, rng: np.random.Generator) -> tuple[Figure, ...]:
    """Who stands round a lift: at the bar's ends, behind the squatter or the bench's head; aside from a deadlift."""
    lifter = performance.figure
    if plan.equipment is Lift.DEADLIFT:
        return tuple(_loader(number, rng) for number in range(plan.spotters))
    bar_y = float(performance.bar.centre[1])
    if plan.equipment is Lift.SQUAT:
        near = lifter.vertices[np.abs(lifter.vertices[:, 0]) < 0.35]
        behind_y = float(near[:, 1].max()) + float(rng.uniform(0.22, 0.45))
        crouched = 0.5 if plan.phase in (Phase.BOTTOM, Phase.MID) else 0.0
    else:
        behind_y = (rig.head_end_y or 0.0) + float(rng.uniform(0.3, 0.5))
        crouched = 0.25
    posture = "crouched" if rng.random() < crouched else "hands_out"
    end_x = props.BAR_LENGTH_M / 2 + rng.uniform(0.3, 0.5, size=2)
    ends = [(end_x[0], bar_y + 0.1, -90.0), (-end_x[1], bar_y + 0.1, 90.0)]
    behind = (float(rng.uniform(-0.08, 0.08)), behind_y, 0.0)
    seconds = [(end_x[0] + 0.1, bar_y + 0.75, -80.0), (-end_x[1] - 0.1, bar_y + 0.75, 80.0)]
    if rng.random() < 0.5:
        seconds.reverse()
    places = [behind] if plan.spotters == 1 else [*ends, behind, *seconds][: plan.spotters]
    figures = []
    for x, y, facing in places:
        shift = rng.normal(0.0, 0.05, size=2)
        turn = float(rng.normal(0.0, 8.0))
        own = posture if rng.random() < 0.8 else "upright"
        figures.append(spotter((x + shift[0], y + abs(shift[1])), facing + turn, rng, posture=own))
    return tuple(figures)


def _loader(number: int, rng: np.random.Generator) -> Figure:
    side = -1.0 if number % 2 else 1.0
    x, y = side * float(rng.uniform(1.7, 2.7)), float(rng.uniform(0.6, 2.0)) + 0.4 * (number // 2)
    facing = _facing(x, y, rng)
    return spotter((x, y), facing, rng, posture="upright")


def _facing(x: float, y: float, rng: np.random.Generator) -> float:
    """Towards the platform's middle, more or less; 0 faces -y, 90 faces +x."""
    return float(np.degrees(np.arctan2(-x, y))) + float(rng.normal(0.0, 25.0))


def _standing(count: int, rig: Rig, rng: np.random.Generator) -> tuple[Figure, ...]:
    """Spotters who wait: round the equipment, not in it and not in one another."""
    places: list[tuple[float, float]] = []
    while len(places) < count:
        turn, far = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.9, 2.3))
        x, y = far * float(np.sin(turn)), float(rig.bar.centre[1]) + far * float(np.cos(turn))
        in_the_way = (abs(x) < 1.4 and abs(y - rig.bar.centre[1]) < 0.5) or (abs(x) < 0.5 and abs(y) < 1.3)
        if not in_the_way and all(np.hypot(x - a, y - b) > 0.65 for a, b in places):
            places.append((x, y))
    postures = ["hands_out" if rng.random() < 0.25 else "upright" for _ in places]
    return tuple(
        spotter(place, _facing(*place, rng), rng, posture=posture)
        for place, posture in zip(places, postures, strict=True)
    )


def _camera(
    plan: Plan,
    performance: Performance | None,
    rig: Rig,
    spotters: tuple[Figure, ...],
    middle: FloatArray,
    placements: Placements,
    rng: np.random.Generator,
) -> Camera:
    if performance:
        subject = performance.figure.joints
    else:
        subject = np.concatenate([[rig.bar.centre], *(one.joints for one in spotters)])
    with_plates = rng.random() < 0.5
    if with_plates or not performance:
        reach = 0.75 * rig.bar.along
        subject = np.concatenate([subject, [rig.bar.centre + reach, rig.bar.centre - reach]])
    bodies = np.concatenate([one.joints for one in spotters]) if spotters else np.empty((0, 3))
    for _ in range(CAMERA_ATTEMPTS):
        if plan.placement is Placement.RECOMMENDED:
            camera = _camera_recommended(plan, subject, middle, placements, rng)
        else:
            camera = _camera_anywhere(plan, subject, middle, rng)
        everybody = np.concatenate([subject, bodies])
        if (np.linalg.norm(everybody - camera.eye, axis=1) > CLEAR_M).all() and (camera.depth(subject) > 0.2).all():
            return camera
    raise UnreachableError("nowhere for the camera to stand")


def _camera_recommended(
    plan: Plan, subject: FloatArray, middle: FloatArray, placements: Placements, rng: np.random.Generator
) -> Camera:
    spots, off = placements.spots[plan.equipment], placements.tolerance
    spot = spots[int(rng.integers(len(spots)))]
    side = 1.0 if rng.random() < 0.5 else -1.0
    azimuth, height, distance = rng.uniform(-1.0, 1.0, size=3) * (off.azimuth_deg, off.height_cm, off.distance_cm)
    return camera_framed(
        middle,
        subject,
        azimuth_deg=side * (spot.azimuth_deg + azimuth),
        height_m=(spot.height_cm + height) / 100,
        distance_m=(spot.distance_cm + distance) / 100,
        roll_deg=float(rng.normal(0.0, off.roll_sigma_deg)),
        shift_m=rng.normal(0.0, 0.05, size=3),
        fill=float(rng.uniform(0.72, 0.92)),
        width=plan.width,
        height=plan.height,
    )


def _camera_anywhere(plan: Plan, subject: FloatArray, middle: FloatArray, rng: np.random.Generator) -> Camera:
    return camera_framed(
        middle,
        subject,
        azimuth_deg=float(rng.uniform(-180.0, 180.0)),
        height_m=float(rng.uniform(0.2, 2.0)),
        distance_m=float(rng.uniform(2.2, 7.0)),
        roll_deg=float(rng.normal(0.0, 1.5)),
        shift_m=rng.normal(0.0, 0.12, size=3),
        fill=float(rng.uniform(0.5, 0.95)),
        width=plan.width,
        height=plan.height,
    )


def camera_framed(
    middle: FloatArray,
    subject: FloatArray,
    *,
    azimuth_deg: float,
    height_m: float,
    distance_m: float,
    roll_deg: float = 0.0,
    shift_m: FloatArray | None = None,
    fill: float = 0.8,
    width: int = 960,
    height: int = 720,
) -> Camera:
    """A camera as somebody with a zoom sets it up: turned to the subject's middle and drawn in on it.

    middle: (3,), what azimuth and distance are reckoned from. subject: (n, 3), what is to be in the photo. shift_m:
    (3,), by how much the aim misses the subject's middle. fill: the share of the photo the subject is to fill, within
    the zoom's field of view, FOV_DEG. Raises ValueError when the aim stands straight above or below the lens.
    """
    aim = (subject.min(axis=0) + subject.max(axis=0)) / 2 + (0.0 if shift_m is None else shift_m)

    def camera(focal_px: float) -> Camera:
        return camera_place(
            middle,
            azimuth_deg=azimuth_deg,
            height_m=height_m,
            distance_m=distance_m,
            aim=aim,
            roll_deg=roll_deg,
            focal_px=focal_px,
            width=width,
            height=height,
        )

    wide = camera(focal_of_fov(FOV_DEG[1], width, height))
    if not (wide.depth(subject) > 0).all():
        return wide
    extent = np.abs(wide.project(subject) - (width / 2, height / 2)).max(axis=0) / wide.focal_px
    focal_px = fill * float(np.min(np.array([width, height]) / 2 / np.maximum(extent, 1e-6)))
    longest = focal_of_fov(FOV_DEG[0], width, height)
    return camera(min(max(focal_px, wide.focal_px), longest))
