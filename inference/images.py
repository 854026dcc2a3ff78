"""Bytes from a stranger -> an upright RGB array, or a reason why not. Pillow only: the web imports this too.

Reasons are the values of meets.models.ImageReason.
"""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import (  # the plugins are named because Pillow registers a format when its plugin is imported
    GifImagePlugin,
    Image,
    ImageFile,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from inference.errors import ImageError

RgbArray = npt.NDArray[np.uint8]

# The decoders that a hostile file can reach. The JPEG one also reads MPO, a JPEG with a second picture behind it, as
# some phones make them, and then names it so.
_FORMATS = tuple(
    str(plugin.format)
    for plugin in (
        JpegImagePlugin.JpegImageFile,
        PngImagePlugin.PngImageFile,
        WebPImagePlugin.WebPImageFile,
        GifImagePlugin.GifImageFile,
    )
)
_TYPE_OF_FORMAT = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
}
_SUFFIX_OF_TYPE = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}
# ISO base media brands of HEIF and AVIF. Their decoders are under the GPL or LGPL, so none is shipped.
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")

# What Pillow's decoders raise on hostile or cut-off bytes. Not Exception: a worker's time limit and a lack of memory
# are not the photo's fault, and another try may end otherwise.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    EOFError,
    NotImplementedError,
    AssertionError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
# A photo has one scan, or about ten when it is progressive. Each is a pass over all pixels, and a few bytes make one.
_MOST_SCANS = 100

LEAST_SIDE_PX = 64
# Engines look at crops of at most 256 x 256 px, so a longer side adds time and no joint.
ENGINE_SIDE_PX = 1280
DISPLAY_SIDE_PX = 2048
# Three times the 72 x 48 px of a board's row: sharp on any screen, and a few KB on a hall's Wi-Fi.
THUMB_SIZE_PX = (216, 216)

# The largest photo allowed takes 0.4 to 1 GB while it is decoded; a site's threads must not do that all at once.
_ONE_DECODE = threading.Lock()

# Half a photo must never be judged as a whole one. Set here because Pillow keeps it per process.
ImageFile.LOAD_TRUNCATED_IMAGES = False
# The pixel cap is ours, checked on the header with a reason of its own; Pillow's warning would come second.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a photo may weigh: bytes of the file and pixels of the picture."""

    max_bytes: int = 25_000_000
    max_pixels: int = 60_000_000


@dataclass(frozen=True, slots=True)
class Photo:
    """An upright photo. rgb: uint8 array (h, w, 3), its longer side at most ENGINE_SIDE_PX.

    width, height: px of the upright photo at full size; ``scale`` = full size / rgb size.
    """

    rgb: RgbArray
    width: int
    height: int
    scale: float


@dataclass(frozen=True, slots=True)
class Rendition:
    """What may be shown: an upright JPEG without EXIF, a small one for lists; and the full size, upright, in px."""

    jpeg: bytes
    thumb_jpeg: bytes
    width: int
    height: int
    suffix: str


def _opened(data: bytes, limits: Limits) -> Image.Image:
    """The photo with only its header read. Raises ImageError."""
    if not data:
        raise ImageError("empty")
    if len(data) > limits.max_bytes:
        raise ImageError("too_large", f"{len(data)} bytes")
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        raise ImageError("heic")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise ImageError("format" if _other_picture(data) else "not_an_image") from error
    except _BROKEN as error:
        raise ImageError("not_an_image", repr(error)) from error
    width, height = image.size
    if width * height > limits.max_pixels:
        raise ImageError("too_many_pixels", f"{width} x {height}")
    if min(width, height) < LEAST_SIDE_PX:
        raise ImageError("too_small", f"{width} x {height}")
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise ImageError("animated")
    if image.format in ("JPEG", "MPO") and data.count(b"\xff\xda") > _MOST_SCANS:
        raise ImageError("format", "too many scans")
    return image


def _other_picture(data: bytes) -> bool:
    """True for kinds of picture that people do upload and that are not read here: TIFF, BMP, PDF."""
    return data[:4] in (b"II*\x00", b"MM\x00*", b"%PDF") or data[:2] == b"BM"


def _upright_rgb(image: Image.Image, side_px: int) -> Image.Image:
    """Decoded, turned as EXIF says, at most side_px long, 8 bits, RGB. Raises ImageError('truncated').

    Made smaller before its colours are converted: a conversion holds the whole picture twice.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
    except _BROKEN as error:
        raise ImageError("truncated", repr(error)) from error
    if image.mode.startswith("I") or image.mode == "F":
        image = _eight_bits(image)
    elif image.mode in ("P", "PA"):
        # A palette's numbers cannot be averaged, so these are converted whole.
        image = image.convert("RGBA" if "transparency" in image.info or image.mode == "PA" else "RGB")
    image.thumbnail((side_px, side_px), Image.Resampling.BILINEAR)
    if image.mode in ("RGBA", "LA", "La", "RGBa"):
        ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """16 bits a sample, scaled: Pillow's own conversion clips to white instead."""
    deep = np.asarray(image)
    if deep.dtype == np.uint16:
        return Image.fromarray((deep >> 8).astype(np.uint8))
    top = 65535.0 if deep.max() > 255 else 255.0
    return Image.fromarray((deep.astype(np.float32) * (255.0 / top)).clip(0, 255).astype(np.uint8))


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """width, height of the photo once it is turned, from its header. Raises ImageError('truncated')."""
    width, height = image.size
    try:
        quarter_turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    except _BROKEN as error:
        raise ImageError("truncated", repr(error)) from error
    return (height, width) if quarter_turned else (width, height)


def photo_decode(data: bytes, limits: Limits | None = None) -> Photo:
    """The photo as the engines want it. Raises ImageError with its reason.

    A JPEG larger than the engine needs is decoded at a half, a quarter or an eighth, which its own transform
    gives for less than the whole picture costs.
    """
    image = _opened(data, limits or Limits())
    width, height = _upright_size(image)
    image.draft("RGB", (ENGINE_SIDE_PX, ENGINE_SIDE_PX))
    rgb = _upright_rgb(image, ENGINE_SIDE_PX)
    return Photo(np.ascontiguousarray(rgb), width, height, width / rgb.width)


def photo_rendition(data: bytes, declared_type: str = "", limits: Limits | None = None) -> Rendition:
    """Checks an upload to its last pixel and makes the copy that people are served. Raises ImageError.

    declared_type: the content type the uploader gave; empty and application/octet-stream say nothing, any other
    must be what the bytes are.
    """
    image = _opened(data, limits or Limits())
    true_type = _TYPE_OF_FORMAT[str(image.format)]
    if declared_type not in ("", "application/octet-stream", true_type, "image/jpg" if "jpeg" in true_type else ""):
        raise ImageError("wrong_type", f"{declared_type} is {true_type}")
    width, height = _upright_size(image)
    with _ONE_DECODE:
        rgb = _upright_rgb(image, DISPLAY_SIDE_PX)
    # A new picture of the pixels alone: nothing of EXIF, GPS, comments or colour profiles comes along.
    clean = Image.fromarray(np.asarray(rgb))
    jpeg = _jpeg(clean, 88)
    clean.thumbnail(THUMB_SIZE_PX, Image.Resampling.LANCZOS)
    return Rendition(jpeg, _jpeg(clean, 80), width, height, _SUFFIX_OF_TYPE[true_type])


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()
