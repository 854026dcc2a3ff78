"""python manage.py photos_purge: deletes the photos of meets that have kept them as long as they were to."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from meets import retention
from meets.models import Meet


class Command(BaseCommand):
    help = "Deletes the photos of meets whose days for keeping them ran out. Findings, decisions and the log stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--meet", help="id of one meet alone")
        parser.add_argument("--now", action="store_true", help="with --meet: before its days ran out, too")
        parser.add_argument("--dry-run", action="store_true", help="says what would be deleted, and deletes nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["now"] and not options["meet"]:
            raise CommandError("--now deletes one meet's photos: name it with --meet.")
        for meet in _meets(options["meet"], now=options["now"]):
            if options["dry_run"]:
                self.stdout.write(f"{meet.name} ({meet.pk}): {retention.photos_kept(meet).count()} photos would go.")
            else:
                self.stdout.write(f"{meet.name} ({meet.pk}): {retention.photos_purge(meet=meet)} photos deleted.")


def _meets(meet_id: str | None, *, now: bool) -> list[Meet]:
    today = timezone.localdate()
    if meet_id is None:
        return retention.meets_due(today)
    try:
        meet = Meet.objects.get(pk=meet_id)
    except (Meet.DoesNotExist, ValidationError) as error:
        raise CommandError(f"There is no meet {meet_id}.") from error
    if not now and not retention.photos_due(meet, today):
        raise CommandError(f"{meet.name} still keeps its photos. With --now they are deleted all the same.")
    return [meet]
