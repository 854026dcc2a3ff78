"""JSON bodies that Python itself gives up on are the sender's fault as well."""

from typing import Any

from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("This JSON is nested too deep.") from error
        except LookupError as error:
            raise ParseError("There is no such charset. Send UTF-8.") from error
