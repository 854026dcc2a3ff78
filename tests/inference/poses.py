"""Hand-built poses in units of the trunk, for the classifier and the pipeline. Everything faces the photo's left."""

import numpy as np

from judging.pose import Lift, Phase, Pose

PARTS = ("nose", "eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")

# (x, y) per part in trunks, y down; both sides alike, the right one a little behind.
STANDING = {
    "nose": (-0.15, -0.45),
    "eye": (-0.12, -0.5),
    "ear": (0.0, -0.48),
    "shoulder": (0.0, 0.0),
    "hip": (0.0, 1.0),
    "knee": (0.0, 1.82),
    "ankle": (0.0, 2.66),
}
DEEP = {
    **STANDING,
    "shoulder": (-0.2, 0.0),
    "hip": (0.25, 0.9),
    "knee": (-0.5, 0.95),
    "ankle": (-0.2, 1.75),
    "nose": (-0.4, -0.42),
    "ear": (-0.25, -0.45),
    "eye": (-0.37, -0.47),
}
BENT = {
    **STANDING,
    "shoulder": (-0.75, 0.4),
    "nose": (-1.2, 0.3),
    "ear": (-1.05, 0.2),
    "eye": (-1.17, 0.25),
    "knee": (-0.25, 1.8),
    "hip": (0.2, 0.85),
    "ankle": (0.0, 2.6),
}
LYING = {
    "nose": (0.45, -0.15),
    "eye": (0.5, -0.12),
    "ear": (0.48, 0.0),
    "shoulder": (0.0, 0.0),
    "hip": (-1.0, 0.0),
    "knee": (-1.8, -0.1),
    "ankle": (-1.9, 0.75),
}
STANDING_ARMS = {**STANDING, "elbow": (0.0, 0.62), "wrist": (0.0, 1.1)}
SQUAT_LOCKOUT = {**STANDING, "elbow": (0.2, 0.5), "wrist": (0.08, 0.05)}
SQUAT_BOTTOM = {**DEEP, "elbow": (0.1, 0.45), "wrist": (-0.08, 0.05)}
DEADLIFT_LOCKOUT = {**STANDING, "elbow": (0.0, 0.62), "wrist": (-0.02, 1.1)}
DEADLIFT_START = {**BENT, "elbow": (-0.6, 1.1), "wrist": (-0.55, 1.6), "knee": (-0.45, 1.45), "ankle": (-0.2, 1.9)}
BENCH_LOCKOUT = {**LYING, "elbow": (0.02, -0.62), "wrist": (0.0, -1.12)}
BENCH_BOTTOM = {**LYING, "elbow": (-0.1, 0.45), "wrist": (-0.12, -0.05)}
# Every lift at both its ends.
ENDS = [
    (SQUAT_LOCKOUT, Lift.SQUAT, Phase.LOCKOUT),
    (SQUAT_BOTTOM, Lift.SQUAT, Phase.BOTTOM),
    (DEADLIFT_LOCKOUT, Lift.DEADLIFT, Phase.LOCKOUT),
    (DEADLIFT_START, Lift.DEADLIFT, Phase.START),
    (BENCH_LOCKOUT, Lift.BENCH, Phase.LOCKOUT),
    (BENCH_BOTTOM, Lift.BENCH, Phase.BOTTOM),
]


BENCH_MID = {**LYING, "elbow": (-0.26, -0.34), "wrist": (-0.05, -0.85)}
DEADLIFT_MID = {
    **BENT,
    "shoulder": (-0.45, 0.1),
    "elbow": (-0.4, 0.72),
    "wrist": (-0.35, 1.25),
    "knee": (-0.2, 1.62),
    "ankle": (-0.05, 2.35),
}


def pose_of(parts: dict[str, tuple[float, float]], score: float = 0.95, far_score: float = 0.8) -> Pose:
    """A pose at 120 px a trunk; the lifter's left side is the near one."""
    points = np.zeros((17, 3))
    for index, part in enumerate(PARTS):
        x, y = parts[part]
        near, far = (300 + 120 * x, 300 + 120 * y), (303 + 120 * x, 299 + 120 * y)
        if index == 0:
            points[0] = (*near, score)
            continue
        points[2 * index - 1] = (*near, score)
        points[2 * index] = (*far, far_score)
    return Pose(points)


def mirrored(pose: Pose, width: float = 600.0) -> Pose:
    """The photo mirrored: left and right change places in the photo and in the body."""
    order = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
    points = pose.points[order].copy()
    points[:, 0] = width - points[:, 0]
    return Pose(points)
