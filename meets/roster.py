"""Who lifts what: the writers for meets, platforms, members, lifters, entries and attempts.

Pages and API call these. Each checks the whole row, moves the meet's revision on in the same transaction, and
raises ValidationError or Refusal without having written anything. Whether the user may do it is asked before, in
meets.access.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict, TypeVar, Unpack
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Model, Q, QuerySet

from meets import intake, webhooks
from meets.access import AnyUser
from meets.errors import Conflict
from meets.models import (
    Assessment,
    Attempt,
    AttemptImage,
    AttemptOutcome,
    Camera,
    Entry,
    Lifter,
    Light,
    LogKind,
    LogRecord,
    Meet,
    MeetStatus,
    Membership,
    PhotoMove,
    Platform,
    Role,
)

RowT = TypeVar("RowT", bound=Model)


class MeetFields(TypedDict, total=False):
    name: str
    federation: str
    town: str
    starts_on: date
    rulebook: str
    engine: str
    engines_also: list[str]
    evidence_mode: str
    status: str


class CameraFields(TypedDict, total=False):
    name: str
    view: str
    x0: float | None
    y0: float | None
    x1: float | None
    y1: float | None
    height_cm: float | None
    distance_cm: float | None
    roll_deg: float | None
    angle_deg: float | None
    plate_share: float | None


class LifterFields(TypedDict, total=False):
    name: str
    sex: str
    birth_year: int | None
    team: str
    member_id: str


class EntryFields(TypedDict, total=False):
    lifter: Lifter
    platform: Platform | None
    flight: str
    lot: int | None
    weight_class: str
    bodyweight_kg: Decimal | None
    equipment: str


# ── Meets and their members ──────────────────────────────────────────────────────────────────────────────


def may_create_meet(user: AnyUser) -> bool:
    return user.is_authenticated and user.has_perm("meets.add_meet")


def meet_create(*, user: User, **fields: Unpack[MeetFields]) -> Meet:
    """A new meet with ``user`` as its head. Raises PermissionDenied without the permission to make meets."""
    if not may_create_meet(user):
        raise PermissionDenied("Your account may not create meets. Ask whoever runs this site.")
    meet = Meet(**fields)
    with transaction.atomic():
        _meet_save(meet)
        Membership.objects.create(meet=meet, user=user, role=Role.HEAD)
    return meet


def meet_update(*, meet: Meet, **changes: Unpack[MeetFields]) -> Meet:
    """Changes a meet. One that is closed can only be opened again, together with whatever else changes.

    Where other engines are asked than before, the photos that a kind has not read yet wait for it, and the board shows
    what the one says that counts now.
    """
    with transaction.atomic():
        now = Meet.objects.select_for_update().get(pk=meet.pk)
        asked, before = now.engines_asked, webhooks.meet_body(now)
        if now.status == MeetStatus.CLOSED and changes.get("status", now.status) == MeetStatus.CLOSED and changes:
            raise _closed()
        row_set(now, changes)
        now.revision += 1
        _meet_save(now)
        if now.engines_asked != asked:
            if now.status == MeetStatus.CLOSED:
                raise Conflict(
                    "closing", "Change the engines first, then close the meet: photos are read in an open one."
                )
            intake.readings_ask(meet=now)
        webhooks.meet_tell(before, now)
    return now


def _meet_save(meet: Meet) -> None:
    """The engine that counts is not named among the others again."""
    row_save(meet)
    also = [kind for kind in dict.fromkeys(meet.engines_also) if kind != meet.engine]
    if also != meet.engines_also:
        meet.engines_also = also
        meet.save(update_fields=["engines_also"])


def membership_set(*, meet: Meet, user: User, role: str, seat: str = "") -> Membership:
    """Gives a person the one part they have in the meet.

    Raises Conflict when the meet would be left without a head, or for a referee who may have seen the findings.
    """
    with transaction.atomic():
        meet_touch(meet.pk)
        member = Membership.objects.filter(meet=meet, user=user).first() or Membership(meet=meet, user=user)
        if role != Role.HEAD:
            _head_kept(member)
        if role == Role.REFEREE:
            _blind_kept(member)
        member.role, member.seat = role, seat
        return row_save(member)


def membership_delete(*, member: Membership) -> None:
    """Ends a person's part in the meet; the lights they gave stay. Raises Conflict for the meet's only head."""
    with transaction.atomic():
        meet_touch(member.meet_id)
        _head_kept(member)
        member.delete()


def _head_kept(member: Membership) -> None:
    """Raises Conflict when this is the meet's only head. Asked after the meet's row was moved on, which lines up two
    heads who would each let the other go."""
    heads = Membership.objects.filter(meet_id=member.meet_id, role=Role.HEAD)
    if heads.filter(pk=member.pk).exists() and not heads.exclude(pk=member.pk).exists():
        raise Conflict("only_head", "This person is the meet's only head. Name another head first.")


def _blind_kept(member: Membership) -> None:
    """Raises Conflict for somebody whose part so far was open to findings, once the meet has any: a referee gives his
    light without having seen them."""
    was_open = member.pk is not None and member.role != Role.REFEREE
    if was_open and Assessment.objects.filter(image__attempt__entry__meet_id=member.meet_id).exists():
        raise Conflict(
            "saw_findings",
            "This person may have seen what was found in this meet's photos, so cannot become its referee. "
            "Name somebody else.",
        )


# ── Platforms ────────────────────────────────────────────────────────────────────────────────────────────


def platform_create(*, meet: Meet, name: str) -> Platform:
    return _row_add(meet.pk, Platform(meet=meet, name=name))


def platform_update(*, platform: Platform, name: str) -> Platform:
    return _row_change(platform.meet_id, platform, {"name": name})


def platform_delete(*, platform: Platform) -> None:
    """Takes the platform away; entries on it stay, without a platform."""
    _row_remove(platform.meet_id, platform)


# ── Cameras ──────────────────────────────────────────────────────────────────────────────────────────────


def camera_create(*, meet: Meet, **fields: Unpack[CameraFields]) -> Camera:
    return _row_add(meet.pk, Camera(meet=meet, **fields))


def camera_update(*, camera: Camera, **changes: Unpack[CameraFields]) -> Camera:
    """Changes a camera. Photos that it has taken keep what was known of them until they are read again."""
    return _row_change(camera.meet_id, camera, changes)


def camera_delete(*, camera: Camera) -> None:
    """Takes the camera away; its photos stay, without a camera."""
    _row_remove(camera.meet_id, camera)


# ── Lifters ──────────────────────────────────────────────────────────────────────────────────────────────


def lifter_create(*, meet: Meet, **fields: Unpack[LifterFields]) -> Lifter:
    return _row_add(meet.pk, Lifter(meet=meet, **fields))


def lifter_update(*, lifter: Lifter, **changes: Unpack[LifterFields]) -> Lifter:
    return _row_change(lifter.meet_id, lifter, changes)


def lifter_delete(*, lifter: Lifter) -> None:
    """Deletes the lifter with entry and attempts. Raises Conflict when a photo or a light hangs on them."""
    _row_remove(lifter.meet_id, lifter, Attempt.objects.filter(entry__lifter=lifter))


# ── Entries ──────────────────────────────────────────────────────────────────────────────────────────────


def entry_create(*, meet: Meet, **fields: Unpack[EntryFields]) -> Entry:
    _same_meet(meet.pk, fields)
    return _row_add(meet.pk, Entry(meet=meet, **fields))


def entry_update(*, entry: Entry, **changes: Unpack[EntryFields]) -> Entry:
    _same_meet(entry.meet_id, changes)
    if changes.get("lifter", entry.lifter) != entry.lifter:
        raise Conflict("lifter_kept", "An entry keeps its lifter. Delete it and enter the other lifter.")
    return _row_change(entry.meet_id, entry, changes)


def entry_delete(*, entry: Entry) -> None:
    """Deletes the entry with its attempts. Raises Conflict when a photo or a light hangs on them."""
    _row_remove(entry.meet_id, entry, Attempt.objects.filter(entry=entry))


# ── What they share ──────────────────────────────────────────────────────────────────────────────────────


def _closed() -> Conflict:
    return Conflict("meet_closed", "This meet is closed. Open it again before changing it.")


def meet_touch(meet_id: UUID) -> None:
    """Moves the revision on; raises Conflict when the meet is closed. One statement, so nothing comes in between."""
    if Meet.objects.filter(pk=meet_id, status=MeetStatus.OPEN).update(revision=F("revision") + 1) != 1:
        raise _closed()


def _same_meet(meet_id: UUID, fields: EntryFields) -> None:
    """Raises ValidationError when the lifter or the platform is another meet's."""
    lifter, platform = fields.get("lifter"), fields.get("platform")
    if lifter is not None and lifter.meet_id != meet_id:
        raise ValidationError({"lifter": "This lifter is not in this meet."})
    if platform is not None and platform.meet_id != meet_id:
        raise ValidationError({"platform": "This platform is not in this meet."})


def row_set(row: Model, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        row._meta.get_field(name)  # a name that is no field raises here, instead of being kept and never saved
        setattr(row, name, value)


def row_save(row: RowT) -> RowT:
    row.full_clean()
    row.save()
    return row


def _row_add(meet_id: UUID, row: RowT) -> RowT:
    with transaction.atomic():
        meet_touch(meet_id)
        return row_save(row)


def _row_change(meet_id: UUID, row: RowT, changes: Mapping[str, Any]) -> RowT:
    with transaction.atomic():
        meet_touch(meet_id)
        row_set(row, changes)
        return row_save(row)


def _row_remove(meet_id: UUID, row: Model, attempts: "QuerySet[Attempt] | None" = None) -> None:
    with transaction.atomic():
        meet_touch(meet_id)
        if attempts is not None and hangs_on(attempts):
            raise Conflict("has_evidence", "Photos or lights hang on this, and they are kept. Close the meet instead.")
        row.delete()


def hangs_on(attempts: "QuerySet[Attempt]") -> bool:
    """Does anything that is kept hang on any of these attempts: a photo, a decision, a light, even one taken back?"""
    decided = attempts.exclude(outcome=AttemptOutcome.OPEN).exists()
    lit = LogRecord.objects.filter(kind=LogKind.LIGHT, attempt_id__in=attempts.values("pk"))
    return decided or had_images(attempts) or Light.objects.filter(attempt__in=attempts).exists() or lit.exists()


def had_images(attempts: "QuerySet[Attempt]") -> bool:
    """Do photos stand at any of these attempts, or did they, before staff took them to another?"""
    there = AttemptImage.objects.filter(attempt__in=attempts).exists()
    return there or PhotoMove.objects.filter(Q(from_attempt__in=attempts) | Q(to_attempt__in=attempts)).exists()
