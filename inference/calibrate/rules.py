"""A rule's margins against the true ones: how much wider or narrower than its sigma they scatter as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from inference.gate.table import Z90, SideCase
from judging.noise import FACTORS, RuleNoise

# A rule's factor rests on at least so many margins: the nine tenths of fewer tell nothing finer than a tenth of it.
LEAST_MARGINS: Final = 100
DIGITS: Final = 3


def rules_fit(cases: Sequence[SideCase], now: dict[str, float], least: int = LEAST_MARGINS) -> tuple[RuleNoise, ...]:
    """The factors with which nine of ten margins lie in their nine-tenths interval; none for a rule with fewer than
    ``least`` margins.

    now: the factors that the cases' own sigmas were multiplied by already.
    """
    fits: list[RuleNoise] = []
    for rule in dict.fromkeys(case.rule for case in cases):
        parts = [
            abs(case.error_cm) / case.finding.sigma_cm
            for case in cases
            if case.rule == rule and case.error_cm is not None and case.finding and case.finding.sigma_cm
        ]
        if len(parts) >= least:
            factor = now.get(rule, 1.0) * float(np.quantile(parts, 0.9)) / Z90
            low, high = FACTORS
            fits.append(RuleNoise(rule, round(min(high, max(low, factor)), DIGITS), len(parts)))
    return tuple(fits)
