"""What officials decide. Each row stands for a record in the log, both written by meets.decisions; a finding never
writes one."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from meets.models.meet import Seat


class LightColour(models.TextChoices):
    WHITE = "white", "white"
    RED = "red", "red"


class Light(models.Model):
    """A referee's own light. One from each of the three seats decides the attempt; a referee without a seat gives one
    that counts for nothing but his own training."""

    attempt = models.ForeignKey("Attempt", on_delete=models.PROTECT, related_name="lights")
    take = models.PositiveSmallIntegerField(default=1)
    # Null where another system's lights were brought in: it names no person.
    referee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    # Empty: without a seat.
    seat = models.CharField(max_length=10, choices=Seat, blank=True)
    colour = models.CharField(max_length=5, choices=LightColour)
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["given_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "take", "referee"], name="one_light_per_referee"),
            models.UniqueConstraint(
                fields=["attempt", "take", "seat"], condition=~models.Q(seat=""), name="one_light_per_seat"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} · {self.colour}"


class Card(models.Model):
    """Why a referee gave red: a cause of the rule book, with its card."""

    attempt = models.ForeignKey("Attempt", on_delete=models.PROTECT, related_name="cards")
    take = models.PositiveSmallIntegerField(default=1)
    referee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    seat = models.CharField(max_length=10, choices=Seat)
    # The rule book's code; empty where another system told the colour alone.
    cause = models.CharField(max_length=12, blank=True)
    colour = models.CharField(max_length=6, choices=[(name, name) for name in ("red", "blue", "yellow")])
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["given_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "take", "seat", "cause", "colour"], name="card_once_per_seat")
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} · {self.seat} · {self.colour} {self.cause}"


class SecondCall(models.Model):
    """What a referee would call now that he has seen the evidence. It changes nothing; the report on how often the
    evidence went with a changed call counts it."""

    attempt = models.ForeignKey("Attempt", on_delete=models.PROTECT, related_name="second_calls")
    take = models.PositiveSmallIntegerField(default=1)
    referee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    colour = models.CharField(max_length=5, choices=LightColour)
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attempt", "take", "referee"], name="one_second_call")]

    def __str__(self) -> str:
        return f"{self.attempt_id} · {self.colour} after the evidence"


class JuryOutcome(models.TextChoices):
    UPHELD = "upheld", "the decision stands"
    REVERSED = "reversed", "the decision is reversed"
    EXTRA_ATTEMPT = "extra_attempt", "the attempt is given again"


class JuryCase(models.Model):
    """The jury looks at one decision. Who votes is settled when it opens; until ``closes_at`` votes are taken."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    attempt = models.ForeignKey("Attempt", on_delete=models.PROTECT, related_name="jury_cases")
    take = models.PositiveSmallIntegerField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    grounds = models.CharField(max_length=300)
    # A protest of the lifter's side, told to staff; else the jury's own motion.
    is_protest = models.BooleanField(default=False)
    opened_at = models.DateTimeField(default=timezone.now)
    closes_at = models.DateTimeField()
    # Empty until all have voted; a case that ran out of time is closed without one, and the decision stands.
    outcome = models.CharField(max_length=15, choices=JuryOutcome, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["opened_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["attempt"], condition=models.Q(closed_at=None), name="one_open_case_per_attempt"
            )
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} · {self.outcome or 'open'}"


class JuryVote(models.Model):
    """A member's secret vote; ``vote`` is empty until it is given."""

    case = models.ForeignKey(JuryCase, on_delete=models.CASCADE, related_name="votes")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    vote = models.CharField(max_length=15, choices=JuryOutcome, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    # Until the case is decided the log holds the hash of nonce, vote and reason, so that the vote is sealed and secret.
    nonce = models.CharField(max_length=32, blank=True)
    given_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["case", "member"], name="one_vote_per_member")]

    def __str__(self) -> str:
        return f"{self.case_id} · {self.member}"
