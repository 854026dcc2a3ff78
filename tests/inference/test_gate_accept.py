"""What was accepted, what counts as worse, and which engines have passed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gold.truth import Kind
from inference import accepted
from inference.accepted import accepted_engines, accepted_read, engine_passed
from inference.engines.mediapipe import weights_sha256
from inference.gate import accept
from inference.gate.__main__ import main
from inference.gate.accept import Tolerances, barred, worse
from inference.gate.seeds import seeds_fitted, seeds_named, seeds_taught
from judging.pose import Phase
from tests.inference import scenes

BEFORE = {
    "squat_depth.all.n": 100,
    "squat_depth.all.given": 50,
    "squat_depth.all.wrong": 1,
    "squat_depth.all.measured": 100,
    "squat_depth.all.mae_cm": 1.0,
    "squat_depth.all.coverage": 0.90,
    "lockout.as_bottom.verdicts": 0,
    "lifter.spotters_2_4.wrong": 1,
    "lifter.spotters_2_4.asked": 2,
    "vote.squat.false_alarms": 3,
}


def file(path: Path, engines: list[dict[str, Any]], **more: Any) -> Path:
    path.write_text(json.dumps({"format": 1, "engines": engines, **more}))
    return path


def row(engine: str = "mediapipe", weights: str = "aa") -> dict[str, str]:
    return {"engine": engine, "weights_sha256": weights, "accepted_on": "2026-01-01", "rulebook": "x"}


# --- who has passed ---


@pytest.mark.parametrize(
    ("engine", "weights", "passed"),
    [
        ("mediapipe", "aa", True),
        ("mediapipe-0.10.21-full", "aa", True),
        ("mediapipe", "bb", False),
        ("mediapipe2", "aa", False),
        ("mmpose", "aa", False),
        ("truth", "cc", False),
        ("mediapipe", "", False),
    ],
)
def test_an_engine_has_passed_with_the_very_weights_that_were_accepted(
    tmp_path: Path, engine: str, weights: str, passed: bool
) -> None:
    path = file(tmp_path / "accepted.json", [row(), row("truth", "cc"), row(weights="")])
    assert engine_passed(engine, weights, path) is passed


@pytest.mark.parametrize("text", ["", "{}", '{"format": 2, "engines": []}', '{"format": 1, "engines": [{}]}', "[]"])
def test_no_engine_has_passed_by_a_file_that_cannot_be_read(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "accepted.json"
    path.write_text(text)
    assert not engine_passed("mediapipe", "aa", path)
    assert "no engine counts as passed" in caplog.text
    assert not engine_passed("mediapipe", "aa", tmp_path / "gone.json")


def test_a_new_acceptance_is_seen_without_a_restart(tmp_path: Path) -> None:
    path = file(tmp_path / "accepted.json", [])
    assert not engine_passed("mediapipe", "aa", path)
    file(path, [row()])
    os.utime(path, ns=(1, 1))
    assert engine_passed("mediapipe", "aa", path)


def test_the_default_engine_has_passed_and_the_file_is_whole() -> None:
    assert engine_passed("mediapipe", weights_sha256())
    assert {one.engine for one in accepted_engines()} >= {"mediapipe"}


def test_asking_whether_an_engine_has_passed_loads_nothing_heavy() -> None:
    code = (
        "import sys, inference.accepted; print(*[n for n in ('numpy', 'PIL', 'cv2', 'mediapipe') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


# --- what is worse ---


def test_nothing_is_worse_than_itself() -> None:
    assert worse(BEFORE, dict(BEFORE), Tolerances()) == []


@pytest.mark.parametrize(
    ("name", "value", "is_worse"),
    [
        ("squat_depth.all.wrong", 2, True),
        ("squat_depth.all.wrong", 0, False),
        ("squat_depth.all.mae_cm", 1.06, True),
        ("squat_depth.all.mae_cm", 1.04, False),
        ("squat_depth.all.mae_cm", 0.5, False),
        ("squat_depth.all.given", 44, True),
        ("squat_depth.all.given", 45, False),
        ("squat_depth.all.given", 99, False),
        ("squat_depth.all.coverage", 0.85, True),
        ("squat_depth.all.coverage", 0.95, True),
        ("squat_depth.all.coverage", 0.87, False),
        ("lockout.as_bottom.verdicts", 1, True),
        ("lifter.spotters_2_4.wrong", 2, True),
        ("lifter.spotters_2_4.asked", 9, False),
        ("vote.squat.false_alarms", 4, True),
        ("vote.squat.false_alarms", 2, False),
    ],
)
def test_each_figure_is_worse_beyond_its_tolerance(name: str, value: float, is_worse: bool) -> None:
    sentences = worse(BEFORE, {**BEFORE, name: value}, Tolerances())
    assert [sentence.split()[0] for sentence in sentences] == ([name] if is_worse else [])


def test_one_verdict_less_of_a_few_is_not_worse() -> None:
    few = {"squat_depth.all.n": 8, "squat_depth.all.given": 5}
    assert worse(few, {**few, "squat_depth.all.given": 4}, Tolerances()) == []
    assert len(worse(few, {**few, "squat_depth.all.given": 3}, Tolerances())) == 1


def test_coverage_of_a_few_margins_says_nothing_and_outside_it_may_not_move_away() -> None:
    few = {"squat_depth.all.measured": 30, "squat_depth.all.coverage": 0.9}
    assert worse(few, {**few, "squat_depth.all.coverage": 0.7}, Tolerances()) == []
    out = {"squat_depth.all.measured": 300, "squat_depth.all.coverage": 0.98}
    assert worse(out, {**out, "squat_depth.all.coverage": 0.97}, Tolerances()) == []
    assert len(worse(out, {**out, "squat_depth.all.coverage": 0.99}, Tolerances())) == 1


def test_a_figure_that_is_new_or_gone_is_named() -> None:
    assert worse({}, {"a.n": 1}, Tolerances()) == ["a.n was never accepted: run --accept."]
    assert worse({"a.n": 1}, {}, Tolerances()) == ["a.n was 1 and is no longer measured."]


def test_no_engine_is_accepted_with_a_verdict_where_there_must_be_none_or_too_many_wrong() -> None:
    assert barred({"lockout.unstated.verdicts": 0, "squat_depth.recommended.given": 1}) == []
    (nothing,) = barred({"squat_depth.recommended.given": 0})
    assert nothing.startswith("it gave no verdict")
    (failed,) = barred({"squat_depth.recommended.given": 1, "photos.engine_errors": 2})
    assert failed == "it failed on 2 photos: none may fail."
    assert "empty.verdicts is 1" in barred({"empty.verdicts": 1})[0]
    given = {"squat_depth.recommended.given": 60, "bench_depth.recommended.given": 40}
    assert barred({**given, "squat_depth.recommended.wrong": 3}) == []
    (sentence,) = barred({**given, "squat_depth.recommended.wrong": 4})
    assert "4 of 100 verdicts" in sentence


# --- the command ---


@pytest.fixture
def fixed_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fixed set for the truth engine, and an accepted.json of its own."""
    truths = [
        scenes.squat(),
        scenes.squat(index=1, phase=Phase.LOCKOUT),
        scenes.scene([], index=2, kind=Kind.EMPTY),
    ]
    folder = scenes.written(tmp_path / "check", truths)
    path = tmp_path / "accepted.json"
    monkeypatch.setattr(accept, "CHECKED", {"truth": folder})
    monkeypatch.setattr(accept.accept, "__defaults__", (path,))
    monkeypatch.setattr(accept.report_check, "__defaults__", (path,))
    return path


def test_what_was_accepted_is_not_worse_than_itself(fixed_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--accept"]) == 0
    assert "truth: accepted." in capsys.readouterr().out
    data = accepted_read(fixed_set)
    assert [one["engine"] for one in data["engines"]] == ["truth"]
    assert data["tolerances"]["mae_up"] == 0.05
    assert oct(fixed_set.stat().st_mode)[-3:] == "644"
    assert [path.name for path in fixed_set.parent.iterdir()] != []
    assert main(["--check"]) == 0
    assert "truth: nothing is worse than accepted." in capsys.readouterr().out


def test_a_figure_that_got_worse_is_named_and_the_exit_status_is_1(
    fixed_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--accept"])
    data = json.loads(fixed_set.read_text())
    figures = data["engines"][0]["figures"]
    figures["squat_depth.all.mae_cm"] /= 2
    fixed_set.write_text(json.dumps(data))
    capsys.readouterr()
    assert main(["--check", "--json"]) == 1
    out = capsys.readouterr().out
    assert "truth: squat_depth.all.mae_cm was" in out
    assert list(json.loads(out.splitlines()[-1])["refused"]) == ["truth"]


def test_accepting_again_keeps_other_engines_and_the_tolerances(fixed_set: Path) -> None:
    file(fixed_set, [row("mmpose", "dd")], tolerances={"mae_up": 0.2})
    main(["--accept"])
    main(["--accept"])
    data = json.loads(fixed_set.read_text())
    assert [one["engine"] for one in data["engines"]] == ["mmpose", "truth"]
    assert data["tolerances"]["mae_up"] == 0.2


def test_a_refused_engine_is_not_written(
    fixed_set: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(accept, "barred", lambda figures: ["A sentence."])
    assert main(["--accept"]) == 0, "the true joints advise at no meet"
    fixed_set.write_text(json.dumps({**json.loads(fixed_set.read_text()), "engines": []}))
    monkeypatch.setattr(accept, "NEVER_BARRED", frozenset())
    assert main(["--accept"]) == 1
    assert "truth: A sentence." in capsys.readouterr().out
    assert accepted_read(fixed_set)["engines"] == []


def test_a_check_of_what_was_never_accepted_says_so(fixed_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file(fixed_set, [])
    assert main(["--check"]) == 1
    assert "Nothing was accepted for truth" in capsys.readouterr().out


def test_a_check_on_another_truth_or_camera_says_so(
    fixed_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--accept"])
    other = scenes.written(tmp_path / "other", [scenes.squat(3.0)])
    assert main(["--check", "--engine", "truth", "--truth", str(other)]) == 1
    assert "not the one that the figures were accepted on" in capsys.readouterr().out
    assert main(["--check", "--camera", "unknown"]) == 1
    assert "accepted with the camera measured" in capsys.readouterr().out


def test_a_check_without_the_file_is_bad_input(fixed_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 2
    assert "accepted.json cannot be read: write it with" in capsys.readouterr().err


def test_an_unknown_tolerance_is_refused(fixed_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--accept"])
    data = json.loads(fixed_set.read_text()) | {"tolerances": {"mae_down": 1}}
    fixed_set.write_text(json.dumps(data))
    assert main(["--check"]) == 2
    assert "mae_down is no tolerance" in capsys.readouterr().err


def test_the_file_is_written_whole_or_not_at_all(fixed_set: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file(fixed_set, [row()])
    before = fixed_set.read_bytes()

    def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(accept.os, "fsync", broken)
    with pytest.raises(OSError, match="full"):
        accept.accept([row("truth", "")], fixed_set)
    assert fixed_set.read_bytes() == before
    assert [path.name for path in fixed_set.parent.glob(".accepted*")] == []


def test_the_files_engines_are_those_of_the_project() -> None:
    assert accepted.FILE.parts[-2:] == ("gold", "accepted.json")
    assert accept.CHECK_PHOTOS.parts[-2:] == ("gold", "check")


# --- seeds that the calibration was fitted on ---


def test_the_fitted_seeds_are_those_that_the_data_names(tmp_path: Path) -> None:
    (tmp_path / "noise").mkdir()
    (tmp_path / "noise" / "mediapipe.toml").write_text(f'source = "400 photos, {seeds_named([12, 11])}; more 7"\n')
    (tmp_path / "surfaces.toml").write_text("[surfaces.knee_top]\nseeds = [3, 4]\n")
    assert seeds_fitted("mediapipe", tmp_path) == {3, 4, 11, 12}
    assert seeds_fitted("truth", tmp_path) == {3, 4}
    assert seeds_fitted("truth", tmp_path / "none") == set()
    assert {9100, 9101} <= seeds_taught()


def test_a_truth_of_a_fitted_seed_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("inference.gate.__main__.seeds_fitted", lambda engine: {5, 6})
    folder = scenes.written(tmp_path, [scenes.squat()])
    assert main(["--engine", "truth", "--truth", str(folder), "--json"]) == 0
    said = capsys.readouterr()
    assert "Warning: the calibration was fitted on seed 5" in said.err
    assert json.loads(said.out.splitlines()[-1])["fitted_seeds"] == [5]


@pytest.mark.parametrize("given", [["--plates"], ["--camera", "unknown"]])
def test_only_a_measured_camera_without_plates_is_accepted(
    fixed_set: Path, given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = fixed_set.read_bytes() if fixed_set.exists() else None
    assert main(["--accept", *given]) == 2
    assert "accepted with the camera measured and without the true plates" in capsys.readouterr().err
    assert (fixed_set.read_bytes() if fixed_set.exists() else None) == before
