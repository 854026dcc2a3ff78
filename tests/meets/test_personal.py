"""What is known of lifters beyond results is for the meet's staff; and what of a meet its head alone changes."""

import csv
import datetime as dt
import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from meets import roster
from meets.exchange.opl_check import check
from meets.models import Entry, EvidenceMode, Lifter, LogRecord, Meet, Role
from tests import factories as make

pytestmark = pytest.mark.django_db

STAFF = (Role.STAFF, Role.HEAD)
OTHERS = tuple(role for role in Role if role not in STAFF)
NOTES = "coach told us of her knee"


@pytest.fixture
def entry() -> Entry:
    """Somebody who has lifted, with all that may be known of a lifter."""
    meet = make.meet_make(name="Spring Trial", federation="IPF", country="Finland", town="Turku")
    lifter = roster.lifter_create(meet=meet, name="Anna Ek", sex="F", birth_date=dt.date(1999, 4, 2))
    entry = make.entry_make(
        meet, lifter=lifter, consent="given", notes=NOTES, bodyweight_kg=make.kg("62.40"), weight_class="63"
    )
    for lift in ("squat", "bench", "deadlift"):
        make.decided_make(make.attempt_make(entry=entry, lift=lift))
    return entry


def client_of(meet: Meet, role: Role) -> APIClient:
    client = APIClient()
    client.force_authenticate(make.member_make(meet, role))
    return client


def rows(entry: Entry) -> dict[str, str]:
    """Where the API shows lifters and entries, with the way to them."""
    meet, attempt = entry.meet_id, entry.attempts.get(lift="squat").pk
    return {
        f"/api/v1/lifters/{entry.lifter_id}/": "",
        f"/api/v1/entries/{entry.pk}/": "",
        f"/api/v1/meets/{meet}/lifters/": "results.0",
        f"/api/v1/meets/{meet}/entries/": "results.0",
        f"/api/v1/attempts/{attempt}/": "entry.lifter",
        f"/api/v1/meets/{meet}/results": "attempts.0.entry.lifter",
    }


def at(body: Any, way: str) -> Any:
    for step in filter(None, way.split(".")):
        body = body[int(step)] if step.isdecimal() else body[step]
    return body


@pytest.mark.parametrize("role", Role)
def test_birth_dates_consent_and_notes_are_for_staff(entry: Entry, role: Role) -> None:
    client = client_of(entry.meet, role)
    for address, way in rows(entry).items():
        shown = at(client.get(address).json(), way)
        of_entry = "lifter" in shown
        wanted = {"consent": "given", "notes": NOTES} if of_entry else {"birth_date": "1999-04-02"}
        found = {name: shown[name] for name in ("birth_date", "consent", "notes") if name in shown}
        assert found == (wanted if role in STAFF else {}), address
        assert of_entry or (shown["name"], shown["birth_year"]) == ("Anna Ek", 1999)


# Every address of the meet that is read, whatever shows a lifter in it.
READ = (
    "lifters/", "entries/", "attempts/", "results", "results?format=csv", "order/", "standings/", "exports/results.csv",
    "exports/results.json", "exports/attempts.csv", "exports/attempts.jsonl", "exports/opl-v1.csv",
)  # fmt: skip


def content(answer: Any) -> str:
    assert answer.status_code == 200
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(data.decode())


@pytest.mark.parametrize("role", OTHERS)
def test_no_answer_to_others_holds_any_of_it(entry: Entry, role: Role) -> None:
    client = client_of(entry.meet, role)
    for name in READ:
        text = content(client.get(f"/api/v1/meets/{entry.meet_id}/{name}"))
        assert not any(word in text for word in ("1999-04-02", "consent", NOTES)), name


@pytest.mark.parametrize("role", OTHERS)
def test_no_page_for_others_holds_any_of_it(entry: Entry, role: Role) -> None:
    client = Client()
    client.force_login(make.member_make(entry.meet, role))
    names = ("meet-board", "meet-results", "referee-now", "jury-table", "lifter-list", "meet-log")
    pages = [reverse(name, args=[entry.meet_id]) for name in names]
    pages += [reverse("entry-edit", args=[entry.pk]), reverse("attempt-detail", args=[entry.attempts.all()[0].pk])]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code in (200, 403)
        assert not any(word in answer.content.decode() for word in ("1999-04-02", "consent", NOTES)), page


@pytest.mark.parametrize("role", Role)
def test_exports_hold_the_birth_date_for_staff_and_the_year_for_others(entry: Entry, role: Role) -> None:
    client, base = client_of(entry.meet, role), f"/api/v1/meets/{entry.meet_id}/exports"
    with zipfile.ZipFile(io.BytesIO(client.get(f"{base}/openpowerlifting.zip").content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    (row,) = csv.DictReader(io.StringIO(files["entries.csv"].decode()))
    single = content(client.get(f"{base}/opl-v1.csv"))

    found = [row["BirthDate"], row.get("BirthYear", ""), row["Age"]]
    assert found == (["1999-04-02", "", "27"] if role in STAFF else ["", "1999", ""])
    assert [one for one in check(files) if not one.is_warning] == []
    for text in (single, files["original.csv"].decode()):
        header, cells = csv.reader(text.splitlines()[-2:])
        told = {name: value for name, value in zip(header, cells, strict=True) if name in ("BirthDate", "BirthYear")}
        assert told == ({"BirthDate": "'1999-04-02"} if role in STAFF else {"BirthYear": "1999"})


def test_two_of_one_name_stay_two_where_their_birth_dates_are_not_shown() -> None:
    """Born in one year: the file without their dates tells them apart as the one with them does."""
    meet = make.meet_make(name="Spring Trial", federation="IPF", country="Finland", town="Turku")
    for day in ("1999-04-02", "1999-11-30"):
        lifter = Lifter.objects.create(meet=meet, name="Anna Ek", sex="F", birth_date=day, birth_year=1999)
        for equipment in ("classic", "equipped"):
            entry = make.entry_make(meet, lifter=lifter, equipment=equipment, weight_class="63")
            make.decided_make(make.attempt_make(entry=entry))

    names = {}
    for role in (Role.HEAD, Role.READER):
        data = client_of(meet, role).get(f"/api/v1/meets/{meet.pk}/exports/openpowerlifting.zip").content
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            read = csv.DictReader(io.StringIO(archive.read("entries.csv").decode()))
            names[role] = [(row["Name"], row["Equipment"]) for row in read]
    assert names[Role.READER] == names[Role.HEAD]
    assert {name for name, _ in names[Role.READER]} == {"Anna Ek #1", "Anna Ek #2"}


# ── What the head alone changes ──────────────────────────────────────────────────────────────────────────


def live(mode: EvidenceMode = EvidenceMode.LIVE) -> Meet:
    return make.meet_make(evidence_mode=mode, live_permission="NN, 1 May 2026")


def state() -> tuple[Any, ...]:
    return list(Meet.objects.values()), LogRecord.objects.count()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("mode", [EvidenceMode.LIVE, EvidenceMode.AFTER_LIGHT])
def test_who_allowed_findings_before_the_lights_is_the_heads_to_say(role: Role, mode: EvidenceMode) -> None:
    meet = live(mode)
    client, address = client_of(meet, role), f"/api/v1/meets/{meet.pk}/"
    before = state()

    answer = client.patch(address, {"live_permission": "MM, 2 May 2026"})

    if role is Role.HEAD:
        assert (answer.status_code, answer.json()["live_permission"]) == (200, "MM, 2 May 2026")
        told = LogRecord.objects.latest("seq").contents["changes"]
        assert told == {"live_permission": {"from": "NN, 1 May 2026", "to": "MM, 2 May 2026"}}
    else:
        sentence = {
            Role.STAFF: "Only the head of this meet says who allowed findings before the lights.",
        }.get(role, "Only this meet's staff may do that. Ask the head of the meet.")
        assert (answer.status_code, answer.json()["detail"]) == (403, sentence)
        assert state() == before


def test_staff_change_the_rest_and_may_send_it_along() -> None:
    meet = live()
    body = {"town": "Umeå", "evidence_mode": "live", "live_permission": "NN, 1 May 2026"}
    answer = client_of(meet, Role.STAFF).patch(f"/api/v1/meets/{meet.pk}/", body)
    assert (answer.status_code, answer.json()["town"]) == (200, "Umeå")


@pytest.mark.parametrize(("role", "status"), [(Role.STAFF, 403), (Role.HEAD, 302)])
def test_the_page_keeps_the_permission_to_the_head(role: Role, status: int) -> None:
    meet = live()
    client = Client()
    client.force_login(make.member_make(meet, role))
    body = {
        "what": "meet", "name": meet.name, "starts_on": "2026-05-01", "formula": "ipf_gl", "rulebook": meet.rulebook,
        "engine": meet.engine, "evidence_mode": "live", "live_permission": "NN, 1 May 2026", "status": "open",
        "photos_keep_days": "365",
    }  # fmt: skip
    address = reverse("meet-edit", args=[meet.pk])
    assert client.post(address, body | {"town": "Umeå"}).status_code == 302
    before = state()

    answer = client.post(address, body | {"live_permission": "MM"})

    assert answer.status_code == status
    assert Meet.objects.get().live_permission == ("MM" if status == 302 else "NN, 1 May 2026")
    assert (state() == before) is (status == 403)
    assert json.dumps(LogRecord.objects.latest("seq").contents).count("MM") == (status == 302)
