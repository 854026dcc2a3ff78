"""Errors of the line. ``permanent`` says whether another try could end otherwise."""

from __future__ import annotations


class LineError(Exception):
    """``reason`` is a short code that the caller turns into a sentence for a person; the message is for the log."""

    def __init__(self, reason: str, message: str = "", *, permanent: bool) -> None:
        super().__init__(message or reason)
        self.reason = reason
        self.permanent = permanent


class ImageError(LineError):
    """The bytes are not a photo that can be judged; trying again changes nothing."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(reason, message, permanent=True)


class EngineError(LineError):
    """The engine failed on this photo; another try, in another process, may do better."""

    def __init__(self, message: str, reason: str = "engine_failed") -> None:
        super().__init__(reason, message, permanent=False)
