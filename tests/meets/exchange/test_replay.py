"""A meet through the whole path: read, reckoned, exported, checked, compared."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from meets.exchange import opl_v1
from meets.exchange import replay as replaying
from meets.exchange.openpowerlifting import files_write
from meets.exchange.replay import meets_find, reckoned, replay, replay_all, tally
from meets.exchange.sheet import MeetSheet
from tests.meets.exchange.sheets import entry, meet

SHEET = meet(
    entry(), entry("Bea Example", place="2", bodyweight_kg=Decimal("62.9")), entry("Cy Example", division="Juniors")
)
FOLDER = {**files_write(SHEET), "original.csv": opl_v1.write(SHEET)}


def put(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def test_a_meet_that_nobody_corrected() -> None:
    done = replay("ipf_2401", FOLDER)
    assert (done.imported, done.entries, done.accepted_entries, done.own_places) == (True, 3, 3, 3)
    assert done.comparison is not None
    assert done.comparison.is_equal
    assert (done.findings, done.problems, done.error) == ((), (), "")


def test_the_accepted_files_correct_nothing() -> None:
    accepted = FOLDER["entries.csv"].replace(b"Ada Example", b"Ada Sample").replace(b",300,SBD", b",299,SBD", 1)
    done = replay("ipf_2401", {**FOLDER, "entries.csv": accepted})
    assert done.comparison is not None
    assert [(one.column, one.ours) for one in done.comparison.differences] == [
        ("Name", "Ada Example"),
        ("TotalKg", "300"),
    ]


def test_something_may_lie_in_between() -> None:
    seen: list[MeetSheet] = []

    def through(sheet: MeetSheet) -> MeetSheet:
        seen.append(sheet)
        # A database keeps no lines of the file.
        return reckoned(replace(sheet, entries=tuple(replace(one, row=0) for one in sheet.entries)))

    done = replay("ipf_2401", FOLDER, through=through)
    assert [len(sheet.entries) for sheet in seen] == [3]
    assert done.comparison is not None
    assert done.comparison.is_equal


@pytest.mark.parametrize(
    ("name", "data", "imported"),
    [
        ("original.txt", FOLDER["original.csv"], True),
        ("original1.csv", FOLDER["original.csv"], True),
        ("original.csv", b"some,other,layout\n1,2,3\n", False),
        ("original.csv", b"", False),
        ("original.csv", b"OPL Format v1\n", False),
    ],
)
def test_originals(name: str, data: bytes, imported: bool) -> None:
    files = {"meet.csv": FOLDER["meet.csv"], "entries.csv": FOLDER["entries.csv"], name: data}
    assert replay("ipf_2401", files).imported is imported


def test_one_that_fails_is_told_and_stops_no_others(tmp_path: Path) -> None:
    put(tmp_path / "ipf" / "2401", FOLDER)
    put(tmp_path / "ipf" / "2402", FOLDER)

    def through(sheet: MeetSheet) -> MeetSheet:
        raise RuntimeError("no room")

    figures = tally(replay_all(meets_find(tmp_path), through=through))
    assert (figures["meets"], figures["imported"]) == (2, 0)
    assert figures["failed"][0] == {"meet": "2401", "error": "RuntimeError: no room"}


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    figures = tally(replay_all([tmp_path / "gone"]))
    assert (figures["meets"], figures["imported"], figures["failed"][0]["meet"]) == (1, 0, "gone")


def test_other_layouts_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    accepted = {name: FOLDER[name] for name in ("meet.csv", "entries.csv")}
    put(tmp_path / "2401", FOLDER)
    put(tmp_path / "2402", {**accepted, "original.csv": b"some,other,layout\n1,2,3\n"})
    put(tmp_path / "2403", {**accepted, "original.xlsx": b"PK"})
    assert replaying.main([str(tmp_path), "--json"]) == 0
    out = capsys.readouterr().out
    assert "2 not in OPL Format v1: 2402, 2403" in out
    assert json.loads(out.splitlines()[-1])["other_layouts"] == ["2402", "2403"]


def test_columns_tell_where_the_difference_is() -> None:
    accepted = FOLDER["entries.csv"].replace(b"Ada Example", b"Ada Sample")
    figures = tally([replay("ipf_2401", {**FOLDER, "entries.csv": accepted})])
    assert figures["columns"]["entries.Name"] == [2, 3]
    assert figures["columns"]["entries.TotalKg"] == [3, 3]
    assert figures["columns"]["meet.MeetName"] == [1, 1]
    assert (figures["files_equal"], figures["files_equal_but_spelling"], figures["files_equal_but_names"]) == (0, 0, 1)
    equal, carried = (sum(values) for values in zip(*figures["columns"].values(), strict=True))
    assert (equal, carried) == (figures["cells_equal"], figures["cells_compared"])


def test_what_the_original_does_not_state_is_not_held_against_the_export() -> None:
    nowhere = meet(entry(), country="")
    files = {**files_write(nowhere), "original.csv": opl_v1.write(nowhere)}
    done = replay("ipf_2401", files)
    assert (len(done.findings), done.inherited) == (1, 1)
    assert tally([done])["exports_clean_as_stated"] == 1


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(tmp_path / "2401", FOLDER)
    put(tmp_path / "2402", {**FOLDER, "entries.csv": FOLDER["entries.csv"].replace(b"1,Ada", b"3,Ada")})
    put(tmp_path / "notes", {"readme.txt": b"none"})
    assert replaying.main([str(tmp_path), "--json"]) == 0
    out = capsys.readouterr().out
    figures = json.loads(out.splitlines()[-1])
    assert "places agree          5 of 6" in out
    expected = {"meets": 2, "imported": 2, "entries": 6, "totals_agree": 6, "places_agree": 5, "files_equal": 1}
    assert figures | expected == figures
    assert figures["disagreements"] == [
        {
            "meet": "2402",
            "file": "entries.csv",
            "row": 2,
            "column": "Place",
            "ours": "1",
            "accepted": "3",
            "cause": "ranked by a rule that neither file states",
        }
    ]


def test_command_line_without_meets(tmp_path: Path) -> None:
    assert replaying.main([str(tmp_path)]) == 2
