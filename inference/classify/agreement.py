"""Two looks at one photo: the joints say a lift, and so may a model that looks at the whole picture.

Where they disagree, or one of them is not sure, nobody's rules may be asked: staff look first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inference.assessment import LiftSeen
from inference.classify.sighting import LIFT_WORDS, Sighting
from inference.errors import EngineError
from inference.images import RgbArray
from judging.pose import Lift

# The picture's word counts from this probability on.
PICTURE_LEAST: Final = 0.5


@dataclass(frozen=True, slots=True)
class PictureSeen:
    """What the picture as a whole looks like. model: the network's name and the first 12 hex digits of its sha256."""

    seen: LiftSeen
    model: str


PictureLook = Callable[[RgbArray], PictureSeen]


def picture_look(path: Path) -> PictureLook:
    """The network of a checkpoint (inference.classify.pictures), ready to look. Raises EngineError, which names the
    file, when it cannot be used or this worker has no torch."""
    try:
        from inference.classify.pictures.model import picture_model_load

        model = picture_model_load(path)
    except ImportError as lacking:
        raise EngineError(f"the picture classifier {path.name} needs torch, which this worker lacks") from lacking
    except (OSError, ValueError) as wrong:
        raise EngineError(f"the picture classifier cannot be used: {wrong}") from wrong

    def look(rgb: RgbArray) -> PictureSeen:
        p_of = model.look(rgb)
        best = max(p_of, key=lambda name: p_of[name])
        lift = Lift(best) if best in set(Lift) else None
        return PictureSeen(LiftSeen(lift, p_of[best]), f"{model.name}-{model.sha256[:12]}")

    return look


def dispute(lift: Lift | None, sighting: Sighting, picture: LiftSeen | None) -> str:
    """Why joints and picture do not agree on the lift, in a sentence, or "" where they do.

    lift: the stated one, or None. picture: None where no such model is set up; then there is nothing to agree with.
    """
    if picture is None:
        return ""
    joints = lift or sighting.lift
    if picture.lift is None or picture.p < PICTURE_LEAST:
        return "The picture as a whole shows none of the three lifts for sure. Staff say which it is."
    if joints is not picture.lift:
        by = f"The joints look like a {LIFT_WORDS[sighting.lift]}" if sighting.lift else "The joints look like no lift"
        other = LIFT_WORDS[picture.lift]
        return f"{by}, the picture as a whole like a {other} ({picture.p:.0%}). Staff say which it is."
    return ""
