"""The line end to end with recorded poses: what is judged, and what must stay silent."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.assessment import Assessment, FlagKind
from inference.engines.base import EngineOptions
from inference.errors import EngineError, ImageError
from inference.pipeline import Pipeline
from inference.report import report
from judging.outcomes import Outcome, Reason
from judging.pose import Lift, Phase, Pose, View
from tests.inference import poses

BOOK = "ipf-2026-v3"


def photo(width: int = 600, height: int = 700) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (90, 90, 90)).save(out, "PNG")
    return out.getvalue()


def assess(tmp_path: Path, people: list[Pose], **stated: object) -> Assessment:
    """One photo of 600 x 700 px in which the recorded engine sees these people."""
    data = photo()
    size = np.array([600, 700, 1.0])
    recording = {hashlib.sha256(data).hexdigest(): [(person.points / size).tolist() for person in people]}
    path = tmp_path / "poses.json"
    path.write_text(json.dumps(recording))
    known = {"lift": None, "phase": None, "view": None, **stated}
    return Pipeline("recorded", options=EngineOptions(recorded_poses=path)).assess(data, rulebook=BOOK, **known)


def outcomes(assessment: Assessment) -> set[tuple[str, Outcome, Reason | None]]:
    return {(finding.rule, finding.outcome, finding.reason) for finding in assessment.findings}


def raised(parts: dict) -> dict:
    """A squat stopped far too high: hips a third of a trunk above the knees."""
    return {**parts, "hip": (0.25, 0.55), "knee": (-0.5, 0.95)}


def test_nobody_found_can_only_be_silence(tmp_path: Path) -> None:
    seen = assess(tmp_path, [], lift=Lift.SQUAT, phase=Phase.BOTTOM, view=View.LEFT)
    assert outcomes(seen) == {
        ("squat_depth", Outcome.CANNOT_JUDGE, Reason.NO_LIFTER),
        ("knees_locked", Outcome.CANNOT_JUDGE, Reason.NO_LIFTER),
    }
    assert (seen.pose, seen.votes, seen.flag) == (None, None, FlagKind.NONE)


def test_a_deep_squat_said_to_be_the_lowest_moment_meets(tmp_path: Path) -> None:
    deep = {**poses.SQUAT_BOTTOM, "hip": (0.25, 1.45), "knee": (-0.5, 0.85)}
    seen = assess(tmp_path, [poses.pose_of(deep)], lift=Lift.SQUAT, phase=Phase.BOTTOM, view=View.LEFT)
    assert ("squat_depth", Outcome.MEETS, None) in outcomes(seen)
    assert seen.flag is FlagKind.NONE
    assert seen.votes is not None


def test_a_high_squat_said_to_be_the_lowest_moment_is_flagged(tmp_path: Path) -> None:
    high = poses.pose_of(raised(poses.SQUAT_BOTTOM))
    seen = assess(tmp_path, [high], lift=Lift.SQUAT, phase=Phase.BOTTOM, view=View.LEFT)
    assert ("squat_depth", Outcome.BREACH, None) in outcomes(seen)
    assert seen.flag is FlagKind.BREACH


def test_the_same_high_squat_is_no_breach_when_nobody_said_it_is_the_lowest_moment(tmp_path: Path) -> None:
    high = poses.pose_of(raised(poses.SQUAT_BOTTOM))
    seen = assess(tmp_path, [high], lift=Lift.SQUAT, view=View.LEFT)
    assert Outcome.BREACH not in {finding.outcome for finding in seen.findings}
    assert seen.flag is FlagKind.NONE


def test_a_deadlift_among_the_squats_is_flagged_and_not_judged(tmp_path: Path) -> None:
    pulled = poses.pose_of(poses.DEADLIFT_LOCKOUT)
    seen = assess(tmp_path, [pulled], lift=Lift.SQUAT, phase=Phase.LOCKOUT, view=View.LEFT)
    assert {reason for _, _, reason in outcomes(seen)} == {Reason.WRONG_LIFT}
    assert seen.flag is FlagKind.MISMATCH
    assert seen.votes is None
    assert seen.findings[0].detail == (
        "This photo looks like a deadlift, not like a squat. Was it uploaded to the right attempt?"
    )


def test_a_lockout_said_to_be_the_bottom_is_asked_about_and_not_judged(tmp_path: Path) -> None:
    erect = poses.pose_of(poses.SQUAT_LOCKOUT)
    seen = assess(tmp_path, [erect], lift=Lift.SQUAT, phase=Phase.BOTTOM, view=View.LEFT)
    assert {reason for _, _, reason in outcomes(seen)} == {Reason.MOMENT_MISMATCH}
    assert seen.flag is FlagKind.MISMATCH


@pytest.mark.parametrize(
    ("lift", "phase", "parts"),
    [
        (Lift.DEADLIFT, Phase.LOCKOUT, poses.DEADLIFT_MID),
        (Lift.BENCH, Phase.BOTTOM, poses.BENCH_MID),
        (Lift.BENCH, Phase.LOCKOUT, poses.BENCH_MID),
    ],
)
def test_half_way_up_is_neither_the_lowest_moment_nor_the_lockout(
    tmp_path: Path, lift: Lift, phase: Phase, parts: dict
) -> None:
    seen = assess(tmp_path, [poses.pose_of(parts)], lift=lift, phase=phase, view=View.LEFT)
    assert {reason for _, _, reason in outcomes(seen)} == {Reason.MOMENT_MISMATCH}
    assert seen.flag is FlagKind.MISMATCH


def test_a_bench_press_hanging_upside_down_is_not_judged(tmp_path: Path) -> None:
    """A photo stored upside down: the elbows lie above the shoulders in it, however deep the lift was."""
    points = poses.pose_of({**poses.BENCH_BOTTOM, "elbow": (-0.1, 0.5)}).points.copy()
    points[:, :2] = (600, 700) - points[:, :2]
    seen = assess(tmp_path, [Pose(points)], lift=Lift.BENCH, phase=Phase.BOTTOM, view=View.LEFT)
    assert Outcome.BREACH not in {finding.outcome for finding in seen.findings}


def test_an_upright_body_from_the_end_of_the_bench_is_no_mismatch(tmp_path: Path) -> None:
    end_on = poses.pose_of(poses.SQUAT_LOCKOUT)
    seen = assess(tmp_path, [end_on], lift=Lift.BENCH, phase=Phase.LOCKOUT, view=View.FRONT)
    assert {reason for _, _, reason in outcomes(seen)} == {Reason.LIFT_UNKNOWN}
    assert seen.flag is FlagKind.NONE


def test_without_a_lift_the_photo_is_judged_as_what_it_looks_like(tmp_path: Path) -> None:
    seen = assess(tmp_path, [poses.pose_of(poses.BENCH_LOCKOUT)])
    assert seen.lift.lift is Lift.BENCH
    assert {finding.rule for finding in seen.findings} == {"bench_depth", "elbows_locked"}
    nothing = assess(tmp_path, [poses.pose_of({**poses.STANDING, "elbow": (0, -0.6), "wrist": (0, -1.1)})])
    assert (nothing.lift.lift, nothing.findings, nothing.flag) == (None, (), FlagKind.NONE)


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("lift", list(Lift))
@pytest.mark.parametrize("parts", [poses.SQUAT_LOCKOUT, raised(poses.SQUAT_BOTTOM), poses.DEADLIFT_START])
def test_no_rule_speaks_of_a_moment_that_it_is_not_for(tmp_path: Path, lift: Lift, phase: Phase, parts: dict) -> None:
    moments = {
        "squat_depth": Phase.BOTTOM,
        "bench_depth": Phase.BOTTOM,
        "knees_locked": Phase.LOCKOUT,
        "elbows_locked": Phase.LOCKOUT,
        "shoulders_back": Phase.LOCKOUT,
    }
    for finding in assess(tmp_path, [poses.pose_of(parts)], lift=lift, phase=phase, view=View.LEFT).findings:
        assert finding.outcome is Outcome.CANNOT_JUDGE or moments[finding.rule] is phase


def test_the_record_names_what_judged(tmp_path: Path) -> None:
    seen = assess(tmp_path, [poses.pose_of(poses.SQUAT_BOTTOM)], lift=Lift.SQUAT)
    assert seen.engine == "recorded"
    assert len(seen.weights_sha256) == 64
    assert seen.rulebook.startswith(BOOK)
    assert seen.gold_set.startswith("squat-")
    assert set(seen.timings_ms) == {"decode", "engine", "lifter", "classify", "vote", "judge", "total"}


def test_errors_say_whether_trying_again_helps(tmp_path: Path) -> None:
    path = tmp_path / "poses.json"
    path.write_text("{}")
    line = Pipeline("recorded", options=EngineOptions(recorded_poses=path))
    with pytest.raises(ImageError) as broken:
        line.assess(b"nothing", lift=None, phase=None, view=None, rulebook=BOOK)
    assert broken.value.permanent
    with pytest.raises(EngineError) as unknown:
        line.assess(photo(), lift=None, phase=None, view=None, rulebook=BOOK)
    assert not unknown.value.permanent


def test_the_report_is_json_with_stable_keys(tmp_path: Path) -> None:
    said = json.loads(json.dumps(report(assess(tmp_path, [poses.pose_of(poses.SQUAT_BOTTOM)], lift=Lift.SQUAT))))
    assert {"lifter", "lift", "phase", "view", "findings", "votes", "keypoints", "ms"} <= set(said)
    assert len(said["keypoints"]) == 17
    assert {"rule", "outcome", "margin_cm", "sigma_cm", "reason"} <= set(said["findings"][0])
