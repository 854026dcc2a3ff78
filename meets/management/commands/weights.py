"""python manage.py weights list|fetch|verify|convert: the estimators' weights, by hand and never inside a task."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from inference.weights import State, Weights, WeightsError, weights_known, weights_state
from inference.weights.base import KINDS
from inference.weights.convert import weights_convert, weights_register
from inference.weights.fetch import weights_fetch
from inference.weights.ready import faults, records_found
from inference.weights.store import record_read


class Bar:
    """A progress bar that is silent without a terminal."""

    def __init__(self, name: str) -> None:
        # disable=None: tqdm looks itself whether there is a terminal.
        self._bar: Any = tqdm(desc=name, unit="B", unit_scale=True, disable=None)

    def __call__(self, done: int, total: int | None) -> None:
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class Command(BaseCommand):
    help = "Lists, fetches, verifies and converts the estimators' weights (docs/weights.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="list|fetch|verify|convert")
        listing = actions.add_parser("list", help="what there is, and what is in the store")
        listing.add_argument("--json", action="store_true", help="adds one JSON object as the last line")
        fetch = actions.add_parser("fetch", help="brings published files into the store")
        fetch.add_argument("names", nargs="+", metavar="NAME")
        fetch.add_argument("--from", dest="from_file", type=Path, metavar="FILE", help="copies this file: no internet")
        fetch.add_argument("--mirror", metavar="URL", help="base address in place of the publisher's")
        fetch.add_argument("--sha256", help="the file's full hash, where you know it")
        verify = actions.add_parser("verify", help="hashes what is in the store again; ends with 1 on a mismatch")
        verify.add_argument("names", nargs="*", metavar="NAME")
        convert = actions.add_parser("convert", help="makes what a worker loads; needs torch (make gpu-env)")
        convert.add_argument("names", nargs="*", metavar="NAME")
        convert.add_argument("--as", dest="own_name", metavar="NAME", help="registers own weights under this name")
        convert.add_argument("--kind", choices=KINDS)
        convert.add_argument("--from", dest="from_file", type=Path, metavar="FILE", help="own weights' checkpoint")
        convert.add_argument("--config", type=Path, metavar="FILE", help="a flattened config, when FILE brings none")
        convert.add_argument("--sha256", help="the checkpoint's full hash, where you know it")
        convert.add_argument("--licence", default="own")
        convert.add_argument("--source", default="own")

    def handle(self, *args: Any, **options: Any) -> None:
        store: Path = settings.WEIGHTS_DIR
        try:
            match options["action"]:
                case "list":
                    self._list(store, as_json=options["json"])
                case "fetch":
                    self._fetch(store, options)
                case "verify":
                    self._verify(store, options["names"])
                case "convert" if options["own_name"] is not None:
                    self._register(store, options)
                case "convert":
                    self._convert(store, options)
        except WeightsError as error:
            raise CommandError(error.sentence) from error
        except KeyboardInterrupt as error:
            raise CommandError("Stopped. The same command goes on where it can.") from error

    def _list(self, store: Path, *, as_json: bool) -> None:
        rows = [_row(weights, store) for weights in weights_known(store).values()]
        unreadable = sorted(set(records_found(store)) - {row["name"] for row in rows})
        rows += [dict.fromkeys(rows[0]) | {"name": name, "state": State.BROKEN} for name in unreadable]
        self.stdout.write(f"Weights in {store}")
        lines = [("NAME", "KIND", "SIZE", "LICENCE", "STATE", "SOURCE")]
        lines += [
            (row["name"], row["kind"] or "?", _size(row), row["licence"] or "?", row["state"], row["source"] or "?")
            for row in rows
        ]
        widths = [max(len(line[column]) for line in lines) for column in range(5)]
        for line in lines:
            cells = [cell.ljust(width) for cell, width in zip(line[:5], widths, strict=True)]
            self.stdout.write("  ".join([*cells, line[5]]))
        if as_json:
            self.stdout.write(json.dumps({"store": str(store), "weights": rows}))

    def _fetch(self, store: Path, options: dict[str, Any]) -> None:
        names, from_file = options["names"], options["from_file"]
        if len(names) > 1 and (from_file or options["sha256"]):
            raise CommandError("--from and --sha256 speak of one file: give one name with them.")
        if from_file and options["mirror"]:
            raise CommandError("Give --from or --mirror, not both.")
        for weights in _asked(names, store):
            bar = Bar(weights.name)
            try:
                done = weights_fetch(
                    weights,
                    store,
                    from_file=from_file,
                    mirror=options["mirror"],
                    sha256=options["sha256"],
                    progress=bar,
                )
            finally:
                bar.close()
            words = "was there already and matches" if done.already else "is there"
            self.stdout.write(f"{weights.name} {words}: {_mb(done.size_bytes)}, sha256 {done.sha256}.")
            if weights_state(weights.name, store) == State.FETCHED:
                self.stdout.write(f"Next: manage.py weights convert {weights.name}")

    def _verify(self, store: Path, names: list[str]) -> None:
        known = weights_known(store)
        asked = names or records_found(store)
        if not asked:
            self.stdout.write(f"There are no weights in {store} yet; `manage.py weights fetch NAME` brings some.")
        wrong = [name for name in asked if not self._verified(name, known, store)]
        if wrong:
            raise CommandError(f"Not as pinned: {', '.join(wrong)}.")

    def _verified(self, name: str, known: dict[str, Weights], store: Path) -> bool:
        try:
            record = record_read(store, name) if name in known else None
            if name in records_found(store) and name not in known:
                record_read(store, name)  # raises: it is not known because it cannot be read
            if record is None:
                raise WeightsError(f"{name} is not in {store}: run `manage.py weights fetch {name}`.")
            found = faults(known[name], record, store, original_too=True)
            if not found and weights_state(name, store) == State.MISSING:
                found = [f"the file that was pinned is gone: run `manage.py weights fetch {name}`."]
        except WeightsError as error:
            found = [error.sentence]
        for fault in found:
            self.stdout.write(f"{name}: {fault}")
        if not found:
            self.stdout.write(f"{name}: {weights_state(name, store)}, as pinned.")
        return not found

    def _convert(self, store: Path, options: dict[str, Any]) -> None:
        if not options["names"] or options["from_file"]:
            raise CommandError("Give the NAME of fetched weights, or --as NAME --kind KIND --from FILE for own ones.")
        for weights in _asked(options["names"], store):
            self._converted(weights_convert(weights, store))

    def _register(self, store: Path, options: dict[str, Any]) -> None:
        if options["names"] or options["from_file"] is None or options["kind"] is None:
            raise CommandError("Own weights need --as NAME, --kind pose|detector and --from FILE, and nothing before.")
        self._converted(
            weights_register(
                options["own_name"],
                options["kind"],
                options["from_file"],
                store,
                config=options["config"],
                sha256=options["sha256"],
                licence=options["licence"],
                origin=options["source"],
            )
        )

    def _converted(self, ready: Any) -> None:
        self.stdout.write(f"{ready.name} is ready: {ready.safetensors}, sha256 {ready.sha256}.")


def _asked(names: list[str], store: Path) -> list[Weights]:
    """All of them or none: a wrong name is said before anything is fetched."""
    known = weights_known(store)
    if unknown := [name for name in names if name not in known]:
        raise WeightsError(f"There are no weights called {', '.join(unknown)}; `manage.py weights list` shows them.")
    return [known[name] for name in names]


def _row(weights: Weights, store: Path) -> dict[str, Any]:
    try:
        record = record_read(store, weights.name)
    except WeightsError:
        record = None
    return {
        "name": weights.name,
        "kind": weights.kind,
        "state": weights_state(weights.name, store),
        "size_bytes": record.size_bytes if record else None,
        "about_mb": weights.about_mb or None,
        "licence": weights.licence,
        "source": weights.source,
        "url": weights.url,
        "sha256_prefix": weights.sha256_prefix,
        "source_sha256": record.source_sha256 if record else None,
        "safetensors_sha256": (record.safetensors_sha256 or None) if record else None,
        "config": weights.config,
        "note": weights.note,
        "own": weights.own,
    }


def _size(row: dict[str, Any]) -> str:
    if row["size_bytes"]:
        return _mb(row["size_bytes"])
    return f"about {row['about_mb']} MB" if row["about_mb"] else "?"


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB"
