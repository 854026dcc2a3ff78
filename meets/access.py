"""May this user see or do this? Every page, address and file asks here and gets the row or a refusal.

A stranger to a meet gets 404: that a meet exists is already something to know. A member without the part for an
act gets 403 with what part it takes.
"""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import Http404

from meets.accepted import weights_passed
from meets.models import (
    Assessment,
    Attempt,
    AttemptImage,
    Camera,
    Category,
    Entry,
    EvidenceMode,
    JuryCase,
    Lifter,
    Light,
    Meet,
    MeetStatus,
    Membership,
    Platform,
    Role,
    Seating,
    Session,
    Webhook,
)

AnyUser = User | AnonymousUser
RowT = TypeVar("RowT", bound=Model)

STAFF_ROLES = frozenset({Role.STAFF, Role.HEAD})

# How each row reaches its meet.
_TO_MEET: dict[type[Model], str] = {
    Meet: "",
    Platform: "meet__",
    Camera: "meet__",
    Session: "meet__",
    Seating: "session__meet__",
    Webhook: "meet__",
    Lifter: "meet__",
    Entry: "meet__",
    Category: "entry__meet__",
    Attempt: "entry__meet__",
    JuryCase: "attempt__entry__meet__",
    AttemptImage: "attempt__entry__meet__",
}


def visible(model: type[RowT], user: AnyUser) -> "QuerySet[RowT]":
    """The rows of ``model`` that lie in a meet this user belongs to; none for nobody."""
    if not user.is_authenticated:
        return model._default_manager.none()
    return model._default_manager.filter(Q(**{f"{_TO_MEET[model]}memberships__user": user}))


def row_or_404(model: type[RowT], user: AnyUser, pk: UUID | str | int, *related: str) -> RowT:
    """The row when the user may see its meet. Raises Http404 otherwise, whether or not it exists."""
    rows = visible(model, user).select_related(*related) if related else visible(model, user)
    try:
        return rows.get(pk=pk)
    except (model.DoesNotExist, ValueError) as error:  # type: ignore[attr-defined]
        raise Http404(f"There is no such {model._meta.verbose_name} in your meets.") from error


def role_in(user: AnyUser, meet: Meet) -> Role | None:
    """The user's part in the meet, or None."""
    if not user.is_authenticated:
        return None
    role = Membership.objects.filter(meet=meet, user=user).values_list("role", flat=True).first()
    return Role(role) if role else None


def is_staff(user: AnyUser, meet: Meet) -> bool:
    """May the user change the meet's roster and upload photos?"""
    return role_in(user, meet) in STAFF_ROLES


def staff_required(user: AnyUser, meet: Meet) -> None:
    """Raises PermissionDenied unless the user is staff or head of the meet."""
    if not is_staff(user, meet):
        raise PermissionDenied("Only this meet's staff may do that. Ask the head of the meet.")


def role_required(user: AnyUser, meet: Meet, roles: "frozenset[Role]") -> Role:
    """The user's part. Raises PermissionDenied when it is none of these."""
    role = role_in(user, meet)
    if role not in roles:
        named = " or ".join(sorted(role.label for role in roles))
        raise PermissionDenied(f"Only the {named} of this meet may do that.")
    return role


def personal_open(user: AnyUser, meet: Meet) -> bool:
    """May this user see what the meet knows of its lifters beyond results: birth dates, consent and notes?"""
    return is_staff(user, meet)


# What of a meet its head alone changes, with what everybody else is told.
_OF_HEAD = {
    "evidence_mode": "Only the head of this meet decides when its referees see the evidence.",
    "live_permission": "Only the head of this meet says who allowed findings before the lights.",
}


def meet_changes_required(user: AnyUser, meet: Meet, changes: Mapping[str, Any]) -> None:
    """Raises PermissionDenied when somebody else than the head would change when referees see the findings, or who
    allowed it. What stays as it is may be sent along."""
    for name, refusal in _OF_HEAD.items():
        if changes.get(name, getattr(meet, name)) != getattr(meet, name) and role_in(user, meet) is not Role.HEAD:
            raise PermissionDenied(refusal)


# Nothing; and what the officials have decided, or nobody will any more.
_NOTHING = Q(pk__in=[])
_DECIDED = Q(decided_at__isnull=False)


def evidence_filter(user: AnyUser, meet: Meet, role: Role | None) -> Q:
    """The attempts of the meet whose findings this user may see now, as a filter on Attempt.

    Blind first: a referee sees an attempt's findings after his own light on it. Whoever holds no light sits within
    earshot of those who do, or may be asked to reverse them, so sees them by the meet's mode: after the lights; the
    jury alone; before them by the federation's permission; always at a training. While the assistant is switched off,
    nobody sees what was found for an attempt that is not decided. A closed meet holds nothing back from its officials.
    """
    if role is None or not isinstance(user, User):
        return _NOTHING
    if meet.evidence_mode == EvidenceMode.TRAINING:
        return Q()
    if not meet.assist_on:
        return _DECIDED & _by_mode(user, meet, role)
    return _by_mode(user, meet, role)


def _by_mode(user: User, meet: Meet, role: Role) -> Q:
    own_light = Q(Exists(Light.objects.filter(attempt=OuterRef("pk"), take=OuterRef("take"), referee=user)))
    if role is Role.READER:
        return _DECIDED if meet.evidence_mode != EvidenceMode.JURY or meet.status == MeetStatus.CLOSED else _NOTHING
    match meet.evidence_mode:
        case EvidenceMode.LIVE:
            return Q()
        case EvidenceMode.JURY if meet.status == MeetStatus.OPEN:
            return _DECIDED if role is Role.JURY else _NOTHING
    if role is Role.REFEREE:
        return own_light
    return Q() if meet.status == MeetStatus.CLOSED else _DECIDED


def seat_of(user: AnyUser, attempt: Attempt) -> str:
    """The referee's chair that this user holds for the attempt: in its session and on its platform where seats were
    given out there, else the member's own. Empty for none."""
    entry = attempt.entry
    if entry.session_id is not None:
        here = Q(platform=None) | Q(platform=entry.platform_id) if entry.platform_id else Q(platform=None)
        seats = list(Seating.objects.filter(here, session=entry.session_id).values_list("user_id", "seat", "platform"))
        # Seats of this very platform go before those that were given for all.
        nearest = [row for row in seats if row[2] is not None] or seats
        if nearest:
            return next((seat for user_id, seat, _ in nearest if user_id == user.pk), "")
    member = Membership.objects.filter(meet=entry.meet_id, user_id=user.pk or 0, role=Role.REFEREE).only("seat").first()
    return member.seat if member else ""


def advice_filters(meet: Meet) -> tuple[Q, Q]:
    """The meet's assessments that may advise anybody, and those that may not, as filters on Assessment.

    At a live meet only weights that have passed the gold gate advise; what others find stays in the record. A training
    shows everything, and says of whom it comes.
    """
    nothing = Q(pk__in=[])
    if not meet.is_live:
        return Q(), nothing
    may_advise, may_not = nothing, nothing
    rows = Assessment.objects.filter(image__attempt__entry__meet=meet).order_by()
    for kind, weights in rows.values_list("engine_kind", "weights_sha256").distinct():
        these = Q(engine_kind=kind, weights_sha256=weights)
        if weights_passed(kind, weights):
            may_advise |= these
        else:
            may_not |= these
    return may_advise, may_not


def evidence_open(user: AnyUser, attempt: Attempt) -> bool:
    """May this user see what the machine found for this attempt, now?"""
    meet = attempt.entry.meet
    return Attempt.objects.filter(evidence_filter(user, meet, role_in(user, meet)), pk=attempt.pk).exists()
