"""Which device and which numbers torch is to work with. Nothing here imports torch before a child asks for it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, Final

from inference.errors import EngineError

# Asked in a process of its own: CUDA that was touched once cannot be used in a child forked later.
_ASK: Final = (
    "import sys, torch\n"
    "device = torch.device(sys.argv[1])\n"
    "torch.zeros(1, device=device)\n"
    "print(torch.cuda.get_device_name(device) if device.type == 'cuda' else 'CPU')"
)
_ASK_TIMEOUT_S: Final = 120


def device_check(device: str) -> str:
    """The device's name, without touching it from this process. Raises EngineError when it is not there.

    device: ``auto``, ``cpu``, ``cuda:0``, …
    """
    if device in ("auto", "cpu"):
        return "CPU" if device == "cpu" else "the first GPU, or else the CPU"
    asked = subprocess.run(  # noqa: S603 - our own interpreter, and the device as an argument of its own
        [sys.executable, "-c", _ASK, device], capture_output=True, text=True, timeout=_ASK_TIMEOUT_S, check=False
    )
    if asked.returncode:
        why = asked.stderr.strip().splitlines()[-1:] or ["no answer"]
        raise EngineError(
            f"There is no device {device!r} for the worker ({why[0]}). "
            "Set ENGINE_DEVICE to cpu, or to a GPU of this host."
        )
    return asked.stdout.strip()


def device_pick(device: str, dtype: str) -> tuple[Any, Any]:
    """The torch.device and the torch.dtype for the names in EngineOptions. Raises EngineError for what is not there.

    ``auto`` is the first GPU, else the CPU; and bfloat16 where the GPU computes with it, else float16. On a CPU it is
    float32: without units for the halves they are slower there, 5 times on the processor of docs/performance.md.
    """
    import torch

    name = ("cuda:0" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    try:
        picked = torch.device(name)
        torch.zeros(1, device=picked)
    except (RuntimeError, AssertionError, ValueError) as error:
        raise EngineError(f"There is no device {device!r} for the worker: {error}") from error
    if picked.type not in ("cpu", "cuda"):
        raise EngineError(f"There is no device {device!r} for the worker: choose auto, cpu, or a GPU such as cuda:0.")
    if dtype != "auto":
        if dtype not in ("float32", "bfloat16", "float16"):
            raise EngineError(f"ENGINE_DTYPE is {dtype!r}; choose auto, float32, bfloat16 or float16.")
        return picked, getattr(torch, dtype)
    if picked.type != "cuda":
        return picked, torch.float32
    return picked, torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16


def out_of_memory(error: BaseException) -> bool:
    """True for a device's, or this machine's, lack of memory: a smaller batch may fit."""
    import torch

    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
