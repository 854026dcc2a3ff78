"""Tests of the generator. Those that need its libraries are left out where these are not installed."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

NEEDED = ("anny", "torch", "pyvista")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """make test-synth asks that the libraries be there: nothing is left out then without a word."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if os.environ.get("REQUIRE_SYNTH") == "1" and missing:
        raise pytest.UsageError(f"REQUIRE_SYNTH=1, yet {', '.join(missing)} cannot be imported: make synth-env")
