"""python manage.py token_create USER: a token for a script that speaks to the API."""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from meets import access, tokens
from meets.errors import Refusal
from meets.models import Meet


class Command(BaseCommand):
    help = "Makes an API token for a user and prints it. It is shown once: only its digest is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user")
        parser.add_argument("--days", type=int, default=None, help="days until it expires; without it, never")
        parser.add_argument("--name", default="", help="what it is for")
        parser.add_argument("--read-only", action="store_true", help="it changes nothing")
        parser.add_argument("--meet", default=None, help="the id of the one meet that it is good for")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['user']!r}. Make one with user_create.")
        try:
            _, token = tokens.token_create(
                user=user,
                name=options["name"],
                days=options["days"],
                read_only=options["read_only"],
                meet=_meet(user, options["meet"]),
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except Refusal as refusal:
            raise CommandError(refusal.detail) from refusal
        self.stdout.write(token)


def _meet(user: User, meet_id: str | None) -> Meet | None:
    if meet_id is None:
        return None
    try:
        return access.visible(Meet, user).get(pk=meet_id)
    except (Meet.DoesNotExist, ValidationError, ValueError) as error:
        raise CommandError(f"{user.get_username()} takes part in no meet {meet_id!r}.") from error
