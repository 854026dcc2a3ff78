"""What the settings do to the disk at a first start, and what they refuse."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import database

ROOT = Path(__file__).resolve().parents[1]
PRINT_KEY = "from django.conf import settings; print(settings.SECRET_KEY)"


def start(var_dir: Path, **variables: str) -> "subprocess.Popen[str]":
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SECRET_KEY")}
    environment |= {"VAR_DIR": str(var_dir), "DJANGO_SETTINGS_MODULE": "config.settings", **variables}
    return subprocess.Popen(
        [sys.executable, "-c", PRINT_KEY],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_that_start_together_share_one_whole_key(tmp_path: Path) -> None:
    together = [start(tmp_path / "var") for _ in range(4)]
    keys = {process.communicate(timeout=30)[0].strip() for process in together}
    assert len(keys) == 1
    assert len(keys.pop()) == 67
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in (tmp_path / "var").iterdir()) == ["broker", "secret_key"]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"HTTPS": "yes"}, "HTTPS=yes is neither True nor False."),
        ({"IMAGE_TRIES_MAX": "three"}, "IMAGE_TRIES_MAX=three is not a whole number."),
        ({"WORKER_BEAT_S": "soon"}, "WORKER_BEAT_S=soon is not a number."),
    ],
)
def test_a_bad_value_stops_the_start_and_is_named(tmp_path: Path, variables: dict[str, str], said: str) -> None:
    process = start(tmp_path / "var", **variables)
    _, trouble = process.communicate(timeout=30)
    assert process.returncode == 1
    assert said in trouble


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("postgres://one@db/two", {"options": "-c random_page_cost=1.1"}),
        ("postgres://one@db/two?options=-c%20random_page_cost%3D3", {"options": "-c random_page_cost=3"}),
        ("sqlite:////tmp/two.sqlite3", {}),
    ],
)
def test_postgresql_is_told_what_a_page_costs_unless_the_url_says(
    monkeypatch: pytest.MonkeyPatch, url: str, options: dict[str, str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert database().get("OPTIONS", {}) == options
