"""Sheets into rows and back: what rows hold comes back, what they cannot hold is told, and the log is whole."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meets.decisions import PROJECTED, attempt_steps
from meets.errors import Conflict
from meets.exchange.rows import Imported, import_problems, sheet_import, sheet_of
from meets.exchange.sheet import MeetSheet, SheetAttempt, SheetEntry, SheetLift
from meets.fold import fold
from meets.models import Attempt, Category, Entry, Lifter, LogKind, LogRecord, Meet
from meets.retention import ERASED_NAME, lifter_erase
from meets.selectors.standings import standing_rows
from meets.standings import place_set
from meets.verify import meet_faults
from tests import factories as make
from tests.meets.exchange.sheets import entry, lift, meet, reckoned

pytestmark = pytest.mark.django_db

LIFTS = {"S": "squat", "B": "bench", "D": "deadlift"}


def bring_in(sheet: MeetSheet, row: Meet | None = None) -> tuple[Meet, Imported]:
    row = row or make.meet_make(name=sheet.name, starts_on=sheet.date)
    user = User.objects.filter(username="importer").first() or make.user_make("importer")
    done = sheet_import(meet=row, user=user, sheet=sheet, file_sha256=hashlib.sha256(b"file").hexdigest())
    row.refresh_from_db()
    return row, done


def known(line: SheetEntry) -> SheetEntry:
    """The line as it is known here: OpenLifter's two words for classic are one, and a best follows from attempts."""
    lifts = {name: _known(line.lift(letter)) for letter, name in LIFTS.items()}
    return replace(line, equipment={"Bare": "Raw", "Sleeves": "Raw"}.get(line.equipment, line.equipment), **lifts)


def _known(one: SheetLift) -> SheetLift:
    return one if one.best_kg is not None else replace(one, best_kg=one.reckoned_kg)


def without_lots(lines: Sequence[SheetEntry]) -> list[SheetEntry]:
    return [replace(line, lot=None) for line in lines]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sheet=reckoned())
def test_what_goes_in_comes_out(sheet: MeetSheet) -> None:
    row, done = bring_in(sheet)

    back = sheet_of(row)

    assert without_lots(back.entries) == without_lots([known(line) for line in sheet.entries])
    assert (back.federation, back.country, back.town, back.formula) == (
        sheet.federation,
        sheet.country,
        sheet.town,
        sheet.formula,
    )
    assert done.categories == len(sheet.entries)
    assert list(meet_faults(row)) == []
    lots = {line.lot for line in sheet.entries if line.lot is not None}
    kept = [line.lot for line in back.entries if line.lot is not None]
    told = {one.value for one in done.problems if one.column == "Lot"}
    assert {str(lot) for lot in lots - set(kept)} <= told


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sheet=reckoned())
def test_columns_are_the_fold_of_the_records(sheet: MeetSheet) -> None:
    row, done = bring_in(sheet)
    attempts = list(Attempt.objects.filter(entry__meet=row))
    assert len(attempts) == done.attempts
    for attempt in attempts:
        state = fold(attempt_steps(attempt))
        assert [getattr(attempt, name) for name in PROJECTED] == [getattr(state, name) for name in PROJECTED]


def test_the_same_attempts_in_several_lines_are_one_entry() -> None:
    bench = {"squat": SheetLift(), "deadlift": SheetLift(), "total_kg": Decimal(60)}
    sheet = meet(
        # The bench alone stands before the full meet that it is of.
        entry(event="B", **bench),
        entry(),
        entry(division="Juniors"),
        entry(division="Masters 1", bench=lift("55 60 62.5", "62.5"), total_kg=Decimal("302.5")),
    )
    row, done = bring_in(sheet)
    assert (done.lifters, done.entries, done.categories, done.attempts) == (1, 2, 4, 18)
    categories = Category.objects.filter(entry__meet=row).order_by("pk")
    assert [(one.division, one.event) for one in categories] == [
        ("Open", "B"),
        ("Open", "SBD"),
        ("Juniors", "SBD"),
        ("Masters 1", "SBD"),
    ]
    assert len({one.entry_id for one in categories}) == 2
    assert list(sheet_of(row).entries) == [known(line) for line in sheet.entries]


def test_a_guest_and_a_doping_case_share_no_entry_with_a_placed_line() -> None:
    sheet = meet(
        entry(),
        entry(division="Guest", place="G", guest=True),
        entry("Bea Example", place="DD", total_kg=None),
        entry("Bea Example", division="Juniors"),
    )
    row, done = bring_in(sheet)
    assert (done.lifters, done.entries) == (2, 4)
    assert [line.place for line in sheet_of(row).entries] == ["1", "G", "DD", "1"]


def test_what_rows_cannot_hold_is_told() -> None:
    sheet = meet(
        entry("A" * 130, division="D" * 70, weight_class="W" * 25, lot=3, bodyweight_kg=Decimal("62.456")),
        entry("Bea Example", lot=3, equipment="Sleeves", squat=lift("102.058", "102.058"), total_kg=Decimal("302.06")),
        entry("Cy Example", bodyweight_kg=Decimal(1000)),
        entry("Di Example", total_kg=Decimal(310)),
        federation="EPF",
    )
    row = make.meet_make(name="Winter Open", federation="IPF", starts_on="2024-03-01")
    row.refresh_from_db()
    row, done = bring_in(sheet, row)
    told = [(one.column, one.value[:8]) for one in done.problems]
    assert told == [
        ("Date", "2024-02-"),
        ("Federation", "EPF"),
        ("Equipment", "Sleeves"),
        ("Name", "AAAAAAAA"),
        ("WeightClassKg", "WWWWWWWW"),
        ("Division", "DDDDDDDD"),
        ("BodyweightKg", "62.456"),
        ("Lot", "3"),
        ("Lot", "3"),
        ("Squat1Kg", "102.058"),
        ("TotalKg", "302.06"),
        ("TotalKg", "310"),
        ("BodyweightKg", "1000"),
    ]
    assert (row.federation, row.town) == ("IPF", "Valletta")
    assert Entry.objects.get(lifter__name="Cy Example").bodyweight_kg is None
    body = LogRecord.objects.get(meet=row, kind=LogKind.IMPORT).contents
    assert (body["lines"], body["not_taken"]) == (4, 13)


def test_many_of_a_kind_are_counted() -> None:
    sheet = meet(*(entry(f"{'A' * 121}{number}") for number in range(60)))
    told = list(import_problems(make.meet_make(starts_on=sheet.date), sheet))
    assert len(told) == 51
    assert told[-1].detail == "10 more lines like these."


def test_a_weight_that_is_altered_afterwards_is_found() -> None:
    row, _ = bring_in(meet())
    Attempt.objects.filter(entry__meet=row, lift="squat", number=1).update(declared_kg=Decimal(91))
    assert "91.00 kg are declared" in " ".join(one.what for one in meet_faults(row))


def test_an_attempt_that_nobody_decided_stays_open() -> None:
    open_one = SheetLift((SheetAttempt(Decimal(100), None), None, None, None))
    row, _ = bring_in(meet(entry(squat=open_one, place="", total_kg=None)))
    attempt = Attempt.objects.get(entry__meet=row, lift="squat")
    assert (attempt.outcome, attempt.version, attempt.decided_seq) == ("", 1, None)
    assert LogRecord.objects.get(attempt_id=attempt.pk).kind == LogKind.ATTEMPT
    assert list(meet_faults(row)) == []


def test_bests_without_attempts_count() -> None:
    """Some systems tell the best of each lift and nothing else."""
    best = {name: SheetLift(best_kg=Decimal(kg)) for name, kg in (("squat", 100), ("bench", 60), ("deadlift", 140))}
    row, _ = bring_in(meet(entry(**best)))
    (shown,) = standing_rows(row)
    assert (shown.place, shown.total_kg) == ("1", Decimal(300))
    assert {lift.value: kg for lift, kg in shown.score.best_kg.items()} == {"squat": 100, "bench": 60, "deadlift": 140}


def test_standings_are_placed_as_the_export_is() -> None:
    """A division that the other system ranked whatever the class: page and file say the same."""
    sheet = meet(
        entry(),
        entry("Bea Example", place="2", weight_class="69", bodyweight_kg=Decimal(68), squat=lift("80 95", "95")),
        entry("Cy Example", place="3", weight_class="76", bodyweight_kg=Decimal(75), squat=lift("80 90", "90")),
        entry("Di Example", place="4", weight_class="84", bodyweight_kg=Decimal(80), squat=lift("80 85", "85")),
    )
    row, _ = bring_in(sheet)
    assert [line.place for line in sheet_of(row).entries] == ["1", "2", "3", "4"]
    assert {one.entry.lifter.name: one.place for one in standing_rows(row)} == {
        "Ada Example": "1",
        "Bea Example": "2",
        "Cy Example": "3",
        "Di Example": "4",
    }
    last = Entry.objects.get(meet=row, lifter__name="Di Example")
    place_set(entry=last, user=make.user_make(), place=9, reason="did not come to the ceremony", division="Open")
    assert [line.place for line in sheet_of(row).entries] == ["1", "2", "3", "9"]


def test_two_whom_nothing_tells_apart_and_no_place_was_stated_are_tied() -> None:
    row, _ = bring_in(meet(entry(place=""), entry("Bea Example", place="")))
    assert [(one.place, one.tied) for one in standing_rows(row)] == [("1", True), ("1", True)]


def test_results_go_into_an_open_meet_without_entries() -> None:
    row, _ = bring_in(meet())
    with pytest.raises(Conflict, match="has entries"):
        bring_in(meet(), row)
    closed = make.meet_make(status="closed")
    with pytest.raises(Conflict):
        bring_in(meet(), closed)
    assert Lifter.objects.filter(meet=closed).count() == 0


def test_one_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError("disk full")

    row = make.meet_make(name="Winter Open")
    monkeypatch.setattr(Attempt.objects, "bulk_create", full)
    with pytest.raises(OSError, match="disk full"):
        bring_in(meet(), row)
    assert (Lifter.objects.count(), Entry.objects.count(), LogRecord.objects.filter(meet=row).count()) == (0, 0, 0)


def test_an_erased_lifter_stays_in_the_results_without_a_name() -> None:
    row, _ = bring_in(meet(entry(member_id="M1"), entry("Bea Example", place="2", bodyweight_kg=Decimal("62.9"))))
    first = Lifter.objects.get(name="Ada Example")
    lifter_erase(lifter=first, user=make.user_make(), reason="asked for it")
    lines = sheet_of(row).entries
    assert [(line.name, line.place, line.member_id) for line in lines] == [
        (ERASED_NAME, "1", ""),
        ("Bea Example", "2", ""),
    ]


def test_a_hundred_entries_come_in_with_few_queries() -> None:
    sheet = meet(*(entry(f"Lifter {number}", bodyweight_kg=Decimal(60) + number % 3) for number in range(100)))
    row = make.meet_make(name="Big", starts_on=sheet.date)
    with CaptureQueriesContext(connection) as asked:
        bring_in(sheet, row)
    assert Attempt.objects.filter(entry__meet=row).count() == 900
    assert len(asked) < 120


def test_any_word_of_equipment_has_a_row() -> None:
    @given(st.sampled_from(["Raw", "Bare", "Sleeves", "Wraps", "Straps", "Single-ply", "Multi-ply", "Unlimited"]))
    @settings(max_examples=8, deadline=None)
    def each(word: str) -> None:
        row, _ = bring_in(meet(entry(equipment=word)))
        assert [line.equipment for line in sheet_of(row).entries] == [known(entry(equipment=word)).equipment]

    each()
