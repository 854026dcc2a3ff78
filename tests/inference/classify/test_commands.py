"""The command line without torch: what it refuses, and that nothing heavy is loaded before it is needed."""

import subprocess
import sys
from pathlib import Path

import pytest

from inference.classify.__main__ import ASKERS, main
from inference.classify.figures import Row
from tests.inference.classify import photos

HEAVY = ("torch", "cv2", "mediapipe", "matplotlib")


def test_the_package_and_its_command_line_load_nothing_heavy() -> None:
    code = (
        "import sys, inference.classify, inference.classify.__main__, inference.classify.figures\n"
        "import inference.classify.pictures.commands, inference.classify.pictures.sources\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.fixture
def guess(monkeypatch: pytest.MonkeyPatch) -> str:
    """A model that calls every photo a squat."""
    p = {"squat": 0.6, "bench": 0.2, "deadlift": 0.2}
    monkeypatch.setitem(ASKERS, "guess", lambda options: ("guess", lambda photo: Row("", photo.lift, "squat", p)))
    return "guess"


def test_a_model_by_name_is_measured_like_a_checkpoint(
    tmp_path: Path, guess: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = photos.labels(tmp_path, {"squat": 2, "bench": 1, "other": 1})
    picture = tmp_path / "confusion.png"
    assert main(["evaluate", guess, "--photos", str(path), "--json", "--picture", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "squat           2" in out
    assert '"accuracy": {"squat": {"count": 2' in out.splitlines()[-1]
    assert picture.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["evaluate", "guess", "--photos", "nowhere.csv"], "nowhere.csv cannot be read"),
        (["evaluate", "guess", "--data", "nowhere"], "cannot be read: make the data set"),
        (["evaluate", "guess", "--truth", "nowhere"], "cannot be read"),
        (["evaluate", "guess", "--photos", "labels.csv", "--threshold", "1.5"], "threshold"),
    ],
)
def test_wrong_arguments_get_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    guess: str,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    photos.labels(tmp_path, {"squat": 1})
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert len(said.err.splitlines()) == 1
    assert said.out == ""
