"""The play: lifters are entered and weighed in, lift nine attempts each under three referees, three decisions go to the
jury, and everything that was done is noted here too, apart from the site, for the check that follows."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.play.client import Player

LIFTS = ("squat", "bench", "deadlift")
SEATS = ("left", "chief", "right")
CAUSES = {
    "squat": ("SQ-R1", "SQ-B2", "SQ-Y2"),
    "bench": ("BP-R2", "BP-B1", "BP-Y3"),
    "deadlift": ("DL-R1", "DL-B1", "DL-Y1"),
}
# How likely an attempt is to fail, by its number: squats of 46,703 entries of the IPF and its regions.
FAILS = {1: 0.10, 2: 0.19, 3: 0.45}
STEP = Decimal("2.5")


@dataclass
class Cast:
    """Who plays. head may create meets; referees by seat; jury of three."""

    head: Player
    staff: Player
    referees: dict[str, Player]
    jury: list[Player]
    reader: Player


@dataclass
class Noted:
    """A lifter as the play knows it."""

    entry: str
    name: str
    sex: str
    bodyweight: Decimal
    division: str
    lot: int
    kg: dict[str, Decimal] = field(default_factory=dict)
    # lift → [(weight, good)], as they stand in the end.
    taken: dict[str, list[tuple[Decimal, bool]]] = field(default_factory=lambda: {lift: [] for lift in LIFTS})
    # lift → when the attempt that gave the best was decided.
    when: dict[tuple[str, int], int] = field(default_factory=dict)


@dataclass
class Played:
    meet: str
    lifters: dict[str, Noted]
    jury: list[dict[str, Any]]
    attempts: int = 0
    late_refused: int = 0
    cards: int = 0


def silent(done: int, of: int) -> None:
    """Shows no progress."""


def play(cast: Cast, *, lifters: int = 60, seed: int = 7, show: Callable[[int, int], None] = silent) -> Played:
    """Plays a meet of that many lifters. Raises Refused for whatever the site should not have refused."""
    game = _Game(cast, random.Random(seed), show)
    game.set_up(lifters)
    for lift in LIFTS:
        for number in (1, 2, 3):
            game.round(lift, number)
    cast.head.patch(f"meets/{game.played.meet}/", {"status": "closed"})
    return game.played


class _Game:
    def __init__(self, cast: Cast, rng: random.Random, show: Callable[[int, int], None]) -> None:
        self.cast, self.rng, self.show = cast, rng, show
        self.played = Played("", {}, [])
        self.pending = ["reversed", "upheld", "extra_attempt"]
        self.clock = 0
        self.all = 0

    # ── Before the first lift ────────────────────────────────────────────────────────────────────────────

    def set_up(self, lifters: int) -> None:
        cast = self.cast
        meet = cast.head.post(
            "meets/", {"name": "Nordic Trial", "federation": "IPF", "town": "Åbo", "country": "Finland",
                       "starts_on": "2026-05-01", "rulebook": "ipf-2026-v3"},
        )  # fmt: skip
        self.played.meet = meet["id"]
        at = f"meets/{meet['id']}"
        parts = [(cast.staff, "staff", ""), (cast.reader, "reader", "")]
        parts += [(player, "referee", seat) for seat, player in cast.referees.items()]
        parts += [(player, "jury", "") for player in cast.jury]
        for player, role, seat in parts:
            cast.head.post(f"{at}/members/", {"username": player.name, "role": role, "seat": seat})
        self.platform = cast.staff.post(f"{at}/platforms/", {"name": "One"})["id"]
        self.all = lifters * 9
        for number in range(lifters):
            self._enter(at, number, lifters)

    def _enter(self, at: str, number: int, lifters: int) -> None:
        rng, staff = self.rng, self.cast.staff
        sex = "F" if number % 2 else "M"
        bodyweight = Decimal(rng.randrange(4300 if sex == "F" else 5600, 12500)) / 100
        # Two who weigh the same to the hundredth, so that a tie is possible.
        name = f"{_word(rng)} {_word(rng)}"
        lifter = staff.post(f"{at}/lifters/", {"name": name, "sex": sex, "birth_year": 1980 + number % 25})
        flight = "AB"[number * 2 // lifters] if lifters > 1 else "A"
        entry = staff.post(
            f"{at}/entries/",
            {"lifter": lifter["id"], "platform": self.platform, "flight": flight, "lot": number + 1,
             "bodyweight_kg": str(bodyweight), "equipment": "classic"},
        )  # fmt: skip
        noted = Noted(entry["id"], name, sex, bodyweight, "", number + 1)
        scale = (Decimal("1.2") if sex == "F" else Decimal("1.8")) * bodyweight
        for lift, share in zip(LIFTS, ("1.0", "0.6", "1.15"), strict=True):
            noted.kg[lift] = _step(scale * Decimal(share) * Decimal(rng.randrange(85, 115)) / 100)
            staff.post(
                f"{at}/attempts/", {"entry": entry["id"], "lift": lift, "number": 1, "declared_kg": str(noted.kg[lift])}
            )
        self.played.lifters[entry["id"]] = noted

    # ── Lifting ──────────────────────────────────────────────────────────────────────────────────────────

    def round(self, lift: str, number: int) -> None:
        """One round, flight after flight in the order that the site gives; attempts given again at the end."""
        for flight in ("A", "B"):
            while queue := self._waiting(lift, number, flight):
                for row in queue:
                    self._attempt(row)

    def _waiting(self, lift: str, number: int, flight: str) -> list[dict[str, Any]]:
        rows = self.cast.staff.get(f"meets/{self.played.meet}/order/?lift={lift}&round={number}&flight={flight}")
        # Rising bar: by weight, then lot; what the jury gave again last.
        key = [(row["take"], Decimal(row["kg"]), row["lot"]) for row in rows]
        assert key == sorted(key), f"{lift} {number} {flight}: the order is not by weight and lot"
        return [row for row in rows if not row["outcome"]]

    def _attempt(self, row: dict[str, Any]) -> None:
        cast, rng, at = self.cast, self.rng, f"attempts/{row['attempt']}"
        called = cast.staff.post(f"{at}/call/", {"version": row["version"]})
        version = called["version"]
        colours = self._colours(row["round"])
        seats = list(SEATS)
        rng.shuffle(seats)
        for seat in seats:
            body: dict[str, Any] = {"colour": colours[seat], "version": version, "seat": seat}
            if colours[seat] == "red" and rng.random() < 0.5:
                body["causes"] = [rng.choice(CAUSES[row["lift"]])]
                self.played.cards += 1
            decided = cast.referees[seat].post(f"{at}/lights/", body)
        self._late(at, version)
        for seat in SEATS:
            if colours[seat] == "red" and not any(card["seat"] == seat for card in decided["cards"]):
                cause = rng.choice(CAUSES[row["lift"]])
                cast.referees[seat].post(f"{at}/cards/", {"causes": [cause], "version": decided["version"]})
                self.played.cards += 1
        outcome = self._to_jury(at, decided, colours)
        if outcome:
            self._note(row, outcome == "good")
            self._next(row, outcome == "good")

    def _colours(self, number: int) -> dict[str, str]:
        rng = self.rng
        good = rng.random() >= FAILS[number]
        colours = dict.fromkeys(SEATS, "white" if good else "red")
        if rng.random() < 0.25:
            colours[rng.choice(SEATS)] = "red" if good else "white"
        return colours

    def _late(self, at: str, version: int) -> None:
        """Now and then a button is pressed again once the lights are on: refused, and nothing changes."""
        if self.rng.random() < 0.1:
            self.cast.referees["left"].post(f"{at}/lights/", {"colour": "white", "version": version}, expect=409)
            self.played.late_refused += 1

    def _to_jury(self, at: str, decided: dict[str, Any], colours: dict[str, str]) -> str:
        """The outcome after the jury, where one of the three cases falls on this decision; empty for an attempt that is
        given again."""
        outcome: str = decided["outcome"]
        split = len(set(colours.values())) > 1
        if not self.pending or not split or self.clock < 10:
            return outcome
        asked = self.pending.pop(0)
        want = asked if asked != "upheld" else "reversed"
        case = self.cast.jury[0].post(
            f"{at}/jury/", {"grounds": "seen from the side", "asked": want, "version": decided["version"]}
        )["cases"][0]
        votes = [asked] * 3 if asked != "upheld" else ["reversed", "reversed", "upheld"]
        for player, vote in zip(self.cast.jury, votes, strict=True):
            decided = player.post(f"jury/{case['id']}/votes/", {"vote": vote, "reason": "as seen"})
        self.played.jury.append({"attempt": at, "asked": asked, "from": outcome, "to": decided["outcome"]})
        return str(decided["outcome"])

    def _note(self, row: dict[str, Any], good: bool) -> None:
        noted = self._lifter(row)
        noted.taken[row["lift"]].append((Decimal(row["kg"]), good))
        self.clock += 1
        noted.when[row["lift"], row["round"]] = self.clock
        self.played.attempts += 1
        self.show(self.played.attempts, self.all)

    def _next(self, row: dict[str, Any], good: bool) -> None:
        if row["round"] == 3:
            return
        kg = Decimal(row["kg"]) + (STEP * self.rng.randrange(1, 5) if good else STEP * self.rng.randrange(0, 2))
        self.cast.staff.post(
            f"meets/{self.played.meet}/attempts/",
            {"entry": self._lifter(row).entry, "lift": row["lift"], "number": row["round"] + 1, "declared_kg": str(kg)},
        )

    def _lifter(self, row: dict[str, Any]) -> Noted:
        by_lot = {noted.lot: noted for noted in self.played.lifters.values()}
        return by_lot[row["lot"]]


def _word(rng: random.Random) -> str:
    letters = "".join(rng.choice("bdfgklmnprstv") + rng.choice("aeiou") for _ in range(3))
    return letters.capitalize()


def _step(kg: Decimal) -> Decimal:
    return max((kg / STEP).to_integral_value() * STEP, Decimal(25))
