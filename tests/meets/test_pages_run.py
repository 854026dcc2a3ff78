"""Running the meet: the order, the call, weights with the rules they break, decisions from elsewhere, corrections,
protests; and the sealed log's page."""

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from meets import attempts, decisions
from meets.models import Attempt, Card, JuryCase, Light, LogRecord, Meet, Role
from tests.factories import attempt_make, decided_make, entry_make, lifter_make, meet_make, member_make

RULEBOOK = "ipf-2026-v3"
SEATS = ("left", "chief", "right")


@pytest.fixture
def meet(db: None) -> Meet:
    return meet_make(rulebook=RULEBOOK)


@pytest.fixture
def staff(meet: Meet) -> Any:
    return member_make(meet, Role.STAFF)


@pytest.fixture
def head(meet: Meet) -> Any:
    return member_make(meet, Role.HEAD)


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def run(user: Any, meet: Meet, **asked: str) -> str:
    answer = client_of(user).get(reverse("meet-run", args=[meet.pk]), asked)
    assert answer.status_code == 200
    return str(answer.content.decode())


def post(user: Any, name: str, pk: Any, query: str = "", **data: Any) -> Any:
    return client_of(user).post(reverse(name, args=[pk]) + query, {"back": "run", **data})


def fresh(attempt: Attempt) -> Attempt:
    attempt.refresh_from_db()
    return attempt


def written() -> tuple[Any, ...]:
    weights = list(Attempt.objects.order_by("pk").values_list("declared_kg", "outcome", "called_at"))
    return LogRecord.objects.count(), Light.objects.count(), JuryCase.objects.count(), weights


def lift_make(meet: Meet, name: str, kg: str, **fields: Any) -> Attempt:
    lifter = lifter_make(meet, name=name)
    return attempt_make(entry=entry_make(meet, lifter=lifter, **fields), declared_kg=kg)


# ── The order ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_order_is_the_rounds(meet: Meet, staff: Any) -> None:
    for name, kg in (("Cilla", "120"), ("Anna", "100"), ("Berit", "110")):
        lift_make(meet, name, kg)
    html = run(staff, meet)
    assert "Squat, round 1" in html
    order = html[html.index('id="run-order"') :]
    assert order.index("Anna") < order.index("Berit") < order.index("Cilla")


def test_filters_narrow_it_and_nonsense_counts_as_not_said(meet: Meet, staff: Any) -> None:
    anna, berit = lift_make(meet, "Anna", "100", flight="A"), lift_make(meet, "Berit", "110", flight="B")
    attempt_make(entry=anna.entry, lift="bench", declared_kg="60")
    flight = run(staff, meet, flight="B")
    assert "Berit" in flight
    assert "Anna" not in flight
    assert "Bench press, round 1" in run(staff, meet, lift="bench", round="1")
    for asked in ({"round": "x"}, {"lift": "curl"}, {"platform": "9" * 30}, {"session": "-1"}, {"flight": "<b>"}):
        html = run(staff, meet, **asked)
        assert "Anna" in html
        assert "Berit" in html
    # What was asked for stays with every act.
    answer = post(staff, "attempt-call", berit.pk, "?flight=B", version=berit.version)
    assert answer.url == reverse("meet-run", args=[meet.pk]) + "?flight=B"


def test_nine_attempts_with_what_became_of_them(meet: Meet, staff: Any) -> None:
    first = lift_make(meet, "Anna", "100")
    attempt_make(entry=first.entry, number=2, declared_kg="105")
    attempt_make(entry=first.entry, lift="deadlift", declared_kg="150")
    decided_make(first, "no_lift")
    html = run(staff, meet)
    nine = re.search(r'<dl class="nine">.*?</dl>', html, flags=re.S)
    assert nine is not None
    assert nine[0].count("<dd") == 9
    assert '<dd class="was-no_lift">100.0<span class="sr"> No lift</span></dd>' in nine[0]
    assert '<dd class="was-open">105.0' in nine[0]
    assert nine[0].count("–") == 6


# ── Call and pass ────────────────────────────────────────────────────────────────────────────────────────


def test_one_is_called_at_a_time(meet: Meet, staff: Any) -> None:
    one, two = lift_make(meet, "Anna", "100"), lift_make(meet, "Berit", "110")
    assert post(staff, "attempt-call", one.pk, version=one.version).status_code == 302
    html = run(staff, meet)
    assert f'id="now-{one.pk}"' in html
    before = written()
    refused = post(staff, "attempt-call", two.pk, version=two.version)
    assert refused.status_code == 409
    assert "First decide" in refused.content.decode()
    stale = post(staff, "attempt-pass", one.pk, version=1, reason="cramp in the leg")
    assert stale.status_code == 409
    assert "The attempt has moved on" in stale.content.decode()
    assert written() == before
    passed = post(staff, "attempt-pass", one.pk, version=fresh(one).version, reason="cramp in the leg")
    assert passed.status_code == 302
    assert fresh(one).outcome == "passed"
    assert "Not taken" in run(staff, meet)


def test_not_taken_needs_a_reason(meet: Meet, staff: Any) -> None:
    one = lift_make(meet, "Anna", "100")
    before = written()
    assert post(staff, "attempt-pass", one.pk, version=one.version, reason=" ").status_code == 422
    assert written() == before


# ── Weights ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_next_weight_is_asked_for_within_its_minute(meet: Meet, staff: Any) -> None:
    first = decided_make(lift_make(meet, "Anna", "100"))
    html = run(staff, meet)
    assert re.search(r"data-until>(5\d|60) s left", html)
    assert "100.0 kg was good" in html
    assert 'placeholder="102.5"' in html
    answer = post(staff, "entry-declare", first.entry_id, lift="squat", number="2", kg="107,5")
    assert answer.status_code == 302
    assert Attempt.objects.get(entry=first.entry_id, number=2).declared_kg == Decimal("107.5")
    assert f'id="due-{first.entry_id}-squat"' not in run(staff, meet)


def test_a_broken_rule_is_named_and_waived_in_the_same_form(meet: Meet, staff: Any) -> None:
    first = decided_make(lift_make(meet, "Anna", "100"))
    before = written()
    data = {"lift": "squat", "number": "2", "kg": "97.5"}
    refused = post(staff, "entry-declare", first.entry_id, **data)
    assert refused.status_code == 409
    html = refused.content.decode()
    form = html[html.index('class="declare"') :]
    assert 'class="waive"' in form
    assert 'name="waive_reason"' in form
    assert 'value="97.5"' in form
    assert written() == before
    waived = post(staff, "entry-declare", first.entry_id, **data, waive_reason="loaders put the wrong plates on")
    assert waived.status_code == 302
    second = Attempt.objects.get(entry=first.entry_id, number=2)
    page = client_of(staff).get(reverse("attempt-detail", args=[second.pk])).content.decode()
    assert "since loaders put the wrong plates on" in page


def test_a_weight_after_its_minute_breaks_a_rule(meet: Meet, staff: Any) -> None:
    first = decided_make(lift_make(meet, "Anna", "100"))
    Attempt.objects.filter(pk=first.pk).update(decided_at=timezone.now() - dt.timedelta(seconds=90))
    assert "time is over" in run(staff, meet)
    refused = post(staff, "entry-declare", first.entry_id, lift="squat", number="2", kg="105")
    assert refused.status_code == 409
    assert "within 60 seconds of the decision" in refused.content.decode()


def test_a_weight_is_changed_with_the_same_rules(meet: Meet, staff: Any) -> None:
    one = lift_make(meet, "Anna", "100")
    assert post(staff, "attempt-weight", one.pk, version=one.version, kg="105").status_code == 302
    assert fresh(one).declared_kg == 105
    before = written()
    refused = post(staff, "attempt-weight", one.pk, version=one.version, kg="106")
    assert refused.status_code == 409
    html = refused.content.decode()
    assert 'value="106"' in html
    assert 'class="waive"' in html
    assert written() == before
    for kg in ("", "heavy", "NaN", "1e9", "-5"):
        answer = post(staff, "attempt-weight", one.pk, version=one.version, kg=kg)
        assert answer.status_code in (409, 422)
        assert 'role="alert"' in answer.content.decode()
    assert written() == before


@pytest.mark.parametrize(("lift", "number"), [("curl", "2"), ("squat", "9"), ("squat", "x"), ("squat", "1")])
def test_what_is_no_attempt_is_refused(meet: Meet, staff: Any, lift: str, number: str) -> None:
    first = decided_make(lift_make(meet, "Anna", "100"))
    before = written()
    refused = post(staff, "entry-declare", first.entry_id, lift=lift, number=number, kg="105")
    assert refused.status_code in (409, 422)
    assert written() == before


# ── Decisions from elsewhere, corrections, protests ──────────────────────────────────────────────────────


def test_another_light_systems_decision_is_brought_in(meet: Meet, staff: Any) -> None:
    one = lift_make(meet, "Anna", "100")
    attempts.attempt_call(attempt=one, user=staff)
    lights = {"light_left": "red", "light_chief": "white", "light_right": "white"}
    data = lights | {"cards_left": ["blue"], "system": "Hall lights"}
    assert post(staff, "decision-bring-in", one.pk, version=fresh(one).version, **data).status_code == 302
    assert fresh(one).outcome == "good"
    assert Card.objects.get().colour == "blue"
    html = run(staff, meet)
    last = html[html.index('id="run-last"') : html.index('id="run-due"')]
    assert "Good lift" in last
    assert "blue card" in last
    assert (
        "brought in from Hall lights" in client_of(staff).get(reverse("attempt-detail", args=[one.pk])).content.decode()
    )


def test_what_does_not_fit_is_not_brought_in(meet: Meet, staff: Any) -> None:
    one = lift_make(meet, "Anna", "100")
    before = written()
    for data in (
        {},
        {"light_left": "red"},
        {"light_left": "red", "light_chief": "red", "light_right": "white", "outcome": "good"},
        {"outcome": "passed"},
        {"outcome": "good", "cards_left": ["blue"]},
    ):
        refused = post(staff, "decision-bring-in", one.pk, version=one.version, **data)
        assert refused.status_code == 422
    assert written() == before


def test_the_head_alone_corrects(meet: Meet, staff: Any, head: Any) -> None:
    one = decided_make(lift_make(meet, "Anna", "100"))
    data = {"version": one.version, "outcome": "no_lift", "reason": "wrong button"}
    assert "Correct what was recorded wrongly" not in run(staff, meet)
    assert "Correct what was recorded wrongly" in run(head, meet)
    before = written()
    assert post(staff, "decision-correct", one.pk, **data).status_code == 403
    assert post(head, "decision-correct", one.pk, **data | {"reason": "no"}).status_code == 422
    assert post(head, "decision-correct", one.pk, **data | {"version": 1}).status_code == 409
    assert written() == before
    assert post(head, "decision-correct", one.pk, **data).status_code == 302
    assert fresh(one).outcome == "no_lift"


def test_staff_bring_a_protest(meet: Meet, staff: Any) -> None:
    for _ in range(3):
        member_make(meet, Role.JURY)
    referees = [member_make(meet, Role.REFEREE, seat=seat) for seat in SEATS]
    one = lift_make(meet, "Anna", "100")
    for referee, colour in zip(referees, ("red", "red", "white"), strict=True):
        decisions.light_record(attempt=one, referee=referee, colour=colour)
    html = run(staff, meet)
    assert "Bring a protest" in html
    answer = post(staff, "case-open", one.pk, version=fresh(one).version, asked="reversed", grounds="the bar touched")
    assert answer.status_code == 302
    case = JuryCase.objects.get()
    assert (case.is_protest, case.grounds) == (True, "the bar touched")
    after = run(staff, meet)
    assert "the jury has it" in after
    assert "Bring a protest" not in after


def test_an_act_from_a_page_of_another_part_comes_back_to_the_attempt(meet: Meet, staff: Any) -> None:
    """``back`` names a page; it opens none."""
    one = lift_make(meet, "Anna", "100")
    for back in ("jury", "now", "https://example.org", ""):
        answer = client_of(staff).post(
            reverse("attempt-call", args=[one.pk]), {"version": fresh(one).version, "back": back}
        )
        assert answer.status_code in (302, 409)
        if answer.status_code == 302:
            assert answer.url == reverse("attempt-detail", args=[one.pk])
        else:
            assert b"page-attempt" in answer.content


# ── The log ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_log_tells_its_end_and_is_downloaded_whole(meet: Meet, staff: Any) -> None:
    decided_make(lift_make(meet, "Anna", "100"))
    meet.refresh_from_db()
    html = client_of(staff).get(reverse("meet-log", args=[meet.pk])).content.decode()
    assert meet.log_head in html
    assert f"{meet.log_count} record" in html
    answer = client_of(staff).get(reverse("meet-log-lines", args=[meet.pk]))
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert answer["X-Log-Complete"] == "true"
    assert len(lines) == meet.log_count
    assert json.loads(lines[-1])["sha256"] == meet.log_head


def test_the_download_ends_before_what_is_being_decided(meet: Meet, staff: Any) -> None:
    referee = member_make(meet, Role.REFEREE, seat="left")
    one = lift_make(meet, "Anna", "100")
    decisions.light_record(attempt=one, referee=referee, colour="red")
    answer = client_of(staff).get(reverse("meet-log-lines", args=[meet.pk]))
    assert b'"kind":"light"' not in b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert answer["X-Log-Complete"] == "false"
    assert "An attempt is being decided" in client_of(staff).get(reverse("meet-log", args=[meet.pk])).content.decode()


def test_a_check_says_whether_the_log_holds_together(meet: Meet, staff: Any) -> None:
    decided_make(lift_make(meet, "Anna", "100"))
    meet.refresh_from_db()
    address = reverse("meet-log-verify", args=[meet.pk])
    whole = client_of(staff).post(address, {"noted": meet.log_head}).content.decode()
    assert "the log holds together" in whole
    assert "The hash that was noted is in it." in whole
    strange = client_of(staff).post(address, {"noted": "ab" * 32}).content.decode()
    assert "The log does not hold together." in strange
    assert "no record has the hash that was noted" in strange
    before = written()
    Meet.objects.filter(pk=meet.pk).update(log_head="0" * 64)
    cut = client_of(staff).post(address).content.decode()
    assert "which is not the end that the meet&#x27;s row names" in cut
    assert written() == before
