"""Signing in, being held after too many wrong passwords, and changing one's own password."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken

from meets.models import Role
from tests.factories import meet_make, member_make, user_make

pytestmark = pytest.mark.django_db

OLD, NEW = "correct horse", "a battery and a staple"


def sign_in(name: str, password: str, **extra: Any) -> Any:
    return Client().post(reverse("login"), {"username": name, "password": password}, **extra)


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.content.decode()))


def test_too_many_wrong_passwords_are_told_in_our_own_words(settings: Any) -> None:
    user_make("anna")
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        assert sign_in("anna", "wrong").status_code == 200
    held = sign_in("anna", "wrong")
    assert held.status_code == 429
    for part in ("Too many tries to sign in", "anna", "15 minutes", "8 times", "Whoever runs this site can let you in"):
        assert part in text(held)
    assert "Content-Security-Policy" in held
    assert not re.search(r"\sstyle\s*=|<style|<script(?![^>]*\ssrc=)", held.content.decode())
    # The right password does not help now; another name, or another place, is not held.
    assert sign_in("anna", OLD).status_code == 429
    user_make("bo")
    assert sign_in("bo", OLD).status_code == 302
    assert sign_in("anna", OLD, REMOTE_ADDR="10.0.0.9").status_code == 302


def test_a_name_is_shown_as_text_when_it_is_held(settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 1
    held = sign_in("<script>1</script>", "wrong")
    assert held.status_code == 429
    assert "<script>1" not in held.content.decode()


@pytest.mark.parametrize("role", Role)
def test_everyone_finds_the_way_to_their_password(role: Role) -> None:
    meet = meet_make()
    client = Client()
    client.force_login(member_make(meet, role))
    assert reverse("password-change") in client.get(reverse("meet-board", args=[meet.pk])).content.decode()
    assert reverse("password-change") not in Client().get(reverse("login")).content.decode()


def test_a_changed_password_keeps_this_browser_and_signs_out_the_others() -> None:
    user = user_make("anna")
    here, elsewhere = Client(), Client()
    here.force_login(user)
    elsewhere.force_login(user)
    typed = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW}
    answer = here.post(reverse("password-change"), typed, follow=True)
    assert answer.redirect_chain == [(reverse("meet-list"), 302)]
    assert "Your password is changed." in answer.content.decode()
    assert elsewhere.get(reverse("meet-list")).status_code == 302
    assert sign_in("anna", OLD).status_code == 200
    assert sign_in("anna", NEW).status_code == 302


def test_a_changed_password_ends_the_accounts_api_tokens() -> None:
    user, other = user_make("anna"), user_make("bo")
    for owner in (user, user, other):
        AuthToken.objects.create(user=owner)
    client = Client()
    client.force_login(user)
    assert "ends your API tokens" in client.get(reverse("password-change")).content.decode()
    typed = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW}
    client.post(reverse("password-change"), typed | {"old_password": "wrong"})
    assert AuthToken.objects.count() == 3
    answer = client.post(reverse("password-change"), typed, follow=True)
    assert "API tokens have ended" in answer.content.decode()
    assert [token.user for token in AuthToken.objects.all()] == [other]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"old_password": "wrong"}, "This is not your present password."),
        ({"new_password2": "another one here"}, "The two new passwords differ."),
        ({"new_password1": "short", "new_password2": "short"}, "at least 10 characters"),
        ({"new_password1": "password1234", "new_password2": "password1234"}, "too common"),
        ({"old_password": ""}, "Fill this in."),
        ({"new_password1": "", "new_password2": ""}, "Fill this in."),
    ],
)
def test_a_password_that_cannot_be_stays_as_it_was(change: dict[str, str], sentence: str) -> None:
    user = user_make("anna")
    before = user.password
    client = Client()
    client.force_login(user)
    typed = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW}
    answer = client.post(reverse("password-change"), typed | change)
    assert answer.status_code == 400
    assert sentence in text(answer)
    assert NEW not in answer.content.decode()
    user.refresh_from_db()
    assert user.password == before


def test_a_password_is_changed_from_our_own_page_alone() -> None:
    user = user_make("anna")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    typed = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW}
    assert client.post(reverse("password-change"), typed).status_code == 403
    user.refresh_from_db()
    assert user.check_password(OLD)
