"""A meet, its platforms, and who may do what in it."""

import math
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from judging.pose import View
from judging.rulebook import rulebook_ids
from meets.models.engine import engine_default, engine_kind_check, engine_list_check


def rulebook_check(value: str) -> None:
    """Raises ValidationError when no rulebook of that name is shipped."""
    if value not in rulebook_ids():
        raise ValidationError(f"There is no rulebook {value!r}; choose one of {', '.join(rulebook_ids())}.")


class MeetStatus(models.TextChoices):
    OPEN = "open", "open"
    CLOSED = "closed", "closed"


class EvidenceMode(models.TextChoices):
    """When whom is shown what the machine found for an attempt (meets.access.evidence_filter)."""

    AFTER_LIGHT = "after_light", "after the lights: a referee after his own, jury and staff after all three"
    JURY = "jury", "jury alone, after the lights; everybody else when the meet is closed"
    LIVE = "live", "live: before the lights too, which takes the federation's explicit permission"
    TRAINING = "training", "training: always open"


class Formula(models.TextChoices):
    """Which points rank the best lifters (meets.competition.points)."""

    IPF_GL = "ipf_gl", "IPF GL points"
    DOTS = "dots", "DOTS"
    WILKS = "wilks", "Wilks"
    WILKS_2020 = "wilks_2020", "Wilks 2020"


class Meet(models.Model):
    """One competition. Every other row belongs to exactly one meet, and access is decided by it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    federation = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=60, blank=True)
    town = models.CharField(max_length=80, blank=True)
    starts_on = models.DateField()
    rulebook = models.CharField(max_length=40, validators=[rulebook_check])
    # Which engine's readings count, and which others are asked as well, for the record.
    engine = models.CharField(max_length=20, default=engine_default, validators=[engine_kind_check])
    engines_also = models.JSONField(default=list, blank=True, validators=[engine_list_check])
    evidence_mode = models.CharField(max_length=20, choices=EvidenceMode, default=EvidenceMode.AFTER_LIGHT)
    # Who allowed that findings are shown before the lights, and when: without it the mode "live" is refused.
    live_permission = models.CharField(max_length=200, blank=True)
    formula = models.CharField(max_length=12, choices=Formula, default=Formula.IPF_GL)
    status = models.CharField(max_length=10, choices=MeetStatus, default=MeetStatus.OPEN)
    # Switched off, nothing that a machine found is shown before the lights, to nobody. Who switched it is in the log.
    assist_on = models.BooleanField(default=True)
    # How long photos are kept after the first day; findings and log stay. Null: until somebody purges them.
    photos_keep_days = models.PositiveSmallIntegerField(
        null=True, blank=True, default=365, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    # The sealed log's end (meets.log): how many records, and the hash of the last.
    log_count = models.PositiveBigIntegerField(default=0)
    log_head = models.CharField(max_length=64, blank=True)
    # Of results of another system: {"made_by", "formula", "ruleset", "sanctioned"} as its file states them.
    origin = models.JSONField(default=dict, blank=True, editable=False)
    # Goes up by one with whatever the board shows, so that a waiting board asks one cheap question.
    revision = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="meets")

    class Meta:
        ordering = ["-starts_on", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Does it decide anything? At a training nothing does."""
        return self.evidence_mode != EvidenceMode.TRAINING

    @property
    def engines_asked(self) -> list[str]:
        """Every kind that reads this meet's photos, the one that counts first."""
        return list(dict.fromkeys([self.engine, *self.engines_also]))


class Role(models.TextChoices):
    STAFF = "staff", "staff"
    REFEREE = "referee", "referee"
    JURY = "jury", "jury"
    HEAD = "head", "head of meet"
    READER = "reader", "reader"


class Seat(models.TextChoices):
    """A referee's chair. Left and right are the referees', not the lifter's."""

    LEFT = "left", "left"
    CHIEF = "chief", "chief"
    RIGHT = "right", "right"


class Membership(models.Model):
    """One person's part in one meet."""

    meet = models.ForeignKey(Meet, on_delete=models.CASCADE, related_name="memberships")
    # An official's record outlives the account: accounts are switched off, not deleted.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    seat = models.CharField(max_length=10, choices=Seat, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meet", "user"], name="one_role_per_meet")]

    def __str__(self) -> str:
        return f"{self.user} · {self.role} · {self.meet}"


class Platform(models.Model):
    """Where lifts are made; a meet has one or more."""

    meet = models.ForeignKey(Meet, on_delete=models.CASCADE, related_name="platforms")
    name = models.CharField(max_length=40)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["meet", "name"], name="platform_name_in_meet")]

    def __str__(self) -> str:
        return self.name


# What a meet's director may measure of a camera, with the least and the most it may be.
CAMERA_FIGURES = {
    "height_cm": (0.0, 1000.0),
    "distance_cm": (50.0, 5000.0),
    "roll_deg": (-45.0, 45.0),
    "angle_deg": (-90.0, 90.0),
    "plate_share": (0.01, 0.9),
}
# How many decimals of them are kept with a reading: a tenth of a centimetre or degree is finer than any tape or phone,
# and a share of 0.0001 is less than half a pixel of a photo of 4000.
CAMERA_DIGITS = {"height_cm": 1, "distance_cm": 1, "roll_deg": 1, "angle_deg": 1, "plate_share": 4}


def finite_check(value: float) -> None:
    """Raises ValidationError for what is no number: a comparison with it is neither true nor false."""
    if not math.isfinite(value):
        raise ValidationError("Write a number.")


def _measured(least: float, most: float) -> "models.FloatField[float | None, float | None]":
    """A figure that somebody may have measured."""
    checks: list[Callable[[Any], None]] = [finite_check, MinValueValidator(least), MaxValueValidator(most)]
    return models.FloatField(null=True, blank=True, validators=checks)


def _within(name: str, what: str) -> models.CheckConstraint:
    """The same limits in the database."""
    least, most = CAMERA_FIGURES[name]
    return models.CheckConstraint(
        condition=Q(**{f"{name}__isnull": True}) | Q(**{f"{name}__gte": least, f"{name}__lte": most}),
        name=f"camera_{name}_within",
        violation_error_message=f"{what} lies between {least:g} and {most:g}.",
    )


class Session(models.Model):
    """A part of the meet with its own weigh-in: the flights that lift one after the other on the platforms."""

    meet = models.ForeignKey(Meet, on_delete=models.CASCADE, related_name="sessions")
    number = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(99)])
    name = models.CharField(max_length=60, blank=True)
    weigh_in_at = models.DateTimeField(null=True, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["meet", "number"], name="session_number_in_meet")]

    def __str__(self) -> str:
        return self.name or f"Session {self.number}"


class Seating(models.Model):
    """Who sits in which referee's chair during a session. Where a session has none on a platform, the seats of the
    meet's members stand."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="seatings")
    # Null: on every platform of the session.
    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, null=True, blank=True, related_name="seatings")
    seat = models.CharField(max_length=10, choices=Seat)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="seatings")

    class Meta:
        # Databases differ on where NULL stands.
        ordering = ["session__number", F("platform__name").asc(nulls_first=True), "seat"]
        constraints = [
            models.UniqueConstraint(fields=["session", "platform", "seat"], name="one_referee_per_seat"),
            models.UniqueConstraint(fields=["session", "platform", "user"], name="one_seat_per_referee"),
            # NULL equals nothing, so a seat on every platform needs a constraint of its own.
            models.UniqueConstraint(
                fields=["session", "seat"], condition=Q(platform=None), name="one_referee_per_seat_everywhere"
            ),
            models.UniqueConstraint(
                fields=["session", "user"], condition=Q(platform=None), name="one_seat_per_referee_everywhere"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session} · {self.seat} · {self.user}"


class Camera(models.Model):
    """A camera of the meet: where it stands, and where in its pictures the platform is.

    x0, y0, x1, y1: the platform's part of the upright picture, 0-1 from its top left; null: the whole picture.
    height_cm: lens above the platform's floor. distance_cm: lens to lifter along the floor. roll_deg: positive when
    level things rise towards the photo's right. angle_deg: off square to the lifter's side, positive towards the front
    or the bench's foot end, negative towards the rear or its head end. plate_share: how wide a 45 cm plate looks
    that stands upright and square to the lens at the lifter's place, as a share of the photo's longer side. Each null
    where nobody measured it.
    """

    meet = models.ForeignKey(Meet, on_delete=models.CASCADE, related_name="cameras")
    name = models.CharField(max_length=40)
    view = models.CharField(max_length=10, choices=[(view.value, view.value) for view in View], blank=True)
    x0 = models.FloatField(null=True, blank=True)
    y0 = models.FloatField(null=True, blank=True)
    x1 = models.FloatField(null=True, blank=True)
    y1 = models.FloatField(null=True, blank=True)
    height_cm = _measured(*CAMERA_FIGURES["height_cm"])
    distance_cm = _measured(*CAMERA_FIGURES["distance_cm"])
    roll_deg = _measured(*CAMERA_FIGURES["roll_deg"])
    angle_deg = _measured(*CAMERA_FIGURES["angle_deg"])
    plate_share = _measured(*CAMERA_FIGURES["plate_share"])

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["meet", "name"], name="camera_name_in_meet"),
            models.CheckConstraint(
                # A comparison with NULL is neither true nor false, and a check passes on it: hence the lines of isnull.
                condition=Q(x0__isnull=True, y0__isnull=True, x1__isnull=True, y1__isnull=True)
                | Q(x0__isnull=False, y0__isnull=False, x1__isnull=False, y1__isnull=False)
                & Q(x0__gte=0, y0__gte=0, x1__lte=1, y1__lte=1)
                & Q(x0__lte=F("x1") - 0.05, y0__lte=F("y1") - 0.05),
                name="camera_region_whole_or_within",
                violation_error_message="The platform's part runs from left to right and from top to bottom within the "
                "picture, and is at least 5 %% wide and high. Give all four sides, or none for the whole picture.",
            ),
            _within("height_cm", "The lens's height in cm"),
            _within("distance_cm", "The distance to the lifter in cm"),
            _within("roll_deg", "The roll in degrees"),
            _within("angle_deg", "The angle in degrees"),
            _within("plate_share", "The plate's share of the photo's longer side"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def region(self) -> tuple[float, float, float, float] | None:
        if self.x0 is None or self.y0 is None or self.x1 is None or self.y1 is None:
            return None
        return self.x0, self.y0, self.x1, self.y1

    @property
    def figures(self) -> dict[str, float | None]:
        return {name: getattr(self, name) for name in CAMERA_FIGURES}
