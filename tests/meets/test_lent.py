"""What is lent is the same for every borrower, and nobody else's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from meets.models import AttemptImage, Meet
from tests import factories as make
from tests.conftest import files_under
from tests.meets.lent import Lender, lending


@dataclass
class Shelf:
    image: AttemptImage
    meet: Meet


def shelf_make() -> Shelf:
    image = make.image_make()
    return Shelf(image, image.attempt.entry.meet)


built, lent = lending(shelf_make)


@pytest.mark.parametrize("turn", range(3))
def test_every_borrower_finds_it_as_it_was_built(lent: Shelf, photo_root: Path, turn: int) -> None:
    assert (lent.meet.town, lent.image.attempt.entry.meet is lent.meet) == ("", True)
    assert list(Meet.objects.values_list("pk", "town")) == [(lent.meet.pk, "")]
    assert len(files_under(photo_root)) == 3
    with lent.image.thumb.open("rb") as thumb:
        assert thumb.read(2) == b"\xff\xd8"

    lent.meet.town = "Åbo"
    lent.meet.save()
    make.image_make(lent.image.attempt)
    lent.image.thumb.delete(save=False)


@pytest.mark.django_db
def test_others_find_nothing_of_it(photo_root: Path) -> None:
    assert not Meet.objects.exists()
    assert files_under(photo_root) == []


def test_what_a_borrower_takes_back_is_as_it_was_built(lent: Shelf) -> None:
    with transaction.atomic():
        Meet.objects.update(town="Åbo")
        transaction.set_rollback(True)
    assert Meet.objects.get().town == ""


@pytest.mark.django_db
def test_it_is_not_built_in_a_tests_own_transaction(photo_root: Path, django_db_blocker: DjangoDbBlocker) -> None:
    built: list[Any] = []
    with pytest.raises(RuntimeError, match="take the django_db mark away"):
        Lender().lend(lambda: built.append(1), photo_root, django_db_blocker)
    assert built == []
