"""Where cameras are best put: looks from many places, read back and put together. What renders is in the generator's
own environment."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from inference.placing.__main__ import looks_read
from inference.placing.sweep import Look, Place, places_of
from inference.placing.tally import cells_of, pairs_of
from judging.pose import Lift

HERE, THERE = Place(30.0, 90.0, 400.0), Place(60.0, 90.0, 400.0)
SEEN = Look(Lift.BENCH, 0, HERE, "truth", True, True, "", -1.0, 0.5, True, False)


def test_the_grid_is_whole_and_in_order() -> None:
    assert places_of([0, 90], [50], [400, 600]) == [
        Place(0, 50, 400),
        Place(90, 50, 400),
        Place(0, 50, 600),
        Place(90, 50, 600),
    ]


def test_a_mirrored_grid_stands_on_both_sides_and_once_straight_ahead() -> None:
    assert places_of([0, 60], [50], [400], mirrored=True) == [
        Place(0, 50, 400),
        Place(60, 50, 400),
        Place(-60, 50, 400),
    ]


def test_two_cameras_see_together_what_either_sees() -> None:
    """The left camera sees its own side of both lifts, the right one its own of the first alone, uncalled."""
    other = replace(HERE, azimuth_deg=-30.0)
    hidden = {"seen": False, "verdict": False, "error_cm": None, "sigma_cm": None}
    looks = [
        *(
            replace(SEEN, scene=scene, near=near, **({} if near else hidden))
            for scene in (0, 1)
            for near in (True, False)
        ),
        replace(SEEN, place=other, verdict=False),
        replace(SEEN, place=other, near=False, **hidden),
        *(replace(SEEN, place=other, scene=1, near=near, **hidden) for near in (True, False)),
    ]
    (pair,) = pairs_of(looks)
    assert (pair.place, pair.lifts) == (HERE, 2)
    assert (pair.one_any, pair.two_any, pair.one_both, pair.two_both) == (1.0, 1.0, 0.0, 0.5)
    assert (pair.one_cleared, pair.two_cleared) == (0.0, 0.0)
    assert pairs_of([SEEN]) == []
    assert [cell.place for cell in cells_of(looks)] == [HERE]


def test_looks_are_put_together_by_place_and_engine() -> None:
    hidden = replace(SEEN, near=False, seen=False, reason="joint_hidden", error_cm=None, sigma_cm=None, verdict=False)
    second = replace(SEEN, scene=1, error_cm=3.0, sigma_cm=0.7, wrong=True)
    looks = [SEEN, hidden, second, replace(hidden, scene=1, seen=True), replace(SEEN, place=THERE, error_cm=None)]
    here, there = cells_of([*looks, replace(hidden, place=THERE)])
    assert (here.place, here.lifts, here.near_seen, here.far_seen, here.both_seen) == (HERE, 2, 1.0, 0.5, 0.5)
    assert (here.error_cm, here.given, here.wrong) == (2.0, 1.0, 1)
    assert (there.place, there.error_cm) == (THERE, None)


def test_what_a_sweep_wrote_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "looks.jsonl"
    path.write_text(json.dumps(asdict(SEEN)) + "\n")
    assert looks_read(path) == [SEEN]
    path.write_text(json.dumps(asdict(SEEN)) + "\n{}\n")
    with pytest.raises(ValueError, match=r"looks\.jsonl, line 2"):
        looks_read(path)
