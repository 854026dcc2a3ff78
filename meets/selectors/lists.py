"""Rows of a meet as the API's lists ask for them, by what may be asked. Blind first is kept here: a flag is looked for
among the attempts alone whose evidence is open to the user."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from meets.access import AnyUser, evidence_filter, role_in
from meets.models import Attempt, AttemptImage, AttemptOutcome, Entry, Flag, Lifter, Meet, Platform
from meets.seal import evidence_shown
from meets.selectors.assessments import assessments_of

_URGENCY = list(Flag)


def lifter_list(meet: Meet, *, flight: str | None = None, platform: Platform | None = None) -> "QuerySet[Lifter]":
    """Its lifters; with a flight or a platform, those with an entry there."""
    rows = Lifter.objects.filter(meet=meet)
    if flight is None and platform is None:
        return rows
    return rows.filter(Exists(entry_list(meet, flight=flight, platform=platform).filter(lifter=OuterRef("pk"))))


def entry_list(meet: Meet, *, flight: str | None = None, platform: Platform | None = None) -> "QuerySet[Entry]":
    rows = Entry.objects.filter(meet=meet)
    if flight is not None:
        rows = rows.filter(flight=flight)
    return rows if platform is None else rows.filter(platform=platform)


def attempt_list(
    user: AnyUser,
    meet: Meet,
    *,
    updated_since: datetime | None = None,
    lift: str | None = None,
    outcome: AttemptOutcome | None = None,
    flag: Flag | None = None,
    flight: str | None = None,
    platform: Platform | None = None,
) -> "QuerySet[Attempt]":
    """updated_since: that moment included. flag: that of AttemptResult, the most urgent of the photos' own."""
    rows = Attempt.objects.filter(entry__meet=meet)
    if updated_since is not None:
        rows = rows.filter(updated_at__gte=updated_since)
    if lift is not None:
        rows = rows.filter(lift=lift)
    if outcome is not None:
        rows = rows.filter(outcome=outcome)
    if flight is not None:
        rows = rows.filter(entry__flight=flight)
    if platform is not None:
        rows = rows.filter(entry__platform=platform)
    return rows if flag is None else rows.filter(_flagged(user, meet, flag))


def _flagged(user: AnyUser, meet: Meet, flag: Flag) -> Q:
    """Attempts that the user may see the findings of, and whose most urgent flag is this one."""
    is_open = Attempt.objects.filter(evidence_filter(user, meet, role_in(user, meet)), entry__meet=meet)
    current = assessments_of(meet).current
    # That an attempt is not in the answer tells of its flag as well.
    evidence_shown(user, meet, current.filter(image__attempt__in=is_open), "api")
    newest = current.filter(image=OuterRef("pk")).values("flag")[:1]
    photos = AttemptImage.objects.filter(attempt=OuterRef("pk"), set_aside_at=None).annotate(newest=Subquery(newest))
    more_urgent = _URGENCY[: _URGENCY.index(flag)]
    return (
        Q(pk__in=is_open.values("pk"))
        & Q(Exists(photos.filter(newest=flag)))
        & ~Q(Exists(photos.filter(newest__in=more_urgent)))
    )
