"""One file over HTTPS into a ``.part``: goes on where it stopped, and says in one sentence why it cannot."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from inference.weights.base import WeightsError
from inference.weights.store import file_put, file_sync, part_delete, part_note, room_for

if TYPE_CHECKING:
    from requests import Response, Session

# Called with the bytes there are by now and the whole, None while unknown.
Progress = Callable[[int, int | None], None]
# Seconds to connect, and between two pieces.
TIMEOUT_S: Final = (10, 60)
# Of a piece that a cut interrupts nothing is kept.
PIECE_BYTES: Final = 64 << 10
# After a cut the file is asked for again at once, as long as each connection brought something.
MOST_CONNECTIONS: Final = 6
MOST_REDIRECTS: Final = 5
# No published file comes near: ViTPose-H in float32 has about 2.5 GB. A server without a length must not fill the disk.
MOST_BYTES: Final = 8 << 30
_CONTENT_RANGE: Final = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)")


class _CutError(Exception):
    """The connection ended before the file did."""


def download(url: str, part: Path, progress: Progress | None, *, hash_known: bool) -> str:
    """Fetches the address into ``part`` and returns the SHA-256 of all of it.

    hash_known: the full hash is pinned or given; only then may the address be plain http on another machine.
    Raises WeightsError; after a cut connection the part is left to go on from, otherwise it is deleted.
    """
    import requests  # not needed by a worker that only asks for ready weights

    _address_check(url, hash_known)
    with requests.Session() as session:
        # What is counted and hashed is the file, not a packed form of it.
        session.headers["Accept-Encoding"] = "identity"
        for _ in range(MOST_CONNECTIONS):
            before = _size(part)
            try:
                return _connection(session, url, part, progress, hash_known)
            except (
                requests.ConnectionError,
                requests.Timeout,
                _CutError,
                requests.exceptions.ChunkedEncodingError,
            ) as error:
                # A certificate that is not valid is a ConnectionError too, and no cut.
                if isinstance(error, requests.exceptions.SSLError):
                    raise WeightsError(
                        f"{_host(url)} shows a certificate that is not valid; a hall's network may stand in between. "
                        "Fetch the file elsewhere and bring it with --from FILE."
                    ) from error
                if _size(part) <= before:
                    break
            except requests.RequestException as error:
                raise WeightsError(f"The address {url} cannot be fetched: {error}.") from error
    if done := _size(part):
        # The part stays: the next call goes on from there.
        raise WeightsError(
            f"The connection to {_host(url)} broke after {done / 1e6:.1f} MB; the same command goes on from there."
        )
    part_delete(part)
    raise WeightsError(
        f"{_host(url)} does not answer: without internet bring the file with --from FILE, or use --mirror."
    )


def _connection(session: Session, url: str, part: Path, progress: Progress | None, hash_known: bool) -> str:
    """One connection, from where the part ends to the end of the file."""
    offset, validator = _resume(part, url)
    headers = {"Range": f"bytes={offset}-", "If-Range": validator} if offset else {}
    with _get(session, url, headers, hash_known) as response:
        total = _total(response, url)
        if response.status_code == 416:
            if total == offset:  # all of it was there, and the end came before the check
                return _digest(part).hexdigest()
            part_delete(part)
            return _connection(session, url, part, progress, hash_known)
        if response.status_code == 206 and _start(response) != offset:
            raise WeightsError(f"{_host(url)} sent another part of the file than it was asked for; use --from FILE.")
        if (total or 0) > MOST_BYTES:
            raise _too_large(url, part)
        if response.status_code == 200:
            offset = 0
            part_delete(part)
        room_for(part, (total or 0) - offset)
        if response.status_code == 200:
            _note(part, url, response)
        return _written(response, url, part, offset, total, progress)


def _written(
    response: Response, url: str, part: Path, offset: int, total: int | None, progress: Progress | None
) -> str:
    import requests

    digest = _digest(part) if offset else hashlib.sha256()
    done = offset
    try:
        with part.open("ab" if offset else "wb") as file:
            for chunk in response.iter_content(PIECE_BYTES):
                done += len(chunk)
                if done > (MOST_BYTES if total is None else total):
                    raise _too_large(url, part)
                file.write(chunk)
                digest.update(chunk)
                if progress:
                    progress(done, total)
            file_sync(file)
    except OSError as error:
        if not isinstance(error, requests.RequestException):  # the disk's: a part would keep it full
            part_delete(part)
        raise
    if total is not None and done < total:
        raise _CutError
    return digest.hexdigest()


def _get(session: Session, url: str, headers: dict[str, str], hash_known: bool) -> Response:
    """The answer to go by: 200, 206 or 416. Follows redirects on the same host alone."""
    address = url
    for _ in range(MOST_REDIRECTS + 1):
        response = session.get(address, headers=headers, stream=True, timeout=TIMEOUT_S, allow_redirects=False)
        if not response.is_redirect:
            break
        response.close()
        following = urljoin(address, response.headers["Location"])
        if urlsplit(following).netloc != urlsplit(address).netloc:
            raise WeightsError(
                f"{_host(url)} sends us on to {_host(following)}, not the publisher's address. Nothing was fetched; if "
                "you trust it, give it with --mirror."
            )
        _address_check(following, hash_known)
        address = following
    else:
        raise WeightsError(f"{_host(url)} sends us in circles. Nothing was fetched; use --from FILE.")
    expected = (200, 206, 416) if headers else (200,)
    if response.status_code in expected and response.headers.get("Content-Encoding", "identity") == "identity":
        return response
    response.close()
    if response.status_code in (404, 410):
        raise WeightsError(f"The file is not at {url} (404): it was moved or withdrawn. Use --mirror or --from FILE.")
    raise WeightsError(
        f"{_host(url)} answered {response.status_code} {response.reason or ''} and not with the file; "
        "try later, or use --mirror or --from FILE."
    )


def _address_check(url: str, hash_known: bool) -> None:
    """The published 8 digits stop accidents, not a forger: he needs minutes. Over plain http all 64 must be known."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or not parts.hostname:
        raise WeightsError(f"{url} is not an https address.")
    if not (hash_known or _is_this_machine(parts.hostname)):
        raise WeightsError(
            f"{url} is not https, and the file's full hash is not known here: give it with --sha256 "
            "(`manage.py weights list --json` shows it on a machine that has the file)."
        )


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _resume(part: Path, url: str) -> tuple[int, str]:
    """Where to go on, and what tells the server which file we began; (0, "") to begin anew."""
    try:
        note = json.loads(part_note(part).read_text(encoding="utf-8"))
        offset = _size(part)
        if offset and note["url"] == url and isinstance(note["validator"], str) and note["validator"]:
            return offset, note["validator"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return 0, ""


def _note(part: Path, url: str, response: Response) -> None:
    etag = response.headers.get("ETag", "")
    # RFC 9110 13.1.5: a weak ETag may not stand in If-Range.
    validator = etag if etag.startswith('"') else response.headers.get("Last-Modified", "")
    file_put(part_note(part), json.dumps({"url": url, "validator": validator}).encode())


def _total(response: Response, url: str) -> int | None:
    """Bytes of the whole file, None when the server does not say."""
    if response.status_code == 200:
        length = response.headers.get("Content-Length", "")
        return int(length) if length.isdecimal() else None
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if found is None and response.status_code == 206:
        raise WeightsError(f"{_host(url)} does not say which part of the file it sent; use --from FILE.")
    return int(found.group(2)) if found else None


def _start(response: Response) -> int:
    found = _CONTENT_RANGE.fullmatch(response.headers["Content-Range"])
    return int(found.group(1) or -1) if found else -1


def _digest(part: Path) -> hashlib._Hash:
    with part.open("rb") as file:
        return hashlib.file_digest(file, "sha256")


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _host(url: str) -> str:
    return urlsplit(url).netloc or url


def _too_large(url: str, part: Path) -> WeightsError:
    part_delete(part)
    return WeightsError(f"{_host(url)} sends more than the file can have; it was deleted. Use --from FILE.")
