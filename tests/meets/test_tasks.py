"""The worker's tasks, with a pipeline of which the test decides what it does."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from inference.errors import EngineError, ImageError, LineError
from inference.pipeline import Pipeline, Request
from judging.pose import Lift, Phase, View
from meets import tasks
from meets.models import Assessment, AttemptImage, ImageReason, ImageStatus, Reading, WorkerBeat
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)


class FakePipeline:
    """Stands where the engine would: says of each photo what it was told, or raises it for the whole batch, and
    remembers what it was asked. An error in a list is that one photo's."""

    def __init__(self, *answers: Any, batch: int = 1) -> None:
        self.answers = list(answers)
        self.batch = batch
        self.engine = SimpleNamespace(weights_sha256="a" * 64)
        self.asked: list[Request] = []
        self.batches: list[int] = []

    def assess_many(self, requests: Sequence[Request]) -> list[Any]:
        self.asked += requests
        self.batches.append(len(requests))
        return [self._answer() for _ in requests]

    def _answer(self) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException) and not isinstance(answer, LineError):
            raise answer
        return answer() if callable(answer) else answer


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakePipeline]:
    def install(*answers: Any, batch: int = 1) -> FakePipeline:
        fake = FakePipeline(*answers, batch=batch)
        monkeypatch.setattr(tasks, "pipeline", lambda: fake)
        return fake

    return install


def run(image: AttemptImage) -> AttemptImage:
    """Delivers the photo's message once."""
    tasks.assess_image.apply(args=[str(image.pk)], throw=True)
    image.refresh_from_db()
    return image


def test_a_photo_is_assessed(engine: Callable[..., FakePipeline]) -> None:
    fake = engine(make.seen_make())
    image = make.image_make(make.attempt_make(lift="deadlift"), phase="lockout", view="front")
    with image.original.open() as file:
        data = file.read()

    run(image)

    assert (image.status, image.reason, make.reading_of(image).tries) == (ImageStatus.DONE, "", 1)
    assert Assessment.objects.count() == 1
    book = image.attempt.entry.meet.rulebook
    assert fake.asked == [Request(data, Lift.DEADLIFT, Phase.LOCKOUT, View.FRONT, book)]


def test_a_message_delivered_twice_is_one_assessment(engine: Callable[..., FakePipeline]) -> None:
    fake = engine(make.seen_make())
    image = make.image_make()

    run(image)
    run(image)

    assert Assessment.objects.count() == 1
    assert len(fake.asked) == 1
    assert make.reading_of(image).tries == 1


def test_a_message_for_a_photo_that_is_gone_is_dropped(engine: Callable[..., FakePipeline]) -> None:
    fake = engine()

    tasks.assess_image.apply(args=[str(uuid4())], throw=True)

    assert fake.asked == []


def test_a_permanent_fault_rejects_at_once(engine: Callable[..., FakePipeline]) -> None:
    engine(ImageError("truncated", "cut off"))

    image = run(make.image_make())

    assert (image.status, image.reason, make.reading_of(image).tries) == (
        ImageStatus.REJECTED,
        ImageReason.TRUNCATED,
        1,
    )
    assert Assessment.objects.count() == 0


def test_a_reason_that_no_row_knows_still_ends_the_photo(engine: Callable[..., FakePipeline]) -> None:
    engine(ImageError("something new"))

    image = run(make.image_make())

    assert (image.status, image.reason) == (ImageStatus.REJECTED, ImageReason.ENGINE_FAILED)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (EngineError("no memory"), ImageReason.ENGINE_FAILED),
        (RuntimeError("a bug"), ImageReason.ENGINE_FAILED),
        (MemoryError(), ImageReason.ENGINE_FAILED),
        (SoftTimeLimitExceeded(), ImageReason.TOO_SLOW),
    ],
)
def test_a_passing_fault_is_tried_again_and_then_fails(
    engine: Callable[..., FakePipeline], settings: Any, fault: BaseException, reason: ImageReason
) -> None:
    engine(*[fault] * settings.IMAGE_TRIES_MAX)
    image = make.image_make()
    states = []
    for _ in range(settings.IMAGE_TRIES_MAX):
        run(image)
        states.append((image.status, image.reason, make.reading_of(image).tries))

    assert states == [
        (ImageStatus.QUEUED, "", 1),
        (ImageStatus.QUEUED, "", 2),
        (ImageStatus.FAILED, reason, 3),
    ]
    run(image)
    assert make.reading_of(image).tries == 3


def test_a_fault_that_passes_leaves_one_assessment(
    engine: Callable[..., FakePipeline], messages: Callable[[], list[str]]
) -> None:
    engine(EngineError("once"), make.seen_make())
    image = make.image_make()
    messages()

    run(image)
    assert make.reading_of(image).nudged_at is None
    tasks.images_sweep.apply(throw=True)
    assert messages() == [str(image.pk)]
    run(image)

    assert (image.status, make.reading_of(image).tries) == (ImageStatus.DONE, 2)
    assert Assessment.objects.count() == 1


def test_a_missing_file_is_left_to_another_worker_and_fails_after_the_last_try(
    engine: Callable[..., FakePipeline], settings: Any
) -> None:
    fake = engine()
    image = make.image_make()
    image.original.storage.delete(str(image.original.name))

    for tries in range(1, settings.IMAGE_TRIES_MAX):
        run(image)
        assert (image.status, image.reason, make.reading_of(image).tries) == (ImageStatus.QUEUED, "", tries)
    run(image)

    assert (image.status, image.reason) == (ImageStatus.FAILED, ImageReason.FILE_MISSING)
    assert fake.asked == []


def test_a_file_that_the_engine_lacks_is_not_the_photo_s_fault(engine: Callable[..., FakePipeline]) -> None:
    def no_weights() -> Any:
        raise FileNotFoundError("weights")

    engine(no_weights)
    image = make.image_make(tries=2)
    run(image)
    assert (image.status, image.reason) == (ImageStatus.FAILED, ImageReason.ENGINE_FAILED)


def test_a_photo_taken_over_meanwhile_is_not_written_twice(engine: Callable[..., FakePipeline]) -> None:
    def taken_over() -> Any:
        Reading.objects.update(claim_token=uuid4(), claimed_by="other@test/9")
        return make.seen_make()

    engine(taken_over)

    image = run(make.image_make())

    assert (image.status, make.reading_of(image).claimed_by) == (ImageStatus.WORKING, "other@test/9")
    assert Assessment.objects.count() == 0


def test_the_sweep_is_the_canary_of_the_worker_that_runs_it() -> None:
    # What Celery calls a task that is run in place.
    here = socket.gethostname()
    for name in (here, "other@test"):
        make.beat_make(name)

    tasks.images_sweep.apply(throw=True)

    assert WorkerBeat.objects.get(name=here).answered_at is not None
    assert WorkerBeat.objects.get(name="other@test").answered_at is None


def test_the_real_pipeline_is_built_once_per_process(settings: Any) -> None:
    settings.ENGINE = "recorded"
    tasks.pipeline.cache_clear()
    try:
        assert isinstance(tasks.pipeline(), Pipeline)
        assert tasks.pipeline() is tasks.pipeline()
    finally:
        tasks.pipeline.cache_clear()


def test_neither_site_nor_tasks_load_a_heavy_library(tmp_path: Path) -> None:
    code = (
        "import django, json, sys; django.setup(); import config.urls, meets.tasks, meets.worker;"
        "print(json.dumps([n for n in ('torch', 'mediapipe', 'cv2', 'mmpose', 'tensorflow') if n in sys.modules]))"
    )
    env = {"DJANGO_SETTINGS_MODULE": "config.settings", "VAR_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True, timeout=60)

    assert json.loads(said.stdout) == []
