"""Checker of OpenPowerlifting's meet folder: a reading of its rules of our own, apart from what writes the folder.

Rules: OpenPowerlifting ``checker/src/checklib/{mod,meet,entries}.rs`` and ``crates/opltypes`` as of 2024; lists in
``opl_lists.toml``. It shares no spelling with the writer, so that a slip there is found here.

    python -m meets.exchange.opl_check ZIP_OR_FOLDER [--json]
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import sys
import tomllib
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any, Final

from meets.competition.ages import AgeGroup
from meets.competition.classes import class_names

FILES: Final = ("meet.csv", "entries.csv")
_LISTS: Final = Path(__file__).with_name("opl_lists.toml")

_MEET_FIRST: Final = ["Federation", "Date", "MeetCountry", "MeetState", "MeetTown", "MeetName"]
_MEET_OPTIONAL: Final = {"RuleSet", "Sanctioned"}
_RULESETS: Final = {"CombineRawAndWraps", "CombineSingleAndMulti", "CombineAllEquipment", "FourthAttemptsMayLower"}
_LIFTS: Final = {"S": "Squat", "B": "Bench", "D": "Deadlift"}
_UNITS: Final = ("Kg", "Lbs")
_TEXTS: Final = {
    "Name", "ChineseName", "CyrillicName", "JapaneseName", "KoreanName", "GreekName", "Sex", "Age", "Place", "Event",
    "Division", "Equipment", "SquatEquipment", "BenchEquipment", "DeadliftEquipment", "BirthYear", "BirthDate",
    "Tested", "AgeRange", "Country", "EntryDate", "Team", "State", "College/University", "School",
}  # fmt: skip
_WEIGHTS: Final = {
    f"{name}{unit}"
    for unit in _UNITS
    for name in (
        "WeightClass", "Bodyweight", "Total", *(f"Best3{lift}" for lift in _LIFTS.values()),
        *(f"{lift}{each}" for lift in _LIFTS.values() for each in (1, 2, 3, 4)),
    )
}  # fmt: skip
# The heaviest lift and the heaviest total that are believed.
_MOST: Final = {"Kg": Decimal(650), "Lbs": Decimal(1430)}
_TOTAL_BELOW: Final = {"Kg": Decimal(1408), "Lbs": Decimal(3104)}
_SUM_TOLERANCE: Final = {"Kg": Decimal("0.5"), "Lbs": Decimal("1.1")}
_KG_OF: Final = {"Kg": Decimal(1), "Lbs": Decimal("0.45359237")}
_EQUIPMENT: Final = {"Raw", "Wraps", "Single-ply", "Multi-ply", "Unlimited", "Straps"}
_EVENTS: Final = {"SBD", "BD", "SD", "SB", "S", "B", "D"}
_NO_TOTAL: Final = {"DQ", "DD", "NS"}
# From this year on the column for birth dates is asked for, be it empty.
_BIRTHDATE_FROM: Final = 2020
_SMALL_WORDS: Final = """
af al an ap av bat ben bin bint binti da dal dalla das de dei del dela della delle den der di do dos du e el en het i
ibn la las le lo los mac na of op san te ten ter thi to un van vd vande vander vel vom von y zu zum zur
"""
_SMALL: Final = frozenset(_SMALL_WORDS.split())
_NUMBER: Final = re.compile(r"-?[1-9]\d*(\.\d+)?")
_DATE: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


class Rule(StrEnum):
    """What a finding is about."""

    FILE_MISSING = "file_missing"
    ENCODING = "encoding"
    LINE_END = "line_end"
    QUOTES = "quotes"
    CELL_COUNT = "cell_count"
    SPACES = "spaces"
    HEADERS = "headers"
    HEADER_UNKNOWN = "header_unknown"
    HEADER_DUPLICATE = "header_duplicate"
    HEADER_MISSING = "header_missing"
    ROWS = "rows"
    FEDERATION = "federation"
    DATE = "date"
    COUNTRY = "country"
    STATE = "state"
    TOWN = "town"
    MEET_NAME = "meet_name"
    RULESET = "ruleset"
    SANCTIONED = "sanctioned"
    NAME = "name"
    NAMESAKES = "namesakes"
    SEX = "sex"
    EQUIPMENT = "equipment"
    PLACE = "place"
    EVENT = "event"
    DIVISION = "division"
    ZERO = "zero"
    NUMBER = "number"
    HEAVY = "heavy"
    ATTEMPT_ORDER = "attempt_order"
    REPEATED = "repeated"
    BEST = "best"
    OUTSIDE_EVENT = "outside_event"
    LIFT_MISSING = "lift_missing"
    TOTAL = "total"
    BIRTH = "birth"
    BODYWEIGHT = "bodyweight"
    WEIGHT_CLASS = "weight_class"
    TESTED = "tested"


@dataclass(frozen=True, slots=True)
class Finding:
    """row: the line of the file, from 1. column: empty where it concerns the whole line or file. is_warning: true where
    our lists may be older than OpenPowerlifting's."""

    file: str
    row: int
    column: str
    rule: Rule
    sentence: str
    is_warning: bool = False


@dataclass(frozen=True)
class _Lists:
    federations: frozenset[str]
    countries: frozenset[str]
    states: Mapping[str, frozenset[str]]
    configured: frozenset[str]
    divisions: Mapping[str, frozenset[str]]


@cache
def _lists() -> _Lists:
    data = tomllib.loads(_LISTS.read_text(encoding="utf-8"))
    return _Lists(
        frozenset({*data["federations"].split(), "Power League"}),
        frozenset(data["countries"]),
        {country: frozenset(codes.split()) for country, codes in data["states"].items()},
        frozenset(data["configured"]),
        {federation: frozenset(names) for federation, names in data["divisions"].items()},
    )


@dataclass(frozen=True)
class _Meet:
    """What rows are checked against; empty or None where the meet does not tell."""

    federation: str = ""
    date: dt.date | None = None
    country: str = ""
    ruleset: str = ""


@dataclass(frozen=True)
class _Line:
    """One line of entries. Its findings name file and row by themselves."""

    row: int
    cells: Mapping[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")

    def number(self, column: str) -> Decimal | None:
        text = self.get(column)
        return Decimal(text) if _NUMBER.fullmatch(text) else None

    def finding(self, column: str, rule: Rule, sentence: str, *, is_warning: bool = False) -> Finding:
        return Finding("entries.csv", self.row, column, rule, sentence, is_warning)


def check(files: Mapping[str, bytes], *, today: dt.date | None = None) -> list[Finding]:
    """Everything that the checker would object to, in the order of files and lines.

    files: the folder's, by name; others than ``meet.csv`` and ``entries.csv`` are not looked at. today: a meet may be
    tomorrow at the latest; None: any day will do.
    """
    findings = [Finding(name, 0, "", Rule.FILE_MISSING, f"There is no {name}.") for name in FILES if name not in files]
    meet = _Meet()
    if "meet.csv" in files:
        found, meet = _meet_check(files["meet.csv"], today)
        findings += found
    if "entries.csv" in files:
        findings += _entries_check(files["entries.csv"], meet)
    return sorted(findings, key=lambda one: (FILES.index(one.file), one.row))


def check_path(path: Path, *, today: dt.date | None = None) -> list[Finding]:
    """The same of a folder or a zip, in which the files may lie in a folder of their own.

    Raises OSError or zipfile.BadZipFile when it cannot be read.
    """
    return check(files_read(path), today=today)


def files_read(path: Path) -> dict[str, bytes]:
    """The files of a folder or a zip, by their last name. Raises OSError or zipfile.BadZipFile."""
    if path.is_dir():
        return {one.name: one.read_bytes() for one in path.iterdir() if one.is_file()}
    with zipfile.ZipFile(path) as archive:
        return {PurePosixPath(name).name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def _lines(name: str, data: bytes) -> tuple[list[list[str]], list[Finding]]:
    """The file's cells, and what is wrong with it as a file."""
    findings = []
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as wrong:
        row = data[: wrong.start].count(b"\n") + 1
        findings.append(Finding(name, row, "", Rule.ENCODING, "The file is not UTF-8."))
        text = data.decode("utf-8", errors="replace")
    if text.startswith("\ufeff"):
        findings.append(Finding(name, 1, "", Rule.ENCODING, "The file begins with a byte order mark."))
        text = text[1:]
    if "\r" in text:
        row = text[: text.index("\r")].count("\n") + 1
        findings.append(Finding(name, row, "", Rule.LINE_END, "Lines end with a line feed alone, not with CRLF."))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    rows = [line.split(",") for line in lines]
    for number, line in enumerate(lines, start=1):
        if '"' in line:
            findings.append(Finding(name, number, "", Rule.QUOTES, "There are no quotes, and no commas inside cells."))
    return rows, findings


def _spaces(name: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Finding]:
    for number, cells in enumerate(rows, start=1):
        for index, cell in enumerate(cells):
            if cell != cell.strip() or "  " in cell or "\t" in cell:
                column = headers[index] if index < len(headers) else ""
                sentence = f"{cell!r} has spaces at an end or two in a row."
                yield Finding(name, number, column, Rule.SPACES, sentence)


def _counts(name: str, rows: Sequence[Sequence[str]]) -> Iterator[Finding]:
    width = len(rows[0])
    for number, cells in enumerate(rows[1:], start=2):
        if len(cells) != width:
            sentence = f"The line has {len(cells)} cells, the header {width}."
            yield Finding(name, number, "", Rule.CELL_COUNT, sentence)


# meet.csv


def _meet_check(data: bytes, today: dt.date | None) -> tuple[list[Finding], _Meet]:
    rows, findings = _lines("meet.csv", data)
    headers = rows[0] if rows else []

    def add(row: int, column: str, rule: Rule, sentence: str, *, is_warning: bool = False) -> None:
        findings.append(Finding("meet.csv", row, column, rule, sentence, is_warning))

    if headers[:6] != _MEET_FIRST:
        add(1, "", Rule.HEADERS, f"The headers begin with {','.join(_MEET_FIRST)}.")
    for header in headers[6:]:
        if header not in _MEET_OPTIONAL:
            add(1, header, Rule.HEADER_UNKNOWN, f"{header!r} is no header of meet.csv.")
    for header in sorted({one for one in headers if headers.count(one) > 1}):
        add(1, header, Rule.HEADER_DUPLICATE, f"{header} comes twice.")
    if len(rows) != 2:
        add(
            min(len(rows), 3),
            "",
            Rule.ROWS,
            f"There is exactly one line under the header, not {max(len(rows) - 1, 0)}.",
        )
    if len(rows) < 2:
        return findings, _Meet()
    findings += [*_spaces("meet.csv", headers, rows), *_counts("meet.csv", rows[:2])]
    cells = dict(zip(headers, rows[1], strict=False))
    findings += _meet_cells(cells, today)
    meet = _Meet(cells.get("Federation", ""), _date(cells.get("Date", "")), cells.get("MeetCountry", ""))
    return findings, _Meet(meet.federation, meet.date, meet.country, cells.get("RuleSet", ""))


def _meet_cells(cells: Mapping[str, str], today: dt.date | None) -> Iterator[Finding]:
    def finding(column: str, rule: Rule, sentence: str, *, is_warning: bool = False) -> Finding:
        return Finding("meet.csv", 2, column, rule, sentence, is_warning)

    def get(name: str) -> str:
        return cells.get(name, "")

    lists = _lists()
    federation, country, state, name = map(get, ("Federation", "MeetCountry", "MeetState", "MeetName"))
    if not federation:
        yield finding("Federation", Rule.FEDERATION, "The federation is missing.")
    elif federation not in lists.federations:
        yield finding("Federation", Rule.FEDERATION, f"{federation!r} is no code that is known here.", is_warning=True)
    day = _date(get("Date"))
    if day is None or day.year < 1945:
        yield finding("Date", Rule.DATE, f"{get('Date')!r} is no day from 1945 on, written YYYY-MM-DD.")
    elif today is not None and day > today + dt.timedelta(days=1):
        yield finding("Date", Rule.DATE, f"{day} has not come yet.")
    if country not in lists.countries:
        yield finding("MeetCountry", Rule.COUNTRY, f"{country!r} is no country of the list.")
    elif state:
        yield from _state(state, country, lambda text, warns: finding("MeetState", Rule.STATE, text, is_warning=warns))
    if not all(one.isalpha() or unicodedata.category(one).startswith("M") or one in " -.'" for one in get("MeetTown")):
        yield finding("MeetTown", Rule.TOWN, f"{get('MeetTown')!r} has others than letters, spaces and - . '.")
    yield from _meet_name(name, federation, day, finding)
    for word in get("RuleSet").split():
        if word not in _RULESETS:
            yield finding("RuleSet", Rule.RULESET, f"{word!r} is none of {', '.join(sorted(_RULESETS))}.")
    if get("Sanctioned") not in ("", "Yes", "No"):
        yield finding("Sanctioned", Rule.SANCTIONED, f"{get('Sanctioned')!r} is neither Yes nor No.")


def _meet_name(name: str, federation: str, day: dt.date | None, finding: Any) -> Iterator[Finding]:
    if not name:
        yield finding("MeetName", Rule.MEET_NAME, "The meet has no name.")
    odd = sorted(
        {one for one in name if not (one.isalnum() or unicodedata.category(one)[0] == "M" or one in " -&.'/°%:")}
    )
    if odd:
        yield finding("MeetName", Rule.MEET_NAME, f"{' '.join(odd)} may not stand in a meet's name.")
    if day is not None and str(day.year) in name:
        yield finding("MeetName", Rule.MEET_NAME, f"The name contains the year {day.year}, which the date tells.")
    if federation and federation in name.split():
        yield finding("MeetName", Rule.MEET_NAME, f"The name contains the federation {federation}, which has a column.")


def _state(state: str, country: str, finding: Any) -> Iterator[Finding]:
    states = _lists().states
    if country not in states:
        # One list of OpenPowerlifting's is not known here.
        yield finding(f"No states of {country or 'no country'} are known here.", bool(country))
    elif state not in states[country]:
        yield finding(f"{state!r} is no state of {country}.", False)


def _date(text: str) -> dt.date | None:
    match = _DATE.fullmatch(text)
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


# entries.csv


def _entries_check(data: bytes, meet: _Meet) -> list[Finding]:
    rows, findings = _lines("entries.csv", data)
    headers = rows[0] if rows else []
    findings += _headers(headers, meet)
    if not rows:
        return findings
    findings += [*_spaces("entries.csv", headers, rows), *_counts("entries.csv", rows)]
    lines = [_Line(number, dict(zip(headers, cells, strict=False))) for number, cells in enumerate(rows[1:], start=2)]
    if not lines:
        findings.append(Finding("entries.csv", 1, "", Rule.ROWS, "There are no entries."))
    for line in lines:
        for rule in _ROW_RULES:
            findings += rule(line, meet)
    return [*findings, *_namesakes(lines)]


def _headers(headers: Sequence[str], meet: _Meet) -> Iterator[Finding]:
    def finding(column: str, rule: Rule, sentence: str) -> Finding:
        return Finding("entries.csv", 1, column, rule, sentence)

    for header in headers:
        if header not in _TEXTS | _WEIGHTS:
            yield finding(header, Rule.HEADER_UNKNOWN, f"{header!r} is no header of entries.csv.")
    for header, times in Counter(headers).items():
        if times > 1:
            yield finding(header, Rule.HEADER_DUPLICATE, f"{header} comes {times} times.")
    wanted = [{"Name"}, {"Sex"}, {"Equipment"}, {"Place"}, {"Event"}, {"TotalKg", "TotalLbs"}]
    wanted.append({"BodyweightKg", "BodyweightLbs", "WeightClassKg", "WeightClassLbs"})
    if meet.date is not None and meet.date.year >= _BIRTHDATE_FROM:
        wanted.append({"BirthDate"})
    if meet.federation in _lists().configured:
        wanted.append({"Division"})
    for lift in _LIFTS.values():
        if any(re.fullmatch(rf"{lift}\d(Kg|Lbs)", header) for header in headers):
            wanted.append({f"Best3{lift}Kg", f"Best3{lift}Lbs"})
    for names in wanted:
        if not names & set(headers):
            some = " or ".join(sorted(names))
            yield finding(min(names), Rule.HEADER_MISSING, f"There is no column {some}.")


def _numbers_rule(line: _Line, meet: _Meet) -> Iterator[Finding]:
    """Of every figure: no 0, no leading zero, nothing but a number, and none that nobody lifts."""
    for column, text in line.cells.items():
        if not text or column not in _WEIGHTS or column.startswith("WeightClass"):
            continue
        if text == "-0":
            # Accepted files have it, so it is no error; it says no more than an empty cell.
            yield line.finding(column, Rule.ZERO, "-0 is an attempt that was passed: leave it empty.", is_warning=True)
        elif re.fullmatch(r"[-+]?0.*", text):
            yield line.finding(column, Rule.ZERO, f"{text!r} is or begins with 0: what was not taken stays empty.")
        elif not _NUMBER.fullmatch(text):
            yield line.finding(column, Rule.NUMBER, f"{text!r} is no number.")
        else:
            yield from _heavy(line, column, Decimal(text))


def _heavy(line: _Line, column: str, value: Decimal) -> Iterator[Finding]:
    unit = "Kg" if column.endswith("Kg") else "Lbs"
    if column.startswith("Total"):
        if value < 0 or value >= _TOTAL_BELOW[unit]:
            yield line.finding(column, Rule.HEAVY, f"No total is {value}.")
    elif abs(value) > _MOST[unit]:
        yield line.finding(column, Rule.HEAVY, f"Nobody lifts {value}.")


def _attempts_rule(line: _Line, meet: _Meet) -> Iterator[Finding]:
    for lift in _LIFTS.values():
        for unit in _UNITS:
            taken = [
                (each, value) for each in (1, 2, 3, 4) if (value := line.number(f"{lift}{each}{unit}")) is not None
            ]
            yield from _order(line, lift, unit, taken, meet)
            yield from _best(line, lift, unit, [value for each, value in taken if each < 4])


def _order(line: _Line, lift: str, unit: str, taken: Sequence[tuple[int, Decimal]], meet: _Meet) -> Iterator[Finding]:
    for (_, before), (each, value) in pairwise(taken):
        column = f"{lift}{each}{unit}"
        if each == 4 and "FourthAttemptsMayLower" in meet.ruleset.split():
            continue
        if abs(value) < abs(before):
            yield line.finding(
                column, Rule.ATTEMPT_ORDER, f"{abs(value)} comes after {abs(before)}: weights never fall."
            )
        elif before > 0 and abs(value) == before:
            yield line.finding(column, Rule.REPEATED, f"{before} was good already: it is not lifted again.")


def _best(line: _Line, lift: str, unit: str, counting: Sequence[Decimal]) -> Iterator[Finding]:
    column = f"Best3{lift}{unit}"
    stated, text = line.number(column), line.get(column)
    if not counting or (text and stated is None):
        return
    good = [value for value in counting if value > 0]
    if good:
        if stated != max(good):
            yield line.finding(column, Rule.BEST, f"The best good attempt is {max(good)}, not {text or 'nothing'}.")
    elif stated is not None and stated != max(counting):
        yield line.finding(column, Rule.BEST, f"No attempt was good: it stays empty, or is {max(counting)}.")


def _event_rule(line: _Line, meet: _Meet) -> Iterator[Finding]:
    event, place = line.get("Event"), line.get("Place")
    if event not in _EVENTS:
        yield line.finding("Event", Rule.EVENT, f"{event!r} is none of {', '.join(sorted(_EVENTS))}.")
        return
    for letter, lift in _LIFTS.items():
        columns = [column for column in line.cells if re.fullmatch(rf"(Best3)?{lift}\d?(Kg|Lbs)", column)]
        filled = [column for column in columns if line.get(column)]
        if letter not in event and filled:
            yield line.finding(filled[0], Rule.OUTSIDE_EVENT, f"The event {event} has no {lift.lower()}.")
        if letter in event and place not in _NO_TOTAL and not any(line.get(f"Best3{lift}{unit}") for unit in _UNITS):
            yield line.finding(f"Best3{lift}Kg", Rule.LIFT_MISSING, f"Placed in {event} without a {lift.lower()}.")


def _total_rule(line: _Line, meet: _Meet) -> Iterator[Finding]:
    for unit in _UNITS:
        column = f"Total{unit}"
        text, total = line.get(column), line.number(column)
        if line.get("Place") in _NO_TOTAL:
            if text:
                yield line.finding(column, Rule.TOTAL, f"Whoever is {line.get('Place')} has no total.")
            continue
        bests = [line.number(f"Best3{lift}{unit}") for letter, lift in _LIFTS.items() if letter in line.get("Event")]
        if total is None or not bests or any(best is None for best in bests):
            continue
        reckoned = sum((best for best in bests if best is not None), Decimal(0))
        if abs(reckoned - total) > _SUM_TOLERANCE[unit]:
            yield line.finding(column, Rule.TOTAL, f"The bests add up to {reckoned}, not {text}.")
    if line.get("Place") not in _NO_TOTAL and not any(line.get(f"Total{unit}") for unit in _UNITS):
        yield line.finding("TotalKg", Rule.TOTAL, "There is no total: should the place be DQ?")


def _words_rule(line: _Line, meet: _Meet) -> Iterator[Finding]:
    place = line.get("Place")
    if not place:
        yield line.finding("Place", Rule.PLACE, "The place is empty: should it be DQ?")
    elif place not in _NO_TOTAL | {"G"} and not (re.fullmatch(r"[1-9]\d{0,2}", place) and int(place) <= 255):
        yield line.finding("Place", Rule.PLACE, f"{place!r} is no place: 1 to 255, G, DQ, DD or NS.")
    if line.get("Sex") not in ("M", "F", "Mx"):
        yield line.finding("Sex", Rule.SEX, f"{line.get('Sex')!r} is none of M, F, Mx.")
    for column in ("Equipment", "SquatEquipment", "BenchEquipment", "DeadliftEquipment"):
        text = line.get(column)
        if (text or column == "Equipment") and text not in _EQUIPMENT:
            yield line.finding(column, Rule.EQUIPMENT, f"{text!r} is none of {', '.join(sorted(_EQUIPMENT))}.")
    if line.get("Equipment") == "Wraps" and line.get("Event") in _EVENTS and "S" not in line.get("Event"):
        yield line.finding("Equipment", Rule.EQUIPMENT, "Without a squat there are no wraps.")
    if line.get("Tested") not in ("", "Yes", "No"):
        yield line.finding("Tested", Rule.TESTED, f"{line.get('Tested')!r} is neither Yes nor No.")


def _division_rule(line: _Line, meet: _Meet) -> Iterator[Finding]:
    known = _lists().divisions.get(meet.federation)
    if known is not None and "Division" in line.cells and line.get("Division") not in known:
        sentence = f"{line.get('Division')!r} is no division of the {meet.federation}."
        yield line.finding("Division", Rule.DIVISION, sentence)


def _name_rule(line: _Line, meet: _Meet) -> Iterator[Finding]:
    name = line.get("Name")
    if not name:
        yield line.finding("Name", Rule.NAME, "Nobody is named.")
        return
    if sentence := name_fault(name):
        yield line.finding("Name", Rule.NAME, sentence)


def name_fault(name: str) -> str:
    """What is wrong with a name; empty when nothing is."""
    if unicodedata.normalize("NFKC", name) != name:
        return f"{name!r} is not in the form NFKC."
    plain = re.sub(r" #[1-9]\d*$", "", name)
    odd = sorted({one for one in plain if not (one.isalpha() or unicodedata.category(one)[0] == "M" or one in " '.-")})
    if odd:
        return f"{' '.join(odd)} may not stand in a name: letters, spaces and ' . - alone."
    words = plain.split()
    if plain.endswith(".") or not words:
        return f"{name!r} ends with a period."
    if words[0].rstrip(".") in ("Jr", "Sr"):
        return f"{name!r} begins with {words[0]}."
    for word in words:
        if len(word) > 1 and word[0] == word[-1] == "'":
            return f"{word} is a nickname in quotes."
        first = next((one for one in word if one.isalpha()), "")
        if first.islower() and word not in _SMALL and not re.match(r"[a-z]{1,2}['-]", word):
            return f"{word!r} begins with a small letter."
    return ""


def _birth_rule(line: _Line, meet: _Meet) -> Iterator[Finding]:
    def finding(column: str, sentence: str) -> Finding:
        return line.finding(column, Rule.BIRTH, sentence)

    age_text, year_text, date_text = line.get("Age"), line.get("BirthYear"), line.get("BirthDate")
    age = Decimal(age_text) if re.fullmatch(r"[1-9]\d{0,2}(\.5)?", age_text) else None
    if age_text and (age is None or not 5 <= age <= 100):
        yield finding("Age", f"{age_text!r} is no age from 5 to 100.")
    born = _date(date_text)
    if date_text and born is None:
        yield finding("BirthDate", f"{date_text!r} is no day written YYYY-MM-DD.")
    year = int(year_text) if re.fullmatch(r"[12]\d{3}", year_text) else None
    if year_text and year is None:
        yield finding("BirthYear", f"{year_text!r} is no year.")
    if meet.date is None:
        return
    for column, value in (("BirthYear", year), ("BirthDate", born.year if born else None)):
        if value is not None and not 4 < meet.date.year - value < 98:
            yield finding(column, f"Nobody born in {value} lifts in {meet.date.year}.")
    yield from _birth_agrees(finding, meet.date, age, year, born)


def _birth_agrees(
    finding: Any, day: dt.date, age: Decimal | None, year: int | None, born: dt.date | None
) -> Iterator[Finding]:
    if born is not None and year is not None and born.year != year:
        yield finding("BirthYear", f"{year} is not the year of {born}.")
    if age is None:
        return
    if born is not None:
        # A meet may last some days, and a lifter have a birthday in between.
        years = {_years(born, day), _years(born, day + dt.timedelta(days=7))}
        if int(age) not in years:
            yield finding("Age", f"Who was born on {born} is {min(years)}, not {age}.")
    elif year is not None and int(age) not in (day.year - year - 1, day.year - year):
        yield finding("Age", f"Who was born in {year} is not {age} in {day.year}.")


def _years(born: dt.date, day: dt.date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _body_rule(line: _Line, meet: _Meet) -> Iterator[Finding]:
    for unit in _UNITS:
        column, class_column = f"Bodyweight{unit}", f"WeightClass{unit}"
        weight, text = line.number(column), line.get(class_column)
        kg = None if weight is None else weight * _KG_OF[unit]
        if kg is not None and not 15 <= kg <= 300:
            yield line.finding(column, Rule.BODYWEIGHT, f"Nobody weighs {weight}.")
        if text and not re.fullmatch(r"[1-9]\d*(\.\d+)?\+?", text):
            yield line.finding(
                class_column, Rule.WEIGHT_CLASS, f"{text!r} is no class: 83 is up to 83, 120+ above 120."
            )
        elif text:
            yield from _class(line, meet, class_column, text, weight if unit == "Kg" else None)


def _class(line: _Line, meet: _Meet, column: str, text: str, kg: Decimal | None) -> Iterator[Finding]:
    limit, is_above = Decimal(text.rstrip("+")), text.endswith("+")
    if kg is not None and (kg <= limit if is_above else kg > limit):
        yield line.finding(column, Rule.WEIGHT_CLASS, f"{kg} kg is not of the class {text}.")
        return
    if column.endswith("Lbs"):
        return
    known = _classes(line, meet)
    if not known:
        return
    if text not in known:
        yield line.finding(column, Rule.WEIGHT_CLASS, f"{text} is none of the classes {', '.join(known)}.")
        return
    index = known.index(text)
    below = known[index - 1] if index else None
    if kg is not None and below is not None and kg <= Decimal(below):
        yield line.finding(column, Rule.WEIGHT_CLASS, f"{kg} kg is of the class {below} too, or of one below.")


def _classes(line: _Line, meet: _Meet) -> tuple[str, ...]:
    if meet.date is None or meet.federation not in _lists().configured:
        return ()
    # Only of the IPF is it known which of its divisions are for the young.
    is_old = meet.federation == "IPF" and line.get("Division") not in ("Juniors", "Sub-Juniors")
    group = AgeGroup.OPEN if is_old else AgeGroup.JUNIOR
    names = class_names(line.get("Sex"), meet.date, group, federation=meet.federation)
    # Whether a lightest class is open to somebody of no known age is not asked: then the next one fits as well.
    return names


def _home_rule(line: _Line, meet: _Meet) -> Iterator[Finding]:
    country, state = line.get("Country"), line.get("State")
    if country and country not in _lists().countries:
        yield line.finding("Country", Rule.COUNTRY, f"{country!r} is no country of the list.")
    elif state:

        def finding(text: str, warns: bool) -> Finding:
            return line.finding("State", Rule.STATE, text, is_warning=warns)

        yield from _state(state, country or meet.country, finding)


_ROW_RULES: Final = (
    _name_rule, _words_rule, _event_rule, _numbers_rule, _attempts_rule, _total_rule, _division_rule, _birth_rule,
    _body_rule, _home_rule,
)  # fmt: skip


def _namesakes(lines: Sequence[_Line]) -> Iterator[Finding]:
    """Two people of one name are told apart by a number after it."""
    seen: dict[str, _Line] = {}
    for line in lines:
        name = line.get("Name")
        before = seen.setdefault(name, line)
        for column in ("Sex", "BirthDate", "BirthYear"):
            if name and line.get(column) and before.get(column) and line.get(column) != before.get(column):
                sentence = f"Two people are called {name}: the second is {name} #2."
                yield line.finding("Name", Rule.NAMESAKES, sentence)
                break


def table(findings: Iterable[Finding]) -> str:
    """The findings for people: one line each, then how many of which rule."""
    rows = list(findings)
    if not rows:
        return "Nothing to object to.\n"
    lines = [f"{one.file}:{one.row}  {one.column or '-':18} {_mark(one)} {one.sentence}" for one in rows]
    counts = Counter(one.rule for one in rows)
    lines += ["", *(f"{times:5} {rule}" for rule, times in counts.most_common())]
    return "\n".join(lines) + "\n"


def _mark(finding: Finding) -> str:
    return f"{finding.rule}{' (warning)' if finding.is_warning else ''}:"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when nothing but warnings was found, 1 otherwise, 2 when the path cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m meets.exchange.opl_check", description=__doc__.split("\n")[0])
    parser.add_argument("path", type=Path, help="a zip or a folder with meet.csv and entries.csv")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    given = parser.parse_args(arguments)
    try:
        findings = check_path(given.path, today=dt.datetime.now(dt.UTC).date())
    except (OSError, zipfile.BadZipFile) as wrong:
        sys.stderr.write(f"{given.path} cannot be read: {wrong}\n")
        return 2
    if given.json:
        sys.stdout.write(json.dumps({"findings": [asdict(one) for one in findings]}, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(table(findings))
    return int(any(not one.is_warning for one in findings))


if __name__ == "__main__":
    raise SystemExit(main())
