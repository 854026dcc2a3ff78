"""Results as they are shown and exported: one place for pages, API and files."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from types import MappingProxyType

from meets.competition.attempts import LETTERS
from meets.competition.placing import Score
from meets.exchange.lines import line_of, sheet_with
from meets.exchange.recompute import recompute, total_of
from meets.exchange.sheet import SheetEntry
from meets.models import LogKind, LogRecord, Meet
from meets.selectors.reckoning import (
    NO_TOTAL,
    Group,
    Row,
    by_place,
    doubled_marked,
    group_counts,
    points_in,
    reckoned_rows,
)

__all__ = ["Group", "Page", "Row", "standing_page", "standing_rows"]


def standing_rows(meet: Meet) -> list[Row]:
    """Every entry in each of its categories, group after group in the order of places. Three queries, however many, and
    one more where an official set a place.

    Of results that another system made, places are reckoned as ``recompute`` does, since only the stated places tell
    how a division was ranked there; an official's word goes before them here as everywhere.
    """
    rows = reckoned_rows(meet)
    return _officials_told(meet, _brought_in(meet, rows) if meet.origin else rows)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the rows. parts: the groups on this page, each with its rows here, and whether it began on the page
    before."""

    parts: list[tuple[Group, list[Row], bool]]
    number: int
    pages: int


def standing_page(meet: Meet, number: int, per_page: int) -> Page:
    """The page of that number, from 1; the nearest one where there is none. Only what stands on it is reckoned."""
    counts = group_counts(meet)
    pages = max(-(-sum(counts.values()) // per_page), 1)
    number = min(max(number, 1), pages)
    first, last = per_page * (number - 1), per_page * number
    at, starts = 0, {}
    for group, count in counts.items():
        if at < last and at + count > first:
            starts[group] = at
        at += count
    rows = standing_rows(meet) if meet.origin else _officials_told(meet, reckoned_rows(meet, starts))
    parts = []
    for group, found in groupby((row for row in rows if row.group in starts), key=lambda row: row.group):
        start = starts[group]
        parts.append((group, list(found)[max(first - start, 0) : last - start], start < first))
    return Page(parts, number, pages)


def _officials_told(meet: Meet, rows: list[Row]) -> list[Row]:
    """The rows with who set a place by hand, and why, as the log has it."""
    if not any(row.set_by_hand for row in rows):
        return rows
    told: dict[tuple[str, str, str], tuple[str, str]] = {}
    for record in LogRecord.objects.filter(meet=meet, kind=LogKind.PLACE).order_by("seq"):
        body = record.contents
        told[body["entry"], body["division"], body["event"]] = record.actor, body["reason"]
    return [_told_by(row, told) if row.set_by_hand else row for row in rows]


def _told_by(row: Row, told: Mapping[tuple[str, str, str], tuple[str, str]]) -> Row:
    set_by, reason = told.get((str(row.entry.pk), row.category.division, row.category.event), ("", ""))
    return replace(row, set_by=set_by, set_reason=reason)


def _brought_in(meet: Meet, rows: Sequence[Row]) -> list[Row]:
    # Line by line as the file had them: between equals the order of the file decides.
    ordered = sorted(rows, key=in_order)
    lines = [line_of(meet, row, row.category.stated_place) for row in ordered]
    found = recompute(sheet_with(meet, lines)).sheet.entries
    placed = [_placed_as(meet, row, line) for row, line in zip(ordered, found, strict=True)]
    shared = Counter((row.group, row.place) for row in placed if row.place.isdigit() and not row.set_by_hand)
    tied = [replace(row, tied=shared[row.group, row.place] > 1) for row in placed]
    return list(_regrouped(rows, doubled_marked(tied)))


def in_order(row: Row) -> tuple[int, object, str]:
    """A key for sorting: categories as they were made."""
    return row.category.pk or 0, row.entry.created_at, str(row.entry.pk)


def _placed_as(meet: Meet, row: Row, line: SheetEntry) -> Row:
    score = _score_of(line)
    by_hand = row.category.place_override is not None and score.total_kg is not None and line.place != "G"
    place = str(row.category.place_override) if by_hand else line.place
    points = None if place in NO_TOTAL else points_in(meet, row.group, row.entry, score.total_kg)
    return replace(row, score=score, place=place, set_by_hand=by_hand, points=points)


def _score_of(line: SheetEntry) -> Score:
    """From the attempts, or where the file had none, from the bests that it stated."""
    bests = {LETTERS[letter]: lift.reckoned_kg for letter, lift in line.lifts}
    found = {lift: kg for lift, kg in bests.items() if kg is not None}
    first = list(bests)[:-1]
    subtotal = sum((found[lift] for lift in first), Decimal(0)) if first and set(first) <= set(found) else None
    bombed = tuple(lift for lift, kg in bests.items() if kg is None)
    return Score(MappingProxyType(found), subtotal, total_of(line), bombed, None)


def _regrouped(rows: Sequence[Row], placed: Iterable[Row]) -> Iterable[Row]:
    """The groups in their order, each by its new places."""
    by_group: dict[Group, list[Row]] = {}
    for row in placed:
        by_group.setdefault(row.group, []).append(row)
    for group, _ in groupby(rows, key=lambda row: row.group):
        yield from sorted(by_group[group], key=by_place)
