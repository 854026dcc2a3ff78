from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judging.pose import Lift
from judging.rulebook import rulebook_load
from meets.competition.attempts import LETTERS, AttemptOutcome
from meets.competition.placing import Contestant, Placed, Standing, Taken, best_of, placing, score_of

RULES = rulebook_load("ipf-2026-v3").attempts
GOOD, MISSED, PASSED = AttemptOutcome.GOOD, AttemptOutcome.NO_LIFT, AttemptOutcome.PASSED


def lifts(text: str) -> tuple[Taken, ...]:
    """Attempts of a line such as ``S 100 -110 110@7 B 60``: minus a miss, p passed, ? open, @ when it was decided."""
    found, lift, number = [], Lift.SQUAT, 0
    for word in text.split():
        if word in LETTERS:
            lift, number = LETTERS[word], 0
            continue
        number += 1
        kg, _, seq = word.strip("-p?").partition("@")
        outcome = {"-": MISSED, "p": PASSED, "?": None}.get(word[0], GOOD)
        found.append(Taken(lift, number, Decimal(kg), outcome, int(seq) if seq else None))
    return tuple(found)


def one(id: str, text: str, kg: str | None = "80", **more: Any) -> Contestant:
    return Contestant(id, lifts(text), None if kg is None else Decimal(kg), **more)


def shown(rows: tuple[Placed, ...]) -> list[tuple[str, int | None, bool]]:
    return [(row.contestant.id, row.place, row.tied) for row in rows]


FULL = "S 100 110 -120 B 60 65 70 D 140 150 -160"


@pytest.mark.parametrize(
    ("text", "event", "bests", "subtotal", "total", "bombed"),
    [
        (FULL, "SBD", "110 70 150", "180", "330", ""),
        (FULL, "BD", "70 150", "70", "220", ""),
        (FULL, "B", "70", None, "70", ""),
        ("S 100 B 60", "SBD", "100 60", "160", None, ""),
        ("S 100 110 120 B 60", "SBD", "120 60", "180", None, ""),
        ("S -100 -100 -100 B 60 D 140", "SBD", "60 140", None, None, "squat"),
        ("S -100 -100 p100 B 60 D 140", "SBD", "60 140", None, None, "squat"),
        ("S -100 -100 ?100 B 60 D 140", "SBD", "60 140", None, None, ""),
        ("S -100 -100 -100 B 60 D 140", "BD", "60 140", "60", "200", ""),
        # A fourth attempt never counts.
        ("S 100 110 120 130.5 B 60 D 140", "SBD", "120 60 140", "180", "320", ""),
        ("B -60 -60 -60 60", "B", "", None, None, "bench"),
        ("", "SBD", "", None, None, ""),
    ],
)
def test_score(text: str, event: str, bests: str, subtotal: str | None, total: str | None, bombed: str) -> None:
    score = score_of(one("a", text, event=event), RULES)
    assert " ".join(map(str, score.best_kg.values())) == bests
    assert score.subtotal_kg == (None if subtotal is None else Decimal(subtotal))
    assert score.total_kg == (None if total is None else Decimal(total))
    assert " ".join(score.bombed) == bombed
    assert score.bombed_out is bool(bombed)


def test_who_completed_the_total_when() -> None:
    text = "S 100@1 B 60@2 65@9 D 140@5 150@6 -160@7"
    assert score_of(one("a", text), RULES).reached == 6
    assert score_of(one("a", text, event="SB"), RULES).reached == 9
    assert score_of(one("a", "S 100@1 D 140@5", event="SBD"), RULES).reached is None
    assert score_of(one("a", "S 100 B 60 D 140"), RULES).reached is None


def test_best_of() -> None:
    best = best_of(lifts(FULL), Lift.BENCH, RULES)
    assert best is not None
    assert (best.number, best.kg) == (3, Decimal(70))
    assert best_of(lifts("S 100"), Lift.BENCH, RULES) is None


@pytest.mark.parametrize(
    ("contestants", "places"),
    [
        # Total, then bodyweight, then who was first.
        ([one("a", "B 100"), one("b", "B 110")], [("b", 1, False), ("a", 2, False)]),
        ([one("a", "B 100", "82.01"), one("b", "B 100", "82")], [("b", 1, False), ("a", 2, False)]),
        ([one("a", "B 100@8"), one("b", "B 100@5")], [("b", 1, False), ("a", 2, False)]),
        ([one("a", "B 100@8"), one("b", "B 90@3 100@9")], [("a", 1, False), ("b", 2, False)]),
        # Nobody knows: tied, and the next place is left out.
        ([one("a", "B 100"), one("b", "B 100@5"), one("c", "B 90")], [("a", 1, True), ("b", 1, True), ("c", 3, False)]),
        ([one("a", "B 100", None), one("b", "B 100", "80")], [("a", 1, True), ("b", 1, True)]),
        ([one("a", "B 100@1", None), one("b", "B 100@2", None)], [("a", 1, True), ("b", 1, True)]),
        # An official's word goes before who was first, not before total and bodyweight.
        ([one("a", "B 100@8", rank=1), one("b", "B 100@5", rank=2)], [("a", 1, False), ("b", 2, False)]),
        ([one("a", "B 100", rank=2), one("b", "B 100", rank=1)], [("b", 1, False), ("a", 2, False)]),
        ([one("a", "B 100", rank=1), one("b", "B 100", rank=1)], [("a", 1, True), ("b", 1, True)]),
        ([one("a", "B 100", rank=1), one("b", "B 100")], [("a", 1, True), ("b", 1, True)]),
        ([one("a", "B 100", "81", rank=1), one("b", "B 100", "80", rank=2)], [("b", 1, False), ("a", 2, False)]),
        ([one("a", "B 100", None, rank=2), one("b", "B 100", rank=1)], [("b", 1, False), ("a", 2, False)]),
        # Whoever has no place: without a total, disqualified, guests last.
        (
            [
                one("g", "B 200", guest=True),
                one("d", "B 150", disqualified=True),
                one("n", "B -100 -100 -100"),
                one("a", "B 90"),
            ],
            [("a", 1, False), ("n", None, False), ("d", None, False), ("g", None, False)],
        ),
        ([one("g", "B 90", guest=True), one("h", "B 100", guest=True)], [("h", None, False), ("g", None, False)]),
        ([], []),
    ],
)
def test_places(contestants: list[Contestant], places: list[tuple[str, int | None, bool]]) -> None:
    bench = [Contestant(c.id, c.attempts, c.bodyweight_kg, "B", c.guest, c.disqualified, c.rank) for c in contestants]
    assert shown(placing(bench, RULES)) == places


def test_standings() -> None:
    rows = placing(
        [one("a", FULL), one("b", "S 1"), one("c", FULL, guest=True), one("d", FULL, disqualified=True)], RULES
    )
    assert [row.standing for row in rows] == [
        Standing.PLACED, Standing.NO_TOTAL, Standing.DISQUALIFIED, Standing.GUEST,
    ]  # fmt: skip


def test_push_pull_and_full_power_are_placed_apart() -> None:
    strong_squat, strong_pull = "S 200 B 100 D 200", "S 100 B 100 D 250"
    both = [("a", strong_squat), ("b", strong_pull)]
    assert shown(placing([one(*row) for row in both], RULES))[0][0] == "a"
    assert shown(placing([one(*row, event="BD") for row in both], RULES))[0][0] == "b"


@pytest.mark.parametrize(
    ("contestants", "message"),
    [
        ([one("a", FULL), one("a", FULL)], "comes twice"),
        ([one("a", FULL), one("b", FULL, event="B")], "one event"),
    ],
)
def test_no_category(contestants: list[Contestant], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        placing(contestants, RULES)


@pytest.mark.parametrize("wrong", [{"event": "DB"}, {"kg": "0"}, {"text": "S 100 S 110"}])
def test_no_contestant(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        one("a", **{"text": FULL, **wrong})


@pytest.mark.parametrize(("number", "kg"), [(0, "100"), (1, "0"), (1, "-100")])
def test_no_attempt(number: int, kg: str) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        Taken(Lift.SQUAT, number, Decimal(kg), GOOD)


TAKEN = st.builds(
    Taken,
    lift=st.just(Lift.BENCH),
    number=st.integers(1, 4),
    kg=st.sampled_from([Decimal(100), Decimal("102.5")]),
    outcome=st.sampled_from([GOOD, GOOD, MISSED, None]),
    seq=st.none() | st.integers(1, 9),
)
CATEGORY = st.lists(
    st.builds(
        Contestant,
        id=st.uuids().map(str),
        attempts=st.lists(TAKEN, max_size=4, unique_by=lambda taken: taken.number).map(tuple),
        bodyweight_kg=st.none() | st.sampled_from([Decimal(80), Decimal(81)]),
        event=st.just("B"),
        guest=st.booleans(),
        disqualified=st.booleans(),
        rank=st.none() | st.integers(1, 3),
    ),
    max_size=8,
    unique_by=lambda contestant: contestant.id,
)


@given(CATEGORY, st.randoms(use_true_random=False))
def test_places_do_not_hang_on_how_they_come(contestants: list[Contestant], random: Random) -> None:
    shuffled = list(contestants)
    random.shuffle(shuffled)
    rows = placing(contestants, RULES)
    assert placing(shuffled, RULES) == rows
    assert sorted(row.contestant.id for row in rows) == sorted(contestant.id for contestant in contestants)
    placed = [row for row in rows if row.place is not None]
    assert rows[: len(placed)] == tuple(placed)
    for number, row in enumerate(placed, start=1):
        assert row.place is not None
        assert row.place == number or (row.tied and row.place < number)
    for before, after in pairwise(placed):
        assert before.score.total_kg is not None
        assert after.score.total_kg is not None
        assert before.score.total_kg >= after.score.total_kg
        assert before.place != after.place or before.score.total_kg == after.score.total_kg
    assert all(row.place is None for row in rows if row.contestant.guest or row.contestant.disqualified)
