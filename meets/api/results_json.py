"""Results as one JSON document, streamed: every lifter in every category, and how each attempt was decided."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from meets.access import AnyUser
from meets.log import canonical
from meets.models import Attempt, Meet
from meets.selectors.decided import Call, Decided, decided_rows
from meets.selectors.standings import Row, standing_rows

# Rows at a time: nine attempts each are asked for in one question.
CHUNK: Final = 50
_MEET: Final = (
    "name", "federation", "country", "state", "town", "starts_on", "rulebook", "formula", "evidence_mode", "assist_on",
    "status",
)  # fmt: skip


def results_lines(user: AnyUser, meet: Meet) -> Iterator[str]:
    """The document in parts: ``{"meet": {…}, "rows": [row, …]}``, a row on a line."""
    about = {"id": meet.pk, **{name: getattr(meet, name) for name in _MEET}}
    yield f'{{"meet":{canonical(about)},"rows":[\n'
    rows = standing_rows(meet)
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        decided = decided_rows(user, meet, {one.pk: one for row in part for one in row.attempts}.values())
        text = ",\n".join(canonical(row_told(row, decided)) for row in part)
        yield text if start + CHUNK >= len(rows) else f"{text},\n"
    yield "\n]}\n"


def row_told(row: Row, decided: Mapping[UUID, Decided]) -> dict[str, Any]:
    entry, lifter, group, score = row.entry, row.entry.lifter, row.group, row.score
    return {
        "entry": entry.pk,
        "lifter": lifter.name,
        "member_id": lifter.member_id,
        "team": lifter.team,
        "country": lifter.country,
        "birth_year": lifter.birth_year,
        "lot": entry.lot,
        "division": group.division,
        "sex": group.sex,
        "event": group.event,
        "equipment": group.equipment,
        "weight_class": group.weight_class,
        "bodyweight_kg": entry.bodyweight_kg,
        "best_kg": {lift.value: kg for lift, kg in score.best_kg.items()},
        "subtotal_kg": score.subtotal_kg,
        "total_kg": row.total_kg,
        "place": row.place,
        "set_by_hand": row.set_by_hand,
        "tied": row.tied,
        "points": row.points,
        "attempts": [_attempt(one, decided.get(one.pk)) for one in row.attempts],
    }


def _attempt(attempt: Attempt, decided: Decided | None) -> dict[str, Any]:
    """A weight that is only declared is no result: it is left empty until the attempt is decided."""
    return {
        "id": attempt.pk,
        "lift": attempt.lift,
        "number": attempt.number,
        "kg": attempt.declared_kg if decided else None,
        "outcome": decided.outcome if decided else "",
        "decision": _decision(decided) if decided else None,
    }


def _decision(decided: Decided) -> dict[str, Any]:
    return {
        "take": decided.take,
        "is_changed": decided.is_changed,
        "original": _call(decided.original),
        "changes": [_call(one) for one in decided.changes],
        "cards": [asdict(card) for card in decided.cards],
        "evidence": decided.evidence,
    }


def _call(call: Call) -> dict[str, Any]:
    """What does not apply to this kind of call is left out."""
    told = {name: getattr(call, name) for name in ("by", "take", "outcome", "at")}
    if call.by == "lights":
        return told | {
            "lights": dict(call.lights),
            "assist": call.assist,
            "evidence_mode": call.evidence_mode,
            "evidence": call.evidence,
        }
    more: Sequence[str] = {"other_system": ("system", "lights"), "jury": ("to",)}.get(call.by, ("reason",))
    return told | {name: getattr(call, name) for name in more}
