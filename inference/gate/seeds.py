"""Which seeds the calibration was fitted on: figures on those seeds flatter it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import judging
from inference.finder import finder_seeds
from inference.lifter import FITTED as LIFTER

_JUDGING: Final = Path(judging.__file__).parent
_NAMED: Final = re.compile(r"\bseeds (\d+(?:, \d+)*)")


def seeds_fitted(engine: str, folder: Path = _JUDGING) -> set[int]:
    """The seeds of the engine's noise and of the surfaces' offsets; empty where nothing was fitted.

    folder: of judging's data. Raises ValueError for a file that is no TOML.
    """
    files = [folder / "noise" / f"{engine}.toml", folder / "surfaces.toml"]
    tables = [tomllib.loads(path.read_text(encoding="utf-8")) for path in files if path.is_file()]
    return {seed for table in tables for seed in _seeds(table)}


def seeds_taught() -> set[int]:
    """The seeds on which the finder was taught and the lifter's score fitted: every engine leans on them."""
    texts = (LIFTER.read_text(encoding="utf-8"), f"seeds {finder_seeds()}")
    return {int(seed) for text in texts for some in _NAMED.findall(text) for seed in some.split(",")}


def _seeds(table: dict[str, Any]) -> Iterator[int]:
    """Every ``seeds`` list in the table, wherever it stands, and the seeds that its ``source`` names."""
    for key, value in table.items():
        if key == "seeds" and isinstance(value, list):
            yield from (int(seed) for seed in value)
        elif key == "source" and (named := _NAMED.search(str(value))):
            yield from (int(seed) for seed in named[1].split(","))
        elif isinstance(value, dict):
            yield from _seeds(value)


def seeds_named(seeds: Iterable[int]) -> str:
    """The seeds as a ``source`` names them."""
    return f"seeds {', '.join(str(seed) for seed in sorted(seeds))}"
