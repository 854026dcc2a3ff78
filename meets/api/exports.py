"""Results out: standings, the files that federations take, and every attempt as a stream."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from meets import access
from meets.api.csv import cell
from meets.api.results_json import results_lines
from meets.api.serializers import ProblemSerializer
from meets.api.views import InMeetView, actor
from meets.errors import Conflict, TooLarge
from meets.exchange import opl_v1
from meets.exchange.openpowerlifting import cannot_leave, files_write, leaving, zip_write
from meets.exchange.rows import sheet_of
from meets.exchange.sheet import MeetSheet
from meets.log import canonical
from meets.models import Attempt, Entry, Event, Meet, Role
from meets.results_import import FILE_MAX_BYTES, TOO_LARGE, results_file_read, results_import, results_preview
from meets.selectors.standings import Row, standing_rows
from meets.selectors.stream import attempt_lines
from meets.standings import place_set

PROBLEM = OpenApiResponse(ProblemSerializer, description="Refused; nothing was written.")
RESULT_COLUMNS = (
    "division", "sex", "event", "equipment", "weight_class", "place", "set_by_hand", "tied", "lifter", "member_id",
    "team", "country", "birth_year", "lot", "bodyweight_kg", "squat_kg", "bench_kg", "deadlift_kg", "subtotal_kg",
    "total_kg", "points",
)  # fmt: skip


class StandingAttemptSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="pk")
    lift = serializers.CharField()
    number = serializers.IntegerField()
    declared_kg = serializers.DecimalField(max_digits=5, decimal_places=2)
    outcome = serializers.CharField()
    whites = serializers.IntegerField(allow_null=True)
    take = serializers.IntegerField()
    decided_at = serializers.DateTimeField(allow_null=True)


def attempt_told(attempt: Attempt) -> dict[str, Any]:
    """An attempt as StandingAttemptSerializer shows it."""
    return {
        "id": str(attempt.pk),
        "lift": attempt.lift,
        "number": attempt.number,
        "declared_kg": f"{attempt.declared_kg:.2f}",
        "outcome": attempt.outcome,
        "whites": attempt.whites,
        "take": attempt.take,
        "decided_at": attempt.decided_at,
    }


class StandingSerializer(serializers.Serializer[Any]):
    """One lifter in one category. ``place``: a number, ``DQ`` without a total, ``G`` for a guest, empty while it is
    open. ``tied``: shared, and only an official can say who is first; ``set_by_hand``: an official has, ``set_by`` and
    ``set_reason`` say who and why. That moves nobody else: ``doubled`` says that others of the group have the place too
    since an official set one of them."""

    entry = serializers.UUIDField(source="entry.pk")
    lifter = serializers.CharField(source="entry.lifter.name")
    member_id = serializers.CharField(source="entry.lifter.member_id")
    team = serializers.CharField(source="entry.lifter.team")
    country = serializers.CharField(source="entry.lifter.country")
    lot = serializers.IntegerField(source="entry.lot", allow_null=True)
    division = serializers.CharField(source="group.division")
    sex = serializers.CharField(source="group.sex")
    event = serializers.CharField(source="group.event")
    equipment = serializers.CharField(source="group.equipment")
    weight_class = serializers.CharField(source="group.weight_class")
    bodyweight_kg = serializers.DecimalField(
        source="entry.bodyweight_kg", max_digits=5, decimal_places=2, allow_null=True
    )
    best_kg = serializers.SerializerMethodField()
    total_kg = serializers.DecimalField(max_digits=6, decimal_places=2, allow_null=True)
    place = serializers.CharField()
    set_by_hand = serializers.BooleanField()
    set_by = serializers.CharField()
    set_reason = serializers.CharField()
    doubled = serializers.BooleanField()
    tied = serializers.BooleanField()
    points = serializers.DecimalField(max_digits=7, decimal_places=2, allow_null=True)
    attempts = serializers.SerializerMethodField()

    @extend_schema_field(StandingAttemptSerializer(many=True))
    def get_attempts(self, row: Row) -> list[dict[str, Any]]:
        """Written out as StandingAttemptSerializer would: of a meet's thousand attempts that costs as much again as
        all the rest."""
        return [attempt_told(attempt) for attempt in row.attempts]

    def get_best_kg(self, row: Row) -> dict[str, str]:
        return {lift.value: f"{kg:.2f}" for lift, kg in row.score.best_kg.items()}


class ReadView(InMeetView):
    http_method_names = ["get", "head", "options"]
    pagination_class = None
    serializer_class: type[serializers.BaseSerializer[Any]] = StandingSerializer
    queryset = Meet.objects.none()


class Standings(ReadView):
    """Bests, totals, places and points by category, from what the officials decided."""

    @extend_schema(responses=StandingSerializer(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(StandingSerializer(standing_rows(self.meet), many=True).data)


class ResultsCsv(ReadView):
    """The standings as a table. No text in it runs as a formula in a spreadsheet."""

    @extend_schema(responses={(200, "text/csv"): str})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        out = io.StringIO()
        writer = csv.DictWriter(out, RESULT_COLUMNS)
        writer.writeheader()
        for row in standing_rows(self.meet):
            writer.writerow({name: cell(value) for name, value in result_cells(row).items()})
        return attachment(out.getvalue().encode(), "text/csv; charset=utf-8", f"results-{self.meet.pk}.csv")


def result_cells(row: Row) -> dict[str, Any]:
    lifter, best = row.entry.lifter, {lift.value: kg for lift, kg in row.score.best_kg.items()}
    return {
        "division": row.group.division,
        "sex": row.group.sex,
        "event": row.group.event,
        "equipment": row.group.equipment,
        "weight_class": row.group.weight_class,
        "place": row.place,
        "set_by_hand": row.set_by_hand,
        "tied": row.tied,
        "lifter": lifter.name,
        "member_id": lifter.member_id,
        "team": lifter.team,
        "country": lifter.country,
        "birth_year": lifter.birth_year,
        "lot": row.entry.lot,
        "bodyweight_kg": row.entry.bodyweight_kg,
        **{f"{lift}_kg": best.get(lift) for lift in ("squat", "bench", "deadlift")},
        "subtotal_kg": row.score.subtotal_kg,
        "total_kg": row.total_kg,
        "points": row.points,
    }


class ResultsJson(ReadView):
    """The standings with how every attempt was decided, streamed: the first call with its lights, cards, what the jury
    or the head of meet made of it, whether the assistant was on, and the ids of evidence that is open to the reader.
    Of an attempt that is not decided weight and decision are empty."""

    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        lines = results_lines(actor(request), self.meet)
        answer = StreamingHttpResponse(lines, content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="results-{self.meet.pk}.json"'
        return answer


class OplZip(ReadView):
    """The zip for OpenPowerlifting: meet.csv, entries.csv, original.csv, URL. 409 names what cannot leave. Birth dates
    are for the meet's staff; in others' files stand birth years."""

    @extend_schema(responses={(200, "application/zip"): bytes, 409: PROBLEM})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        data = opl_zip(self.meet, birth_dates=access.personal_open(request.user, self.meet))
        return attachment(data, "application/zip", f"openpowerlifting-{self.meet.pk}.zip")


def opl_zip(meet: Meet, *, birth_dates: bool) -> bytes:
    """birth_dates: False for birth years in their place. Raises Conflict where something cannot leave as it is."""
    sheet = sheet_out(meet)
    original = opl_v1.write(sheet, birth_dates=birth_dates)
    return zip_write(files_write(leaving(sheet), original=original, birth_dates=birth_dates))


def sheet_out(meet: Meet) -> MeetSheet:
    sheet = sheet_of(meet)
    if refused := cannot_leave(sheet):
        first = refused[0]
        more = f" {len(refused) - 1} more like it." if len(refused) > 1 else ""
        told = [{name: getattr(one, name) for name in ("column", "value", "detail", "accepted")} for one in refused]
        raise Conflict("cannot_leave", f"{first.detail} ({first.column}: {first.value!r}).{more}", problems=told)
    return sheet


class OplV1(ReadView):
    """The single file that OpenLifter and LiftingCast write: OPL Format v1. Birth dates are for the meet's staff; in
    others' files stand birth years."""

    @extend_schema(responses={(200, "text/csv"): str})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        birth_dates = access.personal_open(request.user, self.meet)
        data = opl_v1.write(sheet_of(self.meet), birth_dates=birth_dates)
        return attachment(data, "text/csv; charset=utf-8", f"opl-{self.meet.pk}.csv")


def attachment(data: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(data, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class AttemptStream(ReadView):
    """Every attempt of the meet with its decision, streamed: ``format`` is ``jsonl`` or ``csv``."""

    @extend_schema(responses={(200, "application/x-ndjson"): str, (200, "text/csv"): str})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        is_csv = str(kwargs["kind"]) == "csv"
        lines = csv_lines(self.meet) if is_csv else json_lines(self.meet)
        answer = StreamingHttpResponse(lines, content_type="text/csv" if is_csv else "application/x-ndjson")
        answer["Content-Disposition"] = f'attachment; filename="attempts-{self.meet.pk}.{kwargs["kind"]}"'
        return answer


def json_lines(meet: Meet) -> Iterator[str]:
    for row in attempt_lines(meet):
        yield canonical(row) + "\n"


def csv_lines(meet: Meet) -> Iterator[str]:
    out = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for row in attempt_lines(meet):
        if writer is None:
            writer = csv.DictWriter(out, list(row))
            writer.writeheader()
        writer.writerow({name: cell(value) for name, value in row.items()})
        yield out.getvalue()
        out.seek(0)
        out.truncate()


class ResultsFileSerializer(serializers.Serializer[Any]):
    """multipart/form-data: a file in OPL Format v1."""

    file = serializers.FileField(allow_empty_file=True)


class FileProblemSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField()
    column = serializers.CharField()
    value = serializers.CharField()
    detail = serializers.CharField()
    accepted = serializers.CharField()


class ResultsReportSerializer(serializers.Serializer[Any]):
    """What was brought in, or with ``dry_run`` would be; ``problems`` names every cell that could not be taken."""

    dry_run = serializers.BooleanField()
    lines = serializers.IntegerField()
    lifters = serializers.IntegerField(allow_null=True)
    entries = serializers.IntegerField(allow_null=True)
    categories = serializers.IntegerField(allow_null=True)
    attempts = serializers.IntegerField(allow_null=True)
    problems = FileProblemSerializer(many=True)


class ResultsImport(InMeetView):
    """Brings the results of another system (OPL Format v1) into a meet that has no entries."""

    serializer_class = ResultsFileSerializer
    parser_classes = (MultiPartParser,)
    http_method_names = ["post", "options"]
    queryset = Attempt.objects.none()

    @extend_schema(
        parameters=[OpenApiParameter("dry_run", bool, description="Only say what would be brought in.")],
        request={"multipart/form-data": ResultsFileSerializer},
        responses={200: ResultsReportSerializer, 409: PROBLEM, 413: PROBLEM, 422: PROBLEM},
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = ResultsFileSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        file = given.validated_data["file"]
        if file.size > FILE_MAX_BYTES:
            raise TooLarge("too_large", TOO_LARGE)
        read = results_file_read(file.read())
        report: dict[str, Any] = dict.fromkeys(("lifters", "entries", "categories", "attempts"))
        is_dry = request.query_params.get("dry_run", "").lower() in ("1", "true")
        if is_dry:
            problems = results_preview(meet=self.meet, read=read)
        else:
            done = results_import(meet=self.meet, user=actor(request), read=read)
            problems = [*read.problems, *done.problems]
            report = {name: getattr(done, name) for name in report}
        report |= {"dry_run": is_dry, "lines": len(read.sheet.entries), "problems": problems}
        return Response(ResultsReportSerializer(report).data)

    def write_required(self, request: Request) -> None:
        access.staff_required(actor(request), self.meet)


class PlaceSerializer(serializers.Serializer[Any]):
    """``place`` null takes an official's word back."""

    division = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    event = serializers.ChoiceField(choices=Event.choices, required=False, default=Event.SBD)
    place = serializers.IntegerField(min_value=1, max_value=255, allow_null=True)
    reason = serializers.CharField(max_length=300)


class PlaceSet(InMeetView):
    """The head of meet sets a place: where the rules leave a tie open, or somebody must stand elsewhere."""

    row_model, row_path = Entry, "meet"
    serializer_class = PlaceSerializer
    pagination_class = None
    http_method_names = ["post", "options"]
    queryset = Entry.objects.none()

    def write_required(self, request: Request) -> None:
        access.role_required(actor(request), self.meet, frozenset({Role.HEAD}))

    @extend_schema(request=PlaceSerializer, responses={200: StandingSerializer(many=True), 409: PROBLEM, 422: PROBLEM})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = PlaceSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        place_set(entry=self.row, user=actor(request), **given.validated_data)
        rows = [row for row in standing_rows(self.meet) if row.entry.pk == self.row.pk]
        return Response(StandingSerializer(rows, many=True).data)
