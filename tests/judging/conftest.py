"""The figures these tests reckon with are their own copies: a new calibration changes no arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from judging import landmarks, noise

FIGURES = Path(__file__).parent / "figures"


@pytest.fixture(scope="package", autouse=True)
def _own_figures() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(landmarks, "SURFACES_FILE", FIGURES / "surfaces.toml")
        patch.setattr(noise, "FOLDER", FIGURES / "noise")
        _forget()
        yield
    _forget()


def _forget() -> None:
    landmarks.surfaces_load.cache_clear()
    noise.noise_load.cache_clear()
