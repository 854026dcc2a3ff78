"""A pinhole camera in the scene: where a point falls in the photo, and which point a pixel shows.

Metres in the scene, px in the photo: origin at the top left corner of the first pixel, y down, so that the middle of
that pixel is (0.5, 0.5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gold.truth import CameraTruth
from judging.pose import FloatArray


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera in the scene.

    eye, forward, right, up: float arrays (3,), the last three unit vectors square to each other, as the photo has them.
    focal_px: of the pinhole, whose axis meets the photo in its middle. width, height: of the photo, px.
    """

    eye: FloatArray
    forward: FloatArray
    right: FloatArray
    up: FloatArray
    focal_px: float
    width: int
    height: int

    def depth(self, points: FloatArray) -> FloatArray:
        """How far points (..., 3) lie in front of the lens along the axis, m: float array (...)."""
        ahead: FloatArray = (points - self.eye) @ self.forward
        return ahead

    def project(self, points: FloatArray) -> FloatArray:
        """Where points (..., 3) fall in the photo, px: float array (..., 2).

        Raises ValueError when one lies behind the lens or in its plane.
        """
        ahead = self.depth(points)
        if not (ahead > 0).all():
            raise ValueError("a point behind the lens has no place in the photo")
        offset = points - self.eye
        x = self.width / 2 + self.focal_px * (offset @ self.right) / ahead
        y = self.height / 2 - self.focal_px * (offset @ self.up) / ahead
        return np.stack([x, y], axis=-1)

    def point(self, place_px: FloatArray, depth: FloatArray) -> FloatArray:
        """The points (..., 3) seen at places (..., 2) px and depths (...) m along the axis: project's inverse."""
        across = (place_px[..., 0] - self.width / 2) / self.focal_px
        above = (self.height / 2 - place_px[..., 1]) / self.focal_px
        ray = self.forward + across[..., None] * self.right + above[..., None] * self.up
        seen: FloatArray = self.eye + depth[..., None] * ray
        return seen

    @property
    def fov_deg(self) -> float:
        """The field of view along the photo's longer side, deg."""
        return math.degrees(2 * math.atan(max(self.width, self.height) / 2 / self.focal_px))

    @property
    def upright_fov_deg(self) -> float:
        """The field of view along the photo's height, deg."""
        return math.degrees(2 * math.atan(self.height / 2 / self.focal_px))


def camera_place(
    middle: FloatArray,
    *,
    azimuth_deg: float,
    height_m: float,
    distance_m: float,
    aim: FloatArray,
    roll_deg: float,
    focal_px: float,
    width: int,
    height: int,
) -> Camera:
    """A camera round ``middle`` (3,), looking at ``aim`` (3,).

    azimuth_deg: 0 at the -y side of the middle, 90 at its +x side. height_m: lens above the floor. distance_m: lens to
    middle along the floor. roll_deg: positive when level things rise towards the photo's right.
    Raises ValueError when the aim is straight above or below the lens.
    """
    azimuth = math.radians(azimuth_deg)
    eye = np.array(
        [middle[0] + distance_m * math.sin(azimuth), middle[1] - distance_m * math.cos(azimuth), height_m],
        dtype=np.float64,
    )
    return camera_aim(eye, aim, roll_deg=roll_deg, focal_px=focal_px, width=width, height=height)


def camera_aim(
    eye: FloatArray, aim: FloatArray, *, roll_deg: float, focal_px: float, width: int, height: int
) -> Camera:
    """A camera at ``eye`` (3,) looking at ``aim`` (3,). Raises ValueError when one stands right above the other."""
    forward = (aim - eye) / np.linalg.norm(aim - eye)
    level = np.cross(forward, [0.0, 0.0, 1.0])
    length = float(np.linalg.norm(level))
    if not length > 1e-6:
        raise ValueError("a camera that looks straight up or down has no level")
    level /= length
    upright = np.cross(level, forward)
    roll = math.radians(roll_deg)
    right = math.cos(roll) * level - math.sin(roll) * upright
    up = math.sin(roll) * level + math.cos(roll) * upright
    return Camera(eye, forward, right, up, focal_px, width, height)


def focal_of_fov(fov_deg: float, width: int, height: int) -> float:
    """The focal length, px, at which the photo's longer side spans fov_deg."""
    return max(width, height) / 2 / math.tan(math.radians(fov_deg) / 2)


def azimuth_deg(camera: Camera, middle: FloatArray) -> float:
    """Where the camera stands round the middle (3,): over -180 to 180 deg, 0 at its -y side, 90 at its +x side."""
    across, along = (camera.eye - middle)[:2]
    return math.degrees(math.atan2(across, -along))


def camera_truth(camera: Camera, middle: FloatArray) -> CameraTruth:
    """The camera as the truth file has it; middle (3,): the lifter's."""
    level = np.cross(camera.forward, [0.0, 0.0, 1.0])
    level /= np.linalg.norm(level)
    return CameraTruth(
        azimuth_deg=azimuth_deg(camera, middle),
        height_cm=100 * float(camera.eye[2]),
        distance_cm=100 * float(np.hypot(*(camera.eye - middle)[:2])),
        pitch_deg=-math.degrees(math.asin(max(-1.0, min(1.0, float(camera.forward[2]))))),
        roll_deg=math.degrees(math.atan2(float(camera.up @ level), float(camera.right @ level))),
        focal_px=camera.focal_px,
    )
