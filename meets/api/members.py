"""The API of who takes part in a meet."""

from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from meets import access, roster
from meets.api.serializers import ProblemSerializer
from meets.api.views import InMeetView, actor
from meets.errors import Unusable
from meets.models import Meet, Membership, Role, Seat

PROBLEM = OpenApiResponse(ProblemSerializer, description="Refused; nothing was written.")


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """``username``: of an account that exists; whoever runs the site makes accounts. ``seat``: for a referee."""

    username = serializers.CharField(source="user.username", max_length=150)
    seat = serializers.ChoiceField(choices=[("", "none"), *Seat.choices], required=False, default="")

    class Meta:
        model = Membership
        fields = ("username", "role", "seat")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("seat") and attrs.get("role") != Role.REFEREE:
            raise serializers.ValidationError({"seat": "Only a referee has a seat."})
        return attrs


class HeadView(InMeetView):
    """What the head of a meet changes, and its staff read."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        access.staff_required(actor(request), self.meet)

    def write_required(self, request: Request) -> None:
        access.role_required(actor(request), self.meet, frozenset({Role.HEAD}))


class MemberList(HeadView):
    """Who takes which part. Sending somebody who is in it already changes the part."""

    serializer_class = MemberSerializer
    http_method_names = ["get", "post", "head", "options"]
    pagination_class = None
    queryset = Meet.objects.none()

    @extend_schema(responses=MemberSerializer(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        rows = Membership.objects.filter(meet=self.meet).select_related("user").order_by("role", "user__username")
        return Response(MemberSerializer(rows, many=True).data)

    @extend_schema(request=MemberSerializer, responses={201: MemberSerializer, 409: PROBLEM, 422: PROBLEM})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = MemberSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        name = given.validated_data["user"]["username"]
        user = User.objects.filter(username=name, is_active=True).first()
        if user is None:
            raise Unusable("username", "There is no account of that name. Whoever runs this site makes accounts.")
        member = roster.membership_set(
            meet=self.meet,
            user=user,
            role=given.validated_data["role"],
            seat=given.validated_data["seat"],
            by=actor(request),
        )
        return Response(MemberSerializer(member).data, status=201)


class MemberDetail(HeadView):
    """One person's part."""

    serializer_class = MemberSerializer
    http_method_names = ["delete", "options"]
    queryset = Meet.objects.none()

    @extend_schema(request=None, responses={204: None, 409: PROBLEM})
    def delete(self, request: Request, pk: UUID, username: str) -> Response:
        member = Membership.objects.filter(meet=self.meet, user__username=username).first()
        if member is None:
            raise Unusable("username", "Nobody of that name takes part in this meet.")
        roster.membership_delete(member=member, by=actor(request))
        return Response(status=204)
