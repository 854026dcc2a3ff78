"""Teaching the networks: what is learnt, that seeds repeat, and that a killed run goes on. In the environment of ``make
synth-env``."""

import contextlib
import hashlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import load_file

from inference.classify.__main__ import main
from inference.classify.pictures import nets
from inference.classify.pictures.lessons import tone_of
from inference.classify.pictures.manifest import manifest_read
from inference.classify.pictures.model import picture_model_load
from inference.classify.pictures.nets import NETS
from inference.classify.pictures.plans import Course
from inference.classify.pictures.train import MODEL, STATE, device_of, rate_at, train
from tests.inference.classify import photos

pytestmark = pytest.mark.synth

ROOT = Path(__file__).parents[3]
COURSE = Course("cnn", epochs=3, batch=8, rate=3e-3, side_px=32, seed=4)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A thread for each test and few channels: on tiny pictures threads only wait for each other.

    Not fewer than eight: backward through a convolution of four in channels_last, torch 2.13 writes past its memory on
    processors with AVX2 alone, and the process dies of it.
    """
    monkeypatch.setattr(nets, "RESNET_CHANNELS", (8, 8, 16, 16))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pictures")
    source = photos.folder(root / "photos", {"squat": 8, "bench": 8, "deadlift": 8})
    assert main(["prepare", "--photos", str(source), "--out", str(root / "set")]) == 0
    return root / "set"


def taught(data: Path, out: Path, course: Course = COURSE, **options: Any) -> bytes:
    train(data, manifest_read(data), out, course, device="cpu", **options)
    return (out / MODEL).read_bytes()


def test_colours_are_learnt_and_measured(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "cnn"
    arguments = ["--data", str(data), "--out", str(out), "--side", "32", "--epochs", "8", "--batch", "8"]
    assert main(["train", "cnn", *arguments, "--rate", "3e-3", "--device", "cpu"]) == 0
    said = capsys.readouterr().out
    digest = hashlib.sha256((out / MODEL).read_bytes()).hexdigest()
    assert f"sha256 {digest}" in said
    assert (out / f"{MODEL}.sha256").read_text() == f"{digest}  {MODEL}\n"
    assert all((out / name).read_bytes()[:4] == b"\x89PNG" for name in ("curves.png", "confusion.png"))
    model = picture_model_load(out / MODEL, digest)
    assert (model.about.epoch, model.about.side_px, model.about.recipe) == (8, 32, "paper")
    assert model.about.manifest_sha256 == manifest_read(data).sha256
    assert model.about.original_accuracy == 1.0

    labels = photos.labels(tmp_path, {"squat": 3, "bench": 3, "deadlift": 3, "other": 2})
    assert main(["evaluate", str(out / MODEL), "--photos", str(labels), "--json", "--threshold", "0.5"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["photos"]["accuracy"]["all"]["share"] == 1.0
    assert figures["photos"]["others"] == 2
    assert main(["evaluate", str(out / MODEL), "--data", str(data), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["validation"]["accuracy"]["all"]["share"] == pytest.approx(model.about.validation_accuracy)


@pytest.mark.parametrize("architecture", ["cnn", "resnet18"])
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(
    data: Path, tmp_path: Path, architecture: str
) -> None:
    course = Course(architecture, epochs=1, batch=16, side_px=32, seed=4)
    one = taught(data, tmp_path / "one", course)
    assert one == taught(data, tmp_path / "two", course)
    other = Course(architecture, epochs=1, batch=16, side_px=32, seed=5)
    assert one != taught(data, tmp_path / "three", other)


@pytest.mark.parametrize("after", [1, 9, 21])
@pytest.mark.parametrize("architecture", ["cnn", "resnet18"])
def test_a_run_stopped_anywhere_and_resumed_ends_with_the_same_bytes(
    data: Path, tmp_path: Path, after: int, architecture: str
) -> None:
    course = Course(architecture, epochs=3, batch=8, side_px=32, seed=4)
    whole = taught(data, tmp_path / "whole", course)
    told = 0

    def stop(*_: Any) -> None:
        nonlocal told
        told += 1
        if told == after:
            raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        taught(data, tmp_path / "stopped", course, progress=stop)
    assert told == after
    torch.manual_seed(99)  # what another process would have
    assert taught(data, tmp_path / "stopped", course, resume=True) == whole
    # And once more at its end: nothing is left to do, nothing changes.
    assert taught(data, tmp_path / "stopped", course, resume=True) == whole


def test_a_killed_process_goes_on_where_it_was(data: Path, tmp_path: Path) -> None:
    course = Course("cnn", epochs=25, batch=4, side_px=32)
    out = tmp_path / "killed"
    arguments = ["--data", data, "--side", "32", "--batch", "4", "--epochs", "25", "--device", "cpu", "--out", out]
    command = [sys.executable, "-m", "inference.classify", "train", "cnn", *map(str, arguments)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 120
        while not (out / STATE).exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL
    assert 1 <= picture_model_load(out / MODEL).about.epoch < 25
    assert taught(data, out, course, resume=True) == taught(data, tmp_path / "whole", course)


def test_the_state_holds_no_pickle(data: Path, tmp_path: Path) -> None:
    taught(data, tmp_path / "cnn", Course("cnn", epochs=1, batch=16, side_px=32))
    tensors = load_file(tmp_path / "cnn" / STATE)
    assert {"torch_rng", "net.conv1.weight", "optimizer.0.exp_avg", "optimizer.0.step"} <= set(tensors)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"seed": 5}, "was taught with seed 4, not 5"),
        ({"epochs": 9}, "was taught with epochs 3, not 9"),
        ({"architecture": "resnet18"}, "was taught with architecture cnn, not resnet18"),
    ],
)
def test_another_course_is_not_resumed(data: Path, tmp_path: Path, wrong: dict[str, Any], sentence: str) -> None:
    before = taught(data, tmp_path / "cnn")
    course = Course(**{"architecture": "cnn", "epochs": 3, "batch": 8, "rate": 3e-3, "side_px": 32, "seed": 4, **wrong})
    with pytest.raises(ValueError, match=sentence):
        taught(data, tmp_path / "cnn", course, resume=True)
    assert (tmp_path / "cnn" / MODEL).read_bytes() == before


def test_another_data_set_is_not_resumed(data: Path, tmp_path: Path) -> None:
    taught(data, tmp_path / "cnn", Course("cnn", epochs=1, batch=16, side_px=32))
    source = photos.folder(tmp_path / "photos", {"squat": 2, "bench": 2, "deadlift": 2})
    main(["prepare", "--photos", str(source), "--out", str(tmp_path / "other")])
    with pytest.raises(ValueError, match="is of another data set"):
        taught(tmp_path / "other", tmp_path / "cnn", Course("cnn", epochs=1, batch=16, side_px=32), resume=True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--out", "there"], "there exists"),
        (["--out", "missing", "--resume"], "there is nothing to resume"),
        (["--out", "broken", "--resume"], "holds no training to resume"),
        (["--out", "nowhere/new"], "nowhere is no folder"),
        (["--out", "new", "--epochs", "0"], "one epoch at least"),
        (["--out", "new", "--batch", "1"], "a batch has 4"),
        (["--out", "new", "--rate", "nan"], "the rate is above 0"),
        (["--out", "new", "--side", "8"], "from 32 to 512"),
        (["--out", "new", "--seed", "-1"], "the seed is from 0"),
        (["--out", "new", "--device", "cuda:63"], "there is no device 'cuda:63'"),
        (["--out", "new", "--device", "meta"], "a meta device teaches nothing"),
        (["--out", "new", "--device", "toaster"], "there is no device 'toaster'"),
    ],
)
def test_wrong_arguments_are_refused_and_nothing_written(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / STATE).write_bytes(b"no state")
    assert main(["train", "cnn", "--data", str(data), *arguments]) == 2
    assert sentence in capsys.readouterr().err.splitlines()[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken", "there"]
    assert not list((tmp_path / "there").iterdir())


def test_a_picture_that_was_changed_since_is_refused(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = photos.folder(tmp_path / "photos", {"squat": 2, "bench": 2, "deadlift": 2})
    main(["prepare", "--photos", str(source), "--out", str(tmp_path / "set")])
    picture = manifest_read(tmp_path / "set").pictures[0].file
    photos.photo(tmp_path / "set" / picture.replace(".jpg", ".png"), "other", 0).replace(tmp_path / "set" / picture)
    assert main(["train", "cnn", "--data", str(tmp_path / "set"), "--out", str(tmp_path / "cnn")]) == 2
    assert "is not the picture that the manifest lists" in capsys.readouterr().err
    assert not (tmp_path / "cnn").exists()


class Endless(torch.nn.Module):
    """Says nothing but infinities."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.head = torch.nn.Linear(3, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(x.mean(dim=(2, 3))) * float("inf")


def test_a_loss_beyond_all_numbers_ends_it_with_a_sentence(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NETS, "cnn", Endless)
    with pytest.raises(ValueError, match=r"the loss is nan in epoch 1: teach at a lower --rate"):
        taught(data, tmp_path / "cnn")
    assert not (tmp_path / "cnn" / MODEL).exists()


def test_a_leaky_set_is_measured_twice_with_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = photos.folder(tmp_path / "photos", {"squat": 4, "bench": 4, "deadlift": 4})
    data = tmp_path / "set"
    assert main(["prepare", "--photos", str(source), "--out", str(data), "--leaky"]) == 0
    assert "Leaky" in capsys.readouterr().out
    out = tmp_path / "cnn"
    arguments = ["--data", str(data), "--out", str(out), "--side", "32", "--epochs", "1", "--device", "cpu"]
    assert main(["train", "cnn", *arguments]) == 0
    assert "Leaky" in capsys.readouterr().out
    assert picture_model_load(out / MODEL).about.leaky
    picture = tmp_path / "confusion.png"
    assert main(["evaluate", str(out / MODEL), "--data", str(data), "--json", "--picture", str(picture)]) == 0
    said = capsys.readouterr()
    assert "Leaky" in said.err
    figures = json.loads(said.out.splitlines()[-1])
    manifest = manifest_read(data)
    assert list(figures) == ["model", "threshold", "validation", "held_out"]
    assert figures["held_out"]["photos"] == sum(manifest.counts()["held_out"].values()) == 9
    assert {path.name for path in tmp_path.glob("confusion-*")} == {
        "confusion-validation.png",
        "confusion-held_out.png",
    }


def test_a_checkpoint_is_held_against_the_hash_beside_it(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taught(data, tmp_path / "cnn", Course("cnn", epochs=1, batch=16, side_px=32))
    model, labels = tmp_path / "cnn" / MODEL, photos.labels(tmp_path, {"squat": 1})
    beside = model.with_name(f"{MODEL}.sha256")
    for text, sentence in (("0" * 64 + f"  {MODEL}\n", "it is not the file that was meant"), ("", "holds no hash")):
        beside.write_text(text)
        assert main(["evaluate", str(model), "--photos", str(labels)]) == 2
        assert sentence in capsys.readouterr().err
    beside.unlink()
    assert main(["evaluate", str(model), "--photos", str(labels)]) == 0


def test_a_photo_that_cannot_be_read_is_no_guess(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taught(data, tmp_path / "cnn", Course("cnn", epochs=1, batch=16, side_px=32))
    labels = photos.labels(tmp_path, {"squat": 1})
    (tmp_path / "photos" / "squat0.png").write_bytes(b"no picture")
    assert main(["evaluate", str(tmp_path / "cnn" / MODEL), "--photos", str(labels)]) == 2
    assert "squat0.png cannot be read: not_an_image" in capsys.readouterr().err


def test_the_rate_climbs_and_falls_to_nothing() -> None:
    rates = [rate_at(step, 100, 0.01) for step in range(100)]
    assert max(rates) == pytest.approx(0.01)
    assert rates.index(max(rates)) in (9, 10)
    assert rates[0] == pytest.approx(0.001)
    assert rates[-1] < 1e-4
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rate_at(0, 1, 0.01) == 0.01


def test_the_tone_is_that_of_the_pictures() -> None:
    squares = np.random.default_rng(0).integers(0, 256, size=(5, 32, 32, 3), dtype=np.uint8)
    squares[..., 2] = 51
    mean, std = tone_of(squares)
    assert mean == pytest.approx((squares / 255).mean(axis=(0, 1, 2)))
    assert std[:2] == pytest.approx((squares / 255).std(axis=(0, 1, 2))[:2])
    assert (mean[2], std[2]) == pytest.approx((0.2, 1 / 255))


def test_auto_is_a_device_that_is_there() -> None:
    assert device_of("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert device_of("cpu").type == "cpu"
