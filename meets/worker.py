"""A worker's sign of life, written by its own process while its child works."""

import logging
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import bootsteps, current_app
from celery.signals import worker_shutdown
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.utils import timezone

from meets.models import WorkerBeat
from meets.queues import sweep_queue

log = logging.getLogger(__name__)

SWEEP_TASK = "meets.tasks.images_sweep"
FORGOTTEN_AFTER = timedelta(hours=1)
# Redis' client looks for the next message up to a second late; a sweep must not expire of that alone.
BROKER_DELAY_S = 10

# Held through each beat. The worker's process forks its children, and a child must not be born while another
# thread is inside the database's or the broker's library: what that thread had locked would stay locked in it.
_beating = threading.Lock()
os.register_at_fork(before=_beating.acquire, after_in_parent=_beating.release, after_in_child=_beating.release)


def beat_seen(*, name: str) -> None:
    """The worker is there."""
    now = timezone.now()
    if WorkerBeat.objects.filter(name=name).update(seen_at=now):
        return
    # A new name, so this happens once per worker: a good moment to forget those that died long ago.
    WorkerBeat.objects.filter(seen_at__lt=now - FORGOTTEN_AFTER).delete()
    WorkerBeat.objects.update_or_create(name=name, defaults={"engine": settings.ENGINE, "seen_at": now})


def beat_answered(*, name: str, weights_sha256: str) -> None:
    """A message came through the queue and this worker took it up, with these weights loaded."""
    WorkerBeat.objects.filter(name=name).update(answered_at=timezone.now(), weights_sha256=weights_sha256)


def beat_gone(*, name: str) -> None:
    """The worker said goodbye."""
    WorkerBeat.objects.filter(name=name).delete()


def sweep_send() -> None:
    """Asks for a sweep by a worker of this kind. It expires, so that the messages of a deaf worker do not pile up."""
    current_app.send_task(
        SWEEP_TASK,
        queue=sweep_queue(settings.ENGINE),
        expires=settings.WORKER_GONE_S + BROKER_DELAY_S,
        retry=False,
    )


class Heartbeat(threading.Thread):
    """Writes the beat and sends the sweep every WORKER_BEAT_S, until stopped.

    A thread of its own, because the worker's loop may be waiting for the broker, and a worker that waits is alive.
    """

    def __init__(self, worker_name: str) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.worker_name = worker_name
        self.over = threading.Event()

    def run(self) -> None:
        while True:
            with _beating:
                self._row(beat_seen)
                self._sweep()
            if self.over.wait(settings.WORKER_BEAT_S):
                return

    def stop(self, **kwargs: Any) -> None:
        """Called last of all, after the worker's child has finished its photos."""
        if not self.over.is_set():
            self.over.set()
            self.join(timeout=settings.WORKER_GONE_S)
            self._row(beat_gone)

    def _row(self, write: Callable[..., None]) -> None:
        try:
            write(name=self.worker_name)
        except Exception:
            log.exception("the worker's row could not be written")
        finally:
            connections.close_all()

    def _sweep(self) -> None:
        try:
            sweep_send()
        except Exception:
            log.exception("no sweep sent; next in %s s", settings.WORKER_BEAT_S)


class HeartbeatStep(bootsteps.StartStopStep):
    """Gives every worker its heartbeat, however it was started, once the first child is born."""

    requires = ("celery.worker.components:Pool",)

    def start(self, parent: Any) -> None:
        if parent.concurrency != 1:
            # A sweep takes a photo claimed under its own worker's name for one that a dead child left.
            raise ImproperlyConfigured("A worker has one child: start it with manage.py worker, one per device.")
        heartbeat = Heartbeat(parent.hostname)
        # Not this step's own stop: that comes while the child may still be working.
        worker_shutdown.connect(heartbeat.stop, weak=False)
        heartbeat.start()
