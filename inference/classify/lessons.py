"""What the pose classifier is taught on: lifters and others seen from everywhere, with the engine's own errors.

A lifter is a body of ``gold.synth`` without a picture, seen by a camera drawn anew each time. To his true joints come
the errors and scores of one photo that the engine really read (``readings.safetensors``): one of the same moment, from
as nearly the same side as there is, so that errors that go together stay together. Some are seen by a better engine,
some are cut off by the photo's edge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors.numpy import load_file, save_file

from gold.truth import view_of
from inference.classify.joints import mirrored
from inference.classify.net import MOMENTS, NONE, VIEWS
from inference.classify.postures import posture_draw
from judging.pose import MIRRORED, FloatArray, Lift, Phase

READINGS: Final = Path(__file__).with_name("readings.safetensors")
# The share of lessons that show none of the three lifts.
NONE_SHARE: Final = 0.35
# How often each moment comes: photos are taken of the moments that are judged, and seldom of the way there.
MOMENT_SHARES: Final = {Phase.BOTTOM: 0.45, Phase.START: 0.45, Phase.LOCKOUT: 0.43, Phase.MID: 0.08}
# Of the engine's readings of the same moment, this many from the nearest sides are drawn from.
NEAREST: Final = 12
# Shares of lessons with a better engine's errors, with part of the body beyond the photo's edge, and with part of it
# behind a plate or somebody, of whom the engine says so instead of guessing.
BETTER_SHARE: Final = 0.25
CUT_SHARE: Final = 0.2
HIDDEN_SHARE: Final = 0.25
# How far what hides him reaches, in diagonals of his box: a plate is a quarter of a standing man.
HIDDEN_REACH: Final = (0.08, 0.4)
# People are built otherwise than the bodies that were drawn, and errors are larger on real photos than on rendered
# ones: photo and errors are stretched by factors whose logarithms scatter so.
STRETCH_SIGMA: Final = 0.06
ERRORS_SIGMA: Final = 0.35
# The share of lessons whose head is not to be seen.
HEADLESS_SHARE: Final = 0.15
# How far apart the feet are set beyond what the generator draws, one standard deviation of each leg's angle; how often
# the knees of who stands upright are soft, and how soft, deg: fewer than anybody would call on the way down.
APART_SIGMA_DEG: Final = 5.0
SOFT_SHARE: Final = 0.3
SOFT_DEG: Final = (5.0, 35.0)
# The camera: how high and how far (m), and how far it leans (deg).
HEIGHT_M: Final = (0.2, 2.2)
DISTANCE_M: Final = (1.8, 9.0)
ROLL_SIGMA_DEG: Final = 3.0


_TOTAL: Final = sum(MOMENT_SHARES[phase] for _, phase in MOMENTS)
_SHARES: Final = np.array([MOMENT_SHARES[phase] / _TOTAL for _, phase in MOMENTS])


@dataclass(frozen=True, slots=True)
class Readings:
    """How an engine read rendered lifters. moment: int (n,), place in MOMENTS. azimuth_deg: (n,), 0 before the lifter,
    90 at his left. errors: (n, 17, 2), read less true, in diagonals of the box round the true joints. scores: (n, 17).
    """

    moment: np.ndarray[tuple[int], np.dtype[np.int64]]
    azimuth_deg: FloatArray
    errors: FloatArray
    scores: FloatArray

    def twice(self) -> Readings:
        """And each as the mirrored photo would have been read."""
        return Readings(
            np.concatenate([self.moment, self.moment]),
            np.concatenate([self.azimuth_deg, -self.azimuth_deg]),
            np.concatenate([self.errors, self.errors[:, list(MIRRORED)] * (-1.0, 1.0)]),
            np.concatenate([self.scores, self.scores[:, list(MIRRORED)]]),
        )


def readings_load(path: Path = READINGS) -> Readings:
    """The engine's readings, as ``readings_save`` wrote them."""
    parts = load_file(path)
    return Readings(
        parts["moment"].astype(np.int64),
        parts["azimuth_deg"].astype(np.float64),
        parts["errors"].astype(np.float64),
        parts["scores"].astype(np.float64),
    )


def readings_save(readings: Readings, path: Path, notes: dict[str, str]) -> None:
    """In half precision: a thousandth of the body is finer than any engine's errors."""
    parts: dict[str, np.ndarray[Any, Any]] = {
        "moment": readings.moment.astype(np.int8),
        "azimuth_deg": readings.azimuth_deg.astype(np.float16),
        "errors": readings.errors.astype(np.float16),
        "scores": readings.scores.astype(np.float16),
    }
    save_file(parts, path, metadata=notes)


@dataclass(frozen=True, slots=True)
class Lessons:
    """points: float array (n, 17, 3), as an engine gives them. moment: int (n,), place in MOMENTS or NONE. view: int
    (n,), place in VIEWS."""

    points: FloatArray
    moment: np.ndarray[tuple[int], np.dtype[np.int64]]
    view: np.ndarray[tuple[int], np.dtype[np.int64]]


class Teacher:
    """Draws lessons. lifters: of each moment (place in MOMENTS), float array (k, 17, 3), z up, facing -y."""

    def __init__(self, lifters: Sequence[FloatArray], readings: Readings) -> None:
        self._lifters = lifters
        self._readings = readings.twice()
        self._of = [np.flatnonzero(self._readings.moment == moment) for moment in range(len(MOMENTS))]

    def lessons(self, count: int, rng: np.random.Generator) -> Lessons:
        """So many lessons, drawn one by one."""
        drawn = [self._lesson(rng) for _ in range(count)]
        points = np.stack([points for points, _, _ in drawn])
        return Lessons(points, np.array([one for _, one, _ in drawn]), np.array([one for _, _, one in drawn]))

    def _lesson(self, rng: np.random.Generator) -> tuple[FloatArray, int, int]:
        moment = int(rng.choice(len(MOMENTS), p=_SHARES))
        some = self._lifters[moment]
        joints = some[int(rng.integers(len(some)))]
        lifts = rng.random() >= NONE_SHARE
        joints = legs_varied(joints, MOMENTS[moment], rng) if lifts else posture_draw(joints, rng)
        azimuth = float(rng.uniform(-180.0, 180.0))
        points = self._read(seen_from(joints, azimuth, rng), moment, azimuth, lifts, rng)
        if rng.random() < 0.5:
            points, azimuth = mirrored(points), -azimuth
        return points, moment if lifts else NONE, VIEWS.index(view_of(azimuth))

    def _read(self, xy: FloatArray, moment: int, azimuth: float, lifts: bool, rng: np.random.Generator) -> FloatArray:
        """The joints (17, 2) as an engine would have read them: float array (17, 3)."""
        size = float(np.hypot(*np.ptp(xy, axis=0)))
        if rng.random() < BETTER_SHARE:
            errors = rng.normal(0.0, rng.uniform(0.004, 0.02), (17, 2))
            scores = np.clip(rng.normal(0.85, 0.1, 17), 0.3, 1.0)
            scores[rng.random(17) < 0.05] *= 0.4
        else:
            one = self._like(moment if lifts else int(rng.integers(len(MOMENTS))), azimuth, rng)
            errors, scores = self._readings.errors[one], self._readings.scores[one]
            scores = np.clip(scores + rng.normal(0.0, 0.03, 17), 0.0, 1.0)
            errors = errors * math.exp(rng.normal(0.0, ERRORS_SIGMA)) + rng.normal(0.0, 0.004, (17, 2))
        points = np.column_stack([xy + size * errors, scores])
        points[:, 0] *= math.exp(rng.normal(0.0, STRETCH_SIGMA))
        if rng.random() < HEADLESS_SHARE:
            points[:5, 2] *= rng.uniform(0.0, 0.5)
        if rng.random() < CUT_SHARE:
            points = _cut(points, size, rng)
        return _hidden(points, size, rng) if rng.random() < HIDDEN_SHARE else points

    def _like(self, moment: int, azimuth: float, rng: np.random.Generator) -> int:
        """A reading of this moment from nearly this side."""
        some = self._of[moment]
        gaps = np.abs((self._readings.azimuth_deg[some] - azimuth + 180.0) % 360.0 - 180.0)
        near = some[np.argsort(gaps, kind="stable")[:NEAREST]]
        return int(near[int(rng.integers(len(near)))])


def _cut(points: FloatArray, size: float, rng: np.random.Generator) -> FloatArray:
    """The photo ends somewhere across the body: what lies beyond is guessed."""
    turn = float(rng.choice([0.0, 90.0, 180.0, 270.0], p=[0.55, 0.15, 0.15, 0.15]))
    way = np.array([math.sin(math.radians(turn)), math.cos(math.radians(turn))])
    along = points[:, :2] @ way
    edge = float(np.quantile(along, rng.uniform(0.65, 0.97)))
    beyond = along > edge
    cut = points.copy()
    cut[beyond, :2] += rng.normal(0.0, 0.05 * size, (int(beyond.sum()), 2))
    cut[beyond, 2] *= rng.uniform(0.0, 0.6)
    return cut


def _hidden(points: FloatArray, size: float, rng: np.random.Generator) -> FloatArray:
    """Something round stands before him somewhere: the joints behind it are not seen."""
    middle = points[int(rng.integers(17)), :2] + rng.normal(0.0, 0.05 * size, 2)
    behind = np.hypot(*(points[:, :2] - middle).T) <= size * rng.uniform(*HIDDEN_REACH)
    hidden = points.copy()
    hidden[behind, :2] += rng.normal(0.0, 0.04 * size, (int(behind.sum()), 2))
    hidden[behind, 2] *= rng.uniform(0.0, 0.4)
    return hidden


def legs_varied(joints: FloatArray, moment: tuple[Lift, Phase], rng: np.random.Generator) -> FloatArray:
    """The lifter (17, 3) with his feet further apart or closer together and, where he stands upright, softer knees than
    the generator draws: people wait with the bar like that, and a lockout is no less one for where the feet are."""
    lift, phase = moment
    if lift is Lift.BENCH:
        return joints
    varied = joints.copy()
    apart = math.radians(float(rng.normal(0.0, APART_SIGMA_DEG)))
    soft = float(rng.uniform(*SOFT_DEG)) if phase is Phase.LOCKOUT and rng.random() < SOFT_SHARE else 0.0
    forward, back = math.radians(0.45 * soft), math.radians(-0.55 * soft)
    for sign, hip, knee, ankle in ((1.0, 11, 13, 15), (-1.0, 12, 14, 16)):
        thigh, shank = joints[knee] - joints[hip], joints[ankle] - joints[knee]
        varied[knee] = varied[hip] + _outward(_forward(thigh, forward), sign * apart)
        varied[ankle] = varied[knee] + _outward(_forward(shank, back), sign * apart)
    return varied


def _outward(limb: FloatArray, angle: float) -> FloatArray:
    """A limb that hangs, turned to the left (+x) about the axis from front to back."""
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([cos * limb[0] - sin * limb[2], limb[1], sin * limb[0] + cos * limb[2]])


def _forward(limb: FloatArray, angle: float) -> FloatArray:
    """A limb that hangs, turned to the front (-y) about the axis from left to right."""
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([limb[0], cos * limb[1] + sin * limb[2], cos * limb[2] - sin * limb[1]])


def seen_from(joints: FloatArray, azimuth_deg: float, rng: np.random.Generator) -> FloatArray:
    """The joints (17, 3), metres, as a camera somewhere on this side sees them: float array (17, 2), y down."""
    middle = joints[[5, 6, 11, 12]].mean(axis=0)
    azimuth, roll = math.radians(azimuth_deg), math.radians(float(rng.normal(0.0, ROLL_SIGMA_DEG)))
    floor = float(joints[:, 2].min())
    distance, height = float(rng.uniform(*DISTANCE_M)), floor + float(rng.uniform(*HEIGHT_M))
    eye = middle + distance * np.array([math.sin(azimuth), -math.cos(azimuth), 0.0])
    eye[2] = height
    ahead = middle + rng.normal(0.0, 0.15, 3) - eye
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    up = np.cross(right, ahead)
    away = joints - eye
    depth = np.maximum(away @ ahead, 0.3)
    flat = np.column_stack([away @ right / depth, -(away @ up) / depth])
    turn = np.array([[math.cos(roll), -math.sin(roll)], [math.sin(roll), math.cos(roll)]])
    seen: FloatArray = flat @ turn.T
    return seen
