"""What a rule can say of a photo: four outcomes, each reason for silence, and the finding that carries them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from judging.pose import Side


class Outcome(StrEnum):
    """A rule's advice. None of them is a light: people decide."""

    MEETS = "meets"
    BREACH = "breach"
    TOO_CLOSE = "too_close"
    CANNOT_JUDGE = "cannot_judge"


class Reason(StrEnum):
    """Why a photo cannot show whether a rule was kept. Never a breach."""

    NO_LIFTER = "no_lifter"
    LIFTER_UNSURE = "lifter_unsure"
    # He is in the photo, but nobody who was read is he: others or a plate hide him.
    LIFTER_HIDDEN = "lifter_hidden"
    JOINT_HIDDEN = "joint_hidden"
    WRONG_VIEW = "wrong_view"
    VIEW_UNKNOWN = "view_unknown"
    WRONG_MOMENT = "wrong_moment"
    MOMENT_UNKNOWN = "moment_unknown"
    MOMENT_NOT_STATED = "moment_not_stated"
    MOMENT_MISMATCH = "moment_mismatch"
    WRONG_LIFT = "wrong_lift"
    # The pose and the picture as a whole look like different lifts, or one of them is not sure.
    LIFT_DISPUTED = "lift_disputed"
    LIFT_UNKNOWN = "lift_unknown"
    SCALE_UNKNOWN = "scale_unknown"
    FACING_UNKNOWN = "facing_unknown"
    TOO_COARSE = "too_coarse"


# Half the width of an interval that holds nine of ten, in sigmas.
NINE_OF_TEN_SIGMAS: Final = 1.6449


@dataclass(frozen=True, slots=True)
class Mark:
    """A line or point to draw over the photo. Pixels of the upright photo.

    kind: ``joint`` (x2, y2 equal x1, y1), ``surface`` (estimated rule-book surface), ``level`` (the line it is
        held against) or ``band`` (the level line's error; x1, y1 to x2, y2 are opposite corners).
    """

    kind: str
    label: str
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule measured on one side of the lifter (side None: both sides together, or neither).

    margin_cm, sigma_cm: centimetres, positive when the rule is kept; sigma is one standard deviation.
    margin_limb, sigma_limb: the same as a fraction of the limb named in ``limb``.
    p_breach: probability that the rule is broken, 0-1.
    detail: one plain sentence for a referee.

    Raises ValueError when the parts contradict each other: CANNOT_JUDGE without a reason, a call without a
    margin and its error, a sigma that is not positive.
    """

    rule: str
    side: Side | None
    outcome: Outcome
    reason: Reason | None = None
    detail: str = ""
    margin_cm: float | None = None
    sigma_cm: float | None = None
    margin_limb: float | None = None
    sigma_limb: float | None = None
    limb: str = ""
    p_breach: float | None = None
    marks: tuple[Mark, ...] = ()

    def __post_init__(self) -> None:
        if self.outcome is Outcome.CANNOT_JUDGE:
            if self.reason is None:
                raise ValueError("CANNOT_JUDGE needs its reason")
            return
        if self.reason is not None:
            raise ValueError(f"{self.outcome} carries no reason for silence")
        figures = (self.margin_cm, self.sigma_cm, self.margin_limb, self.sigma_limb, self.p_breach)
        if any(figure is None or not math.isfinite(figure) for figure in figures):
            raise ValueError(f"{self.outcome} needs a margin, its sigma and its probability")
        if not (self.sigma_cm and self.sigma_cm > 0 and self.sigma_limb and self.sigma_limb > 0):
            raise ValueError("a margin's sigma is positive")

    @property
    def low_cm(self) -> float | None:
        """The lower end of the interval that holds the margin nine times of ten, cm; None without a margin."""
        return self._end(-NINE_OF_TEN_SIGMAS)

    @property
    def high_cm(self) -> float | None:
        """The upper end of that interval, cm; None without a margin."""
        return self._end(NINE_OF_TEN_SIGMAS)

    def _end(self, sigmas: float) -> float | None:
        return None if self.margin_cm is None or self.sigma_cm is None else self.margin_cm + sigmas * self.sigma_cm
