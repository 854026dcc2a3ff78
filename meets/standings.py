"""An official's word on a place: where the rules leave a tie open, or somebody must stand elsewhere."""

from django.contrib.auth.models import User
from django.db import transaction

from meets.errors import Unusable
from meets.log import log_append
from meets.models import Category, Entry, Event, LogKind
from meets.roster import meet_touch


def place_set(
    *, entry: Entry, user: User, place: int | None, reason: str, division: str = "", event: str = Event.SBD
) -> Category:
    """Sets the place of an entry in one of its categories, or with None takes that word back; the reason is logged, and
    shown to the members of the meet. Nobody else moves for it: who else should is for the official to say, and
    standings mark a place that is doubled by it.

    Raises Refusal when the meet is closed, the entry is not in that category or the place is none, and then nothing is
    written.
    """
    if place is not None and not 1 <= place <= 255:
        raise Unusable("place", "A place is a number from 1 to 255.")
    if len(reason.strip()) < 5:
        raise Unusable("reason", "Say in a few words why the place is set.")
    with transaction.atomic():
        meet_touch(entry.meet_id)
        category = Category.objects.filter(entry=entry, division=division, event=event).first()
        if category is None:
            # Whoever is in no category competes in full power with all who are in none.
            if Category.objects.filter(entry=entry).exists() or (division, event) != ("", Event.SBD):
                raise Unusable("category", "This lifter does not compete in that division and event.")
            category = Category(entry=entry, division=division, event=event)
        before, category.place_override = category.place_override, place
        category.save()
        body = {
            "entry": str(entry.pk),
            "division": division,
            "event": event,
            "from": before,
            "to": place,
            "reason": reason.strip(),
        }
        log_append(entry.meet_id, LogKind.PLACE, body, user=user)
        return category
