"""Which lift it is: ``python -m inference.classify prepare`` makes a data set of photos, ``readings`` measures an
engine, ``train`` teaches a classifier, ``evaluate`` holds one against photos whose lift is known. ``train`` needs the
environment of ``make synth-env``, and so does ``evaluate`` with a network that looks at pictures."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from inference.classify import pose_commands as poses
from inference.classify.figures import Row, figures_of, figures_text
from inference.classify.lessons import READINGS
from inference.classify.net import WEIGHTS, network_load
from inference.classify.pictures.labels import Labelled, data_labelled, labels_read, truth_labelled
from inference.classify.pictures.manifest import Split, manifest_read
from inference.classify.pictures.plans import (
    BATCH,
    EPOCHS,
    NET_NAMES,
    RATE,
    RECIPE_NAMES,
    SEED,
    SIDE,
    VALIDATION,
    Course,
    Plan,
)
from inference.engines import ENGINE_NAMES, engine_load
from inference.engines.base import EngineOptions

# What says of a photo which lift it is, and its name for the table.
Asker = tuple[str, Callable[[Labelled], Row]]


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 2 with one sentence; 130 when stopped by hand."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (OSError, ValueError) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    except ModuleNotFoundError as missing:
        if missing.name not in ("torch", "matplotlib", "cv2"):
            raise
        sys.stderr.write(f"This needs {missing.name}: use the environment of make synth-env\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inference.classify", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _prepare_parser(commands)
    _readings_parser(commands)
    _train_parser(commands)
    _evaluate_parser(commands)
    return parser


def _prepare_parser(commands: Any) -> None:
    prepare = commands.add_parser("prepare", help="make a data set: copies of photos, split to teach and to validate")
    photos = prepare.add_mutually_exclusive_group(required=True)
    photos.add_argument("--photos", type=Path, help="folder with a folder each for squat, bench, deadlift [and other]")
    photos.add_argument("--truth", type=Path, nargs="+", default=[], help="folders that gold.synth wrote")
    prepare.add_argument("--other", action="store_true", help="with --truth: what shows no lifter is a fourth class")
    prepare.add_argument("--out", type=Path, required=True, help="folder for the set, which must not be there yet")
    prepare.add_argument("--recipe", choices=RECIPE_NAMES, default="paper", help="the paper's copies, or better ones")
    prepare.add_argument("--seed", type=int, default=SEED)
    prepare.add_argument("--validation", type=float, default=VALIDATION, help="share of the photos to validate on")
    prepare.add_argument("--leaky", action="store_true", help="split by copy instead, to show what that flatters")
    prepare.set_defaults(run=_prepare)


def _prepare(options: argparse.Namespace) -> None:
    from inference.classify.pictures.commands import pictures_prepare

    if options.other and options.photos:
        raise ValueError("--other is for --truth: with --photos a folder named other is the fourth class")
    plan = Plan(options.recipe, options.seed, options.validation, options.leaky)
    made = pictures_prepare(options.photos, options.truth, options.out, plan, with_other=options.other)
    sys.stdout.write(f"{made}\n")


def _train_parser(commands: Any) -> None:
    train = commands.add_parser("train", help="teach a classifier and write its weights")
    models = train.add_subparsers(dest="model", required=True)
    for name in NET_NAMES:
        net = models.add_parser(name, help="looks at the picture (paper, section 4.1)")
        net.add_argument("--data", type=Path, required=True, help="folder that prepare wrote")
        net.add_argument("--out", type=Path, required=True, help="folder for weights, state and pictures")
        net.add_argument("--epochs", type=int, default=EPOCHS)
        net.add_argument("--batch", type=int, default=BATCH)
        net.add_argument("--rate", type=float, default=RATE)
        net.add_argument("--side", type=int, default=SIDE, help="px of the square that the network looks at")
        net.add_argument("--seed", type=int, default=SEED)
        net.add_argument("--device", default="auto", help="auto, cpu, or a GPU such as cuda:0")
        net.add_argument("--resume", action="store_true", help="go on where a run that was stopped had come to")
        net.set_defaults(run=_train_net)
    pose = models.add_parser("pose", help="looks at the joints: the shipped one, from nothing, in ten minutes")
    pose.add_argument("--out", type=Path, default=WEIGHTS, help="file for the weights")
    pose.add_argument("--seed", type=int, default=poses.SEED)
    pose.add_argument("--lifters", type=int, default=poses.LIFTERS, help="bodies to solve")
    pose.add_argument("--lessons", type=int, default=poses.LESSONS, help="in each round")
    pose.add_argument("--rounds", type=int, default=poses.ROUNDS)
    pose.set_defaults(run=_train_pose)


def _train_pose(options: argparse.Namespace) -> None:
    done = poses.pose_train(
        options.out, seed=options.seed, lifters=options.lifters, lessons=options.lessons, rounds=options.rounds
    )
    sys.stdout.write(f"{done}\n")


def _readings_parser(commands: Any) -> None:
    readings = commands.add_parser("readings", help="measure how an engine reads lifters, for the pose classifier")
    readings.add_argument("--truth", type=Path, nargs="+", required=True, help="folders that gold.synth wrote")
    readings.add_argument("--engine", choices=ENGINE_NAMES, default="mediapipe")
    readings.add_argument("--out", type=Path, default=READINGS, help="file for the readings")
    readings.set_defaults(run=_readings)


def _readings(options: argparse.Namespace) -> None:
    sys.stdout.write(f"{poses.readings_write(options.truth, options.engine, options.out)}\n")


def _train_net(options: argparse.Namespace) -> None:
    from inference.classify.pictures.commands import pictures_train

    course = Course(options.model, options.epochs, options.batch, options.rate, options.side, options.seed)
    done = pictures_train(options.data, options.out, course, device=options.device, resume=options.resume)
    sys.stdout.write(f"{done}\n")


def _evaluate_parser(commands: Any) -> None:
    evaluate = commands.add_parser("evaluate", help="hold a classifier against photos whose lift is known")
    evaluate.add_argument("model", help=f"a checkpoint's file{''.join(f', or {name}' for name in ASKERS)}")
    photos = evaluate.add_mutually_exclusive_group(required=True)
    photos.add_argument("--photos", type=Path, help="labels.csv, its photos beside it in photos/")
    photos.add_argument("--truth", type=Path, nargs="+", help="folders that gold.synth wrote")
    photos.add_argument("--data", type=Path, help="folder that prepare wrote: what was kept from teaching")
    evaluate.add_argument("--threshold", type=float, default=0.0, help="refuse what is less likely than this, 0 to 1")
    evaluate.add_argument("--engine", choices=ENGINE_NAMES, default="mediapipe", help="pose: who reads the joints")
    evaluate.add_argument("--json", action="store_true", help="one JSON object on the last line")
    evaluate.add_argument("--picture", type=Path, help="file for a picture of what was confused, PNG")
    evaluate.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> None:
    if not 0 <= options.threshold <= 1:
        raise ValueError("the threshold is a probability, from 0 to 1")
    photos = _photos(options)
    name, ask = ASKERS.get(options.model, _checkpoint)(options)
    report: dict[str, Any] = {"model": name, "threshold": options.threshold}
    for split, some in photos.items():
        figures = figures_of([ask(photo) for photo in tqdm(some, desc=split, unit="photo", file=sys.stderr)])
        report[split] = figures
        sys.stdout.write(f"{name}, {_words(split)}\n{figures_text(figures)}\n\n")
        if options.picture:
            _draw(figures, _picture_path(options.picture, split, len(photos)), f"{name}, {_words(split)}")
    if options.json:
        sys.stdout.write(json.dumps(report) + "\n")


def _photos(options: argparse.Namespace) -> dict[str, list[Labelled]]:
    """What the photos are -> them. A leaky set has two kinds, and says so."""
    if options.photos:
        return {"photos": labels_read(options.photos)}
    if options.truth:
        return {"photos": truth_labelled(options.truth)}
    splits = [Split.VALIDATION]
    if manifest_read(options.data).head.leaky:
        from inference.classify.pictures.commands import LEAKY

        sys.stderr.write(f"{LEAKY}\n")
        splits.append(Split.HELD_OUT)
    return {split.value: data_labelled(options.data, split) for split in splits}


def _words(split: str) -> str:
    words = {"photos": "these photos", Split.VALIDATION: "validation", Split.HELD_OUT: "held out, no copy taught"}
    return words[split]


def _checkpoint(options: argparse.Namespace) -> Asker:
    from inference.classify.pictures.commands import checkpoint_asker, checkpoint_open

    model = checkpoint_open(Path(options.model))
    return f"{model.name} ({model.sha256[:12]})", checkpoint_asker(model, options.threshold)


def _pose(options: argparse.Namespace) -> Asker:
    from inference.classify.pose_asker import pose_asker

    engine = engine_load(options.engine, EngineOptions())
    name = f"pose ({network_load().sha256[:12]}) on {engine.name}"
    return name, pose_asker(engine, options.threshold)


# Models that are no checkpoint's file: name -> how to ask it.
ASKERS: Final[dict[str, Callable[[argparse.Namespace], Asker]]] = {"pose": _pose}


def _picture_path(path: Path, split: str, kinds: int) -> Path:
    return path if kinds == 1 else path.with_name(f"{path.stem}-{split}{path.suffix}")


def _draw(figures: dict[str, Any], path: Path, title: str) -> None:
    from inference.classify.pictures.plots import confusion_draw

    confusion_draw(figures["confusion"], path, title)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    sys.exit(main())
