"""Which lift, phase and view: a first reading from the pose's geometry alone.

Every lift at every moment is a row of ranges; a pose's distance outside a row's ranges, in units of each range's
softness, is how unlike that row it is. The ranges follow from how the lifts are done (hands at the shoulders, hands
hanging, trunk lying) and their edges were set by eye; they are not fitted. A trained classifier replaces this.

What it cannot tell: other exercises held with the same body. An upright row's start has a deadlift's lockout, a
pull-up's end a squat's; both need the bar, which no joint shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from inference.classify.shape import Shape, shape_of
from inference.classify.sighting import Sighting, nothing_told
from judging.pose import SEEN_SCORE, FloatArray, Joint, Lift, Phase, PhaseSeen, Pose, Side, View, ViewSeen

# A pose with fewer joints seen is not classified at all.
LEAST_JOINTS_SEEN: Final = 6
# Unlikeness at which a pose is as likely none of the three lifts: 2.6 softnesses outside one range. A pose inside
# all ranges of one row gets p = 0.97.
OTHER_COST: Final = 3.5
# A stated lift is believed against another one until that one is this much likelier by its shape; against "none of
# the three" it has no more weight than an unstated one.
STATED_AGAINST_OTHERS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Range:
    """``measure`` lies between low and high; ``soft`` is the distance outside that counts as one unit."""

    measure: str
    low: float
    high: float
    soft: float

    def cost(self, shape: Shape) -> float:
        value: float = getattr(shape, self.measure)
        outside = max(self.low - value, value - self.high, 0.0)
        # Arms that nobody sees speak for no lift and against none.
        weight = shape.arms_seen if self.measure in _OF_ARMS else 1.0
        return weight * 0.5 * (outside / self.soft) ** 2


_INF = math.inf
_OF_ARMS: Final = frozenset(
    {"elbow_deg", "wrist_over_shoulder", "wrist_over_elbow", "wrist_over_hip", "wrist_over_ankle"}
)
_SQUAT = (
    Range("trunk_deg", 0, 50, 8),
    Range("wrist_over_shoulder", -0.22, 0.22, 0.10),
    Range("elbow_deg", 10, 115, 12),
)
_BENCH = (
    Range("trunk_deg", 58, 120, 8),
    Range("wrist_over_shoulder", -0.05, _INF, 0.10),
    # The bar is held up: a photo that hangs upside down shows the hands under the elbows.
    Range("wrist_over_elbow", 0.10, _INF, 0.08),
)
_DEADLIFT = (
    Range("wrist_over_shoulder", -_INF, -0.80, 0.10),
    Range("elbow_deg", 150, 180, 10),
    Range("hip_over_knee", 0.15, _INF, 0.10),
)
ROWS: Final[dict[tuple[Lift, Phase], tuple[Range, ...]]] = {
    (Lift.SQUAT, Phase.BOTTOM): (*_SQUAT, Range("hip_over_knee", -_INF, 0.30, 0.08), Range("knee_deg", 0, 116, 10)),
    (Lift.SQUAT, Phase.MID): (
        *_SQUAT,
        Range("hip_over_knee", 0.32, 0.55, 0.06),
        Range("knee_deg", 105, 145, 8),
    ),
    (Lift.SQUAT, Phase.LOCKOUT): (*_SQUAT, Range("hip_over_knee", 0.58, _INF, 0.06), Range("knee_deg", 152, 180, 10)),
    (Lift.BENCH, Phase.BOTTOM): (*_BENCH, Range("elbow_deg", 0, 118, 14), Range("wrist_over_shoulder", -1, 0.66, 0.08)),
    (Lift.BENCH, Phase.MID): (
        *_BENCH,
        Range("elbow_deg", 112, 142, 7),
        Range("wrist_over_shoulder", 0.45, 0.85, 0.08),
    ),
    # Stricter than the others' edges: a press stopped with its elbows high is not to be taken for one at its end.
    (Lift.BENCH, Phase.LOCKOUT): (*_BENCH, Range("elbow_deg", 150, 180, 7)),
    (Lift.DEADLIFT, Phase.START): (
        *_DEADLIFT,
        Range("wrist_over_ankle", -_INF, 0.42, 0.07),
        Range("hip_deg", 0, 140, 8),
    ),
    (Lift.DEADLIFT, Phase.MID): (
        *_DEADLIFT,
        Range("wrist_over_ankle", 0.50, 1.25, 0.07),
        Range("hip_deg", 80, 152, 8),
        Range("trunk_deg", 0, 85, 10),
    ),
    (Lift.DEADLIFT, Phase.LOCKOUT): (
        *_DEADLIFT,
        Range("trunk_deg", 0, 22, 7),
        Range("hip_deg", 158, 180, 8),
        Range("knee_deg", 150, 180, 12),
        Range("wrist_over_hip", -0.22, 0.30, 0.10),
    ),
}

# Front-on the shoulder joints lie about this many trunks apart: 0.23 of stature (biacromial 0.259 less the
# deltoids) against 0.288 for the trunk (Drillis & Contini 1966, tabled by Winter, fig. 4.1).
SHOULDERS_FRONT_ON: Final = 0.72
# At this angle off the side a camera is as much front as side; and how fast the one turns into the other.
SIDE_TO_FRONT_DEG: Final = 45.0
SIDE_TO_FRONT_SOFT_DEG: Final = 7.0


def classify(pose: Pose, lift: Lift | None = None) -> Sighting:
    """The lift, phase and view of a pose; with ``lift`` stated, the phase among that lift's alone."""
    shape = shape_of(pose)
    if shape is None or int((pose.points[:, 2] >= SEEN_SCORE).sum()) < LEAST_JOINTS_SEEN:
        return nothing_told("Too few joints of the lifter are seen to tell the lift.")
    likelihood = {row: math.exp(-sum(item.cost(shape) for item in ranges)) for row, ranges in ROWS.items()}
    other = math.exp(-OTHER_COST)
    by_lift = {each: sum(p for (of, _), p in likelihood.items() if of is each) for each in Lift}
    if lift is not None:
        by_lift = {each: p if each is lift else p / STATED_AGAINST_OTHERS for each, p in by_lift.items()}
    total = sum(by_lift.values()) + other
    best = max(Lift, key=lambda each: by_lift[each])
    seen, seen_p = (best, by_lift[best] / total) if by_lift[best] > other else (None, other / total)
    p_of = {each: p / total for each, p in by_lift.items()}
    phase_p_of = _phases(likelihood, lift or best)
    phase = max(phase_p_of, key=lambda each: phase_p_of[each], default=None)
    phase_seen = PhaseSeen(phase, phase_p_of[phase] if phase else 0.0)
    return Sighting(seen, seen_p, p_of, phase_seen, phase_p_of, _view(pose, shape, lift or best))


def _phases(likelihood: dict[tuple[Lift, Phase], float], lift: Lift) -> dict[Phase, float]:
    """The probability of each phase of this lift; empty far from every row, where none is more likely than another."""
    rows = {phase: p for (of, phase), p in likelihood.items() if of is lift}
    total = sum(rows.values())
    if max(rows.values()) < math.exp(-5 * OTHER_COST):
        return {}
    return {phase: p / total for phase, p in rows.items()}


def _view(pose: Pose, shape: Shape, lift: Lift) -> ViewSeen:
    """Side or end on from the seen width of the shoulders; which side, and which end, from the order of the joints."""
    off_side = _off_side_deg(shape)
    p_side = 1.0 / (1.0 + math.exp((off_side - SIDE_TO_FRONT_DEG) / SIDE_TO_FRONT_SOFT_DEG))
    p_left = _p_left(pose, lift)
    # Seen from the front the lifter's left is on the photo's right, both standing and lying with the feet nearer.
    front = pose.xy(Joint.LEFT_SHOULDER)[0] >= pose.xy(Joint.RIGHT_SHOULDER)[0]
    shares = {
        View.LEFT: p_side * p_left,
        View.RIGHT: p_side * (1 - p_left),
        View.FRONT: (1 - p_side) * (0.97 if front else 0.03),
        View.REAR: (1 - p_side) * (0.03 if front else 0.97),
    }
    best = max(shares, key=lambda view: shares[view])
    return ViewSeen(best, shares[best], off_side)


def off_side_deg(pose: Pose) -> float | None:
    """How far the camera stands off the pure side, deg, by the seen width of the shoulders; None where the shoulders
    and hips fall on one point."""
    shape = shape_of(pose)
    return None if shape is None else _off_side_deg(shape)


def _off_side_deg(shape: Shape) -> float:
    return math.degrees(math.asin(min(1.0, shape.shoulder_width / SHOULDERS_FRONT_ON)))


def _p_left(pose: Pose, lift: Lift) -> float:
    """The probability that the camera looks at the lifter's left side.

    Two hints: the joints of the near side have the better scores; and where the lifter faces. Who faces the photo's
    left shows the left side; so does who lies face up with the head to the photo's right.
    """
    left = sum(pose.score(Side.LEFT.joint(part)) for part in ("elbow", "wrist", "hip", "knee", "ankle"))
    right = sum(pose.score(Side.RIGHT.joint(part)) for part in ("elbow", "wrist", "hip", "knee", "ankle"))
    ears = pose.score(Joint.LEFT_EAR) - pose.score(Joint.RIGHT_EAR)
    logit = 2.0 * (left - right) + 2.0 * ears
    if lift is Lift.BENCH:
        trunk = _mid(pose, "shoulder") - _mid(pose, "hip")
        logit += 4.0 * float(trunk[0]) / (float(np.hypot(*trunk)) + 1e-6)
    elif pose.seen(Joint.NOSE):
        behind = (pose.xy(Joint.LEFT_EAR) + pose.xy(Joint.RIGHT_EAR)) / 2
        head = float(np.hypot(*(_mid(pose, "shoulder") - behind))) + 1e-6
        logit += 4.0 * float(behind[0] - pose.xy(Joint.NOSE)[0]) / head
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


def _mid(pose: Pose, part: str) -> FloatArray:
    return (pose.xy(Side.LEFT.joint(part)) + pose.xy(Side.RIGHT.joint(part))) / 2
