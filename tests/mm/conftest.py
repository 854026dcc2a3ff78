"""Tests of the engine with mmdet and mmpose: they run in the environment of ``make gpu-env`` and nowhere else."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

# Elsewhere there is nothing to import; make test-gpu asks that it be there.
collect_ignore_glob = [] if find_spec("mmpose") or os.environ.get("REQUIRE_MM") == "1" else ["test_*.py"]
DATA = Path(os.environ.get("LIFT_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("gpu")
