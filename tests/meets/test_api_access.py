"""Every address of the API × every part in a meet, own meet and another's. A new address without a row here fails."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from rest_framework.test import APIClient

from meets import decisions, intake, jury, sessions, tokens
from meets.api import urls
from meets.models import (
    Attempt,
    AttemptImage,
    Camera,
    Card,
    Category,
    Delivery,
    Entry,
    ImageStatus,
    JuryCase,
    JuryVote,
    Lifter,
    Light,
    Meet,
    Membership,
    Platform,
    Reading,
    Role,
    Seating,
    SecondCall,
    Session,
    Webhook,
)
from tests import factories as make
from tests.meets.lent import lending

ALL = tuple(Role)
STAFF = (Role.STAFF, Role.HEAD)
HEAD = (Role.HEAD,)
BY_HEAD = "Only the head of this meet decides which systems are told of it."
REFEREE = (Role.REFEREE,)
HEAD_ALONE = "Only the head of meet of this meet may do that."
REFEREE_ALONE = "Only the referee of this meet may do that."
THOSE_ALONE = "Only the head of meet or jury or staff of this meet may do that."
BY_STAFF = "Only the head of meet or staff of this meet may do that."
METHODS = ("get", "post", "put", "patch", "delete")


class World:
    """One meet with one row of everything."""

    def __init__(self) -> None:
        self.meet = make.meet_make()
        self.platform = self.meet.platforms.create(name="One")
        self.session = sessions.session_create(meet=self.meet, number=1)
        self.seated, self.spare_referee = (make.member_make(self.meet, Role.REFEREE) for _ in range(2))
        sessions.seating_set(session=self.session, platform=None, seat="left", user=self.seated, by=None)
        self.camera = make.camera_make(self.meet)
        self.entry = make.entry_make(self.meet, platform=self.platform)
        self.lifter = self.entry.lifter
        self.spare = make.lifter_make(self.meet)
        self.empty = make.attempt_make(entry=self.entry, number=2)
        self.attempt = make.attempt_make(entry=self.entry)
        self.image = make.image_make(self.attempt, status=ImageStatus.FAILED)
        self.said = make.image_make(self.attempt)
        intake.image_lift_say(image=self.said, user=self.said.uploaded_by)
        self.aside = make.image_make(self.attempt)
        intake.image_set_aside(image=self.aside, user=self.aside.uploaded_by)
        self.bare = make.entry_make(self.meet)
        lifting = make.entry_make(self.meet)
        self.called = make.attempt_make(entry=lifting)
        # Decided two to one, so that it may go to the jury, and one that has gone there.
        told = decisions.Elsewhere(lights={"left": "white", "chief": "white", "right": "red"})
        self.staff = make.member_make(self.meet, Role.HEAD)
        self.decided, self.judged = (make.attempt_make(entry=lifting, lift=lift) for lift in ("bench", "deadlift"))
        for attempt in (self.decided, self.judged):
            decisions.decision_bring_in(attempt=attempt, user=self.staff, told=told)
        self.jury = [make.member_make(self.meet, Role.JURY) for _ in range(3)]
        self.case = jury.jury_open(attempt=self.judged, user=self.jury[0], grounds="seen from the side")
        self.webhook = Webhook.objects.create(
            meet=self.meet, url="https://192.0.2.1/", created_by=self.said.uploaded_by
        )

    def jury_of_three(self) -> None:
        """Whoever asks may make the jury one more, and the rule book wants three or five."""
        if Membership.objects.filter(meet=self.meet, role=Role.JURY).count() > 3:
            Membership.objects.filter(meet=self.meet, user=self.jury[0]).delete()


built, world = lending(World)


@dataclass(frozen=True)
class Row:
    """One address and method: the way to its row, what to send, who may, and what they get."""

    row: Callable[[World], Any] | None
    may: tuple[Role, ...]
    status: int
    body: Callable[[World], dict[str, Any]] = field(default=lambda world: {})
    form: str = "json"
    query: str = ""
    # What those read who may not.
    refusal: str | tuple[str, ...] = "Only this meet's staff may do that. Ask the head of the meet."


def meet(world: World) -> Any:
    return world.meet


def photo(world: World) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("p.jpg", make.photo_bytes(), content_type="image/jpeg")}


def results_file(world: World) -> dict[str, Any]:
    """One lifter in OPL Format v1."""
    text = (
        "OPL Format v1 (White Lights),Submit by email:,issues@openpowerlifting.org\n\n"
        "Federation,Date,MeetCountry,MeetState,MeetTown,MeetName,Formula\nIPF,2026-05-01,Finland,,Turku,Trial,\n\n"
        "Place,Name,Sex,Equipment,Division,BodyweightKg,WeightClassKg,Bench1Kg,Best3BenchKg,TotalKg,Event\n"
        "1,Anna Ek,F,Raw,Open,62,63,60,60,60,B\n"
    )
    return {"file": SimpleUploadedFile("results.csv", text.encode(), content_type="text/csv")}


def registrations(world: World) -> dict[str, Any]:
    data = b"Name,Sex,Equipment\nNew One,F,Raw\n"
    return {"file": SimpleUploadedFile("roster.csv", data, content_type="text/csv")}


TABLE = {
    ("meet-detail", "get"): Row(meet, ALL, 200),
    ("meet-detail", "patch"): Row(meet, STAFF, 200, lambda world: {"town": "Umeå"}),
    ("roster", "post"): Row(meet, STAFF, 200, registrations, "multipart"),
    ("platform-list", "get"): Row(meet, ALL, 200),
    ("platform-list", "post"): Row(meet, STAFF, 201, lambda world: {"name": "Two"}),
    ("platform-detail", "get"): Row(lambda world: world.platform, ALL, 200),
    ("platform-detail", "patch"): Row(lambda world: world.platform, STAFF, 200, lambda world: {"name": "Three"}),
    ("platform-detail", "delete"): Row(lambda world: world.platform, STAFF, 204),
    ("session-list", "get"): Row(meet, ALL, 200),
    ("session-list", "post"): Row(meet, STAFF, 201, lambda world: {"number": 2}),
    ("session-detail", "get"): Row(lambda world: world.session, ALL, 200),
    ("session-detail", "patch"): Row(lambda world: world.session, STAFF, 200, lambda world: {"name": "Women"}),
    ("session-detail", "delete"): Row(lambda world: world.session, STAFF, 204),
    ("seat-list", "get"): Row(lambda world: world.session, STAFF, 200),
    ("seat-list", "post"): Row(
        lambda world: world.session,
        HEAD,
        201,
        lambda world: {"seat": "right", "username": world.spare_referee.username},
        refusal=HEAD_ALONE,
    ),
    ("seat-list", "delete"): Row(lambda world: world.session, HEAD, 204, query="?seat=left", refusal=HEAD_ALONE),
    ("camera-list", "get"): Row(meet, ALL, 200),
    ("camera-list", "post"): Row(meet, STAFF, 201, lambda world: {"name": "High", "view": "left"}),
    ("camera-detail", "get"): Row(lambda world: world.camera, ALL, 200),
    ("camera-detail", "patch"): Row(lambda world: world.camera, STAFF, 200, lambda world: {"view": "right"}),
    ("camera-detail", "delete"): Row(lambda world: world.camera, STAFF, 204),
    ("lifter-list", "get"): Row(meet, ALL, 200),
    ("lifter-list", "post"): Row(meet, STAFF, 201, lambda world: {"name": "New", "sex": "M"}),
    ("lifter-detail", "get"): Row(lambda world: world.lifter, ALL, 200),
    ("lifter-detail", "patch"): Row(lambda world: world.lifter, STAFF, 200, lambda world: {"team": "Club"}),
    ("lifter-detail", "delete"): Row(lambda world: world.spare, STAFF, 204),
    ("lifter-erase", "post"): Row(
        lambda world: world.lifter, HEAD, 200, lambda world: {"reason": "asked by mail"}, refusal=HEAD_ALONE
    ),
    ("entry-list", "get"): Row(meet, ALL, 200),
    ("entry-list", "post"): Row(meet, STAFF, 201, lambda world: {"lifter": str(world.spare.pk)}),
    ("entry-detail", "get"): Row(lambda world: world.entry, ALL, 200),
    ("entry-detail", "patch"): Row(lambda world: world.entry, STAFF, 200, lambda world: {"flight": "B"}),
    ("entry-detail", "delete"): Row(lambda world: world.bare, STAFF, 204),
    ("attempt-list", "get"): Row(meet, ALL, 200),
    ("attempt-list", "post"): Row(
        meet,
        STAFF,
        201,
        lambda world: {"entry": str(world.entry.pk), "lift": "bench", "number": 1, "declared_kg": "60"},
    ),
    ("attempt-detail", "get"): Row(lambda world: world.attempt, ALL, 200),
    ("attempt-detail", "patch"): Row(lambda world: world.attempt, STAFF, 200, lambda world: {"declared_kg": "102.5"}),
    ("attempt-detail", "delete"): Row(lambda world: world.empty, STAFF, 204),
    ("image-submit", "post"): Row(lambda world: world.attempt, STAFF, 202, photo, "multipart"),
    ("image-detail", "get"): Row(lambda world: world.image, ALL, 200),
    ("image-detail", "patch"): Row(lambda world: world.image, STAFF, 202, lambda world: {"phase": "lockout"}),
    ("image-retry", "post"): Row(lambda world: world.image, STAFF, 202),
    ("image-lift", "post"): Row(lambda world: world.image, STAFF, 202),
    ("image-lift", "delete"): Row(lambda world: world.said, STAFF, 202),
    ("image-move", "post"): Row(lambda world: world.image, STAFF, 202, lambda world: {"attempt": str(world.empty.pk)}),
    ("image-set-aside", "post"): Row(lambda world: world.image, STAFF, 202),
    ("image-set-aside", "delete"): Row(lambda world: world.aside, STAFF, 202),
    ("webhook-list", "get"): Row(meet, HEAD, 200, refusal=BY_HEAD),
    ("webhook-list", "post"): Row(meet, HEAD, 201, lambda world: {"url": "https://8.8.8.8/"}, refusal=BY_HEAD),
    ("webhook-detail", "get"): Row(lambda world: world.webhook, HEAD, 200, refusal=BY_HEAD),
    ("webhook-detail", "patch"): Row(
        lambda world: world.webhook, HEAD, 200, lambda world: {"is_active": False}, refusal=BY_HEAD
    ),
    ("webhook-detail", "delete"): Row(lambda world: world.webhook, HEAD, 204, refusal=BY_HEAD),
    ("webhook-secret", "post"): Row(lambda world: world.webhook, HEAD, 200, refusal=BY_HEAD),
    ("webhook-ping", "post"): Row(lambda world: world.webhook, HEAD, 202, refusal=BY_HEAD),
    ("webhook-deliveries", "get"): Row(lambda world: world.webhook, HEAD, 200, refusal=BY_HEAD),
    ("results", "get"): Row(meet, ALL, 200),
    ("member-list", "get"): Row(meet, STAFF, 200),
    ("member-list", "post"): Row(
        meet, HEAD, 201, lambda world: {"username": make.user_make().username, "role": "reader"}, refusal=HEAD_ALONE
    ),
    ("member-detail", "delete"): Row(
        lambda world: (world.meet.pk, world.jury[1].username), HEAD, 204, refusal=HEAD_ALONE
    ),
    ("decision", "get"): Row(lambda world: world.attempt, ALL, 200),
    ("decision-history", "get"): Row(lambda world: world.decided, ALL, 200),
    ("light-give", "post"): Row(
        lambda world: world.called, REFEREE, 201, lambda world: {"colour": "red", "version": 1}, refusal=REFEREE_ALONE
    ),
    # Nobody here has given a light or seen evidence; test_decisions has those who have.
    ("light-take-back", "post"): Row(
        lambda world: world.called, REFEREE, 409, lambda world: {"version": 1}, refusal=REFEREE_ALONE
    ),
    ("card-give", "post"): Row(
        lambda world: world.called,
        (),
        201,
        lambda world: {"causes": ["SQ-R1"], "version": 1},
        refusal=(REFEREE_ALONE, "Only a referee who has given a light from a seat says why."),
    ),
    ("second-call", "post"): Row(
        lambda world: world.called,
        (),
        201,
        lambda world: {"colour": "red"},
        refusal=(REFEREE_ALONE, "Give your own light first; this is the call after it."),
    ),
    ("attempt-call", "post"): Row(
        lambda world: world.called, STAFF, 201, lambda world: {"version": 1}, refusal=BY_STAFF
    ),
    ("attempt-pass", "post"): Row(
        lambda world: world.called, STAFF, 201, lambda world: {"version": 1, "reason": "injured"}, refusal=BY_STAFF
    ),
    ("decision-bring-in", "post"): Row(
        lambda world: world.called, STAFF, 201, lambda world: {"version": 1, "outcome": "good"}, refusal=BY_STAFF
    ),
    ("decision-correct", "post"): Row(
        lambda world: world.decided,
        HEAD,
        201,
        lambda world: {"version": 2, "outcome": "no_lift", "reason": "wrong button"},
        refusal=HEAD_ALONE,
    ),
    ("jury-open", "post"): Row(
        lambda world: world.decided,
        (*STAFF, Role.JURY),
        201,
        lambda world: world.jury_of_three() or {"version": 2, "grounds": "seen from the side"},
        refusal=THOSE_ALONE,
    ),
    ("jury-vote", "post"): Row(
        lambda world: world.case,
        (),
        201,
        lambda world: {"vote": "upheld"},
        refusal=(
            "Only the jury of this meet may do that.",
            "You are not one of the jury that this case was opened with.",
        ),
    ),
    ("order", "get"): Row(meet, ALL, 200),
    ("standings", "get"): Row(meet, ALL, 200),
    ("place-set", "post"): Row(
        lambda world: world.entry, HEAD, 200, lambda world: {"place": 1, "reason": "weighed again"}, refusal=HEAD_ALONE
    ),
    ("export-opl", "get"): Row(meet, ALL, 200),
    ("export-opl-v1", "get"): Row(meet, ALL, 200),
    ("export-results", "get"): Row(meet, ALL, 200),
    ("export-results-json", "get"): Row(meet, ALL, 200),
    ("export-attempts", "get"): Row(meet, ALL, 200),
    ("export-attempts-csv", "get"): Row(meet, ALL, 200),
    # Results go into an empty meet alone, which this one is not; test_exports has one that is.
    ("results-import", "post"): Row(meet, STAFF, 409, results_file, "multipart"),
    ("assist", "get"): Row(meet, ALL, 200),
    ("assist", "post"): Row(meet, STAFF, 200, lambda world: {"on": False, "reason": "cameras moved"}),
    ("log", "get"): Row(meet, (*STAFF, Role.JURY), 200, refusal=THOSE_ALONE),
    ("sway", "get"): Row(meet, (*STAFF, Role.JURY), 200, refusal=THOSE_ALONE),
    ("results-slash", "get"): Row(meet, ALL, 200),
}
CLOSED_AS = {"jury-vote": Role.JURY}
# A lifter is forgotten at any time.
EVEN_CLOSED = {"lifter-erase"}
# Addresses that belong to no meet; their tests stand below and in test_api.
ELSEWHERE = {
    ("meet-list", "get"),
    ("meet-list", "post"),
    ("me", "get"),
    ("workers", "get"),
    ("token-create", "post"),
    ("token-revoke", "post"),
    ("token-list", "get"),
    ("token-list", "post"),
    ("token-detail", "delete"),
    ("schema", "get"),
}


def served() -> set[tuple[str, str]]:
    """Every address and method that the API answers."""
    found = set()
    for pattern in (*urls.v1, *(pattern for pattern in urls.urlpatterns if hasattr(pattern, "name"))):
        view = pattern.callback.cls  # type: ignore[attr-defined]
        allowed = [name for name in METHODS if name in view.http_method_names and hasattr(view, name)]
        found |= {(str(pattern.name), name) for name in allowed}
    return found


def test_every_address_has_its_row() -> None:
    assert served() == set(TABLE) | ELSEWHERE


def ask(user: User | None, name: str, method: str, row: Row, world: World, **extra: str) -> Any:
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    assert row.row is not None
    which = row.row(world)
    address = reverse(f"api:{name}", args=which if isinstance(which, tuple) else [which.pk]) + row.query
    return getattr(client, method)(address, row.body(world) or None, format=row.form, **extra)


def fingerprint() -> list[list[tuple[Any, ...]]]:
    """All that a refused request must leave as it was, of every meet."""
    people = (Meet, Platform, Camera, Lifter, Entry, Attempt, Membership, Session, Seating, Category)
    lights = (Light, Card, SecondCall, JuryCase, JuryVote)
    return make.rows_of([*people, *lights, AttemptImage, Reading, Webhook, Delivery])


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("name", "method"), TABLE)
def test_a_member(name: str, method: str, role: Role, world: World) -> None:
    row = TABLE[name, method]
    user = make.member_make(world.meet, role)
    before = fingerprint()

    answer = ask(user, name, method, row, world)

    assert answer.status_code == (row.status if role in row.may else 403)
    if role not in row.may:
        named = row.refusal if isinstance(row.refusal, tuple) else (row.refusal,)
        refusals = {*named, "Only this meet's staff may do that. Ask the head of the meet."}
        assert answer.json()["detail"] in refusals
        assert fingerprint() == before


@pytest.mark.parametrize("who", ["stranger", "head of another meet", "site admin", "nobody", "switched off"])
@pytest.mark.parametrize(("name", "method"), TABLE)
def test_no_member(name: str, method: str, who: str, world: World) -> None:
    row = TABLE[name, method]
    user = {
        "stranger": lambda: make.user_make(),
        "head of another meet": lambda: make.member_make(make.meet_make(), Role.HEAD),
        "site admin": lambda: make.user_make(is_superuser=True, is_staff=True),
        "nobody": lambda: None,
        "switched off": lambda: None,
    }[who]()
    before = fingerprint()

    answer = ask(user, name, method, row, world)

    assert answer.status_code == (404 if user else 401)
    assert answer["Content-Type"] == "application/problem+json"
    # That a row of another meet exists is already something to know: the answer is that of one that does not.
    assert world.meet.name not in answer.content.decode()
    assert fingerprint() == before


@pytest.mark.parametrize(("name", "method"), TABLE)
def test_a_closed_meet_is_read_only(name: str, method: str, world: World) -> None:
    row = TABLE[name, method]
    # Somebody who may at an open meet; on a vote of a case, a member of the jury at all.
    role = Role.HEAD if Role.HEAD in row.may else (*row.may, CLOSED_AS.get(name, Role.REFEREE))[0]
    user = make.member_make(world.meet, role)
    Meet.objects.update(status="closed")
    before = fingerprint()

    answer = ask(user, name, method, row, world)

    assert answer.status_code == (200 if method == "get" or name in EVEN_CLOSED else 409)
    assert fingerprint() == before or name in EVEN_CLOSED


@pytest.mark.parametrize(("name", "method"), TABLE)
def test_a_token_bound_to_another_meet_finds_nothing_here(name: str, method: str, world: World) -> None:
    row = TABLE[name, method]
    user = make.member_make(world.meet, Role.HEAD)
    other = make.meet_make()
    make.member_make(other, Role.HEAD, user=user)
    _, token = tokens.token_create(user=user, days=1, meet=other)
    before = fingerprint()

    answer = ask(None, name, method, row, world, HTTP_AUTHORIZATION=f"Token {token}")

    assert answer.status_code == 404
    assert world.meet.name not in answer.content.decode()
    assert fingerprint() == before


@pytest.mark.parametrize(("name", "method"), TABLE)
def test_a_token_for_reading_alone_changes_nothing(name: str, method: str, world: World) -> None:
    row = TABLE[name, method]
    _, token = tokens.token_create(user=make.member_make(world.meet, Role.HEAD), days=1, read_only=True)
    before = fingerprint()

    answer = ask(None, name, method, row, world, HTTP_AUTHORIZATION=f"Token {token}")

    assert answer.status_code == (200 if method == "get" else 403)
    if method != "get":
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["detail"] == "This token is for reading alone. Make one that may write."
    assert fingerprint() == before


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "method"), sorted(ELSEWHERE - {("token-create", "post"), ("token-revoke", "post")}))
def test_addresses_of_no_meet_are_for_those_signed_in(name: str, method: str) -> None:
    args = ["0" * 32] if name == "token-detail" else []
    answer = getattr(APIClient(), method)(reverse(f"api:{name}", args=args))

    # The schema tells nothing of any meet, so anybody may read it.
    assert answer.status_code == (200 if name == "schema" else 401)


def test_a_switched_off_account_is_nobody(world: World) -> None:
    from knox.models import AuthToken

    user = make.member_make(world.meet, Role.HEAD)
    _, token = AuthToken.objects.create(user=user)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    assert client.get("/api/v1/me/").status_code == 200

    User.objects.filter(pk=user.pk).update(is_active=False)

    assert client.get("/api/v1/me/").status_code == 401
    assert client.get(f"/api/v1/meets/{world.meet.pk}/").status_code == 401


@pytest.mark.parametrize("role", Role)
def test_each_role_can_read_who_they_are(role: Role, world: World) -> None:
    client = APIClient()
    client.force_authenticate(make.member_make(world.meet, role, seat="left" if role is Role.REFEREE else ""))

    body = client.get("/api/v1/me/").json()

    assert body["may_create_meets"] is False
    assert body["meets"] == [
        {
            "id": str(world.meet.pk),
            "name": world.meet.name,
            "role": role.value,
            "seat": "left" if role is Role.REFEREE else "",
        }
    ]
