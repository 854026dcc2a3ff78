"""What a lift's solver hands over, and the solvers' common tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gold.synth.body import BAR_RADIUS_M, SIGN, Body, ByteArray, Figure, feet_of, figure_of, joints_of, skin_at
from gold.synth.lifts.posture import Grip, Posed, grip_place
from gold.synth.skeleton import Bones, UnreachableError
from gold.synth.surfaces import margins_of, sides_measured
from gold.truth import SideTruth
from judging.pose import FloatArray, Lift, Side


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar's middle (3,) and its direction, unit (3,), from his right end to his left."""

    centre: FloatArray
    along: FloatArray

    def at_x(self, x: float) -> FloatArray:
        """The point of the centre line at a place across."""
        return np.asarray(self.centre + (x - self.centre[0]) / self.along[0] * self.along)


@dataclass(frozen=True, slots=True)
class Performance:
    """A lifter in one moment of a lift. bench_top_m: top of the pad, bench press only. margins_cm: rule -> side,
    positive when kept. residuals_cm: how far the solved pose misses what it was asked for, the worse side."""

    figure: Figure
    bar: Bar
    bench_top_m: float | None
    sides: Mapping[Side, SideTruth]
    margins_cm: Mapping[str, Mapping[Side, float]]
    residuals_cm: Mapping[str, float]


def bisect(wanted: Callable[[float], float], low: float, high: float, steps: int = 24) -> float:
    """Where the function crosses zero between two places. Raises UnreachableError when it has one sign at both ends."""
    at_low, at_high = wanted(low), wanted(high)
    if at_low * at_high > 0:
        raise UnreachableError("no pose of this body meets what was drawn")
    for _ in range(steps):
        middle = (low + high) / 2
        value = wanted(middle)
        if (value > 0) == (at_low > 0):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def secant(wanted: Callable[[float], float], first: float, second: float, within: float, steps: int = 12) -> float:
    """Where a smooth function is zero to within a tolerance. Raises UnreachableError when it is not found."""
    at_first = wanted(first)
    for _ in range(steps):
        at_second = wanted(second)
        if abs(at_second) < within:
            return second
        slope = (at_second - at_first) / (second - first)
        if abs(slope) < 1e-6:
            break
        step = float(np.clip(-at_second / slope, -0.15, 0.15))
        first, at_first, second = second, at_second, second + step
    raise UnreachableError("no pose of this body meets what was drawn")


def stand_m(reach: float, half: float, ankles: list[FloatArray], back: float) -> float:
    """How high over the ankles the hips stand with the leg that reaches farthest as straight as drawn."""
    squares = [reach**2 - (abs(ankle[0]) - half) ** 2 - (back - ankle[1]) ** 2 for ankle in ankles]
    if min(squares) <= 0:
        raise UnreachableError("the feet stand too far apart")
    return float(np.sqrt(min(squares)))


def grips_on(
    bar: Bar, halves_m: Mapping[Side, float], poles: Mapping[Side, FloatArray], cock_deg: float = 0.0
) -> dict[Side, Grip]:
    """Both hands at their distances from the bar's middle, forefingers inwards."""
    return {
        side: Grip(bar.centre + SIGN[side] * halves_m[side] * bar.along, -SIGN[side] * bar.along, poles[side], cock_deg)
        for side in Side
    }


def touch_m(points: FloatArray, bar: Bar, towards: FloatArray, reach_m: float) -> float:
    """How far the bar must move along ``towards`` (unit, square to it) to just touch the skin from outside.

    points: float array (n, 3). reach_m: only skin this near to the bar's middle, along it, counts. Raises
    UnreachableError where no skin lies in the bar's way.
    """
    up = np.cross(bar.along, towards)
    gap = points - bar.centre
    beside = gap @ up
    near = (abs(gap @ bar.along) < reach_m) & (abs(beside) < BAR_RADIUS_M)
    if not near.any():
        raise UnreachableError("no skin lies in the bar's way")
    return float((gap[near] @ towards + np.sqrt(BAR_RADIUS_M**2 - beside[near] ** 2)).max())


def performance_of(
    lift: Lift,
    body: Body,
    pose: Posed,
    bar: Bar,
    grips: Mapping[Side, Grip],
    colours: ByteArray,
    residuals_cm: Mapping[str, float],
    bench_top_m: float | None = None,
) -> Performance:
    """Skins the pose and measures it; hand_to_bar and sole_to_floor are measured here for every lift."""
    skin = skin_at(body, pose.bones)
    joints = joints_of(skin)
    bar_at = {side: bar.at_x(float(joints[side.joint("shoulder")][0])) for side in Side}
    sides = sides_measured(skin, joints, bar_at, {"knee": pose.knee_bend_deg, "elbow": pose.elbow_bend_deg})
    residuals = {
        "hand_to_bar": max(hand_gap_cm(body, pose.bones, bar, side) for side in grips),
        "sole_to_floor": max(abs(100 * float(skin[feet_of(side), 2].min())) for side in Side),
        **residuals_cm,
    }
    return Performance(figure_of(body, skin, colours), bar, bench_top_m, sides, margins_of(lift, sides), residuals)


def hand_gap_cm(body: Body, bones: Bones, bar: Bar, side: Side) -> float:
    """From the middle of the closed hand to the bar's centre line."""
    gap = grip_place(body, bones, side) - bar.centre
    return 100 * float(np.linalg.norm(gap - (gap @ bar.along) * bar.along))
