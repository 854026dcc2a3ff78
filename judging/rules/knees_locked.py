"""Squat and deadlift: the knees locked at the lockout."""

from __future__ import annotations

from typing import Final

from judging.landmarks import Limb, Scale
from judging.outcomes import Finding
from judging.pose import Lift, Phase, Side, View
from judging.rules.base import Measured, Rule, Sight, each_side
from judging.rules.straight import Chain, measure_straight

# A knee bends in the plane one sees from the side. From the front a straight leg and a bent one look alike.
RULE: Final = Rule(
    name="knees_locked",
    subject="Knee lock",
    lifts=frozenset({Lift.SQUAT, Lift.DEADLIFT}),
    phase=Phase.LOCKOUT,
    views=frozenset({View.LEFT, View.RIGHT}),
    most_off_side_deg=60.0,
    unshown="a bent knee looks straight from there",
)

# The knee bends over the toes, which are turned out by 8 to 35 degrees (provisional). COCO's knee lies a centimetre
# behind the bones' axis: on 266 rendered legs (seeds 9200, 9202) they differ by 0.0 +- 0.8 cm, by -1.0 where bent.
CHAIN: Final = Chain(
    RULE.name,
    ("hip", "knee", "ankle"),
    Limb.THIGH,
    Limb.SHANK,
    own_sigma_cm=0.9,
    outward_deg=20.0,
    outward_sigma_deg=9.0,
)


def check_knees_locked(sight: Sight) -> tuple[Finding, ...]:
    """One finding for each leg. Positive margin: the knee lies nearer to its line than the limit's bend puts it."""
    return each_side(RULE, sight, CHAIN.parts, _measure)


def _measure(sight: Sight, side: Side, scale: Scale) -> Measured:
    return measure_straight(sight, side, scale, CHAIN, sight.rulebook.limits.knee_bend_deg)
