"""The gold gate at these tests: every engine's weights have passed, until a test says otherwise. And what is built once
for many tests."""

from collections.abc import Callable, Iterator

import pytest

from meets import accepted
from tests.meets.lent import Lender

_lender = Lender()


@pytest.fixture(autouse=True)
def gate(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Says which weights have passed: ``gate()`` none, ``gate("0" * 64)`` those."""
    monkeypatch.setattr(accepted, "engine_passed", lambda engine, weights_sha256: True)

    def passed(*weights: str) -> None:
        monkeypatch.setattr(accepted, "engine_passed", lambda engine, weights_sha256: weights_sha256 in weights)

    return passed


@pytest.fixture(scope="session")
def lender() -> Lender:
    return _lender


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    try:
        return (yield)
    finally:
        if "lender" not in getattr(nextitem, "fixturenames", ()):
            _lender.end()
