"""The API of a meet's sessions, and of who sits in which referee's chair during them."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from meets import sessions
from meets.api.etag import Tagged
from meets.api.members import HeadView
from meets.api.serializers import InMeet, ProblemSerializer, SessionSerializer
from meets.api.views import InMeetView, actor
from meets.errors import Unusable
from meets.models import Platform, Seat, Seating, Session

PROBLEM = OpenApiResponse(ProblemSerializer, description="Refused; nothing was written.")


class SessionList(InMeetView, generics.ListCreateAPIView[Session]):
    serializer_class = SessionSerializer
    # A meet has a handful.
    pagination_class = None
    queryset = Session.objects.none()

    def get_queryset(self) -> QuerySet[Session]:
        return Session.objects.filter(meet=self.meet)

    def perform_create(self, serializer: BaseSerializer[Session]) -> None:
        serializer.instance = sessions.session_create(
            meet=self.meet, user=actor(self.request), **serializer.validated_data
        )


class SessionDetail(Tagged, InMeetView, generics.RetrieveUpdateDestroyAPIView[Session]):
    """A session. Deleted, it takes its seats along; its entries stay, without a session."""

    row_model, row_path = Session, "meet"
    serializer_class = SessionSerializer
    queryset = Session.objects.none()

    def perform_update(self, serializer: BaseSerializer[Session]) -> None:
        serializer.instance = sessions.session_update(
            session=self.row, user=actor(self.request), **serializer.validated_data
        )

    def perform_destroy(self, instance: Session) -> None:
        sessions.session_delete(session=instance, user=actor(self.request))


class ChairSerializer(serializers.Serializer[Any]):
    """A referee's chair in the session: on one platform, or with null on all that have no seats of their own."""

    platform = InMeet(queryset=Platform.objects.all(), allow_null=True, default=None)
    seat = serializers.ChoiceField(choices=Seat.choices)


class SeatingSerializer(ChairSerializer):
    """``username``: of a referee of this meet."""

    username = serializers.CharField(source="user.username", max_length=150)


class SeatList(HeadView):
    """Who sits where during the session. Where none of its seats are given, those of the meet's members stand."""

    row_model, row_path = Session, "meet"
    serializer_class = SeatingSerializer
    http_method_names = ["get", "post", "delete", "head", "options"]
    pagination_class = None
    queryset = Seating.objects.none()

    @extend_schema(responses=SeatingSerializer(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows = Seating.objects.filter(session=self.row).select_related("user", "platform")
        return Response(SeatingSerializer(rows, many=True).data)

    @extend_schema(
        request=SeatingSerializer, responses={201: SeatingSerializer, **dict.fromkeys((400, 409, 422), PROBLEM)}
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Puts a referee into the chair, in place of whoever sat there."""
        given = SeatingSerializer(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        chair = given.validated_data
        user = User.objects.filter(username=chair["user"]["username"], is_active=True).first()
        if user is None:
            raise Unusable("username", "There is no account of that name. Whoever runs this site makes accounts.")
        row = sessions.seating_set(
            session=self.row, platform=chair["platform"], seat=chair["seat"], user=user, by=actor(request)
        )
        return Response(SeatingSerializer(row).data, status=201)

    @extend_schema(
        request=None, parameters=[ChairSerializer], responses={204: None, **dict.fromkeys((400, 409, 422), PROBLEM)}
    )
    def delete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Empties the chair named in the address."""
        given = ChairSerializer(data=request.query_params.dict(), context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        chair = given.validated_data
        sessions.seating_clear(session=self.row, platform=chair["platform"], seat=chair["seat"], by=actor(request))
        return Response(status=204)
