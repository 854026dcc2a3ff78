"""The copies that are made of a photo: as the paper did, and as it is better done. With OpenCV, as in the paper."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import cv2
import numpy as np

from inference.classify.pictures.manifest import ORIGINAL
from inference.images import LEAST_SIDE_PX, RgbArray

Copy = tuple[str, RgbArray]
Recipe = Callable[[RgbArray, np.random.Generator], Iterator[Copy]]

# Pictures are kept with their longer side this long: networks look at 224 px or fewer.
KEPT_PX: Final = 320
# The paper's turn, degrees.
TURN_FROM: Final = 30.0
TURN_TO: Final = 180.0
# Copies of the strong recipe beside the original.
VARIED: Final = 7


def kept(rgb: RgbArray) -> RgbArray:
    """The photo with its longer side at KEPT_PX, or longer where its shorter one would be too small to be read back;
    never enlarged."""
    height, width = rgb.shape[:2]
    scale = min(1.0, max(KEPT_PX / max(height, width), LEAST_SIDE_PX / min(height, width)))
    if scale == 1.0:
        return rgb
    size = max(LEAST_SIDE_PX, round(width * scale)), max(LEAST_SIDE_PX, round(height * scale))
    return _rgb(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))


def paper_copies(rgb: RgbArray, rng: np.random.Generator) -> Iterator[Copy]:
    """Paper, section 3: the original, its mirror image, and a copy turned by 30 to 180 degrees.

    The paper says nothing of direction and corners. Here turns are counter-clockwise about the middle, the picture
    keeps its size, and corners without picture are black, as OpenCV leaves them.
    """
    yield ORIGINAL, rgb
    yield "flip", _rgb(cv2.flip(rgb, 1))
    turn = float(rng.uniform(TURN_FROM, TURN_TO))
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1.0)
    yield f"turn {turn:.1f} deg", _rgb(cv2.warpAffine(rgb, matrix, (width, height)))


def strong_copies(rgb: RgbArray, rng: np.random.Generator) -> Iterator[Copy]:
    """The original, and VARIED copies as another camera, lens and light might have taken it.

    Nobody photographs a lift upside down, and lying or standing tells the lifts apart, so turns stay small.
    """
    yield ORIGINAL, rgb
    for _ in range(VARIED):
        picture, moved = _moved(rgb, rng)
        picture, coloured = _coloured(picture.astype(np.float32), rng)
        picture, softened = _softened(picture, rng)
        covered = _cover(picture, rng)
        done = [*moved, *coloured, *softened, *covered]
        yield ", ".join(done), np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _moved(rgb: RgbArray, rng: np.random.Generator) -> tuple[Any, list[str]]:
    """Flipped or not, turned a little, nearer or farther, moved aside."""
    height, width = rgb.shape[:2]
    flip = rng.random() < 0.5
    turn = float(np.clip(rng.normal(0.0, 6.0), -15.0, 15.0))
    zoom = float(np.exp(rng.uniform(-0.25, 0.45)))
    aside = rng.uniform(-0.12, 0.12, size=2)
    cos, sin = zoom * math.cos(math.radians(turn)), zoom * math.sin(math.radians(turn))
    matrix = np.array([[-cos if flip else cos, -sin, 0.0], [-sin if flip else sin, cos, 0.0]])
    middle = np.array([width / 2, height / 2])
    matrix[:, 2] = middle * (1 + aside) - matrix[:, :2] @ middle
    # What lies beyond the photo: its edge drawn out, or one colour.
    drawn_out = rng.random() < 0.5
    colour = tuple(int(shade) for shade in rng.integers(0, 256, size=3))
    border = cv2.BORDER_REPLICATE if drawn_out else cv2.BORDER_CONSTANT
    picture = cv2.warpAffine(
        rgb, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=border, borderValue=colour
    )
    done = [f"turn {turn:.1f} deg", f"zoom {zoom:.2f}", f"move {aside[0]:.2f} {aside[1]:.2f}"]
    return picture, ["flip", *done] if flip else done


def _coloured(picture: Any, rng: np.random.Generator) -> tuple[Any, list[str]]:
    """Other light, another white balance, now and then black and white."""
    grey = rng.random() < 0.2
    mix = np.full((3, 3), 1 / 3) if grey else np.eye(3) + rng.normal(0.0, 0.10, size=(3, 3))
    contrast = float(np.exp(rng.normal(0.0, 0.25)))
    bright = float(rng.normal(0.0, 22.0))
    picture = picture @ mix.T.astype(np.float32)
    mean = float(picture.mean())
    return (picture - mean) * contrast + mean + bright, [
        "grey" if grey else "tint",
        f"contrast {contrast:.2f}",
        f"light {bright:+.0f}",
    ]


def _softened(picture: Any, rng: np.random.Generator) -> tuple[Any, list[str]]:
    """Out of focus, or noisy as in a dark hall."""
    done = []
    if rng.random() < 0.3:
        sigma = float(rng.uniform(0.5, 2.0))
        picture = cv2.GaussianBlur(picture, (0, 0), sigma)
        done.append(f"blur {sigma:.1f} px")
    if rng.random() < 0.3:
        sigma = float(rng.uniform(2.0, 14.0))
        picture = picture + rng.normal(0.0, sigma, size=picture.shape).astype(np.float32)
        done.append(f"noise {sigma:.0f}")
    return picture, done


def _cover(picture: Any, rng: np.random.Generator) -> list[str]:
    """Somebody's head, a post or a plate before the lens: up to three boxes, drawn into the picture."""
    height, width = picture.shape[:2]
    boxes = int(rng.integers(0, 4))
    for _ in range(boxes):
        high, wide = (rng.uniform(0.06, 0.28, size=2) * (height, width)).astype(int)
        row, column = int(rng.integers(0, height)), int(rng.integers(0, width))
        picture[row : row + high, column : column + wide] = rng.uniform(0, 255, size=3)
    return [f"cover {boxes}"] if boxes else []


def _rgb(picture: Any) -> RgbArray:
    return np.asarray(picture, dtype=np.uint8)


def jpeg_of(rgb: RgbArray) -> bytes:
    """The picture's file."""
    done, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 92])
    if not done:
        raise ValueError(f"a picture of shape {rgb.shape} cannot be written as JPEG")
    return bytes(data)


RECIPES: Final[Mapping[str, Recipe]] = {"paper": paper_copies, "strong": strong_copies}
