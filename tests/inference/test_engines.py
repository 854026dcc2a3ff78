"""The engines: what a reading is, how readings become people, and that nobody becomes nobody."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inference.engines import ENGINE_NAMES, engine_load
from inference.engines.mediapipe import FRAME_PX, MediaPipeEngine, framed, turned_back, weights_sha256
from inference.engines.readings import Reading, agreeing, people_merge
from inference.engines.recorded import RecordedEngine
from inference.errors import EngineError
from inference.lifter import lifter_choose
from judging.pose import Pose
from tests.inference import poses

POINTS = hnp.arrays(np.float64, (17, 2), elements=st.floats(0, 300))


@given(points=POINTS, turns=st.sampled_from([0, 1, 3]))
def test_a_point_goes_back_to_where_it_was_before_the_photo_was_turned(points: np.ndarray, turns: int) -> None:
    width, height = 400, 300
    # Where rot90 by -turns puts a point, worked out forwards.
    x, y = points.T
    forward = {0: (x, y), 1: (height - y, x), 3: (y, width - x)}[turns]
    assert np.allclose(turned_back(np.stack(forward, axis=1), turns, width, height), points)


def test_turned_back_agrees_with_the_turned_pixels() -> None:
    photo = np.zeros((30, 40), np.uint8)
    photo[7, 11] = 255
    for turns in (0, 1, 3):
        row, column = np.argwhere(np.rot90(photo, -turns) == 255)[0]
        middle = turned_back(np.array([[column + 0.5, row + 0.5]]), turns, 40, 30)[0]
        assert middle == pytest.approx((11.5, 7.5))


@given(points=POINTS, degrees=st.floats(-180, 180))
def test_the_frame_holds_the_photo_and_its_map_is_undone(points: np.ndarray, degrees: float) -> None:
    matrix = framed(300, 300, degrees)
    inside = points @ matrix[:, :2].T + matrix[:, 2]
    assert ((inside >= -1) & (inside <= FRAME_PX + 1)).all()
    back = cv2.invertAffineTransform(matrix)
    assert np.allclose(inside @ back[:, :2].T + back[:, 2], points, atol=1e-6)


def reading(parts: dict, score: float = 0.9, shift: float = 0.0) -> Reading:
    points = poses.pose_of(parts, score, score).points.copy()
    points[:, :2] += shift
    return Reading(points)


def test_agreeing_readings_are_merged_by_the_median_and_their_spread_is_kept() -> None:
    people = people_merge([reading(poses.STANDING_ARMS, shift=s) for s in (0, 2, 10)])
    assert len(people) == 1
    assert people[0].points[5, :2] == pytest.approx(reading(poses.STANDING_ARMS, shift=2).points[5, :2])
    assert people[0].spread_px == pytest.approx(np.full(17, np.std([0, 2, 10])))


def test_a_misread_body_does_not_pull_at_the_right_one() -> None:
    right = [reading(poses.BENCH_LOCKOUT, 0.9), reading(poses.BENCH_LOCKOUT, 0.88, shift=1)]
    wrong = [
        reading({**poses.BENCH_LOCKOUT, "elbow": (-1.0, -0.3), "wrist": (-1.6, -0.3), "knee": (-0.3, 0.6)}, 0.6, s)
        for s in (0, 30, 60)
    ]
    people = people_merge(wrong + right)
    assert people[0].points[9, :2] == pytest.approx(right[0].points[9, :2], abs=1)


def test_two_people_stay_two() -> None:
    shifts = (0, 900, 1, 901)
    people = people_merge([reading(poses.STANDING_ARMS, shift=shift) for shift in shifts])
    assert len(people) == 2


def test_whom_only_one_reading_shows_is_not_there() -> None:
    assert people_merge([reading(poses.STANDING_ARMS, 1.0)]) == []
    people = people_merge([reading(poses.STANDING_ARMS, shift=shift) for shift in (0, 900, 1)])
    assert len(people) == 1


def test_nobody_read_is_nobody() -> None:
    assert agreeing([]) == []
    assert people_merge([]) == []


@pytest.fixture(scope="module")
def mediapipe() -> MediaPipeEngine:
    return MediaPipeEngine()


@pytest.mark.parametrize("shade", [0, 96, 255])
def test_a_blank_photo_holds_nobody(mediapipe: MediaPipeEngine, shade: int) -> None:
    assert mediapipe.people(np.full((480, 640, 3), shade, np.uint8), "") == []


def test_noise_holds_nobody(mediapipe: MediaPipeEngine) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    assert mediapipe.people(noise, "") == []


def test_the_record_names_the_weights_that_are_loaded(mediapipe: MediaPipeEngine) -> None:
    assert mediapipe.name == "mediapipe-0.10.21-full"
    assert mediapipe.weights_sha256 == weights_sha256()
    assert len(mediapipe.weights_sha256) == 64


def test_a_recording_replays_at_any_size_and_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "poses.json"
    path.write_text(json.dumps({"a" * 64: [[[0.5, 0.25, 0.9]] * 17], "b" * 64: []}))
    engine = RecordedEngine(path)
    (pose,) = engine.people(np.zeros((100, 200, 3), np.uint8), "a" * 64)
    assert pose.points[0].tolist() == [100.0, 25.0, 0.9]
    assert engine.people(np.zeros((100, 200, 3), np.uint8), "b" * 64) == []
    with pytest.raises(EngineError, match="no recording"):
        engine.people(np.zeros((100, 200, 3), np.uint8), "c" * 64)


def test_an_unknown_engine_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=ENGINE_NAMES[0]):
        engine_load("guesswork")
    with pytest.raises(ValueError, match="RECORDED_POSES"):
        engine_load("recorded")


def person(x: float, y: float, scale: float, seen: int = 17) -> Pose:
    points = poses.pose_of(poses.STANDING_ARMS).points.copy()
    points[:, :2] = (points[:, :2] - points[:, :2].mean(axis=0)) * scale + (x, y)
    points[seen:, 2] = 0.1
    return Pose(points)


def test_the_lifter_is_the_large_one_in_the_middle() -> None:
    lifter, spotter = person(500, 400, 1.5), person(120, 400, 1.2)
    choice = lifter_choose([spotter, lifter], 1000, 800)
    assert choice.pose is lifter
    assert choice.margin > 0.2
    assert lifter_choose([lifter, spotter], 1000, 800).pose is lifter


def test_nobody_of_whom_enough_is_seen_is_nobody() -> None:
    assert lifter_choose([], 1000, 800).pose is None
    assert lifter_choose([person(500, 400, 1.0, seen=5)], 1000, 800).pose is None
