"""Photos of lifters whose true joints, surfaces and margins are known: ``python -m gold.synth --n 500 --out DIR``.

Writes 000000.jpg and on, and truth.jsonl beside them (gold/truth.py says what stands in it). The same seed gives the
same truth, whatever the number of jobs.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from gold.truth import FILE, Kind
from judging.pose import Lift, Phase

NEEDED: Final = ("anny", "torch", "pyvista", "PIL", "tqdm")


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns 0, or 2 with one sentence on standard error."""
    arguments = _parser().parse_args(argv)
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        return _refuse(f"{missing[0]} is not installed here: make synth-env, then .venv-synth/bin/python -m gold.synth")
    if not _can_draw():
        return _refuse("no OpenGL is installed to draw with: install libEGL (Debian: libegl1); it needs no display")
    try:
        redrawn = _write(arguments)
    except ValueError as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return _refuse(f"stopped: no {FILE} was written")
    if redrawn:
        sys.stderr.write(f"{redrawn} scenes could not be solved as drawn and were drawn again.\n")
    return 0


def _can_draw() -> bool:
    """False where VTK would find nothing to draw with: it then ends the process without a word."""
    if not sys.platform.startswith("linux") or os.environ.get("DISPLAY"):
        return True
    try:
        ctypes.CDLL("libEGL.so.1")
    except OSError:
        return False
    return True


def _write(arguments: argparse.Namespace) -> int:
    """Makes the photos; returns how many scenes were drawn again."""
    from tqdm import tqdm

    from gold.synth.scene import Options, PlacementMix
    from gold.synth.write import photos_write

    width, height = _size(arguments.size)
    options = Options(
        placement=PlacementMix(arguments.placement),
        lift=arguments.lift and Lift(arguments.lift),
        phase=arguments.phase and Phase(arguments.phase),
        kind=arguments.kind and Kind(arguments.kind),
        spoilt=arguments.spoilt,
        width=width,
        height=height,
    )
    for name, value, least in (("--n", arguments.n, 1), ("--jobs", arguments.jobs, 1), ("--seed", arguments.seed, 0)):
        if value < least:
            raise ValueError(f"{name} is {value}, it must be at least {least}")
    written = photos_write(
        arguments.out,
        seed=arguments.seed,
        count=arguments.n,
        options=options,
        jobs=arguments.jobs,
        force=arguments.force,
        overlays=arguments.overlay,
    )
    with tqdm(written, total=arguments.n, unit="photo", dynamic_ncols=True) as bar:
        return sum(one.redrawn for one in bar)


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = (int(part) for part in text.split("x"))
    except ValueError as error:
        raise ValueError(f"--size is {text!r}, it must read like 960x720") from error
    return width, height


def _refuse(sentence: str) -> int:
    sys.stderr.write(sentence + "\n")
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gold.synth", description=__doc__)
    parser.add_argument("--n", type=int, default=500, help="how many photos (500)")
    parser.add_argument("--seed", type=int, default=7, help="what everything is drawn from (7)")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the folder for the photos and the truth"
    )
    parser.add_argument(
        "--placement", choices=["mixed", "recommended", "anywhere"], default="mixed", help="where the cameras stand"
    )
    parser.add_argument("--lift", choices=[lift.value for lift in Lift], help="this lift alone")
    parser.add_argument("--phase", choices=[phase.value for phase in Phase], help="this phase alone")
    parser.add_argument("--kind", choices=[kind.value for kind in Kind], help="this kind of scene alone")
    parser.add_argument(
        "--spoilt", type=float, default=0.15, metavar="SHARE", help="lifts spoilt on purpose, 0-1 (0.15)"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes at work (2)")
    parser.add_argument("--size", default="960x720", metavar="WxH", help="of the photos, px (960x720)")
    parser.add_argument("--overlay", action="store_true", help="also pictures with the truth drawn in, under overlay/")
    parser.add_argument("--force", action="store_true", help="write over the truth that the folder holds")
    return parser


if __name__ == "__main__":
    sys.exit(main())
