"""Rendered scenes' truth built by hand: skeletons of a few numbers before a pinhole camera, nothing rendered."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from gold.truth import (
    FILE,
    CameraTruth,
    Fault,
    Kind,
    PersonTruth,
    Placement,
    Role,
    SideTruth,
    Truth,
    truth_line,
)
from judging.pose import FloatArray, Lift, Phase, Side, View
from tests.inference import poses

WIDTH, HEIGHT = 800, 600
TRUNK_CM = 50.0
LEFT = CameraTruth(azimuth_deg=90.0, height_cm=90.0, distance_cm=400.0, pitch_deg=0.0, roll_deg=0.0, focal_px=900.0)
SIDE = SideTruth(
    elbow_underside_cm=0.0,
    shoulder_top_cm=0.0,
    hip_crease_cm=40.0,
    knee_top_cm=50.0,
    deltoid_ahead_cm=-5.0,
    knee_deg=175.0,
    elbow_deg=178.0,
)


def skeleton(parts: Mapping[str, tuple[float, float]], at: tuple[float, float] = (0.0, 0.0)) -> FloatArray:
    """A pose of tests.inference.poses as joints (17, 3), cm: facing -y, his left at +x, his lowest joint at z = 8."""
    points = np.zeros((17, 3))
    for index, part in enumerate(poses.PARTS):
        ahead, down = parts[part]
        half = {"nose": 0.0, "eye": 3.0, "ear": 7.0, "shoulder": 18.0, "hip": 14.0}.get(part, 18.0)
        left = (at[0] + half, at[1] + TRUNK_CM * ahead, -TRUNK_CM * down)
        if index == 0:
            points[0] = left
            continue
        points[2 * index - 1] = left
        points[2 * index] = (2 * at[0] - left[0], *left[1:])
    points[:, 2] += 8.0 - points[:, 2].min()
    return points


def projected(joints_cm: FloatArray, camera: CameraTruth) -> FloatArray:
    """Where a level pinhole sees the joints, float array (17, 2), px."""
    azimuth = math.radians(camera.azimuth_deg)
    ahead = np.array([-math.sin(azimuth), math.cos(azimuth), 0.0])
    right = np.array([math.cos(azimuth), math.sin(azimuth), 0.0])
    way = joints_cm - (np.array([0.0, 0.0, camera.height_cm]) - camera.distance_cm * ahead)
    depth = way @ ahead
    across, down = camera.focal_px * (way @ right) / depth, -camera.focal_px * way[:, 2] / depth
    return np.column_stack([WIDTH / 2 + across, HEIGHT / 2 + down])


def person(
    parts: Mapping[str, tuple[float, float]],
    *,
    role: Role = Role.LIFTER,
    at: tuple[float, float] = (0.0, 0.0),
    camera: CameraTruth = LEFT,
) -> PersonTruth:
    joints = skeleton(parts, at)
    return PersonTruth(role, projected(joints, camera), joints, np.ones(17, dtype=np.bool_), 172.0)


def spotter(at: tuple[float, float], camera: CameraTruth = LEFT) -> PersonTruth:
    return person(poses.STANDING_ARMS, role=Role.SPOTTER, at=at, camera=camera)


def scene(
    people: Sequence[PersonTruth],
    *,
    index: int = 0,
    seed: int = 5,
    kind: Kind = Kind.LIFT,
    lift: Lift | None = Lift.SQUAT,
    phase: Phase | None = Phase.BOTTOM,
    fault: Fault = Fault.GOOD,
    margins: Mapping[str, Mapping[Side, float]] | None = None,
    camera: CameraTruth = LEFT,
    placement: Placement = Placement.RECOMMENDED,
) -> Truth:
    lifter = kind is Kind.LIFT
    return Truth(
        image=f"{index:04d}.png",
        sha256="",
        seed=seed,
        index=index,
        width=WIDTH,
        height=HEIGHT,
        kind=kind,
        lift=lift if lifter else None,
        phase=phase if lifter else None,
        view=View.LEFT,
        placement=placement,
        fault=fault,
        camera=camera,
        people=tuple(people),
        sides=dict.fromkeys(Side, SIDE) if lifter else {},
        margins_cm=margins or {},
        plates=(),
        build={},
        residuals_cm={},
    )


def squat(margin_cm: float = 12.0, *, index: int = 0, phase: Phase = Phase.BOTTOM, **changes: object) -> Truth:
    """A deep squat, or its lockout, seen from the left; the lifter is alone."""
    camera = changes.get("camera", LEFT)
    parts = {**poses.SQUAT_BOTTOM, "hip": (0.25, 1.0), "knee": (-0.5, 0.85)}
    lifter = person(parts if phase is Phase.BOTTOM else poses.SQUAT_LOCKOUT, camera=camera)
    margins = {"squat_depth": dict.fromkeys(Side, margin_cm)}
    return scene([lifter], index=index, phase=phase, margins=margins, **changes)


def written(folder: Path, truths: Sequence[Truth], *, images: bool = False) -> Path:
    """The folder with its truth.jsonl; with images, each a grey picture whose hash its line holds."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for truth in truths:
        if images:
            path = folder / truth.image
            Image.new("RGB", (truth.width, truth.height), (90, 90, truth.index % 256)).save(path)
            truth = replace(truth, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
        lines.append(truth_line(truth) + "\n")
    (folder / FILE).write_text("".join(lines))
    return folder
