"""What the workers say of the machine they are on: how strongly an environment is isolated there, and by what means.

Every worker writes its line into the Redis hash of workers once a second (lambdasim.invocations.worker). A page is
shown without Redis too; then it says so.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from lambdasim.invocations.broker import AWAY, sync_client

STALE_AFTER_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """`state`: present, absent (no worker lives) or away (Redis does not answer)."""

    state: str
    workers: int = 0
    isolation: str = ""
    lines: tuple[str, ...] = ()


def machine() -> Machine:
    client = sync_client()
    try:
        found = client.hgetall(settings.WORKERS_KEY)
    except AWAY:
        return Machine(state="away")
    finally:
        client.close()
    return read_workers(found, now_s=time.time())


def read_workers(found: Mapping[Any, bytes | str], *, now_s: float) -> Machine:
    """Several machines may differ: each isolation level is named."""
    workers = [json.loads(line) for line in found.values()]
    living = [worker for worker in workers if now_s - worker["at"] < STALE_AFTER_S]
    if not living:
        return Machine(state="absent")
    levels = sorted({str(worker["capabilities"].get("isolation", "unknown")) for worker in living})
    lines = tuple(dict.fromkeys(line for worker in living for line in worker.get("lines", ())))
    return Machine(state="present", workers=len(living), isolation=", ".join(levels), lines=lines)
