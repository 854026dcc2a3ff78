"""Webhooks: who may, what is queued, where it may go, and how it is sent to a real server on this machine."""

import datetime as dt
import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from meets import results, roster, sender, targets, webhooks
from meets.errors import Conflict
from meets.models import (
    Attempt,
    Delivery,
    DeliveryStatus,
    EvidenceMode,
    LogKind,
    LogRecord,
    Meet,
    Role,
    Webhook,
    WebhookEvent,
)
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)

PUBLIC = "https://93.184.216.34/hook"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def webhook_make(meet: Meet | None = None, *, url: str = PUBLIC, **fields: Any) -> Webhook:
    meet = meet or make.meet_make()
    return Webhook.objects.create(meet=meet, url=url, created_by=make.user_make(), **fields)


def queue(webhook: Webhook, event: WebhookEvent = WebhookEvent.MEET_CHANGED, **more: Any) -> Delivery:
    with transaction.atomic():
        webhooks.event_queue(webhook.meet_id, event, **more)
    return Delivery.objects.latest("created_at")


def head_of(meet: Meet) -> APIClient:
    client = APIClient()
    client.force_authenticate(make.member_make(meet, Role.HEAD))
    return client


# ── A server of our own ──────────────────────────────────────────────────────────────────────────────────


class Target:
    """A real server in a thread, which does with each connection what the test says, and keeps what came."""

    def __init__(self, answer: Callable[[socket.socket], None], wrap: Callable[[socket.socket], socket.socket]) -> None:
        self.answer, self.wrap = answer, wrap
        self.came: list[bytes] = []
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(sock,), daemon=True).start()

    def _one(self, sock: socket.socket) -> None:
        try:
            with self.wrap(sock) as talk:
                talk.settimeout(10)
                self.came.append(whole_request(talk))
                self.answer(talk)
        except OSError:
            pass

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?from=hall"

    @property
    def bodies(self) -> list[bytes]:
        return [request.partition(b"\r\n\r\n")[2] for request in self.came]

    def headers(self, number: int = 0) -> dict[str, str]:
        lines = self.came[number].partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    def close(self) -> None:
        self.over.set()
        self.listener.close()


def whole_request(sock: socket.socket) -> bytes:
    came = b""
    while b"\r\n\r\n" not in came:
        came += sock.recv(65536)
    head, _, body = came.partition(b"\r\n\r\n")
    length = next(int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: "))
    while len(body) < length:
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


Serve = Callable[..., Target]


@pytest.fixture
def serve(settings: Any) -> Iterator[Serve]:
    """Starts targets that answer with these bytes, or as the function does. Private addresses are allowed."""
    settings.WEBHOOK_ALLOW_PRIVATE = True
    started: list[Target] = []

    def start(
        answer: bytes | Callable[[socket.socket], None] = OK,
        wrap: Callable[[socket.socket], socket.socket] = lambda sock: sock,
    ) -> Target:
        talk = answer if callable(answer) else lambda sock: sock.sendall(answer)
        started.append(Target(talk, wrap))
        return started[-1]

    yield start
    for target in started:
        target.close()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times out after a fifth of a second instead of five."""
    monkeypatch.setattr(targets, "CONNECT_S", 0.2)
    monkeypatch.setattr(targets, "ANSWER_S", 0.2)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Says which addresses a name has, one answer per look-up, the last for ever; returns the names asked for."""

    def set_up(*answers: list[str]) -> list[str]:
        asked: list[str] = []

        def look_up(host: str, port: int, **kwargs: Any) -> list[Any]:
            asked.append(host)
            found = answers[min(len(asked), len(answers)) - 1]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return set_up


def send_one() -> Delivery:
    """One try at the delivery that is due."""
    (claim,) = sender.deliveries_claim(limit=16)
    sender.delivery_send(claim)
    return Delivery.objects.get(pk=claim.delivery_id)


# ── Made, changed, taken away ────────────────────────────────────────────────────────────────────────────


def test_a_webhook_is_made_with_a_secret_that_is_shown_once() -> None:
    meet = make.meet_make()
    client = head_of(meet)

    made = client.post(f"/api/v1/meets/{meet.pk}/webhooks/", {"url": PUBLIC, "events": ["decision.made"]})

    assert made.status_code == 201
    body = made.json()
    secret = body.pop("secret")
    webhook = Webhook.objects.get()
    assert (webhook.secret, webhook.url, webhook.events) == (secret, PUBLIC, ["decision.made"])
    assert len(secret) >= 40
    assert made["Location"].endswith(f"/api/v1/webhooks/{webhook.pk}/")
    assert client.get(f"/api/v1/meets/{meet.pk}/webhooks/").json() == [body]
    assert client.get(f"/api/v1/webhooks/{webhook.pk}/").json() == body
    changed = client.patch(f"/api/v1/webhooks/{webhook.pk}/", {"events": []})
    assert (changed.status_code, changed.json()["events"]) == (200, [])
    assert secret not in changed.content.decode()

    rotated = client.post(f"/api/v1/webhooks/{webhook.pk}/secret/").json()["secret"]
    webhook.refresh_from_db()
    assert webhook.secret == rotated != secret

    assert client.delete(f"/api/v1/webhooks/{webhook.pk}/").status_code == 204
    assert Webhook.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": ""}, "url"),
        ({"url": "ftp://example.org/"}, "url"),
        ({"url": "https://example.org:22/"}, "url"),
        ({"url": "https://anna:secret@example.org/"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": PUBLIC + "x" * 400}, "url"),
        ({"url": PUBLIC, "events": ["no.event"]}, "events"),
        ({"url": PUBLIC, "events": ["ping"]}, "events"),
        ({"url": PUBLIC, "events": ["decision.made", "decision.made"]}, "events"),
        ({"url": PUBLIC, "events": "x"}, "events"),
        ({"url": PUBLIC, "is_active": "perhaps"}, "is_active"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(body: dict[str, Any], field: str) -> None:
    meet = make.meet_make()
    client = head_of(meet)

    answer = client.post(f"/api/v1/meets/{meet.pk}/webhooks/", body)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert Webhook.objects.count() == 0

    webhook = webhook_make(meet)
    if body:
        assert client.patch(f"/api/v1/webhooks/{webhook.pk}/", body).status_code == 400
    assert list(Webhook.objects.values_list("url", "events", "is_active")) == [(PUBLIC, [], True)]


def test_a_name_that_leads_inside_is_refused_when_it_is_saved(names: Any) -> None:
    meet = make.meet_make()
    names(["93.184.216.34", "10.0.0.5"])

    answer = head_of(meet).post(f"/api/v1/meets/{meet.pk}/webhooks/", {"url": "https://hook.example.org/"})

    assert answer.status_code == 400
    assert "leads to an address inside this network" in answer.json()["detail"]
    assert Webhook.objects.count() == 0


def test_a_name_that_cannot_be_looked_up_here_is_kept_and_checked_when_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    meet = make.meet_make()

    answer = head_of(meet).post(f"/api/v1/meets/{meet.pk}/webhooks/", {"url": "https://hook.example.org/"})

    assert answer.status_code == 201
    queue(Webhook.objects.get())
    tried = send_one()
    assert (tried.status, tried.tries, tried.error) == (
        "waiting", 1, "The name hook.example.org cannot be looked up.",
    )  # fmt: skip


def test_a_meet_has_at_most_ten() -> None:
    meet = make.meet_make()
    for _ in range(webhooks.WEBHOOKS_MAX):
        webhook_make(meet)

    answer = head_of(meet).post(f"/api/v1/meets/{meet.pk}/webhooks/", {"url": PUBLIC})

    assert (answer.status_code, answer.json()["reason"]) == (409, "too_many")
    assert Webhook.objects.count() == webhooks.WEBHOOKS_MAX


def test_the_writers_refuse_in_a_closed_meet() -> None:
    webhook = webhook_make(make.meet_make(status="closed"))
    before = list(Webhook.objects.values())
    refused: list[Callable[[], Any]] = [
        lambda: webhooks.webhook_create(meet=webhook.meet, user=webhook.created_by, url=PUBLIC),
        lambda: webhooks.webhook_update(webhook=webhook, is_active=False),
        lambda: webhooks.webhook_secret_rotate(webhook=webhook),
        lambda: webhooks.webhook_delete(webhook=webhook),
        lambda: webhooks.webhook_ping(webhook=webhook),
    ]
    for act in refused:
        with pytest.raises(Conflict, match="closed"):
            act()
    assert list(Webhook.objects.values()) == before
    assert Delivery.objects.count() == 0


def test_a_webhook_that_is_switched_off_is_told_nothing_of_what_waited() -> None:
    webhook = webhook_make()
    waiting = queue(webhook)

    webhooks.webhook_update(webhook=webhook, is_active=False)

    waiting.refresh_from_db()
    assert waiting.status == DeliveryStatus.FAILED
    assert waiting.error == "The webhook was switched off before this was sent."
    assert sender.deliveries_claim(limit=16) == []
    with transaction.atomic():
        assert webhooks.event_queue(webhook.meet_id, WebhookEvent.MEET_CHANGED) == 0
    with pytest.raises(Conflict, match="Switch it on first"):
        webhooks.webhook_ping(webhook=webhook)


# ── Where it may go ──────────────────────────────────────────────────────────────────────────────────────

INSIDE = [
    "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.127.255.254", "0.0.0.0",  # noqa: S104
    "0.1.2.3", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::",
    "2001::1", "2001:db8::1", "2001:2::1", "3fff::1", "100::1", "fec0::1", "5f00::1", "x", "",
]  # fmt: skip
OUTSIDE = ["93.184.216.34", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00::1"]


@pytest.mark.parametrize("address", INSIDE)
def test_what_lies_inside_is_not_sent_to(address: str) -> None:
    assert not targets.address_allowed(address, allow_private=False)


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_lies_outside_is(address: str) -> None:
    assert targets.address_allowed(address, allow_private=False)
    assert targets.address_allowed(address, allow_private=True)


@pytest.mark.parametrize("address", INSIDE)
def test_a_hall_opens_its_own_network_and_no_more(address: str) -> None:
    own = (
        "127.", "10.", "172.16.", "172.31.", "192.168.", "100.64.", "100.127.", "fc00:", "fd12:", "::ffff:127.",
        "::ffff:10.",
    )  # fmt: skip
    is_own = address.startswith(own) or address == "::1"
    assert targets.address_allowed(address, allow_private=True) is is_own


@pytest.mark.parametrize(
    ("url", "allow_private"),
    [
        ("https://example.org/", False),
        ("http://example.org:80/a?b=c", False),
        ("https://example.org:8443/", False),
        ("https://[2606:4700::1111]:443/", False),
        ("http://hall_pc:1024/", True),
        ("https://xn--ume-ula.example/", False),
        ("https://example.org./x", False),
    ],
)
def test_addresses_that_can_be_one(url: str, allow_private: bool) -> None:
    assert targets.target_read(url, allow_private=allow_private).host


@pytest.mark.parametrize(
    "url",
    [
        "", "example.org", "//example.org/", "https:///x", "https://", "javascript:alert(1)", "file:///etc/passwd",
        "gopher://example.org/", "https://a@example.org/", "https://:b@example.org/", "https://example.org/#x",
        "https://example.org\\@127.0.0.1/", "https://example.org/ x", "https://example.org/\r\nX: y",
        "https://exämple.org/", "https://[::1/", "https://[fe80::1%25eth0]/", "https://example.org:0/",
        "https://example.org:22/", "https://example.org:5432/", "https://example.org:7999/", "https://example.org:9000/",
        "https://example.org:99999/", "https://example.org:x/", "https://-/", "https://ex*mple.org/", "https://..../",
    ],
)  # fmt: skip
def test_addresses_that_cannot(url: str) -> None:
    with pytest.raises(targets.TargetRefused):
        targets.target_read(url, allow_private=False)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "localhost"])
def test_other_ways_to_write_this_machine(host: str) -> None:
    target = targets.target_read(f"http://{host}/", allow_private=False)
    with pytest.raises((targets.TargetRefused, targets.NotReached)):
        targets.addresses_of(target, allow_private=False)


def test_a_name_that_changes_its_mind_is_not_believed_twice(serve: Serve, settings: Any, names: Any) -> None:
    target = serve()
    webhook = webhook_make(url=f"http://hook.example.org:{target.port}/")
    queue(webhook)
    # Asked once more, the name would lead to another address; nobody asks.
    asked = names(["127.0.0.1"], ["169.254.169.254"])

    sent = send_one()

    assert (sent.status, sent.answer_status) == ("sent", 200)
    assert asked == ["hook.example.org"]
    assert target.headers()["host"] == f"hook.example.org:{target.port}"


def test_a_name_that_leads_inside_by_the_time_it_is_sent(serve: Serve, settings: Any, names: Any) -> None:
    target = serve()
    settings.WEBHOOK_ALLOW_PRIVATE = False
    queue(webhook_make(url="http://hook.example.org/"))
    names(["127.0.0.1"])

    tried = send_one()

    assert (tried.status, tried.tries, tried.answer_status) == ("waiting", 1, None)
    assert "leads to an address inside this network" in tried.error
    assert target.came == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_inside_is_not_followed(serve: Serve, status: int) -> None:
    inside = serve()
    target = serve(f"HTTP/1.1 {status} Go\r\nLocation: {inside.url}\r\nContent-Length: 0\r\n\r\n".encode())
    queue(webhook_make(url=target.url))

    tried = send_one()

    assert (tried.status, tried.answer_status) == ("waiting", status)
    assert tried.error == f"The target answered {status}, a redirect, which is not followed."
    assert inside.came == []


# ── What is sent ─────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_target_gets_and_how_it_knows_that_it_is_from_us(serve: Serve) -> None:
    target = serve()
    webhook = webhook_make(url=target.url)
    attempt = make.attempt_make(webhook.meet)
    queued = queue(
        webhook,
        WebhookEvent.DECISION_MADE,
        attempt_id=attempt.pk,
        before=None,
        after={"outcome": "good", "kg": attempt.declared_kg, "at": timezone.now(), "ö": "ö"},
    )

    sent = send_one()

    assert (sent.pk, sent.status, sent.answer_status, sent.tries, sent.error) == (queued.pk, "sent", 200, 1, "")
    assert sent.finished_at is not None
    headers, (body,) = target.headers(), target.bodies
    assert target.came[0].startswith(b"POST /hook?from=hall HTTP/1.1\r\n")
    assert headers["host"] == f"127.0.0.1:{target.port}"
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["x-white-lights-event"] == "decision.made"
    assert headers["x-white-lights-delivery"] == str(queued.pk)
    timestamp = headers["x-white-lights-timestamp"]
    assert abs(int(timestamp) - time.time()) < 60
    expected = hmac.new(webhook.secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["x-white-lights-signature"] == f"sha256={expected}"
    told = json.loads(body)
    assert list(told) == sorted(("id", "event", "meet", "at", "attempt", "before", "after"))
    assert UUID(told["id"])
    assert (told["event"], told["meet"], told["attempt"]) == ("decision.made", str(webhook.meet_id), str(attempt.pk))
    assert (told["before"], told["after"]["kg"], told["after"]["ö"]) == (None, "100.00", "ö")
    assert sender.deliveries_claim(limit=16) == []


def test_https_goes_to_the_checked_address_under_the_name_of_the_certificate(
    serve: Serve, names: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = certificate_make(tmp_path, "hook.example.org")
    asked_for: list[str | None] = []
    context.sni_callback = lambda sock, name, _: asked_for.append(name)  # type: ignore[assignment, misc]
    target = serve(OK, lambda sock: context.wrap_socket(sock, server_side=True))
    monkeypatch.setattr(targets, "tls_context", lambda: ssl.create_default_context(cafile=str(certificate)))
    names(["127.0.0.1"])
    queue(webhook_make(url=f"https://hook.example.org:{target.port}/x"))
    assert send_one().status == "sent"
    assert asked_for == ["hook.example.org"]

    queue(webhook_make(url=f"https://other.example.org:{target.port}/x"))
    tried = send_one()
    assert tried.status == "waiting"
    assert "could not be trusted" in tried.error
    assert len(target.came) == 1


def certificate_make(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    return certificate, context


def test_tries_come_at_growing_pauses_and_end(serve: Serve) -> None:
    target = serve(b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\nfail")
    webhook = webhook_make(url=target.url)
    queued = queue(webhook)
    pauses = []
    for number in range(1, len(sender.PAUSES_S) + 1):
        tried = send_one()
        assert (tried.status, tried.tries, tried.answer_status) == ("waiting", number, 500)
        assert tried.error == "The target answered 500."
        assert sender.deliveries_claim(limit=16) == []
        pauses.append(round((tried.next_try_at - timezone.now()).total_seconds()))
        Delivery.objects.update(next_try_at=timezone.now())

    last = send_one()

    assert pauses == pytest.approx(list(sender.PAUSES_S), abs=2)
    assert (last.status, last.tries, last.answer_status) == ("failed", 6, 500)
    assert last.finished_at is not None
    assert len(set(target.bodies)) == 1
    assert {target.headers(number)["x-white-lights-delivery"] for number in range(6)} == {str(queued.pk)}
    webhook.refresh_from_db()
    assert webhook.is_active


def test_410_switches_the_webhook_off_and_nothing_is_sent_any_more(serve: Serve) -> None:
    target = serve(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")
    webhook = webhook_make(url=target.url)
    first, second = queue(webhook), queue(webhook)

    send_one()

    webhook.refresh_from_db()
    assert not webhook.is_active
    assert {row.status for row in Delivery.objects.all()} == {"failed"}
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.answer_status, second.answer_status) == (410, None)
    assert "switched off" in second.error
    assert sender.deliveries_claim(limit=16) == []


def test_410_of_an_address_that_was_left_switches_nothing_off(serve: Serve) -> None:
    webhook = webhook_make(url=serve().url)
    queue(webhook)
    (claim,) = sender.deliveries_claim(limit=1)
    Webhook.objects.update(url=PUBLIC)

    assert sender.delivery_settle(claim=claim, status=410)

    webhook.refresh_from_db()
    assert webhook.is_active


def hang(sock: socket.socket) -> None:
    """Says nothing until the other side leaves."""
    sock.recv(1)


def drip(head: bytes) -> Callable[[socket.socket], None]:
    def answer(sock: socket.socket) -> None:
        sock.sendall(head)
        while True:
            sock.sendall(b"x")
            # What holds it up is the other side's patience, asked for by a read that times out.
            sock.settimeout(0.02)
            try:
                if sock.recv(1) == b"":
                    return
            except TimeoutError:
                continue

    return answer


@pytest.mark.parametrize(
    "answer",
    [hang, drip(b""), drip(b"HTTP/1.1 200 OK\r\nX: "), drip(b"HTTP/1.1 200 OK\r\nX: y\r\nZ")],
    ids=["silent", "status line drips", "header drips", "headers drip"],
)
def test_a_target_that_keeps_us_waiting_is_cut_off(serve: Serve, soon: None, answer: Any) -> None:
    target = serve(answer)
    queue(webhook_make(url=target.url))
    began = time.monotonic()

    tried = send_one()

    assert time.monotonic() - began < 3
    assert (tried.status, tried.tries, tried.answer_status) == ("waiting", 1, None)
    assert tried.error == "127.0.0.1 did not answer in time."


def test_a_body_that_drips_does_not_matter(serve: Serve) -> None:
    target = serve(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"))
    queue(webhook_make(url=target.url))
    assert send_one().status == "sent"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "No answer from 127.0.0.1: the answer is too long."),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000, "What 127.0.0.1 answers is no HTTP."),
        (b"HTTP/1.1 100 Go on\r\n\r\n" * 50_000, "No answer from 127.0.0.1: the answer is too long."),
        (b"SSH-2.0-OpenSSH\r\n", "What 127.0.0.1 answers is no HTTP."),
        (b"\x00\x01\x02\r\n\r\n", "What 127.0.0.1 answers is no HTTP."),
        (b"HTTP/1.1 9999 x\r\n\r\n", "What 127.0.0.1 answers is no HTTP."),
        (b"", "What 127.0.0.1 answers is no HTTP."),
    ],
)
def test_what_is_no_answer_is_told_without_what_it_says(serve: Serve, answer: bytes, error: str) -> None:
    queue(webhook_make(url=serve(answer).url))
    tried = send_one()
    assert (tried.status, tried.answer_status, tried.error) == ("waiting", None, error)


def test_nobody_there(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    queue(webhook_make(url=f"http://127.0.0.1:{port}/"))
    tried = send_one()
    assert (tried.status, tried.error) == ("waiting", "No answer from 127.0.0.1: Connection refused.")


def test_a_try_that_breaks_on_our_side_is_a_try(monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*args: Any, **kwargs: Any) -> int:
        raise RuntimeError("secret")

    monkeypatch.setattr(targets, "post", fall)
    queue(webhook_make())
    tried = send_one()
    assert (tried.status, tried.tries, tried.error) == ("waiting", 1, "Something broke on our side.")


# ── The queue ────────────────────────────────────────────────────────────────────────────────────────────


def test_two_senders_never_send_one_at_once() -> None:
    queued = queue(webhook_make())

    (first,) = sender.deliveries_claim(limit=16)
    assert sender.deliveries_claim(limit=16) == []

    # The first one died: its lease ran out, and another takes over.
    Delivery.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    (second,) = sender.deliveries_claim(limit=16)
    assert first.delivery_id == second.delivery_id == queued.pk
    assert not sender.delivery_settle(claim=first, status=500)
    assert Delivery.objects.get().tries == 0
    assert sender.delivery_settle(claim=second, status=200)
    assert not sender.delivery_settle(claim=second, status=200)
    assert Delivery.objects.get().tries == 1


def test_of_many_senders_at_the_same_moment_one_wins(serve: Serve) -> None:
    target = serve()
    for _ in range(3):
        queue(webhook_make(url=target.url))
    start = threading.Barrier(4)

    def run() -> None:
        start.wait()
        try:
            sender.deliveries_send()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(target.came) == 3
    assert {row.status for row in Delivery.objects.all()} == {"sent"}


def test_a_target_has_one_under_way_and_the_oldest_first() -> None:
    slow, other = webhook_make(), webhook_make()
    first, _, third = queue(slow), queue(slow), queue(other)

    claims = sender.deliveries_claim(limit=16)

    assert [claim.delivery_id for claim in claims] == [first.pk, third.pk]
    assert sender.deliveries_claim(limit=16) == []


def test_a_slow_target_holds_up_nobody_else(serve: Serve) -> None:
    free = threading.Event()

    def wait(sock: socket.socket) -> None:
        free.wait(10)
        sock.sendall(OK)

    def quick_answer(sock: socket.socket) -> None:
        sock.sendall(OK)
        if len(quick.came) == 3:
            free.set()

    slow = serve(wait)
    quick = serve(quick_answer)
    slow_hook, quick_hook = webhook_make(url=slow.url), webhook_make(url=quick.url)
    for webhook in (slow_hook, slow_hook, quick_hook, quick_hook, quick_hook):
        queue(webhook)
    over = threading.Event()
    thread = threading.Thread(target=lambda: (sender.deliveries_send_forever(over), connection.close()))
    thread.start()
    # All three go to the quick one while the slow one still has its first, or this waits in vain.
    assert free.wait(10)
    over.set()
    thread.join(20)

    assert len(quick.came) == 3
    assert not thread.is_alive()


def test_the_command_sends_what_is_due_once(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    target = serve()
    queue(webhook_make(url=target.url))
    queue(webhook_make(url=target.url))

    call_command("webhooks_send")

    assert capsys.readouterr().out == "2 tries made.\n"
    assert len(target.came) == 2


def test_what_was_sent_is_forgotten_after_a_month() -> None:
    webhook = webhook_make()
    old, recent, waiting = queue(webhook), queue(webhook), queue(webhook)
    long_ago = timezone.now() - dt.timedelta(days=31)
    Delivery.objects.filter(pk=old.pk).update(status="sent", finished_at=long_ago)
    Delivery.objects.filter(pk=recent.pk).update(status="failed", finished_at=timezone.now())
    Delivery.objects.filter(pk=waiting.pk).update(created_at=long_ago)

    webhooks.deliveries_forget(now=timezone.now())

    assert set(Delivery.objects.values_list("pk", flat=True)) == {recent.pk, waiting.pk}


# ── What is queued ───────────────────────────────────────────────────────────────────────────────────────


def test_an_event_goes_to_those_who_asked_in_one_transaction() -> None:
    meet = make.meet_make()
    every = webhook_make(meet)
    some = webhook_make(meet, events=["decision.made"])
    webhook_make(meet, events=["meet.changed"])
    webhook_make(meet, is_active=False)
    webhook_make()
    with transaction.atomic():
        assert webhooks.event_queue(meet.pk, WebhookEvent.DECISION_MADE) == 2
    rows = Delivery.objects.all()
    assert {row.webhook_id for row in rows} == {every.pk, some.pk}
    assert len({row.contents["id"] for row in rows}) == 1
    with transaction.atomic():
        webhooks.event_queue(meet.pk, WebhookEvent.DECISION_MADE)
        transaction.set_rollback(True)
    assert Delivery.objects.count() == 2
    with pytest.raises(RuntimeError):
        webhooks.event_queue(meet.pk, WebhookEvent.DECISION_MADE)


def test_a_ping_goes_to_one_whatever_it_asked_for() -> None:
    meet = make.meet_make()
    webhook = webhook_make(meet, events=["decision.made"])
    webhook_make(meet)
    client = head_of(meet)

    answer = client.post(f"/api/v1/webhooks/{webhook.pk}/ping/")

    assert answer.status_code == 202
    delivery = Delivery.objects.get()
    assert (delivery.webhook, delivery.event) == (webhook, "ping")
    (listed,) = client.get(f"/api/v1/webhooks/{webhook.pk}/deliveries/").json()["results"]
    assert listed == answer.json()
    assert (listed["status"], listed["tries"], listed["body"]["event"]) == ("waiting", 0, "ping")
    Webhook.objects.filter(pk=webhook.pk).update(is_active=False)
    assert client.post(f"/api/v1/webhooks/{webhook.pk}/ping/").status_code == 409
    assert Delivery.objects.count() == 1


def test_deliveries_come_in_pages() -> None:
    webhook = webhook_make()
    ids = [str(queue(webhook).pk) for _ in range(5)]
    client = head_of(webhook.meet)
    seen: list[str] = []
    address: str | None = f"/api/v1/webhooks/{webhook.pk}/deliveries/?page_size=2"
    while address:
        body = client.get(address).json()
        seen += [row["id"] for row in body["results"]]
        address = body["next"]
    assert seen == ids
    assert webhook.secret not in client.get(f"/api/v1/webhooks/{webhook.pk}/deliveries/").content.decode()


def test_a_changed_meet_is_told_once_and_an_unchanged_one_is_not() -> None:
    webhook = webhook_make()
    roster.meet_update(meet=webhook.meet, town="Umeå", status="closed")
    told = Delivery.objects.get().contents
    assert (told["event"], told["before"]["town"], told["after"]["town"]) == ("meet.changed", "", "Umeå")
    assert (told["before"]["status"], told["after"]["status"]) == ("open", "closed")
    with pytest.raises(Conflict):
        roster.meet_update(meet=webhook.meet, town="Luleå")
    roster.meet_update(meet=webhook.meet, status="open")
    roster.meet_update(meet=webhook.meet, town="Umeå")
    assert Delivery.objects.count() == 2


# ── Blind first ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("mode", "decided", "assist_on", "is_open"),
    [
        (EvidenceMode.AFTER_LIGHT, False, True, False),
        (EvidenceMode.AFTER_LIGHT, True, True, True),
        (EvidenceMode.JURY, False, True, False),
        (EvidenceMode.JURY, True, True, False),
        (EvidenceMode.LIVE, False, True, True),
        (EvidenceMode.LIVE, False, False, False),
        (EvidenceMode.TRAINING, False, True, True),
    ],
)
def test_evidence_is_told_and_what_it_says_only_where_it_is_open(
    mode: EvidenceMode, decided: bool, assist_on: bool, is_open: bool
) -> None:
    meet = make.meet_make(evidence_mode=mode, assist_on=assist_on)
    webhook = webhook_make(meet)
    make.member_make(meet, Role.HEAD, user=webhook.created_by)
    attempt = make.attempt_make(meet)
    if decided:
        Attempt.objects.update(outcome="good", decided_at=timezone.now())

    assessment = make.assessed_make(attempt)

    told = Delivery.objects.get(webhook=webhook)
    assert told.event == "evidence.ready"
    assert told.contents["attempt"] == str(attempt.pk)
    after = told.contents["after"]
    assert (after["image"], after["assessment"]) == (str(assessment.image_id), assessment.pk)
    assert after["evidence"] == ("open" if is_open else "withheld")
    assert after.get("flag") == ("breach" if is_open else None)
    assert set(after) <= {"image", "assessment", "evidence", "flag"}
    assert ("breach" in told.body) is is_open
    # What leaves in somebody's name counts as shown to him.
    noted = LogRecord.objects.filter(kind=LogKind.SHOWN, actor=webhook.created_by.username)
    assert noted.count() == (1 if is_open else 0)


@pytest.mark.parametrize("role", [None, Role.REFEREE])
def test_a_webhook_is_told_no_more_than_its_maker_may_see_by_now(role: Role | None) -> None:
    meet = make.meet_make(evidence_mode=EvidenceMode.AFTER_LIGHT)
    webhook = webhook_make(meet)
    if role:
        make.member_make(meet, role, user=webhook.created_by)
    attempt = make.attempt_make(meet)
    Attempt.objects.update(outcome="good", decided_at=timezone.now())
    make.assessed_make(attempt)
    assert Delivery.objects.get().contents["after"]["evidence"] == "withheld"


def test_evidence_of_weights_that_have_not_passed_is_withheld_at_a_live_meet(gate: Any) -> None:
    gate()
    meet = make.meet_make(evidence_mode=EvidenceMode.LIVE)
    make.member_make(meet, Role.HEAD, user=webhook_make(meet).created_by)
    make.assessed_make(make.attempt_make(meet))
    assert Delivery.objects.get().contents["after"]["evidence"] == "withheld"


def test_evidence_of_an_engine_that_does_not_count_is_not_told() -> None:
    meet = make.meet_make(engines_also=["mmpose"])
    webhook_make(meet)
    make.assessed_make(make.attempt_make(meet), engine="mmpose")
    assert Delivery.objects.count() == 0


def test_a_dropped_reading_tells_nothing() -> None:
    meet = make.meet_make()
    webhook_make(meet)
    image = make.image_make(make.attempt_make(meet))
    claim = make.claim_make(image)
    image.readings.update(claim_token=None, status="queued")
    assert not results.reading_settle(claim=claim, seen=make.seen_make())
    assert Delivery.objects.count() == 0


def test_the_writer_names_the_events_that_there_are() -> None:
    with pytest.raises(ValidationError, match=r"choose from attempt\.changed, decision\.made"):
        webhooks.webhook_create(meet=make.meet_make(), user=make.user_make(), url=PUBLIC, events=["x"])
    assert Webhook.objects.count() == 0
