"""Bench press: the underside of each elbow level with or below the top of its own shoulder, at the lowest moment."""

from __future__ import annotations

from typing import Final

from judging.geometry import down_direction, drop_px, reach_px, root_sum_square
from judging.landmarks import ELBOW_UNDERSIDE, SHOULDER_TOP, Limb, Scale
from judging.noise import joint_sigma_cm
from judging.outcomes import Finding, Mark
from judging.pose import Lift, Phase, Side, View
from judging.rules.base import SIDE_ON_DEG, Measured, Rule, Sight, each_side, joint_marks, level_marks, view_term_cm

# Every view shows the height of an elbow against its own shoulder: from the side and from either end of the bench
# the upper arm lies across the line of sight or along it, and what the second costs is in the view term.
RULE: Final = Rule(
    name="bench_depth",
    subject="Depth",
    lifts=frozenset({Lift.BENCH}),
    phase=Phase.BOTTOM,
    views=frozenset(View),
    most_off_side_deg=90.0,
    unshown="elbow and shoulder height cannot be compared",
)

# The shoulders above the floor: a bench of 42-45 cm and the shoulder joint some 10 cm above its pad.
JOINTS_HEIGHT_CM: Final = 55.0

_PARTS: Final = ("shoulder", "elbow")


def check_bench_depth(sight: Sight) -> tuple[Finding, ...]:
    """One finding for each arm. Positive margin: the elbow's underside lies below the shoulder's top; level is kept."""
    return each_side(RULE, sight, _PARTS, _measure)


def _measure(sight: Sight, side: Side, scale: Scale) -> Measured:
    pose, camera = sight.pose, sight.camera
    shoulder, elbow = pose.xy(side.joint("shoulder")), pose.xy(side.joint("elbow"))
    seen = scale.cm(drop_px(shoulder, elbow, camera.roll))
    shift, view_sigma = view_term_cm(
        sight, side, Limb.UPPER_ARM, scale, nearer=_elbow_nearer(sight, side), joints_height_cm=JOINTS_HEIGHT_CM
    )
    margin = seen + ELBOW_UNDERSIDE.cm + SHOULDER_TOP.cm - shift
    far = sight.far(side)
    sigma = root_sum_square(
        joint_sigma_cm(pose, side, "shoulder", scale, far=far),
        joint_sigma_cm(pose, side, "elbow", scale, far=far),
        ELBOW_UNDERSIDE.sigma_cm,
        SHOULDER_TOP.sigma_cm,
        camera.roll_term_cm(scale.cm(reach_px(shoulder, elbow, camera.roll))),
        view_sigma,
        scale.sigma * seen,
    )
    return _worded(side, margin, sigma, _marks(sight, side, scale, sigma))


def _elbow_nearer(sight: Sight, side: Side) -> int:
    """At the bottom the elbows lie outwards of the shoulders and towards the feet."""
    if sight.view.view is View.FRONT:
        return 1
    if sight.view.view is View.REAR:
        return -1
    if sight.off_side_deg > SIDE_ON_DEG:
        return 0
    return -1 if sight.far(side) else 1


def _worded(side: Side, margin: float, sigma: float, marks: tuple[Mark, ...]) -> Measured:
    elbow = f"{side.capitalize()} elbow"
    return Measured(
        margin_cm=margin,
        sigma_cm=sigma,
        limb=Limb.UPPER_ARM,
        kept=f"{elbow}: underside {abs(margin):.0f} cm below the top of the shoulder.",
        broken=f"{elbow}: underside {abs(margin):.0f} cm above the top of the shoulder.",
        close=f"{elbow}: too close to the level of the shoulder's top. Judge by eye.",
        unstated=f"{elbow} looks too high here, but nobody said this is the lowest moment. Judge by eye.",
        marks=marks,
    )


def _marks(sight: Sight, side: Side, scale: Scale, sigma_cm: float) -> tuple[Mark, ...]:
    down = down_direction(sight.camera.roll)
    underside = sight.pose.xy(side.joint("elbow")) + down * scale.px(ELBOW_UNDERSIDE.cm)
    top = sight.pose.xy(side.joint("shoulder")) - down * scale.px(SHOULDER_TOP.cm)
    lines = level_marks(
        sight, scale, held=("underside of elbow", underside), against=("top of shoulder", top), sigma_cm=sigma_cm
    )
    return joint_marks(sight.pose, side, _PARTS) + lines
