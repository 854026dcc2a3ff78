"""What every test gets: a photo folder of its own, an empty queue, an empty cache."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.cache import cache
from hypothesis import settings as hypothesis_settings
from kombu.transport import memory

# A loaded machine makes no test fail: times are for make bench.
hypothesis_settings.register_profile("any machine", deadline=None)
hypothesis_settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def photo_root(settings: Any, tmp_path: Path) -> Path:
    """The folder where this test's photos lie."""
    root = tmp_path / "photos"
    storages = {**settings.STORAGES}
    storages["default"] = {**storages["default"], "OPTIONS": {**storages["default"]["OPTIONS"], "location": root}}
    settings.STORAGES = storages
    return root


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    cache.clear()
    memory.Channel.queues.clear()
    yield
    memory.Channel.queues.clear()


@pytest.fixture
def messages() -> Callable[..., list[str]]:
    """Takes what was sent to the workers of a kind: the image ids, in order. Asserts that a message holds nothing
    else."""

    def take(engine: str = "mediapipe") -> list[str]:
        found, queue = [], f"assess.{engine}"
        with current_app.connection_for_read() as connection:
            channel = connection.default_channel
            current_app.amqp.queues.select_add(queue)(channel).declare()
            while (message := channel.basic_get(queue, no_ack=True)) is not None:
                args, kwargs, _ = json.loads(message.body)
                assert message.content_type == "application/json"
                assert kwargs == {}
                found += args
        return found

    return take


@pytest.fixture
def broker_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers at the broker's address, as when Redis is stopped."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OSError("Connection refused")

    monkeypatch.setattr(memory.Channel, "_put", refuse)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of the real services are left out, and say so, where the services are not named."""
    from django.conf import settings

    if settings.SERVICES_DATABASE_URL.startswith("postgres") and settings.SERVICES_REDIS_URL:
        return
    why = "set DATABASE_URL (PostgreSQL) and REDIS_URL to run it"
    for item in items:
        if item.get_closest_marker("services"):
            if settings.REQUIRE_SERVICES:
                item.add_marker(pytest.mark.usefixtures("_services_required"))
            else:
                item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture
def _services_required() -> None:
    pytest.fail("REQUIRE_SERVICES=1, yet DATABASE_URL and REDIS_URL do not name PostgreSQL and Redis")


def files_under(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file()) if root.exists() else []
