"""Pose estimators. ``engine_load`` builds one by name; nothing heavy is imported before that."""

from __future__ import annotations

from typing import Final

from inference.engines.base import Engine, EngineOptions

ENGINE_NAMES: Final = ("mediapipe", "mmpose", "recorded")


def engine_load(name: str, options: EngineOptions | None = None) -> Engine:
    """The engine of that name, its weights loaded. Call it in the process that will use it, never before a fork.

    Raises ValueError for a name that is not in ENGINE_NAMES, or ``recorded`` without its file; EngineError and
    WeightsError when its weights or its device are not as asked.
    """
    options = options or EngineOptions()
    if name == "mediapipe":
        from inference.engines.mediapipe import MediaPipeEngine

        return MediaPipeEngine()
    if name == "mmpose":
        from inference.engines.mmpose import mmpose_engine

        return mmpose_engine(options)
    if name == "recorded":
        from inference.engines.recorded import RecordedEngine

        if options.recorded_poses is None:
            raise ValueError("the recorded engine needs the file of its poses: set RECORDED_POSES")
        return RecordedEngine(options.recorded_poses)
    raise _unknown(name)


def engine_check(name: str, options: EngineOptions | None = None) -> None:
    """Refuses what ``engine_load`` would refuse, without loading the engine: for a worker's parent at its start.

    It reads files and hashes them, asks for the device in a process of its own, and leaves no thread behind. Raises
    ValueError and LineError; the message is one sentence that says what to do.
    """
    options = options or EngineOptions()
    if name not in ENGINE_NAMES:
        raise _unknown(name)
    if name == "recorded" and (options.recorded_poses is None or not options.recorded_poses.is_file()):
        raise ValueError("the recorded engine needs the file of its poses: set RECORDED_POSES")
    if name == "mmpose":
        from inference.engines.torch_device import device_check
        from inference.weights import weights_ready

        for weights in (options.pose_weights, options.detector_weights):
            weights_ready(weights, options.weights_dir)
        device_check(options.device)


def _unknown(name: str) -> ValueError:
    return ValueError(f"there is no engine {name!r}; choose one of {', '.join(ENGINE_NAMES)}")
