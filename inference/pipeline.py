"""The line inside a worker: bytes -> hint who lifts -> people -> the lifter -> lift, phase, view -> votes -> findings.

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
from inference.classify.agreement import PictureLook, PictureSeen, dispute, picture_look
from inference.classify.net import network_load
from inference.classify.pose import classify
from inference.classify.sighting import LIFT_WORDS, Sighting
from inference.engines import engine_load
from inference.engines.base import Engine, EngineOptions, Shot
from inference.errors import ImageError, LineError
from inference.finder import LifterPlace, finder_load
from inference.images import Limits, Photo, photo_decode
from inference.lifter import Candidate, LifterChoice, Region, lifter_choose
from judging.camera import Camera
from judging.judge import judge, stay_silent
from judging.noise import EngineNoise, noise_load
from judging.outcomes import Finding, Outcome, Reason
from judging.plate import PlateSeen
from judging.pose import Joint, Lift, Phase, PhaseSeen, Pose, View, ViewSeen
from judging.rulebook import Rulebook, rulebook_load
from judging.rules.base import PHASE_WORDS

# A photo is judged as the attempt's lift when it looks like that lift at least this likely; else a person looks.
LIFT_LEAST_P: Final = 0.5
# The pose contradicts the stated moment when it looks like another one at least this likely.
MOMENT_CONTRADICTS_P: Final = 0.9
# What a stated moment must not look like. A squat stopped high does look like the middle, and so does a bench press
# whose elbows stay above the shoulders: that is what the depth rules are for. But nobody's lift is finished there.
_CONTRADICTING: Final = {
    (Lift.SQUAT, Phase.BOTTOM): {Phase.LOCKOUT},
    (Lift.SQUAT, Phase.LOCKOUT): {Phase.BOTTOM, Phase.MID},
    (Lift.BENCH, Phase.BOTTOM): {Phase.LOCKOUT},
    (Lift.BENCH, Phase.LOCKOUT): {Phase.BOTTOM, Phase.MID},
    (Lift.DEADLIFT, Phase.START): {Phase.LOCKOUT},
    (Lift.DEADLIFT, Phase.LOCKOUT): {Phase.START, Phase.MID},
}


# Elbows and wrists are not believed of a bench presser whose hands lie this far from where the finder sees them, as a
# part of his size, where it is this sure that somebody lifts. Of 164 rendered bench presses (seeds 9301, 9304) 45 were
# read with the hands over 0.2 of his size off; 42 of them, and 6 of the others, lie further than this from the hint.
# Of 19 photos of real ones 5 do.
_ARMS: Final = [Joint.LEFT_ELBOW, Joint.RIGHT_ELBOW, Joint.LEFT_WRIST, Joint.RIGHT_WRIST]
_LEGS: Final = [Joint.LEFT_KNEE, Joint.RIGHT_KNEE, Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE]
_TRUNK: Final = [joint for joint in Joint if joint not in _LEGS]
HANDS_OFF: Final = 0.2
HINT_SURE: Final = 0.9
# Nor are his shoulders where they lie this far off: then somebody behind the bench was read into him. Of 130 rendered
# bench presses (seed 9403) 6 do, each over 0.25, all of them misread; of 19 photos of real ones 3.
SHOULDERS_OFF: Final = 0.2
_SHOULDERS: Final = [Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER]
# Where the engine sees neither of a presser's hands, the arms are not up if a sure hint's hands stand less than this
# part of his size over its shoulders: so do 38 of 63 rendered lowest moments, and none of 35 lockouts (0.26 and more).
HANDS_LOW: Final = 0.25
# Nor is anything but the legs believed of a squatter or presser whose shoulders and hips both lie this far off, as a
# part of his size: then a body was read that nobody has, or somebody else's. Of 227 rendered squats from the
# recommended places (seeds 9205, 9206) 8 do, all of them misread; of 33 real lifters that are called 4. No deadlifter
# was misread so, and of 5 gold ones the finder itself is as far off on 3.
TRUNK_OFF: Final = 0.12
# A hint this near to a pose, as a part of the larger one's size, may still mean it.
HINT_MEANT: Final = 0.3

# Decoders let the other threads run; more than a few of them would only fill the memory with large photos.
DECODERS: Final = 4


@dataclass(frozen=True, slots=True)
class Request:
    """One photo to assess, and what people said of it.

    data: the photo's original bytes. lift, phase, view: what the attempt and the uploader state, or None. rulebook:
    its id. region: where in this camera's photos the platform is. lifter_at: the place, in parts of the upright photo's
    width and height, that staff pointed at as the lifter. plate: one of 450 mm that somebody found in the photo, px of
    the whole photo; the line looks for none itself (docs/gate.md shows what one would add). lift_said: staff looked
    and say that the photo shows this attempt's lift: no classifier is asked again. lifter_hidden: staff looked and say
    that the lifter is none of the people who were read.
    """

    data: bytes
    lift: Lift | None
    phase: Phase | None
    view: View | None
    rulebook: str
    camera: Camera | None = None
    region: Region | None = None
    lifter_at: tuple[float, float] | None = None
    plate: PlateSeen | None = None
    lift_said: bool = False
    lifter_hidden: bool = False


class Pipeline:
    """The line with its engine. The engine is built on first use, in the process that uses it."""

    def __init__(self, engine_name: str, *, options: EngineOptions | None = None, limits: Limits | None = None) -> None:
        self._engine_name = engine_name
        self._options = options or EngineOptions()
        self._limits = limits or Limits()
        self._engine: Engine | None = None
        self._picture: PictureLook | None = None

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            self._engine = engine_load(self._engine_name, self._options)
        return self._engine

    @property
    def picture(self) -> PictureLook | None:
        """The model that looks at the whole picture, read on first use; None where none is set up. Raises EngineError
        when its checkpoint cannot be used."""
        if self._picture is None and self._options.picture_model is not None:
            self._picture = picture_look(self._options.picture_model)
        return self._picture

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
        lift_said: bool = False,
        lifter_hidden: bool = False,
    ) -> Assessment:
        """Everything the line can say of one photo; see Request.

        Raises ImageError (trying again changes nothing) and EngineError (it may help); ValueError for a rulebook that
        is not shipped.
        """
        request = Request(
            data,
            lift,
            phase,
            view,
            rulebook,
            camera,
            region,
            lifter_at,
            lift_said=lift_said,
            lifter_hidden=lifter_hidden,
        )
        (answer,) = self.assess_many([request])
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
        with clock.step("finder"):
            shots = {
                index: shot_of(photo, hashlib.sha256(requests[index].data).hexdigest(), engine)
                for index, photo in good.items()
            }
        pictures: dict[int, PictureSeen] = {}
        if self.picture is not None:
            with clock.step("picture"):
                pictures = {index: self.picture(photo.rgb) for index, photo in good.items()}
        with clock.step("engine"):
            people = dict(zip(good, engine.people([*shots.values()]), strict=True))
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
                book = books[request.rulebook]
                place, picture = shots[index].place, pictures.get(index)
                answers.append(people_assess(request, photo, seen or [], book, engine, place, shared, picture))
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


def shot_of(photo: Photo, key: str, engine: Engine) -> Shot:
    """The photo as this engine gets it, with the finder's hint. key: the hash of its bytes."""
    return Shot(photo.rgb, key, finder_load().look(photo.rgb) if engine.hinted else None)


def people_assess(
    request: Request,
    photo: Photo,
    people: Sequence[Pose],
    book: Rulebook,
    engine: Engine,
    place: LifterPlace | None = None,
    shared: _Clock | None = None,
    picture: PictureSeen | None = None,
) -> Assessment:
    """What the line says of one decoded photo whose people are known: all of it that comes after the engine.

    people: in px of photo.rgb, as is place, the finder's hint. engine: the one that saw them. shared: what the steps
    before have cost. picture: what a model that looks at the whole picture says, None where none is set up.
    """
    lift = request.lift
    clock = shared.copy() if shared else _Clock()
    with clock.step("lifter"):
        height, width = photo.rgb.shape[:2]
        choice = lifter_choose(
            people,
            width,
            height,
            lift=lift,
            phase=request.phase,
            region=request.region,
            lifter_at=request.lifter_at,
            lifter_hidden=request.lifter_hidden,
            place=place,
        )
        # Staff may have pointed at another than the finder means: of him its hint says nothing.
        meant = place is not None and choice.pose is not None and place.away(choice.pose) <= HINT_MEANT
        hint = place if meant or request.lifter_at is None else None
        choice = _at_full_size(choice, photo.scale)
    with clock.step("classify"):
        # Somebody alone who is not taken for the lifter may still be lifting, but at another attempt.
        pose = choice.pose
        looked_at = pose or (choice.alone if _left_open(choice, request) else None)
        sighting = classify(looked_at, lift) if looked_at else None
        as_lift = lift or (sighting.lift if sighting else None)
        phase_seen = _phase(request.phase, sighting)
        view_seen = _view(request.view, sighting)
    # The lift is told by all that was read; what the rules measure must lie where the picture as a whole shows it.
    choice = _believed(choice, as_lift, hint, photo.scale)
    pose = choice.pose
    doubt = _doubt(request, view_seen, sighting, picture.seen if picture else None, choice)
    with clock.step("vote"):
        votes = _vote(pose, as_lift, photo.width, photo.height) if not doubt else None
    with clock.step("judge"):
        findings = _findings(
            pose,
            as_lift,
            phase_seen,
            view_seen,
            sighting,
            doubt,
            book,
            request.camera or Camera(),
            noise_load(engine.noise),
            (photo.width, photo.height),
            request.plate,
            # The hands of whoever the finder means vouch for nobody else's.
            hands_low=meant and _hands_low(place),
        )
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
        picture=picture.seen if picture else None,
        picture_model=picture.model if picture else "",
        networks=_networks(place),
    )


def _networks(place: LifterPlace | None) -> str:
    """The networks of the line's own that had a say, for the record."""
    finder = [f"finder-{finder_load().weights_sha256[:12]}"] if place is not None else []
    return " ".join([*finder, f"pose-{network_load().sha256[:12]}"])


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
        alone=scaled(choice.alone) if choice.alone else None,
        people=tuple(larger(one) for one in choice.people),
    )


def _believed(choice: LifterChoice, lift: Lift | None, hint: LifterPlace | None, scale: float) -> LifterChoice:
    """The choice, in px of the whole photo, without those joints of the lifter that a sure hint shows elsewhere: they
    were misread. hint: in px of the picture that the finder saw, ``scale`` times smaller."""
    lifter = choice.pose
    if lifter is None or hint is None or hint.present < HINT_SURE:
        return choice
    place = LifterPlace(hint.points * scale, hint.present)
    if lift is not Lift.DEADLIFT and place.trunk_off(lifter) > TRUNK_OFF:
        return _unseen(choice, lifter, _TRUNK)
    if lift is Lift.BENCH:
        off = _ARMS if place.hands_off(lifter) > HANDS_OFF else []
        off = off + (_SHOULDERS if place.shoulders_off(lifter) > SHOULDERS_OFF else [])
        return _unseen(choice, lifter, off) if off else choice
    return choice


def _hands_low(hint: LifterPlace | None) -> bool:
    """True where a sure hint shows the hands near the height of the shoulders."""
    return hint is not None and hint.present >= HINT_SURE and hint.hands_raised < HANDS_LOW


def _unseen(choice: LifterChoice, lifter: Pose, joints: list[Joint]) -> LifterChoice:
    """The choice with these joints of the lifter not seen; what the engine itself said of them stays in raw_scores."""
    points = lifter.points.copy()
    points[joints, 2] = 0.0
    pose = Pose(points, lifter.spread_px, lifter.raw_scores)
    people = tuple(replace(one, pose=pose) if one.chosen else one for one in choice.people)
    return replace(choice, pose=pose, people=people, alone=pose if choice.alone is lifter else choice.alone)


def _phase(stated: Phase | None, sighting: Sighting | None) -> PhaseSeen:
    if stated:
        return PhaseSeen(stated, 1.0, stated=True)
    return sighting.phase if sighting else PhaseSeen(None, 0.0)


def _view(stated: View | None, sighting: Sighting | None) -> ViewSeen:
    """What was stated, with the angle off the side that the pose shows."""
    seen = sighting.view if sighting else ViewSeen(None, 0.0)
    return ViewSeen(stated, 1.0, seen.off_side_deg, stated=True) if stated else seen


def _left_open(choice: LifterChoice, request: Request) -> bool:
    """True where somebody alone was not taken for the lifter, and no person has said that he is not."""
    return choice.unsure or (choice.hidden and not request.lifter_hidden)


def _doubt(
    request: Request, view: ViewSeen, sighting: Sighting | None, picture: LiftSeen | None, choice: LifterChoice
) -> tuple[Reason, str] | None:
    """Why a photo with people must not be judged as this lift, or None. What staff, who looked, have said is no longer
    asked."""
    lift, said = request.lift, request.lift_said
    if request.lifter_hidden:
        return Reason.LIFTER_HIDDEN, "Staff say that the lifter is none of the people who could be read. Judge by eye."
    against = None if lift and said else _lift_doubt(lift, view, sighting)
    if against is None and sighting and not (lift and said) and (disputed := dispute(lift, sighting, picture)):
        against = Reason.LIFT_DISPUTED, disputed
    # Of somebody alone who does another lift it is said that he does.
    if choice.alone is None or against is None:
        if choice.unsure:
            return Reason.LIFTER_UNSURE, "It cannot be told who the lifter is: staff say which person."
        if choice.hidden:
            return Reason.LIFTER_HIDDEN, "The lifter could not be read: others or a plate may hide him. Judge by eye."
    return against


def _lift_doubt(lift: Lift | None, view: ViewSeen, sighting: Sighting | None) -> tuple[Reason, str] | None:
    """Why the pose does not go with the stated lift, or with any; None where it does."""
    if sighting is None:
        return None
    if lift is None:
        return None if sighting.lift else (Reason.LIFT_UNKNOWN, "Does not look like a squat, bench press or deadlift.")
    if sighting.p_of[lift] >= LIFT_LEAST_P:
        return None
    if not any(sighting.p_of.values()):
        return Reason.LIFT_DISPUTED, f"{sighting.refused} Staff say whether it is a {LIFT_WORDS[lift]}."
    if lift is Lift.BENCH and view.view in (View.FRONT, View.REAR):
        # From the foot or head end a lying body stands upright in the photo and looks like any other.
        return (
            Reason.LIFT_UNKNOWN,
            "From the end of the bench no lift can be told from another. Judge by eye.",
        )
    if sighting.p_of[lift] == max(sighting.p_of.values()) and sighting.p_of[lift] > 1 - sum(sighting.p_of.values()):
        return (
            Reason.LIFT_DISPUTED,
            f"Looks most like a {LIFT_WORDS[lift]}, but too little so to be sure. Staff say whether it is one.",
        )
    looks = f"looks like a {LIFT_WORDS[sighting.lift]}" if sighting.lift else "looks like none of the three lifts"
    return (
        Reason.WRONG_LIFT,
        f"This photo {looks}, not like a {LIFT_WORDS[lift]}. Was it uploaded to the right attempt?",
    )


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
    noise: EngineNoise,
    frame: tuple[float, float],
    plate: PlateSeen | None,
    *,
    hands_low: bool,
) -> tuple[Finding, ...]:
    if lift is None:
        return ()
    if doubt:
        return stay_silent(lift=lift, rulebook=rulebook, reason=doubt[0], detail=doubt[1])
    if sighting and phase.stated and phase.phase and _contradicts(lift, phase.phase, sighting):
        detail = f"Said to be {PHASE_WORDS[phase.phase]}, but does not look like it. Which photo is it?"
        return stay_silent(lift=lift, rulebook=rulebook, reason=Reason.MOMENT_MISMATCH, detail=detail)
    return judge(
        lift=lift,
        phase=phase,
        view=view,
        pose=pose,
        rulebook=rulebook,
        camera=camera,
        noise=noise,
        frame=frame,
        plate=plate,
        hands_low=hands_low,
    )


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
    if mixed_up or (doubt and doubt[0] in (Reason.WRONG_LIFT, Reason.LIFT_DISPUTED)):
        return FlagKind.MISMATCH
    return FlagKind.NONE
