"""The proxy's own configuration, run by a real nginx before a real site: photos reach members and nobody else, the
same as when the site streams them itself."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.conf import settings as test_settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from moto.server import ThreadedMotoServer

from config import settings as site_settings
from meets.models import AttemptImage, ImageReason, Role
from tests.factories import image_make, meet_make, member_make

pytestmark = [pytest.mark.proxy, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parents[2]
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
# What differs from answer to answer, or belongs to one hop.
OF_THE_HOP = {"date", "server", "connection", "keep-alive", "content-length", "transfer-encoding", "set-cookie"}


@pytest.fixture(autouse=True, scope="module")
def _needs_nginx() -> None:
    if NGINX is None:
        if os.environ.get("REQUIRE_PROXY") == "1":
            pytest.fail("REQUIRE_PROXY=1, yet there is no nginx")
        pytest.skip("there is no nginx (Debian: nginx-light)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def told(self) -> dict[str, list[str]]:
        """What it says of the photo, name by name; the parts of a policy in one order."""
        names = {key.lower() for key, _ in self.headers} - OF_THE_HOP
        told = {name: sorted(";".join(self.all(name)).split("; ")) for name in names}
        # Every request has an id of its own: that there is one, and just one, is what can be compared.
        if "x-request-id" in told:
            told["x-request-id"] = [str(len(self.all("X-Request-Id")))]
        return told


def ask(port: int, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """One request; ``X_Forwarded_For=…`` becomes the header of that name."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        link.request(method, path, body=body, headers={key.replace("_", "-"): text for key, text in headers.items()})
        response = link.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
    finally:
        link.close()


def listening(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    pytest.fail(f"nothing listens: {log.read_text(errors='replace')[-2000:]}")


@dataclass
class Proxy:
    """nginx with docker/nginx.conf, the addresses of whose services are these."""

    folder: Path
    web: int
    store: int = 1
    port: int = field(default_factory=free_port)

    @property
    def log(self) -> Path:
        return self.folder / "nginx.log"

    def configuration(self) -> Path:
        text = (ROOT / "docker" / "nginx.conf").read_text(encoding="utf-8")
        scratch = self.folder / "nginx"
        scratch.mkdir()
        for stands, here in (
            # First: the folders put in below may lie under /tmp too.
            (" /tmp/", f" {scratch}/"),
            ("listen 8080;", f"listen 127.0.0.1:{self.port};"),
            ("http://web:8000", f"http://127.0.0.1:{self.web}"),
            ("http://storage:8333", f"http://127.0.0.1:{self.store}"),
            ("/srv/photos/", f"{self.folder}/photos/"),
            ("/dev/stdout", str(self.log)),
        ):
            assert stands in text, stands
            text = text.replace(stands, here)
        path = self.folder / "nginx.conf"
        path.write_text(text, encoding="utf-8")
        return path

    def start(self) -> "subprocess.Popen[bytes]":
        assert NGINX is not None
        # Only where the tests run as root does this mean anything: photos are for their owner alone.
        alone = "daemon off; user root;" if os.getuid() == 0 else "daemon off;"
        with self.log.open("ab") as log:
            arguments = [NGINX, "-c", str(self.configuration()), "-p", str(self.folder), "-g", alone]
            process = subprocess.Popen(arguments, stdout=log, stderr=log)
        listening(self.port, process, self.log)
        return process


def stopped(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Site:
    """The proxy's port and the site's own behind it."""

    port: int
    web: int
    image: AttemptImage
    folder: Path

    def cookie(self, user: Any) -> str:
        client = Client()
        client.force_login(user)
        return f"{test_settings.SESSION_COOKIE_NAME}={client.cookies[test_settings.SESSION_COOKIE_NAME].value}"

    @property
    def member(self) -> str:
        return self.cookie(member_make(self.image.attempt.entry.meet, Role.READER))

    @property
    def path(self) -> str:
        return reverse("photo", args=[self.image.pk])

    def streamed_by_site(self, path: str, **headers: str) -> Answer:
        """The same request as a site without a proxy answers it."""
        client = Client()
        client.force_login(member_make(self.image.attempt.entry.meet, Role.READER))
        response = client.get(path, headers=headers)
        body = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
        response.close()
        return Answer(response.status_code, list(response.items()), body)


def store_started() -> tuple[ThreadedMotoServer, Any]:
    """An object store on this machine with the photos' bucket, and a client of it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1", **keys)
    client.create_bucket(Bucket="photos")
    return server, client


@dataclass(frozen=True)
class Servers:
    """Proxy and site with one way of keeping photos, for all tests of this file; the test's own database."""

    proxy: Proxy
    folder: Path
    variables: dict[str, str]


@pytest.fixture(scope="module", params=["files", "store"])
def servers(
    request: pytest.FixtureRequest, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp(request.param)
    variables: dict[str, str] = {}
    store_port = 1
    with ExitStack() as running:
        if request.param == "store":
            store, client = store_started()
            running.callback(store.stop)
            endpoint = client.meta.endpoint_url
            store_port = int(endpoint.rsplit(":", 1)[1])
            variables = {"S3_BUCKET": "photos", "S3_ENDPOINT": endpoint, "S3_KEY_ID": "key", "S3_SECRET": "secret"}
        web = free_port()
        own = {
            "DJANGO_SETTINGS_MODULE": "tests.docker.site_settings",
            "SITE_DATABASE_NAME": str(connection.settings_dict["NAME"]),
            "VAR_DIR": str(folder),
            "SECRET_KEY": test_settings.SECRET_KEY,
            "BEHIND_PROXY": "True",
            "MEDIA_BY_PROXY": "True",
            "REDIS_URL": "",
        }
        log = folder / "site.log"
        arguments = [sys.executable, "-m", "gunicorn", "config.wsgi", f"--bind=127.0.0.1:{web}", "--workers=1"]
        arguments += ["--worker-class=gthread", "--threads=4", "--no-control-socket"]
        with log.open("ab") as output:
            gunicorn = subprocess.Popen(
                arguments, cwd=ROOT, env={**os.environ, **variables, **own}, stdout=output, stderr=output
            )
        running.callback(stopped, gunicorn)
        listening(web, gunicorn, log)
        proxy = Proxy(folder, web, store_port)
        running.callback(stopped, proxy.start())
        yield Servers(proxy, folder, variables)


@pytest.fixture
def site(servers: Servers, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A photo where proxy and site look for it."""
    for name, value in servers.variables.items():
        monkeypatch.setenv(name, value)
    storage = site_settings.photo_storage()
    if not servers.variables:
        storage["OPTIONS"]["location"] = servers.folder / "photos"
    settings.STORAGES = {**settings.STORAGES, "default": storage}
    return Site(servers.proxy.port, servers.proxy.web, image_make(), servers.folder)


def test_a_member_gets_what_a_site_without_proxy_would_send(site: Site) -> None:
    member = site.member
    for name in ("photo", "photo-small"):
        path = reverse(name, args=[site.image.pk])
        proxied, direct = ask(site.port, path, Cookie=member), site.streamed_by_site(path)
        assert (proxied.status, direct.status) == (200, 200)
        assert proxied.body == direct.body
        assert proxied.body[:2] == b"\xff\xd8"
        assert proxied.told == direct.told
        assert proxied.all("Cache-Control") == ["private, no-cache"]
        assert proxied.all("X-Content-Type-Options") == ["nosniff"]
        etag = proxied.all("ETag")[0]
        kept = ask(site.port, path, Cookie=member, If_None_Match=etag)
        kept_direct = site.streamed_by_site(path, **{"If-None-Match": etag})
        assert (kept.status, kept.body, kept_direct.status) == (304, b"", 304)
        # A 304 carries no body, and nginx leaves out what is said of one.
        assert {**kept.told, "content-type": []} == {**kept_direct.told, "content-type": []}


def test_a_date_or_a_part_is_nothing_the_photo_answers_to(site: Site) -> None:
    member = site.member
    whole = ask(site.port, site.path, Cookie=member)
    since = ask(site.port, site.path, Cookie=member, If_Modified_Since="Fri, 01 Jan 2100 00:00:00 GMT")
    part = ask(site.port, site.path, Cookie=member, Range="bytes=0-9")
    other = ask(site.port, site.path, Cookie=member, If_None_Match='"another"')
    assert [(answer.status, answer.body) for answer in (since, part, other)] == [(200, whole.body)] * 3


def test_strangers_visitors_and_those_who_know_the_place_get_nothing(site: Site) -> None:
    stranger = site.cookie(member_make(meet_make(), Role.HEAD))
    refused = ask(site.port, site.path, Cookie=stranger)
    etag = f'"{site.image.pk.hex}"'
    assert refused.status == 404
    assert ask(site.port, site.path, Cookie=stranger, If_None_Match=etag).status == 404
    assert ask(site.port, site.path).status == 302
    place = ask(site.web, site.path, Cookie=site.member).all("X-Accel-Redirect")[0]
    assert place.startswith("/protected/")
    for path in (place, place.replace("/protected/", "/protected//"), place.replace("/protected/", "/x/../protected/")):
        direct = ask(site.port, path, Cookie=site.member, X_Accel_Redirect=place)
        assert direct.status == 404
        assert site.image.display.name not in direct.body.decode()
    assert ask(site.port, "/protected/").status == 404
    assert ask(site.port, f"/{site.image.display.name}").status == 404


def test_a_photo_whose_file_is_gone_is_a_page_of_ours(site: Site) -> None:
    site.image.display.delete(save=False)
    gone = ask(site.port, site.path, Cookie=site.member)
    assert gone.status == 404
    assert gone.told == site.streamed_by_site(site.path).told


def test_a_member_never_learns_where_the_photo_lies(site: Site) -> None:
    answer = ask(site.port, site.path, Cookie=site.member)
    said = " ".join(f"{key}: {value}" for key, value in answer.headers).lower()
    assert [word for word in ("x-accel", "x-amz", "signature", "photos/", "bucket", "werkzeug") if word in said] == []
    # nginx writes its line when the answer is out, which may be a moment after it was read.
    deadline = time.monotonic() + 10
    while "GET" not in (log := (site.folder / "nginx.log").read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "Signature" not in log


@pytest.mark.parametrize(
    ("length", "start"), [("Content-Length: 26000001", b""), ("Transfer-Encoding: chunked", b"18cba81\r\nx")]
)
def test_a_body_that_no_photo_needs_is_refused_in_the_sites_words(site: Site, length: str, start: bytes) -> None:
    """Whether its length stands in front or with its first piece; nothing more of it is waited for."""
    link = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    link.putrequest("POST", reverse("attempt-upload", args=[site.image.attempt_id]))
    link.putheader(*length.split(": "))
    link.putheader("Accept", "application/json")
    link.endheaders()
    link.send(start)
    with closing(link), link.getresponse() as response:
        assert response.status == 413
        assert ImageReason.TOO_LARGE.label in response.read().decode()


# ── What the proxy tells the site and the store ──────────────────────────────────────────────────────────
class Recorder(ThreadingHTTPServer):
    """Answers every request in the same way and keeps what it was asked."""

    def __init__(self, headers: dict[str, str], *, status: int = 200, body: bytes = b"photo") -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                recorder.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
                self.send_response(status)
                for key, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> "Recorder":
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self.shutdown()
        self.server_close()


SITE_SAYS = {
    "X-Accel-Redirect": "/protected/store/photos/a.jpg?X-Amz-Signature=ab%2Fc&X-Amz-Expires=60",
    "Content-Type": "image/jpeg",
    "Cache-Control": "private, no-cache",
    "ETag": '"ours"',
    "X-Content-Type-Options": "nosniff",
}
STORE_SAYS = {
    "Content-Type": "text/html",
    "Cache-Control": "public, max-age=31536000",
    "ETag": '"theirs"',
    "Last-Modified": "Fri, 01 Jan 2027 00:00:00 GMT",
    "Accept-Ranges": "bytes",
    "Set-Cookie": "sessionid=theirs",
    "X-Accel-Redirect": "/protected/files/secret.jpg",
    "x-amz-request-id": "1",
    "x-amz-id-2": "2",
    "Access-Control-Allow-Origin": "*",
    "Content-Disposition": "attachment",
}


def test_only_the_proxys_word_on_the_client_reaches_the_site(tmp_path: Path) -> None:
    with Recorder({"X-Frame-Options": "DENY"}) as web:
        proxy = Proxy(tmp_path, web.port)
        nginx = proxy.start()
        answer = ask(
            proxy.port,
            "/meets/?a=b%20c",
            Host="lights.example.org",
            X_Forwarded_For="6.6.6.6",
            X_Forwarded_Proto="https",
            X_Forwarded_Host="evil.example",
            X_Real_IP="6.6.6.6",
            Forwarded="for=6.6.6.6",
        )
        stopped(nginx)
        ((path, headers),) = web.asked
    assert path == "/meets/?a=b%20c"
    assert headers["host"] == "lights.example.org"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert not {"x-forwarded-host", "x-forwarded-port", "x-real-ip", "forwarded"} & set(headers)
    assert answer.all("X-Frame-Options") == ["DENY"]


def test_the_store_hears_nothing_of_the_client_and_has_no_say(tmp_path: Path) -> None:
    with Recorder(SITE_SAYS, body=b"") as web, Recorder(STORE_SAYS) as store:
        proxy = Proxy(tmp_path, web.port, store.port)
        nginx = proxy.start()
        answer = ask(
            proxy.port, "/photos/1/", Cookie="sessionid=ours", Authorization="Token t", Range="bytes=0-1", Accept="*/*"
        )
        stopped(nginx)
        ((path, headers),) = store.asked
    assert path == "/photos/a.jpg?X-Amz-Signature=ab%2Fc&X-Amz-Expires=60"
    # Host is part of what is signed.
    assert headers == {"host": f"127.0.0.1:{store.port}"}
    assert (answer.status, answer.body) == (200, b"photo")
    assert answer.told == {name.lower(): [value] for name, value in SITE_SAYS.items() if name != "X-Accel-Redirect"}
    assert answer.all("Set-Cookie") == []


@pytest.mark.parametrize("status", [301, 403, 404, 500])
def test_a_store_that_refuses_is_not_quoted(tmp_path: Path, status: int) -> None:
    says = {**STORE_SAYS, "Location": "http://storage/photos"}
    with Recorder(SITE_SAYS, body=b"") as web, Recorder(says, status=status, body=b"<Key>photos/a.jpg</Key>") as store:
        proxy = Proxy(tmp_path, web.port, store.port)
        nginx = proxy.start()
        answer = ask(proxy.port, "/photos/1/")
        stopped(nginx)
    assert answer.status == 502
    assert answer.all("Content-Type") == ["text/html"]
    assert b"a.jpg" not in answer.body
    assert answer.all("Location") == []
    assert answer.all("Set-Cookie") == []


def test_the_tls_part_is_understood(tmp_path: Path) -> None:
    """nginx reads the whole configuration with docker/tls.conf in it, and a certificate made here."""
    subject = ["-subj", "/CN=lights.example.org", "-nodes", "-days", "1", "-newkey", "rsa:2048", "-x509"]
    keys = ["-keyout", str(tmp_path / "tls_key"), "-out", str(tmp_path / "tls_certificate")]
    subprocess.run(["openssl", "req", *subject, *keys], check=True, capture_output=True)
    path = Proxy(tmp_path, 1).configuration()
    tls = (ROOT / "docker" / "tls.conf").read_text(encoding="utf-8").replace("/run/secrets", str(tmp_path))
    port = free_port()
    (tmp_path / "tls.conf").write_text(tls.replace("8443", f"127.0.0.1:{port}"), encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace("/etc/nginx/listen/*.conf", f"{tmp_path}/tls.conf"))
    assert NGINX is not None
    done = subprocess.run([NGINX, "-t", "-q", "-c", str(path), "-p", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
