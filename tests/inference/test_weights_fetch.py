"""Fetching: resume at any byte, one clear sentence for each way to fail, and nothing half written."""

import errno
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.weights import Weights, WeightsError, download, fetch, registry, store
from inference.weights.fetch import weights_fetch
from tests.publisher import Publisher, published_at, registry_write, tree

DATA = hashlib.shake_256(b"weights").digest(3000)
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PIECE_BYTES", 100)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    with published_at(DATA) as publisher:
        registry_write(tmp_path / "registry.toml", publisher, monkeypatch)
        yield publisher


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def small() -> Weights:
    return registry.published()["small"]


def refused(folder: Path, weights: Weights | None = None, **options: Any) -> str:
    """The sentence of a refusal that left the store as it was."""
    before = tree(folder)
    with pytest.raises(WeightsError) as caught:
        weights_fetch(weights or small(), folder, **options)
    assert tree(folder) == before
    assert (caught.value.reason, caught.value.permanent) == ("weights", True)
    return caught.value.sentence


def test_a_file_is_fetched_whole_and_pinned(publisher: Publisher, folder: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    done = weights_fetch(small(), folder, progress=lambda there, total: seen.append((there, total)))

    assert (done.sha256, done.size_bytes, done.already) == (SHA256, 3000, False)
    assert done.path.read_bytes() == DATA
    assert sorted(tree(folder)) == ["small", f"small/{publisher.file}", "small/record.json"]
    record = store.record_read(folder, "small")
    assert record is not None
    assert (record.source_sha256, record.size_bytes, record.origin) == (SHA256, 3000, publisher.url)
    assert seen == [(there, 3000) for there in range(100, 3001, 100)]
    assert publisher.asked[0]["Accept-Encoding"] == "identity"


def test_what_is_there_and_matches_is_not_asked_for_again(publisher: Publisher, folder: Path) -> None:
    weights_fetch(small(), folder)
    assert weights_fetch(small(), folder).already
    assert len(publisher.asked) == 1


def test_a_file_that_rotted_is_fetched_again(publisher: Publisher, folder: Path) -> None:
    path = weights_fetch(small(), folder).path
    path.write_bytes(b"rot")
    assert not weights_fetch(small(), folder).already
    assert path.read_bytes() == DATA


@settings(max_examples=30, deadline=None)
@given(cut=st.integers(0, 2999))
def test_it_goes_on_after_a_cut_at_any_byte(cut: int) -> None:
    with published_at(DATA) as publisher, tempfile.TemporaryDirectory() as name:
        part = Path(name) / "file.part"
        publisher.cuts = [cut]
        kept = cut - cut % 100
        if kept == 0:
            with pytest.raises(WeightsError, match="does not answer"):
                download.download(publisher.url, part, None, hash_known=False)
            assert list(Path(name).iterdir()) == []
            return
        assert download.download(publisher.url, part, None, hash_known=False) == SHA256
        assert part.read_bytes() == DATA
        assert [asked.get("Range") for asked in publisher.asked] == [None, f"bytes={kept}-"]
        assert publisher.asked[1]["If-Range"] == '"one"'


@settings(max_examples=30, deadline=None)
@given(there=st.integers(0, 3000), tail=st.binary(max_size=5))
def test_it_goes_on_from_a_part_of_any_length(there: int, tail: bytes) -> None:
    """Left by an earlier command; a tail of other bytes is found by the hash, a part too long by the server."""
    with published_at(DATA) as publisher, tempfile.TemporaryDirectory() as name:
        part = Path(name) / "file.part"
        part.write_bytes(DATA[:there] + tail)
        store.part_note(part).write_text(json.dumps({"url": publisher.url, "validator": '"one"'}))
        digest = download.download(publisher.url, part, None, hash_known=False)
        assert digest == hashlib.sha256(part.read_bytes()).hexdigest()
        begun = (DATA[:there] + tail)[:3000]
        fits = len(DATA[:there] + tail) <= 3000
        assert part.read_bytes() == (begun + DATA[len(begun) :] if fits else DATA)


def test_a_server_without_ranges_starts_over(publisher: Publisher, folder: Path) -> None:
    publisher.cuts, publisher.ranges = [1500], False
    assert weights_fetch(small(), folder).path.read_bytes() == DATA
    assert [asked.get("Range") for asked in publisher.asked] == [None, "bytes=1500-"]


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_strong_validator_it_starts_over(publisher: Publisher, folder: Path, etag: str) -> None:
    publisher.cuts, publisher.etag = [1500], etag
    assert weights_fetch(small(), folder).path.read_bytes() == DATA
    assert [asked.get("Range") for asked in publisher.asked] == [None, None]


def test_a_file_changed_in_between_starts_over(publisher: Publisher, folder: Path) -> None:
    part = folder / "small" / (publisher.file + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1500)
    store.part_note(part).write_text(json.dumps({"url": publisher.url, "validator": '"older"'}))
    assert weights_fetch(small(), folder).path.read_bytes() == DATA
    assert sorted(tree(folder)) == ["small", f"small/{publisher.file}", "small/record.json"]


def test_a_connection_that_keeps_breaking_leaves_the_part(publisher: Publisher, folder: Path) -> None:
    publisher.cuts = [200, 200, 200, 200, 200, 200]
    with pytest.raises(WeightsError, match=r"broke after 0\.0 MB; the same command goes on from there"):
        weights_fetch(small(), folder)
    part = folder / "small" / (publisher.file + ".part")
    assert part.read_bytes() == DATA[:1200]
    assert not (folder / "small" / "record.json").exists()

    assert weights_fetch(small(), folder).path.read_bytes() == DATA
    assert publisher.asked[-1]["Range"] == "bytes=1200-"


def test_no_server(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with published_at(DATA) as publisher:
        registry_write(tmp_path / "registry.toml", publisher, monkeypatch)
    assert "does not answer" in refused(folder)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "is not at http"),
        (410, "is not at http"),
        (403, "answered 403"),
        (503, "answered 503"),
        (204, "answered 204"),
    ],
)
def test_refused_by_the_server(publisher: Publisher, folder: Path, status: int, words: str) -> None:
    publisher.status = status
    assert words in refused(folder)


def test_redirects_stay_on_their_host(publisher: Publisher, folder: Path) -> None:
    publisher.status, publisher.location = 302, f"http://localhost:{publisher.port}/other.pth"
    assert f"sends us on to localhost:{publisher.port}" in refused(folder)
    publisher.location = "/elsewhere.pth"
    assert "in circles" in refused(folder)
    assert len(publisher.asked) == 1 + download.MOST_REDIRECTS + 1


def test_packed_bytes_are_not_taken(publisher: Publisher, folder: Path) -> None:
    publisher.extra = {"Content-Encoding": "gzip"}
    assert "not with the file" in refused(folder)


def test_wrong_bytes(publisher: Publisher, folder: Path) -> None:
    weights = small()
    publisher.data = DATA[:-1] + b"!"
    assert f"not with {SHA256[:8]}" in refused(folder, weights)


def test_a_known_full_hash_is_held_to(publisher: Publisher, folder: Path) -> None:
    forged = SHA256[:8] + "0" * 56
    assert "not the one of --sha256" in refused(folder, sha256=forged)
    assert "not 64 hex digits" in refused(folder, sha256="0" * 64)
    assert weights_fetch(small(), folder, sha256=SHA256).sha256 == SHA256


def test_another_file_with_the_same_prefix_is_refused_by_the_pin(publisher: Publisher, folder: Path) -> None:
    """What a forger can do in minutes: other bytes, the same first 8 digits. Played by pinning another hash."""
    path = weights_fetch(small(), folder).path
    record = json.loads((folder / "small" / "record.json").read_text())
    record["source_sha256"] = SHA256[:8] + "0" * 56
    (folder / "small" / "record.json").write_text(json.dumps(record))
    path.write_bytes(b"rot")
    assert "one of them is a forgery" in refused(folder)
    assert "one of them is a forgery" in refused(folder, sha256=SHA256)


def test_a_pin_of_an_unpublished_file_is_refused(publisher: Publisher, folder: Path) -> None:
    weights_fetch(small(), folder)
    record = json.loads((folder / "small" / "record.json").read_text())
    record["source_sha256"] = "0" * 64
    (folder / "small" / "record.json").write_text(json.dumps(record))
    assert "pins another file than the published small" in refused(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "small"}', "\xff"])
def test_an_unreadable_record_is_refused(publisher: Publisher, folder: Path, text: str) -> None:
    weights_fetch(small(), folder)
    (folder / "small" / "record.json").write_bytes(text.encode("latin-1"))
    assert "record.json cannot be read" in refused(folder)


def test_a_mirror_and_plain_http(publisher: Publisher, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher.status = 404
    assert f"http://127.0.0.1:{publisher.port}/a/b/{publisher.file} (404)" in refused(
        folder, mirror=f"http://127.0.0.1:{publisher.port}/a/b"
    )
    asked = len(publisher.asked)
    assert "is not https, and the file's full hash is not known" in refused(folder, mirror="http://192.0.2.1/")
    for mirror in ("ftp://example.org/", "file:///etc", "example.org"):
        assert "is not an https address" in refused(folder, mirror=mirror)
    assert len(publisher.asked) == asked
    # With the full hash known plain http is allowed: it goes as far as the connection.
    called: list[str] = []

    def _connection(session: Any, url: str, *_: Any) -> str:
        called.append(url)
        raise download._CutError

    monkeypatch.setattr(download, "_connection", _connection)
    assert "does not answer" in refused(folder, mirror="http://192.0.2.1/", sha256=SHA256)
    assert called == [f"http://192.0.2.1/{publisher.file}"]


def test_a_full_disk(publisher: Publisher, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2999))
        assert "too full" in refused(folder)
        file = tmp_path / "brought.pth"
        file.write_bytes(DATA)
        assert "too full" in refused(folder, from_file=file)

    def full(_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download, "file_sync", full)
    monkeypatch.setattr(fetch, "file_sync", full)
    assert "is full: make room" in refused(folder)
    assert "is full: make room" in refused(folder, from_file=file)


def test_a_server_without_an_end_does_not_fill_the_disk(
    publisher: Publisher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MOST_BYTES", 2000)
    assert "sends more than the file can have" in refused(folder)
    publisher.length = False
    assert "sends more than the file can have" in refused(folder)
    monkeypatch.setattr(download, "MOST_BYTES", 3000)
    assert weights_fetch(small(), folder).path.read_bytes() == DATA


def test_two_fetches_do_not_mix(publisher: Publisher, folder: Path) -> None:
    with store.locked(folder, "small"):
        assert "Another command is working on small" in refused(folder)
    assert publisher.asked == []
    assert weights_fetch(small(), folder).sha256 == SHA256


def test_a_file_that_was_brought(publisher: Publisher, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "brought.pth"
    assert "cannot be read: No such file" in refused(folder, from_file=file)
    assert "cannot be read: Is a directory" in refused(folder, from_file=tmp_path)
    for wrong in (b"", DATA[:-1], DATA + b"x"):
        file.write_bytes(wrong)
        assert f"not with {SHA256[:8]}" in refused(folder, from_file=file)
    file.write_bytes(DATA)
    assert weights_fetch(small(), folder, from_file=file).path.read_bytes() == DATA
    assert file.read_bytes() == DATA
    assert publisher.asked == []


def test_own_weights_are_not_fetched(folder: Path) -> None:
    own = Weights("ours", "pose", "config.py", "own", "own", own=True)
    assert "convert --as ours" in refused(folder, own)


def test_a_store_that_cannot_be_written(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WeightsError, match="set WEIGHTS_DIR to a folder that can"):
        weights_fetch(small(), tmp_path / "file" / "store")
