from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judging.officials import (
    Card,
    Decision,
    JuryOutcome,
    Light,
    card_of,
    cards_of,
    causes_check,
    is_split,
    jury_is_over,
    jury_may_open,
    jury_may_vote,
    jury_outcome,
    majority,
    may_reverse,
)
from judging.pose import Lift
from judging.rulebook import rulebook_load

BOOK = rulebook_load("ipf-2026-v3")
OFFICIALS, JURY = BOOK.officials, BOOK.jury
NO_EXTRA = replace(JURY, extra_attempt=False)
W, R = Light.WHITE, Light.RED
UPHELD, REVERSED, EXTRA = JuryOutcome.UPHELD, JuryOutcome.REVERSED, JuryOutcome.EXTRA_ATTEMPT
NOW = dt.datetime(2026, 6, 15, 12, 0, 0, tzinfo=dt.UTC)


def ago(seconds: float) -> dt.datetime:
    return NOW - dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("lights", "decision", "split"),
    [
        ([], None, False),
        ([W, W], None, False),
        ([W, R], None, False),
        ([W, W, W], Decision.GOOD, False),
        ([W, R, W], Decision.GOOD, True),
        ([R, W, R], Decision.NO_LIFT, True),
        ([R, R, R], Decision.NO_LIFT, False),
    ],
)
def test_majority(lights: list[Light], decision: Decision | None, split: bool) -> None:
    assert majority(lights, OFFICIALS) is decision
    assert is_split(lights, OFFICIALS) is split
    assert may_reverse(lights, JURY) is split


def test_plain_values_do_as_well() -> None:
    assert majority(["white", "red", "white"], OFFICIALS) == "good"  # type: ignore[list-item]
    assert may_reverse(["white", "red", "white"], JURY)  # type: ignore[list-item]


def test_more_lights_than_seats() -> None:
    with pytest.raises(ValueError, match="4 lights of 3 referees"):
        majority([W] * 4, OFFICIALS)


@given(st.lists(st.sampled_from(Light), min_size=3, max_size=3))
def test_no_seat_weighs_more(lights: list[Light]) -> None:
    decisions = {majority(seats, OFFICIALS) for seats in itertools.permutations(lights)}
    assert len(decisions) == 1
    swapped = majority([R if light is W else W for light in lights], OFFICIALS)
    decision = decisions.pop()
    assert decision is not None
    assert swapped is decision.reversed


@pytest.mark.parametrize(
    ("lift", "codes", "light", "reasons"),
    [
        (Lift.SQUAT, [], R, []),
        (Lift.SQUAT, [], W, []),
        (Lift.SQUAT, ["SQ-R1", "SQ-Y1"], R, []),
        (Lift.SQUAT, ["SQ-R1", "SQ-R1"], R, ["twice"]),
        (Lift.SQUAT, ["BP-R2"], R, ["other_lift"]),
        (Lift.BENCH, ["BP-R2"], R, []),
        (Lift.BENCH, ["BP-R9"], R, ["unknown"]),
        (Lift.BENCH, ["BP-R2"], W, ["white_light"]),
        (Lift.DEADLIFT, ["SQ-R1", "SQ-R1", "XX-R1"], W, ["white_light", "twice", "other_lift", "unknown"]),
    ],
)
def test_causes(lift: Lift, codes: list[str], light: Light, reasons: list[str]) -> None:
    refused = causes_check(BOOK, lift, codes, light)
    assert [str(one.reason) for one in refused] == reasons
    assert all(one.detail.endswith(".") for one in refused)


def test_cards() -> None:
    assert card_of(BOOK, "SQ-R1") == Card(1, "red")
    assert cards_of(BOOK, ["SQ-Y1", "SQ-B1", "SQ-Y2"]) == (Card(2, "blue"), Card(3, "yellow"))
    with pytest.raises(KeyError):
        card_of(BOOK, "XX-R1")


@pytest.mark.parametrize(
    ("lights", "seconds", "members", "asked", "reasons"),
    [
        ([W, W, R], 60, 3, REVERSED, []),
        ([R, W, R], 0, 5, REVERSED, []),
        ([W, W, R], 60.5, 3, REVERSED, ["too_late"]),
        ([W, W, W], 10, 3, REVERSED, ["not_split"]),
        ([W, W, W], 10, 3, EXTRA, []),
        ([W, W, R], 10, 4, REVERSED, ["wrong_size"]),
        ([R, R, R], 90, 2, REVERSED, ["wrong_size", "too_late", "not_split"]),
        ([W, W, R], -5, 3, REVERSED, []),
        ([W, W], None, 3, REVERSED, ["not_decided"]),
    ],
)
def test_opening_a_case(
    lights: list[Light], seconds: float | None, members: int, asked: JuryOutcome, reasons: list[str]
) -> None:
    decided_at = None if seconds is None else ago(seconds)
    refused = jury_may_open(lights, decided_at, NOW, members, JURY, asked)
    assert [str(one.reason) for one in refused] == reasons
    assert all(one.detail.endswith(".") for one in refused)


def test_a_book_without_extra_attempts() -> None:
    refused = jury_may_open([W, W, R], ago(10), NOW, 3, NO_EXTRA, EXTRA)
    assert [str(one.reason) for one in refused] == ["no_extra_attempt"]
    assert jury_outcome([EXTRA] * 3, 3, True, NO_EXTRA) is UPHELD


@pytest.mark.parametrize(
    ("vote", "voted", "eligible", "seconds", "reasons"),
    [
        (REVERSED, False, True, 600, []),
        (UPHELD, False, False, 0, []),
        (EXTRA, False, False, 0, []),
        (REVERSED, False, False, 0, ["not_split"]),
        (UPHELD, True, True, 0, ["voted_already"]),
        (UPHELD, False, True, 600.1, ["votes_over"]),
        (REVERSED, True, False, 601, ["voted_already", "votes_over", "not_split"]),
    ],
)
def test_voting(vote: JuryOutcome, voted: bool, eligible: bool, seconds: float, reasons: list[str]) -> None:
    refused = jury_may_vote(
        vote, voted=voted, eligible_for_reversal=eligible, opened_at=ago(seconds), now=NOW, rules=JURY
    )
    assert [str(one.reason) for one in refused] == reasons
    assert jury_is_over(ago(seconds), NOW, JURY) is (seconds > 600)


@pytest.mark.parametrize(
    ("votes", "members", "eligible", "outcome"),
    [
        ([], 3, True, None),
        ([REVERSED] * 2, 3, True, None),
        ([REVERSED] * 4, 5, True, None),
        # Three are unanimous; of five a majority does.
        ([REVERSED] * 3, 3, True, REVERSED),
        ([REVERSED, REVERSED, UPHELD], 3, True, UPHELD),
        ([REVERSED] * 3 + [UPHELD] * 2, 5, True, REVERSED),
        ([REVERSED] * 2 + [UPHELD] * 3, 5, True, UPHELD),
        ([REVERSED] * 2 + [EXTRA] * 2 + [UPHELD], 5, True, UPHELD),
        # Never where the lights stood 3 to 0.
        ([REVERSED] * 3, 3, False, UPHELD),
        ([EXTRA] * 3, 3, False, EXTRA),
        ([EXTRA, EXTRA, UPHELD], 3, True, UPHELD),
        ([EXTRA] * 3 + [REVERSED] * 2, 5, True, EXTRA),
    ],
)
def test_outcome(votes: list[JuryOutcome], members: int, eligible: bool, outcome: JuryOutcome | None) -> None:
    assert jury_outcome(votes, members, eligible, JURY) is outcome


@pytest.mark.parametrize(
    ("votes", "members", "message"), [(0, 4, "3 or 5 members, not 4"), (4, 3, "4 votes of 3 members")]
)
def test_no_such_jury(votes: int, members: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        jury_outcome([UPHELD] * votes, members, True, JURY)


@given(
    st.sampled_from([3, 5]).flatmap(lambda size: st.lists(st.sampled_from(JuryOutcome), min_size=size, max_size=size))
)
def test_no_member_weighs_more(votes: list[JuryOutcome]) -> None:
    outcome = jury_outcome(votes, len(votes), True, JURY)
    assert outcome is jury_outcome(votes[::-1], len(votes), True, JURY)
    if outcome is not UPHELD:
        assert votes.count(outcome) >= JURY.needed(len(votes))  # type: ignore[arg-type]
    assert jury_outcome(votes, len(votes), False, JURY) is not REVERSED
