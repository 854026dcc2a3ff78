"""Points that compare lifters of different bodyweights: IPF GL, DOTS, Wilks and Wilks 2020.

The coefficients, their sources and their dates stand in ``points.toml``. What is not defined is None, never 0.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from judging.figures import Table, figures_read
from meets.competition.attempts import FULL_EVENT, event_lifts
from meets.competition.dates import Span, span_of

FILE: Final = Path(__file__).with_name("points.toml")
# As the published results give them.
PLACES: Final = Decimal("0.01")

Kg = Decimal | float | int


class Formula(StrEnum):
    """The points at hand."""

    IPF_GL = "ipf_gl"
    DOTS = "dots"
    WILKS = "wilks"
    WILKS_2020 = "wilks_2020"


@dataclass(frozen=True, slots=True)
class GlSet:
    """The GL coefficients of one time.

    scale: points of a total that equals the reference. least_kg: bodyweights below have no points. rows: (a, b, c) of
    sex, equipment and event; a and b in kg, c per kg.

    Raises ValueError when a figure is not positive.
    """

    span: Span
    scale: float
    least_kg: float
    rows: Mapping[tuple[str, str, str], tuple[float, float, float]]

    def __post_init__(self) -> None:
        if not all(
            figure > 0 for figure in (self.scale, self.least_kg, *(f for row in self.rows.values() for f in row))
        ):
            raise ValueError("GL coefficients are more than 0")

    def coefficient(self, kg: float, key: tuple[str, str, str]) -> float | None:
        """Points for a kilogram lifted at this bodyweight, kg; None where there are none."""
        if key not in self.rows or kg < self.least_kg:
            return None
        a, b, c = self.rows[key]
        return _share(self.scale, a - b * math.exp(-c * kg))


@dataclass(frozen=True, slots=True)
class Polynomial:
    """One formula's coefficients for one sex, by rising power of the bodyweight in kg.

    least_kg, most_kg: the bodyweight is clamped to these. Raises ValueError when they are not in order, or the scale is
    not positive.
    """

    scale: float
    least_kg: float
    most_kg: float
    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        if not (0 < self.least_kg < self.most_kg and self.scale > 0 and self.coefficients):
            raise ValueError("a polynomial has a scale, two bounds in order and coefficients")

    def coefficient(self, kg: float) -> float | None:
        """Points for a kilogram lifted at this bodyweight, kg."""
        at = min(max(kg, self.least_kg), self.most_kg)
        value = 0.0
        for factor in reversed(self.coefficients):
            value = value * at + factor
        return _share(self.scale, value)


@dataclass(frozen=True, slots=True)
class Figures:
    """All of ``points.toml``. sexes, equipment: by whose figures each is reckoned."""

    sexes: Mapping[str, str]
    equipment: Mapping[str, str]
    gl: tuple[GlSet, ...]
    polynomials: Mapping[tuple[str, str], Polynomial]
    ipf: tuple[tuple[Formula, Span], ...]


def points_of(
    formula: Formula,
    *,
    total_kg: Kg | None,
    bodyweight_kg: Kg | None,
    sex: str,
    equipment: str = "classic",
    event: str = FULL_EVENT,
    on: dt.date | None = None,
) -> float | None:
    """The points of a total, not rounded; None where they are not defined.

    total_kg, bodyweight_kg: kg. sex: "M", "F" or "Mx", which is reckoned by the men's figures as OpenPowerlifting does.
    equipment: "classic", "wraps", "straps", "equipped", "multi_ply" or "unlimited". event: a part of "SBD".
    on: the day whose GL coefficients count; None for the newest.

    GL points are defined for full power and bench press alone, and from a least bodyweight up; the others take any
    event and clamp the bodyweight. There are none without a total or a bodyweight, or for another sex or equipment.

    Raises ValueError for an event that is none.
    """
    event_lifts(event)
    figures = figures_load()
    if (
        total_kg is None
        or bodyweight_kg is None
        or not (total_kg > 0 and bodyweight_kg > 0)
        or sex not in figures.sexes
    ):
        return None
    by, kg = figures.sexes[sex], float(bodyweight_kg)
    if formula == Formula.IPF_GL:
        coefficient = _gl(figures, kg, by, equipment, event, on)
    else:
        coefficient = figures.polynomials[formula, by].coefficient(kg)
    return None if coefficient is None else coefficient * float(total_kg)


def points_round(points: float) -> Decimal:
    """Points as they are published: two decimals, halves up."""
    return Decimal(repr(points)).quantize(PLACES, ROUND_HALF_UP)


def formula_of_ipf(on: dt.date) -> Formula | None:
    """The formula that ranks the best lifters in the IPF on this day; None where its figures are not held."""
    return next((formula for formula, span in figures_load().ipf if span.holds(on)), None)


def _gl(figures: Figures, kg: float, sex: str, equipment: str, event: str, on: dt.date | None) -> float | None:
    sets = [one for one in figures.gl if on is None or one.span.holds(on)]
    if not sets or equipment not in figures.equipment:
        return None
    return max(sets, key=lambda one: one.span.start).coefficient(kg, (sex, figures.equipment[equipment], event))


def _share(scale: float, reference: float) -> float | None:
    # A reference of 0 or less is outside of what a formula was made for.
    return scale / reference if reference > 0 else None


@cache
def figures_load() -> Figures:
    """The figures of ``points.toml``. Raises ValueError naming the table and the key that is wrong."""
    return figures_parse(figures_read(FILE))


def figures_parse(table: Table) -> Figures:
    """The figures of a file. Raises ValueError naming the table and the key that is wrong."""
    table.only("sexes", "equipment", "gl", "polynomials", "ipf")
    sexes, equipment = table.table("sexes"), table.table("equipment")
    figures = Figures(
        sexes=MappingProxyType({key: sexes.text(key) for key in sexes.data}),
        equipment=MappingProxyType({key: equipment.text(key) for key in equipment.data}),
        gl=tuple(_gl_set(row) for row in table.rows("gl")),
        polynomials=MappingProxyType(dict(_polynomial(row) for row in table.rows("polynomials"))),
        ipf=tuple(_dated(row) for row in table.rows("ipf")),
    )
    wanted = {(formula, sex) for formula in Formula if formula is not Formula.IPF_GL for sex in figures.sexes.values()}
    if missing := sorted(wanted - set(figures.polynomials)):
        raise ValueError(f"{table.where}: no polynomial {' '.join(missing[0])}")
    return figures


def _gl_set(row: Table) -> GlSet:
    row.only("in_force_from", "in_force_until", "scale", "least_kg", "rows")
    rows = {}
    for each in row.rows("rows"):
        each.only("sex", "equipment", "event", "a", "b", "c")
        key = each.text("sex"), each.text("equipment"), each.text("event")
        rows[key] = each.number("a"), each.number("b"), each.number("c")
    return GlSet(span_of(row), row.number("scale"), row.number("least_kg"), MappingProxyType(rows))


def _polynomial(row: Table) -> tuple[tuple[str, str], Polynomial]:
    row.only("formula", "sex", "scale", "least_kg", "most_kg", "coefficients")
    coefficients = row.data.get("coefficients")
    if not isinstance(coefficients, list) or any(type(value) not in (int, float) for value in coefficients):
        raise ValueError(f"{row.where}: coefficients is not a list of numbers")
    polynomial = Polynomial(
        row.number("scale"), row.number("least_kg"), row.number("most_kg"), tuple(map(float, coefficients))
    )
    return (Formula(row.text("formula")), row.text("sex")), polynomial


def _dated(row: Table) -> tuple[Formula, Span]:
    row.only("formula", "in_force_from", "in_force_until")
    return Formula(row.text("formula")), span_of(row)
