import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gold.truth import (
    FILE,
    CameraTruth,
    Fault,
    Kind,
    PersonTruth,
    Placement,
    PlateTruth,
    Role,
    SideTruth,
    Truth,
    truth_line,
    truth_parse,
    truth_read,
)
from judging.pose import Lift, Phase, Side, View

PLACES = np.arange(34.0).reshape(17, 2) / 3
SEEN = np.arange(17) % 3 == 0


def person(role: Role) -> PersonTruth:
    return PersonTruth(role, PLACES, np.arange(51.0).reshape(17, 3) / 7, SEEN, 171.238)


TRUTH = Truth(
    image="000003.jpg",
    sha256="ab" * 32,
    seed=7,
    index=3,
    width=960,
    height=720,
    kind=Kind.LIFT,
    lift=Lift.BENCH,
    phase=Phase.BOTTOM,
    view=View.LEFT,
    placement=Placement.RECOMMENDED,
    fault=Fault.ONE_ARM_SHORT,
    camera=CameraTruth(55.12345, 60.0, 400.0, 4.2, -0.0, 1000.0),
    people=(person(Role.LIFTER), person(Role.SPOTTER)),
    sides={side: SideTruth(1.236, 2.0, 3.0, 4.0, -5.0, 179.9, 90.0) for side in Side},
    margins_cm={"bench_depth": {Side.LEFT: 1.004, Side.RIGHT: -0.001}},
    plates=(PlateTruth(Side.LEFT, np.array([10.0, 20.0]), 113.1, 0.25),),
    build={"gender": 0.0, "height": 0.61236},
    residuals_cm={"hand_to_bar": 0.0124},
)


def test_a_line_read_back_is_the_same_line() -> None:
    line = truth_line(TRUTH)
    assert "\n" not in line
    assert truth_line(truth_parse(line)) == line


def test_what_was_written_is_read_to_the_stated_digits() -> None:
    read = truth_parse(truth_line(TRUTH))
    assert (read.kind, read.lift, read.phase, read.view) == (Kind.LIFT, Lift.BENCH, Phase.BOTTOM, View.LEFT)
    assert (read.placement, read.fault) == (Placement.RECOMMENDED, Fault.ONE_ARM_SHORT)
    assert read.camera.azimuth_deg == 55.123
    assert read.sides[Side.LEFT].elbow_underside_cm == 1.24
    assert read.margins_cm == {"bench_depth": {Side.LEFT: 1.0, Side.RIGHT: 0.0}}
    assert read.people[0].joints_px == pytest.approx(PLACES, abs=0.0005)
    assert read.people[1].visible.tolist() == SEEN.tolist()
    assert read.people[1].stature_cm == 171.24
    assert (read.plates[0].side, read.plates[0].diameter_px, read.plates[0].visible) == (Side.LEFT, 113.1, 0.25)


def test_minus_nothing_is_written_as_nothing() -> None:
    data = json.loads(truth_line(TRUTH))
    assert str(data["camera"]["roll_deg"]) == "0.0"
    assert str(data["margins_cm"]["bench_depth"]["right"]) == "0.0"


def test_the_lifter_is_found_and_an_empty_platform_has_none() -> None:
    assert TRUTH.lifter is TRUTH.people[0]
    empty = replace(TRUTH, kind=Kind.EMPTY, lift=None, phase=None, people=(), sides={}, margins_cm={}, plates=())
    read = truth_parse(truth_line(empty))
    assert (read.lifter, read.lift, read.phase, read.people, dict(read.sides)) == (None, None, None, (), {})


def test_a_pose_has_score_one_where_seen_and_nought_where_hidden() -> None:
    pose = TRUTH.people[0].pose()
    assert pose.points[:, 2].tolist() == SEEN.astype(float).tolist()
    assert pose.points[:, :2] == pytest.approx(PLACES)


def test_a_number_that_is_none_is_not_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        truth_line(replace(TRUTH, build={"height": float("nan")}))


def test_a_missing_file_says_how_to_write_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"python -m gold\.synth"):
        truth_read(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"format":1', '"format":2'),
        ('"kind":"lift"', '"kind":"circus"'),
        ('"index":3,', ""),
        ('"visible":[true,', '"visible":['),
        ("{", ""),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, old: str, new: str) -> None:
    line = truth_line(TRUTH)
    assert old in line
    (tmp_path / FILE).write_text(line + "\n" + line.replace(old, new, 1) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"truth\.jsonl, line 2: "):
        truth_read(tmp_path)


def test_a_folder_is_read_in_order(tmp_path: Path) -> None:
    lines = [truth_line(replace(TRUTH, index=index)) for index in range(3)]
    (tmp_path / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert [one.index for one in truth_read(tmp_path)] == [0, 1, 2]
