"""The offsets from joint centre to rule-book surface, fitted on the true heights; and limbs as shares of stature."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gold.truth import Truth
from inference.calibrate.joints import LEAST_READINGS
from inference.gate.seeds import seeds_named
from inference.gate.truths import RULES, judged_at
from judging.landmarks import Limb, limb_joints, surfaces_load
from judging.noise import PARTS
from judging.pose import FloatArray, Side


@dataclass(frozen=True, slots=True)
class SurfaceFit:
    """One surface's offset as judging.landmarks.Offset has it; sigma_share is what the fit leaves."""

    name: str
    share: float
    lean: float
    sigma_share: float
    readings: int


@dataclass(frozen=True, slots=True)
class SurfacesFit:
    """All offsets, and per depth rule the correlation of what its two surfaces' fits leave."""

    surfaces: tuple[SurfaceFit, ...]
    together: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Pair:
    """The two surfaces that a depth rule compares, and the limb's end whose drop under the other it measures."""

    rule: str
    limb: Limb
    moving: str
    first: str
    second: str


LEAST_SIGMA_SHARE: Final = 1e-6

# How each surface lies off its joint, on the truth: height of the surface and the joint whose offset it is, +1 above.
_SURFACES: Final = {
    "elbow_underside": ("elbow", "elbow_underside_cm", -1),
    "shoulder_top": ("shoulder", "shoulder_top_cm", 1),
    "hip_crease": ("hip", "hip_crease_cm", 1),
    "knee_top": ("knee", "knee_top_cm", 1),
}
_PAIRS: Final = (
    _Pair("bench_depth", Limb.UPPER_ARM, "elbow", "elbow_underside", "shoulder_top"),
    _Pair("squat_depth", Limb.THIGH, "hip", "hip_crease", "knee_top"),
)


def surfaces_fit(truths: Sequence[Truth], least: int = LEAST_READINGS) -> SurfacesFit:
    """The offsets of the four surfaces of the depth rules, and of the deltoid's front where deadlifts are there.

    Least squares of offset over limb length on the sine of the limb, at the rule's own moment, both sides counted.
    Raises ValueError when there are too few.
    """
    fits: list[SurfaceFit] = []
    together: dict[str, float] = {}
    for pair in _PAIRS:
        sides = [(truth, side) for truth in truths if judged_at(RULES[pair.rule], truth) for side in truth.sides]
        if len(sides) < least:
            raise ValueError(
                f"{len(sides)} sides at the moment of {pair.rule}, at least {least} are needed: render more photos."
            )
        sines = np.array([_sine(truth, side, pair) for truth, side in sides])
        design = np.column_stack([np.ones(len(sines)), sines])
        left: list[FloatArray] = []
        for name in (pair.first, pair.second):
            shares = np.array([_offset_share(truth, side, name, pair.limb) for truth, side in sides])
            solved = np.linalg.lstsq(design, shares, rcond=None)[0]
            left.append(shares - design @ solved)
            # A sigma of nothing is none: a surface always differs between people.
            sigma = max(_rms(left[-1]), LEAST_SIGMA_SHARE)
            fits.append(SurfaceFit(name, float(solved[0]), float(solved[1]), sigma, len(sides)))
        together[pair.rule] = _correlation(*left)
    return SurfacesFit((*fits, *_deltoid(truths, least)), together)


def _correlation(first: FloatArray, second: FloatArray) -> float:
    scale = float(np.sqrt(np.sum(first**2) * np.sum(second**2)))
    return float(np.clip(np.sum(first * second) / scale, -1.0, 1.0)) if scale > 0 else 0.0


def _rms(left: FloatArray) -> float:
    """With the two fitted figures taken off the count."""
    return float(np.sqrt(np.sum(np.square(left)) / max(1, len(left) - 2)))


def _limb(truth: Truth, limb: Limb, side: Side) -> tuple[FloatArray, FloatArray]:
    """The true ends of a limb, float arrays (3,), cm."""
    lifter = truth.lifter
    if lifter is None:
        raise ValueError(f"photo {truth.index} of seed {truth.seed} has no lifter")
    first, second = limb_joints(limb, side)
    return lifter.joints_cm[first], lifter.joints_cm[second]


def _length(truth: Truth, limb: Limb, side: Side) -> float:
    first, second = _limb(truth, limb, side)
    return float(np.linalg.norm(second - first))


def _sine(truth: Truth, side: Side, pair: _Pair) -> float:
    """The drop of the limb's moving end under the other, over its length."""
    first, second = _limb(truth, pair.limb, side)
    moving, other = (second, first) if pair.limb.ends[1] == pair.moving else (first, second)
    return float(other[2] - moving[2]) / _length(truth, pair.limb, side)


def _offset_share(truth: Truth, side: Side, name: str, limb: Limb) -> float:
    part, key, above = _SURFACES[name]
    lifter = truth.lifter
    height = float(lifter.joints_cm[side.joint(part)][2]) if lifter else 0.0
    return above * (float(getattr(truth.sides[side], key)) - height) / _length(truth, limb, side)


def _deltoid(truths: Sequence[Truth], least: int) -> list[SurfaceFit]:
    """The deltoid's front before its joint, with the bar taken to lie where judging.rules.shoulders_back puts it."""
    hand = surfaces_load().surfaces["hand_to_bar"].offset
    shares: list[float] = []
    for truth in truths:
        if not judged_at(RULES["shoulders_back"], truth) or truth.lifter is None:
            continue
        for side, measured in truth.sides.items():
            elbow, wrist = _limb(truth, Limb.FOREARM, side)
            bar = wrist + (wrist - elbow) * hand.share
            shoulder = truth.lifter.joints_cm[side.joint("shoulder")]
            # Ahead is -y. deltoid_ahead_cm: its front before the bar's vertical.
            front_ahead = -float(bar[1]) + measured.deltoid_ahead_cm
            shares.append((front_ahead + float(shoulder[1])) / _length(truth, Limb.UPPER_ARM, side))
    if len(shares) < least:
        return []
    mean = float(np.mean(shares))
    rms = float(np.std(shares, ddof=1))
    # The rule reckons with the hand's spread too, and what is left here holds both.
    sigma_cm = rms * Limb.UPPER_ARM.cm
    own = float(np.sqrt(max(sigma_cm**2 - hand.sigma_cm**2, (0.25 * sigma_cm) ** 2))) / Limb.UPPER_ARM.cm
    return [SurfaceFit("deltoid_front", mean, 0.0, own, len(shares))]


@dataclass(frozen=True, slots=True)
class LimbFit:
    """A limb as a share of the stature: mean and spread between lifters (a fraction of its length)."""

    limb: Limb
    share: float
    spread: float


def limbs_fit(truths: Sequence[Truth]) -> list[LimbFit]:
    """Joint centre to joint centre over stature, of all lifters. Raises ValueError without any."""
    lifters = [truth for truth in truths if truth.lifter is not None]
    if not lifters:
        raise ValueError("There is no lifter to measure limbs on: render lifts.")
    fits = []
    for limb in Limb:
        shares = np.array(
            [
                _length(truth, limb, side) / truth.lifter.stature_cm
                for truth in lifters
                if truth.lifter is not None
                for side in Side
            ]
        )
        fits.append(LimbFit(limb, float(shares.mean()), float(shares.std() / shares.mean())))
    return fits


def surfaces_text(text: str, fit: SurfacesFit, seeds: Sequence[int], today: dt.date) -> str:
    """surfaces.toml with these figures in place of the old ones; all else, comments too, stays.

    Raises ValueError when a key to replace is not there.
    """
    for one in fit.surfaces:
        values = {
            "share": f"{one.share:.6f}",
            "lean": f"{one.lean + 0.0:.6f}",
            "sigma_share": f"{one.sigma_share:.6f}",
            "fitted": '"python -m inference.calibrate --surfaces: least squares on rendered lifters"',
            "seeds": f"[{', '.join(str(seed) for seed in sorted(seeds))}]",
            "n": str(one.readings),
            "date": today.isoformat(),
        }
        text = _table_set(text, f"surfaces.{one.name}", values)
    return _table_set(text, "together", {rule: f"{rho:.4f}" for rule, rho in fit.together.items()})


def limbs_text(text: str, fits: Sequence[LimbFit], seeds: Sequence[int]) -> str:
    """surfaces.toml with these limbs. Raises ValueError when a key to replace is not there."""
    values = {fit.limb.name.lower(): f"{fit.share:.4f}" for fit in fits}
    values["proportion_sigma"] = f"{float(np.sqrt(np.mean([fit.spread**2 for fit in fits]))):.4f}"
    values["source"] = f'"python -m inference.calibrate --limbs: rendered lifters, {seeds_named(seeds)}"'
    return _table_set(text, "limbs", values)


def _table_set(text: str, table: str, values: Mapping[str, str]) -> str:
    head, start, rest = text.partition(f"[{table}]\n")
    if not start:
        raise ValueError(f"surfaces.toml has no table [{table}]")
    end = match.start() if (match := re.search(r"^\[", rest, re.MULTILINE)) else len(rest)
    body = rest[:end]
    for key, value in values.items():
        written = f"{key} = {value}".replace("\\", r"\\")
        body, count = re.subn(rf"^{key} = .*$", written, body, flags=re.MULTILINE)
        if count != 1:
            raise ValueError(f"surfaces.toml, [{table}]: {key} is not there once")
    return head + start + body + rest[end:]


def geometry_lines(truths: Sequence[Truth]) -> Iterator[str]:
    """What the depth rules take for granted of a lifter's limbs, as the truth has it: mean +- standard deviation."""
    for pair in _PAIRS:
        sides = [(truth, side) for truth in truths if judged_at(RULES[pair.rule], truth) for side in truth.sides]
        outward, heights = [], []
        aside: dict[str, list[float]] = {part: [] for part in PARTS}
        for truth, side in sides:
            first, second = _limb(truth, pair.limb, side)
            sign = 1.0 if side is Side.LEFT else -1.0
            # From straight ahead (-y) towards the lifter's own side.
            way = second - first
            outward.append(float(np.degrees(np.arctan2(sign * way[0], -way[1]))))
            heights.append(float(first[2] + second[2]) / 2)
            for part, places in aside.items():
                if truth.lifter is not None:
                    places.append(sign * float(truth.lifter.joints_cm[side.joint(part)][0]))
        yield f"{pair.rule}: outward {_told(outward)} deg, joints' height {_told(heights)} cm"
        yield "  aside, cm: " + ", ".join(f"{part} {_told(places)}" for part, places in aside.items())


def _told(values: Sequence[float]) -> str:
    return f"{np.mean(values):.1f} +- {np.std(values):.1f}"
