"""What happened in execution environments: written once, read live and later."""

from django.apps import AppConfig


class RecordingConfig(AppConfig):
    name = "lambdasim.recording"
    label = "recording"
