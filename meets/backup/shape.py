"""What lies in the file of a meet: which rows, in which order, each named by what is the same on every site.

The file is a zip whose members are stored as they are, so that the same meet gives the same bytes with every version of
the compressor:

    rows/01-meet.jsonl …      one row a line, canonical JSON
    photos/<id>/original.jpg  and display.jpg, thumb.jpg, of each photo that still has them
    manifest.jsonl            what the file is, then each other member with its SHA-256 and size
"""

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import CharField, Field, FileField, ForeignKey, JSONField, Model
from django.utils.dateparse import parse_datetime

from meets.log import canonical, time_text
from meets.models import (
    Assessment,
    Attempt,
    AttemptImage,
    Camera,
    Card,
    Category,
    Delivery,
    Entry,
    Finding,
    JuryCase,
    JuryVote,
    Lifter,
    Light,
    LogRecord,
    Meet,
    Membership,
    PhotoMove,
    Platform,
    Reading,
    Seating,
    SecondCall,
    Session,
    Shown,
    TokenNote,
    UploadKey,
    Vote,
    Webhook,
    WorkerBeat,
)

FORMAT = "white-lights-meet"
# Goes up with every change that an older version would read wrongly.
VERSION = 1
MANIFEST = "manifest.jsonl"


class Damaged(ValueError):  # noqa: N818  an answer to whoever brought the file
    """The file is none, or not whole. The text says what is wrong, for a person."""


@dataclass(frozen=True, slots=True)
class Table:
    """A model's rows in the file. to_meet: the way from a row to its meet."""

    model: type[Model]
    to_meet: str

    @property
    def fields(self) -> "list[Field[Any, Any]]":
        """The columns that go along: not a number that counts rows of one site."""
        return [field for field in self.model._meta.concrete_fields if not field.primary_key or is_uuid(self.model)]


def is_uuid(model: type[Model]) -> bool:
    return model._meta.pk.get_internal_type() == "UUIDField"


# In the order in which they are written into another site: what a row points to comes before it.
TABLES = (
    Table(Meet, "pk"),
    Table(Membership, "meet"),
    Table(Platform, "meet"),
    Table(Session, "meet"),
    Table(Seating, "session__meet"),
    Table(Camera, "meet"),
    Table(Lifter, "meet"),
    Table(Entry, "meet"),
    Table(Category, "entry__meet"),
    Table(Attempt, "entry__meet"),
    Table(Light, "attempt__entry__meet"),
    Table(Card, "attempt__entry__meet"),
    Table(SecondCall, "attempt__entry__meet"),
    Table(JuryCase, "attempt__entry__meet"),
    Table(JuryVote, "case__attempt__entry__meet"),
    Table(AttemptImage, "attempt__entry__meet"),
    Table(PhotoMove, "image__attempt__entry__meet"),
    Table(Reading, "image__attempt__entry__meet"),
    Table(Assessment, "image__attempt__entry__meet"),
    Table(Finding, "assessment__image__attempt__entry__meet"),
    Table(Vote, "assessment__image__attempt__entry__meet"),
    Table(LogRecord, "meet"),
    Table(Shown, "assessment__image__attempt__entry__meet"),
)
# What stays behind, and why.
LEFT_OUT: dict[type[Model], str] = {
    Webhook: "its secret would lie in the file, and two sites would tell one system of the same meet",
    Delivery: "it belongs to a webhook",
    TokenNote: "a token is good for one site",
    UploadKey: "it is a client's word to one site; the same bytes at the same attempt are one photo there too",
    WorkerBeat: "it is of one site's workers",
}
# The name of a row by which others point to it, where its key is a number of one site.
NAMED: dict[type[Model], str] = {
    User: "username",
    Platform: "name",
    Session: "number",
    Camera: "name",
    Assessment: "uid",
}
FILES = ("original", "display", "thumb")
_PHOTO = re.compile(r"photos/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/(original|display|thumb)\.(jpg|png|webp)")


def rows_name(number: int) -> str:
    return f"rows/{number:02d}-{TABLES[number - 1].model._meta.model_name}.jsonl"


ROW_NAMES = tuple(rows_name(number) for number in range(1, len(TABLES) + 1))


def is_member(name: str) -> bool:
    """May a member of this name be in the file?"""
    return name in ROW_NAMES or name == MANIFEST or _PHOTO.fullmatch(name) is not None


def photo_name(image_id: UUID | str, which: str, stored: str) -> str:
    """The member that holds a photo's file, which is stored under another name on every site."""
    return f"photos/{image_id}/{which}.{stored.rpartition('.')[2]}"


# ── Values ───────────────────────────────────────────────────────────────────────────────────────────────


def value_out(field: "Field[Any, Any]", value: Any) -> Any:
    """A column's value as it stands in the file."""
    if isinstance(field, JSONField):
        return _no_minus_zero(value)
    if isinstance(value, dt.datetime):
        return time_text(value)
    if isinstance(value, UUID | Decimal | dt.date):
        return str(value)
    return value


def _no_minus_zero(value: Any) -> Any:
    """PostgreSQL's JSON knows no minus zero, and SQLite's text does: the file must not tell where it was made."""
    if isinstance(value, float):
        return value + 0.0
    if isinstance(value, list):
        return [_no_minus_zero(one) for one in value]
    if isinstance(value, dict):
        return {name: _no_minus_zero(one) for name, one in value.items()}
    return value


def value_in(field: "Field[Any, Any]", value: Any) -> Any:
    """The column's value out of the file's. Raises Damaged for what the column cannot hold."""
    try:
        read = _read(field, value)
    except (ValidationError, ValueError, TypeError) as error:
        raise Damaged(f"{field.model.__name__}.{field.name} cannot be {value!r:.60}") from error
    if read is None and not field.null:
        raise Damaged(f"{field.model.__name__}.{field.name} is missing")
    limit = field.max_length if isinstance(field, CharField | FileField) else None
    if limit is not None and len(str(read)) > limit:
        raise Damaged(f"{field.model.__name__}.{field.name} is longer than {limit} characters")
    return read


def _read(field: "Field[Any, Any]", value: Any) -> Any:
    if isinstance(field, JSONField) or value is None:
        return value
    if field.get_internal_type() == "DateTimeField":
        found = parse_datetime(value)
        if found is None or found.tzinfo is None:
            raise ValueError(value)
        return found
    return field.to_python(value)


def line_of(row: dict[str, Any]) -> bytes:
    return (canonical(row) + "\n").encode()


def pointed_at(field: "Field[Any, Any]") -> type[Model] | None:
    """The model that a column points to."""
    return field.related_model if isinstance(field, ForeignKey) else None
