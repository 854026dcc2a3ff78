from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from pathlib import Path

import pytest

from judging.pose import Lift
from judging.rulebook import (
    FOLDER,
    AttemptRules,
    JuryRules,
    Limits,
    OfficialRules,
    rulebook_ids,
    rulebook_load,
    rulebook_read,
)


def test_the_books_at_hand() -> None:
    assert rulebook_ids() == ("ipf-2022", "ipf-2023", "ipf-2026-v3", "usapl-2026-2")


@pytest.mark.parametrize(
    ("book", "bench_depth", "shoulders_back", "causes"),
    [
        ("ipf-2022", False, False, 30),
        ("ipf-2023", True, False, 31),
        ("ipf-2026-v3", True, True, 31),
        ("usapl-2026-2", False, False, 30),
    ],
)
def test_what_a_book_asks_for(book: str, bench_depth: bool, shoulders_back: bool, causes: int) -> None:
    loaded = rulebook_load(book)
    assert ("bench_depth" in loaded.rules) is bench_depth
    assert any(cause.code == "BP-R2" for cause in loaded.causes) is bench_depth
    assert ("shoulders_back" in loaded.rules) is shoulders_back
    assert len(loaded.causes) == causes
    assert loaded.version.startswith(f"{book}+")
    assert len(loaded.version) == len(book) + 13
    assert {cause.lift for cause in loaded.causes} == set(Lift)
    assert {cause.rule for cause in loaded.causes} - {""} == set(loaded.rules)


def test_dates_follow_one_another() -> None:
    books = [rulebook_load(book) for book in ("ipf-2022", "ipf-2023", "ipf-2026-v3")]
    assert books[1].in_force_from == dt.date(2023, 1, 1)
    for before, after in itertools.pairwise(books):
        assert before.in_force_until == after.in_force_from - dt.timedelta(days=1)
    assert books[2].in_force_until is None


def test_limits() -> None:
    assert rulebook_load("ipf-2023").limits == Limits(0.95, 0.05, 0.6, 0.5, 20.0, 25.0)


@pytest.mark.parametrize("book", rulebook_ids())
def test_how_a_meet_is_run(book: str) -> None:
    loaded = rulebook_load(book)
    steps = Decimal("2.5"), Decimal("2.5"), Decimal("0.5"), Decimal("0.5")
    assert loaded.attempts == AttemptRules(3, *steps, 60, 60, 1, 0, 2, fourth=False)
    assert loaded.officials == OfficialRules(referees=3, good_needs=2)
    assert loaded.jury == JuryRules((3, 5), ((3, 3), (5, 3)), ((2, 1),), 60, 600, extra_attempt=True)
    assert (loaded.jury.needed(3), loaded.jury.needed(5)) == (3, 3)
    with pytest.raises(ValueError, match="a jury has 3 or 5 members, not 4"):
        loaded.jury.needed(4)


def test_a_cause_by_its_code() -> None:
    book = rulebook_load("ipf-2023")
    assert (book.cause("SQ-R1").card, book.cause("SQ-R1").rule) == ("red", "squat_depth")
    with pytest.raises(KeyError):
        book.cause("XX-R1")


def test_an_unknown_book() -> None:
    with pytest.raises(ValueError, match=r"no rule book 'ipf-1999'; there are ipf-2022"):
        rulebook_load("ipf-1999")


GOOD = (FOLDER / "ipf-2026-v3.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "ipf-2026-v3"', 'id = "ipf-2027"', "id 'ipf-2027' is not the file's name"),
        ('id = "ipf-2026-v3"', 'id = "IPF 2026"', "id 'IPF 2026'"),
        ('federation = "IPF"', "", "federation is missing"),
        ('federation = "IPF"', "federation = 3", "federation is not a str"),
        ('federation = "IPF"', 'federation = ""', "federation is empty"),
        ("in_force_from = 2026-03-01", 'in_force_from = "2026"', "in_force_from is not a date"),
        ("in_force_from = 2026-03-01", "in_force_from = 2026-03-01\nin_force_until = 2025-01-01", "in_force_until"),
        ("breach_p = 0.95", "breach_p = 1.5", "limits.breach_p"),
        ("breach_p = 0.95", "breach_p = true", "limits.breach_p is not a number"),
        ("breach_p = 0.95", "breach_p = 0.01", "limits.meets_p"),
        ("breach_p = 0.95", "", "limits.breach_p is missing"),
        ("breach_p = 0.95", "breach_p = 0.95\nbreech_p = 0.9", "limits.breech_p is not a key"),
        ("knee_bend_deg = 20.0", "knee_bend_deg = 120.0", "limits.knee_bend_deg"),
        ('rules = ["bench_depth"', 'rules = ["bench_dept"', "bench_dept is no rule of ours"),
        ('rules = ["bench_depth", ', "rules = [", "rule bench_depth does not run"),
        ('code = "SQ-R1"', 'code = "squat depth"', "cause code 'squat depth'"),
        ('code = "SQ-B1"', 'code = "SQ-R1"', "SQ-R1 comes twice"),
        ('card = "red"', 'card = "green"', "cause SQ-R1: card 'green'"),
        ('lift = "squat"', 'lift = "curl"', "cause SQ-R1: lift"),
        ('still = "yes"', 'still = "maybe"', "cause SQ-R1: still 'maybe'"),
        ('still = "yes"', "", "cause SQ-R1: still is missing"),
        ('still = "yes"', 'still = "yes"\ncolour = "red"', "cause SQ-R1: colour is not a key"),
        ("[limits]", "[limit]", "limit"),
        ("[limits]", "[limits", "ipf-2026-v3.toml"),
        ("breach_p = 0.95", "breach_p = nan", "limits.breach_p is not a number"),
        ("[attempts]", "[tries]", "tries"),
        ("per_lift = 3", "per_lift = 0", "attempts.per_lift is more than 0"),
        ("per_lift = 3", "per_lift = 3.0", "attempts.per_lift is not a whole number"),
        ("per_lift = 3", "per_lift = 3\nper_meet = 9", "attempts.per_meet is not a key"),
        ("\nstep_kg = 2.5", "\nstep_kg = -2.5", "attempts.step_kg is more than 0"),
        ("\nstep_kg = 2.5", "\nstep_kg = 2.25", "attempts.step_kg is no multiple"),
        ("\nrise_kg = 2.5", '\nrise_kg = "2.5"', "attempts.rise_kg is not a number"),
        ("\nrise_kg = 2.5", "", "attempts.rise_kg is missing"),
        ("declare_within_s = 60", "declare_within_s = 0", "attempts.declare_within_s is more than 0"),
        ("later_changes = 0", "later_changes = -1", "attempts.later_changes is 0 or more"),
        ("fourth = false", "fourth = 0", "attempts.fourth is not a bool"),
        ("good_needs = 2", "good_needs = 1", "officials.good_needs: 1 is no majority of 3 referees"),
        ("good_needs = 2", "good_needs = 4", "officials.good_needs: 4 is no majority of 3 referees"),
        ("referees = 3", "referees = 3\nchief = 1", "officials.chief is not a key"),
        ("members = [3, 5]", "members = [3, 3]", "jury.members are sizes"),
        ("members = [3, 5]", "members = []", "jury.members are sizes"),
        ("members = [3, 5]", 'members = ["3"]', "jury.members is not a list of whole numbers"),
        ("members = [3, 5]", "members = [3]", "jury.needs has one row for each"),
        ("needs = [[3, 3], [5, 3]]", "needs = [[3, 3], [5, 2]]", "jury.needs: 2 is no majority of 5 members"),
        ("needs = [[3, 3], [5, 3]]", "needs = [3, 5]", "jury.needs is not a list of pairs"),
        ("needs = [[3, 3], [5, 3]]", "needs = [[3, 3], [5, 3, 1]]", "jury.needs is not a list of pairs"),
        ("reversible = [[2, 1]]", "reversible = [[1, 2]]", "jury.reversible: 1 to 2 is no majority"),
        ("reversible = [[2, 1]]", "reversible = [[3, 2]]", "jury.reversible: 3 to 2 are not 3 referees"),
        ("\nwindow_s = 60", "\nwindow_s = 0", "jury.window_s is more than 0"),
        ("votes_within_s = 600", "votes_within_s = 1.5", "jury.votes_within_s is not a whole number"),
        ("extra_attempt = true", "", "jury.extra_attempt is missing"),
    ],
)
def test_a_wrong_book_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    path = tmp_path / "ipf-2026-v3.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^ipf-2026-v3\.toml: ") as refused:
        rulebook_read(path)
    assert message in str(refused.value)


def test_the_version_names_the_exact_text(tmp_path: Path) -> None:
    path = tmp_path / "ipf-2026-v3.toml"
    path.write_text(GOOD, encoding="utf-8")
    same = rulebook_read(path).version
    path.write_text(GOOD + "\n# a remark\n", encoding="utf-8")
    assert same == rulebook_load("ipf-2026-v3").version != rulebook_read(path).version
