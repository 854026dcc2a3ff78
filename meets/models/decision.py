"""A referee's own light. Given once per attempt and never changed here; a finding never writes one."""

from django.conf import settings
from django.db import models


class LightColour(models.TextChoices):
    WHITE = "white", "white"
    RED = "red", "red"


class Light(models.Model):
    attempt = models.ForeignKey("Attempt", on_delete=models.PROTECT, related_name="lights")
    referee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    colour = models.CharField(max_length=5, choices=LightColour)
    given_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attempt", "referee"], name="one_light_per_referee")]

    def __str__(self) -> str:
        return f"{self.attempt_id} · {self.colour}"
