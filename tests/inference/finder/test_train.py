"""Teaching the finder: the network in torch is the one in numpy. In the environment of ``make synth-env``."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from safetensors.numpy import load

from inference.finder.net import SIDE, Finder, layer_names
from inference.finder.place import PARTS
from inference.finder.train import KEPT, Lesson, Net, teach, weights_bytes, weights_of

pytestmark = pytest.mark.synth


def lessons(count: int) -> list[Lesson]:
    """A bright square on grey stands for the lifter."""
    rng = np.random.default_rng(5)
    made = []
    for number in range(count):
        x, y = rng.integers(60, KEPT - 60, size=2)
        picture = np.full((KEPT, KEPT, 3), 114, np.uint8)
        if number % 4:
            picture[y - 20 : y + 20, x - 20 : x + 20] = (250, 60, 60)
        points = np.full((len(PARTS), 2), (float(x), float(y)) if number % 4 else np.nan)
        made.append(Lesson(picture, points, float(number % 4 > 0)))
    return made


def test_torch_and_numpy_say_the_same() -> None:
    torch.manual_seed(0)
    net = Net()
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 2)
    net.eval()
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            parameter.copy_(parameter.half().float()) if name.endswith("bias") else None
        x = np.random.default_rng(1).uniform(-1, 1, (SIDE, SIDE, 3)).astype(np.float32)
        maps, odds = net(torch.from_numpy(x.transpose(2, 0, 1))[None])
    ours, present = Finder({name: array.astype(np.float32) for name, array in weights_of(net).items()}).forward(x)
    # The file holds the weights in half precision.
    assert np.abs(maps[0].numpy().transpose(1, 2, 0) - ours).max() < 2e-3
    assert float(odds) == pytest.approx(present, abs=2e-3)


def test_a_lesson_is_learnt_and_the_same_seed_teaches_the_same() -> None:
    told: list[float] = []
    net = teach(lessons(64), rounds=6, seed=2, progress=lambda count, loss: told.append(loss))
    assert len(told) == 12
    assert np.mean(told[-2:]) < 0.85 * np.mean(told[:2])
    again = teach(lessons(64), rounds=6, seed=2)
    data = weights_bytes(net, {"seeds": "5"})
    assert data == weights_bytes(again, {"seeds": "5"})
    assert set(load(data)) == {f"{name}.{part}" for name in layer_names() for part in ("weight", "bias")}
