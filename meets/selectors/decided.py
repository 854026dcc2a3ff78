"""How attempts were decided, for results: the first call, what became of it, and which evidence there is. Nothing of an
attempt that is not decided, and nothing that a machine found."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from meets.access import AnyUser, evidence_filter, role_in
from meets.decisions import step_of
from meets.fold import KINDS, CardGiven, Step, fold
from meets.models import Attempt, AttemptOutcome, LogRecord, Meet
from meets.selectors.assessments import assessments_of

# Records that say how an attempt stands, by whom each is.
_BY = {
    "decision": "lights",
    "brought_in": "other_system",
    "passed": "not_taken",
    "corrected": "head",
    "jury_decided": "jury",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One decision. by: lights, other_system, not_taken, head or jury. outcome: good, no_lift or passed; of the jury
    upheld, reversed or extra_attempt. to: what a reversal made of it. lights: by seat. assist, evidence_mode: how the
    assistant stood when the lights came on; None where there were none. evidence: what had been read by then, as far as
    the reader may see it; None while it is closed to him."""

    by: str
    take: int
    outcome: str
    at: dt.datetime
    to: str = ""
    reason: str = ""
    system: str = ""
    lights: Mapping[str, str] = field(default_factory=dict)
    assist: bool | None = None
    evidence_mode: str = ""
    evidence: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """outcome: as it stands. original: the first call. changes: what came after it, oldest first. cards: of the take
    that counts. evidence: ids of what was read in its photos; None while that is closed to the reader."""

    outcome: str
    take: int
    original: Call
    changes: list[Call]
    cards: list[CardGiven]
    evidence: list[str] | None

    @property
    def is_changed(self) -> bool:
        """Does it stand otherwise than it was called at first?"""
        return self.outcome != self.original.outcome


def decided_rows(user: AnyUser, meet: Meet, attempts: Iterable[Attempt]) -> dict[UUID, Decided]:
    """By attempt, of those that are decided. As many queries for one as for five hundred; ask for no more at once."""
    ids = [attempt.pk for attempt in attempts if attempt.outcome != AttemptOutcome.OPEN]
    evidence = _evidence(user, meet, ids)
    steps: dict[UUID, list[Step]] = defaultdict(list)
    for row in LogRecord.objects.filter(attempt_id__in=ids, kind__in=KINDS).order_by("seq"):
        if row.attempt_id is not None:
            steps[row.attempt_id].append(step_of(row))
    found = {pk: _decided(told, evidence.get(pk)) for pk, told in steps.items()}
    return {pk: decided for pk, decided in found.items() if decided is not None}


def _evidence(user: AnyUser, meet: Meet, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """What was read, by those of the attempts whose evidence is open to the user."""
    allowed = evidence_filter(user, meet, role_in(user, meet))
    found: dict[UUID, list[str]] = {
        pk: [] for pk in Attempt.objects.filter(allowed, pk__in=ids).values_list("pk", flat=True)
    }
    read = assessments_of(meet)
    for rows in (read.current, read.also) if found else ():
        told = rows.filter(image__attempt__in=list(found)).order_by("pk").values_list("image__attempt_id", "uid")
        for pk, uid in told:
            found[pk].append(str(uid))
    return found


def _decided(steps: Sequence[Step], evidence: list[str] | None) -> Decided | None:
    calls = [_call(step, evidence) for step in steps if step.kind in _BY]
    state = fold(steps)
    # An attempt that the jury gave again has none until it is lifted.
    if not calls or not state.outcome:
        return None
    return Decided(state.outcome, state.take, calls[0], calls[1:], list(state.cards), evidence)


def _call(step: Step, evidence: list[str] | None) -> Call:
    body: Mapping[str, Any] = step.body
    is_lights = step.kind == "decision"
    return Call(
        by=_BY[step.kind],
        take=int(body.get("take", 1)),
        outcome=str(body["outcome"]),
        at=step.at,
        to=str(body.get("to", "")),
        reason=str(body.get("reason", "")),
        system=str(body.get("system", "")),
        lights=body.get("lights", {}),
        assist=body.get("assist") if is_lights else None,
        evidence_mode=str(body.get("evidence_mode", "")),
        evidence=_then(body, evidence) if is_lights else None,
    )


def _then(body: Mapping[str, Any], evidence: list[str] | None) -> list[str] | None:
    there = {str(uid) for uid in body.get("evidence", ())}
    return None if evidence is None else [uid for uid in evidence if uid in there]
