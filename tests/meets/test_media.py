"""Photos by our proxy: the site checks who asks, and names the photo instead of sending it."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from meets.models import AttemptImage, Role
from tests.factories import image_make, meet_make, member_make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_proxy(settings: Any) -> None:
    settings.MEDIA_BY_PROXY = True


@pytest.fixture
def image() -> AttemptImage:
    return image_make()


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def member(image: AttemptImage) -> Client:
    return signed_in(member_make(image.attempt.entry.meet, Role.READER))


@pytest.mark.parametrize(("address", "copy", "etag"), [("photo", "display", ""), ("photo-small", "thumb", "-small")])
def test_the_answer_is_empty_and_names_the_photo(
    member: Client, image: AttemptImage, address: str, copy: str, etag: str
) -> None:
    response = member.get(reverse(address, args=[image.pk]))
    assert (response.status_code, response.content) == (200, b"")
    assert response["X-Accel-Redirect"] == f"/protected/files/{getattr(image, copy).name}"
    assert response["ETag"] == f'"{image.pk.hex}{etag}"'
    assert response["Cache-Control"] == "private, no-cache"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "image/jpeg"
    assert response["Content-Disposition"] == "inline"


def test_a_kept_photo_is_confirmed_without_the_proxy(member: Client, image: AttemptImage) -> None:
    etag = f'"{image.pk.hex}"'
    response = member.get(reverse("photo", args=[image.pk]), headers={"If-None-Match": etag})
    assert (response.status_code, response.content) == (304, b"")
    assert "X-Accel-Redirect" not in response
    assert response["ETag"] == etag


def test_a_photo_whose_file_is_gone(member: Client, image: AttemptImage) -> None:
    image.display.delete(save=False)
    response = member.get(reverse("photo", args=[image.pk]))
    assert response.status_code == 404
    assert "X-Accel-Redirect" not in response


def test_strangers_and_visitors_are_named_nothing(image: AttemptImage) -> None:
    stranger = signed_in(member_make(meet_make(), Role.HEAD)).get(reverse("photo", args=[image.pk]))
    visitor = Client().get(reverse("photo", args=[image.pk]))
    assert (stranger.status_code, visitor.status_code) == (404, 302)
    assert "X-Accel-Redirect" not in stranger
    assert "X-Accel-Redirect" not in visitor


def test_the_place_is_quoted(image: AttemptImage, member: Client) -> None:
    name = image.display.storage.save("a b/ü?x#%.jpg", ContentFile(b"photo"))
    AttemptImage.objects.filter(pk=image.pk).update(display=name)
    response = member.get(reverse("photo", args=[image.pk]))
    assert response["X-Accel-Redirect"] == "/protected/files/a%20b/%C3%BC%3Fx%23%25.jpg"
