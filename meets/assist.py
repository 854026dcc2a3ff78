"""Switching the assistant on and off in a meet: by a named user, with a reason, in the log."""

from django.contrib.auth.models import User
from django.db import transaction

from meets.errors import Conflict, Unusable
from meets.log import log_append
from meets.models import LogKind, Meet
from meets.roster import meet_touch


def assist_set(*, meet: Meet, user: User, on: bool, reason: str) -> Meet:
    """Switches the assistant on or off in a meet. Off, what was found for an attempt that is not decided is shown to
    nobody. Raises Refusal, and then nothing is written."""
    if len(reason.strip()) < 5:
        raise Unusable("reason", "Say in a few words why the assistant is switched.")
    with transaction.atomic():
        meet_touch(meet.pk)
        now = Meet.objects.get(pk=meet.pk)
        if now.assist_on == on:
            raise Conflict("same", f"The assistant is {'on' if on else 'off'} already.")
        now.assist_on = on
        now.save(update_fields=["assist_on"])
        log_append(meet.pk, LogKind.ASSIST, {"on": on, "reason": reason.strip()}, user=user)
        return now
