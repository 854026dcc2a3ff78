"""A photo with what was seen drawn over it, for people at a command line. The site draws its own as SVG."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps

from inference.assessment import Assessment
from judging.outcomes import Mark
from judging.pose import SEEN_SCORE, Joint, Pose

SKELETON: Final = (
    (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER),
    (Joint.LEFT_HIP, Joint.RIGHT_HIP),
    *(
        (Joint[f"{side}_{a}"], Joint[f"{side}_{b}"])
        for side in ("LEFT", "RIGHT")
        for a, b in (
            ("SHOULDER", "ELBOW"),
            ("ELBOW", "WRIST"),
            ("SHOULDER", "HIP"),
            ("HIP", "KNEE"),
            ("KNEE", "ANKLE"),
        )
    ),
)
_LIGHT, _DARK, _HIDDEN = "#d7e3ee", "#0b0e11", "#7d8996"
_COLOUR_OF: Final = {"level": "#f5a524", "surface": "#ffffff", "joint": "#2dd4bf", "band": "#f5a524"}


def overlay_jpeg(data: bytes, assessment: Assessment) -> bytes:
    """The upright photo with skeleton, surfaces, level lines and the findings in words, as JPEG."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    draw = ImageDraw.Draw(image)
    unit = max(1, round(max(image.size) / 500))
    font = ImageFont.load_default(size=7 * unit)
    if assessment.pose:
        _skeleton(draw, assessment.pose, unit)
    for finding in assessment.findings:
        for mark in finding.marks:
            _mark(draw, mark, unit, font)
    _words(draw, assessment, unit, font)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def _skeleton(draw: ImageDraw.ImageDraw, pose: Pose, unit: int) -> None:
    for width, dark in ((3 * unit, True), (unit, False)):
        for a, b in SKELETON:
            line = (*pose.xy(a).tolist(), *pose.xy(b).tolist())
            seen = pose.seen(a, b, least=SEEN_SCORE)
            draw.line(line, fill=_DARK if dark else (_LIGHT if seen else _HIDDEN), width=width)


def _mark(draw: ImageDraw.ImageDraw, mark: Mark, unit: int, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> None:
    colour = _COLOUR_OF.get(mark.kind, _LIGHT)
    if mark.kind == "joint":
        draw.ellipse((mark.x1 - 3 * unit, mark.y1 - 3 * unit, mark.x1 + 3 * unit, mark.y1 + 3 * unit), outline=colour)
        return
    if mark.kind == "band":
        x0, x1 = sorted((mark.x1, mark.x2))
        y0, y1 = sorted((mark.y1, mark.y2))
        draw.rectangle((x0, y0, x1, y1), outline=colour)
        return
    draw.line((mark.x1, mark.y1, mark.x2, mark.y2), fill=colour, width=unit)
    draw.text((max(mark.x1, mark.x2) + 2 * unit, mark.y2 - 4 * unit), mark.label, fill=colour, font=font)


def _words(
    draw: ImageDraw.ImageDraw,
    assessment: Assessment,
    unit: int,
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
) -> None:
    lines = [f"{assessment.lift.lift or 'no lift'} · {assessment.phase.phase or '?'} · {assessment.view.view or '?'}"]
    for finding in assessment.findings:
        figure = f" {finding.margin_cm:+.1f} ± {finding.sigma_cm:.1f} cm" if finding.margin_cm is not None else ""
        side = f" {finding.side}" if finding.side else ""
        lines.append(f"{finding.rule}{side}: {finding.outcome}{figure} {finding.reason or ''}")
    text = "\n".join(lines)
    box = draw.multiline_textbbox((3 * unit, 3 * unit), text, font=font)
    draw.rectangle((0, 0, box[2] + 3 * unit, box[3] + 3 * unit), fill=_DARK)
    draw.multiline_text((3 * unit, 3 * unit), text, fill=_LIGHT, font=font)
