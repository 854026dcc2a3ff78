"""What the two depth rules share: a surface at one end of a limb held against the level of one at its other end."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from judging.geometry import distance_px, down_direction, drop_px, reach_px, root_sum_square
from judging.landmarks import LEAST_DEPTH_SHARE, Limb, Offset, Scale, depth_cm, offset, surfaces_load
from judging.outcomes import Mark
from judging.pose import FloatArray, Side, View
from judging.rules.base import Measured, Sight, joint_marks, level_marks, nearer_cm, whole_sigma_cm

# Up to here the nearer of two joints can be told from the side the camera stands on. Provisional.
SIDE_ON_DEG: Final = 30.0

# The error of a depth told from how short a limb looks, as a fraction, with the camera's angle unknown. Provisional.
DEPTH_SIGMA: Final = 0.3


class Words(NamedTuple):
    """The sentence for each outcome, with CM where the margin's amount belongs."""

    kept: str
    broken: str
    close: str
    unstated: str


# The least doubt about a limb's depth, as a share of its length. Provisional.
LEAST_DEPTH_DOUBT: Final = 0.1


@dataclass(frozen=True, slots=True)
class Level:
    """A limb and the surfaces at its two ends.

    rule: its name. held, against: the joints, without their side; the margin is how far held's surface lies below
    against's. held_surface, against_surface: their offsets' names; held_down, against_down: +1 where the surface lies
    below its joint, -1 above. held_label, against_label: as they are drawn. held_outer: True when the held joint is the
    limb's end away from the trunk.
    outward_deg, outward_sigma_deg: how far the limb points from straight ahead (the lifter's front, on the bench his
    feet) towards his side. aside_cm: how far the joints of one side lie from his middle.
    joints_height_cm, joints_height_sigma_cm: the two joints above the floor.
    nearer_guess: +1 when the held joint is the nearer one, -1 the farther, 0 not to be told; for cameras whose angle
    nobody gave.
    """

    rule: str
    limb: Limb
    held: str
    against: str
    held_surface: str
    against_surface: str
    held_down: int
    against_down: int
    held_label: str
    against_label: str
    held_outer: bool
    outward_deg: float
    outward_sigma_deg: float
    aside_cm: Mapping[str, float]
    joints_height_cm: float
    joints_height_sigma_cm: float
    nearer_guess: Callable[[Sight, Side], int]

    @property
    def parts(self) -> tuple[str, str]:
        return self.against, self.held

    @property
    def offsets(self) -> tuple[Offset, Offset]:
        """Of the held surface and the one it is held against."""
        return offset(self.held_surface), offset(self.against_surface)

    @property
    def offsets_sigma_cm(self) -> float:
        """The spread between people of what the two offsets add to the margin, cm at the reference stature."""
        held, against = (one.sigma_cm for one in self.offsets)
        # Two surfaces on the same side of their joints take each other's spread off where they go together.
        sign = -self.held_down * self.against_down
        together = sign * surfaces_load().together[self.rule] * held * against
        return math.sqrt(held**2 + against**2 + 2 * together)

    def margin_of(self, drop_cm: float) -> float:
        """The margin with the held joint ``drop_cm`` under the other, cm at the reference stature."""
        held, against = self.offsets
        sine = drop_cm / self.limb.cm
        return drop_cm + self.held_down * held.cm_at(sine) - self.against_down * against.cm_at(sine)


def measure_level(sight: Sight, side: Side, middle: Scale, level: Level, words: Callable[[Side], Words]) -> Measured:
    """The margin of one side: the drop seen, the engine's habit and the view taken off, surfaces for joints.

    middle: the scale at the lifter's middle. words: the sentences of a side for each outcome.
    """
    scale = side_scale(sight, side, middle, level)
    against, held = (sight.pose.xy(side.joint(part)) for part in level.parts)
    seen = _seen_cm(sight, against, held, scale, level)
    errors = [sight.error(side, part, scale) for part in level.parts]
    nearer, view_sigma = view_term_cm(sight, side, scale, level, seen)
    drop = seen - (errors[1].bias_down_cm - errors[0].bias_down_cm) - nearer
    margin = level.margin_of(drop)
    # A skin that moves with the limb's slope makes more, or less, of every error in the slope.
    gain = abs(level.margin_of(drop + 0.5) - level.margin_of(drop - 0.5))
    rho = sight.noise.rho(level.rule, sight.bucket)
    first, second = (error.sigma_down_cm for error in errors)
    joints = math.sqrt(max(0.0, first**2 + second**2 - 2 * rho * first * second))
    roll = sight.camera.roll_term_cm(scale.cm(reach_px(against, held, sight.camera.roll)))
    sigma = root_sum_square(gain * root_sum_square(joints, roll, view_sigma), level.offsets_sigma_cm)
    said = words(side)
    stretched = gain * seen
    band = whole_sigma_cm(level.rule, sight, scale, sigma, stretched, 0.0)
    return Measured(
        margin_cm=margin,
        sigma_cm=sigma,
        seen_cm=stretched,
        limb=level.limb,
        marks=_marks(sight, side, scale, level, drop / level.limb.cm, band),
        kept=said.kept,
        broken=said.broken,
        close=said.close,
        unstated=said.unstated,
    )


def side_scale(sight: Sight, side: Side, middle: Scale, level: Level) -> Scale:
    """The scale at the depth of this side's limb where the camera's distance and angle are known, else the middle's."""
    if sight.camera.distance_cm is None or sight.angle_deg is None:
        return middle
    aside = sum(level.aside_cm[part] for part in level.parts) / 2
    return middle.nearer(nearer_cm(sight, side, aside), sight.camera.distance_cm)


def _seen_cm(sight: Sight, against: FloatArray, held: FloatArray, scale: Scale, level: Level) -> float:
    camera = sight.camera
    if sight.frame is None:
        return scale.cm(drop_px(against, held, camera.roll))
    centre = (sight.frame[0] / 2, sight.frame[1] / 2)
    upper, lower = (float((place - centre) @ down_direction(camera.roll)) for place in (against, held))
    return camera.drop_cm(upper, lower, px_per_cm=scale.px_per_cm, joints_height_cm=_height_cm(level, scale))


def _height_cm(level: Level, scale: Scale) -> float:
    return level.joints_height_cm * (scale.stature if level.limb is Limb.THIGH else 1.0)


def raised_cm(sight: Sight, side: Side, scale: Scale, level: Level) -> float:
    """How far the held joint stands over the other, the view taken off, cm: whether the lift is at its end."""
    against, held = (sight.pose.xy(side.joint(part)) for part in level.parts)
    seen = scale.cm(drop_px(against, held, sight.camera.roll))
    return view_term_cm(sight, side, scale, level, seen)[0] - seen


def view_term_cm(sight: Sight, side: Side, scale: Scale, level: Level, seen_cm: float) -> tuple[float, float]:
    """How much lower the held joint seems for being nearer to the camera than the other, and the sigma, cm."""
    camera = sight.camera
    height, height_sigma = _height_cm(level, scale), level.joints_height_sigma_cm
    if sight.angle_deg is None:
        depth = depth_cm(sight.pose, level.limb, side, scale)
        shift, sigma = camera.view_shift_cm(depth, height, height_sigma)
        if (nearer := level.nearer_guess(sight, side)) == 0:
            return 0.0, root_sum_square(shift, sigma)
        return nearer * shift, root_sum_square(sigma, DEPTH_SIGMA * shift)
    nearness, doubt = limb_nearness_cm(sight, side, scale, level, seen_cm)
    shift, sigma = camera.view_shift_cm(nearness, height, height_sigma)
    return shift, root_sum_square(sigma, *camera.view_shift_cm(doubt, height, height_sigma))


def limb_nearness_cm(sight: Sight, side: Side, scale: Scale, level: Level, seen_cm: float) -> tuple[float, float]:
    """How much nearer to the camera the held joint lies than the other, and the sigma, cm; the camera's angle is known.

    The limb's usual direction, turned by the camera's angle, gives sign and size; where the sign is certain, how short
    the limb looks (which knows no sign) is weighed in by inverse variance.
    """
    length = level.limb.cm
    flat = math.sqrt(max(0.0, length**2 - seen_cm**2))
    usual, doubt = (flat * share for share in _towards_camera(sight, side, level))
    doubt = max(doubt, LEAST_DEPTH_DOUBT * length)
    if abs(usual) > doubt:
        against, held = (sight.pose.xy(side.joint(part)) for part in level.parts)
        across = min(length, scale.cm(distance_px(against, held)))
        depth = math.sqrt(length**2 - across**2)
        # d(depth^2) = 2 across^2 (scale's error): near nought the root would make too little of it.
        stretch = root_sum_square(scale.sigma, surfaces_load().proportion_sigma)
        depth_sigma = across**2 * stretch / max(depth, LEAST_DEPTH_SHARE * length)
        weight = doubt**2 / (doubt**2 + max(depth_sigma, LEAST_DEPTH_DOUBT * length) ** 2)
        usual += weight * (math.copysign(depth, usual) - usual)
        doubt *= math.sqrt(1.0 - weight)
    return (usual if level.held_outer else -usual), doubt


def _towards_camera(sight: Sight, side: Side, level: Level) -> tuple[float, float]:
    """Which share of the limb's level reach its outer end lies nearer to the camera, and the sigma of it."""
    angle, outward = math.radians(sight.angle_deg or 0.0), math.radians(level.outward_deg)
    turn = math.radians(level.outward_sigma_deg)
    if sight.view.view in (View.FRONT, View.REAR):
        # Which of his sides the camera leans to is not known: the outward part may count either way.
        doubt = root_sum_square(math.sin(angle) * math.sin(outward) * turn, math.cos(angle) * math.sin(outward))
        return math.sin(angle) * math.cos(outward), doubt
    direction = angle - outward if sight.far(side) else angle + outward
    return math.sin(direction), abs(math.cos(direction)) * root_sum_square(turn, math.radians(sight.off_side_sigma_deg))


def _marks(sight: Sight, side: Side, scale: Scale, level: Level, sine: float, sigma_cm: float) -> tuple[Mark, ...]:
    down = down_direction(sight.camera.roll)
    held, against = level.offsets
    lower = sight.pose.xy(side.joint(level.held)) + down * level.held_down * scale.px(held.cm_at(sine))
    upper = sight.pose.xy(side.joint(level.against)) + down * level.against_down * scale.px(against.cm_at(sine))
    lines = level_marks(
        sight, scale, held=(level.held_label, lower), against=(level.against_label, upper), sigma_cm=sigma_cm
    )
    return joint_marks(sight.pose, side, level.parts) + lines
