"""A photo of an attempt, and where it stands on the line: one reading per engine that was asked."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from judging.pose import Phase, View
from meets.models.engine import EngineKind


class ImageStatus(models.TextChoices):
    QUEUED = "queued", "queued"
    WORKING = "working", "working"
    DONE = "done", "done"
    REJECTED = "rejected", "rejected"
    FAILED = "failed", "failed"


class ImageReason(models.TextChoices):
    """Why a photo was rejected or failed; the label is what a person reads and what to do."""

    NOT_AN_IMAGE = "not_an_image", "This file is not a photo. Upload a JPEG, PNG or WebP."
    EMPTY = "empty", "This file is empty. Upload the photo again."
    TRUNCATED = "truncated", "This photo is cut off. Upload it again from the camera."
    TOO_LARGE = "too_large", "This file is too large. Upload a photo of at most 25 MB."
    TOO_MANY_PIXELS = "too_many_pixels", "This photo has too many pixels. Upload one of at most 60 megapixels."
    TOO_SMALL = "too_small", "This photo is too small to see a joint. Upload one of at least 64 × 64 pixels."
    ANIMATED = "animated", "This file holds several pictures. Upload the one that shows the moment."
    HEIC = "heic", "HEIC photos cannot be read here. Set the phone's camera to JPEG, or send the photo as JPEG."
    FORMAT = "format", "This kind of picture cannot be read here. Upload a JPEG, PNG or WebP."
    WRONG_TYPE = "wrong_type", "The file is not the kind of picture it says it is. Upload the original photo."
    FILE_MISSING = "file_missing", "The stored photo is gone. Upload it again."
    WORKER_LOST = "worker_lost", "The worker stopped three times on this photo. Judge by eye; tell the meet's staff."
    ENGINE_FAILED = "engine_failed", "The photo could not be worked on. Judge by eye; tell the meet's staff."
    OUT_OF_MEMORY = "out_of_memory", "The worker ran out of memory. Judge by eye; tell the meet's staff."
    TOO_SLOW = "too_slow", "The photo took too long. Judge by eye; tell the meet's staff."
    PURGED = "purged", "This photo was deleted, as the meet's retention or its lifter asked, before it was read."


def photo_path(image: "AttemptImage", filename: str) -> str:
    """A path nobody can guess, with nothing of the uploader's name in it."""
    return photo_place(image.attempt.entry.meet_id, filename)


def photo_place(meet_id: uuid.UUID, filename: str) -> str:
    suffix = filename.rsplit(".", 1)[-1]
    return f"{meet_id}/{secrets.token_urlsafe(24)}.{suffix}"


# In place of a place: the lifter is none of those who could be read.
LIFTER_HIDDEN = "hidden"


class AttemptImage(models.Model):
    """One photo. ``original`` holds the uploaded bytes untouched; ``display`` is what people are served: upright,
    re-encoded, without EXIF; ``thumb`` is the same for lists."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    attempt = models.ForeignKey("Attempt", on_delete=models.CASCADE, related_name="images")
    # What the uploader knows; empty when unknown.
    view = models.CharField(max_length=10, choices=[(view.value, view.value) for view in View], blank=True)
    phase = models.CharField(max_length=10, choices=[(phase.value, phase.value) for phase in Phase], blank=True)
    file_name = models.CharField(max_length=120)
    original = models.FileField(upload_to=photo_path, max_length=200)
    display = models.FileField(upload_to=photo_path, max_length=200)
    thumb = models.FileField(upload_to=photo_path, max_length=200)
    sha256 = models.CharField(max_length=64)
    byte_size = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    # What the staff know of it besides: which camera took it, and where the lifter stands among several people.
    camera = models.ForeignKey("Camera", on_delete=models.SET_NULL, null=True, blank=True, related_name="images")
    # Parts of the photo's width and height, 0-1: the place that staff pointed at.
    lifter_x = models.FloatField(null=True, blank=True)
    lifter_y = models.FloatField(null=True, blank=True)
    lifter_said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lifter_said_at = models.DateTimeField(null=True, blank=True)
    # The same place (or LIFTER_HIDDEN), and the camera's region when it was stated, as an assessment keeps them: SQL
    # compares the two.
    stated_lifter = models.CharField(max_length=20, blank=True)
    stated_region = models.CharField(max_length=40, blank=True)
    # And the camera's figures of that moment likewise, see meets.results.figures_text.
    stated_camera = models.CharField(max_length=120, blank=True)

    # Staff looked and say that it shows its attempt's lift: no model is asked for the lift any more.
    lift_said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lift_said_at = models.DateTimeField(null=True, blank=True)
    # Staff say that it belongs to no attempt of this meet: kept, and neither read, shown among others, nor counted.
    set_aside_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    set_aside_at = models.DateTimeField(null=True, blank=True)
    # Its files are gone for good, as the meet's retention or its lifter asked; hash and findings stay.
    purged_at = models.DateTimeField(null=True, blank=True, editable=False)

    # What the reading that counts says: kept by meets.results in the transaction that changes the reading.
    status = models.CharField(max_length=10, choices=ImageStatus, default=ImageStatus.QUEUED)
    reason = models.CharField(max_length=20, choices=ImageReason, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["uploaded_at"]
        constraints = [models.UniqueConstraint(fields=["attempt", "sha256"], name="same_bytes_once_per_attempt")]

    def __str__(self) -> str:
        return f"{self.file_name} · {self.status}"

    @property
    def lifter_at(self) -> tuple[float, float] | None:
        return None if self.lifter_x is None or self.lifter_y is None else (self.lifter_x, self.lifter_y)

    @property
    def lifter_hidden(self) -> bool:
        """Staff said that the lifter is none of those who could be read."""
        return self.stated_lifter == LIFTER_HIDDEN

    @property
    def lift_said(self) -> bool:
        return self.lift_said_at is not None

    @property
    def purged(self) -> bool:
        return self.purged_at is not None

    @property
    def set_aside(self) -> bool:
        return self.set_aside_at is not None


class PhotoMove(models.Model):
    """Staff took a photo from one attempt to another. Written once, never changed: so it can be told at any time under
    which attempt a photo stood when somebody saw it."""

    image = models.ForeignKey(AttemptImage, on_delete=models.CASCADE, related_name="moves")
    # Not to be deleted alone; with the whole meet they go.
    from_attempt = models.ForeignKey("Attempt", on_delete=models.RESTRICT, related_name="+")
    to_attempt = models.ForeignKey("Attempt", on_delete=models.RESTRICT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.image_id} · {self.from_attempt_id} to {self.to_attempt_id}"


class Reading(models.Model):
    """One photo to be read by one kind of engine. The row is the queue; what was found is an Assessment."""

    image = models.ForeignKey(AttemptImage, on_delete=models.CASCADE, related_name="readings")
    engine = models.CharField(max_length=20, choices=EngineKind)
    status = models.CharField(max_length=10, choices=ImageStatus, default=ImageStatus.QUEUED)
    reason = models.CharField(max_length=20, choices=ImageReason, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    # Who works on it: the worker's name (host and process), and a token of this one try, which the photos of one
    # batch share. Only the try that holds the token may settle the row.
    claimed_by = models.CharField(max_length=120, blank=True)
    claim_token = models.UUIDField(null=True, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    nudged_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["image", "engine"], name="asked_once_per_engine")]
        indexes = [
            models.Index(fields=["status", "engine", "asked_at"], name="reading_queue"),
            models.Index(fields=["claim_token"], name="reading_claim"),
        ]

    def __str__(self) -> str:
        return f"{self.image_id} · {self.engine} · {self.status}"


class UploadKey(models.Model):
    """An Idempotency-Key that was used: the same key gives the same image, never a second one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=120)
    # sha256 of attempt, bytes, view, phase and camera: the same key with other content is a mistake, not a repeat.
    request_sha256 = models.CharField(max_length=64)
    image = models.ForeignKey(AttemptImage, on_delete=models.CASCADE, related_name="upload_keys")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="upload_key_once")]

    def __str__(self) -> str:
        return self.key
