"""What the attempt page shows: photos with what is drawn over them, one card per finding, the gold votes.

A closed attempt comes back with its photos and nothing else: what the machine found is not read at all.
"""

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.http import Http404

from judging.outcomes import Outcome, Reason
from judging.pose import SEEN_SCORE, Joint
from meets.models import Assessment, Attempt, AttemptImage, Finding, Flag, ImageStatus, Light, Vote
from meets.selectors import words
from meets.selectors.board import Desk, Seen, merged, newest_assessments, open_attempts
from meets.selectors.gauge import Gauge, gauge
from meets.selectors.words import Call

BONES = (
    (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER),
    (Joint.LEFT_SHOULDER, Joint.LEFT_ELBOW),
    (Joint.LEFT_ELBOW, Joint.LEFT_WRIST),
    (Joint.RIGHT_SHOULDER, Joint.RIGHT_ELBOW),
    (Joint.RIGHT_ELBOW, Joint.RIGHT_WRIST),
    (Joint.LEFT_SHOULDER, Joint.LEFT_HIP),
    (Joint.RIGHT_SHOULDER, Joint.RIGHT_HIP),
    (Joint.LEFT_HIP, Joint.RIGHT_HIP),
    (Joint.LEFT_HIP, Joint.LEFT_KNEE),
    (Joint.LEFT_KNEE, Joint.LEFT_ANKLE),
    (Joint.RIGHT_HIP, Joint.RIGHT_KNEE),
    (Joint.RIGHT_KNEE, Joint.RIGHT_ANKLE),
)


@dataclass(frozen=True, slots=True)
class Bone:
    x1: float
    y1: float
    x2: float
    y2: float
    seen: bool


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    label: str
    seen: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A level or surface line with its words. ``tone`` is its finding's."""

    kind: str
    tone: str
    x1: float
    y1: float
    x2: float
    y2: float
    label: str = ""
    label_x: float = 0.0
    label_y: float = 0.0
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Box:
    tone: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Overlay:
    """Everything drawn over one photo, px of the upright photo. unit: a thousandth of its longer side, for sizes
    that must look alike over a phone's photo and a large camera's."""

    unit: float
    bones: list[Bone]
    dots: list[Dot]
    lines: list[Line]
    bands: list[Box]
    gold: list[Line]
    zoom: tuple[float, float, float, float] | None

    @property
    def font(self) -> float:
        return round(self.unit * 19, 1)

    @property
    def radius(self) -> float:
        return round(self.unit * 8, 1)


@dataclass(frozen=True, slots=True)
class PhotoView:
    image: AttemptImage
    label: str
    moment: str
    call: Call | None
    sentence: str
    overlay: Overlay | None
    can_retry: bool


@dataclass(frozen=True, slots=True)
class Card:
    """One finding in words."""

    title: str
    call: Call
    margin: str = ""
    sigma: str = ""
    direction: str = ""
    limb: str = ""
    gauge: Gauge | None = None
    sentence: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class VoteCell:
    """One annotation's vote. tone: the colour's name; the word stands beside it for those who see no colour."""

    tone: str
    word: str


@dataclass(frozen=True, slots=True)
class VoteRow:
    pair: str
    cells: list[list[VoteCell]]
    reading: str


@dataclass(frozen=True, slots=True)
class Votes:
    views: list[str]
    rows: list[VoteRow]
    summary: str
    good: bool
    kappa: str
    left_out: str
    source: str


@dataclass(frozen=True, slots=True)
class LooksLike:
    """What a photo looks like, for the meet's staff."""

    label: str
    lift: str
    phase: str
    view: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The attempt as this user may see it now. Everything after ``photos`` is empty while it is closed."""

    attempt: Attempt
    is_open: bool
    my_light: Light | None
    photos: list[PhotoView]
    cards: list[Card]
    silent: list[str]
    votes: list[Votes]
    looks: list[LooksLike]
    mismatch: str
    footer: list[str]


def attempt_row(desk: Desk, attempt_id: UUID) -> Attempt:
    """The attempt in the desk's meet. Raises Http404."""
    rows = Attempt.objects.filter(entry__meet=desk.meet).select_related("entry__lifter", "entry__platform")
    attempt = rows.filter(pk=attempt_id).first()
    if attempt is None:
        raise Http404("There is no such attempt in your meets.")
    return attempt


def attempt_meet_id(attempt_id: UUID) -> UUID:
    """The meet of an attempt, for the check that follows. Raises Http404."""
    meet_id = Attempt.objects.filter(pk=attempt_id).values_list("entry__meet_id", flat=True).first()
    if meet_id is None:
        raise Http404("There is no such attempt in your meets.")
    return meet_id


def evidence_detail(desk: Desk, attempt_id: UUID) -> Evidence:
    """Raises Http404."""
    attempt = attempt_row(desk, attempt_id)
    is_open = open_attempts(desk).filter(pk=attempt.pk).exists()
    my_light = Light.objects.filter(attempt=attempt, referee_id=desk.user.pk).first()
    seen = _seen(attempt, is_open=is_open)
    photos = [_photo(desk, image, seen.assessments.get(image.pk), is_open=is_open) for image in seen.images]
    if not is_open:
        return Evidence(attempt, False, my_light, photos, [], [], [], [], "", [])
    cards, silent = _cards(seen)

    def source(image: AttemptImage, row: Assessment) -> str:
        return photo_label(image, row) if len(seen.assessments) > 1 else ""

    assessed = [(image, seen.assessments[image.pk]) for image in seen.images if image.pk in seen.assessments]
    return Evidence(
        attempt,
        True,
        my_light,
        photos,
        cards,
        silent,
        [votes for image, row in assessed if (votes := _votes(row, source(image, row))) is not None],
        [_looks(image, assessment) for image, assessment in assessed] if desk.is_staff else [],
        _mismatch(attempt, assessed),
        _footer([assessment for _, assessment in assessed]),
    )


def _seen(attempt: Attempt, *, is_open: bool) -> Seen:
    images = AttemptImage.objects.filter(attempt=attempt).order_by("uploaded_at", "pk")
    if not is_open:
        return Seen(list(images))
    votes = Prefetch("votes", Vote.objects.order_by("pk"))
    assessments = Assessment.objects.order_by("-created_at", "-pk").prefetch_related("findings", votes)
    rows = list(images.prefetch_related(Prefetch("assessments", assessments)))
    return Seen(rows, newest_assessments(rows))


def _photo(desk: Desk, image: AttemptImage, assessment: Assessment | None, *, is_open: bool) -> PhotoView:
    status = ImageStatus(image.status)
    call = words.STATUS_CALLS.get(status)
    sentence = (
        image.get_reason_display() if image.reason and status in (ImageStatus.REJECTED, ImageStatus.FAILED) else ""
    )
    if not is_open:
        # Only what says nothing of what was found: that this photo is there.
        return PhotoView(image, photo_label(image, None), "", None, "", None, False)
    if status is ImageStatus.QUEUED:
        sentence = "Waiting for a worker."
    elif status is ImageStatus.WORKING:
        sentence = "A worker is reading this photo."
    overlay = _overlay(image, assessment) if assessment is not None else None
    if assessment is not None and not assessment.lifter_found:
        call, sentence = words.CANNOT_JUDGE, words.REASON_SENTENCES[Reason.NO_LIFTER]
    can_retry = status is ImageStatus.FAILED and desk.is_staff and desk.is_open
    moment = words.PHASE_WORDS.get(image.phase, "")
    return PhotoView(image, photo_label(image, assessment), moment, call, sentence, overlay, can_retry)


def photo_label(image: AttemptImage, assessment: Assessment | None) -> str:
    """Where the camera stood, as far as anyone has said or could tell: ``lifter's left``."""
    view = image.view or (assessment.view_seen if assessment else "")
    return f"from the {words.VIEW_WORDS[view]}" if view else "camera side not known"


# ── Drawing ──────────────────────────────────────────────────────────────────────────────────────────────


def _overlay(image: AttemptImage, assessment: Assessment) -> Overlay:
    unit = max(image.width, image.height) / 1000
    points = assessment.keypoints or []
    bones, dots = _skeleton(points)
    lines: list[Line] = []
    bands: list[Box] = []
    for finding in assessment.findings.all():
        tone = words.OUTCOME_CALLS[Outcome(finding.outcome)].tone
        bands += [_band(mark, tone) for mark in finding.marks if mark["kind"] == "band"]
        lines += _finding_lines(finding, tone, image, unit)
    return Overlay(
        round(unit, 3),
        bones,
        dots,
        _apart(lines, unit),
        bands,
        _gold_lines(assessment, points),
        _zoom(image, assessment),
    )


def _skeleton(points: list[list[float]]) -> tuple[list[Bone], list[Dot]]:
    if len(points) != len(Joint):
        return [], []
    bones = []
    for first, second in BONES:
        (x1, y1, s1), (x2, y2, s2) = points[first], points[second]
        if s1 > 0 and s2 > 0:
            bones.append(Bone(round(x1, 1), round(y1, 1), round(x2, 1), round(y2, 1), min(s1, s2) >= SEEN_SCORE))
    used = sorted({joint for bone in BONES for joint in bone})
    dots = [
        Dot(round(points[joint][0], 1), round(points[joint][1], 1), joint.label, points[joint][2] >= SEEN_SCORE)
        for joint in used
        if points[joint][2] > 0
    ]
    return bones, dots


def _band(mark: dict[str, Any], tone: str) -> Box:
    x, y = min(mark["x1"], mark["x2"]), min(mark["y1"], mark["y2"])
    width, height = abs(mark["x2"] - mark["x1"]), abs(mark["y2"] - mark["y1"])
    return Box(tone, round(x, 1), round(y, 1), round(width, 1), round(height, 1))


def _finding_lines(finding: Finding, tone: str, image: AttemptImage, unit: float) -> list[Line]:
    """Surfaces and the level line. A surface that lies on the level gives its name to the longer of the two."""
    levels = [mark for mark in finding.marks if mark["kind"] == "level"]
    surfaces = [mark for mark in finding.marks if mark["kind"] == "surface"]
    names = {id(mark): str(mark["label"]) for mark in (*levels, *surfaces) if mark["label"] != "level"}
    for level in levels:
        for surface in surfaces:
            if _middle_distance(surface, level) < 3 * unit:
                names[id(level)] = names.pop(id(surface), "")
    return [_marked_line(mark, names.get(id(mark), ""), tone, image, unit) for mark in (*levels, *surfaces)]


def _middle_distance(surface: dict[str, Any], level: dict[str, Any]) -> float:
    """How far the surface's middle lies off the level line, px."""
    x, y = (surface["x1"] + surface["x2"]) / 2, (surface["y1"] + surface["y2"]) / 2
    along_x, along_y = level["x2"] - level["x1"], level["y2"] - level["y1"]
    length = math.hypot(along_x, along_y)
    if not length:
        return math.inf
    return float(abs(along_x * (y - level["y1"]) - along_y * (x - level["x1"])) / length)


def _marked_line(mark: dict[str, Any], label: str, tone: str, image: AttemptImage, unit: float) -> Line:
    x1, y1, x2, y2 = (float(mark[key]) for key in ("x1", "y1", "x2", "y2"))
    # The words stand after the line's end, or before its start where they would leave the photo.
    (left_x, left_y), (right_x, right_y) = sorted(((x1, y1), (x2, y2)))
    gap, room = unit * 8, len(label) * unit * 10.5
    at_end = right_x + gap + room <= image.width
    label_x, label_y = (right_x + gap, right_y) if at_end else (left_x - gap, left_y)
    return Line(
        mark["kind"],
        tone,
        round(x1, 1),
        round(y1, 1),
        round(x2, 1),
        round(y2, 1),
        label,
        round(label_x, 1),
        round(label_y + unit * 6, 1),
        "start" if at_end else "end",
    )


def _apart(lines: list[Line], unit: float) -> list[Line]:
    """Labels that would lie on top of each other move down by a line; a label already standing there goes."""
    placed: list[Line] = []
    for line in sorted(lines, key=lambda item: item.label_y):
        step = unit * 21
        y, label = line.label_y, line.label
        near = [other for other in placed if other.label and abs(other.label_x - line.label_x) < unit * 170]
        if any(other.label == label and abs(other.label_y - y) < step for other in near):
            label = ""
        for other in sorted(near, key=lambda item: item.label_y):
            if abs(other.label_y - y) < step:
                y = other.label_y + step
        placed.append(
            Line(
                line.kind, line.tone, line.x1, line.y1, line.x2, line.y2, label, line.label_x, round(y, 1), line.anchor
            )
        )
    return placed


def _gold_lines(assessment: Assessment, points: list[list[float]]) -> list[Line]:
    """The critical pairs as lines between their joints, in the tone of what the votes said."""
    if len(points) != len(Joint):
        return []
    lines = []
    for pair in assessment.vote_pairs:
        joints, reading = pair_joints(str(pair.get("pair", ""))), str(pair.get("reading", ""))
        if joints is None or reading in ("left_out", ""):
            continue
        (x1, y1, s1), (x2, y2, s2) = (points[joint] for joint in joints)
        if s1 > 0 and s2 > 0:
            tone = "meets" if _is_good(reading) else "breach" if reading == "bad" else "mute"
            lines.append(Line("gold", tone, round(x1, 1), round(y1, 1), round(x2, 1), round(y2, 1)))
    return lines


def _zoom(image: AttemptImage, assessment: Assessment) -> tuple[float, float, float, float] | None:
    """The part of the photo with the joints in question: x, y, width, height px."""
    marks = [mark for finding in assessment.findings.all() for mark in finding.marks]
    xs = [float(mark[key]) for mark in marks for key in ("x1", "x2")]
    ys = [float(mark[key]) for mark in marks for key in ("y1", "y2")]
    if not xs:
        return None
    pad = 0.25 * max(max(xs) - min(xs), max(ys) - min(ys), 40.0)
    width = min(max(xs) - min(xs) + 2 * pad, image.width)
    height = min(max(max(ys) - min(ys) + 2 * pad, width * image.height / image.width), image.height)
    x = min(max((max(xs) + min(xs) - width) / 2, 0), image.width - width)
    y = min(max((max(ys) + min(ys) - height) / 2, 0), image.height - height)
    return round(x, 1), round(y, 1), round(width, 1), round(height, 1)


# ── Findings ─────────────────────────────────────────────────────────────────────────────────────────────

_CARD_ORDER = {Outcome.BREACH: 0, Outcome.TOO_CLOSE: 1, Outcome.MEETS: 2, Outcome.CANNOT_JUDGE: 3}


def _cards(seen: Seen) -> tuple[list[Card], list[str]]:
    """A card for every side some camera judged, one for every side no camera could; and the rules of other moments."""
    sources: dict[int, str] = {}
    findings: list[Finding] = []
    for image in seen.images:
        if (assessment := seen.assessments.get(image.pk)) is not None:
            for finding in assessment.findings.all():
                findings.append(finding)
                sources[finding.pk] = photo_label(image, assessment) if len(seen.assessments) > 1 else ""
    best = merged(findings)
    judged = [finding for finding in findings if finding.outcome != Outcome.CANNOT_JUDGE]
    silent = [finding for finding in best if finding.outcome == Outcome.CANNOT_JUDGE]
    silent_rules = [finding.rule for finding in silent if finding.reason == Reason.WRONG_MOMENT]
    shown = judged + [finding for finding in silent if finding.reason != Reason.WRONG_MOMENT]
    shown.sort(key=lambda finding: (_CARD_ORDER[Outcome(finding.outcome)], finding.rule, finding.side))
    return [_card(finding, sources[finding.pk]) for finding in shown], sorted(map(words.rule_name, silent_rules))


def _card(finding: Finding, source: str) -> Card:
    call = words.OUTCOME_CALLS[Outcome(finding.outcome)]
    title = words.rule_title(finding.rule, finding.side)
    sentence = finding.detail
    if finding.outcome == Outcome.CANNOT_JUDGE and not sentence:
        sentence = words.reason_sentence(finding.reason, finding.rule, finding.side)
    if finding.margin_cm is None or finding.sigma_cm is None:
        return Card(title, call, sentence=sentence, source=source)
    return Card(
        title,
        call,
        words.signed_cm(finding.margin_cm, finding.sigma_cm),
        words.sigma_text(finding.sigma_cm),
        words.direction(finding.rule, finding.margin_cm),
        _limb(finding),
        gauge(finding.rule, finding.margin_cm, finding.sigma_cm),
        sentence,
        source,
    )


def _limb(finding: Finding) -> str:
    if finding.margin_limb is None or finding.sigma_limb is None or not finding.limb:
        return ""
    margin, sigma = round(finding.margin_limb * 100), max(round(finding.sigma_limb * 100), 1)
    sign = "+" if margin > 0 else words.MINUS if margin < 0 else ""
    return f"{sign}{abs(margin)} ± {sigma} % of the {finding.limb}"


# ── Gold votes ───────────────────────────────────────────────────────────────────────────────────────────

_VIEW_ORDER = ("front", "left", "right", "rear")


def _is_good(reading: str) -> bool:
    return reading in ("front_good", "side_good")


def pair_joints(name: str) -> tuple[Joint, Joint] | None:
    """``wrist-wrist`` is the left and the right one, ``left wrist-elbow`` two of one side; None: no such pair."""
    *side, parts = name.split(" ", 1)
    first, _, second = parts.partition("-")
    sides = (side[0], side[0]) if side else ("left", "right")
    ends = [
        Joint.__members__.get(f"{where}_{part}".upper()) for where, part in zip(sides, (first, second), strict=True)
    ]
    return (ends[0], ends[1]) if ends[0] is not None and ends[1] is not None else None


def _votes(assessment: Assessment, source: str) -> Votes | None:
    votes = list(assessment.votes.all())
    if not votes and not assessment.vote_pairs:
        return None
    views = [view for view in _VIEW_ORDER if any(vote.view == view for vote in votes)]
    readings = {str(pair.get("pair", "")): str(pair.get("reading", "")) for pair in assessment.vote_pairs}
    by_pair: dict[str, dict[str, list[VoteCell]]] = defaultdict(lambda: defaultdict(list))
    for vote in votes:
        by_pair[vote.pair][vote.view].append(VOTE_CELLS.get(vote.verdict, VOTE_CELLS["left_out"]))
    names = dict.fromkeys([*readings, *by_pair])
    rows = [
        VoteRow(pair_words(name), [by_pair[name][view] for view in views], reading_words(readings.get(name, "")))
        for name in names
    ]
    return Votes(views, rows, *_summary(readings), _kappa(assessment.vote_kappa), _left_out(readings), source)


def pair_words(name: str) -> str:
    """``left wrist-elbow`` as a person reads it: ``left wrist – elbow``."""
    return name.replace("-", " – ")


VOTE_CELLS = {
    "good": VoteCell("meets", "agrees"),
    "bad": VoteCell("breach", "differs"),
    "left_out": VoteCell("mute", "left out"),
}
READING_WORDS = {
    "front_good": "seen from the front, good form",
    "side_good": "seen from the side, good form",
    "bad": "two thirds or more differ",
    "undecided": "no clear vote",
    "left_out": "left out: joint not seen",
}


def reading_words(reading: str) -> str:
    return READING_WORDS.get(reading, reading.replace("_", " "))


def _summary(readings: dict[str, str]) -> tuple[str, bool]:
    told = [reading for reading in readings.values() if reading not in ("left_out", "")]
    if not told:
        return "no vote", False
    bad = [name for name, reading in readings.items() if reading == "bad"]
    if bad:
        return f"differs on {len(bad)} of {len(told)} pairs", False
    if all(_is_good(reading) for reading in told):
        return (reading_words(told[0]) if len(set(told)) == 1 else "good form"), True
    return "no clear vote", False


def _kappa(kappa: float | None) -> str:
    return "" if kappa is None or not math.isfinite(kappa) else f"{kappa:.2f}".replace("-", words.MINUS)


def _left_out(readings: dict[str, str]) -> str:
    left = [pair_words(name) for name, reading in readings.items() if reading == "left_out"]
    return f"Left out, joint not seen: {', '.join(left)}." if left else ""


# ── What the photo looks like ────────────────────────────────────────────────────────────────────────────


def _looks(image: AttemptImage, assessment: Assessment) -> LooksLike:
    def told(word: str, p: float | None, *, stated: bool) -> str:
        if stated:
            return f"{word or 'not known'} (as stated)"
        return f"{word}, {words.percent(p)}" if word and p is not None else (word or "cannot be told")

    return LooksLike(
        photo_label(image, assessment),
        told(words.LIFT_PHRASES.get(assessment.lift_seen, "none of the three lifts"), assessment.lift_p, stated=False),
        told(words.PHASE_WORDS.get(assessment.phase_seen, ""), assessment.phase_p, stated=assessment.phase_stated),
        told(words.VIEW_WORDS.get(assessment.view_seen, ""), assessment.view_p, stated=assessment.view_stated),
    )


def _mismatch(attempt: Attempt, assessed: list[tuple[AttemptImage, Assessment]]) -> str:
    odd = [assessment for _, assessment in assessed if assessment.flag == Flag.MISMATCH]
    if not odd:
        return ""
    reasons = {finding.reason for assessment in odd for finding in assessment.findings.all()}
    return words.mismatch_sentence(attempt.lift, reasons) + "."


def _footer(assessments: list[Assessment]) -> list[str]:
    """Engine, weights, rule book and gold set of every reading on the page."""
    return list(
        dict.fromkeys(
            f"{row.engine} · weights {row.weights_sha256[:8]} · rule book {row.rulebook} · gold set {row.gold_set}"
            for row in assessments
        )
    )
