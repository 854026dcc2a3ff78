"""Declared weights: the writers for attempts, by the rule book's rules of what may be put on the bar and when.

A rule that is broken is named in the refusal. Staff may waive it with a reason, which then stands in the sealed log.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from judging.rulebook import Rulebook, rulebook_load
from meets import webhooks
from meets.competition.attempts import AttemptOutcome as Became
from meets.competition.changes import (
    Broken,
    Earlier,
    Rule,
    Wish,
    change_check,
    declare_check,
    default_kg,
    weight_check,
)
from meets.decisions import Sitting, attempt_on_platform, attempt_words, decision_tell, sitting_open
from meets.errors import Conflict, Refusal, Unusable
from meets.fold import AttemptState
from meets.log import ToLog, log_append
from meets.models import (
    Attempt,
    AttemptOutcome,
    Entry,
    LogKind,
    WebhookEvent,
)
from meets.roster import had_images, hangs_on, meet_touch, row_save, row_set

# Weights may be written down ahead of their round; what decides then is the weight when its turn has come.
_AHEAD = frozenset({Rule.PREVIOUS_OPEN})


class AttemptFields(TypedDict, total=False):
    entry: Entry
    lift: str
    number: int
    declared_kg: Decimal
    is_record: bool


class RuleBroken(Refusal):
    """A weight that the rule book does not allow. ``broken`` names each rule."""

    status = 409

    def __init__(self, broken: list[Broken]) -> None:
        super().__init__(str(broken[0].rule), " ".join(one.detail for one in broken))
        self.broken = broken


@dataclass(frozen=True, slots=True)
class Waiver:
    """Staff put up with broken rules, for this reason."""

    user: User | None = None
    reason: str = ""

    def check(self, broken: list[Broken]) -> dict[str, Any]:
        """What the log says of it. Raises RuleBroken where rules are broken and nobody gave a reason."""
        if not broken:
            return {}
        if len(self.reason.strip()) < 5:
            raise RuleBroken(broken)
        return {"waived": [str(one.rule) for one in broken], "reason": self.reason.strip()}


def attempt_create(*, user: User | None = None, waive_reason: str = "", **fields: Unpack[AttemptFields]) -> Attempt:
    """Declares a weight. Raises RuleBroken, ValidationError or Conflict, and then nothing is written."""
    attempt = Attempt(**fields)
    with transaction.atomic():
        meet_touch(attempt.entry.meet_id)
        attempt.full_clean()
        book = _book(attempt)
        broken = _declared(_wish(attempt, book), book)
        waived = Waiver(user, waive_reason).check(broken)
        attempt.save(force_insert=True)
        body = {
            "entry": str(attempt.entry_id),
            "lift": attempt.lift,
            "number": attempt.number,
            "kg": attempt.declared_kg,
            "record": attempt.is_record,
            **waived,
        }
        log_append(attempt.entry.meet_id, LogKind.ATTEMPT, body, attempt_id=attempt.pk, user=user)
        return attempt


def _declared(wish: Wish, book: Rulebook) -> list[Broken]:
    """Which rules a weight breaks that is handed in now. What the rule book itself puts down for a lifter who is
    late is never late."""
    by_default = wish.kg == default_kg(wish.earlier, book.attempts)
    passing = _AHEAD | ({Rule.IN_TIME} if by_default else frozenset())
    return [one for one in declare_check(wish, book.attempts) if one.rule not in passing]


def attempt_update(
    *,
    attempt: Attempt,
    user: User | None = None,
    waive_reason: str = "",
    version: int | None = None,
    **changes: Unpack[AttemptFields],
) -> Attempt:
    """Changes what is declared. An attempt keeps its entry; its lift stays once photos were judged as that lift, and
    all of it once it is decided. Raises like attempt_create."""
    if changes.get("entry", attempt.entry) != attempt.entry:
        raise Conflict("entry_kept", "An attempt keeps its entry. Delete it and add one to the other entry.")
    if changes.get("lift", attempt.lift) != attempt.lift and had_images(Attempt.objects.filter(pk=attempt.pk)):
        raise Conflict(
            "attempt_has_images", "This attempt has photos, judged as its lift. Add another attempt for the other lift."
        )
    with transaction.atomic():
        sitting = sitting_open(attempt, version)
        row, before = sitting.attempt, sitting.attempt.declared_kg
        was = (row.declared_kg, row.lift, row.number, row.is_record)
        if sitting.state.outcome:
            raise Conflict("decided", "This attempt is decided, so its weight stands. The head of meet corrects it.")
        row_set(row, changes)
        row.full_clean()
        counts, broken = _change_check(sitting, row, before)
        waived = Waiver(user, waive_reason).check(broken)
        row_save(row)
        if was != (row.declared_kg, row.lift, row.number, row.is_record) or waived:
            body = {
                "lift": row.lift,
                "number": row.number,
                "from": before,
                "to": row.declared_kg,
                "record": row.is_record,
                "counts": counts,
            }
            after = sitting.append(ToLog(LogKind.WEIGHT, body | waived, row.pk, user))
            attempt_tell(sitting, after)
        return row


def _change_check(sitting: Sitting, row: Attempt, before: Decimal) -> tuple[bool, list[Broken]]:
    """Does it count as one of the lifter's changes, and which rules does it break? A weight that was written down ahead
    of its round may be changed until the attempt before is decided; only how heavy it may be is asked then."""
    rules = sitting.book.attempts
    wish = _wish(row, sitting.book, current_kg=before, changes=sitting.state.changes)
    if row.declared_kg == before:
        return False, []
    if wish.earlier and wish.earlier[-1].outcome is None:
        return False, [one for one in weight_check(wish, rules) if one.rule not in _AHEAD]
    return True, change_check(wish, rules)


def _book(attempt: Attempt) -> Rulebook:
    return rulebook_load(attempt.entry.meet.rulebook)


def _wish(attempt: Attempt, book: Rulebook, *, current_kg: Decimal | None = None, changes: int = 0) -> Wish:
    """The weight that somebody wants, with all that the rules ask about it."""
    before = Attempt.objects.filter(entry=attempt.entry_id, lift=attempt.lift, number__lt=attempt.number)
    rows = list(before.exclude(pk=attempt.pk).order_by("number"))
    by_number = {row.number: row for row in rows}
    # An attempt that nobody entered is not decided and says nothing of the weight, but leaves later ones their number.
    earlier = tuple(
        Earlier(row.declared_kg, Became(row.outcome) if row.outcome else None)
        if (row := by_number.get(number))
        else Earlier(None, None)
        for number in range(1, attempt.number)
    )
    last = by_number.get(attempt.number - 1)
    decided_at = last.decided_at if last and last.outcome else None
    round_ = round_of(attempt)
    return Wish(
        lift=attempt.lift_kind,
        kg=attempt.declared_kg,
        earlier=earlier,
        current_kg=current_kg,
        changes=changes,
        is_record=attempt.is_record,
        # A weight that is changed was handed in already; the minute is for handing it in.
        elapsed_s=max((timezone.now() - decided_at).total_seconds(), 0.0)
        if decided_at and current_kg is None
        else None,
        called=attempt.called_at is not None and not attempt.outcome,
        round_started=round_.filter(called_or_decided()).exists(),
        bar_kg=round_.filter(called_or_decided()).exclude(pk=attempt.pk).aggregate(kg=Max("declared_kg"))["kg"],
    )


def called_or_decided() -> Q:
    return Q(called_at__isnull=False) | Q(outcome__in=(AttemptOutcome.GOOD, AttemptOutcome.NO_LIFT))


def round_of(attempt: Attempt) -> "QuerySet[Attempt]":
    """The attempts that are lifted in one go with this one: its lift, number, session, platform and flight."""
    entry = attempt.entry
    return Attempt.objects.filter(
        entry__meet=entry.meet_id,
        entry__session=entry.session_id,
        entry__platform=entry.platform_id,
        entry__flight=entry.flight,
        lift=attempt.lift,
        number=attempt.number,
        take=1,
    )


def attempt_delete(*, attempt: Attempt, user: User | None = None) -> None:
    """Takes away an attempt that nothing hangs on. Raises Conflict for one with a photo, a light or a decision."""
    with transaction.atomic():
        meet_touch(attempt.entry.meet_id)
        rows = Attempt.objects.filter(pk=attempt.pk)
        if hangs_on(rows):
            raise Conflict("has_evidence", "Photos or lights hang on this, and they are kept. Close the meet instead.")
        body = {"entry": str(attempt.entry_id), "lift": attempt.lift, "number": attempt.number}
        log_append(attempt.entry.meet_id, LogKind.REMOVED, body, attempt_id=attempt.pk, user=user)
        rows.get().delete()


# ── On the platform ──────────────────────────────────────────────────────────────────────────────────────


def attempt_call(*, attempt: Attempt, user: User, version: int | None = None) -> AttemptState:
    """The bar is loaded and the lifter called. One attempt at a time is on a platform: raises Conflict while another
    that was called there is not decided."""
    with transaction.atomic():
        sitting = sitting_open(attempt, version)
        if sitting.state.outcome:
            raise Conflict("decided", "This attempt is decided.")
        other = attempt_on_platform(sitting.attempt)
        if other is not None:
            same = other.pk == sitting.attempt.pk
            said = "This attempt is called already." if same else f"First decide {attempt_words(other)}."
            raise Conflict("called" if same else "other_called", said)
        after = sitting.append(ToLog(LogKind.CALLED, {"take": sitting.state.take}, attempt.pk, user))
        attempt_tell(sitting, after)
        return after


def attempt_pass(*, attempt: Attempt, user: User, reason: str, version: int | None = None) -> AttemptState:
    """The lifter does not take this attempt: it is neither good nor a miss. Raises Refusal."""
    if len(reason.strip()) < 3:
        raise Unusable("reason", "Say in a few words why the attempt is not taken.")
    with transaction.atomic():
        sitting = sitting_open(attempt, version)
        if sitting.state.outcome:
            raise Conflict("decided", "This attempt is decided already.")
        if sitting.state.seated:
            raise Conflict("lights", "Referees have given lights on this attempt. Wait for all three.")
        body = {"take": sitting.state.take, "outcome": str(AttemptOutcome.PASSED), "reason": reason.strip()}
        after = sitting.append(ToLog(LogKind.PASSED, body, attempt.pk, user))
        decision_tell(sitting, after, WebhookEvent.DECISION_MADE)
        return after


def attempt_tell(sitting: Sitting, after: AttemptState) -> None:
    """Queues the webhooks that a changed weight or a call asks for."""
    webhooks.event_queue(
        sitting.meet.pk,
        WebhookEvent.ATTEMPT_CHANGED,
        attempt_id=sitting.attempt.pk,
        before={"version": sitting.state.version, "called_at": sitting.state.called_at},
        after={"version": after.version, "called_at": after.called_at, "declared_kg": sitting.attempt.declared_kg},
    )
