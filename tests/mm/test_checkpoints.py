"""Checkpoints with the publisher's names and shapes load strictly; every other is refused by what is wrong with it.

Names and shapes are reckoned here from the architecture's numbers (ViTPose, arXiv 2204.12484, table 1; the layers'
names are mmpretrain's VisionTransformer and mmpose's HeatmapHead), not read from the models that they are held against.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from inference.engines.mm_models import config_of, joints_require, model_build, model_empty, state_require
from inference.weights import WeightsError, weights_known, weights_ready
from inference.weights.convert import weights_register
from judging.pose import Joint
from tests.mm.models import published

Shapes = dict[str, tuple[int, ...]]
# Width of the tokens and number of layers.
ARCHITECTURES = {"s": (384, 12), "b": (768, 12), "l": (1024, 24), "h": (1280, 32)}
# 256 x 192 px in patches of 16.
TOKENS = 16 * 12
# Channels of the classic head's two deconvolutions; the simple head has none of them.
DECONV = 256


def shapes(size: str, *, simple: bool = False, joints: int = 17) -> Shapes:
    """Every tensor of the checkpoint of ViTPose-S, -B, -L or -H."""
    width, layers = ARCHITECTURES[size]
    found: Shapes = {"backbone.pos_embed": (1, TOKENS, width)}
    found |= linear("backbone.patch_embed.projection", (width, 3, 16, 16))
    for index in range(layers):
        layer = f"backbone.layers.{index}"
        found |= norm(f"{layer}.ln1", width)
        found |= linear(f"{layer}.attn.qkv", (3 * width, width))
        found |= linear(f"{layer}.attn.proj", (width, width))
        found |= norm(f"{layer}.ln2", width)
        found |= linear(f"{layer}.ffn.layers.0.0", (4 * width, width))
        found |= linear(f"{layer}.ffn.layers.1", (width, 4 * width))
    found |= norm("backbone.ln1", width)
    if simple:
        return found | linear("head.final_layer", (joints, width, 3, 3))
    for index, channels in ((0, width), (3, DECONV)):
        found[f"head.deconv_layers.{index}.weight"] = (channels, DECONV, 4, 4)
        found |= norm(f"head.deconv_layers.{index + 1}", DECONV)
        for running in ("running_mean", "running_var"):
            found[f"head.deconv_layers.{index + 1}.{running}"] = (DECONV,)
        found[f"head.deconv_layers.{index + 1}.num_batches_tracked"] = ()
    return found | linear("head.final_layer", (joints, DECONV, 1, 1))


def linear(name: str, weight: tuple[int, ...]) -> Shapes:
    return {f"{name}.weight": weight, f"{name}.bias": weight[:1]}


def norm(name: str, width: int) -> Shapes:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def state_of(wanted: Shapes, seed: int = 3) -> dict[str, Any]:
    """Tensors of these shapes, no two alike."""
    generator = torch.Generator().manual_seed(seed)
    return {
        key: torch.randn(shape, generator=generator) if shape or "tracked" not in key else torch.tensor(7)
        for key, shape in wanted.items()
    }


def checkpoint_save(path: Path, state: dict[str, Any], config: str, *, names: list[str] | None = None) -> Path:
    """As mmengine's runner saves it."""
    names = names or [joint.name.lower() for joint in Joint]
    dataset = {
        "dataset_name": "coco",
        "num_keypoints": len(names),
        "keypoint_id2name": dict(enumerate(names)),
        "keypoint_name2id": {name: index for index, name in enumerate(names)},
    }
    torch.save({"meta": {"cfg": config, "epoch": 210, "dataset_meta": dataset}, "state_dict": state}, path)
    return path


def text_of(name: str, **model: Any) -> str:
    """The config of published weights as mmengine writes it into a checkpoint; model: parts of it put otherwise."""
    config = Config(config_of(published(name)))
    config.merge_from_dict({f"model.{key}": value for key, value in model.items()})
    return str(Config({"model": config.model, "test_pipeline": config.get("test_pipeline", [])}).pretty_text)


@pytest.mark.parametrize("simple", [False, True], ids=["classic", "simple"])
@pytest.mark.parametrize("size", ARCHITECTURES)
def test_names_and_shapes_are_the_publishers(size: str, simple: bool) -> None:
    name = f"vitpose-{size}{'-simple' if simple else ''}"
    model = model_empty(name, "pose", config_of(published(name)), device="meta")
    assert {key: tuple(value.shape) for key, value in model.state_dict().items()} == shapes(size, simple=simple)


@pytest.mark.parametrize("size", ARCHITECTURES)
def test_humanarts_models_are_the_same(size: str) -> None:
    name = f"vitpose-{size}-humanart"
    model = model_empty(name, "pose", config_of(published(name)), device="meta")
    assert {key: tuple(value.shape) for key, value in model.state_dict().items()} == shapes(size)
    assert model.backbone.out_type == "featmap"


@pytest.mark.parametrize("name", list(weights_known(None)))
def test_each_model_has_the_stated_number_of_parameters(name: str) -> None:
    known = weights_known(None)[name]
    model = model_empty(name, known.kind, config_of(published(name)), device="meta")
    counted = sum(parameter.numel() for parameter in model.parameters()) / 1e6
    assert counted == pytest.approx(known.parameters_m, rel=0.02, abs=0.1)


@pytest.fixture(scope="module", params=["s", "b"])
def whole(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return request.param, state_of(shapes(request.param))


def test_a_whole_checkpoint_is_loaded_to_the_last_bit(whole: tuple[str, dict[str, Any]], tmp_path: Path) -> None:
    size, state = whole
    path = checkpoint_save(tmp_path / "own.pth", state, text_of(f"vitpose-{size}"))
    store = tmp_path / "store"
    weights_register("own", "pose", path, store)
    model = model_build(weights_ready("own", store))
    loaded = model.state_dict()
    assert loaded.keys() == state.keys()
    assert all(torch.equal(loaded[key], value) for key, value in state.items())
    assert not model.training


@pytest.mark.parametrize("size", ["l", "h"])
def test_large_checkpoints_are_accepted_by_names_and_shapes(size: str) -> None:
    name = f"vitpose-{size}"
    model = model_empty(name, "pose", config_of(published(name)), device="meta")
    state = {key: torch.empty(shape, device="meta") for key, shape in shapes(size).items()}
    state_require(name, {key: tuple(value.shape) for key, value in model.state_dict().items()}, state)
    model.load_state_dict(state, strict=True, assign=True)


KEY = "backbone.layers.7.attn.qkv.weight"


@pytest.mark.parametrize("size", ARCHITECTURES)
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({KEY: None}, "x lacks backbone.layers.7.attn.qkv.weight: these are not the weights of this model."),
        ({"head.more.weight": (3,)}, "x holds head.more.weight, which this model does not have."),
        ({"head.final_layer.bias": (133,)}, "x: head.final_layer.bias has shape (133,); (17,) is needed."),
        ({"backbone.pos_embed": (1, 193, 5)}, "x: backbone.pos_embed has shape (1, 193, 5); (1, 192, "),
    ],
    ids=["missing", "too-many", "joints", "tokens"],
)
def test_what_does_not_fit_is_named(size: str, change: dict[str, Any], sentence: str) -> None:
    wanted = shapes(size)
    state = {key: torch.empty(shape, device="meta") for key, shape in {**wanted, **change}.items() if shape is not None}
    with pytest.raises(WeightsError) as refused:
        state_require("x", wanted, state)
    assert refused.value.sentence.startswith(sentence)


def test_many_missing_ones_are_counted() -> None:
    wanted = shapes("s")
    with pytest.raises(WeightsError, match=r"and 160 more: these are not the weights of this model\.$"):
        state_require("x", wanted, {})


# A model of one layer: the way through file, store and model is the same, and quick.
SMALL = {"backbone.arch": {"embed_dims": 48, "num_layers": 1, "num_heads": 4, "feedforward_channels": 192}}
SMALL_HEAD = {"head.in_channels": 48, "head.deconv_out_channels": (32, 32)}


def small(tmp_path: Path, *, names: list[str] | None = None, drop: str = "", **model: Any) -> Path:
    """A store with weights "own" of a small model."""
    config = text_of("vitpose-s", **SMALL, **SMALL_HEAD, **model)
    built = model_empty("own", "pose", {"model": Config.fromstring(config, ".py").model.to_dict()})
    state = {key: value for key, value in built.state_dict().items() if key != drop}
    weights_register("own", "pose", checkpoint_save(tmp_path / "own.pth", state, config, names=names), tmp_path / "s")
    return tmp_path / "s"


def test_a_small_checkpoint_is_built(tmp_path: Path) -> None:
    assert model_build(weights_ready("own", small(tmp_path))).head.out_channels == 17


def test_a_key_lacking_in_the_file_is_named(tmp_path: Path) -> None:
    store = small(tmp_path, drop="backbone.layers.0.ln2.bias")
    with pytest.raises(WeightsError, match=r"^own lacks backbone\.layers\.0\.ln2\.bias: "):
        model_build(weights_ready("own", store))


@pytest.mark.parametrize("joints", [21, 133])
def test_other_joints_are_refused(tmp_path: Path, joints: int) -> None:
    store = small(tmp_path, names=[f"joint_{index}" for index in range(joints)], **{"head.out_channels": joints})
    with pytest.raises(WeightsError, match=rf"^own has {joints} joints; COCO's 17 are needed\.$"):
        model_build(weights_ready("own", store))


def test_as_many_joints_in_another_order_are_refused(tmp_path: Path) -> None:
    names = [joint.name.lower() for joint in reversed(Joint)]
    with pytest.raises(WeightsError, match=r"^The joints of own are not COCO's 17: right_ankle, left_ankle, "):
        model_build(weights_ready("own", small(tmp_path, names=names)))


def test_a_detectors_checkpoint_is_no_pose_model(tmp_path: Path) -> None:
    name = "rtmdet-nano-person"
    state = model_empty(name, "detector", config_of(published(name))).state_dict()
    path = checkpoint_save(tmp_path / "own.pth", dict(state), text_of(name))
    weights_register("own", "pose", path, tmp_path / "s")
    with pytest.raises(WeightsError, match=r"^The config of own: model lacks 'head'\.$"):
        model_build(weights_ready("own", tmp_path / "s"))


def test_a_detectors_tensors_under_a_pose_config_are_refused(tmp_path: Path) -> None:
    name = "rtmdet-nano-person"
    state = model_empty(name, "detector", config_of(published(name))).state_dict()
    path = checkpoint_save(tmp_path / "own.pth", dict(state), text_of("vitpose-s"))
    weights_register("own", "pose", path, tmp_path / "s")
    with pytest.raises(WeightsError, match=r"^own lacks backbone\.layers\.0\.attn\.proj\.bias, "):
        model_build(weights_ready("own", tmp_path / "s"))


def test_a_truncated_checkpoint_is_refused(tmp_path: Path) -> None:
    path = checkpoint_save(tmp_path / "own.pth", {"a": torch.zeros(1000)}, text_of("vitpose-s"))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(WeightsError, match=r"own"):
        weights_register("own", "pose", path, tmp_path / "s")
    assert weights_known(tmp_path / "s").keys() == weights_known(None).keys()


def test_truncated_tensors_are_refused_at_the_start(tmp_path: Path) -> None:
    store = small(tmp_path)
    file = weights_ready("own", store).safetensors
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(WeightsError, match="has the hash"):
        weights_ready("own", store)


@pytest.mark.parametrize("part", ["backbone", "head", "data_preprocessor"])
def test_a_config_without_a_part_is_named(part: str) -> None:
    config = config_of(published("vitpose-s"))
    config["model"] = {key: value for key, value in config["model"].items() if key != part}
    with pytest.raises(WeightsError, match=rf"^The config of own: model lacks '{part}'\.$"):
        model_empty("own", "pose", config, device="meta")


def test_a_config_without_a_model_is_named() -> None:
    with pytest.raises(WeightsError, match=r"^The config has no `model` with a `type`"):
        model_empty("own", "pose", {}, device="meta")


def test_a_head_without_its_number_of_joints_is_named() -> None:
    config = {"model": {"head": {}}}
    with pytest.raises(WeightsError, match=r"^The config of vitpose-s: model\.head lacks 'out_channels'\.$"):
        joints_require(published("vitpose-s"), config)
