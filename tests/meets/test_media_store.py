"""Photos in an object store (S3's API, played by moto in this process)."""

import importlib.util
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from moto import mock_aws
from storages.backends.s3 import S3Storage

from config import settings as site
from meets import roster_kept
from meets.backup.read import meet_read
from meets.backup.write import meet_write
from meets.intake import image_submit
from meets.models import AttemptImage, LogRecord, Role
from meets.retention import photos_purge
from meets.verify import photo_faults
from tests.factories import attempt_make, image_make, member_make, photo_bytes, user_make
from tests.meets.test_backup import forget

pytestmark = pytest.mark.django_db

BUCKET = "photos"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def client(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """The store's own client; the site's photos lie in it."""
    (tmp_path / "key").write_text("the-key\n")
    (tmp_path / "secret").write_text("the-secret\n")
    monkeypatch.setenv("S3_BUCKET", BUCKET)
    monkeypatch.setenv("S3_KEY_ID_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("S3_SECRET_FILE", str(tmp_path / "secret"))
    with mock_aws():
        settings.STORAGES = {**settings.STORAGES, "default": site.photo_storage()}
        store = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
        store.create_bucket(Bucket=BUCKET)
        yield store


def keys(client: Any) -> list[str]:
    return sorted(row["Key"] for row in client.list_objects_v2(Bucket=BUCKET).get("Contents", []))


def reader(image: AttemptImage) -> Client:
    browser = Client()
    browser.force_login(member_make(image.attempt.entry.meet, Role.READER))
    return browser


def test_an_uploaded_photo_is_three_objects_that_nobody_else_can_read(client: Any, photo_root: Path) -> None:
    image = image_make()
    assert keys(client) == sorted([image.original.name, image.display.name, image.thumb.name])
    assert not photo_root.exists()
    for key in keys(client):
        assert key.startswith(f"{image.attempt.entry.meet_id}/")
        grants = client.get_object_acl(Bucket=BUCKET, Key=key)["Grants"]
        assert [grant["Grantee"]["Type"] for grant in grants] == ["CanonicalUser"]
    assert client.get_object(Bucket=BUCKET, Key=image.display.name)["ContentType"] == "image/jpeg"


def test_the_site_streams_it_where_no_proxy_does(client: Any) -> None:
    image = image_make()
    response = reader(image).get(reverse("photo", args=[image.pk]))
    kept = client.get_object(Bucket=BUCKET, Key=image.display.name)["Body"].read()
    assert b"".join(response.streaming_content) == kept  # type: ignore[attr-defined]
    assert response["Cache-Control"] == "private, no-cache"
    assert response["Content-Length"] == str(len(kept))
    response.close()


def test_the_proxy_gets_a_signed_place_that_soon_closes(client: Any, settings: Any) -> None:
    settings.MEDIA_BY_PROXY = True
    image = image_make()
    response = reader(image).get(reverse("photo", args=[image.pk]))
    place = urlsplit(response["X-Accel-Redirect"])
    signed = parse_qs(place.query)
    assert place.path == f"/protected/store/{BUCKET}/{image.display.name}"
    assert (place.scheme, place.netloc) == ("", "")
    assert signed["X-Amz-Expires"] == ["60"]
    assert signed["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert signed["X-Amz-Credential"][0].startswith("the-key/")
    assert len(signed["X-Amz-Signature"][0]) == 64
    assert "the-secret" not in response["X-Accel-Redirect"]


@pytest.mark.parametrize("by_proxy", [True, False])
def test_an_object_that_is_gone_is_a_missing_photo(client: Any, settings: Any, by_proxy: bool) -> None:
    settings.MEDIA_BY_PROXY = by_proxy
    image = image_make()
    client.delete_object(Bucket=BUCKET, Key=image.display.name)
    response = reader(image).get(reverse("photo", args=[image.pk]))
    assert response.status_code == 404
    assert "X-Accel-Redirect" not in response


def test_a_worker_reads_the_original_and_is_told_when_it_is_gone(client: Any) -> None:
    image = image_make()
    with default_storage.open(image.original.name, "rb") as file:
        assert file.read() == client.get_object(Bucket=BUCKET, Key=image.original.name)["Body"].read()
    client.delete_object(Bucket=BUCKET, Key=image.original.name)
    with pytest.raises(FileNotFoundError):
        default_storage.open(image.original.name, "rb")


def test_an_upload_that_fails_half_way_leaves_no_object(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    save = S3Storage._save
    saved = []

    def full(store: S3Storage, name: str, content: Any) -> str:
        if len(saved) == 2:
            raise ClientError({"Error": {"Code": "SlowDown", "Message": "full"}}, "PutObject")
        saved.append(save(store, name, content))
        return saved[-1]

    monkeypatch.setattr(S3Storage, "_save", full)
    with pytest.raises(ClientError):
        image_submit(attempt=attempt_make(), user=user_make(), data=photo_bytes())
    assert len(saved) == 2
    assert keys(client) == []
    assert AttemptImage.objects.count() == 0


def test_a_taken_name_is_not_written_over(client: Any) -> None:
    client.put_object(Bucket=BUCKET, Key="meet/one.jpg", Body=b"first")
    second = default_storage.save("meet/one.jpg", ContentFile(b"second"))
    assert second != "meet/one.jpg"
    assert client.get_object(Bucket=BUCKET, Key="meet/one.jpg")["Body"].read() == b"first"


def bucket_module() -> ModuleType:
    """docker/bucket.py, which is a program and no package's module."""
    spec = importlib.util.spec_from_file_location("bucket", ROOT / "docker" / "bucket.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_bucket_is_made_once(client: Any) -> None:
    client.delete_bucket(Bucket=BUCKET)
    made = bucket_module().bucket_made
    assert [made(), made()] == [True, False]
    assert [row["Name"] for row in client.list_buckets()["Buckets"]] == [BUCKET]


def test_photos_are_verified_and_deleted(client: Any) -> None:
    image = image_make()
    meet = image.attempt.entry.meet
    assert list(photo_faults(meet)) == []
    client.put_object(Bucket=BUCKET, Key=image.original.name, Body=b"another")
    assert [fault.what for fault in photo_faults(meet)] == [f"photo {image.pk}: its file is not the one that came in"]
    # One that is gone already is no fault.
    client.delete_object(Bucket=BUCKET, Key=image.thumb.name)
    assert photos_purge(meet=meet) == 1
    assert keys(client) == []
    assert list(photo_faults(meet)) == []


def test_a_list_of_lifters_is_kept_and_deleted(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    meet = attempt_make().entry.meet
    name = roster_kept.roster_keep(meet.pk, b"Name")
    assert (roster_kept.roster_kept(name), roster_kept.rosters_sweep()) == (b"Name", 0)
    assert (roster_kept.rosters_count(meet.pk), roster_kept.rosters_purge(meet.pk, "retention")) == (1, 1)
    assert (keys(client), roster_kept.roster_kept(name)) == ([], None)
    roster_kept.roster_keep(meet.pk, b"Name")
    monkeypatch.setattr(roster_kept, "KEPT", timedelta(days=-1))
    assert (roster_kept.rosters_sweep(), keys(client)) == (1, [])
    assert [row.contents["why"] for row in LogRecord.objects.order_by("seq")] == ["retention", "unused"]


def test_a_meet_is_taken_along(client: Any, tmp_path: Path) -> None:
    meet = image_make().attempt.entry.meet
    path, again = tmp_path / "meet.zip", tmp_path / "again.zip"
    meet_write(meet, path)
    forget(meet)
    assert keys(client) == []
    meet_read(path)
    assert len(keys(client)) == 3
    meet_write(meet, again)
    assert again.read_bytes() == path.read_bytes()
