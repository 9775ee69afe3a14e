"""One life of a sample's environment, run for real: what was answered and everything that was recorded."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdasim.core.values import Answer, FunctionSpec, Invocation
from lambdasim.host.capabilities import Capabilities
from lambdasim.host.config import EnvironmentConfig
from lambdasim.host.environment import EnvironmentHost
from lambdasim.host.identifiers import new_environment_id, new_request_id, new_trace_id
from lambdasim.host.packages import merge_layers
from lambdasim.host.probe import probe
from lambdasim.telemetry.event import TelemetryEvent
from tests.samples.catalogue import SampleVersion

LIFE_SECONDS = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    answers: list[Answer]
    events: list[TelemetryEvent]

    def records(self, type: str, party: str | None = None, **fields: object) -> Iterator[Any]:
        for event in self.find(type, party, **fields):
            yield event.record

    def find(self, type: str, party: str | None = None, **fields: object) -> Iterator[TelemetryEvent]:
        for event in self.events:
            if event.type == type and party in (None, event.party):
                record: Any = event.record
                if all(record.get(key) == value for key, value in fields.items()):
                    yield event

    def lines(self, party: str) -> list[str]:
        return [str(event.record) for event in self.events if event.type in ("function", "extension")
                and event.party == party]

    def tail_ms(self, party: str, request_id: str) -> float:
        """Its own next after the runtime's."""
        ready = {
            event.party: event.at_ns for event in self.find("sim.party", state="Ready", requestId=request_id)
        }
        return (ready[party] - ready["runtime"]) / 1e6

    def init_ms(self, party: str) -> float:
        """Process started to its first next."""
        started = next(self.find("sim.processStart", party)).at_ns
        return (next(self.find("sim.party", party, state="Ready")).at_ns - started) / 1e6

    def use(self, party: str, phase: str) -> list[dict[str, Any]]:
        return [use for record in self.records("sim.measurement", phase=phase) for use in record["processes"]
                if use["party"] == party]


class _List(list[TelemetryEvent]):
    put = list.append


def live(
    sample: SampleVersion, scratch: Path, *, event: bytes = b"{}", times: int = 1, isolation: str | None = None
) -> Life:
    """Starts it, invokes it one after the other, shuts it down. `isolation` None: the best of this machine."""
    capabilities = probe(wanted=isolation, allow_unisolated=isolation == "none")
    return asyncio.run(asyncio.wait_for(_live(sample, scratch, event, times, capabilities), LIFE_SECONDS))


async def _live(
    sample: SampleVersion, scratch: Path, event: bytes, times: int, capabilities: Capabilities
) -> Life:
    function = FunctionSpec(
        function_name=sample.function, version=str(sample.number), handler=sample.handler, runtime=sample.runtime,
        memory_size_mb=sample.memory_size_mb, timeout_ms=sample.timeout_ms, environment=sample.environment,
    )
    opt_dir = scratch / "opt"
    merge_layers(sample.layers, opt_dir)
    scratch.chmod(0o755)
    sink, answers = _List(), []
    host = EnvironmentHost(
        EnvironmentConfig(
            environment_id=new_environment_id(), function=function, capabilities=capabilities, task_dir=sample.code,
            opt_dir=opt_dir,
        ),
        sink,
    )
    await host.start()
    try:
        for _ in range(times):
            answers.append(await host.invoke(Invocation(
                request_id=new_request_id(), payload=event, accepted_at_ns=host.now_ns(),
                function_arn=function.function_arn, trace_id=new_trace_id(),
            )))
            await host.wait_free()
    finally:
        await host.shutdown()
    return Life(answers=answers, events=list(sink))
