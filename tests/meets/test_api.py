"""The API's roster, results and tokens; and that findings stay closed to a referee without a light."""

import csv
import io
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from knox.models import AuthToken
from rest_framework.test import APIClient

from meets.api.csv import COLUMNS, cell
from meets.models import (
    Assessment,
    Attempt,
    AttemptImage,
    Entry,
    EvidenceMode,
    Lifter,
    Light,
    Meet,
    Membership,
    Reading,
    Role,
)
from tests import factories as make

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]


def client_of(user: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def member_of(meet: Meet, role: Role = Role.STAFF) -> APIClient:
    return client_of(make.member_make(meet, role))


# ── Roster ───────────────────────────────────────────────────────────────────────────────────────────────


def test_who_makes_a_meet_becomes_its_head() -> None:
    user = make.user_make(makes_meets=True)
    body = {"name": "Nationals", "starts_on": "2026-05-01", "rulebook": "ipf-2026-v3"}

    answer = client_of(user).post("/api/v1/meets/", body)

    assert answer.status_code == 201
    meet = Meet.objects.get(pk=answer.json()["id"])
    assert (meet.name, meet.status, meet.evidence_mode) == ("Nationals", "open", "after_light")
    assert Membership.objects.get(meet=meet).role == Role.HEAD
    assert [row["id"] for row in client_of(user).get("/api/v1/meets/").json()["results"]] == [str(meet.pk)]


def test_making_a_meet_takes_the_permission() -> None:
    body = {"name": "Nationals", "starts_on": "2026-05-01", "rulebook": "ipf-2026-v3"}

    answer = client_of(make.user_make()).post("/api/v1/meets/", body)

    assert answer.status_code == 403
    assert answer.json()["detail"] == "Your account may not create meets. Ask whoever runs this site."
    assert Meet.objects.count() == 0


def test_a_meet_needs_a_rulebook_that_exists() -> None:
    body = {"name": "Nationals", "starts_on": "2026-05-01", "rulebook": "ipf-1970"}

    answer = client_of(make.user_make(makes_meets=True)).post("/api/v1/meets/", body)

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("rulebook: There is no rulebook 'ipf-1970'; choose one of ")
    assert Meet.objects.count() == 0


def test_a_whole_roster_goes_in_and_comes_out() -> None:
    meet = make.meet_make()
    client = member_of(meet)
    base = f"/api/v1/meets/{meet.pk}"
    platform = client.post(f"{base}/platforms/", {"name": "One"}).json()
    lifter = client.post(f"{base}/lifters/", {"name": "Anna Ek", "sex": "F", "birth_year": 1999}).json()
    entry = client.post(
        f"{base}/entries/",
        {"lifter": lifter["id"], "platform": platform["id"], "flight": "A", "lot": 7, "bodyweight_kg": "62.35"},
    ).json()
    attempt = client.post(
        f"{base}/attempts/", {"entry": entry["id"], "lift": "squat", "number": 1, "declared_kg": "132.5"}
    ).json()

    assert client.get(f"{base}/platforms/").json() == [{"id": platform["id"], "name": "One"}]
    assert [row["name"] for row in client.get(f"{base}/lifters/").json()["results"]] == ["Anna Ek"]
    assert client.get(f"/api/v1/entries/{entry['id']}/").json() == {
        "id": entry["id"],
        "lifter": lifter["id"],
        "session": None,
        "platform": platform["id"],
        "flight": "A",
        "lot": 7,
        "weight_class": "",
        "bodyweight_kg": "62.35",
        "equipment": "classic",
        **dict.fromkeys(("squat_rack", "bench_rack", "bench_safety", "bench_blocks", "consent", "notes"), ""),
        "guest": False,
        "disqualified": False,
        "tested": None,
        "categories": [],
    }
    shown = client.get(f"/api/v1/attempts/{attempt['id']}/").json()
    assert (shown["lift"], shown["number"], shown["declared_kg"]) == ("squat", 1, "132.50")
    assert shown["entry"]["lifter"]["name"] == "Anna Ek"
    assert shown["entry"]["platform"] == "One"
    assert (shown["evidence"], "flag" in shown, shown["images"]) == ("opens_after_the_lights", False, [])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lift": "curl"}, "lift"),
        ({"number": 5}, "number"),
        ({"number": 0}, "number"),
        ({"declared_kg": "2"}, "declared_kg"),
        ({"declared_kg": "701"}, "declared_kg"),
        ({"declared_kg": "100.001"}, "declared_kg"),
        ({"declared_kg": "NaN"}, "declared_kg"),
        ({"entry": str(uuid4())}, "entry"),
        ({"entry": "x"}, "entry"),
    ],
)
def test_a_wrong_attempt_is_refused(body: dict[str, Any], field: str) -> None:
    entry = make.entry_make()
    client = member_of(entry.meet)
    before = Meet.objects.get().revision
    good = {"entry": str(entry.pk), "lift": "squat", "number": 1, "declared_kg": "100"}

    answer = client.post(f"/api/v1/meets/{entry.meet_id}/attempts/", good | body)

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    assert Attempt.objects.count() == 0
    assert Meet.objects.get().revision == before


def test_another_meets_rows_cannot_be_used() -> None:
    mine, other = make.meet_make(), make.meet_make()
    theirs, their_entry = make.lifter_make(other), make.entry_make(other)
    their_platform = other.platforms.create(name="Theirs")
    lifter = make.lifter_make(mine)
    client = member_of(mine)
    entries, attempts = f"/api/v1/meets/{mine.pk}/entries/", f"/api/v1/meets/{mine.pk}/attempts/"

    answers = [
        client.post(entries, {"lifter": str(theirs.pk)}),
        client.post(entries, {"lifter": str(lifter.pk), "platform": their_platform.pk}),
        client.post(attempts, {"entry": str(their_entry.pk), "lift": "squat", "number": 1, "declared_kg": "100"}),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert ["does not exist" in answer.json()["detail"] for answer in answers] == [True] * 3
    assert not Entry.objects.filter(meet=mine).exists()
    assert not Attempt.objects.exists()


def test_what_photos_hang_on_is_not_deleted() -> None:
    image = make.image_make()
    attempt = image.attempt
    client = member_of(attempt.entry.meet)
    before = Meet.objects.get().revision
    addresses = [
        f"attempts/{attempt.pk}",
        f"entries/{attempt.entry.pk}",
        f"lifters/{attempt.entry.lifter.pk}",
    ]

    answers = [client.delete(f"/api/v1/{address}/") for address in addresses]

    assert [answer.status_code for answer in answers] == [409] * 3
    assert {answer.json()["detail"] for answer in answers} == {
        "Photos or lights hang on this, and they are kept. Close the meet instead."
    }
    assert Lifter.objects.count() == Entry.objects.count() == Attempt.objects.count() == 1
    assert Meet.objects.get().revision == before


def test_a_closed_meet_is_opened_by_its_staff() -> None:
    meet = make.meet_make(status="closed")
    client = member_of(make.meet_make()) and client_of(_staff(meet))

    assert client.patch(f"/api/v1/meets/{meet.pk}/", {"name": "Other"}).status_code == 409
    answer = client.patch(f"/api/v1/meets/{meet.pk}/", {"status": "open"})

    assert answer.status_code == 200
    assert answer.json()["status"] == "open"


def test_only_the_head_decides_when_referees_see_the_evidence() -> None:
    meet = make.meet_make()
    address = f"/api/v1/meets/{meet.pk}/"
    staff, head = member_of(meet, Role.STAFF), member_of(meet, Role.HEAD)
    before = Meet.objects.values().get()

    answer = staff.patch(address, {"evidence_mode": "training", "name": "Other"})

    assert answer.status_code == 403
    assert answer.json()["detail"] == "Only the head of this meet decides when its referees see the evidence."
    assert Meet.objects.values().get() == before
    # Saying what stands already changes nothing, and the head may change it.
    assert staff.patch(address, {"evidence_mode": "after_light", "town": "Umeå"}).status_code == 200
    assert head.patch(address, {"evidence_mode": "training"}).json()["evidence_mode"] == "training"


def _staff(meet: Meet) -> Any:
    user = make.user_make()
    Membership.objects.create(meet=meet, user=user, role=Role.STAFF)
    return user


def test_long_lists_come_in_pages_without_a_gap() -> None:
    meet = make.meet_make()
    names = [make.lifter_make(meet).name for _ in range(7)]
    client = member_of(meet)
    seen: list[str] = []
    address: str | None = f"/api/v1/meets/{meet.pk}/lifters/?page_size=3"
    pages = 0
    while address:
        body = client.get(address).json()
        seen += [row["name"] for row in body["results"]]
        address, pages = body["next"], pages + 1

    assert (seen, pages) == (names, 3)


# ── Results, and blind first ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def assessed() -> Attempt:
    return make.assessed_make().image.attempt


@pytest.fixture
def open_to_all(assessed: Attempt) -> Attempt:
    """The same at a meet whose federation allows evidence before the lights."""
    Meet.objects.update(evidence_mode=EvidenceMode.LIVE)
    return Attempt.objects.select_related("entry__meet").get(pk=assessed.pk)


def three_addresses(attempt: Attempt) -> list[str]:
    image = attempt.images.get()
    return [
        f"/api/v1/images/{image.pk}/",
        f"/api/v1/attempts/{attempt.pk}/",
        f"/api/v1/meets/{attempt.entry.meet_id}/results",
        f"/api/v1/meets/{attempt.entry.meet_id}/results/?format=csv",
    ]


# What would tell a referee how the machine read the attempt.
HINTS = ("breach", "squat_depth", "assessment", 'flag"', "test-engine", "margin", "keypoints", "lift_seen", "wrist")


def hints(client: APIClient, address: str) -> list[str]:
    text = client.get(address).content.decode()
    if "format=csv" in address:
        # The header names the columns for everybody.
        text = text.split("\n", 1)[1]
    return [hint for hint in HINTS if hint in text]


@pytest.mark.parametrize("which", range(4))
def test_a_referee_without_a_light_gets_no_hint(assessed: Attempt, which: int) -> None:
    client = member_of(assessed.entry.meet, Role.REFEREE)
    address = three_addresses(assessed)[which]

    assert hints(client, address) == []
    assert "opens_after_your_light" in client.get(address).content.decode()


@pytest.mark.parametrize("status", ["queued", "working", "done", "rejected", "failed"])
def test_a_closed_photo_is_there_and_no_more(assessed: Attempt, status: str) -> None:
    Reading.objects.update(status=status, reason="too_slow", tries=3)
    AttemptImage.objects.update(status=status, reason="too_slow", phase="lockout", view="rear")
    Assessment.objects.update(stated_phase="lockout", stated_view="rear")
    referee = make.member_make(assessed.entry.meet, Role.REFEREE)
    image = assessed.images.get()
    alone, inside, whole, rows = (client_of(referee).get(address) for address in three_addresses(assessed))

    shown = alone.json()
    assert shown == {
        "id": str(image.pk),
        "url": f"/api/v1/images/{image.pk}/",
        "attempt": str(assessed.pk),
        "width": image.width,
        "height": image.height,
        "uploaded_at": shown["uploaded_at"],
        "purged": False,
        "evidence": "opens_after_your_light",
    }
    assert inside.json()["images"] == whole.json()["attempts"][0]["images"] == [shown]
    [row] = table(rows)
    assert row["image_id"] == str(image.pk)
    assert [name for name in COLUMNS[COLUMNS.index("image_id") + 1 :] if row[name]] == []

    Light.objects.create(attempt=assessed, referee=referee, colour="red")
    opened = client_of(referee).get(f"/api/v1/images/{image.pk}/").json()
    assert (opened["status"], opened["reason"], opened["phase"], opened["view"]) == (
        status, "too_slow", "lockout", "rear",
    )  # fmt: skip


@pytest.mark.parametrize("which", range(4))
def test_after_the_own_light_it_is_open_and_only_for_this_referee(assessed: Attempt, which: int) -> None:
    first = make.member_make(assessed.entry.meet, Role.REFEREE)
    second = make.member_make(assessed.entry.meet, Role.REFEREE)
    Light.objects.create(attempt=assessed, referee=first, colour="red")
    address = three_addresses(assessed)[which]

    assert "breach" in hints(client_of(first), address)
    assert hints(client_of(second), address) == []


@pytest.mark.parametrize("which", range(4))
def test_a_light_on_one_attempt_opens_no_other(assessed: Attempt, which: int) -> None:
    referee = make.member_make(assessed.entry.meet, Role.REFEREE)
    other = make.attempt_make(entry=assessed.entry, number=2)
    Light.objects.create(attempt=other, referee=referee, colour="white")

    # The results also hold the other attempt, open and with nothing in it: that one has a flag, and it is null.
    assert set(hints(client_of(referee), three_addresses(assessed)[which])) <= {'flag"'}
    assert "breach" not in hints(client_of(referee), three_addresses(assessed)[which])


@pytest.mark.parametrize("role", [Role.STAFF, Role.HEAD, Role.JURY, Role.READER])
def test_the_others_read_the_findings_after_the_lights(assessed: Attempt, role: Role) -> None:
    client = member_of(assessed.entry.meet, role)
    assert all("breach" not in hints(client, address) for address in three_addresses(assessed))
    assert client.get(three_addresses(assessed)[0]).json()["evidence"] == "opens_after_the_lights"

    make.decided_make(assessed)

    assert all("breach" in hints(client, address) for address in three_addresses(assessed))


def test_in_a_training_all_is_open(assessed: Attempt) -> None:
    Meet.objects.update(evidence_mode=EvidenceMode.TRAINING)
    client = member_of(assessed.entry.meet, Role.REFEREE)

    assert all("breach" in hints(client, address) for address in three_addresses(assessed))


def test_results_hold_every_attempt_with_its_findings(open_to_all: Attempt) -> None:
    assessed = open_to_all
    make.attempt_make(entry=assessed.entry, number=2)
    client = member_of(assessed.entry.meet)

    body = client.get(f"/api/v1/meets/{assessed.entry.meet_id}/results").json()

    assert body["meet"]["id"] == str(assessed.entry.meet_id)
    assert [(row["number"], row["flag"], len(row["images"])) for row in body["attempts"]] == [
        (1, "breach", 1),
        (2, None, 0),
    ]
    seen = body["attempts"][0]["images"][0]["assessment"]
    assert [(row["rule"], row["margin_cm"], row["sigma_cm"], row["reason"]) for row in seen["findings"]] == [
        ("squat_depth", -4.0, 1.5, ""),
        ("knees_locked", None, None, "wrong_moment"),
    ]
    assert seen["vote_pairs"][0]["reading"] == "front_good"


def table(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


@pytest.mark.parametrize("how", ["?format=csv", "accept"])
def test_results_as_csv_have_one_row_a_finding_and_one_for_an_attempt_without(open_to_all: Attempt, how: str) -> None:
    assessed = open_to_all
    make.attempt_make(entry=assessed.entry, number=2)
    client = member_of(assessed.entry.meet)
    address = f"/api/v1/meets/{assessed.entry.meet_id}/results"

    answer = client.get(address, headers={"Accept": "text/csv"}) if how == "accept" else client.get(address + how)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="results-{assessed.entry.meet_id}.csv"'
    rows = table(answer)
    assert tuple(rows[0]) == COLUMNS
    assert [(row["number"], row["rule"], row["outcome"], row["margin_cm"], row["flag"]) for row in rows] == [
        ("1", "squat_depth", "breach", "-4.0", "breach"),
        ("1", "knees_locked", "cannot_judge", "", "breach"),
        ("2", "", "", "", ""),
    ]


def test_no_name_becomes_a_formula(assessed: Attempt) -> None:
    Lifter.objects.update(name='=HYPERLINK("http://evil","x")', member_id="+46")

    rows = table(member_of(assessed.entry.meet).get(f"/api/v1/meets/{assessed.entry.meet_id}/results?format=csv"))

    assert rows[0]["lifter"] == '\'=HYPERLINK("http://evil","x")'
    assert rows[0]["member_id"] == "'+46"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Anna", "Anna"),
        ("", ""),
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        ("-1", "'-1"),
        ("\t=1", "'\t=1"),
        (-1.5, -1.5),
        (None, None),
    ],
)
def test_cells(value: Any, shown: Any) -> None:
    assert cell(value) == shown


def test_an_error_of_the_csv_address_is_a_problem_too() -> None:
    answer = client_of(make.user_make()).get(f"/api/v1/meets/{uuid4()}/results?format=csv")

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_results_cost_the_same_statements_for_one_attempt_as_for_many(django_assert_num_queries: Any) -> None:
    meet = make.meet_make(evidence_mode=EvidenceMode.LIVE)
    client = member_of(meet)
    make.assessed_make(make.attempt_make(meet))
    address = f"/api/v1/meets/{meet.pk}/results"
    # The first look at evidence is noted in the log, which later ones are not.
    client.get(address)
    with django_assert_num_queries(11):
        client.get(address)
    for _ in range(4):
        make.assessed_make(make.attempt_make(meet))
    client.get(address)
    with django_assert_num_queries(11):
        assert len(client.get(address).json()["attempts"]) == 5


# Of lifters and entries it is asked who is staff; an entry's categories are one statement more.
@pytest.mark.parametrize(("name", "statements"), [("lifters", 3), ("entries", 4), ("attempts", 2)])
def test_lists_cost_the_same_statements_however_long(
    django_assert_num_queries: Any, name: str, statements: int
) -> None:
    meet = make.meet_make()
    client = member_of(meet)
    for _ in range(5):
        make.attempt_make(meet)
    with django_assert_num_queries(statements):
        assert len(client.get(f"/api/v1/meets/{meet.pk}/{name}/").json()["results"]) == 5


# ── Tokens ───────────────────────────────────────────────────────────────────────────────────────────────


def sign_in(password: str, name: str = "anna") -> Any:
    return APIClient().post("/api/v1/auth/token/", {"username": name, "password": password})


def test_name_and_password_give_a_token_that_works_and_can_be_ended() -> None:
    make.user_make("anna")

    answer = sign_in("correct horse")

    assert answer.status_code == 200
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    assert client.get("/api/v1/me/").json()["username"] == "anna"
    assert client.post("/api/v1/auth/token/revoke/").status_code == 204
    assert client.get("/api/v1/me/").status_code == 401


def test_a_wrong_password_gives_none_and_too_many_lock_the_right_one_out(settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    make.user_make("anna")
    answers = [sign_in("wrong") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [403, 403, 429]
    locked = sign_in("correct horse")
    assert (locked.status_code, locked["Content-Type"]) == (429, "application/problem+json")
    assert locked.json()["detail"].startswith("Too many wrong passwords for this name")
    assert AuthToken.objects.count() == 0


def test_guessing_over_many_names_is_slowed() -> None:
    answers = [sign_in("wrong", name=f"user{number}") for number in range(21)]

    assert [answer.status_code for answer in answers] == [403] * 20 + [429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_a_session_is_no_token_to_end() -> None:
    assert client_of(make.user_make()).post("/api/v1/auth/token/revoke/").status_code == 401


# ── The schema ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_schema_in_the_docs_is_the_schema_of_the_code(tmp_path: Path) -> None:
    made = tmp_path / "openapi.yaml"

    call_command("spectacular", file=str(made), validate=True, fail_on_warn=True)

    assert made.read_text() == (ROOT / "docs/openapi.yaml").read_text(), (
        "run: python manage.py spectacular --file docs/openapi.yaml"
    )


def test_the_schema_is_served() -> None:
    answer = client_of(make.user_make()).get("/api/schema/")

    assert answer.status_code == 200
    assert "/api/v1/meets/{id}/results" in answer.content.decode()
