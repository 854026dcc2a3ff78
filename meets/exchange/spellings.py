"""What people call federations, countries and states, and what OpenPowerlifting calls them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from meets.exchange.words import key_of

LISTS: Final = Path(__file__).with_name("opl_lists.toml")
SPELLINGS: Final = Path(__file__).with_name("opl_spellings.toml")
# Countries that "UK" with one of them for a state means.
UK_PARTS: Final = ("England", "Scotland", "Wales", "N.Ireland")


@dataclass(frozen=True, slots=True)
class Lists:
    """``opl_lists.toml``. states: by country."""

    federations: frozenset[str]
    countries: frozenset[str]
    states: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Spellings:
    """``opl_spellings.toml``, by key_of the spelling. division_styles, homes: by federation's code."""

    federations: Mapping[str, str]
    federation_names: Mapping[str, tuple[str, ...]]
    countries: Mapping[str, str]
    states: Mapping[str, Mapping[str, str]]
    division_styles: Mapping[str, str]
    homes: Mapping[str, str]


@cache
def lists_load() -> Lists:
    """What the checker knows by name."""
    data = tomllib.loads(LISTS.read_text(encoding="utf-8"))
    states = {country: frozenset(codes.split()) for country, codes in data["states"].items()}
    # The one name with a space among the codes.
    federations = frozenset({*data["federations"].split(), "Power League"})
    return Lists(federations, frozenset(data["countries"]), states)


@cache
def spellings_load() -> Spellings:
    """Other names of what the checker knows."""
    data = tomllib.loads(SPELLINGS.read_text(encoding="utf-8"))
    lists = lists_load()
    federations = {key_of(code): code for code in lists.federations}
    federations |= {key_of(name): code for code, names in data["federations"].items() for name in names}
    countries = {key_of(name): name for name in lists.countries}
    countries |= {key_of(name): country for country, names in data["countries"].items() for name in names}
    states = {country: {key_of(code): code for code in codes} for country, codes in lists.states.items()}
    for country, names in data["states"].items():
        states[country] |= {key_of(name): code for name, code in names.items()}
    styles = {code: style for style, codes in data["divisions"].items() for code in codes.split()}
    names = {code: tuple(names) for code, names in data["federations"].items()}
    homes = {code: country for country, codes in data["homes"].items() for code in codes.split()}
    return Spellings(federations, names, countries, states, styles, homes)


def federation_code(text: str) -> str:
    """OpenPowerlifting's code of a federation; the text as it was where none is known."""
    return spellings_load().federations.get(key_of(text), text.strip())


def federation_named(meet_name: str) -> str:
    """The federation that a meet's name names, as "NZPF North Island Championships" does; empty where it names none, or
    several. Codes of two letters are words too often."""
    spellings = spellings_load()
    words = set(re.findall(r"[\w-]+", meet_name))
    found = {code for code in lists_load().federations if len(code) > 2 and code in words}
    found |= {
        code
        for code, names in spellings.federation_names.items()
        if any(len(name) > 4 and name.casefold() in meet_name.casefold() for name in names)
    }
    return found.pop() if len(found) == 1 else ""


def country_name(text: str) -> str:
    """OpenPowerlifting's name of a country; empty where none is known."""
    return spellings_load().countries.get(key_of(text), "") if text else ""


def state_code(text: str, country: str) -> str:
    """OpenPowerlifting's code of a state of that country; empty where none is known."""
    return spellings_load().states.get(country, {}).get(key_of(text), "") if text else ""


def place_parts(country: str, state: str) -> tuple[str, str]:
    """Country and state as OpenPowerlifting knows them; each empty where it does not. "UK" with "Northern Ireland" for
    a state is N.Ireland without one."""
    name = country_name(country)
    if name in ("UK", "") and country_name(state) in UK_PARTS:
        return country_name(state), ""
    return name, state_code(state, name)
