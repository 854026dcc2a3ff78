"""Several photos at a time: who gets which, and that each of them ends on its own."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection
from django.utils import timezone

from inference.errors import EngineError, ImageError
from inference.lifter import Region
from judging.camera import Camera
from meets import intake, results, tasks
from meets.models import Assessment, AttemptImage, ImageReason, ImageStatus, Reading, WorkerBeat
from tests import factories as make
from tests.meets.test_tasks import FakePipeline

pytestmark = pytest.mark.django_db(transaction=True)

Engine = Callable[..., FakePipeline]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A pipeline that takes four photos at once."""

    def install(*answers: Any, batch: int = 4) -> FakePipeline:
        fake = FakePipeline(*answers, batch=batch)
        monkeypatch.setattr(tasks, "pipeline", lambda: fake)
        return fake

    return install


def photos(count: int, **fields: Any) -> list[AttemptImage]:
    attempt = make.attempt_make()
    return [make.image_make(attempt, **fields) for _ in range(count)]


def claim(image: AttemptImage | None, limit: int, *, worker: str = "w@test", pid: int = 1) -> list[UUID]:
    """The photos won by asking for this one."""
    image_id = image.pk if image else uuid4()
    claims = results.readings_claim(image_id=image_id, engine="mediapipe", worker=worker, pid=pid, limit=limit)
    assert len({one.token for one in claims}) == min(1, len(claims))
    return [one.image_id for one in claims]


def ids(images: list[AttemptImage]) -> list[UUID]:
    return [image.pk for image in images]


def run(image: AttemptImage) -> None:
    tasks.assess_image.apply(args=[str(image.pk)], throw=True)


def states(images: list[AttemptImage]) -> list[tuple[str, str, int]]:
    rows = [make.reading_of(image) for image in images]
    return [(row.status, row.reason, row.tries) for row in rows]


# ── Who gets which ───────────────────────────────────────────────────────────────────────────────────────


def test_a_batch_is_the_photo_asked_for_and_the_oldest_that_wait() -> None:
    images = photos(6)

    assert sorted(claim(images[4], 3)) == sorted(ids([images[4], images[0], images[1]]))

    rows = Reading.objects.filter(status=ImageStatus.WORKING)
    assert {(row.tries, row.claimed_by) for row in rows} == {(1, "w@test/1")}
    shown = set(AttemptImage.objects.filter(status=ImageStatus.WORKING).values_list("pk", flat=True))
    assert shown == set(ids([images[4], images[0], images[1]]))
    assert sorted(claim(images[2], 3)) == sorted(ids([images[2], images[3], images[5]]))


def test_only_photos_of_the_same_engine_are_taken() -> None:
    meet = make.meet_make(engine="mmpose", engines_also=["mediapipe"])
    both = make.image_make(make.attempt_make(meet))
    mine = make.image_make()
    make.image_make(make.attempt_make(make.meet_make(engine="mmpose")))

    assert sorted(claim(mine, 8)) == sorted([mine.pk, both.pk])

    assert make.reading_of(both, "mmpose").status == ImageStatus.QUEUED
    # What counts in that meet is the other engine, and for it the photo still waits.
    both.refresh_from_db()
    assert both.status == ImageStatus.QUEUED


def test_a_photo_that_is_gone_leaves_room_for_those_that_wait() -> None:
    gone, first, second = photos(3)
    Reading.objects.filter(image=gone).update(status=ImageStatus.DONE)

    assert claim(gone, 1) == []
    assert claim(gone, 2) == ids([first, second])
    assert claim(None, 2) == []


@pytest.mark.parametrize("status", ["queued", "left by a dead sibling"])
def test_a_photo_whose_try_was_lost_is_claimed_alone(status: str) -> None:
    images = photos(3)
    lost = images[1]
    if status == "queued":
        Reading.objects.filter(image=lost).update(tries=1)
    else:
        held = {"claimed_by": "w@test/1", "claim_token": uuid4(), "claimed_at": timezone.now()}
        Reading.objects.filter(image=lost).update(status=ImageStatus.WORKING, tries=1, **held)

    assert claim(lost, 4, pid=2) == [lost.pk]

    assert make.reading_of(lost).tries == 2


def test_a_photo_whose_try_was_lost_fills_nobodys_batch() -> None:
    images = photos(3)
    Reading.objects.filter(image=images[0]).update(tries=1)

    assert sorted(claim(images[2], 4)) == sorted(ids([images[1], images[2]]))


def test_the_tries_of_a_photo_that_kills_workers_end_without_its_neighbours(settings: Any) -> None:
    images = photos(3)
    Reading.objects.filter(image=images[0]).update(tries=settings.IMAGE_TRIES_MAX)

    assert claim(images[0], 4) == []

    assert states(images) == [("failed", "worker_lost", 3), ("queued", "", 0), ("queued", "", 0)]


def test_a_claim_holds_what_was_stated_when_it_was_won(monkeypatch: pytest.MonkeyPatch) -> None:
    """Staff correct the photo after the worker has looked at its row and before it claims it."""
    image = make.image_make(view="left")
    real = results._claimable

    def restated(*args: Any) -> bool:
        intake.image_restate(image=image, user=image.uploaded_by, view="right", lifter_at=(0.25, 0.5))
        return real(*args)

    monkeypatch.setattr(results, "_claimable", restated)

    won = make.claim_make(image)

    assert (won.view, won.lifter_at, won.stated_lifter) == ("right", (0.25, 0.5), "0.250,0.500")


def test_claimers_at_once_never_share_a_photo() -> None:
    """Four workers ask for the same photo each time, with room for five more."""
    images = photos(40)
    together = threading.Barrier(4, timeout=20)
    won: list[list[UUID]] = []

    def ask(number: int) -> None:
        try:
            for image in images:
                together.wait()
                won.append(claim(image, 6, worker=f"w{number}@test"))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    every = [image_id for batch in won for image_id in batch]
    assert len(won) == 160
    assert sorted(every) == sorted(ids(images))
    assert set(Reading.objects.values_list("tries", flat=True)) == {1}
    assert Reading.objects.values("claim_token").distinct().count() == sum(bool(batch) for batch in won)


# ── Each ends on its own ─────────────────────────────────────────────────────────────────────────────────


def test_a_message_reads_a_whole_batch_and_the_others_find_nothing_left(engine: Engine) -> None:
    fake = engine(*[make.seen_make()] * 4)
    images = photos(4)

    for image in images:
        run(image)

    assert fake.batches == [4]
    assert states(images) == [("done", "", 1)] * 4
    assert Assessment.objects.count() == 4
    assert set(AttemptImage.objects.values_list("status", flat=True)) == {ImageStatus.DONE}


def test_the_batch_is_as_large_as_the_engine_takes_now(engine: Engine) -> None:
    fake = engine(*[make.seen_make()] * 6, batch=3)
    images = photos(6)
    run(images[0])
    fake.batch = 2
    run(images[5])
    run(images[5])
    assert fake.batches == [3, 2, 1]


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        (ImageError("truncated", "cut off"), ("rejected", "truncated", 1)),
        (EngineError("no memory for this one"), ("queued", "", 1)),
    ],
)
def test_one_bad_photo_ends_alone(engine: Engine, fault: Exception, end: tuple[str, str, int]) -> None:
    engine(make.seen_make(), fault, make.seen_make())
    images = photos(3)

    run(images[0])

    ordered = sorted(states(images))
    assert ordered == sorted([("done", "", 1), ("done", "", 1), end])


def test_the_last_try_out_of_memory_says_so(engine: Engine) -> None:
    error = EngineError("CUDA out of memory")
    error.reason = "out_of_memory"
    engine(error)
    images = photos(1, tries=2)

    run(images[0])

    assert states(images) == [("failed", "out_of_memory", 3)]
    assert "memory" in ImageReason.OUT_OF_MEMORY.label


def test_a_missing_file_ends_alone(engine: Engine) -> None:
    fake = engine(make.seen_make(), make.seen_make())
    images = photos(3)
    images[1].original.storage.delete(str(images[1].original.name))

    run(images[0])

    assert states(images) == [("done", "", 1), ("queued", "", 1), ("done", "", 1)]
    assert fake.batches == [2]


def test_what_cannot_be_kept_of_one_photo_costs_no_other(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(*[make.seen_make()] * 3)
    images = photos(3)
    real = results.assessment_record

    def record(*, claim: results.Claim, seen: Any) -> Any:
        if claim.image_id == images[1].pk:
            raise ValueError("a figure that no column holds")
        return real(claim=claim, seen=seen)

    monkeypatch.setattr(results, "assessment_record", record)

    run(images[0])

    assert states(images) == [("done", "", 1), ("queued", "", 1), ("done", "", 1)]
    assert Assessment.objects.count() == 2


@pytest.mark.parametrize("fault", [RuntimeError("a bug"), MemoryError(), SoftTimeLimitExceeded()])
def test_a_batch_that_breaks_goes_back_and_each_is_tried_alone(
    engine: Engine, messages: Callable[..., list[str]], fault: BaseException
) -> None:
    fake = engine(fault, *[make.seen_make()] * 3)
    images = photos(3)
    messages()

    run(images[0])
    assert states(images) == [("queued", "", 1)] * 3
    tasks.images_sweep.apply(throw=True)
    assert messages() == [str(image.pk) for image in images]
    for image in images:
        run(image)

    assert fake.batches == [3, 1, 1, 1]
    assert states(images) == [("done", "", 2)] * 3


def test_time_that_runs_out_half_way_leaves_what_is_settled(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(*[make.seen_make()] * 3)
    images = photos(3)
    real, settled = results.reading_settle, []

    def settle(**given: Any) -> bool:
        if len(settled) == 1:
            raise SoftTimeLimitExceeded
        settled.append(given["claim"].image_id)
        return real(**given)

    monkeypatch.setattr(results, "reading_settle", settle)

    run(images[0])

    assert sorted(states(images)) == [("done", "", 1), ("queued", "", 1), ("queued", "", 1)]


def test_an_engine_that_cannot_be_loaded_claims_nothing_and_counts_as_deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        @property
        def batch(self) -> int:
            raise EngineError("no such device")

    monkeypatch.setattr(tasks, "pipeline", Broken)
    image = make.image_make()
    sweep = tasks.images_sweep.apply
    import socket

    make.beat_make(socket.gethostname())

    run(image)
    sweep(throw=True)
    assert states([image]) == [("queued", "", 0)]
    assert WorkerBeat.objects.get().answered_at is None

    monkeypatch.setattr(tasks, "pipeline", lambda: FakePipeline(make.seen_make()))
    run(image)
    sweep(throw=True)
    assert states([image]) == [("done", "", 1)]
    beat = WorkerBeat.objects.get()
    assert beat.answered_at is not None
    assert beat.weights_sha256 == "a" * 64


def test_the_cameras_region_and_the_place_that_staff_said_reach_the_engine(engine: Engine) -> None:
    fake = engine(make.seen_make())
    attempt = make.attempt_make()
    camera = make.camera_make(attempt.entry.meet, view="left", x0=0.1, y0=0.2, x1=0.9, y1=1.0, height_cm=90.0)
    image, _ = intake.image_submit(attempt=attempt, user=make.user_make(), data=make.photo_bytes(), camera=camera)
    intake.image_restate(image=image, user=image.uploaded_by, lifter_at=(1 / 3, 0.5))

    run(image)

    (asked,) = fake.asked
    assert (asked.view, asked.region, asked.lifter_at) == ("left", Region(0.1, 0.2, 0.9, 1.0), (0.333, 0.5))
    row = Assessment.objects.get()
    assert (asked.camera, row.stated_camera) == (Camera(height_cm=90.0), '{"height_cm":90.0}')
    assert (row.stated_region, row.stated_lifter) == ("0.100,0.200,0.900,1.000", "0.333,0.500")
    assert row.people == [{"box": [100.0, 80.0, 260.0, 216.1], "score": 0.75, "chosen": True}]
    assert row.lifter_margin == 0.75


# ── The sweep ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_dead_childs_whole_batch_goes_back(messages: Callable[..., list[str]]) -> None:
    images = photos(4)
    claim(images[0], 3)
    make.beat_make("w@test")
    messages()

    assert intake.images_sweep(worker="w@test") == 3

    assert states(images) == [("queued", "", 1)] * 3 + [("queued", "", 0)]
    assert messages() == [str(image.pk) for image in images[:3]]


def test_a_sweep_sends_to_every_engine_that_has_a_worker(messages: Callable[..., list[str]]) -> None:
    meet = make.meet_make(engine="mmpose", engines_also=["mediapipe", "recorded"])
    image = make.image_make(make.attempt_make(meet), nudged_at=None)
    make.beat_make("w@test")
    make.beat_make("gpu@test", engine="mmpose")
    for kind in ("mediapipe", "mmpose", "recorded"):
        messages(kind)

    assert intake.images_sweep(worker="w@test") == 2

    assert [messages(kind) for kind in ("mediapipe", "mmpose", "recorded")] == [[str(image.pk)], [str(image.pk)], []]
    # By hand all are sent, whoever is there.
    assert intake.images_sweep() == 1
    assert messages("recorded") == [str(image.pk)]


def test_one_engines_long_queue_does_not_keep_another_waiting(
    messages: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "NUDGES_PER_SWEEP", 2)
    photos(5, nudged_at=None)
    image = make.image_make(make.attempt_make(make.meet_make(engine="mmpose")), nudged_at=None)
    messages("mmpose")

    assert intake.images_sweep() == 3
    assert messages("mmpose") == [str(image.pk)]
