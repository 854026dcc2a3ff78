from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judging.figures import figures_read
from meets.competition.ages import FILE, AgeGroup, age_groups_of, age_on, spans_parse

OPEN, SUB_JUNIOR, JUNIOR = AgeGroup.OPEN, AgeGroup.SUB_JUNIOR, AgeGroup.JUNIOR
MEET = dt.date(2026, 6, 15)


@pytest.mark.parametrize(
    ("year", "groups"),
    [
        (2013, ()),
        (2011, (OPEN, SUB_JUNIOR)),
        (2008, (OPEN, SUB_JUNIOR)),
        (2007, (OPEN, JUNIOR)),
        (2003, (OPEN, JUNIOR)),
        (2002, (OPEN,)),
        (1987, (OPEN,)),
        (1986, (OPEN, AgeGroup.MASTER_1)),
        (1977, (OPEN, AgeGroup.MASTER_1)),
        (1976, (OPEN, AgeGroup.MASTER_2)),
        (1967, (OPEN, AgeGroup.MASTER_2)),
        (1966, (OPEN, AgeGroup.MASTER_3)),
        (1957, (OPEN, AgeGroup.MASTER_3)),
        (1956, (OPEN, AgeGroup.MASTER_4)),
        (1930, (OPEN, AgeGroup.MASTER_4)),
    ],
)
def test_the_year_tells(year: int, groups: tuple[AgeGroup, ...]) -> None:
    found = age_groups_of(on=MEET, birth_year=year)
    assert (found.groups, found.unsure, found.detail) == (groups, (), "")


@pytest.mark.parametrize(
    ("birth", "groups"),
    [
        (dt.date(2012, 6, 15), (OPEN, SUB_JUNIOR)),
        (dt.date(2012, 6, 16), ()),
        # Turning 18 or 23 in the meet's year: the year counts, not the day.
        (dt.date(2008, 1, 1), (OPEN, SUB_JUNIOR)),
        (dt.date(2003, 12, 31), (OPEN, JUNIOR)),
        (dt.date(1986, 12, 31), (OPEN, AgeGroup.MASTER_1)),
    ],
)
def test_the_date_tells(birth: dt.date, groups: tuple[AgeGroup, ...]) -> None:
    assert age_groups_of(on=MEET, birth_date=birth, birth_year=birth.year).groups == groups


def test_the_year_of_the_fourteenth_birthday_alone() -> None:
    found = age_groups_of(on=MEET, birth_year=2012)
    assert (found.groups, found.unsure) == ((), (OPEN, SUB_JUNIOR))
    assert found.detail == "Turns 14 in 2026: whether before the meet, the birth year alone does not tell."


def test_nothing_known() -> None:
    found = age_groups_of(on=MEET)
    assert (found.groups, found.unsure) == ((), tuple(AgeGroup))
    assert "Neither" in found.detail


@pytest.mark.parametrize(
    ("birth_date", "birth_year", "message"),
    [
        (dt.date(2000, 1, 1), 2001, "not of the year 2001"),
        (dt.date(2026, 6, 16), None, "born after the meet"),
        (None, 2027, "born after the meet"),
    ],
)
def test_no_such_birth(birth_date: dt.date | None, birth_year: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        age_groups_of(on=MEET, birth_date=birth_date, birth_year=birth_year)


def test_born_on_the_29th_of_february() -> None:
    born = dt.date(2012, 2, 29)
    assert [age_on(born, dt.date(2026, *day)) for day in ((2, 28), (3, 1))] == [13, 14]


def test_labels() -> None:
    assert [group.label for group in AgeGroup] == [
        "Open", "Sub-Junior", "Junior", "Master I", "Master II", "Master III", "Master IV",
    ]  # fmt: skip


@given(st.dates(dt.date(1920, 1, 1), MEET))
def test_date_and_year_agree(birth: dt.date) -> None:
    by_date, by_year = age_groups_of(on=MEET, birth_date=birth), age_groups_of(on=MEET, birth_year=birth.year)
    assert set(by_year.groups) <= set(by_date.groups) <= set(by_year.groups) | set(by_year.unsure)
    assert len(by_date.groups) <= 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[master_4]", "[master_5]", "master_5 is not a key"),
        ("to_turning = 18", "to_turning = 13", "ends before it begins"),
        ("from_turning = 19", "from_turning = 19\nfrom_birthday = 18", "either with a birthday or with a year"),
        ("from_turning = 19", 'from_turning = "19"', "from_turning is not a whole number"),
        ("from_turning = 19", "from = 19", "from is not a key"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / FILE.name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        spans_parse(figures_read(path))
    assert message in str(refused.value)
