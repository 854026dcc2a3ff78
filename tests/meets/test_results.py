"""Claim and settle: of all tries at one photo, exactly one writes."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.utils import timezone

from inference.assessment import FlagKind
from judging.pose import Lift, Phase, View
from meets import intake, results
from meets.models import (
    Assessment,
    AttemptImage,
    EvidenceMode,
    Finding,
    ImageReason,
    ImageStatus,
    Meet,
    Reading,
    Role,
    Vote,
)
from meets.selectors.board import desk_detail
from meets.selectors.evidence import evidence_detail
from meets.selectors.results import image_result_detail
from tests import factories as make

pytestmark = pytest.mark.django_db


def claim_of(image: AttemptImage, worker: str = "w@test", pid: int = 1) -> results.Claim | None:
    claims = results.readings_claim(image_id=image.pk, engine="mediapipe", worker=worker, pid=pid)
    return claims[0] if claims else None


def claimed(image: AttemptImage) -> results.Claim:
    claim = claim_of(image)
    assert claim is not None
    return claim


def test_a_claim_takes_the_photo(settings: Any) -> None:
    attempt = make.attempt_make(make.meet_make(rulebook="ipf-2026-v3"), lift="bench")
    image = make.image_make(attempt, phase="bottom", view="left")

    claim = claimed(image)

    image.refresh_from_db()
    row = make.reading_of(image)
    assert (image.status, row.tries, row.claimed_by) == (ImageStatus.WORKING, 1, "w@test/1")
    assert row.claim_token == claim.token
    assert row.claimed_at is not None
    assert row.lease_until is not None
    assert (row.lease_until - row.claimed_at).total_seconds() == settings.CELERY_TASK_TIME_LIMIT + 15
    assert (claim.lift, claim.phase, claim.view) == (Lift.BENCH, Phase.BOTTOM, View.LEFT)
    assert claim.rulebook == "ipf-2026-v3"
    assert claim.path == image.original.name
    assert claim.meet_id == attempt.entry.meet_id


def test_what_the_uploader_did_not_say_is_none() -> None:
    claim = claimed(make.image_make())

    assert (claim.phase, claim.view) == (None, None)


@pytest.mark.parametrize("status", [ImageStatus.DONE, ImageStatus.REJECTED, ImageStatus.FAILED])
def test_a_settled_photo_is_not_claimed(status: ImageStatus) -> None:
    assert claim_of(make.image_make(status=status)) is None


def test_an_unknown_photo_is_not_claimed() -> None:
    assert results.readings_claim(image_id=uuid4(), engine="mediapipe", worker="w@test", pid=1) == []


@pytest.mark.parametrize("by", ["w@test/1", "other@test/2", "other@test/1"])
def test_a_photo_in_work_is_not_claimed(by: str) -> None:
    image = make.working_make(by=by)

    assert claim_of(image) is None

    image.refresh_from_db()
    row = make.reading_of(image)
    assert (row.claim_token, row.tries) == (UUID(int=1), 1)


def test_a_dead_childs_photo_is_taken_over_at_once() -> None:
    image = make.working_make(by="w@test/1")

    claim = claim_of(image, pid=2)

    image.refresh_from_db()
    row = make.reading_of(image)
    assert claim is not None
    assert (row.claim_token, row.claimed_by, row.tries) == (claim.token, "w@test/2", 2)


def test_a_photo_that_kills_its_worker_every_time_ends_as_failed(settings: Any) -> None:
    image = make.working_make(by="w@test/1", tries=settings.IMAGE_TRIES_MAX)

    assert claim_of(image, pid=2) is None

    image.refresh_from_db()
    assert (image.status, image.reason) == (ImageStatus.FAILED, ImageReason.WORKER_LOST)


@pytest.mark.django_db(transaction=True)
def test_of_two_claims_at_once_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read the row as queued before either writes."""
    image = make.image_make()
    both_read = threading.Barrier(2, timeout=10)
    real = results._claimable

    def wait(*args: Any) -> bool:
        both_read.wait()
        return real(*args)

    monkeypatch.setattr(results, "_claimable", wait)
    claims: list[results.Claim | None] = []

    def claim(number: int) -> None:
        try:
            claims.append(claim_of(image, worker=f"w{number}@test"))
        finally:
            connection.close()

    threads = [threading.Thread(target=claim, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    won = [claim for claim in claims if claim]
    image.refresh_from_db()
    row = make.reading_of(image)
    assert len(claims) == 2
    assert [claim.token for claim in won] == [row.claim_token]
    assert row.tries == 1


def test_a_settled_photo_holds_everything_seen() -> None:
    assessment = make.assessed_make()

    image = AttemptImage.objects.get(pk=assessment.image_id)
    row = make.reading_of(image)
    assert (row.status, row.reason, row.claim_token) == (ImageStatus.DONE, "", None)
    assert (image.status, image.reason, image.finished_at) == (row.status, row.reason, row.finished_at)
    assert image.finished_at is not None
    assert (assessment.flag, assessment.lifter_found) == ("breach", True)
    assert (assessment.lift_seen, assessment.lift_p) == ("squat", 0.9)
    assert (assessment.phase_seen, assessment.phase_p, assessment.phase_stated) == ("bottom", 0.8, False)
    assert (assessment.view_seen, assessment.view_p, assessment.view_stated) == ("left", 0.7, True)
    assert assessment.engine == "test-engine"
    assert (assessment.weights_sha256, assessment.rulebook, assessment.gold_set) == ("0" * 64, "test-book", "test-1")
    assert len(assessment.keypoints) == 17
    assert assessment.keypoints[0] == [100.0, 200.1, 0.9]
    assert assessment.vote_kappa == -1.0
    assert assessment.vote_pairs == [
        {"pair": "wrist-wrist", "joints": ["left wrist", "right wrist"], "reading": "front_good", "bad_share": 0.5}
    ]
    assert {name: assessment.timings_ms[name] for name in ("decode", "engine")} == {"decode": 1.23, "engine": 50.0}
    assert assessment.timings_ms["queue"] >= 0
    assert list(Finding.objects.values_list("rule", "side", "outcome", "reason", "margin_cm", "sigma_cm")) == [
        ("squat_depth", "left", "breach", "", -4.0, 1.5),
        ("knees_locked", "", "cannot_judge", "wrong_moment", None, None),
    ]
    first = Finding.objects.first()
    assert first is not None
    assert first.marks == [{"kind": "level", "label": "knee", "x1": 1.0, "y1": 2.0, "x2": 3.0, "y2": 4.0}]
    assert list(Vote.objects.values_list("pair", "annotation", "view", "verdict", "distance", "gold_distance")) == [
        ("wrist-wrist", "1", "front", "good", 0.5, 0.45),
        ("wrist-wrist", "2", "left", "bad", 0.5, 0.45),
    ]


def test_a_photo_without_a_lifter_has_no_keypoints_and_no_votes() -> None:
    assessment = make.assessed_make(seen=make.seen_make(pose=None, votes=None, flag=FlagKind.NONE))

    assert (assessment.lifter_found, assessment.keypoints, assessment.flag) == (False, None, "")
    assert (assessment.vote_pairs, assessment.vote_kappa) == ([], None)
    assert Vote.objects.count() == 0


def test_settling_moves_the_board_on_once() -> None:
    image = make.image_make()
    claim = claimed(image)
    before = Meet.objects.get().revision

    assert results.reading_settle(claim=claim, seen=make.seen_make())

    assert Meet.objects.get().revision == before + 1


def test_only_the_holder_of_the_token_settles() -> None:
    image = make.working_make(by="w@test/1")
    late = replace(claimed(make.image_make(image.attempt)), reading_id=make.reading_of(image).pk, token=UUID(int=1))
    taken_over = claim_of(image, pid=2)
    before = Meet.objects.get().revision

    assert not results.reading_settle(claim=late, seen=make.seen_make())

    image.refresh_from_db()
    row = make.reading_of(image)
    assert taken_over is not None
    assert (image.status, row.claim_token) == (ImageStatus.WORKING, taken_over.token)
    assert Assessment.objects.count() == Finding.objects.count() == Vote.objects.count() == 0
    assert Meet.objects.get().revision == before


def test_settling_twice_writes_once() -> None:
    claim = claimed(make.image_make())

    assert results.reading_settle(claim=claim, seen=make.seen_make())
    assert not results.reading_settle(claim=claim, seen=make.seen_make())

    assert Assessment.objects.count() == 1
    assert Finding.objects.count() == 2


def test_a_second_reading_by_the_same_engine_adds_nothing() -> None:
    assessment = make.assessed_make()
    Reading.objects.update(status=ImageStatus.QUEUED)

    claim = claimed(assessment.image)
    assert results.reading_settle(claim=claim, seen=make.seen_make())

    assert Assessment.objects.count() == 1
    assert Finding.objects.count() == 2
    assert AttemptImage.objects.get().status == ImageStatus.DONE


def test_a_database_that_fails_half_way_leaves_the_photo_in_work(monkeypatch: pytest.MonkeyPatch) -> None:
    image = make.image_make()
    claim = claimed(image)

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(results, "_votes", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        results.reading_settle(claim=claim, seen=make.seen_make())

    image.refresh_from_db()
    assert image.status == ImageStatus.WORKING
    assert Assessment.objects.count() == Finding.objects.count() == 0


def test_a_try_given_up_goes_back_until_the_last(settings: Any) -> None:
    image = make.image_make()
    ends = []
    for _ in range(settings.IMAGE_TRIES_MAX):
        claim = claimed(image)
        ends.append(
            results.reading_release(reading_id=claim.reading_id, token=claim.token, reason=ImageReason.ENGINE_FAILED)
        )

    image.refresh_from_db()
    row = make.reading_of(image)
    assert ends == [ImageStatus.QUEUED] * (settings.IMAGE_TRIES_MAX - 1) + [ImageStatus.FAILED]
    assert (image.status, image.reason, row.tries) == (
        ImageStatus.FAILED, ImageReason.ENGINE_FAILED, settings.IMAGE_TRIES_MAX,
    )  # fmt: skip


def test_a_try_that_lost_the_photo_cannot_give_it_up() -> None:
    image = make.working_make()
    before = Meet.objects.get().revision

    assert (
        results.reading_release(reading_id=make.reading_of(image).pk, token=uuid4(), reason=ImageReason.TOO_SLOW)
        is None
    )

    image.refresh_from_db()
    assert image.status == ImageStatus.WORKING
    assert Meet.objects.get().revision == before


def test_the_database_part_of_a_photo_is_a_handful_of_statements(django_assert_max_num_queries: Any) -> None:
    """On the path of every photo. Two of those counted are a savepoint, where outside a test stands the transaction,
    and on PostgreSQL one locks the photo."""
    image = make.image_make()
    with django_assert_max_num_queries(8):
        claim = claimed(image)
    # Five of them seal it in the log.
    with django_assert_max_num_queries(19):
        results.reading_settle(claim=claim, seen=make.seen_make())


def test_time_in_the_queue_is_counted_from_when_it_was_asked() -> None:
    image = make.image_make(asked_at=timezone.now() - timedelta(seconds=2))

    assert 2000 <= claimed(image).queue_ms < 60_000


def test_a_queued_photo_whose_tries_are_used_up_fails_instead_of_waiting_for_ever(settings: Any) -> None:
    image = make.image_make(tries=settings.IMAGE_TRIES_MAX)

    assert claim_of(image) is None

    image.refresh_from_db()
    assert (image.status, image.reason) == (ImageStatus.FAILED, ImageReason.WORKER_LOST)


def test_stated_back_a_photo_shows_its_first_reading_again() -> None:
    """What counts is the reading made under what is stated now, not the last one written."""
    image = make.assessed_make(seen=make.seen_make(flag=FlagKind.BREACH)).image
    Meet.objects.update(evidence_mode=EvidenceMode.LIVE)
    staff = make.member_make(Meet.objects.get(), Role.STAFF)

    def read_as(view: str, phase: str, flag: FlagKind) -> None:
        intake.image_restate(image=image, user=staff, view=view, phase=phase)
        assert results.reading_settle(claim=claimed(image), seen=make.seen_make(flag=flag))

    def shown() -> tuple[str | None, int]:
        """The flag that the API gives, and how many readings the page stands on."""
        row = image_result_detail(staff, AttemptImage.objects.select_related("attempt__entry__meet").get(pk=image.pk))
        page = evidence_detail(desk_detail(staff, image.attempt.entry.meet_id), image.attempt_id)
        return row.assessment.flag if row.assessment else None, len(page.footer)

    assert shown() == ("breach", 1)
    read_as("left", "bottom", FlagKind.TOO_CLOSE)
    assert shown() == ("too_close", 1)
    intake.image_restate(image=image, user=staff, view="right", phase="bottom")
    assert shown() == (None, 0)
    read_as("", "", FlagKind.BREACH)
    assert shown() == ("breach", 1)
    assert image.assessments.count() == 2
