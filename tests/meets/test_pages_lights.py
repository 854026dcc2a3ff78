"""A referee's own light: once, by a referee, while the meet is open; a refusal writes nothing."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from meets import decisions
from meets.errors import Refusal
from meets.models import Light, Meet, MeetStatus, Role
from tests.factories import attempt_make, image_make, meet_make, member_make, user_make


@pytest.fixture
def meet(db: None) -> Meet:
    return meet_make()


def state(meet: Meet) -> tuple[int, list[tuple[int, str]]]:
    meet.refresh_from_db()
    return meet.revision, sorted(Light.objects.values_list("referee_id", "colour"))


def post(user: Any, attempt: Any, colour: str = "white") -> Any:
    client = Client()
    client.force_login(user)
    return client.post(reverse("attempt-light", args=[attempt.pk]), {"colour": colour, "version": attempt.version})


@pytest.mark.parametrize("colour", ["white", "red"])
def test_a_light_is_recorded_once(meet: Meet, colour: str) -> None:
    attempt, referee = attempt_make(meet), member_make(meet, Role.REFEREE)
    image_make(attempt)
    assert post(referee, attempt, colour).status_code == 302
    given = state(meet)
    assert given[1] == [(referee.pk, colour)]
    again = post(referee, attempt, "red" if colour == "white" else "white")
    assert again.status_code == 409
    assert f"Your {colour} light on this attempt is recorded" in again.content.decode()
    assert state(meet) == given


@pytest.mark.parametrize("role", [Role.STAFF, Role.HEAD, Role.JURY, Role.READER])
def test_only_a_referee(meet: Meet, role: Role) -> None:
    attempt, user = attempt_make(meet), member_make(meet, role)
    before = state(meet)
    answer = post(user, attempt)
    assert answer.status_code == 403
    assert "Only a referee of this meet" in answer.content.decode()
    assert state(meet) == before


def test_not_in_a_closed_meet(meet: Meet) -> None:
    attempt, referee = attempt_make(meet), member_make(meet, Role.REFEREE)
    Meet.objects.filter(pk=meet.pk).update(status=MeetStatus.CLOSED)
    before = state(meet)
    answer = post(referee, attempt)
    assert answer.status_code == 409
    assert "closed" in answer.content.decode()
    assert state(meet) == before
    assert "give-white" not in answer.content.decode()


@pytest.mark.parametrize("colour", ["", "blue", "WHITE", "green"])
def test_only_white_or_red(meet: Meet, colour: str) -> None:
    attempt, referee = attempt_make(meet), member_make(meet, Role.REFEREE)
    before = state(meet)
    assert post(referee, attempt, colour).status_code == 422
    assert state(meet) == before


def test_a_referee_of_another_meet_is_refused_by_the_writer_too(meet: Meet) -> None:
    attempt, stranger = attempt_make(meet), member_make(meet_make(), Role.REFEREE)
    before = state(meet)
    with pytest.raises(Refusal):
        decisions.light_record(attempt=attempt, referee=stranger, colour="white")
    with pytest.raises(Refusal):
        decisions.light_record(attempt=attempt, referee=user_make(), colour="white")
    assert state(meet) == before


def test_needs_the_form_of_our_own_page(meet: Meet) -> None:
    attempt, referee = attempt_make(meet), member_make(meet, Role.REFEREE)
    client = Client(enforce_csrf_checks=True)
    client.force_login(referee)
    assert client.post(reverse("attempt-light", args=[attempt.pk]), {"colour": "white"}).status_code == 403
    assert state(meet)[1] == []
    assert client.get(reverse("attempt-light", args=[attempt.pk])).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_leave_one_light() -> None:
    meet = meet_make()
    attempt, referee = attempt_make(meet), member_make(meet, Role.REFEREE)
    start, outcomes = threading.Barrier(2), []

    def press(colour: str) -> None:
        start.wait()
        try:
            decisions.light_record(attempt=attempt, referee=referee, colour=colour)
            outcomes.append("recorded")
        except Refusal as refusal:
            outcomes.append(refusal.reason)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=[colour]) for colour in ("white", "red")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["light_given", "recorded"]
    meet.refresh_from_db()
    assert Light.objects.count() == 1
