"""The real photos, where they are: found, told apart, and nothing claimed that a photo cannot show."""

import csv
import os
from pathlib import Path

import pytest

from inference.assessment import Assessment
from inference.pipeline import Pipeline
from judging.outcomes import Outcome

FOLDER = Path(os.environ.get("LIFT_DATA", Path(__file__).parents[3] / "shared" / "data")) / "lifts"

pytestmark = [
    pytest.mark.photos,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no photos at {FOLDER}; set LIFT_DATA"),
]


@pytest.fixture(scope="module")
def assessed() -> list[tuple[dict[str, str], Assessment]]:
    line = Pipeline("mediapipe")
    with (FOLDER / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        (
            row,
            line.assess(
                (FOLDER / "photos" / row["file"]).read_bytes(),
                lift=None,
                phase=None,
                view=None,
                rulebook="ipf-2026-v3",
            ),
        )
        for row in rows
    ]


def test_the_lifter_is_found_and_the_lift_is_right(assessed: list[tuple[dict[str, str], Assessment]]) -> None:
    lifts = [(row, seen) for row, seen in assessed if row["lift"] != "other"]
    found = [(row, seen) for row, seen in lifts if seen.pose]
    right = [row for row, seen in found if seen.lift.lift == row["lift"]]
    assert len(found) >= 0.95 * len(lifts)
    assert len(right) >= 0.90 * len(found)


def test_no_photo_whose_moment_nobody_stated_is_called_a_breach(
    assessed: list[tuple[dict[str, str], Assessment]],
) -> None:
    breaches = [row["file"] for row, seen in assessed for f in seen.findings if f.outcome is Outcome.BREACH]
    assert breaches == []
