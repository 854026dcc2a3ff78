"""OpenLifter: the registration CSV in any of its languages, and the save file, as far as a roster needs them.

What may stand in the CSV is in ``openlifter_words.toml``. The save file keeps every weight in kg, whatever the meet is
shown in; of its attempts the first is an opener, and what became of it is not looked at.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from meets.exchange.roster_sheet import (
    NEEDED,
    YES_NO_WORDS,
    CellProblem,
    Line,
    RosterFile,
    RosterRow,
    Unreadable,
    Words,
    categories_of,
    line_read,
    spelled,
)
from meets.exchange.words import EQUIPMENT_WORDS, EVENT_WORDS, SEX_WORDS, is_day_first, key_of

FILE: Final = Path(__file__).with_name("openlifter_words.toml")
EVENTS: Final = ("SBD", "BD", "SB", "SD", "S", "B", "D")
# Divisions and events that one lifter may have.
MANY: Final = 5
DIVISION_MOST: Final = 60
# Where the line with the names of the columns is looked for: titles may stand above it.
HEADER_WITHIN: Final = 10
# Columns that are known and never kept.
NOT_KEPT: Final = frozenset({"instagram", "age"})
ROWS_MOST: Final = 10_000
_NUMBERED: Final = re.compile(r"(.*?)([1-9]\d*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``openlifter_words.toml``. headers: the field by key_of its names. english: each field's name in English."""

    headers: Mapping[str, str]
    english: Mapping[str, str]
    words: Words


@cache
def vocabulary() -> Vocabulary:
    languages = tomllib.loads(FILE.read_text(encoding="utf-8"))
    headers = {
        key_of(name): field for one in languages.values() for field, names in one["headers"].items() for name in names
    }
    yes_no = [{key.title(): names for key, names in one["yes_no"].items()} for one in languages.values()]
    words = Words(
        spelled(SEX_WORDS, *(one.get("sex", {}) for one in languages.values())),
        spelled(EQUIPMENT_WORDS, *(one.get("equipment", {}) for one in languages.values())),
        spelled(EVENT_WORDS, *(one.get("event", {}) for one in languages.values())),
        spelled(YES_NO_WORDS, *yes_no),
    )
    return Vocabulary(headers, {field: names[0] for field, names in languages["en"]["headers"].items()}, words)


def field_of(header: str) -> str:
    """The field that a column's name stands for: "birth_date", "division2"; empty where it is not known."""
    key = key_of(header)
    known = vocabulary().headers
    if key in known and known[key] not in ("division", "event"):
        return known[key]
    match = _NUMBERED.fullmatch(key)
    field = known.get(match[1], "") if match else ""
    number = int(match[2] or 1) if match and len(match[2] or "") < 3 else 0
    return f"{field}{number}" if field in ("division", "event") and 1 <= number <= MANY else ""


def header_find(table: Sequence[Sequence[str]]) -> int | None:
    """Which line names the columns; None where none of the first does."""
    for index, cells in enumerate(table[:HEADER_WITHIN]):
        if {"name", "sex"} <= {field_of(cell) for cell in cells}:
            return index
    return None


# ── The registration CSV ─────────────────────────────────────────────────────────────────────────────────


def registration_read(table: Sequence[Sequence[str]], *, kind: str = "OpenLifter registration") -> RosterFile:
    """The lifters of a table whose first lines hold the names of the columns. Raises Unreadable without name, sex and
    equipment among them."""
    at = header_find(table)
    if at is None:
        raise Unreadable(missing_columns(("Name", "Sex", "Equipment")))
    problems: list[CellProblem] = []
    places, columns = _columns(table[at], at + 1, problems)
    if lacking := [name for name in NEEDED if name not in places]:
        raise Unreadable(missing_columns([vocabulary().english[name] for name in lacking]))
    filled = [(at + 2 + n, cells) for n, cells in enumerate(table[at + 1 :]) if any(cells)]
    if len(filled) > ROWS_MOST:
        raise Unreadable(f"This file has more than {ROWS_MOST} rows. Split it.")
    born = [cells[places["birth_date"]] for _, cells in filled if places.get("birth_date", 1 << 20) < len(cells)]
    day_first = is_day_first(born, otherwise=True)
    rows: list[RosterRow] = []
    for number, cells in filled:
        found = {field: cells[place] for field, place in places.items() if place < len(cells)}
        line = Line(number, found, columns, problems, words=vocabulary().words, day_first=day_first)
        if row := line_read(line, categories_of(_divisions(line), _events(line))):
            rows.append(row)
    return RosterFile(
        kind, tuple(rows), tuple(problems), len(filled), notes_of(born, "birth_year" in places, "age" in places)
    )


def missing_columns(names: Sequence[str]) -> str:
    return (
        f"No line of this file names the column{'s' if len(names) > 1 else ''} {', '.join(names)}. "
        "Export the registrations again, or write the names of the columns into the first row."
    )


def notes_of(born: Sequence[str], has_year: bool, has_age: bool) -> tuple[str, ...]:
    notes = []
    slashed = [text for text in born if re.fullmatch(r"'?\d{1,2}/\d{1,2}/\d{2,4}", text.strip())]
    if slashed and is_day_first(born, otherwise=True) != is_day_first(born, otherwise=False):
        notes.append(f"Birth dates as {slashed[0]} are read as day/month/year. Write them as 1994-03-31 to be sure.")
    if has_age and not born and not has_year:
        notes.append("Ages are not taken: they do not tell the birth year. Add a column BirthYear or BirthDate.")
    return tuple(notes)


def _columns(cells: Sequence[str], row: int, problems: list[CellProblem]) -> tuple[dict[str, int], dict[str, str]]:
    """By field: in which place it stands, and how the file names it."""
    places: dict[str, int] = {}
    columns: dict[str, str] = {}
    numbered = {"division": "Division1", "event": "Event1"}
    accepted = tuple(numbered.get(field, name) for field, name in vocabulary().english.items())
    for place, cell in enumerate(cells):
        field = field_of(cell)
        if field and field not in places:
            places[field], columns[field] = place, cell
        elif field:
            problems.append(CellProblem(row, cell, cell, "This column stands here twice; the first is taken."))
        elif cell:
            problems.append(
                CellProblem(row, cell, cell, "This column is not known, so nothing of it is taken.", accepted)
            )
    return places, columns


def _divisions(line: Line) -> Iterator[str]:
    seen = set()
    for number in range(1, MANY + 1):
        if division := line.text(f"division{number}", DIVISION_MOST):
            if key_of(division) in seen:
                line.problem(f"division{number}", "The lifter is in this division already.")
            else:
                seen.add(key_of(division))
                yield division


def _events(line: Line) -> Iterator[str]:
    for number in range(1, MANY + 1):
        if event := line.word(f"event{number}", line.words.event, EVENTS, "event"):
            yield event


# ── The save file ────────────────────────────────────────────────────────────────────────────────────────

# By our names, the file's.
_KEYS: Final = {
    "name": "name", "sex": "sex", "equipment": "equipment", "birth_date": "birthDate", "country": "country",
    "state": "state", "team": "team", "member_id": "memberId", "weight_class": "intendedWeightClassKg",
    "session": "day", "platform": "platform", "flight": "flight", "lot": "lot", "guest": "guest",
    "bodyweight": "bodyweightKg", "squat_rack": "squatRackInfo", "bench_rack": "benchRackInfo", "notes": "notes",
    "squat": "squatKg", "bench": "benchKg", "deadlift": "deadliftKg",
}  # fmt: skip
_LIFTS: Final = ("squat", "bench", "deadlift")


def save_read(text: str) -> RosterFile:
    """The lifters of a save file. Raises Unreadable for what is none."""
    state = _state(text)
    entries = state["registration"]["entries"]
    if len(entries) > ROWS_MOST:
        raise Unreadable(f"This file has more than {ROWS_MOST} lifters. Split it.")
    meet: dict[str, Any] = state["meet"] if isinstance(state.get("meet"), dict) else {}
    listed = meet.get("divisions")
    named = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    known = {key_of(one) for one in named}
    problems: list[CellProblem] = []
    rows: list[RosterRow] = []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            problems.append(CellProblem(number, "entries", "", "This is no lifter.", (), True))
            continue
        line = Line(number, _cells(entry), _KEYS, problems, words=vocabulary().words)
        divisions = list(_listed(line, entry, "divisions"))
        for one in divisions:
            if known and key_of(one) not in known:
                line.cells = {**line.cells, "divisions": one}
                line.problem("divisions", "The file's own meet has no such division.", named)
        events = list(_listed_events(line, entry))
        fitting = [one for one in divisions if not known or key_of(one) in known]
        if row := line_read(line, categories_of(fitting, events)):
            rows.append(row)
    notes = (
        () if meet.get("inKg", True) else ("The meet of this file is shown in pounds; its weights are taken in kg.",)
    )
    federation = meet.get("federation", "")
    return RosterFile(
        "OpenLifter save file",
        tuple(rows),
        tuple(problems),
        len(entries),
        notes,
        federation if isinstance(federation, str) else "",
    )


def _state(text: str) -> dict[str, Any]:
    try:
        # Figures of a meet are decimal: 142.5 is not to come back as 142.49999.
        state = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as wrong:
        raise Unreadable(
            "This file begins like a save file of OpenLifter, but cannot be read. Save it again."
        ) from wrong
    registration = state.get("registration") if isinstance(state, dict) else None
    if not isinstance(registration, dict) or not isinstance(registration.get("entries"), list):
        raise Unreadable("This JSON is no save file of OpenLifter: it holds no registrations.")
    return dict(state)


def _cells(entry: Mapping[str, Any]) -> dict[str, str]:
    cells = {field: _cell(entry.get(key)) for field, key in _KEYS.items()}
    for lift in _LIFTS:
        weights = entry.get(_KEYS[lift])
        cells[lift] = _cell(weights[0]) if isinstance(weights, list) and weights else ""
    # 0 is how it keeps what nobody has entered.
    return {field: "" if text == "0" and field not in ("name", "notes") else text for field, text in cells.items()}


def _cell(value: Any) -> str:
    match value:
        case bool():
            return "Yes" if value else "No"
        case str() | int():
            return str(value)[:1000]
        case Decimal() if value.is_finite() and abs(value.adjusted()) < 12:
            return f"{value:f}"
    return ""


def _listed(line: Line, entry: Mapping[str, Any], key: str) -> Iterator[str]:
    values = entry.get(key)
    for value in values[: MANY * 2] if isinstance(values, list) else ():
        line.cells = {**line.cells, key: _cell(value)}
        if text := line.text(key, DIVISION_MOST):
            yield text


def _listed_events(line: Line, entry: Mapping[str, Any]) -> Iterator[str]:
    values = entry.get("events")
    for value in values[: MANY * 2] if isinstance(values, list) else ():
        line.cells = {**line.cells, "events": _cell(value)}
        if event := line.word("events", line.words.event, EVENTS, "event"):
            yield event
