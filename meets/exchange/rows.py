"""The database's side of the exchange: a meet's rows from a sheet, and a sheet from a meet's rows."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from meets.competition.attempts import LETTERS, kg_text
from meets.errors import Conflict
from meets.exchange.lines import EQUIPMENT_WORDS, line_of, sheet_with
from meets.exchange.recompute import total_of
from meets.exchange.sheet import ATTEMPTS, MeetSheet, Problem, SheetEntry, SheetLift
from meets.log import ToLog, log_extend
from meets.models import Attempt, AttemptOutcome, Category, Entry, Equipment, Lifter, LogKind, Meet
from meets.roster import meet_touch
from meets.selectors.standings import in_order, standing_rows

__all__ = ["EQUIPMENT_WORDS", "Imported", "import_problems", "sheet_import", "sheet_of"]

_EQUIPMENT: Final = {
    "Raw": Equipment.CLASSIC,
    "Bare": Equipment.CLASSIC,
    "Sleeves": Equipment.CLASSIC,
    "Wraps": Equipment.WRAPS,
    "Straps": Equipment.STRAPS,
    "Single-ply": Equipment.EQUIPPED,
    "Multi-ply": Equipment.MULTI_PLY,
    "Unlimited": Equipment.UNLIMITED,
}
_CENT: Final = Decimal("0.01")
# What a column of bodyweights can hold, kg.
_MOST_KG: Final = Decimal("999.99")
_LOT_MOST: Final = 9999
# What a lifter's row holds: lines that differ in any of it are not of one row, or one of them would lose it.
_OF_LIFTER: Final = (
    "name", "sex", "birth_date", "birth_year", "member_id", "other_names", "country", "state", "team",
)  # fmt: skip
_OUTCOMES: Final = {True: AttemptOutcome.GOOD, False: AttemptOutcome.NO_LIFT, None: AttemptOutcome.OPEN}
# Texts of an entry: its attribute in the sheet, the file's column, and the row that holds it.
_TEXTS: Final = (
    ("name", "Name", Lifter), ("country", "Country", Lifter), ("state", "State", Lifter), ("team", "Team", Lifter),
    ("member_id", "MemberID", Lifter), ("weight_class", "WeightClassKg", Entry), ("division", "Division", Category),
)  # fmt: skip
_LONGEST: Final = {name: int(getattr(model._meta.get_field(name), "max_length", 0)) for name, _, model in _TEXTS}
# What a meet takes over where it says nothing itself.
_OF_MEET: Final = ("federation", "country", "state", "town")
# Batches that SQLite takes.
_BATCH: Final = 400
# Of one kind of problem so many are told, and how many more there are.
_PROBLEMS_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Imported:
    """How many rows were written, and what of the file they could not hold."""

    lifters: int
    entries: int
    categories: int
    attempts: int
    problems: tuple[Problem, ...] = ()


# ── In ───────────────────────────────────────────────────────────────────────────────────────────────────


def sheet_import(
    *, meet: Meet, user: User, sheet: MeetSheet, file_sha256: str, problems: Sequence[Problem] = ()
) -> Imported:
    """A meet that another system ran, with its results, into a meet without entries. All or nothing.

    A lifter who stands in several lines with the same attempts is one entry in several categories. Every decided
    attempt is a record in the log, told as brought in; in which order they were lifted follows from lift, round and
    weight. Where the meet says nothing of its federation and place, it takes over what the file says.

    problems: what the reader of the file could not take; how many that were stands in the log.

    Raises Conflict when the meet is closed, or has entries.
    """
    with transaction.atomic():
        meet_touch(meet.pk)
        if Entry.objects.filter(meet=meet).exists():
            raise Conflict("not_empty", "This meet has entries. Results are brought into a meet that has none.")
        found = [*import_problems(meet, sheet)]
        people = _people(meet, sheet)
        attempts = [one for entry, lines in people.entries for one in _attempts(entry, lines)]
        Lifter.objects.bulk_create(people.lifters, batch_size=_BATCH)
        Entry.objects.bulk_create([entry for entry, _ in people.entries], batch_size=_BATCH)
        Category.objects.bulk_create(people.categories, batch_size=_BATCH)
        _decided(meet, user, sheet, file_sha256, attempts, not_taken=len(problems) + len(found))
        Attempt.objects.bulk_create(attempts, batch_size=_BATCH)
        _meet_follow(meet, sheet)
    return Imported(len(people.lifters), len(people.entries), len(people.categories), len(attempts), tuple(found))


def _meet_follow(meet: Meet, sheet: MeetSheet) -> None:
    origin = {name: getattr(sheet, name) for name in ("made_by", "formula", "ruleset", "sanctioned")}
    taken = {name: _cut(meet, name, getattr(sheet, name)) for name in _OF_MEET if not getattr(meet, name)}
    Meet.objects.filter(pk=meet.pk).update(origin=origin, **taken)


def _cut(meet: Meet, name: str, text: str) -> str:
    return text[: getattr(meet._meta.get_field(name), "max_length", None)]


@dataclass(frozen=True, slots=True)
class _People:
    """Who stands in the sheet, each once; their entries with the lines behind each, the one with most lifts first; and
    a category for every line, in the file's order."""

    lifters: list[Lifter]
    entries: list[tuple[Entry, list[SheetEntry]]]
    categories: list[Category]


def _people(meet: Meet, sheet: MeetSheet) -> _People:
    lines = [_held(line) for line in sheet.entries]
    lots = _lots(lines)
    lifters: dict[tuple[Any, ...], Lifter] = {}
    by_lifter: dict[Any, list[tuple[Entry, list[SheetEntry]]]] = defaultdict(list)
    of_line: dict[int, Entry] = {}
    used: set[int] = set()
    # A bench alone may stand before the full meet that it is of.
    for index in sorted(range(len(lines)), key=lambda index: -len(lines[index].event)):
        line = lines[index]
        key = tuple(getattr(line, name) for name in _OF_LIFTER)
        lifter = lifters.setdefault(key, _lifter(meet, line))
        found = next((pair for pair in by_lifter[lifter.pk] if _same_entry(pair[1], line)), None)
        if found is None:
            found = (_entry(meet, lifter, line, lots - used), [])
            used |= {line.lot} if line.lot is not None else set()
            by_lifter[lifter.pk].append(found)
        found[1].append(line)
        of_line[index] = found[0]
    behind = {pair[0].pk: pair for pairs in by_lifter.values() for pair in pairs}
    entries = [behind[pk] for pk in dict.fromkeys(of_line[index].pk for index in range(len(lines)))]
    categories = [
        Category(entry=of_line[index], division=line.division, event=line.event, stated_place=line.place)
        for index, line in enumerate(lines)
    ]
    return _People(list(lifters.values()), entries, categories)


def _held(line: SheetEntry) -> SheetEntry:
    """The line as rows can hold it."""
    kg = line.bodyweight_kg
    texts = {name: getattr(line, name)[:longest] for name, longest in _LONGEST.items()}
    weighed = None if kg is None or kg > _MOST_KG else kg.quantize(_CENT) or None
    return replace(line, **texts, bodyweight_kg=weighed)


def _lots(lines: Sequence[SheetEntry]) -> frozenset[int]:
    """The lots that can be kept: those of one entry alone. In a file they are of a platform's session, here of the
    whole meet."""
    people: dict[int, set[tuple[object, ...]]] = defaultdict(set)
    for line in lines:
        if line.lot is not None and line.lot <= _LOT_MOST:
            who = (line.name, line.sex, line.birth_date, line.birth_year, line.member_id)
            people[line.lot].add((*who, line.equipment, line.weight_class, line.bodyweight_kg))
    return frozenset(lot for lot, who in people.items() if len(who) == 1)


def _lifter(meet: Meet, line: SheetEntry) -> Lifter:
    return Lifter(
        meet=meet,
        name=line.name,
        sex=line.sex,
        birth_date=line.birth_date,
        birth_year=line.birth_year or (line.birth_date.year if line.birth_date else None),
        country=line.country,
        state=line.state,
        team=line.team,
        member_id=line.member_id,
        other_names=dict(line.other_names),
    )


def _entry(meet: Meet, lifter: Lifter, line: SheetEntry, lots: frozenset[int]) -> Entry:
    bests = {LETTERS[letter].value: str(lift.best_kg) for letter, lift in _all_lifts(line) if lift.best_kg is not None}
    return Entry(
        meet=meet,
        lifter=lifter,
        lot=line.lot if line.lot in lots else None,
        weight_class=line.weight_class,
        bodyweight_kg=line.bodyweight_kg,
        equipment=_EQUIPMENT[line.equipment],
        guest=_is_guest(line),
        disqualified=line.place == "DD",
        tested={"Yes": True, "No": False}.get(line.tested),
        stated_age=line.age,
        stated_bests=bests,
    )


def _is_guest(line: SheetEntry) -> bool:
    return line.guest or line.place == "G"


def _all_lifts(line: SheetEntry) -> tuple[tuple[str, SheetLift], ...]:
    return tuple((letter, line.lift(letter)) for letter in LETTERS)


def _same_entry(lines: Sequence[SheetEntry], line: SheetEntry) -> bool:
    """Does the line tell of the same attempts in another category: of all of them, or as a lift's own award of some?"""
    first = lines[0]
    same = ("equipment", "weight_class", "bodyweight_kg", "tested", "age", "country", "state", "team", "lot")
    return (
        all(getattr(line, name) == getattr(first, name) for name in same)
        and _is_guest(line) == _is_guest(first)
        and (line.place == "DD") == (first.place == "DD")
        and all(lift == first.lift(letter) for letter, lift in line.lifts)
        and all(lift.is_empty or lift == first.lift(letter) for letter, lift in _all_lifts(line))
        and not any((one.division, one.event) == (line.division, line.event) for one in lines)
    )


def _attempts(entry: Entry, lines: Sequence[SheetEntry]) -> Iterable[Attempt]:
    for letter, lift in _all_lifts(lines[0]):
        for number, one in enumerate(lift.attempts, start=1):
            if one is not None:
                yield Attempt(
                    entry=entry,
                    lift=LETTERS[letter].value,
                    number=number,
                    declared_kg=one.kg.quantize(_CENT),
                    is_record=number == ATTEMPTS,
                    outcome=_OUTCOMES[one.good],
                )


def _decided(
    meet: Meet, user: User, sheet: MeetSheet, file_sha256: str, attempts: Sequence[Attempt], *, not_taken: int
) -> None:
    """Writes the records, and into the attempts what follows from them (meets.fold)."""
    at = timezone.now()
    lifts = [lift.value for lift in LETTERS.values()]
    told = sorted(attempts, key=lambda one: (lifts.index(one.lift), one.number, one.declared_kg))
    head = {
        "what": "results",
        "file_sha256": file_sha256,
        "made_by": sheet.made_by,
        "lines": len(sheet.entries),
        "not_taken": not_taken,
    }
    records = [ToLog(LogKind.IMPORT, head, None, user, at), *(_record(one, user, sheet.made_by, at) for one in told)]
    for one, row in zip(told, log_extend(meet.pk, records)[1:], strict=True):
        if one.outcome:
            one.version, one.decided_at, one.decided_seq = 2, at, row.seq


def _record(attempt: Attempt, user: User, system: str, at: Any) -> ToLog:
    """One record an attempt: what was declared, and where it was decided, to what."""
    facts: dict[str, Any] = {
        "entry": str(attempt.entry_id),
        "lift": attempt.lift,
        "number": attempt.number,
        "kg": attempt.declared_kg,
    }
    if not attempt.outcome:
        return ToLog(LogKind.ATTEMPT, facts | {"record": attempt.is_record}, attempt.pk, user, at)
    body = facts | {"take": 1, "outcome": attempt.outcome, "lights": {}, "cards": [], "system": system}
    return ToLog(LogKind.BROUGHT_IN, body, attempt.pk, user, at)


# ── What rows cannot hold ────────────────────────────────────────────────────────────────────────────────


def import_problems(meet: Meet, sheet: MeetSheet) -> Iterator[Problem]:
    """What of the sheet is not kept, or not as it stands, when it is brought into this meet. Of each kind the first
    ones, and how many more."""
    yield from _of_meet(meet, sheet)
    lots = _lots(sheet.entries)
    kinds: dict[str, list[Problem]] = defaultdict(list)
    for line in sheet.entries:
        for problem in _of_line(line, lots):
            kinds[problem.column + problem.detail[:20]].append(problem)
    for found in kinds.values():
        yield from found[:_PROBLEMS_MOST]
        if (more := len(found) - _PROBLEMS_MOST) > 0:
            yield Problem(0, found[0].column, "", f"{more} more lines like these.")


def _of_meet(meet: Meet, sheet: MeetSheet) -> Iterator[Problem]:
    stated = {"Date": (sheet.date, meet.starts_on), "Federation": (sheet.federation, meet.federation)}
    for column, (theirs, ours) in stated.items():
        if theirs and ours and theirs != ours:
            yield Problem(0, column, str(theirs), f"This meet says {ours}, and that stands.", str(ours))
    used = Counter(line.equipment for line in sheet.entries if line.equipment in ("Bare", "Sleeves"))
    for word, count in used.items():
        yield Problem(0, "Equipment", word, f"{count} lines: kept as classic, which knee sleeves are part of.")


def _of_line(line: SheetEntry, lots: frozenset[int]) -> Iterator[Problem]:
    for name, column, _ in _TEXTS:
        text = getattr(line, name)
        if len(text) > _LONGEST[name]:
            yield Problem(line.row, column, text, f"Cut to {_LONGEST[name]} letters.", f"{_LONGEST[name]} letters")
    kg = line.bodyweight_kg
    if kg is not None and kg > _MOST_KG:
        yield Problem(line.row, "BodyweightKg", str(kg), "Nobody weighs this; it is left empty.")
    elif kg is not None and kg != kg.quantize(_CENT):
        yield Problem(line.row, "BodyweightKg", str(kg), "Rounded to hundredths of a kilogram.")
    if line.lot is not None and line.lot not in lots:
        detail = "Left out: a lot is one lifter's in the whole meet here, and several have this one or it is too high."
        yield Problem(line.row, "Lot", str(line.lot), detail)
    for letter, lift in line.lifts:
        for number, one in enumerate(lift.attempts, start=1):
            if one is not None and one.kg != one.kg.quantize(_CENT):
                column = f"{LETTERS[letter].value.capitalize()}{number}Kg"
                yield Problem(line.row, column, str(one.kg), "Rounded to hundredths of a kilogram.")
    reckoned = total_of(line)
    if line.total_kg is not None and reckoned is not None and line.total_kg != reckoned:
        detail = f"The attempts give {kg_text(reckoned)}, and that is what counts here."
        yield Problem(line.row, "TotalKg", str(line.total_kg), detail)


# ── Out ──────────────────────────────────────────────────────────────────────────────────────────────────


def sheet_of(meet: Meet) -> MeetSheet:
    """The meet with its places and totals as its standings have them, line by line as its categories were made.

    A lifter who was erased stands in it under the name that is left of him: places of others follow from his lifts.
    """
    rows = sorted(standing_rows(meet), key=in_order)
    return sheet_with(meet, [line_of(meet, row, row.place) for row in rows])
