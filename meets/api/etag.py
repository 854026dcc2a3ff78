"""An ETag for every row that has an address of its own, of what this user is shown of it.

A reader who sends it back as If-None-Match is told 304; a writer who sends it as If-Match changes nothing once the row
has moved on. The answer to a change carries the new one, so that the next change needs no reading in between.
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
    # Does PATCH answer with what GET shows? Else the row is read again for its tag.
    patch_answers_row = True
    get: Callable[..., Response]

    def row_shown(self, request: Request) -> Any:
        """What GET shows now, as far as its tag goes: overridden where showing is noted."""
        return self.get(request, *self.args, **self.kwargs).data

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Comparing, writing and reading what came of it are one transaction, all or nothing: a tag that told of
        somebody else's change would let the next one overwrite it unseen."""
        compares = request.method in ("PATCH", "DELETE") and "If-Match" in request.headers
        reads = request.method == "PATCH" and not self.patch_answers_row
        if not (compares or reads):
            return super().dispatch(request, *args, **kwargs)
        with transaction.atomic():
            response = super().dispatch(request, *args, **kwargs)
            if response.status_code >= 400:
                transaction.set_rollback(True)
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in ("PATCH", "DELETE") and "If-Match" in request.headers:
            self._same_required(request)

    def _same_required(self, request: Request) -> None:
        """Raises Changed unless the row is as the sender saw it. Every writer locks the meet first, so none comes
        between this and the end of the transaction; the row is read behind that lock."""
        Meet.objects.select_for_update().get(pk=self.meet.pk)
        self.row_read(request)
        wanted = parse_etags(request.headers["If-Match"])
        if wanted != ["*"] and tag_of(self.row_shown(request)) not in wanted:
            raise Changed(
                "changed", "This was changed since you read it, so nothing is written. Read it again, then change it."
            )

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.method == "PATCH" and response.status_code < 300:
            response["ETag"] = tag_of(self._row_after(request, response))
            return response
        if request.method not in ("GET", "HEAD") or response.status_code != 200 or not isinstance(response, Response):
            return response
        tag = response["ETag"] = tag_of(response.data)
        # What is shown depends on who asks, so no shared cache keeps it; one's own asks before it shows it again.
        response["Cache-Control"] = "private, no-cache"
        patch_vary_headers(response, ("Authorization", "Cookie"))
        known = [one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))]
        return _not_modified(response) if tag in known or known == ["*"] else response

    def _row_after(self, request: Request, response: Response) -> Any:
        if self.patch_answers_row:
            return response.data
        self.row_read(request)
        return self.row_shown(request)


def _not_modified(response: Response) -> HttpResponse:
    short = HttpResponseNotModified()
    for name in _KEPT_BY_304:
        if name in response:
            short[name] = response[name]
    return short
