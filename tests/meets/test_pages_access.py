"""Who may open which page: every address, for every part in the meet and for strangers."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from meets import urls
from meets.models import (
    Attempt,
    AttemptImage,
    Camera,
    JuryCase,
    Light,
    Meet,
    Membership,
    PhotoMove,
    Reading,
    Role,
    Seating,
    Session,
)
from meets.selectors.tokens import token_row
from meets.sessions import seating_set, session_create
from meets.tokens import token_create
from tests.factories import attempt_make, camera_make, image_make, meet_make, member_make, rows_of, user_make
from tests.meets.lent import lending

ROLES = tuple(Role)
STAFF = {Role.STAFF: 200, Role.HEAD: 200}
STAFF_GOES_ON = {Role.STAFF: 302, Role.HEAD: 302}
LOG_ROLES = (Role.STAFF, Role.HEAD, Role.JURY)
CORRECTION = {"version": "1", "outcome": "good", "reason": "wrong button"}
CASE = {"version": "1", "asked": "reversed", "grounds": "depth was there"}
NEXT_WEIGHT = {"lift": "squat", "number": "2", "kg": "110"}


@dataclass(frozen=True)
class Row:
    """One address. member: what each part gets; parts not named get ``others``. stranger: who is in another meet only.
    anybody: not about a meet at all."""

    name: str
    method: str = "get"
    member: dict[Role, int] = field(default_factory=dict)
    others: int = 200
    stranger: int = 404
    data: dict[str, str] = field(default_factory=dict)


ROWS = (
    Row("login", stranger=302, others=302),
    Row("logout", method="post", stranger=302, others=302),
    Row("password-change", stranger=200),
    # Nothing is typed, so nothing is changed; it concerns no meet.
    Row("password-change", method="post", stranger=400, others=400),
    # One's own keys alone; the one that is named here is another person's.
    Row("token-list", stranger=200),
    Row("token-list", method="post", stranger=400, others=400),
    Row("token-end", method="post", others=404),
    Row("meet-list", stranger=200),
    Row("meet-create", others=403, stranger=403),
    Row("meet-board"),
    Row("meet-board-rows"),
    Row("meet-edit", member=STAFF, others=403),
    Row("lifter-list", member=STAFF, others=403),
    Row("lifter-create", member=STAFF, others=403),
    Row("entry-edit", member=STAFF, others=403),
    Row("entry-delete", method="post", member={Role.STAFF: 302, Role.HEAD: 302}, others=403),
    Row("session-list", member=STAFF, others=403),
    Row("session-list", method="post", member=STAFF_GOES_ON, others=403, data={"number": "2"}),
    Row("session-edit", member=STAFF, others=403),
    Row("session-edit", method="post", member=STAFF_GOES_ON, others=403, data={"number": "1", "name": "Women"}),
    Row("session-delete", method="post", member=STAFF_GOES_ON, others=403),
    # The form comes back to the head alone; it lacks a referee here, so nothing is written.
    Row("seat-set", method="post", member={Role.HEAD: 400}, others=403, data={"seat": "left"}),
    Row("seat-clear", method="post", member={Role.HEAD: 302}, others=403, data={"seat": "left"}),
    Row("lifter-erase", method="post", member={Role.HEAD: 302}, others=403, data={"reason": "asked", "sure": "yes"}),
    Row("roster-upload", member=STAFF, others=403),
    # Nothing is chosen here; the preview without a file goes back to where one is.
    Row("roster-upload", method="post", member={Role.STAFF: 400, Role.HEAD: 400}, others=403),
    Row("roster-preview", member={Role.STAFF: 302, Role.HEAD: 302}, others=403),
    Row("roster-preview", method="post", member={Role.STAFF: 302, Role.HEAD: 302}, others=403),
    Row("camera-list", member=STAFF, others=403),
    Row("camera-list", method="post", member={Role.STAFF: 302, Role.HEAD: 302}, others=403, data={"name": "High"}),
    Row("camera-edit", member=STAFF, others=403),
    Row("camera-edit", method="post", member={Role.STAFF: 302, Role.HEAD: 302}, others=403, data={"name": "Low"}),
    Row("camera-delete", method="post", member={Role.STAFF: 302, Role.HEAD: 302}, others=403),
    Row("member-list", member=STAFF, others=403),
    # The form comes back to the head alone; it lacks a name here, so nothing is written.
    Row("member-list", method="post", member={Role.HEAD: 400}, others=403),
    Row("member-delete", method="post", member={Role.HEAD: 302}, others=403),
    Row("meet-unmatched", member=STAFF, others=403),
    Row("meet-unmatched-live", member=STAFF, others=403),
    Row("meet-upload", member=STAFF, others=403),
    Row("meet-upload", method="post", member={Role.STAFF: 400, Role.HEAD: 400}, others=403),
    Row("attempt-detail"),
    Row("attempt-live"),
    Row("attempt-light", method="post", member={Role.REFEREE: 302}, others=403, data={"colour": "red", "version": "1"}),
    # Neither has the referee a light to take back, nor a red one to name causes for, nor one to call again.
    Row("attempt-light-back", method="post", member={Role.REFEREE: 409}, others=403, data={"version": "1"}),
    Row("attempt-cards", method="post", member={Role.REFEREE: 422}, others=403),
    Row("attempt-second-call", method="post", others=403, data={"colour": "red"}),
    Row("attempt-call", method="post", member=STAFF_GOES_ON, others=403, data={"version": "1"}),
    Row("attempt-pass", method="post", member=STAFF_GOES_ON, others=403, data={"version": "1", "reason": "knee"}),
    Row("attempt-weight", method="post", member=STAFF_GOES_ON, others=403, data={"version": "1", "kg": "110"}),
    Row("decision-bring-in", method="post", member=STAFF_GOES_ON, others=403, data={"version": "1", "outcome": "good"}),
    # Not decided, so nothing is to be corrected or taken up.
    Row("decision-correct", method="post", member={Role.HEAD: 409}, others=403, data=CORRECTION),
    Row("case-open", method="post", member=dict.fromkeys(LOG_ROLES, 409), others=403, data=CASE),
    # The case was opened with others.
    Row("case-vote", method="post", others=403, data={"vote": "upheld"}),
    Row("entry-declare", method="post", member=STAFF_GOES_ON, others=403, data=NEXT_WEIGHT),
    Row("meet-results"),
    Row("meet-results-import", member=STAFF, others=403),
    # No file is chosen here.
    Row("meet-results-import", method="post", member={Role.STAFF: 422, Role.HEAD: 422}, others=403),
    Row("referee-now", member={Role.REFEREE: 200}, others=403),
    Row("referee-live", member={Role.REFEREE: 200}, others=403),
    Row("jury-table", member={Role.JURY: 200}, others=403),
    Row("jury-live", member={Role.JURY: 200}, others=403),
    Row("meet-run", member=STAFF, others=403),
    Row("meet-run-live", member=STAFF, others=403),
    Row("meet-assist", member=STAFF, others=403),
    Row("meet-assist", method="post", member=STAFF_GOES_ON, others=403, data={"on": "no", "reason": "lens broke"}),
    Row("meet-log", member=dict.fromkeys(LOG_ROLES, 200), others=403),
    Row("meet-log-verify", method="post", member=dict.fromkeys(LOG_ROLES, 200), others=403),
    Row("meet-log-lines", member=dict.fromkeys(LOG_ROLES, 200), others=403),
    Row("second-calls", member={Role.HEAD: 200, Role.JURY: 200}, others=403),
    Row("attempt-upload", member=STAFF, others=403),
    Row("attempt-upload", method="post", member={Role.STAFF: 400, Role.HEAD: 400}, others=403),
    Row("photo"),
    Row("photo-small"),
    Row("photo-retry", method="post", member={Role.STAFF: 302, Role.HEAD: 302}, others=403),
    Row("photo-restate", method="post", member={Role.STAFF: 302, Role.HEAD: 302}, others=403, data={"view": "rear"}),
    Row("photo-lifter", method="post", member={Role.STAFF: 302, Role.HEAD: 302}, others=403, data={"nobody": "1"}),
    Row("photo-lift", method="post", member={Role.STAFF: 302, Role.HEAD: 302}, others=403),
    Row("photo-lift", method="post", member={Role.STAFF: 302, Role.HEAD: 302}, others=403, data={"nobody": "1"}),
    Row("photo-move", member=STAFF, others=403),
    Row("photo-move", method="post", member={Role.STAFF: 302, Role.HEAD: 302}, others=403),
    Row("photo-set-aside", method="post", member={Role.STAFF: 302, Role.HEAD: 302}, others=403),
    Row("photo-take-back", method="post", member={Role.STAFF: 302, Role.HEAD: 302}, others=403),
)


@dataclass(frozen=True)
class Place:
    meet: Meet
    attempt: Attempt
    image: AttemptImage
    other: int
    camera: int
    session: int
    token: str
    case: UUID

    def url(self, name: str) -> str:
        ids = {
            "meet_id": self.meet.pk,
            "attempt_id": self.attempt.pk,
            "image_id": self.image.pk,
            "entry_id": self.attempt.entry_id,
            "user_id": self.other,
            "camera_id": self.camera,
            "session_id": self.session,
            "token_id": self.token,
            "case_id": self.case,
        }
        route = next(pattern for pattern in urls.urlpatterns if pattern.name == name)
        return reverse(name, kwargs={key: ids[key] for key in route.pattern.converters})


def place_make() -> Place:
    meet = meet_make()
    attempt = attempt_make(meet)
    image = image_make(attempt, status="failed", reason="engine_failed")
    other = member_make(meet, Role.READER)
    token, _ = token_create(user=other, days=1)
    session = session_create(meet=meet, number=1)
    seating_set(session=session, platform=None, seat="left", user=member_make(meet, Role.REFEREE), by=None)
    camera, case = camera_make(meet), case_make(attempt)
    return Place(meet, attempt, image, other.pk, camera.pk, session.pk, token_row(token).id, case.pk)


built, place = lending(place_make)


def case_make(attempt: Attempt) -> JuryCase:
    """An open case that nobody present votes in."""
    later = timezone.now() + dt.timedelta(minutes=10)
    return JuryCase.objects.create(attempt=attempt, take=1, opened_by=user_make(), grounds="depth", closes_at=later)


def ask(user: Any, row: Row, place: Place) -> int:
    client = Client()
    if user is not None:
        client.force_login(user)
    response = getattr(client, row.method)(place.url(row.name), row.data)
    if response.streaming:
        list(response.streaming_content)  # the test client closes the file after its last byte
    return int(response.status_code)


def test_every_address_has_a_row() -> None:
    assert {row.name for row in ROWS} == {pattern.name for pattern in urls.urlpatterns}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.name}")
@pytest.mark.parametrize("role", ROLES)
def test_members(row: Row, role: Role, place: Place) -> None:
    user = member_make(place.meet, role)
    assert ask(user, row, place) == row.member.get(role, row.others)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.name}")
@pytest.mark.parametrize("role", ROLES)
def test_members_of_another_meet_are_strangers(row: Row, role: Role, place: Place) -> None:
    user = member_make(meet_make(), role)
    before = written()
    assert ask(user, row, place) == row.stranger
    assert written() == before


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.name}")
def test_nobody_is_sent_to_sign_in(row: Row, place: Place) -> None:
    before = written()
    assert ask(None, row, place) == (200 if row.name == "login" else 302)
    assert written() == before


REFUSED = [(row, role) for row in ROWS for role in ROLES if row.member.get(role, row.others) == 403]


@pytest.mark.parametrize(("row", "role"), REFUSED, ids=lambda value: getattr(value, "name", str(value)))
def test_a_refused_member_changes_nothing(row: Row, role: Role, place: Place) -> None:
    user = member_make(place.meet, role)
    before = written()
    assert ask(user, row, place) == 403
    assert written() == before


def written() -> list[list[tuple[object, ...]]]:
    photos = (AttemptImage, PhotoMove, Reading, Camera)
    return rows_of([Meet, Membership, Session, Seating, Light, AuthToken, *photos])


def test_the_permission_to_make_meets_opens_the_form(place: Place) -> None:
    client = Client()
    client.force_login(user_make(makes_meets=True))
    assert client.get(reverse("meet-create")).status_code == 200
    assert "New meet" in client.get(reverse("meet-list")).content.decode()
    client.force_login(member_make(place.meet, Role.HEAD))
    assert "New meet" not in client.get(reverse("meet-list")).content.decode()


@pytest.mark.parametrize(("address", "copy"), [("photo", "display"), ("photo-small", "thumb")])
@pytest.mark.parametrize("role", ROLES)
def test_a_photo_is_served_as_its_clean_copy_only(role: Role, place: Place, address: str, copy: str) -> None:
    client = Client()
    client.force_login(member_make(place.meet, role))
    response = client.get(place.url(address))
    served = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    with getattr(place.image, copy).open("rb") as clean, place.image.original.open("rb") as original:
        assert served == clean.read()
        assert served != original.read()
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"] == "inline"
    assert "private" in response["Cache-Control"]
    assert "Content-Security-Policy" in response
    again = client.get(place.url(address), headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_kept_photo_is_not_confirmed_to_a_stranger(place: Place) -> None:
    client = Client()
    client.force_login(member_make(meet_make(), Role.HEAD))
    etag = f'"{place.image.pk.hex}"'
    assert client.get(place.url("photo"), headers={"If-None-Match": etag}).status_code == 404


def test_a_photo_whose_file_is_gone(place: Place) -> None:
    client = Client()
    client.force_login(member_make(place.meet, Role.STAFF))
    place.image.display.delete(save=False)
    assert client.get(place.url("photo")).status_code == 404


def test_pages_for_those_who_may_not_say_whom_to_ask(place: Place) -> None:
    client = Client()
    client.force_login(member_make(place.meet, Role.READER))
    refused = client.get(place.url("meet-edit")).content.decode()
    assert "Ask the head of the meet" in refused
    unknown = client.get(reverse("meet-board", args=[UUID(int=1)])).content.decode()
    assert "Ask the head of the meet to add you" in unknown
