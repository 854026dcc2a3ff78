"""A whole meet as one file: out, in again, and out once more the same; and what is refused."""

import hashlib
import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from meets import retention
from meets.backup import read, shape
from meets.models import (
    Assessment,
    AttemptImage,
    LogRecord,
    Meet,
    Membership,
    Reading,
    UploadKey,
    Webhook,
)
from tests import factories as make
from tests.conftest import files_under
from tests.meets.lent import lending
from tests.meets.test_log_verify import unsealed, verify
from tests.meets.whole import Whole, whole_make


def whole_and_more() -> Whole:
    """With a photo that is gone, one that was never read, a webhook with something to tell."""
    found = whole_make()
    Webhook.objects.create(meet=found.meet, url="https://192.0.2.1/", created_by=found.head)
    spare = make.attempt_make(entry=found.attempt.entry, lift="squat", number=3, declared_kg="120")
    image = make.image_make(spare, user=found.head)
    retention._purge(found.meet.pk, AttemptImage.objects.filter(pk=image.pk), "lifter", found.head)
    found.meet.refresh_from_db()
    return found


built, whole = lending(whole_and_more)


def export(meet: Meet, path: Path, *more: str) -> Path:
    call_command("meet_export", str(meet.pk), str(path), *more, stdout=io.StringIO())
    return path


def bring_in(path: Path, *more: str) -> str:
    out = io.StringIO()
    call_command("meet_import", str(path), *more, stdout=out)
    return out.getvalue()


def forget(meet: Meet) -> None:
    """As a site that never had the meet, and that has one of its own with rows of everything."""
    for table in reversed(shape.TABLES):
        rows = table.model._default_manager.filter(**{table.to_meet: meet.pk})
        if table.model is Meet:
            Webhook.objects.filter(meet=meet).delete()
        if table.model is AttemptImage:
            for image in rows:
                for file in (image.original, image.display, image.thumb):
                    if file:
                        default_storage.delete(file.name)
            UploadKey.objects.filter(image__in=rows).delete()
        if table.model is LogRecord:
            with unsealed():
                rows._raw_delete(rows.db)
        else:
            rows._raw_delete(rows.db)


@pytest.fixture
def taken(whole: Whole, tmp_path: Path) -> Path:
    """The meet's file, with the meet gone from here and another one in its place."""
    path = export(whole.meet, tmp_path / "meet.zip")
    forget(whole.meet)
    connection.check_constraints()
    User.objects.exclude(username="head").delete()
    return path


def state() -> tuple[Any, ...]:
    """All that a refused file must leave as it was."""
    tables = [*(table.model for table in shape.TABLES), User]
    return tuple(list(model._default_manager.order_by("pk").values()) for model in tables)


# ── There and back ───────────────────────────────────────────────────────────────────────────────────────


def test_every_model_goes_along_or_is_said_to_stay() -> None:
    models = set(apps.get_app_config("meets").get_models())
    assert models == {table.model for table in shape.TABLES} | set(shape.LEFT_OUT)
    assert len(models) == len(shape.TABLES) + len(shape.LEFT_OUT)


def test_what_a_row_points_to_comes_before_it() -> None:
    seen = {User}
    for table in shape.TABLES:
        seen.add(table.model)
        for field in table.fields:
            target = shape.pointed_at(field)
            assert target is None or target in seen
            assert target is None or target in shape.NAMED or shape.is_uuid(target)


def test_the_same_meet_is_the_same_file(whole: Whole, tmp_path: Path) -> None:
    first, second = (export(whole.meet, tmp_path / name) for name in ("a.zip", "b.zip"))
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as zipped:
        assert zipped.testzip() is None
        assert set(shape.ROW_NAMES) < set(zipped.namelist())
        head, *members = (json.loads(line) for line in zipped.read(shape.MANIFEST).splitlines())
        assert head == {
            "format": "white-lights-meet",
            "version": 1,
            "meet": str(whole.meet.pk),
            "log_count": whole.meet.log_count,
            "log_head": whole.meet.log_head,
        }
        assert [row["name"] for row in members] == sorted(set(zipped.namelist()) - {shape.MANIFEST})
        for row in members:
            assert hashlib.sha256(zipped.read(row["name"])).hexdigest() == row["sha256"]
    assert Webhook.objects.get().secret.encode() not in first.read_bytes()
    assert b"password" not in first.read_bytes()
    assert not list(tmp_path.glob("*.part"))


def test_a_meet_goes_to_a_site_that_has_others(taken: Path, whole: Whole, tmp_path: Path, photo_root: Path) -> None:
    # Numbers that count rows are others here.
    whole_make("other_")
    before = {model: set(model.objects.values_list("pk", flat=True)) for model in (Assessment, Membership)}
    files = set(files_under(photo_root))

    said = bring_in(taken)

    assert "jury0" in said.split("Accounts made")[1].split("\n")[0]
    assert "head" in said.split("Accounts that were here")[1]
    meet = Meet.objects.get(pk=whole.meet.pk)
    assert verify() == (0, verify()[1])
    made = User.objects.get(username="jury0")
    assert (made.is_active, made.has_usable_password(), made.is_staff, made.is_superuser) == (
        False,
        False,
        False,
        False,
    )
    assert Membership.objects.get(meet=meet, user=made).role == "jury"
    assert not Webhook.objects.filter(meet=meet).exists()
    image = AttemptImage.objects.get(pk=whole.image.pk)
    assert image.uploaded_at == whole.image.uploaded_at
    for file in (image.original, image.display, image.thumb):
        assert default_storage.exists(file.name)
        assert file.name not in (whole.image.original.name, whole.image.display.name, whole.image.thumb.name)
    assert (
        len(set(files_under(photo_root)) - files)
        == 3 * AttemptImage.objects.filter(attempt__entry__meet=meet, purged_at=None).count()
    )
    for model, had in before.items():
        assert had < set(model.objects.values_list("pk", flat=True))
    assert export(meet, tmp_path / "again.zip").read_bytes() == taken.read_bytes()


def test_the_meet_goes_on_where_it_came_in(taken: Path, whole: Whole) -> None:
    said = bring_in(taken, "--head", make.user_make("newhead").username)
    assert "Cup of Åbo" in said
    meet = Meet.objects.get(pk=whole.meet.pk)
    assert Membership.objects.get(meet=meet, user__username="newhead").role == "head"
    last = LogRecord.objects.get(meet=meet, seq=meet.log_count)
    assert (last.kind, last.contents["user"], meet.log_count) == ("seat", "newhead", whole.meet.log_count + 1)
    # A photo that waited to be read waits here too.
    waiting = Reading.objects.filter(image__attempt__entry__meet=meet, status="queued").first()
    assert waiting is not None
    make.claim_make(waiting.image)
    assert verify()[0] == 0


def test_a_file_from_before_a_column_was_added(taken: Path, whole: Whole) -> None:
    found = members(taken)
    rows_changed(found, "meet", lambda rows: rows[0].pop("photos_keep_days") and None)
    rows_changed(found, "entry", lambda rows: [row.pop("notes") for row in rows] and None)
    bring_in(zipped_as(taken, found))
    assert Meet.objects.get(pk=whole.meet.pk).photos_keep_days == 365
    assert Meet.objects.get(pk=whole.meet.pk).entries.get().notes == ""
    assert verify()[0] == 0


def test_a_closed_meet_takes_a_head_too(whole: Whole, tmp_path: Path) -> None:
    Meet.objects.filter(pk=whole.meet.pk).update(status="closed")
    path = export(whole.meet, tmp_path / "meet.zip")
    forget(whole.meet)
    bring_in(path, "--head", make.user_make("newhead").username)
    assert Membership.objects.filter(meet=whole.meet.pk, user__username="newhead", role="head").exists()


def test_a_lost_file_is_named(whole: Whole, tmp_path: Path) -> None:
    default_storage.delete(whole.image.display.name)
    with whole.image.original.storage.open(whole.image.original.name, "wb") as file:
        file.write(b"something else")
    with pytest.raises(CommandError, match=rf"2 files of photos .*{whole.image.pk}/display.jpg"):
        export(whole.meet, tmp_path / "meet.zip")
    assert list(tmp_path.glob("*.zip*")) == []

    path = export(whole.meet, tmp_path / "meet.zip", "--without-lost")
    forget(whole.meet)
    bring_in(path)
    image = AttemptImage.objects.get(pk=whole.image.pk)
    assert (bool(image.original), bool(image.display), bool(image.thumb)) == (False, False, True)
    assert export(whole.meet, tmp_path / "b.zip", "--without-lost").read_bytes() == path.read_bytes()


def test_what_export_refuses(whole: Whole, tmp_path: Path) -> None:
    path = tmp_path / "meet.zip"
    path.write_bytes(b"mine")
    for arguments in ([str(whole.meet.pk), str(path)], [str(uuid4()), str(tmp_path / "b")], ["x", str(tmp_path / "b")]):
        with pytest.raises(CommandError):
            call_command("meet_export", *arguments)
    with pytest.raises(CommandError):
        export(whole.meet, tmp_path / "none" / "meet.zip")
    assert path.read_bytes() == b"mine"


# ── Refused, and nothing of it is kept ───────────────────────────────────────────────────────────────────


def refused(path: Path, photo_root: Path, match: str) -> None:
    before, files = state(), files_under(photo_root)
    with pytest.raises(CommandError, match=match):
        bring_in(path)
    assert state() == before
    assert files_under(photo_root) == files


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def manifest_of(found: dict[str, bytes], **head: Any) -> bytes:
    """A manifest that fits, as whoever wants to deceive would write it."""
    old = json.loads(found[shape.MANIFEST].splitlines()[0])
    lines = [
        {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in sorted(found.items())
        if name != shape.MANIFEST
    ]
    return b"".join(json.dumps(line).encode() + b"\n" for line in [old | head, *lines])


def zipped_as(path: Path, found: dict[str, bytes], *, kind: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as out:
        for name, data in found.items():
            out.writestr(name, data)
    return path


def rows_changed(found: dict[str, bytes], table: str, change: Callable[[list[dict[str, Any]]], None]) -> None:
    (name,) = [name for name in found if name.endswith(f"-{table}.jsonl")]
    rows = [json.loads(line) for line in found[name].splitlines()]
    change(rows)
    found[name] = b"".join(shape.line_of(row) for row in rows)
    found[shape.MANIFEST] = manifest_of(found)


def test_a_meet_that_is_here(whole: Whole, tmp_path: Path, photo_root: Path) -> None:
    refused(export(whole.meet, tmp_path / "meet.zip"), photo_root, "This meet is here already")


@pytest.mark.parametrize("cut", [0, 10, 0.3, 0.9, -1, -30])
def test_a_file_that_was_cut_off(taken: Path, photo_root: Path, cut: float) -> None:
    data = taken.read_bytes()
    taken.write_bytes(data[: int(cut * len(data)) if 0 < cut < 1 else int(cut)])
    refused(taken, photo_root, "no zip, or it was cut off")


def test_a_file_in_which_one_byte_is_another(taken: Path, photo_root: Path) -> None:
    whole_file, found = taken.read_bytes(), members(taken)
    for name in (next(name for name in found if name.endswith("original.jpg")), shape.ROW_NAMES[9], shape.MANIFEST):
        at = whole_file.index(found[name]) + len(found[name]) // 2
        taken.write_bytes(whole_file[:at] + bytes([whole_file[at] ^ 1]) + whole_file[at + 1 :])
        refused(taken, photo_root, "is not brought in")


def test_a_newer_format(taken: Path, photo_root: Path) -> None:
    found = members(taken)
    found[shape.MANIFEST] = manifest_of(found, version=2)
    refused(zipped_as(taken, found), photo_root, "format 2, which a newer version")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda found: found.pop(shape.MANIFEST), "no manifest"),
        (lambda found: found.pop(shape.ROW_NAMES[5]), "a part of the meet's file is missing"),
        (lambda found: found.update({shape.MANIFEST: b"[]\n"}), "no row"),
        (lambda found: found.update({shape.MANIFEST: b"{}\n"}), "no meet's"),
        (lambda found: found.update({shape.MANIFEST: b"\xff\n"}), "no JSON"),
        (lambda found: found.update({shape.MANIFEST: b'{"a":' * 100_000}), "no JSON"),
        (lambda found: found.update({shape.MANIFEST: manifest_of(found, format="other")}), "no meet's"),
        (lambda found: found.update({shape.MANIFEST: manifest_of(found, meet="x")}), "names no meet"),
        (lambda found: found.update({shape.MANIFEST: manifest_of(found, meet=str(uuid4()))}), "log is not whole"),
        (lambda found: found.update({shape.MANIFEST: manifest_of(found, log_head="0" * 64)}), "log is not whole"),
        (lambda found: found.update({shape.MANIFEST: manifest_of(found, log_count=1)}), "log is not whole"),
        (lambda found: found.update({"../../etc/passwd": b"x"}), "has no place"),
        (lambda found: found.update({"/etc/passwd": b"x"}), "has no place"),
        (lambda found: found.update({f"photos/{uuid4()}/../original.jpg": b"x"}), "has no place"),
        (lambda found: found.update({f"photos/{uuid4()}/original.jpg": b"x"}), "more than its manifest"),
        (lambda found: found.update({shape.ROW_NAMES[5]: b"{}\n"}), "not as the manifest says"),
    ],
)
def test_a_file_that_is_none_of_ours(
    taken: Path, photo_root: Path, change: Callable[[dict[str, bytes]], Any], match: str
) -> None:
    found = members(taken)
    change(found)
    refused(zipped_as(taken, found), photo_root, match)


def test_photos_that_no_row_names(taken: Path, photo_root: Path) -> None:
    found = members(taken)
    found[f"photos/{uuid4()}/original.jpg"] = b"x"
    found[shape.MANIFEST] = manifest_of(found)
    refused(zipped_as(taken, found), photo_root, "photos that no row names")


def test_what_is_packed_may_swell(taken: Path, photo_root: Path) -> None:
    refused(zipped_as(taken, members(taken), kind=zipfile.ZIP_DEFLATED), photo_root, "is packed")


def test_a_size_that_is_a_lie(taken: Path, photo_root: Path) -> None:
    data = bytearray(taken.read_bytes())
    # The first central record's sizes: a gigabyte.
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<II", data, at + 20, 1 << 30, 1 << 30)
    taken.write_bytes(data)
    refused(taken, photo_root, "promises more than it can hold|is damaged|cut off")


def test_a_name_that_stands_twice(taken: Path, photo_root: Path) -> None:
    with warnings.catch_warnings(), zipfile.ZipFile(taken, "a") as out:
        warnings.simplefilter("ignore")
        out.writestr(shape.ROW_NAMES[0], b"{}\n")
    refused(taken, photo_root, "stands twice")


def test_a_line_that_is_too_long(taken: Path, photo_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "LINE_MAX", 100)
    refused(taken, photo_root, "a line that is too long")


def _set(**values: Any) -> Callable[[list[dict[str, Any]]], None]:
    return lambda rows: rows[0].update(values)


@pytest.mark.parametrize(
    ("table", "change", "match"),
    [
        ("logrecord", _set(actor="somebody"), "record 1 .* was altered"),
        ("logrecord", lambda rows: rows.pop(0), "record 1 is missing"),
        ("logrecord", lambda rows: rows.pop(), "missing at the end"),
        ("meet", _set(id=str(uuid4())), "another meet than its manifest"),
        ("meet", _set(log_head="0" * 64), "different ends"),
        ("meet", _set(starts_on="yesterday"), "starts_on cannot be"),
        ("meet", _set(name=None), "name is missing"),
        ("meet", _set(name="x" * 121), "longer than 120"),
        ("meet", _set(colour="red"), "columns that are not known here"),
        ("meet", lambda rows: rows[0].pop("starts_on"), "Meet.starts_on is missing"),
        ("attempt", lambda rows: rows[0].pop("entry"), "Attempt.entry is missing"),
        ("assessment", lambda rows: rows[0].pop("uid"), "Assessment.uid is missing"),
        ("meet", lambda rows: rows.clear(), "points to Meet"),
        ("meet", lambda rows: rows.append(rows[0]), "do not fit together"),
        ("entry", _set(platform="Two"), "points to Platform 'Two'"),
        ("entry", _set(platform=["One"]), "points to Platform"),
        ("entry", _set(lifter=str(uuid4())), "points to Lifter"),
        ("entry", _set(lifter=None), "names no meet|points to"),
        ("finding", _set(assessment=str(uuid4())), "points to Assessment"),
        ("membership", _set(user="a\x00b"), "is no user name|do not fit"),
        ("lifter", lambda rows: rows.append(rows[0]), "do not fit together"),
        (
            "attemptimage",
            lambda rows: next(row for row in rows if row["original"]).update(sha256="0" * 64),
            "is not the one that its row tells of",
        ),
        ("attemptimage", _set(display="photos/x/display.jpg"), "not its own"),
        (
            "attemptimage",
            lambda rows: rows.remove(next(row for row in rows if row["original"])),
            "photos that no row names",
        ),
        ("attempt", _set(updated_at="2026-05-01T10:00:00"), "updated_at cannot be"),
    ],
)
def test_rows_that_do_not_fit(
    taken: Path, photo_root: Path, table: str, change: Callable[[list[dict[str, Any]]], None], match: str
) -> None:
    found = members(taken)
    rows_changed(found, table, change)
    refused(zipped_as(taken, found), photo_root, match)


def test_a_row_of_another_meet_is_not_pointed_to(taken: Path, photo_root: Path) -> None:
    other = make.entry_make()
    found = members(taken)
    rows_changed(found, "attempt", _set(entry=str(other.pk)))
    refused(zipped_as(taken, found), photo_root, "points to Entry")


def test_a_row_that_is_here_under_the_same_id(taken: Path, photo_root: Path) -> None:
    lifter = make.lifter_make(make.meet_make())
    found = members(taken)
    rows_changed(found, "lifter", _set(id=str(lifter.pk)))
    refused(zipped_as(taken, found), photo_root, "do not fit|points to")


def test_a_disk_that_is_full(taken: Path, photo_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save, saved = FileSystemStorage._save, []

    def full(store: FileSystemStorage, name: str, content: Any) -> str:
        saved.append(save(store, name, content))
        if len(saved) == 4:
            raise OSError("No space left on device")
        return saved[-1]

    monkeypatch.setattr(FileSystemStorage, "_save", full)
    refused(taken, photo_root, "No space left")
    assert len(saved) == 4


def test_a_database_that_fails_at_the_last_row(taken: Path, photo_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise OSError("gone")

    monkeypatch.setattr(read, "_head_make", fail)
    before, files = state(), files_under(photo_root)
    with pytest.raises(CommandError, match="gone"):
        bring_in(taken, "--head", "head")
    assert (state(), files_under(photo_root)) == (before, files)


@pytest.mark.parametrize("name", ["nobody", "off"])
def test_a_head_that_is_none(taken: Path, photo_root: Path, name: str) -> None:
    make.user_make("off", is_active=False)
    before = state()
    with pytest.raises(CommandError, match="no active user"):
        bring_in(taken, "--head", name)
    assert state() == before


@pytest.mark.django_db
def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        bring_in(tmp_path / "none.zip")
