"""One attempt: its photos with what was seen in them, the evidence, and the referee's own light."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from meets import access, intake
from meets.errors import Refusal, Unusable
from meets.forms import StatedForm
from meets.models import Assessment, AttemptImage, Camera
from meets.selectors import board, evidence
from meets.selectors.board import Desk, Filters
from meets.selectors.evidence import Evidence, PhotoView
from meets.selectors.history import history_of
from meets.selectors.referee import chair_of
from meets.views.again import Tried, page_again
from meets.views.shared import desk_of, staff_desk_of, user_of


def _context(desk: Desk, attempt_id: UUID, filters: Filters) -> dict[str, Any]:
    rows = board.board_rows(desk, filters)
    detail = evidence.evidence_detail(desk, attempt_id)
    order = [row.attempt.pk for row in rows]
    here = order.index(attempt_id) if attempt_id in order else None
    # After the evidence, which notes that it was shown.
    chair = chair_of(desk, detail.attempt)
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
        "chair": chair,
        "decision": chair.decision,
        "history": history_of(detail.attempt),
        "causes": chair.decision.causes,
        "seconds": board.evidence_seconds(desk.meet),
        "token": desk.token(str(attempt_id), filters.query()),
    }


def _stated(desk: Desk, detail: Evidence) -> list[tuple[PhotoView, StatedForm]]:
    """For staff, each photo with the form that corrects what was said of it."""
    if not (desk.is_staff and desk.is_open):
        return []
    cameras = list(Camera.objects.filter(meet=desk.meet))
    forms = []
    for photo in detail.photos:
        image = photo.image
        if image.purged:
            continue
        said = {"view": image.view, "phase": image.phase, "camera": image.camera_id or ""}
        forms.append((photo, StatedForm(initial=said, auto_id=f"%s_{image.pk}", cameras=cameras)))
    return forms


@never_cache
@login_required
@require_GET
def attempt_detail(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    return attempt_page(request, desk_of(request, evidence.attempt_meet_id(attempt_id)), attempt_id)


def attempt_page(
    request: HttpRequest, desk: Desk, attempt_id: UUID, refusal: Refusal | None = None, tried: Tried | None = None
) -> HttpResponse:
    """The attempt as it stands now; with a refusal after an act that was not taken."""
    context = _context(desk, attempt_id, Filters.read(request.GET.dict()))
    return page_again(request, "meets/attempt.html", context, refusal, tried)


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
    """Corrects which camera it was, where it stood and which moment the photo shows, and has it read again."""
    image = access.row_or_404(AttemptImage, request.user, image_id, "attempt__entry__meet", "camera")
    desk = staff_desk_of(request, image.attempt.entry.meet_id)
    stated: intake.Stated = {
        "view": request.POST.get("view", image.view),
        "phase": request.POST.get("phase", image.phase),
    }
    try:
        if "camera" in request.POST:
            stated["camera"] = _camera(desk, request.POST["camera"])
        intake.image_restate(image=image, user=user_of(request), **stated)
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    else:
        messages.success(request, "The photo is read again.")
    return redirect("attempt-detail", image.attempt_id)


def _camera(desk: Desk, number: str) -> Camera | None:
    """The meet's camera of that number; None for none. Raises Unusable."""
    if not number:
        return None
    camera = Camera.objects.filter(meet=desk.meet, pk=_number(number)).first()
    if camera is None:
        raise Unusable("camera", "There is no such camera in this meet.")
    return camera


@login_required
@require_POST
def photo_lifter(request: HttpRequest, image_id: UUID) -> HttpResponse:
    """Says which of the people seen in the photo is the lifter, or that nobody says so any more; it is read again."""
    image = access.row_or_404(AttemptImage, request.user, image_id, "attempt__entry__meet", "camera")
    staff_desk_of(request, image.attempt.entry.meet_id)
    try:
        intake.image_restate(image=image, user=user_of(request), **_lifter_of(image, request.POST))
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    else:
        messages.success(request, "The photo is read again.")
    return redirect("attempt-detail", image.attempt_id)


def _lifter_of(image: AttemptImage, said: Mapping[str, str]) -> intake.Stated:
    """Who was said to be the lifter: a numbered person, none of them, or nobody says so any more. Raises Unusable."""
    if "nobody" in said:
        return {"lifter_at": None}
    return {"lifter_hidden": True} if said.get("person") == "none" else {"lifter_at": _person_at(image, said)}


def _person_at(image: AttemptImage, said: Mapping[str, str]) -> tuple[float, float]:
    """The middle of the box of that person in that assessment, as parts of the photo. Raises Unusable."""
    seen = Assessment.objects.filter(image=image, pk=_number(said.get("assessment", ""))).first()
    person = _number(said.get("person", ""))
    if seen is None or not 1 <= person <= len(seen.people):
        raise Unusable("person", "Choose one of the numbered people.")
    x0, y0, x1, y1 = seen.people[person - 1]["box"]
    x, y = (x0 + x1) / 2 / image.width, (y0 + y1) / 2 / image.height
    return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)


def _number(text: str) -> int:
    """0 for what is none: no row has so long a number, and Python refuses to read a very long one."""
    return int(text) if text.isdecimal() and len(text) < 19 else 0
