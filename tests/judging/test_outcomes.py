from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from judging.outcomes import Finding, Outcome, Reason
from judging.pose import Joint, Pose, Side

FIGURES: dict[str, Any] = {
    "margin_cm": 1.0,
    "sigma_cm": 2.0,
    "margin_limb": 0.1,
    "sigma_limb": 0.2,
    "p_breach": 0.3,
}


@pytest.mark.parametrize("outcome", [Outcome.MEETS, Outcome.TOO_CLOSE, Outcome.BREACH])
def test_a_call_needs_its_figures(outcome: Outcome) -> None:
    Finding("r", None, outcome, **FIGURES)
    for name in FIGURES:
        with pytest.raises(ValueError, match="needs a margin"):
            Finding("r", None, outcome, **{**FIGURES, name: None})
    with pytest.raises(ValueError, match="needs a margin"):
        Finding("r", None, outcome, **{**FIGURES, "margin_cm": math.nan})
    with pytest.raises(ValueError, match="positive"):
        Finding("r", None, outcome, **{**FIGURES, "sigma_cm": -1.0})
    with pytest.raises(ValueError, match="no reason"):
        Finding("r", None, outcome, Reason.WRONG_VIEW, **FIGURES)


def test_the_interval_that_holds_nine_of_ten() -> None:
    finding = Finding("r", None, Outcome.MEETS, **FIGURES)
    assert (finding.low_cm, finding.high_cm) == (pytest.approx(1 - 1.6449 * 2), pytest.approx(1 + 1.6449 * 2))
    assert Finding("r", None, Outcome.CANNOT_JUDGE, Reason.WRONG_VIEW).low_cm is None


def test_silence_needs_its_reason() -> None:
    Finding("r", Side.LEFT, Outcome.CANNOT_JUDGE, Reason.JOINT_HIDDEN)
    with pytest.raises(ValueError, match="needs its reason"):
        Finding("r", Side.LEFT, Outcome.CANNOT_JUDGE)


@pytest.mark.parametrize(
    ("points", "spread"),
    [
        (np.zeros((17, 2)), np.zeros(17)),
        (np.zeros((17, 3)), np.zeros(16)),
        (np.full((17, 3), np.nan), np.zeros(17)),
        (np.full((17, 3), 2.0), np.zeros(17)),
        (np.zeros((17, 3)), np.full(17, -1.0)),
    ],
)
def test_a_pose_is_checked(points: np.ndarray, spread: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"pose|score"):
        Pose(points, spread)


def test_a_pose_is_its_own_copy() -> None:
    points = np.zeros((17, 3))
    pose = Pose(points)
    points[0, 0] = 5
    assert pose.xy(Joint.NOSE)[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        pose.points[0, 0] = 1


def test_the_box_of_a_pose() -> None:
    points = np.zeros((17, 3))
    points[Joint.NOSE] = (10, 20, 0.9)
    assert Pose(points).box() is None
    points[Joint.LEFT_ANKLE] = (4, 90, 0.5)
    points[Joint.RIGHT_ANKLE] = (400, 900, 0.4)
    assert Pose(points).box() == (4, 20, 10, 90)
    assert Joint.LEFT_ELBOW.label == "left elbow"
    assert Side.RIGHT.joint("knee") is Joint.RIGHT_KNEE
