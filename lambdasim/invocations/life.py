"""One execution environment's life in a worker: start, take one invocation after the other, shut down.

It ends when it was idle for long, when it is asked to, when its worker stops, or when the sandbox dies. Whatever
happens, nobody who waits for an answer is left without one. How an environment works inside is the host's business.
"""

import asyncio
import logging
from typing import Any, Protocol

from lambdasim.core.errors import LambdasimError
from lambdasim.core.values import Answer, Invocation, ShutdownReason
from lambdasim.host.environment import EnvironmentEnded
from lambdasim.invocations.broker import end
from lambdasim.invocations.link import Link
from lambdasim.invocations.messages import Invoke, Message, Reply, Stop

log = logging.getLogger(__name__)

ENDED = "The execution environment ended unexpectedly"


class Host(Protocol):
    """What is needed of host.environment.EnvironmentHost."""

    ended: "asyncio.Future[str]"

    async def start(self) -> None: ...
    async def invoke(self, invocation: Invocation) -> Answer: ...
    async def wait_free(self) -> None: ...
    async def shutdown(self, reason: ShutdownReason) -> None: ...


class Life:
    """`stop_requested` is set from outside when the worker stops; an invocation under way is finished first."""

    def __init__(self, host: Host, link: Link, *, idle_s: float) -> None:
        self._host, self._link, self._idle_s = host, link, idle_s
        self._loop = asyncio.get_running_loop()
        self.stop_requested = asyncio.Event()
        self._idle_since_s = self._loop.time()

    async def live(self) -> None:
        """Returns when nothing is left of the environment."""
        failure = f"{ENDED}."
        beating = asyncio.create_task(self._link.beat_for_ever())
        beating.add_done_callback(_beat_ended)
        try:
            await self._host.start()
            reason = await self._serve()
            await self._host.shutdown(reason)
        except LambdasimError as error:
            log.error("environment %s: %s", self._link.environment_id, error)
            failure = f"The execution environment could not be hosted: {error}"
        except Exception as error:
            failure = f"{ENDED}: {error!r}"
            await self._host.shutdown(ShutdownReason.FAILURE)
            raise
        finally:
            await end(beating)
            await self._link.finish(failure)

    async def _serve(self) -> ShutdownReason:
        """Until the environment has to shut down; the reason for it."""
        while not self._host.ended.done():
            message = await self._next_message()
            if isinstance(message, Stop):
                return message.reason
            if message is not None:
                await self._invoke(message)
                self._idle_since_s = self._loop.time()
            elif await self._is_over():
                return ShutdownReason.SPINDOWN
        return ShutdownReason.FAILURE

    async def _is_over(self) -> bool:
        idle = self._loop.time() - self._idle_since_s >= self._idle_s
        return (idle or self.stop_requested.is_set()) and await self._link.retire(ShutdownReason.SPINDOWN)

    async def _next_message(self) -> Message | None:
        """What the environment is sent; None when it should look whether its time has come."""
        patience_s = self._idle_s - (self._loop.time() - self._idle_since_s)
        if self.stop_requested.is_set():
            # Retiring failed, since an invocation is on its way: it comes now.
            return await self._link.take(1.0)
        taking = asyncio.create_task(self._link.take(patience_s))
        stopping = asyncio.create_task(self.stop_requested.wait())
        try:
            awaited: set[asyncio.Future[Any]] = {taking, stopping, self._host.ended}
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if taking.done():
                return taking.result()
            if self.stop_requested.is_set() and not await self._link.retire(ShutdownReason.SPINDOWN):
                return await taking
            return None
        finally:
            stopping.cancel()
            await end(taking)

    async def _invoke(self, message: Invoke) -> None:
        request_id = message.invocation.request_id
        try:
            answer = await self._host.invoke(message.invocation)
        except EnvironmentEnded as error:
            await self._link.reply(message.reply_to, Reply(request_id=request_id, failure=f"{ENDED}: {error}"))
            return
        await self._link.reply(message.reply_to, Reply(request_id=request_id, answer=answer))
        await self._host.wait_free()
        await self._link.release()


def _beat_ended(beating: "asyncio.Task[None]") -> None:
    if not beating.cancelled() and (error := beating.exception()) is not None:
        # Without beats the lease ends and the reaper acts; the reason is only known here.
        log.error("the beat of an environment failed: %r", error, exc_info=error)
