"""The jury: who, when, how many, what it may do; votes secret until all are in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from meets import decisions, jury
from meets.errors import Refusal
from meets.log import log_faults
from meets.models import Attempt, JuryCase, JuryVote, LogKind, LogRecord, Meet, Role
from meets.selectors import decisions as shown
from tests import factories as make
from tests.meets.test_decisions import World

pytestmark = pytest.mark.django_db


class Bench(World):
    """The same with a jury, and an attempt that stood two to one for good."""

    def __init__(self, members: int = 3) -> None:
        super().__init__()
        self.jury = [make.member_make(self.meet, Role.JURY) for _ in range(members)]
        self.decide("white", "white", "red")

    def case(self, **more: Any) -> JuryCase:
        return jury.jury_open(attempt=self.attempt, user=self.jury[0], **{"grounds": "depth, left side"} | more)

    def vote(self, case: JuryCase, *votes: str) -> None:
        for member, vote in zip(self.jury, votes, strict=False):
            jury.jury_vote(case=case, member=member, vote=vote)
        self.attempt.refresh_from_db()
        case.refresh_from_db()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def refused(act: Callable[[], object]) -> Refusal:
    tables = (LogRecord, JuryCase, JuryVote, Attempt, Meet)
    before = [list(table.objects.values()) for table in tables]
    with pytest.raises(Refusal) as caught:
        act()
    assert [list(table.objects.values()) for table in tables] == before
    return caught.value


@pytest.mark.parametrize(
    ("members", "votes", "outcome", "lift"),
    [
        (3, ["reversed"] * 3, "reversed", "no_lift"),
        (3, ["reversed", "reversed", "upheld"], "upheld", "good"),
        (3, ["upheld"] * 3, "upheld", "good"),
        (3, ["extra_attempt"] * 3, "extra_attempt", ""),
        (5, ["reversed", "reversed", "upheld", "reversed", "upheld"], "reversed", "no_lift"),
        (5, ["reversed", "reversed", "upheld", "extra_attempt", "upheld"], "upheld", "good"),
    ],
)
def test_what_the_votes_come_to(members: int, votes: list[str], outcome: str, lift: str) -> None:
    bench = Bench(members)
    case = bench.case()

    bench.vote(case, *votes)

    assert (case.outcome, bench.attempt.outcome) == (outcome, lift)
    assert case.closed_at is not None
    assert list(log_faults(Meet.objects.get())) == []


def test_an_attempt_given_again_starts_anew_and_keeps_what_was(bench: Bench) -> None:
    bench.vote(bench.case(asked="extra_attempt"), *["extra_attempt"] * 3)
    assert (bench.attempt.take, bench.attempt.outcome, bench.attempt.decided_at) == (2, "", None)

    bench.decide("red", "red", "red")

    assert (bench.attempt.outcome, bench.attempt.whites, bench.attempt.lights.count()) == ("no_lift", 0, 6)


def test_votes_are_secret_until_all_are_in_and_sealed_meanwhile(bench: Bench) -> None:
    case = bench.case()
    bench.vote(case, "reversed")

    attempt = Attempt.objects.select_related("entry__meet").get()
    mine = shown.case_rows(bench.jury[0], attempt)[0]
    others = shown.case_rows(bench.jury[1], attempt)[0]
    assert sorted((vote.given, vote.vote) for vote in mine.votes) == [(False, ""), (False, ""), (True, "reversed")]
    assert sorted((vote.given, vote.vote) for vote in others.votes) == [(False, ""), (False, ""), (True, "")]
    record = LogRecord.objects.get(kind=LogKind.JURY_VOTE)
    assert "reversed" not in record.body
    assert record.contents["sealed"] == jury.vote_seal(JuryVote.objects.get(member=bench.jury[0]))

    for member in bench.jury[1:]:
        jury.jury_vote(case=case, member=member, vote="reversed")

    opened = LogRecord.objects.get(kind=LogKind.JURY_DECIDED).contents
    assert [vote["vote"] for vote in opened["votes"]] == ["reversed"] * 3
    closed = shown.case_rows(bench.reader, attempt)[0]
    assert [vote.vote for vote in closed.votes] == ["reversed"] * 3


def test_photos_go_with_the_case_by_their_hash(bench: Bench) -> None:
    image = make.assessed_make(bench.attempt).image
    bench.case()
    opened = LogRecord.objects.get(kind=LogKind.JURY_OPENED).contents
    assert opened["photos"] == [{"id": str(image.pk), "sha256": image.sha256}]
    assert opened["members"] == sorted(member.username for member in bench.jury)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("too late", "too_late"),
        ("unanimous", "not_split"),
        ("not decided", "not_decided"),
        ("open already", "case_open"),
        ("two members", "wrong_size"),
        ("no grounds", "grounds"),
        ("upheld asked", "asked"),
        ("stale", "stale"),
    ],
)
def test_a_case_that_is_not_opened(bench: Bench, what: str, reason: str) -> None:
    more: dict[str, Any] = {}
    match what:
        case "too late":
            late = timezone.now() - timedelta(seconds=61)
            bench.attempt = decided_at(bench, late)
        case "unanimous":
            bench.attempt = make.attempt_make(entry=make.entry_make(bench.meet))
            bench.decide()
        case "not decided":
            bench.attempt = make.attempt_make(entry=make.entry_make(bench.meet))
        case "open already":
            bench.case()
        case "two members":
            bench.meet.memberships.filter(user=bench.jury[2]).delete()
        case "no grounds":
            more = {"grounds": " x "}
        case "upheld asked":
            more = {"asked": "upheld"}
        case _:
            more = {"version": 1}
    assert refused(lambda: bench.case(**more)).reason == reason


def decided_at(bench: Bench, at: Any) -> Attempt:
    """An attempt that another system's lights decided two to one at that moment."""
    attempt = make.attempt_make(entry=make.entry_make(bench.meet))
    lights = {"left": "white", "chief": "white", "right": "red"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("meets.log.timezone.now", lambda: at)
        told = decisions.Elsewhere(lights=lights)
        decisions.decision_bring_in(attempt=attempt, user=bench.staff, told=told)
    attempt.refresh_from_db()
    return attempt


def test_a_unanimous_decision_may_still_lead_to_an_extra_attempt(bench: Bench) -> None:
    bench.attempt = make.attempt_make(entry=make.entry_make(bench.meet))
    bench.decide()
    case = bench.case(asked="extra_attempt")
    assert refused(lambda: jury.jury_vote(case=case, member=bench.jury[0], vote="reversed")).reason == "not_split"


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("again", "voted_already"),
        ("late", "votes_over"),
        ("stranger", "not_a_member"),
        ("referee", "not_a_member"),
        ("closed", "case_closed"),
        ("no vote", "vote"),
    ],
)
def test_a_vote_that_is_not_taken(bench: Bench, what: str, reason: str) -> None:
    case = bench.case()
    member, vote = bench.jury[0], "reversed"
    match what:
        case "again":
            bench.vote(case, "upheld")
        case "late":
            JuryCase.objects.update(opened_at=timezone.now() - timedelta(seconds=601))
        case "stranger":
            member = make.member_make(bench.meet, Role.JURY)
        case "referee":
            member = bench.referees["left"]
        case "closed":
            bench.vote(case, *["upheld"] * 3)
        case _:
            vote = "maybe"
    assert refused(lambda: jury.jury_vote(case=case, member=member, vote=vote)).reason == reason


def test_a_case_whose_time_ran_out_is_closed_and_the_decision_stands(bench: Bench) -> None:
    case = bench.case()
    bench.vote(case, "reversed", "reversed")
    JuryCase.objects.update(closes_at=timezone.now() - timedelta(seconds=1))

    assert jury.juries_sweep() == 1
    assert jury.juries_sweep() == 0

    case.refresh_from_db()
    assert (case.outcome, case.closed_at is not None, Attempt.objects.get().outcome) == ("", True, "good")
    assert LogRecord.objects.get(kind=LogKind.JURY_LAPSED).contents["votes_given"] == 2


def test_the_head_waits_for_the_jury(bench: Bench) -> None:
    bench.case()
    act = lambda: decisions.decision_correct(  # noqa: E731
        attempt=bench.attempt, user=bench.head, outcome="no_lift", reason="wrong button"
    )
    assert refused(act).reason == "jury"


def test_a_reversal_of_a_reversal_leaves_all_on_record(bench: Bench) -> None:
    bench.vote(bench.case(), *["reversed"] * 3)
    bench.vote(bench.case(grounds="the card was another lifter's"), *["reversed"] * 3)

    assert bench.attempt.outcome == "good"
    assert bench.attempt.lights.count() == 3
    kinds = [row["kind"] for row in shown.history_rows(Attempt.objects.select_related("entry__meet").get())]
    assert kinds.count("jury_decided") == 2
