"""The results page: who stands where, and the files to take away."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from meets.selectors.standings import standing_page
from meets.views.shared import desk_of

ROWS_PER_PAGE = 60


@never_cache
@login_required
@require_safe
def meet_results(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    desk = desk_of(request, meet_id)
    asked = request.GET.get("page", "1")
    page = standing_page(desk.meet, int(asked) if asked.isdecimal() and len(asked) < 6 else 1, ROWS_PER_PAGE)
    context = {
        "desk": desk,
        "meet": desk.meet,
        "section": "results",
        "parts": page.parts,
        "page": page.number,
        "newer": page.number - 1,
        "older": page.number + 1 if page.number < page.pages else 0,
        "pages": page.pages,
    }
    return render(request, "meets/results.html", context)
