"""The engine's loop on bad input: what it answers, for which photo, and what it never invents.

Detector and pose model stand in here where their weights do not matter: what they see is known, and so is the answer.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from inference.engines import engine_check, mmpose
from inference.engines.base import EngineOptions, Shot
from inference.engines.crops import look_at, turned_points
from inference.engines.heatmaps import joints_decode
from inference.engines.mm_detector import MOST_PEOPLE, Detector, _people, letterbox
from inference.engines.mm_detector import test_side as side_of_test
from inference.engines.mm_models import config_of, model_empty
from inference.engines.mm_pose import CropJoints, PoseModel, crop_size
from inference.engines.mmpose import MMPoseEngine
from inference.engines.torch_device import device_pick, out_of_memory
from inference.errors import EngineError
from inference.weights import WeightsError
from judging.pose import SEEN_SCORE, Joint
from tests.mm.models import published, random_detector, random_pose, rgb_of, several_people

CPU = torch.device("cpu")
# Where a body's joints are in its crop, px: spread over it, so that two crops show two bodies.
BODY = np.stack([np.linspace(40, 150, 17), np.linspace(20, 235, 17)], axis=1)


class Boxes:
    """A detector that sees in each photo what was told for the value of its first pixel."""

    def __init__(self, found: dict[int, list[tuple[float, ...]]], most: int = 1000) -> None:
        self.found, self.most, self.asked = found, most, []

    def boxes(self, photos: Sequence[Any]) -> list[Any]:
        self.asked.append(len(photos))
        if len(photos) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        marks = [int(photo[0, 0, 0]) for photo in photos]
        if 255 in marks:
            raise RuntimeError("the photo of 255")
        return [
            np.array([(*box, 0.9) for box in self.found.get(mark, [])], dtype=float).reshape(-1, 5) for mark in marks
        ]


class Joints:
    """A pose model that sees BODY in every crop, with the score that was told for the crop."""

    crop_size = (192, 256)

    def __init__(
        self, score: Callable[[Any], float] = lambda crop: 0.6, most: int = 1000, flip_px: float = 0.0
    ) -> None:
        self.score, self.most, self.flip_px, self.asked = score, most, flip_px, []

    def joints(self, crops: Any) -> CropJoints:
        self.asked.append(len(crops))
        if len(crops) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        scores = np.array([np.full(17, self.score(crop)) for crop in crops])
        return CropJoints(np.repeat(BODY[None], len(crops), axis=0), scores, np.full(scores.shape, self.flip_px))


def engine(detector: Any, pose: Any, *, batch: int = 8) -> MMPoseEngine:
    return MMPoseEngine(detector, pose, name="stand-in", weights_sha256="0" * 64, photos=batch, crops=16)


def shot(mark: int = 0, width: int = 640, height: int = 480) -> Shot:
    rgb = np.full((height, width, 3), 90, dtype=np.uint8)
    rgb[0, 0] = mark
    return Shot(rgb, f"{mark:064x}")


BOX = (200.0, 100.0, 300.0, 300.0)


def test_its_name_says_what_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    built = {"pose": random_pose("vitpose-s"), "detector": random_detector("rtmdet-nano-person")}
    monkeypatch.setattr(mmpose, "weights_ready", lambda name, folder: published(name))
    monkeypatch.setattr(mmpose, "model_build", lambda weights: built[weights.kind][0])
    options = EngineOptions(device="cpu", batch=8, pose_weights="vitpose-s", detector_weights="rtmdet-nano-person")
    whole = mmpose.mmpose_engine(options)
    assert whole.name == "mmpose-1.3.2 vitpose-s rtmdet-nano-person float32"
    assert len(whole.weights_sha256) == 64
    assert whole.batch == 8


def test_nobody_found_is_nobody() -> None:
    pose = Joints()
    assert engine(Boxes({}), pose).people([shot(), shot()]) == [[], []]
    assert pose.asked == []


def test_no_photos_are_no_answers() -> None:
    assert engine(Boxes({}), Joints()).people([]) == []


def test_answers_come_in_the_photos_order() -> None:
    boxes = {mark: [(10.0 * mark, 100.0, 10.0 * mark + 100, 300.0)] for mark in range(1, 20)}
    built = engine(Boxes(boxes), Joints(), batch=4)
    marks = [7, 0, 3, 19, 0, 1, 12, 5, 2]
    answers = built.people([shot(mark) for mark in marks])
    for mark, people in zip(marks, answers, strict=True):
        assert len(people) == (mark > 0)
        if mark:
            expected = look_at(boxes[mark][0], 0, (640, 480)).back(BODY)
            np.testing.assert_allclose(people[0].points[:, :2], expected, atol=1e-9)


@pytest.mark.parametrize("count", [30, 60])
def test_of_a_crowd_the_largest_are_kept(count: int) -> None:
    """The filter behind mmdet's own merging of boxes."""
    sizes = np.random.default_rng(3).permutation(count) + 20.0
    lefts = np.arange(count) * 10.0
    rows = torch.tensor(np.stack([lefts, np.zeros(count), lefts + sizes, sizes], axis=1))

    class Found:
        bboxes, scores, labels = rows, torch.linspace(0.9, 0.4, count), torch.zeros(count, dtype=torch.long)

    kept = _people(Found, np.zeros((1000, 1000, 3), dtype=np.uint8))
    assert len(kept) == MOST_PEOPLE
    assert sorted(kept[:, 3]) == sorted(sizes)[-MOST_PEOPLE:]
    assert (np.diff(kept[:, 4]) < 0).all()


def test_thirty_people_are_thirty_poses() -> None:
    crowd = [(100.0 * (at % 6), 90.0 * (at // 6), 100.0 * (at % 6) + 45, 90.0 * (at // 6) + 85) for at in range(30)]
    pose = Joints()
    (people,) = engine(Boxes({1: crowd}), pose).people([shot(1)])
    assert len(people) == 30
    assert sum(pose.asked) == 30


@pytest.mark.parametrize(
    "box",
    [(0.0, 100.0, 60.0, 300.0), (580.0, 100.0, 640.0, 300.0), (200.0, 0.0, 260.0, 90.0), (200.0, 390.0, 260.0, 480.0)],
    ids=["left", "right", "top", "bottom"],
)
def test_a_person_cut_by_an_edge_is_read(box: tuple[float, ...]) -> None:
    (people,) = engine(Boxes({1: [box]}), Joints()).people([shot(1)])
    assert len(people) == 1
    assert np.isfinite(people[0].points).all()


def test_a_person_who_fills_the_photo_is_read() -> None:
    (people,) = engine(Boxes({1: [(0.0, 0.0, 200.0, 300.0)]}), Joints()).people([shot(1, 200, 300)])
    assert len(people) == 1


def test_a_very_long_photo_is_read() -> None:
    box = (15_000.0, 20.0, 15_080.0, 190.0)
    (people,) = engine(Boxes({1: [box]}), Joints()).people([shot(1, 20_000, 200)])
    np.testing.assert_allclose(people[0].points[:, :2], look_at(box, 0, (20_000, 200)).back(BODY), rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [(20_000, 200), (200, 20_000), (1, 1), (1, 5000)])
def test_any_shape_of_photo_fits_the_detectors_square(size: tuple[int, int]) -> None:
    width, height = size
    square, (across, down) = letterbox(np.zeros((height, width, 3), dtype=np.uint8), 640)
    assert square.shape == (640, 640, 3)
    assert max(round(across * width), round(down * height)) == 640
    assert (square == 0).all(axis=2).sum() == round(across * width) * round(down * height)


def test_one_bad_photo_fails_alone() -> None:
    built = engine(Boxes({1: [BOX]}), Joints())
    good, bad, empty = built.people([shot(1), shot(255), shot(2)])
    assert len(good) == 1
    assert isinstance(bad, EngineError)
    assert bad.reason == "engine_failed"
    assert "the photo of 255" in str(bad)
    assert empty == []
    assert built.batch == 8


def test_one_bad_crop_costs_its_photo_alone() -> None:
    def score(crop: Any) -> float:
        if crop.max() > 200:
            raise ValueError("a crop that nobody can read")
        return 0.6

    bad = shot(2)
    bad.rgb[150:250, 220:280] = 250
    good, failed = engine(Boxes({1: [BOX], 2: [BOX]}), Joints(score)).people([shot(1), bad])
    assert len(good) == 1
    assert isinstance(failed, EngineError)


def test_out_of_memory_halves_once_and_is_remembered() -> None:
    boxes = {mark: [(10.0 * mark, 100.0, 10.0 * mark + 100, 300.0)] for mark in range(1, 17)}
    detector = Boxes(boxes, most=4)
    built = engine(detector, Joints(), batch=8)
    answers = built.people([shot(mark) for mark in range(1, 17)])
    assert detector.asked == [8, 4, 4, 4, 4]
    assert built.batch == 4
    for mark, people in enumerate(answers, start=1):
        expected = look_at(boxes[mark][0], 0, (640, 480)).back(BODY)
        np.testing.assert_allclose(people[0].points[:, :2], expected, atol=1e-9)
    built.people([shot(1)] * 8)
    assert detector.asked[5:] == [4, 4]


def test_a_second_lack_of_memory_is_an_error_of_those_alone() -> None:
    detector = Boxes({1: [BOX]}, most=2)
    built = engine(detector, Joints(), batch=8)
    answers = built.people([shot(1)] * 12)
    assert detector.asked[:3] == [8, 4, 4]
    failed = [isinstance(answer, EngineError) for answer in answers]
    assert failed == [True] * 8 + [False] * 4
    assert {answer.reason for answer in answers[:8]} == {"out_of_memory"}
    assert not answers[0].permanent
    assert built.batch <= 2
    assert all(len(people) == 1 for people in answers[8:])


def test_out_of_memory_with_one_photo_is_its_error() -> None:
    built = engine(Boxes({}, most=0), Joints(), batch=1)
    (answer,) = built.people([shot()])
    assert answer.reason == "out_of_memory"
    assert built.batch == 1


def test_crops_are_halved_by_themselves() -> None:
    crowd = [(100.0 * (at % 6), 110.0 * (at // 6), 100.0 * (at % 6) + 50, 110.0 * (at // 6) + 100) for at in range(24)]
    pose = Joints(most=8)
    built = engine(Boxes({1: crowd}), pose)
    (people,) = built.people([shot(1)])
    assert pose.asked == [16, 8, 8, 8]
    assert built.batch == 8
    expected = [look_at(box, 0, (640, 480)).back(BODY) for box in crowd]
    np.testing.assert_allclose([person.points[:, :2] for person in people], expected, atol=1e-9)


def test_what_counts_as_lack_of_memory() -> None:
    assert out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert out_of_memory(MemoryError())
    assert out_of_memory(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"))
    assert not out_of_memory(RuntimeError("shapes cannot be multiplied"))
    assert not out_of_memory(ValueError("can't allocate memory"))


def test_scores_are_kept_raw_and_calibrated() -> None:
    raw = [0.0, 0.1, 0.29, 0.3, 0.31, 0.5, 0.9, 1.4]
    calibrated = []
    for score in raw:
        (people,) = engine(Boxes({1: [BOX]}), Joints(lambda _, score=score: score)).people([shot(1)])
        assert (people[0].raw_scores == score).all()
        calibrated.append(people[0].points[0, 2])
    assert (np.diff(calibrated[:-1]) > 0).all()
    assert calibrated[0] == 0.0
    assert calibrated[3] == SEEN_SCORE
    assert calibrated[-1] == 1.0


@pytest.mark.parametrize("flip_px", [0.0, 3.0, 400.0])
def test_the_spread_is_never_under_the_annotators(flip_px: float) -> None:
    (people,) = engine(Boxes({1: [BOX]}), Joints(flip_px=flip_px)).people([shot(1)])
    x0, y0, x1, y1 = BOX
    # COCO's sigma is of both axes together; a spread is of one.
    least = np.sqrt(0.53 * (x1 - x0) * (y1 - y0) / 2)
    spread = people[0].spread_px
    assert (spread >= 0.025 * least - 1e-9).all()
    assert spread[Joint.LEFT_HIP] >= 0.107 * least - 1e-9
    # 100 x 200 px, a quarter larger all round, in 192 x 256 px.
    own = flip_px / 2 * 250 / 255
    assert spread[Joint.NOSE] == pytest.approx(max(own, 0.026 * least), rel=0.02)


def test_two_boxes_of_one_person_are_one() -> None:
    nudged = (BOX[0] + 2, BOX[1] - 1, BOX[2] + 2, BOX[3] + 1)
    beside = (400.0, 100.0, 500.0, 300.0)
    (people,) = engine(Boxes({1: [BOX, nudged, beside]}), Joints()).people([shot(1)])
    assert len(people) == 2
    np.testing.assert_allclose(people[0].points[:, :2], look_at(BOX, 0, (640, 480)).back(BODY))
    np.testing.assert_allclose(people[1].points[:, :2], look_at(beside, 0, (640, 480)).back(BODY))


LYING = (100.0, 200.0, 500.0, 320.0)


@pytest.mark.parametrize("turn", [0, 1, 3])
def test_of_the_looks_at_somebody_lying_the_best_is_taken(turn: int) -> None:
    """The photo is bright where the body's upper end is; the model knows a body by a bright upper half."""
    photo = shot(1)
    look = look_at(LYING, turn, (640, 480))
    top = look.back(np.array([(96.0, 60.0)]))[0]
    cv2.circle(photo.rgb, (round(top[0]), round(top[1])), 12, (250, 250, 250), -1)

    def score(crop: Any) -> float:
        return 0.8 if crop[60, 96, 0] > 200 else 0.4

    pose = Joints(score)
    (people,) = engine(Boxes({1: [LYING]}), pose).people([photo])
    assert pose.asked == [3]
    assert people[0].raw_scores[0] == 0.8
    np.testing.assert_allclose(people[0].points[:, :2], look.back(BODY), atol=1e-9)


@pytest.mark.parametrize("turn", [0, 1, 3])
def test_a_turned_heatmaps_summit_comes_back_to_the_photo(turn: int) -> None:
    """A joint of the photo, drawn as a Gaussian where the turned crop would show it."""
    look = look_at(LYING, turn, (640, 480))
    place = np.array([(250.3, 260.7)])
    in_crop = turned_points(place, turn, 640, 480) @ look.matrix[:, :2].T + look.matrix[:, 2]
    at = in_crop[0] * (47 / 191, 63 / 255)
    y, x = np.mgrid[:64, :48]
    heatmap = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / 8).astype(np.float32)
    places, _ = joints_decode(heatmap[None, None], (192, 256))
    px = 1 / np.sqrt(abs(np.linalg.det(look.matrix[:, :2])))
    np.testing.assert_allclose(look.back(places[0]), place, atol=0.02 * 4 * px)


def test_upright_is_taken_where_none_is_better() -> None:
    (people,) = engine(Boxes({1: [LYING]}), Joints()).people([shot(1)])
    np.testing.assert_allclose(people[0].points[:, :2], look_at(LYING, 0, (640, 480)).back(BODY))


def test_a_blank_photo_has_nobody() -> None:
    """With a real network in the detector's place, which is sure of nothing on one colour."""
    model, config = random_detector("rtmdet-nano-person")
    with torch.no_grad():
        for layer in model.bbox_head.rtm_cls:
            layer.bias.sub_(10.0)
    detector = Detector(model, config, "random", device=CPU, dtype=torch.float32)
    pose = Joints()
    blank = [Shot(np.full((480, 640, 3), shade, dtype=np.uint8), "0" * 64) for shade in (0, 128, 255)]
    assert engine(detector, pose).people(blank) == [[], [], []]
    assert pose.asked == []


def test_the_networks_read_photos_of_several_people() -> None:
    """The whole loop with both networks: what a batch answers is what a photo alone is answered."""
    model, config = random_detector("rtmdet-nano-person")
    detector = Detector(model, config, "random", device=CPU, dtype=torch.float32)
    vitpose, pose_config = random_pose("vitpose-s")
    pose = PoseModel(vitpose, pose_config, "random", device=CPU, dtype=torch.float32, flips=False)
    built = engine(detector, pose)
    photos = [Shot(rgb_of(path), path.name) for path in several_people()[:2]]
    answers = built.people(photos)
    for people in answers:
        assert 1 <= len(people) <= MOST_PEOPLE
        assert all(np.isfinite(person.points).all() for person in people)
    assert len(answers[0]) == len(built.people(photos[:1])[0])


def test_scores_that_are_no_numbers_are_an_error_and_not_nobody() -> None:
    """As when a half's range is left."""
    model, config = random_detector("rtmdet-nano-person")
    with torch.no_grad():
        model.bbox_head.rtm_cls[1].bias.fill_(float("nan"))
    detector = Detector(model, config, "random", device=CPU, dtype=torch.float32)
    (answer,) = engine(detector, Joints()).people([shot()])
    assert isinstance(answer, EngineError)
    assert "the scores are no numbers" in str(answer)


def test_heatmaps_that_are_no_numbers_are_an_error() -> None:
    model, config = random_pose("vitpose-s")
    with torch.no_grad():
        model.head.final_layer.bias[3] = float("nan")
    pose = PoseModel(model, config, "random", device=CPU, dtype=torch.float32)
    failed, empty = engine(Boxes({1: [BOX]}), pose).people([shot(1), shot(2)])
    assert isinstance(failed, EngineError)
    assert "the heatmaps are no numbers" in str(failed)
    assert empty == []


def test_a_photo_that_cannot_be_cut_fails_alone() -> None:
    """OpenCV warps no picture of more than 32,767 px on a side."""
    bad = shot(1, 40_000, 30)
    good, failed = engine(Boxes({1: [(1.0, 1.0, 20.0, 29.0)], 2: [BOX]}), Joints()).people([shot(2), bad])
    assert len(good) == 1
    assert isinstance(failed, EngineError)


@pytest.mark.parametrize("part", ["data_preprocessor", "test_pipeline"])
def test_a_detectors_config_without_a_key_is_named(part: str) -> None:
    config = config_of(published("rtmdet-nano-person"))
    model = model_empty("own", "detector", config)
    config = {**config, "model": dict(config["model"])}
    config.pop(part, None)
    config["model"].pop(part, None)
    with pytest.raises(WeightsError) as refused:
        Detector(model, config, "own", device=CPU, dtype=torch.float32)
    assert refused.value.sentence == f"The config of own lacks '{part}'."


def test_a_detector_without_its_head_is_named() -> None:
    config = config_of(published("rtmdet-nano-person"))
    model = {key: value for key, value in config["model"].items() if key != "bbox_head"}
    with pytest.raises(WeightsError, match=r"^The config of own: model lacks 'bbox_head'\.$"):
        model_empty("own", "detector", {**config, "model": model}, device="meta")


def test_a_config_without_a_model_is_named() -> None:
    with pytest.raises(WeightsError, match=r"^The config of own lacks 'model'\.$"):
        Detector(
            torch.nn.Identity(),
            {"test_pipeline": [{"type": "Resize", "scale": (9, 9)}]},
            "own",
            device=CPU,
            dtype=torch.float32,
        )
    with pytest.raises(WeightsError, match=r"^The config of own lacks 'model'\.$"):
        crop_size({}, "own")


def test_a_test_pipeline_without_a_size_is_named() -> None:
    with pytest.raises(WeightsError, match="Resize"):
        side_of_test({"test_pipeline": [{"type": "LoadImageFromFile"}]}, "own")


@pytest.mark.parametrize("missing", ["head", "decoder", "input_size"])
def test_a_pose_config_without_a_key_is_named(missing: str) -> None:
    decoder = {"type": "UDPHeatmap", "input_size": (192, 256)}
    config: dict[str, Any] = {"model": {"head": {"decoder": decoder}}}
    for part in (config["model"], config["model"]["head"], decoder):
        part.pop(missing, None)
    with pytest.raises(WeightsError, match=f"lacks '{missing}'"):
        crop_size(config, "own")


@pytest.mark.parametrize("decoder", [{"type": "MSRAHeatmap"}, {"type": "UDPHeatmap", "heatmap_type": "combined"}])
def test_another_decoding_is_refused(decoder: dict[str, Any]) -> None:
    with pytest.raises(WeightsError, match="only UDPHeatmap with Gaussians is read here"):
        crop_size({"model": {"head": {"decoder": {"input_size": (192, 256), **decoder}}}}, "own")


def test_the_devices_and_numbers_by_name() -> None:
    assert device_pick("cpu", "auto") == (CPU, torch.float32)
    assert device_pick("cpu", "bfloat16") == (CPU, torch.bfloat16)
    assert device_pick("cpu", "float16") == (CPU, torch.float16)


@pytest.mark.parametrize("dtype", ["float64", "int8", "", "__class__"])
def test_unknown_numbers_are_refused(dtype: str) -> None:
    with pytest.raises(EngineError, match="choose auto, float32, bfloat16 or float16"):
        device_pick("cpu", dtype)


@pytest.mark.parametrize("device", ["cuda:77", "tpu", "", "cpu:x", "meta"])
def test_a_device_that_is_not_there_is_refused(device: str) -> None:
    with pytest.raises(EngineError, match="There is no device"):
        device_pick(device, "auto")


def test_a_worker_without_its_device_is_refused_and_imports_nothing(tmp_path: Path) -> None:
    """The parent forks its children: torch or CUDA in it would be theirs too."""
    code = (
        "import sys\n"
        "from unittest import mock\n"
        "from inference.engines import engine_check\n"
        "from inference.engines.base import EngineOptions\n"
        "from inference.errors import EngineError\n"
        "with mock.patch('inference.weights.weights_ready'):\n"
        "    try:\n"
        "        engine_check('mmpose', EngineOptions(device='cuda:77'))\n"
        "    except EngineError as error:\n"
        "        print(error)\n"
        "print(sorted({'torch', 'mmpose', 'mmdet', 'cv2'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    said, imported = done.stdout.strip().splitlines()
    assert said.startswith("There is no device 'cuda:77' for the worker (")
    assert said.endswith("Set ENGINE_DEVICE to cpu, or to a GPU of this host.")
    assert imported == "[]"


def test_a_worker_without_weights_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"manage\.py weights fetch vitpose-b"):
        engine_check("mmpose", EngineOptions(device="cpu", weights_dir=tmp_path))
