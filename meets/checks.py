"""What would make the line lose or repeat work is refused at the start, not found at the meet."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from meets.models import EngineKind


@register()
def queue_check(**kwargs: Any) -> list[CheckMessage]:
    """Time limits against each other, a queue that belongs to this site alone, and engines that there are."""
    found: list[CheckMessage] = []
    if settings.CELERY_TASK_SOFT_TIME_LIMIT >= settings.CELERY_TASK_TIME_LIMIT:
        found.append(Error("The soft time limit must be shorter than the hard one.", id="meets.E001"))
    timeout = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("visibility_timeout")
    if timeout is not None and timeout < 2 * settings.CELERY_TASK_TIME_LIMIT:
        found.append(
            Error(
                "Redis would hand a running photo to a second worker.",
                hint="Set a visibility timeout of at least twice the task's hard time limit.",
                id="meets.E002",
            )
        )
    if settings.REDIS_URL and not settings.QUEUE_PREFIX:
        found.append(
            Error("Two sites on one Redis would take each other's photos.", hint="Set QUEUE_PREFIX.", id="meets.E003")
        )
    if settings.IMAGE_TRIES_MAX < 1:
        found.append(Error("IMAGE_TRIES_MAX must be at least 1.", id="meets.E004"))
    for name in ("ENGINE", "DEFAULT_ENGINE"):
        if getattr(settings, name) not in EngineKind.values:
            kinds = ", ".join(EngineKind.values)
            found.append(
                Error(f"{name}={getattr(settings, name)} is no engine.", hint=f"One of {kinds}.", id="meets.E005")
            )
    if settings.REDIS_URL and "sqlite3" in settings.DATABASES["default"]["ENGINE"]:
        found.append(
            Warning(
                "Redis with SQLite: workers on other machines would see another database.",
                hint="Set DATABASE_URL to a PostgreSQL database.",
                id="meets.W001",
            )
        )
    return found
