"""The jury's page: decisions that may be taken up, open cases with their votes, closed ones with their outcome."""

import datetime as dt
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from judging import officials
from judging.rulebook import rulebook_load
from meets.models import Attempt, AttemptImage, AttemptOutcome, JuryCase, Membership, Role
from meets.selectors.board import Desk, open_attempts
from meets.selectors.decisions import CaseShown, Given, case_shown, given_rows

# How many of each list are shown; the log has them all.
RECENT, CLOSED = 12, 30


@dataclass(frozen=True, slots=True)
class Evidence:
    """photos: of the attempt. is_open: may this user see what was found in them?"""

    photos: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """A recent decision. until: how long a case may be opened. may_reverse: the lights stood as the book asks."""

    attempt: Attempt
    given: Given
    until: dt.datetime
    may_reverse: bool
    in_time: bool
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Case:
    """is_over: the time for votes ran out; the site closes it by itself."""

    shown: CaseShown
    attempt: Attempt
    given: Given
    evidence: Evidence
    is_over: bool


@dataclass(frozen=True, slots=True)
class JuryDesk:
    """size: how many members the jury has now. sizes: those that it may have."""

    size: int
    sizes: tuple[int, ...]
    extra_attempt: bool
    open_cases: list[Case] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    closed_cases: list[Case] = field(default_factory=list)


def jury_desk(desk: Desk) -> JuryDesk:
    """A constant number of queries, however many cases."""
    book = rulebook_load(desk.meet.rulebook)
    attempts = Attempt.objects.filter(entry__meet=desk.meet).select_related(
        "entry__lifter", "entry__platform", "entry__meet"
    )
    told = (AttemptOutcome.GOOD, AttemptOutcome.NO_LIFT)
    recent = list(attempts.filter(outcome__in=told, decided_seq__isnull=False).order_by("-decided_seq")[:RECENT])
    cases = JuryCase.objects.filter(attempt__entry__meet=desk.meet).select_related(
        "attempt__entry__lifter", "attempt__entry__platform", "attempt__entry__meet", "opened_by"
    )
    cases = cases.prefetch_related("votes__member").order_by("-opened_at")
    is_open = list(cases.filter(closed_at=None))
    closed = list(cases.filter(closed_at__isnull=False)[:CLOSED])
    shown = {attempt.pk: attempt for attempt in [*recent, *(case.attempt for case in (*is_open, *closed))]}
    given = given_rows(desk.user, shown.values(), book)
    evidence = _evidence(desk, list(shown))
    now = timezone.now()

    def case(row: JuryCase) -> Case:
        pk = row.attempt_id
        return Case(
            case_shown(desk.user, row, given[pk].state), row.attempt, given[pk], evidence[pk], row.closes_at < now
        )

    def decided(attempt: Attempt) -> Decided:
        at = given[attempt.pk].state.decided_at or now
        until = at + dt.timedelta(seconds=book.jury.window_s)
        lights = [officials.Light(light.colour) for light in given[attempt.pk].state.seated.values()]
        may = officials.may_reverse(lights, book.jury)
        return Decided(attempt, given[attempt.pk], until, may, until >= now, evidence[attempt.pk])

    taken = {row.attempt_id for row in is_open}
    rows = [decided(attempt) for attempt in recent if attempt.pk not in taken]
    rows.sort(key=lambda row: (not row.in_time, not row.may_reverse))
    return JuryDesk(
        Membership.objects.filter(meet=desk.meet, role=Role.JURY).count(),
        book.jury.members,
        book.jury.extra_attempt,
        [case(row) for row in is_open],
        rows,
        [case(row) for row in closed],
    )


def _evidence(desk: Desk, ids: list[UUID]) -> dict[UUID, Evidence]:
    counts = dict(
        AttemptImage.objects.filter(Q(attempt__in=ids), set_aside_at=None)
        .values("attempt_id")
        .annotate(count=Count("pk"))
        .values_list("attempt_id", "count")
        .order_by()
    )
    may = set(open_attempts(desk).filter(pk__in=ids).values_list("pk", flat=True))
    return {pk: Evidence(counts.get(pk, 0), pk in may) for pk in ids}
