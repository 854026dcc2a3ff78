from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from meets.exchange.recompute import Ranking, recompute, total_of
from meets.exchange.sheet import SheetEntry, SheetLift
from tests.meets.exchange.sheets import entry, lift, meet


def bench(name: str, kg: str, body: str = "80", **more: Any) -> SheetEntry:
    """A bench presser with one good attempt, placed nowhere yet."""
    values: dict[str, Any] = {"event": "B", "sex": "M", "weight_class": "83", "place": "", "total_kg": None}
    return entry(name, bodyweight_kg=Decimal(body), bench=lift(kg), **(values | more))


def places(*entries: SheetEntry, **more: Any) -> list[str]:
    return [one.place for one in recompute(meet(*entries, **more)).sheet.entries]


@pytest.mark.parametrize(
    ("told", "total"),
    [
        ({}, "300"),
        ({"squat": lift("-90 -90 -90", "90")}, None),
        ({"squat": lift("")}, None),
        ({"squat": SheetLift(best_kg=Decimal(95))}, "295"),
        ({"event": "BD", "squat": lift("-90")}, "200"),
        ({"bench": lift("55 -60 - 70")}, "295"),
    ],
)
def test_totals(told: dict[str, Any], total: str | None) -> None:
    assert total_of(entry(**told)) == (None if total is None else Decimal(total))


def test_more_before_less_and_the_lighter_of_equals() -> None:
    assert places(bench("Ada", "100"), bench("Bea", "120"), bench("Cy", "100", "79.9")) == ["3", "1", "2"]


def test_each_class_division_event_and_sex_by_itself() -> None:
    assert (
        places(
            bench("Ada", "100"),
            bench("Bea", "120", "90", weight_class="93"),
            bench("Cy", "110", division="Juniors"),
            bench("Di", "105", sex="F"),
            bench("Ed", "90", equipment="Single-ply"),
        )
        == ["1"] * 5
    )


@pytest.mark.parametrize(
    ("told", "place", "total"),
    [
        ({"place": "DQ"}, "DQ", None),
        ({"place": "DD"}, "DD", None),
        ({"guest": True}, "G", Decimal(100)),
        ({"place": "G"}, "G", Decimal(100)),
        ({"bench": lift("-100 -100 -100"), "place": "1"}, "DQ", None),
        ({"bench": lift("")}, "DQ", None),
        ({"bench": lift(""), "bodyweight_kg": None}, "NS", None),
        ({"bench": lift(""), "place": "NS"}, "NS", None),
    ],
)
def test_who_has_no_place(told: dict[str, Any], place: str, total: Decimal | None) -> None:
    values: dict[str, Any] = {"event": "B", "place": "", "total_kg": None, "bench": lift("100")}
    other = entry("Bea", **(values | {"bench": lift("50")}))
    found = recompute(meet(entry("Ada", **(values | told)), other)).sheet.entries
    assert (found[0].place, found[0].total_kg) == (place, total)
    assert found[1].place == "1"


def test_what_nothing_tells_apart_is_the_officials_word() -> None:
    tied = meet(bench("Ada", "100", place="2"), bench("Bea", "100", place="1"), bench("Cy", "90", place="3"))
    found = recompute(tied)
    assert [one.place for one in found.sheet.entries] == ["2", "1", "3"]
    assert found.ties == {0, 1}


def test_who_reached_it_first_where_nobody_said() -> None:
    first = bench("Ada", "100 -105 -105")
    later = bench("Bea", "95 100 -105")
    assert places(later, first) == ["2", "1"]


def test_a_class_written_without_its_plus_is_the_open_one() -> None:
    light, heavy = bench("Ada", "100", "119", weight_class="120"), bench("Bea", "120", "130", weight_class="120")
    assert places(light, heavy) == ["1", "1"]


def test_a_list_that_goes_by_points_is_found_by_its_places() -> None:
    entries = (
        bench("Ada", "150", "140", weight_class="All", place="3"),
        bench("Bea", "140", "60", weight_class="All", place="1"),
        bench("Cy", "145", "90", weight_class="All", place="2"),
    )
    found = recompute(meet(*entries))
    assert [one.place for one in found.sheet.entries] == ["3", "1", "2"]
    assert found.rankings["M", "B", "Open", "Raw"] not in (Ranking.CLASSES, Ranking.WHOLE)


def test_a_division_without_classes_is_found_by_its_places() -> None:
    entries = bench("Ada", "100", place="2"), bench("Bea", "120", "90", weight_class="93", place="1")
    found = recompute(meet(*entries))
    assert [one.place for one in found.sheet.entries] == ["2", "1"]
    assert set(found.rankings.values()) == {Ranking.WHOLE}


def test_equipment_placed_together_is_found_by_its_places() -> None:
    bare, sleeves = (
        bench("Ada", "100", equipment="Bare", place="2"),
        bench("Bea", "120", equipment="Sleeves", place="1"),
    )
    assert places(bare, sleeves) == ["2", "1"]
    apart = bench("Ada", "100", equipment="Bare", place="1"), sleeves
    assert places(*apart) == ["1", "1"]
