"""An attempt: one lifter, one lift, first to third, with the weight declared for it and what the officials decided."""

import uuid
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, When

from judging.pose import Lift


def lift_place() -> Case:
    """For ``order_by``: squat, bench press, deadlift, as they are lifted, and not as their names stand in a list."""
    whens = [When(lift=lift.value, then=place) for place, lift in enumerate((Lift.SQUAT, Lift.BENCH, Lift.DEADLIFT))]
    return Case(*whens, output_field=models.SmallIntegerField())


class AttemptOutcome(models.TextChoices):
    """What became of the attempt, for people to say and for nobody else."""

    OPEN = "", "not decided"
    GOOD = "good", "good lift"
    NO_LIFT = "no_lift", "no lift"
    PASSED = "passed", "not taken"


class Attempt(models.Model):
    """``version`` goes up with whatever changes what a vote is about: the weight, the call, the decision, an act of the
    jury. ``outcome`` to ``whites`` are the fold of its records in the log (meets.fold), kept here for lists."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey("Entry", on_delete=models.CASCADE, related_name="attempts")
    lift = models.CharField(max_length=10, choices=[(lift.value, lift.value) for lift in Lift])
    # A fourth is for records alone, and only where the rule book has them.
    number = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(4)])
    declared_kg = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("2.5")), MaxValueValidator(Decimal("700"))],
    )
    # An attempt at a record may be no multiple of 2.5 kg.
    is_record = models.BooleanField(default=False)
    # How often the declared weight was changed.
    changes = models.PositiveSmallIntegerField(default=0, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    # Goes up when the jury gives the attempt again.
    take = models.PositiveSmallIntegerField(default=1, editable=False)
    called_at = models.DateTimeField(null=True, blank=True, editable=False)
    outcome = models.CharField(max_length=8, choices=AttemptOutcome, blank=True, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    # How many of the three lights of this take were white; null where the outcome came without lights.
    whites = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    # Counts what was decided in this meet, so that it can be told who reached a total first.
    decided_seq = models.PositiveIntegerField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # Whatever of it changed last, its photos and findings included.
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    class Meta:
        ordering = ["lift", "number", "declared_kg", "entry__lot"]
        constraints = [models.UniqueConstraint(fields=["entry", "lift", "number"], name="attempt_once")]

    def __str__(self) -> str:
        return f"{self.entry.lifter} · {self.lift} {self.number} · {self.declared_kg} kg"

    @property
    def lift_kind(self) -> Lift:
        return Lift(self.lift)

    @property
    def is_decided(self) -> bool:
        return self.outcome != AttemptOutcome.OPEN
