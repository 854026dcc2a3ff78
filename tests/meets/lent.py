"""What many tests start from, built once and lent to each as it was built.

The rows lie in a transaction that is held open from one test to the next; every test runs in a savepoint of its own
inside it, so that whatever it writes is gone after it. Objects are copies, and photos are copied into the test's own
folder. Between two borrowers nothing else sees the rows: before any other test they are rolled back.
"""

import copy
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

T = TypeVar("T")

# Cases close, photos wait and workers fall silent by the clock: what is older than this is built anew.
KEPT_S = 10.0


class Lender:
    def __init__(self) -> None:
        self._open = ExitStack()
        self._unblock: Callable[[], AbstractContextManager[None]] = nullcontext
        self._build: Callable[[], Any] | None = None
        self._built: Any = None
        self._built_at = 0.0
        self._photos = Path()

    def lend(self, build: Callable[[], T], photo_root: Path, blocker: DjangoDbBlocker) -> T:
        """What build makes, for a test whose own transaction has not begun."""
        if len(connection.atomic_blocks) != (0 if self._build is None else 1):
            raise RuntimeError("What is lent is built before the test's own transaction: take the django_db mark away.")
        if build is not self._build or time.monotonic() - self._built_at > KEPT_S:
            self.end()
            with blocker.unblock():
                self._begin(build, photo_root)
            self._unblock = blocker.unblock
        elif self._photos.exists():
            shutil.copytree(self._photos, photo_root)
        built: T = copy.deepcopy(self._built)
        return built

    def _begin(self, build: Callable[[], Any], photo_root: Path) -> None:
        with ExitStack() as opened:
            self._photos = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="lent-"))) / "photos"
            opened.enter_context(transaction.atomic())
            opened.callback(transaction.set_rollback, True)
            self._built, self._built_at = build(), time.monotonic()
            # Here once, or PostgreSQL would look at every one of these rows again after every test.
            connection.check_constraints()
            if photo_root.exists():
                shutil.copytree(photo_root, self._photos)
            self._build, self._open = build, opened.pop_all()

    def end(self) -> None:
        """Rolls back what is lent, if anything is."""
        self._build = self._built = None
        with self._unblock():
            self._open.close()


def lending(build: Callable[[], T]) -> tuple[Any, Any]:
    """Two fixtures, for a module to name: ``built``, and the one its tests ask for, which is what ``build`` makes. A
    test's own transaction begins between the two, so it has no django_db mark, which would begin it before both."""

    @pytest.fixture
    def built(lender: Lender, django_db_setup: None, django_db_blocker: DjangoDbBlocker, photo_root: Path) -> T:
        return lender.lend(build, photo_root, django_db_blocker)

    @pytest.fixture
    def lent(built: T, db: None) -> T:
        return built

    return built, lent
