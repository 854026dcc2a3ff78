"""How good a classifier of lifts is, whatever it looks at: from what it said of each photo to tables and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, Final

from inference.classify.pictures.manifest import CLASSES, OTHER
from inference.gate.table import Share, wilson
from judging.pose import Lift

LIFTS: Final = tuple(lift.value for lift in Lift)
REFUSED: Final = "refused"
# The confusion matrix: what it was, and what was said.
TRUE: Final = CLASSES
SAID: Final = (*LIFTS, REFUSED)
ALL: Final = "all"
# Equally wide bins of the probability, for the expected calibration error (Guo et al. 2017 take 15 of them on sets of
# thousands; a set of 52 photos fills no 15).
BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Row:
    """What was said of one photo.

    true: a lift or ``other``. lift: None where the model would not say. p: the probability of each class, which may be
    empty. Phases and views: None where nobody labelled them or the model does not tell them.
    """

    photo: str
    true: str
    lift: str | None
    p: Mapping[str, float] = field(default_factory=dict)
    true_phase: str | None = None
    phase: str | None = None
    true_view: str | None = None
    view: str | None = None

    def __post_init__(self) -> None:
        if self.true not in TRUE or (self.lift is not None and self.lift not in LIFTS):
            raise ValueError(f"{self.photo} is {self.true!r} and was called {self.lift!r}: these are no lifts")

    @property
    def right(self) -> bool:
        return self.lift == self.true


def answer(p: Mapping[str, float], threshold: float) -> str | None:
    """The likeliest class; None where that is no lift or its probability is under the threshold."""
    label = max(p, key=lambda one: p[one])
    return label if label in LIFTS and p[label] >= threshold else None


def figures_of(rows: Sequence[Row]) -> dict[str, Any]:
    """Plain numbers under the same keys every time; shares as inference.gate.table.wilson has them.

    accuracy: of all photos of a lift, a refusal counts as wrong. accuracy_answered: of those answered. confusion: true
    -> said -> photos. ece: of the photos of lifts, None without probabilities. phase, view: None without labels.
    """
    lifts = [row for row in rows if row.true in LIFTS]
    others = [row for row in rows if row.true == OTHER]
    answered = [row for row in lifts if row.lift is not None]
    return {
        "photos": len(rows),
        "lifts": len(lifts),
        "others": len(others),
        "accuracy": _accuracy(lifts),
        "accuracy_answered": _accuracy(answered),
        "confusion": confusion(rows),
        "refused": {"lifts": _refused(lifts), "others": _refused(others)},
        "ece": calibration_error(lifts),
        "phase": _told((row.true_phase, row.phase) for row in lifts),
        "view": _told((row.true_view, row.view) for row in lifts),
    }


def _accuracy(rows: Sequence[Row]) -> dict[str, Share]:
    by_lift = {lift: [row for row in rows if row.true == lift] for lift in LIFTS} | {ALL: list(rows)}
    return {name: wilson(sum(row.right for row in some), len(some)) for name, some in by_lift.items()}


def _refused(rows: Sequence[Row]) -> Share:
    return wilson(sum(row.lift is None for row in rows), len(rows))


def confusion(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """true -> said -> photos, every cell."""
    counted = Counter((row.true, row.lift or REFUSED) for row in rows)
    return {true: {said: counted[true, said] for said in SAID} for true in TRUE}


def calibration_error(rows: Iterable[Row]) -> float | None:
    """The expected calibration error: how far, on the mean photo, the likeliest class's probability is from how often
    that class is right. None where no row has probabilities."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for row in rows:
        if row.p:
            label = max(row.p, key=lambda one: row.p[one])
            sure = row.p[label]
            bins.setdefault(min(BINS - 1, int(sure * BINS)), []).append((sure, label == row.true))
    total = sum(map(len, bins.values()))
    if not total:
        return None
    gaps = (abs(fmean(sure for sure, _ in some) - fmean(right for _, right in some)) for some in bins.values())
    return sum(len(some) * gap for some, gap in zip(bins.values(), gaps, strict=True)) / total


def _told(pairs: Iterable[tuple[str | None, str | None]]) -> dict[str, Share] | None:
    """What of the labelled was told right, and of those of which anything was told."""
    known = [(true, said) for true, said in pairs if true is not None]
    if not known:
        return None
    said_any = [(true, said) for true, said in known if said is not None]
    return {
        "all": wilson(sum(true == said for true, said in known), len(known)),
        "answered": wilson(sum(true == said for true, said in said_any), len(said_any)),
    }


def figures_text(figures: Mapping[str, Any]) -> str:
    """The figures as a person reads them, shares in % with their 95 % interval."""
    return "\n".join(_lines(figures))


def _lines(figures: Mapping[str, Any]) -> Iterator[str]:
    yield f"{figures['photos']} photos: {figures['lifts']} of lifts, {figures['others']} of anything else"
    yield ""
    yield f"{'lift':<10}{'photos':>7}{'right, %':>21}{'right of answered, %':>25}"
    for name in (*LIFTS, ALL):
        accuracy, answered = figures["accuracy"][name], figures["accuracy_answered"][name]
        total = sum(figures["confusion"][name].values()) if name != ALL else figures["lifts"]
        yield f"{name:<10}{total:>7}{_share(accuracy):>21}{_share(answered):>25}"
    yield ""
    yield f"{'true / said':<12}" + "".join(f"{said:>10}" for said in SAID)
    for true in TRUE:
        yield f"{true:<12}" + "".join(f"{figures['confusion'][true][said]:>10}" for said in SAID)
    yield ""
    refused = figures["refused"]
    yield f"refused, %: {_share(refused['lifts'])} of lifts, {_share(refused['others'])} of anything else"
    yield f"expected calibration error: {'-' if figures['ece'] is None else format(figures['ece'], '.3f')}"
    for what in ("phase", "view"):
        if told := figures[what]:
            yield f"{what} right, %: {_share(told['all'])}, of answered {_share(told['answered'])}"


def _share(share: Mapping[str, Any]) -> str:
    if share["share"] is None:
        return "-"
    return f"{100 * share['share']:.1f} ({100 * share['low']:.1f}-{100 * share['high']:.1f})"
