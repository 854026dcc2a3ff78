"""A checkpoint of mmpose or mmdet, opened without running anything that is in it.

A checkpoint is a pickle: whoever wrote it chooses what its reader calls. Ours is torch's own restricted reader
(``weights_only=True``), and never another one. mmengine writes into its checkpoints what that reader refuses (histories
of the training, numpy's scalars); those become inert placeholders here, and what neither names is refused by name.
"""

from __future__ import annotations

import pickletools
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from inference.weights.base import WeightsError

# Packages whose classes stand in training's bookkeeping. None is imported: their objects become placeholders.
INERT_PACKAGES: Final = ("mmengine", "mmcv", "mmdet", "mmpose", "mmpretrain", "numpy", "pathlib", "datetime")
# mmengine's history pickles its methods by getattr; the others are how old pickles write plain things.
INERT_NAMES: Final = frozenset(
    {"copyreg._reconstructor"}
    | {
        f"builtins.{name}"
        for name in ("getattr", "slice", "set", "frozenset", "complex", "bytes", "bytearray", "object")
    }
)
# Judged by torch's reader, by its own list.
TORCH_PACKAGES: Final = ("torch", "collections", "_codecs")
# Before 2.6 torch's restricted reader could be made to run code (CVE-2025-32434).
OLDEST_TORCH: Final = (2, 7)
# A file saved the old way is five pickles, then the bytes: a magic number, a version, the system, the object, the keys.
OLD_PICKLES: Final = 5


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """tensors: name -> torch.Tensor. config: the text of ``meta['cfg']``, "" without. meta: see ``ReadyWeights``."""

    tensors: dict[str, Any]
    config: str
    meta: dict[str, Any]


class _Inert:
    """Stands for an object of the training that nobody needs; takes whatever its pickle does to it and does nothing."""

    def __new__(cls, *_: Any, **__: Any) -> _Inert:
        return super().__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __setstate__(self, _: Any) -> None:
        pass

    def __setitem__(self, _: Any, __: Any) -> None:
        pass

    def append(self, _: Any) -> None:
        pass

    extend = append


def checkpoint_read(file: BinaryIO, name: str) -> Checkpoint:
    """The tensors and what the checkpoint says of itself. The caller has checked the file's hash.

    name: of the weights, for the sentences. Raises WeightsError when torch is not installed or too old, or the file is
    no checkpoint, holds something that a checkpoint has no use for, or has no tensors under ``state_dict``.
    """
    torch = _torch()
    inert = [path for path in sorted(_globals(file, name)) if _is_inert(path, name)]
    file.seek(0)
    try:
        with torch.serialization.safe_globals([(_Inert, path) for path in inert]):
            raw = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a reader of other people's bytes may raise: it is one answer to us
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise WeightsError(f"The checkpoint of {name} cannot be opened safely: {reason}") from error
    return _checkpoint(raw, torch, name)


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise WeightsError(
            "torch is not installed here, and weights are converted where it is: build that environment with "
            "`make gpu-env` and run this command in it."
        ) from error
    if tuple(int(part) for part in torch.__version__.split(".")[:2]) < OLDEST_TORCH:
        raise WeightsError(
            f"torch {torch.__version__} is too old to open checkpoints safely: build its environment by `make gpu-env`."
        )
    return torch


def _is_inert(path: str, name: str) -> bool:
    package = path.partition(".")[0]
    if path in INERT_NAMES or package in INERT_PACKAGES:
        return True
    if package in TORCH_PACKAGES:
        return False
    raise WeightsError(
        f"The checkpoint of {name} asks its reader for `{path}`, which no weights need. It was not opened. If it is "
        "your own, save it again with mmpose's tools/misc/publish_model.py; if it is not, delete it."
    )


def _globals(file: BinaryIO, name: str) -> set[str]:
    """The dotted names of all that the file's pickles ask for; nothing is loaded to find them."""
    try:
        file.seek(0)
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                return {
                    path
                    for entry in archive.namelist()
                    if entry.endswith(".pkl")
                    for path in _globals_of_pickle(archive.open(entry))
                }
        file.seek(0)
        return {path for _ in range(OLD_PICKLES) for path in _globals_of_pickle(file)}
    except (ValueError, EOFError, zipfile.BadZipFile, UnicodeDecodeError, OSError) as error:
        raise WeightsError(f"The file of {name} is not a whole checkpoint: {error or type(error).__name__}.") from error


def _globals_of_pickle(file: Any) -> Iterator[str]:
    """Python 2's names become ours, as in torch's reader. What INST and STACK_GLOBAL ask for it refuses itself."""
    for opcode, argument, _ in pickletools.genops(file):
        if opcode.name == "GLOBAL":
            module, attribute = str(argument).split(" ", 1)
            module, attribute = NAME_MAPPING.get((module, attribute), (IMPORT_MAPPING.get(module, module), attribute))
            yield f"{module}.{attribute}"


def _checkpoint(raw: Any, torch: Any, name: str) -> Checkpoint:
    state = raw.get("state_dict") if isinstance(raw, dict) else None
    # mmengine's hook for averaged weights swaps them into "state_dict" before it saves: that entry is the one to use,
    # and "ema_state_dict" holds the unaveraged ones.
    if not isinstance(state, dict) or not state:
        raise WeightsError(
            f"The checkpoint of {name} has no weights under `state_dict`: it is not one of mmpose or mmdet."
        )
    for key, value in state.items():
        if not isinstance(key, str) or not _is_plain(value, torch):
            raise WeightsError(f"The checkpoint of {name} has something else than a plain tensor under {key!r}.")
    if all(key.startswith("module.") for key in state):  # saved from within a wrapper for several devices
        state = {key.removeprefix("module."): value for key, value in state.items()}
    meta = raw.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    config = meta.get("cfg")
    return Checkpoint(dict(state), config if isinstance(config, str) else "", _said(meta.get("dataset_meta")))


def _is_plain(value: Any, torch: Any) -> bool:
    """A dense tensor of a type that safetensors can hold."""
    dense = isinstance(value, torch.Tensor) and value.layout == torch.strided
    return dense and not (value.is_quantized or value.is_complex() or value.is_meta)


def _said(dataset: Any) -> dict[str, Any]:
    """Of the checkpoint's ``dataset_meta`` what tells one set of joints from another, where it can be read."""
    if not isinstance(dataset, dict):
        return {}
    said: dict[str, Any] = {}
    if isinstance(dataset.get("dataset_name"), str):
        said["dataset_name"] = dataset["dataset_name"]
    if isinstance(dataset.get("num_keypoints"), int):
        said["num_keypoints"] = dataset["num_keypoints"]
    names = dataset.get("keypoint_id2name")
    if isinstance(names, dict) and all(names.get(index).__class__ is str for index in range(len(names))):
        said["keypoints"] = [names[index] for index in range(len(names))]
        said["num_keypoints"] = len(names)
    classes = dataset.get("classes", dataset.get("CLASSES"))
    if isinstance(classes, (list, tuple)) and all(isinstance(each, str) for each in classes):
        said["classes"] = list(classes)
    return said
