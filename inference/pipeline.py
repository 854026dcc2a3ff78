"""The line inside a worker: bytes -> people -> the lifter -> lift, phase, view -> votes -> findings.

A batch of photos at a time, as many as the engine takes; no step calls back up, nothing is written, and one bad photo
costs no other anything. The door of this package.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from gold.library import gold_load
from gold.vote import VoteResult, vote
from inference.assessment import Assessment, FlagKind, LiftSeen
from inference.classify.geometry import Sighting, classify
from inference.engines import engine_load
from inference.engines.base import Engine, EngineOptions, Shot
from inference.errors import ImageError, LineError
from inference.images import Limits, Photo, photo_decode
from inference.lifter import Candidate, LifterChoice, Region, lifter_choose
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


# Decoders let the other threads run; more than a few of them would only fill the memory with large photos.
DECODERS: Final = 4


@dataclass(frozen=True, slots=True)
class Request:
    """One photo to assess, and what people said of it.

    data: the photo's original bytes. lift, phase, view: what the attempt and the uploader state, or None. rulebook:
    its id. region: where in this camera's photos the platform is. lifter_at: the place, in parts of the upright photo's
    width and height, that staff pointed at as the lifter.
    """

    data: bytes
    lift: Lift | None
    phase: Phase | None
    view: View | None
    rulebook: str
    camera: Camera | None = None
    region: Region | None = None
    lifter_at: tuple[float, float] | None = None


class Pipeline:
    """The line with its engine. The engine is built on first use, in the process that uses it."""

    def __init__(self, engine_name: str, *, options: EngineOptions | None = None, limits: Limits | None = None) -> None:
        self._engine_name = engine_name
        self._options = options or EngineOptions()
        self._limits = limits or Limits()
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            self._engine = engine_load(self._engine_name, self._options)
        return self._engine

    @property
    def batch(self) -> int:
        """How many photos ``assess_many`` can take at once now."""
        return self.engine.batch

    def assess(
        self,
        data: bytes,
        *,
        lift: Lift | None,
        phase: Phase | None,
        view: View | None,
        rulebook: str,
        camera: Camera | None = None,
        region: Region | None = None,
        lifter_at: tuple[float, float] | None = None,
    ) -> Assessment:
        """Everything the line can say of one photo; see Request.

        Raises ImageError (trying again changes nothing) and EngineError (it may help); ValueError for a rulebook that
        is not shipped.
        """
        (answer,) = self.assess_many([Request(data, lift, phase, view, rulebook, camera, region, lifter_at)])
        if isinstance(answer, LineError):
            raise answer
        return answer

    def assess_many(self, requests: Sequence[Request]) -> list[Assessment | LineError]:
        """One answer a request, in their order: an assessment, or the error of this one photo.

        Raises ValueError for a rulebook that is not shipped, before any photo is read.
        """
        books = {request.rulebook: rulebook_load(request.rulebook) for request in requests}
        engine = self.engine
        clock = _Clock()
        with clock.step("decode"):
            photos = self._decode(requests)
        good = {index: photo for index, photo in enumerate(photos) if isinstance(photo, Photo)}
        shots = [Shot(photo.rgb, hashlib.sha256(requests[index].data).hexdigest()) for index, photo in good.items()]
        with clock.step("engine"):
            people = dict(zip(good, engine.people(shots), strict=True))
        # Of a batch, each photo carries its share; photos that cost nothing pull nobody's figure down.
        shared = clock.shared(max(1, len(good)))
        answers: list[Assessment | LineError] = []
        for index, request in enumerate(requests):
            photo, seen = photos[index], people.get(index)
            if isinstance(photo, LineError):
                answers.append(photo)
            elif isinstance(seen, LineError):
                answers.append(seen)
            else:
                answers.append(_assessed(request, photo, seen or [], books[request.rulebook], engine, shared))
        return answers

    def _decode(self, requests: Sequence[Request]) -> list[Photo | ImageError]:
        def decoded(request: Request) -> Photo | ImageError:
            try:
                return photo_decode(request.data, self._limits)
            except ImageError as error:
                return error

        if len(requests) <= 1:
            return [decoded(request) for request in requests]
        with ThreadPoolExecutor(min(DECODERS, len(requests))) as pool:
            return list(pool.map(decoded, requests))


def _assessed(
    request: Request, photo: Photo, people: list[Pose], book: Rulebook, engine: Engine, shared: _Clock
) -> Assessment:
    """What the line says of one decoded photo whose people are known."""
    lift = request.lift
    clock = shared.copy()
    with clock.step("lifter"):
        height, width = photo.rgb.shape[:2]
        choice = _at_full_size(
            lifter_choose(people, width, height, lift=lift, region=request.region, lifter_at=request.lifter_at),
            photo.scale,
        )
        pose = choice.pose
    with clock.step("classify"):
        sighting = classify(pose, lift) if pose else None
        as_lift = lift or (sighting.lift if sighting else None)
        phase_seen = _phase(request.phase, sighting)
        view_seen = _view(request.view, sighting)
    doubt = _doubt(lift, view_seen, sighting, choice)
    with clock.step("vote"):
        votes = _vote(pose, as_lift, photo.width, photo.height) if not doubt else None
    with clock.step("judge"):
        findings = _findings(pose, as_lift, phase_seen, view_seen, sighting, doubt, book, request.camera or Camera())
    return Assessment(
        width=photo.width,
        height=photo.height,
        pose=pose,
        people=choice.people,
        lifter_margin=choice.margin,
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

    def __init__(self, steps: dict[str, float] | None = None) -> None:
        self._steps = steps or {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._steps[name] = (time.perf_counter() - started) * 1000

    def shared(self, photos: int) -> _Clock:
        """What each of so many photos has cost so far."""
        return _Clock({name: ms / photos for name, ms in self._steps.items()})

    def copy(self) -> _Clock:
        return _Clock(dict(self._steps))

    def timings_ms(self) -> dict[str, float]:
        return {**self._steps, "total": sum(self._steps.values())}


def _at_full_size(choice: LifterChoice, scale: float) -> LifterChoice:
    """The choice in px of the whole photo rather than of the smaller picture that the engine saw."""

    def scaled(pose: Pose) -> Pose:
        return Pose(pose.points * (scale, scale, 1.0), pose.spread_px * scale, pose.raw_scores)

    def larger(one: Candidate) -> Candidate:
        x0, y0, x1, y1 = one.box
        return replace(one, pose=scaled(one.pose), box=(x0 * scale, y0 * scale, x1 * scale, y1 * scale))

    return replace(
        choice,
        pose=scaled(choice.pose) if choice.pose else None,
        people=tuple(larger(one) for one in choice.people),
    )


def _phase(stated: Phase | None, sighting: Sighting | None) -> PhaseSeen:
    if stated:
        return PhaseSeen(stated, 1.0, stated=True)
    return sighting.phase if sighting else PhaseSeen(None, 0.0)


def _view(stated: View | None, sighting: Sighting | None) -> ViewSeen:
    """What was stated, with the angle off the side that the pose shows."""
    seen = sighting.view if sighting else ViewSeen(None, 0.0)
    return ViewSeen(stated, 1.0, seen.off_side_deg, stated=True) if stated else seen


def _doubt(
    lift: Lift | None, view: ViewSeen, sighting: Sighting | None, choice: LifterChoice
) -> tuple[Reason, str] | None:
    """Why a photo with people must not be judged as this lift, or None."""
    if choice.unsure:
        return Reason.LIFTER_UNSURE, "It cannot be told who the lifter is: staff say which person."
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
    if doubt and doubt[0] is Reason.LIFTER_UNSURE:
        return FlagKind.LIFTER
    mixed_up = any(finding.reason is Reason.MOMENT_MISMATCH for finding in findings)
    if mixed_up or (doubt and doubt[0] is Reason.WRONG_LIFT):
        return FlagKind.MISMATCH
    return FlagKind.NONE
