"""A disk that hangs while a file named ``hold`` lies beside the photos: the way to stop a worker in mid-photo."""

import time
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class HangingStorage(FileSystemStorage):
    def _open(self, name: str, mode: str = "rb") -> File:
        hold = Path(self.location).parent / "hold"
        while hold.exists():
            time.sleep(0.01)
        return super()._open(name, mode)
