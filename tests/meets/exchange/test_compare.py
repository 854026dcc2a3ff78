"""Differences between our export and an accepted one, and the causes that are named for them."""

from __future__ import annotations

import pytest

from meets.exchange.compare import ROW, Cause, Comparison, Hints, compare, equal, match, table
from meets.exchange.openpowerlifting import files_write
from tests.meets.exchange.sheets import entry, meet

OURS = files_write(meet(entry(), entry("Bea Example", place="2", bodyweight_kg=None), entry("Cy Example", place="3")))


def with_accepted(old: str, new: str, file: str = "entries.csv", hints: Hints | None = None) -> Comparison:
    text = OURS[file].decode()
    assert old in text
    return compare(OURS, {**OURS, file: text.replace(old, new, 1).encode()}, hints=hints)


def shown(found: Comparison) -> list[tuple[str, Cause]]:
    return [(one.column, one.cause) for one in found.differences]


def test_the_same_is_equal() -> None:
    found = compare(OURS, OURS)
    assert (found.differences, found.matched, found.totals_agree, found.places_agree) == ((), 3, 3, 3)
    assert found.is_equal
    assert found.cells == found.cells_equal > 50


@pytest.mark.parametrize(
    ("old", "new", "column", "cause"),
    [
        ("Ada Example", "Ada Sample", "Name", Cause.CORRECTED_NAME),
        ("Ada Example", "Ada Example #3", "Name", Cause.NUMBERED_NAME),
        ("Raw,Open", "Raw,FR-O", "Division", Cause.RENAMED_DIVISION),
        ("Raw,Open", "Raw,Juniors", "Division", Cause.MOVED_DIVISION),
        ("Raw,Open", "Wraps,Open", "Equipment", Cause.CORRECTED_EQUIPMENT),
        ("62.4,63", "62.5,63", "BodyweightKg", Cause.CORRECTED_BODYWEIGHT),
        ("62.4,63", "62.4,69", "WeightClassKg", Cause.CORRECTED_CLASS),
        ("-105,100", "-106,100", "Squat3Kg", Cause.CORRECTED_ATTEMPT),
        (",300,SBD", ",301,SBD", "TotalKg", Cause.CORRECTED_TOTAL),
        ("1,Ada", "DD,Ada", "Place", Cause.DOPING),
        ("1,Ada", "DQ,Ada", "Place", Cause.DISQUALIFIED),
        ("1,Ada", "G,Ada", "Place", Cause.GUEST),
        ("1,Ada", "4,Ada", "Place", Cause.STATED_NOWHERE),
    ],
)
def test_causes(old: str, new: str, column: str, cause: Cause) -> None:
    assert shown(with_accepted(old, new)) == [(column, cause)]


@pytest.mark.parametrize(
    ("hints", "cause"),
    [
        (Hints(ties=frozenset({2})), Cause.TIE),
        (Hints(stated={2: "2"}), Cause.STATED_RANKING),
        (Hints(own_places={2: "2"}), Cause.FOLLOWS_ROWS),
    ],
)
def test_causes_of_places_that_the_files_alone_do_not_tell(hints: Hints, cause: Cause) -> None:
    assert shown(with_accepted("1,Ada", "2,Ada", hints=hints)) == [("Place", cause)]


def test_a_category_of_its_own_explains_a_place() -> None:
    text = OURS["entries.csv"].decode().replace("3,Cy Example,F,,,Raw,Open", "1,Cy Example,F,,,Raw,Juniors")
    found = compare(OURS, {**OURS, "entries.csv": text.encode()}, hints=Hints(own_places={4: "1"}))
    assert shown(found) == [("Place", Cause.PLACED_ACROSS), ("Division", Cause.MOVED_DIVISION)]


def test_a_corrected_attempt_explains_what_follows_from_it() -> None:
    rest = ",55,60,-62.5,60,120,140,-150,140,"
    assert shown(with_accepted(f"90,100,-105,100{rest}300", f"90,100,105,105{rest}305")) == [
        ("Squat3Kg", Cause.CORRECTED_ATTEMPT),
        ("Best3SquatKg", Cause.FOLLOWS_ATTEMPT),
        ("TotalKg", Cause.FOLLOWS_ATTEMPT),
    ]


@pytest.mark.parametrize(
    ("old", "new", "column", "cause"),
    [
        ("Winter Open", "Winter Cup", "MeetName", Cause.RENAMED_MEET),
        ("Malta", "Italy", "MeetCountry", Cause.CORRECTED_MEET_PLACE),
        ("2024-02-24", "2024-02-23", "Date", Cause.CORRECTED_DATE),
        ("IPF,", "EPF,", "Federation", Cause.CORRECTED_FEDERATION),
    ],
)
def test_meets(old: str, new: str, column: str, cause: Cause) -> None:
    assert shown(with_accepted(old, new, "meet.csv")) == [(column, cause)]


def test_a_federation_that_says_nothing_is_not_carried() -> None:
    accepted = {**OURS, "meet.csv": OURS["meet.csv"].replace(b"IPF", b"EPF")}
    assert compare(OURS, accepted, is_federation_carried=False).is_equal


def test_what_only_one_file_carries_is_no_difference() -> None:
    found = with_accepted("1,Ada Example,F,,", "1,Ada Example,F,1999-03-04,24")
    assert found.is_equal
    assert found.added == {"BirthDate": 1, "Age": 1}


def test_lines_that_only_one_file_has() -> None:
    lines = OURS["entries.csv"].decode().splitlines()
    fewer = {**OURS, "entries.csv": "\n".join(lines[:3]).encode()}
    assert shown(compare(OURS, fewer)) == [(ROW, Cause.LEFT_OUT_DUPLICATE)]
    assert shown(compare(fewer, OURS)) == [(ROW, Cause.ADDED_DIVISION)]
    other = lines[3].replace("62.4", "61.1").replace("Cy Example", "Di Sample")
    more = {**OURS, "entries.csv": "\n".join([*lines, other]).encode()}
    assert shown(compare(OURS, more)) == [(ROW, Cause.ADDED_ROW)]
    assert not compare(OURS, more).is_equal


@pytest.mark.parametrize(
    ("ours", "accepted", "same"),
    [("100", "100.0", True), ("", "", True), ("Ada", "Ada", True), ("100", "~100.02", True), ("100", "100.02", False)],
)
def test_equal(ours: str, accepted: str, same: bool) -> None:
    assert equal(ours, accepted) is same


def test_pounds_of_accepted_files() -> None:
    rows = table(b"Name,BodyweightLbs,TotalLbs,Bench3Kg\nAda,137.57,661.39,-0\n")
    assert rows == [{"Name": "Ada", "BodyweightKg": "~62.40", "TotalKg": "~300.00", "Bench3Kg": ""}]


def test_names_in_another_order_or_without_accents_are_one() -> None:
    ours = [{"Name": "Example Zoe", "Event": "B"}, {"Name": "Bea Muster", "Event": "B"}]
    accepted = [{"Name": "Bea Probe", "Event": "D"}, {"Name": "Zoë Example #2", "Event": "B"}]
    assert [(pair.ours, pair.accepted) for pair in match(ours, accepted)] == [(0, 1)]
