"""The paper's networks and their checkpoints, in torch. In the environment of ``make synth-env``."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import load_file, save_file

from inference.classify.pictures.manifest import CLASSES
from inference.classify.pictures.model import (
    METADATA,
    About,
    PictureModelError,
    model_bytes,
    picture_model_load,
    toned,
)
from inference.classify.pictures.nets import NETS, Cnn, parameter_count
from inference.classify.pictures.plans import NET_NAMES

pytestmark = pytest.mark.synth

ABOUT = About(
    architecture="cnn",
    classes=CLASSES[:-1],
    side_px=32,
    mean=(0.5, 0.4, 0.3),
    std=(0.2, 0.3, 0.4),
    epoch=3,
    seed=1,
    recipe="paper",
    leaky=False,
    manifest_sha256="0" * 64,
    validation_accuracy=0.75,
    original_accuracy=None,
)
RGB = np.random.default_rng(1).integers(0, 256, size=(70, 100, 3), dtype=np.uint8)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "model.safetensors"
    path.write_bytes(model_bytes(Cnn(3), ABOUT))
    return path


def test_every_named_network_is_there() -> None:
    assert tuple(NETS) == NET_NAMES


@pytest.mark.parametrize(("name", "millions"), [("resnet18", 11.69), ("resnet50", 25.56)])
def test_the_resnets_are_as_large_as_published(name: str, millions: float) -> None:
    with torch.device("meta"):
        count = parameter_count(NETS[name](1000))
    assert count / 1e6 == pytest.approx(millions, abs=0.005)


@pytest.mark.parametrize("name", NET_NAMES)
@pytest.mark.parametrize("side", [32, 75])
def test_each_network_takes_any_side(name: str, side: int) -> None:
    net = NETS[name](4).eval()
    with torch.no_grad():
        out = net(torch.randn(2, 3, side, side))
    assert out.shape == (2, 4)
    assert torch.isfinite(out).all()


def test_a_resnet_halves_its_picture_five_times() -> None:
    net = NETS["resnet18"](3).eval()
    sides: list[int] = []
    for stage in net.stages:
        stage.register_forward_hook(lambda _layer, _given, out: sides.append(out.shape[-1]))
    with torch.no_grad():
        net(torch.randn(1, 3, 224, 224))
    # He et al., table 1.
    assert sides == [56, 28, 14, 7]


def test_a_block_whose_convolutions_say_nothing_passes_on_what_it_got() -> None:
    block = NETS["resnet50"](3).stages[0][1].eval()
    torch.nn.init.zeros_(block.norm3.weight)
    x = torch.rand(1, 256, 8, 8)
    with torch.no_grad():
        assert torch.equal(block(x), x)


def test_pictures_are_toned_by_colour() -> None:
    square = np.full((1, 4, 4, 3), (255, 0, 51), np.uint8)
    x = toned(torch.from_numpy(square), (0.5, 0.5, 0.2), (0.5, 0.25, 1.0))
    assert x.shape == (1, 3, 4, 4)
    assert x[0, :, 2, 2].tolist() == pytest.approx([1.0, -2.0, 0.0], abs=1e-6)


def test_what_was_written_is_what_is_read(checkpoint: Path) -> None:
    torch.manual_seed(0)
    model = picture_model_load(checkpoint)
    assert (model.name, model.about) == ("cnn", ABOUT)
    assert model.sha256 == hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    assert picture_model_load(checkpoint, model.sha256.upper()).sha256 == model.sha256
    p = model.look(RGB)
    assert tuple(p) == ABOUT.classes
    assert sum(p.values()) == pytest.approx(1.0)
    assert model.look(RGB) == p


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 900, 3), (700, 2, 3)])
def test_a_photo_of_any_shape_is_looked_at(checkpoint: Path, shape: tuple[int, ...]) -> None:
    assert sum(picture_model_load(checkpoint).look(np.zeros(shape, np.uint8)).values()) == pytest.approx(1.0)


Tensors = dict[str, torch.Tensor]


def lacks(tensors: Tensors, said: dict[str, Any]) -> None:
    del tensors["head.bias"]


def has_more(tensors: Tensors, said: dict[str, Any]) -> None:
    tensors["conv4.weight"] = torch.zeros(1)


def other_shape(tensors: Tensors, said: dict[str, Any]) -> None:
    tensors["head.weight"] = torch.zeros(3, 9)


def other_kind(tensors: Tensors, said: dict[str, Any]) -> None:
    tensors["head.weight"] = tensors["head.weight"].half()


def no_number(tensors: Tensors, said: dict[str, Any]) -> None:
    tensors["conv1.bias"][2] = float("nan")


def states(name: str, value: Any) -> Callable[[Tensors, dict[str, Any]], None]:
    return lambda tensors, said: said.__setitem__(name, value)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lacks, r"is no cnn of 3 classes: it lacks head\.bias"),
        (has_more, r"it has conv4\.weight, which the network has not"),
        (other_shape, r"head\.weight is \(3, 9\) torch\.float32, not \(3, 2048\) torch\.float32"),
        (other_kind, r"head\.weight is \(3, 2048\) torch\.float16"),
        (no_number, r"conv1\.bias holds what is no number"),
        (states("architecture", "resnet18"), "is no resnet18 of 3 classes: it lacks conv.weight|it has conv1.bias"),
        (states("architecture", "vgg"), "its architecture is 'vgg'"),
        (states("architecture", ["cnn"]), "its architecture is"),
        (states("classes", list(CLASSES)), "is no cnn of 4 classes: head.bias is"),
        (states("classes", ["cat", "dog"]), "its classes are"),
        (states("side_px", 100_000), "its side is 100000 px"),
        (states("side_px", "32"), "its side is '32' px"),
        (states("std", [0.1, 0.0, 0.1]), "divides by nothing"),
        (states("mean", [0.1, 0.1]), "not three numbers"),
        (states("mean", None), "is no picture classifier"),
    ],
)
def test_another_checkpoint_is_refused_with_one_sentence(checkpoint: Path, spoil: Any, sentence: str) -> None:
    tensors = load_file(checkpoint)
    data = checkpoint.read_bytes()
    said = json.loads(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"][METADATA])
    spoil(tensors, said)
    save_file(tensors, checkpoint, metadata={METADATA: json.dumps(said)})
    with pytest.raises(PictureModelError, match=sentence) as refused:
        picture_model_load(checkpoint)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {METADATA: "[]"}, {METADATA: "{"}, {METADATA: "{}"}])
def test_a_file_that_does_not_say_what_it_is_is_refused(checkpoint: Path, metadata: dict[str, str] | None) -> None:
    save_file(load_file(checkpoint), checkpoint, metadata=metadata)
    with pytest.raises(PictureModelError, match="is no picture classifier"):
        picture_model_load(checkpoint)


@pytest.mark.parametrize("data", [b"", b"no such format", b"\xff" * 64])
def test_a_file_of_another_format_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(PictureModelError, match=r"model\.safetensors is no picture classifier"):
        picture_model_load(path)


def test_a_file_with_another_hash_is_not_even_read(checkpoint: Path) -> None:
    with pytest.raises(PictureModelError, match="it is not the file that was meant"):
        picture_model_load(checkpoint, "0" * 64)


def test_of_two_networks_that_differ_the_hashes_differ() -> None:
    torch.manual_seed(0)
    net = Cnn(3)
    assert model_bytes(net, ABOUT) == model_bytes(net, ABOUT)
    assert model_bytes(net, ABOUT) != model_bytes(net, replace(ABOUT, seed=2))
