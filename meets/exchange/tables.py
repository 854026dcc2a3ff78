"""Bytes to rows: encodings, delimiters and quotes as meet systems, Excel and people leave them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

# What a spreadsheet takes for the start of a formula or a command.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
DELIMITERS: Final = (",", ";", "\t")


def decode(data: bytes) -> tuple[str, str]:
    """The text of a file, and which encoding it was. Never fails: what is neither UTF-8 nor UTF-16 is read as Windows'
    Western encoding, which is what Excel saves as "CSV"."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace"), "utf-16"
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), "cp1252"


def rows_of(text: str, delimiter: str = "") -> list[list[str]]:
    """The lines of a CSV, each as its cells without spaces around them; a blank line is an empty list or empty cells.

    The delimiter, where none is told, is what the names of the columns stand between: elsewhere there may be decimal
    commas. A quote that nobody closed costs no rows: then quotes are letters.
    """
    # A zero byte, and the lone returns of an old Mac, which csv would refuse.
    plain = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    delimiter = delimiter or max(DELIMITERS, key=_header(plain).count)
    try:
        rows = list(csv.reader(io.StringIO(plain, newline=""), delimiter=delimiter))
    except csv.Error:
        rows = []
    if not rows or any("\n" in cell and delimiter in cell for row in rows for cell in row):
        rows = [line.replace('"', "").split(delimiter) for line in plain.split("\n")]
    return [[cell.replace("\n", " ").strip() for cell in _unwrapped(row, delimiter)] for row in rows]


def _header(text: str) -> str:
    """The line with the names of the entries' columns; the whole text where no line looks like it."""
    lines = (line for line in text.split("\n") if "name" in (plain := line.casefold()) and "sex" in plain)
    return next(lines, text)


def _unwrapped(row: Sequence[str], delimiter: str) -> Sequence[str]:
    """Excel sometimes saves a whole line as one quoted cell."""
    filled = [cell for cell in row if cell]
    if len(filled) == 1 and filled[0].count(delimiter) >= 3:
        return next(csv.reader([filled[0]], delimiter=delimiter), [])
    return row


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula, and that needs no quotes: what it must not begin with is taken
    off, commas become spaces, and quotes go."""
    plain = " ".join(text.replace(",", " ").replace('"', "").split())
    while plain.startswith(FORMULA):
        plain = plain[1:].lstrip()
    return plain


def number(value: Decimal | int | None) -> str:
    """A figure as the files have it: no zeros that say nothing, empty for None."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
