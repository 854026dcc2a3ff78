"""The first sheet of an .xlsx as a table of texts.

A workbook is a zip of XML from a stranger: what it would unpack to is asked before anything is, its cells are counted
while they are read, and nothing in it is followed to another file. Formulas are not reckoned; what Excel last saw in
their place is taken.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from meets.exchange.roster_sheet import Unreadable

MAGIC: Final = b"PK\x03\x04"
# Of all parts together, unpacked; 5,000 rows of 30 cells are about 6 MB.
UNPACKED_MOST: Final = 60_000_000
PARTS_MOST: Final = 500
CELLS_MOST: Final = 600_000
COLUMNS_MOST: Final = 100
CELL_MOST: Final = 1_000
_BROKEN: Final = "This workbook cannot be read. Open it, save it as .xlsx or CSV again, and send that."
_TOO_LARGE: Final = (
    "This workbook is far larger than a roster is. Save the sheet with the lifters as CSV, and send that."
)


def xlsx_is(data: bytes) -> bool:
    return data.startswith(MAGIC)


def xlsx_rows(data: bytes) -> list[list[str]]:
    """The rows of the first sheet. Raises Unreadable for what is no workbook, or more than any roster."""
    _parts_check(data)
    # Loaded where a workbook is read, and nowhere else: the site starts without it.
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False, keep_vba=False)
        try:
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
            if not sheets:
                raise Unreadable("There is no sheet in this workbook.")
            # What the sheet says of its own size may be anything; its rows are counted as they come.
            sheets[0].reset_dimensions()
            return list(_rows(sheets[0].iter_rows(values_only=True, max_col=COLUMNS_MOST)))
        finally:
            book.close()
    except Unreadable:
        raise
    # Whatever a broken workbook makes the library raise, it is the workbook that cannot be read.
    except Exception as wrong:
        raise Unreadable(_BROKEN) from wrong


def _parts_check(data: bytes) -> None:
    """Raises Unreadable when its parts would unpack to more than a roster's."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            infos = parts.infolist()
            if "[Content_Types].xml" not in parts.namelist():
                raise Unreadable(_BROKEN)
            if len(infos) > PARTS_MOST or sum(one.file_size for one in infos) > UNPACKED_MOST:
                raise Unreadable(_TOO_LARGE)
            # The sizes above are what the file says of itself.
            for one in infos:
                with parts.open(one) as part:
                    _read_within(part, one.file_size)
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, ValueError, RuntimeError) as wrong:
        if isinstance(wrong, Unreadable):
            raise
        raise Unreadable(_BROKEN) from wrong


def _read_within(part: Any, size: int) -> None:
    """Reads a part to its end. Raises Unreadable when there is more in it than it says, or a document type, which no
    program writes into a workbook and whose entities may grow without end."""
    seen, last = 0, b""
    while chunk := part.read(1 << 16):
        seen += len(chunk)
        if seen > size:
            raise Unreadable(_TOO_LARGE)
        # Without zeros, so that UTF-16 hides nothing; with the end of the chunk before.
        plain = (last + chunk).replace(b"\0", b"")
        if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
            raise Unreadable(_BROKEN)
        last = chunk[-32:]


def _rows(rows: Any) -> Iterator[list[str]]:
    count, empty = 0, 0
    for values in rows:
        count += len(values)
        cells = [cell_text(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        empty = 0 if cells else empty + 1
        if count > CELLS_MOST or empty > 20_000:
            raise Unreadable(_TOO_LARGE)
        yield cells


def cell_text(value: Any) -> str:
    """A cell as somebody would have typed it."""
    match value:
        case None:
            return ""
        case bool():
            return "Yes" if value else "No"
        case dt.datetime():
            return value.date().isoformat()
        case dt.date():
            return value.isoformat()
        case float():
            return _figure(value)
    return str(value)[:CELL_MOST].strip()


def _figure(value: float) -> str:
    """82.5 as it was typed, not as a machine keeps it: 15 digits are what Excel shows."""
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    text = f"{Decimal(f'{value:.15g}'):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
