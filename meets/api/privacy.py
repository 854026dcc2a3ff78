"""The API of a lifter's request to be forgotten."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from meets import access, retention
from meets.api.serializers import ProblemSerializer
from meets.api.views import InMeetView, actor
from meets.models import Lifter, Role

_PROBLEM = OpenApiResponse(ProblemSerializer, description="Refused; nothing was written.")


class EraseInSerializer(serializers.Serializer[Any]):
    """``reason`` is kept for good: write no names into it."""

    reason = serializers.CharField(max_length=300)


class ErasedSerializer(serializers.Serializer[Any]):
    """``photos``: how many were deleted now."""

    lifter = serializers.UUIDField()
    erased_at = serializers.DateTimeField()
    photos = serializers.IntegerField()


@extend_schema_view(
    post=extend_schema(
        request=EraseInSerializer,
        responses={200: ErasedSerializer, **dict.fromkeys((400, 403, 404, 422), _PROBLEM)},
    )
)
class LifterErase(InMeetView):
    """Takes a lifter's name, birth data, club and photos out of the site for good, also of a closed meet. Attempts,
    decisions and findings stay, as an erased lifter's. Asked again it deletes what was left over."""

    row_model, row_path = Lifter, "meet"
    serializer_class = ErasedSerializer
    http_method_names = ["post", "options"]
    queryset = Lifter.objects.none()

    def write_required(self, request: Request) -> None:
        access.role_required(actor(request), self.meet, frozenset({Role.HEAD}))

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = EraseInSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        count = retention.lifter_erase(lifter=self.row, user=actor(request), **given.validated_data)
        told = {"lifter": self.row.pk, "erased_at": self.row.erased_at, "photos": count}
        return Response(ErasedSerializer(told).data)
