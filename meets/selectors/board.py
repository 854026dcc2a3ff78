"""What the board shows: the meet's attempts, flagged ones first, and nothing that a blind referee may not see.

Blind first is kept here, where rows are read: for an attempt that is closed to the user, findings, flags and the
photos' states are not even loaded (only that a photo is there, and since when), and the row sorts by time alone.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Exists, F, Max, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.utils import timezone

from judging.outcomes import Outcome, Reason
from judging.pose import Lift
from meets.accepted import weights_passed
from meets.access import STAFF_ROLES, AnyUser, evidence_filter
from meets.models import (
    Assessment,
    Attempt,
    AttemptImage,
    EvidenceMode,
    Finding,
    Flag,
    ImageStatus,
    Light,
    Meet,
    MeetStatus,
    Membership,
    Platform,
    Reading,
    Role,
    lift_place,
)
from meets.seal import evidence_shown
from meets.selectors import words
from meets.selectors.assessments import assessments_of
from meets.selectors.assist import Switch, switch_last
from meets.selectors.gauge import ROW_REACH_CM, Gauge, gauge
from meets.selectors.unmatched import unmatched_count
from meets.selectors.words import Call, Notice
from meets.selectors.workers import WorkersState, last_answered, last_seen, last_weights, state_of

# A photo that has waited this long on the line makes the assistant late.
DELAYED_AFTER_S = 15
# What a board shows at once; older attempts are a page away.
ROWS_PER_PAGE = 40
PAGES_MAX = 10_000


class Assist(StrEnum):
    """Whether findings can be expected: workers answer; they are behind; somebody has switched the assistant off; what
    they find may not be shown; they are alive but deaf; none is alive."""

    ON = "on"
    DELAYED = "delayed"
    SWITCHED = "switched"
    WITHHELD = "withheld"
    DEAF = "deaf"
    OFF = "off"

    @property
    def word(self) -> str:
        """What is shown: for those who wait for a finding, all but the first two are the same."""
        return self.value if self in (Assist.ON, Assist.DELAYED) else "off"


@dataclass(frozen=True, slots=True)
class Desk:
    """One user at one meet, now."""

    meet: Meet
    user: AnyUser
    role: Role
    seat: str
    assist: Assist
    # Of the engine that counts, as its workers last said, else as it last read a photo here; empty while unknown.
    weights_sha256: str = ""

    @property
    def has_passed(self) -> bool | None:
        """Have the engine's weights passed the gold gate? None while they are not known."""
        return weights_passed(self.meet.engine, self.weights_sha256) if self.weights_sha256 else None

    @property
    def gate_notice(self) -> Notice | None:
        """What everybody at the meet is told of weights that have not passed."""
        if self.has_passed is not False:
            return None
        return words.gate_notice(
            self.meet.engine, self.weights_sha256, is_live=self.meet.is_live, is_staff=self.is_staff
        )

    @property
    def engine_line(self) -> str:
        """Which engine counts and whether its weights have passed, for those who choose it."""
        return words.engine_line(self.meet.engine, self.weights_sha256, has_passed=self.has_passed)

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF_ROLES

    @property
    def unmatched(self) -> int:
        """How many photos wait in the staff's tray. Asked of the database by the pages that show it."""
        return unmatched_count(self.meet)

    @property
    def switch(self) -> Switch | None:
        """Who switched the assistant last, when and why. Asked of the database by the pages that show it."""
        return switch_last(self.meet)

    @property
    def is_open(self) -> bool:
        return self.meet.status == MeetStatus.OPEN

    @property
    def is_blind(self) -> bool:
        """Does this user's own light come before the evidence?"""
        return self.role is Role.REFEREE and self.meet.evidence_mode == EvidenceMode.AFTER_LIGHT

    @property
    def mode_word(self) -> str:
        return words.MODE_WORDS[self.meet.evidence_mode]

    @property
    def closed_word(self) -> str:
        """What stands over evidence that this user may not see yet."""
        if not self.meet.assist_on:
            return "The assistant is switched off."
        return "Closed until your own light." if self.role is Role.REFEREE else "Closed until the lights."

    @property
    def closed_why(self) -> str:
        if not self.meet.assist_on:
            return "Judge by eye. What was found shows once the attempt is decided."
        if self.meet.evidence_mode == EvidenceMode.JURY and self.role is not Role.JURY:
            return "In this meet the jury alone sees what was measured, until the meet is closed."
        return "What was measured in the photos opens when the officials have decided, so that it cannot sway anybody."

    @property
    def role_word(self) -> str:
        return f"{self.role.label} {self.seat}".strip().capitalize()

    def token(self, *parts: str) -> str:
        """Changes when, and only when, what is shown may have changed; tells nothing of what did."""
        engine = (self.weights_sha256, str(self.has_passed))
        meet = (str(self.meet.revision), self.meet.status, self.meet.evidence_mode)
        state = (*meet, *engine, self.assist, self.role, *parts)
        return hashlib.blake2s("\n".join((settings.SECRET_KEY, str(self.user.pk), *state)).encode()).hexdigest()[:20]


def desk_detail(user: AnyUser, meet_id: UUID) -> Desk:
    """The user's desk in the meet, in one query; this is what a waiting page asks for several times a second.

    Raises Http404 for a stranger.
    """
    read = Assessment.objects.filter(image__attempt__entry__meet=OuterRef("meet"), engine_kind=OuterRef("meet__engine"))
    waiting = AttemptImage.objects.filter(
        attempt__entry__meet=OuterRef("meet"), set_aside_at=None, status=ImageStatus.QUEUED
    )
    if not user.is_authenticated:
        raise Http404("There is no such meet in your meets.")
    row = (
        Membership.objects.filter(meet_id=meet_id, user=user)
        .select_related("meet")
        .annotate(
            seen_at=last_seen("meet__engine"),
            answered_at=last_answered("meet__engine"),
            waits_since=Subquery(waiting.order_by("uploaded_at").values("uploaded_at")[:1]),
            weights=Coalesce(
                last_weights("meet__engine"), Subquery(read.order_by("-created_at").values("weights_sha256")[:1])
            ),
        )
        .first()
    )
    if row is None:
        raise Http404("There is no such meet in your meets.")
    desk = Desk(row.meet, user, Role(row.role), row.seat, Assist.ON, row.weights or "")
    silent = desk.meet.is_live and desk.has_passed is False
    if not desk.meet.assist_on:
        return replace(desk, assist=Assist.SWITCHED)
    return replace(desk, assist=_assist(state_of(row.seen_at, row.answered_at), row.waits_since, silent=silent))


def _assist(workers: WorkersState, waits_since: dt.datetime | None, *, silent: bool) -> Assist:
    if not workers.alive:
        return Assist.OFF
    if not workers.answering:
        return Assist.DEAF
    if silent:
        return Assist.WITHHELD
    if waits_since is not None and (timezone.now() - waits_since).total_seconds() > DELAYED_AFTER_S:
        return Assist.DELAYED
    return Assist.ON


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader has narrowed the board to."""

    platform: int | None = None
    lift: str = ""
    # 1 holds the attempts whose photos came in last.
    page: int = 1

    @classmethod
    def read(cls, values: "dict[str, str]") -> "Filters":
        """From a query string; what makes no sense counts as not said."""
        lift = values.get("lift", "")
        return cls(
            _whole(values.get("platform", "")),
            lift if lift in set(Lift) else "",
            min(max(_whole(values.get("page", "")) or 1, 1), PAGES_MAX),
        )

    def query(self, page: int | None = None) -> str:
        """As a query string. page: another one than this."""
        page = page or self.page
        named = (("platform", self.platform), ("lift", self.lift), ("page", page if page > 1 else ""))
        return "&".join(f"{name}={value}" for name, value in named if value)

    def of(self, attempts: "QuerySet[Attempt]") -> "QuerySet[Attempt]":
        """Those of the attempts that the reader asked for, on whatever page."""
        if self.platform:
            attempts = attempts.filter(entry__platform_id=self.platform)
        return attempts.filter(lift=self.lift) if self.lift else attempts


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


class Group(StrEnum):
    """The board's headings in their order."""

    LIGHT = "Your light first"
    LIGHTS = "The lights first"
    FLAGGED = "Look at these"
    LINE = "On the line"
    RETAKE = "Photos to take again"
    CANNOT = "Cannot judge: by eye"
    PARTLY = "Partly seen: the rest by eye"
    ONE_SIDE = "One side clear, the other not seen"
    CLEAR = "Clear of the band"
    NO_PHOTO = "No photo yet"


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One attempt as the board shows it. ``lines`` say what was measured or why not; empty on a blind row."""

    attempt: Attempt
    group: Group
    call: Call
    lines: tuple[str, ...]
    thumb: AttemptImage | None
    at: dt.datetime
    my_light: str = ""
    is_open: bool = True
    rank: int = 0
    gauge: Gauge | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """An attempt's evidence as far as the user may see it: its photos, the newest assessment of each, the findings."""

    images: list[AttemptImage]
    assessments: dict[UUID, Assessment] = field(default_factory=dict)


def open_attempts(desk: Desk) -> QuerySet[Attempt]:
    """The meet's attempts whose findings this user may see now."""
    mine = Attempt.objects.filter(evidence_filter(desk.user, desk.meet, desk.role), pk=OuterRef("pk"))
    return Attempt.objects.filter(Exists(mine), entry__meet=desk.meet)


def newest_assessments(images: Iterable[AttemptImage]) -> dict[UUID, Assessment]:
    """By image id, from images whose assessments were prefetched newest first."""
    return {image.pk: rows[0] for image in images if (rows := list(image.assessments.all()))}


def board_rows(desk: Desk, filters: Filters) -> list[BoardRow]:
    """A page of rows in reading order."""
    return board_page(desk, filters)[0]


def board_page(desk: Desk, filters: Filters) -> tuple[list[BoardRow], bool]:
    """The same, and whether there is a page of older attempts. A constant number of queries, however many rows."""
    ids = _page_ids(desk, filters)
    here = ids[:ROWS_PER_PAGE]
    attempts = Attempt.objects.filter(pk__in=here).select_related("entry__lifter", "entry__platform")
    may_see = set(open_attempts(desk).filter(pk__in=here).values_list("pk", flat=True))
    images = _images_by_attempt(desk, here, may_see)
    lights = dict(
        Light.objects.filter(attempt__in=here, referee_id=desk.user.pk, take=F("attempt__take")).values_list(
            "attempt_id", "colour"
        )
    )
    rows = []
    for attempt in attempts:
        mine = images.get(attempt.pk, [])
        if attempt.pk not in may_see:
            # What a referee is not shown yet looks the same whatever was found, and to the others likewise.
            if mine:
                rows.append(_closed_row(desk, attempt, mine))
        elif mine:
            rows.append(_open_row(attempt, mine, lights.get(attempt.pk, "")))
        elif desk.is_staff:
            rows.append(BoardRow(attempt, Group.NO_PHOTO, words.NO_PHOTO, (), None, attempt.created_at))
    evidence_shown(desk.user, desk.meet, _assessments(images), "board")
    order = list(Group)
    rows.sort(key=lambda row: (order.index(row.group), row.rank, -row.at.timestamp(), row.attempt.pk.hex))
    return rows, len(ids) > ROWS_PER_PAGE


def _assessments(images: dict[UUID, list[AttemptImage]]) -> Iterable[Assessment]:
    """What was found in any of them, as far as it was read for this user."""
    for image in (image for mine in images.values() for image in mine):
        yield from getattr(image, "found", ())


def _page_ids(desk: Desk, filters: Filters) -> list[UUID]:
    """The attempts of a page, and one more where there is another page: those whose photos came in last first, then, to
    staff, those that have none yet."""
    first = (filters.page - 1) * ROWS_PER_PAGE
    attempts = filters.of(Attempt.objects.filter(entry__meet=desk.meet))
    with_photo = AttemptImage.objects.filter(attempt__in=attempts, set_aside_at=None)
    newest = (
        with_photo.order_by().values("attempt_id").annotate(last=Max("uploaded_at")).order_by("-last", "attempt_id")
    )
    ids = list(newest.values_list("attempt_id", flat=True)[first : first + ROWS_PER_PAGE + 1])
    left = ROWS_PER_PAGE + 1 - len(ids)
    if not desk.is_staff or left <= 0:
        return ids
    skipped = max(first - newest.count(), 0) if not ids and first else 0
    photo = AttemptImage.objects.filter(attempt=OuterRef("pk"), set_aside_at=None)
    bare = attempts.filter(~Exists(photo)).order_by(lift_place(), "number", "created_at", "pk")
    return ids + list(bare.values_list("pk", flat=True)[skipped : skipped + left])


def _images_by_attempt(desk: Desk, here: list[UUID], may_see: set[UUID]) -> dict[UUID, list[AttemptImage]]:
    """Photos with assessments and findings for open attempts; for closed ones the photos' ids and times only."""
    images = AttemptImage.objects.filter(set_aside_at=None).order_by("uploaded_at", "pk")
    grouped: dict[UUID, list[AttemptImage]] = defaultdict(list)
    for image in _open_images(desk.meet, images.filter(attempt__in=may_see), may_see):
        grouped[image.attempt_id].append(image)
    # That a photo is there; and to staff, who must know which to take again, how it went on the line.
    seen = ("attempt_id", "uploaded_at", "purged_at", *(("status", "reason", "finished_at") if desk.is_staff else ()))
    for image in images.filter(attempt__in=set(here) - may_see).only(*seen):
        grouped[image.attempt_id].append(image)
    return grouped


def _open_images(meet: Meet, images: QuerySet[AttemptImage], allowed: Any) -> QuerySet[AttemptImage]:
    """The photos with where they stand on the line, and what was found in them; withheld: something that may not be
    shown here.

    found: a photo's assessments, the newest first, and an assessment's findings: plain lists, since a related manager
    per row costs more than all the rows.
    """
    findings = Finding.objects.defer("marks", "detail")
    found = assessments_of(meet)
    assessments = (
        found.current.filter(image__attempt__in=allowed)
        .defer("keypoints", "raw_scores", "people", "vote_pairs", "timings_ms")
        .prefetch_related(Prefetch("findings", findings, to_attr="found"))
    )
    shown = images.only(
        "attempt_id", "status", "reason", "view", "uploaded_at", "finished_at", "width", "height", "purged_at"
    )
    shown = shown.annotate(withheld=Exists(found.withheld.filter(image=OuterRef("pk"))))
    return shown.prefetch_related(Prefetch("assessments", assessments, to_attr="found"))


def _closed_row(desk: Desk, attempt: Attempt, images: list[AttemptImage]) -> BoardRow:
    """An attempt whose findings this user may not see yet."""
    at = images[0].uploaded_at
    if desk.role is Role.REFEREE:
        return BoardRow(attempt, Group.LIGHT, words.BLIND, (), None, at, is_open=False)
    if desk.is_staff:
        at = max(image.finished_at or image.uploaded_at for image in images)
        if state := _line_state(images):
            group, call, lines = state
            return BoardRow(attempt, group, call, tuple(lines), images[0], at, is_open=False)
    return BoardRow(attempt, Group.LIGHTS, words.LIGHTS_FIRST, (), None, at, is_open=False)


_FLAG_RANK = {Flag.BREACH: 0, Flag.TOO_CLOSE: 1, Flag.LIFTER: 2, Flag.MISMATCH: 3}


def _open_row(attempt: Attempt, images: list[AttemptImage], my_light: str) -> BoardRow:
    newest: dict[UUID, Assessment] = {image.pk: image.found[0] for image in images if image.found}  # type: ignore[attr-defined]
    thumb = next((image for image in images if image.pk in newest), images[0])
    at = max(image.finished_at or image.uploaded_at for image in images)

    def row(group: Group, call: Call, lines: Iterable[str], rank: int = 0, shown: Finding | None = None) -> BoardRow:
        bar = _bar(shown) if shown else None
        return BoardRow(attempt, group, call, tuple(lines), thumb, at, my_light, rank=rank, gauge=bar)

    flags = [Flag(assessment.flag) for assessment in newest.values() if assessment.flag]
    best = merged(finding for assessment in newest.values() for finding in assessment.found)  # type: ignore[attr-defined]
    if flags:
        flag = min(flags, key=_FLAG_RANK.__getitem__)
        flagged = _flagged(flag, best)
        unjudged = words.WHO_LIFTS if flag is Flag.LIFTER else _mismatch(attempt, best)
        lines = [_line(finding) for finding in flagged] or [unjudged]
        return row(Group.FLAGGED, words.FLAG_CALLS[flag], lines[:2], _FLAG_RANK[flag], next(iter(flagged), None))
    if state := _line_state(images):
        return row(*state)
    withheld = any(image.withheld and image.pk not in newest for image in images)  # type: ignore[attr-defined]
    if withheld and not newest:
        return row(Group.CANNOT, words.WITHHELD, [words.WITHHELD_SHORT])
    judged = [finding for finding in best if finding.outcome != Outcome.CANNOT_JUDGE]
    silent = [finding for finding in best if finding.outcome == Outcome.CANNOT_JUDGE]
    if not judged:
        why = [_line(finding) for finding in silent if finding.reason != Reason.WRONG_MOMENT]
        return row(Group.CANNOT, words.CANNOT_JUDGE, list(dict.fromkeys(why or _nothing(newest.values())))[:3])
    tightest = _tightest(judged)
    # Half an answer is not the whole: a rule about both sides is not met by the one that was seen.
    missing, sides = _missing(judged, silent)
    if missing:
        return row(Group.PARTLY, words.PARTLY, [_line(tightest), *missing, *sides][:3], shown=tightest)
    if sides:
        return row(Group.ONE_SIDE, words.ONE_SIDE, [_line(tightest), *sides][:2], shown=tightest)
    return row(Group.CLEAR, words.MEETS, [_line(tightest)], shown=tightest)


def _line_state(images: list[AttemptImage]) -> tuple[Group, Call, list[str]] | None:
    """Where the attempt's photos stand while there is work or a retake left; None once all are read."""
    states = {ImageStatus(image.status) for image in images}
    for status in (ImageStatus.WORKING, ImageStatus.QUEUED):
        if status in states:
            count = sum(image.status == status for image in images)
            return Group.LINE, words.STATUS_CALLS[status], [f"{count} photo{'s' if count > 1 else ''}"]
    for status in (ImageStatus.REJECTED, ImageStatus.FAILED):
        if status in states:
            sentences = {image.get_reason_display() for image in images if image.status == status and image.reason}
            return Group.RETAKE, words.STATUS_CALLS[status], sorted(sentences)
    return None


def _missing(judged: list[Finding], silent: list[Finding]) -> tuple[list[str], list[str]]:
    """What no photo of the attempt could judge, and why: whole rules, and the other side of rules seen from one.

    Every rule of the lift yields a finding, so a rule that was never judged stands among the silent ones.
    """
    seen = {finding.rule for finding in judged}
    rules = [words.missing_line(row.reason, row.rule, row.side) for row in silent if row.rule not in seen]
    sides = [_line(row) for row in silent if row.rule in seen]
    return list(dict.fromkeys(rules)), list(dict.fromkeys(sides))


def _nothing(assessments: Iterable[Assessment]) -> list[str]:
    """Why no rule said anything at all."""
    if any(not assessment.lifter_found for assessment in assessments):
        return [words.REASON_SHORT[Reason.NO_LIFTER]]
    return [words.REASON_SHORT[Reason.WRONG_MOMENT]]


_OUTCOME_RANK = {Outcome.BREACH: 0, Outcome.TOO_CLOSE: 1, Outcome.MEETS: 2, Outcome.CANNOT_JUDGE: 3}


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """One finding per rule and side: what any camera could judge goes before what another could not see.

    Two cameras that both judge one side keep the less favourable reading; the attempt page shows both.
    """
    best: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        key = (finding.rule, finding.side)
        if key not in best or _finding_rank(finding) < _finding_rank(best[key]):
            best[key] = finding
    # "Not from this camera" about a whole rule says nothing once another camera has shown its sides.
    shown = {rule for rule, side in best if side}
    return [finding for (rule, side), finding in best.items() if side or rule not in shown]


def _finding_rank(finding: Finding) -> tuple[int, bool]:
    return _OUTCOME_RANK[Outcome(finding.outcome)], finding.reason == Reason.WRONG_MOMENT


def _tightest(findings: list[Finding]) -> Finding:
    """The one closest to a breach, errors counted."""
    return min(findings, key=lambda finding: (finding.margin_cm or 0.0) / (finding.sigma_cm or 1.0))


def _line(finding: Finding) -> str:
    if finding.margin_cm is None or finding.sigma_cm is None or finding.outcome == Outcome.CANNOT_JUDGE:
        return words.reason_short(finding.reason, finding.rule, finding.side)
    return words.margin_line(finding.rule, finding.side, finding.margin_cm, finding.sigma_cm)


def _bar(finding: Finding) -> Gauge | None:
    if finding.margin_cm is None or finding.sigma_cm is None:
        return None
    return gauge(finding.rule, finding.margin_cm, finding.sigma_cm, ROW_REACH_CM)


def _flagged(flag: Flag, findings: list[Finding]) -> list[Finding]:
    """The findings that the flag is about, the worst first; none for a photo that does not fit."""
    wanted = {Flag.BREACH: Outcome.BREACH, Flag.TOO_CLOSE: Outcome.TOO_CLOSE}.get(flag)
    flagged = [finding for finding in findings if finding.outcome == wanted]
    return sorted(flagged, key=lambda finding: finding.margin_cm or 0.0)


def _mismatch(attempt: Attempt, findings: list[Finding]) -> str:
    return words.mismatch_sentence(attempt.lift, {finding.reason for finding in findings})


def platform_rows(meet: Meet) -> list[Platform]:
    return list(Platform.objects.filter(meet=meet))


def evidence_seconds(meet: Meet) -> float | None:
    """How long the meet's last readings that count took from being asked to evidence, the middle one of up to 20, s."""
    done = Reading.objects.filter(status=ImageStatus.DONE, engine=meet.engine, finished_at__isnull=False)
    times = done.filter(image__attempt__entry__meet=meet).annotate(took=F("finished_at") - F("asked_at"))
    newest = times.order_by("-finished_at").values_list("took")[:20]
    took = sorted(row[0].total_seconds() for row in newest)
    return took[len(took) // 2] if took else None


def meet_rows(user: User) -> list[Membership]:
    """The user's meets with the part taken in each, the newest first."""
    rows = Membership.objects.filter(user=user).select_related("meet")
    return list(rows.order_by("-meet__starts_on", "meet__name"))
