"""What all rules share: what they are given, the questions asked before measuring, and how a margin becomes a call."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from judging.camera import Camera
from judging.geometry import distance_px, down_direction, normal_cdf, reach_px, right_direction, root_sum_square
from judging.landmarks import STATURE_SIGMA, Limb, Scale, body_scale, depth_cm
from judging.outcomes import Finding, Mark, Outcome, Reason
from judging.pose import FloatArray, Joint, Lift, Phase, PhaseSeen, Pose, Side, View, ViewSeen
from judging.rulebook import Rulebook

# A camera put at the side by eye, when nobody can tell how far off it stands. Provisional.
ASSUMED_OFF_SIDE_DEG: Final = 20.0

# How well the angle off the side is known. Provisional.
OFF_SIDE_SIGMA_DEG: Final = 15.0

# Up to here the nearer of two joints can be told from the side the camera stands on. Provisional.
SIDE_ON_DEG: Final = 30.0

# The error of a depth told from how short a limb looks, as a fraction. Provisional.
DEPTH_SIGMA: Final = 0.3

PHASE_WORDS: Final = {
    Phase.START: "the start",
    Phase.BOTTOM: "the lowest moment",
    Phase.LOCKOUT: "the lockout",
    Phase.MID: "a moment on the way",
}
_VIEW_WORDS: Final = {
    View.FRONT: "the front",
    View.LEFT: "the left",
    View.RIGHT: "the right",
    View.REAR: "the rear",
}


@dataclass(frozen=True, slots=True)
class Sight:
    """All a rule may know of one photo."""

    lift: Lift
    phase: PhaseSeen
    view: ViewSeen
    pose: Pose
    rulebook: Rulebook
    camera: Camera

    def far(self, side: Side) -> bool:
        """True when this side of the lifter is the one away from the camera."""
        return (self.view.view, side) in ((View.LEFT, Side.RIGHT), (View.RIGHT, Side.LEFT))

    @property
    def off_side_deg(self) -> float:
        """How far the camera stands off the pure side, deg; the assumed figure when nobody can tell."""
        return ASSUMED_OFF_SIDE_DEG if self.view.off_side_deg is None else self.view.off_side_deg


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule needs of a photo.

    subject: what the rule is about, one thing, as a sentence begins with it. views, most_off_side_deg: which
    views can show it and how oblique a side view may be. unshown: why the other views cannot.
    strict: level is a breach (squat depth), otherwise level is kept.
    """

    name: str
    subject: str
    lifts: frozenset[Lift]
    phase: Phase
    views: frozenset[View]
    most_off_side_deg: float
    unshown: str
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """A margin before it is called.

    margin_cm: positive when kept. sigma_cm: one standard deviation, without the lifter's stature. limb: what the
    margin is also told as a fraction of. kept, broken, close, unstated: the sentence for each outcome.
    """

    margin_cm: float
    sigma_cm: float
    limb: Limb
    kept: str
    broken: str
    close: str
    unstated: str
    marks: tuple[Mark, ...] = ()
    # The largest margin that even a perfect lift shows, where there is one, and what to say when the measuring
    # error is too wide for that to count as kept.
    best_cm: float | None = None
    coarse: str = ""


def silent(rule: Rule, reason: Reason, detail: str, side: Side | None = None) -> Finding:
    """A finding that says why nothing can be said."""
    return Finding(rule=rule.name, side=side, outcome=Outcome.CANNOT_JUDGE, reason=reason, detail=detail)


def gate(rule: Rule, sight: Sight) -> Finding | None:
    """Why the photo cannot show this rule at all, or None when it may: lift, then moment, then view."""
    if sight.lift not in rule.lifts:
        return silent(rule, Reason.WRONG_LIFT, f"{rule.subject} is not judged in the {sight.lift}.")
    return _gate_moment(rule, sight) or _gate_view(rule, sight)


def _gate_moment(rule: Rule, sight: Sight) -> Finding | None:
    phase, needed, subject = sight.phase, PHASE_WORDS[rule.phase], rule.subject.lower()
    if phase.phase is None or not (phase.stated or phase.p >= sight.rulebook.limits.moment_p):
        detail = f"The moment of the lift cannot be told; {subject} needs {needed}. Judge by eye."
        return silent(rule, Reason.MOMENT_UNKNOWN, detail)
    if phase.phase is not rule.phase:
        return silent(rule, Reason.WRONG_MOMENT, f"Shows {PHASE_WORDS[phase.phase]}; {subject} needs {needed}.")
    return None


def _gate_view(rule: Rule, sight: Sight) -> Finding | None:
    view = sight.view
    if view.view is None or not (view.stated or view.p >= sight.rulebook.limits.view_p):
        return silent(rule, Reason.VIEW_UNKNOWN, "Where the camera stands cannot be told. Judge by eye.")
    if view.view not in rule.views:
        return silent(rule, Reason.WRONG_VIEW, f"Seen from {_VIEW_WORDS[view.view]}: {rule.unshown}. Judge by eye.")
    if view.view in (View.LEFT, View.RIGHT) and sight.off_side_deg > rule.most_off_side_deg:
        return silent(rule, Reason.WRONG_VIEW, f"Seen too far from the side: {rule.unshown}. Judge by eye.")
    return None


def each_side(
    rule: Rule, sight: Sight, parts: tuple[str, ...], measure: Callable[[Sight, Side, Scale], Measured]
) -> tuple[Finding, ...]:
    """One finding for each side of the lifter, or one alone when the photo cannot show the rule.

    parts: the joints a side needs, without their side; a side that lacks one is never measured.
    """
    if (stopped := gate(rule, sight)) is not None:
        return (stopped,)
    scale = body_scale(sight.pose)
    return tuple(_one_side(rule, sight, side, parts, scale, measure) for side in Side)


def _one_side(
    rule: Rule,
    sight: Sight,
    side: Side,
    parts: tuple[str, ...],
    scale: Scale | None,
    measure: Callable[[Sight, Side, Scale], Measured],
) -> Finding:
    hidden = [part for part in parts if not sight.pose.seen(side.joint(part))]
    if hidden:
        return silent(rule, Reason.JOINT_HIDDEN, f"{_listed(side, hidden)} not seen. Judge by eye.", side)
    if scale is None:
        return silent(rule, Reason.SCALE_UNKNOWN, "Too little of the lifter seen to measure. Judge by eye.", side)
    places = [sight.pose.xy(side.joint(part)) for part in parts]
    if any(not distance_px(a, b) > 0 for a, b in combinations(places, 2)):
        return silent(rule, Reason.JOINT_HIDDEN, f"{_listed(side, parts)} not told apart. Judge by eye.", side)
    return settle(rule, sight, side, measure(sight, side, scale))


def _listed(side: Side, parts: tuple[str, ...] | list[str]) -> str:
    *first, last = parts
    words = f"{', '.join(first)} and {last}" if first else last
    return f"{side.capitalize()} {words}"


def settle(rule: Rule, sight: Sight, side: Side | None, measured: Measured) -> Finding:
    """The call a margin earns under the rule book's limits.

    A breach needs somebody who said which moment this is: a photo a moment early looks just the same.
    """
    limits = sight.rulebook.limits
    # An unknown stature stretches margin and offsets alike: it widens the figure, and never turns its sign.
    sigma = root_sum_square(measured.sigma_cm, STATURE_SIGMA * measured.margin_cm)
    p_breach = normal_cdf(-measured.margin_cm / sigma)
    outcome, reason, detail = Outcome.TOO_CLOSE, None, measured.close
    if p_breach <= limits.meets_p:
        outcome, detail = Outcome.MEETS, measured.kept
    elif p_breach >= limits.breach_p and sight.phase.stated:
        outcome, detail = Outcome.BREACH, measured.broken
    elif p_breach >= limits.breach_p:
        outcome, reason, detail = Outcome.CANNOT_JUDGE, Reason.MOMENT_NOT_STATED, measured.unstated
    elif p_breach <= 0.5 and _coarse(measured, limits.meets_p):
        # Looks kept, in a photo that could not show it kept: "too close" would flag every good lift.
        outcome, reason, detail = Outcome.CANNOT_JUDGE, Reason.TOO_COARSE, measured.coarse
    return Finding(
        rule=rule.name,
        side=side,
        outcome=outcome,
        reason=reason,
        detail=detail,
        margin_cm=measured.margin_cm,
        sigma_cm=sigma,
        margin_limb=measured.margin_cm / measured.limb.cm,
        sigma_limb=sigma / measured.limb.cm,
        limb=measured.limb.value,
        p_breach=p_breach,
        marks=measured.marks,
    )


def _coarse(measured: Measured, meets_p: float) -> bool:
    """True when not even the best margin there is would come out as kept."""
    if measured.best_cm is None:
        return False
    sigma = root_sum_square(measured.sigma_cm, STATURE_SIGMA * measured.best_cm)
    return normal_cdf(-measured.best_cm / sigma) > meets_p


def view_term_cm(
    sight: Sight, side: Side, limb: Limb, scale: Scale, *, nearer: int, joints_height_cm: float
) -> tuple[float, float]:
    """How much lower the limb's one end seems for being nearer to the camera, and the sigma, cm.

    nearer: +1 when that end is the nearer one, -1 when it is the farther one, 0 when that cannot be told: then
    the whole shift is doubt.
    """
    depth = depth_cm(sight.pose, limb, side, scale)
    shift, sigma = sight.camera.view_shift_cm(depth, joints_height_cm)
    if nearer == 0:
        return 0.0, root_sum_square(shift, sigma)
    return nearer * shift, root_sum_square(sigma, DEPTH_SIGMA * shift)


def facing(sight: Sight, scale: Scale) -> int | None:
    """Which way the lifter faces in a side view: +1 the photo's right, -1 its left, None when it cannot be told.

    Told by the nose lying before the ears, or before the shoulders where no ear is seen. The view says it too (the
    camera at the lifter's left sees the lifter face left): where the two disagree nothing is said, and a stated
    view alone is enough.
    """
    by_view = {View.LEFT: -1, View.RIGHT: 1}.get(sight.view.view) if sight.view.view else None
    by_nose = _facing_by_nose(sight, scale)
    if by_nose is None:
        return by_view if sight.view.stated else None
    return by_nose if by_view in (None, by_nose) else None


# The nose stands some 10 cm before the ears; less than this much seen says nothing. Provisional.
NOSE_AHEAD_CM: Final = 3.0


def _facing_by_nose(sight: Sight, scale: Scale) -> int | None:
    pose = sight.pose
    if not pose.seen(Joint.NOSE):
        return None
    for pair in ((Joint.LEFT_EAR, Joint.RIGHT_EAR), (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER)):
        behind = [pose.xy(joint) for joint in pair if pose.seen(joint)]
        if behind:
            ahead = scale.cm(reach_px(np.mean(behind, axis=0), pose.xy(Joint.NOSE), sight.camera.roll))
            return None if abs(ahead) < NOSE_AHEAD_CM else int(math.copysign(1, ahead))
    return None


def level_marks(
    sight: Sight, scale: Scale, *, held: tuple[str, FloatArray], against: tuple[str, FloatArray], sigma_cm: float
) -> tuple[Mark, ...]:
    """A surface held against a level: both surfaces, the level line through the second, and its band of one sigma."""
    down, right = down_direction(sight.camera.roll), right_direction(sight.camera.roll)
    pad = scale.px(12.0)
    reach = reach_px(against[1], held[1], sight.camera.roll)
    start, end = against[1] + right * (min(0.0, reach) - pad), against[1] + right * (max(0.0, reach) + pad)
    band = down * scale.px(sigma_cm)
    half = right * pad / 2
    return (
        mark("surface", held[0], held[1] - half, held[1] + half),
        mark("surface", against[0], against[1] - half, against[1] + half),
        mark("level", "level", start, end),
        mark("band", "level", start - band, end + band),
    )


def joint_marks(pose: Pose, side: Side, parts: tuple[str, ...]) -> tuple[Mark, ...]:
    """The joints a rule used, as points."""
    joints = [side.joint(part) for part in parts]
    return tuple(mark("joint", joint.label, pose.xy(joint), pose.xy(joint)) for joint in joints)


def mark(kind: str, label: str, start: FloatArray, end: FloatArray) -> Mark:
    """A mark between two points, float arrays (2,), px."""
    return Mark(kind, label, float(start[0]), float(start[1]), float(end[0]), float(end[1]))
