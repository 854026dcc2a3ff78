"""What ``python -m inference.classify`` does for the pose classifier: measure the engine, teach, evaluate."""

from __future__ import annotations

import datetime as dt
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from tqdm import tqdm

from gold.truth import truth_read
from inference.classify.lessons import READINGS, Teacher, readings_load, readings_save
from inference.classify.net import MEMBERS, MOMENTS, WEIGHTS
from inference.engines import engine_load
from inference.engines.base import EngineOptions
from inference.gate.run import images_check

# So many lifters are solved, so many lessons drawn in each round, and so many more for the temperatures: ten minutes on
# two cores.
LIFTERS: Final = 1350
LESSONS: Final = 20_000
ROUNDS: Final = 24
CHECKED: Final = 6_000
SEED: Final = 9500


def readings_write(folders: Sequence[Path], engine: str, out: Path = READINGS) -> str:
    """Measures how an engine reads rendered lifters, for the lessons' errors; a line for a person.

    Raises ValueError for a wrong folder or image, and where it read nobody: then nothing is written.
    """
    from inference.classify.measure import readings_measure

    truths = [(truth, folder) for folder in folders for truth in truth_read(folder)]
    for folder in folders:
        images_check([truth for truth, of in truths if of == folder], folder)
    reader = engine_load(engine, EngineOptions())
    with tqdm(total=len(truths), desc=f"read by {engine}", unit="photo", file=sys.stderr) as bar:
        readings = readings_measure(truths, reader, bar.update)
    notes = {
        "engine": reader.name,
        "weights_sha256": reader.weights_sha256,
        "seeds": ", ".join(map(str, sorted({truth.seed for truth, _ in truths}))),
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
    }
    readings_save(readings, out, notes)
    counts = np.bincount(readings.moment, minlength=len(MOMENTS))
    return ", ".join(f"{lift} {phase} {n}" for (lift, phase), n in zip(MOMENTS, counts, strict=True)) + f" -> {out}"


def pose_train(
    out: Path = WEIGHTS,
    *,
    seed: int = SEED,
    lifters: int = LIFTERS,
    lessons: int = LESSONS,
    rounds: int = ROUNDS,
    jobs: int = 2,
) -> str:
    """Teaches the pose classifier from nothing but the generator's lifters and the engine's readings; a line for a
    person. In the environment of ``make synth-env``. The same seed gives the same weights on the same machine.

    Raises ValueError where a lifter could not be drawn, or one of the moments has none: then nothing is written.
    """
    from gold.synth.lifters import lifters_draw
    from inference.classify import teach

    solved: list[list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]] = [[] for _ in MOMENTS]
    with tqdm(total=lifters, desc="lifters", unit="lifter", file=sys.stderr) as bar:
        for one in lifters_draw(seed, lifters, jobs=jobs):
            solved[MOMENTS.index((one.lift, one.phase))].append(one.joints)
            bar.update()
    if not all(solved):
        raise ValueError(f"At least {len(MOMENTS)} lifters are needed, one of each moment, not {lifters}.")
    teacher = Teacher([np.stack(some) for some in solved], readings_load())
    checked = teacher.lessons(min(lessons, CHECKED), np.random.default_rng([seed, 0]))
    with tqdm(total=rounds * lessons * MEMBERS, desc="teach", unit="lesson", file=sys.stderr) as bar:

        def progress(count: int, loss: float) -> None:
            bar.update(count)
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)

        taught = teach.teach(
            lambda rng: teacher.lessons(lessons, rng), checked, rounds=rounds, seed=seed, progress=progress
        )
    notes = {
        "taught": f"python -m inference.classify train pose --seed {seed} --lifters {lifters} --lessons {lessons} "
        f"--rounds {rounds}",
        "readings_sha256": hashlib.sha256(READINGS.read_bytes()).hexdigest(),
    }
    data = teach.weights_bytes(taught, notes)
    partial = out.with_name(f"{out.name}.partial")
    partial.write_bytes(data)
    partial.replace(out)
    return f"{out}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}"
