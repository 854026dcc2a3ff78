"""Several readings of one photo -> people: which readings show the same person, and what they say together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from judging.pose import MIRRORED, SEEN_SCORE, FloatArray, Pose

# Distances are the median over the joints that both readings see, as a part of the larger body's diagonal.
# Over 68 lifting photos and 14 gold photos, each read eight times: right readings of one person lay within 0.052 of
# their common median, misread ones (a shin taken for an arm) beyond 0.069, two different people beyond 0.5.
AGREE = 0.055
SAME_PERSON = 0.3
# A person that one turn of the photo shows and no other does is not there. Of 98 strips cut from the lift photos beside
# the lifter, 32 gave a reading (racks, plates, tyres); asking for two that agree left 2, and every lifter found.
LEAST_READINGS = 2
# Spread of a joint's readings, as a part of the body's size, from which on it counts as not seen. On 400 rendered lifts
# (seed 9202), of an elbow in the bench press whose readings lay this far apart nine of ten errors came to 0.25 of the
# body's size, of one within 0.02 to 0.025; wrists, hips and knees alike.
UNSETTLED = 0.06
# The bones of a body, as pairs of joints.
LIMBS = (
    *((5, 7), (7, 9), (6, 8), (8, 10), (11, 13), (13, 15), (12, 14), (14, 16)),
    *((5, 6), (11, 12), (5, 11), (6, 12), (0, 5), (0, 6)),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """points: float array (17, 3): x px, y px, score 0-1."""

    points: FloatArray

    @property
    def size_px(self) -> float:
        """The diagonal of the box round all joints, px."""
        xy = self.points[:, :2]
        return float(np.hypot(*(xy.max(axis=0) - xy.min(axis=0))))

    @property
    def score(self) -> float:
        """Mean score of the 12 joints from the shoulders down; the head's five say nothing of a lift."""
        return float(self.points[5:, 2].mean())


def mirrored(reading: Reading, width: float) -> Reading:
    """The reading of a photo of this width (px) from that of its mirror image."""
    points = reading.points[list(MIRRORED)].copy()
    points[:, 0] = width - points[:, 0]
    return Reading(points)


def apart(a: Reading, b: Reading) -> float:
    """Median distance of the joints that both see, as a part of the larger body's size; infinite without any."""
    both = (a.points[:, 2] >= SEEN_SCORE) & (b.points[:, 2] >= SEEN_SCORE)
    size = max(a.size_px, b.size_px)
    if not both.any() or size == 0:
        return float("inf")
    gaps = np.hypot(*(a.points[both, :2] - b.points[both, :2]).T)
    return float(np.median(gaps)) / size


def limb_px(points: FloatArray) -> float:
    """How thick to draw the limbs of these joints (17, 3) so that the body is under them: 0.45 of its trunk, px."""
    trunk = np.hypot(*(points[5:7, :2].mean(axis=0) - points[11:13, :2].mean(axis=0)))
    return 0.45 * max(float(trunk), 0.2 * Reading(points).size_px)


def agreeing(readings: list[Reading]) -> list[Reading]:
    """The readings that lie within AGREE of one of them: of all such bundles the weightiest."""
    bundles = [[other for other in readings if apart(pivot, other) <= AGREE] for pivot in readings]
    return max(bundles, key=_weight, default=[])


def _weight(bundle: list[Reading]) -> float:
    """Squares, because a misread body has lower scores: two sure readings outweigh three unsure ones."""
    return sum(reading.score**2 for reading in bundle)


def people_merge(readings: list[Reading]) -> list[Pose]:
    """The people in the readings, those read most often first; ``[]`` when no two readings agree on anybody.

    Of one person's readings only those that agree are merged: the median of a right reading and two wrong ones
    is a body that nobody has.
    """
    groups: list[list[Reading]] = []
    for reading in readings:
        for group in groups:
            if apart(group[0], reading) <= SAME_PERSON:
                group.append(reading)
                break
        else:
            groups.append([reading])
    bundles = [agreeing(group) for group in groups]
    bundles.sort(key=_weight, reverse=True)
    return [merged(bundle) for bundle in bundles if len(bundle) >= LEAST_READINGS]


def merged(bundle: list[Reading]) -> Pose:
    """Median place, and the readings' spread (standard deviation over both axes together, px).

    The score is the mean of theirs, less the farther they lie apart: half of it at UNSETTLED. What the readings
    contradict each other on was not seen, however sure each of them was.
    """
    stack = np.stack([reading.points for reading in bundle])
    points = np.median(stack, axis=0)
    scores = stack[:, :, 2].mean(axis=0)
    spread = np.sqrt(stack[:, :, :2].var(axis=0).mean(axis=1))
    return Pose(settled(points, scores, spread), spread, scores)


def doubted(pose: Pose, other: Pose) -> Pose:
    """The pose with what another reading of the same person says against each of its joints in their spread: half the
    way to the other's place."""
    raw = pose.points[:, 2] if pose.raw_scores is None else pose.raw_scores
    spread = np.hypot(pose.spread_px, np.hypot(*(pose.points[:, :2] - other.points[:, :2]).T) / 2)
    return Pose(settled(pose.points, raw, spread), spread, raw)


def settled(points: FloatArray, scores: FloatArray, spread_px: FloatArray) -> FloatArray:
    """The points (17, 3) with their scores less the farther their readings lie apart: half of it at UNSETTLED."""
    apart_by = spread_px / max(UNSETTLED * Reading(points).size_px, 1e-9)
    counted: FloatArray = np.column_stack([points[:, :2], scores / (1 + apart_by**2)])
    return counted
