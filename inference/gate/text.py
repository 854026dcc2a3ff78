"""The report as a person reads it: four tables, shares with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from inference.gate.table import CHOICES

# Of the reasons for silence the commonest are named.
_REASONS = 3
_DASH = "-"


def report_text(report: Mapping[str, Any]) -> str:
    """All tables, each with its heading."""
    head = (
        f"{report['engine']} ({report['weights_sha256'][:12]}), {report['rulebook']}, camera {report['camera']}: "
        f"{report['photos']} photos, {report['engine_errors']} the engine failed on; "
        f"seeds {', '.join(map(str, report['seeds']))}"
    )
    parts = (_rules(report["rules"]), _moments(report["moments"]), _lifter(report["lifter"]), _vote(report["vote"]))
    return "\n".join([head, *(line for part in parts for line in ("", *part))])


def _rules(rules: Mapping[str, Any]) -> Iterator[str]:
    yield "1  Rules, per side of the lifter (wrong: of the verdicts given; coverage: of the 90 % interval)"
    yield (
        f"{'rule':<16}{'seen from':<16}{'side':<6}{'n':>5}{'given':>7}{'share':>7}{'wrong':>7}{'% (95 % interval)':>20}"
        f"{'close':>7}{'silent':>7}{'MAE cm':>8}{'median':>8}{'coverage % (95 %)':>19}{'Brier':>7}{'ECE':>6}  reasons"
    )
    for rule, by_where in rules.items():
        for where, by_side in by_where.items():
            for side, row in by_side.items():
                if row["n"]:
                    yield f"{rule:<16}{where:<16}{side:<6}{_row(row)}"


def _row(row: Mapping[str, Any]) -> str:
    reasons = ", ".join(f"{name} {count}" for name, count in list(row["reasons"].items())[:_REASONS])
    return (
        f"{row['n']:>5}{row['given']['count']:>7}{_percent(row['given']['share']):>7}"
        f"{row['wrong']['count']:>7}{_interval(row['wrong']):>20}{row['too_close']:>7}{row['cannot_judge']:>7}"
        f"{_number(row['mae_cm']):>8}{_number(row['median_error_cm']):>8}{_interval(row['coverage']):>19}"
        f"{_number(row['brier'], 3):>7}{_number(row['ece']):>6}  {reasons}"
    )


def _moments(moments: Mapping[str, Any]) -> Iterator[str]:
    lockout = moments["lockout"]
    yield "2  Where no verdict may be given (verdicts / too close)"
    words = {
        "stated": "lockout stated",
        "unstated": "moment not stated",
        "as_bottom": "stated as the lowest moment",
        "nothing_stated": "nothing stated",
    }
    for key, word in words.items():
        cell = lockout[key]
        yield f"depth, {lockout['photos']} lockout photos, {word}: {cell['verdicts']} / {cell['too_close']}"
    for kind, word in (("empty", "empty scenes"), ("spotters", "scenes with spotters only")):
        cell = moments[kind]
        yield (
            f"{cell['photos']} {word}, {cell['statements']} statements: {cell['verdicts']} / {cell['too_close']}; "
            f"somebody called the lifter in {cell['lifter_called']} photos"
        )


def _lifter(lifter: Mapping[str, Any]) -> Iterator[str]:
    yield "3  The lifter among the people (%, 95 % interval)"
    yield (
        f"{'spotters':<16}{'n':>5}{'right':>20}{'asked':>20}{'wrong':>20}{'hidden':>20}{'not found':>20}"
        f"{'right of called':>20}"
    )
    for key, word in (
        ("spotters_2_4", "2 to 4"),
        ("spotters_2_4_recommended", ".. recommended"),
        ("spotters_2_4_shown", ".. 6 joints+"),
        ("others", "fewer or more"),
    ):
        row = lifter[key]
        cells = (row[name] for name in (*CHOICES, "right_of_called"))
        yield f"{word:<16}{row['n']:>5}" + "".join(f"{_interval(cell):>20}" for cell in cells)


def _vote(vote: Mapping[str, Any]) -> Iterator[str]:
    yield "4  The vote (a pair called bad: a false alarm on a good lift, a detection on a spoilt one)"
    yield f"{'lift':<10}{'form':<15}{'placed':<13}{'n':>5}{'voted':>7}{'called bad':>12}{'% (95 % interval)':>20}"
    for lift, by_fault in vote.items():
        for fault, by_where in by_fault.items():
            for where, cell in by_where.items():
                if cell["n"]:
                    called = cell["called_bad"]
                    yield (
                        f"{lift:<10}{fault:<15}{where:<13}{cell['n']:>5}{cell['voted']:>7}{called['count']:>12}"
                        f"{_interval(called):>20}"
                    )


def _percent(share: float | None) -> str:
    return _DASH if share is None else f"{100 * share:.0f} %"


def _interval(share: Mapping[str, Any]) -> str:
    if share["share"] is None:
        return _DASH
    return f"{100 * share['share']:.1f} ({100 * share['low']:.1f}-{100 * share['high']:.1f})"


def _number(value: float | None, digits: int = 2) -> str:
    return _DASH if value is None else f"{value:.{digits}f}"
