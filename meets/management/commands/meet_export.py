"""python manage.py meet_export MEET FILE.zip: a whole meet with its photos as one file (docs/backup.md)."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from meets.backup.write import Lost, meet_write
from meets.models import Meet

# More names than these tell nobody anything.
NAMED = 20


class Command(BaseCommand):
    help = "Writes a meet with everything in it to one file, for another site or to keep."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("meet", help="the meet's id")
        parser.add_argument("file", type=Path, help="a file that is not there yet")
        parser.add_argument("--without-lost", action="store_true", help="goes on where files of photos are lost")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            meet = Meet.objects.get(pk=options["meet"])
        except (Meet.DoesNotExist, ValidationError) as error:
            raise CommandError(f"There is no meet {options['meet']}.") from error
        try:
            count = meet_write(meet, options["file"], without_lost=options["without_lost"], progress=self._progress)
        except FileExistsError as error:
            raise CommandError(f"There is already a file {options['file']}. Name another one.") from error
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error.strerror}.") from error
        except Lost as lost:
            named = ", ".join(lost.files[:NAMED])
            raise CommandError(f"{lost}: {named}. With --without-lost the meet goes along without them.") from lost
        self.stdout.write(f"{meet.name} is in {options['file']}: {count} parts. Its log ends with {meet.log_head}.")

    def _progress(self, what: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{what}", ending="")
