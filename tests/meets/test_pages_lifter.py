"""Several people in a photo: staff are asked who lifts, say so, and take it back; and the meet's cameras."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from inference.assessment import FlagKind
from judging.camera import Camera as CameraKnown
from judging.outcomes import Outcome, Reason
from meets import intake, results
from meets.errors import Refusal
from meets.models import (
    CAMERA_DIGITS,
    CAMERA_FIGURES,
    Assessment,
    AttemptImage,
    Camera,
    EvidenceMode,
    Light,
    LogKind,
    LogRecord,
    Meet,
    MeetStatus,
    Reading,
    Role,
)
from tests.factories import (
    assessed_make,
    attempt_make,
    camera_make,
    claim_make,
    finding_make,
    image_make,
    meet_make,
    meet_now,
    member_make,
    person_make,
    photo_bytes,
    seen_make,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def meet() -> Meet:
    return meet_make(evidence_mode=EvidenceMode.TRAINING)


def client_of(meet: Meet, role: Role = Role.STAFF) -> Client:
    client = Client()
    client.force_login(member_make(meet, role))
    return client


def unsure() -> Any:
    """Two people of a photo 320 × 240, too alike to call."""
    silent = finding_make(
        outcome=Outcome.CANNOT_JUDGE, reason=Reason.LIFTER_UNSURE, side=None, margin_cm=None, detail=""
    )
    return seen_make(
        pose=None,
        votes=None,
        flag=FlagKind.LIFTER,
        findings=(silent,),
        people=(person_make((20, 40, 100, 200), score=0.41), person_make((200, 30, 300, 230), score=0.39)),
        lifter_margin=0.02,
    )


def sure() -> Any:
    people = person_make((20, 40, 100, 200), score=0.9, chosen=True), person_make((200, 30, 300, 230), score=0.05)
    return seen_make(people=people, lifter_margin=0.85)


def page(client: Client, image: AttemptImage) -> str:
    html = client.get(reverse("attempt-detail", args=[image.attempt_id])).content.decode()
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    return re.sub(r"<dialog.*?</dialog>", "", html, flags=re.S)


def say(client: Client, image: AttemptImage, **data: Any) -> Any:
    return client.post(reverse("photo-lifter", args=[image.pk]), data, follow=True)


def test_who_lifts_is_asked_of_the_staff_and_said(meet: Meet) -> None:
    row = assessed_make(attempt_make(meet), seen=unsure())
    image, staff = row.image, client_of(meet)
    html = page(staff, image)
    assert "who is the lifter?" in html
    assert "It cannot be told who the lifter is" in html
    assert re.findall(r'<rect class="person" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', html) == [
        ("20.0", "40.0", "80.0", "160.0"),
        ("200.0", "30.0", "100.0", "200.0"),
    ]
    assert 'class="layer-people asked"' in html
    assert re.findall(r'name="person" value="(\d)" required( checked)?>', html) == [("1", ""), ("2", "")]
    assert re.search(r"<b>1</b> at the left .*41 %", html)
    assert re.search(r"<b>2</b> at the right .*39 %", html)

    answer = say(staff, image, assessment=row.pk, person=2)

    assert "The photo is read again." in answer.content.decode()
    image.refresh_from_db()
    assert (image.lifter_at, image.stated_lifter, image.status) == ((0.781, 0.542), "0.781,0.542", "queued")
    assert image.lifter_said_by is not None
    assert (image.lifter_said_by.username, image.lifter_said_at is None) == (staff_name(staff), False)
    assert "who is the lifter?" not in page(staff, image)
    claim = claim_make(image)
    assert claim.lifter_at == (0.781, 0.542)
    assert results.reading_settle(claim=claim, seen=sure())
    html = page(staff, image)
    assert "Somebody else is the lifter" in html
    assert f"Said by {image.lifter_said_by.username}" in html
    assert re.findall(r'name="person" value="(\d)" required( checked)?>', html) == [("1", " checked"), ("2", "")]
    assert 'class="layer-people"' in html


def staff_name(client: Client) -> str:
    from django.contrib.auth import get_user

    return get_user(client).get_username()  # type: ignore[arg-type]


def test_it_is_taken_back_and_the_first_reading_counts_again(meet: Meet) -> None:
    row = assessed_make(attempt_make(meet), seen=unsure())
    image, staff = row.image, client_of(meet)
    say(staff, image, assessment=row.pk, person=1)
    assert results.reading_settle(claim=claim_make(image), seen=sure())

    say(staff, image, nobody="1", assessment=row.pk, person=1)

    image.refresh_from_db()
    assert (image.lifter_at, image.stated_lifter, image.lifter_said_by, image.lifter_said_at) == (None, "", None, None)
    assert "who is the lifter?" in page(staff, image)
    assert results.reading_settle(claim=claim_make(image), seen=unsure())
    assert image.assessments.count() == 2


def hidden() -> Any:
    """What the line answers once staff have said that he is none of them, and where the finder alone sees him."""
    asked = unsure()
    silent = replace(asked.findings[0], reason=Reason.LIFTER_HIDDEN)
    return replace(asked, findings=(silent,), flag=FlagKind.NONE)


def test_staff_can_say_that_none_of_them_is_the_lifter_and_take_it_back(meet: Meet) -> None:
    row = assessed_make(attempt_make(meet), seen=unsure())
    image, staff = row.image, client_of(meet)
    assert 'name="person" value="none" required>' in page(staff, image)

    assert "The photo is read again." in say(staff, image, assessment=row.pk, person="none").content.decode()

    image.refresh_from_db()
    assert (image.lifter_at, image.lifter_hidden, image.stated_lifter, image.status) == (None, True, "hidden", "queued")
    assert image.lifter_said_by is not None
    assert image.lifter_said_by.username == staff_name(staff)
    told = json.loads(LogRecord.objects.filter(kind=LogKind.PHOTO).latest("seq").body)
    assert (told["act"], told["said"]) == ("restated", {"lifter_hidden": True})
    claim = claim_make(image)
    assert (claim.lifter_at, claim.lifter_hidden, claim.stated_lifter) == (None, True, "hidden")
    assert results.reading_settle(claim=claim, seen=hidden())
    html = page(staff, image)
    assert "The lifter could not be read: others or a plate may hide him. Judge by eye." in html
    assert "It cannot be told who the lifter is" not in html
    assert 'name="person" value="none" required checked>' in html
    board = staff.get(reverse("meet-board", args=[meet.pk])).content.decode()
    assert "lifter not read" in board
    say(staff, image, nobody="1", assessment=row.pk)
    image.refresh_from_db()
    assert (image.lifter_hidden, image.stated_lifter, image.lifter_said_by) == (False, "", None)


def test_somebody_alone_who_was_not_taken_for_the_lifter_can_be_named(meet: Meet) -> None:
    seen = hidden()
    row = assessed_make(attempt_make(meet), seen=replace(seen, people=seen.people[:1]))
    html = page(client_of(meet), row.image)
    assert re.findall(r'name="person" value="(\w+)" required( checked)?>', html) == [("1", ""), ("none", "")]
    assert "1 person seen" in html
    assert "Say who the lifter is" in html
    assert "Somebody else is the lifter" not in html


def test_the_api_takes_that_nobody_read_is_the_lifter_but_not_with_a_place(meet: Meet) -> None:
    image = assessed_make(attempt_make(meet), seen=unsure()).image
    client = APIClient()
    client.force_authenticate(member_make(meet))
    address = f"/api/v1/images/{image.pk}/"
    before = AttemptImage.objects.values().get(), meet_now()
    both = client.patch(address, {"lifter_at": [0.4, 0.6], "lifter_hidden": True})
    assert (both.status_code, list(both.json()["errors"])) == (400, ["lifter_hidden"])
    with pytest.raises(Refusal, match="not both"):
        intake.image_restate(image=image, user=image.uploaded_by, lifter_at=(0.4, 0.6), lifter_hidden=True)
    assert (AttemptImage.objects.values().get(), meet_now()) == before

    def told(**body: Any) -> tuple[Any, bool]:
        answer = client.patch(address, body).json()
        return answer["lifter_at"], answer["lifter_hidden"]

    assert told(lifter_hidden=True) == (None, True)
    assert told(phase="bottom") == (None, True)
    assert told(lifter_at=[0.4, 0.6]) == ([0.4, 0.6], False)
    # That he is not hidden takes no place back.
    assert told(lifter_hidden=False) == ([0.4, 0.6], False)
    assert told(lifter_hidden=True) == (None, True)
    assert told(lifter_hidden=False) == (None, False)
    image.refresh_from_db()
    assert (image.lifter_said_by, image.lifter_said_at) == (None, None)


def test_a_photo_of_one_person_asks_nothing(meet: Meet) -> None:
    html = page(client_of(meet), assessed_make(attempt_make(meet)).image)
    assert "layer-people" not in html
    assert "lifter?" not in html


def test_of_somebody_alone_staff_can_say_that_he_lifts(meet: Meet) -> None:
    alone = unsure()
    row = assessed_make(attempt_make(meet), seen=replace(alone, people=alone.people[:1]))
    staff = client_of(meet)
    assert re.findall(r'name="person" value="(\d)" required( checked)?>', page(staff, row.image)) == [("1", "")]
    assert "The photo is read again." in say(staff, row.image, assessment=row.pk, person=1).content.decode()
    row.image.refresh_from_db()
    assert row.image.lifter_at == (0.188, 0.5)


@pytest.mark.parametrize("role", [Role.REFEREE, Role.JURY, Role.READER])
@pytest.mark.parametrize("seen", [unsure, sure])
def test_others_get_no_form_and_change_nothing(meet: Meet, role: Role, seen: Any) -> None:
    row = assessed_make(attempt_make(meet), seen=seen())
    client = client_of(meet, role)
    api = APIClient()
    api.force_login(member_make(meet, role))
    before = AttemptImage.objects.values().get(), Reading.objects.values().get(), meet_now()
    html = page(client, row.image)
    assert 'name="person"' not in html
    # What is asked of others is seen; what nobody asks is not.
    assert ("layer-people asked" in html) == (seen is unsure)
    assert (
        client.post(reverse("photo-lifter", args=[row.image_id]), {"assessment": row.pk, "person": 1}).status_code
        == 403
    )
    assert api.patch(f"/api/v1/images/{row.image_id}/", {"lifter_at": [0.5, 0.5]}).status_code == 403
    assert (AttemptImage.objects.values().get(), Reading.objects.values().get(), meet_now()) == before


def test_a_blind_referee_is_told_of_nobody(meet: Meet) -> None:
    Meet.objects.update(evidence_mode=EvidenceMode.AFTER_LIGHT)
    image = assessed_make(attempt_make(meet), seen=unsure()).image
    referee = member_make(meet, Role.REFEREE)
    client = Client()
    client.force_login(referee)
    html = page(client, image)
    assert not any(word in html for word in ("◎", "lifter?", "layer-people", "Several people"))
    Light.objects.create(attempt=image.attempt, referee=referee, colour="white")
    assert "layer-people asked" in page(client, image)


@pytest.mark.parametrize(
    "data",
    [{}, {"person": 1}, {"person": 3}, {"person": 0}, {"person": "x"}, {"person": "9" * 30}, {"person": "²"}, "other"],
)
def test_nobody_of_that_number_is_refused_and_nothing_is_written(meet: Meet, data: Any) -> None:
    row = assessed_make(attempt_make(meet), seen=unsure())
    other = assessed_make(attempt_make(meet), seen=unsure())
    sent = {"assessment": other.pk, "person": 1} if data == "other" else data
    if "person" in sent and data != {"person": 1} and data != "other":
        sent = {"assessment": row.pk, **sent}
    staff = client_of(meet)
    before = AttemptImage.objects.values().get(pk=row.image_id), meet_now()
    answer = say(staff, row.image, **sent)
    assert "Choose one of the numbered people." in answer.content.decode()
    assert (AttemptImage.objects.values().get(pk=row.image_id), meet_now()) == before


@pytest.mark.parametrize("at", [(1.01, 0.5), (-0.1, 0.5), (float("nan"), 0.5), (0.5, float("inf")), (0.5,)])
def test_a_place_off_the_photo_is_refused(meet: Meet, at: Any) -> None:
    image = assessed_make(attempt_make(meet)).image
    before = AttemptImage.objects.values().get()
    with pytest.raises(Refusal, match="two parts of the photo"):
        intake.image_restate(image=image, user=image.uploaded_by, lifter_at=at)
    assert AttemptImage.objects.values().get() == before


def test_the_api_takes_the_place_and_gives_it_back(meet: Meet) -> None:
    image = assessed_make(attempt_make(meet), seen=unsure()).image
    staff = member_make(meet)
    client = APIClient()
    client.force_authenticate(staff)
    address = f"/api/v1/images/{image.pk}/"
    seen = client.get(address).json()["assessment"]
    assert (seen["flag"], seen["lifter_margin"], seen["people"][1]) == (
        "lifter", 0.02, {"box": [200.0, 30.0, 300.0, 230.0], "score": 0.39, "chosen": False},
    )  # fmt: skip
    answer = client.patch(address, {"lifter_at": [0.4, 0.6]})
    assert (answer.status_code, answer.json()["lifter_at"], answer.json()["status"]) == (202, [0.4, 0.6], "queued")
    image.refresh_from_db()
    assert image.lifter_said_by == staff
    for wrong in ([0.4], [0.4, 1.1], [0.4, 0.5, 0.6], "left", ["a", "b"]):
        assert client.patch(address, {"lifter_at": wrong}).status_code == 400
    # What is left out stays.
    assert client.patch(address, {"phase": "bottom"}).json()["lifter_at"] == [0.4, 0.6]
    assert client.patch(address, {"lifter_at": None}).json()["lifter_at"] is None


def test_the_board_asks_who_lifts_between_what_is_close_and_what_does_not_fit(meet: Meet) -> None:
    kinds = (FlagKind.MISMATCH, FlagKind.LIFTER, FlagKind.TOO_CLOSE)
    rows = {
        kind: assessed_make(attempt_make(meet), seen=unsure() if kind is FlagKind.LIFTER else seen_make(flag=kind))
        for kind in kinds
    }
    html = client_of(meet).get(reverse("meet-board", args=[meet.pk])).content.decode()
    shown = re.findall(r'id="row-([0-9a-f-]+)"', html)
    assert shown == [str(rows[kind].image.attempt_id) for kind in reversed(kinds)]
    assert "several people: staff say who lifts" in html


def test_boxes_cost_no_query_of_their_own(meet: Meet) -> None:
    staff = client_of(meet)

    def cost(attempt_id: Any) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert staff.get(reverse("attempt-detail", args=[attempt_id])).status_code == 200
        return len(asked)

    camera_make(meet)
    few, many = attempt_make(meet), attempt_make(meet)
    assessed_make(few, seen=unsure(), camera=camera_make(meet))
    for _ in range(5):
        image = assessed_make(many, seen=unsure(), camera=camera_make(meet)).image
        AttemptImage.objects.filter(pk=image.pk).update(lifter_said_by=image.uploaded_by)
    # The first look at what was found is noted in the log, later ones are not.
    cost(many.pk), cost(few.pk)
    assert cost(many.pk) == cost(few.pk)


# ── Cameras ──────────────────────────────────────────────────────────────────────────────────────────────

REGION = {"x0": "10", "y0": "12.5", "x1": "90", "y1": "100"}


def test_a_camera_is_added_changed_and_taken_away(meet: Meet) -> None:
    staff = client_of(meet)
    url = reverse("camera-list", args=[meet.pk])
    assert staff.post(url, {"name": "Left tripod", "view": "left", **REGION}).status_code == 302
    camera = Camera.objects.get()
    assert (camera.meet, camera.name, camera.view, camera.region) == (
        meet,
        "Left tripod",
        "left",
        (0.1, 0.125, 0.9, 1.0),
    )
    assert "10–90 % across, 12–100 % down" in staff.get(url).content.decode()
    edit = reverse("camera-edit", args=[camera.pk])
    assert 'value="12.5"' in staff.get(edit).content.decode()
    assert staff.post(edit, {"name": "Left", "view": ""}).status_code == 302
    camera.refresh_from_db()
    assert (camera.name, camera.view, camera.region) == ("Left", "", None)
    assert "the whole picture" in staff.get(url).content.decode()
    assert "Left is taken away" in staff.post(reverse("camera-delete", args=[camera.pk]), follow=True).content.decode()
    assert not Camera.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "Fill this in."),
        ({"name": "Taken"}, "already exists"),
        ({"x0": "95"}, "at least 5 % wide and high"),
        ({"x0": "88"}, "at least 5 % wide and high"),
        ({"y1": ""}, "Give all four sides"),
        ({"x1": "101"}, "less than or equal to 100"),
        ({"x1": "wide"}, "Write a number."),
        ({"view": "above"}, "Choose one of the list."),
    ],
)
def test_a_camera_that_cannot_be(meet: Meet, change: dict[str, str], sentence: str) -> None:
    camera_make(meet, name="Taken")
    staff = client_of(meet)
    before = list(Camera.objects.values()), meet_now()
    answer = staff.post(reverse("camera-list", args=[meet.pk]), {"name": "New", **REGION, **change})
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert (list(Camera.objects.values()), meet_now()) == before


def test_in_a_closed_meet_cameras_stay(meet: Meet) -> None:
    camera = camera_make(meet)
    staff = client_of(meet)
    Meet.objects.update(status=MeetStatus.CLOSED)
    urls = [
        reverse("camera-list", args=[meet.pk]),
        reverse("camera-edit", args=[camera.pk]),
        reverse("camera-delete", args=[camera.pk]),
    ]
    for url in urls:
        assert "This meet is closed" in staff.post(url, {"name": "Other"}, follow=True).content.decode()
    assert list(Camera.objects.values_list("name", flat=True)) == [camera.name]


def test_photos_know_their_camera_and_keep_its_region_until_read_again(meet: Meet) -> None:
    attempt, staff = attempt_make(meet), client_of(meet)
    camera = camera_make(meet, name="Left tripod", view="left", x0=0.1, y0=0.1, x1=0.9, y1=0.9)
    url = reverse("attempt-upload", args=[attempt.pk])
    assert f'<option value="{camera.pk}">Left tripod</option>' in staff.get(url).content.decode()
    from django.core.files.uploadedfile import SimpleUploadedFile

    photo = SimpleUploadedFile("p.jpg", photo_bytes(), content_type="image/jpeg")
    assert staff.post(url, {"photo": photo, "camera": camera.pk}).status_code == 302
    image = AttemptImage.objects.get()
    assert (image.camera, image.view, image.stated_region) == (camera, "left", "0.100,0.100,0.900,0.900")
    assert results.reading_settle(claim=claim_make(image), seen=seen_make())
    assert "Left tripod · from the lifter" in page(staff, image)

    Camera.objects.update(x0=0.2)
    assert 'class="card t-breach"' in page(staff, image)
    staff.post(reverse("photo-restate", args=[image.pk]), {"view": "left", "phase": "", "camera": camera.pk})
    image.refresh_from_db()
    assert (image.stated_region, image.status) == ("0.200,0.100,0.900,0.900", "queued")
    assert 'class="card t-breach"' not in page(staff, image)
    staff.post(reverse("photo-restate", args=[image.pk]), {"camera": ""})
    image.refresh_from_db()
    assert (image.camera, image.stated_region, image.view) == (None, "", "left")


# What a tape and a phone's level said, as the page's form sends it.
MEASURED = {"height_cm": "95", "distance_cm": "420", "roll_deg": "-1.5", "angle_deg": "30", "plate_share": "0.1234"}
FIGURES = {"height_cm": 95.0, "distance_cm": 420.0, "roll_deg": -1.5, "angle_deg": 30.0, "plate_share": 0.1234}
TOLD = "lens 95 cm high · 420 cm from the lifter · roll −1.5° · +30° off the side · 45 cm plate 0.1234 of the photo"


def test_what_was_measured_of_a_camera_is_kept_and_shown(meet: Meet) -> None:
    staff = client_of(meet)
    url = reverse("camera-list", args=[meet.pk])
    assert "nothing yet" not in staff.get(url).content.decode()
    staff.post(url, {"name": "Low", **MEASURED})
    camera = Camera.objects.get()
    assert camera.figures == FIGURES
    assert TOLD in staff.get(url).content.decode()
    edit = reverse("camera-edit", args=[camera.pk])
    html = staff.get(edit).content.decode()
    assert 'name="roll_deg" value="-1.5"' in html
    assert "Leave empty what nobody measured" in html
    assert 'name="plate_share" value="0.1234"' in html
    assert "Stand a 45 cm plate where the lifter lifts" in html
    left = {"height_cm": "0", "distance_cm": "420", "plate_share": "0.12"}
    staff.post(edit, {"name": "Low", **dict.fromkeys(MEASURED, ""), **left})
    camera.refresh_from_db()
    assert camera.figures == {**dict.fromkeys(FIGURES), "height_cm": 0.0, "distance_cm": 420.0, "plate_share": 0.12}
    assert "lens 0 cm high · 420 cm from the lifter · 45 cm plate 0.12 of the photo" in staff.get(url).content.decode()
    staff.post(edit, {"name": "Low"})
    assert "nothing yet" in staff.get(url).content.decode()


LIMITS = [
    ("height_cm", 0, 1000),
    ("distance_cm", 50, 5000),
    ("roll_deg", -45, 45),
    ("angle_deg", -90, 90),
    ("plate_share", 0.01, 0.9),
]


@pytest.mark.parametrize(("name", "least", "most"), LIMITS)
def test_a_figure_lies_within_its_limits(meet: Meet, name: str, least: float, most: float) -> None:
    camera, staff, api = camera_make(meet), client_of(meet), APIClient()
    api.force_authenticate(member_make(meet))
    edit, address = reverse("camera-edit", args=[camera.pk]), f"/api/v1/cameras/{camera.pk}/"
    for value in (least, most):
        assert staff.post(edit, {"name": camera.name, name: value}).status_code == 302
        assert api.patch(address, {name: value}, format="json").json()[name] == value
        CameraKnown(**{name: float(value)})
    for wrong in (least - 0.1, most + 0.1):
        answer = staff.post(edit, {"name": camera.name, name: wrong})
        assert answer.status_code == 400
        assert f"Write a number from {least} to {most}, or leave it empty." in answer.content.decode()
        assert api.patch(address, {name: wrong}, format="json").status_code == 400
        with pytest.raises(IntegrityError), transaction.atomic():
            Camera.objects.update(**{name: wrong})
        with pytest.raises(ValueError, match=name):
            CameraKnown(**{name: wrong})
    for wrong_text in ("nan", "inf", "a lot"):
        assert staff.post(edit, {"name": camera.name, name: wrong_text}).status_code == 400
        assert api.patch(address, {name: wrong_text}, format="json").status_code == 400
    assert getattr(Camera.objects.get(), name) == most


def test_the_api_gives_and_takes_the_figures(meet: Meet) -> None:
    api = APIClient()
    api.force_authenticate(member_make(meet))
    made = api.post(f"/api/v1/meets/{meet.pk}/cameras/", {"name": "Low", **FIGURES}, format="json")
    assert made.status_code == 201
    assert {name: made.json()[name] for name in FIGURES} == FIGURES
    changed = api.patch(f"/api/v1/cameras/{made.json()['id']}/", {"angle_deg": None}, format="json").json()
    assert (changed["angle_deg"], changed["height_cm"]) == (None, 95.0)


def test_a_reading_is_shown_under_the_figures_it_was_made_with(meet: Meet) -> None:
    """As with the camera's region: changed figures hold from the next reading on, and no reading is lost."""
    attempt, staff = attempt_make(meet), client_of(meet)
    camera = camera_make(meet, **FIGURES)
    image, _ = intake.image_submit(attempt=attempt, user=member_make(meet), data=photo_bytes(), camera=camera)
    assert image.stated_camera == results.figures_text(FIGURES)
    claim = claim_make(image)
    assert claim.camera == CameraKnown(**FIGURES)
    assert results.reading_settle(claim=claim, seen=seen_make())
    told = f"camera: {TOLD}"
    assert told in page(staff, image)

    staff.post(reverse("camera-edit", args=[camera.pk]), {"name": camera.name, "height_cm": "140"})
    assert told in page(staff, image)
    staff.post(reverse("photo-restate", args=[image.pk]), {"camera": camera.pk})
    image.refresh_from_db()
    assert (image.stated_camera, image.status) == ('{"height_cm":140.0}', "queued")
    html = page(staff, image)
    assert 'class="card t-breach"' not in html
    assert told not in html
    claim = claim_make(image)
    assert claim.camera == CameraKnown(height_cm=140.0)
    assert results.reading_settle(claim=claim, seen=seen_make())
    assert "camera: lens 140 cm high</p>" in page(staff, image)
    said = [results.figures_read(row.stated_camera)["height_cm"] for row in Assessment.objects.order_by("pk")]
    assert said == [95.0, 140.0]

    # Without a camera nothing is known of it; with the first figures again the first reading stands again.
    staff.post(reverse("photo-restate", args=[image.pk]), {"camera": ""})
    image.refresh_from_db()
    claim = claim_make(image)
    assert (image.stated_camera, claim.camera) == ("", None)
    assert results.reading_settle(claim=claim, seen=seen_make())
    assert "camera: not measured" in page(staff, image)
    Camera.objects.update(**FIGURES)
    staff.post(reverse("photo-restate", args=[image.pk]), {"camera": camera.pk})
    image.refresh_from_db()
    assert results.reading_settle(claim=claim_make(image), seen=seen_make())
    assert told in page(staff, image)
    assert Assessment.objects.count() == 3
    api = APIClient()
    api.force_authenticate(member_make(meet))
    assert api.get(f"/api/v1/images/{image.pk}/").json()["assessment"]["camera"] == FIGURES
    table = api.get(f"/api/v1/meets/{meet.pk}/results?format=csv").content.decode().splitlines()
    row = dict(zip(table[0].split(","), table[1].split(","), strict=True))
    assert [row[f"camera_{name}"] for name in FIGURES] == ["95.0", "420.0", "-1.5", "30.0", "0.1234"]


@pytest.mark.parametrize(
    ("figures", "text"),
    [
        ({}, ""),
        (dict.fromkeys(FIGURES), ""),
        ({"height_cm": 0.0}, '{"height_cm":0.0}'),
        (
            FIGURES,
            '{"height_cm":95.0,"distance_cm":420.0,"roll_deg":-1.5,"angle_deg":30.0,"plate_share":0.1234}',
        ),
        ({"plate_share": 0.123456}, '{"plate_share":0.1235}'),
        ({"plate_share": 0.01}, '{"plate_share":0.01}'),
        ({"roll_deg": -0.04, "angle_deg": 1 / 3}, '{"roll_deg":0.0,"angle_deg":0.3}'),
    ],
)
def test_figures_as_the_rows_state_them(figures: dict[str, float | None], text: str) -> None:
    assert results.figures_text(figures) == text
    known = {name: round(value, CAMERA_DIGITS[name]) for name, value in figures.items() if value is not None}
    assert results.figures_read(text) == dict.fromkeys(FIGURES) | known


def test_the_longest_figures_fit_into_the_row() -> None:
    longest = {name: min(limits, key=lambda limit: -len(f"{limit:.1f}")) for name, limits in CAMERA_FIGURES.items()}
    text = results.figures_text({**longest, "plate_share": 0.1234})
    for model in (AttemptImage, Assessment):
        assert len(text) <= (model._meta.get_field("stated_camera").max_length or 0)


@pytest.mark.parametrize("way", ["page", "restate", "api", "api restate"])
def test_another_meets_camera_is_refused_and_nothing_is_written(meet: Meet, way: str) -> None:
    attempt = attempt_make(meet)
    image = image_make(attempt)
    theirs, mine = camera_make(meet_make()), camera_make(meet)
    staff, api = client_of(meet), APIClient()
    api.force_authenticate(member_make(meet))
    before = list(AttemptImage.objects.values()), meet_now(pk=meet.pk)
    from django.core.files.uploadedfile import SimpleUploadedFile

    def photo() -> SimpleUploadedFile:
        return SimpleUploadedFile("p.jpg", photo_bytes(), content_type="image/jpeg")

    if way == "page":
        answer = staff.post(reverse("attempt-upload", args=[attempt.pk]), {"photo": photo(), "camera": theirs.pk})
        assert (answer.status_code, "no such camera" in answer.content.decode()) == (400, True)
    elif way == "restate":
        answer = staff.post(reverse("photo-restate", args=[image.pk]), {"camera": theirs.pk}, follow=True)
        assert "There is no such camera in this meet." in answer.content.decode()
    elif way == "api":
        body = {"file": photo(), "camera": theirs.pk}
        assert api.post(f"/api/v1/attempts/{attempt.pk}/images/", body, format="multipart").status_code == 400
    else:
        assert api.patch(f"/api/v1/images/{image.pk}/", {"camera": theirs.pk}).status_code == 400
        with pytest.raises(Refusal, match="not in this meet"):
            intake.image_restate(image=image, user=image.uploaded_by, camera=theirs)
    assert (list(AttemptImage.objects.values()), meet_now(pk=meet.pk)) == before
    assert api.patch(f"/api/v1/images/{image.pk}/", {"camera": mine.pk}).json()["camera"] == mine.pk


def test_a_camera_taken_away_leaves_its_photos(meet: Meet) -> None:
    camera = camera_make(meet, x0=0.1, y0=0.1, x1=0.9, y1=0.9)
    image, _ = intake.image_submit(
        attempt=attempt_make(meet), user=member_make(meet), data=photo_bytes(), camera=camera
    )
    client_of(meet).post(reverse("camera-delete", args=[camera.pk]))
    image.refresh_from_db()
    assert (image.camera, image.stated_region) == (None, "0.100,0.100,0.900,0.900")
