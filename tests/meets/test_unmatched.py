"""Photos that may not show their attempt's lift: the staff's tray, what staff make of them, and what it changes."""

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user
from django.db import connection
from django.db.models import ProtectedError, RestrictedError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from inference.assessment import FlagKind, LiftSeen
from judging.outcomes import Outcome, Reason
from judging.pose import Lift
from meets import attempts, decisions, intake, results, roster, tasks
from meets.errors import Conflict, Unusable
from meets.models import (
    Assessment,
    Attempt,
    AttemptImage,
    EvidenceMode,
    Finding,
    ImageStatus,
    Meet,
    MeetStatus,
    PhotoMove,
    Reading,
    Role,
)
from meets.selectors import unmatched, words
from meets.selectors.assessments import assessments_of
from meets.selectors.board import Assist, desk_detail
from tests.factories import (
    assessed_make,
    attempt_make,
    beat_make,
    camera_make,
    claim_make,
    entry_make,
    finding_make,
    image_make,
    lifter_make,
    meet_make,
    member_make,
    person_make,
    photo_bytes,
    reading_of,
    seen_make,
    working_make,
)

pytestmark = pytest.mark.django_db

# A figure is not torn from its sign.
NBSP = "\u00a0"


@pytest.fixture
def meet() -> Meet:
    return meet_make(evidence_mode=EvidenceMode.TRAINING)


@pytest.fixture
def squat(meet: Meet) -> Attempt:
    entry = entry_make(meet, lifter=lifter_make(meet, name="Ada"), lot=3001)
    return attempt_make(entry=entry, declared_kg="102.50")


@pytest.fixture
def bench(squat: Attempt) -> Attempt:
    return attempt_make(entry=squat.entry, lift="bench", number=2, declared_kg="60.00")


@pytest.fixture
def staff(meet: Meet) -> Client:
    return client_of(meet)


def client_of(meet: Meet, role: Role = Role.STAFF) -> Client:
    client = Client()
    client.force_login(member_make(meet, role))
    return client


def api_of(meet: Meet, role: Role = Role.STAFF) -> APIClient:
    client = APIClient()
    client.force_authenticate(member_make(meet, role))
    return client


def user_of(client: Client) -> Any:
    return get_user(client)  # type: ignore[arg-type]


def odd(reason: Reason = Reason.WRONG_LIFT, *, flag: str = "mismatch", **fields: Any) -> Any:
    """What the line says of a photo that it does not take for its attempt's lift."""
    silent = finding_make(outcome=Outcome.CANNOT_JUDGE, reason=reason, side=None, margin_cm=None, detail="", marks=())
    start = {"lift": LiftSeen(Lift.DEADLIFT, 0.91), "flag": FlagKind(flag), "findings": (silent,), "votes": None}
    return seen_make(**start | fields)


def found(rule: str, margin_cm: float) -> Any:
    """A photo judged, and clear."""
    return seen_make(
        flag=FlagKind.NONE, findings=(finding_make(rule=rule, outcome=Outcome.MEETS, margin_cm=margin_cm),)
    )


def page(client: Client, name: str, pk: Any) -> str:
    answer = client.get(reverse(name, args=[pk]))
    assert answer.status_code == 200
    html = answer.content.decode()
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert all(label in ids for label in re.findall(r'<label[^>]* for="([^"]+)"', html))
    return re.sub(r"<dialog.*?</dialog>", "", html, flags=re.S)


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def tray(client: Client, meet: Meet) -> list[str]:
    """The ids of the photos in the tray, in their order."""
    return re.findall(r'id="stray-([0-9a-f-]{36})"', page(client, "meet-unmatched", meet.pk))


def put(client: Client, meet: Meet) -> list[str]:
    """Those of the photos set aside."""
    return re.findall(r'id="put-([0-9a-f-]{36})"', page(client, "meet-unmatched", meet.pk))


def act(client: Client, name: str, image: AttemptImage, **data: Any) -> str:
    """What the page says after that."""
    answer = client.post(reverse(name, args=[image.pk]), data, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def written() -> list[Any]:
    """All that a refused act must leave as it was."""
    models: tuple[Any, ...] = (Meet, AttemptImage, Reading, PhotoMove, Assessment, Finding)
    return [list(model.objects.order_by("pk").values()) for model in models]


# ── What waits in the tray ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("reason", "flag", "waits"),
    [
        (Reason.WRONG_LIFT, "mismatch", True),
        (Reason.LIFT_DISPUTED, "mismatch", True),
        (Reason.WRONG_LIFT, "", True),
        (Reason.LIFT_UNKNOWN, "mismatch", True),
        # From the end of a bench: judged by eye, and nothing is the matter with it.
        (Reason.LIFT_UNKNOWN, "", False),
        (Reason.MOMENT_MISMATCH, "mismatch", False),
        (Reason.LIFTER_UNSURE, "lifter", False),
        (Reason.WRONG_VIEW, "", False),
    ],
)
def test_which_photos_wait(meet: Meet, staff: Client, reason: Reason, flag: str, waits: bool) -> None:
    row = assessed_make(attempt_make(meet), seen=odd(reason, flag=flag))
    assert tray(staff, meet) == ([str(row.image_id)] if waits else [])
    assert unmatched.is_unmatched(row) is waits
    assert unmatched.unmatched_count(meet) == int(waits)


def test_a_photo_says_what_it_looks_like_and_where_it_is_filed(meet: Meet, staff: Client, squat: Attempt) -> None:
    whole = {"picture": LiftSeen(Lift.SQUAT, 0.64), "picture_model": "net abc"}
    nothing = {"lift": LiftSeen(None, 0.91), "picture": LiftSeen(None, 0.5), "picture_model": "net abc"}
    untold = {"lift": LiftSeen(None, 0.0)}
    seen = (odd(), odd(Reason.LIFT_DISPUTED, **whole), odd(**nothing), odd(**untold))
    images = [assessed_make(squat, seen=each).image for each in seen]
    assessed_make(squat)
    html = page(staff, "meet-unmatched", meet.pk)
    assert tray(staff, meet) == [str(image.pk) for image in images]
    told = [text(part) for part in re.findall(r'<div class="told">(.*?)</div>', html, flags=re.S)]
    filed = "Filed under Squat , 1st · 102.5 kg · Ada · lot 3001 p.jpg · "
    sent = [f"{filed}{image.uploaded_at:%H:%M} UTC" for image in images]
    assert told == [
        f"Looks like a deadlift (91 %) {sent[0]}",
        f"Looks like a deadlift (91 %) The picture as a whole looks like a squat (64 %) {sent[1]}",
        "Looks like none of the three lifts (91 %) "
        f"The picture as a whole looks like none of the three lifts (50 %) {sent[2]}",
        f"Looks like none of the three lifts {sent[3]}",
    ]
    assert f"(91{NBSP}%)" in html
    assert html.count("It is this squat") == html.count(">Set aside</button>") == html.count("Move to …") == 4


def test_what_the_picture_looks_like_is_kept(meet: Meet) -> None:
    by_picture = {"picture": LiftSeen(Lift.BENCH, 0.64), "picture_model": "net 0123456789ab"}
    none_of_them = {"picture": LiftSeen(None, 0.5), "picture_model": "net 0123456789ab"}
    rows = [assessed_make(attempt_make(meet), seen=odd(**fields)) for fields in ({}, by_picture, none_of_them)]
    assert [(row.picture_lift, row.picture_p, row.picture_model) for row in rows] == [
        ("", None, ""),
        ("bench", 0.64, "net 0123456789ab"),
        ("", 0.5, "net 0123456789ab"),
    ]


def test_another_picture_model_makes_another_assessment(meet: Meet, staff: Client, squat: Attempt) -> None:
    row = assessed_make(squat, seen=odd(picture_model="net aaa", picture=LiftSeen(None, 0.5)))
    intake.image_restate(image=row.image, user=row.image.uploaded_by)
    again = odd(picture_model="net aaa", picture=LiftSeen(None, 0.5))
    assert results.reading_settle(claim=claim_make(row.image), seen=again)
    assert Assessment.objects.count() == 1
    intake.image_restate(image=row.image, user=row.image.uploaded_by)
    other = seen_make(picture_model="net bbb", picture=LiftSeen(Lift.SQUAT, 0.99))
    assert results.reading_settle(claim=claim_make(row.image), seen=other)
    assert list(Assessment.objects.order_by("pk").values_list("picture_model", flat=True)) == ["net aaa", "net bbb"]
    # The newer one counts.
    assert tray(staff, meet) == []


def test_only_the_reading_that_counts_puts_it_there(staff: Client) -> None:
    meet = meet_make(evidence_mode=EvidenceMode.TRAINING, engine="mediapipe", engines_also=["mmpose"])
    client = client_of(meet)
    attempt = attempt_make(meet)
    image = image_make(attempt)
    assert results.reading_settle(claim=claim_make(image), seen=seen_make())
    assert results.reading_settle(claim=claim_make(image, "mmpose"), seen=odd())
    assert tray(client, meet) == []
    roster.meet_update(meet=meet, engine="mmpose", engines_also=["mediapipe"])
    assert tray(client, meet) == [str(image.pk)]


def test_weights_that_may_not_advise_put_nothing_there(gate: Callable[..., None]) -> None:
    meet = meet_make(evidence_mode=EvidenceMode.AFTER_LIGHT)
    client, image = client_of(meet), assessed_make(attempt_make(meet), seen=odd()).image
    assert tray(client, meet) == [str(image.pk)]
    gate()
    assert tray(client, meet) == []
    assert "Unmatched</a>" in page(client, "meet-board", meet.pk)


def test_an_empty_tray_says_so(meet: Meet, staff: Client) -> None:
    html = page(staff, "meet-unmatched", meet.pk)
    assert "<b>No photo waits here.</b>" in html
    assert "None. What belongs to no attempt here is kept in this list, and counts nowhere." in html


def test_another_meets_photos_do_not_wait_here(meet: Meet, staff: Client) -> None:
    image = assessed_make(seen=odd()).image
    intake.image_set_aside(image=assessed_make(seen=odd()).image, user=image.uploaded_by)
    assert (tray(staff, meet), put(staff, meet)) == ([], [])


def test_its_count_stands_on_the_staffs_pages(meet: Meet, staff: Client, squat: Attempt) -> None:
    places = (
        ("meet-board", meet.pk),
        ("lifter-list", meet.pk),
        ("attempt-detail", squat.pk),
        ("meet-unmatched", meet.pk),
    )
    link = re.compile(r'<a id="unmatched-link".*?</a>', re.S)

    def said(client: Client) -> list[list[str]]:
        return [[text(part) for part in link.findall(page(client, name, pk))] for name, pk in places]

    assert said(staff) == [["Unmatched"]] * 4
    for _ in range(2):
        assessed_make(squat, seen=odd())
    assert said(staff) == [["Unmatched 2 photos"]] * 4
    assert said(client_of(meet, Role.HEAD)) == [["Unmatched 2 photos"]] * 4
    for role in (Role.REFEREE, Role.JURY, Role.READER):
        client = client_of(meet, role)
        for name in ("meet-board", "meet-board-rows"):
            assert "nmatched" not in page(client, name, meet.pk)
        for name in ("attempt-detail", "attempt-live"):
            assert "unmatched" not in page(client, name, squat.pk)
            assert "may show another lift: not judged" in page(client, name, squat.pk)


def test_the_attempts_page_says_so_and_leads_staff_there(meet: Meet, staff: Client, squat: Attempt) -> None:
    image = assessed_make(squat, seen=odd(picture=LiftSeen(Lift.BENCH, 0.64), picture_model="net abc")).image
    html = page(staff, "attempt-detail", squat.pk)
    state = re.search(r'<div class="cam-state.*?</div>', html, flags=re.S)
    assert state is not None
    assert text(state[0]) == "◇ check the photo may show another lift: not judged Unmatched photos"
    assert f'href="{reverse("meet-unmatched", args=[meet.pk])}#stray-{image.pk}"' in state[0]
    assert "picture a bench press (64 %) as a whole" in text(html)
    assert "Does not look like a squat: not judged" in text(page(staff, "meet-board", meet.pk))


@pytest.mark.parametrize(
    ("reasons", "sentence"),
    [
        ({Reason.WRONG_LIFT}, "Does not look like a squat: not judged"),
        ({Reason.WRONG_LIFT, Reason.LIFT_DISPUTED}, "Does not look like a squat: not judged"),
        ({Reason.LIFT_DISPUTED}, "It is not sure that this is a squat: not judged"),
        ({Reason.LIFT_DISPUTED, Reason.MOMENT_MISMATCH}, "It is not sure that this is a squat: not judged"),
        ({Reason.LIFT_UNKNOWN}, "It is not sure that this is a squat: not judged"),
        ({Reason.LIFT_UNKNOWN, Reason.MOMENT_MISMATCH}, "Does not look like the stated moment: not judged"),
        ({Reason.MOMENT_MISMATCH}, "Does not look like the stated moment: not judged"),
        (set(), "Does not look like a squat: not judged"),
    ],
)
def test_what_does_not_fit_is_said(reasons: set[str], sentence: str) -> None:
    assert words.mismatch_sentence("squat", reasons) == sentence


def test_the_tray_costs_the_same_however_many_wait(meet: Meet, staff: Client, squat: Attempt) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            page(staff, "meet-unmatched", meet.pk)
        return len(asked)

    def one_more() -> None:
        assessed_make(squat, seen=odd())
        intake.image_set_aside(image=assessed_make(squat).image, user=user_of(staff))

    one_more()
    before = cost()
    for _ in range(3):
        one_more()
    assert cost() == before


def test_the_tray_follows_by_itself(meet: Meet, staff: Client, squat: Attempt) -> None:
    def token(html: str) -> str:
        told = re.search(r"unmatched/live/\?u=(\w{20})", html)
        assert told is not None
        return told[1]

    live = reverse("meet-unmatched-live", args=[meet.pk])
    seen = token(page(staff, "meet-unmatched", meet.pk))
    assert staff.get(live, {"u": seen}).status_code == 204
    image = assessed_make(squat, seen=odd()).image
    answer = staff.get(live, {"u": seen})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert f'id="stray-{image.pk}"' in html
    assert re.findall(r'id="([\w-]+)"[^>]*hx-swap-oob="true"', html) == [
        "assist", "banner", "unmatched-link", "strays", "aside", "poll",
    ]  # fmt: skip
    assert token(html) != seen
    assert staff.get(live, {"u": token(html)}).status_code == 204


# ── It is this lift ──────────────────────────────────────────────────────────────────────────────────────


def test_staff_say_that_it_is_this_lift_and_it_is_judged(
    meet: Meet, staff: Client, squat: Attempt, messages: Callable[..., list[str]],
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    image = assessed_make(squat, seen=odd()).image
    messages()
    with django_capture_on_commit_callbacks(execute=True):
        html = act(staff, "photo-lift", image)

    assert "The photo is read again as a squat." in html
    assert messages() == [str(image.pk)]
    image.refresh_from_db()
    assert (image.lift_said, image.lift_said_by, image.status) == (True, user_of(staff), "queued")
    assert tray(staff, meet) == []
    claim = claim_make(image)
    assert (claim.lift, claim.lift_said) == (Lift.SQUAT, True)
    assert tasks._request(claim).lift_said is True
    assert results.reading_settle(claim=claim, seen=found("squat_depth", 5.0))
    rows = Assessment.objects.order_by("pk").values_list("stated_lift", "stated_lift_said")
    assert list(rows) == [("squat", False), ("squat", True)]
    html = page(staff, "attempt-detail", squat.pk)
    assert "+5.0" in html
    said_by = f"{user_of(staff).username} has said that this is the attempt"
    assert said_by in html
    assert said_by not in page(client_of(meet, Role.JURY), "attempt-detail", squat.pk)

    # Taken back, what was found before counts again.
    answer = staff.post(reverse("photo-lift", args=[image.pk]), {"nobody": "1"}, follow=True)
    assert answer.redirect_chain == [(reverse("attempt-detail", args=[squat.pk]), 302)]
    image.refresh_from_db()
    assert (image.lift_said, image.lift_said_by, image.lift_said_at, image.status) == (False, None, None, "queued")
    assert tray(staff, meet) == [str(image.pk)]
    assert "+5.0" not in page(staff, "attempt-detail", squat.pk)
    claim = claim_make(image)
    assert claim.lift_said is False
    assert results.reading_settle(claim=claim, seen=odd())
    assert Assessment.objects.count() == 2


def test_a_word_takes_up_the_camera_as_it_is_now(meet: Meet, staff: Client, squat: Attempt) -> None:
    camera = camera_make(meet, height_cm=95)
    image = image_make(squat, camera=camera)
    act(staff, "photo-lift", image)
    image.refresh_from_db()
    assert (image.camera, image.stated_camera) == (camera, '{"height_cm":95.0}')


# ── Moved to another attempt ─────────────────────────────────────────────────────────────────────────────


def test_a_photo_goes_from_a_squat_to_a_bench_press(
    meet: Meet, staff: Client, squat: Attempt, bench: Attempt, messages: Callable[..., list[str]],
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    row = assessed_make(squat, seen=odd(people=(person_make(), person_make((200, 30, 300, 230)))))
    image = row.image
    intake.image_restate(image=image, user=image.uploaded_by, lifter_at=(0.5, 0.5))
    intake.image_lift_say(image=image, user=image.uploaded_by)
    assert results.reading_settle(claim=claim_make(image), seen=found("squat_depth", 7.0))
    assert "+7.0" in page(staff, "attempt-detail", squat.pk)
    messages()

    with django_capture_on_commit_callbacks(execute=True):
        html = act(staff, "photo-move", image, attempt=bench.pk)

    assert "The photo is moved to the bench press, 2nd attempt of Ada, and read again." in html
    assert messages() == [str(image.pk)]
    image.refresh_from_db()
    assert (image.attempt, image.status, reading_of(image).tries) == (bench, "queued", 0)
    assert (image.lift_said_by, image.lift_said_at) == (None, None)
    assert (image.lifter_at, image.stated_lifter, image.lifter_said_by, image.lifter_said_at) == (None, "", None, None)
    move = PhotoMove.objects.get()
    assert (move.image, move.from_attempt, move.to_attempt, move.by) == (image, squat, bench, user_of(staff))
    # Nothing of what was found for the squat is told of the bench press: not while it waits, nor later.
    assert told(staff, meet, image, bench) == (False, None, "")
    assert "No photo of this attempt yet." in page(staff, "attempt-detail", squat.pk)
    assert "+7.0" not in page(staff, "attempt-detail", squat.pk)

    claim = claim_make(image)
    assert (claim.lift, claim.lift_said, claim.lifter_at) == (Lift.BENCH, False, None)
    assert results.reading_settle(claim=claim, seen=found("bench_depth", 2.0))

    assert told(staff, meet, image, bench) == (False, ["bench_depth"], "+2.0")
    # All of it stays on record.
    assert list(Assessment.objects.order_by("pk").values_list("stated_lift", "stated_lift_said", "stated_lifter")) == [
        ("squat", False, ""),
        ("squat", True, "0.500,0.500"),
        ("bench", False, ""),
    ]
    when = f"moved by {user_of(staff).username}, {move.at:%H:%M} UTC"
    assert f"p.jpg came here from squat, 1st attempt of Ada: {when}" in page(staff, "attempt-detail", bench.pk)
    assert f"p.jpg went from here to bench press, 2nd attempt of Ada: {when}" in page(staff, "attempt-detail", squat.pk)


def told(staff: Client, meet: Meet, image: AttemptImage, attempt: Attempt) -> tuple[bool, list[str] | None, str]:
    """Is the squat's finding told anywhere, which rules are told of the photo, and the margin on the attempt's page."""
    api = api_of(meet)
    seen = api.get(f"/api/v1/images/{image.pk}/").json()["assessment"]
    detail = api.get(f"/api/v1/attempts/{attempt.pk}/").json()
    assert [one["assessment"] is None for one in detail["images"]] == [seen is None]
    table = api.get(f"/api/v1/meets/{meet.pk}/results?format=csv").content.decode()
    shown = page(staff, "attempt-detail", attempt.pk)
    everywhere = (table, str(detail), str(seen), shown, page(staff, "meet-board", meet.pk))
    margin = re.search(r"<b>([+−][\d.]+) cm</b>", shown)
    rules = [finding["rule"] for finding in seen["findings"]] if seen else None
    # A margin stands by itself; the page's clock, "12:00:17.038", may hold the same figures.
    of_squat = re.compile(r"squat_depth|(?<!\d)7\.0(?!\d)")
    return any(of_squat.search(part) is not None for part in everywhere), rules, margin[1] if margin else ""


def test_the_same_reading_of_another_lift_is_another_assessment(meet: Meet, squat: Attempt, bench: Attempt) -> None:
    """By engine, weights and gold set nothing tells the two apart, and neither takes the other's place."""
    row = assessed_make(squat, seen=found("squat_depth", 7.0))
    intake.image_move(image=row.image, user=row.image.uploaded_by, attempt=bench)
    assert list(assessments_of(meet).current) == []
    assert results.reading_settle(claim=claim_make(row.image), seen=found("bench_depth", 2.0))
    (of_bench,) = assessments_of(meet).current
    assert of_bench.pk != row.pk
    # Moved back, the first one counts again.
    intake.image_move(image=row.image, user=row.image.uploaded_by, attempt=squat)
    assert list(assessments_of(meet).current) == [row]
    assert results.reading_settle(claim=claim_make(row.image), seen=found("squat_depth", 7.0))
    assert list(assessments_of(meet).current) == [row]
    assert Assessment.objects.count() == 2
    moves = list(PhotoMove.objects.values_list("from_attempt", "to_attempt"))
    assert moves == [(squat.pk, bench.pk), (bench.pk, squat.pk)]


def test_at_another_attempt_at_the_same_lift_the_reading_still_counts(meet: Meet, squat: Attempt) -> None:
    row = assessed_make(squat)
    second = attempt_make(entry=squat.entry, number=2)
    intake.image_move(image=row.image, user=row.image.uploaded_by, attempt=second)
    assert list(assessments_of(meet).current) == [row]


def test_a_stale_copy_of_the_photo_moves_it_from_where_it_is(squat: Attempt, bench: Attempt) -> None:
    image = image_make(squat)
    stale = AttemptImage.objects.get(pk=image.pk)
    third = attempt_make(entry=squat.entry, lift="deadlift")
    intake.image_move(image=image, user=image.uploaded_by, attempt=bench)
    intake.image_move(image=stale, user=image.uploaded_by, attempt=third)
    moves = list(PhotoMove.objects.values_list("from_attempt", "to_attempt"))
    assert moves == [(squat.pk, bench.pk), (bench.pk, third.pk)]


def test_where_to_is_asked_within_the_tray_or_on_a_page(
    meet: Meet, staff: Client, squat: Attempt, bench: Attempt
) -> None:
    other = entry_make(meet, lifter=lifter_make(meet, name="Bo"), lot=2001)
    last = entry_make(meet, lifter=lifter_make(meet, name="Cy"), lot=None)
    for entry, lift, number in ((other, "deadlift", 1), (other, "squat", 2), (other, "squat", 1), (last, "bench", 1)):
        attempt_make(entry=entry, lift=lift, number=number)
    attempt_make()
    image = assessed_make(squat, seen=odd()).image
    url = reverse("photo-move", args=[image.pk])

    whole = staff.get(url).content.decode()
    within = staff.get(url, headers={"HX-Request": "true"}).content.decode()

    assert "<html" in whole
    assert within.startswith("<form")
    for html in (whole, within):
        groups = re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', html, flags=re.S)
        assert [(name, re.findall(r">([^<]+)</option>", options)) for name, options in groups] == [
            ("lot 3001 · Ada", ["Bench press, 2nd · Ada · 60.0 kg"]),
            (
                "lot 2001 · Bo",
                ["Squat, 1st · Bo · 100.0 kg", "Squat, 2nd · Bo · 100.0 kg", "Deadlift, 1st · Bo · 100.0 kg"],
            ),
            ("Cy", ["Bench press, 1st · Cy · 100.0 kg"]),
        ]
    Attempt.objects.exclude(pk=squat.pk).delete()
    assert "This meet has no other attempt to move it to." in staff.get(url).content.decode()


def test_an_attempt_that_a_photo_left_stays_as_it_was(squat: Attempt, bench: Attempt) -> None:
    """Else nobody could tell any more under what the photo stood."""
    image = image_make(squat)
    intake.image_move(image=image, user=image.uploaded_by, attempt=bench)
    before = [list(Attempt.objects.order_by("pk").values()), *written()]
    with pytest.raises(Conflict) as refused:
        attempts.attempt_delete(attempt=squat)
    assert refused.value.reason == "has_evidence"
    with pytest.raises(Conflict) as refused:
        attempts.attempt_update(attempt=squat, lift="deadlift")
    assert refused.value.reason == "attempt_has_images"
    with pytest.raises(RestrictedError):
        squat.delete()
    assert [list(Attempt.objects.order_by("pk").values()), *written()] == before
    # Nor does it go with the whole meet, whose log nobody deletes.
    with pytest.raises(ProtectedError):
        squat.entry.meet.delete()


# ── Set aside ────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_set_aside_counts_nowhere_and_is_kept(meet: Meet, staff: Client, squat: Attempt) -> None:
    stays = assessed_make(squat, seen=found("squat_depth", 5.0)).image
    goes = assessed_make(squat).image
    api = api_of(meet)

    html = act(staff, "photo-set-aside", goes)

    assert "The photo is set aside. It is kept below, and counts nowhere." in html
    goes.refresh_from_db()
    assert (goes.set_aside, goes.set_aside_by, goes.status) == (True, user_of(staff), "done")
    assert put(staff, meet) == [str(goes.pk)]
    assert f"p.jpg · set aside by {user_of(staff).username}, {goes.set_aside_at:%H:%M} UTC" in html
    assert goes.original.storage.exists(goes.original.name)
    assert list(assessments_of(meet).current.values_list("image", flat=True)) == [stays.pk]
    board = page(staff, "meet-board", meet.pk)
    assert "left hip crease +5.0 ± 1.5 cm below" in board
    assert "breach" not in board
    shown = page(staff, "attempt-detail", squat.pk)
    assert (str(stays.pk) in shown, str(goes.pk) in shown) == (True, False)
    detail = api.get(f"/api/v1/attempts/{squat.pk}/").json()
    assert ([one["id"] for one in detail["images"]], detail["flag"]) == ([str(stays.pk)], "")
    listed = api.get(f"/api/v1/meets/{meet.pk}/results").json()["attempts"]
    assert [[one["id"] for one in attempt["images"]] for attempt in listed] == [[str(stays.pk)]]
    assert str(goes.pk) not in api.get(f"/api/v1/meets/{meet.pk}/results?format=csv").content.decode()
    alone = api.get(f"/api/v1/images/{goes.pk}/").json()
    assert (alone["set_aside"], alone["assessment"], alone["also"]) == (True, None, [])

    act(staff, "photo-take-back", goes)

    goes.refresh_from_db()
    assert (goes.set_aside_by, goes.set_aside_at, goes.status) == (None, None, "queued")
    assert put(staff, meet) == []
    assert str(goes.pk) in page(staff, "attempt-detail", squat.pk)
    assert "breach" in page(staff, "meet-board", meet.pk)
    assert results.reading_settle(claim=claim_make(goes), seen=seen_make())
    assert Assessment.objects.filter(image=goes).count() == 1


def test_an_attempt_whose_only_photo_is_set_aside_has_none(meet: Meet, staff: Client, squat: Attempt) -> None:
    image = assessed_make(squat).image
    intake.image_set_aside(image=image, user=image.uploaded_by)
    board = page(staff, "meet-board", meet.pk)
    assert re.findall(r"<h2>([^<]+)</h2>", board) == ["No photo yet"]
    assert "No photo of this attempt yet." in page(staff, "attempt-detail", squat.pk)
    # It is still filed there: the attempt is not taken away from under it.
    with pytest.raises(Conflict):
        attempts.attempt_delete(attempt=squat)


def test_a_waiting_photo_set_aside_leaves_the_queue(
    meet: Meet, staff: Client, squat: Attempt, messages: Callable[..., list[str]],
    django_capture_on_commit_callbacks: Any, settings: Any,
) -> None:  # fmt: skip
    beat_make()
    settings.IMAGE_NUDGE_S = 0
    image = image_make(squat)
    AttemptImage.objects.update(uploaded_at="2026-05-01T10:00:00Z")
    assert desk_detail(user_of(staff), meet.pk).assist is Assist.DELAYED
    messages()

    act(staff, "photo-set-aside", image)

    assert list(Reading.objects.all()) == []
    assert desk_detail(user_of(staff), meet.pk).assist is Assist.ON
    assert results.readings_claim(image_id=image.pk, engine="mediapipe", worker="w@test", pid=1, limit=4) == []
    assert (intake.images_sweep(), messages()) == (0, [])
    # Another engine that comes to be asked does not read it either.
    with django_capture_on_commit_callbacks(execute=True):
        roster.meet_update(meet=meet, engine="mmpose", engines_also=["mediapipe"])
    assert (list(Reading.objects.all()), messages(), messages("mmpose")) == ([], [], [])
    # Taken back, it is read by those that are asked now.
    with django_capture_on_commit_callbacks(execute=True):
        act(staff, "photo-take-back", image)
    assert (messages(), messages("mmpose")) == ([str(image.pk)], [str(image.pk)])
    rows = Reading.objects.order_by("engine").values_list("engine", "status")
    assert list(rows) == [("mediapipe", "queued"), ("mmpose", "queued")]


def test_what_was_read_stays_read_when_a_photo_is_set_aside(squat: Attempt) -> None:
    image = assessed_make(squat).image
    intake.image_set_aside(image=image, user=image.uploaded_by)
    assert reading_of(image).status == ImageStatus.DONE


# ── Refusals ─────────────────────────────────────────────────────────────────────────────────────────────

ACTS = ("photo-lift", "photo-move", "photo-set-aside", "photo-take-back")
SERVICES: dict[str, Callable[[AttemptImage, Attempt], None]] = {
    "photo-lift": lambda image, to: intake.image_lift_say(image=image, user=image.uploaded_by),
    "photo-move": lambda image, to: intake.image_move(image=image, user=image.uploaded_by, attempt=to),
    "photo-set-aside": lambda image, to: intake.image_set_aside(image=image, user=image.uploaded_by),
    "photo-take-back": lambda image, to: intake.image_take_back(image=image, user=image.uploaded_by),
}
ADDRESSES = {
    "photo-lift": ("post", "lift"),
    "photo-move": ("post", "move"),
    "photo-set-aside": ("post", "set-aside"),
    "photo-take-back": ("delete", "set-aside"),
}


def by_api(client: APIClient, name: str, image: AttemptImage, to: Any) -> Any:
    method, last = ADDRESSES[name]
    body = {"attempt": str(to)} if name == "photo-move" else None
    return getattr(client, method)(f"/api/v1/images/{image.pk}/{last}/", body, format="json")


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("what", ["closed", "working", "aside"])
def test_a_refused_act_is_told_and_writes_nothing(
    meet: Meet, staff: Client, squat: Attempt, bench: Attempt, name: str, what: str
) -> None:
    api = api_of(meet, Role.HEAD)
    image = working_make(squat) if what == "working" else assessed_make(squat, seen=odd()).image
    if what == "closed":
        Meet.objects.update(status=MeetStatus.CLOSED)
        reason, sentence = "meet_closed", "This meet is closed. Ask its head to open it again before sending photos."
    elif what == "working":
        reason, sentence = "working", "This photo is being read right now. Wait for its result, then change it."
    elif name == "photo-take-back":
        reason, sentence = "not_set_aside", "This photo is not set aside, so there is nothing to take back."
    else:
        intake.image_set_aside(image=image, user=image.uploaded_by)
        reason, sentence = "set_aside", "This photo is set aside. Take it back first."
    before = written()

    assert sentence in act(staff, name, image, attempt=bench.pk)
    answer = by_api(api, name, image, bench.pk)
    assert (answer.status_code, answer.json()["reason"]) == (409, reason)
    with pytest.raises(Conflict, match=re.escape(sentence)):
        SERVICES[name](AttemptImage.objects.get(pk=image.pk), bench)

    assert written() == before


def test_a_closed_meets_tray_is_for_reading(meet: Meet, staff: Client, squat: Attempt) -> None:
    image = assessed_make(squat, seen=odd()).image
    aside = assessed_make(squat).image
    intake.image_set_aside(image=aside, user=image.uploaded_by)
    Meet.objects.update(status=MeetStatus.CLOSED)
    html = page(staff, "meet-unmatched", meet.pk)
    assert (tray(staff, meet), put(staff, meet)) == ([str(image.pk)], [str(aside.pk)])
    assert "This meet is closed: nothing here can be changed" in html
    assert 'class="acts"' not in html
    assert "<select" not in page(staff, "photo-move", image.pk)


@pytest.mark.parametrize("what", ["set aside", "failed"])
def test_what_is_set_aside_is_not_restated_nor_tried_again(
    meet: Meet, staff: Client, squat: Attempt, what: str
) -> None:
    image = image_make(squat, status="failed", reason="too_slow")
    intake.image_set_aside(image=image, user=image.uploaded_by)
    before = written()
    name, data = ("photo-restate", {"view": "left"}) if what == "set aside" else ("photo-retry", {})
    answer = staff.post(reverse(name, args=[image.pk]), data, follow=True)
    assert "This photo is set aside. Take it back first." in answer.content.decode()
    assert written() == before


@pytest.mark.parametrize("what", ["another meet", "none", "nonsense", "unknown", "here", "same photo"])
def test_where_a_photo_cannot_go(meet: Meet, staff: Client, squat: Attempt, bench: Attempt, what: str) -> None:
    image, api = assessed_make(squat, seen=odd()).image, api_of(meet)
    to: Any = bench.pk
    choose = "Choose the attempt that this photo shows."
    if what == "another meet":
        to, sentence, status = attempt_make().pk, choose, 400
    elif what in ("none", "nonsense", "unknown"):
        to = {"none": "", "nonsense": "x' or 1", "unknown": "00000000-0000-0000-0000-000000000001"}[what]
        sentence, status = choose, 400
    elif what == "here":
        to, sentence, status = squat.pk, "This photo is at that attempt already. Choose another one.", 409
    else:
        with image.original.open("rb") as file:
            intake.image_submit(attempt=bench, user=image.uploaded_by, data=file.read(), file_name="p.jpg")
        sentence, status = "That attempt has the same photo already. Set this one aside instead.", 409
    before = written()
    assert sentence in act(staff, "photo-move", image, attempt=to)
    assert by_api(api, "photo-move", image, to).status_code == status
    assert written() == before


def test_an_attempt_gone_or_elsewhere_is_refused_below_the_doors_too(squat: Attempt, bench: Attempt) -> None:
    image = image_make(squat)
    gone = Attempt.objects.get(pk=bench.pk)
    bench.delete()
    before = written()
    elsewhere = attempt_make()
    before[0] = list(Meet.objects.order_by("pk").values())
    for attempt in (gone, elsewhere):
        with pytest.raises(Unusable, match="not in this meet"):
            intake.image_move(image=image, user=image.uploaded_by, attempt=attempt)
    assert written() == before


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("mode", [EvidenceMode.TRAINING, EvidenceMode.AFTER_LIGHT])
def test_staff_and_head_alone_may(name: str, role: Role, mode: EvidenceMode) -> None:
    meet = meet_make(evidence_mode=mode)
    squat = attempt_make(meet)
    bench = attempt_make(entry=squat.entry, lift="bench")
    image = assessed_make(squat, seen=odd()).image
    if name == "photo-take-back":
        intake.image_set_aside(image=image, user=image.uploaded_by)
    strange = meet_make()
    member, api, stranger = client_of(meet, role), api_of(meet, role), client_of(strange, role)
    stranger_api = api_of(strange, role)
    before = written()
    url = reverse(name, args=[image.pk])
    assert stranger.post(url, {"attempt": bench.pk}).status_code == 404
    assert by_api(stranger_api, name, image, bench.pk).status_code == 404
    for address in ("meet-unmatched", "meet-unmatched-live"):
        assert stranger.get(reverse(address, args=[meet.pk])).status_code == 404
    may = role in (Role.STAFF, Role.HEAD)
    for address in ("meet-unmatched", "meet-unmatched-live"):
        assert member.get(reverse(address, args=[meet.pk])).status_code == (200 if may else 403)
    assert member.get(reverse("photo-move", args=[image.pk])).status_code == (200 if may else 403)
    assert written() == before
    if may:
        assert by_api(api, name, image, bench.pk).status_code == 202
        assert written() != before
        return
    assert member.post(url, {"attempt": bench.pk}).status_code == 403
    assert by_api(api, name, image, bench.pk).status_code == 403
    assert written() == before


# ── Blind first ──────────────────────────────────────────────────────────────────────────────────────────

CLOSED = {"id", "url", "attempt", "width", "height", "uploaded_at", "purged", "evidence"}


def test_a_move_opens_nothing_to_a_blind_referee() -> None:
    """His light on the squat opens the squat alone; what the photo is found to show at the bench press stays closed."""
    meet = meet_make(evidence_mode=EvidenceMode.AFTER_LIGHT)
    squat = attempt_make(meet)
    bench = attempt_make(entry=squat.entry, lift="bench", number=2)
    referee = member_make(meet, Role.REFEREE)
    client, api = Client(), APIClient()
    client.force_login(referee)
    api.force_authenticate(referee)
    image = assessed_make(squat, seen=odd()).image
    decisions.light_record(attempt=squat, referee=referee, colour="white")
    assert "check the photo" in page(client, "attempt-detail", squat.pk)

    intake.image_move(image=image, user=member_make(meet), attempt=bench)
    assert results.reading_settle(claim=claim_make(image), seen=seen_make(findings=(finding_make(rule="bench_depth"),)))

    for name in ("attempt-detail", "attempt-live"):
        html = page(client, name, bench.pk)
        assert [word for word in ("breach", "◆", "◇", "check the photo", "came here", "nmatched") if word in html] == []
        assert "Closed until your own light." in html
    assert set(api.get(f"/api/v1/images/{image.pk}/").json()) == CLOSED
    (shown,) = api.get(f"/api/v1/attempts/{bench.pk}/").json()["images"]
    assert set(shown) == CLOSED
    # Where the photo stood it is gone, with what was found in it.
    gone = page(client, "attempt-detail", squat.pk)
    assert (str(image.pk) in gone, "check the photo" in gone) == (False, False)
    decisions.light_record(attempt=bench, referee=referee, colour="red")
    assert "◆" in page(client, "attempt-detail", bench.pk)


@pytest.mark.parametrize("name", ["photo-lift", "photo-set-aside"])
def test_what_staff_made_of_a_photo_is_not_told_before_the_light(name: str) -> None:
    meet = meet_make(evidence_mode=EvidenceMode.AFTER_LIGHT)
    attempt = attempt_make(meet)
    stays, other = assessed_make(attempt).image, assessed_make(attempt, seen=odd()).image
    client, api = client_of(meet, Role.REFEREE), api_of(meet, Role.REFEREE)
    SERVICES[name](other, attempt)

    def told() -> list[str]:
        pages = [page(client, which, meet.pk) for which in ("meet-board", "meet-board-rows")]
        pages += [page(client, which, attempt.pk) for which in ("attempt-detail", "attempt-live")]
        listed = api.get(f"/api/v1/attempts/{attempt.pk}/").json()["images"]
        assert all(set(one) == CLOSED for one in listed)
        return [*pages, *(one["id"] for one in listed)]

    signs = ("et aside", "has said", "nmatched", "◇", "check the photo", "waiting", "breach")
    shown = told()
    assert [word for word in signs for part in shown if word in part] == []
    shows_other = name == "photo-lift"
    assert shown[4:] == [str(stays.pk)] + ([str(other.pk)] if shows_other else [])
    assert (str(other.pk) in shown[2]) is shows_other


def test_a_blind_referee_has_no_row_for_an_attempt_whose_photos_are_set_aside() -> None:
    meet = meet_make(evidence_mode=EvidenceMode.AFTER_LIGHT)
    image = assessed_make(attempt_make(meet)).image
    client = client_of(meet, Role.REFEREE)
    assert f'id="row-{image.attempt_id}"' in page(client, "meet-board", meet.pk)
    intake.image_set_aside(image=image, user=image.uploaded_by)
    assert f'id="row-{image.attempt_id}"' not in page(client, "meet-board", meet.pk)


# ── The API, and what was there before ───────────────────────────────────────────────────────────────────


def test_the_api_says_moves_and_sets_aside(meet: Meet, squat: Attempt, bench: Attempt) -> None:
    image, api = (
        assessed_make(squat, seen=odd(picture=LiftSeen(None, 0.5), picture_model="net abc")).image,
        api_of(meet),
    )
    seen = api.get(f"/api/v1/images/{image.pk}/").json()
    assert (seen["lift_said"], seen["set_aside"]) == (False, False)
    of_lift = ("lift_seen", "lift_p", "picture_lift", "picture_p", "picture_model")
    assert [seen["assessment"][key] for key in of_lift] == ["deadlift", 0.91, "", 0.5, "net abc"]

    def now(answer: Any) -> tuple[Any, ...]:
        assert answer.status_code == 202
        shown = answer.json()
        return shown["attempt"], shown["lift_said"], shown["set_aside"], shown["status"]

    at = f"/api/v1/images/{image.pk}"
    assert now(api.post(f"{at}/lift/")) == (str(squat.pk), True, False, "queued")
    assert now(api.delete(f"{at}/lift/")) == (str(squat.pk), False, False, "queued")
    assert now(api.post(f"{at}/lift/")) == (str(squat.pk), True, False, "queued")
    assert now(api.post(f"{at}/move/", {"attempt": str(bench.pk)})) == (str(bench.pk), False, False, "queued")
    assert now(api.post(f"{at}/set-aside/")) == (str(bench.pk), False, True, "queued")
    assert now(api.delete(f"{at}/set-aside/")) == (str(bench.pk), False, False, "queued")
    assert api.post(f"{at}/move/", {}).status_code == 400


def test_a_repeated_upload_follows_its_photo(squat: Attempt, bench: Attempt) -> None:
    """With its key a repeat is still that photo, wherever staff have put it."""
    user, data = member_make(squat.entry.meet), photo_bytes()
    image, _ = intake.image_submit(attempt=squat, user=user, data=data, idempotency_key="cam1-0042")
    intake.image_move(image=image, user=user, attempt=bench)
    again, is_new = intake.image_submit(attempt=squat, user=user, data=data, idempotency_key="cam1-0042")
    assert (again.pk, again.attempt_id, is_new) == (image.pk, bench.pk, False)


def test_readings_from_before_count_as_of_their_attempts_lift(meet: Meet, squat: Attempt, bench: Attempt) -> None:
    rows = [assessed_make(squat), assessed_make(bench)]
    Assessment.objects.update(stated_lift="")
    assert list(assessments_of(meet).current) == []
    import_module("meets.migrations.0003_unmatched").lift_stated(apps, None)
    assert list(Assessment.objects.order_by("pk").values_list("stated_lift", flat=True)) == ["squat", "bench"]
    assert set(assessments_of(meet).current) == set(rows)
