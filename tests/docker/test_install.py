"""What the install scripts name, and, where REQUIRE_INSTALL=1 asks for it, what they really put into a bare
environment: the closest to building the images that a machine without a container engine gets."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docker.test_files import stages
from tests.factories import photo_bytes

HERE = Path(__file__).parent
ROOT = Path(__file__).resolve().parents[2]
INSTALL = ROOT / "docker" / "install"
ENGINES = {"opencv-python-headless", "mediapipe", "torch", "onedl-mmcv", "mmpose"}


def locked(name: str) -> dict[str, str]:
    """Package to version as one lock has it for this platform."""
    lines = re.findall(r"^([a-z0-9-]+)==(\S+)(.*)$", (ROOT / "requirements" / name).read_text(), re.MULTILINE)
    return {
        package: version
        for package, version, rest in lines
        if not re.search(r"'never'|'win32'|< '3.11.3'|>= '3.12'|>= '3.14'", rest)
    }


def test_the_locks_differ_by_their_engines_alone() -> None:
    web, worker, gpu, build, dev = (locked(f"{name}.txt") for name in ("web", "worker", "gpu", "gpu-build", "dev"))
    assert ENGINES & set(web) == set()
    assert ENGINES & set(worker) == {"opencv-python-headless", "mediapipe"}
    assert ENGINES & set(gpu) == ENGINES - {"mediapipe"}
    for other in (worker, gpu, dev):
        assert web.items() <= other.items()
    assert worker.items() <= dev.items()
    assert gpu.items() <= build.items()
    assert set(build) - set(gpu) == {"ninja", "psutil", "wheel"}


@pytest.mark.parametrize("name", ["web.txt", "worker.txt", "gpu.txt"])
def test_there_is_one_opencv_and_it_needs_no_screen(name: str) -> None:
    assert [package for package in locked(name) if package.startswith("opencv")] in ([], ["opencv-python-headless"])


@pytest.mark.parametrize("name", ["web.txt", "worker.txt", "gpu.txt", "gpu-build.txt", "dev.txt"])
def test_every_package_has_its_hashes(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z0-9-]+==.*$(?=\n)(?:\n[ ]{4}.*)*", text, re.MULTILINE)
    assert len(packages) >= 50
    assert [package for package in packages if "--hash=sha256:" not in package] == []


@pytest.mark.parametrize("name", ["web", "worker", "worker-gpu"])
def test_a_script_that_is_told_no_python_stops(name: str) -> None:
    done = subprocess.run(["sh", INSTALL / f"{name}.sh"], capture_output=True, text=True)
    assert done.returncode != 0
    assert "name the python" in done.stderr
    assert subprocess.run(["sh", "-n", INSTALL / f"{name}.sh"]).returncode == 0


# ── mmcv's wheel: the script with a pip and a compiler that only tell what they were asked ─────────────────
def fake_python(folder: Path) -> Path:
    """Writes down its arguments; "pip wheel" leaves a wheel, and tells which compilers it was given."""
    path = folder / "python"
    path.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> {folder}/asked\n'
        'case "$*" in *cache_tag*) echo cpython-311 ;; *"pip wheel"*)\n'
        f'    for last; do :; done; mkdir -p "$last"; echo whl > "$last/onedl_mmcv-2.3.6-cp311.whl"\n'
        f'    "$CXX" -c -std=c++17 "a b.cpp" >> {folder}/compiled\n'
        f'    "$PYTORCH_NVCC" -std=c++17 --threads 2 >> {folder}/compiled\n'
        f'    echo "$FORCE_CUDA/$TORCH_CUDA_ARCH_LIST/$MMCV_WITH_OPS" >> {folder}/built ;;\n'
        '*"-m pip install"*) while [ $# -gt 1 ]; do\n'
        f'    [ "$1" = --requirement ] && grep -c "^onedl-mmcv==" "$2" >> {folder}/mmcv_in_lock; shift; done ;;\n'
        "esac\nexit 0\n"
    )
    for name in ("g++", "nvcc"):
        tool = folder / "bin" / name
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(f'#!/bin/sh\nprintf "{name}"; printf " <%s>" "$@"; echo\n')
        tool.chmod(0o755)
    path.chmod(0o755)
    return path


def gpu_script(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    env = {
        "PATH": f"{folder}/bin:{os.environ['PATH']}",
        "MMCV_WHEELS": str(folder / "wheels"),
        "CUDA_HOME": str(folder),
    }
    command = ["sh", str(INSTALL / "worker-gpu.sh"), str(folder / "python")]
    return subprocess.run(command, env={**env, **variables}, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("variables", "key", "built"),
    [
        ({}, "cpython-311-torch2.14.1-mmcv2.3.6-cpu", "0/7.5 8.0 8.6 8.9 9.0+PTX/1"),
        (
            {"MMCV_CUDA": "1"},
            "cpython-311-torch2.14.1-mmcv2.3.6-cuda13.0.3.0-7.5_8.0_8.6_8.9_9.0+PTX",
            "1/7.5 8.0 8.6 8.9 9.0+PTX/1",
        ),
        (
            {"MMCV_CUDA": "1", "TORCH_CUDA_ARCH_LIST": "9.0"},
            "cpython-311-torch2.14.1-mmcv2.3.6-cuda13.0.3.0-9.0",
            "1/9.0/1",
        ),
    ],
)
def test_mmcv_is_built_once_per_versions(tmp_path: Path, variables: dict[str, str], key: str, built: str) -> None:
    fake_python(tmp_path)
    first = gpu_script(tmp_path, **variables)
    assert first.returncode == 0, first.stderr
    assert [path.name for path in (tmp_path / "wheels").iterdir()] == [key]
    assert (tmp_path / "built").read_text().split("\n")[0] == built
    # The compilers take the newer of two standards, and every other word as it was.
    assert (tmp_path / "compiled").read_text().splitlines() == [
        "g++ <-c> <-std=c++20> <a b.cpp>",
        "nvcc <-std=c++20> <--threads> <2>",
    ]
    # No installed lock names mmcv: it would be fetched instead of the wheel.
    assert (tmp_path / "mmcv_in_lock").read_text().split() == ["0", "0"]
    second = gpu_script(tmp_path, **variables)
    assert second.returncode == 0, second.stderr
    assert len((tmp_path / "built").read_text().splitlines()) == 1
    asked = (tmp_path / "asked").read_text().splitlines()
    assert sum("--force-reinstall" in line and key in line for line in asked) == 2


def test_a_build_that_fails_leaves_no_wheel(tmp_path: Path) -> None:
    path = fake_python(tmp_path)
    path.write_text(path.read_text().replace("/built ;;", "/built; exit 3 ;;"))
    done = gpu_script(tmp_path)
    assert done.returncode == 3
    assert not (tmp_path / "wheels").exists()


# ── In a bare environment ────────────────────────────────────────────────────────────────────────────────
def bare_environment(folder: Path) -> Path:
    if os.environ.get("REQUIRE_INSTALL") != "1":
        pytest.skip("it fetches packages for a minute: set REQUIRE_INSTALL=1")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    return folder / "venv" / "bin" / "python"


def installed(python: Path) -> dict[str, str]:
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = (line.split("==") for line in listed.stdout.splitlines())
    names = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pairs}
    return {name: version for name, version in names.items() if name not in ("pip", "setuptools")}


def in_image(python: Path, folder: Path, *arguments: str) -> str:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "VAR_DIR": str(folder / "var"), "MPLCONFIGDIR": str(folder)}
    done = subprocess.run([python, *arguments], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.install
def test_the_site_runs_on_what_web_installs(tmp_path: Path) -> None:
    python = bare_environment(tmp_path)
    subprocess.run(["sh", INSTALL / "web.sh", python], check=True)
    assert installed(python) == locked("web.txt")
    in_image(python, tmp_path, "manage.py", "check", "--deploy", "--fail-level=ERROR")
    in_image(python, tmp_path, "manage.py", "migrate", "--no-input", "--verbosity=0")
    in_image(python, tmp_path, "manage.py", "collectstatic", "--no-input", "--verbosity=0")
    in_image(python, tmp_path, "-m", "gunicorn", "--check-config", "config.wsgi")
    asked = "import config.wsgi, config.urls, meets.tasks, storages.backends.s3, psycopg, redis; print('whole')"
    assert in_image(python, tmp_path, "-c", asked).strip() == "whole"


@pytest.mark.install
def test_a_worker_reads_a_photo_with_what_worker_installs(tmp_path: Path) -> None:
    python = bare_environment(tmp_path)
    subprocess.run(["sh", INSTALL / "worker.sh", python], check=True)
    assert installed(python) == locked("worker.txt")
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(photo_bytes((640, 480)))
    said = json.loads(in_image(python, tmp_path, "manage.py", "assess", str(photo), "--json"))
    assert said["engine"] == "mediapipe-0.10.21-full"
    # The picture is of nobody, and the engine has looked at all of it.
    assert (said["size"], said["lifter"], said["findings"]) == ([640, 480], False, [])
    line_runs_without_rights(tmp_path, photo)


# The commands of the images, at the addresses of this test; and both health checks.
LINE = """
cd /mnt/app
python=/mnt/venv/bin/python
touch /mnt/app/written /written 2>/dev/null && echo written
$python manage.py migrate --no-input --verbosity 0
$python -m gunicorn config.wsgi --bind=127.0.0.1:PORT --workers=2 --worker-class=gthread --threads=8 \\
    --worker-tmp-dir=/dev/shm --no-control-socket 2>/tmp/web.log &
web=$!
$python manage.py worker >/tmp/worker.log 2>&1 &
worker=$!
DJANGO_SETTINGS_MODULE=config.settings $python /mnt/upload.py /mnt/photo.jpg
$python -c "import sys; sys.path.insert(0, 'docker'); import health; print('site', health.web_trouble(PORT) or 'well')"
$python docker/health.py worker && echo worker well
kill $web $worker
wait
"""


def code_copied(app: Path) -> None:
    """What the Dockerfile's stage "code" copies, and nothing else."""
    for line in stages()["code"][1]:
        if line.startswith("COPY"):
            *sources, target = line.split()[1:]
            (app / target).mkdir(parents=True, exist_ok=True)
            for source in sources:
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, app / target, dirs_exist_ok=True)
                else:
                    shutil.copy(ROOT / source, app / target)


def line_runs_without_rights(folder: Path, photo: Path) -> None:
    """Site and worker from the files the images have, in the environment just made, with no more rights than compose
    gives them: a photo goes through, and both say that they are well."""
    if os.getuid() != 0 or subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("everything was installed; only root in a mount namespace of its own can also take rights away")
    image = folder / "image"
    code_copied(image / "app")
    in_image(folder / "venv" / "bin" / "python", folder, "manage.py", "collectstatic", "--no-input", "--verbosity=0")
    (folder / "var" / "static").rename(image / "app" / "static")
    (folder / "venv").rename(image / "venv")
    shutil.copy(photo, image)
    shutil.copy(HERE / "upload.py", image)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        line = LINE.replace("PORT", str(probe.getsockname()[1]))
    command = ["unshare", "--mount", "sh", HERE / "read_only_root.sh", folder, image, sys.base_prefix, line]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["photo done", "site well", "worker well"], done.stderr
