"""A publisher of weights on this machine: an HTTP server told to misbehave, and a registry that names it."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from inference.weights import registry


@dataclass
class Publisher:
    """Serves ``data`` at every path, and does what it was told to.

    cuts: bytes after which the next connections break, one each. ranges: whether Range is honoured. etag: "" for none.
    status, location: answers with these instead. asked: the headers of each request that came.
    """

    data: bytes
    cuts: list[int] = field(default_factory=list)
    ranges: bool = True
    etag: str = '"one"'
    status: int = 200
    location: str = ""
    length: bool = True
    extra: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    port: int = 0

    @property
    def file(self) -> str:
        return f"model-{hashlib.sha256(self.data).hexdigest()[:8]}_20230314.pth"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.file}"


@contextmanager
def published_at(data: bytes) -> Iterator[Publisher]:
    publisher = Publisher(data)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, publisher)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        publisher.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield publisher
        server.shutdown()
        thread.join()


def _answer(handler: BaseHTTPRequestHandler, publisher: Publisher) -> None:
    publisher.asked.append(dict(handler.headers.items()))
    if publisher.status != 200:
        handler.send_response(publisher.status)
        if publisher.location:
            handler.send_header("Location", publisher.location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    start, total = 0, len(publisher.data)
    wanted = handler.headers.get("Range", "")
    if wanted and publisher.ranges and handler.headers.get("If-Range", publisher.etag) == publisher.etag:
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= total:
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{total}")
            handler.end_headers()
            return
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
    else:
        handler.send_response(200)
    if publisher.etag:
        handler.send_header("ETag", publisher.etag)
    if publisher.length:
        handler.send_header("Content-Length", str(total - start))
    for name, value in publisher.extra.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(publisher.data[start:][: publisher.cuts.pop(0) if publisher.cuts else total])


def registry_write(path: Path, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, *, name: str = "small") -> None:
    """Makes the publisher's file the one set of weights that the project knows."""
    path.write_text(
        f'[{name}]\nkind = "pose"\nurl = "{publisher.url}"\nconfig = "mmpose::some/config.py"\nlicence = "Apache-2.0"\n'
        'source = "https://example.org/zoo"\nparameters_m = 0.5\nnote = "AP .5"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(registry, "REGISTRY", path)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below the folder but locks, with its bytes: what a refusal must leave as it was."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"<folder>"
        for path in sorted(folder.rglob("*"))
        if not path.name.endswith(".lock")
    }
