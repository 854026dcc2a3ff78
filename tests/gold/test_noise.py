from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gold.measure import gold_subjects
from gold.noise import main, noise_table
from judging.landmarks import Limb, body_scale
from judging.pose import Joint, Lift, Pose

ALL = tuple(one for lift in Lift for one in gold_subjects(lift))


def moved(joint: Joint | None, trunks: float) -> tuple[Pose, ...]:
    """The gold's own poses with one joint, or all of them, moved to the right."""
    poses = []
    for one in ALL:
        scale = body_scale(one.pose)
        assert scale is not None
        points = np.array(one.pose.points)
        points[slice(None) if joint is None else joint, 0] += scale.px(trunks * Limb.TRUNK.cm)
        poses.append(Pose(points))
    return tuple(poses)


def test_the_gold_against_itself_has_no_noise() -> None:
    table = noise_table(ALL)
    assert (table.photos, table.other_person) == (14, ())
    assert {(row.share, row.blunders) for row in table.rows} == {(0.0, 0)}


def test_noise_is_per_axis_and_of_its_joint_alone() -> None:
    subjects = [replace(one, pose=pose) for one, pose in zip(ALL, moved(Joint.LEFT_ELBOW, 0.1), strict=True)]
    shares = {row.part: row.share for row in noise_table(subjects).rows}
    # Half of the elbows are 0.1 off along one axis of two.
    assert shares.pop("elbow") == pytest.approx(0.1 / math.sqrt(4), rel=0.02)
    assert set(shares.values()) == {0.0}


def test_a_blunder_is_counted_apart() -> None:
    subjects = [replace(one, pose=pose) for one, pose in zip(ALL, moved(Joint.LEFT_ELBOW, 0.45), strict=True)]
    (elbow,) = [row for row in noise_table(subjects).rows if row.part == "elbow"]
    assert (elbow.share, elbow.blunders) == (0.0, 14)


def test_another_person_is_left_out() -> None:
    subjects = [replace(one, pose=pose) for one, pose in zip(ALL, moved(None, 0.6), strict=True)]
    table = noise_table(subjects)
    assert table.photos == 0
    assert table.other_person[0] == "squat 1"
    assert all(math.isnan(row.share) for row in table.rows)


def test_poses_of_other_photos_are_passed_over() -> None:
    assert noise_table([replace(one, annotation_id=None) for one in ALL]).photos == 0


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"lift": "bench", "id": 3, "width": 612, "height": 408}
    row["keypoints"] = next(one for one in ALL if one.annotation_id == 3).pose.points.ravel().tolist()
    path = tmp_path / "poses.json"
    path.write_text(json.dumps({"poses": [row]}), encoding="utf-8")
    assert main([str(path)]) == 0
    assert capsys.readouterr().out.startswith("1 photos; another person read: none\nshoulder   0.000 trunks")
    assert main([str(tmp_path / "none.json")]) == 2
