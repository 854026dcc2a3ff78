"""Fits the lifter's score on truth and writes lifter.toml: ``python -m inference.lifter_fit --data FOLDER``.

FOLDER holds lifts/ (photos with labels.csv) and people/test_coco.json (people with hand-labelled keypoints); the gold
sets come with the project. None of it is copied: only the fitted numbers are. The fit is a softmax over the people of
a scene and "none of these" (a conditional logit) with an L2 penalty, by Newton's method; a measure whose weight would
come out negative is left out, so that being less like a lifter never helps. Lifters are split by group into folds:
every figure is of lifters that the weights it was made with had never met.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from gold.library import gold_load
from inference.engines import engine_load
from inference.engines.base import Shot
from inference.images import Limits, photo_decode
from inference.lifter import FEATURES, FITTED, features
from inference.lifter_scenes import Scene, Source, scene_draw
from judging.pose import FloatArray, Lift, Pose

SEED: Final = 20260322
SCENES_PER_LIFTER: Final = 240
FOLDS: Final = 6
# Gaussian prior on the weights: standard deviation 4.
L2: Final = 1 / 16
# Of the photos on which a lifter is called, at most this part may be wrong; margins are tried in this step.
WRONG_MOST: Final = 0.02
MARGIN_STEP: Final = 0.01


@dataclass(frozen=True, slots=True)
class Problem:
    """measures: (people + 1, len(FEATURES) + 1), the last row "none of these". truth: the row of the lifter."""

    group: str
    measures: FloatArray
    truth: int


@dataclass(frozen=True, slots=True)
class Called:
    """One scene's answer: its margin over the second, and whether the first is the lifter."""

    group: str
    margin: float
    right: bool
    lifter_there: bool


def problem_of(scene: Scene) -> Problem:
    """The scene in numbers; its last column is the worth of none."""
    rows = features(scene.people, scene.width, scene.height, scene.lift, scene.region)
    count = len(scene.people)
    measures = np.zeros((count + 1, len(FEATURES) + 1))
    measures[:count, :-1] = rows
    measures[count, -1] = 1.0
    return Problem(scene.group, measures, count if scene.truth is None else scene.truth)


def fit(problems: Sequence[Problem], l2: float = L2) -> FloatArray:
    """The weights, and last the worth of "none of these", float array (len(FEATURES) + 1,)."""
    used = np.ones(len(FEATURES) + 1, dtype=bool)
    while True:
        weights = _newton(problems, used, l2)
        negative = weights[:-1] < 0
        if not negative.any():
            return weights
        used[int(weights[:-1].argmin())] = False


def _newton(problems: Sequence[Problem], used: npt.NDArray[np.bool_], l2: float) -> FloatArray:
    rows = np.concatenate([problem.measures[:, used] for problem in problems])
    counts = [len(problem.measures) for problem in problems]
    starts = np.cumsum([0, *counts[:-1]])
    truths = starts + [problem.truth for problem in problems]
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        worths = rows @ weights
        powers = np.exp(worths - np.repeat(np.maximum.reduceat(worths, starts), counts))
        weighed = rows * (powers / np.repeat(np.add.reduceat(powers, starts), counts))[:, None]
        means = np.add.reduceat(weighed, starts)
        slope = (rows[truths] - means).sum(axis=0) - l2 * weights
        bend = weighed.T @ rows - means.T @ means + l2 * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        weights = weights + step * min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    whole = np.zeros(len(used))
    whole[used] = weights
    return whole


def _shares(worths: FloatArray) -> FloatArray:
    powers = np.exp(worths - worths.max())
    shares: FloatArray = powers / powers.sum()
    return shares


def call(problem: Problem, weights: FloatArray) -> Called:
    """What lifter_choose would say of a scene with several people: "none of these" first is a margin of 0."""
    shares = _shares(problem.measures @ weights)
    none = len(shares) - 1
    first = int(shares[:-1].argmax())
    margin = float(shares[first] - np.delete(shares, first).max())
    return Called(problem.group, max(0.0, margin), first == problem.truth, problem.truth != none)


def folds_of(groups: Sequence[str], count: int = FOLDS) -> dict[str, int]:
    """Which fold each group is in: in turn, by name."""
    return {group: place % count for place, group in enumerate(sorted(set(groups)))}


def held_out(problems: Sequence[Problem]) -> list[Called]:
    """Every scene called by weights that never met its lifter."""
    fold_of = folds_of([problem.group for problem in problems])
    answers = []
    for fold in range(FOLDS):
        weights = fit([problem for problem in problems if fold_of[problem.group] != fold])
        answers += [call(problem, weights) for problem in problems if fold_of[problem.group] == fold]
    return answers


def margin_least(answers: Sequence[Called], wrong_most: float = WRONG_MOST) -> float:
    """The least margin from which on at most this part of the called are wrong, here and at every margin above."""
    best = 1.0
    for margin in np.arange(1.0, -MARGIN_STEP / 2, -MARGIN_STEP):
        called = [answer for answer in answers if answer.margin >= margin]
        if called and sum(not answer.right for answer in called) > wrong_most * len(called):
            break
        best = float(margin)
    return round(max(best, MARGIN_STEP), 2)


def figures(answers: Sequence[Called], margin: float) -> dict[str, float]:
    """Shares: of all scenes with a lifter called right, asked, called wrong; wrong of all that are called."""
    there = [answer for answer in answers if answer.lifter_there]
    gone = [answer for answer in answers if not answer.lifter_there]
    called = [answer for answer in answers if answer.margin >= margin]
    sure = [answer for answer in there if answer.margin >= margin]
    return {
        "scenes": len(answers),
        "right": sum(answer.right for answer in sure) / len(there),
        "asked": 1 - len(sure) / len(there),
        "wrong": sum(not answer.right for answer in sure) / len(there),
        "first_right": sum(answer.right for answer in there) / len(there),
        "no_lifter_asked": sum(answer.margin < margin for answer in gone) / max(1, len(gone)),
        "wrong_of_called": sum(not answer.right for answer in called) / max(1, len(called)),
    }


def nested(answers: Sequence[Called]) -> dict[str, float]:
    """The same figures where each fold's margin was chosen on the other folds."""
    fold_of = folds_of([answer.group for answer in answers])
    moved = []
    for fold in range(FOLDS):
        margin = margin_least([answer for answer in answers if fold_of[answer.group] != fold])
        for answer in answers:
            if fold_of[answer.group] == fold:
                moved.append(replace(answer, margin=1.0 if answer.margin >= margin else 0.0))
    return figures(moved, 0.5)


def sources_read(data: Path, poses: Path | None) -> list[Source]:
    """The lifters: the lift photos as MediaPipe reads them, and the gold sets. poses: where those readings are kept."""
    kept = json.loads(poses.read_text()) if poses and poses.is_file() else {}
    engine = None
    sources = []
    with (data / "lifts" / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["lift"] in set(Lift)]
    for row in rows:
        name = row["file"]
        if name not in kept:
            engine = engine or engine_load("mediapipe")
            rgb = photo_decode((data / "lifts" / "photos" / name).read_bytes(), Limits()).rgb
            (people,) = engine.people([Shot(rgb, "")])
            if not isinstance(people, list):
                raise people
            kept[name] = [person.points.tolist() for person in people[:1]]
        group = name.rsplit("_", 1)[0]
        sources += [Source(group, Lift(row["lift"]), Pose(np.array(points))) for points in kept[name]]
    if poses:
        poses.write_text(json.dumps(kept))
    for lift in Lift:
        sources += [Source(f"gold {lift} {one.id}", lift, one.pose) for one in gold_load(lift).annotations]
    return sources


def labelled_read(path: Path) -> list[Pose]:
    """People with hand-labelled COCO keypoints; a joint that is not labelled lies in the body's middle, unseen."""
    poses = []
    for row in json.loads(path.read_text())["annotations"]:
        points = np.array(row["keypoints"], dtype=np.float64).reshape(17, 3)
        known = points[:, 2] > 0
        if known.sum() < 12:
            continue
        points[:, 2] = np.array([0.0, 0.7, 0.95])[points[:, 2].astype(int)]
        points[~known, :2] = points[known, :2].mean(axis=0)
        poses.append(Pose(points))
    return poses


def problems_build(sources: Sequence[Source], labelled: Sequence[Pose], each: int, seed: int = SEED) -> list[Problem]:
    """So many scenes round each lifter, of which those with two people or more are a problem."""
    rng = np.random.default_rng(seed)
    scenes = [scene_draw(source, labelled, rng) for source in sources for _ in range(each)]
    return [problem_of(scene) for scene in scenes if len(scene.people) >= 2]


def written(weights: FloatArray, margin: float, of: dict[str, float], deep: dict[str, float], head: str) -> str:
    """lifter.toml."""
    lines = [
        "# How much each measure of inference/lifter.py counts. Written by python -m inference.lifter_fit.",
        f"# {head}",
        "# Lifters never met by the weights used on them. Shares of the scenes with a lifter in them:",
        f"#   called right {of['right']:.3f}, asked {of['asked']:.3f}, called wrong {of['wrong']:.3f};"
        f" the first is the lifter {of['first_right']:.3f}.",
        f"# Scenes whose lifter is not among the people: asked {of['no_lifter_asked']:.3f}."
        f" Wrong of all called: {of['wrong_of_called']:.3f}.",
        f"# With the margin, too, chosen on other lifters: right {deep['right']:.3f}, asked {deep['asked']:.3f},"
        f" wrong {deep['wrong']:.3f}, wrong of all called {deep['wrong_of_called']:.3f}.",
        f"margin = {margin:.2f}",
        f"none_worth = {weights[-1]:.3f}",
        "",
        "[weights]",
        *[f"{name} = {weight:.3f}" for name, weight in zip(FEATURES, weights, strict=False)],
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="folder with lifts/ and people/")
    parser.add_argument("--poses", type=Path, help="file that keeps the engine's readings between runs")
    parser.add_argument("--out", type=Path, default=FITTED)
    options = parser.parse_args()
    sources = sources_read(options.data, options.poses)
    labelled = labelled_read(options.data / "people" / "test_coco.json")
    problems = problems_build(sources, labelled, SCENES_PER_LIFTER)
    answers = held_out(problems)
    margin = margin_least(answers)
    weights = fit(problems)
    groups = len({source.group for source in sources})
    head = (
        f"{len(problems)} scenes of two people or more round {len(sources)} poses of {groups} lifters (lift photos,"
        f" gold sets); {len(labelled)} labelled bystanders and built ones; seed {SEED}."
    )
    text = written(weights, margin, figures(answers, margin), nested(answers), head)
    options.out.write_text(text, encoding="utf-8")
    sys.stdout.write(text + "\nmargin  asked  wrong of called\n")
    for at in np.arange(0, 1, 0.1):
        line = figures(answers, float(at))
        sys.stdout.write(f"{at:6.1f}  {line['asked']:.3f}  {line['wrong_of_called']:.4f}\n")


if __name__ == "__main__":
    main()
