"""Photos that are deleted when their time is over, and lifters who ask to be forgotten."""

import datetime as dt
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from meets import intake, results, retention, roster, roster_kept
from meets.errors import Refusal
from meets.models import (
    Assessment,
    Attempt,
    AttemptImage,
    Consent,
    Entry,
    Finding,
    Lifter,
    LogKind,
    LogRecord,
    Meet,
    Reading,
    Role,
)
from meets.selectors.words import PURGED_WORDS
from tests import factories as make
from tests.conftest import files_under
from tests.meets.test_log_verify import verify
from tests.meets.whole import Whole, whole_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def whole() -> Whole:
    return whole_make()


def purge(*arguments: str) -> str:
    out = io.StringIO()
    call_command("photos_purge", *arguments, stdout=out)
    return out.getvalue()


def aged(meet: Meet, days: int) -> None:
    Meet.objects.filter(pk=meet.pk).update(starts_on=timezone.localdate() - dt.timedelta(days=days))


def state() -> tuple[Any, ...]:
    tables = (Meet, Lifter, Entry, Attempt, AttemptImage, Reading, Assessment, Finding, LogRecord)
    return tuple(list(table._default_manager.order_by("pk").values()) for table in tables)


# ── When their time is over ──────────────────────────────────────────────────────────────────────────────


def test_photos_go_and_what_was_found_stays(whole: Whole, photo_root: Path) -> None:
    aged(whole.meet, 366)
    Meet.objects.update(status="closed")
    young = make.image_make(make.attempt_make(make.meet_make(starts_on=timezone.localdate())))
    forever = make.meet_make(starts_on=dt.date(2001, 1, 1), photos_keep_days=None)
    kept = make.image_make(make.attempt_make(forever))
    images = AttemptImage.objects.filter(attempt__entry__meet=whole.meet)
    hashes = set(images.values_list("sha256", flat=True))
    found = list(Finding.objects.values()), list(Assessment.objects.values())

    assert purge("--dry-run").startswith(f"Cup of Åbo ({whole.meet.pk}): {len(hashes)} photos would go.")
    assert images.filter(purged_at=None).count() == len(hashes)
    assert purge() == f"Cup of Åbo ({whole.meet.pk}): {len(hashes)} photos deleted.\n"

    assert not images.filter(purged_at=None).exists()
    assert set(images.values_list("sha256", flat=True)) == hashes
    assert (list(Finding.objects.values()), list(Assessment.objects.values())) == found
    assert {path.parent.name for path in files_under(photo_root)} == {
        str(image.attempt.entry.meet_id) for image in (young, kept)
    }
    assert not Reading.objects.filter(image__in=images, status="queued").exists()
    assert not images.filter(status="queued").exists()
    told = [one for row in LogRecord.objects.filter(kind=LogKind.PURGED) for one in row.contents["images"]]
    assert {one["sha256"] for one in told} == hashes
    assert len(told) == len(hashes)
    assert verify()[0] == 0
    # Once more there is nothing to do.
    before = state()
    assert purge() == ""
    assert state() == before


def told_as_gone() -> list[tuple[Any, dict[str, Any]]]:
    rows = LogRecord.objects.filter(kind=LogKind.PURGED).order_by("meet", "seq")
    return [(row.meet_id, row.contents) for row in rows]


def test_lists_of_lifters_go_with_the_photos(photo_root: Path) -> None:
    old, young = make.meet_make(name="Old"), make.meet_make(name="Young", starts_on=timezone.localdate())
    Meet.objects.filter(pk=old.pk).update(status="closed")
    aged(old, 366)
    for meet in (old, old, young):
        roster_kept.roster_keep(meet.pk, f"Name\n{uuid4()}\n".encode())
    kept = [path for path in files_under(photo_root) if path.parent.name == str(old.pk)]
    hashes = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in kept)
    before = state()

    assert purge("--dry-run") == f"Old ({old.pk}): 0 photos and 2 lists of lifters would go.\n"
    assert (state(), len(files_under(photo_root))) == (before, 3)
    assert purge() == f"Old ({old.pk}): 0 photos and 2 lists of lifters deleted.\n"

    assert [path.parent.name for path in files_under(photo_root)] == [str(young.pk)]
    assert told_as_gone() == [(old.pk, {"why": "retention", "files": [{"sha256": one} for one in hashes]})]
    assert verify()[0] == 0
    # Once more there is nothing to do.
    before = state()
    assert (purge(), state()) == ("", before)


def test_lists_that_nobody_took_in_go_with_every_purge(photo_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meet = make.meet_make(starts_on=timezone.localdate())
    roster_kept.roster_keep(meet.pk, b"Name")
    assert purge() == ""
    monkeypatch.setattr(roster_kept, "KEPT", dt.timedelta(0))
    assert purge("--dry-run") == ""
    assert len(files_under(photo_root)) == 1

    assert purge() == "1 lists of lifters deleted that were chosen and not taken in.\n"

    assert files_under(photo_root) == []
    sha256 = "dcd1d5223f73b3a965c07e3ff5dbee3eedcfedb806686a05b9b3868a2c3d6d50"
    assert told_as_gone() == [(meet.pk, {"why": "unused", "files": [{"sha256": sha256}]})]


@pytest.mark.parametrize("days", [1, 365])
def test_photos_stay_to_their_last_day(days: int) -> None:
    image = make.image_make()
    aged(image.attempt.entry.meet, days)
    before = state()
    assert purge() == ""
    with pytest.raises(CommandError, match="still keeps its photos"):
        purge("--meet", str(image.attempt.entry.meet_id))
    assert state() == before
    assert default_storage.exists(image.original.name)
    assert "1 photos deleted" in purge("--meet", str(image.attempt.entry.meet_id), "--now")


@pytest.mark.parametrize("arguments", [["--now"], ["--meet", "x"], ["--meet", "0" * 32]])
def test_what_the_command_refuses(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        purge(*arguments)


@pytest.mark.parametrize("after", [0, 1, 4])
def test_what_was_cut_off_is_finished(after: int, monkeypatch: pytest.MonkeyPatch, photo_root: Path) -> None:
    attempt = make.attempt_make()
    for _ in range(3):
        make.image_make(attempt)
    aged(attempt.entry.meet, 400)
    delete, gone = FileSystemStorage.delete, []

    def killed(store: FileSystemStorage, name: str) -> None:
        if len(gone) == after:
            raise KeyboardInterrupt
        delete(store, name)
        gone.append(name)

    with monkeypatch.context() as patched:
        patched.setattr(FileSystemStorage, "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            purge()
    assert AttemptImage.objects.filter(purged_at=None).count() == 3
    assert not LogRecord.objects.filter(kind=LogKind.PURGED).exists()

    assert "3 photos deleted" in purge()
    assert files_under(photo_root) == []
    assert verify()[0] == 0


def test_many_photos_go_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PORTION", 2)
    attempt = make.attempt_make()
    for _ in range(5):
        make.image_make(attempt)
    assert retention.photos_purge(meet=attempt.entry.meet) == 5
    assert [len(row.contents["images"]) for row in LogRecord.objects.filter(kind=LogKind.PURGED)] == [2, 2, 1]


def test_a_photo_in_work_is_let_go(photo_root: Path) -> None:
    image = make.image_make()
    claim = make.claim_make(image)
    retention.photos_purge(meet=image.attempt.entry.meet)
    assert not results.reading_settle(claim=claim, seen=make.seen_make())
    assert results.reading_release(reading_id=claim.reading_id, token=claim.token, reason="worker_lost") is None  # type: ignore[arg-type]
    image.refresh_from_db()
    assert (image.status, image.reason) == ("rejected", "purged")
    assert intake.images_sweep() == 0
    assert verify()[0] == 0


ACTS: list[Callable[[AttemptImage], Any]] = [
    lambda image: intake.image_restate(image=image, user=image.uploaded_by, view="left"),
    lambda image: intake.image_lift_say(image=image, user=image.uploaded_by),
    lambda image: intake.image_set_aside(image=image, user=image.uploaded_by),
    lambda image: intake.image_requeue(image=image),
    lambda image: intake.image_move(
        image=image, user=image.uploaded_by, attempt=make.attempt_make(entry=image.attempt.entry, number=2)
    ),
]


@pytest.mark.parametrize("act", ACTS)
def test_a_deleted_photo_is_not_read_again(act: Callable[[AttemptImage], Any], photo_root: Path) -> None:
    image = make.image_make(status="failed")
    retention.photos_purge(meet=image.attempt.entry.meet)
    image.refresh_from_db()
    before = AttemptImage.objects.values().get(), list(Reading.objects.values()), LogRecord.objects.count()
    with pytest.raises(Refusal, match="This photo was deleted"):
        act(image)
    assert (AttemptImage.objects.values().get(), list(Reading.objects.values()), LogRecord.objects.count()) == before


def test_the_same_photo_does_not_come_back(photo_root: Path) -> None:
    data, attempt, user = make.photo_bytes(), make.attempt_make(), make.user_make()
    intake.image_submit(attempt=attempt, user=user, data=data)
    retention.photos_purge(meet=attempt.entry.meet)
    before = state()
    with pytest.raises(Refusal, match="This photo was deleted"):
        intake.image_submit(attempt=attempt, user=user, data=data)
    assert state() == before
    assert files_under(photo_root) == []


def test_other_engines_do_not_ask_for_a_deleted_photo() -> None:
    image = make.image_make()
    meet = image.attempt.entry.meet
    retention.photos_purge(meet=meet)
    roster.meet_update(meet=meet, engines_also=["mmpose"])
    assert not Reading.objects.exists()


def test_words_stand_in_place_of_the_picture(whole: Whole) -> None:
    client = Client()
    client.force_login(whole.head)
    tag = client.get(reverse("photo", args=[whole.image.pk]))["ETag"]
    retention.photos_purge(meet=whole.meet)

    for name in ("photo", "photo-small"):
        for headers in ({}, {"If-None-Match": tag}):
            answer = client.get(reverse(name, args=[whole.image.pk]), headers=headers)
            assert (answer.status_code, answer.content.decode()) == (410, PURGED_WORDS)
    page = client.get(reverse("attempt-detail", args=[whole.attempt.pk])).content.decode()
    assert "photo deleted" in page
    assert f'href="{reverse("photo", args=[whole.image.pk])}"' not in page
    assert reverse("photo-restate", args=[whole.image.pk]) not in page
    # What was measured is still drawn and told.
    assert 'class="deleted"' in page
    for address in ("meet-board", "meet-unmatched"):
        assert "/small/" not in client.get(reverse(address, args=[whole.meet.pk])).content.decode()
    api = APIClient()
    api.force_authenticate(whole.head)
    shown = api.get(f"/api/v1/images/{whole.image.pk}/").json()
    assert (shown["purged"], shown["sha256"]) == (True, whole.image.sha256)
    assert shown["assessment"]["findings"]


# ── A lifter who asks to be forgotten ────────────────────────────────────────────────────────────────────


def test_lists_in_which_an_erased_lifter_may_stand_go_too(photo_root: Path) -> None:
    lifter, other = make.lifter_make(make.meet_make()), make.meet_make()
    for meet in (lifter.meet, other):
        roster_kept.roster_keep(meet.pk, b"Name")
    head = make.member_make(lifter.meet, Role.HEAD)

    assert retention.lifter_erase(lifter=lifter, user=head, reason="asked by mail") == 0

    assert [path.parent.name for path in files_under(photo_root)] == [str(other.pk)]
    sha256 = hashlib.sha256(b"Name").hexdigest()
    assert LogRecord.objects.get(kind=LogKind.PURGED).actor == head.username
    assert told_as_gone() == [(lifter.meet_id, {"why": "lifter", "files": [{"sha256": sha256}]})]
    assert verify()[0] == 0


def test_a_lifter_is_erased(whole: Whole, photo_root: Path) -> None:
    other = make.image_make(make.attempt_make(whole.meet))
    lifter = whole.attempt.entry.lifter
    Entry.objects.filter(lifter=lifter).update(stated_age="23.5")
    images = AttemptImage.objects.filter(attempt__entry__lifter=lifter)
    count, decided = images.count(), list(Attempt.objects.order_by("pk").values_list("outcome", "decided_seq"))
    found = list(Finding.objects.values())

    assert retention.lifter_erase(lifter=lifter, user=whole.head, reason="asked by mail") == count

    row = Lifter.objects.get(pk=lifter.pk)
    assert (row.name, row.birth_year, row.birth_date, row.other_names) == ("Erased lifter", None, None, {})
    assert (row.country, row.state, row.team, row.member_id) == ("", "", "", "")
    assert row.erased_at is not None
    entry = Entry.objects.get(lifter=row)
    assert (entry.notes, entry.stated_age, entry.consent) == ("", "", Consent.REFUSED)
    assert set(images.values_list("file_name", "original")) == {("photo", "")}
    assert list(Attempt.objects.order_by("pk").values_list("outcome", "decided_seq")) == decided
    assert list(Finding.objects.values()) == found
    assert [path.parent.name for path in files_under(photo_root)] == [str(whole.meet.pk)] * 3
    other.refresh_from_db()
    assert other.purged_at is None
    record = LogRecord.objects.get(kind=LogKind.ENTRY, body__contains="lifter_erased")
    assert record.contents == {
        "act": "lifter_erased",
        "entries": [str(entry.pk)],
        "lifter": str(lifter.pk),
        "reason": "asked by mail",
    }
    assert {row.contents["why"] for row in LogRecord.objects.filter(kind=LogKind.PURGED)} == {"lifter"}
    # Nowhere in the whole meet.
    assert "Ångström" not in json.dumps([str(rows) for rows in state()], ensure_ascii=False)
    assert verify()[0] == 0
    # Once more there is nothing to do.
    before = state()
    assert retention.lifter_erase(lifter=row, user=whole.head, reason="asked again") == 0
    assert state()[1:] == before[1:]


def test_an_erased_lifter_stays_so_and_gets_no_photos(whole: Whole, photo_root: Path) -> None:
    entry = whole.attempt.entry
    retention.lifter_erase(lifter=entry.lifter, user=whole.head, reason="asked by mail")
    attempt = Attempt.objects.select_related("entry__meet", "entry__lifter").get(pk=whole.attempt.pk)
    elsewhere = make.image_make(make.attempt_make(whole.meet))
    before, files = state(), files_under(photo_root)
    for act in (
        lambda: intake.image_submit(attempt=attempt, user=whole.head, data=make.photo_bytes()),
        # As somebody holds the rows who read them before.
        lambda: intake.image_submit(attempt=whole.attempt, user=whole.head, data=make.photo_bytes()),
        lambda: intake.image_move(image=elsewhere, user=whole.head, attempt=attempt),
        lambda: roster.lifter_update(lifter=attempt.entry.lifter, name="Zoë"),
    ):
        with pytest.raises(Refusal):
            act()
    assert (state(), files_under(photo_root)) == (before, files)
    # Entry and weights are edited on a page that sends the lifter's fields too.
    roster.lifter_update(lifter=attempt.entry.lifter, name="Erased lifter", sex="F")


def test_who_refused_photos_is_not_photographed(photo_root: Path) -> None:
    attempt = make.attempt_make(entry=make.entry_make(consent=Consent.REFUSED))
    before = state()
    with pytest.raises(Refusal, match="has not agreed to photos"):
        intake.image_submit(attempt=attempt, user=make.user_make(), data=make.photo_bytes())
    assert (state(), files_under(photo_root)) == (before, [])


def test_a_refusal_between_check_and_row(monkeypatch: pytest.MonkeyPatch, photo_root: Path) -> None:
    attempt = make.attempt_make()
    keep = intake._files_keep

    def meanwhile(*arguments: Any) -> None:
        keep(*arguments)
        Entry.objects.update(consent=Consent.REFUSED)

    monkeypatch.setattr(intake, "_files_keep", meanwhile)
    with pytest.raises(Refusal, match="has not agreed"):
        intake.image_submit(attempt=attempt, user=make.user_make(), data=make.photo_bytes())
    assert not AttemptImage.objects.exists()
    assert files_under(photo_root) == []


@pytest.mark.parametrize("reason", ["", "  a  "])
def test_an_erasure_without_a_reason(whole: Whole, photo_root: Path, reason: str) -> None:
    before, files = state(), files_under(photo_root)
    with pytest.raises(Refusal):
        retention.lifter_erase(lifter=whole.attempt.entry.lifter, user=whole.head, reason=reason)
    assert (state(), files_under(photo_root)) == (before, files)


def test_an_erasure_that_was_cut_off_is_finished(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    lifter = whole.attempt.entry.lifter
    with monkeypatch.context() as patched:
        patched.setattr(FileSystemStorage, "delete", lambda *_: (_ for _ in ()).throw(OSError("gone")))
        with pytest.raises(OSError, match="gone"):
            retention.lifter_erase(lifter=lifter, user=whole.head, reason="asked by mail")
    assert Lifter.objects.get(pk=lifter.pk).name == "Erased lifter"
    kept = AttemptImage.objects.filter(attempt__entry__lifter=lifter, purged_at=None).count()
    assert retention.lifter_erase(lifter=lifter, user=whole.head, reason="asked by mail") == kept > 0
    assert LogRecord.objects.filter(body__contains="lifter_erased").count() == 1
    assert verify()[0] == 0


def test_the_head_erases_on_the_page_after_a_second_look(whole: Whole) -> None:
    entry = whole.attempt.entry
    page, address = reverse("entry-edit", args=[entry.pk]), reverse("lifter-erase", args=[entry.pk])
    client = Client()
    client.force_login(make.member_make(whole.meet, Role.STAFF))
    assert address not in client.get(page).content.decode()
    client.force_login(whole.head)
    Meet.objects.update(status="closed")
    assert address in client.get(page).content.decode()

    for data, said in (
        ({"reason": "asked by mail"}, "tick the box"),
        ({"sure": "yes", "reason": ""}, "Say in a few words"),
    ):
        answer = client.post(address, data, follow=True)
        assert said in answer.content.decode()
        assert not Lifter.objects.filter(erased_at__isnull=False).exists()
    answer = client.post(address, {"sure": "yes", "reason": "asked by mail"}, follow=True)
    assert "name is erased" in answer.content.decode()
    assert "Erased lifter" in answer.content.decode()
    assert Lifter.objects.filter(erased_at__isnull=False).exists()


def test_the_head_erases_by_the_api(whole: Whole) -> None:
    api = APIClient()
    api.force_authenticate(whole.head)
    lifter = whole.attempt.entry.lifter
    address = f"/api/v1/lifters/{lifter.pk}/erase/"
    before = state()
    assert api.post(address, {}).status_code == 400
    assert api.post(address, {"reason": "x"}).status_code == 422
    assert state() == before
    answer = api.post(address, {"reason": "asked by mail"})
    assert answer.status_code == 200
    assert (answer.json()["lifter"], answer.json()["photos"]) == (
        str(lifter.pk),
        AttemptImage.objects.exclude(purged_at=None).count(),
    )
    assert api.get(f"/api/v1/lifters/{lifter.pk}/").json()["name"] == "Erased lifter"
