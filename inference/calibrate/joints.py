"""An engine's joints against the true ones: errors per kind of joint, and the noise figures they come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from gold.truth import Truth
from inference.engines.base import Engine
from inference.engines.truth import key_of
from inference.errors import EngineError
from inference.finder import LifterPlace
from inference.gate.run import camera_measured, photo_of, stated_of
from inference.gate.table import SAME_PERSON, apart
from inference.gate.truths import RULES, bucket_of, judged_at, near_of
from inference.images import Photo
from inference.pipeline import Request, people_assess, shot_of
from judging.geometry import down_direction, right_direction
from judging.landmarks import Limb, body_scale
from judging.noise import PARTS, EngineNoise, JointNoise, PairNoise, ScoreBin, SideSeen
from judging.pose import Pose, Side, ViewBucket
from judging.rulebook import rulebook_load
from judging.rules import elbows_locked, knees_locked

# A row rests on at least so many joints; fewer, and the next wider row speaks for them.
LEAST_READINGS: Final = 30
# Whose rules must let a reading through.
RULEBOOK: Final = "ipf-2026-v3"
# Nine of ten errors of a normal distribution lie within so many standard deviations.
Z90: Final = 1.645
# Scores split into thirds; where an engine's scores are too alike, here.
SCORES: Final = (0.8, 0.95)
SCORE_DIGITS: Final = 3
SHARE_DIGITS: Final = 5
# Two joints never go so closely together that nothing is left of their noise.
RHO_MOST: Final = 0.95

# The joints of each rule: a joint's error is measured in the photos that its rules judge.
PARTS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "bench_depth": ("shoulder", "elbow"),
    "squat_depth": ("hip", "knee"),
    "knees_locked": knees_locked.CHAIN.parts,
    "elbows_locked": elbows_locked.CHAIN.parts,
    "shoulders_back": ("shoulder", "elbow", "wrist"),
}
# A joint that a depth rule stands on is measured at that rule's moment alone: an engine puts the hip of a deep squat
# elsewhere than that of a standing lifter, and the depth is what matters most.
FIRST_RULE: Final = {"shoulder": "bench_depth", "elbow": "bench_depth", "hip": "squat_depth", "knee": "squat_depth"}
# The rules whose sigma reckons with how the errors of two joints go together, both along the vertical.
PAIRS: Final = {"bench_depth": ("shoulder", "elbow"), "squat_depth": ("knee", "hip")}


@dataclass(frozen=True, slots=True)
class JointMiss:
    """One joint's error in one photo, shares of the trunk: down along the vertical, across along the level."""

    rules: frozenset[str]
    part: str
    view: ViewBucket
    side: SideSeen
    score: float
    down: float
    across: float


@dataclass(frozen=True, slots=True)
class PairMiss:
    """The errors down of a rule's two joints on one side of one lifter, shares of the trunk, and the joints' scores."""

    rule: str
    view: ViewBucket
    first: float
    second: float
    side: SideSeen = SideSeen.NEAR
    scores: tuple[float, float] = (1.0, 1.0)


def lifter_of(truth: Truth, people: Iterable[Pose]) -> Pose | None:
    """Of the poses the one that lies on the true lifter, or None."""
    if truth.lifter is None:
        return None
    near = min(((apart(pose, truth.lifter.joints_px), index, pose) for index, pose in enumerate(people)), default=None)
    return near[2] if near and near[0] <= SAME_PERSON else None


def misses_of(truth: Truth, pose: Pose) -> tuple[list[JointMiss], list[PairMiss]]:
    """The errors of the joints that the engine saw; none where the body's scale cannot be told or no rule judges it."""
    rules = frozenset(name for name, rule in RULES.items() if judged_at(rule, truth))
    scale = body_scale(pose)
    if not rules or scale is None or truth.lifter is None:
        return [], []
    trunk_px = scale.px(Limb.TRUNK.cm)
    joints: list[JointMiss] = []
    pairs: list[PairMiss] = []
    for side in Side:
        down: dict[str, float] = {}
        seen_as = SideSeen.FAR if near_of(truth.camera, side) is False else SideSeen.NEAR
        for part in PARTS:
            joint = side.joint(part)
            if not pose.seen(joint):
                continue
            error = (pose.xy(joint) - truth.lifter.joints_px[joint]) / trunk_px
            down[part] = float(error @ down_direction(truth.camera.roll_deg))
            across = float(error @ right_direction(truth.camera.roll_deg))
            joints.append(
                JointMiss(rules, part, bucket_of(truth.camera), seen_as, pose.score(joint), down[part], across)
            )
        for rule, (first, second) in PAIRS.items():
            if rule in rules and first in down and second in down:
                scores = pose.score(side.joint(first)), pose.score(side.joint(second))
                pairs.append(PairMiss(rule, bucket_of(truth.camera), down[first], down[second], seen_as, scores))
    return [one for one in joints if _counts(one)], pairs


def _counts(miss: JointMiss) -> bool:
    first = FIRST_RULE.get(miss.part)
    return first in miss.rules if first else any(miss.part in PARTS_OF[rule] for rule in miss.rules)


def spread(errors: Sequence[float], about: float) -> float:
    """The standard deviation for which nine of ten errors lie in a normal distribution's nine-tenths interval."""
    return float(np.quantile(np.abs(np.array(errors) - about), 0.9)) / Z90


def root_mean_square(errors: Sequence[float], about: float) -> float:
    return float(np.sqrt(np.mean(np.square(np.array(errors) - about))))


def noise_fit(
    engine: str, source: str, joints: Sequence[JointMiss], pairs: Sequence[PairMiss], least: int = LEAST_READINGS
) -> EngineNoise:
    """The engine's figures. Raises ValueError when a part has fewer readings than a row must rest on."""
    mid, high = score_edges([one.score for one in joints])
    rows: list[JointNoise] = []
    for part in PARTS:
        here = [one for one in joints if one.part == part]
        if len(here) < least:
            raise ValueError(
                f"The {part} was read {len(here)} times, at least {least} are needed: render more photos "
                "(python -m gold.synth --n 500)."
            )
        rows.append(_row(part, here))
        for side in SideSeen:
            of_side = [one for one in here if one.side is side]
            rows += _rows(of_side, part, None, side, None, least)
            for view in ViewBucket:
                of_view = [one for one in of_side if one.view is view]
                rows += _rows(of_view, part, view, side, None, least)
                for score in ScoreBin:
                    scored = [one for one in of_view if bin_of(one.score, mid, high) is score]
                    rows += _rows(scored, part, view, side, score, least)
    alone = EngineNoise(engine, source, mid, high, tuple(rows))
    return replace(alone, pairs=tuple(_pairs(pairs, alone, least)))


def score_edges(scores: Sequence[float]) -> tuple[float, float]:
    """Where the scores fall into thirds; SCORES where they are too alike for that."""
    if not scores:
        return SCORES
    mid, high = (round(float(edge), SCORE_DIGITS) for edge in np.quantile(scores, (1 / 3, 2 / 3)))
    return (mid, high) if 0 < mid < high < 1 else SCORES


def bin_of(score: float, mid: float, high: float) -> ScoreBin:
    if score >= high:
        return ScoreBin.HIGH
    return ScoreBin.MID if score >= mid else ScoreBin.LOW


def _rows(
    here: Sequence[JointMiss],
    part: str,
    view: ViewBucket | None,
    side: SideSeen | None,
    score: ScoreBin | None,
    least: int,
) -> list[JointNoise]:
    return [_row(part, here, view, side, score)] if len(here) >= least else []


def _row(
    part: str,
    here: Sequence[JointMiss],
    view: ViewBucket | None = None,
    side: SideSeen | None = None,
    score: ScoreBin | None = None,
) -> JointNoise:
    down = [one.down for one in here]
    bias = float(np.median(down))
    across = spread([one.across for one in here], 0.0)
    bias, sigma_down, sigma_across = (round(one, SHARE_DIGITS) + 0.0 for one in (bias, spread(down, bias), across))
    return JointNoise(part, bias, sigma_down, sigma_across, len(here), view, side, score)


def _pairs(pairs: Sequence[PairMiss], noise: EngineNoise, least: int) -> Iterator[PairNoise]:
    for rule in PAIRS:
        for view in (None, *ViewBucket):
            here = [one for one in pairs if one.rule == rule and view in (None, one.view)]
            if len(here) >= least:
                yield PairNoise(rule, round(_rho(here, noise), SHARE_DIGITS) + 0.0, len(here), view)


def _rho(pairs: Sequence[PairMiss], noise: EngineNoise) -> float:
    """The correlation with which nine of ten differences lie in the interval that the rule reckons with: each pair with
    its own two rows' biases and sigmas, as ``judging.noise.joint_error`` takes them."""
    rows = [_rows_of(pair, noise) for pair in pairs]
    a, b = (np.array([row[place].sigma_down for row in rows]) for place in (0, 1))
    apart_by = np.array(
        [
            (pair.second - second.bias_down) - (pair.first - first.bias_down)
            for pair, (first, second) in zip(pairs, rows, strict=True)
        ]
    )

    def too_narrow(rho: float) -> bool:
        sigma = np.sqrt(np.maximum(a**2 + b**2 - 2 * rho * a * b, 1e-12))
        return float(np.quantile(np.abs(apart_by) / sigma, 0.9)) > Z90

    low, high = -RHO_MOST, RHO_MOST
    if too_narrow(low) or not too_narrow(high):
        return low if too_narrow(low) else high
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (low, middle) if too_narrow(middle) else (middle, high)
    return (low + high) / 2


def _rows_of(pair: PairMiss, noise: EngineNoise) -> tuple[JointNoise, JointNoise]:
    first, second = (
        noise.joint(part, pair.view, pair.side, score)
        for part, score in zip(PAIRS[pair.rule], pair.scores, strict=True)
    )
    return first, second


def misses_run(
    truths: Sequence[tuple[Truth, Path]], engine: Engine, progress: Callable[[int], object] = lambda _: None
) -> tuple[list[JointMiss], list[PairMiss], int]:
    """The errors of the readings that a rule would measure, and in how many photos the lifter was not found.

    A reading that the line refuses (another lift or moment by its looks, somebody else taken for the lifter) never
    comes to a margin, so its errors are none of the margins'. Raises ValueError for an image that is not there or not
    its truth's.
    """
    joints: list[JointMiss] = []
    pairs: list[PairMiss] = []
    lost = 0
    for place in range(0, len(truths), max(1, engine.batch)):
        some = truths[place : place + max(1, engine.batch)]
        photos = [photo_of(truth, folder) for truth, folder in some]
        shots = [shot_of(photo, key_of(one), engine) for (one, _), photo in zip(some, photos, strict=True)]
        for (truth, _), photo, shot, people in zip(some, photos, shots, engine.people(shots), strict=True):
            whole = [at_full_size(pose, photo.scale) for pose in answer_of(people)]
            lost += lifter_of(truth, whole) is None
            pose = _judged(truth, photo, answer_of(people), engine, shot.place)
            if pose is not None:
                of_joints, of_pairs = misses_of(truth, pose)
                joints += of_joints
                pairs += of_pairs
        progress(len(some))
    return joints, pairs, lost


def answer_of(people: list[Pose] | EngineError) -> list[Pose]:
    """The people of an engine's answer; nobody where it failed."""
    return [] if isinstance(people, EngineError) else people


def _judged(truth: Truth, photo: Photo, people: list[Pose], engine: Engine, hint: LifterPlace | None) -> Pose | None:
    """The pose that the rules look at, when the line takes the true lifter for the lifter and lets a rule look."""
    stated = stated_of(truth)
    if stated is None:
        return None
    book = rulebook_load(RULEBOOK)
    request = Request(b"", stated.lift, stated.phase, stated.view, book.id, camera_measured(truth))
    said = people_assess(request, photo, people, book, engine, hint)
    if said.pose is None or lifter_of(truth, [said.pose]) is None:
        return None
    return said.pose if any(finding.side is not None for finding in said.findings) else None


def at_full_size(pose: Pose, scale: float) -> Pose:
    return Pose(pose.points * (scale, scale, 1.0), pose.spread_px * scale, pose.raw_scores)
