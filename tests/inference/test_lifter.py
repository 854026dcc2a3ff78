"""Which of several people is the lifter: the score, when staff are asked, and that staff have the last word."""

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gold.truth import CameraTruth, Fault, Kind, PersonTruth, Placement, Role, Truth, truth_line
from inference import lifter_fit
from inference.finder.place import LifterPlace, parts_of
from inference.lifter import (
    BOX_WIDER,
    FEATURES,
    HINT_SURE,
    LifterChoice,
    Region,
    features,
    fitted,
    lifter_choose,
)
from inference.lifter_scenes import Source, scene_draw
from judging.pose import Lift, Phase, Pose, View
from tests import factories as make
from tests.inference import poses

WIDTH, HEIGHT = 1000.0, 800.0
HANDS_BEHIND = {**poses.STANDING, "elbow": (0.35, 0.6), "wrist": (0.6, 0.9)}


def person(parts: dict, x: float, y: float, scale: float = 1.0, seen: int = 17) -> Pose:
    """The body with the middle of its joints at x, y px; at scale 1 its trunk is 120 px. The last joints are unseen."""
    points = poses.pose_of(parts).points.copy()
    middle = (points[:, :2].min(axis=0) + points[:, :2].max(axis=0)) / 2
    points[:, :2] = (points[:, :2] - middle) * scale + (x, y)
    points[seen:, 2] = 0.1
    return Pose(points)


def squat_with_spotters() -> list[Pose]:
    """The lifter in the middle, a spotter at each end of the bar, somebody far off."""
    return [
        person(HANDS_BEHIND, 150, 420, 0.9),
        person(poses.SQUAT_BOTTOM, 500, 430, 1.1),
        person(poses.STANDING_ARMS, 850, 420, 0.9),
        person(poses.STANDING_ARMS, 300, 200, 0.3),
    ]


def choose(people: list[Pose], **known: object) -> LifterChoice:
    return lifter_choose(people, WIDTH, HEIGHT, **known)


def place(choice: LifterChoice, people: list[Pose]) -> int | None:
    return next((index for index, one in enumerate(people) if one is choice.pose), None)


@st.composite
def crowds(draw: st.DrawFn) -> list[Pose]:
    """Two to six people anywhere in the photo or half out of it."""
    bodies = [poses.SQUAT_BOTTOM, poses.BENCH_BOTTOM, poses.DEADLIFT_START, poses.STANDING_ARMS, HANDS_BEHIND]
    some = st.tuples(
        st.sampled_from(bodies), st.floats(-50, 1050), st.floats(-50, 850), st.floats(0.1, 2.5), st.integers(6, 17)
    )
    # A little aside: a joint that lies exactly on the photo's edge is inside or not as the mirror's rounding has it.
    return [person(parts, x + 0.123, *rest) for parts, x, *rest in draw(st.lists(some, min_size=2, max_size=6))]


LIFTS = st.sampled_from([None, *Lift])
PHASES = st.sampled_from([None, *Phase])


def test_the_lifter_stands_out_among_spotters() -> None:
    people = squat_with_spotters()
    for lift in (Lift.SQUAT, None):
        choice = choose(people, lift=lift)
        assert place(choice, people) == 1
        assert not choice.unsure
        assert choice.margin >= fitted().margin
        assert [one.chosen for one in choice.people] == [True, False, False, False]
        assert choice.people[0].box == people[1].box()


def test_whoever_lies_is_the_bench_press_and_the_larger_spotter_is_not() -> None:
    people = [person(poses.BENCH_BOTTOM, 500, 450, 1.1), person(HANDS_BEHIND, 690, 350, 1.1)]
    assert place(choose(people, lift=Lift.BENCH), people) == 0


def test_the_same_two_people_are_told_apart_by_the_attempts_lift() -> None:
    squat, bench = person(poses.SQUAT_BOTTOM, 330, 430), person(poses.BENCH_BOTTOM, 670, 430)
    scores = {
        lift: {id(one.pose): one.score for one in choose([squat, bench], lift=lift).people}
        for lift in (Lift.SQUAT, Lift.BENCH)
    }
    assert scores[Lift.SQUAT][id(squat)] > 0.8 > scores[Lift.BENCH][id(squat)]
    assert scores[Lift.BENCH][id(bench)] > 0.8 > scores[Lift.SQUAT][id(bench)]


def test_two_alike_are_asked_about_and_nobody_is_chosen() -> None:
    people = [person(poses.SQUAT_BOTTOM, 350, 430), person(poses.SQUAT_BOTTOM, 650, 430)]
    choice = choose(people, lift=Lift.SQUAT)
    assert (choice.pose, choice.unsure) == (None, True)
    assert choice.margin == pytest.approx(0.0, abs=0.05)
    assert len(choice.people) == 2
    assert not any(one.chosen for one in choice.people)


def test_two_bystanders_are_asked_about_though_one_is_the_likelier() -> None:
    people = [person(HANDS_BEHIND, 200, 420, 0.8), person(HANDS_BEHIND, 950, 420, 0.6)]
    choice = choose(people, lift=Lift.BENCH)
    assert (choice.pose, choice.unsure) == (None, True)
    assert sum(one.score for one in choice.people) < 0.5


def test_a_lifter_alone_is_the_lifter() -> None:
    for lift, phase, parts in (
        (Lift.SQUAT, Phase.BOTTOM, poses.SQUAT_BOTTOM),
        (Lift.BENCH, Phase.LOCKOUT, poses.BENCH_LOCKOUT),
        (Lift.DEADLIFT, Phase.START, poses.DEADLIFT_START),
    ):
        alone = person(parts, 500, 420, 1.5)
        for known in ({"lift": lift, "phase": phase}, {"lift": lift}, {}):
            choice = choose([alone], **known)
            assert (choice.pose, choice.unsure, choice.alone) == (alone, False, alone)
            assert choice.margin >= fitted().margin


def test_a_bystander_alone_is_asked_about_and_never_taken() -> None:
    alone = person(HANDS_BEHIND, 200, 500, 0.8)
    for lift in (Lift.SQUAT, Lift.BENCH):
        choice = choose([alone], lift=lift, phase=Phase.BOTTOM)
        assert (choice.pose, choice.unsure, choice.alone) == (None, True, alone)
    hardly = choose([person(HANDS_BEHIND, 500, 400, seen=5)])
    assert (hardly.pose, hardly.unsure, hardly.alone) == (None, False, None)
    assert [one.score for one in hardly.people] == [0.0]


def test_trunk_and_legs_that_no_moment_of_the_lift_has_are_asked_about() -> None:
    people = [person(poses.STANDING_ARMS, 500, 400, 1.5), person(HANDS_BEHIND, 60, 700, 0.2)]
    choice = choose(people, lift=Lift.BENCH, phase=Phase.BOTTOM)
    assert (choice.pose, choice.unsure) == (None, True)


def test_whoever_stands_upright_is_less_likely_at_a_squats_lowest_moment() -> None:
    erect = person(poses.SQUAT_LOCKOUT, 500, 420, 1.2)
    scores = {phase: choose([erect], lift=Lift.SQUAT, phase=phase).people[0].score for phase in (None, *Phase)}
    assert scores[Phase.LOCKOUT] == scores[None] > scores[Phase.BOTTOM]


def test_nobody_is_nobody() -> None:
    assert choose([]) == LifterChoice(None, 0.0)
    assert choose([], lifter_at=(0.5, 0.5)) == LifterChoice(None, 0.0)


def test_staffs_word_wins_over_every_score() -> None:
    people = squat_with_spotters()
    assert choose(people, lift=Lift.SQUAT, lifter_at=(0.85, 0.5)).pose is people[2]
    assert choose(people, lift=Lift.SQUAT, lifter_at=(0.3, 0.25)).pose is people[3]
    twins = [person(poses.SQUAT_BOTTOM, 350, 430), person(poses.SQUAT_BOTTOM, 650, 430)]
    choice = choose(twins, lifter_at=(0.65, 0.5))
    assert (choice.pose, choice.unsure) == (twins[1], False)


def test_where_staff_point_at_nobody_there_is_no_lifter() -> None:
    choice = choose(squat_with_spotters(), lift=Lift.SQUAT, lifter_at=(0.98, 0.02))
    assert (choice.pose, choice.unsure, len(choice.people)) == (None, False, 4)
    assert choose(squat_with_spotters(), lifter_at=(float("nan"), 0.5)).pose is None


def test_of_two_boxes_the_nearer_limbs_count() -> None:
    large, small = person(poses.STANDING_ARMS, 500, 400, 1.5), person(poses.STANDING_ARMS, 520, 480, 0.4)
    at = lambda one: (one.points[11, 0] / WIDTH, one.points[11, 1] / HEIGHT)  # noqa: E731
    assert choose([large, small], lifter_at=at(small)).pose is small
    assert choose([large, small], lifter_at=at(large)).pose is large


@settings(max_examples=40)
@given(crowd=crowds(), lift=LIFTS, data=st.data())
def test_pointing_always_hits_somebody_whose_box_is_there(
    crowd: list[Pose], lift: Lift | None, data: st.DataObject
) -> None:
    at = data.draw(st.tuples(st.floats(0, 1), st.floats(0, 1)))
    choice = choose(crowd, lift=lift, lifter_at=at)
    assert not choice.unsure
    if choice.pose is not None:
        x0, y0, x1, y1 = choice.pose.box()
        wider = BOX_WIDER * np.hypot(x1 - x0, y1 - y0) + 1e-6
        assert x0 - wider <= at[0] * WIDTH <= x1 + wider
        assert y0 - wider <= at[1] * HEIGHT <= y1 + wider


@settings(max_examples=40)
@given(crowd=crowds(), lift=LIFTS, phase=PHASES)
def test_the_mirrored_photo_has_the_mirrored_lifter(crowd: list[Pose], lift: Lift | None, phase: Phase | None) -> None:
    mirror = [poses.mirrored(one, WIDTH) for one in crowd]
    assert np.allclose(
        features(crowd, WIDTH, HEIGHT, lift, phase, Region(0.1, 0.2, 0.5, 0.9)),
        features(mirror, WIDTH, HEIGHT, lift, phase, Region(0.5, 0.2, 0.9, 0.9)),
    )
    here, there = (choose(people, lift=lift, phase=phase) for people in (crowd, mirror))
    assert here.margin == pytest.approx(there.margin, abs=1e-6)
    # Of equals the one at the photo's left comes first, which the mirror turns round.
    if here.margin > 0.01:
        assert place(here, crowd) == place(there, mirror)


@settings(max_examples=40)
@given(crowd=crowds(), lift=LIFTS, power=st.integers(-4, 5))
def test_the_photos_size_in_pixels_does_not_matter(crowd: list[Pose], lift: Lift | None, power: int) -> None:
    scale = 2.0**power  # exact: nobody slips over the photo's edge by rounding
    larger = [Pose(one.points * (scale, scale, 1)) for one in crowd]
    region = Region(0.1, 0.2, 0.5, 0.9)
    assert np.allclose(
        features(crowd, WIDTH, HEIGHT, lift, None, region),
        features(larger, WIDTH * scale, HEIGHT * scale, lift, None, region),
    )


@settings(max_examples=40)
@given(crowd=crowds(), lift=LIFTS, data=st.data())
def test_the_order_of_the_people_does_not_matter(crowd: list[Pose], lift: Lift | None, data: st.DataObject) -> None:
    first = choose(crowd, lift=lift)
    again = choose(data.draw(st.permutations(crowd)), lift=lift)
    assert [one.box for one in first.people] == [one.box for one in again.people]
    assert [one.score for one in first.people] == pytest.approx([one.score for one in again.people])
    assert first.margin == pytest.approx(again.margin)


@settings(max_examples=40)
@given(crowd=crowds(), lift=LIFTS)
def test_outside_the_platform_a_person_is_less_likely(crowd: list[Pose], lift: Lift | None) -> None:
    away = features(crowd, WIDTH, HEIGHT, lift, None, Region(0.0, 0.0, 0.01, 0.01))
    free = features(crowd, WIDTH, HEIGHT, lift, None, None)
    assert (away <= free).all()
    x0, y0, x1, y1 = crowd[0].box()
    middle = (x0 + x1) / 2 / WIDTH, (y0 + y1) / 2 / HEIGHT
    if 0.02 < middle[0] < 0.9 and 0.02 < middle[1] < 0.9:
        here = Region(middle[0] - 0.02, middle[1] - 0.02, middle[0] + 0.02, middle[1] + 0.02)
        at_home, abroad = (
            choose(crowd, lift=lift, region=here),
            choose(crowd, lift=lift, region=Region(0.97, 0.97, 1, 1)),
        )
        score = lambda choice: next(one.score for one in choice.people if one.pose is crowd[0])  # noqa: E731
        if len(crowd) == 2 and features(crowd, WIDTH, HEIGHT, lift, None, Region(0.97, 0.97, 1, 1))[1, -1] == 0:
            assert score(at_home) >= score(abroad) - 1e-9


@given(st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=4))
@settings(max_examples=50)
def test_wild_numbers_give_a_score_that_is_a_number(seeds: list[int]) -> None:
    people = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        points = np.column_stack([rng.normal(0, 10.0 ** rng.integers(-300, 300), (17, 2)), rng.uniform(0, 1, 17)])
        people.append(Pose(points if seed % 3 else np.tile([5.0, 5.0, 1.0], (17, 1))))
    rows = features(people, 0.0, HEIGHT, None, None, Region(0, 0, 1, 1))
    assert np.isfinite(rows).all()
    assert ((rows >= -2) & (rows <= 0)).all()
    choice = choose(people)
    assert 0 <= choice.margin <= 1
    assert all(0 <= one.score <= 1 for one in choice.people)


def test_thirty_people_are_ranked() -> None:
    people = squat_with_spotters()
    people += [person(poses.STANDING_ARMS, 30 + 35 * number, 150, 0.25) for number in range(26)]
    choice = choose(people, lift=Lift.SQUAT)
    assert choice.pose is people[1]
    assert len(choice.people) == 30


@pytest.mark.parametrize(
    "corners", [(0.5, 0, 0.5, 1), (0, 0.6, 1, 0.4), (-0.1, 0, 1, 1), (0, 0, 1, 1.2), (0, 0, float("nan"), 1)]
)
def test_a_region_that_is_none_is_refused(corners: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="region"):
        Region(*corners)


def test_how_far_outside_a_region_a_place_lies() -> None:
    region = Region(0.2, 0.2, 0.5, 0.6)
    assert region.outside(0.3, 0.5) == 0.0
    assert region.outside(0.8, 1.0) == pytest.approx(1.0)


def test_the_fitted_numbers_never_reward_what_no_lifter_does() -> None:
    fit = fitted()
    assert len(fit.weights) == len(FEATURES)
    assert (fit.weights >= 0).all()
    assert 0 < fit.margin < 1
    assert fit.weights[FEATURES.index("region")] > 0
    assert fit.weights[FEATURES.index("moment")] > 0


def sources() -> list[Source]:
    moments = {
        Lift.SQUAT: (poses.SQUAT_BOTTOM, poses.SQUAT_LOCKOUT),
        Lift.BENCH: (poses.BENCH_BOTTOM, poses.BENCH_LOCKOUT),
        Lift.DEADLIFT: (poses.DEADLIFT_START, poses.DEADLIFT_MID),
    }
    return [
        Source(f"{lift} {number}", lift, poses.pose_of(parts))
        for lift, moment in moments.items()
        for number, parts in enumerate(moment)
    ]


def test_the_fit_is_the_same_every_time_and_learns_who_lifts() -> None:
    problems = lifter_fit.problems_build(sources(), [poses.pose_of(HANDS_BEHIND)], 12, seed=3)
    weights = lifter_fit.fit(problems)
    again = lifter_fit.problems_build(sources(), [poses.pose_of(HANDS_BEHIND)], 12, seed=3)
    assert np.array_equal(lifter_fit.fit(again), weights)
    assert (weights[:-2] >= 0).all()
    answers = lifter_fit.held_out(problems)
    assert len(answers) == len(problems)
    assert lifter_fit.figures(answers, 0.0)["first_right"] > 0.8


def test_the_margin_is_the_least_that_keeps_wrong_calls_rare() -> None:
    right = [lifter_fit.Called("a", margin, True, True) for margin in np.linspace(0.305, 0.995, 99)]
    wrong = [lifter_fit.Called("a", margin, False, True) for margin in (0.15, 0.25, 0.255, 0.41)]
    assert lifter_fit.margin_least(right + wrong) == 0.26
    of = lifter_fit.figures(right + wrong, 0.26)
    assert (of["right"], of["wrong_of_called"]) == (99 / 103, 0.01)
    assert lifter_fit.margin_least(wrong) == 0.42


def test_a_scene_knows_its_lifter() -> None:
    rng = np.random.default_rng(8)
    scenes = [scene_draw(source, [], rng) for source in sources() for _ in range(20)]
    assert any(scene.truth is None for scene in scenes)
    assert any(scene.region for scene in scenes)
    for scene in scenes:
        assert scene.truth is None or 0 <= scene.truth < len(scene.people)


def test_people_without_most_labels_are_left_out(tmp_path) -> None:
    labelled = [10.0, 20.0, 2.0] * 12 + [0.0, 0.0, 0.0] * 5
    path = tmp_path / "people.json"
    path.write_text(f'{{"annotations": [{{"keypoints": {labelled}}}, {{"keypoints": {[0.0] * 51}}}]}}')
    (pose,) = lifter_fit.labelled_read(path)
    assert pose.points[16].tolist() == [10.0, 20.0, 0.0]


def test_the_written_file_reads_back(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.arange(len(FEATURES) + 2, dtype=float)
    called = [lifter_fit.Called(group, 0.5, True, True) for group in "ab"]
    called.append(lifter_fit.Called("a", 0.2, False, False, rendered=True, alone=True))
    notes = lifter_fit.notes_of(called, 0.37)
    assert notes[1].startswith("  built, several people (2): called right 1.000, asked 0.000")
    path = tmp_path / "lifter.toml"
    path.write_text(lifter_fit.written(weights, 0.37, notes))
    monkeypatch.setattr("inference.lifter.FITTED", path)
    fit = fitted.__wrapped__()
    assert fit.weights.tolist() == weights[:-2].tolist()
    assert (fit.none_worth, fit.alone_none_worth, fit.margin) == (weights[-2], weights[-1], 0.37)
    path.write_text(path.read_text().replace("centre", "luck"))
    with pytest.raises(ValueError, match="lifter_fit"):
        fitted.__wrapped__()
    assert dataclasses.is_dataclass(fit)


def test_a_heavier_scene_counts_like_so_many() -> None:
    problems = lifter_fit.problems_build(sources(), [], 4, seed=5)
    heavy = [dataclasses.replace(problem, weight=3.0) for problem in problems]
    assert np.allclose(lifter_fit.fit(heavy), lifter_fit.fit([*problems, *problems, *problems]), atol=1e-6)


def blank_of(kind: Kind) -> bytes:
    """A photo of nothing, another for each kind."""
    shade = 60 * list(Kind).index(kind)
    return make.encoded(Image.new("RGB", (int(WIDTH), int(HEIGHT)), (shade, shade, shade)))


def rendered(folder: Path, kind: Kind, people: dict[Role, Pose]) -> None:
    """One rendered photo of these people, and what the engine saw in it: just them."""
    folder.mkdir()
    (folder / "0.jpg").write_bytes(blank_of(kind))
    lift = kind is Kind.LIFT
    truth = Truth(
        "0.jpg", "", 1, 0, int(WIDTH), int(HEIGHT), kind, Lift.SQUAT if lift else None, Phase.BOTTOM if lift else None,
        View.FRONT, Placement.ANYWHERE, Fault.GOOD, CameraTruth(0, 100, 400, 0, 0, 900),
        tuple(
            PersonTruth(role, one.points[:, :2], np.zeros((17, 3)), np.ones(17, bool), 170)
            for role, one in people.items()
        ),
        {}, {}, (), {}, {},
    )  # fmt: skip
    (folder / "truth.jsonl").write_text(truth_line(truth) + "\n")


def test_rendered_photos_are_problems_with_a_known_lifter_or_none(tmp_path: Path) -> None:
    spotter, lifter = person(HANDS_BEHIND, 150, 420, 0.9), person(poses.SQUAT_BOTTOM, 500, 430, 1.1)
    rendered(tmp_path / "lift", Kind.LIFT, {Role.LIFTER: lifter, Role.SPOTTER: spotter})
    rendered(tmp_path / "spotters", Kind.SPOTTERS, {Role.SPOTTER: spotter})
    kept = tmp_path / "readings.json"
    seen = {Kind.LIFT: [spotter, lifter], Kind.SPOTTERS: [spotter]}
    kept.write_text(
        json.dumps(
            {
                hashlib.sha256(blank_of(kind)).hexdigest(): [one.points.tolist() for one in of]
                for kind, of in seen.items()
            }
        )
    )
    readings = lifter_fit.Readings(kept)
    lifts = lifter_fit.rendered_read(tmp_path / "lift", readings)
    assert [(one.truth, len(one.measures), one.rendered) for one in lifts] == [(1, 3, True)] * 2
    alone = lifter_fit.rendered_read(tmp_path / "spotters", readings)
    assert [(one.truth, len(one.measures)) for one in alone] == [(1, 2)] * 6
    for problems in (lifts, alone):
        assert sum(one.weight for one in problems) == pytest.approx(lifter_fit.RENDERED_WEIGHT)


def hint_on(pose: Pose, present: float = 1.0) -> LifterPlace:
    return LifterPlace(parts_of(pose.points[:, :2]), present)


def test_a_hint_decides_between_two_alike() -> None:
    people = [person(poses.SQUAT_BOTTOM, 350, 430), person(poses.SQUAT_BOTTOM, 650, 430)]
    for number in (0, 1):
        choice = choose(people, lift=Lift.SQUAT, place=hint_on(people[number]))
        assert (place(choice, people), choice.unsure) == (number, False)


def test_a_hint_without_doubt_at_nobody_says_that_the_lifter_is_hidden_and_no_other_asks_staff() -> None:
    people = [person(poses.SQUAT_BOTTOM, 350, 430), person(poses.SQUAT_BOTTOM, 650, 430)]
    between = person(poses.SQUAT_BOTTOM, 500, 430)
    for hint in (None, hint_on(between, HINT_SURE - 0.01), hint_on(person(poses.SQUAT_BOTTOM, 390, 430))):
        choice = choose(people, lift=Lift.SQUAT, place=hint)
        assert (choice.unsure, choice.hidden) == (hint is None or hint.present < HINT_SURE, False)
    choice = choose(people, lift=Lift.SQUAT, place=hint_on(between))
    assert (choice.pose, choice.unsure, choice.hidden) == (None, False, True)
    assert [one.chosen for one in choice.people] == [False, False]


def test_where_the_finder_has_no_doubt_and_nobody_was_read_the_lifter_is_hidden() -> None:
    hint = hint_on(person(poses.SQUAT_BOTTOM, 500, 430))
    assert choose([], place=hint) == LifterChoice(None, 0.0, hidden=True)
    assert not choose([], place=hint_on(person(poses.SQUAT_BOTTOM, 500, 430), 0.5)).hidden


def test_staff_can_say_that_the_lifter_is_none_of_those_who_were_read() -> None:
    people = [person(poses.SQUAT_BOTTOM, 350, 430), person(HANDS_BEHIND, 650, 430)]
    assert choose(people, lift=Lift.SQUAT).pose is people[0]
    choice = choose(people, lift=Lift.SQUAT, lifter_hidden=True, lifter_at=(0.35, 0.5))
    assert (choice.pose, choice.unsure, choice.hidden, len(choice.people)) == (None, False, True, 2)


def test_whom_the_finder_means_is_the_lifter_however_he_was_read() -> None:
    """From the end of the bench a lying body stands upright in the photo, unlike every moment of the lift."""
    alone = [person(poses.STANDING_ARMS, 500, 430)]
    assert choose(alone, lift=Lift.BENCH).unsure
    assert choose(alone, lift=Lift.BENCH, place=hint_on(person(poses.STANDING_ARMS, 700, 430))).hidden
    choice = choose(alone, lift=Lift.BENCH, place=hint_on(alone[0]))
    assert (choice.pose, choice.unsure) == (alone[0], False)


def test_where_the_finder_sees_nobody_lift_staff_are_asked() -> None:
    alone = [person(poses.SQUAT_BOTTOM, 500, 430)]
    assert not choose(alone, lift=Lift.SQUAT).unsure
    choice = choose(alone, lift=Lift.SQUAT, place=hint_on(alone[0], 0.02))
    assert (choice.pose, choice.unsure) == (None, True)
    pointed = choose(alone, lift=Lift.SQUAT, place=hint_on(alone[0], 0.02), lifter_at=(0.5, 0.5))
    assert pointed.pose is alone[0]


@given(people=crowds(), present=st.floats(0, 1), lift=LIFTS)
@settings(max_examples=30, deadline=None)
def test_a_hint_on_somebody_never_makes_him_less_likely(people: list[Pose], present: float, lift: Lift | None) -> None:
    """Against the others; the shares still add up to 1 or less."""
    without = {id(one.pose): one.score for one in choose(people, lift=lift).people}
    given_hint = {
        id(one.pose): one.score for one in choose(people, lift=lift, place=hint_on(people[0], present)).people
    }
    assert sum(given_hint.values()) <= 1 + 1e-9
    first = id(people[0])
    others = [score for key, score in without.items() if key != first]
    now = [score for key, score in given_hint.items() if key != first]
    assert given_hint[first] / (given_hint[first] + sum(now) + 1e-12) >= (
        without[first] / (without[first] + sum(others) + 1e-12) - 1e-6
    )


def test_somebody_alone_beside_the_platform_is_asked_about() -> None:
    """The finder may have missed the lifter: whoever stands elsewhere must not be judged in his place."""
    person = poses.pose_of(poses.SQUAT_BOTTOM)
    x0, y0, x1, y1 = person.box() or (0, 0, 0, 0)
    width, height = x1 * 4, y1 * 1.2

    beside = lifter_choose([person], width, height, region=Region(0.6, 0.1, 0.9, 0.9))
    assert (beside.pose, beside.unsure, len(beside.people)) == (None, True, 1)
    on_it = lifter_choose([person], width, height, region=Region(x0 / width * 0.9, 0.0, x1 / width * 1.1, 1.0))
    assert (on_it.pose, on_it.unsure) == (person, False)
    said = lifter_choose(
        [person],
        width,
        height,
        region=Region(0.6, 0.1, 0.9, 0.9),
        lifter_at=((x0 + x1) / 2 / width, (y0 + y1) / 2 / height),
    )
    assert (said.pose, said.unsure) == (person, False)
