"""The published weights, from ``inference/weights.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from inference.weights.base import Weights, WeightsError

REGISTRY: Final = Path(__file__).resolve().parent.parent / "weights.toml"
# A folder's name in the store, a word on the command line, and never a path.
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HASH_IN_FILE: Final = re.compile(r"-([0-9a-f]{8})(?:_\d{8})?\.pth$")


def published() -> dict[str, Weights]:
    """By name, in the order of the file. Raises WeightsError for a table that is not whole."""
    return dict(_read(REGISTRY))


@cache
def _read(path: Path) -> dict[str, Weights]:
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: _weights(name, table) for name, table in tables.items()}


def _weights(name: str, table: dict[str, str | float]) -> Weights:
    url = str(table["url"])
    found = _HASH_IN_FILE.search(url)
    if found is None or not NAME.fullmatch(name) or table["kind"] not in ("pose", "detector"):
        raise WeightsError(f"{REGISTRY.name}: the table [{name}] is wrong in its name, its kind or its address.")
    return Weights(
        name=name,
        kind="pose" if table["kind"] == "pose" else "detector",
        config=str(table["config"]),
        licence=str(table["licence"]),
        source=str(table["source"]),
        file=url.rsplit("/", 1)[-1],
        url=url,
        sha256_prefix=found.group(1),
        parameters_m=float(table["parameters_m"]),
        note=str(table["note"]),
    )
