"""python manage.py meets_replay FOLDER: real meets through import, database and export (meets.exchange.replay)."""

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction

from meets.exchange import replay
from meets.exchange.replay import Replayed
from meets.exchange.rows import sheet_import, sheet_of
from meets.exchange.sheet import MeetSheet
from meets.models import Meet

# Fewer are done before a second process has started.
_WORTH_A_PROCESS = 100
USER = "replay"


class Command(BaseCommand):
    help = "Brings real meets in and out again and compares with what was accepted. Nothing of it is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a folder of meet folders")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line as well")

    def handle(self, *args: Any, **options: Any) -> None:
        arguments = [str(options["folder"]), *(["--json"] if options["json"] else [])]
        raise SystemExit(replay.main(arguments, replaying=replay_through))


def replay_through(folders: Sequence[Path]) -> Iterator[Replayed]:
    """Through the database; in several processes where each has one of its own in memory."""
    jobs = min(os.cpu_count() or 1, 1 + len(folders) // _WORTH_A_PROCESS) if _is_in_memory() else 1
    done = 0
    if jobs > 1:
        try:
            for row in _together(folders, jobs):
                done += 1
                yield row
        except BrokenProcessPool:
            # A process was ended from outside, as for want of memory: the rest goes one by one.
            pass
    yield from map(replay_one, folders[done:])


def _together(folders: Sequence[Path], jobs: int) -> Iterator[Replayed]:
    # Processes are started anew: a forked one would share the connection.
    with ProcessPoolExecutor(jobs, get_context("spawn"), initializer=django.setup) as pool:
        yield from pool.map(replay_one, folders, chunksize=8)


def replay_one(folder: Path) -> Replayed:
    if _is_in_memory() and not connection.introspection.table_names():
        call_command("migrate", verbosity=0)
    return replay.replay_folder(folder, through=through_rows)


def _is_in_memory() -> bool:
    return ":memory:" in str(connection.settings_dict["NAME"])


def through_rows(sheet: MeetSheet) -> MeetSheet:
    """The sheet as it comes back from the database. The rows are rolled back."""
    with transaction.atomic():
        user, _ = User.objects.get_or_create(username=USER, is_active=False)
        meet = Meet.objects.create(
            name=sheet.name[:120] or "Meet",
            # A sheet without a date stays one: the column needs something to stand in it.
            starts_on=sheet.date or dt.date(1900, 1, 1),
            rulebook=settings.DEFAULT_RULEBOOK,
        )
        sheet_import(meet=meet, user=user, sheet=sheet, file_sha256="")
        meet.refresh_from_db()
        found = sheet_of(meet)
        transaction.set_rollback(True)
    return replace(found, date=sheet.date, name=sheet.name)
