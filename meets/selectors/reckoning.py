"""Bests, totals, places and points of a meet by the rules, by category. People decided every attempt that counts here.

Whoever shows results asks ``meets.selectors.standings``, which knows of results of other systems too.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from judging.rulebook import rulebook_load
from meets.competition.ages import AgeGroup
from meets.competition.attempts import AttemptOutcome as Became
from meets.competition.attempts import event_lifts
from meets.competition.classes import class_of
from meets.competition.placing import Contestant, Placed, Score, Standing, Taken, placing
from meets.competition.points import Formula, points_of, points_round
from meets.models import Attempt, Category, Entry, Event, Meet, MeetStatus, lift_place

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
    not defined. doubled: others of the group have the place too, since an official set one of them, which moves nobody
    else. set_by, set_reason: the official's user name and words; empty until meets.selectors.standings tells them."""

    group: Group
    entry: Entry
    category: Category
    attempts: tuple[Attempt, ...]
    score: Score
    place: str
    set_by_hand: bool
    tied: bool
    points: Decimal | None
    doubled: bool = False
    set_by: str = ""
    set_reason: str = ""

    @property
    def total_kg(self) -> Decimal | None:
        return None if self.place in NO_TOTAL else self.score.total_kg


def reckoned_rows(meet: Meet, groups: Collection[Group] | None = None) -> list[Row]:
    """Every entry in each of its categories, group after group in the order of places. Three queries, however many.

    groups: those alone, with two queries more; each is reckoned whole.
    """
    ids = None if groups is None else {pk for group, pk in _members(meet) if group in groups}
    of_entry = {} if ids is None else {"entry__in": ids}
    entries = Entry.objects.filter(meet=meet).select_related("lifter", "session", "platform")
    attempts: dict[object, list[Attempt]] = defaultdict(list)
    rows = Attempt.objects.filter(entry__meet=meet, **of_entry).order_by(lift_place(), "number")
    # Times that nobody is shown here cost as much to read as all the rest.
    for attempt in rows.defer("created_at", "updated_at", "called_at"):
        attempts[attempt.entry_id].append(attempt)
    categories: dict[object, list[Category]] = defaultdict(list)
    for category in Category.objects.filter(entry__meet=meet, **of_entry).order_by("pk"):
        categories[category.entry_id].append(category)
    found: dict[Group, list[tuple[Entry, Category]]] = defaultdict(list)
    for entry in entries if ids is None else entries.filter(pk__in=ids):
        for category in categories.get(entry.pk) or [NO_CATEGORY]:
            group = group_of(meet, entry, category)
            if groups is None or group in groups:
                found[group].append((entry, category))
    return [row for group in sorted(found, key=_in_order) for row in _placed(meet, group, found[group], attempts)]


def group_counts(meet: Meet) -> dict[Group, int]:
    """How many stand in each group, in the order in which they are shown. Two queries, and no attempt is read."""
    counts = Counter(group for group, _ in _members(meet))
    return {group: counts[group] for group in sorted(counts, key=_in_order)}


def _members(meet: Meet) -> Iterator[tuple[Group, UUID]]:
    """The entries of each group, by their ids."""
    categories: dict[object, list[tuple[str, str]]] = defaultdict(list)
    of_meet = Category.objects.filter(entry__meet=meet).order_by()
    for entry_id, division, event in of_meet.values_list("entry_id", "division", "event"):
        categories[entry_id].append((division, event))
    columns = ("pk", "lifter__sex", "equipment", "weight_class", "bodyweight_kg")
    for pk, sex, equipment, weight_class, kg in Entry.objects.filter(meet=meet).order_by().values_list(*columns):
        name = _class(meet, sex, weight_class, kg)
        for division, event in categories.get(pk) or [(NO_CATEGORY.division, NO_CATEGORY.event)]:
            yield Group(division, sex, event, equipment, name), pk


def group_of(meet: Meet, entry: Entry, category: Category) -> Group:
    return Group(category.division, entry.lifter.sex, category.event, entry.equipment, class_shown(meet, entry))


def class_shown(meet: Meet, entry: Entry) -> str:
    """The entry's class: as stated, else by its bodyweight where the federation's classes are known."""
    return _class(meet, entry.lifter.sex, entry.weight_class, entry.bodyweight_kg)


def _class(meet: Meet, sex: str, stated: str, bodyweight_kg: Decimal | None) -> str:
    if stated or bodyweight_kg is None:
        return stated
    return class_of(bodyweight_kg, sex, meet.starts_on, AgeGroup.OPEN, federation=meet.federation) or ""


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
    return sorted(doubled_marked(rows), key=by_place)


def doubled_marked(rows: Sequence[Row]) -> list[Row]:
    """The rows, each place that several of a group have through an official's word marked as doubled. What the rules
    leave tied is none of these."""
    sharing: dict[tuple[Group, str], list[bool]] = defaultdict(list)
    for row in rows:
        if row.place.isdigit():
            sharing[row.group, row.place].append(row.set_by_hand)
    doubled = {at for at, by_hand in sharing.items() if len(by_hand) > 1 and any(by_hand)}
    return [replace(row, doubled=True) if (row.group, row.place) in doubled else row for row in rows]


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
