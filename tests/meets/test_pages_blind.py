"""Blind first: before his own light a referee learns nothing of what was found, not even from the order of rows."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from inference.assessment import FlagKind
from judging.outcomes import Outcome
from meets import decisions
from meets.models import Attempt, AttemptImage, EvidenceMode, Meet, Role
from tests.factories import (
    assessed_make,
    attempt_make,
    camera_make,
    decided_make,
    finding_make,
    image_make,
    meet_make,
    member_make,
    person_make,
    seen_make,
)

pytestmark = pytest.mark.django_db

# Words and signs that only a finding brings.
TELLING = (
    "breach", "too close", "too_close", "cannot judge", "◆", "≈", "●", "◐", "◇", "meets ", "hip crease", "−4.0", "±",
    "κ", "gold", "skeleton", "layer-", "<line", "<circle", "gauge", "test-engine", "not read", "being read", "waiting",
    "Try again", "◎", "is the lifter", "layer-people", "Also read by", "Tripod",
)  # fmt: skip


# How a photo went on the line.
STATES = ("status", "reason", "tries", "finished_at", "phase")


@pytest.fixture
def meet() -> Meet:
    return meet_make(evidence_mode=EvidenceMode.AFTER_LIGHT)


@pytest.fixture
def referee(meet: Meet) -> Any:
    return member_make(meet, Role.REFEREE, seat="left")


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def content(html: str) -> str:
    """The page without its help, which names every sign, and without the rule book's causes, in the book's words."""
    return re.sub(r'<dialog.*?</dialog>|<label class="cause">.*?</label>', "", html, flags=re.S)


def attempt_with(meet: Meet, outcome: str, **fields: Any) -> Attempt:
    attempt = attempt_make(meet, **fields)
    if outcome in ("queued", "working", "failed", "rejected"):
        image_make(attempt, status=outcome, reason="engine_failed" if outcome == "failed" else "")
        return attempt
    margin = {"breach": -9.0, "too_close": -0.8, "meets": 9.0}.get(outcome)
    if outcome == "lifter":
        people = (person_make(score=0.4), person_make((200.0, 30.0, 300.0, 230.0), score=0.39))
        seen = seen_make(flag=FlagKind.LIFTER, pose=None, votes=None, findings=(), people=people)
        assessed_make(attempt, seen=seen, camera=camera_make(meet, name=f"Tripod {attempt.pk.hex[:8]}"))
    elif outcome == "mismatch":
        assessed_make(attempt, seen=seen_make(flag=FlagKind.MISMATCH, findings=()))
    else:
        flag = FlagKind(outcome) if outcome != "meets" else FlagKind.NONE
        found = finding_make(outcome=Outcome(outcome), margin_cm=margin, detail="The hip crease is told of.")
        assessed_make(attempt, seen=seen_make(flag=flag, findings=(found,)))
    return attempt


OUTCOMES = ("breach", "too_close", "lifter", "mismatch", "meets", "queued", "working", "failed", "rejected")


def pages(meet: Meet, attempt: Attempt) -> list[str]:
    return [
        reverse("meet-board", args=[meet.pk]),
        reverse("meet-board-rows", args=[meet.pk]),
        reverse("attempt-detail", args=[attempt.pk]),
        reverse("attempt-live", args=[attempt.pk]),
    ]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_nothing_is_told_before_the_light(meet: Meet, referee: Any, outcome: str) -> None:
    attempt = attempt_with(meet, outcome)
    for url in pages(meet, attempt):
        html = content(client_of(referee).get(url).content.decode())
        assert "evidence opens after your light" in html
        assert [word for word in TELLING if word in html] == []


def test_every_outcome_looks_alike(meet: Meet, referee: Any) -> None:
    """The same page, but for ids and tokens, whatever was found."""
    seen = set()
    for outcome in OUTCOMES:
        attempt = attempt_with(meet, outcome)
        image = AttemptImage.objects.get(attempt=attempt)
        parts = []
        for url in pages(meet, attempt):
            html = client_of(referee).get(url).content.decode()
            entry = attempt.entry
            for value in (attempt.pk, image.pk, entry.lifter.name, f"lot {entry.lot}"):
                html = html.replace(str(value), "X")
            html = re.sub(r"\?u=\w+|csrfmiddlewaretoken\" value=\"\w+|(?:datetime|data-now)=\"[^\"]+", "", html)
            parts.append(html)
        seen.add("\n".join(parts))
        attempt.images.all().delete()
        attempt.entry.lifter.delete()
    assert len(seen) == 1


def test_rows_keep_the_order_of_their_photos_whatever_is_found(meet: Meet, referee: Any) -> None:
    attempts = [attempt_with(meet, outcome) for outcome in ("meets", "breach", "queued", "too_close", "failed")]
    html = client_of(referee).get(reverse("meet-board", args=[meet.pk])).content.decode()
    shown = re.findall(r'id="row-([0-9a-f-]+)"', html)
    assert shown == [str(attempt.pk) for attempt in reversed(attempts)]


def test_the_order_does_not_change_when_a_finding_comes_in(meet: Meet, referee: Any) -> None:
    first, second = attempt_make(meet), attempt_make(meet)
    image_make(first)
    image_make(second)
    url = reverse("meet-board", args=[meet.pk])

    def order() -> list[str]:
        return re.findall(r'id="row-([0-9a-f-]+)"', client_of(referee).get(url).content.decode())

    before = order()
    assessed_make(first)
    assert order() == before


def test_no_counts_or_groups_tell(meet: Meet, referee: Any) -> None:
    attempt_with(meet, "breach")
    html = client_of(referee).get(reverse("meet-board", args=[meet.pk])).content.decode()
    assert re.findall(r"<h2>([^<]+)</h2>", content(html)) == ["Your light first"]
    assert re.search(r"<title>Board · [^<]+</title>", html)


def test_photos_come_without_anything_drawn(meet: Meet, referee: Any) -> None:
    attempt = attempt_with(meet, "breach")
    html = client_of(referee).get(reverse("attempt-detail", args=[attempt.pk])).content.decode()
    assert "<image " in html
    assert "data-zoom" not in html
    assert "Closed until your own light." in html


@pytest.mark.parametrize("outcome", ["breach", "meets"])
def test_after_the_light_the_evidence_opens(meet: Meet, referee: Any, outcome: str) -> None:
    attempt = attempt_with(meet, outcome)
    other = attempt_with(meet, "breach")
    client = client_of(referee)
    answer = client.post(reverse("attempt-light", args=[attempt.pk]), {"colour": "white", "version": "1"}, follow=True)
    html = content(answer.content.decode())
    assert "opened after your light" in html
    assert "Your light: white" in html
    assert 'class="layer-skeleton"' in html
    # The other attempt stays closed.
    assert "Closed until" in client.get(reverse("attempt-detail", args=[other.pk])).content.decode()


def test_another_referees_light_opens_nothing(meet: Meet, referee: Any) -> None:
    attempt = attempt_with(meet, "breach")
    decisions.light_record(attempt=attempt, referee=member_make(meet, Role.REFEREE), colour="red")
    html = content(client_of(referee).get(reverse("attempt-detail", args=[attempt.pk])).content.decode())
    assert "Closed until your own light." in html
    assert "red" not in re.sub(
        r'(id|class|value)="[^"]*"|<b>Red</b>|<details class="why">.*?</details>', "", html, flags=re.S
    ).lower().replace("measured", "")


@pytest.mark.parametrize("role", [Role.STAFF, Role.HEAD, Role.JURY, Role.READER])
def test_others_see_it_after_the_lights(meet: Meet, role: Role) -> None:
    """They sit within earshot of the referees, and the jury may be asked to reverse them."""
    attempt = attempt_with(meet, "breach")
    client = client_of(member_make(meet, role))

    def page() -> str:
        return content(client.get(reverse("attempt-detail", args=[attempt.pk])).content.decode())

    assert "◆" not in page()
    assert "Closed until the lights." in page()
    decided_make(attempt)
    assert "◆" in page()
    assert "give-white" not in page()


def test_training_is_open_and_still_takes_the_light(referee: Any) -> None:
    meet = meet_make(evidence_mode=EvidenceMode.TRAINING)
    attempt = attempt_with(meet, "breach")
    user = member_make(meet, Role.REFEREE)
    html = content(client_of(user).get(reverse("attempt-detail", args=[attempt.pk])).content.decode())
    assert "◆" in html
    assert "give-white" in html


def test_closed_findings_are_not_even_read(
    meet: Meet, referee: Any, django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = attempt_with(meet, "breach")
    client = client_of(referee)
    for url in pages(meet, attempt):
        with django_assert_max_num_queries(30) as asked:
            client.get(url)
        rows = [query["sql"] for query in asked.captured_queries if 'FROM "meets_finding"' in query["sql"]]
        assert rows == []
        assert not any('FROM "meets_vote"' in query["sql"] for query in asked.captured_queries)
        photos = [sql for query in asked.captured_queries if '"meets_attemptimage"."id"' in (sql := query["sql"])]
        assert photos
        for sql in photos:
            columns, _, rest = sql.partition(" FROM ")
            if [column for column in STATES if f'"meets_attemptimage"."{column}"' in columns]:
                # Asked of the open attempts alone.
                assert '"meets_attemptimage"."attempt_id" IN (SELECT' in rest
                assert "NOT (" not in rest.replace("NOT (EXISTS", "")


def test_the_token_tells_nothing_of_the_finding(meet: Meet, referee: Any) -> None:
    """It changes with the meet, and is the same length and kind whatever was found."""
    url = reverse("meet-board-rows", args=[meet.pk])
    for outcome in OUTCOMES:
        attempt_with(meet, outcome)
        token = re.search(r"\?u=(\w+)", client_of(referee).get(url).content.decode())
        assert token is not None
        assert re.fullmatch(r"[0-9a-f]{20}", token[1])
