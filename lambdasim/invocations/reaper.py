"""Buries environments that died without a word: the caller gets an answer, the recording its last event.

Run by the control worker every second, and by a worker's main process at once when it sees a child of its own die.
An environment whose process is alive but silent (stopped, swapping) is given time, then killed: what was declared
dead must not go on.
"""

import logging
import os
import signal
from collections.abc import Mapping

from lambdasim.invocations.alive import here, is_alive, pid_of
from lambdasim.invocations.broker import PREFIX, SyncClient
from lambdasim.invocations.messages import Invoke, Reply, decode, encode_reply
from lambdasim.invocations.placement import SOURCE, Leftover, leftover_of
from lambdasim.recording import queries as recording

SILENT_PROCESS_MS = 10_000
"""A process that lives but has not said so for this long is killed."""

LOST_KEY = f"{PREFIX}lost"
MISSING_KEY = f"{PREFIX}missing"
MISSING_KEPT_S = 300

log = logging.getLogger(__name__)


def reap(client: SyncClient) -> list[str]:
    """The environments that were buried in this round."""
    script = client.register_script(SOURCE)
    buried = []
    for raw_id, late_ms, host, process in script(keys=[PREFIX], args=["expired"]):
        environment_id = raw_id.decode()
        if _may_live(host.decode(), process.decode(), late_ms):
            continue
        if bury(client, environment_id, reason="its worker process died"):
            buried.append(environment_id)
    record_lost(client)
    return buried


def _may_live(host: str, process: str, late_ms: int) -> bool:
    if not process:
        return False
    if host != here():
        return late_ms < SILENT_PROCESS_MS
    if not is_alive(process):
        return False
    if late_ms >= SILENT_PROCESS_MS:
        log.error("process %s is alive but silent for %d ms: killed", process, late_ms)
        os.kill(pid_of(process), signal.SIGKILL)
    return True


def bury(client: SyncClient, environment_id: str, *, reason: str, sure: bool = False) -> bool:
    """Frees what the environment held and answers its caller. False: it lives, or another buried it."""
    script = client.register_script(SOURCE)
    leftover = leftover_of(script(keys=[PREFIX], args=["bury", environment_id, "1" if sure else "0", reason]))
    if leftover is None:
        return False
    log.warning("environment %s is lost: %s", environment_id, reason)
    failure = f"The execution environment ended unexpectedly: {reason}."
    for request_id, reply_to in _owed(leftover).items():
        reply = encode_reply(Reply(request_id=request_id, failure=failure))
        script(keys=[PREFIX], args=["answer", environment_id, "", reply_to, reply])
    return True


def _owed(leftover: Leftover) -> Mapping[str, str]:
    owed = {leftover.request_id: leftover.reply_to} if leftover.request_id else {}
    for message in map(decode, leftover.messages):
        if isinstance(message, Invoke):
            owed[message.invocation.request_id] = message.reply_to
    return owed


def record_lost(client: SyncClient) -> None:
    """Writes the last event of every buried environment. What fails stays on the list for the next round."""
    for raw_id, reason in client.hgetall(LOST_KEY).items():
        recording.mark_lost(_text(raw_id), _text(reason))
        client.hdel(LOST_KEY, raw_id)


def sweep(client: SyncClient) -> list[str]:
    """Marks recordings as lost whose environment nobody knows any more: in two sweeps running, so that one which
    is about to say (again) that it lives is left alone."""
    script = client.register_script(SOURCE)
    known = {row[0].decode() for row in script(keys=[PREFIX], args=["list"])}
    missing = {row["environment_id"] for row in recording.environments(alive=True, limit=1000)} - known
    before = {_text(raw) for raw in client.smembers(MISSING_KEY)}
    client.delete(MISSING_KEY)
    if missing:
        client.sadd(MISSING_KEY, *missing)
        client.expire(MISSING_KEY, MISSING_KEPT_S)
    lost = sorted(missing & before)
    for environment_id in lost:
        recording.mark_lost(environment_id, "nothing is known of its worker any more")
    return lost


def _text(data: bytes | str) -> str:
    return data.decode() if isinstance(data, bytes) else data
