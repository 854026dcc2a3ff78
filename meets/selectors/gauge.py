"""An error bar to scale: where a margin lies against its line, and how far its error reaches."""

import math
from dataclasses import dataclass

from meets.selectors import words

# Rows of a board share one scale, or their bars could not be compared.
ROW_REACH_CM = 30


@dataclass(frozen=True, slots=True)
class Gauge:
    """All x in a drawing 320 wide with the line in the middle at 160. Thick bar: one sigma, thin line: two."""

    point_x: float
    band_x: float
    band_width: float
    whisker_x1: float
    whisker_x2: float
    low: str
    mid: str
    high: str


def gauge(rule: str, margin_cm: float, sigma_cm: float, reach_cm: int | None = None) -> Gauge:
    """reach_cm: what the drawing's half stands for; without it, enough for the margin and twice its error."""
    reach = reach_cm or max(6, math.ceil(abs(margin_cm) + 2 * sigma_cm))
    text = words.RULES.get(rule)
    left, right = x_of(margin_cm - sigma_cm, reach), x_of(margin_cm + sigma_cm, reach)
    return Gauge(
        x_of(margin_cm, reach),
        left,
        round(right - left, 1),
        x_of(margin_cm - 2 * sigma_cm, reach),
        x_of(margin_cm + 2 * sigma_cm, reach),
        f"{words.MINUS}{reach} {text.broken if text else ''}".strip(),
        text.line if text else "limit",
        f"{text.kept if text else ''} +{reach}".strip(),
    )


def x_of(value_cm: float, reach_cm: int) -> float:
    """The place of a margin, held inside the drawing."""
    return round(min(max(160 + value_cm * 150 / reach_cm, 8), 312), 1)
