"""Small photos whose class is their colour, for the classifiers that look at pictures."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {"squat": (200, 40, 40), "bench": (40, 200, 40), "deadlift": (40, 40, 200), "other": (128, 128, 128)}


def photo(path: Path, label: str, number: int) -> Path:
    """A photo of 72 x 96 px; another number gives other bytes."""
    rng = np.random.default_rng([sorted(COLOURS).index(label), number])
    noise = rng.integers(-30, 31, size=(72, 96, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((noise + COLOURS[label]).clip(0, 255).astype(np.uint8)).save(path)
    return path


def folder(root: Path, counts: Mapping[str, int]) -> Path:
    """A folder for each class with so many photos."""
    for label, count in counts.items():
        (root / label).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            photo(root / label / f"{number}.png", label, number)
    return root


def labels(root: Path, counts: Mapping[str, int]) -> Path:
    """A labels.csv with its photos beside it."""
    lines = ["file,lift,phase,view"]
    for label, count in counts.items():
        for number in range(count):
            photo(root / "photos" / f"{label}{number}.png", label, 100 + number)
            lines.append(f"{label}{number}.png,{label},{'' if label == 'other' else 'lockout'},")
    path = root / "labels.csv"
    path.write_text("\n".join(lines) + "\n")
    return path
