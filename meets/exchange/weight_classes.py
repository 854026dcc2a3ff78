"""Weight classes as people write them, and as OpenPowerlifting does: "83" up to 83 kg, "120+" above 120 kg."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from meets.competition.classes import class_names, class_of
from meets.exchange.divisions import division_of
from meets.exchange.sheet import SheetEntry
from meets.exchange.tables import number

# Bodyweights that OpenPowerlifting believes, kg (its checker, entries.rs).
BODYWEIGHT_KG: Final = (Decimal(15), Decimal(300))
_CLASS: Final = re.compile(
    r"(?:(?:u|under|bis|upto|-|–|−|<|≤|<=)?(\d+(?:[.,]\d+)?)(?:kgs?)?|"
    r"(?:\+|>|over|o|uber|über)?(\d+(?:[.,]\d+)?)(?:kgs?)?\+?(?:kgs?)?)"
)
_HEAVIEST: Final = ("shw", "superheavyweight", "superheavy")


def class_plain(text: str) -> str:
    """A class from "-83 kg", "u83", "bis 83,0 kg", "+120", "120+kg"; empty for what is none, as "All"."""
    match = _CLASS.fullmatch(re.sub(r"\s", "", text).casefold())
    if match is None:
        return ""
    limit = Decimal((match[1] or match[2]).replace(",", "."))
    if not BODYWEIGHT_KG[0] <= limit <= BODYWEIGHT_KG[1]:
        return ""
    return number(limit) if match[1] else f"{number(limit)}+"


def heaviest_limits(entries: Iterable[SheetEntry]) -> dict[str, Decimal]:
    """The heaviest limit that somebody of each sex has, kg."""
    limits: dict[str, Decimal] = {}
    for entry in entries:
        if plain := class_plain(entry.weight_class):
            limits[entry.sex] = max(limits.get(entry.sex, Decimal(0)), Decimal(plain.rstrip("+")))
    return limits


def class_stated(entry: SheetEntry, heaviest: Mapping[str, Decimal]) -> str:
    """The class that is meant. Some systems write "120" for 120 and for 120+: whoever is above the meet's heaviest
    limit is in the open class. heaviest: as ``heaviest_limits`` gives it."""
    plain = class_plain(entry.weight_class)
    if not plain or plain.endswith("+") or entry.bodyweight_kg is None:
        return plain
    is_above = entry.bodyweight_kg > Decimal(plain) == heaviest.get(entry.sex)
    return f"{plain}+" if is_above else plain


def class_spell(entry: SheetEntry, date: dt.date | None, federation: str, heaviest: Mapping[str, Decimal]) -> str:
    """The class for OpenPowerlifting, which takes only one that fits the bodyweight: where the stated one does not, the
    one that the bodyweight has by the federation's table, or none."""
    kg = entry.bodyweight_kg
    if kg is not None and not BODYWEIGHT_KG[0] <= kg <= BODYWEIGHT_KG[1]:
        kg = None
    age_group = division_of(entry.division).age_group
    names = () if date is None else class_names(entry.sex, date, age_group, federation=federation)
    stated = class_stated(entry, heaviest)
    if not stated and names and re.sub(r"\W", "", entry.weight_class).casefold() in _HEAVIEST:
        stated = names[-1]
    if not stated or (names and stated not in names and class_plain(entry.weight_class) not in names):
        return ""
    if kg is None:
        return stated
    if date is None or not names:
        return stated if _fits(stated, kg) else ""
    return class_of(kg, entry.sex, date, age_group, federation=federation) or ""


def _fits(name: str, kg: Decimal) -> bool:
    limit = Decimal(name.rstrip("+"))
    return kg > limit if name.endswith("+") else kg <= limit
