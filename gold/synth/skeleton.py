"""Bones: how a body's joints follow from the turns of its bones, and how a limb is bent to reach a place.

Places in metres in the scene of gold.truth; a rotation is a float array (3, 3) about the axes of the rest pose, in
which every bone has the identity. Numpy only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from judging.pose import FloatArray

# Angles a healthy adult reaches, degrees (American Academy of Orthopaedic Surgeons' norms, rounded outwards for trained
# people): elbow 150, knee 150 by the calf against the thigh, hip 135, ankle 40 with the knee bent.
ELBOW_LIMIT_DEG: Final = (0.0, 152.0)
KNEE_LIMIT_DEG: Final = (0.0, 150.0)
HIP_LIMIT_DEG: Final = (-25.0, 140.0)
ANKLE_LIMIT_DEG: Final = (-35.0, 45.0)


class UnreachableError(ValueError):
    """A pose that this body cannot take: the target is out of reach or a joint beyond its limit."""


def turn_x(angle_deg: float) -> FloatArray:
    """Rotation about x; positive takes the upright trunk forward, towards -y."""
    cos, sin = _cos_sin(angle_deg)
    return np.array([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]])


def turn_y(angle_deg: float) -> FloatArray:
    """Rotation about y; positive takes up towards his left."""
    cos, sin = _cos_sin(angle_deg)
    return np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])


def turn_z(angle_deg: float) -> FloatArray:
    """Rotation about z; positive takes the front (-y) towards his left (+x)."""
    cos, sin = _cos_sin(angle_deg)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def _cos_sin(angle_deg: float) -> tuple[float, float]:
    angle = np.deg2rad(angle_deg)
    return float(np.cos(angle)), float(np.sin(angle))


def turn_about(axis: FloatArray, angle_deg: float) -> FloatArray:
    """Rotation about a unit axis by the right hand (Rodrigues)."""
    cos, sin = _cos_sin(angle_deg)
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + sin * cross + (1 - cos) * (cross @ cross))


def unit(vector: FloatArray) -> FloatArray:
    """The vector at length one. Raises ValueError for a vector of length zero."""
    length = float(np.sqrt(vector @ vector))
    if length < 1e-12:
        raise ValueError("a direction needs a length above zero")
    return np.asarray(vector / length)


def across(vector: FloatArray, axis: FloatArray) -> FloatArray:
    """The unit direction of the part of a vector that stands square to a unit axis."""
    return unit(vector - (vector @ axis) * axis)


def cross(a: FloatArray, b: FloatArray) -> FloatArray:
    """The cross product of two vectors (3,); numpy's own takes ten times as long on single vectors."""
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def frame(first: FloatArray, second: FloatArray) -> FloatArray:
    """Right-handed axes as columns: the first direction, the second made square to it, and their cross product."""
    one = unit(first)
    two = across(second, one)
    return np.column_stack([one, two, cross(one, two)])


def turn_between(first: FloatArray, second: FloatArray) -> FloatArray:
    """The smallest rotation that takes one direction to another. Raises ValueError for opposite directions."""
    a, b = unit(first), unit(second)
    cos = float(a @ b)
    if cos < -1 + 1e-9:
        raise ValueError("between opposite directions no rotation is the smallest")
    v = cross(a, b)
    k = np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])
    return np.asarray(np.eye(3) + k + k @ k / (1 + cos))


def turn_part(start: FloatArray, end: FloatArray, share: float) -> FloatArray:
    """The rotation that lies the given share of the way from one rotation to another, along the shortest way."""
    delta = start.T @ end
    cos = float(np.clip((np.trace(delta) - 1) / 2, -1, 1))
    angle = float(np.arccos(cos))
    axis = np.array([delta[2, 1] - delta[1, 2], delta[0, 2] - delta[2, 0], delta[1, 0] - delta[0, 1]])
    length = float(np.sqrt(axis @ axis))
    if length < 1e-9:
        return start if angle < 1 else end
    return np.asarray(start @ turn_about(axis / length, float(np.rad2deg(angle)) * share))


def angle_deg(a: FloatArray, b: FloatArray) -> float:
    """The angle between two vectors, 0-180."""
    return float(np.rad2deg(np.arccos(np.clip(unit(a) @ unit(b), -1, 1))))


@dataclass(frozen=True, slots=True)
class Skeleton:
    """labels, parents: per bone, the root's parent is -1 and parents stand before children. heads: float array (bones,
    3), where each bone begins in the rest pose."""

    labels: tuple[str, ...]
    parents: tuple[int, ...]
    heads: FloatArray
    index: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        if any(parent >= bone for bone, parent in enumerate(self.parents)):
            raise ValueError("a skeleton lists parents before their children")
        object.__setattr__(self, "index", {label: bone for bone, label in enumerate(self.labels)})

    def head(self, label: str) -> FloatArray:
        """Where the bone begins at rest, float array (3,)."""
        return np.asarray(self.heads[self.index[label]])


@dataclass(frozen=True, slots=True)
class Bones:
    """A posed skeleton. turns: float array (bones, 3, 3), each bone's rotation from rest in the scene. places: float
    array (bones, 3), where each begins."""

    turns: FloatArray
    places: FloatArray


def bones_forward(
    skeleton: Skeleton,
    root: FloatArray,
    turns: Mapping[str, FloatArray],
    bends: Mapping[str, FloatArray] | None = None,
) -> Bones:
    """Where the bones stand when the root's head is at ``root``.

    turns: rotations in the scene. bends: rotations on top of the parent's, taken before it. A bone named in neither
    turns with its parent.
    """
    set_turns = {skeleton.index[label]: turn for label, turn in turns.items()}
    set_bends = {skeleton.index[label]: bend for label, bend in (bends or {}).items()}
    count = len(skeleton.parents)
    out = np.empty((count, 3, 3))
    places = np.empty((count, 3))
    steps = skeleton.heads - skeleton.heads[list(skeleton.parents)]
    for bone, parent in enumerate(skeleton.parents):
        above = out[parent] if parent >= 0 else np.eye(3)
        places[bone] = places[parent] + above @ steps[bone] if parent >= 0 else root
        if bone in set_turns:
            out[bone] = set_turns[bone]
        elif bone in set_bends:
            out[bone] = above @ set_bends[bone]
        else:
            out[bone] = above
    return Bones(out, places)


@dataclass(frozen=True, slots=True)
class Limb:
    """A limb of two stiff parts and a hinge, at rest. upper, lower: vectors (3,) from joint to joint. hinge: unit axis
    about which the lower part turns, by the right hand, when the limb bends."""

    upper: FloatArray
    lower: FloatArray
    hinge: FloatArray

    @property
    def upper_length(self) -> float:
        return float(np.sqrt(self.upper @ self.upper))

    @property
    def lower_length(self) -> float:
        return float(np.sqrt(self.lower @ self.lower))


@dataclass(frozen=True, slots=True)
class Bent:
    """A limb that was bent to reach: the middle joint's place, both rotations, and the bend (0 straight, degrees)."""

    middle: FloatArray
    upper_turn: FloatArray
    lower_turn: FloatArray
    bend_deg: float


def limb_bend(limb: Limb, start: FloatArray, target: FloatArray, pole: FloatArray) -> Bent:
    """Bends a limb from ``start`` so that its end is at ``target`` and its middle joint lies towards ``pole``.

    Closed form by the law of cosines; both parts are turned as the hinge asks, so the joint bends about its own axis.
    Raises UnreachableError where the target lies too far or too near, ValueError where the pole lies along the limb.
    """
    reach = target - start
    distance = float(np.sqrt(reach @ reach))
    a, b = limb.upper_length, limb.lower_length
    if not abs(a - b) < distance <= a + b:
        raise UnreachableError(f"a limb of {a + b:.3f} m cannot reach {distance:.3f} m")
    line = reach / distance
    side = across(pole, line)
    along = (a * a - b * b + distance * distance) / (2 * distance)
    out = float(np.sqrt(max(a * a - along * along, 0.0)))
    middle = start + along * line + out * side
    hinge = cross(side, line)
    upper_turn = frame(middle - start, hinge) @ frame(limb.upper, limb.hinge).T
    lower_turn = frame(target - middle, hinge) @ frame(limb.lower, limb.hinge).T
    return Bent(middle, upper_turn, lower_turn, angle_deg(middle - start, target - middle))


def reach_m(limb: Limb, bend_deg: float) -> float:
    """The distance from the limb's first joint to its end when its middle joint is bent."""
    a, b = limb.upper_length, limb.lower_length
    return float(np.sqrt(a * a + b * b + 2 * a * b * np.cos(np.deg2rad(bend_deg))))


def within(limit: tuple[float, float], value: float, what: str) -> float:
    """The value. Raises UnreachableError, naming what it is, when it lies outside the limit."""
    low, high = limit
    if not low <= value <= high:
        raise UnreachableError(f"{what} of {value:.0f} degrees lies outside {low:.0f} to {high:.0f}")
    return value
