"""What the attempt page shows: photos with what is drawn over them, one card per finding, the gold votes.

A closed attempt comes back with its photos and nothing else: what the machine found is not read at all.
"""

from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Value
from django.http import Http404

from judging.outcomes import Reason
from meets.models import Assessment, Attempt, AttemptImage, Flag, ImageStatus, Light, PhotoMove, Reading, Vote
from meets.results import figures_read
from meets.seal import evidence_shown
from meets.selectors import words
from meets.selectors.assessments import assessments_of
from meets.selectors.board import Desk, Seen, newest_assessments, open_attempts
from meets.selectors.cards import Card, finding_cards
from meets.selectors.overlay import Overlay, PersonBox, overlay_of, person_boxes
from meets.selectors.unmatched import is_unmatched
from meets.selectors.votes import Votes, votes_of
from meets.selectors.words import Call


@dataclass(frozen=True, slots=True)
class PhotoView:
    """people: everybody seen, where there are several. asks: staff are asked which of them is the lifter. withheld:
    it was read by weights that may not advise here. unmatched: it waits in the staff's tray."""

    image: AttemptImage
    label: str
    moment: str
    call: Call | None
    sentence: str
    overlay: Overlay | None
    can_retry: bool
    assessment: Assessment | None = None
    people: list[PersonBox] = field(default_factory=list)
    asks: bool = False
    withheld: bool = False
    unmatched: bool = False


@dataclass(frozen=True, slots=True)
class LooksLike:
    """What a photo looks like, for the meet's staff. picture: which lift the picture as a whole looks like, empty where
    no model was asked."""

    label: str
    lift: str
    picture: str
    phase: str
    view: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The attempt as this user may see it now. Everything after ``photos`` is empty while it is closed."""

    attempt: Attempt
    is_open: bool
    my_light: Light | None
    photos: list[PhotoView]
    cards: list[Card]
    silent: list[str]
    votes: list[Votes]
    looks: list[LooksLike]
    mismatch: str
    footer: list[str]
    also: list[str]
    moves: list[str]

    @property
    def withheld(self) -> str:
        """Why nothing is shown of a photo that was read; empty where everything is."""
        return words.WITHHELD_SENTENCE if any(photo.withheld for photo in self.photos) else ""

    @property
    def shape(self) -> str:
        """Of the photos, for their layout: all ``wide``, all ``tall``, or neither."""
        ratios = [photo.image.width / photo.image.height for photo in self.photos]
        return "wide" if min(ratios, default=1) > 1.2 else "tall" if max(ratios, default=1) < 0.9 else "mixed"


def attempt_row(desk: Desk, attempt_id: UUID) -> Attempt:
    """The attempt in the desk's meet. Raises Http404."""
    rows = Attempt.objects.filter(entry__meet=desk.meet).select_related(
        "entry__lifter", "entry__platform", "entry__meet"
    )
    attempt = rows.filter(pk=attempt_id).first()
    if attempt is None:
        raise Http404("There is no such attempt in your meets.")
    return attempt


def attempt_meet_id(attempt_id: UUID) -> UUID:
    """The meet of an attempt, for the check that follows. Raises Http404."""
    meet_id = Attempt.objects.filter(pk=attempt_id).values_list("entry__meet_id", flat=True).first()
    if meet_id is None:
        raise Http404("There is no such attempt in your meets.")
    return meet_id


def evidence_detail(desk: Desk, attempt_id: UUID) -> Evidence:
    """Raises Http404."""
    attempt = attempt_row(desk, attempt_id)
    is_open = open_attempts(desk).filter(pk=attempt.pk).exists()
    my_light = Light.objects.filter(attempt=attempt, take=attempt.take, referee_id=desk.user.pk).first()
    seen = _seen(desk, attempt, is_open=is_open)
    photos = [_photo(desk, image, seen.assessments.get(image.pk), is_open=is_open) for image in seen.images]
    if not is_open:
        return Evidence(attempt, False, my_light, photos, [], [], [], [], "", [], [], [])
    evidence_shown(desk.user, desk.meet, _all_shown(seen), "attempt")
    cards, silent = finding_cards(seen)

    def source(image: AttemptImage, row: Assessment) -> str:
        return words.photo_label(image, row) if len(seen.assessments) > 1 else ""

    assessed = [(image, seen.assessments[image.pk]) for image in seen.images if image.pk in seen.assessments]
    return Evidence(
        attempt,
        True,
        my_light,
        photos,
        cards,
        silent,
        [votes for image, row in assessed if (votes := votes_of(row, source(image, row))) is not None],
        [_looks(image, assessment) for image, assessment in assessed] if desk.is_staff else [],
        _mismatch(attempt, assessed),
        _footer([assessment for _, assessment in assessed]),
        _also(desk, seen.images),
        _moves(attempt),
    )


def _all_shown(seen: Seen) -> list[Assessment]:
    """Everything on the page: what counts, and what the other engines say."""
    return [*seen.assessments.values(), *(row for image in seen.images for row in image.also)]  # type: ignore[attr-defined]


def _seen(desk: Desk, attempt: Attempt, *, is_open: bool) -> Seen:
    meet = desk.meet
    images = AttemptImage.objects.filter(attempt=attempt, set_aside_at=None).order_by("uploaded_at", "pk")
    if not is_open:
        return _closed(desk, images)
    votes = Prefetch("votes", Vote.objects.order_by("pk"))
    found = assessments_of(meet)
    assessments = found.current.prefetch_related("findings", votes)
    also = Prefetch("assessments", found.also.defer("keypoints", "raw_scores", "people", "vote_pairs"), to_attr="also")
    images = images.select_related("camera", "lifter_said_by", "lift_said_by")
    images = images.annotate(withheld=Exists(found.withheld.filter(image=OuterRef("pk"))))
    rows: list[AttemptImage] = list(images.prefetch_related(Prefetch("assessments", assessments), also, "readings"))
    return Seen(rows, newest_assessments(rows))


def _closed(desk: Desk, images: QuerySet[AttemptImage]) -> Seen:
    """That photos are there. To staff, who are to take them again and to say who the lifter is, also how they went on
    the line and that question; nothing that a rule has measured."""
    if not desk.is_staff:
        return Seen(list(images.only("attempt_id", "view", "width", "height", "uploaded_at")))
    asking = assessments_of(desk.meet).current.filter(flag=Flag.LIFTER)
    rows: list[AttemptImage] = list(
        images.select_related("camera", "lifter_said_by", "lift_said_by")
        .annotate(withheld=Value(False))
        .prefetch_related(Prefetch("assessments", asking), "readings")
    )
    return Seen(rows, newest_assessments(rows))


def _why_nobody(assessment: Assessment) -> Reason:
    """Why nobody was taken for the lifter."""
    hidden = any(finding.reason == Reason.LIFTER_HIDDEN for finding in assessment.findings.all())
    return Reason.LIFTER_HIDDEN if hidden else Reason.NO_LIFTER


def _photo(desk: Desk, image: AttemptImage, assessment: Assessment | None, *, is_open: bool) -> PhotoView:
    if not is_open and not desk.is_staff:
        # Only what says nothing of what was found: that this photo is there, or was.
        gone, why = (words.PURGED, words.PURGED_WORDS) if image.purged else (None, "")
        return PhotoView(image, words.photo_label(image, None), "", gone, why, None, False)
    status = ImageStatus(image.status)
    call = words.STATUS_CALLS.get(status)
    sentence = (
        image.get_reason_display() if image.reason and status in (ImageStatus.REJECTED, ImageStatus.FAILED) else ""
    )
    if status is ImageStatus.QUEUED:
        sentence = "Waiting for a worker."
    elif status is ImageStatus.WORKING:
        sentence = "A worker is reading this photo."
    overlay = overlay_of(image, assessment) if assessment is not None and is_open else None
    asks = assessment is not None and assessment.flag == Flag.LIFTER
    if asks:
        # Staff are asked below the photo, and must see all of it to answer.
        is_told = not (desk.is_staff and desk.is_open)
        call = words.WHO if is_told else None
        sentence = words.REASON_SENTENCES[Reason.LIFTER_UNSURE] if is_told else ""
    elif assessment is not None and not assessment.lifter_found:
        call, sentence = words.CANNOT_JUDGE, words.REASON_SENTENCES[_why_nobody(assessment)]
    unmatched = assessment is not None and is_unmatched(assessment)
    if unmatched:
        call, sentence = words.MISMATCH, words.UNMATCHED_SHORT
    withheld = assessment is None and status is ImageStatus.DONE and image.withheld  # type: ignore[attr-defined]
    if withheld:
        # In a few words: whoever judges by eye needs the photo, and the whole sentence stands beside it.
        call, sentence = words.WITHHELD, words.WITHHELD_SHORT
    if image.purged:
        call, sentence, asks = words.PURGED, words.PURGED_WORDS, False
    can_retry = status is ImageStatus.FAILED and desk.is_staff and desk.is_open and not image.purged
    moment = words.PHASE_WORDS.get(image.phase, "")
    label = words.photo_label(image, assessment)
    people = person_boxes(image, assessment) if assessment is not None and (asks or desk.is_staff) else []
    return PhotoView(
        image, label, moment, call, sentence, overlay, can_retry, assessment, people, asks, withheld, unmatched
    )


def _looks(image: AttemptImage, assessment: Assessment) -> LooksLike:
    def told(word: str, p: float | None, *, stated: bool) -> str:
        if stated:
            return f"{word or 'not known'} (as stated)"
        return f"{word}, {words.percent(p)}" if word and p is not None else (word or "cannot be told")

    return LooksLike(
        words.photo_label(image, assessment),
        told(words.LIFT_PHRASES.get(assessment.lift_seen, "none of the three lifts"), assessment.lift_p, stated=False),
        words.lift_line(assessment.picture_lift, assessment.picture_p) if assessment.picture_p is not None else "",
        told(words.PHASE_WORDS.get(assessment.phase_seen, ""), assessment.phase_p, stated=assessment.phase_stated),
        told(words.VIEW_WORDS.get(assessment.view_seen, ""), assessment.view_p, stated=assessment.view_stated),
    )


def _mismatch(attempt: Attempt, assessed: list[tuple[AttemptImage, Assessment]]) -> str:
    odd = [assessment for _, assessment in assessed if assessment.flag == Flag.MISMATCH]
    if not odd:
        return ""
    reasons = {finding.reason for assessment in odd for finding in assessment.findings.all()}
    return words.mismatch_sentence(attempt.lift, reasons) + "."


def _moves(attempt: Attempt) -> list[str]:
    """Which photos staff brought to this attempt or took away from it, so that all know what stood here before."""
    rows = PhotoMove.objects.filter(Q(from_attempt=attempt) | Q(to_attempt=attempt)).select_related(
        "image", "from_attempt__entry__lifter", "to_attempt__entry__lifter", "by"
    )
    lines = []
    for row in rows:
        came = row.to_attempt_id == attempt.pk
        other = words.attempt_line(row.from_attempt if came else row.to_attempt)
        way = f"came here from {other}" if came else f"went from here to {other}"
        lines.append(f"{row.image.file_name} {way}: moved by {row.by.get_username()}, {row.at:%H:%M} UTC")
    return lines


def _also(desk: Desk, images: list[AttemptImage]) -> list[str]:
    """What the engines that do not count have made of each photo: ``Also read by ViTPose: too close``."""
    lines = []
    for image in images:
        where = f", {words.photo_label(image, None)}" if len(images) > 1 else ""
        for reading in image.readings.all():
            if reading.engine != desk.meet.engine:
                lines.append(f"Also read by {words.ENGINE_WORDS[reading.engine]}{where}: {_said(image, reading)}")
    return lines


def _said(image: AttemptImage, reading: Reading) -> str:
    status = ImageStatus(reading.status)
    if status is not ImageStatus.DONE:
        return words.STATUS_CALLS[status].word
    seen = next((row for row in image.also if row.engine_kind == reading.engine), None)  # type: ignore[attr-defined]
    if seen is None:
        # Whatever is done has left an assessment, so it is one that may not be shown here.
        return words.ALSO_WITHHELD
    said = words.FLAG_CALLS[Flag(seen.flag)].word if seen.flag else "no flag"
    return f"{said} · {seen.engine} · weights {seen.weights_sha256[:8]}"


def _footer(assessments: list[Assessment]) -> list[str]:
    """Engine, weights, rule book and gold set of every reading on the page, and what it was told of the camera."""
    lines = []
    for row in assessments:
        by = f"{row.engine} · weights {row.weights_sha256[:8]} · rule book {row.rulebook} · gold set {row.gold_set}"
        measured = words.figures_line(figures_read(row.stated_camera)) or "not measured"
        lines.append(f"{by} · camera: {measured}")
    return list(dict.fromkeys(lines))
