"""What a list can be asked for, in its address. A value that cannot be is refused, naming those that can: a filter that
is left out in silence would answer with more than was asked for."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from judging.pose import Lift
from meets.models import Attempt, AttemptOutcome, Entry, Flag, Lifter, Meet, Platform
from meets.selectors import lists

NO_FLAG, UNDECIDED = "none", "open"


def _choice(values: list[str], help_text: str) -> serializers.ChoiceField:
    return serializers.ChoiceField(
        choices=values,
        required=False,
        help_text=help_text,
        error_messages={"invalid_choice": f'"{{input}}" is none of {", ".join(values)}.'},
    )


class PlatformOfMeet(serializers.IntegerField):
    """The id of one of the meet's platforms."""

    def to_internal_value(self, data: Any) -> Any:
        platforms = Platform.objects.filter(meet=self.context.get("meet"))
        try:
            found = next((row for row in platforms if str(row.pk) == str(data)), None)
        except ValueError:
            found = None
        if found is None:
            known = ", ".join(f"{row.pk} ({row.name})" for row in platforms) or "none yet"
            raise serializers.ValidationError(f"There is no such platform in this meet. Its platforms: {known}.")
        return found


class PlaceFilter(serializers.Serializer[Any]):
    flight = serializers.CharField(max_length=2, required=False, help_text="As it stands in the entry.")
    platform = PlatformOfMeet(required=False, help_text="The id of a platform of the meet.")


class AttemptFilter(PlaceFilter):
    updated_since = serializers.DateTimeField(
        required=False,
        help_text="Attempts that changed then or later, photos, findings and decision included, the earliest first.",
        error_messages={"invalid": "Write a moment as 2026-05-01T10:00:00Z, with %2B for a plus."},
    )
    lift = _choice([lift.value for lift in Lift], "")
    outcome = _choice([UNDECIDED, *filter(None, AttemptOutcome.values)], "What the officials decided.")
    flag = _choice(
        [*filter(None, Flag.values), NO_FLAG],
        "The most urgent flag of its photos, among attempts whose evidence is open to you.",
    )

    def validate_updated_since(self, value: datetime) -> datetime:
        # Beyond these no database and no calendar agrees.
        if not 1970 < value.year < 9000:
            raise serializers.ValidationError("Write a moment between the years 1971 and 8999.")
        return value

    def validate_flag(self, value: str) -> Flag:
        return Flag("" if value == NO_FLAG else value)

    def validate_outcome(self, value: str) -> AttemptOutcome:
        return AttemptOutcome("" if value == UNDECIDED else value)


def _asked(kind: type[serializers.Serializer[Any]], request: Request, meet: Meet) -> dict[str, Any]:
    # The last of several: the form that a browser sends is nothing that a filter needs.
    asked = kind(data=request.query_params.dict(), context={"meet": meet})
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def lifters(request: Request, meet: Meet) -> "QuerySet[Lifter]":
    return lists.lifter_list(meet, **_asked(PlaceFilter, request, meet))


def entries(request: Request, meet: Meet) -> "QuerySet[Entry]":
    return lists.entry_list(meet, **_asked(PlaceFilter, request, meet))


def attempts(request: Request, meet: Meet) -> "QuerySet[Attempt]":
    return lists.attempt_list(request.user, meet, **_asked(AttemptFilter, request, meet))
