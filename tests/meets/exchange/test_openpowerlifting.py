"""The folder: exact bytes of a small one, and nothing for the checker to find in any valid one."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from meets.exchange.openpowerlifting import cannot_leave, files_write, leaving, zip_write
from meets.exchange.opl_check import check, files_read
from meets.exchange.sheet import MeetSheet, SheetLift
from tests.meets.exchange.sheets import entry, lift, meet, reckoned

MEET = """\
Federation,Date,MeetCountry,MeetState,MeetTown,MeetName
IPF,2024-02-24,Malta,,Valletta,Winter Open
"""
ENTRIES = """\
Place,Name,Sex,BirthDate,Age,Equipment,Division,BodyweightKg,WeightClassKg,Squat1Kg,Squat2Kg,Squat3Kg,Best3SquatKg,\
Bench1Kg,Bench2Kg,Bench3Kg,Best3BenchKg,Deadlift1Kg,Deadlift2Kg,Deadlift3Kg,Best3DeadliftKg,TotalKg,Event
1,Ada Example,F,,,Raw,Open,62.4,63,90,100,-105,100,55,60,-62.5,60,120,140,-150,140,300,SBD
"""


def row(sheet: MeetSheet, number: int = 0) -> dict[str, str]:
    header, *lines = files_write(sheet)["entries.csv"].decode().splitlines()
    return dict(zip(header.split(","), lines[number].split(","), strict=True))


def test_written_exactly() -> None:
    files = files_write(meet(), original=b"as it came", urls=["https://example.org/results"])
    assert {name: data.decode() for name, data in files.items()} == {
        "meet.csv": MEET,
        "entries.csv": ENTRIES,
        "original.csv": "as it came",
        "URL": "https://example.org/results\n",
    }
    assert check(files) == []


def test_without_an_original_the_sheet_itself_is_it() -> None:
    assert files_write(meet())["original.csv"].startswith(b"OPL Format v1 (White Lights),")
    assert files_write(meet())["URL"] == b""


def test_equal_sheets_give_equal_zips() -> None:
    first, second = (zip_write(files_write(meet())) for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.namelist() == ["URL", "entries.csv", "meet.csv", "original.csv"]


@given(reckoned())
def test_the_checker_finds_nothing_in_valid_meets(sheet: MeetSheet) -> None:
    assert [one for one in check(files_write(sheet)) if not one.is_warning] == []


@given(reckoned())
def test_a_zip_holds_what_was_written(sheet: MeetSheet) -> None:
    files = files_write(sheet)
    with zipfile.ZipFile(io.BytesIO(zip_write(files))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files


@pytest.mark.parametrize(
    ("told", "cells"),
    [
        ({"equipment": "Sleeves"}, {"Equipment": "Raw"}),
        ({"equipment": "Bare"}, {"Equipment": "Raw"}),
        ({"equipment": "Wraps"}, {"Equipment": "Wraps"}),
        ({"equipment": "Wraps", "event": "BD", "total_kg": Decimal(200)}, {"Equipment": "Raw", "Best3SquatKg": None}),
        ({"squat": lift("-90 -90 -95"), "total_kg": None}, {"Place": "DQ", "TotalKg": "", "Best3SquatKg": ""}),
        ({"place": "DD"}, {"Place": "DD", "TotalKg": ""}),
        ({"place": "NS", "total_kg": None}, {"Place": "NS"}),
        ({"guest": True, "place": "G"}, {"Place": "G", "TotalKg": "300"}),
        ({"squat": lift("90 100 - 110")}, {"Squat3Kg": "", "Squat4Kg": "110", "Best3SquatKg": "100"}),
        ({"country": "NZ", "state": "Otago"}, {"Country": "New Zealand", "State": "OTA"}),
        ({"country": "Atlantis"}, {"Country": None}),
        ({"birth_date": dt.date(1999, 3, 4), "age": "30"}, {"BirthDate": "1999-03-04", "Age": "24", "BirthYear": None}),
        ({"birth_year": 1999, "age": "24"}, {"BirthDate": "", "Age": "24", "BirthYear": "1999"}),
        ({"birth_year": 1999, "age": "30"}, {"BirthDate": "", "Age": "", "BirthYear": "1999"}),
        ({"weight_class": "All"}, {"WeightClassKg": ""}),
        ({"weight_class": "-63 kg"}, {"WeightClassKg": "63"}),
        ({"weight_class": "57"}, {"WeightClassKg": "63"}),
        ({"weight_class": "69"}, {"WeightClassKg": "63"}),
        ({"weight_class": "SHW", "bodyweight_kg": Decimal(101)}, {"WeightClassKg": "84+"}),
        ({"weight_class": "84", "bodyweight_kg": Decimal(101)}, {"WeightClassKg": "84+"}),
        ({"bodyweight_kg": Decimal(9)}, {"BodyweightKg": "", "WeightClassKg": "63"}),
        ({"team": "Club, =The  \"Bar\""}, {"Team": "Club =The Bar"}),
        ({"division": "Women's Raw Master II"}, {"Division": "Masters 2"}),
        ({"bench": SheetLift(best_kg=Decimal(60))}, {"Bench1Kg": "", "Best3BenchKg": "60"}),
    ],
)  # fmt: skip
def test_cells(told: dict[str, Any], cells: dict[str, str | None]) -> None:
    sheet = meet(entry(**told))
    found = row(sheet)
    assert {column: found.get(column) for column in cells} == cells
    assert [one.sentence for one in check(files_write(sheet))] == []


def test_namesakes_are_numbered() -> None:
    bench = entry(event="B", bodyweight_kg=Decimal("62.1"), total_kg=Decimal(60))
    sheet = meet(entry(birth_year=1999), entry(birth_year=1985), replace(bench, birth_year=1999), entry("Bea Example"))
    assert [row(sheet, number)["Name"] for number in range(4)] == [
        "Ada Example #1",
        "Ada Example #2",
        "Ada Example #1",
        "Bea Example",
    ]


def test_lists_of_best_lifters_are_left_out() -> None:
    best = entry(division="Women's Best Lifter", weight_class="All")
    alone = entry("Bea Example", division="Women's Best Lifter")
    assert leaving(meet(entry(), best, alone)).entries == (entry(), alone)


def test_a_name_without_letters_cannot_leave() -> None:
    sheet = meet(entry("1234"), entry())
    assert [(one.column, one.value) for one in cannot_leave(sheet)] == [("Name", "1234")]
    with pytest.raises(ValueError, match="1234"):
        files_write(sheet)


@pytest.mark.parametrize(
    ("federation", "country", "state", "written"),
    [
        ("NZPF", "", "", "New Zealand,"),
        ("USAPL", "", "Hawaii", "USA,HI"),
        ("NZPF", "Australia", "", "Australia,"),
        ("IPF", "", "", ","),
        ("BP", "", "", ","),
    ],
)
def test_a_national_federation_lifts_at_home_unless_it_says_otherwise(
    federation: str, country: str, state: str, written: str
) -> None:
    files = files_write(meet(federation=federation, country=country, state=state))
    assert f",{written},Valletta," in files["meet.csv"].decode()


def test_meet_cells() -> None:
    sheet = meet(
        federation="British Powerlifting",
        country="United Kingdom",
        state="Northern Ireland",
        town="St. Somewhere (East), 2",
        name="BP Cup 2024",
        ruleset="CombineSleevesAndWraps Fantasy",
        sanctioned="Yes",
    )
    assert files_write(sheet)["meet.csv"].decode().splitlines() == [
        "Federation,Date,MeetCountry,MeetState,MeetTown,MeetName,RuleSet,Sanctioned",
        "BP,2024-02-24,N.Ireland,,St. Somewhere East,Cup,CombineRawAndWraps,Yes",
    ]


def test_read_back_from_a_zip(tmp_path: Any) -> None:
    path = tmp_path / "meet.zip"
    path.write_bytes(zip_write(files_write(meet())))
    assert files_read(path)["meet.csv"].decode() == MEET
