"""Real meets through import, reckoning and export, and what came out beside what OpenPowerlifting accepted.

    python -m meets.exchange.replay FOLDER [--json]

FOLDER holds folders of meets, however deep: each with the original (``original.csv`` or ``original.txt`` in OPL Format
v1) and the accepted ``meet.csv`` and ``entries.csv``. The accepted files are looked at after ours are written, never
before. Nothing is written anywhere.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from meets.exchange import opl_v1
from meets.exchange.compare import Comparison, Hints, compare
from meets.exchange.openpowerlifting import cannot_leave, files_write, leaving, name_spell, zip_write
from meets.exchange.opl_check import Finding, Rule, check, files_read
from meets.exchange.recompute import recompute
from meets.exchange.sheet import MeetSheet, Problem, SheetEntry

ACCEPTED: Final = ("meet.csv", "entries.csv")
Through = Callable[[MeetSheet], MeetSheet]


@dataclass(frozen=True, slots=True)
class Replayed:
    """One meet. imported: False where no original is in OPL Format v1, and then nothing else is known.

    entries: those imported; accepted_entries: lines of the accepted file. problems: what the reader could not take.
    own_places: of the accepted lines, how many places come out of that file's own attempts and categories.
    findings: of the checker in our export, warnings left out; inherited: how many of them tell of what the original
    does not state, or of attempts that it states so. archive_bytes: size of the exported zip.
    """

    meet: str
    imported: bool
    entries: int = 0
    accepted_entries: int = 0
    problems: tuple[Problem, ...] = ()
    comparison: Comparison | None = None
    own_places: int = 0
    findings: tuple[Finding, ...] = ()
    inherited: int = 0
    archive_bytes: int = 0
    error: str = ""


def reckoned(sheet: MeetSheet) -> MeetSheet:
    """The shortest way through: places and totals reckoned from the attempts, nothing kept anywhere."""
    return recompute(sheet).sheet


def meets_find(root: Path) -> list[Path]:
    """The folders that hold an original and the accepted files, in alphabetical order."""
    found = []
    for folder, _, names in os.walk(root):
        if set(ACCEPTED) <= set(names) and any(_is_original(name) for name in names):
            found.append(Path(folder))
    return sorted(found)


def _is_original(name: str) -> bool:
    return name.startswith("original")


def replay(name: str, files: Mapping[str, bytes], *, through: Through = reckoned) -> Replayed:
    """One meet from its files by name. through: what takes the sheet that was read and gives the one to export, with
    places and totals; a database may lie in between.

    An error on the way, whatever it is, is told in ``error``: one meet stops no others.
    """
    try:
        return _replay(name, files, through)
    except Exception as wrong:
        return _failed(name, wrong)


def _failed(name: str, wrong: Exception) -> Replayed:
    return Replayed(name, False, error=f"{type(wrong).__name__}: {wrong}")


def _replay(name: str, files: Mapping[str, bytes], through: Through) -> Replayed:
    read = _read(files)
    if read is None:
        return Replayed(name, False)
    original, sheet, problems = read
    refused = cannot_leave(sheet)
    sheet = replace(sheet, entries=tuple(entry for entry in sheet.entries if name_spell(entry.name)))
    exported = leaving(through(sheet))
    ours = files_write(exported, original=original)
    archive = zip_write(ours)
    accepted = {each: files[each] for each in ACCEPTED}
    sheet_accepted = _accepted_sheet(accepted)
    stated, own_places = _places(sheet_accepted), _places(reckoned(sheet_accepted))
    comparison = compare(
        ours, accepted, is_federation_carried=not _says_nothing(sheet), hints=_hints(sheet, exported, own_places)
    )
    findings = tuple(one for one in check(ours) if not one.is_warning)
    return Replayed(
        name,
        True,
        entries=len(sheet.entries),
        accepted_entries=len(stated),
        problems=(*problems, *refused),
        comparison=comparison,
        own_places=sum(own_places.get(row) == place for row, place in stated.items()),
        findings=findings,
        inherited=sum(_is_inherited(one, sheet) for one in findings),
        archive_bytes=len(archive),
    )


def _read(files: Mapping[str, bytes]) -> tuple[bytes, MeetSheet, list[Problem]] | None:
    """The first original in OPL Format v1 that has entries: the plain names before numbered ones."""
    texts = [name for name in files if _is_original(name) and name.endswith((".csv", ".txt"))]
    names = sorted(texts, key=lambda name: (Path(name).stem != "original", name))
    for name in names:
        data = files[name]
        # Other layouts have no such line, and to take them for this one would be guessing.
        if b"opl format v1" not in data[:4000].lower().replace(b"\0", b""):
            continue
        sheet, problems = opl_v1.read(data)
        if sheet.entries:
            return data, sheet, problems
    return None


def _says_nothing(sheet: MeetSheet) -> bool:
    return not sheet.federation or (sheet.made_by == "LiftingCast" and sheet.federation in opl_v1.SAYS_NOTHING)


def _is_inherited(finding: Finding, sheet: MeetSheet) -> bool:
    """Does it tell of the original and not of the export? Divisions are held against those of the federation that the
    original states, be it none, and the export leaves them as they are spelled where it does not know better."""
    match finding.rule:
        case Rule.COUNTRY:
            return not sheet.country
        case Rule.FEDERATION:
            return _says_nothing(sheet)
        case Rule.DIVISION:
            as_spelled = any(finding.sentence.startswith(repr(entry.division)) for entry in sheet.entries)
            return as_spelled or _says_nothing(sheet)
    return finding.rule in (Rule.ATTEMPT_ORDER, Rule.REPEATED)


def _hints(sheet: MeetSheet, exported: MeetSheet, own_places: Mapping[int, str]) -> Hints:
    places = {_entered(entry): entry.place for entry in sheet.entries}
    lines = list(enumerate(exported.entries, start=2))
    return Hints(
        ties=frozenset(index + 2 for index in recompute(exported).ties),
        stated={line: places[_entered(entry)] for line, entry in lines if _entered(entry) in places},
        lost=frozenset(line for line, entry in lines if "\ufffd" in entry.name or "?" in entry.name),
        own_places=own_places,
    )


def _entered(entry: SheetEntry) -> tuple[str, ...]:
    """What an entry is known by on both sides of whatever it went through."""
    return entry.name, entry.sex, entry.event, entry.division, entry.equipment, entry.weight_class


def _accepted_sheet(accepted: Mapping[str, bytes]) -> MeetSheet:
    """The accepted files as one of the format that is read: entries begin with line 4, their header being line 3."""
    meet = accepted["meet.csv"].strip().replace(b"\r", b"")
    lines = meet.split(b"\n")[:2]
    return opl_v1.read(b"\n".join([*lines, accepted["entries.csv"]]))[0]


def _places(sheet: MeetSheet) -> dict[int, str]:
    """The places of the accepted file, by its lines from 1."""
    return {entry.row - 2: entry.place for entry in sheet.entries}


def replay_all(folders: Iterable[Path], *, through: Through = reckoned) -> Iterator[Replayed]:
    """One after the other, named by their folder."""
    for folder in folders:
        yield replay_folder(folder, through=through)


def replay_folder(folder: Path, *, through: Through = reckoned) -> Replayed:
    """One meet from its folder."""
    try:
        files = {name: data for name, data in files_read(folder).items() if name in ACCEPTED or _is_original(name)}
    except OSError as wrong:
        return _failed(folder.name, wrong)
    return replay(folder.name, files, through=through)


def tally(results: Iterable[Replayed]) -> dict[str, Any]:
    """The figures of all meets, as the JSON has them.

    totals_agree, places_agree: accepted entries of totals_compared, places_compared whose total, place is ours. Who was
    entered in another division too has a total to compare there, and no place.
    files_equal: meets whose cells are all equal wherever both files carry one, and that lack no entry;
    files_equal_but_spelling: when divisions may be spelled otherwise and namesakes numbered;
    files_equal_but_names: when people and meets may be called otherwise too. columns: by file and column, how many
    cells are equal of how many that both carry. exports_clean: without findings of the checker;
    exports_clean_as_stated: without any that the original does not bring along. other_layouts: meets whose original is
    not in OPL Format v1.
    """
    rows = list(results)
    done = [row for row in rows if row.imported]
    compared = [row.comparison for row in done if row.comparison is not None]
    places, totals = sum(one.matched for one in compared), sum(one.totals_compared for one in compared)
    differences = [(row, one) for row in done if row.comparison is not None for one in row.comparison.differences]
    findings = [one for row in done for one in row.findings]
    return {
        "meets": len(rows),
        "imported": len(done),
        "other_layouts": [row.meet for row in rows if not row.imported and not row.error],
        "failed": [{"meet": row.meet, "error": row.error} for row in rows if row.error],
        "entries": sum(row.entries for row in done),
        "entries_accepted": sum(row.accepted_entries for row in done),
        "totals_compared": totals,
        "totals_agree": sum(one.totals_agree for one in compared),
        "places_compared": places,
        "places_agree": sum(one.places_agree for one in compared),
        "places_from_accepted_attempts": sum(row.own_places for row in done),
        "cells_compared": sum(one.cells for one in compared),
        "cells_equal": sum(one.cells_equal for one in compared),
        "files_equal": sum(one.is_equal for one in compared),
        "files_equal_but_spelling": sum(one.is_equal_but_spelling for one in compared),
        "files_equal_but_names": sum(one.is_equal_but_names for one in compared),
        "columns": _columns(compared),
        "exports_clean_as_stated": sum(len(row.findings) == row.inherited for row in done),
        "exports_clean": sum(not row.findings for row in done),
        "findings": dict(Counter(str(one.rule) for one in findings).most_common()),
        "problems": sum(len(row.problems) for row in done),
        "causes": dict(Counter(str(one.cause) for _, one in differences).most_common()),
        "added": dict(sum((Counter(one.added) for one in compared), Counter()).most_common()),
        "disagreements": [
            {
                "meet": row.meet,
                "file": one.file,
                "row": one.row,
                "column": one.column,
                "ours": one.ours,
                "accepted": one.accepted,
                "cause": str(one.cause),
            }
            for row, one in differences
        ],
    }


def _columns(compared: Iterable[Comparison]) -> dict[str, list[int]]:
    counts: dict[str, list[int]] = {}
    for one in compared:
        for column, (equal, carried) in one.columns.items():
            count = counts.setdefault(column, [0, 0])
            count[0] += equal
            count[1] += carried
    return counts


def table(figures: Mapping[str, Any]) -> str:
    """The figures for people."""
    lines = [
        f"meets                 {figures['imported']} of {figures['meets']} imported",
        f"entries               {figures['entries']} imported, {figures['entries_accepted']} accepted,"
        f" {figures['places_compared']} in both",
        f"totals agree          {_share(figures['totals_agree'], figures['totals_compared'])}",
        f"places agree          {_share(figures['places_agree'], figures['places_compared'])}",
        "accepted places from their own attempts and categories  "
        + _share(figures["places_from_accepted_attempts"], figures["entries_accepted"]),
        f"cells equal           {_share(figures['cells_equal'], figures['cells_compared'])} of those that both carry",
        f"files equal           {figures['files_equal']} of {figures['imported']}"
        f" ({figures['files_equal_but_spelling']} but for the spelling of divisions and numbers of namesakes,"
        f" {figures['files_equal_but_names']} but for names of people, divisions and meets)",
        f"exports checked clean {figures['exports_clean']} of {figures['imported']}"
        f" ({figures['exports_clean_as_stated']} but for what the original itself lacks or got wrong)",
        "",
        "columns that differ somewhere:",
        *(
            f"  {column:24} {_share(equal, carried)}"
            for column, (equal, carried) in figures["columns"].items()
            if equal < carried
        ),
    ]
    for title, counts in (("causes of disagreements", figures["causes"]), ("findings in exports", figures["findings"])):
        if counts:
            lines += ["", f"{title}:", *(f"{times:7}  {name}" for name, times in counts.items())]
    if other := figures["other_layouts"]:
        lines += ["", f"{len(other)} not in OPL Format v1: {', '.join(other)}"]
    lines += [f"failed: {one['meet']}: {one['error']}" for one in figures["failed"]]
    return "\n".join(lines) + "\n"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}" + (f" ({part / whole:.2%})" if whole else "")


def main(
    arguments: Sequence[str] | None = None,
    *,
    replaying: Callable[[Sequence[Path]], Iterable[Replayed]] = replay_all,
) -> int:
    """0 when every meet found was read or is in another layout, 1 when one failed, 2 when there is none.

    replaying: how the folders are gone through; several may be at once.
    """
    parser = argparse.ArgumentParser(prog="python -m meets.exchange.replay", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="a folder of meet folders")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line as well")
    given = parser.parse_args(arguments)
    folders = meets_find(given.folder)
    if not folders:
        sys.stderr.write(f"There are no meets with an original and accepted files at {given.folder}.\n")
        return 2
    with tqdm(replaying(folders), total=len(folders), desc="replay", unit="meet", file=sys.stderr) as bar:
        figures = tally(bar)
    sys.stdout.write(table(figures))
    if given.json:
        sys.stdout.write(json.dumps(figures, ensure_ascii=False) + "\n")
    return int(bool(figures["failed"]))


if __name__ == "__main__":
    raise SystemExit(main())
