"""Rule books as dated data: which of our rules run, with which limits, and the causes a referee can name."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
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
class Rulebook:
    """One federation's rules of one date.

    version: the id and the first 12 hex digits of the file's SHA-256, so a finding names the exact text.
    rules: the rules of ours that run under it. in_force_until: the last day, or None.

    Raises ValueError when a rule is unknown, a cause comes twice, or a cause names a rule that does not run.
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

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"id {self.id!r} is not lower-case words joined by hyphens")
        for key in ("title", "federation", "source"):
            if not getattr(self, key):
                raise ValueError(f"{key} is empty")
        if self.in_force_until is not None and self.in_force_until < self.in_force_from:
            raise ValueError("in_force_until lies before in_force_from")
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
    limits = _take(data, "limits", dict)
    names = Limits.__dataclass_fields__
    _no_others(limits, "limits.", set(names))
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
        limits=Limits(**{name: _number(limits, name) for name in names}),
        causes=tuple(_cause(row) for row in _take(data, "causes", list)),
    )


_TABLES: Final = {"rules", "limits", "causes"}
_CAUSE_KEYS: Final = {"code", "lift", "card", "text", "still", "grade", "rule"}


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


def _number(table: Mapping[str, Any], key: str) -> float:
    value = _take(table, key, object, "limits.")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"limits.{key} is not a number")
    return float(value)


def _no_others(table: Mapping[str, Any], prefix: str, *allowed: set[str]) -> None:
    if others := set(table) - set().union(*allowed):
        raise ValueError(f"{prefix}{', '.join(sorted(others))} is not a key of a rule book")
