"""One look at the database: whatever else is written meanwhile, all that is read inside is of the same moment."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Holds nobody up. Inside another transaction it is that one's look."""
    inside = connection.in_atomic_block
    with transaction.atomic():
        # SQLite's transactions are such a look by themselves.
        if connection.vendor == "postgresql" and not inside:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield
