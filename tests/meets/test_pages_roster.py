"""Registrations from a file, page by page: what was looked at is what is taken in."""

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from meets import roster_kept
from meets.log import log_faults
from meets.models import Entry, Lifter, LogKind, LogRecord, Meet, Platform, Role, Session
from tests.conftest import files_under
from tests.factories import meet_make, member_make
from tests.meets.test_roster_import import ALVA, BERIT, file_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def meet() -> Meet:
    meet = meet_make(federation="IPF")
    meet.platforms.create(name="Platform 1")
    return meet


@pytest.fixture
def staff(meet: Meet) -> Client:
    client = Client()
    client.force_login(member_make(meet, Role.STAFF))
    return client


def upload(meet: Meet) -> str:
    return reverse("roster-upload", args=[meet.pk])


def preview(meet: Meet) -> str:
    return reverse("roster-preview", args=[meet.pk])


def chosen(client: Client, meet: Meet, data: bytes | None = None, name: str = "roster.csv") -> Any:
    content = file_of(ALVA, BERIT | {"Sex": "Q"}) if data is None else data
    return client.post(upload(meet), {"file": SimpleUploadedFile(name, content)})


def sha256_in(html: str) -> str:
    return html.split('name="sha256" value="')[1].split('"')[0]


def test_from_the_file_to_the_list(staff: Client, meet: Meet) -> None:
    assert "From a file" in staff.get(reverse("lifter-list", args=[meet.pk])).content.decode()
    answer = chosen(staff, meet)
    assert (answer.status_code, answer["Location"]) == (302, preview(meet))
    assert Lifter.objects.count() == 0

    page = staff.get(preview(meet)).content.decode()

    assert "Alva Nord" in page
    assert "This is no sex known here." in page
    assert "Row left out." in page
    assert "Make what is missing in this meet: session 1" in page
    assert Lifter.objects.count() == 0

    done = staff.post(preview(meet), {"sha256": sha256_in(page), "create_missing": "1"})

    assert done.status_code == 200
    assert "<b>1</b> new" in done.content.decode()
    entry = Entry.objects.get()
    assert (entry.lifter.name, entry.lot, entry.session) == ("Alva Nord", 14, Session.objects.get())
    listed = staff.get(reverse("lifter-list", args=[meet.pk])).content.decode()
    assert "Alva Nord" in listed


def test_the_file_is_gone_once_it_is_taken_in(staff: Client, meet: Meet, photo_root: Path) -> None:
    chosen(staff, meet)
    assert len(files_under(photo_root)) == 1
    page = staff.get(preview(meet)).content.decode()
    staff.post(preview(meet), {"sha256": sha256_in(page)})

    assert files_under(photo_root) == []
    again = staff.post(preview(meet), {"sha256": sha256_in(page)}, follow=True)
    assert again.redirect_chain == [(upload(meet), 302)]
    assert "not kept any more" in again.content.decode()


def test_another_file_in_another_tab_is_not_taken_in_unseen(staff: Client, meet: Meet, photo_root: Path) -> None:
    chosen(staff, meet)
    seen = sha256_in(staff.get(preview(meet)).content.decode())
    chosen(staff, meet, file_of(BERIT))
    before = LogRecord.objects.count()

    answer = staff.post(preview(meet), {"sha256": seen}, follow=True)

    assert answer.redirect_chain == [(preview(meet), 302)]
    assert "Another file was chosen since." in answer.content.decode()
    assert (Lifter.objects.count(), LogRecord.objects.count()) == (0, before)
    # The first one is not needed any more.
    assert len(files_under(photo_root)) == 1


def test_a_kept_file_that_was_altered_is_none(staff: Client, meet: Meet, photo_root: Path) -> None:
    chosen(staff, meet)
    seen = sha256_in(staff.get(preview(meet)).content.decode())
    files_under(photo_root)[0].write_bytes(file_of(BERIT))

    assert staff.post(preview(meet), {"sha256": seen}).status_code == 302
    assert Lifter.objects.count() == 0


def test_a_file_is_kept_for_an_hour(
    staff: Client, meet: Meet, monkeypatch: pytest.MonkeyPatch, photo_root: Path
) -> None:
    chosen(staff, meet)
    data = files_under(photo_root)[0].read_bytes()
    assert (roster_kept.rosters_sweep(), len(files_under(photo_root))) == (0, 1)
    monkeypatch.setattr(roster_kept, "KEPT", dt.timedelta(0))
    assert staff.get(preview(meet)).status_code == 302
    before = LogRecord.objects.count()

    assert [roster_kept.rosters_sweep(), roster_kept.rosters_sweep()] == [1, 0]

    assert files_under(photo_root) == []
    assert LogRecord.objects.count() == before + 1
    record = LogRecord.objects.latest("seq")
    assert (record.meet, record.kind, record.actor) == (meet, LogKind.PURGED, "")
    assert record.contents == {"why": "unused", "files": [{"sha256": hashlib.sha256(data).hexdigest()}]}
    assert list(log_faults(Meet.objects.get())) == []


def test_the_next_file_sweeps_what_another_meet_left(
    staff: Client, meet: Meet, monkeypatch: pytest.MonkeyPatch, photo_root: Path
) -> None:
    other = meet_make()
    roster_kept.roster_keep(other.pk, b"Name\nBerit Sund\n")
    # As they were kept before meets had folders, and a folder that is nobody's.
    for name in ("a" * 32, "nobody/x", f"{uuid4()}/x"):
        default_storage.save(f"{roster_kept.FOLDER}/{name}", ContentFile(b"Name"))
    hour = roster_kept.KEPT
    monkeypatch.setattr(roster_kept, "KEPT", dt.timedelta(0))
    before = LogRecord.objects.filter(kind=LogKind.PURGED).count()

    chosen(staff, meet)

    monkeypatch.setattr(roster_kept, "KEPT", hour)
    assert [path.parent.name for path in files_under(photo_root)] == [str(meet.pk)]
    assert staff.get(preview(meet)).status_code == 200
    (record,) = LogRecord.objects.filter(kind=LogKind.PURGED)[before:]
    assert record.meet == other


def test_a_file_that_was_taken_in_is_not_told_as_left(staff: Client, meet: Meet) -> None:
    chosen(staff, meet)
    staff.post(preview(meet), {"sha256": sha256_in(staff.get(preview(meet)).content.decode())})
    assert [row.kind for row in LogRecord.objects.exclude(kind__in=(LogKind.SEAT, LogKind.ATTEMPT))] == ["import"]


def test_one_persons_file_is_not_anothers(staff: Client, meet: Meet) -> None:
    chosen(staff, meet)
    other = Client()
    other.force_login(member_make(meet, Role.HEAD))
    assert other.get(preview(meet)).status_code == 302


def test_a_file_chosen_for_one_meet_is_not_another_meets(staff: Client, meet: Meet) -> None:
    chosen(staff, meet)
    other = meet_make()
    member_make(other, Role.STAFF, user=meet.memberships.get().user)
    assert staff.get(preview(other)).status_code == 302
    assert staff.get(preview(meet)).status_code == 200


@pytest.mark.parametrize(
    ("data", "status", "sentence"),
    [
        (b"", 422, "This file is empty."),
        (b"a,b\n1,2\n", 422, "No row of this file names the columns Name, Sex and Equipment."),
        (b"%PDF-1.7", 422, "roster.csv is no list of lifters."),
        (b"x" * 5_000_001, 413, "This file is larger than 5 MB."),
    ],
)
def test_a_file_that_cannot_be_read(
    staff: Client, meet: Meet, photo_root: Path, data: bytes, status: int, sentence: str
) -> None:
    answer = chosen(staff, meet, data)
    assert answer.status_code == status
    assert sentence in answer.content.decode()
    assert files_under(photo_root) == []


def test_no_file_at_all(staff: Client, meet: Meet) -> None:
    answer = staff.post(upload(meet))
    assert (answer.status_code, "Choose a file." in answer.content.decode()) == (400, True)


def test_a_closed_meet_takes_nothing_in(staff: Client, meet: Meet) -> None:
    chosen(staff, meet)
    page = staff.get(preview(meet)).content.decode()
    Meet.objects.update(status="closed")

    assert "disabled" in staff.get(preview(meet)).content.decode()
    answer = staff.post(preview(meet), {"sha256": sha256_in(page)})

    assert answer.status_code == 409
    assert "This meet is closed." in answer.content.decode()
    assert (Lifter.objects.count(), Platform.objects.count()) == (0, 1)


def test_what_stands_in_a_file_is_shown_as_text(staff: Client, meet: Meet) -> None:
    chosen(staff, meet, file_of(ALVA | {"Name": "<b>Alva</b><script>1</script>", "Notes": "=HYPERLINK(1)"}))
    page = staff.get(preview(meet)).content.decode()
    assert "<script>1" not in page
    assert "&lt;b&gt;Alva" in page


def test_a_long_file_shows_what_a_person_must_look_at(staff: Client, meet: Meet) -> None:
    rows = [ALVA | {"MemberID": f"M{n}", "Lot": str(n + 1), "Name": f"Lifter {chr(65 + n % 26)}"} for n in range(300)]
    rows[299] |= {"Equipment": "Shirt"}
    chosen(staff, meet, file_of(*rows))
    page = staff.get(preview(meet)).content.decode()
    assert "And 100 more rows, not shown here." in page
    assert "301" in page
    assert "Shirt" in page
