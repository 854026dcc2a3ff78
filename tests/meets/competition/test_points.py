from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judging.figures import figures_read
from meets.competition.dates import Span
from meets.competition.points import FILE, Formula, figures_parse, formula_of_ipf, points_of, points_round

GL = Formula.IPF_GL
SEXES = st.sampled_from(["M", "F", "Mx"])
WEIGHTS = st.decimals("35", "250", places=2)


@pytest.mark.parametrize(
    ("sex", "equipment", "event", "bodyweight", "total", "points"),
    [
        # Published by the IPF with the formula.
        ("M", "equipped", "SBD", "92.04", "1035", "112.85"),
        ("F", "classic", "B", "70.50", "122.5", "96.78"),
        # Reckoned apart from this code.
        ("M", "equipped", "SBD", "92.04", "1035", "112.8549"),
        ("F", "classic", "B", "70.50", "122.5", "96.7835"),
        ("M", "classic", "SBD", "82.5", "750", "104.1375"),
        ("F", "classic", "SBD", "62.5", "450", "98.9620"),
        ("F", "equipped", "SBD", "56.5", "500", "96.3761"),
        ("M", "classic", "B", "92.5", "210", "99.8962"),
        ("M", "equipped", "B", "104", "300", "93.5687"),
        ("F", "equipped", "B", "83", "180", "94.4218"),
    ],
)
def test_gl(sex: str, equipment: str, event: str, bodyweight: str, total: str, points: str) -> None:
    found = points_of(
        GL,
        total_kg=Decimal(total),
        bodyweight_kg=Decimal(bodyweight),
        sex=sex,
        equipment=equipment,
        event=event,
    )
    assert found is not None
    assert f"{found:.{len(points.split('.')[1])}f}" == points


@pytest.mark.parametrize(
    ("formula", "sex", "bodyweight", "total", "points"),
    [
        (Formula.DOTS, "M", 82.5, 750, "508.044"),
        (Formula.DOTS, "F", 62.5, 450, "486.343"),
        (Formula.WILKS, "M", 82.5, 750, "502.430"),
        (Formula.WILKS, "F", 62.5, 450, "486.211"),
        (Formula.WILKS_2020, "M", 82.5, 750, "603.329"),
        (Formula.WILKS_2020, "F", 62.5, 450, "578.228"),
        # OpenPowerlifting's own tests.
        (Formula.WILKS, "M", 100, 1, "0.6085890719"),
        (Formula.WILKS, "F", 100, 1, "0.8325833167"),
        (Formula.WILKS, "M", 100, 1000, "608.58907"),
        (Formula.WILKS, "F", 60, 500, "557.4434"),
    ],
)
def test_the_others(formula: Formula, sex: str, bodyweight: float, total: float, points: str) -> None:
    found = points_of(formula, total_kg=total, bodyweight_kg=bodyweight, sex=sex)
    assert found is not None
    assert f"{found:.{len(points.split('.')[1])}f}" == points


@pytest.mark.parametrize(
    ("formula", "sex", "low", "high"),
    [
        (Formula.DOTS, "M", 40, 210),
        (Formula.DOTS, "F", 40, 150),
        (Formula.WILKS, "M", 40, 201.9),
        (Formula.WILKS, "F", 26.51, 154.53),
        (Formula.WILKS_2020, "M", 40, 200.95),
        (Formula.WILKS_2020, "F", 40, 150.95),
    ],
)
def test_bodyweights_are_clamped(formula: Formula, sex: str, low: float, high: float) -> None:
    def at(kg: float) -> float | None:
        return points_of(formula, total_kg=500, bodyweight_kg=kg, sex=sex)

    assert at(low - 5) == at(low) != at(low + 0.01)
    assert at(high + 50) == at(high) != at(high - 0.01)


@pytest.mark.parametrize("formula", Formula)
@pytest.mark.parametrize(("total", "bodyweight"), [(None, 80), (0, 80), (-500, 80), (500, None), (500, 0)])
def test_nothing_is_no_zero(formula: Formula, total: float | None, bodyweight: float | None) -> None:
    assert points_of(formula, total_kg=total, bodyweight_kg=bodyweight, sex="M") is None


@pytest.mark.parametrize("event", ["S", "D", "BD", "SB", "SD"])
def test_gl_is_for_full_power_and_bench(event: str) -> None:
    assert points_of(GL, total_kg=300, bodyweight_kg=80, sex="M", event=event) is None
    assert points_of(Formula.DOTS, total_kg=300, bodyweight_kg=80, sex="M", event=event) is not None


def test_where_gl_has_no_figures() -> None:
    assert points_of(GL, total_kg=100, bodyweight_kg=Decimal("34.99"), sex="F") is None
    assert points_of(GL, total_kg=100, bodyweight_kg=35, sex="F") is not None
    assert points_of(GL, total_kg=100, bodyweight_kg=80, sex="F", equipment="") is None
    assert points_of(Formula.DOTS, total_kg=100, bodyweight_kg=80, sex="") is None


def test_gl_is_dated() -> None:
    def on(day: dt.date | None) -> float | None:
        return points_of(GL, total_kg=750, bodyweight_kg=82.5, sex="M", on=day)

    assert on(dt.date(2020, 4, 30)) is None
    assert on(dt.date(2020, 5, 1)) == on(None) is not None


def test_an_event_that_is_none() -> None:
    with pytest.raises(ValueError, match="event 'DB'"):
        points_of(Formula.DOTS, total_kg=300, bodyweight_kg=80, sex="M", event="DB")


@pytest.mark.parametrize(
    ("worn", "as_if"),
    [("wraps", "classic"), ("straps", "classic"), ("multi_ply", "equipped"), ("unlimited", "equipped")],
)
def test_equipment_without_figures_of_its_own(worn: str, as_if: str) -> None:
    both = [points_of(GL, total_kg=700, bodyweight_kg=80, sex="M", equipment=one) for one in (worn, as_if)]
    assert both[0] == both[1]


@pytest.mark.parametrize("formula", Formula)
def test_mx_goes_by_the_mens_figures(formula: Formula) -> None:
    both = [points_of(formula, total_kg=500, bodyweight_kg=70, sex=sex) for sex in ("Mx", "M")]
    assert both[0] == both[1]


@given(st.sampled_from(Formula), SEXES, WEIGHTS, st.integers(1, 400), st.integers(1, 100))
def test_more_lifted_is_more_points(formula: Formula, sex: str, bodyweight: Decimal, steps: int, more: int) -> None:
    low, high = (
        points_of(formula, total_kg=Decimal("2.5") * count, bodyweight_kg=bodyweight, sex=sex)
        for count in (steps, steps + more)
    )
    assert low is not None
    assert high is not None
    assert 0 < low < high


@pytest.mark.parametrize(
    ("points", "text"), [(112.8549, "112.85"), (0.125, "0.13"), (96.785, "96.79"), (100.0, "100.00")]
)
def test_rounding(points: float, text: str) -> None:
    assert str(points_round(points)) == text


@pytest.mark.parametrize(
    ("day", "formula"),
    [
        (dt.date(1996, 12, 31), None),
        (dt.date(2018, 12, 31), Formula.WILKS),
        (dt.date(2019, 1, 1), None),
        (dt.date(2020, 4, 30), None),
        (dt.date(2020, 5, 1), Formula.IPF_GL),
        (dt.date(2026, 3, 1), Formula.IPF_GL),
    ],
)
def test_which_formula_the_ipf_has(day: dt.date, formula: Formula | None) -> None:
    assert formula_of_ipf(day) is formula


def test_a_span_that_ends_before_it_begins() -> None:
    with pytest.raises(ValueError, match="in_force_until"):
        Span(dt.date(2020, 1, 1), dt.date(2019, 1, 1))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[sexes]", "[genders]", "genders is not a key"),
        ("scale = 100.0", 'scale = "100"', "scale is not a number"),
        ("scale = 100.0", "scale = 100.0\nshade = 1", "shade is not a key"),
        ("least_kg = 35.0", "least_kg = 0.0", "more than 0"),
        ("in_force_from = 2020-05-01", 'in_force_from = "2020"', "in_force_from is not a date"),
        (
            "in_force_from = 2020-05-01",
            "in_force_from = 2020-05-01\nin_force_until = 2019-01-01",
            "points.toml [[gl]] 1",
        ),
        ('formula = "dots"', 'formula = "dotts"', "dotts"),
        ('formula = "dots"', 'formula = "wilks"', "no polynomial dots M"),
        ("most_kg = 210.0", "most_kg = 20.0", "two bounds in order"),
        ("coefficients = [-307.75076, ", 'coefficients = ["a", ', "coefficients is not a list of numbers"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / FILE.name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        figures_parse(figures_read(path))
    assert message in str(refused.value)
