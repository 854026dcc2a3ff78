"""The staff's tray: photos that may not show their attempt's lift, and those that were set aside."""

from dataclasses import dataclass
from itertools import groupby

from django.db.models import F, Q

from judging.outcomes import Reason
from judging.pose import Lift
from meets.models import Assessment, Attempt, AttemptImage, Finding, Flag, Meet
from meets.selectors import words
from meets.selectors.assessments import assessments_of

_LIFTS = list(Lift)
_REASONS = {Reason.WRONG_LIFT.value, Reason.LIFT_DISPUTED.value}
# From the end of a bench no lift can be told from another: only where a look is asked for does it mean the photo.
_FLAGGED = Reason.LIFT_UNKNOWN.value


@dataclass(frozen=True, slots=True)
class Stray:
    """A photo in the tray. pose, picture: what the lifter's pose, and the picture as a whole, look like; picture is
    empty where no model was asked."""

    image: AttemptImage
    pose: str
    picture: str


@dataclass(frozen=True, slots=True)
class Place:
    """A lifter of the meet with the attempts that a photo can be moved to."""

    name: str
    attempts: list[Attempt]


def is_unmatched(assessment: Assessment) -> bool:
    """Does its photo wait in the tray, when it is the assessment that counts?"""
    reasons = {finding.reason for finding in assessment.findings.all()}
    return bool(reasons & _REASONS) or (_FLAGGED in reasons and assessment.flag == Flag.MISMATCH)


def unmatched_count(meet: Meet) -> int:
    return len(_unmatched(meet))


def unmatched_rows(meet: Meet) -> list[Stray]:
    """The photos in the tray, the one sent first on top."""
    rows = Assessment.objects.filter(pk__in=_unmatched(meet))
    rows = rows.defer("keypoints", "raw_scores", "people", "vote_pairs", "timings_ms")
    rows = rows.select_related("image__attempt__entry__lifter").order_by("image__uploaded_at", "image")
    return [_stray(row) for row in rows]


def aside_rows(meet: Meet) -> list[AttemptImage]:
    """The photos set aside, the last one on top."""
    rows = AttemptImage.objects.filter(attempt__entry__meet=meet, set_aside_at__isnull=False)
    return list(rows.select_related("attempt__entry__lifter", "set_aside_by").order_by("-set_aside_at", "pk"))


def place_rows(image: AttemptImage) -> list[Place]:
    """Every other attempt of the photo's meet, by lifter: the photo's own lifter first, the others by lot."""
    here = image.attempt.entry
    rows = Attempt.objects.filter(entry__meet_id=here.meet_id).exclude(pk=image.attempt_id)
    in_order = rows.order_by(F("entry__lot").asc(nulls_last=True), "entry__lifter__name", "entry", "number")
    by_entry = groupby(in_order.select_related("entry__lifter"), key=lambda attempt: attempt.entry)
    places = [(entry, sorted(attempts, key=lambda each: _LIFTS.index(Lift(each.lift)))) for entry, attempts in by_entry]
    places.sort(key=lambda place: place[0] != here)
    return [Place(_name(entry.lot, entry.lifter.name), attempts) for entry, attempts in places]


def _name(lot: int | None, name: str) -> str:
    return f"lot {lot} · {name}" if lot else name


def _stray(row: Assessment) -> Stray:
    pose = f"Looks like {words.lift_line(row.lift_seen, row.lift_p or 0.0)}"
    seen = words.lift_line(row.picture_lift, row.picture_p) if row.picture_p is not None else ""
    return Stray(row.image, pose, f"The picture as a whole looks like {seen}" if seen else "")


def _unmatched(meet: Meet) -> list[int]:
    """Of each photo in the tray the assessment that counts."""
    # Asked from the findings' end, where an index knows the reasons: in most meets there is nothing odd, and this
    # count stands on every page of the staff.
    reasons = Q(reason__in=_REASONS) | Q(reason=_FLAGGED, assessment__flag=Flag.MISMATCH)
    of_meet = Q(assessment__image__attempt__entry__meet=meet, assessment__image__purged_at=None)
    found = Finding.objects.filter(reasons, of_meet).order_by()
    maybe = set(found.values_list("assessment_id", flat=True))
    if not maybe:
        return []
    current = assessments_of(meet).current
    odd = dict(current.filter(pk__in=maybe).values_list("pk", "image_id"))
    if not odd:
        return []
    # Newer ones overwrite older ones.
    newest = current.filter(image__in=set(odd.values())).order_by("created_at", "pk").values_list("image_id", "pk")
    return [pk for pk in dict(newest).values() if pk in odd]
