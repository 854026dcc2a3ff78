"""/api/: the OpenAPI schema, and version 1."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from meets.api import decisions, exports, members, outgoing, views

app_name = "api"

v1 = [
    path("auth/token/", views.TokenCreate.as_view(), name="token-create"),
    path("auth/token/revoke/", views.TokenRevoke.as_view(), name="token-revoke"),
    path("auth/tokens/", outgoing.TokenList.as_view(), name="token-list"),
    path("auth/tokens/<str:pk>/", outgoing.TokenDetail.as_view(), name="token-detail"),
    path("me/", views.Me.as_view(), name="me"),
    path("workers/", views.Workers.as_view(), name="workers"),
    path("meets/", views.MeetList.as_view(), name="meet-list"),
    path("meets/<uuid:pk>/", views.MeetDetail.as_view(), name="meet-detail"),
    path("meets/<uuid:pk>/platforms/", views.PlatformList.as_view(), name="platform-list"),
    path("meets/<uuid:pk>/cameras/", views.CameraList.as_view(), name="camera-list"),
    path("meets/<uuid:pk>/lifters/", views.LifterList.as_view(), name="lifter-list"),
    path("meets/<uuid:pk>/entries/", views.EntryList.as_view(), name="entry-list"),
    path("meets/<uuid:pk>/attempts/", views.AttemptList.as_view(), name="attempt-list"),
    path("meets/<uuid:pk>/results", views.Results.as_view(), name="results"),
    path("meets/<uuid:pk>/results/", views.Results.as_view(schema=None), name="results-slash"),
    path("meets/<uuid:pk>/webhooks/", outgoing.WebhookList.as_view(), name="webhook-list"),
    path("webhooks/<uuid:pk>/", outgoing.WebhookDetail.as_view(), name="webhook-detail"),
    path("webhooks/<uuid:pk>/secret/", outgoing.WebhookSecret.as_view(), name="webhook-secret"),
    path("webhooks/<uuid:pk>/ping/", outgoing.WebhookPing.as_view(), name="webhook-ping"),
    path("webhooks/<uuid:pk>/deliveries/", outgoing.WebhookDeliveries.as_view(), name="webhook-deliveries"),
    path("platforms/<int:pk>/", views.PlatformDetail.as_view(), name="platform-detail"),
    path("cameras/<int:pk>/", views.CameraDetail.as_view(), name="camera-detail"),
    path("lifters/<uuid:pk>/", views.LifterDetail.as_view(), name="lifter-detail"),
    path("entries/<uuid:pk>/", views.EntryDetail.as_view(), name="entry-detail"),
    path("attempts/<uuid:pk>/", views.AttemptDetail.as_view(), name="attempt-detail"),
    path("attempts/<uuid:pk>/decision/", decisions.Decision.as_view(), name="decision"),
    path("attempts/<uuid:pk>/decisions/", decisions.DecisionHistory.as_view(), name="decision-history"),
    path("attempts/<uuid:pk>/lights/", decisions.LightGive.as_view(), name="light-give"),
    path("attempts/<uuid:pk>/lights/take-back/", decisions.LightTakeBack.as_view(), name="light-take-back"),
    path("attempts/<uuid:pk>/cards/", decisions.CardGive.as_view(), name="card-give"),
    path("attempts/<uuid:pk>/second-call/", decisions.SecondCallGive.as_view(), name="second-call"),
    path("attempts/<uuid:pk>/call/", decisions.AttemptCall.as_view(), name="attempt-call"),
    path("attempts/<uuid:pk>/pass/", decisions.AttemptPass.as_view(), name="attempt-pass"),
    path("attempts/<uuid:pk>/bring-in/", decisions.DecisionBringIn.as_view(), name="decision-bring-in"),
    path("attempts/<uuid:pk>/correction/", decisions.DecisionCorrect.as_view(), name="decision-correct"),
    path("attempts/<uuid:pk>/jury/", decisions.JuryOpen.as_view(), name="jury-open"),
    path("jury/<uuid:pk>/votes/", decisions.JuryVoteGive.as_view(), name="jury-vote"),
    path("meets/<uuid:pk>/members/", members.MemberList.as_view(), name="member-list"),
    path("meets/<uuid:pk>/members/<str:username>/", members.MemberDetail.as_view(), name="member-detail"),
    path("meets/<uuid:pk>/standings/", exports.Standings.as_view(), name="standings"),
    path("meets/<uuid:pk>/exports/openpowerlifting.zip", exports.OplZip.as_view(), name="export-opl"),
    path("meets/<uuid:pk>/exports/opl-v1.csv", exports.OplV1.as_view(), name="export-opl-v1"),
    path("meets/<uuid:pk>/exports/results.csv", exports.ResultsCsv.as_view(), name="export-results"),
    path(
        "meets/<uuid:pk>/exports/attempts.csv",
        exports.AttemptStream.as_view(),
        {"kind": "csv"},
        name="export-attempts-csv",
    ),
    path(
        "meets/<uuid:pk>/exports/attempts.jsonl",
        exports.AttemptStream.as_view(),
        {"kind": "jsonl"},
        name="export-attempts",
    ),
    path("meets/<uuid:pk>/results-import/", exports.ResultsImport.as_view(), name="results-import"),
    path("meets/<uuid:pk>/order/", decisions.Order.as_view(), name="order"),
    path("meets/<uuid:pk>/assist/", decisions.MeetAssist.as_view(), name="assist"),
    path("meets/<uuid:pk>/log/", decisions.Log.as_view(), name="log"),
    path("meets/<uuid:pk>/second-calls/", decisions.Sway.as_view(), name="sway"),
    path("attempts/<uuid:pk>/images/", views.ImageSubmit.as_view(), name="image-submit"),
    path("images/<uuid:pk>/", views.ImageDetail.as_view(), name="image-detail"),
    path("images/<uuid:pk>/retry/", views.ImageRetry.as_view(), name="image-retry"),
    path("images/<uuid:pk>/lift/", views.ImageLift.as_view(), name="image-lift"),
    path("images/<uuid:pk>/move/", views.ImageMove.as_view(), name="image-move"),
    path("images/<uuid:pk>/set-aside/", views.ImageSetAside.as_view(), name="image-set-aside"),
]

urlpatterns = [
    path("v1/", include(v1)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
]
