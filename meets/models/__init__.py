"""Rows. No logic beyond constraints: writers and readers stand beside this package, one module per noun."""

from meets.models.assessment import Assessment, Finding, Flag, Vote
from meets.models.attempt import Attempt, AttemptOutcome, lift_place
from meets.models.decision import Card, JuryCase, JuryOutcome, JuryVote, Light, LightColour, SecondCall
from meets.models.engine import EngineKind, engine_default, engine_kinds
from meets.models.image import AttemptImage, ImageReason, ImageStatus, PhotoMove, Reading, UploadKey
from meets.models.lifter import Category, Consent, Entry, Equipment, Event, Lifter, Sex
from meets.models.log import LogKind, LogRecord, Shown
from meets.models.meet import (
    CAMERA_DIGITS,
    CAMERA_FIGURES,
    Camera,
    EvidenceMode,
    Formula,
    Meet,
    MeetStatus,
    Membership,
    Platform,
    Role,
    Seat,
    Seating,
    Session,
)
from meets.models.outgoing import Delivery, DeliveryStatus, TokenNote, Webhook, WebhookEvent
from meets.models.worker import WorkerBeat

__all__ = [
    "CAMERA_DIGITS",
    "CAMERA_FIGURES",
    "Assessment",
    "Attempt",
    "AttemptImage",
    "AttemptOutcome",
    "Camera",
    "Card",
    "Category",
    "Consent",
    "Delivery",
    "DeliveryStatus",
    "EngineKind",
    "Entry",
    "Equipment",
    "Event",
    "EvidenceMode",
    "Finding",
    "Flag",
    "Formula",
    "ImageReason",
    "ImageStatus",
    "JuryCase",
    "JuryOutcome",
    "JuryVote",
    "Lifter",
    "Light",
    "LightColour",
    "LogKind",
    "LogRecord",
    "Meet",
    "MeetStatus",
    "Membership",
    "PhotoMove",
    "Platform",
    "Reading",
    "Role",
    "Seat",
    "Seating",
    "SecondCall",
    "Session",
    "Sex",
    "Shown",
    "TokenNote",
    "UploadKey",
    "Vote",
    "Webhook",
    "WebhookEvent",
    "WorkerBeat",
    "engine_default",
    "engine_kinds",
    "lift_place",
]
