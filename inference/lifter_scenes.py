"""Scenes of several people with a known lifter, at the level of poses: what the lifter's score is fitted on.

The lifters are real: poses read from photos of lifts, and the gold sets' keypoints. The others are real people with
labelled keypoints, and bodies built from segment lengths (Drillis & Contini 1966, as tabled by Winter, Biomechanics
and Motor Control of Human Movement, fig. 4.1); they are placed on the floor where a meet places them: spotters behind
the lifter and at either end of the bar, loaders beyond, referees seated at the sides, coaches at the edge, audience
further off, and somebody large who walks past the camera. A pinhole camera says how large each stands and where.

Everything is drawn from the generator that is passed in: the same seed gives the same scenes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from inference.classify.geometry import SHOULDERS_FRONT_ON
from inference.classify.shape import shape_of, unit_px
from inference.finder.place import LifterPlace
from inference.lifter import LEAST_JOINTS_SEEN, Region
from judging.pose import SEEN_SCORE, FloatArray, Joint, Lift, Phase, Pose, Side

# Photos as phones and cameras take them, px.
PHOTOS_PX: Final = ((1600, 1200), (1600, 1067), (1600, 900), (1200, 1600), (1200, 1200))
TRUNK_M: Final = 0.288 * 1.72
# Where a spotter at the bar's end stands from its middle: half of 2.2 m (IPF's longest bar) and an arm's bend.
BAR_END_M: Final = (1.05, 1.45)
# Of the photos so many are zoomed in too far: parts of the lifter lie beyond the edge.
CUT_OFF: Final = 0.15
# Of the spotters at the bar's ends half follow it with their hands.
HANDS_AT_BAR: Final = 0.5
# Shares of scenes: the lifter is not among the people (of 52 lift photos with real bystanders set beside the lifter,
# MediaPipe missed 2 lifters; and nobody may have come yet); a region is known; nobody stated the lift, or the moment.
NO_LIFTER, REGION_KNOWN, LIFT_UNKNOWN, PHASE_UNKNOWN = 0.05, 0.5, 0.3, 0.3
# Engines lose people, the small ones first: at this part of the photo's height every other one.
LOST_AT: Final = 0.12
MIRROR: Final = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]


@dataclass(frozen=True, slots=True)
class Source:
    """A lifter to build scenes round. group: poses of one person in one exercise share it, and stay in one fold.

    phase: the moment of the photo, or None where nobody labelled it.
    """

    group: str
    lift: Lift
    pose: Pose
    phase: Phase | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """truth: the lifter's place among people, or None when the lifter is not among them. place: the finder's hint, None
    for a scene that no photo shows."""

    group: str
    people: tuple[Pose, ...]
    truth: int | None
    width: float
    height: float
    lift: Lift | None
    phase: Phase | None
    region: Region | None
    place: LifterPlace | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where somebody stands: right_m in the photo's plane and away_m from the camera, both from the lifter's feet.

    hands_m: how high over the floor the hands are held, for those who follow the bar.
    """

    right_m: float
    away_m: float
    body: str
    hands_m: float | None = None


# Ranges in degrees of a built body's parts: trunk's lean, thigh and shank from upright, upper arm's lift, elbow's bend.
_BODIES: Final[dict[str, tuple[tuple[float, float], ...]]] = {
    "idle": ((-4, 8), (-4, 6), (-3, 5), (-12, 15), (3, 30)),
    "folded": ((-4, 8), (-4, 6), (-3, 5), (10, 35), (75, 110)),
    "ready": ((0, 28), (0, 28), (0, 20), (25, 85), (15, 80)),
    "crouched": ((15, 50), (40, 80), (12, 35), (25, 75), (15, 70)),
    "seated": ((-8, 15), (75, 95), (-5, 12), (5, 45), (30, 95)),
    "filming": ((-4, 8), (-4, 6), (-3, 5), (30, 60), (70, 120)),
}


def scene_draw(source: Source, labelled: Sequence[Pose], rng: np.random.Generator) -> Scene:
    """One scene round this lifter. labelled: poses of real bystanders."""
    width, height = PHOTOS_PX[rng.integers(len(PHOTOS_PX))]
    lifter = _framed(_varied(source.pose, rng, turn_deg=2.5), width, height, rng)
    places = _places(source.lift, lifter, rng)
    distance_m, lens_m = rng.uniform(3.0, 7.0), rng.uniform(0.5, 1.6)
    bodies = [(lifter, 0.0)]
    for place in places:
        if place.away_m <= 1.0 - distance_m:
            continue
        body = _body(place, labelled, rng)
        bodies.append((_stood(body, lifter, place, distance_m, lens_m, width), place.away_m))
    people = [_as_seen(pose, away, bodies, width, height, rng) for pose, away in bodies]
    kept = [index for index, pose in enumerate(people) if _found(pose, index == 0, height, rng)]
    order = [int(index) for index in rng.permutation(kept)]
    region = _region(lifter, width, height, rng) if rng.random() < REGION_KNOWN else None
    return Scene(
        group=source.group,
        people=tuple(people[index] for index in order),
        truth=order.index(0) if 0 in order else None,
        width=width,
        height=height,
        lift=None if rng.random() < LIFT_UNKNOWN else source.lift,
        phase=None if rng.random() < PHASE_UNKNOWN else source.phase,
        region=region,
    )


def _places(lift: Lift, lifter: Pose, rng: np.random.Generator) -> list[_Place]:
    """Who else is there, and where. The bar lies across the camera's view as far as the shoulders look narrow."""
    shape = shape_of(lifter)
    sine = min(1.0, (shape.shoulder_width if shape else 0.0) / SHOULDERS_FRONT_ON)
    bar = np.array([sine, math.sqrt(1 - sine**2)])
    behind = np.array([-bar[1], bar[0]]) * rng.choice([-1, 1])
    if lift is Lift.BENCH:
        head = lifter.xy(Joint.LEFT_SHOULDER) - lifter.xy(Joint.LEFT_HIP)
        behind = np.array([bar[1] * np.sign(head[0] or 1.0), rng.choice([-1, 1]) * bar[0]])
    hands = lifter.points[[Joint.LEFT_WRIST, Joint.RIGHT_WRIST], 1].mean()
    bar_m = float(lifter.points[[Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE], 1].mean() - hands) / unit_px(lifter) * TRUNK_M
    places: list[_Place] = []

    def put(spot: FloatArray, bodies: str, spread_m: float = 0.12, hands_m: float | None = None) -> None:
        right, away = spot + rng.normal(0, spread_m, 2)
        places.append(_Place(float(right), float(away), str(rng.choice(bodies.split())), hands_m))

    if lift is not Lift.DEADLIFT:
        if rng.random() < 0.7:
            put(behind * rng.uniform(0.45, 1.1), "ready ready idle crouched")
        for end in (-1, 1):
            for _ in range(int(rng.choice([0, 1, 2], p=[0.3, 0.6, 0.1]))):
                follows = bar_m if rng.random() < HANDS_AT_BAR else None
                put(bar * end * rng.uniform(*BAR_END_M), "ready ready crouched idle labelled", hands_m=follows)
    elif rng.random() < 0.6:
        for end in (-1, 1):
            put(bar * end * rng.uniform(1.8, 3.5), "idle folded crouched labelled", 0.4)
    for end in (-1, 1):
        if rng.random() < 0.4:
            put(np.array([end * rng.uniform(2.0, 4.0), rng.uniform(-1.0, 2.0)]), "seated", 0.3)
    if rng.random() < 0.3:
        put(np.array([rng.normal(0, 1.0), rng.uniform(2.5, 4.5)]), "seated idle labelled", 0.3)
    if rng.random() < 0.35:
        put(
            np.array([rng.choice([-1, 1]) * rng.uniform(1.6, 3.5), rng.uniform(-1.0, 4.0)]),
            "idle crouched folded filming",
        )
    for _ in range(int(rng.integers(0, 6)) if rng.random() < 0.5 else 0):
        put(np.array([rng.uniform(-6, 6), rng.uniform(4, 14)]), "seated idle filming labelled labelled", 0.5)
    if rng.random() < 0.2:
        put(np.array([rng.choice([-1, 1]) * rng.uniform(0.5, 1.3), rng.uniform(-3.5, -1.5)]), "idle filming labelled")
    return places


def _body(place: _Place, labelled: Sequence[Pose], rng: np.random.Generator) -> tuple[Pose, float]:
    """A pose with its px per metre."""
    if place.body == "labelled" and labelled:
        pose = _varied(labelled[rng.integers(len(labelled))], rng, turn_deg=4)
        return pose, unit_px(pose) / TRUNK_M
    tries = [_built(_BODIES.get(place.body, _BODIES["idle"]), rng) for _ in range(1 if place.hands_m is None else 12)]
    return min(tries, key=lambda pose: abs(_hands_m(pose) - (place.hands_m or 0.0))), 100.0


def _hands_m(pose: Pose) -> float:
    """How high the hands of a built body are over the floor."""
    hands = pose.points[[Joint.LEFT_WRIST, Joint.RIGHT_WRIST], 1].mean()
    return float(pose.points[:, 1].max() - hands) / 100.0


def _built(ranges: tuple[tuple[float, float], ...], rng: np.random.Generator) -> Pose:
    """A body of segments, 100 px a metre, seen from anywhere on the level. Both arms do much
    the same, or each its own."""
    stature = 100 * rng.normal(1.74, 0.09)
    trunk, thigh, shank = (math.radians(rng.uniform(*each)) for each in ranges[:3])
    arms = [[math.radians(rng.uniform(*each)) for each in ranges[3:]] for _ in Side]
    if rng.random() < 0.6:
        arms[1] = arms[0]
    facing = rng.uniform(-math.pi, math.pi)

    def step(start: FloatArray, part: float, angle: float) -> FloatArray:
        return start + stature * part * np.array([math.sin(angle), math.cos(angle)])

    ankle = np.zeros(2)
    knee = step(ankle, 0.246, shank)
    hip = step(knee, 0.245, -thigh)
    shoulder = step(hip, 0.288, trunk)
    head = step(shoulder, 0.12, trunk)
    points = np.zeros((17, 3))

    def put(joint: Joint, place: FloatArray, aside: float) -> None:
        x = place[0] * math.sin(facing) + stature * aside * math.cos(facing)
        points[joint] = (x, -place[1], 0.95)

    put(Joint.NOSE, head + np.array([0.06 * stature, 0.0]), 0)
    for (side, sign), (arm, bend) in zip(((Side.LEFT, 1), (Side.RIGHT, -1)), arms, strict=True):
        lift = arm + math.radians(rng.normal(0, 8))
        elbow = step(shoulder, 0.186, math.pi - lift)
        wrist = step(elbow, 0.146, math.pi - lift - bend - math.radians(rng.normal(0, 10)))
        inwards = rng.uniform(-0.06, 0.03)
        put(side.joint("eye"), head + np.array([0.05, 0.02]) * stature, sign * 0.02)
        put(side.joint("ear"), head, sign * 0.045)
        put(side.joint("shoulder"), shoulder, sign * 0.115)
        put(side.joint("elbow"), elbow, sign * 0.14)
        put(side.joint("wrist"), wrist, sign * (0.14 + inwards))
        put(side.joint("hip"), hip, sign * 0.08)
        put(side.joint("knee"), knee, sign * 0.09)
        put(side.joint("ankle"), ankle, sign * 0.1)
    return Pose(points)


def _framed(pose: Pose, width: float, height: float, rng: np.random.Generator) -> Pose:
    """The lifter as staff aim at him: a third to most of the photo, about the middle; some zoom in
    too far."""
    xy, scores = pose.points[:, :2], pose.points[:, 2:]
    low, high = xy.min(axis=0), xy.max(axis=0)
    size = np.array([width, height])
    share = rng.uniform(0.9, 1.5) if rng.random() < CUT_OFF else rng.uniform(0.3, 0.85)
    scale = share * float((size / (high - low + 1e-6)).min())
    middle = size * (0.5, 0.55) + rng.normal(0, 0.09, 2) * size
    return Pose(np.hstack([(xy - (low + high) / 2) * scale + middle, scores]))


def _varied(pose: Pose, rng: np.random.Generator, turn_deg: float) -> Pose:
    """Mirrored every other time, turned a little, and each joint read a little elsewhere."""
    points = pose.points.copy()
    if rng.random() < 0.5:
        points = points[MIRROR]
        points[:, 0] *= -1
    turn = math.radians(rng.normal(0, turn_deg))
    spin = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    points[:, :2] = points[:, :2] @ spin.T + rng.normal(0, 0.02 * max(unit_px(pose), 1e-6), (17, 2))
    return Pose(points)


def _stood(
    body: tuple[Pose, float], lifter: Pose, place: _Place, distance_m: float, lens_m: float, width: float
) -> Pose:
    """The body on the floor at its place, in px of the photo."""
    pose, px_per_m = body
    lifter_px_per_m = unit_px(lifter) / TRUNK_M
    feet = lifter.points[[Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE], :2].mean(axis=0)
    farther = distance_m / (distance_m + place.away_m)
    horizon = feet[1] - lens_m * lifter_px_per_m
    x = width / 2 + (feet[0] + place.right_m * lifter_px_per_m - width / 2) * farther
    y = horizon + (feet[1] - horizon) * farther
    xy = pose.points[:, :2]
    stand = np.array([xy[:, 0].mean(), xy[:, 1].max()])
    return Pose(np.hstack([(xy - stand) * (lifter_px_per_m * farther / px_per_m) + (x, y), pose.points[:, 2:]]))


def _as_seen(
    pose: Pose, away_m: float, bodies: list[tuple[Pose, float]], width: float, height: float, rng: np.random.Generator
) -> Pose:
    """Scores as an engine would give them: low beyond the photo's edge and behind somebody's trunk."""
    points = pose.points.copy()
    points[:, 2] = (points[:, 2] - np.abs(rng.normal(0, 0.08, 17))).clip(0, 1)
    for other, other_away_m in bodies:
        if other is pose or other_away_m >= away_m:
            continue
        trunk = other.points[5:13, :2]
        covered = ((points[:, :2] > trunk.min(axis=0)) & (points[:, :2] < trunk.max(axis=0))).all(axis=1)
        points[covered & (rng.random(17) < 0.6), 2] *= 0.4
    beyond = ((points[:, :2] < 0) | (points[:, :2] > (width, height))).any(axis=1)
    points[beyond, 2] *= 0.2
    return Pose(points)


def _found(pose: Pose, is_lifter: bool, height: float, rng: np.random.Generator) -> bool:
    """Whether an engine would report this person."""
    if int((pose.points[:, 2] >= SEEN_SCORE).sum()) < LEAST_JOINTS_SEEN:
        return False
    if is_lifter:
        return bool(rng.random() >= NO_LIFTER)
    tall = float(np.ptp(pose.points[:, 1])) / height
    return bool(rng.random() < 1 / (1 + (LOST_AT / max(tall, 1e-6)) ** 3))


def _region(lifter: Pose, width: float, height: float, rng: np.random.Generator) -> Region:
    """A platform drawn by hand round where lifters stand, not always well."""
    metre = unit_px(lifter) / TRUNK_M
    feet = lifter.points[[Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE], :2].mean(axis=0)
    x, y = feet + rng.normal(0, 0.35, 2) * metre
    left, right = rng.uniform(1.0, 2.0, 2) * metre
    corners = np.array([x - left, y - rng.uniform(0.6, 2.0) * metre, x + right, y + rng.uniform(0.2, 0.8) * metre])
    x0, y0, x1, y1 = (corners / (width, height, width, height)).clip([0, 0, 0.02, 0.02], [0.98, 0.98, 1, 1])
    return Region(float(x0), float(y0), float(max(x1, x0 + 0.01)), float(max(y1, y0 + 0.01)))
