"""The API's doors for tokens and webhooks."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from knox.models import AuthToken
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from meets import access, tokens, webhooks
from meets.api.etag import Tagged
from meets.api.views import InMeetView, actor
from meets.models import Delivery, Meet, Role, Webhook
from meets.selectors.tokens import token_or_404, token_row, token_rows

# ── Tokens ───────────────────────────────────────────────────────────────────────────────────────────────


class MyMeet(serializers.PrimaryKeyRelatedField[Any]):
    """One of the caller's own meets."""

    def get_queryset(self) -> Any:
        request = self.context.get("request")
        return access.visible(Meet, request.user) if request else Meet.objects.none()


class TokenShownSerializer(serializers.Serializer[Any]):
    """``meet``: the one it is bound to; null for every meet of yours. ``expiry``: null for one that never ends.
    ``last_used_at`` is kept to the minute."""

    id = serializers.CharField()
    name = serializers.CharField()
    read_only = serializers.BooleanField()  # type: ignore[assignment]
    meet = serializers.UUIDField(source="meet.pk", default=None, allow_null=True)
    created_at = serializers.DateTimeField(source="created")
    expiry = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


class TokenNewSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    days = serializers.IntegerField(min_value=1, max_value=tokens.DAYS_MAX, default=30)
    read_only = serializers.BooleanField(default=False)  # type: ignore[assignment]
    meet = MyMeet(
        queryset=Meet.objects.none(), allow_null=True, default=None, help_text="Bind it to this meet of yours."
    )


class TokenMadeSerializer(TokenShownSerializer):
    """Send ``token`` as ``Authorization: Token …``. It is shown once."""

    token = serializers.CharField()


class TokenList(APIView):
    """Your tokens. A token that is bound to a meet opens none of these addresses."""

    @extend_schema(responses=TokenShownSerializer(many=True), operation_id="auth_tokens_list")
    def get(self, request: Request) -> Response:
        return Response(TokenShownSerializer(token_rows(actor(request)), many=True).data)

    @extend_schema(request=TokenNewSerializer, responses={201: TokenMadeSerializer})
    def post(self, request: Request) -> Response:
        """A token for yourself. One made with a token does not outlive it."""
        given = TokenNewSerializer(data=request.data, context={"request": request})
        given.is_valid(raise_exception=True)
        maker = request.auth if isinstance(request.auth, AuthToken) else None
        token, text = tokens.token_create(user=actor(request), maker=maker, **given.validated_data)
        shown = TokenShownSerializer(token_row(token)).data
        return Response({**shown, "token": text}, status=201)


class TokenDetail(APIView):
    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, pk: str) -> Response:
        """Ends a token of yours at once."""
        tokens.token_end(token=token_or_404(actor(request), pk))
        return Response(status=204)


# ── Webhooks ─────────────────────────────────────────────────────────────────────────────────────────────


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    """``events``: which it is told of; empty for all. Its secret is shown when it is made, and not again."""

    events = serializers.ListField(
        child=serializers.ChoiceField(choices=[(event.value, event.label) for event in webhooks.EVENTS]),
        max_length=len(webhooks.EVENTS),
        required=False,
    )
    created_by = serializers.CharField(source="created_by.username", read_only=True)

    class Meta:
        model = Webhook
        fields = ("id", "url", "events", "is_active", "created_by", "created_at")
        read_only_fields = ("created_at",)


class WebhookMadeSerializer(WebhookSerializer):
    class Meta(WebhookSerializer.Meta):
        fields = (*WebhookSerializer.Meta.fields, "secret")  # type: ignore[assignment]


class SecretSerializer(serializers.Serializer[Any]):
    """Shown once."""

    secret = serializers.CharField()


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One body for one webhook. ``answer_status`` and ``error`` are those of the last try; ``next_try_at`` is null once
    it is sent or given up."""

    body = serializers.SerializerMethodField(help_text="As it is sent, read.")
    next_try_at = serializers.SerializerMethodField()

    # Written out: each database has another idea of how large a small number may be.
    tries = serializers.IntegerField(read_only=True)
    answer_status = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = Delivery
        fields = (
            "id", "event", "status", "tries", "next_try_at", "answer_status", "error", "created_at", "finished_at",
            "body",
        )  # fmt: skip

    @extend_schema_field(serializers.DictField())
    def get_body(self, delivery: Delivery) -> Any:
        return delivery.contents

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_try_at(self, delivery: Delivery) -> Any:
        return None if delivery.finished_at else delivery.next_try_at


class ByHead(InMeetView):
    """What the head of the meet alone reads and writes: where the meet's news goes is no member's matter."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if access.role_in(actor(request), self.meet) is not Role.HEAD:
            raise PermissionDenied("Only the head of this meet decides which systems are told of it.")


class WebhookList(ByHead, generics.ListCreateAPIView[Webhook]):
    """The meet's webhooks, at most ten."""

    serializer_class = WebhookSerializer
    pagination_class = None
    queryset = Webhook.objects.none()

    def get_queryset(self) -> QuerySet[Webhook]:
        return Webhook.objects.filter(meet=self.meet).select_related("created_by")

    @extend_schema(responses={201: WebhookMadeSerializer})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A new one. Its ``secret`` is in this answer and in no other."""
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = webhooks.webhook_create(meet=self.meet, user=actor(request), **given.validated_data)
        where = {"Location": request.build_absolute_uri(reverse("api:webhook-detail", args=[made.pk]))}
        return Response(WebhookMadeSerializer(made).data, status=201, headers=where)


class WebhookDetail(Tagged, ByHead, generics.RetrieveUpdateDestroyAPIView[Webhook]):
    row_model, row_path = Webhook, "meet"
    serializer_class = WebhookSerializer
    queryset = Webhook.objects.none()

    def perform_update(self, serializer: BaseSerializer[Webhook]) -> None:
        serializer.instance = webhooks.webhook_update(webhook=self.row, **serializer.validated_data)

    def perform_destroy(self, instance: Webhook) -> None:
        webhooks.webhook_delete(webhook=instance)


class WebhookSecret(ByHead):
    row_model, row_path = Webhook, "meet"
    serializer_class = SecretSerializer
    http_method_names = ["post", "options"]
    queryset = Webhook.objects.none()

    @extend_schema(request=None, responses={200: SecretSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """A new secret in place of the old one, for whatever is sent from now on."""
        return Response({"secret": webhooks.webhook_secret_rotate(webhook=self.row).secret})


class WebhookPing(ByHead):
    row_model, row_path = Webhook, "meet"
    serializer_class = DeliverySerializer
    http_method_names = ["post", "options"]
    queryset = Webhook.objects.none()

    @extend_schema(request=None, responses={202: DeliverySerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Queues an event ``ping``, whichever events the webhook is told of. Its deliveries say how it went."""
        return Response(DeliverySerializer(webhooks.webhook_ping(webhook=self.row)).data, status=202)


class WebhookDeliveries(ByHead, generics.ListAPIView[Delivery]):
    """What was sent to the webhook, what waits, and what was given up; kept for 30 days."""

    row_model, row_path = Webhook, "meet"
    serializer_class = DeliverySerializer
    http_method_names = ["get", "head", "options"]
    queryset = Delivery.objects.none()

    def get_queryset(self) -> QuerySet[Delivery]:
        return Delivery.objects.filter(webhook=self.row)
