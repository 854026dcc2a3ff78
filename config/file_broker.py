"""A broker of files, for a site on one machine without Redis: one message, one file, in VAR_DIR/broker.

kombu ships one too, but there a reader can take a message that its writer has not finished. Here a message comes
into being whole (written aside, then renamed), and whoever unlinks it owns it.
"""

import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import virtual
from kombu.utils.json import dumps, loads


class Channel(virtual.Channel):
    # Direct queues only. Fan-out serves remote control and events, which are off.
    supports_fanout = False

    @property
    def _folder(self) -> Path:
        options: Any = self.connection.client.transport_options  # type: ignore[union-attr]
        return Path(options["folder"])

    def _files(self, queue: str) -> list[Path]:
        """The queue's messages, oldest first."""
        kind = f"{queue}.msg"
        return sorted(file for file in self._folder.iterdir() if file.name.partition(".")[2] == kind)

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}.{queue}.msg"
        part = self._folder / f"{name}.part"
        part.write_text(dumps(message), encoding="utf-8")
        part.rename(self._folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        for file in self._files(queue):
            try:
                text = file.read_text(encoding="utf-8")
                file.unlink()
            except FileNotFoundError:  # another worker was quicker
                continue
            message: dict[str, Any] = loads(text)
            return message
        raise Empty

    def _size(self, queue: str) -> int:
        return len(self._files(queue))

    def _purge(self, queue: str) -> int:
        files = self._files(queue)
        for file in files:
            file.unlink(missing_ok=True)
        return len(files)


class Transport(virtual.Transport):
    Channel = Channel
    implements = virtual.Transport.implements.extend(asynchronous=False, exchange_type=frozenset(["direct"]))
    global_state = virtual.BrokerState()
    default_port = 0
    driver_type = driver_name = "files"

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self.state = self.global_state

    def driver_version(self) -> str:
        return "1"
