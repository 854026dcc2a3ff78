"""What the line hands over: everything seen in one photo, and by what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from gold.vote import VoteResult
from inference.lifter import Candidate
from judging.outcomes import Finding
from judging.pose import Lift, PhaseSeen, Pose, ViewSeen


class FlagKind(StrEnum):
    """Why a person must look, the most urgent first."""

    BREACH = "breach"
    TOO_CLOSE = "too_close"
    LIFTER = "lifter"
    MISMATCH = "mismatch"
    NONE = ""


@dataclass(frozen=True, slots=True)
class LiftSeen:
    """Which lift the photo looks like and with what probability; lift None: none of the three."""

    lift: Lift | None
    p: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """One engine's reading of one photo.

    pose: the lifter in px of the upright photo (width x height), or None when nobody was found or several people
        could be it.
    people: everybody seen, the likeliest lifter first, in the same px. lifter_margin: by how much the first is likelier
        than the second (inference.lifter), 0-1.
    votes: None without a lifter or when the photo does not look like the stated lift.
    timings_ms: wall time per step: decode, finder, engine, lifter, classify, vote, judge, total.
    versions: engine, weights_sha256, rulebook, gold_set.
    picture: what a model that looks at the whole picture says of the lift, None where none is set up; picture_model:
        its name and the first 12 hex digits of its sha256. networks: the line's own, named likewise: the finder, where
        its hint was used, and the pose classifier.
    """

    width: int
    height: int
    pose: Pose | None
    people: tuple[Candidate, ...]
    lifter_margin: float
    lift: LiftSeen
    phase: PhaseSeen
    view: ViewSeen
    flag: FlagKind
    findings: tuple[Finding, ...]
    votes: VoteResult | None
    timings_ms: Mapping[str, float]
    engine: str
    weights_sha256: str
    rulebook: str
    gold_set: str
    picture: LiftSeen | None = None
    picture_model: str = ""
    networks: str = ""
