"""Warm invocations in a closed loop: contestants take turns, a block each, in an order that alternates."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks.driven import Driven
from tests.benchmarks.figures import Series
from tests.benchmarks.http_client import HttpClient, connect_when_listening

__all__ = ["Contestant", "connect_when_listening", "driven", "over_http", "race"]

PAYLOAD = b'{"name": "benchmark"}'
WARM_UP = 20
SETTLE = 5
"""Invocations at the start of a turn that do not count: the environment was frozen, the processor's caches were not
its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """`block` makes so many invocations and gives one list of figures per series."""

    series: list[Series]
    block: Callable[[int], list[list[float]]]


def over_http(scenario: str, name: str, client: HttpClient) -> Contestant:
    def block(count: int) -> list[list[float]]:
        taken_ms = []
        for _ in range(SETTLE + count):
            start_ns = time.perf_counter_ns()
            client.post(PAYLOAD)
            taken_ms.append((time.perf_counter_ns() - start_ns) / 1e6)
        return [taken_ms[SETTLE:]]

    return Contestant(series=[Series(scenario=scenario, contestant=name)], block=block)


def driven(scenario: str, name: str, environment: Driven) -> Contestant:
    """Three figures: until the answer, until the environment is free again, and this process's CPU per invocation."""

    def block(count: int) -> list[list[float]]:
        before_s = time.process_time()
        timings = environment.block(SETTLE + count, PAYLOAD)
        cpu_ms = (time.process_time() - before_s) * 1000 / len(timings)
        timings = timings[SETTLE:]
        return [[item.answered_ms for item in timings], [item.free_ms for item in timings], [cpu_ms]]

    return Contestant(
        series=[
            Series(scenario=scenario, contestant=f"{name}, answered"),
            Series(scenario=scenario, contestant=f"{name}, free again"),
            Series(scenario=scenario, contestant=f"{name}, CPU of the supervisor", unit="ms CPU"),
        ],
        block=block,
    )


def race(contestants: list[Contestant], *, rounds: int, block: int) -> list[Series]:
    for contestant in contestants:
        contestant.block(WARM_UP)
    for number in range(rounds):
        for contestant in contestants if number % 2 == 0 else reversed(contestants):
            for series, values in zip(contestant.series, contestant.block(block), strict=True):
                series.rounds.append(values)
    return [series for contestant in contestants for series in contestant.series]
