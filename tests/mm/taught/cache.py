"""Taught once, kept under MM_CACHE (without it ``var/taught``) until teaching, packages or labels change."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[2]
KINDS: Final = ("pose", "detector")
PACKAGES: Final = ("torch", "numpy", "mmpose", "onedl-mmcv", "onedl-mmdetection", "onedl-mmengine", "onedl-mmpretrain")


def key_of(data: Path) -> str:
    """Of everything that decides what is learnt; photos by their size, labels by their text."""
    digest = hashlib.sha256()
    for path in (HERE / "teach.py", HERE / "truth.py", *sorted(data.glob("people/*.json"))):
        digest.update(path.read_bytes())
    for path in sorted(data.glob("gold2022/*/*.json")):
        digest.update(path.read_bytes())
    for path in sorted([*data.glob("people/*.jpg"), *data.glob("gold2022/*/*.jpg")]):
        digest.update(f"{path.name} {path.stat().st_size}".encode())
    digest.update(" ".join(f"{name}-{version(name)}" for name in PACKAGES).encode())
    return digest.hexdigest()[:16]


def taught(data: Path) -> Path:
    """The folder with pose.pth, detector.pth and what was measured; taught now when it is not there."""
    cache = Path(os.environ.get("MM_CACHE") or ROOT / "var" / "taught")
    folder = cache / key_of(data)
    if all((folder / f"{kind}.{end}").is_file() for kind in KINDS for end in ("pth", "json")):
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".teaching-", dir=cache))
    try:
        _teach_both(data, aside)
        # Of two that teach at once the second finds the first's folder, which is as good.
        if not folder.exists():
            aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def _teach_both(data: Path, folder: Path) -> None:
    """Side by side, a core each."""
    environ = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.mm.taught.teach"]
    running = [subprocess.Popen([*command, kind, str(data), str(folder)], cwd=ROOT, env=environ) for kind in KINDS]
    failed = [kind for kind, process in zip(KINDS, running, strict=True) if process.wait()]
    for kind in KINDS:
        shutil.rmtree(folder / f"{kind}-work", ignore_errors=True)
    if failed:
        raise RuntimeError(f"teaching failed: {', '.join(failed)}; see above")
