"""Writer of OpenPowerlifting's meet folder: ``meet.csv``, ``entries.csv``, ``original.csv`` and ``URL``.

The dialect is the submission's, not the public database's: UTF-8, LF, no quotes and so no commas inside cells, failures
negative, never a 0, no total for whoever has no place (OpenPowerlifting ``checker/src/checklib`` and
``docs/opl-templates``). Places and totals are the sheet's: whoever exports reckons them first (``recompute``). What
``opl_check`` finds in the files after that is the meet's to correct, not the writer's to hide.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from meets.competition.ages import age_on
from meets.exchange import opl_v1
from meets.exchange.divisions import division_of, division_spell
from meets.exchange.opl_v1 import LIFT_NAMES, signed
from meets.exchange.sheet import ATTEMPTS, OTHER_NAMES, MeetSheet, Problem, SheetEntry
from meets.exchange.spellings import federation_code, place_parts, spellings_load
from meets.exchange.tables import number, safe
from meets.exchange.weight_classes import BODYWEIGHT_KG, class_spell, heaviest_limits

MEET_COLUMNS: Final = ("Federation", "Date", "MeetCountry", "MeetState", "MeetTown", "MeetName")
RULESETS: Final = ("CombineRawAndWraps", "CombineSingleAndMulti", "CombineAllEquipment", "FourthAttemptsMayLower")
# OpenLifter's word for the same.
_RULES: Final = {"CombineSleevesAndWraps": "CombineRawAndWraps"}
# Words that stay small in names.
PARTICLES: Final = frozenset(
    {"af", "al", "bin", "binti", "da", "das", "de", "dei", "del", "della", "den", "der", "di", "do", "dos", "du", "el",
     "en", "het", "la", "las", "le", "los", "op", "ten", "ter", "van", "vd", "vom", "von", "y", "zu", "zum", "zur"}
)  # fmt: skip
_MONTHS: Final = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*"
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)


def files_write(
    sheet: MeetSheet, *, original: bytes | None = None, urls: Iterable[str] = (), birth_dates: bool = True
) -> dict[str, bytes]:
    """The folder's files by name, lists of best lifters left out (``leaving``). The same sheet gives the same bytes.

    original: the file that the meet came from; without one, the sheet in OPL Format v1. birth_dates: False for birth
    years in their place, also in such a sheet.

    Raises ValueError naming the entries that cannot leave (``cannot_leave``).
    """
    if problems := cannot_leave(sheet):
        raise ValueError("; ".join(f"{one.value}: {one.detail}" for one in problems))
    return {
        "meet.csv": _csv(MEET_COLUMNS, [_meet_cells(sheet)], ("RuleSet", "Sanctioned")),
        "entries.csv": _entries(leaving(sheet), birth_dates=birth_dates),
        "original.csv": opl_v1.write(sheet, birth_dates=birth_dates) if original is None else original,
        "URL": "".join(f"{url.strip()}\n" for url in urls).encode(),
    }


def zip_write(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip, each with the same time and uncompressed, so that equal files give equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name])
    return out.getvalue()


def cannot_leave(sheet: MeetSheet) -> list[Problem]:
    """What has no place in the folder: lifters whose name has no letters."""
    detail = "This name has no letters, and OpenPowerlifting takes letters alone."
    return [
        Problem(entry.row, "Name", entry.name, detail, "letters, spaces and ' . -")
        for entry in sheet.entries
        if not name_spell(entry.name)
    ]


def leaving(sheet: MeetSheet) -> MeetSheet:
    """The sheet without its lists of best lifters: OpenPowerlifting wants each result once, in the division in which it
    was lifted. Whoever stands in such a list alone stays."""
    elsewhere = {_result(entry) for entry in sheet.entries if not division_of(entry.division).is_award}
    entries = tuple(
        entry for entry in sheet.entries if not (division_of(entry.division).is_award and _result(entry) in elsewhere)
    )
    return sheet if len(entries) == len(sheet.entries) else replace(sheet, entries=entries)


def _result(entry: SheetEntry) -> tuple[object, ...]:
    lifts = tuple(lift.attempts for _, lift in entry.lifts)
    return entry.name.casefold(), entry.sex, entry.event, entry.equipment, entry.bodyweight_kg, lifts


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, str]], optional: Sequence[str] = ()) -> bytes:
    names = [*columns, *(name for name in optional if any(row.get(name) for row in rows))]
    lines = [names, *([row.get(name, "") for name in names] for row in rows)]
    return "".join(f"{','.join(line)}\n" for line in lines).encode()


def _meet_cells(sheet: MeetSheet) -> dict[str, str]:
    federation = federation_code(sheet.federation)
    # A national federation lifts at home; whoever goes elsewhere says so.
    country, state = place_parts(sheet.country or spellings_load().homes.get(federation, ""), sheet.state)
    return {
        "Federation": safe(federation),
        "Date": "" if sheet.date is None else sheet.date.isoformat(),
        "MeetCountry": country,
        "MeetState": state,
        "MeetTown": _only(sheet.town, "-.'"),
        "MeetName": meet_name_spell(sheet.name, federation, None if sheet.date is None else sheet.date.year),
        "RuleSet": " ".join(rule for word in sheet.ruleset.split() if (rule := _RULES.get(word, word)) in RULESETS),
        "Sanctioned": sheet.sanctioned,
    }


def meet_name_spell(name: str, federation: str, year: int | None) -> str:
    """A meet's name without year, federation and sanction number, in the letters that are allowed: "2021 NAPF
    Pan-American Championships" is "Pan-American Championships". Empty when nothing else was in it."""
    plain = unicodedata.normalize("NFKC", name).replace("’", "'")
    plain = re.sub(r"[(\[][^)\]]*\d{2,}[^)\]]*[)\]]", " ", plain)
    for other in (federation, *spellings_load().federation_names.get(federation, ())):
        if other:
            plain = re.sub(rf"(?<!\w){re.escape(other)}(?!\w)", " ", plain, flags=re.IGNORECASE)
    if year is not None:
        plain = re.sub(rf"(\b{_MONTHS}\W+)?\b{year}\b", " ", plain, flags=re.IGNORECASE)
        # Where it stands inside of a word too, as in "Open2023".
        plain = plain.replace(str(year), " ")
    plain = _only(plain, "-&.'/°%:", digits=True)
    # The code may stand inside of another word, which the checker does not look at closely either.
    if federation and federation in plain:
        plain = _only(plain.replace(federation, " "), "-&.'/°%:", digits=True)
    return re.sub(r"^[\s\-&:/.%]+|[\s\-&:/]+$", "", plain)


def _only(text: str, others: str, *, digits: bool = False) -> str:
    """Letters, spaces and these others; what is neither becomes a space."""
    plain = unicodedata.normalize("NFKC", text)
    kept = "".join(
        one
        if one.isalpha() or unicodedata.category(one) == "Mn" or (digits and one.isdecimal()) or one in others
        else " "
        for one in plain
    )
    return safe(" ".join(kept.split()))


def _entries(sheet: MeetSheet, *, birth_dates: bool) -> bytes:
    # Two people of one name are told apart by their birth dates, whatever is shown of these.
    names, heaviest = _names(sheet.entries), heaviest_limits(sheet.entries)
    entries = sheet.entries if birth_dates else [entry.by_year for entry in sheet.entries]
    rows = [_entry_cells(sheet, entry, name, heaviest) for entry, name in zip(entries, names, strict=True)]
    return _csv(_columns(sheet.entries, rows), rows)


def _columns(entries: Sequence[SheetEntry], rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The template's columns, and between them the optional ones that somebody has."""

    def used(*names: str) -> list[str]:
        return [name for name in names if any(row.get(name) for row in rows)]

    weights: list[str] = []
    for letter, name in LIFT_NAMES.items():
        if any(letter in entry.event for entry in entries) or not entries:
            weights += [f"{name}{each}Kg" for each in range(1, ATTEMPTS)]
            weights += [*used(f"{name}{ATTEMPTS}Kg"), f"Best3{name}Kg"]
    before = [
        "Place",
        "Name",
        *used(*OTHER_NAMES),
        "Sex",
        "BirthDate",
        *used("BirthYear"),
        "Age",
        *used("Country", "State"),
    ]
    columns = [*before, "Equipment", "Division", "BodyweightKg", "WeightClassKg", *weights, "TotalKg", "Event"]
    return [*columns, *used("Tested", "Team")]


def _entry_cells(sheet: MeetSheet, entry: SheetEntry, name: str, heaviest: Mapping[str, Decimal]) -> dict[str, str]:
    place = _place(entry)
    country, state = _home(sheet, entry)
    year, age = _birth_cells(sheet, entry)
    cells = {
        "Place": place,
        "Name": name,
        **{column: _only(other, "'.-") for column, other in entry.other_names},
        "Sex": entry.sex,
        "BirthDate": "" if entry.birth_date is None else entry.birth_date.isoformat(),
        "BirthYear": year,
        "Age": age,
        "Country": country,
        "State": state,
        "Equipment": _equipment(entry),
        "Division": safe(_division(sheet, entry)),
        "BodyweightKg": number(entry.bodyweight_kg) if _is_bodyweight(entry.bodyweight_kg) else "",
        "WeightClassKg": class_spell(entry, sheet.date, federation_code(sheet.federation), heaviest),
        "TotalKg": number(entry.total_kg) if place == "G" or place.isdigit() else "",
        "Event": entry.event,
        "Tested": entry.tested,
        "Team": safe(entry.team),
    }
    for letter, lift in entry.lifts:
        column = LIFT_NAMES[letter]
        cells |= {f"{column}{each}Kg": signed(attempt) for each, attempt in enumerate(lift.attempts, start=1)}
        cells[f"Best3{column}Kg"] = number(lift.reckoned_kg)
    return cells


def _place(entry: SheetEntry) -> str:
    """Whoever has no total has no place; of whom nothing is known did not come."""
    if entry.place in ("DQ", "DD", "NS"):
        return entry.place
    if entry.total_kg is None:
        return "DQ" if entry.was_lifted or entry.place or entry.bodyweight_kg is not None else "NS"
    return "G" if entry.guest else entry.place


def _home(sheet: MeetSheet, entry: SheetEntry) -> tuple[str, str]:
    """The lifter's country and state; a state alone is one of the country where the meet is."""
    country, state = place_parts(entry.country, entry.state)
    if not country and entry.state:
        state = place_parts(sheet.country, entry.state)[1]
    return country, state


def _birth_cells(sheet: MeetSheet, entry: SheetEntry) -> tuple[str, str]:
    """Year and age. The date tells both; an age that the year cannot give is left out, since the year says when."""
    if entry.birth_date is not None:
        return "", entry.age if sheet.date is None else str(age_on(entry.birth_date, sheet.date))
    year = "" if entry.birth_year is None else str(entry.birth_year)
    if not entry.age or entry.birth_year is None or sheet.date is None:
        return year, entry.age
    turning = sheet.date.year - entry.birth_year
    possible = (str(turning), str(turning - 1), f"{turning - 1}.5")
    return year, entry.age if entry.age in possible else ""


def _equipment(entry: SheetEntry) -> str:
    """OpenPowerlifting's word. Without a squat there is nothing to wrap."""
    if entry.equipment in ("Bare", "Sleeves") or (entry.equipment == "Wraps" and "S" not in entry.event):
        return "Raw"
    return entry.equipment


def _division(sheet: MeetSheet, entry: SheetEntry) -> str:
    return division_spell(
        entry.division, federation=federation_code(sheet.federation), sex=entry.sex, equipment=_equipment(entry)
    )


def _is_bodyweight(kg: Decimal | None) -> bool:
    return kg is not None and BODYWEIGHT_KG[0] <= kg <= BODYWEIGHT_KG[1]


def _names(entries: Sequence[SheetEntry]) -> list[str]:
    """Each entry's name as it leaves; with a number where several people of the meet have it.

    Two entries are of two people where something that one person has once differs.
    """
    leads = surnames_lead(entries)
    names = [name_spell(entry.name, surname_leads=leads) for entry in entries]
    people: dict[str, list[SheetEntry]] = defaultdict(list)
    which: list[int] = []
    for entry, name in zip(entries, names, strict=True):
        known = people[name]
        same = next((at for at, other in enumerate(known) if _is_same(entry, other)), len(known))
        if same == len(known):
            known.append(entry)
        which.append(same + 1)
    return [f"{name} #{at}" if len(people[name]) > 1 else name for name, at in zip(names, which, strict=True)]


def _is_same(one: SheetEntry, other: SheetEntry) -> bool:
    pairs: list[tuple[object, object]] = [
        (one.sex, other.sex),
        (one.birth_date, other.birth_date),
        (one.birth_year, other.birth_year),
        (one.member_id or None, other.member_id or None),
    ]
    # Events of one meet may have weigh-ins of their own.
    if (one.event, one.equipment) == (other.event, other.equipment):
        pairs.append((one.bodyweight_kg, other.bodyweight_kg))
    return all(a is None or b is None or a == b for a, b in pairs)


def surnames_lead(entries: Iterable[SheetEntry]) -> bool:
    """Does the meet write "DUPONT Anne", so that even "LE Anne" is Anne Le? It does where half of the names are so."""
    words = [_only(entry.name, "'.-").split() for entry in entries]
    capitals = sum(len(each) > 1 and _is_capitals(each[0]) and not _is_capitals(each[-1]) for each in words)
    return capitals * 2 > len(words)


def name_spell(name: str, *, surname_leads: bool = False) -> str:
    """A name as OpenPowerlifting spells it: NFKC, letters and ' . - alone, words capitalised, given name first where
    capitals tell the surname, no nickname, no period at the end. Empty when no letters are left.

    surname_leads: what ``surnames_lead`` says of the meet; without it two capitals alone are taken for initials.
    """
    # A letter that the file has lost leaves no gap.
    plain = (
        unicodedata.normalize("NFKC", name.replace("\ufffd", "")).replace("’", "'").replace("‘", "'").replace("`", "'")
    )
    plain = re.sub(r"[(\[\"“”«][^)\]\"“”»]*[)\]\"“”»]", " ", plain)
    # A nickname in single quotes stands between words; an apostrophe stands inside of one.
    plain = re.sub(r"(?<!\w)'[^']+'(?!\w)", " ", plain)
    words = [word for word in (_trimmed(part) for part in _only(plain, "'.-").split()) if word]
    words = _given_first(words, surname_leads)
    while len(words) > 1 and words[0].rstrip(".").casefold() in ("jr", "sr"):
        words = [*words[1:], words[0]]
    has_small = any(any(one.islower() for one in word) for word in words)
    return " ".join(_capital(word, has_small) for word in words).rstrip(".")


def _trimmed(word: str) -> str:
    """Without what no word begins or ends with; nothing when no letter is in it."""
    trimmed = word.lstrip(".-'").rstrip("-'")
    return trimmed if any(one.isalpha() for one in trimmed) else ""


def _given_first(words: list[str], surname_leads: bool) -> list[str]:
    """ "DUPONT LEROY Anne Marie" is Anne Marie Dupont Leroy."""
    surname = 0
    while surname < len(words) and _is_capitals(words[surname]):
        surname += 1
    if not surname or surname == len(words) or any(_is_capitals(word) for word in words[surname:]):
        return words
    # "JP Smith" and "AJ Brown": two letters are as likely initials.
    if not surname_leads and surname == 1 and sum(one.isalpha() for one in words[0]) <= 2:
        return words
    return [*words[surname:], *(_titled(word.lower()) for word in words[:surname])]


def _is_capitals(word: str) -> bool:
    letters = [one for one in word if one.isalpha()]
    return len(letters) > 1 and all(one.isupper() for one in letters)


def _capital(word: str, has_small: bool) -> str:
    if word in PARTICLES:
        return word
    if _is_capitals(word) and (not has_small or sum(one.isalpha() for one in word) > 3):
        return _titled(word.lower())
    # A finger that stayed on the shift key: "WIlkinson".
    if re.fullmatch(r"[A-Z]{2}[a-z]{2,}", word):
        return word.capitalize()
    parts = word.split("-")
    return "-".join(part if part in PARTICLES else _upper(part[:1]) + part[1:] for part in parts)


def _titled(word: str) -> str:
    return re.sub(r"(^|[-'.])(\w)", lambda match: match[1] + _upper(match[2]), word)


def _upper(letter: str) -> str:
    # "ß" would become two letters.
    upper = letter.upper()
    return upper if len(upper) == 1 else letter
