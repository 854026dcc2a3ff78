"""Weights that have not passed the gold gate advise nobody at a live meet: what they find is on record alone."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from inference.accepted import engine_passed
from inference.assessment import FlagKind
from judging.outcomes import Outcome
from meets import accepted, decisions, results, worker
from meets.models import Assessment, Attempt, AttemptImage, EvidenceMode, Finding, Meet, Role, Vote, WorkerBeat
from meets.selectors import board, words
from tests import factories as make

pytestmark = pytest.mark.django_db

Gate = Callable[..., None]
OTHER = "b" * 64
NOTICE = "has not passed the gold gate, so it does not advise at this meet."
# What only a finding brings to a page.
TELLING = (
    "breach", "too close", "too_close", "◆", "≈", "●", "◐", "◇", "◎", "hip crease", "−4.0", "-4.0", "±", "κ",
    "Gold votes", "<line", "<circle", "gauge", "test-engine", "layer-people", "is the lifter", "person", "as stated",
)  # fmt: skip
FLAGS = (FlagKind.BREACH, FlagKind.TOO_CLOSE, FlagKind.LIFTER, FlagKind.MISMATCH, FlagKind.NONE)


@pytest.fixture
def meet() -> Meet:
    """Live, and by the federation's permission nothing is held back but what the gate holds back."""
    return make.meet_make(evidence_mode=EvidenceMode.LIVE)


@pytest.fixture
def blind(meet: Meet) -> Meet:
    """The same meet, blind first."""
    Meet.objects.update(evidence_mode=EvidenceMode.AFTER_LIGHT)
    meet.refresh_from_db()
    return meet


def client_of(meet: Meet, role: Role = Role.JURY) -> Client:
    client = Client()
    client.force_login(make.member_make(meet, role))
    return client


def api_of(meet: Meet, role: Role = Role.JURY) -> APIClient:
    client = APIClient()
    client.force_authenticate(make.member_make(meet, role))
    return client


def read(meet: Meet, flag: FlagKind = FlagKind.BREACH, **fields: Any) -> AttemptImage:
    """A photo whose reading found something, whatever the gate says of it."""
    outcome = Outcome.MEETS if flag is FlagKind.NONE else Outcome.BREACH
    people = (make.person_make(score=0.7), make.person_make((300.0, 80.0, 400.0, 216.0), score=0.65))
    seen = make.seen_make(flag=flag, findings=(make.finding_make(outcome=outcome),), people=people, **fields)
    return make.assessed_make(make.attempt_make(meet), seen=seen).image


def without_help(html: str) -> str:
    return re.sub(r'<dialog.*?</dialog>|<label class="cause">.*?</label>', "", html, flags=re.S)


def shown(client: Client, meet: Meet, attempt: Attempt) -> Iterator[tuple[str, str]]:
    """Every page and fragment on which findings could stand."""
    for name, pk in (
        ("meet-board", meet.pk),
        ("meet-board-rows", meet.pk),
        ("attempt-detail", attempt.pk),
        ("attempt-live", attempt.pk),
    ):
        yield name, without_help(client.get(reverse(name, args=[pk])).content.decode())


def addresses(meet: Meet, image: AttemptImage) -> tuple[str, ...]:
    results = f"/api/v1/meets/{meet.pk}/results"
    return (
        f"/api/v1/images/{image.pk}/",
        f"/api/v1/attempts/{image.attempt_id}/",
        results,
        f"{results}?format=csv",
    )


@pytest.mark.parametrize("role", [Role.STAFF, Role.HEAD, Role.JURY])
@pytest.mark.parametrize("flag", FLAGS)
def test_nothing_of_it_reaches_anybody(meet: Meet, gate: Gate, role: Role, flag: FlagKind) -> None:
    gate()
    image = read(meet, flag)
    client, api = client_of(meet, role), api_of(meet, role)
    for name, html in shown(client, meet, image.attempt):
        assert [word for word in TELLING if word in html] == [], name
        assert NOTICE in html, name
        assert "Judge by eye" in html, name
    for address in addresses(meet, image):
        text = api.get(address).content.decode()
        assert "engine_not_passed" in text
        assert [word for word in (*TELLING, "squat_depth", 'p_breach":') if word in text.split("\n", 1)[-1]] == []
    # On record it is whole.
    assert Assessment.objects.get().flag == flag
    assert (Finding.objects.count(), Vote.objects.count()) == (1, 2)


def test_a_referee_learns_nothing_after_the_light_either(meet: Meet, gate: Gate) -> None:
    gate()
    image = read(meet)
    referee = make.member_make(meet, Role.REFEREE, seat="left")
    client = Client()
    client.force_login(referee)
    for _ in range(2):
        for name, html in shown(client, meet, image.attempt):
            assert [word for word in TELLING if word in html] == [], name
            assert NOTICE in html
        decisions.light_record(attempt=image.attempt, referee=referee, colour="white")
        if (
            "Read by weights that have not passed"
            in client.get(reverse("attempt-detail", args=[image.attempt_id])).content.decode()
        ):
            break
    else:
        pytest.fail("the page does not say why there is nothing")


def test_before_the_light_the_api_does_not_even_say_that_it_is_withheld(blind: Meet, gate: Gate) -> None:
    meet = blind
    gate()
    image = read(meet)
    answer = api_of(meet, Role.REFEREE).get(f"/api/v1/images/{image.pk}/").json()
    assert "withheld" not in answer
    assert answer["evidence"] == "opens_after_your_light"


def test_what_was_found_makes_no_difference_to_the_page(meet: Meet, gate: Gate) -> None:
    gate()
    client, api = client_of(meet), api_of(meet)
    pages, answers = set(), set()
    for flag in FLAGS:
        image = read(meet, flag)
        row = re.search(
            rf'<li class="row[^>]*id="row-{image.attempt_id}">.*?</li>',
            client.get(reverse("meet-board", args=[meet.pk])).content.decode(),
            flags=re.S,
        )
        assert row is not None
        evidence = re.search(
            r'<aside class="evidence".*?</aside>',
            client.get(reverse("attempt-detail", args=[image.attempt_id])).content.decode(),
            flags=re.S,
        )
        assert evidence is not None
        lot = str(image.attempt.entry.lot)
        plain = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|Lifter \d+|datetime=\S+", "", row[0] + evidence[0])
        pages.add(plain.replace(f"lot {lot} ", ""))
        body = api.get(f"/api/v1/images/{image.pk}/").json()
        answers.add((body["withheld"], body["assessment"], str(body["also"]), body["status"], body["reason"]))
    assert len(pages) == 1, pages
    assert answers == {("engine_not_passed", None, "[]", "done", "")}


def test_a_passed_engine_is_not_touched(meet: Meet, gate: Gate) -> None:
    gate("0" * 64)
    image = read(meet)
    for name, html in shown(client_of(meet), meet, image.attempt):
        assert "gold gate" not in html, name
        assert "◆" in html, name
    body = api_of(meet).get(f"/api/v1/images/{image.pk}/").json()
    assert (body["withheld"], body["assessment"]["flag"], body["assessment"]["engine_passed"]) == ("", "breach", True)
    table = api_of(meet).get(f"/api/v1/meets/{meet.pk}/results?format=csv").content.decode()
    assert ",breach," in table
    assert "engine_not_passed" not in table


def test_only_those_weights_are_withheld(meet: Meet, gate: Gate) -> None:
    """Read first by weights that have passed, then another photo by others."""
    gate("0" * 64)
    good = read(meet)
    bad = read(meet, weights_sha256=OTHER)
    client = client_of(meet)
    html = without_help(client.get(reverse("meet-board", args=[meet.pk])).content.decode())
    rows = dict(re.findall(r'id="row-([0-9a-f-]{36})">(.*?)</li>', html, flags=re.S))
    assert "◆" in rows[str(good.attempt_id)]
    assert "engine has not passed the gold gate" in rows[str(bad.attempt_id)]
    assert "◆" not in rows[str(bad.attempt_id)]
    attempts = api_of(meet).get(f"/api/v1/meets/{meet.pk}/results").json()["attempts"]
    assert {one["id"]: one["flag"] for one in attempts} == {str(good.attempt_id): "breach", str(bad.attempt_id): None}


def test_the_weights_of_another_kind_do_not_vouch(meet: Meet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepted, "engine_passed", lambda engine, weights_sha256: engine == "mmpose")
    image = read(meet)
    assert api_of(meet).get(f"/api/v1/images/{image.pk}/").json()["withheld"] == "engine_not_passed"


def test_an_engine_that_only_reads_too_is_withheld_likewise(gate: Gate) -> None:
    gate("0" * 64)
    meet = make.meet_make(engines_also=["mmpose"], evidence_mode=EvidenceMode.LIVE)
    image = make.image_make(make.attempt_make(meet))
    for kind, weights in (("mediapipe", "0" * 64), ("mmpose", OTHER)):
        flag = FlagKind.TOO_CLOSE if kind == "mmpose" else FlagKind.BREACH
        seen = make.seen_make(flag=flag, engine=f"{kind}-1", weights_sha256=weights)
        assert results.reading_settle(claim=make.claim_make(image, kind), seen=seen)
    html = without_help(client_of(meet).get(reverse("attempt-detail", args=[image.attempt_id])).content.decode())
    assert "Also read by ViTPose: read; its weights have not passed the gold gate, so nothing is shown" in html
    assert "too close" not in html
    assert "mmpose-1" not in html
    body = api_of(meet).get(f"/api/v1/images/{image.pk}/").json()
    assert (body["assessment"]["flag"], body["also"]) == ("breach", [])


def test_a_training_shows_it_and_says_so(gate: Gate) -> None:
    gate()
    meet = make.meet_make(evidence_mode=EvidenceMode.TRAINING)
    image = read(meet)
    for name, html in shown(client_of(meet), meet, image.attempt):
        assert "◆" in html, name
        assert "has not passed the gold gate. </b>" not in html
        assert "What it finds is shown for training; at a live meet it would not be." in html, name
    body = api_of(meet).get(f"/api/v1/images/{image.pk}/").json()
    assert (body["withheld"], body["assessment"]["engine_passed"]) == ("", False)
    table = api_of(meet).get(f"/api/v1/meets/{meet.pk}/results?format=csv").content.decode().splitlines()
    row = dict(zip(table[0].split(","), table[1].split(","), strict=True))
    assert (row["flag"], row["engine_passed"]) == ("breach", "False")


def test_it_opens_when_the_weights_pass_and_closes_when_the_meet_turns_live(gate: Gate) -> None:
    gate()
    meet = make.meet_make(evidence_mode=EvidenceMode.TRAINING)
    image = read(meet)
    api = api_of(meet)

    def flag() -> str | None:
        seen = api.get(f"/api/v1/images/{image.pk}/").json()["assessment"]
        return seen["flag"] if seen else None

    assert flag() == "breach"
    Meet.objects.update(evidence_mode=EvidenceMode.LIVE)
    assert flag() is None
    gate("0" * 64)
    assert flag() == "breach"


def test_a_waiting_board_is_told_when_the_weights_pass(meet: Meet, gate: Gate) -> None:
    gate()
    read(meet)
    client, url = client_of(meet), reverse("meet-board-rows", args=[meet.pk])
    token = re.search(r"\?u=(\w+)", client.get(url).content.decode())
    assert token is not None
    assert client.get(url, {"u": token[1]}).status_code == 204
    gate("0" * 64)
    answer = client.get(url, {"u": token[1]})
    assert (answer.status_code, "◆" in answer.content.decode()) == (200, True)


def test_recorded_poses_never_pass_at_a_live_meet(meet: Meet, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the gate as it is outside these tests."""
    monkeypatch.setattr(accepted, "engine_passed", engine_passed)
    settings.DEFAULT_ENGINE = "recorded"
    meet.engine = "recorded"
    meet.save()
    image = make.assessed_make(make.attempt_make(meet), engine="recorded").image
    assert api_of(meet).get(f"/api/v1/images/{image.pk}/").json()["withheld"] == "engine_not_passed"


# ── What the desk says ───────────────────────────────────────────────────────────────────────────────────


def test_who_can_change_it_reads_how(meet: Meet, gate: Gate) -> None:
    gate()
    read(meet)
    url = reverse("meet-board", args=[meet.pk])
    staff, jury = (client_of(meet, role).get(url).content.decode() for role in (Role.STAFF, Role.JURY))
    assert "run the gate (python -m inference.gate --engine mediapipe --accept), or let another engine count" in staff
    assert "tell the meet&#x27;s staff" in jury
    assert "inference.gate" not in jury


def test_the_worker_says_which_weights_it_has_loaded(meet: Meet, gate: Gate) -> None:
    """So the board tells before the first photo."""
    gate()
    make.beat_make("w@here")
    head = client_of(meet, Role.HEAD)
    url = reverse("meet-edit", args=[meet.pk])
    assert "is known once a worker has answered" in head.get(url).content.decode()
    assert NOTICE not in head.get(url).content.decode()

    worker.beat_answered(name="w@here", weights_sha256=OTHER)
    assert WorkerBeat.objects.get(name="w@here").weights_sha256 == OTHER
    for name in ("meet-edit", "camera-list"):
        html = head.get(reverse(name, args=[meet.pk])).content.decode()
        assert f"MediaPipe counts here; its weights {OTHER[:8]} have not passed the gold gate." in html
        assert f"MediaPipe (weights {OTHER[:8]}) {NOTICE}" in html
    gate(OTHER)
    html = head.get(url).content.decode()
    assert f"its weights {OTHER[:8]} passed the gold gate." in html
    assert NOTICE not in html


def test_the_assistant_is_off_where_it_may_not_advise(meet: Meet, gate: Gate) -> None:
    gate()
    make.beat_make(weights_sha256=OTHER, answered_at=make.timezone.now())
    user = make.member_make(meet, Role.STAFF)
    desk = board.desk_detail(user, meet.pk)
    assert (desk.assist, desk.assist.word, desk.has_passed) == (board.Assist.WITHHELD, "off", False)
    Meet.objects.update(evidence_mode=EvidenceMode.TRAINING)
    assert board.desk_detail(user, meet.pk).assist is board.Assist.ON
    Meet.objects.update(evidence_mode=EvidenceMode.LIVE)
    gate(OTHER)
    assert board.desk_detail(user, meet.pk).assist is board.Assist.ON


def test_waiting_costs_one_statement_more_or_less(meet: Meet, django_assert_num_queries: Any) -> None:
    user = make.member_make(meet, Role.STAFF)
    with django_assert_num_queries(1):
        desk = board.desk_detail(user, meet.pk)
        desk.token()


def test_the_words() -> None:
    assert words.engine_line("mmpose", "", has_passed=None).startswith("ViTPose counts here. Whether")
    assert words.weights_word("mmpose", "1a2b3c4d5e") == "ViTPose (weights 1a2b3c4d)"
