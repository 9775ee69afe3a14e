"""Functions, their versions and layers, and the store that holds their files."""

from django.apps import AppConfig


class FunctionsConfig(AppConfig):
    name = "lambdasim.functions"
    label = "functions"
