"""manage.py log_verify: whatever is tampered with is named, in the log, beside it and in what was exported."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import InternalError, OperationalError, connection, transaction
from django.db.utils import DatabaseError

from meets import decisions
from meets.exchange import opl_v1
from meets.exchange.rows import sheet_import
from meets.fold import AttemptState
from meets.log import log_append, log_lines, record_hash
from meets.models import (
    Assessment,
    Attempt,
    AttemptImage,
    Card,
    Finding,
    JuryCase,
    JuryVote,
    Light,
    LogKind,
    LogRecord,
    Meet,
    PhotoMove,
    Role,
    SecondCall,
    Vote,
)
from tests import factories as make
from tests.meets.lent import lending
from tests.meets.test_api_access import results_file
from tests.meets.whole import Whole, whole_make

DOC = Path(__file__).parents[2] / "docs" / "log.md"


built, whole = lending(whole_make)


def verify(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command("log_verify", *arguments, stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


@contextmanager
def unsealed() -> Iterator[None]:
    """As somebody with the database's own account could: past the trigger that PostgreSQL has."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE meets_logrecord DISABLE TRIGGER USER")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE meets_logrecord ENABLE TRIGGER USER")


def record(meet: Meet, seq: int) -> LogRecord:
    return LogRecord.objects.get(meet=meet, seq=seq)


def change(meet: Meet, number: int, **values: Any) -> None:
    with unsealed():
        LogRecord.objects.filter(meet=meet, seq=number).update(**values)


def remove(meet: Meet, seq: int) -> None:
    with unsealed():
        LogRecord.objects.filter(meet=meet, seq=seq).delete()


def body_changed(meet: Meet) -> None:
    change(meet, 5, body=record(meet, 5).body.replace('"', '"x', 1))


def body_broken(meet: Meet) -> None:
    change(meet, 5, body="{")


def time_changed(meet: Meet) -> None:
    change(meet, 5, at=record(meet, 4).at)


def actor_changed(meet: Meet) -> None:
    change(meet, 5, actor="somebody")


def first_deleted(meet: Meet) -> None:
    remove(meet, 1)


def middle_deleted(meet: Meet) -> None:
    remove(meet, 5)


def last_deleted(meet: Meet) -> None:
    remove(meet, meet.log_count)


def swapped(meet: Meet) -> None:
    change(meet, 5, seq=100_000)
    change(meet, 6, seq=5)
    change(meet, 100_000, seq=6)


def inserted(meet: Meet) -> None:
    with unsealed():
        for seq in range(meet.log_count, 4, -1):
            LogRecord.objects.filter(meet=meet, seq=seq).update(seq=seq + 1)
        row = LogRecord(
            meet=meet, seq=5, at=record(meet, 4).at, kind="meet", body="{}", previous=record(meet, 4).sha256
        )
        row.sha256 = record_hash(row)
        row.save(force_insert=True)


def added_at_the_end(meet: Meet) -> None:
    last = record(meet, meet.log_count)
    row = LogRecord(meet=meet, seq=last.seq + 1, at=last.at, kind="meet", body="{}", previous=last.sha256)
    row.sha256 = record_hash(row)
    row.save(force_insert=True)


def one_hashed_anew(meet: Meet) -> None:
    row = record(meet, 5)
    row.actor = "somebody"
    change(meet, 5, actor="somebody", sha256=record_hash(row))


TAMPERED: list[tuple[Callable[[Meet], None], str]] = [
    (body_changed, r"record 5 \(\w+\) was altered"),
    (body_broken, r"record 5 \(\w+\) was altered"),
    (time_changed, r"record 5 \(\w+\) was altered"),
    (actor_changed, r"record 5 \(\w+\) was altered"),
    (first_deleted, r"record 1 is missing: record 2 comes next"),
    (middle_deleted, r"record 5 is missing: record 6 comes next"),
    (last_deleted, r"record \d+ is missing at the end"),
    (swapped, r"record 5 \(\w+\) was altered"),
    (inserted, r"record 6 \(\w+\) was altered"),
    (added_at_the_end, r"which is not the end that the meet's row names"),
    (one_hashed_anew, r"record 6 \(\w+\) does not follow the record before it"),
]


def test_a_whole_meet_has_no_faults(whole: Whole) -> None:
    other = make.meet_make()
    code, said = verify()
    assert (code, said.count("whole.")) == (0, 2)
    assert (
        f"{whole.meet.name} ({whole.meet.pk}): {whole.meet.log_count} records, the last {whole.meet.log_head}" in said
    )
    assert verify("--meet", str(other.pk), "--json")[1].strip().endswith('"faults": []}')
    assert verify("--meet", str(whole.meet.pk), "--head", whole.meet.log_head)[0] == 0
    # A hash that was noted earlier on the day will do.
    assert verify("--meet", str(whole.meet.pk), "--head", record(whole.meet, 3).sha256.upper())[0] == 0


@pytest.mark.parametrize(("tamper", "named"), TAMPERED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_log_that_was_tampered_with(whole: Whole, tamper: Callable[[Meet], None], named: str) -> None:
    tamper(whole.meet)

    code, said = verify("--meet", str(whole.meet.pk))

    assert code == 1
    assert re.search(named, said), said
    found = json.loads(verify("--json")[1])
    assert found["meet"] == str(whole.meet.pk)
    assert any(re.search(named, fault["what"]) for fault in found["faults"])


def test_a_log_rewritten_to_its_end_is_told_by_the_noted_hash_alone(whole: Whole) -> None:
    noted = whole.meet.log_head
    previous = record(whole.meet, 4).sha256
    with unsealed():
        for row in LogRecord.objects.filter(meet=whole.meet, seq__gt=4).order_by("seq"):
            row.previous = previous
            row.actor = row.actor if row.kind != LogKind.MEET else "nobody"
            if row.seq == 5:
                row.actor = "somebody"
            previous = record_hash(row)
            LogRecord.objects.filter(pk=row.pk).update(actor=row.actor, previous=row.previous, sha256=previous)
    Meet.objects.filter(pk=whole.meet.pk).update(log_head=previous)

    assert verify("--meet", str(whole.meet.pk)) == (0, verify("--meet", str(whole.meet.pk))[1])
    code, said = verify("--meet", str(whole.meet.pk), "--head", noted)
    assert code == 1
    assert "no record has the hash that was noted" in said


# ── Beside the log ───────────────────────────────────────────────────────────────────────────────────────


def an_outcome(whole: Whole) -> None:
    Attempt.objects.filter(pk=whole.attempt.pk).update(outcome="no_lift")


def a_version(whole: Whole) -> None:
    Attempt.objects.filter(pk=whole.attempt.pk).update(version=1)


def a_weight(whole: Whole) -> None:
    Attempt.objects.filter(pk=whole.attempt.pk).update(declared_kg="140")


def an_attempt(whole: Whole) -> None:
    for model in (Light, Card, SecondCall):
        model.objects.filter(attempt=whole.again).delete()
    JuryCase.objects.filter(attempt=whole.again).delete()
    PhotoMove.objects.all().delete()
    Attempt.objects.filter(pk=whole.again.pk).delete()


def a_light(whole: Whole) -> None:
    Light.objects.filter(attempt=whole.attempt, seat="left").update(colour="red")


def a_light_of_the_first_take(whole: Whole) -> None:
    Light.objects.filter(attempt=whole.again, take=1, seat="left").delete()


def a_card(whole: Whole) -> None:
    Card.objects.filter(attempt=whole.attempt).delete()


def a_second_call(whole: Whole) -> None:
    SecondCall.objects.update(colour="white")


def a_vote(whole: Whole) -> None:
    JuryVote.objects.filter(case=whole.case, vote="upheld").update(vote="reversed")


def a_vote_taken_away(whole: Whole) -> None:
    JuryVote.objects.filter(case=whole.case, vote="upheld").delete()


def a_case(whole: Whole) -> None:
    JuryCase.objects.filter(pk=whole.case.pk).update(outcome="reversed")


def a_case_taken_away(whole: Whole) -> None:
    JuryCase.objects.filter(pk=whole.case.pk).delete()


def a_flag(whole: Whole) -> None:
    Assessment.objects.update(flag="")


def a_joint(whole: Whole) -> None:
    row = Assessment.objects.get()
    assert row.keypoints is not None
    row.keypoints[3][1] += 4
    row.save()


def a_finding(whole: Whole) -> None:
    Finding.objects.filter(rule="squat_depth").update(outcome="meets", margin_cm=2.0)


def a_gold_vote(whole: Whole) -> None:
    Vote.objects.filter(verdict="bad").update(verdict="good")


def evidence_gone(whole: Whole) -> None:
    Assessment.objects.all().delete()


def evidence_added(whole: Whole) -> None:
    Assessment.objects.create(
        image=whole.image, engine_kind="mediapipe", engine="other", weights_sha256="1" * 64, rulebook="r", gold_set="g",
        lifter_found=False,
    )  # fmt: skip


def a_photo_hash(whole: Whole) -> None:
    AttemptImage.objects.filter(pk=whole.image.pk).update(sha256="1" * 64)


def a_photo_file(whole: Whole) -> None:
    with whole.image.original.storage.open(whole.image.original.name, "wb") as file:
        file.write(make.photo_bytes())


def a_lost_file(whole: Whole) -> None:
    default_storage.delete(whole.image.original.name)


def purged_without_a_word(whole: Whole) -> None:
    AttemptImage.objects.filter(pk=whole.image.pk).update(purged_at=whole.image.uploaded_at)


def a_photo_row(whole: Whole) -> None:
    AttemptImage.objects.filter(pk=whole.image.pk).delete()


BESIDE: list[tuple[Callable[[Whole], None], str]] = [
    (an_outcome, r"\(squat 1\): outcome is no_lift, by its records good"),
    (a_version, r"version is 1, by its records \d+"),
    (a_weight, r"140.00 kg are declared, by its records 102.5"),
    (an_attempt, r"has lights or a decision in the log, and is gone"),
    (a_light, r"a light stands that no record tells of: take 1, left, ref_left, red"),
    (a_light_of_the_first_take, r"a light of its records is gone: take 1, left, ref_left, white"),
    (a_card, r"a card of its records is gone: take 1, right, SQ-R1"),
    (a_second_call, r"a second call stands that no record tells of"),
    (a_vote, r"the vote of jury2 is not the one that was sealed"),
    (a_vote_taken_away, r"the vote of jury2 was sealed, and is gone"),
    (a_case, r"its outcome is reversed, by its records upheld"),
    (a_case_taken_away, r"was opened, and is gone"),
    (a_flag, r"not as it was sealed: flag"),
    (a_joint, r"not as it was sealed: keypoints"),
    (a_finding, r"not as it was sealed: findings"),
    (a_gold_vote, r"not as it was sealed: votes_sha256"),
    (evidence_gone, r"was sealed, and is gone"),
    (evidence_added, r"stands, and no record tells of it"),
    (a_photo_hash, r"is not the one that came in: its row has another hash"),
    (a_photo_file, r"its file is not the one that came in"),
    (a_lost_file, r"its file is gone, and no record tells of it"),
    (purged_without_a_word, r"is marked as deleted, and no record tells of it"),
    (a_photo_row, r"came in, and its row is gone"),
]


@pytest.mark.parametrize(("tamper", "named"), BESIDE, ids=lambda value: getattr(value, "__name__", ""))
def test_rows_that_are_not_as_the_log_says(whole: Whole, tamper: Callable[[Whole], None], named: str) -> None:
    tamper(whole)
    code, said = verify()
    assert code == 1
    assert re.search(named, said), said


@pytest.mark.django_db
def test_a_light_taken_back_takes_its_reasons_along() -> None:
    meet = make.meet_make(rulebook="ipf-2026-v3")
    referee = make.member_make(meet, Role.REFEREE, seat="left")
    attempt = make.attempt_make(meet)
    decisions.light_record(attempt=attempt, referee=referee, colour="red", causes=["SQ-R1"])
    decisions.light_take_back(attempt=attempt, referee=referee)
    assert decisions.attempt_state(attempt) == AttemptState()
    assert verify()[0] == 0


@pytest.mark.django_db
def test_an_imported_meet_has_no_faults() -> None:
    meet = make.meet_make()
    sheet, _ = opl_v1.read(results_file(None)["file"].read())  # type: ignore[arg-type]
    sheet_import(meet=meet, user=make.user_make(), sheet=sheet, file_sha256="")
    assert Attempt.objects.exists()
    assert verify()[0] == 0


def test_what_it_refuses(whole: Whole, tmp_path: Path) -> None:
    for arguments in (
        ["--meet", str(uuid4())],
        ["--meet", "one"],
        ["--head", whole.meet.log_head],
        ["--meet", str(whole.meet.pk), "--head", "12"],
        ["--file", str(tmp_path / "none")],
    ):
        with pytest.raises(CommandError):
            verify(*arguments)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["update", "delete"])
def test_the_database_itself_refuses(act: str) -> None:
    meet = make.meet_make()
    with transaction.atomic():
        log_append(meet.pk, LogKind.MEET, {})
    rows = LogRecord.objects.filter(meet=meet)
    with pytest.raises((InternalError, OperationalError, DatabaseError), match="neither changed nor deleted"):
        rows.update(actor="somebody") if act == "update" else rows.delete()
    assert rows.values_list("actor", flat=True).get() == ""
    # What a test of the suite leaves behind must be gone all the same.
    with unsealed():
        rows.delete()


def test_the_model_refuses(whole: Whole) -> None:
    row = record(whole.meet, 1)
    with pytest.raises(TypeError):
        row.save()
    with pytest.raises(TypeError):
        row.delete()
    assert verify()[0] == 0


# ── What was exported ────────────────────────────────────────────────────────────────────────────────────


def script() -> str:
    """The script that the doc prints, as a reader would copy it."""
    (found,) = re.findall(r"```python\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)
    return str(found)


def by_script(path: Path, *more: str) -> tuple[int, str]:
    command = [sys.executable, "-I", "-c", script(), str(path), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_the_script_in_the_doc_is_short() -> None:
    assert len(script().splitlines()) <= 30


def line_altered(lines: list[str]) -> list[str]:
    return [*lines[:4], lines[4].replace('"actor":"', '"actor":"x'), *lines[5:]]


LINES: list[Callable[[list[str]], list[str]]] = [
    line_altered,
    lambda lines: lines[1:],
    lambda lines: [*lines[:4], *lines[5:]],
    lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]],
    lambda lines: [*lines[:4], lines[3], *lines[4:]],
    lambda lines: [*lines, lines[-1]],
]


@pytest.mark.parametrize("tamper", LINES)
def test_a_file_that_was_tampered_with(whole: Whole, tmp_path: Path, tamper: Callable[[list[str]], list[str]]) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(tamper(list(log_lines(whole.meet.pk)))), encoding="utf-8")
    assert verify("--file", str(path))[0] == 1
    assert by_script(path)[0] == 1


def test_a_good_file(whole: Whole, tmp_path: Path, django_assert_num_queries: Any) -> None:
    path = tmp_path / "log.jsonl"
    lines = list(log_lines(whole.meet.pk))
    path.write_text("".join(lines), encoding="utf-8")
    with django_assert_num_queries(0):
        code, said = verify("--file", str(path), "--head", whole.meet.log_head)
    assert (code, said) == (0, "log.jsonl: whole.\n")
    code, said = by_script(path, whole.meet.log_head)
    assert code == 0
    assert whole.meet.log_head in said
    # Cut off at its end it looks whole, but for the noted hash.
    path.write_text("".join(lines[:-2]), encoding="utf-8")
    assert (verify("--file", str(path))[0], by_script(path)[0]) == (0, 0)
    assert verify("--file", str(path), "--head", whole.meet.log_head)[0] == 1
    assert by_script(path, whole.meet.log_head)[0] == 1


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "{", "[]\n", '{"seq": 1}\n', "no log\n"])
def test_a_file_that_is_no_log(tmp_path: Path, text: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(text, encoding="utf-8")
    # An empty file is the log of a meet in which nothing has happened.
    assert verify("--file", str(path))[0] == (1 if text else 0)
