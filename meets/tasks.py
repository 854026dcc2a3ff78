"""The worker's side: a message holds an id and nothing else; what happens is decided by the row.

Each task may run twice for the same id without harm. Only this module and intake know ``inference``, and only a
worker's child ever loads an engine.
"""

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from celery.signals import worker_process_init
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import close_old_connections

from inference.engines.base import EngineOptions
from inference.errors import LineError
from meets import intake, jury, results, worker
from meets.models import ImageReason, ImageStatus

if TYPE_CHECKING:
    from inference.assessment import Assessment
    from inference.pipeline import Pipeline, Request

log = logging.getLogger(__name__)


def engine_options() -> EngineOptions:
    """How the engine is to run, from the settings."""
    return EngineOptions(
        recorded_poses=Path(settings.RECORDED_POSES) if settings.RECORDED_POSES else None,
        device=settings.ENGINE_DEVICE,
        dtype=settings.ENGINE_DTYPE,
        batch=settings.ENGINE_BATCH,
        weights_dir=settings.WEIGHTS_DIR,
        pose_weights=settings.POSE_WEIGHTS,
        detector_weights=settings.DETECTOR_WEIGHTS,
        compiled=settings.ENGINE_COMPILE,
        picture_model=Path(settings.LIFT_MODEL) if settings.LIFT_MODEL else None,
    )


@cache
def pipeline() -> "Pipeline":
    """The line's middle, built once per worker child. Imported here, so that the site never loads it."""
    from inference.pipeline import Pipeline

    return Pipeline(settings.ENGINE, options=engine_options(), limits=intake.limits())


class _Engine:
    """Whether this child could load its engine the last time it had to, and with which weights."""

    works = True
    weights_sha256 = ""


@worker_process_init.connect
def engine_warm(**kwargs: Any) -> None:
    """Loads the engine at the child's birth: large weights take longer than a photo may."""
    _batch()


@shared_task(bind=True, name="meets.tasks.assess_image")
def assess_image(self: Any, image_id: str) -> None:
    """One try at one photo, and at as many more as the engine takes at once. What is not to be claimed is in other
    hands, or settled."""
    close_old_connections()
    batch = _batch()
    if not batch:
        return
    claims = results.readings_claim(
        image_id=UUID(image_id),
        engine=settings.ENGINE,
        worker=self.request.hostname or "",
        pid=os.getpid(),
        limit=batch,
    )
    held = {claim.reading_id: claim for claim in claims}
    try:
        _assess(held)
    except SoftTimeLimitExceeded:
        log.exception("%d photos took too long", len(held))
        _release(held.values(), ImageReason.TOO_SLOW)
    except Exception:
        # Whatever it was, no photo must stay in work: another try, or a failure that people see.
        log.exception("%d photos: unexpected", len(held))
        _release(held.values(), ImageReason.ENGINE_FAILED)


def _batch() -> int:
    """How many photos the engine takes at once now; 0 when it cannot be loaded here. Asked before anything is claimed:
    the photos of a worker that is not fit for work are left to the others."""
    try:
        batch = max(1, pipeline().batch)
        _Engine.weights_sha256 = pipeline().engine.weights_sha256
    except Exception:
        log.exception("engine %s cannot be loaded: this worker takes no photos", settings.ENGINE)
        batch = 0
    _Engine.works = batch > 0
    return batch


def _assess(held: dict[int, results.Claim]) -> None:
    """Reads the photos together and settles each on its own; what has ended in whatever way leaves ``held``."""
    requests: dict[int, Request] = {}
    for claim in list(held.values()):
        with _alone(held, claim):
            requests[claim.reading_id] = _request(claim)
    answers = pipeline().assess_many(list(requests.values())) if requests else []
    for reading_id, answer in zip(requests, answers, strict=True):
        with _alone(held, held[reading_id]):
            _settle(held.pop(reading_id), answer)


@contextmanager
def _alone(held: dict[int, results.Claim], claim: results.Claim) -> Iterator[None]:
    """Whatever goes wrong with one photo ends this try at it, and nobody else's. Only time runs out for all."""
    try:
        yield
    except SoftTimeLimitExceeded:
        held[claim.reading_id] = claim
        raise
    except FileNotFoundError:
        # Perhaps only here: a worker on another host that does not share the photos' folder. Another may have it.
        log.exception("image %s: its file is not at %s", claim.image_id, claim.path)
        held.pop(claim.reading_id, None)
        _release([claim], ImageReason.FILE_MISSING)
    except Exception:
        log.exception("image %s: unexpected", claim.image_id)
        held.pop(claim.reading_id, None)
        _release([claim], ImageReason.ENGINE_FAILED)


def _request(claim: results.Claim) -> "Request":
    """The photo's bytes and what is said of it. Raises FileNotFoundError."""
    from inference.lifter import Region
    from inference.pipeline import Request

    with default_storage.open(claim.path, "rb") as file:
        data: bytes = file.read()
    return Request(
        data,
        claim.lift,
        claim.phase,
        claim.view,
        claim.rulebook,
        camera=claim.camera,
        region=Region(*claim.region) if claim.region else None,
        lifter_at=claim.lifter_at,
        lift_said=claim.lift_said,
        lifter_hidden=claim.lifter_hidden,
    )


def _settle(claim: results.Claim, answer: "Assessment | LineError") -> None:
    if not isinstance(answer, LineError):
        if results.reading_settle(claim=claim, seen=answer):
            log.info("image %s: %s in %.0f ms", claim.image_id, answer.flag or "no flag", answer.timings_ms["total"])
        return
    log.warning("image %s: %s (%s)", claim.image_id, answer.reason, answer, exc_info=_shown(answer))
    if answer.permanent:
        results.reading_settle(claim=claim, status=ImageStatus.REJECTED, reason=_reason(answer))
    else:
        _release([claim], _reason(answer))


def _shown(error: LineError) -> LineError | None:
    """The traceback is for what may be our own fault."""
    return None if error.permanent else error


def _release(claims: Iterable[results.Claim], reason: ImageReason) -> None:
    for claim in claims:
        results.reading_release(reading_id=claim.reading_id, token=claim.token, reason=reason)


def _reason(error: LineError) -> ImageReason:
    return ImageReason(error.reason) if error.reason in ImageReason.values else ImageReason.ENGINE_FAILED


@shared_task(bind=True, name="meets.tasks.images_sweep")
def images_sweep(self: Any) -> int:
    """Keeps photos moving, and is the canary: it came through the queue, so the worker that runs it is not deaf. One
    whose engine cannot be loaded is as good as deaf, and stays silent."""
    close_old_connections()
    name = self.request.hostname or ""
    if _Engine.works:
        worker.beat_answered(name=name, weights_sha256=_Engine.weights_sha256)
    jury.juries_sweep()
    return intake.images_sweep(worker=name)
