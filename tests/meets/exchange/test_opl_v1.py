"""The single file: what Excel and meet systems make of it is read alike; what is written is exact."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meets.exchange import opl_v1
from meets.exchange.sheet import MeetSheet, SheetLift
from tests.meets.exchange.sheets import entry, lift, meet, reckoned

FILE = """\
OPL Format v1 (OpenLifter 6.6.6),Submit by email:,issues@openpowerlifting.org

Federation,Date,MeetCountry,MeetState,MeetTown,MeetName,Formula
IPF,'2024-02-24,Malta,,Valletta,Winter Open,IPF GL Points

Place,Name,Sex,Equipment,Division,BodyweightKg,WeightClassKg,Squat1Kg,Squat2Kg,Squat3Kg,Best3SquatKg,Bench1Kg,Bench2Kg,\
Bench3Kg,Best3BenchKg,Deadlift1Kg,Deadlift2Kg,Deadlift3Kg,Best3DeadliftKg,TotalKg,Event
1,Ada Example,F,Raw,Open,62.4,63,90,100,-105,100,55,60,-62.5,60,120,140,-150,140,300,SBD
"""
WITH_DATE = FILE.replace("'2024-02-24", "{}")


def read(text: str | bytes) -> MeetSheet:
    sheet, problems = opl_v1.read(text if isinstance(text, bytes) else text.encode())
    assert not problems
    return sheet


def test_written_exactly() -> None:
    assert opl_v1.write(meet(), program="OpenLifter 6.6.6").decode() == FILE


def test_optional_columns_stand_where_openlifter_has_them() -> None:
    full = entry(
        birth_date=dt.date(1999, 3, 4), age="24", country="Norway", state="X", lot=7, team="Club", member_id="A1",
        tested="Yes", squat=lift("90 100 -105 110", "100"), other_names=(("GreekName", "Άντα"),),
    )  # fmt: skip
    lines = opl_v1.write(meet(full, ruleset="CombineSleevesAndWraps")).decode().splitlines()
    assert lines[2:4] == [
        "Federation,Date,MeetCountry,MeetState,MeetTown,MeetName,Formula,RuleSet",
        "IPF,'2024-02-24,Malta,,Valletta,Winter Open,IPF GL Points,CombineSleevesAndWraps",
    ]
    assert lines[5] == (
        "Place,Name,GreekName,Sex,BirthDate,Age,Country,State,Equipment,Division,Lot,BodyweightKg,WeightClassKg,Squat1Kg,"
        "Squat2Kg,Squat3Kg,Squat4Kg,Best3SquatKg,Bench1Kg,Bench2Kg,Bench3Kg,Best3BenchKg,Deadlift1Kg,Deadlift2Kg,"
        "Deadlift3Kg,Best3DeadliftKg,TotalKg,Event,Team,MemberID,Tested"
    )
    assert lines[6].startswith("1,Ada Example,Άντα,F,'1999-03-04,24,Norway,X,Raw,Open,7,62.4,63,90,100,-105,110,100,")
    assert read(opl_v1.write(meet(full))) == meet(full)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("=cmd()", "cmd()"),
        ("+-@A", "A"),
        ("-Ada", "Ada"),
        ('A, "B" C', "A B C"),
        ("\tAda", "Ada"),
        ("Ada-Lo", "Ada-Lo"),
    ],
)
def test_nothing_leaves_that_a_spreadsheet_would_run(name: str, written: str) -> None:
    line = opl_v1.write(meet(entry(name, team=name))).decode().splitlines()[-1]
    assert line.split(",")[1] == written
    assert line.endswith(f",{written}")
    assert ",-105," in line


@given(reckoned())
def test_round_trip(sheet: MeetSheet) -> None:
    assert read(opl_v1.write(sheet)) == sheet


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: (FILE + text).encode("utf-8", "replace")))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    opl_v1.read(data)


@pytest.mark.parametrize(
    "data",
    [
        FILE.encode("utf-8-sig"),
        FILE.replace("\n", "\r\n").encode(),
        FILE.replace("\n", "\r").encode(),
        FILE.encode("utf-16"),
        FILE.rstrip("\n").encode(),
        FILE.replace("\n\n", "\n").encode(),
        FILE.replace("\n\n", "\n,,,,\n \n").encode(),
        FILE.replace("\n", ",,,,,,\n").encode(),
        "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in FILE.split("\n")).encode(),
        "\n".join(f'"{line}"' for line in FILE.split("\n")).encode(),
        FILE.replace(",", ";").replace(".5", ",5").encode(),
        FILE.replace(",", "\t").encode(),
        FILE.replace(",MeetCountry,", ",,").encode(),
        FILE.replace("Ada Example", " Ada \t Example ").encode(),
        FILE.replace("TotalKg,Event", "TotalKg,Event,Points,Instagram").replace(",SBD", ",SBD,412.1,@ada").encode(),
        WITH_DATE.format("24/02/2024").encode(),
        WITH_DATE.format("2/24/2024").encode(),
        WITH_DATE.format("24.2.2024").encode(),
        FILE.replace("Event\n", "Lifts\n").replace("Lifts", "Event Type").encode(),
        FILE.replace("62.4,63", '"62,4",-63kg').encode(),
    ],
    ids=range(20),
)
def test_what_programs_make_of_it_is_read_alike(data: bytes) -> None:
    sheet, problems = opl_v1.read(data)
    assert not problems
    assert replace(sheet, entries=(replace(sheet.entries[0], weight_class="63"),)) == meet()


def test_a_line_before_the_format_is_told_and_costs_nothing() -> None:
    sheet, problems = opl_v1.read(f"winter.opl (1)\n{FILE}".encode())
    assert sheet == meet()
    assert [(one.row, one.value) for one in problems] == [(1, "winter.opl (1)")]
    assert sheet.entries[0].row == 8


def test_a_program_names_itself_and_liftingcast_alone_has_birth_years() -> None:
    assert read(FILE).made_by == "OpenLifter"
    plain = FILE.replace(" (OpenLifter 6.6.6)", "")
    assert read(plain).made_by == "OpenLifter"
    cast, problems = opl_v1.read(plain.replace(",Sex,", ",BirthYear,Sex,").replace(",F,Raw", ",1999,F,Raw").encode())
    assert cast.made_by == "LiftingCast"
    assert cast.entries[0].birth_year == 1999
    # Its federation says nothing, unless the meet's name does.
    assert [(one.row, one.column) for one in problems] == [(4, "Federation")]
    named = plain.replace(",Sex,", ",BirthYear,Sex,").replace("Winter Open", "NZPF Winter Open")
    assert opl_v1.read(named.encode())[0].federation == "NZPF"


def test_windows_letters_are_read_and_told() -> None:
    sheet, problems = opl_v1.read(FILE.replace("Ada", "Zoë").encode("cp1252"))
    assert sheet.entries[0].name == "Zoë Example"
    assert [(one.row, one.accepted) for one in problems] == [(1, "UTF-8")]


@pytest.mark.parametrize(
    ("old", "new", "row", "column", "value"),
    [
        ("62.4", "heavy", 7, "BodyweightKg", "heavy"),
        (",90,", ",9O,", 7, "Squat1Kg", "9O"),
        (",90,", ",900,", 7, "Squat1Kg", "900"),
        ("1,Ada", "first,Ada", 7, "Place", "first"),
        ("1,Ada", "999,Ada", 7, "Place", "999"),
        (",300,", ",-300,", 7, "TotalKg", "-300"),
        ("'2024-02-24", "2024-02-30", 4, "Date", "2024-02-30"),
        ("'2024-02-24", "", 4, "Date", ""),
        ("'2024-02-24", "03/04/2024", 4, "Date", "03/04/2024"),
        ("SBD\n", "SBDX\n", 7, "Event", "SBDX"),
        (",Raw,", ",Steel,", 7, "Equipment", "Steel"),
        ("TotalKg,Event", "TotalKg,Event,Shoes", 6, "Shoes", ""),
    ],
)
def test_each_bad_cell_is_named_and_the_row_stays(old: str, new: str, row: int, column: str, value: str) -> None:
    sheet, problems = opl_v1.read(FILE.replace(old, new).replace("Open,62", "Raw Open,62").encode())
    assert [(one.row, one.column, one.value) for one in problems] == [(row, column, value)]
    assert [one.name for one in sheet.entries] == ["Ada Example"]


@pytest.mark.parametrize(
    ("old", "new", "columns"),
    [
        ("Ada Example", "", ["Name"]),
        (",F,Raw", ",?!,Raw", ["Sex"]),
        (",F,Raw", ",Z,Raw", ["Sex", "Sex"]),
        (",Raw,Open", ",,Open", ["Equipment"]),
    ],
)
def test_a_row_without_what_it_needs_is_left_out(old: str, new: str, columns: list[str]) -> None:
    good = FILE.splitlines()[-1].replace("Ada", "Bea")
    sheet, problems = opl_v1.read(f"{FILE.replace(old, new)}{good}\n".encode())
    assert [one.name for one in sheet.entries] == ["Bea Example"]
    assert [(one.row, one.column) for one in problems] == [(7, column) for column in columns]


@pytest.mark.parametrize(
    ("cells", "born", "year", "problems"),
    [
        ("'1999-03-04,1999", dt.date(1999, 3, 4), 1999, []),
        ("'1999-03-04,1998", dt.date(1999, 3, 4), None, ["BirthYear"]),
        ("'2023-03-04,", None, None, ["BirthDate"]),
        ("1999,", None, 1999, []),
        (",2023", None, None, ["BirthYear"]),
        ("4/3/99,", dt.date(1999, 3, 4), None, []),
        ("3/14/99,", dt.date(1999, 3, 14), None, []),
    ],
)
def test_births(cells: str, born: dt.date | None, year: int | None, problems: list[str]) -> None:
    text = FILE.replace(",Sex,", ",BirthDate,BirthYear,Sex,").replace(",F,Raw", f",{cells},F,Raw")
    sheet, found = opl_v1.read(text.replace("IPF,'", "EPF,'").encode())
    assert (sheet.entries[0].birth_date, sheet.entries[0].birth_year) == (born, year)
    assert [one.column for one in found] == problems


def test_pounds_become_kilograms() -> None:
    text = FILE.replace("Kg", "LBS").replace("62.4,63", "137.6,138.9")
    sheet = read(text)
    first = sheet.entries[0]
    assert (first.bodyweight_kg, first.weight_class) == (Decimal("62.41"), "63")
    assert first.squat.attempts[1] is not None
    assert first.squat.attempts[1].kg == Decimal("45.36")


def test_the_total_tells_the_event_where_only_some_lifts_were_made() -> None:
    text = FILE.replace("90,100,-105,100,55,60,-62.5,60,120,140,-150,140,300", ",,,,55,60,-62.5,60,,,,,60")
    sheet, problems = opl_v1.read(text.encode())
    assert sheet.entries[0].event == "B"
    assert [one.column for one in problems] == ["Event"]


@pytest.mark.parametrize(
    ("squats", "total", "outcomes", "problems"),
    [
        ("90,100,105,100", 300, [True, True, False], ["Squat3Kg"]),
        ("90,-100,-105,100", 300, [True, True, False], ["Squat2Kg"]),
        # Here the total takes nobody's side, or the best is no attempt at all.
        ("90,100,105,100", 305, [True, True, True], []),
        ("90,-102.5,-105,100", 300, [True, False, False], []),
        ("-90,-100,-105,", 200, [False, False, False], []),
    ],
)
def test_a_total_decides_between_an_attempt_and_the_best(
    squats: str, total: int, outcomes: list[bool], problems: list[str]
) -> None:
    sheet, found = opl_v1.read(FILE.replace("90,100,-105,100", squats).replace(",300,", f",{total},").encode())
    taken = [one.good for one in sheet.entries[0].squat.attempts if one is not None]
    assert (taken, [one.column for one in found]) == (outcomes, problems)


def test_bests_alone_are_read() -> None:
    text = FILE.replace("90,100,-105,100,55,60,-62.5,60,120,140,-150,140,300", ",,,100,,,,60,,,,140,300")
    assert read(text).entries[0].squat == SheetLift(best_kg=Decimal(100))


@pytest.mark.parametrize(
    ("place", "division", "guest"), [("G", "Open", True), ("1", "Guest Lifters", True), ("1", "Open", False)]
)
def test_guests(place: str, division: str, guest: bool) -> None:
    text = FILE.replace("1,Ada", f"{place},Ada").replace(",Open,", f",{division},")
    assert read(text).entries[0].guest is guest


def test_files_one_after_the_other_are_one_meet() -> None:
    sheet, problems = opl_v1.read((FILE + FILE.replace("Ada", "Bea")).encode())
    assert [one.name for one in sheet.entries] == ["Ada Example", "Bea Example"]
    assert [(one.row, one.detail) for one in problems] == [(11, "This line is in no block, so it is not read.")]


def test_an_unclosed_quote_costs_no_rows() -> None:
    more = FILE.splitlines()[-1]
    sheet, _ = opl_v1.read((FILE.replace("Ada", '"Ada') + more.replace("Ada", "Bea") + "\n").encode())
    assert [one.name for one in sheet.entries] == ["Ada Example", "Bea Example"]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Squat1Kg", ("Squat1", False)),
        ("SQ 2 (kg)", ("Squat2", False)),
        ("Bench3LBS", ("Bench3", True)),
        ("Deadlift4Lbs", ("Deadlift4", True)),
        ("Best3DeadliftKg", ("BestDeadlift", False)),
        ("Best Bench", ("BestBench", False)),
        ("Bodyweight", ("Bodyweight", False)),
        ("Weight Class", ("WeightClass", False)),
        ("TotalLbs", ("Total", True)),
        ("DOB", ("BirthDate", False)),
        ("Squat5Kg", ("", False)),
        ("Shoes", ("", False)),
    ],
)
def test_columns(header: str, column: tuple[str, bool]) -> None:
    assert opl_v1.column_of(header) == column


def test_an_empty_sheet_is_a_file_too() -> None:
    sheet = meet(entry())
    assert read(opl_v1.write(replace(sheet, entries=()))).entries == ()
