"""What cells of meet files mean: numbers, dates and words, in the spellings that meet systems and Excel give them.

Each function takes a cell's text and returns its value, None for a cell that says nothing, and raises ValueError with a
sentence for the person who can correct it.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from meets.exchange.sheet import MOST_KG, SheetAttempt

# One pound, kg (international avoirdupois pound).
LB_KG: Final = Decimal("0.45359237")
CENT: Final = Decimal("0.01")
# How "not taken" is written.
NOTHING: Final = frozenset(
    {"", "-", "–", "—", "--", "x", "X", "n/a", "N/A", "na", "NA", "null", "None", "pass", "Pass"}
)
# Excel counts days from here (its list begins with a 29 February 1900 that never was).
EXCEL_START: Final = dt.date(1899, 12, 30)

SEX_WORDS: Final = {
    "M": ("m", "male", "man", "men", "mens", "boy", "boys"),
    "F": ("f", "female", "woman", "women", "womens", "w", "girl", "girls"),
    "Mx": ("mx", "x", "nb", "nonbinary", "mxs"),
}
EQUIPMENT_WORDS: Final = {
    "Raw": ("raw", "classic", "cl", "unequipped", "rawclassic", "classicraw", "rawwithsleeves", "kneesleeves"),
    "Bare": ("bare",),
    "Sleeves": ("sleeves", "sleeve"),
    "Wraps": ("wraps", "wrap", "rawwithwraps", "rawwraps", "classicraww", "rawwithkneewraps"),
    "Straps": ("straps",),
    # What an IPF affiliate calls equipped is single-ply.
    "Single-ply": ("singleply", "single", "equipped", "eq", "sp", "equippedsingleply", "1ply"),
    "Multi-ply": ("multiply", "multi", "mp", "equippedmultiply"),
    "Unlimited": ("unlimited", "unl"),
}
PLACE_WORDS: Final = {
    "DQ": ("dq", "dsq", "disq", "disqualified", "dnf", "out", "bo", "bomb", "bombed", "bombout", "bombedout", "nt"),
    "DD": ("dd", "doping"),
    "NS": ("ns", "dns", "noshow", "didnotshow", "didnotstart", "wd", "withdrawn", "withdrew", "scr", "scratched"),
    "G": ("g", "guest", "exhib", "exhibition", "ex"),
}
EVENT_WORDS: Final = {
    "SBD": (
        "sbd", "pl", "powerlifting", "fullpower", "full", "fullmeet", "3lift", "3lifts", "threelift", "fp", "total",
        "squatbenchdeadlift", "squatbenchpressdeadlift",
    ),
    "BD": ("bd", "pushpull", "pp", "ironman", "benchdeadlift"),
    "SB": ("sb", "squatbench"),
    "SD": ("sd", "squatdeadlift"),
    "S": ("s", "squat", "sq", "squatonly"),
    "B": ("b", "bench", "benchpress", "benchonly", "benchpressonly", "bp", "bo"),
    "D": ("d", "deadlift", "deadliftonly", "dl", "dead"),
}  # fmt: skip

_MONTH_NAMES: Final = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS: Final = {name: number for number, name in enumerate(_MONTH_NAMES.split(), start=1)}
_TWICE: Final = re.compile("[ÃÂÄÅâ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_NUMBER: Final = re.compile(r"[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)")
# More of them are no figure of a meet.
_DIGITS: Final = 12
_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_NUMERIC: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?: .*)?")
_NAMED: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-/. ]+([A-Za-z]{3,9})[-/., ]+(\d{4}|\d{2})")
_NAMED_US: Final = re.compile(r"([A-Za-z]{3,9})[-/. ]+(\d{1,2})(?:st|nd|rd|th)?[-/., ]+(\d{4}|\d{2})")


def tidy(text: str) -> str:
    """A cell without the spaces around it and without what nobody sees: byte order marks, control characters, spaces in
    a row; letters that went through the wrong encoding once ("Ã©") are put right. NFC, as most programs write."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = _mended(text)
    seen = "".join(" " if unicodedata.category(one) in ("Cc", "Zs", "Zl", "Zp") else one for one in text)
    seen = "".join(one for one in seen if unicodedata.category(one) != "Cf")
    return unicodedata.normalize("NFC", " ".join(seen.split()))


def _mended(text: str) -> str:
    """UTF-8 that somebody read as Windows-1252."""
    if not _TWICE.search(text):
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def key_of(text: str) -> str:
    """What words are compared by: their letters and digits alone, in lower case, without accents."""
    plain = text if text.isascii() else unicodedata.normalize("NFKD", text)
    return "".join(one for one in plain.casefold() if one.isalnum())


def number_of(text: str) -> Decimal | None:
    """A number with a point or a comma before its decimals, with or without "kg" or "lb" after it.

    Raises ValueError for anything else.
    """
    plain = text.strip().lstrip("'").replace("−", "-").replace("–", "-").replace("\u00a0", "")
    plain = re.sub(r"\s*(kgs?|lbs?)\.?$", "", plain, flags=re.IGNORECASE).strip()
    if plain in NOTHING or text.strip() in NOTHING:
        return None
    if re.fullmatch(r"\([\d.,]+\)", plain):
        plain = f"-{plain[1:-1]}"
    if not _NUMBER.fullmatch(plain) or len(plain) > _DIGITS:
        raise ValueError(f"{text!r} is not a number")
    return Decimal(plain.replace(",", "."))


def weight_of(text: str, *, pounds: bool = False) -> Decimal | None:
    """A weight that is not negative, kg, to 10 g; None for nothing and for 0. Raises ValueError for anything else."""
    number = number_of(text)
    if number is None or number == 0:
        return None
    if number < 0:
        raise ValueError(f"{text!r} is negative")
    # Less than 5 g is nothing as well.
    return _kg(number, pounds) or None


def attempt_of(text: str, *, pounds: bool = False) -> SheetAttempt | None:
    """An attempt: positive when good, negative when failed, nothing or 0 when not taken. "-0" is how LiftingCast writes
    an attempt that was passed, and "150x" or "X150" how people write a failed one.

    Raises ValueError for anything else, and above 650 kg.
    """
    plain = text.strip()
    crossed = re.fullmatch(r"[xX]\s*([\d.,]+)|([\d.,]+)\s*[xX]", plain)
    number = number_of(f"-{crossed[1] or crossed[2]}" if crossed else plain)
    if number is None or number == 0:
        return None
    kg = _kg(abs(number), pounds)
    if kg > MOST_KG:
        raise ValueError(f"{text!r} is more than {MOST_KG} kg")
    return SheetAttempt(kg, number > 0)


def _kg(number: Decimal, pounds: bool) -> Decimal:
    kg = (number * LB_KG if pounds else number).quantize(CENT)
    # 100.00 and 100.0 are one weight, and are written in one way.
    return kg.quantize(Decimal(1)) if kg == kg.to_integral() else kg.normalize()


def word_of(text: str, words: dict[str, tuple[str, ...]]) -> str | None:
    """The word that a spelling stands for; None for nothing. Raises ValueError for one that is not known."""
    key = key_of(text)
    if not key:
        return None
    for word, spellings in words.items():
        if key in spellings or key == key_of(word):
            return word
    raise ValueError(f"{text!r} is not known")


def place_of(text: str) -> str:
    """A place: "1", "2.", "3rd", "1.0", "DNF", "Guest". Empty for nothing. Raises ValueError for anything else."""
    plain = text.strip()
    if match := re.fullmatch(r"(\d+)(?:[.,]0*|st|nd|rd|th)?", plain, flags=re.IGNORECASE):
        number = int(match[1])
        if number == 0:
            return ""
        if number <= 255:
            return str(number)
        raise ValueError(f"{text!r} is no place from 1 to 255")
    return "" if plain in NOTHING else word_of(plain, PLACE_WORDS) or ""


def year_of(text: str, meet_year: int) -> int | None:
    """A birth year of somebody who lifts in meet_year. Raises ValueError when it cannot be one: OpenPowerlifting takes
    lifters older than 4 and younger than 98."""
    number = number_of(text)
    if number is None or number == 0:
        return None
    if number != number.to_integral() or not 4 < meet_year - number < 98:
        raise ValueError(f"{text!r} is not the birth year of somebody who lifts in {meet_year}")
    return int(number)


def date_of(text: str, *, day_first: bool, century_until: int = 68) -> dt.date | None:
    """A date, in the ways that programs, Excel and people write one; None for nothing.

    day_first: how 03/04/2024 is meant. century_until: two digits up to this are of the years from 2000.

    Raises ValueError for anything else, and for days that no calendar has.
    """
    plain = text.strip().lstrip("'’`").strip()
    if plain in NOTHING:
        return None
    if re.fullmatch(r"\d{5}", plain) and 10000 <= int(plain) <= 60000:
        return EXCEL_START + dt.timedelta(days=int(plain))
    parts = _parts(plain, day_first, century_until)
    if parts is None:
        raise ValueError(f"{text!r} is not a date")
    try:
        return dt.date(*parts)
    except ValueError as wrong:
        raise ValueError(f"{text!r} is not a day of the calendar") from wrong


def _parts(plain: str, day_first: bool, century_until: int) -> tuple[int, int, int] | None:
    if match := _ISO.fullmatch(plain):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _NUMERIC.fullmatch(plain):
        first, second, year = int(match[1]), int(match[2]), _century(match[3], century_until)
        return (year, second, first) if day_first else (year, first, second)
    if match := _NAMED.fullmatch(plain):
        day, name, year_text = match[1], match[2], match[3]
    elif match := _NAMED_US.fullmatch(plain):
        name, day, year_text = match[1], match[2], match[3]
    else:
        return None
    month = _MONTHS.get(name[:3].lower())
    return None if month is None else (_century(year_text, century_until), month, int(day))


def _century(text: str, until: int) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year <= until else 1900)


def is_day_first(texts: Iterable[str], *, otherwise: bool) -> bool:
    """How a file's dates with slashes are meant: by the one that can only be read in one way, else as told.

    One file has one order: it is the setting of one computer that wrote them.
    """
    for text in texts:
        match = _NUMERIC.fullmatch(text.strip().lstrip("'’`").strip())
        if match and int(match[1]) > 12 >= int(match[2]):
            return True
        if match and int(match[2]) > 12 >= int(match[1]):
            return False
    return otherwise
