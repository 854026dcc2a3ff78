"""A file of registrations into a meet: the preview, and the import. Both say the same of every row."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import transaction

from meets.attempts import attempt_create, attempt_update
from meets.errors import Conflict, Refusal, TooLarge, Unusable
from meets.exchange.roster_file import roster_read
from meets.exchange.roster_people import OF_LIFTER
from meets.exchange.roster_sheet import CellProblem, RosterFile, Unreadable
from meets.log import ToLog, log_extend
from meets.models import Attempt, Category, Entry, Lifter, LogKind, Meet, MeetStatus
from meets.roster import meet_touch
from meets.roster_plan import PLAIN, Plan, Planned, plan_changes, roster_plan

FILE_MAX_BYTES: Final = 5_000_000
TOO_LARGE: Final = "This file is larger than 5 MB. Send the list of lifters alone."
# Batches that SQLite takes.
_BATCH: Final = 400
_OF_ENTRY: Final = (*PLAIN, "weight_class", "equipment", "session", "platform")


@dataclass(frozen=True, slots=True)
class RosterReport:
    """What a file does to a meet, or did. rows: those taken, in the file's order. done: it was imported."""

    kind: str
    sha256: str
    lines: int
    rows: tuple[Planned, ...]
    problems: tuple[CellProblem, ...]
    warnings: tuple[CellProblem, ...]
    notes: tuple[str, ...]
    missing_platforms: tuple[str, ...]
    missing_sessions: tuple[int, ...]
    done: bool = False

    def count(self, what: str) -> int:
        return sum(row.what == what for row in self.rows)

    @property
    def counts(self) -> dict[str, int]:
        """Rows by what becomes of them, and the cells that could not be taken."""
        kinds = {what: self.count(what) for what in ("new", "changed", "unchanged")}
        left_out = len({one.row for one in self.problems if one.is_fatal})
        return {**kinds, "left_out": left_out, "problems": len(self.problems)}


def roster_file_read(data: bytes, file_name: str = "") -> RosterFile:
    """Raises TooLarge, or Unusable with what to send instead."""
    if len(data) > FILE_MAX_BYTES:
        raise TooLarge("too_large", TOO_LARGE)
    try:
        return roster_read(data, file_name)
    except Unreadable as error:
        raise Unusable("not_a_roster", str(error)) from error


def roster_preview(*, meet: Meet, data: bytes, file_name: str = "", create_missing: bool = False) -> RosterReport:
    """What importing the file would do now. Raises like roster_file_read; writes nothing."""
    file = roster_file_read(data, file_name)
    return _report(file, data, roster_plan(meet, file, create_missing=create_missing))


def roster_import(
    *, meet: Meet, user: User, data: bytes, file_name: str = "", create_missing: bool = False
) -> RosterReport:
    """Takes the file's good rows into the meet, in one transaction and with one record of the import in the log.

    The same file again changes nothing and writes nothing. An opener that the rules do not let change is named and
    left; everything else is all or nothing. Raises Conflict when the meet is closed, else like roster_file_read.
    """
    file = roster_file_read(data, file_name)
    with transaction.atomic():
        now = Meet.objects.select_for_update().get(pk=meet.pk)
        if now.status != MeetStatus.OPEN:
            raise Conflict("meet_closed", "This meet is closed. Open it again before changing it.")
        plan = roster_plan(now, file, create_missing=create_missing)
        if plan.is_empty:
            return _report(file, data, plan, done=True)
        meet_touch(now.pk)
        _people_write(plan)
        more = _logged_write(now, user, file, data, plan)
        if _is_all_refused(plan, more):
            transaction.set_rollback(True)
        return _report(file, data, plan, done=True, more=more)


def _report(
    file: RosterFile, data: bytes, plan: Plan, *, done: bool = False, more: Iterable[CellProblem] = ()
) -> RosterReport:
    return RosterReport(
        file.kind,
        hashlib.sha256(data).hexdigest(),
        file.lines,
        plan.rows,
        (*plan.problems, *more),
        plan.warnings,
        file.notes,
        plan.missing_platforms,
        plan.missing_sessions,
        done,
    )


def _people_write(plan: Plan) -> None:
    """Everything but the openers. The rows were checked cell by cell when they were read: no model is asked again."""
    # One by one, for the id that their rows need: there is a handful.
    for made in (*plan.platforms_made, *plan.sessions_made):
        made.save(force_insert=True)
    changes = list(plan_changes(plan))
    new_lifters = {one.lifter.pk: one.lifter for one in changes if one.is_new_lifter}
    Lifter.objects.bulk_create(new_lifters.values(), batch_size=_BATCH)
    old_lifters = {one.lifter.pk: one.lifter for one in changes if one.lifter_changes}
    _update(Lifter, old_lifters.values(), OF_LIFTER)
    moved = [one.entry.pk for one in changes if "lot" in one.entry_changes]
    for start in range(0, len(moved), _BATCH):
        # Two that change lots with each other never hold one at once.
        Entry.objects.filter(pk__in=moved[start : start + _BATCH]).update(lot=None)
    for one in changes:
        # All that is set here is at hand; what was only just made has its id by now.
        one.entry.session, one.entry.platform = one.entry.session, one.entry.platform
    _update(Entry, [one.entry for one in changes if one.entry_changes], _OF_ENTRY)
    Entry.objects.bulk_create([one.entry for one in changes if one.is_new], batch_size=_BATCH)
    categories = [
        Category(entry=one.entry, division=division, event=event)
        for one in changes
        for division, event in one.categories
    ]
    Category.objects.bulk_create(categories, batch_size=_BATCH)


def _update(model: Any, rows: Iterable[Any], names: tuple[str, ...]) -> None:
    """Writes these fields of rows that are there: many at once, which bulk_update takes minutes for."""
    model.objects.bulk_create(
        rows, batch_size=_BATCH, update_conflicts=True, unique_fields=["id"], update_fields=list(names)
    )


def _logged_write(meet: Meet, user: User, file: RosterFile, data: bytes, plan: Plan) -> list[CellProblem]:
    """The record of the import, and the openers with theirs. Returns the openers that the rules refused."""
    report = _report(file, data, plan)
    changed = [one for one in plan.rows if one.is_changed]
    body = {
        "what": "roster",
        "file_sha256": report.sha256,
        "made_by": file.kind,
        "lines": file.lines,
        "counts": report.counts,
        "lifters": [one.lifter.pk for one in plan.rows if one.is_new_lifter],
        "entries": [one.entry.pk for one in plan.rows if one.is_new],
        "changed": {str(one.entry.pk): one.changed_fields for one in changed},
        "platforms": [one.name for one in plan.platforms_made],
        "sessions": [one.number for one in plan.sessions_made],
    }
    records = [ToLog(LogKind.IMPORT, body, None, user)]
    if Attempt.objects.filter(entry__meet=meet, called_at__isnull=False).exists() or _any_decided(meet):
        log_extend(meet.pk, records)
        return _openers_one_by_one(user, plan)
    # Nobody has lifted yet: no rule of weights but the step is asked, and that was.
    attempts = [
        Attempt(entry=one.entry, lift=lift, number=1, declared_kg=kg)
        for one in plan.rows
        for lift, kg in one.openers.items()
    ]
    records += [ToLog(LogKind.ATTEMPT, _declared(attempt), attempt.pk, user) for attempt in attempts]
    Attempt.objects.bulk_create(attempts, batch_size=_BATCH)
    log_extend(meet.pk, records)
    return _reweighed(user, plan)


def _is_all_refused(plan: Plan, refused: list[CellProblem]) -> bool:
    """Would nothing have changed but openers, and did the rules let none of them?"""
    more = any(one.is_new or one.lifter_changes or one.entry_changes or one.categories for one in plan.rows)
    openers = sum(len(one.openers) + len(one.reweighed) for one in plan.rows)
    return not (more or plan.platforms_made or plan.sessions_made) and len(refused) == openers


def _any_decided(meet: Meet) -> bool:
    return Attempt.objects.filter(entry__meet=meet, decided_at__isnull=False).exists()


def _declared(attempt: Attempt) -> dict[str, Any]:
    """As meets.attempts tells of a declared weight."""
    return {
        "entry": str(attempt.entry_id),
        "lift": attempt.lift,
        "number": attempt.number,
        "kg": attempt.declared_kg,
        "record": attempt.is_record,
    }


def _openers_one_by_one(user: User, plan: Plan) -> list[CellProblem]:
    """Once lifting has begun, each by all the rules."""
    problems = []
    for one in plan.rows:
        for lift, kg in one.openers.items():
            act = partial(attempt_create, user=user, entry=one.entry, lift=lift, number=1, declared_kg=kg)
            problems += _tried(one, lift, str(kg), act)
    return problems + _reweighed(user, plan)


def _reweighed(user: User, plan: Plan) -> list[CellProblem]:
    problems = []
    for one in plan.rows:
        for attempt, kg in one.reweighed:
            act = partial(attempt_update, attempt=attempt, user=user, declared_kg=kg)
            problems += _tried(one, attempt.lift, str(kg), act)
    return problems


def _tried(one: Planned, lift: str, value: str, act: Any) -> list[CellProblem]:
    try:
        with transaction.atomic():
            act()
    except Refusal as refusal:
        return [CellProblem(one.row.row, one.row.column.get(lift) or lift, value, refusal.detail)]
    return []
