"""Files of registrations: what is read from each kind, and each bad cell by row, column and what may stand there."""

import csv
import datetime as dt
import io
import json
import zipfile
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meets.api.csv import cell
from meets.exchange import openlifter
from meets.exchange.liftingcast import COLUMNS as CAST
from meets.exchange.openlifter import field_of, vocabulary
from meets.exchange.roster_file import roster_read
from meets.exchange.roster_sheet import CellProblem, RosterFile, RosterRow, Unreadable
from meets.exchange.tables import FORMULA
from meets.exchange.xlsx import xlsx_rows

HEADER = (
    "Day", "Platform", "Flight", "Name", "Sex", "Equipment", "Division1", "Event1", "BirthDate", "MemberID", "Lot",
    "Guest", "Notes",
)  # fmt: skip
GOOD = ("1", "2", "B", "Alva Nord", "F", "Sleeves", "Open", "SBD", "1994-05-02", "N1", "14", "No", "first meet")


def table(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER, delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


def changed(**cells: str) -> tuple[str, ...]:
    return tuple(cells.get(name, value) for name, value in zip(HEADER, GOOD, strict=True))


def one(data: bytes | str) -> RosterRow:
    file = roster_read(data.encode() if isinstance(data, str) else data)
    assert file.problems == ()
    (row,) = file.rows
    return row


def problems(file: RosterFile) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.column, problem.value) for problem in file.problems]


# ── OpenLifter's registrations ───────────────────────────────────────────────────────────────────────────


def test_a_row_of_registrations() -> None:
    row = one(table(GOOD))

    assert (row.row, row.name, row.sex, row.equipment) == (2, "Alva Nord", "F", "Sleeves")
    assert (row.session, row.platform, row.flight, row.lot, row.guest) == (1, "2", "B", 14, False)
    assert (row.birth_date, row.birth_year, row.member_id) == (dt.date(1994, 5, 2), 1994, "N1")
    assert (row.categories, row.notes) == ((("Open", "SBD"),), "first meet")


def test_every_division_with_every_event() -> None:
    header = ("Name", "Sex", "Equipment", "Division1", "Division2", "Event1", "Event2")
    row = one(table(("Alva Nord", "F", "Raw", "Open", "Juniors", "SBD", "B"), header=header))

    assert set(row.categories) == {("Open", "SBD"), ("Open", "B"), ("Juniors", "SBD"), ("Juniors", "B")}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_however_a_spreadsheet_saves_it(delimiter: str, encoding: str, end: str) -> None:
    text = table(changed(Name="Åsa Öberg"), delimiter=delimiter).replace("\n", end)

    assert one(text.encode(encoding)) == one(table(changed(Name="Åsa Öberg")))


def test_decimal_commas_and_titles_above() -> None:
    text = "Spring Open;;;\n;;;\nName;Sex;Equipment;Bodyweight;Squat1Kg\nAlva Nord;F;Raw;62,40;102,5\n"
    row = one(text)

    assert (row.row, row.bodyweight_kg, row.openers) == (4, Decimal("62.4"), {"S": Decimal("102.5")})


def test_pounds_by_their_column() -> None:
    header = ("Name", "Sex", "Equipment", "BodyweightLbs", "Squat1Lbs", "Bench1Kg")
    row = one(table(("Alva Nord", "F", "Raw", "137.5 lbs", "225", "60"), header=header))

    assert (row.bodyweight_kg, row.openers) == (Decimal("62.37"), {"S": Decimal("102.06"), "B": Decimal(60)})


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1994-05-02", dt.date(1994, 5, 2)),
        ("'1994-05-02", dt.date(1994, 5, 2)),
        ("02.05.1994", dt.date(1994, 5, 2)),
        ("2.5.94", dt.date(1994, 5, 2)),
        ("02/05/1994", dt.date(1994, 5, 2)),
        ("2 May 1994", dt.date(1994, 5, 2)),
        ("05/31/1994", dt.date(1994, 5, 31)),
        ("1.1.12", dt.date(2012, 1, 1)),
        ("1.1.45", dt.date(1945, 1, 1)),
        ("34456", dt.date(1994, 5, 2)),
        ("1994", None),
        ("", None),
    ],
)
def test_birth_dates(text: str, date: dt.date | None) -> None:
    row = one(table(changed(BirthDate=text)))

    assert row.birth_date == date
    assert row.birth_year == (date.year if date else int(text) if text else None)


def test_a_date_that_can_be_read_in_two_ways_is_told() -> None:
    file = roster_read(table(changed(BirthDate="02/05/1994")).encode())
    assert "day/month/year" in file.notes[0]
    # One of the file tells how all of them are meant.
    other = changed(Name="Berit Sund", MemberID="N2", Lot="2", BirthDate="05/31/1990")
    file = roster_read(table(changed(BirthDate="05/02/1994"), other).encode())
    assert (file.notes, file.rows[0].birth_date) == ((), dt.date(1994, 5, 2))


LANGUAGES = {
    "de": "Tag;Plattform;Gruppe;Name;Geschlecht;Ausrüstung;Division1;Disziplin1;Geburtsdatum;Los;Gast\n"
    "1;2;B;Alva Nord;weiblich;Sleeves;Open;KDK;02.05.1994;14;Nein",
    "fr": "Jour;Plateau;Groupe;Nom;Sexe;Équipement;Division1;Épreuve1;Date de naissance;Tirage au sort;Invité\n"
    "1;2;B;Alva Nord;femme;Sleeves;Open;SBD;02/05/1994;14;Non",
    "es": "Día;Tarima;Tanda;Nombre;Sexo;Equipamiento;División1;Modalidad1;Fecha de nacimiento;Sorteo;Invitado\n"
    "1;2;B;Alva Nord;mujer;Sleeves;Open;SBD;02/05/1994;14;No",
    "it": "Giorno;Pedana;Gruppo;Nome;Sesso;Attrezzatura;Divisione1;Specialità1;Data di nascita;Sorteggio;Ospite\n"
    "1;2;B;Alva Nord;femmina;Sleeves;Open;SBD;02/05/1994;14;No",
    "nl": "Dag;Platform;Groep;Naam;Geslacht;Uitrusting;Divisie1;Onderdeel1;Geboortedatum;Lotnummer;Gast\n"
    "1;2;B;Alva Nord;vrouw;Sleeves;Open;SBD;02-05-1994;14;Nee",
    "fi": "Päivä;Lava;Ryhmä;Nimi;Sukupuoli;Varusteet;Sarja1;Laji1;Syntymäaika;Arpanumero;Vieras\n"
    "1;2;B;Alva Nord;nainen;Sleeves;Open;voimanosto;2.5.1994;14;Ei",
    "sv": "Dag;Plattform;Grupp;Namn;Kön;Utrustning;Division1;Gren1;Födelsedatum;Lottnummer;Gäst\n"
    "1;2;B;Alva Nord;kvinna;Sleeves;Open;styrkelyft;1994-05-02;14;Nej",
    "no": "Dag;Plattform;Pulje;Navn;Kjønn;Utstyr;Divisjon1;Øvelse1;Fødselsdato;Loddnummer;Gjest\n"
    "1;2;B;Alva Nord;kvinne;Sleeves;Open;styrkeløft;02.05.1994;14;Nei",
    "da": "Dag;Platform;Gruppe;Navn;Køn;Udstyr;Division1;Disciplin1;Fødselsdato;Lodnummer;Gæst\n"
    "1;2;B;Alva Nord;kvinde;Sleeves;Open;styrkeløft;02-05-1994;14;Nej",
    "pt": "Dia;Tablado;Grupo;Nome;Sexo;Equipamento;Divisão1;Modalidade1;Data de nascimento;Sorteio;Convidado\n"
    "1;2;B;Alva Nord;mulher;Sleeves;Open;SBD;02/05/1994;14;Não",
    "pl": "Dzień;Pomost;Grupa;Imię i nazwisko;Płeć;Sprzęt;Dywizja1;Konkurencja1;Data urodzenia;Los;Gość\n"
    "1;2;B;Alva Nord;kobieta;Sleeves;Open;trójbój;02.05.1994;14;Nie",
    "hr": "Dan;Platforma;Grupa;Ime i prezime;Spol;Oprema;Divizija1;Disciplina1;Datum rođenja;Ždrijeb;Gost\n"
    "1;2;B;Alva Nord;žensko;Sleeves;Open;SBD;02.05.1994;14;Ne",
    "lt": "Diena;Platforma;Grupė;Vardas, pavardė;Lytis;Apranga;Amžiaus grupė1;Rungtis1;Gimimo data;Lot;Svečias\n"
    "1;2;B;Alva Nord;moteris;Sleeves;Open;SBD;1994-05-02;14;Ne",
    "ru": "День;Помост;Поток;ФИО;Пол;Экипировка;Дивизион1;Дисциплина1;Дата рождения;Жребий;Гость\n"
    "1;2;B;Alva Nord;Ж;Sleeves;Open;троеборье;02.05.1994;14;Нет",
    "tr": "Gün;Platform;Grup;Ad Soyad;Cinsiyet;Ekipman;Divizyon1;Branş1;Doğum tarihi;Kura numarası;Konuk\n"
    "1;2;B;Alva Nord;kadın;Sleeves;Open;SBD;02.05.1994;14;Hayır",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_row_in_every_language(language: str) -> None:
    header = (*HEADER[:9], "Lot", "Guest")
    english = table((*GOOD[:9], "14", "No"), header=header)

    assert one(LANGUAGES[language]) == one(english)


def test_no_word_stands_for_two_fields() -> None:
    """Within a language, and across them: a file does not say in which it is."""
    languages = openlifter.tomllib.loads(openlifter.FILE.read_text(encoding="utf-8"))
    assert set(languages) == {"en", *LANGUAGES}
    for language in languages.values():
        for field, names in language["headers"].items():
            for name in names:
                number = "1" if field in ("division", "event") else ""
                assert field_of(f"{name}{number}") == f"{field}{number}", name
    words: Any = vocabulary().words
    for kind in ("sex", "equipment", "event", "yes_no"):
        for language in languages.values():
            for word, names in language.get(kind, {}).items():
                for name in names:
                    meant = word.title() if kind == "yes_no" else word
                    assert getattr(words, kind)[openlifter.key_of(name)] == meant, name


BAD_CELLS: list[tuple[str, str, str, str]] = [
    ("Sex", "Q", "no sex known here", "Mx"),
    ("Equipment", "Shirt", "no equipment known here", "Single-ply"),
    ("Event1", "SBX", "no event known here", "SBD"),
    ("Guest", "perhaps", "Yes or No", "Yes"),
    ("Guest", "x", "Yes or No", "No"),
    ("Lot", "x", "whole number from 1 to 9999", ""),
    ("Flight", "Q", "one letter", "P"),
    ("Lot", "0", "whole number from 1 to 9999", ""),
    ("Lot", "-4", "whole number from 1 to 9999", ""),
    ("Lot", "14.5", "whole number from 1 to 9999", ""),
    ("Lot", "99999", "whole number from 1 to 9999", ""),
    ("Day", "100", "whole number from 1 to 99", ""),
    ("BirthDate", "31.02.1994", "no day", ""),
    ("BirthDate", "yesterday", "no day", ""),
    ("BirthDate", "1850-01-01", "before 1900", ""),
    ("Notes", "n" * 201, "longer than 200", ""),
    ("MemberID", "m" * 41, "longer than 40", ""),
    ("Division1", "d" * 61, "longer than 60", ""),
]


@pytest.mark.parametrize(("column", "value", "detail", "accepted"), BAD_CELLS)
def test_a_bad_cell_is_named(column: str, value: str, detail: str, accepted: str) -> None:
    file = roster_read(table(changed(**{column: value})).encode())

    (problem,) = file.problems
    assert (problem.row, problem.column) == (2, column)
    assert problem.value.rstrip("…") in value
    assert detail in problem.detail
    assert not accepted or accepted in problem.accepted
    # What is needed takes its row along, everything else leaves only its own cell empty.
    assert problem.is_fatal == (column in ("Sex", "Equipment"))
    assert len(file.rows) == (0 if problem.is_fatal else 1)


@pytest.mark.parametrize("column", ["Name", "Sex", "Equipment"])
@pytest.mark.parametrize("value", ["", "  ", "\u200b"])
def test_a_row_without_a_needed_cell_is_left_out(column: str, value: str) -> None:
    file = roster_read(table(changed(**{column: value}), changed(Name="Berit Sund", MemberID="N2", Lot="2")).encode())

    assert problems(file) == [(2, column, value.strip())]
    assert [row.name for row in file.rows] == ["Berit Sund"]
    assert file.lines == 2


def test_unknown_and_doubled_columns_are_named() -> None:
    header = ("Name", "Sex", "Equipment", "Shoe size", "name", "")
    file = roster_read(table(("Alva Nord", "F", "Raw", "39", "Other", "x"), header=header).encode())

    assert problems(file) == [(1, "Shoe size", "Shoe size"), (1, "name", "name")]
    assert "BirthDate" in file.problems[0].accepted
    assert [row.name for row in file.rows] == ["Alva Nord"]


def test_weights_that_cannot_be() -> None:
    header = ("Name", "Sex", "Equipment", "Bodyweight", "Squat1Kg", "Bench1Kg", "Deadlift1Kg", "WeightClass")
    file = roster_read(table(("Alva Nord", "F", "Raw", "-62", "-100", "heavy", "900", "=63"), header=header).encode())

    assert {(problem.column, problem.detail) for problem in file.problems} == {
        ("Bodyweight", "A weight is not negative."),
        ("Squat1Kg", "A weight is not negative."),
        ("Bench1Kg", "This is no weight: write it as 82.5."),
        ("Deadlift1Kg", "A weight here is from 2.5 to 700 kg."),
        ("WeightClass", "This is no class: write it as 83 or 120+."),
    }
    (row,) = file.rows
    assert (row.bodyweight_kg, row.openers, row.weight_class) == (None, {}, "")


# ── Rows against each other ──────────────────────────────────────────────────────────────────────────────


def test_a_lot_given_twice() -> None:
    file = roster_read(table(GOOD, changed(Name="Berit Sund", MemberID="N2")).encode())

    assert problems(file) == [(3, "Lot", "14")]
    assert "row 2" in file.problems[0].detail
    assert [row.lot for row in file.rows] == [14, None]


def test_one_lifter_in_two_divisions_is_one_entry() -> None:
    file = roster_read(table(GOOD, changed(Division1="Juniors"), changed(Event1="B")).encode())

    (row,) = file.rows
    assert file.problems == ()
    assert set(row.categories) == {("Open", "SBD"), ("Juniors", "SBD"), ("Open", "B")}


def test_what_a_second_row_says_otherwise_is_named_and_not_taken() -> None:
    file = roster_read(table(GOOD, changed(Division1="Juniors", Flight="C", Notes="second")).encode())

    assert problems(file) == [(3, "Flight", "C"), (3, "Notes", "second")]
    (row,) = file.rows
    assert (row.flight, row.notes) == ("B", "first meet")


def test_two_of_one_name_are_not_made_one() -> None:
    bare = changed(MemberID="", BirthDate="")
    file = roster_read(table(bare, changed(MemberID="", BirthDate="", Lot="15")).encode())

    assert [(problem.row, problem.column, problem.is_fatal) for problem in file.problems] == [(3, "Name", True)]
    assert len(file.rows) == 1
    born = (changed(MemberID="", BirthDate="1990"), changed(MemberID="", BirthDate="1991", Lot="15"))
    assert len(roster_read(table(*born).encode()).rows) == 2


def test_ten_thousand_of_one_name_take_no_time() -> None:
    rows = [changed(MemberID="", BirthDate="", Lot="", Notes=str(n)) for n in range(10_000)]
    assert len(roster_read(table(*rows).encode()).rows) == 1
    numbered = [changed(MemberID=f"N{n}", BirthDate="", Lot="") for n in range(5_000)]
    assert len(roster_read(table(*numbered).encode()).rows) == 5_000


# ── What a spreadsheet would run ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "==", "=+", "|", "%", "\t="])
@pytest.mark.parametrize("column", ["Name", "Division1", "MemberID", "Notes"])
def test_no_formula_comes_in_as_one(start: str, column: str) -> None:
    file = roster_read(table(changed(**{column: f"{start}cmd|' /C calc'!A0"})).encode())

    (problem,) = file.problems
    assert (problem.row, problem.column, problem.is_fatal) == (2, column, False)
    (row,) = file.rows
    texts = (row.name, row.notes, row.member_id, row.categories[0][0])
    assert not any(text.startswith(FORMULA) for text in texts)
    assert any("cmd" in text for text in texts)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_text_whatever_leaves_as_a_formula(text: str) -> None:
    file = roster_read(table(changed(Notes=text, Name=f"A{text}")).encode(errors="replace"))

    for row in file.rows:
        for value in (row.name, row.notes, row.member_id):
            assert not value.startswith(FORMULA)
            assert not str(cell(value)).startswith(FORMULA)


# ── OpenLifter's save file ───────────────────────────────────────────────────────────────────────────────

ENTRY: dict[str, Any] = {
    "id": 1, "day": 1, "platform": 2, "flight": "B", "name": "Alva Nord", "sex": "F", "birthDate": "1994-05-02",
    "age": 32, "country": "Norway", "state": "", "intendedWeightClassKg": "63", "equipment": "Sleeves",
    "divisions": ["Open"], "events": ["SBD", "B"], "lot": 14, "memberId": "N1", "paid": True, "team": "Halden",
    "guest": False, "instagram": "alva", "notes": "", "bodyweightKg": 62.4, "squatRackInfo": "7/16",
    "benchRackInfo": "5", "squatKg": [120, 125, 0, 0, 0], "benchKg": [62.5, 0, 0, 0, 0], "deadliftKg": [0, 0, 0, 0, 0],
    "squatStatus": [-1, 1, 0, 0, 0], "benchStatus": [0, 0, 0, 0, 0], "deadliftStatus": [0, 0, 0, 0, 0],
}  # fmt: skip


def save(*entries: Any, **meet: Any) -> bytes:
    state = {"versions": {}, "meet": {"divisions": ["Open"], "inKg": True, "federation": "IPF", **meet}}
    return json.dumps({**state, "registration": {"entries": list(entries), "lookup": {}}}).encode()


def test_a_save_file() -> None:
    file = roster_read(save(ENTRY), "meet.openlifter")

    assert (file.kind, file.federation, file.problems, file.notes) == ("OpenLifter save file", "IPF", (), ())
    (row,) = file.rows
    assert (row.name, row.session, row.platform, row.flight, row.lot) == ("Alva Nord", 1, "2", "B", 14)
    assert row.categories == (("Open", "SBD"), ("Open", "B"))
    assert (row.weight_class, row.bodyweight_kg, row.squat_rack) == ("63", Decimal("62.4"), "7/16")
    # The first of each lift, whatever became of it.
    assert row.openers == {"S": Decimal(120), "B": Decimal("62.5")}


def test_a_save_file_shown_in_pounds_holds_kg() -> None:
    file = roster_read(save(ENTRY | {"squatKg": [102.06, 0, 0, 0, 0]}, inKg=False))

    assert file.rows[0].openers["S"] == Decimal("102.06")
    assert "pounds" in file.notes[0]


@pytest.mark.parametrize(
    ("change", "column", "value", "left"),
    [
        ({"sex": "Q"}, "sex", "Q", 0),
        ({"name": None}, "name", "", 0),
        ({"equipment": 7}, "equipment", "7", 0),
        ({"divisions": ["Opne"]}, "divisions", "Opne", 1),
        ({"events": ["SBX"]}, "events", "SBX", 1),
        ({"lot": -1}, "lot", "-1", 1),
        ({"birthDate": "soon"}, "birthDate", "soon", 1),
        ({"bodyweightKg": -60}, "bodyweightKg", "-60", 1),
        ({"squatKg": [-100]}, "squatKg", "-100", 1),
        ({"notes": "=1"}, "notes", "=1", 1),
    ],
)
def test_a_bad_field_of_a_save_file(change: dict[str, Any], column: str, value: str, left: int) -> None:
    file = roster_read(save(ENTRY | change))

    assert problems(file) == [(1, column, value)]
    assert len(file.rows) == left


@pytest.mark.parametrize(
    "entry",
    [None, 7, "x", [], {}, {"name": {"first": "x"}}, {"name": "A", "squatKg": {}, "divisions": 3, "events": None}],
)
def test_no_entry_of_a_save_file_breaks_it(entry: Any) -> None:
    file = roster_read(save(entry, ENTRY))
    assert [row.name for row in file.rows] == ["Alva Nord"]
    assert all(problem.row == 1 for problem in file.problems)


@pytest.mark.parametrize(
    "data", [b"{", b"{}", b'{"registration": 3}', b'{"a":' * 5000, b'{"registration": {"entries": {}}}']
)
def test_other_json_is_no_save_file(data: bytes) -> None:
    with pytest.raises(Unreadable):
        roster_read(data)


# ── LiftingCast ──────────────────────────────────────────────────────────────────────────────────────────

CAST_ROW = {
    "name": "Alva Nord", "team": "Halden", "lot": "14", "platform": "1", "session": "Session 2", "flight": "b",
    "birthDate": "05/31/1994", "memberNumber": "N1", "gender": "FEMALE", "rawOrEquipped": "Equipped",
    "division": "FR-O Open", "declaredAwardsWeightClass": "63", "bodyWeight": "62.4", "squatRackHeight": "7 in",
    "benchRackHeight": "5", "squat1": "120", "bench1": "62.5", "dead1": "140", "wasDrugTested": "Yes",
    "phoneNumber": "555", "country": "Norway", "streetAddress": "Road 1", "city": "Halden", "state": "Viken",
    "zipCode": "1", "email": "a@example.org", "emergencyContactName": "B", "emergencyContactPhoneNumber": "1",
    "additionalItems": "shirt, M",
}  # fmt: skip


def cast(*rows: dict[str, str]) -> bytes:
    return table(*(tuple(row[name] for name in CAST) for row in rows), header=tuple(CAST)).encode()


def test_a_row_of_liftingcast() -> None:
    assert tuple(CAST_ROW) == tuple(CAST)
    assert len(CAST) == 29
    file = roster_read(cast(CAST_ROW))

    assert (file.kind, file.problems) == ("LiftingCast entries", ())
    (row,) = file.rows
    assert (row.name, row.sex, row.equipment, row.session, row.flight) == ("Alva Nord", "F", "Single-ply", 2, "B")
    assert (row.birth_date, row.member_id, row.tested) == (dt.date(1994, 5, 31), "N1", True)
    assert row.openers == {"S": Decimal(120), "B": Decimal("62.5"), "D": Decimal(140)}
    assert row.categories == (("FR-O Open", "SBD"),)
    # Where people live and whom to call is nobody's business here.
    assert not any(word in repr(row) for word in ("555", "Road", "example", "shirt"))


@pytest.mark.parametrize(
    ("division", "event"),
    [("Open", "SBD"), ("Bench Only Open", "B"), ("Push-Pull Masters", "BD"), ("Deadlift only", "D"), ("Open BP", "B")],
)
def test_the_event_by_its_division(division: str, event: str) -> None:
    assert roster_read(cast(CAST_ROW | {"division": division})).rows[0].categories == ((division, event),)


@pytest.mark.parametrize(
    ("column", "value", "is_fatal"),
    [
        ("gender", "unknown", True),
        ("rawOrEquipped", "Geared", True),
        ("name", "", True),
        ("lot", "first", False),
        ("session", "Evening", False),
        ("birthDate", "13/13/1994", False),
        ("bodyWeight", "62,4,0", False),
        ("squat1", "-120", False),
        ("wasDrugTested", "maybe", False),
        ("flight", "1", False),
    ],
)
def test_a_bad_cell_of_liftingcast(column: str, value: str, is_fatal: bool) -> None:
    file = roster_read(cast(CAST_ROW | {column: value}))

    assert [(one.row, one.column, one.value, one.is_fatal) for one in file.problems] == [(2, column, value, is_fatal)]
    assert len(file.rows) == (not is_fatal)


# ── Workbooks ────────────────────────────────────────────────────────────────────────────────────────────


def workbook(*rows: tuple[Any, ...], title: str = "Lifters") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_of_registrations() -> None:
    header = ("Name", "Sex", "Equipment", "BirthDate", "Lot", "Bodyweight", "Squat1Kg", "Guest", "Day", "SquatRack")
    born = dt.datetime(1994, 5, 2)  # noqa: DTZ001  a workbook knows no time zones
    row = one(workbook(header, ("Alva Nord", "F", "Raw", born, 14, 62.4, 102.5, False, 1.0, 7)))

    assert (row.name, row.birth_date, row.lot) == ("Alva Nord", dt.date(1994, 5, 2), 14)
    assert (row.bodyweight_kg, row.openers, row.guest) == (Decimal("62.4"), {"S": Decimal("102.5")}, False)
    assert (row.session, row.squat_rack) == (1, "7")


def test_a_workbook_of_liftingcast() -> None:
    file = roster_read(workbook(tuple(CAST), tuple(CAST_ROW.values())), "entries.xlsx")

    assert (file.kind, file.problems) == ("LiftingCast entries (workbook)", ())
    assert file.rows == roster_read(cast(CAST_ROW)).rows


def test_a_formula_in_a_workbook_is_not_reckoned() -> None:
    file = roster_read(workbook(("Name", "Sex", "Equipment", "Notes"), ("Alva Nord", "F", "Raw", '=HYPERLINK("x")')))

    # Excel has not seen it yet, so there is nothing in its place.
    assert (file.rows[0].notes, file.problems) == ("", ())


def test_the_first_sheet_that_can_be_seen() -> None:
    book = openpyxl.Workbook()
    book.active.sheet_state = "hidden"
    seen = book.create_sheet("Lifters")
    seen.append(("Name", "Sex", "Equipment"))
    seen.append(("Alva Nord", "F", "Raw"))
    out = io.BytesIO()
    book.save(out)

    assert one(out.getvalue()).name == "Alva Nord"


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in parts.items():
            box.writestr(name, data)
    return out.getvalue()


def parts_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as box:
        return {name: box.read(name) for name in box.namelist()}


def understated(data: bytes) -> bytes:
    """A workbook whose sheet is larger than its directory says."""
    parts = parts_of(data)
    whole = zipped({**parts, "xl/worksheets/sheet1.xml": parts["xl/worksheets/sheet1.xml"] + b" " * 900_000})
    size = (len(parts["xl/worksheets/sheet1.xml"]) + 900_000).to_bytes(4, "little")
    return whole.replace(size, (10).to_bytes(4, "little"))


ROSTER = workbook(("Name", "Sex", "Equipment"), ("Alva Nord", "F", "Raw"))
HOSTILE = {
    "no zip": b"PK\x03\x04" + b"x" * 100,
    "another zip": zipped({"readme.txt": b"hello"}),
    "cut off": ROSTER[: len(ROSTER) // 2],
    "a bomb": zipped({**parts_of(ROSTER), "xl/media/a.bin": b"\0" * 61_000_000}),
    "many parts": zipped({**parts_of(ROSTER), **{f"x/{n}": b"" for n in range(600)}}),
    "more than it says": understated(ROSTER),
    "entities": zipped({**parts_of(ROSTER), "xl/sharedStrings.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><sst>&b;</sst>'}),
    "entities in UTF-16": zipped(
        {**parts_of(ROSTER), "xl/sharedStrings.xml": '<!DOCTYPE a [<!ENTITY b "c">]><sst>&b;</sst>'.encode("utf-16")}
    ),
    "broken xml": zipped({**parts_of(ROSTER), "xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row>"}),
    "no sheet": zipped({name: data for name, data in parts_of(ROSTER).items() if "sheet1" not in name}),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_workbook_is_refused(what: str) -> None:
    with pytest.raises(Unreadable, match="workbook"):
        roster_read(HOSTILE[what], "roster.xlsx")


def test_a_sheet_with_more_cells_than_any_roster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meets.exchange.xlsx.CELLS_MOST", 50)
    with pytest.raises(Unreadable, match="far larger"):
        xlsx_rows(workbook(*[("Name", "Sex", "Equipment")] * 40))


def test_a_cell_far_down_is_not_waited_for() -> None:
    book = openpyxl.Workbook()
    book.active.cell(1_000_000, 1, "x")
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(Unreadable):
        roster_read(out.getvalue())


# ── The door ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old kind"),
        (b"%PDF-1.4", "is no list of lifters"),
        (b"\x89PNG\r\n", "is no list of lifters"),
        (b"OPL Format v1 (OpenLifter 1.4),Submit by email:", "results, not registrations"),
        (b"Name,Team\nAlva,x\n", "Name, Sex and Equipment"),
        (b"Name,Sex\nAlva,F\n", "the column Equipment"),
        (("Name,Sex,Equipment\n" + "A,F,Raw\n" * 10_001).encode(), "more than 10000 rows"),
    ],
)
def test_what_is_no_roster_says_so(data: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        roster_read(data, "file.csv")


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_no_bytes_break_the_door(data: bytes) -> None:
    try:
        found = roster_read(data)
    except Unreadable:
        return
    assert isinstance(found, RosterFile)


NAME = st.text(st.characters(categories=("Lu", "Ll")), min_size=1, max_size=20)
ROWS = st.fixed_dictionaries(
    {
        "Name": st.tuples(NAME, NAME).map(" ".join),
        "Sex": st.sampled_from(["M", "F", "Mx"]),
        "Equipment": st.sampled_from(["Raw", "Sleeves", "Bare", "Wraps", "Single-ply", "Multi-ply", "Unlimited"]),
        "BirthDate": st.dates(dt.date(1930, 1, 1), dt.date(2015, 1, 1)).map(str),
        "Flight": st.sampled_from(["", *"ABCDEFGHIJKLMNOP"]),
        "Bodyweight": st.decimals("30", "250", places=2).map(str),
        "Squat1Kg": st.decimals("5", "400", places=1).map(str),
        "Event1": st.sampled_from(["SBD", "BD", "SB", "SD", "S", "B", "D"]),
        "Guest": st.sampled_from(["Yes", "No", ""]),
    }
)


@given(
    st.lists(ROWS, min_size=1, max_size=8), st.sampled_from([",", ";", "\t"]), st.sampled_from(["utf-8-sig", "utf-16"])
)
@settings(max_examples=120, deadline=None)
def test_a_written_table_is_read_as_it_was(rows: list[dict[str, str]], delimiter: str, encoding: str) -> None:
    header = (*rows[0], "MemberID")
    lines = [(*(row[name] for name in rows[0]), f"M{number}") for number, row in enumerate(rows)]
    file = roster_read(table(*lines, header=header, delimiter=delimiter).encode(encoding))

    assert file.problems == ()
    for given_row, read in zip(rows, file.rows, strict=True):
        assert (read.sex, read.equipment, read.flight) == (
            given_row["Sex"],
            given_row["Equipment"],
            given_row["Flight"],
        )
        assert str(read.birth_date) == given_row["BirthDate"]
        assert (read.bodyweight_kg, read.openers["S"]) == (
            Decimal(given_row["Bodyweight"]),
            Decimal(given_row["Squat1Kg"]),
        )
        assert read.categories == (("", given_row["Event1"]),)


def test_a_problem_says_what_it_needs() -> None:
    problem = CellProblem(3, "Lot", "x", "Write a number.")
    assert (problem.accepted, problem.is_fatal) == ((), False)
