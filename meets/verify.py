"""Is a meet as its log says? The chain of records; the columns of attempts, lights, cards and cases against their fold;
votes against their seals; evidence and photos against their records (docs/log.md).

Everything is read in order and in portions: a log of any length is verified in little memory.
"""

import hashlib
import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.files.storage import Storage
from django.db.models import QuerySet

from meets.decisions import PROJECTED, step_of
from meets.fold import KINDS, AttemptState, Step, fold
from meets.jury import vote_seal
from meets.log import Fault, canonical, chain_faults, link_of, log_rows
from meets.models import (
    Assessment,
    Attempt,
    AttemptImage,
    Card,
    Finding,
    JuryCase,
    JuryVote,
    Light,
    LogKind,
    LogRecord,
    Meet,
    SecondCall,
    Vote,
)
from meets.seal import evidence_facts

# Rows at a time: as many ids as SQLite takes in one question.
PORTION = 400

Progress = Callable[[int], None]


def meet_faults(meet: Meet, *, head: str = "", progress: Progress | None = None) -> Iterator[Fault]:
    """Everything in which the meet is not as its log says. head: see meets.log.log_faults. progress: told how many
    records were read. A fault that belongs to no record has 0 for its number."""
    links = (link_of(row) for row in _told(log_rows(meet.pk), progress))
    yield from chain_faults(links, head=head, end=(meet.log_count, meet.log_head))
    yield from attempt_faults(meet)
    yield from case_faults(meet)
    yield from evidence_faults(meet)
    yield from photo_faults(meet)


def _told(rows: Iterator[LogRecord], progress: Progress | None) -> Iterator[LogRecord]:
    for number, row in enumerate(rows, start=1):
        if progress is not None and number % 1000 == 0:
            progress(number)
        yield row


def _portions(rows: "QuerySet[Any]") -> Iterator[list[Any]]:
    found = rows.iterator(chunk_size=PORTION)
    while portion := list(itertools.islice(found, PORTION)):
        yield portion


def _records(meet: Meet, *kinds: str) -> "QuerySet[LogRecord]":
    return LogRecord.objects.filter(meet=meet, kind__in=kinds)


def _contents(row: LogRecord) -> dict[str, Any]:
    """The body; empty where it was altered into what is none, which the chain tells."""
    try:
        found = json.loads(row.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


# ── Attempts, lights and cards ───────────────────────────────────────────────────────────────────────────


def attempt_faults(meet: Meet) -> Iterator[Fault]:
    """Columns and rows that are not the fold of the attempt's records."""
    # Both in the order of the attempts' ids, so that each is read once.
    rows = _records(meet, *KINDS).filter(attempt_id__isnull=False).order_by("attempt_id", "seq")
    told = itertools.groupby(rows.iterator(chunk_size=PORTION), key=lambda row: row.attempt_id)
    waiting = next(told, None)
    attempts = Attempt.objects.filter(entry__meet=meet).select_related("entry").order_by("pk")
    for portion in _portions(attempts):
        beside = _Beside([attempt.pk for attempt in portion])
        for attempt in portion:
            while waiting is not None and waiting[0] < attempt.pk:
                yield from _gone(waiting[0], list(waiting[1]))
                waiting = next(told, None)
            records: list[LogRecord] = []
            if waiting is not None and waiting[0] == attempt.pk:
                records, waiting = list(waiting[1]), next(told, None)
            yield from _attempt_faults(attempt, records, beside)
    while waiting is not None:
        yield from _gone(waiting[0], list(waiting[1]))
        waiting = next(told, None)


class _Beside:
    """The rows beside these attempts, by attempt: (take, …) of each."""

    def __init__(self, ids: Sequence[UUID]) -> None:
        def by_attempt(model: Any, *fields: str) -> dict[UUID, list[tuple[Any, ...]]]:
            found = defaultdict(list)
            rows = model.objects.filter(attempt_id__in=ids).order_by()
            for attempt_id, *values in rows.values_list("attempt_id", "take", *fields):
                found[attempt_id].append(tuple(value or "" for value in values))
            return found

        self.lights = by_attempt(Light, "seat", "referee__username", "colour")
        self.cards = by_attempt(Card, "seat", "cause", "colour")
        self.calls = by_attempt(SecondCall, "referee__username", "colour")


def _gone(attempt_id: UUID | None, records: list[LogRecord]) -> Iterator[Fault]:
    """An attempt that nothing hung on may be taken away; a light or a decision stays."""
    if {row.kind for row in records} - {LogKind.ATTEMPT, LogKind.WEIGHT, LogKind.CALLED}:
        yield Fault(records[0].seq, f"attempt {attempt_id} has lights or a decision in the log, and is gone")


def _attempt_faults(attempt: Attempt, records: list[LogRecord], beside: _Beside) -> Iterator[Fault]:
    who = f"attempt {attempt.pk} ({attempt.lift} {attempt.number})"
    steps = [step_of(row) for row in records if _contents(row)]
    seq = steps[-1].seq if steps else 0
    try:
        state, takes = fold(steps), _takes(steps)
    except (KeyError, TypeError, ValueError):
        yield Fault(seq, f"the records of {who} do not make sense together")
        return
    for name in PROJECTED:
        stands, told = getattr(attempt, name), getattr(state, name)
        if stands != told:
            yield Fault(seq, f"{who}: {name} is {_word(stands)}, by its records {_word(told)}")
    declared = _declared(steps)
    if declared is not None and declared != attempt.declared_kg:
        yield Fault(seq, f"{who}: {attempt.declared_kg} kg are declared, by its records {declared} kg")
    lights = [(take, *_values(one)) for take, told in takes.items() for one in told.lights]
    cards = [(take, *_values(one)) for take, told in takes.items() for one in told.cards if one.seat]
    again = [step for step in steps if step.kind == "second_call"]
    calls = [(step.body.get("take"), step.actor, step.body.get("colour")) for step in again]
    for noun, stand, by_records in (
        ("light", beside.lights[attempt.pk], lights),
        ("card", beside.cards[attempt.pk], cards),
        ("second call", beside.calls[attempt.pk], calls),
    ):
        for extra in _more(stand, by_records):
            yield Fault(seq, f"{who}: a {noun} stands that no record tells of: take {_words(extra)}")
        for lost in _more(by_records, stand):
            yield Fault(seq, f"{who}: a {noun} of its records is gone: take {_words(lost)}")


def _takes(steps: Sequence[Step]) -> dict[int, AttemptState]:
    """The state at the end of each take: a new one counts from nothing, and the rows of the old one stay."""
    ends = [
        number
        for number, step in enumerate(steps)
        if step.kind == "jury_decided" and step.body.get("outcome") == "extra_attempt"
    ]
    states = [fold(steps[:end]) for end in (*ends, len(steps))]
    return {state.take: state for state in states}


def _declared(steps: Sequence[Step]) -> Decimal | None:
    """The weight that was declared last, or lifted as another system's results say; None where no record tells."""
    kinds = ("attempt", "weight", "brought_in")
    told = [kg for step in steps if step.kind in kinds and (kg := step.body.get("kg", step.body.get("to"))) is not None]
    return Decimal(str(told[-1])) if told else None


def _values(row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in row.__slots__)


def _more(these: Sequence[tuple[Any, ...]], those: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """What stands among these more often than among those."""
    left = list(those)
    found = []
    for one in these:
        if one in left:
            left.remove(one)
        else:
            found.append(one)
    return found


def _word(value: Any) -> str:
    return "nothing" if value in (None, "") else str(value)


def _words(values: Sequence[Any]) -> str:
    return ", ".join(str(value) for value in values if value not in (None, ""))


# ── The jury ─────────────────────────────────────────────────────────────────────────────────────────────


def case_faults(meet: Meet) -> Iterator[Fault]:
    """Cases and votes that are not as the log tells them. What a vote was is told by nothing of this."""
    opened: dict[str, int] = {}
    ended: dict[str, tuple[int, str]] = {}
    sealed: dict[tuple[str, str], tuple[int, str]] = {}
    kinds = (LogKind.JURY_OPENED, LogKind.JURY_VOTE, LogKind.JURY_DECIDED, LogKind.JURY_LAPSED)
    for row in _records(meet, *kinds).order_by("seq").iterator(chunk_size=PORTION):
        body = _contents(row)
        case = str(body.get("case", ""))
        if row.kind == LogKind.JURY_OPENED:
            opened[case] = row.seq
        elif row.kind == LogKind.JURY_VOTE:
            sealed[case, row.actor] = row.seq, str(body.get("sealed", ""))
        else:
            ended[case] = row.seq, str(body.get("outcome", ""))
            yield from _opened_votes(row.seq, case, body.get("votes", []), sealed)
    yield from _case_rows(meet, opened, ended, sealed)


def _opened_votes(
    seq: int, case: str, votes: Sequence[Mapping[str, Any]], sealed: Mapping[tuple[str, str], tuple[int, str]]
) -> Iterator[Fault]:
    """The votes that the decision's record opens, against the hashes under which they stood before."""
    for vote in votes:
        seal = hashlib.sha256(canonical([vote.get("nonce"), vote.get("vote"), vote.get("reason")]).encode()).hexdigest()
        if sealed.get((case, str(vote.get("member"))), (0, ""))[1] != seal:
            yield Fault(seq, f"case {case}: the vote of {vote.get('member')} is not the one that was sealed")


def _case_rows(
    meet: Meet,
    opened: dict[str, int],
    ended: Mapping[str, tuple[int, str]],
    sealed: dict[tuple[str, str], tuple[int, str]],
) -> Iterator[Fault]:
    cases = JuryCase.objects.filter(attempt__entry__meet=meet).order_by("pk")
    for case in cases.iterator(chunk_size=PORTION):
        key = str(case.pk)
        if opened.pop(key, None) is None:
            yield Fault(0, f"case {key} stands, and no record tells that it was opened")
        seq, outcome = ended.get(key, (0, ""))
        if (case.closed_at is not None) != (key in ended) or case.outcome != outcome:
            yield Fault(seq, f"case {key}: its outcome is {_word(case.outcome)}, by its records {_word(outcome)}")
    for key, seq in opened.items():
        yield Fault(seq, f"case {key} was opened, and is gone")
    votes = JuryVote.objects.filter(case__attempt__entry__meet=meet).exclude(vote="").select_related("member")
    for vote in votes.order_by("pk").iterator(chunk_size=PORTION):
        seq, seal = sealed.pop((str(vote.case_id), vote.member.get_username()), (0, ""))
        if seal != vote_seal(vote):
            yield Fault(seq, f"case {vote.case_id}: the vote of {vote.member} is not the one that was sealed")
    for (key, member), (seq, _) in sealed.items():
        yield Fault(seq, f"case {key}: the vote of {member} was sealed, and is gone")


# ── Evidence and photos ──────────────────────────────────────────────────────────────────────────────────


def evidence_faults(meet: Meet) -> Iterator[Fault]:
    """Assessments and findings that are not as they were sealed, that are gone, or that nobody sealed."""
    seen: set[str] = set()
    for records in _portions(_records(meet, LogKind.EVIDENCE).order_by("seq")):
        told = [(row.seq, _contents(row)) for row in records]
        rows = _assessments(meet, [str(body.get("assessment")) for _, body in told])
        for seq, body in told:
            uid = str(body.get("assessment"))
            if uid in seen:
                yield Fault(seq, f"evidence {uid} is told of twice")
            seen.add(uid)
            yield from _evidence_faults(seq, body, rows.get(uid))
    stands = Assessment.objects.filter(image__attempt__entry__meet=meet).order_by("pk").values_list("uid", "image_id")
    for known, image_id in stands.iterator(chunk_size=PORTION):
        if str(known) not in seen:
            yield Fault(0, f"evidence {known} of photo {image_id} stands, and no record tells of it")


def _assessments(meet: Meet, uids: Sequence[str]) -> dict[str, tuple[Assessment, list[Finding], list[Vote]]]:
    known = [uid for uid in uids if _is_uuid(uid)]
    rows = list(Assessment.objects.filter(uid__in=known, image__attempt__entry__meet=meet).order_by())
    findings: dict[int, list[Finding]] = defaultdict(list)
    votes: dict[int, list[Vote]] = defaultdict(list)
    for finding in Finding.objects.filter(assessment__in=rows).order_by("pk"):
        findings[finding.assessment_id].append(finding)
    for vote in Vote.objects.filter(assessment__in=rows).order_by().iterator(chunk_size=PORTION):
        votes[vote.assessment_id].append(vote)
    return {str(row.uid): (row, findings[row.pk], votes[row.pk]) for row in rows}


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _evidence_faults(
    seq: int, body: Mapping[str, Any], rows: tuple[Assessment, list[Finding], list[Vote]] | None
) -> Iterator[Fault]:
    if rows is None:
        yield Fault(seq, f"evidence {body.get('assessment')} was sealed, and is gone")
        return
    # Through JSON, as the record went.
    stands = json.loads(canonical(evidence_facts(*rows)))
    differs = [name for name, value in stands.items() if body.get(name) != value]
    if differs:
        yield Fault(seq, f"evidence {rows[0].uid} is not as it was sealed: {', '.join(differs)}")


def photo_faults(meet: Meet) -> Iterator[Fault]:
    """Photos that are not those that came in. A file that was deleted as the meet's retention or a lifter asked is
    none, where the log tells of it."""
    told: dict[str, tuple[int, str]] = {}
    purged: set[str] = set()
    for row in _records(meet, LogKind.PHOTO, LogKind.PURGED).order_by("seq").iterator(chunk_size=PORTION):
        body = _contents(row)
        if row.kind == LogKind.PURGED:
            purged |= {str(one.get("id")) for one in body.get("images", [])}
            continue
        known = told.setdefault(str(body.get("image")), (row.seq, str(body.get("sha256"))))
        if known[1] != body.get("sha256"):
            yield Fault(row.seq, f"photo {body.get('image')} has another hash here than when it came in")
    images = AttemptImage.objects.filter(attempt__entry__meet=meet).order_by("pk")
    for image in images.iterator(chunk_size=PORTION):
        seq, sha256 = told.pop(str(image.pk), (0, ""))
        if not seq:
            yield Fault(0, f"photo {image.pk} stands, and no record tells that it came in")
        elif sha256 != image.sha256:
            yield Fault(seq, f"photo {image.pk} is not the one that came in: its row has another hash")
        yield from _file_faults(image, seq, sha256 or image.sha256, is_told=str(image.pk) in purged)
    for pk, (seq, _) in told.items():
        yield Fault(seq, f"photo {pk} came in, and its row is gone")


def _file_faults(image: AttemptImage, seq: int, sha256: str, *, is_told: bool) -> Iterator[Fault]:
    if image.purged:
        if not is_told:
            yield Fault(seq, f"photo {image.pk} is marked as deleted, and no record tells of it")
        return
    if is_told:
        yield Fault(seq, f"photo {image.pk} was deleted by its records, and its row says that it is there")
        return
    found = file_hash(image.original.storage, str(image.original.name))
    if found is None:
        yield Fault(seq, f"photo {image.pk}: its file is gone, and no record tells of it")
    elif found != sha256:
        yield Fault(seq, f"photo {image.pk}: its file is not the one that came in")


def file_hash(storage: Storage, name: str) -> str | None:
    """SHA-256 of the stored file in hex, read in portions; None where there is none."""
    if not name:
        return None
    found = hashlib.sha256()
    try:
        with storage.open(name, "rb") as file:
            for part in file.chunks():
                found.update(part)
    except FileNotFoundError:
        return None
    return found.hexdigest()
