"""Addresses: pages at the root, the API under /api/."""

from django.urls import include, path

urlpatterns = [
    path("", include("meets.urls")),
    path("api/", include("meets.api.urls")),
]

handler400 = "meets.views.faults.bad_request"
handler403 = "meets.views.faults.refused"
handler404 = "meets.views.faults.not_here"
handler500 = "meets.views.faults.broken"
