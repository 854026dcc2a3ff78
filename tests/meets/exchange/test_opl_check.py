"""The checker: a clean folder, and one wrong thing at a time, each found once and as what it is."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from pathlib import Path

import pytest

from meets.exchange import opl_check
from meets.exchange.opl_check import Finding, Rule, check

MEET = """\
Federation,Date,MeetCountry,MeetState,MeetTown,MeetName
IPF,2024-02-24,USA,NY,Sampletown,Winter Open
"""
ENTRIES = """\
Place,Name,Sex,BirthDate,BirthYear,Age,Country,State,Equipment,Division,BodyweightKg,WeightClassKg,Squat1Kg,Squat2Kg,\
Squat3Kg,Squat4Kg,Best3SquatKg,Bench1Kg,Bench2Kg,Bench3Kg,Best3BenchKg,Deadlift1Kg,Deadlift2Kg,Deadlift3Kg,\
Best3DeadliftKg,TotalKg,Event,Tested,Team
1,Ada Example,F,1999-03-04,,24,USA,NY,Raw,Open,62.4,63,90,100,-105,,100,55,60,-62.5,60,120,140,-150,140,300,SBD,Yes,Club
2,Noor O'Sample #2,F,,1990,33,,CA,Raw,Juniors,100,84+,-90,-90,90,110,90,50,,,50,100,,,100,240,SBD,,
DQ,Zoë de Muster,F,,,,,,Raw,Masters 4,43,47,-90,-90,-90,,-90,,,,,,,,,,SBD,,
G,Ole Beispiel,M,,,39.5,,,Single-ply,Open,120.01,120+,,,,,,100,,,100,,,,,100,B,No,
NS,Pia Probe,F,,,,,,Wraps,Open,,,,,,,,,,,,,,,,,SBD,,
"""
FILES = {"meet.csv": MEET.encode(), "entries.csv": ENTRIES.encode()}
FIRST = ENTRIES.splitlines()[1]


def shown(findings: list[Finding]) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, str(one.rule)) for one in findings]


def with_entries(old: str, new: str) -> list[Finding]:
    assert old in ENTRIES
    return check({**FILES, "entries.csv": ENTRIES.replace(old, new, 1).encode()})


def test_clean() -> None:
    assert check(FILES, today=dt.date(2024, 2, 23)) == []
    assert check({name: data.rstrip(b"\n") for name, data in FILES.items()}) == []


@pytest.mark.parametrize(
    ("old", "new", "row", "column", "rule"),
    [
        ("Winter Open\n", "Winter Open\n,,,,,\n", 3, "", Rule.ROWS),
        ("IPF,", ",", 2, "Federation", Rule.FEDERATION),
        ("IPF,", "Guild,", 2, "Federation", Rule.FEDERATION),
        ("2024-02-24", "24/02/2024", 2, "Date", Rule.DATE),
        ("2024-02-24", "2024-02-30", 2, "Date", Rule.DATE),
        ("2024-02-24", "1944-02-24", 2, "Date", Rule.DATE),
        ("2024-02-24", "2024-02-26", 2, "Date", Rule.DATE),
        ("USA,NY", "U.S.A.,", 2, "MeetCountry", Rule.COUNTRY),
        ("USA,NY", ",", 2, "MeetCountry", Rule.COUNTRY),
        ("USA,NY", "USA,New York", 2, "MeetState", Rule.STATE),
        ("USA,NY", "Malta,NY", 2, "MeetState", Rule.STATE),
        ("Sampletown", "Sampletown 2", 2, "MeetTown", Rule.TOWN),
        ("Winter Open", "Winter Open!", 2, "MeetName", Rule.MEET_NAME),
        ("Winter Open", "Winter Open 2024", 2, "MeetName", Rule.MEET_NAME),
        ("Winter Open", "IPF Winter Open", 2, "MeetName", Rule.MEET_NAME),
        ("Winter Open", "", 2, "MeetName", Rule.MEET_NAME),
        ("Winter Open", "Winter  Open", 2, "MeetName", Rule.SPACES),
        ("Winter Open", "Winter Open ", 2, "MeetName", Rule.SPACES),
        ("MeetName\n", "MeetName,RuleSet\n", 2, "", Rule.CELL_COUNT),
    ],
)
def test_meet(old: str, new: str, row: int, column: str, rule: Rule) -> None:
    # Entries without whatever hangs on the meet.
    entries = ENTRIES.splitlines()[0] + "\n" + FIRST.replace("1999-03-04,,24,USA,NY", ",,,USA,NY") + "\n"
    files = {"meet.csv": MEET.replace(old, new).encode(), "entries.csv": entries.encode()}
    assert shown(check(files, today=dt.date(2024, 2, 24))) == [(row, column, rule)]


def test_headers_of_the_meet() -> None:
    def found(text: str) -> list[tuple[int, str, str]]:
        return shown(check({**FILES, "meet.csv": text.encode()}))

    shoes = MEET.replace("MeetName\n", "MeetName,Shoes\n").replace("Open\n", "Open,\n")
    assert found(shoes) == [(1, "Shoes", Rule.HEADER_UNKNOWN)]
    assert (1, "", Rule.HEADERS) in found(MEET.replace("Federation,Date", "Date,Federation"))
    twice = MEET.replace("MeetName\n", "MeetName,RuleSet,RuleSet\n").replace("Open\n", "Open,,\n")
    assert found(twice) == [(1, "RuleSet", Rule.HEADER_DUPLICATE)]


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("CombineRawAndWraps FourthAttemptsMayLower,Yes", None),
        ("Fantasy,", Rule.RULESET),
        (",perhaps", Rule.SANCTIONED),
    ],
)
def test_optional_columns_of_the_meet(words: str, rule: Rule | None) -> None:
    text = MEET.replace("MeetName\n", "MeetName,RuleSet,Sanctioned\n").replace("Open\n", f"Open,{words}\n")
    found = check({**FILES, "meet.csv": text.encode()})
    assert [one.rule for one in found] == ([] if rule is None else [rule])


@pytest.mark.parametrize(
    ("old", "new", "column", "rule"),
    [
        ("1,Ada", ",Ada", "Place", Rule.PLACE),
        ("1,Ada", "0,Ada", "Place", Rule.PLACE),
        ("1,Ada", "256,Ada", "Place", Rule.PLACE),
        ("1,Ada", "1st,Ada", "Place", Rule.PLACE),
        ("Ada Example", "", "Name", Rule.NAME),
        ("Ada Example", "ada Example", "Name", Rule.NAME),
        ("Ada Example", "Ada Example.", "Name", Rule.NAME),
        ("Ada Example", "Ada 'Bar' Example", "Name", Rule.NAME),
        ("Ada Example", "Jr Ada Example", "Name", Rule.NAME),
        ("Ada Example", "Ada Ex4mple", "Name", Rule.NAME),
        ("Ada Example", "Ａda Example", "Name", Rule.NAME),
        ("Ada Example", "=Ada Example", "Name", Rule.NAME),
        ("Ada Example", "Ada  Example", "Name", Rule.SPACES),
        ("Ada Example", " Ada Example", "Name", Rule.SPACES),
        (",F,1999", ",W,1999", "Sex", Rule.SEX),
        ("Raw,Open", "Bare,Open", "Equipment", Rule.EQUIPMENT),
        ("Raw,Open", ",Open", "Equipment", Rule.EQUIPMENT),
        ("Raw,Open", "Raw,Women's Open", "Division", Rule.DIVISION),
        (",SBD,Yes", ",DBS,Yes", "Event", Rule.EVENT),
        (",SBD,Yes", ",SBD,yes", "Tested", Rule.TESTED),
        ("1999-03-04", "1999-02-30", "BirthDate", Rule.BIRTH),
        ("1999-03-04,,24", "1999-03-04,1998,24", "BirthYear", Rule.BIRTH),
        ("1999-03-04,,24", "1999-03-04,,26", "Age", Rule.BIRTH),
        ("1999-03-04,,24", ",1999,26", "Age", Rule.BIRTH),
        ("1999-03-04,,24", ",99,24", "BirthYear", Rule.BIRTH),
        ("1999-03-04,,24", ",2020,", "BirthYear", Rule.BIRTH),
        ("1999-03-04,,24", ",,4", "Age", Rule.BIRTH),
        ("1999-03-04,,24", ",,24.3", "Age", Rule.BIRTH),
        ("USA,NY,Raw", "US,,Raw", "Country", Rule.COUNTRY),
        ("USA,NY,Raw", "USA,XX,Raw", "State", Rule.STATE),
        ("USA,NY,Raw", ",XX,Raw", "State", Rule.STATE),
        ("62.4,63", "14,", "BodyweightKg", Rule.BODYWEIGHT),
        ("62.4,63", "62.4,-63", "WeightClassKg", Rule.WEIGHT_CLASS),
        ("62.4,63", "62.4,57", "WeightClassKg", Rule.WEIGHT_CLASS),
        ("62.4,63", "62.4,69", "WeightClassKg", Rule.WEIGHT_CLASS),
        ("62.4,63", "62.4,65", "WeightClassKg", Rule.WEIGHT_CLASS),
        ("62.4,63", "62.4,84+", "WeightClassKg", Rule.WEIGHT_CLASS),
        ("90,100,-105", "90,100,-0105", "Squat3Kg", Rule.ZERO),
        ("-62.5,60", "0,60", "Bench3Kg", Rule.ZERO),
        ("-62.5,60", "nil,60", "Bench3Kg", Rule.NUMBER),
        ("-62.5,60", "-662.5,60", "Bench3Kg", Rule.HEAVY),
        ("90,100,-105", "100,100,-105", "Squat2Kg", Rule.REPEATED),
        ("90,100,-105", "90,100,-95", "Squat3Kg", Rule.ATTEMPT_ORDER),
        ("90,100,-105", "90,100,105", "Best3SquatKg", Rule.BEST),
        (",300,SBD", ",310,SBD", "TotalKg", Rule.TOTAL),
        (",300,SBD", ",,SBD", "TotalKg", Rule.TOTAL),
        ("1,Ada", "DQ,Ada", "TotalKg", Rule.TOTAL),
    ],
)  # fmt: skip
def test_entry(old: str, new: str, column: str, rule: Rule) -> None:
    assert shown(with_entries(old, new)) == [(2, column, rule)]


@pytest.mark.parametrize(
    ("old", "new", "row", "column", "rule"),
    [
        (",Tested,Team", ",Tested,Club", 1, "Club", Rule.HEADER_UNKNOWN),
        (",Tested,Team", ",Team,Team", 1, "Team", Rule.HEADER_DUPLICATE),
        (",Yes,Club", ",Yes,Club,", 2, "", Rule.CELL_COUNT),
        (",Yes,Club", ',Yes,"Club"', 2, "", Rule.QUOTES),
        ("-90,,-90", "-90,,-95", 4, "Best3SquatKg", Rule.BEST),
        ("90,110,90", "90,80,90", 3, "Squat4Kg", Rule.ATTEMPT_ORDER),
        ("100,,,100,,,,,100,B", "100,,,100,120,,,120,100,B", 5, "Deadlift1Kg", Rule.OUTSIDE_EVENT),
        ("Single-ply", "Wraps", 5, "Equipment", Rule.EQUIPMENT),
        ("50,,,50,100,,,100,240", "50,,,50,,,,,240", 3, "Best3DeadliftKg", Rule.LIFT_MISSING),
        ("43,47", "42,43", 4, "WeightClassKg", Rule.WEIGHT_CLASS),
        ("Pia Probe,F,", "Ada Example,M,", 6, "Name", Rule.NAMESAKES),
    ],
)
def test_file(old: str, new: str, row: int, column: str, rule: Rule) -> None:
    assert (row, column, rule) in shown(with_entries(old, new))
    assert len(with_entries(old, new)) == 1


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("Name", "Name"), ("Sex", "Sex"), ("Equipment", "Equipment"), ("Place", "Place"), ("Event", "Event"),
        ("TotalKg", "TotalKg"), ("BirthDate", "BirthDate"), ("Division", "Division"), ("Best3SquatKg", "Best3SquatKg"),
    ],
)  # fmt: skip
def test_mandatory_columns(header: str, named: str) -> None:
    lines = [line.split(",") for line in ENTRIES.splitlines()]
    at = lines[0].index(header)
    text = "\n".join(",".join(cell for index, cell in enumerate(line) if index != at) for line in lines)
    found = [one for one in check({**FILES, "entries.csv": text.encode()}) if one.rule is Rule.HEADER_MISSING]
    assert shown(found) == [(1, named, Rule.HEADER_MISSING)]


def test_columns_of_older_and_unconfigured_meets() -> None:
    text = ENTRIES.replace("BirthDate,", "Age,").replace("BirthYear,Age,", "BirthYear,AgeRange,")
    meet = MEET.replace("2024-02-24", "2019-02-24").encode()
    found = check({"meet.csv": meet, "entries.csv": text.encode()})
    assert not [one for one in found if one.rule is Rule.HEADER_MISSING]


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (ENTRIES.replace("\n", "\r\n").encode(), Rule.LINE_END),
        (ENTRIES.encode("utf-8-sig"), Rule.ENCODING),
        (ENTRIES.encode("cp1252"), Rule.ENCODING),
    ],
)
def test_bytes(data: bytes, rule: Rule) -> None:
    # A lost letter makes the name wrong as well.
    found = [one for one in check({**FILES, "entries.csv": data}) if one.rule is not Rule.NAME]
    assert [one.rule for one in found] == [rule]


def test_files_that_are_not_there_or_empty() -> None:
    assert [one.rule for one in check({})] == [Rule.FILE_MISSING, Rule.FILE_MISSING]
    assert {one.rule for one in check({"meet.csv": b"", "entries.csv": b""})} == {
        Rule.HEADERS,
        Rule.ROWS,
        Rule.HEADER_MISSING,
    }
    header = ENTRIES.splitlines()[0].encode()
    assert [one.rule for one in check({**FILES, "entries.csv": header})] == [Rule.ROWS]


def test_what_accepted_files_have_is_no_error() -> None:
    found = with_entries("90,100,-105", "90,100,-0")
    assert [(one.rule, one.is_warning) for one in found] == [(Rule.ZERO, True)]
    assert with_entries("-90,,-90", "-90,,") == []


def test_a_fourth_attempt_may_be_lighter_where_the_rules_say_so() -> None:
    meet = MEET.replace("MeetName\n", "MeetName,RuleSet\n").replace("Open\n", "Open,FourthAttemptsMayLower\n")
    entries = ENTRIES.replace("90,110,90", "90,80,90")
    assert check({"meet.csv": meet.encode(), "entries.csv": entries.encode()}) == []


def test_the_public_database_has_other_columns() -> None:
    """A meet manager that hands in the export schema, zeros and positive failures is told all three."""
    text = (
        "Name,Sex,Event,Equipment,Age,AgeClass,Division,BodyweightKg,WeightClassKg,Squat1Kg,Squat2Kg,Squat3Kg,"
        "Best3SquatKg,TotalKg,Place,Dots,Goodlift,Federation,Date,BirthDate\n"
        "Ada Example,F,S,Raw,24,24-34,Open,62.4,63,90,100,100,90,0,1,99.1,60.1,IPF,2024-02-24,\n"
    )
    found = shown(check({**FILES, "entries.csv": text.encode()}))
    unknown = [column for _, column, rule in found if rule == Rule.HEADER_UNKNOWN]
    assert unknown == ["AgeClass", "Dots", "Goodlift", "Federation", "Date"]
    assert {(2, "TotalKg", "zero"), (2, "Squat3Kg", "repeated"), (2, "Best3SquatKg", "best")} <= set(found)


def test_pounds() -> None:
    text = (
        "Place,Name,Sex,Equipment,Event,Division,BirthDate,BodyweightLbs,Bench1Lbs,Best3BenchLbs,TotalLbs\n"
        "1,Ada Example,F,Raw,B,Open,,137.5,135,135,135\n"
    )
    assert check({**FILES, "entries.csv": text.encode()}) == []
    found = check({**FILES, "entries.csv": text.replace("135,135,135", "1435,1435,1435").encode()})
    assert {one.rule for one in found} == {Rule.HEAVY}


@pytest.mark.parametrize("as_zip", [False, True])
def test_command_line(tmp_path: Path, as_zip: bool, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "meet.zip" if as_zip else tmp_path
    files = {**FILES, "meet.csv": FILES["meet.csv"].replace(b"Winter Open", b"Winter Open!")}
    if as_zip:
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(f"ipf/2401/{name}", data)
    else:
        for name, data in files.items():
            (path / name).write_bytes(data)
    assert opl_check.main([str(path)]) == 1
    assert "meet.csv:2" in capsys.readouterr().out
    assert opl_check.main([str(path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["rule"] == "meet_name"


def test_command_line_with_nothing_to_find(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    assert opl_check.main([str(tmp_path)]) == 0
    assert opl_check.main([str(tmp_path / "nowhere.zip")]) == 2
    assert capsys.readouterr().out == "Nothing to object to.\n"
