"""Uploads one photo into a site that is otherwise empty, and says how it ended within a minute."""

import datetime as dt
import sys
import time
from pathlib import Path

import django

sys.path.insert(0, str(Path.cwd()))
django.setup()

from django.contrib.auth.models import User  # noqa: E402

from judging.rulebook import rulebook_ids  # noqa: E402
from meets.intake import image_submit  # noqa: E402
from meets.models import Attempt, Entry, ImageStatus, Lifter, Meet  # noqa: E402

meet = Meet.objects.create(name="Meet", starts_on=dt.date(2026, 5, 1), rulebook=rulebook_ids()[0])
entry = Entry.objects.create(meet=meet, lifter=Lifter.objects.create(meet=meet, name="Lifter", sex="F"), lot=1)
attempt = Attempt.objects.create(entry=entry, lift="squat", number=1, declared_kg="100")
user = User.objects.create_user("staff", password="correct horse")
image, _ = image_submit(attempt=attempt, user=user, data=Path(sys.argv[1]).read_bytes())
deadline = time.monotonic() + 60
while image.status in (ImageStatus.QUEUED, ImageStatus.WORKING) and time.monotonic() < deadline:
    time.sleep(0.1)
    image.refresh_from_db()
print(f"photo {image.status}")  # noqa: T201
