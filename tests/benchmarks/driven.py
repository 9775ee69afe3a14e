"""Our environments driven in this process, without HTTP in front: what the emulation itself costs."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvloop

from lambdasim.core.values import FunctionSpec, Invocation
from lambdasim.host.config import EnvironmentConfig, Sink
from lambdasim.host.environment import EnvironmentHost
from lambdasim.host.identifiers import new_environment_id, new_request_id, new_trace_id
from lambdasim.host.probe import probe
from lambdasim.telemetry.event import TelemetryEvent

FROZEN_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One function with its extensions, the same files for every contestant."""

    task_dir: Path
    opt_dir: Path | None
    handler: str = "app.handler"
    memory_size_mb: int = 128


class Forget:
    """A sink that keeps nothing."""

    def put(self, event: TelemetryEvent) -> None:
        return


class Watched:
    """Passes events on and tells when the environment froze: only then is it idle and another contestant's turn."""

    def __init__(self, sink: Sink) -> None:
        self._put = sink.put
        self.frozen = asyncio.Event()

    def put(self, event: TelemetryEvent) -> None:
        self._put(event)
        if event.type == "sim.freeze":
            self.frozen.set()
        elif event.type == "sim.thaw":
            self.frozen.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    answered_ms: float
    free_ms: float


class Driver:
    """One event loop, as a worker has it, for all environments of the benchmark."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)

    def start(self, package: Package, sink_of: Callable[[str], Sink] = lambda environment_id: Forget()) -> "Driven":
        return self._runner.run(self._start(package, sink_of))

    async def _start(self, package: Package, sink_of: Callable[[str], Sink]) -> "Driven":
        config = config_of(package)
        watched = Watched(sink_of(config.environment_id))
        host = EnvironmentHost(config, watched)
        await host.start()
        return Driven(self._runner, host, watched)

    def cold_start_ms(self, package: Package) -> float:
        """From nothing to the first answer."""
        return self._runner.run(_cold_start_ms(package))

    def close(self) -> None:
        self._runner.close()


class Driven:
    """One environment on the driver's loop."""

    def __init__(self, runner: asyncio.Runner, host: EnvironmentHost, watched: Watched) -> None:
        self._runner, self._host, self._watched = runner, host, watched

    def block(self, count: int, payload: bytes) -> list[Timing]:
        """So many invocations in a closed loop; returns when the environment is frozen again."""
        return self._runner.run(self._block(count, payload))

    async def _block(self, count: int, payload: bytes) -> list[Timing]:
        timings = []
        for _ in range(count):
            start_ns = time.perf_counter_ns()
            answer = await self._host.invoke(invocation(self._host, payload))
            answered_ns = time.perf_counter_ns()
            await self._host.wait_free()
            free_ns = time.perf_counter_ns()
            if answer.error_type is not None:
                raise RuntimeError(f"{answer.error_type}: {answer.payload!r}")
            timings.append(Timing(answered_ms=(answered_ns - start_ns) / 1e6, free_ms=(free_ns - start_ns) / 1e6))
        await asyncio.wait_for(self._watched.frozen.wait(), FROZEN_SECONDS)
        return timings

    def stop(self) -> None:
        self._runner.run(self._host.shutdown())


async def _cold_start_ms(package: Package) -> float:
    start_ns = time.perf_counter_ns()
    host = EnvironmentHost(config_of(package), Forget())
    await host.start()
    answer = await host.invoke(invocation(host, b"{}"))
    took_ms = (time.perf_counter_ns() - start_ns) / 1e6
    await host.wait_free()
    await host.shutdown()
    if answer.error_type is not None:
        raise RuntimeError(f"{answer.error_type}: {answer.payload!r}")
    return took_ms


def config_of(package: Package) -> EnvironmentConfig:
    return EnvironmentConfig(
        environment_id=new_environment_id(), capabilities=probe(), task_dir=package.task_dir, opt_dir=package.opt_dir,
        function=FunctionSpec(
            function_name="benchmark", handler=package.handler, runtime="python", memory_size_mb=package.memory_size_mb,
        ),
    )


def invocation(host: EnvironmentHost, payload: bytes) -> Invocation:
    return Invocation(
        request_id=new_request_id(), payload=payload, accepted_at_ns=host.now_ns(), trace_id=new_trace_id(),
        function_arn=host.config.function.function_arn,
    )
