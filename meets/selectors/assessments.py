"""Which reading of a photo counts."""

from django.db.models import F, QuerySet

from meets.models import Assessment

_COUNTS = F("image__attempt__entry__meet__engine")


def assessments_current() -> "QuerySet[Assessment]":
    """Readings by the engine that counts in the meet, made under what is stated of their photo now, the newest first.

    A photo restated and not read again yet has none: what was found under other words is a matter of record, not
    evidence. Stated back, its earlier reading counts again.
    """
    return _stated_so().filter(engine_kind=_COUNTS)


def assessments_also() -> "QuerySet[Assessment]":
    """Readings by the other engines likewise: for the record, and for whoever compares them. None of them counts."""
    return _stated_so().exclude(engine_kind=_COUNTS)


def _stated_so() -> "QuerySet[Assessment]":
    rows = Assessment.objects.filter(
        stated_phase=F("image__phase"),
        stated_view=F("image__view"),
        stated_lifter=F("image__stated_lifter"),
        stated_region=F("image__stated_region"),
    )
    return rows.order_by("-created_at", "-pk")
