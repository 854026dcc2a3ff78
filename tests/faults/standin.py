"""In the place of ViTPose, which a test has neither weights nor a device for: recorded poses, four photos at a time."""

import inference.engines
from inference.engines.base import Engine, EngineOptions
from inference.engines.recorded import RecordedEngine

BATCH = 4
_load, _check = inference.engines.engine_load, inference.engines.engine_check


class StandInEngine(RecordedEngine):
    batch = BATCH  # type: ignore[misc]  its own engine's is final

    def __init__(self, options: EngineOptions) -> None:
        assert options.recorded_poses is not None
        super().__init__(options.recorded_poses)
        self.name = "stand-in"


def engine_load(name: str, options: EngineOptions | None = None) -> Engine:
    return StandInEngine(options) if name == "mmpose" and options else _load(name, options)


def engine_check(name: str, options: EngineOptions | None = None) -> None:
    _check("recorded" if name == "mmpose" else name, options)


def install() -> None:
    """Before anything has taken the real ones by name."""
    inference.engines.engine_load, inference.engines.engine_check = engine_load, engine_check
