"""``python -m inference.gate --engine E --truth DIR``: the whole line on rendered photos, held against their truth.

Prints four tables: per rule and view the verdicts, errors and intervals; the verdicts where none may be given; the
choice of the lifter; the vote. ``--check`` holds the figures of the fixed sets against those last accepted and names
each that got worse; ``--accept`` accepts them.

Exit status: 0 done, 1 worse than accepted or not to be accepted, 2 bad input.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from gold.truth import FILE, Truth, truth_read
from inference.accepted import TRUTH
from inference.engines import ENGINE_NAMES, engine_load
from inference.engines.base import Engine, EngineOptions
from inference.engines.truth import TruthEngine, key_of
from inference.errors import LineError
from inference.gate import accept
from inference.gate.run import cases_run, images_check
from inference.gate.seeds import seeds_fitted, seeds_taught
from inference.gate.table import report_of
from inference.gate.text import report_text
from judging.rulebook import Rulebook, rulebook_load

RULEBOOK: Final = "ipf-2026-v3"
MEASURED: Final = "measured"
UNKNOWN: Final = "unknown"


def truths_of(folder: Path) -> list[Truth]:
    """The folder's truth. Raises ValueError when it is missing, wrong, empty, or has a photo twice."""
    try:
        truths = truth_read(folder)
    except AttributeError as error:
        raise ValueError(f"{folder / FILE} is not a truth: write it with python -m gold.synth.") from error
    if not truths:
        raise ValueError(f"{folder / FILE} holds no photo: write it with python -m gold.synth.")
    if len({key_of(truth) for truth in truths}) != len(truths):
        raise ValueError(f"{folder / FILE} holds a photo twice: write it again with python -m gold.synth.")
    return truths


def gate(
    name: str, folder: Path, book: Rulebook, *, camera: str = MEASURED, plates: bool = False, options: EngineOptions
) -> dict[str, Any]:
    """The report of an engine on a folder's truth. plates: the line is handed the true plates, too.

    Raises ValueError for a folder that is not a truth with its images, LineError when the engine cannot be loaded.
    """
    truths = truths_of(folder)
    if name != TRUTH:
        images_check(truths, folder)
    engine: Engine = TruthEngine(truths) if name == TRUTH else engine_load(name, options)
    seeds = sorted({truth.seed for truth in truths})
    if fitted := (seeds_fitted(name) | seeds_taught()).intersection(seeds):
        sys.stderr.write(
            f"Warning: the calibration was fitted on seed {', '.join(map(str, sorted(fitted)))}: "
            "these figures flatter it. Use another seed.\n"
        )
    with tqdm(total=len(truths), desc=f"gate {name}", unit="photo", file=sys.stderr) as bar:
        known = camera == MEASURED
        cases = list(
            cases_run(truths, folder, engine, book, camera_known=known, plates_known=plates, progress=bar.update)
        )
    head = {
        "engine": engine.name,
        "weights_sha256": engine.weights_sha256,
        "rulebook": book.version,
        "camera": camera,
        "plates": plates,
        "truth_sha256": hashlib.sha256((folder / FILE).read_bytes()).hexdigest(),
        "seeds": seeds,
        "fitted_seeds": sorted(fitted),
    }
    return head | report_of(cases, book)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inference.gate", description=__doc__.split("\n\n")[0])
    parser.add_argument("--engine", choices=(TRUTH, *ENGINE_NAMES), help="truth: the true joints, and no picture")
    parser.add_argument("--truth", type=Path, metavar="DIR", help=f"folder with {FILE} and its images")
    parser.add_argument("--rulebook", default=RULEBOOK, metavar="ID", help=f"default {RULEBOOK}")
    parser.add_argument(
        "--camera", choices=(MEASURED, UNKNOWN), default=MEASURED, help="whether the meet measured where it stands"
    )
    parser.add_argument(
        "--plates", action="store_true", help="what the true plates of 450 mm, found as well as can be, would add"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="hold the fixed sets' figures against gold/accepted.json")
    what.add_argument("--accept", action="store_true", help="write the fixed sets' figures to gold/accepted.json")
    parser.add_argument("--recorded", type=Path, metavar="FILE", help="the recorded engine's poses")
    parser.add_argument("--device", default="auto", help="mmpose: auto, cpu, cuda:0, ...")
    parser.add_argument("--weights-dir", type=Path, metavar="DIR", help="mmpose: where its weights lie")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report to standard output; the exit status."""
    given = _parser().parse_args(arguments)
    try:
        return _run(given)
    except (ValueError, LineError) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2


def _run(given: argparse.Namespace) -> int:
    book = rulebook_load(given.rulebook)
    options = EngineOptions(recorded_poses=given.recorded, device=given.device, weights_dir=given.weights_dir)
    reports = {
        name: gate(name, folder, book, camera=given.camera, plates=given.plates, options=options)
        for name, folder in _runs(given).items()
    }
    for report in reports.values() if not given.check else ():
        sys.stdout.write(f"{report_text(report)}\n\n")
    refused: dict[str, list[str]] = {}
    if given.check:
        refused = {name: accept.report_check(report, name) for name, report in reports.items()}
    elif given.accept:
        refused = {
            name: [] if name in accept.NEVER_BARRED else accept.barred(accept.figures_of(report))
            for name, report in reports.items()
        }
        today = dt.datetime.now(dt.UTC).date().isoformat()
        accept.accept([accept.entry_of(reports[name], name, today) for name, why in refused.items() if not why])
    for name, sentences in refused.items():
        sys.stdout.writelines(f"{name}: {sentence}\n" for sentence in sentences)
        if not sentences:
            sys.stdout.write(f"{name}: {'nothing is worse than accepted' if given.check else 'accepted'}.\n")
    if given.json:
        (first, *others) = reports.values()
        data = first if not others else {"reports": reports}
        sys.stdout.write(json.dumps({**data, "refused": refused}, allow_nan=False) + "\n")
    return 1 if any(refused.values()) else 0


def _runs(given: argparse.Namespace) -> dict[str, Path]:
    """Which engines run on which folders. Raises ValueError when that was not said, or cannot be accepted."""
    if given.accept and (given.plates or given.camera != MEASURED):
        raise ValueError("Figures are accepted with the camera measured and without the true plates.")
    if not (given.check or given.accept):
        if given.engine is None or given.truth is None:
            raise ValueError("Say --engine and --truth DIR, or --check or --accept for the fixed sets.")
        return {given.engine: given.truth}
    if given.engine is None:
        if given.truth is not None:
            raise ValueError("Say which --engine is to run on that truth.")
        return dict(accept.CHECKED)
    return {given.engine: given.truth or accept.CHECKED.get(given.engine, accept.CHECK_PHOTOS)}


if __name__ == "__main__":
    sys.exit(main())
