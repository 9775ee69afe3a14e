"""Benchmarks beside AWS's Runtime Interface Emulator, on one machine in one run: `python -m tests.benchmarks.bench`."""
