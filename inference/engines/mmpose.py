"""mmdet finds the people, mmpose's ViTPose the joints: batched, without the packages' inferencers.

Those take one photo at a time, throw given boxes away, and where nobody is found return the whole photo as a person
(mmpose 1.3.2, Pose2DInferencer); here nobody found is ``[]``.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Final, TypeVar

import cv2
import numpy as np
import numpy.typing as npt
import torch

from inference.engines.base import EngineOptions, Shot
from inference.engines.crops import Look, crops_cut, looks_at
from inference.engines.mm_detector import Detector
from inference.engines.mm_models import config_of, model_build
from inference.engines.mm_pose import PoseModel
from inference.engines.readings import AGREE, Reading, apart
from inference.engines.torch_device import device_pick, out_of_memory
from inference.errors import EngineError
from inference.weights import weights_ready
from judging.pose import FloatArray, Joint, Pose

log = logging.getLogger(__name__)

# Photos at once, and crops at once (with their flips twice as many pictures). A GPU is filled by many; what a processor
# works on should stay in its caches.
BATCH_OF: Final = {"cuda": 16, "cpu": 4}
CROPS_OF: Final = {"cuda": 128, "cpu": 4}

# A heatmap's maximum is no probability (Gu et al., arXiv 2311.17105). Until these weights are measured on truth, the
# one published anchor stands in: mmpose draws joints from 0.3 on (kpt_thr, mmpose 1.3.2), which is put at SEEN_SCORE.
RAW_SCORES: Final = (0.0, 0.3, 0.9)
CALIBRATED: Final = (0.0, 0.5, 1.0)

# How far two careful annotators lie apart, as a share of the root of the person's area, both axes together: COCO's
# sigmas (cocodataset.org, keypoints-eval). Weights whose noise nobody measured here must not claim to be better.
ANNOTATOR_SIGMA: Final = {
    "nose": 0.026,
    "eye": 0.025,
    "ear": 0.035,
    "shoulder": 0.079,
    "elbow": 0.072,
    "wrist": 0.062,
    "hip": 0.107,
    "knee": 0.087,
    "ankle": 0.089,
}
_SIGMAS: Final = np.array([ANNOTATOR_SIGMA[joint.label.rpartition(" ")[2]] for joint in Joint])
# A person fills about this share of the box round him (mmpose's own figure where no area is labelled).
AREA_OF_BOX: Final = 0.53

# The joints by which the looks at one person are compared: the head's say nothing of a lift.
_BODY: Final = slice(Joint.LEFT_SHOULDER, None)

# What the model sees in one crop: places (17, 2), scores (17,) and flip_px (17,) of CropJoints.
Seen = tuple[FloatArray, FloatArray, FloatArray]

T = TypeVar("T")
R = TypeVar("R")


def mmpose_engine(options: EngineOptions) -> MMPoseEngine:
    """RTMDet and ViTPose with weights of the store, on one device. To be built in the process that uses it.

    Raises WeightsError and EngineError when weights or device are not as asked.
    """
    device, dtype = device_pick(options.device, options.dtype)
    pose = weights_ready(options.pose_weights, options.weights_dir)
    detector = weights_ready(options.detector_weights, options.weights_dir)
    return MMPoseEngine(
        Detector(model_build(detector), config_of(detector), detector.name, device=device, dtype=dtype),
        PoseModel(model_build(pose), config_of(pose), pose.name, device=device, dtype=dtype, compiled=options.compiled),
        name=f"mmpose-{version('mmpose')} {pose.name} {detector.name} {str(dtype).rpartition('.')[2]}",
        weights_sha256=hashlib.sha256(f"{detector.sha256} {pose.sha256}".encode()).hexdigest(),
        photos=options.batch or BATCH_OF[device.type],
        crops=CROPS_OF[device.type],
    )


class MMPoseEngine:
    """A detector and a pose model, fed in batches of ``photos`` and ``crops``."""

    hinted = True

    def __init__(
        self, detector: Detector, pose: PoseModel, *, name: str, weights_sha256: str, photos: int, crops: int
    ) -> None:
        self.name, self.weights_sha256, self.noise = name, weights_sha256, "mmpose"
        self._detector, self._pose = detector, pose
        self._photos, self._crops = _Room(photos, "photos"), _Room(crops, "crops")

    @property
    def batch(self) -> int:
        return self._photos.size

    def people(self, photos: Sequence[Shot]) -> list[list[Pose] | EngineError]:
        with torch.inference_mode():
            boxes = self._photos.each(photos, lambda some: self._detector.boxes([photo.rgb for photo in some]))
            looks = [_looks(photo, found) for photo, found in zip(photos, boxes, strict=True)]
            crops = [self._cut(photo, people) for photo, people in zip(photos, looks, strict=True)]
            return self._poses(looks, crops)

    def _cut(self, photo: Shot, people: list[list[Look]] | EngineError) -> npt.NDArray[np.uint8] | EngineError:
        """The crops of a photo's looks, or its error."""
        if isinstance(people, EngineError):
            return people
        try:
            return crops_cut(photo.rgb, [look for person in people for look in person], self._pose.crop_size)
        except _FAILURES as error:
            return _failed(error)

    def _poses(
        self,
        looks: Sequence[list[list[Look]] | EngineError],
        crops: Sequence[npt.NDArray[np.uint8] | EngineError],
    ) -> list[list[Pose] | EngineError]:
        """The people's poses: every look of every person of every photo goes through the model together."""
        every = [crop for cut in crops if not isinstance(cut, EngineError) for crop in cut]
        seen = iter(self._crops.each(every, self._joints))
        answers: list[list[Pose] | EngineError] = []
        for people, cut in zip(looks, crops, strict=True):
            if isinstance(cut, EngineError):
                answers.append(cut)
            elif isinstance(people, EngineError):
                answers.append(people)
            else:
                answers.append(_answer([[(look, next(seen)) for look in person] for person in people]))
        return answers

    def _joints(self, crops: Sequence[npt.NDArray[np.uint8]]) -> list[Seen]:
        joints = self._pose.joints(np.stack(crops))
        return list(zip(joints.places, joints.scores, joints.flip_px, strict=True))


class _Room:
    """How many things of a kind the device takes at once. Too many once, and half as many from then on."""

    def __init__(self, size: int, what: str) -> None:
        self.size = max(1, size)
        self._what = what

    def each(self, things: Sequence[T], read: Callable[[Sequence[T]], Sequence[R]]) -> list[R | EngineError]:
        """One answer a thing. What a batch fails on is read thing by thing, so that only the culprit has an error."""
        answers: list[R | EngineError] = []
        while len(answers) < len(things):
            answers += self._batch(things[len(answers) : len(answers) + self.size], read)
        return answers

    def _batch(self, some: Sequence[T], read: Callable[[Sequence[T]], Sequence[R]]) -> list[R | EngineError]:
        try:
            return list(read(some))
        except _FAILURES as error:
            if len(some) == 1:
                return [_failed(error)]
            if not out_of_memory(error):
                log.warning("%d %s failed together (%r); each alone now", len(some), self._what, error)
                return [self._alone(one, read) for one in some]
        self._halve(len(some))
        return [answer for half in _halves(some) for answer in self._half(half, read)]

    def _half(self, some: Sequence[T], read: Callable[[Sequence[T]], Sequence[R]]) -> list[R | EngineError]:
        """A second lack of memory is not answered by ever smaller batches now, but by a smaller one next time."""
        try:
            return list(read(some))
        except _FAILURES as error:
            if out_of_memory(error):
                self._halve(len(some))
                return [_failed(error) for _ in some]
            return [self._alone(one, read) for one in some] if len(some) > 1 else [_failed(error)]

    def _alone(self, one: T, read: Callable[[Sequence[T]], Sequence[R]]) -> R | EngineError:
        try:
            return read([one])[0]
        except _FAILURES as error:
            return _failed(error)

    def _halve(self, tried: int) -> None:
        self.size = max(1, min(self.size, tried) // 2)
        log.warning("out of memory with %d %s; from now on %d at once", tried, self._what, self.size)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


# What torch and OpenCV raise on a photo or for lack of memory; a worker's time limit must pass through.
_FAILURES: Final = (RuntimeError, ValueError, IndexError, MemoryError, cv2.error)


def _halves(some: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    middle = (len(some) + 1) // 2
    return some[:middle], some[middle:]


def _failed(error: BaseException) -> EngineError:
    if out_of_memory(error):
        return EngineError(f"out of memory: {error}", reason="out_of_memory")
    failure = EngineError(f"mmpose: {error!r}")
    failure.__cause__ = error
    return failure


def _looks(photo: Shot, found: FloatArray | EngineError) -> list[list[Look]] | EngineError:
    """Per person the looks to take, or the error of the photo."""
    if isinstance(found, EngineError):
        return found
    height, width = photo.rgb.shape[:2]
    return [looks_at((box[0], box[1], box[2], box[3]), (width, height)) for box in found.tolist()]


def _answer(people: Sequence[Sequence[tuple[Look, Seen | EngineError]]]) -> list[Pose] | EngineError:
    """The poses of a photo's people, or the error of a look that failed: half the people are not an answer."""
    poses: list[Pose] = []
    for person in people:
        looks: list[tuple[Look, Seen]] = []
        for look, seen in person:
            if isinstance(seen, EngineError):
                return seen
            looks.append((look, seen))
        poses.append(_best(looks))
    return _once_each(poses)


def _best(person: Sequence[tuple[Look, Seen]]) -> Pose:
    """Of the looks at one person the one whose body joints score best; upright where none is better."""
    look, (places, scores, flip_px) = max(person, key=lambda one: float(one[1][1][_BODY].mean()))
    calibrated = np.interp(scores, RAW_SCORES, CALIBRATED)
    x0, y0, x1, y1 = look.box
    # Half the way between crop and mirror is one standard deviation of the two; in px of the photo.
    own = flip_px / 2 / float(np.sqrt(abs(np.linalg.det(look.matrix[:, :2]))))
    least = _SIGMAS / np.sqrt(2) * np.sqrt(AREA_OF_BOX * (x1 - x0) * (y1 - y0))
    return Pose(np.column_stack([look.back(places), calibrated]), np.maximum(own, least), scores)


def _once_each(people: Sequence[Pose]) -> list[Pose]:
    """The people without those whose joints lie on another's, whose box the detector was surer of."""
    kept: list[Pose] = []
    for person in people:
        if all(apart(Reading(person.points), Reading(other.points)) > AGREE for other in kept):
            kept.append(person)
    return kept
