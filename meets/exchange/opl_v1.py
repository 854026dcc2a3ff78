"""The single file "OPL Format v1", which OpenLifter and LiftingCast export: read with tolerance, written exactly.

Three blocks between blank lines: a first line that names the format, the meet, the entries. The reader takes what
Excel, padding and people make of it; the writer gives OpenLifter's columns in OpenLifter's order, those that hold
nothing left out (OpenLifter ``src/logic/export/oplcsv.ts``; columns of LiftingCast as its files have them).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, TypeVar

from meets.competition.attempts import LETTERS
from meets.exchange.sheet import (
    ATTEMPTS,
    COUNTING,
    EQUIPMENT,
    OTHER_NAMES,
    SEXES,
    MeetSheet,
    Problem,
    SheetAttempt,
    SheetEntry,
    SheetLift,
)
from meets.exchange.spellings import federation_named
from meets.exchange.tables import decode, number, rows_of, safe
from meets.exchange.weight_classes import class_plain
from meets.exchange.words import (
    EQUIPMENT_WORDS,
    EVENT_WORDS,
    SEX_WORDS,
    attempt_of,
    date_of,
    is_day_first,
    key_of,
    number_of,
    place_of,
    tidy,
    weight_of,
    word_of,
    year_of,
)

MEET_COLUMNS: Final = ("Federation", "Date", "MeetCountry", "MeetState", "MeetTown", "MeetName", "Formula", "RuleSet")
LIFT_NAMES: Final = {"S": "Squat", "B": "Bench", "D": "Deadlift"}
# LiftingCast's literals for the federation, whichever it is.
SAYS_NOTHING: Final = ("IPF", "OTHER")
# What a file carries that has no place here: points are reckoned, handles are nobody's business.
_NOT_READ: Final = """
points instagram ipfpoints glpoints ipfglpoints ipfgl gl goodlift dots wilks glossbrenner mcculloch schwartzmalone
reshel ipfformula coefficient score notes note comments email phone flight platform day session group paid squatrack
benchrack squatrackheight benchrackheight rack drugtested wasdrugtested subtotal agecoefficient entrydate agerange
"""
IGNORED: Final = frozenset(_NOT_READ.split())
_MEET_ALIASES: Final = {
    **{key_of(name): name for name in (*MEET_COLUMNS, "Sanctioned")},
    "meetdate": "Date", "startdate": "Date", "country": "MeetCountry", "state": "MeetState", "town": "MeetTown",
    "city": "MeetTown", "meetcity": "MeetTown", "name": "MeetName", "meet": "MeetName", "fed": "Federation",
}  # fmt: skip
_ENTRY_ALIASES: Final = {
    **{key_of(name): name for name in OTHER_NAMES},
    **{key_of(name): name for name in ("Place", "Name", "Sex", "BirthDate", "BirthYear", "Age", "Country", "State")},
    **{key_of(name): name for name in ("Equipment", "Division", "Lot", "Event", "Team", "MemberID", "Guest", "Tested")},
    "rank": "Place", "placing": "Place", "lifter": "Name", "liftername": "Name", "fullname": "Name", "gender": "Sex",
    "dob": "BirthDate", "dateofbirth": "BirthDate", "birthday": "BirthDate", "yob": "BirthYear",
    "yearofbirth": "BirthYear", "born": "BirthYear",
    "nation": "Country", "nationality": "Country", "div": "Division", "category": "Division",
    "lotnumber": "Lot", "club": "Team", "gym": "Team", "membernumber": "MemberID", "memberno": "MemberID",
    "membership": "MemberID", "membershipnumber": "MemberID", "events": "Event", "eventtype": "Event",
    "gear": "Equipment",
}  # fmt: skip
_WEIGHT: Final = re.compile(r"(bodyweight|bwt?|weightclass|class|wtcls|total|plt?otal)(kgs?|lbs?)?")
_ATTEMPT: Final = re.compile(r"(squat|sq|benchpress|bench|bp|deadlift|dl|dead)(\d)(kgs?|lbs?)?")
_BEST: Final = re.compile(r"best3?(squat|sq|benchpress|bench|bp|deadlift|dl|dead)(kgs?|lbs?)?")
_WEIGHT_NAMES: Final = {"b": "Bodyweight", "w": "WeightClass", "c": "WeightClass", "t": "Total", "p": "Total"}
# Who writes month/day/year where nothing in the file tells.
_MONTH_FIRST: Final = frozenset({"usapl", "amp", "powerliftingamerica", "usapowerlifting", "uspa", "usa"})
# "OPL Format v1 (OpenLifter 6.6.6)"
_PROGRAM: Final = re.compile(r"\(([^)\d]+)[^)]*\)")

Columns = Mapping[str, tuple[tuple[int, bool], ...]]
T = TypeVar("T")


@dataclass
class _Reading:
    """What is known of the file so far."""

    problems: list[Problem] = field(default_factory=list)
    date: dt.date | None = None
    day_first: bool = True

    @property
    def year(self) -> int | None:
        return None if self.date is None else self.date.year

    def note(self, row: int, column: str, value: str, detail: str, accepted: str = "") -> None:
        self.problems.append(Problem(row, column, value, detail, accepted))


@dataclass(frozen=True)
class _Row:
    """A line under its header."""

    number: int
    cells: Sequence[str]
    columns: Columns
    headers: Sequence[str] = ()

    def label(self, name: str) -> str:
        """What the file calls that column; our name where it has none, or names it by nothing."""
        places = self.columns.get(name, ())
        return (self.headers[places[0][0]] if places and self.headers else "") or name

    def get(self, name: str) -> str:
        return self.pair(name)[0]

    def pair(self, name: str) -> tuple[str, bool]:
        """The first filled cell of that column, and whether it is in pounds."""
        for index, pounds in self.columns.get(name, ()):
            if index < len(self.cells) and (text := tidy(self.cells[index])):
                return text, pounds
        return "", False


@dataclass
class _Blocks:
    first: str = ""
    meet: _Row | None = None
    entries: list[_Row] = field(default_factory=list)
    columns: set[str] = field(default_factory=set)


def read(data: bytes) -> tuple[MeetSheet, list[Problem]]:
    """The meet of a file, and what could not be taken of it. Never raises: bytes that are no such file give an empty
    sheet and a problem that says so."""
    reading = _Reading()
    text, encoding = decode(data)
    if encoding == "cp1252":
        reading.note(
            1, "", "", "The file is not UTF-8; it is read as Windows-1252, so check names with accents.", "UTF-8"
        )
    blocks = _blocks(rows_of(text), reading)
    made_by = _made_by(blocks)
    sheet = _meet(blocks, reading, made_by)
    entries = [entry for row in blocks.entries if (entry := _entry(row, reading)) is not None]
    return replace(sheet, entries=tuple(entries)), reading.problems


def _blocks(rows: Iterable[list[str]], reading: _Reading) -> _Blocks:
    blocks = _Blocks()
    meet_columns: Columns | None = None
    entry_columns: Columns | None = None
    headers: Sequence[str] = ()
    for line, cells in enumerate(rows, start=1):
        if not any(cells):
            continue
        kind = _kind(cells)
        if kind == "format":
            blocks.first = blocks.first or " ".join(cells)
        elif kind == "meet":
            # Files of several days, one after the other, have several.
            meet_columns, entry_columns, headers = _meet_columns(cells), None, cells
        elif kind == "entries":
            entry_columns, headers = _entry_columns(line, cells, reading), cells
            blocks.columns |= set(entry_columns)
        elif entry_columns is not None:
            blocks.entries.append(_Row(line, cells, entry_columns, headers))
        elif meet_columns is not None and blocks.meet is None:
            blocks.meet = _Row(line, cells, meet_columns, headers)
        else:
            text = " ".join(filter(None, cells))[:80]
            reading.note(line, "", text, "This line is in no block, so it is not read.")
    if not blocks.columns:
        reading.note(1, "", "", "There is no line with the names of the columns.", "Place,Name,Sex,…,TotalKg,Event")
    return blocks


def _kind(cells: Sequence[str]) -> str:
    """Which line it is: "format", or the names of "meet" or "entries"; empty for all others."""
    keys = {key_of(cell) for cell in cells}
    if any(key.startswith("oplformat") for key in keys):
        return "format"
    if "federation" in keys and keys & {"date", "meetname", "meetdate"} and not keys & {"sex", "place"}:
        return "meet"
    names = {_ENTRY_ALIASES.get(key) for key in keys}
    is_entries = "Name" in names and len(names & {"Place", "Sex", "Division", "Equipment", "Event"}) >= 2
    return "entries" if is_entries else ""


def _meet_columns(cells: Sequence[str]) -> Columns:
    names = [_MEET_ALIASES.get(key_of(cell), "") for cell in cells]
    # LiftingCast leaves the name of a column out; its place among the others tells which it is.
    for index, expected in enumerate(MEET_COLUMNS[: len(names)]):
        if not cells[index] and expected not in names:
            names[index] = expected
    return _grouped((name, index, False) for index, name in enumerate(names) if name)


def _entry_columns(row: int, cells: Sequence[str], reading: _Reading) -> Columns:
    found = []
    for index, cell in enumerate(cells):
        name, pounds = column_of(cell)
        if name:
            found.append((name, index, pounds))
        elif cell and key_of(cell) not in IGNORED:
            reading.note(row, cell, "", "This column is not known, so it is not read.")
    return _grouped(found)


def _grouped(found: Iterable[tuple[str, int, bool]]) -> Columns:
    columns: dict[str, tuple[tuple[int, bool], ...]] = {}
    for name, index, pounds in found:
        columns[name] = (*columns.get(name, ()), (index, pounds))
    # Of a weight given twice the kilograms go first.
    return {name: tuple(sorted(places, key=lambda place: place[1])) for name, places in columns.items()}


def column_of(header: str) -> tuple[str, bool]:
    """Which column a header names, without its unit, and whether it is in pounds: ("Squat1", True) for "Squat1LBS".
    ("", False) for one that is not known."""
    key = key_of(header)
    if key in _ENTRY_ALIASES:
        return _ENTRY_ALIASES[key], False
    if match := _WEIGHT.fullmatch(key):
        return _WEIGHT_NAMES[key[0]], _is_pounds(match[2])
    if match := _ATTEMPT.fullmatch(key):
        return (
            (f"{_lift_name(match[1])}{match[2]}", _is_pounds(match[3]))
            if 1 <= int(match[2]) <= ATTEMPTS
            else ("", False)
        )
    if match := _BEST.fullmatch(key):
        return f"Best{_lift_name(match[1])}", _is_pounds(match[2])
    return "", False


def _is_pounds(unit: str | None) -> bool:
    return unit is not None and unit.startswith("lb")


def _lift_name(key: str) -> str:
    return LIFT_NAMES[key[0].upper()]


def _made_by(blocks: _Blocks) -> str:
    """Programs name themselves, but for OpenLifter's first versions and LiftingCast, which alone of these has birth
    years."""
    if match := _PROGRAM.search(blocks.first):
        return match[1].strip()
    if not blocks.first:
        return ""
    return "LiftingCast" if "BirthYear" in blocks.columns else "OpenLifter"


def _meet(blocks: _Blocks, reading: _Reading, made_by: str) -> MeetSheet:
    row = blocks.meet
    if row is None:
        reading.note(
            1, "", "", "There is no line that tells federation, date and name of the meet.", ",".join(MEET_COLUMNS)
        )
        row = _Row(1, (), {})
    _date(row, blocks, reading)
    federation = row.get("Federation")
    if made_by == "LiftingCast" and federation in SAYS_NOTHING:
        # The one thing that may tell it; the literal stays where nothing does.
        named = federation_named(row.get("MeetName"))
        detail = f"LiftingCast writes this for every federation. {_chosen(named)}"
        reading.note(
            row.number, row.label("Federation"), federation, detail, "the federation's code, as IPF, EPF, NZPF"
        )
        federation = named or federation
    sanctioned = row.get("Sanctioned").capitalize()
    return MeetSheet(
        federation=federation,
        date=reading.date,
        country=row.get("MeetCountry"),
        state=row.get("MeetState"),
        town=row.get("MeetTown"),
        name=row.get("MeetName"),
        formula=row.get("Formula"),
        ruleset=row.get("RuleSet"),
        sanctioned=sanctioned if sanctioned in ("Yes", "No") else "",
        made_by=made_by,
    )


def _chosen(named: str) -> str:
    return f"{named} is taken from the meet's name." if named else "Choose the federation."


def _date(row: _Row, blocks: _Blocks, reading: _Reading) -> None:
    text = row.get("Date")
    american = any(key_of(row.get(name)) in _MONTH_FIRST for name in ("Federation", "MeetCountry"))
    dates = [text, *(entry.get("BirthDate") for entry in blocks.entries)]
    reading.day_first = is_day_first(dates, otherwise=not american)
    try:
        reading.date = date_of(text, day_first=reading.day_first)
    except ValueError as wrong:
        reading.note(
            row.number, row.label("Date"), text, f"{_sentence(wrong)} The meet is left without one.", "YYYY-MM-DD"
        )
        return
    if reading.date is None:
        reading.note(row.number, row.label("Date"), text, "The meet has no date.", "YYYY-MM-DD")
    elif len({is_day_first(dates, otherwise=guess) for guess in (True, False)}) == 2 and _is_ambiguous(text):
        order = "day, month, year" if reading.day_first else "month, day, year"
        reading.note(
            row.number, row.label("Date"), text, f"Nothing tells day from month; it is read as {order}.", "YYYY-MM-DD"
        )


def _is_ambiguous(text: str) -> bool:
    try:
        return date_of(text, day_first=True) != date_of(text, day_first=False)
    except ValueError:
        return False


def _sentence(wrong: ValueError) -> str:
    text = str(wrong)
    return f"{text[0].upper()}{text[1:]}."


def _entry(row: _Row, reading: _Reading) -> SheetEntry | None:
    """The entry of a line; None, with the reason noted, where it cannot be one."""
    name, other_names = _names(row)
    if not name:
        if any(row.get(column) for column in row.columns):
            reading.note(
                row.number,
                row.label("Name"),
                "",
                "Nobody is named in this line, so it is left out.",
                "the lifter's name",
            )
        return None
    division = row.get("Division")
    sex = _word(row, "Sex", SEX_WORDS, SEXES, reading) or _sex_of(division)
    lifts = {letter: _lift(row, column, reading) for letter, column in LIFT_NAMES.items()}
    total_kg = _weight(row, "Total", reading)
    event = _event(row, lifts, total_kg, reading)
    lifts = _settled(row, lifts, event, total_kg, reading)
    equipment = _word(row, "Equipment", EQUIPMENT_WORDS, EQUIPMENT, reading) or _equipment_of(division)
    for column, word, known in (
        ("Sex", sex, SEXES),
        ("Equipment", equipment, EQUIPMENT),
        ("Event", event, tuple(EVENT_WORDS)),
    ):
        if not word:
            reading.note(
                row.number,
                row.label(column),
                row.get(column),
                "Nothing tells it, so the line is left out.",
                ", ".join(known),
            )
            return None
    birth_date, birth_year = _birth(row, reading)
    place = _cell(row, "Place", place_of, reading, "1 to 255, G, DQ, DD, NS") or ""
    return SheetEntry(
        name=name,
        sex=sex,
        equipment=equipment,
        event=event,
        division=division,
        other_names=other_names,
        birth_date=birth_date,
        birth_year=birth_year,
        age=_age(row, reading),
        country=row.get("Country"),
        state=row.get("State"),
        team=row.get("Team"),
        member_id=row.get("MemberID"),
        weight_class=_weight_class(row, reading),
        bodyweight_kg=_weight(row, "Bodyweight", reading),
        lot=_lot(row, reading),
        guest=_is_guest(row, place),
        place=place,
        total_kg=total_kg,
        tested=_tested(row, reading),
        squat=lifts["S"],
        bench=lifts["B"],
        deadlift=lifts["D"],
        row=row.number,
    )


def _names(row: _Row) -> tuple[str, tuple[tuple[str, str], ...]]:
    others = tuple((column, name) for column in OTHER_NAMES if (name := row.get(column)))
    return row.get("Name") or (others[0][1] if others else ""), others


def _cell(row: _Row, column: str, parse: Callable[[str], T], reading: _Reading, accepted: str) -> T | None:
    text = row.get(column)
    try:
        return parse(text) if text else None
    except ValueError as wrong:
        reading.note(row.number, row.label(column), text, f"{_sentence(wrong)} The cell is left empty.", accepted)
        return None


def _word(
    row: _Row, column: str, words: dict[str, tuple[str, ...]], known: Iterable[str], reading: _Reading
) -> str | None:
    return _cell(row, column, lambda text: word_of(text, words), reading, ", ".join(known))


def _weight(row: _Row, column: str, reading: _Reading) -> Decimal | None:
    text, pounds = row.pair(column)
    # A best of a lift that was failed throughout is OpenPowerlifting's least failure, a negative number.
    if column.startswith("Best") and text.startswith(("-", "−")):
        return None
    found = _cell(row, column, lambda cell: weight_of(cell, pounds=pounds), reading, "a weight in kg, or nothing")
    if column.startswith("Best") and found is not None and found > 650:
        reading.note(
            row.number, row.label(column), text, "Nobody lifts this. The cell is left empty.", "at most 650 kg"
        )
        return None
    return found


def _lift(row: _Row, column: str, reading: _Reading) -> SheetLift:
    accepted = "a weight in kg, negative when failed, empty when not taken"
    attempts: list[SheetAttempt | None] = []
    for each in range(1, ATTEMPTS + 1):
        _, pounds = row.pair(f"{column}{each}")

        def parse(text: str, pounds: bool = pounds) -> SheetAttempt | None:
            return attempt_of(text, pounds=pounds)

        attempts.append(_cell(row, f"{column}{each}", parse, reading, accepted))
    return SheetLift(tuple(attempts), _weight(row, f"Best{column}", reading))


def _event(row: _Row, lifts: Mapping[str, SheetLift], total_kg: Decimal | None, reading: _Reading) -> str:
    """As stated, else whatever was lifted.

    LiftingCast calls everything SBD: where the stated total is the sum of some lifts and nothing is known of the
    others, those lifts are the event.
    """
    text, accepted = row.get("Event"), ", ".join(EVENT_WORDS)
    lifted = "".join(letter for letter in LETTERS if not lifts[letter].is_empty)
    try:
        stated = word_of(text, EVENT_WORDS)
    except ValueError:
        reading.note(
            row.number, row.label("Event"), text, "This event is not known; what was lifted is taken.", accepted
        )
        return lifted
    if stated is None:
        return lifted
    bests = [lifts[letter].reckoned_kg or 0 for letter in lifted]
    if total_kg is not None and set(lifted) < set(stated) and sum(bests) == total_kg:
        detail = f"The total is that of {lifted} alone, and nothing else was lifted, so that is the event."
        reading.note(row.number, row.label("Event"), text, detail, accepted)
        return lifted
    return stated


def _settled(
    row: _Row, lifts: dict[str, SheetLift], event: str, total_kg: Decimal | None, reading: _Reading
) -> dict[str, SheetLift]:
    """The lifts with attempts as the stated bests have them, where the stated total is the sum of these bests.

    People forget the minus of a failure, or write one too many; of attempt and best, the total tells which is wrong.
    """
    bests = [lifts[letter].best_kg for letter in event]
    if total_kg is None or None in bests or sum(best for best in bests if best is not None) != total_kg:
        return lifts
    found = dict(lifts)
    for letter in event:
        found[letter] = lift = _agreeing(lifts[letter])
        for number_, (before, after) in enumerate(zip(lifts[letter].attempts, lift.attempts, strict=True), start=1):
            if before != after and before is not None:
                was = "good" if before.good else "failed"
                detail = f"Best and total say that this attempt was not {was}, so they are taken."
                reading.note(row.number, row.label(f"{LIFT_NAMES[letter]}{number_}"), number(before.kg), detail)
    return found


def _agreeing(lift: SheetLift) -> SheetLift:
    """The lift with outcomes that give its best: no attempt above it was good, and one of its weight was."""
    best = lift.best_kg
    counting = list(lift.attempts[:COUNTING])
    weights = [None if attempt is None else attempt.kg for attempt in counting]
    if best is None or lift.reckoned_kg == best or best not in weights:
        return lift
    # Of several at that weight the last was good: nobody lifts it again after that.
    last = COUNTING - 1 - weights[::-1].index(best)
    for index, attempt in enumerate(counting):
        if attempt is not None and attempt.kg >= best:
            counting[index] = SheetAttempt(attempt.kg, good=index == last)
    return SheetLift((*counting, *lift.attempts[COUNTING:]), best)


_WOMEN: Final = re.compile(r"\b(women|woman|female|girls?)|^F[A-Z]?-", re.IGNORECASE)
_MEN: Final = re.compile(r"\b(men|man|male|boys?)|^M[A-Z]?-", re.IGNORECASE)


def _sex_of(division: str) -> str:
    if _WOMEN.search(division):
        return "F"
    return "M" if _MEN.search(division) else ""


def _equipment_of(division: str) -> str:
    if re.search(r"equipped|single.?ply", division, re.IGNORECASE):
        return "Single-ply"
    return "Raw" if re.search(r"\b(raw|classic)\b|^[MF]R-", division, re.IGNORECASE) else ""


def _birth(row: _Row, reading: _Reading) -> tuple[dt.date | None, int | None]:
    """Date and year. A year that contradicts the date goes: the date says more."""
    until = (reading.year or 2068) % 100
    text = row.get("BirthDate")
    year = _cell(row, "BirthYear", _year_in(reading), reading, "a year, as 1998")
    if re.fullmatch(r"(19|20)\d\d", text):
        return None, year or _cell(row, "BirthDate", _year_in(reading), reading, "YYYY-MM-DD")
    born = _cell(
        row,
        "BirthDate",
        lambda cell: date_of(cell, day_first=reading.day_first, century_until=until),
        reading,
        "YYYY-MM-DD",
    )
    if born is not None and reading.year is not None and not 4 < reading.year - born.year < 98:
        detail = f"Nobody born then lifts in {reading.year}. The cell is left empty."
        reading.note(row.number, row.label("BirthDate"), text, detail, "YYYY-MM-DD")
        born = None
    if born is not None and year is not None and year != born.year:
        detail = f"It is not the year of the birth date {born}, and is left out."
        reading.note(row.number, row.label("BirthYear"), str(year), detail, str(born.year))
        year = None
    return born, year


def _year_in(reading: _Reading) -> Callable[[str], int | None]:
    return lambda text: year_of(text, reading.year or 2030)


def _age(row: _Row, reading: _Reading) -> str:
    def parse(text: str) -> str:
        years = number_of(text)
        if years is None or years == 0:
            return ""
        if years % 1 not in (0, Decimal("0.5")) or not 4 < years < 101:
            raise ValueError(f"{text!r} is no age")
        return number(years)

    return _cell(row, "Age", parse, reading, "years, as 23; 23.5 where it is 23 or 24") or ""


def _lot(row: _Row, reading: _Reading) -> int | None:
    def parse(text: str) -> int | None:
        value = number_of(text)
        if value is None or value == 0:
            return None
        if value < 1 or value % 1:
            raise ValueError(f"{text!r} is no lot number")
        return int(value)

    return _cell(row, "Lot", parse, reading, "a whole number from 1, or nothing")


def _weight_class(row: _Row, reading: _Reading) -> str:
    """As stated; in kg where it was a class in pounds."""
    text, pounds = row.pair("WeightClass")
    if not pounds or not text:
        return text
    try:
        limit = weight_of(class_plain(text).rstrip("+"), pounds=True)
    except ValueError:
        return text
    return number(limit) + ("+" if "+" in text else "") if limit is not None else text


_YES: Final = ("yes", "y", "true", "1", "x", "guest")
_NO: Final = ("no", "n", "false", "0")


def _is_guest(row: _Row, place: str) -> bool:
    """Guests are told by their place, a column, or the division they lift in."""
    return place == "G" or key_of(row.get("Guest")) in _YES or "guest" in row.get("Division").casefold()


def _tested(row: _Row, reading: _Reading) -> str:
    text = row.get("Tested")
    if not text or key_of(text) in _YES + _NO:
        return "Yes" if key_of(text) in _YES else "No" if text else ""
    reading.note(
        row.number, row.label("Tested"), text, "This is neither yes nor no. The cell is left empty.", "Yes, No"
    )
    return ""


def write(sheet: MeetSheet, *, program: str = "White Lights", birth_dates: bool = True) -> bytes:
    """The file, in UTF-8 with LF: OpenLifter's columns, and after them "MemberID" and "Tested" where somebody has one.

    program: named in the first line as OpenLifter names itself. birth_dates: False for birth years in their place.
    Places and totals are written as the sheet states them; a guest's place is G. A text that a spreadsheet would run
    loses what makes it one.
    """
    if not birth_dates:
        sheet = replace(sheet, entries=tuple(entry.by_year for entry in sheet.entries))
    head = f"OPL Format v1 ({safe(program)}),Submit by email:,issues@openpowerlifting.org"
    lines = [head, "", *_meet_lines(sheet), "", *_entry_lines(sheet)]
    return ("\n".join(lines) + "\n").encode()


def _meet_lines(sheet: MeetSheet) -> tuple[str, str]:
    texts = (sheet.country, sheet.state, sheet.town, sheet.name, sheet.formula)
    row = [safe(sheet.federation), _date_text(sheet.date), *map(safe, texts)]
    columns = [*MEET_COLUMNS[:-1]]
    for column, value in (("RuleSet", sheet.ruleset), ("Sanctioned", sheet.sanctioned)):
        if value:
            columns.append(column)
            row.append(safe(value))
    return ",".join(columns), ",".join(row)


def _date_text(date: dt.date | None) -> str:
    """With the apostrophe by which OpenLifter keeps Excel's hands off."""
    return "" if date is None else f"'{date.isoformat()}"


def _entry_lines(sheet: MeetSheet) -> list[str]:
    rows = [_cells(entry) for entry in sheet.entries]
    columns = [name for name in _columns() if any(row.get(name) for row in rows)]
    # Without entries there is still a header, or the file would be none.
    columns = columns or ["Place", "Name", "Sex", "Equipment", "Division", "TotalKg", "Event"]
    return [",".join(columns), *(",".join(row.get(name, "") for name in columns) for row in rows)]


def _columns() -> list[str]:
    lifts = [
        column
        for name in LIFT_NAMES.values()
        for column in (*(f"{name}{each}Kg" for each in range(1, ATTEMPTS + 1)), f"Best3{name}Kg")
    ]
    before = [
        "Place",
        "Name",
        *OTHER_NAMES,
        "Sex",
        "BirthDate",
        "BirthYear",
        "Age",
        "Country",
        "State",
        "Equipment",
        "Division",
    ]
    return [*before, "Lot", "BodyweightKg", "WeightClassKg", *lifts, "TotalKg", "Event", "Team", "MemberID", "Tested"]


def _cells(entry: SheetEntry) -> dict[str, str]:
    cells = {
        "Place": "G" if entry.guest else entry.place,
        "Name": safe(entry.name),
        "Sex": entry.sex,
        "BirthDate": _date_text(entry.birth_date),
        "BirthYear": "" if entry.birth_year is None else str(entry.birth_year),
        "Age": safe(entry.age),
        "Country": safe(entry.country),
        "State": safe(entry.state),
        "Equipment": entry.equipment,
        "Division": safe(entry.division),
        "Lot": "" if entry.lot is None else str(entry.lot),
        "BodyweightKg": number(entry.bodyweight_kg),
        "WeightClassKg": safe(class_plain(entry.weight_class) or entry.weight_class),
        "TotalKg": number(entry.total_kg),
        "Event": entry.event,
        "Team": safe(entry.team),
        "MemberID": safe(entry.member_id),
        "Tested": entry.tested,
        **{column: safe(name) for column, name in entry.other_names},
    }
    for letter, lift in entry.lifts:
        name = LIFT_NAMES[letter]
        cells |= {f"{name}{each}Kg": signed(attempt) for each, attempt in enumerate(lift.attempts, start=1)}
        cells[f"Best3{name}Kg"] = number(lift.best_kg if lift.best_kg is not None else lift.reckoned_kg)
    return cells


def signed(attempt: SheetAttempt | None) -> str:
    """An attempt's cell: its weight, negative when failed; nothing where it was not taken or not decided."""
    if attempt is None or attempt.good is None:
        return ""
    return number(attempt.kg if attempt.good else -attempt.kg)
