"""The database's side of the exchange: a meet's rows from a sheet, and a sheet from a meet's rows.

The one module of this package that knows Django.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from meets.competition.attempts import LETTERS, event_lifts
from meets.errors import Conflict
from meets.exchange.recompute import recompute
from meets.exchange.sheet import ATTEMPTS, MeetSheet, SheetAttempt, SheetEntry, SheetLift
from meets.log import ToLog, log_extend
from meets.models import Attempt, AttemptOutcome, Category, Entry, Equipment, Lifter, LogKind, Meet
from meets.roster import meet_touch
from meets.selectors.standings import Row, class_shown, standing_rows

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
EQUIPMENT_WORDS: Final = {
    Equipment.CLASSIC: "Raw",
    Equipment.WRAPS: "Wraps",
    Equipment.STRAPS: "Straps",
    Equipment.EQUIPPED: "Single-ply",
    Equipment.MULTI_PLY: "Multi-ply",
    Equipment.UNLIMITED: "Unlimited",
}
_LETTER: Final = {lift: letter for letter, lift in LETTERS.items()}
_CENT: Final = Decimal("0.01")
_OUTCOMES: Final = {True: AttemptOutcome.GOOD, False: AttemptOutcome.NO_LIFT, None: AttemptOutcome.OPEN}
# Batches that SQLite takes.
_BATCH: Final = 400


@dataclass(frozen=True, slots=True)
class Imported:
    lifters: int
    entries: int
    categories: int
    attempts: int


# ── In ───────────────────────────────────────────────────────────────────────────────────────────────────


def sheet_import(*, meet: Meet, user: User, sheet: MeetSheet, file_sha256: str) -> Imported:
    """A meet that another system ran, with its results, into a meet without entries. All or nothing.

    A lifter who stands in several lines with the same attempts is one entry in several categories. Every decided
    attempt is a record in the log, told as brought in; their order follows from lift, round and weight.

    Raises Conflict when the meet is closed, or has entries.
    """
    with transaction.atomic():
        meet_touch(meet.pk)
        if Entry.objects.filter(meet=meet).exists():
            raise Conflict("not_empty", "This meet has entries. Results are brought into a meet that has none.")
        lifters, entries, categories = _people(meet, sheet)
        attempts = [one for entry, rows in entries for one in _attempts(entry, rows)]
        Lifter.objects.bulk_create(lifters, batch_size=_BATCH)
        Entry.objects.bulk_create([entry for entry, _ in entries], batch_size=_BATCH)
        Category.objects.bulk_create(categories, batch_size=_BATCH)
        _decided(meet, user, sheet, file_sha256, attempts)
        Attempt.objects.bulk_create(attempts, batch_size=_BATCH)
        origin = {name: getattr(sheet, name) for name in ("made_by", "formula", "ruleset", "sanctioned")}
        Meet.objects.filter(pk=meet.pk).update(origin=origin)
    return Imported(len(lifters), len(entries), len(categories), len(attempts))


def _people(meet: Meet, sheet: MeetSheet) -> tuple[list[Lifter], list[tuple[Entry, list[SheetEntry]]], list[Category]]:
    """Who stands in the sheet, each once; their entries with the lines behind each; and a category for every line."""
    lifters: dict[tuple[Any, ...], Lifter] = {}
    by_lifter: dict[Any, list[tuple[Entry, list[SheetEntry]]]] = defaultdict(list)
    entries: list[tuple[Entry, list[SheetEntry]]] = []
    categories: list[Category] = []
    for line in sheet.entries:
        key = (line.name, line.sex, line.birth_date, line.birth_year, line.member_id, line.other_names)
        lifter = lifters.setdefault(key, _lifter(meet, line))
        known = by_lifter[lifter.pk]
        found = next((pair for pair in known if _same_entry(pair, line)), None)
        if found is None:
            found = (_entry(meet, lifter, line), [])
            known.append(found)
            entries.append(found)
        found[1].append(line)
        categories.append(
            Category(entry=found[0], division=line.division[:60], event=line.event, stated_place=line.place)
        )
    return list(lifters.values()), entries, categories


def _lifter(meet: Meet, line: SheetEntry) -> Lifter:
    return Lifter(
        meet=meet,
        name=line.name[:120],
        sex=line.sex,
        birth_date=line.birth_date,
        birth_year=line.birth_year or (line.birth_date.year if line.birth_date else None),
        country=line.country[:60],
        state=line.state[:60],
        team=line.team[:80],
        member_id=line.member_id[:40],
        other_names=dict(line.other_names),
    )


def _entry(meet: Meet, lifter: Lifter, line: SheetEntry) -> Entry:
    bests = {LETTERS[letter].value: str(lift.best_kg) for letter, lift in _all_lifts(line) if lift.best_kg is not None}
    return Entry(
        meet=meet,
        lifter=lifter,
        # Lots are of one platform's session in a file, and of the whole meet here.
        lot=None,
        weight_class=line.weight_class[:20],
        bodyweight_kg=line.bodyweight_kg.quantize(_CENT) if line.bodyweight_kg is not None else None,
        equipment=_EQUIPMENT[line.equipment],
        guest=line.guest or line.place == "G",
        disqualified=line.place in ("DD",),
        tested={"Yes": True, "No": False}.get(line.tested),
        stated_age=line.age,
        stated_bests=bests,
    )


def _all_lifts(line: SheetEntry) -> tuple[tuple[str, SheetLift], ...]:
    return tuple((letter, line.lift(letter)) for letter in LETTERS)


def _same_entry(pair: tuple[Entry, list[SheetEntry]], line: SheetEntry) -> bool:
    """Does the line tell of the same attempts in another category: of all of them, or as a lift's own award of some?"""
    first = pair[1][0]
    same = ("equipment", "weight_class", "bodyweight_kg", "guest", "tested", "age", "country", "state", "team")
    return (
        all(getattr(line, name) == getattr(first, name) for name in same)
        and all(lift == first.lift(letter) for letter, lift in line.lifts)
        and all(lift.is_empty or lift == first.lift(letter) for letter, lift in _all_lifts(line))
        and line.place not in ("G", "DD")
        and not any((one.division, one.event) == (line.division, line.event) for one in pair[1])
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


def _decided(meet: Meet, user: User, sheet: MeetSheet, file_sha256: str, attempts: Sequence[Attempt]) -> None:
    """Writes the records, and into the attempts what follows from them (meets.fold)."""
    at = timezone.now()
    lifts = [lift.value for lift in LETTERS.values()]
    told = sorted(
        (one for one in attempts if one.outcome), key=lambda one: (lifts.index(one.lift), one.number, one.declared_kg)
    )
    head = {"file_sha256": file_sha256, "made_by": sheet.made_by, "lines": len(sheet.entries)}
    records = [ToLog(LogKind.IMPORT, head, None, user, at)]
    for one in told:
        body = {
            "take": 1,
            "outcome": one.outcome,
            "lights": {},
            "cards": [],
            "system": sheet.made_by,
            "kg": one.declared_kg,
            "lift": one.lift,
            "number": one.number,
            "entry": str(one.entry_id),
        }
        records.append(ToLog(LogKind.BROUGHT_IN, body, one.pk, user, at))
    rows = log_extend(meet.pk, records)
    for one, row in zip(told, rows[1:], strict=True):
        one.version, one.decided_at, one.decided_seq = 2, at, row.seq


# ── Out ──────────────────────────────────────────────────────────────────────────────────────────────────


def sheet_of(meet: Meet) -> MeetSheet:
    """The meet with its places and totals, line by line as its categories were made.

    Of results that another system made, places are reckoned as recompute does, since only the stated places tell how a
    division was ranked there. Of our own meets they are the standings'.
    """
    origin: Mapping[str, str] = meet.origin or {}
    rows = sorted(standing_rows(meet), key=lambda row: (row.category.pk or 0, row.entry.created_at, str(row.entry.pk)))
    sheet = MeetSheet(
        federation=meet.federation,
        date=meet.starts_on,
        country=meet.country,
        state=meet.state,
        town=meet.town,
        name=meet.name,
        formula=origin.get("formula", "") or meet.get_formula_display(),
        ruleset=origin.get("ruleset", ""),
        sanctioned=origin.get("sanctioned", ""),
        entries=tuple(_line(meet, row) for row in rows),
        made_by=origin.get("made_by", ""),
    )
    return recompute(sheet).sheet if meet.origin else sheet


def _line(meet: Meet, row: Row) -> SheetEntry:
    entry, lifter = row.entry, row.entry.lifter
    # Whoever has several categories is told in each by its own lifts alone.
    letters = [_LETTER[lift] for lift in event_lifts(row.group.event)]
    lifts = {letter: _lift(entry, row.attempts, letter) for letter in letters}
    place = (row.category.stated_place if meet.origin else row.place) or ""
    return SheetEntry(
        name=lifter.name,
        sex=lifter.sex,
        equipment=EQUIPMENT_WORDS[Equipment(entry.equipment)],
        event=row.group.event,
        division=row.category.division,
        other_names=tuple(lifter.other_names.items()),
        birth_date=lifter.birth_date,
        birth_year=None if lifter.birth_date else lifter.birth_year,
        age=entry.stated_age,
        country=lifter.country,
        state=lifter.state,
        team=lifter.team,
        member_id=lifter.member_id,
        weight_class=class_shown(meet, entry),
        bodyweight_kg=_plain(entry.bodyweight_kg),
        lot=entry.lot,
        guest=entry.guest,
        place=place,
        total_kg=None if place in ("DQ", "DD", "NS") else _plain(row.score.total_kg),
        tested={True: "Yes", False: "No", None: ""}[entry.tested],
        squat=lifts.get("S", SheetLift()),
        bench=lifts.get("B", SheetLift()),
        deadlift=lifts.get("D", SheetLift()),
    )


def _lift(entry: Entry, attempts: Sequence[Attempt], letter: str) -> SheetLift:
    cells: list[SheetAttempt | None] = [None] * ATTEMPTS
    for attempt in attempts:
        if attempt.lift == LETTERS[letter].value and attempt.outcome != AttemptOutcome.PASSED:
            good = {AttemptOutcome.GOOD: True, AttemptOutcome.NO_LIFT: False}.get(AttemptOutcome(attempt.outcome))
            # A weight that was only declared is not a result yet.
            if good is not None:
                cells[attempt.number - 1] = SheetAttempt(_kg(attempt.declared_kg), good)
    stated = entry.stated_bests.get(LETTERS[letter].value)
    lift = SheetLift(tuple(cells), Decimal(stated) if stated else None)
    return lift if stated else replace(lift, best_kg=lift.reckoned_kg)


def _kg(kg: Decimal) -> Decimal:
    """Without the zeros that the database adds."""
    return kg.quantize(Decimal(1)) if kg == kg.to_integral() else kg.normalize()


def _plain(kg: Decimal | None) -> Decimal | None:
    return None if kg is None else _kg(kg)
