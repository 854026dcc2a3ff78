"""Deadlift: the front of the deltoid behind the vertical of the bar, at the lockout (IPF from 2026)."""

from __future__ import annotations

import math
from typing import Final

from judging.geometry import distance_px, down_direction, drop_px, reach_px, right_direction, root_sum_square
from judging.landmarks import Limb, Scale, offset
from judging.outcomes import Finding, Mark, Reason
from judging.pose import FloatArray, Lift, Phase, Side, View
from judging.rules.base import (
    CM,
    Measured,
    Rule,
    Sight,
    each_side,
    facing,
    gate,
    joint_marks,
    mark,
    sight_scale,
    silent,
    whole_sigma_cm,
)

# Off the side the near hand and shoulder no longer lie behind one another: 35 deg turns 5 cm of grip into 3.
RULE: Final = Rule(
    name="shoulders_back",
    subject="Shoulder position",
    lifts=frozenset({Lift.DEADLIFT}),
    phase=Phase.LOCKOUT,
    views=frozenset({View.LEFT, View.RIGHT}),
    most_off_side_deg=35.0,
    unshown="shoulder and bar cannot be compared",
)

# How far a hand may grip inside or outside its own shoulder. Provisional.
GRIP_SIGMA_CM: Final = 5.0

_PARTS: Final = ("shoulder", "elbow", "wrist")


def check_shoulders_back(sight: Sight) -> tuple[Finding, ...]:
    """One finding for each shoulder. Positive margin: its front lies behind the bar's vertical.

    The bar itself is no joint: it is taken to lie where the hand holds it, a hand's length on from the wrist.
    """
    if (stopped := gate(RULE, sight)) is not None:
        return (stopped,)
    scale = sight_scale(sight)
    if scale is not None and facing(sight, scale) is None:
        detail = "Which way the lifter faces cannot be told. Judge by eye."
        return (silent(RULE, Reason.FACING_UNKNOWN, detail),)
    return each_side(RULE, sight, _PARTS, _measure)


def _measure(sight: Sight, side: Side, scale: Scale) -> Measured:
    pose, camera = sight.pose, sight.camera
    ahead = facing(sight, scale) or 0
    shoulder, bar = pose.xy(side.joint("shoulder")), _bar(sight, side, scale)
    seen = ahead * scale.cm(reach_px(shoulder, bar, camera.roll))
    front, hand = offset("deltoid_front"), offset("hand_to_bar")
    margin = seen - front.cm
    sigma = root_sum_square(
        sight.error(side, "shoulder", scale).sigma_across_cm,
        sight.error(side, "wrist", scale).sigma_across_cm,
        front.sigma_cm,
        hand.sigma_cm,
        # A roll tilts the bar's vertical, so here the height between the two is the lever.
        camera.roll_term_cm(scale.cm(drop_px(shoulder, bar, camera.roll))),
        GRIP_SIGMA_CM * math.sin(math.radians(sight.off_side_deg)),
    )
    band = whole_sigma_cm(RULE.name, sight, scale, sigma, seen, 0.0)
    return _worded(side, margin, sigma, seen, _marks(sight, side, scale, band))


def _bar(sight: Sight, side: Side, scale: Scale) -> FloatArray:
    elbow, wrist = sight.pose.xy(side.joint("elbow")), sight.pose.xy(side.joint("wrist"))
    along: FloatArray = (wrist - elbow) / distance_px(elbow, wrist)
    return wrist + along * scale.px(offset("hand_to_bar").cm)


def _worded(side: Side, margin: float, sigma: float, seen: float, marks: tuple[Mark, ...]) -> Measured:
    front = f"{side.capitalize()} shoulder: front of the deltoid"
    return Measured(
        margin_cm=margin,
        sigma_cm=sigma,
        seen_cm=seen,
        limb=Limb.UPPER_ARM,
        kept=f"{front} {CM} behind the bar.",
        broken=f"{front} {CM} in front of the bar.",
        close=f"{front} too close to the bar's vertical. Judge by eye.",
        unstated=f"{side.capitalize()} shoulder looks forward here, but nobody said this is the lockout. Judge by eye.",
        marks=marks,
    )


def _marks(sight: Sight, side: Side, scale: Scale, sigma_cm: float) -> tuple[Mark, ...]:
    down, right = down_direction(sight.camera.roll), right_direction(sight.camera.roll)
    shoulder, bar = sight.pose.xy(side.joint("shoulder")), _bar(sight, side, scale)
    front = shoulder + right * (facing(sight, scale) or 0) * scale.px(offset("deltoid_front").cm)
    half, band = down * scale.px(6.0), right * scale.px(sigma_cm)
    top = bar - down * (drop_px(shoulder, bar, sight.camera.roll) + scale.px(12.0))
    return (
        *joint_marks(sight.pose, side, _PARTS),
        mark("surface", "front of deltoid", front - half, front + half),
        mark("level", "bar", top, bar),
        mark("band", "bar", top - band, bar + band),
    )
