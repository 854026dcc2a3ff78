"""Results from what officials decided: bests, totals, places, ties, points."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from meets.errors import Refusal
from meets.models import Category, Entry, LogKind, LogRecord, Meet, Role
from meets.selectors.standings import standing_rows
from meets.standings import place_set
from tests import factories as make

pytestmark = pytest.mark.django_db

LIFTS = ("squat", "bench", "deadlift")


@pytest.fixture
def meet() -> Meet:
    return make.meet_make(federation="IPF", rulebook="ipf-2026-v3")


def lifter(meet: Meet, name: str, cells: str, *, bodyweight: str = "80.00", sex: str = "M", **fields: Any) -> Entry:
    """cells: nine attempts like "100 -105 105 60 …", negative for a miss, 0 for none."""
    entry = make.entry_make(
        meet,
        lifter=make.lifter_make(meet, name=name, sex=sex),
        bodyweight_kg=Decimal(bodyweight),
        **fields,
    )
    for place, cell in enumerate(cells.split()):
        kg = Decimal(cell)
        if kg:
            attempt = make.attempt_make(
                entry=entry, lift=LIFTS[place // 3], number=place % 3 + 1, declared_kg=str(abs(kg))
            )
            make.decided_make(attempt, "good" if kg > 0 else "no_lift")
    return entry


def shown(meet: Meet) -> list[tuple[str, str, str]]:
    return [(row.entry.lifter.name, row.place, str(row.total_kg or "")) for row in standing_rows(meet)]


def test_totals_places_and_classes(meet: Meet) -> None:
    lifter(meet, "Heavier total", "200 210 -220 120 -125 125 220 230 -240")
    lifter(meet, "Same, lighter", "200 205 -210 120 -125 125 220 235 -240", bodyweight="79.50")
    lifter(meet, "Bombed", "-200 -200 -200 120 125 130 220 230 240")
    lifter(meet, "Another class", "150 0 0 100 0 0 180 0 0", bodyweight="93.00")
    lifter(meet, "Not through", "150 0 0 100 0 0 0 0 0")

    assert shown(meet) == [
        ("Same, lighter", "1", "565.00"),
        ("Heavier total", "2", "565.00"),
        ("Bombed", "DQ", ""),
        ("Not through", "", ""),
        ("Another class", "1", "430.00"),
    ]
    assert [row.group.weight_class for row in standing_rows(meet)] == ["83", "83", "83", "83", "93"]


def test_who_reached_the_total_first_is_first_and_an_official_may_say_otherwise(meet: Meet) -> None:
    lifter(meet, "First", "200 0 0 120 0 0 220 0 0")
    second = lifter(meet, "Second", "200 0 0 120 0 0 220 0 0")
    assert [row[:2] for row in shown(meet)] == [("First", "1"), ("Second", "2")]

    Category.objects.create(entry=second, place_override=1)
    Category.objects.create(entry=Entry.objects.get(lifter__name="First"), place_override=2)
    rows = standing_rows(meet)
    assert [(row.entry.lifter.name, row.place, row.set_by_hand) for row in rows] == [
        ("Second", "1", True),
        ("First", "2", True),
    ]


def test_a_place_set_by_hand_is_logged_with_its_reason_and_taken_back(meet: Meet) -> None:
    lifter(meet, "First", "200 0 0 120 0 0 220 0 0")
    second = lifter(meet, "Second", "200 0 0 120 0 0 220 0 0")
    head = make.member_make(meet, Role.HEAD)

    place_set(entry=second, user=head, place=1, reason="both reached it at once")

    assert ("Second", "1", True) in [(row.entry.lifter.name, row.place, row.set_by_hand) for row in standing_rows(meet)]
    record = LogRecord.objects.get(kind=LogKind.PLACE)
    assert (record.actor, record.contents["to"], record.contents["reason"]) == (
        head.username,
        1,
        "both reached it at once",
    )
    place_set(entry=second, user=head, place=None, reason="the jury decided")
    assert [row[:2] for row in shown(meet)] == [("First", "1"), ("Second", "2")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"place": 0}, "place"), ({"place": 256}, "place"), ({"reason": " x "}, "reason"), ({"event": "B"}, "category")],
)
def test_a_place_that_is_not_set(meet: Meet, change: dict[str, Any], reason: str) -> None:
    entry = lifter(meet, "One", "200 0 0 120 0 0 220 0 0")
    before = LogRecord.objects.count()
    with pytest.raises(Refusal) as refused:
        place_set(entry=entry, user=make.user_make(), **{"place": 1, "reason": "weighed again"} | change)
    assert refused.value.reason == reason
    assert (Category.objects.count(), LogRecord.objects.count()) == (0, before)


def test_guests_and_disqualified_have_no_place(meet: Meet) -> None:
    lifter(meet, "Guest", "250 0 0 150 0 0 280 0 0", guest=True)
    lifter(meet, "Out", "240 0 0 150 0 0 280 0 0", disqualified=True)
    lifter(meet, "Placed", "200 0 0 120 0 0 220 0 0")
    assert [row[:2] for row in shown(meet)] == [("Placed", "1"), ("Out", "DQ"), ("Guest", "G")]


def test_one_entry_in_two_categories(meet: Meet) -> None:
    entry = lifter(meet, "Both", "-200 -200 -200 120 0 0 220 0 0")
    Category.objects.create(entry=entry, division="Open", event="SBD")
    Category.objects.create(entry=entry, division="Open", event="B")
    assert [(row.group.event, row.place, str(row.total_kg or "")) for row in standing_rows(meet)] == [
        ("SBD", "DQ", ""),
        ("B", "1", "120.00"),
    ]


def test_points_by_the_meets_formula(meet: Meet) -> None:
    """Vectors published for the formulas (see meets/competition/points.toml)."""
    lifter(meet, "M", "300 0 0 200 0 0 250 0 0", bodyweight="82.50")
    assert [str(row.points) for row in standing_rows(meet)] == ["104.14"]
    for formula, points in (("dots", "508.04"), ("wilks", "502.43"), ("wilks_2020", "603.33")):
        Meet.objects.update(formula=formula)
        assert [str(row.points) for row in standing_rows(Meet.objects.get())] == [points]


def test_a_fourth_attempt_counts_for_no_total(meet: Meet) -> None:
    entry = lifter(meet, "Record", "200 0 0 120 0 0 220 0 0")
    fourth = make.attempt_make(entry=entry, lift="deadlift", number=4, declared_kg="300")
    make.decided_make(fourth)
    assert shown(meet) == [("Record", "1", "540.00")]


def test_the_cost_does_not_grow(meet: Meet) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            standing_rows(meet)
        return len(asked)

    lifter(meet, "One", "200 0 0 120 0 0 220 0 0")
    few = cost()
    for number in range(5):
        lifter(meet, f"More {number}", "200 0 0 120 0 0 220 0 0")
    assert cost() == few == 3
