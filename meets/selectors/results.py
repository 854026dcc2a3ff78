"""Attempts with what was found in their photos, for the API. Blind first is kept here: for an attempt that is not
open to the user, no assessment is even read."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import QuerySet

from meets.access import AnyUser, evidence_filter, role_in
from meets.models import Assessment, Attempt, AttemptImage, Flag, Meet
from meets.selectors.assessments import assessments_also, assessments_current

_URGENCY = list(Flag)


@dataclass(frozen=True, slots=True)
class ImageResult:
    """A photo, and its newest assessment where there is one that may be seen. also: the newest by each other engine,
    which do not count; read for a single attempt or photo alone."""

    image: AttemptImage
    is_open: bool
    assessment: Assessment | None
    also: list[Assessment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AttemptResult:
    attempt: Attempt
    is_open: bool
    images: list[ImageResult] = field(default_factory=list)

    @property
    def flag(self) -> Flag | None:
        """The most urgent flag of its photos; None while nothing has been assessed."""
        flags = [Flag(result.assessment.flag) for result in self.images if result.assessment]
        return min(flags, key=_URGENCY.index, default=None)


def attempt_result_rows(user: AnyUser, meet: Meet) -> list[AttemptResult]:
    """All attempts of the meet, in the order of the meet."""
    attempts = Attempt.objects.filter(entry__meet=meet).select_related("entry__lifter", "entry__platform")
    return _results(user, meet, attempts.prefetch_related("images__readings"), in_full=False)


def attempt_result_detail(user: AnyUser, attempt: Attempt) -> AttemptResult:
    """One attempt with everything that was found, votes and keypoints included."""
    rows = Attempt.objects.filter(pk=attempt.pk).select_related("entry__lifter", "entry__platform")
    return _results(user, attempt.entry.meet, rows.prefetch_related("images__readings"), in_full=True)[0]


def image_result_detail(user: AnyUser, image: AttemptImage) -> ImageResult:
    """One photo with everything that was found in it. ``image`` needs its attempt, entry and meet."""
    meet = image.attempt.entry.meet
    is_open = image.attempt_id in _open_ids(user, meet, [image.attempt_id])
    newest = _newest([image.attempt_id], with_votes=True) if is_open else {}
    also = _also([image.attempt_id]) if is_open else {}
    return ImageResult(image, is_open, newest.get(image.pk), also.get(image.pk, []))


def _results(user: AnyUser, meet: Meet, attempts: "QuerySet[Attempt]", *, in_full: bool) -> list[AttemptResult]:
    rows = list(attempts)
    is_open = _open_ids(user, meet, [attempt.pk for attempt in rows])
    newest = _newest(is_open, with_votes=in_full)
    also = _also(is_open) if in_full else {}

    def result(image: AttemptImage, *, shown: bool) -> ImageResult:
        return ImageResult(image, shown, newest.get(image.pk), also.get(image.pk, []))

    return [
        AttemptResult(attempt, shown, [result(image, shown=shown) for image in attempt.images.all()])
        for attempt in rows
        for shown in (attempt.pk in is_open,)
    ]


def _open_ids(user: AnyUser, meet: Meet, attempt_ids: list[UUID]) -> set[UUID]:
    """Those of the attempts whose findings the user may see now."""
    allowed = evidence_filter(user, meet, role_in(user, meet))
    return set(Attempt.objects.filter(allowed, pk__in=attempt_ids).values_list("pk", flat=True))


def _newest(attempt_ids: Iterable[UUID], *, with_votes: bool) -> dict[UUID, Assessment]:
    """The assessment that counts of every photo of these attempts, by photo."""
    related = ("findings", "votes") if with_votes else ("findings",)
    rows = assessments_current().filter(image__attempt__in=list(attempt_ids)).prefetch_related(*related)
    # Newer ones overwrite older ones.
    return {assessment.image_id: assessment for assessment in reversed(rows)}


def _also(attempt_ids: Iterable[UUID]) -> dict[UUID, list[Assessment]]:
    """The newest assessment by every other engine of every photo of these attempts, by photo."""
    rows = assessments_also().filter(image__attempt__in=list(attempt_ids)).prefetch_related("findings")
    newest = {(row.image_id, row.engine_kind): row for row in reversed(rows)}
    found: dict[UUID, list[Assessment]] = {}
    for (image_id, _), row in sorted(newest.items(), key=lambda item: item[0][1]):
        found.setdefault(image_id, []).append(row)
    return found
