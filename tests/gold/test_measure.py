from __future__ import annotations

import json
from pathlib import Path

import pytest

from gold.library import gold_load
from gold.measure import gold_subjects, main, measure_row, recommend, subjects_read, table
from gold.vote import DEFAULT_MEASURE, THRESHOLD, Measure
from judging.pose import Lift

ALL = tuple(one for lift in Lift for one in gold_subjects(lift))


@pytest.mark.parametrize(
    ("lift", "measure", "good", "other"),
    [
        (Lift.BENCH, Measure.IMAGE, (2, 18), (16, 62)),
        (Lift.BENCH, Measure.BOX, (3, 18), (14, 62)),
        (Lift.SQUAT, Measure.IMAGE, (4, 25), (7, 38)),
        (Lift.SQUAT, Measure.BOX, (6, 25), (18, 38)),
        (Lift.DEADLIFT, Measure.IMAGE, (1, 20), (6, 30)),
        (Lift.DEADLIFT, Measure.BOX, (5, 20), (11, 30)),
    ],
)
def test_the_table_of_the_decision(lift: Lift, measure: Measure, good: tuple[int, int], other: tuple[int, int]) -> None:
    row = measure_row(lift, measure, THRESHOLD, ALL)
    assert (row.good_bad, row.good_all) == good
    assert (row.other_bad, row.other_all) == other
    if measure is Measure.BOX:
        assert (row.small_bad, row.small_all) == (row.moved_bad, row.moved_all)


def test_the_default_is_what_the_table_recommends() -> None:
    rows = table(ALL, [THRESHOLD])
    assert len(rows) == 6
    assert recommend(rows, THRESHOLD) is DEFAULT_MEASURE


def recorded(path: Path, **wrong: object) -> Path:
    poses = [
        {
            "lift": one.lift,
            "id": one.id,
            "width": one.width,
            "height": one.height,
            "keypoints": one.pose.points.ravel().tolist(),
            **wrong,
        }
        for lift in Lift
        for one in gold_load(lift).annotations
    ]
    path.write_text(json.dumps({"poses": poses}), encoding="utf-8")
    return path


def test_recorded_poses_stand_in_for_the_golds_own(tmp_path: Path) -> None:
    subjects = subjects_read(recorded(tmp_path / "poses.json"))
    for one, own in zip(subjects, ALL, strict=True):
        assert (one.lift, one.annotation_id, one.width, one.height) == (
            own.lift,
            own.annotation_id,
            own.width,
            own.height,
        )
        assert (one.pose.points == own.pose.points).all()


@pytest.mark.parametrize("wrong", [{"lift": "curl"}, {"keypoints": [1, 2]}, {"width": None}])
def test_wrong_recorded_poses_are_refused(
    tmp_path: Path, wrong: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    path = recorded(tmp_path / "poses.json", **wrong)
    with pytest.raises(ValueError, match=r"poses\.json: pose 0: "):
        subjects_read(path)
    assert main(["--poses", str(path)]) == 2
    assert "pose 0" in capsys.readouterr().err


def test_a_missing_or_empty_file_of_poses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--poses", str(tmp_path / "none.json")]) == 2
    (tmp_path / "empty.json").write_text("[]", encoding="utf-8")
    assert main(["--poses", str(tmp_path / "empty.json")]) == 2
    assert "no list of poses" in capsys.readouterr().err


def test_the_command_prints_a_table_and_its_choice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--threshold", "0.1"]) == 0
    out = capsys.readouterr().out
    assert "recommended at 0.1: box" in out
    assert len(out.splitlines()) == 8


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "--threshold", "0.1"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["recommended"] == {"0.1": "box"}
    assert {row["lift"] for row in data["rows"]} == {"bench", "squat", "deadlift"}
