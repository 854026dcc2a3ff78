"""A photo of an attempt, and where it stands on the line. The row is the queue."""

import secrets
import uuid

from django.conf import settings
from django.db import models

from judging.pose import Phase, View


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
    TOO_SLOW = "too_slow", "The photo took too long. Judge by eye; tell the meet's staff."


def photo_path(image: "AttemptImage", filename: str) -> str:
    """A path nobody can guess, with nothing of the uploader's name in it."""
    suffix = filename.rsplit(".", 1)[-1]
    return f"{image.attempt.entry.meet_id}/{secrets.token_urlsafe(24)}.{suffix}"


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

    status = models.CharField(max_length=10, choices=ImageStatus, default=ImageStatus.QUEUED)
    reason = models.CharField(max_length=20, choices=ImageReason, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    # Who works on it: the worker's name (host and process), and a token of this one try. Only the try that holds
    # the token may settle the row.
    claimed_by = models.CharField(max_length=120, blank=True)
    claim_token = models.UUIDField(null=True, blank=True)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    nudged_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["uploaded_at"]
        constraints = [models.UniqueConstraint(fields=["attempt", "sha256"], name="same_bytes_once_per_attempt")]
        indexes = [models.Index(fields=["status", "nudged_at"], name="image_sweep")]

    def __str__(self) -> str:
        return f"{self.file_name} · {self.status}"


class UploadKey(models.Model):
    """An Idempotency-Key that was used: the same key gives the same image, never a second one."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=120)
    # sha256 of attempt, bytes, view and phase: the same key with other content is a mistake, not a repeat.
    request_sha256 = models.CharField(max_length=64)
    image = models.ForeignKey(AttemptImage, on_delete=models.CASCADE, related_name="upload_keys")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="upload_key_once")]

    def __str__(self) -> str:
        return self.key
