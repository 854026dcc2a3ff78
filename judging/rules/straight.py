"""What the two lockout rules share: how far the middle joint leaves the straight line between the outer ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from judging.geometry import (
    bend_offset,
    distance_px,
    down_direction,
    joint_angle_deg,
    line_offset_px,
    line_share,
    root_sum_square,
)
from judging.landmarks import Limb, Scale
from judging.outcomes import Mark
from judging.pose import Side, View
from judging.rules.base import Measured, Sight, joint_marks, mark, whole_sigma_cm

# Beyond this angle next to nothing of a bend shows, and a sixth of it is as good as nothing.
MOST_TURNED_DEG = 80.0


@dataclass(frozen=True, slots=True)
class Chain:
    """Three joints that a locked limb puts on one line, and the two segments between them.

    rule: its name. own_sigma_cm: by how much the joints' own offset leaves that of the bones. outward_deg,
    outward_sigma_deg: how far from straight ahead towards his side the limb bends, where that is known.
    """

    rule: str
    parts: tuple[str, str, str]
    upper: Limb
    lower: Limb
    own_sigma_cm: float
    outward_deg: float = 0.0
    outward_sigma_deg: float = 0.0


def measure_straight(sight: Sight, side: Side, scale: Scale, chain: Chain, bend_deg: float) -> Measured:
    """The margin of a locked limb: the offset a bend of ``bend_deg`` would show, less the offset seen, cm.

    The offset is measured and not the angle: a projection only ever shortens the offset, while a limb that points
    at the camera shows a small bend as a large angle. What a camera hides of it (the cosine of its angle to the plane
    that the limb bends in) is given back to the offset and to its error alike.

    A bend either way counts. A limb pressed back past straight is locked too, but so small an offset never comes to
    a breach, and which way is back depends on the lifter's facing, where a mistake would hide a bent limb.
    """
    start, middle, end = (sight.pose.xy(side.joint(part)) for part in chain.parts)
    turned, doubt = _turned_from_plane(sight, side, chain)
    offset = abs(scale.cm(line_offset_px(middle, start, end))) / math.cos(turned)
    best = bend_offset(chain.upper.cm, chain.lower.cm, bend_deg)
    margin = best - offset
    sigma = root_sum_square(
        _joints_sigma_cm(sight, side, scale, chain) / math.cos(turned),
        offset * math.tan(turned) * doubt,
        chain.own_sigma_cm,
    )
    angle = joint_angle_deg(start, middle, end)
    band = whole_sigma_cm(chain.rule, sight, scale, sigma, offset, 0.0)
    worded = _worded(side, chain, margin, sigma, offset, angle, _marks(sight, side, scale, chain, band))
    return replace(worded, best_cm=best)


def _turned_from_plane(sight: Sight, side: Side, chain: Chain) -> tuple[float, float]:
    """How far the camera stands off square to the plane that the limb bends in, and the sigma of it, rad.

    A near knee bends out towards a camera that leans to the lifter's front, a far one away from it. With the camera's
    angle unknown nobody can tell which way it leans: the angle off the side stands for both.
    """
    off_side, doubt = sight.off_side_deg, sight.off_side_sigma_deg
    if sight.angle_deg is not None and sight.view.view in (View.LEFT, View.RIGHT):
        outward = -chain.outward_deg if sight.far(side) else chain.outward_deg
        off_side = abs(sight.angle_deg + outward)
        doubt = math.hypot(doubt, chain.outward_sigma_deg)
    return math.radians(min(off_side, MOST_TURNED_DEG)), math.radians(doubt)


def _joints_sigma_cm(sight: Sight, side: Side, scale: Scale, chain: Chain) -> float:
    start, middle, end = (sight.pose.xy(side.joint(part)) for part in chain.parts)
    share = line_share(middle, start, end)
    weights = (1 - share, 1.0, share)
    # The offset is read across the line from joint to joint: upright, that is along the level.
    along = (end - start) / max(distance_px(start, end), 1e-9)
    steep = min(1.0, abs(float(along @ down_direction(sight.camera.roll))))
    flat = math.sqrt(1.0 - steep**2)
    errors = [sight.error(side, part, scale) for part in chain.parts]
    across = [math.hypot(steep * error.sigma_across_cm, flat * error.sigma_down_cm) for error in errors]
    return root_sum_square(*(weight * sigma for weight, sigma in zip(weights, across, strict=True)))


def _worded(
    side: Side, chain: Chain, margin: float, sigma: float, seen: float, angle_deg: float, marks: tuple[Mark, ...]
) -> Measured:
    joint = f"{side.capitalize()} {chain.parts[1]}"
    return Measured(
        margin_cm=margin,
        sigma_cm=sigma,
        seen_cm=-seen,
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
