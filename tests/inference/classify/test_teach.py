"""Teaching the pose classifier: the network in torch is the one in numpy. In the environment of ``make synth-env``."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("pyvista")  # torch alone is in the environment of the GPU engine too; the renderer is not

import torch

from gold.synth.lifters import MOMENTS as DRAWN
from gold.synth.lifters import lifters_draw
from inference.classify import teach
from inference.classify.lessons import Lessons, Teacher
from inference.classify.net import LAYERS, MEMBERS, MOMENTS, Network, network_load, softmax
from inference.classify.pose_commands import pose_train
from tests.inference import poses, scenes
from tests.inference.classify.test_lessons import readings

pytestmark = pytest.mark.synth

STANDING = scenes.skeleton(poses.STANDING_ARMS) / 100
TEACHER = Teacher([STANDING[None] * (1, 1, 1 + place / 10) for place in range(len(MOMENTS))], readings())


def draw(rng: np.random.Generator) -> Lessons:
    return TEACHER.lessons(64, rng)


def written(taught: teach.Taught, path: Path) -> Network:
    path.write_bytes(teach.weights_bytes(taught, {"taught": "in a test"}))
    return network_load(path)


def test_torch_and_numpy_say_the_same(tmp_path: Path) -> None:
    torch.manual_seed(3)
    members = tuple(teach.Member().eval().double() for _ in range(MEMBERS))
    middle, scale = torch.randn(LAYERS[0]).double(), (torch.rand(LAYERS[0]) + 0.5).double()
    taught = teach.Taught(members, middle, scale, (0.75, 1.25))
    points = draw(np.random.default_rng(1)).points
    said = written(taught, tmp_path / "pose.safetensors").look(points)
    moments, views = teach.look(taught, points)
    np.testing.assert_allclose(said.moments, softmax(moments.numpy() / 0.75), atol=1e-6)
    np.testing.assert_allclose(said.views, softmax(views.numpy() / 1.25), atol=1e-6)


def test_the_same_seed_teaches_the_same_and_what_was_taught_is_told_apart(tmp_path: Path) -> None:
    checked = draw(np.random.default_rng(2))
    one, same = (teach.teach(draw, checked, rounds=3, seed=5) for _ in range(2))
    assert teach.weights_bytes(one, {}) == teach.weights_bytes(same, {})
    assert teach.weights_bytes(teach.teach(draw, checked, rounds=3, seed=6), {}) != teach.weights_bytes(one, {})
    network = written(one, tmp_path / "pose.safetensors")
    assert network.notes["taught"] == "in a test"
    assert network.heat == (pytest.approx(one.heat[0]), pytest.approx(one.heat[1]))


def test_the_temperature_makes_probabilities_of_too_sure_logits() -> None:
    """Logits three times as large as those that the labels were drawn with: the temperature is three."""
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 1.5, (20000, 4))
    labels = np.array([rng.choice(4, p=p) for p in softmax(logits)])
    assert teach._temperature(torch.from_numpy(3 * logits), torch.from_numpy(labels)) == pytest.approx(3.0, rel=0.05)


def test_lifters_come_moment_by_moment_whatever_the_number_of_processes() -> None:
    one = list(lifters_draw(31, 3, jobs=1))
    two = list(lifters_draw(31, 3, jobs=2))
    assert [(lifter.lift, lifter.phase) for lifter in one] == list(DRAWN[:3])
    assert all((a.joints == b.joints).all() and a.joints.shape == (17, 3) for a, b in zip(one, two, strict=True))
    assert set(DRAWN) == set(MOMENTS)


def test_too_few_lifters_write_nothing(tmp_path: Path) -> None:
    out = tmp_path / "pose.safetensors"
    with pytest.raises(ValueError, match="At least 9 lifters are needed"):
        pose_train(out, lifters=2, lessons=8, rounds=1, jobs=1)
    assert not list(tmp_path.iterdir())
