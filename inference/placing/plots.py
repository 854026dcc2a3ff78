"""Pictures of a sweep: what each place shows, one small map a measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from inference.placing.tally import Cell, Pair
from judging.pose import FloatArray, Lift

# Name in the file, heading, measure of a cell, its range, and whether more is better.
_Measure = tuple[str, Callable[[Cell], float | None], tuple[float, float], str]
_SEEN: Final = "YlGn"
_ERROR: Final = "YlOrRd"
_MAPS: Final[tuple[_Measure, ...]] = (
    ("near side measured, share of lifts", lambda cell: cell.near_seen, (0.0, 1.0), _SEEN),
    ("both sides measured by one camera", lambda cell: cell.both_seen, (0.0, 1.0), _SEEN),
    ("mean error of the near margin, cm", lambda cell: cell.error_cm, (0.0, 4.0), _ERROR),
)


def plots_write(lift: Lift, cells: Sequence[Cell], folder: Path) -> list[Path]:
    """A picture for each engine; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    engines = sorted({cell.engine for cell in cells})
    return [_plot(lift, engine, [cell for cell in cells if cell.engine == engine], folder) for engine in engines]


def pairs_plot(lift: Lift, pairs: Sequence[Pair], folder: Path) -> Path:
    """One camera against two, at each place that was looked at from both sides; returns the picture's path."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    engines = sorted({pair.engine for pair in pairs}, reverse=True)
    figure, grid = pyplot.subplots(1, len(engines), figsize=(5.2 * len(engines), 2.9), squeeze=False, sharey=True)
    for axes, engine in zip(grid[0], engines, strict=True):
        some = [pair for pair in pairs if pair.engine == engine]
        places = np.arange(len(some))
        for shift, values, label, colour in (
            (-0.3, [pair.one_both for pair in some], "one camera: both sides measured", "#9ecae1"),
            (-0.1, [pair.two_both for pair in some], "two cameras: both sides measured", "#3182bd"),
            (0.1, [pair.one_cleared for pair in some], "one camera: both sides called", "#a1d99b"),
            (0.3, [pair.two_cleared for pair in some], "two cameras: both sides called", "#31a354"),
        ):
            axes.bar(places + shift, values, 0.19, label=label, color=colour)
        names = [f"{pair.place.azimuth_deg:g}°\n{pair.place.height_cm:g} cm" for pair in some]
        axes.set_xticks(places, names, fontsize=7)
        axes.set_ylim(0, 1.3)  # room for the legend
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.set_title(f"{lift.capitalize()}, {_who(engine)}", fontsize=10)
    grid[0][0].set_ylabel("share of lifts", fontsize=8)
    grid[0][0].legend(fontsize=6, loc="upper center", ncols=2)
    figure.tight_layout()
    path = folder / f"{lift}-pairs.png"
    _save(figure, path)
    pyplot.close(figure)
    return path


def _who(engine: str) -> str:
    return "true joints" if engine == "truth" else engine.split("-")[0]


def _plot(lift: Lift, engine: str, cells: Sequence[Cell], folder: Path) -> Path:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    distances = sorted({cell.place.distance_cm for cell in cells})
    figure, grid = pyplot.subplots(
        len(distances), len(_MAPS), figsize=(4.2 * len(_MAPS), 0.9 + 2.0 * len(distances)), squeeze=False
    )
    for number, (row, distance) in enumerate(zip(grid, distances, strict=True)):
        some = [cell for cell in cells if cell.place.distance_cm == distance]
        for axes, (heading, measure, limits, colours) in zip(row, _MAPS, strict=True):
            _map(axes, some, measure, limits, colours)
            if number == 0:
                axes.set_title(heading, fontsize=9)
            if number == len(distances) - 1:
                axes.set_xlabel("camera round the lifter: 0° front, 90° side, 180° rear", fontsize=7)
        row[0].set_ylabel(f"{distance / 100:g} m away\nlens height, cm", fontsize=8)
    figure.suptitle(f"{lift.capitalize()}, {_who(engine)}", fontsize=11)
    figure.tight_layout()
    path = folder / f"{lift}-{engine.split('-')[0].lower()}.png"
    _save(figure, path)
    pyplot.close(figure)
    return path


def _save(figure: Any, path: Path) -> None:
    """As a picture of few colours: a fifth of the bytes, and nothing to see of it."""
    drawn = BytesIO()
    figure.savefig(drawn, dpi=80)
    Image.open(drawn).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


def _map(
    axes: Any, cells: Sequence[Cell], measure: Callable[[Cell], float | None], limits: tuple[float, float], colours: str
) -> None:
    azimuths = sorted({cell.place.azimuth_deg for cell in cells})
    heights = sorted({cell.place.height_cm for cell in cells})
    values: FloatArray = np.full((len(heights), len(azimuths)), np.nan)
    for cell in cells:
        measured = measure(cell)
        if measured is not None:
            values[heights.index(cell.place.height_cm), azimuths.index(cell.place.azimuth_deg)] = measured
    axes.imshow(values, origin="lower", aspect="auto", cmap=colours, vmin=limits[0], vmax=limits[1])
    axes.set_xticks(range(len(azimuths)), [f"{azimuth:g}" for azimuth in azimuths], fontsize=7)
    axes.set_yticks(range(len(heights)), [f"{height:g}" for height in heights], fontsize=7)
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            text = f"{value:.0%}" if limits[1] == 1.0 else f"{value:.1f}"
            axes.text(column, row, text, ha="center", va="center", fontsize=6)
