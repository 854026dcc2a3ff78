"""Bytes from strangers: what is refused and why, and that what is taken is decoded rightly."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from inference.errors import ImageError
from inference.images import ENGINE_SIDE_PX, Limits, photo_decode, photo_rendition


class WorkerTimeLimitError(Exception):
    """As Celery's SoftTimeLimitExceeded: an Exception of no other kind."""


def encoded(image: Image.Image, format: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def gradient(width: int = 200, height: int = 100) -> Image.Image:
    """Left dark, right bright; top red, bottom blue: every turn and flip of it looks different."""
    x = np.linspace(0, 255, width)[None, :].repeat(height, axis=0)
    top = np.linspace(255, 0, height)[:, None].repeat(width, axis=1)
    return Image.fromarray(np.stack([top, x, 255 - top], axis=2).astype(np.uint8))


def png_header_bomb(width: int, height: int) -> bytes:
    """A PNG of a few dozen bytes that announces width x height pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def animated(format: str) -> bytes:
    frames = [gradient(), gradient().transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    return encoded(frames[0], format, save_all=True, append_images=frames[1:], duration=100)


REFUSED = {
    "nothing": (b"", "empty"),
    "text": (b"not a photo, but long enough to be looked at", "not_an_image"),
    "html": (b"<html><script>alert(1)</script></html>", "not_an_image"),
    "random": (bytes(range(256)) * 40, "not_an_image"),
    "cut-off jpeg": (encoded(gradient(800, 600))[:4000], "truncated"),
    "jpeg header alone": (encoded(gradient())[:40], "not_an_image"),
    "cut-off png": (encoded(gradient(800, 600), "PNG")[:1400], "truncated"),
    "bomb": (png_header_bomb(50_000, 50_000), "too_many_pixels"),
    "gif": (animated("GIF"), "animated"),
    "moving webp": (animated("WEBP"), "animated"),
    "heic": (b"\x00\x00\x00\x18ftypheic" + bytes(100), "heic"),
    "tiff": (encoded(gradient(), "TIFF"), "format"),
    "bmp": (encoded(gradient(), "BMP"), "format"),
    "pdf": (b"%PDF-1.7" + bytes(100), "format"),
    "tiny": (encoded(gradient(20, 20)), "too_small"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_its_reason_by_intake_and_worker_alike(name: str) -> None:
    data, reason = REFUSED[name]
    for read in (photo_rendition, photo_decode):
        with pytest.raises(ImageError) as refusal:
            read(data)
        assert refusal.value.reason == reason
        assert refusal.value.permanent


def test_too_many_bytes_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(ImageError, match="61 bytes") as refusal:
        photo_decode(b"x" * 61, Limits(max_bytes=60))
    assert refusal.value.reason == "too_large"


@pytest.mark.parametrize(
    ("declared", "taken"),
    [
        ("", True),
        ("image/jpeg", True),
        ("image/jpg", True),
        ("application/octet-stream", True),
        ("image/png", False),
        ("text/html", False),
        ("application/pdf", False),
    ],
)
def test_the_declared_type_must_be_what_the_bytes_are(declared: str, *, taken: bool) -> None:
    data = encoded(gradient())
    if taken:
        assert photo_rendition(data, declared).suffix == "jpg"
        return
    with pytest.raises(ImageError) as refusal:
        photo_rendition(data, declared)
    assert refusal.value.reason == "wrong_type"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns_the_photo_upright(orientation: int) -> None:
    turns = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }[orientation]
    stored = gradient()
    for turn in turns:
        stored = stored.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, "PNG", exif=exif)
    photo = photo_decode(data)
    assert (photo.width, photo.height) == (200, 100)
    assert np.array_equal(photo.rgb, np.asarray(gradient()))
    shown = photo_rendition(data)
    assert (shown.width, shown.height) == (200, 100)
    assert np.abs(np.asarray(Image.open(io.BytesIO(shown.jpeg))).astype(int) - photo.rgb).mean() < 3


def test_what_is_served_carries_no_gps_and_no_exif() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    exif[0x010F] = "a maker"
    data = encoded(gradient(), exif=exif, comment=b"my house")
    assert b"Exif" in data
    assert b"my house" in data
    served = photo_rendition(data).jpeg
    assert b"Exif" not in served
    assert b"my house" not in served
    assert not Image.open(io.BytesIO(served)).getexif()


def test_cmyk_becomes_rgb() -> None:
    photo = photo_decode(encoded(Image.new("CMYK", (100, 100), (0, 255, 255, 0))))
    assert photo.rgb.shape == (100, 100, 3)
    red, green, blue = photo.rgb[50, 50]
    assert red > 200
    assert green < 60
    assert blue < 60


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    deep = np.linspace(0, 65535, 100).astype(np.uint16)[None, :].repeat(100, axis=0)
    photo = photo_decode(encoded(Image.fromarray(deep), "PNG"))
    assert photo.rgb[50, 0].tolist() == [0, 0, 0]
    assert abs(int(photo.rgb[50, 50, 0]) - 128) <= 2
    assert photo.rgb[50, 99].tolist() == [255, 255, 255]


def test_a_see_through_picture_lies_on_white() -> None:
    photo = photo_decode(encoded(Image.new("RGBA", (100, 100), (0, 0, 0, 0)), "PNG"))
    assert photo.rgb[0, 0].tolist() == [255, 255, 255]


def test_a_large_photo_is_made_smaller_for_the_engine_and_keeps_its_size_in_the_record() -> None:
    photo = photo_decode(encoded(gradient(4000, 3000)))
    assert max(photo.rgb.shape) <= ENGINE_SIDE_PX
    assert (photo.width, photo.height) == (4000, 3000)
    assert photo.scale == pytest.approx(4000 / photo.rgb.shape[1])
    assert photo_rendition(encoded(gradient(4000, 3000))).width == 4000


def test_a_jpeg_with_a_second_picture_behind_it_is_read_as_its_first() -> None:
    data = encoded(gradient(), "MPO", save_all=True, append_images=[gradient()])
    assert photo_decode(data).rgb.shape == (100, 200, 3)
    assert photo_rendition(data, "image/jpeg").suffix == "jpg"


@pytest.mark.parametrize("trouble", [MemoryError(), WorkerTimeLimitError()])
def test_what_is_not_the_photo_s_fault_is_no_refusal(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    def fail(*args: object) -> None:
        raise trouble

    monkeypatch.setattr(JpegImageFile, "load", fail)
    for read in (photo_decode, photo_rendition):
        with pytest.raises(type(trouble)):
            read(encoded(gradient()))


def test_a_photo_of_thousands_of_scans_is_refused_before_it_is_decoded() -> None:
    data = encoded(gradient(), progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(ImageError) as refusal:
        photo_decode(data[:-2] + scan * 200 + data[-2:])
    assert refusal.value.reason == "format"
    assert photo_decode(data).width == 200
