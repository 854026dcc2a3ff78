"""What a person reads for what the machine found: short, plain, in the rule book's own terms.

One place, so that the board, the attempt page and the drawing over the photo never say it differently.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from judging.outcomes import Outcome, Reason
from meets.models import CAMERA_DIGITS, Assessment, Attempt, AttemptImage, EngineKind, Flag, ImageStatus

MINUS = "−"
PURGED_WORDS = "This photo was deleted, as the meet's retention or its lifter asked. What was found in it stays."
# From here on a decimal would promise more than the measurement holds.
COARSE_SIGMA_CM = 10.0


@dataclass(frozen=True, slots=True)
class Call:
    """A symbol, a word and a tone. The tone is the stylesheet's name of the colour; it never stands alone."""

    symbol: str
    word: str
    tone: str


MEETS = Call("●", "meets", "meets")
BREACH = Call("◆", "breach", "breach")
TOO_CLOSE = Call("≈", "too close", "close")
CANNOT_JUDGE = Call("○", "cannot judge", "mute")
ONE_SIDE = Call("◐", "one side meets", "meets")
PARTLY = Call("◐", "partly seen", "meets")
WHO = Call("◎", "who is the lifter?", "slate")
MISMATCH = Call("◇", "check the photo", "slate")
NOT_THIS_FRAME = Call("–", "not this frame", "mute")
QUEUED = Call("◌", "waiting", "slate")
WORKING = Call("◍", "being read", "slate")
REJECTED = Call("▢", "not accepted", "slate")
FAILED = Call("▢", "not read", "slate")
PURGED = Call("▢", "photo deleted", "slate")
BLIND = Call("◡", "your light first", "slate")
MODE_WORDS = {
    "after_light": "blind first",
    "jury": "evidence for the jury alone",
    "live": "evidence before the lights",
    "training": "training",
}

LIGHTS_FIRST = Call("◡", "the lights first", "slate")
NO_PHOTO = Call("·", "no photo yet", "slate")
WITHHELD = Call("□", "not shown", "slate")

OUTCOME_CALLS = {
    Outcome.MEETS: MEETS,
    Outcome.BREACH: BREACH,
    Outcome.TOO_CLOSE: TOO_CLOSE,
    Outcome.CANNOT_JUDGE: CANNOT_JUDGE,
}
FLAG_CALLS = {Flag.BREACH: BREACH, Flag.TOO_CLOSE: TOO_CLOSE, Flag.LIFTER: WHO, Flag.MISMATCH: MISMATCH}
STATUS_CALLS = {
    ImageStatus.QUEUED: QUEUED,
    ImageStatus.WORKING: WORKING,
    ImageStatus.REJECTED: REJECTED,
    ImageStatus.FAILED: FAILED,
}

# What officials decided.
OUTCOME_WORDS = {"": "Not decided", "good": "Good lift", "no_lift": "No lift", "passed": "Not taken"}
JURY_WORDS = {
    "upheld": "the decision stands",
    "reversed": "the decision is reversed",
    "extra_attempt": "an extra attempt",
}

# What was found by weights that may not advise here.
WITHHELD_SHORT = "engine has not passed the gold gate"
WITHHELD_SENTENCE = (
    "Read by weights that have not passed the gold gate: what they found is kept on record. Judge by eye."
)
ALSO_WITHHELD = "read; its weights have not passed the gold gate, so nothing is shown"

# A photo that is not judged because it may not show its attempt's lift.
UNMATCHED_SHORT = "may show another lift: not judged"

# A photo that is not judged because its lifter cannot be told from the others.
WHO_LIFTS = "several people: staff say who lifts"


@dataclass(frozen=True, slots=True)
class Notice:
    """What is the matter, and what follows from it."""

    head: str
    rest: str


ENGINE_WORDS: dict[str, str] = {kind.value: kind.label for kind in EngineKind}
# What such an engine runs on, for those who choose.
ENGINE_PLACES = {
    EngineKind.MEDIAPIPE: "any CPU",
    EngineKind.MMPOSE: "GPU workers",
    EngineKind.RECORDED: "tests and demos",
}
LIFT_WORDS = {"squat": "Squat", "bench": "Bench press", "deadlift": "Deadlift"}
LIFT_PHRASES = {"squat": "a squat", "bench": "a bench press", "deadlift": "a deadlift"}
PHASE_WORDS = {"start": "bar on the floor", "bottom": "lowest point", "lockout": "lockout", "mid": "on the way"}
VIEW_WORDS = {"front": "front", "left": "lifter's left", "right": "lifter's right", "rear": "rear"}
ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


@dataclass(frozen=True, slots=True)
class RuleWords:
    """title: of one side's card, with {side} and {Side}. part: what is measured, for one line. kept, broken: which way
    a positive and a negative margin lie. line: what the margin is measured from."""

    title: str
    part: str
    kept: str
    broken: str
    line: str


RULES = {
    "bench_depth": RuleWords("{Side} elbow below {side} shoulder", "{side} elbow", "below", "above", "level"),
    "squat_depth": RuleWords(
        "Depth, {side} side: hip crease below top of knee", "{side} hip crease", "below", "above", "top of knee"
    ),
    "knees_locked": RuleWords("{Side} knee locked", "{side} knee", "within the limit", "past the limit", "limit"),
    "elbows_locked": RuleWords("{Side} elbow locked", "{side} elbow", "within the limit", "past the limit", "limit"),
    "shoulders_back": RuleWords("{Side} shoulder behind the bar", "{side} shoulder", "behind", "in front", "bar"),
}

# What a rule is about, without a side.
SUBJECTS = {
    "bench_depth": "depth",
    "squat_depth": "depth",
    "knees_locked": "knee lock",
    "elbows_locked": "elbow lock",
    "shoulders_back": "shoulder position",
}

REASON_SENTENCES = {
    Reason.NO_LIFTER: "No lifter was found in this photo. Judge by eye.",
    Reason.LIFTER_UNSURE: "It cannot be told who the lifter is: staff say which person. Until then judge by eye.",
    Reason.LIFTER_HIDDEN: "The lifter could not be read: others or a plate may hide him. Judge by eye.",
    Reason.JOINT_HIDDEN: "The {part} is not seen. Judge by eye.",
    Reason.WRONG_VIEW: "This camera cannot show it. Judge by eye, or add a photo from the other side.",
    Reason.VIEW_UNKNOWN: "It is not known where the camera stood. Judge by eye.",
    Reason.WRONG_MOMENT: "This photo shows another moment of the lift.",
    Reason.MOMENT_UNKNOWN: "It is not known which moment of the lift this photo shows. Judge by eye.",
    Reason.MOMENT_NOT_STATED: "Nobody has said which moment of the lift this photo shows. Judge by eye.",
    Reason.MOMENT_MISMATCH: "The photo does not look like the moment that was stated. Judge by eye.",
    Reason.WRONG_LIFT: "The photo does not look like this attempt's lift: not judged.",
    Reason.LIFT_DISPUTED: "It is not sure which lift this photo shows: staff look at it. Until then judge by eye.",
    Reason.LIFT_UNKNOWN: "It cannot be told which lift this photo shows. Judge by eye.",
    Reason.SCALE_UNKNOWN: "Too little of the lifter is seen to measure in centimetres. Judge by eye.",
    Reason.FACING_UNKNOWN: "It cannot be told which way the lifter faces. Judge by eye.",
    Reason.TOO_COARSE: "The photo is too coarse to measure this. Judge by eye.",
}
REASON_SHORT = {
    Reason.NO_LIFTER: "no lifter found",
    Reason.LIFTER_UNSURE: WHO_LIFTS,
    Reason.LIFTER_HIDDEN: "lifter not read",
    Reason.JOINT_HIDDEN: "{part} not seen",
    Reason.WRONG_VIEW: "{part}: not from this side",
    Reason.VIEW_UNKNOWN: "camera side not known",
    Reason.WRONG_MOMENT: "another moment of the lift",
    Reason.MOMENT_UNKNOWN: "moment not known",
    Reason.MOMENT_NOT_STATED: "moment not stated",
    Reason.MOMENT_MISMATCH: "not the stated moment",
    Reason.WRONG_LIFT: "does not look like this lift",
    Reason.LIFT_DISPUTED: "lift not sure: staff look",
    Reason.LIFT_UNKNOWN: "lift not known",
    Reason.SCALE_UNKNOWN: "too little of the lifter seen",
    Reason.FACING_UNKNOWN: "lifter's direction not known",
    Reason.TOO_COARSE: "{part}: too coarse to measure",
}


def weights_word(engine: str, weights_sha256: str) -> str:
    """``ViTPose (weights 1a2b3c4d)``."""
    return f"{ENGINE_WORDS.get(engine, engine)} (weights {weights_sha256[:8]})"


def gate_notice(engine: str, weights_sha256: str, *, is_live: bool, is_staff: bool) -> Notice:
    """For everybody, at a meet whose engine works with weights that have not passed the gold gate."""
    who = weights_word(engine, weights_sha256)
    if not is_live:
        rest = "What it finds is shown for training; at a live meet it would not be."
        return Notice(f"{who} has not passed the gold gate.", rest)
    help_words = (
        f"run the gate (python -m inference.gate --engine {engine} --accept), or let another engine count"
        if is_staff
        else "tell the meet's staff"
    )
    return Notice(
        f"{who} has not passed the gold gate, so it does not advise at this meet.",
        f"What it finds is kept on record and not shown. Judge by eye; {help_words}.",
    )


def engine_line(engine: str, weights_sha256: str, *, has_passed: bool | None) -> str:
    """Which engine counts, and whether its weights have passed."""
    if has_passed is None:
        name = ENGINE_WORDS.get(engine, engine)
        return f"{name} counts here. Whether its weights have passed the gold gate is known once a worker has answered."
    said = "passed the gold gate" if has_passed else "have not passed the gold gate"
    return f"{ENGINE_WORDS.get(engine, engine)} counts here; its weights {weights_sha256[:8]} {said}."


# How a camera's figures are spoken of; {} stands for the number.
FIGURE_WORDS = {
    "height_cm": "lens {} cm high",
    "distance_cm": "{} cm from the lifter",
    "roll_deg": "roll {}°",
    "angle_deg": "{}° off the side",
    "plate_share": "45 cm plate {} of the photo",
}


def figures_line(figures: Mapping[str, float | None]) -> str:
    """What was measured of a camera: ``lens 95 cm high · roll −1.5°``; empty where nothing was."""
    return " · ".join(
        text.format(_share(value) if name == "plate_share" else _plain(value, signed=name.endswith("_deg")))
        for name, text in FIGURE_WORDS.items()
        if (value := figures.get(name)) is not None
    )


def _plain(value: float, *, signed: bool) -> str:
    """``95``, ``2.5``; signed: ``+2.5``, ``−2.5``, ``0``."""
    text = f"{abs(value):.1f}".removesuffix(".0")
    sign = MINUS if value < 0 else "+" if signed else ""
    return text if text == "0" else f"{sign}{text}"


def _share(value: float) -> str:
    """``0.12``, ``0.1234``: as many digits as the rows keep."""
    return f"{value:.{CAMERA_DIGITS['plate_share']}f}".rstrip("0")


def rule_name(rule: str) -> str:
    """The rule without a side: ``Elbows locked``."""
    return {"bench_depth": "Elbow depth", "squat_depth": "Squat depth"}.get(rule, rule.replace("_", " ").capitalize())


def rule_title(rule: str, side: str) -> str:
    """The card's heading: ``Left elbow below left shoulder``; without a side the rule's name."""
    words = RULES.get(rule)
    if words is None or not side:
        return rule_name(rule) + (f", {side}" if side else "")
    return words.title.format(side=side, Side=side.capitalize())


def rule_part(rule: str, side: str) -> str:
    """What is measured, for one line: ``left elbow``."""
    words = RULES.get(rule)
    if words is None or not side:
        return f"{side} {rule_name(rule).lower()}".strip()
    return words.part.format(side=side)


def reason_sentence(reason: str, rule: str, side: str) -> str:
    """Why a photo cannot show it, and what to do."""
    return REASON_SENTENCES[Reason(reason)].format(part=rule_part(rule, side)) if reason else "Judge by eye."


def reason_short(reason: str, rule: str, side: str) -> str:
    """The same in a few words, for a row of the board."""
    return REASON_SHORT[Reason(reason)].format(part=rule_part(rule, side)) if reason else "judge by eye"


def missing_line(reason: str, rule: str, side: str) -> str:
    """What no photo of the attempt could judge: ``depth not shown``; with the reason where it is another one."""
    subject = SUBJECTS.get(rule, rule_name(rule).lower())
    if reason in ("", Reason.WRONG_MOMENT):
        return f"{subject} not shown"
    why = REASON_SHORT[Reason(reason)].removeprefix("{part}: ")
    return f"{subject}: {why.format(part=rule_part(rule, side))}"


def mismatch_sentence(lift: str, reasons: "set[str]") -> str:
    """What does not fit, or is not sure to: the moment that was stated, or the attempt's lift."""
    if Reason.MOMENT_MISMATCH in reasons and not reasons & {Reason.WRONG_LIFT, Reason.LIFT_DISPUTED}:
        return "Does not look like the stated moment: not judged"
    if Reason.WRONG_LIFT not in reasons and reasons & {Reason.LIFT_DISPUTED, Reason.LIFT_UNKNOWN}:
        return f"It is not sure that this is {LIFT_PHRASES[lift]}: not judged"
    return f"Does not look like {LIFT_PHRASES[lift]}: not judged"


def attempt_line(attempt: Attempt) -> str:
    """Whose attempt it is: ``squat, 1st attempt of Ada Lindqvist``."""
    lift, number = LIFT_WORDS[attempt.lift].lower(), ORDINALS[attempt.number]
    return f"{lift}, {number} attempt of {attempt.entry.lifter.name}"


def lift_line(lift: str, p: float) -> str:
    """What a photo looks like: ``a deadlift (91 %)``; without a figure where nothing could be made of it."""
    phrase = LIFT_PHRASES.get(lift, "none of the three lifts")
    # The figure is not torn from its sign at the end of a line.
    return f"{phrase} ({percent(p)})".replace(" %", "\u00a0%") if p else phrase


def decimals(sigma_cm: float) -> int:
    """How many decimals a figure with this error may carry."""
    return 0 if sigma_cm >= COARSE_SIGMA_CM else 1


def signed_cm(margin_cm: float, sigma_cm: float) -> str:
    """``+2.9``, ``−0.8``, ``0.0``: always with its sign, never with more digits than the error allows."""
    figure = f"{abs(margin_cm):.{decimals(sigma_cm)}f}"
    if not float(figure):
        return figure
    return f"{'+' if margin_cm > 0 else MINUS}{figure}"


def sigma_text(sigma_cm: float) -> str:
    """The error, rounded like its margin; never 0.0."""
    return f"{max(sigma_cm, 0.1):.{decimals(sigma_cm)}f}"


def direction(rule: str, margin_cm: float, sigma_cm: float) -> str:
    """Which way the margin lies: ``below``, ``above``; a figure that reads 0.0 lies neither way: ``at the level``."""
    words = RULES.get(rule)
    if words is None or not math.isfinite(margin_cm):
        return ""
    if signed_cm(margin_cm, sigma_cm)[0] not in f"+{MINUS}":
        return f"at the {words.line}"
    return words.kept if margin_cm > 0 else words.broken


def figure(value: float, places: int) -> str:
    """A number with a real minus sign: ``0.42``, ``−0.42``; what rounds to nothing is ``0.00``, never ``−0.00``."""
    text = f"{abs(value):.{places}f}"
    return f"{MINUS}{text}" if value < 0 and float(text) else text


def margin_line(rule: str, side: str, margin_cm: float, sigma_cm: float) -> str:
    """One line for a row: ``left elbow −0.8 ± 1.6 cm above``."""
    figures = f"{signed_cm(margin_cm, sigma_cm)} ± {sigma_text(sigma_cm)} cm"
    return f"{rule_part(rule, side)} {figures} {direction(rule, margin_cm, sigma_cm)}".strip()


def percent(p: float | None) -> str:
    """A probability for people: ``94 %``; never a certain 100."""
    if p is None:
        return ""
    whole = round(p * 100)
    return "over 99 %" if whole >= 100 else "under 1 %" if whole <= 0 else f"{whole} %"


def photo_label(image: AttemptImage, assessment: Assessment | None) -> str:
    """Where the camera stood, as far as anyone has said or could tell: ``lifter's left``."""
    view = image.view or (assessment.view_seen if assessment else "")
    return f"from the {VIEW_WORDS[view]}" if view else "camera side not known"
