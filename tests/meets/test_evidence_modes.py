"""Who sees what a machine found, when: every mode, part and moment; and that whoever is shown it is noted."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from meets import assist, decisions
from meets.models import Attempt, EvidenceMode, LogKind, LogRecord, Meet, MeetStatus, Role, Shown
from meets.seal import evidence_shown
from meets.selectors.decisions import log_open_until
from tests import factories as make

pytestmark = pytest.mark.django_db

R, J, S, H, P = Role.REFEREE, Role.JURY, Role.STAFF, Role.HEAD, Role.READER
NOBODY: frozenset[Role] = frozenset()
ALL = frozenset(Role)
OFFICIALS = ALL - {P}
# mode → who sees it: before any light, after the own light (a referee's), after all three, when the meet is closed.
TABLE = {
    EvidenceMode.AFTER_LIGHT: (NOBODY, {R}, {R, J, S, H, P}, OFFICIALS | {P}),
    EvidenceMode.JURY: (NOBODY, NOBODY, {J}, OFFICIALS | {P}),
    EvidenceMode.LIVE: (OFFICIALS, OFFICIALS, ALL, ALL),
    EvidenceMode.TRAINING: (ALL, ALL, ALL, ALL),
}


def flag_seen(meet: Meet, user: Any, attempt: Attempt) -> bool:
    """Does the API give this user the finding now? The pages ask the same filter."""
    client = APIClient()
    client.force_authenticate(user)
    body = client.get(f"/api/v1/attempts/{attempt.pk}/").json()
    assert (body["evidence"] == "open") == ("flag" in body)
    return body.get("flag") == "breach"


@pytest.mark.parametrize("mode", EvidenceMode)
@pytest.mark.parametrize("role", Role)
def test_who_sees_it_when(mode: EvidenceMode, role: Role) -> None:
    meet = make.meet_make(evidence_mode=mode, rulebook="ipf-2026-v3")
    seats = {seat: make.member_make(meet, R, seat=seat) for seat in ("left", "chief", "right")}
    user = seats["left"] if role is R else make.member_make(meet, role)
    attempt = make.attempt_make(meet)
    make.assessed_make(attempt, seen=make.seen_make(flag=make.FlagKind.BREACH))
    seen = [flag_seen(meet, user, attempt)]
    decisions.light_record(attempt=attempt, referee=seats["left"], colour="white")
    seen.append(flag_seen(meet, user, attempt))
    for seat in ("chief", "right"):
        decisions.light_record(attempt=attempt, referee=seats[seat], colour="white")
    seen.append(flag_seen(meet, user, attempt))
    Meet.objects.update(status=MeetStatus.CLOSED)
    seen.append(flag_seen(meet, user, attempt))

    assert seen == [role in sees for sees in TABLE[mode]]


@pytest.mark.parametrize("role", Role)
def test_switched_off_nothing_shows_before_the_decision(role: Role) -> None:
    meet = make.meet_make(evidence_mode=EvidenceMode.LIVE)
    attempt = make.attempt_make(meet)
    make.assessed_make(attempt, seen=make.seen_make(flag=make.FlagKind.BREACH))
    assist.assist_set(meet=meet, user=make.member_make(meet, H), on=False, reason="lens fogged")
    user = make.member_make(meet, role)

    assert not flag_seen(meet, user, attempt)
    make.decided_make(attempt)
    assert flag_seen(meet, user, attempt)


def test_whoever_is_shown_evidence_is_noted_once() -> None:
    meet = make.meet_make(evidence_mode=EvidenceMode.LIVE)
    assessment = make.assessed_make(make.attempt_make(meet))
    jury = make.member_make(meet, J)
    client = Client()
    client.force_login(jury)
    page = reverse("attempt-detail", args=[assessment.image.attempt_id])

    for _ in range(3):
        assert client.get(page).status_code == 200

    (record,) = LogRecord.objects.filter(kind=LogKind.SHOWN)
    assert (record.actor, record.attempt_id) == (jury.username, assessment.image.attempt_id)
    assert Shown.objects.get().user == jury


def test_what_is_not_shown_is_not_noted() -> None:
    meet = make.meet_make(evidence_mode=EvidenceMode.AFTER_LIGHT)
    assessment = make.assessed_make(make.attempt_make(meet))
    for role in Role:
        client = Client()
        client.force_login(make.member_make(meet, role))
        client.get(reverse("attempt-detail", args=[assessment.image.attempt_id]))
        client.get(reverse("meet-board", args=[meet.pk]))
        client.get(f"/api/v1/meets/{meet.pk}/results")
    assert not LogRecord.objects.filter(kind=LogKind.SHOWN).exists()


def test_a_board_notes_every_attempt_it_shows() -> None:
    meet = make.meet_make(evidence_mode=EvidenceMode.LIVE)
    shown = {make.assessed_make(make.attempt_make(meet)).image.attempt_id for _ in range(3)}
    client = Client()
    client.force_login(make.member_make(meet, S))

    client.get(reverse("meet-board", args=[meet.pk]))
    client.get(reverse("meet-board", args=[meet.pk]))

    noted = LogRecord.objects.filter(kind=LogKind.SHOWN)
    assert (noted.count(), set(noted.values_list("attempt_id", flat=True))) == (3, shown)


def test_nobody_without_an_account_is_noted() -> None:
    from django.contrib.auth.models import AnonymousUser

    assessment = make.assessed_make()
    assert evidence_shown(AnonymousUser(), assessment.image.attempt.entry.meet, [assessment], "page") == 0


@pytest.mark.parametrize("mode", [EvidenceMode.AFTER_LIGHT, EvidenceMode.TRAINING])
def test_the_log_ends_before_an_attempt_that_is_being_decided(mode: EvidenceMode) -> None:
    """At a training findings are open, and another referee's light is not."""
    meet = make.meet_make(evidence_mode=mode, rulebook="ipf-2026-v3")
    referee = make.member_make(meet, R, seat="left")
    attempt = make.attempt_make(meet)
    head = APIClient()
    head.force_authenticate(make.member_make(meet, H))
    before = LogRecord.objects.count()
    decisions.light_record(attempt=attempt, referee=referee, colour="red")

    answer = head.get(f"/api/v1/meets/{meet.pk}/log/")

    assert answer["X-Log-Complete"] == "false"
    assert len(b"".join(answer.streaming_content).splitlines()) == before
    assert head.get(f"/api/v1/attempts/{attempt.pk}/decisions/").status_code == 409
    Meet.objects.update(status=MeetStatus.CLOSED)
    assert log_open_until(Meet.objects.get()) is None


def test_a_light_without_a_seat_closes_no_log_at_a_training() -> None:
    """It decides nothing, so the attempt would never open again."""
    meet = make.meet_make(evidence_mode=EvidenceMode.TRAINING)
    attempt = make.attempt_make(meet)
    decisions.light_record(attempt=attempt, referee=make.member_make(meet, R), colour="red")
    assert log_open_until(meet) is None
