"""One attempt: its photos with what was seen in them, the evidence, and the referee's own light."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from meets import access, decisions, intake
from meets.errors import Refusal
from meets.forms import StatedForm
from meets.models import AttemptImage, Role
from meets.selectors import board, evidence
from meets.selectors.board import Desk, Filters
from meets.selectors.evidence import Evidence, PhotoView
from meets.views.shared import desk_of, staff_desk_of, user_of


def _context(desk: Desk, attempt_id: UUID, filters: Filters) -> dict[str, Any]:
    rows = board.board_rows(desk, filters)
    detail = evidence.evidence_detail(desk, attempt_id)
    order = [row.attempt.pk for row in rows]
    here = order.index(attempt_id) if attempt_id in order else None
    return {
        "desk": desk,
        "meet": desk.meet,
        "filters": filters,
        "rows": rows,
        "detail": detail,
        "stated": _stated(desk, detail),
        "attempt": detail.attempt,
        "previous": order[here - 1] if here else None,
        "next": order[here + 1] if here is not None and here + 1 < len(order) else None,
        "may_light": desk.role is Role.REFEREE and desk.is_open and detail.my_light is None,
        "seconds": board.evidence_seconds(desk.meet),
        "token": desk.token(str(attempt_id), filters.query()),
    }


def _stated(desk: Desk, detail: Evidence) -> list[tuple[PhotoView, StatedForm]]:
    """For staff, each photo with the form that corrects what was said of it."""
    if not (desk.is_staff and desk.is_open):
        return []
    return [
        (photo, StatedForm(initial={"view": image.view, "phase": image.phase}, auto_id=f"%s_{image.pk}"))
        for photo in detail.photos
        for image in (photo.image,)
    ]


@never_cache
@login_required
@require_GET
def attempt_detail(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    desk = desk_of(request, evidence.attempt_meet_id(attempt_id))
    context = _context(desk, attempt_id, Filters.read(request.GET.dict()))
    return render(request, "meets/attempt.html", context)


@never_cache
@login_required
@require_GET
def attempt_live(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """What has changed on the attempt's page since the token ``u``; 204 when nothing has."""
    desk = desk_of(request, evidence.attempt_meet_id(attempt_id))
    filters = Filters.read(request.GET.dict())
    if request.GET.get("u") == desk.token(str(attempt_id), filters.query()):
        return HttpResponse(status=204)
    return render(request, "meets/_attempt_live.html", {**_context(desk, attempt_id, filters), "oob": True})


@login_required
@require_POST
def attempt_light(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    desk = desk_of(request, evidence.attempt_meet_id(attempt_id))
    attempt = evidence.attempt_row(desk, attempt_id)
    try:
        decisions.light_record(attempt=attempt, referee=user_of(request), colour=request.POST.get("colour", ""))
    except Refusal as refusal:
        context = _context(desk, attempt_id, Filters())
        return render(request, "meets/attempt.html", {**context, "refusal": refusal.detail}, status=refusal.status)
    return redirect("attempt-detail", attempt_id)


@login_required
@require_POST
def photo_retry(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Back onto the line with a photo whose reading failed."""
    image = access.row_or_404(AttemptImage, request.user, image_id, "attempt__entry__meet")
    staff_desk_of(request, image.attempt.entry.meet_id)
    try:
        intake.image_requeue(image=image)
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    return redirect("attempt-detail", image.attempt_id)


@login_required
@require_POST
def photo_restate(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Corrects where the camera stood and which moment the photo shows, and has it read again."""
    image = access.row_or_404(AttemptImage, request.user, image_id, "attempt__entry__meet")
    staff_desk_of(request, image.attempt.entry.meet_id)
    view, phase = request.POST.get("view", image.view), request.POST.get("phase", image.phase)
    try:
        intake.image_restate(image=image, view=view, phase=phase)
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    else:
        messages.success(request, "The photo is read again.")
    return redirect("attempt-detail", image.attempt_id)
