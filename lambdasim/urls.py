"""Which package answers which path. The AWS paths are routed before Django (asgi.py)."""

from django.urls import include, path

from lambdasim.recording import health

urlpatterns = [
    path("healthz", health.healthz),
    path("api/", include("lambdasim.recording.urls")),
    path("", include("dashboard.urls")),
]
