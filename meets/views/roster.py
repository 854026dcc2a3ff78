"""Registrations from a file: chosen, looked at, taken in. The file that was looked at is kept here in between."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from meets.errors import Refusal
from meets.intake import file_name_clean
from meets.roster_import import FILE_MAX_BYTES, TOO_LARGE, RosterReport, roster_file_read, roster_import, roster_preview
from meets.roster_kept import roster_drop, roster_keep, roster_kept
from meets.selectors.board import Desk
from meets.selectors.roster import PROBLEMS_MOST, roster_lines
from meets.views.shared import staff_desk_of, user_of

_page = require_http_methods(["GET", "HEAD", "POST"])
_SESSION: Final = "roster"
_GONE: Final = "The file is not kept any more. Choose it again."


@dataclass(frozen=True, slots=True)
class Kept:
    """What the user has chosen for this meet, and its bytes."""

    data: bytes
    file_name: str
    sha256: str
    name: str


@never_cache
@login_required
@_page
def roster_upload(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    """Asks for a file. One that can be read is kept, and shown on the next page."""
    desk = staff_desk_of(request, meet_id)
    if request.method != "POST":
        return _shown(request, desk, "meets/roster_upload.html", {})
    file = cast("UploadedFile[bytes] | None", request.FILES.get("file"))
    if file is None:
        return _shown(request, desk, "meets/roster_upload.html", {"refusal": "Choose a file."}, status=400)
    if (file.size or 0) > FILE_MAX_BYTES:
        return _shown(request, desk, "meets/roster_upload.html", {"refusal": TOO_LARGE}, status=413)
    data, file_name = file.read(), file_name_clean(file.name or "")
    try:
        roster_file_read(data, file_name)
    except Refusal as refusal:
        return _shown(request, desk, "meets/roster_upload.html", {"refusal": refusal.detail}, status=refusal.status)
    _forget(request)
    digest = hashlib.sha256(data).hexdigest()
    request.session[_SESSION] = {
        "meet": str(desk.meet.pk),
        "name": roster_keep(desk.meet.pk, data),
        "file_name": file_name,
        "sha256": digest,
    }
    return redirect("roster-preview", meet_id)


@never_cache
@login_required
@_page
def roster_look(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    """What the file would change; posted, it does."""
    desk = staff_desk_of(request, meet_id)
    kept = _kept(request, desk)
    if kept is None:
        messages.warning(request, _GONE)
        return redirect("roster-upload", meet_id)
    create_missing = (request.POST or request.GET).get("create_missing") == "1"
    try:
        if request.method == "POST":
            return _taken(request, desk, kept, create_missing=create_missing)
        report = roster_preview(meet=desk.meet, data=kept.data, file_name=kept.file_name, create_missing=create_missing)
    except Refusal as refusal:
        return _shown(request, desk, "meets/roster_upload.html", {"refusal": refusal.detail}, status=refusal.status)
    context = {"kept": kept, "create_missing": create_missing, **_context(report)}
    return _shown(request, desk, "meets/roster_preview.html", context)


def _taken(request: HttpRequest, desk: Desk, kept: Kept, *, create_missing: bool) -> HttpResponse:
    """Takes in what was looked at, and nothing else: another tab may have chosen another file."""
    if request.POST.get("sha256") != kept.sha256:
        messages.warning(request, "Another file was chosen since. Look at this one first.")
        return redirect("roster-preview", desk.meet.pk)
    report = roster_import(
        meet=desk.meet,
        user=user_of(request),
        data=kept.data,
        file_name=kept.file_name,
        create_missing=create_missing,
    )
    _forget(request)
    return _shown(request, desk, "meets/roster_done.html", {"kept": kept, **_context(report)})


def _kept(request: HttpRequest, desk: Desk) -> Kept | None:
    """The file that this user chose for this meet, unchanged; None where there is none."""
    noted = request.session.get(_SESSION)
    if not noted or noted["meet"] != str(desk.meet.pk):
        return None
    data = roster_kept(noted["name"])
    if data is None or hashlib.sha256(data).hexdigest() != noted["sha256"]:
        return None
    return Kept(data, noted["file_name"], noted["sha256"], noted["name"])


def _forget(request: HttpRequest) -> None:
    if noted := request.session.pop(_SESSION, None):
        roster_drop(noted["name"])


def _context(report: RosterReport) -> dict[str, Any]:
    lines, more = roster_lines(report)
    return {
        "report": report,
        "counts": report.counts,
        "lines": lines,
        "more": more,
        "problems": report.problems[:PROBLEMS_MOST],
        "problems_more": max(len(report.problems) - PROBLEMS_MOST, 0),
    }


def _shown(
    request: HttpRequest, desk: Desk, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    whole = {"desk": desk, "meet": desk.meet, "section": "lifters", **context}
    return render(request, template, whole, status=status)
