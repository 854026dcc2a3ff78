"""The jury's page: what may be taken up, what is open with its votes, what was decided."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from meets import access, jury
from meets.errors import Refusal
from meets.models import JuryCase, Role
from meets.selectors.board import Desk, evidence_seconds
from meets.selectors.jury import jury_desk
from meets.views.again import Tried, page_again
from meets.views.shared import part_desk_of, user_of

JURY = frozenset({Role.JURY})


def _context(desk: Desk) -> dict[str, Any]:
    return {
        "desk": desk,
        "meet": desk.meet,
        "section": "jury",
        "back": "jury",
        "jury": jury_desk(desk),
        "server_now": timezone.now(),
        "seconds": evidence_seconds(desk.meet),
        "token": desk.token("jury"),
    }


@never_cache
@login_required
@require_GET
def jury_table(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    return jury_page(request, part_desk_of(request, meet_id, JURY))


@never_cache
@login_required
@require_GET
def jury_live(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    """What has changed before the jury since the token ``u``; 204 when nothing has."""
    desk = part_desk_of(request, meet_id, JURY)
    if request.GET.get("u") == desk.token("jury"):
        return HttpResponse(status=204)
    return render(request, "meets/_jury_live.html", {**_context(desk), "oob": True})


def jury_page(
    request: HttpRequest, desk: Desk, refusal: Refusal | None = None, tried: Tried | None = None
) -> HttpResponse:
    return page_again(request, "meets/jury.html", _context(desk), refusal, tried)


@login_required
@require_POST
def case_vote(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """A member's secret vote; the last one decides."""
    case = access.row_or_404(JuryCase, request.user, case_id, "attempt__entry__meet")
    desk = part_desk_of(request, case.attempt.entry.meet_id, JURY)
    vote, reason = request.POST.get("vote", ""), request.POST.get("reason", "")[:300]
    try:
        jury.jury_vote(case=case, member=user_of(request), vote=vote, reason=reason)
    except Refusal as refusal:
        return jury_page(request, desk, refusal, Tried("vote", str(case_id), {"vote": vote, "reason": reason}))
    return redirect("jury-table", desk.meet.pk)
