"""A file of registrations into a meet: what the preview says is what the import does, once and no more."""

import csv
import datetime as dt
import hashlib
import io
import json
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from meets import roster_import as roster
from meets.attempts import attempt_call
from meets.errors import Conflict, Refusal, TooLarge, Unusable
from meets.log import log_faults
from meets.models import (
    Attempt,
    Category,
    Entry,
    Lifter,
    LogKind,
    LogRecord,
    Meet,
    Platform,
    Session,
)
from tests import factories as make

pytestmark = pytest.mark.django_db

COLUMNS = (
    "Day", "Platform", "Flight", "Name", "Sex", "Equipment", "Division1", "Division2", "Event1", "BirthDate",
    "MemberID", "Country", "Team", "Lot", "Guest", "WeightClass", "Bodyweight", "SquatRack", "Squat1Kg", "Bench1Kg",
    "Deadlift1Kg", "Notes",
)  # fmt: skip
ALVA = {
    "Day": "1", "Platform": "1", "Flight": "A", "Name": "Alva Nord", "Sex": "F", "Equipment": "Sleeves",
    "Division1": "Open", "Event1": "SBD", "BirthDate": "1994-05-02", "MemberID": "N1", "Country": "Norway",
    "Team": "Halden", "Lot": "14", "WeightClass": "63", "Bodyweight": "62.40", "SquatRack": "7/16", "Squat1Kg": "120",
    "Bench1Kg": "62.5", "Deadlift1Kg": "140",
}  # fmt: skip
BERIT = {"Day": "1", "Platform": "1", "Name": "Berit Sund", "Sex": "F", "Equipment": "Single-ply", "Division1": "Open",
         "Event1": "B", "BirthDate": "1970-01-31", "Lot": "15", "Bench1Kg": "90"}  # fmt: skip


def file_of(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


@pytest.fixture
def meet() -> Meet:
    meet = make.meet_make(federation="IPF")
    meet.platforms.create(name="Platform 1")
    meet.sessions.create(number=1)
    return meet


@pytest.fixture
def user() -> User:
    return make.user_make("secretary")


def told(meet: Meet) -> list[Any]:
    """Everything that an import could change, and the meet with its revision and log."""
    tables = [Lifter, Entry, Category, Attempt, Platform, Session, LogRecord]
    return [list(table.objects.order_by("pk").values()) for table in (Meet, *tables)]


def brought(meet: Meet, user: User, *rows: dict[str, str], **more: Any) -> roster.RosterReport:
    return roster.roster_import(meet=meet, user=user, data=file_of(*rows), file_name="roster.csv", **more)


def test_everything_that_a_row_says_is_there(meet: Meet, user: User) -> None:
    report = brought(meet, user, ALVA, BERIT)

    assert report.problems == ()
    assert report.counts == {"new": 2, "changed": 0, "unchanged": 0, "left_out": 0, "problems": 0}
    entry = Entry.objects.select_related("lifter", "session", "platform").get(lot=14)
    lifter = entry.lifter
    assert (lifter.name, lifter.sex, lifter.birth_date, lifter.birth_year) == (
        "Alva Nord",
        "F",
        dt.date(1994, 5, 2),
        1994,
    )
    assert (lifter.country, lifter.team, lifter.member_id) == ("Norway", "Halden", "N1")
    assert (str(entry.session), str(entry.platform), entry.flight) == ("Session 1", "Platform 1", "A")
    assert (entry.equipment, entry.weight_class, entry.bodyweight_kg) == ("classic", "63", Decimal("62.40"))
    assert (entry.squat_rack, entry.guest) == ("7/16", False)
    assert [(row.division, row.event) for row in entry.categories.all()] == [("Open", "SBD")]
    openers = {row.lift: (row.number, str(row.declared_kg)) for row in entry.attempts.all()}
    assert openers == {"squat": (1, "120.00"), "bench": (1, "62.50"), "deadlift": (1, "140.00")}
    other = Entry.objects.get(lot=15)
    assert (other.equipment, [row.event for row in other.categories.all()]) == ("equipped", ["B"])


def test_the_preview_says_what_the_import_does_and_writes_nothing(meet: Meet) -> None:
    before = told(meet)

    report = roster.roster_preview(meet=meet, data=file_of(ALVA, BERIT), file_name="roster.csv")

    assert [row.what for row in report.rows] == ["new", "new"]
    assert told(meet) == before


def test_the_import_is_one_record_that_names_nobody(meet: Meet, user: User) -> None:
    data = file_of(ALVA, BERIT)
    roster.roster_import(meet=meet, user=user, data=data)

    record = LogRecord.objects.get(kind=LogKind.IMPORT)
    body = json.loads(record.body)
    assert body["file_sha256"] == hashlib.sha256(data).hexdigest()
    assert (body["lines"], body["counts"]["new"]) == (2, 2)
    assert {*body["entries"]} == {str(pk) for pk in Entry.objects.values_list("pk", flat=True)}
    assert {*body["lifters"]} == {str(pk) for pk in Lifter.objects.values_list("pk", flat=True)}
    every = "".join(LogRecord.objects.values_list("body", flat=True))
    assert not any(word in every for word in ("Alva", "Berit", "1994", "1970", "N1"))
    # Each opener is told as any declared weight is.
    assert LogRecord.objects.filter(kind=LogKind.ATTEMPT).count() == 4
    assert record.user == user
    meet.refresh_from_db()
    assert (list(log_faults(meet)), meet.revision) == ([], 1)


def test_the_same_file_again_changes_nothing(meet: Meet, user: User) -> None:
    brought(meet, user, ALVA, BERIT)
    before = told(meet)

    again = brought(meet, user, ALVA, BERIT)

    assert again.counts == {"new": 0, "changed": 0, "unchanged": 2, "left_out": 0, "problems": 0}
    assert told(meet) == before


@pytest.mark.parametrize(
    ("row", "differs_in"),
    [
        ({"Name": "Berit Sund", "Sex": "M", "BirthDate": "1994-05-02"}, "name and sex"),
        ({"Name": "Berit Sund", "Sex": "M"}, "name and sex"),
        ({"Name": "Berit Sund", "Sex": "F", "BirthDate": "1970-01-31"}, "name and birth"),
        ({"Name": "Berit Sund", "Sex": "F", "BirthDate": "1970"}, "name and birth"),
        ({"Name": "Berit Sund", "Sex": "F", "BirthDate": "1994-05-03"}, "name and birth"),
    ],
)
def test_a_mistyped_number_overwrites_nobody(meet: Meet, user: User, row: dict[str, str], differs_in: str) -> None:
    brought(meet, user, ALVA)
    before = told(meet)

    report = brought(meet, user, {"Equipment": "Raw", "MemberID": "n1", "Team": "Oslo"} | row)

    (problem,) = report.problems
    assert (problem.row, problem.column, problem.value, problem.is_fatal) == (2, "MemberID", "n1", True)
    assert problem.detail == (
        f"This is Alva Nord's number in this meet, and the row differs in {differs_in}. "
        "Correct the number here, or that lifter in the meet."
    )
    assert report.counts == {"new": 0, "changed": 0, "unchanged": 0, "left_out": 1, "problems": 1}
    assert told(meet) == before


def test_a_mistyped_number_in_the_file_itself_joins_nobody(meet: Meet, user: User) -> None:
    report = brought(meet, user, ALVA, BERIT | {"MemberID": "N1"})

    (problem,) = report.problems
    assert (problem.row, problem.column, problem.is_fatal) == (3, "MemberID", True)
    assert problem.detail == (
        "Row 2 has this number too, for Alva Nord; they differ in name and birth. Correct one of the two numbers."
    )
    entry = Entry.objects.get()
    assert (entry.lifter.name, entry.lot, [row.event for row in entry.categories.all()]) == ("Alva Nord", 14, ["SBD"])


@pytest.mark.parametrize(
    ("change", "warned"),
    [
        ({"BirthDate": "1994-05-02"}, False),
        ({"BirthDate": "1994"}, False),
        # Nothing but the number says who it is.
        ({"BirthDate": ""}, True),
    ],
)
def test_a_lifter_who_married_keeps_the_number(meet: Meet, user: User, change: dict[str, str], warned: bool) -> None:
    brought(meet, user, ALVA)

    report = brought(meet, user, ALVA | {"Name": "Alva Berg"} | change)

    assert (report.problems, report.count("changed")) == ((), 1)
    lifter = Lifter.objects.get()
    assert (lifter.name, lifter.member_id, lifter.birth_date) == ("Alva Berg", "N1", dt.date(1994, 5, 2))
    said = "By the member number this is Alva Nord, who gets this name. If it is somebody else, correct the number."
    told_of = [(one.row, one.column, one.value, one.detail) for one in report.warnings]
    assert told_of == ([(2, "Name", "Alva Berg", said)] if warned else [])
    # A slip in the name's spelling alone, or a corrected sex or birth date, is nobody else.
    for slip in ({"Name": "ALVA  BERG"}, {"Sex": "M"}, {"BirthDate": "1993-05-02"}):
        report = brought(meet, user, ALVA | {"Name": "Alva Berg", "WeightClass": ""} | slip)
        assert (report.problems, report.warnings, Lifter.objects.count()) == ((), (), 1)


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"Team": "Oslo"}, "lifter.team", "Oslo"),
        ({"Name": "Alva Nordby"}, "lifter.name", "Alva Nordby"),
        ({"BirthDate": "1994-05-03"}, "lifter.birth_date", dt.date(1994, 5, 3)),
        ({"Lot": "2"}, "lot", 2),
        ({"Flight": "b"}, "flight", "B"),
        ({"Bodyweight": "61,90"}, "bodyweight_kg", Decimal("61.90")),
        ({"Guest": "Yes"}, "guest", True),
        ({"SquatRack": "8"}, "squat_rack", "8"),
        # The only entry of a lifter who stands there once: what she wears was corrected.
        ({"Equipment": "Single-ply"}, "equipment", "equipped"),
        ({"WeightClass": "57", "Bodyweight": "56.9"}, "weight_class", "57"),
    ],
)
def test_a_changed_cell_updates(meet: Meet, user: User, change: dict[str, str], field: str, value: Any) -> None:
    brought(meet, user, ALVA, BERIT)
    ids = set(Entry.objects.values_list("pk", flat=True))
    made_at = Entry.objects.order_by("pk").values_list("created_at", flat=True)[0]

    report = brought(meet, user, ALVA | change, BERIT)

    assert (report.count("changed"), report.count("unchanged"), report.problems) == (1, 1, ())
    row: Any = Entry.objects.select_related("lifter").get(lifter__member_id="N1")
    for part in field.split("."):
        row = getattr(row, part)
    assert row == value
    assert set(Entry.objects.values_list("pk", flat=True)) == ids
    assert Entry.objects.order_by("pk").values_list("created_at", flat=True)[0] == made_at
    body = json.loads(LogRecord.objects.filter(kind=LogKind.IMPORT).latest("seq").body)
    assert field.split(".")[-1] in next(iter(body["changed"].values()))


def test_nothing_is_taken_away(meet: Meet, user: User) -> None:
    brought(meet, user, ALVA, BERIT)
    bare = {"Name": "Alva Nord", "Sex": "F", "Equipment": "Raw", "MemberID": "N1", "Division1": "Juniors"}
    before = Lifter.objects.values().get(member_id="N1"), Entry.objects.values().get(lifter__member_id="N1")

    report = brought(meet, user, bare)

    assert (Lifter.objects.count(), Entry.objects.count(), Attempt.objects.count()) == (2, 2, 4)
    assert (Lifter.objects.values().get(member_id="N1"), Entry.objects.values().get(lifter__member_id="N1")) == before
    pairs = Category.objects.filter(entry__lifter__member_id="N1").values_list("division", "event")
    assert set(pairs) == {("Open", "SBD"), ("Juniors", "SBD")}
    # By her birth year she is no junior: taken, and said.
    assert "not in Junior" in report.warnings[0].detail


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"Name": "ALVA  NORD", "MemberID": "", "BirthDate": "1994-05-02"}, "same"),
        ({"Name": "Alva Nord", "MemberID": "", "BirthDate": "1994"}, "same"),
        ({"Name": "Alva Nord", "MemberID": "", "BirthDate": ""}, "same"),
        ({"Name": "Alva Nord", "MemberID": "N2"}, "other"),
        ({"Name": "Alva Nord", "MemberID": "", "BirthDate": "1995-05-02"}, "other"),
        ({"Name": "Alva Nord", "Sex": "M", "MemberID": "", "BirthDate": ""}, "other"),
    ],
)
def test_who_is_who(meet: Meet, user: User, row: dict[str, str], what: str) -> None:
    brought(meet, user, ALVA)
    bare = {name: ALVA[name] for name in ("Sex", "Equipment", "Division1", "Event1", "BirthDate")}

    brought(meet, user, bare | row)

    assert Lifter.objects.count() == (1 if what == "same" else 2)


def test_two_of_one_name_in_the_meet_are_not_guessed_at(meet: Meet, user: User) -> None:
    for year in (1990, 1991):
        make.entry_make(meet, lifter=make.lifter_make(meet, name="Anna Berg", birth_year=year))
    before = told(meet)

    report = brought(meet, user, {"Name": "Anna Berg", "Sex": "F", "Equipment": "Raw"})

    assert [one.is_fatal for one in report.problems] == [True]
    assert "Several lifters" in report.problems[0].detail
    assert told(meet) == before


def test_equipped_and_classic_are_two_entries_of_one_lifter(meet: Meet, user: User) -> None:
    both = (ALVA, ALVA | {"Equipment": "Single-ply", "Lot": "40", "Team": "Oslo"})

    report = brought(meet, user, *both)

    lifter = Lifter.objects.get()
    assert {entry.equipment for entry in lifter.entries.all()} == {"classic", "equipped"}
    # What the second row says otherwise of the lifter herself is named, not taken.
    assert [(one.row, one.column) for one in report.problems] == [(3, "Team")]
    assert lifter.team == "Halden"
    before = told(meet)
    brought(meet, user, *both)
    assert told(meet) == before


def test_lots_are_exchanged(meet: Meet, user: User) -> None:
    brought(meet, user, ALVA, BERIT)

    report = brought(meet, user, ALVA | {"Lot": "15"}, BERIT | {"Lot": "14"})

    assert (report.count("changed"), report.problems) == (2, ())
    assert Entry.objects.get(lot=15).lifter.name == "Alva Nord"
    assert Entry.objects.get(lot=14).lifter.name == "Berit Sund"


def test_a_lot_of_somebody_else_is_not_given_again(meet: Meet, user: User) -> None:
    brought(meet, user, ALVA, BERIT)

    report = brought(meet, user, ALVA | {"Lot": "15"})

    assert [(one.row, one.column, one.value) for one in report.problems] == [(2, "Lot", "15")]
    assert {entry.lot: entry.lifter.name for entry in Entry.objects.all()} == {14: "Alva Nord", 15: "Berit Sund"}


def test_what_is_missing_is_made_when_asked_for(user: User) -> None:
    meet = make.meet_make(federation="IPF")
    rows = (ALVA | {"Day": "2", "Platform": "Blue"}, BERIT | {"Day": "2", "Platform": "1"})

    report = brought(meet, user, *rows)

    assert {(one.row, one.column, one.value) for one in report.problems} == {
        (2, "Day", "2"), (2, "Platform", "Blue"), (3, "Platform", "1"),
    }  # fmt: skip
    assert (report.missing_platforms, report.missing_sessions) == (("Blue", "Platform 1"), (2,))
    assert (Platform.objects.count(), Session.objects.count()) == (0, 0)

    report = brought(meet, user, *rows, create_missing=True)

    assert (report.count("changed"), report.problems) == (2, ())
    assert {entry.platform.name for entry in Entry.objects.all() if entry.platform} == {"Blue", "Platform 1"}
    assert {entry.session.number for entry in Entry.objects.all() if entry.session} == {2}
    body = json.loads(LogRecord.objects.filter(kind=LogKind.IMPORT).latest("seq").body)
    assert (body["platforms"], body["sessions"]) == (["Blue", "Platform 1"], [2])
    before = told(meet)
    assert brought(meet, user, *rows, create_missing=True).count("unchanged") == 2
    assert told(meet) == before


def test_the_only_platform_is_meant_by_1(user: User) -> None:
    meet = make.meet_make()
    meet.platforms.create(name="Main hall")

    assert brought(meet, user, ALVA | {"Day": ""}).problems == ()

    assert Entry.objects.get().platform is not None


@pytest.mark.parametrize(
    ("change", "column", "accepted", "field", "left"),
    [
        ({"WeightClass": "82.5"}, "WeightClass", "63", "weight_class", "63"),
        ({"WeightClass": "57"}, "WeightClass", None, "weight_class", "63"),
        ({"Squat1Kg": "121"}, "Squat1Kg", "122.5 kg", None, None),
        ({"BirthDate": "2024-05-02"}, "BirthDate", None, "lifter.birth_year", None),
    ],
)
def test_cells_that_the_meet_does_not_allow(
    meet: Meet, user: User, change: dict[str, str], column: str, accepted: str | None, field: str | None, left: Any
) -> None:
    report = brought(meet, user, ALVA | change)

    assert [(one.row, one.column) for one in report.problems] == [(2, column)]
    assert accepted is None or accepted in report.problems[0].accepted
    if field:
        row: Any = Entry.objects.get()
        for part in field.split("."):
            row = getattr(row, part)
        assert row == left
    else:
        assert set(Attempt.objects.values_list("lift", flat=True)) == {"bench", "deadlift"}


def test_an_opener_outside_the_events_is_named(meet: Meet, user: User) -> None:
    report = brought(meet, user, BERIT | {"Squat1Kg": "100"})

    assert [(one.column, one.detail) for one in report.problems] == [
        ("Squat1Kg", "This lift is in none of the lifter's events.")
    ]


def test_an_opener_is_changed_once_and_then_by_a_person(meet: Meet, user: User) -> None:
    brought(meet, user, ALVA)
    assert brought(meet, user, ALVA | {"Squat1Kg": "125"}).problems == ()
    attempt = Attempt.objects.get(lift="squat")
    assert (str(attempt.declared_kg), attempt.changes) == ("125.00", 1)
    before = told(meet)

    report = brought(meet, user, ALVA | {"Squat1Kg": "130"})

    assert [(one.row, one.column, one.value) for one in report.problems] == [(2, "Squat1Kg", "130")]
    # Nothing else was to change, so not even a record is written.
    assert told(meet) == before


def test_a_called_opener_stays_and_the_rest_is_taken(meet: Meet, user: User) -> None:
    brought(meet, user, ALVA)
    attempt_call(attempt=Attempt.objects.get(lift="squat"), user=user)

    report = brought(meet, user, ALVA | {"Squat1Kg": "125", "Team": "Oslo"}, BERIT)

    assert [(one.column, one.detail) for one in report.problems] == [
        ("Squat1Kg", "This opener was called already, so its weight stays.")
    ]
    assert Lifter.objects.get(member_id="N1").team == "Oslo"
    assert Attempt.objects.filter(entry__lot=15, lift="bench").exists()


def test_a_file_of_another_federation_is_told(meet: Meet, user: User) -> None:
    entry = {"name": "Alva Nord", "sex": "F", "equipment": "Sleeves", "divisions": ["Open"], "events": ["SBD"]}
    state = {"meet": {"federation": "USAPL", "divisions": ["Open"]}, "registration": {"entries": [entry]}}

    report = roster.roster_preview(meet=meet, data=json.dumps(state).encode())

    assert [(one.row, one.column, one.value, one.accepted) for one in report.problems] == [
        (0, "federation", "USAPL", ("IPF",))
    ]
    assert report.count("new") == 1


REFUSED: dict[str, tuple[Callable[[Meet], bytes], type[Refusal], int, str]] = {
    "closed": (lambda meet: file_of(ALVA), Conflict, 409, "This meet is closed"),
    "too large": (lambda meet: b"x" * 5_000_001, TooLarge, 413, "larger than 5 MB"),
    "empty": (lambda meet: b"", Unusable, 422, "empty"),
    "no roster": (lambda meet: b"a,b\n1,2\n", Unusable, 422, "Name, Sex and Equipment"),
    "results": (lambda meet: b"OPL Format v1 (OpenLifter 1.4)\n", Unusable, 422, "results, not registrations"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_refused_file_writes_nothing(meet: Meet, user: User, why: str) -> None:
    data, kind, status, sentence = REFUSED[why]
    if why == "closed":
        Meet.objects.update(status="closed")
    before = told(meet)

    with pytest.raises(kind, match=sentence) as refused:
        roster.roster_import(meet=meet, user=user, data=data(meet), create_missing=True)

    assert refused.value.status == status
    assert told(meet) == before


def test_another_meets_lifters_are_nobody_here(meet: Meet, user: User) -> None:
    other = make.meet_make()
    make.entry_make(other, lifter=make.lifter_make(other, name="Alva Nord", member_id="N1", birth_year=1994))

    assert brought(meet, user, ALVA).count("new") == 1

    assert Lifter.objects.filter(meet=other).count() == Lifter.objects.filter(meet=meet).count() == 1


def test_no_file_names_somebody_again_who_was_forgotten(meet: Meet, user: User) -> None:
    brought(meet, user, ALVA)
    Lifter.objects.update(name="Alva Nord", erased_at=timezone.now(), member_id="")
    gone = Lifter.objects.values().get()

    report = brought(meet, user, ALVA | {"Team": "Oslo"})

    # A new registration is a new lifter; the one that was erased stays as it is, lot included.
    assert [(one.column, one.value) for one in report.problems] == [("Lot", "14")]
    assert Lifter.objects.values().get(pk=gone["id"]) == gone
    assert Lifter.objects.count() == 2


def test_no_formula_is_kept(meet: Meet, user: User) -> None:
    brought(meet, user, ALVA | {"Name": "=1+A1 Nord", "Team": "@SUM(A1)", "MemberID": "-N1"})

    lifter = Lifter.objects.get()
    assert (lifter.name, lifter.team, lifter.member_id) == ("1+A1 Nord", "SUM(A1)", "N1")


# ── Many ─────────────────────────────────────────────────────────────────────────────────────────────────

BAD: dict[str, tuple[str, ...]] = {
    "Sex": ("Q", "?"),
    "Equipment": ("Shirt", ""),
    "BirthDate": ("31.02.1990", "soon", "1890-01-01", "2025-01-01"),
    "Lot": ("0", "-3", "12a", "10000"),
    "Flight": ("Z", "AA"),
    "Guest": ("perhaps",),
    "WeightClass": ("82.5",),
    "Bodyweight": ("-80", "eighty", "7"),
    "Squat1Kg": ("-100", "101", "heavy", "900"),
    "Event1": ("SBX",),
    "Name": ("", "=1+1"),
    "Notes": ("x" * 300,),
}


def many(count: int, bad: int) -> tuple[bytes, set[tuple[int, str]]]:
    """A file of so many lifters, and which of its cells are bad."""
    dice = random.Random(7)  # noqa: S311
    first, last = ("Alva", "Berit", "Cato", "Dag", "Eli", "Finn"), ("Nord", "Sund", "Vik", "Lie", "Berg", "Moe", "Dahl")
    rows = []
    for number in range(count):
        sex = dice.choice("MF")
        kg, limit = dice.choice([(82.1, 83), (73.4, 74), (92.0, 93)] if sex == "M" else [(62.4, 63), (68.0, 69)])
        rows.append(
            ALVA
            | {
                "Name": f"{dice.choice(first)} {dice.choice(last)}", "Sex": sex, "MemberID": f"M{number}",
                "BirthDate": f"{dice.randint(1970, 2004)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}",
                "Lot": str(number + 1), "Flight": dice.choice("ABCD"), "WeightClass": str(limit), "Bodyweight": str(kg),
            }
        )  # fmt: skip
    cells = [(column, value) for column, values in BAD.items() for value in values]
    at = set()
    for index, number in enumerate(dice.sample(range(count), bad)):
        column, value = cells[index % len(cells)]
        rows[number] = rows[number] | {column: value}
        at.add((number + 2, column))
    return file_of(*rows), at


def test_exactly_the_bad_cells_of_many_are_named(meet: Meet, user: User) -> None:
    data, bad = many(5000, 40)

    with CaptureQueriesContext(connection) as queries:
        preview = roster.roster_preview(meet=meet, data=data)
    with CaptureQueriesContext(connection) as writes:
        report = roster.roster_import(meet=meet, user=user, data=data)
    again = roster.roster_import(meet=meet, user=user, data=data)

    assert {(one.row, one.column) for one in preview.problems} == bad
    assert len(preview.problems) == 40
    assert preview.problems == report.problems
    assert preview.counts["left_out"] == len({row for row, column in bad if column in ("Sex", "Equipment")}) + sum(
        1 for one in preview.problems if one.column == "Name" and one.is_fatal
    )
    assert report.count("new") == 5000 - preview.counts["left_out"] == Entry.objects.count()
    assert again.count("unchanged") == Entry.objects.count()
    assert len(queries) < 12
    # In bundles as large as the database takes, never a row at a time.
    assert len(writes) < 1000


def test_many_are_changed_at_once(meet: Meet, user: User) -> None:
    data, _ = many(1000, 0)
    roster.roster_import(meet=meet, user=user, data=data)
    made = dict(Entry.objects.values_list("pk", "created_at"))

    with CaptureQueriesContext(connection) as queries:
        report = roster.roster_import(meet=meet, user=user, data=data.replace(b"7/16", b"8"))

    assert (report.count("changed"), report.problems) == (1000, ())
    assert set(Entry.objects.values_list("squat_rack", flat=True)) == {"8"}
    assert dict(Entry.objects.values_list("pk", "created_at")) == made
    assert len(queries) < 40
