"""How far an engine's joints lie from the true ones: figures of each engine, measured, in ``noise/<engine>.toml``.

A file: ``engine`` (its own name), ``source`` (how it was measured), ``seeds`` (of the rendered photos it was measured
on); ``[scores]`` with ``mid_from`` and ``high_from``; ``[[joints]]`` with the keys of JointNoise, in which view, side
and score may be "any"; ``[[pairs]]`` with the keys of PairNoise and ``[[rules]]`` with those of RuleNoise, both of
which may be missing. Which row a joint takes is in EngineNoise.joint.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from judging.figures import Table, figures_read
from judging.landmarks import Limb, Scale
from judging.pose import Joint, Pose, Side, ViewBucket
from judging.rulebook import RULES

FOLDER: Final = Path(__file__).with_name("noise")
DEFAULT: Final = "mediapipe"
PARTS: Final = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
ANY: Final = "any"
# Beyond these the parts of a sigma are wrong, not what they have in common.
FACTORS: Final = (0.5, 2.0)


class SideSeen(StrEnum):
    """How a side of the lifter stands to the camera; from either end both are near."""

    NEAR = "near"
    FAR = "far"


class ScoreBin(StrEnum):
    """How sure the engine was of a joint."""

    LOW = "low"
    MID = "mid"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class JointNoise:
    """One kind of joint in one kind of photo, in shares of the trunk's length (shoulder to hip at the body's scale).

    bias_down: the mean error downwards, positive where the engine puts the joint too low. sigma_down, sigma_across: one
    standard deviation about it, along the vertical and the level. readings: over how many joints. view, side, score:
    the photos it speaks of; None for any.

    Raises ValueError when a figure is not finite or a sigma is negative.
    """

    part: str
    bias_down: float
    sigma_down: float
    sigma_across: float
    readings: int
    view: ViewBucket | None = None
    side: SideSeen | None = None
    score: ScoreBin | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.bias_down) and self.sigma_down >= 0 and self.sigma_across >= 0):
            raise ValueError(f"noise of the {self.part}: no such figures")

    @property
    def key(self) -> tuple[str, ViewBucket | None, SideSeen | None, ScoreBin | None]:
        """Which joints it speaks of."""
        return self.part, self.view, self.side, self.score


@dataclass(frozen=True, slots=True)
class PairNoise:
    """How the errors of a rule's two joints go together: ``rho``, -1 to 1. view: None for any."""

    rule: str
    rho: float
    readings: int
    view: ViewBucket | None = None

    def __post_init__(self) -> None:
        if not -1 <= self.rho <= 1:
            raise ValueError(f"pair of {self.rule}: rho lies between -1 and 1, not {self.rho}")


@dataclass(frozen=True, slots=True)
class RuleNoise:
    """How much wider (above 1) or narrower a rule's measured margins scatter about the true ones than its sigma, put
    together from its parts, says: what the parts have in common is in none of them.

    factor: by which the whole sigma is multiplied. readings: over how many margins.
    """

    rule: str
    factor: float
    readings: int

    def __post_init__(self) -> None:
        if not FACTORS[0] <= self.factor <= FACTORS[1]:
            low, high = FACTORS
            raise ValueError(f"rule {self.rule}: its factor lies between {low} and {high}, not {self.factor}")


@dataclass(frozen=True, slots=True)
class EngineNoise:
    """One engine's figures.

    mid_from, high_from: the scores from which on a joint counts as ``mid`` and ``high``. seeds: of the rendered photos
    they were measured on.

    Raises ValueError when a part has no figures, figures come twice, or the scores are not in order.
    """

    engine: str
    source: str
    mid_from: float
    high_from: float
    joints: tuple[JointNoise, ...]
    pairs: tuple[PairNoise, ...] = ()
    seeds: tuple[int, ...] = ()
    rules: tuple[RuleNoise, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.mid_from < self.high_from < 1:
            raise ValueError(f"scores: 0 < {self.mid_from} < {self.high_from} < 1 does not hold")
        if lacking := [part for part in PARTS if part not in {one.part for one in self.joints}]:
            raise ValueError(f"joints: no figures for {', '.join(lacking)}")
        keys = [
            *(one.key for one in self.joints),
            *((one.rule, one.view) for one in self.pairs),
            *(one.rule for one in self.rules),
        ]
        if len(set(keys)) < len(keys):
            raise ValueError("the same joints, pairs or rules come twice")

    def score_bin(self, score: float) -> ScoreBin:
        """Where a joint's score (0-1) falls."""
        if score >= self.high_from:
            return ScoreBin.HIGH
        return ScoreBin.MID if score >= self.mid_from else ScoreBin.LOW

    def joint(self, part: str, view: ViewBucket | None, side: SideSeen, score: float) -> JointNoise:
        """The figures for a joint: the first there are of its view, side and score; its view and side, any score; any
        view, its side, any score; any, any, any. Else the part's widest.

        Raises KeyError for a part that is none of PARTS.
        """
        rows = {one.key: one for one in self.joints if one.part == part}
        if not rows:
            raise KeyError(part)
        for key in ((view, side, self.score_bin(score)), (view, side, None), (None, side, None), (None, None, None)):
            if (row := rows.get((part, *key))) is not None:
                return row
        return _widest(part, tuple(rows.values()))

    def rho(self, rule: str, view: ViewBucket | None) -> float:
        """How the errors of the rule's two joints go together in this view; 0 where nobody measured it."""
        rhos = {one.view: one.rho for one in self.pairs if one.rule == rule}
        return rhos.get(view, rhos.get(None, 0.0))

    def factor(self, rule: str) -> float:
        """What the rule's whole sigma is multiplied by; 1 where nobody measured it."""
        return next((one.factor for one in self.rules if one.rule == rule), 1.0)


def _widest(part: str, rows: tuple[JointNoise, ...]) -> JointNoise:
    """For photos that nobody measured: the widest figures, and a bias seen elsewhere as doubt."""
    down = max(math.hypot(row.bias_down, row.sigma_down) for row in rows)
    return JointNoise(part, 0.0, down, max(row.sigma_across for row in rows), 0)


@dataclass(frozen=True, slots=True)
class JointError:
    """What is known of one joint's error in one photo, cm at the reference stature; see JointNoise."""

    bias_down_cm: float
    sigma_down_cm: float
    sigma_across_cm: float


def joint_error(
    pose: Pose,
    side: Side,
    part: str,
    scale: Scale,
    noise: EngineNoise,
    *,
    view: ViewBucket | None = None,
    far: bool = False,
) -> JointError:
    """The error to reckon with for a joint.

    The measured noise, or the spread of the engine's own readings of this photo where that is larger: both
    speak of the same error, so they are not added. Noise that was measured for this very score knows of the spread
    already, since readings that lie apart make the score. far: the joint lies on the side away from the camera.
    Raises KeyError for a part without a measured figure.
    """
    joint: Joint = side.joint(part)
    row = noise.joint(part, view, SideSeen.FAR if far else SideSeen.NEAR, pose.score(joint))
    own = scale.cm(float(pose.spread_px[joint])) if row.score is None else 0.0
    trunk = Limb.TRUNK.cm
    return JointError(row.bias_down * trunk, max(own, row.sigma_down * trunk), max(own, row.sigma_across * trunk))


def noise_names() -> tuple[str, ...]:
    """The engines with figures, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@cache
def noise_load(name: str) -> EngineNoise:
    """The engine's figures. Raises ValueError when there are none of that name, or the file is wrong."""
    if name not in noise_names():
        raise ValueError(f"no noise figures for {name!r}; there are {', '.join(noise_names())}")
    return noise_read(FOLDER / f"{name}.toml")


def noise_read(path: Path) -> EngineNoise:
    """An engine's figures from a file. Raises ValueError naming the file and the key that is wrong."""
    file = figures_read(path)
    file.only("engine", "source", "seeds", "scores", "joints", "pairs", "rules")
    scores = file.table("scores")
    scores.only("mid_from", "high_from")
    if (engine := file.text("engine")) != path.stem:
        raise ValueError(f"{path.name}: engine {engine!r} is not the file's name")
    joints = tuple(_joint(row) for row in file.rows("joints"))
    pairs = tuple(_pair(row) for row in file.rows("pairs"))
    rules = tuple(_rule(row) for row in file.rows("rules"))
    edges = scores.number("mid_from"), scores.number("high_from")
    try:
        return EngineNoise(engine, file.text("source"), *edges, joints, pairs, file.counts("seeds"), rules)
    except ValueError as wrong:
        raise ValueError(f"{path.name}: {wrong}") from wrong


def _joint(row: Table) -> JointNoise:
    row.only("part", "view", "side", "score", "bias_down", "sigma_down", "sigma_across", "readings")
    part, view = _one_of(row, "part", PARTS), _one_of(row, "view", (ANY, *ViewBucket))
    side, score = _one_of(row, "side", (ANY, *SideSeen)), _one_of(row, "score", (ANY, *ScoreBin))
    try:
        return JointNoise(
            part=part,
            bias_down=row.number("bias_down"),
            sigma_down=row.number("sigma_down"),
            sigma_across=row.number("sigma_across"),
            readings=row.count("readings"),
            view=None if view == ANY else ViewBucket(view),
            side=None if side == ANY else SideSeen(side),
            score=None if score == ANY else ScoreBin(score),
        )
    except ValueError as wrong:
        raise ValueError(f"{row.where}: {wrong}") from wrong


def _pair(row: Table) -> PairNoise:
    row.only("rule", "view", "rho", "readings")
    view = _one_of(row, "view", (ANY, *ViewBucket))
    try:
        return PairNoise(
            _one_of(row, "rule", RULES),
            row.number("rho"),
            row.count("readings"),
            None if view == ANY else ViewBucket(view),
        )
    except ValueError as wrong:
        raise ValueError(f"{row.where}: {wrong}") from wrong


def _rule(row: Table) -> RuleNoise:
    row.only("rule", "factor", "readings")
    return RuleNoise(_one_of(row, "rule", RULES), row.number("factor"), row.count("readings"))


def _one_of(row: Table, key: str, allowed: tuple[str, ...]) -> str:
    if (value := row.text(key)) not in allowed:
        raise ValueError(f"{row.where}: {key} {value!r} is none of {', '.join(allowed)}")
    return value


def noise_toml(noise: EngineNoise, comment: str = "") -> str:
    """The file's text, as ``noise_read`` reads it. comment: lines for its head, each put behind a ``#``."""
    return "\n".join([*(f"# {line}".rstrip() for line in comment.splitlines()), *_lines(noise)]) + "\n"


def _lines(noise: EngineNoise) -> Iterator[str]:
    yield from (
        f'engine = "{noise.engine}"',
        f"source = {json.dumps(noise.source, ensure_ascii=False)}",
        f"seeds = {list(noise.seeds)}",
        "",
    )
    yield from ("[scores]", f"mid_from = {noise.mid_from}", f"high_from = {noise.high_from}")
    for joint in noise.joints:
        where: Mapping[str, str | None] = {"view": joint.view, "side": joint.side, "score": joint.score}
        yield from ("", "[[joints]]", f'part = "{joint.part}"')
        yield from (f'{key} = "{value or ANY}"' for key, value in where.items())
        for key in ("bias_down", "sigma_down", "sigma_across"):
            yield f"{key} = {float(getattr(joint, key))}"
        yield f"readings = {joint.readings}"
    for pair in noise.pairs:
        yield from ("", "[[pairs]]", f'rule = "{pair.rule}"', f'view = "{pair.view or ANY}"')
        yield from (f"rho = {float(pair.rho)}", f"readings = {pair.readings}")
    for rule in noise.rules:
        yield from ("", "[[rules]]", f'rule = "{rule.rule}"', f"factor = {float(rule.factor)}")
        yield f"readings = {rule.readings}"
