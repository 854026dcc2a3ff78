"""The sealed log: its end, the download, a check on demand; and how often the evidence went with a changed call."""

from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from meets.api.decisions import log_stream
from meets.log import log_faults
from meets.models import Meet, Role
from meets.selectors.board import Desk
from meets.selectors.decisions import LOG_ROLES, log_open_until, sway_rows
from meets.views.shared import part_desk_of

# More than these need a look at the whole log, not at a page.
FAULTS = 20
SWAY_ROLES = frozenset({Role.HEAD, Role.JURY})


def _context(desk: Desk) -> dict[str, Any]:
    return {
        "desk": desk,
        "meet": desk.meet,
        "section": "log",
        "open_until": log_open_until(desk.meet),
        "may_sway": desk.role in SWAY_ROLES,
    }


@never_cache
@login_required
@require_GET
def meet_log(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    return render(request, "meets/log.html", _context(part_desk_of(request, meet_id, LOG_ROLES)))


@never_cache
@login_required
@require_POST
def meet_log_verify(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    """Reads the whole log and says whether it holds together, and with a hash noted outside whether it is still that
    log."""
    desk = part_desk_of(request, meet_id, LOG_ROLES)
    noted = request.POST.get("noted", "").strip().lower()[:64]
    # The end that the log is held against is read with it, not with the page before.
    meet = Meet.objects.get(pk=desk.meet.pk)
    faults = [fault.what for fault in islice(log_faults(meet, head=noted), FAULTS)]
    checked = {"at": timezone.now(), "count": meet.log_count, "faults": faults, "noted": noted}
    return render(request, "meets/log.html", {**_context(desk), "checked": checked})


@never_cache
@login_required
@require_GET
def meet_log_lines(request: HttpRequest, meet_id: UUID) -> StreamingHttpResponse:
    """The log as JSON Lines, up to the first record of an attempt that is being decided."""
    desk = part_desk_of(request, meet_id, LOG_ROLES)
    until = log_open_until(desk.meet)
    answer = StreamingHttpResponse(log_stream(desk.meet, until), content_type="application/x-ndjson")
    answer["X-Log-Complete"] = "false" if until else "true"
    answer["Content-Disposition"] = f'attachment; filename="log-{desk.meet.pk}.jsonl"'
    return answer


@never_cache
@login_required
@require_GET
def second_calls(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    desk = part_desk_of(request, meet_id, SWAY_ROLES)
    rows = sway_rows(desk.meet)
    total = {name: sum(getattr(row, name) for row in rows) for name in ("lights", "second", "changed")}
    context = {"desk": desk, "meet": desk.meet, "section": "log", "rows": rows, "total": total}
    return render(request, "meets/second_calls.html", context)
