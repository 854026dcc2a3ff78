"""python -m tests.bench.meets: pages and lists with 100,000 attempts in PostgreSQL, and what a streamed export takes in
memory. ``make bench-meets``; the database is made for it, on the server of DATABASE_URL, and dropped again."""

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

MEETS = 10
ENTRIES = 120
# One in so many attempts has a photo that was read; in the meet that is asked for, every one.
WITH_PHOTO = 20
ROUNDS = 40
# All others lie in one meet, whose attempts are exported in one stream.
BIG_ENTRIES = 12_400


def settings_up() -> None:
    """A database of its own, never the site's."""
    url = os.environ.get("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/test")
    os.environ["DATABASE_URL"] = url.rpartition("/")[0] + "/white_lights_bench"
    os.environ["VAR_DIR"] = tempfile.mkdtemp(prefix="white-lights-bench-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ["LOG_LEVEL"] = "ERROR"
    os.environ["ALLOWED_HOSTS"] = "testserver"


@contextmanager
def database() -> Iterator[None]:
    import psycopg
    from django.conf import settings

    own = settings.DATABASES["default"]
    server = {"host": own["HOST"], "port": own["PORT"] or 5432, "user": own["USER"], "password": own["PASSWORD"]}
    with psycopg.connect(dbname="postgres", autocommit=True, **server) as link:
        link.execute("DROP DATABASE IF EXISTS white_lights_bench")
        link.execute("CREATE DATABASE white_lights_bench")
    try:
        yield
    finally:
        from django.db import connections

        connections.close_all()
        with psycopg.connect(dbname="postgres", autocommit=True, **server) as link:
            link.execute("DROP DATABASE IF EXISTS white_lights_bench")


# ── Filling ──────────────────────────────────────────────────────────────────────────────────────────────


def fill() -> tuple[Any, Any]:
    """The meet that is asked for, and the big one."""
    from meets.models import Platform

    meets = []
    for number in range(MEETS):
        meet = meet_make(f"Meet {number}", number)
        Platform.objects.create(meet=meet, name="One")
        entries_make(meet, ENTRIES, photo_every=1 if number == 0 else WITH_PHOTO)
        meets.append(meet)
        say(f"\rfilling: meet {number + 1} of {MEETS}")
    big = meet_make("All", MEETS)
    entries_make(big, BIG_ENTRIES - MEETS * ENTRIES, photo_every=WITH_PHOTO)
    say("\n")
    return meets[0], big


def say(text: str) -> None:
    if sys.stderr.isatty():
        print(text, end="", file=sys.stderr, flush=True)


def meet_make(name: str, number: int) -> Any:
    from meets.models import EvidenceMode, Meet

    return Meet.objects.create(
        name=name,
        federation="IPF",
        starts_on=date(2026, 1, 1) + timedelta(days=number),
        rulebook="ipf-2026-v3",
        evidence_mode=EvidenceMode.AFTER_LIGHT,
    )


def entries_make(meet: Any, count: int, *, photo_every: int) -> None:
    from django.utils import timezone

    from meets.models import Attempt, Category, Entry, Lifter

    lifters = Lifter.objects.bulk_create(
        [Lifter(meet=meet, name=f"Lifter {number}", sex="MF"[number % 2], birth_year=1990) for number in range(count)],
        batch_size=2000,
    )
    entries = Entry.objects.bulk_create(
        [
            Entry(
                meet=meet, lifter=lifter, flight="ABCD"[number * 4 // count], lot=number + 1 if number < 9999 else None,
                bodyweight_kg=Decimal(5000 + number % 7000) / 100, weight_class="93",
            )
            for number, lifter in enumerate(lifters)
        ],
        batch_size=2000,
    )  # fmt: skip
    Category.objects.bulk_create([Category(entry=entry, division="Open") for entry in entries], batch_size=2000)
    now = timezone.now()
    attempts = [
        Attempt(
            entry=entry, lift=lift, number=number, declared_kg=Decimal(100 + 5 * number + place % 40),
            outcome="good" if (place + number) % 4 else "no_lift", decided_at=now, decided_seq=place * 9 + number,
            whites=3 if (place + number) % 4 else 1, version=2,
        )
        for place, entry in enumerate(entries)
        for lift in ("squat", "bench", "deadlift")
        for number in (1, 2, 3)
    ]  # fmt: skip
    Attempt.objects.bulk_create(attempts, batch_size=2000)
    photos_make(attempts[::photo_every])


def photos_make(attempts: list[Any]) -> None:
    from django.contrib.auth.models import User
    from django.utils import timezone

    from meets.models import Assessment, AttemptImage, Finding, Light, Reading

    user, _ = User.objects.get_or_create(username="uploader")
    now = timezone.now()
    images = AttemptImage.objects.bulk_create(
        [
            AttemptImage(
                attempt=attempt, file_name="p.jpg", original="o.jpg", display="d.jpg", thumb="t.jpg",
                sha256=f"{n:064x}",
                byte_size=1, width=640, height=480, status="done", finished_at=now, uploaded_by=user,
            )
            for n, attempt in enumerate(attempts)
        ],
        batch_size=2000,
    )  # fmt: skip
    Reading.objects.bulk_create(
        [Reading(image=image, engine="mediapipe", status="done", finished_at=now) for image in images], batch_size=2000
    )
    points = [[100.0 + joint, 200.0 + joint, 0.9] for joint in range(17)]
    rows = Assessment.objects.bulk_create(
        [
            Assessment(
                image=image, engine_kind="mediapipe", engine="mediapipe 0.10", weights_sha256="0" * 64,
                rulebook="ipf-2026-v3", gold_set="gold", flag=("breach", "too_close", "")[n % 3], lifter_found=True,
                lift_seen=image.attempt.lift, stated_lift=image.attempt.lift, keypoints=points,
            )
            for n, image in enumerate(images)
        ],
        batch_size=1000,
    )  # fmt: skip
    Finding.objects.bulk_create(
        [
            Finding(
                assessment=row, rule="squat_depth", side=side, outcome=("BREACH", "TOO_CLOSE", "MEETS")[n % 3],
                margin_cm=-2.0 + n % 5, sigma_cm=1.5,
            )
            for n, row in enumerate(rows)
            for side in ("left", "right")
        ],
        batch_size=2000,
    )  # fmt: skip
    Light.objects.bulk_create(
        [Light(attempt=one, seat=seat, colour="white") for one in attempts for seat in ("left", "chief", "right")],
        batch_size=2000,
    )


# ── Asking ───────────────────────────────────────────────────────────────────────────────────────────────


def members(meet: Any) -> dict[str, Any]:
    from django.contrib.auth.models import User
    from django.test import Client

    from meets.models import Membership

    clients = {}
    for role, seat in (("staff", ""), ("referee", "left"), ("jury", ""), ("reader", "")):
        user, _ = User.objects.get_or_create(username=role)
        Membership.objects.create(meet=meet, user=user, role=role, seat=seat)
        clients[role] = Client()
        clients[role].force_login(user)
    return clients


def addresses(meet: Any) -> list[tuple[str, str, str]]:
    page, api = f"/meets/{meet.pk}/", f"/api/v1/meets/{meet.pk}/"
    return [
        ("board, staff", "staff", page),
        ("board, referee", "referee", page),
        ("board, reader", "reader", page),
        ("meets, staff", "staff", "/"),
        ("lifters, staff", "staff", f"{page}lifters/"),
        ("run, staff", "staff", f"{page}run/"),
        ("referee's page", "referee", f"{page}referee/"),
        ("jury's page", "jury", f"{page}jury/"),
        ("results page, reader", "reader", f"{page}results/"),
        ("api attempts", "reader", f"{api}attempts/"),
        ("api attempts, flagged", "staff", f"{api}attempts/?flag=breach"),
        ("api attempts since", "reader", f"{api}attempts/?updated_since=2026-01-01T00:00:00Z"),
        ("api entries", "reader", f"{api}entries/"),
        ("api lifters", "reader", f"{api}lifters/"),
        ("api order", "staff", f"{api}order/?lift=squat&round=1"),
        ("api standings", "reader", f"{api}standings/"),
    ]


def measure(meet: Any, clients: dict[str, Any], name: str, role: str, address: str) -> dict[str, Any]:
    from django.db import connection

    client, asked = clients[role], 0

    def count(execute: Any, *rest: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*rest)

    first = client.get(address)
    with connection.execute_wrapper(count):
        client.get(address)
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        client.get(address)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    return {
        "page": name,
        "status": first.status_code,
        "queries": asked,
        "p50_ms": round(times[len(times) // 2], 1),
        "p95_ms": round(times[int(len(times) * 0.95) - 1], 1),
        "kb": round(len(first.content) / 1024),
    }


def export_mb(meet: Any, client: Any, name: str) -> dict[str, Any]:
    """Extra resident memory at its peak while the export is read as it comes, MB."""
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, size = time.perf_counter(), 0
    answer = client.get(f"/api/v1/meets/{meet.pk}/exports/{name}")
    chunks = answer.streaming_content if getattr(answer, "streaming", False) else [answer.content]
    lines = 0
    for chunk in chunks:
        size += len(chunk)
        lines += chunk.count(b"\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "export": name, "status": answer.status_code, "lines": lines, "mb": round(size / 1e6, 1),
        "extra_mb": round((peak - before) / 1024, 1), "seconds": round(time.perf_counter() - began, 1),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    settings_up()
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    import config.wsgi  # noqa: F401  # collects as the site does

    settings.REST_FRAMEWORK["DEFAULT_THROTTLE_CLASSES"] = []
    with database():
        call_command("migrate", verbosity=0)
        from meets import accepted
        from meets.models import Attempt

        accepted.engine_passed = lambda engine, weights_sha256: True
        meet, big = fill()
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        count = Attempt.objects.count()
        # What filling left behind is no part of a site: its rows would be walked with every collection.
        gc.collect()
        gc.freeze()
        clients = members(meet)
        of_big = members(big)
        # Before the pages: what they take is then not counted as the export's.
        exports = [export_mb(big, of_big["staff"], name) for name in ("attempts.jsonl", "attempts.csv")]
        pages = [measure(meet, clients, *row) for row in addresses(meet)]
    for row in pages:
        print(
            "{page:24} {status} {queries:3} queries p50 {p50_ms:6.1f} ms p95 {p95_ms:6.1f} ms {kb:4} kB".format(**row)
        )
    for row in exports:
        print("{export:24} {status} {lines} lines, {mb} MB in {seconds} s, {extra_mb} MB more memory".format(**row))
    print(f"{count} attempts in the database")
    if given.json:
        print(json.dumps({"attempts": count, "pages": pages, "exports": exports}))


if __name__ == "__main__":
    main()
