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
from inference.engines.base import Engine, Shot
from inference.engines.bodies import FRAME_OF_CIRCLE, ROOM, Body, body_hinted, body_of, painted_over, squares
from inference.engines.mediapipe import (
    AGAIN_FRAMES,
    AGAIN_PX,
    FIRST_TURNS,
    FRAME_PX,
    PEOPLE_MOST,
    MediaPipeEngine,
    Squares,
    framed,
    seen_back,
    turned_back,
    weights_sha256,
)
from inference.engines.readings import Reading, agreeing, doubted, merged, mirrored, people_merge
from inference.engines.recorded import RecordedEngine
from inference.errors import EngineError
from inference.finder.place import LifterPlace, parts_of
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


def people_of(engine: Engine, rgb: np.ndarray, sha256: str = "") -> list[Pose]:
    (people,) = engine.people([Shot(rgb, sha256)])
    assert isinstance(people, list), people
    return people


@pytest.mark.parametrize("shade", [0, 96, 255])
def test_a_blank_photo_holds_nobody(mediapipe: MediaPipeEngine, shade: int) -> None:
    assert people_of(mediapipe, np.full((480, 640, 3), shade, np.uint8)) == []


def test_noise_holds_nobody(mediapipe: MediaPipeEngine) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    assert people_of(mediapipe, noise) == []


@pytest.mark.parametrize(("width", "height"), [(20_000, 200), (1, 1), (3, 700)])
def test_a_photo_of_any_shape_is_read(mediapipe: MediaPipeEngine, width: int, height: int) -> None:
    assert people_of(mediapipe, np.full((height, width, 3), 130, np.uint8)) == []


def test_photos_are_answered_in_their_order(mediapipe: MediaPipeEngine) -> None:
    grey = np.full((48, 64, 3), 130, np.uint8)
    assert mediapipe.batch == 1
    assert mediapipe.people([Shot(grey, "a"), Shot(grey, "b")]) == [[], []]
    assert mediapipe.people([]) == []


def test_the_record_names_the_weights_that_are_loaded(mediapipe: MediaPipeEngine) -> None:
    assert mediapipe.name == "mediapipe-0.10.21-full"
    assert mediapipe.weights_sha256 == weights_sha256()
    assert len(mediapipe.weights_sha256) == 64


class StandIn:
    """Networks that see what they are told, in px of the whole photo, and nothing in what is painted over.

    joints: by the place of the hip, one reading per frame, or None. seen_again: whether the detector sees a body twice.
    """

    def __init__(self, bodies: list[Body], joints: dict[tuple[float, float], list[np.ndarray | None]]) -> None:
        self.all, self.readings, self.seen_again = bodies, joints, True
        self.asked: list[tuple[float, float]] = []

    def bodies(self, rgb: np.ndarray) -> list[Body]:
        if rgb.shape[:2] == (AGAIN_PX, AGAIN_PX):
            middle, radius = AGAIN_PX / 2, AGAIN_PX / (2 * FRAME_OF_CIRCLE * AGAIN_FRAMES[0][1])
            return [Body((middle, middle), (middle, middle - radius), 0.9)] if self.seen_again else []
        return self.all if rgb.shape[:2] == (400, 400) else []

    def joints(self, rgb: np.ndarray, body: Body, *, turn_deg: float = 0.0, wider: float = 1.0) -> np.ndarray | None:
        self.asked.append(body.hip)
        return self.readings[body.hip].pop(0)


def standin(bodies: list[Body], joints: dict[tuple[float, float], list[np.ndarray | None]]) -> MediaPipeEngine:
    engine = MediaPipeEngine.__new__(MediaPipeEngine)
    engine._networks = StandIn(bodies, joints)
    return engine


def joints_at(x: float, y: float, shift: float = 0.0) -> np.ndarray:
    points = poses.pose_of(poses.STANDING_ARMS).points.copy()
    points[:, :2] = (points[:, :2] - points[:, :2].mean(axis=0)) * 0.5 + (x + shift, y)
    return points


GREY = np.full((400, 400, 3), 96, np.uint8)
ONE, TWO = Body((100, 200), (100, 80), 0.9), Body((300, 200), (300, 80), 0.8)


def test_every_body_that_agrees_with_itself_is_a_person_each_once() -> None:
    twice = Body((104, 198), (104, 80), 0.7)
    engine = standin([ONE, TWO, twice], {(100, 200): [joints_at(100, 200)] * 3, (300, 200): [joints_at(300, 200)] * 3})
    found = engine._further(GREY, [], (Squares(1.0, 3, (0,)),))
    assert [round(one.points[:, 0].mean()) for one in found] == [100, 300]
    assert engine._networks.asked == [(100, 200)] * 3 + [(300, 200)] * 3


def test_whoever_is_known_is_not_found_again() -> None:
    engine = standin([ONE], {(100, 200): [joints_at(100, 200)] * 3})
    assert engine._further(GREY, [Pose(joints_at(102, 200))], (Squares(1.0, 3, (0,)),)) == []


@pytest.mark.parametrize(
    "readings",
    [
        [None, joints_at(100, 200), joints_at(100, 200)],
        [joints_at(100, 200), joints_at(100, 200), None],
        [joints_at(100, 200), joints_at(100, 200, 30), joints_at(100, 200, -30)],
    ],
)
def test_a_body_that_not_all_frames_agree_on_is_not_there(readings: list[np.ndarray | None]) -> None:
    assert standin([ONE], {(100, 200): readings})._further(GREY, [], (Squares(1.0, 3, (0,)),)) == []


def test_a_body_that_is_not_seen_again_is_not_read() -> None:
    engine = standin([ONE], {})
    engine._networks.seen_again = False
    assert engine._further(GREY, [], (Squares(1.0, 3, (0,)),)) == []
    assert engine._networks.asked == []


def test_a_crowd_is_cut_off() -> None:
    crowd = [Body((20.0 * n, 200), (20.0 * n, 180), 0.9) for n in range(20)]
    engine = standin(crowd, {one.hip: [joints_at(2000 * one.hip[0], 200)] * 3 for one in crowd})
    assert len(engine._further(GREY, [], (Squares(1.0, 3, (0,)),))) == PEOPLE_MOST


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_a_body_in_a_turned_square_is_where_it_is_in_the_photo(turns: int) -> None:
    photo = np.zeros((300, 500), np.uint8)
    photo[140, 330] = 255
    row, column = np.argwhere(np.rot90(photo[60:260, 250:450], -turns) == 255)[0]
    body = seen_back(Body((column + 0.5, row + 0.5), (column + 0.5, row + 0.5), 0.9), turns, (250, 60, 450, 260))
    assert body.hip == pytest.approx((330.5, 140.5))


@pytest.mark.parametrize(
    ("width", "height", "part", "most", "count"),
    [
        (850, 567, 1.0, 3, 2),
        (567, 850, 1.0, 3, 2),
        (850, 567, 0.75, 8, 6),
        (400, 400, 1.0, 3, 1),
        (20_000, 200, 1.0, 3, 3),
    ],
)
def test_squares_lie_in_the_photo_and_are_few(width: int, height: int, part: float, most: int, count: int) -> None:
    found = squares(width, height, part, most)
    assert len(found) == count
    side = round(part * min(width, height))
    for x0, y0, x1, y1 in found:
        assert (x1 - x0, y1 - y0) == (side, side)
        assert min(x0, y0, width - x1, height - y1) >= 0
    assert {found[0][:2], (found[-1][2], found[-1][3])} == {(0, 0), (width, height) if count > 1 else (side, side)}


def test_whom_the_paint_covers_is_gone_and_the_photo_is_untouched() -> None:
    photo = np.full((400, 400, 3), 200, np.uint8)
    photo[:, :40] = 0
    before = photo.copy()
    points = joints_at(200, 200)
    out = painted_over(photo, [points])
    mean = round(float(photo.mean()))
    for x, y in points[:, :2].astype(int):
        assert out[y, x].tolist() == [mean] * 3
    assert (out[:, :40] == 0).all()
    assert (photo == before).all()
    assert np.array_equal(painted_over(photo, [points * (1e9, 1e9, 1)]).shape, photo.shape)


def test_a_body_says_how_it_is_turned() -> None:
    assert Body((100, 200), (100, 80), 0.9).upright_deg == 0.0
    assert Body((100, 200), (220, 200), 0.9).upright_deg == pytest.approx(90.0)
    assert Body((100, 200), (100, 80), 0.9).radius_px == 120.0


def test_the_frame_of_a_reading_has_its_trunk_upright_and_holds_every_joint() -> None:
    points = joints_at(200, 200)
    turned = points.copy()
    turned[:, :2] = np.stack([400 - points[:, 1], points[:, 0]], axis=1)
    upright, lying = body_of(Reading(points)), body_of(Reading(turned))
    assert upright is not None
    assert lying is not None
    assert upright.hip == pytest.approx(tuple(points[11:13, :2].mean(axis=0)))
    farthest = np.hypot(*(points[:, :2] - upright.hip).T).max()
    assert upright.radius_px == pytest.approx(ROOM * farthest)
    assert lying.radius_px == pytest.approx(upright.radius_px)
    assert (lying.upright_deg - upright.upright_deg) % 360 == pytest.approx(90)


def test_a_reading_without_a_trunk_has_no_frame() -> None:
    assert body_of(Reading(np.ones((17, 3)))) is None
    assert standin([], {})._read_own(GREY, Reading(np.ones((17, 3)))) is None


@pytest.mark.parametrize("seen", [True, False])
def test_where_few_readings_agree_each_is_read_again_in_its_own_frame(
    monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    engine = standin([], {})
    wrong = [Reading(joints_at(200, 200, 200.0 * n)) for n in range(3)]
    monkeypatch.setattr(engine, "_read_turned", lambda rgb, turns: wrong[min(turns, 2)])
    monkeypatch.setattr(engine, "_read_framed", lambda rgb, degrees: None)
    own = Reading(joints_at(200, 200, 30.0))
    monkeypatch.setattr(engine, "_read_own", lambda rgb, reading: own if seen else None)
    people = engine._people(GREY, None)
    assert len(people) == seen
    for person in people:
        assert person.points == pytest.approx(own.points)


def test_a_mirrored_reading_comes_back_from_the_mirror() -> None:
    reading = Reading(joints_at(200, 200))
    once = mirrored(reading, 300)
    assert once.points[5, :2] == pytest.approx([300 - reading.points[6, 0], reading.points[6, 1]])
    assert mirrored(once, 300).points == pytest.approx(reading.points)


@pytest.mark.parametrize(("present", "apart_px", "followed"), [(0.9, 0.0, True), (0.4, 0.0, False), (0.9, 90.0, False)])
def test_a_hint_is_followed_where_somebody_lifts_and_its_readings_agree(
    monkeypatch: pytest.MonkeyPatch, present: float, apart_px: float, followed: bool
) -> None:
    """Else the photo is read as if there were none, with what the hint gave as so many readings more."""
    engine = standin([], {})
    points = joints_at(200, 200)
    frames: list[float] = []

    def joints(rgb, body, *, turn_deg=0.0, wider=1.0):
        frames.append(turn_deg)
        return points + np.array([apart_px * len(frames), 0, 0])

    unaided: list[int] = []
    monkeypatch.setattr(engine._networks, "joints", joints)
    monkeypatch.setattr(engine, "_people_unaided", lambda rgb, hinted: unaided.append(len(hinted)) or [])
    place = LifterPlace(parts_of(points[:, :2]), present)
    people = engine._people(GREY, place)
    assert len(people) == followed
    assert unaided == ([] if followed else [12 if present > 0.5 else 0])
    assert len(frames) == (12 if present > 0.5 else 0)


@pytest.mark.parametrize(
    ("hint_px", "whole_px", "score", "moved", "taken"),
    [
        (8.0, 0.5, 0.95, 0.0, True),
        (1.0, 0.1, 0.95, 0.0, False),  # the hint's readings agree well enough
        (8.0, 4.0, 0.95, 0.0, False),  # the whole photo's hardly better
        (8.0, 0.5, 0.90, 0.0, False),  # or are no surer
        (8.0, 0.5, 0.95, 400.0, False),  # or show somebody else
    ],
)
def test_where_the_whole_photo_shows_the_same_person_clearer_it_counts(
    monkeypatch: pytest.MonkeyPatch, hint_px: float, whole_px: float, score: float, moved: float, taken: bool
) -> None:
    engine = standin([], {})
    points = joints_at(200, 200)

    def readings(spread_px: float, at: float, scored: float) -> list[Reading]:
        offs = np.array([-1.0, 0.0, 1.0]) * spread_px
        return [Reading(np.column_stack([points[:, :2] + at + off, np.full(17, scored)])) for off in offs]

    whole = readings(whole_px, moved, score)
    monkeypatch.setattr(engine, "_read_turned", lambda rgb, turns: whole[FIRST_TURNS.index(turns)])
    hinted = merged(readings(hint_px, 0.0, 0.9))
    pose = engine._hinted_or_clearer(GREY, hinted)
    assert (pose is not hinted) is taken
    if taken:
        assert pose.points == pytest.approx(doubted(merged(whole), hinted).points)


def test_what_another_reading_says_against_a_joint_is_doubt_of_it() -> None:
    points = joints_at(200, 200)
    points[:, 2] = 0.9
    pose, other = Pose(points, np.full(17, 3.0)), points.copy()
    other[9, 0] += 8.0
    doubt = doubted(pose, Pose(other))
    assert (doubt.points[:, :2] == points[:, :2]).all()
    assert doubt.spread_px[[8, 9]] == pytest.approx([3.0, 5.0])
    size = Reading(points).size_px
    assert doubt.points[9, 2] == pytest.approx(0.9 / (1 + (5.0 / (0.06 * size)) ** 2))
    assert doubt.raw_scores is not None
    assert (doubt.raw_scores == 0.9).all()


def test_a_hint_without_a_trunk_has_no_frame() -> None:
    assert body_hinted(LifterPlace(np.ones((6, 2)), 1.0)) is None
    points = joints_at(200, 200)
    hinted = body_hinted(LifterPlace(parts_of(points[:, :2]), 1.0))
    read = body_of(Reading(points))
    assert hinted is not None
    assert read is not None
    assert hinted.hip == pytest.approx(read.hip)
    assert hinted.upright_deg == pytest.approx(read.upright_deg)


def test_a_recording_replays_at_any_size_and_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "poses.json"
    path.write_text(json.dumps({"a" * 64: [[[0.5, 0.25, 0.9]] * 17], "b" * 64: []}))
    engine = RecordedEngine(path)
    photo = np.zeros((100, 200, 3), np.uint8)
    (pose,) = people_of(engine, photo, "a" * 64)
    assert pose.points[0].tolist() == [100.0, 25.0, 0.9]
    assert people_of(engine, photo, "b" * 64) == []
    (refused,) = engine.people([Shot(photo, "c" * 64)])
    assert isinstance(refused, EngineError)
    assert "no recording" in str(refused)


def test_an_unknown_engine_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=ENGINE_NAMES[0]):
        engine_load("guesswork")
    with pytest.raises(ValueError, match="RECORDED_POSES"):
        engine_load("recorded")
