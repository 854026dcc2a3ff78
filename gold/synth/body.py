"""Bodies: anny's parametric person, its builds, its skin and how it is coloured.

Anny (Apache-2.0 code, CC0 data) gives the rest mesh and bones of a build; the posed skin is their linear blend, in
numpy, so that a solve may ask for a patch of skin alone. Metres; z up, the rest pose faces -y, his left is +x.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gold.synth.skeleton import (
    Bones,
    Limb,
    Skeleton,
    across,
    cross,
    unit,
)
from judging.pose import JOINT_COUNT, FloatArray, Side

IntArray = npt.NDArray[np.int64]
ByteArray = npt.NDArray[np.uint8]

SUFFIX: Final = {Side.LEFT: "L", Side.RIGHT: "R"}
# +1 towards his left, the axis x.
SIGN: Final = {Side.LEFT: 1.0, Side.RIGHT: -1.0}
# An Olympic bar: 28-29 mm thick (IPF technical rules, disposition of the bar).
BAR_RADIUS_M: Final = 0.0145
FINGERS: Final = ("finger2", "finger3", "finger4", "finger5")
# The knees' axis at rest looks along x turned with the feet, which point this far outwards in the rest mesh.
REST_TOE_OUT_DEG: Final = 5.0


@dataclass(frozen=True, slots=True)
class Build:
    """What makes a body: anny's phenotypes, each 0-1; gender 0 is male."""

    gender: float
    age: float
    muscle: float
    weight: float
    height: float
    proportions: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One person posed in the scene, metres.

    vertices: float array (13718, 3). joints: float array (17, 3), COCO's. colours: uint8 array (13718, 3).
    """

    vertices: FloatArray
    joints: FloatArray
    colours: ByteArray
    stature_m: float
    build: Build


@dataclass(frozen=True, slots=True)
class Hand:
    """A hand at rest, relative to the wrist. grip: the bar's centre line in the curled hand, (3,). along: unit, from
    the little finger to the forefinger. reach: unit, square to it, as the forearm runs. palm: unit, out of the palm.
    forefinger_m: from the grip to the forefinger's outer edge along the bar."""

    grip: FloatArray
    along: FloatArray
    reach: FloatArray
    palm: FloatArray
    forefinger_m: float


@dataclass(frozen=True, slots=True)
class Body:
    """A build's rest state. skin: float array (13718, 3)."""

    build: Build
    skin: FloatArray
    skeleton: Skeleton
    arms: dict[Side, Limb]
    legs: dict[Side, Limb]
    hands: dict[Side, Hand]
    sole_m: float  # from the foot bone's head down to the sole
    midfoot_m: float  # from the foot bone's head forward to the middle of the foot

    @property
    def stature_m(self) -> float:
        return float(np.ptp(self.skin[:, 2]))


@dataclass(frozen=True, slots=True)
class Topology:
    """What all bodies share. weights: float array (13718, bones), most of it zero. hung: int array (13718, 9), the
    bones of each vertex, with hung_weights. regressor: float array (17, 13718)."""

    model: Any
    labels: tuple[str, ...]
    parents: tuple[int, ...]
    weights: FloatArray
    hung: IntArray
    hung_weights: FloatArray
    faces: IntArray
    regressor: FloatArray


@lru_cache(maxsize=1)
def topology() -> Topology:
    """The loaded model; a second or two the first time. Whatever it prints while loading is dropped."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        import anny
        from anny.keypoints import KeypointsRegressor

        model = anny.Anny()
        regressor = KeypointsRegressor.coco(model).regression_weights[:JOINT_COUNT].detach().numpy().astype(np.float64)
    parents = tuple(int(parent) for parent in model.bone_parents)
    hung = model.vertex_bone_indices.numpy().astype(np.int64)
    hung_weights = model.vertex_bone_weights.numpy().astype(np.float64)
    weights = np.zeros((len(hung), len(parents)))
    np.add.at(weights, (np.arange(len(hung))[:, None], hung), hung_weights)
    faces = np.asarray(model.faces, dtype=np.int64)
    return Topology(model, tuple(model.bone_labels), parents, weights, hung, hung_weights, faces, regressor)


def faces() -> IntArray:
    """The triangles that every Figure shares, int array (27420, 3)."""
    return topology().faces


@lru_cache(maxsize=1)
def bone_main() -> IntArray:
    """The bone that weighs most at each vertex, int array (13718,)."""
    return np.asarray(topology().weights.argmax(axis=1), dtype=np.int64)


def skin_share(*names: str) -> FloatArray:
    """How much of each vertex hangs on the bones whose label starts with one of the names, float array (13718,)."""
    chosen = [bone for bone, label in enumerate(topology().labels) if label.startswith(names)]
    return np.asarray(topology().weights[:, chosen].sum(axis=1))


def side_share(side: Side, *names: str) -> FloatArray:
    """Like skin_share, for the bones of one side."""
    end = f".{SUFFIX[side]}"
    labels = topology().labels
    chosen = [bone for bone, label in enumerate(labels) if label.startswith(names) and label.endswith(end)]
    return np.asarray(topology().weights[:, chosen].sum(axis=1))


@lru_cache(maxsize=2)
def feet_of(side: Side) -> IntArray:
    """The vertices of a foot, int array (n,)."""
    return np.flatnonzero(side_share(side, "foot", "toe") > 0.5)


# Stature against anny's height, linear within a centimetre at age 0.6, muscle 0.7, weight 0.5 (measured on the model).
_STATURE_M: Final = {"male": (1.295, 1.063), "female": (1.159, 1.057)}


def build_draw(rng: np.random.Generator) -> Build:
    """A lifter: either sex, adult, 148-200 cm, muscled, light to heavy."""
    male = bool(rng.random() < 0.5)
    mean, spread, low, high = (1.76, 0.075, 1.58, 2.0) if male else (1.64, 0.065, 1.48, 1.83)
    stature = float(np.clip(rng.normal(mean, spread), low, high))
    base, slope = _STATURE_M["male" if male else "female"]
    return Build(
        gender=float(rng.uniform(0.0, 0.12) if male else rng.uniform(0.88, 1.0)),
        age=float(rng.uniform(0.52, 0.67)),
        muscle=float(rng.uniform(0.55, 1.0)),
        weight=float(np.clip(rng.normal(0.52, 0.14), 0.25, 0.85)),
        height=float((stature - base) / slope),
        proportions=float(rng.uniform(0.35, 0.8)),
    )


@lru_cache(maxsize=16)
def body_of(build: Build) -> Body:
    """The build's rest mesh, bones, limbs and hands."""
    import torch

    shared = topology()
    with torch.no_grad():
        rest = shared.model(
            phenotype_kwargs={name: getattr(build, name) for name in Build.__slots__},
        )
    skin = rest["rest_vertices"][0].numpy().astype(np.float64)
    heads = rest["rest_bone_heads"][0].numpy().astype(np.float64)
    skeleton = Skeleton(shared.labels, shared.parents, heads)
    sole = float(np.mean([skeleton.head(f"foot.{end}")[2] for end in "LR"]) - skin[:, 2].min())
    foot = skin[side_share(Side.LEFT, "foot", "toe") > 0.5]
    midfoot = float(skeleton.head("foot.L")[1] - (foot[:, 1].min() + foot[:, 1].max()) / 2)
    return Body(
        build,
        skin,
        skeleton,
        {side: _arm(skeleton, side) for side in Side},
        {side: _leg(skeleton, side) for side in Side},
        {side: _hand(skeleton, skin, side) for side in Side},
        sole,
        midfoot,
    )


def _arm(skeleton: Skeleton, side: Side) -> Limb:
    """The rest arm is bent by 45 degrees, which shows the elbow's axis."""
    shoulder, elbow, wrist = (skeleton.head(f"{name}.{SUFFIX[side]}") for name in ("upperarm01", "lowerarm01", "wrist"))
    upper, lower = elbow - shoulder, wrist - elbow
    return Limb(upper, lower, unit(cross(upper, lower)))


def _leg(skeleton: Skeleton, side: Side) -> Limb:
    """The rest leg is near straight, so the knee's axis is taken square to where the foot points."""
    hip, knee, ankle = (skeleton.head(f"{name}.{SUFFIX[side]}") for name in ("upperleg01", "lowerleg01", "foot"))
    out = np.deg2rad(REST_TOE_OUT_DEG) * SIGN[side]
    return Limb(knee - hip, ankle - knee, np.array([np.cos(out), np.sin(out), 0.0]))


def _hand(skeleton: Skeleton, skin: FloatArray, side: Side) -> Hand:
    """The bar lies across the palm, against the skin, a little before the knuckles' line."""
    end = SUFFIX[side]
    wrist = skeleton.head(f"wrist.{end}")
    knuckles = [skeleton.head(f"{finger}-1.{end}") - wrist for finger in FINGERS]
    tips = np.mean([skeleton.head(f"{finger}-3.{end}") - wrist for finger in FINGERS], axis=0)
    along = unit(knuckles[0] - knuckles[-1])
    middle = np.mean(knuckles, axis=0)
    reach = across(middle, along)
    palm = cross(along, reach)
    palm = palm if palm @ (tips - middle) > 0 else -palm
    place = middle * 0.85
    near = (
        skin[side_share(side, "metacarpal", "wrist", "finger2-1", "finger3-1", "finger4-1", "finger5-1") > 0.5] - wrist
    )
    flat = near - np.outer(near @ palm, palm) - (place - (place @ palm) * palm)
    patch = near[np.einsum("ij,ij->i", flat, flat) < 0.025**2]
    depth = float(np.quantile(patch @ palm, 0.9)) + BAR_RADIUS_M
    forefinger = float((knuckles[0] - middle) @ along) + 0.009
    return Hand(place + (depth - place @ palm) * palm, along, reach, palm, forefinger)


def skin_at(body: Body, bones: Bones, chosen: IntArray | slice = slice(None)) -> FloatArray:
    """The posed skin, or the chosen vertices of it, float array (n, 3): linear blend skinning, as anny does it."""
    shared = topology()
    offsets = bones.places - np.einsum("bij,bj->bi", bones.turns, body.skeleton.heads)
    moves = np.concatenate([bones.turns.reshape(-1, 9), offsets], axis=1)
    # Gathered, not a product with the dense weights: the threads of a large product cost more than they save here.
    blend = np.einsum("vk,vkm->vm", shared.hung_weights[chosen], moves[shared.hung[chosen]])
    rest = body.skin[chosen]
    return np.asarray(np.einsum("vij,vj->vi", blend[:, :9].reshape(-1, 3, 3), rest) + blend[:, 9:])


def skin_partly(body: Body, bones: Bones, chosen: IntArray) -> FloatArray:
    """The whole skin's array (13718, 3) with the chosen vertices posed and zeros elsewhere."""
    skin = np.zeros_like(body.skin)
    skin[chosen] = skin_at(body, bones, chosen)
    return skin


def joints_of(vertices: FloatArray) -> FloatArray:
    """COCO's joints of a posed skin, float array (17, 3)."""
    return np.asarray(np.einsum("jv,vd->jd", topology().regressor, vertices))


def joint_vertices(*parts: str) -> IntArray:
    """The vertices that COCO's joints of these parts, both sides, are blended from, int array (n,)."""
    rows = [side.joint(part) for part in parts for side in Side]
    return np.flatnonzero(abs(topology().regressor[rows]).sum(axis=0) > 0)


def figure_of(body: Body, vertices: FloatArray, colours: ByteArray) -> Figure:
    return Figure(vertices, joints_of(vertices), colours, body.stature_m, body.build)


# Colours, sRGB. Skin from very light to very dark (Fitzpatrick's six, by eye).
SKINS: Final = ((244, 208, 177), (231, 180, 143), (210, 158, 124), (186, 120, 81), (165, 94, 43), (95, 58, 38))
HAIRS: Final = ((24, 20, 18), (59, 40, 28), (90, 62, 40), (150, 110, 60), (120, 110, 105), (200, 175, 120))
SINGLETS: Final = (
    (20, 22, 30),
    (150, 20, 28),
    (20, 40, 120),
    (15, 80, 50),
    (70, 70, 78),
    (190, 90, 15),
    (90, 20, 90),
    (225, 225, 225),
)
SHOES: Final = ((240, 240, 240), (25, 25, 28), (170, 25, 30), (30, 60, 140), (90, 90, 95))
SHIRTS: Final = ((235, 235, 230), (200, 40, 40), (40, 120, 60), (240, 190, 30), (60, 60, 65), (110, 150, 200))
TROUSERS: Final = ((30, 32, 40), (60, 66, 80), (110, 100, 85), (25, 40, 70), (75, 75, 75))


@dataclass(frozen=True, slots=True)
class Regions:
    """Which vertices are which, bool arrays (13718,)."""

    scalp: npt.NDArray[np.bool_]
    feet: npt.NDArray[np.bool_]
    shins: npt.NDArray[np.bool_]
    trunk: npt.NDArray[np.bool_]
    thighs: npt.NDArray[np.bool_]
    legs: npt.NDArray[np.bool_]
    sleeves: npt.NDArray[np.bool_]
    eyes: npt.NDArray[np.bool_]


@lru_cache(maxsize=1)
def _regions() -> Regions:
    """Regions by bone weights and by the places of one middling body's rest pose: the topology is shared by all."""
    body = body_of(Build(0.5, 0.6, 0.7, 0.5, 0.5, 0.5))
    skin, skeleton = body.skin, body.skeleton
    head = skin_share("head") > 0.5
    eye = skeleton.head("eye.L")
    top = skin[:, 2].max()
    crown = eye[2] + 0.45 * (top - eye[2])
    # The hair line runs from the brow's upper edge down behind the ears to the nape.
    back = np.clip((skin[:, 1] - eye[1] - 0.05) / 0.08, 0, 1)
    scalp = head & (skin[:, 2] > crown - back * (crown - eye[2] + 0.05))
    foot_z = skeleton.head("foot.L")[2]
    feet = (skin_share("foot", "toe") > 0.5) & (skin[:, 2] < foot_z + 0.005)
    knee_z, hip_z = skeleton.head("lowerleg01.L")[2], skeleton.head("upperleg01.L")[2]
    leg = skin_share("upperleg", "lowerleg", "foot", "toe", "pelvis") > 0.5
    shins = (skin_share("lowerleg", "foot") > 0.5) & ~feet & (skin[:, 2] < knee_z - 0.06)
    shoulder = skeleton.head("upperarm01.L")
    arms = skin_share("upperarm", "lowerarm", "wrist", "finger", "metacarpal")
    neck = skin_share("neck", "head")
    trunk_share = skin_share("root", "pelvis", "spine", "clavicle", "shoulder")
    # A singlet: low at the neck, its straps a hand wide.
    strap = (abs(skin[:, 0]) > 0.055) & (abs(skin[:, 0]) < 0.125)
    low = skin[:, 2] < shoulder[2] - 0.05
    trunk = (trunk_share > 0.5) & (arms < 0.35) & (neck < 0.3) & (low | strap)
    thighs = (skin_share("upperleg", "pelvis") > 0.5) & (skin[:, 2] > hip_z - 0.42 * (hip_z - knee_z))
    sleeves = (trunk_share + skin_share("upperarm") > 0.5) & (neck < 0.5)
    sleeves &= ~((arms > 0.5) & (skin[:, 2] < shoulder[2] - 0.13))
    return Regions(scalp, feet, shins, trunk, thighs, leg & ~feet, sleeves, skin_share("eye") > 0.5)


def _pick(rng: np.random.Generator, choices: tuple[tuple[int, int, int], ...]) -> npt.NDArray[np.int64]:
    colour = np.array(choices[int(rng.integers(len(choices)))])
    return np.asarray(np.clip(colour + rng.integers(-8, 9, size=3), 0, 255))


def _skin_and_hair(rng: np.random.Generator, regions: Regions) -> ByteArray:
    colours = np.tile(_pick(rng, SKINS), (len(regions.scalp), 1))
    colours[regions.scalp] = _pick(rng, HAIRS)
    colours[regions.eyes] = (235, 235, 235)
    return colours.astype(np.uint8)


def lifter_colours(rng: np.random.Generator, *, socks: bool = False) -> ByteArray:
    """Skin, hair, a singlet on the trunk and upper thighs, shoes, and socks where asked, uint8 array (13718, 3)."""
    regions = _regions()
    colours = _skin_and_hair(rng, regions)
    singlet, shoes, sock = _pick(rng, SINGLETS), _pick(rng, SHOES), _pick(rng, SHOES)
    colours[regions.trunk | regions.thighs] = singlet
    if socks:
        colours[regions.shins] = sock
    colours[regions.feet] = shoes
    return colours


def spotter_colours(rng: np.random.Generator) -> ByteArray:
    """Skin, hair, shirt with short sleeves, trousers, shoes, uint8 array (13718, 3)."""
    regions = _regions()
    colours = _skin_and_hair(rng, regions)
    colours[regions.sleeves] = _pick(rng, SHIRTS)
    colours[regions.legs] = _pick(rng, TROUSERS)
    colours[regions.feet] = _pick(rng, SHOES)
    return colours


def build_spotter(rng: np.random.Generator) -> Build:
    """Anybody strong enough to spot: as lifters are built, a little less muscled."""
    build = build_draw(rng)
    return replace(build, muscle=float(rng.uniform(0.4, 0.8)))
