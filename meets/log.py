"""The sealed log: one record after the other, each holding the hash of the one before, so that whoever has the last
hash can tell whether anything was altered, left out or put in another order since (docs/adr/0010).

A record as it is hashed is the canonical JSON (keys sorted, no spaces, UTF-8) of::

    {"meet": id, "seq": 1, "at": "2026-05-01T10:00:00.000000Z", "kind": "light", "attempt": id or null,
     "actor": user name or "", "body": {...}, "previous": hash of the record before or ""}

and its hash is the SHA-256 of these bytes in hex. Lifters stand in bodies by id alone.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from meets.models import LogKind, LogRecord, Meet


@dataclass(frozen=True, slots=True)
class ToLog:
    """What a writer hands over: the kind, the attempt it is about, who did it (None: the site itself), and the rest."""

    kind: LogKind
    body: Mapping[str, Any]
    attempt_id: UUID | None = None
    user: User | None = None
    at: dt.datetime | None = None


def log_append(
    meet_id: UUID,
    kind: LogKind,
    body: Mapping[str, Any],
    *,
    attempt_id: UUID | None = None,
    user: User | None = None,
    at: dt.datetime | None = None,
) -> LogRecord:
    """Appends one record. Must run in a transaction, with what it tells of: either both are kept or neither.

    at: when it happened, if not now; records stand in the order in which they were written all the same.
    """
    return log_extend(meet_id, [ToLog(kind, body, attempt_id, user, at)])[0]


def log_extend(meet_id: UUID, records: Iterable[ToLog]) -> list[LogRecord]:
    """Appends several at once, under the meet's lock. Raises ValueError for a body that JSON cannot hold."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("The log is written in the transaction of what it tells of.")
    meet = Meet.objects.select_for_update().only("log_count", "log_head").get(pk=meet_id)
    rows, seq, previous = [], meet.log_count, meet.log_head
    for record in records:
        seq += 1
        row = LogRecord(
            meet_id=meet_id,
            seq=seq,
            at=record.at or timezone.now(),
            kind=record.kind,
            attempt_id=record.attempt_id,
            actor=record.user.get_username() if record.user else "",
            user=record.user,
            body=canonical(record.body),
            previous=previous,
        )
        row.sha256 = previous = record_hash(row)
        rows.append(row)
    if rows:
        LogRecord.objects.bulk_create(rows, batch_size=500)
        Meet.objects.filter(pk=meet_id).update(log_count=seq, log_head=previous)
    return rows


def canonical(value: Any) -> str:
    """The one text of a JSON value. Raises ValueError for NaN and infinities."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: Any) -> str:
    """Ids, weights and times as the API writes them."""
    if isinstance(value, dt.datetime):
        return time_text(value)
    return str(value)


def time_text(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def record_fields(row: LogRecord) -> dict[str, Any]:
    """What is hashed, as a JSON object; with ``sha256`` added it is a line of the export."""
    return {
        "meet": str(row.meet_id),
        "seq": row.seq,
        "at": time_text(row.at),
        "kind": row.kind,
        "attempt": str(row.attempt_id) if row.attempt_id else None,
        "actor": row.actor,
        "body": json.loads(row.body),
        "previous": row.previous,
    }


def record_hash(row: LogRecord) -> str:
    """SHA-256 in hex of the record's canonical JSON."""
    return hashlib.sha256(canonical(record_fields(row)).encode()).hexdigest()


def log_rows(meet_id: UUID) -> Iterator[LogRecord]:
    """The meet's records in order, streamed."""
    yield from LogRecord.objects.filter(meet_id=meet_id).order_by("seq").iterator(chunk_size=500)


def log_lines(meet_id: UUID) -> Iterator[str]:
    """The log as JSON Lines: what ``docs/log.md`` tells a third party to verify."""
    for row in log_rows(meet_id):
        yield canonical({**record_fields(row), "sha256": row.sha256}) + "\n"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a log: which record, and in a sentence what."""

    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Link:
    """A record as the chain needs it. is_true: its hash is that of its contents."""

    seq: int
    kind: str
    previous: str
    sha256: str
    is_true: bool


def log_faults(meet: Meet, *, head: str = "") -> Iterator[Fault]:
    """Everything that is wrong with the meet's log; nothing when it is whole.

    head: the last hash as somebody outside noted it, which also shows a log that was rewritten from its start.
    """
    return chain_faults(map(link_of, log_rows(meet.pk)), head=head, end=(meet.log_count, meet.log_head))


def link_of(row: LogRecord) -> Link:
    try:
        is_true = record_hash(row) == row.sha256
    except ValueError:
        is_true = False
    return Link(row.seq, row.kind, row.previous, row.sha256, is_true)


def chain_faults(links: Iterable[Link], *, head: str = "", end: tuple[int, str] | None = None) -> Iterator[Fault]:
    """What is wrong with the records in the order in which they come. end: how many there must be, and the last one's
    hash, where that is known."""
    count, previous, seen_head = 0, "", False
    for link in links:
        count += 1
        if link.seq < count:
            yield Fault(link.seq, f"record {link.seq} ({link.kind}) comes again, or out of order")
        elif link.seq > count:
            yield Fault(count, f"{_span(count, link.seq - 1)} missing: record {link.seq} comes next")
        count = link.seq
        if not link.is_true:
            yield Fault(link.seq, f"record {link.seq} ({link.kind}) was altered: its hash is not that of its contents")
        if link.previous != previous:
            yield Fault(link.seq, f"record {link.seq} ({link.kind}) does not follow the record before it")
        previous = link.sha256
        seen_head = seen_head or previous == head
    if end is not None and count < end[0]:
        yield Fault(count + 1, f"{_span(count + 1, end[0])} missing at the end")
    elif end is not None and (count, previous) != end:
        yield Fault(count, f"the log ends with record {count}, which is not the end that the meet's row names")
    if head and not seen_head:
        yield Fault(
            count, "no record has the hash that was noted: the log was rewritten, or the note is another meet's"
        )


def _span(first: int, last: int) -> str:
    return f"record {first} is" if first == last else f"records {first} to {last} are"


# ── An export, without the database ──────────────────────────────────────────────────────────────────────

# What a line of an export holds besides its own hash.
_OF_RECORD = frozenset({"meet", "seq", "at", "kind", "attempt", "actor", "body", "previous"})


def lines_faults(lines: Iterable[str], *, head: str = "") -> Iterator[Fault]:
    """Everything that is wrong with an export as log_lines makes it. One that was cut off at its end looks whole,
    unless ``head`` is the last hash as somebody noted it."""
    of_meets: set[str] = set()
    links = (_link_read(line, of_meets) for line in lines if line.strip())
    yield from chain_faults(links, head=head)
    if len(of_meets) > 1:
        yield Fault(0, "the file holds records of several meets")


def _link_read(line: str, of_meets: set[str]) -> Link:
    """Raises ValueError for a line that is no record at all."""
    found = json.loads(line)
    if not isinstance(found, dict) or set(found) != _OF_RECORD | {"sha256"} or not isinstance(found["seq"], int):
        raise ValueError("a line is not a record of a log")
    sha256 = str(found.pop("sha256"))
    of_meets.add(str(found["meet"]))
    is_true = hashlib.sha256(canonical(found).encode()).hexdigest() == sha256
    return Link(found["seq"], str(found["kind"]), str(found["previous"]), sha256, is_true)
