"""Run by the browser test in processes of their own: accounts, meets and attempts in the site that it will visit.

``python -m tests.e2e.seed``                three meets, as JSON
``python -m tests.e2e.seed more MEET COUNT``  one lifter more with so many attempts (at most nine), their ids as JSON
``python -m tests.e2e.seed officials``        a meet with a referee in every seat and a jury of three, as JSON
``python -m tests.e2e.seed stray ATTEMPT``    a photo of the attempt that looks like a deadlift, its id as JSON
"""

import datetime as dt
import itertools
import json
import os
import sys
from typing import Any

ATTEMPTS = list(itertools.product(("squat", "bench", "deadlift"), (1, 2, 3)))


def meets() -> dict[str, dict[str, str]]:
    from django.contrib.auth.models import Permission, User

    from meets import attempts, roster

    head = User.objects.create_user("head", password="pw-head-of-meet")
    head.user_permissions.add(Permission.objects.get(codename="add_meet"))
    people = {name: User.objects.create_user(name, password=f"pw-{name}-here") for name in ("staff", "referee")}
    made = {}
    modes = {"training": "training", "after_light": "after_light", "gate": "after_light", "long": "training"}
    for name, mode in modes.items():
        meet = roster.meet_create(
            user=head,
            name=f"Meet {name}",
            starts_on=dt.date(2026, 5, 1),
            rulebook="ipf-2026-v3",
            evidence_mode=mode,
        )
        for role, user in people.items():
            roster.membership_set(meet=meet, user=user, role=role, seat="left" if role == "referee" else "")
        made[name] = {"meet": str(meet.pk)}
        if name == "long":
            for _ in range(3):
                more(str(meet.pk), 9)
            continue
        lifter = roster.lifter_create(meet=meet, name="Alva Nord", sex="F")
        entry = roster.entry_create(meet=meet, lifter=lifter, lot=14, weight_class="63")
        attempt = attempts.attempt_create(entry=entry, lift="bench", number=2, declared_kg="82.5")
        made[name]["attempt"] = str(attempt.pk)
    return made


def more(meet_id: str, count: int) -> list[str]:
    from meets import attempts, roster
    from meets.models import Meet

    meet = Meet.objects.get(pk=meet_id)
    entry = roster.entry_create(meet=meet, lifter=roster.lifter_create(meet=meet, name="Berit Sund", sex="F"))
    rows = [
        attempts.attempt_create(entry=entry, lift=lift, number=number, declared_kg="100")
        for lift, number in ATTEMPTS[:count]
    ]
    return [str(row.pk) for row in rows]


def officials() -> dict[str, Any]:
    """The referees are called after their seats."""
    from django.contrib.auth.models import User

    from meets import attempts, roster

    head = User.objects.get(username="head")
    meet = roster.meet_create(user=head, name="Cup of officials", starts_on=dt.date(2026, 5, 1), rulebook="ipf-2026-v3")
    roster.membership_set(meet=meet, user=User.objects.get(username="staff"), role="staff")
    for seat in ("left", "chief", "right"):
        user = User.objects.create_user(seat, password=f"pw-{seat}-here")
        roster.membership_set(meet=meet, user=user, role="referee", seat=seat)
    for name in ("juror1", "juror2", "juror3"):
        user = User.objects.create_user(name, password=f"pw-{name}-here")
        roster.membership_set(meet=meet, user=user, role="jury")
    made = []
    for lot, (name, kg) in enumerate((("Alva Nord", "102.5"), ("Berit Sund", "110"), ("Cilla Berg", "117.5")), 1):
        lifter = roster.lifter_create(meet=meet, name=name, sex="F")
        entry = roster.entry_create(meet=meet, lifter=lifter, lot=lot, flight="A", weight_class="63")
        made.append(str(attempts.attempt_create(entry=entry, lift="squat", number=1, declared_kg=kg).pk))
    return {"meet": str(meet.pk), "attempts": made}


def stray(attempt_id: str) -> str:
    from django.contrib.auth.models import User
    from django.db import transaction

    from inference.assessment import FlagKind, LiftSeen
    from judging.outcomes import Outcome, Reason
    from judging.pose import Lift
    from meets.models import Attempt
    from tests.factories import assessed_make, finding_make, seen_make

    silent = finding_make(outcome=Outcome.CANNOT_JUDGE, reason=Reason.WRONG_LIFT, side=None, margin_cm=None, marks=())
    seen = seen_make(lift=LiftSeen(Lift.DEADLIFT, 0.91), flag=FlagKind.MISMATCH, findings=(silent,), votes=None)
    # In one go: the site's worker waits for the same readings.
    with transaction.atomic():
        user = User.objects.get(username="staff")
        return str(assessed_make(Attempt.objects.get(pk=attempt_id), user=user, seen=seen).image_id)


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.e2e.site_settings")
    django.setup()
    made: Any
    match sys.argv[1:]:
        case ["more", meet, count]:
            made = more(meet, int(count))
        case ["officials"]:
            made = officials()
        case ["stray", attempt]:
            made = stray(attempt)
        case _:
            made = meets()
    sys.stdout.write(json.dumps(made))


if __name__ == "__main__":
    main()
