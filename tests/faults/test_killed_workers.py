"""A worker killed in the middle of a photo ends with that photo assessed exactly once."""

import os
import signal
from typing import Any

import pytest

from meets.models import Assessment, AttemptImage, ImageReason, ImageStatus, Reading, WorkerBeat
from tests import factories as make
from tests.faults.conftest import Workers, wait_for

BOTH = [pytest.param(None, id="files"), pytest.param(None, id="redis", marks=pytest.mark.services)]
on_both_brokers = pytest.mark.parametrize("broker", BOTH)


def row(image: AttemptImage, engine: str = "recorded") -> Reading:
    return make.reading_of(image, engine)


def working(image: AttemptImage) -> Reading | None:
    now = row(image)
    return now if now.status == ImageStatus.WORKING else None


def done(image: AttemptImage) -> bool:
    return row(image).status == ImageStatus.DONE


@on_both_brokers
def test_photos_go_through_and_the_worker_stops_cleanly(workers: Workers, broker: None) -> None:
    images = [make.image_make(nudged_at=None) for _ in range(3)]
    process = workers.start()

    wait_for("all photos done", lambda: all(done(image) for image in images))
    wait_for("the canary is back", lambda: WorkerBeat.objects.filter(answered_at__isnull=False).exists())
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=10) == 0
    assert WorkerBeat.objects.count() == 0
    assert Assessment.objects.count() == 3
    assert "Traceback" not in workers.log


@on_both_brokers
def test_a_killed_child(workers: Workers, broker: None) -> None:
    workers.hold.touch()
    image = make.image_make(nudged_at=None)
    workers.start()
    held = wait_for("the photo is in work", lambda: working(image))

    os.kill(int(held.claimed_by.rpartition("/")[2]), signal.SIGKILL)
    workers.hold.unlink()

    wait_for("the photo is done", lambda: done(image))
    assert Assessment.objects.count() == 1
    assert row(image).tries == 2
    assert row(image).claimed_by != held.claimed_by


@on_both_brokers
def test_a_machine_that_lost_its_power(workers: Workers, broker: None) -> None:
    workers.hold.touch()
    image = make.image_make(nudged_at=None)
    first = workers.start()
    held = wait_for("the photo is in work", lambda: working(image))

    workers.kill_all(first)
    workers.hold.unlink()
    assert working(image)
    workers.start()

    wait_for("the photo is done", lambda: done(image))
    assert Assessment.objects.count() == 1
    assert row(image).tries == 2
    assert row(image).claimed_by != held.claimed_by


def test_a_photo_that_kills_every_worker_ends_as_failed(workers: Workers, settings: Any) -> None:
    workers.hold.touch()
    image = make.image_make(nudged_at=None)
    workers.start()
    killed: set[str] = set()

    for _ in range(settings.IMAGE_TRIES_MAX):
        held = wait_for("the next try", lambda: (now := working(image)) and now.claimed_by not in killed and now)
        killed.add(held.claimed_by)
        os.kill(int(held.claimed_by.rpartition("/")[2]), signal.SIGKILL)

    wait_for("the photo has failed", lambda: row(image).status == ImageStatus.FAILED)
    assert row(image).reason == ImageReason.WORKER_LOST
    assert row(image).tries == settings.IMAGE_TRIES_MAX
    assert Assessment.objects.count() == 0


def test_a_message_lost_with_its_worker_is_sent_again(workers: Workers) -> None:
    """The row says that a message is under way, and there is none."""
    image = make.image_make()
    workers.start()

    wait_for("the photo is done", lambda: done(image))
    assert Assessment.objects.count() == 1


def test_two_workers_share_the_photos(workers: Workers) -> None:
    images = [make.image_make(nudged_at=None) for _ in range(12)]
    workers.start()
    workers.start()

    wait_for("all photos done", lambda: all(done(image) for image in images))
    assert Assessment.objects.count() == 12
    assert {row(image).tries for image in images} == {1}


# ── Several engines, several photos at a time ────────────────────────────────────────────────────────────


def two_engines() -> list[AttemptImage]:
    """Photos of a meet that counts ViTPose (the stand-in, four at a time) and has recorded poses read them as well."""
    attempt = make.attempt_make(make.meet_make(engine="mmpose", engines_also=["recorded"]))
    return [make.image_make(attempt, nudged_at=None) for _ in range(16)]


def held_by(worker: str) -> list[Reading]:
    return [
        reading
        for reading in Reading.objects.filter(status=ImageStatus.WORKING, engine="mmpose").order_by("pk")
        if reading.claimed_by.startswith(worker)
    ]


def each_read_once_by(images: list[AttemptImage], *engines: str) -> None:
    read = Assessment.objects.order_by("image", "engine_kind").values_list("image", "engine_kind")
    assert sorted(read) == sorted((image.pk, engine) for image in images for engine in engines)
    assert set(AttemptImage.objects.values_list("status", flat=True)) == {ImageStatus.DONE}


@on_both_brokers
@pytest.mark.parametrize("whole", [False, True], ids=["child", "machine"])
def test_two_engines_read_every_photo_once_whatever_is_killed(workers: Workers, broker: None, whole: bool) -> None:
    workers.hold.touch()
    images = two_engines()
    first = workers.start("mmpose")
    workers.start("recorded")
    batch = wait_for("a batch is in work", lambda: held_by("worker"))
    assert len(batch) == 4

    if whole:
        workers.kill_all(first)
        workers.start("mmpose")
    else:
        os.kill(int(batch[0].claimed_by.rpartition("/")[2]), signal.SIGKILL)
    workers.hold.unlink()

    wait_for("all are read", lambda: Reading.objects.filter(status=ImageStatus.DONE).count() == 32)
    each_read_once_by(images, "mmpose", "recorded")
    assert {reading.pk: reading.tries for reading in Reading.objects.filter(engine="mmpose")} == {
        reading.pk: 2 if reading.pk in {one.pk for one in batch} else 1
        for reading in Reading.objects.filter(engine="mmpose")
    }
    assert {assessment.engine for assessment in Assessment.objects.filter(engine_kind="mmpose")} == {"stand-in"}


def test_a_photo_that_kills_its_worker_takes_no_neighbour_with_it(workers: Workers, settings: Any) -> None:
    images = two_engines()
    poison = images[1]
    (workers.folder / "poison").write_text(str(poison.original.name), encoding="utf-8")
    workers.start("mmpose")
    workers.start("recorded")

    wait_for("the end of all", lambda: not Reading.objects.exclude(status__in=("done", "failed")).exists())
    ended = {reading.image_id: reading for reading in Reading.objects.filter(engine="mmpose")}
    assert (ended[poison.pk].status, ended[poison.pk].reason) == (ImageStatus.FAILED, ImageReason.WORKER_LOST)
    assert ended[poison.pk].tries == settings.IMAGE_TRIES_MAX
    others = [ended[image.pk] for image in images if image != poison]
    assert {reading.status for reading in others} == {ImageStatus.DONE}
    # The three beside it died with it once, and after that each was on its own.
    assert sorted(reading.tries for reading in others) == [1] * 12 + [2] * 3
