"""Who switched the assistant of a meet on or off, when and why: as the log tells it."""

import datetime as dt
from dataclasses import dataclass

from meets.models import LogKind, LogRecord, Meet


@dataclass(frozen=True, slots=True)
class Switch:
    on: bool
    by: str
    at: dt.datetime
    reason: str


def switch_rows(meet: Meet, limit: int = 20) -> list[Switch]:
    """The newest first."""
    rows = LogRecord.objects.filter(meet=meet, kind=LogKind.ASSIST).order_by("-seq")[:limit]
    return [Switch(bool(row.contents["on"]), row.actor, row.at, str(row.contents["reason"])) for row in rows]


def switch_last(meet: Meet) -> Switch | None:
    return next(iter(switch_rows(meet, 1)), None)
