"""Lifters in three dimensions and a pinhole before them: true joints in, a photo's joints out. Lengths in cm.

The lifter stands (or lies) at the origin on the floor z = 0, z up; he faces -y (on the bench his feet point there), and
his left is +x, as in gold.truth. The bodies are sticks: what the rules' geometry alone gets wrong shows here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from judging.landmarks import Limb
from judging.pose import FloatArray, Joint, Pose, Side, View, ViewSeen
from judging.rules.level import Level

SIGN = {Side.LEFT: 1.0, Side.RIGHT: -1.0}


@dataclass(frozen=True)
class Body:
    """A lifter. stature: over the reference. drop: of the held joint under the other, as a share of the limb. out_deg:
    how far the limb points from straight ahead to his side. lean_deg: of a bencher's forearms outwards from upright.
    """

    stature: float = 1.0
    drop: float = 0.0
    out_deg: float = 46.0
    lean_deg: float = 0.0


def _direction(side: Side, out_deg: float, up: float) -> FloatArray:
    """A unit vector that rises by ``up`` and points ``out_deg`` from the lifter's front to his side."""
    flat, out = math.sqrt(1.0 - up**2), math.radians(out_deg)
    return np.array([SIGN[side] * flat * math.sin(out), -flat * math.cos(out), up])


def bench_joints(body: Body) -> dict[Joint, FloatArray]:
    """A bencher; drop 0.1: the elbow a tenth of the upper arm under the shoulder, -1: the arm straight up."""
    long = {limb: limb.cm * body.stature for limb in Limb}
    joints: dict[Joint, FloatArray] = {}
    for side in Side:
        shoulder = np.array([SIGN[side] * 16.0 * body.stature, 0.0, 50.0])
        elbow = shoulder + long[Limb.UPPER_ARM] * _direction(side, body.out_deg, -body.drop)
        fold = math.radians(body.lean_deg)
        wrist = elbow + long[Limb.FOREARM] * np.array([SIGN[side] * math.sin(fold), 0.0, math.cos(fold)])
        hip = np.array([SIGN[side] * 9.0 * body.stature, -long[Limb.TRUNK], 48.0])
        knee = hip + long[Limb.THIGH] * _direction(side, 25.0, -0.15)
        ankle = knee + np.array([0.0, 0.3 * long[Limb.SHANK], -math.sqrt(0.91) * long[Limb.SHANK]])
        parts = {"shoulder": shoulder, "elbow": elbow, "wrist": wrist, "hip": hip, "knee": knee, "ankle": ankle}
        joints |= {side.joint(part): place for part, place in parts.items()}
    return joints


def squat_joints(body: Body) -> dict[Joint, FloatArray]:
    """A squatter; drop 0.1: the hip a tenth of the thigh under the knee, -1: standing."""
    long = {limb: limb.cm * body.stature for limb in Limb}
    joints: dict[Joint, FloatArray] = {}
    tilt = math.radians(40.0 * math.sqrt(1.0 - body.drop**2))
    for side in Side:
        ankle = np.array([SIGN[side] * 20.0 * body.stature, 0.0, 8.0 * body.stature])
        ahead = 0.35 * math.sqrt(1.0 - body.drop**2)
        knee = ankle + long[Limb.SHANK] * (
            ahead * _direction(side, body.out_deg, 0.0) + np.array([0.0, 0.0, math.sqrt(1.0 - ahead**2)])
        )
        hip = knee - long[Limb.THIGH] * _direction(side, body.out_deg, body.drop)
        shoulder = hip + long[Limb.TRUNK] * np.array([0.0, -math.sin(tilt), math.cos(tilt)])
        shoulder[0] = SIGN[side] * 16.0 * body.stature
        elbow = shoulder + long[Limb.UPPER_ARM] * _direction(side, 120.0, -0.8)
        wrist = elbow + long[Limb.FOREARM] * _direction(side, 60.0, 0.9)
        parts = {"shoulder": shoulder, "elbow": elbow, "wrist": wrist, "hip": hip, "knee": knee, "ankle": ankle}
        joints |= {side.joint(part): place for part, place in parts.items()}
    return joints


@dataclass(frozen=True)
class Lens:
    """A pinhole. side: of the lifter that it looks at; angle_deg: off square to it, + towards his front."""

    side: Side = Side.LEFT
    angle_deg: float = 0.0
    height: float = 55.0
    distance: float = 400.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    focal: float = 1100.0
    frame: tuple[float, float] = (1000.0, 1000.0)

    @property
    def view(self) -> View:
        if abs(self.angle_deg) <= 45.0:
            return View(self.side.value)
        return View.FRONT if self.angle_deg > 0 else View.REAR

    @property
    def seen(self) -> ViewSeen:
        off = abs(self.angle_deg)
        return ViewSeen(self.view, 1.0, off, stated=True)

    def pose(self, joints: dict[Joint, FloatArray]) -> Pose:
        points = np.zeros((17, 3))
        for joint, place in joints.items():
            points[joint] = (*self.project(place), 1.0)
        return Pose(points)

    def project(self, place: FloatArray) -> tuple[float, float]:
        azimuth = math.radians(SIGN[self.side] * (90.0 - self.angle_deg))
        stand = np.array([math.sin(azimuth), -math.cos(azimuth)])
        right = np.array([-stand[1], stand[0]])
        across, depth = float(place[:2] @ right), self.distance - float(place[:2] @ stand)
        below, pitch = self.height - float(place[2]), math.radians(self.pitch_deg)
        far = depth * math.cos(pitch) + below * math.sin(pitch)
        x = self.focal * across / far
        y = self.focal * (below * math.cos(pitch) - depth * math.sin(pitch)) / far
        roll = math.radians(self.roll_deg)
        # Positive roll: level things rise towards the photo's right.
        turned = (x * math.cos(roll) + y * math.sin(roll), -x * math.sin(roll) + y * math.cos(roll))
        return turned[0] + self.frame[0] / 2, turned[1] + self.frame[1] / 2


def true_margin(level: Level, joints: dict[Joint, FloatArray], side: Side, stature: float) -> float:
    """The margin of the true joints with this lifter's surfaces where the offsets put them, cm."""
    against, held = (joints[side.joint(part)] for part in level.parts)
    return stature * level.margin_of(float(against[2] - held[2]) / stature)
