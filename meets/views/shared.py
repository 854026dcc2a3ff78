"""What every page of a meet needs: the user's desk, and answers that no shared cache keeps."""

from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from meets.models import Role
from meets.selectors.board import Desk, desk_detail


def user_of(request: HttpRequest) -> User:
    """The signed-in user of a page behind ``login_required``."""
    if not request.user.is_authenticated:
        raise PermissionDenied("Sign in first.")
    return request.user


def desk_of(request: HttpRequest, meet_id: UUID) -> Desk:
    """The user's desk. Raises Http404 for a stranger to the meet."""
    return desk_detail(request.user, meet_id)


def staff_desk_of(request: HttpRequest, meet_id: UUID) -> Desk:
    """The desk of someone who may change the meet. Raises Http404 for a stranger, PermissionDenied for a member."""
    desk = desk_of(request, meet_id)
    if not desk.is_staff:
        raise PermissionDenied("Only this meet's staff may do that. Ask the head of the meet.")
    return desk


def part_desk_of(request: HttpRequest, meet_id: UUID, roles: frozenset[Role]) -> Desk:
    """The desk of someone who has one of these parts. Raises like staff_desk_of."""
    desk = desk_of(request, meet_id)
    if desk.role not in roles:
        named = " or ".join(sorted(role.label for role in roles))
        raise PermissionDenied(f"Only the {named} of this meet may do that. Ask the head of the meet.")
    return desk


def head_desk_of(request: HttpRequest, meet_id: UUID) -> Desk:
    """The desk of the meet's head. Raises like staff_desk_of."""
    desk = desk_of(request, meet_id)
    if desk.role is not Role.HEAD:
        raise PermissionDenied("Only the head of this meet decides who takes part in it.")
    return desk
