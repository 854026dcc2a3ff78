"""The signed-in person's own account."""

from django.contrib import messages
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from knox.models import AuthToken

from meets.forms import PasswordForm


@method_decorator(never_cache, name="dispatch")
class PasswordChange(PasswordChangeView):
    """A new password. Every other browser of this account is signed out by it, and its API tokens end: whoever
    knew the old one may have made them."""

    form_class = PasswordForm
    template_name = "meets/password.html"
    success_url = reverse_lazy("meet-list")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        with transaction.atomic():
            AuthToken.objects.filter(user=form.user).delete()
            response = super().form_valid(form)
        messages.success(
            self.request, "Your password is changed. Other browsers have to sign in again; API tokens have ended."
        )
        return response

    def form_invalid(self, form: PasswordChangeForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=400)
