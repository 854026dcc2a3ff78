"""What officials decide, as pure rules: three lights, the causes behind a red one, and the jury.

Nothing here knows a clock, a person or a row: lights, votes and times are passed in, and so is the rule book. The plain
values ("white", "reversed") do as well as the members of the enums. Whom a light or a vote may be shown to, and when,
is the caller's affair.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from judging.pose import Lift
from judging.rulebook import CARDS, JuryRules, OfficialRules, Rulebook


class Light(StrEnum):
    """A referee's light."""

    WHITE = "white"
    RED = "red"


class Decision(StrEnum):
    """What the lights say together."""

    GOOD = "good"
    NO_LIFT = "no_lift"

    @property
    def reversed(self) -> Decision:
        """The other one."""
        return Decision.NO_LIFT if self is Decision.GOOD else Decision.GOOD


class JuryOutcome(StrEnum):
    """What a member votes for, and what the jury decides."""

    UPHELD = "upheld"
    REVERSED = "reversed"
    EXTRA_ATTEMPT = "extra_attempt"


class CauseRefused(StrEnum):
    """Why causes cannot be given."""

    UNKNOWN = "unknown"
    OTHER_LIFT = "other_lift"
    TWICE = "twice"
    WHITE_LIGHT = "white_light"


class JuryRefused(StrEnum):
    """Why the jury cannot open a case, or a vote cannot be given."""

    NOT_DECIDED = "not_decided"
    NOT_SPLIT = "not_split"
    TOO_LATE = "too_late"
    WRONG_SIZE = "wrong_size"
    NO_EXTRA_ATTEMPT = "no_extra_attempt"
    VOTED_ALREADY = "voted_already"
    VOTES_OVER = "votes_over"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that officials may not do. detail: one plain sentence for them."""

    reason: CauseRefused | JuryRefused
    detail: str


@dataclass(frozen=True, slots=True, order=True)
class Card:
    """A card as it is shown. number: 1 red, 2 blue, 3 yellow (icehouselifting.page.tl/LIFT-FAILURE.htm)."""

    number: int
    colour: str


def majority(lights: Sequence[Light], rules: OfficialRules) -> Decision | None:
    """What the lights decide; None until every referee has given one. The seats do not matter.

    Raises ValueError when there are more lights than referees.
    """
    if len(lights) > rules.referees:
        raise ValueError(f"{len(lights)} lights of {rules.referees} referees")
    if len(lights) < rules.referees:
        return None
    white = sum(light == Light.WHITE for light in lights)
    return Decision.GOOD if white >= rules.good_needs else Decision.NO_LIFT


def is_split(lights: Sequence[Light], rules: OfficialRules) -> bool:
    """Have all given their light, and not all the same? Raises ValueError as ``majority`` does."""
    return majority(lights, rules) is not None and len(set(lights)) > 1


def may_reverse(lights: Sequence[Light], rules: JuryRules) -> bool:
    """May a jury reverse what these lights decided? Only where they are all in and stood as the book says (2 to 1)."""
    counts = Counter(lights)
    white, red = counts[Light.WHITE], counts[Light.RED]
    return (max(white, red), min(white, red)) in rules.reversible


def causes_check(book: Rulebook, lift: Lift, codes: Sequence[str], light: Light = Light.RED) -> list[Refusal]:
    """Why a referee who gave this light cannot name these causes; empty when he can. Several are allowed, none is too.

    Each must be one of the book's for this lift, and none may be named twice.
    """
    found = []
    if codes and light == Light.WHITE:
        found.append(Refusal(CauseRefused.WHITE_LIGHT, "Causes go with a red light alone."))
    for code in dict.fromkeys(codes):
        if codes.count(code) > 1:
            found.append(Refusal(CauseRefused.TWICE, f"The cause {code} is named twice."))
        found += _cause_check(book, lift, code)
    return found


def _cause_check(book: Rulebook, lift: Lift, code: str) -> list[Refusal]:
    try:
        cause = book.cause(code)
    except KeyError:
        return [Refusal(CauseRefused.UNKNOWN, f"{book.title} has no cause {code!r}.")]
    if cause.lift == lift:
        return []
    return [Refusal(CauseRefused.OTHER_LIFT, f"The cause {code} is one of the {cause.lift}, not of the {lift}.")]


def card_of(book: Rulebook, code: str) -> Card:
    """The card of a cause. Raises KeyError when the book has no such cause."""
    colour = book.cause(code).card
    return Card(CARDS.index(colour) + 1, colour)


def cards_of(book: Rulebook, codes: Iterable[str]) -> tuple[Card, ...]:
    """The cards to raise for these causes, each once, by number. Raises KeyError as ``card_of`` does."""
    return tuple(sorted({card_of(book, code) for code in codes}))


def jury_may_open(
    lights: Sequence[Light],
    decided_at: dt.datetime | None,
    now: dt.datetime,
    members: int,
    rules: JuryRules,
    asked: JuryOutcome = JuryOutcome.REVERSED,
) -> list[Refusal]:
    """Why a jury of so many members may not open a case now; empty when it may.

    asked: what the case is for. A reversal needs lights of 2 to 1; an extra attempt (a fault of the loaders, say) does
    not. decided_at None: the lights are not all in. A decision that a clock puts after ``now`` counts as just made.
    """
    if decided_at is None:
        return [Refusal(JuryRefused.NOT_DECIDED, "The attempt is not decided yet.")]
    found = []
    if members not in rules.members:
        sizes = " or ".join(map(str, rules.members))
        found.append(Refusal(JuryRefused.WRONG_SIZE, f"A jury has {sizes} members; this one has {members}."))
    if (now - decided_at).total_seconds() > rules.window_s:
        found.append(
            Refusal(JuryRefused.TOO_LATE, f"A case is opened within {rules.window_s} seconds of the decision.")
        )
    return found + _ask_check(asked, may_reverse(lights, rules), rules)


def jury_may_vote(
    vote: JuryOutcome,
    *,
    voted: bool,
    eligible_for_reversal: bool,
    opened_at: dt.datetime,
    now: dt.datetime,
    rules: JuryRules,
) -> list[Refusal]:
    """Why a member may not give this vote now; empty when he may.

    voted: whether he has voted in this case. eligible_for_reversal: what ``may_reverse`` says of the lights.
    """
    found = []
    if voted:
        found.append(Refusal(JuryRefused.VOTED_ALREADY, "This member has voted already."))
    if jury_is_over(opened_at, now, rules):
        found.append(
            Refusal(JuryRefused.VOTES_OVER, f"Votes are given within {rules.votes_within_s} seconds of the opening.")
        )
    return found + _ask_check(vote, eligible_for_reversal, rules)


def jury_is_over(opened_at: dt.datetime, now: dt.datetime, rules: JuryRules) -> bool:
    """Is the time for votes over? Without all of them the decision then stands."""
    return (now - opened_at).total_seconds() > rules.votes_within_s


def jury_outcome(
    votes: Sequence[JuryOutcome], members: int, eligible_for_reversal: bool, rules: JuryRules
) -> JuryOutcome | None:
    """What the jury decides; None until all members have voted.

    A reversal and an extra attempt both need the votes that the book names for this size, and the first also lights
    that may be reversed; everything else leaves the decision as it is.

    Raises ValueError for a size that no jury has, or more votes than members.
    """
    needed = rules.needed(members)
    if len(votes) > members:
        raise ValueError(f"{len(votes)} votes of {members} members")
    if len(votes) < members:
        return None
    counts = Counter(votes)
    if eligible_for_reversal and counts[JuryOutcome.REVERSED] >= needed:
        return JuryOutcome.REVERSED
    if rules.extra_attempt and counts[JuryOutcome.EXTRA_ATTEMPT] >= needed:
        return JuryOutcome.EXTRA_ATTEMPT
    return JuryOutcome.UPHELD


def _ask_check(asked: JuryOutcome, eligible_for_reversal: bool, rules: JuryRules) -> list[Refusal]:
    if asked == JuryOutcome.REVERSED and not eligible_for_reversal:
        lights = " or ".join(f"{more} to {fewer}" for more, fewer in rules.reversible)
        return [Refusal(JuryRefused.NOT_SPLIT, f"Only a decision of {lights} is reversed.")]
    if asked == JuryOutcome.EXTRA_ATTEMPT and not rules.extra_attempt:
        return [Refusal(JuryRefused.NO_EXTRA_ATTEMPT, "Under this rule book no attempt is granted again.")]
    return []
