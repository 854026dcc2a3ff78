"""The results page: who stands where, and the files to take away."""

from itertools import groupby
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from meets.selectors.standings import Group, Row, standing_rows
from meets.views.shared import desk_of

# Rows on a page; a group is not torn apart.
ROWS_PER_PAGE = 60


@never_cache
@login_required
@require_safe
def meet_results(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    desk = desk_of(request, meet_id)
    pages = _pages(
        [(group, list(rows)) for group, rows in groupby(standing_rows(desk.meet), key=lambda row: row.group)]
    )
    asked = request.GET.get("page", "1")
    page = min(max(int(asked) if asked.isdecimal() and len(asked) < 6 else 1, 1), max(len(pages), 1))
    context = {
        "desk": desk,
        "meet": desk.meet,
        "section": "results",
        "groups": pages[page - 1] if pages else [],
        "page": page,
        "newer": page - 1,
        "older": page + 1 if page < len(pages) else 0,
        "pages": len(pages),
    }
    return render(request, "meets/results.html", context)


def _pages(groups: list[tuple[Group, list[Row]]]) -> list[list[tuple[Group, list[Row]]]]:
    pages: list[list[tuple[Group, list[Row]]]] = []
    on_page = ROWS_PER_PAGE
    for group in groups:
        if on_page >= ROWS_PER_PAGE:
            pages.append([])
            on_page = 0
        pages[-1].append(group)
        on_page += len(group[1])
    return pages
