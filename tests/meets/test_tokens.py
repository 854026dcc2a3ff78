"""Access keys: made, bounded, ended; by API, page and command."""

import datetime as dt
import re
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from meets import tokens
from meets.errors import Conflict
from meets.models import Meet, Role, TokenNote
from tests import factories as make

pytestmark = pytest.mark.django_db

TOKENS = "/api/v1/auth/tokens/"


def with_token(text: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {text}")
    return client


def with_session(user: Any) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


# ── By API ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_token_is_made_shown_once_listed_and_ended() -> None:
    user, meet = make.user_make("anna"), make.meet_make()
    make.member_make(meet, Role.READER, user=user)
    client = with_session(user)

    made = client.post(TOKENS, {"name": "scoreboard", "days": 3, "read_only": True, "meet": str(meet.pk)})

    assert made.status_code == 201
    body = made.json()
    assert (body["name"], body["read_only"], body["meet"]) == ("scoreboard", True, str(meet.pk))
    ends = dt.datetime.fromisoformat(body["expiry"])
    assert dt.timedelta(days=2.9) < ends - timezone.now() < dt.timedelta(days=3)
    text = body.pop("token")
    assert with_token(text).get("/api/v1/me/").json()["username"] == "anna"
    (listed,) = client.get(TOKENS).json()
    assert listed.pop("last_used_at") is not None
    assert listed == {name: value for name, value in body.items() if name != "last_used_at"}
    assert text not in client.get(TOKENS).content.decode()
    assert text[:15] not in client.get(TOKENS).content.decode()

    assert client.delete(f"{TOKENS}{body['id']}/").status_code == 204

    assert with_token(text).get("/api/v1/me/").status_code == 401
    assert AuthToken.objects.count() == TokenNote.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "x", "days": 0}, "days"),
        ({"name": "x", "days": 366}, "days"),
        ({"name": "x", "days": None}, "days"),
        ({"name": "x", "meet": "x"}, "meet"),
        ({"name": "x", "meet": str(uuid4())}, "meet"),
        ({"name": "x", "read_only": "perhaps"}, "read_only"),
    ],
)
def test_a_token_that_cannot_be_is_refused(body: dict[str, Any], field: str) -> None:
    answer = with_session(make.user_make()).post(TOKENS, body)

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert AuthToken.objects.count() == TokenNote.objects.count() == 0


def test_a_token_is_bound_to_an_own_meet_alone() -> None:
    other = make.meet_make()

    answer = with_session(make.user_make()).post(TOKENS, {"name": "x", "meet": str(other.pk)})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["meet"])
    assert other.name not in answer.content.decode()
    assert AuthToken.objects.count() == 0


def test_only_ones_own_tokens_are_seen_and_ended() -> None:
    token, _ = tokens.token_create(user=make.user_make(), days=1)
    client = with_session(make.user_make())

    assert client.get(TOKENS).json() == []
    for name in (token.digest[:32], token.digest, token.digest[:5], "x", "%00" * 32, "Ü" * 32):
        assert client.delete(f"{TOKENS}{name}/").status_code == 404
    assert AuthToken.objects.count() == 1


def test_a_token_makes_tokens_that_do_not_outlive_it() -> None:
    user = make.user_make()
    _, text = tokens.token_create(user=user, days=10)
    client = with_token(text)

    assert client.post(TOKENS, {"name": "short", "days": 9}).status_code == 201
    answer = client.post(TOKENS, {"name": "long", "days": 11})

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("A token made with a token does not outlive it")
    assert AuthToken.objects.count() == 2
    _, endless = tokens.token_create(user=user, days=None)
    assert with_token(endless).post(TOKENS, {"name": "year", "days": 365}).status_code == 201


def test_a_browsers_cookie_alone_makes_none() -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(make.user_make())

    assert client.post(TOKENS, {"name": "x"}).status_code == 403
    assert AuthToken.objects.count() == 0


def test_there_is_an_end_to_how_many() -> None:
    user = make.user_make()
    for _ in range(tokens.TOKENS_MAX):
        tokens.token_create(user=user, days=1)

    answer = with_session(user).post(TOKENS, {"name": "one more"})

    assert (answer.status_code, answer.json()["reason"]) == (409, "too_many")
    assert AuthToken.objects.count() == TokenNote.objects.count() == tokens.TOKENS_MAX
    with pytest.raises(Conflict):
        tokens.token_create(user=user, days=1)


def test_signing_in_over_and_over_ends_the_oldest_of_these_and_no_other() -> None:
    user = make.user_make("anna")
    kept, _ = tokens.token_create(user=user, days=1, name="kept")
    first, _ = tokens.token_sign_in(user=user)
    while AuthToken.objects.count() < tokens.TOKENS_MAX:
        tokens.token_sign_in(user=user)

    answer = APIClient().post("/api/v1/auth/token/", {"username": "anna", "password": "correct horse"})

    assert answer.status_code == 200
    assert AuthToken.objects.count() == tokens.TOKENS_MAX
    assert AuthToken.objects.filter(pk=kept.pk).exists()
    assert not AuthToken.objects.filter(pk=first.pk).exists()


@pytest.mark.parametrize("days", [0, -1, 366])
def test_the_writer_refuses_days_that_cannot_be(days: int) -> None:
    with pytest.raises(ValidationError):
        tokens.token_create(user=make.user_make(), days=days)
    assert AuthToken.objects.count() == TokenNote.objects.count() == 0


# ── What a token may ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("post", TOKENS),
        ("delete", TOKENS + "0" * 32 + "/"),
        ("post", "/api/v1/meets/"),
        ("post", "/api/v1/auth/token/revoke/"),
        ("put", "/api/v1/me/"),
    ],
)
def test_a_token_for_reading_alone_gets_no_further(method: str, address: str) -> None:
    _, text = tokens.token_create(user=make.user_make(makes_meets=True), days=1, read_only=True)
    client = with_token(text)

    answer = getattr(client, method)(address, {"name": "x"})

    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert (AuthToken.objects.count(), Meet.objects.count()) == (1, 0)
    assert client.get("/api/v1/me/").status_code == client.get(TOKENS).status_code == 200


def test_a_bound_token_sees_its_meet_and_no_other() -> None:
    mine, other = make.meet_make(), make.meet_make()
    user = make.user_make(makes_meets=True)
    for meet in (mine, other):
        make.member_make(meet, Role.HEAD, user=user)
    _, text = tokens.token_create(user=user, days=1, meet=mine)
    client = with_token(text)

    assert [row["id"] for row in client.get("/api/v1/meets/").json()["results"]] == [str(mine.pk)]
    assert [row["id"] for row in client.get("/api/v1/me/").json()["meets"]] == [str(mine.pk)]
    assert client.get(f"/api/v1/meets/{mine.pk}/").status_code == 200
    unknown = client.get(f"/api/v1/meets/{uuid4()}/")
    hidden = client.get(f"/api/v1/meets/{other.pk}/")
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.json() == unknown.json()
    assert client.patch(f"/api/v1/meets/{mine.pk}/", {"town": "Umeå"}).status_code == 200
    assert client.get("/api/v1/workers/").status_code == 200
    made = client.post("/api/v1/meets/", {"name": "N", "starts_on": "2026-05-01", "rulebook": "ipf-2026-v3"})
    assert (made.status_code, Meet.objects.count()) == (403, 2)


def test_a_bound_token_makes_and_ends_none() -> None:
    meet = make.meet_make()
    user = make.member_make(meet, Role.HEAD)
    token, text = tokens.token_create(user=user, days=1, meet=meet)
    client = with_token(text)

    answers = [client.get(TOKENS), client.post(TOKENS, {"name": "x"}), client.delete(f"{TOKENS}{token.digest[:32]}/")]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert AuthToken.objects.count() == 1
    assert client.post("/api/v1/auth/token/revoke/").status_code == 204


def test_a_view_that_does_not_say_how_it_keeps_to_a_meet_is_closed_to_a_bound_token() -> None:
    from rest_framework.response import Response
    from rest_framework.test import APIRequestFactory
    from rest_framework.views import APIView

    class Forgetful(APIView):
        def get(self, request: Any) -> Response:
            return Response([meet.name for meet in Meet.objects.all()])

    meet = make.meet_make()
    user = make.member_make(meet)
    _, bound = tokens.token_create(user=user, days=1, meet=meet)
    _, free = tokens.token_create(user=user, days=1)
    codes = [
        Forgetful.as_view()(APIRequestFactory().get("/", HTTP_AUTHORIZATION=f"Token {text}")).status_code
        for text in (bound, free)
    ]
    assert codes == [403, 200]


def test_a_bound_token_dies_with_the_part_in_the_meet_and_guards_the_meets_row() -> None:
    meet = make.meet_make()
    user = make.member_make(meet, Role.STAFF)
    _, text = tokens.token_create(user=user, days=1, meet=meet)
    with pytest.raises(ProtectedError):
        meet.delete()

    meet.memberships.all().delete()

    assert with_token(text).get(f"/api/v1/meets/{meet.pk}/").status_code == 404


def test_an_ended_token_is_401() -> None:
    token, text = tokens.token_create(user=make.user_make(), days=1)
    AuthToken.objects.filter(pk=token.pk).update(expiry=timezone.now() - dt.timedelta(seconds=1))

    answer = with_token(text).get("/api/v1/me/")

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Token")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "header", ["Token", "Token ", "Token a b", "Token \xff", "Token é", "Token " + "é" * 64, "Token x"]
)
def test_what_is_no_token_is_401(header: str) -> None:
    tokens.token_create(user=make.user_make(), days=1)

    answer = APIClient().get("/api/v1/me/", HTTP_AUTHORIZATION=header)

    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")


def test_use_is_noted_at_most_once_a_minute(django_assert_num_queries: Any) -> None:
    token, text = tokens.token_create(user=make.user_make(), days=1)
    client = with_token(text)
    note = TokenNote.objects.filter(token=token)
    client.get("/api/v1/me/")
    first = note.get().last_used_at
    assert first is not None

    client.get("/api/v1/me/")
    assert note.get().last_used_at == first

    note.update(last_used_at=first - dt.timedelta(seconds=61))
    client.get("/api/v1/me/")
    assert note.get().last_used_at >= first


def test_a_token_from_before_there_were_notes_still_works() -> None:
    _, text = AuthToken.objects.create(user=make.user_make())

    assert with_token(text).get("/api/v1/me/").status_code == 200
    assert with_token(text).get(TOKENS).json()[0]["name"] == ""


# ── The page ─────────────────────────────────────────────────────────────────────────────────────────────


def page_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_page_makes_a_key_shows_it_once_and_ends_it() -> None:
    user, meet = make.user_make("anna"), make.meet_make()
    make.member_make(meet, Role.STAFF, user=user)
    client = page_of(user)
    typed = {"name": "camera 1", "days": "7", "read_only": "on", "meet": str(meet.pk)}

    made = client.post(reverse("token-list"), typed)

    assert made.status_code == 200
    assert "no-store" in made["Cache-Control"]
    found = re.search(r"<code>([0-9a-f]+)</code>", made.content.decode())
    assert found is not None
    assert with_token(found[1]).get(f"/api/v1/meets/{meet.pk}/").status_code == 200
    assert with_token(found[1]).post(TOKENS, {"name": "x"}).status_code == 403
    again = client.get(reverse("token-list")).content.decode()
    assert found[1] not in again
    assert "camera 1" in again
    assert meet.name in again

    token_id = AuthToken.objects.get().digest[:32]
    ended = client.post(reverse("token-end", args=[token_id]), follow=True)

    assert "The access key is ended" in ended.content.decode()
    assert AuthToken.objects.count() == 0


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": "", "days": "7"}, "Fill this in."),
        ({"name": "x", "days": "0"}, "Write a number from 1 to 365."),
        ({"name": "x", "days": "x"}, "Write a number."),
        ({"name": "x", "days": "7", "meet": str(uuid4())}, "Choose one of the list."),
    ],
)
def test_a_key_that_cannot_be_is_refused_on_the_page(typed: dict[str, str], sentence: str) -> None:
    answer = page_of(make.user_make()).post(reverse("token-list"), typed)

    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert AuthToken.objects.count() == 0


def test_the_page_offers_ones_own_meets_alone() -> None:
    mine, other = make.meet_make(), make.meet_make()
    shown = page_of(make.member_make(mine)).get(reverse("token-list")).content.decode()
    assert mine.name in shown
    assert other.name not in shown


def test_a_key_is_made_and_ended_from_our_own_page_alone() -> None:
    user = make.user_make()
    token, _ = tokens.token_create(user=user, days=1)
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)

    assert client.post(reverse("token-list"), {"name": "x", "days": "1"}).status_code == 403
    assert client.post(reverse("token-end", args=[token.digest[:32]])).status_code == 403
    assert AuthToken.objects.count() == 1


# ── The command ──────────────────────────────────────────────────────────────────────────────────────────


def command(*given: str) -> str:
    out = StringIO()
    call_command("token_create", *given, stdout=out)
    return out.getvalue().strip()


def test_the_command_makes_what_it_is_told() -> None:
    meet = make.meet_make()
    make.member_make(meet, Role.STAFF, user=make.user_make("anna"))

    plain = command("anna")
    text = command("anna", "--days", "9", "--name", "feed", "--read-only", "--meet", str(meet.pk))

    assert with_token(plain).get("/api/v1/me/").json()["username"] == "anna"
    note = TokenNote.objects.get(name="feed")
    assert (note.read_only, note.meet) == (True, meet)
    assert note.token.expiry is not None
    assert with_token(text).post(TOKENS, {"name": "x"}).status_code == 403
    assert AuthToken.objects.get(note__name="").expiry is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("bo",), "There is no active user 'bo'"),
        (("anna", "--days", "0"), "1 to 365 days"),
        (("anna", "--days", "1000"), "1 to 365 days"),
        (("anna", "--meet", "x"), "anna takes part in no meet 'x'"),
        (("anna", "--meet", str(uuid4())), "anna takes part in no meet"),
        (("anna", "--name", "x" * 81), "at most 80"),
    ],
)
def test_the_command_says_what_is_wrong(given: tuple[str, ...], sentence: str) -> None:
    make.user_make("anna")
    with pytest.raises(CommandError, match=re.escape(sentence)):
        command(*given)
    assert AuthToken.objects.count() == 0
