"""What the two lockout rules share: how far the middle joint leaves the straight line between the outer ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from judging.geometry import bend_offset, joint_angle_deg, line_offset_px, line_share, root_sum_square
from judging.landmarks import Limb, Scale
from judging.noise import joint_sigma_cm
from judging.outcomes import Mark
from judging.pose import Side
from judging.rules.base import OFF_SIDE_SIGMA_DEG, Measured, Sight, joint_marks, mark


@dataclass(frozen=True, slots=True)
class Chain:
    """Three joints that a locked limb puts on one line, and the two segments between them."""

    parts: tuple[str, str, str]
    upper: Limb
    lower: Limb


def measure_straight(sight: Sight, side: Side, scale: Scale, chain: Chain, bend_deg: float) -> Measured:
    """The margin of a locked limb: the offset a bend of ``bend_deg`` would show, less the offset seen, cm.

    The offset is measured and not the angle: a projection only ever shortens the offset, while a limb that points
    at the camera shows a small bend as a large angle. What a camera off the side hides of it (the cosine) is given
    back to the offset and to its error alike.

    A bend either way counts. A limb pressed back past straight is locked too, but so small an offset never comes to
    a breach, and which way is back depends on the lifter's facing, where a mistake would hide a bent limb.
    """
    start, middle, end = (sight.pose.xy(side.joint(part)) for part in chain.parts)
    off_side = math.radians(sight.off_side_deg)
    offset = abs(scale.cm(line_offset_px(middle, start, end))) / math.cos(off_side)
    best = bend_offset(chain.upper.cm, chain.lower.cm, bend_deg)
    margin = best - offset
    sigma = root_sum_square(
        _joints_sigma_cm(sight, side, scale, chain) / math.cos(off_side),
        offset * math.tan(off_side) * math.radians(OFF_SIDE_SIGMA_DEG),
        scale.sigma * offset,
    )
    angle = joint_angle_deg(start, middle, end)
    worded = _worded(side, chain, margin, sigma, angle, _marks(sight, side, scale, chain, sigma))
    return replace(worded, best_cm=best)


def _joints_sigma_cm(sight: Sight, side: Side, scale: Scale, chain: Chain) -> float:
    start, middle, end = (sight.pose.xy(side.joint(part)) for part in chain.parts)
    share = line_share(middle, start, end)
    weights = (1 - share, 1.0, share)
    far = sight.far(side)
    return root_sum_square(
        *(
            weight * joint_sigma_cm(sight.pose, side, part, scale, far=far)
            for weight, part in zip(weights, chain.parts, strict=True)
        )
    )


def _worded(
    side: Side, chain: Chain, margin: float, sigma: float, angle_deg: float, marks: tuple[Mark, ...]
) -> Measured:
    joint = f"{side.capitalize()} {chain.parts[1]}"
    return Measured(
        margin_cm=margin,
        sigma_cm=sigma,
        limb=chain.upper,
        kept=f"{joint} straight: {angle_deg:.0f} degrees.",
        broken=f"{joint} bent: {angle_deg:.0f} degrees, 180 is straight.",
        close=f"{joint} at {angle_deg:.0f} degrees in the photo: locked or not, too close to call. Judge by eye.",
        coarse=f"{joint} looks straight, but is seen too coarsely to call it locked. Judge by eye.",
        unstated=f"{joint} looks bent here, but nobody said this is the lockout. Judge by eye.",
        marks=marks,
    )


def _marks(sight: Sight, side: Side, scale: Scale, chain: Chain, sigma_cm: float) -> tuple[Mark, ...]:
    start, middle, end = (sight.pose.xy(side.joint(part)) for part in chain.parts)
    foot = start + (end - start) * line_share(middle, start, end)
    half = scale.px(sigma_cm)
    return (
        *joint_marks(sight.pose, side, chain.parts),
        mark("level", "straight line", start, end),
        mark("band", "straight line", foot - half, foot + half),
    )
