"""``python -m inference.finder train --truth DIR … --out FILE``: teach the finder (make synth-env).
``python -m inference.finder evaluate --truth DIR``: how far it is off on photos it was not taught on."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from gold.truth import Kind, truth_read
from inference.finder.net import WEIGHTS, finder_load
from inference.finder.place import parts_of
from inference.images import Limits, photo_decode

ROUNDS = 24
# A hint this near, as a part of the lifter's size, is on him.
NEAR = 0.15


def main() -> int:
    """0, or 2 with one sentence."""
    parser = argparse.ArgumentParser(prog="python -m inference.finder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="teach it and write its weights")
    train.add_argument("--truth", type=Path, nargs="+", required=True, help="folders that gold.synth wrote")
    train.add_argument("--rounds", type=int, default=ROUNDS)
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--out", type=Path, default=WEIGHTS)
    evaluate = commands.add_parser("evaluate", help="hold it against the truth")
    evaluate.add_argument("--truth", type=Path, nargs="+", required=True)
    evaluate.add_argument("--weights", type=Path, default=WEIGHTS)
    evaluate.add_argument("--json", action="store_true", help="one JSON object on the last line")
    options = parser.parse_args()
    try:
        if options.command == "train":
            _train(options)
        else:
            _evaluate(options)
    except (OSError, ValueError) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    return 0


def _train(options: argparse.Namespace) -> None:
    from inference.finder.train import lesson_of, teach, weights_bytes

    truths = [(truth, folder) for folder in options.truth for truth in truth_read(folder)]
    lessons = [lesson_of(truth, folder) for truth, folder in tqdm(truths, unit="photo", desc="read")]
    with tqdm(total=options.rounds * len(lessons), unit="photo", desc="teach", mininterval=2.0) as bar:

        def progress(count: int, loss: float) -> None:
            bar.update(count)
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)

        net = teach(lessons, rounds=options.rounds, seed=options.seed, progress=progress)
    notes = {
        "seeds": ", ".join(str(seed) for seed in sorted({truth.seed for truth, _ in truths})),
        "photos": str(len(truths)),
        "taught": f"python -m inference.finder train --rounds {options.rounds} --seed {options.seed}",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
    }
    options.out.write_bytes(weights_bytes(net, notes))
    sys.stdout.write(f"{options.out}: {options.out.stat().st_size} bytes\n")


def _evaluate(options: argparse.Namespace) -> None:
    finder = finder_load(options.weights)
    off: dict[str, list[float]] = {"recommended": [], "anywhere": []}
    present: dict[str, list[float]] = {kind.value: [] for kind in Kind}
    for folder in options.truth:
        for truth in tqdm(truth_read(folder), unit="photo"):
            place = finder.look(photo_decode((folder / truth.image).read_bytes(), Limits()).rgb)
            lifter = truth.lifter
            if lifter is None:
                present[truth.kind.value].append(place.present)
            elif lifter.visible.sum() >= 6:
                present[truth.kind.value].append(place.present)
                gaps = np.hypot(*(parts_of(lifter.joints_px) - place.points).T)
                size = float(np.hypot(*np.ptp(lifter.joints_px, axis=0)))
                off[truth.placement.value].append(float(np.median(gaps)) / size)
    figures: dict[str, dict[str, float]] = {
        "near": {where: float(np.mean(np.array(some) < NEAR)) for where, some in off.items() if some},
        "median": {where: float(np.median(some)) for where, some in off.items() if some},
        "photos": {where: len(some) for where, some in off.items()},
        "present": {kind: float(np.mean(np.array(some) > 0.5)) for kind, some in present.items() if some},
    }
    for name, some in figures.items():
        sys.stdout.write(f"{name}: {', '.join(f'{key} {value:.3f}' for key, value in some.items())}\n")
    if options.json:
        sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    sys.exit(main())
