"""IN: from an uploaded file to a queued row, and what keeps queued rows moving."""

import hashlib
import logging
import math
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePosixPath
from typing import Any, TypedDict, Unpack
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.base import ContentFile, File
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from inference.errors import ImageError
from inference.images import Limits, Rendition, photo_rendition
from judging.pose import Phase, View
from meets import results, seal
from meets.errors import Conflict, Refusal, TooLarge, Unusable, WrongKind
from meets.models import (
    LIFTER_HIDDEN,
    Attempt,
    AttemptImage,
    Camera,
    Consent,
    Entry,
    ImageReason,
    ImageStatus,
    Meet,
    MeetStatus,
    PhotoMove,
    Reading,
    UploadKey,
    WorkerBeat,
)
from meets.queues import assess_queue

log = logging.getLogger(__name__)

ASSESS_TASK = "meets.tasks.assess_image"
# A sweep sends at most this many messages per engine, so that a long queue is not sent again as a whole.
NUDGES_PER_SWEEP = 50

# A reading as it stands in the queue before its first try.
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
    camera: Camera | None = None,
    idempotency_key: str = "",
) -> tuple[AttemptImage, bool]:
    """Keeps the photo and queues it once per engine that the meet asks. Returns its row and whether it is new.

    camera: its view stands where none is stated. The same bytes at the same attempt, and the same key with the same
    request, are the same row. Raises Refusal when the meet is closed, the camera is another meet's, the bytes are no
    photo, or the key was used for another request; then nothing has been written.
    """
    _open_required(attempt.entry.meet)
    _consent_required(attempt.entry)
    _stated_check(view, phase)
    _camera_check(camera, attempt.entry.meet_id)
    content = _content(data)
    sha256 = hashlib.sha256(content).hexdigest()
    request = (str(attempt.pk), sha256, view, phase, *([str(camera.pk)] if camera else []))
    request_sha256 = hashlib.sha256("\n".join(request).encode()).hexdigest()
    if image := _keyed(user, idempotency_key, request_sha256) or _same_bytes(attempt, sha256):
        _not_purged(image)
        _key_keep(user, idempotency_key, request_sha256, image)
        return image, False
    rendition = _rendition(content, declared_type)
    image = AttemptImage(
        attempt=attempt,
        view=view or (camera.view if camera else ""),
        phase=phase,
        camera=camera,
        stated_region=results.parts_text(camera.region if camera else None),
        stated_camera=results.figures_text(camera.figures if camera else {}),
        file_name=file_name_clean(file_name) or f"photo.{rendition.suffix}",
        sha256=sha256,
        byte_size=len(content),
        width=rendition.width,
        height=rendition.height,
        uploaded_by=user,
    )
    try:
        _files_keep(image, content, rendition)
        kinds = _image_keep(image, user, idempotency_key, request_sha256)
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
    transaction.on_commit(lambda: image_nudge(image_id=image.pk, kinds=kinds))
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


def _consent_required(entry: Entry) -> None:
    """Raises Conflict for a lifter who does not want to be photographed, or whose photos were deleted on request."""
    if entry.consent == Consent.REFUSED or entry.lifter.erased_at is not None:
        raise Conflict("no_consent", "This lifter has not agreed to photos, so none is taken in. Judge by eye.")


def _not_purged(image: AttemptImage) -> None:
    if image.purged:
        raise Conflict("purged", "This photo was deleted, as the meet's retention or its lifter asked. It stays so.")


def _closed() -> Conflict:
    return Conflict("meet_closed", "This meet is closed. Ask its head to open it again before sending photos.")


def _stated_check(view: str, phase: str) -> None:
    if view and view not in set(View):
        raise Unusable("view", f"There is no view {view!r}; use one of {', '.join(View)}, or leave it out.")
    if phase and phase not in set(Phase):
        raise Unusable("phase", f"There is no phase {phase!r}; use one of {', '.join(Phase)}, or leave it out.")


def _camera_check(camera: Camera | None, meet_id: UUID) -> None:
    if camera is not None and camera.meet_id != meet_id:
        raise Unusable("camera", "This camera is not in this meet.")


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


def _image_keep(image: AttemptImage, user: User, key: str, request_sha256: str) -> list[str]:
    """The row and its readings. Returns the kinds of engine that were asked."""
    with transaction.atomic():
        kinds = _asked_of_open(image.attempt.entry.meet_id)
        # Behind the lock once more: the lifter may have been erased since.
        _consent_required(Entry.objects.select_related("lifter").get(pk=image.attempt.entry_id))
        image.save(force_insert=True)
        now = timezone.now()
        Reading.objects.bulk_create(Reading(image=image, engine=kind, asked_at=now, nudged_at=now) for kind in kinds)
        if key:
            UploadKey.objects.create(user=user, key=key, request_sha256=request_sha256, image=image)
        results.attempts_touch(Attempt.objects.filter(pk=image.attempt_id))
        camera = image.camera.name if image.camera else None
        seal.photo_seal(image, user, "in", view=image.view, phase=image.phase, camera=camera)
    return kinds


def image_nudge(*, image_id: UUID, kinds: Collection[str]) -> int:
    """Sends the photo's message to each of these kinds of engine. Returns how many went out.

    Without a broker the rows stay queued, and the sweep sends again.
    """
    return sum(_nudge(image_id, kind) for kind in kinds)


def _nudge(image_id: UUID, kind: str) -> bool:
    try:
        current_app.send_task(ASSESS_TASK, args=[str(image_id)], queue=assess_queue(kind), retry=False)
    except Exception:
        # Whatever the broker's client raised, the upload itself has succeeded.
        log.exception("no message for image %s to %s; the sweep will send it", image_id, kind)
        unsent = Reading.objects.filter(image_id=image_id, engine=kind, status=ImageStatus.QUEUED)
        unsent.update(nudged_at=None)
        return False
    return True


PLACE_OR_HIDDEN = "Say where the lifter is, or that nobody who was read is he, not both."


class Stated(TypedDict, total=False):
    """What people know of a photo. lifter_at: parts of its width and height, 0-1; None takes the word back.
    lifter_hidden: he is none of those who could be read."""

    view: str
    phase: str
    camera: Camera | None
    lifter_at: tuple[float, float] | None
    lifter_hidden: bool


def image_restate(*, image: AttemptImage, user: User, **stated: Unpack[Stated]) -> None:
    """Sets what is known of a photo, and has it read again; what is left out stays, and what was found before stays in
    the record. Reading again also takes up the camera's region and figures as they are now.

    Raises Refusal when the meet is closed, the values are none, or the photo is set aside or being read right now.
    """
    meet_id = image.attempt.entry.meet_id
    _open_required(image.attempt.entry.meet)
    _stated_check(stated.get("view", ""), stated.get("phase", ""))
    _camera_check(stated.get("camera"), meet_id)
    changes = {name: value for name, value in stated.items() if name not in ("lifter_at", "lifter_hidden")}
    with _in_hand(image) as (now, kinds):
        _read_anew(now, kinds, changes | _lifter_stated(now, stated, user))
        seal.photo_seal(now, user, "restated", said=_said(stated))


def _said(stated: Stated) -> dict[str, Any]:
    """What was stated, as the log keeps it."""
    camera = stated.get("camera")
    return {**stated, **({"camera": camera.name if camera else None} if "camera" in stated else {})}


def image_lift_say(*, image: AttemptImage, user: User, is_so: bool = True) -> None:
    """Somebody has looked and says that the photo shows its attempt's lift: it is read again, and judged as that lift
    whatever the models take it for. Not is_so: he takes that word back, and they are asked again.

    Raises Conflict when the meet is closed, or the photo is set aside or being read right now.
    """
    with _in_hand(image) as (now, kinds):
        _read_anew(now, kinds, _lift_said(user if is_so else None))
        seal.photo_seal(now, user, "lift_said" if is_so else "lift_unsaid")


def image_move(*, image: AttemptImage, user: User, attempt: Attempt) -> None:
    """Takes the photo to another attempt of its meet, where it is read again. What was said of the lift and the lifter
    was said of the other attempt, and goes; where the photo stood until now is kept.

    Raises Refusal when the meet is closed, the attempt is none of its, or has the same photo already, or the photo is
    set aside or being read right now.
    """
    with _in_hand(image) as (now, kinds):
        if not Attempt.objects.filter(pk=attempt.pk, entry__meet_id=image.attempt.entry.meet_id).exists():
            raise Unusable("attempt", "This attempt is not in this meet. Choose another one.")
        if now.attempt_id == attempt.pk:
            raise Conflict("same_attempt", "This photo is at that attempt already. Choose another one.")
        _consent_required(Entry.objects.select_related("lifter").get(attempts=attempt.pk))
        if _same_bytes(attempt, now.sha256):
            raise Conflict("same_photo", "That attempt has the same photo already. Set this one aside instead.")
        PhotoMove.objects.create(image=now, from_attempt_id=now.attempt_id, to_attempt=attempt, by=user)
        _read_anew(now, kinds, {"attempt": attempt} | _lift_said(None) | _lifter_said(None, user))
        # Under the attempt where it stood, and under the one where it stands now.
        seal.photo_seal(now, user, "moved", to=str(attempt.pk))
        moved = AttemptImage.objects.select_related("attempt__entry").get(pk=now.pk)
        seal.photo_seal(moved, user, "moved_here", of=str(now.attempt_id))


def image_set_aside(*, image: AttemptImage, user: User) -> None:
    """The photo belongs to no attempt of this meet: it is kept, but no longer waits, counts or stands among others.

    Raises Conflict when the meet is closed, or the photo is set aside already or being read right now.
    """
    with _in_hand(image) as (now, _):
        Reading.objects.filter(image=now, status=ImageStatus.QUEUED).delete()
        AttemptImage.objects.filter(pk=now.pk).update(set_aside_by=user, set_aside_at=timezone.now())
        seal.photo_seal(now, user, "set_aside")


def image_take_back(*, image: AttemptImage, user: User) -> None:
    """Brings back, to the attempt where it was, a photo that was set aside; it is read again.

    Raises Conflict when the meet is closed or the photo is not set aside.
    """
    with _in_hand(image, aside=True) as (now, kinds):
        _read_anew(now, kinds, {"set_aside_by": None, "set_aside_at": None})
        seal.photo_seal(now, user, "taken_back")


@contextmanager
def _in_hand(image: AttemptImage, *, aside: bool = False) -> Iterator[tuple[AttemptImage, list[str]]]:
    """In one transaction: the photo as it is now, which nobody else changes until the end, and the kinds of engine that
    its meet asks. aside: it must be one that is set aside; else it must not.

    Raises Conflict when it is otherwise, the meet is closed, or the photo is being read right now.
    """
    with transaction.atomic():
        kinds = _asked_of_open(image.attempt.entry.meet_id)
        if ImageStatus.WORKING in _readings_locked(image):
            raise Conflict("working", "This photo is being read right now. Wait for its result, then change it.")
        now = AttemptImage.objects.select_related("camera", "attempt__entry").get(pk=image.pk)
        _not_purged(now)
        if not aside:
            _not_aside(now)
        elif not now.set_aside:
            raise Conflict("not_set_aside", "This photo is not set aside, so there is nothing to take back.")
        yield now, kinds
        # The attempt where it stood; and where it stands now, which after a move is another one.
        results.attempts_touch(Attempt.objects.filter(Q(pk=now.attempt_id) | Q(images=now.pk)))


def _not_aside(image: AttemptImage) -> None:
    if image.set_aside:
        raise Conflict("set_aside", "This photo is set aside. Take it back first.")


def _read_anew(image: AttemptImage, kinds: list[str], changes: dict[str, Any]) -> None:
    """Changes what is known of the photo, and has every kind read it under that and its camera as it is now."""
    camera = changes.get("camera", image.camera)
    region = results.parts_text(camera.region if camera else None)
    figures = results.figures_text(camera.figures if camera else {})
    changes = {**changes, "stated_region": region, "stated_camera": figures}
    AttemptImage.objects.filter(pk=image.pk).update(**changes)
    _ask_again(image, kinds)
    transaction.on_commit(lambda: image_nudge(image_id=image.pk, kinds=kinds))


def _lift_said(user: User | None) -> dict[str, Any]:
    """The photo's fields for somebody saying that it shows its attempt's lift, or nobody."""
    return {"lift_said_by": user, "lift_said_at": timezone.now() if user else None}


def _lifter_stated(image: AttemptImage, stated: Stated, user: User) -> dict[str, Any]:
    """The photo's fields for what somebody says of the lifter; none where nothing is said. Raises Unusable."""
    at, hidden = stated.get("lifter_at"), stated.get("lifter_hidden")
    if hidden and at is not None:
        raise Unusable("lifter_hidden", PLACE_OR_HIDDEN)
    if hidden:
        return _lifter_hidden(user)
    if "lifter_at" in stated:
        return _lifter_said(at, user)
    return _lifter_said(None, user) if hidden is False and image.lifter_hidden else {}


def _lifter_said(at: tuple[float, float] | None, user: User) -> dict[str, Any]:
    """The photo's fields for the place where somebody says that the lifter is, or for nobody saying so."""
    if at is None:
        return dict.fromkeys(("lifter_x", "lifter_y", "lifter_said_by", "lifter_said_at")) | {"stated_lifter": ""}
    if len(at) != 2 or not all(math.isfinite(part) and 0 <= part <= 1 for part in at):
        raise Unusable("lifter_at", "Say where the lifter is as two parts of the photo's width and height, 0 to 1.")
    x, y = (round(part, 3) for part in at)
    said = {"lifter_x": x, "lifter_y": y, "lifter_said_by": user, "lifter_said_at": timezone.now()}
    return said | {"stated_lifter": results.parts_text((x, y))}


def _lifter_hidden(user: User) -> dict[str, Any]:
    """The photo's fields for somebody saying that the lifter is none of those who could be read."""
    said = {"lifter_x": None, "lifter_y": None, "lifter_said_by": user, "lifter_said_at": timezone.now()}
    return said | {"stated_lifter": LIFTER_HIDDEN}


def _asked_of_open(meet_id: UUID) -> list[str]:
    """Moves the meet on, and returns the kinds of engine it asks. Raises Conflict when it is closed.

    One statement both asks and bumps, so that a meet closed a moment ago takes nothing; what is read behind that lock
    is not the meet as somebody read it before.
    """
    if Meet.objects.filter(pk=meet_id, status=MeetStatus.OPEN).update(revision=F("revision") + 1) != 1:
        raise _closed()
    return Meet.objects.only("engine", "engines_also").get(pk=meet_id).engines_asked


def _readings_locked(image: AttemptImage) -> set[str]:
    """The states of the photo's readings, none of which changes until the transaction ends."""
    rows = Reading.objects.filter(image=image).order_by("pk").select_for_update()
    return set(rows.values_list("status", flat=True))


def _ask_again(image: AttemptImage, kinds: list[str]) -> None:
    """Every kind asked for reads the photo anew; what another kind once read is no longer waited for."""
    now = timezone.now()
    Reading.objects.filter(image=image).exclude(engine__in=kinds).delete()
    Reading.objects.filter(image=image).update(**_QUEUED_AGAIN, asked_at=now, nudged_at=now)
    had = set(Reading.objects.filter(image=image).values_list("engine", flat=True))
    Reading.objects.bulk_create(
        Reading(image=image, engine=kind, asked_at=now, nudged_at=now) for kind in kinds if kind not in had
    )
    results.images_follow(AttemptImage.objects.filter(pk=image.pk))


def image_requeue(*, image: AttemptImage) -> None:
    """Another round of tries for the readings that failed. Raises Conflict when none has, the photo is set aside, or
    the meet is closed."""
    meet_id = image.attempt.entry.meet_id
    _open_required(image.attempt.entry.meet)
    with transaction.atomic():
        kinds = _asked_of_open(meet_id)
        now_stands = AttemptImage.objects.only("set_aside_at", "purged_at").get(pk=image.pk)
        _not_aside(now_stands)
        _not_purged(now_stands)
        rows = Reading.objects.filter(image=image, engine__in=kinds, status=ImageStatus.FAILED)
        failed = list(rows.order_by("pk").select_for_update().values_list("engine", flat=True))
        if not failed:
            raise Conflict("not_failed", "This photo has not failed, so there is nothing to try again.")
        now = timezone.now()
        Reading.objects.filter(image=image, engine__in=failed).update(**_QUEUED_AGAIN, asked_at=now, nudged_at=now)
        results.images_follow(AttemptImage.objects.filter(pk=image.pk))
        results.attempts_touch(Attempt.objects.filter(images=image.pk))
        transaction.on_commit(lambda: image_nudge(image_id=image.pk, kinds=failed))


def readings_ask(*, meet: Meet) -> None:
    """After the meet's engines have changed, inside that transaction: photos not yet read by a kind that is asked now
    wait for it, waiting for a kind that is no longer asked ends, and the photos show what the counting one says. Those
    set aside or deleted wait for none.

    The first of them are sent at once, the others by the sweeps.
    """
    images = AttemptImage.objects.filter(attempt__entry__meet=meet, set_aside_at=None, purged_at=None)
    kinds = meet.engines_asked
    waiting = Reading.objects.filter(image__in=images, status=ImageStatus.QUEUED)
    results.readings_lock(waiting.exclude(engine__in=kinds))
    waiting.exclude(engine__in=kinds).delete()
    for kind in kinds:
        unread = images.exclude(readings__engine=kind).order_by("uploaded_at").values_list("pk", flat=True)
        ids, now = list(unread), timezone.now()
        first = set(ids[:NUDGES_PER_SWEEP])
        Reading.objects.bulk_create(
            (Reading(image_id=pk, engine=kind, asked_at=now, nudged_at=now if pk in first else None) for pk in ids),
            batch_size=500,
        )
        transaction.on_commit(partial(_nudge_all, [(pk, kind) for pk in ids[:NUDGES_PER_SWEEP]]))
    results.images_follow(images)
    results.attempts_touch(Attempt.objects.filter(images__in=images))


def _nudge_all(due: Collection[tuple[UUID, str]]) -> int:
    return sum(_nudge(image_id, kind) for image_id, kind in due)


def images_sweep(*, worker: str = "") -> int:
    """Frees photos whose worker is gone and sends again what waits too long. Returns how many messages went out.

    worker: the name of the worker that sweeps. It works on one batch at a time and is sweeping now, so a photo still
    claimed in its name was left by a child that died. It sends to every kind of engine that has a worker alive: to one
    that has none, messages would only pile up. Swept by hand (no worker), all are sent.
    """
    now = timezone.now()
    for reading_id, token in _abandoned(worker, now):
        results.reading_release(reading_id=reading_id, token=token, reason=ImageReason.WORKER_LOST)
    stale = Q(nudged_at=None) | Q(nudged_at__lt=now - timedelta(seconds=settings.IMAGE_NUDGE_S))
    waiting = Reading.objects.filter(stale, status=ImageStatus.QUEUED)
    kinds = set(waiting.order_by().values_list("engine", flat=True).distinct())
    if worker:
        kinds &= {settings.ENGINE, *_alive(now).values_list("engine", flat=True)}
    sent = 0
    for kind in sorted(kinds):
        sent += _nudge_all([(image_id, kind) for image_id in _due(waiting.filter(engine=kind), now)])
    return sent


def _due(waiting: "QuerySet[Reading]", now: datetime) -> list[UUID]:
    """The photos to send now, noted as sent. What somebody else is writing now is left for the next sweep."""
    with transaction.atomic():
        free = waiting.order_by("asked_at", "pk").select_for_update(skip_locked=True)
        rows = dict(free.values_list("pk", "image_id")[:NUDGES_PER_SWEEP])
        Reading.objects.filter(pk__in=rows).update(nudged_at=now)
    return list(rows.values())


def _alive(now: datetime) -> "QuerySet[WorkerBeat]":
    return WorkerBeat.objects.filter(seen_at__gte=now - timedelta(seconds=settings.WORKER_GONE_S))


def _abandoned(worker: str, now: datetime) -> list[tuple[int, UUID | None]]:
    """Readings in work that nobody works on: lease over, worker not heard of, or left by this worker's dead child."""
    working = Reading.objects.filter(status=ImageStatus.WORKING)
    rows = list(working.values_list("pk", "claim_token", "claimed_by", "lease_until"))
    if not rows:
        return []
    alive = set(_alive(now).values_list("name", flat=True))

    def left(claimed_by: str, lease_until: datetime | None) -> bool:
        name = results.worker_of(claimed_by)
        return name == worker or name not in alive or lease_until is None or lease_until < now

    return [(pk, token) for pk, token, claimed_by, lease_until in rows if left(claimed_by, lease_until)]
