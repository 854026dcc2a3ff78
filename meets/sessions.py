"""The writers for a meet's sessions, and for who sits in which referee's chair during them. They refuse like those of
meets.roster."""

import datetime as dt
from typing import TypedDict, Unpack

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from meets.errors import Conflict, Unusable
from meets.log import log_append
from meets.models import LogKind, Meet, Membership, Platform, Role, Seat, Seating, Session
from meets.roster import meet_touch, row_changes, row_facts, row_save, row_set


class SessionFields(TypedDict, total=False):
    number: int
    name: str
    weigh_in_at: dt.datetime | None
    starts_at: dt.datetime | None


SESSION_TOLD = tuple(SessionFields.__annotations__)


def session_create(*, meet: Meet, user: User | None = None, **fields: Unpack[SessionFields]) -> Session:
    """Raises ValidationError for a number that is taken, or a start before the weigh-in."""
    with transaction.atomic():
        meet_touch(meet.pk)
        session = _session_save(Session(meet=meet, **fields))
        _session_tell(session, "session_created", row_changes({}, session, SESSION_TOLD), user)
        return session


def session_update(*, session: Session, user: User | None = None, **changes: Unpack[SessionFields]) -> Session:
    """Changes a session. Raises like session_create."""
    with transaction.atomic():
        meet_touch(session.meet_id)
        row = Session.objects.get(pk=session.pk)
        was = row_facts(row, SESSION_TOLD)
        row_set(row, changes)
        _session_save(row)
        if told := row_changes(was, row, SESSION_TOLD):
            _session_tell(row, "session_changed", told, user)
        return row


def session_delete(*, session: Session, user: User | None = None) -> None:
    """Takes the session away with its seats; its entries stay, without a session."""
    with transaction.atomic():
        meet_touch(session.meet_id)
        _session_tell(session, "session_deleted", {}, user)
        session.delete()


def _session_save(session: Session) -> Session:
    taken = Session.objects.filter(meet=session.meet_id, number=session.number).exclude(pk=session.pk)
    session.clean_fields()
    if taken.exists():
        raise ValidationError({"number": f"Session {session.number} is there already. Give another number."})
    if session.weigh_in_at and session.starts_at and session.starts_at < session.weigh_in_at:
        raise ValidationError({"starts_at": "A session starts after its weigh-in. Correct one of the two."})
    return row_save(session)


def _session_tell(session: Session, act: str, changes: dict[str, object], user: User | None) -> None:
    body = {"act": act, "session": session.number, "changes": changes}
    log_append(session.meet_id, LogKind.MEET, body, user=user)


def seating_set(*, session: Session, platform: Platform | None, seat: str, user: User, by: User | None) -> Seating:
    """Puts a referee of the meet into a chair for the session, in place of whoever sat there. platform: None for all
    platforms of the session, where a platform has no seats of its own (meets.access.seat_of).

    Raises Unusable for somebody who is no referee of the meet, Conflict for one who sits in another of these chairs,
    ValidationError for a platform of another meet or a seat that is none.
    """
    if platform is not None and platform.meet_id != session.meet_id:
        raise ValidationError({"platform": "This platform is not in this meet."})
    with transaction.atomic():
        meet_touch(session.meet_id)
        if not Membership.objects.filter(meet=session.meet_id, user=user, role=Role.REFEREE).exists():
            raise Unusable("no_referee", f"{user.get_username()} is no referee of this meet. Give that part first.")
        chairs = Seating.objects.filter(session=session, platform=platform)
        other = chairs.filter(user=user).exclude(seat=seat).first()
        if other is not None:
            raise Conflict("seated", f"{user.get_username()} sits {other.seat} here already. Clear that seat first.")
        row = chairs.filter(seat=seat).first() or Seating(session=session, platform=platform, seat=seat)
        was = row.user.get_username() if row.pk else ""
        row.user = user
        row_save(row)
        _seating_tell(row, user.get_username(), was, by)
        return row


def seating_clear(*, session: Session, platform: Platform | None, seat: str, by: User | None) -> None:
    """Empties a chair. Raises Unusable where nobody sits."""
    with transaction.atomic():
        meet_touch(session.meet_id)
        row = Seating.objects.filter(session=session, platform=platform, seat=seat).select_related("user").first()
        if row is None:
            raise Unusable("empty_seat", "Nobody sits there in this session.")
        _seating_tell(row, "", row.user.get_username(), by)
        row.delete()


def _seating_tell(row: Seating, user_name: str, was: str, by: User | None) -> None:
    where = {"session": row.session.number, "platform": row.platform.name if row.platform else None}
    body = {**where, "seat": str(Seat(row.seat)), "user": user_name, "was": was}
    log_append(row.session.meet_id, LogKind.SEAT, body, user=by)
