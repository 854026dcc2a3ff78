"""Sending photos: from one attempt's page, or many files for many attempts of a meet.

The page's script posts file by file to the attempt's address and wants JSON back; without scripts the same address
takes a plain form with one file.
"""

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from meets import intake
from meets.errors import Refusal
from meets.forms import UploadForm
from meets.models import Attempt, Camera, lift_place
from meets.selectors import evidence
from meets.selectors.board import Desk
from meets.views.shared import staff_desk_of, user_of

_page = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@login_required
@_page
def attempt_upload(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    desk = staff_desk_of(request, evidence.attempt_meet_id(attempt_id))
    attempt = evidence.attempt_row(desk, attempt_id)
    if request.method == "POST":
        return _take(request, desk, attempt)
    return _page_for(request, desk, attempt, UploadForm(cameras=_cameras(desk)))


@never_cache
@login_required
@_page
def meet_upload(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    desk = staff_desk_of(request, meet_id)
    if request.method == "POST":
        return _take(request, desk, None)
    return _page_for(request, desk, None, UploadForm(cameras=_cameras(desk)))


def _take(request: HttpRequest, desk: Desk, attempt: Attempt | None) -> HttpResponse:
    """One photo. JSON for the page's script, a page for a plain form."""
    form = UploadForm(request.POST, request.FILES, cameras=_cameras(desk))
    status, sentence = 400, ""
    if attempt is None:
        attempt = _chosen(desk, request.POST.get("attempt", ""))
    if attempt is None:
        sentence = "Choose the attempt that this photo shows."
    elif form.is_valid() or not {"photo", "camera"} & set(form.errors):
        upload = cast("UploadedFile[bytes]", request.FILES["photo"])
        try:
            _, is_new = intake.image_submit(
                attempt=attempt,
                user=user_of(request),
                data=upload,
                file_name=upload.name or "",
                declared_type=upload.content_type or "",
                view=request.POST.get("view", ""),
                phase=request.POST.get("phase", ""),
                camera=form.cleaned_data.get("camera"),
                idempotency_key=request.headers.get("Idempotency-Key", ""),
            )
        except Refusal as refusal:
            status, sentence = refusal.status, refusal.detail
        else:
            return _taken(request, attempt, is_new=is_new)
    else:
        faults = form.errors.get("photo")
        status, sentence = 400, str(faults[0]) if faults else "There is no such camera in this meet."
    if _wants_json(request):
        return JsonResponse({"sentence": sentence}, status=status)
    return _page_for(request, desk, attempt, form, refusal=sentence, status=status)


def _taken(request: HttpRequest, attempt: Attempt, *, is_new: bool) -> HttpResponse:
    sentence = "Received; it is on the line." if is_new else "This photo was here already; it is not read twice."
    url = reverse("attempt-detail", args=[attempt.pk])
    if _wants_json(request):
        return JsonResponse({"sentence": sentence, "url": url}, status=202 if is_new else 200)
    messages.success(request, sentence)
    return redirect(url)


def _cameras(desk: Desk) -> list[Camera]:
    return list(Camera.objects.filter(meet=desk.meet))


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _chosen(desk: Desk, attempt_id: str) -> Attempt | None:
    """The attempt chosen in the form, when it is one of this meet's."""
    try:
        return Attempt.objects.filter(entry__meet=desk.meet, pk=UUID(attempt_id)).first()
    except ValueError:
        return None


def _page_for(
    request: HttpRequest,
    desk: Desk,
    attempt: Attempt | None,
    form: UploadForm,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    attempts = Attempt.objects.filter(entry__meet=desk.meet).select_related("entry__lifter")
    context: dict[str, Any] = {
        "desk": desk,
        "meet": desk.meet,
        "section": "upload",
        "attempt": attempt,
        "attempts": attempts.order_by("entry__lot", "entry__lifter__name", lift_place(), "number"),
        "form": form,
        "refusal": refusal,
        "max_bytes": settings.PHOTO_MAX_BYTES,
        "max_megapixels": settings.PHOTO_MAX_PIXELS // 1_000_000,
    }
    return render(request, "meets/upload.html", context, status=status)
