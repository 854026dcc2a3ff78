"""python manage.py photos_purge: deletes the photos of meets that have kept them as long as they were to, and files of
registrations that nobody came back for."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from meets import retention
from meets.models import Meet
from meets.roster_kept import rosters_count, rosters_sweep


class Command(BaseCommand):
    help = "Deletes the photos of meets whose days for keeping them ran out. Findings, decisions and the log stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--meet", help="id of one meet alone")
        parser.add_argument("--now", action="store_true", help="with --meet: before its days ran out, too")
        parser.add_argument("--dry-run", action="store_true", help="says what would be deleted, and deletes nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["now"] and not options["meet"]:
            raise CommandError("--now deletes one meet's photos: name it with --meet.")
        # Before it is asked which meets have any.
        if not options["dry_run"] and (count := rosters_sweep()):
            self.stdout.write(f"{count} lists of lifters deleted that were chosen and not taken in.")
        for meet in _meets(options["meet"], now=options["now"]):
            lists = f" and {count} lists of lifters" if (count := rosters_count(meet.pk)) else ""
            if options["dry_run"]:
                photos, became = retention.photos_kept(meet).count(), "would go"
            else:
                photos, became = retention.photos_purge(meet=meet), "deleted"
            self.stdout.write(f"{meet.name} ({meet.pk}): {photos} photos{lists} {became}.")


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
