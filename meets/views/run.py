"""Running the meet: the order, the call, the weights."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from meets.errors import Refusal
from meets.selectors.board import Desk, evidence_seconds
from meets.selectors.running import RunFilters, running_of
from meets.views.again import Tried, page_again
from meets.views.shared import staff_desk_of


def _context(desk: Desk, filters: RunFilters) -> dict[str, Any]:
    return {
        "desk": desk,
        "meet": desk.meet,
        "section": "run",
        "back": "run",
        "filters": filters,
        "run": running_of(desk, filters),
        "server_now": timezone.now(),
        "seconds": evidence_seconds(desk.meet),
        "token": _token(desk, filters),
    }


def _token(desk: Desk, filters: RunFilters) -> str:
    return desk.token("run", filters.query())


@never_cache
@login_required
@require_GET
def meet_run(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    return run_page(request, staff_desk_of(request, meet_id))


@never_cache
@login_required
@require_GET
def meet_run_live(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    """What has changed in the order since the token ``u``; 204 when nothing has."""
    desk = staff_desk_of(request, meet_id)
    filters = RunFilters.read(request.GET.dict())
    if request.GET.get("u") == _token(desk, filters):
        return HttpResponse(status=204)
    return render(request, "meets/_run_live.html", {**_context(desk, filters), "oob": True})


def run_page(
    request: HttpRequest, desk: Desk, refusal: Refusal | None = None, tried: Tried | None = None
) -> HttpResponse:
    context = _context(desk, RunFilters.read(request.GET.dict()))
    return page_again(request, "meets/run.html", context, refusal, tried)
