"""Photos and their truth written into a folder, by one process or several: ``000000.jpg`` and on, and truth.jsonl."""

from __future__ import annotations

import hashlib
import multiprocessing
import multiprocessing.pool
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from gold.synth.optics import azimuth_deg, camera_truth
from gold.synth.render import Studio, overlay, photo_bytes, surfaces_draw
from gold.synth.scene import Options, Scene, scene_draw
from gold.synth.seen import Labels, joints_seen, plate_truth
from gold.truth import FILE, Kind, PersonTruth, Role, Truth, truth_line, view_of

# Where --overlay puts the pictures with the true joints drawn in.
OVERLAY_FOLDER: Final = "overlay"


@dataclass(frozen=True, slots=True)
class Job:
    """One photo to be made. overlay: also a picture with the truth drawn in."""

    seed: int
    index: int
    options: Options
    folder: Path
    overlay: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """One photo made: its line of truth, and how many draws of its scene failed before."""

    line: str
    redrawn: int


def photos_write(
    folder: Path, *, seed: int, count: int, options: Options, jobs: int, force: bool = False, overlays: bool = False
) -> Iterator[Written]:
    """Makes the photos in order, one for each step of the iterator, and at its end puts truth.jsonl in place.

    The truth is the same whatever ``jobs``, the number of processes. Raises ValueError when the folder holds a truth
    already and ``force`` is not set, or cannot be written to.
    """
    if (folder / FILE).exists() and not force:
        raise ValueError(f"{folder / FILE} is there already: name another folder, or write over it with --force")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if overlays:
            (folder / OVERLAY_FOLDER).mkdir(exist_ok=True)
        # A truth that no longer tells of the photos beside it would be worse than none.
        (folder / FILE).unlink(missing_ok=True)
        tasks = [Job(seed, index, options, folder, overlays) for index in range(count)]
        partial = folder / f"{FILE}.partial"
        with partial.open("w", encoding="utf-8", newline="\n") as lines, _workers(jobs) as written:
            for one in written(tasks):
                lines.write(one.line + "\n")
                yield one
        partial.replace(folder / FILE)
    except OSError as error:
        raise ValueError(f"{folder} cannot be written to: {error.strerror or error}") from error


class _Written:
    """What makes photos of jobs, in their order: here, or in the processes of a pool."""

    def __init__(self, pool: multiprocessing.pool.Pool | None) -> None:
        self._pool = pool

    def __call__(self, tasks: list[Job]) -> Iterator[Written]:
        return self._pool.imap(photo_write, tasks) if self._pool else map(photo_write, tasks)


@contextmanager
def _workers(jobs: int) -> Iterator[_Written]:
    if jobs == 1:
        process_start()
        yield _Written(None)
        return
    # Spawned: neither VTK's nor torch's threads outlive a fork.
    with multiprocessing.get_context("spawn").Pool(jobs, initializer=process_start) as pool:
        yield _Written(pool)


def process_start() -> None:
    import torch
    import warp

    torch.set_num_threads(1)
    # It reports every start on standard output.
    warp.config.log_level = warp.LOG_ERROR


# One studio a size and process: opening one takes longer than a photo.
_studios: dict[tuple[int, int], Studio] = {}


def studio_of(width: int, height: int) -> Studio:
    """This process's studio for photos of this size."""
    if (width, height) not in _studios:
        _studios[width, height] = Studio(width, height)
    return _studios[width, height]


def photo_write(job: Job) -> Written:
    """Makes one photo and returns its truth. Raises ValueError when no scene could be drawn, OSError from writing."""
    scene = scene_draw(job.seed, job.index, job.options)
    studio = studio_of(scene.camera.width, scene.camera.height)
    studio.stage(scene)
    pixels = studio.colours(scene.camera)
    labels = studio.labels(scene.camera)
    photo = photo_bytes(pixels, scene.look)
    name = f"{job.index:06d}.jpg"
    (job.folder / name).write_bytes(photo)
    truth = scene_truth(scene, labels, name, hashlib.sha256(photo).hexdigest())
    if job.overlay:
        drawn = overlay(photo, truth)
        surfaces_draw(drawn, truth, scene.camera)
        drawn.save(job.folder / OVERLAY_FOLDER / f"{job.index:06d}.png")
    return Written(truth_line(truth), scene.redrawn)


def scene_truth(scene: Scene, labels: Labels, image: str, sha256: str) -> Truth:
    """What is known of a scene's photo. labels: what each of its pixels shows."""
    plan, camera, performance = scene.plan, scene.camera, scene.performance
    roles = [Role.LIFTER] * (performance is not None) + [Role.SPOTTER] * len(scene.spotters)
    return Truth(
        image=image,
        sha256=sha256,
        seed=scene.seed,
        index=scene.index,
        width=camera.width,
        height=camera.height,
        kind=plan.kind,
        lift=plan.equipment if plan.kind is Kind.LIFT else None,
        phase=plan.phase,
        view=view_of(azimuth_deg(camera, scene.middle)),
        placement=plan.placement,
        fault=plan.fault,
        camera=camera_truth(camera, scene.middle),
        # Who stands behind the camera is not in the photo.
        people=tuple(
            PersonTruth(
                role,
                camera.project(one.joints),
                100 * one.joints,
                joints_seen(one.joints, number, labels, camera),
                100 * one.stature_m,
            )
            for number, (role, one) in enumerate(zip(roles, scene.people, strict=True), start=1)
            if (camera.depth(one.joints) > 0).all()
        ),
        sides=performance.sides if performance else {},
        margins_cm=performance.margins_cm if performance else {},
        plates=tuple(plate for rim in scene.rims if (plate := plate_truth(rim, labels, camera))),
        build=asdict(performance.figure.build) if performance else {},
        residuals_cm=performance.residuals_cm if performance else {},
    )
