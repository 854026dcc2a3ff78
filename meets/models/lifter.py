"""A lifter and the lifter's entry in the meet."""

import uuid
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class Sex(models.TextChoices):
    """As OpenPowerlifting writes it."""

    FEMALE = "F", "F"
    MALE = "M", "M"
    MX = "Mx", "Mx"


class Equipment(models.TextChoices):
    CLASSIC = "classic", "classic (raw)"
    EQUIPPED = "equipped", "equipped"


class Lifter(models.Model):
    """A person as one meet knows them.

    The row belongs to the meet, so that no other meet's staff can read or change it; ``member_id`` is what joins
    one person's rows across meets.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meet = models.ForeignKey("Meet", on_delete=models.CASCADE, related_name="lifters")
    name = models.CharField(max_length=120)
    sex = models.CharField(max_length=2, choices=Sex)
    birth_year = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1900), MaxValueValidator(2100)]
    )
    team = models.CharField(max_length=80, blank=True)
    member_id = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Entry(models.Model):
    """A lifter's place in the meet: platform, flight, lot, class."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meet = models.ForeignKey("Meet", on_delete=models.CASCADE, related_name="entries")
    lifter = models.OneToOneField(Lifter, on_delete=models.CASCADE, related_name="entry")
    platform = models.ForeignKey("Platform", on_delete=models.SET_NULL, null=True, blank=True, related_name="entries")
    flight = models.CharField(max_length=2, blank=True)
    # A limit of our own, as each database has another.
    lot = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(9999)]
    )
    weight_class = models.CharField(max_length=8, blank=True)
    bodyweight_kg = models.DecimalField(
        max_digits=5, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(Decimal("20"))]
    )
    equipment = models.CharField(max_length=10, choices=Equipment, default=Equipment.CLASSIC)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["flight", "lot", "lifter__name"]
        verbose_name_plural = "entries"
        constraints = [models.UniqueConstraint(fields=["meet", "lot"], name="lot_in_meet")]

    def __str__(self) -> str:
        return f"{self.lifter} · lot {self.lot}"
