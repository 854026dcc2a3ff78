"""Photos and evidence in the sealed log: that a photo came in and what was said of it, what a machine saw in it, and
who was shown that when."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from judging.rulebook import rulebook_ids, rulebook_load
from meets.access import AnyUser
from meets.log import ToLog, canonical, log_append, log_extend
from meets.models import Assessment, Attempt, AttemptImage, Finding, LogKind, Meet, Shown, Vote

# A finding as the log keeps it.
_OF_FINDING = (
    "rule", "side", "outcome", "reason", "margin_cm", "sigma_cm", "margin_limb", "sigma_limb", "limb", "p_breach",
    "marks",
)  # fmt: skip
_OF_ASSESSMENT = (
    "engine_kind", "engine", "weights_sha256", "networks", "rulebook", "gold_set", "picture_model", "flag",
    "lifter_found", "lifter_margin", "lift_seen", "lift_p", "picture_lift", "picture_p", "phase_seen", "phase_p",
    "phase_stated", "view_seen", "view_p", "view_stated", "stated_lift", "stated_lift_said", "stated_phase",
    "stated_view", "stated_lifter", "stated_region", "stated_camera", "keypoints", "raw_scores", "people", "vote_pairs",
    "vote_kappa",
)  # fmt: skip


def photo_seal(image: AttemptImage, user: User | None, act: str, **more: Any) -> None:
    """A photo came in, or something was said of it. Runs in the transaction of what it tells of."""
    body = {"act": act, "image": str(image.pk), "sha256": image.sha256, **more}
    log_append(image.attempt.entry.meet_id, LogKind.PHOTO, body, attempt_id=image.attempt_id, user=user)


def evidence_seal(assessment: Assessment, meet_id: UUID) -> None:
    """Everything that an engine made of a photo, by which weights, rule book and limits; and whether it came after the
    decision, which it then cannot change."""
    # As the database has it: what is sealed is what stands there to be compared.
    row = Assessment.objects.select_related("image__attempt").get(pk=assessment.pk)
    image: AttemptImage = row.image
    attempt: Attempt = image.attempt
    body = {
        **evidence_facts(row, row.findings.order_by("pk"), row.votes.all()),
        "sha256": image.sha256,
        "limits": limits_of(assessment.rulebook),
        "late": attempt.decided_at is not None,
        "take": attempt.take,
    }
    log_append(meet_id, LogKind.EVIDENCE, body, attempt_id=attempt.pk)


def evidence_facts(assessment: Assessment, findings: Iterable[Finding], votes: Iterable[Vote]) -> dict[str, Any]:
    """The part of the record that these rows still tell, so that they can be held against it at any time. findings: in
    the order in which they were written."""
    return {
        "assessment": str(assessment.uid),
        "image": str(assessment.image_id),
        **{name: getattr(assessment, name) for name in _OF_ASSESSMENT},
        "findings": [{name: getattr(finding, name) for name in _OF_FINDING} for finding in findings],
        "votes_sha256": votes_hash(votes),
    }


def limits_of(version: str) -> Mapping[str, float] | None:
    """The limits of the rule book with this id and hash; None for one that is not at hand any more."""
    book_id = version.partition("+")[0]
    if book_id not in rulebook_ids():
        return None
    book = rulebook_load(book_id)
    limits = book.limits
    return (
        {name: getattr(limits, name) for name in type(limits).__dataclass_fields__} if book.version == version else None
    )


_OF_VOTE = ("pair", "annotation", "view", "verdict", "distance")


def votes_hash(votes: Iterable[Vote]) -> str:
    """The gold votes by their hash: there are some hundred a photo, and they follow from the keypoints. Sorted here:
    each database sorts text in a way of its own."""
    values = sorted([getattr(vote, name) for name in _OF_VOTE] for vote in votes)
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def evidence_shown(user: AnyUser, meet: Meet, assessments: Iterable[Assessment], where: str) -> int:
    """Notes that this user is shown these assessments now, each once. Called by whatever shows them, page, list, API or
    export, before it does. Returns how many were new to the user.

    where: board, attempt, photo, api, webhook.
    """
    return evidence_ids_shown(user, meet, {assessment.pk for assessment in assessments}, where)


def evidence_ids_shown(user: AnyUser, meet: Meet, ids: set[int], where: str) -> int:
    """The same, of assessments by their ids."""
    if not isinstance(user, User):
        return 0
    # Asked before any lock: a page that is polled has nothing new to note most of the time.
    if not _fresh(user, ids):
        return 0
    try:
        with transaction.atomic():
            return _shown_write(user, meet, ids, where)
    except IntegrityError:
        # Two pages of one user at the same moment: the other one has noted it.
        return 0


def _fresh(user: User, ids: set[int]) -> set[int]:
    """Those of the assessments that the user has not been shown yet."""
    if not ids:
        return set()
    return ids - set(Shown.objects.filter(user=user, assessment__in=ids).values_list("assessment_id", flat=True))


def _shown_write(user: User, meet: Meet, ids: set[int], where: str) -> int:
    # The lock keeps two pages of one user from writing the same.
    Meet.objects.select_for_update().only("pk").get(pk=meet.pk)
    fresh = _fresh(user, ids)
    by_attempt: dict[UUID, list[UUID]] = defaultdict(list)
    rows = Assessment.objects.filter(pk__in=fresh).order_by("pk").values_list("uid", "image__attempt_id")
    for uid, attempt_id in rows:
        by_attempt[attempt_id].append(uid)
    now = timezone.now()
    log_extend(
        meet.pk,
        [
            ToLog(LogKind.SHOWN, {"assessments": found, "where": where}, attempt_id, user, now)
            for attempt_id, found in by_attempt.items()
        ],
    )
    Shown.objects.bulk_create([Shown(user=user, assessment_id=pk, at=now) for pk in sorted(fresh)], batch_size=500)
    return len(fresh)
