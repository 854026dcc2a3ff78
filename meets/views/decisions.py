"""What officials do with an attempt: lights, cards, calls, weights, other systems' decisions, corrections, cases.

Each act is a form of one of the pages, which it names in ``back`` and to which it returns: with what stands now when it
was taken, else with the sentence that says why not. The forms carry the attempt's version, so that what was pressed for
one attempt never counts for the next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from meets import access, attempts, decisions, jury
from meets.access import STAFF_ROLES
from meets.errors import Refusal, Unusable
from meets.models import Attempt, Entry, Role, Seat
from meets.selectors import evidence
from meets.selectors.board import Desk
from meets.views.again import Tried, rules_of
from meets.views.attempt import attempt_page
from meets.views.jury import JURY, jury_page
from meets.views.referee import REFEREE, now_page
from meets.views.run import run_page
from meets.views.shared import desk_of, part_desk_of, user_of

HEAD = frozenset({Role.HEAD})
# The pages that acts come from, but for the attempt's own: whose they are, their address, and how they are drawn again.
PAGES: dict[str, tuple[frozenset[Role], str, Callable[..., HttpResponse]]] = {
    "now": (REFEREE, "referee-now", now_page),
    "run": (STAFF_ROLES, "meet-run", run_page),
    "jury": (JURY, "jury-table", jury_page),
}


@dataclass(frozen=True, slots=True)
class Act:
    """An act as the form tells it."""

    request: HttpRequest
    user: User
    attempt: Attempt

    def said(self, name: str, longest: int = 300) -> str:
        return self.request.POST.get(name, "")[:longest]

    @property
    def causes(self) -> list[str]:
        return [code[:12] for code in self.request.POST.getlist("causes")[:10]]

    @property
    def version(self) -> int:
        """The attempt's as the page showed it. Raises Unusable without one."""
        text = self.request.POST.get("version", "")
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Unusable("version", "The form does not say which state of the attempt it is about. Press it again.")
        return int(text)

    @property
    def kg(self) -> Decimal:
        """Raises Unusable for what is no weight."""
        return kg_read(self.said("kg", 12))


def kg_read(text: str) -> Decimal:
    try:
        kg = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        kg = Decimal("NaN")
    if not kg.is_finite():
        raise Unusable("kg", "Write the weight in kg as a number, such as 102.5.")
    return kg


def _act(
    request: HttpRequest, attempt_id: UUID, name: str, do: Callable[[Act], object], roles: frozenset[Role] | None
) -> HttpResponse:
    """Does it, for these parts alone (None: the writer says whose it is), and answers with the page that it came
    from."""
    meet_id = evidence.attempt_meet_id(attempt_id)
    desk = desk_of(request, meet_id) if roles is None else part_desk_of(request, meet_id, roles)
    act = Act(request, user_of(request), evidence.attempt_row(desk, attempt_id))
    try:
        _plainly(do, act)
    except Refusal as refusal:
        tried = Tried(name, str(attempt_id), request.POST.dict(), rules_of(refusal))
        return _again(request, desk, refusal, tried, attempt_id)
    return _back(request, desk, attempt_id)


def _plainly(do: Callable[[Act], object], act: Act) -> None:
    """A row that does not hold together is a refusal like any other."""
    try:
        do(act)
    except ValidationError as invalid:
        raise Unusable("not_valid", " ".join(invalid.messages)) from invalid


def _page(request: HttpRequest, desk: Desk) -> tuple[str, Callable[..., HttpResponse]] | None:
    roles, name, page = PAGES.get(request.POST.get("back", ""), (frozenset[Role](), "", run_page))
    return (name, page) if desk.role in roles else None


def _again(request: HttpRequest, desk: Desk, refusal: Refusal, tried: Tried, attempt_id: UUID) -> HttpResponse:
    page = _page(request, desk)
    if page is None:
        return attempt_page(request, desk, attempt_id, refusal, tried)
    return page[1](request, desk, refusal, tried)


def _back(request: HttpRequest, desk: Desk, attempt_id: UUID) -> HttpResponse:
    page = _page(request, desk)
    address = reverse(page[0], args=[desk.meet.pk]) if page else reverse("attempt-detail", args=[attempt_id])
    query = request.GET.urlencode()
    return redirect(f"{address}?{query}" if query else address)


# ── Referees ─────────────────────────────────────────────────────────────────────────────────────────────


@login_required
@require_POST
def attempt_light(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    def do(act: Act) -> None:
        decisions.light_record(
            attempt=act.attempt,
            referee=act.user,
            colour=act.said("colour"),
            version=act.version,
            causes=act.causes,
        )

    return _act(request, attempt_id, "light", do, None)


@login_required
@require_POST
def attempt_light_back(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    def do(act: Act) -> None:
        decisions.light_take_back(attempt=act.attempt, referee=act.user, version=act.version)

    return _act(request, attempt_id, "light-back", do, REFEREE)


@login_required
@require_POST
def attempt_cards(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """Why the light was red. Without a version: the third light may come on while causes are being chosen, and they are
    about the referee's own light, which the writer looks for."""

    def do(act: Act) -> None:
        decisions.card_record(attempt=act.attempt, referee=act.user, causes=act.causes)

    return _act(request, attempt_id, "cards", do, REFEREE)


@login_required
@require_POST
def attempt_second_call(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    def do(act: Act) -> None:
        decisions.second_call_record(attempt=act.attempt, referee=act.user, colour=act.said("colour"))

    return _act(request, attempt_id, "second-call", do, REFEREE)


# ── Staff ────────────────────────────────────────────────────────────────────────────────────────────────


@login_required
@require_POST
def attempt_call(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    def do(act: Act) -> None:
        attempts.attempt_call(attempt=act.attempt, user=act.user, version=act.version)

    return _act(request, attempt_id, "call", do, STAFF_ROLES)


@login_required
@require_POST
def attempt_pass(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    def do(act: Act) -> None:
        attempts.attempt_pass(attempt=act.attempt, user=act.user, reason=act.said("reason"), version=act.version)

    return _act(request, attempt_id, "pass", do, STAFF_ROLES)


@login_required
@require_POST
def attempt_weight(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    def do(act: Act) -> None:
        attempts.attempt_update(
            attempt=act.attempt,
            user=act.user,
            waive_reason=act.said("waive_reason"),
            version=act.version,
            declared_kg=act.kg,
        )

    return _act(request, attempt_id, "weight", do, STAFF_ROLES)


@login_required
@require_POST
def entry_declare(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """The weight of a lifter's next attempt."""
    entry = access.row_or_404(Entry, request.user, entry_id, "lifter", "meet")
    desk = part_desk_of(request, entry.meet_id, STAFF_ROLES)
    typed = request.POST.dict()
    number = typed.get("number", "")
    try:
        attempts.attempt_create(
            user=user_of(request),
            waive_reason=typed.get("waive_reason", "")[:300],
            entry=entry,
            lift=typed.get("lift", ""),
            number=int(number) if number.isascii() and number.isdigit() and len(number) < 3 else 0,
            declared_kg=kg_read(typed.get("kg", "")[:12]),
        )
    except ValidationError as invalid:
        refusal: Refusal = Unusable("not_valid", " ".join(invalid.messages))
    except Refusal as refused:
        refusal = refused
    else:
        query = request.GET.urlencode()
        return redirect(f"{reverse('meet-run', args=[desk.meet.pk])}{'?' if query else ''}{query}")
    return run_page(request, desk, refusal, Tried("declare", str(entry_id), typed, rules_of(refusal)))


@login_required
@require_POST
def decision_bring_in(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """What another light system decided."""

    def do(act: Act) -> None:
        lights = {seat: colour for seat in Seat.values if (colour := act.said(f"light_{seat}", 5))}
        cards = [(seat, colour) for seat in Seat.values for colour in request.POST.getlist(f"cards_{seat}")[:3]]
        told = decisions.Elsewhere(act.said("outcome", 8), lights, cards, act.said("system", 80))
        decisions.decision_bring_in(attempt=act.attempt, user=act.user, told=told, version=act.version)

    return _act(request, attempt_id, "bring-in", do, STAFF_ROLES)


@login_required
@require_POST
def decision_correct(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    def do(act: Act) -> None:
        decisions.decision_correct(
            attempt=act.attempt,
            user=act.user,
            outcome=act.said("outcome", 8),
            reason=act.said("reason"),
            version=act.version,
        )

    return _act(request, attempt_id, "correct", do, HEAD)


@login_required
@require_POST
def case_open(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """The jury takes up a decision of its own motion; staff bring a protest of the lifter's side."""

    def do(act: Act) -> None:
        jury.jury_open(
            attempt=act.attempt,
            user=act.user,
            grounds=act.said("grounds"),
            is_protest=access.role_in(act.user, act.attempt.entry.meet) is not Role.JURY,
            asked=act.said("asked", 15),
            version=act.version,
        )

    return _act(request, attempt_id, "case", do, STAFF_ROLES | JURY)
