"""What leaves by itself: webhooks with what was sent, and what a token may do."""

import json
import secrets
import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from knox.models import AuthToken


def secret_make() -> str:
    return secrets.token_urlsafe(32)


class WebhookEvent(models.TextChoices):
    PING = "ping", "ping"
    ATTEMPT_CHANGED = "attempt.changed", "attempt changed"
    DECISION_MADE = "decision.made", "decision made"
    DECISION_CHANGED = "decision.changed", "decision changed"
    EVIDENCE_READY = "evidence.ready", "evidence ready"
    MEET_CHANGED = "meet.changed", "meet changed"


class Webhook(models.Model):
    """An address that is told what happens in a meet. Each body is signed with the secret (HMAC-SHA256)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meet = models.ForeignKey("Meet", on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=400)
    secret = models.CharField(max_length=80, default=secret_make)
    # Empty: all.
    events = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.url


class DeliveryStatus(models.TextChoices):
    WAITING = "waiting", "waiting"
    SENT = "sent", "sent"
    FAILED = "failed", "given up"


class Delivery(models.Model):
    """One body for one webhook. The row is the queue: it is sent again, later each time, until the target takes it or
    the tries are used up."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=20, choices=WebhookEvent)
    body = models.TextField()
    status = models.CharField(max_length=10, choices=DeliveryStatus, default=DeliveryStatus.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    # Set while somebody is sending it; after that moment another may.
    lease_until = models.DateTimeField(null=True, blank=True)
    answer_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]
        verbose_name_plural = "deliveries"
        indexes = [models.Index(fields=["status", "next_try_at"], name="delivery_queue")]

    def __str__(self) -> str:
        return f"{self.event} · {self.status}"

    @property
    def contents(self) -> dict[str, Any]:
        """The body, read."""
        found: dict[str, Any] = json.loads(self.body)
        return found


class TokenNote(models.Model):
    """What is known of an API token besides whose it is. Without a note a token may do what its user may."""

    token = models.OneToOneField(AuthToken, on_delete=models.CASCADE, related_name="note", primary_key=True)
    name = models.CharField(max_length=80, blank=True)
    read_only = models.BooleanField(default=False)
    # Null: every meet of the user. Not to be deleted under a token: without its note it would be good for all.
    meet = models.ForeignKey("Meet", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name or "token"
