"""What was seen in a photo, by which engine, weights, rulebook and gold set."""

import uuid

from django.db import models

from judging.outcomes import Outcome, Reason
from judging.pose import Side
from meets.models.engine import EngineKind

OUTCOMES = [(outcome.value, outcome.value) for outcome in Outcome]
REASONS = [(reason.value, reason.value) for reason in Reason]


class Flag(models.TextChoices):
    """Why a person must look, the most urgent first. No flag means that no rule asked for a look."""

    BREACH = "breach", "breach"
    TOO_CLOSE = "too_close", "too close to call"
    LIFTER = "lifter", "several people: who is the lifter?"
    MISMATCH = "mismatch", "does not look like this lift"
    NONE = "", "none"


class Assessment(models.Model):
    """One engine's reading of one photo under one rulebook. Written once, never changed."""

    # The name under which the log tells of it, which stays the same where the meet is moved to another site.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    image = models.ForeignKey("AttemptImage", on_delete=models.CASCADE, related_name="assessments")
    # The kind that was asked; engine says which one with its version.
    engine_kind = models.CharField(max_length=20, choices=EngineKind)
    engine = models.CharField(max_length=60)
    weights_sha256 = models.CharField(max_length=64)
    rulebook = models.CharField(max_length=80)
    gold_set = models.CharField(max_length=80)
    flag = models.CharField(max_length=10, choices=Flag, blank=True)

    lifter_found = models.BooleanField()
    # Null where the engine could not tell.
    lift_seen = models.CharField(max_length=10, blank=True)
    lift_p = models.FloatField(null=True)
    # What a model that looks at the whole picture says likewise; picture_p is null where none was asked.
    picture_lift = models.CharField(max_length=10, blank=True)
    picture_p = models.FloatField(null=True)
    # Its name and the first 12 hex digits of its sha256; empty where none is set up.
    picture_model = models.CharField(max_length=80, blank=True)
    # The line's own networks that had a say, beside the engine's.
    networks = models.CharField(max_length=80, blank=True)
    # The lift of the attempt that the photo stood at when it was read, and whether staff had said that it shows it.
    stated_lift = models.CharField(max_length=10, blank=True)
    stated_lift_said = models.BooleanField(default=False)
    # What the uploader had stated when the photo was read; restated, it is read again.
    stated_phase = models.CharField(max_length=10, blank=True)
    stated_view = models.CharField(max_length=10, blank=True)
    # "x,y" and "x0,y0,x1,y1" as parts of the photo, 0-1; empty when not stated.
    stated_lifter = models.CharField(max_length=20, blank=True)
    stated_region = models.CharField(max_length=40, blank=True)
    # What was known of the camera, as JSON: {"height_cm", "distance_cm", "roll_deg", "angle_deg", "plate_share"} as far
    # as anybody had measured; empty where nobody had.
    stated_camera = models.CharField(max_length=120, blank=True)
    # Everybody who was seen, the most like a lifter first: {"box": [x0, y0, x1, y1] px, "score", "chosen"}.
    people = models.JSONField(default=list)
    # By how much the first is more like it than the second.
    lifter_margin = models.FloatField(null=True)
    phase_seen = models.CharField(max_length=10, blank=True)
    phase_p = models.FloatField(null=True)
    phase_stated = models.BooleanField(default=False)
    view_seen = models.CharField(max_length=10, blank=True)
    view_p = models.FloatField(null=True)
    view_stated = models.BooleanField(default=False)
    # [[x, y, score] × 17], px of the upright photo; null without a lifter.
    keypoints = models.JSONField(null=True)
    # [score × 17] as the engine gave them, before they were calibrated; null without a lifter.
    raw_scores = models.JSONField(null=True)
    # Per critical pair: reading and share that called it bad; and the annotators' Fleiss' kappa.
    vote_pairs = models.JSONField(default=list)
    vote_kappa = models.FloatField(null=True)
    timings_ms = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "image",
                    "engine_kind",
                    "engine",
                    "weights_sha256",
                    "rulebook",
                    "gold_set",
                    "picture_model",
                    "networks",
                    "stated_lift",
                    "stated_lift_said",
                    "stated_phase",
                    "stated_view",
                    "stated_lifter",
                    "stated_region",
                    "stated_camera",
                ],
                name="assessed_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.image_id} · {self.engine} · {self.flag or 'no flag'}"


class Finding(models.Model):
    """One rule's outcome on one side of the lifter. See judging.outcomes.Finding for the units."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="findings")
    rule = models.CharField(max_length=40)
    side = models.CharField(max_length=5, choices=[(side.value, side.value) for side in Side], blank=True)
    outcome = models.CharField(max_length=12, choices=OUTCOMES)
    reason = models.CharField(max_length=20, choices=REASONS, blank=True)
    detail = models.TextField(blank=True)
    margin_cm = models.FloatField(null=True)
    sigma_cm = models.FloatField(null=True)
    margin_limb = models.FloatField(null=True)
    sigma_limb = models.FloatField(null=True)
    limb = models.CharField(max_length=20, blank=True)
    p_breach = models.FloatField(null=True)
    marks = models.JSONField(default=list)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["assessment", "rule", "side"], name="finding_once")]
        # The staff's tray asks for a few reasons among all findings, with every page.
        indexes = [models.Index(fields=["reason"], condition=~models.Q(reason=""), name="finding_reason")]

    def __str__(self) -> str:
        return f"{self.rule} {self.side}: {self.outcome}"


class Vote(models.Model):
    """One gold annotation's vote on one critical pair."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="votes")
    pair = models.CharField(max_length=40)
    annotation = models.CharField(max_length=60)
    view = models.CharField(max_length=10)
    verdict = models.CharField(max_length=10)
    distance = models.FloatField(null=True)
    gold_distance = models.FloatField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["assessment", "pair", "annotation"], name="vote_once")]

    def __str__(self) -> str:
        return f"{self.pair} by {self.annotation}: {self.verdict}"
