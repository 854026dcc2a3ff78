"""A file of registrations between its preview and its import: kept on our side, so that what was looked at is what is
taken in. Under a random name that is told to nobody, for an hour."""

import datetime as dt
import secrets
from contextlib import suppress
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

FOLDER: Final = "rosters"
KEPT: Final = dt.timedelta(hours=1)


def roster_keep(data: bytes) -> str:
    """Keeps the bytes and returns their name. Files that nobody came back for go at the same time."""
    rosters_sweep()
    return default_storage.save(f"{FOLDER}/{secrets.token_hex(16)}", ContentFile(data))


def roster_kept(name: str) -> bytes | None:
    """The bytes of that name; None where they are gone or too old."""
    try:
        if _is_old(name):
            return None
        with default_storage.open(name) as file:
            return bytes(file.read())
    except OSError:
        return None


def roster_drop(name: str) -> None:
    with suppress(OSError):
        default_storage.delete(name)


def rosters_sweep() -> None:
    """Deletes what was kept for longer than an hour."""
    try:
        _, names = default_storage.listdir(FOLDER)
    except OSError:
        return
    for name in names:
        with suppress(OSError):
            if _is_old(f"{FOLDER}/{name}"):
                default_storage.delete(f"{FOLDER}/{name}")


def _is_old(name: str) -> bool:
    return default_storage.get_modified_time(name) < timezone.now() - KEPT
