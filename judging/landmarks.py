"""From joint centres to the surfaces the rule book speaks of, and from pixels to centimetres.

The rule book compares skin: the underside of the elbow, the top of the knee. A pose engine gives joint
centres. Each step between them stands here as a figure with its spread and its source.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from judging.figures import Table, figures_read
from judging.geometry import distance_px, root_sum_square
from judging.pose import Joint, Pose, Side

# Nobody tells a lifter's stature. Adults of both sexes; +-9 cm covers them at one standard deviation.
STATURE_CM: Final = 172.0
STATURE_SIGMA_CM: Final = 9.0
STATURE_SIGMA: Final = STATURE_SIGMA_CM / STATURE_CM

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
        return surfaces_load().limb_shares[self] * STATURE_CM


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

    share, sigma_share: fractions of ``limb``; sigma is the spread between lifters, one standard deviation. lean: how
    much larger the share is with the limb upright than level, for skin moves round a joint as the limb turns.
    Raises ValueError when a figure is not finite, the sigma not positive, or the source missing.
    """

    name: str
    limb: Limb
    share: float
    sigma_share: float
    source: str
    lean: float = 0.0

    def __post_init__(self) -> None:
        finite = all(math.isfinite(figure) for figure in (self.share, self.sigma_share, self.lean))
        if not (finite and self.sigma_share > 0):
            raise ValueError(f"offset {self.name}: share {self.share}, lean {self.lean}, sigma {self.sigma_share}")
        if not self.source:
            raise ValueError(f"offset {self.name} names no source")

    def cm_at(self, sine: float) -> float:
        """The offset in a lifter of the reference stature, cm.

        sine: the drop of the limb's moving end under the other over the limb's length; beyond +-1 it counts as +-1.
        """
        return self.limb.cm * (self.share + self.lean * min(1.0, max(-1.0, sine)))

    @property
    def cm(self) -> float:
        """The offset with the limb level, in a lifter of the reference stature, cm."""
        return self.cm_at(0.0)

    @property
    def sigma_cm(self) -> float:
        """Its spread in a lifter of the reference stature, cm."""
        return self.sigma_share * self.limb.cm


@dataclass(frozen=True, slots=True)
class Surface:
    """An offset, how it was fitted, and what the literature says of it.

    seeds, readings, fitted_on: what it was fitted on; readings 0: it was not. literature_cm: at the reference stature
    with the limb level. literature_grade: how the source is known. disagrees: why the two may lie further apart than
    LITERATURE_SIGMAS, or "".
    """

    offset: Offset
    definition: str
    seeds: tuple[int, ...]
    readings: int
    fitted_on: dt.date
    literature_cm: float
    literature_sigma_cm: float
    literature_source: str
    literature_grade: str
    disagrees: str = ""

    @property
    def literature_share(self) -> float:
        """The literature's offset as a share of the limb."""
        return self.literature_cm / self.offset.limb.cm

    @property
    def difference_sigmas(self) -> float:
        """Fitted less literature, in units of both spreads together."""
        spread = root_sum_square(self.offset.sigma_cm, self.literature_sigma_cm)
        return (self.offset.cm - self.literature_cm) / spread


@dataclass(frozen=True, slots=True)
class Surfaces:
    """What surfaces.toml holds.

    limb_shares: of stature, and their source. proportion_sigma: how far one person's limb leaves them, as a fraction of
    its length. together: per depth rule, the correlation between people of its two surfaces' offsets, -1 to 1.
    """

    limb_shares: Mapping[Limb, float]
    limb_source: str
    proportion_sigma: float
    together: Mapping[str, float]
    surfaces: Mapping[str, Surface]


SURFACES: Final = ("elbow_underside", "shoulder_top", "hip_crease", "knee_top", "deltoid_front", "hand_to_bar")
# The rules that hold two surfaces against each other.
TOGETHER: Final = ("bench_depth", "squat_depth")
SURFACES_FILE: Final = Path(__file__).with_name("surfaces.toml")
# Fitted figures and body measures are taken to agree up to here; further apart, the file says why.
LITERATURE_SIGMAS: Final = 2.0


@cache
def surfaces_load() -> Surfaces:
    """The surfaces in use. Raises ValueError as surfaces_read does."""
    return surfaces_read(SURFACES_FILE)


def surfaces_read(path: Path) -> Surfaces:
    """Surfaces from a file. Raises ValueError naming the file and the key that is wrong."""
    file = figures_read(path)
    file.only("limbs", "together", "surfaces")
    limbs = file.table("limbs")
    keys = {limb: limb.name.lower() for limb in Limb}
    limbs.only(*keys.values(), "proportion_sigma", "source")
    shares = {limb: _positive(limbs, key) for limb, key in keys.items()}
    table = file.table("surfaces")
    table.only(*SURFACES)
    surfaces = {name: _surface(name, table.table(name), shares) for name in SURFACES}
    rows = file.table("together")
    rows.only(*TOGETHER)
    together = {rule: rows.number(rule) for rule in TOGETHER}
    if any(abs(rho) > 1 for rho in together.values()):
        raise ValueError(f"{rows.where}: a correlation lies between -1 and 1")
    return Surfaces(
        limb_shares=MappingProxyType(shares),
        limb_source=limbs.text("source"),
        proportion_sigma=_positive(limbs, "proportion_sigma"),
        together=MappingProxyType(together),
        surfaces=MappingProxyType(surfaces),
    )


_SURFACE_KEYS: Final = (
    *("limb", "share", "lean", "sigma_share", "definition", "fitted", "seeds", "n", "date"),
    *("literature_cm", "literature_sigma_cm", "literature_source", "literature_grade", "disagrees"),
)


def _surface(name: str, table: Table, shares: Mapping[Limb, float]) -> Surface:
    table.only(*_SURFACE_KEYS)
    if (limb := table.text("limb")) not in {one.value for one in shares}:
        raise ValueError(f"{table.where}: limb {limb!r} is none of {', '.join(shares)}")
    offset = Offset(
        name=name,
        limb=Limb(limb),
        share=table.number("share"),
        sigma_share=_positive(table, "sigma_share"),
        source=table.text("fitted"),
        lean=table.number("lean"),
    )
    return Surface(
        offset=offset,
        definition=table.text("definition"),
        seeds=table.counts("seeds"),
        readings=table.count("n"),
        fitted_on=table.date("date"),
        literature_cm=_positive(table, "literature_cm"),
        literature_sigma_cm=_positive(table, "literature_sigma_cm"),
        literature_source=table.text("literature_source"),
        literature_grade=table.text("literature_grade"),
        disagrees=table.text("disagrees", ""),
    )


def _positive(table: Table, key: str) -> float:
    if not (value := table.number(key)) > 0:
        raise ValueError(f"{table.where}: {key} is not positive")
    return value


def offset(name: str) -> Offset:
    """The offset in use of one of SURFACES. Raises KeyError for another name."""
    return surfaces_load().surfaces[name].offset


def surfaces_toml(surfaces: Surfaces, comment: str = "") -> str:
    """The file's text, as ``surfaces_read`` reads it. comment: lines for its head, each put behind a ``#``."""
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    lines += ["[limbs]", *(f"{limb.name.lower()} = {share}" for limb, share in surfaces.limb_shares.items())]
    lines += [f"proportion_sigma = {surfaces.proportion_sigma}", f"source = {_quoted(surfaces.limb_source)}"]
    lines += ["", "[together]", *(f"{rule} = {rho}" for rule, rho in surfaces.together.items())]
    for name, surface in surfaces.surfaces.items():
        lines += ["", f"[surfaces.{name}]", *_surface_lines(surface)]
    return "\n".join(lines) + "\n"


def _surface_lines(surface: Surface) -> Iterator[str]:
    fitted = surface.offset
    yield f"limb = {_quoted(fitted.limb.value)}"
    yield from (f"{key} = {float(getattr(fitted, key))}" for key in ("share", "lean", "sigma_share"))
    yield from (f"definition = {_quoted(surface.definition)}", f"fitted = {_quoted(fitted.source)}")
    yield from (f"seeds = {list(surface.seeds)}", f"n = {surface.readings}", f"date = {surface.fitted_on.isoformat()}")
    yield f"literature_cm = {surface.literature_cm}"
    yield f"literature_sigma_cm = {surface.literature_sigma_cm}"
    yield f"literature_source = {_quoted(surface.literature_source)}"
    yield f"literature_grade = {_quoted(surface.literature_grade)}"
    if surface.disagrees:
        yield f"disagrees = {_quoted(surface.disagrees)}"


def _quoted(text: str) -> str:
    # A JSON string of plain text is a TOML one.
    return json.dumps(text, ensure_ascii=False)


def literature_check() -> dict[str, float]:
    """Per surface, the fitted offset less the literature's, in units of both spreads together."""
    return {name: surface.difference_sigmas for name, surface in surfaces_load().surfaces.items()}


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the lifter stands in the photo, reckoned at the reference stature.

    px_per_cm: pixels per centimetre of a lifter 172 cm tall. sigma: its error as a fraction, without the
    stature's own (that one stretches every length alike and cannot turn a kept rule into a broken one).
    segments: how many limbs it rests on.
    stature: the lifter's stature over the reference, 1 where nothing in the photo tells it; stature_sigma: its error
    as a fraction; covariance: of that error with the scale's own.

    Raises ValueError when a figure is not positive.
    """

    px_per_cm: float
    sigma: float
    segments: int
    stature: float = 1.0
    stature_sigma: float = STATURE_SIGMA
    covariance: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.px_per_cm) and self.px_per_cm > 0 and self.sigma > 0 and self.segments > 1):
            raise ValueError(f"no such scale: {self.px_per_cm} px/cm +- {self.sigma} from {self.segments} limbs")
        if not (self.stature > 0 and self.stature_sigma > 0):
            raise ValueError(f"no such stature: {self.stature} +- {self.stature_sigma}")

    def cm(self, length_px: float) -> float:
        """A length of the photo, cm."""
        return length_px / self.px_per_cm

    def px(self, length_cm: float) -> float:
        """A length of the lifter, px."""
        return length_cm * self.px_per_cm

    def nearer(self, depth_cm: float, distance_cm: float) -> Scale:
        """The scale of what lies ``depth_cm`` nearer to the camera than the lifter's middle at ``distance_cm``."""
        return replace(self, px_per_cm=self.px_per_cm * distance_cm / (distance_cm - depth_cm))

    def sigma_cm(self, seen_cm: float, margin_cm: float) -> float:
        """What the errors of scale and stature do to a margin in which ``seen_cm`` was measured in the photo, cm.

        Both lengths at the reference stature. The scale's error stretches what was seen, the stature's all of the
        margin.
        """
        square = (self.sigma * seen_cm) ** 2 + (self.stature_sigma * margin_cm) ** 2
        return math.sqrt(max(0.0, square - 2 * self.covariance * seen_cm * margin_cm))


def limb_joints(limb: Limb, side: Side) -> tuple[Joint, Joint]:
    """The limb's two joints on one side."""
    first, second = limb.ends
    return side.joint(first), side.joint(second)


def body_scale(pose: Pose, nearness: Callable[[Limb, Side], float] | None = None) -> Scale | None:
    """The lifter's scale from the seen limbs, or None with fewer than two of them seen.

    A limb that points at the camera looks short and none ever looks long, so the longest limbs tell the scale:
    the second longest of three or more (one wrong joint then does no harm), the longer of two. The gap between
    the two longest widens the sigma.

    nearness: by what fraction of the camera's distance a limb is nearer than the lifter's middle, where that is known:
    it looks that much larger, and the scale is the middle's.
    """
    ratios = sorted(_ratios(pose, nearness or _level), reverse=True)
    if len(ratios) < 2:
        return None
    chosen = ratios[1] if len(ratios) > 2 else ratios[0]
    gap = abs(ratios[0] - ratios[1]) / chosen / 2
    sigma = root_sum_square(surfaces_load().proportion_sigma, max(FORESHORTENING_SIGMA, gap))
    return Scale(chosen, sigma, len(ratios))


def _level(limb: Limb, side: Side) -> float:
    return 0.0


def _ratios(pose: Pose, nearness: Callable[[Limb, Side], float]) -> Iterator[float]:
    for limb in Limb:
        for side in Side:
            first, second = limb_joints(limb, side)
            if pose.seen(first, second) and (length := distance_px(pose.xy(first), pose.xy(second))) > 0:
                yield length / limb.cm * (1.0 - nearness(limb, side))


def depth_cm(pose: Pose, limb: Limb, side: Side, scale: Scale) -> float:
    """How far the limb's two ends lie apart along the camera's line of sight, cm, never negative.

    Told from how short the limb looks; at least LEAST_DEPTH_SHARE of it, which foreshortening cannot tell.
    """
    first, second = limb_joints(limb, side)
    seen = min(scale.cm(distance_px(pose.xy(first), pose.xy(second))), limb.cm)
    return max(math.sqrt(limb.cm**2 - seen**2), LEAST_DEPTH_SHARE * limb.cm)
