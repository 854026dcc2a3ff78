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
    """What the lifter wears. In the IPF there are two kinds: classic and equipped, which is single-ply."""

    CLASSIC = "classic", "classic (raw)"
    WRAPS = "wraps", "classic with knee wraps"
    EQUIPPED = "equipped", "equipped (single-ply)"
    MULTI_PLY = "multi_ply", "multi-ply"
    UNLIMITED = "unlimited", "unlimited"
    STRAPS = "straps", "straps"


class Consent(models.TextChoices):
    """Whether the lifter agreed to be photographed and read by a machine."""

    UNKNOWN = "", "not noted"
    GIVEN = "given", "given"
    REFUSED = "refused", "refused: no photo of this lifter is taken in"


class Event(models.TextChoices):
    """Which lifts count together, as OpenPowerlifting writes it."""

    SBD = "SBD", "full power"
    BD = "BD", "push-pull"
    SD = "SD", "squat and deadlift"
    SB = "SB", "squat and bench"
    S = "S", "squat only"
    B = "B", "bench only"
    D = "D", "deadlift only"


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
    # With a birth date, birth_year is its year.
    birth_date = models.DateField(null=True, blank=True)
    # The name in other scripts, by OpenPowerlifting's columns: {"CyrillicName": "…"}.
    other_names = models.JSONField(default=dict, blank=True)
    country = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=60, blank=True)
    team = models.CharField(max_length=80, blank=True)
    member_id = models.CharField(max_length=40, blank=True)
    # At the lifter's own request name and photos were taken away; what was decided stays.
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Entry(models.Model):
    """A lifter's place in the meet: session, platform, flight, lot, class. One in all but rare meets: who lifts both
    equipped and classic, or the bench again by itself, has two, each with its own attempts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    meet = models.ForeignKey("Meet", on_delete=models.CASCADE, related_name="entries")
    lifter = models.ForeignKey(Lifter, on_delete=models.CASCADE, related_name="entries")
    session = models.ForeignKey("Session", on_delete=models.SET_NULL, null=True, blank=True, related_name="entries")
    platform = models.ForeignKey("Platform", on_delete=models.SET_NULL, null=True, blank=True, related_name="entries")
    flight = models.CharField(max_length=2, blank=True)
    # A limit of our own, as each database has another.
    lot = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(9999)]
    )
    weight_class = models.CharField(max_length=20, blank=True)
    bodyweight_kg = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        # Children lift too, and scales of a hall end at 300.
        validators=[MinValueValidator(Decimal("15")), MaxValueValidator(Decimal("300"))],
    )
    equipment = models.CharField(max_length=10, choices=Equipment, default=Equipment.CLASSIC)
    # As the rack's pins are marked: "12", "7/16", "7 s5", "in".
    squat_rack = models.CharField(max_length=20, blank=True)
    bench_rack = models.CharField(max_length=20, blank=True)
    bench_safety = models.CharField(max_length=20, blank=True)
    bench_blocks = models.CharField(max_length=20, blank=True)
    # Lifts outside the competition: never placed.
    guest = models.BooleanField(default=False)
    # Disqualified by the jury or the technical officer: no total and no place.
    disqualified = models.BooleanField(default=False)
    # Null: nobody said.
    tested = models.BooleanField(null=True, blank=True)
    consent = models.CharField(max_length=10, choices=Consent, blank=True, default=Consent.UNKNOWN)
    notes = models.CharField(max_length=200, blank=True)
    # What another system's results say and the attempts do not: an age ("23.5": 23 or 24), and the best of a lift
    # without its attempts, as {"squat": "120.00"}.
    stated_age = models.CharField(max_length=6, blank=True)
    stated_bests = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["flight", "lot", "lifter__name"]
        verbose_name_plural = "entries"
        constraints = [models.UniqueConstraint(fields=["meet", "lot"], name="lot_in_meet")]

    def __str__(self) -> str:
        return f"{self.lifter} · lot {self.lot}"


class Category(models.Model):
    """In which division, and with which lifts together, an entry competes. A lifter may be placed in several with the
    same attempts: as a junior and in the open, in full power and in the bench."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="categories")
    division = models.CharField(max_length=60, blank=True)
    event = models.CharField(max_length=3, choices=Event, default=Event.SBD)
    # An official's word where the rules leave a tie open, or somebody must stand elsewhere; its reason is in the log.
    place_override = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])

    # As the system placed it from which the results were brought in: a number, G, DQ, DD or NS.
    stated_place = models.CharField(max_length=3, blank=True)

    class Meta:
        ordering = ["entry", "pk"]
        verbose_name_plural = "categories"
        constraints = [models.UniqueConstraint(fields=["entry", "division", "event"], name="category_once_per_entry")]

    def __str__(self) -> str:
        return f"{self.division or 'no division'} · {self.event}"
