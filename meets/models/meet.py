"""A meet, its platforms, and who may do what in it."""

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
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
    """When a referee may see what the machine found for an attempt."""

    AFTER_LIGHT = "after_light", "after the referee's own light"
    TRAINING = "training", "training: always open"


class Meet(models.Model):
    """One competition. Every other row belongs to exactly one meet, and access is decided by it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    federation = models.CharField(max_length=40, blank=True)
    town = models.CharField(max_length=80, blank=True)
    starts_on = models.DateField()
    rulebook = models.CharField(max_length=40, validators=[rulebook_check])
    # Which engine's readings count, and which others are asked as well, for the record.
    engine = models.CharField(max_length=20, default=engine_default, validators=[engine_kind_check])
    engines_also = models.JSONField(default=list, blank=True, validators=[engine_list_check])
    evidence_mode = models.CharField(max_length=20, choices=EvidenceMode, default=EvidenceMode.AFTER_LIGHT)
    status = models.CharField(max_length=10, choices=MeetStatus, default=MeetStatus.OPEN)
    # Goes up by one with whatever the board shows, so that a waiting board asks one cheap question.
    revision = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="meets")

    class Meta:
        ordering = ["-starts_on", "name"]

    def __str__(self) -> str:
        return self.name

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


class Camera(models.Model):
    """A camera of the meet: where it stands, and where in its pictures the platform is.

    x0, y0, x1, y1: the platform's part of the upright picture, 0-1 from its top left; null: the whole picture.
    """

    meet = models.ForeignKey(Meet, on_delete=models.CASCADE, related_name="cameras")
    name = models.CharField(max_length=40)
    view = models.CharField(max_length=10, choices=[(view.value, view.value) for view in View], blank=True)
    x0 = models.FloatField(null=True, blank=True)
    y0 = models.FloatField(null=True, blank=True)
    x1 = models.FloatField(null=True, blank=True)
    y1 = models.FloatField(null=True, blank=True)

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
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def region(self) -> tuple[float, float, float, float] | None:
        if self.x0 is None or self.y0 is None or self.x1 is None or self.y1 is None:
            return None
        return self.x0, self.y0, self.x1, self.y1
