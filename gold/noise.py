"""How far an engine's joints lie from the gold's: ``python -m gold.noise recorded.json``.

The table behind the default engine's first figures, before there were rendered lifters (judging/noise/). The file is
the one ``gold.measure`` reads; poses without an id are passed over.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from gold.library import GoldAnnotation, gold_load
from gold.measure import Subject, subjects_read
from judging.landmarks import Limb, body_scale
from judging.noise import DEFAULT, PARTS, SideSeen, noise_load
from judging.pose import FloatArray, Joint, Side, ViewBucket

# Half the joints further off than half a trunk: the engine read another person.
OTHER_PERSON_TRUNKS: Final = 0.5

# One joint further off than this is a blunder, counted apart from the noise of the others.
BLUNDER_TRUNKS: Final = 0.4


@dataclass(frozen=True, slots=True)
class NoiseRow:
    """One kind of joint: the root mean square difference along one axis, in trunks, over how many readings."""

    part: str
    share: float
    readings: int
    blunders: int


@dataclass(frozen=True, slots=True)
class NoiseTable:
    """The rows, the photos they rest on, and those left out because another person was read (lift and id)."""

    rows: tuple[NoiseRow, ...]
    photos: int
    other_person: tuple[str, ...]


def noise_table(subjects: Sequence[Subject]) -> NoiseTable:
    """The noise of recorded poses against the gold annotations of the same photos."""
    kept: list[tuple[Subject, GoldAnnotation]] = []
    other: list[str] = []
    for subject in subjects:
        annotation = _annotation(subject)
        if annotation is None:
            continue
        offsets = np.linalg.norm(_differences(subject, annotation)[Joint.LEFT_SHOULDER :], axis=1)
        if float(np.median(offsets)) > OTHER_PERSON_TRUNKS:
            other.append(f"{subject.lift} {annotation.id}")
        else:
            kept.append((subject, annotation))
    return NoiseTable(tuple(_row(part, kept) for part in PARTS), len(kept), tuple(other))


def _annotation(subject: Subject) -> GoldAnnotation | None:
    return next((one for one in gold_load(subject.lift).annotations if one.id == subject.annotation_id), None)


def _differences(subject: Subject, annotation: GoldAnnotation) -> FloatArray:
    """The pose less the gold, float array (17, 2), in trunks at the gold body's own scale."""
    scale = body_scale(annotation.pose)
    if scale is None:
        raise ValueError(f"annotation {annotation.id}: too little seen for a scale")
    difference: FloatArray = subject.pose.points[:, :2] - annotation.pose.points[:, :2]
    return difference / scale.px(Limb.TRUNK.cm)


def _row(part: str, kept: Sequence[tuple[Subject, GoldAnnotation]]) -> NoiseRow:
    read = [
        _differences(subject, annotation)[joint]
        for subject, annotation in kept
        for joint in (side.joint(part) for side in Side)
        if subject.pose.seen(joint) and annotation.pose.seen(joint)
    ]
    near = [one for one in read if float(np.linalg.norm(one)) <= BLUNDER_TRUNKS]
    share = math.sqrt(float(np.mean(np.square(near)))) if near else math.nan
    return NoiseRow(part, share, len(near), len(read) - len(near))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table to standard output; 0, or 2 when the file of poses is wrong."""
    parser = argparse.ArgumentParser(prog="python -m gold.noise", description=__doc__)
    parser.add_argument("poses", type=Path, help="poses an engine recorded of the gold photos")
    options = parser.parse_args(arguments)
    try:
        table = noise_table(subjects_read(options.poses))
    except (OSError, ValueError) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    sys.stdout.write(f"{table.photos} photos; another person read: {', '.join(table.other_person) or 'none'}\n")
    in_use = noise_load(DEFAULT)
    for row in table.rows:
        cm = row.share * Limb.TRUNK.cm
        used = in_use.joint(row.part, ViewBucket.SIDE, SideSeen.NEAR, 1.0)
        sys.stdout.write(
            f"{row.part:<9}{row.share:>7.3f} trunks {cm:>5.1f} cm {row.readings:>4} readings {row.blunders:>3} blunders"
            f"   in use {used.sigma_down:.3f}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
