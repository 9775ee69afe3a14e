"""Paths of the read API, below /api/."""

from django.urls import path

from lambdasim.recording import api

urlpatterns = [
    path("functions", api.functions, name="api-functions"),
    path("functions/<str:name>/invocations", api.invocations, name="api-invocations"),
    path("invocations/<str:request_id>", api.invocation, name="api-invocation"),
    path("environments", api.environments, name="api-environments"),
    path("environments/<str:environment_id>", api.environment, name="api-environment"),
    path("environments/<str:environment_id>/events", api.events, name="api-events"),
    path("openapi.json", api.openapi, name="api-openapi"),
    path("docs", api.docs, name="api-docs"),
]
