"""Registrations over the API: a report of every row and bad cell, and the file taken in or not."""

from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from meets.models import Entry, Lifter, Meet, Role, Session
from tests.factories import meet_make, member_make
from tests.meets.exchange.test_roster_files import workbook
from tests.meets.test_roster_import import ALVA, BERIT, file_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def meet() -> Meet:
    return meet_make(federation="IPF")


@pytest.fixture
def staff(meet: Meet) -> APIClient:
    client = APIClient()
    client.force_authenticate(member_make(meet, Role.STAFF))
    return client


def sent(client: APIClient, meet: Meet, data: bytes, query: str = "", name: str = "roster.csv") -> Any:
    body = {"file": SimpleUploadedFile(name, data)}
    return client.post(f"/api/v1/meets/{meet.pk}/roster/{query}", body, format="multipart")


def test_a_dry_run_says_all_and_writes_nothing(staff: APIClient, meet: Meet) -> None:
    answer = sent(staff, meet, file_of(ALVA, BERIT | {"Lot": "x"}), "?dry_run=true")

    assert answer.status_code == 200
    body = answer.json()
    assert (body["dry_run"], body["kind"], body["lines"]) == (True, "OpenLifter registration", 2)
    assert body["counts"] == {"new": 2, "changed": 0, "unchanged": 0, "left_out": 0, "problems": 3}
    assert (body["missing_platforms"], body["missing_sessions"]) == (["Platform 1"], [1])
    assert {
        "row": 3, "column": "Lot", "value": "x", "detail": "Write a whole number from 1 to 9999, or leave it empty.",
        "accepted": [], "is_fatal": False,
    } in body["problems"]  # fmt: skip
    assert body["rows"][0] == {"row": 2, "name": "Alva Nord", "what": "new", "entry": None, "changed": []}
    assert Lifter.objects.count() == 0


def test_taken_in_and_once_more(staff: APIClient, meet: Meet) -> None:
    body = sent(staff, meet, file_of(ALVA), "?create_missing=true").json()

    assert (body["dry_run"], body["problems"]) == (False, [])
    entry = Entry.objects.get()
    assert UUID(body["rows"][0]["entry"]) == entry.pk
    assert entry.session == Session.objects.get(number=1)

    again = sent(staff, meet, file_of(ALVA | {"Team": "Oslo", "Lot": "3"})).json()

    assert again["rows"] == [
        {"row": 2, "name": "Alva Nord", "what": "changed", "entry": str(entry.pk), "changed": ["team", "lot"]}
    ]
    assert sent(staff, meet, file_of(ALVA | {"Team": "Oslo", "Lot": "3"})).json()["counts"]["unchanged"] == 1


def test_a_workbook(staff: APIClient, meet: Meet) -> None:
    data = workbook(("Name", "Sex", "Equipment", "Lot"), ("Alva Nord", "F", "Raw", 14))

    assert sent(staff, meet, data, name="roster.xlsx").json()["kind"] == "OpenLifter registration (workbook)"
    assert Entry.objects.get().lot == 14


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"", 422, "not_a_roster"),
        (b"no,table\n", 422, "not_a_roster"),
        (b"PK\x03\x04broken", 422, "not_a_roster"),
        (b"x" * 5_000_001, 413, "too_large"),
    ],
)
@pytest.mark.parametrize("query", ["", "?dry_run=true"])
def test_a_file_that_cannot_be_read(
    staff: APIClient, meet: Meet, data: bytes, status: int, reason: str, query: str
) -> None:
    answer = sent(staff, meet, data, query)

    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert answer["Content-Type"] == "application/problem+json"
    assert Lifter.objects.count() == 0


def test_without_a_file(staff: APIClient, meet: Meet) -> None:
    answer = staff.post(f"/api/v1/meets/{meet.pk}/roster/", {}, format="multipart")
    assert (answer.status_code, "as the field 'file'" in answer.json()["detail"]) == (400, True)


def test_a_closed_meet_may_be_asked_what_a_file_would_do(staff: APIClient, meet: Meet) -> None:
    Meet.objects.update(status="closed")
    assert sent(staff, meet, file_of(ALVA), "?dry_run=1").status_code == 200
    assert sent(staff, meet, file_of(ALVA)).status_code == 409
    assert Lifter.objects.count() == 0
