from collections import Counter
from dataclasses import asdict, replace
from functools import cache

import numpy as np
import pytest

from gold.placements import placements_load
from gold.synth.lifts import faults_of, phases_of
from gold.synth.look import look_draw
from gold.synth.optics import camera_truth
from gold.synth.scene import FOV_DEG, Options, PlacementMix, Plan, Scene, camera_framed, plan_draw, scene_draw
from gold.synth.scene import scene_with_camera as with_camera
from gold.truth import Fault, Kind, Placement
from judging.pose import Lift, Phase


def plans(options: Options, count: int = 1500) -> list[Plan]:
    return [plan_draw(np.random.default_rng([3, index]), options) for index in range(count)]


def test_the_mix_is_the_stated_one() -> None:
    drawn = plans(Options(), 4000)
    kinds = Counter(plan.kind for plan in drawn)
    assert kinds[Kind.LIFT] / 4000 == pytest.approx(0.88, abs=0.02)
    assert kinds[Kind.SPOTTERS] / 4000 == pytest.approx(0.08, abs=0.015)
    lifted = [plan for plan in drawn if plan.kind is Kind.LIFT]
    for count in Counter(plan.equipment for plan in lifted).values():
        assert count / len(lifted) == pytest.approx(1 / 3, abs=0.03)
    low = [plan.phase in (Phase.START, Phase.BOTTOM) for plan in lifted]
    assert np.mean(low) == pytest.approx(0.5, abs=0.03)
    assert np.mean([plan.phase is Phase.LOCKOUT for plan in lifted]) == pytest.approx(0.3, abs=0.03)
    assert np.mean([plan.fault is not Fault.GOOD for plan in lifted]) == pytest.approx(0.15, abs=0.02)
    assert np.mean([plan.placement is Placement.RECOMMENDED for plan in lifted]) == pytest.approx(0.5, abs=0.03)


def test_a_plan_holds_only_what_its_lift_has() -> None:
    for plan in plans(Options(spoilt=0.7)):
        if plan.phase:
            assert plan.phase in phases_of(plan.equipment)
            assert plan.fault in faults_of(plan.equipment, plan.phase)
        else:
            assert plan.fault is Fault.GOOD


def test_spotters_only_are_two_to_four_and_an_empty_platform_has_none() -> None:
    assert {plan.spotters for plan in plans(Options(kind=Kind.SPOTTERS), 200)} == {2, 3, 4}
    assert {plan.spotters for plan in plans(Options(kind=Kind.EMPTY), 200)} == {0}
    assert {plan.spotters for plan in plans(Options(kind=Kind.LIFT, lift=Lift.BENCH), 400)} == {0, 1, 2, 3, 4, 5}


@pytest.mark.parametrize("phase", list(Phase))
def test_a_phase_asked_for_comes_with_a_lift_that_has_it(phase: Phase) -> None:
    drawn = plans(Options(phase=phase, kind=Kind.LIFT), 100)
    assert {plan.phase for plan in drawn} == {phase}
    assert {plan.equipment for plan in drawn} == {lift for lift in Lift if phase in phases_of(lift)}


def test_the_cameras_asked_for_leave_the_rest_of_the_plan() -> None:
    mixed = plans(Options(), 100)
    recommended = plans(Options(placement=PlacementMix.RECOMMENDED), 100)
    assert [replace(plan, placement=Placement.RECOMMENDED) for plan in mixed] == recommended


def test_some_photos_are_taken_upright_but_none_of_a_bench() -> None:
    sizes = Counter((plan.equipment, plan.width, plan.height) for plan in plans(Options()))
    assert (Lift.BENCH, 720, 960) not in sizes
    assert 0.1 < sizes[Lift.SQUAT, 720, 960] / (sizes[Lift.SQUAT, 720, 960] + sizes[Lift.SQUAT, 960, 720]) < 0.2


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"lift": Lift.SQUAT, "phase": Phase.START}, "a squat has no phase start: take one of bottom, mid, lockout"),
        ({"spoilt": 1.5}, "the spoilt share is 1.5"),
        ({"width": 20}, "a photo of 20x720 px"),
    ],
)
def test_what_cannot_be_drawn_is_refused(asked: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Options(**asked)  # type: ignore[arg-type]


def test_a_look_is_the_same_from_the_same_seed_and_its_first_plate_is_large() -> None:
    looks = [look_draw(np.random.default_rng(seed)) for seed in range(40)]
    assert repr(looks[0]) == repr(look_draw(np.random.default_rng(0)))
    assert {look.plates[0].radius_m for look in looks} == {0.225}
    assert {len(look.plates) for look in looks} == {1, 2, 3, 4}
    for look in looks:
        radii = [plate.radius_m for plate in look.plates]
        assert radii == sorted(radii, reverse=True)


def test_a_zoom_fills_the_photo_with_its_subject_as_far_as_it_reaches() -> None:
    subject = np.array([[-0.3, 0.0, 0.0], [0.3, 0.0, 1.8]])
    near = camera_framed(subject.mean(axis=0), subject, azimuth_deg=0, height_m=0.9, distance_m=3.0, fill=0.8)
    assert np.ptp(near.project(subject)[:, 1]) == pytest.approx(0.8 * 720)
    far = camera_framed(subject.mean(axis=0), subject, azimuth_deg=0, height_m=0.9, distance_m=30.0)
    assert far.fov_deg == pytest.approx(FOV_DEG[0])
    close = camera_framed(subject.mean(axis=0), subject, azimuth_deg=0, height_m=0.9, distance_m=0.8)
    assert close.fov_deg == pytest.approx(FOV_DEG[1])


@cache
def drawn(index: int, placement: PlacementMix = PlacementMix.RECOMMENDED, kind: Kind = Kind.LIFT) -> Scene:
    pytest.importorskip("anny")
    return scene_draw(5, index, Options(placement=placement, kind=kind, phase=None))


@pytest.mark.synth
@pytest.mark.parametrize("index", range(3))
def test_a_recommended_camera_stands_within_the_tolerance_of_a_place(index: int) -> None:
    scene, placements = drawn(index), placements_load()
    camera, off = camera_truth(scene.camera, scene.middle), placements.tolerance
    assert any(
        abs(abs(camera.azimuth_deg) - spot.azimuth_deg) <= off.azimuth_deg
        and abs(camera.height_cm - spot.height_cm) <= off.height_cm
        and abs(camera.distance_cm - spot.distance_cm) <= off.distance_cm
        for spot in placements.spots[scene.plan.equipment]
    )


@pytest.mark.synth
def test_the_same_performance_is_seen_from_other_cameras() -> None:
    one, other = drawn(0), drawn(0, PlacementMix.ANYWHERE)
    assert one.performance
    assert other.performance
    assert one.performance.figure.vertices.tobytes() == other.performance.figure.vertices.tobytes()
    assert one.camera.eye.tolist() != other.camera.eye.tolist()
    moved = with_camera(one, other.camera)
    assert moved.performance is one.performance
    assert (moved.camera, moved.plan.placement) == (other.camera, Placement.ANYWHERE)
    assert {
        name: value for name, value in asdict(moved.plan).items() if name not in ("placement", "width", "height")
    } == {name: value for name, value in asdict(one.plan).items() if name not in ("placement", "width", "height")}


@pytest.mark.synth
def test_the_lifter_comes_first_and_the_others_stand_clear_of_him() -> None:
    scene = drawn(1)
    assert scene.performance
    assert scene.people[0] is scene.performance.figure
    assert len(scene.people) == 1 + scene.plan.spotters
    for spotter in scene.spotters:
        apart = np.linalg.norm(spotter.joints[11:13].mean(axis=0) - scene.middle)
        assert apart > 0.3


@pytest.mark.synth
def test_spotters_who_wait_stand_apart() -> None:
    scene = drawn(2, PlacementMix.ANYWHERE, Kind.SPOTTERS)
    assert scene.performance is None
    hips = [one.joints[11:13, :2].mean(axis=0) for one in scene.spotters]
    apart = [np.linalg.norm(a - b) for number, a in enumerate(hips) for b in hips[:number]]
    assert min(apart) > 0.4
