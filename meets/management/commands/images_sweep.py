"""python manage.py images_sweep: what the workers do every few seconds, once and by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from meets import intake


class Command(BaseCommand):
    help = "Frees photos whose worker is gone and sends waiting ones to the queue again."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{intake.images_sweep()} photos sent to the queue.")
