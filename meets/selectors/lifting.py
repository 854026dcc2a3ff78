"""The lifting order: which attempts come next on a platform."""

from collections.abc import Mapping
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from judging.pose import Lift
from meets.competition.order import Queued, lifting_order
from meets.models import Attempt, AttemptOutcome, Meet

LIFTS = [lift.value for lift in Lift]


def order_rows(meet: Meet, asked: Mapping[str, str]) -> list[Attempt]:
    """The attempts of one round in their order: those of the lift and number asked for, else of the first round in
    which something is not decided yet. Raises ValidationError for a filter that makes no sense."""
    rows = Attempt.objects.filter(entry__meet=meet).select_related("entry__lifter", "entry__platform", "entry__session")
    if flight := asked.get("flight"):
        rows = rows.filter(entry__flight=flight)
    for name, column in (("platform", "entry__platform_id"), ("session", "entry__session__number")):
        if value := asked.get(name):
            rows = rows.filter(**{column: _whole(name, value)})
    return ordered(_round(rows, asked))


def _whole(name: str, value: str) -> int:
    if not value.isdecimal() or len(value) > 9:
        raise ValidationError({name: "Give a whole number."})
    return int(value)


def _round(rows: "QuerySet[Attempt]", asked: Mapping[str, str]) -> "QuerySet[Attempt]":
    lift, number = asked.get("lift", ""), asked.get("round", "")
    if lift and lift not in LIFTS:
        raise ValidationError({"lift": f"A lift is one of {', '.join(LIFTS)}."})
    if lift:
        rows = rows.filter(lift=lift)
    if number:
        rows = rows.filter(number=_whole("round", number))
    if lift and number:
        return rows
    open_rounds = rows.filter(outcome=AttemptOutcome.OPEN).order_by().values_list("lift", "number").distinct()
    first = min(open_rounds, key=lambda round_: (LIFTS.index(round_[0]), round_[1]), default=None)
    if first is None:
        return rows.none()
    return rows.filter(lift=first[0], number=first[1])


def ordered(rows: "QuerySet[Attempt]") -> list[Attempt]:
    """Flight after flight, each by weight, then lot."""
    by_id: dict[UUID, Attempt] = {row.pk: row for row in rows}
    flights: dict[tuple[int, str], list[Queued]] = {}
    for row in by_id.values():
        entry = row.entry
        key = (entry.session.number if entry.session else 0, entry.flight)
        queued = Queued(
            id=str(row.pk), round=row.number, kg=row.declared_kg, lot=entry.lot, take=row.take, name=entry.lifter.name
        )
        flights.setdefault(key, []).append(queued)
    return [by_id[UUID(one.id)] for key in sorted(flights) for one in lifting_order(flights[key])]
