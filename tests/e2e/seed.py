"""Run by the browser test in a process of its own: accounts and two meets in the site that it will visit."""

import datetime as dt
import json
import os
import sys


def main() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()
    from django.contrib.auth.models import Permission, User

    from meets import roster

    head = User.objects.create_user("head", password="pw-head-of-meet")
    head.user_permissions.add(Permission.objects.get(codename="add_meet"))
    people = {name: User.objects.create_user(name, password=f"pw-{name}-here") for name in ("staff", "referee")}
    made = {}
    for mode in ("training", "after_light"):
        meet = roster.meet_create(
            user=head,
            name=f"Meet {mode}",
            starts_on=dt.date(2026, 5, 1),
            rulebook="ipf-2026-v3",
            evidence_mode=mode,
        )
        for name, user in people.items():
            roster.membership_set(meet=meet, user=user, role=name, seat="left" if name == "referee" else "")
        lifter = roster.lifter_create(meet=meet, name="Alva Nord", sex="F")
        entry = roster.entry_create(meet=meet, lifter=lifter, lot=14, weight_class="63")
        attempt = roster.attempt_create(entry=entry, lift="bench", number=2, declared_kg="82.5")
        made[mode] = {"meet": str(meet.pk), "attempt": str(attempt.pk)}
    sys.stdout.write(json.dumps(made))


if __name__ == "__main__":
    main()
