"""The API of registrations: a file of them, looked at or taken in."""

from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from meets.api.serializers import ProblemSerializer
from meets.api.views import InMeetView, actor
from meets.errors import TooLarge
from meets.models import Entry
from meets.roster_import import FILE_MAX_BYTES, TOO_LARGE, RosterReport, roster_import, roster_preview
from meets.roster_plan import Planned

PROBLEM = OpenApiResponse(ProblemSerializer, description="Refused; nothing was written.")
_TRUE = ("1", "true", "yes")


class RosterFileSerializer(serializers.Serializer[Any]):
    """multipart/form-data: OpenLifter's registrations (CSV) or save file, LiftingCast's entries (CSV), or a workbook
    (.xlsx) with the columns of either. At most 5 MB."""

    file = serializers.FileField(
        allow_empty_file=True,
        error_messages={"required": "Send the file as the field 'file' of a multipart form."},
    )


class CellProblemSerializer(serializers.Serializer[Any]):
    """``row`` as a spreadsheet counts it, 0 for the whole file. ``is_fatal``: the row is left out for it; else the cell
    alone is left empty."""

    row = serializers.IntegerField()
    column = serializers.CharField()
    value = serializers.CharField()
    detail = serializers.CharField()
    accepted = serializers.ListField(child=serializers.CharField())
    is_fatal = serializers.BooleanField()


class RosterRowSerializer(serializers.Serializer[Any]):
    """A row that is taken. ``entry`` is null while it is not there. ``changed``: the fields that differ from what
    stands in the meet."""

    row = serializers.IntegerField(source="row.row")
    name = serializers.CharField(source="row.name")
    what = serializers.ChoiceField(choices=("new", "changed", "unchanged"))
    entry = serializers.SerializerMethodField()
    changed = serializers.ListField(child=serializers.CharField(), source="changed_fields")

    def get_entry(self, planned: Planned) -> str | None:
        return str(planned.entry.pk) if self.context["done"] or not planned.is_new else None


class RosterCountsSerializer(serializers.Serializer[Any]):
    """Rows by what becomes of them; ``problems`` counts cells."""

    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    left_out = serializers.IntegerField()
    problems = serializers.IntegerField()


class RosterReportSerializer(serializers.Serializer[Any]):
    """What was taken in, or with ``dry_run`` would be. ``problems`` names every cell that is not taken as it stands,
    ``warnings`` those that are and should be looked at. What is missing is made with ``create_missing``."""

    dry_run = serializers.BooleanField()
    kind = serializers.CharField()
    sha256 = serializers.CharField()
    lines = serializers.IntegerField()
    counts = RosterCountsSerializer()
    notes = serializers.ListField(child=serializers.CharField())
    missing_platforms = serializers.ListField(child=serializers.CharField())
    missing_sessions = serializers.ListField(child=serializers.IntegerField())
    problems = CellProblemSerializer(many=True)
    warnings = CellProblemSerializer(many=True)
    rows = RosterRowSerializer(many=True)


class Roster(InMeetView):
    """Registrations from a file. Sending the same file again changes nothing."""

    serializer_class = RosterFileSerializer
    parser_classes = (MultiPartParser,)
    http_method_names = ["post", "options"]
    queryset = Entry.objects.none()

    @extend_schema(
        parameters=[
            OpenApiParameter("dry_run", bool, description="Only say what would be taken in."),
            OpenApiParameter(
                "create_missing", bool, description="Make the platforms and sessions that the file names."
            ),
        ],
        request={"multipart/form-data": RosterFileSerializer},
        responses={200: RosterReportSerializer, **dict.fromkeys((400, 403, 404, 409, 413, 422), PROBLEM)},
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = RosterFileSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        file = cast("UploadedFile[bytes]", given.validated_data["file"])
        if (file.size or 0) > FILE_MAX_BYTES:
            raise TooLarge("too_large", TOO_LARGE)
        asked: dict[str, Any] = {
            "meet": self.meet,
            "data": file.read(),
            "file_name": file.name or "",
            "create_missing": _is_true(request, "create_missing"),
        }
        if is_dry := _is_true(request, "dry_run"):
            report = roster_preview(**asked)
        else:
            report = roster_import(user=actor(request), **asked)
        return Response(shown(report, is_dry=is_dry))


def _is_true(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() in _TRUE


def shown(report: RosterReport, *, is_dry: bool) -> Any:
    names = (
        "kind",
        "sha256",
        "lines",
        "counts",
        "notes",
        "missing_platforms",
        "missing_sessions",
        "problems",
        "warnings",
    )
    body = {name: getattr(report, name) for name in names} | {"dry_run": is_dry, "rows": report.rows}
    return RosterReportSerializer(body, context={"done": report.done}).data
