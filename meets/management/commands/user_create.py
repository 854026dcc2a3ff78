"""python manage.py user_create NAME: an account, and its part in a meet."""

import getpass
import os
import sys
from typing import Any

from django.contrib.auth.models import Permission, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from meets import roster
from meets.models import Meet, Role, Seat


class Command(BaseCommand):
    help = "Makes an account. The password comes from USER_PASSWORD, or is asked for: never from the command line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--makes-meets", action="store_true", help="may create meets and becomes their head")
        parser.add_argument("--meet", help="id of a meet to give the account a part in")
        parser.add_argument("--role", choices=Role.values, default=Role.READER)
        parser.add_argument("--seat", choices=Seat.values, default="")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        if User.objects.filter(username=name).exists():
            raise CommandError(f"There is already a user {name!r}. Choose another name.")
        user = User(username=name)
        try:
            user.username_validator(name)
            password = _password()
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.set_password(password)
        user.save()
        if options["makes_meets"]:
            user.user_permissions.add(Permission.objects.get(codename="add_meet", content_type__app_label="meets"))
        if options["meet"]:
            roster.membership_set(meet=_meet(options["meet"]), user=user, role=options["role"], seat=options["seat"])
        self.stdout.write(f"Made {name}.")


def _password() -> str:
    if "USER_PASSWORD" in os.environ:
        return os.environ["USER_PASSWORD"]
    if not sys.stdin.isatty():
        raise CommandError("Set USER_PASSWORD, or run this at a terminal to be asked for it.")
    return getpass.getpass("Password: ")


def _meet(pk: str) -> Meet:
    try:
        return Meet.objects.get(pk=pk)
    except (Meet.DoesNotExist, ValidationError) as error:
        raise CommandError(f"There is no meet {pk}.") from error
