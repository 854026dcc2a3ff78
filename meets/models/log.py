"""The sealed log: what happened in a meet, one record after the other, each holding the hash of the one before."""

import json
from typing import Any, Never

from django.conf import settings
from django.db import models


class LogKind(models.TextChoices):
    """What a record is about. meets.log says what stands in the body of each."""

    MEET = "meet", "the meet was set up or changed"
    SEAT = "seat", "a person was given a part or a seat"
    ENTRY = "entry", "an entry was made or changed"
    ATTEMPT = "attempt", "an attempt was declared"
    WEIGHT = "weight", "the declared weight was changed"
    REMOVED = "removed", "an attempt that nothing hung on was taken away"
    CALLED = "called", "the bar is loaded and the lifter called"
    LIGHT = "light", "a referee gave a light"
    LIGHT_BACK = "light_back", "a referee took back a light before all were in"
    DECISION = "decision", "the three lights came on"
    CARD = "card", "a referee said why"
    SECOND_CALL = "second_call", "a referee called again after the evidence"
    BROUGHT_IN = "brought_in", "a decision was brought in from another system"
    PASSED = "passed", "the lifter did not take the attempt"
    CORRECTED = "corrected", "the head of meet corrected a decision"
    JURY_OPENED = "jury_opened", "the jury took up a decision"
    JURY_VOTE = "jury_vote", "a member of the jury voted"
    JURY_DECIDED = "jury_decided", "the jury decided"
    JURY_LAPSED = "jury_lapsed", "the jury's time ran out"
    PLACE = "place", "an official set a place"
    PHOTO = "photo", "a photo came in, was moved, restated or set aside"
    EVIDENCE = "evidence", "a photo was read"
    SHOWN = "shown", "somebody was shown evidence"
    ASSIST = "assist", "the assistant was switched on or off"
    IMPORT = "import", "a roster or results were brought in"
    PURGED = "purged", "photos were deleted, as the meet's retention or a lifter asked"


class LogRecord(models.Model):
    """One record. Written by meets.log.log_append alone, and never changed: the database refuses it too where it can.

    ``body`` is the canonical JSON text that was hashed. It names people who act by their user name, and lifters by id
    alone: a name that must be forgotten is then not in it.
    """

    meet = models.ForeignKey("Meet", on_delete=models.PROTECT, related_name="log")
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=LogKind)
    # Not a foreign key: the record outlives the row.
    attempt_id = models.UUIDField(null=True, blank=True)
    # The user name when it happened; empty for the site itself.
    actor = models.CharField(max_length=150, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    body = models.TextField()
    previous = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["meet", "seq"]
        constraints = [models.UniqueConstraint(fields=["meet", "seq"], name="log_seq_in_meet")]
        indexes = [models.Index(fields=["attempt_id", "seq"], name="log_of_attempt")]

    def __str__(self) -> str:
        return f"{self.meet_id} · {self.seq} · {self.kind}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("A record of the log is never changed.")
        super().save(*args, **kwargs)

    @property
    def contents(self) -> dict[str, Any]:
        """The body, read."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        raise TypeError("A record of the log is never deleted.")


class Shown(models.Model):
    """That this user has been shown this assessment, so that the log tells it once. The log is what counts."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    assessment = models.ForeignKey("Assessment", on_delete=models.CASCADE, related_name="shown")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "assessment"], name="shown_once_per_user")]

    def __str__(self) -> str:
        return f"{self.assessment_id} · {self.user}"
