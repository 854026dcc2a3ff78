"""python manage.py worker: works on the photos that wait for its kind of engine until Ctrl-C."""

import os
import uuid
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from inference.classify.agreement import picture_look
from inference.engines import engine_check
from inference.errors import LineError
from meets.queues import assess_queue, sweep_queue
from meets.tasks import engine_options


class Command(BaseCommand):
    help = "Works on queued photos until Ctrl-C. Start one per computing device."

    def handle(self, *args: Any, **given: Any) -> None:
        try:
            options = engine_options()
            engine_check(settings.ENGINE, options)
            if options.picture_model is not None:
                picture_look(options.picture_model)
        except (LineError, ValueError) as error:
            raise CommandError(str(error)) from error
        where = "Redis" if settings.REDIS_URL else f"files under {settings.VAR_DIR}"
        self.stdout.write(f"Worker with engine {settings.ENGINE}, queue in {where}. Ctrl-C ends it.")
        self.stdout.flush()
        current_app.worker_main(
            [
                "worker",
                "--pool=prefork",
                # One child: the engine uses the whole device, and the sweep counts on one batch at a time.
                "--concurrency=1",
                f"--queues={assess_queue(settings.ENGINE)},{sweep_queue(settings.ENGINE)}",
                # A new name per start: a worker that died must not look alive because another took its name, and in
                # containers on one host every worker is process 1.
                f"--hostname=worker-{os.getpid()}-{uuid.uuid4().hex[:8]}@%h",
                "--without-gossip",
                "--without-mingle",
                "--without-heartbeat",
                "--loglevel=INFO",
            ]
        )
