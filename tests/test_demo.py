"""``make demo`` as a user runs it: every photo gets its line, and Ctrl-C leaves nothing behind."""

import csv
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Three pictures without a lifter, one of them labelled, a file that is none, and a folder of the demo's own."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for number, name in enumerate(("some_squat_0.jpg", "some_squat_1.jpg", "a_bench_press_0.png")):
        Image.new("RGB", (320, 240), (60 * number, 80, 90)).save(photos / name)
    (photos / "broken_squat.jpg").write_bytes(b"not a picture")
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["file", "lift", "phase", "view"], ["some_squat_0.jpg", "squat", "bottom", "side"]])
    return {
        **{key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")},
        "DEMO_PHOTOS": str(tmp_path),
        "VAR_DIR": str(tmp_path / "var"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


def test_once_prints_a_line_for_every_photo_and_ends_well(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "config.demo", "--once"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if " seen " in line]
    assert [(line[0], line[1], line[3]) for line in lines] == [
        ("a_bench_press_0.png", "bench", "nobody"),
        ("some_squat_0.jpg", "squat", "nobody"),
        ("some_squat_1.jpg", "squat", "nobody"),
    ]
    assert "squat_depth cannot_judge (no_lifter)" in done.stdout
    assert "broken_squat.jpg: This file is not a photo. Upload a JPEG, PNG or WebP." in done.stdout.splitlines()
    assert "3 photos in" in done.stdout


def test_without_photos_it_says_what_to_do(environment: dict[str, str], tmp_path: Path) -> None:
    environment["DEMO_PHOTOS"] = str(tmp_path / "nowhere")
    command = [sys.executable, "-m", "config.demo", "--once"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout.strip().startswith(f"No demo photos at {tmp_path / 'nowhere'}")
    assert not (tmp_path / "var").exists()


def test_ctrl_c_stops_site_and_worker(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "config.demo"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        said = []
        for line in demo.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        address = next(word for line in said for word in line.split() if word.startswith("http://"))
        logins = [line.split() for line in said if line.startswith("  ") and "referee-left" in line]
        assert [(login[0], login[2]) for login in logins] == [("referee-left", "referee")]
        with urllib.request.urlopen(address, timeout=10) as page:  # noqa: S310 - our own address
            assert page.status == 200
        children = psutil.Process(demo.pid).children(recursive=True)
        assert len(children) >= 3
        demo.send_signal(signal.SIGINT)
        assert "Stopped." in demo.stdout.read()
        assert demo.wait(30) == 0
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert len(gone) == len(children)
    assert alive == []
