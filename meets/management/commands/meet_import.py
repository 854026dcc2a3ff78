"""python manage.py meet_import FILE.zip: brings in a meet that meet_export wrote (docs/backup.md)."""

from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from meets.backup.read import meet_read
from meets.backup.shape import Damaged
from meets.errors import Refusal


class Command(BaseCommand):
    help = "Brings in a meet from a file of meet_export. Verified before anything is written; all or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--head", metavar="USER", help="an account of this site that becomes a head of the meet")

    def handle(self, *args: Any, **options: Any) -> None:
        head = None
        if options["head"]:
            head = User.objects.filter(username=options["head"], is_active=True).first()
            if head is None:
                raise CommandError(f"There is no active user {options['head']!r}. Make one with user_create.")
        try:
            done = meet_read(options["file"], head=head, progress=self._progress)
        except Damaged as error:
            raise CommandError(f"{options['file']} is not brought in: {error}.") from error
        except Refusal as refusal:
            raise CommandError(refusal.detail) from refusal
        except OSError as error:
            raise CommandError(f"{options['file']} is not brought in: {error}.") from error
        self.stdout.write(f"{done.meet.name} ({done.meet.pk}): {done.rows} rows, {done.photos} photos.")
        if done.accounts_made:
            self.stdout.write(f"Accounts made, switched off and without a password: {', '.join(done.accounts_made)}.")
        if done.accounts_met:
            self.stdout.write(f"Accounts that were here by the same name: {', '.join(done.accounts_met)}.")

    def _progress(self, what: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{what}", ending="")
