"""Attempts with what was found in their photos, for the API. Blind first is kept here: for an attempt that is not
open to the user, no assessment is even read."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from meets.access import AnyUser, evidence_filter, role_in
from meets.models import Assessment, Attempt, AttemptImage, Flag, Meet
from meets.seal import evidence_shown
from meets.selectors.assessments import Assessments, assessments_of

_URGENCY = list(Flag)


@dataclass(frozen=True, slots=True)
class ImageResult:
    """A photo, and its newest assessment where there is one that may be seen. also: the newest by each other engine,
    which do not count; read for a single attempt or photo alone. withheld: it was read by weights that may not advise
    at this meet."""

    image: AttemptImage
    is_open: bool
    assessment: Assessment | None
    also: list[Assessment] = field(default_factory=list)
    withheld: bool = False


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
    return _results(user, meet, attempts, in_full=False)


def attempt_result_detail(user: AnyUser, attempt: Attempt, *, is_noted: bool = True) -> AttemptResult:
    """One attempt with everything that was found, votes and keypoints included. is_noted: False where only a hash of it
    leaves, so that nobody is noted as having been shown it."""
    rows = Attempt.objects.filter(pk=attempt.pk).select_related("entry__lifter", "entry__platform")
    return _results(user, attempt.entry.meet, rows, in_full=True, is_noted=is_noted)[0]


def image_result_detail(user: AnyUser, image: AttemptImage, *, is_noted: bool = True) -> ImageResult:
    """One photo with everything that was found in it. ``image`` needs its attempt, entry and meet. is_noted: as for an
    attempt."""
    meet = image.attempt.entry.meet
    is_open = image.attempt_id in _open_ids(user, meet, [image.attempt_id])
    found = _Found.read(meet, [image.attempt_id] if is_open else [], in_full=True)
    shown = found.result(image, is_open=is_open)
    if is_noted:
        evidence_shown(user, meet, _all_shown([shown]), "photo")
    return shown


def _results(
    user: AnyUser, meet: Meet, attempts: "QuerySet[Attempt]", *, in_full: bool, is_noted: bool = True
) -> list[AttemptResult]:
    # What is set aside belongs to no attempt.
    images = AttemptImage.objects.filter(set_aside_at=None).prefetch_related("readings")
    rows = list(attempts.prefetch_related(Prefetch("images", images)))
    is_open = _open_ids(user, meet, [attempt.pk for attempt in rows])
    found = _Found.read(meet, is_open, in_full=in_full)
    results = [
        AttemptResult(attempt, shown, [found.result(image, is_open=shown) for image in attempt.images.all()])
        for attempt in rows
        for shown in (attempt.pk in is_open,)
    ]
    if is_noted:
        evidence_shown(user, meet, _all_shown(image for row in results for image in row.images), "api")
    return results


def _all_shown(images: "Iterable[ImageResult]") -> list[Assessment]:
    return [row for image in images for row in ([image.assessment] if image.assessment else []) + image.also]


def _open_ids(user: AnyUser, meet: Meet, attempt_ids: list[UUID]) -> set[UUID]:
    """Those of the attempts whose findings the user may see now."""
    allowed = evidence_filter(user, meet, role_in(user, meet))
    return set(Attempt.objects.filter(allowed, pk__in=attempt_ids).values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class _Found:
    """What may be shown of photos, by photo: the assessment that counts, those by the other engines; and of which
    there is one that may not be shown."""

    newest: dict[UUID, Assessment]
    also: dict[UUID, list[Assessment]]
    withheld: set[UUID]

    @classmethod
    def read(cls, meet: Meet, attempt_ids: Collection[UUID], *, in_full: bool) -> "_Found":
        """Of all photos of these attempts. in_full: with votes, and with the other engines."""
        if not attempt_ids:
            return cls({}, {}, set())
        found = assessments_of(meet)
        withheld = found.withheld.filter(image__attempt__in=list(attempt_ids)).values_list("image_id", flat=True)
        return cls(
            _newest(found, attempt_ids, with_votes=in_full),
            _also(found, attempt_ids) if in_full else {},
            set(withheld),
        )

    def result(self, image: AttemptImage, *, is_open: bool) -> ImageResult:
        seen = self.newest.get(image.pk)
        withheld = seen is None and image.pk in self.withheld
        return ImageResult(image, is_open, seen, self.also.get(image.pk, []), withheld)


def _newest(found: Assessments, attempt_ids: Iterable[UUID], *, with_votes: bool) -> dict[UUID, Assessment]:
    related = ("findings", "votes") if with_votes else ("findings",)
    rows = found.current.filter(image__attempt__in=list(attempt_ids)).prefetch_related(*related)
    # Newer ones overwrite older ones.
    return {assessment.image_id: assessment for assessment in reversed(rows)}


def _also(found: Assessments, attempt_ids: Iterable[UUID]) -> dict[UUID, list[Assessment]]:
    """The newest assessment by every other engine."""
    rows = found.also.filter(image__attempt__in=list(attempt_ids)).prefetch_related("findings")
    newest = {(row.image_id, row.engine_kind): row for row in reversed(rows)}
    shown: dict[UUID, list[Assessment]] = {}
    for (image_id, _), row in sorted(newest.items(), key=lambda item: item[0][1]):
        shown.setdefault(image_id, []).append(row)
    return shown
