"""The board: what it says, in which order, and what it costs."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from inference.assessment import FlagKind
from judging.outcomes import Outcome, Reason
from judging.pose import Side
from meets.models import Assessment, AttemptImage, EvidenceMode, Meet, Platform, Role, WorkerBeat
from meets.selectors import words
from meets.selectors.gauge import gauge
from tests.factories import (
    assessed_make,
    attempt_make,
    beat_make,
    claim_make,
    entry_make,
    finding_make,
    image_make,
    meet_make,
    member_make,
    seen_make,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def meet() -> Meet:
    return meet_make(evidence_mode=EvidenceMode.TRAINING)


@pytest.fixture
def staff(meet: Meet) -> Client:
    client = Client()
    client.force_login(member_make(meet, Role.STAFF))
    return client


@pytest.fixture
def worker() -> WorkerBeat:
    return beat_make("w@test")


def board(client: Client, meet: Meet, query: str = "") -> str:
    html = client.get(reverse("meet-board", args=[meet.pk]) + query).content.decode()
    return re.sub(r"<dialog.*?</dialog>", "", html, flags=re.S)


def silent(side: Side | None, reason: Reason, rule: str = "squat_depth") -> Any:
    return finding_make(
        rule=rule,
        side=side,
        outcome=Outcome.CANNOT_JUDGE,
        reason=reason,
        margin_cm=None,
        sigma_cm=None,
        margin_limb=None,
        sigma_limb=None,
        p_breach=None,
        marks=(),
    )


def found(outcome: str, margin: float, side: Side = Side.LEFT, sigma: float = 1.5) -> Any:
    return finding_make(outcome=Outcome(outcome), margin_cm=margin, sigma_cm=sigma, side=side)


def assessed(meet: Meet, *findings: Any, flag: str = "", **fields: Any) -> Any:
    return assessed_make(attempt_make(meet, **fields), seen=seen_make(flag=FlagKind(flag), findings=findings))


def test_flagged_first_then_the_line_then_the_rest(meet: Meet, staff: Client) -> None:
    both = (found("meets", 5.0), found("meets", 6.0, Side.RIGHT))
    clear = assessed(meet, *both).image
    nothing = assessed(meet, silent(None, Reason.WRONG_VIEW)).image
    one_side = assessed(meet, found("meets", 5.0), silent(Side.RIGHT, Reason.JOINT_HIDDEN)).image
    failed = image_make(attempt_make(meet), status="failed", reason="too_slow")
    queued = image_make(attempt_make(meet))
    mismatch = assessed(meet, silent(None, Reason.WRONG_LIFT), flag="mismatch").image
    close = assessed(meet, found("too_close", -0.8), flag="too_close").image
    breach = assessed(meet, found("breach", -4.0), flag="breach").image
    bare = attempt_make(meet)
    html = board(staff, meet)
    shown = re.findall(r'id="row-([0-9a-f-]+)"', html)
    order = [breach, close, mismatch, queued, failed, nothing, one_side, clear]
    assert shown == [str(image.attempt_id) for image in order] + [str(bare.pk)]
    assert re.findall(r"<h2>([^<]+)</h2>", html) == [
        "Look at these",
        "On the line",
        "Photos to take again",
        "Cannot judge: by eye",
        "One side clear, the other not seen",
        "Clear of the band",
        "No photo yet",
    ]


def test_a_row_says_it_in_words_and_figures(meet: Meet, staff: Client) -> None:
    entry = entry_make(meet, lot=14, weight_class="83")
    attempt = attempt_make(entry=entry, number=2, declared_kg="142.50")
    assessed_make(attempt, seen=seen_make(flag=FlagKind.TOO_CLOSE, findings=(found("too_close", -0.84, sigma=1.62),)))
    html = re.sub(r"<[^>]+>", " ", board(staff, meet))
    text = re.sub(r"\s+", " ", html)
    for part in ("142.5 kg · 2nd", "lot 14 · F 83", "≈", "too close", "left hip crease −0.8 ± 1.6 cm above"):
        assert part in text


@pytest.mark.parametrize(
    ("margin", "sigma", "expected"),
    [
        (2.94, 1.5, "+2.9"),
        (-0.84, 1.62, "−0.8"),
        (0.04, 1.0, "0.0"),
        (-0.04, 1.0, "0.0"),
        (-16.9, 10.0, "−17"),
        (0.3, 12.0, "0"),
    ],
)
def test_never_more_digits_than_the_error_allows(margin: float, sigma: float, expected: str) -> None:
    assert words.signed_cm(margin, sigma) == expected


@pytest.mark.parametrize(
    ("margin", "sigma", "expected"),
    [
        (-0.04, 1.0, "left elbow 0.0 ± 1.0 cm at the level"),
        (-0.0, 1.0, "left elbow 0.0 ± 1.0 cm at the level"),
        (0.3, 12.0, "left elbow 0 ± 12 cm at the level"),
        (-0.06, 1.0, "left elbow −0.1 ± 1.0 cm above"),
        (0.06, 0.02, "left elbow +0.1 ± 0.1 cm below"),
    ],
)
def test_a_figure_of_zero_lies_neither_way(margin: float, sigma: float, expected: str) -> None:
    assert words.margin_line("bench_depth", "left", margin, sigma) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(-0.0, "0.00"), (-0.004, "0.00"), (0.004, "0.00"), (-0.006, "−0.01"), (0.42, "0.42")]
)
def test_no_figure_is_minus_nothing(value: float, expected: str) -> None:
    assert words.figure(value, 2) == expected
    meet = meet_make(evidence_mode=EvidenceMode.TRAINING)
    assessment = assessed_make(attempt_make(meet))
    Assessment.objects.filter(pk=assessment.pk).update(vote_kappa=value)
    client = Client()
    client.force_login(member_make(meet, Role.STAFF))
    page = client.get(reverse("attempt-detail", args=[assessment.image.attempt_id])).content.decode()
    assert f"Agreement κ {expected}." in page


def test_no_drawing_holds_a_minus_nothing() -> None:
    drawn = gauge("bench_depth", -0.0, 1.0)
    assert drawn == gauge("bench_depth", 0.0, 1.0)
    assert drawn.point_x == 160


def test_no_certainty_is_claimed() -> None:
    assert [words.percent(p) for p in (None, 0.0, 0.5, 0.999)] == ["", "under 1 %", "50 %", "over 99 %"]


def test_every_reason_and_rule_has_words() -> None:
    assert set(words.REASON_SENTENCES) == set(words.REASON_SHORT) == set(Reason)
    from judging.rulebook import RULES

    assert set(words.RULES) == set(words.SUBJECTS) == set(RULES)


def test_filters(meet: Meet, staff: Client) -> None:
    platform = Platform.objects.create(meet=meet, name="One")
    Platform.objects.create(meet=meet, name="Two")
    here = image_make(attempt_make(entry=entry_make(meet, platform=platform), lift="bench")).attempt_id
    there = image_make(attempt_make(meet, lift="squat")).attempt_id
    assert str(here) in board(staff, meet, f"?platform={platform.pk}")
    assert str(there) not in board(staff, meet, f"?platform={platform.pk}")
    assert str(there) not in board(staff, meet, "?lift=bench")
    for nonsense in ("?lift=curl", "?platform=x", "?platform=²", "?platform=99999999999999999999"):
        assert str(here) in board(staff, meet, nonsense)


def test_attempts_without_a_photo_are_for_staff(meet: Meet, staff: Client) -> None:
    bare = attempt_make(meet)
    reader = Client()
    reader.force_login(member_make(meet, Role.READER))
    assert str(bare.pk) in board(staff, meet)
    assert str(bare.pk) not in board(reader, meet)
    assert "No photos yet." in board(reader, meet)


def test_query_count_does_not_grow_with_rows(meet: Meet, staff: Client) -> None:
    def cost(name: str, *args: Any) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert staff.get(reverse(name, args=args)).status_code == 200
        return len(asked)

    def grow(count: int) -> Any:
        for _ in range(count):
            assessment = assessed(meet, found("breach", -4.0), flag="breach")
        return assessment.image.attempt_id

    attempt = grow(3)
    # The first look at what was found is noted in the log, later ones are not.
    cost("meet-board", meet.pk)
    few = [cost("meet-board", meet.pk), cost("meet-board-rows", meet.pk), cost("attempt-detail", attempt)]
    few.append(cost("lifter-list", meet.pk))
    grow(27)
    cost("meet-board", meet.pk)
    many = [cost("meet-board", meet.pk), cost("meet-board-rows", meet.pk), cost("attempt-detail", attempt)]
    many.append(cost("lifter-list", meet.pk))
    assert many == few
    assert few[0] <= 15


def token_of(html: str) -> str:
    found = re.search(r"\?u=(\w+)", html)
    assert found is not None
    return found[1]


def test_an_unchanged_board_costs_little(meet: Meet, staff: Client) -> None:
    attempt = assessed(meet, found("breach", -4.0), flag="breach").image.attempt_id
    token = token_of(board(staff, meet))
    with CaptureQueriesContext(connection) as asked:
        answer = staff.get(reverse("meet-board-rows", args=[meet.pk]), {"u": token})
    assert (answer.status_code, answer.content) == (204, b"")
    assert len(asked) <= 4
    page = staff.get(reverse("attempt-detail", args=[attempt])).content.decode()
    with CaptureQueriesContext(connection) as asked:
        answer = staff.get(reverse("attempt-live", args=[attempt]), {"u": token_of(page)})
    assert (answer.status_code, answer.content) == (204, b"")
    assert len(asked) <= 4


def test_a_finished_assessment_comes_with_the_next_question(meet: Meet, staff: Client) -> None:
    image = image_make(attempt_make(meet))
    token = token_of(board(staff, meet))
    from meets import results

    results.reading_settle(claim=claim_make(image), seen=seen_make())
    answer = staff.get(reverse("meet-board-rows", args=[meet.pk]), {"u": token})
    assert answer.status_code == 200
    assert "breach" in answer.content.decode()
    assert token_of(answer.content.decode()) != token


@pytest.mark.parametrize(
    ("seen_s", "waits_s", "state"),
    [(None, None, "off"), (3600, None, "off"), (1, None, "on"), (1, 5, "on"), (1, 60, "delayed"), (3600, 60, "off")],
)
def test_the_assistants_state(meet: Meet, staff: Client, seen_s: int | None, waits_s: int | None, state: str) -> None:
    now = timezone.now()
    if seen_s is not None:
        beat_make(seen_at=now - dt.timedelta(seconds=seen_s))
    if waits_s is not None:
        image_make(attempt_make(meet), uploaded_at=now - dt.timedelta(seconds=waits_s))
    html = board(staff, meet)
    assert f"Assist {state}" in html
    assert ("No worker with MediaPipe is running: photos wait in the queue." in html) == (state == "off")


@pytest.mark.parametrize(
    ("seen_s", "answered_s", "started_s", "deaf"),
    [
        (1, 1, 3600, False),
        (1, 3600, 7200, True),
        (1, None, 3600, True),
        # It has only just started; its first message is on the way.
        (1, None, 2, False),
        (3600, 1, 7200, False),
    ],
)
def test_a_worker_that_is_alive_but_deaf_is_told(
    meet: Meet, staff: Client, seen_s: int, answered_s: int | None, started_s: int, deaf: bool
) -> None:
    now = timezone.now()
    answered = None if answered_s is None else now - dt.timedelta(seconds=answered_s)
    beat = beat_make(seen_at=now - dt.timedelta(seconds=seen_s), answered_at=answered)
    WorkerBeat.objects.filter(pk=beat.pk).update(started_at=now - dt.timedelta(seconds=started_s))
    html = board(staff, meet)
    assert ("Workers with MediaPipe are running but take up no photos" in html) == deaf
    assert ("No worker with MediaPipe is running" in html) == (seen_s == 3600)
    assert ("Assist off" in html) == (deaf or seen_s == 3600)
    answer = staff.get(reverse("meet-board-rows", args=[meet.pk]), {"u": token_of(html)})
    assert answer.status_code == 204


def test_one_worker_that_answers_is_enough(meet: Meet, staff: Client, worker: WorkerBeat) -> None:
    past = timezone.now() - dt.timedelta(hours=1)
    deaf = beat_make("deaf", seen_at=timezone.now(), answered_at=past)
    WorkerBeat.objects.filter(pk=deaf.pk).update(started_at=past)
    assert "Assist on" in board(staff, meet)
    WorkerBeat.objects.filter(pk=worker.pk).delete()
    assert "Workers with MediaPipe are running but take up no photos" in board(staff, meet)


def test_another_meets_queue_is_not_this_ones(meet: Meet, staff: Client, worker: WorkerBeat) -> None:
    image_make(attempt_make(meet_make()), uploaded_at=timezone.now() - dt.timedelta(minutes=5))
    assert "Assist on" in board(staff, meet)


@pytest.mark.parametrize("status", ["rejected", "failed"])
def test_a_failed_photo_says_why(meet: Meet, staff: Client, status: str) -> None:
    image = image_make(attempt_make(meet), status=status, reason="worker_lost")
    sentence = "The worker stopped three times on this photo."
    assert sentence in board(staff, meet)
    page = staff.get(reverse("attempt-detail", args=[image.attempt_id])).content.decode()
    assert sentence in page
    assert ("Try again" in page) == (status == "failed")


def test_try_again_puts_the_photo_back_on_the_line(meet: Meet, staff: Client) -> None:
    image = image_make(attempt_make(meet), status="failed", reason="engine_failed")
    assert staff.post(reverse("photo-retry", args=[image.pk])).status_code == 302
    assert AttemptImage.objects.get(pk=image.pk).status == "queued"
    again = staff.post(reverse("photo-retry", args=[image.pk]), follow=True)
    assert "nothing to try again" in again.content.decode()


def lockout(side: Side) -> Any:
    return finding_make(rule="knees_locked", side=side, outcome=Outcome.MEETS, margin_cm=3.0, sigma_cm=1.0)


LOCKOUT = (silent(None, Reason.WRONG_MOMENT), lockout(Side.LEFT), lockout(Side.RIGHT))
BOTTOM = (found("meets", 5.0), found("meets", 6.0, Side.RIGHT), silent(None, Reason.WRONG_MOMENT, "knees_locked"))


@pytest.mark.parametrize(
    ("photos", "group", "said"),
    [
        ([LOCKOUT], "Partly seen: the rest by eye", "depth not shown"),
        ([BOTTOM], "Partly seen: the rest by eye", "knee lock not shown"),
        ([LOCKOUT, BOTTOM], "Clear of the band", "meets"),
        ([LOCKOUT, (silent(None, Reason.WRONG_VIEW),)], "Partly seen: the rest by eye", "depth: not from this side"),
        (
            [LOCKOUT, (found("meets", 5.0), silent(Side.RIGHT, Reason.JOINT_HIDDEN))],
            "One side clear, the other not seen",
            "right hip crease not seen",
        ),
        (
            [(found("meets", 5.0), silent(Side.RIGHT, Reason.JOINT_HIDDEN), BOTTOM[2])],
            "Partly seen: the rest by eye",
            'knee lock not shown</span> <span class="line">right hip crease not seen',
        ),
        (
            [(silent(None, Reason.WRONG_MOMENT), silent(None, Reason.WRONG_MOMENT, "knees_locked"))],
            "Cannot judge: by eye",
            "another moment of the lift",
        ),
    ],
)
def test_what_no_photo_shows_is_not_met(
    meet: Meet, staff: Client, photos: list[tuple[Any, ...]], group: str, said: str
) -> None:
    attempt = attempt_make(meet)
    for findings in photos:
        assessed_make(attempt, seen=seen_make(flag=FlagKind.NONE, findings=findings))
    html = board(staff, meet)
    assert re.findall(r"<h2>([^<]+)</h2>", html) == [group]
    assert said in html
    assert ("●" in html) == (group == "Clear of the band")
    assert ("partly seen" in html) == group.startswith("Partly")


def test_every_rule_yields_a_finding_whichever_moment_is_shown() -> None:
    """What the board names as missing stands on it."""
    from judging.judge import judge, stay_silent
    from judging.pose import Lift, Phase, PhaseSeen, View, ViewSeen
    from judging.rulebook import rulebook_ids, rulebook_load
    from tests.factories import pose_make

    for name in rulebook_ids():
        book = rulebook_load(name)
        for lift in Lift:
            none = stay_silent(lift=lift, rulebook=book, reason=Reason.WRONG_LIFT, detail="")
            every = {finding.rule for finding in none}
            for phase in Phase:
                seen = judge(
                    lift=lift,
                    phase=PhaseSeen(phase, 1.0, stated=True),
                    view=ViewSeen(View.LEFT, 1.0, 5.0, stated=True),
                    pose=pose_make(),
                    rulebook=book,
                )
                assert {finding.rule for finding in seen} == every


def test_two_cameras_each_for_its_side(meet: Meet, staff: Client) -> None:
    attempt = attempt_make(meet)
    left = (found("meets", 5.0), silent(Side.RIGHT, Reason.JOINT_HIDDEN))
    right = (silent(Side.LEFT, Reason.JOINT_HIDDEN), found("meets", 4.0, Side.RIGHT))
    for findings in (left, right):
        assessed_make(attempt, seen=seen_make(flag=FlagKind.NONE, findings=findings))
    assert "Clear of the band" in board(staff, meet)
    page = staff.get(reverse("attempt-detail", args=[attempt.pk])).content.decode()
    assert page.count('class="cam') >= 2
    assert "cannot judge" not in re.sub(r"<dialog.*?</dialog>", "", page, flags=re.S)


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [([(640, 480), (640, 480)], "wide"), ([(480, 640)], "tall"), ([(640, 480), (480, 640)], "mixed")],
)
def test_photos_are_laid_out_by_their_shape(
    meet: Meet, staff: Client, sizes: list[tuple[int, int]], shape: str
) -> None:
    attempt = attempt_make(meet)
    for width, height in sizes:
        image_make(attempt, width=width, height=height)
    page = staff.get(reverse("attempt-detail", args=[attempt.pk])).content.decode()
    assert f'class="photos n{len(sizes)} {shape}"' in page
