"""Totals and places of a sheet, reckoned from its attempts.

What a file does not say is how a division is ranked: by class and total as a rule, but lists of best lifters go by
points, and some meets rank a division without regard to class. So each division is ranked in every way there is, and
the one that gives most of the places that the file itself states is taken, the usual one before the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Final

from judging.rulebook import AttemptRules, rulebook_load
from meets.competition.attempts import LETTERS, AttemptOutcome
from meets.competition.placing import Contestant, Placed, Standing, Taken, placing
from meets.competition.points import Formula, points_of
from meets.exchange.sheet import COUNTING, MeetSheet, SheetEntry, SheetLift
from meets.exchange.weight_classes import class_stated, heaviest_limits

# Totals and ties are reckoned alike in all rule books of the IPF.
RULEBOOK: Final = "ipf-2023"
_POINTS_WORDS: Final = {
    "Raw": "classic", "Bare": "classic", "Sleeves": "classic", "Wraps": "wraps", "Straps": "straps",
    "Single-ply": "equipped", "Multi-ply": "multi_ply", "Unlimited": "unlimited",
}  # fmt: skip


class Ranking(StrEnum):
    """By what a division is ranked. CLASSES: the total within each class; WHOLE: the total, whatever the class; the
    others: points, whatever the class."""

    CLASSES = "classes"
    WHOLE = "whole"
    IPF_GL = "ipf_gl"
    DOTS = "dots"
    WILKS = "wilks"
    WILKS_2020 = "wilks_2020"


_FORMULAS: Final = {
    Ranking.IPF_GL: Formula.IPF_GL,
    Ranking.DOTS: Formula.DOTS,
    Ranking.WILKS: Formula.WILKS,
    Ranking.WILKS_2020: Formula.WILKS_2020,
}


# What may be placed together: nothing; what OpenPowerlifting calls raw; OpenLifter's "combine sleeves and wraps" with
# "combine single and multi"; all of it.
_RAW: Final = {"Bare": "Raw", "Sleeves": "Raw"}
_COMBINED: Final = {**_RAW, "Wraps": "Raw", "Straps": "Raw", "Multi-ply": "Single-ply", "Unlimited": "Single-ply"}
_ALL: Final = {**_COMBINED, "Single-ply": "Raw", "Multi-ply": "Raw", "Unlimited": "Raw"}
_FAMILIES: Final[tuple[Mapping[str, str], ...]] = ({}, _RAW, _COMBINED, _ALL)


@dataclass(frozen=True, slots=True)
class Recomputed:
    """sheet: with places and totals reckoned; of whoever is disqualified without having bombed out, none.

    rankings: by what each division (sex, event, division, equipment) was ranked. ties: which entries, counted from 0,
    nothing but their stated place tells apart.
    """

    sheet: MeetSheet
    rankings: Mapping[tuple[str, str, str, str], Ranking]
    ties: frozenset[int]


def recompute(sheet: MeetSheet) -> Recomputed:
    """The sheet with every total and place reckoned anew.

    A lift's best is the heaviest good attempt of the first three, or the stated best where the file has no attempts.
    Whoever misses one of the event's lifts has no total and is DQ; whoever is stated DQ, DD or NS stays so, since the
    reasons for that are not in the attempts. Guests are G.
    """
    divisions: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    entries = [replace(entry, total_kg=total_of(entry)) for entry in sheet.entries]
    heaviest = heaviest_limits(entries)
    classes = [class_stated(entry, heaviest) or entry.weight_class for entry in entries]
    for index, entry in enumerate(entries):
        divisions[entry.sex, entry.event, entry.division].append(index)
    places: dict[int, str] = {}
    rankings: dict[tuple[str, str, str, str], Ranking] = {}
    ties: set[int] = set()
    for key, members in divisions.items():
        for equipment, chosen in _by_equipment(sheet, entries, classes, members).items():
            rankings[(*key, equipment)] = chosen.ranking
            places |= chosen.places
            ties |= chosen.ties
    done = [_placed(entry, places.get(index)) for index, entry in enumerate(entries)]
    return Recomputed(replace(sheet, entries=tuple(done)), rankings, frozenset(ties))


def _by_equipment(
    sheet: MeetSheet, entries: Sequence[SheetEntry], classes: Sequence[str], members: Sequence[int]
) -> dict[str, _Choice]:
    """One division, in each way in which equipment may be placed together; the one that gives most stated places, and
    of equals the one that keeps it apart."""
    best: dict[str, _Choice] = {}
    most = -1
    tried: list[list[str]] = []
    for family in _FAMILIES:
        names = [family.get(entries[index].equipment, entries[index].equipment) for index in members]
        if names in tried:
            continue
        tried.append(names)
        found = {
            name: _choose(
                sheet, entries, classes, [index for index, own in zip(members, names, strict=True) if own == name]
            )
            for name in dict.fromkeys(names)
        }
        agreeing = sum(_agreeing(entries, choice) for choice in found.values())
        if agreeing > most:
            best, most = found, agreeing
    return best


def total_of(entry: SheetEntry) -> Decimal | None:
    """The sum of the bests of the event's lifts, kg; None while one is missing."""
    bests = [lift.reckoned_kg for _, lift in entry.lifts]
    return None if None in bests else sum((best for best in bests if best is not None), Decimal(0))


def _placed(entry: SheetEntry, place: str | None) -> SheetEntry:
    if place is not None:
        return replace(entry, place=place)
    if entry.place in ("DQ", "DD", "NS"):
        return replace(entry, total_kg=None)
    if entry.total_kg is None:
        was_there = entry.was_lifted or entry.bodyweight_kg is not None or entry.place != ""
        return replace(entry, place="DQ" if was_there else "NS")
    return replace(entry, place="G", guest=True)


@dataclass(frozen=True, slots=True)
class _Choice:
    ranking: Ranking
    places: Mapping[int, str]
    ties: frozenset[int]


def _choose(sheet: MeetSheet, entries: Sequence[SheetEntry], classes: Sequence[str], members: Sequence[int]) -> _Choice:
    """The first ranking that gives the most of the stated places."""
    ranked = [index for index in members if _is_ranked(entries[index])]
    stated = sum(entries[index].place.isdigit() for index in ranked)
    best: _Choice | None = None
    for ranking in _candidates(ranked):
        choice = _rank(sheet, entries, classes, ranked, ranking)
        if best is None or _agreeing(entries, choice) > _agreeing(entries, best):
            best = choice
        if _agreeing(entries, best) == stated:
            break
    return best or _Choice(Ranking.CLASSES, {}, frozenset())


def _agreeing(entries: Sequence[SheetEntry], choice: _Choice) -> int:
    return sum(entries[index].place == place for index, place in choice.places.items())


def _candidates(ranked: Sequence[int]) -> tuple[Ranking, ...]:
    # Of one lifter everything says the same.
    return tuple(Ranking) if len(ranked) > 1 else (Ranking.CLASSES,)


def _is_ranked(entry: SheetEntry) -> bool:
    return entry.total_kg is not None and not entry.guest and entry.place not in ("DQ", "DD", "NS", "G")


def _rank(
    sheet: MeetSheet,
    entries: Sequence[SheetEntry],
    classes: Sequence[str],
    ranked: Sequence[int],
    ranking: Ranking,
) -> _Choice:
    groups: dict[str, list[int]] = defaultdict(list)
    for index in ranked:
        groups[classes[index] if ranking is Ranking.CLASSES else ""].append(index)
    places: dict[int, str] = {}
    ties: set[int] = set()
    for group in groups.values():
        if ranking in _FORMULAS:
            places |= _by_points(sheet, entries, group, _FORMULAS[ranking])
        else:
            placed = placing([_contestant(entries[index], index) for index in group], _rules())
            places |= {int(one.contestant.id): str(one.place) for one in placed if one.place is not None}
            ties |= _ties(placed)
    return _Choice(ranking, places, frozenset(ties))


def _ties(placed: Iterable[Placed]) -> set[int]:
    """Whom an official told apart, or nobody did: total and bodyweight are equal."""
    groups: dict[tuple[Decimal | None, Decimal | None], list[int]] = defaultdict(list)
    for one in placed:
        if one.standing is Standing.PLACED:
            groups[one.score.total_kg, one.contestant.bodyweight_kg].append(int(one.contestant.id))
    return {index for group in groups.values() if len(group) > 1 for index in group}


@cache
def _rules() -> AttemptRules:
    return rulebook_load(RULEBOOK).attempts


def _contestant(entry: SheetEntry, index: int) -> Contestant:
    taken = [one for letter, lift in entry.lifts for one in _taken(letter, lift)]
    # A stated place is what the officials said, and of effect between those alone whom nothing else tells apart.
    rank = int(entry.place) if entry.place.isdigit() else None
    return Contestant(str(index), tuple(taken), entry.bodyweight_kg, entry.event, rank=rank)


def _taken(letter: str, lift: SheetLift) -> list[Taken]:
    kind = LETTERS[letter]
    if not lift.was_attempted:
        return [] if lift.best_kg is None else [Taken(kind, 1, lift.best_kg, AttemptOutcome.GOOD)]
    outcomes = {True: AttemptOutcome.GOOD, False: AttemptOutcome.NO_LIFT}
    return [
        Taken(kind, each, one.kg, outcomes[one.good], _seq(letter, each, one.kg))
        for each, one in enumerate(lift.attempts[:COUNTING], start=1)
        if one is not None and one.good is not None
    ]


def _seq(letter: str, each: int, kg: Decimal) -> int:
    """When it was lifted among the others: by lift, round and rising bar; of equal weights it is not known."""
    return ("SBD".index(letter) * 10 + each) * 1_000_000 + int(kg * 100)


def _by_points(
    sheet: MeetSheet, entries: Sequence[SheetEntry], group: Sequence[int], formula: Formula
) -> dict[int, str]:
    """Places by points; none for whoever has none."""
    points = {index: _points(sheet, entries[index], formula) for index in group}
    known = {index: value for index, value in points.items() if value is not None}
    ordered = sorted(known, key=lambda index: (-known[index], group.index(index)))
    return {index: str(place) for place, index in enumerate(ordered, start=1)} if len(known) == len(group) else {}


def _points(sheet: MeetSheet, entry: SheetEntry, formula: Formula) -> float | None:
    return points_of(
        formula,
        total_kg=entry.total_kg,
        bodyweight_kg=entry.bodyweight_kg,
        sex=entry.sex,
        equipment=_POINTS_WORDS[entry.equipment],
        event=entry.event,
        on=sheet.date,
    )
