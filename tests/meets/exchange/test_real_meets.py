"""The real meets, where they are: accepted folders are clean, and our export agrees but for what people corrected."""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from meets.exchange import opl_v1
from meets.exchange.compare import Cause
from meets.exchange.opl_check import Rule, check_path
from meets.exchange.replay import Replayed, meets_find, replay_all, tally
from meets.management.commands.meets_replay import through_rows
from meets.models import Entry, LogRecord, Meet

DATA = Path(os.environ.get("LIFT_DATA", Path(__file__).parents[4] / "shared" / "data"))
FOLDER = DATA / "meets"
MEETS = meets_find(FOLDER)

pytestmark = pytest.mark.skipif(not MEETS, reason=f"no real meets at {FOLDER}; set LIFT_DATA")


@cache
def results() -> tuple[Replayed, ...]:
    return tuple(replay_all(MEETS))


@cache
def figures() -> dict[str, Any]:
    return tally(results())


def test_accepted_folders_are_clean() -> None:
    found = {folder.name: [one for one in check_path(folder) if not one.is_warning] for folder in MEETS}
    assert {name: findings for name, findings in found.items() if findings} == {}


def test_every_original_is_read_whole() -> None:
    for folder in MEETS:
        data = (folder / "original.csv").read_bytes()
        sheet, problems = opl_v1.read(data)
        assert sheet.date is not None
        # What was not taken, or not as it stands, are birth dates that cannot be, an event that is another one, and
        # failures without their minus; lines were taken all.
        columns = {"", "Federation", "BirthDate", "Event", "Squat3Kg", "Bench2Kg", "Bench3Kg"}
        assert {one.column for one in problems} <= columns
        assert opl_v1.read(opl_v1.write(sheet))[0].entries


def test_tallies() -> None:
    found = figures()
    assert (found["meets"], found["imported"], found["failed"]) == (22, 22, [])
    assert (found["entries"], found["entries_accepted"]) == (1744, 1549)
    assert (found["totals_agree"], found["totals_compared"]) == (1542, 1547)
    assert (found["places_agree"], found["places_compared"]) == (1452, 1498)
    # All but the one meet that ranked by shares of records.
    assert found["places_from_accepted_attempts"] == 1534
    assert found["files_equal_but_spelling"] >= 3


@pytest.mark.django_db
def test_through_the_database_the_tally_is_the_same() -> None:
    """Import, rows, standings, export: nothing is lost on the way, and nothing is left behind."""
    before = (Meet.objects.count(), Entry.objects.count(), LogRecord.objects.count())
    found = tally(replay_all(MEETS, through=through_rows))
    assert found == figures()
    assert (Meet.objects.count(), Entry.objects.count(), LogRecord.objects.count()) == before


def test_exports_are_clean_but_for_what_the_original_brings_along() -> None:
    found = figures()
    assert found["exports_clean_as_stated"] == found["imported"]
    assert found["exports_clean"] >= 12
    # Every figure of these is equal; people, divisions or the meet are called otherwise.
    assert found["files_equal_but_names"] >= 8


def test_every_disagreement_has_a_cause() -> None:
    causes = Counter(one["cause"] for one in figures()["disagreements"])
    assert causes[Cause.NOT_EXPLAINED] == 0
    assert causes[Cause.STATED_NOWHERE] == 0


def test_totals_differ_only_where_people_corrected_something() -> None:
    totals = [one["cause"] for one in figures()["disagreements"] if one["column"] == "TotalKg"]
    assert set(totals) <= {Cause.FOLLOWS_ATTEMPT, Cause.DISQUALIFIED, Cause.DOPING}


def test_exports_have_no_findings_but_what_the_originals_lack_or_got_wrong() -> None:
    """LiftingCast tells neither federation nor country; the attempts that cannot be were corrected by volunteers."""
    rules = {one.rule for row in results() for one in row.findings}
    assert rules <= {Rule.DIVISION, Rule.COUNTRY, Rule.FEDERATION, Rule.REPEATED, Rule.ATTEMPT_ORDER}
