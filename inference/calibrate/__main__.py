"""Fits an engine's joint noise, and the surfaces' offsets, on rendered truth: ``python -m inference.calibrate``.

``--engine E --truth DIR`` runs the engine on the photos and holds its joints against the true ones of the lifter: their
error per kind of joint, view, side and score, in shares of the trunk, goes to ``judging/noise/<engine>.toml``. Only
photos at a moment that a rule judges count, each joint in those of its own rules. ``--rules``, run after that, fits one
factor a rule on the margins at the recommended places as a whole. ``--surfaces`` fits the offsets from joint centre to
rule-book surface on the true heights, needs no picture, and goes to ``judging/surfaces.toml``;
``--limbs`` puts the limbs' shares of stature there too. The seeds are written down with the figures: check on others.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tqdm import tqdm

import judging
from gold.truth import FILE, Truth, truth_read
from inference.calibrate.joints import RULEBOOK, JointMiss, bin_of, misses_run, noise_fit, root_mean_square
from inference.calibrate.rules import LEAST_MARGINS, rules_fit
from inference.calibrate.surfaces import geometry_lines, limbs_fit, limbs_text, surfaces_fit, surfaces_text
from inference.engines import ENGINE_NAMES, engine_load
from inference.engines.base import Engine, EngineOptions
from inference.errors import LineError
from inference.gate.run import Case, cases_run, images_check
from inference.gate.seeds import seeds_named
from inference.gate.table import side_cases
from inference.gate.truths import RULES, judged_at
from judging.landmarks import Limb
from judging.noise import EngineNoise, noise_load, noise_toml
from judging.rulebook import rulebook_load

JUDGING: Final = Path(judging.__file__).parent


def _noise_lines(noise: EngineNoise, joints: Sequence[JointMiss]) -> Iterator[str]:
    """The figures for a person, the robust spread beside the root mean square."""
    yield f"{'part':<9}{'view':<15}{'side':<6}{'score':<6}{'n':>5}{'bias':>9}{'sigma':>8}{'rms':>8}{'across':>8}  cm"
    trunk = Limb.TRUNK.cm
    for row in noise.joints:
        here = [
            one.down
            for one in joints
            if one.part == row.part
            and row.view in (None, one.view)
            and row.side in (None, one.side)
            and row.score in (None, bin_of(one.score, noise.mid_from, noise.high_from))
        ]
        yield (
            f"{row.part:<9}{row.view or 'any':<15}{row.side or 'any':<6}{row.score or 'any':<6}{row.readings:>5}"
            f"{row.bias_down * trunk:>9.2f}{row.sigma_down * trunk:>8.2f}"
            f"{root_mean_square(here, row.bias_down) * trunk:>8.2f}{row.sigma_across * trunk:>8.2f}"
        )
    for pair in noise.pairs:
        yield f"{pair.rule} {pair.view or 'any'}: rho {pair.rho:.2f} ({pair.readings})"


_COMMENT: Final = """How far the engine's joints lie from the true ones of rendered lifters. Read by judging/noise.py.
All lengths are shares of the trunk (shoulder to hip at the body's own scale). bias_down: the median error downwards,
positive where the engine puts the joint too low; sigma_down, sigma_across: the 90th percentile of the error about it
(across: about nought) over 1.645, so that nine of ten errors lie in the interval that is reckoned with. rho: with
which nine of ten differences of the two joints lie in the interval of their own rows. Shoulder, elbow, hip and knee:
at the moment of the depth rules; wrist and ankle: at the lockout. factor: of a rule's whole sigma, with which nine of
ten margins at the recommended places lie in its interval. Written by python -m inference.calibrate."""


def noise_write(
    name: str, truths: Sequence[tuple[Truth, Path]], engine: Engine, folder: Path, today: dt.date
) -> Iterator[str]:
    """Fits and writes the engine's noise on the photos that a rule judges; lines for a person.

    Raises ValueError for too few photos or a wrong one.
    """
    truths = [(truth, of) for truth, of in truths if any(judged_at(rule, truth) for rule in RULES.values())]
    with tqdm(total=len(truths), desc=f"calibrate {name}", unit="photo", file=sys.stderr) as bar:
        joints, pairs, lost = misses_run(truths, engine, bar.update)
    seeds = sorted({truth.seed for truth, _ in truths})
    photos = f"{len(truths)} rendered photos, {seeds_named(seeds)}"
    source = f"{engine.name} on {photos}; lifter not found in {lost}; {today.isoformat()}"
    noise = replace(noise_fit(name, source, joints, pairs), seeds=tuple(seeds))
    (folder / f"{name}.toml").write_text(noise_toml(noise, _COMMENT), encoding="utf-8")
    yield source
    yield from _noise_lines(noise, joints)


def rules_write(
    name: str, truths: Sequence[tuple[Truth, Path]], engine: Engine, folder: Path, today: dt.date
) -> Iterator[str]:
    """Fits the rules' factors on the margins and writes them beside the engine's other figures; lines for a person.

    Raises ValueError for a wrong photo, and where no rule has margins enough: then nothing is written.
    """
    noise, book = noise_load(engine.noise), rulebook_load(RULEBOOK)
    truths = [(truth, of) for truth, of in truths if any(judged_at(rule, truth) for rule in RULES.values())]
    cases: list[Case] = []
    with tqdm(total=len(truths), desc=f"rules {name}", unit="photo", file=sys.stderr) as bar:
        for of in dict.fromkeys(of for _, of in truths):
            here = [truth for truth, one in truths if one == of]
            cases += cases_run(here, of, engine, book, progress=bar.update)
    # From anywhere else a meet is told not to take photos (docs/placing-cameras.md).
    placed = [case for case in side_cases(cases, book) if case.recommended]
    fits = rules_fit(placed, {one.rule: one.factor for one in noise.rules})
    if not fits:
        raise ValueError(f"No rule was measured {LEAST_MARGINS} times: render more photos (python -m gold.synth).")
    seeds = sorted({truth.seed for truth, _ in truths})
    was, _, _ = noise.source.partition("; rules:")
    source = f"{was}; rules: {len(truths)} photos, {seeds_named(seeds)}, {today.isoformat()}"
    kept = {one.rule: one for one in noise.rules} | {one.rule: one for one in fits}
    whole = replace(noise, source=source, seeds=tuple(sorted({*noise.seeds, *seeds})), rules=tuple(kept.values()))
    (folder / f"{name}.toml").write_text(noise_toml(whole, _COMMENT), encoding="utf-8")
    yield source
    yield from (f"{one.rule}: factor {one.factor:.3f} ({one.readings} margins)" for one in fits)


def surfaces_write(
    truths: Sequence[Truth], path: Path, today: dt.date, *, surfaces: bool, limbs: bool
) -> Iterator[str]:
    """Fits and writes surfaces.toml; lines for a person. Raises ValueError for too few photos or another file."""
    seeds = sorted({truth.seed for truth in truths})
    text = path.read_text(encoding="utf-8")
    if limbs:
        of_limbs = limbs_fit(truths)
        text = limbs_text(text, of_limbs, seeds)
        yield from (f"{fit.limb}: {fit.share:.4f} of stature, spread {100 * fit.spread:.1f} %" for fit in of_limbs)
    if surfaces:
        fit = surfaces_fit(truths)
        text = surfaces_text(text, fit, seeds, today)
        for one in fit.surfaces:
            yield (
                f"{one.name}: share {one.share:.4f}, lean {one.lean:+.4f}, sigma {one.sigma_share:.4f}, "
                f"{one.readings} sides"
            )
        yield from (f"{rule}: its surfaces go together by {rho:+.2f}" for rule, rho in fit.together.items())
        yield from geometry_lines(truths)
    path.write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, write and print; 0, or 2 for bad input."""
    parser = argparse.ArgumentParser(prog="python -m inference.calibrate", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--engine", choices=ENGINE_NAMES, help="whose joints to hold against the true ones")
    parser.add_argument("--truth", type=Path, nargs="+", required=True, metavar="DIR", help=f"folders with {FILE}")
    parser.add_argument("--rules", action="store_true", help="fit the rules' factors on the engine's margins instead")
    parser.add_argument("--surfaces", action="store_true", help="fit the surfaces' offsets")
    parser.add_argument("--limbs", action="store_true", help="measure the limbs' shares of stature")
    parser.add_argument("--out", type=Path, default=JUDGING, metavar="DIR", help="where surfaces.toml and noise/ lie")
    parser.add_argument("--recorded", type=Path, metavar="FILE", help="the recorded engine's poses")
    parser.add_argument("--device", default="auto", help="mmpose: auto, cpu, cuda:0, ...")
    parser.add_argument("--weights-dir", type=Path, metavar="DIR", help="mmpose: where its weights lie")
    given = parser.parse_args(arguments)
    today = dt.datetime.now(dt.UTC).date()
    try:
        for line in _lines(given, today):
            sys.stdout.write(line + "\n")
    except (OSError, ValueError, LineError) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    return 0


def _lines(given: argparse.Namespace, today: dt.date) -> Iterator[str]:
    if given.rules and not given.engine:
        raise ValueError("Say whose margins: --engine.")
    if not (given.engine or given.surfaces or given.limbs):
        raise ValueError("Say what to fit: --engine, --surfaces or --limbs.")
    truths = [(truth, folder) for folder in given.truth for truth in truth_read(folder)]
    if given.surfaces or given.limbs:
        path = given.out / "surfaces.toml"
        yield from surfaces_write(
            [truth for truth, _ in truths], path, today, surfaces=given.surfaces, limbs=given.limbs
        )
    if given.engine:
        for folder in given.truth:
            images_check([truth for truth, of in truths if of == folder], folder)
        options = EngineOptions(recorded_poses=given.recorded, device=given.device, weights_dir=given.weights_dir)
        write = rules_write if given.rules else noise_write
        yield from write(given.engine, truths, engine_load(given.engine, options), given.out / "noise", today)


if __name__ == "__main__":
    sys.exit(main())
