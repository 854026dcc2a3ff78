"""python -m tests.fuzz: schemathesis over the OpenAPI of a running site, with the key of every part in a meet.

A site of its own with two meets full of rows. Every part in the first meet, a key that may only read, one that holds
for that meet alone and a stranger ask for everything, by made-up and by real ids, of their own meet and of the other.
What must hold: no 500, no status and no answer that the OpenAPI does not name, and no access across meets: asked with
an id of the other meet nobody succeeds or reads of it, and at the end its rows are, byte for byte, what they were. Last
the first meet is closed, and its head asks for everything once more.

The database is one of its own (SQLite in a folder that goes), or that of --database, which must be empty.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.play.__main__ import ROOT, site

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,no_access_across"
)
# Ends the very key that is asked with; asked for by itself at the end.
REVOKE = "/api/v1/auth/token/revoke/"
# A part whose key holds gets an answer at least so often.
SUCCEEDED_LEAST = 20
LINE = "{run:20} {requests:6} requests, {succeeded:5} done, {foreign:5} of the other meet, {seconds:4} s  {ok}"


def rows(home: Path, what: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.rows", what], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "VAR_DIR": str(home), "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def ask(
    folder: Path, base: str, role: str, key: str, given: argparse.Namespace, *, status: str = "open", only: str = ""
) -> dict[str, Any]:
    """One role's run, counted; what it printed lies in the folder. status: of the meet. only: this address alone."""
    run = " · ".join([role, *(["closed"] if status == "closed" else []), *(["revoke"] if only else [])])
    name = run.replace(" · ", "-").replace(" ", "-")
    tally = folder / f"tally-{name}.json"
    command = [
        given.schemathesis, "run", str(ROOT / "docs/openapi.yaml"), "--url", base, "-H", f"Authorization: Token {key}",
        "--checks", CHECKS, "--phases", "coverage,fuzzing", "-n", str(given.examples), "--seed", str(given.seed),
        "--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off", "--no-color",
        *(("--include-path", only) if only else ("--exclude-path", REVOKE)),
    ]  # fmt: skip
    environ = {
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "FUZZ_ROWS": str(folder / "rows.json"), "FUZZ_ROLE": role,
        "FUZZ_TALLY": str(tally), "FUZZ_STATUS": status,
    }  # fmt: skip
    began = time.monotonic()
    log = folder / f"fuzz-{name}.log"
    with log.open("wb") as out:
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **environ}, stdout=out, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        print(log.read_text(encoding="utf-8", errors="replace")[-6000:], file=sys.stderr)
    statuses = json.loads(tally.read_text(encoding="utf-8")) if tally.exists() else {}
    foreign = statuses.pop("foreign", 0)
    succeeded = sum(count for status, count in statuses.items() if status < "400")
    # A key that had ended shows nothing.
    ended = not only and succeeded < SUCCEEDED_LEAST
    return {
        "run": run, "rc": done.returncode or int(ended), "requests": sum(statuses.values()), "foreign": foreign,
        "succeeded": succeeded,
        "statuses": dict(sorted(statuses.items())), "seconds": round(time.monotonic() - began),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schemathesis", default=str(ROOT / ".venv-fuzz/bin/schemathesis"))
    parser.add_argument("--examples", type=int, default=20, help="made-up requests per operation and role")
    parser.add_argument("--at-once", type=int, default=2, help="how many roles ask at the same time")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--roles", help="some of them, with commas between; else all")
    parser.add_argument("--keep", type=Path, help="the folder in which the reports stay")
    parser.add_argument("--database", help="postgres://…, an empty one; else SQLite")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    # Rows are made and deleted by the hundred: never in the database that this shell may name.
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    if given.database:
        os.environ["DATABASE_URL"] = given.database
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.fuzz.site_settings"
    with tempfile.TemporaryDirectory(prefix="white-lights-fuzz-") as made:
        folder = given.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        sys.exit(fuzz(Path(made), folder, given))


def fuzz(home: Path, folder: Path, given: argparse.Namespace) -> int:
    """home: of the site, which ends with it. folder: for what schemathesis prints."""
    with site(home) as base:
        print(f"a site with two meets at {base}", flush=True)
        made = rows(home, "make")
        (folder / "rows.json").write_text(json.dumps(made), encoding="utf-8")
        before = rows(home, "state")
        keys = made["keys"]
        wanted = given.roles.split(",") if given.roles else list(keys)
        runs = []
        with ThreadPoolExecutor(given.at_once) as pool:
            for run in pool.map(lambda role: ask(folder, base, role, keys[role], given), wanted):
                runs.append(_told(run))
        key = rows(home, "close")
        runs.append(_told(ask(folder, base, "head", key, given, status="closed")))
        runs.append(_told(ask(folder, base, wanted[-1], keys[wanted[-1]], given, only=REVOKE)))
        after = rows(home, "state")
    changed = sorted(name for name in before if before[name] != after[name])
    said = f"CHANGED: {', '.join(changed)}" if changed else "nothing changed"
    print(f"the other meet: {len(before)} tables, {said}")
    if given.json:
        print(json.dumps({"runs": runs, "changed": changed, "requests": sum(run["requests"] for run in runs)}))
    return int(bool(changed) or any(run["rc"] for run in runs))


def _told(run: dict[str, Any]) -> dict[str, Any]:
    print(LINE.format(**run, ok="FAILED" if run["rc"] else "ok"), flush=True)
    return run


if __name__ == "__main__":
    main()
