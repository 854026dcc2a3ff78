"""What is deleted, and when: a meet's photos after the days that it keeps them, a lifter's name and photos when the
lifter asks (docs/privacy.md); both times with the lists of lifters that are kept to be looked at. Findings, decisions
and the log stay.

Files go first and the row is marked after them, so that a try that was cut off leaves photos that the next try still
finds; a file that is gone already is no fault.
"""

import datetime as dt
from collections.abc import Iterator
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from meets import results
from meets.errors import Unusable
from meets.log import ToLog, log_append, log_extend
from meets.models import (
    Attempt,
    AttemptImage,
    Consent,
    Entry,
    ImageReason,
    ImageStatus,
    Lifter,
    LogKind,
    Meet,
    Reading,
)
from meets.roster_kept import rosters_count, rosters_purge

ERASED_NAME = "Erased lifter"
# Why photos were deleted, as the log says it.
RETENTION, BY_LIFTER = "retention", "lifter"
# Photos at a time: one record each, and as many as one try may lose.
PORTION = 100

_UNFINISHED = (ImageStatus.QUEUED, ImageStatus.WORKING)


def meets_due(today: dt.date) -> list[Meet]:
    """The meets whose photos were to be kept until before today, and that still have any, or a list of lifters."""
    rows = Meet.objects.filter(photos_keep_days__isnull=False).order_by("starts_on", "pk")
    due = (meet for meet in rows if photos_due(meet, today))
    return [meet for meet in due if photos_kept(meet).exists() or rosters_count(meet.pk)]


def photos_due(meet: Meet, today: dt.date) -> bool:
    """Did the days run out for which the meet keeps its photos?"""
    return meet.photos_keep_days is not None and meet.starts_on + dt.timedelta(days=meet.photos_keep_days) < today


def photos_kept(meet: Meet) -> "QuerySet[AttemptImage]":
    return AttemptImage.objects.filter(attempt__entry__meet=meet, purged_at=None)


def photos_purge(*, meet: Meet, user: User | None = None) -> int:
    """Deletes the files of all the meet's photos, and its lists of lifters. Returns how many photos that were. A closed
    meet's too: that nothing is decided in it any more is no reason to keep them."""
    rosters_purge(meet.pk, RETENTION, user)
    return _purge(meet.pk, photos_kept(meet), RETENTION, user)


def lifter_erase(*, lifter: Lifter, user: User, reason: str) -> int:
    """Takes out of the site who the lifter is, and deletes the photos. Returns how many photos that were. The lists of
    lifters that are kept to be looked at go whole, since the lifter may stand in them.

    Asked again it finishes what was cut off. Raises Unusable without a reason, and then nothing is written.
    """
    if len(reason.strip()) < 5:
        raise Unusable("reason", "Say in a few words why the lifter is erased, without the lifter's name.")
    with transaction.atomic():
        results.meet_bump(lifter.meet_id)
        row = Lifter.objects.get(pk=lifter.pk)
        if row.erased_at is None:
            _name_erase(row, user, reason.strip())
    lifter.refresh_from_db()
    rosters_purge(lifter.meet_id, BY_LIFTER, user)
    photos = AttemptImage.objects.filter(attempt__entry__lifter=lifter)
    return _purge(lifter.meet_id, photos, BY_LIFTER, user)


def _name_erase(row: Lifter, user: User, reason: str) -> None:
    row.name, row.erased_at = ERASED_NAME, timezone.now()
    row.birth_year = row.birth_date = None
    row.country = row.state = row.team = row.member_id = ""
    row.other_names = {}
    row.save()
    entries = Entry.objects.filter(lifter=row)
    # People write names into notes; another system's age is a birth year.
    entries.update(notes="", stated_age="", consent=Consent.REFUSED)
    attempts = Attempt.objects.filter(entry__lifter=row)
    results.attempts_touch(attempts)
    # And into the names of files.
    AttemptImage.objects.filter(attempt__in=attempts).update(file_name="photo")
    ids = [str(pk) for pk in entries.order_by("pk").values_list("pk", flat=True)]
    body = {"act": "lifter_erased", "lifter": row.pk, "entries": ids, "reason": reason}
    log_append(row.meet_id, LogKind.ENTRY, body, user=user)


def _purge(meet_id: UUID, photos: "QuerySet[AttemptImage]", reason: str, user: User | None) -> int:
    count = 0
    for portion in _portions(photos.filter(purged_at=None)):
        _readings_end(meet_id, [image.pk for image in portion])
        for image in portion:
            for file in (image.original, image.display, image.thumb):
                if file:
                    file.storage.delete(str(file.name))
        count += _purged(meet_id, portion, reason, user)
    return count


def _portions(photos: "QuerySet[AttemptImage]") -> Iterator[list[AttemptImage]]:
    """Those that are still there, again and again: each portion takes itself out of the question."""
    last: list[AttemptImage] = []
    while rows := list(photos.order_by("uploaded_at", "pk")[:PORTION]):
        if rows == last:
            raise RuntimeError("Photos that were deleted still stand as kept.")
        yield rows
        last = rows


def _readings_end(meet_id: UUID, ids: list[UUID]) -> None:
    """Nobody reads these photos any more: a try that holds one loses it, and its outcome is dropped."""
    with transaction.atomic():
        results.meet_bump(meet_id)
        unfinished = Reading.objects.filter(image_id__in=ids, status__in=_UNFINISHED)
        results.readings_lock(unfinished)
        unfinished.delete()
        images = AttemptImage.objects.filter(pk__in=ids, status__in=_UNFINISHED)
        images.update(status=ImageStatus.REJECTED, reason=ImageReason.PURGED, finished_at=timezone.now())


def _purged(meet_id: UUID, portion: list[AttemptImage], reason: str, user: User | None) -> int:
    """Marks the photos whose files are gone, with a record for each attempt. Two at once mark each photo once."""
    with transaction.atomic():
        results.meet_bump(meet_id)
        ids = [image.pk for image in portion]
        kept = AttemptImage.objects.filter(pk__in=ids, purged_at=None)
        rows = list(kept.order_by("attempt_id", "uploaded_at", "pk").values_list("attempt_id", "pk", "sha256"))
        now = timezone.now()
        by_attempt: dict[UUID, list[dict[str, str]]] = {}
        for attempt_id, pk, sha256 in rows:
            by_attempt.setdefault(attempt_id, []).append({"id": str(pk), "sha256": sha256})
        log_extend(
            meet_id,
            [
                ToLog(LogKind.PURGED, {"why": reason, "images": images}, attempt_id, user, now)
                for attempt_id, images in by_attempt.items()
            ],
        )
        kept.update(purged_at=now, original="", display="", thumb="")
        results.attempts_touch(Attempt.objects.filter(pk__in=list(by_attempt)))
    return len(rows)
