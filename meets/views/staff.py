"""Staff pages: the meet, its platforms, lifters with entries and attempts, and who takes part."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meets import access, roster
from meets.attempts import attempt_create, attempt_delete, attempt_update
from meets.errors import Refusal
from meets.forms import AttemptsForm, EntryForm, MeetForm, MemberForm, NewMeetForm, PlatformForm
from meets.models import Attempt, Entry, Lifter, Meet, Membership, Platform, Role, lift_place
from meets.roster_plan import division_warnings
from meets.selectors.lists import entries_named
from meets.views.shared import head_desk_of, staff_desk_of, user_of

# As a new meet has them until somebody chooses.
MEET_DEFAULTS = ("evidence_mode", "engine", "formula", "photos_keep_days")
LIFTERS_A_PAGE = 40
_page = require_http_methods(["GET", "HEAD", "POST"])


@never_cache
@login_required
@_page
def meet_create(request: HttpRequest) -> HttpResponse:
    if not roster.may_create_meet(request.user):
        raise PermissionDenied("Your account may not create meets. Ask whoever runs this site.")
    form = NewMeetForm(request.POST or None, initial={name: getattr(Meet(), name) for name in MEET_DEFAULTS})
    if request.method == "POST" and form.is_valid():
        try:
            meet = roster.meet_create(user=user_of(request), **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            return redirect("meet-edit", meet.pk)
    return render(request, "meets/meet_form.html", {"form": form}, status=400 if form.errors else 200)


@never_cache
@login_required
@_page
def meet_edit(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    """The meet itself, and its platforms below."""
    desk = staff_desk_of(request, meet_id)
    meet = desk.meet
    initial = {name: getattr(meet, name) for name in MeetForm.base_fields}
    what = request.POST.get("what")
    form = MeetForm(request.POST if what == "meet" else None, initial=initial)
    platform_form = PlatformForm(request.POST if what == "platform" else None, auto_id="platform_%s")
    if request.method == "POST":
        try:
            done = _meet_change(request, meet, what, form, platform_form)
        except Refusal as refusal:
            messages.warning(request, refusal.detail)
            done = False
        if done:
            return redirect("meet-edit", meet.pk)
    context = {
        "desk": desk,
        "meet": meet,
        "section": "meet",
        "form": form,
        "platform_form": platform_form,
        "platforms": Platform.objects.filter(meet=meet),
    }
    return render(request, "meets/meet_form.html", context, status=400 if request.method == "POST" else 200)


def _meet_change(
    request: HttpRequest, meet: Meet, what: str | None, form: MeetForm, platform_form: PlatformForm
) -> bool:
    """Does what the page asked for. False when a form has something to say first."""
    try:
        if what == "meet" and form.is_valid():
            access.meet_changes_required(request.user, meet, form.cleaned_data)
            roster.meet_update(meet=meet, user=user_of(request), **form.cleaned_data)
            messages.success(request, "The meet is saved.")
            return True
        if what == "platform" and platform_form.is_valid():
            roster.platform_create(meet=meet, name=platform_form.cleaned_data["name"])
            return True
    except ValidationError as error:
        (form if what == "meet" else platform_form).refuse(error)
        return False
    if what == "platform-delete":
        number = request.POST.get("platform", "")
        # No row has so long a number, and Python refuses to read a very long one.
        is_number = number.isdecimal() and len(number) < 19
        platform = get_object_or_404(Platform, meet=meet, pk=int(number) if is_number else 0)
        roster.platform_delete(platform=platform)
        messages.success(request, f"{platform.name} is taken away; its lifters stay, without a platform.")
        return True
    return False


@never_cache
@login_required
@require_safe
def lifter_list(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    desk = staff_desk_of(request, meet_id)
    asked = request.GET.get("q", "").strip()[:120]
    attempts = Attempt.objects.order_by(lift_place(), "number")
    entries = (
        entries_named(desk.meet, asked)
        .select_related("lifter", "platform", "session")
        .prefetch_related(Prefetch("attempts", attempts))
    )
    # A page that is none is the nearest that is one: lifters may have gone since the link was made.
    page = Paginator(entries, LIFTERS_A_PAGE).get_page(request.GET.get("page"))
    context = {"desk": desk, "meet": desk.meet, "section": "lifters", "page": page, "asked": asked}
    return render(request, "meets/lifter_list.html", context)


@never_cache
@login_required
@_page
def lifter_create(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    """A new lifter with an entry; with ``of`` another entry of a lifter who is there."""
    desk = staff_desk_of(request, meet_id)
    lifter = _lifter_named(request, desk.meet)
    form = EntryForm(request.POST or None, meet=desk.meet, lifter=lifter, initial={"equipment": "classic"})
    attempts = AttemptsForm(request.POST or None, attempts=[])
    if request.method == "POST" and form.is_valid() & attempts.is_valid():
        entry = _entry_save(request, form, attempts)
        if entry is not None:
            messages.success(request, f"{entry.lifter.name} is entered.")
            return redirect("lifter-list", desk.meet.pk)
    context: dict[str, Any] = {
        "desk": desk,
        "meet": desk.meet,
        "section": "lifters",
        "form": form,
        "attempts": attempts,
    }
    context["lifter"] = lifter
    return render(request, "meets/entry_form.html", context, status=400 if request.method == "POST" else 200)


def _lifter_named(request: HttpRequest, meet: Meet) -> Lifter | None:
    """Raises Http404 for somebody who is not in this meet."""
    if not (named := request.GET.get("of")):
        return None
    try:
        return get_object_or_404(Lifter, meet=meet, pk=UUID(named))
    except ValueError as error:
        raise Http404("There is no such lifter in this meet.") from error


@never_cache
@login_required
@_page
def entry_edit(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    entry = access.row_or_404(Entry, request.user, entry_id, "lifter", "platform", "meet")
    desk = staff_desk_of(request, entry.meet_id)
    form = EntryForm(request.POST or None, meet=desk.meet, entry=entry)
    attempts = AttemptsForm(request.POST or None, attempts=list(entry.attempts.all()))
    if request.method == "POST" and form.is_valid() & attempts.is_valid() and _entry_save(request, form, attempts):
        messages.success(request, f"{form.cleaned_data['name']} is saved.")
        return redirect("lifter-list", desk.meet.pk)
    context: dict[str, Any] = {
        "desk": desk,
        "meet": desk.meet,
        "section": "lifters",
        "entry": entry,
        "form": form,
        "attempts": attempts,
        "others": entry.lifter.entries.exclude(pk=entry.pk),
        "warnings": division_warnings(entry),
    }
    return render(request, "meets/entry_form.html", context, status=400 if request.method == "POST" else 200)


def _entry_save(request: HttpRequest, form: EntryForm, attempts: AttemptsForm) -> Entry | None:
    """Lifter, entry and attempts, all or none. None when a writer refused; the form or a message says why."""
    user, waive = user_of(request), attempts.cleaned_data["waive_reason"]
    try:
        with transaction.atomic():
            if form.entry is None:
                lifter = (
                    roster.lifter_create(meet=form.meet, user=user, **form.lifter_fields())
                    if form.lifter is None
                    else roster.lifter_update(lifter=form.lifter, user=user, **form.lifter_fields())
                )
                entry = roster.entry_create(meet=form.meet, user=user, lifter=lifter, **form.entry_fields())
            else:
                roster.lifter_update(lifter=form.entry.lifter, user=user, **form.lifter_fields())
                entry = roster.entry_update(entry=form.entry, user=user, **form.entry_fields())
            for lift, number, attempt, weight in attempts.changes():
                if weight is None and attempt is not None:
                    attempt_delete(attempt=attempt, user=user)
                elif attempt is not None and weight is not None:
                    attempt_update(attempt=attempt, user=user, waive_reason=waive, declared_kg=weight)
                elif weight is not None:
                    attempt_create(
                        user=user, waive_reason=waive, entry=entry, lift=lift, number=number, declared_kg=weight
                    )
            return entry
    except ValidationError as error:
        form.refuse(error)
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    return None


@login_required
@require_POST
def entry_delete(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Takes the entry out of the meet, and the lifter with the last one."""
    entry = access.row_or_404(Entry, request.user, entry_id, "lifter")
    staff_desk_of(request, entry.meet_id)
    name = entry.lifter.name
    try:
        is_gone = roster.entry_take_out(entry=entry, user=user_of(request))
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
        return redirect("entry-edit", entry_id)
    messages.success(request, f"{name} is taken out of the meet." if is_gone else f"This entry of {name} is taken out.")
    return redirect("lifter-list", entry.meet_id)


@login_required
@require_POST
def member_delete(request: HttpRequest, meet_id: UUID, user_id: int) -> HttpResponse:
    """Ends a person's part in the meet."""
    desk = head_desk_of(request, meet_id)
    member = get_object_or_404(Membership.objects.select_related("user"), meet=desk.meet, user_id=user_id)
    try:
        roster.membership_delete(member=member, by=user_of(request))
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
        return redirect("member-list", desk.meet.pk)
    messages.success(request, f"{member.user.get_username()} takes no part in {desk.meet.name} any more.")
    # Whoever has let himself go may not see the list any longer.
    return redirect("meet-list") if user_id == request.user.pk else redirect("member-list", desk.meet.pk)


@never_cache
@login_required
@_page
def member_list(request: HttpRequest, meet_id: UUID) -> HttpResponse:
    """Who takes which part. Staff may read it, the head changes it."""
    desk = head_desk_of(request, meet_id) if request.method == "POST" else staff_desk_of(request, meet_id)
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user, role = form.cleaned_data["user_name"], form.cleaned_data["role"]
        try:
            seat, by = form.cleaned_data["seat"], user_of(request)
            roster.membership_set(meet=desk.meet, user=user, role=role, seat=seat, by=by)
        except ValidationError as error:
            form.refuse(error)
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
        else:
            return redirect("member-list", desk.meet.pk)
    members = Membership.objects.filter(meet=desk.meet).select_related("user").order_by("role", "user__username")
    context = {
        "desk": desk,
        "meet": desk.meet,
        "section": "meet",
        "form": form,
        "members": members,
        "is_head": desk.role is Role.HEAD,
    }
    return render(request, "meets/member_list.html", context, status=400 if request.method == "POST" else 200)
