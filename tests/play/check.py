"""The check of a played meet, by other code than the site's: totals, places and points from what the play itself noted,
against what the site exports."""

import csv
import io
import math
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.play.meet import LIFTS, Noted, Played

# Classic, three lifts; figures of the IPF GL formula in force since 2020-05-01.
GL = {"M": (1199.72839, 1025.18162, 0.009210), "F": (610.32796, 1045.59282, 0.03048)}
CLASSES = {"M": (59, 66, 74, 83, 93, 105, 120), "F": (47, 52, 57, 63, 69, 76, 84)}


def total_of(noted: Noted) -> Decimal | None:
    """The sum of the best of each lift, kg; None where one of them has no good attempt."""
    bests = [max((kg for kg, good in noted.taken[lift] if good), default=None) for lift in LIFTS]
    return None if None in bests else sum((kg for kg in bests if kg is not None), Decimal(0))


def class_of(noted: Noted) -> str:
    limits = CLASSES[noted.sex]
    for limit in limits:
        if noted.bodyweight <= limit:
            return str(limit)
    return f"{limits[-1]}+"


def gl_of(noted: Noted, total: Decimal) -> float:
    a, b, c = GL[noted.sex]
    return 100 * float(total) / (a - b * math.exp(-c * float(noted.bodyweight)))


def places_of(played: Played) -> dict[str, str]:
    """By name: place within sex and class; DQ without a total. Higher total, then lighter, then who had it first."""
    groups: dict[tuple[str, str], list[Noted]] = defaultdict(list)
    places = {}
    for noted in played.lifters.values():
        if total_of(noted) is None:
            places[noted.name] = "DQ"
        else:
            groups[noted.sex, class_of(noted)].append(noted)
    for group in groups.values():
        group.sort(key=lambda noted: (-(total_of(noted) or 0), noted.bodyweight, _reached(noted)))
        places |= {noted.name: str(place) for place, noted in enumerate(group, 1)}
    return places


def _reached(noted: Noted) -> int:
    """When the last of the three bests was made."""
    last = 0
    for lift in LIFTS:
        best = max(kg for kg, good in noted.taken[lift] if good)
        first = next(number for number, (kg, good) in enumerate(noted.taken[lift], 1) if good and kg == best)
        last = max(last, noted.when[lift, first])
    return last


def entries_read(data: bytes) -> list[dict[str, str]]:
    """The rows of entries.csv in the zip for OpenPowerlifting."""
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        return list(csv.DictReader(io.StringIO(files.read("entries.csv").decode())))


def differences(played: Played, rows: list[dict[str, str]], points: dict[str, float]) -> Iterator[str]:
    """Everything in which the export and the points differ from the play's own notes."""
    places, by_name = places_of(played), {row["Name"]: row for row in rows}
    if len(rows) != len(played.lifters):
        yield f"{len(rows)} rows for {len(played.lifters)} lifters"
    for noted in played.lifters.values():
        row = by_name.get(noted.name)
        if row is None:
            yield f"{noted.name} is missing"
            continue
        total = total_of(noted)
        expected: dict[str, Any] = {"Place": places[noted.name], "TotalKg": _text(total), "Sex": noted.sex}
        for lift in LIFTS:
            for number, (kg, good) in enumerate(noted.taken[lift], 1):
                expected[f"{lift.capitalize()}{number}Kg"] = _text(kg if good else -kg)
        for column, value in expected.items():
            if row[column] != value:
                yield f"{noted.name}, {column}: {row[column]!r}, not {value!r}"
        if total is not None and abs(points.get(noted.name, -1.0) - gl_of(noted, total)) > 0.006:
            yield f"{noted.name}: {points.get(noted.name)} points, not {gl_of(noted, total):.2f}"


def _text(kg: Decimal | None) -> str:
    if kg is None:
        return ""
    text = f"{kg:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
