"""Rows of a meet as the API's lists ask for them, by what may be asked. Blind first is kept here: a flag is looked for
among the attempts alone whose evidence is open to the user."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from meets.access import AnyUser, evidence_filter, role_in
from meets.models import Attempt, AttemptOutcome, Entry, Flag, Lifter, Meet, Platform
from meets.seal import evidence_ids_shown
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


def entries_named(meet: Meet, asked: str) -> "QuerySet[Entry]":
    """Its entries in the order of the list; with digits those of this lot or name, with a text those of this name."""
    rows = Entry.objects.filter(meet=meet).order_by("flight", "lot", "lifter__name", "pk")
    if not asked:
        return rows
    named = Q(lifter__name__icontains=asked)
    # A lot has four digits at most, and databases refuse to compare with a very long number.
    is_lot = asked.isascii() and asked.isdecimal() and len(asked) <= 4
    return rows.filter(named | Q(lot=int(asked)) if is_lot else named)


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
    # One row a photo and no more of it: in SQL, every attempt would be asked which reading of its photos counts.
    rows = assessments_of(meet).current.order_by("created_at", "pk")
    # Newer ones overwrite older ones.
    newest = {row[1]: row for row in rows.values_list("pk", "image_id", "image__attempt_id", "flag")}
    allowed = evidence_filter(user, meet, role_in(user, meet))
    there = {attempt_id for _, _, attempt_id, _ in newest.values()}
    is_open = set(Attempt.objects.filter(allowed, pk__in=there).values_list("pk", flat=True))
    seen = [row for row in newest.values() if row[2] in is_open]
    # That an attempt is not in the answer tells of its flag as well.
    evidence_ids_shown(user, meet, {row[0] for row in seen}, "api")
    worst: dict[UUID, Flag] = {}
    for _, _, attempt_id, found in seen:
        worst[attempt_id] = min(worst.get(attempt_id, Flag.NONE), Flag(found), key=_URGENCY.index)
    return Q(pk__in=[attempt_id for attempt_id, found in worst.items() if found == flag])
