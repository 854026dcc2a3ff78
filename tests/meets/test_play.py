"""A small meet played as ``make play-meet`` plays a whole one, without a server in between."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests import factories as make
from tests.play.client import Answer, Player
from tests.play.meet import SEATS, Cast, play
from tests.play.outcome import outcome_of

pytestmark = pytest.mark.django_db


def player(name: str, *, makes_meets: bool = False) -> Player:
    client = APIClient()
    client.force_authenticate(make.user_make(name, makes_meets=makes_meets))

    def send(method: str, path: str, body: Any, token: str) -> Answer:
        answer = client.generic(method, path, json.dumps(body) if body is not None else "", "application/json")
        data = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return Answer(answer.status_code, data)

    return Player(name, "", send)


@pytest.fixture
def _no_throttle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rest_framework.throttling.UserRateThrottle.allow_request", lambda *args: True)


@pytest.mark.usefixtures("_no_throttle")
def test_a_meet_is_played_and_everything_agrees() -> None:
    cast = Cast(
        player("head", makes_meets=True),
        player("staff"),
        {seat: player(seat) for seat in SEATS},
        [player(f"jury{number}") for number in (1, 2, 3)],
        player("reader"),
    )

    outcome = outcome_of(cast, play(cast, lifters=5, seed=11))

    assert outcome.faults == []
    assert (outcome.figures["lifters"], outcome.figures["attempts"]) == (5, 45)
