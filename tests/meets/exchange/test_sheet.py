from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from meets.exchange.sheet import MeetSheet, SheetAttempt, SheetLift, place_is
from tests.meets.exchange.sheets import entry, lift


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": "  "}, "has a name"),
        ({"sex": "male"}, "sex 'male'"),
        ({"equipment": "Classic"}, "equipment 'Classic'"),
        ({"event": "DBS"}, "event 'DBS'"),
        ({"place": "0"}, "place '0'"),
        ({"place": "first"}, "place 'first'"),
        ({"tested": "maybe"}, "tested 'maybe'"),
        ({"bodyweight_kg": Decimal(0)}, "bodyweight"),
        ({"total_kg": Decimal(-1)}, "total"),
        ({"lot": 0}, "lots count"),
        ({"age": "=23"}, "age '=23'"),
        ({"age": "23.4"}, "age '23.4'"),
        ({"birth_date": dt.date(1999, 1, 1), "birth_year": 2000}, "not of the year"),
        ({"other_names": (("LatinName", "A"),)}, "other name 'LatinName'"),
        ({"other_names": (("GreekName", ""),)}, "GreekName is empty"),
    ],
)
def test_entry_refuses(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        entry(**wrong)


@pytest.mark.parametrize("kg", ["0", "-100", "650.5"])
def test_attempt_refuses(kg: str) -> None:
    with pytest.raises(ValueError, match="weighs more than 0"):
        SheetAttempt(Decimal(kg), good=True)


def test_lift_has_four_attempts_and_meet_two_words() -> None:
    with pytest.raises(ValueError, match="has 4 attempts"):
        SheetLift((None, None, None))
    with pytest.raises(ValueError, match="a best"):
        SheetLift(best_kg=Decimal(0))
    with pytest.raises(ValueError, match="sanctioned"):
        MeetSheet(sanctioned="perhaps")


@pytest.mark.parametrize(
    ("text", "best", "kg"),
    [
        ("100 -110 -110", None, "100"),
        ("100 110 120 130", None, "120"),
        ("-100 -100 -100", None, None),
        ("-100 -100 -100", "100", None),
        ("- - -", "95", "95"),
        ("- - -", None, None),
    ],
)
def test_reckoned(text: str, best: str | None, kg: str | None) -> None:
    assert lift(text, best).reckoned_kg == (None if kg is None else Decimal(kg))


def test_places() -> None:
    assert all(map(place_is, ["", "1", "255", "G", "DQ", "DD", "NS"]))
    assert not any(map(place_is, ["0", "01", "256", "DNS", "1.", "²"]))
