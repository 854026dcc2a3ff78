"""The pose classifier against labelled photos, and the engine's readings for its lessons."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from gold.truth import Kind, truth_read
from inference.classify.figures import figures_of
from inference.classify.measure import readings_measure
from inference.classify.net import MOMENTS
from inference.classify.pictures.labels import Labelled
from inference.classify.pose_asker import pose_asker
from inference.classify.pose_commands import readings_write
from inference.engines.base import Shot
from inference.engines.truth import TruthEngine
from inference.errors import EngineError
from judging.pose import Lift, Phase, Pose
from tests.inference import poses, scenes


class Sees:
    """An engine that sees these people in every photo, or fails."""

    name, weights_sha256, noise, hinted, batch = "sees", "0", "truth", False, 1

    def __init__(self, *people: Pose, error: EngineError | None = None) -> None:
        self._said = error or list(people)

    def people(self, photos: list[Shot]) -> list[list[Pose] | EngineError]:
        return [self._said for _ in photos]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.full((700, 600, 3), 90, np.uint8))
    return path


SQUAT = poses.pose_of(poses.SQUAT_BOTTOM)


@pytest.mark.parametrize(
    ("view", "true_view", "said"),
    [("side", "side", "side"), ("left", "left", "left"), ("rear", "rear", "left"), ("oblique", None, "left")],
)
def test_a_photo_becomes_a_row(photo: Path, view: str, true_view: str | None, said: str) -> None:
    row = pose_asker(Sees(SQUAT))(Labelled(photo, "squat", "bottom", view))
    assert (row.photo, row.true, row.lift, row.right) == ("a.png", "squat", "squat", True)
    assert (row.true_phase, row.phase, row.true_view, row.view) == ("bottom", "bottom", true_view, said)
    assert sum(row.p.values()) == pytest.approx(1.0)
    assert set(row.p) == {"squat", "bench", "deadlift", "other"}


def test_what_is_less_likely_than_the_threshold_is_refused(photo: Path) -> None:
    row = pose_asker(Sees(SQUAT), threshold=0.9999)(Labelled(photo, "squat", "bottom", "left"))
    assert (row.lift, row.phase) == (None, None)
    assert figures_of([row])["refused"]["lifts"]["count"] == 1


def test_nobody_is_a_refusal_and_a_photo_that_cannot_be_read_is_named(photo: Path) -> None:
    row = pose_asker(Sees())(Labelled(photo, "squat", "bottom", "left"))
    assert (row.lift, row.phase, row.view, dict(row.p)) == (None, None, None, {})
    with pytest.raises(ValueError, match=r"a\.png cannot be read"):
        pose_asker(Sees(error=EngineError("no memory")))(Labelled(photo, "squat"))
    photo.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"a\.png cannot be read"):
        pose_asker(Sees(SQUAT))(Labelled(photo, "squat"))


def test_the_engines_errors_are_those_against_the_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.classify.measure.shot_of", lambda photo, key, engine: Shot(photo.rgb, key))
    truths = [scenes.squat(), scenes.scene([], index=1, kind=Kind.EMPTY, lift=None, phase=None)]
    folder = scenes.written(tmp_path, truths, images=True)

    truths = truth_read(folder)
    told: list[int] = []
    measured = readings_measure([(truth, folder) for truth in truths], TruthEngine(truths), told.append)
    assert measured.moment.tolist() == [MOMENTS.index((Lift.SQUAT, Phase.BOTTOM))]
    assert measured.azimuth_deg.tolist() == [truths[0].camera.azimuth_deg]
    np.testing.assert_allclose(measured.errors, 0.0, atol=1e-9)
    assert sum(told) == 2


def test_where_nobody_was_read_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = scenes.written(tmp_path / "truth", [scenes.squat()], images=True)
    monkeypatch.setattr("inference.classify.pose_commands.engine_load", lambda name, options: Sees())
    out = tmp_path / "r.safetensors"
    with pytest.raises(ValueError, match="found no lifter in these photos"):
        readings_write([folder], "mediapipe", out)
    assert not out.exists()
