"""What the meet knows of a camera, and what that does to heights read from its photos.

The relation behind all of it. A level camera at height H sees a point at height y and depth z (along the level line of
sight) at v = f (H - y) / z under the middle of the photo, f the focal length, all px. For two points

    y1 - y2 = z (v2 - v1) / f + dz (v1 + v2) / 2 f,    z = (z1 + z2) / 2,    dz = z2 - z1,

without any approximation. z / f is what a body's scale says (cm for a px at the pair's depth), so the first term is the
drop as it is measured; the second is the view shift dz (H - y) / z: what is nearer looks lower from above. A camera
pitched down by p sees the same point at tan(a) = (H - y) / z with a = p + atan(v / f): the relation holds with f tan(a)
for v, and z is the scale's depth over (cos p + tan(a) sin p).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from judging.geometry import root_sum_square
from judging.pose import View

# What stands in for a figure nobody gave. Sources: heights and distances as in the view-bias table this
# budget follows (4 m; 0.2-1 m off the joints' height); roll of a hand-held phone, provisional.
HEIGHT_SIGMA_CM: Final = 40.0
DISTANCE_CM: Final = 400.0
ROLL_SIGMA_DEG: Final = 2.0

# What is left once somebody measured: a tape to the lens and along the floor, a phone's level, an angle by eye.
KNOWN_HEIGHT_SIGMA_CM: Final = 2.0
KNOWN_DISTANCE_SIGMA: Final = 0.05
UNKNOWN_DISTANCE_SIGMA: Final = 0.25
KNOWN_ROLL_SIGMA_DEG: Final = 0.5
ANGLE_SIGMA_DEG: Final = 8.0
# A plate measured in a photo by hand, and a lifter who stands a hand's breadth off the place it stood at, at 4 m.
PLATE_SHARE_SIGMA: Final = 0.03

# The angle that the meet gave is not believed where the photo is said to show an end and the camera to stand squarer to
# the side than this. A side goes with every angle: who measures one says which side the camera stands on. Provisional.
END_LEAST_DEG: Final = 30.0


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera of the meet. None where nobody measured; unknown figures widen every sigma.

    height_cm: lens above the floor, 0-1000. distance_cm: lens to lifter along the floor, 50-5000.
    roll_deg: positive when level things rise towards the photo's right, -45 to 45.
    angle_deg: how far the camera stands off square to the lifter's side, -90 to 90: positive towards his front (on the
    bench the foot end), negative towards his rear (the head end).
    plate_share: how wide a plate of 450 mm looks that stands at the lifter's place, square to the lens, as a share of
    the photo's longer side, 0.01-0.9.

    Raises ValueError when a figure lies outside its range.
    """

    height_cm: float | None = None
    distance_cm: float | None = None
    roll_deg: float | None = None
    angle_deg: float | None = None
    plate_share: float | None = None

    def __post_init__(self) -> None:
        _check("height_cm", self.height_cm, 0.0, 1000.0)
        _check("distance_cm", self.distance_cm, 50.0, 5000.0)
        _check("roll_deg", self.roll_deg, -45.0, 45.0)
        _check("angle_deg", self.angle_deg, -90.0, 90.0)
        _check("plate_share", self.plate_share, 0.01, 0.9)

    @property
    def roll(self) -> float:
        """The roll to reckon with, deg: 0 when unknown."""
        return self.roll_deg or 0.0

    @property
    def roll_sigma_deg(self) -> float:
        """One standard deviation of the roll, deg."""
        return ROLL_SIGMA_DEG if self.roll_deg is None else KNOWN_ROLL_SIGMA_DEG

    @property
    def distance(self) -> float:
        """The distance to reckon with, cm: DISTANCE_CM when unknown."""
        return self.distance_cm or DISTANCE_CM

    @property
    def distance_sigma(self) -> float:
        """The distance's error as a fraction."""
        return UNKNOWN_DISTANCE_SIGMA if self.distance_cm is None else KNOWN_DISTANCE_SIGMA

    def angle_in(self, view: View | None) -> float | None:
        """The given angle where it goes with the photo's view; None where it is unknown or contradicts it, deg."""
        angle = self.angle_deg
        if angle is None or view is None:
            return None
        if view is View.FRONT:
            return angle if angle >= END_LEAST_DEG else None
        if view is View.REAR:
            return angle if angle <= -END_LEAST_DEG else None
        return angle

    def roll_term_cm(self, reach_cm: float) -> float:
        """What the roll's error does to the height difference of two joints ``reach_cm`` apart along the level, cm."""
        return abs(reach_cm) * math.tan(math.radians(self.roll_sigma_deg))

    def view_shift_cm(
        self, depth_cm: float, joints_height_cm: float, joints_sigma_cm: float = 0.0
    ) -> tuple[float, float]:
        """By how much a joint ``depth_cm`` nearer to the camera than another seems lower, and its sigma, cm.

        A lens h above two joints of equal height shows the nearer one lower by depth * h / distance.
        joints_height_cm: the joints above the floor; joints_sigma_cm: one standard deviation of it. Without a known
        camera height the shift is 0 and the sigma takes the whole effect.
        """
        if self.height_cm is None:
            return 0.0, abs(depth_cm) * HEIGHT_SIGMA_CM / self.distance
        shift = depth_cm * (self.height_cm - joints_height_cm) / self.distance
        height_sigma = root_sum_square(KNOWN_HEIGHT_SIGMA_CM, joints_sigma_cm)
        return shift, root_sum_square(depth_cm * height_sigma / self.distance, shift * self.distance_sigma)

    def drop_cm(self, upper_px: float, lower_px: float, *, px_per_cm: float, joints_height_cm: float) -> float:
        """How far ``lower`` lies below ``upper`` at one depth, cm, with the keystone of a pitched camera taken out.

        upper_px, lower_px: how far each lies under the middle of the photo along the camera's down, px. px_per_cm: the
        scale at their depth, reckoned across the line of sight. Without a known height and distance nobody can tell the
        pitch, and the scale alone speaks.
        """
        seen = (lower_px - upper_px) / px_per_cm
        if self.height_cm is None or self.distance_cm is None:
            return seen
        # The scale is the focal length over the depth along the lens: with the tape it tells the focal length, and the
        # joints' place in the photo the pitch. Each wants the other; from no pitch, three rounds settle both to a
        # millimetre.
        slope = (self.height_cm - joints_height_cm) / self.distance_cm
        focal, pitch = px_per_cm * self.distance_cm, 0.0
        for _ in range(3):
            focal = px_per_cm * self.distance_cm * (math.cos(pitch) + slope * math.sin(pitch))
            pitch = math.atan(slope) - math.atan((upper_px + lower_px) / 2 / focal)
        upper, lower = (math.tan(pitch + math.atan(place / focal)) for place in (upper_px, lower_px))
        return self.distance_cm * (lower - upper)


def _check(name: str, value: float | None, least: float, most: float) -> None:
    if value is not None and not (math.isfinite(value) and least <= value <= most):
        raise ValueError(f"a camera's {name} lies between {least:g} and {most:g}, not {value}")
