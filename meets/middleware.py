"""A request whose body is larger than any photo is refused before a byte of it is read."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from meets.views.faults import too_large

# What a form adds to its photo.
FORM_BYTES = 1_000_000


class BodyLimit:
    """Goes by the length that the request states: without one the server hands Django no body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if stated_length(request) > settings.PHOTO_MAX_BYTES + FORM_BYTES:
            return too_large(request)
        return self.get_response(request)


def stated_length(request: HttpRequest) -> int:
    """What Django will read at most: a length that is no number counts as none there too."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
