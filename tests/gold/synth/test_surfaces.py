"""Surfaces of the rule book on the skin: where they lie, and that they move with the joints."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("anny")

from gold.synth.body import Build, body_of, joints_of
from gold.synth.lifts import perform
from gold.synth.surfaces import (
    deltoid_front_m,
    depths_m,
    elbow_underside_m,
    hip_crease_m,
    knee_top_m,
    margins_of,
    patch_of,
    shoulder_top_m,
    sides_measured,
)
from gold.truth import Fault
from judging.pose import Lift, Phase, Side

BODY = Build(0.0, 0.6, 0.7, 0.5, 0.45, 0.5)


def test_rest_body_is_measured_alike_on_both_sides() -> None:
    skin = body_of(BODY).skin
    joints = joints_of(skin)
    for measure in (elbow_underside_m, knee_top_m, hip_crease_m, deltoid_front_m):
        assert measure(skin, Side.LEFT) == pytest.approx(measure(skin, Side.RIGHT), abs=2e-3)
    assert shoulder_top_m(skin, joints, Side.LEFT) == pytest.approx(shoulder_top_m(skin, joints, Side.RIGHT), abs=2e-3)


def test_surfaces_lie_about_their_joints() -> None:
    skin = body_of(BODY).skin
    joints = joints_of(skin)
    elbow, shoulder = (joints[Side.LEFT.joint(name)][2] for name in ("elbow", "shoulder"))
    hip, knee = (joints[Side.LEFT.joint(name)][2] for name in ("hip", "knee"))
    assert 0.02 < elbow - elbow_underside_m(skin, Side.LEFT) < 0.1
    assert 0.02 < shoulder_top_m(skin, joints, Side.LEFT) - shoulder < 0.1
    # The skin that goes into the fold lies on the thigh, near its upper end.
    assert knee + 0.7 * (hip - knee) < hip_crease_m(skin, Side.LEFT) < hip


def test_raised_by_a_step_all_heights_rise_by_it() -> None:
    skin = body_of(BODY).skin
    step = np.array([0.0, 0.0, 0.3])
    still = {side: np.zeros(3) for side in Side}
    bends = {"knee": dict.fromkeys(Side, 10.0), "elbow": dict.fromkeys(Side, 20.0)}
    low = sides_measured(skin, joints_of(skin), still, bends)[Side.LEFT]
    high = sides_measured(skin + step, joints_of(skin) + step, still, bends)[Side.LEFT]
    for name in ("elbow_underside_cm", "shoulder_top_cm", "hip_crease_cm", "knee_top_cm"):
        assert getattr(high, name) == pytest.approx(getattr(low, name) + 30)
    assert (low.knee_deg, low.elbow_deg) == (170, 160)


def test_patch_points_lie_between_their_corners() -> None:
    skin = body_of(BODY).skin
    patch = patch_of(skin[:, 2] < -0.7)
    points = patch.points(skin)
    assert points[:, 2].max() <= -0.7
    np.testing.assert_allclose(patch.shares.sum(axis=1), 1)


@pytest.mark.parametrize(("lift", "rule"), [(Lift.SQUAT, "squat_depth"), (Lift.BENCH, "bench_depth")])
def test_margin_is_the_difference_of_the_surfaces(lift: Lift, rule: str) -> None:
    done = perform(lift, Phase.BOTTOM, Fault.GOOD, np.random.default_rng(8))
    assert margins_of(lift, done.sides) == done.margins_cm
    for side, one in done.sides.items():
        pair = (
            (one.knee_top_cm, one.hip_crease_cm)
            if lift is Lift.SQUAT
            else (one.shoulder_top_cm, one.elbow_underside_cm)
        )
        assert done.margins_cm[rule][side] == pytest.approx(pair[0] - pair[1])


def test_shoulders_back_is_against_deltoid_ahead() -> None:
    done = perform(Lift.DEADLIFT, Phase.LOCKOUT, Fault.GOOD, np.random.default_rng(8))
    for side, one in done.sides.items():
        assert done.margins_cm["shoulders_back"][side] == -one.deltoid_ahead_cm


def test_depth_on_a_part_of_the_skin_is_that_on_all_of_it() -> None:
    from gold.synth.skeleton import bones_forward

    body = body_of(BODY)
    bones = bones_forward(body.skeleton, body.skeleton.head("root"), {})
    depths = depths_m(Lift.SQUAT, body, bones)
    for side in Side:
        assert depths[side] == pytest.approx(knee_top_m(body.skin, side) - hip_crease_m(body.skin, side), abs=1e-9)
