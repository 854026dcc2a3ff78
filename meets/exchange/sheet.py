"""The neutral form between files and database: a meet with one entry per lifter, division and event.

A sheet says what a file says, in known words: it may hold a division that no federation has, or a total that the
attempts do not give. Whoever wants them reckoned asks ``recompute``; whoever wants them told apart, ``opl_check``.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from meets.competition.attempts import LETTERS, event_lifts

SEXES: Final = ("M", "F", "Mx")
# OpenPowerlifting's words, and "Bare" and "Sleeves", which OpenLifter tells apart and OpenPowerlifting calls Raw.
EQUIPMENT: Final = ("Raw", "Bare", "Sleeves", "Wraps", "Straps", "Single-ply", "Multi-ply", "Unlimited")
# Places that are no number: guest, disqualified or without a total, doping, no-show.
NO_PLACE: Final = ("G", "DQ", "DD", "NS")
TESTED: Final = ("", "Yes", "No")
SANCTIONED: Final = ("", "Yes", "No")
OTHER_NAMES: Final = ("ChineseName", "CyrillicName", "JapaneseName", "KoreanName", "GreekName")
_AGE: Final = re.compile(r"[1-9]\d{0,2}(\.5)?", re.ASCII)
# Of each lift: three that count and a fourth for records.
ATTEMPTS: Final = 4
COUNTING: Final = 3
# Nobody lifts this, so it is a slip of the keyboard or another unit (OpenPowerlifting's checker, entries.rs).
MOST_KG: Final = Decimal(650)


@dataclass(frozen=True, slots=True)
class SheetAttempt:
    """An attempt that was called: its weight, kg; good None where nothing was decided.

    Raises ValueError when the weight is not positive or above 650 kg.
    """

    kg: Decimal
    good: bool | None

    def __post_init__(self) -> None:
        if not 0 < self.kg <= MOST_KG:
            raise ValueError(f"an attempt weighs more than 0 and at most {MOST_KG} kg, not {self.kg}")


@dataclass(frozen=True, slots=True)
class SheetLift:
    """One lift of one entry.

    attempts: four, None where one was not taken. best_kg: the best as the file states it, kg; None where there is none.

    Raises ValueError when there are not four attempts, or the best is not positive.
    """

    attempts: tuple[SheetAttempt | None, ...] = (None,) * ATTEMPTS
    best_kg: Decimal | None = None

    def __post_init__(self) -> None:
        if len(self.attempts) != ATTEMPTS:
            raise ValueError(f"a lift has {ATTEMPTS} attempts, None for those not taken")
        if self.best_kg is not None and not 0 < self.best_kg <= MOST_KG:
            raise ValueError(f"a best is more than 0 and at most {MOST_KG} kg, not {self.best_kg}")

    @property
    def is_empty(self) -> bool:
        """Is nothing at all known of it?"""
        return self.best_kg is None and all(attempt is None for attempt in self.attempts)

    @property
    def was_attempted(self) -> bool:
        """Was one of the three that count called?"""
        return any(attempt is not None for attempt in self.attempts[:COUNTING])

    @property
    def reckoned_kg(self) -> Decimal | None:
        """The heaviest good attempt of the three that count, kg; the stated best where no attempt is known at all."""
        if not self.was_attempted:
            return self.best_kg
        good = [attempt.kg for attempt in self.attempts[:COUNTING] if attempt is not None and attempt.good]
        return max(good, default=None)


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """One lifter in one division and event.

    other_names: the name in other scripts, as (column, name) of OpenPowerlifting's columns. age: as stated, "23" or
    "23.5" (23 or 24). country, state, team, division, weight_class: as stated. bodyweight_kg: kg. place: "1" on, or
    "G", "DQ", "DD", "NS", or empty where none is stated. total_kg: as stated, kg. row: the line it came from, from 1,
    or 0; of no account when entries are compared.

    Raises ValueError for a word that is none of the known ones, or a figure that cannot be.
    """

    name: str
    sex: str
    equipment: str
    event: str
    division: str = ""
    other_names: tuple[tuple[str, str], ...] = ()
    birth_date: dt.date | None = None
    birth_year: int | None = None
    age: str = ""
    country: str = ""
    state: str = ""
    team: str = ""
    member_id: str = ""
    weight_class: str = ""
    bodyweight_kg: Decimal | None = None
    lot: int | None = None
    guest: bool = False
    place: str = ""
    total_kg: Decimal | None = None
    tested: str = ""
    squat: SheetLift = field(default_factory=SheetLift)
    bench: SheetLift = field(default_factory=SheetLift)
    deadlift: SheetLift = field(default_factory=SheetLift)
    row: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("an entry has a name")
        _one_of("sex", self.sex, SEXES)
        _one_of("equipment", self.equipment, EQUIPMENT)
        _one_of("tested", self.tested, TESTED)
        event_lifts(self.event)
        if not place_is(self.place):
            raise ValueError(f"place {self.place!r} is neither a number from 1 to 255 nor one of {', '.join(NO_PLACE)}")
        for column, name in self.other_names:
            _one_of("other name", column, OTHER_NAMES)
            if not name.strip():
                raise ValueError(f"{column} is empty")
        for what, kg in (("bodyweight", self.bodyweight_kg), ("total", self.total_kg)):
            if kg is not None and not kg > 0:
                raise ValueError(f"a {what} is more than 0 kg, not {kg}")
        if self.age and not _AGE.fullmatch(self.age):
            raise ValueError(f"age {self.age!r} is neither whole years nor, as 23.5, one of two")
        if self.lot is not None and self.lot < 1:
            raise ValueError("lots count from 1")
        if self.birth_date is not None and self.birth_year not in (None, self.birth_date.year):
            raise ValueError(f"birth date {self.birth_date} is not of the year {self.birth_year}")

    def lift(self, letter: str) -> SheetLift:
        """The lift of an event's letter: "S", "B" or "D". Raises KeyError for another."""
        return {"S": self.squat, "B": self.bench, "D": self.deadlift}[letter]

    @property
    def lifts(self) -> tuple[tuple[str, SheetLift], ...]:
        """The lifts of its event, by letter, in the order they are lifted."""
        return tuple((letter, self.lift(letter)) for letter in LETTERS if letter in self.event)

    @property
    def by_year(self) -> SheetEntry:
        """The entry with its birth year in place of the birth date. An age beside the year would tell on which side of
        the meet the birthday is, so it goes with the date."""
        if self.birth_date is None:
            return self
        return replace(self, birth_date=None, birth_year=self.birth_date.year, age="")

    @property
    def was_lifted(self) -> bool:
        """Is anything known of a lift of its event?"""
        return any(not lift.is_empty for _, lift in self.lifts)


@dataclass(frozen=True, slots=True)
class MeetSheet:
    """A meet. date: its first day. formula, ruleset: as stated. made_by: the program whose layout the file has, empty
    where it does not tell.

    Raises ValueError when sanctioned is another word than "Yes" or "No".
    """

    federation: str = ""
    date: dt.date | None = None
    country: str = ""
    state: str = ""
    town: str = ""
    name: str = ""
    formula: str = ""
    ruleset: str = ""
    sanctioned: str = ""
    entries: tuple[SheetEntry, ...] = ()
    made_by: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        _one_of("sanctioned", self.sanctioned, SANCTIONED)


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be taken from a file, or not be put into one.

    row: the line as a spreadsheet counts it, from 1. column: its name, empty when it concerns the whole line. value:
    the cell. detail: a sentence for whoever has to correct it. accepted: what may stand there.
    """

    row: int
    column: str
    value: str
    detail: str
    accepted: str = ""


def place_is(text: str) -> bool:
    """Is it a place: empty, a number from 1 to 255 without leading zeros, or one of G, DQ, DD, NS?"""
    if text.isascii() and text.isdigit():
        return text[0] != "0" and int(text) <= 255
    return text == "" or text in NO_PLACE


def _one_of(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{what} {value!r} is none of {', '.join(filter(None, known))}")
