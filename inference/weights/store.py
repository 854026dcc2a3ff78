"""The store's files: records, hashes, locks, and writes that are whole or not there."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO, Final

from inference.weights.base import KINDS, Kind, WeightsError

RECORD: Final = "record.json"
SAFETENSORS: Final = "weights.safetensors"
CONFIG: Final = "config.py"
CHUNK_BYTES: Final = 1 << 20
SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Record:
    """What was pinned. ``record.json`` holds these fields by name.

    source_sha256, size_bytes: of the publisher's file. origin: the address or file name it came from.
    safetensors_*, meta: empty until converted. config_sha256: of own weights' config, else empty.
    """

    name: str
    kind: Kind
    file: str
    source_sha256: str
    size_bytes: int
    origin: str
    licence: str
    source: str
    pinned_at: str
    own: bool = False
    config_sha256: str = ""
    safetensors_sha256: str = ""
    safetensors_bytes: int = 0
    meta: dict[str, Any] = field(default_factory=dict)


def record_path(store: Path, name: str) -> Path:
    return store / name / RECORD


def record_read(store: Path, name: str) -> Record | None:
    """None when nothing was ever pinned under this name. Raises WeightsError when the record cannot be read."""
    path = record_path(store, name)
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error)) from error
    try:
        raw = json.loads(text)
        record = Record(**{each.name: raw[each.name] for each in fields(Record)})
        _record_check(record, name)
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, repr(error)) from error
    return record


def _record_check(record: Record, name: str) -> None:
    """Raises ValueError or TypeError for a record that this package did not write."""
    optional = (record.config_sha256, record.safetensors_sha256)
    if record.name != name or record.kind not in KINDS or not isinstance(record.meta, dict):
        raise ValueError("name, kind or meta")
    if not SHA256.fullmatch(record.source_sha256) or any(text and not SHA256.fullmatch(text) for text in optional):
        raise ValueError("a hash is not one")
    if type(record.size_bytes) is not int or type(record.safetensors_bytes) is not int:
        raise ValueError("a size is not one")
    if type(record.own) is not bool or Path(record.file).name != record.file:
        raise ValueError("own or file")


def _unreadable(path: Path, why: str) -> WeightsError:
    return WeightsError(
        f"{path} cannot be read ({why}): nothing in that folder is trusted. Delete it and fetch or convert again."
    )


def record_write(store: Path, record: Record) -> None:
    text = json.dumps(asdict(record), indent=2, ensure_ascii=False) + "\n"
    file_put(record_path(store, record.name), text.encode())


def file_put(path: Path, data: bytes) -> None:
    """Writes the file whole or not at all, and makes its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file_sync(file)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def file_sync(file: BinaryIO) -> None:
    """On the disk, not only in its cache: a rename must not outlive the bytes after a power cut."""
    file.flush()
    os.fsync(file.fileno())


def part_note(part: Path) -> Path:
    """Beside a part: the address it came from, and what tells the server which file that was."""
    return part.with_name(part.name + ".json")


def part_delete(part: Path) -> None:
    part.unlink(missing_ok=True)
    part_note(part).unlink(missing_ok=True)


def room_for(part: Path, more_bytes: int) -> None:
    """Raises WeightsError when so many bytes more do not fit on the part's disk."""
    free = shutil.disk_usage(part.parent).free
    if more_bytes > free:
        raise WeightsError(
            f"The disk of {part.parent.parent} is too full: {more_bytes / 1e6:.0f} MB are needed, "
            f"{free / 1e6:.0f} MB are free."
        )


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def locked(store: Path, name: str) -> Iterator[None]:
    """Only one process at a time writes a set of weights. Raises WeightsError when another one does."""
    try:
        store.mkdir(parents=True, exist_ok=True)
        file = (store / f".{name}.lock").open("w")
    except OSError as error:
        raise WeightsError(
            f"{store} cannot be written ({error.strerror}): set WEIGHTS_DIR to a folder that can."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WeightsError(f"Another command is working on {name} just now; wait until it has ended.") from error
        yield
