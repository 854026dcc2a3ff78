"""OUT: claim a photo, and settle it. Every change of a photo's status on the line is a compare-and-swap here.

A photo is settled only by the try that holds its token; whatever another try brings later is dropped.
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from judging.outcomes import Finding as FindingSeen
from judging.pose import Lift, Phase, Pose, View
from meets.models import Assessment, AttemptImage, Finding, ImageReason, ImageStatus, Meet, Vote

if TYPE_CHECKING:
    from gold.vote import VoteResult
    from inference.assessment import Assessment as Seen

log = logging.getLogger(__name__)

# Over the hard time limit: the time a killed child needs to be noticed.
LEASE_GRACE_S = 15


@dataclass(frozen=True, slots=True)
class Claim:
    """One try at one photo, with all that the pipeline needs to know of it."""

    image_id: UUID
    token: UUID
    meet_id: UUID
    path: str
    lift: Lift
    phase: Phase | None
    view: View | None
    rulebook: str
    # From the upload to the start of this try.
    queue_ms: float


def worker_of(claimed_by: str) -> str:
    """The worker's name out of ``name/process id``."""
    return claimed_by.rpartition("/")[0]


def image_claim(*, image_id: UUID, worker: str, pid: int) -> Claim | None:
    """The right to work on the photo, or None when it is not to be had.

    Open to claims is a queued photo, and one in work that another process of the same worker held: a worker has one
    child at a time, so that child is dead. The last allowed try that ended so fails the photo.
    """
    row = AttemptImage.objects.select_related("attempt__entry__meet").filter(pk=image_id).first()
    if row is None or not _claimable(row, worker, pid):
        return None
    if row.tries >= settings.IMAGE_TRIES_MAX:
        image_release(
            image_id=image_id, token=row.claim_token, reason=ImageReason.WORKER_LOST, status=ImageStatus(row.status)
        )
        return None
    now, token = timezone.now(), uuid.uuid4()
    same = AttemptImage.objects.filter(pk=image_id, status=row.status, claim_token=row.claim_token, tries=row.tries)
    won = same.update(
        status=ImageStatus.WORKING,
        tries=row.tries + 1,
        claimed_by=f"{worker}/{pid}",
        claim_token=token,
        claimed_at=now,
        lease_until=now + timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT + LEASE_GRACE_S),
    )
    return _claim(row, token, now) if won == 1 else None


def _claimable(row: AttemptImage, worker: str, pid: int) -> bool:
    if row.status == ImageStatus.QUEUED:
        return True
    left_by_sibling = worker_of(row.claimed_by) == worker and row.claimed_by != f"{worker}/{pid}"
    return row.status == ImageStatus.WORKING and left_by_sibling


def _claim(row: AttemptImage, token: UUID, now: datetime) -> Claim:
    attempt, meet = row.attempt, row.attempt.entry.meet
    return Claim(
        image_id=row.pk,
        token=token,
        meet_id=meet.pk,
        path=str(row.original.name),
        lift=Lift(attempt.lift),
        phase=Phase(row.phase) if row.phase else None,
        view=View(row.view) if row.view else None,
        rulebook=meet.rulebook,
        queue_ms=(now - row.uploaded_at).total_seconds() * 1000,
    )


def image_settle(
    *, claim: Claim, seen: "Seen | None" = None, status: ImageStatus = ImageStatus.DONE, reason: str = ""
) -> bool:
    """Ends the photo: done with what was seen, or rejected or failed with its reason, in one short transaction.

    False when this try no longer holds the photo; then nothing is written.
    """
    with transaction.atomic():
        held = AttemptImage.objects.filter(pk=claim.image_id, status=ImageStatus.WORKING, claim_token=claim.token)
        if held.update(status=status, reason=reason, finished_at=timezone.now(), claim_token=None) != 1:
            log.warning("image %s is no longer held by try %s; its outcome is dropped", claim.image_id, claim.token)
            return False
        if seen is not None:
            assessment_record(claim=claim, seen=seen)
        _meet_bump(claim.meet_id)
    return True


def image_release(
    *, image_id: UUID, token: UUID | None, reason: ImageReason, status: ImageStatus = ImageStatus.WORKING
) -> ImageStatus | None:
    """Gives up a try: back into the queue for the next sweep, or failed with ``reason`` after the last allowed one.

    status: what the row must still be; QUEUED for one whose tries were used up while it waited.

    None when the try no longer holds the photo.
    """
    held = Q(pk=image_id, status=status, claim_token=token)
    with transaction.atomic():
        again = AttemptImage.objects.filter(held, tries__lt=settings.IMAGE_TRIES_MAX)
        ended = AttemptImage.objects.filter(held)
        if again.update(status=ImageStatus.QUEUED, claim_token=None, lease_until=None, nudged_at=None):
            status = ImageStatus.QUEUED
        elif ended.update(status=ImageStatus.FAILED, reason=reason, claim_token=None, finished_at=timezone.now()):
            status = ImageStatus.FAILED
        else:
            return None
        meet_id = AttemptImage.objects.values_list("attempt__entry__meet_id", flat=True).get(pk=image_id)
        _meet_bump(meet_id)
    log.warning("image %s: %s, now %s", image_id, reason, status)
    return status


def _meet_bump(meet_id: UUID) -> None:
    Meet.objects.filter(pk=meet_id).update(revision=F("revision") + 1)


def assessment_record(*, claim: Claim, seen: "Seen") -> Assessment | None:
    """Writes what was seen. None when this engine, rulebook and gold set have already read the photo, stated so.

    Only the holder of the photo's row gets here, so asking first and then writing cannot race.
    """
    by = {
        "engine": seen.engine,
        "weights_sha256": seen.weights_sha256,
        "rulebook": seen.rulebook,
        "gold_set": seen.gold_set,
        "stated_phase": claim.phase or "",
        "stated_view": claim.view or "",
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
        phase_seen=seen.phase.phase or "",
        phase_p=seen.phase.p,
        phase_stated=seen.phase.stated,
        view_seen=seen.view.view or "",
        view_p=seen.view.p,
        view_stated=seen.view.stated,
        keypoints=_keypoints(seen.pose),
        vote_pairs=_vote_pairs(seen.votes),
        vote_kappa=seen.votes.kappa if seen.votes else None,
        timings_ms=_timings(seen.timings_ms, claim.queue_ms),
    )
    Finding.objects.bulk_create(_finding(assessment, finding) for finding in seen.findings)
    if seen.votes:
        Vote.objects.bulk_create(_votes(assessment, seen.votes))
    return assessment


def _keypoints(pose: Pose | None) -> list[list[float]] | None:
    """[[x, y, score] × 17]: a tenth of a pixel is finer than any engine sees."""
    if pose is None:
        return None
    return [[round(float(x), 1), round(float(y), 1), round(float(score), 3)] for x, y, score in pose.points]


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
