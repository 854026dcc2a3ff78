"""python -m tests.play: a site of its own, a whole meet through its public API, the exports, and their check."""

import argparse
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.play.client import Http, Player
from tests.play.meet import SEATS, Cast, play
from tests.play.outcome import Outcome, outcome_of

ROOT = Path(__file__).resolve().parents[2]


def port_free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def manage(folder: Path, *arguments: str, **extra: str) -> None:
    environ = {**os.environ, "VAR_DIR": str(folder), "LOG_LEVEL": "WARNING", **extra}
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"manage.py {arguments[0]}: {(done.stdout + done.stderr)[-500:]}")


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """A site on this machine alone; ends with the block."""
    manage(folder, "migrate", "--no-input", "-v0")
    manage(folder, "collectstatic", "--no-input", "-v0")
    environ = {**os.environ, "VAR_DIR": str(folder), "LOG_LEVEL": "WARNING"}
    port = port_free()
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", f"--bind=127.0.0.1:{port}", "--workers=2"]
    with (folder / "web.log").open("wb") as log:
        web = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        base = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{base}/login/", timeout=60).close()  # noqa: S310
                break
            except (urllib.error.URLError, ConnectionError):
                if web.poll() is not None:
                    sys.exit(f"The site did not start; see {folder / 'web.log'}.")
                time.sleep(0.1)
        yield base
    finally:
        web.terminate()
        web.wait(20)


def cast(folder: Path, base: str) -> Cast:
    """Accounts on the command line, as whoever runs the site makes them; tokens through the API."""
    send = Http(base)
    names = ["head", "staff", "reader", *SEATS, "jury1", "jury2", "jury3"]
    players = {}
    for name in names:
        password = secrets.token_urlsafe(16)
        more = ["--makes-meets"] if name == "head" else []
        manage(folder, "user_create", name, *more, USER_PASSWORD=password)
        answer = send("POST", "/api/v1/auth/token/", {"username": name, "password": password}, "")
        players[name] = Player(name, answer.json()["token"], send)
    return Cast(
        players["head"],
        players["staff"],
        {seat: players[seat] for seat in SEATS},
        [players["jury1"], players["jury2"], players["jury3"]],
        players["reader"],
    )


def show(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {of} attempts", end="" if done < of else "\n", file=sys.stderr, flush=True)


def report(outcome: Outcome, seconds: float) -> None:
    for name, value in outcome.figures.items():
        print(f"{name.replace('_', ' '):28} {value}")
    print(f"{'seconds':28} {seconds:.0f}")
    for fault in outcome.faults[:40]:
        print(f"✗ {fault}")
    print("All agrees." if not outcome.faults else f"{len(outcome.faults)} things do not agree.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lifters", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, help="a folder to keep the exports in")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="white-lights-play-") as name:
        folder = Path(name)
        with site(folder) as base:
            players = cast(folder, base)
            began = time.monotonic()
            played = play(players, lifters=given.lifters, seed=given.seed, show=show)
            outcome = outcome_of(players, played)
            seconds = time.monotonic() - began
        manage(folder, "log_verify")
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
        for file, data in outcome.files.items():
            (given.out / file).write_bytes(data)
    report(outcome, seconds)
    if given.json:
        body: dict[str, Any] = {**outcome.figures, "seconds": round(seconds, 1), "faults": outcome.faults}
        print(json.dumps(body))
    sys.exit(1 if outcome.faults else 0)


if __name__ == "__main__":
    main()
