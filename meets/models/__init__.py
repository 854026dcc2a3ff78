"""Rows. No logic beyond constraints: writers and readers stand beside this package, one module per noun."""

from meets.models.assessment import Assessment, Finding, Flag, Vote
from meets.models.attempt import Attempt
from meets.models.decision import Light, LightColour
from meets.models.image import AttemptImage, ImageReason, ImageStatus, UploadKey
from meets.models.lifter import Entry, Equipment, Lifter, Sex
from meets.models.meet import EvidenceMode, Meet, MeetStatus, Membership, Platform, Role, Seat
from meets.models.worker import WorkerBeat

__all__ = [
    "Assessment",
    "Attempt",
    "AttemptImage",
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
    "Platform",
    "Role",
    "Seat",
    "Sex",
    "UploadKey",
    "Vote",
    "WorkerBeat",
]
