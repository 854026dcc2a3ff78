"""Results as a table: one row per attempt, photo and finding; an attempt without any stands there once."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from rest_framework.renderers import BaseRenderer

COLUMNS = (
    "meet", "attempt_id", "lifter", "member_id", "lot", "flight", "platform", "weight_class", "equipment",
    "lift", "number", "declared_kg", "evidence", "image_id", "status", "image_reason", "withheld", "flag",
    "rule", "side", "outcome", "reason", "margin_cm", "sigma_cm", "margin_limb", "sigma_limb", "limb", "p_breach",
    "engine", "engine_passed", "rulebook", "gold_set",
    "camera_height_cm", "camera_distance_cm", "camera_roll_deg", "camera_angle_deg", "camera_plate_share",
)  # fmt: skip
# What makes a spreadsheet take a text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


class CsvRenderer(BaseRenderer):
    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows({name: cell(value) for name, value in row.items()} for row in rows(data))
        return out.getvalue().encode()


def cell(value: Any) -> Any:
    """A number stays one; a text that a spreadsheet would run gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def rows(results: dict[str, Any]) -> Iterator[dict[str, Any]]:
    # What OPTIONS says of the address is no result, and has none.
    for attempt in results.get("attempts", ()):
        base = {"meet": results["meet"]["name"], **_attempt(attempt)}
        for image in attempt["images"] or [None]:
            yield from _image_rows(base, image)


def _attempt(attempt: dict[str, Any]) -> dict[str, Any]:
    entry = attempt["entry"]
    return {
        "attempt_id": attempt["id"],
        "lifter": entry["lifter"]["name"],
        "member_id": entry["lifter"]["member_id"],
        **{name: entry[name] for name in ("lot", "flight", "platform", "weight_class", "equipment")},
        **{name: attempt[name] for name in ("lift", "number", "declared_kg", "evidence")},
    }


def _image_rows(base: dict[str, Any], image: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    if image is None:
        yield base
        return
    # A photo that is closed to the reader comes without its state.
    shown = {**base, "image_id": image["id"], "status": image.get("status"), "image_reason": image.get("reason")}
    shown["withheld"] = image.get("withheld")
    seen = image.get("assessment")
    if not seen:
        yield shown
        return
    shown |= {name: seen[name] for name in ("flag", "engine", "engine_passed", "rulebook", "gold_set")}
    shown |= {f"camera_{name}": value for name, value in seen["camera"].items()}
    for finding in seen["findings"] or [{}]:
        yield shown | {name: value for name, value in finding.items() if name in COLUMNS}
