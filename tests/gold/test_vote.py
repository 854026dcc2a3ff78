from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gold.library import GoldAnnotation, GoldSet, gold_load
from gold.vote import (
    DEFAULT_MEASURE,
    PAIRS,
    Measure,
    Pair,
    Reading,
    Verdict,
    VoteResult,
    fleiss_kappa,
    pair_distance,
    vote,
)
from judging.pose import Joint, Lift, Pose, View

WRISTS = "wrist-wrist"


def lifter(wrists: float, hidden: Sequence[Joint] = ()) -> Pose:
    """A deadlifter on a photo of 1000 x 1000 px: wrists this far apart, all other pairs 100 px, box 600 x 800."""
    points = np.zeros((17, 3))
    points[Joint.NOSE] = (200, 100, 0.9)
    points[Joint.LEFT_EYE] = (800, 900, 0.9)
    for part, y in (("WRIST", 500), ("HIP", 550), ("KNEE", 700), ("ANKLE", 850)):
        gap = wrists if part == "WRIST" else 100
        points[Joint[f"LEFT_{part}"]] = (500 + gap / 2, y, 0.9)
        points[Joint[f"RIGHT_{part}"]] = (500 - gap / 2, y, 0.9)
    points[list(hidden), 2] = 0.1
    return Pose(points)


def gold_of(*annotations: tuple[View, float], hidden: Sequence[Joint] = ()) -> GoldSet:
    """A gold set of deadlifters with wrists as far apart as told."""
    return GoldSet(
        Lift.DEADLIFT,
        "test",
        tuple(
            GoldAnnotation(index, Lift.DEADLIFT, view, lifter(wrists, hidden), 1000, 1000, "made up")
            for index, (view, wrists) in enumerate(annotations)
        ),
    )


def ask(pose: Pose, gold: GoldSet, measure: Measure = Measure.IMAGE) -> VoteResult:
    return vote(pose, width=1000, height=1000, gold=gold, measure=measure)


def wrists_of(result: VoteResult) -> tuple[Reading, float | None]:
    (only,) = [one for one in result.pairs if one.pair == WRISTS]
    return only.reading, only.bad_share


GOOD, BAD = 200.0, 400.0
F, L, R = View.FRONT, View.LEFT, View.RIGHT


@pytest.mark.parametrize(
    ("gold", "reading", "bad_share"),
    [
        pytest.param([(F, GOOD), (L, BAD), (R, BAD)], Reading.FRONT_GOOD, 2 / 3, id="front clears, whatever the sides"),
        pytest.param([(F, GOOD), (L, GOOD), (R, GOOD)], Reading.FRONT_GOOD, 0.0, id="front before the sides"),
        pytest.param([(F, BAD), (L, GOOD), (R, GOOD)], Reading.SIDE_GOOD, 1 / 3, id="both sides clear"),
        pytest.param([(F, BAD), (L, GOOD), (R, BAD)], Reading.BAD, 2 / 3, id="one side is not enough"),
        pytest.param([(F, BAD), (L, BAD), (R, BAD)], Reading.BAD, 1.0, id="all bad"),
        pytest.param([(F, BAD), (L, BAD), (L, GOOD), (R, GOOD), (R, GOOD)], Reading.UNDECIDED, 0.4, id="under 2/3"),
        pytest.param([(F, BAD), (F, GOOD), (L, BAD), (R, BAD)], Reading.BAD, 0.75, id="half a view is no majority"),
        pytest.param([(F, BAD), (F, GOOD), (F, GOOD), (L, BAD)], Reading.FRONT_GOOD, 0.5, id="most of a view is"),
        pytest.param([(View.REAR, GOOD), (L, BAD), (R, BAD)], Reading.FRONT_GOOD, 2 / 3, id="rear votes as front"),
        pytest.param([(L, GOOD)], Reading.UNDECIDED, 0.0, id="a view nobody drew does not agree"),
        pytest.param([(L, BAD)], Reading.BAD, 1.0, id="one annotation alone"),
    ],
)
def test_algorithm_1(gold: list[tuple[View, float]], reading: Reading, bad_share: float) -> None:
    result = ask(lifter(GOOD), gold_of(*gold))
    assert wrists_of(result) == (reading, pytest.approx(bad_share))
    wrists = (Joint.LEFT_WRIST, Joint.RIGHT_WRIST)
    assert result.reported_joints == (wrists if reading is Reading.BAD else ())


@pytest.mark.parametrize(
    ("wrists", "verdict"),
    [(200.0, Verdict.GOOD), (299.0, Verdict.GOOD), (301.0, Verdict.BAD), (101.0, Verdict.GOOD), (99.0, Verdict.BAD)],
)
def test_bad_is_outside_the_threshold_either_way(wrists: float, verdict: Verdict) -> None:
    result = ask(lifter(wrists), gold_of((F, 200.0)))
    (one,) = [one for one in result.votes if one.pair == WRISTS]
    assert one.verdict is verdict
    assert one.distance == pytest.approx(wrists / 1000)
    assert one.gold_distance == pytest.approx(0.2)


def test_a_joint_not_found_is_left_out() -> None:
    gold = gold_of((F, GOOD), (L, GOOD), (R, GOOD))
    result = ask(lifter(BAD, hidden=[Joint.LEFT_WRIST]), gold)
    assert wrists_of(result) == (Reading.LEFT_OUT, None)
    assert {one.verdict for one in result.votes if one.pair == WRISTS} == {Verdict.LEFT_OUT}
    assert result.reported_joints == ()


def test_a_joint_the_gold_lacks_is_left_out_of_its_count() -> None:
    whole = gold_of((F, BAD), (L, BAD))
    partly = gold_of((F, BAD), (R, GOOD), hidden=[Joint.RIGHT_WRIST]).annotations[1]
    gold = GoldSet(
        Lift.DEADLIFT, "test", (*whole.annotations, GoldAnnotation(9, Lift.DEADLIFT, R, partly.pose, 1000, 1000, "x"))
    )
    assert wrists_of(ask(lifter(GOOD), gold)) == (Reading.BAD, 1.0)


def test_reported_joints_are_those_of_all_bad_pairs_in_order() -> None:
    points = np.array(lifter(BAD).points)
    points[Joint.LEFT_ANKLE, 0] += 300
    result = ask(Pose(points), gold_of((F, GOOD), (L, GOOD), (R, GOOD)))
    assert result.reported_joints == (Joint.LEFT_WRIST, Joint.RIGHT_WRIST, Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE)


def test_the_papers_pairs() -> None:
    def names(lift: Lift) -> list[str]:
        return [pair.name for pair in PAIRS[lift]]

    assert names(Lift.BENCH) == [
        "wrist-wrist",
        "left wrist-elbow",
        "right wrist-elbow",
        "elbow-elbow",
        "left elbow-shoulder",
        "right elbow-shoulder",
    ]
    assert names(Lift.DEADLIFT) == ["wrist-wrist", "hip-hip", "ankle-ankle", "knee-knee"]
    assert names(Lift.SQUAT) == ["wrist-wrist", "knee-knee", "ankle-ankle", "left hip-knee", "right hip-knee"]


def test_distance_takes_width_and_height_apart() -> None:
    points = np.zeros((17, 3))
    points[Joint.LEFT_WRIST] = (100, 100, 1)
    points[Joint.RIGHT_WRIST] = (400, 500, 1)
    points[Joint.NOSE] = (700, 900, 1)
    pair = Pair("wrist-wrist", (Joint.LEFT_WRIST, Joint.RIGHT_WRIST))
    image = pair_distance(Pose(points), pair, width=1000, height=2000, measure=Measure.IMAGE)
    box = pair_distance(Pose(points), pair, width=1000, height=2000, measure=Measure.BOX)
    assert image == pytest.approx(np.hypot(0.3, 0.2))
    assert box == pytest.approx(np.hypot(0.5, 0.5))


def test_a_box_without_a_size_leaves_the_pair_out() -> None:
    points = np.zeros((17, 3))
    points[Joint.LEFT_WRIST] = (100, 100, 1)
    points[Joint.RIGHT_WRIST] = (400, 100, 1)
    pair = Pair("wrist-wrist", (Joint.LEFT_WRIST, Joint.RIGHT_WRIST))
    assert pair_distance(Pose(points), pair, width=1000, height=1000, measure=Measure.BOX) is None


@pytest.mark.parametrize(
    ("width", "height", "threshold"), [(0, 1, 0.1), (1, -1, 0.1), (1, 1, 0.0), (1, 1, float("nan"))]
)
def test_no_vote_without_sizes(width: int, height: int, threshold: float) -> None:
    with pytest.raises(ValueError, match="no vote"):
        vote(lifter(GOOD), width=width, height=height, gold=gold_of((F, GOOD)), threshold=threshold)


# Wikipedia, "Fleiss' kappa", worked example: 14 raters, 10 subjects, 5 categories.
TEXTBOOK = [
    (0, 0, 0, 0, 14),
    (0, 2, 6, 4, 2),
    (0, 0, 3, 5, 6),
    (0, 3, 9, 2, 0),
    (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0),
    (3, 2, 6, 3, 0),
    (2, 5, 3, 2, 2),
    (6, 5, 2, 1, 0),
    (0, 2, 2, 3, 7),
]


def test_kappa_of_the_textbook() -> None:
    assert fleiss_kappa(TEXTBOOK) == pytest.approx(0.210, abs=5e-4)


def test_kappa_of_full_agreement_and_of_its_opposite() -> None:
    assert fleiss_kappa([(3, 0), (0, 3)]) == pytest.approx(1.0)
    assert fleiss_kappa([(1, 1), (1, 1)]) == pytest.approx(-1.0)


@pytest.mark.parametrize("ballots", [[], [(1, 0), (0, 1)], [(3, 0), (3, 0)]])
def test_kappa_undefined(ballots: list[tuple[int, int]]) -> None:
    assert fleiss_kappa(ballots) is None


@pytest.mark.parametrize("ballots", [[(3, 0), (2, 0)], [(3, 0), (2, 1, 0)]])
def test_kappa_needs_the_same_raters(ballots: list[tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="same raters"):
        fleiss_kappa(ballots)


def test_kappa_of_a_vote() -> None:
    # Wrists: good, bad, bad; the three other pairs: good by all.
    result = ask(lifter(GOOD), gold_of((F, GOOD), (L, BAD), (R, BAD)))
    assert result.kappa == pytest.approx(fleiss_kappa([(1, 2), (3, 0), (3, 0), (3, 0)]))
    assert ask(lifter(GOOD), gold_of((F, GOOD), (L, GOOD))).kappa is None
    assert ask(lifter(GOOD), gold_of((F, GOOD))).kappa is None


@pytest.mark.parametrize("lift", Lift)
@pytest.mark.parametrize("measure", Measure)
def test_every_gold_pose_is_good_by_a_set_that_holds_it_from_the_front(lift: Lift, measure: Measure) -> None:
    gold = gold_load(lift)
    front = next(one for one in gold.annotations if one.view is View.FRONT)
    alone = GoldSet(lift, "front", (front,))
    result = vote(front.pose, width=front.width, height=front.height, gold=alone, measure=measure)
    assert {one.reading for one in result.pairs} <= {Reading.FRONT_GOOD, Reading.LEFT_OUT}
    assert result.set_version == "front"


views = st.sampled_from(View)
annotations = st.lists(st.tuples(views, st.floats(0, 500)), min_size=1, max_size=7)
wrists = st.floats(0, 500)


@given(wrists, annotations, st.sampled_from(Measure), st.randoms())
def test_the_order_of_the_annotations_does_not_matter(
    own: float, drawn: list[tuple[View, float]], measure: Measure, random: st.DataObject
) -> None:
    turned = list(drawn)
    random.shuffle(turned)  # type: ignore[attr-defined]
    here, there = (ask(lifter(own), gold_of(*one), measure) for one in (drawn, turned))
    assert here.pairs == there.pairs
    assert here.reported_joints == there.reported_joints
    assert here.kappa == (None if there.kappa is None else pytest.approx(there.kappa))


@given(wrists, annotations, st.integers(2, 5))
def test_a_larger_photo_of_the_same_scene_votes_the_same(
    own: float, drawn: list[tuple[View, float]], size: int
) -> None:
    pose, gold = lifter(own), gold_of(*drawn)
    points = np.array(pose.points)
    points[:, :2] *= 2**size  # powers of two, so that no rounding crosses the threshold
    larger = vote(Pose(points), width=1000 * 2**size, height=1000 * 2**size, gold=gold, measure=Measure.IMAGE)
    assert larger.pairs == ask(pose, gold).pairs


@given(wrists, annotations, st.integers(1, 5000), st.integers(1, 5000))
def test_the_box_does_not_care_how_the_photo_was_cut(
    own: float, drawn: list[tuple[View, float]], width: int, height: int
) -> None:
    pose, gold = lifter(own), gold_of(*drawn)
    cut = vote(pose, width=width, height=height, gold=gold, measure=Measure.BOX)
    assert cut.pairs == ask(pose, gold, Measure.BOX).pairs


@given(wrists, annotations)
def test_left_and_right_annotations_may_change_places(own: float, drawn: list[tuple[View, float]]) -> None:
    other = {View.LEFT: View.RIGHT, View.RIGHT: View.LEFT}
    swapped = [(other.get(view, view), gap) for view, gap in drawn]
    assert ask(lifter(own), gold_of(*drawn)).pairs == ask(lifter(own), gold_of(*swapped)).pairs


@given(annotations, st.sampled_from(Measure), st.sets(st.sampled_from(Joint)))
def test_a_hidden_joint_is_never_reported(
    drawn: list[tuple[View, float]], measure: Measure, hidden: set[Joint]
) -> None:
    result = ask(lifter(450, hidden=sorted(hidden)), gold_of(*drawn), measure)
    assert not set(result.reported_joints) & hidden


def test_the_default_measure_is_the_measured_one() -> None:
    assert DEFAULT_MEASURE is Measure.BOX
