"""One name per request: in the answer's X-Request-Id and in every line that is logged on the way to it, so that what a
person reports is found in the log. Knows no model: logging is set up before there are any."""

import contextvars
import logging
import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-Id"
# A proxy's or a client's own name is kept if it can stand in a log line and fools nobody there.
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_current: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")


class RequestId:
    """The first of all middleware, so that no answer is without."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        name = given if _SANE.fullmatch(given) else uuid.uuid4().hex
        request.request_id = name  # type: ignore[attr-defined]
        token = _current.set(name)
        try:
            response = self.get_response(request)
        finally:
            _current.reset(token)
        response[HEADER] = name
        return response


class RequestIdFilter(logging.Filter):
    """Gives every record the name of the request that it belongs to; a dash outside of any."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Django tells of a refused request when this middleware has ended, and names the request.
        request = getattr(record, "request", None)
        record.request_id = getattr(request, "request_id", None) or _current.get()
        return True
