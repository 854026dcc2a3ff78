"""python manage.py results_import FILE --user NAME: a meet with its results from another system (OPL Format v1)."""

import datetime as dt
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from meets.errors import Refusal
from meets.exchange.sheet import Problem
from meets.models import Meet
from meets.results_import import ResultsRead, results_file_read, results_import
from meets.roster import meet_create

# As many as anybody reads.
_PROBLEMS_MOST = 30


class Command(BaseCommand):
    help = "Brings in a meet that another system ran, with its results. All or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a file in OPL Format v1")
        parser.add_argument("--user", required=True, metavar="NAME", help="who becomes the head of the new meet")
        parser.add_argument("--meet-name", default="", help="the meet's name, where the file's is not to be taken")
        parser.add_argument("--date", type=dt.date.fromisoformat, help="YYYY-MM-DD, where the file has none")
        parser.add_argument("--rulebook", default=settings.DEFAULT_RULEBOOK)
        parser.add_argument("--dry-run", action="store_true", help="only say what would be brought in")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['user']!r}. Make one with user_create.")
        try:
            read = results_file_read(options["file"].read_bytes())
            with transaction.atomic():
                meet = self._meet(read, user, options)
                done = results_import(meet=meet, user=user, read=read)
                transaction.set_rollback(options["dry_run"])
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error}.") from error
        except Refusal as refusal:
            raise CommandError(refusal.detail) from refusal
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except PermissionDenied as error:
            raise CommandError(str(error)) from error
        self._problems([*read.problems, *done.problems])
        said = "would be brought in" if options["dry_run"] else f"brought in as {meet.pk}"
        self.stdout.write(
            f"{meet.name}: {done.lifters} lifters, {done.entries} entries, {done.categories} lines, "
            f"{done.attempts} attempts {said}."
        )

    def _meet(self, read: ResultsRead, user: User, options: dict[str, Any]) -> Meet:
        sheet = read.sheet
        date, name = options["date"] or sheet.date, options["meet_name"] or sheet.name
        if date is None or not name:
            raise CommandError("The file tells no date or no name of the meet. Give them with --date and --meet-name.")
        return meet_create(user=user, name=name[:120], starts_on=date, rulebook=options["rulebook"])

    def _problems(self, problems: list[Problem]) -> None:
        for one in problems[:_PROBLEMS_MOST]:
            where = f"line {one.row}, {one.column}" if one.row else one.column
            self.stdout.write(f"{where}: {one.value!r}: {one.detail}")
        if (more := len(problems) - _PROBLEMS_MOST) > 0:
            self.stdout.write(f"And {more} more.")
