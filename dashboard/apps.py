"""Registers the dashboard with Django: templates and template tags only, no models."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"
