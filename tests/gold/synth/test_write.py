"""The command: what it writes, and what it refuses."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("pyvista")
pytest.importorskip("anny")

from gold.synth.__main__ import main
from gold.truth import FILE, Kind, Role, truth_read
from judging.pose import Lift, Side, View

pytestmark = pytest.mark.synth

SMALL = ("--size", "480x360", "--seed", "21")


def lines(folder: Path) -> bytes:
    return (folder / FILE).read_bytes()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "photos"
    assert main(["--n", "4", "--jobs", "1", "--overlay", "--out", str(folder), *SMALL]) == 0
    return folder


def test_photos_and_truth_belong_together(made: Path) -> None:
    truths = truth_read(made)
    assert [truth.image for truth in truths] == [f"{index:06d}.jpg" for index in range(4)]
    for index, truth in enumerate(truths):
        photo = (made / truth.image).read_bytes()
        assert hashlib.sha256(photo).hexdigest() == truth.sha256
        with Image.open(made / truth.image) as read:
            assert read.size == (truth.width, truth.height)
        assert (truth.seed, truth.index) == (21, index)
        assert (made / "overlay" / f"{index:06d}.png").exists()
    assert not list(made.glob("*.partial"))


def test_the_truth_is_whole(made: Path) -> None:
    for truth in truth_read(made):
        if truth.kind is not Kind.LIFT:
            assert truth.lifter is None
            continue
        assert truth.lifter is truth.people[0]
        assert set(truth.sides) == set(Side)
        assert truth.view in View
        assert {one.role for one in truth.people[1:]} <= {Role.SPOTTER}
        inside = (truth.lifter.joints_px >= 0).all(axis=1) & (truth.lifter.joints_px < (truth.width, truth.height)).all(
            axis=1
        )
        assert not (truth.lifter.visible & ~inside).any()


def test_the_number_of_jobs_leaves_the_truth_as_it_is(made: Path, tmp_path: Path) -> None:
    assert main(["--n", "4", "--jobs", "2", "--out", str(tmp_path), *SMALL]) == 0
    assert lines(tmp_path) == lines(made)


def test_one_lift_seen_again_alone_is_the_same(made: Path, tmp_path: Path) -> None:
    assert main(["--n", "1", "--jobs", "1", "--out", str(tmp_path), *SMALL]) == 0
    assert lines(tmp_path) == lines(made).splitlines(keepends=True)[0]


def test_an_empty_platform_has_nobody(tmp_path: Path) -> None:
    assert main(["--n", "2", "--jobs", "1", "--kind", "empty", "--lift", "bench", "--out", str(tmp_path), *SMALL]) == 0
    for truth in truth_read(tmp_path):
        assert (truth.kind, truth.lift, truth.phase, truth.people) == (Kind.EMPTY, None, None, ())
        with Image.open(tmp_path / truth.image) as read:
            assert np.array(read).std() > 5


def test_what_was_asked_for_is_what_is_made(tmp_path: Path) -> None:
    asked = ["--kind", "lift", "--lift", "deadlift", "--phase", "lockout", "--spoilt", "0"]
    assert main(["--n", "1", "--jobs", "1", *asked, "--out", str(tmp_path), *SMALL]) == 0
    (truth,) = truth_read(tmp_path)
    assert (truth.lift, truth.phase, truth.fault) == (Lift.DEADLIFT, "lockout", "")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--lift", "squat", "--phase", "start"], "a squat has no phase start"),
        (["--spoilt", "2"], "the spoilt share is 2"),
        (["--size", "large"], "it must read like 960x720"),
        (["--n", "0"], "--n is 0, it must be at least 1"),
        (["--jobs", "0"], "--jobs is 0"),
        (["--seed", "-1"], "--seed is -1"),
    ],
)
def test_a_wrong_wish_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str], says: str
) -> None:
    assert main(["--out", str(tmp_path / "new"), *asked]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_a_truth_is_not_written_over_unasked(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / FILE).write_text("kept\n")
    empty = ["--n", "1", "--jobs", "1", "--kind", "empty", "--out", str(tmp_path), *SMALL]
    assert main(empty) == 2
    assert "--force" in capsys.readouterr().err
    assert lines(tmp_path) == b"kept\n"
    assert main([*empty, "--force"]) == 0
    assert len(truth_read(tmp_path)) == 1


def test_a_folder_that_cannot_be_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["--n", "1", "--jobs", "1", "--out", str(tmp_path / "file")]) == 2
    assert "cannot be written to" in capsys.readouterr().err


def test_a_machine_that_cannot_draw_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr("ctypes.CDLL", missing)
    assert main(["--n", "1", "--out", str(tmp_path / "photos")]) == 2
    said = capsys.readouterr().err
    assert "install libEGL" in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "photos").exists()
