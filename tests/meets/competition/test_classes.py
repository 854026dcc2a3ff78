from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judging.figures import figures_read
from meets.competition.ages import AgeGroup
from meets.competition.classes import FILE, class_fits, class_name, class_names, class_of, classes_parse

NOW = dt.date(2026, 3, 1)
OLD = dt.date(2020, 12, 31)
OPEN, JUNIOR, SUB_JUNIOR = AgeGroup.OPEN, AgeGroup.JUNIOR, AgeGroup.SUB_JUNIOR


@pytest.mark.parametrize(
    ("kg", "sex", "on", "group", "name"),
    [
        ("83.00", "M", NOW, OPEN, "83"),
        ("83.01", "M", NOW, OPEN, "93"),
        ("120.00", "M", NOW, OPEN, "120"),
        ("120.01", "M", NOW, OPEN, "120+"),
        ("40.00", "M", NOW, OPEN, "59"),
        ("53.00", "M", NOW, JUNIOR, "53"),
        ("53.01", "M", NOW, SUB_JUNIOR, "59"),
        ("52.00", "M", NOW, AgeGroup.MASTER_1, "59"),
        ("72.00", "F", OLD, OPEN, "72"),
        ("72.00", "F", dt.date(2021, 1, 1), OPEN, "76"),
        ("69.00", "F", NOW, OPEN, "69"),
        ("69.01", "F", NOW, OPEN, "76"),
        ("84.01", "F", NOW, OPEN, "84+"),
        ("43.00", "F", NOW, SUB_JUNIOR, "43"),
        ("43.00", "F", NOW, OPEN, "47"),
        ("43.00", "F", OLD, JUNIOR, "43"),
        ("80.00", "M", dt.date(2011, 1, 1), OPEN, "83"),
        ("80.00", "M", dt.date(2010, 12, 31), OPEN, None),
        ("80.00", "Mx", NOW, OPEN, None),
    ],
)
def test_ipf(kg: str, sex: str, on: dt.date, group: AgeGroup, name: str | None) -> None:
    assert class_of(Decimal(kg), sex, on, group, federation="IPF") == name


@pytest.mark.parametrize(
    "federation", ["EPF", "NAPF", "AMP", "BP", "bvdk", " CPU ", "IrishPF", "FFForce", "NSF", "NZPF"]
)
def test_affiliates_go_by_the_ipfs(federation: str) -> None:
    assert class_of(Decimal("83"), "M", NOW, federation=federation) == "83"


@pytest.mark.parametrize("federation", ["USAPL", "WRPF", ""])
def test_no_table_nothing_reckoned(federation: str) -> None:
    assert class_of(Decimal("83"), "M", NOW, federation=federation) is None
    assert class_fits("82.5", Decimal("83"), "M", NOW, federation=federation) is None
    assert class_names("M", NOW, federation=federation) == ()


def test_the_classes_there_are() -> None:
    men = ("59", "66", "74", "83", "93", "105", "120", "120+")
    assert class_names("M", NOW, federation="IPF") == men
    assert class_names("M", NOW, JUNIOR, federation="IPF") == ("53", *men)
    assert class_names("F", OLD, federation="IPF") == ("47", "52", "57", "63", "72", "84", "84+")
    assert class_names("F", NOW, federation="IPF") == ("47", "52", "57", "63", "69", "76", "84", "84+")


@pytest.mark.parametrize(
    ("stated", "kg", "fits"),
    [("83", "83", True), ("-83 kg", "74.01", True), ("83", "74", False), ("83", "83.01", False), ("+120", "121", True)],
)
def test_does_a_stated_class_fit(stated: str, kg: str, fits: bool) -> None:
    assert class_fits(stated, Decimal(kg), "M", NOW, federation="IPF") is fits


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("83", "83"),
        ("-83", "83"),
        ("-63kg", "63"),
        ("83 kg", "83"),
        ("bis 93,0 kg", "93"),
        ("120+", "120+"),
        ("+120", "120+"),
        ("120+ kg", "120+"),
        ("120kg+", "120+"),
        (">84", "84+"),
        ("82.5", "82.5"),
        ("100", "100"),
        (" SHW ", "SHW"),
        ("", ""),
    ],
)
def test_names(stated: str, name: str) -> None:
    assert class_name(stated) == name


@pytest.mark.parametrize("kg", ["0", "-80"])
def test_no_bodyweight(kg: str) -> None:
    with pytest.raises(ValueError, match="more than 0 kg"):
        class_of(Decimal(kg), "M", NOW, federation="IPF")


@given(
    st.decimals("20", "250", places=2),
    st.sampled_from(["M", "F"]),
    st.dates(dt.date(2011, 1, 1), dt.date(2030, 1, 1)),
    st.sampled_from(AgeGroup),
)
def test_classes_part_the_bodyweights(kg: Decimal, sex: str, on: dt.date, group: AgeGroup) -> None:
    names = class_names(sex, on, group, federation="IPF")
    fitting = [name for name in names if class_fits(name, kg, sex, on, group, federation="IPF")]
    assert fitting == [class_of(kg, sex, on, group, federation="IPF")]
    heavier = class_of(kg + Decimal("0.01"), sex, on, group, federation="IPF")
    assert heavier is not None
    assert names.index(heavier) - names.index(fitting[0]) in (0, 1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('IPF = "ipf"', 'IPF = "igf"', "no table igf"),
        ("limits_kg = [59, 66", "limits_kg = [66, 59", "rise from above 0"),
        ("limits_kg = [59, 66", 'limits_kg = ["59", 66', "limits_kg is not a list of numbers"),
        ("young_kg = [53]", "young_kg = [60]", "rise from above 0"),
        ("young_kg = [53]", "yuong_kg = [53]", "yuong_kg is not a key"),
        ("in_force_until = 2020-12-31", "in_force_until = 2021-01-01", "two tables ipf F"),
        ("in_force_until = 2020-12-31", "in_force_until = 2010-01-01", "in_force_until"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / FILE.name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        classes_parse(figures_read(path))
    assert message in str(refused.value)
