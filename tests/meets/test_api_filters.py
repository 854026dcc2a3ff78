"""What the API's lists can be asked for, and that attempts move when something of them changes."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from meets import intake, results, roster
from meets.models import Attempt, AttemptImage, EvidenceMode, Light, LogRecord, Meet, Reading, Role
from tests import factories as make

pytestmark = pytest.mark.django_db

LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def client_of(user: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def found(client: APIClient, meet: Meet, query: str, what: str = "attempts") -> list[str]:
    answer = client.get(f"/api/v1/meets/{meet.pk}/{what}/?{query}")
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["results"]]


def ids(*rows: Any) -> list[str]:
    return [str(row.pk) for row in rows]


@pytest.fixture
def meet() -> Meet:
    return make.meet_make(evidence_mode=EvidenceMode.TRAINING)


# ── Filters ──────────────────────────────────────────────────────────────────────────────────────────────


def test_attempts_by_lift_outcome_flight_and_platform(meet: Meet) -> None:
    one, two = meet.platforms.create(name="One"), meet.platforms.create(name="Two")
    a = make.attempt_make(entry=make.entry_make(meet, flight="A", platform=one))
    b = make.attempt_make(entry=make.entry_make(meet, flight="B", platform=two), lift="bench")
    c = make.attempt_make(entry=a.entry, lift="deadlift")
    make.attempt_make()
    Attempt.objects.filter(pk=b.pk).update(outcome="good", decided_at=timezone.now())
    client = client_of(make.member_make(meet))

    assert found(client, meet, "") == ids(a, b, c)
    assert found(client, meet, "lift=bench") == ids(b)
    assert found(client, meet, "outcome=open") == ids(a, c)
    assert found(client, meet, "outcome=good") == ids(b)
    assert found(client, meet, "outcome=no_lift") == []
    assert found(client, meet, "flight=A") == ids(a, c)
    assert found(client, meet, f"platform={two.pk}") == ids(b)
    assert found(client, meet, f"platform={one.pk}&lift=deadlift&flight=A") == ids(c)
    assert found(client, meet, "lift=squat&lift=bench") == ids(b)


def test_entries_and_lifters_by_flight_and_platform(meet: Meet) -> None:
    platform = meet.platforms.create(name="One")
    a = make.entry_make(meet, flight="A", platform=platform)
    again = make.entry_make(meet, flight="A", lifter=a.lifter)
    b = make.entry_make(meet, flight="B")
    make.entry_make(flight="A")
    idle = make.lifter_make(meet)
    client = client_of(make.member_make(meet))

    assert found(client, meet, "flight=A", "entries") == ids(a, again)
    assert found(client, meet, f"platform={platform.pk}", "entries") == ids(a)
    assert found(client, meet, "flight=A", "lifters") == ids(a.lifter)
    assert found(client, meet, f"flight=B&platform={platform.pk}", "lifters") == []
    assert found(client, meet, "", "lifters") == ids(a.lifter, b.lifter, idle)


@pytest.mark.parametrize(
    ("query", "field", "named"),
    [
        ("lift=curl", "lift", "squat, bench, deadlift"),
        ("lift=", "lift", "squat, bench, deadlift"),
        ("outcome=maybe", "outcome", "open, good, no_lift, passed"),
        ("flag=red", "flag", "breach, too_close, lifter, mismatch, none"),
        ("updated_since=yesterday", "updated_since", "2026-05-01T10:00:00Z"),
        ("updated_since=2026-05-01T10:00:00+02:00", "updated_since", "%2B"),
        ("updated_since=0001-01-01T00:00:00%2B14:00", "updated_since", "out of range"),
        ("updated_since=9999-12-31T23:59:59-14:00", "updated_since", "out of range"),
        ("updated_since=1900-01-01T00:00:00Z", "updated_since", "1971"),
        ("platform=9", "platform", "(One)"),
        ("platform=x", "platform", "(One)"),
        (f"platform={'9' * 5000}", "platform", "(One)"),
        ("flight=ABC", "flight", "2 characters"),
        ("flight=%00", "flight", "Null"),
    ],
)
def test_a_value_that_cannot_be_is_refused_naming_those_that_can(
    meet: Meet, query: str, field: str, named: str
) -> None:
    platform = meet.platforms.create(name="One")
    answer = client_of(make.member_make(meet)).get(
        f"/api/v1/meets/{meet.pk}/attempts/?{query.replace('platform=9', f'platform={platform.pk + 1}')}"
    )

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert list(answer.json()["errors"]) == [field]
    assert named in answer.json()["detail"]


def test_another_meets_platform_is_none(meet: Meet) -> None:
    other = make.meet_make().platforms.create(name="Theirs")
    answer = client_of(make.member_make(meet)).get(f"/api/v1/meets/{meet.pk}/attempts/?platform={other.pk}")
    assert answer.status_code == 400
    assert "Theirs" not in answer.content.decode()


# ── Flags, and blind first ───────────────────────────────────────────────────────────────────────────────


def flagged(meet: Meet, flag: str, attempt: Attempt | None = None) -> Attempt:
    attempt = attempt or make.attempt_make(meet)
    assessment = make.assessed_make(attempt)
    type(assessment).objects.filter(pk=assessment.pk).update(flag=flag)
    return attempt


def test_attempts_by_their_most_urgent_flag(meet: Meet) -> None:
    breach, close, none = (flagged(meet, flag) for flag in ("breach", "too_close", ""))
    make.image_make(make.attempt_make(meet))
    client = client_of(make.member_make(meet))
    assert found(client, meet, "flag=breach") == ids(breach)
    assert found(client, meet, "flag=too_close") == ids(close)
    assert found(client, meet, "flag=none") == ids(none)

    flagged(meet, "breach", close)
    assert found(client, meet, "flag=breach") == ids(breach, close)
    assert found(client, meet, "flag=too_close") == []


def test_the_newest_reading_counts_and_a_photo_set_aside_does_not(meet: Meet) -> None:
    attempt = flagged(meet, "breach")
    image = attempt.images.get()
    client = client_of(make.member_make(meet))
    intake.image_restate(image=image, user=image.uploaded_by, phase="bottom")
    assert found(client, meet, "flag=breach") == []
    assert results.reading_settle(claim=make.claim_make(image), seen=make.seen_make())
    assert found(client, meet, "flag=breach") == ids(attempt)
    intake.image_set_aside(image=image, user=image.uploaded_by)
    assert found(client, meet, "flag=breach") == []


def test_a_flag_is_looked_for_where_the_evidence_is_open_alone() -> None:
    meet = make.meet_make(evidence_mode=EvidenceMode.AFTER_LIGHT)
    seen, hidden = flagged(meet, "breach"), flagged(meet, "breach")
    referee = make.member_make(meet, Role.REFEREE)
    client = client_of(referee)

    def all_flags() -> dict[str, list[str]]:
        return {
            flag: rows
            for flag in ("breach", "too_close", "lifter", "mismatch", "none")
            if (rows := found(client, meet, f"flag={flag}"))
        }

    assert all_flags() == {}
    Light.objects.create(attempt=seen, referee=referee, colour="white", take=1)
    assert all_flags() == {"breach": ids(seen)}
    assert str(hidden.pk) in found(client, meet, "")


def test_asking_for_a_flag_is_noted_as_being_shown(meet: Meet) -> None:
    flagged(meet, "breach")
    client = client_of(make.member_make(meet))
    before = LogRecord.objects.filter(kind="shown").count()
    assert found(client, meet, "flag=too_close") == []
    assert LogRecord.objects.filter(kind="shown").count() == before + 1


# ── What changed since ───────────────────────────────────────────────────────────────────────────────────


def aged(*attempts: Attempt) -> None:
    """As if nothing had happened to them since the new year."""
    Attempt.objects.filter(pk__in=[attempt.pk for attempt in attempts]).update(updated_at=LONG_AGO)


def test_updated_since_gives_what_changed_the_earliest_first(meet: Meet) -> None:
    rows = [make.attempt_make(meet) for _ in range(3)]
    for days, attempt in zip((2, 0, 1), rows, strict=True):
        Attempt.objects.filter(pk=attempt.pk).update(updated_at=LONG_AGO + dt.timedelta(days=days))
    client = client_of(make.member_make(meet))

    def since(moment: dt.datetime) -> list[str]:
        return found(client, meet, f"updated_since={quote(moment.isoformat())}")

    assert since(LONG_AGO) == ids(rows[1], rows[2], rows[0])
    assert since(LONG_AGO + dt.timedelta(days=1)) == ids(rows[2], rows[0])
    assert since(LONG_AGO + dt.timedelta(days=2, seconds=1)) == []
    assert found(client, meet, "updated_since=2026-01-02T01:00:00%2B01:00") == ids(rows[2], rows[0])
    assert found(client, meet, "updated_since=2026-01-02T00:00:00") == ids(rows[2], rows[0])


def test_pages_of_what_changed_miss_nothing_that_changes_meanwhile(meet: Meet) -> None:
    rows = [make.attempt_make(meet) for _ in range(4)]
    for days, attempt in enumerate(rows):
        Attempt.objects.filter(pk=attempt.pk).update(updated_at=LONG_AGO + dt.timedelta(days=days))
    client = client_of(make.member_make(meet))
    address: str | None = f"/api/v1/meets/{meet.pk}/attempts/?updated_since=2025-12-31T00:00:00Z&page_size=2"
    seen: list[str] = []
    while address:
        body = client.get(address).json()
        seen += [row["id"] for row in body["results"]]
        if len(seen) == 2:
            results.attempts_touch(Attempt.objects.filter(pk=rows[0].pk))
        address = body["next"]
    assert seen == [*ids(*rows), str(rows[0].pk)]


ACTS: dict[str, Callable[[AttemptImage, Attempt], Any]] = {
    "a photo comes in": lambda image, other: make.image_make(image.attempt),
    "it is read": lambda image, other: results.reading_settle(claim=make.claim_make(image), seen=make.seen_make()),
    "it is rejected": lambda image, other: results.reading_settle(
        claim=make.claim_make(image), status="rejected", reason="heic"
    ),
    "its worker is lost": lambda image, other: results.reading_release(
        reading_id=make.claim_make(image).reading_id, token=Reading.objects.get(image=image).claim_token,
        reason="worker_lost",
    ),
    "it is restated": lambda image, other: intake.image_restate(image=image, user=image.uploaded_by, view="rear"),
    "somebody says it is the lift": lambda image, other: intake.image_lift_say(image=image, user=image.uploaded_by),
    "it is set aside": lambda image, other: intake.image_set_aside(image=image, user=image.uploaded_by),
    "it is moved": lambda image, other: intake.image_move(image=image, user=image.uploaded_by, attempt=other),
    "it is tried again": lambda image, other: (
        Reading.objects.update(status="failed"), intake.image_requeue(image=image),
    ),
    "another engine counts": lambda image, other: roster.meet_update(
        meet=Meet.objects.get(), engine="mmpose"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ACTS)
def test_an_attempt_moves_when(meet: Meet, what: str) -> None:
    image = make.image_make(make.attempt_make(meet))
    attempt, other = image.attempt, make.attempt_make(meet)
    aged(attempt, other)
    before = timezone.now()

    ACTS[what](image, other)

    moved = {row.pk: row.updated_at >= before for row in Attempt.objects.all()}
    assert moved == {attempt.pk: True, other.pk: what == "it is moved"}


def test_a_refused_act_moves_nothing(meet: Meet) -> None:
    image = make.image_make(make.attempt_make(meet))
    aged(image.attempt)
    claim = make.claim_make(image)
    Reading.objects.update(claim_token=None)

    assert not results.reading_settle(claim=claim, seen=make.seen_make())

    assert Attempt.objects.get().updated_at == LONG_AGO
