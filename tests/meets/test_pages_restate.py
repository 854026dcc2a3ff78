"""What a photo shows, corrected by staff on the attempt's page."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from meets.models import AttemptImage, EvidenceMode, Meet, MeetStatus, Role
from tests.factories import assessed_make, attempt_make, meet_make, meet_now, member_make, working_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def meet() -> Meet:
    return meet_make(evidence_mode=EvidenceMode.TRAINING)


def client_of(meet: Meet, role: Role) -> Client:
    client = Client()
    client.force_login(member_make(meet, role))
    return client


def page(client: Client, image: AttemptImage, name: str = "attempt-detail") -> str:
    return client.get(reverse(name, args=[image.attempt_id])).content.decode()


def test_staff_say_what_a_photo_shows_and_it_is_read_again(meet: Meet) -> None:
    attempt = attempt_make(meet)
    image, other = (assessed_make(attempt, view="left", phase="bottom").image for _ in range(2))
    staff = client_of(meet, Role.STAFF)
    html = page(staff, image)
    assert html.count("What this photo shows") == 2
    form = html.split(f'action="{reverse("photo-restate", args=[image.pk])}"')[1].split("</form>")[0]
    assert re.findall(r'value="(\w*)" selected', form) == ["left", "bottom"]
    assert "Read again" in form
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert all(name in ids for name in re.findall(r'<label[^>]* for="([^"]+)"', html))

    url = reverse("photo-restate", args=[image.pk])
    answer = staff.post(url, {"view": "", "phase": "lockout"}, follow=True)

    assert answer.redirect_chain == [(reverse("attempt-detail", args=[attempt.pk]), 302)]
    assert "The photo is read again." in answer.content.decode()
    image.refresh_from_db()
    other.refresh_from_db()
    assert (image.view, image.phase, image.status) == ("", "lockout", "queued")
    assert (other.view, other.phase, other.status) == ("left", "bottom", "done")


@pytest.mark.parametrize("role", [Role.REFEREE, Role.JURY, Role.READER])
def test_others_are_shown_no_form_and_change_nothing(meet: Meet, role: Role) -> None:
    image = assessed_make(attempt_make(meet), view="left").image
    client = client_of(meet, role)
    before = AttemptImage.objects.values().get(), meet_now()
    for name in ("attempt-detail", "attempt-live"):
        assert "What this photo shows" not in page(client, image, name)
    assert client.post(reverse("photo-restate", args=[image.pk]), {"view": "rear"}).status_code == 403
    assert (AttemptImage.objects.values().get(), meet_now()) == before


@pytest.mark.parametrize("what", ["closed", "no such view", "being read"])
def test_a_refusal_is_told_and_changes_nothing(meet: Meet, what: str) -> None:
    attempt = attempt_make(meet)
    image = working_make(attempt) if what == "being read" else assessed_make(attempt, view="left").image
    staff = client_of(meet, Role.STAFF)
    if what == "closed":
        Meet.objects.update(status=MeetStatus.CLOSED)
        assert "What this photo shows" not in page(staff, image)
    before = AttemptImage.objects.values().get(), meet_now()
    stated = {"view": "above" if what == "no such view" else "rear", "phase": "lockout"}
    answer = staff.post(reverse("photo-restate", args=[image.pk]), stated, follow=True)
    sentence = {"closed": "This meet is closed.", "no such view": "There is no view", "being read": "being read right"}
    assert sentence[what] in answer.content.decode()
    assert (AttemptImage.objects.values().get(), meet_now()) == before
