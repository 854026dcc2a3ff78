"""Bodyweight classes, dated; which federation has which stands in ``classes.toml``."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Final

from judging.figures import Table, figures_read
from meets.competition.ages import AgeGroup
from meets.competition.dates import Span, span_of

FILE: Final = Path(__file__).with_name("classes.toml")
# Whom the lighter classes of a table are for.
YOUNG: Final = frozenset({AgeGroup.SUB_JUNIOR, AgeGroup.JUNIOR})

_STATED: Final = re.compile(r"(?:bis|[-–−<])?(\d+(?:[.,]\d+)?)(?:kg)?|[+>]?(\d+(?:[.,]\d+)?)(?:kg)?\+?(?:kg)?")


@dataclass(frozen=True, slots=True)
class ClassTable:
    """One federation's classes of one sex and one time.

    limits_kg: upper limits, kg, each within its class. young_kg: lighter ones that sub-juniors and juniors alone have.

    Raises ValueError when there are no limits, or they do not rise from the young ones on.
    """

    name: str
    sex: str
    span: Span
    limits_kg: tuple[Decimal, ...]
    young_kg: tuple[Decimal, ...]

    def __post_init__(self) -> None:
        every = (*self.young_kg, *self.limits_kg)
        if not self.limits_kg or min(every) <= 0 or any(upper <= lower for lower, upper in pairwise(every)):
            raise ValueError("limits_kg and young_kg rise from above 0, the young ones first")

    def limits_of(self, age_group: AgeGroup) -> tuple[Decimal, ...]:
        """The upper limits that this age group has, kg, rising."""
        return (*self.young_kg, *self.limits_kg) if age_group in YOUNG else self.limits_kg


@dataclass(frozen=True, slots=True)
class Classes:
    """All of ``classes.toml``. federations: the name of each one's table."""

    federations: Mapping[str, str]
    tables: tuple[ClassTable, ...]


def class_of(
    bodyweight_kg: Decimal, sex: str, on: dt.date, age_group: AgeGroup = AgeGroup.OPEN, *, federation: str
) -> str | None:
    """The class of a bodyweight, kg, as "83" or "120+"; None where this federation has no table for sex and day.

    on: the meet's first day. federation: OpenPowerlifting's code, in any case of letters. "Mx" has no table.

    Raises ValueError for a bodyweight that is not positive.
    """
    if not bodyweight_kg > 0:
        raise ValueError(f"a bodyweight is more than 0 kg, not {bodyweight_kg}")
    limits = _limits(sex, on, age_group, federation)
    if limits is None:
        return None
    return next((_name(limit) for limit in limits if bodyweight_kg <= limit), f"{_name(limits[-1])}+")


def class_names(sex: str, on: dt.date, age_group: AgeGroup = AgeGroup.OPEN, *, federation: str) -> tuple[str, ...]:
    """The classes there are, the lightest first; none where this federation has no table for sex and day."""
    limits = _limits(sex, on, age_group, federation)
    return () if limits is None else (*map(_name, limits), f"{_name(limits[-1])}+")


def class_fits(
    stated: str,
    bodyweight_kg: Decimal,
    sex: str,
    on: dt.date,
    age_group: AgeGroup = AgeGroup.OPEN,
    *,
    federation: str,
) -> bool | None:
    """Is this the class of that bodyweight? None where there is no table to tell. Raises ValueError as ``class_of``."""
    found = class_of(bodyweight_kg, sex, on, age_group, federation=federation)
    return None if found is None else found == class_name(stated)


def class_name(stated: str) -> str:
    """A class as it is written here: "-83 kg" and "bis 83,0 kg" are "83", "+120" is "120+". What is no such name comes
    back as it was, without the spaces around it."""
    text = re.sub(r"\s", "", stated).lower()
    match = _STATED.fullmatch(text)
    if match is None:
        return stated.strip()
    limit = _name(Decimal((match[1] or match[2]).replace(",", ".")))
    return f"{limit}+" if "+" in text or ">" in text else limit


def _limits(sex: str, on: dt.date, age_group: AgeGroup, federation: str) -> tuple[Decimal, ...] | None:
    classes = classes_load()
    name = {code.lower(): table for code, table in classes.federations.items()}.get(federation.strip().lower())
    for table in classes.tables:
        if (table.name, table.sex) == (name, sex) and table.span.holds(on):
            return table.limits_of(age_group)
    return None


def _name(limit_kg: Decimal) -> str:
    text = f"{limit_kg:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@cache
def classes_load() -> Classes:
    """The tables of ``classes.toml``. Raises ValueError naming what is wrong."""
    return classes_parse(figures_read(FILE))


def classes_parse(table: Table) -> Classes:
    """The tables of a file. Raises ValueError naming what is wrong: a key, a federation without a table, two tables of
    a sex on one day."""
    table.only("federations", "tables")
    given = table.table("federations")
    classes = Classes(
        MappingProxyType({code: given.text(code) for code in given.data}),
        tuple(_class_table(row) for row in table.rows("tables")),
    )
    if missing := set(classes.federations.values()) - {one.name for one in classes.tables}:
        raise ValueError(f"{given.where}: no table {', '.join(sorted(missing))}")
    for number, one in enumerate(classes.tables):
        for other in classes.tables[:number]:
            if (one.name, one.sex) == (other.name, other.sex) and _overlap(one.span, other.span):
                raise ValueError(f"{table.where}: two tables {one.name} {one.sex} are in force on one day")
    return classes


def _overlap(one: Span, other: Span) -> bool:
    return one.holds(other.start) or other.holds(one.start)


def _class_table(row: Table) -> ClassTable:
    row.only("name", "sex", "in_force_from", "in_force_until", "limits_kg", "young_kg")
    try:
        return ClassTable(row.text("name"), row.text("sex"), span_of(row), _kg(row, "limits_kg"), _kg(row, "young_kg"))
    except ValueError as wrong:
        raise ValueError(str(wrong) if str(wrong).startswith(row.where) else f"{row.where}: {wrong}") from wrong


def _kg(row: Table, key: str) -> tuple[Decimal, ...]:
    values = row.data.get(key, [])
    if not isinstance(values, list) or any(type(value) not in (int, float) for value in values):
        raise ValueError(f"{key} is not a list of numbers")
    return tuple(Decimal(str(value)) for value in values)
