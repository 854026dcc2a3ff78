"""What came out of a played meet, and everything in it that does not agree with the play's own notes."""

from dataclasses import dataclass, field
from typing import Any

from tests.play.meet import Cast, Played


@dataclass
class Outcome:
    """figures: for people and for JSON. faults: sentences. files: the exports by name."""

    figures: dict[str, Any]
    faults: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


def outcome_of(cast: Cast, played: Played) -> Outcome:
    figures = {
        "lifters": len(played.lifters),
        "attempts": played.attempts,
        "failed": sum(
            not good for noted in played.lifters.values() for rows in noted.taken.values() for _, good in rows
        ),
        "cards": played.cards,
        "late_lights_refused": played.late_refused,
        "jury_cases": [f"{case['asked']}: {case['from']} to {case['to'] or 'again'}" for case in played.jury],
    }
    return Outcome(figures)
