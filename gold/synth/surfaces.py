"""The surfaces that the rule book names, measured on the skin, and the patches of skin that contacts are solved on.

Every patch is fixed in the topology that all bodies share and is sampled inside its triangles, not at vertices alone:
the mesh is coarse on limbs (about three centimetres), and the highest vertex near a joint would jump from body to body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from gold.synth.body import (
    SIGN,
    SUFFIX,
    Body,
    Build,
    IntArray,
    body_of,
    joint_vertices,
    joints_of,
    side_share,
    skin_at,
    skin_partly,
    topology,
)
from gold.synth.skeleton import Bones
from gold.truth import SideTruth
from judging.pose import FloatArray, Lift, Side

# Radius of the vertical cylinder round the shoulder's centre, as a share of the upper arm's length.
RADIUS_SHARE: Final = 0.16
# Skin is the shoulder's when more than this share of it hangs on the shoulder girdle and the upper arm. With the slope
# of the chest beside the joint taken in, the height over the joint spread by 1.1 cm between bodies instead of 0.5.
SHOULDER_WEIGHT: Final = 0.8
# Radius at rest of the skin that is the elbow's, as a share of the upper arm's length.
ELBOW_SHARE: Final = 0.27
# Half length, along the leg at rest, of the skin that is the knee's, as a share of the thigh's length.
KNEE_SHARE: Final = 0.1
# Where along the thigh at rest, in shares of its length from the hip's centre, the skin is that goes into the fold.
CREASE_SHARES: Final = (0.19, 0.31)
# Points per triangle edge.
_FINE: Final = 4


@dataclass(frozen=True, slots=True)
class Patch:
    """Points of the skin. vertices: int array (n,), those needed. corners: int array (points, 3) into them. shares:
    float array (points, 3), summing to one a row."""

    vertices: IntArray
    corners: IntArray
    shares: FloatArray

    def points(self, vertices: FloatArray) -> FloatArray:
        """The patch's points, float array (points, 3), on a whole posed skin (13718, 3)."""
        return self._blend(vertices[self.vertices])

    def points_at(self, body: Body, bones: Bones) -> FloatArray:
        """The same on posed bones, without skinning the rest of the body."""
        return self._blend(skin_at(body, bones, self.vertices))

    def _blend(self, chosen: FloatArray) -> FloatArray:
        return np.asarray(np.einsum("pc,pcd->pd", self.shares, chosen[self.corners]))


def patch_of(mask: npt.NDArray[np.bool_], fine: int = _FINE) -> Patch:
    """The patch of all triangles whose corners are all in the mask, each sampled ``fine`` points to an edge."""
    triangles = topology().faces
    triangles = triangles[mask[triangles].all(axis=1)]
    steps = [(i, j, fine - i - j) for i in range(fine + 1) for j in range(fine + 1 - i)]
    shares = np.array(steps, dtype=np.float64) / fine
    vertices, flat = np.unique(triangles, return_inverse=True)
    corners = np.repeat(flat.reshape(-1, 3), len(steps), axis=0)
    return Patch(vertices, corners, np.tile(shares, (len(triangles), 1)))


@dataclass(frozen=True, slots=True)
class _Patches:
    elbow: Patch
    shoulder: Patch
    knee: Patch
    deltoid: Patch
    crease: Patch


@lru_cache(maxsize=2)
def _patches(side: Side) -> _Patches:
    body = body_of(Build(0.5, 0.6, 0.7, 0.5, 0.5, 0.5))
    skin, skeleton = body.skin, body.skeleton
    end = SUFFIX[side]
    shoulder, hip = skeleton.head(f"upperarm01.{end}"), skeleton.head(f"upperleg01.{end}")
    reach = body.arms[side].upper_length
    elbow = skeleton.head(f"lowerarm01.{end}")
    arm = (side_share(side, "upperarm", "lowerarm") > 0.5) & (_far(skin, elbow) < ELBOW_SHARE * reach)
    upper = side_share(side, "upperarm01", "upperarm02", "shoulder", "clavicle") > SHOULDER_WEIGHT
    upper &= _far(skin, shoulder) < 0.6 * reach
    knee, thigh = skeleton.head(f"lowerleg01.{end}"), body.legs[side].upper_length
    leg = (side_share(side, "upperleg", "lowerleg") > 0.5) & (abs(skin[:, 2] - knee[2]) < KNEE_SHARE * thigh)
    delt = (side_share(side, "upperarm", "shoulder") > 0.6) & (_far(skin, shoulder) < 0.4 * reach)
    # A squatter's fold is seen where the belly comes to lie on the thigh: some 10 to 14 cm before the hip's centre.
    below = (hip[2] - skin[:, 2]) / thigh
    top = (side_share(side, "upperleg") > 0.5) & (below > CREASE_SHARES[0]) & (below < CREASE_SHARES[1])
    top &= (skin[:, 1] < hip[1] - 0.03) & (abs(abs(skin[:, 0]) - abs(hip[0])) < 0.06) & (skin[:, 0] * SIGN[side] > 0)
    return _Patches(patch_of(arm), patch_of(upper), patch_of(leg), patch_of(delt), patch_of(top))


@lru_cache(maxsize=1)
def depth_vertices() -> Mapping[Lift, IntArray]:
    """The vertices that the depth of a squat and of a bench press is measured on."""
    squat = [joint_vertices("hip", "knee")]
    bench = [joint_vertices("shoulder", "elbow")]
    for side in Side:
        patches = _patches(side)
        squat += [patches.knee.vertices, patches.crease.vertices]
        bench += [patches.elbow.vertices, patches.shoulder.vertices]
    return {Lift.SQUAT: np.unique(np.concatenate(squat)), Lift.BENCH: np.unique(np.concatenate(bench))}


def depths_m(lift: Lift, body: Body, bones: Bones) -> dict[Side, float]:
    """Squat or bench depth of posed bones, m, positive when kept; skins only what it needs."""
    skin = skin_partly(body, bones, depth_vertices()[lift])
    joints = joints_of(skin)
    if lift is Lift.SQUAT:
        return {side: knee_top_m(skin, side) - hip_crease_m(skin, side) for side in Side}
    return {side: shoulder_top_m(skin, joints, side) - elbow_underside_m(skin, side) for side in Side}


def hip_crease_m(skin: FloatArray, side: Side) -> float:
    """The top surface of the leg at the hip joint, where it goes into the fold under the trunk: the highest skin of the
    thigh's front that at rest lies CREASE_SHARES of the thigh's length below the hip's centre.

    The skin between the thigh and the pelvis itself is no good for this: in a deep squat it is buried between belly
    and thigh, 4 cm before the hip's centre and level with it, where nobody sees it. In the plane of the thigh the belly
    was seen to meet the thigh's top 6.5 cm above the hip's centre; this is 6.2 cm above it, and varies a third less
    from body to body (100 thighs of drawn squats).
    """
    return float(_patches(side).crease.points(skin)[:, 2].max())


def knee_top_m(skin: FloatArray, side: Side) -> float:
    """The highest skin of the knee: of the leg's skin that at rest lies within 0.1 thigh lengths of the knee's centre
    along the leg. A sloping thigh's own skin, higher up, is not the knee's."""
    return float(_patches(side).knee.points(skin)[:, 2].max())


def elbow_underside_m(skin: FloatArray, side: Side) -> float:
    """The lowest skin of the elbow: of the arm's skin that at rest lies within 0.27 upper-arm lengths of the elbow's
    centre. A sloping upper arm's own skin, lower down, is not the elbow's."""
    return float(_patches(side).elbow.points(skin)[:, 2].min())


def shoulder_top_m(skin: FloatArray, joints: FloatArray, side: Side) -> float:
    """The highest skin of shoulder and upper arm within 0.16 upper-arm lengths of the vertical through the shoulder's
    centre."""
    elbow, shoulder = joints[side.joint("elbow")], joints[side.joint("shoulder")]
    points = _patches(side).shoulder.points(skin)
    return float(_near(points, shoulder, _length(elbow - shoulder))[:, 2].max())


def deltoid_front_m(skin: FloatArray, side: Side) -> float:
    """How far to the front (-y) the deltoid's skin reaches: its least y."""
    return float(_patches(side).deltoid.points(skin)[:, 1].min())


def _far(points: FloatArray, centre: FloatArray) -> FloatArray:
    """Distances from a centre, float array (n,)."""
    return np.asarray(np.linalg.norm(points - centre, axis=1))


def _length(vector: FloatArray) -> float:
    return float(np.sqrt(vector @ vector))


def _near(points: FloatArray, centre: FloatArray, limb_m: float) -> FloatArray:
    gap = points[:, :2] - centre[:2]
    return np.asarray(points[np.einsum("ij,ij->i", gap, gap) < (RADIUS_SHARE * limb_m) ** 2])


def sides_measured(
    skin: FloatArray, joints: FloatArray, bar_at: Mapping[Side, FloatArray], bends: Mapping[str, Mapping[Side, float]]
) -> dict[Side, SideTruth]:
    """Every surface of both sides, cm. bar_at: the bar's centre line over each shoulder. bends: knee and elbow, degrees
    from straight."""
    return {
        side: SideTruth(
            elbow_underside_cm=100 * elbow_underside_m(skin, side),
            shoulder_top_cm=100 * shoulder_top_m(skin, joints, side),
            hip_crease_cm=100 * hip_crease_m(skin, side),
            knee_top_cm=100 * knee_top_m(skin, side),
            deltoid_ahead_cm=100 * (float(bar_at[side][1]) - deltoid_front_m(skin, side)),
            knee_deg=180 - bends["knee"][side],
            elbow_deg=180 - bends["elbow"][side],
        )
        for side in Side
    }


def margins_of(lift: Lift, sides: Mapping[Side, SideTruth]) -> dict[str, dict[Side, float]]:
    """The margin of each rule that the lift has and that lies in centimetres, positive when kept."""
    if lift is Lift.BENCH:
        return {"bench_depth": {side: one.shoulder_top_cm - one.elbow_underside_cm for side, one in sides.items()}}
    if lift is Lift.SQUAT:
        return {"squat_depth": {side: one.knee_top_cm - one.hip_crease_cm for side, one in sides.items()}}
    return {"shoulders_back": {side: -one.deltoid_ahead_cm for side, one in sides.items()}}
