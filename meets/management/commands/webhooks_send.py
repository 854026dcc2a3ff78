"""python manage.py webhooks_send: tells webhooks what is due, once or until Ctrl-C."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from meets import sender


class Command(BaseCommand):
    help = "Sends what is due to the meets' webhooks. With --forever until Ctrl-C: run one beside the site."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--forever", action="store_true", help="go on until stopped")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["forever"]:
            self.stdout.write(f"{sender.deliveries_send()} tries made.")
            return
        over = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: over.set())
        self.stdout.write("Sending to webhooks. Ctrl-C ends it.")
        self.stdout.flush()
        sender.deliveries_send_forever(over)
