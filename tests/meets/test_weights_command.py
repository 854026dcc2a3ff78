"""manage.py weights: what a person types, and what they read."""

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from inference.weights import download
from inference.weights.store import SAFETENSORS, record_path
from tests.publisher import Publisher, published_at, registry_write, tree

DATA = hashlib.shake_256(b"weights").digest(3000)
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.WEIGHTS_DIR = tmp_path / "store"
    return tmp_path / "store"


@pytest.fixture
def publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[Publisher]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with published_at(DATA) as publisher:
        registry_write(tmp_path / "registry.toml", publisher, monkeypatch)
        yield publisher


def weights(*words: str | Path) -> list[str]:
    """The lines that the command prints."""
    out = io.StringIO()
    call_command("weights", *map(str, words), stdout=out)
    return out.getvalue().splitlines()


def converted(folder: Path) -> None:
    """As ``convert`` leaves the store, without torch."""
    tensors = folder / "small" / SAFETENSORS
    tensors.write_bytes(b"12345")
    path = record_path(folder, "small")
    pin = {"safetensors_sha256": hashlib.sha256(b"12345").hexdigest(), "safetensors_bytes": 5}
    path.write_text(json.dumps(json.loads(path.read_text()) | pin))


def test_list_of_an_empty_store(folder: Path) -> None:
    lines = weights("list", "--json")
    assert lines[0] == f"Weights in {folder}"
    assert lines[1].split() == ["NAME", "KIND", "SIZE", "LICENCE", "STATE", "SOURCE"]
    assert lines[2].split()[:7] == ["vitpose-s", "pose", "about", "97", "MB", "Apache-2.0", "missing"]
    shown = json.loads(lines[-1])
    assert len(shown["weights"]) == len(lines) - 3 == 14
    assert shown["store"] == str(folder)
    row = next(row for row in shown["weights"] if row["name"] == "vitpose-h")
    assert (row["state"], row["sha256_prefix"], row["size_bytes"]) == ("missing", "e32adcd4", None)
    assert not folder.exists()


def test_from_missing_to_ready(publisher: Publisher, folder: Path) -> None:
    def state() -> tuple[str, str, int | None]:
        row = json.loads(weights("list", "--json")[-1])["weights"][0]
        return row["name"], row["state"], row["size_bytes"]

    assert state() == ("small", "missing", None)
    assert weights("fetch", "small") == [
        f"small is there: 0.0 MB, sha256 {SHA256}.",
        "Next: manage.py weights convert small",
    ]
    assert state() == ("small", "fetched", 3000)
    assert weights("verify", "small") == ["small: fetched, as pinned."]
    converted(folder)
    assert state() == ("small", "ready", 3000)
    assert weights("fetch", "small") == [f"small was there already and matches: 0.0 MB, sha256 {SHA256}."]
    assert weights("verify") == ["small: ready, as pinned."]
    record_path(folder, "small").write_text("{")
    assert state() == ("small", "broken", None)


def test_the_bar_is_silent_without_a_terminal(publisher: Publisher, capfd: pytest.CaptureFixture[str]) -> None:
    weights("fetch", "small")
    assert capfd.readouterr() == ("", "")


def test_verify_ends_with_1_and_says_what_to_do(publisher: Publisher, folder: Path) -> None:
    weights("fetch", "small")
    converted(folder)
    (folder / "small" / publisher.file).write_bytes(DATA[:-1] + b"!")
    (folder / "small" / SAFETENSORS).write_bytes(b"1234!")
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"Not as pinned: small\.") as caught:
        call_command("weights", "verify", stdout=out)
    assert caught.value.returncode == 1
    lines = out.getvalue().splitlines()
    assert [SAFETENSORS in lines[0], publisher.file in lines[1]] == [True, True]
    assert all(
        f"delete the folder {folder / 'small'} and run `manage.py weights fetch small`" in line for line in lines
    )


def test_verify_of_what_is_not_there(publisher: Publisher, folder: Path) -> None:
    assert weights("verify") == [f"There are no weights in {folder} yet; `manage.py weights fetch NAME` brings some."]
    for name in ("small", "none"):
        with pytest.raises(CommandError, match=f"Not as pinned: {name}"):
            weights("verify", name)
    weights("fetch", "small")
    (folder / "small" / publisher.file).unlink()
    with pytest.raises(CommandError, match="Not as pinned: small"):
        weights("verify")
    record_path(folder, "small").rename(folder / "small" / "elsewhere")
    (folder / "ours").mkdir()
    (folder / "ours" / "record.json").write_text("{")
    out = io.StringIO()
    with pytest.raises(CommandError, match="Not as pinned: ours"):
        call_command("weights", "verify", stdout=out)
    assert "record.json cannot be read" in out.getvalue()
    assert weights("list")[-1].split() == ["ours", "?", "?", "?", "broken", "?"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["fetch", "none"], "There are no weights called none"),
        (["fetch", "small", "none"], "There are no weights called none"),
        (["fetch", "small", "small", "--from", "x"], "give one name with them"),
        (["fetch", "small", "--from", "x", "--mirror", "https://example.org"], "not both"),
        (["fetch", "small", "--from", "no_such_file"], "no_such_file cannot be read"),
        (["fetch", "small", "--sha256", "0"], "--sha256 is not 64 hex digits"),
        (["convert"], "Give the NAME of fetched weights"),
        (["convert", "none"], "There are no weights called none"),
        (["convert", "small"], "run `manage.py weights fetch small`"),
        (["convert", "small", "--from", "x"], "Give the NAME of fetched weights"),
        (["convert", "--as", "ours", "--from", "x"], "Own weights need"),
        (["convert", "--as", "ours", "--kind", "pose"], "Own weights need"),
        (["convert", "--as", "Ours!", "--kind", "pose", "--from", "x"], "Own weights cannot be called"),
        (["convert", "--as", "ours", "--kind", "pose", "--from", "no_such_file"], "no_such_file cannot be read"),
        (["convert", "--as", "ours", "--kind", "other", "--from", "x"], "invalid choice"),
        ([], "required"),
    ],
)
def test_refusals_write_nothing(publisher: Publisher, folder: Path, words: list[str], sentence: str) -> None:
    with pytest.raises(CommandError) as caught:
        weights(*words)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not folder.exists() or tree(folder) == {}
    assert publisher.asked == []


def test_a_hall_without_internet(publisher: Publisher, folder: Path, tmp_path: Path) -> None:
    brought = tmp_path / "stick" / "model.pth"
    brought.parent.mkdir()
    brought.write_bytes(DATA[:-1])
    with pytest.raises(CommandError, match="its hash begins"):
        weights("fetch", "small", "--from", brought)
    assert tree(folder) == {}
    brought.write_bytes(DATA)
    assert weights("fetch", "small", "--from", brought)[0].startswith("small is there")
    assert publisher.asked == []


def test_ctrl_c(publisher: Publisher, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(download, "_written", stop)
    with pytest.raises(CommandError, match="Stopped"):
        weights("fetch", "small")
    assert not record_path(folder, "small").exists()
