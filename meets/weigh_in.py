"""What the scales say of a class: which one a bodyweight is in, and whether the stated one may stand.

Where the federation has no table for the day (meets.competition.classes) nothing is filled in and nothing refused.
"""

from dataclasses import dataclass

from meets.competition.ages import AgeGroup, age_groups_of
from meets.competition.classes import YOUNG, class_fits, class_name, class_of
from meets.errors import Conflict
from meets.models import Entry

# As long as a reason for a weight that breaks a rule (meets.attempts).
REASON_MIN = 5


@dataclass(frozen=True, slots=True)
class Settled:
    """The class that stands. misfit: the class that would fit, where staff let another stand; else empty."""

    weight_class: str
    misfit: str = ""


def class_settle(entry: Entry, *, waive_reason: str = "") -> Settled:
    """The entry's class by its bodyweight: filled in where none is stated, written as tables write it where it fits.

    Raises Conflict naming the class that fits where the stated one does not, unless a reason is given. The entry has
    been checked, so its bodyweight is positive.
    """
    stated, weight = entry.weight_class.strip(), entry.bodyweight_kg
    if weight is None:
        return Settled(stated)
    sex, on, federation = entry.lifter.sex, entry.meet.starts_on, entry.meet.federation
    sure, may_be = _groups(entry)
    found = class_of(weight, sex, on, sure, federation=federation)
    if found is None or not stated:
        return Settled(stated or found or "")
    if any(class_fits(stated, weight, sex, on, group, federation=federation) for group in may_be):
        return Settled(class_name(stated))
    if len(waive_reason.strip()) < REASON_MIN:
        raise Conflict(
            "class_misfit", f"{weight.normalize():f} kg is in class {found}, not {stated}. Correct one of the two."
        )
    return Settled(stated, found)


def _groups(entry: Entry) -> tuple[AgeGroup, tuple[AgeGroup, ...]]:
    """The group whose classes are filled in, and all whose classes may stand: the young have lighter ones, but may
    compete among the others too; and who told no age may be young."""
    lifter = entry.lifter
    try:
        known = age_groups_of(on=entry.meet.starts_on, birth_date=lifter.birth_date, birth_year=lifter.birth_year)
    except ValueError:  # born after the meet, or date and year apart: no age can be told from that
        return AgeGroup.OPEN, (AgeGroup.OPEN,)
    sure = next((group for group in known.groups if group in YOUNG), AgeGroup.OPEN)
    return sure, (AgeGroup.OPEN, *(group for group in (*known.groups, *known.unsure) if group in YOUNG))
