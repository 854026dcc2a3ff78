"""Figures that stand in TOML files beside the code: read with every key accounted for."""

from __future__ import annotations

import datetime as dt
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a file. where: file and table, as an error names them."""

    data: Mapping[str, Any]
    where: str

    def only(self, *keys: str) -> None:
        """Raises ValueError when the table holds a key that is none of these."""
        if others := sorted(set(self.data) - set(keys)):
            raise ValueError(f"{self.where}: {', '.join(others)} is not a key of this table")

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number. Raises ValueError when it is missing (and has no default) or something else."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"{self.where}: {key} is not a number")
        return float(value)

    def count(self, key: str, default: int | None = None) -> int:
        """A whole number, 0 or more. Raises ValueError on anything else."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"{self.where}: {key} is not a whole number")
        return value

    def counts(self, key: str) -> tuple[int, ...]:
        """A list of whole numbers, 0 or more. Raises ValueError on anything else."""
        values = self._value(key, None)
        if not isinstance(values, list) or any(type(value) is not int or value < 0 for value in values):
            raise ValueError(f"{self.where}: {key} is not a list of whole numbers")
        return tuple(values)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; one without a default must not be empty. Raises ValueError on anything else."""
        value = self._value(key, default)
        if not isinstance(value, str) or (default is None and not value):
            raise ValueError(f"{self.where}: {key} is no text, or empty")
        return value

    def date(self, key: str) -> dt.date:
        """A date. Raises ValueError on anything else."""
        value = self._value(key, None)
        if not isinstance(value, dt.date):
            raise ValueError(f"{self.where}: {key} is not a date")
        return value

    def table(self, key: str) -> Table:
        """The table under this key. Raises ValueError when there is none."""
        value = self._value(key, None)
        if not isinstance(value, dict):
            raise ValueError(f"{self.where}: {key} is not a table")
        return Table(value, f"{self.where} [{key}]")

    def rows(self, key: str) -> tuple[Table, ...]:
        """The rows ``[[key]]``, none when the key is missing. Raises ValueError when it is no list of tables."""
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise ValueError(f"{self.where}: {key} is not a list of tables")
        return tuple(Table(row, f"{self.where} [[{key}]] {number}") for number, row in enumerate(value, start=1))

    def _value(self, key: str, default: Any) -> Any:
        if key not in self.data and default is None:
            raise ValueError(f"{self.where}: {key} is missing")
        return self.data.get(key, default)


def figures_read(path: Path) -> Table:
    """The file as one table. Raises ValueError naming the file when it cannot be read or is not TOML."""
    try:
        return Table(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise ValueError(f"{path.name}: {wrong}") from wrong
