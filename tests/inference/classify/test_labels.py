"""Photos that people labelled: what is refused, and with which sentence."""

from pathlib import Path

import pytest

from gold.truth import Kind, truth_read
from inference.classify.pictures.labels import labels_read, truth_labelled
from inference.gate.accept import CHECK_PHOTOS
from tests.inference.classify import photos

HEAD = "file,lift,phase,view\n"


def test_every_row_is_read_and_empty_labels_are_none(tmp_path: Path) -> None:
    path = photos.labels(tmp_path, {"squat": 2, "other": 1})
    rows = labels_read(path)
    assert [(row.path.name, row.lift, row.phase, row.view) for row in rows] == [
        ("squat0.png", "squat", "lockout", None),
        ("squat1.png", "squat", "lockout", None),
        ("other0.png", "other", None, None),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "it has no column file"),
        ("file,lift,phase\n", "it has no column view"),
        (HEAD, "it names no photo"),
        (HEAD + "here.png,squat,bottom\n", "line 2 has not 4 fields"),
        (HEAD + "here.png,squat,bottom,left,more\n", "line 2 has not 4 fields"),
        (HEAD + "here.png,curl,,\n", "line 2 has the lift 'curl'"),
        (HEAD + "here.png,squat,top,\n", "line 2 has the phase 'top'"),
        (HEAD + ",squat,,\n", "line 2 names no file of photos/"),
        (HEAD + "../here.png,squat,,\n", "line 2 names no file of photos/"),
        (HEAD + "here.png,squat,,\nthere.png,squat,,\n", r"line 3 names .*there\.png, which is not there"),
        (HEAD + '"here.png,squat,,\n', "is no list of labels"),
        (HEAD.encode() + b"h\xff\xfere.png,squat,,\n", "is no list of labels"),
    ],
)
def test_a_wrong_list_is_refused_with_its_line(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    photos.photo(tmp_path / "photos" / "here.png", "squat", 0)
    path = tmp_path / "labels.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=sentence) as refused:
        labels_read(path)
    assert "\n" not in str(refused.value)


def test_no_such_list(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"labels\.csv cannot be read"):
        labels_read(tmp_path / "labels.csv")


def test_rendered_photos_are_labelled_by_their_truth() -> None:
    truths = truth_read(CHECK_PHOTOS)
    rows = truth_labelled([CHECK_PHOTOS])
    assert len(rows) == len(truths)
    for row, truth in zip(rows, truths, strict=True):
        assert row.path.is_file()
        assert row.lift == (truth.lift if truth.kind is Kind.LIFT else "other")
