"""The line inside a worker: bytes -> people -> the lifter -> lift, phase, view -> votes -> findings.

One photo at a time, no step calls back up, nothing is written. The door of this package.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gold.library import gold_load
from gold.vote import VoteResult, vote
from inference.assessment import Assessment, FlagKind, LiftSeen
from inference.classify.geometry import Sighting, classify
from inference.engines import engine_load
from inference.engines.base import Engine
from inference.images import Limits, photo_decode
from inference.lifter import lifter_choose
from judging.camera import Camera
from judging.judge import judge, stay_silent
from judging.outcomes import Finding, Outcome, Reason
from judging.pose import Lift, Phase, PhaseSeen, Pose, View, ViewSeen
from judging.rulebook import Rulebook, rulebook_load
from judging.rules.base import PHASE_WORDS

# A photo is judged as the attempt's lift when it looks like that lift at least this likely; else a person looks.
LIFT_LEAST_P: Final = 0.5
# The pose contradicts the stated moment when it looks like another one at least this likely.
MOMENT_CONTRADICTS_P: Final = 0.9
# What a stated moment must not look like. A squat stopped high does look like the middle, and is what its depth rule
# is for; but nobody presses from half way up, and nobody's lift is finished there.
_CONTRADICTING: Final = {
    (Lift.SQUAT, Phase.BOTTOM): {Phase.LOCKOUT},
    (Lift.SQUAT, Phase.LOCKOUT): {Phase.BOTTOM, Phase.MID},
    (Lift.BENCH, Phase.BOTTOM): {Phase.LOCKOUT, Phase.MID},
    (Lift.BENCH, Phase.LOCKOUT): {Phase.BOTTOM, Phase.MID},
    (Lift.DEADLIFT, Phase.START): {Phase.LOCKOUT},
    (Lift.DEADLIFT, Phase.LOCKOUT): {Phase.START, Phase.MID},
}


class Pipeline:
    """The line with its engine. The engine is built on first use, in the process that uses it."""

    def __init__(self, engine_name: str, *, recorded_poses: str = "", limits: Limits | None = None) -> None:
        self._engine_name = engine_name
        self._recorded_poses = Path(recorded_poses) if recorded_poses else None
        self._limits = limits or Limits()
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            self._engine = engine_load(self._engine_name, recorded_poses=self._recorded_poses)
        return self._engine

    def assess(
        self,
        data: bytes,
        *,
        lift: Lift | None,
        phase: Phase | None,
        view: View | None,
        rulebook: str,
        camera: Camera | None = None,
    ) -> Assessment:
        """Everything the line can say of one photo.

        data: the photo's original bytes. lift, phase, view: what the attempt and the uploader state, or None.
        rulebook: its id. Raises ImageError (trying again changes nothing) and EngineError (it may help);
        ValueError for a rulebook that is not shipped.
        """
        book = rulebook_load(rulebook)
        engine = self.engine
        clock = _Clock()
        with clock.step("decode"):
            photo = photo_decode(data, self._limits)
            sha256 = hashlib.sha256(data).hexdigest()
        with clock.step("engine"):
            people = engine.people(photo.rgb, sha256)
        with clock.step("lifter"):
            height, width = photo.rgb.shape[:2]
            chosen = lifter_choose(people, width, height).pose
            pose = _at_full_size(chosen, photo.scale) if chosen else None
        with clock.step("classify"):
            sighting = classify(pose, lift) if pose else None
            as_lift = lift or (sighting.lift if sighting else None)
            phase_seen = _phase(phase, sighting)
            view_seen = _view(view, sighting)
        doubt = _doubt(lift, view_seen, sighting)
        with clock.step("vote"):
            votes = _vote(pose, as_lift, photo.width, photo.height) if not doubt else None
        with clock.step("judge"):
            findings = _findings(pose, as_lift, phase_seen, view_seen, sighting, doubt, book, camera or Camera())
        return Assessment(
            width=photo.width,
            height=photo.height,
            pose=pose,
            lift=LiftSeen(sighting.lift, sighting.lift_p) if sighting else LiftSeen(None, 0.0),
            phase=phase_seen,
            view=view_seen,
            flag=_flag(findings, doubt),
            findings=findings,
            votes=votes,
            timings_ms=clock.timings_ms(),
            engine=engine.name,
            weights_sha256=engine.weights_sha256,
            rulebook=book.version,
            gold_set=f"{as_lift}-{gold_load(as_lift).version}" if as_lift else "none",
        )


class _Clock:
    """Wall time per step, ms."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._steps: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._steps[name] = (time.perf_counter() - started) * 1000

    def timings_ms(self) -> dict[str, float]:
        return {**self._steps, "total": (time.perf_counter() - self._started) * 1000}


def _at_full_size(pose: Pose, scale: float) -> Pose:
    """The pose in px of the whole photo rather than of the smaller picture that the engine saw."""
    return Pose(pose.points * (scale, scale, 1.0), pose.spread_px * scale)


def _phase(stated: Phase | None, sighting: Sighting | None) -> PhaseSeen:
    if stated:
        return PhaseSeen(stated, 1.0, stated=True)
    return sighting.phase if sighting else PhaseSeen(None, 0.0)


def _view(stated: View | None, sighting: Sighting | None) -> ViewSeen:
    """What was stated, with the angle off the side that the pose shows."""
    seen = sighting.view if sighting else ViewSeen(None, 0.0)
    return ViewSeen(stated, 1.0, seen.off_side_deg, stated=True) if stated else seen


def _doubt(lift: Lift | None, view: ViewSeen, sighting: Sighting | None) -> tuple[Reason, str] | None:
    """Why a photo with a lifter must not be judged as this lift, or None."""
    if sighting is None:
        return None
    if lift is None:
        return None if sighting.lift else (Reason.LIFT_UNKNOWN, "Does not look like a squat, bench press or deadlift.")
    if sighting.p_of[lift] >= LIFT_LEAST_P:
        return None
    if lift is Lift.BENCH and view.view in (View.FRONT, View.REAR):
        # From the foot or head end a lying body stands upright in the photo and looks like any other.
        return (
            Reason.LIFT_UNKNOWN,
            "From the end of the bench no lift can be told from another. Judge by eye.",
        )
    looks = f"looks like a {sighting.lift}" if sighting.lift else "looks like none of the three lifts"
    return Reason.WRONG_LIFT, f"This photo {looks}, not like a {lift}. Was it uploaded to the right attempt?"


def _vote(pose: Pose | None, lift: Lift | None, width: int, height: int) -> VoteResult | None:
    if pose is None or lift is None:
        return None
    return vote(pose, width=width, height=height, gold=gold_load(lift))


def _findings(
    pose: Pose | None,
    lift: Lift | None,
    phase: PhaseSeen,
    view: ViewSeen,
    sighting: Sighting | None,
    doubt: tuple[Reason, str] | None,
    rulebook: Rulebook,
    camera: Camera,
) -> tuple[Finding, ...]:
    if lift is None:
        return ()
    if doubt:
        return stay_silent(lift=lift, rulebook=rulebook, reason=doubt[0], detail=doubt[1])
    if sighting and phase.stated and phase.phase and _contradicts(lift, phase.phase, sighting):
        detail = f"Said to be {PHASE_WORDS[phase.phase]}, but does not look like it. Which photo is it?"
        return stay_silent(lift=lift, rulebook=rulebook, reason=Reason.MOMENT_MISMATCH, detail=detail)
    return judge(lift=lift, phase=phase, view=view, pose=pose, rulebook=rulebook, camera=camera)


def _contradicts(lift: Lift, stated: Phase, sighting: Sighting) -> bool:
    """A lockout said to be the bottom would turn a good lift into a deep breach: moments must not be mixed up."""
    others = _CONTRADICTING.get((lift, stated), set())
    return sum(sighting.phase_p_of.get(phase, 0.0) for phase in others) >= MOMENT_CONTRADICTS_P


def _flag(findings: tuple[Finding, ...], doubt: tuple[Reason, str] | None) -> FlagKind:
    """The most urgent reason for a person to look."""
    outcomes = {finding.outcome for finding in findings}
    if Outcome.BREACH in outcomes:
        return FlagKind.BREACH
    if Outcome.TOO_CLOSE in outcomes:
        return FlagKind.TOO_CLOSE
    mixed_up = any(finding.reason is Reason.MOMENT_MISMATCH for finding in findings)
    if mixed_up or (doubt and doubt[0] is Reason.WRONG_LIFT):
        return FlagKind.MISMATCH
    return FlagKind.NONE
