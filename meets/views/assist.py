"""Switching the assistant on and off, with a reason; and who has done so before."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from meets import assist
from meets.errors import Refusal
from meets.selectors.assist import switch_rows
from meets.selectors.board import evidence_seconds
from meets.views.again import Tried, page_again
from meets.views.shared import staff_desk_of, user_of


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def meet_assist(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    desk = staff_desk_of(request, meet_id)
    refused, tried = None, None
    if request.method == "POST":
        reason = request.POST.get("reason", "")[:300]
        try:
            assist.assist_set(meet=desk.meet, user=user_of(request), on=request.POST.get("on") == "yes", reason=reason)
        except Refusal as refusal:
            refused, tried = refusal, Tried("assist", str(meet_id), {"reason": reason})
            desk = staff_desk_of(request, meet_id)
        else:
            return redirect("meet-assist", meet_id)
    context = {
        "desk": desk,
        "meet": desk.meet,
        "section": "assist",
        "switches": switch_rows(desk.meet),
        "seconds": evidence_seconds(desk.meet),
    }
    return page_again(request, "meets/assist.html", context, refused, tried)
