"""Is anybody there to work on the photos?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from meets.models import WorkerBeat


@dataclass(frozen=True, slots=True)
class WorkersState:
    """alive: a worker's process was heard of lately. answering: one also took up a message lately."""

    alive: bool
    answering: bool


def workers_state() -> WorkersState:
    last = WorkerBeat.objects.aggregate(seen=Max("seen_at"), answered=Max("answered_at"))
    alive = _lately(last["seen"])
    return WorkersState(alive=alive, answering=alive and _lately(last["answered"]))


def _lately(at: datetime | None) -> bool:
    return at is not None and timezone.now() - at < timedelta(seconds=settings.WORKER_GONE_S)
