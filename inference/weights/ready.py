"""What the worker and the list ask: which weights are known, how far they are, and are these the pinned ones."""

from __future__ import annotations

from pathlib import Path

from inference.weights.base import ReadyWeights, State, Weights, WeightsError
from inference.weights.registry import NAME, published
from inference.weights.store import CONFIG, RECORD, SAFETENSORS, Record, record_read, sha256_of


def weights_known(folder: Path | None) -> dict[str, Weights]:
    """Published and own weights by name; own ones whose record cannot be read are left out."""
    known = dict(published())
    for name in records_found(folder):
        if name in known or folder is None:
            continue
        try:
            record = record_read(folder, name)
        except WeightsError:
            continue
        if record is not None and record.own:
            known[name] = own_weights(folder, record)
    return known


def records_found(folder: Path | None) -> list[str]:
    """Names under which something was pinned, readable or not."""
    if folder is None or not folder.is_dir():
        return []
    return sorted(path.parent.name for path in folder.glob(f"*/{RECORD}") if NAME.fullmatch(path.parent.name))


def own_weights(folder: Path, record: Record) -> Weights:
    config = str(folder / record.name / CONFIG)
    note = f"{len(record.meta['keypoints'])} joints" if record.meta.get("keypoints") else ""
    return Weights(
        record.name, record.kind, config, record.licence, record.source, file=record.file, note=note, own=True
    )


def weights_state(name: str, folder: Path | None) -> State:
    """By what lies there and its size, without computing hashes: quick enough for a list."""
    if folder is None:
        return State.MISSING
    try:
        record = record_read(folder, name)
    except WeightsError:
        return State.BROKEN
    if record is None:
        return State.MISSING
    tensors, original = folder / name / SAFETENSORS, folder / name / record.file
    if record.safetensors_sha256:
        whole = tensors.is_file() and tensors.stat().st_size == record.safetensors_bytes
        return State.READY if whole else State.BROKEN
    if not original.is_file():
        return State.MISSING
    return State.FETCHED if original.stat().st_size == record.size_bytes else State.BROKEN


def weights_ready(name: str, folder: Path | None) -> ReadyWeights:
    """The weights of that name, after hashing what will be loaded (some seconds for the largest).

    Raises WeightsError, with what to do, when they are unknown, not fetched, not converted or not what was pinned.
    """
    if folder is None:
        raise WeightsError("No folder of weights is set: set WEIGHTS_DIR.")
    record = record_read(folder, name) if NAME.fullmatch(name) else None
    known = weights_known(folder)
    if name not in known:
        raise WeightsError(f"There are no weights {name!r}; `manage.py weights list` shows which there are.")
    if record is None or not (record.safetensors_sha256 or (folder / name / record.file).is_file()):
        raise WeightsError(
            f"The weights {name} are not in {folder}: run `manage.py weights fetch {name}`, then "
            f"`manage.py weights convert {name}`. A worker downloads nothing by itself."
        )
    if not record.safetensors_sha256:
        raise WeightsError(f"The weights {name} are fetched but not converted: run `manage.py weights convert {name}`.")
    for fault in faults(known[name], record, folder, original_too=False):
        raise WeightsError(fault)
    return ReadyWeights(
        name=name,
        kind=record.kind,
        safetensors=folder / name / SAFETENSORS,
        sha256=record.safetensors_sha256,
        source_sha256=record.source_sha256,
        config=known[name].config,
        meta=record.meta,
    )


def faults(weights: Weights, record: Record, folder: Path, *, original_too: bool) -> list[str]:
    """One sentence for each file that is not what was pinned. original_too: the publisher's file also, where kept."""
    own = folder / record.name
    again = (
        f"`manage.py weights fetch {record.name}`" if not weights.own else "`manage.py weights convert --as … --from …`"
    )
    found: list[str] = []
    if (
        record.own != weights.own
        or record.kind != weights.kind
        or not record.source_sha256.startswith(weights.sha256_prefix)
    ):
        found.append(
            f"{own / RECORD} pins another file than the published {record.name}: delete the folder {own}, run {again}."
        )
    pins = [(SAFETENSORS, record.safetensors_sha256)]
    if weights.own:
        pins.append((CONFIG, record.config_sha256))
    if original_too and (own / record.file).is_file() and not weights.own:
        pins.append((record.file, record.source_sha256))
    for file, pinned in pins:
        if fault := _fault(own / file, pinned):
            found.append(f"{fault} Do not use it: delete the folder {own} and run {again}.")
    return found


def _fault(path: Path, pinned: str) -> str:
    if not pinned:
        return ""
    try:
        actual = sha256_of(path)
    except OSError as error:
        return f"{path} was pinned and cannot be read ({error.strerror})."
    return "" if actual == pinned else f"{path} has the hash {actual[:12]}…, but {pinned[:12]}… was pinned."
