"""The pose classifier: what it says of poses, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from inference.classify.joints import SIZE, measures, mirrored
from inference.classify.net import ARCHITECTURE, LAYERS, MOMENTS, NONE, WEIGHTS, WeightsError, network_load, shapes
from inference.classify.pose import ANSWER_LEAST, classify
from judging.pose import MIRRORED, Lift, Phase, Pose, View
from tests.inference import poses

ROWS = poses.ENDS
NETWORK = network_load()


@pytest.mark.parametrize(("parts", "lift", "phase"), ROWS)
def test_each_lift_at_each_end(parts: dict, lift: Lift, phase: Phase) -> None:
    seen = classify(poses.pose_of(parts))
    assert (seen.lift, seen.phase.phase, seen.view.view, seen.refused) == (lift, phase, View.LEFT, "")
    assert seen.lift_p == seen.p_of[lift]
    assert sum(seen.phase_p_of.values()) == pytest.approx(1.0)


@settings(deadline=None)
@given(
    row=st.sampled_from(ROWS),
    scale=st.floats(0.05, 20),
    x=st.floats(-5000, 5000),
    y=st.floats(-5000, 5000),
    seed=st.integers(0, 2**32 - 1),
)
def test_place_size_and_mirror_do_not_matter(row: tuple, scale: float, x: float, y: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pose = poses.pose_of(row[0])
    points = pose.points + np.column_stack([rng.normal(0, 3, (17, 2)), np.zeros(17)])
    here = NETWORK.look(points[None])
    moved = NETWORK.look((points * (scale, scale, 1) + (x, y, 0))[None])
    np.testing.assert_allclose(moved.moments, here.moments, atol=1e-6)
    np.testing.assert_allclose(moved.views, here.views, atol=1e-6)
    turned = NETWORK.look(mirrored(points)[None])
    np.testing.assert_allclose(turned.moments, here.moments, atol=1e-9)
    np.testing.assert_allclose(turned.views[:, [0, 2, 1, 3]], here.views, atol=1e-9)


def test_a_mirror_exchanges_left_and_right_and_two_of_them_nothing() -> None:
    points = np.random.default_rng(1).uniform(0, 1, (2, 17, 3))
    assert (mirrored(mirrored(points)) == points).all()
    assert (mirrored(points)[:, 5] == points[:, 6] * (-1, 1, 1)).all()
    assert MIRRORED[0] == 0


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_measures_are_finite_whatever_an_engine_guesses(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = np.concatenate([rng.normal(0, 10.0 ** rng.integers(-3, 6), (5, 17, 2)), rng.random((5, 17, 1))], axis=2)
    points[0, :, :2] = 7.0  # all in one place
    points[1, :, 2] = 0.0  # nothing seen
    points[2, :, :2] *= 1e300
    with np.errstate(over="ignore", invalid="ignore"):
        seen = measures(points)
    assert seen.shape == (5, SIZE)
    assert np.isfinite(seen).all()
    answer = NETWORK.look(points[:2])
    np.testing.assert_allclose(answer.moments.sum(axis=1), 1.0)
    np.testing.assert_allclose(answer.views.sum(axis=1), 1.0)


def test_joints_that_are_not_seen_say_nothing_of_where_they_are() -> None:
    pose = poses.pose_of(poses.SQUAT_BOTTOM)
    points = pose.points.copy()
    points[[9, 10], 2] = 0.0
    moved = points.copy()
    moved[[9, 10], :2] += 40.0
    np.testing.assert_array_equal(measures(points[None]), measures(moved[None]))


@pytest.mark.parametrize("count", [0, 5])
def test_fewer_than_six_joints_are_refused_with_the_reason(count: int) -> None:
    points = poses.pose_of(poses.SQUAT_BOTTOM).points.copy()
    points[count:, 2] = 0.1
    seen = classify(Pose(points))
    assert (seen.lift, seen.lift_p, seen.phase.phase, seen.view.view) == (None, 0.0, None, None)
    assert seen.refused == f"Only {count} joints of the lifter are seen: too few to tell the lift."


def test_a_joint_that_is_no_number_is_no_pose() -> None:
    points = poses.pose_of(poses.SQUAT_BOTTOM).points.copy()
    points[3, 0] = np.nan
    with pytest.raises(ValueError, match="not a finite number"):
        classify(Pose(points))


def test_other_postures_are_none_of_the_three() -> None:
    overhead = classify(poses.pose_of({**poses.STANDING, "elbow": (0.0, -0.6), "wrist": (0.0, -1.1)}))
    assert overhead.lift is None
    assert overhead.refused == "Looks like none of the three lifts."
    assert max(overhead.p_of.values()) < ANSWER_LEAST
    assert overhead.lift_p == pytest.approx(1 - sum(overhead.p_of.values()))


def test_a_stated_lift_weighs_against_the_others_and_not_against_none() -> None:
    pose = poses.pose_of({**poses.SQUAT_BOTTOM, "elbow": (-0.1, 0.6), "wrist": (-0.2, 0.7)})
    alone, stated = classify(pose), classify(pose, Lift.DEADLIFT)
    none = 1 - sum(alone.p_of.values())
    weighed = {each: p / (1 if each is Lift.DEADLIFT else 10) for each, p in alone.p_of.items()}
    total = sum(weighed.values()) + none
    for each in Lift:
        assert stated.p_of[each] == pytest.approx(weighed[each] / total)
    assert set(stated.phase_p_of) == {Phase.START, Phase.MID, Phase.LOCKOUT}


# --- the file ---


def test_the_shipped_network_is_small_and_says_how_it_was_taught() -> None:
    assert WEIGHTS.stat().st_size < 1_000_000
    assert NETWORK.sha256 == network_load(WEIGHTS, NETWORK.sha256).sha256
    assert NETWORK.notes["architecture"] == ARCHITECTURE
    assert NETWORK.notes["taught"].startswith("python -m inference.classify train pose")
    assert len(MOMENTS) == NONE == 9
    assert LAYERS[0] == SIZE


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    parts = load_file(WEIGHTS)
    meta = {"architecture": ARCHITECTURE}
    path = tmp_path / "other.safetensors"

    def refused(why: str, sha256: str | None = None) -> None:
        network_load.cache_clear()
        with pytest.raises(WeightsError, match=why) as raised:
            network_load(path, sha256)
        assert str(raised.value).startswith("other.safetensors")

    save_file(parts, path, metadata={"architecture": "another"})
    refused("is of another architecture: 'another'")
    save_file(parts, path)
    refused("'none named'")
    save_file({name: part for name, part in parts.items() if name != "0.1.bias"}, path, metadata=meta)
    refused(r"lacks 0\.1\.bias")
    save_file(parts | {"more": parts["heat"]}, path, metadata=meta)
    refused("holds more, which this network has not")
    save_file(parts | {"heat": np.zeros(3, np.float32)}, path, metadata=meta)
    refused(r"heat has shape \[3\], not \[2\]")
    save_file(parts, path, metadata=meta)
    refused("is not the file asked for", "0" * 64)
    path.write_bytes(WEIGHTS.read_bytes()[:1000])
    refused("holds no weights")
    assert set(shapes()) == set(parts)
    network_load.cache_clear()
