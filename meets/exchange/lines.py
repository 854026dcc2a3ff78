"""Rows of the database as lines of a sheet: what a meet's entries say, in the words of the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from meets.competition.attempts import LETTERS, event_lifts
from meets.exchange.sheet import ATTEMPTS, OTHER_NAMES, MeetSheet, SheetAttempt, SheetEntry, SheetLift
from meets.models import Attempt, AttemptOutcome, Entry, Equipment, Formula, Lifter, Meet
from meets.selectors.reckoning import NO_TOTAL, Row, class_shown

EQUIPMENT_WORDS: Final = {
    Equipment.CLASSIC: "Raw",
    Equipment.WRAPS: "Wraps",
    Equipment.STRAPS: "Straps",
    Equipment.EQUIPPED: "Single-ply",
    Equipment.MULTI_PLY: "Multi-ply",
    Equipment.UNLIMITED: "Unlimited",
}
# As OpenLifter names them.
FORMULA_WORDS: Final = {
    Formula.IPF_GL: "IPF GL Points",
    Formula.DOTS: "Dots",
    Formula.WILKS: "Wilks",
    Formula.WILKS_2020: "Wilks2020",
}
_LETTER: Final = {lift: letter for letter, lift in LETTERS.items()}
_DECIDED: Final = {AttemptOutcome.GOOD: True, AttemptOutcome.NO_LIFT: False}


def sheet_with(meet: Meet, lines: Sequence[SheetEntry]) -> MeetSheet:
    """The meet with these lines. What another system's file said of itself is said again."""
    origin: Mapping[str, str] = meet.origin or {}
    return MeetSheet(
        federation=meet.federation,
        date=meet.starts_on,
        country=meet.country,
        state=meet.state,
        town=meet.town,
        name=meet.name,
        formula=origin.get("formula", "") if meet.origin else FORMULA_WORDS[Formula(meet.formula)],
        ruleset=origin.get("ruleset", ""),
        sanctioned=origin.get("sanctioned", ""),
        entries=tuple(lines),
        made_by=origin.get("made_by", ""),
    )


def line_of(meet: Meet, row: Row, place: str) -> SheetEntry:
    """One entry in one of its categories, placed so. Whoever has several is told in each by its own lifts alone."""
    entry, lifter = row.entry, row.entry.lifter
    letters = [_LETTER[lift] for lift in event_lifts(row.group.event)]
    lifts = {letter: _lift(entry, row.attempts, letter) for letter in letters}
    return SheetEntry(
        name=lifter.name,
        sex=lifter.sex,
        equipment=EQUIPMENT_WORDS[Equipment(entry.equipment)],
        event=row.group.event,
        division=row.category.division,
        other_names=_other_names(lifter),
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
        total_kg=None if place in NO_TOTAL else _plain(row.score.total_kg),
        tested={True: "Yes", False: "No", None: ""}[entry.tested],
        squat=lifts.get("S", SheetLift()),
        bench=lifts.get("B", SheetLift()),
        deadlift=lifts.get("D", SheetLift()),
    )


def _other_names(lifter: Lifter) -> tuple[tuple[str, str], ...]:
    """In one order: some databases sort the keys of an object in a way of their own."""
    return tuple((column, lifter.other_names[column]) for column in OTHER_NAMES if lifter.other_names.get(column))


def _lift(entry: Entry, attempts: Sequence[Attempt], letter: str) -> SheetLift:
    cells: list[SheetAttempt | None] = [None] * ATTEMPTS
    for attempt in attempts:
        # A weight that was only declared, or not taken, is no result.
        good = _DECIDED.get(AttemptOutcome(attempt.outcome))
        if attempt.lift == LETTERS[letter].value and good is not None:
            cells[attempt.number - 1] = SheetAttempt(kg_plain(attempt.declared_kg), good)
    stated = entry.stated_bests.get(LETTERS[letter].value)
    lift = SheetLift(tuple(cells), Decimal(stated) if stated else None)
    return lift if stated else replace(lift, best_kg=lift.reckoned_kg)


def kg_plain(kg: Decimal) -> Decimal:
    """Without the zeros that the database adds."""
    return kg.quantize(Decimal(1)) if kg == kg.to_integral() else kg.normalize()


def _plain(kg: Decimal | None) -> Decimal | None:
    return None if kg is None else kg_plain(kg)
