"""What stands of an attempt now: the fold of its records in the log, oldest first. Pure: no row is read here.

The columns of Attempt, Light and Card are this state kept for lists; ``manage.py log_verify`` compares the two.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

# The kinds of record that say something of an attempt's decision, in the words of meets.models.LogKind.
KINDS = frozenset(
    {
        "attempt", "weight", "called", "light", "light_back", "decision", "card", "brought_in", "passed", "corrected",
        "jury_opened", "jury_vote", "jury_decided", "jury_lapsed", "second_call",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """A record, as far as the fold needs it. seq: its number in the meet's log. body: as the writer gave it."""

    seq: int
    at: dt.datetime
    kind: str
    actor: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LightGiven:
    """A light of the take that is open or was decided last. seat: empty for one that does not count."""

    seat: str
    referee: str
    colour: str


@dataclass(frozen=True, slots=True)
class CardGiven:
    seat: str
    cause: str
    colour: str


@dataclass(frozen=True, slots=True)
class AttemptState:
    """version: see Attempt. take: 1, and one more with each extra attempt of the jury. outcome: "", good, no_lift or
    passed. whites: of the three lights; None where the outcome came without them. case: the jury's open case."""

    version: int = 1
    take: int = 1
    changes: int = 0
    called_at: dt.datetime | None = None
    outcome: str = ""
    decided_at: dt.datetime | None = None
    decided_seq: int | None = None
    whites: int | None = None
    lights: tuple[LightGiven, ...] = ()
    cards: tuple[CardGiven, ...] = ()
    case: str = ""

    def light_of(self, referee: str) -> LightGiven | None:
        return next((light for light in self.lights if light.referee == referee), None)

    @property
    def seated(self) -> dict[str, LightGiven]:
        """The lights that count, by seat."""
        return {light.seat: light for light in self.lights if light.seat}


@dataclass(slots=True)
class _Fold:
    state: AttemptState = field(default_factory=AttemptState)

    def step(self, step: Step) -> None:
        now, body = self.state, step.body
        match step.kind:
            case "weight":
                counts = bool(body.get("counts"))
                self.state = replace(now, version=now.version + 1, changes=now.changes + counts)
            case "called":
                self.state = replace(now, version=now.version + 1, called_at=step.at)
            case "light":
                given = LightGiven(body["seat"], step.actor, body["colour"])
                self.state = replace(now, lights=(*now.lights, given))
            case "light_back":
                kept = tuple(light for light in now.lights if light.referee != step.actor)
                # Its reasons go with it.
                cards = tuple(card for card in now.cards if card.seat != body["seat"])
                self.state = replace(now, lights=kept, cards=cards)
            case "card":
                cards = tuple(CardGiven(body["seat"], *card) for card in body["cards"])
                self.state = replace(now, cards=(*now.cards, *cards))
            case "decision":
                self.state = self._decided(step, whites=_whites(body["lights"]))
            case "brought_in":
                lights = tuple(LightGiven(seat, "", colour) for seat, colour in sorted(body["lights"].items()))
                cards = tuple(CardGiven(*card) for card in body["cards"])
                self.state = replace(now, lights=(*now.lights, *lights), cards=(*now.cards, *cards))
                self.state = self._decided(step, whites=_whites(body["lights"]) if lights else None)
            case "passed" | "corrected":
                self.state = self._decided(step, whites=now.whites if step.kind == "corrected" else None)
            case "jury_opened":
                self.state = replace(now, version=now.version + 1, case=body["case"])
            case "jury_lapsed":
                self.state = replace(now, version=now.version + 1, case="")
            case "jury_decided":
                self.state = self._by_jury(step)

    def _decided(self, step: Step, *, whites: int | None) -> AttemptState:
        return replace(
            self.state,
            version=self.state.version + 1,
            outcome=step.body["outcome"],
            decided_at=step.at,
            decided_seq=step.seq,
            whites=whites,
        )

    def _by_jury(self, step: Step) -> AttemptState:
        now = replace(self.state, version=self.state.version + 1, case="")
        match step.body["outcome"]:
            case "reversed":
                return replace(now, outcome=step.body["to"])
            case "extra_attempt":
                # A new take: nothing of the last one counts any more, and everything of it stays in the log.
                return AttemptState(version=now.version, take=now.take + 1, changes=now.changes)
        return now


def _whites(lights: Mapping[str, str]) -> int:
    return sum(colour == "white" for colour in lights.values())


def fold(steps: Iterable[Step]) -> AttemptState:
    """The state after these records of one attempt, oldest first; others than those of KINDS say nothing here."""
    folding = _Fold()
    for step in steps:
        if step.kind in KINDS:
            folding.step(step)
    return folding.state
