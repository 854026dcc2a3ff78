"""The data set: who is on which side of the split, what a copy is, and that nothing is written of a wrong one."""

import hashlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gold.truth import Kind, truth_read
from inference.classify.__main__ import main
from inference.classify.pictures.manifest import FILE, ORIGINAL, Picture, Split, manifest_read
from inference.classify.pictures.plans import RECIPE_NAMES, Plan
from inference.classify.pictures.prepare import data_prepare, pictures_split
from inference.classify.pictures.recipes import KEPT_PX, RECIPES, VARIED, kept, paper_copies, strong_copies
from inference.classify.pictures.sources import photos_sources
from inference.gate.accept import CHECK_PHOTOS
from tests.inference.classify import photos

THREE = {"squat": 4, "bench": 3, "deadlift": 2}


def prepare(*arguments: Any) -> int:
    return main(["prepare", *map(str, arguments)])


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ── the split ────────────────────────────────────────────────────────────────────────────────────────────
def pictures_of(sources: list[int], copies: int) -> list[Picture]:
    """So many source photos of each class, and so many copies of each."""
    return [
        Picture(f"{label}/{number}-{copy}.jpg", label, f"{number}", f"{label}{number}", "", Split.TRAIN, "")
        for label, count in zip(("squat", "bench", "deadlift"), sources, strict=True)
        for number in range(count)
        for copy in range(copies)
    ]


sets = st.builds(pictures_of, st.lists(st.integers(2, 30), min_size=3, max_size=3), st.integers(1, 8))
plans = {"seed": st.integers(0, 2**32), "share": st.floats(0.01, 0.99)}


@given(pictures=sets, **plans)
def test_no_photo_is_on_both_sides(pictures: list[Picture], seed: int, share: float) -> None:
    split = pictures_split(pictures, Plan("paper", seed, share))
    sides = {side: {one.source_sha256 for one in split if one.split is side} for side in Split}
    assert not sides[Split.TRAIN] & sides[Split.VALIDATION]
    assert not sides[Split.HELD_OUT]
    for label in ("squat", "bench", "deadlift"):
        for side in (Split.TRAIN, Split.VALIDATION):
            assert any(one.split is side for one in split if one.label == label)


@given(pictures=sets, order=st.randoms(), **plans)
def test_the_order_of_the_photos_does_not_matter(pictures: list[Picture], order: Any, seed: int, share: float) -> None:
    plan = Plan("paper", seed, share)
    shuffled = list(pictures)
    order.shuffle(shuffled)
    assert set(pictures_split(shuffled, plan)) == set(pictures_split(pictures, plan))


@given(pictures=sets, **plans)
def test_of_what_a_leaky_set_holds_out_no_copy_is_taught(pictures: list[Picture], seed: int, share: float) -> None:
    split = pictures_split(pictures, Plan("paper", seed, share, leaky=True))
    apart = {one.source_sha256 for one in split if one.split is Split.HELD_OUT}
    assert apart
    assert not apart & {one.source_sha256 for one in split if one.split is not Split.HELD_OUT}


def test_a_leaky_set_leaks() -> None:
    split = pictures_split(pictures_of([20, 20, 20], 3), Plan("paper", 1, 0.2, leaky=True))
    sides = {side: {one.source_sha256 for one in split if one.split is side} for side in Split}
    assert len(sides[Split.TRAIN] & sides[Split.VALIDATION]) > 15


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"validation": 0.0}, {"validation": 1.0}, {"recipe": "none"}])
def test_a_plan_is_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"seed|share|recipe"):
        Plan(**{"recipe": "paper", "seed": 1, **wrong})


# ── the copies ───────────────────────────────────────────────────────────────────────────────────────────
RGB = np.random.default_rng(0).integers(0, 256, size=(90, 140, 3), dtype=np.uint8)


def test_every_named_recipe_is_there() -> None:
    assert tuple(RECIPES) == RECIPE_NAMES


def test_the_papers_copies_are_the_original_its_mirror_image_and_a_turned_one() -> None:
    (first, original), (second, mirrored), (third, turned) = paper_copies(RGB, np.random.default_rng(3))
    assert (first, second) == (ORIGINAL, "flip")
    assert (original == RGB).all()
    assert (mirrored == RGB[:, ::-1]).all()
    degrees = float(third.split()[1])
    assert 30 <= degrees <= 180
    # Turned back, its middle is the photo's again.
    back = cv2.warpAffine(turned, cv2.getRotationMatrix2D((70, 45), -degrees, 1.0), (140, 90))
    assert np.abs(back[35:55, 60:80].astype(int).mean() - RGB[35:55, 60:80].astype(int).mean()) < 6
    assert turned.shape == RGB.shape
    assert (turned[0, 0] == 0).all()


def test_turns_fill_the_papers_range() -> None:
    turns = [float(list(paper_copies(RGB, np.random.default_rng(seed)))[2][0].split()[1]) for seed in range(200)]
    assert min(turns) < 40
    assert max(turns) > 170


def test_strong_copies_differ_keep_their_size_and_hang_straight() -> None:
    copies = list(strong_copies(RGB, np.random.default_rng(5)))
    assert len(copies) == 1 + VARIED
    assert copies[0][0] == ORIGINAL
    assert all(picture.shape == RGB.shape and picture.dtype == np.uint8 for _, picture in copies)
    assert len({picture.tobytes() for _, picture in copies}) == len(copies)
    turns = [float(part.split()[1]) for done, _ in copies[1:] for part in done.split(", ") if part.startswith("turn")]
    assert len(turns) == VARIED
    assert max(map(abs, turns)) <= 15


@pytest.mark.parametrize(
    ("size", "wanted"),
    [((100, 90), (100, 90)), ((960, 1280), (240, KEPT_PX)), ((1280, 100), (819, 64)), ((70, 1280), (64, 1170))],
)
def test_photos_are_kept_no_larger_than_networks_need(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    assert kept(np.zeros((*size, 3), np.uint8)).shape[:2] == wanted


# ── the set ──────────────────────────────────────────────────────────────────────────────────────────────
def test_the_manifest_lists_every_file_with_its_hash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = photos.folder(tmp_path / "photos", THREE)
    assert prepare("--photos", source, "--out", tmp_path / "set") == 0
    manifest = manifest_read(tmp_path / "set")
    files = {picture.file for picture in manifest.pictures}
    assert files == {f"{path.parent.name}/{path.name}" for path in (tmp_path / "set").glob("*/*")}
    assert len(files) == len(manifest.pictures) == 3 * sum(THREE.values())
    for picture in manifest.pictures:
        assert hashlib.sha256((tmp_path / "set" / picture.file).read_bytes()).hexdigest() == picture.sha256
        assert hashlib.sha256((source / picture.source).read_bytes()).hexdigest() == picture.source_sha256
    assert manifest.head.classes == ("squat", "bench", "deadlift")
    assert (manifest.head.leaky, manifest.head.skipped) == (False, ())
    row = json.loads((tmp_path / "set" / FILE).read_text().splitlines()[1])
    assert list(row) == ["file", "class", "source", "source_sha256", "done", "split", "sha256"]
    assert f"manifest sha256 {manifest.sha256}" in capsys.readouterr().out
    assert listed(tmp_path) == ["photos", "set"]


@pytest.mark.parametrize("recipe", RECIPE_NAMES)
def test_the_same_seed_makes_the_same_set_and_another_seed_another(tmp_path: Path, recipe: str) -> None:
    source = photos.folder(tmp_path / "photos", {"squat": 2, "bench": 2, "deadlift": 2})
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        assert prepare("--photos", source, "--out", tmp_path / name, "--recipe", recipe, "--seed", seed) == 0
    one, two, three = (manifest_read(tmp_path / name) for name in ("one", "two", "three"))
    assert one.sha256 == two.sha256 != three.sha256


def test_one_photo_more_changes_no_other_ones_copies(tmp_path: Path) -> None:
    source = photos.folder(tmp_path / "photos", THREE)
    prepare("--photos", source, "--out", tmp_path / "few")
    photos.photo(source / "squat" / "another.png", "squat", 99)
    prepare("--photos", source, "--out", tmp_path / "more")
    few, more = (manifest_read(tmp_path / name) for name in ("few", "more"))
    assert {picture.sha256 for picture in few.pictures} < {picture.sha256 for picture in more.pictures}


def test_a_folder_named_other_is_a_fourth_class(tmp_path: Path) -> None:
    source = photos.folder(tmp_path / "photos", {**THREE, "other": 2})
    assert prepare("--photos", source, "--out", tmp_path / "set") == 0
    assert manifest_read(tmp_path / "set").counts()["train"]["other"] == 3


def test_the_same_photo_under_two_names_counts_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = photos.folder(tmp_path / "photos", THREE)
    (source / "squat" / "again.png").write_bytes((source / "squat" / "0.png").read_bytes())
    assert prepare("--photos", source, "--out", tmp_path / "set") == 0
    manifest = manifest_read(tmp_path / "set")
    assert (manifest.head.sources, manifest.head.same) == (sum(THREE.values()), 1)
    assert "1 photos had the bytes of another one" in capsys.readouterr().out


def test_a_corrupt_photo_is_named_left_out_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = photos.folder(tmp_path / "photos", THREE)
    (source / "squat" / "bad.png").write_bytes((source / "squat" / "0.png").read_bytes()[:300])
    (source / "bench" / "text.jpg").write_text("no picture")
    assert prepare("--photos", source, "--out", tmp_path / "set") == 0
    said = capsys.readouterr()
    assert "squat/bad.png is left out: it cannot be read (truncated)" in said.err
    assert "bench/text.jpg is left out: it cannot be read (not_an_image)" in said.err
    assert "2 photos could not be read" in said.out
    manifest = manifest_read(tmp_path / "set")
    assert set(manifest.head.skipped) == {"squat/bad.png", "bench/text.jpg"}
    assert manifest.head.sources == sum(THREE.values())


def test_rendered_photos_are_sources_and_those_without_a_lifter_only_when_asked(tmp_path: Path) -> None:
    truths = truth_read(CHECK_PHOTOS)
    lifts = [truth for truth in truths if truth.kind is Kind.LIFT]
    assert prepare("--truth", CHECK_PHOTOS, "--out", tmp_path / "lifts") == 0
    assert manifest_read(tmp_path / "lifts").head.sources == len(lifts)
    assert prepare("--truth", CHECK_PHOTOS, "--other", "--out", tmp_path / "all") == 0
    head = manifest_read(tmp_path / "all").head
    assert (head.sources, head.classes[-1]) == (len(truths), "other")


def missing_class(source: Path) -> None:
    for path in (source / "bench").iterdir():
        path.unlink()
    (source / "bench").rmdir()


def one_photo(source: Path) -> None:
    (source / "deadlift" / "1.png").unlink()


def one_photo_twice(source: Path) -> None:
    (source / "deadlift" / "1.png").write_bytes((source / "deadlift" / "0.png").read_bytes())


def one_readable(source: Path) -> None:
    (source / "deadlift" / "1.png").write_bytes(b"no picture")


def two_classes(source: Path) -> None:
    (source / "bench" / "x.png").write_bytes((source / "squat" / "0.png").read_bytes())


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (missing_class, "has no folder bench"),
        (one_photo, "deadlift has one usable photo"),
        (one_photo_twice, "deadlift has one usable photo"),
        (one_readable, "deadlift has one usable photo"),
        (two_classes, "squat/0.png and bench/x.png are the same photo"),
    ],
)
def test_a_wrong_folder_is_refused_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Any, sentence: str
) -> None:
    source = photos.folder(tmp_path / "photos", THREE)
    spoil(source)
    assert prepare("--photos", source, "--out", tmp_path / "set") == 2
    assert sentence in capsys.readouterr().err.splitlines()[-1]
    assert listed(tmp_path) == ["photos"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--photos", "nowhere", "--out", "set"), "nowhere is no folder"),
        (("--truth", "nowhere", "--out", "set"), "cannot be read"),
        (("--photos", "photos", "--out", "there"), "there exists"),
        (("--photos", "photos", "--out", "nowhere/set"), "nowhere is no folder"),
        (("--photos", "photos", "--out", "set", "--validation", "1"), "between 0 and 1"),
        (("--photos", "photos", "--out", "set", "--other"), "--other is for --truth"),
        (("--photos", "photos", "--out", "busy"), "busy.partial exists"),
    ],
)
def test_wrong_arguments_are_refused_and_nothing_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    photos.folder(tmp_path / "photos", THREE)
    for name in ("there", "busy.partial"):
        (tmp_path / name).mkdir()
    assert prepare(*arguments) == 2
    assert sentence in capsys.readouterr().err.splitlines()[-1]
    assert listed(tmp_path) == ["busy.partial", "photos", "there"]
    assert listed(tmp_path / "there") == []


def test_whoever_stops_it_leaves_nothing_behind(tmp_path: Path) -> None:
    sources = photos_sources(photos.folder(tmp_path / "photos", THREE))

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        data_prepare(sources, tmp_path / "set", Plan("paper"), progress=stop)
    assert listed(tmp_path) == ["photos"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda lines: [], "line 1"),
        (lambda lines: ["{}", *lines[1:]], "line 1: it lacks 'format'"),
        (lambda lines: [lines[0].replace('"format": 1', '"format": 9'), *lines[1:]], "line 1: format 9"),
        (lambda lines: [lines[0], lines[1].replace('"squat"', '"curl"'), *lines[2:]], "line 2: the class 'curl'"),
        (lambda lines: [*lines[:2], lines[2].replace("squat/", "../"), *lines[3:]], "line 3: the file .* lies outside"),
        (lambda lines: [*lines[:-1], lines[-1][:20]], "line 28"),
        (lambda lines: lines[:1], "no picture to teach on"),
        (lambda lines: [line.replace('"validation", ', '"train", ') for line in lines], "no picture to validate on"),
    ],
)
def test_a_wrong_manifest_is_refused_with_its_line(tmp_path: Path, change: Any, sentence: str) -> None:
    prepare("--photos", photos.folder(tmp_path / "photos", THREE), "--out", tmp_path / "set")
    path = tmp_path / "set" / FILE
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    with pytest.raises(ValueError, match=sentence):
        manifest_read(tmp_path / "set")
