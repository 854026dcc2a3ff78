"""A meet with everything in it, made through the writers: for the log's verification, and for taking a meet along."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from meets import attempts, decisions, intake, jury, results, roster, sessions
from meets.models import AttemptImage, JuryCase, Meet, Role, Seat, UploadKey
from meets.seal import evidence_shown
from tests import factories as make


@dataclass(frozen=True)
class Whole:
    meet: Meet
    head: User
    referees: dict[str, User]
    jury: list[User]
    attempt: Any
    again: Any
    image: AttemptImage
    case: JuryCase


def whole_make(prefix: str = "") -> Whole:
    """prefix: of the accounts' names, where several meets are made."""
    head = make.user_make(f"{prefix}head", makes_meets=True)
    meet = roster.meet_create(user=head, name="Cup of Åbo", starts_on=dt.date(2026, 5, 1), rulebook="ipf-2026-v3")
    platform = roster.platform_create(meet=meet, name="One")
    camera = roster.camera_create(meet=meet, name="Left tripod", view="left", height_cm=90.5)
    session = sessions.session_create(meet=meet, user=head, number=1, name="Morning")
    referees = {seat: make.user_make(f"{prefix}ref_{seat}") for seat in Seat.values}
    for seat, user in referees.items():
        roster.membership_set(meet=meet, user=user, role=Role.REFEREE, seat=seat, by=head)
        sessions.seating_set(session=session, platform=platform, seat=seat, user=user, by=head)
    members = [make.user_make(f"{prefix}jury{number}") for number in range(3)]
    for user in members:
        roster.membership_set(meet=meet, user=user, role=Role.JURY, by=head)
    roster.membership_set(meet=meet, user=make.user_make(f"{prefix}staff"), role=Role.STAFF, by=head)
    lifter = roster.lifter_create(
        meet=meet,
        name="Zoë Ångström",
        sex="F",
        birth_date=dt.date(1999, 3, 2),
        country="Finland",
        team="Club",
        member_id="7",
    )
    entry = roster.entry_create(
        meet=meet, user=head, lifter=lifter, session=session, platform=platform, lot=1, flight="A",
        bodyweight_kg=make.kg("62.35"), categories=[("Open", "SBD"), ("", "B")], notes="sister of the head",
    )  # fmt: skip
    first, second, third = (
        attempts.attempt_create(user=head, entry=entry, lift=lift, number=1, declared_kg=make.kg("100"))
        for lift in ("squat", "bench", "deadlift")
    )
    attempts.attempt_update(attempt=first, user=head, declared_kg=make.kg("102.5"))
    image = image_in(first, head, camera)
    assert_settled(image)
    lights(first, referees, {"left": "white", "chief": "white", "right": "red"})
    decisions.card_record(attempt=first, referee=referees["right"], causes=["SQ-R1"])
    evidence_shown(referees["left"], meet, list(image.assessments.all()), "attempt")
    decisions.second_call_record(attempt=first, referee=referees["left"], colour="red")
    case = jury.jury_open(attempt=first, user=members[0], grounds="depth was there")
    for user, vote in zip(members, ("reversed", "reversed", "upheld"), strict=True):
        case = jury.jury_vote(case=case, member=user, vote=vote, reason="seen")
    # Given again: lights of two takes.
    lights(second, referees, {"left": "white", "chief": "red", "right": "red"})
    more = jury.jury_open(attempt=second, user=members[1], grounds="loading was wrong", asked="extra_attempt")
    for user in members:
        more = jury.jury_vote(case=more, member=user, vote="extra_attempt")
    lights(second, referees, dict.fromkeys(Seat.values, "white"))
    told = decisions.Elsewhere(lights=dict.fromkeys(Seat.values, "white"), system="other")
    decisions.decision_bring_in(attempt=third, user=head, told=told)
    decisions.decision_correct(attempt=third, user=head, outcome="no_lift", reason="slip of the other system")
    moved = image_in(second, head, None)
    intake.image_move(image=moved, user=head, attempt=third)
    aside = image_in(third, head, None)
    intake.image_set_aside(image=aside, user=head)
    intake.image_submit(attempt=second, user=head, data=make.photo_bytes(), idempotency_key=f"{prefix}key")
    assert UploadKey.objects.exists()
    meet.refresh_from_db()
    return Whole(meet, head, referees, members, first, second, image, case)


def image_in(attempt: Any, user: User, camera: Any) -> AttemptImage:
    image, _ = intake.image_submit(
        attempt=attempt, user=user, data=make.photo_bytes(), file_name="p.jpg", camera=camera
    )
    return image


def assert_settled(image: AttemptImage) -> None:
    assert results.reading_settle(claim=make.claim_make(image), seen=make.seen_make())


def lights(attempt: Any, referees: dict[str, User], colours: dict[str, str]) -> None:
    for seat, colour in colours.items():
        decisions.light_record(attempt=attempt, referee=referees[seat], colour=colour)
