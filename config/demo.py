"""``make demo``: a meet with photos on this machine, with no server installed.

The photos are the project's own rendered ones with what their truth says of lift, moment and camera, or those of the
folder named by DEMO_PHOTOS.

``python -m config.demo``        site, worker and the sender to webhooks until Ctrl-C
``python -m config.demo --once`` every demo photo assessed, one line each, then the end
"""

import argparse
import csv
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gold.truth import CameraTruth
    from meets.models import Attempt, Camera

ROOT = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR", ROOT / "var"))
DEFAULT_PHOTOS = ROOT / "gold" / "check"
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
LIFT_WORDS = (
    ("deadlift", "deadlift"),
    ("pull", "deadlift"),
    ("squat", "squat"),
    ("bench", "bench"),
    ("press", "bench"),
)
# Nobody's names: the demo shows no real person's result.
NAMES = (
    ("Ada Lindqvist", "F", "76"),
    ("Bruno Castell", "M", "93"),
    ("Chidi Okafor", "M", "105"),
    ("Dana Petrov", "F", "63"),
    ("Emeka Njoku", "M", "83"),
    ("Freya Holm", "F", "84"),
    ("Goro Tanabe", "M", "74"),
    ("Hana Kovacs", "F", "69"),
)
# Name, role, seat.
ACCOUNTS = (
    ("head", "head", ""),
    ("staff", "staff", ""),
    ("referee-left", "referee", "left"),
    ("referee-chief", "referee", "chief"),
    ("referee-right", "referee", "right"),
    ("jury", "jury", ""),
    ("reader", "reader", ""),
)
# A photo takes a tenth of a second; a demo in which nothing ends for this long is stuck.
STUCK_S = 120


@dataclass(frozen=True)
class DemoPhoto:
    """camera: of a rendered photo, where its camera stood, else None."""

    path: Path
    lift: str
    phase: str
    view: str
    camera: "CameraTruth | None" = None


def say(line: str = "") -> None:
    print(line, flush=True)  # noqa: T201 - this is a program for people at a terminal


def stop(sentence: str) -> None:
    say(sentence)
    raise SystemExit(1)


def demo_photos() -> list[DemoPhoto]:
    """The photos of DEMO_PHOTOS with what truth.jsonl or labels.csv says of them, or what their names say."""
    folder = Path(os.environ.get("DEMO_PHOTOS", DEFAULT_PHOTOS))
    inner = folder / "photos" if (folder / "photos").is_dir() else folder
    paths = sorted(path for path in inner.glob("*") if path.suffix.lower() in SUFFIXES) if inner.is_dir() else []
    if not paths:
        stop(f"No demo photos at {folder}: name a folder of photos with DEMO_PHOTOS=/path make demo.")
    if (folder / "truth.jsonl").is_file():
        return rendered_photos(folder, paths)
    labels = {}
    if (folder / "labels.csv").is_file():
        with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
            labels = {row["file"]: row for row in csv.DictReader(file)}
    return [demo_photo(path, labels.get(path.name, {})) for path in paths]


def rendered_photos(folder: Path, paths: list[Path]) -> list[DemoPhoto]:
    """Rendered photos of a lift, with what their truth says; pictures without a lifter belong to no attempt."""
    from gold.truth import truth_read

    truths = {truth.image: truth for truth in truth_read(folder) if truth.lift and truth.phase}
    return [
        DemoPhoto(path, one.lift, one.phase, one.view, one.camera)
        for path in paths
        if (one := truths.get(path.name)) and one.lift and one.phase
    ]


def demo_photo(path: Path, label: dict[str, str]) -> DemoPhoto:
    """A photo of another exercise is put to a lift all the same: the board must show that it does not fit."""
    lift = label.get("lift", "")
    if lift not in ("squat", "bench", "deadlift"):
        name = f"{path.parent.name} {path.stem}".lower()
        lift = next((found for word, found in LIFT_WORDS if word in name), "deadlift")
        return DemoPhoto(path, lift, "", "")
    view = label.get("view", "")
    return DemoPhoto(path, lift, label.get("phase", ""), view if view in ("front", "rear") else "")


def prepare(folder: Path) -> None:
    """Everything the site needs, made under ``folder``; an earlier demo there is kept."""
    # A demo never touches the database or broker that this shell is set up for.
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SECRET_KEY_FILE"):
        os.environ.pop(name, None)
    os.environ["VAR_DIR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    import django
    from django.core.management import call_command

    django.setup()
    say("Database ...")
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)


def accounts(folder: Path) -> dict[str, str]:
    """One account per role. The passwords are made on this machine and stay in its demo folder."""
    from django.contrib.auth.models import Permission, User

    path = folder / "logins.csv"
    logins = {}
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as file:
            logins = dict(csv.reader(file))
    for name, _, _ in ACCOUNTS:
        is_told = name in logins
        password = logins.setdefault(name, secrets.token_urlsafe(9))
        user, made = User.objects.get_or_create(username=name)
        if made or not is_told:
            user.set_password(password)
            user.save()
    for name in ("head", "staff"):
        User.objects.get(username=name).user_permissions.add(Permission.objects.get(codename="add_meet"))
    path.touch(mode=0o600)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(logins.items())
    return logins


def meet_build(photos: list[DemoPhoto]) -> list[tuple[DemoPhoto, "Attempt"]]:
    """The demo meet with its lifters, entries and attempts; the photos of one name belong to one attempt."""
    from django.conf import settings
    from django.contrib.auth.models import User

    from meets import roster
    from meets.models import Attempt, Entry, EvidenceMode, Lifter, Meet, MeetStatus, Membership, Platform

    meet, made = Meet.objects.get_or_create(
        name="Demo meet",
        defaults={
            "federation": "IPF",
            "town": "this machine",
            "starts_on": date.today(),  # noqa: DTZ011 - a demo's day is the user's day
            "rulebook": "ipf-2026-v3",
            # Referees of a training see the findings at once; a real meet is blind first.
            "evidence_mode": EvidenceMode.TRAINING,
        },
    )
    if made:
        Platform.objects.create(meet=meet, name="1")
        for name, role, seat in ACCOUNTS:
            Membership.objects.create(meet=meet, user=User.objects.get(username=name), role=role, seat=seat)
    else:
        # Closed by its head in an earlier run, the demo meet takes photos again, and this run's engine reads them.
        roster.meet_update(meet=meet, status=MeetStatus.OPEN, engine=settings.DEFAULT_ENGINE)
    platform = meet.platforms.first()
    groups: dict[tuple[str, str], list[DemoPhoto]] = {}
    for photo in photos:
        groups.setdefault((photo.lift, photo.path.stem.rsplit("_", 1)[0]), []).append(photo)
    placed: list[tuple[DemoPhoto, Attempt]] = []
    counts: dict[str, int] = {}
    for (lift, _), members in groups.items():
        place = counts[lift] = counts.get(lift, -1) + 1
        index, number = divmod(place, 3)
        name, sex, weight_class = NAMES[index % len(NAMES)]
        round_name = name if index < len(NAMES) else f"{name} {index // len(NAMES) + 1}"
        lifter, _ = Lifter.objects.get_or_create(meet=meet, name=round_name, defaults={"sex": sex})
        entry, _ = Entry.objects.get_or_create(
            meet=meet,
            lifter=lifter,
            defaults={"platform": platform, "flight": "A", "lot": index + 1, "weight_class": weight_class},
        )
        base = {"squat": 150, "bench": 95, "deadlift": 180}[lift] + 12.5 * (index % len(NAMES))
        attempt, _ = Attempt.objects.get_or_create(
            entry=entry, lift=lift, number=number + 1, defaults={"declared_kg": Decimal(base + 7.5 * number)}
        )
        placed.extend((photo, attempt) for photo in members)
    return placed


def camera_of(photo: DemoPhoto, attempt: "Attempt") -> "Camera | None":
    """The meet's camera that took a rendered photo, with the figures that its truth gives."""
    from meets import roster

    if photo.camera is None:
        return None
    figures = {
        "height_cm": round(photo.camera.height_cm, 1),
        "distance_cm": round(photo.camera.distance_cm, 1),
        "roll_deg": round(photo.camera.roll_deg, 2),
        "angle_deg": round(90.0 - abs(photo.camera.azimuth_deg), 1),
    }
    meet, name = attempt.entry.meet, f"{attempt.lift} {photo.path.stem}"
    known = meet.cameras.filter(name=name).first()
    return known or roster.camera_create(meet=meet, name=name, view=photo.view, **figures)


def upload(placed: list[tuple[DemoPhoto, "Attempt"]]) -> list[str]:
    """Every photo through the same door as a user's upload; the same bytes twice stay one photo, and one that the
    door refuses is told and left out."""
    from django.contrib.auth.models import User

    from meets.errors import Refusal
    from meets.intake import image_submit

    user = User.objects.get(username="staff")
    ids = []
    for number, (photo, attempt) in enumerate(placed, start=1):
        progress("Uploaded", number, len(placed))
        try:
            image, _ = image_submit(
                attempt=attempt,
                user=user,
                data=photo.path.read_bytes(),
                file_name=photo.path.name,
                view=photo.view,
                phase=photo.phase,
                camera=camera_of(photo, attempt),
            )
        except Refusal as refusal:
            say(f"{photo.path.name}: {refusal.detail}")
            continue
        ids.append(str(image.id))
    return ids


def progress(verb: str, done: int, count: int) -> None:
    """A counter in place at a terminal; elsewhere a line at every quarter."""
    text = f"{verb} {done} of {count}"
    if sys.stdout.isatty():
        print(f"\r{text:<60}", end="\n" if done == count else "", flush=True)  # noqa: T201
    elif done and (4 * done) // count > (4 * (done - 1)) // count:
        say(text)


@contextmanager
def process(name: str, arguments: list[str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A child with its own process group, so that Ctrl-C reaches this program first; stopped on the way out."""
    with (folder / f"{name}.log").open("ab") as log:
        child = subprocess.Popen(arguments, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)  # noqa: S603
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def worker(folder: Path) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    return process("worker", [sys.executable, "manage.py", "worker"], folder)


def sender(folder: Path) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    return process("sender", [sys.executable, "manage.py", "webhooks_send", "--forever"], folder)


def wait_for(ids: list[str], child: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Returns when every photo is done, rejected or failed; stops with a sentence when nothing moves any more."""
    from meets.models import AttemptImage, ImageStatus

    open_states = [ImageStatus.QUEUED, ImageStatus.WORKING]
    left, moved = len(ids), time.monotonic()
    while left:
        now = AttemptImage.objects.filter(pk__in=ids, status__in=open_states).count()
        if now != left:
            left, moved = now, time.monotonic()
            progress("Assessed", len(ids) - left, len(ids))
        if child.poll() is not None or time.monotonic() - moved > STUCK_S:
            stop(f"The worker stopped with {left} photos left: the end of {folder / 'worker.log'} says why.")
        time.sleep(0.1)


def report_lines(ids: list[str]) -> bool:
    """One line per photo: lift, outcome per rule, ms. True when every photo was assessed."""
    from meets.models import AttemptImage, ImageStatus

    whole = True
    rows = AttemptImage.objects.filter(pk__in=ids).select_related("attempt").prefetch_related("assessments__findings")
    for image in sorted(rows, key=lambda row: row.file_name):
        assessment = next(iter(image.assessments.all()), None)
        if image.status != ImageStatus.DONE or assessment is None:
            whole = False
            say(f"{image.file_name:42} {image.attempt.lift:9} {image.status}: {image.get_reason_display()}")
            continue
        seen = assessment.lift_seen or ("no lift" if assessment.lifter_found else "nobody")
        called = " · ".join(
            f"{finding.rule}{f' {finding.side}' if finding.side else ''} {finding.outcome}"
            + (f" ({finding.reason})" if finding.reason else "")
            for finding in assessment.findings.all()
        )
        flag = f"[{assessment.flag}] " if assessment.flag else ""
        ms = assessment.timings_ms.get("total", 0)
        say(f"{image.file_name:42} {image.attempt.lift:9} seen {seen:9} {ms:5.0f} ms  {flag}{called}")
    return whole


def once() -> None:
    folder = VAR_DIR / "demo-once"
    shutil.rmtree(folder, ignore_errors=True)
    photos = demo_photos()
    prepare(folder)
    accounts(folder)
    ids = upload(meet_build(photos))
    started = time.monotonic()
    with worker(folder) as child:
        wait_for(ids, child, folder)
    whole = report_lines(ids)
    say(f"{len(ids)} photos in {time.monotonic() - started:.1f} s, worker start and end included.")
    raise SystemExit(0 if whole else 1)


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def demo_port() -> int:
    """DEMO_PORT, or the first free one from 8000 on."""
    wanted = os.environ.get("DEMO_PORT", "")
    if wanted and not (wanted.isdecimal() and port_is_free(int(wanted))):
        stop(f"Port {wanted} is not free: stop what runs there, or set DEMO_PORT to another.")
    port = int(wanted) if wanted else next(filter(port_is_free, range(8000, 8100)), 0)
    if not port:
        stop("No port between 8000 and 8099 is free: set DEMO_PORT to one that is.")
    return port


def site_answers(port: int, web: "subprocess.Popen[bytes]") -> bool:
    """Waits until the site takes connections; False when it ended instead."""
    while web.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.1)
    return False


def serve() -> None:
    folder = VAR_DIR / "demo"
    port = demo_port()
    photos = demo_photos()
    prepare(folder)
    logins = accounts(folder)
    upload(meet_build(photos))
    site = [sys.executable, "-m", "gunicorn", "config.wsgi", f"--bind=127.0.0.1:{port}", "--workers=2"]
    site += ["--worker-class=gthread", "--threads=8", "--no-control-socket"]
    stopped = False

    def ask_to_stop(signum: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGINT, ask_to_stop)
    signal.signal(signal.SIGTERM, ask_to_stop)
    with (
        process("site", site, folder) as web,
        worker(folder) as working,
        sender(folder) as sending,
    ):
        if site_answers(port, web):
            welcome(port, logins)
        while not stopped and all(child.poll() is None for child in (web, working, sending)):
            time.sleep(0.2)
        if not stopped:
            stop(f"Site, worker or sender stopped by itself: the logs in {folder} say why.")
        say("Stopping ...")
    say("Stopped.")


def welcome(port: int, logins: dict[str, str]) -> None:
    say(f"\n  White Lights runs at http://127.0.0.1:{port}/\n")
    for name, role, _ in ACCOUNTS:
        say(f"  {name:14} {logins[name]:14} {role}")
    say("\n  The demo meet is a training: referees see the findings at once. Staff can set it to blind first.")
    say("  Ctrl-C stops it.\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make demo")
    parser.add_argument("--once", action="store_true", help="assess every demo photo, print one line each, and end")
    if parser.parse_args().once:
        once()
    serve()


if __name__ == "__main__":
    main()
