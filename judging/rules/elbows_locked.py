"""Bench press: the elbows locked at the lockout."""

from __future__ import annotations

from typing import Final

from judging.landmarks import Limb, Scale
from judging.outcomes import Finding
from judging.pose import Lift, Phase, Side, View
from judging.rules.base import Measured, Rule, Sight, each_side
from judging.rules.straight import Chain, measure_straight

# Straight in one projection proves straight only from the side of the plane the elbow bends in. An elbow gives way
# outwards and towards the feet, so neither end of the bench shows all of it; from there nothing is said.
RULE: Final = Rule(
    name="elbows_locked",
    subject="Elbow lock",
    lifts=frozenset({Lift.BENCH}),
    phase=Phase.LOCKOUT,
    views=frozenset({View.LEFT, View.RIGHT}),
    most_off_side_deg=60.0,
    unshown="a bent elbow can look straight from there",
)

# On 168 rendered arms (seeds 9200, 9202) the joints' offset leaves that of the bones by 0.6 +- 0.4 cm.
CHAIN: Final = Chain(RULE.name, ("shoulder", "elbow", "wrist"), Limb.UPPER_ARM, Limb.FOREARM, own_sigma_cm=0.7)


def check_elbows_locked(sight: Sight) -> tuple[Finding, ...]:
    """One finding for each arm. Positive margin: the elbow lies nearer to its line than the limit's bend puts it."""
    return each_side(RULE, sight, CHAIN.parts, _measure)


def _measure(sight: Sight, side: Side, scale: Scale) -> Measured:
    return measure_straight(sight, side, scale, CHAIN, sight.rulebook.limits.elbow_bend_deg)
