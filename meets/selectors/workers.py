"""Is anybody there to work on the photos? Asked per kind of engine: a meet waits for those of the one that counts.

A worker can be alive and yet deaf: its process writes its beat, but no message comes through the queue to its child.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from meets.models import WorkerBeat


@dataclass(frozen=True, slots=True)
class WorkersState:
    """alive: a worker's process was heard of lately. answering: one also took up a message lately."""

    alive: bool
    answering: bool


def workers_states() -> dict[str, WorkersState]:
    """By kind of engine, those of which any worker was heard within the last hour."""
    rows = WorkerBeat.objects.order_by("engine").values_list("engine")
    last = rows.annotate(seen=Max("seen_at"), answered=Max("answered_at"))
    return {engine: state_of(seen, answered) for engine, seen, answered in last}


def state_of(seen_at: datetime | None, answered_at: datetime | None) -> WorkersState:
    """The state, from the newest sign of life and the newest answer."""
    alive = _lately(seen_at)
    return WorkersState(alive=alive, answering=alive and _lately(answered_at))


def last_seen(engine: str) -> Subquery:
    """The newest sign of life as a column of another query, so that a page that waits asks once for all.

    engine: the other query's field that names the kind.
    """
    beats = WorkerBeat.objects.filter(engine=OuterRef(engine))
    return Subquery(beats.order_by("-seen_at").values("seen_at")[:1])


def last_answered(engine: str) -> Subquery:
    """The newest answer likewise. A worker that only just started counts as answering: its first message is on the
    way to it."""
    answers = WorkerBeat.objects.filter(engine=OuterRef(engine)).annotate(at=Coalesce("answered_at", "started_at"))
    return Subquery(answers.order_by("-at").values("at")[:1])


def last_weights(engine: str) -> Subquery:
    """The weights of the worker that answered last, likewise; null while none has."""
    beats = WorkerBeat.objects.filter(engine=OuterRef(engine)).exclude(weights_sha256="")
    return Subquery(beats.order_by("-answered_at").values("weights_sha256")[:1])


def _lately(at: datetime | None) -> bool:
    return at is not None and timezone.now() - at < timedelta(seconds=settings.WORKER_GONE_S)
