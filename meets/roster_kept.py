"""A file of registrations or results between its preview and its import: kept on our side, so that what was looked at
is what is taken in. Under a random name that is told to nobody, for an hour, in a folder of its meet.

Names and birth dates stand in it, so what nobody came back for goes, and the meet's log tells of it, by its hash. A
file that was taken in, or chosen anew by the same person, goes with that act.
"""

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from typing import Final
from uuid import UUID

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from meets.log import log_append
from meets.models import LogKind, Meet

FOLDER: Final = "rosters"
KEPT: Final = dt.timedelta(hours=1)
# Why a file was deleted, as the log says it.
UNUSED: Final = "unused"


def roster_keep(meet_id: UUID, data: bytes) -> str:
    """Keeps the bytes and returns their name. Files that nobody came back for go at the same time."""
    rosters_sweep()
    return default_storage.save(f"{FOLDER}/{meet_id}/{secrets.token_hex(16)}", ContentFile(data))


def roster_kept(name: str) -> bytes | None:
    """The bytes of that name; None where they are gone or too old."""
    try:
        # Read first: a store may have a word of its own for the age of what is not there.
        data = _read(name)
        return None if _is_old(name) else data
    except OSError:
        return None


def roster_drop(name: str) -> None:
    with suppress(OSError):
        default_storage.delete(name)


def rosters_sweep() -> int:
    """Deletes what was kept for longer than an hour. Returns how many files that were."""
    folders, loose = _listed(FOLDER)
    # As files were kept before each meet had its folder: nothing tells whose they are.
    count = len(_deleted(name for name in loose if _is_gone_or_old(name)))
    for folder in folders:
        hashes = _deleted(name for name in _listed(folder)[1] if _is_gone_or_old(name))
        _tell(_meet_of(folder), hashes, UNUSED)
        count += len(hashes)
    return count


def rosters_purge(meet_id: UUID, why: str, user: User | None = None) -> int:
    """Deletes all files that are kept for the meet, however young. Returns how many that were."""
    hashes = _deleted(_listed(f"{FOLDER}/{meet_id}")[1])
    _tell(meet_id, hashes, why, user)
    return len(hashes)


def rosters_count(meet_id: UUID) -> int:
    """How many files are kept for the meet."""
    return len(_listed(f"{FOLDER}/{meet_id}")[1])


def _listed(folder: str) -> tuple[list[str], list[str]]:
    """The folders and the files in this one, by their whole names; none where there is no such folder."""
    try:
        folders, names = default_storage.listdir(folder)
    except OSError:
        return [], []
    return [f"{folder}/{name}" for name in folders], [f"{folder}/{name}" for name in names if name]


def _deleted(names: Iterable[str]) -> list[str]:
    """Deletes the files. Returns the hashes of those that were there."""
    hashes = []
    for name in names:
        with suppress(OSError):
            sha256 = hashlib.sha256(_read(name)).hexdigest()
            default_storage.delete(name)
            hashes.append(sha256)
    return hashes


def _tell(meet_id: UUID | None, hashes: list[str], why: str, user: User | None = None) -> None:
    """A record of the meet, as of its photos; none of one that is not there any more. It comes after the files: a try
    that is cut off leaves a file untold rather than one that is told as gone and is there."""
    if hashes and meet_id is not None and Meet.objects.filter(pk=meet_id).exists():
        body = {"why": why, "files": [{"sha256": sha256} for sha256 in sorted(hashes)]}
        with transaction.atomic():
            log_append(meet_id, LogKind.PURGED, body, user=user)


def _meet_of(folder: str) -> UUID | None:
    try:
        return UUID(folder.rpartition("/")[2])
    except ValueError:
        return None


def _read(name: str) -> bytes:
    with default_storage.open(name) as file:
        return bytes(file.read())


def _is_gone_or_old(name: str) -> bool:
    try:
        return _is_old(name)
    except OSError:
        return True


def _is_old(name: str) -> bool:
    return default_storage.get_modified_time(name) < timezone.now() - KEPT
