"""The writers of the roster: whole rows or none, and the board's revision moves with them."""

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken
from rest_framework.test import APIClient

from meets import attempts, roster
from meets.errors import Conflict
from meets.log import log_faults
from meets.models import (
    Attempt,
    Entry,
    Lifter,
    Light,
    LogKind,
    LogRecord,
    Meet,
    Membership,
    Platform,
    Role,
    Seat,
)
from tests import factories as make

pytestmark = pytest.mark.django_db


def revision(meet: Meet) -> int:
    return Meet.objects.get(pk=meet.pk).revision


def test_a_meet_is_made_whole_or_not_at_all() -> None:
    user = make.user_make(makes_meets=True)
    with pytest.raises(ValidationError):
        roster.meet_create(user=user, name="", starts_on=dt.date(2026, 5, 1), rulebook="ipf-2026-v3")
    with pytest.raises(PermissionDenied):
        roster.meet_create(user=make.user_make(), name="M", starts_on=dt.date(2026, 5, 1), rulebook="ipf-2026-v3")
    assert (Meet.objects.count(), Membership.objects.count()) == (0, 0)


def test_every_writer_moves_the_board_on_once() -> None:
    meet = make.meet_make()
    steps: list[Callable[[], Any]] = [
        lambda: roster.membership_set(meet=meet, user=make.user_make(), role=Role.REFEREE, seat=Seat.LEFT),
        lambda: roster.membership_delete(member=Membership.objects.get()),
        lambda: roster.platform_create(meet=meet, name="One"),
        lambda: roster.platform_update(platform=Platform.objects.get(), name="Two"),
        lambda: roster.lifter_create(meet=meet, name="Anna", sex="F"),
        lambda: roster.lifter_update(lifter=Lifter.objects.get(), team="Club"),
        lambda: roster.entry_create(meet=meet, lifter=Lifter.objects.get(), lot=1),
        lambda: roster.entry_update(entry=Entry.objects.get(), platform=Platform.objects.get()),
        lambda: attempts.attempt_create(entry=Entry.objects.get(), lift="squat", number=1, declared_kg=Decimal(100)),
        lambda: attempts.attempt_update(attempt=Attempt.objects.get(), declared_kg=Decimal("102.5")),
        lambda: roster.meet_update(meet=meet, town="Umeå"),
        lambda: attempts.attempt_delete(attempt=Attempt.objects.get()),
        lambda: roster.entry_delete(entry=Entry.objects.get()),
        lambda: roster.lifter_delete(lifter=Lifter.objects.get()),
        lambda: roster.platform_delete(platform=Platform.objects.get()),
    ]
    seen = []
    for step in steps:
        step()
        seen.append(revision(meet))

    assert seen == list(range(1, len(steps) + 1))


def test_a_lifter_who_comes_and_goes_is_on_record_without_a_name() -> None:
    meet, user = make.meet_make(), make.user_make("secretary")

    lifter = roster.lifter_create(
        meet=meet, user=user, name="Anna Ek", sex="F", birth_date=dt.date(1994, 3, 2), team="", member_id="N1"
    )
    roster.lifter_delete(lifter=lifter, user=user)

    who = LogRecord.objects.order_by("seq").first().contents["lifter"]  # type: ignore[union-attr]
    assert [(row.kind, row.actor, row.contents) for row in LogRecord.objects.order_by("seq")] == [
        (
            "entry",
            "secretary",
            {
                "act": "lifter_created",
                "lifter": who,
                "fields": ["birth_date", "birth_year", "member_id", "name", "sex"],
            },
        ),
        ("entry", "secretary", {"act": "lifter_deleted", "lifter": who}),
    ]
    assert list(log_faults(Meet.objects.get())) == []


def test_a_lifter_who_is_refused_is_not_on_record() -> None:
    meet = make.meet_make()
    with pytest.raises(ValidationError):
        roster.lifter_create(meet=meet, user=make.user_make(), name="", sex="F")
    assert (Lifter.objects.count(), LogRecord.objects.count(), revision(meet)) == (0, 0, 0)


@pytest.mark.parametrize("way", ["api", "page"])
def test_who_entered_a_lifter_is_on_record(way: str) -> None:
    meet = make.meet_make()
    staff = make.member_make(meet)
    if way == "api":
        api = APIClient()
        api.force_authenticate(staff)
        assert api.post(f"/api/v1/meets/{meet.pk}/lifters/", {"name": "Anna Ek", "sex": "F"}).status_code == 201
    else:
        client = Client()
        client.force_login(staff)
        body = {"name": "Anna Ek", "sex": "F", "equipment": "classic"}
        assert client.post(reverse("lifter-create", args=[meet.pk]), body).status_code == 302
    record = LogRecord.objects.filter(kind=LogKind.ENTRY).earliest("seq")
    fields = ["name", "sex"]
    assert (record.actor, record.contents) == (
        staff.username,
        {"act": "lifter_created", "lifter": str(Lifter.objects.get().pk), "fields": fields},
    )


def test_a_closed_meet_is_changed_by_none_of_them() -> None:
    attempt = make.attempt_make()
    entry, meet = attempt.entry, attempt.entry.meet
    platform = roster.platform_create(meet=meet, name="One")
    member = roster.membership_set(meet=meet, user=make.user_make(), role=Role.READER)
    Meet.objects.update(status="closed")
    before = [list(model.objects.values()) for model in (Meet, Membership, Platform, Lifter, Entry, Attempt)]
    steps: list[Callable[[], Any]] = [
        lambda: roster.membership_set(meet=meet, user=make.user_make(), role=Role.REFEREE),
        lambda: roster.membership_delete(member=member),
        lambda: roster.platform_create(meet=meet, name="Two"),
        lambda: roster.platform_update(platform=platform, name="Two"),
        lambda: roster.platform_delete(platform=platform),
        lambda: roster.lifter_create(meet=meet, name="Anna", sex="F"),
        lambda: roster.lifter_update(lifter=entry.lifter, team="Club"),
        lambda: roster.lifter_delete(lifter=entry.lifter),
        lambda: roster.entry_create(meet=meet, lifter=entry.lifter),
        lambda: roster.entry_update(entry=entry, flight="B"),
        lambda: roster.entry_delete(entry=entry),
        lambda: attempts.attempt_create(entry=entry, lift="bench", number=1, declared_kg=Decimal(100)),
        lambda: attempts.attempt_update(attempt=attempt, number=2),
        lambda: attempts.attempt_delete(attempt=attempt),
        lambda: roster.meet_update(meet=meet, name="Other"),
        lambda: roster.meet_update(meet=meet, name="Other", status="closed"),
    ]
    for step in steps:
        with pytest.raises(Conflict, match="This meet is closed"):
            step()

    assert [list(model.objects.values()) for model in (Meet, Membership, Platform, Lifter, Entry, Attempt)] == before


def test_a_closed_meet_opens_again_with_its_changes() -> None:
    meet = make.meet_make(status="closed")

    roster.meet_update(meet=meet, status="open", name="Other")

    meet.refresh_from_db()
    assert (meet.status, meet.name, meet.revision) == ("open", "Other", 1)


def test_one_lot_and_one_entry_and_one_attempt_each() -> None:
    entry = make.entry_make(lot=1)
    make.attempt_make(entry=entry)
    spare = make.lifter_make(entry.meet)
    before = revision(entry.meet)

    with pytest.raises(ValidationError):
        roster.entry_create(meet=entry.meet, lifter=spare, lot=1)
    with pytest.raises(ValidationError):
        attempts.attempt_create(entry=entry, lift="squat", number=1, declared_kg=Decimal(100))

    assert (Entry.objects.count(), Attempt.objects.count()) == (1, 1)
    assert revision(entry.meet) == before


def test_rows_of_another_meet_are_refused() -> None:
    mine, other = make.meet_make(), make.meet_make()
    theirs = make.lifter_make(other)
    platform = roster.platform_create(meet=other, name="Theirs")
    entry = make.entry_make(mine)

    with pytest.raises(ValidationError, match="This lifter is not in this meet"):
        roster.entry_create(meet=mine, lifter=theirs)
    with pytest.raises(ValidationError, match="This platform is not in this meet"):
        roster.entry_update(entry=entry, platform=platform)

    entry.refresh_from_db()
    assert entry.platform is None
    assert Entry.objects.count() == 1


def test_an_entry_keeps_its_lifter_and_an_attempt_its_entry() -> None:
    attempt = make.attempt_make()
    other = make.entry_make(attempt.entry.meet)

    with pytest.raises(Conflict, match="keeps its lifter"):
        roster.entry_update(entry=attempt.entry, lifter=make.lifter_make(attempt.entry.meet))
    with pytest.raises(Conflict, match="keeps its entry"):
        attempts.attempt_update(attempt=attempt, entry=other)

    attempt.refresh_from_db()
    assert attempt.entry != other


def test_the_lift_stays_once_photos_were_judged_as_it() -> None:
    attempt = make.image_make().attempt

    with pytest.raises(Conflict, match="has photos, judged as its lift"):
        attempts.attempt_update(attempt=attempt, lift="bench")
    attempts.attempt_update(attempt=attempt, declared_kg=Decimal("105"))

    attempt.refresh_from_db()
    assert (attempt.lift, attempt.declared_kg) == ("squat", Decimal("105.00"))


@pytest.mark.parametrize("what", ["attempt", "entry", "lifter"])
def test_what_a_light_hangs_on_is_not_deleted(what: str) -> None:
    attempt = make.attempt_make()
    Light.objects.create(attempt=attempt, referee=make.user_make(), colour="white")
    delete = {
        "attempt": lambda: attempts.attempt_delete(attempt=attempt),
        "entry": lambda: roster.entry_delete(entry=attempt.entry),
        "lifter": lambda: roster.lifter_delete(lifter=attempt.entry.lifter),
    }[what]

    with pytest.raises(Conflict, match="are kept"):
        delete()

    assert Light.objects.count() == Attempt.objects.count() == Entry.objects.count() == Lifter.objects.count() == 1


def test_a_platform_goes_and_its_entries_stay() -> None:
    meet = make.meet_make()
    platform = roster.platform_create(meet=meet, name="One")
    entry = make.entry_make(meet, platform=platform)

    roster.platform_delete(platform=platform)

    entry.refresh_from_db()
    assert entry.platform is None


def test_a_person_has_one_part_in_a_meet() -> None:
    meet, user = make.meet_make(), make.user_make()
    roster.membership_set(meet=meet, user=user, role=Role.READER)
    roster.membership_set(meet=meet, user=user, role=Role.REFEREE, seat=Seat.CHIEF)

    member = Membership.objects.get()
    assert (member.role, member.seat) == (Role.REFEREE, Seat.CHIEF)
    with pytest.raises(ValidationError):
        roster.membership_set(meet=meet, user=user, role="king")


@pytest.mark.parametrize("role", [Role.STAFF, Role.HEAD, Role.JURY, Role.READER])
def test_who_may_have_seen_findings_becomes_no_referee(role: Role) -> None:
    meet = make.meet_make()
    make.member_make(meet, Role.HEAD)
    user = make.member_make(meet, role)
    make.assessed_make(make.attempt_make(meet))
    before = revision(meet), Membership.objects.values().get(user=user)

    with pytest.raises(Conflict, match="may have seen what was found") as refused:
        roster.membership_set(meet=meet, user=user, role=Role.REFEREE, seat=Seat.LEFT)

    assert refused.value.status == 409
    assert (revision(meet), Membership.objects.values().get(user=user)) == before


def test_a_fresh_referee_or_one_who_changes_seats_has_seen_none() -> None:
    meet, other = make.meet_make(), make.meet_make()
    reader = make.member_make(meet, Role.READER)
    make.assessed_make(make.attempt_make(other))
    # Findings of another meet do not count.
    roster.membership_set(meet=meet, user=reader, role=Role.REFEREE)
    make.assessed_make(make.attempt_make(meet))
    roster.membership_set(meet=meet, user=reader, role=Role.REFEREE, seat=Seat.RIGHT)
    fresh = roster.membership_set(meet=meet, user=make.user_make(), role=Role.REFEREE, seat=Seat.LEFT)

    assert (fresh.role, fresh.seat) == (Role.REFEREE, Seat.LEFT)
    assert Membership.objects.get(user=reader).seat == Seat.RIGHT


def test_a_meet_that_has_a_head_keeps_one() -> None:
    meet = make.meet_make()
    first, second = make.member_make(meet, Role.HEAD), make.member_make(meet, Role.HEAD)
    roster.membership_delete(member=Membership.objects.get(user=second))
    before = revision(meet)

    with pytest.raises(Conflict, match="only head"):
        roster.membership_delete(member=Membership.objects.get(user=first))
    with pytest.raises(Conflict, match="only head"):
        roster.membership_set(meet=meet, user=first, role=Role.STAFF)
    roster.membership_set(meet=meet, user=first, role=Role.HEAD)

    assert [(member.user, member.role) for member in Membership.objects.all()] == [(first, Role.HEAD)]
    assert revision(meet) == before + 1


@pytest.mark.django_db(transaction=True)
def test_two_heads_cannot_let_each_other_go() -> None:
    meet = make.meet_make()
    heads = [make.member_make(meet, Role.HEAD) for _ in range(2)]
    members = [Membership.objects.get(user=head) for head in heads]
    start, outcomes = threading.Barrier(2), []

    def let_go(member: Membership) -> None:
        start.wait()
        try:
            roster.membership_delete(member=member)
            outcomes.append("gone")
        except Conflict as refusal:
            outcomes.append(refusal.reason)
        finally:
            connection.close()

    threads = [threading.Thread(target=let_go, args=[member]) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["gone", "only_head"]
    assert Membership.objects.get().role == Role.HEAD


def test_a_field_that_does_not_exist_is_no_silent_success() -> None:
    lifter = make.lifter_make(make.meet_make())

    with pytest.raises(Exception, match="has no field named 'nmae'"):
        roster.lifter_update(lifter=lifter, nmae="x")  # type: ignore[call-arg]


# ── Accounts and tokens by command ───────────────────────────────────────────────────────────────────────


def test_an_account_is_made_with_its_part(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    meet = make.meet_make()
    monkeypatch.setenv("USER_PASSWORD", "correct horse battery")

    call_command("user_create", "anna", "--makes-meets", f"--meet={meet.pk}", "--role=referee", "--seat=left")

    member = Membership.objects.get()
    assert (member.user.username, member.role, member.seat) == ("anna", "referee", "left")
    assert member.user.check_password("correct horse battery")
    assert roster.may_create_meet(member.user)
    assert capsys.readouterr().out == "Made anna.\n"


@pytest.mark.parametrize(
    ("password", "meet", "said"),
    [
        ("short", "", "This password is too short. It must contain at least 10 characters."),
        ("correct horse battery", "x", "There is no meet x."),
        ("correct horse battery", "00000000-0000-0000-0000-000000000000", "There is no meet 0000"),
    ],
)
def test_an_account_that_cannot_be_made_is_not_half_made(
    monkeypatch: pytest.MonkeyPatch, password: str, meet: str, said: str
) -> None:
    monkeypatch.setenv("USER_PASSWORD", password)

    with pytest.raises(CommandError, match=said):
        call_command("user_create", "anna", *([f"--meet={meet}"] if meet else []))

    assert not make.User.objects.filter(username="anna").exists()


def test_a_name_is_taken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    make.user_make("anna")
    monkeypatch.setenv("USER_PASSWORD", "correct horse battery")

    with pytest.raises(CommandError, match="already a user 'anna'"):
        call_command("user_create", "anna")


def test_a_token_is_printed_once(capsys: Any) -> None:
    make.user_make("anna")

    call_command("token_create", "anna", "--days=3")

    token = capsys.readouterr().out.strip()
    row = AuthToken.objects.get()
    assert len(token) == 64
    assert token.startswith(row.token_key)
    assert token not in row.digest
    assert row.expiry is not None
    assert 2.9 < (row.expiry - row.created).total_seconds() / 86_400 < 3.1


@pytest.mark.parametrize(
    ("args", "said"), [(["nobody"], "no active user 'nobody'"), (["anna", "--days=0"], "1 to 365 days")]
)
def test_no_token_for_nobody(args: list[str], said: str) -> None:
    make.user_make("anna")

    with pytest.raises(CommandError, match=said):
        call_command("token_create", *args)

    assert AuthToken.objects.count() == 0


def test_a_sweep_by_hand_says_what_it_did(capsys: Any) -> None:
    make.image_make(nudged_at=None)

    call_command("images_sweep")

    assert capsys.readouterr().out == "1 photos sent to the queue.\n"
