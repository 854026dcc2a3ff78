"""Photos through the API: what is taken, what is refused with which sentence, and that a refusal leaves no trace."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from rest_framework.test import APIClient

from meets.models import Attempt, AttemptImage, ImageReason, ImageStatus, Meet, Role, UploadKey
from tests import factories as make
from tests.conftest import files_under

pytestmark = pytest.mark.django_db(transaction=True)

Messages = Callable[[], list[str]]


@pytest.fixture
def attempt() -> Attempt:
    return make.attempt_make(make.meet_make(evidence_mode="live"))


@pytest.fixture
def client(attempt: Attempt) -> APIClient:
    """A client of the meet's staff."""
    client = APIClient()
    client.force_authenticate(make.member_make(attempt.entry.meet, Role.STAFF))
    Meet.objects.update(revision=0)
    return client


def address(attempt: Attempt | Any) -> str:
    return f"/api/v1/attempts/{getattr(attempt, 'pk', attempt)}/images/"


def send(client: APIClient, attempt: Attempt | Any, data: bytes, *, kind: str = "image/jpeg", **more: Any) -> Any:
    headers = more.pop("headers", None)
    file = SimpleUploadedFile(more.pop("name", "photo.jpg"), data, content_type=kind)
    return client.post(address(attempt), {"file": file, **more}, format="multipart", headers=headers)


@pytest.fixture
def untouched(attempt: Attempt, photo_root: Path, messages: Messages) -> Callable[[], bool]:
    return lambda: (
        not AttemptImage.objects.exists()
        and not UploadKey.objects.exists()
        and files_under(photo_root) == []
        and list(Meet.objects.filter(pk=attempt.entry.meet_id).values_list("revision", flat=True)) == [0]
        and messages() == []
    )


def problem(answer: Any, status: int, detail: str) -> bool:
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (answer.status_code, body["status"], body["detail"]) == (status, status, detail)
    assert body["type"] == "about:blank"
    assert body["title"]
    return True


# ── What is taken ────────────────────────────────────────────────────────────────────────────────────────


def test_a_photo_is_accepted_with_a_status_address(client: APIClient, attempt: Attempt, messages: Messages) -> None:
    answer = send(client, attempt, make.photo_bytes((400, 300)), name="squat.jpg", view="left", phase="bottom")

    image = AttemptImage.objects.get()
    assert answer.status_code == 202
    assert answer["Location"] == f"http://testserver/api/v1/images/{image.pk}/"
    body = answer.json()
    assert body["created"] is True
    assert (body["id"], body["url"]) == (str(image.pk), f"/api/v1/images/{image.pk}/")
    assert (body["status"], body["reason"], body["reason_text"]) == ("queued", "", "")
    assert [(row["engine"], row["status"], row["tries"]) for row in body["readings"]] == [("mediapipe", "queued", 0)]
    assert (body["camera"], body["lifter_at"]) == (None, None)
    assert (body["view"], body["phase"], body["file_name"]) == ("left", "bottom", "squat.jpg")
    assert (body["width"], body["height"]) == (400, 300)
    assert messages() == [str(image.pk)]
    status = client.get(body["url"]).json()
    assert (status["status"], status["evidence"], status["assessment"]) == ("queued", "open", None)


def test_the_same_bytes_again_are_the_same_photo(client: APIClient, attempt: Attempt, messages: Messages) -> None:
    data = make.photo_bytes()
    first = send(client, attempt, data)
    second = send(client, attempt, data, name="other.jpg")

    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json() == {**first.json(), "created": False}
    assert second["Location"] == first["Location"]
    assert len(messages()) == 1


def test_a_key_again_is_the_same_photo_and_with_another_photo_a_refusal(client: APIClient, attempt: Attempt) -> None:
    data = make.photo_bytes()
    headers = {"Idempotency-Key": "abc"}
    assert send(client, attempt, data, headers=headers).status_code == 202
    assert send(client, attempt, data, headers=headers).status_code == 202

    answer = send(client, attempt, make.photo_bytes(), headers=headers)

    assert problem(answer, 422, "This Idempotency-Key was used for another photo or attempt. Send a new key.")
    assert AttemptImage.objects.count() == 1
    assert Meet.objects.get().revision == 1


@pytest.mark.usefixtures("broker_down")
def test_without_a_broker_the_upload_is_accepted(client: APIClient, attempt: Attempt) -> None:
    answer = send(client, attempt, make.photo_bytes())

    assert answer.status_code == 202
    assert AttemptImage.objects.get().status == ImageStatus.QUEUED


def sixteen_bit() -> bytes:
    """A ramp from black to white; 16 bits a sample."""
    ramp = np.tile(np.linspace(0, 65535, 256, dtype=np.uint16), (128, 1))
    return make.encoded(Image.fromarray(ramp), "PNG")


def near(pixel: Any, wanted: tuple[int, int, int], by: int = 12) -> bool:
    return all(abs(have - want) <= by for have, want in zip(pixel, wanted, strict=True))


ACCEPTED = [
    # What lies at 0.25 and 0.75 of the middle row: red, then blue, unless the case says otherwise.
    pytest.param(
        lambda: make.photo_bytes((400, 300), exif=make.gps_exif(orientation=3)),
        "image/jpeg",
        (400, 300),
        [(30, 30, 200), (200, 30, 30)],
        id="EXIF-turned by 180",
    ),
    pytest.param(
        lambda: make.encoded(make.picture((400, 300)).convert("CMYK")),
        "image/jpeg",
        (400, 300),
        [(200, 30, 30), (30, 30, 200)],
        id="CMYK",
    ),
    pytest.param(sixteen_bit, "image/png", (256, 128), [(64, 64, 64), (192, 192, 192)], id="16-bit PNG"),
    pytest.param(
        lambda: make.encoded(make.picture(), "WEBP", quality=95),
        "image/webp",
        (320, 240),
        [(200, 30, 30), (30, 30, 200)],
        id="WebP",
    ),
    pytest.param(
        lambda: make.encoded(make.picture(), "PNG"),
        "application/octet-stream",
        (320, 240),
        [(200, 30, 30), (30, 30, 200)],
        id="no type said",
    ),
]


@pytest.mark.parametrize(("data", "kind", "size", "colours"), ACCEPTED)
def test_uncommon_photos_are_taken_with_their_size_and_colours(
    client: APIClient,
    attempt: Attempt,
    data: Callable[[], bytes],
    kind: str,
    size: tuple[int, int],
    colours: list[tuple[int, int, int]],
) -> None:
    answer = send(client, attempt, data(), kind=kind)

    assert answer.status_code == 202
    image = AttemptImage.objects.get()
    assert (image.width, image.height) == size
    with image.display.open() as file, Image.open(file) as shown:
        assert (shown.format, shown.mode, shown.size) == ("JPEG", "RGB", size)
        assert dict(shown.getexif()) == {}
        for part, colour in zip((0.25, 0.75), colours, strict=True):
            assert near(shown.getpixel((int(size[0] * part), size[1] // 2)), colour)


def test_a_path_in_the_name_stays_a_name(client: APIClient, attempt: Attempt, photo_root: Path, tmp_path: Path) -> None:
    answer = send(client, attempt, make.photo_bytes(), name="../../../../tmp/evil.jpg")

    assert answer.status_code == 202
    assert answer.json()["file_name"] == "evil.jpg"
    assert len(files_under(photo_root)) == 3
    assert files_under(tmp_path) == files_under(photo_root)
    assert not any("evil" in str(path) for path in files_under(photo_root))


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────


def animated_gif() -> bytes:
    frames = [make.picture((100, 100)) for _ in range(3)]
    return make.encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


def heic() -> bytes:
    return b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 500


REFUSED = [
    pytest.param(lambda: b"Dear referee, this is a letter." * 40, "image/jpeg", 415, "not_an_image", id="not an image"),
    pytest.param(lambda: make.photo_bytes((800, 600))[:-3000], "image/jpeg", 422, "truncated", id="truncated"),
    pytest.param(lambda: make.bomb_bytes(), "image/png", 422, "too_many_pixels", id="decompression bomb"),
    pytest.param(lambda: b"", "image/jpeg", 422, "empty", id="0 bytes"),
    pytest.param(lambda: b"\xff\xd8\xff" + bytes(60_000_000), "image/jpeg", 413, "too_large", id="60 MB"),
    pytest.param(lambda: make.photo_bytes(), "image/png", 415, "wrong_type", id="JPEG that says PNG"),
    pytest.param(lambda: make.photo_bytes(), "text/html", 415, "wrong_type", id="JPEG that says HTML"),
    pytest.param(lambda: b"<html><script>alert(1)</script></html>", "image/jpeg", 415, "not_an_image", id="HTML"),
    pytest.param(animated_gif, "image/gif", 422, "animated", id="animated GIF"),
    pytest.param(heic, "image/heic", 415, "heic", id="HEIC"),
    pytest.param(lambda: b"II*\x00" + bytes(200), "image/tiff", 415, "format", id="TIFF"),
    pytest.param(lambda: b"%PDF-1.7 " + bytes(200), "application/pdf", 415, "format", id="PDF"),
    pytest.param(lambda: make.photo_bytes((32, 32)), "image/jpeg", 422, "too_small", id="too small"),
]


@pytest.mark.parametrize(("data", "kind", "status", "reason"), REFUSED)
def test_a_bad_file_is_refused_and_leaves_no_trace(
    client: APIClient,
    attempt: Attempt,
    untouched: Callable[[], bool],
    data: Callable[[], bytes],
    kind: str,
    status: int,
    reason: str,
) -> None:
    answer = send(client, attempt, data(), kind=kind, headers={"Idempotency-Key": "k"})

    assert problem(answer, status, ImageReason(reason).label)
    assert answer.json()["reason"] == reason
    assert untouched()


def test_an_unknown_attempt(client: APIClient, untouched: Callable[[], bool]) -> None:
    answer = send(client, uuid4(), make.photo_bytes())

    assert problem(answer, 404, "There is no such attempt in your meets.")
    assert untouched()


def test_another_meets_attempt_reads_like_an_unknown_one(client: APIClient, untouched: Callable[[], bool]) -> None:
    answer = send(client, make.attempt_make(), make.photo_bytes())

    assert problem(answer, 404, "There is no such attempt in your meets.")
    assert untouched()


def test_a_closed_meet(client: APIClient, attempt: Attempt, untouched: Callable[[], bool]) -> None:
    Meet.objects.update(status="closed")

    answer = send(client, attempt, make.photo_bytes())

    assert problem(answer, 409, "This meet is closed. Ask its head to open it again before sending photos.")
    assert untouched()


@pytest.mark.parametrize("role", [Role.REFEREE, Role.JURY, Role.READER])
def test_only_staff_send_photos(attempt: Attempt, untouched: Callable[[], bool], role: Role) -> None:
    client = APIClient()
    client.force_authenticate(make.member_make(attempt.entry.meet, role))
    Meet.objects.update(revision=0)

    answer = send(client, attempt, make.photo_bytes())

    assert problem(answer, 403, "Only this meet's staff may do that. Ask the head of the meet.")
    assert untouched()


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "file: Send the photo as the field 'file' of a multipart form."),
        ({"file": "not a file"}, "file: The submitted data was not a file. Check the encoding type on the form."),
    ],
)
def test_a_form_without_a_file(
    client: APIClient, attempt: Attempt, untouched: Callable[[], bool], body: dict[str, str], detail: str
) -> None:
    answer = client.post(address(attempt), body, format="multipart")

    assert problem(answer, 400, detail)
    assert untouched()


def test_a_view_that_does_not_exist(client: APIClient, attempt: Attempt, untouched: Callable[[], bool]) -> None:
    answer = send(client, attempt, make.photo_bytes(), view="above")

    assert problem(answer, 400, 'view: "above" is not a valid choice.')
    assert untouched()


def test_json_instead_of_a_form(client: APIClient, attempt: Attempt, untouched: Callable[[], bool]) -> None:
    answer = client.post(address(attempt), {"file": "x"}, format="json")

    assert problem(answer, 415, 'Unsupported media type "application/json" in request.')
    assert untouched()


def test_nobody_sends_nothing(attempt: Attempt) -> None:
    answer = send(APIClient(), attempt, make.photo_bytes())

    assert problem(answer, 401, "Authentication credentials were not provided.")
    assert answer["WWW-Authenticate"] == "Token"
    assert AttemptImage.objects.count() == 0


def test_a_sessions_form_needs_its_csrf_token(attempt: Attempt) -> None:
    user = make.member_make(attempt.entry.meet, Role.STAFF)
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(user)

    answer = send(client, attempt, make.photo_bytes())

    assert problem(answer, 403, "CSRF Failed: CSRF cookie not set.")
    assert AttemptImage.objects.count() == 0


# ── How it went ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_finished_photo_shows_everything_that_was_found(client: APIClient, attempt: Attempt) -> None:
    image = make.assessed_make(attempt).image

    body = client.get(f"/api/v1/images/{image.pk}/").json()

    assert (body["status"], body["evidence"]) == ("done", "open")
    seen = body["assessment"]
    assert (seen["flag"], seen["engine"], seen["lift_seen"], seen["lift_p"]) == ("breach", "test-engine", "squat", 0.9)
    assert [(row["rule"], row["side"], row["outcome"], row["margin_cm"]) for row in seen["findings"]] == [
        ("squat_depth", "left", "breach", -4.0),
        ("knees_locked", "", "cannot_judge", None),
    ]
    assert [(vote["pair"], vote["view"], vote["verdict"]) for vote in seen["votes"]] == [
        ("wrist-wrist", "front", "good"),
        ("wrist-wrist", "left", "bad"),
    ]
    assert len(seen["keypoints"]) == 17


@pytest.mark.parametrize("reason", [ImageReason.WORKER_LOST, ImageReason.ENGINE_FAILED, ImageReason.FILE_MISSING])
def test_a_failed_photo_says_what_to_do_and_can_be_tried_again(
    client: APIClient, attempt: Attempt, reason: ImageReason, messages: Messages
) -> None:
    image = make.image_make(attempt, status=ImageStatus.FAILED, reason=reason, tries=3)
    messages()

    body = client.get(f"/api/v1/images/{image.pk}/").json()
    assert (body["status"], body["reason"], body["reason_text"]) == ("failed", reason.value, reason.label)
    assert [(row["reason"], row["tries"]) for row in body["readings"]] == [(reason.value, 3)]

    answer = client.post(f"/api/v1/images/{image.pk}/retry/")
    assert answer.status_code == 202
    assert (answer.json()["status"], answer.json()["readings"][0]["tries"]) == ("queued", 0)
    assert messages() == [str(image.pk)]
    assert problem(
        client.post(f"/api/v1/images/{image.pk}/retry/"),
        409,
        "This photo has not failed, so there is nothing to try again.",
    )


def test_the_picture_is_nowhere_in_the_answers(client: APIClient, attempt: Attempt) -> None:
    """The stored name is what makes a photo unguessable."""
    image = make.assessed_make(attempt).image
    stored = [str(file.name).rsplit("/", 1)[-1] for file in (image.original, image.display, image.thumb)]

    for path in (f"images/{image.pk}/", f"attempts/{attempt.pk}/", f"meets/{attempt.entry.meet_id}/results"):
        text = client.get(f"/api/v1/{path}").content.decode()
        assert not any(name in text for name in stored)


# ── What a photo shows, stated anew ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "stated"),
    [
        ({"phase": "lockout"}, ("left", "lockout")),
        ({"view": "rear"}, ("rear", "bottom")),
        ({"view": "", "phase": "lockout"}, ("", "lockout")),
        ({}, ("left", "bottom")),
    ],
)
def test_what_a_photo_shows_is_corrected_and_read_again(
    client: APIClient, attempt: Attempt, messages: Messages, body: dict[str, str], stated: tuple[str, str]
) -> None:
    image = make.assessed_make(attempt, view="left", phase="bottom").image
    messages()

    answer = client.patch(f"/api/v1/images/{image.pk}/", body)

    assert answer.status_code == 202
    assert (answer.json()["view"], answer.json()["phase"], answer.json()["status"]) == (*stated, "queued")
    image.refresh_from_db()
    assert (image.view, image.phase, image.status) == (*stated, ImageStatus.QUEUED)
    assert messages() == [str(image.pk)]


@pytest.mark.parametrize("what", ["closed", "referee", "no such view", "being read"])
def test_a_refused_correction_leaves_the_photo_as_it_was(
    client: APIClient, attempt: Attempt, messages: Messages, what: str
) -> None:
    image = make.working_make(attempt) if what == "being read" else make.assessed_make(attempt, view="left").image
    body, status = {"view": "rear", "phase": "lockout"}, 409
    if what == "closed":
        Meet.objects.update(status="closed")
    elif what == "referee":
        client.force_authenticate(make.member_make(attempt.entry.meet, Role.REFEREE))
        status = 403
    elif what == "no such view":
        body, status = {"view": "above"}, 400
    messages()
    before = AttemptImage.objects.values().get(), Meet.objects.values().get()

    answer = client.patch(f"/api/v1/images/{image.pk}/", body)

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert (AttemptImage.objects.values().get(), Meet.objects.values().get()) == before
    assert messages() == []
