"""What officials decide. So far a referee's own light: given once, never changed, never by a finding."""

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F

from meets.errors import Conflict, Refusal, Unusable
from meets.models import Attempt, Light, LightColour, Meet, MeetStatus, Membership, Role


class NotYours(Refusal):
    """The act belongs to another part in the meet."""

    status = 403


def light_record(*, attempt: Attempt, referee: User, colour: str) -> Light:
    """Records the referee's light on the attempt. Raises Refusal, and then nothing is written.

    The meet's row is moved on first, which both proves that it is open and lines up whoever else writes in it.
    """
    if colour not in LightColour.values:
        raise Unusable("colour", "A light is white or red.")
    meet_id = attempt.entry.meet_id
    try:
        with transaction.atomic():
            is_open = Meet.objects.filter(pk=meet_id, status=MeetStatus.OPEN).update(revision=F("revision") + 1)
            if not is_open:
                raise Conflict("meet_closed", "This meet is closed: no light can be given any more.")
            if not Membership.objects.filter(meet_id=meet_id, user=referee, role=Role.REFEREE).exists():
                raise NotYours("not_a_referee", "Only a referee of this meet gives a light.")
            return Light.objects.create(attempt=attempt, referee=referee, colour=colour)
    except IntegrityError as error:
        given = Light.objects.filter(attempt=attempt, referee=referee).first()
        if given is None:
            raise
        raise Conflict(
            "light_given", f"Your {given.colour} light on this attempt is recorded; a second one is not taken."
        ) from error
