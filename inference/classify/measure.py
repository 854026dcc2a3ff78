"""An engine's readings of rendered lifters, joint by joint: what the errors of the lessons are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gold.truth import Kind, Truth
from inference.calibrate.joints import answer_of, at_full_size, lifter_of
from inference.classify.lessons import Readings
from inference.classify.net import MOMENTS
from inference.engines.base import Engine
from inference.engines.truth import key_of
from inference.gate.run import photo_of
from inference.lifter import LEAST_JOINTS_SEEN
from inference.pipeline import shot_of


def readings_measure(
    truths: Sequence[tuple[Truth, Path]], engine: Engine, progress: Callable[[int], object] = lambda _: None
) -> Readings:
    """How the engine read the lifters of these photos; those it did not find, or of whom too little shows, are left
    out. Raises ValueError for an image that is not there or not its truth's, and where nothing was read at all."""
    rows: list[tuple[int, float, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]] = []
    for truth, folder in truths:
        row = _row(truth, folder, engine) if truth.kind is Kind.LIFT else None
        if row is not None:
            rows.append(row)
        progress(1)
    if not rows:
        raise ValueError("The engine found no lifter in these photos: nothing was written.")
    points = np.stack([read for _, _, read in rows])
    return Readings(
        np.array([moment for moment, _, _ in rows]),
        np.array([azimuth for _, azimuth, _ in rows]),
        points[:, :, :2],
        points[:, :, 2],
    )


def _row(
    truth: Truth, folder: Path, engine: Engine
) -> tuple[int, float, np.ndarray[tuple[int, ...], np.dtype[np.float64]]] | None:
    lifter = truth.lifter
    if lifter is None or truth.lift is None or truth.phase is None or lifter.visible.sum() < LEAST_JOINTS_SEEN:
        return None
    photo = photo_of(truth, folder)
    (people,) = engine.people([shot_of(photo, key_of(truth), engine)])
    pose = lifter_of(truth, [at_full_size(one, photo.scale) for one in answer_of(people)])
    if pose is None:
        return None
    size = float(np.hypot(*np.ptp(lifter.joints_px, axis=0)))
    errors = (pose.points[:, :2] - lifter.joints_px) / max(size, 1e-9)
    read = np.column_stack([errors, pose.points[:, 2]])
    return MOMENTS.index((truth.lift, truth.phase)), truth.camera.azimuth_deg, read
