"""From bytes to a queued row, or a refusal that leaves no trace."""

import hashlib
import io
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection
from django.utils import timezone
from PIL import Image

from meets import intake, results
from meets.errors import Conflict, Refusal, TooLarge, Unusable
from meets.intake import file_name_clean, image_requeue, image_submit, images_sweep
from meets.models import Attempt, AttemptImage, ImageReason, ImageStatus, Meet, MeetStatus, UploadKey
from tests import factories as make
from tests.conftest import files_under

pytestmark = pytest.mark.django_db(transaction=True)

Messages = Callable[[], list[str]]


@pytest.fixture
def attempt() -> Attempt:
    return Attempt.objects.select_related("entry__meet").get(pk=make.attempt_make().pk)


@pytest.fixture
def staff(attempt: Attempt) -> User:
    user = make.member_make(attempt.entry.meet)
    Meet.objects.update(revision=0)
    return user


def revision(attempt: Attempt) -> int:
    return Meet.objects.get(pk=attempt.entry.meet_id).revision


def nothing_written(attempt: Attempt, photo_root: Path, messages: Messages) -> bool:
    return (
        not AttemptImage.objects.exists()
        and not UploadKey.objects.exists()
        and files_under(photo_root) == []
        and revision(attempt) == 0
        and messages() == []
    )


def test_a_photo_is_kept_and_queued(attempt: Attempt, staff: User, photo_root: Path, messages: Messages) -> None:
    data = make.photo_bytes((400, 300))

    image, created = image_submit(
        attempt=attempt,
        user=staff,
        data=SimpleUploadedFile("squat.jpg", data),
        file_name="squat.jpg",
        declared_type="image/jpeg",
        view="left",
        phase="bottom",
    )

    assert created
    row = AttemptImage.objects.get()
    assert row.pk == image.pk
    assert (row.status, row.reason) == (ImageStatus.QUEUED, "")
    assert list(row.readings.values_list("engine", "status", "reason", "tries")) == [("mediapipe", "queued", "", 0)]
    assert (row.width, row.height, row.byte_size) == (400, 300, len(data))
    assert (row.view, row.phase, row.file_name) == ("left", "bottom", "squat.jpg")
    assert row.sha256 == hashlib.sha256(data).hexdigest()
    assert row.uploaded_by == staff
    with row.original.open() as file:
        assert file.read() == data
    with row.display.open() as file:
        assert Image.open(file).size == (400, 300)
    with row.thumb.open() as file:
        assert Image.open(file).size == (216, 162)
    assert len(files_under(photo_root)) == 3
    assert revision(attempt) == 1
    assert messages() == [str(row.pk)]


def test_stored_names_tell_nothing_and_files_are_private(attempt: Attempt, staff: User, photo_root: Path) -> None:
    image_submit(attempt=attempt, user=staff, data=make.photo_bytes(), file_name="anna-failed.jpg")

    stored = files_under(photo_root)
    assert len(stored) == 3
    assert not any("anna" in str(path) for path in stored)
    # 24 random bytes, url-safe.
    assert {len(path.stem) for path in stored} == {32}
    assert {path.stat().st_mode & 0o777 for path in stored} == {0o600}


def test_the_served_copy_has_no_exif_and_the_original_has_it(attempt: Attempt, staff: User) -> None:
    data = make.photo_bytes((400, 300), exif=make.gps_exif(orientation=6))

    image, _ = image_submit(attempt=attempt, user=staff, data=data, file_name="gps.jpg")

    for copy in (image.thumb, image.display):
        with copy.open() as file:
            shown = file.read()
        served = Image.open(io.BytesIO(shown))
        assert dict(served.getexif()) == {}
        assert b"CAMERA-OF-ANNA" not in shown
        assert b"Exif" not in shown
    # Turned upright: what lay left in the file lies at the top.
    assert served.size == (image.width, image.height) == (300, 400)
    assert served.getpixel((150, 50))[0] > 150
    assert served.getpixel((150, 350))[2] > 150
    with image.original.open() as file:
        assert file.read() == data


@pytest.mark.parametrize("repeat", [1, 10])
def test_the_same_bytes_at_one_attempt_are_one_photo(
    attempt: Attempt, staff: User, photo_root: Path, messages: Messages, repeat: int
) -> None:
    data = make.photo_bytes()
    image, _ = image_submit(attempt=attempt, user=staff, data=data, file_name="a.jpg")

    again = [image_submit(attempt=attempt, user=staff, data=data, file_name="b.jpg") for _ in range(repeat)]

    assert [(row.pk, created) for row, created in again] == [(image.pk, False)] * repeat
    assert AttemptImage.objects.count() == 1
    assert len(files_under(photo_root)) == 3
    assert revision(attempt) == 1
    assert messages() == [str(image.pk)]


def test_the_same_bytes_at_another_attempt_are_another_photo(attempt: Attempt, staff: User) -> None:
    other = make.attempt_make(entry=attempt.entry, number=2)
    data = make.photo_bytes()

    first, _ = image_submit(attempt=attempt, user=staff, data=data)
    second, created = image_submit(attempt=other, user=staff, data=data)

    assert created
    assert first.pk != second.pk


def test_one_key_is_one_photo(attempt: Attempt, staff: User, messages: Messages) -> None:
    data = make.photo_bytes()
    image, created = image_submit(attempt=attempt, user=staff, data=data, idempotency_key="k1")
    again, created_again = image_submit(attempt=attempt, user=staff, data=data, idempotency_key="k1")

    assert (created, created_again) == (True, False)
    assert image.pk == again.pk
    assert UploadKey.objects.count() == 1
    assert messages() == [str(image.pk)]


def test_one_key_with_another_request_is_refused(
    attempt: Attempt, staff: User, photo_root: Path, messages: Messages
) -> None:
    image, _ = image_submit(attempt=attempt, user=staff, data=make.photo_bytes(), idempotency_key="k1")

    with pytest.raises(Unusable, match="used for another photo"):
        image_submit(attempt=attempt, user=staff, data=make.photo_bytes(), idempotency_key="k1")

    assert AttemptImage.objects.count() == 1
    assert len(files_under(photo_root)) == 3
    assert revision(attempt) == 1
    assert messages() == [str(image.pk)]


def test_keys_of_two_people_do_not_meet(attempt: Attempt, staff: User) -> None:
    image_submit(attempt=attempt, user=staff, data=make.photo_bytes(), idempotency_key="k1")

    _, created = image_submit(attempt=attempt, user=make.user_make(), data=make.photo_bytes(), idempotency_key="k1")

    assert created


def test_two_uploads_of_the_same_bytes_at_once_are_one_photo(
    attempt: Attempt, staff: User, photo_root: Path, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked and found nothing before either writes."""
    both_looked = threading.Barrier(2, timeout=10)
    real = intake._rendition

    def wait(*args: Any) -> Any:
        both_looked.wait()
        return real(*args)

    monkeypatch.setattr(intake, "_rendition", wait)
    data, outcomes = make.photo_bytes(), []

    def submit() -> None:
        try:
            outcomes.append(image_submit(attempt=attempt, user=staff, data=data))
        finally:
            connection.close()

    threads = [threading.Thread(target=submit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    row = AttemptImage.objects.get()
    assert sorted((image.pk, created) for image, created in outcomes) == [(row.pk, False), (row.pk, True)]
    assert len(files_under(photo_root)) == 3
    assert revision(attempt) == 1
    assert messages() == [str(row.pk)]


def test_a_closed_meet_takes_no_photo(attempt: Attempt, staff: User, photo_root: Path, messages: Messages) -> None:
    Meet.objects.update(status="closed")
    attempt.entry.meet.refresh_from_db()

    with pytest.raises(Conflict, match="This meet is closed"):
        image_submit(attempt=attempt, user=staff, data=make.photo_bytes())

    assert nothing_written(attempt, photo_root, messages)


def test_a_meet_closed_meanwhile_takes_no_photo(
    attempt: Attempt, staff: User, photo_root: Path, messages: Messages
) -> None:
    Meet.objects.update(status="closed")  # the attempt in hand still says open

    with pytest.raises(Conflict, match="This meet is closed"):
        image_submit(attempt=attempt, user=staff, data=make.photo_bytes(), idempotency_key="k1")

    assert nothing_written(attempt, photo_root, messages)


def test_a_file_too_large_is_refused_unread(
    attempt: Attempt, staff: User, photo_root: Path, messages: Messages, settings: Any
) -> None:
    class Unread(SimpleUploadedFile):
        def read(self, *args: Any) -> bytes:
            raise AssertionError("read although its size already says no")

    settings.PHOTO_MAX_BYTES = 1000

    with pytest.raises(TooLarge) as refused:
        image_submit(attempt=attempt, user=staff, data=Unread("big.jpg", b"x" * 1001))

    assert refused.value.detail == ImageReason.TOO_LARGE.label
    assert nothing_written(attempt, photo_root, messages)


@pytest.mark.parametrize("stated", [{"view": "above"}, {"phase": "middle"}])
def test_an_unknown_view_or_phase_is_refused(
    attempt: Attempt, staff: User, photo_root: Path, messages: Messages, stated: dict[str, str]
) -> None:
    with pytest.raises(Unusable, match="There is no"):
        image_submit(attempt=attempt, user=staff, data=make.photo_bytes(), **stated)

    assert nothing_written(attempt, photo_root, messages)


def test_a_database_that_fails_leaves_no_file(
    attempt: Attempt, staff: User, photo_root: Path, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(AttemptImage, "save", fail)

    with pytest.raises(DatabaseError, match="disk full"):
        image_submit(attempt=attempt, user=staff, data=make.photo_bytes(), idempotency_key="k1")

    assert nothing_written(attempt, photo_root, messages)


def test_a_disk_that_fails_leaves_neither_file_nor_row(
    attempt: Attempt, staff: User, photo_root: Path, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.core.files.storage import FileSystemStorage

    real = FileSystemStorage._save

    def fail_second(self: FileSystemStorage, name: str, content: Any) -> str:
        if files_under(photo_root):
            raise OSError("No space left on device")
        return real(self, name, content)

    monkeypatch.setattr(FileSystemStorage, "_save", fail_second)

    with pytest.raises(OSError, match="No space left"):
        image_submit(attempt=attempt, user=staff, data=make.photo_bytes())

    assert nothing_written(attempt, photo_root, messages)


@pytest.mark.usefixtures("broker_down")
def test_without_a_broker_the_upload_succeeds(attempt: Attempt, staff: User) -> None:
    image, created = image_submit(attempt=attempt, user=staff, data=make.photo_bytes())

    assert created
    image.refresh_from_db()
    row = make.reading_of(image)
    assert image.status == ImageStatus.QUEUED
    # What tells the next sweep that no message is under way.
    assert row.nudged_at is None


def test_after_the_broker_is_back_the_sweep_sends_once(
    attempt: Attempt, staff: User, messages: Messages, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("broker_down")
    image, _ = image_submit(attempt=attempt, user=staff, data=make.photo_bytes())
    assert images_sweep() == 0
    monkeypatch.undo()

    assert images_sweep() == 1
    assert images_sweep() == 0
    assert messages() == [str(image.pk)]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("squat.jpg", "squat.jpg"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("C:\\photos\\a.jpg", "a.jpg"),
        ("a/b/../c.jpg", "c.jpg"),
        ("..", ""),
        (".", ""),
        ("", ""),
        ("   ", ""),
        ("dir/", "dir"),
        ("a\x00b\r\nc.jpg", "abc.jpg"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("x" * 300 + ".jpg", "x" * 116 + ".jpg"),
        ("y" * 300, "y" * 120),
        ("Åsa lyfter 💪.jpg", "Åsa lyfter 💪.jpg"),
        ("<script>.jpg", "<script>.jpg"),
    ],
)
def test_file_names_are_for_people_only(name: str, kept: str) -> None:
    assert file_name_clean(name) == kept


@pytest.mark.parametrize("name", ["../../../evil.jpg", "/etc/cron.d/evil", "a\x00.jpg", ".."])
def test_no_file_name_leads_out_of_the_photo_folder(
    attempt: Attempt, staff: User, photo_root: Path, name: str, tmp_path: Path
) -> None:
    image_submit(attempt=attempt, user=staff, data=make.photo_bytes(), file_name=name)

    inside = files_under(photo_root)
    assert len(inside) == 3
    assert files_under(tmp_path) == inside


# ── The sweep ────────────────────────────────────────────────────────────────────────────────────────────


def beat(name: str, *, age_s: float = 0.0, engine: str = "mediapipe") -> None:
    make.beat_make(name, engine=engine, seen_at=timezone.now() - timedelta(seconds=age_s))


def test_a_queued_photo_is_sent_again_only_when_its_message_is_old(messages: Messages, settings: Any) -> None:
    now = timezone.now()
    fresh = make.image_make(nudged_at=now)
    never = make.image_make(nudged_at=None)
    old = make.image_make(nudged_at=now - timedelta(seconds=settings.IMAGE_NUDGE_S + 1))
    make.image_make(status=ImageStatus.DONE, nudged_at=None)
    messages()

    assert images_sweep() == 2

    assert sorted(messages()) == sorted([str(never.pk), str(old.pk)])
    assert make.reading_of(fresh).nudged_at == now
    assert images_sweep() == 0


def test_a_sweep_sends_no_more_than_its_share(messages: Messages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "NUDGES_PER_SWEEP", 2)
    oldest = [make.image_make(nudged_at=None) for _ in range(3)][:2]
    messages()

    assert images_sweep() == 2
    assert messages() == [str(image.pk) for image in oldest]


def test_work_in_progress_is_left_alone() -> None:
    beat("w@test")
    image = make.working_make()

    assert images_sweep(worker="other@test") == 0

    image.refresh_from_db()
    row = make.reading_of(image)
    assert (image.status, row.claim_token) == (ImageStatus.WORKING, UUID(int=1))


@pytest.mark.parametrize("case", ["lease over", "worker silent", "worker unknown", "own dead child", "no lease"])
def test_abandoned_work_goes_back_and_out_again(case: str, messages: Messages, settings: Any) -> None:
    if case != "worker unknown":
        beat("w@test", age_s=settings.WORKER_GONE_S + 1 if case == "worker silent" else 0)
    past = timezone.now() - timedelta(seconds=1)
    lease = {"lease over": {"lease_until": past}, "no lease": {"lease_until": None}}.get(case, {})
    image = make.working_make(**lease)
    before = Meet.objects.get().revision
    messages()

    assert images_sweep(worker="w@test" if case == "own dead child" else "other@test") == 1

    image.refresh_from_db()
    row = make.reading_of(image)
    assert (image.status, row.claim_token, row.tries) == (ImageStatus.QUEUED, None, 1)
    assert Meet.objects.get().revision == before + 1
    assert messages() == [str(image.pk)]


def test_the_last_try_that_was_abandoned_fails_with_its_reason(messages: Messages, settings: Any) -> None:
    image = make.working_make(tries=settings.IMAGE_TRIES_MAX)
    messages()

    assert images_sweep() == 0

    image.refresh_from_db()
    assert (image.status, image.reason) == (ImageStatus.FAILED, ImageReason.WORKER_LOST)
    assert image.finished_at is not None
    assert messages() == []


# ── Try again ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_failed_photo_gets_another_round(messages: Messages) -> None:
    image = make.image_make(status=ImageStatus.FAILED, reason=ImageReason.TOO_SLOW, tries=3, finished_at=timezone.now())
    before = Meet.objects.get().revision
    messages()

    image_requeue(image=image)

    image.refresh_from_db()
    row = make.reading_of(image)
    assert (image.status, image.reason, row.tries, image.finished_at) == (ImageStatus.QUEUED, "", 0, None)
    assert Meet.objects.get().revision == before + 1
    assert messages() == [str(image.pk)]


@pytest.mark.parametrize("status", [ImageStatus.QUEUED, ImageStatus.WORKING, ImageStatus.DONE, ImageStatus.REJECTED])
def test_only_a_failed_photo_is_tried_again(messages: Messages, status: ImageStatus) -> None:
    image = make.image_make(status=status)
    before = Meet.objects.get().revision
    messages()

    with pytest.raises(Conflict, match="has not failed"):
        image_requeue(image=image)

    image.refresh_from_db()
    assert image.status == status
    assert Meet.objects.get().revision == before
    assert messages() == []


def test_in_a_closed_meet_nothing_is_tried_again(messages: Messages) -> None:
    image = make.image_make(status=ImageStatus.FAILED)
    Meet.objects.update(status="closed")
    image = AttemptImage.objects.select_related("attempt__entry__meet").get(pk=image.pk)
    messages()

    with pytest.raises(Conflict, match="This meet is closed"):
        image_requeue(image=image)

    image.refresh_from_db()
    assert image.status == ImageStatus.FAILED
    assert messages() == []


# ── What is known of a photo, said later ─────────────────────────────────────────────────────────────────


def test_a_photo_restated_is_read_again_and_its_first_reading_stays(messages: Messages) -> None:
    first = make.assessed_make()
    image = first.image
    messages()

    intake.image_restate(image=image, user=image.uploaded_by, view="left", phase="bottom")

    image.refresh_from_db()
    row = make.reading_of(image)
    assert (image.view, image.phase, image.status, row.tries) == ("left", "bottom", ImageStatus.QUEUED, 0)
    assert messages() == [str(image.pk)]
    assert results.reading_settle(claim=make.claim_make(image), seen=make.seen_make())
    stated = list(image.assessments.order_by("pk").values_list("stated_view", "stated_phase"))
    assert stated == [("", ""), ("left", "bottom")]


@pytest.mark.parametrize("case", ["closed", "no such view", "being read"])
def test_a_refused_restatement_changes_nothing(case: str, messages: Messages) -> None:
    image = make.working_make() if case == "being read" else make.assessed_make().image
    meet = image.attempt.entry.meet
    if case == "closed":
        Meet.objects.filter(pk=meet.pk).update(status=MeetStatus.CLOSED)
    image = AttemptImage.objects.select_related("attempt__entry__meet").get(pk=image.pk)
    messages()
    before = (
        image.view,
        image.phase,
        image.status,
        make.reading_of(image).claim_token,
        Meet.objects.get(pk=meet.pk).revision,
    )

    with pytest.raises(Refusal):
        intake.image_restate(
            image=image, user=image.uploaded_by, view="above" if case == "no such view" else "left", phase="bottom"
        )

    image.refresh_from_db()
    row = make.reading_of(image)
    after = (image.view, image.phase, image.status, row.claim_token, Meet.objects.get(pk=meet.pk).revision)
    assert after == before
    assert messages() == []


# ── After the commit nothing is taken back ───────────────────────────────────────────────────────────────


def test_a_message_that_cannot_be_sent_leaves_row_and_files(
    attempt: Attempt, staff: User, photo_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(**kwargs: Any) -> int:
        raise SystemExit("worker timeout")

    monkeypatch.setattr(intake, "image_nudge", killed)

    with pytest.raises(SystemExit):
        image_submit(attempt=attempt, user=staff, data=make.photo_bytes(), file_name="a.jpg")

    image = AttemptImage.objects.get()
    assert image.status == ImageStatus.QUEUED
    assert len(files_under(photo_root)) == 3
    assert image.original.storage.exists(str(image.original.name))
