"""The staff's page for running a meet: the order of the round, who is on the platform, which weights are still due."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from judging.rulebook import Rulebook, rulebook_load
from meets.competition.attempts import AttemptOutcome as Became
from meets.competition.changes import Earlier, default_kg
from meets.models import Attempt, Entry, Meet, Platform, Session
from meets.selectors.board import Desk, platform_rows
from meets.selectors.decisions import Given, given_rows
from meets.selectors.lifting import LIFTS, order_rows

_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class RunFilters:
    """What staff have narrowed the page to; empty or None: whatever is on now."""

    lift: str = ""
    round: int | None = None
    flight: str = ""
    platform: int | None = None
    session: int | None = None

    @classmethod
    def read(cls, values: Mapping[str, str]) -> "RunFilters":
        """From a query string; what makes no sense counts as not said."""
        lift, flight = values.get("lift", ""), values.get("flight", "")
        return cls(
            lift if lift in LIFTS else "",
            _whole(values.get("round", "")),
            flight if flight.isalnum() and len(flight) <= 2 else "",
            _whole(values.get("platform", "")),
            _whole(values.get("session", "")),
        )

    def asked(self) -> dict[str, str]:
        named = {name: getattr(self, name) for name in ("lift", "round", "flight", "platform", "session")}
        return {name: str(value) for name, value in named.items() if value}

    def query(self) -> str:
        return urlencode(self.asked())

    @property
    def of_entry(self) -> dict[str, Any]:
        """The filters that are about who lifts, for rows that have an entry."""
        named = {
            "entry__flight": self.flight,
            "entry__platform_id": self.platform,
            "entry__session__number": self.session,
        }
        return {name: value for name, value in named.items() if value}


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@dataclass(frozen=True, slots=True)
class Turn:
    """One attempt. card: the lifter's weights and outcomes, lift by lift; None where nothing is declared."""

    attempt: Attempt
    given: Given
    card: list[tuple[str, list[Attempt | None]]]

    @property
    def is_called(self) -> bool:
        return self.attempt.called_at is not None and not self.attempt.outcome

    @property
    def any_light(self) -> bool:
        return any(light.given for light in self.given.lights)


@dataclass(frozen=True, slots=True)
class NextWeight:
    """A weight that is due. until: the end of the time to hand it in. stands: what is put down without one."""

    entry: Entry
    lift: str
    number: int
    last: Attempt
    until: dt.datetime | None
    stands: Decimal | None


@dataclass(frozen=True, slots=True)
class Running:
    turns: list[Turn]
    on_platform: list[Turn]
    last: Turn | None
    due: list[NextWeight]
    flights: list[str]
    platforms: list[Platform]
    sessions: list[Session]
    # Until when the decision made last may be brought before the jury.
    protest_until: dt.datetime | None = None
    lift: str = ""
    number: int = 0
    lifts: list[str] = field(default_factory=lambda: list(LIFTS))


def running_of(desk: Desk, filters: RunFilters) -> Running:
    """A constant number of queries, however many lifters."""
    meet, book = desk.meet, rulebook_load(desk.meet.rulebook)
    order = order_rows(meet, filters.asked())
    cards = _cards(meet, filters)
    everything = [attempt for rows in cards.values() for attempt in rows]
    called = [row for row in everything if row.called_at is not None and not row.outcome]
    decided = [row for row in everything if row.outcome and row.decided_seq is not None]
    last = max(decided, key=lambda row: row.decided_seq or 0, default=None)
    shown = {row.pk: row for row in [*order, *called, *([last] if last else [])]}
    given = given_rows(desk.user, shown.values(), book)

    def turn(attempt: Attempt) -> Turn:
        return Turn(attempt, given[attempt.pk], _card(cards[attempt.entry_id], book.attempts.per_lift))

    called.sort(key=lambda row: row.called_at or _NEVER, reverse=True)
    on_now = {row.lift for row in [*order[:1], *([last] if last else [])]}
    return Running(
        [turn(row) for row in order],
        [turn(row) for row in called],
        turn(last) if last else None,
        _due(cards, on_now, book) if desk.is_open else [],
        _flights(meet),
        platform_rows(meet),
        list(Session.objects.filter(meet=meet)),
        last.decided_at + dt.timedelta(seconds=book.jury.window_s) if last and last.decided_at else None,
        order[0].lift if order else "",
        order[0].number if order else 0,
    )


def _cards(meet: Meet, filters: RunFilters) -> dict[UUID, list[Attempt]]:
    """All attempts by entry, of the lifters that the filters leave."""
    cards: dict[UUID, list[Attempt]] = defaultdict(list)
    # Times that are not shown cost as much to read as all the rest.
    for row in Attempt.objects.filter(entry__meet=meet, **filters.of_entry).defer("created_at", "updated_at"):
        cards[row.entry_id].append(row)
    # Each entry once, and not anew with each of its nine attempts.
    entries = Entry.objects.filter(pk__in=cards).select_related("lifter", "platform", "session", "meet")
    for entry in entries:
        for row in cards[entry.pk]:
            row.entry = entry
    return cards


def _card(rows: Iterable[Attempt], per_lift: int) -> list[tuple[str, list[Attempt | None]]]:
    by_place = {(row.lift, row.number): row for row in rows}
    return [(lift, [by_place.get((lift, number)) for number in range(1, per_lift + 1)]) for lift in LIFTS]


def _due(cards: Mapping[UUID, list[Attempt]], lifts: set[str], book: Rulebook) -> list[NextWeight]:
    """The weights not handed in yet of lifters whose last attempt of the lift is decided, those decided last first."""
    due = []
    for rows in cards.values():
        for lift in lifts:
            done = sorted((row for row in rows if row.lift == lift), key=lambda row: row.number)
            if done and done[-1].outcome and done[-1].number < book.attempts.per_lift:
                due.append(_next(done, book))
    return sorted(due, key=lambda row: row.until.timestamp() if row.until else 0.0, reverse=True)


def _next(done: list[Attempt], book: Rulebook) -> NextWeight:
    last = done[-1]
    earlier = tuple(Earlier(row.declared_kg, Became(row.outcome) if row.outcome else None) for row in done)
    until = last.decided_at + dt.timedelta(seconds=book.attempts.declare_within_s) if last.decided_at else None
    return NextWeight(last.entry, last.lift, last.number + 1, last, until, default_kg(earlier, book.attempts))


def _flights(meet: Meet) -> list[str]:
    rows = Entry.objects.filter(meet=meet).exclude(flight="").order_by("flight").values_list("flight", flat=True)
    return list(rows.distinct())
