import asyncio
import threading

import pytest

from lambdasim.recording.threads import in_thread


async def test_it_gives_what_the_read_gives_and_raises_what_it_raises():
    assert await in_thread(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


async def test_cancelling_waits_for_the_thread_so_that_a_lock_covers_it():
    started, go_on = threading.Event(), threading.Event()

    def read() -> None:
        started.set()
        assert go_on.wait(10)

    reading = asyncio.create_task(in_thread(read))
    await asyncio.to_thread(started.wait)
    reading.cancel()
    assert not (await asyncio.wait({reading}, timeout=0.05))[0]
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await reading
