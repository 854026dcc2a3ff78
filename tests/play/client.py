"""HTTP for the players: plain requests, kept connections, patience where the site asks for it."""

import http.client
import json
import time
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        return json.loads(self.body)


class Transport(Protocol):
    """Sends one request. body: what JSON can hold, or None."""

    def __call__(self, method: str, path: str, body: Any, token: str) -> Answer: ...


class Http:
    """To a site that listens somewhere."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        self._where = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._link: http.client.HTTPConnection | None = None

    def __call__(self, method: str, path: str, body: Any, token: str) -> Answer:
        while True:
            answer = self._send(method, path, body, token)
            if answer.status != http.client.TOO_MANY_REQUESTS:
                return answer
            # The site holds back who asks too fast and says for how long.
            time.sleep(float(answer.headers.get("retry-after", "1")))

    def _send(self, method: str, path: str, body: Any, token: str) -> Answer:
        headers = {"Accept": "*/*"}
        if token:
            headers["Authorization"] = f"Token {token}"
        data = None
        if body is not None:
            headers["Content-Type"], data = "application/json", json.dumps(body)
        for is_last in (False, True):
            link = self._link or http.client.HTTPConnection(*self._where, timeout=60)
            self._link = link
            try:
                link.request(method, path, data, headers)
                got = link.getresponse()
                return Answer(got.status, got.read(), {name.lower(): value for name, value in got.getheaders()})
            except (http.client.HTTPException, ConnectionError):
                # A kept connection may have been closed by the other side meanwhile.
                link.close()
                self._link = None
                if is_last:
                    raise
        raise AssertionError("not reached")


class Refused(Exception):  # noqa: N818
    def __init__(self, answer: Answer, what: str) -> None:
        super().__init__(f"{what}: {answer.status} {answer.body[:300].decode(errors='replace')}")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody with an account. Every act that is refused raises Refused, unless that status is what is expected."""

    name: str
    token: str
    send: Transport

    def get(self, path: str) -> Any:
        return self.ask("GET", path).json()

    def post(self, path: str, body: Any = None, *, expect: int = 201) -> Any:
        answer = self.ask("POST", path, body, expect=expect)
        return answer.json() if answer.body else None

    def patch(self, path: str, body: Any) -> Any:
        return self.ask("PATCH", path, body).json()

    def ask(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Answer:
        answer = self.send(method, f"/api/v1/{path}", body, self.token)
        if answer.status != expect:
            raise Refused(answer, f"{self.name} {method} {path}")
        return answer
