"""ETag, If-None-Match and If-Match; the request's own name; and that every detail has them."""

import logging
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from meets.api import urls
from meets.models import Entry, EvidenceMode, Lifter, Light, Meet, Role, Shown
from tests import factories as make
from tests.meets.lent import lending
from tests.meets.test_api_access import TABLE, Row, World

ROOT = Path(__file__).resolve().parents[2]


def client_of(user: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


# Routes of one row that can be read, and the methods that change it.
READ = [name for name, method in TABLE if name.endswith("-detail") and method == "get"]
WRITTEN = [(name, method) for name, method in TABLE if name in READ and method in ("patch", "delete")]


built, world = lending(World)


def address(name: str, method: str, world: World) -> str:
    row = TABLE[name, method].row
    assert row is not None
    return reverse(f"api:{name}", args=[row(world).pk])


def send(client: APIClient, method: str, where: str, row: Row, world: World, tag: str) -> Any:
    return getattr(client, method)(where, row.body(world) or None, headers={"If-Match": tag})


def test_every_detail_of_a_meet_has_one() -> None:
    views = {str(route.name): route.callback.cls for route in urls.v1}
    assert [name for name in READ if not getattr(views[name], "tagged", False)] == []


@pytest.mark.parametrize("name", READ)
def test_a_strong_tag_of_what_is_shown_and_304_for_it(name: str, world: World) -> None:
    client = client_of(make.member_make(world.meet, Role.HEAD))
    where = address(name, "get", world)

    first = client.get(where)
    tag = first["ETag"]

    assert tag.startswith('"')
    assert first["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= {one.strip() for one in first["Vary"].split(",")}
    assert client.get(where)["ETag"] == client.head(where)["ETag"] == tag
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = client.get(where, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
        assert again["Vary"] == first["Vary"]
    for other in ('"x"', "x", ""):
        assert client.get(where, headers={"If-None-Match": other}).status_code == 200


@pytest.mark.parametrize("name", READ)
def test_a_stranger_is_not_told_that_nothing_changed(name: str, world: World) -> None:
    where = address(name, "get", world)
    tag = client_of(make.member_make(world.meet, Role.HEAD)).get(where)["ETag"]
    for known in (tag, "*"):
        assert client_of(make.user_make()).get(where, headers={"If-None-Match": known}).status_code == 404


@pytest.mark.parametrize(("name", "method"), WRITTEN)
def test_a_change_goes_through_while_nothing_has_changed(name: str, method: str, world: World) -> None:
    row = TABLE[name, method]
    client = client_of(make.member_make(world.meet, Role.HEAD))
    where = address(name, method, world)

    answer = send(client, method, where, row, world, f'"x", {client.get(where)["ETag"]}')

    assert answer.status_code == row.status
    if method == "patch":
        assert answer["ETag"] == client.get(where)["ETag"]


@pytest.mark.parametrize("name", [name for name, method in WRITTEN if method == "patch"])
def test_the_answer_to_a_change_has_the_tag_for_the_next(name: str, world: World) -> None:
    row = TABLE[name, "patch"]
    client = client_of(make.member_make(world.meet, Role.HEAD))
    where = address(name, "patch", world)
    seen = client.get(where)["ETag"]

    first = client.patch(where, row.body(world), format="json")

    assert first["ETag"] == client.get(where)["ETag"] != seen
    again = client.patch(where, row.body(world), format="json", headers={"If-Match": first["ETag"]})
    assert again.status_code == row.status
    assert client.patch(where, {}, format="json", headers={"If-Match": seen}).status_code == 412


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("entry-detail", {"bodyweight_kg": "62.4", "categories": [{"division": "B"}, {"division": "A"}], "notes": " x "}),
    ("lifter-detail", {"birth_date": "1994-03-02", "name": "  Anna  Ek "}),
    ("session-detail", {"weigh_in_at": "2026-05-01T10:00:00+02:00", "starts_at": "2026-05-01T10:00:00.5Z"}),
    ("camera-detail", {"height_cm": 100, "x0": 0, "y0": 0, "x1": 1, "y1": 1}),
    ("meet-detail", {"engine": "mediapipe", "engines_also": ["mediapipe"], "starts_on": "2026-05-02"}),
    ("attempt-detail", {"declared_kg": "102.5"}),
]


@pytest.mark.parametrize(("name", "body"), CHANGES)
def test_what_is_written_in_other_words_has_the_tag_of_what_stands(
    name: str, body: dict[str, Any], world: World
) -> None:
    client = client_of(make.member_make(world.meet, Role.HEAD))
    where = address(name, "patch", world)

    answer = client.patch(where, body, format="json")

    assert (answer.status_code, answer["ETag"]) == (200, client.get(where)["ETag"])


@pytest.mark.django_db
def test_a_refused_change_has_no_tag() -> None:
    lifter = make.lifter_make(make.meet_make())
    client = client_of(make.member_make(lifter.meet))
    answer = client.patch(f"/api/v1/lifters/{lifter.pk}/", {"sex": "Q"})
    assert (answer.status_code, "ETag" in answer) == (400, False)


@pytest.mark.django_db
def test_a_tag_for_the_next_change_does_not_count_as_shown_evidence() -> None:
    attempt = make.attempt_make(make.meet_make(evidence_mode=EvidenceMode.TRAINING))
    image = make.assessed_make(attempt).image
    user = make.member_make(attempt.entry.meet)
    client = client_of(user)
    for where, body, status in (
        (f"/api/v1/attempts/{attempt.pk}/", {"declared_kg": "102.5"}, 200),
        (f"/api/v1/images/{image.pk}/", {"phase": "lockout"}, 202),
    ):
        for headers in ({}, {"If-Match": "*"}):
            assert client.patch(where, body, headers=headers).status_code == status
    assert Shown.objects.count() == 0
    read = make.assessed_make(make.attempt_make(attempt.entry.meet))
    client.get(f"/api/v1/attempts/{read.image.attempt_id}/")
    assert list(Shown.objects.values_list("user", "assessment")) == [(user.pk, read.pk)]


@pytest.mark.parametrize("tag", ['"x"', 'W/"x"', "x", ""])
@pytest.mark.parametrize(("name", "method"), WRITTEN)
def test_a_change_of_what_has_changed_is_412_and_changes_nothing(
    name: str, method: str, tag: str, world: World
) -> None:
    from tests.meets.test_api_access import fingerprint

    row = TABLE[name, method]
    client = client_of(make.member_make(world.meet, Role.HEAD))
    before = fingerprint()

    answer = send(client, method, address(name, method, world), row, world, tag)

    assert (answer.status_code, answer["Content-Type"]) == (412, "application/problem+json")
    assert answer.json()["reason"] == "changed"
    assert "nothing is written" in answer.json()["detail"]
    assert fingerprint() == before


@pytest.mark.django_db
def test_a_weak_tag_never_fits_and_a_star_always_does() -> None:
    lifter = make.lifter_make(make.meet_make())
    client = client_of(make.member_make(lifter.meet))
    where = f"/api/v1/lifters/{lifter.pk}/"
    tag = client.get(where)["ETag"]

    assert client.patch(where, {"team": "A"}, headers={"If-Match": f"W/{tag}"}).status_code == 412
    assert client.patch(where, {"team": "A"}, headers={"If-Match": "*"}).status_code == 200
    assert Lifter.objects.get().team == "A"


@pytest.mark.django_db
def test_of_two_clients_the_second_reads_again_first() -> None:
    lifter = make.lifter_make(make.meet_make(), team="")
    one, two = client_of(make.member_make(lifter.meet)), client_of(make.member_make(lifter.meet))
    where = f"/api/v1/lifters/{lifter.pk}/"
    seen_by_one, seen_by_two = one.get(where)["ETag"], two.get(where)["ETag"]

    assert one.patch(where, {"team": "One"}, headers={"If-Match": seen_by_one}).status_code == 200
    assert two.patch(where, {"team": "Two"}, headers={"If-Match": seen_by_two}).status_code == 412
    assert two.delete(where, headers={"If-Match": seen_by_two}).status_code == 412
    assert Lifter.objects.get().team == "One"

    assert two.patch(where, {"team": "Two"}, headers={"If-Match": two.get(where)["ETag"]}).status_code == 200
    # Without the header it goes as it always did.
    assert one.patch(where, {"team": "One"}).status_code == 200
    assert Lifter.objects.get().team == "One"


@pytest.mark.django_db(transaction=True)
def test_of_two_clients_at_the_same_moment_one_wins() -> None:
    lifter = make.lifter_make(make.meet_make(), team="")
    users = [make.member_make(lifter.meet) for _ in range(2)]
    where = f"/api/v1/lifters/{lifter.pk}/"
    tag = client_of(users[0]).get(where)["ETag"]
    start, answers = threading.Barrier(2), []

    def run(number: int) -> None:
        client = client_of(users[number])
        start.wait()
        try:
            answers.append(client.patch(where, {"team": str(number)}, headers={"If-Match": tag}).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200, 412]


@pytest.mark.django_db
def test_a_refused_change_under_a_tag_leaves_nothing_behind() -> None:
    """The writer refuses after the comparison: the whole transaction goes."""
    meet = make.meet_make()
    first, second = make.entry_make(meet, lot=1), make.entry_make(meet, lot=2)
    client = client_of(make.member_make(meet))
    where = f"/api/v1/entries/{second.pk}/"
    before = Meet.objects.values().get()

    answer = client.patch(where, {"lot": 1}, headers={"If-Match": client.get(where)["ETag"]})

    assert answer.status_code == 400
    assert dict(Entry.objects.values_list("pk", "lot")) == {first.pk: 1, second.pk: 2}
    assert Meet.objects.values().get() == before


@pytest.mark.django_db
def test_a_tag_tells_a_blind_referee_nothing_of_what_was_found() -> None:
    meet = make.meet_make(evidence_mode=EvidenceMode.AFTER_LIGHT)
    attempt = make.attempt_make(meet)
    image = make.image_make(attempt)
    referee = make.member_make(meet, Role.REFEREE)
    client, where = client_of(referee), f"/api/v1/attempts/{attempt.pk}/"
    before = client.get(where)["ETag"]

    from meets import results

    assert results.reading_settle(claim=make.claim_make(image), seen=make.seen_make())

    assert client.get(where)["ETag"] == before
    assert client.get(where, headers={"If-None-Match": before}).status_code == 304
    Light.objects.create(attempt=attempt, referee=referee, colour="red")
    assert client.get(where, headers={"If-None-Match": before}).status_code == 200


# ── The request's own name ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["0123456789abcdef", "01J8Z-hall.cam_1"])
def test_a_sane_name_is_kept(given: str) -> None:
    assert Client().get("/login/", headers={"X-Request-Id": given})["X-Request-Id"] == given


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "a b c d e f g", "abc\ndefghij", "<script>alert(1)", "-------é"]
)
def test_any_other_is_replaced(given: str) -> None:
    answer = Client().get("/login/", HTTP_X_REQUEST_ID=given)
    assert len(answer["X-Request-Id"]) == 32
    assert answer["X-Request-Id"] != given


@pytest.mark.django_db
@pytest.mark.parametrize(
    "where", ["/api/v1/me/", "/api/nowhere/", "/nowhere/", "/", "/login/", "/static/none.css", "/api/schema/"]
)
def test_every_answer_has_one(where: str) -> None:
    one, two = Client().get(where), Client().get(where)
    assert one["X-Request-Id"] != two["X-Request-Id"]


@pytest.mark.django_db
def test_the_lines_of_a_request_bear_its_name(caplog: pytest.LogCaptureFixture, monkeypatch: Any) -> None:
    from django.conf import settings

    from meets.requestid import RequestIdFilter

    assert "request_id" in settings.LOGGING["handlers"]["stderr"]["filters"]
    monkeypatch.setattr("meets.api.views.workers_states", lambda: logging.getLogger("meets").warning("here") or {})
    caplog.handler.addFilter(RequestIdFilter())
    client = client_of(make.user_make())
    client.get("/api/v1/workers/", headers={"X-Request-Id": "hall-0001"})
    client.get("/api/v1/nowhere/", headers={"X-Request-Id": "hall-0002"})
    logging.getLogger("meets").warning("outside")
    named = {record.getMessage(): record.request_id for record in caplog.records}  # type: ignore[attr-defined]
    assert named["here"] == "hall-0001"
    assert named["Not Found: /api/v1/nowhere/"] == "hall-0002"
    assert named["outside"] == "-"


# ── Problems everywhere ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "where", "status", "extra"),
    [
        ("get", "/api/v1/nowhere/", 404, {}),
        ("post", "/api/v1/nowhere", 404, {}),
        ("put", "/api/v1/me/", 405, {}),
        ("delete", "/api/v1/meets/", 405, {}),
        ("post", "/api/schema/", 405, {}),
        ("get", "/api/v1/me/", 406, {"HTTP_ACCEPT": "image/png"}),
        ("get", "/api/v1/me/?format=xml", 404, {}),
        ("get", "/api/v1/meets/?cursor=x", 404, {}),
        ("get", "/api/v1/meets/?cursor=cD0lMDA%3D", 400, {}),
    ],
)
def test_what_cannot_be_answered_is_a_problem(method: str, where: str, status: int, extra: dict[str, str]) -> None:
    answer = getattr(client_of(make.user_make()), method)(where, **extra)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert (answer.json()["status"], answer.json()["type"]) == (status, "about:blank")
    assert answer.json()["detail"]
    if status == 405:
        assert answer["Allow"]


def test_the_schema_names_what_every_address_can_answer() -> None:
    paths = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text(encoding="utf-8"))["paths"]
    missing = {}
    for path, operations in paths.items():
        for method, operation in operations.items():
            wanted = {"404", "406", "429"}
            wanted |= set() if method == "get" else {"400", "409", "413", "422"}
            wanted |= set() if path == "/api/v1/auth/token/" else {"401", "403"}
            wanted |= {"415"} if "requestBody" in operation else set()
            if lacking := wanted - set(operation["responses"]):
                missing[path, method] = lacking
    assert missing == {}
