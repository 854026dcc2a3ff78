"""What is known of a rendered photo: ``truth.jsonl``, one object a line, and how it is read.

Everything here was measured on the scene that was rendered, never on its picture: joints, the surfaces that the rule
book names, margins, camera. Lengths in cm, angles in degrees, picture places in px of the photo, origin top left,
y down. The scene stands on the floor at z = 0, z up; the lifter faces -y (on the bench his feet point to -y and his
head to +y), his left is +x.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import numpy as np

from judging.pose import JOINT_COUNT, FloatArray, Lift, Phase, Pose, Side, View

FORMAT: Final = 1
FILE: Final = "truth.jsonl"
# Decimals in the file: a tenth of a millimetre, a thousandth of a pixel, so that equal seeds give equal bytes.
CM_DIGITS: Final = 2
PX_DIGITS: Final = 3


class Kind(StrEnum):
    """What stands on the platform: a lifter, nobody, or spotters with the bar in the rack and no lifter."""

    LIFT = "lift"
    EMPTY = "empty"
    SPOTTERS = "spotters"


class Fault(StrEnum):
    """How a lift's form was spoilt on purpose; GOOD: it was not."""

    GOOD = ""
    UNEVEN_BAR = "uneven_bar"
    ONE_ARM_SHORT = "one_arm_short"
    FEET_MOVED = "feet_moved"
    HIPS_HIGH = "hips_high"


class Role(StrEnum):
    LIFTER = "lifter"
    SPOTTER = "spotter"


class Placement(StrEnum):
    """Where the camera stands: as gold/placements.toml recommends, or anywhere."""

    RECOMMENDED = "recommended"
    ANYWHERE = "anywhere"


@dataclass(frozen=True, slots=True)
class PersonTruth:
    """One person of the scene.

    joints_px: float array (17, 2). joints_cm: float array (17, 3), COCO's joints in the scene. visible: bool array
    (17,): in the photo and hidden by nothing but the person's own skin at the joint. stature_cm: standing height.
    """

    role: Role
    joints_px: FloatArray
    joints_cm: FloatArray
    visible: np.ndarray[Any, np.dtype[np.bool_]]
    stature_cm: float

    def pose(self) -> Pose:
        """The true joints as an engine would hand them over: score 1 where visible, 0 where hidden."""
        return Pose(np.column_stack([self.joints_px, self.visible.astype(np.float64)]))


@dataclass(frozen=True, slots=True)
class CameraTruth:
    """Where the camera stood.

    azimuth_deg: round the lifter, 0 in front of him (at the foot end of the bench), 90 at his left, 180 behind him,
    -90 at his right. height_cm: lens above the floor. distance_cm: lens to lifter along the floor. pitch_deg: positive
    looks down. roll_deg: positive when level things rise towards the photo's right, as judging.camera has it.
    focal_px: of the pinhole; its centre is the middle of the photo.
    """

    azimuth_deg: float
    height_cm: float
    distance_cm: float
    pitch_deg: float
    roll_deg: float
    focal_px: float


@dataclass(frozen=True, slots=True)
class SideTruth:
    """One side of the lifter: heights of the rule book's surfaces above the floor, cm, by gold.synth.surfaces; joint
    angles, 180 straight, deg; ahead of the bar's vertical the front of the deltoid lies by deltoid_ahead_cm."""

    elbow_underside_cm: float
    shoulder_top_cm: float
    hip_crease_cm: float
    knee_top_cm: float
    deltoid_ahead_cm: float
    knee_deg: float
    elbow_deg: float


@dataclass(frozen=True, slots=True)
class PlateTruth:
    """The outermost 450 mm plate on one side of the lifter, 0.45 m wide whatever the picture makes of it.

    centre_px: float array (2,), middle of its outer face. diameter_px: the longer axis of the ellipse it projects to.
    visible: the share of the outer face's rim that nothing hides, 0-1; rim outside the photo counts as hidden.
    """

    side: Side
    centre_px: FloatArray
    diameter_px: float
    visible: float


@dataclass(frozen=True, slots=True)
class Truth:
    """One rendered photo.

    lift, phase: None unless kind is LIFT. view: from which quarter the camera looks. margins_cm: rule -> side ->
    centimetres, positive when kept: bench_depth and squat_depth as the rule book has them whatever the phase, and
    shoulders_back. Locked knees and elbows are in the sides' angles: how much is allowed stands in a rule book.
    plates: those on the bar. build: what the body was made with. residuals_cm: how far the solved pose misses what it
    was asked for.
    """

    image: str
    sha256: str
    seed: int
    index: int
    width: int
    height: int
    kind: Kind
    lift: Lift | None
    phase: Phase | None
    view: View
    placement: Placement
    fault: Fault
    camera: CameraTruth
    people: tuple[PersonTruth, ...]
    sides: Mapping[Side, SideTruth]
    margins_cm: Mapping[str, Mapping[Side, float]]
    plates: tuple[PlateTruth, ...]
    build: Mapping[str, float]
    residuals_cm: Mapping[str, float]

    @property
    def lifter(self) -> PersonTruth | None:
        return next((person for person in self.people if person.role is Role.LIFTER), None)


def truth_line(truth: Truth) -> str:
    """The photo's line, without its end; equal truths give equal bytes."""
    data = {
        "format": FORMAT,
        "image": truth.image,
        "sha256": truth.sha256,
        "seed": truth.seed,
        "index": truth.index,
        "width": truth.width,
        "height": truth.height,
        "kind": truth.kind.value,
        "lift": truth.lift and truth.lift.value,
        "phase": truth.phase and truth.phase.value,
        "view": truth.view.value,
        "placement": truth.placement.value,
        "fault": truth.fault.value,
        "camera": _rounded({name: getattr(truth.camera, name) for name in CameraTruth.__slots__}, PX_DIGITS),
        "people": [_person(person) for person in truth.people],
        "sides": {
            side.value: _rounded({name: getattr(one, name) for name in SideTruth.__slots__}, CM_DIGITS)
            for side, one in truth.sides.items()
        },
        "margins_cm": {
            rule: _rounded({side.value: cm for side, cm in by_side.items()}, CM_DIGITS)
            for rule, by_side in truth.margins_cm.items()
        },
        "plates": [
            {
                "side": plate.side.value,
                "centre_px": _places(plate.centre_px[None], PX_DIGITS)[0],
                "diameter_px": round(float(plate.diameter_px), PX_DIGITS),
                "visible": round(float(plate.visible), PX_DIGITS),
            }
            for plate in truth.plates
        ],
        "build": _rounded(truth.build, PX_DIGITS),
        "residuals_cm": _rounded(truth.residuals_cm, PX_DIGITS),
    }
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def _person(person: PersonTruth) -> dict[str, Any]:
    return {
        "role": person.role.value,
        "stature_cm": round(float(person.stature_cm), CM_DIGITS),
        "joints_px": _places(person.joints_px, PX_DIGITS),
        "joints_cm": _places(person.joints_cm, CM_DIGITS),
        "visible": [bool(seen) for seen in person.visible],
    }


def _places(array: FloatArray, digits: int) -> list[list[float]]:
    return [[round(float(value), digits) + 0.0 for value in row] for row in array]


def _rounded(values: Mapping[str, float], digits: int) -> dict[str, float]:
    # Adding zero turns -0.0 into 0.0: equal truths must be equal bytes.
    return {name: round(float(value), digits) + 0.0 for name, value in values.items()}


def truth_read(folder: Path) -> list[Truth]:
    """Every line of the folder's truth.jsonl. Raises ValueError naming the file and line that is wrong."""
    path = folder / FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: write it with python -m gold.synth --out {folder}") from error
    return list(_parsed(lines, path))


def _parsed(lines: Iterable[str], path: Path) -> Iterator[Truth]:
    for number, line in enumerate(lines, start=1):
        try:
            yield truth_parse(line)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from error


def truth_parse(line: str) -> Truth:
    """The truth of one line. Raises ValueError, KeyError or TypeError on anything else."""
    data = json.loads(line)
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']!r}, this program reads {FORMAT}")
    return Truth(
        image=data["image"],
        sha256=data["sha256"],
        seed=data["seed"],
        index=data["index"],
        width=data["width"],
        height=data["height"],
        kind=Kind(data["kind"]),
        lift=Lift(data["lift"]) if data["lift"] else None,
        phase=Phase(data["phase"]) if data["phase"] else None,
        view=View(data["view"]),
        placement=Placement(data["placement"]),
        fault=Fault(data["fault"]),
        camera=CameraTruth(**data["camera"]),
        people=tuple(_person_parsed(person) for person in data["people"]),
        sides={Side(side): SideTruth(**one) for side, one in data["sides"].items()},
        margins_cm={
            rule: {Side(side): float(cm) for side, cm in by_side.items()}
            for rule, by_side in data["margins_cm"].items()
        },
        plates=tuple(
            PlateTruth(Side(one["side"]), np.array(one["centre_px"]), float(one["diameter_px"]), float(one["visible"]))
            for one in data["plates"]
        ),
        build=data["build"],
        residuals_cm=data["residuals_cm"],
    )


def _person_parsed(data: Mapping[str, Any]) -> PersonTruth:
    joints_px, joints_cm = (np.array(data[key], dtype=np.float64) for key in ("joints_px", "joints_cm"))
    visible = np.array(data["visible"], dtype=np.bool_)
    if joints_px.shape != (JOINT_COUNT, 2) or joints_cm.shape != (JOINT_COUNT, 3) or visible.shape != (JOINT_COUNT,):
        raise ValueError("a person has 17 joints")
    return PersonTruth(Role(data["role"]), joints_px, joints_cm, visible, float(data["stature_cm"]))


def view_of(azimuth: float) -> View:
    """From which quarter a camera at this azimuth (deg, any turn) looks at the lifter."""
    turned = (azimuth + 180.0) % 360.0 - 180.0
    if abs(turned) <= 45.0:
        return View.FRONT
    if abs(turned) >= 135.0:
        return View.REAR
    return View.LEFT if turned > 0 else View.RIGHT
