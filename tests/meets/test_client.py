"""Where a request comes from, for those who count: wrong passwords and requests."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client, RequestFactory
from django.urls import reverse
from rest_framework.test import APIClient

from meets import client
from tests.factories import user_make

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]


def behind(settings: Any, proxy: bool) -> None:
    settings.BEHIND_PROXY = proxy
    settings.REST_FRAMEWORK = {**site.REST_FRAMEWORK, "NUM_PROXIES": 1 if proxy else 0}


@pytest.mark.parametrize(
    ("proxy", "header", "address"),
    [
        (False, "", "10.0.0.1"),
        (False, "1.2.3.4", "10.0.0.1"),
        (True, "", "10.0.0.1"),
        (True, "1.2.3.4", "1.2.3.4"),
        (True, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (True, "6.6.6.6,", "10.0.0.1"),
    ],
)
def test_the_last_hop_counts_and_only_behind_a_proxy(settings: Any, proxy: bool, header: str, address: str) -> None:
    behind(settings, proxy)
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=header)
    assert client.address(request) == address


def sign_in(password: str, hops: str) -> int:
    typed = {"username": "anna", "password": password}
    return Client().post(reverse("login"), typed, headers={"X-Forwarded-For": hops}).status_code


def test_without_a_proxy_a_guesser_cannot_name_another_address(settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    behind(settings, False)
    user_make("anna")
    assert [sign_in("wrong", f"1.1.1.{number}") for number in range(3)] == [200, 200, 429]
    assert sign_in("correct horse", "9.9.9.9") == 429


def test_behind_a_proxy_a_guesser_holds_only_the_own_address(settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    behind(settings, True)
    user_make("anna")
    # The client writes what it likes before the hop that the proxy adds.
    assert [sign_in("wrong", f"1.1.1.{number}, 7.7.7.7") for number in range(3)] == [200, 200, 429]
    assert sign_in("correct horse", "7.7.7.7") == 429
    assert sign_in("correct horse", "8.8.8.8") == 302


@pytest.mark.parametrize("proxy", [False, True])
def test_the_throttle_counts_the_same_address(settings: Any, proxy: bool) -> None:
    behind(settings, proxy)

    def ask(hops: str) -> int:
        body = {"username": hops, "password": "wrong"}
        return APIClient().post("/api/v1/auth/token/", body, headers={"X-Forwarded-For": hops}).status_code

    assert [ask(f"1.1.1.{number}, 7.7.7.7") for number in range(21)] == [403] * 20 + [429]
    assert ask("1.1.1.1, 8.8.8.8") == (403 if proxy else 429)


@pytest.mark.parametrize("proxy", [False, True])
def test_one_variable_tells_both(proxy: bool, tmp_path: Path) -> None:
    told = "from config import settings as s; print(s.BEHIND_PROXY, s.REST_FRAMEWORK['NUM_PROXIES'])"
    env = {**os.environ, "VAR_DIR": str(tmp_path), "BEHIND_PROXY": str(proxy)}
    said = subprocess.run([sys.executable, "-c", told], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [str(proxy), str(int(proxy))]
