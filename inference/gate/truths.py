"""What was true of a rendered photo, in the rules' own terms: from which side it was seen, and each rule's margin."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from gold.truth import CameraTruth, PersonTruth, SideTruth, Truth
from judging.geometry import bend_offset
from judging.landmarks import Limb, limb_joints
from judging.pose import Side, ViewBucket
from judging.rulebook import Limits
from judging.rules import bench_depth, elbows_locked, knees_locked, shoulders_back, squat_depth
from judging.rules.base import Rule
from judging.rules.straight import Chain

RULES: Final = MappingProxyType(
    {
        module.RULE.name: module.RULE
        for module in (bench_depth, squat_depth, knees_locked, elbows_locked, shoulders_back)
    }
)


# Up to this many degrees from straight in front; the last takes the rest.
_BUCKET_ENDS: Final = (
    (30.0, ViewBucket.FRONT),
    (60.0, ViewBucket.FRONT_OBLIQUE),
    (120.0, ViewBucket.SIDE),
    (150.0, ViewBucket.REAR_OBLIQUE),
)


@dataclass(frozen=True, slots=True)
class TrueMargin:
    """margin_cm: positive when the rule is kept. breach: whether it is broken; level breaks only a strict rule."""

    margin_cm: float
    breach: bool


def azimuth_within(camera: CameraTruth) -> float:
    """The azimuth between -180 and 180 deg."""
    return (camera.azimuth_deg + 180.0) % 360.0 - 180.0


def bucket_of(camera: CameraTruth) -> ViewBucket:
    """The view bucket the camera stands in."""
    azimuth = abs(azimuth_within(camera))
    return next((bucket for end, bucket in _BUCKET_ENDS if azimuth < end), ViewBucket.REAR)


def near_of(camera: CameraTruth, side: Side) -> bool | None:
    """Whether this side of the lifter is the camera's; None from the front and the rear, where neither is."""
    if bucket_of(camera) in (ViewBucket.FRONT, ViewBucket.REAR):
        return None
    return (azimuth_within(camera) > 0) == (side is Side.LEFT)


def judged_at(rule: Rule, truth: Truth) -> bool:
    """Whether the photo shows the lift and the moment that the rule is about."""
    return truth.lift in rule.lifts and truth.phase is rule.phase


def true_margin(rule: Rule, truth: Truth, side: Side, limits: Limits) -> TrueMargin | None:
    """What the rule should have found on this side; None where the truth does not say."""
    lifter, measured = truth.lifter, truth.sides.get(side)
    if rule.name in ("knees_locked", "elbows_locked"):
        if lifter is None or measured is None:
            return None
        return _bent(rule.name, lifter, measured, side, limits)
    margin_cm = truth.margins_cm.get(rule.name, {}).get(side)
    if margin_cm is None:
        return None
    return TrueMargin(margin_cm, margin_cm <= 0 if rule.strict else margin_cm < 0)


def _bent(name: str, lifter: PersonTruth, measured: SideTruth, side: Side, limits: Limits) -> TrueMargin:
    """The margin of a joint that should be straight: the offset of the bend allowed less that of the true bend."""
    chain: Chain = knees_locked.CHAIN if name == "knees_locked" else elbows_locked.CHAIN
    angle_deg = measured.knee_deg if name == "knees_locked" else measured.elbow_deg
    limit_deg = limits.knee_bend_deg if name == "knees_locked" else limits.elbow_bend_deg
    upper, lower = (_limb_cm(lifter, limb, side) for limb in (chain.upper, chain.lower))
    # Pressed back past straight, a joint is locked; beyond a right angle its offset says no more.
    bend_deg = 180.0 - angle_deg
    offset_cm = bend_offset(upper, lower, min(90.0, abs(bend_deg)))
    return TrueMargin(bend_offset(upper, lower, limit_deg) - offset_cm, bend_deg > limit_deg)


def _limb_cm(lifter: PersonTruth, limb: Limb, side: Side) -> float:
    first, second = limb_joints(limb, side)
    return float(np.linalg.norm(lifter.joints_cm[second] - lifter.joints_cm[first]))
