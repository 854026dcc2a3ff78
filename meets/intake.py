"""IN: from an uploaded file to a queued row, and what keeps queued rows moving."""

import hashlib
import logging
import re
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.base import ContentFile, File
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from inference.errors import ImageError
from inference.images import Limits, Rendition, photo_rendition
from judging.pose import Phase, View
from meets import results
from meets.errors import Conflict, Refusal, TooLarge, Unusable, WrongKind
from meets.models import Attempt, AttemptImage, ImageReason, ImageStatus, Meet, MeetStatus, UploadKey, WorkerBeat

log = logging.getLogger(__name__)

ASSESS_TASK = "meets.tasks.assess_image"
# A sweep sends at most this many messages, so that a long queue is not sent again as a whole.
NUDGES_PER_SWEEP = 50

# A row as it stands in the queue before its first try.
_QUEUED_AGAIN: dict[str, Any] = {
    "status": ImageStatus.QUEUED,
    "reason": "",
    "tries": 0,
    "claimed_by": "",
    "claim_token": None,
    "claimed_at": None,
    "lease_until": None,
    "finished_at": None,
}
_WRONG_KIND = {ImageReason.NOT_AN_IMAGE, ImageReason.HEIC, ImageReason.FORMAT, ImageReason.WRONG_TYPE}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0080-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def limits() -> Limits:
    return Limits(max_bytes=settings.PHOTO_MAX_BYTES, max_pixels=settings.PHOTO_MAX_PIXELS)


def image_submit(
    *,
    attempt: Attempt,
    user: User,
    data: "bytes | File[bytes]",
    file_name: str = "",
    declared_type: str = "",
    view: str = "",
    phase: str = "",
    idempotency_key: str = "",
) -> tuple[AttemptImage, bool]:
    """Keeps the photo and queues it. Returns its row and whether it is new.

    The same bytes at the same attempt, and the same key with the same request, are the same row. Raises Refusal
    when the meet is closed, the bytes are no photo, or the key was used for another request; then nothing has
    been written.
    """
    _open_required(attempt.entry.meet)
    _stated_check(view, phase)
    content = _content(data)
    sha256 = hashlib.sha256(content).hexdigest()
    request_sha256 = hashlib.sha256("\n".join((str(attempt.pk), sha256, view, phase)).encode()).hexdigest()
    if image := _keyed(user, idempotency_key, request_sha256) or _same_bytes(attempt, sha256):
        _key_keep(user, idempotency_key, request_sha256, image)
        return image, False
    rendition = _rendition(content, declared_type)
    image = AttemptImage(
        attempt=attempt,
        view=view,
        phase=phase,
        file_name=file_name_clean(file_name) or f"photo.{rendition.suffix}",
        sha256=sha256,
        byte_size=len(content),
        width=rendition.width,
        height=rendition.height,
        uploaded_by=user,
        nudged_at=timezone.now(),
    )
    try:
        _files_keep(image, content, rendition)
        _image_keep(image, user, idempotency_key, request_sha256)
    except BaseException as error:
        if not _row_may_stand(image):
            _files_drop(image)
        # Another upload of the same bytes, or with the same key, may have come in between: then its row counts.
        if isinstance(error, IntegrityError) and (
            twin := _keyed(user, idempotency_key, request_sha256) or _same_bytes(attempt, sha256)
        ):
            return twin, False
        raise
    # Outside the try: whatever becomes of the message, the row and its files stand, and the sweep sends again.
    transaction.on_commit(lambda: image_nudge(image_id=image.pk))
    return image, True


def file_name_clean(name: str) -> str:
    """The last part of a path, without control characters, at most 120 characters. For people to read only: no
    file is ever stored under it."""
    plain = _CONTROL.sub("", name).replace("\\", "/")
    last = PurePosixPath(plain).name.strip()
    if last in ("", ".", ".."):
        return ""
    if len(last) <= 120:
        return last
    stem, dot, suffix = last.rpartition(".")
    return f"{stem[: 119 - len(suffix)]}.{suffix}" if dot and len(suffix) <= 10 else last[:120]


def _open_required(meet: Meet) -> None:
    if meet.status != MeetStatus.OPEN:
        raise _closed()


def _closed() -> Conflict:
    return Conflict("meet_closed", "This meet is closed. Ask its head to open it again before sending photos.")


def _stated_check(view: str, phase: str) -> None:
    if view and view not in set(View):
        raise Unusable("view", f"There is no view {view!r}; use one of {', '.join(View)}, or leave it out.")
    if phase and phase not in set(Phase):
        raise Unusable("phase", f"There is no phase {phase!r}; use one of {', '.join(Phase)}, or leave it out.")


def _content(data: "bytes | File[bytes]") -> bytes:
    """The bytes, read only when the file's size allows it."""
    size = len(data) if isinstance(data, bytes) else data.size
    if size > settings.PHOTO_MAX_BYTES:
        raise TooLarge(ImageReason.TOO_LARGE, ImageReason.TOO_LARGE.label)
    if isinstance(data, bytes):
        return data
    data.seek(0)
    content: bytes = data.read()
    return content


def _rendition(content: bytes, declared_type: str) -> Rendition:
    try:
        return photo_rendition(content, declared_type.split(";")[0].strip().lower(), limits())
    except ImageError as error:
        raise refusal_of(error) from error


def refusal_of(error: ImageError) -> Refusal:
    """The photo's fault as a refusal with its sentence."""
    reason = ImageReason(error.reason)
    if reason is ImageReason.TOO_LARGE:
        return TooLarge(reason, reason.label)
    return (WrongKind if reason in _WRONG_KIND else Unusable)(reason, reason.label)


def _keyed(user: User, key: str, request_sha256: str) -> AttemptImage | None:
    """The image this user's key stands for. Raises Unusable when the key was used for another request."""
    if not key:
        return None
    if len(key) > 120:
        raise Unusable("idempotency_key", "The Idempotency-Key is too long; use at most 120 characters.")
    used = UploadKey.objects.select_related("image").filter(user=user, key=key).first()
    if used is None:
        return None
    if used.request_sha256 != request_sha256:
        raise Unusable(
            "idempotency_key",
            "This Idempotency-Key was used for another photo or attempt. Send a new key.",
        )
    return used.image


def _same_bytes(attempt: Attempt, sha256: str) -> AttemptImage | None:
    return AttemptImage.objects.filter(attempt=attempt, sha256=sha256).first()


def _key_keep(user: User, key: str, request_sha256: str, image: AttemptImage) -> None:
    if key:
        UploadKey.objects.get_or_create(user=user, key=key, defaults={"request_sha256": request_sha256, "image": image})


def _files_keep(image: AttemptImage, content: bytes, rendition: Rendition) -> None:
    """All files, before the transaction: a database that allows one writer must not wait for a disk."""
    image.original.save(f"original.{rendition.suffix}", ContentFile(content), save=False)
    image.display.save("display.jpg", ContentFile(rendition.jpeg), save=False)
    image.thumb.save("thumb.jpg", ContentFile(rendition.thumb_jpeg), save=False)


def _files_drop(image: AttemptImage) -> None:
    for file in (image.original, image.display, image.thumb):
        if file:
            file.delete(save=False)


def _row_may_stand(image: AttemptImage) -> bool:
    """True unless the database says that the row is not there. A commit whose answer was lost has a row, and a row
    without its photo is worse than a photo without its row."""
    try:
        return AttemptImage.objects.filter(pk=image.pk).exists()
    except DatabaseError:
        log.exception("image %s: whether its row stands cannot be asked; its files are kept", image.pk)
        return not connection.in_atomic_block


def _image_keep(image: AttemptImage, user: User, key: str, request_sha256: str) -> None:
    with transaction.atomic():
        # One statement both asks and bumps, so that a meet closed a moment ago takes no photo.
        open_now = Meet.objects.filter(pk=image.attempt.entry.meet_id, status=MeetStatus.OPEN)
        if open_now.update(revision=F("revision") + 1) != 1:
            raise _closed()
        image.save(force_insert=True)
        if key:
            UploadKey.objects.create(user=user, key=key, request_sha256=request_sha256, image=image)


def image_nudge(*, image_id: UUID) -> bool:
    """Sends the photo's message. False when the broker is gone: the row stays queued and the sweep sends again."""
    try:
        current_app.send_task(ASSESS_TASK, args=[str(image_id)], retry=False)
    except Exception:
        # Whatever the broker's client raised, the upload itself has succeeded.
        log.exception("no message for image %s; the sweep will send it", image_id)
        AttemptImage.objects.filter(pk=image_id, status=ImageStatus.QUEUED).update(nudged_at=None)
        return False
    return True


def image_restate(*, image: AttemptImage, view: str, phase: str) -> None:
    """Sets what is known of a photo, and has it read again; what was found before stays in the record.

    Raises Refusal when the meet is closed, the values are none, or the photo is being read right now.
    """
    meet = image.attempt.entry.meet
    _open_required(meet)
    _stated_check(view, phase)
    with transaction.atomic():
        at_rest = AttemptImage.objects.filter(pk=image.pk).exclude(status=ImageStatus.WORKING)
        if at_rest.update(view=view, phase=phase, **_QUEUED_AGAIN, nudged_at=timezone.now()) != 1:
            raise Conflict("working", "This photo is being read right now. Wait for its result, then change it.")
        Meet.objects.filter(pk=meet.pk).update(revision=F("revision") + 1)
        transaction.on_commit(lambda: image_nudge(image_id=image.pk))


def image_requeue(*, image: AttemptImage) -> None:
    """Another round of tries for a photo that failed. Raises Conflict when it has not failed or the meet is closed."""
    meet = image.attempt.entry.meet
    _open_required(meet)
    with transaction.atomic():
        failed = AttemptImage.objects.filter(pk=image.pk, status=ImageStatus.FAILED)
        if failed.update(**_QUEUED_AGAIN, nudged_at=timezone.now()) != 1:
            raise Conflict("not_failed", "This photo has not failed, so there is nothing to try again.")
        Meet.objects.filter(pk=meet.pk).update(revision=F("revision") + 1)
        transaction.on_commit(lambda: image_nudge(image_id=image.pk))


def images_sweep(*, worker: str = "") -> int:
    """Frees photos whose worker is gone and sends again what waits too long. Returns how many messages went out.

    worker: the name of the worker that sweeps. It works on one photo at a time and is sweeping now, so a photo
    still claimed in its name was left by a child that died.
    """
    now = timezone.now()
    for image_id, token in _abandoned(worker, now):
        results.image_release(image_id=image_id, token=token, reason=ImageReason.WORKER_LOST)
    stale = Q(nudged_at=None) | Q(nudged_at__lt=now - timedelta(seconds=settings.IMAGE_NUDGE_S))
    waiting = AttemptImage.objects.filter(stale, status=ImageStatus.QUEUED)
    due = list(waiting.order_by("uploaded_at").values_list("pk", flat=True)[:NUDGES_PER_SWEEP])
    if due:
        AttemptImage.objects.filter(pk__in=due, status=ImageStatus.QUEUED).update(nudged_at=now)
    return sum(image_nudge(image_id=image_id) for image_id in due)


def _abandoned(worker: str, now: datetime) -> list[tuple[UUID, UUID | None]]:
    """Photos in work that nobody works on: lease over, worker not heard of, or left by this worker's dead child."""
    working = AttemptImage.objects.filter(status=ImageStatus.WORKING)
    rows = list(working.values_list("pk", "claim_token", "claimed_by", "lease_until"))
    if not rows:
        return []
    heard = now - timedelta(seconds=settings.WORKER_GONE_S)
    alive = set(WorkerBeat.objects.filter(seen_at__gte=heard).values_list("name", flat=True))

    def left(claimed_by: str, lease_until: datetime | None) -> bool:
        name = results.worker_of(claimed_by)
        return name == worker or name not in alive or lease_until is None or lease_until < now

    return [(pk, token) for pk, token, claimed_by, lease_until in rows if left(claimed_by, lease_until)]
