from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from judging import landmarks
from judging.landmarks import (
    LITERATURE_SIGMAS,
    SURFACES,
    Limb,
    Offset,
    Scale,
    body_scale,
    depth_cm,
    literature_check,
    offset,
    surfaces_load,
    surfaces_read,
    surfaces_toml,
)
from judging.pose import Joint, Pose, Side
from judging.rules import bench_depth, squat_depth
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
    assert offset(name).cm == pytest.approx(cm)
    assert offset(name).sigma_cm == pytest.approx(sigma_cm)
    assert offset(name).source.startswith("provisional")


@pytest.mark.parametrize(("sine", "cm"), [(0.0, 4.0), (0.5, 3.0), (1.0, 2.0), (7.0, 2.0), (-1.0, 6.0), (-9.0, 6.0)])
def test_an_offset_leans_with_its_limb(sine: float, cm: float) -> None:
    limb = Limb.THIGH.cm
    assert Offset("o", Limb.THIGH, 4 / limb, 0.1, "x", lean=-2 / limb).cm_at(sine) == pytest.approx(cm)


# The shipped file, not these tests' copy of one.
SHIPPED = Path(landmarks.__file__).with_name("surfaces.toml")


def test_the_shipped_surfaces_go_with_the_literature_or_say_why_not() -> None:
    shipped = surfaces_read(SHIPPED)
    assert set(shipped.surfaces) == set(SURFACES)
    for surface in shipped.surfaces.values():
        assert abs(surface.difference_sigmas) <= LITERATURE_SIGMAS or surface.disagrees
        assert surface.literature_source
        assert surface.literature_grade


@pytest.mark.parametrize("path", [SHIPPED, Path(__file__).parent / "figures" / "surfaces.toml"], ids=str)
def test_surfaces_are_written_as_they_are_read(path: Path, tmp_path: Path) -> None:
    surfaces = surfaces_read(path)
    again = tmp_path / "surfaces.toml"
    again.write_text(surfaces_toml(surfaces, "How."), encoding="utf-8")
    assert surfaces_read(again) == surfaces


@pytest.mark.parametrize(("rho", "bench", "squat"), [(0.0, 2.0, 2.385), (1.0, 2.8, 0.7), (-1.0, 0.4, 3.3)])
def test_offsets_that_go_together(monkeypatch: pytest.MonkeyPatch, rho: float, bench: float, squat: float) -> None:
    """The bench adds its two surfaces, the squat takes one from the other."""
    surfaces = replace(surfaces_load(), together={"bench_depth": rho, "squat_depth": rho})
    monkeypatch.setattr("judging.rules.level.surfaces_load", lambda: surfaces)
    assert bench_depth.LEVEL.offsets_sigma_cm == pytest.approx(bench, abs=1e-3)
    assert squat_depth.LEVEL.offsets_sigma_cm == pytest.approx(squat, abs=1e-3)


def test_the_check_is_in_units_of_both_spreads() -> None:
    assert literature_check()["elbow_underside"] == pytest.approx((4.5 - 3.7) / math.hypot(1.2, 0.9))
    assert set(literature_check()) == set(SURFACES)
    assert surfaces_load().surfaces["hip_crease"].literature_share == pytest.approx(8.0 / Limb.THIGH.cm)


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("lean = 0.0\n", "", r"\[elbow_underside\]: lean is missing"),
        ("lean = 0.0\n", "lean = 0.0\nslope = 1\n", "slope is not a key"),
        ("lean = 0.0\n", 'lean = "much"\n', "lean is not a number"),
        ('limb = "upper arm"', 'limb = "tail"', "limb 'tail' is none of upper arm"),
        ("n = 0\n", "n = -1\n", "n is not a whole number"),
        ("seeds = []", 'seeds = ["a"]', "seeds is not a list of whole numbers"),
        ("date = 2026-11-23", "date = 7", "date is not a date"),
        ("trunk = 0.288", "trunk = -1.0", r"\[limbs\]: trunk is not positive"),
        ("[surfaces.shoulder_top]", "[surfaces.chin]", "chin is not a key"),
        ("literature_cm = 3.7", "", "literature_cm is missing"),
        ("[limbs]", "[limbs", "surfaces.toml: "),
        ("bench_depth = 0.0", "bench_depth = 1.5", "a correlation lies between"),
    ],
)
def test_a_wrong_file_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, wrong: str) -> None:
    text = (Path(__file__).parent / "figures" / "surfaces.toml").read_text(encoding="utf-8")
    path = tmp_path / "surfaces.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=wrong) as raised:
        surfaces_read(path)
    assert str(raised.value).startswith("surfaces.toml")


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


def test_a_nearer_limb_looks_larger_and_its_scale_says_so() -> None:
    near = body_scale(pose_of(both(standing()), px=PX * 400 / 380), lambda limb, side: 20 / 400)
    assert near is not None
    assert near.px_per_cm == pytest.approx(PX)
    assert near.nearer(20.0, 400.0).px_per_cm == pytest.approx(PX * 400 / 380)


def test_scale_and_stature_errors_may_go_together() -> None:
    scale = Scale(PX, 0.06, 4, stature_sigma=0.05)
    assert scale.sigma_cm(10.0, -4.0) == pytest.approx(math.hypot(0.6, 0.2))
    together = replace(scale, covariance=0.002)
    assert together.sigma_cm(10.0, 4.0) == pytest.approx(math.sqrt(0.36 + 0.04 - 2 * 0.002 * 40))
    with pytest.raises(ValueError, match="no such stature"):
        replace(scale, stature=0.0)
