"""Several engines at one meet: which of them counts, who is asked, and what is shown of the others."""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from inference.assessment import FlagKind
from inference.engines import ENGINE_NAMES
from inference.errors import EngineError
from meets import intake, results, roster
from meets.errors import Conflict
from meets.models import (
    Assessment,
    AttemptImage,
    EngineKind,
    EvidenceMode,
    ImageStatus,
    Meet,
    MeetStatus,
    Reading,
    Role,
    WorkerBeat,
    engine_kinds,
)
from meets.selectors.workers import WorkersState, workers_states
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)

Messages = Callable[..., list[str]]


@pytest.fixture
def meet() -> Meet:
    return make.meet_make(engine="mmpose", engines_also=["mediapipe"], evidence_mode=EvidenceMode.TRAINING)


def read(image: AttemptImage, engine: str, flag: FlagKind = FlagKind.BREACH, **fields: Any) -> None:
    seen = make.seen_make(flag=flag, engine=f"{engine}-1", **fields)
    assert results.reading_settle(claim=make.claim_make(image, engine), seen=seen)


def readings(image: AttemptImage) -> dict[str, str]:
    return dict(image.readings.order_by("engine").values_list("engine", "status"))


def status(image: AttemptImage) -> str:
    image.refresh_from_db()
    return image.status


def client_of(meet: Meet, role: Role = Role.STAFF) -> Client:
    client = Client()
    client.force_login(make.member_make(meet, role))
    return client


def page(client: Client, image: AttemptImage) -> str:
    html = client.get(reverse("attempt-detail", args=[image.attempt_id])).content.decode()
    return re.sub(r"<dialog.*?</dialog>", "", html, flags=re.S)


def test_the_kinds_are_those_that_inference_knows() -> None:
    assert set(EngineKind.values) == set(ENGINE_NAMES)


def test_recorded_poses_are_offered_where_they_are_the_default(settings: Any) -> None:
    assert engine_kinds() == ["mediapipe", "mmpose"]
    settings.DEFAULT_ENGINE = "recorded"
    assert engine_kinds() == ["mediapipe", "mmpose", "recorded"]
    assert make.meet_make().engine == "recorded"


# ── Asked and counted ────────────────────────────────────────────────────────────────────────────────────


def test_a_photo_is_asked_of_every_engine_once(meet: Meet, messages: Messages) -> None:
    image = make.image_make(make.attempt_make(meet))

    assert readings(image) == {"mediapipe": "queued", "mmpose": "queued"}
    assert (messages("mediapipe"), messages("mmpose"), messages("recorded")) == ([str(image.pk)], [str(image.pk)], [])


def test_engines_as_they_are_when_the_photo_is_kept(meet: Meet) -> None:
    """The attempt in hand still knows the meet as it was."""
    attempt = make.attempt_make(meet)
    assert attempt.entry.meet.engine == "mmpose"
    Meet.objects.update(engine="mediapipe", engines_also=[])
    assert readings(make.image_make(attempt)) == {"mediapipe": "queued"}


def test_the_photo_shows_what_the_reading_that_counts_says(meet: Meet) -> None:
    image = make.image_make(make.attempt_make(meet))
    read(image, "mediapipe")
    assert status(image) == ImageStatus.QUEUED
    claim = make.claim_make(image, "mmpose")
    assert status(image) == ImageStatus.WORKING
    assert results.reading_settle(claim=claim, status=ImageStatus.REJECTED, reason="truncated")
    row = make.reading_of(image, "mmpose")
    assert (status(image), image.reason, image.finished_at) == ("rejected", "truncated", row.finished_at)
    assert make.reading_of(image).status == ImageStatus.DONE


def test_each_engine_writes_its_own_assessment(meet: Meet) -> None:
    image = make.image_make(make.attempt_make(meet))
    for kind in ("mmpose", "mediapipe"):
        read(image, kind)
    rows = Assessment.objects.order_by("engine_kind").values_list("engine_kind", "engine")
    assert list(rows) == [("mediapipe", "mediapipe-1"), ("mmpose", "mmpose-1")]


def test_a_restated_photo_is_read_again_by_every_engine_asked(meet: Meet, messages: Messages) -> None:
    image = make.image_make(make.attempt_make(meet))
    for kind in ("mmpose", "mediapipe"):
        read(image, kind)
    Reading.objects.create(image=image, engine="recorded", status=ImageStatus.DONE)
    for kind in ("mediapipe", "mmpose", "recorded"):
        messages(kind)

    intake.image_restate(image=image, user=image.uploaded_by, phase="bottom")

    assert readings(image) == {"mediapipe": "queued", "mmpose": "queued"}
    assert [messages(kind) for kind in ("mediapipe", "mmpose", "recorded")] == [[str(image.pk)], [str(image.pk)], []]


def test_while_any_engine_reads_it_a_photo_is_not_restated(meet: Meet) -> None:
    image = make.image_make(make.attempt_make(meet))
    make.claim_make(image, "mediapipe")
    with pytest.raises(Conflict, match="being read right now"):
        intake.image_restate(image=image, user=image.uploaded_by, phase="bottom")
    assert readings(image) == {"mediapipe": "working", "mmpose": "queued"}


def test_only_the_readings_that_failed_get_another_round(meet: Meet, messages: Messages) -> None:
    image = make.image_make(make.attempt_make(meet))
    read(image, "mediapipe")
    Reading.objects.filter(engine="mmpose").update(status=ImageStatus.FAILED, reason="too_slow", tries=3)
    messages("mediapipe"), messages("mmpose")

    intake.image_requeue(image=image)

    assert readings(image) == {"mediapipe": "done", "mmpose": "queued"}
    assert (messages("mediapipe"), messages("mmpose")) == ([], [str(image.pk)])
    assert make.reading_of(image, "mmpose").tries == 0


# ── Another engine counts ────────────────────────────────────────────────────────────────────────────────


def test_an_engine_that_comes_in_reads_what_it_has_not_read(messages: Messages) -> None:
    meet = make.meet_make()
    attempt = make.attempt_make(meet)
    images = [make.image_make(attempt) for _ in range(3)]
    for image in images:
        read(image, "mediapipe")
    other = make.image_make()
    messages("mmpose")
    before = Meet.objects.get(pk=meet.pk).revision

    now = roster.meet_update(meet=meet, engine="mmpose", engines_also=["mediapipe", "mmpose", "mediapipe"])

    assert (now.engine, now.engines_also, now.revision) == ("mmpose", ["mediapipe"], before + 1)
    assert Meet.objects.get(pk=meet.pk).engines_also == ["mediapipe"]
    assert [readings(image) for image in images] == [{"mediapipe": "done", "mmpose": "queued"}] * 3
    assert {status(image) for image in images} == {"queued"}
    assert messages("mmpose") == [str(image.pk) for image in images]
    assert readings(other) == {"mediapipe": "queued"}
    read(images[0], "mmpose", FlagKind.TOO_CLOSE)
    assert status(images[0]) == ImageStatus.DONE
    # Back again at once: everything was read by it before.
    roster.meet_update(meet=meet, engine="mediapipe")
    assert {status(image) for image in images} == {"done"}


def test_of_many_photos_the_first_are_sent_at_once_and_the_others_by_the_sweep(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "NUDGES_PER_SWEEP", 2)
    attempt = make.attempt_make()
    images = [make.image_make(attempt) for _ in range(3)]
    roster.meet_update(meet=attempt.entry.meet, engines_also=["mmpose"])
    assert messages("mmpose") == [str(image.pk) for image in images[:2]]
    Reading.objects.filter(engine="mediapipe").update(status=ImageStatus.DONE)
    assert intake.images_sweep() == 1
    assert messages("mmpose") == [str(images[2].pk)]


def test_nobody_waits_for_an_engine_that_is_no_longer_asked(meet: Meet) -> None:
    attempt = make.attempt_make(meet)
    waits, worked, done = (make.image_make(attempt) for _ in range(3))
    claim = make.claim_make(worked, "mediapipe")
    read(done, "mediapipe")

    roster.meet_update(meet=meet, engines_also=[])

    assert [readings(image) for image in (waits, worked, done)] == [
        {"mmpose": "queued"},
        {"mediapipe": "working", "mmpose": "queued"},
        {"mediapipe": "done", "mmpose": "queued"},
    ]
    assert results.reading_settle(claim=claim, seen=make.seen_make())
    assert Assessment.objects.filter(engine_kind="mediapipe").count() == 2


def test_what_else_changes_asks_nothing(meet: Meet, messages: Messages) -> None:
    image = make.image_make(make.attempt_make(meet))
    read(image, "mmpose")
    messages("mediapipe"), messages("mmpose")
    roster.meet_update(meet=meet, town="Umeå", engine="mmpose", engines_also=["mediapipe"])
    assert readings(image) == {"mediapipe": "queued", "mmpose": "done"}
    assert messages("mediapipe") + messages("mmpose") == []


@pytest.mark.parametrize(
    "change",
    [
        {"engine": "vitpose"},
        {"engine": "recorded"},
        {"engine": ""},
        {"engines_also": ["mediapipe", "yolo"]},
        {"engines_also": "mediapipe"},
        {"engines_also": [1]},
    ],
)
def test_an_engine_that_is_none_is_refused_and_nothing_is_written(meet: Meet, change: dict[str, Any]) -> None:
    image = make.image_make(make.attempt_make(meet))
    before = Meet.objects.filter(pk=meet.pk).values().get(), readings(image)
    with pytest.raises(ValidationError):
        roster.meet_update(meet=meet, **change)
    assert (Meet.objects.filter(pk=meet.pk).values().get(), readings(image)) == before


@pytest.mark.parametrize("closed", ["before", "with it"])
def test_in_a_closed_meet_no_engine_comes_in(meet: Meet, closed: str) -> None:
    image = make.image_make(make.attempt_make(meet))
    change: dict[str, Any] = {"engine": "mediapipe", "engines_also": []}
    if closed == "before":
        Meet.objects.update(status=MeetStatus.CLOSED)
    else:
        change["status"] = MeetStatus.CLOSED
    before = Meet.objects.filter(pk=meet.pk).values().get(), readings(image)
    with pytest.raises(Conflict):
        roster.meet_update(meet=meet, **change)
    assert (Meet.objects.filter(pk=meet.pk).values().get(), readings(image)) == before


# ── What is shown ────────────────────────────────────────────────────────────────────────────────────────


def test_only_the_engine_that_counts_is_on_the_board(meet: Meet) -> None:
    image = make.image_make(make.attempt_make(meet))
    staff = client_of(meet)
    board = reverse("meet-board", args=[meet.pk])
    read(image, "mediapipe")
    assert "On the line" in staff.get(board).content.decode()
    assert "Also read by MediaPipe: breach · mediapipe-1 · weights 00000000" in page(staff, image)
    assert 'class="card t-breach"' not in page(staff, image)

    read(image, "mmpose", FlagKind.TOO_CLOSE)

    html = page(staff, image)
    assert "mmpose-1 · weights 00000000 · rule book" in html
    assert html.count("Also read by") == 1
    roster.meet_update(meet=meet, engine="mediapipe", engines_also=["mmpose"])
    html = page(staff, image)
    assert "mediapipe-1 · weights 00000000 · rule book" in html
    assert "Also read by ViTPose: too close · mmpose-1" in html


def test_a_reading_that_does_not_count_and_waits_or_failed_says_so(meet: Meet) -> None:
    image = make.image_make(make.attempt_make(meet))
    staff = client_of(meet)
    assert "Also read by MediaPipe: waiting" in page(staff, image)
    Reading.objects.filter(engine="mediapipe").update(status=ImageStatus.FAILED)
    assert "Also read by MediaPipe: not read" in page(staff, image)


def test_the_api_lists_readings_and_what_the_others_saw(meet: Meet) -> None:
    image = make.image_make(make.attempt_make(meet))
    read(image, "mediapipe")
    read(image, "mmpose", FlagKind.NONE)
    client = APIClient()
    client.force_authenticate(make.member_make(meet, Role.READER))
    body = client.get(f"/api/v1/images/{image.pk}/").json()
    assert [(row["engine"], row["status"], row["tries"]) for row in body["readings"]] == [
        ("mmpose", "done", 1),
        ("mediapipe", "done", 1),
    ]
    assert (body["assessment"]["engine_kind"], body["assessment"]["flag"]) == ("mmpose", "")
    assert [(row["engine_kind"], row["flag"], len(row["findings"])) for row in body["also"]] == [
        ("mediapipe", "breach", 2)
    ]
    whole = client.get(f"/api/v1/attempts/{image.attempt_id}/").json()
    assert whole["images"] == [body]
    assert "also" not in client.get(f"/api/v1/meets/{meet.pk}/results").json()["attempts"][0]["images"][0]


def test_a_blind_referee_learns_nothing_of_any_engine(meet: Meet) -> None:
    Meet.objects.update(evidence_mode=EvidenceMode.AFTER_LIGHT)
    image = make.image_make(make.attempt_make(meet))
    for kind in ("mmpose", "mediapipe"):
        read(image, kind)
    referee = make.member_make(meet, Role.REFEREE)
    pages, api = Client(), APIClient()
    pages.force_login(referee)
    api.force_authenticate(referee)
    assert "Also read by" not in page(pages, image)
    for address in (f"images/{image.pk}/", f"attempts/{image.attempt_id}/", f"meets/{meet.pk}/results"):
        text = api.get(f"/api/v1/{address}").content.decode()
        assert not any(word in text for word in ("readings", '"also"', "mmpose-1", "lifter_at", "camera"))


@pytest.mark.parametrize("change", [{"engine": "mediapipe"}, {"engines_also": []}])
@pytest.mark.parametrize("role", [Role.REFEREE, Role.JURY, Role.READER])
def test_only_staff_say_which_engine_counts(meet: Meet, role: Role, change: dict[str, Any]) -> None:
    image = make.image_make(make.attempt_make(meet))
    client = APIClient()
    client.force_authenticate(make.member_make(meet, role))
    before = Meet.objects.filter(pk=meet.pk).values().get(), readings(image)
    assert client.patch(f"/api/v1/meets/{meet.pk}/", change).status_code == 403
    assert (Meet.objects.filter(pk=meet.pk).values().get(), readings(image)) == before


def test_staff_say_it_through_the_api(meet: Meet) -> None:
    client = APIClient()
    client.force_authenticate(make.member_make(meet))
    address = f"/api/v1/meets/{meet.pk}/"
    body = client.patch(address, {"engine": "mediapipe", "engines_also": ["mmpose"]}).json()
    assert (body["engine"], body["engines_also"]) == ("mediapipe", ["mmpose"])
    for wrong in ({"engine": "yolo"}, {"engines_also": ["yolo"]}, {"engines_also": "mmpose"}, {"engines_also": [{}]}):
        answer = client.patch(address, wrong)
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert client.get(address).json()["engines_also"] == ["mmpose"]


def test_staff_say_it_on_the_meets_page(meet: Meet) -> None:
    image = make.image_make(make.attempt_make(meet))
    head = client_of(meet, Role.HEAD)
    url = reverse("meet-edit", args=[meet.pk])
    html = head.get(url).content.decode()
    assert '<option value="mmpose" selected>ViTPose · GPU workers</option>' in html
    assert re.search(r'name="engines_also" value="mediapipe"[^>]* checked', html)
    assert "MediaPipe · any CPU" in html
    form = {
        "what": "meet", "name": "Spring", "starts_on": "2026-03-07", "rulebook": "ipf-2026-v3",
        "evidence_mode": "training", "status": "open", "formula": "ipf_gl",
    }  # fmt: skip
    assert head.post(url, {**form, "engine": "mediapipe"}).status_code == 302
    meet.refresh_from_db()
    assert (meet.engine, meet.engines_also) == ("mediapipe", [])
    assert readings(image) == {"mediapipe": "queued"}
    refused = head.post(url, {**form, "engine": "yolo", "engines_also": ["yolo"]})
    assert refused.status_code == 400
    assert "Choose one of the list." in refused.content.decode()


# ── Workers ──────────────────────────────────────────────────────────────────────────────────────────────


def test_workers_of_another_engine_are_nobody_to_this_meet(meet: Meet) -> None:
    make.beat_make("cpu", engine="mediapipe")
    staff = client_of(meet)
    board = reverse("meet-board", args=[meet.pk])
    html = staff.get(board).content.decode()
    assert "Assist off" in html
    assert "No worker with ViTPose is running: photos wait in the queue." in html
    assert "ENGINE=mmpose make worker" in html
    assert workers_states() == {"mediapipe": WorkersState(alive=True, answering=False)}

    make.beat_make("gpu", engine="mmpose")
    assert "Assist on" in staff.get(board).content.decode()


@pytest.mark.parametrize("fault", [EngineError("no device cuda:3; there is cpu"), ValueError("there is no engine")])
def test_a_worker_that_is_not_fit_does_not_start(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    asked = []

    def refuse(name: str, options: Any) -> None:
        asked.append((name, options.pose_weights, options.batch))
        raise fault

    monkeypatch.setattr("meets.management.commands.worker.engine_check", refuse)
    monkeypatch.setattr("celery.current_app.worker_main", lambda argv: pytest.fail("started"))

    with pytest.raises(CommandError, match=str(fault)):
        call_command("worker")

    assert asked == [("mediapipe", "vitpose-b", 0)]
    assert not WorkerBeat.objects.exists()


def test_a_worker_whose_picture_classifier_cannot_be_used_does_not_start(
    monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.LIFT_MODEL = str(tmp_path / "gone.safetensors")
    monkeypatch.setattr("meets.management.commands.worker.engine_check", lambda name, options: None)
    monkeypatch.setattr("celery.current_app.worker_main", lambda argv: pytest.fail("started"))
    with pytest.raises(CommandError, match="the picture classifier"):
        call_command("worker")


def test_a_worker_takes_its_own_kinds_queues(monkeypatch: pytest.MonkeyPatch, settings: Any, capsys: Any) -> None:
    started: list[str] = []
    monkeypatch.setattr("meets.management.commands.worker.engine_check", lambda name, options: None)
    monkeypatch.setattr("celery.current_app.worker_main", started.extend)
    settings.ENGINE = "mmpose"
    call_command("worker")
    assert "--queues=assess.mmpose,sweep.mmpose" in started
    assert "Worker with engine mmpose" in capsys.readouterr().out


def test_photos_follow_the_engine_that_counts_whoever_writes_at_once(meet: Meet) -> None:
    """Two workers settle, one of them batches, while the head changes his mind."""
    attempt = make.attempt_make(meet)
    images = [make.image_make(attempt) for _ in range(8)]
    broken: list[BaseException] = []

    def settle(kind: str, limit: int) -> None:
        for image in images:
            given = {"image_id": image.pk, "engine": kind, "worker": f"{kind}@test", "pid": 1}
            for claim in results.readings_claim(**given, limit=limit):
                assert results.reading_settle(claim=claim, seen=make.seen_make(engine=kind))

    def change() -> None:
        for turn in range(9):
            engine, other = ("mediapipe", "mmpose") if turn % 2 == 0 else ("mmpose", "mediapipe")
            roster.meet_update(meet=meet, engine=engine, engines_also=[other] if turn % 3 else [])

    def guarded(work: Callable[..., None], *given: Any) -> None:
        try:
            work(*given)
        except BaseException as error:
            broken.append(error)
        finally:
            connection.close()

    jobs: list[tuple[Any, ...]] = [(settle, "mmpose", 4), (settle, "mediapipe", 1), (change,)]
    threads = [threading.Thread(target=guarded, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert broken == []
    meet.refresh_from_db()
    for image in images:
        assert status(image) == make.reading_of(image, meet.engine).status


@pytest.mark.services
def test_who_waits_for_a_photo_keeps_no_other_from_whoever_holds_it(meet: Meet) -> None:
    """A worker whose photo is held by another waits with empty hands: the other may want the rest of the batch."""
    attempt = make.attempt_make(meet)
    first, other = (make.reading_of(make.image_make(attempt), "mmpose") for _ in range(2))
    claims: list[results.Claim] = []

    def claim() -> None:
        given = {"image_id": first.image_id, "engine": "mmpose", "worker": "mmpose@test", "pid": 1}
        claims.extend(results.readings_claim(**given, limit=4))
        connection.close()

    waiting = threading.Thread(target=claim)
    with transaction.atomic():
        results.readings_lock(Reading.objects.filter(pk=first.pk))
        waiting.start()
        with connection.cursor() as cursor:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                if cursor.fetchone()[0]:
                    break
        assert [row.pk for row in Reading.objects.select_for_update(nowait=True).filter(pk=other.pk)] == [other.pk]
    waiting.join(timeout=60)

    assert {one.image_id for one in claims} == {first.image_id, other.image_id}
