"""What a referee may do about an attempt now, and which attempt is on the platform before him."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import F, QuerySet

from judging.rulebook import CARDS, Cause
from meets.access import seat_of
from meets.models import Attempt, AttemptOutcome, Card, Light, Platform, Role, Shown
from meets.selectors.board import Desk, platform_rows
from meets.selectors.decisions import DecisionShown, decision_detail


@dataclass(frozen=True, slots=True)
class Chair:
    """decision: as the user may see it. causes: those that he may name now, with his red light or after it."""

    decision: DecisionShown
    may_light: bool = False
    may_take_back: bool = False
    may_second: bool = False
    causes: list[Cause] = field(default_factory=list)

    @property
    def cards(self) -> list[tuple[str, list[Cause]]]:
        """The causes by the card that they take, red first."""
        return [
            (colour, causes) for colour in CARDS if (causes := [cause for cause in self.causes if cause.card == colour])
        ]


def chair_of(desk: Desk, attempt: Attempt) -> Chair:
    """For anybody; whoever is no referee may do none of it. ``attempt`` needs its entry and meet."""
    decision = decision_detail(desk.user, attempt, desk.role)
    if desk.role is not Role.REFEREE or not desk.is_open:
        return Chair(decision)
    given = decision.state.light_of(desk.user.get_username())
    if given is None:
        may_light, counts = _may_light(decision)
        return Chair(decision, may_light=may_light, causes=decision.causes if counts else [])
    seen = Shown.objects.filter(user_id=desk.user.pk or 0, assessment__image__attempt=attempt).exists()
    named = {card["cause"] for card in decision.cards if card["seat"] == given.seat}
    is_red = given.colour == "red" and bool(given.seat)
    return Chair(
        decision,
        may_take_back=not seen and not (given.seat and decision.outcome),
        may_second=seen and not decision.my_second,
        causes=[cause for cause in decision.causes if cause.code not in named] if is_red else [],
    )


def _may_light(decision: DecisionShown) -> tuple[bool, bool]:
    """May the user give a light now, and does it count? One that does not is for his own training."""
    if not decision.my_seat:
        return True, False
    if not decision.outcome:
        free = decision.my_seat not in decision.state.seated
        return free, free
    here = any(light.referee for light in decision.state.seated.values())
    return decision.outcome != AttemptOutcome.PASSED and not here, False


@dataclass(frozen=True, slots=True)
class Now:
    """chair: of the attempt on the platform, or while none is there of the last one that the user gave a light on.
    unsaid: an earlier one, red by him, of which he has not said why."""

    chair: Chair | None
    on_platform: bool
    platforms: list[Platform]
    unsaid: Attempt | None = None


def now_of(desk: Desk, platform: int | None) -> Now:
    """As many queries as there are platforms, whatever the number of attempts."""
    rows = Attempt.objects.filter(entry__meet=desk.meet).select_related(
        "entry__lifter", "entry__platform", "entry__session", "entry__meet"
    )
    if platform:
        rows = rows.filter(entry__platform_id=platform)
    platforms = platform_rows(desk.meet)
    called = rows.filter(called_at__isnull=False, outcome=AttemptOutcome.OPEN).order_by("-called_at")
    now = _before(desk, _newest(called))
    last = _last_light(desk, rows)
    if now is None:
        return Now(chair_of(desk, last) if last else None, False, platforms)
    unsaid = last if last is not None and last.pk != now.pk and _owes_cause(desk, last) else None
    return Now(chair_of(desk, now), True, platforms, unsaid)


def _newest(called: "QuerySet[Attempt]") -> list[Attempt]:
    """Of each platform the attempt that was called last."""
    by_platform: dict[int | None, Attempt] = {}
    for attempt in called:
        by_platform.setdefault(attempt.entry.platform_id, attempt)
    return list(by_platform.values())


def _before(desk: Desk, attempts: Iterable[Attempt]) -> Attempt | None:
    """The one for which the referee holds a seat; else any, for his own training."""
    attempts = list(attempts)
    return next((attempt for attempt in attempts if seat_of(desk.user, attempt)), next(iter(attempts), None))


def _last_light(desk: Desk, rows: "QuerySet[Attempt]") -> Attempt | None:
    mine = Light.objects.filter(referee_id=desk.user.pk, take=F("attempt__take")).exclude(attempt__outcome="")
    return rows.filter(pk__in=mine.values("attempt_id")).order_by("-decided_seq").first()


def _owes_cause(desk: Desk, attempt: Attempt) -> bool:
    mine = Light.objects.filter(attempt=attempt, take=attempt.take, referee_id=desk.user.pk, colour="red")
    said = Card.objects.filter(attempt=attempt, take=attempt.take, referee_id=desk.user.pk)
    return mine.exclude(seat="").exists() and not said.exists()
