"""``make bench``: one worker, real photos, the real queue.

What it measures: per photo, the time inside the engine against everything else from one settled photo to the next
(message, claim, file, decode, lifter, classifier, vote, rules, database); and the resident memory of the worker's
child after 50 and after 300 photos.
"""

import argparse
import csv
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("LIFT_DATA", ROOT.parent / "shared" / "data")) / "lifts"
# What the line does beside the engine.
BESIDE = ("decode", "finder", "lifter", "classify", "vote", "judge")
TIMED, ALL = 50, 300
STUCK_S = 120


def out(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def photos() -> list[tuple[Path, str]]:
    """The lift photos with their lift, in the order of labels.csv."""
    if not (FOLDER / "labels.csv").is_file():
        out(f"The bench needs the real photos, and there are none at {FOLDER}: set LIFT_DATA.")
        raise SystemExit(1)
    with (FOLDER / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["lift"] in ("squat", "bench", "deadlift")]
    return [(FOLDER / "photos" / row["file"], row["lift"]) for row in rows]


def queue_up(count: int, **fields: Any) -> list[str]:
    """``count`` photos through the intake, each attempt holding every photo of its lift once. fields: of the meet."""
    from django.contrib.auth.models import User

    from meets.intake import image_submit
    from meets.models import Attempt, Entry, Lifter, Meet, Membership, Role

    user = User.objects.create(username="bench")
    meet = Meet.objects.create(name="Bench", starts_on=date(2026, 1, 1), rulebook="ipf-2026-v3", **fields)
    Membership.objects.create(meet=meet, user=user, role=Role.STAFF)
    ids: list[str] = []
    attempts: dict[tuple[int, str], Attempt] = {}
    while len(ids) < count:
        for path, lift in photos():
            place = len(ids) // 52
            if (place, lift) not in attempts:
                lifter, _ = Lifter.objects.get_or_create(meet=meet, name=f"Lifter {place}", defaults={"sex": "F"})
                entry, _ = Entry.objects.get_or_create(meet=meet, lifter=lifter, defaults={"lot": place + 1})
                attempts[place, lift] = Attempt.objects.create(entry=entry, lift=lift, number=1, declared_kg=100)
            image, _ = image_submit(
                attempt=attempts[place, lift],
                user=user,
                data=path.read_bytes(),
                file_name=path.name,
            )
            if str(image.id) not in ids:
                ids.append(str(image.id))
            if len(ids) == count:
                break
    return ids


def child_rss_mb(worker_pid: int) -> float:
    """Resident memory of the worker's one child, MB (10^6 bytes)."""
    import psutil

    children = psutil.Process(worker_pid).children()
    return max((child.memory_info().rss for child in children), default=0) / 1e6


def watch(ids: list[str], worker_pid: int) -> tuple[float, float]:
    """Waits for all photos; the child's memory after TIMED and after all of them."""
    from meets.models import AttemptImage, ImageStatus

    rss_first = 0.0
    done, moved = 0, time.monotonic()
    while done < len(ids):
        now = AttemptImage.objects.filter(status=ImageStatus.DONE).count()
        if now != done:
            done, moved = now, time.monotonic()
        if done >= TIMED and not rss_first:
            rss_first = child_rss_mb(worker_pid)
        if time.monotonic() - moved > STUCK_S:
            out(f"The worker stopped at {done} of {len(ids)} photos.")
            raise SystemExit(1)
        if sys.stdout.isatty():
            sys.stdout.write(f"\r{done} of {len(ids)} photos")
            sys.stdout.flush()
        time.sleep(0.1)
    out()
    return rss_first, child_rss_mb(worker_pid)


def times() -> list[tuple[float, float, dict[str, float]]]:
    """Per photo, in the order they were settled: engine ms, everything else ms, the steps.

    The queue is never empty, so the time from one settled photo to the next is all that a photo costs the worker.
    The first photo is left out: it waits for the model to load.
    """
    from meets.models import AttemptImage

    rows = list(AttemptImage.objects.order_by("finished_at").prefetch_related("assessments"))
    found = []
    for before, row in pairwise(rows):
        if before.finished_at is None or row.finished_at is None:
            continue
        whole = (row.finished_at - before.finished_at).total_seconds() * 1000
        steps: dict[str, float] = row.assessments.all()[0].timings_ms
        found.append((steps["engine"], whole - steps["engine"], steps))
    return found


def table(rows: list[tuple[float, float, dict[str, float]]], rss: tuple[float, float]) -> dict[str, Any]:
    first = rows[:TIMED]
    engine = statistics.median(row[0] for row in first)
    rest = statistics.median(row[1] for row in first)
    ratio = statistics.median(row[1] / row[0] for row in first)
    out(f"{len(first)} photos, one worker · median per photo")
    out(f"  inside the engine     {engine:7.1f} ms")
    out(f"  everything else       {rest:7.1f} ms   {ratio:.2f} of the engine (at most 0.25)")
    for step in BESIDE:
        out(f"    {step:18}  {statistics.median(row[2][step] for row in first):7.1f} ms")
    inside = [sum(row[2][step] for step in BESIDE) for row in first]
    beyond = statistics.median(row[1] - part for row, part in zip(first, inside, strict=True))
    out(f"    queue and database  {beyond:7.1f} ms")
    out(
        f"worker memory after {TIMED} photos {rss[0]:.0f} MB, after {ALL} {rss[1]:.0f} MB:",
    )
    out(f"  {rss[1] / rss[0]:.3f} of it (at most 1.15)")
    return {
        "engine_ms": round(engine, 2),
        "rest_ms": round(rest, 2),
        "rest_over_engine": round(ratio, 4),
        "rss_50_mb": round(rss[0], 1),
        "rss_300_mb": round(rss[1], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    as_json = parser.parse_args().json
    photos()
    from config.demo import prepare, worker

    folder = Path(tempfile.mkdtemp(prefix="white-lights-bench-"))
    try:
        prepare(folder)
        ids = queue_up(ALL)
        with worker(folder) as child:
            rss = watch(ids, child.pid)
        figures = table(times(), rss)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        out(json.dumps(figures))


if __name__ == "__main__":
    main()
