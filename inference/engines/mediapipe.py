"""MediaPipe BlazePose Full 0.10.21: the embedded default on any CPU. Its weights come inside the wheel.

The detector in front of BlazePose looks for a face over shoulders. Lifters lie down, or stand behind plates, rack and
spotters, so it often fires on everybody but them. Where the finder (inference/finder) says that somebody lifts, the
joints are read first in the frame of its hint, turned and widened a little in turn and once more with left and right
exchanged; each reading is corrected in the frame that its own joints ask for, and what the readings agree on counts.

Where it says nothing, or they do not agree, the photo is read upright and turned by a quarter either way. Where those
readings contradict each other, or are unsure, or see nobody, the photo is read again within a wider frame, turned by an
eighth; where few agree even then, each reading is corrected in its own frame.

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
from inference.engines.bodies import FRAME_OF_CIRCLE, Body, Networks, body_hinted, body_of, painted_over, squares
from inference.engines.readings import SAME_PERSON, Reading, agreeing, apart, doubted, merged, mirrored, people_merge
from inference.errors import EngineError
from inference.finder import LifterPlace, finder_load
from inference.images import RgbArray
from judging.pose import FloatArray, Pose

# Quarter turns clockwise of the first readings; degrees clockwise of the second ones.
FIRST_TURNS: Final = (0, 1, 3)
SECOND_TURNS_DEG: Final = (45.0, -45.0, 0.0)
# Agreeing readings with a mean score under this may still agree on a wrong body: of 82 photos, two did (0.72, 0.79).
SURE_SCORE: Final = 0.8
# Where fewer of the six readings agree, each is read once more in the frame that its own joints ask for: on a lying
# lifter the detector often turns the frame wrongly, and a reading from there is half right. Of 68 rendered bench
# presses seen from 30 degrees off the foot end that puts 54 instead of 48 within 0.15 of the true body's diagonal, and
# it costs a sixth more time; 57 other rendered lifts, 14 empty scenes and 60 lift photos stayed as they were.
# Of 113 strips beside the lifters 9 instead of 8 give a reading.
CLEAR_READINGS: Final = 4
# The finder's hint is followed where somebody lifts at least this likely.
HINT_LEAST: Final = 0.5
# Of the twelve readings of a hint (three frames, each corrected in its own, and the same mirrored) so many must agree.
# On 76 rendered lifts at the lowest moment (seed 4001, lifter shown) that found all lifters instead of 0.83 (squat) and
# 0.94 (bench) of them from the recommended places, and 0.95 instead of 0.79 and 0.71 instead of 0.43 from anywhere; the
# mean error of a bench press's elbow against its shoulder fell from 3.7 to 1.5 cm.
HINT_READINGS: Final = 4
# Where the hint's readings lie further apart than SETTLED of the body's size, the whole photo is read too. Its three
# readings are taken instead when they lie this much closer together and are this much surer. On 52 photos of real lifts
# that is so in 5, three of which the hint had led astray; on 96 rendered lifts (seed 9206) in one.
SETTLED: Final = 0.02
CLEARER_SPREAD: Final = 1 / 3
CLEARER_SCORE: Final = 0.02
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
    """sha256 over the two model files of the installed wheel, in the order of _WEIGHT_FILES, and the finder's, whose
    hint decides where they look."""
    spec = find_spec("mediapipe")
    if spec is None or spec.origin is None:
        raise EngineError("mediapipe is not installed")
    digest = hashlib.sha256()
    for name in _WEIGHT_FILES:
        digest.update((Path(spec.origin).parent / "modules" / name).read_bytes())
    digest.update(finder_load().weights_sha256.encode())
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

    hinted = True

    def __init__(self) -> None:
        self.name = f"mediapipe-{version('mediapipe')}-full"
        self.weights_sha256 = weights_sha256()
        self.noise = "mediapipe"
        self._networks = Networks()

    @property
    def batch(self) -> int:
        return 1

    def people(self, photos: Sequence[Shot]) -> list[list[Pose] | EngineError]:
        return one_by_one(photos, lambda photo: self._people(photo.rgb, photo.place))

    def _people(self, rgb: RgbArray, place: LifterPlace | None) -> list[Pose]:
        hinted = self._read_hint(rgb, place)
        sure = agreeing(hinted)
        found = len(sure) >= HINT_READINGS
        people = [self._hinted_or_clearer(rgb, merged(sure))] if found else self._people_unaided(rgb, hinted)
        for search in SEARCHES:
            further = self._further(rgb, people, search)
            people += further
            if not further:
                break
        return people

    def _hinted_or_clearer(self, rgb: RgbArray, hinted: Pose) -> Pose:
        """The pose that was read at the hint, or what the whole photo shows of the same person, where that is clearer:
        the hint's frame may have been a bad one."""
        if relative_spread(hinted) <= SETTLED:
            return hinted
        readings = [reading for turns in FIRST_TURNS if (reading := self._read_turned(rgb, turns))]
        sure = agreeing(readings)
        if len(sure) < len(FIRST_TURNS):
            return hinted
        whole = merged(sure)
        same = apart(Reading(whole.points), Reading(hinted.points)) <= SAME_PERSON
        closer = relative_spread(whole) <= CLEARER_SPREAD * relative_spread(hinted)
        if not (same and closer and raw_score(whole) >= raw_score(hinted) + CLEARER_SCORE):
            return hinted
        return doubted(whole, hinted)

    def _people_unaided(self, rgb: RgbArray, hinted: list[Reading]) -> list[Pose]:
        """The largest person, and whoever else the readings agree on. hinted: what was read already."""
        readings = hinted + [reading for turns in FIRST_TURNS if (reading := self._read_turned(rgb, turns))]
        sure = agreeing(readings)
        if hinted or len(sure) < len(FIRST_TURNS) or min(reading.score for reading in sure) < SURE_SCORE:
            readings += [reading for angle in SECOND_TURNS_DEG if (reading := self._read_framed(rgb, angle))]
            if len(agreeing(readings)) < CLEAR_READINGS:
                own = [again for reading in readings if (again := self._read_own(rgb, reading))]
                readings = own if people_merge(own) else readings
        return people_merge(readings)

    def _read_hint(self, rgb: RgbArray, place: LifterPlace | None) -> list[Reading]:
        """The joints in the frame of the finder's hint, in several frames and mirrored; [] where it says nothing."""
        body = body_hinted(place) if place is not None and place.present >= HINT_LEAST else None
        if body is None:
            return []
        width = rgb.shape[1]
        other = Body((width - body.hip[0], body.hip[1]), (width - body.top[0], body.top[1]), body.score)
        straight = self._read_around(rgb, body)
        return straight + [mirrored(one, width) for one in self._read_around(rgb[:, ::-1], other)]

    def _read_around(self, rgb: RgbArray, body: Body) -> list[Reading]:
        first = [
            Reading(coco)
            for turn_deg, wider in READ_FRAMES
            if (coco := self._networks.joints(rgb, body, turn_deg=turn_deg, wider=wider)) is not None
        ]
        return first + [own for reading in first if (own := self._read_own(rgb, reading))]

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

    def _read_own(self, rgb: RgbArray, reading: Reading) -> Reading | None:
        """The reading as the frame that its own joints ask for corrects it; None where that frame shows nobody."""
        body = body_of(reading)
        coco = self._networks.joints(rgb, body) if body else None
        return None if coco is None else Reading(coco)

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


def relative_spread(pose: Pose) -> float:
    """How far the readings behind a pose lie apart: the median joint's spread, as a part of the body's size."""
    return float(np.median(pose.spread_px)) / max(Reading(pose.points).size_px, 1e-9)


def raw_score(pose: Pose) -> float:
    """The mean score that the engine itself gave the joints from the shoulders down."""
    raw = pose.points[:, 2] if pose.raw_scores is None else pose.raw_scores
    return float(raw[5:].mean())


def _cut(rgb: RgbArray, square: tuple[int, int, int, int], turns: int) -> RgbArray:
    x0, y0, x1, y1 = square
    return np.ascontiguousarray(np.rot90(rgb[y0:y1, x0:x1], -turns))


def seen_back(body: Body, turns: int, square: tuple[int, int, int, int]) -> Body:
    """A body seen in a square (x0, y0, x1, y1 px) of the photo that was turned clockwise, in px of the photo."""
    x0, y0, x1, y1 = square
    hip, top = turned_back(np.array([body.hip, body.top]), turns, x1 - x0, y1 - y0) + np.array([x0, y0])
    return Body((float(hip[0]), float(hip[1])), (float(top[0]), float(top[1])), body.score)
