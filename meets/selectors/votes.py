"""The gold votes on one photo, as a table for people: which pairs of joints agree with lifts done right."""

import math
from collections import defaultdict
from dataclasses import dataclass

from judging.pose import Joint
from meets.models import Assessment
from meets.selectors import words

_VIEW_ORDER = ("front", "left", "right", "rear")


@dataclass(frozen=True, slots=True)
class VoteCell:
    """One annotation's vote. tone: the colour's name; the word stands beside it for those who see no colour."""

    tone: str
    word: str


@dataclass(frozen=True, slots=True)
class VoteRow:
    pair: str
    cells: list[list[VoteCell]]
    reading: str


@dataclass(frozen=True, slots=True)
class Votes:
    views: list[str]
    rows: list[VoteRow]
    summary: str
    good: bool
    kappa: str
    left_out: str
    source: str


def is_good(reading: str) -> bool:
    return reading in ("front_good", "side_good")


def pair_joints(name: str) -> tuple[Joint, Joint] | None:
    """``wrist-wrist`` is the left and the right one, ``left wrist-elbow`` two of one side; None: no such pair."""
    *side, parts = name.split(" ", 1)
    first, _, second = parts.partition("-")
    sides = (side[0], side[0]) if side else ("left", "right")
    ends = [
        Joint.__members__.get(f"{where}_{part}".upper()) for where, part in zip(sides, (first, second), strict=True)
    ]
    return (ends[0], ends[1]) if ends[0] is not None and ends[1] is not None else None


def votes_of(assessment: Assessment, source: str) -> Votes | None:
    votes = list(assessment.votes.all())
    if not votes and not assessment.vote_pairs:
        return None
    views = [view for view in _VIEW_ORDER if any(vote.view == view for vote in votes)]
    readings = {str(pair.get("pair", "")): str(pair.get("reading", "")) for pair in assessment.vote_pairs}
    by_pair: dict[str, dict[str, list[VoteCell]]] = defaultdict(lambda: defaultdict(list))
    for vote in votes:
        by_pair[vote.pair][vote.view].append(VOTE_CELLS.get(vote.verdict, VOTE_CELLS["left_out"]))
    names = dict.fromkeys([*readings, *by_pair])
    rows = [
        VoteRow(pair_words(name), [by_pair[name][view] for view in views], reading_words(readings.get(name, "")))
        for name in names
    ]
    return Votes(views, rows, *_summary(readings), _kappa(assessment.vote_kappa), _left_out(readings), source)


def pair_words(name: str) -> str:
    """``left wrist-elbow`` as a person reads it: ``left wrist – elbow``."""
    return name.replace("-", " – ")


VOTE_CELLS = {
    "good": VoteCell("meets", "agrees"),
    "bad": VoteCell("breach", "differs"),
    "left_out": VoteCell("mute", "left out"),
}
READING_WORDS = {
    "front_good": "seen from the front, good form",
    "side_good": "seen from the side, good form",
    "bad": "two thirds or more differ",
    "undecided": "no clear vote",
    "left_out": "left out: joint not seen",
}


def reading_words(reading: str) -> str:
    return READING_WORDS.get(reading, reading.replace("_", " "))


def _summary(readings: dict[str, str]) -> tuple[str, bool]:
    told = [reading for reading in readings.values() if reading not in ("left_out", "")]
    if not told:
        return "no vote", False
    bad = [name for name, reading in readings.items() if reading == "bad"]
    if bad:
        return f"differs on {len(bad)} of {len(told)} pairs", False
    if all(is_good(reading) for reading in told):
        return (reading_words(told[0]) if len(set(told)) == 1 else "good form"), True
    return "no clear vote", False


def _kappa(kappa: float | None) -> str:
    return "" if kappa is None or not math.isfinite(kappa) else words.figure(kappa, 2)


def _left_out(readings: dict[str, str]) -> str:
    left = [pair_words(name) for name, reading in readings.items() if reading == "left_out"]
    return f"Left out, joint not seen: {', '.join(left)}." if left else ""
