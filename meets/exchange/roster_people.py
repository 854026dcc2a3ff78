"""Who is who: rows of a file, and the lifters that a meet knows already.

A member number tells one person from another, unless name and sex, or name and birth, say otherwise: then it is
mistyped. Without one, the name with birth date or year does; without that, the name and the sex, unless something else
tells two people apart.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

from meets.exchange.roster_sheet import CellProblem, RosterRow
from meets.exchange.words import key_of

RefT = TypeVar("RefT")

OF_LIFTER: Final = ("name", "sex", "birth_date", "birth_year", "country", "state", "team", "member_id")
OF_ENTRY: Final = (
    "weight_class", "session", "platform", "flight", "lot", "guest", "bodyweight_kg", "squat_rack", "bench_rack",
    "bench_safety", "bench_blocks", "tested", "notes",
)  # fmt: skip
# Of one name: among more than these nobody looks for one, and no file makes us.
ALIKE_MOST: Final = 100
# The file's own words for kinds of equipment that a meet does not tell apart.
_SAME: Final = {"Bare": "Raw", "Sleeves": "Raw"}


@dataclass(frozen=True, slots=True)
class Person:
    """As far as it tells one from another."""

    name: str
    sex: str
    member_id: str = ""
    birth_date: dt.date | None = None
    birth_year: int | None = None

    def may_be(self, other: Person) -> bool:
        """Does nothing tell the two apart, besides the name?"""
        has_other_number = bool(self.member_id and other.member_id) and self.member_id != other.member_id
        return not has_other_number and not self._is_born_otherwise(other)

    def differs_in(self, other: Person) -> str:
        """What tells the two apart although they have one member number; empty for one person. People marry, and files
        have slips: a name, a sex or a birth date alone says nothing."""
        if key_of(self.name) == key_of(other.name):
            return ""
        if self.sex != other.sex:
            return "name and sex"
        return "name and birth" if self._is_born_otherwise(other) else ""

    def _is_born_otherwise(self, other: Person) -> bool:
        pairs = (self.birth_date, other.birth_date), (self.birth_year, other.birth_year)
        return any(mine is not None and theirs is not None and mine != theirs for mine, theirs in pairs)


def person_of(row: RosterRow) -> Person:
    return Person(row.name, row.sex, row.member_id, row.birth_date, row.birth_year)


@dataclass(frozen=True, slots=True)
class Found(Generic[RefT]):
    """who: None where nobody fits, or several do. is_sure: more than name and sex say so. several: nobody can tell.
    differs_in: who has the member number and is somebody else, as this tells."""

    who: RefT | None = None
    is_sure: bool = False
    several: bool = False
    differs_in: str = ""


class People(Generic[RefT]):
    """A list of people that can be asked for one of them."""

    def __init__(self) -> None:
        self._by_member: dict[str, tuple[Person, RefT]] = {}
        # By name, and by name and birth year; all of them, and those without a member number.
        self._all: dict[tuple[str, int | None], list[tuple[Person, RefT]]] = defaultdict(list)
        self._bare: dict[tuple[str, int | None], list[tuple[Person, RefT]]] = defaultdict(list)

    def add(self, person: Person, who: RefT) -> None:
        if person.member_id:
            self._by_member.setdefault(key_of(person.member_id), (person, who))
        name = key_of(person.name)
        for lists in (self._all,) if person.member_id else (self._all, self._bare):
            for year in {None, person.birth_year}:
                lists[name, year].append((person, who))

    def find(self, person: Person) -> Found[RefT]:
        if person.member_id and (holder := self._by_member.get(key_of(person.member_id))) is not None:
            return Found(holder[1], is_sure=True, differs_in=person.differs_in(holder[0]))
        # Whoever has another member number is another person.
        lists, name = self._bare if person.member_id else self._all, key_of(person.name)
        if person.birth_year is not None:
            alike = lists.get((name, person.birth_year), [])
            if found := _one(person, alike[:ALIKE_MOST], is_sure=True):
                return found
        alike = lists.get((name, None), [])
        if len(alike) > ALIKE_MOST:
            return Found(several=True)
        return _one(person, [pair for pair in alike if pair[0].sex == person.sex], is_sure=False) or Found()


def _one(person: Person, alike: Sequence[tuple[Person, RefT]], *, is_sure: bool) -> Found[RefT] | None:
    """Who of these it is. None for nobody."""
    fitting = [who for other, who in alike if person.may_be(other)]
    if len(fitting) > 1:
        return Found(several=True)
    return Found(fitting[0], is_sure) if fitting else None


def equipment_of(row: RosterRow) -> str:
    return _SAME.get(row.equipment, row.equipment)


def rows_settle(rows: Iterable[RosterRow]) -> tuple[list[RosterRow], list[CellProblem]]:
    """The rows of a file with one for each lifter and kind of equipment, and what they say against each other.

    A lifter who stands in several rows with the same equipment is one entry in several divisions; what a later row says
    otherwise than the first is named and not taken. A row with somebody else's member number is left out. A lot that
    somebody else has is named and not taken.
    """
    people: People[int] = People()
    persons: list[list[RosterRow]] = []
    problems: list[CellProblem] = []
    for row in rows:
        found = people.find(person_of(row))
        if found.several:
            said = "Several rows have this name, and nothing tells which this is. Add a member number or a birth date."
            problems.append(_problem(row, "name", said, is_fatal=True))
            continue
        if found.who is None:
            people.add(person_of(row), len(persons))
            persons.append([row])
            continue
        known = persons[found.who]
        if found.differs_in:
            said = f"Row {known[0].row} has this number too, for {known[0].name}; they differ in {found.differs_in}."
            problems.append(_problem(row, "member_id", f"{said} Correct one of the two numbers.", is_fatal=True))
            continue
        problems += _joined(known, row, is_sure=found.is_sure)
    settled = sorted((row for person in persons for row in person), key=lambda row: row.row)
    return _lots(settled, problems), problems


def _joined(known: list[RosterRow], row: RosterRow, *, is_sure: bool) -> list[CellProblem]:
    """Adds a further row of somebody; returns what it says otherwise."""
    same = next((n for n, one in enumerate(known) if equipment_of(one) == equipment_of(row)), None)
    base = known[0] if same is None else known[same]
    other = _differing(base, row, OF_LIFTER if same is None else (*OF_LIFTER, *OF_ENTRY))
    if other and not is_sure:
        said = f"Row {base.row} has the same name. Add a member number or a birth date to both, or take one out."
        return [_problem(row, "name", said, is_fatal=True)]
    problems = [
        _problem(row, name, f"Row {base.row} says otherwise of the same lifter, and is taken.") for name in other
    ]
    if same is None:
        known.append(replace(row, **{name: getattr(base, name) for name in OF_LIFTER if getattr(base, name)}))
    else:
        missing = {name: getattr(row, name) for name in (*OF_LIFTER, *OF_ENTRY) if _is_empty(getattr(base, name))}
        categories = tuple(dict.fromkeys((*base.categories, *row.categories)))
        known[same] = replace(base, **missing, categories=categories, openers={**row.openers, **base.openers})
    return problems


def _is_empty(value: Any) -> bool:
    return value is None or value == ""


def _differing(base: RosterRow, row: RosterRow, names: Sequence[str]) -> list[str]:
    """What both say, and not alike."""
    pairs = ((name, getattr(base, name), getattr(row, name)) for name in names)
    return [
        name
        for name, mine, theirs in pairs
        if not _is_empty(mine)
        and not _is_empty(theirs)
        and mine != theirs
        # A year that follows from the date is told once.
        and not (name == "birth_year" and row.birth_date)
    ]


def _lots(rows: Sequence[RosterRow], problems: list[CellProblem]) -> list[RosterRow]:
    first: dict[int, RosterRow] = {}
    settled = []
    for row in rows:
        if row.lot is not None and (other := first.setdefault(row.lot, row)) is not row:
            said = f"Lot {row.lot} is already given in row {other.row}; in a meet each lot is given once."
            problems.append(_problem(row, "lot", said))
            row = replace(row, lot=None)
        settled.append(row)
    return settled


def _problem(row: RosterRow, name: str, detail: str, *, is_fatal: bool = False) -> CellProblem:
    value = getattr(row, name)
    column = row.column.get(name) or name.replace("_", " ")
    return CellProblem(row.row, column, "" if value is None else str(value), detail, is_fatal=is_fatal, field=name)
