"""Blocking reads from asynchronous code, off the loop and off Django's one thread for synchronous views."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from django.db import connections

Result = TypeVar("Result")


async def in_thread(read: Callable[[], Result]) -> Result:
    """Runs a blocking read in a thread that leaves no database connection behind.

    When cancelled it ends only after the thread has: what the caller locked for it stays locked until then.
    """

    def call() -> Result:
        try:
            return read()
        finally:
            connections.close_all()

    reading = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        await asyncio.wait({reading})
        raise
