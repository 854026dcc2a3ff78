"""Signs of life, the embedded broker, and the checks at the start."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone
from kombu import Connection
from rest_framework.test import APIClient

from meets import checks, worker
from meets.models import WorkerBeat
from meets.selectors.workers import WorkersState, workers_states
from tests import factories as make


@pytest.mark.django_db
def test_a_worker_is_seen_and_says_goodbye() -> None:
    worker.beat_seen(name="w@test")
    first = WorkerBeat.objects.get()
    worker.beat_seen(name="w@test")
    second = WorkerBeat.objects.get()

    assert (first.engine, first.answered_at) == ("mediapipe", None)
    assert second.seen_at > first.seen_at
    assert second.started_at == first.started_at
    worker.beat_gone(name="w@test")
    assert WorkerBeat.objects.count() == 0


@pytest.mark.django_db
def test_a_new_worker_clears_away_those_long_dead() -> None:
    now = timezone.now()
    WorkerBeat.objects.create(name="dead@test", seen_at=now - timedelta(hours=2))
    WorkerBeat.objects.create(name="lately@test", seen_at=now - timedelta(minutes=10))

    worker.beat_seen(name="w@test")

    assert set(WorkerBeat.objects.values_list("name", flat=True)) == {"lately@test", "w@test"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seen_s", "answered_s", "state"),
    [
        (None, None, WorkersState(alive=False, answering=False)),
        (0, None, WorkersState(alive=True, answering=False)),
        (0, 0, WorkersState(alive=True, answering=True)),
        (0, 1000, WorkersState(alive=True, answering=False)),
        (1000, 0, WorkersState(alive=False, answering=False)),
    ],
)
def test_alive_and_answering(seen_s: float | None, answered_s: float | None, state: WorkersState) -> None:
    now = timezone.now()
    if seen_s is not None:
        answered = None if answered_s is None else now - timedelta(seconds=answered_s)
        make.beat_make("w@test", seen_at=now - timedelta(seconds=seen_s), answered_at=answered)

    assert workers_states() == ({} if seen_s is None else {"mediapipe": state})
    client = APIClient()
    client.force_authenticate(make.user_make())
    said = {"alive": state.alive, "answering": state.answering}
    engines = [] if seen_s is None else [{"engine": "mediapipe", **said}]
    assert client.get("/api/v1/workers/").json() == {**said, "engines": engines}


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_beats_and_asks_for_sweeps_until_stopped(settings: Any) -> None:
    settings.WORKER_BEAT_S = 0.02
    heartbeat = worker.Heartbeat("w@test")
    sent = threading.Semaphore(0)
    real = worker.sweep_send

    def count() -> None:
        real()
        sent.release()

    worker.sweep_send = count
    try:
        heartbeat.start()
        assert all(sent.acquire(timeout=10) for _ in range(3))
        assert WorkerBeat.objects.get().name == "w@test"
        heartbeat.stop()
    finally:
        worker.sweep_send = real
    assert not heartbeat.is_alive()
    assert WorkerBeat.objects.count() == 0
    with current_app.connection_for_read() as connection:
        channel = connection.default_channel
        message = channel.basic_get("sweep.mediapipe", no_ack=True)
    assert message.headers["task"] == "meets.tasks.images_sweep"
    assert message.headers["expires"] is not None


# ── The embedded broker ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def connect(tmp_path: Path) -> Callable[[], Connection]:
    return lambda: Connection(
        "files://localhost", transport_options={"folder": str(tmp_path), "polling_interval": 0.01}
    )


def test_messages_come_out_whole_once_and_in_order(connect: Callable[[], Connection], tmp_path: Path) -> None:
    with connect() as sender:
        queue = sender.SimpleQueue("q")
        for number in range(5):
            queue.put({"n": number})
        other = sender.SimpleQueue("other.q")
        other.put({"n": "other"})
    with connect() as reader:
        queue = reader.SimpleQueue("q", no_ack=True)
        assert queue.qsize() == 5
        assert [queue.get(timeout=1).payload["n"] for _ in range(5)] == [0, 1, 2, 3, 4]
        with pytest.raises(queue.Empty):
            queue.get_nowait()
    assert [path.name.endswith(".other.q.msg") for path in tmp_path.iterdir()] == [True]


def test_what_was_not_acknowledged_comes_back_when_the_reader_leaves(connect: Callable[[], Connection]) -> None:
    with connect() as sender:
        sender.SimpleQueue("q").put({"n": 1})
    with connect() as reader:
        reader.SimpleQueue("q").get(timeout=1)
    with connect() as second:
        assert second.SimpleQueue("q").get(timeout=1).payload == {"n": 1}


def test_many_readers_and_writers_lose_and_double_nothing(connect: Callable[[], Connection]) -> None:
    got: list[int] = []
    total, done = 120, threading.Event()

    def write(start: int) -> None:
        with connect() as connection:
            queue = connection.SimpleQueue("q")
            for number in range(start, start + 40):
                queue.put(number)

    def read() -> None:
        with connect() as connection:
            queue = connection.SimpleQueue("q", no_ack=True)
            while not done.is_set():
                try:
                    got.append(queue.get(timeout=0.05).payload)
                except queue.Empty:
                    continue
                if len(got) == total:
                    done.set()

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 40, 80)]
    threads += [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    done.wait(timeout=20)
    done.set()
    for thread in threads:
        thread.join(timeout=5)
    assert sorted(got) == list(range(total))


def test_a_purge_empties_one_queue(connect: Callable[[], Connection]) -> None:
    with connect() as connection:
        queue = connection.SimpleQueue("q")
        queue.put({"n": 1})
        queue.put({"n": 2})
        assert queue.clear() == 2
        assert queue.qsize() == 0


# ── Checks at the start ──────────────────────────────────────────────────────────────────────────────────


def test_the_settings_as_shipped_pass() -> None:
    assert checks.queue_check() == []


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"CELERY_TASK_TIME_LIMIT": 60, "CELERY_TASK_SOFT_TIME_LIMIT": 60}, ["meets.E001"]),
        ({"CELERY_BROKER_TRANSPORT_OPTIONS": {"visibility_timeout": 149}}, ["meets.E002"]),
        ({"CELERY_BROKER_TRANSPORT_OPTIONS": {"visibility_timeout": 150}}, []),
        ({"IMAGE_TRIES_MAX": 0}, ["meets.E004"]),
        ({"ENGINE": "vitpose"}, ["meets.E005"]),
        ({"DEFAULT_ENGINE": ""}, ["meets.E005"]),
    ],
)
def test_settings_that_would_lose_or_repeat_work_are_refused(
    settings: Any, changed: dict[str, Any], found: list[str]
) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)

    assert [message.id for message in checks.queue_check()] == found


def test_redis_needs_a_prefix_and_a_shared_database(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL, settings.QUEUE_PREFIX = "redis://127.0.0.1", ""
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.sqlite3")

    assert [message.id for message in checks.queue_check()] == ["meets.E003", "meets.W001"]
