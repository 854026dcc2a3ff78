"""Addresses: pages at the root, the API under /api/."""

from django.urls import include, path

urlpatterns = [
    path("", include("meets.urls")),
    path("api/", include("meets.api.urls")),
]
