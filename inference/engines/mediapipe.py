"""MediaPipe BlazePose Full 0.10.21: the embedded default on any CPU. Its weights come inside the wheel.

Lifters on a bench lie down, and the detector in front of BlazePose fires poorly on lying people, so every photo is
read upright and turned by a quarter either way. Where those readings contradict each other, or are unsure, or see
nobody, the photo is read again within a wider frame, turned by an eighth; what the readings agree on is what counts.

That shows the largest person. The others are looked for with those found painted over: the body detector goes over
overlapping squares of the photo, and every body that it sees it must see once more in a frame of the body's own. Then
the body is read three times, each time turned and widened a little differently. One that is there agrees with itself; a
rack, a plate, a tyre do not. Where that finds
somebody, it is done once more with smaller squares, and with the squares turned, for whoever is smaller or lies.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from inference.engines.base import Shot, one_by_one
from inference.engines.bodies import FRAME_OF_CIRCLE, Body, Networks, painted_over, squares
from inference.engines.readings import SAME_PERSON, Reading, agreeing, apart, merged, people_merge
from inference.errors import EngineError
from inference.images import RgbArray
from judging.pose import FloatArray, Pose

# Quarter turns clockwise of the first readings; degrees clockwise of the second ones.
FIRST_TURNS: Final = (0, 1, 3)
SECOND_TURNS_DEG: Final = (45.0, -45.0, 0.0)
# Agreeing readings with a mean score under this may still agree on a wrong body: of 82 photos, two did (0.72, 0.79).
SURE_SCORE: Final = 0.8
# Side of the second readings' frame, px: the person inside is still larger than the 256 px that BlazePose looks at.
FRAME_PX: Final = 896
# A further body must be seen by the detector once more in a frame of its own, turned by one of these: clockwise
# degrees, and how much wider than BlazePose's own. Where it is, within SAME_BODY radii and as large within RESIZED.
AGAIN_FRAMES: Final = ((20.0, 1.2), (-20.0, 1.2))
AGAIN_PX: Final = 256
RESIZED: Final = (0.6, 1.6)
# Then it is read in these frames, which all must show it and agree: their median spread is at most SPREAD_MOST of the
# body's size. Measured on 68 lift photos with the lifter painted over and on 129 strips beside the lifters: of 21
# plates, racks and limbs that the detector saw and all frames read, none was seen again and agreed as closely; of 11
# sights of people who are there 10 were (spread 0.006 to 0.020), and each of the people by one sight at least.
READ_FRAMES: Final = ((-10.0, 1.0), (10.0, 1.15), (0.0, 1.05))
SPREAD_MOST: Final = 0.022
# Two sights of one body lie this close to each other, in radii of the larger.
SAME_BODY: Final = 0.35
# As many people as stand round a platform. Each further one costs three readings.
PEOPLE_MOST: Final = 12
_WEIGHT_FILES: Final = ("pose_detection/pose_detection.tflite", "pose_landmark/pose_landmark_full.tflite")


def weights_sha256() -> str:
    """sha256 over the two model files of the installed wheel, in the order of _WEIGHT_FILES."""
    spec = find_spec("mediapipe")
    if spec is None or spec.origin is None:
        raise EngineError("mediapipe is not installed")
    digest = hashlib.sha256()
    for name in _WEIGHT_FILES:
        digest.update((Path(spec.origin).parent / "modules" / name).read_bytes())
    return digest.hexdigest()


def turned_back(points: FloatArray, quarter_turns: int, width: int, height: int) -> FloatArray:
    """Points (n, 2) of a photo turned clockwise, in px of the photo before the turn (width x height)."""
    x, y = points[:, 0], points[:, 1]
    if quarter_turns == 1:
        return np.stack([y, height - x], axis=1)
    if quarter_turns == 3:
        return np.stack([width - y, x], axis=1)
    return points


def framed(width: int, height: int, degrees: float) -> FloatArray:
    """The affine map (2, 3) that turns the photo clockwise about its middle into a square of FRAME_PX that holds it."""
    scale = FRAME_PX / float(np.hypot(width, height))
    matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, scale), dtype=np.float64)
    matrix[:, 2] += (FRAME_PX - width) / 2, (FRAME_PX - height) / 2
    return matrix


@dataclass(frozen=True, slots=True)
class Squares:
    """What a search looks through: overlapping squares whose side is this part of the photo's shorter one, at most so
    many, each in these quarter turns."""

    part: float
    most: int
    quarter_turns: tuple[int, ...]


# The first search, and the second where the first found somebody.
SEARCHES: Final = ((Squares(1.0, 3, (0,)),), (Squares(0.75, 8, (0,)), Squares(1.0, 3, (1, 3))))


class MediaPipeEngine:
    """BlazePose. Not safe to share between threads or across a fork: built in the process that uses it."""

    def __init__(self) -> None:
        self.name = f"mediapipe-{version('mediapipe')}-full"
        self.weights_sha256 = weights_sha256()
        self._networks = Networks()

    @property
    def batch(self) -> int:
        return 1

    def people(self, photos: Sequence[Shot]) -> list[list[Pose] | EngineError]:
        return one_by_one(photos, lambda photo: self._people(photo.rgb))

    def _people(self, rgb: RgbArray) -> list[Pose]:
        readings = [reading for turns in FIRST_TURNS if (reading := self._read_turned(rgb, turns))]
        sure = agreeing(readings)
        if len(sure) < len(FIRST_TURNS) or min(reading.score for reading in sure) < SURE_SCORE:
            readings += [reading for angle in SECOND_TURNS_DEG if (reading := self._read_framed(rgb, angle))]
        people = people_merge(readings)
        for search in SEARCHES:
            further = self._further(rgb, people, search)
            people += further
            if not further:
                break
        return people

    def _read_turned(self, rgb: RgbArray, quarter_turns: int) -> Reading | None:
        height, width = rgb.shape[:2]
        coco = self._likeliest(np.ascontiguousarray(np.rot90(rgb, -quarter_turns)))
        if coco is None:
            return None
        return Reading(np.column_stack([turned_back(coco[:, :2], quarter_turns, width, height), coco[:, 2]]))

    def _read_framed(self, rgb: RgbArray, degrees: float) -> Reading | None:
        height, width = rgb.shape[:2]
        matrix = framed(width, height, degrees)
        frame = cv2.warpAffine(rgb, matrix, (FRAME_PX, FRAME_PX), flags=cv2.INTER_AREA, borderValue=(96, 96, 96))
        coco = self._likeliest(np.asarray(frame, dtype=np.uint8))
        if coco is None:
            return None
        back = np.asarray(cv2.invertAffineTransform(matrix), dtype=np.float64)
        return Reading(np.column_stack([coco[:, :2] @ back[:, :2].T + back[:, 2], coco[:, 2]]))

    def _likeliest(self, rgb: RgbArray) -> FloatArray | None:
        """The 17 joints, in px of this very array, of the body that the detector is surest of; None without one."""
        bodies = self._networks.bodies(rgb)
        return self._networks.joints(rgb, bodies[0]) if bodies else None

    def _further(self, rgb: RgbArray, people: Sequence[Pose], search: Sequence[Squares]) -> list[Pose]:
        """Whoever is in the photo beside these people."""
        others = painted_over(rgb, [person.points for person in people]) if people else rgb
        known = [Reading(person.points) for person in people]
        found: list[Pose] = []
        for body in self._seen(others, search):
            if len(known) >= PEOPLE_MOST:
                break
            pose = self._read_body(rgb, body)
            if pose is None or any(apart(Reading(pose.points), one) <= SAME_PERSON for one in known):
                continue
            known.append(Reading(pose.points))
            found.append(pose)
        return found

    def _seen(self, rgb: RgbArray, search: Sequence[Squares]) -> list[Body]:
        """The bodies that the detector sees in the squares of a search, the surest first, each once."""
        height, width = rgb.shape[:2]
        bodies = [
            seen_back(body, turns, square)
            for kind in search
            for square in squares(width, height, kind.part, kind.most)
            for turns in kind.quarter_turns
            for body in self._networks.bodies(_cut(rgb, square, turns))
        ]
        kept: list[Body] = []
        for body in sorted(bodies, key=lambda one: -one.score):
            if all(math.dist(body.hip, one.hip) > SAME_BODY * max(body.radius_px, one.radius_px) for one in kept):
                kept.append(body)
        return kept

    def _read_body(self, rgb: RgbArray, body: Body) -> Pose | None:
        """The body's pose where it is seen again and all READ_FRAMES agree on it, else None."""
        if not body.radius_px > 0 or not any(
            self._seen_again(rgb, body, turn_deg, wider) for turn_deg, wider in AGAIN_FRAMES
        ):
            return None
        readings: list[Reading] = []
        for turn_deg, wider in READ_FRAMES:
            coco = self._networks.joints(rgb, body, turn_deg=turn_deg, wider=wider)
            if coco is None:
                return None
            readings.append(Reading(coco))
        pose = merged(readings)
        return pose if float(np.median(pose.spread_px)) <= SPREAD_MOST * Reading(pose.points).size_px else None

    def _seen_again(self, rgb: RgbArray, body: Body, turn_deg: float, wider: float) -> bool:
        """Whether the detector sees this body in a frame of its own, too."""
        radius = AGAIN_PX / (2 * FRAME_OF_CIRCLE * wider)
        turn, scale = body.upright_deg + turn_deg, radius / body.radius_px
        matrix = np.asarray(cv2.getRotationMatrix2D(body.hip, turn, scale), dtype=np.float64)
        matrix[:, 2] += np.array([AGAIN_PX / 2, AGAIN_PX / 2]) - np.array(body.hip)
        frame = cv2.warpAffine(rgb, matrix, (AGAIN_PX, AGAIN_PX), flags=cv2.INTER_AREA, borderValue=(96, 96, 96))
        middle = (AGAIN_PX / 2, AGAIN_PX / 2)
        return any(
            math.dist(one.hip, middle) < SAME_BODY * radius and RESIZED[0] < one.radius_px / radius < RESIZED[1]
            for one in self._networks.bodies(np.asarray(frame, dtype=np.uint8))
        )


def _cut(rgb: RgbArray, square: tuple[int, int, int, int], turns: int) -> RgbArray:
    x0, y0, x1, y1 = square
    return np.ascontiguousarray(np.rot90(rgb[y0:y1, x0:x1], -turns))


def seen_back(body: Body, turns: int, square: tuple[int, int, int, int]) -> Body:
    """A body seen in a square (x0, y0, x1, y1 px) of the photo that was turned clockwise, in px of the photo."""
    x0, y0, x1, y1 = square
    hip, top = turned_back(np.array([body.hip, body.top]), turns, x1 - x0, y1 - y0) + np.array([x0, y0])
    return Body((float(hip[0]), float(hip[1])), (float(top[0]), float(top[1])), body.score)
