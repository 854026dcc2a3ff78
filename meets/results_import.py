"""Results of another system from a file: looked at, and brought into a meet that has no entries."""

import hashlib
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import User

from meets.errors import Conflict, Unusable
from meets.exchange import opl_v1
from meets.exchange.rows import Imported, import_problems, sheet_import
from meets.exchange.sheet import MeetSheet, Problem
from meets.models import Entry, Meet, MeetStatus

# A file of results is a page of text; the largest of 18,000 known ones has under 1 MB.
FILE_MAX_BYTES: Final = 5_000_000
TOO_LARGE: Final = "This file is larger than any results are. Send the exported CSV."


@dataclass(frozen=True, slots=True)
class ResultsRead:
    """A file as it was read. problems: what could not be taken of it."""

    sheet: MeetSheet
    problems: list[Problem]
    sha256: str


def results_file_read(data: bytes) -> ResultsRead:
    """Raises Unusable for what holds no results in OPL Format v1."""
    sheet, problems = opl_v1.read(data)
    if not sheet.entries:
        raise Unusable("not_results", "No results were found in this file. Send an export in OPL Format v1.")
    return ResultsRead(sheet, problems, hashlib.sha256(data).hexdigest())


def results_preview(*, meet: Meet, read: ResultsRead) -> list[Problem]:
    """What would not be taken, or not as it stands. Raises Conflict where nothing would be. Nothing is written."""
    if meet.status != MeetStatus.OPEN:
        raise Conflict("meet_closed", "This meet is closed: results are brought in once it is opened again.")
    if Entry.objects.filter(meet=meet).exists():
        raise Conflict("not_empty", "This meet has entries. Results are brought into a meet that has none.")
    return [*read.problems, *import_problems(meet, read.sheet)]


def results_import(*, meet: Meet, user: User, read: ResultsRead) -> Imported:
    """Brings them in, all or nothing. Raises Conflict like the preview."""
    return sheet_import(meet=meet, user=user, sheet=read.sheet, file_sha256=read.sha256, problems=read.problems)
