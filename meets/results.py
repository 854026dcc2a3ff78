"""OUT: claim photos, and settle them. Every change of a reading's status on the line is a compare-and-swap here.

A reading is settled only by the try that holds its token; whatever another try brings later is dropped. Whoever writes
takes locks in one order, meet before reading before photo, so that no two writers wait for each other.
"""

import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from judging.camera import Camera as CameraKnown
from judging.outcomes import Finding as FindingSeen
from judging.pose import Lift, Phase, Pose, View
from meets import seal, webhooks
from meets.models import (
    CAMERA_DIGITS,
    CAMERA_FIGURES,
    Assessment,
    Attempt,
    AttemptImage,
    Finding,
    ImageReason,
    ImageStatus,
    Meet,
    Reading,
    Vote,
)

if TYPE_CHECKING:
    from gold.vote import VoteResult
    from inference.assessment import Assessment as Seen

log = logging.getLogger(__name__)

# Over the hard time limit, which ends a whole batch: the time a killed child needs to be noticed.
LEASE_GRACE_S = 15


@dataclass(frozen=True, slots=True)
class Claim:
    """One try at one photo by one kind of engine, with all that the pipeline needs to know of it.

    token: the photos of one batch share it. lift_said: staff say that the photo shows this lift. lifter_hidden:
    likewise, that the lifter is none of those who could be read. region, lifter_at:
    parts of the photo's width and height, 0-1; camera: what anybody measured of it; each with the text under which an
    assessment keeps it.
    """

    reading_id: int
    image_id: UUID
    token: UUID
    meet_id: UUID
    engine: str
    path: str
    lift: Lift
    lift_said: bool
    phase: Phase | None
    view: View | None
    rulebook: str
    region: tuple[float, float, float, float] | None
    lifter_at: tuple[float, float] | None
    lifter_hidden: bool
    camera: CameraKnown | None
    stated_region: str
    stated_lifter: str
    stated_camera: str
    # From the moment it was asked for to the start of this try.
    queue_ms: float


def worker_of(claimed_by: str) -> str:
    """The worker's name out of ``name/process id``."""
    return claimed_by.rpartition("/")[0]


def readings_claim(*, image_id: UUID, engine: str, worker: str, pid: int, limit: int = 1) -> list[Claim]:
    """The right to work on this photo and on up to ``limit`` in all that wait for the same engine, oldest first.

    Open to claims is a waiting photo, and one in work that another process of the same worker held: a worker has one
    child at a time, so that child is dead. The last allowed try that ended so fails the photo. A photo with a lost try
    behind it is claimed alone, and never to fill a batch: what kills a worker takes no neighbour with it twice.
    A photo that is not to be had is no reason to stop where a batch can be filled without it.
    """
    row = Reading.objects.filter(image_id=image_id, engine=engine).first()
    if row is not None and not _claimable(row, worker, pid):
        row = None
    if row is not None and row.tries >= settings.IMAGE_TRIES_MAX:
        reading_release(
            reading_id=row.pk, token=row.claim_token, reason=ImageReason.WORKER_LOST, status=ImageStatus(row.status)
        )
        return []
    if row is None and limit == 1:
        return []
    token, now = uuid.uuid4(), timezone.now()
    with transaction.atomic():
        if row is not None and (row.tries or limit == 1):
            same = {"status": row.status, "claim_token": row.claim_token, "tries": row.tries}
            won = Reading.objects.filter(pk=row.pk, **same)
        else:
            won = Reading.objects.filter(pk__in=_batch(row, engine, limit), status=ImageStatus.QUEUED, tries=0)
        claimed = won.update(
            status=ImageStatus.WORKING,
            tries=F("tries") + 1,
            claimed_by=f"{worker}/{pid}",
            claim_token=token,
            claimed_at=now,
            lease_until=now + timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT + LEASE_GRACE_S),
        )
        if not claimed:
            return []
        rows = list(Reading.objects.filter(claim_token=token).select_related("image__attempt__entry__meet"))
        images_follow(AttemptImage.objects.filter(pk__in=[row.image_id for row in rows]))
    return [_claim(row, now) for row in rows]


def _batch(first: Reading | None, engine: str, limit: int) -> list[int]:
    """The readings to claim together. Those that another worker is claiming at this moment are left to it.

    The first is locked before the others are: who waits for it must not hold what its holder may want next.
    """
    waiting = Reading.objects.filter(engine=engine, status=ImageStatus.QUEUED, tries=0)
    rows = readings_lock(waiting.filter(pk=first.pk)) if first is not None else []
    free = waiting.exclude(pk__in=rows).order_by("asked_at", "pk").select_for_update(skip_locked=True)
    return [*rows, *free.values_list("pk", flat=True)[: limit - len(rows)]]


def readings_lock(readings: "QuerySet[Reading]") -> list[int]:
    """Locks these readings until the transaction ends, in the one order in which all wait for several."""
    return list(readings.order_by("pk").select_for_update().values_list("pk", flat=True))


def _claimable(row: Reading, worker: str, pid: int) -> bool:
    if row.status == ImageStatus.QUEUED:
        return True
    left_by_sibling = worker_of(row.claimed_by) == worker and row.claimed_by != f"{worker}/{pid}"
    return row.status == ImageStatus.WORKING and left_by_sibling


def _claim(row: Reading, now: datetime) -> Claim:
    image, attempt, meet = row.image, row.image.attempt, row.image.attempt.entry.meet
    assert row.claim_token is not None  # noqa: S101
    return Claim(
        reading_id=row.pk,
        image_id=image.pk,
        token=row.claim_token,
        meet_id=meet.pk,
        engine=row.engine,
        path=str(image.original.name),
        lift=Lift(attempt.lift),
        lift_said=image.lift_said,
        phase=Phase(image.phase) if image.phase else None,
        view=View(image.view) if image.view else None,
        rulebook=meet.rulebook,
        region=_region(image.stated_region),
        lifter_at=image.lifter_at,
        lifter_hidden=image.lifter_hidden,
        camera=CameraKnown(**figures_read(image.stated_camera)) if image.stated_camera else None,
        stated_region=image.stated_region,
        stated_lifter=image.stated_lifter,
        stated_camera=image.stated_camera,
        queue_ms=(now - row.asked_at).total_seconds() * 1000,
    )


def parts_text(parts: Sequence[float] | None) -> str:
    """Parts of a photo as the rows state them: ``0.412,0.530``; empty for None."""
    return ",".join(f"{part:.3f}" for part in parts or ())


def figures_text(figures: Mapping[str, float | None]) -> str:
    """A camera's figures as the rows state them: ``{"height_cm":95.0,"roll_deg":-1.5}``; empty when none is known."""
    known = {
        name: round(value, digits) + 0.0
        for name, digits in CAMERA_DIGITS.items()
        if (value := figures.get(name)) is not None
    }
    return json.dumps(known, separators=(",", ":")) if known else ""


def figures_read(text: str) -> dict[str, float | None]:
    """All the figures out of such a text, None for those that nobody had measured."""
    return dict.fromkeys(CAMERA_FIGURES) | (json.loads(text) if text else {})


def _region(text: str) -> tuple[float, float, float, float] | None:
    if not text:
        return None
    x0, y0, x1, y1 = (float(part) for part in text.split(","))
    return x0, y0, x1, y1


def reading_settle(
    *, claim: Claim, seen: "Seen | None" = None, status: ImageStatus = ImageStatus.DONE, reason: str = ""
) -> bool:
    """Ends the reading: done with what was seen, or rejected or failed with its reason, in one short transaction.

    False when this try no longer holds it; then nothing is written.
    """
    with transaction.atomic():
        meet_bump(claim.meet_id)
        held = Reading.objects.filter(pk=claim.reading_id, status=ImageStatus.WORKING, claim_token=claim.token)
        if held.update(status=status, reason=reason, finished_at=timezone.now(), claim_token=None) != 1:
            transaction.set_rollback(True)
            log.warning("image %s is no longer held by try %s; its outcome is dropped", claim.image_id, claim.token)
            return False
        if seen is not None:
            assessment_record(claim=claim, seen=seen)
        images_follow(AttemptImage.objects.filter(pk=claim.image_id))
        attempts_touch(Attempt.objects.filter(images=claim.image_id))
    return True


def reading_release(
    *, reading_id: int, token: UUID | None, reason: ImageReason, status: ImageStatus = ImageStatus.WORKING
) -> ImageStatus | None:
    """Gives up a try: back into the queue for the next sweep, or failed with ``reason`` after the last allowed one.

    status: what the row must still be; QUEUED for one whose tries were used up while it waited.

    None when the try no longer holds the reading.
    """
    row = Reading.objects.filter(pk=reading_id).select_related("image__attempt__entry").first()
    if row is None:
        return None
    with transaction.atomic():
        meet_bump(row.image.attempt.entry.meet_id)
        held = Reading.objects.filter(pk=reading_id, status=status, claim_token=token)
        again = held.filter(tries__lt=settings.IMAGE_TRIES_MAX)
        if again.update(status=ImageStatus.QUEUED, claim_token=None, lease_until=None, nudged_at=None):
            status = ImageStatus.QUEUED
        elif held.update(status=ImageStatus.FAILED, reason=reason, claim_token=None, finished_at=timezone.now()):
            status = ImageStatus.FAILED
        else:
            transaction.set_rollback(True)
            return None
        images_follow(AttemptImage.objects.filter(pk=row.image_id))
        attempts_touch(Attempt.objects.filter(images=row.image_id))
    log.warning("image %s by %s: %s, now %s", row.image_id, row.engine, reason, status)
    return status


def images_follow(images: "QuerySet[AttemptImage]") -> None:
    """Makes the photos' own status, reason and end those of the reading that counts in their meet.

    Called last in every transaction that changes a reading or which engine counts. The photos are locked first, in one
    order, so that of two such transactions the second sees what the first has written.
    """
    if connection.features.has_select_for_update:
        list(images.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    counts = Reading.objects.filter(image__in=images, engine=F("image__attempt__entry__meet__engine")).order_by()
    alike: dict[tuple[Any, ...], list[UUID]] = {}
    for image_id, *says in counts.values_list("image_id", "status", "reason", "finished_at"):
        alike.setdefault(tuple(says), []).append(image_id)
    for (status, reason, finished_at), ids in alike.items():
        AttemptImage.objects.filter(pk__in=ids).update(status=status, reason=reason, finished_at=finished_at)


def attempts_touch(attempts: "QuerySet[Attempt]") -> None:
    """Notes that something of these attempts has changed, for whoever asks what did (``updated_since``).

    Called under the meet's lock alone, so that in one meet these moments follow each other as the changes do. A photo
    that is taken up changes nothing yet.
    """
    attempts.update(updated_at=timezone.now())


def meet_bump(meet_id: UUID) -> None:
    """Moves the meet's revision on, and so waits for whoever else writes in it."""
    Meet.objects.filter(pk=meet_id).update(revision=F("revision") + 1)


def assessment_record(*, claim: Claim, seen: "Seen") -> Assessment | None:
    """Writes what was seen. None when these models, rulebook and gold set have already read the photo, stated so.

    Only the holder of the reading's row gets here, so asking first and then writing cannot race.
    """
    by = {
        "engine_kind": claim.engine,
        "engine": seen.engine,
        "weights_sha256": seen.weights_sha256,
        "rulebook": seen.rulebook,
        "gold_set": seen.gold_set,
        "picture_model": seen.picture_model,
        "networks": seen.networks,
        "stated_lift": claim.lift,
        "stated_lift_said": claim.lift_said,
        "stated_phase": claim.phase or "",
        "stated_view": claim.view or "",
        "stated_lifter": claim.stated_lifter,
        "stated_region": claim.stated_region,
        "stated_camera": claim.stated_camera,
    }
    if Assessment.objects.filter(image_id=claim.image_id, **by).exists():
        return None
    assessment = Assessment.objects.create(
        image_id=claim.image_id,
        **by,
        flag=seen.flag.value,
        lifter_found=seen.pose is not None,
        lift_seen=seen.lift.lift or "",
        lift_p=seen.lift.p,
        picture_lift=(seen.picture.lift or "") if seen.picture else "",
        picture_p=seen.picture.p if seen.picture else None,
        phase_seen=seen.phase.phase or "",
        phase_p=seen.phase.p,
        phase_stated=seen.phase.stated,
        view_seen=seen.view.view or "",
        view_p=seen.view.p,
        view_stated=seen.view.stated,
        keypoints=_keypoints(seen.pose),
        raw_scores=_raw_scores(seen.pose),
        people=_people(seen),
        lifter_margin=round(float(seen.lifter_margin), 3),
        vote_pairs=_vote_pairs(seen.votes),
        vote_kappa=seen.votes.kappa if seen.votes else None,
        timings_ms=_timings(seen.timings_ms, claim.queue_ms),
    )
    Finding.objects.bulk_create(_finding(assessment, finding) for finding in seen.findings)
    if seen.votes:
        Vote.objects.bulk_create(_votes(assessment, seen.votes))
    seal.evidence_seal(assessment, claim.meet_id)
    webhooks.evidence_tell(assessment, claim.meet_id)
    return assessment


def _raw_scores(pose: Pose | None) -> list[float] | None:
    return None if pose is None or pose.raw_scores is None else [round(score, 4) for score in pose.raw_scores.tolist()]


def _keypoints(pose: Pose | None) -> list[list[float]] | None:
    """[[x, y, score] × 17]: a tenth of a pixel is finer than any engine sees."""
    if pose is None:
        return None
    return [[round(float(x), 1), round(float(y), 1), round(float(score), 3)] for x, y, score in pose.points]


def _people(seen: "Seen") -> list[dict[str, Any]]:
    """Everybody who was seen, the most like a lifter first."""
    return [
        {
            "box": [round(float(side), 1) for side in person.box],
            "score": round(float(person.score), 3),
            "chosen": bool(person.chosen),
        }
        for person in seen.people
    ]


def _timings(timings_ms: Mapping[str, float], queue_ms: float) -> dict[str, float]:
    return {name: round(ms, 2) for name, ms in (*timings_ms.items(), ("queue", queue_ms))}


def _finding(assessment: Assessment, seen: FindingSeen) -> Finding:
    return Finding(
        assessment=assessment,
        rule=seen.rule,
        side=seen.side or "",
        outcome=seen.outcome.value,
        reason=seen.reason or "",
        detail=seen.detail,
        margin_cm=seen.margin_cm,
        sigma_cm=seen.sigma_cm,
        margin_limb=seen.margin_limb,
        sigma_limb=seen.sigma_limb,
        limb=seen.limb,
        p_breach=seen.p_breach,
        marks=[
            {
                "kind": mark.kind,
                "label": mark.label,
                "x1": round(mark.x1, 1),
                "y1": round(mark.y1, 1),
                "x2": round(mark.x2, 1),
                "y2": round(mark.y2, 1),
            }
            for mark in seen.marks
        ],
    )


def _vote_pairs(votes: "VoteResult | None") -> list[dict[str, Any]]:
    return [
        {
            "pair": pair.pair,
            "joints": [joint.label for joint in pair.joints],
            "reading": pair.reading.value,
            "bad_share": pair.bad_share,
        }
        for pair in (votes.pairs if votes else ())
    ]


def _votes(assessment: Assessment, votes: "VoteResult") -> list[Vote]:
    return [
        Vote(
            assessment=assessment,
            pair=cast.pair,
            annotation=str(cast.annotation_id),
            view=cast.view.value,
            verdict=cast.verdict.value,
            distance=cast.distance,
            gold_distance=cast.gold_distance,
        )
        for cast in votes.votes
    ]
