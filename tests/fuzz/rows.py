"""python -m tests.fuzz.rows make|close|state: what is asked for, as JSON on the last line, with the site's settings.

make: two meets with many rows of every kind, and a key for every part in the first. close: the first is over. state:
all that is in the second, as one hash a table: nobody of the first may change any of it.
"""

import hashlib
import json
import os
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.fuzz.site_settings")
django.setup()

from django.apps import apps  # noqa: E402
from django.db.models import Model  # noqa: E402

from meets import decisions, intake, jury, roster, sessions, tokens  # noqa: E402
from meets.models import Attempt, AttemptImage, ImageStatus, Lifter, Meet, MeetStatus, Role, Webhook  # noqa: E402
from tests import factories as make  # noqa: E402

# Deletions are asked for too; so many rows that some are left to the end.
SPARE = 12
FOREIGN = "Elsewhere"


class Rows:
    """One meet with rows of every kind, and who takes part in it."""

    def __init__(self, name: str) -> None:
        self.head = make.user_make(f"{name}-head", makes_meets=True)
        self.meet = make.meet_make(name=name, live_permission="By the jury's chair.")
        roster.membership_set(meet=self.meet, user=self.head, role=Role.HEAD)
        self.people = {role.value: make.member_make(self.meet, role) for role in Role if role is not Role.HEAD}
        self.people["head"] = self.head
        self.ids: dict[str, list[str]] = {}
        for step in (self._places, self._lifters, self._decided, self._outgoing):
            step()
        self._put("meets", [self.meet])

    def _put(self, kind: str, rows: Any) -> None:
        self.ids.setdefault(kind, []).extend(str(row.pk) for row in rows)

    def _places(self) -> None:
        self.platform = self.meet.platforms.create(name="One")
        self._put("platforms", [self.platform, *(self.meet.platforms.create(name=f"P{n}") for n in range(SPARE))])
        self.sessions = [sessions.session_create(meet=self.meet, number=n + 1) for n in range(SPARE)]
        self._put("sessions", self.sessions)
        self._put("cameras", [make.camera_make(self.meet) for _ in range(SPARE)])
        spare = [make.member_make(self.meet, Role.READER) for _ in range(SPARE)]
        self.ids["usernames"] = [user.username for user in spare]

    def _lifters(self) -> None:
        self._put("lifters", [make.lifter_make(self.meet) for _ in range(SPARE)])
        for number in range(SPARE):
            entry = make.entry_make(self.meet, platform=self.platform, session=self.sessions[number % 2])
            self._put("entries", [entry])
            self._put("attempts", [make.attempt_make(entry=entry), make.attempt_make(entry=entry, lift="bench")])
        # A referee of the first session holds a chair of it.
        referee = self.people["referee"]
        sessions.seating_set(session=self.sessions[0], platform=None, seat="left", user=referee, by=self.head)
        for pk in self.ids["attempts"][:SPARE]:
            attempt = Attempt.objects.get(pk=pk)
            image, failed, aside = (make.image_make(attempt, user=self.head) for _ in range(3))
            make.assessed_make(attempt, user=self.head)
            failed.readings.update(status=ImageStatus.FAILED)
            AttemptImage.objects.filter(pk=failed.pk).update(status=ImageStatus.FAILED)
            intake.image_lift_say(image=image, user=self.head)
            intake.image_set_aside(image=aside, user=self.head)
        self._put("images", AttemptImage.objects.filter(attempt__entry__meet=self.meet))

    def _decided(self) -> None:
        told = decisions.Elsewhere(lights={"left": "white", "chief": "white", "right": "red"})
        jurors = [self.people["jury"], *(make.member_make(self.meet, Role.JURY) for _ in range(2))]
        for number in range(SPARE):
            attempt = make.attempt_make(self.meet, lift="deadlift")
            decisions.decision_bring_in(attempt=attempt, user=self.head, told=told)
            self._put("attempts", [attempt])
            if number % 2:
                self._put("jury", [jury.jury_open(attempt=attempt, user=jurors[0], grounds="seen from the side")])

    def _outgoing(self) -> None:
        rows = [
            Webhook.objects.create(meet=self.meet, url="https://192.0.2.1/", created_by=self.head) for _ in range(SPARE)
        ]
        self._put("webhooks", rows)


def keys(rows: Rows) -> dict[str, str]:
    """A key for every part in the meet; one that may only read, one that holds for this meet alone; a stranger's."""
    stranger = make.user_make("stranger")
    found = {role: tokens.token_create(user=user, days=1)[1] for role, user in rows.people.items()}
    # Of another head, since the first may end keys of their own.
    second = make.member_make(rows.meet, Role.HEAD)
    found["read only"] = tokens.token_create(user=second, days=1, read_only=True)[1]
    found["one meet"] = tokens.token_create(user=second, days=1, meet=rows.meet)[1]
    return found | {"stranger": tokens.token_create(user=stranger, days=1)[1]}


def rows_make() -> dict[str, Any]:
    own, foreign = Rows("Own"), Rows(FOREIGN)
    return {
        "own": own.ids,
        "foreign": foreign.ids,
        "foreign_names": [FOREIGN, *Lifter.objects.filter(meet=foreign.meet).values_list("name", flat=True)],
        "keys": keys(own),
    }


def of_meet(model: type[Model]) -> str:
    """The way from a table's row to its meet, as a filter names it; empty for a table that hangs on none."""
    if model is Meet:
        return "pk"
    parents = [one for one in model._meta.get_fields() if one.concrete and one.many_to_one]
    ways = [(one.name, of_meet(one.related_model)) for one in parents if one.related_model._meta.app_label == "meets"]
    return next((f"{name}__{way}".removesuffix("__pk") for name, way in ways if way), "")


def state() -> dict[str, str]:
    """Per table that hangs on a meet: the hash of the second meet's rows."""
    meet = Meet.objects.get(name=FOREIGN)
    found = {}
    for model in apps.get_app_config("meets").get_models():
        if way := of_meet(model):
            rows = model._default_manager.filter(**{way: meet.pk}).order_by("pk").values_list()
            text = json.dumps([[str(value) for value in row] for row in rows])
            found[model.__name__] = f"{len(rows)} rows, {hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return found


def close() -> str:
    """Closes the first meet; a head's key, of one who was not asked with before: the others' may have ended."""
    meet = Meet.objects.exclude(name=FOREIGN).earliest("created_at")
    key = tokens.token_create(user=make.member_make(meet, Role.HEAD), days=1)[1]
    Meet.objects.filter(pk=meet.pk).update(status=MeetStatus.CLOSED)
    return key


if __name__ == "__main__":
    print(json.dumps({"make": rows_make, "close": close, "state": state}[sys.argv[1]]()))
