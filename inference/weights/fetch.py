"""A published file into the store: over HTTPS with resume, or from a file. It is whole and checked, or not there."""

from __future__ import annotations

import contextlib
import errno
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin

from inference.weights.base import Weights, WeightsError
from inference.weights.download import Progress, download
from inference.weights.ready import faults
from inference.weights.store import (
    CHUNK_BYTES,
    SHA256,
    Record,
    file_sync,
    locked,
    part_delete,
    record_read,
    record_write,
    room_for,
    sha256_of,
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """already: it lay there and matched; nothing was written."""

    path: Path
    sha256: str
    size_bytes: int
    already: bool


def weights_fetch(
    weights: Weights,
    store: Path,
    *,
    from_file: Path | None = None,
    mirror: str | None = None,
    sha256: str | None = None,
    progress: Progress | None = None,
) -> Fetched:
    """Brings the publisher's file into the store and pins its full hash.

    from_file: copied instead of fetched. mirror: base address in place of the publisher's. sha256: the full hash, where
    a person knows it. Raises WeightsError; then nothing but a part to go on from is left.
    """
    if weights.own:
        raise WeightsError(f"{weights.name} are own weights: they come by `convert --as {weights.name} --from FILE`.")
    if sha256 is not None and not (SHA256.fullmatch(sha256) and sha256.startswith(weights.sha256_prefix)):
        raise WeightsError(
            f"--sha256 is not 64 hex digits that begin with {weights.sha256_prefix}, as the file's must."
        )
    with locked(store, weights.name), disk_errors(store):
        record = record_read(store, weights.name)
        pin = record.source_sha256 if record else None
        if pin and sha256 and pin != sha256:
            raise _off_pin(weights, store, sha256, pin)
        if record and pin and not pin.startswith(weights.sha256_prefix):
            raise WeightsError(faults(weights, record, store, original_too=False)[0])
        if record and (there := _already(store, record)):
            return there
        path = store / weights.name / weights.file
        part = path.with_name(path.name + ".part")
        part.parent.mkdir(exist_ok=True)
        try:
            if from_file is not None:
                origin, digest = from_file.name, _copied(from_file, part, progress)
            else:
                origin = urljoin(mirror.rstrip("/") + "/", weights.file) if mirror else weights.url
                digest = download(origin, part, progress, hash_known=bool(pin or sha256))
            _checked(weights, store, digest, pin=pin, known=sha256, part=part)
            return _kept(weights, store, part, path, digest, origin, record)
        finally:
            with contextlib.suppress(OSError):
                part.parent.rmdir()  # only when empty: a refusal leaves no folder behind


def _already(store: Path, record: Record) -> Fetched | None:
    path = store / record.name / record.file
    if path.is_file() and sha256_of(path) == record.source_sha256:
        return Fetched(path, record.source_sha256, record.size_bytes, already=True)
    return None


def _copied(source: Path, part: Path, progress: Progress | None) -> str:
    """Copies the file and returns the hash of what was written."""
    try:
        size = source.stat().st_size
        file = source.open("rb")
    except OSError as error:
        raise WeightsError(f"{source} cannot be read: {error.strerror}.") from error
    digest, done = hashlib.sha256(), 0
    with file:
        room_for(part, size)
        try:
            with part.open("wb") as target:
                for chunk in _chunks(file, source):
                    target.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    if progress:
                        progress(done, size)
                file_sync(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return digest.hexdigest()


def _chunks(file: BinaryIO, source: Path) -> Iterator[bytes]:
    while True:
        try:
            chunk = file.read(CHUNK_BYTES)
        except OSError as error:
            raise WeightsError(f"{source} cannot be read to its end: {error.strerror}.") from error
        if not chunk:
            return
        yield chunk


def _checked(weights: Weights, store: Path, digest: str, *, pin: str | None, known: str | None, part: Path) -> None:
    """Raises WeightsError, the part deleted, unless the hash is the pinned, the known and the published one."""
    wrong: WeightsError | None = None
    if not digest.startswith(weights.sha256_prefix):
        wrong = WeightsError(
            f"The file is not {weights.file}: its hash begins with {digest[:8]}, not with {weights.sha256_prefix}. "
            "It was deleted; fetch it again, or from another place."
        )
    elif known and digest != known:
        wrong = WeightsError(f"The file has the hash {digest}, not the one of --sha256; it was deleted.")
    elif pin and digest != pin:
        wrong = _off_pin(weights, store, digest, pin)
    if wrong:
        part_delete(part)
        raise wrong


def _off_pin(weights: Weights, store: Path, digest: str, pin: str) -> WeightsError:
    return WeightsError(
        f"{weights.name} was pinned as {pin[:16]}…, but this file is {digest[:16]}…, and both begin as published: "
        "one of them is a forgery. Nothing was changed. Ask whoever fetched it first; to start over, delete "
        f"{store / weights.name}."
    )


def _kept(
    weights: Weights, store: Path, part: Path, path: Path, digest: str, origin: str, record: Record | None
) -> Fetched:
    """Pins and renames. The pin comes first: a file without its pin would be checked by its first 8 digits alone."""
    size = part.stat().st_size
    if record is None:
        record_write(
            store,
            Record(
                name=weights.name,
                kind=weights.kind,
                file=weights.file,
                source_sha256=digest,
                size_bytes=size,
                origin=origin,
                licence=weights.licence,
                source=weights.source,
                pinned_at=datetime.now(UTC).isoformat(timespec="seconds"),
            ),
        )
    part.replace(path)
    part_delete(part)
    return Fetched(path, digest, size, already=False)


@contextlib.contextmanager
def disk_errors(store: Path) -> Iterator[None]:
    """What the system says of the store's disk, as a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WeightsError(f"The disk of {store} is full: make room and run the command again.") from error
        raise WeightsError(f"{store} cannot be written: {error.strerror or error}.") from error
