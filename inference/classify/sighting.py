"""What a pose looks like: the answer of every classifier in this package."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from judging.pose import Lift, Phase, PhaseSeen, ViewSeen

# As a sentence names them.
LIFT_WORDS: Final = {Lift.SQUAT: "squat", Lift.BENCH: "bench press", Lift.DEADLIFT: "deadlift"}


@dataclass(frozen=True, slots=True)
class Sighting:
    """lift None: none of the three, with the probability of that in lift_p; p_of: of each lift. phase, phase_p_of: of
    the stated lift, or of the one seen. refused: in a sentence, why nothing can be told of this pose, or ""."""

    lift: Lift | None
    lift_p: float
    p_of: dict[Lift, float]
    phase: PhaseSeen
    phase_p_of: dict[Phase, float]
    view: ViewSeen
    refused: str = field(default="")


def nothing_told(why: str) -> Sighting:
    """The answer to a pose that shows too little. why: a sentence."""
    return Sighting(None, 0.0, dict.fromkeys(Lift, 0.0), PhaseSeen(None, 0.0), {}, ViewSeen(None, 0.0), why)
