"""The pages of referees and jury, and the attempt page of all who decide: the acts, what is hidden, what is refused."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from meets import assist, attempts, decisions, jury
from meets.models import (
    Attempt,
    Card,
    EvidenceMode,
    JuryCase,
    JuryVote,
    Light,
    LogRecord,
    Meet,
    MeetStatus,
    Role,
    SecondCall,
)
from tests.factories import assessed_make, attempt_make, beat_make, meet_make, member_make

RULEBOOK = "ipf-2026-v3"
SEATS = ("left", "chief", "right")


@pytest.fixture
def meet(db: None) -> Meet:
    return meet_make(rulebook=RULEBOOK)


@pytest.fixture
def referees(meet: Meet) -> dict[str, Any]:
    return {seat: member_make(meet, Role.REFEREE, seat=seat) for seat in SEATS}


@pytest.fixture
def staff(meet: Meet) -> Any:
    return member_make(meet, Role.STAFF)


@pytest.fixture
def called(meet: Meet, staff: Any) -> Attempt:
    return call(attempt_make(meet), staff)


def call(attempt: Attempt, staff: Any) -> Attempt:
    attempts.attempt_call(attempt=attempt, user=staff)
    attempt.refresh_from_db()
    return attempt


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def get(user: Any, name: str, *args: Any) -> str:
    answer = client_of(user).get(reverse(name, args=args))
    assert answer.status_code == 200
    return str(answer.content.decode())


def post(user: Any, name: str, pk: Any, **data: Any) -> Any:
    return client_of(user).post(reverse(name, args=[pk]), data)


def written() -> tuple[int, int, int, int, list[str]]:
    votes = list(JuryVote.objects.order_by("pk").values_list("vote", flat=True))
    return LogRecord.objects.count(), Light.objects.count(), Card.objects.count(), SecondCall.objects.count(), votes


def bare(html: str) -> str:
    """The page without what differs from request to request."""
    return re.sub(r'\?u=\w+|csrfmiddlewaretoken" value="\w+|(?:datetime|data-now)="[^"]+|<time.*?</time>', "", html)


def decide(attempt: Attempt, referees: dict[str, Any], *colours: str) -> Attempt:
    for referee, colour in zip(referees.values(), colours, strict=True):
        decisions.light_record(attempt=attempt, referee=referee, colour=colour)
    attempt.refresh_from_db()
    return attempt


# ── The referee's page ───────────────────────────────────────────────────────────────────────────────────


def test_it_shows_what_is_on_the_platform_and_follows(meet: Meet, referees: Any, staff: Any) -> None:
    left = referees["left"]
    assert "Nobody is on the platform." in get(left, "referee-now", meet.pk)
    attempt = call(attempt_make(meet, declared_kg="142.5"), staff)
    html = get(left, "referee-now", meet.pk)
    assert "142.5" in html
    assert f'action="{reverse("attempt-light", args=[attempt.pk])}"' in html
    assert f'name="version" value="{attempt.version}"' in html
    token = re.search(r"\?u=(\w+)", html)
    assert token is not None
    live = reverse("referee-live", args=[meet.pk])
    assert client_of(left).get(live, {"u": token[1]}).status_code == 204
    decisions.light_record(attempt=attempt, referee=referees["chief"], colour="white")
    changed = client_of(left).get(live, {"u": token[1]})
    assert changed.status_code == 200
    assert "waiting for left and right" in changed.content.decode()


def test_a_light_from_the_page_and_the_decision_in_the_order_of_the_seats(
    meet: Meet, referees: Any, called: Attempt
) -> None:
    for seat, colour in (("right", "white"), ("left", "red"), ("chief", "white")):
        answer = post(referees[seat], "attempt-light", called.pk, colour=colour, version=called.version, back="now")
        assert (answer.status_code, answer.url) == (302, reverse("referee-now", args=[meet.pk]))
    called.refresh_from_db()
    assert called.outcome == "good"
    html = get(referees["chief"], "referee-now", meet.pk)
    assert "Good lift" in html
    seats = re.findall(r"light-big light-(\w+).*?<b>(\w+)</b>", html, flags=re.S)
    assert seats == [("red", "left"), ("white", "chief"), ("white", "right")]


def test_a_press_that_is_late_does_not_count_for_the_next_attempt(meet: Meet, referees: Any, staff: Any) -> None:
    first = call(attempt_make(meet), staff)
    version = first.version
    decide(first, referees, "white", "white", "red")
    second = call(attempt_make(meet, declared_kg="175"), staff)
    before = written()
    answer = post(referees["left"], "attempt-light", first.pk, colour="red", version=version, back="now")
    assert answer.status_code == 409
    html = answer.content.decode()
    assert "The attempt has moved on" in html
    # The page as it is now, with the next attempt's form.
    assert "175" in html
    assert reverse("attempt-light", args=[second.pk]) in html
    assert written() == before
    assert not Light.objects.filter(attempt=second).exists()


def test_a_light_without_a_version_is_refused(meet: Meet, referees: Any, called: Attempt) -> None:
    before = written()
    for version in ("", "one", "-1", "9" * 20):
        answer = post(referees["left"], "attempt-light", called.pk, colour="red", version=version)
        assert answer.status_code == 422
    assert written() == before


def everybody(meet: Meet, referees: dict[str, Any], staff: Any) -> dict[str, tuple[Any, list[tuple[str, Any]]]]:
    """Everybody but the left referee, with the pages of each."""
    people: dict[str, tuple[Any, list[tuple[str, Any]]]] = {
        "chief": (referees["chief"], [("referee-now", meet.pk), ("referee-live", meet.pk)]),
        "staff": (staff, [("meet-run", meet.pk), ("meet-run-live", meet.pk), ("meet-log", meet.pk)]),
        "jury": (member_make(meet, Role.JURY), [("jury-table", meet.pk), ("jury-live", meet.pk)]),
        "head": (member_make(meet, Role.HEAD), [("meet-run", meet.pk), ("second-calls", meet.pk)]),
        "reader": (member_make(meet, Role.READER), []),
    }
    return people


def test_hidden_lights_and_cards_are_not_in_any_page(meet: Meet, referees: Any, staff: Any) -> None:
    """Byte for byte the same to all others whether the left light was white, red, or red with its causes."""
    people = everybody(meet, referees, staff)
    attempt = call(attempt_make(meet), staff)
    shown = []
    for colour, causes in (("white", ()), ("red", ()), ("red", ("SQ-R1", "SQ-Y2"))):
        decisions.light_record(attempt=attempt, referee=referees["left"], colour=colour, causes=causes)
        parts = []
        for user, pages in people.values():
            for name, pk in (
                *pages,
                ("attempt-detail", attempt.pk),
                ("attempt-live", attempt.pk),
                ("meet-board", meet.pk),
            ):
                parts.append(bare(get(user, name, pk)))
        # How many records there are is told, not what they say; a card is one more.
        shown.append(re.sub(r"\d+ records?|<code>\w+</code>|before record \d+", "", "\n".join(parts)))
        lines = b"".join(client_of(staff).get(reverse("meet-log-lines", args=[meet.pk])).streaming_content)
        assert b'"kind":"light"' not in lines
        own = get(referees["left"], "referee-now", meet.pk)
        assert f"Your light: {colour}" in own
        decisions.light_take_back(attempt=attempt, referee=referees["left"])
    assert shown[0] == shown[1] == shown[2]
    assert "light-given" in shown[0]


def test_a_light_is_taken_back_until_all_are_in(meet: Meet, referees: Any, called: Attempt) -> None:
    left = referees["left"]
    post(left, "attempt-light", called.pk, colour="red", version=called.version)
    assert 'id="light-back"' in get(left, "referee-now", meet.pk)
    assert post(left, "attempt-light-back", called.pk, version=called.version, back="now").status_code == 302
    assert not Light.objects.exists()
    decide(called, referees, "red", "red", "white")
    assert 'id="light-back"' not in get(left, "referee-now", meet.pk)
    before = written()
    refused = post(left, "attempt-light-back", called.pk, version=called.version)
    assert refused.status_code == 409
    assert "The lights are on." in refused.content.decode()
    assert written() == before


def test_causes_are_offered_with_a_red_light_and_after_it(meet: Meet, referees: Any, called: Attempt) -> None:
    left, chief = referees["left"], referees["chief"]
    html = get(left, "referee-now", meet.pk)
    offered = re.findall(r'name="causes" value="([\w-]+)"[^>]*data-card="(\w+)"', html)
    assert offered[0] == ("SQ-R1", "red")
    assert {code[:2] for code, _ in offered} == {"SQ"}
    assert [card for _, card in offered] == sorted((card for _, card in offered), key=["red", "blue", "yellow"].index)
    sent = {"colour": "red", "version": called.version, "causes": ["SQ-R1", "SQ-Y2"], "back": "now"}
    assert post(left, "attempt-light", called.pk, **sent).status_code == 302
    again = get(left, "referee-now", meet.pk)
    assert "Why red?" in again
    assert 'value="SQ-R1"' not in again
    assert 'value="SQ-B1"' in again
    post(chief, "attempt-light", called.pk, colour="white", version=called.version)
    assert "Why red?" not in get(chief, "referee-now", meet.pk)
    decisions.light_record(attempt=called, referee=referees["right"], colour="red")
    # The third light came on while the causes were chosen.
    assert post(left, "attempt-cards", called.pk, causes=["SQ-B1"], back="now").status_code == 302
    assert sorted(Card.objects.values_list("colour", flat=True)) == ["blue", "red", "yellow"]
    shown = get(member_make(meet, Role.READER), "attempt-detail", called.pk)
    assert shown.count("ref-red") == shown.count("ref-blue") == shown.count("ref-yellow") == 1
    assert "Not upright with knees locked" in shown


def test_causes_that_do_not_fit_are_refused_in_a_sentence(meet: Meet, referees: Any, called: Attempt) -> None:
    before = written()
    for data in (
        {"colour": "white", "causes": ["SQ-R1"]},
        {"colour": "red", "causes": ["BP-R1"]},
        {"colour": "red", "causes": ["XX"]},
    ):
        refused = post(referees["left"], "attempt-light", called.pk, version=called.version, **data)
        assert refused.status_code == 422
        assert 'role="alert"' in refused.content.decode()
    assert written() == before


def test_an_earlier_red_light_without_a_cause_is_remembered(meet: Meet, referees: Any, staff: Any) -> None:
    decide(call(attempt_make(meet, declared_kg="101"), staff), referees, "red", "white", "white")
    call(attempt_make(meet, declared_kg="120"), staff)
    assert "Your red light on 101.0 kg" in get(referees["left"], "referee-now", meet.pk)
    assert "has no cause yet" not in get(referees["chief"], "referee-now", meet.pk)


def test_a_referee_sees_the_platform_he_sits_at(meet: Meet, staff: Any) -> None:
    from tests.factories import entry_make

    one, two = (meet.platforms.create(name=name) for name in ("One", "Two"))
    session = meet.sessions.create(number=1)
    here, there = member_make(meet, Role.REFEREE), member_make(meet, Role.REFEREE)
    session.seatings.create(platform=one, seat="left", user=here)
    session.seatings.create(platform=two, seat="left", user=there)
    for platform, kg in ((one, "111"), (two, "222")):
        entry = entry_make(meet, platform=platform, session=session)
        call(attempt_make(entry=entry, declared_kg=kg), staff)
    assert "111.0" in get(here, "referee-now", meet.pk)
    assert "222.0" in get(there, "referee-now", meet.pk)
    asked = client_of(here).get(reverse("referee-now", args=[meet.pk]), {"platform": two.pk}).content.decode()
    assert "222.0" in asked
    assert "counts for nothing else" in asked


# ── After the evidence ───────────────────────────────────────────────────────────────────────────────────


def test_the_second_call_comes_after_the_evidence(meet: Meet, referees: Any, called: Attempt) -> None:
    left = referees["left"]
    assessed_make(called)
    assert "what would you call?" not in get(left, "attempt-detail", called.pk)
    decisions.light_record(attempt=called, referee=left, colour="red")
    assert "what would you call?" in get(left, "attempt-detail", called.pk)
    # Shown the evidence, the light stands.
    assert 'id="light-back"' not in get(left, "attempt-detail", called.pk)
    assert post(left, "attempt-second-call", called.pk, colour="white").status_code == 302
    assert "After the evidence you would call white." in get(left, "attempt-detail", called.pk)
    before = written()
    assert post(left, "attempt-second-call", called.pk, colour="red").status_code == 409
    assert written() == before
    report = get(member_make(meet, Role.HEAD), "second-calls", meet.pk)
    assert left.get_username() in report
    assert "1 called again, 1 of them otherwise" in report


def test_what_is_read_after_the_decision_says_late(meet: Meet, referees: Any, called: Attempt) -> None:
    left = referees["left"]
    assessed_make(called)
    decide(called, referees, "white", "white", "white")
    assert "LATE" not in get(left, "attempt-detail", called.pk)
    assessed_make(called)
    html = get(left, "attempt-detail", called.pk)
    assert "<b>LATE</b> 1 reading came after the decision." in html
    assert "it changes nothing by itself" in html


def test_an_extra_attempt_takes_lights_anew(meet: Meet, referees: Any, called: Attempt) -> None:
    jurors = [member_make(meet, Role.JURY) for _ in range(3)]
    decide(called, referees, "red", "white", "white")
    case = jury.jury_open(attempt=called, user=jurors[0], grounds="loaders at fault", asked="extra_attempt")
    for juror in jurors:
        jury.jury_vote(case=case, member=juror, vote="extra_attempt")
    html = get(referees["left"], "attempt-detail", called.pk)
    assert "Your light" not in html
    assert 'id="light-white"' in html
    assert "take 2, given again by the jury" in html


# ── The history ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_history_keeps_reversed_and_corrected_decisions(meet: Meet, referees: Any, called: Attempt) -> None:
    head, jurors = member_make(meet, Role.HEAD), [member_make(meet, Role.JURY) for _ in range(3)]
    decisions.light_record(attempt=called, referee=referees["left"], colour="red", causes=["SQ-R1"])
    staff = client_of(head).get(reverse("attempt-detail", args=[called.pk])).content.decode()
    assert "its history opens with the decision" in staff
    for seat in ("chief", "right"):
        decisions.light_record(attempt=called, referee=referees[seat], colour="white")
    case = jury.jury_open(attempt=called, user=jurors[0], grounds="depth was short")
    for juror in jurors:
        jury.jury_vote(case=case, member=juror, vote="reversed", reason="seen from the side")
    decisions.decision_correct(attempt=called, user=head, outcome="good", reason="the jury met on another lift")
    html = get(member_make(meet, Role.READER), "attempt-detail", called.pk)
    for line in (
        "called the lifter",
        "red light from the left seat",
        "red card: Depth",
        "Good lift: left red, chief white, right white",
        "opened a case of the jury for a reversal: depth was short",
        "The jury: the decision is reversed, now No lift.",
        "corrected No lift to Good lift: the jury met on another lift",
    ):
        assert line in html
    assert html.count('class="changes"') == 2


# ── The jury ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def jurors(meet: Meet) -> list[Any]:
    return [member_make(meet, Role.JURY) for _ in range(3)]


def opened(attempt: Attempt, juror: Any) -> JuryCase:
    answer = post(
        juror,
        "case-open",
        attempt.pk,
        version=attempt.version,
        grounds="depth was there",
        asked="reversed",
        back="jury",
    )
    assert (answer.status_code, answer.url) == (302, reverse("jury-table", args=[attempt.entry.meet_id]))
    return JuryCase.objects.get(attempt=attempt, closed_at=None)


def test_split_decisions_come_first_with_the_time_that_is_left(
    meet: Meet, referees: Any, staff: Any, jurors: list[Any]
) -> None:
    split = decide(call(attempt_make(meet), staff), referees, "red", "white", "white")
    clear = decide(call(attempt_make(meet), staff), referees, "white", "white", "white")
    html = get(jurors[0], "jury-table", meet.pk)
    assert html.index(f'id="decided-{split.pk}"') < html.index(f'id="decided-{clear.pk}"')
    assert re.search(r"data-until>(5\d|60) s left", html)
    assert f'action="{reverse("case-open", args=[split.pk])}"' in html


def test_votes_are_secret_until_all_are_in(meet: Meet, referees: Any, called: Attempt, jurors: list[Any]) -> None:
    decide(called, referees, "red", "white", "white")
    case = opened(called, jurors[0])
    shown = []
    for vote in ("upheld", "reversed"):
        answer = post(jurors[0], "case-vote", case.pk, vote=vote, reason=f"because {vote}")
        assert answer.status_code == 302
        own = get(jurors[0], "jury-table", meet.pk)
        assert f"because {vote}" in own
        pages = [
            (jurors[1], "jury-table", meet.pk),
            (jurors[2], "jury-live", meet.pk),
            (member_make(meet, Role.HEAD), "attempt-detail", called.pk),
            (referees["left"], "attempt-detail", called.pk),
        ]
        parts = [bare(get(user, name, pk)) for user, name, pk in pages]
        assert all("has voted" in part and "because" not in part for part in parts)
        shown.append(re.sub(r"user\d+", "", "\n".join(parts[:2])))
        # The vote as if it had not been given; nothing of it stands on any page.
        JuryVote.objects.filter(case=case).update(vote="", reason="", given_at=None, nonce="")
    assert shown[0] == shown[1]


def test_the_last_vote_decides_and_opens_all(meet: Meet, referees: Any, called: Attempt, jurors: list[Any]) -> None:
    decide(called, referees, "red", "white", "white")
    case = opened(called, jurors[0])
    for juror in jurors:
        post(juror, "case-vote", case.pk, vote="reversed", reason="hip above the knee")
    called.refresh_from_db()
    assert called.outcome == "no_lift"
    html = get(jurors[1], "jury-table", meet.pk)
    closed = html[html.index("Closed cases") :]
    assert closed.count("the decision is reversed: hip above the knee") == 3
    page = get(member_make(meet, Role.READER), "attempt-detail", called.pk)
    assert "No lift" in page
    assert "The lights came to good lift; the decision was changed since." in page


def test_refused_votes_say_why_and_write_nothing(meet: Meet, referees: Any, called: Attempt, jurors: list[Any]) -> None:
    decide(called, referees, "red", "white", "white")
    case = opened(called, jurors[0])
    post(jurors[0], "case-vote", case.pk, vote="upheld")
    late = member_make(meet, Role.JURY)
    before = written()
    assert post(late, "case-vote", case.pk, vote="upheld").status_code == 403
    assert "voted already" in post(jurors[0], "case-vote", case.pk, vote="reversed").content.decode()
    assert post(jurors[1], "case-vote", case.pk, vote="").status_code == 422
    JuryCase.objects.filter(pk=case.pk).update(
        opened_at=timezone.now() - dt.timedelta(seconds=601), closes_at=timezone.now() - dt.timedelta(seconds=1)
    )
    refused = post(jurors[1], "case-vote", case.pk, vote="reversed", reason="typed with care")
    assert refused.status_code == 409
    assert "Votes are given within 600 seconds of the opening." in refused.content.decode()
    assert "The time for votes is over" in refused.content.decode()
    assert written() == before


def test_a_case_after_the_window_or_of_a_clear_decision_is_refused(
    meet: Meet, referees: Any, called: Attempt, jurors: list[Any]
) -> None:
    decide(called, referees, "white", "white", "white")
    before = written()
    data = {"version": called.version, "grounds": "depth was short", "asked": "reversed", "back": "jury"}
    refused = post(jurors[0], "case-open", called.pk, **data)
    assert refused.status_code == 409
    html = refused.content.decode()
    assert "Only a decision of 2 to 1 is reversed." in html
    # What was typed comes back.
    assert 'value="depth was short"' in html
    assert written() == before
    # A stale version: the decision was corrected meanwhile.
    assert post(jurors[0], "case-open", called.pk, **data | {"version": called.version - 1}).status_code == 409
    assert not JuryCase.objects.exists()


def test_the_evidence_is_linked_when_it_is_open_to_the_jury(
    meet: Meet, referees: Any, called: Attempt, jurors: list[Any]
) -> None:
    assessed_make(called)
    decide(called, referees, "red", "white", "white")
    assert "1 photo with the evidence" in get(jurors[0], "jury-table", meet.pk)


# ── The assistant ────────────────────────────────────────────────────────────────────────────────────────


def test_switched_off_is_told_to_all_with_who_and_why(meet: Meet, referees: Any, staff: Any, called: Attempt) -> None:
    beat_make()
    pages = [
        (referees["left"], "referee-now", meet.pk),
        (staff, "meet-run", meet.pk),
        (staff, "attempt-detail", called.pk),
    ]
    for user, name, pk in pages:
        assert "<b>Assist on</b>" in get(user, name, pk)
    done = post(staff, "meet-assist", meet.pk, on="no", reason="lens was moved")
    assert done.status_code == 302
    meet.refresh_from_db()
    assert not meet.assist_on
    for user, name, pk in pages:
        html = get(user, name, pk)
        assert "<b>Assist off</b>" in html
        assert re.search(rf"switched off by {staff.get_username()} since [\d-]+ [\d:]+ UTC: lens was moved", html)
    assert reverse("meet-assist", args=[meet.pk]) not in get(referees["left"], "referee-now", meet.pk)
    before = written()
    for reason in ("", "   ", "no"):
        refused = post(staff, "meet-assist", meet.pk, on="yes", reason=reason)
        assert refused.status_code == 422
    assert post(staff, "meet-assist", meet.pk, on="no", reason="once more").status_code == 409
    assert written() == before
    assist.assist_set(meet=meet, user=staff, on=True, reason="lens is back")
    page = get(staff, "meet-assist", meet.pk)
    assert "switched it on: lens is back" in page
    assert "<b>Assist on</b>" in page


# ── A closed meet, and what it costs ─────────────────────────────────────────────────────────────────────


def test_a_closed_meet_offers_no_act(meet: Meet, referees: Any, staff: Any, jurors: list[Any]) -> None:
    split = decide(call(attempt_make(meet), staff), referees, "red", "white", "white")
    waits = attempt_make(meet)
    Meet.objects.filter(pk=meet.pk).update(status=MeetStatus.CLOSED)
    for user, name, pk in (
        (referees["left"], "referee-now", meet.pk),
        (staff, "meet-run", meet.pk),
        (staff, "attempt-detail", waits.pk),
        (jurors[0], "jury-table", meet.pk),
        (jurors[0], "attempt-detail", split.pk),
    ):
        html = get(user, name, pk)
        main = re.sub(r".*<main|</main>.*", "", html, flags=re.S)
        assert 'method="post"' not in main


def test_the_cost_does_not_grow(meet: Meet, referees: Any, staff: Any, jurors: list[Any]) -> None:
    def grow(count: int) -> None:
        for _ in range(count):
            attempt = decide(call(attempt_make(meet), staff), referees, "red", "white", "white")
            assessed_make(attempt)
            case = jury.jury_open(attempt=attempt, user=jurors[0], grounds="depth was short")
            if count > 2:
                continue
            for juror in jurors:
                jury.jury_vote(case=case, member=juror, vote="upheld")

    def cost() -> list[int]:
        found = []
        for user, name in ((referees["left"], "referee-now"), (staff, "meet-run"), (jurors[0], "jury-table")):
            client = client_of(user)
            with CaptureQueriesContext(connection) as asked:
                assert client.get(reverse(name, args=[meet.pk])).status_code == 200
            found.append(len(asked))
            with CaptureQueriesContext(connection) as waiting:
                client.get(reverse(name, args=[meet.pk]).removesuffix("/") + "/live/", {"u": "0"})
            assert len(waiting) <= len(asked)
        return found

    grow(2)
    grow(3)
    few = cost()
    grow(2)
    grow(9)
    assert cost() == few
    assert max(few) <= 30, few


def test_a_training_hides_nothing_that_it_never_hid(db: None) -> None:
    """At a training a referee without a seat gives a light for himself, and no causes are asked of him."""
    meet = meet_make(rulebook=RULEBOOK, evidence_mode=EvidenceMode.TRAINING)
    attempt, referee = attempt_make(meet), member_make(meet, Role.REFEREE)
    html = get(referee, "attempt-detail", attempt.pk)
    assert 'id="light-white"' in html
    assert 'name="causes"' not in html
    assert "counts for nothing else" not in html
