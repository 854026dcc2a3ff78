"""At a lifter's own request: name and photos are taken out of the site."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from meets import access, retention
from meets.errors import Refusal
from meets.models import Entry, Role
from meets.views.shared import part_desk_of, user_of


@login_required
@require_POST
def lifter_erase(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """By the head alone, and only with the box ticked that says there is no way back."""
    entry = access.row_or_404(Entry, request.user, entry_id, "lifter")
    part_desk_of(request, entry.meet_id, frozenset({Role.HEAD}))
    if request.POST.get("sure") != "yes":
        messages.warning(request, "Nothing was erased: tick the box that says there is no way back.")
        return redirect("entry-edit", entry.pk)
    try:
        count = retention.lifter_erase(
            lifter=entry.lifter, user=user_of(request), reason=request.POST.get("reason", "")[:300]
        )
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    else:
        messages.success(request, f"The lifter's name is erased; {count} photos were deleted.")
    return redirect("entry-edit", entry.pk)
