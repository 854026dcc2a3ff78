"""MediaPipe BlazePose Full 0.10.21: the embedded default on any CPU. Its weights come inside the wheel.

Lifters on a bench lie down, and the detector in front of BlazePose fires poorly on lying people, so every photo is
read upright and turned by a quarter either way. Where those readings contradict each other, or are unsure, or see
nobody, the photo is read again within a wider frame, turned by an eighth; what the readings agree on is what counts.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from inference.engines.readings import Reading, agreeing, people_merge
from inference.errors import EngineError
from inference.images import RgbArray
from judging.pose import FloatArray, Pose

# COCO's 17 joints among BlazePose's 33 landmarks (mediapipe.solutions.pose.PoseLandmark).
COCO_OF_BLAZEPOSE: Final = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
# Quarter turns clockwise of the first readings; degrees clockwise of the second ones.
FIRST_TURNS: Final = (0, 1, 3)
SECOND_TURNS_DEG: Final = (45.0, -45.0, 0.0)
# Agreeing readings with a mean score under this may still agree on a wrong body: of 82 photos, two did (0.72, 0.79).
SURE_SCORE: Final = 0.8
# Side of the second readings' frame, px: the person inside is still larger than the 256 px that BlazePose looks at.
FRAME_PX: Final = 896
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


class MediaPipeEngine:
    """One BlazePose graph. Not safe to share between threads or across a fork: built in the process that uses it."""

    def __init__(self) -> None:
        # Imported here, not above: it costs two seconds and starts threads, which must not exist before a fork.
        from mediapipe.python.solutions.pose import Pose as BlazePose

        self.name = f"mediapipe-{version('mediapipe')}-full"
        self.weights_sha256 = weights_sha256()
        self._graph: Any = BlazePose(static_image_mode=True, model_complexity=1, enable_segmentation=False)

    def people(self, rgb: RgbArray, sha256: str) -> list[Pose]:
        del sha256
        readings = [reading for turns in FIRST_TURNS if (reading := self._read_turned(rgb, turns))]
        sure = agreeing(readings)
        if len(sure) < len(FIRST_TURNS) or min(reading.score for reading in sure) < SURE_SCORE:
            readings += [reading for angle in SECOND_TURNS_DEG if (reading := self._read_framed(rgb, angle))]
        return people_merge(readings)

    def _read_turned(self, rgb: RgbArray, quarter_turns: int) -> Reading | None:
        height, width = rgb.shape[:2]
        coco = self._landmarks(np.ascontiguousarray(np.rot90(rgb, -quarter_turns)))
        if coco is None:
            return None
        return Reading(np.column_stack([turned_back(coco[:, :2], quarter_turns, width, height), coco[:, 2]]))

    def _read_framed(self, rgb: RgbArray, degrees: float) -> Reading | None:
        height, width = rgb.shape[:2]
        matrix = framed(width, height, degrees)
        frame = cv2.warpAffine(rgb, matrix, (FRAME_PX, FRAME_PX), flags=cv2.INTER_AREA, borderValue=(96, 96, 96))
        coco = self._landmarks(frame)
        if coco is None:
            return None
        back = np.asarray(cv2.invertAffineTransform(matrix), dtype=np.float64)
        return Reading(np.column_stack([coco[:, :2] @ back[:, :2].T + back[:, 2], coco[:, 2]]))

    def _landmarks(self, rgb: Any) -> FloatArray | None:
        """The 17 joints in px of this very array with their scores, or None when nobody is seen in it."""
        try:
            landmarks = self._graph.process(rgb).pose_landmarks
        except (RuntimeError, ValueError) as error:  # what the graph raises; a time limit must pass through
            raise EngineError(f"BlazePose: {error!r}") from error
        if landmarks is None:
            return None
        raw = np.array([(mark.x, mark.y, mark.visibility) for mark in landmarks.landmark], dtype=np.float64)
        coco = raw[list(COCO_OF_BLAZEPOSE)]
        coco[:, 0] *= rgb.shape[1]
        coco[:, 1] *= rgb.shape[0]
        coco[:, 2] = coco[:, 2].clip(0, 1)
        return coco
