"""One card per finding, in words and figures, the most urgent first."""

from dataclasses import dataclass

from judging.outcomes import Outcome, Reason
from meets.models import Finding
from meets.selectors import words
from meets.selectors.board import Seen, merged
from meets.selectors.gauge import Gauge, gauge
from meets.selectors.words import Call


@dataclass(frozen=True, slots=True)
class Card:
    """One finding in words."""

    title: str
    call: Call
    margin: str = ""
    sigma: str = ""
    direction: str = ""
    limb: str = ""
    gauge: Gauge | None = None
    sentence: str = ""
    source: str = ""


_CARD_ORDER = {Outcome.BREACH: 0, Outcome.TOO_CLOSE: 1, Outcome.MEETS: 2, Outcome.CANNOT_JUDGE: 3}


def finding_cards(seen: Seen) -> tuple[list[Card], list[str]]:
    """A card for every side some camera judged, one for every side no camera could; and the rules of other moments."""
    sources: dict[int, str] = {}
    findings: list[Finding] = []
    for image in seen.images:
        if (assessment := seen.assessments.get(image.pk)) is not None:
            for finding in assessment.findings.all():
                findings.append(finding)
                sources[finding.pk] = words.photo_label(image, assessment) if len(seen.assessments) > 1 else ""
    best = merged(findings)
    judged = [finding for finding in findings if finding.outcome != Outcome.CANNOT_JUDGE]
    silent = [finding for finding in best if finding.outcome == Outcome.CANNOT_JUDGE]
    silent_rules = [finding.rule for finding in silent if finding.reason == Reason.WRONG_MOMENT]
    shown = judged + [finding for finding in silent if finding.reason != Reason.WRONG_MOMENT]
    shown.sort(key=lambda finding: (_CARD_ORDER[Outcome(finding.outcome)], finding.rule, finding.side))
    return [_card(finding, sources[finding.pk]) for finding in shown], sorted(map(words.rule_name, silent_rules))


def _card(finding: Finding, source: str) -> Card:
    call = words.OUTCOME_CALLS[Outcome(finding.outcome)]
    title = words.rule_title(finding.rule, finding.side)
    sentence = finding.detail
    if finding.outcome == Outcome.CANNOT_JUDGE and not sentence:
        sentence = words.reason_sentence(finding.reason, finding.rule, finding.side)
    if finding.margin_cm is None or finding.sigma_cm is None:
        return Card(title, call, sentence=sentence, source=source)
    return Card(
        title,
        call,
        words.signed_cm(finding.margin_cm, finding.sigma_cm),
        words.sigma_text(finding.sigma_cm),
        words.direction(finding.rule, finding.margin_cm, finding.sigma_cm),
        _limb(finding),
        gauge(finding.rule, finding.margin_cm, finding.sigma_cm),
        sentence,
        source,
    )


def _limb(finding: Finding) -> str:
    if finding.margin_limb is None or finding.sigma_limb is None or not finding.limb:
        return ""
    margin, sigma = round(finding.margin_limb * 100), max(round(finding.sigma_limb * 100), 1)
    sign = "+" if margin > 0 else words.MINUS if margin < 0 else ""
    return f"{sign}{abs(margin)} ± {sigma} % of the {finding.limb}"
