"""Which reading of a photo counts."""

from django.db.models import F, QuerySet

from meets.models import Assessment


def assessments_current() -> "QuerySet[Assessment]":
    """Readings made under what is stated of their photo now, the newest first.

    A photo restated and not read again yet has none: what was found under other words is a matter of record, not
    evidence. Stated back, its earlier reading counts again.
    """
    stated_so = Assessment.objects.filter(stated_phase=F("image__phase"), stated_view=F("image__view"))
    return stated_so.order_by("-created_at", "-pk")
