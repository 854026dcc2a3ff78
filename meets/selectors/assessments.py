"""Which reading of a photo counts, and which may be shown at all."""

from dataclasses import dataclass

from django.db.models import F, Q, QuerySet

from meets.access import advice_filters
from meets.models import Assessment, Meet

_COUNTS = F("image__attempt__entry__meet__engine")
_LIFT_SAID = Q(stated_lift_said=True, image__lift_said_at__isnull=False) | Q(
    stated_lift_said=False, image__lift_said_at__isnull=True
)


@dataclass(frozen=True, slots=True)
class Assessments:
    """A meet's readings made under what is stated of their photo now, the newest first.

    A photo restated, or moved to an attempt at another lift, and not read again yet has none: what was found under
    other words is a matter of record, not evidence. Stated back, its earlier reading counts again. One that is set
    aside has none either.

    current: by the engine that counts. also: by the other engines, for the record and for whoever compares them; none
    of them counts. withheld: what would be current, by weights that may not advise here: to be asked whether it is
    there, never what it says.
    """

    current: "QuerySet[Assessment]"
    also: "QuerySet[Assessment]"
    withheld: "QuerySet[Assessment]"


def assessments_of(meet: Meet) -> Assessments:
    """The one door to what was found in the meet's photos: for pages, fragments, API and export alike."""
    rows = Assessment.objects.filter(
        _LIFT_SAID,
        image__attempt__entry__meet=meet,
        image__set_aside_at=None,
        stated_lift=F("image__attempt__lift"),
        stated_phase=F("image__phase"),
        stated_view=F("image__view"),
        stated_lifter=F("image__stated_lifter"),
        stated_region=F("image__stated_region"),
        stated_camera=F("image__stated_camera"),
    ).order_by("-created_at", "-pk")
    may_advise, may_not = advice_filters(meet)
    shown = rows.filter(may_advise)
    return Assessments(
        current=shown.filter(engine_kind=_COUNTS),
        also=shown.exclude(engine_kind=_COUNTS),
        withheld=rows.filter(may_not, engine_kind=_COUNTS),
    )
