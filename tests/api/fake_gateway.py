"""A gateway without an environment: notes every input, refuses what it is told to, reacts as it is told to."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from lambdasim.api.gateway import RegistrationInfo
from lambdasim.core.inputs import Input

T = TypeVar("T")


class FakeGateway:
    def __init__(self) -> None:
        self.inputs: list[Input] = []
        self.failures: dict[type[Any], Exception] = {}
        """Raised for inputs of this type, which are noted before."""
        self.reactions: dict[type[Any], Callable[[Any], None]] = {}
        """Called with inputs of this type, before `receive` returns."""
        self.registration = RegistrationInfo(
            account_id="123456789012", function_name="orders", function_version="$LATEST", handler="app.handler"
        )
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def receive(self, input: Input) -> None:
        self.inputs.append(input)
        task = asyncio.get_running_loop().create_task(self._tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if failure := self.failures.get(type(input)):
            raise failure
        if reaction := self.reactions.get(type(input)):
            reaction(input)

    def received(self, kind: type[T]) -> list[T]:
        return [input for input in self.inputs if isinstance(input, kind)]

    async def wait_for(self, kind: type[T], count: int = 1) -> T:
        """The `count`-th input of this type, as soon as it is there."""
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(lambda: len(self.received(kind)) >= count)
        return self.received(kind)[count - 1]

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()
