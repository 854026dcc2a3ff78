"""From joint centres to the surfaces the rule book speaks of, and from pixels to centimetres.

The rule book compares skin: the underside of the elbow, the top of the knee. A pose engine gives joint
centres. Each step between them stands here as a figure with its spread and its source.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from judging.geometry import distance_px, root_sum_square
from judging.pose import Joint, Pose, Side

# Nobody tells a lifter's stature. Adults of both sexes; +-9 cm covers them at one standard deviation.
STATURE_CM: Final = 172.0
STATURE_SIGMA_CM: Final = 9.0
STATURE_SIGMA: Final = STATURE_SIGMA_CM / STATURE_CM

# How far one person's limb leaves the ratios below, as a fraction. Provisional.
PROPORTION_SIGMA: Final = 0.04

# The least doubt foreshortening leaves, as a fraction: 18 deg out of the photo's plane shortens by 5 %.
FORESHORTENING_SIGMA: Final = 0.05

# A limb seen at 95 % of its length may still point this share of it towards or away from the camera.
LEAST_DEPTH_SHARE: Final = 0.3


class Limb(StrEnum):
    """A body segment between two joint centres."""

    UPPER_ARM = "upper arm"
    FOREARM = "forearm"
    THIGH = "thigh"
    SHANK = "shank"
    TRUNK = "trunk"

    @property
    def ends(self) -> tuple[str, str]:
        """The two joints' names without their side."""
        return _ENDS[self]

    @property
    def cm(self) -> float:
        """The segment's length in a lifter of the reference stature, cm."""
        return STATURE_SHARE[self] * STATURE_CM


# Segment lengths as shares of stature: Drillis and Contini 1966, as printed in Winter, Biomechanics and
# Motor Control of Human Movement, fig. 4.1. Trunk: shoulder height .818 less hip height .530.
STATURE_SHARE: Final = {
    Limb.UPPER_ARM: 0.186,
    Limb.FOREARM: 0.146,
    Limb.THIGH: 0.245,
    Limb.SHANK: 0.246,
    Limb.TRUNK: 0.288,
}
_ENDS: Final = {
    Limb.UPPER_ARM: ("shoulder", "elbow"),
    Limb.FOREARM: ("elbow", "wrist"),
    Limb.THIGH: ("hip", "knee"),
    Limb.SHANK: ("knee", "ankle"),
    Limb.TRUNK: ("shoulder", "hip"),
}


@dataclass(frozen=True, slots=True)
class Offset:
    """How far a surface lies from its joint centre, as a share of a limb, so that it grows with the lifter.

    share, sigma_share: fractions of ``limb``; sigma is the spread between lifters, one standard deviation.
    Raises ValueError when a figure is not finite, the sigma not positive, or the source missing.
    """

    name: str
    limb: Limb
    share: float
    sigma_share: float
    source: str

    def __post_init__(self) -> None:
        if not (math.isfinite(self.share) and math.isfinite(self.sigma_share) and self.sigma_share > 0):
            raise ValueError(f"offset {self.name}: share {self.share}, sigma {self.sigma_share}")
        if not self.source:
            raise ValueError(f"offset {self.name} names no source")

    @property
    def cm(self) -> float:
        """The offset in a lifter of the reference stature, cm."""
        return self.share * self.limb.cm

    @property
    def sigma_cm(self) -> float:
        """Its spread in a lifter of the reference stature, cm."""
        return self.sigma_share * self.limb.cm


def _offset(name: str, limb: Limb, cm: float, sigma_cm: float, source: str) -> Offset:
    return Offset(name, limb, cm / limb.cm, sigma_cm / limb.cm, source)


_RENDERED: Final = (
    "provisional: a first probe of 48 rendered bodies put elbow centre to underside plus shoulder centre to top at "
    "13.2 +- 1.6 cm with crude definitions, 10-13 cm by order; a later calibration fits the two apart"
)
_BY_HAND: Final = "provisional: from the order of sitting body measures; a later calibration fits it"

ELBOW_UNDERSIDE: Final = _offset("elbow_underside", Limb.UPPER_ARM, 4.5, 1.2, _RENDERED)
SHOULDER_TOP: Final = _offset("shoulder_top", Limb.UPPER_ARM, 7.5, 1.6, _RENDERED)
HIP_CREASE: Final = _offset("hip_crease", Limb.THIGH, 7.0, 2.0, _BY_HAND)
KNEE_TOP: Final = _offset("knee_top", Limb.THIGH, 5.5, 1.3, _BY_HAND)
DELTOID_FRONT: Final = _offset("deltoid_front", Limb.UPPER_ARM, 5.5, 1.5, _BY_HAND)
HAND_TO_BAR: Final = _offset("hand_to_bar", Limb.FOREARM, 8.0, 3.0, _BY_HAND)

OFFSETS: Final = {
    offset.name: offset for offset in (ELBOW_UNDERSIDE, SHOULDER_TOP, HIP_CREASE, KNEE_TOP, DELTOID_FRONT, HAND_TO_BAR)
}


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the lifter stands in the photo, reckoned at the reference stature.

    px_per_cm: pixels per centimetre of a lifter 172 cm tall. sigma: its error as a fraction, without the
    stature's own (that one stretches every length alike and cannot turn a kept rule into a broken one).
    segments: how many limbs it rests on.

    Raises ValueError when a figure is not positive.
    """

    px_per_cm: float
    sigma: float
    segments: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.px_per_cm) and self.px_per_cm > 0 and self.sigma > 0 and self.segments > 1):
            raise ValueError(f"no such scale: {self.px_per_cm} px/cm +- {self.sigma} from {self.segments} limbs")

    def cm(self, length_px: float) -> float:
        """A length of the photo, cm."""
        return length_px / self.px_per_cm

    def px(self, length_cm: float) -> float:
        """A length of the lifter, px."""
        return length_cm * self.px_per_cm


def limb_joints(limb: Limb, side: Side) -> tuple[Joint, Joint]:
    """The limb's two joints on one side."""
    first, second = limb.ends
    return side.joint(first), side.joint(second)


def body_scale(pose: Pose) -> Scale | None:
    """The lifter's scale from the seen limbs, or None with fewer than two of them seen.

    A limb that points at the camera looks short and none ever looks long, so the longest limbs tell the scale:
    the second longest of three or more (one wrong joint then does no harm), the longer of two. The gap between
    the two longest widens the sigma.
    """
    ratios = sorted(_ratios(pose), reverse=True)
    if len(ratios) < 2:
        return None
    chosen = ratios[1] if len(ratios) > 2 else ratios[0]
    gap = abs(ratios[0] - ratios[1]) / chosen / 2
    sigma = root_sum_square(PROPORTION_SIGMA, max(FORESHORTENING_SIGMA, gap))
    return Scale(chosen, sigma, len(ratios))


def _ratios(pose: Pose) -> Iterator[float]:
    for limb in Limb:
        for side in Side:
            first, second = limb_joints(limb, side)
            if pose.seen(first, second) and (length := distance_px(pose.xy(first), pose.xy(second))) > 0:
                yield length / limb.cm


def depth_cm(pose: Pose, limb: Limb, side: Side, scale: Scale) -> float:
    """How far the limb's two ends lie apart along the camera's line of sight, cm, never negative.

    Told from how short the limb looks; at least LEAST_DEPTH_SHARE of it, which foreshortening cannot tell.
    """
    first, second = limb_joints(limb, side)
    seen = min(scale.cm(distance_px(pose.xy(first), pose.xy(second))), limb.cm)
    return max(math.sqrt(limb.cm**2 - seen**2), LEAST_DEPTH_SHARE * limb.cm)
