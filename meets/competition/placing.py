"""Bests, totals and places within one category.

Higher total; of equal totals the lighter bodyweight; of equal bodyweights who reached the total first (IPF 2007 text;
the 2014 edition begins the same). Of 17 such last ties in published results nine agree with "first", so an official's
word goes before it, and what nothing decides is flagged as tied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType

from judging.pose import Lift
from judging.rulebook import AttemptRules
from meets.competition.attempts import FULL_EVENT, AttemptOutcome, event_lifts


class Standing(StrEnum):
    """Where a lifter stands in the category."""

    PLACED = "placed"
    # Bombed out, or not through yet: Score.bombed tells.
    NO_TOTAL = "no_total"
    DISQUALIFIED = "disqualified"
    GUEST = "guest"


@dataclass(frozen=True, slots=True)
class Taken:
    """An attempt as it counts now.

    number: from 1; those after the rule book's last are outside of every total. outcome: None while it is not decided.
    seq: counts the decisions of the meet, so that it is known what came first; None where it is not.

    Raises ValueError when number or weight is not positive.
    """

    lift: Lift
    number: int
    kg: Decimal
    outcome: AttemptOutcome | None
    seq: int | None = None

    def __post_init__(self) -> None:
        if self.number < 1 or not self.kg > 0:
            raise ValueError(f"{self.lift} {self.number}: number and weight are more than 0")


@dataclass(frozen=True, slots=True)
class Contestant:
    """A lifter in one category.

    bodyweight_kg: None where nobody weighed. event: the lifts that count, as "SBD". rank: an official's word on a tie,
    lower before higher; of no effect between lifters whom the rules tell apart by total and bodyweight.

    Raises ValueError for an event that is none, a bodyweight that is not positive, or an attempt that comes twice: of
    one that was given again only the last take counts.
    """

    id: str
    attempts: tuple[Taken, ...]
    bodyweight_kg: Decimal | None = None
    event: str = FULL_EVENT
    guest: bool = False
    disqualified: bool = False
    rank: int | None = None

    def __post_init__(self) -> None:
        event_lifts(self.event)
        if self.bodyweight_kg is not None and not self.bodyweight_kg > 0:
            raise ValueError(f"{self.id}: a bodyweight is more than 0 kg")
        if len({(one.lift, one.number) for one in self.attempts}) < len(self.attempts):
            raise ValueError(f"{self.id}: an attempt comes twice")


@dataclass(frozen=True, slots=True)
class Score:
    """What was lifted, kg.

    best_kg: the best good attempt of each lift that has one. subtotal_kg: of all lifts of the event but the last, when
    each has a best; None for a single lift. total_kg: of all; None while one is missing. bombed: lifts of which every
    attempt is through without a good one. reached: the seq of the attempt that completed the total.
    """

    best_kg: Mapping[Lift, Decimal]
    subtotal_kg: Decimal | None
    total_kg: Decimal | None
    bombed: tuple[Lift, ...]
    reached: int | None

    @property
    def bombed_out(self) -> bool:
        """Is there no total to come?"""
        return bool(self.bombed)


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of the result list. place: from 1; None for whoever has none. tied: others share the place and nothing
    tells them apart, so that an official must."""

    contestant: Contestant
    score: Score
    standing: Standing
    place: int | None = None
    tied: bool = False


def best_of(attempts: Iterable[Taken], lift: Lift, rules: AttemptRules) -> Taken | None:
    """The heaviest good attempt of a lift among those that count."""
    good = [one for one in attempts if one.lift == lift and one.outcome == AttemptOutcome.GOOD]
    counting = sorted((one for one in good if one.number <= rules.per_lift), key=lambda one: one.number)
    return max(counting, key=lambda one: one.kg, default=None)


def score_of(contestant: Contestant, rules: AttemptRules) -> Score:
    """What a lifter has in the event so far. A disqualified one's lifts are counted too: the caller hides them."""
    lifts = event_lifts(contestant.event)
    bests = {lift: best_of(contestant.attempts, lift, rules) for lift in lifts}
    found = {lift: best for lift, best in bests.items() if best is not None}
    last = found.get(lifts[-1])
    return Score(
        best_kg=MappingProxyType({lift: best.kg for lift, best in found.items()}),
        subtotal_kg=_sum(found, lifts[:-1]),
        total_kg=_sum(found, lifts),
        bombed=tuple(lift for lift in lifts if lift not in found and _is_through(contestant, lift, rules)),
        reached=last.seq if last is not None and len(found) == len(lifts) else None,
    )


def placing(contestants: Iterable[Contestant], rules: AttemptRules) -> tuple[Placed, ...]:
    """The result list of one category: the placed, then those without a total, the disqualified, and the guests.

    Equal places leave out the next ones (1, 1, 3). Where a bodyweight or who was first is not known, all whom it would
    tell apart are tied, unless an official ranked every one of them.

    Raises ValueError when an id comes twice, or the events differ.
    """
    everybody = sorted(contestants, key=lambda one: one.id)
    if len({one.id for one in everybody}) < len(everybody):
        raise ValueError("a contestant comes twice")
    if len({one.event for one in everybody}) > 1:
        raise ValueError("a category has one event")
    rows = [_row(one, rules) for one in everybody]
    placed = _placed([row for row in rows if row.standing is Standing.PLACED])
    rest = [row for standing in _UNPLACED for row in _by_total(row for row in rows if row.standing is standing)]
    return (*placed, *rest)


_UNPLACED = (Standing.NO_TOTAL, Standing.DISQUALIFIED, Standing.GUEST)


def _row(contestant: Contestant, rules: AttemptRules) -> Placed:
    score = score_of(contestant, rules)
    if contestant.disqualified:
        return Placed(contestant, score, Standing.DISQUALIFIED)
    if contestant.guest:
        return Placed(contestant, score, Standing.GUEST)
    return Placed(contestant, score, Standing.NO_TOTAL if score.total_kg is None else Standing.PLACED)


def _placed(rows: Sequence[Placed]) -> list[Placed]:
    found: list[Placed] = []
    for equal in _by(rows, lambda row: -(row.score.total_kg or 0)):
        for same in _by_bodyweight(equal):
            for tie in _by_official_or_first(same):
                place = len(found) + 1
                found += [Placed(row.contestant, row.score, Standing.PLACED, place, tied=len(tie) > 1) for row in tie]
    return found


def _by_bodyweight(rows: Sequence[Placed]) -> list[list[Placed]]:
    weights = [row.contestant.bodyweight_kg for row in rows]
    return [list(rows)] if None in weights else _by(rows, lambda row: row.contestant.bodyweight_kg or 0)


def _by_official_or_first(rows: Sequence[Placed]) -> list[list[Placed]]:
    ranks = [row.contestant.rank for row in rows]
    if None not in ranks:
        return _by(rows, lambda row: row.contestant.rank or 0)
    # Who weighs what is asked before who was first.
    if any(row.contestant.bodyweight_kg is None or row.score.reached is None for row in rows):
        return [list(rows)]
    return _by(rows, lambda row: row.score.reached or 0)


def _by(rows: Iterable[Placed], key: Callable[[Placed], Decimal | int]) -> list[list[Placed]]:
    """Groups of equal key, the least first."""
    return [list(group) for _, group in groupby(sorted(rows, key=key), key)]


def _by_total(rows: Iterable[Placed]) -> list[Placed]:
    """The highest sum of bests first; the order of ids stays among equals."""
    return sorted(rows, key=lambda row: -sum(row.score.best_kg.values()))


def _sum(found: Mapping[Lift, Taken], lifts: Sequence[Lift]) -> Decimal | None:
    if not lifts or any(lift not in found for lift in lifts):
        return None
    return sum((found[lift].kg for lift in lifts), Decimal(0))


def _is_through(contestant: Contestant, lift: Lift, rules: AttemptRules) -> bool:
    decided = {one.number for one in contestant.attempts if one.lift == lift and one.outcome is not None}
    return all(number in decided for number in range(1, rules.per_lift + 1))
