"""Lifts: a body drawn, posed in a moment of a lift by solving, and measured. The door is ``perform``."""

from __future__ import annotations

from typing import Final

import numpy as np

from gold.synth.lifts.bench import bench
from gold.synth.lifts.deadlift import deadlift
from gold.synth.lifts.performance import Bar, Performance
from gold.synth.lifts.squat import squat
from gold.synth.skeleton import UnreachableError
from gold.truth import Fault
from judging.pose import Lift, Phase

__all__ = ["Bar", "Performance", "faults_of", "perform", "phases_of"]

TRIES: Final = 60


def phases_of(lift: Lift) -> tuple[Phase, ...]:
    """The moments that the lift has."""
    return (Phase.START if lift is Lift.DEADLIFT else Phase.BOTTOM, Phase.MID, Phase.LOCKOUT)


def faults_of(lift: Lift, phase: Phase) -> frozenset[Fault]:
    """The ways in which form can be spoilt on purpose at this moment, GOOD among them."""
    faults = set(Fault)
    if lift is not Lift.BENCH and phase is Phase.LOCKOUT:
        faults.discard(Fault.HIPS_HIGH)
    if lift is Lift.DEADLIFT and phase is Phase.MID:
        faults.discard(Fault.HIPS_HIGH)
    if lift is Lift.BENCH and phase is Phase.BOTTOM:
        # Both arms are bent there anyhow.
        faults.discard(Fault.ONE_ARM_SHORT)
    if phase is Phase.START:
        # The bar lies level on the floor and both arms hang on it.
        faults -= {Fault.UNEVEN_BAR, Fault.ONE_ARM_SHORT}
    return frozenset(faults)


def perform(lift: Lift, phase: Phase, fault: Fault, rng: np.random.Generator) -> Performance:
    """Draws a body and a way of lifting and solves its pose.

    A draw that the body cannot take is drawn again. Raises ValueError for a phase or fault that the lift does not have,
    RuntimeError when no draw succeeds.
    """
    if phase not in phases_of(lift):
        raise ValueError(f"a {lift} has no moment {phase}: take one of {', '.join(phases_of(lift))}")
    if fault not in faults_of(lift, phase):
        raise ValueError(f"a {lift} at its {phase} cannot be spoilt by {fault}: ask faults_of")
    solve = {Lift.SQUAT: squat, Lift.BENCH: bench, Lift.DEADLIFT: deadlift}[lift]
    for _ in range(TRIES):
        try:
            return solve(phase, fault, rng)
        except UnreachableError:
            continue
    raise RuntimeError(f"no {lift} at its {phase} was solved in {TRIES} draws: report the seed")
