"""Age groups. All but the first go by the calendar year, so a birth year tells them; figures stand in ``ages.toml``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from judging.figures import Table, figures_read

FILE: Final = Path(__file__).with_name("ages.toml")


class AgeGroup(StrEnum):
    """The IPF's age groups."""

    OPEN = "open"
    SUB_JUNIOR = "sub_junior"
    JUNIOR = "junior"
    MASTER_1 = "master_1"
    MASTER_2 = "master_2"
    MASTER_3 = "master_3"
    MASTER_4 = "master_4"

    @property
    def label(self) -> str:
        """As people write it: "Sub-Junior", "Master II"."""
        return _LABELS[self]


_LABELS: Final = {
    AgeGroup.OPEN: "Open",
    AgeGroup.SUB_JUNIOR: "Sub-Junior",
    AgeGroup.JUNIOR: "Junior",
    AgeGroup.MASTER_1: "Master I",
    AgeGroup.MASTER_2: "Master II",
    AgeGroup.MASTER_3: "Master III",
    AgeGroup.MASTER_4: "Master IV",
}


@dataclass(frozen=True, slots=True)
class AgeSpan:
    """Who belongs to a group, in years of age; None: no such bound.

    from_birthday: from the day of this birthday on. from_turning, to_turning: in the calendar years in which this age
    is reached. Raises ValueError when there is no lower bound, or two, or the bounds are not in order.
    """

    from_birthday: int | None = None
    from_turning: int | None = None
    to_turning: int | None = None

    def __post_init__(self) -> None:
        if (self.from_birthday is None) == (self.from_turning is None):
            raise ValueError("an age group begins either with a birthday or with a year")
        if self.to_turning is not None and self.to_turning < (self.from_birthday or self.from_turning or 0):
            raise ValueError("an age group ends before it begins")

    def holds(self, turning: int, age: int | None) -> bool | None:
        """Does it hold who turns so old this year and is so old today? age None: today's is not known, and neither may
        the answer be."""
        if self.to_turning is not None and turning > self.to_turning:
            return False
        if self.from_birthday is None:
            return self.from_turning is not None and turning >= self.from_turning
        if age is None:
            return None if turning == self.from_birthday else turning > self.from_birthday
        return age >= self.from_birthday


@dataclass(frozen=True, slots=True)
class Eligible:
    """Where a lifter may compete. groups: for sure. unsure: groups that hang on a birthday nobody told. detail: one
    plain sentence on what is not known; empty when everything is."""

    groups: tuple[AgeGroup, ...]
    unsure: tuple[AgeGroup, ...] = ()
    detail: str = ""


def age_groups_of(*, on: dt.date, birth_date: dt.date | None = None, birth_year: int | None = None) -> Eligible:
    """All groups that a lifter may compete in at a meet on this day (its first), the open one first.

    The year alone tells every group but in the year of the 14th birthday. Who was born on 29 February has that birthday
    on 1 March where the year has no such day.

    Raises ValueError when date and year contradict each other, or the lifter is born after the meet.
    """
    if birth_date is not None and birth_year is not None and birth_date.year != birth_year:
        raise ValueError(f"birth date {birth_date} is not of the year {birth_year}")
    year = birth_date.year if birth_date is not None else birth_year
    if year is None:
        return Eligible((), tuple(AgeGroup), "Neither birth date nor birth year is known.")
    age = None if birth_date is None else age_on(birth_date, on)
    turning = on.year - year
    if turning < 0 or (age is not None and age < 0):
        raise ValueError(f"born after the meet on {on}")
    answers = {group: span.holds(turning, age) for group, span in spans_load().items()}
    unsure = tuple(group for group, answer in answers.items() if answer is None)
    detail = f"Turns {turning} in {on.year}: whether before the meet, the birth year alone does not tell."
    return Eligible(tuple(group for group, answer in answers.items() if answer), unsure, detail if unsure else "")


def age_on(birth_date: dt.date, on: dt.date) -> int:
    """Years of age on a day; negative before birth."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


@cache
def spans_load() -> Mapping[AgeGroup, AgeSpan]:
    """The groups of ``ages.toml``, in their order. Raises ValueError naming the table that is wrong or missing."""
    return spans_parse(figures_read(FILE))


def spans_parse(table: Table) -> Mapping[AgeGroup, AgeSpan]:
    """The groups of a file. Raises ValueError naming the table that is wrong or missing."""
    table.only(*AgeGroup)
    return MappingProxyType({group: _span(table.table(group)) for group in AgeGroup})


def _span(table: Table) -> AgeSpan:
    keys = "from_birthday", "from_turning", "to_turning"
    table.only(*keys)
    try:
        return AgeSpan(*(table.count(key) if key in table.data else None for key in keys))
    except ValueError as wrong:
        raise ValueError(f"{table.where}: {wrong}") from wrong
