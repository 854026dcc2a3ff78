"""The user's meets, and the board of one meet."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from judging.pose import Lift
from meets.selectors import board, words
from meets.selectors.board import Desk, Filters
from meets.views.shared import desk_of, user_of


@never_cache
@login_required
@require_GET
def meet_list(request: HttpRequest) -> HttpResponse:
    return render(request, "meets/meet_list.html", {"memberships": board.meet_rows(user_of(request))})


@never_cache
@login_required
@require_GET
def meet_board(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    desk = desk_of(request, meet_id)
    filters = Filters.read(request.GET.dict())
    context = {
        **rows_context(desk, filters),
        "section": "board",
        "platforms": board.platform_rows(desk.meet),
        "lifts": [(lift.value, words.LIFT_WORDS[lift]) for lift in Lift],
    }
    return render(request, "meets/board.html", context)


@never_cache
@login_required
@require_GET
def meet_board_rows(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    """The rows anew when something has changed since the token ``u``, else 204 at the price of one query."""
    desk = desk_of(request, meet_id)
    filters = Filters.read(request.GET.dict())
    if request.GET.get("u") == desk.token(filters.query()):
        return HttpResponse(status=204)
    return render(request, "meets/_board_live.html", rows_context(desk, filters))


def rows_context(desk: Desk, filters: Filters) -> dict[str, Any]:
    rows, has_older = board.board_page(desk, filters)
    return {
        "desk": desk,
        "meet": desk.meet,
        "filters": filters,
        "rows": rows,
        "older": filters.query(filters.page + 1) if has_older else "",
        "newer": f"?{filters.query(filters.page - 1)}" if filters.page > 1 else "",
        "seconds": board.evidence_seconds(desk.meet),
        "token": desk.token(filters.query()),
    }
