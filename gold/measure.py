"""How well the vote tells good lifts from others: ``python -m gold.measure [--json] [--poses recorded.json]``.

Leaves one gold annotation out at a time and lets the others vote on it: every pair they call bad is a false alarm.
The other side are poses that are wrong on purpose: another lift's gold poses, and gold poses with one joint moved,
as photographed and with the lifter half as large in the photo.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from gold.library import GoldSet, gold_load
from gold.vote import PAIRS, THRESHOLD, Measure, Reading, VoteResult, vote
from judging.landmarks import Limb, body_scale
from judging.pose import JOINT_COUNT, Joint, Lift, Pose

# A joint moved this far is wrong for anybody to see: three quarters of the trunk's length, some 37 cm.
MOVED_TRUNKS: Final = 0.75
MOVES_EACH: Final = 8
SEED: Final = 2022


@dataclass(frozen=True, slots=True)
class Subject:
    """A pose to be voted on; annotation_id: the gold annotation of the same photo, to be left out of the vote."""

    lift: Lift
    annotation_id: int | None
    pose: Pose
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: how many pairs (or moved joints) were called bad, of how many that were voted on."""

    lift: str
    measure: str
    threshold: float
    good_bad: int
    good_all: int
    other_bad: int
    other_all: int
    moved_bad: int
    moved_all: int
    small_bad: int
    small_all: int

    @property
    def youden(self) -> float:
        """Share of wrong poses' pairs found less share of false alarms: 1 is perfect, 0 is chance."""
        found = (
            _share(self.other_bad, self.other_all)
            + _share(self.moved_bad, self.moved_all)
            + _share(self.small_bad, self.small_all)
        )
        return found / 3 - _share(self.good_bad, self.good_all)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def gold_subjects(lift: Lift) -> tuple[Subject, ...]:
    """The lift's gold annotations as subjects."""
    return tuple(Subject(lift, one.id, one.pose, one.width, one.height) for one in gold_load(lift).annotations)


def subjects_read(path: Path) -> tuple[Subject, ...]:
    """Subjects from a file of recorded poses.

    JSON: {"poses": [{"lift", "id" (of the gold annotation of the same photo, or null), "width", "height", "keypoints"
    (51 numbers, COCO order)}]}. Raises ValueError naming the file and the entry that is wrong.
    """
    try:
        rows = json.loads(path.read_bytes())["poses"]
    except (ValueError, KeyError, TypeError) as wrong:
        raise ValueError(f"{path.name}: no list of poses ({wrong})") from wrong
    return tuple(_subject(path.name, index, row) for index, row in enumerate(rows))


def _subject(file: str, index: int, row: Any) -> Subject:
    try:
        pose = Pose(np.array(row["keypoints"], dtype=np.float64).reshape(JOINT_COUNT, 3))
        return Subject(Lift(row["lift"]), row.get("id"), pose, int(row["width"]), int(row["height"]))
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise ValueError(f"{file}: pose {index}: {wrong}") from wrong


def measure_row(lift: Lift, measure: Measure, threshold: float, subjects: Sequence[Subject]) -> Row:
    """One line of the table for the subjects of all lifts."""
    own = [one for one in subjects if one.lift is lift]
    others = [one for one in subjects if one.lift is not lift]
    good = _count(_ask(one, lift, measure, threshold) for one in own)
    other = _count(_ask(one, lift, measure, threshold) for one in others)
    moved = _moved_count(own, measure, threshold)
    small = _moved_count([replace(one, width=2 * one.width, height=2 * one.height) for one in own], measure, threshold)
    return Row(lift, measure, threshold, *good, *other, *moved, *small)


def _ask(subject: Subject, lift: Lift, measure: Measure, threshold: float) -> VoteResult:
    return vote(
        subject.pose,
        width=subject.width,
        height=subject.height,
        gold=_set_for(subject, lift),
        measure=measure,
        threshold=threshold,
    )


def _set_for(subject: Subject, lift: Lift) -> GoldSet:
    gold = gold_load(lift)
    if subject.lift is lift and subject.annotation_id is not None:
        return gold.without(subject.annotation_id)
    return gold


def _count(results: Iterable[VoteResult]) -> tuple[int, int]:
    readings = [pair.reading for result in results for pair in result.pairs]
    return readings.count(Reading.BAD), len(readings) - readings.count(Reading.LEFT_OUT)


def _moved_count(subjects: Sequence[Subject], measure: Measure, threshold: float) -> tuple[int, int]:
    """Of the moved joints, how many are reported."""
    found = asked = 0
    for subject in subjects:
        for joint, moved in _moves(subject):
            result = _ask(moved, subject.lift, measure, threshold)
            found += joint in result.reported_joints
            asked += 1
    return found, asked


def _moves(subject: Subject) -> Iterator[tuple[Joint, Subject]]:
    """The subject with one joint of a critical pair moved, a few times for each, the same at every run."""
    scale = body_scale(subject.pose)
    if scale is None:
        return
    random = np.random.default_rng(SEED)
    joints = sorted({joint for pair in PAIRS[subject.lift] for joint in pair.joints})
    for joint in joints:
        for angle in random.uniform(0, 2 * np.pi, MOVES_EACH):
            if not subject.pose.seen(joint):
                continue
            points = np.array(subject.pose.points)
            points[joint, :2] += scale.px(MOVED_TRUNKS * Limb.TRUNK.cm) * np.array([np.cos(angle), np.sin(angle)])
            yield joint, Subject(subject.lift, subject.annotation_id, Pose(points), subject.width, subject.height)


def table(subjects: Sequence[Subject], thresholds: Sequence[float]) -> tuple[Row, ...]:
    """All lines: each measure, threshold and lift."""
    return tuple(
        measure_row(lift, measure, threshold, subjects)
        for measure in Measure
        for threshold in thresholds
        for lift in Lift
    )


def recommend(rows: Sequence[Row], threshold: float) -> Measure:
    """The measure with the higher mean of ``Row.youden`` over the lifts at one threshold."""

    def mean(measure: Measure) -> float:
        of_measure = [row.youden for row in rows if row.measure == measure and row.threshold == threshold]
        return sum(of_measure) / len(of_measure)

    return max(Measure, key=mean)


def _text(rows: Sequence[Row]) -> str:
    lines = [
        "measure threshold lift     gold called bad other lifts called bad    moved reported   same, half size youden"
    ]
    for row in rows:
        lines.append(
            f"{row.measure:<8}{row.threshold:>9.2f} {row.lift:<9}"
            f"{_cell(row.good_bad, row.good_all):>17}{_cell(row.other_bad, row.other_all):>23}"
            f"{_cell(row.moved_bad, row.moved_all):>18}{_cell(row.small_bad, row.small_all):>18}{row.youden:>7.2f}"
        )
    return "\n".join(lines)


def _cell(part: int, whole: int) -> str:
    return f"{part}/{whole} ({_share(part, whole):.0%})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table to standard output; 0, or 2 when the file of poses is wrong."""
    parser = argparse.ArgumentParser(prog="python -m gold.measure", description=__doc__)
    parser.add_argument("--json", action="store_true", help="the table as JSON")
    parser.add_argument("--poses", type=Path, help="poses an engine recorded, instead of the gold's own")
    parser.add_argument("--threshold", type=float, action="append", help="repeat for several")
    options = parser.parse_args(arguments)
    try:
        subjects = (
            subjects_read(options.poses)
            if options.poses
            else tuple(one for lift in Lift for one in gold_subjects(lift))
        )
    except (OSError, ValueError) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    thresholds = options.threshold or [0.05, THRESHOLD, 0.15, 0.20]
    rows = table(subjects, thresholds)
    best = {f"{threshold:g}": recommend(rows, threshold).value for threshold in thresholds}
    if options.json:
        sys.stdout.write(json.dumps({"rows": [asdict(row) for row in rows], "recommended": best}, indent=2) + "\n")
        return 0
    sys.stdout.write(f"{_text(rows)}\n")
    for threshold, measure in best.items():
        sys.stdout.write(f"recommended at {threshold}: {measure}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
