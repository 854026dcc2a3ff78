"""The one door for a file of registrations: which program's it is, and the lifters in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from meets.exchange import liftingcast, openlifter
from meets.exchange.roster_people import rows_settle
from meets.exchange.roster_sheet import RosterFile, Unreadable
from meets.exchange.tables import DELIMITERS, decode, rows_of
from meets.exchange.xlsx import xlsx_is, xlsx_rows

KINDS: Final = (
    "OpenLifter's registrations (CSV) or save file (.openlifter), LiftingCast's entries (CSV), or a workbook (.xlsx) "
    "with the columns of either"
)
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"


def roster_read(data: bytes, file_name: str = "") -> RosterFile:
    """The lifters of a file, each once, with every cell that could not be taken. The kind is told from the bytes; the
    name only helps a refusal to say what was sent.

    Raises Unreadable when nothing can be made of it.
    """
    if not data.strip():
        raise Unreadable("This file is empty.")
    if data.startswith(_OLD_EXCEL):
        raise Unreadable("This is a workbook of the old kind (.xls). Save it as .xlsx or CSV, and send that.")
    if xlsx_is(data):
        found = _table_read(xlsx_rows(data), suffix=" (workbook)")
    elif data.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff")):
        raise Unreadable(f"{file_name or 'This'} is no list of lifters. Send {KINDS}.")
    else:
        found = _text_read(_text(data))
    rows, problems = rows_settle(found.rows)
    ordered = sorted((*found.problems, *problems), key=lambda one: one.row)
    return replace(found, rows=tuple(rows), problems=tuple(ordered))


def _text(data: bytes) -> str:
    """UTF-16 is told by its zeros where it has no mark."""
    start = data[:400]
    if start.count(0) > len(start) // 4 and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        big = start[:1] == b"\0"
        return data.decode("utf-16-be" if big else "utf-16-le", errors="replace")
    return decode(data)[0]


def _text_read(text: str) -> RosterFile:
    plain = text.lstrip("\ufeff \r\n\t")
    if plain.startswith("{"):
        return openlifter.save_read(plain)
    if plain.casefold().lstrip('"').startswith("opl format"):
        raise Unreadable("These are results, not registrations. Bring them in as results, into a meet without lifters.")
    return _table_read(rows_of(text, _delimiter(text)))


def _delimiter(text: str) -> str:
    """What stands most often in the first lines that hold any: the names of columns hold no decimal commas."""
    lines = [line for line in text.replace("\r", "\n").split("\n")[:40] if line.strip()]
    best = max(lines[:10], key=lambda line: max(line.count(one) for one in DELIMITERS), default="")
    return max(DELIMITERS, key=best.count)


def _table_read(table: list[list[str]], *, suffix: str = "") -> RosterFile:
    if liftingcast.header_find(table) is not None:
        return liftingcast.roster_read(table, kind=f"LiftingCast entries{suffix}")
    if openlifter.header_find(table) is not None:
        return openlifter.registration_read(table, kind=f"OpenLifter registration{suffix}")
    raise Unreadable(f"No row of this file names the columns Name, Sex and Equipment. Send {KINDS}.")
