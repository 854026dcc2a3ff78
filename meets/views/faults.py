"""Answers to requests that reach no view, or broke one: a problem under /api/, a page elsewhere."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults

from meets.api.errors import TOO_BIG, problem
from meets.models import ImageReason


def _of_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def too_large(request: HttpRequest) -> HttpResponse:
    """For a body that no photo needs; nothing of it has been read."""
    reason = ImageReason.TOO_LARGE
    if _of_api(request):
        return problem(413, reason.label, reason=reason.value)
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"sentence": reason.label}, status=413)
    return render(request, "413.html", {"sentence": reason.label}, status=413)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return problem(413, TOO_BIG) if _of_api(request) else render(request, "413.html", status=413)
    if _of_api(request):
        return problem(400, "This request cannot be read.")
    return defaults.bad_request(request, exception)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _of_api(request):
        return problem(403, str(exception) or "You may not do that.")
    return defaults.permission_denied(request, exception)


def not_here(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _of_api(request):
        return problem(404, "There is nothing at this address.")
    return defaults.page_not_found(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    if _of_api(request):
        return problem(500, "Something broke on our side. What was already sent is kept.")
    return defaults.server_error(request)
