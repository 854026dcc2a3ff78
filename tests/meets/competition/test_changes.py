from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judging.pose import Lift
from judging.rulebook import rulebook_load
from meets.competition.attempts import AttemptOutcome
from meets.competition.changes import (
    Broken,
    Earlier,
    Wish,
    change_check,
    changes_allowed,
    declare_check,
    default_kg,
    weight_check,
)

RULES = rulebook_load("ipf-2026-v3").attempts
FOURTH = replace(RULES, fourth=True)
GOOD, MISSED, PASSED = AttemptOutcome.GOOD, AttemptOutcome.NO_LIFT, AttemptOutcome.PASSED


def earlier(*attempts: tuple[str, AttemptOutcome | None]) -> tuple[Earlier, ...]:
    return tuple(Earlier(Decimal(kg), outcome) for kg, outcome in attempts)


def wish(kg: str, *attempts: tuple[str, AttemptOutcome | None], lift: Lift = Lift.SQUAT, **more: Any) -> Wish:
    for key in ("current_kg", "record_kg", "bar_kg"):
        if key in more:
            more[key] = Decimal(more[key])
    return Wish(lift, Decimal(kg), earlier(*attempts), **more)


def rules_of(broken: list[Broken]) -> list[str]:
    return [str(one.rule) for one in broken]


@pytest.mark.parametrize(
    ("asked", "broken"),
    [
        (wish("100"), []),
        (wish("102.50"), []),
        (wish("101"), ["step"]),
        (wish("100.5"), ["step"]),
        (wish("0"), ["positive"]),
        (wish("-2.5"), ["positive"]),
        # After a good lift, after a miss, after a pass.
        (wish("102.5", ("100", GOOD)), []),
        (wish("100", ("100", GOOD)), ["least_rise"]),
        (wish("101", ("100", GOOD)), ["step", "least_rise"]),
        (wish("97.5", ("100", GOOD)), ["not_lower"]),
        (wish("100", ("100", MISSED)), []),
        (wish("97.5", ("100", MISSED)), ["not_lower"]),
        (wish("100", ("100", GOOD), ("110", PASSED)), ["least_rise"]),
        (wish("105", ("100", GOOD), ("110", PASSED)), []),
        (wish("110", ("100", GOOD), ("110", MISSED)), []),
        (wish("105", ("100", GOOD), ("110", MISSED)), ["not_lower"]),
        (
            wish("105", ("100", None)),
            [
                "previous_open",
            ],
        ),
        # Records.
        (wish("200.5", is_record=True, record_kg="200"), []),
        (wish("200.5", is_record=True), []),
        (wish("200.3", is_record=True, record_kg="199"), ["record_step"]),
        (wish("200", is_record=True, record_kg="200"), ["record_beaten"]),
        (wish("200.5", is_record=True, record_kg="200.5"), ["record_beaten"]),
        (wish("200.5", ("200", GOOD), is_record=True, record_kg="200"), []),
        (wish("200", ("200", GOOD), is_record=True, record_kg="199"), ["least_rise"]),
        # A missed weight may be repeated, though it was no multiple of the step.
        (wish("200.5", ("200.5", MISSED)), []),
        (wish("202.5", ("200.5", GOOD)), ["least_rise"]),
        (wish("205", ("200.5", GOOD)), []),
        # A fourth attempt.
        (wish("120", ("100", GOOD), ("110", GOOD), ("115", GOOD)), ["no_fourth"]),
        (wish("120.5", ("100", GOOD), ("110", GOOD), ("115", GOOD), is_record=True), ["no_fourth"]),
        # The rising bar.
        (wish("100", bar_kg="100"), []),
        (wish("100", bar_kg="102.5"), ["rising_bar"]),
        # Time.
        (wish("102.5", ("100", GOOD), elapsed_s=60), []),
        (wish("102.5", ("100", GOOD), elapsed_s=60.1), ["in_time"]),
        (wish("100", elapsed_s=600), []),
        (wish("102.5", ("100", GOOD), called=True), ["called"]),
    ],
)
def test_declaring(asked: Wish, broken: list[str]) -> None:
    found = declare_check(asked, RULES)
    assert rules_of(found) == broken
    assert all(one.detail.endswith(".") for one in found)


@pytest.mark.parametrize(
    ("asked", "broken"),
    [
        (wish("120.5", ("100", GOOD), ("110", GOOD), ("115", GOOD), is_record=True), []),
        (wish("120", ("100", GOOD), ("110", GOOD), ("115", GOOD)), ["fourth_for_records"]),
        (wish("120", ("100", GOOD), ("110", GOOD), ("115", GOOD), ("117.5", GOOD), is_record=True), ["no_fourth"]),
    ],
)
def test_where_there_are_fourth_attempts(asked: Wish, broken: list[str]) -> None:
    assert rules_of(weight_check(asked, FOURTH)) == broken


SECOND = ("100", GOOD)
THIRD = (SECOND, ("110", GOOD))


@pytest.mark.parametrize(
    ("asked", "broken"),
    [
        (wish("105", current_kg="100"), []),
        (wish("95", current_kg="100"), []),
        (wish("100", current_kg="100"), ["same_weight"]),
        (wish("105", current_kg="100", changes=1), ["changes_used"]),
        (wish("105", current_kg="100", round_started=True), ["round_started"]),
        (wish("105", current_kg="100", called=True, round_started=True), ["called", "round_started"]),
        (wish("101", current_kg="100"), ["step"]),
        (wish("107.5", SECOND, current_kg="105"), ["changes_used"]),
        (wish("115", *THIRD, current_kg="112.5"), ["changes_used"]),
        (wish("115", *THIRD, current_kg="112.5", lift=Lift.BENCH), ["changes_used"]),
        (wish("107.5", SECOND, current_kg="105", lift=Lift.DEADLIFT), ["changes_used"]),
        (wish("115", *THIRD, current_kg="112.5", lift=Lift.DEADLIFT), []),
        (wish("112.5", *THIRD, current_kg="130", lift=Lift.DEADLIFT, changes=1, elapsed_s=300), []),
        (wish("115", *THIRD, current_kg="112.5", lift=Lift.DEADLIFT, changes=2), ["changes_used"]),
        (wish("115", *THIRD, current_kg="112.5", lift=Lift.DEADLIFT, called=True), ["called"]),
        (wish("110", *THIRD, current_kg="130", lift=Lift.DEADLIFT), ["least_rise"]),
        (wish("115", *THIRD, current_kg="130", lift=Lift.DEADLIFT, bar_kg="120"), ["rising_bar"]),
    ],
)
def test_changing(asked: Wish, broken: list[str]) -> None:
    found = change_check(asked, RULES)
    assert rules_of(found) == broken
    assert all(one.detail.endswith(".") for one in found)


def test_nothing_to_change() -> None:
    with pytest.raises(ValueError, match="declared first"):
        change_check(wish("100"), RULES)


@pytest.mark.parametrize("kg", ["NaN", "Infinity"])
def test_no_number(kg: str) -> None:
    with pytest.raises(ValueError, match="is no weight"):
        wish(kg)


@pytest.mark.parametrize("wrong", [{"changes": -1}, {"elapsed_s": -0.1}])
def test_no_such_wish(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        wish("100", **wrong)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (wish("101"), "A weight is a multiple of 2.5 kg; 100 kg or 102.5 kg would be allowed."),
        (wish("1"), "A weight is a multiple of 2.5 kg; 2.5 kg would be allowed."),
        (
            wish("97.5", ("100", GOOD)),
            "A weight is never lower than the attempt before; 102.5 kg or more would be allowed.",
        ),
        (
            wish("97.5", ("100", MISSED)),
            "A weight is never lower than the attempt before; 100 kg or more would be allowed.",
        ),
        (
            wish("202.5", ("200.5", GOOD)),
            "After a good lift the weight rises by 2.5 kg or more; 205 kg would be allowed.",
        ),
        (
            wish("200", is_record=True, record_kg="200"),
            "A record is beaten by 0.5 kg or more; 200.5 kg would be allowed.",
        ),
        (
            wish("105", ("100", GOOD), elapsed_s=61),
            "The next weight is handed in within 60 seconds of the decision; 102.5 kg is put down instead.",
        ),
        (
            wish("105", ("100", None), elapsed_s=0),
            "Attempt 1 is not decided yet; the next weight is handed in after its decision.",
        ),
    ],
)
def test_sentences(asked: Wish, sentence: str) -> None:
    assert [one.detail for one in declare_check(asked, RULES)] == [sentence]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (wish("105", current_kg="100", changes=1), "The weight of an opener is changed once at most; 100 kg stands."),
        (
            wish("107.5", SECOND, current_kg="105"),
            "The weight of attempt 2 in the squat is not changed after it is handed in; 105 kg stands.",
        ),
        (
            wish("115", *THIRD, current_kg="112.5", lift=Lift.DEADLIFT, changes=2),
            "The weight of attempt 3 in the deadlift is changed 2 times at most; 112.5 kg stands.",
        ),
    ],
)
def test_sentences_on_changes(asked: Wish, sentence: str) -> None:
    assert [one.detail for one in change_check(asked, RULES)] == [sentence]


@pytest.mark.parametrize(
    ("before", "kg"),
    [
        ((), None),
        ((("100", GOOD),), "102.5"),
        ((("100", MISSED),), "100"),
        ((("100", None),), None),
        ((("200.5", GOOD),), "205"),
        ((("200.5", MISSED),), "200.5"),
        ((("100", GOOD), ("110", PASSED)), "102.5"),
        ((("100", PASSED),), None),
    ],
)
def test_what_is_put_down_instead(before: tuple[tuple[str, AttemptOutcome | None], ...], kg: str | None) -> None:
    assert default_kg(earlier(*before), RULES) == (None if kg is None else Decimal(kg))


@pytest.mark.parametrize(
    ("lift", "changes"), [(Lift.SQUAT, (1, 0, 0, 0)), (Lift.BENCH, (1, 0, 0, 0)), (Lift.DEADLIFT, (1, 0, 2, 0))]
)
def test_changes_allowed(lift: Lift, changes: tuple[int, ...]) -> None:
    assert tuple(changes_allowed(lift, number, RULES) for number in (1, 2, 3, 4)) == changes


KG = st.integers(1, 1000).map(lambda halves: Decimal("0.5") * halves)
EARLIER = st.lists(st.builds(Earlier, kg=KG, outcome=st.sampled_from(AttemptOutcome)), max_size=3).map(tuple)


@given(KG, EARLIER, st.booleans(), KG)
def test_what_is_accepted(kg: Decimal, before: tuple[Earlier, ...], is_record: bool, record_kg: Decimal) -> None:
    asked = Wish(Lift.BENCH, kg, before, is_record=is_record, record_kg=record_kg)
    if weight_check(asked, RULES):
        return
    assert len(before) < RULES.per_lift
    repeated = any(one.kg == kg and one.outcome is MISSED for one in before)
    assert kg % (RULES.record_step_kg if is_record else RULES.step_kg) == 0 or repeated
    if is_record:
        assert kg >= record_kg + RULES.record_beats_kg
    taken = [one for one in before if one.outcome is not PASSED and one.kg is not None]
    if taken:
        last = taken[-1]
        assert last.kg is not None
        assert kg >= last.kg
        assert kg > last.kg or last.outcome is MISSED


@given(EARLIER.filter(lambda before: len(before) < 3))
def test_the_default_is_always_allowed(before: tuple[Earlier, ...]) -> None:
    kg = default_kg(before, RULES)
    if kg is not None and before[-1].outcome is not PASSED:
        assert weight_check(Wish(Lift.SQUAT, kg, before), RULES) == []


@given(KG, EARLIER, KG)
def test_a_higher_step_is_allowed_where_a_lower_one_is(kg: Decimal, before: tuple[Earlier, ...], more: Decimal) -> None:
    step = RULES.step_kg
    low = (kg // step + 1) * step
    high = low + (more // step) * step
    if not weight_check(Wish(Lift.SQUAT, low, before), RULES):
        assert not weight_check(Wish(Lift.SQUAT, high, before), RULES)
