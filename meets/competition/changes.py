"""Which weight may be handed in for an attempt, and when it may be changed. The figures are the rule book's.

Sources and grades of the rules stand in the rule books, at ``[attempts]``. Two rules that they have no figure for: the
bar is never taken down from one attempt of a lifter to the next (one lowering in 210,390 steps of IPF and regional
meets), nor within a round (round system).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Final

from judging.pose import Lift
from judging.rulebook import AttemptRules
from meets.competition.attempts import AttemptOutcome, kg_text


class Rule(StrEnum):
    """The rule that a weight or a change breaks."""

    POSITIVE = "positive"
    STEP = "step"
    RECORD_STEP = "record_step"
    RECORD_BEATEN = "record_beaten"
    NOT_LOWER = "not_lower"
    LEAST_RISE = "least_rise"
    RISING_BAR = "rising_bar"
    NO_FOURTH = "no_fourth"
    FOURTH_FOR_RECORDS = "fourth_for_records"
    PREVIOUS_OPEN = "previous_open"
    IN_TIME = "in_time"
    ROUND_STARTED = "round_started"
    CALLED = "called"
    CHANGES_USED = "changes_used"
    SAME_WEIGHT = "same_weight"


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that is broken. detail: one plain sentence that names the rule and what would be allowed."""

    rule: Rule
    detail: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier attempt of the same lift. kg: as declared, None where it was passed without a weight. outcome: None
    while it is not decided."""

    kg: Decimal | None
    outcome: AttemptOutcome | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A weight that somebody wants on the bar, and all that the rules ask about it.

    kg: the weight wished for. earlier: this lift's earlier attempts, the first one first. current_kg: what is declared
    for this attempt, or None. changes: how often that was changed. is_record: an attempt at a record, and record_kg:
    the weight of this lift that equals the record (of a record in the total: what would equal that), or None where it
    is not known. elapsed_s: seconds since the decision on the attempt before, or None where nobody measured. called:
    the bar is loaded for this attempt, or the lifter is called. round_started: the cut-off for openers is past. bar_kg:
    what is on the bar in this round, or None.

    Raises ValueError when the weight is no finite number, or changes or elapsed_s is negative.
    """

    lift: Lift
    kg: Decimal
    earlier: tuple[Earlier, ...] = ()
    current_kg: Decimal | None = None
    changes: int = 0
    is_record: bool = False
    record_kg: Decimal | None = None
    elapsed_s: float | None = None
    called: bool = False
    round_started: bool = False
    bar_kg: Decimal | None = None

    def __post_init__(self) -> None:
        if not self.kg.is_finite():
            raise ValueError(f"{self.kg} is no weight")
        if self.changes < 0 or (self.elapsed_s is not None and self.elapsed_s < 0):
            raise ValueError("changes and elapsed_s are 0 or more")

    @property
    def number(self) -> int:
        """Which attempt of this lift it is for, from 1."""
        return len(self.earlier) + 1


_CALLED: Final = Broken(Rule.CALLED, "The bar is loaded or the lifter is called; the weight stands as it is.")


def declare_check(wish: Wish, rules: AttemptRules) -> list[Broken]:
    """Every rule that handing in this weight for the first time breaks; empty when it may stand."""
    broken = weight_check(wish, rules)
    if wish.called:
        broken.append(_CALLED)
    if wish.number > 1 and wish.elapsed_s is not None and wish.elapsed_s > rules.declare_within_s:
        kg = default_kg(wish.earlier, rules)
        stands = "" if kg is None else f"; {kg_text(kg)} is put down instead"
        text = f"The next weight is handed in within {rules.declare_within_s} seconds of the decision{stands}."
        broken.append(Broken(Rule.IN_TIME, text))
    return broken


def change_check(wish: Wish, rules: AttemptRules) -> list[Broken]:
    """Every rule that changing the declared weight to this one breaks; empty when it may be changed.

    Raises ValueError when no weight is declared yet.
    """
    if wish.current_kg is None:
        raise ValueError("there is no weight to change: it is declared first")
    broken = weight_check(wish, rules)
    if wish.kg == wish.current_kg:
        broken.append(
            Broken(Rule.SAME_WEIGHT, f"{kg_text(wish.kg)} is declared already; a change is to another weight.")
        )
    if wish.called:
        broken.append(_CALLED)
    if wish.number == 1 and wish.round_started:
        text = f"Openers are changed before the cut-off that the speaker announces; {kg_text(wish.current_kg)} stands."
        broken.append(Broken(Rule.ROUND_STARTED, text))
    return broken + _changes_left_check(wish, rules)


def weight_check(wish: Wish, rules: AttemptRules) -> list[Broken]:
    """Every rule that this weight breaks, whenever it is handed in."""
    broken = _number_check(wish, rules)
    if not wish.kg > 0:
        return [*broken, Broken(Rule.POSITIVE, f"A weight is more than 0 kg, not {kg_text(wish.kg)}.")]
    broken += _record_check(wish, rules) if wish.is_record else _step_check(wish, rules)
    broken += _rise_check(wish, rules)
    if wish.bar_kg is not None and wish.kg < wish.bar_kg:
        text = f"The bar only rises within a round; {kg_text(wish.bar_kg)} or more can still be loaded."
        broken.append(Broken(Rule.RISING_BAR, text))
    return broken


def changes_allowed(lift: Lift, number: int, rules: AttemptRules) -> int:
    """How often the weight of this attempt may be changed."""
    if number == 1:
        return rules.opener_changes
    is_last_deadlift = lift == Lift.DEADLIFT and number == rules.per_lift
    return rules.last_deadlift_changes if is_last_deadlift else rules.later_changes


def default_kg(earlier: tuple[Earlier, ...], rules: AttemptRules) -> Decimal | None:
    """What is put down for a lifter who handed nothing in in time, kg: the least rise after a good lift, else the same
    weight. After a record weight between two steps the rise goes on to the next step. None before the first attempt,
    while the attempt before is not decided, and where none was declared."""
    if not earlier or earlier[-1].outcome is None:
        return None
    last = _last(earlier)
    if last is None or last.kg is None:
        return None
    if last.outcome != AttemptOutcome.GOOD:
        return last.kg
    return _step(last.kg + rules.rise_kg, rules.step_kg, ROUND_CEILING)


def _last(earlier: tuple[Earlier, ...]) -> Earlier | None:
    """The latest that was taken; a passed attempt neither raises nor lowers what comes next."""
    taken = [one for one in earlier if one.kg is not None and one.outcome != AttemptOutcome.PASSED]
    return taken[-1] if taken else None


def _number_check(wish: Wish, rules: AttemptRules) -> list[Broken]:
    broken = []
    if wish.earlier and wish.earlier[-1].outcome is None:
        text = f"Attempt {wish.number - 1} is not decided yet; the next weight is handed in after its decision."
        broken.append(Broken(Rule.PREVIOUS_OPEN, text))
    if wish.number > rules.per_lift + rules.fourth:
        text = (
            f"There are {rules.per_lift + rules.fourth} attempts of a lift under this rule book; no more are allowed."
        )
        broken.append(Broken(Rule.NO_FOURTH, text))
    elif wish.number > rules.per_lift and not wish.is_record:
        text = f"Attempts after the {rules.per_lift} that count are for records; one at a record would be allowed."
        broken.append(Broken(Rule.FOURTH_FOR_RECORDS, text))
    return broken


def _step_check(wish: Wish, rules: AttemptRules) -> list[Broken]:
    last = _last(wish.earlier)
    # A missed weight may be repeated, whatever it was.
    if last is not None and last.outcome == AttemptOutcome.NO_LIFT and wish.kg == last.kg:
        return []
    return _multiple_check(wish.kg, rules.step_kg, Rule.STEP)


def _record_check(wish: Wish, rules: AttemptRules) -> list[Broken]:
    broken = _multiple_check(wish.kg, rules.record_step_kg, Rule.RECORD_STEP)
    if wish.record_kg is not None and wish.kg < wish.record_kg + rules.record_beats_kg:
        least = kg_text(wish.record_kg + rules.record_beats_kg)
        text = f"A record is beaten by {kg_text(rules.record_beats_kg)} or more; {least} would be allowed."
        broken.append(Broken(Rule.RECORD_BEATEN, text))
    return broken


def _multiple_check(kg: Decimal, step_kg: Decimal, rule: Rule) -> list[Broken]:
    if kg % step_kg == 0:
        return []
    near = [_step(kg, step_kg, rounding) for rounding in (ROUND_FLOOR, ROUND_CEILING)]
    allowed = " or ".join(kg_text(one) for one in near if one > 0)
    what = "The weight of a record attempt" if rule is Rule.RECORD_STEP else "A weight"
    return [Broken(rule, f"{what} is a multiple of {kg_text(step_kg)}; {allowed} would be allowed.")]


def _rise_check(wish: Wish, rules: AttemptRules) -> list[Broken]:
    last = _last(wish.earlier)
    if last is None or last.kg is None:
        return []
    good = last.outcome == AttemptOutcome.GOOD
    # A record may be tried with another weight than the next step, so its rise is the records' step.
    least = last.kg + (rules.record_step_kg if wish.is_record else rules.rise_kg) if good else last.kg
    if wish.kg >= least:
        return []
    # What would be allowed lies on a step; a missed weight may be repeated, whatever it was.
    allowed = kg_text(_step(least, rules.step_kg, ROUND_CEILING) if good and not wish.is_record else least)
    if wish.kg < last.kg:
        text = f"A weight is never lower than the attempt before; {allowed} or more would be allowed."
        return [Broken(Rule.NOT_LOWER, text)]
    text = f"After a good lift the weight rises by {kg_text(least - last.kg)} or more; {allowed} would be allowed."
    return [Broken(Rule.LEAST_RISE, text)]


def _changes_left_check(wish: Wish, rules: AttemptRules) -> list[Broken]:
    allowed = changes_allowed(wish.lift, wish.number, rules)
    if wish.changes < allowed:
        return []
    often = {0: "not changed after it is handed in", 1: "changed once at most"}.get(
        allowed, f"changed {allowed} times at most"
    )
    stands = "" if wish.current_kg is None else f"; {kg_text(wish.current_kg)} stands"
    return [Broken(Rule.CHANGES_USED, f"The weight of {_attempt(wish)} is {often}{stands}.")]


def _attempt(wish: Wish) -> str:
    return "an opener" if wish.number == 1 else f"attempt {wish.number} in the {wish.lift}"


def _step(kg: Decimal, step_kg: Decimal, rounding: str) -> Decimal:
    return (kg / step_kg).to_integral_value(rounding) * step_kg
