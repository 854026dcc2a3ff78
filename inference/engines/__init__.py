"""Pose estimators. ``engine_load`` builds one by name; nothing heavy is imported before that."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from inference.engines.base import Engine

ENGINE_NAMES: Final = ("mediapipe", "recorded")


def engine_load(name: str, *, recorded_poses: Path | None = None) -> Engine:
    """The engine of that name, its weights loaded. Call it in the process that will use it, never before a fork.

    Raises ValueError for a name that is not in ENGINE_NAMES, or ``recorded`` without its file.
    """
    if name == "mediapipe":
        from inference.engines.mediapipe import MediaPipeEngine

        return MediaPipeEngine()
    if name == "recorded":
        from inference.engines.recorded import RecordedEngine

        if recorded_poses is None:
            raise ValueError("the recorded engine needs the file of its poses: set RECORDED_POSES")
        return RecordedEngine(recorded_poses)
    raise ValueError(f"there is no engine {name!r}; choose one of {', '.join(ENGINE_NAMES)}")
