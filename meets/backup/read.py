"""A meet's file into a site that has not got the meet. All of it is verified before anything is written."""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Field, FileField, Model

from meets.backup.shape import (
    FILES,
    FORMAT,
    MANIFEST,
    NAMED,
    ROW_NAMES,
    TABLES,
    VERSION,
    Damaged,
    Table,
    is_member,
    is_uuid,
    pointed_at,
    rows_name,
    value_in,
)
from meets.errors import Conflict
from meets.log import Fault, Link, chain_faults, link_of, log_append
from meets.models import Assessment, AttemptImage, LogKind, LogRecord, Meet, Membership, Role
from meets.models.image import photo_place

PORTION = 400
BYTES = 1 << 20
# A line of rows, of which the longest is a reading with its people and joints.
LINE_MAX = 4 << 20
MEMBERS_MAX = 3_000_000

Progress = Callable[[str], None]


@dataclass(slots=True)
class Imported:
    """What came in. accounts_made: names for which there was no account; accounts_met: names that had one here."""

    meet: Meet
    rows: int = 0
    photos: int = 0
    accounts_made: list[str] = field(default_factory=list)
    accounts_met: list[str] = field(default_factory=list)


def meet_read(path: Path, *, head: User | None = None, progress: Progress | None = None) -> Imported:
    """Brings the meet in, all or nothing. head: an account of this site that becomes a head of the meet.

    Raises Damaged for a file that is not whole or none of ours, Conflict for a meet that is here already or a newer
    format; then nothing is written.
    """
    tell = progress or (lambda what: None)
    try:
        zipped = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise Damaged("the file is no zip, or it was cut off") from error
    with zipped:
        source = _Source(zipped, path.stat().st_size)
        source.verify(tell)
        return _bring_in(source, head, tell)


# ── Verifying ────────────────────────────────────────────────────────────────────────────────────────────


class _Source:
    """The file, of which nothing is believed before ``verify``."""

    def __init__(self, zipped: zipfile.ZipFile, size: int) -> None:
        self.zipped = zipped
        infos = zipped.infolist()
        for info in infos:
            if not is_member(info.filename):
                raise Damaged(f"{info.filename[:80]!r} has no place in a meet's file")
            # Nothing is packed in ours, so nothing can swell.
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size or info.flag_bits & 1:
                raise Damaged(f"{info.filename} is packed, which a meet's file never is")
        if len(infos) > MEMBERS_MAX or sum(info.file_size for info in infos) > size:
            raise Damaged("the file promises more than it can hold")
        self.infos = {info.filename: info for info in infos}
        if len(self.infos) != len(infos):
            raise Damaged("a name stands twice in the file")
        if MANIFEST not in self.infos or not set(ROW_NAMES) <= set(self.infos):
            # An older or newer version has other tables; its number says which.
            self._version()
            raise Damaged("a part of the meet's file is missing")
        self.about = self._version()

    def _version(self) -> dict[str, Any]:
        if MANIFEST not in self.infos:
            raise Damaged("the file has no manifest")
        about = next(self.lines(MANIFEST), {})
        if about.get("format") != FORMAT or not isinstance(about.get("version"), int):
            raise Damaged("the file is no meet's")
        if about["version"] > VERSION:
            raise Conflict(
                "newer_format", f"The file is of format {about['version']}, which a newer version of this site reads."
            )
        return about

    def verify(self, tell: Progress) -> None:
        """Raises Damaged unless every member is as the manifest says, and the log whole."""
        told = self.lines(MANIFEST)
        next(told)
        seen = set()
        self.hashes: dict[str, str] = {}
        for line in told:
            name = line.get("name")
            if name not in self.infos or name in seen or name == MANIFEST:
                raise Damaged(f"{name!r:.80} is in the manifest and not in the file")
            seen.add(name)
            tell(f"verifying {name}")
            sha256, size = self._hash(name)
            if (sha256, size) != (line.get("sha256"), line.get("bytes")):
                raise Damaged(f"{name} is not as the manifest says")
            if name.endswith(("/original.jpg", "/original.png", "/original.webp")):
                self.hashes[name] = sha256
        if seen != set(self.infos) - {MANIFEST}:
            raise Damaged("the file holds more than its manifest")
        self._log_verify()

    def _hash(self, name: str) -> tuple[str, int]:
        found, size = hashlib.sha256(), 0
        with self.open(name) as member:
            while part := member.read(BYTES):
                found.update(part)
                size += len(part)
        return found.hexdigest(), size

    def _log_verify(self) -> None:
        table = next(table for table in TABLES if table.model is LogRecord)
        meet_id = _uuid(self.about.get("meet"))

        def links() -> Iterator[Link]:
            for row in self.rows(table):
                values = {
                    column.name: value_in(column, row.get(column.name))
                    for column in table.fields
                    if pointed_at(column) is None
                }
                yield link_of(LogRecord(meet_id=meet_id, **values))

        end = (self.about.get("log_count"), self.about.get("log_head"))
        faults: Iterator[Fault] = chain_faults(links(), end=end)  # type: ignore[arg-type]
        if fault := next(faults, None):
            raise Damaged(f"its log is not whole: {fault.what}")

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        try:
            with self.zipped.open(self.infos[name]) as member:
                yield member
        except (zipfile.BadZipFile, EOFError) as error:
            raise Damaged(f"{name} is damaged") from error

    def rows(self, table: Table) -> Iterator[dict[str, Any]]:
        return self.lines(rows_name(TABLES.index(table) + 1))

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        with self.open(name) as member:
            while line := member.readline(LINE_MAX + 1):
                if len(line) > LINE_MAX:
                    raise Damaged(f"{name} has a line that is too long")
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise Damaged(f"{name} has a line that is no JSON") from error
                if not isinstance(row, dict):
                    raise Damaged(f"{name} has a line that is no row")
                yield row


def _uuid(text: Any) -> UUID:
    try:
        return UUID(str(text))
    except ValueError as error:
        raise Damaged("the file names no meet") from error


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────


def _bring_in(source: _Source, head: User | None, tell: Progress) -> Imported:
    meet_id = _uuid(source.about.get("meet"))
    _not_here(meet_id)
    with tempfile.TemporaryFile("w+") as names:
        kept = _Kept(names)
        try:
            # The files before the transaction: a database that allows one writer must not wait for a disk.
            photos = kept.all(source, meet_id, tell)
            with transaction.atomic():
                _not_here(meet_id)
                done = _Rows(source, meet_id, kept, tell).all()
                done.photos = photos
                if head is not None:
                    _head_make(done.meet, head)
                connection.check_constraints()
            return done
        except BaseException as error:
            kept.drop()
            # A text that a database cannot hold is no account's name, nor anything else of ours.
            if isinstance(error, IntegrityError | DataError):
                raise Damaged("its rows do not fit together, or some are here already") from error
            raise


def _not_here(meet_id: UUID) -> None:
    if Meet.objects.filter(pk=meet_id).exists():
        raise Conflict("meet_exists", "This meet is here already. It is brought into a site that has not got it.")


class _Kept:
    """The photos' files as they were stored here, in the order of the file's rows: a line of names for each photo."""

    def __init__(self, names: IO[str]) -> None:
        self.names = names

    def all(self, source: _Source, meet_id: UUID, tell: Progress) -> int:
        table = next(table for table in TABLES if table.model is AttemptImage)
        count, used = 0, 0
        for row in source.rows(table):
            for which in FILES:
                member = str(row.get(which) or "")
                stored = ""
                if member:
                    if member.split("/")[1:2] != [str(row.get("id"))] or f"/{which}." not in member:
                        raise Damaged(f"photo {row.get('id')} names a file that is not its own")
                    tell(f"storing {member}")
                    stored = self._store(source, member, photo_place(meet_id, member))
                    used += 1
                self.names.write(json.dumps(stored) + "\n")
            if row.get("original") and source.hashes.get(str(row["original"])) != row.get("sha256"):
                raise Damaged(f"photo {row.get('id')} is not the one that its row tells of")
            count += 1
        if used != len(source.infos) - len(ROW_NAMES) - 1:
            raise Damaged("the file holds photos that no row names")
        return count

    def _store(self, source: _Source, member: str, place: str) -> str:
        if member not in source.infos:
            raise Damaged(f"{member} is missing")
        try:
            with source.open(member) as file:
                return str(default_storage.save(place, File(file, name=place)))
        except BaseException:
            # What a full disk has cut off half way; nobody else has this name.
            default_storage.delete(place)
            raise

    def read(self) -> Iterator[str]:
        self.names.seek(0)
        for line in self.names:
            yield json.loads(line)

    def drop(self) -> None:
        self.names.flush()
        for name in self.read():
            if name:
                default_storage.delete(name)


class _Rows:
    """Writes the rows, and knows under which key each that others point to stands here."""

    def __init__(self, source: _Source, meet_id: UUID, kept: _Kept, tell: Progress) -> None:
        self.source, self.meet_id, self.tell = source, meet_id, tell
        self.stored = kept.read()
        # What may be pointed to: rows of this file alone, never another meet's.
        self.known: dict[type[Model], set[UUID]] = {}
        self.named: dict[type[Model], dict[Any, Any]] = {model: {} for model in NAMED if model is not Assessment}
        self.done = Imported(Meet(pk=meet_id))

    def all(self) -> Imported:
        for number, table in enumerate(TABLES, start=1):
            self.tell(rows_name(number))
            rows = self.source.rows(table)
            while portion := [row for _, row in zip(range(PORTION), rows, strict=False)]:
                self._write(table, portion)
        self.done.meet = Meet.objects.get(pk=self.meet_id)
        if (self.done.meet.log_count, self.done.meet.log_head) != (
            self.source.about["log_count"],
            self.source.about["log_head"],
        ):
            raise Damaged("the meet's row and the manifest name different ends of the log")
        return self.done

    def _write(self, table: Table, portion: list[dict[str, Any]]) -> None:
        model, fields = table.model, table.fields
        self._uids_read(fields, portion)
        objects = [self._object(model, fields, row) for row in portion]
        # bulk_create fills in the moments that a new row would get; the file's own are put back after it.
        moments = [one for one in fields if getattr(one, "auto_now", False) or getattr(one, "auto_now_add", False)]
        own = [[getattr(one, moment.attname) for moment in moments] for one in objects]
        model._default_manager.bulk_create(objects, batch_size=PORTION)
        if moments:
            for one, values in zip(objects, own, strict=True):
                for moment, value in zip(moments, values, strict=True):
                    setattr(one, moment.attname, value)
            names = [moment.name for moment in moments]
            model._default_manager.bulk_update(objects, names, batch_size=100)
        if model in self.named:
            self.named[model] |= {getattr(one, NAMED[model]): one.pk for one in objects}
        elif is_uuid(model):
            self.known.setdefault(model, set()).update(one.pk for one in objects)
        self.done.rows += len(objects)

    def _object(self, model: type[Model], fields: "list[Field[Any, Any]]", row: Mapping[str, Any]) -> Any:
        if unknown := set(row) - {one.name for one in fields}:
            raise Damaged(f"{model.__name__} has columns that are not known here: {', '.join(sorted(unknown))[:80]}")
        values = {}
        for one in fields:
            if isinstance(one, FileField):
                values[one.attname] = next(self.stored, "")
            elif one.name not in row:
                values[one.attname] = _later(one)
            elif (target := pointed_at(one)) is not None:
                values[one.attname] = self._pointed(one, target, row[one.name])
            else:
                values[one.attname] = value_in(one, row[one.name])
        if model is Meet and values["id"] != self.meet_id:
            raise Damaged("the file holds another meet than its manifest names")
        return model(**values)

    def _pointed(self, one: "Field[Any, Any]", target: type[Model], name: Any) -> Any:
        """The key here of the row that the file names. Raises Damaged for a row that is not in the file."""
        if name is None and one.null:
            return None
        if target is User:
            return self._user(str(name))
        if target in self.named or target is Assessment:
            if target is Assessment:
                found = self.uids.get(str(name))
            else:
                found = self.named[target].get(name) if isinstance(name, str | int) else None
            if found is None:
                raise Damaged(
                    f"{one.model.__name__} points to {target.__name__} {name!r:.60}, which is not in the file"
                )
            return found
        key = _uuid(name)
        if key not in self.known.get(target, ()):
            raise Damaged(f"{one.model.__name__} points to {target.__name__} {key}, which the file has not")
        return key

    def _uids_read(self, fields: "list[Field[Any, Any]]", portion: list[dict[str, Any]]) -> None:
        """The readings that these rows point to, by their names: there are too many to keep all in mind."""
        columns = [one.name for one in fields if pointed_at(one) is Assessment]
        names = {str(row.get(column)) for row in portion for column in columns}
        rows = Assessment.objects.filter(
            uid__in=[_uuid(name) for name in names], image__attempt__entry__meet=self.meet_id
        )
        self.uids = {str(uid): pk for uid, pk in rows.values_list("uid", "pk")} if names else {}

    def _user(self, name: str) -> int:
        """The account of this name; one that is switched off and has no password where there is none."""
        users = self.named[User]
        if name not in users:
            user = User.objects.filter(username=name).first()
            if user is None:
                user = _account_make(name)
                self.done.accounts_made.append(name)
            else:
                self.done.accounts_met.append(name)
            users[name] = user.pk
        return int(users[name])


def _later(one: "Field[Any, Any]") -> Any:
    """For a column that came up after the file was written: what a new row gets. Raises Damaged for one that was there
    from the first, as no row can be without it."""
    if one.unique or one.is_relation or not (one.has_default() or one.null or one.blank):
        raise Damaged(f"{one.model.__name__}.{one.name} is missing")
    return one.get_default()


def _account_make(name: str) -> User:
    """Nobody signs in with it until whoever runs the site switches it on."""
    user = User(username=name, is_active=False)
    user.set_unusable_password()
    try:
        user.full_clean()
    except ValidationError as error:
        raise Damaged(f"{name!r:.60} is no user name") from error
    user.save()
    return user


def _head_make(meet: Meet, head: User) -> None:
    """Also in a closed meet: somebody must be able to open it."""
    member = Membership.objects.filter(meet=meet, user=head).first() or Membership(meet=meet, user=head)
    was = {"role": member.role, "seat": member.seat} if member.pk else None
    member.role, member.seat = Role.HEAD, ""
    member.full_clean()
    member.save()
    body = {"user": head.get_username(), "role": member.role, "seat": "", "was": was}
    log_append(meet.pk, LogKind.SEAT, body)
    meet.refresh_from_db()
