"""Bodies that do none of the three lifts: what "none of these" is taught on.

A posture is a row of ranges of joint angles; a draw within them is given the limbs of a lifter. The rows follow from
how people stand about a platform and from how common exercises are done; none was fitted to any photo. What the joints
of a lift look like without its bar is left out: who merely stands with hanging arms stands as a deadlift ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from judging.pose import FloatArray, Joint

Range = tuple[float, float]
_FRONT: Final = np.array([0.0, -1.0, 0.0])
_LEFT: Final = np.array([1.0, 0.0, 0.0])
_UP: Final = np.array([0.0, 0.0, 1.0])
# Where the head's points lie over the middle of the shoulders, in trunks: to the left, to the front, up.
_HEAD: Final = (
    *((Joint.NOSE, (0.0, 0.25, 0.42)), (Joint.LEFT_EYE, (0.06, 0.21, 0.49)), (Joint.RIGHT_EYE, (-0.06, 0.21, 0.49))),
    *((Joint.LEFT_EAR, (0.15, 0.04, 0.46)), (Joint.RIGHT_EAR, (-0.15, 0.04, 0.46))),
)
# Towards which a forearm bends out of the upper arm's line.
HINTS: Final = {"front": _FRONT, "up": _UP, "down": -_UP, "back": -_FRONT}


@dataclass(frozen=True, slots=True)
class Posture:
    """Ranges in degrees. pitch: of the whole body, forward; 90 lies on his front, -90 on his back. lean: of the trunk
    over the hips, forward. thigh, other_thigh: forward of straight down, of the one and the other leg (None: alike);
    apart: both outwards. knee, other_knee: bend. arm: the upper arm forward of straight down, out: outwards of that;
    elbow: bend; hint: which way. with_trunk: the arms are held so about the trunk and not about the plumb line."""

    name: str
    lean: Range
    thigh: Range
    knee: Range
    arm: Range
    out: Range
    elbow: Range
    hint: str = "front"
    pitch: Range = (0.0, 0.0)
    other_thigh: Range | None = None
    other_knee: Range | None = None
    apart: Range = (0.0, 18.0)
    with_trunk: bool = False


_STANDS: Final = ((-5.0, 15.0), (-8.0, 10.0), (0.0, 15.0))
_SITS: Final = ((-15.0, 25.0), (70.0, 105.0), (60.0, 110.0))
_LUNGES: Final = ((-5.0, 25.0), (50.0, 105.0), (60.0, 115.0))
_BEHIND: Final = (-35.0, 15.0)
_KNEE_BEHIND: Final = (40.0, 120.0)
_SQUATS: Final = ((10.0, 50.0), (60.0, 120.0), (70.0, 130.0))
_ON_FRONT: Final = ((-10.0, 10.0), (-10.0, 15.0), (0.0, 15.0))
POSTURES: Final = (
    # Standing, with the arms at something else than the three lifts.
    Posture("curl", *_STANDS, (-20, 45), (0, 25), (40, 150)),
    Posture("press", *_STANDS, (140, 185), (0, 50), (0, 60), "up"),
    Posture("press from the shoulders", *_STANDS, (35, 110), (5, 50), (100, 150), "up"),
    Posture("raised aside", *_STANDS, (-10, 40), (50, 110), (0, 40)),
    Posture("raised in front", *_STANDS, (55, 120), (0, 25), (0, 40)),
    Posture("upright row", *_STANDS, (-10, 45), (30, 100), (70, 145), "down"),
    Posture("hands on hips", *_STANDS, (-45, 5), (30, 65), (60, 115)),
    Posture("arms folded", *_STANDS, (10, 50), (0, 25), (80, 120)),
    Posture("ready to spot", (5, 35), (5, 45), (5, 60), (20, 75), (0, 30), (15, 90)),
    Posture("hands behind the head", *_STANDS, (90, 150), (30, 80), (110, 150), "back"),
    # Bent over.
    Posture("row", (35, 95), (5, 55), (5, 65), (-90, -5), (0, 45), (50, 125), "down"),
    Posture("bent over, raised aside", (40, 95), (5, 50), (5, 60), (-20, 60), (40, 95), (0, 40)),
    Posture("good morning", (45, 95), (0, 35), (0, 40), (-30, 40), (20, 60), (110, 150), "up", with_trunk=True),
    Posture("swing", (5, 70), (5, 60), (5, 50), (50, 120), (0, 15), (0, 25)),
    # One leg before the other.
    Posture("lunge, hands down", *_LUNGES, (-15, 20), (0, 25), (0, 30), other_thigh=_BEHIND, other_knee=_KNEE_BEHIND),
    Posture("lunge, hands on hips", *_LUNGES, (-45, 5), (30, 65), (60, 115),
            other_thigh=_BEHIND, other_knee=_KNEE_BEHIND),
    Posture("lunge, hands at the shoulders", *_LUNGES, (-30, 90), (10, 60), (90, 150), "up",
            other_thigh=_BEHIND, other_knee=_KNEE_BEHIND),
    Posture("step", (0, 25), (30, 100), (40, 110), (-15, 60), (0, 30), (0, 110),
            other_thigh=_BEHIND, other_knee=(0, 30)),
    # Hanging, and holding himself up.
    Posture("hangs", (-10, 15), (-20, 50), (0, 110), (135, 180), (5, 50), (0, 50), "up"),
    Posture("pulled up", (-10, 15), (-20, 50), (0, 110), (60, 150), (20, 70), (70, 150), "up"),
    Posture("dips", (-10, 35), (-15, 100), (0, 110), (-70, -10), (0, 35), (0, 115), "down"),
    # Squats without a bar on the back.
    Posture("squats, arms in front", *_SQUATS, (55, 115), (0, 25), (0, 40)),
    Posture("squats, a weight before him", *_SQUATS, (15, 70), (0, 30), (85, 150), "up"),
    Posture("squats, arms down", (5, 45), (60, 120), (75, 130), (-10, 30), (10, 40), (0, 60)),
    Posture("squats, arms overhead", *_SQUATS, (150, 185), (5, 45), (0, 20), "up"),
    # Sitting and kneeling.
    Posture("sits, hands down", *_SITS, (-25, 55), (0, 40), (0, 90)),
    Posture("sits, curls", *_SITS, (-10, 60), (0, 25), (60, 150), "up"),
    Posture("sits, presses", *_SITS, (120, 185), (0, 50), (0, 80), "up"),
    Posture("sits, pulls", *_SITS, (-40, 90), (0, 50), (20, 120)),
    Posture("kneels", (-10, 40), (-10, 45), (80, 145), (-20, 120), (0, 50), (0, 120)),
    Posture("kneels on one knee", (-10, 25), (70, 105), (70, 110), (-20, 120), (0, 40), (0, 120),
            other_thigh=_BEHIND, other_knee=_KNEE_BEHIND),
    # Lying, with the arms not over the chest.
    Posture("push-up", *_ON_FRONT, (55, 110), (0, 60), (0, 115), pitch=(60, 95)),
    Posture("on the elbows", *_ON_FRONT, (60, 120), (0, 25), (70, 110), pitch=(70, 95)),
    Posture("on hands and knees", (-15, 15), (60, 110), (60, 110), (60, 110), (0, 30), (0, 40), pitch=(65, 100)),
    Posture("on his back, arms down", (-5, 15), (-10, 100), (0, 120), (-15, 40), (0, 60), (0, 70), pitch=(-100, -70)),
    Posture("on his back, arms behind", (-5, 15), (-10, 100), (0, 120), (130, 190), (0, 60), (0, 100),
            pitch=(-100, -70)),
    Posture("sits up", (20, 90), (0, 90), (0, 120), (0, 110), (0, 40), (0, 130), pitch=(-100, -70)),
    Posture("hips up", (-35, -5), (-20, 30), (60, 110), (-20, 40), (0, 50), (0, 50), pitch=(-100, -60)),
    Posture("leans back, arms in front", (0, 20), (40, 110), (20, 110), (40, 100), (0, 40), (0, 100), pitch=(-65, -25)),
    # Anything.
    Posture("anyhow", (-20, 90), (-30, 110), (0, 130), (-60, 180), (0, 90), (0, 150), apart=(-5, 45),
            other_thigh=(-30, 110), other_knee=(0, 130)),
)  # fmt: skip


def posture_draw(limbs_of: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Somebody in one of the POSTURES, with the limbs of a lifter (17, 3): float array (17, 3), z up, facing -y."""
    row = POSTURES[int(rng.integers(len(POSTURES)))]
    body = _Limbs(limbs_of)
    joints = np.zeros((17, 3))
    lean, pitch = _angle(rng, row.lean), _angle(rng, row.pitch)
    up = math.cos(math.radians(lean)) * _UP + math.sin(math.radians(lean)) * _FRONT
    front = math.cos(math.radians(lean)) * _FRONT - math.sin(math.radians(lean)) * _UP
    shoulders = body.trunk * up
    for joint, (left, ahead, over) in _HEAD:
        joints[joint] = shoulders + body.trunk * (left * _LEFT + ahead * front + over * up)
    legs = (row.thigh, row.knee), (row.other_thigh, row.other_knee)
    order = legs if rng.random() < 0.5 else legs[::-1]
    apart = _angle(rng, row.apart)
    alike = [
        _angle(rng, row.thigh),
        _angle(rng, row.knee),
        *(_angle(rng, one) for one in (row.arm, row.out, row.elbow)),
    ]
    down_of_arms = (up, front) if row.with_trunk else (_UP, _FRONT)
    for sign, names, (thigh_range, knee_range) in zip((1.0, -1.0), _SIDES, order, strict=True):
        thigh = _angle(rng, thigh_range) if row.other_thigh and thigh_range else alike[0]
        knee = _angle(rng, knee_range) if row.other_knee and knee_range else alike[1]
        thigh, knee, arm, out, elbow = (
            one + float(rng.normal(0, 5)) for one in (thigh, knee, alike[2], alike[3], alike[4])
        )
        shoulder, elbow_at, wrist, hip, knee_at, ankle = names
        joints[hip] = sign * body.hips / 2 * _LEFT
        joints[knee_at] = joints[hip] + body.thigh * _way(thigh, sign * apart, _UP, _FRONT)
        joints[ankle] = joints[knee_at] + body.shank * _way(thigh - max(0.0, knee), sign * apart, _UP, _FRONT)
        joints[shoulder] = shoulders + sign * body.shoulders / 2 * _LEFT
        upper = _way(arm, sign * out, *down_of_arms)
        joints[elbow_at] = joints[shoulder] + body.upper_arm * upper
        joints[wrist] = joints[elbow_at] + body.forearm * _bent(upper, max(0.0, elbow), HINTS[row.hint], sign, rng)
    return joints @ _pitched(pitch).T


_SIDES: Final = (
    (Joint.LEFT_SHOULDER, Joint.LEFT_ELBOW, Joint.LEFT_WRIST, Joint.LEFT_HIP, Joint.LEFT_KNEE, Joint.LEFT_ANKLE),
    (Joint.RIGHT_SHOULDER, Joint.RIGHT_ELBOW, Joint.RIGHT_WRIST, Joint.RIGHT_HIP, Joint.RIGHT_KNEE, Joint.RIGHT_ANKLE),
)


class _Limbs:
    """Lengths of a body, both sides' mean, as its joints give them."""

    def __init__(self, joints: FloatArray) -> None:
        left, right = _SIDES

        def of(first: int, last: int) -> float:
            return float(np.mean([np.linalg.norm(joints[side[first]] - joints[side[last]]) for side in (left, right)]))

        self.upper_arm, self.forearm, self.thigh, self.shank = of(0, 1), of(1, 2), of(3, 4), of(4, 5)
        middles = (joints[list(pair)].mean(axis=0) for pair in ((left[0], right[0]), (left[3], right[3])))
        shoulders, hips = middles
        self.trunk = float(np.linalg.norm(shoulders - hips))
        self.shoulders = float(np.linalg.norm(joints[left[0]] - joints[right[0]]))
        self.hips = float(np.linalg.norm(joints[left[3]] - joints[right[3]]))


def _angle(rng: np.random.Generator, ends: Range | None) -> float:
    low, high = ends or (0.0, 0.0)
    return float(rng.uniform(low, high))


def _way(forward_deg: float, outward_deg: float, up: FloatArray, front: FloatArray) -> FloatArray:
    """The direction of a limb that hangs at nought: turned forward, then outward (to the left with +)."""
    forward, outward = math.radians(forward_deg), math.radians(outward_deg)
    plain = -math.cos(forward) * up + math.sin(forward) * front
    way: FloatArray = math.cos(outward) * plain + math.sin(outward) * _LEFT
    return way


def _bent(upper: FloatArray, bend_deg: float, hint: FloatArray, sign: float, rng: np.random.Generator) -> FloatArray:
    """The forearm's direction: bent out of the upper arm's towards the hint, and a little inwards."""
    towards = hint - 0.3 * sign * _LEFT + rng.normal(0.0, 0.15, 3)
    towards = towards - (towards @ upper) * upper
    towards = towards / max(float(np.linalg.norm(towards)), 1e-9)
    bend = math.radians(bend_deg)
    way: FloatArray = math.cos(bend) * upper + math.sin(bend) * towards
    return way


def _pitched(pitch_deg: float) -> FloatArray:
    """The whole body turned forward about the left-right axis."""
    cos, sin = math.cos(math.radians(pitch_deg)), math.sin(math.radians(pitch_deg))
    # Up goes to the front (-y), the front goes down.
    return np.array([[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]])
