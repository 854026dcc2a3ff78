"""The figures that were last accepted, what counts as worse than they are, and what no engine may be accepted with.

They stand in ``gold/accepted.json``, per engine and weights, with the tolerances that the next check keeps to.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from inference.accepted import FILE, FORMAT, TRUTH, accepted_read
from inference.gate.table import ALL, CHOICES, RECOMMENDED

# The small fixed sets: rendered photos with their truth, and a larger truth whose scenes need no picture.
CHECK_PHOTOS: Final = FILE.parent / "check"
CHECK_TRUTH: Final = CHECK_PHOTOS / "joints"
# What `make check` runs, and on which set.
CHECKED: Final = {"truth": CHECK_TRUTH, "mediapipe": CHECK_PHOTOS}
# Of the verdicts given at the recommended placement at most this part may be wrong.
WRONG_MOST: Final = 0.03
# The true joints advise at no meet: what joints alone cannot tell (a spotter who stands as a deadlift ends) is kept as
# a figure that may not rise, and is no bar.
NEVER_BARRED: Final = frozenset({TRUTH})
# Decimals of an accepted figure.
DIGITS: Final = 4

Figures = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far a figure may move before it counts as worse. Wrong verdicts, lifters called wrong, verdicts where there
    must be none and false alarms of the vote may not rise at all.

    mae_up: rise of the mean absolute error, as a part of it; mae_up_cm: a smaller rise than this never counts.
    given_down: fall of the share given, as a part of it; one verdict less never counts.
    coverage_low, coverage_high: where the 90 % interval's coverage must stay, as a part of 1, once it is there and
    rests on coverage_least_n margins; outside it may move no further away.
    """

    mae_up: float = 0.05
    mae_up_cm: float = 0.02
    given_down: float = 0.10
    coverage_low: float = 0.86
    coverage_high: float = 0.94
    coverage_least_n: int = 100


def figures_of(report: Mapping[str, Any]) -> Figures:
    """The report's figures that are accepted, by name."""
    figures: Figures = {}
    for rule, by_where in report["rules"].items():
        for where in (RECOMMENDED, ALL):
            row, name = by_where[where]["both"], f"{rule}.{where}"
            figures |= {
                f"{name}.n": row["n"],
                f"{name}.given": row["given"]["count"],
                f"{name}.wrong": row["wrong"]["count"],
                f"{name}.measured": row["measured"],
                f"{name}.mae_cm": _rounded(row["mae_cm"]),
                f"{name}.coverage": _rounded(row["coverage"]["share"]),
            }
    for how, cell in report["moments"]["lockout"].items():
        if how != "photos":
            figures[f"lockout.{how}.verdicts"] = cell["verdicts"]
    for kind in ("empty", "spotters"):
        figures[f"{kind}.verdicts"] = report["moments"][kind]["verdicts"]
    for group, row in report["lifter"].items():
        figures |= {f"lifter.{group}.{name}": row[name]["count"] for name in CHOICES}
    for lift, by_fault in report["vote"].items():
        figures[f"vote.{lift}.false_alarms"] = by_fault["good"][ALL]["called_bad"]["count"]
    figures["photos.engine_errors"] = report["engine_errors"]
    return figures


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def worse(before: Mapping[str, Any], now: Figures, tolerances: Tolerances) -> list[str]:
    """One sentence for each figure that got worse; a figure that was not accepted before says so."""
    sentences: list[str] = []
    for name, value in now.items():
        if name not in before:
            sentences.append(f"{name} was never accepted: run --accept.")
        elif why := _worse(name, before, now, tolerances):
            sentences.append(f"{name} was {_told(before[name])} and is {_told(value)}: {why}.")
    sentences += [f"{name} was {_told(before[name])} and is no longer measured." for name in before if name not in now]
    return sentences


def _worse(name: str, before: Mapping[str, Any], now: Figures, tolerances: Tolerances) -> str:
    """Why the figure is worse than it was, or ""."""
    row, _, kind = name.rpartition(".")
    old, new = before[name], now[name]
    if kind in ("wrong", "verdicts", "false_alarms", "engine_errors"):
        return "it may not rise" if (new or 0) > (old or 0) else ""
    if kind == "mae_cm" and old is not None and new is not None:
        most = max(old * (1 + tolerances.mae_up), old + tolerances.mae_up_cm)
        return f"at most {most:.2f} is accepted" if new > most else ""
    if kind == "given":
        return _given(float(old or 0), float(new or 0), before.get(f"{row}.n"), now.get(f"{row}.n"), tolerances)
    if kind == "coverage":
        return _coverage(old, new, now.get(f"{row}.measured") or 0, tolerances)
    return ""


def _given(old: float, new: float, old_n: float | None, new_n: float | None, tolerances: Tolerances) -> str:
    """Held against each other as shares, should the number of sides have changed."""
    if not old_n or not new_n or old == 0:
        return ""
    least = min(1 - tolerances.given_down, (old - 1) / old) * old / old_n
    return f"a share of at least {least:.3f} is accepted" if new / new_n < least - 1e-9 else ""


def _coverage(old: float | None, new: float | None, n: float, tolerances: Tolerances) -> str:
    low, high = tolerances.coverage_low, tolerances.coverage_high
    if new is None or n < tolerances.coverage_least_n or low <= new <= high:
        return ""
    if old is not None and not low <= old <= high and _outside(new, low, high) <= _outside(old, low, high):
        return ""
    return f"it must stay between {low:.2f} and {high:.2f}"


def _outside(value: float, low: float, high: float) -> float:
    return max(low - value, value - high, 0.0)


def _told(value: float | None) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, int) else f"{value:.3f}"


def barred(figures: Figures) -> list[str]:
    """Why these figures cannot be accepted at all, one sentence each; empty when they can."""
    sentences = [
        f"{name} is {_told(value)}: no verdict may be given there."
        for name, value in figures.items()
        if name.endswith(".verdicts") and value
    ]
    if failed := figures.get("photos.engine_errors"):
        sentences.append(f"it failed on {_told(failed)} photos: none may fail.")
    given, wrong = (_sum(figures, f".{RECOMMENDED}.{kind}") for kind in ("given", "wrong"))
    if given and wrong / given > WRONG_MOST:
        sentences.append(
            f"{wrong:g} of {given:g} verdicts at the recommended placement are wrong: at most "
            f"{100 * WRONG_MOST:g} % may be."
        )
    if not given:
        sentences.append("it gave no verdict at the recommended placement: there is nothing to accept.")
    return sentences


def _sum(figures: Figures, ending: str) -> float:
    return sum(value or 0 for name, value in figures.items() if name.endswith(ending))


def entry_find(data: Mapping[str, Any], engine: str, weights_sha256: str) -> Mapping[str, Any] | None:
    """The engine's accepted entry with these weights, or None."""
    for row in data["engines"]:
        if (row["engine"], row["weights_sha256"]) == (engine, weights_sha256):
            found: Mapping[str, Any] = row
            return found
    return None


def report_check(report: Mapping[str, Any], engine: str, path: Path = FILE) -> list[str]:
    """What is worse in this report than what was accepted, one sentence each.

    engine: as ``engine_load`` takes it. Raises ValueError when the file cannot be read.
    """
    data = accepted_read(path)
    entry = entry_find(data, engine, report["weights_sha256"])
    if entry is None or not entry.get("figures"):
        return [f"Nothing was accepted for {engine} with weights {report['weights_sha256'][:12]}: run --accept."]
    if entry["truth_sha256"] != report["truth_sha256"]:
        return ["The truth is not the one that the figures were accepted on: run --accept."]
    if entry["camera"] != report["camera"]:
        return [f"The figures were accepted with the camera {entry['camera']}, not {report['camera']}."]
    return worse(entry["figures"], figures_of(report), tolerances_of(data))


def tolerances_of(data: Mapping[str, Any]) -> Tolerances:
    """The file's tolerances. Raises ValueError naming what is no tolerance."""
    given = data.get("tolerances", {})
    if others := set(given) - {field.name for field in fields(Tolerances)}:
        raise ValueError(f"{FILE.name}: {', '.join(sorted(others))} is no tolerance")
    return Tolerances(**given)


def entry_of(report: Mapping[str, Any], engine: str, today: str) -> dict[str, Any]:
    """What is written of an engine."""
    return {
        "engine": engine,
        "name": report["engine"],
        "weights_sha256": report["weights_sha256"],
        "accepted_on": today,
        "rulebook": report["rulebook"],
        "camera": report["camera"],
        "truth_sha256": report["truth_sha256"],
        "photos": report["photos"],
        "figures": figures_of(report),
    }


def accept(entries: Sequence[Mapping[str, Any]], path: Path = FILE) -> None:
    """Writes the entries, each in place of the engine's with the same weights, all of the file or nothing of it.

    Raises ValueError when there is a file that cannot be read.
    """
    data = accepted_read(path) if path.exists() else {}
    keys = {(entry["engine"], entry["weights_sha256"]) for entry in entries}
    kept = [row for row in data.get("engines", []) if (row["engine"], row["weights_sha256"]) not in keys]
    rows = sorted([*kept, *entries], key=lambda row: (row["engine"], row["weights_sha256"]))
    _write(path, {"format": FORMAT, "tolerances": asdict(tolerances_of(data)), "engines": rows})


def _write(path: Path, data: Mapping[str, Any]) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=2, allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        # mkstemp's file is its owner's alone; this one is read by everybody.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
