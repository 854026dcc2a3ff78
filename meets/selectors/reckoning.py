"""Bests, totals, places and points of a meet by the rules, by category. People decided every attempt that counts here.

Whoever shows results asks ``meets.selectors.standings``, which knows of results of other systems too.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from judging.rulebook import rulebook_load
from meets.competition.ages import AgeGroup
from meets.competition.attempts import AttemptOutcome as Became
from meets.competition.attempts import event_lifts
from meets.competition.classes import class_of
from meets.competition.placing import Contestant, Placed, Score, Standing, Taken, placing
from meets.competition.points import Formula, points_of, points_round
from meets.models import Attempt, Category, Entry, Event, Meet, MeetStatus

# Of an entry that nobody put into a division: it competes with all of them, in full power.
NO_CATEGORY = Category(division="", event=Event.SBD)
# Places of whoever has no total that counts.
NO_TOTAL = ("DQ", "DD", "NS")
_WORDS = {Standing.DISQUALIFIED: "DQ", Standing.GUEST: "G"}


@dataclass(frozen=True, slots=True)
class Group:
    """Who is placed together."""

    division: str
    sex: str
    event: str
    equipment: str
    weight_class: str


@dataclass(frozen=True, slots=True)
class Row:
    """An entry in one category. attempts: of the event's lifts, by lift then number. place: a number from 1; "DQ" of
    whoever has no total any more, "G" of a guest, empty while it is open. set_by_hand: an official's word. tied:
    shared, and only an official can say who is first. points: by the meet's formula, rounded; None where
    not defined."""

    group: Group
    entry: Entry
    category: Category
    attempts: tuple[Attempt, ...]
    score: Score
    place: str
    set_by_hand: bool
    tied: bool
    points: Decimal | None

    @property
    def total_kg(self) -> Decimal | None:
        return None if self.place in NO_TOTAL else self.score.total_kg


def reckoned_rows(meet: Meet) -> list[Row]:
    """Every entry in each of its categories, group after group in the order of places. Three queries, however many."""
    entries = Entry.objects.filter(meet=meet).select_related("lifter", "session", "platform")
    attempts: dict[object, list[Attempt]] = defaultdict(list)
    for attempt in Attempt.objects.filter(entry__meet=meet).order_by("lift", "number"):
        attempts[attempt.entry_id].append(attempt)
    categories: dict[object, list[Category]] = defaultdict(list)
    for category in Category.objects.filter(entry__meet=meet).order_by("pk"):
        categories[category.entry_id].append(category)
    groups: dict[Group, list[tuple[Entry, Category]]] = defaultdict(list)
    for entry in entries:
        for category in categories.get(entry.pk) or [NO_CATEGORY]:
            groups[group_of(meet, entry, category)].append((entry, category))
    rows: list[Row] = []
    for group in sorted(groups, key=_in_order):
        rows += _placed(meet, group, groups[group], attempts)
    return rows


def group_of(meet: Meet, entry: Entry, category: Category) -> Group:
    return Group(category.division, entry.lifter.sex, category.event, entry.equipment, class_shown(meet, entry))


def class_shown(meet: Meet, entry: Entry) -> str:
    """The entry's class: as stated, else by its bodyweight where the federation's classes are known."""
    if entry.weight_class or entry.bodyweight_kg is None:
        return entry.weight_class
    found = class_of(entry.bodyweight_kg, entry.lifter.sex, meet.starts_on, AgeGroup.OPEN, federation=meet.federation)
    return found or ""


def _in_order(group: Group) -> tuple[object, ...]:
    digits = group.weight_class.rstrip("+")
    weight = float(digits) if digits.replace(".", "", 1).isdecimal() else 0.0
    return group.event != Event.SBD, group.event, group.division, group.equipment, group.sex, weight, group.weight_class


def _placed(
    meet: Meet,
    group: Group,
    members: Sequence[tuple[Entry, Category]],
    attempts: dict[object, list[Attempt]],
) -> Iterable[Row]:
    book = rulebook_load(meet.rulebook)
    by_id = {f"{entry.pk}:{category.pk or 0}": (entry, category) for entry, category in members}
    contestants = [
        Contestant(
            id=name,
            attempts=taken_of(attempts.get(entry.pk, ())),
            bodyweight_kg=entry.bodyweight_kg,
            event=group.event,
            guest=entry.guest,
            disqualified=entry.disqualified,
            rank=category.place_override,
        )
        for name, (entry, category) in by_id.items()
    ]
    rows = [
        _row(meet, group, *by_id[placed.contestant.id], attempts, placed)
        for placed in placing(contestants, book.attempts)
    ]
    return sorted(rows, key=by_place)


def by_place(row: Row) -> tuple[bool, int]:
    """A key for sorting: numbers first; of the others the order stays."""
    return not row.place.isdigit(), int(row.place) if row.place.isdigit() else 0


def taken_of(attempts: Iterable[Attempt]) -> tuple[Taken, ...]:
    """Attempts as the rules of placing see them. One that was not taken is through like a miss."""
    return tuple(
        Taken(
            attempt.lift_kind,
            attempt.number,
            attempt.declared_kg,
            Became(attempt.outcome) if attempt.outcome else None,
            attempt.decided_seq,
        )
        for attempt in attempts
    )


def _row(
    meet: Meet, group: Group, entry: Entry, category: Category, attempts: dict[object, list[Attempt]], placed: Placed
) -> Row:
    lifts = event_lifts(group.event)
    mine = tuple(attempt for attempt in attempts.get(entry.pk, ()) if attempt.lift_kind in lifts)
    by_hand = category.place_override is not None and placed.standing is Standing.PLACED
    place = str(category.place_override) if by_hand else _place(meet, entry, placed)
    points = None if place in NO_TOTAL else points_in(meet, group, entry, placed.score.total_kg)
    return Row(group, entry, category, mine, placed.score, place, by_hand, placed.tied and not by_hand, points)


def points_in(meet: Meet, group: Group, entry: Entry, total_kg: Decimal | None) -> Decimal | None:
    """By the meet's formula, rounded; None where it has none for this lifter."""
    points = points_of(
        Formula(meet.formula),
        total_kg=total_kg,
        bodyweight_kg=entry.bodyweight_kg,
        sex=group.sex,
        equipment=group.equipment,
        event=group.event,
        on=meet.starts_on,
    )
    return None if points is None else points_round(points)


def _place(meet: Meet, entry: Entry, placed: Placed) -> str:
    if placed.place is not None:
        return str(placed.place)
    if placed.standing is not Standing.NO_TOTAL:
        return _WORDS[placed.standing]
    if placed.score.bombed_out:
        return "DQ"
    if meet.status == MeetStatus.OPEN:
        return ""
    # Nobody reaches a total any more. Who neither weighed in nor lifted did not come.
    came = entry.bodyweight_kg is not None or any(one.outcome is not None for one in placed.contestant.attempts)
    return "DQ" if came else "NS"
