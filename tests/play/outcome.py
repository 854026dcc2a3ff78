"""What came out of a played meet, and everything in it that does not agree with the play's own notes."""

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import Any

from meets.exchange.opl_check import check
from tests.play.check import differences, entries_read
from tests.play.meet import Cast, Played

EXPORTS = ("openpowerlifting.zip", "opl-v1.csv", "results.csv", "attempts.csv", "attempts.jsonl")


@dataclass
class Outcome:
    """figures: for people and for JSON. faults: sentences. files: the exports by name."""

    figures: dict[str, Any]
    faults: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


def outcome_of(cast: Cast, played: Played) -> Outcome:
    figures = {
        "lifters": len(played.lifters),
        "attempts": played.attempts,
        "failed": sum(
            not good for noted in played.lifters.values() for rows in noted.taken.values() for _, good in rows
        ),
        "cards": played.cards,
        "late_lights_refused": played.late_refused,
        "jury_cases": [f"{case['asked']}: {case['from']} to {case['to'] or 'again'}" for case in played.jury],
    }
    at = f"meets/{played.meet}"
    outcome = Outcome(figures)
    for name in EXPORTS:
        outcome.files[name] = cast.reader.ask("GET", f"{at}/exports/{name}").body
    outcome.files["log.jsonl"] = cast.head.ask("GET", f"{at}/log/").body
    standings = cast.reader.get(f"{at}/standings/")
    points = {row["lifter"]: float(row["points"]) for row in standings if row["points"] is not None}
    outcome.faults += differences(played, entries_read(outcome.files["openpowerlifting.zip"]), points)
    with zipfile.ZipFile(io.BytesIO(outcome.files["openpowerlifting.zip"])) as files:
        found = check({name: files.read(name) for name in files.namelist()})
    outcome.faults += [f"{one.file} {one.row} {one.column}: {one.sentence}" for one in found if not one.is_warning]
    outcome.faults += chain_faults(outcome.files["log.jsonl"])
    lines = outcome.files["attempts.jsonl"].decode().splitlines()
    if len(lines) != played.attempts:
        outcome.faults.append(f"{len(lines)} lines of attempts for {played.attempts} attempts")
    if len(played.jury) != 3 and len(played.lifters) >= 20:
        outcome.faults.append(f"{len(played.jury)} jury cases, not three")
    figures |= {
        "placed": sum(row["place"].isdigit() for row in standings),
        "log_records": outcome.files["log.jsonl"].count(b"\n"),
    }
    return outcome


def chain_faults(log: bytes) -> list[str]:
    """What is wrong with an exported log, as a third party would find it."""
    previous, faults = "", []
    for number, line in enumerate(log.decode().splitlines(), 1):
        record = json.loads(line)
        sha256 = record.pop("sha256")
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if (record["seq"], record["previous"], hashlib.sha256(text.encode()).hexdigest()) != (number, previous, sha256):
            faults.append(f"record {number} of the log does not fit")
        previous = sha256
    return faults
