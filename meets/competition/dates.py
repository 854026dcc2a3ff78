"""The days on which a figure is in force."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from judging.figures import Table


@dataclass(frozen=True, slots=True)
class Span:
    """The days on which something is in force; until None: still. Raises ValueError when it ends before it begins."""

    start: dt.date
    until: dt.date | None = None

    def __post_init__(self) -> None:
        if self.until is not None and self.until < self.start:
            raise ValueError(f"in_force_until {self.until} lies before in_force_from {self.start}")

    def holds(self, day: dt.date) -> bool:
        """Is this day one of them?"""
        return self.start <= day and (self.until is None or day <= self.until)


def span_of(row: Table) -> Span:
    """The days a row of a file is in force. Raises ValueError naming the row."""
    try:
        return Span(row.date("in_force_from"), row.date("in_force_until") if "in_force_until" in row.data else None)
    except ValueError as wrong:
        raise ValueError(str(wrong) if str(wrong).startswith(row.where) else f"{row.where}: {wrong}") from wrong
