"""``python -m inference.placing sweep --out FILE``: measure; ``… plot FILE --out FOLDER``: draw the figures of
docs/placing-cameras.md. In the environment of ``make synth-env``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from inference.engines import engine_load
from inference.placing.plots import pairs_plot, plots_write
from inference.placing.sweep import Look, Place, places_of, sweep
from inference.placing.tally import Pair, cells_of, pairs_of
from judging.pose import Lift
from judging.rulebook import rulebook_load

AZIMUTHS: Final = tuple(float(azimuth) for azimuth in range(0, 181, 15))
HEIGHTS: Final = (30.0, 60.0, 90.0, 130.0, 180.0)
DISTANCES: Final = (250.0, 400.0, 600.0)


def main() -> int:
    """0, or 2 with one sentence."""
    options = _parser().parse_args()
    try:
        if options.command == "sweep":
            _sweep(options)
        else:
            _plot(options.file, options.out)
    except (OSError, ValueError) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inference.placing", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    measure = commands.add_parser("sweep", help="render lifts from many places and judge each picture")
    measure.add_argument("--out", type=Path, required=True, help="file for the figures, JSON Lines")
    measure.add_argument("--seed", type=int, default=11)
    measure.add_argument("--n", type=int, default=12, help="lifts of each kind")
    measure.add_argument("--lift", type=Lift, choices=list(Lift), action="append")
    measure.add_argument("--engine", action="append", default=[], help="an engine beside the true joints")
    measure.add_argument("--azimuths", type=float, nargs="+", default=AZIMUTHS)
    measure.add_argument("--heights", type=float, nargs="+", default=HEIGHTS)
    measure.add_argument("--distances", type=float, nargs="+", default=DISTANCES)
    measure.add_argument("--mirrored", action="store_true", help="from the right side, too: one camera against two")
    measure.add_argument("--rulebook", default="ipf-2026-v3")
    draw = commands.add_parser("plot", help="draw what a sweep measured")
    draw.add_argument("file", type=Path)
    draw.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    return parser


def _sweep(options: argparse.Namespace) -> None:
    places = places_of(options.azimuths, options.heights, options.distances, mirrored=options.mirrored)
    engines = [engine_load(name) for name in options.engine]
    lifts = options.lift or list(Lift)
    book = rulebook_load(options.rulebook)
    with (
        options.out.open("w", encoding="utf-8") as file,
        tqdm(total=len(lifts) * options.n * len(places), unit="photo") as bar,
    ):
        for lift in lifts:
            looks = sweep(
                lift, places, seed=options.seed, count=options.n, engines=engines, book=book, progress=bar.update
            )
            for look in looks:
                file.write(json.dumps(asdict(look)) + "\n")


def looks_read(path: Path) -> list[Look]:
    """What a sweep wrote. Raises ValueError naming the line that is wrong."""
    looks = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            data: dict[str, Any] = json.loads(line)
            looks.append(Look(**{**data, "lift": Lift(data["lift"]), "place": Place(**data["place"])}))
        except (ValueError, KeyError, TypeError) as wrong:
            raise ValueError(f"{path.name}, line {number}: {wrong}") from wrong
    return looks


def _plot(path: Path, folder: Path) -> None:
    looks = looks_read(path)
    folder.mkdir(parents=True, exist_ok=True)
    for lift in Lift:
        of_lift = [look for look in looks if look.lift is lift]
        cells, pairs = cells_of(of_lift), pairs_of(of_lift)
        if pairs:
            sys.stdout.write(f"{pairs_plot(lift, pairs, folder)}\n")
            for pair in pairs:
                sys.stdout.write(f"{lift:9}{_pair_text(pair)}\n")
            continue
        if cells:
            for written in plots_write(lift, cells, folder):
                sys.stdout.write(f"{written}\n")
            for cell in cells:
                _print(lift, asdict(cell))


def _pair_text(pair: Pair) -> str:
    place = pair.place
    return (
        f"{pair.engine.split('-')[0]:10}{place.azimuth_deg:5.0f}°{place.height_cm:5.0f} cm{place.distance_cm:5.0f} cm"
        f"  one, two cameras: any side {pair.one_any:4.0%} {pair.two_any:4.0%}"
        f"  both {pair.one_both:4.0%} {pair.two_both:4.0%}  both called {pair.one_cleared:4.0%} {pair.two_cleared:4.0%}"
    )


def _print(lift: Lift, cell: dict[str, Any]) -> None:
    place = cell["place"]
    error = "    –" if cell["error_cm"] is None else f"{cell['error_cm']:5.2f}"
    sigma = "    –" if cell["sigma_cm"] is None else f"{cell['sigma_cm']:5.2f}"
    sys.stdout.write(
        f"{lift:9}{cell['engine'].split('-')[0]:10}"
        f"{place['azimuth_deg']:5.0f}°{place['height_cm']:5.0f} cm{place['distance_cm']:5.0f} cm"
        f"  near {cell['near_seen']:4.0%} far {cell['far_seen']:4.0%} both {cell['both_seen']:4.0%}"
        f"  error {error} sigma {sigma} cm  given {cell['given']:4.0%} wrong {cell['wrong']}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
