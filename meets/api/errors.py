"""Every error of the API as RFC 9457 problem+json: title for a log, detail for a person."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.views import set_rollback

from meets.errors import Refusal

TOO_BIG = "This request is too large. Only a photo may be larger than 2 MB."


def problem(status: int, detail: str, *, kind: str = "about:blank", **more: Any) -> JsonResponse:
    """An answer of type ``application/problem+json``."""
    body = {"type": kind, "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return JsonResponse(body, status=status, content_type="application/problem+json")


def problem_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """What an exception of a view says to the client; None for those that are our own fault."""
    answer = _answer(error)
    if answer is not None:
        set_rollback()
    return answer


def _answer(error: Exception) -> HttpResponse | None:
    match error:
        case Refusal():
            return problem(error.status, error.detail, reason=str(error.reason), **error.more)
        case Http404():
            return problem(404, str(error) or "There is nothing at this address.")
        case PermissionDenied():
            return problem(403, str(error) or "You may not do that.")
        case ValidationError():
            return problem(400, _first(error.messages), errors=_django_errors(error))
        case RequestDataTooBig():
            return problem(413, TOO_BIG)
        case SuspiciousOperation():
            return problem(400, "This request cannot be read.")
        case IntegrityError():
            return problem(409, "Somebody else changed this at the same moment. Read it again and repeat the change.")
        case exceptions.ValidationError():
            return problem(400, _first(error.detail), errors=error.detail)
        case exceptions.APIException():
            return _with_headers(problem(error.status_code, _first(error.detail)), error)
    return None


def _with_headers(answer: HttpResponse, error: exceptions.APIException) -> HttpResponse:
    if challenge := getattr(error, "auth_header", None):
        answer["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        answer["Retry-After"] = str(int(wait))
    return answer


def _django_errors(error: ValidationError) -> dict[str, list[str]]:
    return error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}


def _first(detail: Any) -> str:
    """The first sentence in a tree of messages, with its field's name."""
    if isinstance(detail, dict):
        field, inner = next(iter(detail.items()))
        said = _first(inner)
        return said if field in ("non_field_errors", "__all__", "detail") else f"{field}: {said}"
    if isinstance(detail, list):
        return _first(detail[0]) if detail else "The request is not valid."
    return str(detail)
