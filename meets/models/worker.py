"""What the workers last said of themselves."""

from django.db import models


class WorkerBeat(models.Model):
    """``seen_at``: the worker's own process wrote it. ``answered_at``: a message came through the queue and its
    child took it up, so it is not deaf. ``weights_sha256``: of what that child has loaded; empty until it answers."""

    name = models.CharField(max_length=120, primary_key=True)
    engine = models.CharField(max_length=60, blank=True)
    weights_sha256 = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
