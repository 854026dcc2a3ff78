"""Rows and pictures for tests: plain functions, each with a default for everything the test does not care about."""

import datetime as dt
import io
import itertools
import struct
import zlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from django.contrib.auth.models import Permission, User
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone
from PIL import Image, ImageDraw

from gold.vote import Measure, PairResult, PairVote, Verdict, VoteResult
from gold.vote import Reading as PairReading
from inference.assessment import Assessment as Seen
from inference.assessment import FlagKind, LiftSeen
from inference.lifter import Candidate
from judging.outcomes import Finding as FindingSeen
from judging.outcomes import Mark, Outcome, Reason
from judging.pose import Joint, Lift, Phase, PhaseSeen, Pose, Side, View, ViewSeen
from judging.rulebook import rulebook_ids
from meets import decisions, intake, results, roster
from meets.models import Assessment, Attempt, AttemptImage, Camera, Entry, Lifter, Meet, Reading, Role, WorkerBeat

_count = itertools.count(1)
# As many as a lot may be; a run of all tests makes more rows than that.
_lots = itertools.cycle(range(1, 10_000))

# ── Rows ─────────────────────────────────────────────────────────────────────────────────────────────────


def user_make(name: str = "", *, makes_meets: bool = False, **fields: Any) -> User:
    user = User.objects.create_user(name or f"user{next(_count)}", password="correct horse", **fields)
    if makes_meets:
        user.user_permissions.add(Permission.objects.get(codename="add_meet"))
    return user


def meet_make(**fields: Any) -> Meet:
    start = {"name": f"Meet {next(_count)}", "starts_on": dt.date(2026, 5, 1), "rulebook": rulebook_ids()[0]}
    return Meet.objects.create(**start | fields)


def meet_now(**which: Any) -> dict[str, Any]:
    """The meet's row as the database has it, but for its log's end: that somebody was shown evidence is noted there."""
    row = Meet.objects.values().get(**which)
    return {name: value for name, value in row.items() if name not in ("log_count", "log_head")}


def rows_of(models: Iterable[type[Model]]) -> list[list[tuple[Any, ...]]]:
    """All rows as the database has them now, to compare with those before. By hand: the ORM takes twenty times as long,
    which was half of a test that compares."""
    found = []
    with connection.cursor() as cursor:
        for meta in (model._meta for model in models):
            cursor.execute(f'SELECT * FROM "{meta.db_table}" ORDER BY "{meta.pk.column}"')  # noqa: S608
            found.append(cursor.fetchall())
    return found


def member_make(meet: Meet, role: Role = Role.STAFF, *, seat: str = "", user: User | None = None) -> User:
    user = user or user_make()
    roster.membership_set(meet=meet, user=user, role=role, seat=seat)
    return user


def lifter_make(meet: Meet, **fields: Any) -> Lifter:
    return Lifter.objects.create(**{"meet": meet, "name": f"Lifter {next(_count)}", "sex": "F"} | fields)


def entry_make(meet: Meet | None = None, **fields: Any) -> Entry:
    meet = meet or meet_make()
    lifter = fields.pop("lifter", None) or lifter_make(meet)
    return Entry.objects.create(**{"meet": meet, "lifter": lifter, "lot": next(_lots)} | fields)


def attempt_make(meet: Meet | None = None, *, entry: Entry | None = None, **fields: Any) -> Attempt:
    start = {"entry": entry or entry_make(meet), "lift": "squat", "number": 1, "declared_kg": "100.00"}
    return Attempt.objects.create(**start | fields)


def kg(text: str) -> Decimal:
    """A weight as a row holds it."""
    return Decimal(text)


def decided_make(attempt: Attempt, outcome: str = "good", *, user: User | None = None) -> Attempt:
    """The attempt as another light system decided it."""
    decisions.decision_bring_in(
        attempt=attempt, user=user or user_make(), told=decisions.Elsewhere(outcome=outcome, system="test")
    )
    attempt.refresh_from_db()
    return attempt


def camera_make(meet: Meet, **fields: Any) -> Camera:
    return Camera.objects.create(**{"meet": meet, "name": f"Camera {next(_count)}"} | fields)


def beat_make(name: str = "w", *, engine: str = "mediapipe", **fields: Any) -> WorkerBeat:
    """A worker's sign of life, now."""
    return WorkerBeat.objects.create(**{"name": name, "engine": engine, "seen_at": timezone.now()} | fields)


OF_READING = (
    "status", "reason", "tries", "claimed_by", "claim_token", "asked_at", "nudged_at", "claimed_at", "lease_until",
    "finished_at",
)  # fmt: skip


def image_make(attempt: Attempt | None = None, *, user: User | None = None, **fields: Any) -> AttemptImage:
    """A photo that came in the usual way, then set to what the test needs (status, claim, times), by every engine."""
    attempt = attempt or attempt_make()
    image, _ = intake.image_submit(attempt=attempt, user=user or user_make(), data=photo_bytes(), file_name="p.jpg")
    of_reading = {name: fields.pop(name) for name in OF_READING if name in fields}
    if of_reading:
        with transaction.atomic():
            image.readings.update(**of_reading)
            results.images_follow(AttemptImage.objects.filter(pk=image.pk))
    if fields:
        AttemptImage.objects.filter(pk=image.pk).update(**fields)
    image.refresh_from_db()
    return image


def reading_of(image: AttemptImage, engine: str = "mediapipe") -> Reading:
    """The photo's reading as the database has it now."""
    return Reading.objects.get(image_id=image.pk, engine=engine)


def claim_make(
    image: AttemptImage, engine: str = "mediapipe", *, worker: str = "w@test", pid: int = 1
) -> results.Claim:
    """The photo in work."""
    (claim,) = results.readings_claim(image_id=image.pk, engine=engine, worker=worker, pid=pid)
    return claim


def assessed_make(
    attempt: Attempt | None = None, *, seen: Seen | None = None, engine: str = "mediapipe", **fields: Any
) -> Assessment:
    """A photo with its finished assessment."""
    image = image_make(attempt, **fields)
    assert results.reading_settle(claim=claim_make(image, engine), seen=seen or seen_make())
    return Assessment.objects.get(image=image)


def working_make(attempt: Attempt | None = None, *, by: str = "w@test/1", **fields: Any) -> AttemptImage:
    """A photo that a worker has claimed."""
    claimed = {
        "status": "working",
        "tries": 1,
        "claimed_by": by,
        "claim_token": UUID(int=1),
        "claimed_at": timezone.now(),
        "lease_until": timezone.now() + dt.timedelta(minutes=5),
    }
    return image_make(attempt, **claimed | fields)


# ── What a pipeline would hand over ──────────────────────────────────────────────────────────────────────


def pose_make() -> Pose:
    return Pose(np.array([[100.04 + 10 * joint, 200.06 + joint, 0.9] for joint in Joint]))


def person_make(
    box: tuple[float, float, float, float] = (100.04, 80.0, 260.0, 216.06), *, score: float = 0.75, chosen: bool = False
) -> Candidate:
    return Candidate(pose_make(), score, box, chosen)


def finding_make(**fields: Any) -> FindingSeen:
    start: dict[str, Any] = {
        "rule": "squat_depth",
        "side": Side.LEFT,
        "outcome": Outcome.BREACH,
        "detail": "The hip crease is above the knee.",
        "margin_cm": -4.0,
        "sigma_cm": 1.5,
        "margin_limb": -0.1,
        "sigma_limb": 0.04,
        "limb": "thigh",
        "p_breach": 0.99,
        "marks": (Mark("level", "knee", 1.04, 2.0, 3.0, 4.0),),
    }
    return FindingSeen(**start | fields)


def votes_make() -> VoteResult:
    joints = (Joint.LEFT_WRIST, Joint.RIGHT_WRIST)
    votes = tuple(
        PairVote("wrist-wrist", joints, number, view, verdict, 0.5, 0.45)
        for number, view, verdict in ((1, View.FRONT, Verdict.GOOD), (2, View.LEFT, Verdict.BAD))
    )
    pairs = (PairResult("wrist-wrist", joints, PairReading.FRONT_GOOD, 0.5),)
    return VoteResult(votes, pairs, (), -1.0, Measure.BOX, 0.1, "test-1")


def seen_make(**fields: Any) -> Seen:
    silent = finding_make(
        rule="knees_locked",
        side=None,
        outcome=Outcome.CANNOT_JUDGE,
        reason=Reason.WRONG_MOMENT,
        margin_cm=None,
        sigma_cm=None,
        margin_limb=None,
        sigma_limb=None,
        limb="",
        p_breach=None,
        marks=(),
    )
    start: dict[str, Any] = {
        "width": 640,
        "height": 480,
        "pose": pose_make(),
        "people": (person_make(chosen=True),),
        "lifter_margin": 0.75,
        "lift": LiftSeen(Lift.SQUAT, 0.9),
        "phase": PhaseSeen(Phase.BOTTOM, 0.8),
        "view": ViewSeen(View.LEFT, 0.7, 5.0, stated=True),
        "flag": FlagKind.BREACH,
        "findings": (finding_make(), silent),
        "votes": votes_make(),
        "timings_ms": {"decode": 1.234, "engine": 50.0, "total": 60.0},
        "engine": "test-engine",
        "weights_sha256": "0" * 64,
        "rulebook": "test-book",
        "gold_set": "test-1",
    }
    return Seen(**start | fields)


# ── Pictures ─────────────────────────────────────────────────────────────────────────────────────────────


def picture(size: tuple[int, int] = (320, 240), *, seed: int | None = None) -> Image.Image:
    """A drawn scene, different every time unless a seed is given. Left half red, right half blue."""
    number = next(_count) if seed is None else seed
    image = Image.new("RGB", size, (200, 30, 30))
    draw = ImageDraw.Draw(image)
    draw.rectangle((size[0] // 2, 0, size[0], size[1]), fill=(30, 30, 200))
    draw.text((5, 5), f"{number:06d}", fill="white")
    return image


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo_bytes(size: tuple[int, int] = (320, 240), *, seed: int | None = None, **options: Any) -> bytes:
    return encoded(picture(size, seed=seed), quality=90, **options)


def bomb_bytes(side: int = 30_000) -> bytes:
    """A PNG of a few bytes whose header promises side × side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def gps_exif(*, orientation: int = 1) -> Image.Exif:
    """EXIF with a place on earth, a camera's name, and which way up the photo is."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x0110] = "CAMERA-OF-ANNA"
    exif[0x8825] = {1: "N", 2: (59.0, 19.0, 45.0), 3: "E", 4: (18.0, 4.0, 7.0)}
    return exif
