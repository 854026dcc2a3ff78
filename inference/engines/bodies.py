"""BlazePose's two networks, each by itself: where bodies are, and the joints of the body in a given frame.

MediaPipe's own Pose solution chains them and reads the likeliest body alone. Here the same networks, with the same
settings, come from the graphs that are registered in the wheel (``PoseDetectionCpu``, ``PoseLandmarkByRoiCpu``), so
that every body that the first one sees can be given to the second. Read from the first body's frame, the joints are
the Pose solution's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from inference.engines.readings import LIMBS, Reading, limb_px
from inference.errors import EngineError
from inference.finder.place import HIPS, SHOULDERS, LifterPlace
from inference.images import RgbArray
from judging.pose import FloatArray

# COCO's 17 joints among BlazePose's 33 landmarks (mediapipe.solutions.pose.PoseLandmark).
COCO_OF_BLAZEPOSE: Final = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
# BlazePose frames a body by a square 1.25 times the circle round it (the wheel's PoseDetectionToRoi).
FRAME_OF_CIRCLE: Final = 1.25
# The circle round a body lies this much further from the hips than the farthest joint: hands, feet and crown.
ROOM: Final = 1.1
_FINDER: Final = """
input_stream: "image"
output_stream: "bodies"
node { calculator: "PoseDetectionCpu" input_stream: "IMAGE:image" output_stream: "DETECTIONS:bodies" }
"""
_READER: Final = """
input_stream: "image"
input_stream: "frame"
output_stream: "joints"
node {
  calculator: "ConstantSidePacketCalculator"
  output_side_packet: "PACKET:0:full_model"
  output_side_packet: "PACKET:1:no_mask"
  options {
    [mediapipe.ConstantSidePacketCalculatorOptions.ext] { packet { int_value: 1 } packet { bool_value: false } }
  }
}
node {
  calculator: "PoseLandmarkByRoiCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:frame"
  input_side_packet: "MODEL_COMPLEXITY:full_model"
  input_side_packet: "ENABLE_SEGMENTATION:no_mask"
  output_stream: "LANDMARKS:joints"
}
"""


@dataclass(frozen=True, slots=True)
class Body:
    """A body that was seen, in px of the array it was seen in: the middle of the hips, a point above the head on the
    circle round the whole body, and the network's score, 0-1."""

    hip: tuple[float, float]
    top: tuple[float, float]
    score: float

    @property
    def radius_px(self) -> float:
        return math.dist(self.hip, self.top)

    @property
    def upright_deg(self) -> float:
        """How far the body is turned clockwise from standing upright in the photo, degrees."""
        return math.degrees(math.atan2(self.top[0] - self.hip[0], self.hip[1] - self.top[1]))


def body_of(reading: Reading) -> Body | None:
    """The body whose frame these joints ask for: about the hips, the trunk upright, every joint inside the circle.

    None where hips and shoulders fall together and nothing says which way is up.
    """
    xy = reading.points[:, :2]
    hip = xy[11:13].mean(axis=0)
    trunk = xy[5:7].mean(axis=0) - hip
    length = float(np.hypot(*trunk))
    if length < 1:
        return None
    top = hip + trunk / length * ROOM * float(np.hypot(*(xy - hip).T).max())
    return Body((float(hip[0]), float(hip[1])), (float(top[0]), float(top[1])), reading.score)


def body_hinted(place: LifterPlace) -> Body | None:
    """The body whose frame the finder's hint asks for, as ``body_of`` of a reading; None as there."""
    hip = place.points[HIPS]
    trunk = place.points[SHOULDERS] - hip
    length = float(np.hypot(*trunk))
    if length < 1:
        return None
    top = hip + trunk / length * ROOM * float(np.hypot(*(place.points - hip).T).max())
    return Body((float(hip[0]), float(hip[1])), (float(top[0]), float(top[1])), place.present)


class Networks:
    """Both networks, loaded. Not safe to share between threads or across a fork: built in the process that uses it."""

    def __init__(self) -> None:
        # Imported here, not above: it costs two seconds and starts threads, which must not exist before a fork.
        from mediapipe.framework.formats.rect_pb2 import NormalizedRect
        from mediapipe.python.solution_base import SolutionBase

        self._rect: Any = NormalizedRect
        self._finder: Any = SolutionBase(graph_config=_FINDER, outputs=["bodies"])
        self._reader: Any = SolutionBase(graph_config=_READER, outputs=["joints"])

    def bodies(self, rgb: RgbArray) -> list[Body]:
        """The bodies in this array, the likeliest first."""
        height, width = rgb.shape[:2]
        found = _run(self._finder, np.ascontiguousarray(rgb)).bodies or []
        marks = [(*one.location_data.relative_keypoints[:2], float(one.score[0])) for one in found]
        return [
            Body((hip.x * width, hip.y * height), (top.x * width, top.y * height), score) for hip, top, score in marks
        ]

    def joints(self, rgb: RgbArray, body: Body, *, turn_deg: float = 0.0, wider: float = 1.0) -> FloatArray | None:
        """The 17 joints (x px, y px, score) of this body, or None when the network sees no person in its frame.

        turn_deg, wider: how the frame is turned clockwise and widened against BlazePose's own.
        """
        height, width = rgb.shape[:2]
        side = 2 * FRAME_OF_CIRCLE * wider * body.radius_px
        frame = self._rect(
            x_center=body.hip[0] / width,
            y_center=body.hip[1] / height,
            width=side / width,
            height=side / height,
            rotation=math.radians(body.upright_deg + turn_deg),
        )
        marks = _run(self._reader, {"image": np.ascontiguousarray(rgb), "frame": frame}).joints
        if marks is None:
            return None
        raw = np.array([(mark.x, mark.y, mark.visibility) for mark in marks.landmark], dtype=np.float64)
        coco = raw[list(COCO_OF_BLAZEPOSE)] * (width, height, 1)
        coco[:, 2] = coco[:, 2].clip(0, 1)
        return coco


def _run(graph: Any, inputs: Any) -> Any:
    try:
        return graph.process(inputs)
    except (RuntimeError, ValueError) as error:  # what a graph raises; a time limit must pass through
        raise EngineError(f"BlazePose: {error!r}") from error


def squares(width: int, height: int, part: float, most: int) -> list[tuple[int, int, int, int]]:
    """Overlapping squares over a photo, x0, y0, x1, y1 px: their side is this part of the photo's shorter one, and
    they lie at most 0.7 of it apart, or further where that would need more than ``most``."""
    side = max(1, round(part * min(width, height)))
    across, down = (1 + math.ceil((length - side) / (0.7 * side)) if length > side else 1 for length in (width, height))
    while across * down > most:
        across, down = (across - 1, down) if across >= down else (across, down - 1)
    lefts, tops = (np.linspace(0, length - side, count).round() for length, count in ((width, across), (height, down)))
    return [(int(x), int(y), int(x) + side, int(y) + side) for y in tops for x in lefts]


def painted_over(rgb: RgbArray, people: Sequence[FloatArray]) -> RgbArray:
    """The photo with these people (joints (17, 3) each) covered in its mean colour, so that others stand out."""
    out = rgb.copy()
    colour = [round(shade) for shade in cv2.mean(rgb)[:3]]
    limit = 4 * max(rgb.shape[:2])
    for points in people:
        thick = max(2, round(min(limb_px(points), *rgb.shape[:2])))
        xy = [(int(x), int(y)) for x, y in points[:, :2].clip(-limit, limit)]
        cv2.fillConvexPoly(out, cv2.convexHull(np.array([xy[5], xy[6], xy[12], xy[11]], dtype=np.int32)), colour)
        for a, b in LIMBS:
            cv2.line(out, xy[a], xy[b], colour, thick)
        cv2.circle(out, xy[0], thick, colour, -1)
    return out
