from pathlib import Path

import pytest

from gold.placements import FILE, Spot, Tolerance, placements_load
from judging.pose import Lift


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "placements.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_every_lift_has_a_place() -> None:
    placements = placements_load()
    assert set(placements.spots) == set(Lift)
    assert all(placements.spots.values())
    assert placements.tolerance.roll_sigma_deg > 0


def test_figures_are_read_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "placements.toml"
    path.write_text(
        "[tolerance]\nazimuth_deg = 8\nheight_cm = 7\ndistance_cm = 40\nroll_sigma_deg = 0.7\n"
        "[[squat]]\nazimuth_deg = 60\nheight_cm = 55\ndistance_cm = 400\n"
        "[[bench]]\nazimuth_deg = 55\nheight_cm = 60\ndistance_cm = 400\n"
        "[[bench]]\nazimuth_deg = 125\nheight_cm = 60\ndistance_cm = 350\n"
        "[[deadlift]]\nazimuth_deg = 70\nheight_cm = 90\ndistance_cm = 400\n",
        encoding="utf-8",
    )
    placements = placements_load(path)
    assert placements.tolerance == Tolerance(8, 7, 40, 0.7)
    assert placements.spots[Lift.SQUAT] == (Spot(60, 55, 400),)
    assert placements.spots[Lift.BENCH] == (Spot(55, 60, 400), Spot(125, 60, 350))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[[bench]]", "[[clean]]", "no lift is called 'clean'"),
        ("[tolerance]", "[[squat]]", "placements.toml"),
        ("azimuth_deg = 8.0", "azimuth_deg = -8.0", "azimuth_deg is -8.0, it must lie in 0 to 45"),
        ("azimuth_deg = 8.0", "azimuth_deg = true", "azimuth_deg is True"),
        ("azimuth_deg = 8.0\n", "", "azimuth_deg"),
        ("[[deadlift]]", "[[deadlift]", "placements.toml"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"placements\.toml") as wrong:
        placements_load(changed(tmp_path, old, new))
    assert says in str(wrong.value)


def test_a_lift_without_a_place_is_refused(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    path = tmp_path / "placements.toml"
    path.write_text(text[: text.index("[[deadlift]]")], encoding="utf-8")
    with pytest.raises(ValueError, match=r"\[deadlift\] is missing"):
        placements_load(path)
