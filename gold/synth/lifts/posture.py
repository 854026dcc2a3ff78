"""A whole body's pose from what a lift fixes: pelvis, spine, feet on the floor, hands on the bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from gold.synth.body import FINGERS, REST_TOE_OUT_DEG, SIGN, SUFFIX, Body, Hand
from gold.synth.skeleton import (
    ELBOW_LIMIT_DEG,
    KNEE_LIMIT_DEG,
    Bones,
    Limb,
    across,
    bones_forward,
    cross,
    frame,
    limb_bend,
    turn_about,
    turn_between,
    turn_part,
    turn_z,
    unit,
    within,
)
from judging.pose import FloatArray, Side

# Spine bones from the lowest up, and how a bend of the whole spine is shared among them: most of it in the lumbar part.
SPINE: Final = ("spine05", "spine04", "spine03", "spine02", "spine01")
# Bends of the finger joints that close the hand round a bar, knuckle to tip, degrees.
CURL_DEG: Final = (62.0, 82.0, 48.0)
_ROUNDS: Final = 5
# How far out of reach a first guess may lie, as a share of it.
_STRETCH: Final = 0.93


@dataclass(frozen=True, slots=True)
class Foot:
    """A foot flat on the floor: where its ankle stands (3,), and how far its toes point outwards."""

    ankle: FloatArray
    toe_out_deg: float


@dataclass(frozen=True, slots=True)
class Grip:
    """A hand on the bar. place: on the bar's centre line, (3,). along: unit, the bar's direction from the little finger
    to the forefinger. pole: where the elbow points. cock_deg: how far the wrist is bent back."""

    place: FloatArray
    along: FloatArray
    pole: FloatArray
    cock_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class Posture:
    """root: the pelvis's place (3,); turn: its rotation. spine: bends per bone. head: rotation in the scene. shoulders:
    bends of the shoulder girdle. knees: where each knee points, (3,). A side without a grip has its arm as at rest."""

    root: FloatArray
    turn: FloatArray
    feet: Mapping[Side, Foot]
    knees: Mapping[Side, FloatArray]
    spine: Mapping[str, FloatArray] = field(default_factory=dict)
    head: FloatArray | None = None
    shoulders: Mapping[Side, FloatArray] = field(default_factory=dict)
    grips: Mapping[Side, Grip] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Posed:
    """Bones, and per side the bend of knee and elbow in degrees (0 straight)."""

    bones: Bones
    knee_bend_deg: Mapping[Side, float]
    elbow_bend_deg: Mapping[Side, float]


def foot_turn(side: Side, foot: Foot) -> FloatArray:
    """The foot's rotation; at rest it already points a little outwards."""
    return turn_z(SIGN[side] * (foot.toe_out_deg - REST_TOE_OUT_DEG))


def toe_direction(side: Side, toe_out_deg: float) -> FloatArray:
    """Where the toes point on the floor, unit (3,)."""
    angle = np.deg2rad(toe_out_deg)
    return np.array([SIGN[side] * np.sin(angle), -np.cos(angle), 0.0])


def trunk_bones(body: Body, posture: Posture) -> Bones:
    """The bones with arms and legs as at rest: gives the places of hips and shoulders."""
    return bones_forward(body.skeleton, posture.root, {"root": posture.turn}, _trunk_bends(posture))


def _trunk_bends(posture: Posture) -> dict[str, FloatArray]:
    bends = dict(posture.spine)
    bends |= {f"clavicle.{SUFFIX[side]}": bend for side, bend in posture.shoulders.items()}
    return bends


def posed(body: Body, posture: Posture) -> Posed:
    """The posed body. Raises UnreachableError when a limb cannot reach or a joint would pass its limit."""
    skeleton = body.skeleton
    trunk = trunk_bones(body, posture)
    turns: dict[str, FloatArray] = {"root": posture.turn}
    bends = _trunk_bends(posture)
    knee_bend: dict[Side, float] = {}
    elbow_bend: dict[Side, float] = {}
    for side, foot in posture.feet.items():
        end = SUFFIX[side]
        hip = trunk.places[skeleton.index[f"upperleg01.{end}"]]
        bent = limb_bend(body.legs[side], hip, foot.ankle, posture.knees[side])
        knee_bend[side] = within(KNEE_LIMIT_DEG, bent.bend_deg, "a knee bend")
        turns |= {f"upperleg01.{end}": bent.upper_turn, f"lowerleg01.{end}": bent.lower_turn}
        turns[f"foot.{end}"] = foot_turn(side, foot)
    for side, grip in posture.grips.items():
        end = SUFFIX[side]
        arm_turns, bend = _arm(body, trunk, side, grip)
        elbow_bend[side] = within(ELBOW_LIMIT_DEG, bend, "an elbow bend")
        turns |= arm_turns
        bends |= hand_bends(body, side)
    if posture.head is not None:
        base = trunk.turns[skeleton.index["spine01"]]
        turns |= {f"neck0{n}": turn_part(base, posture.head, n * 0.25) for n in (1, 2, 3)}
        turns["head"] = posture.head
    return Posed(bones_forward(skeleton, posture.root, turns, bends), knee_bend, elbow_bend)


def grip_place(body: Body, bones: Bones, side: Side) -> FloatArray:
    """Where the posed hand would hold the bar, (3,)."""
    wrist = body.skeleton.index[f"wrist.{SUFFIX[side]}"]
    return np.asarray(bones.places[wrist] + bones.turns[wrist] @ body.hands[side].grip)


def _arm(body: Body, trunk: Bones, side: Side, grip: Grip) -> tuple[dict[str, FloatArray], float]:
    """Turns of the arm's bones so that the hand holds the bar, found by rounds: the wrist follows the forearm, and half
    of the upper arm's twist is taken at the shoulder, which moves the elbow by millimetres."""
    skeleton, end = body.skeleton, SUFFIX[side]
    names = ("upperarm01", "upperarm02", "lowerarm01", "lowerarm02", "wrist")
    heads = [skeleton.head(f"{name}.{end}") for name in names]
    hand, limb = body.hands[side], body.arms[side]
    shoulder = trunk.places[skeleton.index[f"upperarm01.{end}"]]
    base = trunk.turns[skeleton.index[f"upperarm01.{end}"]]
    forearm = grip.place - shoulder
    slip = np.zeros(3)
    for left in reversed(range(_ROUNDS)):
        hand_turn = _hand_turn(hand, limb, grip, forearm)
        wrist = grip.place - hand_turn @ hand.grip - slip
        # A first guess may lie a little out of a straight arm's reach; the last must not.
        target = _in_reach(limb, shoulder, wrist) if left else wrist
        bent = limb_bend(limb, shoulder, target, grip.pole)
        swing = turn_between(base @ limb.upper, bent.middle - shoulder) @ base
        first = turn_part(swing, bent.upper_turn, 0.5)
        second, third = bent.upper_turn, bent.lower_turn
        fourth = _half_roll(third, hand_turn, limb)
        places = [shoulder]
        for turn, start, stop in zip((first, second, third, fourth), heads[:-1], heads[1:], strict=True):
            places.append(places[-1] + turn @ (stop - start))
        forearm = places[4] - places[2]
        slip = places[4] - target
    turns = dict(zip((f"{name}.{end}" for name in names), (first, second, third, fourth, hand_turn), strict=True))
    return turns, bent.bend_deg


def _in_reach(limb: Limb, start: FloatArray, target: FloatArray) -> FloatArray:
    """The target, or where it is a little too far the farthest place on the way to it that the limb reaches."""
    way = target - start
    share = 0.9999 * (limb.upper_length + limb.lower_length) / float(np.sqrt(way @ way))
    return target if share > 1 or share < _STRETCH else start + share * way


def _hand_turn(hand: Hand, limb: Limb, grip: Grip, forearm: FloatArray) -> FloatArray:
    """The hand lies across the bar and otherwise goes on as the forearm runs, bent back by the wrist's cock."""
    rest = frame(hand.along, limb.lower)
    back = turn_about(grip.along, grip.cock_deg * float(np.sign(cross(hand.reach, hand.along) @ hand.palm)))
    return np.asarray(frame(grip.along, back @ across(forearm, grip.along)) @ rest.T)


def _half_roll(lower: FloatArray, hand: FloatArray, limb: Limb) -> FloatArray:
    """The forearm's outer half, rolled half of the hand's way about the forearm's own axis."""
    axis = unit(lower @ limb.lower)
    aligned = turn_between(hand @ limb.lower, axis) @ hand
    return turn_part(lower, aligned, 0.5)


def hand_bends(body: Body, side: Side) -> dict[str, FloatArray]:
    """The fingers closed round a bar, the thumb laid round it from the other side."""
    hand, end = body.hands[side], SUFFIX[side]
    axis = cross(hand.reach, hand.palm)
    bends = {
        f"{finger}-{joint}.{end}": turn_about(axis, angle)
        for finger in FINGERS
        for joint, angle in enumerate(CURL_DEG, start=1)
    }
    thumb = unit(body.skeleton.head(f"finger1-3.{end}") - body.skeleton.head(f"finger1-2.{end}"))
    over = unit(cross(thumb, hand.palm))
    bends |= {f"finger1-{joint}.{end}": turn_about(over, angle) for joint, angle in ((1, 12.0), (2, 25.0), (3, 35.0))}
    return bends


def arm_bend_deg(body: Body, trunk: Bones, side: Side, grip: Grip) -> float:
    """The elbow's bend with the hand at a grip, 0 straight. Raises UnreachableError."""
    return _arm(body, trunk, side, grip)[1]
