"""A person's own API tokens, without what would let anybody use them."""

import re
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from knox.models import AuthToken

from meets.models import Meet, TokenNote

# Of the digest, enough to name one; nothing of the token itself.
ID_LENGTH = 32
_ID = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class TokenRow:
    """meet: None for one that is good for all. expiry: None for one that never ends."""

    id: str
    name: str
    read_only: bool
    meet: Meet | None
    created: datetime
    expiry: datetime | None
    last_used_at: datetime | None


def token_row(token: AuthToken) -> TokenRow:
    note = getattr(token, "note", None) or TokenNote()
    return TokenRow(
        token.digest[:ID_LENGTH],
        note.name,
        note.read_only,
        note.meet,
        token.created,
        token.expiry,
        note.last_used_at,
    )


def token_rows(user: User) -> list[TokenRow]:
    """Those that still work, the newest first."""
    return [token_row(token) for token in _of(user).order_by("-created", "digest")]


def token_or_404(user: User, token_id: str) -> AuthToken:
    """The user's own token with this id. Raises Http404 for anybody else's, and for one that has ended."""
    token = _of(user).filter(digest__startswith=token_id).first() if _ID.fullmatch(token_id) else None
    if token is None:
        raise Http404("You have no such token.")
    return token


def _of(user: User) -> "QuerySet[AuthToken]":
    works = Q(expiry=None) | Q(expiry__gte=timezone.now())
    rows: QuerySet[AuthToken] = AuthToken.objects.filter(works, user=user).select_related("note__meet")
    return rows
