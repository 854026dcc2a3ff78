"""The images and the compose files, as far as they can be checked without a container engine."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.utils import timezone

from meets.middleware import FORM_BYTES
from meets.models import Delivery, Webhook, WorkerBeat
from tests.factories import meet_make, user_make

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
COMPOSE = ("compose.yaml", "compose.worker.yaml")
OVERRIDES = ("compose.tls.yaml", "compose.hosts.yaml")
TARGETS = ("web", "worker", "worker-gpu", "storage")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Of the images that are not ours.
THEIR_VARIABLES = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE", "POSTGRES_INITDB_ARGS"}


def compose(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DOCKER / name).read_text(encoding="utf-8"))
    return loaded


def services() -> list[Any]:
    return [
        pytest.param(service, file, id=f"{file}:{name}")
        for file in COMPOSE
        for name, service in compose(file)["services"].items()
    ]


def ours(service: dict[str, Any]) -> bool:
    return str(service["image"]).startswith("white-lights/")


every_service = pytest.mark.parametrize(("service", "file"), services())


# ── Dockerfile ───────────────────────────────────────────────────────────────────────────────────────────
def stages() -> dict[str, tuple[str, list[str]]]:
    """By stage: what it is made from, and its instructions, continued lines joined."""
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found: dict[str, tuple[str, list[str]]] = {}
    name = ""
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if made := re.fullmatch(r"FROM (\S+) AS (\S+)", line):
            name = made[2]
            found[name] = (made[1], [])
        elif line.strip():
            found[name][1].append(line)
    return found


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), "--no-color", DOCKER / "Dockerfile"],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert "hadolint ignore" not in (DOCKER / "Dockerfile").read_text(encoding="utf-8")


def test_every_image_is_one_version() -> None:
    built = stages()
    foreign = {base for base, _ in built.values() if base not in built}
    foreign |= {
        service["image"] for file in COMPOSE for service in compose(file)["services"].values() if not ours(service)
    }
    assert foreign == {
        "python:3.11.14-slim-bookworm",
        "python:3.11.14-bookworm",
        "nvidia/cuda:13.0.2-devel-ubuntu22.04",
        "chrislusf/seaweedfs:3.99",
        "nginx:1.28.0-bookworm",
        "postgres:17.6-bookworm",
        "valkey/valkey:8.1.4-bookworm",
    }


@pytest.mark.parametrize("target", TARGETS)
def test_no_image_runs_as_root(target: str) -> None:
    users = [line.split()[1] for line in stages()[target][1] if line.startswith("USER ")]
    assert users == ["10001:10001"]


def test_no_image_holds_a_secret_or_anything_it_does_not_need() -> None:
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    assert not re.search(r"^(ENV|ARG)\b.*(SECRET|PASSWORD|KEY)", text, re.MULTILINE)
    for _, lines in stages().values():
        for line in lines:
            if line.startswith("COPY"):
                assert line.split()[1:-1] != ["."], line
    allowed = (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    assert "*" in allowed
    taken = {word[1:] for word in allowed if word.startswith("!")}
    sources = {
        word.rstrip("/")
        for _, lines in stages().values()
        for line in lines
        if line.startswith("COPY") and "--from" not in line
        for word in line.split()[1:-1]
    }
    assert sources == taken
    assert all((ROOT / path).exists() for path in taken)


@pytest.mark.parametrize("target", ["web", "worker", "worker-gpu"])
def test_an_image_runs_the_script_that_the_tests_run(target: str) -> None:
    runs = [line for line in stages()[f"{target}-packages"][1] if line.startswith("RUN")]
    assert runs == [f"RUN /build/docker/install/{target}.sh /opt/venv/bin/python"]
    assert os.access(DOCKER / "install" / f"{target}.sh", os.X_OK)


def test_cuda_is_the_version_that_torch_was_built_with() -> None:
    locked = (ROOT / "requirements" / "gpu.txt").read_text(encoding="utf-8")
    version = re.search(r"^cuda-toolkit==(\d+\.\d+)", locked, re.MULTILINE)
    assert version is not None
    assert stages()["cuda"][0].startswith(f"nvidia/cuda:{version[1]}.")
    assert f"COPY --from=cuda /usr/local/cuda-{version[1]} /usr/local/cuda" in stages()["mmcv"][1]


# ── Compose ──────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", COMPOSE + OVERRIDES)
def test_it_follows_the_specification(name: str) -> None:
    command = ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(DOCKER / name)]
    done = subprocess.run([Path(sys.executable).with_name(command[0]), *command[1:]], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@every_service
def test_it_can_do_no_more_than_it_must(service: dict[str, Any], file: str) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] in ("10001:10001", "999:999")
    assert service["pids_limit"] > 0
    assert not {"privileged", "cap_add", "pid", "ipc", "network_mode", "devices"} & set(service)
    assert not [volume for volume in service.get("volumes", []) if volume.startswith((".", "/"))]


@every_service
def test_it_says_whether_it_is_well(service: dict[str, Any], file: str) -> None:
    if service["restart"] == "no":
        # It runs once, and those that need it wait for its good end.
        return
    assert service["restart"] == "unless-stopped"
    assert set(service["healthcheck"]) >= {"test", "interval", "timeout", "retries"}


@every_service
def test_its_image_is_built_here_or_one_version(service: dict[str, Any], file: str) -> None:
    image, _, version = service["image"].rpartition(":")
    if not ours(service):
        assert re.fullmatch(r"\d+\.\d+(\.\d+)?-bookworm", version)
        return
    assert version == PROJECT["version"]
    target = image.removeprefix("white-lights/")
    assert target in TARGETS
    if "build" in service:
        assert service["build"] == {"context": "..", "dockerfile": "docker/Dockerfile", "target": target}


@every_service
def test_no_secret_stands_in_it(service: dict[str, Any], file: str) -> None:
    for name, value in service.get("environment", {}).items():
        if re.search("SECRET|PASSWORD|KEY|_URL", name):
            assert name.endswith("_FILE"), name
            assert value.removeprefix("/run/secrets/") in service["secrets"]
    declared = compose(file)["secrets"]
    for name in service.get("secrets", []):
        assert declared[name] == {"file": f"./secrets/{name}"}


@every_service
def test_each_variable_is_one_that_the_settings_read(service: dict[str, Any], file: str) -> None:
    text = (ROOT / "config" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'env_(?:text|bool|int|float)\(\s*"(\w+)"', text))
    named = set(service.get("environment", {}))
    if ours(service):
        assert {name.removesuffix("_FILE") for name in named} <= read
    else:
        assert named <= THEIR_VARIABLES


def test_nobody_reaches_what_he_does_not_work_with() -> None:
    site = compose("compose.yaml")
    networks = site["networks"]
    assert {name for name, network in networks.items() if not network.get("internal")} == {"outside"}
    on = {name: set(service["networks"]) for name, service in site["services"].items()}
    assert on["proxy"] & on["db"] == set()
    assert on["proxy"] & on["redis"] == set()
    assert on["db"] == on["redis"] == {"data"}
    assert {name for name, joined in on.items() if "outside" in joined} == {"proxy", "sender", "weights"}
    assert on["sender"] == {"data", "outside"}
    assert site["services"]["sender"]["secrets"] == ["database_url"]
    assert {name for name, service in site["services"].items() if "ports" in service} == {"proxy"}
    # What the proxy and the stores never need.
    assert "secret_key" not in site["services"]["worker"]["secrets"]
    assert "secrets" not in site["services"]["proxy"]


def test_everything_waits_for_what_it_needs() -> None:
    site = compose("compose.yaml")["services"]
    for name in ("web", "worker", "worker-gpu"):
        assert site[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "bucket": {"condition": "service_completed_successfully"},
            "db": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
            "storage": {"condition": "service_healthy"},
        }
    assert site["proxy"]["depends_on"] == {"web": {"condition": "service_healthy"}}
    assert site["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}


def test_a_worker_elsewhere_is_the_same_worker() -> None:
    here, there = compose("compose.yaml")["services"], compose("compose.worker.yaml")["services"]
    for name in ("worker", "worker-gpu"):
        for part in ("image", "environment", "secrets", "tmpfs", "healthcheck", "stop_grace_period"):
            assert there[name][part] == here[name][part], (name, part)
    assert there["worker-gpu"]["deploy"] == here["worker-gpu"]["deploy"]


# ── The proxy's figures, health, secrets ─────────────────────────────────────────────────────────────────
def test_the_proxy_lets_through_what_the_site_takes() -> None:
    text = (DOCKER / "nginx.conf").read_text(encoding="utf-8")
    most = settings.PHOTO_MAX_BYTES + FORM_BYTES
    assert re.findall(r"client_max_body_size (\d+);", text) == [str(most)]
    # A body that states no length is refused as one byte more.
    assert re.findall(r'"" (\d+);', text) == [str(most + 1)]


def health() -> ModuleType:
    """docker/health.py, which is a program and no package's module."""
    spec = importlib.util.spec_from_file_location("health", DOCKER / "health.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.django_db
def test_a_worker_is_well_while_it_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "box1")
    late = "The worker has not been heard of lately."
    WorkerBeat.objects.create(name="worker-1-a@box2", seen_at=timezone.now())
    assert health().worker_trouble() == late
    WorkerBeat.objects.create(name="worker-1-b@box1", seen_at=timezone.now())
    assert health().worker_trouble() == ""
    past = timezone.now() - timedelta(seconds=settings.WORKER_GONE_S + 1)
    WorkerBeat.objects.filter(name="worker-1-b@box1").update(seen_at=past)
    assert health().worker_trouble() == late


@pytest.mark.django_db
def test_a_sender_is_well_while_what_is_due_is_taken_up() -> None:
    head, meet = user_make(), meet_make()
    webhook = Webhook.objects.create(meet=meet, url="https://8.8.8.8/", created_by=head)
    now = timezone.now()
    assert health().sender_trouble() == ""
    delivery = Delivery.objects.create(webhook=webhook, event="ping", body="{}", next_try_at=now - timedelta(minutes=1))
    assert health().sender_trouble() == ""
    Delivery.objects.update(next_try_at=now - timedelta(minutes=3))
    assert health().sender_trouble() == "Deliveries that are due are not taken up."
    Delivery.objects.create(webhook=webhook, event="ping", body="{}", lease_until=now + timedelta(minutes=1))
    assert health().sender_trouble() == ""
    Delivery.objects.exclude(pk=delivery.pk).delete()
    Webhook.objects.update(is_active=False)
    assert health().sender_trouble() == ""


@pytest.mark.django_db
def test_the_site_is_well_while_it_shows_its_door(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    port = live_server.thread.port
    monkeypatch.setenv("ALLOWED_HOSTS", "localhost,lights.example.org")
    assert health().web_trouble(port) == ""
    monkeypatch.setenv("ALLOWED_HOSTS", "elsewhere.example.org")
    assert health().web_trouble(port) == "The sign-in page answers 400."
    assert "does not answer" in health().web_trouble(1)


def test_secrets_are_made_once_and_fit_each_other(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    command = ["sh", str(DOCKER / "secrets.sh"), str(folder)]
    assert subprocess.run(command, capture_output=True).returncode == 0
    made = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    declared = compose("compose.yaml")["secrets"]
    assert set(made) == set(declared)
    assert made["database_url"] == f"postgres://site:{made['postgres_password']}@db:5432/site"
    password = made["redis_conf"].removeprefix("requirepass ").strip()
    assert made["redis_url"] == f"redis://:{password}@redis:6379/0"
    (identity,) = json.loads(made["storage_keys"])["identities"]
    assert identity["credentials"] == [{"accessKey": made["s3_key_id"], "secretKey": made["s3_secret"]}]
    assert identity["actions"] == ["Admin:photos"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o444}
    lengths = {name: len(made[name].strip()) for name in ("secret_key", "postgres_password", "s3_key_id", "s3_secret")}
    assert lengths == {"secret_key": 60, "postgres_password": 40, "s3_key_id": 20, "s3_secret": 40}

    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == made


def test_photos_by_the_proxy_need_a_proxy(tmp_path: Path) -> None:
    variables = {"VAR_DIR": str(tmp_path), "MEDIA_BY_PROXY": "True", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", "import config.settings"]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.returncode == 1
    assert "MEDIA_BY_PROXY=True needs our proxy before the site: set BEHIND_PROXY=True." in done.stderr


def test_the_settings_read_them_as_files(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    subprocess.run(["sh", str(DOCKER / "secrets.sh"), str(folder)], check=True, capture_output=True)
    variables = {
        name: str(value).replace("/run/secrets", str(folder))
        for name, value in compose("compose.yaml")["services"]["web"]["environment"].items()
        if not str(value).startswith("${")
    }
    variables |= {"VAR_DIR": str(tmp_path / "var"), "DJANGO_SETTINGS_MODULE": "config.settings", "HTTPS": "True"}
    variables |= {"PATH": os.environ["PATH"], "ALLOWED_HOSTS": "lights.example.org"}
    asked = (
        "import json; from django.conf import settings as s; print(json.dumps([s.DATABASES['default']['PASSWORD'],"
        "s.REDIS_URL, s.SECRET_KEY, s.STORAGES['default']['OPTIONS']['secret_key'], s.MEDIA_BY_PROXY]))"
    )
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    names = ("postgres_password", "redis_url", "secret_key", "s3_secret")
    assert json.loads(done.stdout) == [*[(folder / name).read_text().strip() for name in names], True]
    deploy = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level=ERROR"],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
    )
    assert deploy.returncode == 0, deploy.stderr
