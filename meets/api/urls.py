"""/api/: the OpenAPI schema, and version 1."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from meets.api import views

app_name = "api"

v1 = [
    path("auth/token/", views.TokenCreate.as_view(), name="token-create"),
    path("auth/token/revoke/", views.TokenRevoke.as_view(), name="token-revoke"),
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
    path("platforms/<int:pk>/", views.PlatformDetail.as_view(), name="platform-detail"),
    path("cameras/<int:pk>/", views.CameraDetail.as_view(), name="camera-detail"),
    path("lifters/<uuid:pk>/", views.LifterDetail.as_view(), name="lifter-detail"),
    path("entries/<uuid:pk>/", views.EntryDetail.as_view(), name="entry-detail"),
    path("attempts/<uuid:pk>/", views.AttemptDetail.as_view(), name="attempt-detail"),
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
