"""Bench press: the underside of each elbow level with or below the top of its own shoulder, at the lowest moment."""

from __future__ import annotations

from typing import Final

from judging.geometry import drop_px
from judging.landmarks import Limb, Scale
from judging.outcomes import Finding, Outcome, Reason
from judging.pose import Joint, Lift, Phase, Side, View
from judging.rules.base import CM, Measured, Rule, Sight, each_side, silent
from judging.rules.level import SIDE_ON_DEG, Level, Words, measure_level, raised_cm, side_scale

# Every view shows the height of an elbow against its own shoulder: from the side and from either end of the bench
# the upper arm lies across the line of sight or along it, and what the second costs is in the view term.
RULE: Final = Rule(
    name="bench_depth",
    subject="Depth",
    lifts=frozenset({Lift.BENCH}),
    phase=Phase.BOTTOM,
    views=frozenset(View),
    most_off_side_deg=90.0,
    unshown="elbow and shoulder height cannot be compared",
)

_HANDS: Final = (Joint.LEFT_WRIST, Joint.RIGHT_WRIST)

# Arms that stand up are no lowest moment, whoever said so: a lockout taken for it would make a good lift a deep breach.
# The elbow stands this share of the upper arm over its shoulder. A lockout shows 0.9 and more; an elbow stopped a
# hand's breadth too high shows under 0.6.
ARM_UP_SHARE: Final = 0.65
# Or the wrist stands this share of the whole arm over the shoulder: 0.9 and more in a lockout, 0.7 in a high bottom.
ARM_OUT_SHARE: Final = 0.8
# Or, whatever the scale, the elbow stands higher over the shoulder than the wrist over the elbow, and at least so much.
ARM_SLOPE_SHARE: Final = 0.4


def _elbow_nearer(sight: Sight, side: Side) -> int:
    """At the bottom the elbows lie outwards of the shoulders and towards the feet."""
    if sight.view.view is View.FRONT:
        return 1
    if sight.view.view is View.REAR:
        return -1
    if sight.off_side_deg > SIDE_ON_DEG:
        return 0
    return -1 if sight.far(side) else 1


LEVEL: Final = Level(
    rule=RULE.name,
    limb=Limb.UPPER_ARM,
    held="elbow",
    against="shoulder",
    held_surface="elbow_underside",
    against_surface="shoulder_top",
    held_down=1,
    against_down=-1,
    held_label="underside of elbow",
    against_label="top of shoulder",
    held_outer=True,
    # Elbows tucked half way between straight out and along the trunk. Provisional, as are the places of the joints.
    # As python -m inference.calibrate --surfaces prints them of rendered lifters.
    outward_deg=46.0,
    outward_sigma_deg=8.5,
    aside_cm={"shoulder": 16.0, "elbow": 34.0, "wrist": 35.0, "hip": 10.0, "knee": 31.0, "ankle": 33.0},
    joints_height_cm=50.0,
    joints_height_sigma_cm=5.5,
    nearer_guess=_elbow_nearer,
)


def check_bench_depth(sight: Sight) -> tuple[Finding, ...]:
    """One finding for each arm. Positive margin: the elbow's underside lies below the shoulder's top; level is kept.

    One alone where neither hand is seen and nothing else shows that the arms are not up: whoever said which moment it
    is may have been wrong, and an engine that sees no hands has guessed the elbows.
    """
    findings = each_side(RULE, sight, LEVEL.parts, _measure, aside_cm=LEVEL.aside_cm, finished=_arm_up)
    judged = any(finding.outcome is not Outcome.CANNOT_JUDGE for finding in findings)
    if judged and not sight.hands_low and not any(sight.pose.seen(hand) for hand in _HANDS):
        return (silent(RULE, Reason.MOMENT_UNKNOWN, "Neither hand is seen: the arms may be up. Judge by eye."),)
    return findings


def _measure(sight: Sight, side: Side, scale: Scale) -> Measured:
    return measure_level(sight, side, scale, LEVEL, _words)


def _arm_up(sight: Sight, side: Side, scale: Scale) -> str:
    pose, roll = sight.pose, sight.camera.roll
    shoulder, elbow, wrist = (side.joint(part) for part in ("shoulder", "elbow", "wrist"))
    if not pose.seen(shoulder, elbow):
        return ""
    near = side_scale(sight, side, scale, LEVEL)
    upper_arm, forearm = Limb.UPPER_ARM.cm, Limb.FOREARM.cm
    raised = raised_cm(sight, side, near, LEVEL)
    up = raised > ARM_UP_SHARE * upper_arm
    if pose.seen(wrist):
        beyond = near.cm(drop_px(pose.xy(wrist), pose.xy(elbow), roll))
        up |= raised + beyond > ARM_OUT_SHARE * (upper_arm + forearm)
        up |= raised > ARM_SLOPE_SHARE * upper_arm and raised > beyond > 0
    return "the arms are up" if up else ""


def _words(side: Side) -> Words:
    elbow = f"{side.capitalize()} elbow"
    return Words(
        kept=f"{elbow}: underside {CM} below the top of the shoulder.",
        broken=f"{elbow}: underside {CM} above the top of the shoulder.",
        close=f"{elbow}: too close to the level of the shoulder's top. Judge by eye.",
        unstated=f"{elbow} looks too high here, but nobody said this is the lowest moment. Judge by eye.",
    )
