"""The pose classifier held against photos whose lift is known: the line's own way from bytes to joints, nothing
stated."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

from inference.classify.figures import Row
from inference.classify.pictures.labels import Labelled
from inference.classify.pictures.manifest import OTHER
from inference.classify.pose import ANSWER_LEAST, classify
from inference.classify.sighting import Sighting
from inference.engines.base import Engine
from inference.errors import LineError
from inference.images import Limits, photo_decode
from inference.lifter import lifter_choose
from inference.pipeline import shot_of
from judging.pose import View

# What labels call a view -> what the classifier may call it. Who labels "oblique" says nothing that could be wrong.
SIDE: Final = "side"
SIDES: Final = (View.LEFT, View.RIGHT)


def pose_asker(engine: Engine, threshold: float = 0.0) -> Callable[[Labelled], Row]:
    """How to ask of one photo. threshold: a lift less likely than this, or than ANSWER_LEAST, is refused."""

    def ask(photo: Labelled) -> Row:
        sighting = _sighting(photo, engine)
        if sighting is None:
            return Row(photo.path.name, photo.lift, None, {}, photo.phase, None, _view_labelled(photo), None)
        named = sighting.lift is not None and sighting.lift_p >= max(threshold, ANSWER_LEAST)
        return Row(
            photo=photo.path.name,
            true=photo.lift,
            lift=sighting.lift.value if named and sighting.lift else None,
            p=_p_of(sighting),
            true_phase=photo.phase,
            phase=sighting.phase.phase.value if named and sighting.phase.phase else None,
            true_view=_view_labelled(photo),
            view=_view_said(photo, sighting),
        )

    return ask


def _sighting(photo: Labelled, engine: Engine) -> Sighting | None:
    """What the lifter's pose looks like; None where nobody is taken for a lifter. Raises ValueError for a photo that
    cannot be read."""
    data = photo.path.read_bytes()
    try:
        decoded = photo_decode(data, Limits())
        shot = shot_of(decoded, hashlib.sha256(data).hexdigest(), engine)
        (people,) = engine.people([shot])
        if not isinstance(people, list):
            raise people
    except LineError as wrong:
        raise ValueError(f"{photo.path} cannot be read: {wrong}") from wrong
    height, width = decoded.rgb.shape[:2]
    choice = lifter_choose(people, width, height, place=shot.place)
    pose = choice.pose or choice.alone
    return None if pose is None else classify(pose)


def _p_of(sighting: Sighting) -> Mapping[str, float]:
    if not any(sighting.p_of.values()):
        return {}
    return {lift.value: p for lift, p in sighting.p_of.items()} | {OTHER: 1.0 - sum(sighting.p_of.values())}


def _view_labelled(photo: Labelled) -> str | None:
    known = {SIDE, *(view.value for view in View)}
    return photo.view if photo.view in known else None


def _view_said(photo: Labelled, sighting: Sighting) -> str | None:
    view = sighting.view.view
    if view is None:
        return None
    return SIDE if photo.view == SIDE and view in SIDES else view.value
