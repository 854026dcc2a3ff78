"""The gold gate at these tests: every engine's weights have passed, until a test says otherwise."""

from collections.abc import Callable

import pytest

from meets import accepted


@pytest.fixture(autouse=True)
def gate(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Says which weights have passed: ``gate()`` none, ``gate("0" * 64)`` those."""
    monkeypatch.setattr(accepted, "engine_passed", lambda engine, weights_sha256: True)

    def passed(*weights: str) -> None:
        monkeypatch.setattr(accepted, "engine_passed", lambda engine, weights_sha256: weights_sha256 in weights)

    return passed
