"""Where a request comes from."""

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest, *_: object) -> str:
    """The client's address: behind our proxy the hop that it wrote last, else the other end of the connection.

    All before the last hop was sent by the client itself, and could name a new address with every guess.
    """
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    return hops.split(",")[-1].strip() or request.META.get("REMOTE_ADDR", "")
