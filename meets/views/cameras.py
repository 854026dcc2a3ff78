"""The meet's cameras: where each stands, and where in its pictures the platform is."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from meets import access, roster
from meets.errors import Refusal
from meets.forms import CameraForm
from meets.models import Camera
from meets.selectors.board import Desk
from meets.views.shared import staff_desk_of

_page = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@login_required
@_page
def camera_list(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    """All of them, and a form for one more."""
    desk = staff_desk_of(request, meet_id)
    form = CameraForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            camera = roster.camera_create(meet=desk.meet, **form.camera_fields())
        except ValidationError as error:
            form.refuse(error)
        except Refusal as refusal:
            messages.warning(request, refusal.detail)
        else:
            messages.success(request, f"{camera.name} is added.")
            return redirect("camera-list", meet_id)
    return _shown(request, desk, {"form": form, "cameras": Camera.objects.filter(meet=desk.meet)})


@never_cache
@login_required
@_page
def camera_edit(request: HttpRequest, camera_id: int) -> HttpResponse:
    camera = access.row_or_404(Camera, request.user, camera_id)
    desk = staff_desk_of(request, camera.meet_id)
    form = CameraForm(request.POST or None, camera=camera)
    name = camera.name
    if request.method == "POST" and form.is_valid():
        try:
            roster.camera_update(camera=camera, **form.camera_fields())
        except ValidationError as error:
            form.refuse(error)
        except Refusal as refusal:
            messages.warning(request, refusal.detail)
        else:
            messages.success(request, f"{camera.name} is saved.")
            return redirect("camera-list", camera.meet_id)
    return _shown(request, desk, {"form": form, "camera": camera, "name": name})


@login_required
@require_POST
def camera_delete(request: HttpRequest, camera_id: int) -> HttpResponse:
    """Takes the camera away; its photos stay."""
    camera = access.row_or_404(Camera, request.user, camera_id)
    staff_desk_of(request, camera.meet_id)
    meet_id, name = camera.meet_id, camera.name
    try:
        roster.camera_delete(camera=camera)
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    else:
        messages.success(request, f"{name} is taken away; its photos stay.")
    return redirect("camera-list", meet_id)


def _shown(request: HttpRequest, desk: Desk, context: dict[str, Any]) -> HttpResponse:
    whole = {"desk": desk, "meet": desk.meet, "section": "meet", **context}
    return render(request, "meets/cameras.html", whole, status=400 if request.method == "POST" else 200)
