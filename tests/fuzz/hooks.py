"""Loaded by schemathesis: real ids into what it makes up, and the check that nobody reaches into another meet.

FUZZ_ROWS names the file of tests/fuzz/rows.py, FUZZ_ROLE whose key is used, FUZZ_STATUS the meet's, FUZZ_TALLY the file
for what was answered.
"""

import atexit
import json
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis

ROWS = json.loads(Path(os.environ["FUZZ_ROWS"]).read_text(encoding="utf-8"))
ROLE = os.environ["FUZZ_ROLE"]
IS_STRANGER = ROLE == "stranger"
STATUS = os.environ["FUZZ_STATUS"]
# What the web server itself refuses by its length (414) never reaches the site.
LONGEST = 1000
# Made-up ids are tried as they come in one of so many requests; of the others one in so many is of the other meet.
MADE_UP = 6
FOREIGN = 3
_dice = random.Random(7)
# Answers by their status, and how many of all were asked of the other meet.
_tally: Counter[str] = Counter()
_FIELDS = {
    "attempt": "attempts", "entry": "entries", "lifter": "lifters", "platform": "platforms", "session": "sessions",
    "camera": "cameras", "image": "images", "meet": "meets", "username": "usernames", "user": "usernames",
}  # fmt: skip


def real(kind: str) -> Any:
    side = "foreign" if IS_STRANGER or _dice.randrange(FOREIGN) == 0 else "own"
    ids = ROWS[side].get(kind, [])
    return _dice.choice(ids) if ids else None


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Without If-Match, which made-up values would never get past."""
    for methods in raw_schema["paths"].values():
        for operation in methods.values():
            if isinstance(operation, dict) and "parameters" in operation:
                operation["parameters"] = [one for one in operation["parameters"] if one.get("name") != "If-Match"]


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    for name, value in (case.query or {}).items():
        case.query[name] = value[:LONGEST] if isinstance(value, str) else value
    # A meet that is closed, or opened again, in the middle of a run would hide what the rest of it is to show.
    if isinstance(case.body, dict) and case.body.get("status") in ("open", "closed"):
        case.body["status"] = STATUS
    if _dice.randrange(MADE_UP) == 0:
        return
    for name, where in (("id", kind_of(case)), ("username", "usernames")):
        if name in (case.path_parameters or {}) and (value := real(where)) is not None:
            case.path_parameters[name] = value
    if isinstance(case.body, dict):
        for name, where in _FIELDS.items():
            if name in case.body and (value := real(where)) is not None:
                case.body[name] = value


def kind_of(case: Any) -> str:
    return str(case.operation.path).removeprefix("/api/v1/").split("/")[0]


def is_foreign(case: Any) -> bool:
    """Numbers of one kind of row may be those of another: only its own kind says whose it is."""
    return str((case.path_parameters or {}).get("id", "")) in ROWS["foreign"].get(kind_of(case), [])


@schemathesis.check
def no_access_across(context: Any, response: Any, case: Any) -> None:
    """Whatever lies in the other meet is not there for this key: never a success, and never a word of what is in it."""
    _tally[str(response.status_code)] += 1
    if is_foreign(case):
        _tally["foreign"] += 1
        assert response.status_code >= 400, f"{ROLE} got {response.status_code} for a row of another meet"
    told = [name for name in ROWS["foreign_names"] if f'"{name}"'.encode() in response.content]
    sent = json.dumps(case.body, default=str) if isinstance(case.body, dict | list) else ""
    assert all(name in sent for name in told), f"{ROLE} read of another meet: {told}"


@atexit.register
def tally_write() -> None:
    Path(os.environ["FUZZ_TALLY"]).write_text(json.dumps(_tally), encoding="utf-8")
