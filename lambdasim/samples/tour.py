"""The tour: which samples to invoke, in which order, and what to look at. Pure data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TourStep:
    """`times` invocations of one version, one after the other."""

    function: str
    version: str
    event: str
    """JSON text."""
    says: str
    times: int = 1


TOUR = (
    TourStep(
        function="hello", version="1", event='{"name": "tour"}', times=2,
        says="A function alone: a cold start with its Init, then a warm invocation that is only a few milliseconds.",
    ),
    TourStep(
        function="hello", version="2", event='{"name": "tour"}', times=2,
        says="The same with two extensions: they start in parallel, and the slow one keeps the environment busy "
        "after the caller has its answer.",
    ),
    TourStep(
        function="slow-init", version="2", event="{}",
        says="400 ms of the cold start are the function's own loading, not the runtime's.",
    ),
    TourStep(
        function="slow-init", version="3", event="{}",
        says="Here an extension is what Init waits for, and the function was ready long before.",
    ),
    TourStep(
        function="slow-flush", version="1", event="{}", times=2,
        says="300 ms of flushing after every answer: compare answered after with Duration.",
    ),
    TourStep(
        function="slow-flush", version="3", event="{}", times=2,
        says="The same extension flushing only at Shutdown leaves no tail.",
    ),
    TourStep(
        function="memory-hungry", version="2", event="{}",
        says="A peak of 100 MB that lasted 10 ms is in Max Memory Used.",
    ),
    TourStep(
        function="cpu-hungry", version="2", event="{}", times=2,
        says="No tail at all, but look at the extension's CPU time, and at none of it while frozen.",
    ),
    TourStep(
        function="shell-extension", version="1", event="{}",
        says="An extension in bash: its own Init is a fraction of an interpreted one with a library.",
    ),
    TourStep(
        function="internal-extension", version="1", event="{}", times=2,
        says="An extension that is a thread of the runtime process has a lane, but no process of its own.",
    ),
    TourStep(
        function="custom-runtime", version="2", event='{"from": "the tour"}',
        says="A runtime that is one shell script, with an extension that is another.",
    ),
    TourStep(
        function="never-next", version="1", event="{}",
        says="The function answers, but the extension never asks for its next event: timeout, reset, new processes.",
    ),
)
