"""Pictures of how a network learnt and of what it confuses. matplotlib is loaded when one is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def confusion_draw(counts: Mapping[str, Mapping[str, int]], path: Path, title: str) -> None:
    """counts: true -> said -> photos, every cell. Rows without a photo are left out. A cell is as dark as its share of
    its row."""
    pyplot = _pyplot()
    rows = [true for true, said in counts.items() if sum(said.values())]
    columns = list(next(iter(counts.values())))
    shares = [[counts[true][said] / sum(counts[true].values()) for said in columns] for true in rows]
    figure, axes = pyplot.subplots(figsize=(1.6 + 0.9 * len(columns), 1.4 + 0.7 * len(rows)))
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlabel("said")
    axes.set_ylabel("true")
    axes.set_title(title, fontsize=9)
    for row, true in enumerate(rows):
        for column, said in enumerate(columns):
            dark = shares[row][column] > 0.6
            colour = "white" if dark else "black"
            axes.text(column, row, str(counts[true][said]), ha="center", va="center", color=colour)
    _save(pyplot, figure, path)


def curves_draw(epochs: Sequence[Mapping[str, float]], path: Path, title: str) -> None:
    """Loss and accuracy after each epoch. epochs: loss, accuracy, validation_loss and validation_accuracy of each."""
    pyplot = _pyplot()
    numbers = range(1, len(epochs) + 1)
    figure, (losses, accuracies) = pyplot.subplots(1, 2, figsize=(8.0, 3.2))
    for axes, what in ((losses, "loss"), (accuracies, "accuracy")):
        axes.plot(numbers, [epoch[what] for epoch in epochs], marker=".", label="taught on")
        axes.plot(numbers, [epoch[f"validation_{what}"] for epoch in epochs], marker=".", label="validated on")
        axes.set_xlabel("epoch")
        axes.set_ylabel(what)
        axes.legend(fontsize=8)
    accuracies.set_ylim(0.0, 1.02)
    figure.suptitle(title, fontsize=10)
    _save(pyplot, figure, path)


def _pyplot() -> Any:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    return pyplot


def _save(pyplot: Any, figure: Any, path: Path) -> None:
    figure.tight_layout()
    # Nothing of the day or the version: equal figures give equal files.
    figure.savefig(path, dpi=100, format="png", metadata={"Software": None})
    pyplot.close(figure)
