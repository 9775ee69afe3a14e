"""Emulates AWS Lambda execution environments with real processes and measures what extensions cost."""

__version__ = "0.1.0"
