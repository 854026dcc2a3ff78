"""The kinds of engine that a photo can be read by, as the rows name them. ``inference.engines`` holds the engines."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models


class EngineKind(models.TextChoices):
    MEDIAPIPE = "mediapipe", "MediaPipe"
    MMPOSE = "mmpose", "ViTPose"
    RECORDED = "recorded", "recorded poses"


def engine_kinds() -> list[EngineKind]:
    """The kinds that a meet here can ask for. Recorded poses are for tests and demos: where the site's own default."""
    own = EngineKind.RECORDED if settings.DEFAULT_ENGINE == EngineKind.RECORDED else None
    return [EngineKind.MEDIAPIPE, EngineKind.MMPOSE, *([own] if own else [])]


def engine_default() -> str:
    return str(settings.DEFAULT_ENGINE)


def engine_kind_check(value: str) -> None:
    """Raises ValidationError for a kind that no meet here can ask for."""
    if value not in engine_kinds():
        raise ValidationError(f"There is no engine {value!r} here; choose one of {', '.join(engine_kinds())}.")


def engine_list_check(value: Any) -> None:
    """Raises ValidationError unless it is a list of such kinds."""
    if not isinstance(value, list) or not all(isinstance(kind, str) for kind in value):
        raise ValidationError("Name the engines as a list.")
    for kind in value:
        engine_kind_check(kind)
