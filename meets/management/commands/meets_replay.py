"""python manage.py meets_replay FOLDER: real meets through import, database and export (meets.exchange.replay)."""

import datetime as dt
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction

from meets.exchange import replay
from meets.exchange.rows import sheet_import, sheet_of
from meets.exchange.sheet import MeetSheet
from meets.models import Meet


class Command(BaseCommand):
    help = "Brings real meets in and out again and compares with what was accepted. Nothing of it is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="a folder of meet folders")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line as well")

    def handle(self, *args: Any, **options: Any) -> None:
        if ":memory:" in str(connection.settings_dict["NAME"]):
            call_command("migrate", verbosity=0)
        arguments = [str(options["folder"]), *(["--json"] if options["json"] else [])]
        with transaction.atomic():
            user = User.objects.create(username="replay", is_active=False)
            code = replay.main(arguments, through=lambda sheet: through_rows(sheet, user))
            transaction.set_rollback(True)
        raise SystemExit(code)


def through_rows(sheet: MeetSheet, user: User) -> MeetSheet:
    """The sheet as it comes back from the database. The rows are rolled back."""
    with transaction.atomic():
        meet = Meet.objects.create(
            name=sheet.name[:120] or "Meet",
            federation=sheet.federation[:40],
            country=sheet.country[:60],
            state=sheet.state[:60],
            town=sheet.town[:80],
            starts_on=sheet.date or dt.date(1900, 1, 1),
            rulebook=settings.DEFAULT_RULEBOOK,
        )
        sheet_import(meet=meet, user=user, sheet=sheet, file_sha256="")
        meet.refresh_from_db()
        found = sheet_of(meet)
        transaction.set_rollback(True)
    # A sheet without a date or a name stays one: the columns need something to stand in them.
    date = found.date if sheet.date else None
    return MeetSheet(
        **{**{name: getattr(found, name) for name in found.__dataclass_fields__}, "date": date, "name": sheet.name}
    )
