"""A page again, after an act that was not taken: as it stands now, with one sentence that says why, and with what was
typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from meets.attempts import RuleBroken
from meets.errors import Refusal


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried, so that its form comes back as it was. act: the form's name. of: the row that it is about.
    rules: sentences on each rule that was broken, which a reason waives."""

    act: str
    of: str
    typed: Mapping[str, Any]
    rules: list[str] = field(default_factory=list)


def rules_of(refusal: Refusal) -> list[str]:
    return [one.detail for one in refusal.broken] if isinstance(refusal, RuleBroken) else []


def page_again(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    refusal: Refusal | None = None,
    tried: Tried | None = None,
) -> HttpResponse:
    if refusal is None:
        return render(request, template, context)
    context = {**context, "refusal": refusal.detail, "tried": tried}
    return render(request, template, context, status=refusal.status)
