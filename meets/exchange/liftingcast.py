"""LiftingCast: the CSV by which lifters are brought into it, 29 columns by name.

Addresses, telephones and people to call in an emergency are never read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from meets.exchange.openlifter import DIVISION_MOST, HEADER_WITHIN, ROWS_MOST, missing_columns
from meets.exchange.roster_sheet import (
    USUAL,
    CellProblem,
    Line,
    RosterFile,
    RosterRow,
    Unreadable,
    line_read,
)
from meets.exchange.words import is_day_first, key_of

# In the order in which LiftingCast has them; empty: not read.
COLUMNS: Final = {
    "name": "name", "team": "team", "lot": "lot", "platform": "platform", "session": "session", "flight": "flight",
    "birthDate": "birth_date", "memberNumber": "member_id", "gender": "sex", "rawOrEquipped": "equipment",
    "division": "division", "declaredAwardsWeightClass": "weight_class", "bodyWeight": "bodyweight",
    "squatRackHeight": "squat_rack", "benchRackHeight": "bench_rack", "squat1": "squat", "bench1": "bench",
    "dead1": "deadlift", "wasDrugTested": "tested", "phoneNumber": "", "country": "country", "streetAddress": "",
    "city": "", "state": "state", "zipCode": "", "email": "", "emergencyContactName": "",
    "emergencyContactPhoneNumber": "", "additionalItems": "",
}  # fmt: skip
_FIELDS: Final = {key_of(column): (column, field) for column, field in COLUMNS.items()}
_OWN: Final = frozenset({"raworequipped", "gender"})
_EVENTS: Final = (
    (r"push\W?pull|bench\W+(and|&)\W+dead", "BD"),
    (r"bench\W?(press\W?)?only|\bbench press\b|\bbp\b", "B"),
    (r"dead\W?lift\W?only|\bdl\b", "D"),
    (r"squat\W?only", "S"),
)


def header_find(table: Sequence[Sequence[str]]) -> int | None:
    """Which line names the columns; None where the table is not LiftingCast's."""
    for index, cells in enumerate(table[:HEADER_WITHIN]):
        if {key_of(cell) for cell in cells} >= _OWN:
            return index
    return None


def roster_read(table: Sequence[Sequence[str]], *, kind: str = "LiftingCast entries") -> RosterFile:
    """The lifters of the table. Raises Unreadable without the columns name, gender and rawOrEquipped."""
    at = header_find(table)
    if at is None:
        raise Unreadable(missing_columns(("name", "gender", "rawOrEquipped")))
    problems: list[CellProblem] = []
    places: dict[str, int] = {}
    columns: dict[str, str] = {}
    for place, cell in enumerate(table[at]):
        known = _FIELDS.get(key_of(cell))
        if known is None and cell:
            said = "This column is not known, so nothing of it is taken."
            problems.append(CellProblem(at + 1, cell, cell, said, tuple(COLUMNS)))
        elif known and known[1] in places:
            problems.append(CellProblem(at + 1, cell, cell, "This column stands here twice; the first is taken."))
        elif known and known[1]:
            places[known[1]], columns[known[1]] = place, cell
    if "name" not in places:
        raise Unreadable(missing_columns(("name",)))
    filled = [(at + 2 + n, cells) for n, cells in enumerate(table[at + 1 :]) if any(cells)]
    if len(filled) > ROWS_MOST:
        raise Unreadable(f"This file has more than {ROWS_MOST} rows. Split it.")
    born = [cells[places["birth_date"]] for _, cells in filled if places.get("birth_date", 1 << 20) < len(cells)]
    # It is an American program: 03/04 is the 4th of March, unless the file itself says otherwise.
    day_first = is_day_first(born, otherwise=False)
    rows: list[RosterRow] = []
    for number, cells in filled:
        found = {field: cells[place] for field, place in places.items() if place < len(cells)}
        found["session"] = _number(found.get("session", ""))
        line = Line(number, found, columns, problems, words=USUAL, day_first=day_first)
        division = line.text("division", DIVISION_MOST)
        if row := line_read(line, ((division, event_of(division)),)):
            rows.append(row)
    return RosterFile(kind, tuple(rows), tuple(problems), len(filled), _notes(born))


def event_of(division: str) -> str:
    """The lifts of a division, from its name: full power unless it says otherwise."""
    plain = division.casefold()
    return next((event for pattern, event in _EVENTS if re.search(pattern, plain)), "SBD")


def _number(session: str) -> str:
    """ "Session 2" and "Day 2" are 2."""
    match = re.fullmatch(r"[A-Za-z. #]*(\d{1,2})", session.strip())
    return match[1] if match else session


def _notes(born: Sequence[str]) -> tuple[str, ...]:
    slashed = [text for text in born if re.fullmatch(r"'?\d{1,2}/\d{1,2}/\d{2,4}", text.strip())]
    if slashed and is_day_first(born, otherwise=True) != is_day_first(born, otherwise=False):
        return (f"Birth dates as {slashed[0]} are read as month/day/year. Write them as 1994-03-31 to be sure.",)
    return ()
