"""What is counted of a classifier's answers: first what must not count as right."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.classify.figures import LIFTS, SAID, TRUE, Row, answer, calibration_error, figures_of, figures_text

SQUAT, BENCH, DEADLIFT = LIFTS
ROWS = [
    Row("a", SQUAT, SQUAT, {SQUAT: 0.9, BENCH: 0.1, DEADLIFT: 0.0}),
    Row("b", SQUAT, DEADLIFT, {SQUAT: 0.3, BENCH: 0.1, DEADLIFT: 0.6}),
    Row("c", SQUAT, None, {SQUAT: 0.4, BENCH: 0.3, DEADLIFT: 0.3}),
    Row("d", BENCH, BENCH, {SQUAT: 0.0, BENCH: 1.0, DEADLIFT: 0.0}),
    Row("e", "other", None, {SQUAT: 0.4, BENCH: 0.3, DEADLIFT: 0.3}),
    Row("f", "other", BENCH, {SQUAT: 0.1, BENCH: 0.9, DEADLIFT: 0.0}),
]


@pytest.mark.parametrize(
    ("p", "threshold", "said"),
    [
        ({SQUAT: 0.2, BENCH: 0.2, DEADLIFT: 0.1, "other": 0.5}, 0.0, None),
        ({SQUAT: 0.5, BENCH: 0.3, DEADLIFT: 0.2}, 0.51, None),
        ({SQUAT: 0.5, BENCH: 0.3, DEADLIFT: 0.2}, 0.5, SQUAT),
        ({SQUAT: 0.1, BENCH: 0.2, DEADLIFT: 0.7, "other": 0.0}, 0.0, DEADLIFT),
    ],
)
def test_other_and_the_unlikely_are_refused(p: dict, threshold: float, said: str | None) -> None:
    assert answer(p, threshold) == said


def test_a_refusal_is_wrong_of_all_and_left_out_of_the_answered() -> None:
    figures = figures_of(ROWS)
    assert (figures["photos"], figures["lifts"], figures["others"]) == (6, 4, 2)
    accuracy, answered = figures["accuracy"], figures["accuracy_answered"]
    assert accuracy[SQUAT]["share"] == pytest.approx(1 / 3)
    assert answered[SQUAT]["share"] == pytest.approx(1 / 2)
    assert (accuracy["all"]["count"], accuracy["all"]["share"]) == (2, 0.5)
    assert accuracy[DEADLIFT]["share"] is None
    assert figures["refused"]["lifts"]["share"] == 0.25
    assert figures["refused"]["others"]["share"] == 0.5
    # Wilson's interval for 1 of 3, by hand.
    assert accuracy[SQUAT]["low"] == pytest.approx(0.0615, abs=1e-4)
    assert accuracy[SQUAT]["high"] == pytest.approx(0.7923, abs=1e-4)


def test_the_confusion_matrix_has_every_cell_and_every_photo() -> None:
    confusion = figures_of(ROWS)["confusion"]
    assert tuple(confusion) == TRUE
    assert all(tuple(row) == SAID for row in confusion.values())
    assert confusion[SQUAT] == {SQUAT: 1, BENCH: 0, DEADLIFT: 1, "refused": 1}
    assert confusion["other"] == {SQUAT: 0, BENCH: 1, DEADLIFT: 0, "refused": 1}
    assert sum(sum(row.values()) for row in confusion.values()) == len(ROWS)


def test_the_calibration_error_is_the_gap_between_saying_and_being_right() -> None:
    sure_and_right = [Row("a", SQUAT, SQUAT, {SQUAT: 1.0, BENCH: 0.0})] * 4
    assert calibration_error(sure_and_right) == 0
    half_right = [Row(str(n), SQUAT if n % 2 else BENCH, SQUAT, {SQUAT: 0.9, BENCH: 0.1}) for n in range(10)]
    assert calibration_error(half_right) == pytest.approx(0.4)
    assert calibration_error([*sure_and_right, *half_right]) == pytest.approx(0.4 * 10 / 14)
    assert calibration_error([Row("a", SQUAT, SQUAT)]) is None
    # That the likeliest was "other" is no answer, but it was said with this much certainty.
    assert calibration_error([Row("a", SQUAT, None, {SQUAT: 0.3, "other": 0.7})]) == pytest.approx(0.7)


def test_phases_and_views_count_where_they_are_labelled() -> None:
    rows = [
        Row("a", SQUAT, SQUAT, {}, "bottom", "bottom", "left", None),
        Row("b", SQUAT, SQUAT, {}, "lockout", "bottom", None, "left"),
        Row("c", BENCH, BENCH, {}, "bottom", None, "front", "front"),
        Row("d", BENCH, BENCH),
    ]
    figures = figures_of(rows)
    assert (figures["phase"]["all"]["count"], figures["phase"]["all"]["share"]) == (1, pytest.approx(1 / 3))
    assert figures["phase"]["answered"]["share"] == 0.5
    assert (figures["view"]["all"]["share"], figures["view"]["answered"]["share"]) == (0.5, 1.0)
    assert figures_of(ROWS)["phase"] is None


@pytest.mark.parametrize("rows", [[], ROWS, ROWS[-2:]])
def test_the_same_keys_and_a_text_whatever_there_is(rows: list[Row]) -> None:
    figures = figures_of(rows)
    assert list(figures) == list(figures_of(ROWS))
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    text = figures_text(figures)
    assert f"{len(rows)} photos" in text
    assert "nan" not in text.lower()


@pytest.mark.parametrize(("true", "said"), [("curl", None), ("squat", "other"), ("squat", "curl")])
def test_what_is_no_lift_is_refused(true: str, said: str | None) -> None:
    with pytest.raises(ValueError, match="these are no lifts"):
        Row("a", true, said)


@given(st.lists(st.tuples(st.sampled_from(TRUE), st.sampled_from((*LIFTS, None)), st.floats(0, 1))))
def test_shares_stay_within_their_intervals(said: list) -> None:
    figures = figures_of([Row(str(n), true, lift, {SQUAT: p, BENCH: 1 - p}) for n, (true, lift, p) in enumerate(said)])
    for share in (*figures["accuracy"].values(), *figures["accuracy_answered"].values(), *figures["refused"].values()):
        if share["share"] is not None:
            assert 0 <= share["low"] <= share["share"] + 1e-9
            assert share["share"] - 1e-9 <= share["high"] <= 1
    assert figures["ece"] is None or 0 <= figures["ece"] <= 1
