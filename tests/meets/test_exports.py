"""Results out and in: files that pass the checker, no formula for a spreadsheet, rows that come back as they went."""

import csv
import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from meets import decisions
from meets.decisions import PROJECTED, attempt_state
from meets.exchange import opl_v1
from meets.exchange.opl_check import check
from meets.exchange.rows import sheet_import, sheet_of
from meets.log import log_faults
from meets.models import Assessment, Attempt, Category, Entry, EvidenceMode, Lifter, LogKind, LogRecord, Meet, Role
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


def test_what_is_not_kept_is_told_with_the_import(meet: Meet) -> None:
    staff = client_of(meet, Role.STAFF)
    text = FILE.replace("2026-05-01", "2025-04-30").replace("130,295,SBD", "130,296,SBD").encode()
    for query in ("?dry_run=true", ""):
        problems = send(staff, meet, text, query).json()["problems"]
        assert [(one["column"], one["value"]) for one in problems] == [("Date", "2025-04-30"), ("TotalKg", "296")]


def test_a_dry_run_says_that_nothing_would_come_in(meet: Meet) -> None:
    make.entry_make(meet)
    answer = send(client_of(meet, Role.STAFF), meet, FILE.encode(), "?dry_run=true")
    assert (answer.status_code, answer.json()["reason"]) == (409, "not_empty")


def test_what_cannot_leave_is_listed(meet: Meet) -> None:
    for name in ("Anna Ek", "123", "???"):
        entry = make.entry_make(meet, lifter=make.lifter_make(meet, name=name), bodyweight_kg=Decimal("62.35"))
        make.decided_make(make.attempt_make(entry=entry))
    answer = client_of(meet).get(f"/api/v1/meets/{meet.pk}/exports/openpowerlifting.zip")
    problem = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert problem["reason"] == "cannot_leave"
    assert sorted((one["column"], one["value"]) for one in problem["problems"]) == [("Name", "123"), ("Name", "???")]


# ── results.json ─────────────────────────────────────────────────────────────────────────────────────────


def results_json(client: APIClient, meet: Meet) -> dict[str, Any]:
    answer = client.get(f"/api/v1/meets/{meet.pk}/exports/results.json")
    assert answer["Content-Type"] == "application/json"
    found: dict[str, Any] = json.loads(b"".join(answer.streaming_content))
    return found


def seated(meet: Meet) -> dict[str, Any]:
    return {seat: make.member_make(meet, Role.REFEREE, seat=seat) for seat in ("left", "chief", "right")}


def test_how_each_attempt_was_decided() -> None:
    meet = make.meet_make(evidence_mode=EvidenceMode.JURY, rulebook="ipf-2026-v3")
    referees, head = seated(meet), make.member_make(meet, Role.HEAD)
    entry = make.entry_make(meet, bodyweight_kg=Decimal("62.35"))
    attempt = make.attempt_make(entry=entry)
    make.assessed_make(attempt, seen=make.seen_make())
    make.attempt_make(entry=entry, number=2, declared_kg="110")
    for (seat, referee), colour in zip(referees.items(), ("white", "red", "white"), strict=True):
        decisions.light_record(attempt=attempt, referee=referee, colour=colour, seat=seat)
    decisions.decision_correct(attempt=attempt, user=head, outcome="no_lift", reason="bar was misloaded")

    (row,) = results_json(client_of(meet), meet)["rows"]

    first, second = row["attempts"]
    decision = first["decision"]
    assert (first["kg"], first["outcome"], decision["is_changed"]) == ("100.00", "no_lift", True)
    original = decision["original"]
    assert original.pop("at")
    assert original == {
        "by": "lights",
        "take": 1,
        "outcome": "good",
        "lights": {"left": "white", "chief": "red", "right": "white"},
        "assist": True,
        "evidence_mode": "jury",
        # The jury's alone until the meet is closed.
        "evidence": None,
    }
    (change,) = decision["changes"]
    assert (change["by"], change["outcome"], change["reason"]) == ("head", "no_lift", "bar was misloaded")
    assert decision["evidence"] is None
    # Declared, and no result.
    assert (second["kg"], second["outcome"], second["decision"]) == (None, "", None)
    # Who sat where is nobody's business here.
    assert not any(referee.username in json.dumps(row) for referee in referees.values())

    uid = str(Assessment.objects.get().uid)
    (row,) = results_json(client_of(meet, Role.JURY), meet)["rows"]
    decision = row["attempts"][0]["decision"]
    assert (decision["evidence"], decision["original"]["evidence"]) == ([uid], [uid])


def test_lights_that_are_being_given_are_in_no_export() -> None:
    meet = make.meet_make(rulebook="ipf-2026-v3", evidence_mode=EvidenceMode.AFTER_LIGHT)
    referees = seated(meet)
    attempt = make.attempt_make(meet)
    decisions.light_record(attempt=attempt, referee=referees["left"], colour="red")
    reader = client_of(meet)
    (row,) = results_json(reader, meet)["rows"]
    assert row["attempts"][0]["decision"] is None
    for name in ("results.csv", "attempts.csv", "attempts.jsonl"):
        answer = reader.get(f"/api/v1/meets/{meet.pk}/exports/{name}")
        data = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b",red" not in data
        assert b'"red"' not in data


def test_results_json_asks_no_more_for_more(meet: Meet) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            results_json(client, meet)
        return len(asked)

    client = client_of(meet)
    bring_in(meet)
    few = cost()
    for _ in range(20):
        entry = make.entry_make(meet)
        make.decided_make(make.attempt_make(entry=entry))
    assert cost() == few


# ── Page and command ─────────────────────────────────────────────────────────────────────────────────────


def page_of(meet: Meet, role: Role = Role.STAFF) -> tuple[Client, str]:
    client = Client()
    client.force_login(make.member_make(meet, role))
    return client, reverse("meet-results-import", args=[meet.pk])


def chosen(text: str = FILE) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("results.csv", text.encode(), content_type="text/csv")}


def test_the_page_shows_first_and_brings_in_what_was_shown(meet: Meet) -> None:
    client, address = page_of(meet)
    assert address in client.get(reverse("meet-results", args=[meet.pk])).content.decode()
    text = FILE.replace("130,295,SBD", "130,296,SBD")
    looked = client.post(address, chosen(text))
    assert "The attempts give 295 kg" in looked.content.decode()
    assert Entry.objects.count() == 0

    assert client.post(address, {"sha256": "0" * 64}).status_code == 422
    done = client.post(address, {"sha256": looked.context["kept"]["sha256"]}, follow=True)
    assert "3 entries with 24 attempts were brought in." in done.content.decode()
    assert Entry.objects.count() == 3
    assert client.post(address, {"sha256": looked.context["kept"]["sha256"]}).status_code == 422


@pytest.mark.parametrize(("body", "status"), [({}, 422), (chosen("a,b\n1,2\n"), 422), ({"sha256": "x"}, 422)])
def test_the_page_refuses(meet: Meet, body: dict[str, Any], status: int) -> None:
    client, address = page_of(meet)
    assert client.post(address, body).status_code == status
    assert Entry.objects.count() == 0


def test_the_page_takes_nothing_into_a_closed_meet(meet: Meet) -> None:
    client, address = page_of(meet)
    Meet.objects.update(status="closed")
    assert client.post(address, chosen()).status_code == 409


def test_the_command_makes_the_meet(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text(FILE, encoding="utf-8")
    user = make.user_make("ada", makes_meets=True)
    out = io.StringIO()
    call_command("results_import", str(path), "--user", "ada", "--dry-run", stdout=out)
    assert (Meet.objects.count(), "would be brought in" in out.getvalue()) == (0, True)
    call_command("results_import", str(path), "--user", "ada", "--meet-name", "Trial", stdout=out)
    meet = Meet.objects.get()
    assert (meet.name, meet.federation, str(meet.starts_on)) == ("Trial", "IPF", "2026-05-01")
    assert (Entry.objects.count(), meet.memberships.get().user) == (3, user)
    assert list(log_faults(meet)) == []
    for arguments in (["--user", "nobody"], ["--user", "ada", "--rulebook", "none"]):
        with pytest.raises(CommandError):
            call_command("results_import", str(path), *arguments, stdout=out)
    with pytest.raises(CommandError):
        call_command("results_import", str(tmp_path / "gone.csv"), "--user", "ada", stdout=out)
    assert Meet.objects.count() == 1


def test_the_zip_of_a_meet_of_our_own_passes_the_checker(meet: Meet) -> None:
    """A guest, one who bombed out, and one who did not come."""
    kg = {"squat": ("100", "105", "-110"), "bench": ("60", "-62.5", "-62.5"), "deadlift": ("120", "130", "-140")}
    bombed = kg | {"bench": ("-60", "-60", "-60")}
    for name, cells, fields in (
        ("Anna Ek", kg, {}),
        ("Bea Ask", kg, {"guest": True}),
        ("Cia Alm", bombed, {}),
        ("Dana Dal", {}, {}),
    ):
        born = make.lifter_make(meet, name=name, birth_year=1999, country="Finland")
        weighed = Decimal("62.35") if cells else None
        entry = make.entry_make(meet, lifter=born, bodyweight_kg=weighed, weight_class="63", **fields)
        Category.objects.create(entry=entry, division="Open")
        for lift, weights in cells.items():
            for number, cell in enumerate(weights, start=1):
                attempt = make.attempt_make(entry=entry, lift=lift, number=number, declared_kg=cell.strip("-"))
                make.decided_make(attempt, "no_lift" if cell.startswith("-") else "good")
    reader = client_of(meet)
    Meet.objects.update(status="closed")
    answer = reader.get(f"/api/v1/meets/{meet.pk}/exports/openpowerlifting.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        found = {name: files.read(name) for name in files.namelist()}
    assert [one for one in check(found) if not one.is_warning] == []
    places = [(row["Name"], row["Place"]) for row in csv.DictReader(io.StringIO(found["entries.csv"].decode()))]
    assert sorted(places) == [("Anna Ek", "1"), ("Bea Ask", "G"), ("Cia Alm", "DQ"), ("Dana Dal", "NS")]


def test_a_meet_of_our_own_leaves_by_its_standings(meet: Meet) -> None:
    entry = make.entry_make(meet, bodyweight_kg=Decimal("62.35"))
    for lift, kg in (("squat", "100"), ("bench", "60"), ("deadlift", "120")):
        make.decided_make(make.attempt_make(entry=entry, lift=lift, declared_kg=kg))
    (line,) = sheet_of(meet).entries
    assert (line.place, line.total_kg, line.weight_class, line.event) == ("1", Decimal(280), "63", "SBD")


def test_two_lines_of_one_name_from_two_countries_keep_their_countries(meet: Meet) -> None:
    head = "Place,Name,Sex,Country,Equipment,Division,BodyweightKg,WeightClassKg,Bench1Kg,Best3BenchKg,TotalKg,Event\n"
    lines = "1,Ada Example,F,Norway,Raw,Open,62,63,60,60,60,B\n2,Ada Example,F,Sweden,Raw,Open,62.5,63,60,60,60,B\n"
    bring_in(meet, FILE[: FILE.index("Place,Name")] + head + lines)
    assert [line.country for line in sheet_of(meet).entries] == ["Norway", "Sweden"]
