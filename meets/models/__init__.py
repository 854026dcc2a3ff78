"""Rows. No logic beyond constraints: writers and readers stand beside this package, one module per noun."""

from meets.models.assessment import Assessment, Finding, Flag, Vote
from meets.models.attempt import Attempt
from meets.models.decision import Light, LightColour
from meets.models.engine import EngineKind, engine_default, engine_kinds
from meets.models.image import AttemptImage, ImageReason, ImageStatus, PhotoMove, Reading, UploadKey
from meets.models.lifter import Entry, Equipment, Lifter, Sex
from meets.models.meet import (
    CAMERA_DIGITS,
    CAMERA_FIGURES,
    Camera,
    EvidenceMode,
    Meet,
    MeetStatus,
    Membership,
    Platform,
    Role,
    Seat,
)
from meets.models.worker import WorkerBeat

__all__ = [
    "CAMERA_DIGITS",
    "CAMERA_FIGURES",
    "Assessment",
    "Attempt",
    "AttemptImage",
    "Camera",
    "EngineKind",
    "Entry",
    "Equipment",
    "EvidenceMode",
    "Finding",
    "Flag",
    "ImageReason",
    "ImageStatus",
    "Lifter",
    "Light",
    "LightColour",
    "Meet",
    "MeetStatus",
    "Membership",
    "PhotoMove",
    "Platform",
    "Reading",
    "Role",
    "Seat",
    "Sex",
    "UploadKey",
    "Vote",
    "WorkerBeat",
    "engine_default",
    "engine_kinds",
]
