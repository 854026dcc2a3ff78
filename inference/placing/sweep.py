"""The same rendered lifts seen from a grid of places, and what the line makes of each: the figures of
docs/placing-cameras.md."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gold.truth import Truth
from inference.engines.base import Engine, Shot
from inference.engines.truth import TruthEngine, key_of
from inference.gate.run import camera_measured, view_stated
from inference.gate.truths import RULES, true_margin
from inference.images import Photo
from inference.pipeline import Request, people_assess, shot_of
from judging.outcomes import Outcome
from judging.pose import Lift, Phase, Side
from judging.rulebook import Rulebook

if TYPE_CHECKING:
    from gold.synth.optics import Camera
    from gold.synth.render import Studio
    from gold.synth.scene import Scene

# The moment and the rule that each lift's camera is placed for.
SUBJECTS: Final = {
    Lift.SQUAT: (Phase.BOTTOM, "squat_depth"),
    Lift.BENCH: (Phase.BOTTOM, "bench_depth"),
    Lift.DEADLIFT: (Phase.LOCKOUT, "knees_locked"),
}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A camera round the lifter. azimuth_deg: 0 in front of him, 90 square to his left side, -90 to his right, 180
    behind. cm: lens above the floor, and along the floor to his middle."""

    azimuth_deg: float
    height_cm: float
    distance_cm: float


@dataclass(frozen=True, slots=True)
class Look:
    """What the line made of one side of one lift from one place.

    engine: "truth" for the true joints. near: the lifter's side the camera stands on. seen: a margin came out.
    error_cm: of the margin, None without one or without a true one. wrong: a verdict that the truth contradicts.
    """

    lift: Lift
    scene: int
    place: Place
    engine: str
    near: bool
    seen: bool
    reason: str
    error_cm: float | None
    sigma_cm: float | None
    verdict: bool
    wrong: bool


def places_of(
    azimuths: Sequence[float], heights: Sequence[float], distances: Sequence[float], *, mirrored: bool = False
) -> list[Place]:
    """The whole grid, in order. mirrored: and the same places on the lifter's right, for two cameras at once."""
    sides = (1.0, -1.0) if mirrored else (1.0,)
    return [Place(s * a, h, d) for d in distances for h in heights for a in azimuths for s in sides if a or s > 0]


def sweep(
    lift: Lift,
    places: Sequence[Place],
    *,
    seed: int,
    count: int,
    engines: Sequence[Engine],
    book: Rulebook,
    progress: Callable[[], object] = lambda: None,
) -> Iterator[Look]:
    """Every side of ``count`` lifts from every place, through each engine and once with the true joints."""
    from gold.synth.scene import Options, scene_draw, scene_with_camera
    from gold.synth.write import studio_of
    from gold.truth import Kind

    phase, _ = SUBJECTS[lift]
    options = Options(lift=lift, phase=phase, kind=Kind.LIFT, spoilt=0.0)
    for index in range(count):
        scene = scene_draw(seed, index, options)
        studio = studio_of(options.width, options.height)
        studio.stage(scene)
        for place in places:
            seen_from = scene_with_camera(scene, _camera(scene, place, options.width, options.height))
            yield from _looks(lift, index, place, seen_from, studio, engines, book)
            progress()


def _camera(scene: Scene, place: Place, width: int, height: int) -> Camera:
    from gold.synth.scene import camera_framed

    if scene.performance is None:
        raise ValueError("a camera is placed for a lift")
    return camera_framed(
        scene.middle,
        scene.performance.figure.joints,
        azimuth_deg=place.azimuth_deg,
        height_m=place.height_cm / 100,
        distance_m=place.distance_cm / 100,
        width=width,
        height=height,
    )


def _looks(
    lift: Lift,
    index: int,
    place: Place,
    scene: Scene,
    studio: Studio,
    engines: Sequence[Engine],
    book: Rulebook,
) -> Iterator[Look]:
    from gold.synth.render import photo_bytes
    from gold.synth.write import scene_truth
    from inference.images import photo_decode

    truth = scene_truth(scene, studio.labels(scene.camera), "", "")
    blank = Photo(np.broadcast_to(np.uint8(0), (truth.height, truth.width, 3)), truth.width, truth.height, 1.0)
    yield from _of_engine(lift, index, place, truth, blank, TruthEngine([truth]), book)
    if not engines:
        return
    photo = photo_decode(photo_bytes(studio.colours(scene.camera), scene.look))
    for engine in engines:
        yield from _of_engine(lift, index, place, truth, photo, engine, book)


def _of_engine(
    lift: Lift, index: int, place: Place, truth: Truth, photo: Photo, engine: Engine, book: Rulebook
) -> Iterator[Look]:
    phase, rule = SUBJECTS[lift]
    key = key_of(truth) if isinstance(engine, TruthEngine) else hashlib.sha256(photo.rgb.tobytes()).hexdigest()
    shot = Shot(photo.rgb, key) if isinstance(engine, TruthEngine) else shot_of(photo, key, engine)
    (people,) = engine.people([shot])
    if not isinstance(people, list):
        raise people
    request = Request(b"", lift, phase, view_stated(truth, True), book.id, camera_measured(truth))
    findings = [
        one for one in people_assess(request, photo, people, book, engine, shot.place).findings if one.rule == rule
    ]
    by_side = {finding.side: finding for finding in findings}
    for side in Side:
        finding = by_side.get(side) or by_side.get(None)
        if finding is None:
            continue
        true = true_margin(RULES[rule], truth, side, book.limits)
        error = None if true is None or finding.margin_cm is None else finding.margin_cm - true.margin_cm
        verdict = finding.outcome in (Outcome.MEETS, Outcome.BREACH)
        yield Look(
            lift=lift,
            scene=index,
            place=place,
            engine=engine.name,
            near=(side is Side.LEFT) == (place.azimuth_deg >= 0),
            seen=finding.margin_cm is not None,
            reason=finding.reason.value if finding.reason else "",
            error_cm=error,
            sigma_cm=finding.sigma_cm,
            verdict=verdict,
            wrong=verdict and true is not None and (finding.outcome is Outcome.BREACH) is not true.breach,
        )
