"""Fits the lifter's score on truth and writes lifter.toml:
``python -m inference.lifter_fit --data FOLDER --truth DIR…``.

FOLDER holds lifts/ (photos with labels.csv) and people/test_coco.json (people with hand-labelled keypoints); the gold
sets come with the project. Each DIR holds rendered photos with their truth (gold.synth), which the engine reads. None
of it is copied: only the fitted numbers are. The fit is a softmax over the people of a scene and "none of these" (a
conditional logit) with an L2 penalty, by Newton's method; a measure whose weight would come out negative is left out,
so that being less like a lifter never helps. Lifters are split by group into folds: every figure is of lifters that the
weights it was made with had never met.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gold.library import gold_load
from gold.truth import Role, Truth, truth_read
from inference.classify.geometry import ROWS
from inference.engines import engine_load
from inference.engines.base import Engine
from inference.engines.readings import Reading, apart
from inference.finder import finder_load
from inference.images import Limits, photo_decode
from inference.lifter import FEATURES, FITTED, LEAST_JOINTS_SEEN, features, hints, joints_seen
from inference.lifter_scenes import Scene, Source, scene_draw
from inference.pipeline import shot_of
from judging.pose import FloatArray, Joint, Lift, Phase, Pose

SEED: Final = 20260322
SCENES_PER_LIFTER: Final = 240
FOLDS: Final = 6
# Gaussian prior on the weights: standard deviation 4.
L2: Final = 1 / 16
# A rendered photo counts as so many built scenes: there are fewer of them, but the engine read every one.
RENDERED_WEIGHT: Final = 10.0
# A reading is the lifter's when the median distance of its joints from the true ones is at most this part of his size.
ON_LIFTER: Final = 0.25
# Photos of spotters alone are a fifth of the rendered ones and far rarer at a meet, where only attempts are
# photographed: the log-odds by which somebody alone is likelier the lifter than among the photos of the fit.
ALONE_LOG_ODDS: Final = 2.0
# Of the photos on which a lifter is called, at most this part may be wrong; margins are tried in this step.
WRONG_MOST: Final = 0.02
MARGIN_STEP: Final = 0.01


@dataclass(frozen=True, slots=True)
class Problem:
    """measures: (people + 1, len(FEATURES) + 2), the last row "none of these", whose worths the last two columns are:
    of several people, and of one alone. truth: the row of the lifter. known: (people + 1,), what the finder adds, which
    is not fitted. weight: how many scenes it stands for.
    """

    group: str
    measures: FloatArray
    truth: int
    known: FloatArray
    weight: float = 1.0
    rendered: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """One scene's answer: its margin over the second, and whether the first is the lifter."""

    group: str
    margin: float
    right: bool
    lifter_there: bool
    weight: float = 1.0
    rendered: bool = False
    alone: bool = False


def problem_of(scene: Scene, weight: float = 1.0, *, rendered: bool = False) -> Problem:
    """The scene in numbers."""
    rows = features(scene.people, scene.width, scene.height, scene.lift, scene.phase, scene.region)
    count = len(scene.people)
    measures = np.zeros((count + 1, len(FEATURES) + 2))
    measures[:count, :-2] = rows
    measures[count, -1 if count == 1 else -2] = 1.0
    truth = count if scene.truth is None else scene.truth
    return Problem(scene.group, measures, truth, hints(scene.people, scene.place), weight, rendered)


def fit(problems: Sequence[Problem], l2: float = L2) -> FloatArray:
    """The weights, and last both worths of "none of these", float array (len(FEATURES) + 2,)."""
    used = np.ones(len(FEATURES) + 2, dtype=bool)
    while True:
        weights = _newton(problems, used, l2)
        if not (weights[:-2] < 0).any():
            weights[-1] -= ALONE_LOG_ODDS
            return weights
        used[int(weights[:-2].argmin())] = False


def _newton(problems: Sequence[Problem], used: npt.NDArray[np.bool_], l2: float) -> FloatArray:
    rows = np.concatenate([problem.measures[:, used] for problem in problems])
    counts = [len(problem.measures) for problem in problems]
    starts = np.cumsum([0, *counts[:-1]])
    truths = starts + [problem.truth for problem in problems]
    known = np.concatenate([problem.known for problem in problems])
    heavy = np.array([problem.weight for problem in problems])[:, None]
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        worths = rows @ weights + known
        powers = np.exp(worths - np.repeat(np.maximum.reduceat(worths, starts), counts))
        weighed = rows * (powers / np.repeat(np.add.reduceat(powers, starts), counts))[:, None]
        means = np.add.reduceat(weighed, starts)
        slope = (heavy * (rows[truths] - means)).sum(axis=0) - l2 * weights
        bend = weighed.T @ (rows * np.repeat(heavy, counts, axis=0)) - means.T @ (heavy * means)
        bend += l2 * np.eye(len(weights))
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
    """What lifter_choose would say of the scene: "none of these" first is a margin of 0."""
    shares = _shares(problem.measures @ weights + problem.known)
    none = len(shares) - 1
    first = int(shares[:-1].argmax())
    margin = float(shares[first] - np.delete(shares, first).max())
    there = problem.truth != none
    right = first == problem.truth
    return Called(problem.group, max(0.0, margin), right, there, problem.weight, problem.rendered, none == 1)


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
        if called and _weight(answer for answer in called if not answer.right) > wrong_most * _weight(called):
            break
        best = float(margin)
    return round(max(best, MARGIN_STEP), 2)


def _weight(answers: Iterable[Called]) -> float:
    return sum(answer.weight for answer in answers)


def figures(answers: Sequence[Called], margin: float) -> dict[str, float]:
    """Shares: of all scenes with a lifter called right, asked, called wrong; wrong of all that are called."""
    there = [answer for answer in answers if answer.lifter_there]
    gone = [answer for answer in answers if not answer.lifter_there]
    called = [answer for answer in answers if answer.margin >= margin]
    sure = [answer for answer in there if answer.margin >= margin]
    all_there = max(_weight(there), 1e-9)
    return {
        "scenes": len(answers),
        "right": _weight(answer for answer in sure if answer.right) / all_there,
        "asked": 1 - _weight(sure) / all_there,
        "wrong": _weight(answer for answer in sure if not answer.right) / all_there,
        "first_right": _weight(answer for answer in there if answer.right) / all_there,
        "no_lifter_asked": _weight(answer for answer in gone if answer.margin < margin) / max(_weight(gone), 1e-9),
        "wrong_of_called": _weight(answer for answer in called if not answer.right) / max(_weight(called), 1e-9),
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


class Readings:
    """The people that MediaPipe sees in a photo, each photo read once. kept: a file that keeps them between runs."""

    def __init__(self, kept: Path | None) -> None:
        self._kept = kept
        self._engine: Engine | None = None
        self._people: dict[str, list[Any]] = json.loads(kept.read_text()) if kept and kept.is_file() else {}

    def people(self, photo: Path) -> list[Pose]:
        data = photo.read_bytes()
        key = hashlib.sha256(data).hexdigest()
        if key not in self._people:
            self._engine = self._engine or engine_load("mediapipe")
            (people,) = self._engine.people([shot_of(photo_decode(data, Limits()), key, self._engine)])
            if not isinstance(people, list):
                raise people
            self._people[key] = [person.points.tolist() for person in people]
        return [Pose(np.array(points)) for points in self._people[key]]

    def keep(self) -> None:
        if self._kept:
            self._kept.write_text(json.dumps(self._people))


def sources_read(data: Path, readings: Readings) -> list[Source]:
    """The lifters: the lift photos as MediaPipe reads them, and the gold sets."""
    sources = []
    with (data / "lifts" / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["lift"] in set(Lift)]
    for row in rows:
        group, phase = row["file"].rsplit("_", 1)[0], Phase(row["phase"])
        for pose in readings.people(data / "lifts" / "photos" / row["file"])[:1]:
            sources.append(Source(group, Lift(row["lift"]), pose, phase))
    for lift in Lift:
        sources += [Source(f"gold {lift} {one.id}", lift, one.pose) for one in gold_load(lift).annotations]
    return sources


def rendered_read(folder: Path, readings: Readings) -> list[Problem]:
    """The folder's photos as MediaPipe reads them, each with what may be stated of it: the truth, with the moment and
    without; where there is no lifter, each lift's two moments. A photo in which nobody is seen is no problem.
    """
    problems = []
    for truth in truth_read(folder):
        people = [one for one in readings.people(folder / truth.image) if joints_seen(one) >= LEAST_JOINTS_SEEN]
        if not people:
            continue
        place = finder_load().look(photo_decode((folder / truth.image).read_bytes(), Limits()).rgb)
        moments = [(lift, phase) for (lift, phase) in ROWS if phase is not Phase.MID]
        stated = [(truth.lift, truth.phase), (truth.lift, None)] if truth.lifter else moments
        lifter = lifter_place(people, truth)
        for lift, phase in stated:
            scene = Scene(
                f"rendered {truth.seed} {truth.index}",
                tuple(people),
                lifter,
                truth.width,
                truth.height,
                lift,
                phase,
                None,
                place,
            )
            problems.append(problem_of(scene, RENDERED_WEIGHT / len(stated), rendered=True))
    return problems


def lifter_place(people: Sequence[Pose], truth: Truth) -> int | None:
    """Which of the people that were seen is the lifter: he who lies on the lifter's true joints and on nobody's more
    closely; None when nobody does."""
    best: tuple[float, int] | None = None
    for place, pose in enumerate(people if truth.people else ()):
        gaps = [
            (apart(Reading(pose.points), Reading(np.column_stack([one.joints_px, np.ones(len(Joint))]))), one.role)
            for one in truth.people
        ]
        gap, role = min(gaps)
        if role is Role.LIFTER and gap <= ON_LIFTER and (best is None or gap < best[0]):
            best = (gap, place)
    return best[1] if best else None


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
    """So many scenes round each lifter, of which those with anybody in them are a problem."""
    rng = np.random.default_rng(seed)
    scenes = [scene_draw(source, labelled, rng) for source in sources for _ in range(each)]
    return [problem_of(scene) for scene in scenes if scene.people]


def written(weights: FloatArray, margin: float, notes: Sequence[str]) -> str:
    """lifter.toml. notes: how it was fitted and what came of it."""
    lines = [
        "# How much each measure of inference/lifter.py counts. Written by python -m inference.lifter_fit.",
        *[f"# {note}" for note in notes],
        f"margin = {margin:.2f}",
        f"none_worth = {weights[-2]:.3f}",
        f"alone_none_worth = {weights[-1]:.3f}",
        "",
        "[weights]",
        *[f"{name} = {weight:.3f}" for name, weight in zip(FEATURES, weights, strict=False)],
    ]
    return "\n".join(lines) + "\n"


def notes_of(answers: Sequence[Called], margin: float) -> list[str]:
    """The figures in words, of scenes built round real lifters and of rendered photos, of several people and of one."""
    notes = ["Lifters never met by the weights used on them; shares of the scenes whose lifter was seen:"]
    for name, rendered, alone in (
        ("built, several people", False, False),
        ("built, one alone", False, True),
        ("rendered, several people", True, False),
        ("rendered, one alone", True, True),
    ):
        some = [answer for answer in answers if (answer.rendered, answer.alone) == (rendered, alone)]
        if some:
            of = figures(some, margin)
            notes.append(
                f"  {name} ({len(some)}): called right {of['right']:.3f}, asked {of['asked']:.3f}, called wrong"
                f" {of['wrong']:.3f}; where he was not seen, asked {of['no_lifter_asked']:.3f}."
            )
    of, deep = figures(_crowded(answers), margin), nested(_crowded(answers))
    return [
        *notes,
        f"Wrong of all called, built, several people: {of['wrong_of_called']:.3f}; with the margin, too,",
        f"chosen on other lifters: {deep['wrong_of_called']:.3f}.",
    ]


def _crowded(answers: Sequence[Called]) -> list[Called]:
    """The built scenes of several people, which the margin is chosen on."""
    return [answer for answer in answers if not answer.alone and not answer.rendered]


def main() -> None:
    parser = argparse.ArgumentParser(description="Fits the lifter's score on truth and writes lifter.toml.")
    parser.add_argument("--data", type=Path, required=True, help="folder with lifts/ and people/")
    parser.add_argument("--truth", type=Path, nargs="*", default=[], help="folders that gold.synth wrote")
    parser.add_argument("--poses", type=Path, help="file that keeps the engine's readings between runs")
    parser.add_argument("--out", type=Path, default=FITTED)
    options = parser.parse_args()
    readings = Readings(options.poses)
    sources = sources_read(options.data, readings)
    labelled = labelled_read(options.data / "people" / "test_coco.json")
    rendered = [problem for folder in options.truth for problem in rendered_read(folder, readings)]
    readings.keep()
    built = problems_build(sources, labelled, SCENES_PER_LIFTER)
    answers = held_out([*built, *rendered])
    margin = margin_least(_crowded(answers))
    weights = fit([*built, *rendered])
    groups = len({source.group for source in sources})
    photos = len({problem.group for problem in rendered})
    seeds = sorted({truth.seed for folder in options.truth for truth in truth_read(folder)})
    notes = [
        f"{len(built)} scenes round {len(sources)} poses of {groups} lifters (lift photos, gold sets), with",
        f"{len(labelled)} labelled bystanders and built ones, seed {SEED}; {photos} rendered photos of the generator's",
        f"seeds {', '.join(map(str, seeds))}, read by MediaPipe.",
        *notes_of(answers, margin),
    ]
    text = written(weights, margin, notes)
    options.out.write_text(text, encoding="utf-8")
    sys.stdout.write(text + "\nmargin  asked  wrong of called\n")
    for at in np.arange(0, 1, 0.1):
        line = figures(answers, float(at))
        sys.stdout.write(f"{at:6.1f}  {line['asked']:.3f}  {line['wrong_of_called']:.4f}\n")


if __name__ == "__main__":
    main()
