"""The signed-in person's own API tokens, which the page calls access keys."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from meets import access, tokens
from meets.errors import Refusal
from meets.forms import PlainForm
from meets.models import Meet
from meets.selectors.tokens import token_or_404, token_rows
from meets.views.shared import user_of

_BAD_DAYS = f"Write a number from 1 to {tokens.DAYS_MAX}."


class TokenForm(PlainForm):
    name = forms.CharField(max_length=80, help_text="What it is for, so that you know later which one to end.")
    days = forms.IntegerField(
        label="Valid for days",
        min_value=1,
        max_value=tokens.DAYS_MAX,
        initial=30,
        error_messages={"min_value": _BAD_DAYS, "max_value": _BAD_DAYS},
    )
    read_only = forms.BooleanField(label="For reading alone", required=False)
    meet = forms.ModelChoiceField(
        Meet.objects.none(), label="For one meet alone", required=False, empty_label="all of yours"
    )

    def __init__(self, user: User, *args: object) -> None:
        super().__init__(*args)
        self.fields["meet"].queryset = access.visible(Meet, user)  # type: ignore[attr-defined]


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """All of them, and a form for one more. The new one stands in the answer to its form and nowhere else: nothing that
    keeps it, no session and no cookie, would have to be guarded."""
    user, made = user_of(request), ""
    form = TokenForm(user, request.POST) if request.method == "POST" else TokenForm(user)
    if form.is_bound and form.is_valid():
        try:
            _, made = tokens.token_create(user=user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        except Refusal as refusal:
            form.add_error(None, refusal.detail)
    refused = form.is_bound and not made
    context = {"form": form if refused else TokenForm(user), "made": made, "tokens": token_rows(user)}
    return render(request, "meets/tokens.html", context, status=400 if refused else 200)


@login_required
@require_POST
def token_end(request: HttpRequest, token_id: str) -> HttpResponse:
    """Ends one at once."""
    tokens.token_end(token=token_or_404(user_of(request), token_id))
    messages.success(request, "The access key is ended: whoever uses it is refused from now on.")
    return redirect("token-list")
