"""Runtimes: how a function's runtime process is started and which files it needs. Begin at `registry.find`."""
