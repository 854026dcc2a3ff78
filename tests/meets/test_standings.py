"""Results from what officials decided: bests, totals, places, ties, points."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.renderers import JSONRenderer
from rest_framework.test import APIClient

from meets.api.exports import StandingAttemptSerializer
from meets.attempts import attempt_pass
from meets.errors import Refusal
from meets.models import Attempt, Category, Entry, LogKind, LogRecord, Meet, Role
from meets.selectors.standings import standing_page, standing_rows
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


def doubles(meet: Meet) -> list[tuple[str, str, bool]]:
    return [(row.entry.lifter.name, row.place, row.doubled) for row in standing_rows(meet)]


def test_a_place_that_is_doubled_by_hand_is_marked_and_who_did_it_is_told(meet: Meet) -> None:
    first = lifter(meet, "First", "200 0 0 120 0 0 220 0 0")
    second = lifter(meet, "Second", "190 0 0 120 0 0 220 0 0")
    lifter(meet, "Third", "180 0 0 120 0 0 220 0 0")
    head = make.member_make(meet, Role.HEAD, user=make.user_make("anna"))
    assert {row.doubled for row in standing_rows(meet)} == {False}
    api, page = APIClient(), Client()
    api.force_authenticate(head)
    page.force_login(make.member_make(meet, Role.READER))
    body = {"place": 1, "reason": "weighed <again>"}

    (answer,) = api.post(f"/api/v1/entries/{second.pk}/place/", body).json()

    names = ("place", "set_by_hand", "set_by", "set_reason", "doubled", "tied")
    assert [answer[name] for name in names] == ["1", True, "anna", "weighed <again>", True, False]
    shown = api.get(f"/api/v1/meets/{meet.pk}/standings/").json()
    assert [[row[name] for name in names] for row in shown] == [
        ["1", False, "", "", True, False],
        ["1", True, "anna", "weighed <again>", True, False],
        ["3", False, "", "", False, False],
    ]
    html = page.get(reverse("meet-results", args=[meet.pk])).content.decode()
    assert html.count("Place 1 stands more than once here, since it was set by hand") == 1
    assert "Place 1 of Second was set by hand by anna: weighed &lt;again&gt;" in html
    # The other one moves by hand too, and nothing is doubled any more.
    place_set(entry=first, user=head, place=2, reason="moves for Second")
    assert doubles(meet) == [("Second", "1", False), ("First", "2", False), ("Third", "3", False)]
    assert "more than once" not in page.get(reverse("meet-results", args=[meet.pk])).content.decode()
    # What was said last counts.
    place_set(entry=second, user=make.user_make("berit"), place=3, reason="the jury decided")
    assert {row.entry.lifter.name: (row.set_by, row.set_reason) for row in standing_rows(meet)} == {
        "First": ("anna", "moves for Second"),
        "Second": ("berit", "the jury decided"),
        "Third": ("", ""),
    }
    assert doubles(meet) == [("First", "2", False), ("Second", "3", True), ("Third", "3", True)]


def test_what_the_rules_leave_tied_is_not_doubled_and_one_query_more_tells_who_set_a_place(meet: Meet) -> None:
    entries = [lifter(meet, name, "200 0 0 120 0 0 220 0 0") for name in ("One", "Other")]
    Entry.objects.update(bodyweight_kg=None, weight_class="83")
    assert [(row.place, row.tied, row.doubled) for row in standing_rows(meet)] == [("1", True, False)] * 2
    with CaptureQueriesContext(connection) as before:
        standing_rows(meet)
    for entry in entries:
        place_set(entry=entry, user=make.user_make(), place=1, reason="both are first")
    with CaptureQueriesContext(connection) as after:
        rows = standing_rows(meet)
    assert len(after) == len(before) + 1
    assert [(row.place, row.tied, row.doubled) for row in rows] == [("1", False, True)] * 2


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


def test_whoever_passes_the_last_attempt_without_a_good_one_is_out(meet: Meet) -> None:
    entry = lifter(meet, "Passes", "-200 -200 0 120 0 0 220 0 0")
    third = make.attempt_make(entry=entry, lift="squat", number=3, declared_kg="205")
    assert shown(meet) == [("Passes", "", "")]
    attempt_pass(attempt=third, user=make.user_make(), reason="knee hurts")
    assert shown(meet) == [("Passes", "DQ", "")]


def test_a_closed_meet_leaves_nobody_open(meet: Meet) -> None:
    lifter(meet, "Not through", "150 0 0 100 0 0 0 0 0")
    make.entry_make(meet, lifter=make.lifter_make(meet, name="Weighed", sex="M"), bodyweight_kg=Decimal("80.00"))
    make.entry_make(meet, lifter=make.lifter_make(meet, name="Did not come", sex="M"), weight_class="83")
    assert {place for _, place, _ in shown(meet)} == {""}
    Meet.objects.update(status="closed")
    meet.refresh_from_db()
    assert sorted(row[:2] for row in shown(meet)) == [
        ("Did not come", "NS"),
        ("Not through", "DQ"),
        ("Weighed", "DQ"),
    ]


def test_without_a_total_there_are_no_points(meet: Meet) -> None:
    lifter(meet, "Out", "240 0 0 150 0 0 280 0 0", disqualified=True)
    assert [(row.total_kg, row.points) for row in standing_rows(meet)] == [(None, None)]


# ── The same, reckoned here by itself ────────────────────────────────────────────────────────────────────

# Few weights, so that totals and bodyweights are often equal.
CELLS = st.lists(st.sampled_from([0, 100, 102.5, -100, -102.5]), min_size=9, max_size=9)
PEOPLE = st.lists(st.tuples(st.sampled_from(["80.00", "80.50"]), CELLS), min_size=1, max_size=6)


def total_here(cells: list[float], event: str) -> float | None:
    bests = [max(cells[3 * place : 3 * place + 3]) for place, letter in enumerate("SBD") if letter in event]
    return sum(bests) if min(bests) > 0 else None


def places_here(people: list[tuple[str, list[float]]], seqs: list[dict[tuple[int, int], int]], event: str) -> list[Any]:
    """By total, then bodyweight, then who had the total first: when the best of the event's last lift was made."""
    last = "SBD".index(event[-1])

    def key(index: int) -> tuple[float, Decimal, int]:
        bodyweight, cells = people[index]
        total = total_here(cells, event)
        assert total is not None
        tries = cells[3 * last : 3 * last + 3]
        return -total, Decimal(bodyweight), seqs[index][last, tries.index(max(tries))]

    ranked = sorted((index for index, one in enumerate(people) if total_here(one[1], event)), key=key)
    return [ranked.index(index) + 1 if index in ranked else None for index in range(len(people))]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE, event=st.sampled_from(["SBD", "B", "BD"]))
def test_places_reckoned_otherwise(people: list[tuple[str, list[float]]], event: str) -> None:
    meet = make.meet_make(federation="IPF", rulebook="ipf-2026-v3")
    entries = [
        lifter(meet, f"Lifter {index}", " ".join(map(str, cells)), bodyweight=bodyweight)
        for index, (bodyweight, cells) in enumerate(people)
    ]
    for entry in entries:
        Category.objects.create(entry=entry, division="Open", event=event)
    seqs = [
        {
            (LIFTS.index(attempt.lift), attempt.number - 1): attempt.decided_seq or 0
            for attempt in Attempt.objects.filter(entry=entry)
        }
        for entry in entries
    ]

    found = {row.entry.pk: row for row in standing_rows(meet)}

    totals = [total_here(cells, event) for _, cells in people]
    assert [found[entry.pk].total_kg for entry in entries] == [None if kg is None else Decimal(kg) for kg in totals]
    places = [int(row.place) if row.place.isdigit() else None for row in (found[entry.pk] for entry in entries)]
    assert places == places_here(people, seqs, event)


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


@pytest.mark.parametrize("origin", [{}, {"made_by": "OpenLifter"}])
def test_pages_together_are_the_whole(meet: Meet, origin: dict[str, str]) -> None:
    for number in range(13):
        one = lifter(meet, f"Lifter {number}", f"{200 + number} 0 0 120 0 0 220 0 0", sex="MF"[number % 2])
        Category.objects.create(entry=one, division=("Open", "Juniors")[number % 3 == 0])
        Category.objects.create(entry=one, division="Open", event="B")
    Meet.objects.update(origin=origin)
    meet.refresh_from_db()
    whole = [(row.entry.pk, row.group, row.place) for row in standing_rows(meet)]

    found, heads = [], []
    for number in range(1, 8):
        page = standing_page(meet, number, 4)
        assert (page.number, page.pages) == (number, 7)
        found += [(row.entry.pk, group, row.place) for group, rows, _ in page.parts for row in rows]
        heads += [(group, goes_on) for group, _, goes_on in page.parts]

    assert found == whole
    assert [group for group, goes_on in heads if not goes_on] == list(dict.fromkeys(group for _, group, _ in whole))
    assert standing_page(meet, 99, 4).number == 7
    assert standing_page(make.meet_make(), 1, 4).parts == []


def test_the_page_shows_results(meet: Meet) -> None:
    lifter(meet, "Anna Ek", "200 0 0 -120 0 0 220 0 0")
    client = Client()
    client.force_login(make.member_make(meet, Role.READER))
    address = reverse("meet-results", args=[meet.pk])
    page = client.get(address).content.decode()
    assert "Anna Ek" in page
    assert "<s>120" in page
    assert reverse("api:export-results-json", args=[meet.pk]) in page
    assert client.get(address, {"page": "nine"}).status_code == 200


def test_a_page_asks_no_more_for_more(meet: Meet) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            standing_page(meet, 1, 3)
        return len(asked)

    lifter(meet, "One", "200 0 0 120 0 0 220 0 0")
    few = cost()
    for number in range(5):
        lifter(meet, f"More {number}", "200 0 0 120 0 0 220 0 0")
    assert cost() == few == 7


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


def test_attempts_stand_in_the_order_in_which_they_are_lifted(meet: Meet) -> None:
    lifter(meet, "One", "200 210 -220 120 125 -130 220 230 240")
    (row,) = standing_rows(meet)
    assert [(attempt.lift, attempt.number) for attempt in row.attempts] == [
        (lift, number) for lift in LIFTS for number in (1, 2, 3)
    ]


def test_a_standing_tells_its_attempts_as_their_serializer_would(meet: Meet) -> None:
    lifter(meet, "First", "200 -210 210 120 -125 0 220 0 0")
    api = APIClient()
    api.force_authenticate(make.member_make(meet, Role.READER))
    Attempt.objects.filter(lift="squat", number=1).update(decided_at="2026-05-01T10:11:12.345678Z", whites=2)
    (row,) = api.get(f"/api/v1/meets/{meet.pk}/standings/").json()
    (standing,) = standing_rows(meet)
    told = StandingAttemptSerializer(standing.attempts, many=True).data
    assert row["attempts"] == json.loads(JSONRenderer().render(told))
    assert len(row["attempts"]) == len(standing.attempts) > 1
    assert row["attempts"][0]["decided_at"] == "2026-05-01T10:11:12.345678Z"
