from __future__ import annotations

import pytest

from meets.competition.ages import AgeGroup
from meets.exchange.divisions import Division, division_of, division_spell
from meets.exchange.openpowerlifting import meet_name_spell, name_spell, surnames_lead
from meets.exchange.spellings import country_name, federation_code, federation_named, lists_load, place_parts
from meets.exchange.weight_classes import class_plain
from tests.meets.exchange.sheets import entry


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("Open", "O"), ("Women's Raw Open", "O"), ("MR-O", "O"), ("M-O", "O"), ("Men", "O"), ("", "O"),
        ("Men's Raw Junior", "Jr"), ("Juniors", "Jr"), ("F-J", "Jr"), ("M-JR", "Jr"), ("U23", "Jr"),
        ("Sub-Juniors", "Sj"), ("Men's Raw Sub Junior", "Sj"), ("M-SJ", "Sj"), ("FR-Sj", "Sj"), ("Subjunior", "Sj"),
        ("Masters 1", "M1"), ("Women's Raw Master I", "M1"), ("MEN'S CLASSIC MASTERS IV", "M4"), ("F-M2", "M2"),
        ("Women's Raw Open M1", "M1"), ("Men's Raw Master IIIB (65-69)", "M3b"), ("Master 5", "M5"), ("Masters", "M"),
        ("Men's Raw Teen III (18-19)", "T3"), ("MR-T2", "T2"), ("Youth 2", "Y2"), ("WOMEN'S GUEST LIFTER", "G"),
        ("MEN'S UNIVERSITY CLASSIC", "University"), ("Special Olympics", "SO"), ("Women's PT", "Prime Time"),
        ("Superheroes", ""),
    ],
)  # fmt: skip
def test_what_a_division_means(text: str, group: str) -> None:
    assert division_of(text).group == group


def test_awards_and_ages_of_divisions() -> None:
    assert division_of("Men's Raw Best Junior Lifter") == Division("Jr", is_award=True)
    assert division_of("Women's Bench Only Best Lifter").is_award
    assert division_of("Juniors").age_group is AgeGroup.JUNIOR
    assert division_of("Masters 1").age_group is AgeGroup.OPEN


@pytest.mark.parametrize(
    ("text", "federation", "sex", "equipment", "spelled"),
    [
        ("Women's Raw Master I", "IPF", "F", "Raw", "Masters 1"),
        ("Men's Raw Junior", "NZPF", "M", "Raw", "Juniors"),
        ("Men's Raw Junior", "BP", "M", "Raw", "MR-Jr"),
        ("Men's Equipped Open", "NIPF", "M", "Single-ply", "M-O"),
        ("F-J", "IrishPF", "F", "Raw", "F-JR"),
        ("Women's Raw Open", "WRPF", "F", "Raw", "Women's Raw Open"),
        ("Superheroes", "IPF", "F", "Raw", "Superheroes"),
        ("FR-O", "IPF", "F", "Raw", "FR-O"),
        ("Open", "BP", "Mx", "Raw", "Open"),
        ("Rookie Women's Raw Open", "USAPL", "F", "Raw", "Rookie Women's Raw Open"),
    ],
)
def test_divisions_are_spelled_as_the_federation_does(
    text: str, federation: str, sex: str, equipment: str, spelled: str
) -> None:
    assert division_spell(text, federation=federation, sex=sex, equipment=equipment) == spelled


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("83", "83"), ("-83", "83"), ("83kg", "83"), ("-83 kg", "83"), ("u83", "83"), ("bis 83,0 kg", "83"),
        ("<83", "83"),
        ("82.5", "82.5"), ("120+", "120+"), ("+120", "120+"), ("+120kg", "120+"), ("120+ kg", "120+"), (">120", "120+"),
        ("All", ""), ("All Guest", ""), ("", ""), ("SHW", ""), ("999", ""), ("Open", ""),
    ],
)  # fmt: skip
def test_weight_classes(text: str, plain: str) -> None:
    assert class_plain(text) == plain


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("Ada Example", "Ada Example"),
        ("  Ada   Example ", "Ada Example"),
        ("ADA EXAMPLE", "Ada Example"),
        ("ada example", "Ada Example"),
        ("EXAMPLE Ada", "Ada Example"),
        ("DE LA MUSTER Anne Marie", "Anne Marie De La Muster"),
        ("ada o'sample-muster", "Ada O'sample-Muster"),
        ("O'SAMPLE Ada", "Ada O'Sample"),
        ("Ada O’Sample", "Ada O'Sample"),
        ("Ada de Muster", "Ada de Muster"),
        ("AJ Example", "AJ Example"),
        ("Ada 'The Bar' Example", "Ada Example"),
        ('Ada "The Bar" Example', "Ada Example"),
        ("Ada (Bar) Example", "Ada Example"),
        ("Ada Example Jr.", "Ada Example Jr"),
        ("Jr Ada Example", "Ada Example Jr"),
        ("Ada Example, MD", "Ada Example MD"),
        ("Ada WExample", "Ada Wexample"),
        ("Ａda Ｅxample", "Ada Example"),
        ("=Ada Example", "Ada Example"),
        ("Дарья Вымышленная", "Дарья Вымышленная"),
        ("例子", "例子"),
        ("A\ufffdda Example", "Ada Example"),
        ("1234", ""),
    ],
)
def test_names(name: str, spelled: str) -> None:
    assert name_spell(name) == spelled


def test_where_surnames_lead_even_short_ones_do() -> None:
    listed = [entry("EXAMPLE Ada"), entry("LE Bea"), entry("Cleo Muster")]
    assert surnames_lead(listed)
    assert not surnames_lead(listed[2:])
    assert name_spell("LE Bea", surname_leads=True) == "Bea Le"
    assert name_spell("LE Bea") == "LE Bea"


@pytest.mark.parametrize(
    ("name", "federation", "spelled"),
    [
        ("2024 NAPF Winter Cup", "NAPF", "Winter Cup"),
        ("Winter Cup 2024", "IPF", "Winter Cup"),
        ("Powerlifting America Chalk Classic (2024-CA-01)", "AMP", "Chalk Classic"),
        ("IrishPF CityGym Open Sept 2024", "IrishPF", "CityGym Open"),
        ("Lifting Women Return!", "FPO", "Lifting Women Return"),
        ("Masters & Bench, Nationals", "EPF", "Masters & Bench Nationals"),
        ("Cup2024", "EPF", "Cup"),
        ("NZPF 2024", "NZPF", ""),
    ],
)
def test_meet_names(name: str, federation: str, spelled: str) -> None:
    assert meet_name_spell(name, federation, 2024) == spelled


@pytest.mark.parametrize(
    ("country", "state", "parts"),
    [
        ("United Kingdom", "Northern Ireland", ("N.Ireland", "")),
        ("U.K", "Dorset", ("UK", "")),
        ("USA", "California", ("USA", "CA")),
        ("us", "ca", ("USA", "CA")),
        ("NZ", "Hawke's Bay", ("New Zealand", "HKB")),
        ("Finland", "Uusimaa", ("Finland", "")),
        ("Atlantis", "N/A", ("", "")),
        ("", "", ("", "")),
    ],
)
def test_places(country: str, state: str, parts: tuple[str, str]) -> None:
    assert place_parts(country, state) == parts


def test_federations() -> None:
    assert federation_code("British Powerlifting") == "BP"
    assert federation_code("irishpf") == "IrishPF"
    assert federation_code("Guild of Lifters") == "Guild of Lifters"
    assert federation_named("NZPF North Island Championships") == "NZPF"
    assert federation_named("IPF and EPF Cup") == ""
    assert federation_named("Winter Open") == ""


def test_lists_are_whole() -> None:
    lists = lists_load()
    assert {"IPF", "AMP", "FFForce", "Power League"} <= lists.federations
    assert lists.states.keys() <= lists.countries
    assert country_name("Türkiye") == "Turkey"
