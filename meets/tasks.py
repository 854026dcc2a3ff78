"""The worker's side: a message holds an id and nothing else; what happens is decided by the row.

Each task may run twice for the same id without harm. Only this module and intake know ``inference``, and only a
worker's child ever loads an engine.
"""

import logging
import os
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import close_old_connections

from inference.errors import LineError
from meets import intake, results, worker
from meets.models import ImageReason, ImageStatus

if TYPE_CHECKING:
    from inference.pipeline import Pipeline

log = logging.getLogger(__name__)


@cache
def pipeline() -> "Pipeline":
    """The line's middle, built once per worker child. Imported here, so that the site never loads it."""
    from inference.pipeline import Pipeline

    return Pipeline(settings.ENGINE, recorded_poses=settings.RECORDED_POSES, limits=intake.limits())


@shared_task(bind=True, name="meets.tasks.assess_image")
def assess_image(self: Any, image_id: str) -> None:
    """One try at one photo. A claim that is not won means that another try has it, or that it is settled."""
    close_old_connections()
    claim = results.image_claim(image_id=UUID(image_id), worker=self.request.hostname or "", pid=os.getpid())
    if claim is None:
        return
    try:
        _assess(claim)
    except PhotoMissingError:
        # Perhaps only here: a worker on another host that does not share the photos' folder. Another may have it.
        log.exception("image %s: its file is not at %s", image_id, claim.path)
        results.image_release(image_id=claim.image_id, token=claim.token, reason=ImageReason.FILE_MISSING)
    except LineError as error:
        log.warning("image %s: %s (%s)", image_id, error.reason, error, exc_info=not error.permanent)
        if error.permanent:
            results.image_settle(claim=claim, status=ImageStatus.REJECTED, reason=_reason(error))
        else:
            results.image_release(image_id=claim.image_id, token=claim.token, reason=_reason(error))
    except SoftTimeLimitExceeded:
        log.exception("image %s took too long", image_id)
        results.image_release(image_id=claim.image_id, token=claim.token, reason=ImageReason.TOO_SLOW)
    except Exception:
        # Whatever it was, the photo must not stay in work: another try, or a failure that people see.
        log.exception("image %s: unexpected", image_id)
        results.image_release(image_id=claim.image_id, token=claim.token, reason=ImageReason.ENGINE_FAILED)


class PhotoMissingError(Exception):
    """The stored photo cannot be opened by this worker."""


def _assess(claim: results.Claim) -> None:
    try:
        with default_storage.open(claim.path, "rb") as file:
            data = file.read()
    except FileNotFoundError as error:
        raise PhotoMissingError(claim.path) from error
    seen = pipeline().assess(data, lift=claim.lift, phase=claim.phase, view=claim.view, rulebook=claim.rulebook)
    if results.image_settle(claim=claim, seen=seen):
        log.info("image %s: %s in %.0f ms", claim.image_id, seen.flag or "no flag", seen.timings_ms["total"])


def _reason(error: LineError) -> ImageReason:
    return ImageReason(error.reason) if error.reason in ImageReason.values else ImageReason.ENGINE_FAILED


@shared_task(bind=True, name="meets.tasks.images_sweep")
def images_sweep(self: Any) -> int:
    """Keeps photos moving, and is the canary: it came through the queue, so the worker that runs it is not deaf."""
    close_old_connections()
    name = self.request.hostname or ""
    worker.beat_answered(name=name)
    return intake.images_sweep(worker=name)
