"""Converting: the pickle is opened after its hash matched, runs nothing, and becomes safetensors once.

Most of it needs torch, and is run by the environment of ``make gpu-env``.
"""

import builtins
import hashlib
import json
import os
import pickle
import sys
import types
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.weights import State, WeightsError, convert, registry, store, weights_ready, weights_state
from inference.weights.convert import weights_convert, weights_register
from inference.weights.fetch import weights_fetch
from tests.publisher import Publisher, registry_write, tree

CONFIG = "model = dict(backbone=dict(type='mmpretrain.VisionTransformer'), type='TopdownPoseEstimator')\n"
JOINTS = {0: "nose", 1: "left_eye"}
gpu = pytest.mark.gpu


@pytest.fixture
def torch() -> Any:
    pytest.importorskip("safetensors")
    return pytest.importorskip("torch")


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> Any:
    """mmengine's history of a training, or one that pickles as it does where mmengine is not installed."""
    try:
        from mmengine.logging.history_buffer import HistoryBuffer  # type: ignore[import-not-found]
    except ImportError:
        module = types.ModuleType("mmengine.logging.history_buffer")

        class HistoryBuffer:  # type: ignore[no-redef]
            def __init__(self, values: list[float], counts: list[int]) -> None:
                self.values, self.counts = np.array(values), np.array(counts)
                self.statistics_methods = {"min": HistoryBuffer.min}

            def min(self) -> float:
                return float(self.values.min())

        HistoryBuffer.__module__, HistoryBuffer.__qualname__ = module.__name__, "HistoryBuffer"
        HistoryBuffer.min.__module__, HistoryBuffer.min.__qualname__ = module.__name__, "HistoryBuffer.min"
        module.HistoryBuffer = HistoryBuffer  # type: ignore[attr-defined]
        for name in ("mmengine", "mmengine.logging"):
            monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return HistoryBuffer([1.0, 2.0], [1, 1])


def checkpoint(torch: Any, **more: Any) -> dict[str, Any]:
    """As mmengine saves it: averages, histories and numpy's values beside the weights."""
    shared = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    return {
        "meta": {
            "cfg": CONFIG,
            "epoch": 3,
            "seed": np.int64(21),
            "nothing": b"",
            "dataset_meta": {
                "dataset_name": "coco",
                "num_keypoints": 2,
                "keypoint_id2name": JOINTS,
                "sigmas": np.array([0.026, 0.025], dtype=np.float32),
                "keypoint_colors": np.zeros((2, 3), np.uint8),
            },
        },
        "state_dict": OrderedDict(
            {
                "backbone.weight": shared,
                "head.weight": shared,
                "head.bias": torch.tensor([1.5, -2.0], dtype=torch.float16),
                "head.turned": shared.t(),
                "bn.num_batches_tracked": torch.tensor(7),
            }
        ),
        "ema_state_dict": OrderedDict({"module.backbone.weight": torch.zeros(2, 3)}),
        **more,
    }


def saved(torch: Any, path: Path, content: Any, *, old_way: bool = False) -> Path:
    # Publishers save the old way: mmpose's tools/misc/publish_model.py.
    torch.save(content, path, _use_new_zipfile_serialization=not old_way)
    return path


class Evil:
    """Calls what it was given as soon as an ordinary reader loads it."""

    def __init__(self, call: Any, *args: Any) -> None:
        self.call, self.args = call, args

    def __reduce__(self) -> Any:
        return self.call, self.args


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def fetched(torch: Any, history: Any, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A published checkpoint in the store, in the publisher's old format; its file."""
    content = checkpoint(torch, message_hub={"log_scalars": OrderedDict(loss=history)})
    path = saved(torch, tmp_path / "published.pth", content, old_way=True)
    registry_write(tmp_path / "registry.toml", Publisher(path.read_bytes()), monkeypatch)
    return weights_fetch(registry.published()["small"], folder, from_file=path).path


def refused(folder: Path, path: Path, **options: Any) -> str:
    """The sentence of a registration that left the store as it was."""
    before = tree(folder)
    with pytest.raises(WeightsError) as caught:
        weights_register("ours", "pose", path, folder, **options)
    assert tree(folder) == before
    assert before == {}
    return caught.value.sentence


def test_without_torch_it_says_where_torch_is(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.pth"
    path.write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, "torch", None)
    assert "torch is not installed here" in refused(folder, path)
    assert "make gpu-env" in refused(folder, path)


def test_an_old_torch_is_not_trusted(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.pth"
    path.write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(__version__="2.5.1+cpu"))
    assert "torch 2.5.1+cpu is too old" in refused(folder, path)


def test_a_file_that_is_not_the_pinned_one_is_not_opened(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "published.pth"
    path.write_bytes(b"anything")
    registry_write(tmp_path / "registry.toml", Publisher(b"anything"), monkeypatch)
    small = registry.published()["small"]
    monkeypatch.setattr(convert, "checkpoint_read", lambda *_: pytest.fail("opened"))
    with pytest.raises(WeightsError, match=r"is not in .* run `manage.py weights fetch small`"):
        weights_convert(small, folder)
    weights_fetch(small, folder, from_file=path).path.write_bytes(b"anythinG")
    before = tree(folder)
    with pytest.raises(WeightsError, match="it was not opened"):
        weights_convert(small, folder)
    assert tree(folder) == before
    with pytest.raises(WeightsError, match="it was not opened"):
        weights_register("ours", "pose", path, folder, sha256="0" * 64)
    assert tree(folder) == before


@gpu
def test_published_weights_become_safetensors(torch: Any, fetched: Path, folder: Path) -> None:
    from safetensors import safe_open
    from safetensors.torch import load_file

    small = registry.published()["small"]
    assert weights_state("small", folder) == State.FETCHED
    ready = weights_convert(small, folder)

    assert ready == weights_ready("small", folder)
    assert weights_state("small", folder) == State.READY
    assert ready.sha256 == hashlib.sha256(ready.safetensors.read_bytes()).hexdigest()
    assert ready.source_sha256 == hashlib.sha256(fetched.read_bytes()).hexdigest()
    assert (ready.kind, ready.config) == ("pose", "mmpose::some/config.py")
    assert ready.meta == {"dataset_name": "coco", "num_keypoints": 2, "keypoints": ["nose", "left_eye"]}
    tensors = load_file(ready.safetensors)
    expected = checkpoint(torch)["state_dict"]
    assert set(tensors) == set(expected)
    for key, tensor in expected.items():
        assert tensors[key].dtype == tensor.dtype
        assert torch.equal(tensors[key], tensor)
    with safe_open(ready.safetensors, framework="pt") as file:
        about = json.loads(file.metadata()["white_lights"])
    assert about == {"name": "small", "source_sha256": ready.source_sha256, "config": "mmpose::some/config.py"}
    assert sorted(tree(folder)) == [
        "small",
        f"small/{fetched.name}",
        "small/record.json",
        "small/weights.safetensors",
    ]


@gpu
def test_it_is_converted_once_and_always_to_the_same_bytes(
    fetched: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash of the safetensors stands in every assessment: two hosts with the same weights must agree on it."""
    small = registry.published()["small"]
    ready = weights_convert(small, folder)
    with monkeypatch.context() as patch:
        patch.setattr(convert, "checkpoint_read", lambda *_: pytest.fail("opened again"))
        assert weights_convert(small, folder) == ready
    for _ in range(3):
        ready.safetensors.write_bytes(b"rot")
        assert weights_convert(small, folder) == ready


@gpu
def test_a_changed_safetensors_is_refused(fetched: Path, folder: Path) -> None:
    ready = weights_convert(registry.published()["small"], folder)
    data = ready.safetensors.read_bytes()
    ready.safetensors.write_bytes(data[:-1] + b"!")
    with pytest.raises(WeightsError, match=r"weights\.safetensors has the hash .* Do not use it: delete the folder"):
        weights_ready("small", folder)
    assert weights_state("small", folder) == State.READY  # the list goes by sizes
    ready.safetensors.write_bytes(data[:-1])
    assert weights_state("small", folder) == State.BROKEN
    ready.safetensors.unlink()
    with pytest.raises(WeightsError, match="was pinned and cannot be read"):
        weights_ready("small", folder)


@gpu
@pytest.mark.parametrize("old_way", [False, True])
def test_own_weights(torch: Any, history: Any, tmp_path: Path, folder: Path, old_way: bool) -> None:
    content = checkpoint(torch, message_hub=history, optimizer={"state": {0: {"step": torch.tensor(1.0)}}})
    path = saved(torch, tmp_path / "epoch_3.pth", content, old_way=old_way)
    ready = weights_register("ours", "pose", path, folder, licence="CC-BY-4.0", origin="The federation")

    assert ready.config == str(folder / "ours" / "config.py")
    assert Path(ready.config).read_text() == CONFIG
    assert ready.meta["keypoints"] == ["nose", "left_eye"]
    assert sorted(tree(folder)) == ["ours", "ours/config.py", "ours/record.json", "ours/weights.safetensors"]
    record = store.record_read(folder, "ours")
    assert record is not None
    assert (record.own, record.licence, record.source, record.file) == (True, "CC-BY-4.0", "The federation", path.name)
    assert record.source_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    # The same again is the same; another file under the name is refused.
    assert weights_register("ours", "pose", path, folder) == ready
    saved(torch, path, checkpoint(torch, other=1), old_way=old_way)
    before = tree(folder)
    with pytest.raises(WeightsError, match="There are other own weights called ours"):
        weights_register("ours", "pose", path, folder)
    assert tree(folder) == before
    Path(ready.config).write_text(CONFIG + "a = 1\n")
    with pytest.raises(WeightsError, match=r"config\.py has the hash"):
        weights_ready("ours", folder)


@gpu
def test_own_detectors_keep_their_classes(torch: Any, tmp_path: Path, folder: Path) -> None:
    content = checkpoint(torch)
    content["meta"]["dataset_meta"] = {"classes": ("person",), "palette": [(220, 20, 60)]}
    path = saved(torch, tmp_path / "own.pth", content)
    assert weights_register("ours", "detector", path, folder).meta == {"classes": ["person"]}


@gpu
def test_a_wrapper_for_several_devices_is_taken_off(torch: Any, tmp_path: Path, folder: Path) -> None:
    from safetensors.torch import load_file

    content = checkpoint(torch) | {"state_dict": {"module.a": torch.zeros(1), "module.b": torch.ones(1)}}
    ready = weights_register("ours", "pose", saved(torch, tmp_path / "own.pth", content), folder)
    assert sorted(load_file(ready.safetensors)) == ["a", "b"]


@gpu
@pytest.mark.parametrize("old_way", [False, True])
@pytest.mark.parametrize(
    ("call", "args", "words"),
    [
        (os.system, "touch {}", "posix.system"),
        (builtins.eval, "open({!r}, 'w')", "builtins.eval"),
        (os.mkdir, "{}", "posix.mkdir"),
        (pickle.loads, b"x", "pickle.loads"),
    ],
)
def test_a_checkpoint_that_would_run_something_is_refused_and_runs_nothing(
    torch: Any, tmp_path: Path, folder: Path, call: Any, args: Any, words: str, old_way: bool
) -> None:
    marker = tmp_path / "was_run"
    evil = Evil(call, args.format(str(marker)) if isinstance(args, str) else args)
    path = saved(torch, tmp_path / "own.pth", checkpoint(torch, evil=evil), old_way=old_way)
    assert f"asks its reader for `{words}`" in refused(folder, path)
    assert not marker.exists()


@gpu
@pytest.mark.parametrize("old_way", [False, True])
def test_getattr_of_a_checkpoint_reaches_nothing(torch: Any, tmp_path: Path, folder: Path, old_way: bool) -> None:
    """mmengine's checkpoints ask for getattr; here it answers with a thing that does nothing and cannot be called."""
    evil = Evil(getattr, np.ndarray, "tofile")
    path = saved(torch, tmp_path / "own.pth", checkpoint(torch, evil=evil), old_way=old_way)
    assert weights_register("ours", "pose", path, folder).meta["dataset_name"] == "coco"


@gpu
def test_torchs_own_classes_are_judged_by_torch(torch: Any, tmp_path: Path, folder: Path) -> None:
    path = saved(torch, tmp_path / "own.pth", checkpoint(torch, net=torch.nn.Linear(1, 1)))
    assert "cannot be opened safely" in refused(folder, path)


@gpu
@pytest.mark.parametrize("old_way", [False, True])
@pytest.mark.parametrize("kept", [0, 1, 2, 100, 0.5, 0.9, -1])
def test_a_truncated_checkpoint(torch: Any, tmp_path: Path, folder: Path, old_way: bool, kept: float) -> None:
    path = saved(torch, tmp_path / "own.pth", checkpoint(torch), old_way=old_way)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept) if isinstance(kept, float) else kept])
    assert "ours" in refused(folder, path)


@gpu
def test_what_is_no_checkpoint(torch: Any, tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "own.pth"
    for content in ([], {}, {"state_dict": {}}, {"state_dict": [1]}, {"model": {"a": torch.zeros(1)}}, torch.zeros(1)):
        assert "no weights under `state_dict`" in refused(folder, saved(torch, path, content))
    sparse = torch.zeros(2, 2).to_sparse()
    for wrong in ({"a": 1}, {1: torch.zeros(1)}, {"a": sparse}, {"a": torch.zeros(1, dtype=torch.complex64)}):
        assert "something else than a plain tensor" in refused(folder, saved(torch, path, {"state_dict": wrong}))
    assert "cannot be read" in refused(folder, tmp_path / "none.pth")
    assert "cannot be read" in refused(folder, tmp_path)


@gpu
def test_the_config_of_own_weights(torch: Any, tmp_path: Path, folder: Path) -> None:
    content = checkpoint(torch)
    content["meta"]["cfg"] = "import os\nos.system('x')"
    path = saved(torch, tmp_path / "own.pth", content)
    assert "The config is refused in line 1" in refused(folder, path)
    for cfg in (None, 7):
        content["meta"]["cfg"] = cfg
        assert "no config under `meta['cfg']`" in refused(folder, saved(torch, path, content))
    del content["meta"]
    assert "no config under `meta['cfg']`" in refused(folder, saved(torch, path, content))
    config = tmp_path / "given.py"
    assert "cannot be read" in refused(folder, path, config=config)
    config.write_text("a = 1\n")
    assert "has no `model`" in refused(folder, path, config=config)
    config.write_text(CONFIG)
    ready = weights_register("ours", "pose", path, folder, config=config)
    assert (Path(ready.config).read_text(), ready.meta) == (CONFIG, {})


@pytest.mark.parametrize("name", ["", "Ours", "../ours", "a/b", "-a", "a" * 64, "vitpose-b"])
def test_names_of_own_weights(name: str, tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "own.pth"
    path.write_bytes(b"")
    with pytest.raises(WeightsError, match="Own weights cannot be called"):
        weights_register(name, "pose", path, folder)
    assert not folder.exists()
