"""The neutral form between a file of registrations and the database, and how its cells are read.

A cell that cannot be taken is named with its row, its column and what may stand there. Name, sex and equipment are
needed: a row without them is not taken. Any other such cell is left empty, and the rest of its row is taken.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from meets.competition.attempts import LETTERS
from meets.exchange.sheet import EQUIPMENT, SEXES
from meets.exchange.tables import FORMULA
from meets.exchange.words import (
    EQUIPMENT_WORDS,
    EVENT_WORDS,
    NOTHING,
    SEX_WORDS,
    date_of,
    key_of,
    number_of,
    tidy,
    weight_of,
)

# What fits into the meet's rows.
NAME_MOST: Final = 120
BODYWEIGHT_KG: Final = (Decimal(15), Decimal(300))
OPENER_KG: Final = (Decimal("2.5"), Decimal(700))
LOT_MOST: Final = 9999
SESSION_MOST: Final = 99
FLIGHTS: Final = "ABCDEFGHIJKLMNOP"
# Whoever is born before cannot lift any more, whoever is born after cannot yet; two digits up to this are from 2000 on.
BORN_FROM: Final = 1900
CENTURY_UNTIL: Final = 20
# Of a cell, as a problem shows it.
SHOWN: Final = 60
# A cross is how an attempt is written that was not taken; elsewhere it means something, and who knows what.
_CROSSES: Final = frozenset({"x", "X"})
_SAYS_NOTHING: Final = NOTHING - _CROSSES
NEEDED: Final = ("name", "sex", "equipment")
YES_NO: Final = ("Yes", "No")
YES_NO_WORDS: Final = {"Yes": ("yes", "y", "true", "1"), "No": ("no", "n", "false", "0")}
# The columns of text, with their longest.
TEXTS: Final = {
    "country": 60, "state": 60, "team": 80, "member_id": 40, "platform": 40, "squat_rack": 20, "bench_rack": 20,
    "bench_safety": 20, "bench_blocks": 20, "notes": 200,
}  # fmt: skip


class Unreadable(ValueError):  # noqa: N818  a refusal is an answer, not a fault
    """The file as a whole cannot be read. Its text says why, and what to send instead."""


@dataclass(frozen=True, slots=True)
class CellProblem:
    """A cell that was not taken as it stands.

    row: as a spreadsheet counts it; 0 for the whole file. column: as the file names it. accepted: what may stand there,
    where that can be listed. is_fatal: the whole row is left out for it. field: our word for the column, if it is one.
    """

    row: int
    column: str
    value: str
    detail: str
    accepted: tuple[str, ...] = ()
    is_fatal: bool = False
    field: str = ""


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One lifter as registered. Whatever the file does not say is empty or None.

    row: where it stood in the file. equipment: OpenPowerlifting's words. categories: (division, event) in which the
    lifter competes. session: its number. openers: kg by the letter of the lift. column: how the file names each field,
    for problems that are found later.
    """

    row: int
    name: str
    sex: str
    equipment: str
    birth_date: dt.date | None = None
    birth_year: int | None = None
    country: str = ""
    state: str = ""
    team: str = ""
    member_id: str = ""
    categories: tuple[tuple[str, str], ...] = ()
    weight_class: str = ""
    session: int | None = None
    platform: str = ""
    flight: str = ""
    lot: int | None = None
    guest: bool | None = None
    bodyweight_kg: Decimal | None = None
    squat_rack: str = ""
    bench_rack: str = ""
    bench_safety: str = ""
    bench_blocks: str = ""
    openers: Mapping[str, Decimal] = field(default_factory=dict)
    tested: bool | None = None
    notes: str = ""
    column: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RosterFile:
    """What was read. kind: which program's file. lines: how many lifters stand in it, the bad ones included. notes:
    sentences on the file as a whole. federation: as it names its own, where it does."""

    kind: str
    rows: tuple[RosterRow, ...]
    problems: tuple[CellProblem, ...] = ()
    lines: int = 0
    notes: tuple[str, ...] = ()
    federation: str = ""


def spelled(*tables: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """The word that each spelling stands for, by key_of the spelling."""
    words = {key_of(word): word for table in tables for word in table}
    return words | {key_of(one): word for table in tables for word, spellings in table.items() for one in spellings}


@dataclass(frozen=True, slots=True)
class Words:
    """What the words of a kind of file mean, by their spellings."""

    sex: Mapping[str, str]
    equipment: Mapping[str, str]
    event: Mapping[str, str]
    yes_no: Mapping[str, str]


USUAL: Final = Words(spelled(SEX_WORDS), spelled(EQUIPMENT_WORDS), spelled(EVENT_WORDS), spelled(YES_NO_WORDS))


class Line:
    """One line of a file, read cell by cell; whatever cannot be taken is noted in ``problems``."""

    def __init__(
        self,
        row: int,
        cells: Mapping[str, str],
        columns: Mapping[str, str],
        problems: list[CellProblem],
        *,
        words: Words = USUAL,
        day_first: bool = True,
    ) -> None:
        """cells, columns: by field, what stands there and how the file names it."""
        self.row, self.cells, self.columns, self.problems = row, cells, columns, problems
        self.words, self.day_first = words, day_first
        self.is_fatal = False

    def problem(self, name: str, detail: str, accepted: Sequence[str] = (), *, is_fatal: bool = False) -> None:
        value = self.cells.get(name, "")
        shown = value if len(value) <= SHOWN else f"{value[: SHOWN - 1]}…"
        column = self.columns.get(name) or name.replace("_", " ")
        self.problems.append(CellProblem(self.row, column, shown, detail, tuple(accepted), is_fatal, name))
        self.is_fatal = self.is_fatal or is_fatal

    def said(self, name: str) -> str:
        """The cell, tidied; empty where it says nothing."""
        text = tidy(self.cells.get(name, ""))
        return "" if text in _SAYS_NOTHING else text

    def text(self, name: str, most: int) -> str:
        """A text. What a spreadsheet would take for a formula is taken without what makes it one, and named."""
        said = self.said(name)
        if said.startswith(FORMULA):
            said = plain_text(said)
            self.problem(name, f"A text does not begin with {self.cells[name].strip()[:1]!r}: taken as {said!r}.")
        if len(said) > most:
            self.problem(name, f"This is longer than {most} characters. Shorten it.")
            return ""
        return said

    def word(self, name: str, words: Mapping[str, str], accepted: Sequence[str], what: str) -> str:
        """A word of a list, in any of its spellings; empty for nothing and for what is none."""
        key = key_of(tidy(self.cells.get(name, "")))
        if not key or key in words:
            return words[key] if key else ""
        self.problem(name, f"This is no {what} known here.", accepted, is_fatal=name in NEEDED)
        return ""

    def yes(self, name: str) -> bool | None:
        key = key_of(self.said(name))
        if not key or key in self.words.yes_no:
            return self.words.yes_no[key] == "Yes" if key else None
        self.problem(name, "Write Yes or No, or leave it empty.", YES_NO)
        return None

    def whole(self, name: str, most: int) -> int | None:
        """A whole number from 1."""
        text = self.said(name)
        try:
            number = Decimal(0) if text in _CROSSES else number_of(text)
        except ValueError:
            number = Decimal(0)
        if number is None or (number == number.to_integral() and 1 <= number <= most):
            return None if number is None else int(number)
        self.problem(name, f"Write a whole number from 1 to {most}, or leave it empty.")
        return None

    def weight(self, name: str, limits: tuple[Decimal, Decimal], *, pounds: bool = False) -> Decimal | None:
        """A weight, kg."""
        try:
            kg = weight_of(self.said(name), pounds=pounds)
        except ValueError as wrong:
            negative = str(wrong).endswith("negative")
            self.problem(name, "A weight is not negative." if negative else "This is no weight: write it as 82.5.")
            return None
        if kg is not None and not limits[0] <= kg <= limits[1]:
            self.problem(name, f"A weight here is from {limits[0]} to {limits[1]} kg.")
            return None
        return kg

    def born(self) -> tuple[dt.date | None, int | None]:
        """Birth date and year. A date that is only a year is one."""
        text = self.said("birth_date").lstrip("'’`").strip()
        if re.fullmatch(r"(19|20)\d\d", text):
            return None, int(text)
        try:
            day = date_of(text, day_first="." in text or self.day_first, century_until=CENTURY_UNTIL)
        except ValueError:
            self.problem("birth_date", "This is no day: write it as 1994-03-31.")
            day = None
        if day is not None and day.year < BORN_FROM:
            self.problem("birth_date", f"Nobody who lifts was born before {BORN_FROM}.")
            day = None
        year = self._year()
        if day is not None and year not in (None, day.year):
            self.problem("birth_year", f"The birth date says {day.year}, which is taken.")
        return day, day.year if day else year

    def _year(self) -> int | None:
        try:
            number = number_of(self.said("birth_year"))
        except ValueError:
            number = Decimal(0)
        if number is None or (BORN_FROM <= number <= 2100 and number == number.to_integral()):
            return None if number is None else int(number)
        self.problem("birth_year", "Write the year with four digits, as 1994.")
        return None

    def flight(self) -> str:
        flight = self.said("flight").upper()
        if not flight or flight in FLIGHTS:
            return flight
        self.problem("flight", "A flight is one letter.", tuple(FLIGHTS))
        return ""

    def weight_class(self) -> str:
        """As it is stated; what it means depends on the meet."""
        said = self.said("weight_class").lstrip("'")
        if len(said) <= 20 and re.fullmatch(r"[\w .,+<>≤–−/-]*", said) and not said.startswith(("=", "@")):
            return said
        self.problem("weight_class", "This is no class: write it as 83 or 120+.")
        return ""

    def name(self) -> str:
        name = tidy(self.cells.get("name", ""))
        # What is no name either way is told once.
        if name.startswith(FORMULA) and any(one.isalpha() for one in name):
            name = self.text("name", NAME_MOST)
        if len(name) > NAME_MOST:
            self.problem("name", f"This is longer than {NAME_MOST} characters, so the row is left out.", is_fatal=True)
        elif not any(one.isalpha() for one in name):
            self.problem("name", "There is no name here, so the row is left out.", is_fatal=True)
        return name

    def needed(self, name: str, words: Mapping[str, str], accepted: Sequence[str]) -> str:
        """A word without which the row is left out."""
        if not key_of(self.cells.get(name, "")):
            self.problem(name, f"There is no {name} here, so the row is left out.", accepted, is_fatal=True)
            return ""
        return self.word(name, words, accepted, name)


def plain_text(text: str) -> str:
    """Without what makes a spreadsheet run it."""
    while text.startswith(FORMULA):
        text = text[1:].lstrip()
    return text


def line_read(line: Line, categories: tuple[tuple[str, str], ...], *, pounds: bool = False) -> RosterRow | None:
    """The row, or None where a needed cell is missing. pounds: of weights whose column names no unit."""
    name = line.name()
    sex = line.needed("sex", line.words.sex, SEXES)
    equipment = line.needed("equipment", line.words.equipment, EQUIPMENT)
    birth_date, birth_year = line.born()
    row = RosterRow(
        row=line.row,
        name=name,
        sex=sex,
        equipment=equipment,
        birth_date=birth_date,
        birth_year=birth_year,
        categories=categories,
        weight_class=line.weight_class(),
        session=line.whole("session", SESSION_MOST),
        flight=line.flight(),
        lot=line.whole("lot", LOT_MOST),
        guest=line.yes("guest"),
        bodyweight_kg=_either(line, "bodyweight", BODYWEIGHT_KG, pounds),
        openers={
            letter: kg
            for letter, lift in LETTERS.items()
            if (kg := _either(line, lift.value, OPENER_KG, pounds)) is not None
        },
        tested=line.yes("tested"),
        column=line.columns,
        **{text: line.text(text, most) for text, most in TEXTS.items()},
    )
    return None if line.is_fatal else row


def _either(line: Line, name: str, limits: tuple[Decimal, Decimal], pounds: bool) -> Decimal | None:
    """From the column in kg, else from the one in pounds."""
    kg = line.weight(name, limits, pounds=pounds)
    return line.weight(f"{name}_lbs", limits, pounds=True) if kg is None and f"{name}_lbs" in line.columns else kg


def categories_of(divisions: Iterable[str], events: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Every division with every event, each once; in full power where no event is told."""
    named, lifted = list(dict.fromkeys(divisions)) or [""], list(dict.fromkeys(events)) or ["SBD"]
    return tuple((division, event) for division in named for event in lifted)
