"""Refusals: what a writer will not do, in a sentence that says why and what to do instead.

Pages show ``detail``; the API answers with ``status``. Nothing has been written when one is raised.
"""

from typing import Any


class Refusal(Exception):  # noqa: N818  a refusal is an answer, not a fault
    """``reason`` is a short code; ``detail`` the sentence for a person; ``more`` what a program may read besides."""

    status = 422

    def __init__(self, reason: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.more = more


class Conflict(Refusal):
    """What stands now does not allow it: a closed meet, a row that others hang on."""

    status = 409


class TooLarge(Refusal):
    status = 413


class WrongKind(Refusal):
    """The bytes are of a kind that is not read here."""

    status = 415


class Unusable(Refusal):
    """The bytes are of a known kind, yet no photo that can be judged; or the request contradicts itself."""

    status = 422
