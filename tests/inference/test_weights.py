"""The registry, the states, and what a worker is told before it starts."""

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from inference.weights import State, WeightsError, config_find, registry, store, weights_known, weights_ready
from inference.weights.ready import faults, records_found, weights_state
from inference.weights.store import Record, record_write, sha256_of

HASH = "62d7a712" + "0" * 56


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def pinned(folder: Path, name: str = "vitpose-s", *, converted: bool = True, own: bool = False) -> Record:
    """Weights in the store as ``convert`` leaves them, of five bytes."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    tensors, config = folder / name / store.SAFETENSORS, folder / name / store.CONFIG
    file = "own.pth" if own else registry.published()[name].file
    if converted:
        tensors.write_bytes(b"12345")
    if own:
        config.write_text("model = dict(type='X')\n")
    else:
        (folder / name / file).write_bytes(b"1234567")
    record = Record(
        name=name,
        kind="pose",
        file=file,
        source_sha256=HASH,
        size_bytes=7,
        origin="here",
        licence="own",
        source="own",
        pinned_at="2026-11-22T12:00:00+00:00",
        own=own,
        config_sha256=sha256_of(config) if own else "",
        safetensors_sha256=sha256_of(tensors) if converted else "",
        safetensors_bytes=5 if converted else 0,
        meta={"keypoints": ["nose"]},
    )
    record_write(folder, record)
    return record


def test_every_published_set_is_whole() -> None:
    published = registry.published()
    sizes = [f"vitpose-{size}{more}" for more in ("", "-simple", "-humanart") for size in "sblh"]
    assert list(published) == [*sizes, "rtmdet-m-person", "rtmdet-nano-person"]
    for name, weights in published.items():
        assert weights.name == name
        assert weights.url.startswith("https://download.openmmlab.com/mmpose/v1/")
        assert weights.url.endswith("/" + weights.file)
        assert re.search(rf"-{weights.sha256_prefix}(_2023\d{{4}})?\.pth$", weights.file)
        assert weights.kind == ("detector" if name.startswith("rtmdet") else "pose")
        assert weights.licence == "Apache-2.0"
        assert weights.source.startswith("https://github.com/open-mmlab/mmpose/blob/main/")
        assert weights.about_mb > 0
        assert not weights.own
        stem = weights.config.rsplit("/", 1)[-1].removesuffix(".py")
        assert weights.config.startswith("mmpose::")
        assert weights.kind == "detector" or weights.file.startswith(stem + "-")
    prefixes = {weights.sha256_prefix for weights in published.values()}
    assert len(prefixes) == len(published)
    assert "5b738c8e" not in prefixes  # H*: its printed address leads nowhere


@pytest.mark.gpu
def test_the_packages_bring_every_config() -> None:
    if find_spec("mmpose") is None:
        pytest.skip("mmpose is not installed")
    for weights in registry.published().values():
        assert config_find(weights.config).is_file()


@pytest.mark.parametrize(
    "table",
    [
        '[x]\nkind = "pose"\nurl = "https://example.org/model.pth"',
        '[X]\nkind = "pose"\nurl = "https://example.org/model-62d7a712.pth"',
        '[x]\nkind = "other"\nurl = "https://example.org/model-62d7a712.pth"',
    ],
)
def test_a_wrong_registry_is_refused(table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "registry.toml").write_text(table)
    monkeypatch.setattr(registry, "REGISTRY", tmp_path / "registry.toml")
    with pytest.raises(WeightsError, match="is wrong in its name, its kind or its address"):
        registry.published()


def test_asking_costs_neither_torch_nor_requests() -> None:
    code = (
        "import sys, inference.weights as w\n"
        "w.weights_known(None)\n"
        "print(*[m for m in ('torch', 'requests', 'safetensors', 'tqdm', 'django', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_ready_weights(folder: Path) -> None:
    record = pinned(folder)
    ready = weights_ready("vitpose-s", folder)
    assert (ready.name, ready.kind) == ("vitpose-s", "pose")
    assert ready.safetensors == folder / "vitpose-s" / "weights.safetensors"
    assert (ready.sha256, ready.source_sha256) == (record.safetensors_sha256, HASH)
    assert ready.config == registry.published()["vitpose-s"].config
    assert ready.meta == {"keypoints": ["nose"]}
    # The publisher's file may be deleted once it is converted.
    (folder / "vitpose-s" / record.file).unlink()
    assert weights_ready("vitpose-s", folder) == ready
    assert weights_state("vitpose-s", folder) == State.READY


def test_own_weights_are_known_by_their_record(folder: Path) -> None:
    pinned(folder, "ours", own=True)
    weights = weights_known(folder)["ours"]
    assert (weights.own, weights.kind, weights.note) == (True, "pose", "1 joints")
    ready = weights_ready("ours", folder)
    assert ready.config == str(folder / "ours" / "config.py")
    (folder / "ours" / "config.py").write_text("model = dict(type='Y')\n")
    with pytest.raises(WeightsError, match=r"config\.py has the hash"):
        weights_ready("ours", folder)
    assert "ours" not in weights_known(None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("vitpose-s", "run `manage.py weights fetch vitpose-s`, then `manage.py weights convert vitpose-s`"),
        ("vitpose-x", "There are no weights 'vitpose-x'"),
        ("../ours", "There are no weights '../ours'"),
        ("", "There are no weights ''"),
    ],
)
def test_what_is_not_there(folder: Path, name: str, words: str) -> None:
    with pytest.raises(WeightsError) as caught:
        weights_ready(name, folder)
    assert words in caught.value.sentence
    assert (caught.value.reason, caught.value.permanent) == ("weights", True)
    assert not folder.exists()


def test_no_folder_set() -> None:
    with pytest.raises(WeightsError, match="set WEIGHTS_DIR"):
        weights_ready("vitpose-s", None)
    assert weights_state("vitpose-s", None) == State.MISSING


def test_fetched_but_not_converted(folder: Path) -> None:
    record = pinned(folder, converted=False)
    assert weights_state("vitpose-s", folder) == State.FETCHED
    with pytest.raises(WeightsError, match=r"fetched but not converted: run `manage.py weights convert vitpose-s`"):
        weights_ready("vitpose-s", folder)
    file = folder / "vitpose-s" / record.file
    file.write_bytes(b"123456")
    assert weights_state("vitpose-s", folder) == State.BROKEN
    file.unlink()
    assert weights_state("vitpose-s", folder) == State.MISSING
    with pytest.raises(WeightsError, match=r"run `manage.py weights fetch vitpose-s`"):
        weights_ready("vitpose-s", folder)


def test_every_changed_byte_is_a_fault(folder: Path) -> None:
    record = pinned(folder)
    weights = registry.published()["vitpose-s"]
    file = folder / "vitpose-s" / record.file
    # The pinned hash of the publisher's file is not the one of these seven bytes.
    assert len(faults(weights, record, folder, original_too=True)) == 1
    assert faults(weights, record, folder, original_too=False) == []
    (folder / "vitpose-s" / "weights.safetensors").write_bytes(b"1234!")
    with pytest.raises(WeightsError, match=r"weights\.safetensors has the hash .* Do not use it: delete the folder"):
        weights_ready("vitpose-s", folder)
    assert len(faults(weights, record, folder, original_too=True)) == 2
    file.unlink()
    assert len(faults(weights, record, folder, original_too=True)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"name": "vitpose-b"},
        {"kind": "other"},
        {"source_sha256": "62d7a712"},
        {"source_sha256": None},
        {"safetensors_sha256": "no"},
        {"size_bytes": "7"},
        {"safetensors_bytes": None},
        {"meta": []},
        {"own": "yes"},
        {"file": "../../etc/passwd"},
    ],
)
def test_a_record_that_we_did_not_write(folder: Path, change: dict[str, object]) -> None:
    pinned(folder)
    path = store.record_path(folder, "vitpose-s")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(WeightsError, match=r"record\.json cannot be read .* Delete it and fetch or convert again"):
        weights_ready("vitpose-s", folder)
    assert weights_state("vitpose-s", folder) == State.BROKEN


@pytest.mark.parametrize("change", [{"source_sha256": "1" * 64}, {"kind": "detector"}, {"own": True}])
def test_a_record_of_other_weights_is_refused(folder: Path, change: dict[str, object]) -> None:
    pinned(folder)
    path = store.record_path(folder, "vitpose-s")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(WeightsError, match="pins another file than the published vitpose-s"):
        weights_ready("vitpose-s", folder)


def test_own_weights_whose_record_is_broken(folder: Path) -> None:
    pinned(folder, "ours", own=True)
    store.record_path(folder, "ours").write_text("{")
    assert "ours" not in weights_known(folder)
    assert records_found(folder) == ["ours"]
    with pytest.raises(WeightsError, match=r"record\.json cannot be read"):
        weights_ready("ours", folder)
    assert weights_state("ours", folder) == State.BROKEN


def test_a_write_that_fails_leaves_the_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "a" / "file"
    store.file_put(path, b"old")

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "file_sync", full)
    with pytest.raises(OSError, match="No space"):
        store.file_put(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]
