"""python manage.py log_verify: are the sealed logs whole, and is every meet as its log says? (docs/log.md)"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from meets.log import Fault, lines_faults
from meets.models import Meet
from meets.snapshot import snapshot
from meets.verify import meet_faults

_HASH = re.compile(r"[0-9a-f]{64}")


class Command(BaseCommand):
    help = "Verifies the sealed log of every meet, and that the rows are as their records say. Ends with 1 on a fault."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--meet", help="id of one meet alone")
        parser.add_argument("--head", default="", help="the log's last hash as somebody noted it outside")
        parser.add_argument("--file", type=Path, help="verifies an exported log, without the database")
        parser.add_argument("--json", action="store_true", help="one JSON object a line for each log")

    def handle(self, *args: Any, **options: Any) -> None:
        head = options["head"].strip().lower()
        if head and not _HASH.fullmatch(head):
            raise CommandError("--head takes the 64 hex digits of a record's hash.")
        if options["file"]:
            whole = self._file(options["file"], head, as_json=options["json"])
        elif head and not options["meet"]:
            raise CommandError("A hash is one meet's: name it with --meet.")
        else:
            found = [self._meet(meet, head, as_json=options["json"]) for meet in _meets(options["meet"])]
            whole = all(found)
        if not whole:
            raise SystemExit(1)

    def _file(self, path: Path, head: str, *, as_json: bool) -> bool:
        try:
            with path.open(encoding="utf-8") as lines:
                faults = list(lines_faults(lines, head=head))
        except OSError as error:
            raise CommandError(f"{path} cannot be read.") from error
        except ValueError:
            faults = [Fault(0, "the file is not a log as it is exported: JSON Lines with one record in each")]
        whole = self._say({"file": str(path)}, path.name, iter(faults), as_json=as_json)
        if whole and not head and not as_json:
            self.stdout.write("Whether it was cut off at its end is told by --head alone.")
        return whole

    def _meet(self, meet_id: Any, head: str, *, as_json: bool) -> bool:
        # All of the same moment: a meet may be running.
        with snapshot():
            meet = Meet.objects.get(pk=meet_id)
            facts = {"meet": str(meet.pk), "name": meet.name, "records": meet.log_count, "head": meet.log_head}
            what = f"{meet.name} ({meet.pk}): {meet.log_count} records, the last {meet.log_head or 'none'}"
            return self._say(facts, what, meet_faults(meet, head=head, progress=self._progress), as_json=as_json)

    def _say(self, facts: dict[str, Any], what: str, faults: Iterator[Fault], *, as_json: bool) -> bool:
        if as_json:
            found = [{"seq": fault.seq, "what": fault.what} for fault in faults]
            self.stdout.write(json.dumps({**facts, "faults": found}, ensure_ascii=False))
            return not found
        count = 0
        for fault in faults:
            count += 1
            self.stdout.write(f"  {fault.what}")
        self.stdout.write(f"{what}: {f'{count} faults' if count > 1 else '1 fault' if count else 'whole'}.")
        return not count

    def _progress(self, count: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{count} records", ending="")


def _meets(meet_id: str | None) -> list[Any]:
    rows = Meet.objects.order_by("starts_on", "pk").values_list("pk", flat=True)
    if meet_id is None:
        return list(rows)
    try:
        found = list(rows.filter(pk=meet_id))
    except ValidationError:
        found = []
    if not found:
        raise CommandError(f"There is no meet {meet_id}.")
    return found
