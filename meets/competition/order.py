"""The lifting order of one lift in one flight: round by round, a rising bar in each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Queued:
    """An attempt that waits or was taken.

    id: the attempt's, any text. round: 1 to 3, or 4 for record attempts. kg: on the bar. lot: the lifter's, or None.
    take: 1, or one more for each time the jury gave the attempt again. name: the lifter's, for those without a lot.

    Raises ValueError when round, take, weight or lot is not positive.
    """

    id: str
    round: int
    kg: Decimal
    lot: int | None = None
    take: int = 1
    name: str = ""

    def __post_init__(self) -> None:
        if self.round < 1 or self.take < 1 or not self.kg > 0 or (self.lot is not None and self.lot < 1):
            raise ValueError(f"attempt {self.id}: round, take, weight and lot are more than 0")


def lifting_order(attempts: Iterable[Queued]) -> tuple[Queued, ...]:
    """All of them in the order they are lifted.

    Everybody's first attempt, then the second, then the third; within a round the lighter weight first, and of equal
    weights the lower lot (the IPF's order as affiliates' software and copies have it). Attempts given again come at the
    end of their round. Without a lot: after those with one, by name, then by id, so that there is always one order.

    The attempts are those of one lift in one flight. Raises ValueError when an attempt comes twice.
    """
    ordered = tuple(sorted(attempts, key=_place))
    if len({one.id for one in ordered}) < len(ordered):
        raise ValueError("an attempt comes twice in the order")
    return ordered


def _place(one: Queued) -> tuple[int, int, Decimal, bool, int, str, str]:
    return one.round, one.take, one.kg, one.lot is None, one.lot or 0, one.name.casefold(), one.id
