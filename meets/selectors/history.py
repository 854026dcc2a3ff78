"""An attempt's records as a person reads them: when, who, what. Reversed and corrected decisions stay in the list."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from judging.rulebook import rulebook_load
from meets.competition.attempts import kg_text
from meets.errors import Conflict
from meets.models import Attempt, LogKind
from meets.selectors import words
from meets.selectors.decisions import history_rows

# What changes a decision that stood.
_CHANGES = frozenset({LogKind.CORRECTED, LogKind.JURY_DECIDED})


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """who: empty for the site itself. changes: it may have changed a decision that stood."""

    seq: int
    at: dt.datetime
    who: str
    what: str
    changes: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """closed: why it may not be read now; empty when it may."""

    lines: list[HistoryLine]
    closed: str = ""


def history_of(attempt: Attempt) -> History:
    """``attempt`` needs its entry and meet."""
    try:
        rows = history_rows(attempt)
    except Conflict as refusal:
        return History([], refusal.detail)
    texts = {cause.code: cause.text for cause in rulebook_load(attempt.entry.meet.rulebook).causes}
    return History(
        [
            HistoryLine(row["seq"], row["at"], row["actor"], _what(row["kind"], row["body"], texts), _is_change(row))
            for row in rows
        ]
    )


def _is_change(row: Mapping[str, Any]) -> bool:
    return row["kind"] in _CHANGES and row["body"].get("outcome") != "upheld"


def _what(kind: str, body: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    if kind == LogKind.CARD:
        return _card(body, texts)
    said = _SAID.get(LogKind(kind))
    return said(body) if said else LogKind(kind).label


def _kg(value: Any) -> str:
    return kg_text(Decimal(str(value)))


def _waived(body: Mapping[str, Any]) -> str:
    rules = ", ".join(rule.replace("_", " ") for rule in body.get("waived", ()))
    return f"; waived: {rules}, since {body['reason']}" if rules else ""


def _attempt(body: Mapping[str, Any]) -> str:
    return f"declared {_kg(body['kg'])}{_waived(body)}"


def _weight(body: Mapping[str, Any]) -> str:
    return f"changed the weight from {_kg(body['from'])} to {_kg(body['to'])}{_waived(body)}"


def _called(body: Mapping[str, Any]) -> str:
    return "called the lifter" if body["take"] == 1 else f"called the lifter, take {body['take']}"


def _light(body: Mapping[str, Any]) -> str:
    where = f"from the {body['seat']} seat" if body["seat"] else "without a seat, for training"
    return f"{body['colour']} light {where}"


def _light_back(body: Mapping[str, Any]) -> str:
    return f"took back the light from the {body['seat']} seat" if body["seat"] else "took back the light"


def _card(body: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    said = [f"{colour} card: {texts.get(cause, cause)}" for cause, colour in body["cards"]]
    return "; ".join(said)


def _lights_line(lights: Mapping[str, str]) -> str:
    return ", ".join(f"{seat} {lights[seat]}" for seat in ("left", "chief", "right") if seat in lights)


def _decision(body: Mapping[str, Any]) -> str:
    return f"{words.OUTCOME_WORDS[body['outcome']]}: {_lights_line(body['lights'])}"


def _brought_in(body: Mapping[str, Any]) -> str:
    lights = _lights_line(body["lights"])
    cards = ", ".join(f"{seat} {colour} card" for seat, _, colour in body["cards"])
    system = f" from {body['system']}" if body["system"] else " from another light system"
    return f"{words.OUTCOME_WORDS[body['outcome']]}, brought in{system}" + "".join(
        f"; {part}" for part in (lights, cards) if part
    )


def _passed(body: Mapping[str, Any]) -> str:
    return f"Not taken: {body['reason']}"


def _corrected(body: Mapping[str, Any]) -> str:
    was, now = words.OUTCOME_WORDS[body["from"]], words.OUTCOME_WORDS[body["outcome"]]
    return f"corrected {was} to {now}: {body['reason']}"


def _jury_opened(body: Mapping[str, Any]) -> str:
    what = "brought a protest" if body["protest"] else "opened a case of the jury"
    return f"{what} for {'a reversal' if body['asked'] == 'reversed' else 'an extra attempt'}: {body['grounds']}"


def _jury_vote(body: Mapping[str, Any]) -> str:
    return "voted"


def _jury_decided(body: Mapping[str, Any]) -> str:
    votes = "; ".join(
        f"{vote['member']}: {words.JURY_WORDS[vote['vote']]}" + (f" ({vote['reason']})" if vote["reason"] else "")
        for vote in body["votes"]
    )
    after = f", now {words.OUTCOME_WORDS[body['to']]}" if body["outcome"] == "reversed" else ""
    return f"The jury: {words.JURY_WORDS[body['outcome']]}{after}. {votes}"


def _jury_lapsed(body: Mapping[str, Any]) -> str:
    return f"The jury's time ran out with {body['votes_given']} of {body['votes_asked']} votes: the decision stands"


def _second_call(body: Mapping[str, Any]) -> str:
    return f"would call {body['colour']} after the evidence"


_SAID: Mapping[LogKind, Callable[[Mapping[str, Any]], str]] = {
    LogKind.ATTEMPT: _attempt,
    LogKind.WEIGHT: _weight,
    LogKind.CALLED: _called,
    LogKind.LIGHT: _light,
    LogKind.LIGHT_BACK: _light_back,
    LogKind.DECISION: _decision,
    LogKind.BROUGHT_IN: _brought_in,
    LogKind.PASSED: _passed,
    LogKind.CORRECTED: _corrected,
    LogKind.JURY_OPENED: _jury_opened,
    LogKind.JURY_VOTE: _jury_vote,
    LogKind.JURY_DECIDED: _jury_decided,
    LogKind.JURY_LAPSED: _jury_lapsed,
    LogKind.SECOND_CALL: _second_call,
}
