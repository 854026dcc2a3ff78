"""Which engines have passed the gold gate: what ``gold/accepted.json`` holds. Light: the site imports this too.

The file is written by ``python -m inference.gate --accept`` and by nothing else. An engine has passed when the weights
it loaded, named by their SHA-256, are in it: the same engine with other weights has not.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).resolve().parents[1] / "gold" / "accepted.json"
FORMAT: Final = 1
# The engine that replays the true joints: it has no weights, and nothing that could advise at a meet.
TRUTH: Final = "truth"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AcceptedEngine:
    """One engine as it was last accepted.

    engine: its name as ``engine_load`` takes it. weights_sha256: of the weights it had loaded. accepted_on: the day,
    ISO 8601. rulebook: its version.
    """

    engine: str
    weights_sha256: str
    accepted_on: str
    rulebook: str


def accepted_read(path: Path = FILE) -> dict[str, Any]:
    """The whole file. Raises ValueError naming the file when it cannot be read or is of another format."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: write it with python -m inference.gate --accept") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("engines"), list):
        raise ValueError(f"{path} is not of format {FORMAT}: write it with python -m inference.gate --accept")
    return data


def accepted_engines(path: Path = FILE) -> tuple[AcceptedEngine, ...]:
    """The engines that have passed. Raises ValueError when the file cannot be read or lacks a figure's name."""
    try:
        return tuple(
            AcceptedEngine(row["engine"], row["weights_sha256"], row["accepted_on"], row["rulebook"])
            for row in accepted_read(path)["engines"]
            if row["engine"] != TRUTH
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} has an engine without its {error}: run python -m inference.gate --accept") from error


def engine_passed(engine: str, weights_sha256: str, path: Path = FILE) -> bool:
    """True when the engine, with these very weights, has passed the gate.

    engine: its name as ``engine_load`` takes it, or as it stands in the record (``mediapipe-0.10.21-full``). Where the
    file cannot be read no engine has passed, and the log says why.
    """
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError:
        changed_ns = 0
    return any(
        weights_sha256 == sha256 and (engine == name or engine.startswith(f"{name}-"))
        for name, sha256 in _passed(path, changed_ns)
    )


@lru_cache(maxsize=4)
def _passed(path: Path, changed_ns: int) -> tuple[tuple[str, str], ...]:
    """Name and weights of the engines that have passed, read again when the file has changed."""
    try:
        return tuple((one.engine, one.weights_sha256) for one in accepted_engines(path) if one.weights_sha256)
    except ValueError as error:
        log.error("no engine counts as passed: %s", error)
        return ()
