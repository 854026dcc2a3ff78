"""What is drawn over one photo: skeleton, level and surface lines, bands, gold pairs, and the part to zoom to."""

import math
from dataclasses import dataclass
from typing import Any

from judging.outcomes import Outcome
from judging.pose import SEEN_SCORE, Joint
from meets.models import Assessment, AttemptImage, Finding
from meets.selectors import words
from meets.selectors.votes import is_good, pair_joints

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
class PersonBox:
    """One of several people in a photo, numbered by how much each is like a lifter. px of the upright photo; place says
    in words where the box is."""

    number: int
    x: float
    y: float
    width: float
    height: float
    font: float
    place: str
    likely: str
    chosen: bool

    @property
    def text_x(self) -> float:
        return round(self.x + self.font * 0.35, 1)

    @property
    def text_y(self) -> float:
        return round(self.y + self.font * 1.1, 1)


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


def overlay_of(image: AttemptImage, assessment: Assessment) -> Overlay:
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


def person_boxes(image: AttemptImage, assessment: Assessment) -> list[PersonBox]:
    """Everybody who was seen; nobody where there was no choice to make. Somebody alone who was not taken for the lifter
    may be he."""
    if len(assessment.people) < 2 and assessment.lifter_found:
        return []
    font = round(max(image.width, image.height) * 0.026, 1)
    boxes = []
    for number, person in enumerate(assessment.people, start=1):
        x0, y0, x1, y1 = person["box"]
        middle = (x0 + x1) / 2 / image.width
        place = "at the left" if middle < 1 / 3 else "at the right" if middle > 2 / 3 else "in the middle"
        width, height = round(x1 - x0, 1), round(y1 - y0, 1)
        likely = words.percent(person["score"])
        boxes.append(PersonBox(number, x0, y0, width, height, font, place, likely, person["chosen"]))
    return boxes


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
            tone = "meets" if is_good(reading) else "breach" if reading == "bad" else "mute"
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
