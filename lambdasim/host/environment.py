"""Runs ONE execution environment on this machine, from Init to Shutdown.

How this works: everything that happens (an API call, a process's end, a timer, an invocation) becomes an input of
`core.Environment`; the actions that come back are performed here, in order, on one event loop. `Measure` and `Thaw` are
answered while they are performed, so their consequences precede the actions behind them. Events go to a sink that
only appends. This module knows no HTTP, no tables of states and no database.
"""

import asyncio
import logging
import platform
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lambdasim.api.server import ApiServer, RegistrationInfo
from lambdasim.core import actions, inputs
from lambdasim.core.actions import Action
from lambdasim.core.environment import Environment
from lambdasim.core.errors import LambdasimError
from lambdasim.core.inputs import Input
from lambdasim.core.limits import NS_PER_SECOND
from lambdasim.core.values import RUNTIME_PARTY, Answer, ExitStatus, Invocation, Role, ShutdownReason
from lambdasim.host.clock import Clock
from lambdasim.host.config import EnvironmentConfig, Sink
from lambdasim.host.launch import Launch, extensions_enabled, prepare
from lambdasim.host.logtail import LogTail
from lambdasim.host.sandbox import FreezeAbandoned, LaunchError, Process, Sandbox
from lambdasim.runtimes.registry import InvalidEntrypoint
from lambdasim.telemetry.event import TelemetryEvent

log = logging.getLogger(__name__)

SETTLE_S = 0.002
"""Between the last `next` and the freeze: an invocation that follows at once finds the environment running, as one that
was queued does. Stopping and continuing processes costs about as much as a whole warm invocation."""


class EnvironmentEnded(LambdasimError):
    """The execution environment ended before it could answer."""


class EnvironmentHost:
    """Verbs: start, invoke, wait_free, shutdown. `ended` resolves to the reason once nothing is left of it."""

    def __init__(self, config: EnvironmentConfig, sink: Sink) -> None:
        self.config = config
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._loop = asyncio.get_running_loop()
        self._sink = sink
        self._clock = Clock()
        self._core = Environment(config.function)
        self._api = ApiServer(self, extensions_enabled=extensions_enabled(config.opt_dir))
        self._launch: Launch
        self._sandbox: Sandbox
        self._seq = 0
        self._last_ns = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._freezing: asyncio.Task[None] | None = None
        self._calibrated = False
        # per invocation
        self._answers: dict[str, asyncio.Future[Answer]] = {}
        self._tails: dict[str, LogTail] = {}
        self._free = asyncio.Event()

    # --- verbs -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Sandbox and API are ready and Init has begun when this returns."""
        config = self.config
        self._launch = prepare(config)
        self._sandbox = await Sandbox.start(self._launch.sandbox, config.capabilities, on_exit=self._exited)
        self._sandbox.died.add_done_callback(self._sandbox_died)
        self._launch = self._launch.at(self._sandbox.api_address)
        await self._api.start(self._sandbox.api_socket)
        self._put("sim.environment", self._description(), None, self._clock.now_ns())
        self.receive(inputs.InitRequested(extensions=self._launch.extensions))

    async def invoke(self, invocation: Invocation) -> Answer:
        """The answer, as soon as the runtime has posted it; extensions may go on (see `wait_free`).

        With `log_tail` the answer waits for the REPORT line, which the tail has to contain.
        Raises EnvironmentEnded.
        """
        if self.ended.done() or not self._core.accepts_invocations:
            raise EnvironmentEnded("the execution environment is shutting down")
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._answers[invocation.request_id] = answer
        self._free.clear()
        if invocation.log_tail:
            self._tails[invocation.request_id] = LogTail()
        self.receive(inputs.InvocationArrived(invocation=invocation))
        result = await answer
        if invocation.log_tail:
            await self.wait_free()
            result = replace(result, log_tail=self._tails.pop(invocation.request_id).last())
        return result

    async def wait_free(self) -> None:
        """Until the last extension has called next: the environment can take another invocation."""
        await self._free.wait()

    def now_ns(self) -> int:
        """The environment's clock, for `Invocation.accepted_at_ns`."""
        return self._clock.now_ns()

    @property
    def accepts_invocations(self) -> bool:
        return not self.ended.done() and self._core.accepts_invocations

    @property
    def holders(self) -> tuple[str, ...]:
        return self._core.holders

    async def shutdown(self, reason: ShutdownReason = ShutdownReason.SPINDOWN) -> None:
        """SHUTDOWN events, their budgets, and nothing left when this returns."""
        if not self.ended.done():
            self.receive(inputs.ShutdownRequested(reason=reason))
        await asyncio.shield(self.ended)

    # --- gateway of the api ----------------------------------------------------------------------

    @property
    def registration(self) -> RegistrationInfo:
        function = self.config.function
        return RegistrationInfo(
            account_id=function.account_id, function_name=function.function_name,
            function_version=function.version, handler=function.handler,
        )

    def receive(self, input: Input) -> None:
        """Raises core.errors.Refused, and then nothing has changed."""
        if type(input) in _END_OF_WORK:
            self._sandbox.read_lines()
        now_ns = self._clock.now_ns()
        for action in self._core.receive(input, now_ns):
            _PERFORM[type(action)](self, action, now_ns)

    # --- actions ---------------------------------------------------------------------------------

    def _record(self, action: actions.Record, now_ns: int) -> None:
        self._put(action.type, action.record, action.party, action.at_ns or now_ns)

    def _put(self, type: str, record: Any, party: str | None, at_ns: int) -> None:
        self._seq += 1
        event = TelemetryEvent(seq=self._seq, at_ns=at_ns, type=type, record=record, party=party)
        self._sink.put(event)
        for tail in self._tails.values():
            tail.add(event)

    def _spawn(self, action: actions.Spawn, now_ns: int) -> None:
        self._own(self._start_process(action.party, action.role))

    async def _start_process(self, party: str, role: Role) -> None:
        launch = self._launch
        try:
            argv, env, cwd = launch.runtime() if role is Role.RUNTIME else launch.extension(party)
            process = await self._sandbox.spawn(
                party, argv, env, cwd=cwd, on_line=self._line,
                on_mark=self._marked if role is Role.RUNTIME and launch.kind.marks else None,
            )
        except InvalidEntrypoint as error:
            self.receive(inputs.ProcessNotStarted(party=party, error_type=error.error_type, reason=str(error)))
        except LaunchError as error:
            self.receive(inputs.ProcessNotStarted(party=party, error_type=error.error_type, reason=error.text))
        else:
            if not process.ended:
                self.receive(inputs.ProcessStarted(party=party, pid=process.pid))

    def _deliver(self, action: actions.Deliver, now_ns: int) -> None:
        self._api.deliver(action.call, action.event)

    def _answer(self, action: actions.AnswerCaller, now_ns: int) -> None:
        answer = self._answers.pop(action.answer.request_id, None)
        if answer is not None and not answer.done():
            answer.set_result(action.answer)

    def _complete(self, action: actions.Complete, now_ns: int) -> None:
        self._free.set()

    def _terminate(self, action: actions.Terminate, now_ns: int) -> None:
        self._sandbox.signal(action.party, signal.SIGTERM)

    def _kill(self, action: actions.Kill, now_ns: int) -> None:
        self._sandbox.signal(action.party, signal.SIGKILL)

    def _kill_all(self, action: actions.KillAll, now_ns: int) -> None:
        self._calibrated = False
        self._own(self._sandbox.kill_all())
        # Connections and identifiers of the killed processes mean nothing to those that come after a reset.
        self._api.drop_all()

    def _freeze(self, action: actions.Freeze, now_ns: int) -> None:
        self._freezing = self._own(self._freeze_all(now_ns))

    async def _freeze_all(self, asked_ns: int) -> None:
        await asyncio.sleep(SETTLE_S)
        try:
            processes = await self._sandbox.freeze()
        except FreezeAbandoned:
            return
        self._freezing = None
        took_ms = (self._clock.now_ns() - asked_ns) / 1e6
        if not self._calibrated:
            self._sandbox.calibrate_shared()
            self._calibrated = True
        self.receive(inputs.Frozen(took_ms=round(took_ms, 3), processes=processes))

    def _thaw(self, action: actions.Thaw, now_ns: int) -> None:
        abandoned, self._freezing = self._freezing, None
        if abandoned is not None:
            abandoned.cancel()
        self._sandbox.thaw()
        took_ms = (self._clock.now_ns() - now_ns) / 1e6
        self.receive(inputs.Thawed(was_frozen=abandoned is None, took_ms=round(took_ms, 3)))

    def _arm(self, action: actions.Arm, now_ns: int) -> None:
        self._disarm(actions.Disarm(timer=action.timer), now_ns)
        delay_s = max(0.0, (action.at_ns - now_ns) / NS_PER_SECOND)
        self._timers[action.timer] = self._loop.call_later(delay_s, self._fired, action.timer)

    def _disarm(self, action: actions.Disarm, now_ns: int) -> None:
        timer = self._timers.pop(action.timer, None)
        if timer is not None:
            timer.cancel()

    def _fired(self, timer: str) -> None:
        del self._timers[timer]
        self.receive(inputs.TimerFired(timer=timer))

    def _measure(self, action: actions.Measure, now_ns: int) -> None:
        self.receive(inputs.Measured(measurement=self._sandbox.measure()))

    def _dispose(self, action: actions.Dispose, now_ns: int) -> None:
        self._own(self._close("shutdown"))

    # --- what the sandbox tells ------------------------------------------------------------------

    def _line(self, party: str, line: bytes) -> None:
        kind = "function" if party == RUNTIME_PARTY else "extension"
        self._put(kind, line.decode(errors="replace") + "\n", party, self._clock.now_ns())

    def _marked(self, name: str, monotonic_ns: int) -> None:
        self.receive(inputs.Marked(name=name, marked_at_ns=self._clock.from_monotonic_ns(monotonic_ns)))

    def _exited(self, process: Process, status: ExitStatus) -> None:
        self.receive(inputs.ProcessExited(party=process.party, status=status))

    def _sandbox_died(self, died: "asyncio.Future[Any]") -> None:
        if not self.ended.done() and not died.cancelled():
            message = f"the sandbox ended unexpectedly: {died.exception() or died.result()}"
            log.error("environment %s: %s", self.config.environment_id, message)
            self._put("sim.end", {"reason": message}, None, self._clock.now_ns())
            self._own(self._close(message))

    # --- end -------------------------------------------------------------------------------------

    async def _close(self, reason: str) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        # What is still being done for a life that is over (a kill_all, a freeze) has no one to report to.
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()
        await self._api.close()
        await self._sandbox.close()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(EnvironmentEnded(f"the execution environment ended: {reason}"))
        self._free.set()
        if not self.ended.done():
            self.ended.set_result(reason)

    def _own(self, work: Any) -> "asyncio.Task[None]":
        """Every task has this environment as its owner; an error in one ends the environment, loudly."""
        task: asyncio.Task[None] = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)
        return task

    def _task_done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("environment %s: %r", self.config.environment_id, error, exc_info=error)
            self._put("sim.warning", {"message": f"internal error: {error!r}"}, None, self._clock.now_ns())
            if not self.ended.done():
                self._put("sim.end", {"reason": f"internal error: {error!r}"}, None, self._clock.now_ns())
                self._own(self._close(f"internal error: {error!r}"))

    def _description(self) -> dict[str, Any]:
        function, capabilities = self.config.function, self.config.capabilities
        return {
            "environmentId": self.config.environment_id,
            "functionName": function.function_name,
            "functionVersion": function.version,
            "functionArn": function.function_arn,
            "runtime": function.runtime,
            "handler": function.handler,
            "memorySizeMB": function.memory_size_mb,
            "timeoutMs": function.timeout_ms,
            "initializationType": function.initialization_type,
            "isolation": capabilities.isolation,
            "network": capabilities.network,
            "freezer": capabilities.freezer,
            "memoryMethod": capabilities.memory_method,
            "cpuMethod": capabilities.cpu_method,
            "host": platform.node(),
            "extensions": list(self._launch.extensions),
        }


_END_OF_WORK = frozenset({inputs.RuntimeResponseEnded, inputs.RuntimeNext, inputs.ExtensionNext})
"""What a process wrote before it said it was done belongs before that in the record: read its pipes first."""

_PERFORM: dict[type[Action], Callable[[EnvironmentHost, Any, int], None]] = {
    actions.Record: EnvironmentHost._record,
    actions.Spawn: EnvironmentHost._spawn,
    actions.Deliver: EnvironmentHost._deliver,
    actions.AnswerCaller: EnvironmentHost._answer,
    actions.Complete: EnvironmentHost._complete,
    actions.Terminate: EnvironmentHost._terminate,
    actions.Kill: EnvironmentHost._kill,
    actions.KillAll: EnvironmentHost._kill_all,
    actions.Freeze: EnvironmentHost._freeze,
    actions.Thaw: EnvironmentHost._thaw,
    actions.Arm: EnvironmentHost._arm,
    actions.Disarm: EnvironmentHost._disarm,
    actions.Measure: EnvironmentHost._measure,
    actions.Dispose: EnvironmentHost._dispose,
}
