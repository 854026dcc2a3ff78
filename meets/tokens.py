"""API tokens: made, ended, noted as used. A token acts for its user, within what its note allows (meets.api.auth)."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from knox.models import AuthToken

from meets.errors import Conflict
from meets.models import Meet, TokenNote

DAYS_MAX = 365
# With every request all tokens of its user are looked at.
TOKENS_MAX = 50
SIGNED_IN, SIGNED_IN_DAYS = "signed in with a password", 30
USED_NOTED_EVERY = timedelta(minutes=1)


def token_create(
    *,
    user: User,
    name: str = "",
    days: int | None,
    read_only: bool = False,
    meet: Meet | None = None,
    maker: AuthToken | None = None,
) -> tuple[AuthToken, str]:
    """A token and its text, which is shown once: only its digest is kept. days: None for one that never ends.

    maker: the token that asks for it, which the new one does not outlive. Raises ValidationError for days or a name
    that cannot be, and Conflict when the user has as many tokens as one may.
    """
    _days_check(days, maker)
    note = TokenNote(name=name.strip(), read_only=read_only, meet=meet)
    note.clean_fields(exclude=["token"])
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if AuthToken.objects.filter(user=user).count() >= TOKENS_MAX:
            raise Conflict("too_many", f"You have {TOKENS_MAX} tokens, and no more can be made. End some first.")
        token, text = AuthToken.objects.create(user=user, expiry=None if days is None else timedelta(days=days))
        note.token = token
        note.save(force_insert=True)
    return token, text


def token_sign_in(*, user: User) -> tuple[AuthToken, str]:
    """A token for somebody who has just given the password. A script that signs in every hour never ends up without:
    where there are as many as one may have, the oldest of these ends."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        mine = AuthToken.objects.filter(user=user)
        if mine.count() >= TOKENS_MAX:
            oldest = mine.filter(note__name=SIGNED_IN).order_by("created").first()
            if oldest is not None:
                oldest.delete()
        return token_create(user=user, name=SIGNED_IN, days=SIGNED_IN_DAYS)


def _days_check(days: int | None, maker: AuthToken | None) -> None:
    if days is not None and not 1 <= days <= DAYS_MAX:
        raise ValidationError({"days": f"A token is valid for 1 to {DAYS_MAX} days."})
    if maker is None or maker.expiry is None:
        return
    if days is None or timezone.now() + timedelta(days=days) > maker.expiry:
        left = (maker.expiry - timezone.now()).days
        raise ValidationError({"days": f"A token made with a token does not outlive it, and that one has {left} days."})


def token_end(*, token: AuthToken) -> None:
    token.delete()


def token_used(*, token: AuthToken) -> TokenNote | None:
    """Notes that the token is in use, at most once a minute: a script that asks every second writes nothing the rest of
    the time. Returns its note; None for a token from before there were any."""
    note = TokenNote.objects.filter(token=token).first()
    now = timezone.now()
    if note is not None and (note.last_used_at is None or note.last_used_at < now - USED_NOTED_EVERY):
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USED_NOTED_EVERY)
        TokenNote.objects.filter(stale, token=token).update(last_used_at=now)
        note.last_used_at = now
    return note
