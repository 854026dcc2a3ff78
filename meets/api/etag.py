"""An ETag for every row that has an address of its own, of what this user is shown of it.

A reader who sends it back as If-None-Match is told 304; a writer who sends it as If-Match changes nothing once the row
has moved on.
"""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from meets.errors import Refusal
from meets.models import Meet

if TYPE_CHECKING:
    from meets.api.views import InMeetView as _Base
else:
    _Base = object

_KEPT_BY_304 = ("ETag", "Vary", "Cache-Control", "Allow")


class Changed(Refusal):
    """The row is not what the sender last saw of it."""

    status = 412


def tag_of(shown: Any) -> str:
    """The strong ETag of what is shown."""
    return f'"{hashlib.sha256(JSONRenderer().render(shown)).hexdigest()[:40]}"'


class Tagged(_Base):
    """For views of one row, before InMeetView among their bases."""

    tagged = True
    get: Callable[..., Response]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """With If-Match, comparing and writing are one transaction, all or nothing."""
        if request.method not in ("PATCH", "DELETE") or "If-Match" not in request.headers:
            return super().dispatch(request, *args, **kwargs)
        with transaction.atomic():
            response = super().dispatch(request, *args, **kwargs)
            if response.status_code >= 400:
                transaction.set_rollback(True)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in ("PATCH", "DELETE") and "If-Match" in request.headers:
            self._same_required(request, *args, **kwargs)

    def _same_required(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raises Changed unless the row is as the sender saw it. Every writer locks the meet first, so none comes
        between this and the end of the transaction; the row is read behind that lock."""
        Meet.objects.select_for_update().get(pk=self.meet.pk)
        self.row_read(request)
        shown = self.get(request, *args, **kwargs)
        wanted = parse_etags(request.headers["If-Match"])
        if wanted != ["*"] and tag_of(shown.data) not in wanted:
            raise Changed(
                "changed", "This was changed since you read it, so nothing is written. Read it again, then change it."
            )

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.method not in ("GET", "HEAD") or response.status_code != 200 or not isinstance(response, Response):
            return response
        tag = response["ETag"] = tag_of(response.data)
        # What is shown depends on who asks, so no shared cache keeps it; one's own asks before it shows it again.
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ("Authorization", "Cookie"))
        known = [one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))]
        return _not_modified(response) if tag in known or known == ["*"] else response


def _not_modified(response: Response) -> HttpResponse:
    short = HttpResponseNotModified()
    for name in _KEPT_BY_304:
        if name in response:
            short[name] = response[name]
    return short
