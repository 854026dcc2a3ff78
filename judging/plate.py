"""Scale from a thing of known size: the plates of 450 mm, where somebody saw one in the photo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from judging.geometry import root_sum_square
from judging.landmarks import STATURE_SIGMA, Scale

PLATE_CM: Final = 45.0
# The outermost large plate's face from the middle of the bar: sleeves begin at 65.5 cm, and plates fill them outwards.
PLATE_OUT_CM: Final = 72.0
PLATE_OUT_SIGMA_CM: Final = 6.0


@dataclass(frozen=True, slots=True)
class PlateSeen:
    """A plate of 450 mm in the photo, at the end of the bar that is nearer to the camera.

    x, y: its centre, px. diameter_px: the ellipse's major axis, which no turning shortens; sigma_px: one standard
    deviation of it. ratio: minor over major axis, 1 seen square, 0 on edge.

    Raises ValueError when a figure is not finite or positive, or the ratio lies outside 0-1.
    """

    x: float
    y: float
    diameter_px: float
    sigma_px: float
    ratio: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for value in (self.x, self.y, self.diameter_px, self.sigma_px)):
            raise ValueError("a plate's figures are finite numbers")
        if not (self.diameter_px > 0 and self.sigma_px > 0 and 0 <= self.ratio <= 1):
            raise ValueError(f"no such plate: {self.diameter_px} +- {self.sigma_px} px, ratio {self.ratio}")


@dataclass(frozen=True, slots=True)
class TrueScale:
    """Pixels for one true centimetre at the lifter's middle, and its error as a fraction.

    Raises ValueError when a figure is not positive.
    """

    px_per_cm: float
    sigma: float

    def __post_init__(self) -> None:
        if not (self.px_per_cm > 0 and self.sigma > 0):
            raise ValueError(f"no such scale: {self.px_per_cm} px/cm +- {self.sigma}")


def scale_from_plate(
    diameter_px: float, sigma_px: float, *, nearer_cm: float, nearer_sigma_cm: float, distance_cm: float, doubt: float
) -> TrueScale:
    """The lifter's scale from a plate that lies ``nearer_cm`` nearer to the camera than the lifter's middle.

    What is nearer looks larger by distance / (distance - nearer). doubt: the distance's error as a fraction.
    Raises ValueError when a figure is not positive.
    """
    share = nearer_cm / distance_cm
    sigma = root_sum_square(
        sigma_px / diameter_px, nearer_sigma_cm / (distance_cm - nearer_cm), doubt * share / (1.0 - share)
    )
    return TrueScale(diameter_px / PLATE_CM * (1.0 - share), sigma)


def true_scale_merge(known: Sequence[TrueScale]) -> TrueScale:
    """What several say of the same scale, each weighed by its inverse variance. Raises ValueError when nobody does."""
    if not known:
        raise ValueError("no scale to merge")
    weights = [one.sigma**-2 for one in known]
    logarithm = sum(w * math.log(one.px_per_cm) for w, one in zip(weights, known, strict=True)) / sum(weights)
    return TrueScale(math.exp(logarithm), sum(weights) ** -0.5)


def scale_merge(body: Scale, plate: TrueScale) -> Scale:
    """The body's scale and the plate's, each weighed by its inverse variance, with the lifter's stature told by both.

    In logarithms: the body says b +- its sigma, the plate says b - s +- its own, the prior says s = 0 +- the stature's
    spread; the answer is the mean and covariance of b and s under the three.
    """
    of_body, of_plate, of_stature = body.sigma**-2, plate.sigma**-2, STATURE_SIGMA**-2
    # The inverse of the precision [[body + plate, -plate], [-plate, stature + plate]].
    determinant = (of_body + of_plate) * (of_stature + of_plate) - of_plate**2
    b_var = (of_stature + of_plate) / determinant
    s_var = (of_body + of_plate) / determinant
    together = of_plate / determinant
    seen = math.log(plate.px_per_cm / body.px_per_cm)
    # Measured from the body's own scale: the plate alone pulls, by ``seen`` at its precision.
    b = (b_var - together) * of_plate * seen
    s = (together - s_var) * of_plate * seen
    return replace(
        body,
        px_per_cm=body.px_per_cm * math.exp(b),
        sigma=math.sqrt(b_var),
        stature=math.exp(s),
        stature_sigma=math.sqrt(s_var),
        covariance=together,
    )
