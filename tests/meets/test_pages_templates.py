"""The pages keep to the strict content security policy, to official colours for officials, and to plain words."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from inference.assessment import FlagKind
from judging.outcomes import Outcome, Reason
from meets import intake
from meets.models import EvidenceMode, Role
from tests.factories import (
    assessed_make,
    attempt_make,
    camera_make,
    finding_make,
    meet_make,
    member_make,
    person_make,
    seen_make,
)

ROOT = Path(__file__).resolve().parents[2] / "meets"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static").rglob("*.js"))
STYLES = sorted((ROOT / "static").rglob("*.css"))


def named(path: Path) -> str:
    return path.name


def test_there_is_something_to_scan() -> None:
    assert len(TEMPLATES) > 20
    assert SCRIPTS
    assert STYLES


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_no_inline_script_or_style(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", text)
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert "hx-on" not in text
    assert "javascript:" not in text


@pytest.mark.parametrize("path", [*TEMPLATES, *STYLES, *SCRIPTS], ids=named)
def test_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|(?:href|src)=\"//|@import|url\(", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_scripts_write_no_markup_and_evaluate_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"innerHTML\s*=|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(|new Function", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_plain_words(path: Path) -> None:
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|<[^>]+>", " ", path.read_text(encoding="utf-8"), flags=re.S)
    assert not re.search(
        r"(?<!measuring )\berrors?\b|\bconfidence\b|\bAI\b|\binvalid\b|\bfailed\b|✓|✔|✅", text, flags=re.I
    )


@pytest.mark.parametrize("path", STYLES, ids=named)
def test_colours_of_lights_stay_with_lights(path: Path) -> None:
    """White and red are named for lights alone; blue and yellow are nowhere."""
    text = path.read_text(encoding="utf-8")
    for line in text.splitlines():
        if "var(--light-" in line:
            assert re.match(r"\.(light|give)-", line.strip()), line
        if "var(--card-" in line:
            assert re.match(r"\.ref-", line.strip()), line
    assert not re.search(r"\b(blue|yellow|gold)\b\s*;", text)


@pytest.mark.django_db
def test_pages_as_served_carry_the_policy_and_nothing_inline() -> None:
    meet = meet_make(evidence_mode=EvidenceMode.TRAINING)
    attempt = attempt_make(meet)
    assessed_make(attempt)
    assessed_make(attempt, seen=seen_make(flag=FlagKind.LIFTER, people=(person_make(), person_make())))
    wrong = finding_make(outcome=Outcome.CANNOT_JUDGE, reason=Reason.WRONG_LIFT, margin_cm=None)
    strange = assessed_make(attempt, seen=seen_make(flag=FlagKind.MISMATCH, findings=(wrong,)))
    attempt_make(meet, lift="deadlift")
    aside = assessed_make(attempt).image
    intake.image_set_aside(image=aside, user=aside.uploaded_by)
    client = Client()
    client.force_login(member_make(meet, Role.HEAD))
    urls = [
        reverse("meet-list"),
        reverse("password-change"),
        reverse("meet-board", args=[meet.pk]),
        reverse("attempt-detail", args=[attempt.pk]),
        reverse("meet-edit", args=[meet.pk]),
        reverse("lifter-list", args=[meet.pk]),
        reverse("entry-edit", args=[attempt.entry_id]),
        reverse("member-list", args=[meet.pk]),
        reverse("camera-list", args=[meet.pk]),
        reverse("camera-edit", args=[camera_make(meet).pk]),
        reverse("meet-upload", args=[meet.pk]),
        reverse("meet-unmatched", args=[meet.pk]),
        reverse("photo-move", args=[strange.image_id]),
        reverse("meet-run", args=[meet.pk]),
        reverse("meet-assist", args=[meet.pk]),
        reverse("meet-log", args=[meet.pk]),
        reverse("second-calls", args=[meet.pk]),
    ]
    for url in urls:
        response = client.get(url)
        policy = response["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "script-src 'self'" in policy
        html = response.content.decode()
        assert not re.search(r"\sstyle\s*=|<style|<script(?![^>]*\ssrc=)", html)
        assert html.count("<h1") == 1
        ids = re.findall(r'\sid="([^"]+)"', html)
        assert len(ids) == len(set(ids)), url
        for named_field in re.findall(r'<label[^>]* for="([^"]+)"', html):
            assert named_field in ids
