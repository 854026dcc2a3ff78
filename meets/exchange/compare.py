"""An exported meet folder beside the one that OpenPowerlifting accepted: what differs, and why.

Volunteers correct, complete and regroup what meets hand in, so an accepted file is the truth about a meet and not about
its export. Columns are compared wherever both carry a value; a difference is named with the cause that explains it, and
``NOT_EXPLAINED`` where none does. Places and totals are compared in every line that both have, empty or not.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from itertools import zip_longest
from typing import Final

from meets.exchange.divisions import division_of

_LB_KG: Final = Decimal("0.45359237")
# Weights that were pounds once differ by less than this when they are the same.
_POUNDS_TOLERANCE_KG: Final = Decimal("0.05")
_ATTEMPT: Final = re.compile(r"(Squat|Bench|Deadlift)[1-4]Kg")
_BEST: Final = re.compile(r"Best3(Squat|Bench|Deadlift)Kg")
_ATTEMPTS: Final = tuple(f"{lift}{each}Kg" for lift in ("Squat", "Bench", "Deadlift") for each in (1, 2, 3))
# What decides with whom a lifter is placed.
_CATEGORY: Final = ("Sex", "Event", "Division", "Equipment", "WeightClassKg")
# A difference of the whole line, not of a cell.
ROW: Final = "(row)"

Cells = Mapping[str, str]


class Cause(StrEnum):
    """Why a cell, or a line, of the accepted files is another than ours. All but the last are work of the volunteers,
    or what the original does not tell."""

    CORRECTED_FEDERATION = "corrected federation"
    CORRECTED_DATE = "corrected date of the meet"
    CORRECTED_MEET_PLACE = "corrected country, state or town of the meet"
    RENAMED_MEET = "renamed meet"
    CORRECTED_NAME = "corrected name"
    LOST_LETTERS = "letters of the name that the original has lost"
    NUMBERED_NAME = "number added for namesakes"
    RENAMED_DIVISION = "division spelled otherwise"
    MOVED_DIVISION = "moved to another division"
    CORRECTED_CLASS = "corrected weight class"
    CORRECTED_BODYWEIGHT = "corrected bodyweight"
    CORRECTED_EVENT = "corrected event"
    CORRECTED_EQUIPMENT = "corrected equipment"
    CORRECTED_SEX = "corrected sex"
    CORRECTED_BIRTH = "corrected age or birth"
    CORRECTED_HOME = "corrected country or state of the lifter"
    CORRECTED_TEAM = "corrected team"
    CORRECTED_ATTEMPT = "corrected attempt"
    CORRECTED_TOTAL = "total not the sum of the accepted file's own bests"
    FOLLOWS_ATTEMPT = "follows from a corrected attempt or event"
    GUEST = "guest"
    DOPING = "doping"
    DISQUALIFIED = "disqualified or no-show by hand"
    PLACED_ACROSS = "placed in the accepted file's own categories"
    FOLLOWS_ROWS = "places of others moved up or down with a disqualified, left out or added lifter"
    TIE = "tie decided otherwise"
    STATED_RANKING = "ranked by a score that attempts do not give; the place is the original's"
    STATED_NOWHERE = "ranked by a rule that neither file states"
    LEFT_OUT_AWARD = "left out: a list of best lifters"
    LEFT_OUT_NO_SHOW = "left out: did not lift"
    LEFT_OUT_DUPLICATE = "left out: the same lifts stand in another line"
    LEFT_OUT = "left out by hand"
    ADDED_DIVISION = "entered in another division too"
    ADDED_ROW = "line added by hand"
    NOT_EXPLAINED = "not explained"


# The same thing in other words.
SPELLING: Final = frozenset({Cause.RENAMED_DIVISION, Cause.NUMBERED_NAME})
# And how people, divisions and meets are called; every figure is equal then.
NAMING: Final = SPELLING | {Cause.CORRECTED_NAME, Cause.LOST_LETTERS, Cause.RENAMED_MEET}
# Lines that are no entries of their own, whose lack makes no file another one.
NO_ENTRY: Final = frozenset({Cause.LEFT_OUT_AWARD, Cause.LEFT_OUT_NO_SHOW, Cause.LEFT_OUT_DUPLICATE})

_COLUMN_CAUSES: Final = {
    "Federation": Cause.CORRECTED_FEDERATION, "Date": Cause.CORRECTED_DATE, "MeetCountry": Cause.CORRECTED_MEET_PLACE,
    "MeetState": Cause.CORRECTED_MEET_PLACE, "MeetTown": Cause.CORRECTED_MEET_PLACE, "MeetName": Cause.RENAMED_MEET,
    "WeightClassKg": Cause.CORRECTED_CLASS, "BodyweightKg": Cause.CORRECTED_BODYWEIGHT, "Event": Cause.CORRECTED_EVENT,
    "Equipment": Cause.CORRECTED_EQUIPMENT, "Sex": Cause.CORRECTED_SEX, "Age": Cause.CORRECTED_BIRTH,
    "BirthYear": Cause.CORRECTED_BIRTH, "BirthDate": Cause.CORRECTED_BIRTH, "Country": Cause.CORRECTED_HOME,
    "State": Cause.CORRECTED_HOME, "Team": Cause.CORRECTED_TEAM,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """row: the line of our file, from 1; of the accepted one for ADDED_ROW. who: the lifter of it."""

    file: str
    row: int
    column: str
    ours: str
    accepted: str
    cause: Cause
    who: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it.

    matched: lines that both have. totals_compared: those, and the accepted lines of a lifter who was entered in another
    division too. totals_agree, places_agree: how many are equal in that. cells: those that both carry, and all places
    and totals; cells_equal: how many are equal. columns: the same by file and column ("entries.Name"), as (equal,
    compared). added: cells that the accepted lines carry and ours do not, by column.
    """

    differences: tuple[Difference, ...]
    matched: int
    totals_compared: int
    totals_agree: int
    places_agree: int
    cells: int
    cells_equal: int
    columns: Mapping[str, tuple[int, int]]
    added: Mapping[str, int]

    @property
    def is_equal(self) -> bool:
        """Is every cell equal that both carry, and no entry missing?"""
        return all(one.cause in NO_ENTRY for one in self.differences)

    @property
    def is_equal_but_spelling(self) -> bool:
        """The same, when divisions may be spelled otherwise and namesakes numbered."""
        return all(one.cause in NO_ENTRY | SPELLING for one in self.differences)

    @property
    def is_equal_but_names(self) -> bool:
        """The same, when people, divisions and the meet may be called otherwise too."""
        return all(one.cause in NO_ENTRY | NAMING for one in self.differences)


@dataclass(frozen=True, slots=True)
class Hints:
    """What explains places. All by number of the line, from 1.

    ties: our lines that nothing tells apart by the rules. stated: our lines' places as the original has them.
    own_places: the accepted lines' places as they come out of the accepted file's own attempts and categories.
    lost: our lines of whose name the original has lost letters.
    """

    ties: frozenset[int] = frozenset()
    stated: Mapping[int, str] = field(default_factory=dict)
    own_places: Mapping[int, str] = field(default_factory=dict)
    lost: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Pair:
    ours: int
    accepted: int


def compare(
    ours: Mapping[str, bytes],
    accepted: Mapping[str, bytes],
    *,
    is_federation_carried: bool = True,
    hints: Hints | None = None,
) -> Comparison:
    """Both folders' ``meet.csv`` and ``entries.csv``, by name of the file.

    is_federation_carried: False where the original's federation is a literal that says nothing.
    """
    differences = _meets(ours["meet.csv"], accepted["meet.csv"], is_federation_carried)
    mine, theirs = table(ours["entries.csv"]), table(accepted["entries.csv"])
    pairs = match(mine, theirs)
    rows = _Rows(mine, theirs, pairs, hints or Hints())
    for pair in pairs:
        differences += rows.cells(pair)
    differences += rows.left_out() + rows.added_rows()
    agree = {column: sum(rows.agrees(pair, column) for pair in pairs) for column in ("TotalKg", "Place")}
    extra = rows.totals_elsewhere()
    unequal = Counter(f"{one.file[:-4]}.{one.column}" for one in differences if one.column != ROW)
    carried = _meet_carried(ours["meet.csv"], accepted["meet.csv"], is_federation_carried) + rows.carried()
    return Comparison(
        differences=tuple(differences),
        matched=len(pairs),
        totals_compared=len(pairs) + len(extra),
        totals_agree=agree["TotalKg"] + sum(extra),
        places_agree=agree["Place"],
        cells=carried.total(),
        cells_equal=carried.total() - unequal.total(),
        columns={column: (count - unequal[column], count) for column, count in carried.items()},
        added=rows.added_cells(),
    )


def table(data: bytes) -> list[dict[str, str]]:
    """The lines of a file without quotes, by column; weights in pounds stand under their column in kg, with a "~"."""
    lines = data.decode("utf-8", errors="replace").replace("\r\n", "\n").split("\n")
    headers = lines[0].split(",")
    rows = [dict(zip_longest(headers, line.split(","), fillvalue="")) for line in lines[1:] if line.strip(",")]
    return [_in_kg(row) for row in rows]


def _in_kg(row: dict[str, str]) -> dict[str, str]:
    for column in [name for name in row if name.endswith("Lbs")]:
        text = row.pop(column)
        value = _decimal(text)
        kg = f"{column[:-3]}Kg"
        if not row.get(kg) and value is not None and not column.startswith("WeightClass"):
            row[kg] = f"~{(value * _LB_KG).quantize(Decimal('0.01')):f}"
    # An attempt that was passed, as LiftingCast writes it.
    return {column: "" if text == "-0" else text for column, text in row.items()}


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text.lstrip("~")) if text else None
    except InvalidOperation:
        return None


def equal(ours: str, accepted: str) -> bool:
    """The same text, or the same figure."""
    if ours == accepted:
        return True
    one, other = _decimal(ours), _decimal(accepted)
    if one is None or other is None:
        return False
    return abs(one - other) <= _POUNDS_TOLERANCE_KG if "~" in accepted + ours else one == other


def _first(data: bytes) -> Cells:
    """The only line of a meet; nothing where every cell is empty."""
    return next(iter(table(data)), {})


def _meets(ours: bytes, accepted: bytes, is_federation_carried: bool) -> list[Difference]:
    mine, theirs = _first(ours), _first(accepted)
    found = []
    for column, value in mine.items():
        other = theirs.get(column, "")
        if value and other and value != other and (column != "Federation" or is_federation_carried):
            cause = _COLUMN_CAUSES.get(column, Cause.NOT_EXPLAINED)
            found.append(Difference("meet.csv", 2, column, value, other, cause))
    return found


def _meet_carried(ours: bytes, accepted: bytes, is_federation_carried: bool) -> Counter[str]:
    mine, theirs = _first(ours), _first(accepted)
    carried = [each for each in mine if mine[each] and theirs.get(each)]
    return Counter(f"meet.{each}" for each in carried if each != "Federation" or is_federation_carried)


# Which line is which


def match(ours: Sequence[Cells], accepted: Sequence[Cells]) -> list[_Pair]:
    """The lines that are one entry. By name, event, equipment and division; where one of them was corrected, by the
    others, and at last by bodyweight and attempts. Each line is matched once, the surest ones first."""
    free = dict(enumerate(accepted))
    waiting = dict(enumerate(ours))
    pairs: list[_Pair] = []
    for key in _KEYS:
        found: dict[Hashable, list[int]] = defaultdict(list)
        for index, row in free.items():
            if (known := key(row)) is not None:
                found[known].append(index)
        for index, row in list(waiting.items()):
            known = key(row)
            if known is not None and found.get(known):
                at = found[known].pop(0)
                del free[at], waiting[index]
                pairs.append(_Pair(index, at))
    return sorted(pairs, key=lambda pair: pair.ours)


def _name(row: Cells) -> str:
    """A name by its letters, in whichever order its words come."""
    plain = unicodedata.normalize("NFKD", re.sub(r" #\d+$", "", row.get("Name", ""))).casefold()
    words = re.findall(r"[^\W\d_]+", "".join(one for one in plain if not unicodedata.combining(one)))
    return " ".join(sorted(words))


def _word(row: Cells, at: int) -> str | None:
    """The first or last word of a name."""
    words = re.sub(r" #\d+$", "", row.get("Name", "")).casefold().split()
    return words[at] if words else None


def _lifts(row: Cells) -> Hashable | None:
    """Bodyweight and attempts; None where there are too few to know anybody by."""
    weights = tuple(_plain(row.get(column, "")) for column in _ATTEMPTS)
    if sum(bool(weight) for weight in weights) < 2:
        return None
    return (row.get("Sex", ""), _plain(row.get("BodyweightKg", "")), *weights)


def _plain(text: str) -> str:
    value = _decimal(text)
    return "" if value is None else f"{value.normalize():f}"


def _get(row: Cells, *columns: str) -> tuple[str, ...]:
    return tuple(row.get(column, "") for column in columns)


def _group(row: Cells) -> str:
    return division_of(row.get("Division", "")).group


def _with_lifts(*more: Callable[[Cells], Hashable]) -> Callable[[Cells], Hashable | None]:
    def key(row: Cells) -> Hashable | None:
        lifts = _lifts(row)
        return None if lifts is None else (lifts, *(each(row) for each in more))

    return key


_KEYS: Final[tuple[Callable[[Cells], Hashable | None], ...]] = (
    lambda row: (
        _name(row),
        *_get(row, "Sex", "Event", "Equipment", "Division", "WeightClassKg", "BodyweightKg", "Place"),
    ),
    lambda row: (_name(row), *_get(row, "Sex", "Event", "Equipment", "Division", "WeightClassKg")),
    lambda row: (_name(row), _group(row), *_get(row, "Event", "Equipment", "WeightClassKg")),
    _with_lifts(_name, lambda row: _get(row, "Event", "Equipment", "WeightClassKg", "Place")),
    _with_lifts(_name, lambda row: _get(row, "Event", "Equipment", "WeightClassKg")),
    lambda row: (_name(row), _group(row), *_get(row, "Event", "Equipment")),
    _with_lifts(_name, _group, lambda row: _get(row, "Event")),
    _with_lifts(_name, lambda row: _get(row, "Event")),
    _with_lifts(_name),
    _with_lifts(_group, lambda row: _get(row, "Event")),
    _with_lifts(lambda row: _get(row, "Event")),
    _with_lifts(),
    lambda row: (_name(row), *_get(row, "Event", "BodyweightKg")),
    lambda row: (_name(row), *_get(row, "Event")),
    lambda row: (_name(row), *_get(row, "Sex")),
    # Of whom nothing was lifted, and whose given name or surname was corrected.
    lambda row: (_word(row, -1), _group(row), *_get(row, "Sex", "Event")),
    lambda row: (_word(row, 0), _group(row), *_get(row, "Sex", "Event", "WeightClassKg")),
)


# What differs


def _is_compared(column: str, ours: str, accepted: str) -> bool:
    return column in ("Place", "TotalKg") or bool(ours and accepted)


@dataclass(frozen=True)
class _Rows:
    ours: Sequence[Cells]
    accepted: Sequence[Cells]
    pairs: Sequence[_Pair]
    hints: Hints

    def agrees(self, pair: _Pair, column: str) -> bool:
        return equal(self.ours[pair.ours].get(column, ""), self.accepted[pair.accepted].get(column, ""))

    def cells(self, pair: _Pair) -> list[Difference]:
        mine, theirs = self.ours[pair.ours], self.accepted[pair.accepted]
        found = []
        for column, value in mine.items():
            other = theirs.get(column, "")
            if _is_compared(column, value, other) and not equal(value, other):
                cause = self._cause(pair, column)
                row = pair.ours + 2
                found.append(Difference("entries.csv", row, column, value, other, cause, mine.get("Name", "")))
        return found

    def _cause(self, pair: _Pair, column: str) -> Cause:
        mine, theirs = self.ours[pair.ours], self.accepted[pair.accepted]
        if column == "Name":
            base = re.sub(r" #\d+$", "", theirs["Name"])
            if re.sub(r" #\d+$", "", mine["Name"]) == base:
                return Cause.NUMBERED_NAME
            return Cause.LOST_LETTERS if pair.ours + 2 in self.hints.lost else Cause.CORRECTED_NAME
        if column == "Division":
            same = _group(mine) == _group(theirs) and _group(mine) != ""
            return Cause.RENAMED_DIVISION if same else Cause.MOVED_DIVISION
        if column == "Place":
            return self._place_cause(pair)
        if column == "TotalKg":
            return self._total_cause(pair)
        if _ATTEMPT.fullmatch(column):
            return Cause.CORRECTED_ATTEMPT
        if _BEST.fullmatch(column):
            return Cause.FOLLOWS_ATTEMPT if self._is_lift_corrected(pair) else Cause.NOT_EXPLAINED
        return _COLUMN_CAUSES.get(column, Cause.NOT_EXPLAINED)

    def _is_lift_corrected(self, pair: _Pair) -> bool:
        columns = (*_ATTEMPTS, "Event")
        return any(not self.agrees(pair, column) for column in columns if column in self.accepted[pair.accepted])

    def _total_cause(self, pair: _Pair) -> Cause:
        mine, theirs = self.ours[pair.ours], self.accepted[pair.accepted]
        if self._is_lift_corrected(pair):
            return Cause.FOLLOWS_ATTEMPT
        if "DD" in (theirs.get("Place"), mine.get("Place")):
            return Cause.DOPING
        if theirs.get("Place") in ("DQ", "NS"):
            return Cause.DISQUALIFIED
        bests = [value for column, text in theirs.items() if _BEST.fullmatch(column) and (value := _decimal(text))]
        total = _decimal(theirs.get("TotalKg", ""))
        is_own = total is not None and sum(best for best in bests if best > 0) == total
        return Cause.NOT_EXPLAINED if is_own else Cause.CORRECTED_TOTAL

    def _place_cause(self, pair: _Pair) -> Cause:
        mine, theirs = self.ours[pair.ours], self.accepted[pair.accepted]
        places = mine.get("Place", ""), theirs.get("Place", "")
        if "DD" in places:
            return Cause.DOPING
        if "G" in places:
            return Cause.GUEST
        if not places[1].isdigit() or not places[0].isdigit():
            return Cause.FOLLOWS_ATTEMPT if self._is_lift_corrected(pair) else Cause.DISQUALIFIED
        if self._is_lift_corrected(pair):
            return Cause.FOLLOWS_ATTEMPT
        if pair.ours + 2 in self.hints.ties:
            return Cause.TIE
        if self.hints.stated.get(pair.ours + 2) == places[1]:
            return Cause.STATED_RANKING
        if self.hints.own_places.get(pair.accepted + 2) != places[1]:
            return Cause.STATED_NOWHERE
        is_moved = self._companions(pair, self.ours, "ours") != self._companions(pair, self.accepted, "accepted")
        return Cause.PLACED_ACROSS if is_moved else Cause.FOLLOWS_ROWS

    def _companions(self, pair: _Pair, rows: Sequence[Cells], side: str) -> frozenset[int]:
        """With whom a line shares its category, as the numbers of pairs."""
        own = _get(rows[getattr(pair, side)], *_CATEGORY)
        return frozenset(
            number for number, one in enumerate(self.pairs) if _get(rows[getattr(one, side)], *_CATEGORY) == own
        )

    def carried(self) -> Counter[str]:
        """How many cells of the matched lines are compared, by column."""
        return Counter(
            f"entries.{column}"
            for pair in self.pairs
            for column, value in self.ours[pair.ours].items()
            if _is_compared(column, value, self.accepted[pair.accepted].get(column, ""))
        )

    def totals_elsewhere(self) -> list[bool]:
        """Of accepted lines of a lifter who is in ours in another division: whether the total is ours."""
        matched = {pair.accepted for pair in self.pairs}
        known = {(_lifts(row), row.get("Event")): row.get("TotalKg", "") for row in self.ours}
        return [
            equal(known[key], row.get("TotalKg", ""))
            for index, row in enumerate(self.accepted)
            if index not in matched and (key := (_lifts(row), row.get("Event"))) in known and key[0] is not None
        ]

    def left_out(self) -> list[Difference]:
        """Our lines that the accepted file has not."""
        matched = {pair.ours for pair in self.pairs}
        known = Counter(lifts for row in self.accepted if (lifts := _lifts(row)) is not None)
        return [
            Difference("entries.csv", index + 2, ROW, _told(row), "", self._left_out_cause(row, known), row["Name"])
            for index, row in enumerate(self.ours)
            if index not in matched
        ]

    def _left_out_cause(self, row: Cells, known: Mapping[Hashable, int]) -> Cause:
        if division_of(row.get("Division", "")).is_award:
            return Cause.LEFT_OUT_AWARD
        lifts = _lifts(row)
        if lifts is None and row.get("Place") in ("DQ", "NS"):
            return Cause.LEFT_OUT_NO_SHOW
        return Cause.LEFT_OUT_DUPLICATE if known.get(lifts) else Cause.LEFT_OUT

    def added_rows(self) -> list[Difference]:
        """The accepted file's lines that ours has not."""
        matched = {pair.accepted for pair in self.pairs}
        known = {(_lifts(row) or _name(row), row.get("Event")) for row in self.ours}
        missing = [(index + 2, row) for index, row in enumerate(self.accepted) if index not in matched]
        return [
            Difference("entries.csv", line, ROW, "", _told(row), self._added_cause(row, known), row.get("Name", ""))
            for line, row in missing
        ]

    def _added_cause(self, row: Cells, known: Set[tuple[Hashable | None, str | None]]) -> Cause:
        is_known = (_lifts(row) or _name(row), row.get("Event")) in known
        return Cause.ADDED_DIVISION if is_known else Cause.ADDED_ROW

    def added_cells(self) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for pair in self.pairs:
            mine, theirs = self.ours[pair.ours], self.accepted[pair.accepted]
            counts.update(column for column, text in theirs.items() if text and not mine.get(column))
        return dict(counts)


def _told(row: Cells) -> str:
    return " · ".join(filter(None, _get(row, "Place", "Division", "WeightClassKg", "Event", "TotalKg")))
