"""Results out and in: files that pass the checker, no formula for a spreadsheet, rows that come back as they went."""

import csv
import io
import json
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from meets.decisions import PROJECTED, attempt_state
from meets.exchange import opl_v1
from meets.exchange.opl_check import check
from meets.exchange.rows import sheet_import, sheet_of
from meets.log import log_faults
from meets.models import Attempt, Entry, Lifter, LogKind, LogRecord, Meet, Role
from tests import factories as make

pytestmark = pytest.mark.django_db

FILE = """OPL Format v1 (OpenLifter 1.4),Submit by email:,issues@openpowerlifting.org

Federation,Date,MeetCountry,MeetState,MeetTown,MeetName,Formula
IPF,2026-05-01,Finland,,Turku,Spring Trial,IPF GL Points

Place,Name,Sex,BirthDate,Equipment,Division,BodyweightKg,WeightClassKg,Squat1Kg,Squat2Kg,Squat3Kg,Best3SquatKg,Bench1Kg,Bench2Kg,Bench3Kg,Best3BenchKg,Deadlift1Kg,Deadlift2Kg,Deadlift3Kg,Best3DeadliftKg,TotalKg,Event
1,Anna Ek,F,1999-04-02,Raw,Open,62.35,63,100,105,-110,105,60,-62.5,-62.5,60,120,127.5,130,130,295,SBD
1,Anna Ek,F,1999-04-02,Raw,Open,62.35,63,,,,,60,-62.5,-62.5,60,,,,,60,B
2,Bea Ask,F,2001-01-01,Raw,Open,61.1,63,90,95,100,100,50,55,57.5,57.5,110,120,-130,120,277.5,SBD
DQ,Cia Alm,F,2000-02-03,Raw,Open,60,63,-90,-90,-90,,50,55,,55,100,,,100,,SBD
"""


@pytest.fixture
def meet() -> Meet:
    return make.meet_make(
        name="Spring Trial", federation="IPF", country="Finland", town="Turku", rulebook="ipf-2026-v3"
    )


def client_of(meet: Meet, role: Role = Role.READER) -> APIClient:
    client = APIClient()
    client.force_authenticate(make.member_make(meet, role))
    return client


def bring_in(meet: Meet, text: str = FILE) -> Any:
    sheet, problems = opl_v1.read(text.encode())
    assert problems == []
    sheet_import(meet=meet, user=make.user_make(), sheet=sheet, file_sha256="0" * 64)
    meet.refresh_from_db()
    return sheet


def test_rows_come_back_as_they_went(meet: Meet) -> None:
    sheet = bring_in(meet)

    back = sheet_of(meet)

    assert back.entries == sheet.entries
    assert (Lifter.objects.count(), Entry.objects.count(), Attempt.objects.count()) == (3, 3, 24)


def test_what_was_brought_in_is_on_record(meet: Meet) -> None:
    bring_in(meet)
    assert list(log_faults(Meet.objects.get())) == []
    assert LogRecord.objects.filter(kind=LogKind.BROUGHT_IN).count() == 24
    for attempt in Attempt.objects.all():
        state = attempt_state(attempt)
        assert [getattr(attempt, name) for name in PROJECTED] == [getattr(state, name) for name in PROJECTED]


def test_the_zip_passes_the_checker(meet: Meet) -> None:
    bring_in(meet)
    answer = client_of(meet).get(f"/api/v1/meets/{meet.pk}/exports/openpowerlifting.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        assert sorted(files.namelist()) == ["URL", "entries.csv", "meet.csv", "original.csv"]
        found = check({name: files.read(name) for name in files.namelist()})
    assert [one for one in found if not one.is_warning] == []


def test_the_single_file_reads_back(meet: Meet) -> None:
    sheet = bring_in(meet)
    answer = client_of(meet).get(f"/api/v1/meets/{meet.pk}/exports/opl-v1.csv")
    again, problems = opl_v1.read(answer.content)
    assert problems == []
    assert [(one.name, one.place, one.total_kg) for one in again.entries] == [
        (one.name, one.place, one.total_kg) for one in sheet.entries
    ]


def test_no_text_leaves_as_a_formula(meet: Meet) -> None:
    entry = make.entry_make(meet, lifter=make.lifter_make(meet, name="=cmd|'/c calc'!A0", team="+1", member_id="@x"))
    make.decided_make(make.attempt_make(entry=entry))
    reader = client_of(meet)
    for name in ("results.csv", "attempts.csv"):
        answer = reader.get(f"/api/v1/meets/{meet.pk}/exports/{name}")
        data = b"".join(answer.streaming_content) if answer.streaming else answer.content
        for row in csv.DictReader(io.StringIO(data.decode())):
            assert not any(value.startswith(("=", "+", "@")) for value in row.values())
            assert row["lifter"] == "'=cmd|'/c calc'!A0"
    archive = reader.get(f"/api/v1/meets/{meet.pk}/exports/openpowerlifting.zip").content
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        assert b"=" not in files.read("entries.csv")


def test_attempts_are_streamed_with_their_decisions(meet: Meet) -> None:
    bring_in(meet)
    answer = client_of(meet).get(f"/api/v1/meets/{meet.pk}/exports/attempts.jsonl")
    rows = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert len(rows) == 24
    mine = sorted((row["number"], row["outcome"]) for row in rows if (row["lot"], row["lift"]) == (None, "squat"))
    assert mine.count((3, "no_lift")) == 2
    assert {row["declared_kg"] for row in rows if row["lifter"] == "Cia Alm" and row["lift"] == "squat"} == {"90.00"}


def send(client: APIClient, meet: Meet, text: bytes, query: str = "") -> Any:
    file = SimpleUploadedFile("results.csv", text, content_type="text/csv")
    return client.post(f"/api/v1/meets/{meet.pk}/results-import/{query}", {"file": file}, format="multipart")


def test_results_of_another_system_come_in_once(meet: Meet) -> None:
    staff = client_of(meet, Role.STAFF)
    dry = send(staff, meet, FILE.encode(), "?dry_run=true").json()
    assert (dry["dry_run"], dry["lines"], dry["entries"], Entry.objects.count()) == (True, 4, None, 0)

    done = send(staff, meet, FILE.encode()).json()
    assert (done["lifters"], done["entries"], done["categories"], done["attempts"]) == (3, 3, 4, 24)
    again = send(staff, meet, FILE.encode())
    assert (again.status_code, again.json()["reason"]) == (409, "not_empty")
    assert Entry.objects.count() == 3


@pytest.mark.parametrize("text", [b"", b"\x00\xff\x00", b"a,b\n1,2\n", b"OPL Format v1\n"])
def test_a_file_that_holds_no_results(meet: Meet, text: bytes) -> None:
    staff = client_of(meet, Role.STAFF)
    before = LogRecord.objects.count()
    answer = send(staff, meet, text)
    assert answer.status_code in (400, 422)
    assert (Entry.objects.count(), LogRecord.objects.count()) == (0, before)


def test_a_meet_of_our_own_leaves_by_its_standings(meet: Meet) -> None:
    entry = make.entry_make(meet, bodyweight_kg=Decimal("62.35"))
    for lift, kg in (("squat", "100"), ("bench", "60"), ("deadlift", "120")):
        make.decided_make(make.attempt_make(entry=entry, lift=lift, declared_kg=kg))
    (line,) = sheet_of(meet).entries
    assert (line.place, line.total_kg, line.weight_class, line.event) == ("1", Decimal(280), "63", "SBD")
