"""The only door: one photo's pose in, findings out."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from judging.camera import Camera
from judging.noise import DEFAULT, EngineNoise, noise_load
from judging.outcomes import Finding, Reason
from judging.plate import PlateSeen
from judging.pose import Lift, PhaseSeen, Pose, ViewSeen
from judging.rulebook import Rulebook
from judging.rules import bench_depth, elbows_locked, knees_locked, shoulders_back, squat_depth
from judging.rules.base import Rule, Sight, silent

_CHECKS: Final[MappingProxyType[str, tuple[Rule, Callable[[Sight], tuple[Finding, ...]]]]] = MappingProxyType(
    {
        "bench_depth": (bench_depth.RULE, bench_depth.check_bench_depth),
        "squat_depth": (squat_depth.RULE, squat_depth.check_squat_depth),
        "knees_locked": (knees_locked.RULE, knees_locked.check_knees_locked),
        "elbows_locked": (elbows_locked.RULE, elbows_locked.check_elbows_locked),
        "shoulders_back": (shoulders_back.RULE, shoulders_back.check_shoulders_back),
    }
)

_UNKNOWN_CAMERA: Final = Camera()


def judge(
    *,
    lift: Lift,
    phase: PhaseSeen,
    view: ViewSeen,
    pose: Pose | None,
    rulebook: Rulebook,
    camera: Camera = _UNKNOWN_CAMERA,
    noise: EngineNoise | None = None,
    plate: PlateSeen | None = None,
    frame: tuple[float, float] | None = None,
    hands_low: bool = False,
) -> tuple[Finding, ...]:
    """What every rule of this lift in this rule book finds in one photo, in the rule book's order.

    noise: of the engine that read the pose; None for the default engine's. plate: a plate of 450 mm seen in the photo.
    frame: the whole photo's width and height, px, by which a pitched camera's keystone can be taken out. hands_low:
    something else than the pose shows that the lifter's hands are not raised over his shoulders.

    pose None: nobody was found, and every rule says so. Never raises for what a photo shows or lacks: that is
    CANNOT_JUDGE with its reason.
    """
    chosen = [_CHECKS[name] for name in rulebook.rules if lift in _CHECKS[name][0].lifts]
    if pose is None:
        return tuple(silent(rule, Reason.NO_LIFTER, "No lifter found in this photo.") for rule, _ in chosen)
    sight = Sight(
        lift=lift,
        phase=phase,
        view=view,
        pose=pose,
        rulebook=rulebook,
        camera=camera,
        noise=noise or noise_load(DEFAULT),
        plate=plate,
        frame=frame,
        hands_low=hands_low,
    )
    return tuple(finding for _, check in chosen for finding in check(sight))


def stay_silent(*, lift: Lift, rulebook: Rulebook, reason: Reason, detail: str) -> tuple[Finding, ...]:
    """CANNOT_JUDGE for every rule of this lift: for a photo that must not be judged by the lift's rules at all."""
    chosen = [_CHECKS[name][0] for name in rulebook.rules if lift in _CHECKS[name][0].lifts]
    return tuple(silent(rule, reason, detail) for rule in chosen)
