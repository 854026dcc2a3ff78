"""The API of what officials do: weights called, lights, cards, the jury, the assistant, and the log of it all."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from meets import access, assist, attempts, decisions, jury
from meets.api.serializers import ProblemSerializer
from meets.api.views import InMeetView, actor
from meets.log import canonical, record_fields
from meets.models import (
    Attempt,
    AttemptOutcome,
    JuryCase,
    JuryOutcome,
    LightColour,
    LogKind,
    LogRecord,
    Meet,
    Role,
    Seat,
)
from meets.selectors import decisions as shown
from meets.selectors.lifting import order_rows

STAFF = access.STAFF_ROLES
REFEREE, JURY, HEAD = frozenset({Role.REFEREE}), frozenset({Role.JURY}), frozenset({Role.HEAD})
PROBLEM = OpenApiResponse(ProblemSerializer, description="Refused; nothing was written.")


# ── What goes in and out ─────────────────────────────────────────────────────────────────────────────────


class VersionedSerializer(serializers.Serializer[Any]):
    """``version`` is the attempt's as you saw it: when it has moved on, the answer is 409 and nothing is recorded."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class LightInSerializer(VersionedSerializer):
    """``seat``, when named, must be yours in this session. ``causes``: codes of the meet's rule book, with
    red alone."""

    colour = serializers.ChoiceField(choices=LightColour.choices)
    seat = serializers.ChoiceField(choices=Seat.choices, required=False)
    causes = serializers.ListField(child=serializers.CharField(max_length=12), max_length=10, required=False)


class CardInSerializer(VersionedSerializer):
    causes = serializers.ListField(child=serializers.CharField(max_length=12), min_length=1, max_length=10)


class SecondCallInSerializer(serializers.Serializer[Any]):
    colour = serializers.ChoiceField(choices=LightColour.choices)


class ReasonInSerializer(VersionedSerializer):
    reason = serializers.CharField(max_length=300)


class ElsewhereCardSerializer(serializers.Serializer[Any]):
    """``card``: red, blue or yellow, or a cause's code."""

    seat = serializers.ChoiceField(choices=Seat.choices)
    card = serializers.CharField(max_length=12)


class ElsewhereLightsSerializer(serializers.Serializer[Any]):
    left = serializers.ChoiceField(choices=LightColour.choices)
    chief = serializers.ChoiceField(choices=LightColour.choices)
    right = serializers.ChoiceField(choices=LightColour.choices)


class ElsewhereInSerializer(VersionedSerializer):
    """What another light system decided: the three lights, or where it tells no more the outcome alone."""

    lights = ElsewhereLightsSerializer(required=False)
    outcome = serializers.ChoiceField(choices=["good", "no_lift"], required=False)
    cards = ElsewhereCardSerializer(many=True, required=False)
    system = serializers.CharField(max_length=80, required=False, allow_blank=True)


class CorrectionInSerializer(ReasonInSerializer):
    outcome = serializers.ChoiceField(choices=["good", "no_lift", "passed"])


class CaseInSerializer(VersionedSerializer):
    """``asked``: what the case is for. Staff bring a protest of the lifter's side, a member of the jury its own."""

    grounds = serializers.CharField(max_length=300)
    asked = serializers.ChoiceField(choices=["reversed", "extra_attempt"], required=False, default="reversed")


class VoteInSerializer(serializers.Serializer[Any]):
    vote = serializers.ChoiceField(choices=JuryOutcome.choices)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class AssistSerializer(serializers.Serializer[Any]):
    on = serializers.BooleanField()
    reason = serializers.CharField(max_length=300, write_only=True)


class LightShownSerializer(serializers.Serializer[Any]):
    """``colour`` is empty until all three are in, but for your own."""

    seat = serializers.ChoiceField(choices=Seat.choices)
    given = serializers.BooleanField()
    colour = serializers.CharField()


class CardShownSerializer(serializers.Serializer[Any]):
    seat = serializers.ChoiceField(choices=Seat.choices)
    cause = serializers.CharField()
    colour = serializers.CharField()
    text = serializers.CharField()


class VoteShownSerializer(serializers.Serializer[Any]):
    member = serializers.CharField()
    given = serializers.BooleanField()
    vote = serializers.CharField()
    reason = serializers.CharField()


class CaseShownSerializer(serializers.Serializer[Any]):
    """Votes are shown once all are in, and your own before. ``lapsed``: time ran out, and the decision stands."""

    id = serializers.UUIDField(source="case.pk")
    grounds = serializers.CharField(source="case.grounds")
    is_protest = serializers.BooleanField(source="case.is_protest")
    opened_by = serializers.CharField(source="case.opened_by.username")
    opened_at = serializers.DateTimeField(source="case.opened_at")
    closes_at = serializers.DateTimeField(source="case.closes_at")
    closed_at = serializers.DateTimeField(source="case.closed_at", allow_null=True)
    outcome = serializers.CharField(source="case.outcome")
    lapsed = serializers.BooleanField()
    may_vote = serializers.BooleanField()
    may_reverse = serializers.BooleanField()
    votes = VoteShownSerializer(many=True)


class DecisionSerializer(serializers.Serializer[Any]):
    """An attempt as its officials have decided it, as far as you may see it. ``late``: readings that came after the
    decision and change nothing by themselves."""

    attempt = serializers.UUIDField(source="attempt.pk")
    version = serializers.IntegerField()
    take = serializers.IntegerField(source="state.take")
    called_at = serializers.DateTimeField(source="state.called_at", allow_null=True)
    outcome = serializers.ChoiceField(choices=AttemptOutcome.choices)
    decided_at = serializers.DateTimeField(source="state.decided_at", allow_null=True)
    lights = LightShownSerializer(many=True)
    waits_for = serializers.ListField(child=serializers.CharField())
    cards = CardShownSerializer(many=True)
    my_seat = serializers.CharField()
    my_light = serializers.CharField()
    my_second = serializers.CharField()
    late = serializers.IntegerField()
    cases = CaseShownSerializer(many=True)


class HistorySerializer(serializers.Serializer[Any]):
    """A record of the log. ``body`` is as docs/log.md says for its kind."""

    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(choices=LogKind.choices)
    actor = serializers.CharField()
    body = serializers.DictField()
    sha256 = serializers.CharField()


class OrderSerializer(serializers.Serializer[Any]):
    """One attempt of a round. ``on_platform``: it is called and not decided."""

    attempt = serializers.UUIDField(source="pk")
    lift = serializers.CharField()
    round = serializers.IntegerField(source="number")
    take = serializers.IntegerField()
    kg = serializers.DecimalField(source="declared_kg", max_digits=5, decimal_places=2)
    lot = serializers.IntegerField(source="entry.lot", allow_null=True)
    lifter = serializers.CharField(source="entry.lifter.name")
    flight = serializers.CharField(source="entry.flight")
    version = serializers.IntegerField()
    outcome = serializers.CharField()
    on_platform = serializers.SerializerMethodField()

    def get_on_platform(self, attempt: Attempt) -> bool:
        return attempt.called_at is not None and not attempt.outcome


class SwaySerializer(serializers.Serializer[Any]):
    """Per referee and lift: ``lights`` on attempts whose evidence was shown afterwards, how many were called again
    (``second``), and of those how many otherwise."""

    referee = serializers.CharField()
    lift = serializers.CharField()
    lights = serializers.IntegerField()
    second = serializers.IntegerField()
    changed = serializers.IntegerField()
    to_white = serializers.IntegerField()
    to_red = serializers.IntegerField()


# ── One attempt ──────────────────────────────────────────────────────────────────────────────────────────


class ActView(InMeetView):
    """What one part in the meet does with an attempt; answers with the decision as it stands then."""

    row_model: ClassVar[type[Model]] = Attempt
    row_path: ClassVar[str] = "entry__meet"
    serializer_class = DecisionSerializer
    in_serializer: ClassVar[type[serializers.Serializer[Any]]] = VersionedSerializer
    roles: ClassVar[frozenset[Role]] = STAFF
    http_method_names = ["post", "options"]
    queryset: QuerySet[Any] = Attempt.objects.none()

    def write_required(self, request: Request) -> None:
        access.role_required(actor(request), self.meet, self.roles)

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = self.in_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        self.act(request, given.validated_data)
        row = access.row_or_404(Attempt, actor(request), self.attempt_id(), "entry__meet")
        return Response(DecisionSerializer(shown.decision_detail(actor(request), row)).data, status=201)

    def attempt_id(self) -> Any:
        return self.row.pk

    def act(self, request: Request, given: dict[str, Any]) -> None:
        raise NotImplementedError


def _acts(request: Any) -> Any:
    answers = {201: DecisionSerializer, **dict.fromkeys((400, 403, 404, 409, 422), PROBLEM)}
    return extend_schema_view(post=extend_schema(request=request, responses=answers))


@_acts(LightInSerializer)
class LightGive(ActView):
    """A referee's light. It is given once, and hidden from the others until all three are in."""

    roles, in_serializer = REFEREE, LightInSerializer

    def act(self, request: Request, given: dict[str, Any]) -> None:
        decisions.light_record(attempt=self.row, referee=actor(request), **given)


@_acts(VersionedSerializer)
class LightTakeBack(ActView):
    """Takes your own light back: until all three are in, and while you have been shown no evidence."""

    roles = REFEREE

    def act(self, request: Request, given: dict[str, Any]) -> None:
        decisions.light_take_back(attempt=self.row, referee=actor(request), **given)


@_acts(CardInSerializer)
class CardGive(ActView):
    """Why you gave red: causes of the rule book, several allowed."""

    roles, in_serializer = REFEREE, CardInSerializer

    def act(self, request: Request, given: dict[str, Any]) -> None:
        decisions.card_record(attempt=self.row, referee=actor(request), **given)


@_acts(SecondCallInSerializer)
class SecondCallGive(ActView):
    """What you would call now that you have seen the evidence. It changes nothing."""

    roles, in_serializer = REFEREE, SecondCallInSerializer

    def act(self, request: Request, given: dict[str, Any]) -> None:
        decisions.second_call_record(attempt=self.row, referee=actor(request), **given)


@_acts(VersionedSerializer)
class AttemptCall(ActView):
    """The bar is loaded and the lifter called: one at a time on a platform."""

    def act(self, request: Request, given: dict[str, Any]) -> None:
        attempts.attempt_call(attempt=self.row, user=actor(request), **given)


@_acts(ReasonInSerializer)
class AttemptPass(ActView):
    """The lifter does not take this attempt."""

    in_serializer = ReasonInSerializer

    def act(self, request: Request, given: dict[str, Any]) -> None:
        attempts.attempt_pass(attempt=self.row, user=actor(request), **given)


@_acts(ElsewhereInSerializer)
class DecisionBringIn(ActView):
    """Records what another light system decided."""

    in_serializer = ElsewhereInSerializer

    def act(self, request: Request, given: dict[str, Any]) -> None:
        told = decisions.Elsewhere(
            outcome=given.get("outcome", ""),
            lights=given.get("lights"),
            cards=[(card["seat"], card["card"]) for card in given.get("cards", ())],
            system=given.get("system", ""),
        )
        decisions.decision_bring_in(attempt=self.row, user=actor(request), told=told, version=given["version"])


@_acts(CorrectionInSerializer)
class DecisionCorrect(ActView):
    """The head of meet puts right what was recorded wrongly. Lights and cards stay as they were given."""

    roles, in_serializer = HEAD, CorrectionInSerializer

    def act(self, request: Request, given: dict[str, Any]) -> None:
        decisions.decision_correct(attempt=self.row, user=actor(request), **given)


@_acts(CaseInSerializer)
class JuryOpen(ActView):
    """Brings a decision before the jury, within the rule book's time."""

    roles, in_serializer = STAFF | JURY, CaseInSerializer

    def act(self, request: Request, given: dict[str, Any]) -> None:
        is_protest = access.role_in(actor(request), self.meet) is not Role.JURY
        jury.jury_open(attempt=self.row, user=actor(request), is_protest=is_protest, **given)


@_acts(VoteInSerializer)
class JuryVoteGive(ActView):
    """A member's secret vote; the last one decides."""

    row_model, row_path = JuryCase, "attempt__entry__meet"
    roles, in_serializer = JURY, VoteInSerializer
    queryset = JuryCase.objects.none()

    def attempt_id(self) -> Any:
        return self.row.attempt_id

    def act(self, request: Request, given: dict[str, Any]) -> None:
        jury.jury_vote(case=self.row, member=actor(request), **given)


class Decision(InMeetView):
    """The decision on an attempt, as far as you may see it now."""

    row_model, row_path = Attempt, "entry__meet"
    serializer_class = DecisionSerializer
    http_method_names = ["get", "head", "options"]
    queryset = Attempt.objects.none()

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(DecisionSerializer(shown.decision_detail(actor(request), self.row)).data)


class DecisionHistory(InMeetView):
    """Everything ever recorded of the decision on an attempt: reversed and corrected ones too."""

    row_model, row_path = Attempt, "entry__meet"
    serializer_class = HistorySerializer
    http_method_names = ["get", "head", "options"]
    pagination_class = None
    queryset = Attempt.objects.none()

    @extend_schema(responses={200: HistorySerializer(many=True), 409: PROBLEM})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(HistorySerializer(shown.history_rows(self.row), many=True).data)


# ── The meet ─────────────────────────────────────────────────────────────────────────────────────────────


class MeetAssist(InMeetView):
    """Whether the assistant is on. Switching it takes a reason, and stands in the log."""

    serializer_class = AssistSerializer
    http_method_names = ["get", "post", "head", "options"]
    queryset = Meet.objects.none()

    @extend_schema(responses=AssistSerializer)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response({"on": self.meet.assist_on})

    @extend_schema(request=AssistSerializer, responses={200: AssistSerializer, 409: PROBLEM, 422: PROBLEM})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        given = AssistSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        meet = assist.assist_set(meet=self.meet, user=actor(request), **given.validated_data)
        return Response({"on": meet.assist_on})


class Order(InMeetView):
    """The lifting order of one round: by weight, then lot. Without filters, of the round that is on now."""

    serializer_class = OrderSerializer
    http_method_names = ["get", "head", "options"]
    pagination_class = None
    queryset = Attempt.objects.none()

    @extend_schema(
        parameters=[
            OpenApiParameter("lift", str, enum=["squat", "bench", "deadlift"]),
            OpenApiParameter("round", int),
            OpenApiParameter("flight", str),
            OpenApiParameter("platform", int),
            OpenApiParameter("session", int, description="The session's number."),
        ],
        responses={200: OrderSerializer(many=True), 400: PROBLEM},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(OrderSerializer(order_rows(self.meet, request.query_params.dict()), many=True).data)


class Sway(InMeetView):
    """How often seeing the evidence went with a changed call, per referee and lift."""

    serializer_class = SwaySerializer
    http_method_names = ["get", "head", "options"]
    pagination_class = None
    queryset = Meet.objects.none()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        access.role_required(actor(request), self.meet, STAFF | JURY)

    @extend_schema(responses=SwaySerializer(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(SwaySerializer(shown.sway_rows(self.meet), many=True).data)


class Log(InMeetView):
    """The sealed log as JSON Lines, streamed. While an attempt is being decided it ends before the first record of it;
    the header ``X-Log-Complete`` says whether it is whole."""

    serializer_class = HistorySerializer
    http_method_names = ["get", "head", "options"]
    queryset = Meet.objects.none()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        access.role_required(actor(request), self.meet, shown.LOG_ROLES)

    @extend_schema(responses={(200, "application/x-ndjson"): str, 403: PROBLEM})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        until = shown.log_open_until(self.meet)
        answer = StreamingHttpResponse(log_stream(self.meet, until), content_type="application/x-ndjson")
        answer["X-Log-Complete"] = "false" if until else "true"
        answer["Content-Disposition"] = f'attachment; filename="log-{self.meet.pk}.jsonl"'
        return answer


def log_stream(meet: Meet, until: int | None) -> Iterator[str]:
    rows = LogRecord.objects.filter(meet=meet).order_by("seq")
    if until is not None:
        rows = rows.filter(seq__lt=until)
    for row in rows.iterator(chunk_size=500):
        yield canonical({**record_fields(row), "sha256": row.sha256}) + "\n"
