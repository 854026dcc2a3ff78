from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from meets.exchange import words
from meets.exchange.sheet import SheetAttempt


@pytest.mark.parametrize(
    ("text", "kg", "good"),
    [
        ("100", "100", True),
        ("100.0", "100", True),
        ("102,5", "102.5", True),
        ("-102.5", "102.5", False),
        ("−102.5", "102.5", False),
        ("(102.5)", "102.5", False),
        ("102.5x", "102.5", False),
        ("X102,5", "102.5", False),
        ("102.5 kg", "102.5", True),
    ],
)
def test_attempt(text: str, kg: str, good: bool) -> None:
    assert words.attempt_of(text) == SheetAttempt(Decimal(kg), good)


@pytest.mark.parametrize("text", ["", "-", "–", "x", "0", "-0", "0.0", "n/a"])
def test_no_attempt(text: str) -> None:
    assert words.attempt_of(text) is None


@pytest.mark.parametrize("text", ["abc", "1e3", "NaN", "inf", "100 110", "1000", "12345678901234567890", "--5"])
def test_wrong_attempt(text: str) -> None:
    with pytest.raises(ValueError, match="is"):
        words.attempt_of(text)


def test_pounds() -> None:
    assert words.attempt_of("-225", pounds=True) == SheetAttempt(Decimal("102.06"), good=False)
    assert words.weight_of("165.3", pounds=True) == Decimal("74.98")


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2024-02-23", "2024-02-23"),
        ("'2024-02-23", "2024-02-23"),
        ("2024/2/3", "2024-02-03"),
        ("2024-02-23 00:00:00", "2024-02-23"),
        ("20/01/2024", "2024-01-20"),
        ("20.01.2024", "2024-01-20"),
        ("20-01-24", "2024-01-20"),
        ("03/04/1998", "1998-04-03"),
        ("20-Jan-24", "2024-01-20"),
        ("20 January 2024", "2024-01-20"),
        ("January 20, 2024", "2024-01-20"),
        ("45345", "2024-02-23"),
    ],
)
def test_date(text: str, date: str) -> None:
    assert words.date_of(text, day_first=True) == dt.date.fromisoformat(date)


def test_date_by_month_and_without() -> None:
    assert words.date_of("7/20/2019", day_first=False) == dt.date(2019, 7, 20)
    assert words.date_of("", day_first=True) is None
    assert words.date_of("01/02/70", day_first=True, century_until=24) == dt.date(1970, 2, 1)


@pytest.mark.parametrize("text", ["2023-02-30", "13/13/2024", "yesterday", "20-Foo-24"])
def test_wrong_date(text: str) -> None:
    with pytest.raises(ValueError, match="is not a d"):
        words.date_of(text, day_first=True)


@pytest.mark.parametrize(
    ("texts", "day_first"),
    [(["20/01/2024"], True), (["7/20/2019"], False), (["03/04/2021", "05/13/1999"], False), (["03/04/2021"], True)],
)
def test_day_or_month_first(texts: list[str], day_first: bool) -> None:
    assert words.is_day_first(texts, otherwise=True) is day_first


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1", "1"), ("2.", "2"), ("3rd", "3"), ("4.0", "4"), ("DQ", "DQ"), ("dsq", "DQ"), ("DNF", "DQ"), ("DNS", "NS"),
        ("No Show", "NS"), ("G", "G"), ("Guest", "G"), ("DD", "DD"), ("", ""), ("-", ""), ("0", ""),
    ],
)  # fmt: skip
def test_place(text: str, place: str) -> None:
    assert words.place_of(text) == place


@pytest.mark.parametrize(
    ("text", "equipment"),
    [
        ("Raw", "Raw"), ("Classic", "Raw"), ("Bare", "Bare"), ("Sleeves", "Sleeves"), ("Single Ply", "Single-ply"),
        ("single-ply", "Single-ply"), ("Equipped", "Single-ply"), ("Multi-Ply", "Multi-ply"), ("WRAPS", "Wraps"),
    ],
)  # fmt: skip
def test_equipment(text: str, equipment: str) -> None:
    assert words.word_of(text, words.EQUIPMENT_WORDS) == equipment


@pytest.mark.parametrize(
    ("text", "event"),
    [("SBD", "SBD"), ("Powerlifting", "SBD"), ("Push-Pull", "BD"), ("Bench Only", "B"), ("DL", "D"), ("", None)],
)
def test_event(text: str, event: str | None) -> None:
    assert words.word_of(text, words.EVENT_WORDS) == event


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("  Ada   Example ", "Ada Example"),
        ("Kim\tExample", "Kim Example"),
        ("\ufeffPlace", "Place"),
        ("AmÃ©lie", "Amélie"),
        ("Bjo\u0308rn", "Björn"),
    ],
)
def test_tidy(text: str, seen: str) -> None:
    assert words.tidy(text) == seen


def test_birth_year_is_one_of_a_lifter() -> None:
    assert words.year_of("1998", 2024) == 1998
    with pytest.raises(ValueError, match="birth year"):
        words.year_of("2023", 2024)
