"""``manage.py assess PHOTO…``: the whole line on photos from disk, without a database."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from inference.errors import LineError
from inference.images import Limits
from inference.overlay import overlay_jpeg
from inference.pipeline import Pipeline
from inference.report import report
from judging.pose import Lift, Phase, View
from judging.rulebook import rulebook_ids
from meets.tasks import engine_options


class Command(BaseCommand):
    help = "Assesses photos without a database: one JSON object a line per photo, or a table for people."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
        parser.add_argument("--lift", choices=[lift.value for lift in Lift], help="the attempt's lift, if known")
        parser.add_argument("--phase", choices=[phase.value for phase in Phase], help="the photo's moment, if known")
        parser.add_argument("--view", choices=[view.value for view in View], help="the camera's place, if known")
        parser.add_argument("--rulebook", choices=rulebook_ids(), default=settings.DEFAULT_RULEBOOK)
        parser.add_argument("--json", action="store_true", help="JSON alone, without the progress on standard error")
        parser.add_argument("--overlay", type=Path, metavar="DIR", help="also draw what was seen into DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        missing = [str(path) for path in options["photos"] if not path.is_file()]
        if missing:
            raise CommandError(f"There is no photo at {', '.join(missing)}.")
        if options["overlay"]:
            options["overlay"].mkdir(parents=True, exist_ok=True)
        limits = Limits(settings.PHOTO_MAX_BYTES, settings.PHOTO_MAX_PIXELS)
        pipeline = Pipeline(settings.ENGINE, options=engine_options(), limits=limits)
        failed = 0
        for number, path in enumerate(options["photos"], start=1):
            line = self._line(pipeline, path, options)
            failed += "problem" in line
            self.stdout.write(json.dumps(line))
            if not options["json"] and sys.stderr.isatty():
                self.stderr.write(f"{number} of {len(options['photos'])} · {path.name}")
        if failed:
            raise CommandError(f"{failed} of {len(options['photos'])} photos could not be read; each says why.")

    def _line(self, pipeline: Pipeline, path: Path, options: dict[str, Any]) -> dict[str, Any]:
        data = path.read_bytes()
        try:
            assessment = pipeline.assess(
                data,
                lift=Lift(options["lift"]) if options["lift"] else None,
                phase=Phase(options["phase"]) if options["phase"] else None,
                view=View(options["view"]) if options["view"] else None,
                rulebook=options["rulebook"],
            )
        except LineError as error:
            return {"photo": str(path), "problem": error.reason}
        if options["overlay"]:
            (options["overlay"] / f"{path.stem}.jpg").write_bytes(overlay_jpeg(data, assessment))
        return {"photo": str(path), **report(assessment)}
