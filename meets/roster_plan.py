"""What a file of registrations would change in a meet: read, compared and checked, and nothing written.

A row is matched with a lifter by member number, else by name and birth date or year, else by name and sex. A number
that is another lifter's by name and sex, or name and birth, is mistyped, and its row is left out. What the file leaves
empty stays as it is, and nothing is ever taken away.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from judging.rulebook import rulebook_load
from meets import weigh_in
from meets.competition.ages import AgeGroup, age_groups_of
from meets.competition.attempts import LETTERS, kg_text
from meets.competition.classes import class_name, class_names
from meets.errors import Conflict
from meets.exchange.divisions import division_of
from meets.exchange.roster_people import OF_LIFTER, People, Person, person_of
from meets.exchange.roster_sheet import CellProblem, RosterFile, RosterRow
from meets.exchange.rows import EQUIPMENT_WORDS
from meets.exchange.spellings import federation_code
from meets.exchange.words import key_of
from meets.models import Attempt, Category, Entry, Equipment, Lifter, Meet, Platform, Session

EQUIPMENT: Final[Mapping[str, str]] = {
    **{word: kind for kind, word in EQUIPMENT_WORDS.items()},
    "Bare": Equipment.CLASSIC,
    "Sleeves": Equipment.CLASSIC,
}
# Of an entry's fields, those that a row gives as they are.
PLAIN: Final = (
    "flight", "lot", "guest", "bodyweight_kg", "squat_rack", "bench_rack", "bench_safety", "bench_blocks", "tested",
    "notes",
)  # fmt: skip
# Nobody lifts at another age (OpenPowerlifting's checker takes no others).
AGES: Final = (5, 97)
_AGE_GROUPS: Final = {
    "Sj": AgeGroup.SUB_JUNIOR, "Jr": AgeGroup.JUNIOR, "M1": AgeGroup.MASTER_1, "M2": AgeGroup.MASTER_2,
    "M3": AgeGroup.MASTER_3, "M4": AgeGroup.MASTER_4,
}  # fmt: skip


@dataclass(slots=True)
class Planned:
    """One row and what it does. lifter, entry: as they would be, not saved. changes: field → (before, after), empty for
    who is new. categories, openers: those that are added. reweighed: openers that stand there with another weight."""

    row: RosterRow
    lifter: Lifter
    entry: Entry
    is_new_lifter: bool
    is_new: bool
    lifter_changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    entry_changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    categories: list[tuple[str, str]] = field(default_factory=list)
    openers: dict[str, Decimal] = field(default_factory=dict)
    reweighed: list[tuple[Attempt, Decimal]] = field(default_factory=list)

    @property
    def is_changed(self) -> bool:
        more = self.categories or self.openers or self.reweighed
        return not self.is_new and bool(self.lifter_changes or self.entry_changes or more)

    @property
    def changed_fields(self) -> list[str]:
        """What changes, by name alone: what stands in it may be a name or a birth date, which the log never holds."""
        if self.is_new:
            return []
        names = [*self.lifter_changes, *self.entry_changes, *(["categories"] if self.categories else [])]
        return names + [f"{lift}_opener" for lift in (*self.openers, *(one.lift for one, _ in self.reweighed))]

    @property
    def what(self) -> str:
        return "new" if self.is_new else "changed" if self.is_changed else "unchanged"


@dataclass(frozen=True, slots=True)
class Plan:
    """missing_platforms, missing_sessions: named in the file and not there; made on import where that was asked for.
    warnings: cells that are taken and should be looked at."""

    rows: tuple[Planned, ...]
    problems: tuple[CellProblem, ...]
    warnings: tuple[CellProblem, ...]
    missing_platforms: tuple[str, ...]
    missing_sessions: tuple[int, ...]
    platforms_made: tuple[Platform, ...] = ()
    sessions_made: tuple[Session, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (any(row.is_new or row.is_changed for row in self.rows) or self.platforms_made or self.sessions_made)


def roster_plan(meet: Meet, file: RosterFile, *, create_missing: bool = False) -> Plan:
    """Six queries, however long the file is."""
    return _Planner(meet, file, create_missing).plan()


class _Planner:
    def __init__(self, meet: Meet, file: RosterFile, create_missing: bool) -> None:
        self.meet, self.file, self.create_missing = meet, file, create_missing
        self.problems: list[CellProblem] = list(file.problems)
        self.warnings: list[CellProblem] = []
        self.step_kg = rulebook_load(meet.rulebook).attempts.step_kg
        self.people: People[Lifter] = People()
        self.claimed: dict[UUID, tuple[Person, int]] = {}
        self.sessions = {row.number: row for row in Session.objects.filter(meet=meet)}
        self.platforms = {key_of(row.name): row for row in Platform.objects.filter(meet=meet)}
        self.missing_platforms: dict[str, Platform] = {}
        self.missing_sessions: dict[int, Session] = {}
        self.entries: dict[UUID, list[Entry]] = defaultdict(list)
        self.had: dict[UUID, set[tuple[str, str]]] = defaultdict(set)
        self.attempts: dict[tuple[UUID, str], Attempt] = {}
        self.lots: dict[int, UUID] = {}
        self._load()

    def _load(self) -> None:
        lifters = {}
        for lifter in Lifter.objects.filter(meet=self.meet):
            lifters[lifter.pk] = lifter
            if lifter.erased_at is not None:
                # No file gives somebody a name again who asked that it be forgotten.
                continue
            who = Person(lifter.name, lifter.sex, lifter.member_id, lifter.birth_date, lifter.birth_year)
            self.people.add(who, lifter)
        sessions: dict[int | None, Session] = {row.pk: row for row in self.sessions.values()}
        platforms: dict[int | None, Platform] = {row.pk: row for row in self.platforms.values()}
        for entry in Entry.objects.filter(meet=self.meet).order_by("created_at", "pk"):
            # Rows that are here anyway, so that none is asked for again.
            entry.meet, entry.lifter = self.meet, lifters[entry.lifter_id]
            entry.session = sessions.get(entry.session_id)
            entry.platform = platforms.get(entry.platform_id)
            self.entries[entry.lifter_id].append(entry)
            if entry.lot is not None:
                self.lots[entry.lot] = entry.pk
        pairs = Category.objects.filter(entry__meet=self.meet).values_list("entry_id", "division", "event")
        for entry_id, division, event in pairs:
            self.had[entry_id].add((division, event))
        for attempt in Attempt.objects.filter(entry__meet=self.meet, number=1):
            self.attempts[attempt.entry_id, attempt.lift] = attempt

    def plan(self) -> Plan:
        self._federation_check()
        alone = self._alone()
        rows = [planned for row in self.file.rows if (planned := self._row(self._born_check(row), alone))]
        self._lots_settle(rows)
        self._missing_tell()
        made = self.create_missing
        return Plan(
            tuple(rows),
            tuple(sorted(self.problems, key=lambda one: one.row)),
            tuple(self.warnings),
            tuple(row.name for row in self.missing_platforms.values()),
            tuple(sorted(self.missing_sessions)),
            tuple(self.missing_platforms.values()) if made else (),
            tuple(self.missing_sessions.values()) if made else (),
        )

    def problem(
        self,
        row: RosterRow,
        name: str,
        value: Any,
        detail: str,
        accepted: Iterable[str] = (),
        *,
        is_fatal: bool = False,
    ) -> None:
        column = row.column.get(name) or name.replace("_", " ")
        self.problems.append(CellProblem(row.row, column, str(value), detail, tuple(accepted), is_fatal, name))

    def _federation_check(self) -> None:
        theirs, ours = self.file.federation, self.meet.federation
        if theirs and ours and key_of(federation_code(theirs)) != key_of(federation_code(ours)):
            said = (
                f"The file is of another federation than this meet, which is {ours}. Look whether it is the right one."
            )
            self.problems.append(CellProblem(0, "federation", theirs, said, (ours,)))

    def _alone(self) -> set[Person]:
        """Who stands in the file once: whose kind of equipment may then have been corrected."""
        seen: dict[Person, int] = defaultdict(int)
        for row in self.file.rows:
            seen[person_of(row)] += 1
        return {person for person, count in seen.items() if count == 1}

    # ── A row ────────────────────────────────────────────────────────────────────────────────────────────

    def _row(self, row: RosterRow, alone: set[Person]) -> Planned | None:
        person = person_of(row)
        found = self.people.find(person)
        if found.who and found.differs_in:
            self._number_refuse(row, found.who, found.differs_in)
            return None
        taken = self.claimed.get(found.who.pk) if found.who else None
        if found.several or (taken and taken[0] != person):
            other = f"Row {taken[1]} is taken for" if taken else "Several lifters of the meet may be"
            said = f"{other} the same lifter. Add a member number or a birth date, here and in the meet."
            self.problem(row, "name", row.name, said, is_fatal=True)
            return None
        lifter, is_new_lifter = found.who, found.who is None
        if lifter is None:
            lifter = Lifter(meet=self.meet)
            self.people.add(person, lifter)
        self.claimed[lifter.pk] = person, row.row
        known = self.entries[lifter.pk]
        equipment = EQUIPMENT[row.equipment]
        entry = next((one for one in known if one.equipment == equipment), None)
        if entry is None and len(known) == 1 and person in alone:
            entry = known[0]
        is_new = entry is None
        if entry is None:
            entry = Entry(meet=self.meet, lifter=lifter)
            known.append(entry)
        planned = Planned(row, lifter, entry, is_new_lifter, is_new)
        self._lifter_set(planned)
        self._renamed_warn(planned)
        self._entry_set(planned, equipment)
        self._categories_set(planned)
        self._openers_set(planned)
        return planned

    def _number_refuse(self, row: RosterRow, holder: Lifter, differs_in: str) -> None:
        """Whose number is mistyped must not overwrite the lifter who has it."""
        said = f"This is {holder.name}'s number in this meet, and the row differs in {differs_in}."
        more = "Correct the number here, or that lifter in the meet."
        self.problem(row, "member_id", row.member_id, f"{said} {more}", is_fatal=True)

    def _renamed_warn(self, planned: Planned) -> None:
        """A number without a birth that agrees may still be mistyped: whoever imports looks at the two names."""
        row, (before, _) = planned.row, planned.lifter_changes.get("name", ("", ""))
        is_born_alike = "birth_year" not in planned.lifter_changes and row.birth_year is not None
        if before and key_of(before) != key_of(row.name) and not is_born_alike:
            said = f"By the member number this is {before}, who gets this name."
            said += " If it is somebody else, correct the number."
            self.warnings.append(CellProblem(row.row, row.column.get("name") or "name", row.name, said))

    def _born_check(self, row: RosterRow) -> RosterRow:
        year = row.birth_year
        if year is None or AGES[0] <= self.meet.starts_on.year - year <= AGES[1]:
            return row
        name = "birth_date" if row.birth_date else "birth_year"
        said = f"Nobody born then lifts in {self.meet.starts_on.year}."
        self.problem(row, name, row.birth_date or year, said)
        return replace(row, birth_date=None, birth_year=None)

    def _lifter_set(self, planned: Planned) -> None:
        row, lifter = planned.row, planned.lifter
        stated = {name: getattr(row, name) for name in OF_LIFTER if getattr(row, name) not in (None, "")}
        if row.birth_date is None and lifter.birth_date is not None and stated.get("birth_year"):
            if row.birth_year != lifter.birth_date.year:
                said = f"The meet has {lifter.birth_date} as birth date. Correct one of the two."
                self.problem(row, "birth_year", row.birth_year, said)
            del stated["birth_year"]
        planned.lifter_changes = _set(lifter, stated, is_new=planned.is_new_lifter)

    def _entry_set(self, planned: Planned, equipment: str) -> None:
        row, entry = planned.row, planned.entry
        stated = {name: getattr(row, name) for name in PLAIN if getattr(row, name) not in (None, "")}
        stated["equipment"] = equipment
        if (session := self._session(row)) is not None:
            stated["session"] = session
        if (platform := self._platform(row)) is not None:
            stated["platform"] = platform
        if stated.get("guest") is False and planned.is_new:
            del stated["guest"]
        before = entry.weight_class, entry.bodyweight_kg
        planned.entry_changes = _set(entry, stated, is_new=planned.is_new)
        self._class_set(planned, before)

    def _session(self, row: RosterRow) -> Session | None:
        if row.session is None or row.session in self.sessions:
            return self.sessions[row.session] if row.session else None
        session = self.missing_sessions.setdefault(row.session, Session(meet=self.meet, number=row.session))
        return session if self.create_missing else None

    def _platform(self, row: RosterRow) -> Platform | None:
        if not row.platform:
            return None
        key = key_of(row.platform)
        if found := self.platforms.get(key) or self.platforms.get(f"platform{key}"):
            return found
        # A meet's only platform is meant by "1", whatever it is called here.
        if key == "1" and len(self.platforms) == 1:
            return next(iter(self.platforms.values()))
        name = f"Platform {row.platform}" if row.platform.isdecimal() else row.platform
        platform = self.missing_platforms.setdefault(key, Platform(meet=self.meet, name=name))
        return platform if self.create_missing else None

    def _missing_tell(self) -> None:
        """Once for each, by the first row that names it."""
        if self.create_missing:
            return
        first: dict[tuple[str, Any], RosterRow] = {}
        count: dict[tuple[str, Any], int] = defaultdict(int)
        for row in self.file.rows:
            for at in (("platform", key_of(row.platform)), ("session", row.session)):
                if at[1] in (self.missing_platforms if at[0] == "platform" else self.missing_sessions):
                    first.setdefault(at, row)
                    count[at] += 1
        for (name, _), row in first.items():
            there = [one.name for one in self.platforms.values()] if name == "platform" else map(str, self.sessions)
            rows = f"{count[name, _]} row{'s' if count[name, _] > 1 else ''}"
            said = f"This meet has no such {name} ({rows} name it). Have it made on import, or correct it."
            self.problem(row, name, getattr(row, name), said, there)

    # ── Its class, divisions and openers ─────────────────────────────────────────────────────────────────

    def _class_set(self, planned: Planned, before: tuple[str, Decimal | None]) -> None:
        row, entry = planned.row, planned.entry
        if row.weight_class:
            stated = self._class_stated(row)
            if stated and class_name(stated) != class_name(before[0]):
                planned.entry_changes |= _set(entry, {"weight_class": stated}, is_new=planned.is_new)
        if (entry.weight_class, entry.bodyweight_kg) == before:
            return
        try:
            settled = weigh_in.class_settle(entry).weight_class
        except Conflict as refusal:
            self.problem(row, "weight_class", row.weight_class or entry.weight_class, refusal.detail)
            entry.weight_class = ""
            settled = weigh_in.class_settle(entry).weight_class
        entry.weight_class = settled
        planned.entry_changes.pop("weight_class", None)
        if settled != before[0] and not planned.is_new:
            planned.entry_changes["weight_class"] = before[0], settled

    def _class_stated(self, row: RosterRow) -> str:
        """The class as it is written here; empty, and told, where the federation has no such class."""
        on, federation = self.meet.starts_on, self.meet.federation
        names = class_names(row.sex, on, AgeGroup.JUNIOR, federation=federation)
        stated = class_name(row.weight_class)
        if key_of(row.weight_class) in ("shw", "superheavyweight", "superheavy") and names:
            return names[-1]
        if not names or stated in names:
            return stated
        self.problem(row, "weight_class", row.weight_class, f"{federation} has no such class for {row.sex}.", names)
        return ""

    def _categories_set(self, planned: Planned) -> None:
        row = planned.row
        had = self.had[planned.entry.pk]
        # Who is registered without a division, in full power, needs no category: that is how entries without one count.
        wanted = [
            pair for pair in row.categories if pair not in had and (pair != ("", "SBD") or len(row.categories) > 1)
        ]
        planned.categories = wanted
        had.update(wanted)
        lifter = planned.lifter
        for division in dict.fromkeys(division for division, _ in row.categories):
            if said := division_warning(division, self.meet.starts_on, lifter.birth_date, lifter.birth_year):
                column = next(
                    (row.column[name] for name in sorted(row.column) if name.startswith("division")), "division"
                )
                self.warnings.append(CellProblem(row.row, column, division, said))

    def _openers_set(self, planned: Planned) -> None:
        row, entry = planned.row, planned.entry
        lifts = {letter for _, event in self.had[entry.pk] for letter in event} or set(LETTERS)
        for letter, kg in row.openers.items():
            lift = LETTERS[letter].value
            there = self.attempts.get((entry.pk, lift))
            if kg % self.step_kg:
                near = kg - kg % self.step_kg
                accepted = [kg_text(one) for one in (near, near + self.step_kg) if one > 0]
                self.problem(row, lift, kg_text(kg), f"Weights are multiples of {kg_text(self.step_kg)}.", accepted)
            elif letter not in lifts:
                self.problem(row, lift, kg_text(kg), "This lift is in none of the lifter's events.")
            elif there is None:
                planned.openers[lift] = kg
            elif there.declared_kg != kg and (there.called_at or there.outcome):
                self.problem(row, lift, kg_text(kg), "This opener was called already, so its weight stays.")
            elif there.declared_kg != kg:
                planned.reweighed.append((there, kg))

    # ── Lots ─────────────────────────────────────────────────────────────────────────────────────────────

    def _lots_settle(self, rows: list[Planned]) -> None:
        """Lots are drawn anew now and then: what counts is who has which when all rows are in. A lot that somebody has
        whom the file does not name is not given again; who wanted it keeps the old one, which may in turn be wanted."""
        wanting = [one for one in rows if one.row.lot is not None]
        while refused := self._lots_refused(wanting):
            for planned in refused:
                entry, lot = planned.entry, planned.row.lot
                said = f"Lot {lot} is another lifter's in this meet, whom the file gives no other lot."
                self.problem(planned.row, "lot", lot, said)
                entry.lot = next((number for number, pk in self.lots.items() if pk == entry.pk), None)
                planned.entry_changes.pop("lot", None)
            gone = {id(planned) for planned in refused}
            wanting = [one for one in wanting if id(one) not in gone]

    def _lots_refused(self, wanting: list[Planned]) -> list[Planned]:
        moving = {one.entry.pk for one in wanting}
        held = {lot for lot, pk in self.lots.items() if pk not in moving}
        return [one for one in wanting if one.row.lot in held]


def _set(row: Lifter | Entry, stated: Mapping[str, Any], *, is_new: bool) -> dict[str, tuple[Any, Any]]:
    """Sets what differs. Returns it with what stood before; nothing for who is new."""
    changes = {}
    for name, value in stated.items():
        before = getattr(row, name)
        if before != value:
            setattr(row, name, value)
            changes[name] = before, value
    return {} if is_new else changes


def division_warning(division: str, on: dt.date, birth_date: dt.date | None, birth_year: int | None) -> str:
    """A sentence where the division names an age group that the lifter is not in; empty where it names none, or the age
    is not known. Divisions are named freely, so nothing is refused for it."""
    group = _AGE_GROUPS.get(division_of(division).group) if division else None
    if group is None or (birth_date is None and birth_year is None):
        return ""
    try:
        eligible = age_groups_of(on=on, birth_date=birth_date, birth_year=birth_year)
    except ValueError:
        return ""
    if group in eligible.groups or group in eligible.unsure:
        return ""
    others = ", ".join(one.label for one in eligible.groups) or "none"
    return f"By age this lifter is not in {group.label}; groups that fit: {others}."


def division_warnings(entry: Entry) -> list[str]:
    """division_warning of each division that the entry competes in, with the division's name."""
    lifter, on = entry.lifter, entry.meet.starts_on
    named = dict.fromkeys(entry.categories.values_list("division", flat=True))
    said = ((name, division_warning(name, on, lifter.birth_date, lifter.birth_year)) for name in named)
    return [f"{name}: {sentence}" for name, sentence in said if sentence]


def plan_changes(plan: Plan) -> Iterator[Planned]:
    return (row for row in plan.rows if row.is_new or row.is_changed)
