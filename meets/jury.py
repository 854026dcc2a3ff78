"""The jury: it takes up a decision within the rule book's time, votes in secret, and upholds or reverses it, or gives
the attempt again. Who may vote is settled when a case opens. Every act is a record in the sealed log."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from judging import officials
from judging.officials import Decision
from meets.decisions import NotYours, Sitting, decision_tell, sitting_open
from meets.errors import Conflict, Unusable
from meets.log import ToLog, canonical
from meets.models import (
    Attempt,
    AttemptImage,
    JuryCase,
    JuryOutcome,
    JuryVote,
    LogKind,
    Meet,
    MeetStatus,
    Membership,
    Role,
    WebhookEvent,
)


def jury_open(
    *,
    attempt: Attempt,
    user: User,
    grounds: str,
    is_protest: bool = False,
    asked: str = JuryOutcome.REVERSED,
    version: int | None = None,
) -> JuryCase:
    """Takes up a decision. Its photos go with the case, by their hashes. Raises Refusal, and then nothing is written.

    is_protest: of the lifter's side, told to staff; a member of the jury opens a case of its own motion. asked: what
    the case is for; a reversal takes lights that stood 2 to 1.
    """
    if len(grounds.strip()) < 5:
        raise Unusable("grounds", "Say in a few words what the case is about.")
    if asked not in (JuryOutcome.REVERSED, JuryOutcome.EXTRA_ATTEMPT):
        raise Unusable("asked", "A case asks for a reversal or for an extra attempt.")
    with transaction.atomic():
        sitting = sitting_open(attempt, version)
        sitting = _lapsed_closed(sitting)
        if sitting.state.case:
            raise Conflict("case_open", "The jury has taken up this decision already.")
        members = _members(sitting.meet)
        now = timezone.now()
        refused = officials.jury_may_open(
            _lights(sitting),
            sitting.state.decided_at if sitting.state.outcome else None,
            now,
            len(members),
            sitting.book.jury,
            officials.JuryOutcome(asked),
        )
        if refused:
            raise Conflict(str(refused[0].reason), refused[0].detail)
        case = JuryCase.objects.create(
            attempt=attempt,
            take=sitting.state.take,
            opened_by=user,
            grounds=grounds.strip(),
            is_protest=is_protest,
            opened_at=now,
            closes_at=now + timedelta(seconds=sitting.book.jury.votes_within_s),
        )
        JuryVote.objects.bulk_create(JuryVote(case=case, member=member) for member in members)
        sitting.append(ToLog(LogKind.JURY_OPENED, _opened_body(sitting, case, members, asked), attempt.pk, user))
        return case


def _members(meet: Meet) -> list[User]:
    rows = Membership.objects.filter(meet=meet, role=Role.JURY).select_related("user").order_by("user__username")
    return [row.user for row in rows]


def _lights(sitting: Sitting) -> list[officials.Light]:
    return [officials.Light(light.colour) for light in sitting.state.seated.values()]


def _opened_body(sitting: Sitting, case: JuryCase, members: Sequence[User], asked: str) -> dict[str, object]:
    photos = AttemptImage.objects.filter(attempt=sitting.attempt, set_aside_at=None).order_by("uploaded_at", "pk")
    return {
        "case": str(case.pk),
        "take": case.take,
        "grounds": case.grounds,
        "protest": case.is_protest,
        "asked": asked,
        "members": [member.get_username() for member in members],
        "closes_at": case.closes_at,
        "rulebook": sitting.book.version,
        "photos": [{"id": str(pk), "sha256": sha256} for pk, sha256 in photos.values_list("pk", "sha256")],
    }


def jury_vote(*, case: JuryCase, member: User, vote: str, reason: str = "", version: int | None = None) -> JuryCase:
    """A member's vote. The last one decides. Raises Refusal, and then nothing is written.

    Until then the log holds the hash of a random number, the vote and its reason, so that the vote is sealed and yet
    secret; the decision's record opens them all.
    """
    if vote not in JuryOutcome.values:
        raise Unusable("vote", f"A vote is one of {', '.join(JuryOutcome.values)}.")
    with transaction.atomic():
        sitting = sitting_open(case.attempt, version)
        # Read anew, and locked with the meet: a case that closed since is not voted on.
        row = JuryCase.objects.get(pk=case.pk)
        mine = JuryVote.objects.filter(case=row, member=member).first()
        if mine is None:
            raise NotYours("not_a_member", "You are not one of the jury that this case was opened with.")
        if row.closed_at is not None:
            raise Conflict("case_closed", "This case is closed; its outcome stands.")
        refused = officials.jury_may_vote(
            officials.JuryOutcome(vote),
            voted=bool(mine.vote),
            eligible_for_reversal=officials.may_reverse(_lights(sitting), sitting.book.jury),
            opened_at=row.opened_at,
            now=timezone.now(),
            rules=sitting.book.jury,
        )
        if refused:
            raise Conflict(str(refused[0].reason), refused[0].detail)
        mine.vote, mine.reason, mine.given_at, mine.nonce = vote, reason.strip(), timezone.now(), secrets.token_hex(16)
        mine.save()
        record = ToLog(LogKind.JURY_VOTE, {"case": str(row.pk), "sealed": vote_seal(mine)}, sitting.attempt.pk, member)
        _case_settle(sitting, row, record)
        return row


def vote_seal(vote: JuryVote) -> str:
    """The hash under which a vote stands in the log until all are in: SHA-256 of [nonce, vote, reason]."""
    return hashlib.sha256(canonical([vote.nonce, vote.vote, vote.reason]).encode()).hexdigest()


def _case_settle(sitting: Sitting, case: JuryCase, record: ToLog) -> None:
    """Writes the vote's record, and with the last vote what the jury decided."""
    votes = list(JuryVote.objects.filter(case=case).select_related("member").order_by("member__username"))
    outcome = officials.jury_outcome(
        [officials.JuryOutcome(vote.vote) for vote in votes if vote.vote],
        len(votes),
        officials.may_reverse(_lights(sitting), sitting.book.jury),
        sitting.book.jury,
    )
    if outcome is None:
        sitting.append(record)
        return
    case.outcome, case.closed_at = str(outcome), timezone.now()
    case.save()
    before = Decision(sitting.state.outcome)
    after = before.reversed if outcome is officials.JuryOutcome.REVERSED else before
    body = {
        "case": str(case.pk),
        "take": case.take,
        "outcome": str(outcome),
        "from": str(before),
        "to": "" if outcome is officials.JuryOutcome.EXTRA_ATTEMPT else str(after),
        "votes": [
            {"member": vote.member.get_username(), "vote": vote.vote, "reason": vote.reason, "nonce": vote.nonce}
            for vote in votes
        ],
    }
    state = sitting.append(record, ToLog(LogKind.JURY_DECIDED, body, sitting.attempt.pk))
    decision_tell(sitting, state, WebhookEvent.DECISION_CHANGED)


def _lapsed_closed(sitting: Sitting) -> Sitting:
    """Closes the attempt's case when its time ran out: the decision stands."""
    open_cases = JuryCase.objects.filter(attempt=sitting.attempt, closed_at=None, closes_at__lt=timezone.now())
    case = open_cases.first()
    if case is None:
        return sitting
    case.closed_at = timezone.now()
    case.save()
    given = case.votes.exclude(vote="").count()
    body = {"case": str(case.pk), "votes_given": given, "votes_asked": case.votes.count()}
    state = sitting.append(ToLog(LogKind.JURY_LAPSED, body, sitting.attempt.pk))
    return Sitting(sitting.meet, sitting.attempt, state, sitting.book)


def juries_sweep() -> int:
    """Closes every case whose time ran out without all votes; returns how many."""
    late = JuryCase.objects.filter(
        closed_at=None, closes_at__lt=timezone.now(), attempt__entry__meet__status=MeetStatus.OPEN
    ).select_related("attempt__entry")
    closed = 0
    for case in late:
        with transaction.atomic():
            sitting = sitting_open(case.attempt)
            if _lapsed_closed(sitting) is not sitting:
                closed += 1
    return closed
