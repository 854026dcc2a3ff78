"""The finder's network in numpy: what it is given, what comes of it, and that other weights are refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from gold.truth import Kind, truth_read
from inference.finder import LifterPlace, finder_load
from inference.finder.net import SIDE, WEIGHTS, Finder, layer_names, letterboxed, peaks, picture
from inference.finder.place import PARTS, parts_of
from inference.gate.accept import CHECK_PHOTOS
from inference.images import photo_decode
from judging.pose import Joint, Pose
from tests.inference import poses

FIND = finder_load()


@given(width=st.integers(1, 700), height=st.integers(1, 700))
@settings(max_examples=40, deadline=None)
def test_a_photo_of_any_shape_lies_whole_at_the_top_left(width: int, height: int) -> None:
    square = letterboxed(np.full((height, width, 3), 200, np.uint8), 96)
    scale = 96 / max(width, height)
    assert square.shape == (96, 96, 3)
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    assert (square[:rows, :columns] == 200).all()
    assert (square[rows:] == 114).all()
    assert (square[:, columns:] == 114).all()


@given(places=st.lists(st.tuples(st.floats(3, 44), st.floats(3, 44)), min_size=len(PARTS), max_size=len(PARTS)))
@settings(max_examples=40, deadline=None)
def test_a_peak_is_read_to_a_pixel(places: list[tuple[float, float]]) -> None:
    rows, columns = np.mgrid[0:48, 0:48] + 0.5
    maps = np.stack([-((columns - x) ** 2 + (rows - y) ** 2) / 2 for x, y in places], axis=-1).astype(np.float32)
    assert peaks(maps) == pytest.approx(np.array(places) * 4, abs=1.2)


def test_the_place_is_in_the_photos_own_pixels() -> None:
    """The same photo twice as large has its lifter twice as far from the corner."""
    path = CHECK_PHOTOS / "000003.jpg"
    rgb = photo_decode(path.read_bytes()).rgb
    small, large = FIND.look(rgb), FIND.look(rgb.repeat(2, axis=0).repeat(2, axis=1))
    assert large.points == pytest.approx(2 * small.points, abs=6)
    assert large.present == pytest.approx(small.present, abs=0.02)


def test_looking_twice_says_the_same() -> None:
    rgb = np.random.default_rng(3).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    one, two = FIND.look(rgb), FIND.look(rgb)
    assert (one.points == two.points).all()
    assert one.present == two.present


@pytest.mark.parametrize("shade", [0, 114, 255])
def test_a_blank_photo_is_looked_at_without_a_warning(shade: int) -> None:
    place = FIND.look(np.full((64, 64, 3), shade, np.uint8))
    assert np.isfinite(place.points).all()
    assert 0 <= place.present <= 1


def test_it_points_at_the_lifters_of_the_projects_own_photos() -> None:
    near, nobody = [], []
    for truth in truth_read(CHECK_PHOTOS):
        place = FIND.look(photo_decode((CHECK_PHOTOS / truth.image).read_bytes()).rgb)
        if truth.kind is Kind.LIFT and truth.lifter and truth.lifter.visible.sum() >= 6:
            near.append(place.away(truth.lifter.pose()) < 0.15 and place.present > 0.5)
        elif truth.kind is not Kind.LIFT:
            nobody.append(place.present < 0.5)
    assert sum(near) >= len(near) - 1
    assert all(nobody)


def test_a_pose_on_the_hint_is_not_away_from_it_and_left_and_right_play_no_part() -> None:
    pose = poses.pose_of(poses.SQUAT_BOTTOM)
    place = LifterPlace(parts_of(pose.points[:, :2]), 1.0)
    assert place.away(pose) == 0
    swapped = pose.points.copy()
    for left in (Joint.LEFT_SHOULDER, Joint.LEFT_HIP, Joint.LEFT_WRIST, Joint.LEFT_KNEE, Joint.LEFT_ANKLE):
        swapped[[left, left + 1]] = swapped[[left + 1, left]]
    assert place.away(Pose(swapped)) == 0
    aside = pose.points.copy()
    aside[:, 0] += place.size_px
    assert place.away(Pose(aside)) == pytest.approx(
        place.size_px / max(place.size_px, np.hypot(*np.ptp(parts_of(pose.points[:, :2]), axis=0)))
    )


def test_weights_of_another_network_are_refused_by_name(tmp_path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"stage0.weight": np.zeros((3, 3, 3, 16), np.float16)}, path)
    with pytest.raises(ValueError, match=r"other.safetensors is no finder of this shape: it lacks"):
        finder_load(path)
    path.write_bytes(b"no such format")
    with pytest.raises(ValueError, match=r"other.safetensors is no finder"):
        finder_load(path)


def test_every_layer_is_used_and_the_file_is_small() -> None:
    assert len(layer_names()) == len(set(layer_names()))
    assert WEIGHTS.stat().st_size < 3_000_000
    assert isinstance(FIND, Finder)
    assert picture(np.zeros((30, 50, 3), np.uint8)).shape == (SIDE, SIDE, 3)
