"""Every rendered photo through the line, with what people would state of it and with what they might state wrongly."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np

from gold.truth import CameraTruth, Kind, Truth
from inference.assessment import Assessment
from inference.engines.base import Engine, Shot
from inference.engines.truth import TruthEngine, key_of
from inference.errors import EngineError, ImageError
from inference.finder import LifterPlace
from inference.images import Photo, photo_decode
from inference.pipeline import Request, people_assess, shot_of
from judging.camera import Camera
from judging.plate import PLATE_CM, PlateSeen
from judging.pose import Lift, Phase, Pose, View
from judging.rulebook import Rulebook

# What a tape, a phone's level and a person's eye leave: one standard deviation each.
TAPE_HEIGHT_CM: Final = 2.0
TAPE_DISTANCE: Final = 0.03
LEVEL_ROLL_DEG: Final = 0.5
EYE_ANGLE_DEG: Final = 5.0
# A plate's width read off a photo, and the lifter standing a little off the place it stood at.
HAND_PLATE: Final = 0.03
# What a good detector's plate would be off by, as a share of its diameter, and how much of its rim it must see.
PLATE_SIGMA: Final = 0.015
PLATE_LEAST: Final = 0.6
# Sets these draws apart from the generator's, which start from the same seed.
_TAPE: Final = 0x7A9E
_PLATE: Final = 0x91A7
# The generator's range is far wider than a hall's; judging.camera refuses what lies outside its own.
_ROLL_MOST_DEG: Final = 45.0
_ANGLE_MOST_DEG: Final = 90.0

# The depth rules' lifts: at their lockout the line must not speak of depth, whatever moment was stated.
DEPTH_LIFTS: Final = (Lift.SQUAT, Lift.BENCH)


@dataclass(frozen=True, slots=True)
class Stated:
    """What people say of a photo; None: they do not say."""

    lift: Lift | None
    phase: Phase | None
    view: View | None


@dataclass(frozen=True, slots=True)
class Case:
    """One photo and what the line said of it.

    stated: the answer to what people would state, None for a scene without a lifter. others: the answers to what they
    might state wrongly or leave out, by what was stated. error: why the engine failed on the photo, or "".
    """

    truth: Truth
    stated: Assessment | None
    others: tuple[tuple[Stated, Assessment], ...] = ()
    error: str = ""


def view_stated(truth: Truth, camera_known: bool) -> View:
    """The view that people would state. Who measures a camera's angle says which of the lifter's sides it stands on,
    however far round; who does not says from which quarter it looks."""
    if not camera_known:
        return truth.view
    return View.LEFT if math.sin(math.radians(truth.camera.azimuth_deg)) >= 0 else View.RIGHT


def stated_of(truth: Truth, camera_known: bool = True) -> Stated | None:
    """What people would state: the attempt's lift, the moment and the view; None for a scene without a lifter."""
    return Stated(truth.lift, truth.phase, view_stated(truth, camera_known)) if truth.kind is Kind.LIFT else None


def others_of(truth: Truth, camera_known: bool = True) -> tuple[Stated, ...]:
    """What must not lead to a verdict: a lockout without its moment or as the lowest one, a scene without a lifter."""
    nothing, view = Stated(None, None, None), view_stated(truth, camera_known)
    if truth.kind is not Kind.LIFT:
        phases = (Phase.BOTTOM, Phase.LOCKOUT)
        return (*(Stated(lift, phase, view) for lift in Lift for phase in phases), nothing)
    if truth.phase is Phase.LOCKOUT and truth.lift in DEPTH_LIFTS:
        return Stated(truth.lift, None, view), Stated(truth.lift, Phase.BOTTOM, view), nothing
    return ()


def angle_deg(camera: CameraTruth) -> float:
    """Off square to the lifter's nearer side: + towards his front or the foot end, - towards his rear, deg."""
    return 90.0 - abs((camera.azimuth_deg + 180.0) % 360.0 - 180.0)


def camera_measured(truth: Truth) -> Camera:
    """The camera as a meet would have measured it, with errors that are the same every time for the same photo."""
    rng = np.random.default_rng([abs(truth.seed), truth.index, _TAPE])
    height, distance, roll, angle, plate = (float(value) for value in rng.standard_normal(5))
    share = PLATE_CM * truth.camera.focal_px / (truth.camera.distance_cm * max(truth.width, truth.height))
    figures = {
        "height_cm": min(1000.0, max(0.0, truth.camera.height_cm + TAPE_HEIGHT_CM * height)),
        "distance_cm": min(5000.0, max(50.0, truth.camera.distance_cm * (1 + TAPE_DISTANCE * distance))),
        "roll_deg": _within(truth.camera.roll_deg + LEVEL_ROLL_DEG * roll, _ROLL_MOST_DEG),
        "angle_deg": _within(angle_deg(truth.camera) + EYE_ANGLE_DEG * angle, _ANGLE_MOST_DEG),
        "plate_share": min(0.9, max(0.01, share * (1 + HAND_PLATE * plate))),
    }
    known = {field.name for field in fields(Camera)}
    return Camera(**{name: value for name, value in figures.items() if name in known})


def _within(value: float, most: float) -> float:
    return min(most, max(-most, value))


def images_check(truths: Iterable[Truth], folder: Path) -> None:
    """Refuses a folder whose images are not those of its truth. Raises ValueError naming the first that is not."""
    for truth in truths:
        _image_read(truth, folder)


def _image_read(truth: Truth, folder: Path) -> bytes:
    path = folder / truth.image
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(
            f"The image {path} cannot be read: render it with python -m gold.synth, or use --engine truth, "
            "which needs no picture."
        ) from error
    if hashlib.sha256(data).hexdigest() != truth.sha256:
        raise ValueError(f"The image {path} is not the one its truth was measured on: render both again.")
    return data


def photo_of(truth: Truth, folder: Path) -> Photo:
    """The decoded photo. Raises ValueError naming the image when it is missing, another one, or cannot be decoded."""
    data = _image_read(truth, folder)
    try:
        photo = photo_decode(data)
    except ImageError as error:
        raise ValueError(f"The image {folder / truth.image} cannot be decoded ({error.reason}).") from error
    if (photo.width, photo.height) != (truth.width, truth.height):
        raise ValueError(
            f"The image {folder / truth.image} is not {truth.width} x {truth.height} px as its truth says."
        )
    return photo


def photo_blank(truth: Truth) -> Photo:
    """A photo of the right size that takes no memory, for an engine that looks at none."""
    rgb: Any = np.broadcast_to(np.uint8(0), (truth.height, truth.width, 3))
    return Photo(rgb, truth.width, truth.height, 1.0)


def cases_run(
    truths: Sequence[Truth],
    folder: Path,
    engine: Engine,
    book: Rulebook,
    *,
    camera_known: bool = True,
    plates_known: bool = False,
    progress: Callable[[int], object] = lambda _: None,
) -> Iterator[Case]:
    """Each photo's case, in order. progress: told how many photos are done with, a batch at a time.

    Raises ValueError for an image that is not there or not the truth's own.
    """
    done = 0
    while done < len(truths):
        some = truths[done : done + max(1, engine.batch)]
        shots: list[Shot] = []
        photos: list[Photo] = []
        for truth in some:
            # The true joints need no picture; where there is one, the finder looks at it all the same.
            blind = isinstance(engine, TruthEngine) and not (folder / truth.image).is_file()
            photo = photo_blank(truth) if blind else photo_of(truth, folder)
            photos.append(photo)
            shots.append(Shot(photo.rgb, key_of(truth)) if blind else shot_of(photo, key_of(truth), engine))
        for truth, photo, shot, seen in zip(some, photos, shots, engine.people(shots), strict=True):
            camera = camera_measured(truth) if camera_known else Camera()
            plate = plate_of(truth) if plates_known else None
            yield _case(truth, photo, seen, book, engine, shot.place, camera, plate, camera_known)
        done += len(some)
        progress(len(some))


def plate_of(truth: Truth) -> PlateSeen | None:
    """The plate nearer to the camera as a good detector would find it, with errors that are the same every time; None
    when less than PLATE_LEAST of its rim is seen."""
    seen = [plate for plate in truth.plates if plate.visible >= PLATE_LEAST]
    if not seen:
        return None
    plate = max(seen, key=lambda one: one.diameter_px)
    sigma = PLATE_SIGMA * plate.diameter_px
    error = float(np.random.default_rng([abs(truth.seed), truth.index, _PLATE]).standard_normal())
    x, y = (float(place) for place in plate.centre_px)
    return PlateSeen(
        x, y, plate.diameter_px + sigma * error, sigma, abs(math.sin(math.radians(truth.camera.azimuth_deg)))
    )


def _case(
    truth: Truth,
    photo: Photo,
    seen: list[Pose] | EngineError,
    book: Rulebook,
    engine: Engine,
    place: LifterPlace | None,
    camera: Camera,
    plate: PlateSeen | None,
    camera_known: bool,
) -> Case:
    if isinstance(seen, EngineError):
        return Case(truth, None, error=seen.reason)

    def said(stated: Stated) -> Assessment:
        request = Request(b"", stated.lift, stated.phase, stated.view, book.id, camera, plate=plate)
        return people_assess(request, photo, seen, book, engine, place)

    stated = stated_of(truth, camera_known)
    others = tuple((other, said(other)) for other in others_of(truth, camera_known))
    return Case(truth, said(stated) if stated else None, others)
