"""The things of a meet: bar, plates, bench, racks, platform, room. Numpy only; metres, as gold.truth's scene.

Measures by the IPF Technical Rules Book, "Equipment and Specifications": bar 2.2 m long and 28-29 mm thick, 1.31 m
between its inner collars; discs of 20 kg and more 45 cm across; bench 1.22 m long, its pad 29-32 cm wide;
platform 2.5-4 m square. Thicknesses of discs: as makers of calibrated discs and of bumpers state theirs, rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from gold.synth.body import BAR_RADIUS_M
from judging.pose import FloatArray, Side

IntArray = npt.NDArray[np.int64]
Colour = tuple[int, int, int]

BAR_LENGTH_M: Final = 2.2
SLEEVE_RADIUS_M: Final = 0.025
SLEEVE_COLLAR_RADIUS_M: Final = 0.037
SLEEVE_COLLAR_M: Final = 0.03
# Half the 1.31 m between the inner collars: the first disc begins here.
PLATES_FROM_M: Final = 0.655
PLATE_RADIUS_M: Final = 0.225
# Between two plates pushed together.
PLATE_GAP_M: Final = 0.001
PAD_LENGTH_M: Final = 1.22
PAD_WIDTH_M: Final = 0.30
PAD_THICK_M: Final = 0.07
# Where the uprights stand beside the bar's middle: within the collars, outside the widest grip.
UPRIGHT_X_M: Final = 0.55
UPRIGHT_M: Final = 0.07
PLATFORM_M: Final = 4.0

CHROME: Final[Colour] = (176, 178, 182)
DARK_STEEL: Final[Colour] = (92, 94, 98)

# A box's corners in the order of np.ndindex(2, 2, 2), and its six sides as triangles that face outwards.
_BOX_FACES: Final = np.array(
    [
        [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
        [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
    ],
    dtype=np.int64,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Solid:
    """One thing of one colour. vertices: float array (n, 3). faces: int array (m, 3), its corners, outwards. metal: it
    shines."""

    vertices: FloatArray
    faces: IntArray
    colour: Colour
    metal: bool = False


@dataclass(frozen=True, slots=True)
class Plate:
    """A disc's colour, thickness and radius, m."""

    colour: Colour
    thick_m: float
    radius_m: float = PLATE_RADIUS_M


@dataclass(frozen=True, slots=True)
class Rim:
    """The outer face of a 45 cm plate. side: the lifter's. centre: (3,), its middle. outwards: (3,), unit, from the
    bar's middle."""

    side: Side
    centre: FloatArray
    outwards: FloatArray

    def points(self, radius_m: float, count: int) -> FloatArray:
        """Points on the circle of this radius in the face: float array (count, 3)."""
        return self.centre + _circle(self.outwards, radius_m, count)


_RED: Final[Colour] = (172, 26, 30)
_BLUE: Final[Colour] = (24, 58, 140)
_YELLOW: Final[Colour] = (206, 172, 28)
_GREEN: Final[Colour] = (30, 110, 62)
_BLACK: Final[Colour] = (34, 34, 36)

# Heaviest first, as they are loaded.
CALIBRATED: Final = (
    Plate(_RED, 0.027), Plate(_BLUE, 0.0225), Plate(_YELLOW, 0.021, 0.20), Plate(_GREEN, 0.021, 0.1625),
)  # fmt: skip
BUMPERS: Final = (Plate(_RED, 0.064), Plate(_BLUE, 0.054), Plate(_YELLOW, 0.042), Plate(_GREEN, 0.032))
IRON: Final = (Plate(_BLACK, 0.033), Plate(_BLACK, 0.033), Plate(_BLACK, 0.03, 0.20), Plate(_BLACK, 0.028, 0.16))


def box(low: Sequence[float], high: Sequence[float], colour: Colour, *, metal: bool = False) -> Solid:
    """The box between two corners (3,)."""
    corners = np.array([[(low, high)[side][axis] for axis, side in enumerate(way)] for way in np.ndindex(2, 2, 2)])
    return Solid(corners.astype(np.float64), _BOX_FACES, colour, metal)


def cylinder(
    start: FloatArray, end: FloatArray, radius: float, colour: Colour, *, sides: int = 48, metal: bool = False
) -> Solid:
    """The cylinder round the line from start (3,) to end (3,), closed at both ends. Raises ValueError when it has no
    length."""
    length = float(np.linalg.norm(end - start))
    if not length > 0:
        raise ValueError("a cylinder needs two different ends")
    along = (end - start) / length
    ring = _circle(along, radius, sides)
    vertices = np.concatenate([ring + start, ring + end, [start, end]])
    here = np.arange(sides)
    there = (here + 1) % sides
    low, high = np.full(sides, 2 * sides), np.full(sides, 2 * sides + 1)
    faces = np.concatenate(
        [
            np.column_stack([here, there, there + sides]),
            np.column_stack([here, there + sides, here + sides]),
            np.column_stack([low, there, here]),
            np.column_stack([high, here + sides, there + sides]),
        ]
    )
    return Solid(vertices, faces.astype(np.int64), colour, metal)


def _circle(along: FloatArray, radius: float, count: int) -> FloatArray:
    """Points (count, 3) round the origin, square to the unit vector along (3,)."""
    helper = np.eye(3)[int(np.argmin(np.abs(along)))]
    first = np.cross(along, helper)
    first /= np.linalg.norm(first)
    second = np.cross(along, first)
    turn = np.linspace(0.0, 2 * np.pi, count, endpoint=False)
    circle: FloatArray = radius * (np.cos(turn)[:, None] * first + np.sin(turn)[:, None] * second)
    return circle


def rims(centre: FloatArray, along: FloatArray, plates: Sequence[Plate]) -> tuple[Rim, ...]:
    """The outer faces of each side's outermost 45 cm plate; none when no plate is that large."""
    large = [number for number, plate in enumerate(plates) if plate.radius_m == PLATE_RADIUS_M]
    if not large:
        return ()
    reach = PLATES_FROM_M + sum(plate.thick_m + PLATE_GAP_M for plate in plates[: large[-1] + 1]) - PLATE_GAP_M
    return tuple(
        Rim(side, centre + sign * reach * along, sign * along) for side, sign in ((Side.LEFT, 1.0), (Side.RIGHT, -1.0))
    )


def bar(centre: FloatArray, along: FloatArray, plates: Sequence[Plate], *, clamps: bool) -> tuple[Solid, ...]:
    """The loaded bar: centre (3,), along (3,) a unit vector from its right to its left end; plates: one side's."""
    half = BAR_LENGTH_M / 2

    def rod(start: float, end: float, radius: float, colour: Colour) -> Solid:
        return cylinder(centre + start * along, centre + end * along, radius, colour, metal=True)

    solids = [rod(-PLATES_FROM_M, PLATES_FROM_M, BAR_RADIUS_M, CHROME)]
    for side in (-1.0, 1.0):
        solids.append(rod(side * PLATES_FROM_M, side * half, SLEEVE_RADIUS_M, CHROME))
        solids.append(
            rod(side * (PLATES_FROM_M - SLEEVE_COLLAR_M), side * PLATES_FROM_M, SLEEVE_COLLAR_RADIUS_M, CHROME)
        )
        reach = PLATES_FROM_M
        for plate in plates:
            solids += _plate(centre, along * side, reach, plate)
            reach += plate.thick_m + PLATE_GAP_M
        if clamps:
            solids.append(rod(side * reach, side * min(half, reach + 0.05), 0.036, CHROME))
            solids.append(rod(side * reach, side * min(half, reach + 0.018), 0.05, DARK_STEEL))
    return tuple(solids)


def _plate(centre: FloatArray, outwards: FloatArray, reach: float, plate: Plate) -> list[Solid]:
    """A disc from ``reach`` m outwards: its body, a darker sunk field on both faces and the hub."""
    darker = tuple(int(0.78 * part) for part in plate.colour)
    lip = min(0.0012, plate.thick_m / 10)

    def disc(start: float, end: float, radius: float, colour: Colour) -> Solid:
        return cylinder(centre + start * outwards, centre + end * outwards, radius, colour, sides=64)

    end = reach + plate.thick_m
    return [
        disc(reach + lip, end - lip, plate.radius_m, plate.colour),
        disc(reach + lip / 2, end - lip / 2, 0.86 * plate.radius_m, (darker[0], darker[1], darker[2])),
        disc(reach, end, 0.3 * plate.radius_m, DARK_STEEL),
    ]


def bench(top_m: float, head_end_y: float, frame: Colour, pad: Colour) -> tuple[Solid, ...]:
    """The bench along y, its pad's top at top_m, its head end at head_end_y."""
    foot_end_y = head_end_y - PAD_LENGTH_M
    under = top_m - PAD_THICK_M
    half = PAD_WIDTH_M / 2
    solids = [
        box((-half, foot_end_y, under), (half, head_end_y, top_m), pad),
        box((-0.03, foot_end_y + 0.12, under - 0.07), (0.03, head_end_y - 0.05, under), frame),
    ]
    for y in (foot_end_y + 0.18, head_end_y - 0.20):
        solids.append(box((-0.035, y - 0.035, 0.0), (0.035, y + 0.035, under - 0.01), frame))
        solids.append(box((-0.24, y - 0.04, 0.0), (0.24, y + 0.04, 0.05), frame))
    return tuple(solids)


def uprights(saddle: FloatArray, frame: Colour, *, feet_y: tuple[float, float], brace_y: float) -> tuple[Solid, ...]:
    """Two uprights with saddles.

    saddle: float array (3,), the bar's middle when it lies in them. feet_y: from where to where their feet reach, m
    from the uprights along y. brace_y: where the cross bar on the floor lies, likewise.
    """
    y, top = float(saddle[1]), float(saddle[2]) - BAR_RADIUS_M
    half = UPRIGHT_M / 2
    solids = [box((-UPRIGHT_X_M, y + brace_y - 0.035, 0.0), (UPRIGHT_X_M, y + brace_y + 0.035, 0.06), frame)]
    for side in (-1.0, 1.0):
        x = side * UPRIGHT_X_M
        post_y = y + np.sign(brace_y or 1.0) * (half + BAR_RADIUS_M + 0.01)
        solids += [
            box((x - half, post_y - half, 0.0), (x + half, post_y + half, top + 0.11), frame),
            box((x - half, y - 0.03, top - 0.04), (x + half, y + 0.03, top), DARK_STEEL, metal=True),
            box((x - half, y + feet_y[0], 0.0), (x + half, y + feet_y[1], 0.06), frame),
        ]
    return tuple(solids)


def boards(side_m: float, from_m: float, to_m: float, height_m: float, colours: Sequence[Colour]) -> tuple[Solid, ...]:
    """Boards standing in a row along x at y = side_m, one for each colour."""
    edges = np.linspace(from_m, to_m, len(colours) + 1)
    return tuple(
        box((left + 0.01, side_m, 0.0), (right - 0.01, side_m + 0.03, height_m), colour)
        for left, right, colour in zip(edges[:-1], edges[1:], colours, strict=True)
    )


def turned(solid: Solid, quarter_turns: int) -> Solid:
    """The solid turned about the z axis by so many quarters, from +x towards +y."""
    vertices = solid.vertices
    for _ in range(quarter_turns % 4):
        vertices = np.column_stack([-vertices[:, 1], vertices[:, 0], vertices[:, 2]])
    return Solid(vertices, solid.faces, solid.colour, solid.metal)
