"""What a file of registrations does to a meet, as the pages show it: row by row, its bad cells marked."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from meets.competition.attempts import LETTERS, kg_text
from meets.exchange.roster_sheet import CellProblem, RosterRow
from meets.roster_import import RosterReport
from meets.roster_plan import Planned

# Rows that a page shows; of the others it says how many there are.
ROWS_MOST: Final = 200
PROBLEMS_MOST: Final = 500
# The columns of the page, with the fields of the file that stand in each.
COLUMNS: Final = {
    "lifter": ("name", "sex", "birth_date", "birth_year", "country", "state", "team", "member_id"),
    "equipment": ("equipment", "tested", "guest"),
    # And with a number behind each.
    "divisions": ("division", "event"),
    "class": ("weight_class", "bodyweight", "bodyweight_lbs"),
    "place": ("session", "platform", "flight"),
    "lot": ("lot",),
    "openers": tuple(f"{lift.value}{unit}" for lift in LETTERS.values() for unit in ("", "_lbs")),
    "more": ("squat_rack", "bench_rack", "bench_safety", "bench_blocks", "notes"),
}
PLACES: Final = ("platform", "session")
WORDS: Final = {"new": "new", "changed": "changed", "unchanged": "as it is", "left out": "left out"}


@dataclass(frozen=True, slots=True)
class Cell:
    """label: of its column. bad: what stands in the file and is not taken."""

    label: str
    text: str
    bad: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """changes: what differs from the meet, each as "lot: 12 → 14"."""

    row: int
    what: str
    word: str
    cells: tuple[Cell, ...]
    changes: tuple[str, ...] = ()


def roster_lines(report: RosterReport) -> tuple[list[Line], int]:
    """The rows that a person has to look at, in the file's order, and how many more there are that are well."""
    bad: dict[int, list[CellProblem]] = defaultdict(list)
    for problem in report.problems:
        bad[problem.row].append(problem)
    taken = {planned.row.row for planned in report.rows}
    left_out = [row for row, problems in bad.items() if row not in taken and any(one.is_fatal for one in problems)]
    lines = [_line(planned, bad.get(planned.row.row, ())) for planned in report.rows]
    lines += [Line(row, "left out", WORDS["left out"], tuple(_left_out(bad[row]))) for row in left_out]
    order = ("left out", "changed", "new", "unchanged")
    urgent = sorted(lines, key=lambda line: (line.row not in bad, order.index(line.what), line.row))
    return sorted(urgent[:ROWS_MOST], key=lambda line: line.row), max(len(lines) - ROWS_MOST, 0)


def _line(planned: Planned, problems: Iterable[CellProblem]) -> Line:
    values: dict[str, list[str]] = defaultdict(list)
    # A place that the meet does not have is told once for all its rows, not in one of them.
    told = [one for one in problems if not (one.field in PLACES and getattr(planned.row, one.field))]
    for problem in told:
        values[_column(problem)].append(problem.value or "–")
    texts = _texts(_taken(planned.row, told))
    cells = tuple(Cell(name, texts[name], tuple(values.get(name, ()))) for name in COLUMNS)
    return Line(planned.row.row, planned.what, WORDS[planned.what], cells, tuple(_changes(planned)))


def _changes(planned: Planned) -> Iterator[str]:
    for name, (before, after) in {**planned.lifter_changes, **planned.entry_changes}.items():
        yield f"{name.removesuffix('_kg').replace('_', ' ')}: {_said(before)} → {_said(after)}"
    for division, event in planned.categories if not planned.is_new else ():
        yield f"also in {_joined(division, event)}"
    for lift, kg in planned.openers.items() if not planned.is_new else ():
        yield f"{lift} opener: – → {kg_text(kg)}"
    for attempt, kg in planned.reweighed:
        yield f"{attempt.lift} opener: {kg_text(attempt.declared_kg)} → {kg_text(kg)}"


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None or value == "" else str(value)


def _taken(row: RosterRow, problems: Iterable[CellProblem]) -> RosterRow:
    """The row without what the meet does not allow."""
    refused = {one.field: one.value for one in problems}
    kept = {letter: kg for letter, kg in row.openers.items() if refused.get(LETTERS[letter].value) != kg_text(kg)}
    empty: dict[str, Any] = {"birth_date": None, "birth_year": None, "lot": None, "weight_class": ""}
    gone = {name: value for name, value in empty.items() if str(getattr(row, name)) == refused.get(name)}
    return replace(row, openers=kept, **gone)


def _left_out(problems: Iterable[CellProblem]) -> Iterator[Cell]:
    values: dict[str, list[str]] = defaultdict(list)
    for problem in problems:
        values[_column(problem)].append(problem.value or "nothing")
    for name in COLUMNS:
        yield Cell(name, "", tuple(values.get(name, ())))


def _column(problem: CellProblem) -> str:
    if problem.field.startswith(COLUMNS["divisions"]):
        return "divisions"
    return next((name for name, fields in COLUMNS.items() if problem.field in fields), "more")


def _texts(row: RosterRow) -> dict[str, str]:
    born = row.birth_date or row.birth_year
    session = f"session {row.session}" if row.session else ""
    platform = f"platform {row.platform}" if row.platform.isdecimal() else row.platform
    place = (session, platform, f"flight {row.flight}" if row.flight else "")
    return {
        "lifter": _joined(row.name, row.sex, str(born or ""), row.team),
        "equipment": _joined(row.equipment, "guest" if row.guest else ""),
        "divisions": ", ".join(_joined(*pair) for pair in row.categories),
        "class": _joined(row.weight_class, kg_text(row.bodyweight_kg) if row.bodyweight_kg else ""),
        "place": _joined(*place),
        "lot": str(row.lot or ""),
        "openers": " / ".join(f"{row.openers[letter]:f}" if letter in row.openers else "–" for letter in LETTERS)
        if row.openers
        else "",
        "more": _joined(row.squat_rack, row.bench_rack, row.notes),
    }


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
