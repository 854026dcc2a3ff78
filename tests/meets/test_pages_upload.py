"""Sending photos by page: by script file by file, by plain form one at a time."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from meets.models import AttemptImage, Meet, MeetStatus, Role, UploadKey
from tests.conftest import files_under
from tests.factories import attempt_make, bomb_bytes, meet_make, member_make, photo_bytes

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


@pytest.fixture
def meet() -> Meet:
    return meet_make()


@pytest.fixture
def staff(meet: Meet) -> Client:
    client = Client()
    client.force_login(member_make(meet, Role.STAFF))
    return client


def file_of(data: bytes, name: str = "p.jpg", kind: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, kind)


def send(client: Client, attempt: Any, data: bytes, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    kind = fields.pop("kind", "image/jpeg")
    url = reverse("attempt-upload", args=[attempt.pk])
    return client.post(url, {"photo": file_of(data, kind=kind), **fields}, headers=headers or JSON)


def test_by_script(staff: Client, meet: Meet) -> None:
    attempt = attempt_make(meet)
    answer = send(staff, attempt, photo_bytes(), view="left", phase="bottom")
    image = AttemptImage.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {"sentence": "Received; it is on the line.", "url": f"/attempts/{attempt.pk}/"}
    assert (image.attempt_id, image.view, image.phase, image.status) == (attempt.pk, "left", "bottom", "queued")


def test_the_same_photo_twice_is_one(staff: Client, meet: Meet) -> None:
    attempt, data = attempt_make(meet), photo_bytes()
    assert send(staff, attempt, data).status_code == 202
    again = send(staff, attempt, data)
    assert again.status_code == 200
    assert "here already" in again.json()["sentence"]
    assert AttemptImage.objects.count() == 1


def test_a_repeated_request_is_one(staff: Client, meet: Meet) -> None:
    attempt, data = attempt_make(meet), photo_bytes()
    keyed = JSON | {"Idempotency-Key": "once"}
    assert send(staff, attempt, data, keyed).status_code == 202
    assert send(staff, attempt, data, keyed).status_code == 200
    assert send(staff, attempt, photo_bytes(), keyed).status_code == 422
    assert (AttemptImage.objects.count(), UploadKey.objects.count()) == (1, 1)


def test_by_plain_form(staff: Client, meet: Meet) -> None:
    attempt = attempt_make(meet)
    url = reverse("meet-upload", args=[meet.pk])
    answer = staff.post(url, {"photo": file_of(photo_bytes()), "attempt": str(attempt.pk)})
    assert (answer.status_code, answer["Location"]) == (302, f"/attempts/{attempt.pk}/")
    assert AttemptImage.objects.get().attempt_id == attempt.pk


@pytest.mark.parametrize("chosen", ["", "nonsense", "00000000-0000-4000-8000-000000000000", "theirs"])
def test_an_attempt_must_be_chosen_and_be_of_this_meet(
    staff: Client, meet: Meet, photo_root: Path, chosen: str
) -> None:
    attempt_make(meet)
    theirs = attempt_make(meet_make())
    value = str(theirs.pk) if chosen == "theirs" else chosen
    answer = staff.post(reverse("meet-upload", args=[meet.pk]), {"photo": file_of(photo_bytes()), "attempt": value})
    assert answer.status_code == 400
    assert "Choose the attempt that this photo shows." in answer.content.decode()
    assert AttemptImage.objects.count() == 0
    assert files_under(photo_root) == []


@pytest.mark.parametrize(
    ("data", "kind", "status", "sentence"),
    [
        (b"", "image/jpeg", 400, "This file is empty."),
        (b"no pixels", "image/jpeg", 415, "This file is not a photo."),
        (photo_bytes(), "image/png", 415, "not the kind of picture it says"),
        (photo_bytes()[:900], "image/jpeg", 422, "cut off"),
        (bomb_bytes(), "image/png", 422, "too many pixels"),
        (photo_bytes((20, 20)), "image/jpeg", 422, "too small"),
    ],
    ids=["empty", "text", "wrong type", "cut off", "bomb", "small"],
)
def test_a_refused_file_says_why_and_leaves_nothing(
    staff: Client, meet: Meet, photo_root: Path, data: bytes, kind: str, status: int, sentence: str
) -> None:
    attempt = attempt_make(meet)
    answer = send(staff, attempt, data, kind=kind)
    assert answer.status_code == status
    assert sentence in answer.json()["sentence"]
    page = send(staff, attempt, data, {"Accept": "text/html"}, kind=kind)
    assert (page.status_code, sentence in page.content.decode()) == (status, True)
    assert AttemptImage.objects.count() == 0
    assert files_under(photo_root) == []


def test_too_large(staff: Client, meet: Meet, photo_root: Path, settings: Any) -> None:
    settings.PHOTO_MAX_BYTES = 500
    answer = send(staff, attempt_make(meet), photo_bytes())
    assert answer.status_code == 413
    assert "too large" in answer.json()["sentence"]
    assert (AttemptImage.objects.count(), files_under(photo_root)) == (0, [])


@pytest.mark.parametrize("fields", [{"view": "above"}, {"phase": "later"}])
def test_what_is_stated_must_exist(staff: Client, meet: Meet, photo_root: Path, fields: dict[str, str]) -> None:
    assert send(staff, attempt_make(meet), photo_bytes(), **fields).status_code == 422
    assert (AttemptImage.objects.count(), files_under(photo_root)) == (0, [])


def test_a_closed_meet_takes_none(staff: Client, meet: Meet, photo_root: Path) -> None:
    attempt = attempt_make(meet)
    Meet.objects.filter(pk=meet.pk).update(status=MeetStatus.CLOSED)
    answer = send(staff, attempt, photo_bytes())
    assert (answer.status_code, "closed" in answer.json()["sentence"]) == (409, True)
    page = staff.get(reverse("attempt-upload", args=[attempt.pk])).content.decode()
    assert "This meet is closed." in page
    assert 'type="file"' not in page
    assert (AttemptImage.objects.count(), files_under(photo_root)) == (0, [])


def test_limits_are_told_before(staff: Client, meet: Meet, settings: Any) -> None:
    settings.PHOTO_MAX_BYTES = 7 * 1024 * 1024
    attempt_make(meet)
    html = staff.get(reverse("meet-upload", args=[meet.pk])).content.decode()
    assert "at most 7 MB and 60 megapixels" in html
    assert "not known" in html


def test_needs_our_own_page(meet: Meet) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member_make(meet, Role.STAFF))
    assert send(client, attempt_make(meet), photo_bytes()).status_code == 403
    assert AttemptImage.objects.count() == 0
