from __future__ import annotations

import math

import numpy as np
import pytest

from judging.landmarks import OFFSETS, Limb, Offset, Scale, body_scale, depth_cm
from judging.noise import NOISE, joint_sigma_cm
from judging.pose import Joint, Pose, Side
from tests.judging.poses import PX, both, pose_of, squat_leg, standing


def test_limbs_at_the_reference_stature() -> None:
    assert Limb.UPPER_ARM.cm == pytest.approx(31.992)
    assert Limb.THIGH.cm == pytest.approx(42.14)
    assert Limb.TRUNK.cm == pytest.approx(49.536)


@pytest.mark.parametrize(
    ("name", "cm", "sigma_cm"),
    [
        ("elbow_underside", 4.5, 1.2),
        ("shoulder_top", 7.5, 1.6),
        ("hip_crease", 7.0, 2.0),
        ("knee_top", 5.5, 1.3),
        ("deltoid_front", 5.5, 1.5),
        ("hand_to_bar", 8.0, 3.0),
    ],
)
def test_offsets(name: str, cm: float, sigma_cm: float) -> None:
    assert OFFSETS[name].cm == pytest.approx(cm)
    assert OFFSETS[name].sigma_cm == pytest.approx(sigma_cm)
    assert OFFSETS[name].source.startswith("provisional")


@pytest.mark.parametrize(
    ("share", "sigma", "source"), [(math.nan, 0.1, "x"), (0.1, 0.0, "x"), (0.1, -1, "x"), (0.1, 0.1, "")]
)
def test_an_offset_is_checked(share: float, sigma: float, source: str) -> None:
    with pytest.raises(ValueError, match="offset o"):
        Offset("o", Limb.THIGH, share, sigma, source)


def test_scale_of_a_whole_body() -> None:
    scale = body_scale(pose_of(both(standing())))
    assert scale is not None
    assert scale.px_per_cm == pytest.approx(PX)
    assert scale.segments == 10
    assert scale.sigma == pytest.approx(math.hypot(0.04, 0.05))
    assert scale.cm(scale.px(12.5)) == pytest.approx(12.5)


def test_a_foreshortened_limb_does_not_shrink_the_scale() -> None:
    places = dict(both(standing()))
    for joint in (Joint.LEFT_KNEE, Joint.RIGHT_KNEE):
        places[joint] = (0.0, 15.0)
    scale = body_scale(pose_of(places))
    assert scale is not None
    assert scale.px_per_cm == pytest.approx(PX * (84.44 - 15) / 42.312, rel=0.02)


def test_one_wrong_joint_does_not_set_the_scale() -> None:
    places = dict(both(standing()))
    places[Joint.LEFT_WRIST] = (200.0, 0.0)
    scale = body_scale(pose_of(places))
    assert scale is not None
    assert scale.px_per_cm == pytest.approx(PX)
    assert scale.sigma > 1


def test_two_limbs_are_enough_and_one_is_not() -> None:
    leg = {part: squat_leg(0)[part] for part in ("hip", "knee", "ankle")}
    pose = pose_of(both(leg), hidden=[Joint.RIGHT_HIP])
    scale = body_scale(pose)
    assert scale is not None
    assert scale.segments == 3
    assert body_scale(pose_of(both(leg), hidden=[Joint.RIGHT_HIP, Joint.RIGHT_KNEE, Joint.LEFT_HIP])) is None
    assert body_scale(Pose(np.zeros((17, 3)))) is None


@pytest.mark.parametrize("wrong", [(0.0, 0.1, 2), (math.nan, 0.1, 2), (1.0, 0.0, 2), (1.0, 0.1, 1)])
def test_a_scale_is_checked(wrong: tuple[float, float, int]) -> None:
    with pytest.raises(ValueError, match="no such scale"):
        Scale(*wrong)


@pytest.mark.parametrize(("seen", "depth"), [(1.0, 0.3), (0.8, 0.6), (0.6, 0.8), (1.2, 0.3)])
def test_depth_from_foreshortening(seen: float, depth: float) -> None:
    thigh = Limb.THIGH.cm
    pose = pose_of({Joint.LEFT_HIP: (0, 0), Joint.LEFT_KNEE: (seen * thigh, 0)})
    assert depth_cm(pose, Limb.THIGH, Side.LEFT, Scale(PX, 0.06, 4)) == pytest.approx(depth * thigh)


def test_joint_noise_is_the_larger_of_measured_and_own() -> None:
    scale = Scale(PX, 0.06, 4)
    points = np.zeros((17, 3))
    spread = np.zeros(17)
    spread[Joint.LEFT_HIP] = 40.0
    pose = Pose(points, spread)
    assert joint_sigma_cm(pose, Side.LEFT, "hip", scale) == pytest.approx(10.0)
    assert joint_sigma_cm(pose, Side.RIGHT, "hip", scale) == pytest.approx(0.095 * 49.536)
    assert joint_sigma_cm(pose, Side.RIGHT, "hip", scale, far=True) == pytest.approx(1.5 * 0.095 * 49.536)


def test_every_used_joint_has_a_measured_noise() -> None:
    assert set(NOISE) == {"shoulder", "elbow", "wrist", "hip", "knee", "ankle"}
    assert all(0 < one.share < 0.2 and one.readings >= 20 for one in NOISE.values())
