"""Bodies too large, addresses that are none, and what breaks: a problem under /api/, a page elsewhere."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from meets.models import ImageReason, Lifter, Role
from tests.conftest import files_under
from tests.factories import meet_make, member_make

pytestmark = pytest.mark.django_db


class Unread:
    """A body that must not be read."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("the body was read")

    readline = read

    def close(self) -> None:
        pass


def post_huge(path: str, length: str = "80000000", **extra: Any) -> Any:
    body = {"wsgi.input": Unread(), "CONTENT_LENGTH": length}
    return Client().post(path, b"", content_type="multipart/form-data; boundary=x", **body, **extra)


@pytest.mark.parametrize("path", ["/api/v1/attempts/00000000-0000-0000-0000-000000000001/images/", "/login/", "/no/"])
def test_a_huge_body_of_nobody_is_refused_unread(path: str, settings: Any, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    answer = post_huge(path)
    assert answer.status_code == 413
    assert files_under(tmp_path) == []
    if path.startswith("/api/"):
        assert answer["Content-Type"] == "application/problem+json"
        assert (answer.json()["detail"], answer.json()["reason"]) == (ImageReason.TOO_LARGE.label, "too_large")
    else:
        assert "This is too large" in answer.content.decode()
        assert ImageReason.TOO_LARGE.label in answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_the_pages_script_reads_the_sentence() -> None:
    answer = post_huge("/login/", HTTP_ACCEPT="application/json")
    assert (answer.status_code, answer.json()) == (413, {"sentence": ImageReason.TOO_LARGE.label})


@pytest.mark.parametrize(
    ("length", "status"), [("26000000", 403), ("26000001", 413), ("x", 403), ("-1", 403), ("9" * 5000, 403)]
)
def test_only_what_no_photo_needs_is_too_large(length: str, status: int, settings: Any) -> None:
    """A length that cannot be read counts as none: Django reads nothing of such a body."""
    client = Client(enforce_csrf_checks=True)
    extra = {"CONTENT_LENGTH": length, "CONTENT_TYPE": "text/plain", "wsgi.input": Unread()}
    assert client.post("/login/", b"", content_type="text/plain", **extra).status_code == status


def problem(answer: Any, status: int) -> bool:
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status
    assert answer.json()["detail"]
    return True


@pytest.fixture
def asked() -> tuple[APIClient, str]:
    meet = meet_make()
    client = APIClient()
    client.force_authenticate(member_make(meet, Role.STAFF))
    return client, f"/api/v1/meets/{meet.pk}/lifters/"


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b'{"name": "' + b"x" * 3_000_000 + b'", "sex": "F"}', 413),
        ("application/x-www-form-urlencoded", b"sex=F&name=" + b"x" * 3_000_000, 413),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % number for number in range(1500)), 400),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense", 400),
        ("multipart/form-data", b"no boundary", 400),
        ("application/json", b"[" * 100_000, 400),
        ("application/json; charset=klingon", b"{}", 400),
        ("application/json", b"\xff", 400),
        ("application/json", b'{"birth_year": ' + b"9" * 5000 + b"}", 400),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem(
    asked: tuple[APIClient, str], kind: str, body: bytes, status: int
) -> None:
    client, address = asked
    assert problem(client.generic("POST", address, body, content_type=kind), status)
    assert Lifter.objects.count() == 0


@pytest.mark.parametrize("path", ["/api/", "/api/nowhere/", "/api/v1/meets/x/", f"/api/v1/platforms/{'9' * 5000}/"])
def test_an_address_that_is_none_is_a_problem(path: str) -> None:
    assert problem(APIClient().get(path), 404)
    assert "There is nothing here for you" in Client().get(path.replace("/api/", "/other/")).content.decode()


def test_a_host_that_is_none_of_ours_is_a_problem() -> None:
    assert problem(APIClient().get("/api/v1/me/", HTTP_HOST="evil.example"), 400)
    assert Client().get("/login/", HTTP_HOST="evil.example").status_code == 400


def test_what_breaks_on_our_side_is_a_problem_without_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("meets.api.views.workers_states", fall)
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(member_make(meet_make()))
    answer = client.get("/api/v1/workers/")
    assert problem(answer, 500)
    assert "secret" not in answer.content.decode()


def test_a_form_too_large_is_told_on_a_page() -> None:
    client = Client()
    client.force_login(member_make(meet_make()))
    answer = client.post("/password/", {"old_password": "x" * 3_000_000})
    assert answer.status_code == 413
    assert "This is too large" in answer.content.decode()
