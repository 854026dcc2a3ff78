"""What the pose classifier is taught on, and how the joints and the picture come to agree."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.assessment import LiftSeen
from inference.classify.agreement import dispute, picture_look
from inference.classify.lessons import Readings, Teacher, legs_varied, readings_load, readings_save, seen_from
from inference.classify.net import MOMENTS, NONE, VIEWS
from inference.classify.postures import POSTURES, posture_draw
from inference.classify.sighting import Sighting, nothing_told
from inference.errors import EngineError
from judging.pose import Joint, Lift, Phase, PhaseSeen, View, ViewSeen
from tests.inference import poses, scenes

STANDING = scenes.skeleton(poses.STANDING_ARMS) / 100
LIMBS = [chain for side in (0, 1) for start in (5, 11) for chain in pairwise(range(start + side, start + side + 6, 2))]
SEEDS = st.integers(0, 2**32 - 1)


def lengths(joints: np.ndarray) -> np.ndarray:
    return np.array([np.linalg.norm(joints[a] - joints[b]) for a, b in LIMBS if abs(a - b) == 2])


def readings(count: int = 40, error: float = 0.0) -> Readings:
    """As many of each moment, all round him; each reading's first joint is off by its own place in the row."""
    moments = np.repeat(np.arange(len(MOMENTS)), count)
    azimuths = np.tile(np.linspace(-180, 180, count, endpoint=False), len(MOMENTS))
    errors = np.full((len(moments), 17, 2), error)
    return Readings(moments, azimuths, errors, np.full((len(moments), 17), 0.9))


def sighting(lift: Lift | None, p: float = 0.9) -> Sighting:
    p_of = {each: p if each is lift else (1 - p) / 3 for each in Lift}
    return Sighting(lift, p, p_of, PhaseSeen(Phase.BOTTOM, 1.0), {}, ViewSeen(View.LEFT, 1.0))


# --- postures and lessons ---


@given(SEEDS)
def test_a_posture_keeps_the_limbs_and_is_a_body(seed: int) -> None:
    joints = posture_draw(STANDING, np.random.default_rng(seed))
    assert np.isfinite(joints).all()
    np.testing.assert_allclose(lengths(joints), lengths(STANDING), atol=1e-9)
    trunk = np.linalg.norm(joints[5:7].mean(axis=0) - joints[11:13].mean(axis=0))
    assert trunk == pytest.approx(np.linalg.norm(STANDING[5:7].mean(axis=0) - STANDING[11:13].mean(axis=0)))


def test_the_same_draw_gives_the_same_posture_and_every_row_comes() -> None:
    one, same = (posture_draw(STANDING, np.random.default_rng(7)) for _ in range(2))
    assert (one == same).all()
    assert len({posture.name for posture in POSTURES}) == len(POSTURES)
    for posture in POSTURES:
        ranges = (posture.lean, posture.thigh, posture.knee, posture.arm, posture.out, posture.elbow, posture.pitch)
        assert all(low <= high for low, high in ranges), posture.name


@given(SEEDS)
def test_varied_legs_stay_as_long_and_the_rest_stays_put(seed: int) -> None:
    for moment in MOMENTS:
        varied = legs_varied(STANDING, moment, np.random.default_rng(seed))
        np.testing.assert_allclose(lengths(varied), lengths(STANDING), atol=1e-9)
        assert (varied[:13] == STANDING[:13]).all()
        if moment[0] is Lift.BENCH:
            assert (varied == STANDING).all()


@given(SEEDS)
def test_a_camera_on_his_left_sees_his_face_to_the_left_and_nobody_upside_down(seed: int) -> None:
    seen = seen_from(STANDING, 90.0, np.random.default_rng(seed))
    assert seen[Joint.NOSE, 0] < seen[[Joint.LEFT_EAR, Joint.RIGHT_EAR], 0].mean()
    assert seen[Joint.NOSE, 1] < seen[Joint.LEFT_ANKLE, 1]


def test_lessons_hold_every_moment_and_none_with_the_engines_errors_on_them() -> None:
    teacher = Teacher([STANDING[None]] * len(MOMENTS), readings(error=0.01))
    lessons = teacher.lessons(600, np.random.default_rng(5))
    assert set(lessons.moment.tolist()) == {*range(len(MOMENTS)), NONE}
    assert np.mean(lessons.moment == NONE) == pytest.approx(0.35, abs=0.05)
    assert set(lessons.view.tolist()) == set(range(len(VIEWS)))
    assert lessons.points.shape == (600, 17, 3)
    assert ((lessons.points[..., 2] >= 0) & (lessons.points[..., 2] <= 1)).all()
    again = teacher.lessons(600, np.random.default_rng(5))
    assert (again.points == lessons.points).all()


def test_readings_come_back_as_they_were_kept_and_once_more_mirrored(tmp_path: Path) -> None:
    kept = readings(4, error=0.125)
    readings_save(kept, tmp_path / "r.safetensors", {"engine": "e"})
    back = readings_load(tmp_path / "r.safetensors")
    for name in ("moment", "azimuth_deg", "errors"):
        assert (getattr(back, name) == getattr(kept, name)).all()
    both = back.twice()
    assert len(both.moment) == 2 * len(kept.moment)
    assert both.azimuth_deg[-1] == -kept.azimuth_deg[-1]
    assert both.errors[-1, 0].tolist() == [-0.125, 0.125]


# --- agreement ---


def test_without_a_picture_model_there_is_nothing_to_agree_with() -> None:
    assert dispute(Lift.SQUAT, nothing_told("x"), None) == ""


def test_joints_and_picture_that_agree_raise_no_dispute() -> None:
    assert dispute(Lift.SQUAT, sighting(Lift.SQUAT), LiftSeen(Lift.SQUAT, 0.5)) == ""
    assert dispute(None, sighting(Lift.BENCH), LiftSeen(Lift.BENCH, 0.9)) == ""


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (
            LiftSeen(Lift.DEADLIFT, 0.834),
            "The joints look like a squat, the picture as a whole like a deadlift (83%). Staff say which it is.",
        ),
        (
            LiftSeen(Lift.SQUAT, 0.49),
            "The picture as a whole shows none of the three lifts for sure. Staff say which it is.",
        ),
        (LiftSeen(None, 0.9), "The picture as a whole shows none of the three lifts for sure. Staff say which it is."),
    ],
)
def test_a_disagreement_or_an_unsure_picture_goes_to_staff(picture: LiftSeen, said: str) -> None:
    assert dispute(Lift.SQUAT, sighting(Lift.SQUAT), picture) == said


def test_a_checkpoint_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gone.safetensors"
    with pytest.raises(EngineError, match="picture classifier"):
        picture_look(path)
