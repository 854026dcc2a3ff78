"""What officials decide: lights, cards, what other systems decided, corrections. Every act is a record in the sealed
log; the rows are kept beside it for lists, and a finding never writes any.

Each writer locks the meet, reads the attempt's state as the fold of its records, checks, appends one record (the last
light two) and writes the rows, all or nothing. A vote names the version of the attempt that it is about: a late one is
refused with 409 and changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from judging import officials
from judging.officials import Decision
from judging.rulebook import Rulebook, rulebook_load
from meets import webhooks
from meets.access import seat_of
from meets.errors import Conflict, Refusal, Unusable
from meets.fold import KINDS as DECISION_KINDS
from meets.fold import AttemptState, Step, fold
from meets.log import ToLog, log_extend
from meets.models import (
    Assessment,
    Attempt,
    AttemptOutcome,
    Card,
    Light,
    LightColour,
    LogKind,
    LogRecord,
    Meet,
    MeetStatus,
    Membership,
    Role,
    Seat,
    SecondCall,
    Shown,
    WebhookEvent,
)

SEATS = frozenset(Seat.values)


class NotYours(Refusal):
    """The act belongs to another part in the meet."""

    status = 403


@dataclass(frozen=True, slots=True)
class Sitting:
    """An attempt under the meet's lock: its row, its state, and the rule book it is decided by."""

    meet: Meet
    attempt: Attempt
    state: AttemptState
    book: Rulebook

    def append(self, *records: ToLog) -> AttemptState:
        """Writes the records, and the attempt's columns after them. Returns the new state."""
        log_extend(self.meet.pk, records)
        return attempt_project(self.attempt)


def sitting_open(attempt: Attempt, version: int | None = None) -> Sitting:
    """Locks the meet and reads the attempt anew. Must run in a transaction.

    Raises Conflict when the meet is closed, or the attempt has moved on since ``version``; None asks for no version.
    """
    meet = Meet.objects.select_for_update().get(pk=attempt.entry.meet_id)
    if meet.status != MeetStatus.OPEN:
        raise Conflict("meet_closed", "This meet is closed: nothing is decided in it any more.")
    Meet.objects.filter(pk=meet.pk).update(revision=meet.revision + 1)
    row = Attempt.objects.select_related("entry__platform", "entry__session").get(pk=attempt.pk)
    state = attempt_state(row)
    if version is not None and version != state.version:
        raise Conflict(
            "stale",
            f"The attempt has moved on: you saw version {version}, it is at {state.version} now. "
            "Nothing was recorded; look at it again.",
        )
    return Sitting(meet, row, state, rulebook_load(meet.rulebook))


def attempt_state(attempt: Attempt) -> AttemptState:
    """The attempt as its records tell it."""
    return fold(attempt_steps(attempt))


def attempt_steps(attempt: Attempt) -> list[Step]:
    rows = LogRecord.objects.filter(attempt_id=attempt.pk, kind__in=DECISION_KINDS).order_by("seq")
    return [step_of(row) for row in rows]


def step_of(row: LogRecord) -> Step:
    return Step(row.seq, row.at, row.kind, row.actor, row.contents)


PROJECTED = ("version", "take", "changes", "called_at", "outcome", "decided_at", "decided_seq", "whites")


def attempt_project(attempt: Attempt) -> AttemptState:
    """Writes the fold of the attempt's records into its columns."""
    state = attempt_state(attempt)
    for name in PROJECTED:
        setattr(attempt, name, getattr(state, name))
    attempt.save(update_fields=[*PROJECTED, "updated_at"])
    return state


# ── Lights ───────────────────────────────────────────────────────────────────────────────────────────────


def light_record(
    *,
    attempt: Attempt,
    referee: User,
    colour: str,
    version: int | None = None,
    seat: str | None = None,
    causes: Sequence[str] = (),
) -> Light:
    """Records the referee's light. Raises Refusal, and then nothing is written.

    seat: when named it must be the referee's own in this session. causes: why, with a red light; several are allowed.
    The third light from a seat decides the attempt. A referee without a seat gives a light that counts for nothing but
    his own training.
    """
    if colour not in LightColour.values:
        raise Unusable("colour", "A light is white or red.")
    with transaction.atomic():
        sitting = sitting_open(attempt, version)
        own = _seat(sitting, referee, seat)
        given = sitting.state.light_of(referee.get_username())
        if given is not None:
            raise Conflict(
                "light_given", f"Your {given.colour} light on this attempt is recorded; a second one is not taken."
            )
        if own and _decided_elsewhere(sitting.state):
            own = ""
        if own:
            _light_counts(sitting, own)
        _causes_known(sitting, causes, colour)
        return _light_write(sitting, referee, own, colour, causes)


def _seat(sitting: Sitting, referee: User, seat: str | None) -> str:
    """The referee's seat for this attempt. Raises NotYours for anybody else, and for a seat that is not his."""
    if not Membership.objects.filter(meet=sitting.meet, user=referee, role=Role.REFEREE).exists():
        raise NotYours("not_a_referee", "Only a referee of this meet gives a light.")
    own = seat_of(referee, sitting.attempt)
    if seat is not None and seat != own:
        where = f"yours is {own}" if own else "you hold none in this session"
        raise NotYours("wrong_seat", f"The {seat} seat is not yours: {where}.")
    return own


def _decided_elsewhere(state: AttemptState) -> bool:
    """Was it decided by another system's lights, so that a referee's own light here is for his training alone?"""
    told = state.outcome in (AttemptOutcome.GOOD, AttemptOutcome.NO_LIFT)
    return told and not any(light.referee for light in state.seated.values())


def _light_counts(sitting: Sitting, seat: str) -> None:
    """Raises Conflict when no light from this seat can decide the attempt now."""
    if sitting.state.outcome:
        raise Conflict("decided", "This attempt is decided. What was wrong about it is put right by the head of meet.")
    if seat in sitting.state.seated:
        raise Conflict("seat_taken", f"The {seat} seat has given its light on this attempt.")
    other = attempt_on_platform(sitting.attempt)
    if other is not None and other.pk != sitting.attempt.pk:
        raise Conflict("other_called", f"Another attempt is on the platform now: {attempt_words(other)}.")


def attempt_words(attempt: Attempt) -> str:
    lot = f"lot {attempt.entry.lot}, " if attempt.entry.lot else ""
    return f"{lot}{attempt.lift} {attempt.number}, {attempt.declared_kg.normalize():f} kg"


def attempt_on_platform(attempt: Attempt) -> Attempt | None:
    """The attempt that was called to the same platform last and is not decided."""
    rows = Attempt.objects.filter(
        entry__meet=attempt.entry.meet_id, entry__platform=attempt.entry.platform_id, outcome=AttemptOutcome.OPEN
    )
    return rows.filter(called_at__isnull=False).select_related("entry").order_by("-called_at").first()


def _causes_known(sitting: Sitting, causes: Sequence[str], colour: str) -> None:
    refused = officials.causes_check(sitting.book, sitting.attempt.lift_kind, list(causes), officials.Light(colour))
    if refused:
        raise Unusable(str(refused[0].reason), refused[0].detail)


def _light_write(sitting: Sitting, referee: User, seat: str, colour: str, causes: Sequence[str]) -> Light:
    state, attempt = sitting.state, sitting.attempt
    body = {"take": state.take, "seat": seat, "colour": colour, "assist": sitting.meet.assist_on}
    records = [ToLog(LogKind.LIGHT, body, attempt.pk, referee)]
    if causes:
        records.append(_card_record(sitting, referee, seat, causes))
    seated = {given: light.colour for given, light in state.seated.items()} | ({seat: colour} if seat else {})
    outcome = officials.majority([officials.Light(light) for light in seated.values()], sitting.book.officials)
    if seat and outcome is not None:
        records.append(ToLog(LogKind.DECISION, _decision_body(sitting, seated, outcome), attempt.pk))
    light = Light.objects.create(attempt=attempt, take=state.take, referee=referee, seat=seat, colour=colour)
    _cards_create(sitting, referee, seat, causes)
    after = sitting.append(*records)
    if after.outcome and not state.outcome:
        decision_tell(sitting, after, WebhookEvent.DECISION_MADE)
    return light


def _decision_body(sitting: Sitting, seated: Mapping[str, str], outcome: Decision) -> dict[str, Any]:
    """What the three lights came to, and what stood before those who gave them: evidence that is recorded later than
    this is late."""
    there = Assessment.objects.filter(image__attempt=sitting.attempt, image__set_aside_at=None).order_by("pk")
    return {
        "take": sitting.state.take,
        "lights": dict(seated),
        "outcome": str(outcome),
        "kg": sitting.attempt.declared_kg,
        "rulebook": sitting.book.version,
        "assist": sitting.meet.assist_on,
        "evidence_mode": sitting.meet.evidence_mode,
        "evidence": list(there.values_list("uid", flat=True)),
    }


def light_take_back(*, attempt: Attempt, referee: User, version: int | None = None) -> None:
    """Takes the referee's own light back, which he may until all three are in and while he has been shown nothing of
    what the machine found. Raises Refusal, and then nothing is written."""
    with transaction.atomic():
        sitting = sitting_open(attempt, version)
        state = sitting.state
        given = state.light_of(referee.get_username())
        if given is None:
            raise Conflict("no_light", "You have given no light on this attempt.")
        if given.seat and state.outcome:
            raise Conflict("decided", "The lights are on. What was wrong is put right by the head of meet.")
        if Shown.objects.filter(user=referee, assessment__image__attempt=attempt).exists():
            raise Conflict("saw_evidence", "You have seen the evidence since you gave your light, so it stands.")
        sitting.append(ToLog(LogKind.LIGHT_BACK, {"take": state.take, "seat": given.seat}, attempt.pk, referee))
        Light.objects.filter(attempt=attempt, take=state.take, referee=referee).delete()
        # Reasons that went with it go with it; the log keeps them.
        Card.objects.filter(attempt=attempt, take=state.take, referee=referee).delete()


def card_record(*, attempt: Attempt, referee: User, causes: Sequence[str], version: int | None = None) -> list[Card]:
    """Says why the referee gave red: causes of the rule book for this lift, several allowed. Raises Refusal."""
    if not causes:
        raise Unusable("causes", "Name at least one cause.")
    with transaction.atomic():
        sitting = sitting_open(attempt, version)
        state = sitting.state
        given = state.light_of(referee.get_username())
        if given is None or not given.seat:
            raise NotYours("no_light", "Only a referee who has given a light from a seat says why.")
        _causes_known(sitting, causes, given.colour)
        named = {card.cause for card in state.cards if card.seat == given.seat}
        if again := [cause for cause in causes if cause in named]:
            raise Conflict("card_given", f"You have named {', '.join(again)} already.")
        cards = _cards_create(sitting, referee, given.seat, causes)
        after = sitting.append(_card_record(sitting, referee, given.seat, causes))
        if after.outcome:
            decision_tell(sitting, after, WebhookEvent.DECISION_CHANGED)
        return cards


def _card_record(sitting: Sitting, referee: User, seat: str, causes: Sequence[str]) -> ToLog:
    cards = [[cause, officials.card_of(sitting.book, cause).colour] for cause in causes]
    return ToLog(LogKind.CARD, {"take": sitting.state.take, "seat": seat, "cards": cards}, sitting.attempt.pk, referee)


def _cards_create(sitting: Sitting, referee: User, seat: str, causes: Sequence[str]) -> list[Card]:
    if not seat:
        return []
    return [
        Card.objects.create(
            attempt=sitting.attempt,
            take=sitting.state.take,
            referee=referee,
            seat=seat,
            cause=cause,
            colour=officials.card_of(sitting.book, cause).colour,
        )
        for cause in causes
    ]


def second_call_record(*, attempt: Attempt, referee: User, colour: str) -> SecondCall:
    """What the referee would call now that he has seen the evidence. It changes nothing; the report counts it."""
    if colour not in LightColour.values:
        raise Unusable("colour", "A call is white or red.")
    with transaction.atomic():
        sitting = sitting_open(attempt)
        state = sitting.state
        if state.light_of(referee.get_username()) is None:
            raise NotYours("no_light", "Give your own light first; this is the call after it.")
        if not Shown.objects.filter(user=referee, assessment__image__attempt=attempt).exists():
            raise Conflict("not_shown", "You have been shown no evidence on this attempt, so there is no second call.")
        if SecondCall.objects.filter(attempt=attempt, take=state.take, referee=referee).exists():
            raise Conflict("called", "Your call after the evidence is recorded; another one is not taken.")
        body = {"take": state.take, "colour": colour}
        sitting.append(ToLog(LogKind.SECOND_CALL, body, attempt.pk, referee))
        return SecondCall.objects.create(attempt=attempt, take=state.take, referee=referee, colour=colour)


# ── Decisions that were not made here ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A decision as a light system tells it. lights: by seat, white or red; none where only the outcome is known.
    cards: seat, and colour or cause."""

    outcome: str = ""
    lights: Mapping[str, str] | None = None
    cards: Sequence[tuple[str, str]] = ()
    system: str = ""


def decision_bring_in(*, attempt: Attempt, user: User, told: Elsewhere, version: int | None = None) -> AttemptState:
    """Records what another system decided. Raises Refusal, and then nothing is written."""
    with transaction.atomic():
        sitting = sitting_open(attempt, version)
        if sitting.state.outcome or sitting.state.seated:
            raise Conflict("decided", "Lights were given on this attempt here; another system's are not taken.")
        lights = dict(told.lights or {})
        outcome = _outcome_told(sitting, told, lights)
        cards = [_card_told(sitting, lights, seat, what) for seat, what in told.cards]
        body = {"take": sitting.state.take, "outcome": outcome, "lights": lights, "cards": cards, "system": told.system}
        for seat, colour in lights.items():
            Light.objects.create(attempt=attempt, take=sitting.state.take, referee=None, seat=seat, colour=colour)
        for seat, cause, colour in cards:
            Card.objects.create(attempt=attempt, take=sitting.state.take, seat=seat, cause=cause, colour=colour)
        after = sitting.append(ToLog(LogKind.BROUGHT_IN, body, attempt.pk, user))
        decision_tell(sitting, after, WebhookEvent.DECISION_MADE)
        return after


def _outcome_told(sitting: Sitting, told: Elsewhere, lights: dict[str, str]) -> str:
    """The outcome, from the lights where they were told. Raises Unusable where the two do not fit."""
    if lights:
        if set(lights) != SEATS or not set(lights.values()) <= set(LightColour.values):
            raise Unusable("lights", "Tell the lights of all three seats, left, chief and right, each white or red.")
        given = [officials.Light(colour) for colour in lights.values()]
        outcome = str(officials.majority(given, sitting.book.officials))
        if told.outcome and told.outcome != outcome:
            raise Unusable("outcome", f"These lights make {outcome}, not {told.outcome}.")
        return outcome
    if told.outcome not in (AttemptOutcome.GOOD, AttemptOutcome.NO_LIFT):
        raise Unusable("outcome", "Tell the three lights, or the outcome: good or no_lift.")
    return told.outcome


def _card_told(sitting: Sitting, lights: Mapping[str, str], seat: str, what: str) -> tuple[str, str, str]:
    if lights.get(seat) != LightColour.RED:
        raise Unusable("cards", f"A card goes with a red light of its own seat; {seat} gave none.")
    if what in ("red", "blue", "yellow"):
        return seat, "", what
    _causes_known(sitting, [what], LightColour.RED)
    return seat, what, officials.card_of(sitting.book, what).colour


# ── Corrections ──────────────────────────────────────────────────────────────────────────────────────────


def decision_correct(
    *, attempt: Attempt, user: User, outcome: str, reason: str, version: int | None = None
) -> AttemptState:
    """The head of meet puts right what was recorded wrongly (a wrong button, another system's slip). Lights and cards
    stay as they were given. Raises Refusal, and then nothing is written."""
    if outcome not in (AttemptOutcome.GOOD, AttemptOutcome.NO_LIFT, AttemptOutcome.PASSED):
        raise Unusable("outcome", "A decision is corrected to good, no_lift or passed.")
    if len(reason.strip()) < 5:
        raise Unusable("reason", "Say in a few words why the decision is corrected.")
    with transaction.atomic():
        sitting = sitting_open(attempt, version)
        if not sitting.state.outcome:
            raise Conflict("not_decided", "This attempt is not decided yet, so there is nothing to correct.")
        if sitting.state.case:
            raise Conflict("jury", "The jury has taken up this decision; wait for its outcome.")
        if sitting.state.outcome == outcome:
            raise Conflict("same", f"The decision is {outcome} already.")
        body = {"take": sitting.state.take, "from": sitting.state.outcome, "outcome": outcome, "reason": reason.strip()}
        after = sitting.append(ToLog(LogKind.CORRECTED, body, attempt.pk, user))
        decision_tell(sitting, after, WebhookEvent.DECISION_CHANGED)
        return after


# ── Whom it is told ──────────────────────────────────────────────────────────────────────────────────────


def decision_body(state: AttemptState) -> dict[str, Any] | None:
    """A decision as it is told outside; None while there is none."""
    if not state.outcome:
        return None
    return {
        "version": state.version,
        "take": state.take,
        "outcome": state.outcome,
        "decided_at": state.decided_at,
        "lights": {seat: light.colour for seat, light in state.seated.items()},
        "cards": [{"seat": card.seat, "cause": card.cause, "colour": card.colour} for card in state.cards],
    }


def decision_tell(sitting: Sitting, after: AttemptState, event: WebhookEvent) -> None:
    """Queues the webhooks that a changed decision asks for, in its own transaction."""
    webhooks.event_queue(
        sitting.meet.pk,
        event,
        attempt_id=sitting.attempt.pk,
        before=decision_body(sitting.state),
        after=decision_body(after),
    )
