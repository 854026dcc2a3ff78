"""Which of the people in the photo is the lifter, or none of them.

Spotters, loaders, referees, coaches and audience stand in the photo too. Each person gets some measures (FEATURES), 0
where he is all a lifter is and negative where he is not, free of the photo's scale and of left and right. Their
weighted sum is his worth; the scores are the softmax of the worths, with "none of these" as one more choice, whose
worth is one bias where there are several people and another for somebody alone: the engine often sees nobody but a
spotter in a photo in which a plate or somebody else hides part of the lifter.

Who comes first is the lifter if his score leads the second's (or that of "none of these") by the fitted margin; else
staff are asked, as they are about trunk and legs that are at no moment of the stated lift. Where the finder has no
doubt where he is and nobody who was read is there, asking would help nobody: he is hidden. Weights, margin and what
they were measured at stand in lifter.toml, which ``python -m inference.lifter_fit`` writes.

On rendered lifts of seeds not fitted on (9403, 9404; two to four spotters, lift and moment stated, read by MediaPipe)
the lifter was called in 355 of 356 photos from the recommended places, another person in one; of 141 from anywhere,
where a spotter often stands before him, in 112, another in 12. 60 scenes of spotters only, each stated to be seven
things, got no verdict. Of 52 real lift photos 50 lifters are called, and nobody else.
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
from inference.finder.place import LifterPlace
from judging.pose import SEEN_SCORE, FloatArray, Joint, Lift, Phase, Pose

FITTED: Final = Path(__file__).with_name("lifter.toml")
# A person of whom fewer joints are seen cannot be judged and is not offered as the lifter.
LEAST_JOINTS_SEEN: Final = 6
# The box that staff point into is the joints' box wider by this part of its diagonal: head, hands and feet reach
# beyond the joints.
BOX_WIDER: Final = 0.08

FEATURES: Final = (
    "moment",  # unlike the stated moment of the lift and unlike halfway there, as the first classifier sees it
    "body",  # the same of trunk and legs alone: arms behind a plate are often misread
    "arms",  # arms unlike those of every moment of the lift
    "standing",  # merely stands, as everybody else may
    "hands_over_shoulders",  # hands before or behind the shoulders: no bar is carried like that
    "bar_shared",  # no hands of others on the line through both hands, on either side of them
    "size",  # smaller than the largest person
    "small",  # smaller in the photo than somebody a camera was aimed at
    "centre",  # left or right of the middle of the photo
    "flanked",  # nobody to his left, or nobody to his right
    "inside",  # joints beyond the photo's edge
    "region",  # outside the platform
)
# A trunk this long, in parts of the photo's shorter side, is that of somebody the camera was aimed at.
AIMED_AT: Final = 0.25
# How far the finder's hint lies off the lifter, as a part of the larger one's size (finder.place): between what it is
# on 66 photos of real lifts that it was not taught on (mean 0.14, median 0.10) and on rendered ones (mean 0.06, median
# 0.04). Everybody else lies anywhere up to HINT_ANYWHERE off.
HINT_OFF: Final = 0.12
HINT_ANYWHERE: Final = 1.5
# No hint says more than these log-odds, for or against anybody.
HINT_MOST: Final = 3.0
# From here on a hint leaves no doubt: nine of ten lifters lie as near to it, rendered, and half of the real ones.
HINT_ON: Final = 0.1
HINT_SURE: Final = 0.9
# Whoever was read further off than this is not whom the finder means: of the rendered lifters who were called (246,
# seed 9403) 97 % lie nearer, and of 66 real ones 51; of 12 photos in which somebody else would be asked about, 3.
# The finder is wrong about one real photo of the 66 where staff would be asked: there they can still say who lifts.
HIDDEN_OFF: Final = 0.2
# Where the finder sees nobody lift, nobody is called: it is under this on one of the 66, and on 166 of 167 rendered
# scenes without a lifter (seeds 4001, 9301 to 9304).
PRESENT_LEAST: Final = 0.5
# Trunk and legs further than this from every moment of the stated lift (four softnesses outside one range) are nobody's
# who can be called without asking.
UNLIKE_COST: Final = 8.0
_OF_ARMS: Final = ("elbow_deg", "wrist_over_shoulder", "wrist_over_elbow", "wrist_over_hip", "wrist_over_ankle")
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
    leads, 0-1. unsure: too alike to call, too unlike a lifter, or the first is not on the platform: staff are asked.
    hidden: the lifter is none of those who were read, as the finder or staff see it; nobody is asked then.
    people: everybody, the likeliest first. alone: the only one who can be judged, chosen or not.
    """

    pose: Pose | None
    margin: float
    unsure: bool = False
    hidden: bool = False
    people: tuple[Candidate, ...] = ()
    alone: Pose | None = None


@dataclass(frozen=True, slots=True)
class Fitted:
    """weights: float array (len(FEATURES),). none_worth, alone_none_worth: of "none of these" where there are several
    people, and where there is one. margin: under it staff are asked."""

    weights: FloatArray
    none_worth: float
    alone_none_worth: float
    margin: float


@cache
def fitted() -> Fitted:
    """What lifter_fit wrote. Raises ValueError when the file was made for other measures."""
    data = tomllib.loads(FITTED.read_text(encoding="utf-8"))
    if tuple(data["weights"]) != FEATURES:
        raise ValueError(f"{FITTED.name} was fitted on other measures: run python -m inference.lifter_fit")
    return Fitted(
        np.array(list(data["weights"].values()), dtype=np.float64),
        data["none_worth"],
        data["alone_none_worth"],
        data["margin"],
    )


def lifter_choose(
    people: Sequence[Pose],
    width: float,
    height: float,
    *,
    lift: Lift | None = None,
    phase: Phase | None = None,
    region: Region | None = None,
    lifter_at: tuple[float, float] | None = None,
    lifter_hidden: bool = False,
    place: LifterPlace | None = None,
) -> LifterChoice:
    """The lifter among the people of a photo of width x height px (the px of the poses).

    lift, phase: what was stated of the attempt and the photo, or None. region: where the platform is. lifter_at: the
    place (parts of the photo) that staff pointed at: whoever is there is the lifter, whatever the scores say, and where
    nobody is there is no lifter. lifter_hidden: staff said that he is none of those who were read. place: where the
    finder sees the lifter, or None where it did not look.
    """
    able = [person for person in people if joints_seen(person) >= LEAST_JOINTS_SEEN]
    scores, none_score = scores_of(able, width, height, fitted(), lift=lift, phase=phase, region=region, place=place)
    shown = [*zip(scores, able, strict=True)]
    shown += [(0.0, person) for person in people if 2 <= joints_seen(person) < LEAST_JOINTS_SEEN]
    # Of equal scores the photo's left comes first: never the order in which an engine names people.
    shown.sort(key=lambda one: (-round(one[0], 9), *_box(one[1]), *one[1].points.ravel()))
    second = max(shown[1][0] if len(shown) > 1 else 0.0, none_score)
    margin = max(0.0, shown[0][0] - second) if shown else 0.0
    unsure = hidden = False
    if lifter_hidden:
        pose, hidden = None, True
    elif lifter_at is not None:
        pose = _pointed_at([person for _, person in shown], lifter_at[0] * width, lifter_at[1] * height)
    elif not able:
        pose, hidden = None, _nobody_on_hint(able, place)
    else:
        first = shown[0][1]
        unsure = (
            margin < fitted().margin
            or _off_platform(first, width, height, region)
            or (_unlike(first, lift) and not _on_hint(first, place))
            or (place is not None and place.present < PRESENT_LEAST)
        )
        pose = None if unsure else first
        hidden = unsure and _nobody_on_hint(able, place)
    candidates = tuple(Candidate(person, score, _box(person), person is pose) for score, person in shown)
    alone = able[0] if len(able) == 1 else None
    return LifterChoice(pose, margin, unsure and not hidden, hidden, candidates, alone)


def _unlike(person: Pose, lift: Lift | None) -> bool:
    """True where trunk and legs are as at no moment of the stated lift: misread, or the lifter was not seen."""
    shape = shape_of(person)
    if lift is None or shape is None:
        return False
    rows = [ranges for (of, _), ranges in ROWS.items() if of is lift]
    return min(sum(one.cost(shape) for one in row if one.measure not in _OF_ARMS) for row in rows) > UNLIKE_COST


def _on_hint(person: Pose, place: LifterPlace | None) -> bool:
    """True for whom the finder means without doubt: then he is the lifter, however he was read, and what his pose
    cannot show is for the rules to say."""
    return place is not None and place.present >= HINT_SURE and place.away(person) <= HINT_ON


def _nobody_on_hint(people: Sequence[Pose], place: LifterPlace | None) -> bool:
    """True where the finder has no doubt that somebody lifts, and none of these people lies where it sees him."""
    if place is None or place.present < HINT_SURE:
        return False
    return all(place.away(person) > HIDDEN_OFF for person in people)


def _off_platform(person: Pose, width: float, height: float, region: Region | None) -> bool:
    """True for the likeliest who is not where the platform is: then the lifter may not have been seen at all."""
    if region is None:
        return False
    return _outside(person, _middle_of_box(person), np.array([width, height]), region) > 0


def scores_of(
    people: Sequence[Pose],
    width: float,
    height: float,
    fit: Fitted,
    *,
    lift: Lift | None,
    phase: Phase | None,
    region: Region | None,
    place: LifterPlace | None = None,
) -> tuple[list[float], float]:
    """Everybody's score, and that of "none of these"; all together they add up to 1."""
    if not people:
        return [], 0.0
    none_worth = fit.alone_none_worth if len(people) == 1 else fit.none_worth
    worths = np.append(features(people, width, height, lift, phase, region) @ fit.weights, none_worth)
    worths += hints(people, place)
    shares = np.exp(worths - worths.max())
    shares /= shares.sum()
    return [float(share) for share in shares[:-1]], float(shares[-1])


def hints(people: Sequence[Pose], place: LifterPlace | None) -> FloatArray:
    """What the finder adds to everybody's worth, and last to that of "none of these": float array (people + 1,),
    log-odds within HINT_MOST; nought where it did not look.

    A person lies on the hint by the odds of that distance for the lifter (exponential, HINT_OFF) against those for
    anybody else; "none of these" is as unlikely as it is that nobody lifts.
    """
    if place is None:
        return np.zeros(len(people) + 1)
    away = np.array([place.away(person) for person in people])
    odds = np.log(HINT_ANYWHERE / HINT_OFF) - away / HINT_OFF
    sure = min(max(place.present, 1e-6), 1 - 1e-6)
    return np.append(place.present * odds, np.log((1 - sure) / sure)).clip(-HINT_MOST, HINT_MOST)


def features(
    people: Sequence[Pose],
    width: float,
    height: float,
    lift: Lift | None,
    phase: Phase | None,
    region: Region | None,
) -> FloatArray:
    """The measures of everybody, float array (people, len(FEATURES)), each between -2 and 0, always finite."""
    with np.errstate(all="ignore"):  # joints so far off that their distances overflow count as far as can be
        rows = _measures(people, np.array([max(width, 1e-9), max(height, 1e-9)]), lift, phase, region)
    return np.nan_to_num(np.array(rows, dtype=np.float64).reshape(-1, len(FEATURES)), nan=-2.0).clip(-2.0, 0.0)


def _measures(
    people: Sequence[Pose], size: FloatArray, lift: Lift | None, phase: Phase | None, region: Region | None
) -> list[list[float]]:
    units = np.array([max(unit_px(person), 1e-6) for person in people])
    middles = np.array([_middle_of_box(person) for person in people]).reshape(-1, 2)
    return [
        [
            *_posture(person, lift, phase),
            _hands_over_shoulders(person, float(unit)),
            _bar_shared(index, people, float(unit)),
            float(np.log(unit / units.max())),
            min(0.0, float(np.log(unit / (AIMED_AT * size.min())))),
            -2 * abs(float(middle[0] / size[0]) - 0.5),
            _flanked(index, middles),
            float(_inside(person, size).mean()) - 1,
            # Whoever is alone and off the platform is asked about, whatever his score (_off_platform).
            -_outside(person, middle, size, region) if len(people) > 1 else 0.0,
        ]
        for index, (person, unit, middle) in enumerate(zip(people, units, middles, strict=True))
    ]


def _posture(person: Pose, lift: Lift | None, phase: Phase | None) -> tuple[float, ...]:
    """moment, body and arms: 0 within the ranges of a moment of this lift (of any lift without one), -1 far from all;
    and standing: -1 for trunk and legs as in a deadlift's lockout, 0 far from that.

    A lift that was stopped halfway is still the photo of the stated moment.
    """
    shape = shape_of(person)
    if shape is None:
        return -1.0, -1.0, -1.0, 0.0
    rows = [
        (
            phase in (None, moment) or moment is Phase.MID,
            sum(item.cost(shape) for item in ranges if item.measure in _OF_ARMS),
            sum(item.cost(shape) for item in ranges if item.measure not in _OF_ARMS),
        )
        for (of, moment), ranges in ROWS.items()
        if lift in (None, of)
    ]
    least = (
        min(arms + body for stated, arms, body in rows if stated),
        min(body for stated, _, body in rows if stated),
        min(arms for _, arms, _ in rows),
    )
    stands = sum(item.cost(shape) for item in ROWS[Lift.DEADLIFT, Phase.LOCKOUT] if item.measure not in _OF_ARMS)
    return *(float(np.exp(-cost / 2)) - 1 for cost in least), -float(np.exp(-stands / 2))


def _hands_over_shoulders(person: Pose, unit: float) -> float:
    shoulders, hands = _middle(person, *_SHOULDERS), _middle(person, *_HANDS)
    return -min(1.5, abs(float(hands[0] - shoulders[0])) / unit)


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
    same = 1e-9 * float(np.abs(middles[:, 0]).max())  # what rounding leaves between people in one place
    before, behind = int((x < -same).sum()), int((x > same).sum())
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


def joints_seen(person: Pose) -> int:
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
