"""Bytes from a stranger -> an upright RGB array, or a reason why not. Pillow only: the web imports this too.

Reasons are the values of meets.models.ImageReason.
"""

from __future__ import annotations

import io
import warnings
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

LEAST_SIDE_PX = 64
# Engines look at crops of at most 256 x 256 px, so a longer side adds time and no joint.
ENGINE_SIDE_PX = 1280
DISPLAY_SIDE_PX = 2048
# Three times the 72 x 48 px of a board's row: sharp on any screen, and a few KB on a hall's Wi-Fi.
THUMB_SIZE_PX = (216, 216)

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
    except Exception as error:  # a decoder met by a hostile header may raise anything; none of it is our fault
        raise ImageError("not_an_image", repr(error)) from error
    width, height = image.size
    if width * height > limits.max_pixels:
        raise ImageError("too_many_pixels", f"{width} x {height}")
    if min(width, height) < LEAST_SIDE_PX:
        raise ImageError("too_small", f"{width} x {height}")
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise ImageError("animated")
    return image


def _other_picture(data: bytes) -> bool:
    """True for kinds of picture that people do upload and that are not read here: TIFF, BMP, PDF."""
    return data[:4] in (b"II*\x00", b"MM\x00*", b"%PDF") or data[:2] == b"BM"


def _upright_rgb(image: Image.Image) -> Image.Image:
    """Decoded, turned as EXIF says, 8 bits, RGB. Raises ImageError('truncated')."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
            turned = ImageOps.exif_transpose(image)
    except Exception as error:  # Pillow's decoders raise OSError, SyntaxError, struct.error ... on cut-off files
        raise ImageError("truncated", repr(error)) from error
    if turned.mode == "RGB":
        return turned
    if turned.mode.startswith("I") or turned.mode == "F":
        # 16 bits a sample: Pillow's own conversion would clip to white instead of scaling.
        deep = np.asarray(turned, dtype=np.float64)
        top = 65535.0 if deep.max() > 255 else 255.0
        return Image.fromarray((deep / top * 255).clip(0, 255).astype(np.uint8)).convert("RGB")
    if turned.mode in ("RGBA", "LA", "PA", "P"):
        ground = Image.new("RGBA", turned.size, (255, 255, 255, 255))
        return Image.alpha_composite(ground, turned.convert("RGBA")).convert("RGB")
    return turned.convert("RGB")


def _upright_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    quarter_turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    return (height, width) if quarter_turned else (width, height)


def photo_decode(data: bytes, limits: Limits | None = None) -> Photo:
    """The photo as the engines want it. Raises ImageError with its reason.

    A JPEG larger than the engine needs is decoded at a half, a quarter or an eighth, which its own transform
    gives for less than the whole picture costs.
    """
    image = _opened(data, limits or Limits())
    try:
        width, height = _upright_size(image)
        image.draft("RGB", (ENGINE_SIDE_PX, ENGINE_SIDE_PX))
    except Exception as error:  # broken EXIF
        raise ImageError("truncated", repr(error)) from error
    rgb = _upright_rgb(image)
    rgb.thumbnail((ENGINE_SIDE_PX, ENGINE_SIDE_PX), Image.Resampling.BILINEAR)
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
    rgb = _upright_rgb(image)
    width, height = rgb.size
    rgb.thumbnail((DISPLAY_SIDE_PX, DISPLAY_SIDE_PX), Image.Resampling.LANCZOS)
    # A new picture of the pixels alone: nothing of EXIF, GPS, comments or colour profiles comes along.
    clean = Image.fromarray(np.asarray(rgb))
    jpeg = _jpeg(clean, 88)
    clean.thumbnail(THUMB_SIZE_PX, Image.Resampling.LANCZOS)
    return Rendition(jpeg, _jpeg(clean, 80), width, height, _SUFFIX_OF_TYPE[true_type])


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()
