"""Rule books as dated data: which of our rules run, with which limits, the causes a referee can name, and the figures
by which attempts, lights and the jury go."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from judging.pose import Lift

FOLDER: Final = Path(__file__).parent / "rulebooks"

# The rules this package can measure; a file in judging/rules/ each.
RULES: Final = ("bench_depth", "squat_depth", "knees_locked", "elbows_locked", "shoulders_back")
CARDS: Final = ("red", "blue", "yellow")
STILLS: Final = ("yes", "partly", "no")
GRADES: Final = ("read", "digest", "unverified")

_ATTEMPT_KG: Final = ("step_kg", "rise_kg", "record_step_kg", "record_beats_kg")
_ATTEMPT_TIMES: Final = ("declare_within_s", "start_within_s")
_ATTEMPT_CHANGES: Final = ("opener_changes", "later_changes", "last_deadlift_changes")

_CODE: Final = re.compile(r"[A-Z]{2}-[A-Z]\d+")
_ID: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Limits:
    """Where findings turn into calls.

    breach_p, meets_p: BREACH from this probability of a breach up, MEETS from this one down.
    moment_p, view_p: under these a moment or view read from the pose counts as unknown.
    knee_bend_deg, elbow_bend_deg: a joint bent no further than this counts as straight (0-90).

    Raises ValueError when a probability leaves 0-1, meets_p is not under breach_p, or a bend leaves 0-90.
    """

    breach_p: float
    meets_p: float
    moment_p: float
    view_p: float
    knee_bend_deg: float
    elbow_bend_deg: float

    def __post_init__(self) -> None:
        for name in ("breach_p", "meets_p", "moment_p", "view_p"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"limits.{name} lies between 0 and 1, not {getattr(self, name)}")
        for name in ("knee_bend_deg", "elbow_bend_deg"):
            if not 0 < getattr(self, name) < 90:
                raise ValueError(f"limits.{name} lies between 0 and 90, not {getattr(self, name)}")
        if not self.meets_p < self.breach_p:
            raise ValueError("limits.meets_p lies under limits.breach_p")


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause for "no lift".

    code: ours. card: red, blue or yellow. text: in our words. still: whether one photo can show it (yes, partly,
    no). grade: how the wording is known (read in a copy of the rules, digest, unverified). rule: ours that
    measures it, or "".

    Raises ValueError naming the key that is wrong.
    """

    code: str
    lift: Lift
    card: str
    text: str
    still: str
    grade: str
    rule: str = ""

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            raise ValueError(f"cause code {self.code!r} is not like SQ-R1")
        for key, allowed in (("card", CARDS), ("still", STILLS), ("grade", GRADES), ("rule", ("", *RULES))):
            if getattr(self, key) not in allowed:
                raise ValueError(f"cause {self.code}: {key} {getattr(self, key)!r} is none of {', '.join(allowed)}")
        if not self.text:
            raise ValueError(f"cause {self.code}: text is empty")


@dataclass(frozen=True, slots=True)
class AttemptRules:
    """What may be put on the bar, and until when it may be changed.

    per_lift: attempts that count, of each lift. step_kg: what a weight is a multiple of. rise_kg: the least rise after
    a good lift. record_step_kg: what the weight of a record attempt is a multiple of. record_beats_kg: by how much it
    beats the record at least. declare_within_s: from the decision to the next weight handed in. start_within_s: from
    the call to the start of the attempt. opener_changes, later_changes, last_deadlift_changes: how often the weight of
    a first attempt, of a later one, and of the last deadlift may be changed. fourth: whether there are fourth attempts,
    which are for records alone.

    Raises ValueError when a weight or a time is not positive, a count is negative, or a step is no multiple of the
    records' step.
    """

    per_lift: int
    step_kg: Decimal
    rise_kg: Decimal
    record_step_kg: Decimal
    record_beats_kg: Decimal
    declare_within_s: int
    start_within_s: int
    opener_changes: int
    later_changes: int
    last_deadlift_changes: int
    fourth: bool

    def __post_init__(self) -> None:
        for name in ("per_lift", *_ATTEMPT_KG, *_ATTEMPT_TIMES):
            if not getattr(self, name) > 0:
                raise ValueError(f"attempts.{name} is more than 0, not {getattr(self, name)}")
        for name in _ATTEMPT_CHANGES:
            if getattr(self, name) < 0:
                raise ValueError(f"attempts.{name} is 0 or more, not {getattr(self, name)}")
        for name in ("step_kg", "rise_kg"):
            if getattr(self, name) % self.record_step_kg:
                raise ValueError(f"attempts.{name} is no multiple of attempts.record_step_kg")


@dataclass(frozen=True, slots=True)
class OfficialRules:
    """How lights decide.

    referees: seats at the platform. good_needs: white lights that make a good lift.

    Raises ValueError when good_needs is no majority of the referees.
    """

    referees: int
    good_needs: int

    def __post_init__(self) -> None:
        if not self.referees < 2 * self.good_needs <= 2 * self.referees:
            raise ValueError(f"officials.good_needs: {self.good_needs} is no majority of {self.referees} referees")


@dataclass(frozen=True, slots=True)
class JuryRules:
    """What a jury may do, and when.

    members: the sizes a jury may have. needs: for each size, the votes that it takes to change anything. reversible:
    the lights that may be reversed, as how many agreed and how many did not, whichever colour won. window_s: from the
    decision to the case opened. votes_within_s: from the case opened to the last vote. extra_attempt: whether the jury
    may grant the attempt again.

    Raises ValueError when a size is not positive or comes twice, a size has no need or one that is no majority of it,
    reversible lights have no majority, or a time is not positive.
    """

    members: tuple[int, ...]
    needs: tuple[tuple[int, int], ...]
    reversible: tuple[tuple[int, int], ...]
    window_s: int
    votes_within_s: int
    extra_attempt: bool

    def __post_init__(self) -> None:
        if not self.members or min(self.members) < 1 or len(set(self.members)) < len(self.members):
            raise ValueError("jury.members are sizes above 0, each once")
        if sorted(size for size, _ in self.needs) != sorted(self.members):
            raise ValueError("jury.needs has one row for each of jury.members")
        for size, votes in self.needs:
            if not size < 2 * votes <= 2 * size:
                raise ValueError(f"jury.needs: {votes} is no majority of {size} members")
        for more, fewer in self.reversible:
            if not more > fewer >= 0:
                raise ValueError(f"jury.reversible: {more} to {fewer} is no majority")
        for name in ("window_s", "votes_within_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"jury.{name} is more than 0, not {getattr(self, name)}")

    def needed(self, members: int) -> int:
        """The votes that a jury of so many needs to change anything. Raises ValueError for a size it may not have."""
        for size, votes in self.needs:
            if size == members:
                return votes
        raise ValueError(f"a jury has {' or '.join(map(str, self.members))} members, not {members}")


@dataclass(frozen=True, slots=True)
class Rulebook:
    """One federation's rules of one date.

    version: the id and the first 12 hex digits of the file's SHA-256, so a finding names the exact text.
    rules: the rules of ours that run under it. in_force_until: the last day, or None.

    Raises ValueError when a rule is unknown, a cause comes twice, a cause names a rule that does not run, or the lights
    that a jury may reverse are not as many as there are referees.
    """

    id: str
    version: str
    title: str
    federation: str
    in_force_from: dt.date
    in_force_until: dt.date | None
    source: str
    rules: tuple[str, ...]
    limits: Limits
    causes: tuple[Cause, ...]
    attempts: AttemptRules
    officials: OfficialRules
    jury: JuryRules

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"id {self.id!r} is not lower-case words joined by hyphens")
        for key in ("title", "federation", "source"):
            if not getattr(self, key):
                raise ValueError(f"{key} is empty")
        if self.in_force_until is not None and self.in_force_until < self.in_force_from:
            raise ValueError("in_force_until lies before in_force_from")
        if wrong := [pair for pair in self.jury.reversible if sum(pair) != self.officials.referees]:
            more, fewer = wrong[0]
            raise ValueError(f"jury.reversible: {more} to {fewer} are not {self.officials.referees} referees")
        self._check_rules()

    def _check_rules(self) -> None:
        if unknown := set(self.rules) - set(RULES):
            raise ValueError(f"rules: {', '.join(sorted(unknown))} is no rule of ours")
        codes = [cause.code for cause in self.causes]
        if twice := {code for code in codes if codes.count(code) > 1}:
            raise ValueError(f"causes: {', '.join(sorted(twice))} comes twice")
        for cause in self.causes:
            if cause.rule and cause.rule not in self.rules:
                raise ValueError(f"cause {cause.code}: rule {cause.rule} does not run under this book")

    def cause(self, code: str) -> Cause:
        """The cause with this code. Raises KeyError when the book has none."""
        for cause in self.causes:
            if cause.code == code:
                return cause
        raise KeyError(code)


def rulebook_ids() -> tuple[str, ...]:
    """The ids of all rule books at hand, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def rulebook_load(rulebook_id: str) -> Rulebook:
    """The rule book with this id. Raises ValueError when there is none, or its file is wrong."""
    if rulebook_id not in rulebook_ids():
        raise ValueError(f"no rule book {rulebook_id!r}; there are {', '.join(rulebook_ids())}")
    return rulebook_read(FOLDER / f"{rulebook_id}.toml")


def rulebook_read(path: Path) -> Rulebook:
    """A rule book from its file. Raises ValueError naming the file and the key that is wrong."""
    raw = path.read_bytes()
    try:
        data = tomllib.loads(raw.decode("utf-8"))
        book = _parse(data, hashlib.sha256(raw).hexdigest()[:12])
    except ValueError as wrong:
        raise ValueError(f"{path.name}: {wrong}") from wrong
    if book.id != path.stem:
        raise ValueError(f"{path.name}: id {book.id!r} is not the file's name")
    return book


def _parse(data: Mapping[str, Any], digest: str) -> Rulebook:
    _no_others(data, "", {"id", "title", "federation", "in_force_from", "in_force_until", "source"}, _TABLES)
    limits = _table(data, "limits", Limits)
    rulebook_id = _take(data, "id", str)
    return Rulebook(
        id=rulebook_id,
        version=f"{rulebook_id}+{digest}",
        title=_take(data, "title", str),
        federation=_take(data, "federation", str),
        in_force_from=_take(data, "in_force_from", dt.date),
        in_force_until=_take(data, "in_force_until", dt.date) if "in_force_until" in data else None,
        source=_take(data, "source", str),
        rules=tuple(_take(data, "rules", list)),
        limits=Limits(**{name: _number(limits, name, "limits.") for name in limits}),
        causes=tuple(_cause(row) for row in _take(data, "causes", list)),
        attempts=_attempts(_table(data, "attempts", AttemptRules)),
        officials=_officials(_table(data, "officials", OfficialRules)),
        jury=_jury(_table(data, "jury", JuryRules)),
    )


_TABLES: Final = {"rules", "limits", "causes", "attempts", "officials", "jury"}
_CAUSE_KEYS: Final = {"code", "lift", "card", "text", "still", "grade", "rule"}


def _attempts(table: Mapping[str, Any]) -> AttemptRules:
    # By way of its text: 0.1 as written, not as the nearest binary fraction.
    kg = {name: Decimal(str(_number(table, name, "attempts."))) for name in _ATTEMPT_KG}
    counts = {name: _whole(table, name, "attempts.") for name in ("per_lift", *_ATTEMPT_TIMES, *_ATTEMPT_CHANGES)}
    figures: dict[str, Any] = {**kg, **counts}
    return AttemptRules(**figures, fourth=_take(table, "fourth", bool, "attempts."))


def _officials(table: Mapping[str, Any]) -> OfficialRules:
    return OfficialRules(_whole(table, "referees", "officials."), _whole(table, "good_needs", "officials."))


def _jury(table: Mapping[str, Any]) -> JuryRules:
    members = _take(table, "members", list, "jury.")
    if any(type(size) is not int for size in members):
        raise ValueError("jury.members is not a list of whole numbers")
    return JuryRules(
        members=tuple(members),
        needs=_pairs(table, "needs"),
        reversible=_pairs(table, "reversible"),
        window_s=_whole(table, "window_s", "jury."),
        votes_within_s=_whole(table, "votes_within_s", "jury."),
        extra_attempt=_take(table, "extra_attempt", bool, "jury."),
    )


def _pairs(table: Mapping[str, Any], key: str) -> tuple[tuple[int, int], ...]:
    rows = _take(table, key, list, "jury.")
    if any(not isinstance(row, list) or [type(value) for value in row] != [int, int] for row in rows):
        raise ValueError(f"jury.{key} is not a list of pairs of whole numbers")
    return tuple((first, second) for first, second in rows)


def _cause(row: Mapping[str, Any]) -> Cause:
    code = _take(row, "code", str)
    prefix = f"cause {code}: "
    _no_others(row, prefix, _CAUSE_KEYS)
    words = {key: _take(row, key, str, prefix) for key in ("card", "text", "still", "grade")}
    try:
        lift = Lift(_take(row, "lift", str, prefix))
    except ValueError as wrong:
        raise ValueError(f"{prefix}lift: {wrong}") from wrong
    return Cause(code=code, lift=lift, rule=row.get("rule", ""), **words)


def _take(table: Mapping[str, Any], key: str, kind: type, prefix: str = "") -> Any:
    if key not in table:
        raise ValueError(f"{prefix}{key} is missing")
    if not isinstance(table[key], kind):
        raise ValueError(f"{prefix}{key} is not a {kind.__name__}")
    return table[key]


def _table(data: Mapping[str, Any], name: str, kind: Any) -> Mapping[str, Any]:
    """The table with exactly the keys that the dataclass has."""
    table: Mapping[str, Any] = _take(data, name, dict)
    names = kind.__dataclass_fields__
    _no_others(table, f"{name}.", set(names))
    if missing := [key for key in names if key not in table]:
        raise ValueError(f"{name}.{missing[0]} is missing")
    return table


def _number(table: Mapping[str, Any], key: str, prefix: str) -> float:
    value = _take(table, key, object, prefix)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{prefix}{key} is not a number")
    return float(value)


def _whole(table: Mapping[str, Any], key: str, prefix: str) -> int:
    value = _take(table, key, object, prefix)
    if type(value) is not int:
        raise ValueError(f"{prefix}{key} is not a whole number")
    return value


def _no_others(table: Mapping[str, Any], prefix: str, *allowed: set[str]) -> None:
    if others := set(table) - set().union(*allowed):
        raise ValueError(f"{prefix}{', '.join(sorted(others))} is not a key of a rule book")
