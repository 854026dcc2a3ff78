"""``make bench-two-engines``: 300 real photos through a MediaPipe and a ViTPose worker, with kills in the middle.

Each photo must be assessed once by each engine, and none lost. Run by the site's python; the ViTPose worker has the
environment of ``make gpu-env``, and small weights that ``tests.mm`` taught (or those named by POSE_WEIGHTS and
DETECTOR_WEIGHTS in WEIGHTS_DIR).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.bench.__main__ import out, photos, queue_up

ROOT = Path(__file__).resolve().parents[2]
ALL = 300
STUCK_S = 180
KINDS = {"mediapipe": ROOT / ".venv", "mmpose": ROOT / ".venv-gpu"}


class Crew:
    """The two workers, each its kind, on the site under ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, kind: str) -> None:
        with (self._folder / f"{kind}.log").open("ab") as log:
            self.running[kind] = subprocess.Popen(
                [str(KINDS[kind] / "bin" / "python"), "manage.py", "worker"],
                cwd=ROOT,
                env={**os.environ, "ENGINE": kind},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill_child(self, kind: str) -> None:
        import psutil

        for child in psutil.Process(self.running[kind].pid).children():
            child.send_signal(signal.SIGKILL)

    def kill(self, kind: str) -> None:
        os.killpg(self.running[kind].pid, signal.SIGKILL)
        self.running[kind].wait()

    def end(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(timeout=60)


def settled() -> Counter[str]:
    """How many readings of each kind have ended."""
    from meets.models import ImageStatus, Reading

    ended = Reading.objects.exclude(status__in=(ImageStatus.QUEUED, ImageStatus.WORKING))
    return Counter(ended.values_list("engine", flat=True))


def watch(crew: Crew) -> list[str]:
    """Until everything is settled: kills a child of one worker and the whole of the other on the way."""
    kills = [
        ("mmpose", 60, "its child", lambda: crew.kill_child("mmpose")),
        ("mediapipe", 150, "the whole of it", lambda: (crew.kill("mediapipe"), crew.start("mediapipe"))),
        ("mmpose", 200, "the whole of it", lambda: (crew.kill("mmpose"), crew.start("mmpose"))),
    ]
    told: list[str] = []
    last, moved = 0, time.monotonic()
    while (now := settled()).total() < ALL * len(KINDS):
        if now.total() != last:
            last, moved = now.total(), time.monotonic()
            if sys.stdout.isatty():
                sys.stdout.write(f"\r{dict(now)}")
                sys.stdout.flush()
        for kill in [one for one in kills if now[one[0]] >= one[1]]:
            kills.remove(kill)
            kill[3]()
            told.append(f"{kill[0]}: {kill[2]} killed after {now[kill[0]]} photos")
            out(told[-1])
        if time.monotonic() - moved > STUCK_S:
            out(f"Nothing moves any more: {dict(now)}.")
            raise SystemExit(1)
        time.sleep(0.05)
    return told


def figures(seconds: float, kills: list[str]) -> dict[str, Any]:
    from meets.models import Assessment, Reading

    found: dict[str, Any] = {"photos": ALL, "kills": len(kills), "seconds": round(seconds, 1), "engines": {}}
    out(f"{'engine':10} {'done':>5} {'failed':>7} {'assessed once':>14} {'twice':>6} {'never':>6} {'more tries':>11}")
    for kind in KINDS:
        times = Counter(Assessment.objects.filter(engine_kind=kind).values_list("image_id", flat=True))
        status = Counter(Reading.objects.filter(engine=kind).values_list("status", flat=True))
        row = {
            "done": status["done"],
            "failed": status["failed"] + status["rejected"],
            "once": sum(count == 1 for count in times.values()),
            "twice": sum(count > 1 for count in times.values()),
            "never": ALL - len(times),
            "more_tries": Reading.objects.filter(engine=kind, tries__gt=1).count(),
        }
        found["engines"][kind] = row
        out(
            f"{kind:10} {row['done']:5} {row['failed']:7} {row['once']:14} {row['twice']:6} {row['never']:6} "
            f"{row['more_tries']:11}"
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-two-engines")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    as_json = parser.parse_args().json
    photos()
    from config.demo import prepare

    folder = Path(tempfile.mkdtemp(prefix="white-lights-bench-"))
    crew = Crew(folder)
    try:
        prepare(folder)
        queue_up(ALL, engine="mediapipe", engines_also=["mmpose"])
        started = time.monotonic()
        for kind in KINDS:
            crew.start(kind)
        kills = watch(crew)
        found = figures(time.monotonic() - started, kills)
    finally:
        crew.end()
        shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        out(json.dumps(found))
    if any(row["once"] != ALL for row in found["engines"].values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
