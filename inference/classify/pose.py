"""Which lift, moment and view a pose shows: the default classifier, taught on rendered lifters (teach.py)."""

from __future__ import annotations

from typing import Final

from inference.classify.geometry import off_side_deg
from inference.classify.net import MOMENTS, NONE, VIEWS, network_load
from inference.classify.sighting import LIFT_WORDS, Sighting, nothing_told
from judging.pose import SEEN_SCORE, Lift, Phase, PhaseSeen, Pose, View, ViewSeen

# A pose with fewer joints seen is not classified at all.
LEAST_JOINTS_SEEN: Final = 6
# A lift is named from this probability on; under it the photo is refused. "None of these" is a choice like the lifts.
ANSWER_LEAST: Final = 0.5
# A stated lift is believed against another one until that one is this much likelier by its shape; against "none of
# these" it has no more weight than an unstated one.
STATED_AGAINST_OTHERS: Final = 10.0


def classify(pose: Pose, lift: Lift | None = None) -> Sighting:
    """The lift, phase and view of a pose; with ``lift`` stated, the phase among that lift's alone.

    Refused, with the reason: fewer than LEAST_JOINTS_SEEN joints seen, no lift likelier than ANSWER_LEAST, none of the
    three. A pose is finite by its own check (judging.pose.Pose).
    """
    seen = int((pose.points[:, 2] >= SEEN_SCORE).sum())
    if seen < LEAST_JOINTS_SEEN:
        return nothing_told(f"Only {seen} joints of the lifter are seen: too few to tell the lift.")
    answer = network_load().look(pose.points[None])
    moments = {moment: float(p) for moment, p in zip(MOMENTS, answer.moments[0], strict=False)}
    p_none = float(answer.moments[0, NONE])
    p_of = _weighed({each: sum(p for (of, _), p in moments.items() if of is each) for each in Lift}, p_none, lift)
    best = max(Lift, key=lambda each: p_of[each])
    named = p_of[best] >= ANSWER_LEAST
    phase_p_of = _phases(moments, lift or best)
    phase = max(phase_p_of, key=lambda each: phase_p_of[each])
    return Sighting(
        lift=best if named else None,
        lift_p=p_of[best] if named else 1.0 - sum(p_of.values()),
        p_of=p_of,
        phase=PhaseSeen(phase, phase_p_of[phase]),
        phase_p_of=phase_p_of,
        view=_view(pose, {view: float(p) for view, p in zip(VIEWS, answer.views[0], strict=True)}),
        refused="" if named else _why(p_of, best),
    )


def _weighed(p_of: dict[Lift, float], p_none: float, stated: Lift | None) -> dict[Lift, float]:
    """The lifts' probabilities with a stated lift's weight on them."""
    if stated is None:
        return p_of
    weighed = {each: p if each is stated else p / STATED_AGAINST_OTHERS for each, p in p_of.items()}
    total = sum(weighed.values()) + p_none
    return {each: p / total for each, p in weighed.items()}


def _phases(moments: dict[tuple[Lift, Phase], float], lift: Lift) -> dict[Phase, float]:
    """The probability of each phase of this lift."""
    rows = {phase: p for (of, phase), p in moments.items() if of is lift}
    total = max(sum(rows.values()), 1e-12)
    return {phase: p / total for phase, p in rows.items()}


def _view(pose: Pose, p_of: dict[View, float]) -> ViewSeen:
    best = max(VIEWS, key=lambda view: p_of[view])
    return ViewSeen(best, p_of[best], off_side_deg(pose))


def _why(p_of: dict[Lift, float], best: Lift) -> str:
    if p_of[best] > 1.0 - sum(p_of.values()):
        return f"Looks most like a {LIFT_WORDS[best]}, but too little so to be sure."
    return "Looks like none of the three lifts."
