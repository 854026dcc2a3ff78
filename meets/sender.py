"""OUT, to other systems: claims deliveries that are due, sends each, and settles it by compare-and-swap.

A process of its own (manage.py webhooks_send): a request of the site must not wait for somebody else's server, and a
worker, which reads strangers' photos, has no way out of the host. At least once: a sender that dies between the answer
and its row leaves the delivery to be sent again, under the same id.
"""

import hashlib
import hmac
import logging
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections, transaction
from django.db.models import DateTimeField, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from meets import targets, webhooks
from meets.models import Delivery, DeliveryStatus, Webhook

log = logging.getLogger(__name__)

# At most this many targets at once, and one delivery at a time to each: who is slow holds up itself alone.
THREADS = 16
POLL_S = 1.0
FORGET_EVERY = timedelta(hours=1)
# From each failed try to the next; after the last there is none.
PAUSES_S = (10, 60, 300, 1800, 7200)
# Longer than any try can take: look-up, connection and answer (meets.targets).
LEASE = timedelta(seconds=120)
GONE = 410


@dataclass(frozen=True, slots=True)
class Claim:
    """One try at one delivery. lease_until is what holds it: another sender's try has another one."""

    delivery_id: UUID
    webhook_id: UUID
    event: str
    body: str
    url: str
    secret: str
    tries: int
    lease_until: datetime


# ── The queue ────────────────────────────────────────────────────────────────────────────────────────────


def deliveries_claim(*, limit: int) -> list[Claim]:
    """The right to send up to ``limit`` deliveries now, the oldest due of each webhook that has none under way."""
    now = timezone.now()
    # A NULL is not less than anything, so a row that nobody holds needs its own word.
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    of_this = Delivery.objects.filter(webhook=OuterRef("pk"), status=DeliveryStatus.WAITING)
    due = of_this.filter(free, next_try_at__lte=now).order_by("next_try_at", "created_at")
    asking = (
        Webhook.objects.filter(is_active=True)
        .exclude(Exists(of_this.filter(lease_until__gte=now)))
        .annotate(
            due_id=Subquery(due.values("pk")[:1]),
            due_at=Subquery(due.values("next_try_at")[:1], output_field=DateTimeField()),
        )
        .exclude(due_id=None)
        .order_by("due_at")
    )
    claims = (_claim(webhook, now) for webhook in asking[:limit])
    return [claim for claim in claims if claim is not None]


def _claim(webhook: Webhook, now: datetime) -> Claim | None:
    """None when another sender was quicker."""
    row = Delivery.objects.filter(pk=webhook.due_id).first()  # type: ignore[attr-defined]
    if row is None or (row.lease_until is not None and row.lease_until >= now):
        return None
    until = now + LEASE
    same = Delivery.objects.filter(pk=row.pk, status=DeliveryStatus.WAITING, lease_until=row.lease_until)
    if not same.update(lease_until=until):
        return None
    return Claim(row.pk, webhook.pk, row.event, row.body, webhook.url, webhook.secret, row.tries, until)


def deliveries_overdue() -> int:
    """How many targets wait although one of theirs has long been due and none is under way. A target's own queue says
    nothing: it may be slow, and has one delivery under way at a time."""
    long_ago = timezone.now() - LEASE
    of_this = Delivery.objects.filter(webhook=OuterRef("pk"), status=DeliveryStatus.WAITING)
    asking = Webhook.objects.filter(Exists(of_this.filter(next_try_at__lt=long_ago)), is_active=True)
    return asking.exclude(Exists(of_this.filter(lease_until__gte=timezone.now()))).count()


def delivery_settle(*, claim: Claim, status: int | None, error: str = "") -> bool:
    """Ends a try. status: of the answer; None when there was none. False when the try no longer holds the delivery."""
    now = timezone.now()
    tried = {"tries": claim.tries + 1, "answer_status": status, "error": error[:200], "lease_until": None}
    if status is not None and 200 <= status < 300:
        return _held(claim).update(**tried, status=DeliveryStatus.SENT, finished_at=now) == 1
    if status == GONE:
        return _gone(claim, tried, now)
    if claim.tries >= len(PAUSES_S):
        return _held(claim).update(**tried, status=DeliveryStatus.FAILED, finished_at=now) == 1
    return _held(claim).update(**tried, next_try_at=now + timedelta(seconds=PAUSES_S[claim.tries])) == 1


def _held(claim: Claim) -> "QuerySet[Delivery]":
    return Delivery.objects.filter(pk=claim.delivery_id, status=DeliveryStatus.WAITING, lease_until=claim.lease_until)


def _gone(claim: Claim, tried: Mapping[str, Any], now: datetime) -> bool:
    """The target wants nothing any more: the webhook is switched off, unless it has another address by now."""
    with transaction.atomic():
        if not _held(claim).update(**tried, status=DeliveryStatus.FAILED, finished_at=now):
            return False
        webhook = Webhook.objects.filter(pk=claim.webhook_id, url=claim.url).first()
        if webhook is not None:
            Webhook.objects.filter(pk=webhook.pk).update(is_active=False)
            webhooks.deliveries_drop(webhook, "The target answered 410 (gone), so the webhook was switched off.")
    return True


# ── Sending ──────────────────────────────────────────────────────────────────────────────────────────────


def signature(secret: str, timestamp: str, body: str) -> str:
    """What proves that we sent this body, and when."""
    return hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()


def headers_of(claim: Claim, now: datetime) -> dict[str, str]:
    timestamp = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "White-Lights-Webhook/1",
        "X-White-Lights-Event": claim.event,
        "X-White-Lights-Delivery": str(claim.delivery_id),
        "X-White-Lights-Timestamp": timestamp,
        "X-White-Lights-Signature": f"sha256={signature(claim.secret, timestamp, claim.body)}",
    }


def delivery_send(claim: Claim) -> int | None:
    """One try, settled whatever comes of it. Returns the status of the answer, None when there was none."""
    status, error = None, ""
    try:
        status = targets.post(
            claim.url,
            claim.body.encode(),
            headers_of(claim, timezone.now()),
            allow_private=settings.WEBHOOK_ALLOW_PRIVATE,
        )
        error = "" if 200 <= status < 300 else _sentence(status)
    except (targets.TargetRefused, targets.NotReached) as why:
        error = str(why)
    except Exception:
        # A delivery that nobody settles would be sent every two minutes for ever.
        log.exception("delivery %s: unexpected", claim.delivery_id)
        error = "Something broke on our side."
    if not delivery_settle(claim=claim, status=status, error=error):
        log.warning("delivery %s was no longer held by this try", claim.delivery_id)
    log.info("delivery %s of %s: %s", claim.delivery_id, claim.event, status or error)
    return status


def _sentence(status: int) -> str:
    if 300 <= status < 400:
        return f"The target answered {status}, a redirect, which is not followed."
    return f"The target answered {status}."


def deliveries_send() -> int:
    """Sends whatever is due now, and returns how many tries that took."""
    tries = 0
    with ThreadPoolExecutor(THREADS, thread_name_prefix="send") as pool:
        while claims := deliveries_claim(limit=THREADS):
            list(pool.map(_in_thread, claims))
            tries += len(claims)
    return tries


def _in_thread(claim: Claim) -> None:
    close_old_connections()
    try:
        delivery_send(claim)
    finally:
        close_old_connections()


def deliveries_send_forever(over: threading.Event) -> None:
    """Sends what is due, as it comes due, until told to stop; what is under way then is finished."""
    busy: set[Future[None]] = set()
    forgot_at: datetime | None = None
    with ThreadPoolExecutor(THREADS, thread_name_prefix="send") as pool:
        while not over.is_set():
            busy = {future for future in busy if not future.done()}
            try:
                close_old_connections()
                if forgot_at is None or timezone.now() - forgot_at > FORGET_EVERY:
                    forgot_at = timezone.now()
                    webhooks.deliveries_forget(now=forgot_at)
                claims = deliveries_claim(limit=THREADS - len(busy)) if len(busy) < THREADS else []
            except Exception:
                # The database may be away for a moment; the rows wait.
                log.exception("nothing claimed; next try in %s s", POLL_S)
                claims = []
            started = {pool.submit(_in_thread, claim) for claim in claims}
            busy |= started
            # Where something was due, more may be: look again as soon as the first of them is done.
            if started:
                wait(started, timeout=POLL_S, return_when="FIRST_COMPLETED")
            else:
                over.wait(POLL_S)
