"""Where webhooks may go, and the way there: a name is looked up once, every address it has is checked, and the
connection goes to one of those very addresses. A second look-up could be answered with another one.
"""

import http.client
import io
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

# Reaching the target, TLS included; and everything from the first byte sent to the last header read.
CONNECT_S = 5.0
ANSWER_S = 5.0
# A look-up cannot be cut off, but what took this long is not sent any more: the lease would run out (meets.sender).
LOOKUP_S = 40.0
# Of the answer only the status counts, so its body is never read.
ANSWER_BYTES = 65_536

_PORTS = {"http": 80, "https": 443}
_PORTS_OPEN = range(8000, 9000)
_PORTS_OWN_NETWORK = range(1024, 65_536)
# Printable ASCII: what is not stands percent-encoded, or in a name as xn--.
_URL = re.compile(r"[!-~]{1,400}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?")

# Addresses that lead to no host of the internet, whatever a list of private ones says of them.
_NEVER_V4 = [
    ipaddress.IPv4Network(text)
    for text in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4")
]
# Of IPv6 only these are given out to hosts; within them, the ones that carry an IPv4 address, or are no host's.
_GIVEN_V6 = ipaddress.IPv6Network("2000::/3")
_NEVER_V6 = [ipaddress.IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
# A hall's own network, and this machine: what WEBHOOK_ALLOW_PRIVATE opens. Link-local is not in it: at many hosts
# 169.254.169.254 hands out the machine's own keys.
_OWN_V4 = [
    ipaddress.IPv4Network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
]
_OWN_V6 = [ipaddress.IPv6Network(text) for text in ("::1/128", "fc00::/7")]


class TargetRefused(Exception):  # noqa: N818  a refusal is an answer, not a fault
    """This target is not sent to. The text is a sentence for a person."""


class NotReached(Exception):  # noqa: N818
    """No answer came. The text is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Target:
    """host: a name or an address, without brackets. path: with its query."""

    is_tls: bool
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.is_tls else "http"] else f"{host}:{self.port}"


def target_read(url: str, *, allow_private: bool) -> Target:
    """The target of this address. Raises TargetRefused for what cannot be one, wherever its name leads."""
    if not _URL.fullmatch(url) or "\\" in url:
        raise TargetRefused("Write the address in plain characters, at most 400, with others percent-encoded.")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise TargetRefused("This cannot be read as an address.") from error
    if parts.scheme not in _PORTS:
        raise TargetRefused("The address starts with https:// or http://.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise TargetRefused("An address with a name, a password or a # part is not sent to. The signature proves us.")
    if not (_HOST.fullmatch(host) or _is_v6(host)):
        raise TargetRefused("The address names no host.")
    port = _PORTS[parts.scheme] if port is None else port
    _port_check(port, allow_private)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme == "https", host, port, path)


def _is_v6(host: str) -> bool:
    try:
        return ipaddress.IPv6Address(host).scope_id is None
    except ValueError:
        return False


def _port_check(port: int, allow_private: bool) -> None:
    if port in _PORTS.values() or port in _PORTS_OPEN or (allow_private and port in _PORTS_OWN_NETWORK):
        return
    wanted = "80, 443, or one from 1024 on" if allow_private else "80, 443, or one from 8000 to 8999"
    raise TargetRefused(f"Port {port} is not sent to. Use {wanted}.")


def address_allowed(text: str, *, allow_private: bool) -> bool:
    """Is this address a host of the internet, or, where allowed, of the hall's own network?"""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address_allowed(str(address.ipv4_mapped), allow_private=allow_private)
        if address.scope_id is not None:
            return False
        if allow_private and any(address in network for network in _OWN_V6):
            return True
        return address in _GIVEN_V6 and address.is_global and not any(address in network for network in _NEVER_V6)
    if allow_private and any(address in network for network in _OWN_V4):
        return True
    is_host = address.is_global and not address.is_multicast
    return is_host and not any(address in network for network in _NEVER_V4)


def addresses_of(target: Target, *, allow_private: bool) -> list[str]:
    """Every address of the target's host. Raises NotReached when the name has none, and TargetRefused when one of them
    is not sent to: a name that leads inside by one of two addresses means to."""
    try:
        rows = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotReached(f"The name {target.host} cannot be looked up.") from error
    found = list(dict.fromkeys(str(row[4][0]) for row in rows))
    if not found:
        raise NotReached(f"The name {target.host} has no address.")
    if not all(address_allowed(address, allow_private=allow_private) for address in found):
        raise TargetRefused(f"{target.host} leads to an address inside this network, or to no host at all.")
    return found


@cache
def tls_context() -> ssl.SSLContext:
    """Read once: the list of authorities is long."""
    return ssl.create_default_context()


def post(url: str, body: bytes, headers: Mapping[str, str], *, allow_private: bool) -> int:
    """Sends the body, and returns the status of the answer. A redirect is an answer like others: nobody follows it.

    Raises TargetRefused before anything is sent, and NotReached when no whole answer came in time.
    """
    target = target_read(url, allow_private=allow_private)
    asked = time.monotonic()
    addresses = addresses_of(target, allow_private=allow_private)
    if time.monotonic() - asked > LOOKUP_S:
        raise NotReached(f"Looking up {target.host} took too long.")
    try:
        with _connected(target, addresses) as sock:
            return _exchange(sock, target, body, headers)
    except TimeoutError as error:
        raise NotReached(f"{target.host} did not answer in time.") from error
    except ssl.SSLError as error:
        raise NotReached(f"{target.host} could not be trusted: {error.reason or error}.") from error
    except http.client.HTTPException as error:
        # Its text would quote what came, and that may be anything.
        raise NotReached(f"What {target.host} answers is no HTTP.") from error
    except OSError as error:
        raise NotReached(f"No answer from {target.host}: {error.strerror or error or type(error).__name__}.") from error


def _connected(target: Target, addresses: list[str]) -> socket.socket:
    """A connection to the first of these addresses that takes one. Their numbers are all that is asked for here."""
    ends_at = time.monotonic() + CONNECT_S
    for address in addresses[:-1]:
        try:
            return _connect(target, address, ends_at)
        except OSError:
            continue
    return _connect(target, addresses[-1], ends_at)


def _connect(target: Target, address: str, ends_at: float) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.settimeout(_left(ends_at))
        sock.connect((address, target.port))
        if target.is_tls:
            sock.settimeout(_left(ends_at))
            # The certificate is that of the name, wherever the name leads.
            return tls_context().wrap_socket(sock, server_hostname=target.host)
    except BaseException:
        sock.close()
        raise
    return sock


def _exchange(sock: socket.socket, target: Target, body: bytes, headers: Mapping[str, str]) -> int:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = _Timed(sock, time.monotonic() + ANSWER_S)
    sent = {"Host": target.host_header, "Connection": "close", **headers}
    connection.request("POST", target.path, body, sent)
    return connection.getresponse().status


def _left(ends_at: float) -> float:
    """Seconds until then. Raises TimeoutError when there are none."""
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


class _Timed:
    """A socket as http.client uses it, that ends at a moment: a timeout by itself counts anew with every byte that a
    target lets drip."""

    def __init__(self, sock: socket.socket, ends_at: float) -> None:
        self.sock = sock
        self.ends_at = ends_at

    def sendall(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            self.sock.settimeout(_left(self.ends_at))
            view = view[self.sock.send(view) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Answer(self.sock, self.ends_at))

    def close(self) -> None:
        """The caller closes the socket itself."""


class _Answer(io.RawIOBase):
    """What comes back, until the moment is over or too much has come."""

    def __init__(self, sock: socket.socket, ends_at: float) -> None:
        self.sock = sock
        self.ends_at = ends_at
        self.room = ANSWER_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.room <= 0:
            raise OSError("the answer is too long")
        self.sock.settimeout(_left(self.ends_at))
        came = self.sock.recv_into(memoryview(buffer)[: self.room])
        self.room -= came
        return came
