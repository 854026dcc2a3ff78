from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meets.competition.attempts import event_lifts, kg_text
from meets.competition.order import Queued, lifting_order


def queued(name: str, round: int = 1, kg: str = "100", lot: int | None = 1, take: int = 1, called: str = "") -> Queued:
    return Queued(name, round, Decimal(kg), lot, take, called)


@pytest.mark.parametrize(
    ("attempts", "order"),
    [
        ([queued("a", kg="102.5"), queued("b", kg="100", lot=9)], "ba"),
        ([queued("a", lot=7), queued("b", lot=3)], "ba"),
        ([queued("a", round=2, kg="90"), queued("b", kg="200")], "ba"),
        # No lot: after those who have one, by name, then by id.
        ([queued("a", lot=None, called="Zoe"), queued("b", lot=None, called="anna"), queued("c", lot=99)], "cba"),
        ([queued("b", lot=None), queued("a", lot=None)], "ab"),
        # Given again: the end of its round, lighter or not, and before the next round.
        ([queued("a", kg="60", take=2), queued("b", kg="150"), queued("c", round=2, kg="50")], "bac"),
        ([queued("a", take=3), queued("b", take=2, kg="200")], "ba"),
        ([queued("a", round=4, kg="50"), queued("b", round=3, kg="250")], "ba"),
        ([], ""),
    ],
)
def test_order(attempts: list[Queued], order: str) -> None:
    assert "".join(one.id for one in lifting_order(attempts)) == order


def test_an_attempt_twice() -> None:
    with pytest.raises(ValueError, match="comes twice"):
        lifting_order([queued("a"), queued("a", round=2)])


@pytest.mark.parametrize("wrong", [{"round": 0}, {"take": 0}, {"kg": "0"}, {"lot": 0}])
def test_no_such_attempt(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        queued("a", **wrong)


ATTEMPTS = st.lists(
    st.builds(
        Queued,
        id=st.uuids().map(str),
        round=st.integers(1, 4),
        kg=st.integers(1, 6).map(lambda steps: Decimal("2.5") * steps),
        lot=st.none() | st.integers(1, 5),
        take=st.integers(1, 2),
        name=st.sampled_from(["Ada", "Bo", ""]),
    ),
    max_size=12,
    unique_by=lambda one: one.id,
)


@given(ATTEMPTS, st.randoms(use_true_random=False))
def test_one_order_however_they_come(attempts: list[Queued], random: Random) -> None:
    shuffled = list(attempts)
    random.shuffle(shuffled)
    order = lifting_order(attempts)
    assert lifting_order(shuffled) == order
    assert sorted(one.id for one in order) == sorted(one.id for one in attempts)
    for before, after in pairwise(order):
        assert before.round <= after.round
        if (before.round, before.take) == (after.round, after.take):
            assert before.kg <= after.kg


@pytest.mark.parametrize(
    ("event", "lifts"),
    [
        ("SBD", ["squat", "bench", "deadlift"]),
        ("BD", ["bench", "deadlift"]),
        ("B", ["bench"]),
        ("SD", ["squat", "deadlift"]),
    ],
)
def test_lifts_of_an_event(event: str, lifts: list[str]) -> None:
    assert list(event_lifts(event)) == lifts


@pytest.mark.parametrize("event", ["", "DB", "SS", "X", "sbd"])
def test_no_event(event: str) -> None:
    with pytest.raises(ValueError, match="no part of"):
        event_lifts(event)


@pytest.mark.parametrize(
    ("kg", "text"), [("100", "100 kg"), ("102.50", "102.5 kg"), ("1E+2", "100 kg"), ("0.5", "0.5 kg")]
)
def test_kg_text(kg: str, text: str) -> None:
    assert kg_text(Decimal(kg)) == text
