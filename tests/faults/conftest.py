"""Real worker processes, and patience with a deadline."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from django.conf import settings as test_settings
from django.db import connection

from meets.models import AttemptImage

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


def wait_for(what: str, ask: Callable[[], T], *, within_s: float = 30.0) -> T:
    """The first true answer; fails when the time is up."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        time.sleep(0.02)
    pytest.fail(f"not within {within_s} s: {what}")


class Workers:
    """Starts workers on the test's database and photos, and ends them at its end."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.folder = folder
        self.hold = folder / "hold"
        self.running: list[subprocess.Popen[bytes]] = []
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.site_settings",
            "VAR_DIR": str(folder / "var"),
            "SITE_PHOTOS": str(folder / "photos"),
            "SITE_DATABASE_NAME": str(connection.settings_dict["NAME"]),
            "QUEUE_PREFIX": f"test-{uuid4().hex}",
            "RECORDED_POSES": str(folder / "poses.json"),
            "WORKER_BEAT_S": "0.3",
            "IMAGE_NUDGE_S": "1",
            "REDIS_URL": redis_url,
        }

    @property
    def log(self) -> str:
        return (self.folder / "worker.log").read_text(encoding="utf-8")

    def start(self, engine: str = "recorded") -> "subprocess.Popen[bytes]":
        """A worker whose engine sees nobody in any photo that exists by now. ``mmpose`` is played by a stand-in."""
        seen: dict[str, list[object]] = {sha256: [] for sha256 in AttemptImage.objects.values_list("sha256", flat=True)}
        whole = self.folder / "poses.json"
        aside = whole.with_suffix(".new")
        aside.write_text(json.dumps(seen), encoding="utf-8")
        # In one go: a worker that runs already may be reading it.
        aside.replace(whole)
        with (self.folder / "worker.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "worker"],
                cwd=ROOT,
                env={**self.env, "ENGINE": engine},
                stdout=log,
                stderr=log,
                # A group of its own, so that all of it can be killed as when a machine loses its power.
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def kill_all(self, process: "subprocess.Popen[bytes]") -> None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)

    def end(self) -> None:
        self.hold.unlink(missing_ok=True)
        for process in self.running:
            if process.poll() is None:
                self.kill_all(process)
        if self.running:
            print(self.log)  # noqa: T201  pytest shows it with a failure


@pytest.fixture
def workers(
    request: pytest.FixtureRequest, tmp_path: Path, photo_root: Path, transactional_db: None, settings: Any
) -> Iterator[Workers]:
    """Workers on files and the test's database; on Redis in a test marked ``services``. Meets count recorded poses."""
    assert photo_root == tmp_path / "photos"
    settings.DEFAULT_ENGINE = "recorded"
    redis_url: Any = test_settings.SERVICES_REDIS_URL if request.node.get_closest_marker("services") else ""
    crew = Workers(tmp_path, redis_url)
    yield crew
    crew.end()
    if redis_url:
        _forget(redis_url, crew.env["QUEUE_PREFIX"])


def _forget(redis_url: str, prefix: str) -> None:
    import redis

    client = redis.Redis.from_url(redis_url)
    for key in client.scan_iter(f"{prefix}:*"):
        client.delete(key)
