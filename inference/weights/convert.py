"""A checkpoint into safetensors, once: after that no pickle is opened again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from inference.weights.base import Kind, ReadyWeights, State, Weights, WeightsError
from inference.weights.checkpoint import Checkpoint, checkpoint_read
from inference.weights.config import config_model, config_read
from inference.weights.fetch import disk_errors
from inference.weights.ready import faults, weights_ready, weights_state
from inference.weights.registry import NAME, published
from inference.weights.store import (
    CONFIG,
    SAFETENSORS,
    SHA256,
    Record,
    file_put,
    locked,
    record_read,
    record_write,
    room_for,
    sha256_of,
)

# The safetensors' one entry of metadata: JSON with name, source_sha256 and config.
METADATA: Final = "white_lights"


def weights_convert(weights: Weights, store: Path) -> ReadyWeights:
    """Converts the fetched file of published weights, unless that was done.

    Raises WeightsError; then the store is as it was.
    """
    name = weights.name
    if weights.own:
        raise WeightsError(f"{name} are own weights and were converted when they were registered.")
    with locked(store, name), disk_errors(store):
        record = record_read(store, name)
        if (
            record
            and weights_state(name, store) == State.READY
            and not faults(weights, record, store, original_too=False)
        ):
            return weights_ready(name, store)  # once: the pickle is not opened again
        path = store / name / weights.file
        if record is None or not path.is_file():
            raise WeightsError(f"The file of {name} is not in {store}: run `manage.py weights fetch {name}`.")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest != record.source_sha256 or not digest.startswith(weights.sha256_prefix):
                raise WeightsError(
                    f"{path} has the hash {digest[:12]}…, but {record.source_sha256[:12]}… was pinned: it was not "
                    f"opened. Delete the folder {path.parent} and run `manage.py weights fetch {name}`."
                )
            checkpoint = checkpoint_read(file, name)
        record_write(store, _saved(checkpoint, record, path.parent, weights.config))
    return weights_ready(name, store)


def weights_register(
    name: str,
    kind: Kind,
    source: Path,
    store: Path,
    *,
    config: Path | None = None,
    sha256: str | None = None,
    licence: str = "own",
    origin: str = "own",
) -> ReadyWeights:
    """Own weights into the store: hashed, pinned, converted, their config beside them.

    source: a checkpoint as mmpose or mmdet save them; it stays where it is. config: a flattened config, where the
    checkpoint's ``meta['cfg']`` has none. sha256: the file's full hash, where a person knows it; checked before it is
    opened. licence, origin: what the record shall say. Raises WeightsError; then the store is as it was.
    """
    if not NAME.fullmatch(name) or name in published():
        taken = "the name of published weights" if name in published() else "not small letters, digits and dashes"
        raise WeightsError(f"Own weights cannot be called {name!r}: that is {taken}.")
    if sha256 is not None and not SHA256.fullmatch(sha256):
        raise WeightsError("--sha256 is not 64 hex digits.")
    try:
        file = source.open("rb")
    except OSError as error:
        raise WeightsError(f"{source} cannot be read: {error.strerror}.") from error
    with file, locked(store, name), disk_errors(store):
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 is not None and digest != sha256:
            raise WeightsError(f"{source} has the hash {digest}, not the one of --sha256; it was not opened.")
        there = record_read(store, name)
        if there is not None and there.source_sha256 != digest:
            raise WeightsError(
                f"There are other own weights called {name}: choose another name, or delete {store / name}."
            )
        if there is None:
            record = Record(
                name=name,
                kind=kind,
                file=source.name,
                source_sha256=digest,
                size_bytes=source.stat().st_size,
                origin=source.name,
                licence=licence,
                source=origin,
                pinned_at=datetime.now(UTC).isoformat(timespec="seconds"),
                own=True,
            )
            _register(checkpoint_read(file, name), record, store, config)
    return weights_ready(name, store)


def _register(checkpoint: Checkpoint, record: Record, store: Path, config: Path | None) -> None:
    """Everything is made in a folder aside, and the folder renamed."""
    text = _config_text(checkpoint, config, record.name)
    aside = Path(tempfile.mkdtemp(prefix=f".{record.name}-", dir=store))
    try:
        folder = aside / record.name
        file_put(folder / CONFIG, text.encode())
        record = replace(record, config_sha256=sha256_of(folder / CONFIG))
        record_write(aside, _saved(checkpoint, record, folder, CONFIG))
        folder.replace(store / record.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _config_text(checkpoint: Checkpoint, config: Path | None, name: str) -> str:
    """The config's text, read once as data so that a bad one is refused here and not at a worker's start."""
    text = checkpoint.config
    if config is not None:
        try:
            text = config.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise WeightsError(f"{config} cannot be read: {error}.") from error
    if not text:
        raise WeightsError(
            f"The checkpoint of {name} has no config under `meta['cfg']`: give a flattened one with --config."
        )
    config_model(config_read(text))
    return text


def _saved(checkpoint: Checkpoint, record: Record, folder: Path, config: str) -> Record:
    """Writes the safetensors, whole or not at all; the record with their pin."""
    from safetensors.torch import save_file

    tensors = _unshared(checkpoint.tensors)
    room_for(folder / SAFETENSORS, sum(tensor.numel() * tensor.element_size() for tensor in tensors.values()))
    part = folder / (SAFETENSORS + ".part")
    about = {"name": record.name, "source_sha256": record.source_sha256, "config": config}
    try:
        # One entry: safetensors writes several in an order of chance, and two hosts would hold different hashes.
        save_file(tensors, part, metadata={METADATA: json.dumps(about, sort_keys=True)})
        with part.open("rb") as file:
            os.fsync(file.fileno())
        digest = sha256_of(part)
        part.replace(folder / SAFETENSORS)
    finally:
        part.unlink(missing_ok=True)
    size = (folder / SAFETENSORS).stat().st_size
    return replace(record, safetensors_sha256=digest, safetensors_bytes=size, meta=checkpoint.meta)


def _unshared(tensors: dict[str, Any]) -> dict[str, Any]:
    """Each tensor in memory of its own, as safetensors asks; types are kept. RTMDet's levels share convolutions."""
    seen: set[int] = set()
    own: dict[str, Any] = {}
    for key, tensor in tensors.items():
        tensor = tensor.detach()
        place = tensor.untyped_storage().data_ptr()
        own[key] = tensor.clone().contiguous() if place in seen else tensor.contiguous()
        seen.add(place)
    return own
