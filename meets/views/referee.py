"""The referee's own page: the attempt on the platform, as large as the screen; it follows the platform by itself."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from meets.errors import Refusal
from meets.models import Role
from meets.selectors.board import Desk, Filters, evidence_seconds
from meets.selectors.referee import now_of
from meets.views.again import Tried, page_again
from meets.views.shared import part_desk_of

REFEREE = frozenset({Role.REFEREE})


def _context(desk: Desk, filters: Filters) -> dict[str, Any]:
    now = now_of(desk, filters.platform)
    decision = now.chair.decision if now.chair else None
    return {
        "desk": desk,
        "meet": desk.meet,
        "section": "now",
        "back": "now",
        "filters": filters,
        "now": now,
        "chair": now.chair,
        "decision": decision,
        "attempt": decision.attempt if decision else None,
        "seconds": evidence_seconds(desk.meet),
        "token": _token(desk, filters),
    }


def _token(desk: Desk, filters: Filters) -> str:
    return desk.token("now", filters.query())


@never_cache
@login_required
@require_GET
def referee_now(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    return now_page(request, part_desk_of(request, meet_id, REFEREE))


@never_cache
@login_required
@require_GET
def referee_live(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    """What has changed on the platform since the token ``u``; 204 when nothing has."""
    desk = part_desk_of(request, meet_id, REFEREE)
    filters = Filters.read(request.GET.dict())
    if request.GET.get("u") == _token(desk, filters):
        return HttpResponse(status=204)
    return render(request, "meets/_now_live.html", {**_context(desk, filters), "oob": True})


def now_page(
    request: HttpRequest, desk: Desk, refusal: Refusal | None = None, tried: Tried | None = None
) -> HttpResponse:
    context = _context(desk, Filters.read(request.GET.dict()))
    return page_again(request, "meets/now.html", context, refusal, tried)
