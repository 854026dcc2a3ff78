"""What the meet knows of a camera, and what that does to heights read from its photos."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

# What stands in for a figure nobody gave. Sources: heights and distances as in the view-bias table this
# budget follows (4 m; 0.2-1 m off the joints' height); roll of a hand-held phone, provisional.
HEIGHT_SIGMA_CM: Final = 40.0
DISTANCE_CM: Final = 400.0
ROLL_SIGMA_DEG: Final = 2.0

# What is left once somebody measured: a tape to the lens, the lifter's own build, a phone's level.
KNOWN_HEIGHT_SIGMA_CM: Final = 15.0
KNOWN_DISTANCE_SIGMA: Final = 0.1
UNKNOWN_DISTANCE_SIGMA: Final = 0.25
KNOWN_ROLL_SIGMA_DEG: Final = 0.5


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera of the meet. None where nobody measured; unknown figures widen every sigma.

    height_cm: lens above the floor, 0-1000. distance_cm: lens to lifter along the floor, 50-5000.
    roll_deg: positive when level things rise towards the photo's right, -45 to 45.

    Raises ValueError when a figure lies outside its range.
    """

    height_cm: float | None = None
    distance_cm: float | None = None
    roll_deg: float | None = None

    def __post_init__(self) -> None:
        _check("height_cm", self.height_cm, 0.0, 1000.0)
        _check("distance_cm", self.distance_cm, 50.0, 5000.0)
        _check("roll_deg", self.roll_deg, -45.0, 45.0)

    @property
    def roll(self) -> float:
        """The roll to reckon with, deg: 0 when unknown."""
        return self.roll_deg or 0.0

    @property
    def roll_sigma_deg(self) -> float:
        """One standard deviation of the roll, deg."""
        return ROLL_SIGMA_DEG if self.roll_deg is None else KNOWN_ROLL_SIGMA_DEG

    def roll_term_cm(self, reach_cm: float) -> float:
        """What the roll's error does to the height difference of two joints ``reach_cm`` apart along the level, cm."""
        return abs(reach_cm) * math.tan(math.radians(self.roll_sigma_deg))

    def view_shift_cm(self, depth_cm: float, joints_height_cm: float) -> tuple[float, float]:
        """By how much a joint ``depth_cm`` nearer to the camera than another seems lower, and its sigma, cm.

        A lens h above two joints of equal height shows the nearer one lower by depth * h / distance.
        joints_height_cm: the joints above the floor. Without a known camera height the shift is 0 and the
        sigma takes the whole effect.
        """
        distance = self.distance_cm or DISTANCE_CM
        if self.height_cm is None:
            return 0.0, abs(depth_cm) * HEIGHT_SIGMA_CM / distance
        shift = depth_cm * (self.height_cm - joints_height_cm) / distance
        doubt = UNKNOWN_DISTANCE_SIGMA if self.distance_cm is None else KNOWN_DISTANCE_SIGMA
        return shift, math.hypot(depth_cm * KNOWN_HEIGHT_SIGMA_CM / distance, shift * doubt)


def _check(name: str, value: float | None, least: float, most: float) -> None:
    if value is not None and not (math.isfinite(value) and least <= value <= most):
        raise ValueError(f"a camera's {name} lies between {least:g} and {most:g}, not {value}")
