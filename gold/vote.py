"""The vote of the gold annotations on a pose: Algorithm 1 of "How Good Is Your Pose?" (2022), section 4.3.

For each critical pair of joints the distance between the two, as a share of the picture, is held against the same
distance in every gold annotation; each that differs by more than the threshold calls the pair bad. Agreement with
the front view, or with the left and the right view together, clears the pair. Otherwise two thirds calling it bad
report its joints.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gold.library import GoldAnnotation, GoldSet
from judging.pose import Joint, Lift, Pose, Side, View

# The paper names a threshold and gives no figure; a tenth of the picture is the project's choice (docs/adr/0003).
THRESHOLD: Final = 0.10


class Measure(StrEnum):
    """What a distance is a share of: the photo's width and height (the paper's words), or those of the lifter's box."""

    IMAGE = "image"
    BOX = "box"


# By the leave-one-out table of docs/adr/0003.
DEFAULT_MEASURE: Final = Measure.BOX


class Verdict(StrEnum):
    """What one annotation says of one pair."""

    GOOD = "good"
    BAD = "bad"
    LEFT_OUT = "left_out"


class Reading(StrEnum):
    """What all annotations together say of one pair."""

    FRONT_GOOD = "front_good"
    SIDE_GOOD = "side_good"
    BAD = "bad"
    UNDECIDED = "undecided"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class Pair:
    """A critical pair: its name as a person reads it, and its two joints."""

    name: str
    joints: tuple[Joint, Joint]


@dataclass(frozen=True, slots=True)
class PairVote:
    """One annotation's vote on one pair. Distances as shares of the measure; None where a joint was not seen."""

    pair: str
    joints: tuple[Joint, Joint]
    annotation_id: int
    view: View
    verdict: Verdict
    distance: float | None
    gold_distance: float | None


@dataclass(frozen=True, slots=True)
class PairResult:
    """What the annotations together say of one pair; bad_share: of those that voted, 0-1, None when none did."""

    pair: str
    joints: tuple[Joint, Joint]
    reading: Reading
    bad_share: float | None


@dataclass(frozen=True, slots=True)
class VoteResult:
    """The vote on one pose.

    reported_joints: those of the bad pairs, in the order of Joint. kappa: Fleiss' kappa of the annotations, or None
    where it is not defined. set_version: of the gold set.
    """

    votes: tuple[PairVote, ...]
    pairs: tuple[PairResult, ...]
    reported_joints: tuple[Joint, ...]
    kappa: float | None
    measure: Measure
    threshold: float
    set_version: str


def _across(part: str) -> Pair:
    return Pair(f"{part}-{part}", (Side.LEFT.joint(part), Side.RIGHT.joint(part)))


def _along(first: str, second: str) -> tuple[Pair, ...]:
    return tuple(Pair(f"{side} {first}-{second}", (side.joint(first), side.joint(second))) for side in Side)


# The paper's pairs; a pair of different joints is taken on each side of the body.
PAIRS: Final = MappingProxyType(
    {
        Lift.BENCH: (_across("wrist"), *_along("wrist", "elbow"), _across("elbow"), *_along("elbow", "shoulder")),
        Lift.DEADLIFT: (_across("wrist"), _across("hip"), _across("ankle"), _across("knee")),
        Lift.SQUAT: (_across("wrist"), _across("knee"), _across("ankle"), *_along("hip", "knee")),
    }
)

# From behind, left and right joints lie as far apart as from the front.
_VOTES_AS: Final = MappingProxyType(
    {View.FRONT: View.FRONT, View.REAR: View.FRONT, View.LEFT: View.LEFT, View.RIGHT: View.RIGHT}
)


def vote(
    pose: Pose,
    *,
    width: int,
    height: int,
    gold: GoldSet,
    measure: Measure = DEFAULT_MEASURE,
    threshold: float = THRESHOLD,
) -> VoteResult:
    """The gold set's vote on a pose of the same lift.

    width, height: of the pose's photo, px. threshold: how far two distances may differ, as a share of the measure.
    Raises ValueError when a size or the threshold is not positive.
    """
    if not (width > 0 and height > 0 and math.isfinite(threshold) and threshold > 0):
        raise ValueError(f"no vote on {width} x {height} px with a threshold of {threshold}")
    votes: list[PairVote] = []
    results: list[PairResult] = []
    for pair in PAIRS[gold.lift]:
        distance = pair_distance(pose, pair, width=width, height=height, measure=measure)
        cast = [_cast(pair, distance, annotation, measure, threshold) for annotation in gold.annotations]
        votes += cast
        results.append(_read(pair, cast))
    bad = {joint for result in results if result.reading is Reading.BAD for joint in result.joints}
    return VoteResult(
        votes=tuple(votes),
        pairs=tuple(results),
        reported_joints=tuple(sorted(bad)),
        kappa=fleiss_kappa(_ballots(votes)),
        measure=measure,
        threshold=threshold,
        set_version=gold.version,
    )


def pair_distance(pose: Pose, pair: Pair, *, width: int, height: int, measure: Measure) -> float | None:
    """The distance of the pair's joints, as a share of the measure; None when a joint, or the box, is not there."""
    if not pose.seen(*pair.joints):
        return None
    size: tuple[float, float] = (width, height)
    if measure is Measure.BOX:
        box = pose.box()
        if box is None or not (box[2] > box[0] and box[3] > box[1]):
            return None
        size = (box[2] - box[0], box[3] - box[1])
    first, second = (pose.xy(joint) for joint in pair.joints)
    return math.hypot(float(second[0] - first[0]) / size[0], float(second[1] - first[1]) / size[1])


def _cast(
    pair: Pair, distance: float | None, annotation: GoldAnnotation, measure: Measure, threshold: float
) -> PairVote:
    gold_distance = pair_distance(
        annotation.pose, pair, width=annotation.width, height=annotation.height, measure=measure
    )
    verdict = Verdict.LEFT_OUT
    if distance is not None and gold_distance is not None:
        verdict = Verdict.BAD if abs(distance - gold_distance) > threshold else Verdict.GOOD
    return PairVote(pair.name, pair.joints, annotation.id, annotation.view, verdict, distance, gold_distance)


def _read(pair: Pair, votes: Sequence[PairVote]) -> PairResult:
    counted = [one for one in votes if one.verdict is not Verdict.LEFT_OUT]
    if not counted:
        return PairResult(pair.name, pair.joints, Reading.LEFT_OUT, None)
    bad = sum(one.verdict is Verdict.BAD for one in counted)
    reading = Reading.UNDECIDED
    if _agrees(counted, View.FRONT):
        reading = Reading.FRONT_GOOD
    elif _agrees(counted, View.LEFT) and _agrees(counted, View.RIGHT):
        reading = Reading.SIDE_GOOD
    elif 3 * bad >= 2 * len(counted):  # in whole numbers: 2/3 is no binary fraction
        reading = Reading.BAD
    return PairResult(pair.name, pair.joints, reading, bad / len(counted))


def _agrees(votes: Sequence[PairVote], view: View) -> bool:
    """A view agrees when more than half of its annotations call the pair good; one without any never does."""
    of_view = [one.verdict for one in votes if _VOTES_AS[one.view] is view]
    return 2 * of_view.count(Verdict.GOOD) > len(of_view)


def _ballots(votes: Sequence[PairVote]) -> list[tuple[int, int]]:
    """How many annotations called each pair good and bad, for the pairs on which all of them voted."""
    by_pair: dict[str, list[Verdict]] = {}
    for one in votes:
        by_pair.setdefault(one.pair, []).append(one.verdict)
    return [
        (cast.count(Verdict.GOOD), cast.count(Verdict.BAD)) for cast in by_pair.values() if Verdict.LEFT_OUT not in cast
    ]


def fleiss_kappa(ballots: Sequence[Sequence[int]]) -> float | None:
    """Fleiss' kappa: how far raters agree beyond chance, 1 for full agreement, 0 for chance.

    ballots: one row a subject, one column a category, each cell how many raters chose it (Fleiss 1971).
    None where it is not defined: no subject, fewer than two raters, or every rating in one category.
    Raises ValueError when rows differ in their raters or categories.
    """
    if not ballots:
        return None
    raters, categories = sum(ballots[0]), len(ballots[0])
    if any(sum(row) != raters or len(row) != categories for row in ballots):
        raise ValueError("every subject needs the same raters and categories")
    if raters < 2:
        return None
    ratings = len(ballots) * raters
    chance = sum((sum(row[column] for row in ballots) / ratings) ** 2 for column in range(categories))
    if math.isclose(chance, 1.0):
        return None
    pairs_of_raters = raters * (raters - 1)
    agreed = sum(sum(cell * (cell - 1) for cell in row) / pairs_of_raters for row in ballots) / len(ballots)
    return (agreed - chance) / (1 - chance)
