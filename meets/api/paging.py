"""Pages by cursor: a list that grows while it is read neither repeats nor skips a row."""

from typing import Any

from rest_framework.pagination import CursorPagination


class ByCreation(CursorPagination):
    # The id settles the order of rows made in the same instant.
    ordering = ("created_at", "id")
    page_size_query_param = "page_size"
    max_page_size = 500


class ByChange(ByCreation):
    """In the order of change where ``updated_since`` is asked: a row that changes while the pages are read comes once
    more, at the end, and none is missed."""

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        return ("updated_at", "id") if "updated_since" in request.query_params else self.ordering
