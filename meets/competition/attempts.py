"""Words that all of the package uses: what became of an attempt, and which lifts an event has."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

from judging.pose import Lift

# As OpenPowerlifting writes events: a letter per lift, in the order they are lifted.
LETTERS: Final = {"S": Lift.SQUAT, "B": Lift.BENCH, "D": Lift.DEADLIFT}
FULL_EVENT: Final = "".join(LETTERS)


class AttemptOutcome(StrEnum):
    """What became of an attempt. PASSED: not taken. An attempt not decided yet has None."""

    GOOD = "good"
    NO_LIFT = "no_lift"
    PASSED = "passed"


def event_lifts(event: str) -> tuple[Lift, ...]:
    """The lifts of an event in the order they are lifted: "BD" is bench and deadlift.

    Raises ValueError for anything but a part of "SBD" in that order.
    """
    letters = [letter for letter in LETTERS if letter in event]
    if not letters or "".join(letters) != event:
        raise ValueError(f"event {event!r} is no part of {FULL_EVENT!r} in that order")
    return tuple(LETTERS[letter] for letter in letters)


def kg_text(kg: Decimal) -> str:
    """A weight as people read it: "102.5 kg", "100 kg"."""
    text = f"{kg:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} kg"
