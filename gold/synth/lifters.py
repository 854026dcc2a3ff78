"""Lifters without a picture: the solved bodies alone, for whoever looks at joints and needs many of them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from gold.synth.lifts import faults_of, perform, phases_of
from gold.synth.write import process_start
from gold.truth import Fault
from judging.pose import FloatArray, Lift, Phase

# Sets these draws apart from those of the scenes of the same seed.
_STREAM: Final = 0x11F7
MOMENTS: Final = tuple((lift, phase) for lift in Lift for phase in phases_of(lift))


@dataclass(frozen=True, slots=True)
class Lifter:
    """joints: float array (17, 3), metres, z up; he faces -y (on the bench his feet point there), his left is +x."""

    lift: Lift
    phase: Phase
    joints: FloatArray


def lifters_draw(seed: int, count: int, *, spoilt: float = 0.15, jobs: int = 2) -> Iterator[Lifter]:
    """So many lifters, every moment of every lift in turn; the same seed gives the same, whatever ``jobs``.

    spoilt: the share of lifts spoilt on purpose. Raises ValueError where a draw could not be solved.
    """
    draw = partial(_draw, seed, spoilt)
    if jobs == 1:
        process_start()
        yield from map(draw, range(count))
        return
    with multiprocessing.get_context("spawn").Pool(jobs, initializer=process_start) as pool:
        yield from pool.imap(draw, range(count), chunksize=4)


def _draw(seed: int, spoilt: float, index: int) -> Lifter:
    lift, phase = MOMENTS[index % len(MOMENTS)]
    rng = np.random.default_rng([seed, index, _STREAM])
    faults = sorted(faults_of(lift, phase) - {Fault.GOOD})
    fault = faults[int(rng.integers(len(faults)))] if faults and rng.random() < spoilt else Fault.GOOD
    try:
        return Lifter(lift, phase, perform(lift, phase, fault, rng).figure.joints)
    except RuntimeError as lost:
        raise ValueError(f"seed {seed}, lifter {index} could not be drawn, take another seed: {lost}") from lost
