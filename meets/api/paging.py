"""Pages by cursor: a list that grows while it is read neither repeats nor skips a row."""

from rest_framework.pagination import CursorPagination


class ByCreation(CursorPagination):
    # The id settles the order of rows made in the same instant.
    ordering = ("created_at", "id")
    page_size_query_param = "page_size"
    max_page_size = 500
