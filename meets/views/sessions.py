"""The meet's sessions, and who sits in which referee's chair during them. Staff keep sessions, the head gives seats."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from meets import access, sessions
from meets.errors import Refusal
from meets.forms import ChairForm, PlainForm, SeatingForm, SessionForm
from meets.models import Role, Seating, Session
from meets.selectors.board import Desk
from meets.views.shared import head_desk_of, staff_desk_of, user_of

_page = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@login_required
@_page
def session_list(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    desk = staff_desk_of(request, meet_id)
    form = SessionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            session = sessions.session_create(meet=desk.meet, user=user_of(request), **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        except Refusal as refusal:
            messages.warning(request, refusal.detail)
        else:
            messages.success(request, f"{session} is added.")
            return redirect("session-list", meet_id)
    chairs = Prefetch("seatings", Seating.objects.select_related("user", "platform"))
    rows = Session.objects.filter(meet=desk.meet).annotate(entry_count=Count("entries")).prefetch_related(chairs)
    return _shown(request, desk, {"form": form, "sessions": rows})


@never_cache
@login_required
@_page
def session_edit(request: HttpRequest, session_id: int) -> HttpResponse:
    session, desk = _session_of(request, session_id)
    initial = {name: getattr(session, name) for name in SessionForm.base_fields}
    form = SessionForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            sessions.session_update(session=session, user=user_of(request), **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        except Refusal as refusal:
            messages.warning(request, refusal.detail)
        else:
            messages.success(request, "The session is saved.")
            return redirect("session-list", desk.meet.pk)
    return _edit_shown(request, desk, session, form, SeatingForm(meet=desk.meet, auto_id="seat_%s"))


@login_required
@require_POST
def session_delete(request: HttpRequest, session_id: int) -> HttpResponse:
    """Takes the session away; its entries stay."""
    session, desk = _session_of(request, session_id)
    name = str(session)
    try:
        sessions.session_delete(session=session, user=user_of(request))
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    else:
        messages.success(request, f"{name} is taken away; its lifters stay, without a session.")
    return redirect("session-list", desk.meet.pk)


@never_cache
@login_required
@require_POST
def seat_set(request: HttpRequest, session_id: int) -> HttpResponse:
    """Puts a referee into a chair."""
    session, desk = _session_of(request, session_id)
    head_desk_of(request, desk.meet.pk)
    form = SeatingForm(request.POST, meet=desk.meet, auto_id="seat_%s")
    if form.is_valid():
        try:
            sessions.seating_set(session=session, by=user_of(request), **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        except Refusal as refusal:
            messages.warning(request, refusal.detail)
        else:
            return redirect("session-edit", session.pk)
    initial = {name: getattr(session, name) for name in SessionForm.base_fields}
    return _edit_shown(request, desk, session, SessionForm(initial=initial), form)


@login_required
@require_POST
def seat_clear(request: HttpRequest, session_id: int) -> HttpResponse:
    """Empties a chair."""
    session, desk = _session_of(request, session_id)
    head_desk_of(request, desk.meet.pk)
    form = ChairForm(request.POST, meet=desk.meet)
    if not form.is_valid():
        messages.warning(request, "There is no such seat in this meet.")
        return redirect("session-edit", session.pk)
    try:
        sessions.seating_clear(session=session, by=user_of(request), **form.cleaned_data)
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    return redirect("session-edit", session.pk)


def _session_of(request: HttpRequest, session_id: int) -> tuple[Session, Desk]:
    """The session and the desk of its meet's staff. Raises like staff_desk_of."""
    session = access.row_or_404(Session, request.user, session_id)
    return session, staff_desk_of(request, session.meet_id)


def _edit_shown(
    request: HttpRequest, desk: Desk, session: Session, form: PlainForm, seat_form: PlainForm
) -> HttpResponse:
    chairs = Seating.objects.filter(session=session).select_related("user", "platform")
    context = {"session": session, "form": form, "seat_form": seat_form, "chairs": chairs}
    return _shown(request, desk, context)


def _shown(request: HttpRequest, desk: Desk, context: dict[str, Any]) -> HttpResponse:
    whole = {"desk": desk, "meet": desk.meet, "section": "meet", "is_head": desk.role is Role.HEAD, **context}
    return render(request, "meets/sessions.html", whole, status=400 if request.method == "POST" else 200)
