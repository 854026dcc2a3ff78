"""A meet's rows and photos into one file: the same meet gives the same bytes, on every site."""

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db.models import FileField, QuerySet

from meets.backup.shape import (
    FILES,
    FORMAT,
    MANIFEST,
    NAMED,
    TABLES,
    VERSION,
    Table,
    is_uuid,
    line_of,
    photo_name,
    pointed_at,
    rows_name,
    value_out,
)
from meets.models import AttemptImage, Meet
from meets.snapshot import snapshot
from meets.verify import file_hash

Progress = Callable[[str], None]
# Rows of one question; and bytes of a file at a time.
PORTION = 500
BYTES = 1 << 20


class Lost(Exception):  # noqa: N818  an answer to whoever asked for the file
    """Files of photos that are gone, or are not those that came in. ``files``: which, of which photo."""

    def __init__(self, files: list[str]) -> None:
        super().__init__(f"{len(files)} files of photos are gone or not as they came in")
        self.files = files


def meet_write(meet: Meet, path: Path, *, without_lost: bool = False, progress: Progress | None = None) -> int:
    """Writes the meet to a file that is not there yet. Returns how many members it has.

    without_lost: photos whose files are lost go along without them. Raises Lost, FileExistsError; then there is no
    file. It grows under another name beside its place.
    """
    if path.exists():
        raise FileExistsError(path)
    part = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED, allowZip64=True) as out, snapshot():
            writing = _Writing(out, Meet.objects.get(pk=meet.pk), progress or (lambda what: None))
            count = writing.all(without_lost=without_lost)
        if path.exists():
            raise FileExistsError(path)
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    return count


class _Writing:
    def __init__(self, out: zipfile.ZipFile, meet: Meet, progress: Progress) -> None:
        self.out, self.meet, self.progress = out, meet, progress
        self.members: list[tuple[str, str, int]] = []
        # Names of members that are not there to be written.
        self.lost: set[str] = set()

    def all(self, *, without_lost: bool) -> int:
        # Photos first: their rows say which of them are in the file.
        self._photos()
        if self.lost and not without_lost:
            raise Lost(sorted(self.lost))
        for number, table in enumerate(TABLES, start=1):
            self.progress(rows_name(number))
            self._member(rows_name(number), map(line_of, _rows(table, self.meet, self.lost)))
        head = {
            "format": FORMAT,
            "version": VERSION,
            "meet": str(self.meet.pk),
            "log_count": self.meet.log_count,
            "log_head": self.meet.log_head,
        }
        told = [{"name": name, "sha256": sha256, "bytes": size} for name, sha256, size in sorted(self.members)]
        self._member(MANIFEST, map(line_of, [head, *told]))
        return len(self.members)

    def _photos(self) -> None:
        images = AttemptImage.objects.filter(attempt__entry__meet=self.meet, purged_at=None).order_by("pk")
        for image in images.iterator(chunk_size=PORTION):
            self.progress(f"photo {image.pk}")
            for which in FILES:
                self._photo(image, which)

    def _photo(self, image: AttemptImage, which: str) -> None:
        stored = getattr(image, which)
        name = photo_name(image.pk, which, str(stored.name))
        # Read once more than is needed: what is in the file is what came in.
        if which == "original" and file_hash(stored.storage, str(stored.name)) != image.sha256:
            self.lost.add(name)
            return
        try:
            if not stored:
                raise FileNotFoundError(name)
            with stored.storage.open(str(stored.name), "rb") as file:
                self._member(name, file.chunks(BYTES))
        except FileNotFoundError:
            self.lost.add(name)

    def _member(self, name: str, parts: Iterable[bytes]) -> None:
        """Writes one member, and notes its hash."""
        info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
        info.create_system, info.external_attr = 3, 0o600 << 16
        found, size = hashlib.sha256(), 0
        with self.out.open(info, "w", force_zip64=True) as member:
            for part in parts:
                found.update(part)
                size += len(part)
                member.write(part)
        self.members.append((name, found.hexdigest(), size))


def _rows(table: Table, meet: Meet, lost: set[str]) -> Iterator[dict[str, Any]]:
    """The table's rows of this meet, each as it stands in the file. In the order of keys: where these are numbers of
    one site, that is the order in which the rows were made, and on the next site too."""
    fields = table.fields
    columns = [_column(field) for field in fields]
    rows: QuerySet[Any] = table.model._default_manager.filter(**{table.to_meet: meet.pk}).order_by("pk")
    for values in rows.values_list("pk", *columns).iterator(chunk_size=PORTION):
        row = {field.name: value_out(field, value) for field, value in zip(fields, values[1:], strict=True)}
        for field in fields:
            if isinstance(field, FileField):
                name = photo_name(values[0], field.name, row[field.name]) if row[field.name] else ""
                row[field.name] = "" if name in lost else name
        yield row


def _column(field: Any) -> str:
    """What stands for the row that a column points to."""
    model = pointed_at(field)
    if model is None:
        return str(field.name)
    return f"{field.name}__{NAMED[model]}" if model in NAMED or not is_uuid(model) else str(field.attname)
