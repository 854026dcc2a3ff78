"""The line end to end with recorded poses: what is judged, and what must stay silent."""

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference.assessment import Assessment, FlagKind, LiftSeen
from inference.classify.agreement import PictureSeen
from inference.classify.net import network_load
from inference.engines.base import EngineOptions
from inference.engines.truth import TruthEngine
from inference.errors import EngineError, ImageError
from inference.finder.place import HANDS, HIPS, SHOULDERS, LifterPlace, parts_of
from inference.images import Photo
from inference.lifter import lifter_choose
from inference.pipeline import Pipeline, Request, _believed, people_assess
from inference.report import report
from judging.outcomes import Outcome, Reason
from judging.pose import Joint, Lift, Phase, Pose, View
from judging.rulebook import rulebook_load
from tests.inference import poses

BOOK = "ipf-2026-v3"


def photo(width: int = 600, height: int = 700) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (90, 90, 90)).save(out, "PNG")
    return out.getvalue()


def assess(tmp_path: Path, people: list[Pose], **stated: object) -> Assessment:
    """One photo of 600 x 700 px in which the recorded engine sees these people."""
    data = photo()
    size = np.array([600, 700, 1.0])
    recording = {hashlib.sha256(data).hexdigest(): [(person.points / size).tolist() for person in people]}
    path = tmp_path / "poses.json"
    path.write_text(json.dumps(recording))
    known = {"lift": None, "phase": None, "view": None, **stated}
    return Pipeline("recorded", options=EngineOptions(recorded_poses=path)).assess(data, rulebook=BOOK, **known)


def outcomes(assessment: Assessment) -> set[tuple[str, Outcome, Reason | None]]:
    return {(finding.rule, finding.outcome, finding.reason) for finding in assessment.findings}


def raised(parts: dict) -> dict:
    """A squat stopped far too high: hips a third of a trunk above the knees."""
    return {**parts, "hip": (0.25, 0.55), "knee": (-0.5, 0.95)}


def test_nobody_found_can_only_be_silence(tmp_path: Path) -> None:
    seen = assess(tmp_path, [], lift=Lift.SQUAT, phase=Phase.BOTTOM, view=View.LEFT)
    assert outcomes(seen) == {
        ("squat_depth", Outcome.CANNOT_JUDGE, Reason.NO_LIFTER),
        ("knees_locked", Outcome.CANNOT_JUDGE, Reason.NO_LIFTER),
    }
    assert (seen.pose, seen.votes, seen.flag) == (None, None, FlagKind.NONE)


def test_a_deep_squat_said_to_be_the_lowest_moment_meets(tmp_path: Path) -> None:
    deep = {**poses.SQUAT_BOTTOM, "hip": (0.25, 1.45), "knee": (-0.5, 0.85)}
    seen = assess(tmp_path, [poses.pose_of(deep)], lift=Lift.SQUAT, phase=Phase.BOTTOM, view=View.LEFT)
    assert ("squat_depth", Outcome.MEETS, None) in outcomes(seen)
    assert seen.flag is FlagKind.NONE
    assert seen.votes is not None


def test_a_high_squat_said_to_be_the_lowest_moment_is_flagged(tmp_path: Path) -> None:
    high = poses.pose_of(raised(poses.SQUAT_BOTTOM))
    seen = assess(tmp_path, [high], lift=Lift.SQUAT, phase=Phase.BOTTOM, view=View.LEFT)
    assert ("squat_depth", Outcome.BREACH, None) in outcomes(seen)
    assert seen.flag is FlagKind.BREACH


def test_the_same_high_squat_is_no_breach_when_nobody_said_it_is_the_lowest_moment(tmp_path: Path) -> None:
    high = poses.pose_of(raised(poses.SQUAT_BOTTOM))
    seen = assess(tmp_path, [high], lift=Lift.SQUAT, view=View.LEFT)
    assert Outcome.BREACH not in {finding.outcome for finding in seen.findings}
    assert seen.flag is FlagKind.NONE


def test_a_deadlift_among_the_squats_is_flagged_and_not_judged(tmp_path: Path) -> None:
    pulled = poses.pose_of(poses.DEADLIFT_LOCKOUT)
    seen = assess(tmp_path, [pulled], lift=Lift.SQUAT, phase=Phase.LOCKOUT, view=View.LEFT)
    assert {reason for _, _, reason in outcomes(seen)} == {Reason.WRONG_LIFT}
    assert seen.flag is FlagKind.MISMATCH
    assert seen.votes is None
    assert seen.findings[0].detail == (
        "This photo looks like a deadlift, not like a squat. Was it uploaded to the right attempt?"
    )


def test_a_lift_that_staff_have_said_is_judged_whatever_it_looks_like(tmp_path: Path) -> None:
    pulled = poses.pose_of(poses.DEADLIFT_LOCKOUT)

    def reasons(**said: Any) -> tuple[set[Reason | None], FlagKind]:
        seen = assess(tmp_path, [pulled], lift=Lift.SQUAT, phase=Phase.LOCKOUT, view=View.LEFT, **said)
        return {reason for _, _, reason in outcomes(seen)}, seen.flag

    # Who stands as in another lift may not be the lifter at all: staff are asked that, and no longer for the lift.
    assert reasons(lift_said=True) == ({Reason.LIFTER_UNSURE}, FlagKind.LIFTER)
    assert reasons(lifter_at=(0.5, 0.5)) == ({Reason.WRONG_LIFT}, FlagKind.MISMATCH)
    judged, flag = reasons(lifter_at=(0.5, 0.5), lift_said=True)
    assert judged & {Reason.WRONG_LIFT, Reason.LIFT_UNKNOWN, Reason.LIFTER_UNSURE} == set()
    assert flag is not FlagKind.MISMATCH


def test_a_lockout_said_to_be_the_bottom_is_asked_about_and_not_judged(tmp_path: Path) -> None:
    erect = poses.pose_of(poses.SQUAT_LOCKOUT)
    seen = assess(tmp_path, [erect], lift=Lift.SQUAT, phase=Phase.BOTTOM, view=View.LEFT)
    assert {reason for _, _, reason in outcomes(seen)} == {Reason.MOMENT_MISMATCH}
    assert seen.flag is FlagKind.MISMATCH


def test_half_way_up_is_not_the_lockout(tmp_path: Path) -> None:
    half_way = poses.pose_of(poses.DEADLIFT_MID)
    seen = assess(tmp_path, [half_way], lift=Lift.DEADLIFT, phase=Phase.LOCKOUT, view=View.LEFT)
    assert {reason for _, _, reason in outcomes(seen)} == {Reason.MOMENT_MISMATCH}
    assert seen.flag is FlagKind.MISMATCH


def test_a_press_half_way_up_that_is_said_to_be_locked_out_never_meets(tmp_path: Path) -> None:
    """How far up a press is shows least from the side: what is said of the moment stands, the rule sees the bend."""
    half_way = poses.pose_of(poses.BENCH_MID)
    seen = assess(tmp_path, [half_way], lift=Lift.BENCH, phase=Phase.LOCKOUT, view=View.LEFT)
    assert Outcome.MEETS not in {outcome for _, outcome, _ in outcomes(seen)}


def test_elbows_that_stay_above_the_shoulders_are_what_the_depth_rule_is_for(tmp_path: Path) -> None:
    """Who says that this is the lowest moment is believed: a press stopped there is the breach itself."""
    high = poses.pose_of(poses.BENCH_MID)
    seen = assess(tmp_path, [high], lift=Lift.BENCH, phase=Phase.BOTTOM, view=View.LEFT)
    said = {outcome for rule, outcome, _ in outcomes(seen) if rule == "bench_depth"}
    assert said <= {Outcome.TOO_CLOSE, Outcome.BREACH}


def test_a_bench_press_hanging_upside_down_is_not_judged(tmp_path: Path) -> None:
    """A photo stored upside down: the elbows lie above the shoulders in it, however deep the lift was."""
    points = poses.pose_of({**poses.BENCH_BOTTOM, "elbow": (-0.1, 0.5)}).points.copy()
    points[:, :2] = (600, 700) - points[:, :2]
    seen = assess(tmp_path, [Pose(points)], lift=Lift.BENCH, phase=Phase.BOTTOM, view=View.LEFT)
    assert Outcome.BREACH not in {finding.outcome for finding in seen.findings}


def test_an_upright_body_from_the_end_of_the_bench_is_no_mismatch(tmp_path: Path) -> None:
    end_on = poses.pose_of(poses.SQUAT_LOCKOUT)
    seen = assess(tmp_path, [end_on], lift=Lift.BENCH, phase=Phase.LOCKOUT, view=View.FRONT)
    assert {reason for _, _, reason in outcomes(seen)} == {Reason.LIFT_UNKNOWN}
    assert seen.flag is FlagKind.NONE


def test_without_a_lift_the_photo_is_judged_as_what_it_looks_like(tmp_path: Path) -> None:
    seen = assess(tmp_path, [poses.pose_of(poses.BENCH_LOCKOUT)])
    assert seen.lift.lift is Lift.BENCH
    assert {finding.rule for finding in seen.findings} == {"bench_depth", "elbows_locked"}
    nothing = assess(tmp_path, [poses.pose_of({**poses.STANDING, "elbow": (0, -0.6), "wrist": (0, -1.1)})])
    assert (nothing.lift.lift, nothing.findings, nothing.flag) == (None, (), FlagKind.NONE)


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("lift", list(Lift))
@pytest.mark.parametrize("parts", [poses.SQUAT_LOCKOUT, raised(poses.SQUAT_BOTTOM), poses.DEADLIFT_START])
def test_no_rule_speaks_of_a_moment_that_it_is_not_for(tmp_path: Path, lift: Lift, phase: Phase, parts: dict) -> None:
    moments = {
        "squat_depth": Phase.BOTTOM,
        "bench_depth": Phase.BOTTOM,
        "knees_locked": Phase.LOCKOUT,
        "elbows_locked": Phase.LOCKOUT,
        "shoulders_back": Phase.LOCKOUT,
    }
    for finding in assess(tmp_path, [poses.pose_of(parts)], lift=lift, phase=phase, view=View.LEFT).findings:
        assert finding.outcome is Outcome.CANNOT_JUDGE or moments[finding.rule] is phase


def test_the_record_names_what_judged(tmp_path: Path) -> None:
    seen = assess(tmp_path, [poses.pose_of(poses.SQUAT_BOTTOM)], lift=Lift.SQUAT)
    assert seen.engine == "recorded"
    assert len(seen.weights_sha256) == 64
    assert seen.rulebook.startswith(BOOK)
    assert seen.gold_set.startswith("squat-")
    assert set(seen.timings_ms) == {"decode", "finder", "engine", "lifter", "classify", "vote", "judge", "total"}


def test_errors_say_whether_trying_again_helps(tmp_path: Path) -> None:
    path = tmp_path / "poses.json"
    path.write_text("{}")
    line = Pipeline("recorded", options=EngineOptions(recorded_poses=path))
    with pytest.raises(ImageError) as broken:
        line.assess(b"nothing", lift=None, phase=None, view=None, rulebook=BOOK)
    assert broken.value.permanent
    with pytest.raises(EngineError) as unknown:
        line.assess(photo(), lift=None, phase=None, view=None, rulebook=BOOK)
    assert not unknown.value.permanent


def test_the_report_is_json_with_stable_keys(tmp_path: Path) -> None:
    said = json.loads(json.dumps(report(assess(tmp_path, [poses.pose_of(poses.SQUAT_BOTTOM)], lift=Lift.SQUAT))))
    assert {"lifter", "lift", "phase", "view", "findings", "votes", "keypoints", "ms"} <= set(said)
    assert len(said["keypoints"]) == 17
    assert {"rule", "outcome", "margin_cm", "sigma_cm", "reason"} <= set(said["findings"][0])


def bench(hands_over_cm: float = 0.0) -> tuple[Pose, LifterPlace]:
    """A bench presser, and a hint that sees his hands elsewhere by that part of his size, upwards."""
    pose = poses.pose_of(poses.BENCH_BOTTOM)
    points = parts_of(pose.points[:, :2])
    size = LifterPlace(points, 1.0).size_px
    points[HANDS, 1] -= hands_over_cm * size
    return pose, LifterPlace(points, 1.0)


@pytest.mark.parametrize(("off", "lift", "believed"), [(0.1, Lift.BENCH, True), (0.4, Lift.BENCH, False)])
def test_arms_that_the_picture_shows_elsewhere_were_not_seen(off: float, lift: Lift, believed: bool) -> None:
    """A lockout whose arms were read as lying on the bench would be a deep press."""
    pose, place = bench(off)
    engine = TruthEngine([])
    shot = Photo(np.zeros((700, 600, 3), np.uint8), 600, 700, 1.0)
    request = Request(b"", lift, Phase.BOTTOM, View.LEFT, BOOK)
    seen = people_assess(request, shot, [pose], rulebook_load(BOOK), engine, place)
    assert seen.pose is not None
    assert seen.pose.seen(Joint.LEFT_ELBOW, Joint.LEFT_WRIST) is believed
    assert (seen.people[0].pose.points == seen.pose.points).all()
    reasons = {finding.reason for finding in seen.findings if finding.rule == "bench_depth"}
    assert (reasons == {Reason.JOINT_HIDDEN}) is not believed


@pytest.mark.parametrize(("off", "believed"), [(0.1, True), (0.4, False)])
def test_shoulders_that_the_picture_shows_elsewhere_were_not_seen(off: float, believed: bool) -> None:
    """A lockout read with the shoulders of a spotter behind the bench would be a deep press."""
    pose = poses.pose_of(poses.BENCH_BOTTOM)
    points = parts_of(pose.points[:, :2])
    points[SHOULDERS, 1] -= off * LifterPlace(points, 1.0).size_px
    shot = Photo(np.zeros((700, 600, 3), np.uint8), 600, 700, 1.0)
    request = Request(b"", Lift.BENCH, Phase.BOTTOM, View.LEFT, BOOK)
    seen = people_assess(request, shot, [pose], rulebook_load(BOOK), TruthEngine([]), LifterPlace(points, 1.0))
    assert seen.pose is not None
    assert seen.pose.seen(Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER) is believed
    assert seen.pose.seen(Joint.LEFT_ELBOW, Joint.LEFT_WRIST, Joint.LEFT_HIP)
    reasons = {finding.reason for finding in seen.findings if finding.rule == "bench_depth"}
    assert (reasons == {Reason.JOINT_HIDDEN}) is not believed


@pytest.mark.parametrize(("raised", "present", "judged"), [(0.2, 1.0, True), (0.3, 1.0, False), (0.2, 0.8, False)])
def test_hands_that_the_engine_does_not_see_the_picture_must_show_low(
    raised: float, present: float, judged: bool
) -> None:
    pose = poses.pose_of(poses.BENCH_BOTTOM)
    points = parts_of(pose.points[:, :2])
    hidden = pose.points.copy()
    hidden[[Joint.LEFT_WRIST, Joint.RIGHT_WRIST], 2] = 0.1
    for _ in range(50):  # the hands' own height moves the size a little
        points[HANDS, 1] = points[SHOULDERS, 1] - raised * LifterPlace(points, 1.0).size_px
    # Where the engine guessed them.
    hidden[[Joint.LEFT_WRIST, Joint.RIGHT_WRIST], 1] = points[HANDS, 1]
    place = LifterPlace(points, present)
    assert place.hands_raised == pytest.approx(raised, abs=1e-6)
    shot = Photo(np.zeros((700, 600, 3), np.uint8), 600, 700, 1.0)
    request = Request(b"", Lift.BENCH, Phase.BOTTOM, View.LEFT, BOOK, lifter_at=(0.3, 0.5), lift_said=True)
    seen = people_assess(request, shot, [Pose(hidden)], rulebook_load(BOOK), TruthEngine([]), place)
    assert seen.pose is not None
    outcomes_of = {finding.outcome for finding in seen.findings if finding.rule == "bench_depth"}
    reasons = {finding.reason for finding in seen.findings if finding.rule == "bench_depth"}
    assert (reasons == {Reason.MOMENT_UNKNOWN}) is not judged
    assert (outcomes_of == {Outcome.MEETS}) is judged


def test_hands_of_somebody_whom_the_finder_does_not_mean_vouch_for_nobody() -> None:
    pose = poses.pose_of(poses.BENCH_BOTTOM)
    hidden = pose.points.copy()
    hidden[[Joint.LEFT_WRIST, Joint.RIGHT_WRIST], 2] = 0.1
    place = LifterPlace(parts_of(pose.points[:, :2]), 1.0)
    shot = Photo(np.zeros((700, 600, 3), np.uint8), 600, 700, 1.0)
    request = Request(b"", Lift.BENCH, Phase.BOTTOM, View.LEFT, BOOK, lifter_at=(0.3, 0.5), lift_said=True)

    def outcomes_at(there: LifterPlace) -> set[Outcome]:
        seen = people_assess(request, shot, [Pose(hidden)], rulebook_load(BOOK), TruthEngine([]), there)
        return {finding.outcome for finding in seen.findings if finding.rule == "bench_depth"}

    assert outcomes_at(place) == {Outcome.MEETS}
    beside = LifterPlace(place.points + np.array([place.size_px, 0.0]), 1.0)
    assert outcomes_at(beside) == {Outcome.CANNOT_JUDGE}


def squat(trunk_over: float) -> tuple[Pose, LifterPlace]:
    """A squatter, and a hint that sees his shoulders and hips elsewhere by that part of his size, upwards."""
    pose = poses.pose_of(poses.SQUAT_BOTTOM)
    points = parts_of(pose.points[:, :2])
    points[[SHOULDERS, HIPS], 1] -= trunk_over * LifterPlace(points, 1.0).size_px
    return pose, LifterPlace(points, 1.0)


@pytest.mark.parametrize(("off", "present", "believed"), [(0.05, 1.0, True), (0.3, 0.8, True), (0.3, 1.0, False)])
def test_a_trunk_that_the_picture_shows_elsewhere_was_not_seen(off: float, present: float, believed: bool) -> None:
    """A squatter read with his shoulders where his head is would be far too high."""
    pose, place = squat(off)
    shot = Photo(np.zeros((350, 300, 3), np.uint8), 600, 700, 2.0)
    half = Pose(pose.points * (0.5, 0.5, 1.0))
    request = Request(b"", Lift.SQUAT, Phase.BOTTOM, View.LEFT, BOOK)
    hint = LifterPlace(place.points / 2, present)
    seen = people_assess(request, shot, [half], rulebook_load(BOOK), TruthEngine([]), hint)
    assert seen.pose is not None
    above, legs = (Joint.LEFT_SHOULDER, Joint.RIGHT_HIP, Joint.LEFT_WRIST), (Joint.LEFT_KNEE, Joint.RIGHT_ANKLE)
    assert seen.pose.seen(*above) is believed
    assert seen.pose.seen(*legs)
    assert seen.lift.lift is Lift.SQUAT
    assert (seen.people[0].pose.points == seen.pose.points).all()
    reasons = {finding.reason for finding in seen.findings if finding.rule == "squat_depth"}
    assert (reasons == {Reason.JOINT_HIDDEN}) is not believed


def test_of_too_few_joints_it_is_said_that_they_are_too_few() -> None:
    """Staff pointed at somebody of whom five joints are seen: that is no other lift."""
    points = poses.pose_of(poses.SQUAT_BOTTOM).points.copy()
    points[5:, 2] = 0.1
    request = Request(b"", Lift.SQUAT, Phase.BOTTOM, View.LEFT, BOOK, lifter_at=(0.42, 0.35))
    shot = Photo(np.zeros((700, 600, 3), np.uint8), 600, 700, 1.0)
    seen = people_assess(request, shot, [Pose(points)], rulebook_load(BOOK), TruthEngine([]))
    said = {(finding.outcome, finding.reason, finding.detail) for finding in seen.findings}
    sentence = "Only 5 joints of the lifter are seen: too few to tell the lift. Staff say whether it is a squat."
    assert said == {(Outcome.CANNOT_JUDGE, Reason.LIFT_DISPUTED, sentence)}
    assert seen.flag is FlagKind.MISMATCH


def off_the_hint(stands: dict[str, tuple[float, float]], lift: Lift, *, twice: bool = False, **said: Any) -> Assessment:
    """Somebody alone, or two alike, while the finder has no doubt that the lifter is twice his size to the right."""
    pose = poses.pose_of(stands)
    people = [pose, Pose(pose.points + np.array([5.0, 0.0, 0.0]))] if twice else [pose]
    place = LifterPlace(parts_of(pose.points[:, :2]), 1.0)
    there = LifterPlace(place.points + np.array([2 * place.size_px, 0.0]), 1.0)
    shot = Photo(np.zeros((700, 600, 3), np.uint8), 600, 700, 1.0)
    request = Request(b"", lift, Phase.BOTTOM, View.LEFT, BOOK, **said)
    return people_assess(request, shot, people, rulebook_load(BOOK), TruthEngine([]), there)


def test_where_nobody_read_is_the_lifter_nobody_is_asked() -> None:
    seen = off_the_hint(poses.STANDING_ARMS, Lift.BENCH, twice=True)
    said = {(finding.outcome, finding.reason, finding.detail) for finding in seen.findings}
    sentence = "The lifter could not be read: others or a plate may hide him. Judge by eye."
    assert said == {(Outcome.CANNOT_JUDGE, Reason.LIFTER_HIDDEN, sentence)}
    assert (seen.pose, seen.flag, [one.chosen for one in seen.people]) == (None, FlagKind.NONE, [False, False])


def test_of_somebody_alone_who_does_another_lift_that_is_said_before_anything_of_hiding() -> None:
    seen = off_the_hint(poses.DEADLIFT_LOCKOUT, Lift.SQUAT)
    assert ({finding.reason for finding in seen.findings}, seen.flag) == ({Reason.WRONG_LIFT}, FlagKind.MISMATCH)


def test_staff_who_say_that_the_lifter_was_not_read_are_asked_nothing_more() -> None:
    for stands, lift in ((poses.SQUAT_BOTTOM, Lift.SQUAT), (poses.DEADLIFT_LOCKOUT, Lift.SQUAT)):
        seen = off_the_hint(stands, lift, lifter_hidden=True)
        said = {(finding.outcome, finding.reason, finding.detail) for finding in seen.findings}
        sentence = "Staff say that the lifter is none of the people who could be read. Judge by eye."
        assert said == {(Outcome.CANNOT_JUDGE, Reason.LIFTER_HIDDEN, sentence)}
        assert (seen.pose, seen.votes, seen.flag) == (None, None, FlagKind.NONE)


def test_a_deadlifters_trunk_is_not_checked() -> None:
    """The finder itself is too far off on real ones."""
    pose, place = squat(0.3)
    choice = lifter_choose([pose], 600, 700, lifter_at=(0.5, 0.5))
    assert choice.pose is pose
    assert _believed(choice, Lift.DEADLIFT, place, 1.0) is choice
    assert _believed(choice, Lift.SQUAT, place, 1.0) is not choice


def test_arms_are_checked_in_the_bench_press_and_by_a_sure_finder_alone() -> None:
    pose, place = bench(0.4)
    choice = lifter_choose([pose], 600, 700, lift=Lift.BENCH, lifter_at=(0.3, 0.5))
    assert choice.pose is pose
    for lift, hint in ((Lift.SQUAT, place), (Lift.BENCH, None), (Lift.BENCH, LifterPlace(place.points, 0.8))):
        assert _believed(choice, lift, hint, 1.0) is choice
    checked = _believed(choice, Lift.BENCH, place, 1.0)
    assert checked.pose is not None
    assert checked.alone is checked.pose is checked.people[0].pose
    assert not checked.pose.seen(Joint.RIGHT_ELBOW)
    nobody = replace(choice, pose=None)
    assert _believed(nobody, Lift.BENCH, place, 1.0) is nobody


def test_the_finder_does_not_overrule_whom_staff_pointed_at() -> None:
    """It means somebody else: what it says of his hands says nothing of theirs."""
    pose, place = bench()
    aside = LifterPlace(place.points + np.array([2 * place.size_px, 0.0]), 1.0)
    shot = Photo(np.zeros((700, 600, 3), np.uint8), 600, 700, 1.0)
    request = Request(b"", Lift.BENCH, Phase.BOTTOM, View.LEFT, BOOK, lifter_at=(0.3, 0.5))
    seen = people_assess(request, shot, [pose], rulebook_load(BOOK), TruthEngine([]), aside)
    assert seen.pose is not None
    assert seen.pose.seen(Joint.LEFT_ELBOW, Joint.LEFT_WRIST)


@pytest.mark.parametrize(
    ("lift", "p", "reason"),
    [(Lift.SQUAT, 0.9, None), (Lift.DEADLIFT, 0.9, Reason.LIFT_DISPUTED), (Lift.SQUAT, 0.4, Reason.LIFT_DISPUTED)],
)
def test_joints_and_picture_must_agree_or_staff_look_first(lift: Lift, p: float, reason: Reason | None) -> None:
    picture = PictureSeen(LiftSeen(lift, p), "cnn-0123456789ab")
    shot = Photo(np.zeros((700, 600, 3), np.uint8), 600, 700, 1.0)
    pose = poses.pose_of(poses.SQUAT_BOTTOM)

    def said(**fields: Any) -> Assessment:
        request = Request(b"", Lift.SQUAT, Phase.BOTTOM, View.LEFT, BOOK, **fields)
        return people_assess(request, shot, [pose], rulebook_load(BOOK), TruthEngine([]), picture=picture)

    seen = said()
    assert (seen.picture, seen.picture_model) == (picture.seen, "cnn-0123456789ab")
    assert seen.networks == f"pose-{network_load().sha256[:12]}"
    assert ({finding.reason for finding in seen.findings} == {Reason.LIFT_DISPUTED}) is (reason is not None)
    assert (seen.flag is FlagKind.MISMATCH) is (reason is not None)
    assert (seen.votes is None) is (reason is not None)
    # Staff who have looked are not asked again.
    assert Reason.LIFT_DISPUTED not in {finding.reason for finding in said(lift_said=True).findings}


def test_the_picture_model_looks_at_every_photo_and_one_that_cannot_be_used_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[tuple[int, ...]] = []

    def look(rgb: Any) -> PictureSeen:
        looked.append(rgb.shape)
        return PictureSeen(LiftSeen(Lift.BENCH, 0.8), "cnn-0")

    recording = tmp_path / "poses.json"
    recording.write_text(json.dumps({hashlib.sha256(photo()).hexdigest(): []}))
    options = EngineOptions(recorded_poses=recording, picture_model=tmp_path / "net.safetensors")
    line = Pipeline("recorded", options=options)
    with pytest.raises(EngineError, match="the picture classifier"):
        line.assess(photo(), lift=Lift.SQUAT, phase=None, view=None, rulebook=BOOK)
    monkeypatch.setattr("inference.pipeline.picture_look", lambda path: look)
    seen = line.assess(photo(), lift=Lift.SQUAT, phase=None, view=None, rulebook=BOOK)
    assert len(looked) == 1
    assert seen.picture == LiftSeen(Lift.BENCH, 0.8)
    assert "picture" in seen.timings_ms
