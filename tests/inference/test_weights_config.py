"""A config is data: what mmengine dumps is read exactly, and nothing in it is ever run."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.weights import WeightsError, config_find, config_model, config_read
from inference.weights.registry import published

DUMPED = """
auto_scale_lr = dict(base_batch_size=512)
backend_args = None
codec = dict(
    heatmap_size=(
        48,
        64,
    ), input_size=(
        192,
        256,
    ), sigma=2, type='UDPHeatmap')
custom_imports = dict(
    allow_failed_imports=False,
    imports=[
        'mmpose.engine.optim_wrappers.layer_decay_optim_wrapper',
    ])
param_scheduler = [
    dict(begin=0, by_epoch=False, end=500, start_factor=0.001, type='LinearLR'),
]
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'.cls_token': dict(decay_mult=0.0), 'a': dict()}), lr=-5e-04)
model = dict(
    backbone=dict(
        arch='small',
        init_cfg=dict(checkpoint='https://example.org/mae.pth', type='Pretrained'),
        type='mmpretrain.VisionTransformer'),
    test_cfg=dict(flip_test=True, flip_mode='heatmap'),
    type='TopdownPoseEstimator')
"""


def test_what_mmengine_dumps() -> None:
    config = config_read(DUMPED)
    assert config["codec"] == {"heatmap_size": (48, 64), "input_size": (192, 256), "sigma": 2, "type": "UDPHeatmap"}
    assert config["param_scheduler"][0]["start_factor"] == 0.001
    assert config["optim_wrapper"]["paramwise_cfg"]["custom_keys"] == {".cls_token": {"decay_mult": 0.0}, "a": {}}
    assert config["optim_wrapper"]["lr"] == -0.0005
    assert config["backend_args"] is None


def test_of_the_model_what_loads_other_files_is_dropped() -> None:
    assert config_model(config_read(DUMPED)) == {
        "backbone": {"arch": "small", "type": "mmpretrain.VisionTransformer"},
        "test_cfg": {"flip_test": True, "flip_mode": "heatmap"},
        "type": "TopdownPoseEstimator",
    }


def test_the_old_name_of_mmpretrain_is_replaced() -> None:
    config = config_read("model = dict(backbone=dict(type='mmcls.VisionTransformer'), type='TopdownPoseEstimator')")
    assert config_model(config)["backbone"] == {"type": "mmpretrain.VisionTransformer"}


@pytest.mark.gpu
def test_every_config_of_the_packages_comes_back_as_it_was() -> None:
    """Each ViTPose config as mmengine dumps it into a checkpoint."""
    if find_spec("mmpose") is None:
        pytest.skip("mmpose is not installed")
    reader = pytest.importorskip("mmengine.config").Config

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        return type(value)(plain(each) for each in value) if isinstance(value, (list, tuple)) else value

    for weights in published().values():
        if weights.kind == "pose":
            config = reader.fromfile(config_find(weights.config), import_custom_modules=False)
            assert config_read(config.pretty_text) == plain(config.to_dict())
            assert config_model(config_read(config.pretty_text))["backbone"]["type"] == "mmpretrain.VisionTransformer"


_literals = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text().filter(lambda key: key != "type") | st.integers(), inner)
    ),
    max_leaves=20,
)


@given(value=_literals)
def test_every_literal_comes_back_as_it_was(value: Any) -> None:
    assert config_read(f"value = {value!r}") == {"value": value}


def sentence_of(text: str) -> str:
    """Of the refusal; "" when it was read. Any other exception is a failure."""
    try:
        config_read(text)
    except WeightsError as error:
        return error.sentence
    return ""


@given(text=st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    sentence = sentence_of(text)
    assert sentence == "" or sentence.startswith("The config is ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import os", "line 1: only `name = value`"),
        ("a = 1\nprint('x')", "line 2: only `name = value`"),
        ("a = b = 1", "line 1: only `name = value`"),
        ("a.b = 1", "line 1: only `name = value`"),
        ("a: int = 1", "line 1: only `name = value`"),
        ("a += 1", "line 1: only `name = value`"),
        ("_base_ = ['x.py']", "line 1: it builds on another config"),
        ("a = 1\nb = a", "line 2: `a` is neither a literal"),
        ("a = __import__('os')", "line 1: `__import__('os')` may not be called"),
        ("a = dict(b=\nopen('f'))", "line 2: `open('f')` may not be called"),
        ("a = dict([(1, 2)])", "may not be called"),
        ("a = dict(**{'b': 1})", "may not be called"),
        ("a = list(range(9))", "may not be called"),
        ("a = list('abc')", "may not be called"),
        ("a = tuple((1,), (2,))", "may not be called"),
        ("a = [x for x in ()]", "is neither a literal"),
        ("a = 2 ** 99999999", "is neither a literal"),
        ("a = 'x' * 99", "is neither a literal"),
        ("a = f'{1}'", "is neither a literal"),
        ("a = (lambda: 1)()", "is neither a literal"),
        ("a = ().__class__", "is neither a literal"),
        ("a = {1, 2}", "is neither a literal"),
        ("a = b''", "is neither a literal"),
        ("a = ...", "is neither a literal"),
        ("a = -True", "is neither a literal"),
        ("a = {**{}}", "a key is no literal"),
        ("a = {(1,): 2}", "a key is no literal"),
        ("a = {1: 2, 1: 3}", "the key 1 stands there twice"),
        ("a = dict(type='os.system', command='x')", "line 1: the type 'os.system' is not one of a registered class"),
        ("a = dict(type='subprocess.Popen')", "is not one of a registered class"),
        ("a = {'type': 'mmengine.fileio.load'}", "is not one of a registered class"),
        ("a = dict(type='mmengine.load')", "is not one of a registered class"),
        ("a = dict(type='mmpretrain.get_model')", "is not one of a registered class"),
        ("a = dict(type='mmpretrain.ImageClassificationInferencer')", "is not one of a registered class"),
        ("a = (", "is not the text of a config in line 1"),
        ("a = '\x00'", "is not the text of a config"),
        ("a = " + "(" * 500 + ")" * 500, "is not the text of a config"),
        ("a = " + "9" * 5000, "is not the text of a config"),
        ("#" * 1_000_001, "has 1000001 characters"),
    ],
)
def test_anything_else_is_refused_by_name_and_line(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        config_read(text)
    assert words in caught.value.sentence


def test_deep_nesting_is_refused_and_not_a_crash() -> None:
    for text in ("-" * 100_000 + "1", "[" * 150 + "]" * 150, "dict(a=" * 5_000 + "1" + ")" * 5_000):
        sentence = sentence_of(f"a = {text}")
        assert sentence == "" or sentence.startswith("The config is ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no `model`"),
        ("model = 1", "has no `model`"),
        ("model = dict(backbone=dict(type='X'))", "has no `model` with a `type`"),
        ("model = dict(type='X', a=[dict(b='https://example.org/x.pth')])", "names the address"),
    ],
)
def test_a_config_without_a_model_or_with_an_address(text: str, words: str) -> None:
    with pytest.raises(WeightsError, match=words):
        config_model(config_read(text))


def test_a_package_config_is_found_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "zoo_of_models"
    for path in (".mim/configs/a/b.py", ".mim/demo/c.py"):
        (package / path).parent.mkdir(parents=True)
        (package / path).write_text("")
    (package / "__init__.py").write_text("raise AssertionError")
    monkeypatch.syspath_prepend(tmp_path)
    assert config_find("zoo_of_models::a/b.py") == package / ".mim/configs/a/b.py"
    assert config_find("zoo_of_models::demo/c.py") == package / ".mim/demo/c.py"
    assert config_find(str(package / ".mim/demo/c.py")) == package / ".mim/demo/c.py"
    for config in ("zoo_of_models::d.py", "no_such_package::a.py", str(tmp_path / "none.py")):
        with pytest.raises(WeightsError):
            config_find(config)


def test_a_dump_is_json_clean() -> None:
    """The reader gives plain values only: what it read can be written as JSON."""
    assert json.loads(json.dumps(config_read(DUMPED)))["codec"]["sigma"] == 2
