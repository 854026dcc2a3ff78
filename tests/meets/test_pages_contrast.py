"""The stylesheet's colours at WCAG AA in both themes, computed exactly as the guideline says."""

import re
from pathlib import Path

import pytest

STYLE = (Path(__file__).resolve().parents[2] / "meets" / "static" / "meets" / "desk.css").read_text(encoding="utf-8")
GROUNDS = ("bg", "panel", "panel-2")
# The tones are words as well as symbols.
TEXTS = ("ink", "ink-2", "ink-3", "meets", "breach", "close", "mute", "slate")
# A white light is told from a white page by its edge.
SYMBOLS = ("focus", "edge", "light-red")


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6}(?:[0-9a-f]{2})?)\b", block))


def block(selector: str) -> dict[str, str]:
    found = re.search(re.escape(selector) + r"\s*{([^}]*)}", STYLE)
    assert found is not None, selector
    return tokens(found[1])


DARK = block(":root")
LIGHT = DARK | block(':root[data-theme="light"]')
THEMES = {"dark": DARK, "light": LIGHT}


def channels(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def luminance(rgb: list[float]) -> float:
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in rgb]
    return sum(part * value for part, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: list[float], other: list[float]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def over(colour: str, ground: list[float]) -> list[float]:
    """A colour with its opacity, laid over a ground."""
    alpha = int(colour[7:9], 16) / 255 if len(colour) == 9 else 1.0
    return [alpha * value + (1 - alpha) * under for value, under in zip(channels(colour), ground, strict=True)]


def test_the_measure_is_the_guidelines() -> None:
    assert contrast(channels("#000000"), channels("#ffffff")) == pytest.approx(21)
    assert contrast(channels("#777777"), channels("#ffffff")) == pytest.approx(4.48, abs=0.005)


def test_light_is_the_same_by_choice_and_by_the_system() -> None:
    assert block(':root:not([data-theme="dark"])') == block(':root[data-theme="light"]')


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize(("token", "least"), [*((text, 4.5) for text in TEXTS), *((sign, 3.0) for sign in SYMBOLS)])
def test_what_is_read_stands_out(theme: str, ground: str, token: str, least: float) -> None:
    colours = THEMES[theme]
    assert contrast(channels(colours[token]), channels(colours[ground])) >= least


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), [("on-white", "light-white"), ("on-red", "light-red"), ("bg", "ink")])
def test_words_on_filled_buttons(theme: str, text: str, ground: str) -> None:
    assert contrast(channels(THEMES[theme][text]), channels(THEMES[theme][ground])) >= 4.5


@pytest.mark.parametrize("photo", ["#000000", "#ffffff"])
def test_words_over_a_photo(photo: str) -> None:
    """Their plate lets a little of the photo through, be it black or white."""
    words = re.search(r"\.cam \.tag {[^}]*color: (#[0-9a-f]{6})", STYLE)
    assert words is not None
    assert contrast(channels(words[1]), over(DARK["shade"], channels(photo))) >= 4.5
