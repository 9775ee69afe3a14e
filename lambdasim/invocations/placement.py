"""Which environment runs an invocation: the operations of placement.lua under their names.

Warm first (the most recently used environment of this version), then a new one while workers have slots, then a new one
in the place of the least recently used idle environment of any version, else throttled. Knows no processes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lambdasim.core.values import ShutdownReason
from lambdasim.invocations.broker import PREFIX, AsyncClient
from lambdasim.invocations.errors import NoWorker, Throttled
from lambdasim.invocations.messages import Stop, encode

SOURCE = (Path(__file__).parent / "placement.lua").read_text()

BEAT_S = 1.0
LEASE_MS = 3_000
"""Three beats: a missed one is not yet a death."""
STARTING_LEASE_MS = 30_000
"""Until its first beat a new environment may wait for the slot of one that is shutting down (2 s) and for a worker
that is being started again."""

Patience = Literal["short", "long", "none"]
"""Of a caller for an environment that will soon be free; placement.lua says what each is told."""

_SPINDOWN = encode(Stop(reason=ShutdownReason.SPINDOWN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """`cold`: the environment does not exist yet; who placed has to have it hosted. `evicted` made room for it."""

    environment_id: str
    cold: bool
    evicted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where an environment lives: enough for others to see whether it is still alive."""

    worker: str
    host: str
    process: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What an environment says of itself. `state` is starting, busy, idle or stopping."""

    version_key: str
    state: str
    request_id: str = ""
    reply_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """What a finished environment leaves: the invocation it had, and messages that it never answered."""

    request_id: str
    reply_to: str
    messages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    environment_id: str
    version_key: str
    state: str
    request_id: str
    worker: str


def inbox_of(environment_id: str) -> str:
    return f"{PREFIX}inbox:{environment_id}"


def taken_of(environment_id: str) -> str:
    return f"{PREFIX}taken:{environment_id}"


def leftover_of(result: Sequence[Any]) -> Leftover | None:
    if not result:
        return None
    request_id, reply_to, messages = result
    return Leftover(request_id=request_id.decode(), reply_to=reply_to.decode(), messages=tuple(messages))


class Placement:
    """Every method is one atomic call and raises redis' errors when Redis is away."""

    def __init__(self, client: AsyncClient) -> None:
        self._script = client.register_script(SOURCE)

    async def _call(self, operation: str, *arguments: Any) -> Any:
        return await self._script(keys=[PREFIX], args=[operation, *arguments])

    # --- web processes ---------------------------------------------------------------------------

    async def acquire(
        self, version_key: str, *, request_id: str, reply_to: str, new_id: str, message: bytes,
        patience: Patience = "short",
    ) -> Placed | None:
        """Sends the message to one environment, which is then this invocation's alone. Raises Throttled, NoWorker.

        None, unless patience is none: an environment will be free in a moment; ask again.
        """
        outcome, *rest = await self._call(
            "acquire", version_key, request_id, reply_to, new_id, STARTING_LEASE_MS, patience, _SPINDOWN, message
        )
        if outcome == b"soon":
            return None
        if outcome == b"throttled":
            raise Throttled(rest[0])
        if outcome == b"no worker":
            raise NoWorker
        if outcome == b"warm":
            return Placed(environment_id=rest[0].decode(), cold=False)
        return Placed(environment_id=rest[0].decode(), cold=True, evicted=rest[1].decode() or None)

    async def holds(self, environment_id: str, request_id: str) -> bool:
        """True while the environment lives and this invocation is its business."""
        return bool(await self._call("holds", environment_id, request_id))

    async def stop(self, environment_id: str, reason: ShutdownReason) -> bool:
        """Asks it to shut down, at once or after its invocation. False: there is no such environment."""
        return bool(await self._call("stop", environment_id, reason, encode(Stop(reason=reason))))

    async def list(self) -> list[Listed]:
        return [
            Listed(environment_id=id.decode(), version_key=version.decode(), state=state.decode(),
                   request_id=request.decode(), worker=worker.decode())
            for id, version, state, request, worker in await self._call("list")
        ]

    # --- environments ----------------------------------------------------------------------------

    async def begin(self, environment_id: str, at: Whereabouts) -> bool:
        """False: nobody waits for this environment any more."""
        return bool(await self._call("begin", environment_id, LEASE_MS, at.worker, at.host, at.process))

    async def beat(self, environment_id: str, n: int, told: State, at: Whereabouts) -> bool:
        """False: it was declared dead and buried, so it must end. `n` grows with everything the environment says."""
        result = await self._call(
            "beat", environment_id, LEASE_MS, n, told.state, told.version_key, told.request_id, told.reply_to,
            at.worker, at.host, at.process,
        )
        return bool(result != b"buried")

    async def answer(self, environment_id: str, version_key: str, reply_to: str, message: bytes) -> None:
        await self._call("answer", environment_id, version_key, reply_to, message)

    async def release(self, environment_id: str, n: int) -> None:
        await self._call("release", environment_id, n)

    async def retire(self, environment_id: str, n: int, reason: ShutdownReason) -> bool:
        """False: an invocation is on its way, so the environment has to go on."""
        return bool(await self._call("retire", environment_id, n, reason))

    async def finish(self, environment_id: str) -> Leftover | None:
        return leftover_of(await self._call("finish", environment_id))
