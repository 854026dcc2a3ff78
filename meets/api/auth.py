"""What a token may do besides what its user may: kept in the two places that no view can leave out.

Read-only is kept where the token is recognised. The meet it is bound to is kept by a permission that every view has: it
opens only views that say how they keep to one meet, so a view that forgets is closed to such tokens.
"""

from typing import Any
from uuid import UUID

from django.db.models import Model
from django.http import Http404
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from meets.models import Meet, TokenNote
from meets.tokens import token_used


class TokenAuthentication(KnoxAuthentication):  # type: ignore[misc]
    """``Authorization: Token …``. request.auth is the token, with its note."""

    def authenticate(self, request: Request) -> tuple[Any, AuthToken] | None:
        try:
            found = super().authenticate(request)
        except ValueError as error:  # no text, or none that a token can have
            raise AuthenticationFailed("Invalid token.") from error
        if found is None:
            return None
        user, token = found
        note = token_used(token=token)
        if note is not None:
            token.note = note
            if note.read_only and request.method not in SAFE_METHODS:
                raise PermissionDenied("This token is for reading alone. Make one that may write.")
        return user, token


def note_of(request: Request) -> TokenNote | None:
    """The note of the token that the request was made with; None for a session, and for a token without one."""
    return getattr(request.auth, "note", None) if isinstance(request.auth, AuthToken) else None


def bound_to(request: Request) -> UUID | None:
    """The one meet that the request's token is bound to; None for every meet of the user."""
    note = note_of(request)
    return note.meet_id if note else None


def meet_kept(request: Request, meet: Meet, model: type[Model]) -> None:
    """Raises Http404, as access.row_or_404 does, when the token is bound to another meet than the row's."""
    if bound_to(request) not in (None, meet.pk):
        raise Http404(f"There is no such {model._meta.verbose_name} in your meets.")


class KeepsToItsMeet(BasePermission):
    """A token that is bound to a meet opens only views with ``keeps_to_meet``: those that show nothing of another."""

    message = "This token is bound to one meet, and this address is not about a meet. Use another token."

    def has_permission(self, request: Request, view: Any) -> bool:
        return bound_to(request) is None or bool(getattr(view, "keeps_to_meet", False))
