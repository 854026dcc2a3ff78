"""Results of another system from a file: chosen and looked at, then brought in. The file is kept in between."""

import hashlib
from typing import Any, Final, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from meets.errors import Refusal, TooLarge, Unusable
from meets.intake import file_name_clean
from meets.results_import import FILE_MAX_BYTES, TOO_LARGE, results_file_read, results_import, results_preview
from meets.roster_kept import roster_drop, roster_keep, roster_kept
from meets.selectors.board import Desk
from meets.views.shared import staff_desk_of, user_of

_SESSION: Final = "results"
_PROBLEMS_MOST: Final = 200


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def meet_results_import(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    """A file that is posted is shown; posted again by its fingerprint alone, it is brought in."""
    desk = staff_desk_of(request, meet_id)
    if request.method != "POST":
        return _shown(request, desk, {})
    try:
        if "sha256" in request.POST:
            return _brought_in(request, desk)
        return _looked_at(request, desk)
    except Refusal as refusal:
        return _shown(request, desk, {"refusal": refusal.detail}, status=refusal.status)


def _looked_at(request: HttpRequest, desk: Desk) -> HttpResponse:
    file = cast("UploadedFile[bytes] | None", request.FILES.get("file"))
    if file is None:
        raise Unusable("file", "Choose a file.")
    if (file.size or 0) > FILE_MAX_BYTES:
        raise TooLarge("too_large", TOO_LARGE)
    data = file.read()
    read = results_file_read(data)
    problems = results_preview(meet=desk.meet, read=read)
    _forget(request)
    kept = {"meet": str(desk.meet.pk), "name": roster_keep(desk.meet.pk, data), "sha256": read.sha256}
    request.session[_SESSION] = kept
    more = max(len(problems) - _PROBLEMS_MOST, 0)
    context = {
        "kept": kept,
        "file_name": file_name_clean(file.name or ""),
        "sheet": read.sheet,
        "problems": problems[:_PROBLEMS_MOST],
        "problems_more": more,
    }
    return _shown(request, desk, context)


def _brought_in(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What was looked at, and nothing else: another tab may have chosen another file."""
    noted = request.session.get(_SESSION) or {}
    data = roster_kept(noted["name"]) if noted.get("meet") == str(desk.meet.pk) else None
    sha256 = request.POST.get("sha256")
    if data is None or not sha256 == noted["sha256"] == hashlib.sha256(data).hexdigest():
        raise Unusable("file", "The file is not kept any more. Choose it again.")
    done = results_import(meet=desk.meet, user=user_of(request), read=results_file_read(data))
    _forget(request)
    messages.success(request, f"{done.entries} entries with {done.attempts} attempts were brought in.")
    return redirect("meet-results", desk.meet.pk)


def _forget(request: HttpRequest) -> None:
    if noted := request.session.pop(_SESSION, None):
        roster_drop(noted["name"])


def _shown(request: HttpRequest, desk: Desk, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    whole = {"desk": desk, "meet": desk.meet, "section": "results", **context}
    return render(request, "meets/results_import.html", whole, status=status)
