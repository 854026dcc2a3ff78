"""The API's doors: each parses, asks access, calls one writer or selector, and answers."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from knox.models import AuthToken
from rest_framework import generics, permissions, throttling
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from meets import access, attempts, intake, roster, tokens
from meets.api import filters
from meets.api import serializers as shapes
from meets.api.auth import bound_to, meet_kept
from meets.api.csv import CsvRenderer
from meets.api.etag import Tagged
from meets.api.paging import ByChange
from meets.api.parsers import JSONParser
from meets.models import Attempt, AttemptImage, Camera, Entry, Event, Lifter, Meet, Membership, Platform, Role
from meets.selectors import results
from meets.selectors.workers import workers_states

PROBLEM = OpenApiResponse(shapes.ProblemSerializer, description="Refused; nothing was written.")


def actor(request: Request) -> User:
    """The signed-in user; the permission classes have let nobody else in."""
    assert isinstance(request.user, User)  # noqa: S101
    return request.user


# ── Who am I ─────────────────────────────────────────────────────────────────────────────────────────────


class SignInThrottle(throttling.SimpleRateThrottle):
    """By address, whoever is named: guessing at many names from one address is slowed too."""

    scope = "sign-in"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class LockedOut(APIException):
    status_code = 429
    default_detail = "Too many wrong passwords for this name from your address. Wait a quarter of an hour."


class TokenCreate(APIView):
    """A token for name and password, valid for 30 days. Guessing locks the name and address out for a while."""

    # No session here: a browser's cookie must not make a token for whoever sent the form.
    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)
    throttle_classes = (SignInThrottle,)
    parser_classes = (JSONParser, FormParser)

    @extend_schema(
        request=shapes.TokenRequestSerializer,
        responses={200: shapes.TokenSerializer, 400: PROBLEM, 403: PROBLEM, 429: PROBLEM},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        given = shapes.TokenRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = authenticate(request._request, **given.validated_data)
        if getattr(request._request, "axes_locked_out", False):
            # Answered here, as a problem; the middleware would put a page in its place.
            request._request.axes_locked_out = False  # type: ignore[attr-defined]
            raise LockedOut
        if user is None:
            raise PermissionDenied("Name and password do not fit together.")
        row, token = tokens.token_sign_in(user=user)
        return Response(shapes.TokenSerializer({"token": token, "expiry": row.expiry}).data)


class TokenRevoke(APIView):
    """Ends the token this request was made with."""

    keeps_to_meet = True

    @extend_schema(request=None, responses={204: None, 401: PROBLEM})
    def post(self, request: Request) -> Response:
        if not isinstance(request.auth, AuthToken):
            raise AuthenticationFailed("Send the token that is to be ended.")
        tokens.token_end(token=request.auth)
        return Response(status=204)


class Me(APIView):
    keeps_to_meet = True

    @extend_schema(responses=shapes.MeSerializer)
    def get(self, request: Request) -> Response:
        parts = Membership.objects.filter(user=actor(request)).select_related("meet").order_by("meet__starts_on")
        if (only := bound_to(request)) is not None:
            parts = parts.filter(meet=only)
        shown = {
            "username": actor(request).get_username(),
            "may_create_meets": roster.may_create_meet(actor(request)),
            "meets": [
                {"id": str(part.meet_id), "name": part.meet.name, "role": part.role, "seat": part.seat}
                for part in parts
            ],
        }
        return Response(shapes.MeSerializer(shown).data)


class Workers(APIView):
    """Is a worker there, and does it take up messages? One that is alive and does not answer needs a restart."""

    # It tells of no meet at all.
    keeps_to_meet = True

    @extend_schema(responses=shapes.WorkersSerializer)
    def get(self, request: Request) -> Response:
        states = workers_states()
        shown = {
            "alive": any(state.alive for state in states.values()),
            "answering": any(state.answering for state in states.values()),
            "engines": [
                {"engine": engine, "alive": state.alive, "answering": state.answering}
                for engine, state in states.items()
            ],
        }
        return Response(shapes.WorkersSerializer(shown).data)


# ── Rows of a meet ───────────────────────────────────────────────────────────────────────────────────────


class MeetList(generics.ListCreateAPIView[Meet]):
    """The meets you have a part in. Making one takes the permission to, and makes you its head."""

    keeps_to_meet = True
    serializer_class = shapes.MeetSerializer
    queryset = Meet.objects.none()

    def get_queryset(self) -> QuerySet[Meet]:
        rows = access.visible(Meet, self.request.user)
        only = bound_to(self.request)
        return rows if only is None else rows.filter(pk=only)

    def perform_create(self, serializer: BaseSerializer[Meet]) -> None:
        serializer.instance = roster.meet_create(user=actor(self.request), **serializer.validated_data)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if not roster.may_create_meet(actor(request)):
            raise PermissionDenied("Your account may not create meets. Ask whoever runs this site.")
        if bound_to(request) is not None:
            raise PermissionDenied("This token is bound to one meet, so makes no other. Use another token.")
        return super().create(request, *args, **kwargs)


class InMeetView(generics.GenericAPIView[Any]):
    """What lies in one meet: members read, staff write. Asked before the body is even parsed."""

    # The row named by the address: its model, and the way from it to its meet.
    row_model: ClassVar[type[Model]] = Meet
    row_path: ClassVar[str] = ""
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    keeps_to_meet = True
    row: Any
    meet: Meet

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.row_read(request)
        if request.method not in permissions.SAFE_METHODS:
            self.write_required(request)

    def write_required(self, request: Request) -> None:
        """Raises PermissionDenied for whoever may not write here."""
        access.staff_required(actor(request), self.meet)

    def row_read(self, request: Request) -> None:
        """The row and its meet as they are now. Raises Http404 for a stranger to it, and a token bound elsewhere."""
        related = (self.row_path,) if self.row_path else ()
        self.row = access.row_or_404(self.row_model, actor(request), self.kwargs["pk"], *related)
        self.meet = self.row
        for step in self.row_path.split("__") if self.row_path else ():
            self.meet = getattr(self.meet, step)
        meet_kept(request, self.meet, self.row_model)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "meet": getattr(self, "meet", None)}

    def evidence_context(self) -> dict[str, Any]:
        """For serializers of evidence: what stands in its place depends on who asks."""
        role = access.role_in(self.request.user, self.meet)
        whose = {"is_staff": role in access.STAFF_ROLES, "is_referee": role is Role.REFEREE}
        return {**self.get_serializer_context(), **whose}

    def get_object(self) -> Any:
        return self.row


class OfPersons(InMeetView):
    """Members read, staff write; some of what is known of a lifter is for staff alone."""

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        # Without a meet only the schema is being drawn.
        meet = context["meet"]
        return {**context, "is_staff": meet is not None and access.personal_open(self.request.user, meet)}


class MeetDetail(Tagged, InMeetView, generics.RetrieveUpdateAPIView[Meet]):
    serializer_class = shapes.MeetSerializer
    queryset = Meet.objects.none()

    def perform_update(self, serializer: BaseSerializer[Meet]) -> None:
        changes = serializer.validated_data
        access.meet_changes_required(actor(self.request), self.meet, changes)
        serializer.instance = roster.meet_update(meet=self.meet, user=actor(self.request), **changes)


class PlatformList(InMeetView, generics.ListCreateAPIView[Platform]):
    serializer_class = shapes.PlatformSerializer
    # A meet has a handful, without a time of making to page by.
    pagination_class = None
    queryset = Platform.objects.none()

    def get_queryset(self) -> QuerySet[Platform]:
        return Platform.objects.filter(meet=self.meet)

    def perform_create(self, serializer: BaseSerializer[Platform]) -> None:
        serializer.instance = roster.platform_create(meet=self.meet, **serializer.validated_data)


class PlatformDetail(Tagged, InMeetView, generics.RetrieveUpdateDestroyAPIView[Platform]):
    row_model, row_path = Platform, "meet"
    serializer_class = shapes.PlatformSerializer
    queryset = Platform.objects.none()

    def perform_update(self, serializer: BaseSerializer[Platform]) -> None:
        serializer.instance = roster.platform_update(
            platform=self.row, name=serializer.validated_data.get("name", self.row.name)
        )

    def perform_destroy(self, instance: Platform) -> None:
        roster.platform_delete(platform=instance)


class CameraList(InMeetView, generics.ListCreateAPIView[Camera]):
    serializer_class = shapes.CameraSerializer
    # As of platforms.
    pagination_class = None
    queryset = Camera.objects.none()

    def get_queryset(self) -> QuerySet[Camera]:
        return Camera.objects.filter(meet=self.meet)

    def perform_create(self, serializer: BaseSerializer[Camera]) -> None:
        serializer.instance = roster.camera_create(meet=self.meet, **serializer.validated_data)


class CameraDetail(Tagged, InMeetView, generics.RetrieveUpdateDestroyAPIView[Camera]):
    """A camera. Photos that it has taken keep what was known of them until they are read again."""

    row_model, row_path = Camera, "meet"
    serializer_class = shapes.CameraSerializer
    queryset = Camera.objects.none()

    def perform_update(self, serializer: BaseSerializer[Camera]) -> None:
        serializer.instance = roster.camera_update(camera=self.row, **serializer.validated_data)

    def perform_destroy(self, instance: Camera) -> None:
        roster.camera_delete(camera=instance)


@extend_schema_view(get=extend_schema(parameters=[filters.PlaceFilter]))
class LifterList(OfPersons, generics.ListCreateAPIView[Lifter]):
    serializer_class = shapes.LifterSerializer
    queryset = Lifter.objects.none()

    def get_queryset(self) -> QuerySet[Lifter]:
        return filters.lifters(self.request, self.meet)

    def perform_create(self, serializer: BaseSerializer[Lifter]) -> None:
        serializer.instance = roster.lifter_create(
            meet=self.meet, user=actor(self.request), **serializer.validated_data
        )


class LifterDetail(Tagged, OfPersons, generics.RetrieveUpdateDestroyAPIView[Lifter]):
    row_model, row_path = Lifter, "meet"
    serializer_class = shapes.LifterSerializer
    queryset = Lifter.objects.none()

    def perform_update(self, serializer: BaseSerializer[Lifter]) -> None:
        serializer.instance = roster.lifter_update(
            lifter=self.row, user=actor(self.request), **serializer.validated_data
        )

    def perform_destroy(self, instance: Lifter) -> None:
        roster.lifter_delete(lifter=instance, user=actor(self.request))


@extend_schema_view(get=extend_schema(parameters=[filters.PlaceFilter]))
class EntryList(OfPersons, generics.ListCreateAPIView[Entry]):
    serializer_class = shapes.EntrySerializer
    queryset = Entry.objects.none()

    def get_queryset(self) -> QuerySet[Entry]:
        return filters.entries(self.request, self.meet).prefetch_related("categories")

    def perform_create(self, serializer: BaseSerializer[Entry]) -> None:
        serializer.instance = roster.entry_create(meet=self.meet, user=actor(self.request), **_entry_given(serializer))


class EntryDetail(Tagged, OfPersons, generics.RetrieveUpdateDestroyAPIView[Entry]):
    row_model, row_path = Entry, "meet"
    serializer_class = shapes.EntrySerializer
    queryset = Entry.objects.none()

    def perform_update(self, serializer: BaseSerializer[Entry]) -> None:
        serializer.instance = roster.entry_update(entry=self.row, user=actor(self.request), **_entry_given(serializer))

    def perform_destroy(self, instance: Entry) -> None:
        roster.entry_delete(entry=instance, user=actor(self.request))


def _entry_given(serializer: BaseSerializer[Entry]) -> dict[str, Any]:
    """What was sent of an entry, as the writer takes it."""
    given = dict(serializer.validated_data)
    if "categories" in given:
        given["categories"] = [(one.get("division", ""), one.get("event", Event.SBD)) for one in given["categories"]]
    return given


@extend_schema_view(get=extend_schema(parameters=[filters.AttemptFilter]))
class AttemptList(InMeetView, generics.ListCreateAPIView[Attempt]):
    serializer_class = shapes.AttemptSerializer
    pagination_class = ByChange
    queryset = Attempt.objects.none()

    def get_queryset(self) -> QuerySet[Attempt]:
        return filters.attempts(self.request, self.meet)

    def perform_create(self, serializer: BaseSerializer[Attempt]) -> None:
        serializer.instance = attempts.attempt_create(user=actor(self.request), **serializer.validated_data)


class AttemptDetail(Tagged, InMeetView, generics.RetrieveUpdateDestroyAPIView[Attempt]):
    """An attempt with its photos and what was found in them."""

    row_model, row_path = Attempt, "entry__meet"
    serializer_class = shapes.AttemptSerializer
    patch_answers_row = False
    queryset = Attempt.objects.none()

    @extend_schema(responses=shapes.AttemptFullSerializer)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        found = results.attempt_result_detail(actor(request), self.row)
        return Response(shapes.AttemptFullSerializer(found, context=self.evidence_context()).data)

    def row_shown(self, request: Request) -> Any:
        found = results.attempt_result_detail(actor(request), self.row, is_noted=False)
        return shapes.AttemptFullSerializer(found, context=self.evidence_context()).data

    def perform_update(self, serializer: BaseSerializer[Attempt]) -> None:
        serializer.instance = attempts.attempt_update(
            attempt=self.row, user=actor(self.request), **serializer.validated_data
        )

    def perform_destroy(self, instance: Attempt) -> None:
        attempts.attempt_delete(attempt=instance, user=actor(self.request))


# ── Photos ───────────────────────────────────────────────────────────────────────────────────────────────


class ImageSubmit(InMeetView):
    row_model, row_path = Attempt, "entry__meet"
    serializer_class = shapes.ImageUploadSerializer
    parser_classes = (MultiPartParser,)
    http_method_names = ["post", "options"]
    queryset = AttemptImage.objects.none()

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                description="Repeats with one key are one.",
            )
        ],
        request={"multipart/form-data": shapes.ImageUploadSerializer},
        responses={
            202: OpenApiResponse(
                shapes.ImageReceiptSerializer,
                description="Kept and queued; with created=false it was here before, and nothing was added.",
            ),
            **dict.fromkeys((400, 403, 404, 409, 413, 415, 422), PROBLEM),
        },
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Takes a photo of the attempt. The answer comes at once; ask the address in ``Location`` how it went."""
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        file = given.validated_data["file"]
        image, created = intake.image_submit(
            attempt=self.row,
            user=actor(request),
            data=file,
            file_name=file.name or "",
            declared_type=file.content_type or "",
            view=given.validated_data.get("view", ""),
            phase=given.validated_data.get("phase", ""),
            camera=given.validated_data.get("camera"),
            idempotency_key=request.headers.get("Idempotency-Key", ""),
        )
        shown = shapes.ImageReceiptSerializer((image, created)).data
        where = {"Location": request.build_absolute_uri(reverse("api:image-detail", args=[image.pk]))}
        return Response(shown, status=202, headers=where)


class ImageDetail(Tagged, InMeetView):
    """Where a photo stands, and what was found in it."""

    row_model, row_path = AttemptImage, "attempt__entry__meet"
    serializer_class = shapes.ImageFullSerializer
    patch_answers_row = False
    http_method_names = ["get", "patch", "head", "options"]
    queryset = AttemptImage.objects.none()

    def get(self, request: Request, pk: UUID) -> Response:
        found = results.image_result_detail(actor(request), self.row)
        return Response(shapes.ImageFullSerializer(found, context=self.evidence_context()).data)

    def row_shown(self, request: Request) -> Any:
        found = results.image_result_detail(actor(request), self.row, is_noted=False)
        return shapes.ImageFullSerializer(found, context=self.evidence_context()).data

    @extend_schema(
        request=shapes.ImageRestateSerializer,
        responses={202: shapes.ImageSerializer, **dict.fromkeys((400, 403, 404, 409), PROBLEM)},
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Sets what is known of the photo, and queues it for a new reading."""
        given = shapes.ImageRestateSerializer(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        intake.image_restate(image=self.row, user=actor(request), **given.validated_data)
        self.row.refresh_from_db()
        return Response(shapes.ImageSerializer(self.row).data, status=202)


class ImageActView(InMeetView):
    """What staff do with a photo that was sent. Each act answers with the photo as it stands then."""

    row_model, row_path = AttemptImage, "attempt__entry__meet"
    serializer_class = shapes.ImageSerializer
    queryset = AttemptImage.objects.none()

    def shown(self) -> Response:
        self.row.refresh_from_db()
        return Response(shapes.ImageSerializer(self.row).data, status=202)


class ImageRetry(ImageActView):
    http_method_names = ["post", "options"]

    @extend_schema(request=None, responses={202: shapes.ImageSerializer, 409: PROBLEM})
    def post(self, request: Request, pk: UUID) -> Response:
        """Another round of tries for a photo that failed."""
        intake.image_requeue(image=self.row)
        return self.shown()


class ImageLift(ImageActView):
    http_method_names = ["post", "delete", "options"]

    @extend_schema(request=None, responses={202: shapes.ImageSerializer, 409: PROBLEM})
    def post(self, request: Request, pk: UUID) -> Response:
        """Somebody has looked: the photo shows its attempt's lift. It is read again, and judged as that lift."""
        intake.image_lift_say(image=self.row, user=actor(request))
        return self.shown()

    @extend_schema(request=None, responses={202: shapes.ImageSerializer, 409: PROBLEM})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Takes that word back; the photo is read again."""
        intake.image_lift_say(image=self.row, user=actor(request), is_so=False)
        return self.shown()


class ImageMove(ImageActView):
    http_method_names = ["post", "options"]

    @extend_schema(
        request=shapes.ImageMoveSerializer,
        responses={202: shapes.ImageSerializer, **dict.fromkeys((400, 403, 404, 409), PROBLEM)},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Takes the photo to another attempt of its meet, where it is read again."""
        given = shapes.ImageMoveSerializer(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        intake.image_move(image=self.row, user=actor(request), attempt=given.validated_data["attempt"])
        return self.shown()


class ImageSetAside(ImageActView):
    http_method_names = ["post", "delete", "options"]

    @extend_schema(request=None, responses={202: shapes.ImageSerializer, 409: PROBLEM})
    def post(self, request: Request, pk: UUID) -> Response:
        """The photo belongs to no attempt of this meet: it is kept, but neither read nor counted."""
        intake.image_set_aside(image=self.row, user=actor(request))
        return self.shown()

    @extend_schema(request=None, responses={202: shapes.ImageSerializer, 409: PROBLEM})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Takes the photo back to the attempt where it was; it is read again."""
        intake.image_take_back(image=self.row, user=actor(request))
        return self.shown()


# ── Results ──────────────────────────────────────────────────────────────────────────────────────────────


class Results(InMeetView):
    """The meet's attempts with their findings, as JSON or CSV (``?format=csv``, or ``Accept: text/csv``)."""

    serializer_class = shapes.ResultsSerializer
    renderer_classes = (JSONRenderer, CsvRenderer)
    http_method_names = ["get", "head", "options"]
    queryset = Meet.objects.none()

    @extend_schema(responses={(200, "application/json"): shapes.ResultsSerializer, (200, "text/csv"): str})
    def get(self, request: Request, pk: UUID) -> Response:
        rows = results.attempt_result_rows(actor(request), self.meet)
        shown = shapes.ResultsSerializer({"meet": self.meet, "attempts": rows}, context=self.evidence_context()).data
        response = Response(shown)
        if request.accepted_renderer.format == CsvRenderer.format:
            response["Content-Disposition"] = f'attachment; filename="results-{self.meet.pk}.csv"'
        return response
