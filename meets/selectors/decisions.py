"""What officials decided, as each of them may see it: lights stay hidden from the others until all are in, votes of the
jury until the case is closed."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Min, Q

from judging import officials
from judging.rulebook import Cause, Rulebook, rulebook_load
from meets.access import STAFF_ROLES, AnyUser, role_in, seat_of
from meets.decisions import attempt_state, step_of
from meets.errors import Conflict
from meets.fold import KINDS as DECISION_KINDS
from meets.fold import AttemptState, Step, fold
from meets.models import (
    Assessment,
    Attempt,
    AttemptOutcome,
    JuryCase,
    JuryVote,
    Light,
    LogKind,
    LogRecord,
    Meet,
    MeetStatus,
    Role,
    Seat,
    SecondCall,
    Shown,
)

# Whoever may read the log of a meet at all.
LOG_ROLES = STAFF_ROLES | {Role.JURY}
# What a record of an attempt that is not decided gives away: lights, and what a machine found.
_LIGHTS = Q(kind__in=(LogKind.LIGHT, LogKind.LIGHT_BACK, LogKind.CARD))
_FINDINGS = Q(kind__in=(LogKind.EVIDENCE, LogKind.SHOWN))
# A light without a seat decides nothing: at a training, where it may be all there is, it closes nothing.
_SEATED = _LIGHTS & ~Q(body__contains='"seat":""')


@dataclass(frozen=True, slots=True)
class LightShown:
    """colour: empty while it is hidden from the reader. given: a light came from this seat."""

    seat: str
    given: bool
    colour: str = ""


@dataclass(frozen=True, slots=True)
class VoteShown:
    member: str
    given: bool
    vote: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaseShown:
    case: JuryCase
    votes: list[VoteShown]
    may_vote: bool
    may_reverse: bool

    @property
    def is_open(self) -> bool:
        return self.case.closed_at is None

    @property
    def lapsed(self) -> bool:
        return self.case.closed_at is not None and not self.case.outcome


@dataclass(frozen=True, slots=True)
class DecisionShown:
    """An attempt's decision as this reader may see it. my_light: own, in this take. late: evidence that was read after
    the decision, which it cannot change. may_second: the reader may say what he would call after the evidence."""

    attempt: Attempt
    state: AttemptState
    lights: list[LightShown]
    cards: list[dict[str, str]]
    my_seat: str
    my_light: str
    my_second: str
    cases: list[CaseShown]
    causes: list[Cause] = field(default_factory=list)
    late: int = 0
    may_open_case: str = ""
    case_until: dt.datetime | None = None
    # What the lights alone came to; empty where there were none.
    from_lights: str = ""

    @property
    def version(self) -> int:
        return self.state.version

    @property
    def outcome(self) -> str:
        return self.state.outcome

    @property
    def waits_for(self) -> list[str]:
        """The seats whose light is still missing, once one is in."""
        missing = [light.seat for light in self.lights if not light.given]
        return missing if len(missing) < len(self.lights) else []

    @property
    def is_changed(self) -> bool:
        """Does the decision stand otherwise than its lights: reversed or corrected since?"""
        return bool(self.outcome and self.from_lights and self.outcome != self.from_lights)


def decision_detail(user: AnyUser, attempt: Attempt, role: Role | None = None) -> DecisionShown:
    """``attempt`` needs its entry and meet."""
    meet = attempt.entry.meet
    role = role or role_in(user, meet)
    state = attempt_state(attempt)
    name = user.get_username()
    mine = state.light_of(name) if name else None
    book = rulebook_load(meet.rulebook)
    second = SecondCall.objects.filter(attempt=attempt, take=state.take, referee_id=user.pk).first()
    cases = case_rows(user, attempt, state)
    return DecisionShown(
        attempt=attempt,
        state=state,
        lights=_lights(state, name),
        cards=_cards(state, mine.seat if mine else "", book.causes),
        my_seat=seat_of(user, attempt) if role is Role.REFEREE else "",
        my_light=mine.colour if mine else "",
        my_second=second.colour if second else "",
        cases=cases,
        causes=[cause for cause in book.causes if cause.lift == attempt.lift_kind],
        late=_late(attempt, state),
        may_open_case=_may_open(role, meet, state, cases),
        case_until=state.decided_at + dt.timedelta(seconds=book.jury.window_s) if state.decided_at else None,
        from_lights=_from_lights(state, book),
    )


def _from_lights(state: AttemptState, book: Rulebook) -> str:
    lights = [officials.Light(light.colour) for light in state.seated.values()]
    return str(officials.majority(lights, book.officials) or "")


@dataclass(frozen=True, slots=True)
class Given:
    """What officials gave on one attempt of a list, as far as this reader may see it. from_lights: what the lights
    alone came to; empty where there were none."""

    state: AttemptState
    lights: list[LightShown]
    cards: list[dict[str, str]]
    from_lights: str = ""

    @property
    def is_changed(self) -> bool:
        """Does the decision stand otherwise than its lights: reversed or corrected since?"""
        return bool(self.state.outcome and self.from_lights and self.state.outcome != self.from_lights)

    @property
    def is_split(self) -> bool:
        """Are the lights on, and not all the same?"""
        return len({light.colour for light in self.lights if light.colour}) > 1


def given_rows(user: AnyUser, attempts: Iterable[Attempt], book: Rulebook) -> dict[UUID, Given]:
    """By attempt, in one query however many there are."""
    ids = [attempt.pk for attempt in attempts]
    steps: dict[UUID, list[Step]] = {pk: [] for pk in ids}
    for row in LogRecord.objects.filter(attempt_id__in=ids, kind__in=DECISION_KINDS).order_by("seq"):
        if row.attempt_id is not None:
            steps[row.attempt_id].append(step_of(row))
    name = user.get_username()
    found = {}
    for pk, told in steps.items():
        state = fold(told)
        mine = state.light_of(name) if name else None
        cards = _cards(state, mine.seat if mine else "", book.causes)
        found[pk] = Given(state, _lights(state, name), cards, _from_lights(state, book))
    return found


def _lights(state: AttemptState, name: str) -> list[LightShown]:
    shown = []
    for seat in Seat.values:
        light = state.seated.get(seat)
        visible = light is not None and (bool(state.outcome) or light.referee == name)
        shown.append(LightShown(seat, light is not None, light.colour if light and visible else ""))
    return shown


def _cards(state: AttemptState, own_seat: str, causes: Iterable[Cause]) -> list[dict[str, str]]:
    texts = {cause.code: cause.text for cause in causes}
    return [
        {"seat": card.seat, "cause": card.cause, "colour": card.colour, "text": texts.get(card.cause, "")}
        for card in state.cards
        if state.outcome or card.seat == own_seat
    ]


def _late(attempt: Attempt, state: AttemptState) -> int:
    """How many readings came after the decision."""
    if state.decided_at is None:
        return 0
    return Assessment.objects.filter(image__attempt=attempt, created_at__gt=state.decided_at).count()


def _may_open(role: Role | None, meet: Meet, state: AttemptState, cases: list[CaseShown]) -> str:
    """ "jury" or "protest" for whoever may bring this decision before the jury now; empty for nobody."""
    if meet.status != MeetStatus.OPEN or not state.outcome or any(case.is_open for case in cases):
        return ""
    if role is Role.JURY:
        return "jury"
    return "protest" if role in STAFF_ROLES else ""


def case_rows(user: AnyUser, attempt: Attempt, state: AttemptState | None = None) -> list[CaseShown]:
    """The jury's cases on this attempt, the newest first."""
    rows = JuryCase.objects.filter(attempt=attempt).order_by("-opened_at")
    return [case_shown(user, case, state) for case in rows.prefetch_related("votes__member")]


def case_shown(user: AnyUser, case: JuryCase, state: AttemptState | None = None) -> CaseShown:
    """A case; the members' votes are shown once it is closed with an outcome, and the reader's own before."""
    state = state or attempt_state(case.attempt)
    votes: list[JuryVote] = list(case.votes.all())
    mine = next((vote for vote in votes if vote.member_id == user.pk), None)
    shown = [
        VoteShown(vote.member.get_username(), bool(vote.vote), vote.vote, vote.reason)
        if case.outcome or vote is mine
        else VoteShown(vote.member.get_username(), bool(vote.vote))
        for vote in votes
    ]
    book = rulebook_load(case.attempt.entry.meet.rulebook)
    lights = [officials.Light(light.colour) for light in state.seated.values()]
    may_vote = case.closed_at is None and mine is not None and not mine.vote
    return CaseShown(case, shown, may_vote, officials.may_reverse(lights, book.jury))


# ── The log ──────────────────────────────────────────────────────────────────────────────────────────────


def log_open_until(meet: Meet) -> int | None:
    """The first record that nobody may read yet, since it tells of an attempt that is being decided; None when all may
    be read. A log is handed out from its start to there, so that what is handed out can be verified."""
    if meet.status == MeetStatus.CLOSED:
        return None
    undecided = Attempt.objects.filter(entry__meet=meet, outcome=AttemptOutcome.OPEN).values("pk")
    hidden = (_LIGHTS | _FINDINGS) if meet.is_live else _SEATED
    rows = LogRecord.objects.filter(hidden, meet=meet, attempt_id__in=undecided)
    first: int | None = rows.aggregate(first=Min("seq"))["first"]
    return first


def history_rows(attempt: Attempt) -> list[dict[str, Any]]:
    """Every decision on the attempt ever recorded, oldest first. Raises Conflict while its lights are being given."""
    meet = attempt.entry.meet
    is_open = attempt_state(attempt).outcome == "" and meet.status == MeetStatus.OPEN
    if is_open and LogRecord.objects.filter(_LIGHTS if meet.is_live else _SEATED, attempt_id=attempt.pk).exists():
        raise Conflict("being_decided", "This attempt is being decided; its history opens with the decision.")
    kinds = [kind for kind in LogKind if kind not in (LogKind.PHOTO, LogKind.EVIDENCE, LogKind.SHOWN)]
    found = LogRecord.objects.filter(attempt_id=attempt.pk, kind__in=kinds).order_by("seq")
    return [
        {"seq": row.seq, "at": row.at, "kind": row.kind, "actor": row.actor, "body": row.contents, "sha256": row.sha256}
        for row in found
    ]


# ── How often the evidence went with a changed call ──────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Sway:
    """One referee and one lift. lights: own lights on attempts whose evidence he was shown afterwards; second: how many
    of them he called again; to_white, to_red: how many of those he called otherwise."""

    referee: str
    lift: str
    lights: int
    second: int
    to_white: int
    to_red: int

    @property
    def changed(self) -> int:
        return self.to_white + self.to_red


def sway_rows(meet: Meet) -> list[Sway]:
    """Per referee and lift, how often seeing the evidence went with a changed call."""
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    lights = Light.objects.filter(attempt__entry__meet=meet, referee__isnull=False)
    shown = set(
        Shown.objects.filter(assessment__image__attempt__entry__meet=meet).values_list(
            "user_id", "assessment__image__attempt_id"
        )
    )
    second = {
        (row.attempt_id, row.take, row.referee_id): row.colour
        for row in SecondCall.objects.filter(attempt__entry__meet=meet)
    }
    for light in lights.select_related("attempt", "referee"):
        if light.referee is None or (light.referee.pk, light.attempt_id) not in shown:
            continue
        count = counts[light.referee.get_username(), light.attempt.lift]
        count[0] += 1
        again = second.get((light.attempt_id, light.take, light.referee.pk))
        if again is not None:
            count[1] += 1
            count[2] += again == "white" and light.colour == "red"
            count[3] += again == "red" and light.colour == "white"
    return [Sway(referee, lift, *count) for (referee, lift), count in sorted(counts.items())]
