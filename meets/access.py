"""May this user see or do this? Every page, address and file asks here and gets the row or a refusal.

A stranger to a meet gets 404: that a meet exists is already something to know. A member without the part for an
act gets 403 with what part it takes.
"""

from typing import TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404

from meets.accepted import weights_passed
from meets.models import (
    Assessment,
    Attempt,
    AttemptImage,
    Camera,
    Entry,
    Lifter,
    Meet,
    Membership,
    Platform,
    Role,
)

AnyUser = User | AnonymousUser
RowT = TypeVar("RowT", bound=Model)

STAFF_ROLES = frozenset({Role.STAFF, Role.HEAD})

# How each row reaches its meet.
_TO_MEET: dict[type[Model], str] = {
    Meet: "",
    Platform: "meet__",
    Camera: "meet__",
    Lifter: "meet__",
    Entry: "meet__",
    Attempt: "entry__meet__",
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


def evidence_mode_required(user: AnyUser, meet: Meet, evidence_mode: str) -> None:
    """Raises PermissionDenied when somebody else than the head would change when referees see the findings."""
    if evidence_mode != meet.evidence_mode and role_in(user, meet) is not Role.HEAD:
        raise PermissionDenied("Only the head of this meet decides when its referees see the evidence.")


def evidence_filter(user: AnyUser, meet: Meet, role: Role | None) -> Q:
    """The attempts of the meet whose findings this user may see now, as a filter on Attempt.

    Blind first: a referee sees an attempt's findings only after his own light on it, unless the meet is a
    training. Staff and readers hold no light but sit within earshot of those who do, and a juror may be asked to
    reverse them; what each of them sees per mode is a later matter, so here only the referee is blind.
    """
    if role is None:
        return Q(pk__in=[])
    if role is Role.REFEREE and meet.is_live:
        return Q(lights__referee=user)
    return Q()


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
