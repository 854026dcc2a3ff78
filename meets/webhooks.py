"""Who is told what happens in a meet: the writers for webhooks, and what is queued for them.

An event is written as rows in the transaction of what it tells of; meets.sender sends them. The row is the queue.
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from meets import targets
from meets.access import evidence_open
from meets.errors import Conflict
from meets.log import canonical, time_text
from meets.models import (
    Assessment,
    Delivery,
    DeliveryStatus,
    Meet,
    MeetStatus,
    Webhook,
    WebhookEvent,
)
from meets.models.outgoing import secret_make
from meets.seal import evidence_shown
from meets.selectors.assessments import assessments_of

WEBHOOKS_MAX = 10
# What can be asked for; a ping comes to whom it is sent.
EVENTS = tuple(event for event in WebhookEvent if event is not WebhookEvent.PING)
# How long the record of what was sent is kept.
KEPT = timedelta(days=30)
# Whether evidence.ready says what was found.
OPEN, WITHHELD = "open", "withheld"
_OF_MEET = ("name", "federation", "town", "starts_on", "rulebook", "engine", "evidence_mode", "status", "assist_on")


class WebhookFields(TypedDict, total=False):
    url: str
    events: list[str]
    is_active: bool


# ── Webhooks ─────────────────────────────────────────────────────────────────────────────────────────────


def webhook_create(*, meet: Meet, user: User, **fields: Unpack[WebhookFields]) -> Webhook:
    """A new webhook with a secret of its own. Raises ValidationError for an address that is not sent to, and Conflict
    when the meet is closed or has as many as it may."""
    webhook = Webhook(meet=meet, created_by=user)
    _fields_set(webhook, fields)
    with transaction.atomic():
        _meet_lock(meet.pk)
        if Webhook.objects.filter(meet=meet).count() >= WEBHOOKS_MAX:
            raise Conflict("too_many", f"A meet has at most {WEBHOOKS_MAX} webhooks. Take one away first.")
        webhook.full_clean()
        webhook.save(force_insert=True)
    return webhook


def webhook_update(*, webhook: Webhook, **changes: Unpack[WebhookFields]) -> Webhook:
    """Changes a webhook. Once switched off, it is not told later what waited for it."""
    # A look-up may take seconds, so it comes before the lock.
    _fields_set(Webhook(meet=webhook.meet), changes)
    with transaction.atomic():
        _meet_lock(webhook.meet_id)
        now = Webhook.objects.select_related("meet").get(pk=webhook.pk)
        for name, value in changes.items():
            setattr(now, name, value)
        now.full_clean()
        now.save()
        if not now.is_active:
            deliveries_drop(now, "The webhook was switched off before this was sent.")
    return now


def webhook_secret_rotate(*, webhook: Webhook) -> Webhook:
    """A new secret: whatever is sent from now on is signed with it, what waits included."""
    with transaction.atomic():
        _meet_lock(webhook.meet_id)
        now = Webhook.objects.get(pk=webhook.pk)
        now.secret = secret_make()
        now.save(update_fields=["secret"])
    return now


def webhook_delete(*, webhook: Webhook) -> None:
    """Takes the webhook away, with what waits for it and what is known of what was sent."""
    with transaction.atomic():
        _meet_lock(webhook.meet_id)
        webhook.delete()


def webhook_ping(*, webhook: Webhook) -> Delivery:
    """Queues a word that tells of nothing. Raises Conflict when the webhook is switched off or the meet closed."""
    with transaction.atomic():
        _meet_lock(webhook.meet_id)
        if not Webhook.objects.filter(pk=webhook.pk, is_active=True).exists():
            raise Conflict("switched_off", "This webhook is switched off. Switch it on first.")
        (delivery,) = _queue([(webhook, _body(webhook.meet_id, WebhookEvent.PING))])
    return delivery


def _meet_lock(meet_id: UUID) -> None:
    """Raises Conflict when the meet is closed. Nothing of this is on the board, so the revision stays."""
    if Meet.objects.select_for_update().only("status").get(pk=meet_id).status != MeetStatus.OPEN:
        raise Conflict("meet_closed", "This meet is closed. Open it again before changing its webhooks.")


def _fields_set(webhook: Webhook, fields: WebhookFields) -> None:
    """Sets what is given, checked. Raises ValidationError."""
    if "url" in fields:
        _url_check(fields["url"])
    if "events" in fields:
        _events_check(fields["events"])
    for name, value in fields.items():
        setattr(webhook, name, value)


def _url_check(url: str) -> None:
    """A name that cannot be looked up here passes: the sender may know more names than the site, and checks again."""
    allow_private = settings.WEBHOOK_ALLOW_PRIVATE
    try:
        targets.addresses_of(targets.target_read(url, allow_private=allow_private), allow_private=allow_private)
    except targets.TargetRefused as error:
        raise ValidationError({"url": str(error)}) from error
    except targets.NotReached:
        return


def _events_check(events: list[str]) -> None:
    if unknown := [event for event in events if event not in EVENTS]:
        raise ValidationError({"events": f"There is no event {unknown[0]!r}; choose from {', '.join(EVENTS)}."})
    if len(set(events)) != len(events):
        raise ValidationError({"events": "Name each event once."})


# ── What is told ─────────────────────────────────────────────────────────────────────────────────────────


def event_queue(
    meet_id: UUID,
    event: WebhookEvent,
    *,
    attempt_id: UUID | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> int:
    """Writes the event for every webhook of the meet that asked for it. Returns for how many.

    Must run in the transaction of what it tells of: either both are kept or neither. before, after: what JSON can hold,
    with times, ids and decimals as they are; never what a referee may not have seen yet.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An event is queued in the transaction of what it tells of.")
    body = _body(meet_id, event, attempt_id, before, after)
    return len(_queue((webhook, body) for webhook in _asking(meet_id, event)))


def _asking(meet_id: UUID, event: WebhookEvent) -> list[Webhook]:
    """The webhooks that asked for this event, or for all."""
    rows = Webhook.objects.filter(meet_id=meet_id, is_active=True).select_related("created_by")
    return [webhook for webhook in rows if not webhook.events or event in webhook.events]


def _body(
    meet_id: UUID,
    event: WebhookEvent,
    attempt_id: UUID | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "id": uuid.uuid4(),
        "event": event.value,
        "meet": meet_id,
        "at": time_text(timezone.now()),
        "attempt": attempt_id,
        "before": before,
        "after": after,
    }


def _queue(told: Iterable[tuple[Webhook, dict[str, Any]]]) -> list[Delivery]:
    return Delivery.objects.bulk_create(
        Delivery(webhook=webhook, event=body["event"], body=canonical(body)) for webhook, body in told
    )


def meet_body(meet: Meet) -> dict[str, Any]:
    """A meet as it is told outside."""
    return {name: getattr(meet, name) for name in _OF_MEET}


def meet_tell(before: Mapping[str, Any], meet: Meet) -> int:
    """Queues meet.changed, in the transaction of the change. before: its meet_body from before; the same: nothing."""
    after = meet_body(meet)
    return event_queue(meet.pk, WebhookEvent.MEET_CHANGED, before=before, after=after) if after != before else 0


def evidence_tell(assessment: Assessment, meet_id: UUID) -> int:
    """Queues evidence.ready for an assessment of the engine that counts, in its transaction.

    Blind first holds here too: a webhook is told what its maker may see at this moment, and else that there is
    something.
    """
    if not (asking := _asking(meet_id, WebhookEvent.EVIDENCE_READY)):
        return 0
    meet = Meet.objects.get(pk=meet_id)
    if assessment.engine_kind != meet.engine:
        return 0
    attempt = assessment.image.attempt
    ids = {"image": assessment.image_id, "assessment": assessment.pk}
    body = _body(meet_id, WebhookEvent.EVIDENCE_READY, attempt.pk, None, {**ids, "evidence": WITHHELD})
    opened = {**body, "after": {**ids, "evidence": OPEN, "flag": assessment.flag}}
    may_advise = assessments_of(meet).current.filter(pk=assessment.pk).exists()
    told = [(webhook, may_advise and evidence_open(webhook.created_by, attempt)) for webhook in asking]
    for webhook, is_open in told:
        # What leaves in somebody's name counts as shown to him.
        if is_open:
            evidence_shown(webhook.created_by, meet, [assessment], "webhook")
    return len(_queue((webhook, opened if is_open else body) for webhook, is_open in told))


# ── What was told, and what waits ────────────────────────────────────────────────────────────────────────


def deliveries_drop(webhook: Webhook, error: str) -> int:
    """Gives up whatever waits for this webhook."""
    waiting: QuerySet[Delivery] = Delivery.objects.filter(webhook=webhook, status=DeliveryStatus.WAITING)
    return waiting.update(status=DeliveryStatus.FAILED, error=error[:200], finished_at=timezone.now(), lease_until=None)


def deliveries_forget(*, now: datetime) -> int:
    """Deletes the record of what was sent or given up long ago."""
    old = Q(finished_at__lt=now - KEPT)
    return Delivery.objects.filter(old).exclude(status=DeliveryStatus.WAITING).delete()[0]
