"""What all rules share: what they are given, the questions asked before measuring, and how a margin becomes a call."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from judging.camera import ANGLE_SIGMA_DEG, PLATE_SHARE_SIGMA, Camera
from judging.geometry import distance_px, down_direction, normal_cdf, reach_px, right_direction
from judging.landmarks import Limb, Scale, body_scale
from judging.noise import EngineNoise, JointError, joint_error
from judging.outcomes import Finding, Mark, Outcome, Reason
from judging.plate import (
    PLATE_CM,
    PLATE_OUT_CM,
    PLATE_OUT_SIGMA_CM,
    PlateSeen,
    TrueScale,
    scale_from_plate,
    scale_merge,
    true_scale_merge,
)
from judging.pose import (
    FloatArray,
    Joint,
    Lift,
    Phase,
    PhaseSeen,
    Pose,
    Side,
    View,
    ViewBucket,
    ViewSeen,
    view_bucket,
)
from judging.rulebook import Rulebook

# A camera put at the side by eye, when nobody can tell how far off it stands. Provisional.
ASSUMED_OFF_SIDE_DEG: Final = 20.0

# How well the angle off the side is known. Provisional.
OFF_SIDE_SIGMA_DEG: Final = 15.0

# Stands in a sentence for the margin, whose true centimetres are known once the lifter's stature is reckoned in.
CM: Final = "{cm}"

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
    """All a rule may know of one photo. hands_low: something else than the pose shows that the hands are not raised."""

    lift: Lift
    phase: PhaseSeen
    view: ViewSeen
    pose: Pose
    rulebook: Rulebook
    camera: Camera
    noise: EngineNoise
    plate: PlateSeen | None = None
    frame: tuple[float, float] | None = None
    hands_low: bool = False

    def far(self, side: Side) -> bool:
        """True when this side of the lifter is the one away from the camera."""
        return (self.view.view, side) in ((View.LEFT, Side.RIGHT), (View.RIGHT, Side.LEFT))

    @property
    def off_side_deg(self) -> float:
        """How far the camera stands off the pure side, deg: as the meet gave it, else as the pose looks, else the
        assumed figure."""
        if self.angle_deg is not None:
            return abs(self.angle_deg)
        return ASSUMED_OFF_SIDE_DEG if self.view.off_side_deg is None else self.view.off_side_deg

    @property
    def off_side_sigma_deg(self) -> float:
        """One standard deviation of it, deg."""
        return OFF_SIDE_SIGMA_DEG if self.angle_deg is None else ANGLE_SIGMA_DEG

    @property
    def angle_deg(self) -> float | None:
        """The camera's angle as the meet gave it, where the photo does not contradict it; see Camera."""
        return self.camera.angle_in(self.view.view)

    @property
    def bucket(self) -> ViewBucket | None:
        """From which direction the photo was taken, for figures that were measured for each."""
        return view_bucket(self.view.view, self.off_side_deg, self._towards)

    @property
    def _towards(self) -> View | None:
        """The end a side camera leans to: by its angle, else by the shoulders, whose left one is on the photo's right
        for whoever stands before the lifter."""
        if self.angle_deg is not None:
            return View.FRONT if self.angle_deg >= 0 else View.REAR
        left, right = Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER
        if not self.pose.seen(left, right):
            return None
        return View.FRONT if self.pose.xy(left)[0] >= self.pose.xy(right)[0] else View.REAR

    def error(self, side: Side, part: str, scale: Scale) -> JointError:
        """The error to reckon with for a joint, by what was measured of the engine.

        Seen from an end neither side is the far one, whatever side the camera was said to stand on: the noise was
        measured so (inference.calibrate).
        """
        bucket = self.bucket
        far = self.far(side) and bucket not in (ViewBucket.FRONT, ViewBucket.REAR)
        return joint_error(self.pose, side, part, scale, self.noise, view=bucket, far=far)


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

    Lengths at the reference stature. margin_cm: positive when kept. sigma_cm: one standard deviation, without the
    errors of scale and stature. seen_cm: the part of the margin that was measured in the photo, which the scale
    stretches. limb: what the margin is also told as a fraction of. kept, broken, close, unstated: the sentence for each
    outcome, with CM where the margin's amount belongs.
    """

    margin_cm: float
    sigma_cm: float
    seen_cm: float
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
    rule: Rule,
    sight: Sight,
    parts: tuple[str, ...],
    measure: Callable[[Sight, Side, Scale], Measured],
    *,
    aside_cm: Mapping[str, float] | None = None,
    finished: Callable[[Sight, Side, Scale], str] | None = None,
) -> tuple[Finding, ...]:
    """One finding for each side of the lifter, or one alone when the photo cannot show the rule.

    parts: the joints a side needs, without their side; a side that lacks one is never measured. aside_cm: how far each
    joint lies from the lifter's middle, where the rule knows. finished: in words, what shows on this side that the lift
    is at its end, whatever was said of the moment, or ""; then the rule says nothing of either side.
    """
    if (stopped := gate(rule, sight)) is not None:
        return (stopped,)
    scale = sight_scale(sight, aside_cm)
    if scale is not None and finished is not None:
        shown = [words for side in Side if (words := finished(sight, side, scale))]
        if shown:
            return (_not_this_moment(rule, sight, shown[0]),)
    return tuple(_one_side(rule, sight, side, parts, scale, measure) for side in Side)


def _not_this_moment(rule: Rule, sight: Sight, shown: str) -> Finding:
    moment = PHASE_WORDS[rule.phase]
    if sight.phase.stated:
        return silent(rule, Reason.MOMENT_MISMATCH, f"Said to be {moment}, but {shown}. Which photo is it?")
    return silent(rule, Reason.WRONG_MOMENT, f"Not {moment}: {shown}.")


def sight_scale(sight: Sight, aside_cm: Mapping[str, float] | None = None) -> Scale | None:
    """The scale at the lifter's middle, with the plates' word where there is one; None when too little is seen.

    With the camera's distance and angle known, the near limbs' larger looks are taken off (aside_cm as in each_side).
    """

    def nearness(limb: Limb, side: Side) -> float:
        return sum(nearer_cm(sight, side, aside[part]) for part in limb.ends) / 2 / sight.camera.distance

    aside = aside_cm or {}
    known = sight.camera.distance_cm is not None and sight.angle_deg is not None and aside_cm is not None
    body = body_scale(sight.pose, nearness if known else None)
    true = _true_scale(sight)
    return body if body is None or true is None else scale_merge(body, true)


def _true_scale(sight: Sight) -> TrueScale | None:
    """Pixels to a true centimetre, by the plate seen in the photo and by the one that the meet measured beforehand."""
    known: list[TrueScale] = []
    if sight.plate is not None:
        known.append(_plate_scale(sight, sight.plate))
    if sight.camera.plate_share is not None and sight.frame is not None:
        known.append(TrueScale(sight.camera.plate_share * max(sight.frame) / PLATE_CM, PLATE_SHARE_SIGMA))
    return true_scale_merge(known) if known else None


def nearer_cm(sight: Sight, side: Side, aside_cm: float) -> float:
    """How much nearer to the camera than the lifter's middle a point of this side lies, ``aside_cm`` from it, cm."""
    if sight.view.view not in (View.LEFT, View.RIGHT):
        return 0.0
    towards = aside_cm * math.cos(math.radians(sight.off_side_deg))
    return -towards if sight.far(side) else towards


def _plate_scale(sight: Sight, plate: PlateSeen) -> TrueScale:
    # The plate lies out at the bar's near end: by what part of that it is nearer, its own roundness tells too.
    square = math.cos(math.radians(sight.off_side_deg)) if sight.angle_deg is not None else plate.ratio
    return scale_from_plate(
        plate.diameter_px,
        plate.sigma_px,
        nearer_cm=PLATE_OUT_CM * square,
        nearer_sigma_cm=PLATE_OUT_SIGMA_CM,
        distance_cm=sight.camera.distance,
        doubt=sight.camera.distance_sigma,
    )


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
    return settle(rule, sight, side, measure(sight, side, scale), scale)


def _listed(side: Side, parts: tuple[str, ...] | list[str]) -> str:
    *first, last = parts
    words = f"{', '.join(first)} and {last}" if first else last
    return f"{side.capitalize()} {words}"


def settle(rule: Rule, sight: Sight, side: Side | None, measured: Measured, scale: Scale) -> Finding:
    """The call a margin earns under the rule book's limits.

    A breach needs somebody who said which moment this is: a photo a moment early looks just the same.
    """
    limits = sight.rulebook.limits
    # An unknown stature stretches margin and offsets alike: it widens the figure, and never turns its sign.
    margin = measured.margin_cm
    sigma = whole_sigma_cm(rule.name, sight, scale, measured.sigma_cm, measured.seen_cm, margin)
    p_breach = normal_cdf(-margin / sigma)
    outcome, reason, detail = Outcome.TOO_CLOSE, None, measured.close
    if p_breach <= limits.meets_p:
        outcome, detail = Outcome.MEETS, measured.kept
    elif p_breach >= limits.breach_p and sight.phase.stated:
        outcome, detail = Outcome.BREACH, measured.broken
    elif p_breach >= limits.breach_p:
        outcome, reason, detail = Outcome.CANNOT_JUDGE, Reason.MOMENT_NOT_STATED, measured.unstated
    elif p_breach <= 0.5 and _coarse(rule, sight, measured, scale):
        # Looks kept, in a photo that could not show it kept: "too close" would flag every good lift.
        outcome, reason, detail = Outcome.CANNOT_JUDGE, Reason.TOO_COARSE, measured.coarse
    return Finding(
        rule=rule.name,
        side=side,
        outcome=outcome,
        reason=reason,
        detail=detail.replace(CM, f"{abs(margin) * scale.stature:.0f} cm"),
        margin_cm=margin * scale.stature,
        sigma_cm=sigma * scale.stature,
        margin_limb=margin / measured.limb.cm,
        sigma_limb=sigma / measured.limb.cm,
        limb=measured.limb.value,
        p_breach=p_breach,
        marks=measured.marks,
    )


def _coarse(rule: Rule, sight: Sight, measured: Measured, scale: Scale) -> bool:
    """True when not even the best margin there is would come out as kept."""
    if measured.best_cm is None:
        return False
    sigma = whole_sigma_cm(rule.name, sight, scale, measured.sigma_cm, measured.seen_cm, measured.best_cm)
    return normal_cdf(-measured.best_cm / sigma) > sight.rulebook.limits.meets_p


def whole_sigma_cm(rule: str, sight: Sight, scale: Scale, sigma_cm: float, seen_cm: float, margin_cm: float) -> float:
    """A margin's sigma with the scale's part in it, and with what was measured of this rule's margins as a whole."""
    return sight.noise.factor(rule) * math.hypot(sigma_cm, scale.sigma_cm(seen_cm, margin_cm))


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
