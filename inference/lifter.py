"""Which of the people in the photo is the lifter, or none of them.

Spotters, loaders, referees, coaches and audience stand in the photo too. Each person gets nine measures (FEATURES), 0
where he is all a lifter is and negative where he is not, free of the photo's scale and of left and right. Their
weighted sum is his worth; the scores are the softmax of the worths, with "none of these" (worth: the bias) as one more
choice where there are several people. A person alone in the photo is taken as he is.

Who comes first is the lifter if his score leads the second's (or that of "none of these") by the fitted margin; else
staff are asked. Weights, margin and what they were measured at stand in lifter.toml, which
``python -m inference.lifter_fit`` writes. On scenes round lifters that the weights had never met (11,471 scenes of two
people or more; the lifters are real, the bystanders real or built, their places drawn: inference.lifter_scenes) the
lifter was called in 85 of 100, staff asked in 15, another person called in 0.6; of all calls 2 in 100 were wrong, more
than half of them where the lifter was not among the people at all. On 52 lift photos with real bystanders set beside
the lifter, whose poses the fit had met, read by MediaPipe (which saw one person alone in 16 of them): 49 right,
2 asked, 1 wrong.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from inference.classify.geometry import ROWS
from inference.classify.shape import shape_of, unit_px
from judging.pose import SEEN_SCORE, FloatArray, Joint, Lift, Pose

FITTED: Final = Path(__file__).with_name("lifter.toml")
# A person of whom fewer joints are seen cannot be judged and is not offered as the lifter.
LEAST_JOINTS_SEEN: Final = 6
# The box that staff point into is the joints' box wider by this part of its diagonal: head, hands and feet reach
# beyond the joints.
BOX_WIDER: Final = 0.08

FEATURES: Final = (
    "posture",  # unlike every moment of the lift, as the first classifier sees it
    "hands_level",  # the line through the hands tilts otherwise than the one through the shoulders
    "hands_over_shoulders",  # hands before or behind the shoulders: no bar is carried like that
    "bar_shared",  # no hands of others on the line through both hands, on either side of them
    "size",  # smaller than the largest person
    "centre",  # left or right of the middle of the photo
    "flanked",  # nobody to his left, or nobody to his right
    "inside",  # joints beyond the photo's edge
    "region",  # outside the platform
)
_COST_MOST: Final = 8.0
_SHOULDERS: Final = (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER)
_HANDS: Final = (Joint.LEFT_WRIST, Joint.RIGHT_WRIST)
_FEET: Final = (Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE)
_LIMBS: Final = (
    *((Joint.LEFT_SHOULDER, Joint.LEFT_ELBOW), (Joint.LEFT_ELBOW, Joint.LEFT_WRIST)),
    *((Joint.RIGHT_SHOULDER, Joint.RIGHT_ELBOW), (Joint.RIGHT_ELBOW, Joint.RIGHT_WRIST)),
    *((Joint.LEFT_HIP, Joint.LEFT_KNEE), (Joint.LEFT_KNEE, Joint.LEFT_ANKLE)),
    *((Joint.RIGHT_HIP, Joint.RIGHT_KNEE), (Joint.RIGHT_KNEE, Joint.RIGHT_ANKLE)),
    *((Joint.LEFT_SHOULDER, Joint.LEFT_HIP), (Joint.RIGHT_SHOULDER, Joint.RIGHT_HIP)),
    *((Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER), (Joint.LEFT_HIP, Joint.RIGHT_HIP), (Joint.NOSE, Joint.NOSE)),
)


@dataclass(frozen=True, slots=True)
class Region:
    """Where the platform is in a camera's photos: corners in parts of the upright photo, 0-1, x0 < x1 and y0 < y1.

    Raises ValueError on anything else.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (0 <= self.x0 < self.x1 <= 1 and 0 <= self.y0 < self.y1 <= 1):
            raise ValueError("a region's corners are parts of the photo, 0-1, left before right and top before bottom")

    def outside(self, x: float, y: float) -> float:
        """How far a point (parts of the photo) lies outside, as a part of the region's own diagonal; 0 inside."""
        away = np.hypot(max(self.x0 - x, 0.0, x - self.x1), max(self.y0 - y, 0.0, y - self.y1))
        return float(away / np.hypot(self.x1 - self.x0, self.y1 - self.y0))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person. score: 0-1, how likely the lifter among those in the photo. box: x0, y0, x1, y1 in px."""

    pose: Pose
    score: float
    box: tuple[float, float, float, float]
    chosen: bool


@dataclass(frozen=True, slots=True)
class LifterChoice:
    """pose: the lifter, or None when nobody can be it or nobody can be told. margin: by how much the first's score
    leads, 0-1. unsure: several people, and too alike to call, or the first is not on the platform: staff are asked.
    people: everybody, the likeliest first.
    """

    pose: Pose | None
    margin: float
    unsure: bool = False
    people: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Fitted:
    """weights: float array (len(FEATURES),). none_worth: of "none of these". margin: under it staff are asked."""

    weights: FloatArray
    none_worth: float
    margin: float


@cache
def fitted() -> Fitted:
    """What lifter_fit wrote. Raises ValueError when the file was made for other measures."""
    data = tomllib.loads(FITTED.read_text(encoding="utf-8"))
    if tuple(data["weights"]) != FEATURES:
        raise ValueError(f"{FITTED.name} was fitted on other measures: run python -m inference.lifter_fit")
    return Fitted(np.array(list(data["weights"].values()), dtype=np.float64), data["none_worth"], data["margin"])


def lifter_choose(
    people: Sequence[Pose],
    width: float,
    height: float,
    *,
    lift: Lift | None = None,
    region: Region | None = None,
    lifter_at: tuple[float, float] | None = None,
) -> LifterChoice:
    """The lifter among the people of a photo of width x height px (the px of the poses).

    lift: the attempt's, or None when nobody stated it. region: where the platform is. lifter_at: the place (parts of
    the photo) that staff pointed at: whoever is there is the lifter, whatever the scores say, and where nobody is
    there is no lifter.
    """
    able = [person for person in people if _joints_seen(person) >= LEAST_JOINTS_SEEN]
    scores, none_score = scores_of(able, width, height, lift, region, fitted())
    shown = [*zip(scores, able, strict=True)]
    shown += [(0.0, person) for person in people if 2 <= _joints_seen(person) < LEAST_JOINTS_SEEN]
    # Of equal scores the photo's left comes first: never the order in which an engine names people.
    shown.sort(key=lambda one: (-round(one[0], 9), *_box(one[1]), *one[1].points.ravel()))
    second = max(shown[1][0] if len(shown) > 1 else 0.0, none_score)
    margin = max(0.0, shown[0][0] - second) if shown else 0.0
    unsure = False
    if lifter_at is not None:
        pose = _pointed_at([person for _, person in shown], lifter_at[0] * width, lifter_at[1] * height)
    elif not able:
        pose = None
    else:
        unsure = (len(able) > 1 and margin < fitted().margin) or _off_platform(shown[0][1], width, height, region)
        pose = None if unsure else shown[0][1]
    candidates = tuple(Candidate(person, score, _box(person), person is pose) for score, person in shown)
    return LifterChoice(pose, margin, unsure, candidates)


def _off_platform(person: Pose, width: float, height: float, region: Region | None) -> bool:
    """True for the likeliest who is not where the platform is: then the lifter may not have been seen at all."""
    if region is None:
        return False
    return _outside(person, _middle_of_box(person), np.array([width, height]), region) > 0


def scores_of(
    people: Sequence[Pose], width: float, height: float, lift: Lift | None, region: Region | None, fit: Fitted
) -> tuple[list[float], float]:
    """Everybody's score, and that of "none of these"; with ``none`` they add up to 1. Alone, a person scores 1."""
    if len(people) <= 1:
        return [1.0] * len(people), 0.0
    worths = np.append(features(people, width, height, lift, region) @ fit.weights, fit.none_worth)
    shares = np.exp(worths - worths.max())
    shares /= shares.sum()
    return [float(share) for share in shares[:-1]], float(shares[-1])


def features(
    people: Sequence[Pose], width: float, height: float, lift: Lift | None, region: Region | None
) -> FloatArray:
    """The measures of everybody, float array (people, len(FEATURES)), each between -2 and 0, always finite."""
    with np.errstate(all="ignore"):  # joints so far off that their distances overflow count as far as can be
        rows = _measures(people, np.array([max(width, 1e-9), max(height, 1e-9)]), lift, region)
    return np.nan_to_num(np.array(rows, dtype=np.float64).reshape(-1, len(FEATURES)), nan=-2.0).clip(-2.0, 0.0)


def _measures(people: Sequence[Pose], size: FloatArray, lift: Lift | None, region: Region | None) -> list[list[float]]:
    units = np.array([max(unit_px(person), 1e-6) for person in people])
    middles = np.array([_middle_of_box(person) for person in people]).reshape(-1, 2)
    return [
        [
            float(np.exp(-_posture_cost(person, lift) / 2)) - 1,
            *_hands(person, float(unit)),
            _bar_shared(index, people, float(unit)),
            float(np.log(unit / units.max())),
            -2 * abs(float(middle[0] / size[0]) - 0.5),
            _flanked(index, middles),
            float(_inside(person, size).mean()) - 1,
            -_outside(person, middle, size, region),
        ]
        for index, (person, unit, middle) in enumerate(zip(people, units, middles, strict=True))
    ]


def _posture_cost(person: Pose, lift: Lift | None) -> float:
    """Unlikeness of the likest moment of this lift (of any lift without one), at most _COST_MOST."""
    shape = shape_of(person)
    if shape is None:
        return _COST_MOST
    rows = [ranges for (of, _), ranges in ROWS.items() if lift in (None, of)]
    return min(_COST_MOST, *(sum(item.cost(shape) for item in ranges) for ranges in rows))


def _hands(person: Pose, unit: float) -> tuple[float, float]:
    """hands_level and hands_over_shoulders."""
    left, right = (person.xy(hand) for hand in _HANDS)
    shoulders, hands = _middle(person, *_SHOULDERS), _middle(person, *_HANDS)
    tilt = person.xy(_SHOULDERS[0])[1] - person.xy(_SHOULDERS[1])[1]
    level = min(1.0, abs(left[1] - right[1] - tilt) / unit)
    over_shoulders = min(1.5, abs(hands[0] - shoulders[0]) / unit)
    return -level, -over_shoulders


def _bar_shared(index: int, people: Sequence[Pose], unit: float) -> float:
    """-1 unless others' hands lie on the line through both hands, on either side of them, as spotters' do."""
    person = people[index]
    left, right = (person.xy(hand) for hand in _HANDS)
    way = right - left if np.hypot(*(right - left)) > 0.5 * unit else np.array([1.0, 0.0])
    way = way / np.hypot(*way)
    sides = set()
    for other in (one for place, one in enumerate(people) if place != index):
        for hand in _HANDS:
            gap = (other.xy(hand) - (left + right) / 2) / unit
            along, off = float(gap @ way), float(gap[0] * way[1] - gap[1] * way[0])
            if other.seen(hand) and abs(off) < 0.4 and 0.8 < abs(along) < 4.0:
                sides.add(along > 0)
    return 0.0 if len(sides) == 2 else -1.0


def _flanked(index: int, middles: FloatArray) -> float:
    """0 with as many people to one side as to the other, -1 with all of them on one side."""
    x = middles[:, 0] - middles[index, 0]
    before, behind = int((x < 0).sum()), int((x > 0).sum())
    return -abs(before - behind) / max(1, len(middles) - 1)


def _pointed_at(people: Sequence[Pose], x: float, y: float) -> Pose | None:
    """Of those whose (widened) box holds the point the one whose limbs pass nearest to it."""
    here = []
    for person in people:
        x0, y0, x1, y1 = _box(person)
        wider = BOX_WIDER * float(np.hypot(x1 - x0, y1 - y0))
        if x0 - wider <= x <= x1 + wider and y0 - wider <= y <= y1 + wider:
            here.append(person)
    return min(here, key=lambda person: _away(person, np.array([x, y])), default=None)


def _away(person: Pose, point: FloatArray) -> float:
    """The distance of a point from the nearest seen limb, px; from the box's middle where no limb is seen whole."""
    ways = [_segment_away(person.xy(a), person.xy(b), point) for a, b in _LIMBS if person.seen(a, b)]
    return min(ways, default=float(np.hypot(*(_middle_of_box(person) - point))))


def _segment_away(start: FloatArray, end: FloatArray, point: FloatArray) -> float:
    way = end - start
    length = float(way @ way)
    part = min(1.0, max(0.0, float((point - start) @ way) / length)) if length > 0 else 0.0
    return float(np.hypot(*(start + part * way - point)))


def _joints_seen(person: Pose) -> int:
    return int((person.points[:, 2] >= SEEN_SCORE).sum())


def _box(person: Pose) -> tuple[float, float, float, float]:
    return person.box() or person.box(least=0.0) or (0.0, 0.0, 0.0, 0.0)


def _middle_of_box(person: Pose) -> FloatArray:
    x0, y0, x1, y1 = _box(person)
    return np.array([(x0 + x1) / 2, (y0 + y1) / 2])


def _outside(person: Pose, middle: FloatArray, size: FloatArray, region: Region | None) -> float:
    """How far both feet and body lie outside the platform, in diagonals of it."""
    if region is None:
        return 0.0
    return min(region.outside(*(place / size)) for place in (_feet(person), middle))


def _feet(person: Pose) -> FloatArray:
    return _middle(person, *_FEET)


def _middle(person: Pose, left: Joint, right: Joint) -> FloatArray:
    """The mean of both sides' joint, each as heavy as its score."""
    both = person.points[[left, right]]
    weights = both[:, 2] + 1e-3
    middle: FloatArray = (both[:, :2] * weights[:, None]).sum(axis=0) / weights.sum()
    return middle


def _inside(person: Pose, size: FloatArray) -> npt.NDArray[np.bool_]:
    """Which joints lie in the photo, bool array (17,)."""
    xy = person.points[:, :2]
    inside: npt.NDArray[np.bool_] = ((xy >= 0) & (xy <= size)).all(axis=1)
    return inside
