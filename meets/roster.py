"""Who lifts what: the writers for meets, platforms, members, lifters, entries and their categories.

Pages and API call these. Each checks the whole row, moves the meet's revision on in the same transaction, and
raises ValidationError or Refusal without having written anything. Whether the user may do it is asked before, in
meets.access.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypedDict, TypeVar, Unpack
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Model, Q, QuerySet

from meets import intake, webhooks, weigh_in
from meets.access import AnyUser
from meets.errors import Conflict
from meets.log import log_append
from meets.models import (
    Assessment,
    Attempt,
    AttemptImage,
    AttemptOutcome,
    Camera,
    Category,
    Entry,
    EvidenceMode,
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
    Seating,
    Session,
)

RowT = TypeVar("RowT", bound=Model)


class MeetFields(TypedDict, total=False):
    name: str
    federation: str
    country: str
    state: str
    town: str
    starts_on: date
    rulebook: str
    engine: str
    engines_also: list[str]
    evidence_mode: str
    live_permission: str
    formula: str
    photos_keep_days: int | None
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
    birth_date: date | None
    country: str
    state: str
    team: str
    member_id: str


class EntryFields(TypedDict, total=False):
    lifter: Lifter
    session: Session | None
    platform: Platform | None
    flight: str
    lot: int | None
    weight_class: str
    bodyweight_kg: Decimal | None
    equipment: str
    squat_rack: str
    bench_rack: str
    bench_safety: str
    bench_blocks: str
    guest: bool
    disqualified: bool
    tested: bool | None
    consent: str
    notes: str


# Logged without what is in them: people write names into notes, and the log is never changed.
_UNTOLD = frozenset({"notes"})
MEET_TOLD = tuple(MeetFields.__annotations__)
ENTRY_TOLD = tuple(EntryFields.__annotations__)
# A division and an event (meets.models.Event).
CategoryPair = tuple[str, str]


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
        log_append(meet.pk, LogKind.MEET, {"act": "created", "changes": row_changes({}, meet, MEET_TOLD)}, user=user)
        member = Membership.objects.create(meet=meet, user=user, role=Role.HEAD)
        _member_tell(member, was=None, by=user)
    return meet


def meet_update(*, meet: Meet, user: User | None = None, **changes: Unpack[MeetFields]) -> Meet:
    """Changes a meet. One that is closed can only be opened again, together with whatever else changes.

    Where other engines are asked than before, the photos that a kind has not read yet wait for it, and the board shows
    what the one says that counts now.
    """
    with transaction.atomic():
        now = Meet.objects.select_for_update().get(pk=meet.pk)
        asked, before, was = now.engines_asked, webhooks.meet_body(now), row_facts(now, MEET_TOLD)
        if now.status == MeetStatus.CLOSED and changes.get("status", now.status) == MeetStatus.CLOSED and changes:
            raise _closed()
        row_set(now, changes)
        now.revision += 1
        _meet_save(now)
        if told := row_changes(was, now, MEET_TOLD):
            log_append(now.pk, LogKind.MEET, {"act": "changed", "changes": told}, user=user)
        if now.engines_asked != asked:
            if now.status == MeetStatus.CLOSED:
                raise Conflict(
                    "closing", "Change the engines first, then close the meet: photos are read in an open one."
                )
            intake.readings_ask(meet=now)
        webhooks.meet_tell(before, now)
    return now


def _meet_save(meet: Meet) -> None:
    """The engine that counts is not named among the others again. Raises ValidationError for findings before the
    lights without a word on who allowed it."""
    if meet.evidence_mode == EvidenceMode.LIVE and not meet.live_permission.strip():
        raise ValidationError(
            {"live_permission": "Findings before the lights take the federation's permission. Say who gave it."}
        )
    row_save(meet)
    also = [kind for kind in dict.fromkeys(meet.engines_also) if kind != meet.engine]
    if also != meet.engines_also:
        meet.engines_also = also
        meet.save(update_fields=["engines_also"])


def membership_set(*, meet: Meet, user: User, role: str, seat: str = "", by: User | None = None) -> Membership:
    """Gives a person the one part they have in the meet. Who is no referee any more leaves the seats of its sessions.

    by: who gave it. Raises Conflict when the meet would be left without a head, or for a referee who may have seen the
    findings.
    """
    with transaction.atomic():
        meet_touch(meet.pk)
        member = Membership.objects.filter(meet=meet, user=user).first() or Membership(meet=meet, user=user)
        if role != Role.HEAD:
            _head_kept(member)
        if role == Role.REFEREE:
            _blind_kept(member)
        was = {"role": member.role, "seat": member.seat} if member.pk else None
        member.role, member.seat = role, seat
        row_save(member)
        _member_tell(member, was=was, by=by)
        return member


def membership_delete(*, member: Membership, by: User | None = None) -> None:
    """Ends a person's part in the meet; the lights they gave stay. Raises Conflict for the meet's only head."""
    with transaction.atomic():
        meet_touch(member.meet_id)
        _head_kept(member)
        was = {"role": member.role, "seat": member.seat}
        member.role, member.seat = "", ""
        _member_tell(member, was=was, by=by)
        member.delete()


def _member_tell(member: Membership, *, was: dict[str, str] | None, by: User | None) -> None:
    """Logs the part that a person has now, and takes whoever is no referee out of the sessions' seats."""
    body: dict[str, Any] = {"user": member.user.get_username(), "role": member.role, "seat": member.seat, "was": was}
    if member.role != Role.REFEREE:
        left, _ = Seating.objects.filter(session__meet=member.meet_id, user=member.user_id).delete()
        body |= {"seats_left": left} if left else {}
    log_append(member.meet_id, LogKind.SEAT, body, user=by)


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


def lifter_create(*, meet: Meet, user: User | None = None, **fields: Unpack[LifterFields]) -> Lifter:
    """Raises ValidationError like all of them, and where birth date and birth year contradict each other. The log tells
    which fields were filled in, as of a change."""
    _birth_settle(fields)
    with transaction.atomic():
        lifter = _row_add(meet.pk, Lifter(meet=meet, **fields))
        filled = sorted(name for name in fields if getattr(lifter, name) not in (None, ""))
        _lifter_tell(meet.pk, "lifter_created", lifter.pk, {"fields": filled}, user)
        return lifter


def lifter_update(*, lifter: Lifter, user: User | None = None, **changes: Unpack[LifterFields]) -> Lifter:
    """Changes a lifter. Raises like lifter_create, and Conflict for one who was erased. Classes that were filled in
    stay. The log tells which fields changed, since class, points and places follow from some, and no more of them."""
    if lifter.erased_at is not None and any(getattr(lifter, name) != value for name, value in changes.items()):
        raise Conflict("erased", "This lifter was erased on request, and stays so.")
    if changes.get("birth_year") and "birth_date" not in changes:
        _birth_settle({"birth_date": lifter.birth_date, "birth_year": changes["birth_year"]})
    _birth_settle(changes)
    with transaction.atomic():
        meet_touch(lifter.meet_id)
        was: dict[str, Any] = dict(Lifter.objects.filter(pk=lifter.pk).values().get())
        row_set(lifter, changes)
        row_save(lifter)
        changed = sorted(name for name in changes if getattr(lifter, name) != was[name])
        if changed:
            _lifter_tell(lifter.meet_id, "lifter", lifter.pk, {"fields": changed}, user)
        return lifter


def _birth_settle(fields: LifterFields) -> None:
    """A birth date brings its year along."""
    birth_date = fields.get("birth_date")
    if birth_date is None:
        return
    if fields.get("birth_year") not in (None, birth_date.year):
        raise ValidationError({"birth_year": f"The birth date is of {birth_date.year}. Correct one of the two."})
    fields["birth_year"] = birth_date.year


def lifter_delete(*, lifter: Lifter, user: User | None = None) -> None:
    """Deletes the lifter with entry and attempts. Raises Conflict when a photo or a light hangs on them."""
    with transaction.atomic():
        entries = list(Entry.objects.filter(lifter=lifter).values_list("pk", flat=True))
        meet_id, lifter_id = lifter.meet_id, lifter.pk
        _row_remove(meet_id, lifter, Attempt.objects.filter(entry__lifter=lifter))
        for entry_id in entries:
            _entry_tell(meet_id, "deleted", entry_id, {"lifter": lifter_id}, user)
        _lifter_tell(meet_id, "lifter_deleted", lifter_id, {}, user)


def _lifter_tell(meet_id: UUID, act: str, lifter_id: UUID, more: Mapping[str, Any], user: User | None) -> None:
    log_append(meet_id, LogKind.ENTRY, {"act": act, "lifter": str(lifter_id), **more}, user=user)


# ── Entries ──────────────────────────────────────────────────────────────────────────────────────────────


def entry_create(
    *,
    meet: Meet,
    user: User | None = None,
    categories: Sequence[CategoryPair] | None = None,
    waive_reason: str = "",
    **fields: Unpack[EntryFields],
) -> Entry:
    """Enters a lifter. An empty class is filled in from the bodyweight; waive_reason lets a class stand that does not
    fit. Raises Conflict for one that does not, ValidationError like all of them."""
    _same_meet(meet.pk, fields)
    entry = Entry(meet=meet, **fields)
    with transaction.atomic():
        meet_touch(meet.pk)
        return _entry_save(entry, {}, user=user, categories=categories, waive_reason=waive_reason)


def entry_update(
    *,
    entry: Entry,
    user: User | None = None,
    categories: Sequence[CategoryPair] | None = None,
    waive_reason: str = "",
    **changes: Unpack[EntryFields],
) -> Entry:
    """Changes an entry; raises like entry_create. Its class is asked about when class or bodyweight change."""
    _same_meet(entry.meet_id, changes)
    if changes.get("lifter", entry.lifter) != entry.lifter:
        raise Conflict("lifter_kept", "An entry keeps its lifter. Delete it and enter the other lifter.")
    with transaction.atomic():
        meet_touch(entry.meet_id)
        row = Entry.objects.select_related("lifter", "meet").get(pk=entry.pk)
        was = row_facts(row, ENTRY_TOLD)
        row_set(row, changes)
        return _entry_save(row, was, user=user, categories=categories, waive_reason=waive_reason)


def _entry_save(
    entry: Entry,
    was: Mapping[str, Any],
    *,
    user: User | None,
    categories: Sequence[CategoryPair] | None,
    waive_reason: str,
) -> Entry:
    """was: what stood before (row_facts); empty for a new entry."""
    entry.full_clean()
    more: dict[str, Any] = {}
    if any(was.get(name) != getattr(entry, name) for name in ("weight_class", "bodyweight_kg")):
        settled = weigh_in.class_settle(entry, waive_reason=waive_reason)
        entry.weight_class = settled.weight_class
        if settled.misfit:
            more = {"waived": ["class_misfit"], "fits": settled.misfit, "reason": waive_reason.strip()}
    entry.save()
    if told := row_changes(was, entry, ENTRY_TOLD, untold=_UNTOLD):
        act = "changed" if was else "created"
        _entry_tell(entry.meet_id, act, entry.pk, {"lifter": entry.lifter_id, "changes": told} | more, user)
    if categories is not None:
        _categories_replace(entry, categories, user)
    return entry


def entry_delete(*, entry: Entry, user: User | None = None) -> None:
    """Deletes the entry with its attempts. Raises Conflict when a photo or a light hangs on them."""
    with transaction.atomic():
        entry_id = entry.pk
        _row_remove(entry.meet_id, entry, Attempt.objects.filter(entry=entry))
        _entry_tell(entry.meet_id, "deleted", entry_id, {"lifter": entry.lifter_id}, user)


def entry_take_out(*, entry: Entry, user: User | None = None) -> bool:
    """Takes the entry out of the meet, and with the last one the lifter. Returns whether the lifter is gone too. Raises
    like entry_delete."""
    with transaction.atomic():
        Meet.objects.select_for_update().only("pk").get(pk=entry.meet_id)
        if Entry.objects.filter(lifter=entry.lifter_id).exclude(pk=entry.pk).exists():
            entry_delete(entry=entry, user=user)
            return False
        lifter_delete(lifter=entry.lifter, user=user)
        return True


def _entry_tell(meet_id: UUID, act: str, entry_id: UUID, more: Mapping[str, Any], user: User | None) -> None:
    log_append(meet_id, LogKind.ENTRY, {"act": act, "entry": entry_id, **more}, user=user)


def category_set(*, entry: Entry, categories: Sequence[CategoryPair], user: User | None) -> list[Category]:
    """Where the entry competes, in place of what stood. A category that stays keeps its place as an official set it.
    Raises ValidationError for one that stands twice or cannot be."""
    with transaction.atomic():
        meet_touch(entry.meet_id)
        return _categories_replace(entry, categories, user)


def _categories_replace(entry: Entry, categories: Sequence[CategoryPair], user: User | None) -> list[Category]:
    wanted = [(division.strip(), event) for division, event in categories]
    if len(set(wanted)) != len(wanted):
        raise ValidationError({"categories": "A division stands here twice with the same event. Name it once."})
    had = {(row.division, row.event): row for row in Category.objects.filter(entry=entry)}
    Category.objects.filter(pk__in=[row.pk for pair, row in had.items() if pair not in wanted]).delete()
    for division, event in wanted:
        if (division, event) not in had:
            _category_add(entry, division, event)
    if set(had) != set(wanted):
        body = {"from": sorted(had), "to": sorted(wanted)}
        _entry_tell(entry.meet_id, "categories", entry.pk, body, user)
    return list(Category.objects.filter(entry=entry))


def _category_add(entry: Entry, division: str, event: str) -> None:
    """What is wrong with a category is told of the list it came in."""
    try:
        row_save(Category(entry=entry, division=division, event=event))
    except ValidationError as error:
        raise ValidationError({"categories": error.messages}) from error


# ── What they share ──────────────────────────────────────────────────────────────────────────────────────


def _closed() -> Conflict:
    return Conflict("meet_closed", "This meet is closed. Open it again before changing it.")


def meet_touch(meet_id: UUID) -> None:
    """Moves the revision on; raises Conflict when the meet is closed. One statement, so nothing comes in between."""
    if Meet.objects.filter(pk=meet_id, status=MeetStatus.OPEN).update(revision=F("revision") + 1) != 1:
        raise _closed()


def _same_meet(meet_id: UUID, fields: EntryFields) -> None:
    """Raises ValidationError when the lifter, the session or the platform is another meet's."""
    lifter, session, platform = fields.get("lifter"), fields.get("session"), fields.get("platform")
    if lifter is not None and lifter.meet_id != meet_id:
        raise ValidationError({"lifter": "This lifter is not in this meet."})
    if platform is not None and platform.meet_id != meet_id:
        raise ValidationError({"platform": "This platform is not in this meet."})
    if session is not None and session.meet_id != meet_id:
        raise ValidationError({"session": "This session is not in this meet."})


def row_set(row: Model, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        row._meta.get_field(name)  # a name that is no field raises here, instead of being kept and never saved
        setattr(row, name, value)


def row_facts(row: Model, names: Sequence[str]) -> dict[str, Any]:
    """The row's values by field, as the log tells them: of another row its id alone, or its name where the id is a
    number that means nothing on another site."""
    return {name: _fact(row, name) for name in names}


# What stands in the log for a row of these.
_NAMED: dict[type[Model] | None, str] = {Session: "number", Platform: "name"}


def _fact(row: Model, name: str) -> Any:
    field = row._meta.get_field(name)
    if (by := _NAMED.get(field.related_model)) is None:
        return getattr(row, field.attname)  # type: ignore[union-attr]
    return getattr(getattr(row, name), by, None)


def row_changes(
    was: Mapping[str, Any], row: Model, names: Sequence[str], *, untold: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """What differs from what stood, as {field: {"from": …, "to": …}}. was: row_facts from before; empty for a new row,
    of which what is not empty is told. untold: fields of which it is told alone that they differ."""
    now = row_facts(row, names)
    if was:
        told = {name: {"from": was[name], "to": now[name]} for name in names if was[name] != now[name]}
    else:
        told = {name: {"to": now[name]} for name in names if now[name] not in ("", None, [], False)}
    return {name: {} if name in untold else change for name, change in told.items()}


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
