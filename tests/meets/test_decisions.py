"""Lights, cards, corrections: who may, what they come to, what stays hidden, and that a refusal writes nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from judging.rulebook import rulebook_load
from meets import assist, attempts, decisions, roster
from meets.decisions import Elsewhere, attempt_state
from meets.errors import Refusal
from meets.fold import Step, fold
from meets.log import log_faults
from meets.models import (
    Attempt,
    Card,
    EvidenceMode,
    Light,
    LogKind,
    LogRecord,
    Meet,
    MeetStatus,
    Platform,
    Role,
    SecondCall,
    Session,
)
from meets.selectors import decisions as shown
from tests import factories as make

pytestmark = pytest.mark.django_db

SEATS = ("left", "chief", "right")


class World:
    """A live meet with three seated referees, staff, a head, and one attempt at a squat."""

    def __init__(self) -> None:
        self.meet = make.meet_make(rulebook="ipf-2026-v3", evidence_mode=EvidenceMode.AFTER_LIGHT)
        self.referees = {seat: make.member_make(self.meet, Role.REFEREE, seat=seat) for seat in SEATS}
        self.spare = make.member_make(self.meet, Role.REFEREE)
        self.staff = make.member_make(self.meet, Role.STAFF)
        self.head = make.member_make(self.meet, Role.HEAD)
        self.reader = make.member_make(self.meet, Role.READER)
        self.attempt = make.attempt_make(self.meet)

    def light(self, seat: str, colour: str = "white", **more: Any) -> Light:
        return decisions.light_record(attempt=self.attempt, referee=self.referees[seat], colour=colour, **more)

    def decide(self, left: str = "white", chief: str = "white", right: str = "white") -> None:
        for seat, colour in zip(SEATS, (left, chief, right), strict=True):
            self.light(seat, colour)
        self.attempt.refresh_from_db()


@pytest.fixture
def world() -> World:
    return World()


def written() -> tuple[Any, ...]:
    return (
        list(LogRecord.objects.values()),
        list(Light.objects.values()),
        list(Card.objects.values()),
        list(SecondCall.objects.values()),
        list(Attempt.objects.values()),
        list(Meet.objects.values()),
    )


def refused(act: Callable[[], object]) -> Refusal:
    """The refusal of an act that must write nothing."""
    before = written()
    with pytest.raises(Refusal) as caught:
        act()
    assert written() == before
    return caught.value


# ── Lights ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("colours", "outcome", "whites"),
    [
        (("white", "white", "white"), "good", 3),
        (("white", "white", "red"), "good", 2),
        (("red", "white", "white"), "good", 2),
        (("white", "red", "red"), "no_lift", 1),
        (("red", "red", "red"), "no_lift", 0),
    ],
)
def test_the_majority_decides(world: World, colours: tuple[str, str, str], outcome: str, whites: int) -> None:
    world.decide(*colours)

    assert (world.attempt.outcome, world.attempt.whites, world.attempt.version) == (outcome, whites, 2)
    assert world.attempt.decided_at is not None
    kinds = list(LogRecord.objects.order_by("seq").values_list("kind", "actor"))
    assert [kind for kind, _ in kinds if kind in ("light", "decision")] == ["light", "light", "light", "decision"]
    assert list(log_faults(Meet.objects.get())) == []


def test_two_lights_decide_nothing_and_say_whom_they_wait_for(world: World) -> None:
    world.light("left")
    world.light("right", "red")

    detail = shown.decision_detail(world.staff, Attempt.objects.select_related("entry__meet").get())

    assert (detail.outcome, detail.waits_for) == ("", ["chief"])
    assert [(light.seat, light.given, light.colour) for light in detail.lights] == [
        ("left", True, ""),
        ("chief", False, ""),
        ("right", True, ""),
    ]


def test_the_own_light_is_seen_and_the_others_not(world: World) -> None:
    world.light("left")
    world.light("right", "red", causes=["SQ-R1"])

    mine = shown.decision_detail(world.referees["right"], Attempt.objects.select_related("entry__meet").get())

    assert [light.colour for light in mine.lights] == ["", "", "red"]
    assert [card["cause"] for card in mine.cards] == ["SQ-R1"]
    others = shown.decision_detail(world.referees["left"], Attempt.objects.select_related("entry__meet").get())
    assert others.cards == []


def test_a_light_in_time_carries_the_version_seen_though_another_came_first(world: World) -> None:
    """Lights are given at the same moment: one does not make the other late."""
    version = world.attempt.version
    for seat in SEATS:
        world.light(seat, version=version)
    assert Attempt.objects.get().outcome == "good"


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("wrong seat", "wrong_seat"),
        ("again", "light_given"),
        ("stale", "stale"),
        ("decided", "stale"),
        ("closed", "meet_closed"),
        ("staff", "not_a_referee"),
        ("stranger", "not_a_referee"),
        ("colour", "colour"),
        ("cause of a white light", "white_light"),
        ("cause of another lift", "other_lift"),
        ("no such cause", "unknown"),
    ],
)
def test_a_light_that_is_not_taken(world: World, what: str, reason: str) -> None:
    left = world.referees["left"]

    def give(user: User = left, colour: str = "red", **more: Any) -> Callable[[], object]:
        return lambda: decisions.light_record(attempt=world.attempt, referee=user, colour=colour, **more)

    match what:
        case "wrong seat":
            act = give(seat="chief")
        case "again":
            world.light("left")
            act = give()
        case "stale":
            attempts.attempt_call(attempt=world.attempt, user=world.staff)
            act = give(version=1)
        case "decided":
            make.decided_make(world.attempt)
            act = give(version=1)
        case "closed":
            Meet.objects.update(status=MeetStatus.CLOSED)
            act = give()
        case "staff":
            act = give(world.staff)
        case "stranger":
            act = give(make.user_make())
        case "colour":
            act = give(colour="blue")
        case "cause of a white light":
            act = give(colour="white", causes=["SQ-R1"])
        case "cause of another lift":
            act = give(causes=["BP-R1"])
        case _:
            act = give(causes=["SQ-R9"])

    assert refused(act).reason == reason


def test_a_late_press_does_not_leak_to_the_next_lifter(world: World) -> None:
    """The lights of the attempt before are out; the third referee presses when the next is called."""
    other = make.attempt_make(entry=make.entry_make(world.meet))
    world.decide()
    attempts.attempt_call(attempt=other, user=world.staff)
    late = make.attempt_make(entry=make.entry_make(world.meet))

    answer = refused(lambda: decisions.light_record(attempt=late, referee=world.referees["left"], colour="white"))

    assert answer.reason == "other_called"


def test_a_referee_without_a_seat_lights_for_his_own_training(world: World) -> None:
    decisions.light_record(attempt=world.attempt, referee=world.spare, colour="red")
    world.decide()

    assert (world.attempt.outcome, world.attempt.whites) == ("good", 3)
    assert Light.objects.get(referee=world.spare).seat == ""


def test_seats_of_a_session_go_before_those_of_the_meet(world: World) -> None:
    platform = Platform.objects.create(meet=world.meet, name="One")
    session = Session.objects.create(meet=world.meet, number=1)
    world.attempt.entry.session, world.attempt.entry.platform = session, platform
    world.attempt.entry.save()
    session.seatings.create(platform=None, seat="chief", user=world.spare)
    assert decisions.seat_of(world.spare, world.attempt) == "chief"
    assert decisions.seat_of(world.referees["chief"], world.attempt) == ""
    session.seatings.create(platform=platform, seat="left", user=world.referees["chief"])
    assert decisions.seat_of(world.referees["chief"], world.attempt) == "left"
    assert decisions.seat_of(world.spare, world.attempt) == ""


def test_a_light_is_taken_back_until_all_are_in(world: World) -> None:
    world.light("left", "red", causes=["SQ-R1"])
    decisions.light_take_back(attempt=world.attempt, referee=world.referees["left"])
    assert Light.objects.count() == Card.objects.count() == 0

    world.decide("white", "red", "red")

    assert world.attempt.outcome == "no_lift"
    assert LogRecord.objects.filter(kind__in=(LogKind.LIGHT, LogKind.LIGHT_BACK)).count() == 5
    answer = refused(lambda: decisions.light_take_back(attempt=world.attempt, referee=world.referees["left"]))
    assert answer.reason == "decided"


def test_a_light_stands_once_its_referee_has_seen_the_evidence(world: World) -> None:
    world.light("left")
    assessment = make.assessed_make(world.attempt)
    from meets.seal import evidence_shown

    evidence_shown(world.referees["left"], world.meet, [assessment], "attempt")

    answer = refused(lambda: decisions.light_take_back(attempt=world.attempt, referee=world.referees["left"]))
    assert answer.reason == "saw_evidence"


# ── Cards ────────────────────────────────────────────────────────────────────────────────────────────────


def test_cards_say_why_and_several_are_allowed(world: World) -> None:
    world.decide("red", "red", "white")

    decisions.card_record(attempt=world.attempt, referee=world.referees["left"], causes=["SQ-R1", "SQ-Y1"])

    book = rulebook_load("ipf-2026-v3")
    assert [(card.seat, card.cause, card.colour) for card in Card.objects.all()] == [
        ("left", "SQ-R1", book.cause("SQ-R1").card),
        ("left", "SQ-Y1", book.cause("SQ-Y1").card),
    ]
    again = refused(
        lambda: decisions.card_record(attempt=world.attempt, referee=world.referees["left"], causes=["SQ-R1"])
    )
    assert again.reason == "card_given"
    white = refused(
        lambda: decisions.card_record(attempt=world.attempt, referee=world.referees["right"], causes=["SQ-R1"])
    )
    assert white.reason == "white_light"
    nobody = refused(lambda: decisions.card_record(attempt=world.attempt, referee=world.spare, causes=["SQ-R1"]))
    assert nobody.reason == "no_light"


# ── From elsewhere, and corrections ──────────────────────────────────────────────────────────────────────


def test_a_decision_of_another_light_system(world: World) -> None:
    told = Elsewhere(
        lights={"left": "red", "chief": "white", "right": "red"},
        cards=[("left", "SQ-R1"), ("right", "blue")],
        system="Lights of the hall",
    )
    decisions.decision_bring_in(attempt=world.attempt, user=world.staff, told=told)

    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.whites) == ("no_lift", 1)
    assert [(card.seat, card.cause, card.colour) for card in Card.objects.order_by("seat")] == [
        ("left", "SQ-R1", "red"),
        ("right", "", "blue"),
    ]
    # His own light here is for his training, and changes nothing.
    light = world.light("left", "white")
    assert (light.seat, Attempt.objects.get().outcome) == ("", "no_lift")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (Elsewhere(), "outcome"),
        (Elsewhere(outcome="passed"), "outcome"),
        (Elsewhere(lights={"left": "red"}), "lights"),
        (Elsewhere(lights=dict.fromkeys(SEATS, "green")), "lights"),
        (Elsewhere(outcome="good", lights=dict.fromkeys(SEATS, "red")), "outcome"),
        (Elsewhere(lights=dict.fromkeys(SEATS, "white"), cards=[("left", "red")]), "cards"),
    ],
)
def test_what_another_system_cannot_have_decided(world: World, told: Elsewhere, reason: str) -> None:
    answer = refused(lambda: decisions.decision_bring_in(attempt=world.attempt, user=world.staff, told=told))
    assert answer.reason == reason


def test_the_head_corrects_and_nothing_is_forgotten(world: World) -> None:
    world.decide("white", "white", "red")

    decisions.decision_correct(attempt=world.attempt, user=world.head, outcome="no_lift", reason="chief meant red")

    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.version, attempt.whites) == ("no_lift", 3, 2)
    assert Light.objects.count() == 3
    history = shown.history_rows(Attempt.objects.select_related("entry__meet").get())
    assert history[-1]["body"] == {"from": "good", "outcome": "no_lift", "reason": "chief meant red", "take": 1}
    assert history[-1]["actor"] == world.head.username


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"outcome": "good"}, "same"),
        ({"outcome": "bad"}, "outcome"),
        ({"reason": "  no "}, "reason"),
        ({"version": 1}, "stale"),
    ],
)
def test_a_correction_that_is_refused(world: World, change: dict[str, Any], reason: str) -> None:
    world.decide()
    asked = {"outcome": "no_lift", "reason": "wrong button"} | change
    answer = refused(lambda: decisions.decision_correct(attempt=world.attempt, user=world.head, **asked))
    assert answer.reason == reason


def test_what_is_not_decided_is_not_corrected(world: World) -> None:
    act = lambda: decisions.decision_correct(  # noqa: E731
        attempt=world.attempt, user=world.head, outcome="good", reason="wrong button"
    )
    assert refused(act).reason == "not_decided"


# ── After the evidence ───────────────────────────────────────────────────────────────────────────────────


def test_the_call_after_the_evidence_is_counted_and_changes_nothing(world: World) -> None:
    from meets.seal import evidence_shown

    assessment = make.assessed_make(world.attempt)
    left = world.referees["left"]
    early = refused(lambda: decisions.second_call_record(attempt=world.attempt, referee=left, colour="red"))
    assert early.reason == "no_light"
    world.decide()
    unseen = refused(lambda: decisions.second_call_record(attempt=world.attempt, referee=left, colour="red"))
    assert unseen.reason == "not_shown"

    for seat in SEATS:
        evidence_shown(world.referees[seat], world.meet, [assessment], "attempt")
    decisions.second_call_record(attempt=world.attempt, referee=left, colour="red")
    decisions.second_call_record(attempt=world.attempt, referee=world.referees["chief"], colour="white")

    assert Attempt.objects.get().outcome == "good"
    rows = {
        row.referee: (row.lift, row.lights, row.second, row.to_white, row.to_red) for row in shown.sway_rows(world.meet)
    }
    assert rows == {
        left.username: ("squat", 1, 1, 0, 1),
        world.referees["chief"].username: ("squat", 1, 1, 0, 0),
        world.referees["right"].username: ("squat", 1, 0, 0, 0),
    }
    again = refused(lambda: decisions.second_call_record(attempt=world.attempt, referee=left, colour="white"))
    assert again.reason == "called"


def test_evidence_after_the_decision_is_late_and_changes_nothing(world: World) -> None:
    world.decide()
    make.assessed_make(world.attempt)

    detail = shown.decision_detail(world.staff, Attempt.objects.select_related("entry__meet").get())

    assert (detail.late, detail.outcome, detail.version) == (1, "good", 2)
    sealed = LogRecord.objects.get(kind=LogKind.EVIDENCE).contents
    assert sealed["late"] is True


def test_evidence_is_sealed_with_what_made_it(world: World) -> None:
    assessment = make.assessed_make(world.attempt)

    sealed = LogRecord.objects.get(kind=LogKind.EVIDENCE).contents

    assert sealed["sha256"] == assessment.image.sha256
    assert sealed["weights_sha256"] == assessment.weights_sha256
    assert sealed["keypoints"] == assessment.keypoints
    assert sealed["late"] is False
    assert [row["rule"] for row in sealed["findings"]] == [row.rule for row in assessment.findings.all()]


# ── The weight, the call, the assistant ──────────────────────────────────────────────────────────────────


def test_one_lifter_at_a_time_is_called(world: World) -> None:
    other = make.attempt_make(entry=make.entry_make(world.meet))
    attempts.attempt_call(attempt=world.attempt, user=world.staff)

    assert refused(lambda: attempts.attempt_call(attempt=other, user=world.staff)).reason == "other_called"
    assert refused(lambda: attempts.attempt_call(attempt=world.attempt, user=world.staff)).reason == "called"
    assert refused(lambda: attempts.attempt_update(attempt=world.attempt, declared_kg=105)).reason == "called"
    world.decide()
    attempts.attempt_call(attempt=other, user=world.staff)


def test_a_broken_rule_is_named_and_waived_with_a_reason(world: World) -> None:
    world.decide()
    entry = world.attempt.entry
    fields: attempts.AttemptFields = {"entry": entry, "lift": "squat", "number": 2, "declared_kg": make.kg("100")}

    answer = refused(lambda: attempts.attempt_create(user=world.staff, **fields))
    assert (answer.reason, answer.detail) == (
        "least_rise",
        "After a good lift the weight rises by 2.5 kg or more; 102.5 kg would be allowed.",
    )

    second = attempts.attempt_create(user=world.staff, waive_reason="the loaders erred", **fields)
    record = LogRecord.objects.get(kind=LogKind.ATTEMPT, attempt_id=second.pk)
    assert record.contents["waived"] == ["least_rise"]
    assert (record.contents["reason"], record.actor) == ("the loaders erred", world.staff.username)


@pytest.mark.parametrize(
    ("kg", "is_record", "reason"),
    [("101", False, "step"), ("100.3", True, "record_step"), ("97.5", False, "not_lower"), ("100.5", True, "")],
)
def test_weights_off_the_step_are_for_records(world: World, kg: str, is_record: bool, reason: str) -> None:
    world.decide("red", "red", "red")
    act = lambda: attempts.attempt_create(  # noqa: E731
        user=world.staff,
        entry=world.attempt.entry,
        lift="squat",
        number=2,
        declared_kg=make.kg(kg),
        is_record=is_record,
    )
    if reason:
        assert refused(act).reason == reason
    else:
        assert act().declared_kg == make.kg(kg)


def test_that_an_attempt_is_at_a_record_is_on_record(world: World) -> None:
    attempts.attempt_update(attempt=world.attempt, user=world.staff, is_record=True)
    record = LogRecord.objects.get(kind=LogKind.WEIGHT)
    assert (record.contents["record"], record.contents["from"], record.contents["to"]) == (True, "100.00", "100.00")
    assert Attempt.objects.get().version == 2


def test_a_lifter_changed_is_on_record_without_what_was_changed(world: World) -> None:
    lifter = world.attempt.entry.lifter
    roster.lifter_update(lifter=lifter, user=world.staff, sex="M", name="Somebody Else")
    record = LogRecord.objects.filter(kind=LogKind.ENTRY).latest("seq")
    assert record.contents == {"act": "lifter", "lifter": str(lifter.pk), "fields": ["name", "sex"]}
    assert record.actor == world.staff.username


def test_a_fourth_attempt_is_refused_where_the_book_has_none(world: World) -> None:
    act = lambda: attempts.attempt_create(  # noqa: E731
        user=world.staff, entry=world.attempt.entry, lift="squat", number=4, declared_kg=make.kg("150"), is_record=True
    )
    assert refused(act).reason == "no_fourth"


def test_the_next_weight_is_handed_in_within_the_minute(world: World) -> None:
    world.decide()
    LogRecord.objects.none()
    Attempt.objects.update(decided_at=timezone.now() - timedelta(seconds=61))
    act = lambda: attempts.attempt_create(  # noqa: E731
        user=world.staff, entry=Attempt.objects.get().entry, lift="squat", number=2, declared_kg=make.kg("110")
    )
    answer = refused(act)
    assert answer.reason == "in_time"
    assert "102.5 kg is put down instead" in answer.detail
    put_down = attempts.attempt_create(
        user=world.staff, entry=Attempt.objects.get().entry, lift="squat", number=2, declared_kg=make.kg("102.5")
    )
    assert put_down.declared_kg == make.kg("102.5")


def test_a_passed_attempt_is_neither_good_nor_a_miss(world: World) -> None:
    attempts.attempt_pass(attempt=world.attempt, user=world.staff, reason="injured")
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.whites) == ("passed", None)
    assert refused(lambda: world.light("left")).reason == "decided"


def test_the_assistant_is_switched_by_somebody_for_a_reason(world: World) -> None:
    assert (
        refused(lambda: assist.assist_set(meet=world.meet, user=world.staff, on=False, reason="no")).reason == "reason"
    )
    assert refused(
        lambda: assist.assist_set(meet=world.meet, user=world.staff, on=True, reason="cameras moved")
    ).reason == ("same")

    assist.assist_set(meet=world.meet, user=world.staff, on=False, reason="cameras moved")

    record = LogRecord.objects.get(kind=LogKind.ASSIST)
    assert (record.actor, record.contents) == (world.staff.username, {"on": False, "reason": "cameras moved"})
    assert Meet.objects.get().assist_on is False


def test_the_head_alone_may_make_somebody_a_referee_after_evidence(world: World) -> None:
    make.assessed_make(world.attempt)
    with pytest.raises(Refusal):
        roster.membership_set(meet=world.meet, user=world.reader, role=Role.REFEREE)


# ── The fold ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_columns_are_the_fold(world: World) -> None:
    attempts.attempt_call(attempt=world.attempt, user=world.staff)
    world.decide("white", "red", "white")
    decisions.decision_correct(attempt=world.attempt, user=world.head, outcome="no_lift", reason="wrong button")
    attempt = Attempt.objects.get()
    state = attempt_state(attempt)
    assert {name: getattr(attempt, name) for name in decisions.PROJECTED} == {
        name: getattr(state, name) for name in decisions.PROJECTED
    }


@given(st.permutations(SEATS), st.lists(st.sampled_from(["white", "red"]), min_size=3, max_size=3))
def test_the_order_of_the_lights_does_not_matter(order: list[str], colours: list[str]) -> None:
    now = timezone.now()
    by_seat = dict(zip(SEATS, colours, strict=True))
    steps = [
        Step(seq, now, "light", f"referee {seat}", {"seat": seat, "colour": by_seat[seat], "take": 1})
        for seq, seat in enumerate(order, 1)
    ]
    outcome = "good" if colours.count("white") >= 2 else "no_lift"
    steps.append(Step(4, now, "decision", "", {"lights": by_seat, "outcome": outcome, "take": 1}))

    state = fold(steps)

    assert {seat: light.colour for seat, light in state.seated.items()} == by_seat
    assert (state.outcome, state.whites, state.version, state.decided_seq) == (outcome, colours.count("white"), 2, 4)
