"""An attempt: one lifter, one lift, first to third, with the weight declared for it."""

import uuid
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from judging.pose import Lift


class Attempt(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    entry = models.ForeignKey("Entry", on_delete=models.CASCADE, related_name="attempts")
    lift = models.CharField(max_length=10, choices=[(lift.value, lift.value) for lift in Lift])
    number = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(3)])
    declared_kg = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("2.5")), MaxValueValidator(Decimal("700"))],
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["lift", "number", "declared_kg", "entry__lot"]
        constraints = [models.UniqueConstraint(fields=["entry", "lift", "number"], name="attempt_once")]

    def __str__(self) -> str:
        return f"{self.entry.lifter} · {self.lift} {self.number} · {self.declared_kg} kg"
