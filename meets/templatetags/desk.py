"""Small things the templates need to say figures and times the same way everywhere."""

import math
from datetime import datetime, timedelta
from decimal import Decimal

from django import template
from django.utils import timezone

from judging.rulebook import CARDS
from meets.models import Seat
from meets.selectors import words

register = template.Library()


@register.filter
def kg(value: Decimal) -> str:
    """``142.5``, ``97.25``: one decimal, two only where the second says something."""
    text = f"{value:.2f}"
    return text[:-1] if text.endswith("0") else text


@register.filter
def ordinal(number: int) -> str:
    return words.ORDINALS.get(number, str(number))


@register.filter
def lift_word(lift: str) -> str:
    return words.LIFT_WORDS.get(lift, lift)


@register.filter
def engine_word(engine: str) -> str:
    """``mmpose`` as it is spoken of: ``ViTPose``."""
    return words.ENGINE_WORDS.get(engine, engine)


@register.filter
def rulebook_word(rulebook: str) -> str:
    """``ipf-2026-v3`` as it is spoken of: ``IPF 2026 v3``."""
    federation, _, rest = rulebook.partition("-")
    return f"{federation.upper()} {rest.replace('-', ' ')}".strip()


@register.filter
def ago(at: datetime) -> str:
    """``now``, ``6 min``, ``3 h``, ``2 days``. The page's script keeps it going."""
    seconds = max(0, int((timezone.now() - at).total_seconds()))
    if seconds < 60:
        return "now"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} days"


@register.filter
def seconds_left(until: datetime) -> str:
    """``43 s left``; ``time is over``. By the server's clock; the page's script keeps it going."""
    seconds = math.ceil((until - timezone.now()).total_seconds())
    return f"{seconds} s left" if seconds > 0 else "time is over"


@register.filter
def outcome_word(outcome: str) -> str:
    """``good`` as it is spoken of: ``Good lift``."""
    return words.OUTCOME_WORDS.get(outcome, outcome)


@register.filter
def jury_word(outcome: str) -> str:
    return words.JURY_WORDS.get(outcome, outcome)


@register.filter
def seconds_word(value: float) -> str:
    """``0.6 s``; whole seconds from ten on."""
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"


@register.filter
def minutes_word(value: timedelta) -> str:
    """``15 minutes``: whole minutes, never too few."""
    minutes = max(1, math.ceil(value.total_seconds() / 60))
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


@register.filter
def view_box(box: tuple[float, float, float, float]) -> str:
    return " ".join(str(value) for value in box)


@register.simple_tag
def seat_names() -> list[str]:
    """As the lights hang: left, chief, right."""
    return list(Seat.values)


@register.simple_tag
def card_colours() -> tuple[str, ...]:
    return CARDS


@register.simple_tag
def megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.0f} MB"


@register.filter
def view_word(view: str) -> str:
    return words.VIEW_WORDS.get(view, "")


@register.filter
def figures_words(figures: dict[str, float | None]) -> str:
    """``lens 95 cm high · roll −1.5°``."""
    return words.figures_line(figures)


@register.filter
def region_words(region: tuple[float, float, float, float]) -> str:
    """``10–90 % across, 20–100 % down``."""
    x0, y0, x1, y1 = (f"{part * 100:.0f}" for part in region)
    return f"{x0}–{x1} % across, {y0}–{y1} % down"
