"""Invented meets: one written out, and a strategy for any number of others. Nobody in them lives."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from meets.exchange.recompute import recompute
from meets.exchange.sheet import MeetSheet, SheetAttempt, SheetEntry, SheetLift

DATE = dt.date(2024, 2, 24)


def lift(text: str, best: str | None = None) -> SheetLift:
    """A lift of a line such as ``100 -110 110 -``: minus a failure, a lone minus an attempt that was not taken."""
    words = [*text.split(), "-", "-", "-", "-"][:4]
    attempts = tuple(None if word == "-" else SheetAttempt(abs(Decimal(word)), word[0] != "-") for word in words)
    return SheetLift(attempts, None if best is None else Decimal(best))


def entry(name: str = "Ada Example", **more: Any) -> SheetEntry:
    """Squat 100, bench 60, deadlift 140 at 62.4 kg, but for what is told."""
    values: dict[str, Any] = {
        "sex": "F",
        "equipment": "Raw",
        "event": "SBD",
        "division": "Open",
        "weight_class": "63",
        "bodyweight_kg": Decimal("62.4"),
        "squat": lift("90 100 -105", "100"),
        "bench": lift("55 60 -62.5", "60"),
        "deadlift": lift("120 140 -150", "140"),
        "place": "1",
        "total_kg": Decimal(300),
    }
    return SheetEntry(name=name, **(values | more))


def meet(*entries: SheetEntry, **more: Any) -> MeetSheet:
    values: dict[str, Any] = {
        "federation": "IPF",
        "date": DATE,
        "country": "Malta",
        "town": "Valletta",
        "name": "Winter Open",
        "formula": "IPF GL Points",
    }
    return MeetSheet(entries=entries or (entry(),), **(values | more))


NAMES = st.builds(
    lambda given, family: f"{given} {family}",
    st.sampled_from(["Ada", "Björn", "Çiğdem", "Étienne", "Jean-Luc", "Łucja", "Noor", "Zoë", "Дарья"]),
    st.sampled_from(["Example", "O'Sample", "de Muster", "van der Probe", "Beispiel-Vzor", "Þórsson", "Νέος"]),
)
TEXTS = st.text("abcdefghij XYZÄé", max_size=12).map(lambda text: " ".join(text.split()))
# Steps of half a kilogram and more, as on a bar.
_CLASSES = {"M": ("59", "74", "93", "120", "120+"), "F": ("47", "57", "69", "84", "84+")}


@st.composite
def lifts(draw: st.DrawFn) -> SheetLift:
    """Three attempts that keep the rules: weights never fall, and rise after a good one; some not taken at the end."""
    kg, attempts = Decimal(draw(st.integers(40, 400))) / 2, []
    for _ in range(3):
        good = draw(st.booleans())
        attempts.append(SheetAttempt(kg, good))
        kg += Decimal(draw(st.integers(1 if good else 0, 20))) / 2
    taken = draw(st.integers(1, 3))
    all_four = (*attempts[:taken], *([None] * (4 - taken)))
    good_kg = [attempt.kg for attempt in attempts[:taken] if attempt.good]
    return SheetLift(all_four, max(good_kg, default=None))


@st.composite
def entries(draw: st.DrawFn) -> SheetEntry:
    sex, event = draw(st.sampled_from("MF")), draw(st.sampled_from(["SBD", "BD", "B", "D", "SD"]))
    weight_class = draw(st.sampled_from(_CLASSES[sex]))
    limit = Decimal(weight_class.rstrip("+"))
    kg = limit + Decimal("1.55") if weight_class.endswith("+") else limit - Decimal("0.4")
    born = draw(st.none() | st.dates(dt.date(1930, 1, 1), dt.date(2010, 12, 31)))
    year = draw(st.none() | st.integers(1930, 2010)) if born is None else None
    found = {letter: draw(lifts()) if letter in event else SheetLift() for letter in "SBD"}
    return SheetEntry(
        name=draw(NAMES),
        sex=sex,
        equipment=draw(st.sampled_from(["Raw", "Single-ply", "Bare", "Sleeves", *(["Wraps"] if "S" in event else [])])),
        event=event,
        division=draw(st.sampled_from(["Open", "Juniors", "Sub-Juniors", "Masters 1"])),
        birth_date=born,
        birth_year=year,
        country=draw(st.sampled_from(["", "Norway", "USA"])),
        team=draw(TEXTS),
        member_id=draw(st.sampled_from(["", "M1", "2024-7"])),
        weight_class=weight_class,
        bodyweight_kg=kg,
        lot=draw(st.none() | st.integers(1, 99)),
        tested=draw(st.sampled_from(["", "Yes", "No"])),
        squat=found["S"],
        bench=found["B"],
        deadlift=found["D"],
    )


@st.composite
def reckoned(draw: st.DrawFn) -> MeetSheet:
    """A valid sheet with places and totals."""
    sheet = MeetSheet(
        federation=draw(st.sampled_from(["IPF", "EPF"])),
        date=draw(st.dates(dt.date(2021, 1, 1), dt.date(2024, 12, 31))),
        country=draw(st.sampled_from(["Norway", "UK", "USA"])),
        town=draw(TEXTS),
        name="Cup of " + draw(st.sampled_from(["Spring", "Autumn", "the Sea"])),
        formula=draw(st.sampled_from(["", "Dots"])),
        entries=tuple(draw(st.lists(entries(), min_size=1, max_size=6))),
    )
    return recompute(sheet).sheet
