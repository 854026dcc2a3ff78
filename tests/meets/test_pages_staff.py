"""Staff pages: what they write goes through the writers, and a refusal writes nothing and says why."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from meets.models import Attempt, Entry, Lifter, Light, Meet, MeetStatus, Membership, Platform, Role
from tests.factories import (
    assessed_make,
    attempt_make,
    entry_make,
    image_make,
    lifter_make,
    meet_make,
    member_make,
    user_make,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def meet() -> Meet:
    return meet_make()


@pytest.fixture
def head(meet: Meet) -> Client:
    client = Client()
    client.force_login(member_make(meet, Role.HEAD))
    return client


MEET: dict[str, Any] = {
    "what": "meet",
    "name": "Spring Open",
    "starts_on": "2026-03-07",
    "federation": "NSF",
    "town": "Halden",
    "rulebook": "ipf-2026-v3",
    "engine": "mediapipe",
    "evidence_mode": "after_light",
    "formula": "ipf_gl",
    "photos_keep_days": "365",
    "status": "open",
}
ENTRY: dict[str, Any] = {
    "name": "Alva Nord",
    "sex": "F",
    "birth_year": "1994",
    "team": "",
    "member_id": "",
    "platform": "",
    "flight": "A",
    "lot": "14",
    "weight_class": "63",
    "bodyweight_kg": "62.40",
    "equipment": "classic",
    "squat_1": "120",
    "bench_2": "82.5",
}


def rows() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Meet, Membership, Platform, Lifter, Entry, Attempt))


def test_a_new_meet_has_its_maker_as_head() -> None:
    maker = user_make(makes_meets=True)
    client = Client()
    client.force_login(maker)
    answer = client.post(reverse("meet-create"), MEET)
    meet = Meet.objects.get(name="Spring Open")
    assert (answer.status_code, answer["Location"]) == (302, reverse("meet-edit", args=[meet.pk]))
    assert Membership.objects.get(meet=meet).role == Role.HEAD


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "Fill this in."),
        ({"starts_on": "soon"}, "Write a day as 2026-03-01."),
        ({"rulebook": "ipf-1999"}, "Choose one of the list."),
    ],
)
def test_a_meet_that_cannot_be(head: Client, meet: Meet, change: dict[str, str], sentence: str) -> None:
    before = rows(), meet.name
    answer = head.post(reverse("meet-edit", args=[meet.pk]), MEET | change)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    meet.refresh_from_db()
    assert (rows(), meet.name) == before


def test_a_meet_is_edited_closed_and_opened(head: Client, meet: Meet) -> None:
    url = reverse("meet-edit", args=[meet.pk])
    assert head.post(url, MEET | {"status": "closed"}).status_code == 302
    meet.refresh_from_db()
    assert (meet.name, meet.status) == ("Spring Open", MeetStatus.CLOSED)
    refused = head.post(url, MEET | {"status": "closed", "town": "Elsewhere"})
    assert refused.status_code == 400
    assert "Open it again" in refused.content.decode()
    assert head.post(url, MEET).status_code == 302
    meet.refresh_from_db()
    assert meet.status == MeetStatus.OPEN


def test_only_the_head_decides_when_referees_see_the_evidence(meet: Meet) -> None:
    staff = Client()
    staff.force_login(member_make(meet, Role.STAFF))
    url = reverse("meet-edit", args=[meet.pk])
    before = Meet.objects.values().get()
    refused = staff.post(url, MEET | {"evidence_mode": "training"})
    assert refused.status_code == 403
    assert "Only the head of this meet decides when its referees see the evidence." in refused.content.decode()
    assert Meet.objects.values().get() == before
    assert staff.post(url, MEET).status_code == 302


def test_the_head_opens_a_training(head: Client, meet: Meet) -> None:
    assert head.post(reverse("meet-edit", args=[meet.pk]), MEET | {"evidence_mode": "training"}).status_code == 302
    meet.refresh_from_db()
    assert meet.evidence_mode == "training"


def test_who_may_have_seen_findings_is_told_why_he_is_no_referee(head: Client, meet: Meet) -> None:
    assessed_make(attempt_make(meet))
    reader = member_make(meet, Role.READER)
    answer = head.post(reverse("member-list", args=[meet.pk]), {"user_name": reader.username, "role": "referee"})
    assert answer.status_code == 400
    assert "may have seen what was found" in answer.content.decode()
    assert Membership.objects.get(user=reader).role == Role.READER


def test_platforms(head: Client, meet: Meet) -> None:
    url = reverse("meet-edit", args=[meet.pk])
    assert head.post(url, {"what": "platform", "name": "One"}).status_code == 302
    again = head.post(url, {"what": "platform", "name": "One"})
    assert again.status_code == 400
    assert Platform.objects.filter(meet=meet).count() == 1
    other = Platform.objects.create(meet=meet_make(), name="Theirs")
    assert head.post(url, {"what": "platform-delete", "platform": other.pk}).status_code == 404
    assert head.post(url, {"what": "platform-delete", "platform": "x"}).status_code == 404
    for long in ("9" * 5000, "9" * 30, "²"):
        assert head.post(url, {"what": "platform-delete", "platform": long}).status_code == 404
    mine = Platform.objects.get(meet=meet)
    assert head.post(url, {"what": "platform-delete", "platform": mine.pk}).status_code == 302
    assert list(Platform.objects.all()) == [other]


def test_a_lifter_with_entry_and_attempts_in_one_form(head: Client, meet: Meet) -> None:
    answer = head.post(reverse("lifter-create", args=[meet.pk]), ENTRY)
    assert answer.status_code == 302
    entry = Entry.objects.get(meet=meet)
    assert (entry.lifter.name, entry.lot, str(entry.bodyweight_kg)) == ("Alva Nord", 14, "62.40")
    assert [(a.lift, a.number, str(a.declared_kg)) for a in Attempt.objects.order_by("lift")] == [
        ("bench", 2, "82.50"),
        ("squat", 1, "120.00"),
    ]
    listed = head.get(reverse("lifter-list", args=[meet.pk])).content.decode()
    assert "Alva Nord" in listed
    assert "82.5" in listed


def test_attempts_are_added_changed_and_taken_away(head: Client, meet: Meet) -> None:
    head.post(reverse("lifter-create", args=[meet.pk]), ENTRY)
    entry = Entry.objects.get(meet=meet)
    url = reverse("entry-edit", args=[entry.pk])
    page = head.get(url).content.decode()
    assert 'value="82.5"' in page
    assert 'value="120"' in page
    changed = ENTRY | {"squat_1": "", "bench_2": "85", "deadlift_3": "152.5", "name": "Alva Nordby"}
    assert head.post(url, changed).status_code == 302
    entry.lifter.refresh_from_db()
    assert entry.lifter.name == "Alva Nordby"
    assert sorted((a.lift, a.number, str(a.declared_kg)) for a in Attempt.objects.all()) == [
        ("bench", 2, "85.00"),
        ("deadlift", 3, "152.50"),
    ]


def test_a_weight_off_the_step_is_refused_by_name_and_stands_with_a_reason(head: Client, meet: Meet) -> None:
    head.post(reverse("lifter-create", args=[meet.pk]), ENTRY)
    url = reverse("entry-edit", args=[Entry.objects.get(meet=meet).pk])
    before = rows()

    refused = head.post(url, ENTRY | {"deadlift_1": "151"}, follow=True)

    assert "A weight is a multiple of 2.5 kg; 150 kg or 152.5 kg would be allowed." in refused.content.decode()
    assert rows() == before
    assert head.post(url, ENTRY | {"deadlift_1": "151", "waive_reason": "plates of the hall"}).status_code == 302
    assert str(Attempt.objects.get(lift="deadlift", number=1).declared_kg) == "151.00"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "Fill this in."),
        ({"lot": "7"}, "Lot 7 is"),
        ({"lot": "many"}, "Write a number."),
        ({"sex": "X"}, "Choose one of the list."),
        ({"squat_1": "heavy"}, "Write a weight in kg, like 142.5."),
        ({"squat_1": "1"}, "2.5"),
        ({"squat_1": "701"}, "700"),
        ({"birth_year": "12"}, "1900"),
    ],
)
def test_an_entry_that_cannot_be(head: Client, meet: Meet, change: dict[str, str], sentence: str) -> None:
    entry_make(meet, lot=7)
    before = rows()
    answer = head.post(reverse("lifter-create", args=[meet.pk]), ENTRY | change)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert rows() == before


def test_another_meets_platform_cannot_be_chosen(head: Client, meet: Meet) -> None:
    theirs = Platform.objects.create(meet=meet_make(), name="Theirs")
    before = rows()
    answer = head.post(reverse("lifter-create", args=[meet.pk]), ENTRY | {"platform": str(theirs.pk)})
    assert answer.status_code == 400
    assert rows() == before


def test_an_attempt_with_photos_stays_and_so_does_all_else(head: Client, meet: Meet) -> None:
    attempt = attempt_make(meet, lift="squat", number=1)
    image_make(attempt)
    lot = attempt.entry.lot
    answer = head.post(reverse("entry-edit", args=[attempt.entry_id]), ENTRY | {"squat_1": "", "lot": lot})
    assert answer.status_code == 400
    assert "Photos or lights hang on this" in answer.content.decode()
    attempt.entry.lifter.refresh_from_db()
    assert attempt.entry.lifter.name != "Alva Nord"
    assert Attempt.objects.count() == 1


def test_nothing_changes_in_a_closed_meet(head: Client, meet: Meet) -> None:
    Meet.objects.filter(pk=meet.pk).update(status=MeetStatus.CLOSED)
    before = rows()
    answer = head.post(reverse("lifter-create", args=[meet.pk]), ENTRY)
    assert answer.status_code == 400
    assert "closed" in answer.content.decode()
    assert rows() == before


def test_the_head_gives_parts(head: Client, meet: Meet) -> None:
    user_make("chief")
    url = reverse("member-list", args=[meet.pk])
    assert head.post(url, {"user_name": "chief", "role": "referee", "seat": "chief"}).status_code == 302
    assert Membership.objects.get(meet=meet, user__username="chief").seat == "chief"
    assert head.post(url, {"user_name": "chief", "role": "jury", "seat": ""}).status_code == 302
    assert Membership.objects.get(meet=meet, user__username="chief").role == Role.JURY


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"user_name": "nobody", "role": "staff"}, "There is no account of that name."),
        ({"user_name": "chief", "role": "king"}, "Choose one of the list."),
        ({"user_name": "chief", "role": "staff", "seat": "left"}, "Only a referee has a seat."),
    ],
)
def test_parts_that_cannot_be_given(head: Client, meet: Meet, data: dict[str, str], sentence: str) -> None:
    user_make("chief")
    before = rows()
    answer = head.post(reverse("member-list", args=[meet.pk]), data)
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert rows() == before


def test_a_meet_keeps_a_head(head: Client, meet: Meet) -> None:
    only = Membership.objects.get(meet=meet, role=Role.HEAD)
    answer = head.post(reverse("member-list", args=[meet.pk]), {"user_name": only.user.username, "role": "reader"})
    assert answer.status_code == 400
    assert "only head" in answer.content.decode()
    only.refresh_from_db()
    assert only.role == Role.HEAD


def taken_out(client: Client, meet: Meet, user: Any) -> Any:
    return client.post(reverse("member-delete", args=[meet.pk, user.pk]), follow=True)


def test_the_head_takes_someone_out_and_the_lights_stay(head: Client, meet: Meet) -> None:
    referee = member_make(meet, Role.REFEREE)
    attempt = attempt_make(meet)
    Light.objects.create(attempt=attempt, referee=referee, colour="white")
    answer = taken_out(head, meet, referee)
    assert f"{referee.username} takes no part in {meet.name} any more." in answer.content.decode()
    assert not Membership.objects.filter(meet=meet, user=referee).exists()
    assert Light.objects.get().referee == referee
    client = Client()
    client.force_login(referee)
    assert client.get(reverse("attempt-detail", args=[attempt.pk])).status_code == 404


def test_the_only_head_stays(head: Client, meet: Meet) -> None:
    only = Membership.objects.get(meet=meet, role=Role.HEAD)
    meet.refresh_from_db()
    before = rows(), meet.revision
    answer = taken_out(head, meet, only.user)
    assert "This person is the meet&#x27;s only head. Name another head first." in answer.content.decode()
    meet.refresh_from_db()
    assert (rows(), meet.revision) == before


def test_a_head_may_go_where_another_stays(head: Client, meet: Meet) -> None:
    only = Membership.objects.get(meet=meet, role=Role.HEAD)
    other = member_make(meet, Role.HEAD)
    answer = taken_out(head, meet, only.user)
    assert answer.redirect_chain == [(reverse("meet-list"), 302)]
    assert [member.user for member in Membership.objects.filter(meet=meet)] == [other]


def test_nobody_is_taken_out_of_a_closed_meet_or_of_another(head: Client, meet: Meet) -> None:
    reader, stranger = member_make(meet, Role.READER), member_make(meet_make(), Role.READER)
    assert taken_out(head, meet, stranger).status_code == 404
    Meet.objects.filter(pk=meet.pk).update(status=MeetStatus.CLOSED)
    before = rows()
    assert "This meet is closed." in taken_out(head, meet, reader).content.decode()
    assert rows() == before


def test_only_the_head_is_shown_how(head: Client, meet: Meet) -> None:
    staff = Client()
    staff.force_login(member_make(meet, Role.STAFF))
    url = reverse("member-list", args=[meet.pk])
    assert "Take out" in head.get(url).content.decode()
    assert "Take out" not in staff.get(url).content.decode()


def test_a_lifter_is_taken_out_with_entry_and_attempts(head: Client, meet: Meet) -> None:
    attempt = attempt_make(meet)
    entry = attempt.entry
    assert "out of the meet" in head.get(reverse("entry-edit", args=[entry.pk])).content.decode()
    answer = head.post(reverse("entry-delete", args=[entry.pk]), follow=True)
    assert answer.redirect_chain == [(reverse("lifter-list", args=[meet.pk]), 302)]
    assert f"{entry.lifter.name} is taken out of the meet." in answer.content.decode()
    assert (Lifter.objects.count(), Entry.objects.count(), Attempt.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("what", ["photo", "light", "closed"])
def test_a_lifter_with_evidence_or_in_a_closed_meet_stays(head: Client, meet: Meet, what: str) -> None:
    attempt = attempt_make(meet)
    if what == "photo":
        image_make(attempt)
    elif what == "light":
        Light.objects.create(attempt=attempt, referee=user_make(), colour="red")
    else:
        Meet.objects.filter(pk=meet.pk).update(status=MeetStatus.CLOSED)
    meet.refresh_from_db()
    before = rows(), meet.revision
    answer = head.post(reverse("entry-delete", args=[attempt.entry_id]), follow=True)
    assert answer.redirect_chain == [(reverse("entry-edit", args=[attempt.entry_id]), 302)]
    sentence = "This meet is closed." if what == "closed" else "Photos or lights hang on this, and they are kept."
    assert sentence in answer.content.decode()
    meet.refresh_from_db()
    assert (rows(), meet.revision) == before


def test_names_are_shown_as_text(head: Client, meet: Meet) -> None:
    entry_make(meet, lifter=Lifter.objects.create(meet=meet, name="<b>x</b><script>1</script>", sex="M"))
    html = head.get(reverse("lifter-list", args=[meet.pk])).content.decode()
    assert "<script>1" not in html
    assert "&lt;script&gt;" in html


def test_one_lifter_in_two_entries(head: Client, meet: Meet) -> None:
    head.post(reverse("lifter-create", args=[meet.pk]), ENTRY)
    first = Entry.objects.get(meet=meet)
    url = f"{reverse('lifter-create', args=[meet.pk])}?of={first.lifter_id}"
    assert f"Another entry of {first.lifter.name}" in head.get(url).content.decode()

    assert head.post(url, ENTRY | {"lot": "15", "equipment": "equipped", "team": "Halden"}).status_code == 302

    lifter = Lifter.objects.get(meet=meet)
    assert (lifter.team, {entry.lot for entry in lifter.entries.all()}) == ("Halden", {14, 15})
    page = head.get(reverse("entry-edit", args=[first.pk])).content.decode()
    assert "lot 15" in page
    assert "Take this entry out of the meet" in page

    answer = head.post(reverse("entry-delete", args=[first.pk]), follow=True)

    assert f"This entry of {lifter.name} is taken out." in answer.content.decode()
    assert [entry.lot for entry in lifter.entries.all()] == [15]
    head.post(reverse("entry-delete", args=[lifter.entries.get().pk]))
    assert Lifter.objects.count() == 0


def test_another_meets_lifter_gets_no_entry_here(head: Client, meet: Meet) -> None:
    theirs = lifter_make(meet_make())
    before = rows()
    for named in (str(theirs.pk), "x", "9" * 60):
        url = f"{reverse('lifter-create', args=[meet.pk])}?of={named}"
        assert head.post(url, ENTRY).status_code == 404
    assert rows() == before


def test_a_division_of_another_age_is_told_and_not_refused(head: Client, meet: Meet) -> None:
    answer = head.post(
        reverse("lifter-create", args=[meet.pk]), ENTRY | {"division_1": "Sub-Juniors", "event_1": "SBD"}
    )
    assert answer.status_code == 302
    page = head.get(reverse("entry-edit", args=[Entry.objects.get().pk])).content.decode()
    assert "Sub-Juniors: By age this lifter is not in Sub-Junior; groups that fit: Open." in page
