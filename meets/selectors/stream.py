"""Every attempt of a meet, one after the other, however many: for exports that are streamed."""

from collections.abc import Iterator
from typing import Any

from meets.models import Attempt, AttemptOutcome, Card, JuryCase, Light, Meet

# Rows in memory at a time.
CHUNK = 500


def attempt_lines(meet: Meet) -> Iterator[dict[str, Any]]:
    """One flat row an attempt, with its lights, cards and jury once it is decided. Nothing that a machine found."""
    rows = (
        Attempt.objects.filter(entry__meet=meet)
        .order_by("pk")
        .values(
            "pk", "lift", "number", "declared_kg", "is_record", "version", "take", "outcome", "decided_at", "whites",
            "entry_id", "entry__lot", "entry__flight", "entry__weight_class", "entry__bodyweight_kg",
            "entry__equipment", "entry__lifter__name", "entry__lifter__sex", "entry__lifter__member_id",
        )
    )  # fmt: skip
    chunk: list[dict[str, Any]] = []
    for row in rows.iterator(chunk_size=CHUNK):
        chunk.append(dict(row))
        if len(chunk) == CHUNK:
            yield from _lines(chunk)
            chunk = []
    yield from _lines(chunk)


def _lines(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    decided = [row["pk"] for row in rows if row["outcome"] != AttemptOutcome.OPEN]
    takes = {row["pk"]: row["take"] for row in rows}
    lights: dict[Any, dict[str, str]] = {}
    for pk, take, seat, colour in Light.objects.filter(attempt__in=decided).values_list(
        "attempt_id", "take", "seat", "colour"
    ):
        if seat and take == takes[pk]:
            lights.setdefault(pk, {})[seat] = colour
    cards: dict[Any, list[str]] = {}
    for pk, take, seat, cause, colour in (
        Card.objects.filter(attempt__in=decided)
        .order_by("pk")
        .values_list("attempt_id", "take", "seat", "cause", "colour")
    ):
        if take == takes[pk]:
            cards.setdefault(pk, []).append(f"{seat} {colour} {cause}".strip())
    jury: dict[Any, list[str]] = {}
    cases = JuryCase.objects.filter(attempt__in=list(takes)).exclude(outcome="").order_by("opened_at")
    for pk, outcome in cases.values_list("attempt_id", "outcome"):
        jury.setdefault(pk, []).append(outcome)
    for row in rows:
        yield _line(row, lights.get(row["pk"], {}), cards.get(row["pk"], []), jury.get(row["pk"], []))


def _line(row: dict[str, Any], lights: dict[str, str], cards: list[str], jury: list[str]) -> dict[str, Any]:
    return {
        "attempt": str(row["pk"]),
        "entry": str(row["entry_id"]),
        "lifter": row["entry__lifter__name"],
        "sex": row["entry__lifter__sex"],
        "member_id": row["entry__lifter__member_id"],
        "lot": row["entry__lot"],
        "flight": row["entry__flight"],
        "weight_class": row["entry__weight_class"],
        "bodyweight_kg": str(row["entry__bodyweight_kg"] or ""),
        "equipment": row["entry__equipment"],
        "lift": row["lift"],
        "number": row["number"],
        "declared_kg": str(row["declared_kg"]),
        "is_record": row["is_record"],
        "take": row["take"],
        "outcome": row["outcome"],
        "decided_at": row["decided_at"].isoformat() if row["decided_at"] else "",
        "left": lights.get("left", ""),
        "chief": lights.get("chief", ""),
        "right": lights.get("right", ""),
        "cards": "; ".join(cards),
        "jury": "; ".join(jury),
    }
