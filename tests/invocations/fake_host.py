"""An environment's inside without processes: answers at once, or when the test says so."""

import asyncio
from collections.abc import Callable

from lambdasim.core.values import Answer, Invocation, ShutdownReason
from lambdasim.host.environment import EnvironmentEnded


class FakeHost:
    """`handler` gets the payload; `gate` holds answers back, `tail` keeps the environment busy after them."""

    def __init__(self, *, handler: Callable[[bytes], bytes] = bytes.upper) -> None:
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.handler = handler
        self.gate = asyncio.Event()
        self.gate.set()
        self.tail = asyncio.Event()
        self.tail.set()
        self.invoked = asyncio.Event()
        self.invocations: list[Invocation] = []
        self.at_once = 0
        self.shutdowns: list[ShutdownReason] = []
        self.fail_start: Exception | None = None

    async def start(self) -> None:
        if self.fail_start is not None:
            raise self.fail_start

    async def invoke(self, invocation: Invocation) -> Answer:
        self.at_once += 1
        assert self.at_once == 1, "two invocations in one environment"
        self.invocations.append(invocation)
        self.invoked.set()
        waiting = asyncio.ensure_future(self.gate.wait())
        await asyncio.wait({waiting, self.ended}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self.ended.done():
            raise EnvironmentEnded("the sandbox died")
        return Answer(request_id=invocation.request_id, payload=self.handler(invocation.payload))

    async def wait_free(self) -> None:
        await self.tail.wait()
        self.at_once -= 1

    async def shutdown(self, reason: ShutdownReason) -> None:
        self.shutdowns.append(reason)
        if not self.ended.done():
            self.ended.set_result("shutdown")

    def die(self) -> None:
        self.ended.set_result("killed")
