"""What the cases come to: a report of plain numbers, the same keys every time, for the tables and for JSON."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any, Final

import numpy as np

from gold.truth import Fault, Kind, Placement, Role, Truth
from gold.vote import Reading
from inference.assessment import Assessment
from inference.gate.run import DEPTH_LIFTS, Case
from inference.gate.truths import RULES, bucket_of, judged_at, near_of, true_margin
from inference.lifter import LEAST_JOINTS_SEEN
from judging.outcomes import Finding, Outcome, Reason
from judging.pose import SEEN_SCORE, Lift, Phase, Pose, Side, ViewBucket
from judging.rulebook import Rulebook

VERDICTS: Final = (Outcome.MEETS, Outcome.BREACH)
DEPTH_RULES: Final = ("bench_depth", "squat_depth")
# Half the interval that holds 90 % of a normal distribution, in standard deviations; and 95 % for Wilson's.
Z90: Final = 1.645
Z95: Final = 1.96
# Equally wide bins of p_breach.
BINS: Final = 8
# A pose lies on a person when the median distance of its joints is at most this part of the larger of the two.
SAME_PERSON: Final = 0.3
# The moments at which a good lift is voted on: the gold sets show no others.
VOTED_PHASES: Final = (Phase.START, Phase.BOTTOM, Phase.LOCKOUT)

# What a choice among the people comes to, see choice_of.
CHOICES: Final = ("right", "asked", "wrong", "hidden", "not_found")

ALL: Final = "all"
RECOMMENDED: Final = "recommended"
WHERES: Final = (RECOMMENDED, ALL, *(bucket.value for bucket in ViewBucket))
SIDES: Final = ("both", "near", "far")

Share = dict[str, float | int | None]


@dataclass(frozen=True, slots=True)
class SideCase:
    """One rule on one side of one lifter. near: on the camera's side; None where neither side is. finding: None where
    the engine failed or the line said nothing of this rule."""

    rule: str
    bucket: ViewBucket
    recommended: bool
    near: bool | None
    finding: Finding | None
    true_cm: float
    breach: bool

    @property
    def outcome(self) -> Outcome:
        return self.finding.outcome if self.finding else Outcome.CANNOT_JUDGE

    @property
    def wrong(self) -> bool:
        """A verdict against the truth."""
        return self.outcome is (Outcome.MEETS if self.breach else Outcome.BREACH)

    @property
    def why(self) -> str:
        """Why nothing was said."""
        return self.finding.reason.value if self.finding and self.finding.reason else "no_finding"

    @property
    def error_cm(self) -> float | None:
        """Measured less true margin; None without a measured one."""
        return None if self.finding is None or self.finding.margin_cm is None else self.finding.margin_cm - self.true_cm


def wilson(count: int, total: int) -> Share:
    """count of total with Wilson's 95 % interval (1927); None instead of a share of nothing."""
    if total == 0:
        return {"count": count, "share": None, "low": None, "high": None}
    share, square = count / total, Z95**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = Z95 * math.sqrt(share * (1 - share) / total + square / (4 * total**2)) / (1 + square / total)
    return {"count": count, "share": share, "low": max(0.0, middle - half), "high": min(1.0, middle + half)}


def side_cases(cases: Iterable[Case], book: Rulebook) -> list[SideCase]:
    """Every rule of the book on every side of every lifter that is at the rule's moment and whose margin is known."""
    rows: list[SideCase] = []
    for case in cases:
        for rule in (RULES[name] for name in book.rules):
            if not judged_at(rule, case.truth):
                continue
            for side in Side:
                true = true_margin(rule, case.truth, side, book.limits)
                if true is not None:
                    rows.append(
                        SideCase(
                            rule.name,
                            bucket_of(case.truth.camera),
                            case.truth.placement is Placement.RECOMMENDED,
                            near_of(case.truth.camera, side),
                            _finding(case.stated, rule.name, side),
                            true.margin_cm,
                            true.breach,
                        )
                    )
    return rows


def _finding(assessment: Assessment | None, rule: str, side: Side) -> Finding | None:
    """The side's finding; one of no side speaks for both."""
    if assessment is None:
        return None
    return next((one for one in assessment.findings if one.rule == rule and one.side in (side, None)), None)


def row(cases: Sequence[SideCase]) -> dict[str, Any]:
    """One line of the first table. Shares are None where nothing was counted."""
    outcomes = Counter(case.outcome for case in cases)
    given = sum(outcomes[verdict] for verdict in VERDICTS)
    measured = [case for case in cases if case.error_cm is not None]
    errors = [case.error_cm for case in measured if case.error_cm is not None]
    silent = Counter(case.why for case in cases if case.outcome is Outcome.CANNOT_JUDGE)
    return {
        "n": len(cases),
        "breaches": sum(case.breach for case in cases),
        "given": wilson(given, len(cases)),
        "wrong": wilson(sum(case.wrong for case in cases), given),
        "too_close": outcomes[Outcome.TOO_CLOSE],
        "cannot_judge": outcomes[Outcome.CANNOT_JUDGE],
        "reasons": dict(sorted(silent.items(), key=lambda one: (-one[1], one[0]))),
        "measured": len(measured),
        "mae_cm": fmean(abs(error) for error in errors) if errors else None,
        "median_error_cm": median(errors) if errors else None,
        "coverage": wilson(sum(_covered(case) for case in measured), len(measured)),
        **_probabilities([(case.finding.p_breach, case.breach) for case in measured if case.finding]),
    }


def _covered(case: SideCase) -> bool:
    sigma = case.finding.sigma_cm if case.finding else None
    return sigma is not None and case.error_cm is not None and abs(case.error_cm) <= Z90 * sigma


def _probabilities(calls: Sequence[tuple[float | None, bool]]) -> dict[str, Any]:
    """How well the probabilities of a breach hold: Brier's score, the expected calibration error, and the bins.

    Each bin: from, to, n, its mean probability and the share that was a breach.
    """
    known = [(p, breach) for p, breach in calls if p is not None]
    if not known:
        return {"brier": None, "ece": None, "reliability": []}
    bins: list[list[float]] = []
    for place in range(BINS):
        here = [(p, breach) for p, breach in known if min(BINS - 1, int(p * BINS)) == place]
        if here:
            mean_p, broken = fmean(p for p, _ in here), fmean(breach for _, breach in here)
            bins.append([place / BINS, (place + 1) / BINS, len(here), mean_p, broken])
    return {
        "brier": fmean((p - breach) ** 2 for p, breach in known),
        "ece": sum(count * abs(mean_p - broken) for _, _, count, mean_p, broken in bins) / len(known),
        "reliability": bins,
    }


def rules_table(cases: Sequence[Case], book: Rulebook) -> dict[str, Any]:
    """rule -> where -> side -> row. Near and far leave out the front and the rear, where neither side is near."""
    rows = side_cases(cases, book)
    return {
        rule: {
            where: {
                side: row([one for one in rows if one.rule == rule and _is_where(one, where) and _is_side(one, side)])
                for side in SIDES
            }
            for where in WHERES
        }
        for rule in book.rules
    }


def _is_where(case: SideCase, where: str) -> bool:
    return where == ALL or (case.recommended if where == RECOMMENDED else case.bucket.value == where)


def _is_side(case: SideCase, side: str) -> bool:
    return side == "both" or (case.near is not None and case.near == (side == "near"))


def moments_table(cases: Sequence[Case]) -> dict[str, Any]:
    """Verdicts where there must be none: of depth on lockouts, of anything where there is no lifter."""
    locked = [case for case in cases if case.truth.lift in DEPTH_LIFTS and case.truth.phase is Phase.LOCKOUT]
    asked: dict[str, Callable[[Case], list[Assessment]]] = {
        "stated": lambda case: [case.stated] if case.stated else [],
        "unstated": lambda case: [said for how, said in case.others if how.lift and not how.phase],
        "as_bottom": lambda case: [said for how, said in case.others if how.phase is Phase.BOTTOM],
        "nothing_stated": lambda case: [said for how, said in case.others if not how.lift],
    }
    lockout: dict[str, Any] = {"photos": len(locked)}
    for name, which in asked.items():
        said = [assessment for case in locked for assessment in which(case)]
        lockout[name] = {
            "verdicts": sum(_count(one, VERDICTS, DEPTH_RULES) for one in said),
            "too_close": sum(_count(one, (Outcome.TOO_CLOSE,), DEPTH_RULES) for one in said),
        }
    return {"lockout": lockout} | {
        kind.value: _nobody([case for case in cases if case.truth.kind is kind]) for kind in (Kind.EMPTY, Kind.SPOTTERS)
    }


def _nobody(cases: Sequence[Case]) -> dict[str, int]:
    said = [assessment for case in cases for _, assessment in case.others]
    return {
        "photos": len(cases),
        "statements": len(said),
        "verdicts": sum(_count(one, VERDICTS) for one in said),
        "too_close": sum(_count(one, (Outcome.TOO_CLOSE,)) for one in said),
        "lifter_called": sum(any(one.pose is not None for _, one in case.others) for case in cases),
    }


def _count(assessment: Assessment, outcomes: Sequence[Outcome], rules: Sequence[str] = tuple(RULES)) -> int:
    return sum(finding.outcome in outcomes and finding.rule in rules for finding in assessment.findings)


def lifter_table(cases: Sequence[Case]) -> dict[str, Any]:
    """Whether the lifter was told from the spotters, by how many of them stand in the photo; with two to four also at
    the recommended placement alone, and wherever the photo shows enough of him to be judged at all."""
    lifts = [case for case in cases if case.truth.kind is Kind.LIFT and case.stated]
    crowded = [case for case in lifts if 2 <= _spotters(case.truth) <= 4]
    return {
        "spotters_2_4": _choices(crowded),
        "spotters_2_4_recommended": _choices(
            [case for case in crowded if case.truth.placement is Placement.RECOMMENDED]
        ),
        "spotters_2_4_shown": _choices([case for case in crowded if _shown(case.truth)]),
        "others": _choices([case for case in lifts if not 2 <= _spotters(case.truth) <= 4]),
    }


def _shown(truth: Truth) -> bool:
    return truth.lifter is not None and int(truth.lifter.visible.sum()) >= LEAST_JOINTS_SEEN


def _choices(cases: Sequence[Case]) -> dict[str, Any]:
    counts = Counter(choice_of(case.truth, case.stated) for case in cases if case.stated)
    called = counts["right"] + counts["wrong"]
    return {
        "n": len(cases),
        **{name: wilson(counts[name], len(cases)) for name in CHOICES},
        "right_of_called": wilson(counts["right"], called),
    }


def choice_of(truth: Truth, assessment: Assessment) -> str:
    """``right``, ``wrong``, ``asked`` of the staff, ``hidden``: said to be there and not read, or ``not_found``: nobody
    was seen who could be the lifter."""
    if assessment.pose is not None:
        return "right" if person_of(truth, assessment.pose) is Role.LIFTER else "wrong"
    reasons = {finding.reason for finding in assessment.findings}
    if Reason.LIFTER_UNSURE in reasons:
        return "asked"
    return "hidden" if Reason.LIFTER_HIDDEN in reasons else "not_found"


def person_of(truth: Truth, pose: Pose) -> Role | None:
    """Whose pose it is: of the person whose joints it lies nearest to, or None when it lies on nobody."""
    distances = [(apart(pose, person.joints_px), person.role) for person in truth.people]
    gap, role = min(distances, key=lambda one: one[0], default=(math.inf, None))
    return role if gap <= SAME_PERSON else None


def apart(pose: Pose, joints_px: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Median distance of the pose's seen joints from these, as a part of the larger body's diagonal."""
    seen = pose.points[:, 2] >= SEEN_SCORE
    if not seen.any():
        return math.inf
    sizes = [float(np.hypot(*np.ptp(points, axis=0))) for points in (pose.points[seen, :2], joints_px)]
    gaps = np.hypot(*(pose.points[seen, :2] - joints_px[seen]).T)
    return float(np.median(gaps)) / max(*sizes, 1e-9)


def _spotters(truth: Truth) -> int:
    return sum(person.role is Role.SPOTTER for person in truth.people)


def vote_table(cases: Sequence[Case]) -> dict[str, Any]:
    """lift -> fault (``good``: none) -> where: on how many the vote was held, and on how many a pair was called bad."""
    held = [case for case in cases if case.truth.kind is Kind.LIFT and case.truth.phase in VOTED_PHASES]
    return {
        lift.value: {
            fault.value or "good": {
                where: _votes(
                    [
                        case
                        for case in held
                        if case.truth.lift is lift
                        and case.truth.fault is fault
                        and (where == ALL or case.truth.placement is Placement.RECOMMENDED)
                    ]
                )
                for where in (RECOMMENDED, ALL)
            }
            for fault in Fault
        }
        for lift in Lift
    }


def _votes(cases: Sequence[Case]) -> dict[str, Any]:
    votes = [case.stated.votes for case in cases if case.stated and case.stated.votes]
    called = sum(any(pair.reading is Reading.BAD for pair in one.pairs) for one in votes)
    return {"n": len(cases), "voted": len(votes), "called_bad": wilson(called, len(votes))}


def report_of(cases: Sequence[Case], book: Rulebook) -> dict[str, Any]:
    """All four tables."""
    return {
        "photos": len(cases),
        "engine_errors": sum(bool(case.error) for case in cases),
        "rules": rules_table(cases, book),
        "moments": moments_table(cases),
        "lifter": lifter_table(cases),
        "vote": vote_table(cases),
    }
