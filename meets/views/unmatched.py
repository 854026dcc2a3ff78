"""The staff's tray: photos that may not show their attempt's lift. Each is kept where it is, moved, or set aside."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from meets import access, intake
from meets.errors import Refusal, Unusable
from meets.models import Attempt, AttemptImage
from meets.selectors import board, unmatched, words
from meets.selectors.board import Desk
from meets.views.shared import staff_desk_of, user_of


@never_cache
@login_required
@require_GET
def tray(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    return render(request, "meets/unmatched.html", _context(staff_desk_of(request, meet_id)))


@never_cache
@login_required
@require_GET
def tray_live(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    """What has changed in the tray since the token ``u``; 204 when nothing has."""
    desk = staff_desk_of(request, meet_id)
    if request.GET.get("u") == desk.token("unmatched"):
        return HttpResponse(status=204)
    return render(request, "meets/_unmatched_live.html", {**_context(desk), "oob": True})


def _context(desk: Desk) -> dict[str, Any]:
    return {
        "desk": desk,
        "meet": desk.meet,
        "section": "unmatched",
        "strays": unmatched.unmatched_rows(desk.meet),
        "aside": unmatched.aside_rows(desk.meet),
        "seconds": board.evidence_seconds(desk.meet),
        "token": desk.token("unmatched"),
    }


@login_required
@require_POST
def photo_lift(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Says that the photo shows its attempt's lift, or that nobody says so any more; it is read again."""
    image, _ = _image(request, image_id)
    said = "nobody" not in request.POST
    try:
        intake.image_lift_say(image=image, user=user_of(request), is_so=said)
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    else:
        lift = words.LIFT_PHRASES[image.attempt.lift]
        messages.success(request, f"The photo is read again as {lift}." if said else "The photo is read again.")
    return _back(image) if said else redirect("attempt-detail", image.attempt_id)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def photo_move(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Asks to which attempt the photo belongs, within the tray or on a page of its own, and moves it there."""
    image, desk = _image(request, image_id)
    if request.method != "POST":
        context = {"desk": desk, "meet": desk.meet, "section": "unmatched", "image": image}
        context["places"] = unmatched.place_rows(image) if desk.is_open else []
        within = request.headers.get("HX-Request") == "true"
        return render(request, "meets/_move.html" if within else "meets/move.html", context)
    try:
        attempt = _attempt(desk, request.POST.get("attempt", ""))
        intake.image_move(image=image, user=user_of(request), attempt=attempt)
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    else:
        messages.success(request, f"The photo is moved to the {words.attempt_line(attempt)}, and read again.")
    return _back(image)


def _attempt(desk: Desk, attempt_id: str) -> Attempt:
    """Raises Unusable for what is none of the meet's attempts."""
    rows = Attempt.objects.filter(entry__meet=desk.meet).select_related("entry__lifter")
    try:
        return rows.get(pk=UUID(attempt_id))
    except (ValueError, Attempt.DoesNotExist) as error:
        raise Unusable("attempt", "Choose the attempt that this photo shows.") from error


@login_required
@require_POST
def photo_set_aside(request: HttpRequest, image_id: UUID) -> HttpResponse:
    image, _ = _image(request, image_id)
    try:
        intake.image_set_aside(image=image, user=user_of(request))
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    else:
        messages.success(request, "The photo is set aside. It is kept below, and counts nowhere.")
    return _back(image)


@login_required
@require_POST
def photo_take_back(request: HttpRequest, image_id: UUID) -> HttpResponse:
    image, _ = _image(request, image_id)
    try:
        intake.image_take_back(image=image, user=user_of(request))
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    else:
        messages.success(request, "The photo is back at its attempt, and read again.")
    return _back(image)


def _image(request: HttpRequest, image_id: UUID) -> tuple[AttemptImage, Desk]:
    """The photo, for staff of its meet. Raises Http404 for a stranger, PermissionDenied for a member."""
    image = access.row_or_404(AttemptImage, request.user, image_id, "attempt__entry__meet", "attempt__entry__lifter")
    return image, staff_desk_of(request, image.attempt.entry.meet_id)


def _back(image: AttemptImage) -> HttpResponse:
    return redirect("meet-unmatched", image.attempt.entry.meet_id)
